/* tests/unit/notary.c - daemon/notary.h: what is signed is proven, cosigned only where it begins
 * with what was cosigned before, and remembered before anybody sees it. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ca/roll.h"
#include "daemon/signer.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

static struct ground g;
static struct signer s;
static struct ledger *l;
static struct notary_keys keys;
static uint8_t root_id[TBS_KEY_ID_OCTETS], region_id[TBS_KEY_ID_OCTETS];
static struct fault f;

static void
setup(void)
{
	struct keyring_ground ground;

	ground_new(&g);
	journal_close(&g.journal);
	s = (struct signer){ .realm = g.realm, .self = g.why, .journal = { .fd = -1 } };
	(void)snprintf(s.settings.data, sizeof(s.settings.data), "%.255s", g.dir);
	/* The ground lives in 2030: the clock is found to be wrong, which comes last. */
	if (!watch_start(&s, &f))
		ck_assert_msg(strstr(f.text, "clock:") != NULL, "%s", f.text);
	ground = (struct keyring_ground){ .realm = g.realm,
		.seal = g.seal,
		.journal = &s.journal,
		.public_url = GROUND_URL,
		.why = &g.why };
	memcpy(root_id, g.root->a.key_id, sizeof(root_id));
	memcpy(region_id, g.region->a.key_id, sizeof(region_id));
	keyring_free(g.keys); /* and with it the issuers of the ground */
	ck_assert(keyring_new(&ground, &g.keys, &f));
	s.keys = g.keys;
	ck_assert(realm_ledger(g.realm, "acme", &l, &f));
}

static void
teardown(void)
{
	watch_stop(&s);
	journal_close(&s.journal);
	ground_free(&g);
}

static void
grow(unsigned n)
{
	while (n-- > 0)
		ck_assert(log_append(l, log_entry("test", &g.why), g.now_s, NULL, &f));
	ground_commit(l);
}

static bool
sign(struct checkpoint *c)
{
	*c = (struct checkpoint){ .cosigned = false };
	ck_assert_msg(notary_find_keys(&s, "acme", g.now_s, &keys, &f), "%s", f.text);
	return notary_sign(&s, &keys, l, g.now_s, c, &f);
}

static void
signs(struct checkpoint *c)
{
	ck_assert_msg(sign(c), "%s", f.text);
}

/* All of it, as the signer does it by itself. */
static void
publish(void)
{
	struct checkpoint c;

	signs(&c);
	ck_assert(notary_promise(&s, "acme", &c, &f));
	ck_assert(watch_mark(&s, &f));
	ck_assert(notary_keep(l, &c, &f));
	bytes_free(&c.note);
}

static void
refuses(const char *why)
{
	struct checkpoint c;

	ck_assert(!sign(&c));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert_msg(strstr(f.text, why) != NULL, "%s", f.text);
	ck_assert_uint_eq(c.note.n, 0);
}

static const uint8_t *
raw(const struct delegate *d)
{
	struct octets spki = key_spki(d->key);

	return spki.at + spki.n - 32;
}

START_TEST(log_and_region_sign)
{
	struct bytes stored = { 0 };
	struct checkpoint c;
	struct log_note n;
	struct log_edge e;
	uint8_t root[LOG_HASH_OCTETS];
	int64_t at_s;

	signs(&c);
	ck_assert(c.cosigned);
	ck_assert_msg(log_note_read(octets_bytes(&c.note), &n, &f), "%s", f.text);
	ck_assert(log_edge_read(l, &e, &f));
	log_edge_root(&e, root);
	ck_assert_str_eq(n.origin, "acme.eu.example.org/log");
	ck_assert_uint_eq(n.size, e.size);
	ck_assert_mem_eq(n.root, root, sizeof(root));
	ck_assert_uint_eq(n.lines, 2);
	ck_assert(octets_same(n.line[0].name, octets_text(n.origin)));
	ck_assert(log_note_signed(&n, raw(&keys.log), &f));
	ck_assert_str_eq(keys.cosigner_name, "eu.example.org/cosigner");
	ck_assert_msg(log_note_cosigned(&n, keys.cosigner_name, raw(&keys.cosigner), &at_s, &f),
	    "%s", f.text);
	ck_assert_int_eq(at_s, g.now_s);
	ck_assert(!log_note_stored(l, &stored, &n, &f)); /* not shown yet */
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	/* the log's own part is a checkpoint by itself */
	ck_assert(log_note_read(octets_of(c.note.at, c.own_n), &n, &f));
	ck_assert_uint_eq(n.lines, 1);
	bytes_free(&c.note);
	bytes_free(&stored);
}
END_TEST

START_TEST(the_marks_know_first)
{
	struct mark_cosigned k;
	struct checkpoint c;
	struct mark m;
	bool done;

	ck_assert(notary_is_done(l, true, &done, &f));
	ck_assert(!done);
	signs(&c);
	ck_assert(!marks_cosigned(s.watch.marks, c.origin, &k, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(notary_promise(&s, "acme", &c, &f));
	ck_assert(watch_mark(&s, &f));
	ck_assert(marks_cosigned(s.watch.marks, c.origin, &k, &f));
	ck_assert_uint_eq(k.size, c.mark.signed_size);
	ck_assert_mem_eq(k.root, c.mark.signed_root, sizeof(k.root));
	ck_assert_int_eq(k.at_s, g.now_s);
	ck_assert(marks_get(s.watch.marks, "acme", &m, &f));
	ck_assert_uint_eq(m.signed_size, c.mark.signed_size);
	ck_assert(notary_keep(l, &c, &f));
	ck_assert(notary_is_done(l, true, &done, &f));
	ck_assert(done);
	grow(1);
	ck_assert(notary_is_done(l, true, &done, &f));
	ck_assert(!done);
	bytes_free(&c.note);
}
END_TEST

START_TEST(what_grows_is_cosigned_again)
{
	for (unsigned i = 0; i < 20; i++) {
		publish();
		grow(i % 3);
	}
	grow(300);
	publish();
}
END_TEST

static void
cosigned(uint64_t size, uint64_t epoch, const uint8_t *root)
{
	struct mark_cosigned k = { .size = size, .epoch = epoch };

	if (root != NULL)
		memcpy(k.root, root, sizeof(k.root));
	ck_assert(marks_put_cosigned(s.watch.marks, "acme.eu.example.org/log", &k, &f));
	ck_assert(marks_commit(s.watch.marks, &f));
}

START_TEST(row_31_another_history_is_not_cosigned)
{
	struct log_edge e;

	grow(5);
	ck_assert(log_edge_read(l, &e, &f));
	cosigned(3, 0, NULL);
	refuses("that its region cosigned");
	cosigned(e.size, 0, NULL);
	refuses("that its region cosigned");
	cosigned(e.size + 1, 0, NULL);
	refuses("that its region cosigned");
	cosigned(3, 1, NULL); /* of an epoch that is yet to come */
	refuses("that its region cosigned");
}
END_TEST

START_TEST(a_merge_begins_anew)
{
	cosigned(1000, 0, NULL);
	refuses("that its region cosigned");
	log_put_epoch(l, 1);
	grow(1);
	publish();
	grow(1);
	publish();
}
END_TEST

START_TEST(row_32_nothing_is_signed_over_an_altered_line)
{
	struct bytes line = { 0 };
	uint8_t key[8];

	publish();
	ck_assert(ledger_get(l, TABLE_LOG, octets_u64(1, key), &line, &f));
	line.at[20] ^= 4;
	ledger_put(l, TABLE_LOG, octets_u64(1, key), octets_bytes(&line));
	ground_commit(l);
	grow(1);
	refuses("entry 1 was altered");
	bytes_free(&line);
}
END_TEST

/* The region's key is away, and no cosigner was made: the log signs alone. */
START_TEST(without_the_regions_key)
{
	char path[REALM_PATH_MAX];
	struct checkpoint c;
	struct log_note n;
	bool done;

	ck_assert(keyring_path(g.realm, region_id, path, &f));
	keyring_drop(g.keys, realm_platform(g.realm));
	ck_assert_int_eq(unlink(path), 0);
	signs(&c);
	ck_assert(!keys.cosigns && !c.cosigned && s.uncosigned);
	ck_assert(log_note_read(octets_bytes(&c.note), &n, &f));
	ck_assert_uint_eq(n.lines, 1);
	ck_assert(notary_promise(&s, "acme", &c, &f));
	ck_assert(watch_mark(&s, &f));
	ck_assert(notary_keep(l, &c, &f));
	ck_assert(notary_is_done(l, false, &done, &f));
	ck_assert(done);
	ck_assert(notary_is_done(l, true, &done, &f)); /* when it is back it is asked */
	ck_assert(!done);
	bytes_free(&c.note);
}
END_TEST

START_TEST(a_cosigner_outlives_the_regions_key)
{
	char path[REALM_PATH_MAX];
	struct checkpoint c;

	publish();
	ck_assert(keyring_path(g.realm, region_id, path, &f));
	keyring_drop(g.keys, realm_platform(g.realm));
	ck_assert_int_eq(unlink(path), 0);
	signs(&c);
	ck_assert(c.cosigned);
	bytes_free(&c.note);
}
END_TEST

/* Whoever stands under the old region's CA is cosigned by its key, and moves with its own CA. */
START_TEST(a_region_that_rolls_over)
{
	uint8_t before[32];
	const struct issuer *region, *root;
	struct rolled rolled;
	uint64_t index;

	publish();
	memcpy(before, raw(&keys.cosigner), sizeof(before));
	ck_assert(keyring_issuer(g.keys, root_id, &root, &f));
	ck_assert_msg(
	    roll_region(g.keys, root, &g.why, g.now_s, &region, &index, &f), "%s", f.text);
	grow(1);
	publish();
	ck_assert_mem_eq(raw(&keys.cosigner), before, sizeof(before));
	ck_assert_msg(
	    roll_tenant(g.keys, region, "acme", &g.why, g.now_s, &rolled, &f), "%s", f.text);
	publish(); /* it knows what the other key has cosigned */
	ck_assert_mem_ne(raw(&keys.cosigner), before, sizeof(before));
	cosigned(3, 0, NULL);
	refuses("that its region cosigned");
}
END_TEST

START_TEST(names_of_cosigners)
{
	char to[LOG_ORIGIN_MAX];

	log_cosigner_name("acme.eu.example.org/log", to);
	ck_assert_str_eq(to, "eu.example.org/cosigner");
	log_cosigner_name("a.b/log", to);
	ck_assert_str_eq(to, "b/cosigner");
	log_cosigner_name("acme/log", to);
	ck_assert_str_eq(to, "");
	log_cosigner_name("acme/l.og", to);
	ck_assert_str_eq(to, "");
	log_cosigner_name("acme.eu", to);
	ck_assert_str_eq(to, "");
	log_cosigner_name("", to);
	ck_assert_str_eq(to, "");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("notary");
	TCase *t = tcase_create("notary");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, log_and_region_sign);
	tcase_add_test(t, the_marks_know_first);
	tcase_add_test(t, what_grows_is_cosigned_again);
	tcase_add_test(t, row_31_another_history_is_not_cosigned);
	tcase_add_test(t, a_merge_begins_anew);
	tcase_add_test(t, row_32_nothing_is_signed_over_an_altered_line);
	tcase_add_test(t, without_the_regions_key);
	tcase_add_test(t, a_cosigner_outlives_the_regions_key);
	tcase_add_test(t, a_region_that_rolls_over);
	tcase_add_test(t, names_of_cosigners);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
