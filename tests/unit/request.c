/* tests/unit/request.c - policy/request.h and policy/attribute.h: requests filled in, read from
 * JSON and written again. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/request.h"
#include "run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define TOO_LONG "context.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static struct json *j;
static struct request r;
static struct request_room room;

static void
teardown(void)
{
	json_free(j);
	j = NULL;
}

static bool
read_text(const char *text, struct fault *f)
{
	json_free(j);
	j = NULL;
	return json_parse(octets_text(text), &j, f) && request_read(j, &r, &room, f);
}

static void
taken(const char *text)
{
	struct fault f = { 0 };

	ck_assert_msg(read_text(text, &f), "%s: %s", text, f.text);
}

static void
refused(const char *text, const char *why)
{
	struct fault f = { 0 };
	struct request before = r;

	ck_assert_msg(!read_text(text, &f), "%s", text);
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert_msg(strstr(f.text, why) != NULL, "%s: %s", text, f.text);
	ck_assert_mem_eq(&before, &r, sizeof(r));
}

/* What is written is the same text as was read. */
static void
comes_back(const char *text)
{
	struct json *out;
	struct bytes b = { 0 };
	struct fault f = { 0 };

	taken(text);
	out = request_json(&r);
	ck_assert_msg(json_write(out, &b, &f), "%s", f.text);
	bytes_put_u8(&b, '\0');
	ck_assert_str_eq((const char *)b.at, text);
	json_free(out);
	bytes_free(&b);
}

START_TEST(comes_back_as_it_was)
{
	comes_back("{\"action\":\"connect\"}");
	comes_back("{\"action\":\"connect\",\"supports\":[\"*\"]}");
	comes_back("{\"action\":\"print.release\",\"anomaly\":{\"score\":3},"
		   "\"cert\":{\"age\":1036800,\"key_pinned\":true,\"level\":4,\"serial\":\"0a11\"},"
		   "\"chain\":{\"root\":\"ski:6a\"},\"context\":{\"list\":[\"a\",\"b\"],\"n\":-5},"
		   "\"device\":{\"firmware\":\"5.3.0\",\"serial_bound\":false,\"up\":true},"
		   "\"resource\":{\"dlp\":\"secret\",\"owner\":\"carol@acme.example\",\"pages\":12,"
		   "\"type\":\"job\"},\"source\":{\"ip\":\"2001:db8::1\"},"
		   "\"subject\":{\"id\":\"spiffe://acme.eu.example.org/printer/hp-1\","
		   "\"role\":\"printer\"},\"supports\":[\"log\",\"mask\"],"
		   "\"time\":\"2026-07-01T10:15:00Z\"}");
}
END_TEST

START_TEST(what_is_read)
{
	const struct value *v;

	taken("{\"action\":\"a\",\"cert\":{\"age\":\"12d\",\"expires_in\":60,\"serial\":null},"
	      "\"time\":\"2026-07-01T12:15:00+02:00\",\"source\":{\"ip\":\"::ffff:10.0.0.1\"},"
	      "\"context\":{\"x\":\"12d\",\"empty\":[],\"a.b\":1}}");
	ck_assert_int_eq(r.fixed[ATTRIBUTE_CERT_AGE].number, 12 * 86400);
	ck_assert_int_eq(r.fixed[ATTRIBUTE_CERT_EXPIRES_IN].number, 60);
	ck_assert_int_eq(r.fixed[ATTRIBUTE_CERT_SERIAL].type, VALUE_NONE);
	ck_assert_int_eq(r.fixed[ATTRIBUTE_TIME].number, 1782900900);
	ck_assert_uint_eq(r.fixed[ATTRIBUTE_SOURCE_IP].address[15], 1);
	v = request_get(&r, ATTRIBUTE_OPEN, octets_text("context.x"));
	ck_assert(v->type == VALUE_TEXT && octets_same(v->text, octets_text("12d")));
	v = request_get(&r, ATTRIBUTE_OPEN, octets_text("context.empty"));
	ck_assert(v->type == VALUE_LIST && v->list.n == 0);
	v = request_get(&r, ATTRIBUTE_OPEN, octets_text("context.a.b"));
	ck_assert(v->type == VALUE_NUMBER && v->number == 1);
	ck_assert_int_eq(
	    request_get(&r, ATTRIBUTE_OPEN, octets_text("context.y"))->type, VALUE_NONE);
	ck_assert(!r.supports_all && r.supports_n == 0);
	/* nothing is left of the request before */
	taken("{\"action\":\"b\"}");
	ck_assert_uint_eq(r.open_n, 0);
	ck_assert_int_eq(r.fixed[ATTRIBUTE_CERT_AGE].type, VALUE_NONE);
}
END_TEST

START_TEST(refuses)
{
	static const char *const rows[][2] = {
		{ "[]", "expected an object" },
		{ "\"connect\"", "expected an object" },
		{ "{}", "no action" },
		{ "{\"action\":\"\"}", "action" },
		{ "{\"action\":1}", "action" },
		{ "{\"action\":[\"a\"]}", "action" },
		{ "{\"action\":\"a\",\"other\":{}}", "a member that none has" },
		{ "{\"action\":\"a\",\"Subject\":{}}", "a member that none has" },
		{ "{\"action\":\"a\",\"subject\":\"x\"}", "subject: expected an object" },
		{ "{\"action\":\"a\",\"subject\":[]}", "subject: expected an object" },
		{ "{\"action\":\"a\",\"subject\":{\"ID\":\"x\"}}", "subject has no member ID" },
		{ "{\"action\":\"a\",\"subject\":{\"id\":1}}", "subject.id: expected a text" },
		{ "{\"action\":\"a\",\"subject\":{\"x\":1}}", "subject has no member" },
		{ "{\"action\":\"a\",\"cert\":{\"trusted\":true}}", "cert has no member" },
		{ "{\"action\":\"a\",\"cert\":{\"level\":\"4\"}}", "expected a whole number" },
		{ "{\"action\":\"a\",\"cert\":{\"level\":4.5}}", "cert.level" },
		{ "{\"action\":\"a\",\"cert\":{\"level\":1e300}}", "cert.level" },
		{ "{\"action\":\"a\",\"cert\":{\"age\":\"12 d\"}}", "expected a duration" },
		{ "{\"action\":\"a\",\"cert\":{\"key_pinned\":\"true\"}}", "true or false" },
		{ "{\"action\":\"a\",\"cert\":{\"key_pinned\":1}}", "true or false" },
		{ "{\"action\":\"a\",\"cert\":{\"key_pinned\":{}}}", "true or false" },
		{ "{\"action\":\"a\",\"source\":{\"ip\":\"10.0.0.0/8\"}}", "an address" },
		{ "{\"action\":\"a\",\"source\":{\"ip\":\"localhost\"}}", "an address" },
		{ "{\"action\":\"a\",\"time\":\"yesterday\"}", "RFC 3339" },
		{ "{\"action\":\"a\",\"time\":true}", "RFC 3339" },
		{ "{\"action\":\"a\",\"time\":{}}", "RFC 3339" },
		{ "{\"action\":\"a\",\"supports\":\"log\"}", "supports" },
		{ "{\"action\":\"a\",\"supports\":[1]}", "supports" },
		{ "{\"action\":\"a\",\"context\":{\"\":1}}", "context has no member" },
		{ "{\"action\":\"a\",\"context\":{\"a b\":1}}", "context has no member" },
		{ "{\"action\":\"a\",\"context\":{\"a\\nb\":1}}", "context has no member" },
		{ "{\"action\":\"a\",\"context\":{\"x\":{\"y\":1}}}", "context.x" },
		{ "{\"action\":\"a\",\"context\":{\"x\":[1]}}", "context.x" },
		{ "{\"action\":\"a\",\"context\":{\"x\":[[\"a\"]]}}", "context.x" },
	};

	taken("{\"action\":\"before\"}");
	for (size_t i = 0; i < COUNT(rows); i++)
		refused(rows[i][0], rows[i][1]);
}
END_TEST

/* n members (or texts) between head and tail. */
static void
many(struct bytes *b, const char *head, const char *each, size_t n, const char *tail)
{
	bytes_clear(b);
	bytes_put_text(b, head);
	for (size_t i = 0; i < n; i++)
		bytes_put_fmt(b, "%s\"m%zu\"%s", i == 0 ? "" : ",", i, each);
	bytes_put_text(b, tail);
	bytes_put_u8(b, '\0');
}

START_TEST(refuses_more_than_fits)
{
	struct bytes b = { 0 };

	many(&b, "{\"action\":\"a\",\"context\":{", ":1", REQUEST_OPEN_MAX, "}}");
	taken((const char *)b.at);
	ck_assert_uint_eq(r.open_n, REQUEST_OPEN_MAX);
	many(&b, "{\"action\":\"a\",\"context\":{", ":1", REQUEST_OPEN_MAX + 1, "}}");
	refused((const char *)b.at, "more than 32");
	many(&b, "{\"action\":\"a\",\"context\":{", ":1", 5000, "}}");
	refused((const char *)b.at, "more than 64");
	many(&b, "{", ":1", 5000, "}");
	refused((const char *)b.at, "expected an object");
	many(&b, "{\"action\":\"a\",\"supports\":[", "", REQUEST_SUPPORTS_MAX, "]}");
	taken((const char *)b.at);
	many(&b, "{\"action\":\"a\",\"supports\":[", "", REQUEST_SUPPORTS_MAX + 1, "]}");
	refused((const char *)b.at, "supports");
	many(&b, "{\"action\":\"a\",\"context\":{\"x\":[", "", VALUE_LIST_MAX, "]}}");
	taken((const char *)b.at);
	many(&b, "{\"action\":\"a\",\"context\":{\"x\":[", "", VALUE_LIST_MAX + 1, "]}}");
	refused((const char *)b.at, "context.x");
	bytes_free(&b);
}
END_TEST

START_TEST(by_name)
{
	struct value number = { .type = VALUE_NUMBER, .number = 1 };
	struct value net = { .type = VALUE_NET };
	struct request q = { 0 };
	struct fault f;

	ck_assert(request_set(&q, octets_text("cert.level"), &number, &f));
	ck_assert(!request_set(&q, octets_text("cert.serial"), &number, &f));
	ck_assert(!request_set(&q, octets_text("cert.other"), &number, &f));
	ck_assert(!request_set(&q, octets_text("context"), &number, &f));
	ck_assert(!request_set(&q, octets_text("context.x"), &net, &f));
	ck_assert(request_set(&q, octets_text("context.x"), &number, &f));
	number.number = 2;
	ck_assert(request_set(&q, octets_text("context.x"), &number, &f));
	ck_assert_uint_eq(q.open_n, 1);
	ck_assert_int_eq(q.open[0].value.number, 2);
}
END_TEST

START_TEST(names)
{
	static const char *const open[] = { "resource.dlp", "context.user", "device.a-b_C.9",
		"resource.owner_presents" };
	static const char *const none[] = { "", "subject", "subject.", "subject.x", "Cert.level",
		"cert.level ", "resource.", "resource..x", "resource.x.", "context.a b",
		"context.\xc3\xa9", "user.x", "times", TOO_LONG };
	enum attribute a;

	for (int i = 0; i < ATTRIBUTE_FIXED; i++) {
		const char *name = attribute_info((enum attribute)i)->name;

		ck_assert_ptr_nonnull(name);
		ck_assert(attribute_find(octets_text(name), &a));
		ck_assert_int_eq(a, i);
	}
	for (size_t i = 0; i < COUNT(open); i++) {
		ck_assert_msg(attribute_find(octets_text(open[i]), &a), "%s", open[i]);
		ck_assert_int_eq(a, ATTRIBUTE_OPEN);
	}
	for (size_t i = 0; i < COUNT(none); i++)
		ck_assert_msg(!attribute_find(octets_text(none[i]), &a), "%s", none[i]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("request");
	TCase *t = tcase_create("request");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, comes_back_as_it_was);
	tcase_add_test(t, what_is_read);
	tcase_add_test(t, refuses);
	tcase_add_test(t, refuses_more_than_fits);
	tcase_add_test(t, by_name);
	tcase_add_test(t, names);
	suite_add_tcase(s, t);
	return run_suite(s);
}
