/* tests/unit/glob.c - policy/glob.h: patterns of ids and of actions. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "policy/glob.h"
#include "tests/unit/run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define S        "spiffe://"

static struct octets
o(const char *s)
{
	return octets_text(s);
}

START_TEST(what_is_a_pattern)
{
	static const char *const good[] = { S "acme.eu.example.org/printer/hp-4711",
		S "acme.eu.example.org/printer/*", S "*.eu.example.org/**", S "*.*.example.org/**",
		S "acme.eu.example.org/*/fin-*", S "a/b", S "acme.eu.example.org/printer/a.b_c~d" };
	static const char *const bad[] = { "", "*", S, S "/", S "acme", S "acme/", S "acme//x",
		S "acme/x/", S "acme/**/x", S "acme/a**", S "acme/**b", S "ac*me/x", S "**/x",
		S "acme..org/x", S ".acme/x", S "acme./x", S "ACME/x", S "acme/x y", S "acme/x?",
		S "acme/%2e", S "acme/.", S "acme/../x", S "acme:443/x", S "u@acme/x",
		"Spiffe://acme/x", "https://acme/x", S "acme/\xc3\xa9", S "acme/x#y" };

	for (size_t i = 0; i < COUNT(good); i++)
		ck_assert_msg(glob_is_pattern(o(good[i])), "%s", good[i]);
	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert_msg(!glob_is_pattern(o(bad[i])), "%s", bad[i]);
	ck_assert(!glob_is_pattern(octets_of("spiffe://acme/x\0", 16)));
}
END_TEST

static const struct {
	const char *pattern, *id;
	bool match;
} ids[] = {
	{ S "acme.eu.example.org/**", S "acme.eu.example.org/printer/x", true },
	{ S "acme.eu.example.org/**", S "acme.eu.example.org/x", true },
	{ S "acme.eu.example.org/**", S "acme.eu.example.org", false },
	{ S "acme.eu.example.org/**", S "acme.eu.example.org/", false },
	{ S "acme.eu.example.org/**", S "acme.eu.example.org.evil.com/printer/x", false },
	{ S "acme.eu.example.org/**", S "xacme.eu.example.org/printer/x", false },
	{ S "*.eu.example.org/**", S "acme.eu.example.org/printer/x", true },
	{ S "*.eu.example.org/**", S "acme.us.example.org/printer/x", false },
	{ S "*.eu.example.org/**", S "a.b.eu.example.org/printer/x", false },
	{ S "*.eu.example.org/**", S "eu.example.org/printer/x", false },
	{ S "*.eu.example.org/**", S ".eu.example.org/printer/x", false },
	{ S "*.eu.example.org/**", S "evil.com/.eu.example.org/x", false },
	{ S "*.*.example.org/**", S "acme.eu.example.org/printer/x", true },
	{ S "acme.*/printer/*", S "acme.eu/printer/x", true },
	{ S "acme.*/printer/*", S "acme.eu.org/printer/x", false },
	{ S "acme/printer/*", S "acme/printer/x", true },
	{ S "acme/printer/*", S "acme/printer/", false },
	{ S "acme/printer/*", S "acme/printer", false },
	{ S "acme/printer/*", S "acme/printer/x/y", false },
	{ S "acme/printer/*", S "acme/gateway/x", false },
	{ S "acme/*/x", S "acme/printer/x", true },
	{ S "acme/*/x", S "acme/a/b/x", false },
	{ S "acme/printer/fin-*", S "acme/printer/fin-01", true },
	{ S "acme/printer/fin-*", S "acme/printer/fin-", true },
	{ S "acme/printer/fin-*", S "acme/printer/fin", false },
	{ S "acme/printer/*-a*b", S "acme/printer/x-aab", true },
	{ S "acme/printer/*-a*b", S "acme/printer/x-a-ab-b", true },
	{ S "acme/printer/*-a*b", S "acme/printer/x-abc", false },
	{ S "acme/printer/*a*a*a*b", S "acme/printer/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", false },
	{ S "acme/printer/**", S "acme/printer/x/y/z", true },
	{ S "acme/printer/x", S "acme/printer/X", false },
	{ S "acme/printer/x", S "acme/printer/xx", false },
	{ S "acme/printer/xx", S "acme/printer/x", false },
	{ S "acme/printer/x", "acme/printer/x", false },
	{ S "acme/printer/x", "", false },
	{ S "acme/printer/x", "SPIFFE://acme/printer/x", false },
};

START_TEST(who_is_meant)
{
	for (size_t i = 0; i < COUNT(ids); i++)
		ck_assert_msg(glob_match(o(ids[i].pattern), o(ids[i].id)) == ids[i].match,
		    "%s and %s", ids[i].pattern, ids[i].id);
	ck_assert(!glob_match(o(S "acme/x"), (struct octets){ NULL, 0 }));
	ck_assert(!glob_match((struct octets){ NULL, 0 }, o(S "acme/x")));
}
END_TEST

START_TEST(what_is_within)
{
	static const struct {
		const char *inner, *outer;
		bool within;
	} rows[] = {
		{ S "acme.eu.org/printer/*", S "acme.eu.org/**", true },
		{ S "acme.eu.org/**", S "acme.eu.org/**", true },
		{ S "acme.eu.org/**", S "*.eu.org/**", true },
		{ S "*.eu.org/**", S "*.*.org/**", true },
		{ S "*.eu.org/**", S "acme.eu.org/**", false },
		{ S "other.eu.org/printer/x", S "acme.eu.org/**", false },
		{ S "acme.eu.org.evil/printer/x", S "acme.eu.org/**", false },
		{ S "acme.eu.org/**", S "acme.eu.org/*", false },
		{ S "acme.eu.org/**", S "acme.eu.org/printer/**", false },
		{ S "acme.eu.org/printer/**", S "acme.eu.org/printer/**", true },
		{ S "acme.eu.org/printer/*", S "acme.eu.org/*/*", true },
		{ S "acme.eu.org/*/x", S "acme.eu.org/printer/*", false },
		{ S "acme.eu.org/printer/fin-1", S "acme.eu.org/printer/fin-*", true },
		{ S "acme.eu.org/printer/fin-*", S "acme.eu.org/printer/fin-*", true },
		{ S "acme.eu.org/printer/f*", S "acme.eu.org/printer/fin-*", false },
		{ S "acme.eu.org/a", S "acme.eu.org/a/**", false },
		{ "*", S "acme.eu.org/**", false },
		{ S "acme.eu.org/x", "*", false },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		ck_assert_msg(glob_within(o(rows[i].inner), o(rows[i].outer)) == rows[i].within,
		    "%s within %s", rows[i].inner, rows[i].outer);
}
END_TEST

/* What is within matches no id that the outer does not. */
START_TEST(within_holds_for_every_id)
{
	for (size_t i = 0; i < COUNT(ids); i++)
		for (size_t k = 0; k < COUNT(ids); k++)
			for (size_t m = 0; m < COUNT(ids); m++)
				if (glob_within(o(ids[i].pattern), o(ids[k].pattern)) &&
				    glob_match(o(ids[i].pattern), o(ids[m].id)))
					ck_assert(glob_match(o(ids[k].pattern), o(ids[m].id)));
}
END_TEST

START_TEST(actions)
{
	static const char *const good[] = { "*", "connect", "print.*", "print.release", "a.b.c.*",
		"est.re-enroll" };
	static const char *const bad[] = { "", ".", ".*", "print.", ".print", "pr*", "*.release",
		"print.**", "print..x", "print.*.x", "Print", "print release", "print.*x", "**" };
	static const struct {
		const char *pattern, *action;
		bool match;
	} rows[] = {
		{ "*", "connect", true },
		{ "connect", "connect", true },
		{ "connect", "connects", false },
		{ "print.*", "print.release", true },
		{ "print.*", "print.a.b", true },
		{ "print.*", "print", false },
		{ "print.*", "print.", false },
		{ "print.*", "printer.x", false },
		{ "print.a.*", "print.release", false },
	};

	for (size_t i = 0; i < COUNT(good); i++)
		ck_assert_msg(glob_is_action(o(good[i])), "%s", good[i]);
	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert_msg(!glob_is_action(o(bad[i])), "%s", bad[i]);
	for (size_t i = 0; i < COUNT(rows); i++)
		ck_assert_msg(glob_action(o(rows[i].pattern), o(rows[i].action)) == rows[i].match,
		    "%s %s", rows[i].pattern, rows[i].action);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("glob");
	TCase *t = tcase_create("glob");

	tcase_add_test(t, what_is_a_pattern);
	tcase_add_test(t, who_is_meant);
	tcase_add_test(t, what_is_within);
	tcase_add_test(t, within_holds_for_every_id);
	tcase_add_test(t, actions);
	suite_add_tcase(s, t);
	return run_suite(s);
}
