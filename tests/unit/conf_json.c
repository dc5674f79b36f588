/* tests/unit/conf_json.c - base/conf_json.h: YAML of ours as JSON, and what it does not take. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf_json.h"
#include "tests/unit/run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

START_TEST(takes)
{
	static const struct {
		const char *yaml, *json;
	} rows[] = {
		{ "a: 1\n", "{\"a\":1}" },
		{ "- a\n- 'b'\n- \"c\"\n", "[\"a\",\"b\",\"c\"]" },
		{ "a: {b: [], c: {}}\nd:\n  - e: f\n    g: h\n  - []\n",
		    "{\"a\":{\"b\":[],\"c\":{}},\"d\":[{\"e\":\"f\",\"g\":\"h\"},[]]}" },
		{ "a: true\nb: false\nc: null\nd: 'true'\ne: yes\n",
		    "{\"a\":true,\"b\":false,\"c\":null,\"d\":\"true\",\"e\":\"yes\"}" },
		{ "[0, -1, 42, 007, 1.5, -, 0x1f, '8', 9007199254740991, 90071992547409910]",
		    "[0,-1,42,\"007\",\"1.5\",\"-\",\"0x1f\",\"8\",9007199254740991,\"90071992547409910\"]" },
		{ "true: 1\n200: 2\n", "{\"true\":1,\"200\":2}" },
		{ "a: |\n  one\n  \"two\"\n", "{\"a\":\"one\\u000a\\\"two\\\"\\u000a\"}" },
		{ "a: \"\\x01\\\\\\t\"\n", "{\"a\":\"\\u0001\\\\\\u0009\"}" },
		{ "a: \xe2\x80\x94\n", "{\"a\":\"\xe2\x80\x94\"}" },
		{ "a:\n", "{\"a\":\"\"}" },
		{ "# of it nothing is said\nword\n", "\"word\"" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bytes to = { 0 };
		struct fault f;

		bytes_put_u8(&to, '=');
		ck_assert_msg(
		    conf_json(octets_text(rows[i].yaml), &to, &f), "%s: %s", rows[i].yaml, f.text);
		ck_assert_msg(to.n == strlen(rows[i].json) + 1 &&
				  memcmp(to.at + 1, rows[i].json, to.n - 1) == 0,
		    "%s: %.*s", rows[i].yaml, (int)to.n, (const char *)to.at);
		bytes_free(&to);
	}
}
END_TEST

START_TEST(refuses)
{
	static const char *const rows[] = { "", "# nothing\n", "a: [1\n", "a: b: c\n",
		"- a\nb: c\n", "\"a", "a: &x 1\nb: *x\n", "a: &x {}\n", "a: !!str 1\n",
		"a: !t [1]\n", "a: ! {}\n", "? [a, b]\n: c\n", "? {a: b}\n: c\n",
		"a: 1\n---\nb: 2\n", "\xff\xfe", "a: \x01\n", "%YAML 9.9\n---\na: 1\n" };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bytes to = { 0 };
		struct fault f = { 0 };

		bytes_put_u8(&to, '=');
		ck_assert_msg(!conf_json(octets_text(rows[i]), &to, &f), "%s", rows[i]);
		ck_assert_uint_eq(f.code, FAULT_BADREQ);
		ck_assert_ptr_nonnull(strstr(f.text, "yaml: "));
		ck_assert_uint_eq(to.n, 1); /* untouched */
		bytes_free(&to);
	}
}
END_TEST

START_TEST(depth_is_bounded)
{
	char deep[2 * CONF_JSON_DEPTH + 3];
	struct bytes to = { 0 };
	struct fault f;

	for (size_t n = CONF_JSON_DEPTH; n <= CONF_JSON_DEPTH + 1; n++) {
		memset(deep, '[', n);
		memset(deep + n, ']', n);
		deep[2 * n] = '\0';
		bytes_clear(&to);
		ck_assert_int_eq(conf_json(octets_text(deep), &to, &f), n == CONF_JSON_DEPTH);
	}
	ck_assert_uint_eq(f.code, FAULT_BADREQ);
	bytes_free(&to);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("conf_json");
	TCase *t = tcase_create("conf_json");

	tcase_add_test(t, takes);
	tcase_add_test(t, refuses);
	tcase_add_test(t, depth_is_bounded);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
