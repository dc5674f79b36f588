/* tests/unit/dump.c - ca/dump.h: a whole service as one file, and each way in which its frames and
 * its seal may not hold. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ca/note.h"
#include "tests/unit/dumped.h"
#include "tests/unit/run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

START_TEST(holds)
{
	struct dumped_input in = { .left = octets_bytes(&dump), .most = 1 };
	static const struct dump_visitor nobody;
	struct dump_verdict v;

	ck_assert_msg(
	    dump_read(dumped_give, &in, &nobody, octets_bytes(&dumped_root), &v, &f), "%s", f.text);
	ck_assert_str_eq(v.header.space.domain, "example.org");
	ck_assert_str_eq(v.header.version, QUATRAIN_VERSION);
	ck_assert_int_eq(v.header.at_s, g.now_s);
	ck_assert_int_eq(v.signed_s, g.now_s);
	ck_assert_uint_eq(v.total.ledgers, 3);
	ck_assert_uint_eq(v.total.rows, total.rows);
	ck_assert_uint_eq(v.total.files, total.files);
	ck_assert_uint_eq(v.total.octets, dump.n);
	ck_assert_mem_eq(v.total.digest, total.digest, DUMP_HASH_OCTETS);
}
END_TEST

START_TEST(master_key_stays)
{
	ck_assert_ptr_null(memmem(dump.at, dump.n, "never in a backup", 17));
	ck_assert_ptr_nonnull(memmem(dump.at, dump.n, "sealed\n", 7));
}
END_TEST

/* --- what does not hold ---------------------------------------------------------------------- */

START_TEST(one_flipped_bit)
{
	size_t step = dump.n / 997 + 1;

	for (size_t at = 0; at < dump.n; at += at < 100 || at + 1000 > dump.n ? 1 : step) {
		uint8_t bit = (uint8_t)(1u << at % 8);

		dump.at[at] ^= bit;
		ck_assert_msg(!dumped_reads(octets_bytes(&dump)), "octet %zu", at);
		dump.at[at] ^= bit;
	}
	ck_assert(dumped_reads(octets_bytes(&dump)));
}
END_TEST

START_TEST(cut_short)
{
	size_t at = 16, cuts = 0;

	dumped_refused(octets_of(dump.at, 0), "no backup");
	dumped_refused(octets_of(dump.at, 15), "no backup");
	for (;; cuts++) { /* before, in and behind each frame */
		struct reader r = reader_of(octets_of(dump.at + at, 4));
		size_t n = reader_u32(&r);

		dumped_refused(octets_of(dump.at, at), "cut short");
		dumped_refused(octets_of(dump.at, at + 2), "cut short");
		if (n == 0)
			break;
		dumped_refused(octets_of(dump.at, at + 4 + n / 2), "cut short");
		at += 4 + n + DUMP_HASH_OCTETS;
	}
	ck_assert_uint_ge(cuts, 1);
	for (size_t n = at + 4; n < dump.n; n += 13)
		dumped_refused(octets_of(dump.at, n), "cut short");
}
END_TEST

START_TEST(more_behind_the_end)
{
	bytes_put_u8(&dump, '\n');
	dumped_refused(octets_bytes(&dump), "after its end");
}
END_TEST

START_TEST(not_ours)
{
	dumped_refused(octets_text("QUATRAIN DUMP of something else"), "no backup");
	dump.at[15]++;
	dumped_refused(octets_bytes(&dump), "edition 2");
}
END_TEST

START_TEST(frame_too_long)
{
	dump.at[16] = 0;
	dump.at[17] = 1;
	dump.at[18] = 0;
	dump.at[19] = 1;
	dumped_refused(octets_bytes(&dump), "a frame over");
}
END_TEST

START_TEST(another_root)
{
	bytes_clear(&dumped_root);
	ck_assert(cert_pem(octets_bytes(&g.region->certificate), &dumped_root, &f));
	dumped_refused(octets_bytes(&dump), "another authority");
	bytes_clear(&dumped_root);
	dumped_refused(octets_bytes(&dump), "PEM");
}
END_TEST

/* The frames again, as somebody who holds no log key would seal them. */
START_TEST(another_key)
{
	struct bytes certificates = { 0 }, text = { 0 }, signature = { 0 };
	char origin[LOG_ORIGIN_MAX];
	struct dump_seal s;
	struct key *k;
	size_t frames = total.octets;

	(void)dumped_key(&certificates);
	ck_assert(key_new(KEY_ED25519, &k, &f));
	log_origin(realm_space(g.realm), NAME_PLATFORM, origin);
	ck_assert(dump_signed_text(
	    origin, g.now_s, total.digest, octets_bytes(&certificates), &text, &f));
	ck_assert(key_sign(k, octets_bytes(&text), &signature, &f));
	s = (struct dump_seal){ g.now_s, octets_bytes(&signature), octets_bytes(&certificates) };
	dump.n = frames;
	ck_assert(dump_put_seal(&s, &dump, &f));
	dumped_refused(octets_bytes(&dump), "signature");
	key_free(k);
	bytes_free(&signature);
	bytes_free(&text);
	bytes_free(&certificates);
}
END_TEST

/* A tenant's log key is of the authority too, and signs no backup of it. */
START_TEST(a_tenants_key)
{
	struct bytes certificates = { 0 }, text = { 0 }, signature = { 0 };
	char origin[LOG_ORIGIN_MAX];
	struct dump_seal s;

	bytes_put_octets(&certificates, octets_bytes(&dumped_acme_pem));
	log_origin(realm_space(g.realm), NAME_PLATFORM, origin);
	ck_assert(dump_signed_text(
	    origin, g.now_s, total.digest, octets_bytes(&certificates), &text, &f));
	ck_assert(key_sign(dumped_acme_key, octets_bytes(&text), &signature, &f));
	s = (struct dump_seal){ g.now_s, octets_bytes(&signature), octets_bytes(&certificates) };
	dump.n = total.octets;
	ck_assert(dump_put_seal(&s, &dump, &f));
	dumped_refused(octets_bytes(&dump), "another log");
	bytes_free(&signature);
	bytes_free(&text);
	bytes_free(&certificates);
}
END_TEST

/* A checkpoint is signed by the same key, and is no seal. */
START_TEST(a_checkpoint_is_no_seal)
{
	struct bytes certificates = { 0 }, note = { 0 };
	const struct key *k = dumped_key(&certificates);
	char origin[LOG_ORIGIN_MAX];
	struct log_edge e;
	struct log_note n;
	struct dump_seal s;

	log_origin(realm_space(g.realm), NAME_PLATFORM, origin);
	ck_assert(log_edge_read(realm_platform(g.realm), &e, &f));
	ck_assert(log_checkpoint(origin, &e, 0, k, &note, &f));
	ck_assert(log_note_read(octets_bytes(&note), &n, &f));
	s = (struct dump_seal){ g.now_s, octets_of(n.line[0].signature, 64),
		octets_bytes(&certificates) };
	dump.n = total.octets;
	ck_assert(dump_put_seal(&s, &dump, &f));
	dumped_refused(octets_bytes(&dump), "signature");
	bytes_free(&note);
	bytes_free(&certificates);
}
END_TEST

START_TEST(a_seal_has_one_shape)
{
	struct bytes b = { 0 };
	uint8_t big[DUMP_CERTS_MAX + 1] = { 0 };
	const struct dump_seal shapes[] = {
		{ 0, octets_of(big, 63), octets_of(big, 10) },
		{ 0, octets_of(big, 64), octets_of(big, 0) },
		{ 0, octets_of(big, 64), octets_of(big, sizeof(big)) },
	};

	for (size_t i = 0; i < COUNT(shapes); i++) {
		ck_assert(!dump_put_seal(&shapes[i], &b, &f));
		ck_assert_int_eq(f.code, FAULT_LIMIT);
	}
	ck_assert_uint_eq(b.n, 0);
}
END_TEST

/* A visitor's own fault ends the reading, and nothing is said to hold. */
static bool
say_no(void *with, const char *tenant, struct fault *fault)
{
	(void)with;
	return strcmp(tenant, "acme") != 0 || fault_set(fault, FAULT_BUSY, "the disk is full");
}

START_TEST(a_visitor_says_no)
{
	const struct dump_visitor v = { .ledger = say_no };
	struct dump_verdict verdict = { .signed_s = 1 };

	ck_assert(!dumped_read(octets_bytes(&dump), &v, &verdict));
	ck_assert_int_eq(f.code, FAULT_BUSY);
	ck_assert_int_eq(verdict.signed_s, 1);
}
END_TEST

static bool
refuse(void *with, struct octets o, struct fault *fault)
{
	size_t *left = with;

	if (*left < o.n)
		return fault_set(fault, FAULT_BUSY, "the disk is full");
	*left -= o.n;
	return true;
}

START_TEST(a_full_disk_while_writing)
{
	for (size_t room = 0; room < total.octets; room += total.octets / 5) {
		size_t left = room;
		struct dump_writing w = { .realm = g.realm, .put = refuse, .with = &left };

		ck_assert(!dump_write(&w, &total, &f));
		ck_assert_int_eq(f.code, FAULT_BUSY);
	}
}
END_TEST

START_TEST(a_missing_file_while_writing)
{
	static const char *const names[] = { "journal", "chain.pem", "root.pem" };
	struct bytes out = { 0 };
	struct dump_writing w = { .realm = g.realm, .put = dumped_keep, .with = &out };
	char path[SCRATCH_PATH_MAX + 32];

	for (size_t i = COUNT(names); i-- > 0;) {
		(void)snprintf(path, sizeof(path), "%s/%s", g.dir, names[i]);
		ck_assert_int_eq(unlink(path), 0);
		ck_assert(!dump_write(&w, &total, &f));
		ck_assert_int_eq(f.code, FAULT_NOTFOUND);
		ck_assert_ptr_nonnull(strstr(f.text, names[i]));
		/* a link is no file: it may lead to another's */
		ck_assert_int_eq(symlink("/etc/hostname", path), 0);
		ck_assert(!dump_write(&w, &total, &f));
		ck_assert_int_eq(f.code, FAULT_INTERNAL);
	}
	bytes_free(&out);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("dump");
	TCase *t = tcase_create("dump");

	tcase_add_checked_fixture(t, dumped_setup, dumped_teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, holds);
	tcase_add_test(t, master_key_stays);
	tcase_add_test(t, one_flipped_bit);
	tcase_add_test(t, cut_short);
	tcase_add_test(t, more_behind_the_end);
	tcase_add_test(t, not_ours);
	tcase_add_test(t, frame_too_long);
	tcase_add_test(t, another_root);
	tcase_add_test(t, another_key);
	tcase_add_test(t, a_tenants_key);
	tcase_add_test(t, a_checkpoint_is_no_seal);
	tcase_add_test(t, a_seal_has_one_shape);
	tcase_add_test(t, a_visitor_says_no);
	tcase_add_test(t, a_full_disk_while_writing);
	tcase_add_test(t, a_missing_file_while_writing);
	suite_add_tcase(s, t);
	return run_suite(s);
}
