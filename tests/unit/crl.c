/* tests/unit/crl.c - ocsp/crl.h: each CA's list, of its own and of all its own, as libcrypto reads
 * and verifies it. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "ca/revoke.h"
#include "ca/suspend.h"
#include "tests/unit/listed.h"
#include "tests/unit/run.h"

#define YEAR_S (INT64_C(366) * 86400)

static struct ground g;
static const struct ground_cert *leaf;
static struct fault f;

static void
setup(void)
{
	ground_new(&g);
	leaf = ground_leaf(&g, g.acme, "printer", "hp-4711");
	f = (struct fault){ 0 };
}

static void
teardown(void)
{
	ground_free(&g);
}

static const struct crl_want want = { GROUND_URL, CRL_VALID_S, true };

static void
make(const struct issuer *by)
{
	listed_make(by, true, g.now_s);
}

/* The complete list; fresh: nobody has to make it anew now. */
static X509_CRL *
stored(const struct issuer *by, bool *fresh)
{
	int64_t due_s;
	bool changed;

	ck_assert(crl_due(by->ledger, by->a.key_id, g.now_s, &changed, &due_s, &f));
	*fresh = !changed && due_s > g.now_s;
	return listed_read(by, listed_complete);
}

static int64_t
seconds(const ASN1_TIME *t)
{
	struct tm tm;

	ck_assert_ptr_nonnull(t);
	ck_assert_int_eq(ASN1_TIME_to_tm(t, &tm), 1);
	return (int64_t)timegm(&tm);
}

static long
number(X509_CRL *crl)
{
	int critical = -2;
	ASN1_INTEGER *n = X509_CRL_get_ext_d2i(crl, NID_crl_number, &critical, NULL);
	long v;

	ck_assert_ptr_nonnull(n);
	ck_assert_int_eq(critical, 0);
	v = ASN1_INTEGER_get(n);
	ASN1_INTEGER_free(n);
	return v;
}

/* The row of a serial; NULL where there is none. */
static X509_REVOKED *
row(X509_CRL *crl, const uint8_t *serial)
{
	BIGNUM *n = BN_bin2bn(serial, TBS_SERIAL_OCTETS, NULL);
	ASN1_INTEGER *a = BN_to_ASN1_INTEGER(n, NULL);
	X509_REVOKED *r = NULL;
	int found = X509_CRL_get0_by_serial(crl, &r, a);

	ASN1_INTEGER_free(a);
	BN_free(n);
	return found == 1 ? r : NULL;
}

START_TEST(an_empty_list)
{
	bool fresh = false;
	X509_CRL *crl;

	make(g.acme);
	crl = stored(g.acme, &fresh);
	ck_assert(fresh);
	ck_assert_int_eq(X509_CRL_get_version(crl), X509_CRL_VERSION_2);
	ck_assert_ptr_null(X509_CRL_get_REVOKED(crl)); /* left out, not empty */
	ck_assert_int_eq(number(crl), g.now_s);
	ck_assert_int_eq(seconds(X509_CRL_get0_lastUpdate(crl)), g.now_s);
	ck_assert_int_eq(seconds(X509_CRL_get0_nextUpdate(crl)), g.now_s + CRL_VALID_S);
	X509_CRL_free(crl);
}
END_TEST

START_TEST(issuer_is_named_by_key)
{
	bool fresh;
	X509_CRL *crl;
	AUTHORITY_KEYID *id;

	make(g.acme);
	crl = stored(g.acme, &fresh);
	id = X509_CRL_get_ext_d2i(crl, NID_authority_key_identifier, NULL, NULL);
	ck_assert_ptr_nonnull(id);
	ck_assert_int_eq(ASN1_STRING_length(id->keyid), TBS_KEY_ID_OCTETS);
	ck_assert_mem_eq(ASN1_STRING_get0_data(id->keyid), g.acme->a.key_id, TBS_KEY_ID_OCTETS);
	AUTHORITY_KEYID_free(id);
	X509_CRL_free(crl);
}
END_TEST

START_TEST(rows)
{
	const struct ground_cert *other = ground_leaf(&g, g.acme, "printer", "hp-4712");
	const struct ground_cert *third = ground_leaf(&g, g.acme, "printer", "hp-4713");
	X509_CRL *crl;
	X509_REVOKED *r;
	ASN1_ENUMERATED *reason;
	bool fresh;

	ground_revoke(&g, g.acme->ledger, leaf->serial, 4);
	g.now_s += 100;
	ground_revoke(&g, g.acme->ledger, other->serial, 0);
	make(g.acme);
	crl = stored(g.acme, &fresh);
	ck_assert_int_eq(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), 2);
	ck_assert_ptr_nonnull(r = row(crl, leaf->serial));
	ck_assert_int_eq(seconds(X509_REVOKED_get0_revocationDate(r)), g.now_s - 100);
	reason = X509_REVOKED_get_ext_d2i(r, NID_crl_reason, NULL, NULL);
	ck_assert_int_eq(ASN1_ENUMERATED_get(reason), 4);
	ASN1_ENUMERATED_free(reason);
	ck_assert_ptr_nonnull(r = row(crl, other->serial));
	ck_assert_int_eq(seconds(X509_REVOKED_get0_revocationDate(r)), g.now_s);
	ck_assert_ptr_null(X509_REVOKED_get0_extensions(r)); /* unspecified is not said */
	ck_assert_ptr_null(row(crl, third->serial));
	X509_CRL_free(crl);
}
END_TEST

/* Nothing is ever purged: RFC 5280 section 3.3 lets a list drop what has expired, and this one
 * keeps it. */
START_TEST(rows_of_expired_certificates)
{
	struct standing s;
	X509_CRL *crl;
	bool fresh;

	ground_revoke(&g, g.acme->ledger, leaf->serial, 1);
	ck_assert(ledger_standing(g.acme->ledger, leaf->serial, &s, &f));
	g.now_s = s.not_after_s + 2 * YEAR_S;
	make(g.acme);
	crl = stored(g.acme, &fresh);
	ck_assert_ptr_nonnull(row(crl, leaf->serial));
	X509_CRL_free(crl);
}
END_TEST

/* Three CAs keep their rows in the platform's book: each lists its own. */
START_TEST(one_cas_rows)
{
	const struct ground_cert *alice = ground_operator(&g, "alice", ROLE_OFFICER);
	const struct {
		const struct issuer *by;
		const uint8_t *serial;
	} all[] = { { g.root, g.region->a.serial }, { g.region, g.acme->a.serial },
		{ g.platform, alice->serial } };

	for (size_t i = 0; i < 3; i++)
		ground_revoke(&g, g.platform->ledger, all[i].serial, 4);
	for (size_t i = 0; i < 3; i++) {
		bool fresh;
		X509_CRL *crl;

		make(all[i].by);
		crl = stored(all[i].by, &fresh);
		ck_assert_int_eq(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), 1);
		ck_assert_ptr_nonnull(row(crl, all[i].serial));
		X509_CRL_free(crl);
	}
}
END_TEST

/* Within one second too, and by the clock, so that a ledger from a backup gives none twice. */
START_TEST(numbers_go_up)
{
	bool fresh;
	X509_CRL *crl;

	for (long n = 0; n < 4; n++) {
		make(g.acme);
		crl = stored(g.acme, &fresh);
		ck_assert_int_eq(number(crl), g.now_s + n);
		X509_CRL_free(crl);
	}
	g.now_s += 100;
	make(g.acme);
	crl = stored(g.acme, &fresh);
	ck_assert_int_eq(number(crl), g.now_s);
	X509_CRL_free(crl);
	g.now_s -= 50; /* the clock went back: the number does not */
	make(g.acme);
	crl = stored(g.acme, &fresh);
	ck_assert_int_eq(number(crl), g.now_s + 51);
	X509_CRL_free(crl);
}
END_TEST

START_TEST(numbers_are_each_cas)
{
	bool fresh;
	X509_CRL *crl;

	make(g.root);
	make(g.root);
	make(g.region);
	crl = stored(g.region, &fresh);
	ck_assert_int_eq(number(crl), g.now_s);
	X509_CRL_free(crl);
}
END_TEST

static bool
is_fresh(void)
{
	bool fresh;

	X509_CRL_free(stored(g.acme, &fresh));
	return fresh;
}

START_TEST(a_revocation_makes_it_stale)
{
	make(g.acme);
	ck_assert(is_fresh());
	ground_revoke(&g, g.acme->ledger, leaf->serial, 4);
	ck_assert(!is_fresh());
	make(g.acme);
	ck_assert(is_fresh());
}
END_TEST

/* A row that went and another that came: as long as before, and another list. */
START_TEST(a_hold_comes_and_goes)
{
	const struct suspend_why why = { .who = &g.why };
	const struct ground_cert *other = ground_leaf(&g, g.acme, "printer", "hp-4712");
	struct ledger *l = g.acme->ledger;
	X509_CRL *crl;
	uint64_t index;
	bool fresh;

	ck_assert(suspend_hold(l, leaf->serial, &why, g.now_s, &index, &f));
	ground_commit(l);
	make(g.acme);
	crl = stored(g.acme, &fresh);
	ck_assert(fresh);
	ck_assert_ptr_nonnull(row(crl, leaf->serial));
	X509_CRL_free(crl);
	ck_assert(suspend_release(l, leaf->serial, &why, g.now_s, &index, &f));
	ck_assert(suspend_hold(l, other->serial, &why, g.now_s, &index, &f));
	ground_commit(l);
	ck_assert(!is_fresh());
	make(g.acme);
	crl = stored(g.acme, &fresh);
	ck_assert(fresh);
	ck_assert_ptr_null(row(crl, leaf->serial));
	ck_assert_ptr_nonnull(row(crl, other->serial));
	X509_CRL_free(crl);
}
END_TEST

/* What waits in the batch is not in the list yet, so the list must not say that it is. */
START_TEST(a_list_is_of_what_is_committed)
{
	const struct suspend_why why = { .who = &g.why };
	uint64_t index;

	ck_assert(suspend_hold(g.acme->ledger, leaf->serial, &why, g.now_s, &index, &f));
	make(g.acme); /* commits both */
	ck_assert(!is_fresh());
}
END_TEST

START_TEST(half_of_its_life_makes_it_stale)
{
	make(g.acme);
	g.now_s += CRL_VALID_S / 2 - 1;
	ck_assert(is_fresh());
	g.now_s++;
	ck_assert(!is_fresh());
	g.now_s += CRL_VALID_S;
	ck_assert(!is_fresh());
	g.now_s -= 3 * CRL_VALID_S; /* the clock was set back to before it was made */
	ck_assert(!is_fresh());
}
END_TEST

/* Nothing says more than its issuer can. */
START_TEST(it_ends_with_its_ca)
{
	bool fresh;
	X509_CRL *crl;

	g.now_s = g.acme->a.not_after_s - 100;
	make(g.acme);
	crl = stored(g.acme, &fresh);
	ck_assert_int_eq(seconds(X509_CRL_get0_nextUpdate(crl)), g.acme->a.not_after_s);
	X509_CRL_free(crl);
}
END_TEST

START_TEST(none_yet)
{
	struct crl_head h;
	int64_t due_s = 0;
	bool changed = false;

	ck_assert(!crl_head(g.acme->ledger, g.acme->a.key_id, listed_complete, &h, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(crl_due(g.acme->ledger, g.acme->a.key_id, g.now_s, &changed, &due_s, &f));
	ck_assert(changed);
	ck_assert_int_eq(due_s, g.now_s);
}
END_TEST

START_TEST(an_expired_ca_lists_nothing)
{
	g.now_s = g.acme->a.not_after_s;
	ck_assert(!crl_make(g.acme, &want, g.now_s, &f));
	ck_assert_int_eq(f.code, FAULT_DENIED);
}
END_TEST

START_TEST(a_row_that_cannot_be_read)
{
	uint8_t at[CRL_HEAD_KEY];
	struct octets key = crl_head_key(g.acme->a.key_id, listed_complete, at);
	struct crl_head h;

	make(g.acme);
	ledger_put(g.acme->ledger, TABLE_CRL, key, octets_text("\3short"));
	ground_commit(g.acme->ledger);
	ck_assert(!crl_head(g.acme->ledger, g.acme->a.key_id, listed_complete, &h, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ck_assert(!crl_make(g.acme, &want, g.now_s, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ledger_put(g.acme->ledger, TABLE_CRL, key, octets_text("\xff"));
	ground_commit(g.acme->ledger);
	ck_assert(!crl_head(g.acme->ledger, g.acme->a.key_id, listed_complete, &h, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("crl");
	TCase *t = tcase_create("crl");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, an_empty_list);
	tcase_add_test(t, issuer_is_named_by_key);
	tcase_add_test(t, rows);
	tcase_add_test(t, rows_of_expired_certificates);
	tcase_add_test(t, one_cas_rows);
	tcase_add_test(t, numbers_go_up);
	tcase_add_test(t, numbers_are_each_cas);
	tcase_add_test(t, a_revocation_makes_it_stale);
	tcase_add_test(t, a_hold_comes_and_goes);
	tcase_add_test(t, a_list_is_of_what_is_committed);
	tcase_add_test(t, half_of_its_life_makes_it_stale);
	tcase_add_test(t, it_ends_with_its_ca);
	tcase_add_test(t, none_yet);
	tcase_add_test(t, an_expired_ca_lists_nothing);
	tcase_add_test(t, a_row_that_cannot_be_read);
	suite_add_tcase(s, t);
	return run_suite(s);
}
