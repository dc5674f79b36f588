/* tests/unit/log_tree.c - ca/log_tree.h: tiles, nodes and paths are those that RFC 6962 computes,
 * and a path that was bent proves nothing. */
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "ca/ledger_check.h"
#include "ca/log_proof.h"
#include "ca/log_tree.h"
#include "run.h"
#include "scratch.h"

#define SMALL 300
#define LARGE 65537
#define PIECE 4096 /* entries of a commit */

static char folder[SCRATCH_PATH_MAX], dir[SCRATCH_PATH_MAX + 16];
static struct ledger *l;
static struct fault f;
static uint8_t (*leaf)[LOG_HASH_OCTETS]; /* of the lines that were appended */
static size_t leaves;

static void
setup(void)
{
	scratch_new(folder);
	scratch_path(folder, "acme", dir, sizeof(dir));
	ck_assert_msg(ledger_open(dir, "acme", STORE_CREATE, &l, &f), "%s", f.text);
	leaf = calloc(LARGE, sizeof(*leaf));
	leaves = 0;
}

static void
teardown(void)
{
	free(leaf);
	ledger_close(l);
	scratch_free(folder);
}

static void
commit(void)
{
	ck_assert_msg(ledger_commit(l, &f), "%s", f.text);
}

static void
grow(size_t to)
{
	const struct log_context why = { .by = "test", .from = "local", .rule = "test" };
	struct bytes line = { 0 };
	uint8_t key[8];

	for (; leaves < to; leaves++) {
		ck_assert_msg(log_append(l, log_entry("test.grown", &why), 1900000000, NULL, &f),
		    "%s", f.text);
		bytes_clear(&line);
		ck_assert(ledger_get(l, TABLE_LOG, octets_u64(leaves, key), &line, &f));
		log_leaf(octets_bytes(&line), leaf[leaves]);
		if (leaves % PIECE == PIECE - 1)
			commit();
	}
	bytes_free(&line);
	commit();
}

/* --- RFC 6962 section 2.1, word for word ------------------------------------------------------ */

static size_t
parted(size_t n)
{
	size_t k = 1;

	while (k * 2 < n)
		k *= 2;
	return k;
}

static void
mth(size_t lo, size_t hi, uint8_t *to)
{
	uint8_t both[1 + 2 * LOG_HASH_OCTETS] = { 0x01 };
	size_t k;

	if (hi == lo) {
		digest_of(octets_of(NULL, 0), to);
		return;
	}
	if (hi - lo == 1) {
		memcpy(to, leaf[lo], LOG_HASH_OCTETS);
		return;
	}
	k = parted(hi - lo);
	mth(lo, lo + k, both + 1);
	mth(lo + k, hi, both + 1 + LOG_HASH_OCTETS);
	digest_of(octets_of(both, sizeof(both)), to);
}

static void
path(size_t m, size_t lo, size_t hi, struct log_path *to)
{
	size_t k;

	if (hi - lo == 1)
		return;
	k = parted(hi - lo);
	if (m < k) {
		path(m, lo, lo + k, to);
		mth(lo + k, hi, to->node[to->n++]);
	} else {
		path(m - k, lo + k, hi, to);
		mth(lo, lo + k, to->node[to->n++]);
	}
}

static void
subproof(size_t m, size_t lo, size_t hi, bool known, struct log_path *to)
{
	size_t k;

	if (m == hi - lo) {
		if (!known)
			mth(lo, hi, to->node[to->n++]);
		return;
	}
	k = parted(hi - lo);
	if (m <= k) {
		subproof(m, lo, lo + k, known, to);
		mth(lo + k, hi, to->node[to->n++]);
	} else {
		subproof(m - k, lo + k, hi, false, to);
		mth(lo, lo + k, to->node[to->n++]);
	}
}

static bool
same_path(const struct log_path *a, const struct log_path *b)
{
	return a->n == b->n && memcmp(a->node, b->node, a->n * LOG_HASH_OCTETS) == 0;
}

/* --- the sizes that are looked at ------------------------------------------------------------- */

static bool
is_looked_at(size_t n)
{
	return n <= 34 || (n >= 63 && n <= 65) || (n >= 255 && n <= 257) || n >= SMALL - 1;
}

START_TEST(roots_of_every_size)
{
	uint8_t want[LOG_HASH_OCTETS], got[LOG_HASH_OCTETS];

	grow(SMALL);
	for (size_t n = 0; n <= SMALL; n++) {
		mth(0, n, want);
		ck_assert(log_tree_root(l, n, got, &f));
		ck_assert_mem_eq(got, want, sizeof(want));
	}
}
END_TEST

START_TEST(inclusion_of_every_entry)
{
	struct log_path want, got;
	uint8_t root[LOG_HASH_OCTETS];

	grow(SMALL);
	for (size_t n = 1; n <= SMALL; n++) {
		mth(0, n, root);
		for (size_t i = 0; i < n; i += is_looked_at(n) ? 1 : n) {
			want.n = 0;
			path(i, 0, n, &want);
			ck_assert_msg(log_tree_inclusion(l, i, n, &got, &f), "%s", f.text);
			ck_assert_msg(same_path(&want, &got), "entry %zu of %zu", i, n);
			ck_assert(log_path_includes(&got, leaf[i], i, n, root));
		}
	}
}
END_TEST

START_TEST(consistency_of_every_size)
{
	struct log_path want, got;
	uint8_t root[LOG_HASH_OCTETS], old[LOG_HASH_OCTETS];

	grow(SMALL);
	for (size_t n = 1; n <= SMALL; n++) {
		mth(0, n, root);
		for (size_t m = 1; m <= n; m += is_looked_at(n) ? 1 : n / 3 + 1) {
			want.n = 0;
			subproof(m, 0, n, true, &want);
			mth(0, m, old);
			ck_assert_msg(log_tree_consistency(l, m, n, &got, &f), "%s", f.text);
			ck_assert_msg(same_path(&want, &got), "%zu to %zu", m, n);
			ck_assert(log_path_extends(&got, m, old, n, root));
		}
	}
}
END_TEST

/* The tree of seven of RFC 6962 section 2.1.3, by the letters of its figures. */
START_TEST(the_example_of_the_standard)
{
	uint8_t g[LOG_HASH_OCTETS], h[LOG_HASH_OCTETS], i[LOG_HASH_OCTETS], j[LOG_HASH_OCTETS],
	    k[LOG_HASH_OCTETS], m[LOG_HASH_OCTETS], root[LOG_HASH_OCTETS];
	struct log_path p;

	grow(7);
	log_node(leaf[0], leaf[1], g);
	log_node(leaf[2], leaf[3], h);
	log_node(leaf[4], leaf[5], i);
	memcpy(j, leaf[6], sizeof(j));
	log_node(g, h, k);
	log_node(i, j, m);
	log_node(k, m, root);
	ck_assert(log_tree_inclusion(l, 0, 7, &p, &f));
	ck_assert_uint_eq(p.n, 3);
	ck_assert_mem_eq(p.node[0], leaf[1], 32);
	ck_assert_mem_eq(p.node[1], h, 32);
	ck_assert_mem_eq(p.node[2], m, 32);
	ck_assert(log_tree_inclusion(l, 6, 7, &p, &f));
	ck_assert_uint_eq(p.n, 2);
	ck_assert_mem_eq(p.node[0], i, 32);
	ck_assert_mem_eq(p.node[1], k, 32);
	ck_assert(log_path_includes(&p, leaf[6], 6, 7, root));
	ck_assert(log_tree_consistency(l, 3, 7, &p, &f)); /* PROOF(3, D[7]) = [c, d, g, l] there */
	ck_assert_uint_eq(p.n, 4);
	ck_assert_mem_eq(p.node[0], leaf[2], 32);
	ck_assert_mem_eq(p.node[1], leaf[3], 32);
	ck_assert_mem_eq(p.node[2], g, 32);
	ck_assert_mem_eq(p.node[3], m, 32);
	ck_assert(log_tree_consistency(l, 4, 7, &p, &f)); /* [l] */
	ck_assert_uint_eq(p.n, 1);
	ck_assert_mem_eq(p.node[0], m, 32);
	ck_assert(log_tree_consistency(l, 6, 7, &p, &f)); /* [i, j, k] */
	ck_assert_uint_eq(p.n, 3);
	ck_assert_mem_eq(p.node[0], i, 32);
	ck_assert_mem_eq(p.node[1], j, 32);
	ck_assert_mem_eq(p.node[2], k, 32);
}
END_TEST

/* --- refusals --------------------------------------------------------------------------------- */

START_TEST(bent_inclusions)
{
	struct log_path p, bent;
	uint8_t root[LOG_HASH_OCTETS];

	grow(20);
	for (size_t n = 1; n <= 20; n++) {
		mth(0, n, root);
		for (size_t i = 0; i < n; i++) {
			ck_assert(log_tree_inclusion(l, i, n, &p, &f));
			for (size_t other = 0; other < 24; other++)
				ck_assert_msg(
				    other == i || !log_path_includes(&p, leaf[i], other, n, root),
				    "%zu as %zu of %zu", i, other, n);
			for (size_t bit = 0; bit < p.n * 256; bit += 37) {
				bent = p;
				bent.node[bit / 256][bit % 256 / 8] ^= (uint8_t)(1u << bit % 8);
				ck_assert(!log_path_includes(&bent, leaf[i], i, n, root));
			}
			ck_assert(!log_path_includes(&p, leaf[(i + 1) % n], i, n, root) || n == 1);
			bent = p;
			memset(bent.node[bent.n++], 0, 32);
			ck_assert(!log_path_includes(&bent, leaf[i], i, n, root));
			if (p.n > 0) {
				bent = p;
				bent.n--;
				ck_assert(!log_path_includes(&bent, leaf[i], i, n, root));
			}
		}
	}
}
END_TEST

START_TEST(bent_consistencies)
{
	struct log_path p, bent;
	uint8_t root[LOG_HASH_OCTETS], old[LOG_HASH_OCTETS], other[LOG_HASH_OCTETS];

	grow(20);
	for (size_t n = 1; n <= 20; n++) {
		mth(0, n, root);
		for (size_t m = 1; m <= n; m++) {
			mth(0, m, old);
			ck_assert(log_tree_consistency(l, m, n, &p, &f));
			for (size_t bit = 0; bit < p.n * 256; bit += 37) {
				bent = p;
				bent.node[bit / 256][bit % 256 / 8] ^= (uint8_t)(1u << bit % 8);
				ck_assert(!log_path_extends(&bent, m, old, n, root));
			}
			mth(0, m - 1, other);
			ck_assert(!log_path_extends(&p, m, other, n, root));
			ck_assert(!log_path_extends(&p, m, old, n, other));
			bent = p;
			memset(bent.node[bent.n++], 0, 32);
			ck_assert(!log_path_extends(&bent, m, old, n, root));
			bent = p;
			bent.n = 0;
			ck_assert(m == n || !log_path_extends(&bent, m, old, n, root));
			ck_assert(!log_path_extends(&p, n + 1, old, n, root));
		}
	}
}
END_TEST

START_TEST(edges_of_the_pure_checks)
{
	struct log_path none = { .n = 0 }, some = { .n = 1 };
	uint8_t a[LOG_HASH_OCTETS] = { 1 }, b[LOG_HASH_OCTETS] = { 2 };

	ck_assert(!log_path_includes(&none, a, 0, 0, a));
	ck_assert(log_path_includes(&none, a, 0, 1, a));
	ck_assert(!log_path_includes(&none, a, 0, 1, b));
	ck_assert(!log_path_includes(&none, a, 1, 1, a));
	ck_assert(!log_path_includes(&none, a, UINT64_MAX, UINT64_MAX, a));
	ck_assert(!log_path_includes(&none, a, 0, UINT64_MAX, a));
	ck_assert(log_path_extends(&none, 0, a, 0, b));
	ck_assert(log_path_extends(&none, 0, a, 5, b));
	ck_assert(!log_path_extends(&some, 0, a, 5, b));
	ck_assert(log_path_extends(&none, 5, a, 5, a));
	ck_assert(!log_path_extends(&none, 5, a, 5, b));
	ck_assert(!log_path_extends(&some, 5, a, 5, a));
	ck_assert(!log_path_extends(&none, 6, a, 5, a));
	ck_assert(!log_path_extends(&none, 3, a, UINT64_MAX, a));
}
END_TEST

START_TEST(what_is_not_in_the_tree)
{
	struct log_path p = { .n = 7 };

	grow(9);
	ck_assert(!log_tree_inclusion(l, 9, 9, &p, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!log_tree_inclusion(l, 0, 0, &p, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!log_tree_inclusion(l, 0, 10, &p, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!log_tree_inclusion(l, UINT64_MAX, UINT64_MAX, &p, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!log_tree_consistency(l, 9, 10, &p, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!log_tree_consistency(l, 9, 8, &p, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert_uint_eq(p.n, 7); /* untouched */
	ck_assert(log_tree_consistency(l, 0, 9, &p, &f));
	ck_assert_uint_eq(p.n, 0);
	ck_assert(log_tree_consistency(l, 9, 9, &p, &f));
	ck_assert_uint_eq(p.n, 0);
}
END_TEST

/* --- tiles ------------------------------------------------------------------------------------ */

/* Of 70,000 entries: C2SP tlog-tiles counts them. */
START_TEST(which_tiles_there_are)
{
	static const struct {
		uint64_t size;
		unsigned level;
		uint64_t index;
		unsigned width;
		bool in;
	} rows[] = {
		{ 70000, 0, 0, 256, true },
		{ 70000, 0, 272, 256, true },
		{ 70000, 0, 273, 256, false },
		{ 70000, 0, 273, 112, true },
		{ 70000, 0, 273, 113, false },
		{ 70000, 0, 274, 1, false },
		{ 70000, 1, 0, 256, true },
		{ 70000, 1, 1, 17, true },
		{ 70000, 1, 1, 18, false },
		{ 70000, 2, 0, 1, true },
		{ 70000, 2, 0, 2, false },
		{ 70000, 3, 0, 1, false },
		{ 256, 1, 0, 1, true },
		{ 255, 1, 0, 1, false },
		{ 255, 0, 0, 255, true },
		{ 255, 0, 0, 256, false },
		{ 0, 0, 0, 1, false },
		{ 70000, 0, 0, 0, false },
		{ 70000, 0, 0, 257, false },
		{ UINT64_MAX, 7, 0, 255, true },
		{ UINT64_MAX, 7, 0, 256, false },
		{ UINT64_MAX, 8, 0, 1, false },
		{ UINT64_MAX, 63, 0, 1, false },
		{ 70000, 0, UINT64_MAX, 1, false },
		{ 70000, 0, UINT64_C(1) << 56, 1, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(log_tile_in(rows[i].size, rows[i].level, rows[i].index,
				  rows[i].width) == rows[i].in,
		    "row %zu", i);
}
END_TEST

START_TEST(names_of_tiles)
{
	static const struct {
		const char *path;
		struct log_tile_name is;
	} good[] = {
		{ "0/000", { false, 0, 0, 256 } },
		{ "63/255", { false, 63, 255, 256 } },
		{ "1/x001/x234/067", { false, 1, 1234067, 256 } },
		{ "0/x001/000.p/1", { false, 0, 1000, 1 } },
		{ "0/999.p/255", { false, 0, 999, 255 } },
		{ "entries/x123/456.p/17", { true, 0, 123456, 17 } },
		{ "0/x999/x999/x999/x999/x999/999", { false, 0, 999999999999999999, 256 } },
	};
	static const char *const bad[] = { "", "0", "0/", "/000", "0/0", "0/00", "0/0000", "00/000",
		"01/000", "64/000", "100/000", "-1/000", "+1/000", "a/000", " 0/000", "0 /000",
		"entries", "entries/", "entries/00", "Entries/000", "entries/000.p/256",
		"entries/0/000", "entriesx/000", "0/x000/000", "0/x000/x001/000", "0/x001",
		"0/x001/", "0/x001/00", "0/x01/000", "0/X001/000", "0/001/000", "0/x001/x000",
		"0/x001/000/", "0/x001x/000", "0/x001//000", "0/000/", "0/000.", "0/000.p",
		"0/000.p/", "0/000.p/0", "0/000.p/00", "0/000.p/01", "0/000.p/256", "0/000.p/999",
		"0/000.p/1000", "0/000.p/-1", "0/000.p/1/", "0/000.p/1 ", "0/000.P/1", "0/000p/1",
		"0/000.p1", "0/x001/x001/x001/x001/x001/x001/000", "0/00a", "0/x00a/000", "0/000\n",
		"0\t/000", "x/000", "0/x", "0/xx01/000" };
	struct log_tile_name t;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_assert_msg(
		    log_tile_read_name(octets_text(good[i].path), &t), "%s", good[i].path);
		ck_assert_int_eq(t.entries, good[i].is.entries);
		ck_assert_uint_eq(t.level, good[i].is.level);
		ck_assert_uint_eq(t.index, good[i].is.index);
		ck_assert_uint_eq(t.width, good[i].is.width);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		size_t n = strlen(bad[i]);
		char *exact = malloc(n + 1); /* a sanitizer sees any read past its end */

		memcpy(exact, bad[i], n);
		ck_assert_msg(!log_tile_read_name(octets_of(exact, n), &t), "%s", bad[i]);
		free(exact);
	}
}
END_TEST

START_TEST(tiles_hold_their_hashes)
{
	struct bytes tile = { 0 };
	uint8_t want[LOG_HASH_OCTETS];

	grow(SMALL);
	ck_assert(log_tile(l, 0, 0, 256, &tile, &f));
	ck_assert_uint_eq(tile.n, 8192);
	ck_assert_mem_eq(tile.at, leaf, 8192);
	bytes_clear(&tile);
	ck_assert(log_tile(l, 0, 1, 44, &tile, &f));
	ck_assert_uint_eq(tile.n, 44 * 32);
	ck_assert_mem_eq(tile.at, leaf[256], 44 * 32);
	bytes_clear(&tile);
	ck_assert(log_tile(l, 1, 0, 1, &tile, &f));
	mth(0, 256, want);
	ck_assert_uint_eq(tile.n, 32);
	ck_assert_mem_eq(tile.at, want, 32);
	bytes_clear(&tile);
	ck_assert(!log_tile(l, 0, 1, 45, &tile, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	bytes_free(&tile);
}
END_TEST

START_TEST(entries_behind_their_lengths)
{
	struct bytes tile = { 0 };
	struct reader r;
	struct octets line;
	uint8_t got[LOG_HASH_OCTETS];

	grow(SMALL);
	ck_assert(log_tile_entries(l, 1, 44, &tile, &f));
	r = reader_of(octets_bytes(&tile));
	for (size_t i = 256; i < SMALL; i++) {
		line.n = reader_u16(&r);
		line.at = r.at;
		ck_assert_uint_le(line.n, r.n);
		r.at += line.n;
		r.n -= line.n;
		log_leaf(line, got);
		ck_assert_mem_eq(got, leaf[i], 32);
	}
	ck_assert(reader_done(&r));
	ck_assert(!log_tile_entries(l, 1, 45, &tile, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	bytes_free(&tile);
}
END_TEST

/* --- the stored nodes ------------------------------------------------------------------------- */

static bool
row_is(unsigned level, uint64_t index, size_t lo, size_t hi)
{
	uint8_t want[LOG_HASH_OCTETS], row[LOG_HASH_OCTETS];

	if (!log_tree_row(l, level, index, row, &f)) {
		ck_assert_int_eq(f.code, FAULT_NOTFOUND);
		return false;
	}
	mth(lo, hi, want);
	ck_assert_mem_eq(row, want, sizeof(row));
	return true;
}

START_TEST(nodes_at_the_first_border)
{
	grow(255);
	ck_assert(!row_is(1, 0, 0, 256));
	grow(256);
	ck_assert(row_is(1, 0, 0, 256));
	grow(257);
	ck_assert(row_is(1, 0, 0, 256));
	ck_assert(!row_is(1, 1, 256, 512));
	ck_assert(!row_is(2, 0, 0, 65536));
}
END_TEST

static void
drop_rows(unsigned level, uint64_t from, uint64_t to)
{
	uint8_t key[9] = { (uint8_t)level };

	for (; from < to; from++) {
		(void)octets_u64(from, key + 1);
		batch_remove(ledger_batch(l), TABLE_NODE, octets_of(key, sizeof(key)));
	}
	commit();
}

static void
flip_row(unsigned level, uint64_t index)
{
	uint8_t key[9] = { (uint8_t)level };
	uint8_t row[LOG_HASH_OCTETS];

	ck_assert(log_tree_row(l, level, index, row, &f));
	row[31] ^= 1;
	(void)octets_u64(index, key + 1);
	ledger_put(l, TABLE_NODE, octets_of(key, sizeof(key)), octets_of(row, sizeof(row)));
	commit();
}

static void
refuses_to_prove(struct log_proof *p, const char *why)
{
	static const struct log_signed none;

	ck_assert(!log_prove(l, p, &none, &f));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert_msg(strstr(f.text, why) != NULL, "%s", f.text);
}

START_TEST(nodes_at_the_second_border)
{
	static const struct log_signed none;
	struct log_proof p = { .window = 0 }, again;
	struct log_path in;
	unsigned n;
	uint8_t root[LOG_HASH_OCTETS];

	grow(65535);
	ck_assert(row_is(1, 254, 254 * 256, 255 * 256));
	ck_assert(!row_is(1, 255, 255 * 256, 65536));
	ck_assert(!row_is(2, 0, 0, 65536));
	grow(65536);
	ck_assert(row_is(1, 255, 255 * 256, 65536));
	ck_assert(row_is(2, 0, 0, 65536));
	grow(65537);
	ck_assert(!row_is(2, 1, 65536, 131072));
	mth(0, LARGE, root);
	for (uint64_t i = 0; i < LARGE; i += 8191) {
		ck_assert(log_tree_inclusion(l, i, LARGE, &in, &f));
		ck_assert(log_path_includes(&in, leaf[i], i, LARGE, root));
	}
	again = p;
	ck_assert_msg(log_prove(l, &again, &none, &f), "%s", f.text);
	/* a node that was touched, of either level, stops a checkpoint */
	flip_row(1, 3);
	refuses_to_prove(&p, "node 3 of level 1");
	flip_row(1, 3);
	flip_row(2, 0);
	refuses_to_prove(&p, "node 0 of level 2");
	/* a ledger of before: none is there, and the tree is the same */
	drop_rows(1, 0, 256);
	drop_rows(2, 0, 1);
	ck_assert(log_tree_inclusion(l, 65536, LARGE, &in, &f));
	ck_assert(log_path_includes(&in, leaf[65536], 65536, LARGE, root));
	ck_assert(log_tree_fill(l, 200, &n, &f));
	ck_assert_uint_eq(n, 200);
	commit();
	ck_assert(row_is(1, 199, 199 * 256, 200 * 256));
	ck_assert(!row_is(1, 200, 200 * 256, 201 * 256));
	ck_assert(log_tree_fill(l, 200, &n, &f));
	ck_assert_uint_eq(n, 56);
	commit();
	ck_assert(row_is(1, 255, 255 * 256, 65536));
	ck_assert(row_is(2, 0, 0, 65536));
	ck_assert(log_tree_fill(l, 200, &n, &f));
	ck_assert_uint_eq(n, 0);
	ck_assert_uint_eq(batch_mark(ledger_batch(l)), 0); /* nothing was put */
}
END_TEST

/* An offline command may append to a ledger of before: no node stands behind a gap. */
START_TEST(no_node_behind_a_gap)
{
	unsigned n;

	grow(600);
	drop_rows(1, 0, 2);
	grow(1030);
	ck_assert(!row_is(1, 2, 512, 768));
	ck_assert(!row_is(1, 3, 768, 1024));
	ck_assert(log_tree_fill(l, 9, &n, &f));
	ck_assert_uint_eq(n, 4);
	commit();
	ck_assert(row_is(1, 0, 0, 256));
	ck_assert(row_is(1, 3, 768, 1024));
	grow(1280);
	ck_assert(row_is(1, 4, 1024, 1280));
}
END_TEST

static void
count(void *with, const char *finding)
{
	ck_assert_msg(strstr(finding, "node ") != NULL, "%s", finding);
	++*(unsigned *)with;
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

START_TEST(a_ledgers_check_sees_nodes)
{
	grow(1030);
	ck_assert_uint_eq(findings(), 0);
	flip_row(1, 2);
	ck_assert_uint_eq(findings(), 1);
	flip_row(1, 2);
	ck_assert_uint_eq(findings(), 0);
	drop_rows(1, 1, 2);
	ck_assert_uint_eq(findings(), 2); /* both that stand behind it */
	drop_rows(1, 0, 4);
	ck_assert_uint_eq(findings(), 0); /* one of before */
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("log_tree");
	TCase *t = tcase_create("paths"), *n = tcase_create("nodes");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, roots_of_every_size);
	tcase_add_test(t, inclusion_of_every_entry);
	tcase_add_test(t, consistency_of_every_size);
	tcase_add_test(t, the_example_of_the_standard);
	tcase_add_test(t, bent_inclusions);
	tcase_add_test(t, bent_consistencies);
	tcase_add_test(t, edges_of_the_pure_checks);
	tcase_add_test(t, what_is_not_in_the_tree);
	tcase_add_test(t, which_tiles_there_are);
	tcase_add_test(t, names_of_tiles);
	tcase_add_test(t, tiles_hold_their_hashes);
	tcase_add_test(t, entries_behind_their_lengths);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(n, setup, teardown);
	tcase_set_timeout(n, 300); /* a loaded machine is no failure */
	tcase_add_test(n, nodes_at_the_first_border);
	tcase_add_test(n, nodes_at_the_second_border);
	tcase_add_test(n, no_node_behind_a_gap);
	tcase_add_test(n, a_ledgers_check_sees_nodes);
	suite_add_tcase(s, n);
	return run_suite(s);
}
