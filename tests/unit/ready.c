/* tests/unit/ready.c - daemon/ready.h: what stops the service, and how it is told. */
#include "daemon/ready.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/tally.h"
#include "daemon/watch.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

#define MIB ((uint64_t)1 << 20)

static struct ground g;
static struct ready *r;
static struct exchange x;
static int64_t steady_us;
static struct tally tally;

static void
setup(void)
{
	store_set_limit(STORE_LIMIT_MIB * MIB);
	steady_us = 1;
	ground_new(&g);
	ck_assert_ptr_nonnull(r = ready_new(g.realm));
}

static void
teardown(void)
{
	exchange_free(&x);
	x = (struct exchange){ .status = 0 };
	ready_free(r);
	ground_free(&g);
}

/* The answer's text, until the next. */
static const char *
asked(bool line, unsigned status)
{
	struct ready_view v = {
		.tally = &tally, .line = line, .now_s = g.now_s, .steady_us = steady_us
	};
	static char text[2000];

	exchange_free(&x);
	x = (struct exchange){ .status = 0 };
	ready_serve(r, &v, &x);
	ck_assert_msg(
	    x.status == status, "%u %.*s", x.status, (int)x.reply.n, (const char *)x.reply.at);
	ck_assert_str_eq(x.type, "application/json");
	ck_assert_int_eq(x.headers_n > 0, status == 503);
	(void)snprintf(text, sizeof(text), "%.*s", (int)x.reply.n, (const char *)x.reply.at);
	return text;
}

static void
has(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "no %s in %s", part, text);
}

static const char *
gauges(bool line)
{
	struct ready_view v = {
		.tally = &tally, .line = line, .now_s = g.now_s, .steady_us = steady_us
	};
	static char text[60000];
	struct bytes b = { 0 };

	ready_metrics(r, &v, &b);
	(void)snprintf(text, sizeof(text), "%.*s", (int)b.n, (const char *)b.at);
	bytes_free(&b);
	return text;
}

/* Another survey than the last one. */
static void
anew(void)
{
	ready_free(r);
	ck_assert_ptr_nonnull(r = ready_new(g.realm));
}

START_TEST(all_is_well)
{
	ck_assert_str_eq(asked(true, 200),
	    "{\"issuing\":\"ok\",\"ready\":true,\"reasons\":[],\"revoking\":\"ok\"}");
	has(gauges(true), "\nquatrain_issuing 1\n");
	has(gauges(true), "\nquatrain_revoking 1\n");
	has(gauges(true), "\nquatrain_tenants_without_room 0\n");
}
END_TEST

START_TEST(without_a_signer_nothing_goes)
{
	ck_assert_str_eq(asked(false, 503),
	    "{\"issuing\":\"stopped\",\"ready\":false,\"reasons\":[\"signer: it is away\"],\"revoking\":\"stopped\"}");
	has(gauges(false), "\nquatrain_issuing 0\n");
	has(gauges(false), "\nquatrain_revoking 0\n");
	(void)asked(true, 200); /* and back */
}
END_TEST

/* A decision and no trouble: it is told, and OCSP must stay in reach. */
START_TEST(a_suspended_region_is_told)
{
	ground_suspend(&g, LEVEL_REGION, "eu", false);
	ck_assert_str_eq(asked(true, 200),
	    "{\"issuing\":\"ok\",\"ready\":true,\"reasons\":[\"region: it is suspended, or its CA has ended\"],\"revoking\":\"ok\"}");
	ground_suspend(&g, LEVEL_REGION, "eu", true);
	has(asked(true, 200), "\"reasons\":[]");
	ground_suspend(
	    &g, LEVEL_TENANT, "acme", false); /* one tenant's affair, and not for strangers */
	has(asked(true, 200), "\"reasons\":[]");
}
END_TEST

/* All that there is has less room than it should: nothing is issued, and all is revoked. */
START_TEST(full_ledgers_stop_issuing)
{
	const char *text;

	store_set_limit(4 * MIB);
	text = asked(true, 503);
	has(text, "\"issuing\":\"stopped\"");
	has(text, "\"revoking\":\"ok\"");
	has(text, "4 MiB are used: issuing waits");
	has(text, "tenants: ");
	ck_assert_msg(strstr(text, "acme") == NULL, "%s", text); /* strangers may read it */
	has(gauges(true), "\nquatrain_issuing 0\n");
	has(gauges(true), "\nquatrain_revoking 1\n");
}
END_TEST

START_TEST(ledgers_without_any_room_stop_revoking)
{
	store_set_limit(1);
	has(asked(true, 503), "\"revoking\":\"stopped\"");
	has(gauges(true), "\nquatrain_revoking 0\n");
}
END_TEST

/* One tenant's trouble is told, and is not everybody's. */
START_TEST(one_full_tenant_stops_nobody_else)
{
	static uint8_t large[STORE_VALUE_MAX];
	struct ledger *l;
	struct fault f;
	const char *text;

	(void)ground_tenant(&g, "other", CONSTRAINTS_NONE);
	ck_assert(realm_ledger(g.realm, "acme", &l, &f));
	for (uint64_t n = 0; n < 12; n++) {
		uint8_t key[8];

		batch_put(ledger_batch(l), TABLE_CERT, octets_u64(UINT64_MAX - n, key),
		    octets_of(large, sizeof(large)));
		ck_assert_msg(ledger_commit(l, &f), "%s", f.text);
	}
	store_set_limit(16 * MIB);
	ck_assert(!ledger_has_room(l, &f));
	ck_assert_int_eq(f.code, FAULT_BUSY);
	ck_assert(ledger_has_room(realm_platform(g.realm), &f));
	text = asked(true, 200);
	has(text, "\"issuing\":\"ok\"");
	has(text, "tenants: 1 of 2");
	has(gauges(true), "\nquatrain_tenants_without_room 1\n");
	/* A realm that has not opened the tenant sees the same, by the file. */
	ground_commit(l);
	realm_drop(g.realm, "acme");
	anew();
	has(asked(true, 200), "tenants: 1 of 2");
	store_set_limit(STORE_LIMIT_MIB * MIB);
	anew();
	has(asked(true, 200), "\"reasons\":[]");
}
END_TEST

START_TEST(gauges_are_of_real_numbers)
{
	char want[200];
	uint64_t used, room;
	struct ledger *l;
	struct fault f;

	ck_assert(realm_ledger(g.realm, "acme", &l, &f));
	store_usage(ledger_store(l), &used, &room);
	(void)snprintf(want, sizeof(want), "\nquatrain_store_used_bytes{tenant=\"acme\"} %llu\n",
	    (unsigned long long)used);
	has(gauges(true), want);
	has(gauges(true), "\nquatrain_store_used_bytes{tenant=\"platform\"} ");
	has(gauges(true), "\nquatrain_store_room_bytes{tenant=\"acme\"} ");
	has(gauges(true), "# TYPE quatrain_store_used_bytes gauge\n");
	has(gauges(true), "\nquatrain_ending_certificates{tenant=\"acme\",within_days=\"30\"} ");
}
END_TEST

/* However many tenants there are, the gauges are a hundred, and the largest are among them. */
START_TEST(gauges_are_bounded)
{
	const char *text;
	char path[SCRATCH_PATH_MAX + 64];
	unsigned n = 0;

	for (unsigned i = 0; i < 150; i++) {
		FILE *out;

		(void)snprintf(path, sizeof(path), "%s/tenants/t%u", g.dir, i);
		ck_assert_int_eq(mkdir(path, 0700), 0);
		(void)snprintf(path, sizeof(path), "%s/tenants/t%u/data.mdb", g.dir, i);
		ck_assert_ptr_nonnull(out = fopen(path, "we"));
		ck_assert_int_eq(ftruncate(fileno(out), (off_t)((i + 1) * MIB)), 0);
		(void)fclose(out);
	}
	text = gauges(true);
	for (const char *at = text; (at = strstr(at, "used_bytes{")) != NULL; at++)
		n++;
	ck_assert_uint_eq(n, READY_TENANTS_MAX);
	has(text, "quatrain_store_used_bytes{tenant=\"t149\"} 157286400\n");
	has(text, "quatrain_store_used_bytes{tenant=\"t50\"} 53477376\n");
	ck_assert_ptr_null(strstr(text, "tenant=\"t49\""));
}
END_TEST

START_TEST(a_clock_that_went_back_stops_all)
{
	g.now_s -= WATCH_CLOCK_S - 10;
	(void)asked(true, 200);
	g.now_s -= 20;
	has(asked(true, 503), "clock: it is behind");
	has(gauges(true), "\nquatrain_issuing 0\n");
	has(gauges(true), "\nquatrain_revoking 0\n");
}
END_TEST

static void
tell(unsigned stopped, const char *why)
{
	struct bytes b = { 0 };

	bytes_put_u8(&b, (uint8_t)stopped);
	bytes_put_counted_text(&b, why);
	ready_told(r, octets_bytes(&b));
	bytes_free(&b);
}

START_TEST(the_signers_own_words)
{
	tell(0, "ledgers: 1 is shut");
	has(asked(true, 200), "\"reasons\":[\"ledgers: 1 is shut\"]");
	tell(READY_ISSUING, "no token");
	has(asked(true, 503), "\"issuing\":\"stopped\",\"ready\":false,\"reasons\":[\"no token\"]");
	has(gauges(true), "\nquatrain_issuing 0\n");
	has(gauges(true), "\nquatrain_revoking 1\n");
	tell(READY_ISSUING | READY_REVOKING, "the clock");
	has(asked(true, 503), "\"revoking\":\"stopped\"");
	/* A signer that is away says nothing any more. */
	has(asked(false, 503), "[\"signer: it is away\"]");
	/* An alarm, and no reason to stay away. */
	tell(READY_CHECKPOINTS, "logs: 1");
	has(asked(true, 200), "\"ready\":true,\"reasons\":[\"logs: 1\"]");
	has(gauges(true), "\nquatrain_checkpoints 0\n");
	tell(0, "");
	has(gauges(true), "\nquatrain_checkpoints 1\n");
	ready_told(r, octets_of("\003\0\0\1\0cut", 8)); /* what is not whole is not told */
	has(asked(true, 200), "\"reasons\":[]");
	tell(READY_ISSUING, "the last one's trouble");
	ready_new_signer(r);
	has(asked(true, 200), "\"reasons\":[]");
}
END_TEST

START_TEST(webhooks_are_a_reason_and_no_stop)
{
	tally_set(&tally.hook[1].failing_s, 77);
	has(asked(true, 200), "webhooks: 1 cannot be told");
	tally_set(&tally.hook[1].failing_s, 0);
	tally_set(&tally.hook[2].state, HOOK_STOPPED);
	has(asked(true, 200), "webhooks: 1 stopped");
	tally_set(&tally.hook[2].state, HOOK_IDLE);
	has(asked(true, 200), "\"reasons\":[]");
}
END_TEST

START_TEST(a_survey_lasts_a_while)
{
	(void)asked(true, 200);
	store_set_limit(4 * MIB); /* nobody looks again so soon, whoever asks */
	steady_us += READY_SURVEY_US - 1;
	(void)asked(true, 200);
	steady_us += INT64_C(3600) * 1000000; /* however long the first one took */
	(void)asked(true, 503);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ready");
	TCase *t = tcase_create("ready");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, all_is_well);
	tcase_add_test(t, without_a_signer_nothing_goes);
	tcase_add_test(t, a_suspended_region_is_told);
	tcase_add_test(t, full_ledgers_stop_issuing);
	tcase_add_test(t, ledgers_without_any_room_stop_revoking);
	tcase_add_test(t, one_full_tenant_stops_nobody_else);
	tcase_add_test(t, gauges_are_of_real_numbers);
	tcase_add_test(t, gauges_are_bounded);
	tcase_add_test(t, a_clock_that_went_back_stops_all);
	tcase_add_test(t, the_signers_own_words);
	tcase_add_test(t, webhooks_are_a_reason_and_no_stop);
	tcase_add_test(t, a_survey_lasts_a_while);
	suite_add_tcase(s, t);
	return run_suite(s);
}
