/* tests/fuzz/base64.c - what is taken as base64 is what OpenSSL decodes, and what OpenSSL encodes
 * so is never refused. */
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

#define INPUT_MAX 16384

static uint8_t plain[INPUT_MAX + 1], decoded[INPUT_MAX + 4], encoded[2 * INPUT_MAX];

/* The input without what a receiver passes over. Its length. */
static size_t
strip(const uint8_t *at, size_t n)
{
	size_t m = 0;

	for (size_t i = 0; i < n; i++)
		if (at[i] != ' ' && at[i] != '\t' && at[i] != '\r' && at[i] != '\n')
			plain[m++] = at[i];
	plain[m] = '\0';
	return m;
}

/* Octets that OpenSSL makes of the first m of plain, if it would write them just so; else 0. */
static size_t
other(size_t m)
{
	size_t padding = m < 2 ? 0 : (size_t)(plain[m - 1] == '=') + (plain[m - 2] == '=');
	int n;

	if (m == 0 || m % 4 != 0 || (n = EVP_DecodeBlock(decoded, plain, (int)m)) < 0)
		return 0;
	n -= (int)padding;
	if (n <= 0 || EVP_EncodeBlock(encoded, decoded, n) != (int)m ||
	    memcmp(encoded, plain, m) != 0)
		return 0;
	return (size_t)n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct octets in = octets_of(at, n);
	struct bytes ours = { 0 }, again = { 0 };
	struct fault f;
	size_t want;
	bool taken;

	/* An armour is passed over too: tests/fuzz/text.c has those. */
	if (n == 0 || n > INPUT_MAX || memchr(at, '-', n) != NULL)
		return 0;
	want = other(strip(at, n));
	taken = text_unbase64(in, &ours, &f);
	if (taken != (want > 0) || (!taken && (f.code != FAULT_BADREQ || ours.n != 0)))
		abort();
	if (taken) {
		if (!octets_same(octets_bytes(&ours), octets_of(decoded, want)))
			abort();
		text_base64(octets_bytes(&ours), 0, &again);
		if (!octets_same(octets_bytes(&again), octets_of(encoded, strip(at, n))))
			abort();
	}
	bytes_free(&ours);
	bytes_free(&again);
	return 0;
}
