/* tests/unit/api_log.c - daemon/api_log.c: a log as C2SP tlog-tiles serves it: what its newest
 * checkpoint covers, and nothing else; proofs that prove, and queries that ask for none. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/log_tree.h"
#include "ca/note.h"
#include "ca/proof_file.h"
#include "daemon/api.h"
#include "tests/unit/forge.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"
#include "tests/unit/visit.h"

#define LOG     "/v1/tenants/acme/log/"
#define TEXT    "text/plain; charset=utf-8"
#define TILE    "application/octet-stream"
#define PROBLEM "application/problem+json"
#define MORE    10 /* entries that no checkpoint covers */

static struct ground g;
static struct api api;
static struct exchange x;
static struct octets auditor; /* DER */
static struct key *log_key;
static uint64_t size; /* of the checkpoint */
static struct fault f;

static int64_t
now(void)
{
	return g.now_s;
}

static void
grow(unsigned n)
{
	while (n-- > 0)
		ck_assert(
		    log_append(g.acme->ledger, log_entry("test.done", &g.why), g.now_s, NULL, &f));
	ground_commit(g.acme->ledger);
}

/* A checkpoint over all there is, as readers find it. */
static void
show(void)
{
	struct bytes note = { 0 };
	struct log_edge e;

	ck_assert(log_edge_read(g.acme->ledger, &e, &f));
	ck_assert(log_checkpoint("acme.eu.example.org/log", &e, 0, log_key, &note, &f));
	log_note_store(g.acme->ledger, octets_bytes(&note));
	ground_commit(g.acme->ledger);
	bytes_free(&note);
	size = e.size;
}

static void
setup(void)
{
	ground_new(&g);
	api = (struct api){ .realm = g.realm, .now_s = now };
	auditor = octets_bytes(&ground_operator(&g, "alice", ROLE_AUDITOR)->der);
	ck_assert(key_new(KEY_ED25519, &log_key, &f));
	x = (struct exchange){ .status = 0 };
	visit_by_hand = true; /* what a tile's ETag is, the HTTP wall does not know */
}

static void
teardown(void)
{
	key_free(log_key);
	exchange_free(&x);
	forge_free();
	ground_free(&g);
}

static void
get(const char *what, const char *query)
{
	static char path[160]; /* lent */

	(void)snprintf(path, sizeof(path), "%s%s", LOG, what);
	exchange_free(&x);
	x = visit(FACE_SECURE, "GET", path);
	x.query = octets_text(query);
	x.peer = auditor;
	ck_assert(api_serve(&api, &x));
}

static void
refused(const char *what, const char *query, unsigned status)
{
	get(what, query);
	ck_assert_msg(x.status == status, "%s?%s: %u", what, query, x.status);
	ck_assert_str_eq(x.type, PROBLEM);
}

static const char *
header(const char *name)
{
	for (size_t i = 0; i < x.headers_n; i++)
		if (strcmp(x.headers[i].name, name) == 0)
			return x.headers[i].value;
	return "";
}

START_TEST(nothing_before_the_first_checkpoint)
{
	refused("checkpoint", "", 404);
	refused("tile/0/000.p/1", "", 404);
	refused("proof", "index=0", 404);
	refused("consistency", "old=0", 404);
	show();
	get("checkpoint", "");
	visit_is(&x, 200, TEXT);
	ck_assert_str_eq(header("Cache-Control"), "private, no-cache");
}
END_TEST

START_TEST(a_checkpoint_that_cannot_be_read_is_ours)
{
	log_note_store(g.acme->ledger, RAW("a note\n"));
	ground_commit(g.acme->ledger);
	refused("checkpoint", "", 500);
	refused("tile/0/000.p/1", "", 500);
}
END_TEST

START_TEST(tiles_of_the_newest_checkpoint)
{
	struct bytes want = { 0 };
	char path[64];

	grow(300);
	show();
	grow(MORE);
	get("tile/0/000", "");
	visit_is(&x, 200, TILE);
	ck_assert(log_tile(g.acme->ledger, 0, 0, 256, &want, &f));
	ck_assert(octets_same(octets_bytes(&x.reply), octets_bytes(&want)));
	ck_assert_str_eq(header("Cache-Control"), "private, max-age=31536000, immutable");
	get("tile/1/000.p/1", "");
	visit_is(&x, 200, TILE);
	ck_assert_uint_eq(x.reply.n, LOG_HASH_OCTETS);
	ck_assert_str_eq(header("Cache-Control"), "private, no-cache");
	(void)snprintf(path, sizeof(path), "tile/0/001.p/%u", (unsigned)(size - 256));
	get(path, "");
	visit_is(&x, 200, TILE);
	(void)snprintf(path, sizeof(path), "tile/0/001.p/%u", (unsigned)(size - 256 + 1));
	refused(path, "", 404); /* there, and not signed for */
	(void)snprintf(path, sizeof(path), "tile/entries/001.p/%u", (unsigned)(size - 256 + 1));
	refused(path, "", 404);
	refused("tile/0/001", "", 404);
	refused("tile/2/000.p/1", "", 404);
	bytes_clear(&want);
	get("tile/entries/001.p/3", "");
	visit_is(&x, 200, TILE);
	ck_assert(log_tile_entries(g.acme->ledger, 1, 3, &want, &f));
	ck_assert(octets_same(octets_bytes(&x.reply), octets_bytes(&want)));
	bytes_free(&want);
}
END_TEST

START_TEST(tiles_are_not_sent_twice)
{
	char tag[160];

	grow(3);
	show();
	get("tile/0/000.p/2", "");
	(void)snprintf(tag, sizeof(tag), "%s", header("ETag"));
	ck_assert_uint_eq(strlen(tag), 34);
	exchange_free(&x);
	x = visit(FACE_SECURE, "GET", LOG "tile/0/000.p/2");
	x.peer = auditor;
	x.if_none_match = octets_text(tag);
	ck_assert(api_serve(&api, &x));
	ck_assert_uint_eq(x.status, 304);
	ck_assert_uint_eq(x.reply.n, 0);
	exchange_free(&x);
	x = visit(FACE_SECURE, "GET", LOG "tile/0/000.p/3");
	x.peer = auditor;
	x.if_none_match = octets_text(tag);
	ck_assert(api_serve(&api, &x));
	ck_assert_uint_eq(x.status, 200);
}
END_TEST

START_TEST(paths_that_name_no_tile)
{
	static const char *const bad[] = { "tile", "tile/", "tile/0", "tile/0/", "tile/0/0",
		"tile/0/000/", "tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/256", "tile/00/000",
		"tile/64/000.p/1", "tile/-1/000.p/1", "tile/0/x000/000.p/1", "tile/0//000.p/1",
		"tile/entries", "tile/entries/000.p/x", "tile/0/000.p/1/2", "tile/0/%30%30%30.p/1",
		"tile/0/../0/000.p/1", "tiles/0/000.p/1", "x/tile/0/000.p/1" };

	grow(3);
	show();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refused(bad[i], "", 404);
}
END_TEST

START_TEST(proofs_prove)
{
	struct proof_file p;
	uint8_t leaf[LOG_HASH_OCTETS], root[LOG_HASH_OCTETS];
	char query[64];

	grow(300);
	show();
	grow(MORE);
	for (uint64_t i = 0; i < size; i += 37) {
		(void)snprintf(query, sizeof(query), "index=%u", (unsigned)i);
		get("proof", query);
		visit_is(&x, 200, TEXT);
		ck_assert_msg(proof_file_read(octets_bytes(&x.reply), &p, &f), "%s", f.text);
		ck_assert_int_eq(p.kind, PROOF_INCLUSION);
		ck_assert_uint_eq(p.index, i);
		log_leaf(octets_bytes(&p.extra), leaf);
		ck_assert(log_path_includes(&p.path, leaf, i, p.note.size, p.note.root));
		proof_file_free(&p);
		(void)snprintf(query, sizeof(query), "old=%u", (unsigned)i);
		get("consistency", query);
		visit_is(&x, 200, TEXT);
		ck_assert_msg(proof_file_read(octets_bytes(&x.reply), &p, &f), "%s", f.text);
		ck_assert_int_eq(p.kind, PROOF_CONSISTENCY);
		ck_assert(log_tree_root(g.acme->ledger, i, root, &f));
		ck_assert(log_path_extends(&p.path, i, root, p.note.size, p.note.root));
		proof_file_free(&p);
	}
}
END_TEST

START_TEST(queries_that_ask_for_no_proof)
{
	static const struct {
		const char *what, *query;
		unsigned status;
	} rows[] = {
		{ "proof", "", 400 },
		{ "proof", "index=", 400 },
		{ "proof", "index=-1", 400 },
		{ "proof", "index=+1", 400 },
		{ "proof", "index=01", 400 },
		{ "proof", "index=1x", 400 },
		{ "proof", "index=0x1", 400 },
		{ "proof", "index=%31%", 400 },
		{ "proof", "index=99999999999999999999", 400 },
		{ "proof", "index=18446744073709551615", 400 },
		{ "proof", "index=9999", 404 },
		{ "proof", "index=1&size=1", 404 },
		{ "proof", "index=1&size=-1", 400 },
		{ "proof", "index=1&serial=00000000000000000000000000000000", 400 },
		{ "proof", "serial=00000000000000000000000000000000", 404 },
		{ "proof", "serial=0000000000000000000000000000000", 400 },
		{ "proof", "serial=000000000000000000000000000000000", 400 },
		{ "proof", "serial=0000000000000000000000000000000G", 400 },
		{ "consistency", "", 400 },
		{ "consistency", "old=x", 400 },
		{ "consistency", "old=9999", 404 },
		{ "consistency", "old=1&size=9999", 404 },
	};

	grow(3);
	show();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		refused(rows[i].what, rows[i].query, rows[i].status);
}
END_TEST

/* What is stored is held against what was signed before anybody is told that it is proven. */
START_TEST(an_altered_line_proves_nothing)
{
	struct bytes line = { 0 };
	uint8_t key[8];

	grow(5);
	show();
	ck_assert(ledger_get(g.acme->ledger, TABLE_LOG, octets_u64(3, key), &line, &f));
	line.at[9] ^= 1;
	ledger_put(g.acme->ledger, TABLE_LOG, octets_u64(3, key), octets_bytes(&line));
	ground_commit(g.acme->ledger);
	refused("proof", "index=3", 500);
	refused("proof", "index=2", 500);
	refused("consistency", "old=3", 500);
	bytes_free(&line);
}
END_TEST

START_TEST(keys_with_and_without_a_cosigner)
{
	struct json *j = NULL;
	struct delegate d;

	get("keys", "");
	visit_is(&x, 200, "application/json");
	ck_assert(json_parse(octets_bytes(&x.reply), &j, &f));
	ck_assert_str_eq(json_text(j, "origin"), "acme.eu.example.org/log");
	ck_assert_str_eq(json_text(json_get(j, "log"), "name"), "acme.eu.example.org/log");
	ck_assert_ptr_null(json_get(j, "cosigner"));
	json_free(j);
	j = NULL;
	ck_assert(keyring_delegate(g.keys, &g.region->a, &found_cosigner, g.now_s, &d, &f));
	get("keys", "");
	visit_is(&x, 200, "application/json");
	ck_assert(json_parse(octets_bytes(&x.reply), &j, &f));
	ck_assert_str_eq(json_text(json_get(j, "cosigner"), "name"), "eu.example.org/cosigner");
	ck_assert_ptr_nonnull(strstr(json_text(json_get(j, "cosigner"), "certificates"), "BEGIN"));
	json_free(j);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("api_log");
	TCase *t = tcase_create("api_log");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, nothing_before_the_first_checkpoint);
	tcase_add_test(t, a_checkpoint_that_cannot_be_read_is_ours);
	tcase_add_test(t, tiles_of_the_newest_checkpoint);
	tcase_add_test(t, tiles_are_not_sent_twice);
	tcase_add_test(t, paths_that_name_no_tile);
	tcase_add_test(t, proofs_prove);
	tcase_add_test(t, queries_that_ask_for_no_proof);
	tcase_add_test(t, an_altered_line_proves_nothing);
	tcase_add_test(t, keys_with_and_without_a_cosigner);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
