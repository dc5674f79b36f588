/* tests/unit/events.c - GET /v1/events: each entry once, whoever breaks off; no more than may be
 * read. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/log.h"
#include "ca/revoke.h"
#include "daemon/api.h"
#include "daemon/sse.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"
#include "tests/unit/visit.h"

#define EVENTS    "/v1/events"
#define FOUR      "&act=a&act=a&act=a&act=a"
#define SEVENTEEN "tenant=acme&act=a" FOUR FOUR FOUR FOUR

static struct ground g;
static struct api api;
static struct exchange x;
static const struct ground_cert *alice;
static struct sse sse;
static char ids[65536]; /* of the events that were heard, a space behind each */
static size_t heard, largest;
static struct fault f;

static int64_t
now(void)
{
	return g.now_s;
}

static void
setup(void)
{
	ground_new(&g);
	api = (struct api){ .realm = g.realm, .now_s = now };
	alice = ground_operator(&g, "alice", ROLE_AUDITOR);
	x = (struct exchange){ .status = 0 };
	sse = sse_begin();
	ids[0] = '\0';
	heard = largest = 0;
}

static void
leave(void)
{
	if (x.over != NULL)
		x.over(&x);
	exchange_free(&x);
	x = (struct exchange){ .status = 0 };
}

static void
teardown(void)
{
	leave();
	ck_assert_ptr_null(api.streams);
	sse_free(&sse);
	ground_free(&g);
}

static void
act(struct ledger *l, const char *what, unsigned n)
{
	while (n-- > 0) {
		struct json *e = log_entry(what, &g.why);

		json_put_octets(e, "said", octets_text("\r\n\r\ndata: forged\x1b[31m\xe2\x80\xae"));
		ck_assert_msg(log_append(l, e, g.now_s, NULL, &f), "%s", f.text);
	}
	ground_commit(l);
}

static void
open_as(const struct ground_cert *who, const char *query, struct octets last)
{
	leave();
	x = visit(FACE_SECURE, "GET", EVENTS);
	x.query = octets_text(query);
	x.peer = octets_bytes(&who->der);
	x.last_event_id = last;
	ck_assert(api_serve(&api, &x));
}

static bool
note(void *with, const struct sse_event *e, struct fault *why)
{
	struct json *j = NULL;
	size_t n = strlen(ids);

	(void)with;
	ck_assert_msg(json_parse(e->data, &j, why), "%s", why->text);
	ck_assert(octets_same(e->event, octets_text(json_text(j, "act"))));
	json_free(j);
	ck_assert_uint_lt(n + e->id.n + 2, sizeof(ids));
	(void)snprintf(ids + n, sizeof(ids) - n, "%.*s ", (int)e->id.n, (const char *)e->id.at);
	heard++;
	return true;
}

/* What is in the reply; then it is emptied, as when it has left. */
static void
hear(void)
{
	if (x.reply.n > largest)
		largest = x.reply.n;
	ck_assert_msg(sse_take(&sse, octets_bytes(&x.reply), note, NULL, &f), "%s", f.text);
	bytes_clear(&x.reply);
}

/* Until there is nothing more to say. */
static void
hear_all(void)
{
	hear();
	for (unsigned quiet = 0; quiet < 3;) { /* of several logs each is first in its turn */
		ck_assert(x.pull(&x));
		quiet = x.reply.n == 0 ? quiet + 1 : 0;
		hear();
	}
}

static void
begin(const char *query)
{
	open_as(alice, query, octets_of(NULL, 0));
	ck_assert_uint_eq(x.status, 200);
	ck_assert_str_eq(x.type, "text/event-stream");
	ck_assert(x.pull != NULL);
}

static void
again(const char *query)
{
	struct bytes last = { 0 };

	bytes_put_octets(&last, octets_bytes(&sse.id));
	sse_again(&sse);
	open_as(alice, query, octets_bytes(&last));
	ck_assert_uint_eq(x.status, 200);
	x.last_event_id = octets_of(NULL, 0);
	bytes_free(&last);
}

START_TEST(begins_now_and_tells_each_once)
{
	begin("tenant=acme");
	hear_all();
	ck_assert_uint_eq(heard, 0);
	act(g.acme->ledger, "one.act", 2);
	hear_all();
	act(g.acme->ledger, "one.act", 1);
	act(g.platform->ledger, "other.act", 1);
	hear_all();
	ck_assert_uint_eq(heard, 3);
}
END_TEST

START_TEST(goes_on_where_it_broke_off)
{
	struct log_edge edge;
	char want[128];

	ck_assert(log_edge_read(g.acme->ledger, &edge, &f));
	begin("tenant=acme");
	hear(); /* the place alone, before there was any event */
	act(g.acme->ledger, "one.act", 1);
	again("tenant=acme");
	hear_all();
	act(g.acme->ledger, "one.act", 1);
	act(g.acme->ledger, "one.act", 1);
	again("tenant=acme");
	hear_all();
	(void)snprintf(want, sizeof(want), "acme:%" PRIu64 " acme:%" PRIu64 " acme:%" PRIu64 " ",
	    edge.size + 1, edge.size + 2, edge.size + 3);
	ck_assert_str_eq(ids, want);
}
END_TEST

START_TEST(begins_at_an_index)
{
	struct log_edge edge;

	ck_assert(log_edge_read(g.acme->ledger, &edge, &f));
	begin("tenant=acme&after=0");
	hear_all();
	ck_assert_uint_eq(heard, edge.size);
	ck_assert_int_eq(strncmp(ids, "acme:1 acme:2 ", 14), 0);
}
END_TEST

/* All there are, and those to come from their first entry on; broken off between any two. */
START_TEST(all_tenants_without_a_name)
{
	const struct issuer *beta;
	struct log_edge edge;

	begin("");
	hear_all();
	act(g.acme->ledger, "one.act", 2);
	act(g.platform->ledger, "two.act", 1);
	hear_all();
	ck_assert_uint_eq(heard, 3);
	beta = ground_tenant(&g, "beta", CONSTRAINTS_STRICT);
	act(beta->ledger, "three.act", 1);
	again("");
	heard = 0;
	ids[0] = '\0';
	hear_all();
	ck_assert(log_edge_read(beta->ledger, &edge, &f));
	ck_assert_uint_gt(heard, edge.size); /* and what the platform's says of it */
	for (uint64_t n = 1; n <= edge.size; n++) {
		char id[32];

		(void)snprintf(id, sizeof(id), "beta:%" PRIu64 ",", n);
		ck_assert_ptr_nonnull(strstr(ids, id));
	}
	act(g.acme->ledger, "one.act", 1);
	heard = 0;
	again("");
	hear_all();
	ck_assert_uint_eq(heard, 1);
}
END_TEST

START_TEST(tells_what_is_asked_for)
{
	begin("tenant=acme&act=one.&act=three.act");
	act(g.acme->ledger, "one.act", 1);
	act(g.acme->ledger, "two.act", 1);
	act(g.acme->ledger, "three.act", 1);
	act(g.acme->ledger, "three", 1);
	hear_all();
	ck_assert_uint_eq(heard, 2);
}
END_TEST

START_TEST(a_piece_is_a_page)
{
	begin("tenant=acme");
	act(g.acme->ledger, "one.act", 2500);
	hear();
	for (unsigned pulls = 0; heard < 2500; pulls++) {
		ck_assert_uint_lt(pulls, 100);
		ck_assert(x.pull(&x));
		hear();
	}
	ck_assert_uint_lt(largest, 65536 + 2 * LOG_ENTRY_MAX);
	ck_assert_uint_gt(largest, 32768);
}
END_TEST

static void
refused(const char *query, const char *last, unsigned status)
{
	open_as(alice, query, octets_text(last));
	if (x.ask.verb != 0) /* the refusal is told to the log first */
		visit_answer(&x, 0, octets_of(NULL, 0));
	ck_assert_msg(x.status == status, "%s, %s: %u", query, last, x.status);
	ck_assert(x.pull == NULL);
	ck_assert_ptr_null(api.streams);
}

START_TEST(refuses_what_it_cannot_follow)
{
	static const char *const queries[] = { "tenant=acme&tenant=acme", "tenant=", "tenant=Acme",
		"tenant=%00", "after=0", "tenant=acme&tenant=platform&after=0",
		"tenant=acme&after=1000000", "tenant=acme&after=-1", "tenant=acme&after=1x",
		"tenant=acme&act=", SEVENTEEN };
	static const char *const places[] = { "x", "acme", "acme:", "acme:1,acme:2", "platform:1",
		"acme:1,platform:1", "acme:99999999999999999999", "acme:01", "acme:1 " };

	for (size_t i = 0; i < sizeof(queries) / sizeof(*queries); i++)
		refused(queries[i], "", 400);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		refused("tenant=acme", places[i], 400);
	refused("tenant=nobody", "", 404);
	refused("tenant=acme", "acme:1000000", 409); /* another log, or one that was put back */
}
END_TEST

/* Nobody but staff, and they no longer than they may. */
START_TEST(ends_with_the_right_to_read)
{
	const struct ground_cert *device = ground_leaf(&g, g.acme, "printer", "hp-1");

	open_as(device, "tenant=acme", octets_of(NULL, 0));
	ck_assert_uint_ne(x.status, 200);
	ck_assert(x.pull == NULL);
	begin("tenant=acme");
	act(g.acme->ledger, "one.act", 1);
	hear_all();
	act(g.acme->ledger, "one.act", 1);
	ground_revoke(&g, g.platform->ledger, alice->serial, REASON_UNSPECIFIED);
	ck_assert(!x.pull(&x));
	ck_assert_uint_eq(x.reply.n, 0);
	refused("tenant=acme", "", 403);
}
END_TEST

START_TEST(so_many_and_no_more)
{
	struct exchange kept[API_STREAMS_EACH];

	for (size_t i = 0; i < API_STREAMS_EACH; i++) {
		begin("tenant=acme");
		kept[i] = x;
		x = (struct exchange){ .status = 0 };
	}
	open_as(alice, "tenant=acme", octets_of(NULL, 0));
	ck_assert_uint_eq(x.status, 503);
	open_as(ground_operator(&g, "bob", ROLE_AUDITOR), "tenant=acme", octets_of(NULL, 0));
	ck_assert_uint_eq(x.status, 200);
	leave();
	x = kept[3];
	leave();
	begin("tenant=acme");
	for (size_t i = 0; i < API_STREAMS_EACH; i++)
		if (i != 3) {
			leave();
			x = kept[i];
		}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("events");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, begins_now_and_tells_each_once);
	tcase_add_test(t, goes_on_where_it_broke_off);
	tcase_add_test(t, begins_at_an_index);
	tcase_add_test(t, all_tenants_without_a_name);
	tcase_add_test(t, tells_what_is_asked_for);
	tcase_add_test(t, a_piece_is_a_page);
	tcase_add_test(t, refuses_what_it_cannot_follow);
	tcase_add_test(t, ends_with_the_right_to_read);
	tcase_add_test(t, so_many_and_no_more);
	suite_add_tcase(s, t);
	return run_suite(s);
}
