/* tests/unit/job_names.c - relay/job_names.h: names that only the document's key opens. */
#include <check.h>
#include <string.h>

#include "relay/job.h"
#include "relay/job_names.h"
#include "tests/unit/run.h"

static struct content_key key;
static const struct document_of of = { .tenant = "acme", .job = { 1, 2, 3 }, .number = 1 };
static struct print_name names, back;
static struct bytes sealed;
static struct fault f;

static void
setup(void)
{
	ck_assert(secret_start(&f));
	ck_assert(content_key_new(&key, &f));
	names = (struct print_name){ .job = "salaries", .document = "", .user = "mallory" };
	sealed = (struct bytes){ 0 };
	back = (struct print_name){ .job = "as before" };
	ck_assert(job_names_seal(&key, &of, &names, &sealed, &f));
}

static void
teardown(void)
{
	content_key_free(&key);
	bytes_free(&sealed);
}

static void
is_refused(const struct content_key *k, const struct document_of *whose, struct octets o)
{
	ck_assert(!job_names_open(k, whose, o, &back, &f));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	ck_assert_str_eq(back.job, "as before");
}

START_TEST(there_and_back)
{
	ck_assert(job_names_open(&key, &of, octets_bytes(&sealed), &back, &f));
	ck_assert_str_eq(back.job, "salaries");
	ck_assert_str_eq(back.document, "");
	ck_assert_str_eq(back.user, "mallory");
	ck_assert_ptr_null(memmem(sealed.at, sealed.n, "salaries", 8));
}
END_TEST

START_TEST(longest)
{
	memset(names.job, 'j', PRINT_NAME_MAX - 1);
	memset(names.document, 'd', PRINT_NAME_MAX - 1);
	memset(names.user, 'u', PRINT_NAME_MAX - 1);
	bytes_clear(&sealed);
	ck_assert(job_names_seal(&key, &of, &names, &sealed, &f));
	ck_assert_uint_le(sealed.n, JOB_NAMES_MAX);
	ck_assert(job_names_open(&key, &of, octets_bytes(&sealed), &back, &f));
	ck_assert_uint_eq(strlen(back.user), PRINT_NAME_MAX - 1);
}
END_TEST

START_TEST(lengths_tell_little)
{
	struct bytes other = { 0 };

	names.job[3] = '\0';
	ck_assert(job_names_seal(&key, &of, &names, &other, &f));
	ck_assert_uint_eq(other.n, sealed.n);
	bytes_free(&other);
}
END_TEST

START_TEST(every_bit_counts)
{
	for (size_t i = 0; i < sealed.n; i++) {
		sealed.at[i] ^= (uint8_t)(1u << (i % 8));
		is_refused(&key, &of, octets_bytes(&sealed));
		sealed.at[i] ^= (uint8_t)(1u << (i % 8));
	}
	for (size_t n = 0; n < sealed.n; n++)
		is_refused(&key, &of, octets_of(sealed.at, n));
}
END_TEST

START_TEST(another_job_or_key)
{
	struct document_of other = of;
	struct content_key k;

	other.job[15] = 1;
	is_refused(&key, &other, octets_bytes(&sealed));
	other = of;
	memcpy(other.tenant, "emca", 5);
	is_refused(&key, &other, octets_bytes(&sealed));
	ck_assert(content_key_new(&k, &f));
	is_refused(&k, &of, octets_bytes(&sealed));
	content_key_free(&k);
}
END_TEST

START_TEST(not_a_chunk_of_the_document)
{
	struct document_reader *r;
	struct bytes plain = { 0 };

	ck_assert(document_reader_new(&key, &of, &r, &f));
	ck_assert(!document_open(r, octets_bytes(&sealed), true, &plain, &f));
	ck_assert_uint_eq(plain.n, 0);
	document_reader_free(r);
	bytes_free(&plain);
}
END_TEST

START_TEST(more_than_names_can_be)
{
	static const uint8_t zeros[5000];

	is_refused(&key, &of, octets_of(zeros, sizeof(zeros)));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("job_names");
	TCase *t = tcase_create("job_names");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, there_and_back);
	tcase_add_test(t, longest);
	tcase_add_test(t, lengths_tell_little);
	tcase_add_test(t, every_bit_counts);
	tcase_add_test(t, another_job_or_key);
	tcase_add_test(t, not_a_chunk_of_the_document);
	tcase_add_test(t, more_than_names_can_be);
	suite_add_tcase(s, t);
	return run_suite(s);
}
