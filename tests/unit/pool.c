/* tests/unit/pool.c - daemon/pool.h: work that goes to threads, and comes back in its turn. */
#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "daemon/pool.h"
#include "tests/unit/run.h"

#define MANY 200

static struct pool *p;
static struct fault f;
static pthread_t loop;
static atomic_int gate; /* open: what waits for it goes on */
static int told, order[MANY + 1];

struct work {
	int number;
	atomic_bool ran;
	bool elsewhere, again;
};

static struct work works[MANY + 1];

static void
do_it(void *work)
{
	struct work *w = work;

	while (!atomic_load(&gate))
		(void)usleep(1000);
	w->elsewhere = !pthread_equal(pthread_self(), loop);
	atomic_store(&w->ran, true);
}

static void
done(void *work)
{
	struct work *w = work;

	ck_assert(atomic_load(&w->ran));
	ck_assert(w->elsewhere);
	ck_assert(pthread_equal(pthread_self(), loop));
	order[told++] = w->number;
	if (w->again) {
		w->again = false;
		ck_assert(pool_put(p, do_it, done, w, &f));
	}
}

static void
until(int n)
{
	struct pollfd at = { .fd = pool_fd(p), .events = POLLIN };

	while (told < n) {
		ck_assert_int_eq(poll(&at, 1, 60000), 1);
		pool_tell(p);
	}
}

static void
setup(void)
{
	ck_assert_msg(pool_new(2, MANY, &p, &f), "%s", f.text);
	loop = pthread_self();
	memset(works, 0, sizeof(works));
	for (int i = 0; i <= MANY; i++)
		works[i].number = i;
	told = 0;
	atomic_store(&gate, 1);
}

static void
teardown(void)
{
	pool_free(p);
}

START_TEST(all_comes_back_in_its_turn)
{
	for (int i = 0; i < MANY; i++)
		ck_assert_msg(pool_put(p, do_it, done, &works[i], &f), "%s", f.text);
	until(MANY);
	for (int i = 0; i < MANY; i++)
		ck_assert_int_eq(order[i], i);
	pool_tell(p);
	ck_assert_int_eq(told, MANY);
}
END_TEST

START_TEST(too_much_is_busy)
{
	atomic_store(&gate, 0);
	for (int i = 0; i < MANY; i++)
		ck_assert(pool_put(p, do_it, done, &works[i], &f));
	ck_assert(!pool_put(p, do_it, done, &works[MANY], &f));
	ck_assert_int_eq(f.code, FAULT_BUSY);
	pool_tell(p);
	ck_assert_int_eq(told, 0);
	atomic_store(&gate, 1);
	until(1);
	ck_assert(pool_put(p, do_it, done, &works[MANY], &f));
	until(MANY + 1);
	ck_assert_int_eq(order[MANY], MANY);
}
END_TEST

START_TEST(more_is_put_by_what_was_done)
{
	works[0].again = true;
	ck_assert(pool_put(p, do_it, done, &works[0], &f));
	until(2);
	ck_assert_int_eq(order[1], 0);
}
END_TEST

START_TEST(an_end_waits_for_nobody_who_waits)
{
	for (int i = 0; i < MANY; i++)
		ck_assert(pool_put(p, do_it, done, &works[i], &f));
	pool_free(p);
	ck_assert_int_eq(told, 0);
	pool_free(NULL);
	ck_assert(pool_new(2, 1, &p, &f));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pool");
	TCase *t = tcase_create("pool");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, all_comes_back_in_its_turn);
	tcase_add_test(t, too_much_is_busy);
	tcase_add_test(t, more_is_put_by_what_was_done);
	tcase_add_test(t, an_end_waits_for_nobody_who_waits);
	suite_add_tcase(s, t);
	return run_suite(s);
}
