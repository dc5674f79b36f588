/* tests/unit/agent_pin.c - daemon/agent_pin.h: the PINs of jobs that wait. */
#include <check.h>
#include <string.h>

#include "daemon/agent_pin.h"
#include "tests/unit/run.h"

static struct agent_pins pins;
static struct fault f;

/* The uuid of the n-th job. */
static const uint8_t *
job(unsigned n)
{
	static uint8_t uuid[DOCUMENT_UUID];

	memset(uuid, 0x5a, sizeof(uuid));
	uuid[0] = (uint8_t)(n >> 8);
	uuid[15] = (uint8_t)n;
	return uuid;
}

static bool
put(unsigned n, const char *text)
{
	struct secret pin = { 0 };
	bool ok;

	ck_assert(secret_copy(octets_text(text), &pin, &f));
	ok = agent_pins_put(&pins, job(n), &pin, &f);
	secret_free(&pin);
	return ok;
}

static bool
is(unsigned n, const char *text)
{
	return octets_same(agent_pins_get(&pins, job(n)), octets_text(text));
}

static void
setup(void)
{
	ck_assert(secret_start(&f));
}

static void
teardown(void)
{
	agent_pins_free(&pins);
}

START_TEST(each_has_its_own)
{
	ck_assert(is(1, ""));
	ck_assert(put(1, "one") && put(2, "two"));
	ck_assert(is(1, "one") && is(2, "two") && is(3, "") && is(257, ""));
	ck_assert(put(1, "another"));
	ck_assert(is(1, "another"));
	agent_pins_drop(&pins, job(1));
	agent_pins_drop(&pins, job(9));
	ck_assert(is(1, "") && is(2, "two"));
	agent_pins_free(&pins);
	ck_assert(is(2, ""));
}
END_TEST

START_TEST(there_are_only_so_many)
{
	for (unsigned n = 0; n < AGENT_PINS_MAX; n++)
		ck_assert(put(n, "pin"));
	ck_assert(!put(AGENT_PINS_MAX, "one more"));
	ck_assert_int_eq(f.code, FAULT_LIMIT);
	ck_assert(is(AGENT_PINS_MAX, ""));
	ck_assert(put(7, "in place of its own"));
	agent_pins_drop(&pins, job(0));
	ck_assert(put(AGENT_PINS_MAX, "now"));
	ck_assert(is(AGENT_PINS_MAX, "now") && is(0, "") && is(7, "in place of its own"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("agent_pin");
	TCase *t = tcase_create("agent_pin");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, each_has_its_own);
	tcase_add_test(t, there_are_only_so_many);
	suite_add_tcase(s, t);
	return run_suite(s);
}
