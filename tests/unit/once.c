/* tests/unit/once.c - daemon/once.h and ca/repeat.h: a write that is sent twice, as rounds do it.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ca/journal_check.h"
#include "ca/staff.h"
#include "daemon/once.h"
#include "daemon/round.h"
#include "tests/unit/forge.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

static struct ground g;
static struct signer s;
static struct round *d;
static struct line line;
static size_t lines = 1;
static int asker; /* the other end of line */
static struct message answer;
static struct bytes first; /* the first answer of a test */
static struct fault f;

static void
setup(void)
{
	struct ledger *platform;
	int ends[2];

	ground_new(&g);
	(void)ground_tenant(&g, "globex", CONSTRAINTS_STRICT);
	journal_close(&g.journal);
	s = (struct signer){ .realm = g.realm, .keys = g.keys, .self = g.why };
	s.journal = (struct journal){ .fd = -1 };
	(void)snprintf(s.settings.data, sizeof(s.settings.data), "%.255s", g.dir);
	ck_assert(secret_random(32, &s.token_key, &f));
	if (!watch_start(&s, &f)) /* the ground lives in 2030 */
		realm_on_event(g.realm, journal_told, &s.journal);
	s.watch.newest_s = g.now_s;
	s.swept_s = g.now_s;
	g.journal = s.journal; /* the ground's keyring signs into it */
	realm_on_open(g.realm, signer_settle, &s);
	ck_assert(realm_ledger(g.realm, NAME_PLATFORM, &platform, &f));
	ck_assert(ipc_pair(ends, &f));
	line = (struct line){ .fd = ends[0], .from = FROM_EDGE };
	asker = ends[1];
	d = calloc(1, sizeof(*d));
	ck_assert_ptr_nonnull(d);
	d->signer = &s;
	s.lines = d->lines = &line;
	s.lines_n = d->lines_n = &lines;
	answer = (struct message){ .fd = -1 };
}

static void
teardown(void)
{
	for (size_t i = 0; i < ROUND_MAX; i++)
		bytes_free(&d->job[i].message.body);
	free(d);
	(void)close(line.fd);
	(void)close(asker);
	bytes_free(&line.sessions);
	bytes_free(&answer.body);
	bytes_free(&first);
	watch_stop(&s);
	secret_free(&s.token_key);
	forge_free();
	ground_free(&g);
}

/* The i-th job of a round. peer NULL: the machine's own user; key "": none. */
static void
ask(size_t i, uint16_t verb, const char *tenant, const char *object, const char *json,
    const char *key, const struct ground_cert *peer)
{
	struct wire_act a = { .source = "local" };
	struct round_job *r = &d->job[i];
	struct bytes body = { 0 };

	(void)snprintf(a.tenant, sizeof(a.tenant), "%s", tenant);
	a.object = octets_text(object);
	a.json = octets_text(json);
	a.key = octets_text(key);
	a.peer = peer == NULL ? octets_of(NULL, 0) : octets_bytes(&peer->der);
	wire_put_act(&a, &body);
	bytes_free(&r->message.body);
	r->message = (struct message){ .id = (uint32_t)i, .verb = verb, .body = body, .fd = -1 };
	r->duty = round_duty(verb);
	r->line = &line;
	r->job = (struct errand){ .from = peer == NULL ? FROM_DESK : FROM_EDGE,
		.body = octets_bytes(&r->message.body),
		.now_s = g.now_s };
	r->job.who.kind = IDENTITY_NOBODY;
	r->job.sessions = &line.sessions;
}

static void
ask_token(size_t i, const char *tenant, const char *device, const char *key)
{
	char json[128];

	(void)snprintf(json, sizeof(json), "{\"device\":\"%s\"}", device);
	ask(i, WIRE_TOKEN, tenant, "", json, key, NULL);
}

static unsigned
answered(void)
{
	do
		ck_assert_msg(ipc_recv(asker, &answer, &f), "%s", f.text);
	while (answer.verb == WIRE_CHANGED); /* told before the answers */
	return answer.code;
}

#define IS(want)                                                                                   \
	do {                                                                                       \
		unsigned code = answered();                                                        \
		ck_assert_msg(code == (want), "%u: %.*s", code, (int)answer.body.n,                \
		    (const char *)answer.body.at);                                                 \
	} while (0)

static void
remember(void)
{
	bytes_clear(&first);
	bytes_put_octets(&first, octets_bytes(&answer.body));
}

/* It was done before, and this is what was said then. */
static void
is_repeated(void)
{
	IS(WIRE_DONE | WIRE_REPEATED);
	ck_assert(octets_same(octets_bytes(&first), octets_bytes(&answer.body)));
}

struct counting {
	const char *words;
	size_t n;
};

static bool
count(void *with, struct octets key, struct octets value)
{
	struct counting *c = with;

	(void)key;
	c->n += memmem(value.at, value.n, c->words, strlen(c->words)) != NULL;
	return true;
}

static size_t
rows(const char *tenant, enum ledger_table table, const char *words)
{
	struct counting c = { words, 0 };
	struct ledger *l;

	ck_assert(realm_ledger(g.realm, tenant, &l, &f));
	ck_assert(store_scan(ledger_store(l), table, octets_of(NULL, 0), SIZE_MAX, count, &c, &f));
	return c.n;
}

START_TEST(the_same_again)
{
	ask_token(0, "acme", "hp-1", "k");
	round_run(d, 1);
	IS(0);
	remember();
	for (size_t i = 0; i < 3; i++) {
		g.now_s += 3600;
		ask_token(0, "acme", "hp-1", "k");
		round_run(d, 1);
		is_repeated();
	}
	ck_assert_uint_eq(rows("acme", TABLE_LOG, "token.created"), 1);
	ask_token(0, "acme", "hp-1", ""); /* without a key each is its own */
	round_run(d, 1);
	IS(0);
	ck_assert_uint_eq(rows("acme", TABLE_LOG, "token.created"), 2);
}
END_TEST

START_TEST(twins_of_one_round)
{
	ask_token(0, "acme", "hp-1", "k");
	ask_token(1, "acme", "hp-1", "k");
	ask_token(2, "acme", "hp-2", "k");
	round_run(d, 3);
	IS(0);
	remember();
	is_repeated();
	IS(FAULT_REUSED);
	ck_assert_uint_eq(rows("acme", TABLE_LOG, "token.created"), 1);
}
END_TEST

/* What is judged before it acts must not be judged twice. */
START_TEST(twins_that_are_certified)
{
	struct bytes text = { 0 }, json = { 0 };

	text_base64(forge_request(&(struct forge){ .key = NULL }), 0, &text);
	bytes_put_u8(&text, 0);
	bytes_put_fmt(&json, "{\"name\":\"olga\",\"role\":\"officer\",\"csr\":\"%s\"}",
	    (const char *)text.at);
	bytes_put_u8(&json, 0);
	for (size_t i = 0; i < 3; i++)
		ask(i, WIRE_OPERATOR, "", "", (const char *)json.at, i == 2 ? "" : "k", NULL);
	round_run(d, 3);
	IS(0);
	remember();
	is_repeated();
	IS(FAULT_CONFLICT); /* without the key it is another request */
	ask(0, WIRE_OPERATOR, "", "", (const char *)json.at, "k", NULL);
	round_run(d, 1);
	is_repeated();
	ck_assert_uint_eq(rows(NAME_PLATFORM, TABLE_LOG, "operator.added"), 1);
	bytes_free(&text);
	bytes_free(&json);
}
END_TEST

START_TEST(another_request_under_the_key)
{
	ask_token(0, "acme", "hp-1", "k");
	round_run(d, 1);
	IS(0);
	ask_token(0, "acme", "hp-2", "k");   /* another body */
	ask_token(1, "globex", "hp-1", "k"); /* another path */
	ask(2, WIRE_TOKEN_REVOKE, "acme", "0123456789abcdef", "", "k", NULL);
	ask(3, WIRE_TENANT, "", "", "{\"device\":\"hp-1\"}", "k", NULL);
	ask_token(4, "acme", "hp-1", "K"); /* another key */
	round_run(d, 5);
	for (size_t i = 0; i < 4; i++)
		IS(FAULT_REUSED);
	IS(0);
	ck_assert_uint_eq(rows("globex", TABLE_LOG, "token.created"), 0);
}
END_TEST

START_TEST(each_asker_has_keys_of_its_own)
{
	const struct ground_cert *rita = ground_operator(&g, "rita", ROLE_REGISTRAR);
	struct ledger *platform = realm_platform(g.realm);
	struct staff o;

	ask(0, WIRE_TOKEN, "acme", "", "{\"device\":\"hp-1\"}", "k", rita);
	ask_token(1, "acme", "hp-1", "k");
	round_run(d, 2);
	IS(0);
	remember();
	IS(0);
	ck_assert_uint_eq(rows("acme", TABLE_LOG, "token.created"), 2);
	ask(0, WIRE_TOKEN, "acme", "", "{\"device\":\"hp-1\"}", "k", rita);
	round_run(d, 1);
	is_repeated();
	/* The same handle, given to another: what was said to the one is not said to the other. */
	ck_assert(staff_find(platform, "rita", &o, &f));
	o.since = 99;
	staff_put(platform, &o);
	ground_commit(platform);
	ask(0, WIRE_TOKEN, "acme", "", "{\"device\":\"hp-1\"}", "k", rita);
	round_run(d, 1);
	IS(0);
	/* Who may not any more is told nothing. */
	o.role = ROLE_AUDITOR;
	staff_put(platform, &o);
	ground_commit(platform);
	ask(0, WIRE_TOKEN, "acme", "", "{\"device\":\"hp-1\"}", "k", rita);
	round_run(d, 1);
	IS(FAULT_DENIED);
}
END_TEST

START_TEST(a_refusal_is_not_kept)
{
	ask_token(0, "acme", "no name", "k");
	round_run(d, 1);
	IS(FAULT_BADREQ);
	ask_token(0, "acme", "hp-1", "k");
	round_run(d, 1);
	IS(0);
}
END_TEST

/* A token, and what no commit takes. */
static bool
token_in_vain(struct signer *signer, struct errand *j, struct fault *why)
{
	struct ledger *l;

	if (!duty_token(signer, j, why) || !realm_ledger(signer->realm, "acme", &l, why))
		return false;
	batch_add(ledger_batch(l), TABLE_META, octets_text(LOG_META),
	    octets_text("there already: the commit fails"));
	return true;
}

/* The ledger could not be written: neither act nor answer is there, and nobody is told otherwise.
 */
START_TEST(both_or_neither)
{
	struct duty spoiled = *round_duty(WIRE_TOKEN);

	spoiled.act = token_in_vain;
	ask_token(0, "acme", "hp-1", "k");
	ask_token(1, "acme", "hp-1", "k");
	d->job[0].duty = &spoiled;
	round_run(d, 2);
	IS(FAULT_BUSY);
	IS(FAULT_BUSY);
	ck_assert_uint_eq(rows("acme", TABLE_LOG, "token.created"), 0);
	ask_token(0, "acme", "hp-1", "k");
	round_run(d, 1);
	IS(0);
	ck_assert_uint_eq(rows("acme", TABLE_LOG, "token.created"), 1);
}
END_TEST

START_TEST(a_day)
{
	size_t before;

	ask_token(0, "acme", "hp-1", "k");
	round_run(d, 1);
	IS(0);
	before = rows("acme", TABLE_REPEAT, "");
	ck_assert_uint_eq(before, 2);
	g.now_s += REPEAT_KEPT_S - 1;
	ask_token(0, "acme", "hp-2", "k");
	round_run(d, 1);
	IS(FAULT_REUSED);
	g.now_s += 1;
	ask_token(0, "acme", "hp-2", "k");
	round_run(d, 1);
	IS(0);
	g.now_s += 61;
	ask_token(0, "acme", "hp-3", "k-2"); /* a round sweeps what is past its day */
	round_run(d, 1);
	IS(0);
	ck_assert_uint_eq(rows("acme", TABLE_REPEAT, ""), 4); /* two keys, each with its end */
	ask_token(0, "acme", "hp-2", "k"); /* the younger one under the same key stayed */
	round_run(d, 1);
	IS(WIRE_DONE | WIRE_REPEATED);
}
END_TEST

START_TEST(secrets_are_sealed)
{
	struct json *j;

	ask_token(0, "acme", "hp-1", "k");
	round_run(d, 1);
	IS(0);
	ck_assert(json_parse(octets_bytes(&answer.body), &j, &f));
	ck_assert_uint_eq(rows("acme", TABLE_REPEAT, json_text(j, "secret")), 0);
	ck_assert_uint_eq(rows(NAME_PLATFORM, TABLE_REPEAT, json_text(j, "secret")), 0);
	ck_assert_uint_eq(rows("acme", TABLE_REPEAT, "hp-1"), 0);
	json_free(j);
	s.token_key.at[0] ^= 1; /* another service's key */
	ask_token(0, "acme", "hp-1", "k");
	round_run(d, 1);
	IS(FAULT_CONFLICT);
	ck_assert_uint_eq(rows("acme", TABLE_LOG, "token.created"), 1);
}
END_TEST

START_TEST(so_many_a_day)
{
	const struct ground_cert *leaf = ground_leaf(&g, g.acme, "printer", "hp-9");
	struct ledger *platform = realm_platform(g.realm);
	char serial[TBS_SERIAL_OCTETS * 2 + 1];
	struct bytes row = { 0 };
	struct repeat r;
	uint8_t key[1 + REPEAT_OCTETS] = { 3 };

	text_hex(leaf->serial, sizeof(leaf->serial), serial);
	repeat_of("local#0", octets_text("k"), octets_text(""), &r);
	memcpy(key + 1, r.asker, sizeof(r.asker));
	bytes_put_u32(&row, (uint32_t)(g.now_s / 86400));
	bytes_put_u32(&row, REPEAT_A_DAY);
	ledger_put(platform, TABLE_REPEAT, octets_of(key, sizeof(key)), octets_bytes(&row));
	ground_commit(platform);
	ask_token(0, "acme", "hp-1", "k");
	ask_token(1, "acme", "hp-1", "");
	ask(2, WIRE_REVOKE, "acme", serial, "{}", "k", NULL); /* what stops something is done */
	round_run(d, 3);
	IS(FAULT_OFTEN);
	IS(0);
	IS(0);
	g.now_s += 86400;
	ask_token(0, "acme", "hp-1", "k");
	round_run(d, 1);
	IS(0);
	bytes_free(&row);
}
END_TEST

/* Rows that nobody could have written do no harm. */
START_TEST(rows_that_are_none)
{
	struct ledger *platform = realm_platform(g.realm);
	static const uint8_t keys[][3] = { { 1, 0, 0 }, { 2, 0, 0 }, { 9, 1, 2 } };
	struct repeat r;
	struct bytes out = { 0 };
	uint8_t slot[1 + REPEAT_OCTETS] = { 1 };
	bool found;
	uint16_t how;
	size_t n;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		ledger_put(platform, TABLE_REPEAT, octets_of(keys[i], 3), octets_text("x"));
	repeat_of("local#0", octets_text("k"), octets_text(""), &r);
	memcpy(slot + 1, r.slot, sizeof(r.slot));
	ledger_put(platform, TABLE_REPEAT, octets_of(slot, sizeof(slot)), octets_text("\1\2"));
	ground_commit(platform);
	ck_assert(repeat_find(platform, NULL, &r, g.now_s, &found, &how, &out, &f));
	ck_assert(!found);
	ck_assert(repeat_sweep(platform, g.now_s, &n, &f));
	ck_assert_uint_eq(n, 0);
	bytes_free(&out);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("once");
	TCase *t = tcase_create("once");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, the_same_again);
	tcase_add_test(t, twins_of_one_round);
	tcase_add_test(t, twins_that_are_certified);
	tcase_add_test(t, another_request_under_the_key);
	tcase_add_test(t, each_asker_has_keys_of_its_own);
	tcase_add_test(t, a_refusal_is_not_kept);
	tcase_add_test(t, both_or_neither);
	tcase_add_test(t, a_day);
	tcase_add_test(t, secrets_are_sealed);
	tcase_add_test(t, so_many_a_day);
	tcase_add_test(t, rows_that_are_none);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
