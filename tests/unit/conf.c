/* tests/unit/conf.c - base/conf.h: each fault names file, line, key, what was expected and what was
 * found. */
#include <check.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/conf.h"
#include "tests/unit/run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define AT(x)    offsetof(struct sample, x)

struct sample {
	char text[CONF_TEXT_MAX], label[CONF_TEXT_MAX], host[CONF_TEXT_MAX], address[CONF_TEXT_MAX];
	char other[CONF_TEXT_MAX], url[CONF_TEXT_MAX], choice[CONF_TEXT_MAX], deep[CONF_TEXT_MAX];
	int64_t count, ttl_s;
	bool on;
	struct conf_list names, words;
	char guard[8]; /* not in the table: nobody may touch it */
};

static const struct conf_key KEYS[] = {
	{ "text", CONF_TEXT, AT(text), "./data", NULL },
	{ "label", CONF_LABEL, AT(label), NULL, NULL },
	{ "host", CONF_HOST, AT(host), "example.org", NULL },
	{ "listen.public", CONF_ADDRESS, AT(address), "127.0.0.1:8080", NULL },
	{ "listen.secure", CONF_ADDRESS, AT(other), "[::1]:8443", NULL },
	{ "url", CONF_URL, AT(url), "http://localhost:8080/", NULL },
	{ "choice", CONF_CHOICE, AT(choice), "key-file", "key-file|passphrase|credential" },
	{ "count", CONF_COUNT, AT(count), "1", "-5..64" },
	{ "ttl", CONF_DURATION, AT(ttl_s), "24h", NULL },
	{ "on", CONF_BOOL, AT(on), "true", NULL },
	{ "names", CONF_LIST, AT(names), "localhost,127.0.0.1", NULL },
	{ "a.b.c", CONF_TEXT, AT(deep), NULL, NULL },
	{ "words", CONF_CHOICES, AT(words), "red,blue", "red|green|blue" },
};

static struct sample s;

static void
setup(void)
{
	memset(&s, 0x55, sizeof(s));
}

static bool
parse(const char *yaml, struct fault *f)
{
	return conf_parse("q.yaml", yaml, strlen(yaml), KEYS, COUNT(KEYS), &s, f);
}

static void
taken(const char *yaml)
{
	struct fault f = { 0 };

	ck_assert_msg(parse(yaml, &f), "%s: %s", yaml, f.text);
	ck_assert_mem_eq(s.guard, "\x55\x55\x55\x55\x55\x55\x55\x55", 8);
}

struct row {
	const char *yaml, *fault; /* fault without the file's name */
};

static void
all_refused(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct fault f = { 0 };

		ck_assert_msg(!parse(rows[i].yaml, &f), "%s", rows[i].yaml);
		ck_assert_int_eq(f.code, FAULT_BADREQ);
		ck_assert_int_eq(strncmp(f.text, "q.yaml:", 7), 0);
		ck_assert_str_eq(f.text + 7, rows[i].fault);
	}
}

static void
are_fallbacks(void)
{
	ck_assert_str_eq(s.text, "./data");
	ck_assert_str_eq(s.label, "");
	ck_assert_str_eq(s.host, "example.org");
	ck_assert_str_eq(s.address, "127.0.0.1:8080");
	ck_assert_str_eq(s.url, "http://localhost:8080");
	ck_assert_int_eq(s.count, 1);
	ck_assert_int_eq(s.ttl_s, 86400);
	ck_assert(s.on);
	ck_assert_uint_eq(s.names.n, 2);
	ck_assert_str_eq(s.names.at[1], "127.0.0.1");
}

START_TEST(fallbacks)
{
	struct fault f;

	taken("");
	are_fallbacks();
	setup();
	taken("# only a comment\n");
	are_fallbacks();
	setup();
	ck_assert(conf_load(NULL, KEYS, COUNT(KEYS), &s, &f));
	are_fallbacks();
}
END_TEST

START_TEST(every_type)
{
	taken(
	    "text: 'a b'\nlabel: eu-1\nhost: a.b\nlisten:\n  public: h:0\n  secure: '[2001:db8::1]:65535'\n"
	    "url: http://h.example/a/b//\nchoice: credential\ncount: -5\nttl: 90d\non: false\n"
	    "names: [x, 'y', \"z\"]\na: {b: {c: deep}}\n");
	ck_assert_str_eq(s.text, "a b");
	ck_assert_str_eq(s.label, "eu-1");
	ck_assert_str_eq(s.host, "a.b");
	ck_assert_str_eq(s.address, "h:0");
	ck_assert_str_eq(s.other, "[2001:db8::1]:65535");
	ck_assert_str_eq(s.url, "http://h.example/a/b");
	ck_assert_str_eq(s.choice, "credential");
	ck_assert_int_eq(s.count, -5);
	ck_assert_int_eq(s.ttl_s, 7776000);
	ck_assert(!s.on);
	ck_assert_uint_eq(s.names.n, 3);
	ck_assert_str_eq(s.names.at[2], "z");
	ck_assert_str_eq(s.deep, "deep");
}
END_TEST

START_TEST(an_empty_list_is_one)
{
	taken("names: []");
	ck_assert_uint_eq(s.names.n, 0);
}
END_TEST

START_TEST(refuses_keys)
{
	static const struct row rows[] = {
		{ "\nlisen:\n  public: h:1",
		    "2: lisen: expected a known key, found an unknown one (did you mean \"listen\"?)" },
		{ "listen:\n  publik: h:1",
		    "2: listen.publik: expected a known key, found an unknown one (did you mean \"listen.public\"?)" },
		{ "secure: h:1",
		    "1: secure: expected a known key, found an unknown one (did you mean \"listen.secure\"?)" },
		{ "listen:\n  choice: x",
		    "2: listen.choice: expected a known key, found an unknown one (did you mean \"choice\"?)" },
		{ "something: x", "1: something: expected a known key, found an unknown one" },
		{ "listen.public: h:1",
		    "1: listen.public: expected a known key, found an unknown one" },
		{ "'': x", "1: document: expected a known key, found an unknown one" },
		{ "<<: {text: x}", "1: <<: expected a known key, found an unknown one" },
		{ "\"text\\0\": x",
		    "1: text: expected a known key, found an unknown one (did you mean \"text\"?)" },
		{ "a: {b: {c: x, d: y}}", "1: a.b.d: expected a known key, found an unknown one" },
		{ "text: a\ntext: b", "2: text: expected each key once, found it a second time" },
		{ "listen:\n  public: h:1\nlisten:\n  secure: h:2",
		    "3: listen: expected each key once, found it a second time" },
		{ "listen:\n  public: h:1\n  public: h:1",
		    "3: listen.public: expected each key once, found it a second time" },
		{ "? [text]\n: x", "1: document: expected a key, found a list" },
	};

	all_refused(rows, COUNT(rows));
}
END_TEST

START_TEST(refuses_shapes)
{
	static const struct row rows[] = {
		{ "- a", "1: document: expected a mapping of keys, found a list" },
		{ "text", "1: document: expected a mapping of keys, found \"text\"" },
		{ "listen: x", "1: listen: expected a mapping of keys, found \"x\"" },
		{ "listen:", "1: listen: expected a mapping of keys, found nothing" },
		{ "text: {a: b}",
		    "1: text: expected text of 1 to 255 printable octets, found a mapping" },
		{ "text: [a]",
		    "1: text: expected text of 1 to 255 printable octets, found a list" },
		{ "names: x", "1: names: expected a list of at most 16 texts, found \"x\"" },
		{ "names: [[x]]", "1: names: expected a list of at most 16 texts, found a list" },
		{ "names:\n- a\n-",
		    "3: names: expected a list of at most 16 texts, found nothing" },
		{ "names: [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]",
		    "1: names: expected a list of at most 16 texts, found \"17\"" },
	};

	all_refused(rows, COUNT(rows));
}
END_TEST

START_TEST(choices)
{
	static const struct row rows[] = {
		{ "words: red",
		    "1: words: expected a list of each once of red|green|blue, found \"red\"" },
		{ "words:\n- red\n- yellow",
		    "3: words: expected a list of each once of red|green|blue, found \"yellow\"" },
		{ "words: [red, green, red]",
		    "1: words: expected a list of each once of red|green|blue, found \"red\"" },
		{ "words: ['red|green']",
		    "1: words: expected a list of each once of red|green|blue, found the text \"red|green\"" },
		{ "words: [re]",
		    "1: words: expected a list of each once of red|green|blue, found \"re\"" },
		{ "words: ['']",
		    "1: words: expected a list of each once of red|green|blue, found nothing" },
	};

	taken("");
	ck_assert_uint_eq(s.words.n, 2);
	ck_assert_str_eq(s.words.at[1], "blue");
	taken("words: [green]");
	ck_assert_uint_eq(s.words.n, 1);
	taken("words: []");
	ck_assert_uint_eq(s.words.n, 0);
	all_refused(rows, COUNT(rows));
}
END_TEST

/* For what a table cannot check: where each key, and each item of a list, stands. */
START_TEST(lines)
{
	static const char yaml[] =
	    "\ntext: a\nlisten:\n  # one\n  secure: h:1\nnames:\n  - x\n\n  - y\n";
	size_t line[COUNT(KEYS)];
	struct fault f = { 0 };

	memset(line, 0x55, sizeof(line));
	ck_assert(conf_parse_lines("q.yaml", yaml, strlen(yaml), KEYS, COUNT(KEYS), &s, line, &f));
	ck_assert_uint_eq(line[0], 2);
	ck_assert_uint_eq(line[1], 0);
	ck_assert_uint_eq(line[3], 0); /* its sister alone is there */
	ck_assert_uint_eq(line[4], 5);
	ck_assert_uint_eq(line[10], 6);
	ck_assert_uint_eq(s.names.line[0], 7);
	ck_assert_uint_eq(s.names.line[1], 9);
	ck_assert_uint_eq(s.words.line[0], 0);
	ck_assert(!conf_refuse("q.yaml", 9, "names", "other names", "\"y\"", &f));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert_str_eq(f.text, "q.yaml:9: names: expected other names, found \"y\"");
}
END_TEST

START_TEST(refuses_features)
{
	static const struct row rows[] = {
		{ "text: &a x", "1: text: expected a plain value, found an anchor" },
		{ "text: *a", "1: text: expected a plain value, found an alias" },
		{ "listen: &l\n  public: h:1",
		    "1: listen: expected a plain value, found an anchor" },
		{ "names: &n [x]", "1: names: expected a plain value, found an anchor" },
		{ "text: !!str x", "1: text: expected a plain value, found a tag" },
		{ "text: ! x", "1: text: expected a plain value, found a tag" },
		{ "!!map {text: x}", "1: document: expected a plain value, found a tag" },
		{ "names: !!seq [x]", "1: names: expected a plain value, found a tag" },
		{ "text: x\n---\nhost: y", "2: document: expected one document, found a second" },
		{ "text: x\n...\n---\n{}", "3: document: expected one document, found a second" },
		{ "listen:\n\tpublic: x",
		    "2: listen: expected YAML in UTF-8, found character that cannot start any token" },
		{ "text: x\n y: z",
		    "2: document: expected YAML in UTF-8, found something else (mapping values are not allowed in this context)" },
		{ "text: \xff",
		    "1: document: expected YAML in UTF-8, found something else (invalid leading UTF-8 octet)" },
		{ "text: 'x", "1: text: expected YAML in UTF-8, found unexpected end of stream" },
	};

	all_refused(rows, COUNT(rows));
}
END_TEST

START_TEST(faults_stay_one_line_and_short)
{
	struct fault f;

	ck_assert(!parse("label: \"a\\nq.yaml:2: b\\e[31m\"", &f));
	ck_assert_str_eq(f.text,
	    "q.yaml:1: label: expected a lower-case DNS label, found the text \"a?q.yaml:2: b?[31m\"");
	ck_assert(!parse(
	    "label: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &f));
	ck_assert_str_eq(f.text,
	    "q.yaml:1: label: expected a lower-case DNS label, found \"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"");
}
END_TEST

/* Values that are of no type, one for each way to be wrong. */
static const struct {
	const char *key, *expected, *values[18];
} WRONG[] = {
	{ "text", "text of 1 to 255 printable octets",
	    { "", "''", "~", "null", "\"\\x01\"", "\"\\x7f\"", "\"a\\0b\"" } },
	{ "label", "a lower-case DNS label", { "A", "a.b", "-a", "a_b", "''" } },
	{ "host", "a lower-case DNS name",
	    { "A.b", "a..b", "a.", "a b", "a:1",
		"-"
		"a" } },
	{ "url", "http://HOST[:PORT][/PATH]",
	    { "https://h", "http://", "http:///", "'http://h:'", "http://h:x", "http://h:65536",
		"http://H", "http://u@h", "'http://h/#f'", "http://h/a?b", "'http://h/a b'", "h",
		"HTTP://h", "http://[::1", "http://[::g]/", "http://999.0.0.1/",
		"http://h/\xc3\xa4" } },
	{ "choice", "one of key-file|passphrase|credential",
	    { "key", "key-file|passphrase", "Key-file", "'|'", "key-files", "''" } },
	{ "count", "a whole number in -5..64",
	    { "65", "-6", "1.0", "+1", "01", "-0", "0x1", "1e1", "'1'", "one",
		"99999999999999999999", "--", "1 2", "\"1\"", "" } },
	{ "ttl", "a duration such as 90d, 24h, 15m, 30s",
	    { "0", "1w", "-1d", "1.5h", "d", "100000d", "1d 2h" } },
	{ "on", "true or false", { "yes", "no", "True", "1", "0", "'true'", "on", "~" } },
};

START_TEST(refuses_values)
{
	for (size_t i = 0; i < COUNT(WRONG); i++)
		for (size_t j = 0; j < COUNT(WRONG[i].values) && WRONG[i].values[j] != NULL; j++) {
			char yaml[128], want[128];
			struct fault f = { 0 };

			(void)snprintf(
			    yaml, sizeof(yaml), "\n%s: %s\n", WRONG[i].key, WRONG[i].values[j]);
			(void)snprintf(want, sizeof(want), "q.yaml:2: %s: expected %s, found ",
			    WRONG[i].key, WRONG[i].expected);
			ck_assert_msg(!parse(yaml, &f), "%s", yaml);
			ck_assert_msg(strncmp(f.text, want, strlen(want)) == 0, "%s", f.text);
		}
}
END_TEST

START_TEST(refuses_addresses)
{
	static const char *const bad[] = { "h", ":1", "h:", "h:65536", "h:01", "h:+1", "h:1x",
		"h:1:2", "::1:80", "[::1]", "[::1]80", "[::1:80", "[]:80", "[127.0.0.1]:80",
		"[h]:80", "1.2.3:1", "1.2.3.256:1", "1.2.3.4.5:1", "H:1", "*:1", "a b:1",
		"/run/x.sock" };

	for (size_t i = 0; i < COUNT(bad); i++) {
		char yaml[64];
		struct fault f = { 0 };

		(void)snprintf(yaml, sizeof(yaml), "listen: {public: '%s'}", bad[i]);
		ck_assert_msg(!parse(yaml, &f), "%s", yaml);
		ck_assert_ptr_nonnull(
		    strstr(f.text, "listen.public: expected HOST:PORT or [IPV6]:PORT, found"));
	}
}
END_TEST

START_TEST(text_fits_or_is_refused)
{
	char yaml[CONF_TEXT_MAX + 16] = "text: ";
	struct fault f;

	memset(yaml + 6, 'x', CONF_TEXT_MAX - 1);
	taken(yaml);
	ck_assert_uint_eq(strlen(s.text), CONF_TEXT_MAX - 1);
	yaml[6 + CONF_TEXT_MAX - 1] = 'x';
	ck_assert(!parse(yaml, &f));
	ck_assert_mem_eq(s.guard, "\x55\x55\x55\x55\x55\x55\x55\x55", 8);
}
END_TEST

START_TEST(size_is_bounded)
{
	char *yaml = malloc(100000);
	struct fault f;

	memset(yaml, '#', 100000);
	ck_assert(conf_parse("q.yaml", yaml, CONF_MAX_OCTETS, KEYS, COUNT(KEYS), &s, &f));
	ck_assert(!conf_parse("q.yaml", yaml, CONF_MAX_OCTETS + 1, KEYS, COUNT(KEYS), &s, &f));
	ck_assert_str_eq(f.text, "q.yaml:1: document: expected at most 65536 octets, found more");
	memset(yaml, '[', 100000);
	ck_assert(!conf_parse("q.yaml", yaml, 100000, KEYS, COUNT(KEYS), &s, &f));
	ck_assert(!conf_parse("q.yaml", yaml, CONF_MAX_OCTETS, KEYS, COUNT(KEYS), &s, &f));
	ck_assert_str_eq(f.text, "q.yaml:1: document: expected a mapping of keys, found a list");
	free(yaml);
}
END_TEST

/* Microseconds of processor time: a busy machine makes them no longer. */
static int64_t
spent_us(void)
{
	struct rusage u;

	ck_assert_int_eq(getrusage(RUSAGE_SELF, &u), 0);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 + u.ru_utime.tv_usec +
	       u.ru_stime.tv_usec;
}

/* libyaml alone needs seconds for the first ones, as their number squared; a second is ample. */
START_TEST(row_51_yaml_bombs)
{
	static const char *const pieces[] = { "[", "{", "- ", "? ", "a: {", "[a, ", "[[", "&a [",
		"*a ", "!!str ", "\"", "'", "| ", "- - - ", "a:\n", "---\n", "%", "{a: [" };
	static const size_t sizes[] = { 100000, CONF_MAX_OCTETS };
	static char yaml[100000];
	struct fault f = { 0 };

	for (size_t i = 0; i < COUNT(pieces); i++)
		for (size_t k = 0; k < COUNT(sizes); k++) {
			int64_t from_us = spent_us();

			for (size_t at = 0; at < sizes[k]; at++)
				yaml[at] = pieces[i][at % strlen(pieces[i])];
			ck_assert_msg(!conf_parse("q", yaml, sizes[k], KEYS, COUNT(KEYS), &s, &f),
			    "%s", pieces[i]);
			ck_assert_int_eq(f.code, FAULT_BADREQ);
			ck_assert_msg(spent_us() - from_us < 1000000, "%s", pieces[i]);
		}
}
END_TEST

/* Ten names, each ten times the one before: 10^10 values for whoever believes it. */
START_TEST(row_51_a_billion_laughs)
{
	static const char yaml[] =
	    "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
	    "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n";
	struct fault f = { 0 };

	ck_assert(!conf_parse("q", yaml, sizeof(yaml) - 1, KEYS, COUNT(KEYS), &s, &f));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
}
END_TEST

START_TEST(depth_is_bounded)
{
	static const struct conf_key deep[] = { { "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a", CONF_TEXT,
	    AT(text), NULL, NULL } };
	static const struct conf_key deeper[] = { { "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a", CONF_TEXT,
	    AT(text), NULL, NULL } };
	const char *ok =
	    "{a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: x}}}}}}}}}}}}}}}}";
	const char *over =
	    "{a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: x}}}}}}}}}}}}}}}}}";
	struct fault f = { 0 };

	ck_assert_msg(conf_parse("q", ok, strlen(ok), deep, 1, &s, &f), "%s", f.text);
	ck_assert_str_eq(s.text, "x");
	ck_assert(!conf_parse("q", over, strlen(over), deeper, 1, &s, &f));
	ck_assert_ptr_nonnull(strstr(f.text, "expected at most 16 levels, found more"));
}
END_TEST

START_TEST(a_bad_table_is_our_own_fault)
{
	static const struct conf_key bad[] = { { "n", CONF_COUNT, AT(count), "7", "1..5" } };
	struct fault f = { 0 };

	ck_assert(!conf_parse("q", "", 0, bad, 1, &s, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ck_assert_ptr_nonnull(strstr(f.text, "conf: n: the fallback \"7\""));
}
END_TEST

START_TEST(loads_a_file)
{
	char path[] = "/tmp/quatrain-conf-XXXXXX";
	int fd = mkstemp(path);
	struct fault f = { 0 };

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "count: 7\nlabel: A\n", 9), 9);
	ck_assert_msg(conf_load(path, KEYS, COUNT(KEYS), &s, &f), "%s", f.text);
	ck_assert_int_eq(s.count, 7);
	ck_assert_int_eq(write(fd, "label: A\n", 9), 9);
	ck_assert(!conf_load(path, KEYS, COUNT(KEYS), &s, &f));
	ck_assert_int_eq(strncmp(f.text, path, strlen(path)), 0);
	ck_assert_str_eq(
	    f.text + strlen(path), ":2: label: expected a lower-case DNS label, found \"A\"");
	ck_assert_int_eq(ftruncate(fd, CONF_MAX_OCTETS + 1), 0);
	ck_assert(!conf_load(path, KEYS, COUNT(KEYS), &s, &f));
	ck_assert_ptr_nonnull(strstr(f.text, "at most 65536 octets"));
	close(fd);
	unlink(path);
	ck_assert(!conf_load(path, KEYS, COUNT(KEYS), &s, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!conf_load("/tmp", KEYS, COUNT(KEYS), &s, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
}
END_TEST

/* A list of mappings, each with keys of its own. */
struct one {
	char name[CONF_TEXT_MAX];
	int64_t weight;
	struct conf_list tags;
};
struct table {
	int64_t before;
	size_t n;
	struct one at[2];
	char guard[8];
};

static const struct conf_key ROW_KEYS[] = {
	{ "name", CONF_LABEL, offsetof(struct one, name), NULL, NULL },
	{ "weight", CONF_COUNT, offsetof(struct one, weight), "7", "0..9" },
	{ "tags", CONF_LIST, offsetof(struct one, tags), NULL, NULL },
};
static const struct conf_rows ROWS = { ROW_KEYS, COUNT(ROW_KEYS), sizeof(struct one), 2 };
static const struct conf_key TABLE_KEYS[] = {
	{ "before", CONF_COUNT, offsetof(struct table, before), "1", NULL },
	{ "rows", CONF_ROWS, offsetof(struct table, n), NULL, &ROWS },
};

START_TEST(mappings)
{
	static const char yaml[] =
	    "rows:\n  - name: a\n    tags: [x, y]\n  - { weight: 3, name: b }\nbefore: 2\n";
	struct table t = { .guard = "guard" };
	struct fault f;

	ck_assert_msg(conf_parse("f", yaml, strlen(yaml), TABLE_KEYS, COUNT(TABLE_KEYS), &t, &f),
	    "%s", f.text);
	ck_assert_uint_eq(t.n, 2);
	ck_assert_int_eq(t.before, 2);
	ck_assert_str_eq(t.at[0].name, "a");
	ck_assert_int_eq(t.at[0].weight, 7);
	ck_assert_uint_eq(t.at[0].tags.n, 2);
	ck_assert_str_eq(t.at[0].tags.at[1], "y");
	ck_assert_str_eq(t.at[1].name, "b");
	ck_assert_int_eq(t.at[1].weight, 3);
	ck_assert_uint_eq(t.at[1].tags.n, 0);
	ck_assert_str_eq(t.guard, "guard");
	ck_assert(conf_parse("f", "rows: []\n", 9, TABLE_KEYS, COUNT(TABLE_KEYS), &t, &f));
	ck_assert_uint_eq(t.n, 0);
	ck_assert(conf_parse("f", "", 0, TABLE_KEYS, COUNT(TABLE_KEYS), &t, &f));
	ck_assert_uint_eq(t.n, 0);
}
END_TEST

START_TEST(mappings_are_refused)
{
	static const char *const wrong[][2] = {
		{ "rows: 7\n", "f:1: rows: expected a list of mappings, found \"7\"" },
		{ "rows: { name: a }\n",
		    "f:1: rows: expected a list of mappings, found a mapping" },
		{ "rows: [a]\n", "f:1: rows[0].: expected a mapping of keys, found \"a\"" },
		{ "rows: [[a]]\n", "f:1: rows[0].: expected a mapping of keys, found a list" },
		{ "rows:\n  - name: a\n  - name: B\n",
		    "f:3: rows[1].name: expected a lower-case DNS label, found \"B\"" },
		{ "rows:\n  - name: a\n    name: b\n",
		    "f:3: rows[0].name: expected each key once, found it a second time" },
		{ "rows:\n  - nime: a\n",
		    "f:2: rows[0].nime: expected a known key, found an unknown" },
		{ "rows:\n  - before: 1\n", "f:2: rows[0].before: expected a known key" },
		{ "rows:\n  - weight: 10\n",
		    "f:2: rows[0].weight: expected a whole number in 0..9" },
		{ "rows:\n  - tags: x\n", "f:2: rows[0].tags: expected a list" },
		{ "rows:\n  - a: &x 1\n", "f:2: rows[0]." },
		{ "rows: [{}, {}, {}]\n", "f:1: rows: expected fewer of them, found one more" },
		{ "rows: []\nrows: []\n", "f:2: rows: expected each key once" },
		{ "rows: [{}\n", "f:2: rows: expected YAML" },
	};

	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct table t = { .guard = "guard" };
		struct fault f = { 0 };

		ck_assert_msg(!conf_parse("f", wrong[i][0], strlen(wrong[i][0]), TABLE_KEYS,
				  COUNT(TABLE_KEYS), &t, &f),
		    "%s", wrong[i][0]);
		ck_assert_int_eq(f.code, FAULT_BADREQ);
		ck_assert_msg(strstr(f.text, wrong[i][1]) != NULL, "%s: %s", wrong[i][1], f.text);
		ck_assert_str_eq(t.guard, "guard");
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("conf");
	TCase *t = tcase_create("conf");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, fallbacks);
	tcase_add_test(t, every_type);
	tcase_add_test(t, an_empty_list_is_one);
	tcase_add_test(t, refuses_keys);
	tcase_add_test(t, refuses_shapes);
	tcase_add_test(t, refuses_features);
	tcase_add_test(t, faults_stay_one_line_and_short);
	tcase_add_test(t, refuses_values);
	tcase_add_test(t, refuses_addresses);
	tcase_add_test(t, text_fits_or_is_refused);
	tcase_add_test(t, size_is_bounded);
	tcase_add_test(t, row_51_yaml_bombs);
	tcase_add_test(t, row_51_a_billion_laughs);
	tcase_add_test(t, depth_is_bounded);
	tcase_add_test(t, a_bad_table_is_our_own_fault);
	tcase_add_test(t, choices);
	tcase_add_test(t, lines);
	tcase_add_test(t, mappings);
	tcase_add_test(t, mappings_are_refused);
	tcase_add_test(t, loads_a_file);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
