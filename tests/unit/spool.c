/* tests/unit/spool.c - relay/spool.h: jobs and their documents on disk, and what becomes of them.
 */
#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "relay/spool_under.h"
#include "tests/unit/run.h"
#include "tests/unit/scratch.h"

#define NOW_S  INT64_C(1900000000)
#define MARKER "the one marker of this document"

static char dir[SCRATCH_PATH_MAX];
static struct spool *s;
static struct spool_limits limits;
static struct content_key key;
static struct fault f;
static uint8_t last_uuid;

static void
open_it(void)
{
	ck_assert_msg(spool_open(dir, &limits, &s, &f), "%s", f.text);
}

static void
setup(void)
{
	ck_assert(secret_start(&f));
	scratch_new(dir);
	limits = (struct spool_limits){ .job_octets = 1 << 20,
		.tenant_octets = 4 << 20,
		.owner_octets = 2 << 20,
		.tenant_jobs = 8,
		.owner_jobs = 4 };
	ck_assert(content_key_new(&key, &f));
	last_uuid = 0;
	open_it();
}

static void
teardown(void)
{
	spool_close(s);
	content_key_free(&key);
	scratch_free(dir);
}

static void
again(void)
{
	spool_close(s);
	open_it();
}

static void
commit(void)
{
	ck_assert_msg(spool_commit(s, &f), "%s", f.text);
	ck_assert(!spool_is_dirty(s));
}

/* A job of owner with a document of n octets, MARKER again and again; false: refused. */
static bool
adds(const char *owner, size_t n, struct job *ret)
{
	struct document_of of = { .tenant = "acme", .number = 1 };
	struct document_writer *w;
	struct spool_document *d;
	struct bytes sealed = { 0 }, plain = { 0 };
	bool ok;

	of.job[0] = ++last_uuid;
	*ret = (struct job){ .tenant = "acme",
		.grade = JOB_GRADE_AGENT,
		.release = JOB_RELEASE_OWNER,
		.created_s = NOW_S,
		.expires_s = NOW_S + 100,
		.copies = 1,
		.format = "application/pdf",
		.state = JOB_HELD,
		.reasons = JOB_HELD_FOR_RELEASE,
		.changed_s = NOW_S };
	memcpy(ret->uuid, of.job, sizeof(of.job));
	(void)snprintf(ret->owner, sizeof(ret->owner), "%s", owner);
	bytes_put_text(&ret->envelope, "an envelope that must go");
	while (plain.n < n)
		bytes_put_text(&plain, MARKER);
	ck_assert(document_writer_new(&key, &of, &w, &f));
	ck_assert(document_seal(w, octets_of(plain.at, n), true, &sealed, &f));
	document_writer_free(w);
	ck_assert(spool_document_new(s, &of, &d, &f));
	for (size_t at = 0; at < sealed.n;) {
		size_t m = sealed.n - at < 50000 ? sealed.n - at : 50000;

		if (!spool_document_put(d, octets_of(sealed.at + at, m), &f)) {
			spool_document_drop(d);
			d = NULL;
			break;
		}
		at += m;
	}
	ok = d != NULL && spool_add(s, ret, d, &f);
	bytes_free(&sealed);
	bytes_free(&plain);
	return ok;
}

static void
add(const char *owner, size_t n, struct job *ret)
{
	ck_assert_msg(adds(owner, n, ret), "%s", f.text);
}

/* The document of j opens to n octets. */
static void
is_whole(const struct job *j, size_t n)
{
	struct document_of of = { .tenant = "acme", .number = 1 };
	struct document_reader *r;
	struct bytes sealed = { 0 }, plain = { 0 };

	memcpy(of.job, j->uuid, sizeof(of.job));
	for (;;) { /* in odd pieces, until nothing comes */
		size_t before = sealed.n;

		ck_assert_msg(spool_read(s, j, 1, sealed.n, 77777, &sealed, &f), "%s", f.text);
		if (sealed.n == before)
			break;
	}
	ck_assert(document_reader_new(&key, &of, &r, &f));
	ck_assert_msg(document_open(r, octets_bytes(&sealed), true, &plain, &f), "%s", f.text);
	document_reader_free(r);
	ck_assert_uint_eq(plain.n, n);
	ck_assert(n < sizeof(MARKER) || memcmp(plain.at, MARKER, sizeof(MARKER) - 1) == 0);
	bytes_free(&sealed);
	bytes_free(&plain);
}

static unsigned
files(void)
{
	char path[SCRATCH_PATH_MAX + 16];
	struct dirent *e;
	unsigned n = 0;
	DIR *d;

	(void)snprintf(path, sizeof(path), "%s/documents", dir);
	ck_assert_ptr_nonnull(d = opendir(path));
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	(void)closedir(d);
	return n;
}

static bool
count(void *with, const struct job *j)
{
	uint32_t *ids = with;

	ck_assert_uint_gt(j->id, ids[1]); /* in order */
	ids[0]++;
	ids[1] = j->id;
	return true;
}

/* How many of the tenant's are over, or are not. */
static uint32_t
jobs(bool over)
{
	uint32_t ids[2] = { 0, 0 };

	ck_assert(spool_each(s, "acme", over, 0, count, ids, &f));
	return ids[0];
}

static void
end(struct job *j, enum job_state state)
{
	j->state = state;
	j->completed_s = j->changed_s = NOW_S + 1;
	ck_assert_msg(spool_put(s, j, true, &f), "%s", f.text);
}

START_TEST(small_and_large_survive)
{
	static const size_t sizes[] = { 0, 100, SPOOL_SMALL - 16, SPOOL_SMALL - 15, 300000,
		1 << 20 };
	struct job j[6], got = { 0 };

	limits.owner_jobs = 8;
	again();
	for (size_t i = 0; i < 6; i++) {
		add(i < 3 ? "alice" : "bob", sizes[i], &j[i]);
		ck_assert_uint_eq(j[i].id, i + 1);
		ck_assert_uint_eq(j[i].octets, sizes[i]);
		ck_assert_int_eq(j[i].in_file, i >= 3);
		is_whole(&j[i], sizes[i]); /* before the commit as after */
	}
	ck_assert_uint_eq(jobs(false), 6);
	commit();
	again();
	ck_assert_uint_eq(files(), 3);
	for (size_t i = 0; i < 6; i++) {
		ck_assert(spool_get(s, "acme", j[i].id, &got, &f));
		ck_assert_str_eq(got.owner, j[i].owner);
		is_whole(&got, sizes[i]);
		job_free(&got);
		ck_assert(spool_find(s, "acme", j[i].uuid, &got, &f));
		ck_assert_uint_eq(got.id, j[i].id);
		job_free(&got);
		job_free(&j[i]);
	}
	ck_assert(!spool_get(s, "acm", 1, &got, &f));
	ck_assert(!spool_get(s, "acme", 7, &got, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert_uint_eq(jobs(false), 6);
	ck_assert_uint_eq(jobs(true), 0);
}
END_TEST

START_TEST(what_was_not_committed_never_was)
{
	struct job j;

	add("alice", 300000, &j);
	job_free(&j);
	add("alice", 100, &j);
	job_free(&j);
	ck_assert_uint_eq(files(), 1);
	again(); /* without a commit: as after a death */
	ck_assert_uint_eq(jobs(false), 0);
	ck_assert_uint_eq(files(), 0);
	add("alice", 100, &j);
	ck_assert_uint_eq(j.id, 1);
	job_free(&j);
}
END_TEST

/* A full store takes nothing of a batch: its files are gone too, and what was there stays. */
START_TEST(a_commit_that_fails_leaves_no_file)
{
	uint64_t before = store_limit();
	struct job j;

	limits.owner_jobs = limits.tenant_jobs = 100;
	store_set_limit(1 << 20);
	again();
	add("alice", 300000, &j);
	job_free(&j);
	commit();
	for (int i = 0; i < 40; i++) { /* each in the index */
		add("bob", SPOOL_SMALL - 16, &j);
		job_free(&j);
	}
	add("alice", 300000, &j);
	job_free(&j);
	ck_assert_uint_eq(files(), 2);
	ck_assert(!spool_commit(s, &f));
	store_set_limit(before);
	ck_assert_int_eq(f.code, FAULT_LIMIT);
	ck_assert_uint_eq(files(), 1);
	ck_assert_uint_eq(jobs(false), 1);
	ck_assert(spool_has_room(s, "acme", "bob", 1 << 20, &f)); /* counted as it is */
	add("bob", 300000, &j);
	job_free(&j);
	commit();
	ck_assert_uint_eq(files(), 2);
}
END_TEST

START_TEST(one_that_was_dropped)
{
	struct document_of of = { .tenant = "acme", .number = 1 };
	struct spool_document *d;
	uint8_t octets[60000] = { 0 };

	ck_assert(spool_document_new(s, &of, &d, &f));
	ck_assert(spool_document_put(d, octets_of(octets, sizeof(octets)), &f));
	ck_assert_uint_eq(files(), 1);
	spool_document_drop(d);
	ck_assert_uint_eq(files(), 0);
}
END_TEST

START_TEST(quotas)
{
	struct job j[4], one;

	ck_assert(!adds("alice", (1 << 20) + 1, &one)); /* a document too large */
	ck_assert_int_eq(f.code, FAULT_LIMIT);
	job_free(&one);
	for (int i = 0; i < 4; i++)
		add("alice", 10, &j[i]);
	ck_assert(!adds("alice", 10, &one)); /* too many of hers */
	ck_assert_int_eq(f.code, FAULT_LIMIT);
	ck_assert_ptr_nonnull(strstr(f.text, "owner"));
	job_free(&one);
	commit();
	again(); /* counted anew */
	ck_assert(!spool_has_room(s, "acme", "alice", 10, &f));
	ck_assert(spool_has_room(s, "acme", "bob", 10, &f));
	ck_assert(spool_has_room(s, "evil", "alice", 10, &f));
	end(&j[0], JOB_CANCELED);
	ck_assert(spool_has_room(s, "acme", "alice", 10, &f));
	commit();
	add("alice", 1 << 20, &one);
	job_free(&one);
	for (int i = 1; i < 4; i++)
		end(&j[i], JOB_COMPLETED);
	add("alice", 1 << 20, &one);
	job_free(&one);
	ck_assert(!spool_has_room(s, "acme", "alice", 1, &f)); /* octets of hers */
	add("bob", 1 << 20, &one);
	job_free(&one);
	add("carol", 1 << 20, &one);
	job_free(&one);
	ck_assert(!spool_has_room(s, "acme", "dave", 1, &f)); /* of the tenant */
	ck_assert_ptr_nonnull(strstr(f.text, "tenant"));
	commit();
	for (int i = 0; i < 4; i++)
		job_free(&j[i]);
}
END_TEST

/* Is text in any file beneath dir, other than in pages that LMDB has free? */
static bool
row_has(const struct job *j, const char *text)
{
	struct job got = { 0 };
	bool has;

	ck_assert(spool_get(s, "acme", j->id, &got, &f));
	has = got.envelope.n > 0 &&
	      memmem(got.envelope.at, got.envelope.n, text, strlen(text)) != NULL;
	job_free(&got);
	return has;
}

START_TEST(a_document_goes_with_its_key)
{
	struct bytes out = { 0 };
	struct job j[2];

	add("alice", 100, &j[0]);
	add("alice", 300000, &j[1]);
	commit();
	for (int i = 0; i < 2; i++) {
		ck_assert(row_has(&j[i], "envelope"));
		end(&j[i], JOB_COMPLETED);
		ck_assert_uint_eq(files(), 1); /* not before it is durable that it goes */
	}
	commit();
	ck_assert_uint_eq(files(), 0);
	again();
	for (int i = 0; i < 2; i++) {
		ck_assert(!row_has(&j[i], "envelope"));
		ck_assert(!spool_read(s, &j[i], 1, 0, 100, &out, &f));
		ck_assert_int_eq(f.code, FAULT_NOTFOUND);
		job_free(&j[i]);
	}
	ck_assert_uint_eq(jobs(true), 2);
	bytes_free(&out);
}
END_TEST

START_TEST(what_runs_out)
{
	struct job j[3], got = { 0 };
	bool more;

	for (int i = 0; i < 3; i++)
		add("alice", i == 0 ? 300000 : 10, &j[i]);
	j[2].state =
	    JOB_PROCESSING; /* it is at the printer: its connector says what becomes of it */
	ck_assert(spool_put(s, &j[2], false, &f));
	commit();
	ck_assert(spool_expire(s, NOW_S + 99, 1000, 10, &more, &f));
	ck_assert(!spool_is_dirty(s) && !more);
	ck_assert(spool_expire(s, NOW_S + 100, 1000, 10, &more, &f));
	commit();
	ck_assert_uint_eq(jobs(true), 2);
	ck_assert_uint_eq(jobs(false), 1);
	ck_assert_uint_eq(files(), 0);
	/* It stands in nobody's way, and runs out when it waits again. */
	ck_assert(spool_expire(s, NOW_S + 100, 1000, 1, &more, &f));
	ck_assert(!more);
	ck_assert(spool_get(s, "acme", j[0].id, &got, &f));
	ck_assert_int_eq(got.state, JOB_CANCELED);
	ck_assert_uint_eq(got.reasons, JOB_CANCELED_AFTER);
	job_free(&got);
	ck_assert(spool_expire(s, NOW_S + 1099, 1000, 10, &more, &f));
	commit();
	ck_assert_uint_eq(jobs(true), 2);
	ck_assert(spool_expire(s, NOW_S + 1100, 1000, 1, &more, &f));
	ck_assert(more); /* one of them, and then the other */
	commit();
	ck_assert(spool_expire(s, NOW_S + 1100, 1000, 10, &more, &f));
	commit();
	ck_assert_uint_eq(jobs(true), 0);
	ck_assert(!spool_find(s, "acme", j[0].uuid, &got, &f));
	for (int i = 0; i < 3; i++)
		job_free(&j[i]);
}
END_TEST

START_TEST(a_job_waits_for_its_document)
{
	struct job j = { .tenant = "acme",
		.owner = "alice",
		.uuid = { 9 },
		.grade = JOB_GRADE_RELAY,
		.release = JOB_RELEASE_OWNER,
		.copies = 1,
		.state = JOB_HELD,
		.expires_s = NOW_S + 5,
		.created_s = NOW_S };
	struct document_of of = { .tenant = "acme", .job = { 9 }, .number = 1 };
	struct spool_document *d;
	struct document_writer *w;
	struct bytes sealed = { 0 };

	ck_assert(spool_add(s, &j, NULL, &f));
	commit();
	ck_assert(document_writer_new(&key, &of, &w, &f));
	ck_assert(document_seal(w, octets_text(MARKER), true, &sealed, &f));
	document_writer_free(w);
	ck_assert(spool_document_new(s, &of, &d, &f));
	ck_assert(spool_document_put(d, octets_bytes(&sealed), &f));
	ck_assert_msg(spool_attach(s, &j, d, &f), "%s", f.text);
	commit();
	again();
	is_whole(&j, sizeof(MARKER) - 1);
	ck_assert_uint_eq(jobs(false), 1);
	/* What has no sealed length is no document. */
	ck_assert(spool_document_new(s, &of, &d, &f));
	ck_assert(spool_document_put(d, octets_text("short"), &f));
	ck_assert(!spool_attach(s, &j, d, &f));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	bytes_free(&sealed);
	job_free(&j);
}
END_TEST

/* Of the only document in a file. */
static void
only_file(char to[static SCRATCH_PATH_MAX + 128])
{
	char path[SCRATCH_PATH_MAX + 16];
	struct dirent *e;
	DIR *d;

	(void)snprintf(path, sizeof(path), "%s/documents", dir);
	ck_assert_ptr_nonnull(d = opendir(path));
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			(void)snprintf(to, SCRATCH_PATH_MAX + 128, "%s/%.100s", path, e->d_name);
	(void)closedir(d);
}

START_TEST(a_file_that_was_cut)
{
	char path[SCRATCH_PATH_MAX + 128];
	struct bytes out = { 0 };
	struct job j;

	add("alice", 300000, &j);
	commit();
	only_file(path);
	ck_assert_int_eq(truncate(path, 1000), 0);
	ck_assert(!spool_read(s, &j, 1, 0, 65536, &out, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert(!spool_read(s, &j, 1, 0, 10, &out, &f));
	bytes_free(&out);
	job_free(&j);
}
END_TEST

static bool
count_usage(void *with, struct octets at, struct octets row)
{
	ck_assert_uint_eq(at.n, 5 + DOCUMENT_UUID + 8); /* "acme" and its end */
	bytes_put_octets(with, row);
	return true;
}

START_TEST(usage_is_kept_until_it_is_taken)
{
	struct job j = { .tenant = "acme", .uuid = { 3 }, .epoch = 2 };
	struct bytes all = { 0 };
	uint8_t at[5 + DOCUMENT_UUID + 8] = { 'a', 'c', 'm', 'e', 0, 3, [DOCUMENT_UUID + 12] = 2 };

	spool_put_usage(s, &j, octets_text("one"));
	spool_put_usage(s, &j, octets_text("two")); /* the same job and epoch: once */
	j.epoch = 3;
	spool_put_usage(s, &j, octets_text("three"));
	commit();
	again();
	ck_assert(spool_each_usage(s, 10, count_usage, &all, &f));
	ck_assert_uint_eq(all.n, strlen("twothree"));
	spool_take_usage(s, octets_of(at, sizeof(at)));
	commit();
	bytes_clear(&all);
	ck_assert(spool_each_usage(s, 10, count_usage, &all, &f));
	ck_assert_uint_eq(all.n, strlen("three"));
	bytes_free(&all);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("spool");
	TCase *t = tcase_create("spool");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, small_and_large_survive);
	tcase_add_test(t, what_was_not_committed_never_was);
	tcase_add_test(t, a_commit_that_fails_leaves_no_file);
	tcase_add_test(t, one_that_was_dropped);
	tcase_add_test(t, quotas);
	tcase_add_test(t, a_document_goes_with_its_key);
	tcase_add_test(t, what_runs_out);
	tcase_add_test(t, a_job_waits_for_its_document);
	tcase_add_test(t, a_file_that_was_cut);
	tcase_add_test(t, usage_is_kept_until_it_is_taken);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
