/* tests/unit/conf_tree.c - base/conf_tree.h: trees taken, and everything that is not one. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf_tree.h"
#include "tests/unit/run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MOST     65536

static struct conf_tree tree;
static struct fault fault;

static bool
take(const char *yaml)
{
	conf_tree_free(&tree);
	fault = (struct fault){ 0 };
	return conf_tree_read(&tree, "f", octets_text(yaml), MOST, "tests", &fault);
}

static void
teardown(void)
{
	conf_tree_free(&tree);
}

static void
says(const char *yaml, const char *json)
{
	struct bytes b = { 0 };

	ck_assert_msg(take(yaml), "%s: %s", yaml, fault.text);
	conf_node_json(tree.top, &b);
	bytes_put_u8(&b, 0);
	ck_assert_str_eq((const char *)b.at, json);
	bytes_free(&b);
}

START_TEST(takes)
{
	says("a: 1\n", "{\"a\":1}");
	says("- a\n- 'b'\n- \"c\"\n", "[\"a\",\"b\",\"c\"]");
	says("b: {b: [], c: {}}\na:\n  - e: f\n    c: h\n  - []\n",
	    "{\"a\":[{\"c\":\"h\",\"e\":\"f\"},[]],\"b\":{\"b\":[],\"c\":{}}}");
	says("a: true\nb: null\nc: 'true'\nd: yes\n",
	    "{\"a\":true,\"b\":null,\"c\":\"true\",\"d\":\"yes\"}");
	says("[0, -1, 42, 007, 1.5, -, -0, 0x1f, '8', 9007199254740991, 9007199254740992]",
	    "[0,-1,42,\"007\",\"1.5\",\"-\",\"-0\",\"0x1f\",\"8\",9007199254740991,\"9007199254740992\"]");
	says("a: |\n  one\n  \"two\"\n", "{\"a\":\"one\\n\\\"two\\\"\\n\"}");
	says("a: 100%\nb: 'x\n  %y'\n", "{\"a\":\"100%\",\"b\":\"x %y\"}");
	says("word\n", "\"word\"");
	says("{}\n", "{}");
	says("[]\n", "[]");
	ck_assert(take("# nothing\n"));
	ck_assert_ptr_null(tree.top);
	ck_assert(take(""));
	ck_assert_ptr_null(tree.top);
}
END_TEST

START_TEST(lines_and_values)
{
	const struct conf_node *n;
	char shown[CONF_NODE_SHOWN_MAX];
	int64_t number;
	bool yes;

	ck_assert(take("a: 1\nb:\n  - x\n  - 'true'\n\nc: {d: true}\n"));
	n = conf_node_get(tree.top, "b");
	ck_assert_uint_eq(n->line, 2);
	ck_assert_uint_eq(n->n, 2);
	ck_assert_uint_eq(n->kids[1].line, 4);
	ck_assert_ptr_null(n->kids[1].name);
	ck_assert(!conf_node_bool(&n->kids[1], &yes));
	ck_assert_str_eq(conf_node_shown(&n->kids[1], shown), "the text \"true\"");
	ck_assert_str_eq(conf_node_shown(n, shown), "a list");
	ck_assert_ptr_null(conf_node_get(n, "x"));
	ck_assert_ptr_null(conf_node_get(NULL, "x"));
	ck_assert(!conf_node_number(n, &number));
	ck_assert(!conf_node_bool(n, &yes));
	n = conf_node_get(tree.top, "c");
	ck_assert_str_eq(conf_node_shown(n, shown), "a mapping");
	n = conf_node_get(n, "d");
	ck_assert_uint_eq(n->line, 6);
	ck_assert(conf_node_bool(n, &yes) && yes);
	ck_assert(!conf_node_number(n, &number));
	ck_assert(conf_node_number(conf_node_get(tree.top, "a"), &number) && number == 1);
	ck_assert(octets_same(conf_node_text(n), octets_text("true")));
	ck_assert_ptr_null(conf_node_get(tree.top, "e"));
}
END_TEST

START_TEST(aliases_below_tests)
{
	says(
	    "tests:\n- &a {x: 1, y: [2]}\n- *a\n- {<<: *a, x: 3}\n- {z: 4, <<: *a}\n- &b w\n- *b\n",
	    "{\"tests\":[{\"x\":1,\"y\":[2]},{\"x\":1,\"y\":[2]},{\"x\":3,\"y\":[2]},"
	    "{\"x\":1,\"y\":[2],\"z\":4},\"w\",\"w\"]}");
	says("tests:\n- &a {x: 1}\n- &b {<<: *a, y: 2}\n- {<<: *b, x: 3}\n",
	    "{\"tests\":[{\"x\":1},{\"x\":1,\"y\":2},{\"x\":3,\"y\":2}]}");
	says("'<': 1\n", "{\"<\":1}");
}
END_TEST

START_TEST(refuses)
{
	static const struct {
		const char *yaml, *why;
	} rows[] = {
		{ "a: [1\n", "YAML in UTF-8" },
		{ "a: b: c\n", "YAML in UTF-8" },
		{ "\xff\xfe", "YAML in UTF-8" },
		{ "a: \x01\n", "YAML in UTF-8" },
		{ "a: 1\n---\nb: 2\n", "a second" },
		{ "a: !!str 1\n", "a tag" },
		{ "a: !t [1]\n", "a tag" },
		{ "tests: [!t {}]\n", "a tag" },
		{ "? [a, b]\n: c\n", "a name, found a list" },
		{ "? {a: b}\n: c\n", "a name, found a mapping" },
		{ "'': 1\n", "a name of 1 to 128" },
		{ "a: \"\\0\"\n", "without NUL" },
		{ "\"a\\0\": b\n", "a name of 1 to 128" },
		{ "a: 1\nb: 2\na: 3\n", "f:3: a: expected each name once" },
		{ "x:\n  a: {b: 1, 'b': 2}\n", "f:2: x.a.b: expected each name once" },
		{ "a: &x 1\n", "an anchor" },
		{ "a: *x\n", "an alias" },
		{ "&x a: 1\n", "an anchor" },
		{ "&x {a: 1}\n", "an anchor" },
		{ "tests: []\nb: &x 1\n", "an anchor" },
		{ "tests: [&x 1]\nb: *x\n", "an alias" },
		{ "x: {tests: [&x 1]}\n", "an anchor" },
		{ "- tests\n- &x 1\n", "an anchor" },
		{ "tests: [*x]\n", "an alias of none" },
		{ "tests: [&x [*x]]\n", "an alias of none" },
		{ "tests: [&x {<<: *x}]\n", "an alias of none" },
		{ "tests: [*x, &x 1]\n", "an alias of none" },
		{ "tests: [&x 1, &x 2]\n", "each anchor once" },
		{ "tests: [&x 1, {<<: *x}]\n", "the alias of a mapping" },
		{ "tests: [&x {a: 1}, {<<: *x, <<: *x}]\n", "each name once" },
		{ "tests: [&x {a: 1}, {<<: [*x]}]\n", "an alias, found a list" },
		{ "tests: [{<<: {a: 1}}]\n", "an alias, found a mapping" },
		{ "a: {<<: {a: 1}}\n", "an alias, found a mapping" },
		{ "tests: [{&x a: 1}]\n", "a name" },
		{ "tests: [&x a, {*x : 1}]\n", "a name" },
		{ "%YAML 1.1\n---\na: 1\n", "no directive" },
		{ "a: 1\n...\n%TAG !a! b\n", "f:3: document: expected no directive" },
		{ "\xef\xbb\xbf%TAG !a! b\n", "no directive" },
		{ "a: 1\r%TAG !a! b\n", "no directive" },
		{ "a: 1\xe2\x80\xa8%TAG !a! b\n", "no directive" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		ck_assert_msg(!take(rows[i].yaml), "%s was taken", rows[i].yaml);
		ck_assert_int_eq(fault.code, FAULT_BADREQ);
		ck_assert_msg(strstr(fault.text, rows[i].why) != NULL &&
				  strstr(fault.text, ": expected ") != NULL &&
				  strncmp(fault.text, "f:", 2) == 0,
		    "%s: %s", rows[i].yaml, fault.text);
		ck_assert_ptr_null(tree.top);
	}
}
END_TEST

/* Many names are compared in another way than few. */
START_TEST(many_names)
{
	struct bytes b = { 0 };

	for (int i = 0; i < 2000; i++)
		bytes_put_fmt(&b, "n%d: %d\n", i, i);
	ck_assert(conf_tree_read(&tree, "f", octets_bytes(&b), MOST, NULL, &fault));
	ck_assert_uint_eq(tree.top->n, 2000);
	conf_tree_free(&tree);
	bytes_put_text(&b, "n7: again\n");
	ck_assert(!conf_tree_read(&tree, "f", octets_bytes(&b), MOST, NULL, &fault));
	ck_assert_str_eq(fault.text, "f:2001: n7: expected each name once, found it a second time");
	bytes_free(&b);
}
END_TEST

START_TEST(bounds)
{
	struct bytes b = { 0 };

	while (b.n < MOST)
		bytes_put_text(&b, "- a\n");
	ck_assert(conf_tree_read(&tree, "f", octets_bytes(&b), MOST, NULL, &fault));
	conf_tree_free(&tree);
	bytes_put_u8(&b, ' ');
	ck_assert(!conf_tree_read(&tree, "f", octets_bytes(&b), MOST, NULL, &fault));
	ck_assert_int_eq(fault.code, FAULT_LIMIT);
	ck_assert_uint_eq(tree.events, 0);
	bytes_free(&b);
	says("[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]\n", "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]");
	ck_assert(!take("[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]\n"));
	ck_assert_ptr_nonnull(strstr(fault.text, "expected at most 16 levels, found more"));
	/* an alias brings its own levels: 3 + 14 */
	ck_assert(!take("tests: [&a [[[[[[[[[[[[[[]]]]]]]]]]]]]], [*a]]\n"));
	ck_assert_ptr_nonnull(strstr(fault.text, "expected at most 16 levels, found more"));
	ck_assert(take("tests: [&a [[[[[[[[[[[[[[]]]]]]]]]]]]]], *a]\n"));
	ck_assert(!take("tests: [&a {b: [[[[[[[[[[[[[]]]]]]]]]]]]]}, {c: {<<: *a}}]\n"));
	ck_assert_ptr_nonnull(strstr(fault.text, "at most 16 levels"));
}
END_TEST

/* libyaml alone takes 10 s for these; here the work is counted, which no machine's load changes. */
START_TEST(row_51_hundred_thousand_brackets)
{
	static const char *const units[] = { "[", "{", "- ", "? ", "{a: ", "[a, " };

	for (size_t i = 0; i < COUNT(units); i++) {
		struct bytes b = { 0 };

		bytes_put_text(&b, i == 2 ? "" : "tests: ");
		for (int k = 0; k < 100000; k++)
			bytes_put_text(&b, units[i]);
		ck_assert(!conf_tree_read(&tree, "f", octets_bytes(&b), MOST, "tests", &fault));
		ck_assert_uint_eq(tree.events, 0);
		conf_tree_free(&tree);
		ck_assert(!conf_tree_read(&tree, "f", octets_bytes(&b), b.n, "tests", &fault));
		ck_assert_int_eq(fault.code, FAULT_BADREQ);
		ck_assert_msg(tree.events < 64, "%s: %zu events", units[i], tree.events);
		conf_tree_free(&tree);
		bytes_free(&b);
	}
}
END_TEST

START_TEST(row_51_a_billion_laughs)
{
	struct bytes b = { 0 };

	bytes_put_text(&b, "tests:\n- &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
	for (int i = 1; i < 10; i++) {
		bytes_put_fmt(&b, "- &a%d [*a%d", i, i - 1);
		for (int k = 1; k < 10; k++)
			bytes_put_fmt(&b, ", *a%d", i - 1);
		bytes_put_text(&b, "]\n");
	}
	ck_assert(!conf_tree_read(&tree, "f", octets_bytes(&b), MOST, "tests", &fault));
	ck_assert_msg(strstr(fault.text, "f:6: tests[4]") != NULL, "%s", fault.text);
	ck_assert_ptr_nonnull(strstr(fault.text, "expected fewer values, found more"));
	ck_assert(tree.events < 100);
	conf_tree_free(&tree);
	bytes_clear(&b);
	bytes_put_text(&b, "tests:\n- &m0 {a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7, h: 8}\n");
	for (int i = 1; i < 20; i++)
		bytes_put_fmt(
		    &b, "- &m%d {<<: *m%d, x: *m%d, y%d: *m%d}\n", i, i - 1, i - 1, i, i - 1);
	ck_assert(!conf_tree_read(&tree, "f", octets_bytes(&b), MOST, "tests", &fault));
	ck_assert_ptr_nonnull(strstr(fault.text, "expected fewer values, found more"));
	bytes_free(&b);
}
END_TEST

START_TEST(row_51_many_anchors)
{
	struct bytes b = { 0 };

	bytes_put_text(&b, "tests:\n");
	for (int i = 0; i < 60000; i++)
		bytes_put_fmt(&b, "- &a%d x\n", i);
	ck_assert(!conf_tree_read(&tree, "f", octets_bytes(&b), b.n, "tests", &fault));
	ck_assert_ptr_nonnull(strstr(fault.text, "at most 256 anchors"));
	ck_assert(tree.events < 300);
	bytes_free(&b);
}
END_TEST

START_TEST(faults_are_short_and_one_line)
{
	struct bytes b = { 0 };

	for (int i = 0; i < 14; i++)
		bytes_put_text(&b, "{\"a very long name that goes on and on \\n and on\": ");
	bytes_put_text(&b, "&x 1");
	bytes_put_u8(&b, 0);
	ck_assert(!take((const char *)b.at));
	ck_assert_ptr_null(strchr(fault.text, '\n'));
	ck_assert_ptr_nonnull(strstr(fault.text, ": expected a plain value, found an anchor"));
	bytes_free(&b);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("conf_tree");
	TCase *t = tcase_create("conf_tree");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, takes);
	tcase_add_test(t, lines_and_values);
	tcase_add_test(t, aliases_below_tests);
	tcase_add_test(t, refuses);
	tcase_add_test(t, many_names);
	tcase_add_test(t, bounds);
	tcase_add_test(t, row_51_hundred_thousand_brackets);
	tcase_add_test(t, row_51_a_billion_laughs);
	tcase_add_test(t, row_51_many_anchors);
	tcase_add_test(t, faults_are_short_and_one_line);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
