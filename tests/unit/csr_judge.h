/* tests/unit/csr_judge.h - how a request fares: passed whole, or refused for the reason that is
 * meant, with nothing left behind. */
#ifndef QUATRAIN_TESTS_UNIT_CSR_JUDGE_H
#define QUATRAIN_TESTS_UNIT_CSR_JUDGE_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "ca/csr.h"
#include "ca/oid.h"
#include "tests/unit/forge.h"

static inline struct csr
csr_passes(struct octets der)
{
	struct octets exact = forge_exact(der);
	struct csr c = { .subject = NONE };
	struct fault f = { 0 };

	ck_assert_msg(csr_parse(exact, &c, &f), "%s", f.text);
	ck_assert_uint_eq(ERR_peek_error(), 0);
	ck_assert_int_eq(c.kind, spki_kind(c.spki));
	ck_assert(c.kind == SPKI_P256 || c.kind == SPKI_RSA);
	return c;
}

/* row tells which, where many are tried. */
static inline void
csr_refused(struct octets der, enum fault_code code, const char *why, size_t row)
{
	struct octets exact = forge_exact(der);
	struct csr c, untouched;
	struct fault f = { 0 };

	memset(&c, 0xa5, sizeof(c));
	memcpy(&untouched, &c, sizeof(c));
	ck_assert_msg(!csr_parse(exact, &c, &f), "row %zu passed", row);
	ck_assert_msg(f.code == code, "row %zu: fault %d: %s", row, f.code, f.text);
	ck_assert_msg(strstr(f.text, why) != NULL, "row %zu: %s", row, f.text);
	ck_assert_mem_eq(&c, &untouched, sizeof(c));
	ck_assert_uint_eq(ERR_peek_error(), 0);
}

#endif
