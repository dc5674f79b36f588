/* tests/unit/json.c - base/json.h: one canonical form out, and nothing but RFC 8259 in. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_text.h"
#include "tests/unit/run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct bytes b;
static struct json *j;

static void
setup(void)
{
	b = (struct bytes){ 0 };
	j = json_object();
}

static void
teardown(void)
{
	bytes_free(&b);
	json_free(j);
}

static struct json *
parsed(const char *text)
{
	struct json *ret = NULL;
	struct fault f = { 0 };

	ck_assert_msg(json_parse(octets_text(text), &ret, &f), "%s: %s", text, f.text);
	return ret;
}

static void
refused(struct octets o, const char *why)
{
	struct json *ret = j;
	struct fault f = { 0 };

	ck_assert_msg(!json_parse(o, &ret, &f), "%.*s", (int)o.n, (const char *)o.at);
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert_msg(
	    strstr(f.text, why) != NULL, "%.*s: %s", (int)o.n, (const char *)o.at, f.text);
	ck_assert_ptr_eq(ret, j);
}

static void
writes(const struct json *value, const char *want)
{
	struct fault f = { 0 };

	ck_assert_msg(json_write(value, &b, &f), "%s", f.text);
	bytes_put_u8(&b, 0);
	ck_assert_str_eq((const char *)b.at, want);
	bytes_clear(&b);
}

/* The text is parsed and written in its canonical form. */
static void
becomes(const char *text, const char *want)
{
	struct json *p = parsed(text);

	writes(p, want);
	json_free(p);
}

static void
cannot_be_written(const struct json *value, const char *why)
{
	struct fault f = { 0 };

	bytes_put_text(&b, ">");
	ck_assert(!json_write(value, &b, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ck_assert_msg(strstr(f.text, why) != NULL, "%s", f.text);
	ck_assert_uint_eq(b.n, 1);
	ck_assert(!b.bad);
	bytes_clear(&b);
}

START_TEST(canonical)
{
	becomes(" { \"b\" : [ 1 , -2, 3.0, 1e3, -0 ] , \"a\" : { } } ",
	    "{\"a\":{},\"b\":[1,-2,3,1000,0]}");
	becomes("[true,false,null,\"\",[]]", "[true,false,null,\"\",[]]");
	becomes("9007199254740991", "9007199254740991");
	becomes("-9007199254740991", "-9007199254740991");
	becomes("\"\\u0001\\u001f\\b\\t\\n\\f\\r\\\"\\\\\\/\\u007f\"",
	    "\"\\u0001\\u001f\\b\\t\\n\\f\\r\\\"\\\\/\x7f\"");
	becomes("\"\\u00e4\\ud83d\\ude00\"", "\"\xc3\xa4\xf0\x9f\x98\x80\"");
	becomes("{\"\":1,\"b\":2,\"a\":3,\"B\":4,\"aa\":5}",
	    "{\"\":1,\"B\":4,\"a\":3,\"aa\":5,\"b\":2}");
}
END_TEST

/* RFC 8785 section 3.2.3 has this very example: U+1F600 is D83D DE00 and so comes before U+FB33. */
START_TEST(sorts_as_utf16)
{
	becomes(
	    "{\"\\u20ac\":0,\"\\r\":0,\"\\ufb33\":0,\"1\":0,\"\\ud83d\\ude00\":0,\"\\u0080\":0,\"\\u00f6\":0}",
	    "{\"\\r\":0,\"1\":0,\"\xc2\x80\":0,\"\xc3\xb6\":0,\"\xe2\x82\xac\":0,"
	    "\"\xf0\x9f\x98\x80\":0,\"\xef\xac\xb3\":0}");
}
END_TEST

START_TEST(pretty)
{
	struct json *p = parsed("{\"b\":[1,{}],\"a\":[]}");
	struct fault f;

	ck_assert(json_write_pretty(p, &b, &f));
	bytes_put_u8(&b, 0);
	ck_assert_str_eq(
	    (const char *)b.at, "{\n  \"a\": [],\n  \"b\": [\n    1,\n    {}\n  ]\n}\n");
	json_free(p);
}
END_TEST

START_TEST(builds)
{
	struct json *list = json_array(), *inner = json_object();

	json_add_text(list, "x");
	json_put_bool(inner, "t", true);
	json_put_bool(inner, "f", false);
	json_add(list, inner);
	json_put(j, "list", list);
	json_put_text(j, "text", "a\nb\tc \\x");
	json_put_octets(j, "octets", octets_of("a\nb\0\xff", 5));
	json_put_hex(j, "hex", "\x00\xff", 2);
	json_put_number(j, "n", -5);
	json_put_time(j, "at", 0);
	json_put_text(j, "n", "set anew");
	writes(j,
	    "{\"at\":\"1970-01-01T00:00:00Z\",\"hex\":\"00ff\",\"list\":[\"x\",{\"f\":false,\"t\":true}],"
	    "\"n\":\"set anew\",\"octets\":\"a\\\\x0ab\\\\x00\\\\xff\",\"text\":\"a\\nb\\\\x09c \\\\x5cx\"}");
}
END_TEST

START_TEST(numbers_are_exact_or_refused)
{
	json_put_number(j, "a", INT64_C(9007199254740991));
	json_put_number(j, "b", -INT64_C(9007199254740991));
	writes(j, "{\"a\":9007199254740991,\"b\":-9007199254740991}");
	json_put_number(j, "c", INT64_C(9007199254740992));
	cannot_be_written(j, "a value that cannot be written");
}
END_TEST

START_TEST(what_cannot_be_put_is_remembered)
{
	struct json *child = json_object(), *array = json_array();

	json_put_number(NULL, "a", 1);
	json_put(NULL, "a", json_array());
	json_add(NULL, json_object());
	cannot_be_written(NULL, "out of memory");
	json_put_number(child, "a", INT64_MIN);
	json_put(j, "child", child);
	cannot_be_written(j, "a value that cannot be written");
	json_put(j, "child", NULL);
	cannot_be_written(j, "a value that cannot be written");
	json_put_text(array, "a", "a name in an array");
	cannot_be_written(array, "a value that cannot be written");
	json_free(array);
	json_free(NULL);
}
END_TEST

START_TEST(null_texts_are_remembered)
{
	struct json *array = json_array();

	json_put_text(j, "a", NULL);
	cannot_be_written(j, "a value that cannot be written");
	json_add_text(array, NULL);
	cannot_be_written(array, "a value that cannot be written");
	json_free(array);
}
END_TEST

START_TEST(writes_only_what_it_can_read)
{
	struct json *p = parsed("[1.5]"), *in = json_array();

	cannot_be_written(p, "not whole");
	json_free(p);
	p = parsed("9007199254740992");
	cannot_be_written(p, "not whole");
	json_free(p);
	for (int i = 1; i < JSON_DEPTH_MAX; i++) {
		struct json *out = json_array();

		json_add(out, in);
		in = out;
	}
	writes(in, "[[[[[[[[]]]]]]]]");
	p = json_array();
	json_add(p, in);
	cannot_be_written(p, "too deep");
	json_free(p);
}
END_TEST

START_TEST(looks_up)
{
	struct json *p =
	    parsed("{\"t\":\"x\",\"T\":\"y\",\"n\":7,\"b\":true,\"f\":false,\"l\":[\"a\",1]}");
	const struct json *l = json_get(p, "l");

	ck_assert_str_eq(json_text(p, "t"), "x");
	ck_assert_str_eq(json_text(p, "T"), "y");
	ck_assert(json_true(p, "b"));
	ck_assert_uint_eq(json_count(l), 2);
	ck_assert_str_eq(json_as_text(json_at(l, 0)), "a");
	ck_assert_str_eq(json_name_at(p, 0), "t");
	ck_assert_str_eq(json_name_at(p, 5), "l");
	ck_assert_ptr_null(json_name_at(p, 6));
	ck_assert_ptr_null(json_at(l, 2));
	ck_assert_ptr_null(json_at(p, 0));
	ck_assert_ptr_null(json_name_at(l, 0));
	ck_assert_ptr_null(json_as_text(json_at(l, 1)));
	ck_assert_ptr_null(json_text(p, "n"));
	ck_assert_ptr_null(json_text(p, "none"));
	ck_assert_ptr_null(json_get(l, "t"));
	ck_assert_ptr_null(json_get(NULL, "t"));
	ck_assert_uint_eq(json_count(p), 0);
	ck_assert_uint_eq(json_count(NULL), 0);
	ck_assert_ptr_null(json_at(NULL, 0));
	ck_assert_ptr_null(json_name_at(NULL, 0));
	ck_assert(!json_true(p, "f"));
	ck_assert(!json_true(p, "n"));
	ck_assert(!json_true(p, "none"));
	json_free(p);
}
END_TEST

START_TEST(numbers_in_range)
{
	struct json *p =
	    parsed("{\"n\":7,\"h\":1.5,\"t\":\"7\",\"e\":1e300,\"z\":null,\"m\":-1e300}");
	int64_t v = 0;

	ck_assert(json_number(p, "n", 0, 10, 3, &v));
	ck_assert_int_eq(v, 7);
	ck_assert(json_number(p, "none", 0, 10, 3, &v));
	ck_assert_int_eq(v, 3);
	ck_assert(json_number(NULL, "n", 0, 10, 4, &v));
	ck_assert_int_eq(v, 4);
	ck_assert(!json_number(p, "n", 0, 6, 3, &v));
	ck_assert(!json_number(p, "n", 8, 10, 3, &v));
	ck_assert(!json_number(p, "h", 0, 10, 3, &v));
	ck_assert(!json_number(p, "t", 0, 10, 3, &v));
	ck_assert(!json_number(p, "z", 0, 10, 3, &v));
	ck_assert(!json_number(p, "e", INT64_MIN, INT64_MAX, 3, &v));
	ck_assert(!json_number(p, "m", INT64_MIN, INT64_MAX, 3, &v));
	ck_assert_int_eq(v, 4);
	json_free(p);
}
END_TEST

START_TEST(refuses_malformed)
{
	static const char *const bad[] = { "", " ", "{", "}", "[", "]", "[1,]", "[,1]", "[1 2]",
		"{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{a:1}", "{1:1}", "{'a':1}", "[1}",
		"{\"a\":1]", "nul", "True", "tru", "nan", "NaN", "Infinity", "-", "+1", "01", "-01",
		"1.", ".5", "1e", "1e+", "0x10", "1_000", "\"", "\"\\\"", "\"\\x41\"", "\"\\u12\"",
		"\"\\u12g4\"", "\"\\u 123\"", "\"\\", "// a\n1", "/**/1", "\xef\xbb\xbf[]", "\f1",
		"1\v", "\"a\nb\"", "\"\t\"", "\"\x1f\"", "\"\xff\"", "\"\xc0\x80\"",
		"\"\xed\xa0\x80\"", "\"\xc3\"" };

	for (size_t i = 0; i < COUNT(bad); i++)
		refused(octets_text(bad[i]), "json: RFC 8259: octet ");
}
END_TEST

START_TEST(refuses_more_than_one_value)
{
	refused(octets_text("1 2"), "octet 2: more than one value");
	refused(octets_text("{}{}"), "octet 2: more than one value");
	refused(octets_text("[]]"), "octet 2: more than one value");
	refused(octets_of("1\0", 2), "octet 1: more than one value");
	refused(octets_of("[1]\0[2]", 7), "octet 3: more than one value");
}
END_TEST

START_TEST(refuses_nul_and_half_pairs)
{
	refused(octets_text("\"\\u0000\""), "U+0000");
	refused(octets_text("{\"a\\u0000b\":1}"), "U+0000");
	refused(octets_of("\"a\0b\"", 5), "a control octet");
	refused(octets_text("\"\\ud800\""), "half a surrogate pair");
	refused(octets_text("\"\\udc00\""), "half a surrogate pair");
	refused(octets_text("\"\\ud800\\u0041\""), "half a surrogate pair");
	refused(octets_text("\"\\ud800\\ud800\""), "half a surrogate pair");
	refused(octets_text("\"\\ud800x\""), "half a surrogate pair");
	refused(octets_text("\"\\uDBFF\\u\""), "half a surrogate pair");
}
END_TEST

START_TEST(refuses_duplicates)
{
	refused(octets_text("{\"a\":1,\"b\":2,\"a\":1}"), "name \"a\" stands twice");
	refused(octets_text("[{\"x\":{\"b\":1,\"b\":2}}]"), "name \"b\" stands twice");
	refused(octets_text("{\"a\":1,\"\\u0061\":1}"), "name \"a\" stands twice");
	refused(octets_text("{\"\":1,\"\":1}"), "name \"\" stands twice");
}
END_TEST

START_TEST(refuses_numbers_too_large)
{
	char digits[JSON_NUMBER_MAX + 2];

	refused(octets_text("1e999"), "too large");
	refused(octets_text("[-1e999]"), "too large");
	memset(digits, '1', sizeof(digits));
	refused(octets_of(digits, JSON_NUMBER_MAX + 1), "a number too long");
	json_free(j);
	ck_assert(json_parse(octets_of(digits, JSON_NUMBER_MAX), &j, &(struct fault){ 0 }));
}
END_TEST

START_TEST(depth_is_bounded)
{
	json_free(parsed("[[[[[[[[1]]]]]]]]"));
	json_free(parsed("{\"a\":[{\"a\":[{\"a\":[{\"a\":[]}]}]}]}"));
	refused(octets_text("[[[[[[[[[1]]]]]]]]]"), "octet 8: too deep");
	refused(octets_text("{\"a\":[{\"a\":[{\"a\":[{\"a\":[{}]}]}]}]}"), "too deep");
	for (size_t i = 0; i < 100000; i++)
		bytes_put_u8(&b, '[');
	refused(octets_bytes(&b), "octet 8: too deep");
}
END_TEST

/* Each beginning of a text is refused and none is read past its end. */
START_TEST(refuses_what_is_cut_short)
{
	static const char whole[] =
	    "{\"a\":[1.5e+3,true,null,\"\\ud83d\\ude00\xc3\xa4\\n\"],\"b\":{}}";

	json_free(parsed(whole));
	for (size_t n = 0; n + 1 < sizeof(whole); n++) {
		char *exact = malloc(n + 1);

		memcpy(exact + 1, whole, n);
		refused(octets_of(exact + 1, n), "json: RFC 8259: octet ");
		free(exact);
	}
}
END_TEST

static TCase *
reading(void)
{
	TCase *t = tcase_create("reading");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, looks_up);
	tcase_add_test(t, numbers_in_range);
	tcase_add_test(t, refuses_malformed);
	tcase_add_test(t, refuses_more_than_one_value);
	tcase_add_test(t, refuses_nul_and_half_pairs);
	tcase_add_test(t, refuses_duplicates);
	tcase_add_test(t, refuses_numbers_too_large);
	tcase_add_test(t, depth_is_bounded);
	tcase_add_test(t, refuses_what_is_cut_short);
	return t;
}

static TCase *
writing(void)
{
	TCase *t = tcase_create("writing");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, canonical);
	tcase_add_test(t, sorts_as_utf16);
	tcase_add_test(t, pretty);
	tcase_add_test(t, builds);
	tcase_add_test(t, numbers_are_exact_or_refused);
	tcase_add_test(t, what_cannot_be_put_is_remembered);
	tcase_add_test(t, null_texts_are_remembered);
	tcase_add_test(t, writes_only_what_it_can_read);
	return t;
}

int
main(void)
{
	Suite *s = suite_create("json");

	suite_add_tcase(s, reading());
	suite_add_tcase(s, writing());
	return run_suite(s);
}
