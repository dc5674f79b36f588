/* tests/unit/proof.c - ca/proof_file.h, ca/proof_check.h, ca/log_keys.h: a proof holds as it was
 * written, and bent anywhere it does not. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ca/proof_check.h"
#include "tests/unit/forge.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

#define ENTRIES 11
#define WITNESS "eu.example.org/cosigner"

static struct ground g;
static struct ledger *l;
static struct delegate d;
static char origin[LOG_ORIGIN_MAX];
static struct log_keys keys;
static struct fault f;

/* A signed note over what the log is now, cosigned where with is true. */
static struct octets
note_of(const struct log_edge *e, uint64_t epoch, bool with)
{
	struct bytes note = { 0 };
	struct log_note read;
	struct octets o;

	ck_assert_msg(log_checkpoint(origin, e, epoch, d.key, &note, &f), "%s", f.text);
	if (with) {
		o = forge_exact(octets_bytes(&note));
		ck_assert(log_note_read(o, &read, &f));
		ck_assert(log_cosign(read.text, WITNESS, d.key, g.now_s, &note, &f));
	}
	o = forge_exact(octets_bytes(&note));
	bytes_free(&note);
	return o;
}

static struct octets
note_now(void)
{
	struct log_edge e;

	ck_assert(log_edge_read(l, &e, &f));
	return note_of(&e, 0, true);
}

static void
grow(int n)
{
	for (int i = 0; i < n; i++)
		ck_assert(log_append(l, log_entry("test.done", &g.why), g.now_s + i, NULL, &f));
	ground_commit(l);
}

static uint64_t
size_now(void)
{
	struct log_edge e;

	ck_assert(log_edge_read(l, &e, &f));
	return e.size;
}

static const uint8_t *
public_key(void)
{
	struct octets spki = key_spki(d.key);

	return spki.at + spki.n - 32;
}

static void
setup(void)
{
	ground_new(&g);
	l = g.acme->ledger;
	log_origin(realm_space(g.realm), "acme", origin);
	ck_assert(keyring_delegate(g.keys, &g.acme->a, &found_log, g.now_s, &d, &f));
	grow(ENTRIES);
	keys = (struct log_keys){ .cosigners = 1 };
	memcpy(keys.log.name, origin, strlen(origin));
	memcpy(keys.log.key, public_key(), 32);
	memcpy(keys.cosigner[0].name, WITNESS, sizeof(WITNESS));
	memcpy(keys.cosigner[0].key, public_key(), 32);
}

static void
teardown(void)
{
	forge_free();
	ground_free(&g);
}

static struct octets
line_at(uint64_t index)
{
	struct bytes b = { 0 };
	struct octets o;
	uint8_t key[8];

	ck_assert(ledger_get(l, TABLE_LOG, octets_u64(index, key), &b, &f));
	o = forge_exact(octets_bytes(&b));
	bytes_free(&b);
	return o;
}

static struct octets
inclusion(uint64_t index)
{
	struct log_path path;
	struct bytes b = { 0 };
	struct octets o;

	ck_assert_msg(log_tree_inclusion(l, index, size_now(), &path, &f), "%s", f.text);
	ck_assert(proof_file_put_inclusion(line_at(index), index, &path, note_now(), &b, &f));
	o = forge_exact(octets_bytes(&b));
	bytes_free(&b);
	return o;
}

static struct octets
consistency(uint64_t old)
{
	struct log_path path;
	struct bytes b = { 0 };
	struct octets o;

	ck_assert_msg(log_tree_consistency(l, old, size_now(), &path, &f), "%s", f.text);
	ck_assert(proof_file_put_consistency(old, &path, note_now(), &b, &f));
	o = forge_exact(octets_bytes(&b));
	bytes_free(&b);
	return o;
}

static bool
proves(struct octets text, struct proven_entry *ret)
{
	struct proof_file p;
	bool ok = proof_file_read(text, &p, &f);

	if (!ok)
		return false;
	ok = proof_check_entry(&p, &keys, ret, &f);
	proof_file_free(&p);
	return ok;
}

static void
refused(struct octets text, const char *why)
{
	struct proven_entry e;

	f = (struct fault){ 0 };
	ck_assert_msg(!proves(forge_exact(text), &e), "holds: %s", why);
	ck_assert_msg(strstr(f.text, why) != NULL, "%s: %s", why, f.text);
}

static struct proven_note
believed(struct octets note)
{
	struct log_note n;
	struct proven_note p;

	ck_assert_msg(log_note_read(note, &n, &f), "%s", f.text);
	ck_assert_msg(proof_check_note(&n, &keys, &p, &f), "%s", f.text);
	return p;
}

START_TEST(every_entry_is_proven)
{
	struct proven_entry e;

	for (uint64_t i = 0; i < size_now(); i++) {
		ck_assert_msg(proves(inclusion(i), &e), "%s", f.text);
		ck_assert_uint_eq(e.index, i);
		ck_assert_uint_eq(e.note.size, size_now());
		ck_assert_str_eq(e.note.origin, origin);
		ck_assert_uint_eq(e.note.cosigned, 1);
		ck_assert_int_eq(e.note.by[0].at_s, g.now_s);
		ck_assert_uint_eq(e.note.strangers, 0);
		ck_assert(!e.redacted && !e.note.rooted);
	}
}
END_TEST

/* No octet of the file is nobody's: whatever is not as it was written is found. */
START_TEST(every_bit_counts)
{
	struct octets text = inclusion(5);
	uint8_t *at = malloc(text.n);
	struct proven_entry e;

	for (size_t bit = 0; bit < text.n * 8; bit++) {
		memcpy(at, text.at, text.n);
		at[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert_msg(!proves(octets_of(at, text.n), &e), "bit %zu of octet %zu: %.*s",
		    bit % 8, bit / 8, 20, (const char *)at + bit / 8);
	}
	/* A cosignature may be missing: then nothing is said of it. */
	for (size_t n = 0; n < text.n; n++)
		ck_assert_msg(
		    !proves(octets_of(text.at, n), &e) || e.note.cosigned == 0, "cut at %zu", n);
	free(at);
}
END_TEST

START_TEST(every_bit_of_a_consistency_counts)
{
	struct octets text = consistency(3);
	struct log_edge e = { .size = 0 };
	uint8_t *at = malloc(text.n), leaf[LOG_HASH_OCTETS];
	struct proven_note older, newer;
	enum proof_pair pair;
	struct proof_file p;

	for (uint64_t i = 0; i < 3; i++) {
		ck_assert(log_leaf_at(l, i, leaf, &f));
		log_edge_add(&e, leaf);
	}
	older = believed(note_of(&e, 0, true));
	for (size_t bit = 0; bit <= text.n * 8; bit++) {
		bool bent = bit < text.n * 8, ok;

		memcpy(at, text.at, text.n);
		if (bent)
			at[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ok = proof_file_read(octets_of(at, text.n), &p, &f);
		if (ok) {
			ok = proof_check_note(&p.note, &keys, &newer, &f) &&
			     proof_check_consistency(&older, &p, &newer, &pair, &f);
			proof_file_free(&p);
		}
		ck_assert_msg(ok == !bent, "bit %zu of octet %zu: %s", bit % 8, bit / 8, f.text);
	}
	ck_assert_int_eq(pair, PAIR_EXTENDS);
	free(at);
}
END_TEST

/* Another spelling of the same proof, and what is no proof. */
START_TEST(one_spelling)
{
	static const char *const heads[] = { "c2sp.org/tlog-proof@v1\nindex 05\n\n",
		"c2sp.org/tlog-proof@v1\r\nindex 5\n\n", "c2sp.org/tlog-proof@v1\nindex -5\n\n",
		"c2sp.org/tlog-proof@v1\nindex 5 \n\n", "c2sp.org/tlog-proof@v1\nindex\n\n",
		"c2sp.org/tlog-proof@v1\nindex 1234567890123456789\n\n",
		"c2sp.org/tlog-proof@v1\nextra \nindex 5\n\n",
		"c2sp.org/tlog-proof@v1\nextra e30\nindex 5\n\n",
		"c2sp.org/tlog-proof@v1\nextra e30=\nextra e30=\nindex 5\n\n",
		"c2sp.org/tlog-proof@v1\nextra  e30=\nindex 5\n\n",
		"c2sp.org/tlog-proof@v1\nindex 5\nAAAA\n\n",
		"c2sp.org/tlog-proof@v1\nindex 5\n \n\n", "c2sp.org/tlog-proof@v2\nindex 5\n\n",
		"old 03\n\n", "old\n\n", "old 3", "old 3\n", "", "\n" };
	struct octets note = note_now();
	struct proof_file p;

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		f = (struct fault){ 0 };
		ck_assert_msg(
		    !proof_file_read(
			JOIN(octets_text(heads[i]), i == 15 || i == 16 ? NONE : note), &p, &f),
		    "row %zu", i);
		ck_assert_int_eq(f.code, FAULT_BADREQ);
	}
	ck_assert(
	    !proof_file_read(JOIN(RAW("c2sp.org/tlog-proof@v1\nindex 999\n\n"), note), &p, &f));
	ck_assert(!proof_file_read(JOIN(RAW("old 999\n\n"), note), &p, &f));
	ck_assert(!proof_file_read(JOIN(inclusion(1), inclusion(1)), &p, &f));
	ck_assert(!proof_file_read(JOIN(inclusion(1), RAW("\n")), &p, &f));
}
END_TEST

START_TEST(bounds)
{
	struct octets hash = RAW("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
	struct bytes b = { 0 };
	struct log_path none = { .n = 0 };
	struct proof_file p;

	bytes_put_text(&b, "old 3\n");
	for (int i = 0; i < 63; i++)
		bytes_put_octets(&b, hash);
	ck_assert_msg(
	    proof_file_read(JOIN(octets_bytes(&b), RAW("\n"), note_now()), &p, &f), "%s", f.text);
	ck_assert_uint_eq(p.path.n, 63);
	proof_file_free(&p);
	bytes_put_octets(&b, hash);
	ck_assert(!proof_file_read(JOIN(octets_bytes(&b), RAW("\n"), note_now()), &p, &f));
	bytes_clear(&b);
	ck_assert(
	    proof_file_put_inclusion(forge_fill('x', LOG_ENTRY_MAX), 1, &none, note_now(), &b, &f));
	ck_assert(proof_file_read(octets_bytes(&b), &p, &f));
	proof_file_free(&p);
	bytes_clear(&b);
	ck_assert(proof_file_put_inclusion(
	    forge_fill('x', LOG_ENTRY_MAX + 1), 1, &none, note_now(), &b, &f));
	ck_assert(!proof_file_read(octets_bytes(&b), &p, &f));
	bytes_free(&b);
	ck_assert(!proof_file_read(forge_fill('\n', PROOF_FILE_MAX + 1), &p, &f));
	ck_assert_int_eq(f.code, FAULT_LIMIT);
}
END_TEST

/* A proof of one entry is not one of another, and a line that is none of ours is none. */
START_TEST(the_line_is_the_entry)
{
	struct log_path path;
	struct bytes b = { 0 };

	ck_assert(log_tree_inclusion(l, 5, size_now(), &path, &f));
	ck_assert(proof_file_put_inclusion(line_at(4), 5, &path, note_now(), &b, &f));
	refused(octets_bytes(&b), "says that it is another");
	bytes_clear(&b);
	ck_assert(proof_file_put_inclusion(line_at(5), 4, &path, note_now(), &b, &f));
	refused(octets_bytes(&b), "says that it is another");
	bytes_clear(&b);
	ck_assert(proof_file_put_inclusion(NONE, 5, &path, note_now(), &b, &f));
	refused(octets_bytes(&b), "extra line");
	bytes_clear(&b);
	ck_assert(proof_file_put_inclusion(RAW("{\"n\":5}"), 5, &path, note_now(), &b, &f));
	refused(octets_bytes(&b), "no act");
	bytes_clear(&b);
	ck_assert(proof_file_put_inclusion(
	    RAW("{\"act\":\"a.b\",\"at\":\"x\", \"n\":5}"), 5, &path, note_now(), &b, &f));
	refused(octets_bytes(&b), "not canonical");
	bytes_clear(&b);
	ck_assert(proof_file_put_inclusion(
	    RAW("{\"act\":\"a.b\",\"at\":\"x\",\"n\":5}"), 5, &path, note_now(), &b, &f));
	refused(octets_bytes(&b), "do not lead");
	bytes_clear(&b);
	ck_assert(proof_file_put_inclusion(RAW("\xff"), 5, &path, note_now(), &b, &f));
	refused(octets_bytes(&b), "the entry");
	bytes_free(&b);
	refused(consistency(3), "proof of inclusion");
}
END_TEST

START_TEST(whose_signature)
{
	struct octets text = inclusion(2);
	struct proven_entry e;

	keys.log.key[0] ^= 1;
	refused(text, "another key");
	keys.log.key[0] ^= 1;
	keys.log.name[0] = 'x';
	refused(text, "not of x");
	memcpy(keys.log.name, origin, strlen(origin));
	keys.cosigner[0].key[0] ^= 1;
	refused(text, "none of the cosigners");
	keys.cosigners = 0;
	ck_assert(proves(text, &e));
	ck_assert_uint_eq(e.note.cosigned, 0);
	ck_assert_uint_eq(e.note.strangers, 1);
}
END_TEST

START_TEST(pairs)
{
	struct log_edge e, other;
	struct proven_note a, b;
	enum proof_pair pair;
	struct proof_file p;

	ck_assert(log_edge_read(l, &e, &f));
	a = believed(note_of(&e, 0, true));
	ck_assert(proof_check_pair(&a, &a, &pair, &f));
	ck_assert_int_eq(pair, PAIR_SAME);
	other = e;
	other.node[0][0] ^= 1;
	b = believed(note_of(&other, 0, false));
	ck_assert(proof_check_pair(&a, &b, &pair, &f));
	ck_assert_int_eq(pair, PAIR_SPLIT);
	b = believed(note_of(&other, 1, false));
	ck_assert(proof_check_pair(&a, &b, &pair, &f));
	ck_assert_int_eq(pair, PAIR_EPOCHS);
	grow(5);
	b = believed(note_now());
	ck_assert(proof_check_pair(&a, &b, &pair, &f));
	ck_assert_int_eq(pair, PAIR_UNPROVEN);
	ck_assert(proof_file_read(consistency(a.size), &p, &f));
	ck_assert(proof_check_consistency(&a, &p, &b, &pair, &f));
	ck_assert_int_eq(pair, PAIR_EXTENDS);
	a.root[0] ^= 1;
	ck_assert(!proof_check_consistency(&a, &p, &b, &pair, &f));
	ck_assert_ptr_nonnull(strstr(f.text, "older root"));
	a.root[0] ^= 1;
	a.size--;
	ck_assert(!proof_check_consistency(&a, &p, &b, &pair, &f));
	proof_file_free(&p);
	a.size++;
	a.epoch = 1;
	ck_assert(proof_file_read(consistency(a.size), &p, &f));
	ck_assert(
	    proof_check_consistency(&a, &p, &b, &pair, &f)); /* it begins with it all the same */
	ck_assert_int_eq(pair, PAIR_EXTENDS);
	proof_file_free(&p);
	a.origin[0] = 'x';
	ck_assert(!proof_check_pair(&a, &b, &pair, &f));
}
END_TEST

START_TEST(keys_by_verifier_keys)
{
	char own[LOG_VKEY_MAX], witness[LOG_VKEY_MAX], another[LOG_VKEY_MAX];
	struct bytes b = { 0 };
	struct log_keys k;

	ck_assert(log_vkey(origin, LOG_KEY_SIGNS, public_key(), own, &f));
	ck_assert(log_vkey(WITNESS, LOG_KEY_COSIGNS, public_key(), witness, &f));
	ck_assert(log_vkey("other.example.org/log", LOG_KEY_SIGNS, public_key(), another, &f));
	bytes_put_fmt(&b, "# keys\n%s\n\n%s\n%s", another, own, witness);
	ck_assert_msg(log_keys_read(octets_bytes(&b), NONE, origin, g.now_s, &k, &f), "%s", f.text);
	ck_assert(!k.rooted);
	ck_assert_mem_eq(k.log.key, public_key(), 32);
	ck_assert_uint_eq(k.cosigners, 1);
	ck_assert_str_eq(k.cosigner[0].name, WITNESS);
	bytes_clear(&b);
	bytes_put_fmt(&b, "%s\n%s\n", another, witness);
	ck_assert(!log_keys_read(octets_bytes(&b), NONE, origin, g.now_s, &k, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	for (size_t i = 0; own[i] != '\0'; i++) {
		char bent[LOG_VKEY_MAX];

		memcpy(bent, own, sizeof(bent));
		bent[i] = bent[i] == 'A' ? 'B' : 'A';
		ck_assert_msg(!log_keys_read(octets_text(bent), NONE, origin, g.now_s, &k, &f),
		    "letter %zu: %s", i, bent);
	}
	ck_assert(!log_keys_read(RAW("+"), NONE, origin, g.now_s, &k, &f));
	ck_assert(!log_keys_read(RAW("a++"), NONE, origin, g.now_s, &k, &f));
	ck_assert(!log_keys_read(NONE, NONE, origin, g.now_s, &k, &f));
	ck_assert(
	    !log_keys_read(forge_fill('\n', LOG_KEYS_MAX + 1), NONE, origin, g.now_s, &k, &f));
	bytes_free(&b);
}
END_TEST

START_TEST(keys_by_certificates)
{
	struct bytes pem = { 0 }, root = { 0 };
	struct proven_entry e;

	ck_assert(cert_pem(d.certificate, &pem, &f));
	ck_assert(cert_pem(octets_bytes(&g.acme->certificate), &pem, &f));
	ck_assert(cert_pem(octets_bytes(&g.region->certificate), &pem, &f));
	ck_assert(cert_pem(octets_bytes(&g.root->certificate), &root, &f));
	ck_assert(log_keys_want_root(octets_bytes(&pem)));
	ck_assert_msg(
	    log_keys_read(octets_bytes(&pem), octets_bytes(&root), origin, g.now_s, &keys, &f),
	    "%s", f.text);
	ck_assert(keys.rooted);
	ck_assert(proves(inclusion(2), &e));
	ck_assert(e.note.rooted);
	ck_assert(!log_keys_read(octets_bytes(&pem), octets_bytes(&root),
	    "globex.eu.example.org/log", g.now_s, &keys, &f));
	ck_assert(!log_keys_read(
	    octets_bytes(&pem), octets_bytes(&pem), origin, g.now_s, &keys, &f)); /* no root */
	ck_assert(!log_keys_read(octets_bytes(&pem), NONE, origin, g.now_s, &keys, &f));
	ck_assert(!log_keys_read(octets_bytes(&pem), octets_bytes(&root), origin,
	    g.now_s + INT64_C(100) * 366 * 86400, &keys, &f)); /* long ended */
	bytes_free(&pem);
	bytes_free(&root);
}
END_TEST

/* The stub is proven, and says that there is no body. */
START_TEST(a_redacted_entry_is_proven)
{
	const struct redaction_order o = { &g.why, RAW("asked for"), RAW("article 17") };
	struct log_path path;
	struct bytes b = { 0 }, stub = { 0 };
	struct proven_entry e, told;
	struct proof_file p;
	struct redaction r;
	uint64_t by;

	ck_assert_msg(redaction_make(l, 5, &o, g.now_s, &by, &f), "%s", f.text);
	ground_commit(l);
	ck_assert_msg(proves(inclusion(5), &e), "%s", f.text);
	ck_assert(e.redacted);
	ck_assert_uint_eq(e.stub.by, by);
	told = e;
	ck_assert(proves(inclusion(by), &e));
	ck_assert(!e.redacted);
	ck_assert(proof_file_read(inclusion(by), &p, &f));
	ck_assert_msg(proof_check_told(&told, &p, &keys, &r, &f), "%s", f.text);
	ck_assert_str_eq(r.was, "test.done");
	told.stub.leaf[0] ^= 1;
	ck_assert(!proof_check_told(&told, &p, &keys, &r, &f));
	told.stub.leaf[0] ^= 1;
	told.index--;
	ck_assert(!proof_check_told(&told, &p, &keys, &r, &f));
	told.index++;
	keys.log.key[0] ^= 1;
	ck_assert(!proof_check_told(&told, &p, &keys, &r, &f));
	keys.log.key[0] ^= 1;
	proof_file_free(&p);
	ck_assert(proof_file_read(inclusion(by - 1), &p, &f));
	ck_assert(!proof_check_told(&told, &p, &keys, &r, &f));
	proof_file_free(&p);
	/* A stub whose telling entry is beyond the tree. */
	e.stub = (struct redaction){ .n = 6, .by = size_now() };
	ck_assert(log_leaf_at(l, 6, e.stub.leaf, &f));
	redaction_put_stub(&e.stub, &stub);
	ck_assert(log_tree_inclusion(l, 6, size_now(), &path, &f));
	ck_assert(proof_file_put_inclusion(octets_bytes(&stub), 6, &path, note_now(), &b, &f));
	refused(octets_bytes(&b), "not in this tree");
	bytes_free(&b);
	bytes_free(&stub);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("proof");
	TCase *t = tcase_create("proof");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 300); /* a loaded machine is no failure */
	tcase_add_test(t, every_entry_is_proven);
	tcase_add_test(t, every_bit_counts);
	tcase_add_test(t, every_bit_of_a_consistency_counts);
	tcase_add_test(t, one_spelling);
	tcase_add_test(t, bounds);
	tcase_add_test(t, the_line_is_the_entry);
	tcase_add_test(t, whose_signature);
	tcase_add_test(t, pairs);
	tcase_add_test(t, keys_by_verifier_keys);
	tcase_add_test(t, keys_by_certificates);
	tcase_add_test(t, a_redacted_entry_is_proven);
	suite_add_tcase(s, t);
	return run_suite(s);
}
