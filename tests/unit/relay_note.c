/* tests/unit/relay_note.c - daemon/relay_note.h: which changes of a job are told, and in what
 * words. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "daemon/relay_note.h"
#include "tests/unit/run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct job
job_of(enum job_state state, uint32_t reasons, uint64_t octets, const char *device)
{
	struct job j = { .id = 7,
		.uuid = { 0xab, 0xcd },
		.tenant = "acme",
		.owner = "spiffe://acme.eu.example.org/workstation/ws-1",
		.grade = JOB_GRADE_AGENT,
		.release = JOB_RELEASE_OWNER,
		.copies = 2,
		.state = state,
		.reasons = reasons,
		.octets = octets,
		.changed_s = 1900000000 };

	(void)snprintf(j.device, sizeof(j.device), "%s", device);
	return j;
}

START_TEST(what_is_told)
{
	static const struct {
		struct {
			enum job_state state;
			uint32_t reasons;
			uint64_t octets;
			const char *device;
		} before, after;
		const char *act;
	} rows[] = {
		/* Print-Job; Create-Job, then its document */
		{ { 0 }, { JOB_HELD, JOB_HELD_FOR_RELEASE, 9, "" }, ACTIVITY_ACCEPTED },
		{ { 0 }, { JOB_PENDING, JOB_FETCHABLE, 9, "hp-1" }, ACTIVITY_ACCEPTED },
		{ { 0 }, { JOB_HELD, JOB_INCOMING, 0, "" }, NULL },
		{ { JOB_HELD, JOB_INCOMING, 0, "" }, { JOB_HELD, JOB_INCOMING, 0, "" }, NULL },
		{ { JOB_HELD, JOB_INCOMING, 0, "" }, { JOB_HELD, 0, 9, "" }, ACTIVITY_ACCEPTED },
		{ { JOB_HELD, JOB_INCOMING, 0, "" }, { JOB_ABORTED, 0, 0, "" }, ACTIVITY_ENDED },
		/* a release, and another printer */
		{ { JOB_HELD, 0, 9, "" }, { JOB_HELD, 0, 9, "" }, NULL },
		{ { JOB_HELD, 0, 9, "" }, { JOB_PENDING, 0, 9, "hp-1" }, ACTIVITY_RELEASED },
		{ { JOB_PENDING, 0, 9, "hp-1" }, { JOB_PENDING, 0, 9, "hp-1" }, NULL },
		{ { JOB_PENDING, 0, 9, "hp-1" }, { JOB_PENDING, 0, 9, "hp-2" }, ACTIVITY_RELEASED },
		{ { JOB_PENDING, 0, 9, "hp-1" }, { JOB_HELD, 0, 9, "" }, NULL },
		{ { JOB_PENDING, 0, 9, "hp-1" }, { JOB_PROCESSING, 0, 9, "hp-1" }, NULL },
		/* its end, once */
		{ { JOB_PROCESSING, 0, 9, "hp-1" }, { JOB_COMPLETED, JOB_DONE, 9, "hp-1" },
		    ACTIVITY_ENDED },
		{ { JOB_HELD, 0, 9, "" }, { JOB_CANCELED, JOB_LOCKED, 9, "" }, ACTIVITY_ENDED },
		{ { JOB_COMPLETED, JOB_DONE, 9, "hp-1" }, { JOB_COMPLETED, JOB_DONE, 9, "hp-1" },
		    NULL },
		{ { JOB_CANCELED, 0, 9, "" }, { JOB_CANCELED, 0, 9, "hp-1" }, NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct job before, after = job_of(rows[i].after.state, rows[i].after.reasons,
				       rows[i].after.octets, rows[i].after.device);
		const struct job *was = NULL;
		const char *act;

		if (rows[i].before.state != 0) {
			before = job_of(rows[i].before.state, rows[i].before.reasons,
			    rows[i].before.octets, rows[i].before.device);
			was = &before;
		}
		act = relay_note_act(was, &after);
		if (rows[i].act == NULL)
			ck_assert_msg(act == NULL, "%zu: %s", i, act);
		else
			ck_assert_msg(
			    act != NULL && strcmp(act, rows[i].act) == 0, "%zu: %s", i, act);
	}
}
END_TEST

static void
is_entry(const char *act, const struct job *j, const char *expected)
{
	struct bytes b = { 0 };
	struct fault f;

	ck_assert(relay_note_entry(act, j, &b, &f));
	bytes_put_u8(&b, 0);
	ck_assert_str_eq((const char *)b.at, expected);
	bytes_free(&b);
}

START_TEST(in_what_words)
{
	struct job j = job_of(JOB_HELD, JOB_HELD_FOR_RELEASE, 9, "");

	is_entry(ACTIVITY_ACCEPTED, &j,
	    "{\"act\":\"job.accepted\",\"job\":{\"copies\":2,\"encrypted_by\":\"agent\","
	    "\"number\":7,\"octets\":9,"
	    "\"owner\":\"spiffe://acme.eu.example.org/workstation/ws-1\","
	    "\"uuid\":\"urn:uuid:abcd0000-0000-0000-0000-000000000000\"},"
	    "\"t\":\"2030-03-17T17:46:40Z\"}");
	j = job_of(JOB_CANCELED, JOB_LOCKED | JOB_CANCELED_AFTER, 9, "hp-1");
	j.grade = JOB_GRADE_RELAY;
	j.impressions = 3;
	j.sheets = 2;
	(void)snprintf(
	    j.connector, sizeof(j.connector), "spiffe://acme.eu.example.org/gateway/gw-1");
	is_entry(ACTIVITY_ENDED, &j,
	    "{\"act\":\"job.ended\",\"job\":{"
	    "\"connector\":\"spiffe://acme.eu.example.org/gateway/gw-1\",\"copies\":2,"
	    "\"encrypted_by\":\"relay\",\"impressions\":3,\"number\":7,\"octets\":9,"
	    "\"owner\":\"spiffe://acme.eu.example.org/workstation/ws-1\",\"printer\":\"hp-1\","
	    "\"reasons\":[\"job-canceled-after-timeout\",\"account-authorization-failed\"],"
	    "\"sheets\":2,\"state\":\"canceled\","
	    "\"uuid\":\"urn:uuid:abcd0000-0000-0000-0000-000000000000\"},"
	    "\"t\":\"2030-03-17T17:46:40Z\"}");
}
END_TEST

/* What the disk did not take is not told. */
START_TEST(only_what_is_durable)
{
	struct relay_note n = { .activity = NULL };
	struct job j = job_of(JOB_HELD, 0, 9, ""), over = job_of(JOB_CANCELED, 0, 9, "");

	relay_note_seen(&n, NULL, &j);
	ck_assert_uint_gt(n.waiting.n, 0);
	relay_note_committed(&n, false);
	ck_assert_uint_eq(n.waiting.n, 0);
	relay_note_seen(&n, &j, &j);
	ck_assert_uint_eq(n.waiting.n, 0);
	relay_note_seen(&n, &j, &over);
	ck_assert_uint_gt(n.waiting.n, 0);
	relay_note_committed(&n, true);
	ck_assert_uint_eq(n.waiting.n, 0);
	relay_note_free(&n);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("relay_note");
	TCase *t = tcase_create("relay_note");

	tcase_add_test(t, what_is_told);
	tcase_add_test(t, in_what_words);
	tcase_add_test(t, only_what_is_durable);
	suite_add_tcase(s, t);
	return run_suite(s);
}
