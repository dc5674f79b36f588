/* tests/unit/spool_crash.c - relay/spool.h: killed at any moment, no job is lost whose commit
 * returned, and none is there by half. */
#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "relay/spool.h"
#include "tests/unit/run.h"
#include "tests/unit/scratch.h"

#define KILLS   40
#define JOBS    400 /* the most of one life */
#define LARGE   90000
#define TENANT  "acme"
#define NOW_S   INT64_C(1900000000)
#define WAIT_MS 20000

static const struct spool_limits limits = { .job_octets = 1 << 20,
	.tenant_octets = (uint64_t)1 << 40,
	.owner_octets = (uint64_t)1 << 40,
	.tenant_jobs = 1000000,
	.owner_jobs = 1000000 };
static char dir[SCRATCH_PATH_MAX];
static struct fault f;

static void
must(bool what)
{
	if (!what)
		abort();
}

/* A sealed length of octets that say whose they are. */
static void
add(struct spool *s, uint8_t life, uint32_t n)
{
	struct document_of of = { .tenant = TENANT, .job = { life }, .number = 1 };
	struct job j = { .tenant = TENANT,
		.owner = "alice",
		.grade = JOB_GRADE_AGENT,
		.release = JOB_RELEASE_OWNER,
		.copies = 1,
		.state = JOB_HELD,
		.created_s = NOW_S,
		.expires_s = NOW_S + 1000 };
	size_t octets = n % 3 == 0 ? LARGE : 100;
	struct spool_document *d;
	uint8_t *sealed;

	memcpy(of.job + 4, &n, sizeof(n));
	memcpy(j.uuid, of.job, sizeof(j.uuid));
	must((sealed = malloc(octets)) != NULL);
	memset(sealed, (int)(n * 7 + life), octets);
	must(spool_document_new(s, &of, &d, &f) &&
	     spool_document_put(d, octets_of(sealed, octets / 2), &f) &&
	     spool_document_put(d, octets_of(sealed + octets / 2, octets - octets / 2), &f) &&
	     spool_add(s, &j, d, &f));
	free(sealed);
}

/* Jobs one after the other, two a commit; each that is durable is told. */
static _Noreturn void
live(uint8_t life, int out)
{
	struct spool *s;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	must(spool_open(dir, &limits, &s, &f));
	must(write(out, "!", 1) == 1);
	for (uint32_t n = 0; n < JOBS; n += 2) {
		add(s, life, n);
		add(s, life, n + 1);
		must(spool_commit(s, &f) && write(out, "..", 2) == 2);
	}
	for (;;)
		(void)pause();
}

/* What there is of that life: whole, and at least so many. */
static void
is_there(struct spool *s, uint8_t life, uint32_t least)
{
	struct job j = { 0 };
	uint8_t uuid[DOCUMENT_UUID] = { life };
	struct bytes out = { 0 };

	for (uint32_t n = 0; n < JOBS; n++) {
		size_t octets = n % 3 == 0 ? LARGE : 100;

		memcpy(uuid + 4, &n, sizeof(n));
		if (!spool_find(s, TENANT, uuid, &j, &f)) {
			ck_assert_int_eq(f.code, FAULT_NOTFOUND);
			ck_assert_msg(n >= least, "life %u: job %u of %u is lost", life, n, least);
			continue;
		}
		bytes_clear(&out);
		ck_assert_msg(spool_read(s, &j, 1, 0, octets + 1, &out, &f), "%s", f.text);
		ck_assert_uint_eq(out.n, octets);
		for (size_t i = 0; i < out.n; i++)
			if (out.at[i] != (uint8_t)(n * 7 + life))
				ck_abort_msg("life %u: job %u, octet %zu", life, n, i);
		job_free(&j);
	}
	bytes_free(&out);
}

/* The octets that came, until the child has lived so long. */
static uint32_t
hear(int in, unsigned after)
{
	struct pollfd p = { .fd = in, .events = POLLIN };
	uint32_t told = 0;
	char piece[256];
	ssize_t n;

	while (
	    told <= after && poll(&p, 1, WAIT_MS) == 1 && (n = read(in, piece, sizeof(piece))) > 0)
		told += (uint32_t)n;
	return told;
}

START_TEST(killed_at_any_moment)
{
	uint32_t told[KILLS];
	unsigned seed = 20261123;
	struct spool *s;

	scratch_new(dir);
	for (int life = 0; life < KILLS; life++) {
		int ends[2], status;
		ssize_t n;
		char piece[256];
		pid_t pid;

		ck_assert_int_eq(pipe(ends), 0);
		if ((pid = fork()) == 0) {
			(void)close(ends[0]);
			live((uint8_t)life, ends[1]);
		}
		(void)close(ends[1]);
		told[life] = hear(ends[0], (unsigned)rand_r(&seed) % 40);
		(void)usleep((useconds_t)rand_r(&seed) % 3000);
		ck_assert_int_eq(kill(pid, SIGKILL), 0);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		while ((n = read(ends[0], piece, sizeof(piece))) > 0)
			told[life] += (uint32_t)n;
		(void)close(ends[0]);
		ck_assert_uint_gt(told[life], 0);
		told[life]--; /* the first says that it lives */
	}
	ck_assert(secret_start(&f));
	ck_assert_msg(spool_open(dir, &limits, &s, &f), "%s", f.text);
	for (int life = 0; life < KILLS; life++)
		is_there(s, (uint8_t)life, told[life]);
	spool_close(s);
	scratch_free(dir);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("spool_crash");
	TCase *t = tcase_create("spool_crash");

	tcase_set_timeout(t, 180);
	tcase_add_test(t, killed_at_any_moment);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
