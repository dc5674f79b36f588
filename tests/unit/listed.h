/*
 * tests/unit/listed.h - revocation lists of a ground's CAs, made, and as libcrypto reads them.
 */
#ifndef QUATRAIN_TESTS_UNIT_LISTED_H
#define QUATRAIN_TESTS_UNIT_LISTED_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "base/der.h"
#include "ocsp/crl_issue.h"
#include "tests/unit/ground.h"

static const struct crl_which listed_complete = { CRL_COMPLETE, 0 };

/* All of by's lists, or only what is short; committed. */
static inline void
listed_make(const struct issuer *by, bool whole, int64_t now_s)
{
	const struct crl_want want = { GROUND_URL, CRL_VALID_S, whole };
	struct fault f;

	ck_assert_msg(crl_make(by, &want, now_s, &f), "%s", f.text);
	ground_commit(by->ledger);
}

static inline struct crl_head
listed_head(const struct issuer *by, struct crl_which which)
{
	struct crl_head h;
	struct fault f;

	ck_assert_msg(crl_head(by->ledger, by->a.key_id, which, &h, &f), "%s", f.text);
	return h;
}

/* What is stored of one list, verified; to X509_CRL_free(). */
static inline X509_CRL *
listed_read(const struct issuer *by, struct crl_which which)
{
	struct crl_head h = listed_head(by, which);
	const uint8_t *p = by->certificate.at;
	X509 *ca = d2i_X509(NULL, &p, (long)by->certificate.n);
	STACK_OF(X509_REVOKED) * rows;
	uint8_t *der = malloc(h.size);
	X509_CRL *crl;
	struct fault f;

	ck_assert_ptr_nonnull(der);
	ck_assert_msg(crl_read(by->ledger, by->a.key_id, which, &h, der, &f), "%s", f.text);
	ck_assert_msg(der_check(octets_of(der, h.size), &f), "%s", f.text);
	p = der;
	ck_assert_ptr_nonnull(crl = d2i_X509_CRL(NULL, &p, (long)h.size));
	ck_assert_ptr_eq(p, der + h.size);
	ck_assert_int_eq(X509_CRL_verify(crl, X509_get0_pubkey(ca)), 1);
	ck_assert_int_eq(X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(ca)), 0);
	rows = X509_CRL_get_REVOKED(crl);
	ck_assert_uint_eq(rows == NULL ? 0 : (uint64_t)sk_X509_REVOKED_num(rows), h.rows);
	free(der);
	X509_free(ca);
	return crl;
}

#endif
