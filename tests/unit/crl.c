/* tests/unit/crl.c - ocsp/crl.h: each CA's list, of its own and of all its own, as libcrypto reads
 * and verifies it. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "base/der.h"
#include "ca/revoke.h"
#include "ca/suspend.h"
#include "ocsp/crl_issue.h"
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

static const struct crl_want want = { GROUND_URL, CRL_VALID_S, true };
static const struct crl_which complete = { CRL_COMPLETE, 0 };

static void
make(const struct issuer *by)
{
	ck_assert_msg(crl_make(by, &want, g.now_s, &f), "%s", f.text);
	ground_commit(by->ledger);
}

/* What is stored of one list, read and verified. */
static X509_CRL *
read_list(const struct issuer *by, struct crl_which which)
{
	const uint8_t *p = by->certificate.at;
	X509 *ca = d2i_X509(NULL, &p, (long)by->certificate.n);
	struct crl_head h;
	X509_CRL *crl;
	uint8_t *der;

	ck_assert_msg(crl_head(by->ledger, by->a.key_id, which, &h, &f), "%s", f.text);
	ck_assert_ptr_nonnull(der = malloc(h.size));
	ck_assert_msg(crl_read(by->ledger, by->a.key_id, which, &h, der, &f), "%s", f.text);
	ck_assert_msg(der_check(octets_of(der, h.size), &f), "%s", f.text);
	p = der;
	ck_assert_ptr_nonnull(crl = d2i_X509_CRL(NULL, &p, (long)h.size));
	ck_assert_ptr_eq(p, der + h.size);
	ck_assert_int_eq(X509_CRL_verify(crl, X509_get0_pubkey(ca)), 1);
	ck_assert_int_eq(X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(ca)), 0);
	ck_assert_uint_eq((uint64_t)(X509_CRL_get_REVOKED(crl) == NULL
					 ? 0
					 : sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl))),
	    h.rows);
	free(der);
	X509_free(ca);
	return crl;
}

/* The complete list; fresh: nobody has to make it anew now. */
static X509_CRL *
stored(const struct issuer *by, bool *fresh)
{
	int64_t due_s;
	bool changed;

	ck_assert(crl_due(by->ledger, by->a.key_id, g.now_s, &changed, &due_s, &f));
	*fresh = !changed && due_s > g.now_s;
	return read_list(by, complete);
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

	ck_assert(!crl_head(g.acme->ledger, g.acme->a.key_id, complete, &h, &f));
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
	struct octets key = crl_head_key(g.acme->a.key_id, complete, at);
	struct crl_head h;

	make(g.acme);
	ledger_put(g.acme->ledger, TABLE_CRL, key, octets_text("\3short"));
	ground_commit(g.acme->ledger);
	ck_assert(!crl_head(g.acme->ledger, g.acme->a.key_id, complete, &h, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ck_assert(!crl_make(g.acme, &want, g.now_s, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ledger_put(g.acme->ledger, TABLE_CRL, key, octets_text("\xff"));
	ground_commit(g.acme->ledger);
	ck_assert(!crl_head(g.acme->ledger, g.acme->a.key_id, complete, &h, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
}
END_TEST

/* What is said of a list and what is there are not one: nothing is served. */
START_TEST(pieces_that_do_not_fit)
{
	uint8_t at[CRL_PIECE_KEY], room[65536];
	struct crl_head h;
	struct octets key;

	make(g.acme);
	ck_assert(crl_head(g.acme->ledger, g.acme->a.key_id, complete, &h, &f));
	ck_assert_uint_eq(h.pieces, 1);
	ck_assert_uint_lt(h.size, sizeof(room));
	key = crl_piece_key(g.acme->a.key_id, complete, h.number, 0, at);
	h.size--;
	ck_assert(!crl_read(g.acme->ledger, g.acme->a.key_id, complete, &h, room, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	h.size += 2;
	ck_assert(!crl_read(g.acme->ledger, g.acme->a.key_id, complete, &h, room, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	batch_remove(ledger_batch(g.acme->ledger), TABLE_CRL, key);
	ground_commit(g.acme->ledger);
	ck_assert(!crl_read(g.acme->ledger, g.acme->a.key_id, complete, &h, room, &f));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
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

/* In pieces, in steps with a commit each, and nothing of it is seen before the last. */
START_TEST(a_long_list)
{
	struct crl_issue i;
	struct crl_head h, before;
	unsigned steps = 0;
	bool done = false;
	X509_CRL *crl;

	make(g.acme);
	ck_assert(crl_head(g.acme->ledger, g.acme->a.key_id, complete, &before, &f));
	revoke_many(30000);
	ck_assert_msg(crl_issue_begin(&i, g.acme, &want, g.now_s, &f), "%s", f.text);
	while (!done) {
		ck_assert_msg(crl_issue_step(&i, g.acme, 1000, &done, &f), "%s", f.text);
		ck_assert(crl_head(g.acme->ledger, g.acme->a.key_id, complete, &h, &f));
		ck_assert(h.number == before.number || h.rows == 30000);
		ground_commit(g.acme->ledger);
		steps++;
	}
	crl_issue_free(&i);
	ck_assert_uint_gt(steps, 30);
	ck_assert(crl_head(g.acme->ledger, g.acme->a.key_id, complete, &h, &f));
	ck_assert_uint_gt(h.pieces, 30000 * 35 / CRL_PIECE_OCTETS);
	X509_CRL_free(crl = read_list(g.acme, complete));
}
END_TEST

static bool
count_one(void *with, struct octets key, struct octets value)
{
	unsigned *n = with;

	(void)value;
	*n += key.n == CRL_PIECE_KEY;
	return true;
}

static unsigned
count_pieces(void)
{
	unsigned n = 0;

	ck_assert(store_scan(ledger_store(g.acme->ledger), TABLE_CRL, octets_of(NULL, 0), SIZE_MAX,
	    count_one, &n, &f));
	return n;
}

/* A try that ended in the middle leaves pieces that nobody reads, and the next one removes them. */
START_TEST(a_list_that_was_never_finished)
{
	struct crl_issue i;
	bool done;

	make(g.acme);
	revoke_many(20000);
	ck_assert(crl_issue_begin(&i, g.acme, &want, g.now_s, &f));
	for (unsigned n = 0; n < 14; n++) {
		ck_assert(crl_issue_step(&i, g.acme, 1000, &done, &f));
		ground_commit(g.acme->ledger);
	}
	crl_issue_free(&i);
	ck_assert_uint_gt(count_pieces(), 2); /* a complete and a delta list's, and these */
	X509_CRL_free(read_list(g.acme, complete));
	make(g.acme);
	make(g.acme);
	make(g.acme);
	X509_CRL_free(read_list(g.acme, complete));
	/* of complete and delta, the newest and the one before */
	ck_assert_uint_le(count_pieces(), 2 * (2 + 20000 * 49 / CRL_PIECE_OCTETS + 2));
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
	tcase_add_test(t, an_expired_ca_lists_nothing);
	tcase_add_test(t, pieces_that_do_not_fit);
	tcase_add_test(t, a_row_that_cannot_be_read);
	tcase_add_test(t, many_rows);
	tcase_add_test(t, a_long_list);
	tcase_add_test(t, a_list_that_was_never_finished);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
