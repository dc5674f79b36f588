/* tests/unit/crl_long.c - ocsp/crl_build.h: lists that are made in pieces and steps, and stored so.
 */
#include "ca/revoke.h"
#include "tests/unit/listed.h"
#include "tests/unit/run.h"

static struct ground g;
static const struct crl_want want = { GROUND_URL, CRL_VALID_S, true };
static struct fault f;

static void
setup(void)
{
	ground_new(&g);
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
	listed_make(by, true, g.now_s);
}

/* What is said of a list and what is there are not one: nothing is served. */
START_TEST(pieces_that_do_not_fit)
{
	uint8_t at[CRL_PIECE_KEY], room[65536];
	struct crl_head h;
	struct octets key;

	make(g.acme);
	ck_assert(crl_head(g.acme->ledger, g.acme->a.key_id, listed_complete, &h, &f));
	ck_assert_uint_eq(h.pieces, 1);
	ck_assert_uint_lt(h.size, sizeof(room));
	key = crl_piece_key(g.acme->a.key_id, listed_complete, h.number, 0, at);
	h.size--;
	ck_assert(!crl_read(g.acme->ledger, g.acme->a.key_id, listed_complete, &h, room, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	h.size += 2;
	ck_assert(!crl_read(g.acme->ledger, g.acme->a.key_id, listed_complete, &h, room, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	batch_remove(ledger_batch(g.acme->ledger), TABLE_CRL, key);
	ground_commit(g.acme->ledger);
	ck_assert(!crl_read(g.acme->ledger, g.acme->a.key_id, listed_complete, &h, room, &f));
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
	X509_REVOKED *r;
	X509_CRL *crl;

	revoke_many(2000);
	make(g.acme);
	crl = listed_read(g.acme, listed_complete);
	ck_assert_int_eq(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), 2000);
	memset(serial, 0x11, sizeof(serial));
	for (unsigned i = 0; i < 2000; i++) {
		BIGNUM *n;
		ASN1_INTEGER *a;

		serial[14] = (uint8_t)(i >> 8);
		serial[15] = (uint8_t)i;
		n = BN_bin2bn(serial, sizeof(serial), NULL);
		a = BN_to_ASN1_INTEGER(n, NULL);
		ck_assert_int_eq(X509_CRL_get0_by_serial(crl, &r, a), 1);
		ASN1_INTEGER_free(a);
		BN_free(n);
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

	make(g.acme);
	ck_assert(crl_head(g.acme->ledger, g.acme->a.key_id, listed_complete, &before, &f));
	revoke_many(30000);
	ck_assert_msg(crl_issue_begin(&i, g.acme, &want, g.now_s, &f), "%s", f.text);
	while (!done) {
		ck_assert_msg(crl_issue_step(&i, g.acme, 1000, &done, &f), "%s", f.text);
		ck_assert(crl_head(g.acme->ledger, g.acme->a.key_id, listed_complete, &h, &f));
		ck_assert(h.number == before.number || h.rows == 30000);
		ground_commit(g.acme->ledger);
		steps++;
	}
	crl_issue_free(&i);
	ck_assert_uint_gt(steps, 30);
	ck_assert(crl_head(g.acme->ledger, g.acme->a.key_id, listed_complete, &h, &f));
	ck_assert_uint_gt(h.pieces, 30000 * 35 / CRL_PIECE_OCTETS);
	X509_CRL_free(listed_read(g.acme, listed_complete));
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
	X509_CRL_free(listed_read(g.acme, listed_complete));
	make(g.acme);
	make(g.acme);
	make(g.acme);
	X509_CRL_free(listed_read(g.acme, listed_complete));
	/* of complete and delta, the newest and the one before */
	ck_assert_uint_le(count_pieces(), 2 * (2 + 20000 * 49 / CRL_PIECE_OCTETS + 2));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("crl_long");
	TCase *t = tcase_create("crl_long");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, pieces_that_do_not_fit);
	tcase_add_test(t, many_rows);
	tcase_add_test(t, a_long_list);
	tcase_add_test(t, a_list_that_was_never_finished);
	suite_add_tcase(s, t);
	return run_suite(s);
}
