/* tests/fuzz/csr.c - a request of any octets is refused as a peer's fault; one that holds them as
 * subject or attributes, and proves its key, is what the header says if it passes. */
#include <stdlib.h>

#include <openssl/err.h>

#include "ca/csr.h"
#include "ca/oid.h"
#include "tests/unit/forge.h"

#define PART_MAX 4096 /* octets; more would only be over the limit */

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

static bool
passes(struct octets der, struct csr *c)
{
	struct fault f = { 0 };
	bool ok = csr_parse(der, c, &f);

	if (!ok && f.code != FAULT_BADREQ && f.code != FAULT_LIMIT)
		abort();
	if (ERR_peek_error() != 0)
		abort();
	return ok;
}

/* Only what could be read can be granted: each name that is asked for has its own octets. */
static void
check(const struct csr *c)
{
	struct octets names = c->alt_names, content;
	uint8_t tag;

	while (names.n > 0) {
		if (!der_next(&names, &tag, &content, NULL))
			abort();
		if (tag != DER_CONTEXT(2) && tag != DER_CONTEXT(6) && tag != DER_CONTEXT(7))
			abort();
	}
	for (size_t i = 0; i < c->challenge.n; i++)
		if (c->challenge.at[i] < ' ' || c->challenge.at[i] > '~')
			abort();
	if (!octets_same(c->spki, forge_spki(forge_key())))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct octets all = octets_of(at, n), part;
	struct forge f = { .key = NULL };
	struct csr c;

	(void)passes(all, &c);
	if (n > 1 && n < PART_MAX) {
		part = octets_of(at + 1, n - 1);
		if ((at[0] & 1) != 0)
			f.attributes = part;
		else
			f.subject = forge_tlv(DER_SEQUENCE, part);
		if (passes(forge_request(&f), &c))
			check(&c);
	}
	forge_empty();
	return 0;
}
