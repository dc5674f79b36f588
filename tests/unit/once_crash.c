/* tests/unit/once_crash.c - a write with an Idempotency-Key whose signer dies at any of its
 * commits: asked again it is done, once, and what is told of it is so. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ca/journal_check.h"
#include "ca/ledger_check.h"
#include "ca/level.h"
#include "ca/proposal.h"
#include "daemon/once.h"
#include "daemon/round.h"
#include "tests/unit/born.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

#define DIED     9
#define WENT_ON  0
#define DEATHS   40 /* more commits than any act has */
#define SERIAL_N (TBS_SERIAL_OCTETS * 2 + 1)

/* The store syncs by this name; the test's own stands before libc's. */
static unsigned die_at, syncs;

int
fdatasync(int fd)
{
	if (die_at != 0 && ++syncs == die_at)
		_exit(DIED);
	return (int)syscall(SYS_fdatasync, fd);
}

static struct ground g;
static const struct ground_cert *alice, *bob;
static struct signer s;
static struct round *d;
static struct line line;
static size_t lines = 1;
static struct fault f;

struct asked {
	uint16_t verb;
	const char *tenant, *object, *json;
	const char *act, *in; /* of the entry that log_index names, and whose log that is */
	const struct ground_cert *peer; /* NULL: the machine's own user */
	unsigned so_far;                /* entries of that act that stood there before */
	bool locks_out;                 /* whom it is told: nobody beneath the region any more */
};

struct told {
	uint16_t code;
	char text[4096];
};

static bool
is_done(const struct told *t)
{
	return t->code == 0 || (t->code & WIRE_DONE) != 0;
}

static void
setup(void)
{
	ground_new(&g);
	ground_commit(realm_platform(g.realm));
	s = (struct signer){ .self = g.why };
	ck_assert(secret_random(32, &s.token_key, &f));
	(void)snprintf(s.settings.data, sizeof(s.settings.data), "%.255s", g.dir);
	(void)snprintf(s.settings.two_person, sizeof(s.settings.two_person), "auto");
}

static void
teardown(void)
{
	secret_free(&s.token_key);
	ground_free(&g);
}

/* --- in a process of its own: a signer that starts, is asked once, and may die ---------------- */

static void
start(int *ret_asker)
{
	struct ledger *platform;
	int ends[2];

	ground_again(&g);
	s.realm = g.realm;
	s.keys = g.keys;
	s.journal = (struct journal){ .fd = -1 };
	if (!watch_start(&s, &f)) /* the ground lives in 2030 */
		realm_on_event(g.realm, journal_told, &s.journal);
	s.watch.newest_s = g.now_s;
	s.swept_s = g.now_s;
	g.journal = s.journal; /* the ground's keyring signs into it */
	realm_on_open(g.realm, signer_settle, &s);
	ck_assert(realm_ledger(g.realm, NAME_PLATFORM, &platform, &f));
	ck_assert(ipc_pair(ends, &f));
	line = (struct line){ .fd = ends[0], .from = FROM_EDGE };
	*ret_asker = ends[1];
	ck_assert_ptr_nonnull(d = calloc(1, sizeof(*d)));
	d->signer = &s;
	s.lines = d->lines = &line;
	s.lines_n = d->lines_n = &lines;
}

static void
ask(const struct asked *q, const char *key)
{
	struct wire_act a = { .source = "local" };
	struct round_job *r = &d->job[0];
	struct bytes body = { 0 };

	(void)snprintf(a.tenant, sizeof(a.tenant), "%s", q->tenant);
	a.object = octets_text(q->object);
	a.json = octets_text(q->json);
	a.key = octets_text(key);
	a.peer = q->peer == NULL ? octets_of(NULL, 0) : octets_bytes(&q->peer->der);
	wire_put_act(&a, &body);
	r->message = (struct message){ .id = 1, .verb = q->verb, .body = body, .fd = -1 };
	r->duty = round_duty(q->verb);
	r->line = &line;
	r->job = (struct errand){ .from = q->peer == NULL ? FROM_DESK : FROM_EDGE,
		.body = octets_bytes(&r->message.body),
		.now_s = g.now_s };
	r->job.who.kind = IDENTITY_NOBODY;
	r->job.sessions = &line.sessions;
	round_run(d, 1);
}

static void
say(void *with, const char *text)
{
	(void)with;
	(void)fprintf(stderr, "once_crash: %s\n", text);
}

static void
check_ledger(const char *tenant)
{
	const struct ledger_hearing to = { say, NULL, NULL };
	struct ledger_counts n = { .findings = 0 };
	struct ledger *l;

	ck_assert_msg(realm_ledger(g.realm, tenant, &l, &f), "%s", f.text);
	ck_assert(ledger_check(l, NULL, &to, &n, &f));
	ck_assert_uint_eq(n.findings, 0);
}

struct counting {
	const char *act;
	unsigned n;
};

static bool
count_one(void *with, struct octets key, struct octets value)
{
	struct counting *c = with;
	struct json *j;

	(void)key;
	ck_assert(json_parse(value, &j, &f));
	c->n += json_text(j, "act") != NULL && strcmp(json_text(j, "act"), c->act) == 0;
	json_free(j);
	return true;
}

/* The ledgers hold; the act stands in the log once, where it is said to stand. */
static void
is_so(const struct asked *q, const char *text)
{
	struct counting c = { .act = q->act };
	struct json *answer, *entry;
	const struct json *act;
	struct bytes row = { 0 };
	struct ledger *l;
	uint8_t key[8];
	int64_t index;

	check_ledger(NAME_PLATFORM);
	check_ledger("acme");
	ck_assert(json_parse(octets_text(text), &answer, &f));
	act = json_get(answer, "answer"); /* of an approval */
	ck_assert_msg(realm_ledger(g.realm, q->in, &l, &f), "%s", f.text);
	ck_assert(json_number(act == NULL ? answer : act, "log_index", 0, 1000000, -1, &index));
	ck_assert(ledger_get(l, TABLE_LOG, octets_u64((uint64_t)index, key), &row, &f));
	ck_assert(json_parse(octets_bytes(&row), &entry, &f));
	ck_assert_str_eq(json_text(entry, "act"), q->act);
	ck_assert(store_scan(
	    ledger_store(l), TABLE_LOG, octets_of(NULL, 0), SIZE_MAX, count_one, &c, &f));
	ck_assert_msg(c.n == q->so_far + 1, "%s: %u times", q->act, c.n);
	json_free(entry);
	json_free(answer);
	bytes_free(&row);
}

/* Who approved it is beneath the region, and may not ask any more: then both were done. */
static void
is_locked_out(const struct asked *q)
{
	struct bytes row = { 0 };
	struct authority region;
	struct proposal p;

	check_ledger(NAME_PLATFORM);
	ck_assert(level_region(g.realm, &region, &f));
	ck_assert(!realm_authority_good(g.realm, &region, g.now_s, &f));
	ck_assert(proposal_find(realm_platform(g.realm), q->object, &row, &p, &f));
	ck_assert_int_eq(p.state, PROPOSAL_APPROVED);
	bytes_free(&row);
}

static void
lives(const struct asked *q, const char *key, unsigned death, int out)
{
	struct message m = { .fd = -1 };
	struct told t = { .code = 0 };
	int asker;

	start(&asker);
	die_at = death;
	ask(q, key);
	die_at = 0;
	do
		ck_assert(ipc_recv(asker, &m, &f));
	while (m.verb == WIRE_CHANGED);
	t.code = m.code;
	ck_assert_uint_lt(m.body.n, sizeof(t.text));
	memcpy(t.text, m.body.at, m.body.n);
	if (q->act != NULL && is_done(&t))
		is_so(q, t.text);
	if (q->locks_out && t.code == FAULT_DENIED) {
		is_locked_out(q);
		t.code = WIRE_DONE | WIRE_REPEATED;
	}
	ck_assert_int_eq(write(out, &t, sizeof(t)), (ssize_t)sizeof(t));
	_exit(WENT_ON);
}

/* The status of a signer that is asked this, and what it said, if it came to that. */
static int
signer(const struct asked *q, const char *key, unsigned death, struct told *ret)
{
	int ends[2], status;
	ssize_t n;
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_ge(pid = fork(), 0);
	if (pid == 0) {
		lives(q, key, death, ends[1]);
		_exit(1);
	}
	(void)close(ends[1]);
	n = read(ends[0], ret, sizeof(*ret));
	(void)close(ends[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "a signer ended by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status) != DIED)
		ck_assert_int_eq(n, (ssize_t)sizeof(*ret));
	return WEXITSTATUS(status);
}

/* --- every death, each in a service of its own ------------------------------------------------ */

typedef void prepare(struct asked *q);

/* Where death n is one: asked again, it is done. False: there was no commit left to die at. */
static bool
survives(prepare *make, unsigned n)
{
	struct told t = { .code = 0 }, again = { .code = 0 };
	struct asked q = { .tenant = "", .object = "", .json = "{}" };
	int status;

	make(&q);
	if (g.realm != NULL)
		ground_shut(&g);
	status = signer(&q, "key", n, &t);
	ck_assert_msg(status == DIED || status == WENT_ON, "status %d", status);
	ck_assert_int_eq(signer(&q, "key", 0, &again), WENT_ON);
	ck_assert_msg(is_done(&again), "death %u: %u: %s", n, again.code, again.text);
	if (status == WENT_ON) {
		ck_assert_msg(is_done(&t), "%u: %s", t.code, t.text);
		ck_assert_uint_eq(again.code, t.code | WIRE_DONE | WIRE_REPEATED);
		ck_assert(q.locks_out || strcmp(again.text, t.text) == 0);
	}
	return status == DIED;
}

static void
all_deaths(prepare *make)
{
	unsigned n = 1;

	while (survives(make, n)) {
		ck_assert_uint_lt(n++, DEATHS);
		teardown();
		setup();
	}
	ck_assert_uint_gt(n, 1);
}

static const char *
hex_of(const uint8_t serial[static TBS_SERIAL_OCTETS], char to[static SERIAL_N])
{
	text_hex(serial, TBS_SERIAL_OCTETS, to);
	return to;
}

static void
suspend_tenant(struct asked *q)
{
	q->verb = WIRE_TENANT_SUSPEND;
	q->tenant = q->in = "acme";
	q->act = "tenant.suspended";
}

static void
resume_tenant(struct asked *q)
{
	ground_suspend(&g, LEVEL_TENANT, "acme", false);
	q->verb = WIRE_TENANT_RESUME;
	q->tenant = q->in = "acme";
	q->act = "tenant.resumed";
}

static void
suspend_region(struct asked *q)
{
	q->verb = WIRE_REGION_SUSPEND;
	q->object = "eu";
	q->act = "region.suspended";
	q->in = NAME_PLATFORM;
}

static void
make_tenant(struct asked *q)
{
	q->verb = WIRE_TENANT;
	q->json = "{\"name\":\"globex\"}";
	q->act = "tenant.created";
	q->so_far = 2;
	q->in = NAME_PLATFORM;
}

/* Of both, and each once. */
static void
roll_tenant_over(struct asked *q)
{
	q->verb = WIRE_ROLL;
	q->tenant = q->in = "acme";
	q->act = "tenant.rolled";
}

static void
revoke_ca(struct asked *q)
{
	static char serial[SERIAL_N];

	q->verb = WIRE_REVOKE;
	q->tenant = q->in = NAME_PLATFORM;
	q->object = hex_of(g.acme->a.serial, serial);
	q->json = "{\"reason\":\"keyCompromise\",\"confirm\":\"acme\"}";
	q->act = "certificate.revoked";
}

static void
revoke_leaf(struct asked *q)
{
	static char serial[SERIAL_N];

	q->object = hex_of(ground_leaf(&g, g.acme, "printer", "hp-1")->serial, serial);
	ground_commit(g.acme->ledger);
	q->verb = WIRE_REVOKE;
	q->tenant = q->in = "acme";
	q->json = "{\"reason\":\"keyCompromise\"}";
	q->act = "certificate.revoked";
}

static void
revoke_operator(struct asked *q)
{
	static char serial[SERIAL_N];

	q->object = hex_of(ground_operator(&g, "alice", ROLE_OFFICER)->serial, serial);
	ground_commit(realm_platform(g.realm));
	q->verb = WIRE_REVOKE;
	q->tenant = q->in = NAME_PLATFORM;
	q->json = "{\"reason\":\"keyCompromise\"}";
	q->act = "certificate.revoked";
}

static void
remove_endpoint(struct asked *q)
{
	(void)ground_leaf(&g, g.acme, "printer", "hp-1");
	ground_commit(g.acme->ledger);
	q->verb = WIRE_ENDPOINT_REMOVE;
	q->tenant = q->in = "acme";
	q->object = "printer/hp-1";
	q->json = "{\"reason\":\"keyCompromise\"}";
	q->act = "endpoint.removed";
}

/* Two ledgers have a row of it, and no commit comes before the round's. */
static void
add_maker(struct asked *q)
{
	static char json[4096];
	struct bytes der = { 0 }, text = { 0 };
	EVP_PKEY *key;
	X509 *root = born_ca("Root", NULL, NULL, &key);

	born_der(root, &der);
	text_base64(octets_bytes(&der), 0, &text);
	ck_assert_int_lt(
	    snprintf(json, sizeof(json), "{\"name\":\"lexa\",\"certificate\":\"%.*s\"}",
		(int)text.n, (const char *)text.at),
	    (int)sizeof(json));
	q->verb = WIRE_MAKER;
	q->tenant = q->in = "acme";
	q->json = json;
	q->act = "maker.added";
	bytes_free(&der);
	bytes_free(&text);
	X509_free(root);
	EVP_PKEY_free(key);
}

static void
remove_maker(struct asked *q)
{
	struct asked first = { .object = "" };
	struct told t = { .code = 0 };

	add_maker(&first);
	ground_shut(&g);
	ck_assert_int_eq(signer(&first, "added", 0, &t), WENT_ON);
	ck_assert_msg(is_done(&t), "%u: %s", t.code, t.text);
	q->verb = WIRE_MAKER_REMOVE;
	q->tenant = q->in = "acme";
	q->object = "lexa";
	q->act = "maker.removed";
}

/* What alice asks for waits; its id, for bob to approve. */
static void
ask_first(const struct asked *q, struct asked *approval)
{
	static char id[64];
	struct told t = { .code = 0 };
	struct json *j;

	ground_shut(&g);
	ck_assert_int_eq(signer(q, "asked", 0, &t), WENT_ON);
	ck_assert_msg(t.code == (WIRE_DONE | WIRE_WAITS), "%u: %s", t.code, t.text);
	ck_assert(json_parse(octets_text(t.text), &j, &f));
	(void)snprintf(id, sizeof(id), "%s", json_text(j, "id"));
	json_free(j);
	approval->verb = WIRE_ACT_APPROVE;
	approval->object = id;
	approval->peer = bob;
}

static void
two_officers(void)
{
	alice = ground_operator(&g, "alice", ROLE_OFFICER);
	bob = ground_operator(&g, "bob", ROLE_OFFICER);
	ground_commit(realm_platform(g.realm));
}

static void
approve_suspension(struct asked *q)
{
	struct asked first = {
		.verb = WIRE_REGION_SUSPEND, .tenant = "", .object = "eu", .json = "{}"
	};

	two_officers();
	first.peer = alice;
	ask_first(&first, q);
	q->act = "region.suspended";
	q->in = NAME_PLATFORM;
	q->locks_out = true;
}

static void
approve_redaction(struct asked *q)
{
	struct asked first = { .verb = WIRE_REDACT, .tenant = "acme", .object = "" };
	char json[128];
	uint64_t index;

	two_officers();
	ck_assert(
	    log_append(g.acme->ledger, log_entry("token.created", &g.why), g.now_s, &index, &f));
	ground_commit(g.acme->ledger);
	(void)snprintf(json, sizeof(json),
	    "{\"index\":%llu,\"reason\":\"by law\",\"order\":\"1 C 2/30\"}",
	    (unsigned long long)index);
	first.peer = alice;
	first.json = json;
	ask_first(&first, q);
	q->act = "entry.redacted";
	q->in = "acme";
}

static prepare *const acts[] = { suspend_tenant, resume_tenant, suspend_region, make_tenant,
	roll_tenant_over, revoke_ca, revoke_leaf, revoke_operator, remove_endpoint, add_maker,
	remove_maker, approve_suspension, approve_redaction };

START_TEST(asked_again_it_is_done_once)
{
	all_deaths(acts[_i]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("once_crash");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120); /* a loaded machine is no failure */
	tcase_add_loop_test(
	    t, asked_again_it_is_done_once, 0, (int)(sizeof(acts) / sizeof(acts[0])));
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
