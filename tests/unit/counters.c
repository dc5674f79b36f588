/* tests/unit/counters.c - policy/counters.h: windows, full tables, clocks that step back, and many
 * who count at once. */
#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "policy/counters.h"
#include "run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NOW      INT64_C(1782900900)
#define ROWS     64

static struct counters *c;
static void *memory;

static void
setup(void)
{
	memory = mmap(
	    NULL, counters_octets(ROWS), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(memory, MAP_FAILED);
	c = counters_at(memory, ROWS);
}

static void
teardown(void)
{
	munmap(memory, counters_octets(ROWS));
}

static struct counter
of(const char *key, int64_t per_s)
{
	return (struct counter){ .scope = octets_text("spiffe://acme.eu.example.org/**"),
		.document = octets_text("acme"),
		.key = octets_text(key),
		.per_s = per_s };
}

static int64_t
stands(const struct counter *k, int64_t now_s)
{
	int64_t n = -1;

	ck_assert(counters_read(c, k, now_s, &n));
	return n;
}

START_TEST(adds_up)
{
	struct counter k = of("r|x", 60);

	ck_assert_int_eq(stands(&k, NOW), 0);
	ck_assert(counters_add(c, &k, NOW, 1));
	ck_assert(counters_add(c, &k, NOW + 59, 5));
	ck_assert(counters_add(c, &k, NOW + 59, 0));
	ck_assert_int_eq(stands(&k, NOW + 59), 6);
}
END_TEST

START_TEST(counts_apart)
{
	struct counter k = of("r|x", 60), others[7];

	for (size_t i = 0; i < COUNT(others); i++)
		others[i] = k;
	others[0].key = octets_text("r|y");
	others[1].key = octets_text("s|x");
	others[2].per_s = 61;
	others[3].unit = octets_text("resource.pages");
	others[4].scope = octets_text("spiffe://beta.eu.example.org/**");
	others[5].document = octets_text("other");
	/* what is moved from one part to the next is another thing */
	others[6].document = octets_text("acme\003r|x");
	others[6].key = octets_text("");
	ck_assert(counters_add(c, &k, NOW, 7));
	for (size_t i = 0; i < COUNT(others); i++)
		ck_assert_int_eq(stands(&others[i], NOW), 0);
	ck_assert_int_eq(stands(&k, NOW), 7);
}
END_TEST

START_TEST(long_keys)
{
	char a[2000], b[2000];
	struct counter k = of("", 60), l = k;

	memset(a, 'a', sizeof(a));
	memset(b, 'a', sizeof(b));
	b[1999] = 'b';
	k.key = octets_of(a, sizeof(a));
	l.key = octets_of(b, sizeof(b));
	ck_assert(counters_add(c, &k, NOW, 3));
	ck_assert_int_eq(stands(&k, NOW), 3);
	ck_assert_int_eq(stands(&l, NOW), 0);
	l.key.n = 1999;
	ck_assert_int_eq(stands(&l, NOW), 0);
}
END_TEST

/* Wherever in a window something is added, it counts for all of per_s, and a fifth more at most. */
START_TEST(a_window_passes)
{
	static const int64_t windows[] = { 1, 2, 3, 5, 6, 7, 10, 60, 61, 3600, 2592000 };

	for (size_t i = 0; i < COUNT(windows); i++)
		for (int64_t shift = 0; shift < 20; shift++) {
			struct counter k = of("r|x", windows[i]);
			int64_t at = NOW + shift * (windows[i] / 7 + 1) + shift;
			int64_t most = windows[i] + (windows[i] + 4) / 5;

			setup();
			ck_assert(counters_add(c, &k, at, 9));
			ck_assert_int_eq(stands(&k, at), 9);
			ck_assert_int_eq(stands(&k, at + windows[i] / 2), 9);
			ck_assert_int_eq(stands(&k, at + windows[i] - 1), 9);
			ck_assert_int_eq(stands(&k, at + most), 0);
			teardown();
		}
	setup();
}
END_TEST

START_TEST(a_clock_steps_back)
{
	struct counter k = of("r|x", 60);

	ck_assert(counters_add(c, &k, NOW, 4));
	ck_assert_int_eq(stands(&k, NOW - 1), 4);
	ck_assert_int_eq(stands(&k, NOW - 50), 4);
	ck_assert(counters_add(c, &k, NOW - 50, 1));
	ck_assert_int_eq(stands(&k, NOW - 50), 5);
	ck_assert_int_ge(stands(&k, NOW), 4);
	/* a clock that was years ahead for a moment locks nobody out until then */
	k = of("r|y", 60);
	ck_assert(counters_add(c, &k, NOW + 86400 * 365, 4));
	ck_assert_int_eq(stands(&k, NOW), 0);
	ck_assert(counters_add(c, &k, NOW, 1));
	ck_assert_int_eq(stands(&k, NOW), 1);
	k = of("r|z", 60);
	ck_assert(counters_add(c, &k, -5, 1)); /* before 1970 is 1970 */
	ck_assert_int_eq(stands(&k, 0), 1);
}
END_TEST

START_TEST(refuses)
{
	struct counter k = of("r|x", 60);
	int64_t n = 77;

	ck_assert(!counters_add(c, &k, NOW, -1)); /* nobody gets anything back */
	ck_assert(!counters_add(c, &k, NOW, INT64_MIN));
	ck_assert_int_eq(stands(&k, NOW), 0);
	k.per_s = 0;
	ck_assert(!counters_add(c, &k, NOW, 1));
	ck_assert(!counters_read(c, &k, NOW, &n));
	k.per_s = -60;
	ck_assert(!counters_add(c, &k, NOW, 1));
	ck_assert(!counters_read(c, &k, NOW, &n));
	ck_assert_int_eq(n, 77);
}
END_TEST

/* What is too much to count is not known; it does not begin anew. */
START_TEST(too_much)
{
	struct counter k = of("r|x", 60);
	int64_t n;

	ck_assert(counters_add(c, &k, NOW, INT64_C(1) << 39));
	ck_assert_int_eq(stands(&k, NOW), INT64_C(1) << 39);
	ck_assert(counters_add(c, &k, NOW, INT64_MAX));
	ck_assert(!counters_read(c, &k, NOW, &n));
	ck_assert(counters_add(c, &k, NOW, 1));
	ck_assert(!counters_read(c, &k, NOW, &n));
	ck_assert_int_eq(stands(&k, NOW + 72), 0);
}
END_TEST

/* A full table knows nothing of who is not in it, and is used again when windows have passed. */
START_TEST(a_full_table)
{
	char key[16] = "";
	struct counter k = of(key, 60);
	unsigned taken = 0, unknown = 0;
	int64_t n;

	for (unsigned i = 0; i < 20 * ROWS; i++) {
		(void)snprintf(key, sizeof(key), "r|%u", i);
		k.key = octets_text(key);
		if (counters_add(c, &k, NOW, 1)) {
			taken++;
			ck_assert_int_eq(stands(&k, NOW), 1);
		} else {
			unknown++;
			ck_assert(!counters_read(c, &k, NOW, &n));
		}
	}
	ck_assert_uint_eq(taken, ROWS);
	ck_assert_uint_eq(unknown, 19 * ROWS);
	for (unsigned i = 0; i < 20 * ROWS; i++) {
		(void)snprintf(key, sizeof(key), "s|%u", i);
		k.key = octets_text(key);
		ck_assert(counters_add(c, &k, NOW + 120 * (int64_t)(i + 1), 2));
		ck_assert_int_eq(stands(&k, NOW + 120 * (int64_t)(i + 1)), 2);
	}
}
END_TEST

static void *
add_many(void *with)
{
	struct counter k = of("r|x", 600);

	for (unsigned i = 0; i < 20000; i++) {
		(void)counters_add(c, &k, NOW, 1);
		k.key = octets_text(i % 2 == 0 ? "r|y" : "r|x");
	}
	return with;
}

START_TEST(threads_at_once)
{
	pthread_t threads[4];
	struct counter x = of("r|x", 600), y = of("r|y", 600);

	for (size_t i = 0; i < COUNT(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, add_many, NULL), 0);
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_eq(stands(&x, NOW) + stands(&y, NOW), 80000);
}
END_TEST

/* One that is killed in the middle of it holds up nobody, and what it had counted stays. */
START_TEST(processes_at_once)
{
	struct counter x = of("r|x", 600), y = of("r|y", 600);
	pid_t killed = fork(), whole;
	int status;

	if (killed == 0)
		for (;;)
			add_many(NULL);
	ck_assert_int_gt(killed, 0);
	while (stands(&x, NOW) < 1000)
		;
	whole = fork();
	if (whole == 0) {
		add_many(NULL);
		_exit(0);
	}
	ck_assert_int_gt(whole, 0);
	kill(killed, SIGKILL);
	ck_assert_int_eq(waitpid(killed, &status, 0), killed);
	ck_assert_int_eq(waitpid(whole, &status, 0), whole);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ck_assert_int_ge(stands(&x, NOW) + stands(&y, NOW), 21000);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("counters");
	TCase *t = tcase_create("counters");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, adds_up);
	tcase_add_test(t, counts_apart);
	tcase_add_test(t, long_keys);
	tcase_add_test(t, a_window_passes);
	tcase_add_test(t, a_clock_steps_back);
	tcase_add_test(t, refuses);
	tcase_add_test(t, too_much);
	tcase_add_test(t, a_full_table);
	tcase_add_test(t, threads_at_once);
	tcase_add_test(t, processes_at_once);
	suite_add_tcase(s, t);
	return run_suite(s);
}
