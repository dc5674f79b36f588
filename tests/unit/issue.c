/* tests/unit/issue.c - ca/issue.h: the one order of issuing, what each step leaves behind, and what
 * a death between two of them does. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509.h>

#include "ca/intent.h"
#include "ca/issue.h"
#include "ca/issue_check.h"
#include "ca/profile_set.h"
#include "ca/token.h"
#include "tests/unit/forge.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct ground g;
static struct key *key;
static struct endpoint e;
static struct provenance from;
static struct wish wish;
static struct ticket *t;
static struct fault f;

static void
setup(void)
{
	ground_new(&g);
	ck_assert(key_new(KEY_P256, &key, &f));
	e = (struct endpoint){ "", "printer", "hp-4711" };
	wish = ground_wish(&g, g.acme, &e, &from, key_spki(key));
	f = (struct fault){ 0 };
	t = NULL;
}

static void
teardown(void)
{
	ticket_free(t);
	key_free(key);
	forge_free();
	ground_free(&g);
}

static void
prepare(void)
{
	ck_assert_msg(issue_prepare(g.acme, &wish, g.now_s, &t, &f), "%s", f.text);
}

static void
intend(void)
{
	ck_assert_msg(issue_intend(g.acme, t, &f), "%s", f.text);
	ground_commit(g.acme->ledger);
	issue_intended(t);
}

static void
sign(void)
{
	ck_assert_msg(issue_sign(g.acme, t, &g.journal, g.now_s, &f), "%s", f.text);
}

static uint64_t
record(void)
{
	uint64_t index;

	ck_assert_msg(issue_record(g.acme, t, &g.why, g.now_s, &index, &f), "%s", f.text);
	return index;
}

static enum standing_state
state_of(const uint8_t *serial)
{
	struct standing s;

	if (!ledger_standing(g.acme->ledger, serial, &s, &f)) {
		ck_assert_int_eq(f.code, FAULT_NOTFOUND);
		return (enum standing_state)0;
	}
	return s.state;
}

static bool
is_pending(const uint8_t *serial)
{
	struct bytes b = { 0 };
	bool is =
	    ledger_get(g.acme->ledger, TABLE_PENDING, octets_of(serial, TBS_SERIAL_OCTETS), &b, &f);

	bytes_free(&b);
	return is;
}

/* What is on record of the ticket: its TBSCertificate, and then its certificate. */
static struct octets
stored(void)
{
	struct standing s;
	struct intent i;
	struct bytes b = { 0 };
	struct octets made;

	ck_assert(ledger_standing(g.acme->ledger, ticket_serial(t), &s, &f));
	if (s.state == STANDING_PENDING) {
		ck_assert(intent_get(g.acme->ledger, ticket_serial(t), &b, &i, &f));
		made = forge_exact(i.tbs);
	} else {
		ck_assert(ledger_certificate(g.acme->ledger, s.id, &b, &f));
		made = forge_exact(octets_bytes(&b));
	}
	bytes_free(&b);
	return made;
}

static size_t
journal_lines(void)
{
	char path[SCRATCH_PATH_MAX + 16];
	size_t n = 0;
	FILE *in;
	int c;

	scratch_path(g.dir, "journal", path, sizeof(path));
	ck_assert_ptr_nonnull(in = fopen(path, "rb"));
	while ((c = fgetc(in)) != EOF)
		n += c == '\n';
	(void)fclose(in);
	return n;
}

/* Try the steps named by letters: each must be refused as out of order, and change nothing. */
static void
out_of_order(const char *steps)
{
	size_t signatures = journal_lines();
	uint64_t index = 99;

	for (; *steps != '\0'; steps++) {
		bool done = true;

		f = (struct fault){ 0 };
		if (*steps == 'i')
			done = issue_intend(g.acme, t, &f);
		else if (*steps == 's')
			done = issue_sign(g.acme, t, &g.journal, g.now_s, &f);
		else
			done = issue_record(g.acme, t, &g.why, g.now_s, &index, &f);
		ck_assert_msg(!done, "step %c", *steps);
		ck_assert_int_eq(f.code, FAULT_INTERNAL);
		ck_assert_msg(strstr(f.text, "was due") != NULL, "%s", f.text);
	}
	ck_assert_uint_eq(index, 99);
	ck_assert_uint_eq(journal_lines(), signatures);
}

START_TEST(only_one_order)
{
	prepare();
	out_of_order("sr");
	issue_intended(t); /* nothing was intended */
	out_of_order("sr");
	ck_assert(issue_intend(g.acme, t, &f));
	out_of_order("isr"); /* not durable yet */
	ground_commit(g.acme->ledger);
	issue_intended(t);
	out_of_order("ir");
	sign();
	issue_intended(t);
	out_of_order("is");
	(void)record();
	issue_intended(t);
	out_of_order("isr");
}
END_TEST

START_TEST(preparing_writes_nothing)
{
	prepare();
	ck_assert_uint_eq(ticket_certificate(t).n, 0);
	ck_assert_int_eq(state_of(ticket_serial(t)), 0);
	ck_assert(!is_pending(ticket_serial(t)));
	ground_commit(g.acme->ledger);
	ck_assert_int_eq(state_of(ticket_serial(t)), 0);
}
END_TEST

/* What will be signed is on record first; what was signed is exactly that. */
START_TEST(what_is_recorded_is_what_is_signed)
{
	struct octets tbs, signed_tbs;
	struct cert c;
	uint64_t index;
	size_t signatures;

	prepare();
	intend();
	ck_assert_int_eq(state_of(ticket_serial(t)), STANDING_PENDING);
	ck_assert(is_pending(ticket_serial(t)));
	tbs = stored();
	signatures = journal_lines();
	sign();
	ck_assert_uint_eq(journal_lines(), signatures + 1);
	index = record();
	ground_commit(g.acme->ledger);
	ck_assert_int_eq(state_of(ticket_serial(t)), STANDING_GOOD);
	ck_assert(!is_pending(ticket_serial(t)));
	ck_assert(octets_same(stored(), ticket_certificate(t)));
	ck_assert(cert_parse(ticket_certificate(t), &c, &f));
	signed_tbs = c.tbs;
	ck_assert(octets_same(signed_tbs, tbs));
	ck_assert_mem_eq(c.serial, ticket_serial(t), TBS_SERIAL_OCTETS);
	ck_assert_uint_gt(index, 0);
}
END_TEST

/* By libcrypto's hand, under the issuer's key and no other. */
START_TEST(signature_is_the_issuers)
{
	struct octets der = octets_bytes(&ground_leaf(&g, g.acme, "printer", "a")->der);
	const struct issuer *cas[] = { g.acme, g.region, g.root, g.platform };
	const uint8_t *p = der.at;
	X509 *x = d2i_X509(NULL, &p, (long)der.n);

	for (size_t i = 0; i < COUNT(cas); i++) {
		const uint8_t *q = cas[i]->certificate.at;
		X509 *ca = d2i_X509(NULL, &q, (long)cas[i]->certificate.n);

		ck_assert_int_eq(X509_verify(x, X509_get0_pubkey(ca)) == 1, i == 0);
		X509_free(ca);
	}
	X509_free(x);
}
END_TEST

/* However a certificate was asked for, and whatever the row said before: it names the holder. */
START_TEST(keys_are_registered)
{
	static const char *const before[] = { NULL, "printer/hp-4711", "printer/somebody" };
	uint8_t digest[32];
	struct bytes b = { 0 };

	ck_assert(issue_key_digest(key_spki(key), digest, &f));
	for (int renewed = 0; renewed < 2; renewed++)
		for (size_t i = 0; i < COUNT(before); i++) {
			if (before[i] == NULL)
				batch_remove(
				    ledger_batch(g.acme->ledger), TABLE_KEY, octets_of(digest, 32));
			else
				ledger_put(g.acme->ledger, TABLE_KEY, octets_of(digest, 32),
				    octets_text(before[i]));
			(void)snprintf(from.how, sizeof(from.how), "%s",
			    renewed == 1 ? "certificate" : "token");
			prepare();
			intend();
			sign();
			(void)record();
			ground_commit(g.acme->ledger);
			ticket_free(t);
			t = NULL;
			bytes_clear(&b);
			ck_assert(
			    ledger_get(g.acme->ledger, TABLE_KEY, octets_of(digest, 32), &b, &f));
			ck_assert(octets_same(octets_bytes(&b), octets_text("printer/hp-4711")));
		}
	bytes_free(&b);
}
END_TEST

START_TEST(rows_and_entry)
{
	struct bytes b = { 0 };
	uint8_t digest[32], key_digest[32], at[8];
	char hex[65];
	struct json *j;
	uint64_t index;

	prepare();
	intend();
	sign();
	index = record();
	ground_commit(g.acme->ledger);
	ck_assert(
	    ledger_get(g.acme->ledger, TABLE_ENDPOINT, octets_text("printer/hp-4711"), &b, &f));
	ck_assert(octets_same(octets_bytes(&b), octets_of(ticket_serial(t), TBS_SERIAL_OCTETS)));
	bytes_clear(&b);
	ck_assert(issue_key_digest(key_spki(key), key_digest, &f));
	ck_assert(ledger_get(g.acme->ledger, TABLE_KEY, octets_of(key_digest, 32), &b, &f));
	ck_assert(octets_same(octets_bytes(&b), octets_text("printer/hp-4711")));
	bytes_clear(&b);
	ck_assert(ledger_get(g.acme->ledger, TABLE_LOG, octets_u64(index, at), &b, &f));
	ck_assert(json_parse(octets_bytes(&b), &j, &f));
	ck_assert_str_eq(json_text(j, "act"), "certificate.issued");
	text_hex(ticket_serial(t), TBS_SERIAL_OCTETS, hex);
	ck_assert_str_eq(json_text(j, "serial"), hex);
	text_hex(key_digest, sizeof(key_digest), hex);
	ck_assert_str_eq(json_text(j, "key"), hex);
	ck_assert(issue_key_digest(ticket_certificate(t), digest, &f)); /* SHA-256, of whatever */
	text_hex(digest, sizeof(digest), hex);
	ck_assert_str_eq(json_text(j, "certificate"), hex);
	ck_assert(profile_digest(wish.profile, digest, &f));
	text_hex(digest, sizeof(digest), hex);
	ck_assert_str_eq(json_text(j, "profile_digest"), hex);
	ck_assert_str_eq(json_text(j, "name"), "printer/hp-4711");
	ck_assert_str_eq(json_text(j, "by"), "ceremony");
	json_free(j);
	bytes_free(&b);
}
END_TEST

START_TEST(serials_are_random_and_whole)
{
	static uint8_t seen[100][TBS_SERIAL_OCTETS];

	for (size_t i = 0; i < COUNT(seen); i++) {
		prepare();
		memcpy(seen[i], ticket_serial(t), TBS_SERIAL_OCTETS);
		ticket_free(t);
		t = NULL;
		ck_assert(seen[i][0] >= 0x01 && seen[i][0] <= 0x7f);
		for (size_t o = 0; o < i; o++) /* half of it alone never comes twice */
			ck_assert_mem_ne(seen[i] + 8, seen[o] + 8, 8);
	}
}
END_TEST

START_TEST(validity_nests)
{
	struct cert c;
	const int64_t end_s = g.acme->a.not_after_s;

	g.now_s = end_s - 86400;
	c = (struct cert){ .ca = true };
	ck_assert(cert_parse(octets_bytes(&ground_leaf(&g, g.acme, "printer", "a")->der), &c, &f));
	ck_assert_int_eq(c.not_after_s, end_s);
	g.now_s = end_s;
	ck_assert(!issue_prepare(g.acme, &wish, g.now_s, &t, &f));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	g.now_s = end_s + 1;
	ck_assert(!issue_prepare(g.acme, &wish, g.now_s, &t, &f));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	ck_assert_ptr_null(t);
}
END_TEST

/* Dated back for slow clocks, but never to before the issuer was. */
START_TEST(not_before_nests)
{
	struct cert c;

	ck_assert(cert_parse(octets_bytes(&ground_leaf(&g, g.acme, "printer", "a")->der), &c, &f));
	ck_assert_int_ge(c.not_before_s, g.acme->facts.not_before_s);
	g.now_s += 86400;
	ck_assert(cert_parse(octets_bytes(&ground_leaf(&g, g.acme, "printer", "b")->der), &c, &f));
	ck_assert_int_eq(c.not_before_s, g.now_s - profile_find("printer")->back_s);
}
END_TEST

START_TEST(refuses_wishes)
{
	static const struct endpoint bad[] = { { "acme", "printer", "HP 4711" },
		{ "acme", "printer", "" }, { "acme", "", "a" }, { "acme", "printer", "a.b" } };
	EVP_PKEY *wide = EVP_EC_gen("P-384");
	char url[400];

	for (size_t i = 0; i < COUNT(bad); i++) {
		e = bad[i];
		ck_assert_msg(!issue_prepare(g.acme, &wish, g.now_s, &t, &f), "row %zu", i);
		ck_assert_int_eq(f.code, FAULT_BADREQ);
	}
	e = (struct endpoint){ "acme", "printer", "a" };
	wish.spki = RAW("\x30\0");
	ck_assert(!issue_prepare(g.acme, &wish, g.now_s, &t, &f));
	wish.spki = forge_spki(wide);
	ck_assert(!issue_prepare(g.acme, &wish, g.now_s, &t, &f)); /* a lint's finding */
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	wish.spki = key_spki(key);
	memset(url, 'u', sizeof(url));
	url[sizeof(url) - 1] = '\0';
	wish.public_url = url;
	ck_assert(!issue_prepare(g.acme, &wish, g.now_s, &t, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	EVP_PKEY_free(wide);
	ck_assert_ptr_null(t);
}
END_TEST

/* No journal, no signature. */
START_TEST(nothing_is_signed_that_cannot_be_noted)
{
	struct journal closed = { .fd = -1 };

	prepare();
	intend();
	ck_assert(!issue_sign(g.acme, t, &closed, g.now_s, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ck_assert_uint_eq(ticket_certificate(t).n, 0);
	out_of_order("r");
}
END_TEST

/* Rows 27 and 25 from the other side: the durable intent is what is signed, or nothing is. */
START_TEST(what_is_not_on_record_is_not_signed)
{
	struct bytes row = { 0 };
	struct intent i, was;
	size_t signatures;

	prepare();
	intend();
	signatures = journal_lines();
	ck_assert(intent_get(g.acme->ledger, ticket_serial(t), &row, &was, &f));
	for (int n = 0; n < 7; n++) {
		i = was;
		if (n == 0) /* other octets, of the same length */
			i.tbs = JOIN(octets_of(was.tbs.at, was.tbs.n - 1), RAW("\x5a"));
		else if (n == 1)
			i.tbs = NONE;
		else if (n == 2)
			i.standing.state = STANDING_ABANDONED;
		else if (n == 3)
			i.standing.issuer[0] ^= 1;
		else if (n == 4)
			i.standing.id++;
		else if (n == 5)
			i.profile[31] ^= 1;
		intent_end(g.acme->ledger, ticket_serial(t));
		if (n < 6) /* and once it is gone */
			ck_assert(intent_put(g.acme->ledger, ticket_serial(t), &i, &f));
		ck_assert_msg(!issue_sign(g.acme, t, &g.journal, g.now_s, &f), "row %d", n);
		ck_assert_int_eq(f.code, FAULT_INTERNAL);
		ck_assert_uint_eq(ticket_certificate(t).n, 0);
		batch_undo(ledger_batch(g.acme->ledger), 0);
	}
	bytes_free(&row);
	ck_assert_uint_eq(journal_lines(), signatures);
	sign();
}
END_TEST

/* A flipped bit or a forced fault does not leave the house. */
START_TEST(what_does_not_hold_is_thrown_away)
{
	struct octets der = octets_bytes(&ground_leaf(&g, g.acme, "printer", "a")->der), tbs;
	uint8_t *bad = malloc(der.n);
	struct cert c;

	ck_assert(cert_parse(der, &c, &f));
	tbs = c.tbs;
	ck_assert_msg(issue_holds(der, tbs, g.acme->facts.spki, &f), "%s", f.text);
	ck_assert(!issue_holds(der, tbs, g.region->facts.spki, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ck_assert(!issue_holds(der, octets_of(tbs.at, tbs.n - 1), g.acme->facts.spki, &f));
	for (size_t bit = 0; bit < der.n * 8; bit += 5) {
		memcpy(bad, der.at, der.n);
		bad[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert_msg(!issue_holds(octets_of(bad, der.n), tbs, g.acme->facts.spki, &f),
		    "bit %zu", bit);
	}
	free(bad);
}
END_TEST

/* A key that is not the one in the issuer's certificate signs, and nobody sees it. */
START_TEST(anothers_signature_is_thrown_away)
{
	struct issuer other = *g.acme;

	prepare();
	intend();
	other.key = key;
	ck_assert(!issue_sign(&other, t, &g.journal, g.now_s, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ck_assert_msg(strstr(f.text, "does not hold") != NULL, "%s", f.text);
	ck_assert_uint_eq(ticket_certificate(t).n, 0);
	out_of_order("r");
}
END_TEST

START_TEST(a_serial_is_nobody_elses)
{
	const struct intent i = { .standing.state = STANDING_PENDING };

	prepare();
	intend();
	ck_assert(intent_put(g.acme->ledger, ticket_serial(t), &i, &f));
	ck_assert(!ledger_end(g.acme->ledger, &f)); /* it is pending */
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	sign();
	record();
	ground_commit(g.acme->ledger);
	ck_assert(intent_put(g.acme->ledger, ticket_serial(t), &i, &f));
	ck_assert(!ledger_end(g.acme->ledger, &f)); /* it is issued */
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
}
END_TEST

/* As after a death: the realm is closed and read again from disk. */
static void
die(void)
{
	struct tenant row;
	struct keyring_ground ground;

	ground_shut(&g);
	ck_assert_msg(realm_open(g.dir, STORE_WRITE, &g.realm, &f), "%s", f.text);
	ground = (struct keyring_ground){ .realm = g.realm,
		.seal = g.seal,
		.journal = &g.journal,
		.public_url = GROUND_URL,
		.why = &g.why };
	ck_assert(keyring_new(&ground, &g.keys, &f));
	ck_assert(realm_tenant(g.realm, "acme", &row, &f));
	ck_assert_msg(keyring_issuer(g.keys, row.key_id, &g.acme, &f), "%s", f.text);
}

static size_t
abandon(void)
{
	size_t n = 99;

	ck_assert_msg(issue_abandon(g.acme->ledger, &g.why, g.now_s, &n, &f), "%s", f.text);
	ground_commit(g.acme->ledger);
	return n;
}

/* What was intended under one edition of a profile is not signed under another, nor under none. */
START_TEST(another_edition_of_the_profile_signs_nothing)
{
	static const char *const editions[] = { "name: printer\ntolerance: 2h\n",
		"name: printer\nkind: gateway\n", "name: other\n" };
	size_t signatures;

	prepare();
	intend();
	signatures = journal_lines();
	for (size_t i = 0; i < sizeof(editions) / sizeof(editions[0]); i++) {
		struct bytes bundle = { 0 };

		bytes_put_counted_text(&bundle, "operator.yaml");
		bytes_put_counted_text(&bundle, "name: operator\nask: []\n");
		bytes_put_counted_text(&bundle, "service.yaml");
		bytes_put_counted_text(&bundle, "name: service\n");
		bytes_put_counted_text(&bundle, "other.yaml");
		bytes_put_counted_text(&bundle, editions[i]);
		ck_assert_msg(profile_load(octets_bytes(&bundle), &f), "%s", f.text);
		ck_assert(!issue_sign(g.acme, t, &g.journal, g.now_s, &f));
		ck_assert_int_eq(f.code, FAULT_INTERNAL);
		ck_assert_ptr_nonnull(strstr(f.text, "another edition of profile printer"));
		ck_assert_uint_eq(ticket_certificate(t).n, 0);
		bytes_free(&bundle);
	}
	ck_assert_uint_eq(journal_lines(), signatures);
	ck_assert(profile_load_builtin(&f));
	sign();
}
END_TEST

START_TEST(an_intent_survives_and_is_abandoned)
{
	size_t signatures = journal_lines();
	struct standing s;
	struct log_edge before, after;

	prepare();
	intend();
	die();
	ck_assert_int_eq(state_of(ticket_serial(t)), STANDING_PENDING);
	ck_assert(is_pending(ticket_serial(t)));
	ck_assert(log_edge_read(g.acme->ledger, &before, &f));
	ck_assert_uint_eq(abandon(), 1);
	ck_assert(ledger_standing(g.acme->ledger, ticket_serial(t), &s, &f));
	ck_assert_int_eq(s.state, STANDING_ABANDONED);
	ck_assert_int_eq(s.changed_s, g.now_s);
	ck_assert(!is_pending(ticket_serial(t)));
	ck_assert(log_edge_read(g.acme->ledger, &after, &f));
	ck_assert_uint_eq(after.size, before.size + 1);
	ck_assert_uint_eq(abandon(), 0);
	ck_assert_uint_eq(journal_lines(), signatures);
}
END_TEST

/* Signed, and dead before it was recorded: whoever has the signature finds it revoked. */
START_TEST(a_signature_without_a_record_is_abandoned)
{
	prepare();
	intend();
	sign();
	die();
	ck_assert_uint_eq(abandon(), 1);
	ck_assert_int_eq(state_of(ticket_serial(t)), STANDING_ABANDONED);
	out_of_order("is");
}
END_TEST

/* Recorded, but not committed: as if it had not been signed. */
START_TEST(a_record_without_a_commit_is_abandoned)
{
	prepare();
	intend();
	sign();
	(void)record();
	die();
	ck_assert_int_eq(state_of(ticket_serial(t)), STANDING_PENDING);
	ck_assert_uint_eq(abandon(), 1);
}
END_TEST

START_TEST(an_intent_without_a_commit_is_nothing)
{
	prepare();
	ck_assert(issue_intend(g.acme, t, &f));
	die();
	ck_assert_int_eq(state_of(ticket_serial(t)), 0);
	ck_assert_uint_eq(abandon(), 0);
}
END_TEST

START_TEST(what_was_issued_is_not_abandoned)
{
	prepare();
	intend();
	sign();
	(void)record();
	ground_commit(g.acme->ledger);
	die();
	ck_assert_int_eq(state_of(ticket_serial(t)), STANDING_GOOD);
	ck_assert_uint_eq(abandon(), 0);
	ck_assert_int_eq(state_of(ticket_serial(t)), STANDING_GOOD);
}
END_TEST

/* Many at once, of which some came to an end. */
START_TEST(each_of_many_is_abandoned)
{
	uint8_t serial[6][TBS_SERIAL_OCTETS];

	for (size_t i = 0; i < COUNT(serial); i++) {
		prepare();
		intend();
		if (i % 2 == 0) {
			sign();
			(void)record();
			ground_commit(g.acme->ledger);
		}
		memcpy(serial[i], ticket_serial(t), TBS_SERIAL_OCTETS);
		ticket_free(t);
		t = NULL;
	}
	die();
	ck_assert_uint_eq(abandon(), 3);
	for (size_t i = 0; i < COUNT(serial); i++)
		ck_assert_int_eq(
		    state_of(serial[i]), i % 2 == 0 ? STANDING_GOOD : STANDING_ABANDONED);
}
END_TEST

static void
spend(struct token *token, uint8_t first)
{
	*token = (struct token){ .state = TOKEN_USED,
		.device = e,
		.created_s = g.now_s,
		.expires_s = g.now_s + 3600,
		.hash = { first } };
	memcpy(token->serial, ticket_serial(t), TBS_SERIAL_OCTETS);
	ck_assert(token_put(g.acme->ledger, token, &f));
}

/* The device did not get what its token was spent for: it may ask again. */
START_TEST(tokens_of_the_abandoned_are_released)
{
	struct token good, lost, ret;

	prepare();
	spend(&good, 1);
	intend();
	sign();
	(void)record();
	ground_commit(g.acme->ledger);
	ticket_free(t);
	prepare();
	spend(&lost, 2);
	intend();
	die();
	ck_assert(!token_check(g.acme->ledger, lost.hash, "hp-4711", g.now_s, &ret, &f));
	ck_assert_uint_eq(abandon(), 1);
	ck_assert_msg(token_release(g.acme->ledger, &f), "%s", f.text);
	ground_commit(g.acme->ledger);
	ck_assert_msg(
	    token_check(g.acme->ledger, lost.hash, "hp-4711", g.now_s, &ret, &f), "%s", f.text);
	ck_assert_int_eq(ret.state, TOKEN_UNUSED);
	ck_assert(!token_check(g.acme->ledger, good.hash, "hp-4711", g.now_s, &ret, &f));
	ck_assert_int_eq(f.code, FAULT_AUTH);
}
END_TEST

static TCase *
order(void)
{
	TCase *c = tcase_create("order");

	tcase_add_test(c, only_one_order);
	tcase_add_test(c, preparing_writes_nothing);
	tcase_add_test(c, what_is_recorded_is_what_is_signed);
	tcase_add_test(c, signature_is_the_issuers);
	tcase_add_test(c, keys_are_registered);
	tcase_add_test(c, rows_and_entry);
	tcase_add_test(c, serials_are_random_and_whole);
	tcase_add_test(c, validity_nests);
	tcase_add_test(c, not_before_nests);
	tcase_add_test(c, refuses_wishes);
	tcase_add_test(c, nothing_is_signed_that_cannot_be_noted);
	tcase_add_test(c, what_is_not_on_record_is_not_signed);
	tcase_add_test(c, what_does_not_hold_is_thrown_away);
	tcase_add_test(c, anothers_signature_is_thrown_away);
	tcase_add_test(c, a_serial_is_nobody_elses);
	return c;
}

static TCase *
deaths(void)
{
	TCase *c = tcase_create("deaths");

	tcase_add_test(c, an_intent_survives_and_is_abandoned);
	tcase_add_test(c, another_edition_of_the_profile_signs_nothing);
	tcase_add_test(c, a_signature_without_a_record_is_abandoned);
	tcase_add_test(c, a_record_without_a_commit_is_abandoned);
	tcase_add_test(c, an_intent_without_a_commit_is_nothing);
	tcase_add_test(c, what_was_issued_is_not_abandoned);
	tcase_add_test(c, each_of_many_is_abandoned);
	tcase_add_test(c, tokens_of_the_abandoned_are_released);
	return c;
}

int
main(void)
{
	Suite *s = suite_create("issue");
	TCase *c[] = { order(), deaths() };

	for (size_t i = 0; i < COUNT(c); i++) {
		tcase_add_checked_fixture(c[i], setup, teardown);
		tcase_set_timeout(c[i], 60); /* a loaded machine is no failure */
		suite_add_tcase(s, c[i]);
	}
	return run_suite(s);
}
