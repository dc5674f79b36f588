/* tests/fuzz/text.c - decoders take any octets, and what they take encodes back. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

/* Base64 that passes is, encoded anew and decoded, the same octets. */
static void
base64(struct octets o)
{
	struct bytes a = { 0 }, b = { 0 }, c = { 0 };
	struct fault f;

	if (text_unbase64(o, &a, &f)) {
		text_base64(octets_bytes(&a), 64, &b);
		if (!text_unbase64(octets_bytes(&b), &c, &f) ||
		    !octets_same(octets_bytes(&a), octets_bytes(&c)))
			abort();
	}
	bytes_free(&a);
	bytes_free(&b);
	bytes_free(&c);
}

/* What is made safe is UTF-8 throughout, and printable text ASCII. */
static void
escapes(struct octets o)
{
	struct bytes safe = { 0 }, printable = { 0 };
	uint32_t code;

	text_put_safe(&safe, o, false);
	for (struct octets left = octets_bytes(&safe); left.n > 0;) {
		size_t took = text_utf8(left, &code);

		if (took == 0 || code < ' ')
			abort();
		left = octets_of(left.at + took, left.n - took);
	}
	text_put_printable(&printable, o);
	for (size_t i = 0; i < printable.n; i++)
		if (printable.at[i] < ' ' || printable.at[i] > '~')
			abort();
	bytes_free(&safe);
	bytes_free(&printable);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct octets o = octets_of(at, n);
	char plain[64], text[256];
	uint8_t raw[16];
	int64_t s;

	base64(o);
	escapes(o);
	if (text_unpercent(o, plain, sizeof(plain)) && strlen(plain) > n)
		abort();
	if (n >= sizeof(text))
		return 0;
	memcpy(text, at, n);
	text[n] = '\0';
	if (text_is_label(text) && !text_is_host(text))
		abort();
	if (text_duration(text, &s) && s <= 0)
		abort();
	if (text_unhex(text, raw, sizeof(raw)) && strlen(text) != 2 * sizeof(raw))
		abort();
	return 0;
}
