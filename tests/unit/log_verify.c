/* tests/unit/log_verify.c - log_verify_folder(): a real export holds, with the root alone; touched
 * anywhere, it does not. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ca/note.h"
#include "tests/unit/forge.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

#define ENTRIES 12
#define FLIPS   300 /* bits tried in one file, spread over all of it */

enum { LINES, NOTE, CERTS, FILES };
static const char *const names[FILES] = { "entries.jsonl", "checkpoint", "certificates.pem" };

static struct ground g;
static char dir[SCRATCH_PATH_MAX], root[SCRATCH_PATH_MAX + 16];
static struct octets file[FILES]; /* what was exported */
static struct log_verdict v;
static struct fault f;

static void
write_file(const char *path, struct octets o)
{
	FILE *out = fopen(path, "wb");

	ck_assert_ptr_nonnull(out);
	ck_assert(o.n == 0 || fwrite(o.at, 1, o.n, out) == o.n);
	ck_assert_int_eq(fclose(out), 0);
}

/* One file of the export, as it is or bent. */
static void
put(int which, struct octets o)
{
	char path[SCRATCH_PATH_MAX + 32];

	scratch_path(dir, names[which], path, sizeof(path));
	write_file(path, o);
}

static bool
gather(void *with, struct octets key, struct octets value)
{
	struct bytes *b = with;

	(void)key;
	bytes_put_octets(b, value);
	bytes_put_u8(b, '\n');
	return true;
}

/* The log of a CA's tenant, as the signer exports it. */
static void export(const struct issuer *ca, struct octets to[static FILES])
{
	struct bytes lines = { 0 }, note = { 0 }, pem = { 0 };
	char origin[LOG_ORIGIN_MAX];
	struct delegate d;
	struct log_edge e;

	log_origin(realm_space(g.realm), ca->a.label, origin);
	ck_assert(keyring_delegate(g.keys, &ca->a, &found_log, g.now_s, &d, &f));
	ck_assert(
	    store_scan(ledger_store(ca->ledger), TABLE_LOG, NONE, SIZE_MAX, gather, &lines, &f));
	ck_assert(log_edge_read(ca->ledger, &e, &f));
	ck_assert(log_checkpoint(origin, &e, 0, d.key, &note, &f));
	ck_assert(cert_pem(d.certificate, &pem, &f));
	ck_assert(cert_pem(octets_bytes(&ca->certificate), &pem, &f));
	ck_assert(cert_pem(octets_bytes(&g.region->certificate), &pem, &f));
	to[LINES] = forge_exact(octets_bytes(&lines));
	to[NOTE] = forge_exact(octets_bytes(&note));
	to[CERTS] = forge_exact(octets_bytes(&pem));
	bytes_free(&lines);
	bytes_free(&note);
	bytes_free(&pem);
}

static void
setup(void)
{
	struct bytes pem = { 0 };

	ground_new(&g);
	scratch_new(dir);
	scratch_path(dir, "root.pem", root, sizeof(root));
	for (int i = 0; i < ENTRIES; i++)
		ck_assert(log_append(
		    g.acme->ledger, log_entry("test.done", &g.why), g.now_s + i, NULL, &f));
	ground_commit(g.acme->ledger);
	export(g.acme, file);
	for (int i = 0; i < FILES; i++)
		put(i, file[i]);
	ck_assert(cert_pem(octets_bytes(&g.root->certificate), &pem, &f));
	write_file(root, octets_bytes(&pem));
	bytes_free(&pem);
	v = (struct log_verdict){ .size = 77 };
}

static void
teardown(void)
{
	forge_free();
	scratch_free(dir);
	ground_free(&g);
}

static void
holds(void)
{
	ck_assert_msg(log_verify_folder(dir, root, &v, &f), "%s", f.text);
}

/* Refused, with a word of what; nothing is said of it in v. */
static void
refused(const char *why, size_t row)
{
	f = (struct fault){ 0 };
	ck_assert_msg(!log_verify_folder(dir, root, &v, &f), "row %zu holds", row);
	ck_assert_msg(f.code == FAULT_BADREQ || f.code == FAULT_DENIED, "row %zu: fault %d: %s",
	    row, f.code, f.text);
	ck_assert_msg(strstr(f.text, why) != NULL, "row %zu: %s", row, f.text);
	ck_assert_uint_eq(v.size, 77);
}

START_TEST(an_export_holds)
{
	struct log_edge e;
	uint8_t want[LOG_HASH_OCTETS];

	holds();
	ck_assert(log_edge_read(g.acme->ledger, &e, &f));
	log_edge_root(&e, want);
	ck_assert_uint_eq(v.size, e.size);
	ck_assert_mem_eq(v.root, want, sizeof(want));
	ck_assert_str_eq(v.origin, "acme.eu.example.org/log");
	ck_assert_int_eq(v.at_s, g.now_s + ENTRIES - 1);
}
END_TEST

static void
flip(int which)
{
	struct octets all = file[which];
	uint8_t *at = malloc(all.n);
	size_t step = all.n * 8 / FLIPS;

	step = step == 0 ? 1 : step + (step % 8 == 0); /* not always the same bit of an octet */
	for (size_t bit = 0; bit < all.n * 8; bit += step) {
		memcpy(at, all.at, all.n);
		at[bit / 8] ^= (uint8_t)(1u << bit % 8);
		put(which, octets_of(at, all.n));
		refused("", bit);
	}
	free(at);
	put(which, all);
	v.size = 0;
	holds();
}

START_TEST(flipped_bits_of_entries)
{
	flip(LINES);
}
END_TEST

START_TEST(flipped_bits_of_the_checkpoint)
{
	flip(NOTE);
}
END_TEST

START_TEST(flipped_bits_of_the_certificates)
{
	flip(CERTS);
}
END_TEST

/* The i-th line with its line end. */
static struct octets
line(size_t i)
{
	struct octets rest = file[LINES];
	const uint8_t *end = NULL;

	for (;; i--) {
		ck_assert_ptr_nonnull(end = memchr(rest.at, '\n', rest.n));
		if (i == 0)
			return octets_of(rest.at, (size_t)(end + 1 - rest.at));
		rest.n -= (size_t)(end + 1 - rest.at);
		rest.at = end + 1;
	}
}

static size_t
lines(void)
{
	size_t n = 0;

	for (size_t i = 0; i < file[LINES].n; i++)
		n += file[LINES].at[i] == '\n';
	return n;
}

static struct octets
before(size_t i)
{
	return octets_of(file[LINES].at, (size_t)(line(i).at - file[LINES].at));
}

static struct octets
after(size_t i)
{
	const uint8_t *from = line(i).at + line(i).n;

	return octets_of(from, (size_t)(file[LINES].at + file[LINES].n - from));
}

/* A line that was written anew in its own form: the verdict says which. */
START_TEST(the_altered_line_is_named)
{
	char why[64];

	for (size_t i = 0; i < lines(); i++) {
		struct octets bent =
		    forge_patch(line(i), RAW("\"by\":\"ceremony\""), RAW("\"by\":\"Ceremony\""));

		put(LINES, JOIN(before(i), bent, after(i)));
		(void)snprintf(why, sizeof(why), "line %zu was altered", i + 1);
		refused(why, i);
	}
}
END_TEST

START_TEST(lines_removed)
{
	for (size_t i = 0; i < lines(); i++) {
		put(LINES, JOIN(before(i), after(i)));
		refused("entries.jsonl: ", i);
	}
	put(LINES, NONE);
	refused("", 0);
}
END_TEST

START_TEST(lines_swapped)
{
	for (size_t i = 0; i + 1 < lines(); i++) {
		put(LINES, JOIN(before(i), line(i + 1), line(i), after(i + 1)));
		refused("a line is missing, moved or altered", i);
	}
}
END_TEST

START_TEST(lines_twice)
{
	for (size_t i = 0; i < lines(); i++) {
		put(LINES, JOIN(before(i), line(i), line(i), after(i)));
		refused("entries.jsonl: line ", i);
	}
}
END_TEST

/* Cut at each end of a line: shorter, and wherever else: no line. */
START_TEST(entries_cut)
{
	for (size_t i = 1; i < lines(); i++) {
		put(LINES, before(i));
		refused("the checkpoint is over ", i);
		put(LINES, octets_of(file[LINES].at, before(i).n - 1));
		refused("cut short", i);
		put(LINES, octets_of(file[LINES].at, before(i).n + 20));
		refused("cut short", i);
	}
}
END_TEST

START_TEST(lines_that_are_none)
{
	static const char *const rows[] = { "\n", "{}\n", "null\n", "[1]\n", "\"a\"\n",
		"{\"n\":0}\n", " \n", "{\"n\":0,\"prev\":1}\n", "\xff\n" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put(LINES, JOIN(file[LINES], octets_text(rows[i])));
		refused("entries.jsonl: line ", i);
		put(LINES, JOIN(octets_text(rows[i]), file[LINES]));
		refused("entries.jsonl: line ", i);
	}
	put(LINES, JOIN(forge_fill(' ', LOG_ENTRY_MAX + 1), RAW("\n"), file[LINES]));
	refused("too long", 0);
}
END_TEST

/* The same values, spelled otherwise. */
START_TEST(lines_not_canonical)
{
	struct octets first = line(0);

	put(LINES, JOIN(RAW("{ "), octets_of(first.at + 1, first.n - 1), after(0)));
	refused("RFC 8785: not canonical", 0);
	put(LINES, JOIN(octets_of(first.at, first.n - 1), RAW("\r\n"), after(0)));
	refused("entries.jsonl: line 1", 1);
	put(LINES, JOIN(octets_of(first.at, first.n - 2), RAW(",\"a\":1}\n"), after(0)));
	refused("RFC 8785: not canonical", 2);
}
END_TEST

/* A line that is well formed and chained, and was never signed. */
START_TEST(a_line_slipped_in)
{
	struct octets again[FILES];

	ck_assert(
	    log_append(g.acme->ledger, log_entry("test.more", &g.why), g.now_s + 99, NULL, &f));
	ground_commit(g.acme->ledger);
	export(g.acme, again);
	put(LINES, again[LINES]);
	refused("the checkpoint is over ", 0);
	put(NOTE, again[NOTE]);
	v.size = 0;
	holds();
	v.size = 77;
	put(LINES, file[LINES]); /* and the new checkpoint over the old lines */
	refused("the checkpoint is over ", 1);
}
END_TEST

/* Another tenant's export is its own: no file of it stands in for one of ours. */
START_TEST(anothers_files)
{
	const struct issuer *other = ground_tenant(&g, "other", CONSTRAINTS_STRICT);
	struct octets theirs[FILES];

	for (int i = 0; i < ENTRIES; i++)
		ck_assert(log_append(
		    other->ledger, log_entry("test.done", &g.why), g.now_s + i, NULL, &f));
	ground_commit(other->ledger);
	export(other, theirs);
	for (unsigned with = 1; with < 7; with++) {
		for (int i = 0; i < FILES; i++)
			put(i, (with & 1u << i) != 0 ? theirs[i] : file[i]);
		refused("", with);
	}
	for (int i = 0; i < FILES; i++)
		put(i, theirs[i]);
	v.size = 0;
	holds();
	ck_assert_str_eq(v.origin, "other.eu.example.org/log");
}
END_TEST

/* The chain of a certificate that acme issued. */
static void
put_chain(struct octets certificate)
{
	struct bytes pem = { 0 };

	ck_assert(cert_pem(certificate, &pem, &f));
	ck_assert(cert_pem(octets_bytes(&g.acme->certificate), &pem, &f));
	ck_assert(cert_pem(octets_bytes(&g.region->certificate), &pem, &f));
	put(CERTS, octets_bytes(&pem));
	bytes_free(&pem);
}

/* A checkpoint by a key that nobody certified, and a certificate that is no log's. */
START_TEST(anothers_checkpoint)
{
	struct bytes note = { 0 };
	struct log_edge e;
	struct key *key;

	ck_assert(key_new(KEY_ED25519, &key, &f));
	ck_assert(log_edge_read(g.acme->ledger, &e, &f));
	ck_assert(log_checkpoint("acme.eu.example.org/log", &e, 0, key, &note, &f));
	put(NOTE, octets_bytes(&note));
	refused("signed by another key than the log", 0);
	put(NOTE, file[NOTE]);
	put_chain(octets_bytes(&ground_leaf(&g, g.acme, "printer", "hp-4711")->der));
	refused("the first is no log's certificate", 1);
	bytes_free(&note);
	key_free(key);
}
END_TEST

/* certificates.pem without one of the three, or with one more, in another order or spelling. */
START_TEST(other_certificates)
{
	struct octets one[3], rest = file[CERTS];
	static const char end[] = "-----END CERTIFICATE-----\n";

	for (int i = 0; i < 3; i++) {
		const uint8_t *at = memmem(rest.at, rest.n, end, sizeof(end) - 1);

		ck_assert_ptr_nonnull(at);
		one[i] = octets_of(rest.at, (size_t)(at - rest.at) + sizeof(end) - 1);
		rest = octets_of(rest.at + one[i].n, rest.n - one[i].n);
	}
	const struct octets rows[] = { NONE, one[0], JOIN(one[0], one[1]), JOIN(one[0], one[2]),
		JOIN(one[1], one[2]), JOIN(one[1], one[0], one[2]), JOIN(file[CERTS], RAW("\n")),
		JOIN(RAW("note\n"), file[CERTS]), JOIN(one[0], RAW("# \n"), one[1], one[2]),
		forge_fill('-', 200000), RAW("no PEM\n") };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put(CERTS, rows[i]);
		refused("", i);
	}
	put(CERTS, JOIN(one[0], one[2], one[1])); /* a path is a set */
	v.size = 0;
	holds();
}
END_TEST

START_TEST(another_root)
{
	struct ground strange;
	struct bytes pem = { 0 };

	ground_new(&strange);
	ck_assert(cert_pem(octets_bytes(&strange.root->certificate), &pem, &f));
	write_file(root, octets_bytes(&pem));
	refused("chain: ", 0);
	bytes_clear(&pem);
	ck_assert(cert_pem(octets_bytes(&g.region->certificate), &pem, &f));
	write_file(root, octets_bytes(&pem));
	refused("chain: ", 1);
	write_file(root, NONE);
	refused("chain: ", 2);
	bytes_free(&pem);
	ground_free(&strange);
}
END_TEST

START_TEST(files_missing)
{
	char path[SCRATCH_PATH_MAX + 32];

	for (int i = 0; i < FILES; i++) {
		scratch_path(dir, names[i], path, sizeof(path));
		ck_assert_int_eq(unlink(path), 0);
		ck_assert(!log_verify_folder(dir, root, &v, &f));
		ck_assert_int_eq(f.code, FAULT_NOTFOUND);
		ck_assert_ptr_nonnull(strstr(f.text, names[i]));
		put(i, file[i]);
	}
	ck_assert_int_eq(unlink(root), 0);
	ck_assert(!log_verify_folder(dir, root, &v, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("log_verify");
	TCase *t = tcase_create("log_verify");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, an_export_holds);
	tcase_add_test(t, flipped_bits_of_entries);
	tcase_add_test(t, flipped_bits_of_the_checkpoint);
	tcase_add_test(t, flipped_bits_of_the_certificates);
	tcase_add_test(t, the_altered_line_is_named);
	tcase_add_test(t, lines_removed);
	tcase_add_test(t, lines_swapped);
	tcase_add_test(t, lines_twice);
	tcase_add_test(t, entries_cut);
	tcase_add_test(t, lines_that_are_none);
	tcase_add_test(t, lines_not_canonical);
	tcase_add_test(t, a_line_slipped_in);
	tcase_add_test(t, anothers_files);
	tcase_add_test(t, anothers_checkpoint);
	tcase_add_test(t, other_certificates);
	tcase_add_test(t, another_root);
	tcase_add_test(t, files_missing);
	suite_add_tcase(s, t);
	return run_suite(s);
}
