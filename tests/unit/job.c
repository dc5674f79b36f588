/* tests/unit/job.c - relay/job.h: a job as a row, its states, its words. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/job.h"
#include "tests/unit/run.h"

static struct fault fault;

static struct job
a_job(void)
{
	struct job j = { .id = 7,
		.tenant = "acme",
		.owner = "spiffe://acme.eu.example.org/workstation/ws-1",
		.printer = "hp-1",
		.grade = JOB_GRADE_AGENT,
		.release = JOB_RELEASE_PASSWORD,
		.created_s = 1900000000,
		.expires_s = 1900086400,
		.copies = 3,
		.format = "application/pdf",
		.compression = "gzip",
		.octets = 5000000000,
		.in_file = true,
		.state = JOB_PROCESSING,
		.reasons = JOB_PRINTING | JOB_FETCHABLE,
		.attempts = 2,
		.changed_s = 1900000001,
		.processing_s = 1900000002,
		.completed_s = -1,
		.device = "hp-2",
		.connector = "spiffe://acme.eu.example.org/gateway/gw-1",
		.epoch = UINT64_MAX,
		.lease_s = 1900000062,
		.impressions = 12,
		.sheets = 6,
		.decision = "0123456789abcdef0123456789abcdef",
		.says = "out of paper" };

	memset(j.uuid, 0xa5, sizeof(j.uuid));
	memset(j.verifier, 0x5a, sizeof(j.verifier));
	bytes_put_text(&j.template, "sides");
	bytes_put_text(&j.names, "sealed");
	bytes_put_text(&j.envelope, "to the key");
	bytes_put_text(&j.rewrapped, "to the connector");
	return j;
}

START_TEST(a_row_says_all_of_it)
{
	struct job j = a_job(), k = { .id = 0 };
	struct bytes row = { 0 }, again = { 0 };

	job_write(&j, &row);
	ck_assert_msg(job_read(octets_bytes(&row), &k, &fault), "%s", fault.text);
	ck_assert_str_eq(k.owner, j.owner);
	ck_assert_str_eq(k.connector, j.connector);
	ck_assert_str_eq(k.decision, j.decision);
	ck_assert_str_eq(k.says, j.says);
	ck_assert(
	    k.octets == j.octets && k.in_file && k.epoch == UINT64_MAX && k.completed_s == -1);
	ck_assert(k.state == JOB_PROCESSING && k.reasons == j.reasons && k.attempts == 2);
	ck_assert(octets_same(octets_bytes(&k.rewrapped), octets_text("to the connector")));
	ck_assert_mem_eq(k.verifier, j.verifier, JOB_VERIFIER);
	job_write(&k, &again); /* nothing was lost on the way */
	ck_assert(octets_same(octets_bytes(&row), octets_bytes(&again)));
	job_free(&j);
	job_free(&k);
	job_free(&k);
	bytes_free(&row);
	bytes_free(&again);
}
END_TEST

START_TEST(rows_that_are_none)
{
	struct job j = a_job(), k = { .id = 99 };
	struct bytes row = { 0 };

	job_write(&j, &row);
	for (size_t n = 0; n < row.n; n++)
		ck_assert_msg(!job_read(octets_of(row.at, n), &k, &fault), "%zu", n);
	bytes_put_u8(&row, 0);
	ck_assert(!job_read(octets_bytes(&row), &k, &fault)); /* more than there is to it */
	row.n--;
	row.at[0] = 2;
	ck_assert(!job_read(octets_bytes(&row), &k, &fault)); /* another edition */
	ck_assert_int_eq(fault.code, FAULT_INTERNAL);
	ck_assert_uint_eq(k.id, 99);
	bytes_free(&row);
	job_free(&j);
}
END_TEST

static bool
comes_back(const struct job *j)
{
	struct bytes row = { 0 };
	struct job k = { .id = 0 };
	bool ok;

	job_write(j, &row);
	ok = job_read(octets_bytes(&row), &k, &fault);
	job_free(&k);
	bytes_free(&row);
	return ok;
}

START_TEST(jobs_that_are_none)
{
	struct job j = a_job();

	ck_assert(comes_back(&j));
	j.state = (enum job_state)2;
	ck_assert(!comes_back(&j));
	j.state = (enum job_state)10;
	ck_assert(!comes_back(&j));
	j.state = JOB_HELD;
	j.grade = (enum job_grade)0;
	ck_assert(!comes_back(&j));
	j.grade = (enum job_grade)3;
	ck_assert(!comes_back(&j));
	j.grade = JOB_GRADE_RELAY;
	j.release = (enum job_release)0;
	ck_assert(!comes_back(&j));
	j.release = (enum job_release)4;
	ck_assert(!comes_back(&j));
	j.release = JOB_RELEASE_OWNER;
	j.id = 0;
	ck_assert(!comes_back(&j));
	j.id = 1;
	ck_assert(comes_back(&j));
	while (j.template.n <= JOB_TEMPLATE_MAX)
		bytes_put_text(&j.template, "0123456789abcdef");
	ck_assert(!comes_back(&j));
	bytes_clear(&j.template);
	while (j.envelope.n <= ENVELOPE_MAX)
		bytes_put_text(&j.envelope, "0123456789abcdef");
	ck_assert(!comes_back(&j));
	job_free(&j);
}
END_TEST

/* RFC 8011 section 5.3.7.1, a row a state; columns: pending to completed. */
START_TEST(states)
{
	static const char *const may[] = {
		"yyynyyn", /* pending */
		"yynnyyn", /* held */
		"ynyyyyy", /* processing */
		"ynyyyyy", /* stopped */
		"nnnnnnn", /* canceled */
		"nnnnnnn", /* aborted */
		"nnnnnnn", /* completed */
	};
	struct job j = { .id = 1 };

	for (int from = JOB_PENDING; from <= JOB_COMPLETED; from++) {
		j.state = (enum job_state)from;
		ck_assert(job_is_over(&j) == (from >= JOB_CANCELED));
		for (int to = JOB_PENDING; to <= JOB_COMPLETED; to++)
			ck_assert_msg(job_may_become(&j, (enum job_state)to) ==
					  (may[from - JOB_PENDING][to - JOB_PENDING] == 'y'),
			    "%d to %d", from, to);
		ck_assert(!job_may_become(&j, (enum job_state)2));
		ck_assert(!job_may_become(&j, (enum job_state)10));
		ck_assert(!job_may_become(&j, (enum job_state)0));
	}
	j.state = (enum job_state)0;
	ck_assert(!job_may_become(&j, JOB_PENDING));
}
END_TEST

START_TEST(words)
{
	struct job j = { .state = JOB_HELD };

	for (uint32_t bit = 1; bit <= JOB_DATA_INSUFFICIENT; bit <<= 1) {
		const char *word = job_reason_word((enum job_reason)bit);

		ck_assert_ptr_nonnull(word);
		for (uint32_t other = 1; other < bit; other <<= 1)
			ck_assert_str_ne(word, job_reason_word((enum job_reason)other));
	}
	ck_assert_ptr_null(job_reason_word((enum job_reason)(JOB_DATA_INSUFFICIENT << 1)));
	ck_assert_ptr_null(job_reason_word((enum job_reason)0));
	ck_assert_ptr_null(job_reason_word((enum job_reason)3)); /* two are none */
	ck_assert_str_eq(job_state_message(&j), "held until it is released at a printer");
	j.reasons = JOB_LOCKED;
	ck_assert_str_eq(job_state_message(&j), "locked after too many wrong PINs");
	snprintf(j.says, sizeof(j.says), "out of paper");
	ck_assert_str_eq(job_state_message(&j), "out of paper");
	j = (struct job){ .state = (enum job_state)0 };
	ck_assert_str_eq(job_state_message(&j), "");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("job");
	TCase *t = tcase_create("job");

	tcase_add_test(t, a_row_says_all_of_it);
	tcase_add_test(t, rows_that_are_none);
	tcase_add_test(t, jobs_that_are_none);
	tcase_add_test(t, states);
	tcase_add_test(t, words);
	suite_add_tcase(s, t);
	return run_suite(s);
}
