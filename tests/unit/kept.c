/* tests/unit/kept.c - ocsp/kept.h: no ready answer is older than the last committed revocation, in
 * any process; and base/store.h's editions, on which that stands. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ca/revoke.h"
#include "ocsp/kept.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

#define EDGES   3
#define CHANGES 1000

/* Another process that keeps answers: it is told a folder, and then asked by number. */
struct edge {
	pid_t pid;
	int to, from;
};

static struct fault f;

static void
serial_of(unsigned i, uint8_t to[static TBS_SERIAL_OCTETS])
{
	memset(to, 0x11, TBS_SERIAL_OCTETS);
	to[1] = (uint8_t)(i >> 8);
	to[2] = (uint8_t)i;
}

/* Keep what the ledger says of all; then answer each number with whether it holds. */
static void
edge_run(int in, int out)
{
	static struct kept_seen seen[CHANGES];
	struct realm *r;
	struct authority issuer;
	char data[512];
	uint16_t n;
	uint8_t ok = 1;

	if (read(in, data, sizeof(data)) != sizeof(data) ||
	    read(in, &issuer, sizeof(issuer)) != sizeof(issuer) ||
	    !realm_open(data, STORE_READ, &r, &f))
		_exit(1);
	for (unsigned i = 0; i < CHANGES; i++) {
		seen[i].issuer = issuer;
		serial_of(i, seen[i].serial);
		ok &= kept_see(r, &seen[i]);
	}
	while (write(out, &ok, 1) == 1 && read(in, &n, sizeof(n)) == sizeof(n))
		ok = kept_holds(r, &seen[n]);
	realm_close(r);
	_exit(0);
}

static void
edge_start(struct edge *e)
{
	int to[2], from[2];

	ck_assert_int_eq(pipe(to), 0);
	ck_assert_int_eq(pipe(from), 0);
	e->pid = fork();
	ck_assert_int_ge(e->pid, 0);
	if (e->pid == 0) {
		(void)close(to[1]);
		(void)close(from[0]);
		edge_run(to[0], from[1]);
	}
	(void)close(to[0]);
	(void)close(from[1]);
	e->to = to[1];
	e->from = from[0];
}

static bool
edge_said(const struct edge *e)
{
	uint8_t ok = 0;

	ck_assert_int_eq(read(e->from, &ok, 1), 1);
	return ok != 0;
}

static bool
edge_holds(const struct edge *e, unsigned i)
{
	uint16_t n = (uint16_t)i;

	ck_assert_int_eq(write(e->to, &n, sizeof(n)), sizeof(n));
	return edge_said(e);
}

/* A row as that of an issued certificate; what counts is its state. */
static struct standing
row(const struct ground *g, enum standing_state state, uint64_t entry)
{
	struct standing s = { .state = state,
		.id = LEDGER_NO_CERTIFICATE,
		.not_before_s = g->now_s,
		.not_after_s = g->now_s + 86400,
		.changed_s = g->now_s,
		.log_index = entry };

	memcpy(s.issuer, g->acme->a.key_id, sizeof(s.issuer));
	return s;
}

static void
issue_all(struct ground *g)
{
	struct standing s = row(g, STANDING_GOOD, 1);
	uint8_t serial[TBS_SERIAL_OCTETS];

	for (unsigned i = 0; i < CHANGES; i++) {
		serial_of(i, serial);
		ck_assert(ledger_add_standing(g->acme->ledger, serial, &s, &f));
	}
	ground_commit(g->acme->ledger);
}

static void
change(struct ground *g, unsigned i, enum standing_state state)
{
	struct standing s = row(g, state, 2 + i);
	uint8_t serial[TBS_SERIAL_OCTETS];

	serial_of(i, serial);
	ck_assert(ledger_put_standing(g->acme->ledger, serial, &s, &f));
	ground_commit(g->acme->ledger);
}

static void
tell(const struct edge *e, const struct ground *g)
{
	char data[512] = { 0 };

	(void)snprintf(data, sizeof(data), "%s", realm_data(g->realm));
	ck_assert_int_eq(write(e->to, data, sizeof(data)), sizeof(data));
	ck_assert_int_eq(write(e->to, &g->acme->a, sizeof(g->acme->a)), sizeof(g->acme->a));
	ck_assert_msg(edge_said(e), "another process sees what was issued");
}

/* The processes are there before anything is open: none may use what it had before a fork. */
START_TEST(each_revocation_counts_at_once_in_each_process)
{
	struct edge edge[EDGES];
	struct ground g;
	int status;

	for (size_t i = 0; i < EDGES; i++)
		edge_start(&edge[i]);
	ground_new(&g);
	issue_all(&g);
	for (size_t i = 0; i < EDGES; i++)
		tell(&edge[i], &g);
	for (unsigned n = 0; n < CHANGES; n++) {
		change(&g, n, STANDING_REVOKED);
		for (size_t i = 0; i < EDGES; i++) {
			ck_assert_msg(!edge_holds(&edge[i], n), "revocation %u", n);
			if (n + 1 < CHANGES)
				ck_assert_msg(edge_holds(&edge[i], n + 1), "beside %u", n);
		}
	}
	for (size_t i = 0; i < EDGES; i++)
		(void)close(edge[i].to); /* all first: each has the ends of those before it */
	for (size_t i = 0; i < EDGES; i++) {
		(void)close(edge[i].from);
		ck_assert_int_eq(waitpid(edge[i].pid, &status, 0), edge[i].pid);
		ck_assert_int_eq(status, 0);
	}
	ground_free(&g);
}
END_TEST

static struct ground g;

static void
setup(void)
{
	ground_new(&g);
	f = (struct fault){ 0 };
}

static void
teardown(void)
{
	ground_free(&g);
}

START_TEST(an_edition_goes_up_with_each_commit)
{
	struct store *s = ledger_store(g.acme->ledger);
	uint64_t first = store_edition(s), second;

	ck_assert_uint_ne(first, 0);
	ck_assert(store_is_at(s, first));
	ck_assert_uint_eq(store_edition(s), first); /* reading changes nothing */
	issue_all(&g);
	ck_assert(!store_is_at(s, first));
	second = store_edition(s);
	ck_assert_uint_gt(second, first);
	ck_assert(store_is_at(s, second));
	ck_assert(!store_is_at(s, first));
	ck_assert(!store_is_at(s, second + 1));
	ck_assert(!store_is_at(s, 0)); /* what could not be told is never so */
}
END_TEST

START_TEST(a_seen_one)
{
	struct kept_seen s = { .issuer = g.acme->a }, strange = { .issuer = g.acme->a };

	issue_all(&g);
	serial_of(7, s.serial);
	ck_assert(!kept_see(g.realm, &strange)); /* of no certificate */
	ck_assert(kept_see(g.realm, &s));
	ck_assert_int_eq(s.state, STANDING_GOOD);
	ck_assert(kept_holds(g.realm, &s));
	change(&g, 8, STANDING_REVOKED);
	ck_assert(kept_holds(g.realm, &s));
	change(&g, 7, STANDING_HELD);
	ck_assert(!kept_holds(g.realm, &s));
	change(&g, 7, STANDING_GOOD); /* within the same second: another entry */
	ck_assert(!kept_holds(g.realm, &s));
	ck_assert(kept_see(g.realm, &s));
	ground_suspend(&g, LEVEL_REGION, "eu", false);
	ck_assert(!kept_holds(g.realm, &s));
	memset(s.issuer.label, 'x', 8);
	ck_assert(!kept_see(g.realm, &s)); /* nobody's ledger */
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("kept");
	TCase *alone = tcase_create("processes"), *t = tcase_create("one");

	tcase_set_timeout(alone, 300);
	tcase_add_test(alone, each_revocation_counts_at_once_in_each_process);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, an_edition_goes_up_with_each_commit);
	tcase_add_test(t, a_seen_one);
	suite_add_tcase(s, alone);
	suite_add_tcase(s, t);
	return run_suite(s);
}
