/* tests/unit/condition.c - policy/condition.h: three values, each operator, and what is counted. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "book.h"
#include "policy/condition.h"
#include "run.h"

#define ROWS 1024

static struct request r;
static struct counters *counters;
static struct document *document;
static struct policy_rule rule;

static void
setup(void)
{
	r = book_request(HP, "printer", "connect");
	counters = counters_at(book_take(counters_octets(ROWS)), ROWS);
	document = book_document(DOCUMENT_POLICY_SET, "acme", ACME, NULL, 0);
	rule = book_rule(EFFECT_PERMIT, "rule", "*");
}

static int
holds(struct condition c)
{
	return set_condition(document, &rule, &c, &r, counters);
}

/* A condition that says 1, 0 or -1. */
static struct condition
says(int what)
{
	return what < 0 ? book_want(CONDITION_EQUALS, ATTRIBUTE_CERT_LEVEL, "4")
			: book_want(CONDITION_EQUALS, ATTRIBUTE_SUBJECT_ROLE,
			      what == 1 ? "printer" : "phone");
}

START_TEST(three_values)
{
	static const int values[] = { 0, -1, 1 };

	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < 3; k++) {
			struct condition kids[] = { says(values[i]), says(values[k]) };
			size_t low = i < k ? i : k, high = i < k ? k : i;

			ck_assert_int_eq(holds(book_kids(CONDITION_ALL, kids, 2)), values[low]);
			ck_assert_int_eq(holds(book_kids(CONDITION_ANY, kids, 2)), values[high]);
			ck_assert_int_eq(holds(book_kids(CONDITION_NOT, kids, 1)), values[2 - i]);
			/* not all is any not, at any depth */
			kids[0] = book_kids(CONDITION_NOT, kids, 1);
			kids[1] = book_kids(CONDITION_NOT, kids + 1, 1);
			kids[0] = book_kids(CONDITION_ANY, kids, 2);
			ck_assert_int_eq(holds(book_kids(CONDITION_NOT, kids, 1)), values[low]);
		}
	ck_assert_int_eq(holds(book_kids(CONDITION_ALL, NULL, 0)), 1);
	ck_assert_int_eq(holds(book_kids(CONDITION_ANY, NULL, 0)), 0);
}
END_TEST

START_TEST(texts)
{
	enum attribute a = ATTRIBUTE_RESOURCE_OWNER;

	ck_assert_int_eq(holds(book_want(CONDITION_EQUALS, a, "x")), -1);
	ck_assert_int_eq(holds(book_want(CONDITION_NOT_IN, a, "x")), -1);
	ck_assert_int_eq(holds(book_want(CONDITION_IN, a, "")), -1);
	request_text(&r, a, octets_text("x"));
	ck_assert_int_eq(holds(book_want(CONDITION_EQUALS, a, "x")), 1);
	ck_assert_int_eq(holds(book_want(CONDITION_EQUALS, a, "X")), 0);
	ck_assert_int_eq(holds(book_want(CONDITION_EQUALS, a, "xx")), 0);
	ck_assert_int_eq(holds(book_want(CONDITION_IN, a, "a b x")), 1);
	ck_assert_int_eq(holds(book_want(CONDITION_IN, a, "a b")), 0);
	ck_assert_int_eq(holds(book_want(CONDITION_IN, a, "")), 0);
	ck_assert_int_eq(holds(book_want(CONDITION_NOT_IN, a, "a b")), 1);
	ck_assert_int_eq(holds(book_want(CONDITION_NOT_IN, a, "a x")), 0);
	ck_assert_int_eq(holds(book_want(CONDITION_NOT_IN, a, "")), 1);
	ck_assert_int_eq(holds(book_want(CONDITION_IN_SET, a, "x")), 1);
}
END_TEST

/* A value of another type than the rule expects is not known, whichever way it is asked. */
START_TEST(other_types)
{
	struct value v = { .type = VALUE_NUMBER, .number = 3 };
	struct fault f;

	ck_assert(request_set(&r, octets_text("resource.dlp"), &v, &f));
	ck_assert_int_eq(holds(book_open(CONDITION_EQUALS, "resource.dlp", "secret")), -1);
	ck_assert_int_eq(holds(book_open(CONDITION_NOT_IN, "resource.dlp", "secret")), -1);
	ck_assert_int_eq(holds(book_open(CONDITION_IN, "resource.dlp", "secret 3")), 1);
	ck_assert_int_eq(holds(book_open(CONDITION_IN, "resource.dlp", "secret 4")), 0);
	ck_assert_int_eq(holds(book_open(CONDITION_GT, "resource.dlp", "2")), 1);
	v = (struct value){ .type = VALUE_TEXT, .text = octets_text("9") };
	ck_assert(request_set(&r, octets_text("resource.dlp"), &v, &f));
	ck_assert_int_eq(holds(book_open(CONDITION_GT, "resource.dlp", "2")), -1);
	v.text = octets_text("9s");
	ck_assert(request_set(&r, octets_text("resource.dlp"), &v, &f));
	ck_assert_int_eq(holds(book_open(CONDITION_GT, "resource.dlp", "2")), 1);
	ck_assert_int_eq(holds(book_open(CONDITION_EQUALS, "resource.other", "x")), -1);
}
END_TEST

START_TEST(numbers)
{
	static const struct {
		enum condition_op op;
		int below, at, above;
	} rows[] = { { CONDITION_GT, 0, 0, 1 }, { CONDITION_GTE, 0, 1, 1 },
		{ CONDITION_LT, 1, 0, 0 }, { CONDITION_LTE, 1, 1, 0 } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct condition c = book_want(rows[i].op, ATTRIBUTE_CERT_AGE, "10");

		r.fixed[ATTRIBUTE_CERT_AGE].type = VALUE_NONE;
		ck_assert_int_eq(holds(c), -1);
		request_number(&r, ATTRIBUTE_CERT_AGE, INT64_MIN);
		ck_assert_int_eq(holds(c), rows[i].below);
		request_number(&r, ATTRIBUTE_CERT_AGE, 9);
		ck_assert_int_eq(holds(c), rows[i].below);
		request_number(&r, ATTRIBUTE_CERT_AGE, 10);
		ck_assert_int_eq(holds(c), rows[i].at);
		request_number(&r, ATTRIBUTE_CERT_AGE, INT64_MAX);
		ck_assert_int_eq(holds(c), rows[i].above);
	}
}
END_TEST

START_TEST(versions)
{
	struct condition c = book_want(CONDITION_GTE, ATTRIBUTE_DEVICE_FIRMWARE, "5.2.1");

	ck_assert_int_eq(holds(c), -1);
	request_text(&r, ATTRIBUTE_DEVICE_FIRMWARE, octets_text("5.10"));
	ck_assert_int_eq(holds(c), 1);
	request_text(&r, ATTRIBUTE_DEVICE_FIRMWARE, octets_text("5.2"));
	ck_assert_int_eq(holds(c), 0);
	request_text(&r, ATTRIBUTE_DEVICE_FIRMWARE, octets_text("5.2.1.0"));
	ck_assert_int_eq(holds(c), 1);
	request_text(&r, ATTRIBUTE_DEVICE_FIRMWARE, octets_text("9-beta"));
	ck_assert_int_eq(holds(c), -1);
}
END_TEST

START_TEST(nets)
{
	struct condition c = book_want(
	    CONDITION_IN_SET, ATTRIBUTE_SOURCE_IP, "10.20.0.0/16 2001:db8::/32 198.51.100.7/32");
	static const struct {
		const char *ip;
		int in;
	} rows[] = { { "10.20.1.1", 1 }, { "10.21.1.1", 0 }, { "2001:db8::9", 1 },
		{ "2001:db9::9", 0 }, { "::ffff:10.20.1.1", 1 }, { "198.51.100.7", 1 },
		{ "198.51.100.8", 0 } };
	struct value v;
	struct fault f;

	ck_assert_int_eq(holds(c), -1);
	for (size_t i = 0; i < COUNT(rows); i++) {
		ck_assert(value_address(octets_text(rows[i].ip), &r.fixed[ATTRIBUTE_SOURCE_IP]));
		ck_assert_int_eq(holds(c), rows[i].in);
		/* a name of no schema comes as a text */
		v = (struct value){ .type = VALUE_TEXT, .text = octets_text(rows[i].ip) };
		ck_assert(request_set(&r, octets_text("context.ip"), &v, &f));
		ck_assert_int_eq(holds(book_open(CONDITION_CIDR, "context.ip",
				     "10.20.0.0/16 2001:db8::/32 198.51.100.7/32")),
		    rows[i].in);
	}
	v.text = octets_text("localhost");
	ck_assert(request_set(&r, octets_text("context.ip"), &v, &f));
	ck_assert_int_eq(holds(book_open(CONDITION_CIDR, "context.ip", "10.20.0.0/16")), -1);
}
END_TEST

START_TEST(one_attribute_and_another)
{
	struct octets names[] = { octets_text("carol"), octets_text("dave") };
	struct value list = { .type = VALUE_LIST, .list = { names, 2 } };
	struct condition same = { .op = CONDITION_EQUALS_ATTR,
		.attribute = { ATTRIBUTE_RESOURCE_OWNER, octets_text("resource.owner") },
		.other = { ATTRIBUTE_SUBJECT_NAME, octets_text("subject.name") } };
	struct condition has = { .op = CONDITION_CONTAINS_ATTR,
		.attribute = { ATTRIBUTE_OPEN, octets_text("resource.shared_with") },
		.other = { ATTRIBUTE_SUBJECT_NAME, octets_text("subject.name") } };
	struct fault f;

	ck_assert_int_eq(holds(same), -1);
	request_text(&r, ATTRIBUTE_SUBJECT_NAME, octets_text("dave"));
	ck_assert_int_eq(holds(same), -1);
	request_text(&r, ATTRIBUTE_RESOURCE_OWNER, octets_text("carol"));
	ck_assert_int_eq(holds(same), 0);
	request_text(&r, ATTRIBUTE_RESOURCE_OWNER, octets_text("dave"));
	ck_assert_int_eq(holds(same), 1);
	ck_assert_int_eq(holds(has), -1);
	ck_assert(request_set(&r, octets_text("resource.shared_with"), &list, &f));
	ck_assert_int_eq(holds(has), 1);
	request_text(&r, ATTRIBUTE_SUBJECT_NAME, octets_text("eve"));
	ck_assert_int_eq(holds(has), 0);
	r.fixed[ATTRIBUTE_SUBJECT_NAME].type = VALUE_NONE;
	ck_assert_int_eq(holds(has), -1);
}
END_TEST

START_TEST(hours)
{
	/* 2026-07-01 is a Wednesday */
	static const struct {
		const char *at;
		uint8_t days;
		uint16_t from_m, until_m;
		int holds;
	} rows[] = {
		{ "2026-07-01T07:00:00Z", 0x7f, 420, 1200, 1 },
		{ "2026-07-01T06:59:59Z", 0x7f, 420, 1200, 0 },
		{ "2026-07-01T19:59:59Z", 0x7f, 420, 1200, 1 },
		{ "2026-07-01T20:00:00Z", 0x7f, 420, 1200, 0 },
		{ "2026-07-01T23:59:59Z", 0x04, 0, 1440, 1 },
		{ "2026-07-02T00:00:00Z", 0x04, 0, 1440, 0 },
		{ "2026-07-05T12:00:00Z", 0x40, 0, 1440, 1 },
		/* over midnight belongs to the day it began on */
		{ "2026-07-01T23:00:00Z", 0x04, 1320, 360, 1 },
		{ "2026-07-02T05:59:00Z", 0x04, 1320, 360, 1 },
		{ "2026-07-01T05:59:00Z", 0x04, 1320, 360, 0 },
		{ "2026-07-02T06:00:00Z", 0x04, 1320, 360, 0 },
		{ "2026-07-06T01:00:00Z", 0x40, 1320, 360, 1 },
		{ "2026-07-01T12:00:00Z", 0x7f, 720, 720, 0 },
		{ "2026-07-01T12:00:00Z", 0x00, 0, 1440, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct condition c = { .op = CONDITION_TIME };

		c.time.days = rows[i].days;
		c.time.from_m = rows[i].from_m;
		c.time.until_m = rows[i].until_m;
		ck_assert(value_time(octets_text(rows[i].at), &r.fixed[ATTRIBUTE_TIME].number));
		ck_assert_msg(holds(c) == rows[i].holds, "%s, row %zu", rows[i].at, i);
		r.fixed[ATTRIBUTE_TIME].type = VALUE_NONE;
		ck_assert_int_eq(holds(c), -1);
		r.fixed[ATTRIBUTE_TIME].type = VALUE_NUMBER;
	}
}
END_TEST

/* Decide with one rule, as often as it takes. */
static bool
decide(void)
{
	static struct decision d;
	const struct document *doc = book_document(DOCUMENT_POLICY_SET, "acme", ACME, &rule, 1);
	struct set *s = book_set(&doc, 1);

	set_decide(s, &r, counters, false, &d);
	set_free(s);
	return d.permit;
}

START_TEST(rates)
{
	rule.when = book_one(book_rate(ATTRIBUTE_SUBJECT_ID, 3, false, 60));
	for (int i = 0; i < 3; i++)
		ck_assert(decide());
	ck_assert(!decide());
	ck_assert(!decide());
	request_text(
	    &r, ATTRIBUTE_SUBJECT_ID, octets_text("spiffe://acme.eu.example.org/printer/hp-2"));
	ck_assert(decide());
	request_text(&r, ATTRIBUTE_SUBJECT_ID, octets_text(HP));
	r.fixed[ATTRIBUTE_TIME].number += 59;
	ck_assert(!decide());
	r.fixed[ATTRIBUTE_TIME].number += 13;
	ck_assert(decide());
	counters = NULL;
	ck_assert(!decide());
}
END_TEST

/* Who was let in as the last one stays, whenever he is looked at again. */
START_TEST(one_that_was_counted_is_not_one_more)
{
	rule.when = book_one(book_rate(ATTRIBUTE_SUBJECT_ID, 3, false, 60));
	for (int i = 0; i < 3; i++)
		ck_assert(decide());
	r.counted = true;
	for (int i = 0; i < 3; i++)
		ck_assert(decide());
	r.counted = false;
	ck_assert(!decide());
}
END_TEST

START_TEST(quotas)
{
	rule.when =
	    book_one(book_quota(ATTRIBUTE_RESOURCE_OWNER, ATTRIBUTE_RESOURCE_PAGES, 500, 2592000));
	request_text(&r, ATTRIBUTE_RESOURCE_OWNER, octets_text("carol"));
	ck_assert(!decide()); /* how many is not said */
	request_number(&r, ATTRIBUTE_RESOURCE_PAGES, -500);
	ck_assert(!decide());
	request_number(&r, ATTRIBUTE_RESOURCE_PAGES, 501);
	ck_assert(!decide());
	request_number(&r, ATTRIBUTE_RESOURCE_PAGES, INT64_MAX);
	ck_assert(!decide());
	request_number(&r, ATTRIBUTE_RESOURCE_PAGES, 300);
	ck_assert(decide());
	ck_assert(!decide());
	request_number(&r, ATTRIBUTE_RESOURCE_PAGES, 200);
	ck_assert(decide());
	request_number(&r, ATTRIBUTE_RESOURCE_PAGES, 1);
	ck_assert(!decide());
	request_number(&r, ATTRIBUTE_RESOURCE_PAGES, 0);
	ck_assert(decide());
	request_text(&r, ATTRIBUTE_RESOURCE_OWNER, octets_text("dave"));
	request_number(&r, ATTRIBUTE_RESOURCE_PAGES, 500);
	ck_assert(decide());
	r.fixed[ATTRIBUTE_RESOURCE_OWNER].type = VALUE_NONE;
	ck_assert(!decide());
}
END_TEST

/* What a test says has been used up. */
START_TEST(counted_before)
{
	struct policy_rule rules[] = { rule, rule };

	rules[0].id = octets_text("release");
	rules[0].when =
	    book_one(book_quota(ATTRIBUTE_RESOURCE_OWNER, ATTRIBUTE_RESOURCE_PAGES, 500, 2592000));
	rules[1].id = octets_text("rel");
	rules[1].when = book_one(book_rate(ATTRIBUTE_RESOURCE_OWNER, 3, false, 60));
	document = book_document(DOCUMENT_POLICY_SET, "acme", ACME, rules, 2);
	request_text(&r, ATTRIBUTE_RESOURCE_OWNER, octets_text("carol"));
	request_number(&r, ATTRIBUTE_RESOURCE_PAGES, 6);
	rule = rules[0];
	ck_assert_int_eq(holds(*rule.when), 1);
	ck_assert(set_counted(document, true, octets_text("release|carol"), counters,
	    r.fixed[ATTRIBUTE_TIME].number, 495));
	ck_assert_int_eq(holds(*rule.when), 0);
	ck_assert(!set_counted(document, false, octets_text("release|carol"), counters, 0, 1));
	ck_assert(!set_counted(document, true, octets_text("rel|carol"), counters, 0, 1));
	ck_assert(!set_counted(document, true, octets_text("release"), counters, 0, 1));
	ck_assert(!set_counted(document, true, octets_text(""), counters, 0, 1));
	ck_assert(!set_counted(document, true, octets_text("nobody|carol"), counters, 0, 1));
	rule = rules[1];
	ck_assert(set_counted(document, false, octets_text("rel|carol"), counters,
	    r.fixed[ATTRIBUTE_TIME].number, 3));
	ck_assert_int_eq(holds(*rule.when), 0);
}
END_TEST

static int64_t
stands(const char *key, int64_t per_s)
{
	struct counter of = { .scope = octets_text(ACME),
		.document = octets_text("acme"),
		.key = octets_text(key),
		.per_s = per_s };
	int64_t n = -1;

	ck_assert(counters_read(counters, &of, r.fixed[ATTRIBUTE_TIME].number, &n));
	return n;
}

/* A forbid counts who comes, permitted or not; a permit counts whom it let in. */
START_TEST(who_counts)
{
	struct policy_rule rules[] = { book_rule(EFFECT_FORBID, "storm", "connect"),
		book_rule(EFFECT_PERMIT, "in", "*"), book_rule(EFFECT_FORBID, "never", "copy") };
	struct condition storm[] = { book_rate(ATTRIBUTE_SUBJECT_ROLE, 2, true, 60),
		book_want(CONDITION_EQUALS, ATTRIBUTE_CERT_LEVEL, "4") };
	const struct document *doc;
	struct decision d;
	struct set *s;

	rules[0].when = book_all(storm, 2);
	rules[1].when = book_one(book_rate(ATTRIBUTE_SUBJECT_ROLE, 100, false, 60));
	doc = book_document(DOCUMENT_POLICY_SET, "acme", ACME, rules, 3);
	s = book_set(&doc, 1);
	request_number(&r, ATTRIBUTE_CERT_LEVEL, 4);
	for (int i = 0; i < 4; i++) {
		set_decide(s, &r, counters, true, &d); /* a look counts nothing */
		ck_assert_int_eq(d.permit, i < 2);
		set_decide(s, &r, counters, false, &d);
		ck_assert_int_eq(d.permit, i < 2);
	}
	ck_assert_int_eq(stands("storm|printer", 60), 4);
	ck_assert_int_eq(stands("in|printer", 60), 2);
	request_number(&r, ATTRIBUTE_CERT_LEVEL, 3); /* the storm is not about these */
	set_decide(s, &r, counters, false, &d);
	ck_assert(d.permit);
	ck_assert_int_eq(stands("storm|printer", 60), 4);
	r.action = octets_text("copy");
	set_decide(s, &r, counters, false, &d);
	ck_assert(!d.permit);
	ck_assert_int_eq(stands("in|printer", 60), 3);
	set_free(s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("condition");
	TCase *t = tcase_create("condition");

	tcase_add_checked_fixture(t, setup, book_close);
	tcase_add_test(t, three_values);
	tcase_add_test(t, texts);
	tcase_add_test(t, other_types);
	tcase_add_test(t, numbers);
	tcase_add_test(t, versions);
	tcase_add_test(t, nets);
	tcase_add_test(t, one_attribute_and_another);
	tcase_add_test(t, hours);
	tcase_add_test(t, rates);
	tcase_add_test(t, one_that_was_counted_is_not_one_more);
	tcase_add_test(t, quotas);
	tcase_add_test(t, counted_before);
	tcase_add_test(t, who_counts);
	suite_add_tcase(s, t);
	return run_suite(s);
}
