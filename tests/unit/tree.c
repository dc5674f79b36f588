/* tests/unit/tree.c - ca/log.h: the tree is RFC 6962's, entries are chained, and a checkpoint can
 * be read back and not be bent. For a whole export see log_verify.c. */
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "ca/note.h"
#include "tests/unit/forge.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

#define LEAVES 300

static struct ground g;
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
	forge_free();
	ground_free(&g);
}

static void
sha256(struct octets o, uint8_t to[static LOG_HASH_OCTETS])
{
	ck_assert_int_eq(EVP_Digest(o.at, o.n, to, NULL, EVP_sha256(), NULL), 1);
}

/* RFC 6962 section 2.1, word for word. */
static void
reference(const uint8_t (*leaf)[LOG_HASH_OCTETS], size_t n, uint8_t to[static LOG_HASH_OCTETS])
{
	uint8_t both[1 + 2 * LOG_HASH_OCTETS] = { 0x01 };
	size_t k = 1;

	if (n == 0) {
		sha256(NONE, to);
		return;
	}
	if (n == 1) {
		memcpy(to, leaf[0], LOG_HASH_OCTETS);
		return;
	}
	while (k * 2 < n)
		k *= 2;
	reference(leaf, k, both + 1);
	reference(leaf + k, n - k, both + 1 + LOG_HASH_OCTETS);
	sha256(octets_of(both, sizeof(both)), to);
}

START_TEST(leaf_is_prefixed)
{
	uint8_t want[LOG_HASH_OCTETS], leaf[LOG_HASH_OCTETS];

	sha256(RAW("\0{}"), want);
	log_leaf(RAW("{}"), leaf);
	ck_assert_mem_eq(leaf, want, sizeof(want));
	sha256(RAW("\0"), want);
	log_leaf(NONE, leaf);
	ck_assert_mem_eq(leaf, want, sizeof(want));
}
END_TEST

START_TEST(roots_are_those_of_the_reference)
{
	static uint8_t leaf[LEAVES][LOG_HASH_OCTETS];
	struct log_edge e = { .size = 0 };
	uint8_t want[LOG_HASH_OCTETS], root[LOG_HASH_OCTETS];
	char line[32];

	for (size_t n = 0; n <= LEAVES; n++) {
		reference((const uint8_t(*)[LOG_HASH_OCTETS])leaf, n, want);
		log_edge_root(&e, root);
		ck_assert_uint_eq(e.size, n);
		ck_assert_msg(memcmp(root, want, sizeof(root)) == 0, "size %zu", n);
		if (n == LEAVES)
			break;
		(void)snprintf(line, sizeof(line), "line %zu", n);
		log_leaf(octets_text(line), leaf[n]);
		log_edge_add(&e, leaf[n]);
		ck_assert_mem_eq(e.last, leaf[n], LOG_HASH_OCTETS);
	}
}
END_TEST

/* Append n entries to acme's log, in one commit. */
static void
append(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct json *j = log_entry("test.done", &g.why);
		uint64_t index = UINT64_MAX;
		struct log_edge before;

		json_put_number(j, "i", i);
		ck_assert(log_edge_read(g.acme->ledger, &before, &f));
		ck_assert_msg(log_append(g.acme->ledger, j, g.now_s + i, &index, &f), "%s", f.text);
		ck_assert_uint_eq(index, before.size);
	}
	ground_commit(g.acme->ledger);
}

struct lines {
	struct bytes all; /* counted */
	size_t n;
};

static bool
gather(void *with, struct octets key, struct octets value)
{
	struct lines *l = with;

	ck_assert_uint_eq(key.n, 8);
	bytes_put_counted(&l->all, value);
	l->n++;
	return true;
}

/* Each line names its place and the line before it, and the edge is the lines' tree. */
START_TEST(entries_are_chained)
{
	struct lines l = { .n = 0 };
	struct log_edge e, stored;
	uint8_t leaf[LOG_HASH_OCTETS], want[LOG_HASH_OCTETS] = { 0 };
	char prev[LOG_HASH_OCTETS * 2 + 1];
	struct reader r;

	append(20);
	ck_assert(
	    store_scan(ledger_store(g.acme->ledger), TABLE_LOG, NONE, SIZE_MAX, gather, &l, &f));
	ck_assert_uint_gt(l.n, 20);
	e = (struct log_edge){ .size = 0 };
	r = reader_of(octets_bytes(&l.all));
	for (size_t i = 0; i < l.n; i++) {
		struct octets line = reader_counted(&r);
		struct json *j;
		struct bytes again = { 0 };
		int64_t n;

		ck_assert_msg(json_parse(line, &j, &f), "%s", f.text);
		ck_assert(json_write(j, &again, &f));
		ck_assert(octets_same(octets_bytes(&again), line));
		ck_assert(json_number(j, "n", 0, 1000, -1, &n));
		ck_assert_int_eq(n, (int64_t)i);
		text_hex(want, sizeof(want), prev);
		ck_assert_str_eq(json_text(j, "prev"), prev);
		ck_assert_ptr_nonnull(json_text(j, "act"));
		log_leaf(line, leaf);
		log_edge_add(&e, leaf);
		memcpy(want, leaf, sizeof(want));
		bytes_free(&again);
		json_free(j);
	}
	ck_assert(log_edge_read(g.acme->ledger, &stored, &f));
	ck_assert_uint_eq(stored.size, e.size);
	log_edge_root(&e, want);
	log_edge_root(&stored, leaf);
	ck_assert_mem_eq(leaf, want, sizeof(want));
	bytes_free(&l.all);
}
END_TEST

/* What is not committed was never there. */
START_TEST(an_undone_entry_leaves_nothing)
{
	struct log_edge before, after;

	ck_assert(log_edge_read(g.acme->ledger, &before, &f));
	ck_assert(log_append(g.acme->ledger, log_entry("test.undone", &g.why), g.now_s, NULL, &f));
	ck_assert(log_edge_read(g.acme->ledger, &after, &f));
	ck_assert_uint_eq(after.size, before.size + 1);
	batch_undo(ledger_batch(g.acme->ledger), 0);
	ck_assert(log_edge_read(g.acme->ledger, &after, &f));
	ck_assert_uint_eq(after.size, before.size);
	ck_assert_mem_eq(after.last, before.last, LOG_HASH_OCTETS);
}
END_TEST

START_TEST(refuses_entries)
{
	struct json *j = log_entry("test.long", &g.why);
	char text[LOG_ENTRY_MAX + 1];
	struct log_edge before, after;
	uint64_t index = 99;

	ck_assert(log_edge_read(g.acme->ledger, &before, &f));
	memset(text, 'x', sizeof(text));
	text[LOG_ENTRY_MAX] = '\0';
	json_put_text(j, "text", text);
	ck_assert(!log_append(g.acme->ledger, j, g.now_s, &index, &f));
	ck_assert_int_eq(f.code, FAULT_LIMIT);
	ck_assert(!log_append(g.acme->ledger, NULL, g.now_s, &index, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	j = log_entry("test.none", &g.why);
	json_put_text(j, "text", NULL);
	ck_assert(!log_append(g.acme->ledger, j, g.now_s, &index, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ck_assert_uint_eq(index, 99);
	ck_assert(log_edge_read(g.acme->ledger, &after, &f));
	ck_assert_uint_eq(after.size, before.size);
}
END_TEST

/* A peer's words cannot end a line or begin another. */
START_TEST(words_stay_in_their_line)
{
	const struct log_context why = {
		.by = "a\nb\r\x1b[31m", .from = "\xe2\x80\xae x", .rule = "r"
	};
	struct lines l = { .n = 0 };

	ck_assert(log_append(g.acme->ledger, log_entry("test.words", &why), g.now_s, NULL, &f));
	ground_commit(g.acme->ledger);
	ck_assert(
	    store_scan(ledger_store(g.acme->ledger), TABLE_LOG, NONE, SIZE_MAX, gather, &l, &f));
	for (size_t i = 0; i < l.all.n; i++)
		ck_assert(l.all.at[i] != '\n' && l.all.at[i] != 0x1b && l.all.at[i] != 0xe2);
	bytes_free(&l.all);
}
END_TEST

static struct key *log_key;
static char origin[LOG_ORIGIN_MAX];

static struct octets
checkpoint(void)
{
	struct log_edge e;
	struct bytes note = { 0 };
	struct octets made;

	append(3);
	if (log_key == NULL)
		ck_assert(key_new(KEY_ED25519, &log_key, &f));
	log_origin(realm_space(g.realm), "acme", origin);
	ck_assert(log_edge_read(g.acme->ledger, &e, &f));
	ck_assert_msg(log_checkpoint(origin, &e, 7, log_key, &note, &f), "%s", f.text);
	made = forge_exact(octets_bytes(&note));
	bytes_free(&note);
	return made;
}

static void
forget_key(void)
{
	key_free(log_key);
	log_key = NULL;
	teardown();
}

/* As a stock verifier does it: key name and hash, then the signature over the text. */
static bool
holds(const struct log_note *n)
{
	struct octets spki = key_spki(log_key);
	EVP_PKEY *key =
	    EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, spki.at + spki.n - 32, 32);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t hash[4];
	bool ok;

	ck_assert(log_key_hash(n->origin, LOG_KEY_SIGNS, spki.at + spki.n - 32, hash, &f));
	ck_assert_int_eq(EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key), 1);
	ok = strcmp(n->origin, origin) == 0 && memcmp(hash, n->line[0].key_hash, 4) == 0 &&
	     n->line[0].n == 64 && octets_same(n->line[0].name, octets_text(origin)) &&
	     EVP_DigestVerify(ctx, n->line[0].signature, 64, n->text.at, n->text.n) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return ok;
}

START_TEST(checkpoint_comes_back)
{
	struct octets note = checkpoint();
	struct log_note n;
	struct log_edge e;
	uint8_t root[LOG_HASH_OCTETS];

	ck_assert_msg(log_note_read(note, &n, &f), "%s", f.text);
	ck_assert(log_edge_read(g.acme->ledger, &e, &f));
	log_edge_root(&e, root);
	ck_assert_str_eq(n.origin, "acme.eu.example.org/log");
	ck_assert_uint_eq(n.size, e.size);
	ck_assert_mem_eq(n.root, root, sizeof(root));
	ck_assert(n.has_epoch);
	ck_assert_uint_eq(n.epoch, 7);
	ck_assert(holds(&n));
}
END_TEST

/* Refused as it is read, or the signature no longer holds: nothing passes. */
START_TEST(every_flipped_bit)
{
	struct octets note = checkpoint();
	uint8_t *at = malloc(note.n);
	struct log_note n;

	for (size_t bit = 0; bit < note.n * 8; bit++) {
		memcpy(at, note.at, note.n);
		at[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (log_note_read(octets_of(at, note.n), &n, &f))
			ck_assert_msg(!holds(&n), "bit %zu", bit);
		else
			ck_assert_int_eq(f.code, FAULT_BADREQ);
	}
	free(at);
}
END_TEST

START_TEST(every_cut)
{
	struct octets note = checkpoint();
	struct log_note n;

	for (size_t i = 0; i < note.n; i++) {
		ck_assert_msg(!log_note_read(forge_exact(octets_of(note.at, i)), &n, &f), "%zu", i);
		ck_assert_int_eq(f.code, FAULT_BADREQ);
	}
	ck_assert(!log_note_read(JOIN(note, RAW("\n")), &n, &f));
	ck_assert(!log_note_read(JOIN(note, note), &n, &f));
	ck_assert(!log_note_read(JOIN(RAW("\n"), note), &n, &f));
}
END_TEST

#define ROOT "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define SIG                                                                                          \
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
	"A="
#define DASH "\xe2\x80\x94 "

START_TEST(notes_of_another_shape)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "", "line 1" },
		{ "\n1\n" ROOT "\n\n" DASH " " SIG "\n", "line 1" },
		{ "o\n\n" ROOT "\n\n" DASH "o " SIG "\n", "line 2" },
		{ "o\n01\n" ROOT "\n\n" DASH "o " SIG "\n", "line 2" },
		{ "o\n+1\n" ROOT "\n\n" DASH "o " SIG "\n", "line 2" },
		{ "o\n-1\n" ROOT "\n\n" DASH "o " SIG "\n", "line 2" },
		{ "o\n 1\n" ROOT "\n\n" DASH "o " SIG "\n", "line 2" },
		{ "o\n1 \n" ROOT "\n\n" DASH "o " SIG "\n", "line 2" },
		{ "o\n0x1\n" ROOT "\n\n" DASH "o " SIG "\n", "line 2" },
		{ "o\n18446744073709551617\n" ROOT "\n\n" DASH "o " SIG "\n", "line 2" },
		{ "o\r\n1\r\n" ROOT "\r\n\r\n" DASH "o " SIG "\r\n", "line 1" },
		{ "o\n1\nAAAA\n\n" DASH "o " SIG "\n", "line 3" },
		{ "o\n1\nAAAA" ROOT "\n\n" DASH "o " SIG "\n", "line 3" },
		{ "o\n1\n" ROOT " \n\n" DASH "o " SIG "\n", "line 3" },
		{ "o\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n\n" DASH "o " SIG "\n",
		    "line 3" },
		{ "o\n1\n" ROOT "\nextension\n\n" DASH "o " SIG "\n", "line 4" },
		{ "o\n1\n" ROOT "\nepoch \n\n" DASH "o " SIG "\n", "line 4" },
		{ "o\n1\n" ROOT "\nepoch 01\n\n" DASH "o " SIG "\n", "line 4" },
		{ "o\n1\n" ROOT "\nepoch -1\n\n" DASH "o " SIG "\n", "line 4" },
		{ "o\n1\n" ROOT "\nepoch 1\nepoch 1\n\n" DASH "o " SIG "\n", "line 5" },
		{ "o\n1\n" ROOT "\nepoch 1\n" DASH "o " SIG "\n", "line 5" },
		{ "o\n1\n" ROOT "\nepoch 1\n\n" DASH "p " SIG "\n", "line 6" },
		{ "o\n1\n" ROOT "\n \n" DASH "o " SIG "\n", "line 4" },
		{ "o\n1\n" ROOT "\n\n", "line 5" },
		{ "o\n1\n" ROOT "\n\n- o " SIG "\n", "line 5" },
		{ "o\n1\n" ROOT "\n\n" DASH "p " SIG "\n", "line 5" },
		{ "o\n1\n" ROOT "\n\n" DASH "oo " SIG "\n", "line 5" },
		{ "o\n1\n" ROOT "\n\n" DASH "o  " SIG "\n", "line 5" },
		{ "o\n1\n" ROOT "\n\n" DASH "o AAAA\n", "line 5" },
		{ "o\n1\n" ROOT "\n\n" DASH "o AAAA" SIG "\n", "line 5" },
		{ "o\n1\n" ROOT "\n\n" DASH "o " SIG, "line 5" },
		{ "o\n1\n" ROOT "\n\n" DASH "o " SIG "\n" DASH "o " SIG "\n", "line 6" },
	};
	struct log_note n = { .size = 77 };

	ck_assert_msg(log_note_read(octets_text("o\n1\n" ROOT "\n\n" DASH "o " SIG "\n"), &n, &f),
	    "%s", f.text);
	ck_assert_uint_eq(n.size, 1);
	n.size = 77;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_msg(!log_note_read(octets_text(rows[i].text), &n, &f), "row %zu", i);
		ck_assert_int_eq(f.code, FAULT_BADREQ);
		ck_assert_msg(strstr(f.text, rows[i].why) != NULL, "row %zu: %s", i, f.text);
	}
	ck_assert_uint_eq(n.size, 77);
}
END_TEST

#define COSIG                                                                                      \
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="
#define COSIG2                                                                                     \
	"AAAAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="
#define BODY "o\n1\n" ROOT "\n\n"
#define OWN  DASH "o " SIG "\n"

/* C2SP signed-note: lines of keys that nobody knows harm nobody, up to sixteen. */
START_TEST(several_signature_lines)
{
	static const char *const good[] = { BODY OWN DASH "w " COSIG "\n",
		BODY DASH "w " COSIG "\n" OWN, BODY OWN DASH "w AAAAAAA=\n",
		BODY OWN DASH "o " COSIG2 "\n", BODY OWN DASH "\xd0\xb0 AAAAAAA=\n",
		BODY OWN DASH "w " COSIG "\n" DASH "v " COSIG "\n" };
	static const char *const bad[] = { BODY OWN "\n", BODY OWN "\n" OWN,
		BODY DASH "w " COSIG "\n", BODY DASH "o " COSIG "\n", BODY OWN DASH "w " COSIG,
		BODY OWN DASH "w\n", BODY OWN DASH "w \n", BODY OWN DASH " AAAAAAA=\n",
		BODY OWN DASH "w AAAA\n", BODY OWN DASH "w AAAAAA==\n",
		BODY OWN DASH "w AAAAAAB=\n", BODY OWN DASH "w+x AAAAAAA=\n",
		BODY OWN DASH "w\xc2\xa0 AAAAAAA=\n", BODY OWN DASH "w\xe2\x80\xa8 AAAAAAA=\n",
		BODY OWN DASH "w\xff AAAAAAA=\n", BODY OWN DASH "w\t AAAAAAA=\n",
		BODY OWN DASH "w  AAAAAAA=\n", BODY OWN DASH "w AAAAAAA= \n",
		BODY OWN "w AAAAAAA=\n", BODY OWN DASH "w " COSIG "\n" DASH "w " COSIG "\n" };
	struct bytes many = { 0 };
	struct log_note n;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(
		    log_note_read(octets_text(good[i]), &n, &f), "row %zu: %s", i, f.text);
	ck_assert_uint_eq(n.lines, 3);
	ck_assert_uint_eq(n.line[1].n, LOG_COSIGNATURE_OCTETS);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(!log_note_read(octets_text(bad[i]), &n, &f), "row %zu", i);
		ck_assert_int_eq(f.code, FAULT_BADREQ);
	}
	bytes_put_text(&many, BODY OWN);
	for (int i = 1; i < LOG_NOTE_LINES; i++)
		bytes_put_fmt(&many, DASH "w%d " COSIG "\n", i);
	ck_assert_msg(log_note_read(octets_bytes(&many), &n, &f), "%s", f.text);
	ck_assert_uint_eq(n.lines, LOG_NOTE_LINES);
	bytes_put_text(&many, DASH "w " COSIG "\n");
	ck_assert(!log_note_read(octets_bytes(&many), &n, &f));
	bytes_free(&many);
}
END_TEST

/* C2SP tlog-cosignature: over time and text; a name, a key, a time or a text of another is none. */
START_TEST(cosignatures)
{
	struct octets plain = checkpoint(), with;
	const uint8_t *own = key_spki(log_key).at + key_spki(log_key).n - 32, *its;
	struct key *k;
	struct bytes b = { 0 };
	struct log_note n, other;
	int64_t at_s = 0;

	ck_assert(key_new(KEY_ED25519, &k, &f));
	its = key_spki(k).at + key_spki(k).n - 32;
	ck_assert(log_note_read(plain, &n, &f));
	bytes_put_octets(&b, plain);
	ck_assert(log_cosign(n.text, "eu.example.org/cosigner", k, 1900000000, &b, &f));
	with = forge_exact(octets_bytes(&b));
	ck_assert_msg(log_note_read(with, &n, &f), "%s", f.text);
	ck_assert(log_note_signed(&n, own, &f));
	ck_assert_msg(
	    log_note_cosigned(&n, "eu.example.org/cosigner", its, &at_s, &f), "%s", f.text);
	ck_assert_int_eq(at_s, 1900000000);
	ck_assert(!log_note_cosigned(&n, "us.example.org/cosigner", its, &at_s, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!log_note_cosigned(&n, "eu.example.org/cosigner", own, &at_s, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!log_note_cosigned(&n, n.origin, own, &at_s, &f));
	ck_assert(!log_note_signed(&n, its, &f));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	for (size_t i = 0; i < LOG_COSIGNATURE_OCTETS; i++) {
		other = n;
		other.line[1].signature[i] ^= 1;
		ck_assert(!log_note_cosigned(&other, "eu.example.org/cosigner", its, &at_s, &f));
		ck_assert_int_eq(f.code, FAULT_BADREQ);
	}
	other = n;
	other.text.n--;
	ck_assert(!log_note_cosigned(&other, "eu.example.org/cosigner", its, &at_s, &f));
	key_free(k);
	bytes_free(&b);
}
END_TEST

/* The key of C2SP signed-note's own example. */
START_TEST(a_key_for_verifiers)
{
	static const uint8_t key[32] = { 0xe9, 0x32, 0x79, 0x1a, 0xe6, 0xe7, 0xa8, 0x40, 0xa4, 0x61,
		0x64, 0xc9, 0x04, 0x78, 0x64, 0x26, 0xd5, 0xe7, 0x82, 0x1d, 0xd8, 0xb2, 0x9a, 0x00,
		0xd6, 0x1c, 0xae, 0x72, 0xaf, 0xdd, 0x4d, 0xa4 };
	char to[LOG_VKEY_MAX];

	ck_assert(log_vkey("example.com/foo", LOG_KEY_SIGNS, key, to, &f));
	ck_assert_str_eq(
	    to, "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k");
}
END_TEST

/* An origin is a key's name: one that could be read as another is none. */
START_TEST(origins_of_another_shape)
{
	struct octets rest = octets_text("\n1\n" ROOT "\n\n" DASH);
	const struct octets rows[] = { RAW("acme\0log"), RAW("\0"), RAW("acme\0\0"), RAW("a log"),
		RAW(" a"), RAW("a+log"), RAW("a\tlog"), RAW("a\x7f"), RAW("\xd0\xb0"), RAW("a\r") };
	struct log_note n;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_msg(
		    !log_note_read(JOIN(rows[i], rest, rows[i], octets_text(" " SIG "\n")), &n, &f),
		    "row %zu", i);
		ck_assert_ptr_nonnull(strstr(f.text, "line 1"));
	}
}
END_TEST

START_TEST(origins_are_bounded)
{
	struct octets rest = octets_text("\n1\n" ROOT "\n\n" DASH);
	struct octets longest = forge_fill('o', LOG_ORIGIN_MAX - 1);
	struct octets longer = forge_fill('o', LOG_ORIGIN_MAX);
	struct log_note n;

	ck_assert(log_note_read(JOIN(longest, rest, longest, octets_text(" " SIG "\n")), &n, &f));
	ck_assert(!log_note_read(JOIN(longer, rest, longer, octets_text(" " SIG "\n")), &n, &f));
}
END_TEST

START_TEST(times)
{
	static const char *const bad[] = { "", "2030-01-01T00:00:00", "2030-01-01T00:00:00z",
		"2030-01-01 00:00:00Z", "2030-01-01T00:00:00+00:00", "2030-01-01T00:00:00.0Z",
		"2030-13-01T00:00:00Z", "2030-02-30T00:00:00Z", "2030-01-01T24:00:00Z",
		"2030-01-01T00:00:60Z", " 2030-01-01T00:00:00Z", "2030-1-1T00:00:00Z",
		"2030-01-01T00:00:00Z ", "30-01-01T00:00:00Z" };
	static const int64_t good[] = { 0, 1900000000, 951782400, INT64_C(253402300799) };
	char text[TEXT_TIME_MAX];
	int64_t s;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		text_time(good[i], text);
		ck_assert(log_time(text, &s));
		ck_assert_int_eq(s, good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!log_time(bad[i], &s), "row %zu", i);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tree");
	TCase *t = tcase_create("tree"), *n = tcase_create("notes");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, leaf_is_prefixed);
	tcase_add_test(t, roots_are_those_of_the_reference);
	tcase_add_test(t, entries_are_chained);
	tcase_add_test(t, an_undone_entry_leaves_nothing);
	tcase_add_test(t, refuses_entries);
	tcase_add_test(t, words_stay_in_their_line);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(n, setup, forget_key);
	tcase_set_timeout(n, 60);
	tcase_add_test(n, checkpoint_comes_back);
	tcase_add_test(n, every_flipped_bit);
	tcase_add_test(n, every_cut);
	tcase_add_test(n, notes_of_another_shape);
	tcase_add_test(n, several_signature_lines);
	tcase_add_test(n, cosignatures);
	tcase_add_test(n, a_key_for_verifiers);
	tcase_add_test(n, origins_of_another_shape);
	tcase_add_test(n, origins_are_bounded);
	tcase_add_test(n, times);
	suite_add_tcase(s, n);
	return run_suite(s);
}
