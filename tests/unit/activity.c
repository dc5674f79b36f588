/* tests/unit/activity.c - the second log: what stands in a line of it, what the signer takes, and
 * how its ledger is kept apart. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ca/ledger_check.h"
#include "ca/log.h"
#include "ca/marks.h"
#include "daemon/activity_entry.h"
#include "daemon/signer.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

static struct ground g;
static struct signer s;
static struct errand j;
static struct fault f;
static struct bytes line;
static struct request r;
static struct json *parsed;

static void
setup(void)
{
	ground_new(&g);
	s = (struct signer){ .realm = g.realm, .self = g.why };
	memset(&r, 0, sizeof(r));
	line = (struct bytes){ 0 };
	parsed = NULL;
}

static void
teardown(void)
{
	json_free(parsed);
	bytes_free(&line);
	bytes_free(&j.answer);
	ground_free(&g);
}

/* --- a line ------------------------------------------------------------------------------------
 */

static const struct json *
written(const struct activity_fact *fact)
{
	json_free(parsed);
	bytes_clear(&line);
	ck_assert(activity_entry(fact, &line));
	ck_assert_ptr_null(memchr(line.at, '\n', line.n));
	ck_assert_msg(json_parse(octets_bytes(&line), &parsed, &f), "%s", f.text);
	return parsed;
}

START_TEST(a_line_can_be_decided_again)
{
	struct anomaly_score score = {
		.score = 60, .n = 1, .reason = { { ANOMALY_AT_ONCE, 60, 3, 300 } }
	};
	struct activity_fact fact = { .act = ACTIVITY_CONNECT,
		.code = "forbid",
		.rule = "no-strangers",
		.id = "0123456789abcdef0123456789abcdef",
		.policy = "built-in",
		.request = &r,
		.anomaly = &score,
		.now_s = g.now_s };
	const struct json *e;

	r.action = octets_text("connect");
	request_text(
	    &r, ATTRIBUTE_SUBJECT_ID, octets_text("spiffe://acme.eu.example.org/printer/hp-1"));
	e = written(&fact);
	ck_assert_str_eq(json_text(e, "act"), "connect");
	ck_assert_str_eq(json_text(e, "decision"), "deny");
	ck_assert_str_eq(json_text(e, "code"), "forbid");
	ck_assert_str_eq(json_text(e, "rule"), "no-strangers");
	ck_assert_str_eq(json_text(e, "policy"), "built-in");
	ck_assert_str_eq(json_text(json_get(e, "request"), "action"), "connect");
	ck_assert_str_eq(json_text(json_get(json_get(e, "request"), "subject"), "id"),
	    "spiffe://acme.eu.example.org/printer/hp-1");
	ck_assert_str_eq(
	    json_text(json_at(json_get(json_get(e, "anomaly"), "reasons"), 0), "word"), "networks");
	ck_assert_ptr_null(json_get(e, "took_us"));
	fact.act = ACTIVITY_CUT;
	fact.took_us = 1234;
	ck_assert_ptr_nonnull(json_get(written(&fact), "took_us"));
}
END_TEST

START_TEST(nothing_of_a_peer_is_another_line)
{
	struct activity_fact fact = { .act = ACTIVITY_CONNECT,
		.why = "a\n{\"act\":\"connect\"}\r\x1b[2J",
		.from = "\xe2\x80\xae",
		.request = &r,
		.now_s = g.now_s };

	request_text(&r, ATTRIBUTE_SUBJECT_NAME, octets_text("a\nb"));
	ck_assert_str_eq(json_text(written(&fact), "act"), "connect");
	for (size_t i = 0; i < line.n; i++)
		ck_assert(line.at[i] >= ' ' && line.at[i] <= '~');
}
END_TEST

START_TEST(what_is_long_is_left_out_and_said)
{
	char text[2048];
	struct octets list[VALUE_LIST_MAX];
	struct activity_fact fact = { .act = ACTIVITY_ASKED, .request = &r, .now_s = g.now_s };
	const struct json *e;

	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < VALUE_LIST_MAX; i++)
		list[i] = octets_of(text, sizeof(text));
	r.open_n = 1;
	r.open[0].name = octets_text("context.all");
	r.open[0].value.type = VALUE_LIST;
	r.open[0].value.list.at = list;
	r.open[0].value.list.n = VALUE_LIST_MAX;
	e = written(&fact);
	ck_assert(json_true(e, "omitted"));
	ck_assert_ptr_null(json_get(e, "request"));
	ck_assert_uint_le(line.n, ACTIVITY_ENTRY_MAX);
	text[sizeof(text) - 1] = '\0';
	fact.why = fact.rule = fact.code = fact.from = text;
	ck_assert_uint_le(strlen(json_text(written(&fact), "why")), ACTIVITY_TEXT_MAX);
}
END_TEST

/* --- what the signer takes -----------------------------------------------------------------------
 */

static void
put_row(struct bytes *rows, const char *tenant, const char *text)
{
	bytes_put_counted_text(rows, tenant);
	bytes_put_counted(rows, octets_text(text));
}

/* How many were not kept. */
static uint32_t
tell(struct bytes *rows, uint64_t life, uint64_t turn)
{
	struct wire_activity w = {
		.asker = 2, .life = life, .turn = turn, .rows = octets_bytes(rows)
	};
	struct bytes body = { 0 };
	struct reader in;

	wire_put_activity(&w, &body);
	bytes_free(&j.answer);
	j = (struct errand){ .from = FROM_EDGE, .body = octets_bytes(&body), .now_s = g.now_s };
	ck_assert_msg(duty_activity(&s, &j, &f), "%s", f.text);
	ck_assert(j.activity);
	bytes_free(&body);
	in = reader_of(octets_bytes(&j.answer));
	return reader_u32(&in);
}

static uint64_t
size_of(const char *name)
{
	struct log_edge e;
	struct ledger *l;

	if (!realm_ledger(g.realm, name, &l, &f))
		return 0;
	ck_assert(log_edge_read(l, &e, &f));
	return e.size;
}

static uint32_t
tell_one(const char *tenant, const char *text, uint64_t turn)
{
	struct bytes rows = { 0 };
	uint32_t lost;

	put_row(&rows, tenant, text);
	lost = tell(&rows, 9, turn);
	bytes_free(&rows);
	return lost;
}

START_TEST(many_in_one_batch)
{
	struct bytes rows = { 0 };
	uint64_t first = size_of("acme");

	(void)ground_tenant(&g, "globex", CONSTRAINTS_STRICT);
	for (int i = 0; i < 50; i++)
		put_row(&rows, i % 2 == 0 ? "acme" : "globex", "{\"act\":\"connect\"}");
	put_row(&rows, "", "{\"act\":\"connect\"}");
	ck_assert_uint_eq(tell(&rows, 1, 1), 0);
	ck_assert_uint_eq(size_of("acme/activity"), 25);
	ck_assert_uint_eq(size_of("globex/activity"), 25);
	ck_assert_uint_eq(size_of("platform/activity"), 1);
	ck_assert_uint_eq(size_of("acme"), first); /* the first log has nothing of it */
	bytes_free(&rows);
}
END_TEST

START_TEST(a_batch_that_is_sent_twice_is_there_once)
{
	ck_assert_uint_eq(tell_one("acme", "{\"act\":\"connect\"}", 1), 0);
	ck_assert_uint_eq(tell_one("acme", "{\"act\":\"connect\"}", 1), 0);
	ck_assert_uint_eq(size_of("acme/activity"), 1);
	ck_assert_uint_eq(tell_one("acme", "{\"act\":\"connect\"}", 2), 0);
	ck_assert_uint_eq(size_of("acme/activity"), 2);
	ck_assert_uint_eq(tell_one("acme", "{\"act\":\"connect\"}", 1), 0); /* late, and known */
	ck_assert_uint_eq(size_of("acme/activity"), 2);
}
END_TEST

START_TEST(another_life_begins_anew)
{
	struct bytes rows = { 0 };

	ck_assert_uint_eq(tell_one("acme", "{\"act\":\"connect\"}", 7), 0);
	put_row(&rows, "acme", "{\"act\":\"connect\"}");
	ck_assert_uint_eq(tell(&rows, 10, 1), 0);
	ck_assert_uint_eq(size_of("acme/activity"), 2);
	bytes_free(&rows);
}
END_TEST

START_TEST(what_is_no_entry_is_counted)
{
	static const char *const wrong[] = { "", "x", "[]", "{}", "{\"act\":7}",
		"{\"act\":\"certificate.issued\"}", "{\"act\":\"entry.redacted\"}",
		"{\"act\":\"connect\",\"act\":\"connect\"}", "{\"act\":\"connect\"}\n",
		"{\"act\":\"connect\",\"x\":1.5}", "{\"act\":\"connect\"}{}" };
	uint64_t turn = 1;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		uint64_t before = size_of("acme/activity");
		uint32_t lost = tell_one("acme", wrong[i], turn++);

		ck_assert_msg(lost + (size_of("acme/activity") - before) == 1, "%s", wrong[i]);
	}
	ck_assert_uint_le(size_of("acme/activity"), 1); /* a newline behind it is none of it */
	ck_assert_uint_eq(tell_one("nobody", "{\"act\":\"connect\"}", turn++), 1);
	ck_assert_uint_eq(tell_one("acme/activity", "{\"act\":\"connect\"}", turn++), 1);
	ck_assert_uint_eq(tell_one("../acme", "{\"act\":\"connect\"}", turn++), 1);
}
END_TEST

START_TEST(a_line_that_is_too_long_is_counted)
{
	char text[LOG_ENTRY_MAX + 64];

	(void)snprintf(
	    text, sizeof(text), "{\"act\":\"connect\",\"x\":\"%0*d\"}", LOG_ENTRY_MAX, 0);
	ck_assert_uint_eq(tell_one("acme", text, 1), 1);
	ck_assert_uint_eq(size_of("acme/activity"), 0);
	ck_assert_uint_eq(tell_one("acme", "{\"act\":\"connect\"}", 2), 0);
	ck_assert_uint_eq(size_of("acme/activity"), 1);
}
END_TEST

START_TEST(more_tenants_than_a_batch_has)
{
	struct bytes rows = { 0 };
	char name[TEXT_LABEL_MAX];

	for (int i = 0; i < WIRE_ACTIVITY_TENANTS; i++) {
		(void)snprintf(name, sizeof(name), "nobody-%d", i);
		put_row(&rows, name, "{\"act\":\"connect\"}");
	}
	put_row(&rows, "acme", "{\"act\":\"connect\"}");
	ck_assert_uint_eq(tell(&rows, 1, 1), WIRE_ACTIVITY_TENANTS + 1);
	ck_assert_uint_eq(size_of("acme/activity"), 0);
	bytes_free(&rows);
}
END_TEST

START_TEST(a_message_that_is_none)
{
	struct wire_activity w = { .asker = 2, .life = 1, .turn = 1 };
	struct bytes body = { 0 };

	for (size_t n = 0; n < 17; n++) {
		j = (struct errand){ .body = octets_of("\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1", n) };
		ck_assert_msg(n == 17 || !duty_activity(&s, &j, &f), "%zu octets", n);
		ck_assert_int_eq(f.code, FAULT_BADREQ);
	}
	w.rows = octets_of("\0\0\0\xff", 4);
	wire_put_activity(&w, &body);
	j = (struct errand){ .body = octets_bytes(&body) };
	ck_assert(!duty_activity(&s, &j, &f));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	bytes_free(&body);
}
END_TEST

/* --- its ledger ----------------------------------------------------------------------------------
 */

START_TEST(nothing_is_made_before_there_is_something)
{
	char path[SCRATCH_PATH_MAX + 64];
	struct bytes names = { 0 };
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/tenants/acme/activity", g.dir);
	ck_assert_int_ne(stat(path, &st), 0);
	ck_assert_uint_eq(size_of("acme/activity"), 0);
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert_int_ne(stat(path, &st), 0); /* asking makes none either */
	ck_assert_uint_eq(tell_one("acme", "{\"act\":\"connect\"}", 1), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0700);
	ck_assert(realm_ledgers(g.realm, &names, &f));
	ck_assert_ptr_nonnull(memmem(names.at, names.n, "acme\0acme/activity", 19));
	ck_assert_ptr_null(memmem(names.at, names.n, "platform/activity", 17));
	bytes_free(&names);
}
END_TEST

START_TEST(names_are_told_apart)
{
	static const char *const none[] = { "", "/activity", "acme/", "acme/log", "acme/activity/x",
		"Acme/activity", "../activity", "acme/activity/activity" };
	char label[TEXT_LABEL_MAX], name[LEDGER_NAME_MAX], origin[LOG_ORIGIN_MAX];
	char longest[TEXT_LABEL_MAX];
	struct ledger *l;

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		ledger_name_tenant(none[i], label);
		ck_assert_msg(label[0] == '\0', "%s", none[i]);
		ck_assert(!realm_ledger(g.realm, none[i], &l, &f));
		ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	}
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	ledger_name_activity(longest, name);
	ck_assert(ledger_name_is_activity(name));
	ledger_name_tenant(name, label);
	ck_assert_str_eq(label, longest);
	log_origin(realm_space(g.realm), "acme", origin);
	ck_assert_str_eq(origin, "acme.eu.example.org/log");
	log_origin(realm_space(g.realm), "acme/activity", origin);
	ck_assert_str_eq(origin, "acme.eu.example.org/activity");
}
END_TEST

static void
say(void *with, const char *text)
{
	(void)with;
	ck_abort_msg("%s", text);
}

START_TEST(it_is_checked_as_any_ledger)
{
	struct ledger_hearing to = { .say = say };
	struct ledger_counts n;
	struct ledger *l;

	for (uint64_t i = 1; i <= 300; i++)
		ck_assert_uint_eq(tell_one("acme", "{\"act\":\"connect\"}", i), 0);
	ck_assert(realm_ledger(g.realm, "acme/activity", &l, &f));
	ground_commit(l);
	ck_assert_msg(ledger_check(l, NULL, &to, &n, &f), "%s", f.text);
	ck_assert_uint_eq(n.entries, 300);
	ck_assert_uint_eq(n.findings, 0);
}
END_TEST

START_TEST(an_older_copy_is_found)
{
	struct marks *marks;
	struct ledger *l;
	struct mark k;

	ck_assert_uint_eq(tell_one("acme", "{\"act\":\"connect\"}", 1), 0);
	ck_assert(realm_ledger(g.realm, "acme/activity", &l, &f));
	ground_commit(l);
	ck_assert(marks_open(g.dir, STORE_CREATE, &marks, &f));
	ck_assert(marks_put(marks, l, g.now_s, &f));
	ck_assert(marks_commit(marks, &f));
	ck_assert(marks_get(marks, "acme/activity", &k, &f));
	ck_assert(marks_hold(&k, l, &f));
	k.size = 2;
	ck_assert(!marks_hold(&k, l, &f));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	marks_close(marks);
}
END_TEST

START_TEST(acts_name_either_log)
{
	struct wire_act a = { .tenant = "acme" };
	struct ledger *l;

	ck_assert(signer_log(&s, &j, &a, &l, &f));
	ck_assert_str_eq(ledger_tenant(l), "acme");
	a.object = octets_text("activity");
	ck_assert(!signer_log(&s, &j, &a, &l, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert_uint_eq(tell_one("acme", "{\"act\":\"connect\"}", 1), 0);
	ck_assert(signer_log(&s, &j, &a, &l, &f));
	ck_assert_str_eq(ledger_tenant(l), "acme/activity");
	a.object = octets_text("other");
	ck_assert(!signer_log(&s, &j, &a, &l, &f));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("activity");
	TCase *t = tcase_create("activity");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_line_can_be_decided_again);
	tcase_add_test(t, nothing_of_a_peer_is_another_line);
	tcase_add_test(t, what_is_long_is_left_out_and_said);
	tcase_add_test(t, many_in_one_batch);
	tcase_add_test(t, a_batch_that_is_sent_twice_is_there_once);
	tcase_add_test(t, another_life_begins_anew);
	tcase_add_test(t, what_is_no_entry_is_counted);
	tcase_add_test(t, a_line_that_is_too_long_is_counted);
	tcase_add_test(t, more_tenants_than_a_batch_has);
	tcase_add_test(t, a_message_that_is_none);
	tcase_add_test(t, nothing_is_made_before_there_is_something);
	tcase_add_test(t, names_are_told_apart);
	tcase_add_test(t, it_is_checked_as_any_ledger);
	tcase_add_test(t, an_older_copy_is_found);
	tcase_add_test(t, acts_name_either_log);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
