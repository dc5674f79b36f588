/* tests/fuzz/chain.c - PEM texts as chains: whatever they hold, each finding is whole, and no chain
 * of strangers is good. */
#include <stdlib.h>
#include <string.h>

#include "ca/audit.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

static void
tell(void *with, const struct audit_finding *found)
{
	(void)with;
	if (found->check == NULL || found->source == NULL ||
	    memchr(found->text, '\0', sizeof(found->text)) == NULL)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	static const uint8_t other[] = { 0x30, 0x00 }; /* nobody's root */
	const struct audit_terms t = { .root = octets_of(other, sizeof(other)),
		.now_s = INT64_C(1900000000) };
	struct audit_report r = { .tell = tell };
	char subject[AUDIT_SUBJECT_MAX];
	struct audit_chain c;
	struct fault f;

	if (!audit_chain_read(octets_of(at, n), &c, &f)) {
		if (f.code != FAULT_BADREQ)
			abort();
		return 0;
	}
	if (c.n == 0 || c.n > AUDIT_CERTS_MAX)
		abort();
	for (size_t i = c.n; i-- > 0;) {
		audit_subject(&c.cert[i], subject);
		audit_path(&c, i, &t, &r);
	}
	if (r.fails == 0)
		abort();
	audit_chain_free(&c);
	return 0;
}
