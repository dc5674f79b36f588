/* tests/unit/audit.c - ca/audit.h and its API: a chain of ours has no finding, and each thing that
 * can be wrong with chain, record or log has its own. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ca/claim.h"
#include "ca/device.h"
#include "ca/petition.h"
#include "ca/profile_set.h"
#include "ca/revoke.h"
#include "ca/token.h"
#include "daemon/api.h"
#include "tests/unit/forge.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"
#include "tests/unit/visit.h"

#define TOKEN_ID "aabbccdd00112233"

static struct ground g;
static struct audit_trees trees;
static struct api api;
static struct exchange x;
static struct key *key;
static struct bytes leaf;
static uint8_t serial[TBS_SERIAL_OCTETS];
static struct json *doc;
static struct fault f;

/* What came of the last audit. */
static struct {
	char failing[2048]; /* " level:check" of each */
	size_t fails, not_checked;
	bool more;
} result;

static int64_t
now(void)
{
	return g.now_s;
}

/* A token's row and its entry, as the signer makes them. */
static void
make_token(const char *device, uint64_t *ret_index)
{
	struct token t = { .state = TOKEN_USED,
		.device = { "acme", "printer", "" },
		.profile = "printer",
		.created_s = g.now_s,
		.expires_s = g.now_s + 60,
		.creator = "operator:alice" };
	struct json *e = log_entry("token.created", &g.why);

	(void)snprintf(t.device.name, sizeof(t.device.name), "%s", device);
	ck_assert(text_unhex(TOKEN_ID, t.hash, sizeof(TOKEN_ID) / 2));
	json_put_text(e, "token", TOKEN_ID);
	ck_assert(log_append(g.acme->ledger, e, g.now_s, &t.log_index, &f));
	ck_assert(token_put(g.acme->ledger, &t, &f));
	ground_commit(g.acme->ledger);
	*ret_index = t.log_index;
}

static void
issue(const struct provenance *change, struct bytes *ret)
{
	struct endpoint e = { "", "printer", "hp-1" };
	struct provenance from;
	struct wish w = ground_wish(&g, g.acme, &e, &from, key_spki(key));
	struct ticket *t;

	(void)snprintf(from.evidence, sizeof(from.evidence), "%s", TOKEN_ID);
	if (change != NULL)
		from = *change;
	ck_assert_msg(issue_now(g.acme, &w, &g.journal, &g.why, g.now_s, &t, &f), "%s", f.text);
	bytes_clear(ret);
	bytes_put_octets(ret, ticket_certificate(t));
	memcpy(serial, ticket_serial(t), sizeof(serial));
	ticket_free(t);
}

/* The key's row in the table of the whole service. */
static void
claim(const char *owner)
{
	uint8_t digest[32];

	ck_assert(issue_key_digest(key_spki(key), digest, &f));
	ledger_put(g.platform->ledger, TABLE_KEY, octets_of(digest, 32), octets_text(owner));
	ground_commit(g.platform->ledger);
}

static void
setup(void)
{
	uint64_t index;

	ground_new(&g);
	trees = (struct audit_trees){ .next = 0 };
	api = (struct api){ .realm = g.realm, .now_s = now };
	x = (struct exchange){ .status = 0 };
	doc = NULL;
	ck_assert(key_new(KEY_P256, &key, &f));
	make_token("hp-1", &index);
	issue(NULL, &leaf);
	claim("acme/printer/hp-1");
}

static void
teardown(void)
{
	json_free(doc);
	exchange_free(&x);
	bytes_free(&leaf);
	key_free(key);
	forge_free();
	ground_free(&g);
}

static void
tell(void *with, const struct audit_finding *found)
{
	size_t n = strlen(result.failing);

	(void)with;
	ck_assert_ptr_nonnull(found->source);
	if (found->verdict == LEAF_FAILS) {
		ck_assert_str_ne(found->text, "");
		(void)snprintf(result.failing + n, sizeof(result.failing) - n, " %u:%s",
		    found->level, found->check);
	}
}

static void
audit(struct audit_chain *c)
{
	const struct audit_site site = { g.realm, &trees, g.now_s };
	struct audit_report r = { .tell = tell };

	memset(&result, 0, sizeof(result));
	ck_assert_msg(audit_chain(&site, c, &r, &f), "%s", f.text);
	result.fails = r.fails;
	result.not_checked = r.not_checked;
	result.more = r.more;
}

static void
audit_der(struct octets der)
{
	struct audit_chain c = { .n = 0 };

	ck_assert_msg(audit_chain_add(&c, der, &f), "%s", f.text);
	audit(&c);
	audit_chain_free(&c);
}

/* Exactly these fail. */
static void
finds(const char *failing)
{
	audit_der(octets_bytes(&leaf));
	ck_assert_str_eq(result.failing, failing);
}

START_TEST(a_chain_of_ours)
{
	finds("");
	ck_assert_uint_eq(result.not_checked, 0);
	ck_assert(!result.more);
}
END_TEST

/* The chain as a file has it, in any order, with or without what is above. */
START_TEST(any_order)
{
	struct octets all[] = { octets_bytes(&g.root->certificate),
		octets_bytes(&g.region->certificate), octets_bytes(&leaf),
		octets_bytes(&g.acme->certificate) };

	for (size_t n = 0; n < 4; n++) {
		struct audit_chain c;
		struct bytes pem = { 0 };

		bytes_put_text(&pem, "words around them\n");
		for (size_t i = 0; i < 4; i++)
			if (i >= n || i == 2)
				ck_assert(cert_pem(all[i], &pem, &f));
		ck_assert_msg(audit_chain_read(octets_bytes(&pem), &c, &f), "%s", f.text);
		ck_assert(octets_same(c.cert[0].der, octets_bytes(&leaf)));
		audit(&c);
		ck_assert_str_eq(result.failing, "");
		ck_assert_uint_eq(c.n, 4);
		ck_assert_uint_eq(audit_level(&c, 0), 4);
		audit_chain_free(&c);
		bytes_free(&pem);
	}
}
END_TEST

static void
finds_in(const struct octets *all, size_t n, const char *failing)
{
	struct audit_chain c;
	struct bytes pem = { 0 };

	for (size_t i = 0; i < n; i++)
		ck_assert(cert_pem(all[i], &pem, &f));
	ck_assert_msg(audit_chain_read(octets_bytes(&pem), &c, &f), "%s", f.text);
	ck_assert(octets_same(c.cert[0].der, octets_bytes(&leaf)));
	audit(&c);
	ck_assert_str_eq(result.failing, failing);
	audit_chain_free(&c);
	bytes_free(&pem);
}

/* A good chain is no cover for what stands beside it. */
START_TEST(more_than_a_chain)
{
	const struct octets ours = octets_bytes(&leaf), root = octets_bytes(&g.root->certificate),
			    acme = octets_bytes(&g.acme->certificate),
			    alien = octets_bytes(&g.platform->certificate),
			    other = octets_bytes(&ground_leaf(&g, g.acme, "printer", "hp-2")->der);

	finds_in((struct octets[]){ ours, other, acme }, 3, " 4:all_are_links");
	finds_in((struct octets[]){ ours, other }, 2, " 4:all_are_links");
	finds_in((struct octets[]){ ours, alien }, 2, " 4:all_are_links");
	finds_in((struct octets[]){ ours, acme, alien, root }, 4, " 4:all_are_links");
	finds_in((struct octets[]){ ours, ours, acme, acme }, 4, "");
	finds_in((struct octets[]){ ours, root }, 2, ""); /* a link as soon as it is whole */
}
END_TEST

START_TEST(no_chain)
{
	struct bytes pem = { 0 }, many = { 0 };
	struct audit_chain c = { .n = 77 };

	ck_assert(cert_pem(octets_bytes(&leaf), &pem, &f));
	for (int i = 0; i < AUDIT_CERTS_MAX + 1; i++)
		bytes_put_octets(&many, octets_bytes(&pem));
	const struct octets rows[] = { NONE, RAW("\n"), RAW("-----BEGIN CERTIFICATE-----\n"),
		RAW("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"),
		RAW("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"),
		RAW("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"),
		octets_of(pem.at, pem.n - 20), octets_of(pem.at, pem.n / 2), octets_bytes(&many),
		forge_fill('-', 70000) };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_msg(!audit_chain_read(forge_exact(rows[i]), &c, &f), "row %zu", i);
		ck_assert_int_eq(f.code, FAULT_BADREQ);
		ck_assert_uint_eq(c.n, 77);
	}
	bytes_free(&pem);
	bytes_free(&many);
}
END_TEST

START_TEST(revoked_and_held)
{
	struct standing s;

	ck_assert(ledger_standing(g.acme->ledger, serial, &s, &f));
	s.state = STANDING_HELD;
	s.log_index = s.issued_index - 1; /* the token's entry: no entry of a hold */
	ck_assert(ledger_put_standing(g.acme->ledger, serial, &s, &f));
	ground_commit(g.acme->ledger);
	finds(" 4:standing 4:state_entry");
	ck_assert(log_append(
	    g.acme->ledger, log_entry("certificate.held", &g.why), g.now_s, &s.log_index, &f));
	ck_assert(ledger_put_standing(g.acme->ledger, serial, &s, &f));
	ground_commit(g.acme->ledger);
	finds(" 4:standing");
	s.state = STANDING_GOOD;
	ck_assert(ledger_put_standing(g.acme->ledger, serial, &s, &f));
	ground_revoke(&g, g.acme->ledger, serial, 4);
	finds(" 4:standing");
	ground_revoke(&g, g.platform->ledger, g.acme->a.serial, 1);
	finds(" 3:standing 4:standing");
	ground_revoke(&g, g.platform->ledger, g.region->a.serial, 1);
	finds(" 2:standing 3:standing 4:standing");
}
END_TEST

/* What ended a certificate is told by its own entry, or by a merge's; edition 1 knew that one
 * alone.
 */
START_TEST(what_tells_of_an_end)
{
	struct standing s;
	uint64_t index;

	ground_revoke(&g, g.acme->ledger, serial, 4);
	ck_assert(ledger_standing(g.acme->ledger, serial, &s, &f));
	index = s.issued_index;
	s.issued_index = s.log_index;
	ck_assert(ledger_put_standing(g.acme->ledger, serial, &s, &f));
	ground_commit(g.acme->ledger);
	finds(" 4:standing");
	s.issued_index = index;
	ck_assert(log_append(
	    g.acme->ledger, log_entry("ledger.merged", &g.why), g.now_s, &s.log_index, &f));
	ck_assert(ledger_put_standing(g.acme->ledger, serial, &s, &f));
	ground_commit(g.acme->ledger);
	finds(" 4:standing");
	ck_assert(log_append(
	    g.acme->ledger, log_entry("certificate.held", &g.why), g.now_s, &s.log_index, &f));
	ck_assert(ledger_put_standing(g.acme->ledger, serial, &s, &f));
	ground_commit(g.acme->ledger);
	finds(" 4:standing 4:state_entry");
}
END_TEST

/* A key that was burnt speaks against the certificate, not against the book. */
START_TEST(a_burnt_key)
{
	ground_revoke(&g, g.acme->ledger, serial, REASON_KEY_COMPROMISE);
	finds(" 4:standing 4:key_not_burnt");
}
END_TEST

START_TEST(a_key_that_another_claims)
{
	claim("zenith/printer/hp-1");
	finds(" 4:key_claimed");
	claim("acme/printer/hp-2");
	finds(" 4:key_claimed");
	claim(REVOKE_KEY_BURNT);
	finds(" 4:key_claimed");
}
END_TEST

START_TEST(out_of_its_time)
{
	g.now_s += profile_find("printer")->valid_s + 1;
	finds(" 4:valid_now 4:standing 4:libcrypto_agrees");
	g.now_s = GROUND_NOW_S + g.acme->a.not_after_s - GROUND_NOW_S + 1;
	finds(" 3:valid_now 3:standing 4:valid_now 4:standing 4:libcrypto_agrees");
	g.now_s = GROUND_NOW_S - 2 * 86400;
	finds(" 1:valid_now 2:valid_now 3:valid_now 4:valid_now 4:libcrypto_agrees");
}
END_TEST

static void
change_standing(void (*change)(struct standing *s))
{
	struct standing s;

	ck_assert(ledger_standing(g.acme->ledger, serial, &s, &f));
	change(&s);
	ck_assert(ledger_put_standing(g.acme->ledger, serial, &s, &f));
	ground_commit(g.acme->ledger);
}

static void
issued_by_another_entry(struct standing *s)
{
	s->issued_index--;
}

static void
issued_beyond_the_log(struct standing *s)
{
	s->issued_index = 1u << 20;
}

static void
other_enroller(struct standing *s)
{
	s->enroller[0] = 'O';
}

static void
other_how(struct standing *s)
{
	(void)snprintf(s->how, sizeof(s->how), "operator");
}

static void
other_assurance(struct standing *s)
{
	s->assurance = ASSURANCE_CEREMONY;
}

static void
other_name(struct standing *s)
{
	(void)snprintf(s->name, sizeof(s->name), "hp-2");
}

static void
other_profile(struct standing *s)
{
	(void)snprintf(s->profile, sizeof(s->profile), "phone");
}

static const struct {
	void (*change)(struct standing *s);
	const char *failing;
} changes[] = {
	{ issued_by_another_entry, " 4:issued_entry" },
	{ issued_beyond_the_log, " 4:issued_entry" },
	{ other_enroller, " 4:provenance" },
	{ other_how, " 4:provenance" },
	{ other_assurance, " 4:assurance" },
	{ other_name, " 4:name_ours 4:key_registered 4:key_claimed 4:evidence" },
	{ other_profile, " 4:purposes_exact 4:name_ours 4:key_registered 4:key_claimed" },
};

START_TEST(a_row_that_was_changed)
{
	change_standing(changes[_i].change);
	finds(changes[_i].failing);
}
END_TEST

static void
by_another(struct standing *s)
{
	(void)snprintf(s->enroller, sizeof(s->enroller), "mallory");
}

/* Who added a device is asked, also when nobody knows its profile any more. */
START_TEST(a_profile_that_is_gone)
{
	struct bytes bundle = { 0 };

	bytes_put_counted_text(&bundle, "operator.yaml");
	bytes_put_counted_text(&bundle, "name: operator\nask: []\n");
	bytes_put_counted_text(&bundle, "service.yaml");
	bytes_put_counted_text(&bundle, "name: service\npurposes: [clientAuth, serverAuth]\n");
	ck_assert_msg(profile_load(octets_bytes(&bundle), &f), "%s", f.text);
	bytes_free(&bundle);
	finds("");
	ck_assert_uint_gt(result.not_checked, 0);
	change_standing(by_another);
	finds(" 4:provenance");
}
END_TEST

START_TEST(a_row_that_is_missing)
{
	batch_remove(ledger_batch(g.acme->ledger), TABLE_SERIAL, octets_of(serial, sizeof(serial)));
	ground_commit(g.acme->ledger);
	finds(" 4:recorded");
}
END_TEST

/* The store's line of that index, with one text in place of another. */
static void
alter(struct ledger *l, uint64_t index, const char *from, const char *to)
{
	struct bytes line = { 0 };
	uint8_t at[8];
	struct octets changed;

	ck_assert(ledger_get(l, TABLE_LOG, octets_u64(index, at), &line, &f));
	changed = forge_patch(octets_bytes(&line), octets_text(from), octets_text(to));
	ledger_put(l, TABLE_LOG, octets_u64(index, at), changed);
	ground_commit(l);
	bytes_free(&line);
}

START_TEST(an_entry_that_was_altered)
{
	struct standing s;
	char hex[TBS_SERIAL_OCTETS * 2 + 1];

	ck_assert(ledger_standing(g.acme->ledger, serial, &s, &f));
	alter(g.acme->ledger, s.issued_index, "\"by\":\"ceremony\"", "\"by\":\"ceremonx\"");
	finds(" 4:issued_entry 4:log_tree");
	alter(g.acme->ledger, s.issued_index, "\"by\":\"ceremonx\"", "\"by\":\"ceremony\"");
	finds("");
	text_hex(serial, sizeof(serial), hex);
	alter(g.acme->ledger, s.issued_index, hex, "00000000000000000000000000000000");
	trees = (struct audit_trees){ .next = 0 };
	finds(" 4:issued_entry 4:log_tree");
}
END_TEST

/* What was read before is read again only by a new reader: entries themselves are always held. */
START_TEST(an_old_entry_that_was_altered)
{
	alter(g.acme->ledger, 0, "\"n\":0", "\"n\":1");
	finds(" 4:log_tree");
}
END_TEST

START_TEST(an_entry_that_is_gone)
{
	struct standing s;
	uint8_t at[8];

	ck_assert(ledger_standing(g.acme->ledger, serial, &s, &f));
	batch_remove(ledger_batch(g.acme->ledger), TABLE_LOG, octets_u64(s.issued_index, at));
	ground_commit(g.acme->ledger);
	/* the token's entry is the one before: what should name it is gone too */
	finds(" 4:issued_entry 4:log_tree 4:evidence");
}
END_TEST

START_TEST(a_log_that_became_shorter)
{
	struct bytes edge = { 0 };
	uint64_t read, size;

	ck_assert(ledger_get(g.acme->ledger, TABLE_META, octets_text("log"), &edge, &f));
	ck_assert(log_append(g.acme->ledger, log_entry("a", &g.why), g.now_s, NULL, &f));
	ground_commit(g.acme->ledger);
	ck_assert(audit_tree(&trees, g.acme->ledger, &read, &size, &f));
	ck_assert_uint_eq(read, size);
	ledger_put(g.acme->ledger, TABLE_META, octets_text("log"), octets_bytes(&edge));
	ground_commit(g.acme->ledger);
	ck_assert(!audit_tree(&trees, g.acme->ledger, &read, &size, &f));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	bytes_free(&edge);
}
END_TEST

/* Many logs take turns in few places, and each is read rightly. */
START_TEST(more_logs_than_places)
{
	uint64_t read, size;

	for (int round = 0; round < 2; round++)
		for (int i = 0; i < AUDIT_TREES + 2; i++) {
			char name[TEXT_LABEL_MAX];
			struct ledger *l;

			(void)snprintf(name, sizeof(name), "t%d", i);
			if (round == 0)
				(void)ground_tenant(&g, name, CONSTRAINTS_NONE);
			ck_assert(realm_ledger(g.realm, name, &l, &f));
			ck_assert(audit_tree(&trees, l, &read, &size, &f));
			ck_assert_uint_eq(read, size);
			ck_assert_uint_gt(size, 0);
		}
}
END_TEST

START_TEST(a_token_of_another_device)
{
	uint64_t index;

	make_token("hp-2", &index);
	finds(" 4:evidence");
}
END_TEST

START_TEST(a_tokens_entry)
{
	uint64_t index;

	make_token("hp-1", &index);
	finds("");
	alter(g.acme->ledger, index, TOKEN_ID, "ffffffff00112233");
	trees = (struct audit_trees){ .next = 0 };
	finds(" 4:log_tree 4:evidence");
}
END_TEST

START_TEST(a_token_that_nobody_made)
{
	struct provenance from = { .enroller = "operator:alice",
		.how = "token",
		.evidence = "0000000000000000",
		.at_s = g.now_s,
		.assurance = ASSURANCE_TOKEN };

	issue(&from, &leaf);
	finds(" 4:evidence");
	(void)snprintf(from.evidence, sizeof(from.evidence), "no id");
	issue(&from, &leaf);
	finds(" 4:evidence");
}
END_TEST

START_TEST(a_renewal)
{
	struct provenance from = { .enroller = "operator:alice",
		.how = "certificate",
		.at_s = g.now_s,
		.assurance = ASSURANCE_TOKEN };

	text_hex(serial, sizeof(serial), from.evidence);
	issue(&from, &leaf);
	finds("");
	(void)snprintf(from.evidence, sizeof(from.evidence), "00112233445566778899aabbccddeeff");
	issue(&from, &leaf);
	finds(" 4:evidence");
	(void)snprintf(from.evidence, sizeof(from.evidence), "00");
	issue(&from, &leaf);
	finds(" 4:evidence");
	text_hex(
	    ground_leaf(&g, g.acme, "printer", "other")->serial, TBS_SERIAL_OCTETS, from.evidence);
	issue(&from, &leaf);
	finds(" 4:evidence");
}
END_TEST

/* A request's row and the registrar's entry, as the signer makes them; leaf comes of it. */
static void
approve(struct petition *r, struct provenance *from)
{
	struct log_context why = g.why;
	struct json *e;

	*from = (struct provenance){ .enroller = "operator:bob",
		.how = "approval",
		.evidence = "0700000000000000",
		.at_s = g.now_s,
		.assurance = ASSURANCE_APPROVED };
	*r = (struct petition){ .state = PETITION_ISSUED,
		.way = ENROL_REQUEST,
		.key = { 7 },
		.device = { "acme", "printer", "hp-1" },
		.profile = "printer",
		.by = "operator:bob" };
	why.by = r->by;
	e = log_entry("enrolment.approved", &why);
	json_put_text(e, "request", from->evidence);
	ck_assert(log_append(g.acme->ledger, e, g.now_s, &r->decided_index, &f));
	issue(from, &leaf);
	memcpy(r->serial, serial, sizeof(serial));
	ck_assert(petition_put(g.acme->ledger, r, &f));
	ground_commit(g.acme->ledger);
}

static void
change_request(const struct petition *r)
{
	ck_assert(petition_put(g.acme->ledger, r, &f));
	ground_commit(g.acme->ledger);
}

START_TEST(an_approval)
{
	struct provenance from;
	struct petition r, other;

	approve(&r, &from);
	finds("");
	other = r;
	(void)snprintf(other.device.name, sizeof(other.device.name), "hp-2");
	change_request(&other);
	finds(" 4:evidence");
	other = r;
	(void)snprintf(other.by, sizeof(other.by), "operator:eve");
	change_request(&other);
	finds(" 4:evidence");
	other = r;
	other.serial[0] ^= 1; /* the key asked again: the row tells of that, and nothing is wrong */
	change_request(&other);
	finds("");
	change_request(&r);
	finds("");
	alter(g.acme->ledger, r.decided_index, "0700000000000000", "0700000000000001");
	trees = (struct audit_trees){ .next = 0 };
	finds(" 4:log_tree 4:evidence");
}
END_TEST

/* A device's row and its registrar's entry, as the signer makes them. */
static void
announce(struct device *d, const char *name, const char *by)
{
	struct log_context why = g.why;
	struct json *e;

	*d = (struct device){ .maker = "lexa",
		.serial = "SN/1",
		.is = { "acme", "printer", "" },
		.profile = "printer",
		.added_s = g.now_s };
	(void)snprintf(d->is.name, sizeof(d->is.name), "%s", name);
	(void)snprintf(d->by, sizeof(d->by), "%s", by);
	why.by = d->by;
	e = log_entry("device.registered", &why);
	json_put_text(e, "idevid", "lexa/SN/1");
	ck_assert(log_append(g.acme->ledger, e, g.now_s, &d->log_index, &f));
	ck_assert_msg(device_add(g.acme->ledger, d, &f), "%s", f.text);
	ground_commit(g.acme->ledger);
}

static void
withdraw(void)
{
	ck_assert(device_remove(g.acme->ledger, "lexa", "SN/1", &f));
	ground_commit(g.acme->ledger);
}

START_TEST(a_manufacturers_certificate)
{
	struct provenance from = { .enroller = "operator:bob",
		.how = "idevid",
		.evidence = "lexa/SN/1",
		.at_s = g.now_s,
		.assurance = ASSURANCE_IDEVID };
	struct device d;

	announce(&d, "hp-1", "operator:bob");
	issue(&from, &leaf);
	finds("");
	ck_assert_uint_eq(result.not_checked, 0);
	alter(g.acme->ledger, d.log_index, "lexa/SN/1", "lexa/SN/2");
	trees = (struct audit_trees){ .next = 0 };
	finds(" 4:log_tree 4:evidence");
	alter(g.acme->ledger, d.log_index, "lexa/SN/2", "lexa/SN/1");
	trees = (struct audit_trees){ .next = 0 };
	withdraw(); /* which is the registrar's right, and takes the proof along */
	finds("");
	ck_assert_uint_eq(result.not_checked, 1);
	announce(&d, "hp-2", "operator:bob");
	finds(" 4:evidence");
	withdraw();
	announce(&d, "hp-1", "operator:eve");
	finds(" 4:evidence");
	withdraw();
	g.now_s++;
	announce(&d, "hp-2", "operator:eve"); /* another registration than the one it came in by */
	finds("");
	ck_assert_uint_eq(result.not_checked, 1);
}
END_TEST

START_TEST(a_device_that_is_none)
{
	static const char *const none[] = { "", "lexa", "lexa/", "/SN", "SN 1/",
		"mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm/SN" };
	struct provenance from = { .enroller = "operator:bob",
		.how = "idevid",
		.at_s = g.now_s,
		.assurance = ASSURANCE_IDEVID };

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		bool named = i == 2 || i == 3 || i == 4;

		(void)snprintf(from.evidence, sizeof(from.evidence), "%s", none[i]);
		issue(&from, &leaf);
		finds(named ? "" : " 4:evidence");
		ck_assert_uint_eq(result.not_checked, named ? 1 : 0);
	}
}
END_TEST

START_TEST(an_approval_that_nobody_gave)
{
	struct provenance from;
	struct petition r;

	approve(&r, &from);
	(void)snprintf(from.evidence, sizeof(from.evidence), "0800000000000000");
	issue(&from, &leaf);
	finds(" 4:evidence");
	(void)snprintf(from.evidence, sizeof(from.evidence), "no id");
	issue(&from, &leaf);
	finds(" 4:evidence");
}
END_TEST

START_TEST(another_service)
{
	struct ground strange;

	ground_new(&strange);
	audit_der(octets_bytes(&strange.root->certificate));
	ck_assert_ptr_nonnull(strstr(result.failing, " 1:trusted"));
	ck_assert_ptr_nonnull(strstr(result.failing, " 1:recorded"));
	audit_der(octets_bytes(&strange.acme->certificate));
	ck_assert_ptr_nonnull(strstr(result.failing, ":recorded"));
	ck_assert_ptr_nonnull(strstr(result.failing, ":trusted"));
	ground_free(&strange);
}
END_TEST

/* Every CA that is shown as a leaf. */
START_TEST(cas_as_leaves)
{
	const struct issuer *cas[] = { g.acme, g.region };

	for (size_t i = 0; i < 2; i++) {
		audit_der(octets_bytes(&cas[i]->certificate));
		ck_assert_ptr_nonnull(strstr(result.failing, ":end_entity"));
		ck_assert_ptr_nonnull(strstr(result.failing, ":levels"));
	}
}
END_TEST

/* The whole of it, flipped bit by bit: nothing passes. */
START_TEST(every_flipped_bit)
{
	for (size_t bit = 0; bit < leaf.n * 8; bit += 7) {
		struct audit_chain c = { .n = 0 };

		leaf.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (audit_chain_add(&c, octets_bytes(&leaf), &f)) {
			audit(&c);
			ck_assert_msg(result.fails > 0, "bit %zu", bit);
		}
		audit_chain_free(&c);
		leaf.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	finds("");
}
END_TEST

/* From here on: the API. */

static void
serve(const char *method, const char *path, const char *query, struct octets body, unsigned status)
{
	exchange_free(&x);
	x = visit(FACE_LOCAL, method, path);
	x.query = octets_text(query);
	x.body = body;
	x.content_type = octets_text("application/json");
	ck_assert(api_serve(&api, &x));
	ck_assert_msg(x.status == status, "%s %s: %u %s", path, query, x.status, x.why);
	json_free(doc);
	doc = NULL;
	ck_assert(json_parse(octets_bytes(&x.reply), &doc, &f));
}

static int64_t
number(const struct json *j, const char *name)
{
	int64_t v;

	ck_assert(json_number(j, name, 0, INT64_MAX >> 11, -1, &v));
	return v;
}

START_TEST(a_chain_over_the_api)
{
	struct json *body = json_object();
	struct bytes pem = { 0 }, text = { 0 };
	const struct json *levels;

	ck_assert(cert_pem(octets_bytes(&leaf), &pem, &f));
	bytes_put_u8(&pem, 0);
	json_put_text(body, "chain", (const char *)pem.at);
	ck_assert(json_write(body, &text, &f));
	serve("POST", "/v1/audit", "", octets_bytes(&text), 200);
	ck_assert(json_true(doc, "ok"));
	ck_assert(!json_true(doc, "more"));
	ck_assert_int_eq(number(doc, "fails"), 0);
	ck_assert_int_gt(number(doc, "holds"), 100);
	levels = json_get(doc, "levels");
	ck_assert_uint_eq(json_count(levels), 4);
	ck_assert_str_eq(json_text(json_at(levels, 3), "subject"), "acme, printer, hp-1");
	ck_assert_str_eq(json_text(json_at(levels, 3), "from"), "file");
	ck_assert_str_eq(json_text(json_at(levels, 0), "from"), "records");
	json_put_text(body, "more", "x");
	bytes_clear(&text);
	ck_assert(json_write(body, &text, &f));
	serve("POST", "/v1/audit", "", octets_bytes(&text), 400);
	json_free(body);
	bytes_free(&pem);
	bytes_free(&text);
}
END_TEST

START_TEST(bodies_that_are_no_chain)
{
	const struct octets rows[] = { NONE, RAW("{}"), RAW("[]"), RAW("{\"chain\":1}"),
		RAW("{\"chain\":\"\"}"), RAW("{\"chain\":\"x\"}"), RAW("{\"chain\":\"x\"") };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		serve("POST", "/v1/audit", "", rows[i], 400);
	serve("GET", "/v1/audit", "", NONE, 405);
	serve("POST", "/v1/tenants/acme/audit", "", NONE, 405);
}
END_TEST

START_TEST(who_may_not_audit)
{
	static const char *const paths[] = { "/v1/audit", "/v1/tenants/acme/audit" };

	for (size_t i = 0; i < 2; i++) {
		const char *method = i == 0 ? "POST" : "GET", *tenant = i == 0 ? "" : "acme";

		x = visit(FACE_SECURE, method, paths[i]);
		ck_assert(api_serve(&api, &x));
		visit_refused(&x, tenant, "api.read", FAULT_AUTH, 401);
		exchange_free(&x);
		x = visit(FACE_SECURE, method, paths[i]);
		x.peer = octets_bytes(&leaf); /* an endpoint */
		ck_assert(api_serve(&api, &x));
		visit_refused(&x, tenant, "api.read", FAULT_DENIED, 403);
		exchange_free(&x);
	}
}
END_TEST

START_TEST(a_tenant_page_by_page)
{
	int64_t seen = 0;
	char query[80] = "limit=2";
	const char *next;

	(void)ground_leaf(&g, g.acme, "printer", "hp-2"); /* its evidence is no token's id */
	ground_revoke(&g, g.acme->ledger, serial, 4);
	do {
		serve("GET", "/v1/tenants/acme/audit", query, NONE, 200);
		seen += (int64_t)json_count(json_get(doc, "items"));
		ck_assert(json_true(json_get(doc, "log"), "ok"));
		ck_assert((json_get(doc, "above") != NULL) == (strcmp(query, "limit=2") == 0));
		for (size_t i = 0; i < json_count(json_get(doc, "items")); i++) {
			const struct json *one = json_at(json_get(doc, "items"), i);
			bool bad = strcmp(json_text(one, "name"), "hp-2") == 0;

			ck_assert_msg(json_true(one, "ok") == !bad, "%s", json_text(one, "name"));
			ck_assert_uint_eq(json_count(json_get(one, "findings")), bad ? 1 : 0);
		}
		next = json_text(doc, "next");
		if (next != NULL)
			(void)snprintf(query, sizeof(query), "limit=2&after=%s", next);
	} while (next != NULL);
	ck_assert_int_eq(seen, 4); /* two leaves, responder and log */
}
END_TEST

/* An older ledger of the platform was led on: it knows the tenant's newer CA no more. */
START_TEST(a_tenant_that_has_lost_a_ca)
{
	struct standing s;
	const struct json *items;
	size_t bad = 0;

	ck_assert(ledger_standing(g.acme->ledger, serial, &s, &f));
	memset(s.issuer, 0x5a, sizeof(s.issuer));
	ck_assert(ledger_put_standing(g.acme->ledger, serial, &s, &f));
	ground_commit(g.acme->ledger);
	serve("GET", "/v1/tenants/acme/audit", "limit=10", NONE, 200);
	items = json_get(doc, "items");
	ck_assert_uint_gt(json_count(items), 1);
	for (size_t i = 0; i < json_count(items); i++)
		bad += !json_true(json_at(items, i), "ok");
	ck_assert_uint_eq(bad, 1);
}
END_TEST

START_TEST(the_platforms_book)
{
	serve("GET", "/v1/tenants/platform/audit", "limit=200", NONE, 200);
	ck_assert_uint_gt(json_count(json_get(doc, "items")), 5);
	for (size_t i = 0; i < json_count(json_get(doc, "items")); i++) {
		const struct json *one = json_at(json_get(doc, "items"), i);

		ck_assert_msg(json_true(one, "ok"), "%s: %s", json_text(one, "name"),
		    json_text(json_at(json_get(one, "findings"), 0), "check"));
	}
	ck_assert(json_true(json_get(doc, "above"), "ok"));
}
END_TEST

START_TEST(pages_that_are_refused)
{
	static const char *const queries[] = { "limit=0", "limit=201", "limit=x", "limit=-1",
		"limit=1x", "after=x", "after=00", "after=00112233445566778899aabbccddeeff00" };

	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++)
		serve("GET", "/v1/tenants/acme/audit", queries[i], NONE, 400);
	serve("GET", "/v1/tenants/nobody/audit", "", NONE, 404);
}
END_TEST

/* The log is told of on every page, and a broken one fails the tenant. */
START_TEST(a_tenant_whose_log_is_broken)
{
	alter(g.acme->ledger, 1, "\"n\":1", "\"n\":2");
	serve("GET", "/v1/tenants/acme/audit", "limit=1", NONE, 200);
	ck_assert(!json_true(json_get(doc, "log"), "ok"));
	ck_assert_ptr_nonnull(json_text(json_get(doc, "log"), "text"));
}
END_TEST

static TCase *
chains(void)
{
	TCase *t = tcase_create("chains");

	tcase_add_test(t, a_chain_of_ours);
	tcase_add_test(t, any_order);
	tcase_add_test(t, more_than_a_chain);
	tcase_add_test(t, no_chain);
	tcase_add_test(t, revoked_and_held);
	tcase_add_test(t, what_tells_of_an_end);
	tcase_add_test(t, a_burnt_key);
	tcase_add_test(t, a_key_that_another_claims);
	tcase_add_test(t, out_of_its_time);
	tcase_add_loop_test(t, a_row_that_was_changed, 0, sizeof(changes) / sizeof(changes[0]));
	tcase_add_test(t, a_profile_that_is_gone);
	tcase_add_test(t, a_row_that_is_missing);
	tcase_add_test(t, an_entry_that_was_altered);
	tcase_add_test(t, an_old_entry_that_was_altered);
	tcase_add_test(t, an_entry_that_is_gone);
	tcase_add_test(t, a_log_that_became_shorter);
	tcase_add_test(t, more_logs_than_places);
	tcase_add_test(t, a_token_of_another_device);
	tcase_add_test(t, a_tokens_entry);
	tcase_add_test(t, a_token_that_nobody_made);
	tcase_add_test(t, a_renewal);
	tcase_add_test(t, an_approval);
	tcase_add_test(t, an_approval_that_nobody_gave);
	tcase_add_test(t, a_manufacturers_certificate);
	tcase_add_test(t, a_device_that_is_none);
	tcase_add_test(t, another_service);
	tcase_add_test(t, cas_as_leaves);
	tcase_add_test(t, every_flipped_bit);
	return t;
}

static TCase *
pages(void)
{
	TCase *t = tcase_create("pages");

	tcase_add_test(t, a_chain_over_the_api);
	tcase_add_test(t, bodies_that_are_no_chain);
	tcase_add_test(t, who_may_not_audit);
	tcase_add_test(t, a_tenant_page_by_page);
	tcase_add_test(t, a_tenant_that_has_lost_a_ca);
	tcase_add_test(t, the_platforms_book);
	tcase_add_test(t, pages_that_are_refused);
	tcase_add_test(t, a_tenant_whose_log_is_broken);
	return t;
}

int
main(void)
{
	Suite *s = suite_create("audit");
	TCase *t[] = { chains(), pages() };

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		tcase_add_checked_fixture(t[i], setup, teardown);
		tcase_set_timeout(t[i], 60); /* a loaded machine is no failure */
		suite_add_tcase(s, t[i]);
	}
	return run_suite(s);
}
