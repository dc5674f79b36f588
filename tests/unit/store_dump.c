/* tests/unit/store_dump.c - store_dump(): every row of all tables, as they stood at one moment. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/store.h"
#include "tests/unit/run.h"
#include "tests/unit/scratch.h"

#define T octets_text

static char folder[SCRATCH_PATH_MAX], dir[SCRATCH_PATH_MAX];
static struct store *store;
static struct fault f;

static void
setup(void)
{
	scratch_new(folder);
	scratch_path(folder, "s", dir, sizeof(dir));
	store = NULL;
}

static void
teardown(void)
{
	store_close(store);
	store = NULL;
	scratch_free(folder);
}

/* The store with these rows: table digit, key, '=', value, and a space behind each. */
static void
fill(const char *rows)
{
	struct batch *b;

	ck_assert(store_open(dir, STORE_CREATE, &store, &f));
	ck_assert_ptr_nonnull(b = batch_new(store));
	for (const char *p = rows; *p != '\0'; p += strcspn(p, " ") + 1) {
		size_t key = strcspn(p, "=");

		batch_put(b, (unsigned)(p[0] - '0'), octets_of(p + 1, key - 1),
		    octets_of(p + key + 1, strcspn(p, " ") - key - 1));
	}
	ck_assert(batch_apply(b, &f));
	batch_free(b);
}

struct seen {
	struct bytes text;
	size_t stop; /* after so many rows; 0: never */
	size_t n;
	int go, done; /* of the writer beside us, or -1 */
};

static bool
see(void *with, unsigned table, struct octets key, struct octets value)
{
	struct seen *s = with;
	char octet = 'x';

	if (s->n++ == 0 && s->go >= 0) { /* now, between two rows of ours, somebody writes */
		ck_assert_int_eq(write(s->go, &octet, 1), 1);
		ck_assert_int_eq(read(s->done, &octet, 1), 1);
		ck_assert_int_eq(octet, '+');
	}
	bytes_put_fmt(&s->text, "%u", table);
	bytes_put_octets(&s->text, key);
	bytes_put_u8(&s->text, '=');
	bytes_put_octets(&s->text, value);
	bytes_put_u8(&s->text, ' ');
	return s->n != s->stop;
}

static void
sees(struct seen *s, const char *what)
{
	ck_assert_msg(store_dump(store, see, s, &f), "%s", f.text);
	ck_assert_msg(octets_same(octets_bytes(&s->text), T(what)), "%.*s", (int)s->text.n,
	    s->text.n == 0 ? "" : (const char *)s->text.at);
	bytes_free(&s->text);
}

START_TEST(all_tables_in_order)
{
	struct seen all = { .go = -1 }, some = { .go = -1, .stop = 2 }, again = { .go = -1 };

	fill("7zz=6 1a=3 0ba=2 7z=5 0b=1 9kk= ");
	sees(&all, "0b=1 0ba=2 1a=3 7z=5 7zz=6 9kk= ");
	sees(&some, "0b=1 0ba=2 ");
	sees(&again, "0b=1 0ba=2 1a=3 7z=5 7zz=6 9kk= ");
}
END_TEST

START_TEST(an_empty_store)
{
	struct seen s = { .go = -1 };

	fill("");
	sees(&s, "");
	ck_assert_uint_eq(s.n, 0);
}
END_TEST

static bool
call_back(void *with, unsigned table, struct octets key, struct octets value)
{
	struct bytes v = { 0 };

	(void)value;
	ck_assert(!store_get(store, table, key, &v, with));
	ck_assert(!store_dump(store, call_back, with, with));
	return false;
}

START_TEST(a_visit_cannot_call_its_store)
{
	struct fault inner = { 0 };
	struct bytes v = { 0 };

	fill("0b=1 ");
	ck_assert(store_dump(store, call_back, &inner, &f));
	ck_assert_int_eq(inner.code, FAULT_INTERNAL);
	ck_assert(store_get(store, 0, T("b"), &v, &f));
	bytes_free(&v);
}
END_TEST

/* The writer's process: changes, adds and removes, when it is told to. */
static void
write_beside(int go, int done)
{
	struct store *w;
	struct batch *b;
	char octet;
	bool ok;

	ok = read(go, &octet, 1) == 1 && store_open(dir, STORE_WRITE, &w, &f) &&
	     (b = batch_new(w)) != NULL;
	if (ok) {
		batch_put(b, 0, T("ba"), T("other"));
		batch_add(b, 1, T("new"), T("row"));
		batch_remove(b, 7, T("z"));
		ok = batch_apply(b, &f);
		batch_free(b);
		store_close(w);
	}
	octet = ok ? '+' : '-';
	_exit(write(done, &octet, 1) == 1 ? 0 : 1);
}

START_TEST(one_moment)
{
	struct seen s = { 0 }, after = { .go = -1 };
	int go[2], done[2], status;
	pid_t writer;

	ck_assert(pipe(go) == 0 && pipe(done) == 0);
	fill("0b=1 0ba=2 1a=3 7z=5 7zz=6 ");
	store_close(store);
	store = NULL;
	if ((writer = fork()) == 0)
		write_beside(go[0], done[1]);
	ck_assert(store_open(dir, STORE_READ, &store, &f));
	s.go = go[1];
	s.done = done[0];
	sees(&s, "0b=1 0ba=2 1a=3 7z=5 7zz=6 ");
	ck_assert_int_eq(waitpid(writer, &status, 0), writer);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	sees(&after, "0b=1 0ba=other 1a=3 1new=row 7zz=6 ");
	for (size_t i = 0; i < 2; i++) {
		(void)close(go[i]);
		(void)close(done[i]);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("store_dump");
	TCase *t = tcase_create("store_dump");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, all_tables_in_order);
	tcase_add_test(t, an_empty_store);
	tcase_add_test(t, a_visit_cannot_call_its_store);
	tcase_add_test(t, one_moment);
	suite_add_tcase(s, t);
	return run_suite(s);
}
