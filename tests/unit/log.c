/* tests/unit/log.c - base/log.h: one fact is one line, whatever a peer wrote into it. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "tests/unit/run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int ends[2], saved;
static char line[2 * LOG_LINE_MAX];

static void
setup(void)
{
	ck_assert_int_eq(pipe(ends), 0);
	saved = dup(STDERR_FILENO);
	ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	log_start("edge", LOG_INFO);
}

static void
teardown(void)
{
	(void)dup2(saved, STDERR_FILENO);
	close(saved);
	close(ends[0]);
	close(ends[1]);
}

/* The one line that was written, without its time. */
static const char *
written(void)
{
	ssize_t n = read(ends[0], line, sizeof(line) - 1);
	const char *rest;

	ck_assert_int_gt(n, 0);
	line[n] = '\0';
	ck_assert_int_le(n, LOG_LINE_MAX);
	ck_assert_ptr_eq(strchr(line, '\n'), line + n - 1);
	ck_assert_int_eq(strncmp(line, "time=20", 7), 0);
	rest = strchr(line, ' ');
	ck_assert_ptr_nonnull(rest);
	ck_assert_int_eq(rest - line, (int)strlen("time=2026-11-22T14:30:00.123Z"));
	return rest + 1;
}

START_TEST(a_fact)
{
	log_fact(LOG_INFO, "listen", "on", "127.0.0.1:8443", "tls", "1.3", NULL);
	ck_assert_str_eq(written(), "level=info who=edge event=listen on=127.0.0.1:8443 tls=1.3\n");
	log_fact(LOG_ERROR, "stop", NULL);
	ck_assert_str_eq(written(), "level=error who=edge event=stop\n");
}
END_TEST

START_TEST(levels)
{
	log_fact(LOG_DEBUG, "quiet", NULL);
	log_fact(LOG_WARN, "loud", NULL);
	ck_assert_str_eq(written(), "level=warn who=edge event=loud\n");
	log_start("signer", LOG_DEBUG);
	log_fact(LOG_DEBUG, "now", NULL);
	ck_assert_str_eq(written(), "level=debug who=signer event=now\n");
}
END_TEST

START_TEST(values_are_quoted_where_they_need_it)
{
	static const struct {
		const char *value, *want;
	} rows[] = {
		{ "a/b:c,d%", "a/b:c,d%" },
		{ "", "\"\"" },
		{ "a b", "\"a b\"" },
		{ "a=b", "\"a=b\"" },
		{ "a\"b", "\"a\\x22b\"" },
		{ "a\\b", "\"a\\x5cb\"" },
		{ "a\n", "\"a\\x0a\"" },
		{ "\x1b[31m", "\"\\x1b[31m\"" },
		{ "\xc3\xa4\x7f", "\"\\xc3\\xa4\\x7f\"" },
		{ "x\nlevel=info who=signer event=issued",
		    "\"x\\x0alevel=info who=signer event=issued\"" },
		{ "x\" event=\"issued", "\"x\\x22 event=\\x22issued\"" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char want[128];

		log_fact(LOG_INFO, "e", "k", rows[i].value, NULL);
		(void)snprintf(
		    want, sizeof(want), "level=info who=edge event=e k=%s\n", rows[i].want);
		ck_assert_str_eq(written(), want);
	}
}
END_TEST

START_TEST(null_value_ends_the_pairs)
{
	log_fact(LOG_INFO, "e", "k", NULL, "l", "m", NULL);
	ck_assert_str_eq(written(), "level=info who=edge event=e k=\"\"\n");
}
END_TEST

/* A value too long loses its own end, not the pairs behind it, and the line says so. */
START_TEST(long_value_is_cut_alone)
{
	char value[3 * LOG_VALUE_MAX];
	const char *got;

	memset(value, 'v', sizeof(value));
	value[sizeof(value) - 1] = '\0';
	log_fact(LOG_INFO, "e", "k", value, "l", "a b", NULL);
	got = written();
	ck_assert_ptr_nonnull(strstr(got, "v\" l=\"a b\" cut=yes\n"));
	ck_assert_uint_lt(strlen(got), LOG_VALUE_MAX + 100);
	memset(value, '\n', sizeof(value) - 1);
	log_fact(LOG_INFO, "e", "k", value, "l", "m", NULL);
	got = written();
	ck_assert_ptr_nonnull(strstr(got, "\\x0a\" l=m cut=yes\n"));
	ck_assert_uint_lt(strlen(got), LOG_VALUE_MAX + 100);
	value[LOG_VALUE_MAX] = '\0';
	memset(value, 'v', LOG_VALUE_MAX);
	log_fact(LOG_INFO, "e", "k", value, NULL);
	ck_assert_ptr_null(strstr(written(), "cut=yes"));
}
END_TEST

/* Values of every length before the line's end: never over it, never an open quote, always its
 * mark. */
START_TEST(long_line_is_cut)
{
	char v[LOG_VALUE_MAX + 1], last[LOG_VALUE_MAX + 1];

	memset(v, 'v', LOG_VALUE_MAX);
	v[LOG_VALUE_MAX] = '\0';
	for (size_t n = 0; n < LOG_VALUE_MAX; n++) {
		const char *got;
		size_t quotes = 0, len;

		memset(last, n % 2 == 0 ? '"' : ' ', n);
		last[n] = '\0';
		log_fact(LOG_INFO, "e", "a", v, "b", v, "c", v, "d", v, "e", v, "f", v, "g", v, "h",
		    last, "i", v, "j", v, NULL);
		got = written();
		len = strlen(got);
		ck_assert_str_eq(got + len - strlen(" cut=yes\n"), " cut=yes\n");
		for (const char *c = got; *c != '\0'; c++)
			quotes += *c == '"';
		ck_assert_uint_eq(quotes % 2, 0);
	}
}
END_TEST

START_TEST(long_key_is_left_out)
{
	char key[LOG_LINE_MAX + 1];

	memset(key, 'k', LOG_LINE_MAX);
	key[LOG_LINE_MAX] = '\0';
	log_fact(LOG_INFO, "e", key, "v", NULL);
	ck_assert_str_eq(written(), "level=info who=edge event=e cut=yes\n");
}
END_TEST

/* The one object that was written, without its time; canonical, and on one line. */
static struct json *
object(void)
{
	ssize_t n = read(ends[0], line, sizeof(line) - 1);
	struct bytes again = { 0 };
	struct json *j;
	struct fault f;

	ck_assert_int_gt(n, 1);
	ck_assert_int_le(n, LOG_LINE_MAX);
	ck_assert_ptr_eq(memchr(line, '\n', (size_t)n), line + n - 1);
	ck_assert_msg(json_parse(octets_of(line, (size_t)n - 1), &j, &f), "%s", f.text);
	ck_assert(json_write(j, &again, &f));
	ck_assert(octets_same(octets_bytes(&again), octets_of(line, (size_t)n - 1)));
	bytes_free(&again);
	ck_assert_uint_eq(strlen(json_text(j, "time")), strlen("2026-11-22T14:30:00.123Z"));
	ck_assert_str_eq(json_text(j, "who"), "edge");
	return j;
}

START_TEST(a_fact_as_an_object)
{
	struct json *j;

	log_form(LOG_JSON);
	log_fact(LOG_WARN, "refused", "status", "403", "why", "", NULL);
	j = object();
	ck_assert_str_eq(json_text(j, "level"), "warn");
	ck_assert_str_eq(json_text(j, "event"), "refused");
	ck_assert_str_eq(json_text(j, "status"), "403");
	ck_assert_str_eq(json_text(j, "why"), "");
	ck_assert_ptr_null(json_text(j, "cut"));
	json_free(j);
	log_form(LOG_LOGFMT);
}
END_TEST

START_TEST(no_peer_breaks_an_object)
{
	static const char *const rows[][2] = {
		{ "a\nb", "a\\x0ab" },
		{ "\",\"who\":\"signer", "\",\"who\":\"signer" },
		{ "}\n{\"event\":\"issued\"}", "}\\x0a{\"event\":\"issued\"}" },
		{ "\x1b[31m", "\\x1b[31m" },
		{ "\xff\xfe", "\\xff\\xfe" },
		{ "\xe2\x80\xae", "\\xe2\\x80\\xae" }, /* right-to-left override */
		{ "\xe2\x80\xa8", "\\xe2\\x80\\xa8" }, /* line separator */
		{ "\xc3\xa4\xed\xa0\x80", "\xc3\xa4\\xed\\xa0\\x80" },
	};

	log_form(LOG_JSON);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct json *j;

		log_fact(LOG_INFO, "e", "k", rows[i][0], NULL);
		j = object();
		ck_assert_str_eq(json_text(j, "k"), rows[i][1]);
		ck_assert_str_eq(json_text(j, "event"), "e");
		json_free(j);
	}
	log_form(LOG_LOGFMT);
}
END_TEST

START_TEST(long_object_is_cut)
{
	char v[2 * LOG_VALUE_MAX];
	struct json *j;

	memset(v, '\n', sizeof(v) - 1);
	v[sizeof(v) - 1] = '\0';
	log_form(LOG_JSON);
	log_fact(LOG_INFO, "e", "a", "first", "b", v, "c", v, "d", v, "z", "last", NULL);
	j = object();
	ck_assert_str_eq(json_text(j, "a"), "first");
	ck_assert_ptr_null(json_text(j, "z"));
	ck_assert_str_eq(json_text(j, "cut"), "yes");
	json_free(j);
	log_fact(LOG_INFO, "e", "k", v, "l", "m", NULL);
	j = object();
	ck_assert_uint_eq(strlen(json_text(j, "k")), 4 * LOG_VALUE_MAX);
	ck_assert_str_eq(json_text(j, "l"), "m");
	ck_assert_str_eq(json_text(j, "cut"), "yes");
	json_free(j);
	log_form(LOG_LOGFMT);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("log");
	TCase *t = tcase_create("log");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_fact);
	tcase_add_test(t, levels);
	tcase_add_test(t, values_are_quoted_where_they_need_it);
	tcase_add_test(t, null_value_ends_the_pairs);
	tcase_add_test(t, long_value_is_cut_alone);
	tcase_add_test(t, long_line_is_cut);
	tcase_add_test(t, long_key_is_left_out);
	tcase_add_test(t, a_fact_as_an_object);
	tcase_add_test(t, no_peer_breaks_an_object);
	tcase_add_test(t, long_object_is_cut);
	suite_add_tcase(s, t);
	return run_suite(s);
}
