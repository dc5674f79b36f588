/* tests/unit/redaction.c - ca/redaction.h: a body goes, its hash stays, and a stub that nothing
 * tells of counts for nothing. */
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "ca/audit.h"
#include "ca/ledger_check.h"
#include "ca/log_proof.h"
#include "ca/redaction.h"
#include "tests/unit/forge.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

#define SECRET "mark-of-what-must-go"

static struct ground g;
static struct ledger *l;
static struct fault f;
static struct redaction_order o;
static uint64_t first; /* of the entries that a test may redact */

static void
add(const char *text)
{
	struct json *e = log_entry("test.done", &g.why);

	json_put_text(e, "text", text);
	ck_assert(log_append(l, e, g.now_s, NULL, &f));
	ground_commit(l);
}

static uint64_t
size_now(void)
{
	struct log_edge e;

	ck_assert(log_edge_read(l, &e, &f));
	return e.size;
}

static void
setup(void)
{
	ground_new(&g);
	l = g.acme->ledger;
	o = (struct redaction_order){ &g.why, RAW("erasure was asked for"), RAW("article 17") };
	first = size_now();
	add("before");
	add(SECRET);
	add("behind");
}

static void
teardown(void)
{
	forge_free();
	ground_free(&g);
}

static uint64_t
redact(uint64_t n)
{
	uint64_t by = 0;

	ck_assert_msg(redaction_make(l, n, &o, g.now_s, &by, &f), "%s", f.text);
	ground_commit(l);
	return by;
}

static void
refused(uint64_t n, enum fault_code code, const char *why)
{
	uint64_t by = 77, size = size_now();

	f = (struct fault){ 0 };
	ck_assert_msg(!redaction_make(l, n, &o, g.now_s, &by, &f), "entry %" PRIu64, n);
	ck_assert_msg(f.code == code && strstr(f.text, why) != NULL, "%d: %s", f.code, f.text);
	ck_assert_uint_eq(by, 77);
	ground_commit(l);
	ck_assert_uint_eq(size_now(), size);
}

static void
put_line(uint64_t n, struct octets line)
{
	uint8_t key[8];

	ledger_put(l, TABLE_LOG, octets_u64(n, key), line);
	ground_commit(l);
}

static struct octets
line_at(uint64_t n)
{
	struct bytes b = { 0 };
	struct octets line;
	uint8_t key[8];

	ck_assert(ledger_get(l, TABLE_LOG, octets_u64(n, key), &b, &f));
	line = forge_exact(octets_bytes(&b));
	bytes_free(&b);
	return line;
}

static bool
log_holds(void)
{
	struct log_proof p = { .window = 0 };
	const struct log_signed none = { .size = 0 };

	return log_prove(l, &p, &none, &f);
}

static void
count(void *with, const char *text)
{
	unsigned *n = with;

	(void)text;
	++*n;
}

static unsigned
findings(void)
{
	unsigned n = 0;
	const struct ledger_hearing to = { .say = count, .with = &n };
	struct ledger_counts counts;

	ck_assert_msg(ledger_check(l, NULL, &to, &counts, &f), "%s", f.text);
	return n;
}

static bool
tree_holds(void)
{
	struct audit_trees *trees = calloc(1, sizeof(*trees));
	uint64_t read, size;
	bool ok = audit_tree(trees, l, &read, &size, &f);

	free(trees);
	return ok;
}

static bool
look(void *with, struct octets key, struct octets value)
{
	bool *seen = with;

	(void)key;
	if (value.n > 0 && memmem(value.at, value.n, SECRET, sizeof(SECRET) - 1) != NULL)
		*seen = true;
	return true;
}

static bool
is_there(void)
{
	bool seen = false;

	for (unsigned t = 0; t < TABLE_COUNT; t++)
		ck_assert(store_scan(ledger_store(l), t, NONE, SIZE_MAX, look, &seen, &f));
	return seen;
}

START_TEST(a_body_goes_and_the_tree_stays)
{
	uint8_t before[LOG_HASH_OCTETS], after[LOG_HASH_OCTETS], root[LOG_HASH_OCTETS];
	uint64_t n = first + 1, by, size = size_now();
	struct redaction stub, told;
	struct log_edge e, again = { .size = 0 };

	ck_assert(log_edge_read(l, &e, &f));
	log_edge_root(&e, root);
	ck_assert(log_leaf_at(l, n, before, &f));
	ck_assert(is_there());
	by = redact(n);
	ck_assert_uint_eq(by, size);
	ck_assert(!is_there());
	ck_assert(log_leaf_at(l, n, after, &f));
	ck_assert_mem_eq(before, after, sizeof(before));
	for (uint64_t i = 0; i < size; i++) {
		ck_assert(log_leaf_at(l, i, after, &f));
		log_edge_add(&again, after);
	}
	log_edge_root(&again, after);
	ck_assert_mem_eq(root, after, sizeof(root));
	ck_assert(redaction_stub(line_at(n), n, &stub));
	ck_assert(redaction_told(l, &stub, &told, &f));
	ck_assert_uint_eq(told.by, by);
	ck_assert_str_eq(told.was, "test.done");
	ck_assert(log_holds() && tree_holds());
	ck_assert_uint_eq(findings(), 0);
	add("and it goes on");
	ck_assert(log_holds());
}
END_TEST

START_TEST(neighbours_and_the_last_one)
{
	redact(first + 1);
	redact(first);
	redact(first + 2);
	add("one more");
	redact(size_now() - 1); /* the newest one, which the edge alone knows */
	ck_assert_msg(log_holds(), "%s", f.text);
	ck_assert_msg(tree_holds(), "%s", f.text);
	ck_assert_uint_eq(findings(), 0);
}
END_TEST

START_TEST(what_is_never_redacted)
{
	static const char *const acts[] = { REDACTION_ACT, "tenant.created", "tenant.rolled",
		"region.rolled", "ca.revoked", "ledger.merged", "ledger.restored" };
	uint64_t by = redact(first), n;

	refused(by, FAULT_DENIED, "tells of a redaction");
	refused(first, FAULT_CONFLICT, "redacted already");
	refused(size_now(), FAULT_NOTFOUND, "no entry");
	refused(UINT64_MAX, FAULT_NOTFOUND, "no entry");
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		n = size_now();
		ck_assert(log_append(l, log_entry(acts[i], &g.why), g.now_s, NULL, &f));
		ground_commit(l);
		refused(n, FAULT_DENIED, "never redacted");
	}
}
END_TEST

/* The certificates that a log is believed by: of the tenant's CA, in the platform's log, and of the
 * log's own key. */
START_TEST(certificates_that_the_log_is_believed_by_stay)
{
	struct delegate d;
	const struct ground_cert *leaf;
	uint8_t digest[DIGEST_OCTETS];
	struct ledger *platform = g.platform->ledger;
	struct redaction r;
	unsigned kept = 0, all = 0;

	ck_assert(keyring_delegate(g.keys, &g.acme->a, &found_log, g.now_s, &d, &f));
	ground_commit(l);
	leaf = ground_leaf(&g, g.acme, "printer", "hp-1");
	for (int k = 0; k < 2; k++) {
		struct ledger *of = k == 0 ? l : platform;
		struct log_edge e;

		ck_assert(log_edge_read(of, &e, &f));
		for (uint64_t i = 0; i < e.size; i++) {
			bool ok = redaction_check(of, i, &r, &f);

			all++;
			kept += !ok;
			ck_assert(ok || f.code == FAULT_DENIED);
		}
	}
	ck_assert_uint_gt(kept, 3);
	ck_assert_uint_lt(kept, all);
	ck_assert(redaction_check(l, size_now() - 1, &r, &f)); /* the printer's */
	ck_assert_str_eq(r.was, "certificate.issued");
	ck_assert(r.issued);
	digest_of(octets_of(leaf->serial, TBS_SERIAL_OCTETS), digest);
	ck_assert_mem_eq(r.serial_digest, digest, sizeof(digest));
}
END_TEST

/* Evidence of a crime is not to be tidied away. */
START_TEST(an_altered_entry_is_not_redacted)
{
	struct octets line = line_at(first + 1);

	put_line(first + 1, forge_patch(line, RAW(SECRET), RAW("mark-of-what-must-GO")));
	refused(first + 1, FAULT_CONFLICT, "was altered");
	put_line(first + 1, RAW("{}"));
	refused(first + 1, FAULT_CONFLICT, "cannot be read");
}
END_TEST

/* Who can write into the store can put a stub there, with the true hash: all who read the log ask
 * for the entry that tells of it. */
START_TEST(a_stub_that_nothing_tells_of)
{
	struct redaction r = { .n = first + 1 };
	struct bytes stub = { 0 };
	uint64_t other = redact(first), by[] = { first + 2, size_now() + 5, other };

	ck_assert(log_leaf_at(l, r.n, r.leaf, &f));
	for (size_t i = 0; i < 3; i++) {
		r.by = by[i];
		bytes_clear(&stub);
		redaction_put_stub(&r, &stub);
		put_line(r.n, octets_bytes(&stub));
		ck_assert_msg(!log_holds(), "row %zu", i);
		ck_assert_msg(!tree_holds(), "row %zu", i);
		ck_assert_msg(findings() > 0, "row %zu", i);
	}
	bytes_free(&stub);
}
END_TEST

START_TEST(one_spelling_of_a_stub)
{
	static const char hex[] =
	    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
	static const char *const wrong[] = { "{\"leaf\":\"%s\",\"n\":7,\"redacted\":7}",
		"{\"leaf\":\"%s\",\"n\":7,\"redacted\":6}",
		"{\"leaf\":\"%s\",\"n\":6,\"redacted\":9}",
		"{\"leaf\":\"%s\",\"n\":7,\"redacted\":09}",
		"{\"leaf\":\"%s\",\"n\":07,\"redacted\":9}",
		"{\"leaf\":\"%s\",\"n\":7,\"redacted\":9} ",
		"{\"leaf\":\"%s\",\"n\":7,\"redacted\":9}\n",
		" {\"leaf\":\"%s\",\"n\":7,\"redacted\":9}",
		"{\"leaf\":\"%s\",\"redacted\":9,\"n\":7}",
		"{\"leaf\":\"%s\",\"n\":7,\"redacted\":9,\"x\":1}", "{\"leaf\":\"%s\",\"n\":7}",
		"{\"act\":\"a\",\"leaf\":\"%s\",\"n\":7,\"redacted\":9}",
		"{\"leaf\":\"%s0\",\"n\":7,\"redacted\":9}",
		"{\"leaf\":\"%s\",\"n\":7,\"redacted\":+9}",
		"{\"leaf\":\"%s\",\"n\":7,\"redacted\":99999999999999999999999}" };
	struct redaction r = { .n = 7, .by = 9 }, got;
	struct bytes b = { 0 };
	uint8_t leaf[LOG_HASH_OCTETS], want[LOG_HASH_OCTETS];

	ck_assert(text_unhex(hex, r.leaf, sizeof(r.leaf)));
	redaction_put_stub(&r, &b);
	ck_assert(redaction_stub(octets_bytes(&b), 7, &got));
	ck_assert_uint_eq(got.by, 9);
	log_line_leaf(octets_bytes(&b), 7, leaf);
	ck_assert_mem_eq(leaf, r.leaf, sizeof(leaf));
	ck_assert(!redaction_stub(octets_bytes(&b), 8, &got));
	log_line_leaf(octets_bytes(&b), 8, leaf); /* of another entry it is a line as any */
	log_leaf(octets_bytes(&b), want);
	ck_assert_mem_eq(leaf, want, sizeof(leaf));
	for (size_t n = 0; n < b.n; n++)
		ck_assert(!redaction_stub(forge_exact(octets_of(b.at, n)), 7, &got));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const char *at = strstr(wrong[i], "%s");

		bytes_clear(&b);
		bytes_put(&b, wrong[i], (size_t)(at - wrong[i]));
		bytes_put_text(&b, hex);
		bytes_put_text(&b, at + 2);
		ck_assert_msg(
		    !redaction_stub(forge_exact(octets_bytes(&b)), 7, &got), "row %zu", i);
		log_line_leaf(octets_bytes(&b), 7, leaf);
		log_leaf(octets_bytes(&b), want);
		ck_assert_mem_eq(leaf, want, sizeof(leaf));
	}
	bytes_free(&b);
}
END_TEST

/* For who has the lines alone. */
START_TEST(lines_one_behind_the_other)
{
	struct redactions r = { { 0 }, { 0 } };

	redact(first + 2);
	redact(first);
	for (uint64_t i = 0; i < size_now(); i++)
		redactions_see(&r, i, line_at(i));
	ck_assert_msg(redactions_hold(&r, &f), "%s", f.text);
	redactions_free(&r);
	for (uint64_t i = 0; i + 1 < size_now(); i++) /* the last redaction is cut off */
		redactions_see(&r, i, line_at(i));
	ck_assert(!redactions_hold(&r, &f));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	redactions_free(&r);
	ck_assert(redactions_hold(&r, &f));
	redactions_free(&r);
}
END_TEST

/* The audit says that an entry is redacted, and does not call that a failure of the log. */
START_TEST(an_audit_says_redacted)
{
	struct bytes line = { 0 };
	struct json *j = NULL;

	redact(first + 1);
	ck_assert(!audit_entry(l, first + 1, "test.done", &line, &j, &f));
	ck_assert_int_eq(f.code, FAULT_TYPE);
	bytes_clear(&line);
	ck_assert(!audit_entry(l, first + 1, "certificate.issued", &line, &j, &f));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	bytes_clear(&line);
	ck_assert(
	    audit_entry(l, first, "test.done", &line, &j, &f)); /* by what tells of the next */
	json_free(j);
	bytes_free(&line);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("redaction");
	TCase *t = tcase_create("redaction");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120); /* a loaded machine is no failure */
	tcase_add_test(t, a_body_goes_and_the_tree_stays);
	tcase_add_test(t, neighbours_and_the_last_one);
	tcase_add_test(t, what_is_never_redacted);
	tcase_add_test(t, certificates_that_the_log_is_believed_by_stay);
	tcase_add_test(t, an_altered_entry_is_not_redacted);
	tcase_add_test(t, a_stub_that_nothing_tells_of);
	tcase_add_test(t, one_spelling_of_a_stub);
	tcase_add_test(t, lines_one_behind_the_other);
	tcase_add_test(t, an_audit_says_redacted);
	suite_add_tcase(s, t);
	return run_suite(s);
}
