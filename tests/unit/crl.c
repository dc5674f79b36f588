/* tests/unit/crl.c - ocsp/crl.h: each CA's list, of its own and of all its own, as libcrypto reads
 * and verifies it. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "base/der.h"
#include "ca/revoke.h"
#include "ca/suspend.h"
#include "ocsp/crl.h"
#include "tests/unit/ground.h"

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

static void
make(const struct issuer *by)
{
	ck_assert_msg(crl_make(by, g.now_s, CRL_VALID_S, &f), "%s", f.text);
	ground_commit(by->ledger);
}

/* What is stored, read and verified. */
static X509_CRL *
stored(const struct issuer *by, bool *fresh)
{
	struct bytes der = { 0 };
	const uint8_t *p = by->certificate.at;
	X509 *ca = d2i_X509(NULL, &p, (long)by->certificate.n);
	X509_CRL *crl;

	ck_assert_msg(crl_stored(by->ledger, by->a.key_id, g.now_s, &der, fresh, &f), "%s", f.text);
	ck_assert_msg(der_check(octets_bytes(&der), &f), "%s", f.text);
	p = der.at;
	ck_assert_ptr_nonnull(crl = d2i_X509_CRL(NULL, &p, (long)der.n));
	ck_assert_ptr_eq(p, der.at + der.n);
	ck_assert_int_eq(X509_CRL_verify(crl, X509_get0_pubkey(ca)), 1);
	ck_assert_int_eq(X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(ca)), 0);
	bytes_free(&der);
	X509_free(ca);
	return crl;
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
	ck_assert_int_eq(number(crl), 1);
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

START_TEST(numbers_go_up)
{
	for (long n = 1; n < 5; n++) {
		bool fresh;
		X509_CRL *crl;

		make(g.acme);
		crl = stored(g.acme, &fresh);
		ck_assert_int_eq(number(crl), n);
		X509_CRL_free(crl);
	}
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
	ck_assert_int_eq(number(crl), 1);
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
	struct bytes der = { 0 };
	bool fresh = true;

	ck_assert(!crl_stored(g.acme->ledger, g.acme->a.key_id, g.now_s, &der, &fresh, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert_uint_eq(der.n, 0);
	bytes_free(&der);
}
END_TEST

START_TEST(a_row_that_cannot_be_read)
{
	struct octets key = octets_of(g.acme->a.key_id, TBS_KEY_ID_OCTETS);
	struct bytes der = { 0 };
	bool fresh;

	make(g.acme);
	ledger_put(g.acme->ledger, TABLE_CRL, key, octets_text("\1short"));
	ground_commit(g.acme->ledger);
	ck_assert(!crl_stored(g.acme->ledger, g.acme->a.key_id, g.now_s, &der, &fresh, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ck_assert(!crl_make(g.acme, g.now_s, CRL_VALID_S, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ledger_put(g.acme->ledger, TABLE_CRL, key, octets_text("\xff"));
	ground_commit(g.acme->ledger);
	ck_assert(!crl_stored(g.acme->ledger, g.acme->a.key_id, g.now_s, &der, &fresh, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	bytes_free(&der);
}
END_TEST

/* n rows of acme's, their serials counted up from 11..11 0000. */
static void
revoke_many(unsigned n)
{
	uint8_t key[TBS_KEY_ID_OCTETS + TBS_SERIAL_OCTETS], value[9] = { 1, 0, 0, 0, 0, 0x70 };

	memcpy(key, g.acme->a.key_id, TBS_KEY_ID_OCTETS);
	memset(key + TBS_KEY_ID_OCTETS, 0x11, TBS_SERIAL_OCTETS);
	for (unsigned i = 0; i < n; i++) {
		key[sizeof(key) - 2] = (uint8_t)(i >> 8);
		key[sizeof(key) - 1] = (uint8_t)i;
		ledger_put(g.acme->ledger, TABLE_REVOKED, octets_of(key, sizeof(key)),
		    octets_of(value, sizeof(value)));
	}
	ground_commit(g.acme->ledger);
}

START_TEST(many_rows)
{
	uint8_t serial[TBS_SERIAL_OCTETS];
	X509_CRL *crl;
	bool fresh;

	revoke_many(2000);
	make(g.acme);
	crl = stored(g.acme, &fresh);
	ck_assert(fresh);
	ck_assert_int_eq(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), 2000);
	memset(serial, 0x11, sizeof(serial));
	for (unsigned i = 0; i < 2000; i++) {
		serial[14] = (uint8_t)(i >> 8);
		serial[15] = (uint8_t)i;
		ck_assert_ptr_nonnull(row(crl, serial));
	}
	X509_CRL_free(crl);
}
END_TEST

/* Longer than a row may be: said so, and what else is in the batch goes its way. */
START_TEST(too_many_rows)
{
	struct standing s;

	revoke_many(30000);
	ck_assert(ledger_standing(g.acme->ledger, leaf->serial, &s, &f));
	s.reason = 5;
	ck_assert(ledger_put_standing(g.acme->ledger, leaf->serial, &s, &f));
	ck_assert(!crl_make(g.acme, g.now_s, CRL_VALID_S, &f));
	ck_assert_int_eq(f.code, FAULT_LIMIT);
	ground_commit(g.acme->ledger);
	ck_assert(ledger_standing(g.acme->ledger, leaf->serial, &s, &f));
	ck_assert_uint_eq(s.reason, 5);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("crl");
	TCase *t = tcase_create("crl");
	SRunner *r = srunner_create(s);

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
	tcase_add_test(t, a_row_that_cannot_be_read);
	tcase_add_test(t, many_rows);
	tcase_add_test(t, too_many_rows);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
