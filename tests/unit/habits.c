/* tests/unit/habits.c - daemon/habits.h: rows that processes share, and a file that is believed
 * only when it is whole. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/habits_internal.h"
#include "tests/unit/run.h"

#define NOW_S INT64_C(1893974400)

static struct habits *h;
static int fd;
static struct request r;
static struct habits_event e;
static struct anomaly_score s;
static struct fault f;
static char dir[64], path[128];
static uint64_t n;

static void
setup(void)
{
	ck_assert_msg(habits_new(&h, &fd, &f), "%s", f.text);
	(void)snprintf(dir, sizeof(dir), "/tmp/quatrain-habits.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/habits", dir);
	memset(&r, 0, sizeof(r));
	e = (struct habits_event){ .key = 5 };
}

static void
teardown(void)
{
	(void)close(fd);
	(void)unlink(path);
	(void)rmdir(dir);
}

static void
ask(const char *id, uint8_t net, int64_t at_s)
{
	memset(&r, 0, sizeof(r));
	request_text(&r, ATTRIBUTE_SUBJECT_ID, octets_text(id));
	request_number(&r, ATTRIBUTE_TIME, at_s);
	r.fixed[ATTRIBUTE_SOURCE_IP] = (struct value){ .type = VALUE_ADDRESS,
		.address = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, net, 1 } };
	habits_weigh(h, &r, &e, &s);
}

static size_t
rows(const struct habits *of)
{
	size_t all = 0;

	for (size_t i = 0; i < HABITS_ROWS; i++)
		all += atomic_load(&of->row[i].who) != 0;
	return all;
}

START_TEST(two_networks_at_once_score)
{
	ask("spiffe://acme.eu.example.org/printer/hp-1", 1, NOW_S);
	ck_assert_int_eq(r.fixed[ATTRIBUTE_ANOMALY_SCORE].type, VALUE_NUMBER);
	ck_assert_int_eq(r.fixed[ATTRIBUTE_ANOMALY_SCORE].number, 0);
	ask("spiffe://acme.eu.example.org/printer/hp-1", 2, NOW_S + 1);
	ask("spiffe://acme.eu.example.org/printer/hp-1", 1, NOW_S + 2);
	ck_assert_int_eq(r.fixed[ATTRIBUTE_ANOMALY_SCORE].number, 60);
	ask("spiffe://acme.eu.example.org/printer/hp-2", 1, NOW_S + 2);
	ck_assert_int_eq(r.fixed[ATTRIBUTE_ANOMALY_SCORE].number, 0);
	ck_assert_uint_eq(rows(h), 2);
}
END_TEST

START_TEST(a_look_leaves_nothing)
{
	e.peek = true;
	ask("spiffe://acme.eu.example.org/printer/hp-1", 1, NOW_S);
	ck_assert_uint_eq(rows(h), 0);
	ck_assert_uint_eq(s.n, 1);
	ck_assert_int_eq(s.reason[0].word, ANOMALY_COLD);
}
END_TEST

START_TEST(nobody_has_no_habits)
{
	habits_weigh(h, &r, &e, &s);
	ck_assert_int_eq(r.fixed[ATTRIBUTE_ANOMALY_SCORE].type, VALUE_NONE);
	ck_assert_uint_eq(s.n, 0);
	h = NULL;
	ask("spiffe://acme.eu.example.org/printer/hp-1", 1, NOW_S);
	ck_assert_int_eq(r.fixed[ATTRIBUTE_ANOMALY_SCORE].type, VALUE_NONE);
}
END_TEST

/* Whoever was killed while it wrote holds nobody up. */
START_TEST(a_dead_writer_holds_nobody)
{
	struct anomaly a;

	ask("spiffe://acme.eu.example.org/printer/hp-1", 1, NOW_S);
	for (size_t i = 0; i < HABITS_ROWS; i++)
		if (atomic_load(&h->row[i].who) != 0)
			atomic_store(&h->row[i].turn, 7);
	ask("spiffe://acme.eu.example.org/printer/hp-1", 1, NOW_S + 1);
	for (size_t i = 0; i < HABITS_ROWS; i++)
		if (atomic_load(&h->row[i].who) != 0) {
			habits_get(&h->row[i], &a);
			ck_assert_uint_eq(a.events, 2);
			ck_assert_uint_eq(atomic_load(&h->row[i].turn) % 2, 0);
		}
}
END_TEST

START_TEST(children_share_rows)
{
	pid_t pid = fork();
	struct habits *mine;
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (!habits_open(dup(fd), &mine, &f))
			_exit(1);
		h = mine;
		ask("spiffe://acme.eu.example.org/printer/hp-1", 1, NOW_S);
		_exit(rows(mine) == 1 ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_uint_eq(rows(h), 1);
}
END_TEST

/* A table that is full forgets who was still longest, and refuses nobody. */
START_TEST(more_endpoints_than_rows)
{
	char id[64];

	for (unsigned i = 0; i < 9 * HABITS_ROWS / 8; i++) {
		(void)snprintf(id, sizeof(id), "spiffe://acme.eu.example.org/printer/p-%u", i);
		ask(id, 1, NOW_S + i);
		ck_assert_int_eq(r.fixed[ATTRIBUTE_ANOMALY_SCORE].type, VALUE_NUMBER);
	}
	ck_assert_uint_le(rows(h), HABITS_ROWS);
	ck_assert_uint_gt(rows(h), HABITS_ROWS / 2);
}
END_TEST

START_TEST(a_restart_remembers)
{
	struct habits *again;
	int other;

	for (int i = 0; i < 30; i++)
		ask("spiffe://acme.eu.example.org/printer/hp-1", 1, NOW_S + i * 6000);
	ck_assert_msg(habits_save(h, path, &f), "%s", f.text);
	ck_assert(habits_new(&again, &other, &f));
	(void)close(other);
	ck_assert_msg(habits_load(again, path, NOW_S + 200000, &n, &f), "%s", f.text);
	ck_assert_uint_eq(n, 1);
	h = again;
	ask("spiffe://acme.eu.example.org/printer/hp-1", 9, NOW_S + 200000);
	ck_assert_uint_ge(s.score, anomaly_points(ANOMALY_NETWORK));
}
END_TEST

START_TEST(nothing_new_is_not_saved)
{
	ck_assert(habits_save(h, path, &f));
	ck_assert_int_ne(access(path, F_OK), 0);
	ck_assert_msg(habits_load(h, path, NOW_S, &n, &f), "%s", f.text);
	ck_assert_uint_eq(n, 0);
}
END_TEST

static void
refused_with(int64_t at, int change)
{
	int file = open(path, O_RDWR);
	uint8_t octet;

	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(pread(file, &octet, 1, (off_t)at), 1);
	octet ^= (uint8_t)change;
	ck_assert_int_eq(pwrite(file, &octet, 1, (off_t)at), 1);
	ck_assert(!habits_load(h, path, NOW_S + 60, &n, &f));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	octet ^= (uint8_t)change;
	ck_assert_int_eq(pwrite(file, &octet, 1, (off_t)at), 1);
	(void)close(file);
}

START_TEST(a_file_that_was_touched_is_none)
{
	struct stat st;

	ask("spiffe://acme.eu.example.org/printer/hp-1", 1, NOW_S);
	ck_assert(habits_save(h, path, &f));
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	for (int64_t at = 0; at < st.st_size; at += 37)
		refused_with(at, 1 << (at % 8));
	ck_assert_int_eq(truncate(path, st.st_size - 1), 0);
	ck_assert(!habits_load(h, path, NOW_S + 60, &n, &f));
	ck_assert_int_eq(truncate(path, 0), 0);
	ck_assert(!habits_load(h, path, NOW_S + 60, &n, &f));
}
END_TEST

START_TEST(rows_from_the_future_are_dropped)
{
	ask("spiffe://acme.eu.example.org/printer/hp-1", 1, NOW_S + 100000);
	ask("spiffe://acme.eu.example.org/printer/hp-2", 1, NOW_S);
	ck_assert(habits_save(h, path, &f));
	ck_assert(habits_new(&h, &fd, &f));
	ck_assert(habits_load(h, path, NOW_S, &n, &f));
	ck_assert_uint_eq(n, 1);
}
END_TEST

START_TEST(a_file_that_others_may_write_is_not_read)
{
	ask("spiffe://acme.eu.example.org/printer/hp-1", 1, NOW_S);
	ck_assert(habits_save(h, path, &f));
	ck_assert_int_eq(chmod(path, 0666), 0);
	ck_assert(!habits_load(h, path, NOW_S + 60, &n, &f));
	ck_assert_int_eq(f.code, FAULT_DENIED);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("habits");
	TCase *t = tcase_create("habits");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, two_networks_at_once_score);
	tcase_add_test(t, a_look_leaves_nothing);
	tcase_add_test(t, nobody_has_no_habits);
	tcase_add_test(t, a_dead_writer_holds_nobody);
	tcase_add_test(t, children_share_rows);
	tcase_add_test(t, more_endpoints_than_rows);
	tcase_add_test(t, a_restart_remembers);
	tcase_add_test(t, nothing_new_is_not_saved);
	tcase_add_test(t, a_file_that_was_touched_is_none);
	tcase_add_test(t, rows_from_the_future_are_dropped);
	tcase_add_test(t, a_file_that_others_may_write_is_not_read);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
