/* tests/unit/store.c - base/store.h within one process: tables, batches, refusals. */
#include "base/store.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run.h"
#include "scratch.h"

#define T octets_text

static char folder[SCRATCH_PATH_MAX], dir[SCRATCH_PATH_MAX];
static struct store *store;
static struct batch *batch;

static void
reopen(enum store_mode mode)
{
	struct fault f;

	batch_free(batch);
	store_close(store);
	store = NULL;
	ck_assert_msg(store_open(dir, mode, &store, &f), "%s", f.text);
	ck_assert_ptr_nonnull(batch = batch_new(store));
}

static void
setup(void)
{
	scratch_new(folder);
	scratch_path(folder, "s", dir, sizeof(dir));
	reopen(STORE_CREATE);
}

static void
teardown(void)
{
	batch_free(batch);
	store_close(store);
	batch = NULL;
	store = NULL;
	scratch_free(folder);
}

static void
apply(void)
{
	struct fault f;

	ck_assert_msg(batch_apply(batch, &f), "%s", f.text);
}

static void
apply_refused(enum fault_code code, const char *why)
{
	struct fault f = { 0 };

	ck_assert(!batch_apply(batch, &f));
	ck_assert_int_eq(f.code, code);
	ck_assert_msg(strstr(f.text, why) != NULL, "%s", f.text);
}

static void
put(unsigned table, const char *key, const char *value)
{
	batch_put(batch, table, T(key), T(value));
}

/* What the store (or, with b, the batch) has under key; NULL expects nothing. */
static void
has_in(struct batch *b, unsigned table, const char *key, const char *value)
{
	struct bytes v = { 0 };
	struct fault f = { 0 };
	bool found = b == NULL ? store_get(store, table, T(key), &v, &f)
			       : batch_get(b, table, T(key), &v, &f);

	if (value == NULL) {
		ck_assert_msg(!found, "%s is there", key);
		ck_assert_int_eq(f.code, FAULT_NOTFOUND);
		ck_assert_uint_eq(v.n, 0);
	} else {
		ck_assert_msg(found, "%s: %s", key, f.text);
		ck_assert_msg(octets_same(octets_bytes(&v), T(value)), "%s is not %s", key, value);
	}
	bytes_free(&v);
}

static void
has(unsigned table, const char *key, const char *value)
{
	has_in(NULL, table, key, value);
}

START_TEST(keeps_and_forgets)
{
	put(0, "a", "1");
	put(STORE_TABLES - 1, "a", "2");
	put(0, "empty", "");
	has(0, "a", NULL);
	apply();
	has(0, "a", "1");
	has(STORE_TABLES - 1, "a", "2");
	has(1, "a", NULL);
	has(0, "empty", "");
	reopen(STORE_WRITE);
	has(0, "a", "1");
	batch_remove(batch, 0, T("a"));
	batch_remove(batch, 0, T("never there"));
	apply();
	has(0, "a", NULL);
	apply(); /* empty */
	reopen(STORE_READ);
	has(0, "a", NULL);
	has(STORE_TABLES - 1, "a", "2");
}
END_TEST

START_TEST(appends_to_what_the_caller_has)
{
	struct bytes v = { 0 };
	struct fault f;

	put(0, "k", "value");
	apply();
	bytes_put_text(&v, "old ");
	ck_assert(store_get(store, 0, T("k"), &v, &f));
	ck_assert(batch_get(batch, 0, T("k"), &v, &f));
	ck_assert(octets_same(octets_bytes(&v), T("old valuevalue")));
	bytes_free(&v);
}
END_TEST

START_TEST(only_its_user_may_read_it)
{
	char path[SCRATCH_PATH_MAX];
	struct stat st;

	ck_assert_int_eq(stat(dir, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	scratch_path(dir, "data.mdb", path, sizeof(path));
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
}
END_TEST

static void
open_refused(const char *path, enum store_mode mode, enum fault_code code)
{
	struct store *s = store;
	struct fault f = { 0 };

	ck_assert(!store_open(path, mode, &s, &f));
	ck_assert_msg(f.code == code, "%s: %d %s", path, f.code, f.text);
	ck_assert_ptr_eq(s, store);
}

START_TEST(opens_nothing_that_is_no_store)
{
	char path[SCRATCH_PATH_MAX], file[SCRATCH_PATH_MAX + 16];
	int fd;

	scratch_path(folder, "none", path, sizeof(path));
	open_refused(path, STORE_READ, FAULT_NOTFOUND);
	open_refused(path, STORE_WRITE, FAULT_NOTFOUND);
	ck_assert_int_eq(access(path, F_OK), -1); /* and nothing was made */
	ck_assert_int_eq(mkdir(path, 0700), 0);
	scratch_path(path, "data.mdb", file, sizeof(file));
	open_refused(path, STORE_WRITE, FAULT_NOTFOUND);
	ck_assert_int_eq(access(file, F_OK), -1);
	ck_assert_int_ge(fd = open(file, O_WRONLY | O_CREAT, 0600), 0);
	open_refused(path, STORE_READ, FAULT_NOTFOUND);
	open_refused(path, STORE_WRITE, FAULT_NOTFOUND);
	for (int i = 0; i < 512; i++)
		ck_assert_int_eq(write(fd, "not a database  ", 16), 16);
	ck_assert_int_eq(close(fd), 0);
	open_refused(path, STORE_READ, FAULT_INTERNAL);
	open_refused(path, STORE_CREATE, FAULT_INTERNAL);
	open_refused("/nonexistent/deeper", STORE_CREATE, FAULT_INTERNAL);
}
END_TEST

START_TEST(one_process_opens_it_once)
{
	char other[SCRATCH_PATH_MAX];

	open_refused(dir, STORE_READ, FAULT_INTERNAL);
	scratch_path(folder, "s/../s/.", other, sizeof(other));
	open_refused(other, STORE_WRITE, FAULT_INTERNAL);
	reopen(STORE_WRITE); /* but again after it was closed */
}
END_TEST

START_TEST(get_refuses)
{
	static uint8_t key[STORE_KEY_MAX + 1];
	struct bytes v = { 0 };
	struct fault f = { 0 };

	ck_assert(!store_get(store, 0, octets_of(key, 0), &v, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!store_get(store, 0, octets_of(key, sizeof(key)), &v, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!store_get(store, STORE_TABLES, octets_of(key, 1), &v, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ck_assert(!store_last_key(store, STORE_TABLES, &v, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ck_assert(!store_last_key(store, 0, &v, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert_ptr_null(v.at);
	batch_put(batch, 0, octets_of(key, STORE_KEY_MAX), T("the longest"));
	apply();
	ck_assert(store_get(store, 0, octets_of(key, STORE_KEY_MAX), &v, &f));
	bytes_free(&v);
}
END_TEST

/* What a scan saw, as "key=value " after one another; it stops at the key "stop". */
static bool
note(void *with, struct octets key, struct octets value)
{
	struct bytes *seen = with;

	bytes_put_octets(seen, key);
	bytes_put_u8(seen, '=');
	bytes_put_octets(seen, value);
	bytes_put_u8(seen, ' ');
	return !octets_same(key, T("stop"));
}

static void
scan_sees(const char *from, size_t limit, const char *what)
{
	struct bytes seen = { 0 };
	struct fault f;

	ck_assert(store_scan(store, 3, T(from), limit, note, &seen, &f));
	ck_assert_msg(octets_same(octets_bytes(&seen), T(what)), "%.*s", (int)seen.n,
	    seen.at == NULL ? "" : (const char *)seen.at);
	bytes_free(&seen);
}

START_TEST(scans_in_order)
{
	struct bytes last = { 0 };
	struct fault f;

	scan_sees("", 9, "");
	put(3, "stop", "4");
	put(3, "b", "2");
	put(3, "a", "1");
	put(3, "ba", "3");
	put(3, "z", "5");
	put(2, "aa", "not this table");
	apply();
	scan_sees("", 9, "a=1 b=2 ba=3 stop=4 ");
	scan_sees("b", 9, "b=2 ba=3 stop=4 ");
	scan_sees("b\1", 1, "ba=3 ");
	scan_sees("a", 2, "a=1 b=2 ");
	scan_sees("t", 9, "z=5 ");
	scan_sees("zz", 9, "");
	scan_sees("a", 0, "");
	ck_assert(store_last_key(store, 3, &last, &f));
	ck_assert(octets_same(octets_bytes(&last), T("z")));
	bytes_free(&last);
}
END_TEST

static bool
call_back(void *with, struct octets key, struct octets value)
{
	struct fault *f = with;
	struct bytes v = { 0 };

	(void)value;
	ck_assert(!store_get(store, 0, key, &v, f));
	return false;
}

START_TEST(a_visit_cannot_call_its_store)
{
	struct fault f, inner = { 0 };

	put(0, "k", "v");
	apply();
	ck_assert(store_scan(store, 0, T(""), 9, call_back, &inner, &f));
	ck_assert_int_eq(inner.code, FAULT_INTERNAL);
	has(0, "k", "v");
}
END_TEST

START_TEST(all_or_nothing)
{
	put(0, "there", "old");
	apply();
	put(0, "first", "1");
	batch_remove(batch, 0, T("there"));
	put(1, "there", "1");
	batch_add(batch, 1, T("there"), T("2"));
	put(0, "last", "3");
	apply_refused(FAULT_CONFLICT, "key is there");
	has(0, "first", NULL);
	has(0, "last", NULL);
	has(1, "there", NULL);
	has(0, "there", "old");
	apply_refused(FAULT_CONFLICT, "key is there"); /* it kept its writes */
	batch_undo(batch, 3);
	apply();
	has(0, "first", "1");
	has(0, "there", NULL);
	has(1, "there", "1");
	batch_add(batch, 0, T("first"), T("again"));
	apply_refused(FAULT_CONFLICT, "key is there");
	has(0, "first", "1");
}
END_TEST

START_TEST(writes_keep_their_order)
{
	put(0, "a", "old");
	put(0, "b", "old");
	apply();
	batch_remove(batch, 0, T("a"));
	batch_add(batch, 0, T("a"), T("new"));
	put(0, "b", "new");
	batch_remove(batch, 0, T("b"));
	put(0, "c", "1");
	put(0, "c", "2");
	has_in(batch, 0, "a", "new");
	has_in(batch, 0, "b", NULL);
	has_in(batch, 0, "c", "2");
	apply();
	has(0, "a", "new");
	has(0, "b", NULL);
	has(0, "c", "2");
}
END_TEST

static const struct octets absent;

START_TEST(guards_look_at_the_store)
{
	put(0, "k", "v");
	put(0, "empty", "");
	apply();
	batch_guard(batch, 0, T("k"), T("v"));
	batch_guard(batch, 0, T("empty"), T(""));
	batch_guard(batch, 0, T("none"), absent);
	put(0, "k", "w");
	put(0, "none", "here"); /* the guards still see what is in the store */
	apply();
	has(0, "k", "w");
	has(0, "none", "here");
}
END_TEST

START_TEST(a_guard_that_fails_stops_all)
{
	static const struct {
		const char *key, *value;
	} wrong[] = {
		{ "k", "w" },
		{ "k", "vv" },
		{ "k", "" },
		{ "k", NULL },
		{ "empty", NULL },
		{ "none", "" },
		{ "none", "v" },
	};

	put(0, "k", "v");
	put(0, "empty", "");
	apply();
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct octets value = wrong[i].value == NULL ? absent : T(wrong[i].value);

		put(0, "new", "1");
		put(0, wrong[i].key, wrong[i].value == NULL ? "" : wrong[i].value);
		batch_guard(batch, 0, T(wrong[i].key), value);
		apply_refused(FAULT_CONFLICT, "changed meanwhile");
		batch_undo(batch, 0);
		has(0, "new", NULL);
		has(0, "k", "v");
	}
}
END_TEST

START_TEST(reads_through)
{
	size_t mark;

	put(0, "a", "store");
	put(0, "b", "store");
	apply();
	put(0, "a", "batch");
	mark = batch_mark(batch);
	put(0, "a", "later");
	put(1, "a", "other table");
	batch_remove(batch, 0, T("b"));
	batch_guard(batch, 0, T("c"), T("no value"));
	has_in(batch, 0, "a", "later");
	has_in(batch, 1, "a", "other table");
	has_in(batch, 0, "b", NULL);
	has_in(batch, 0, "c", NULL);
	has(0, "a", "store");
	batch_undo(batch, mark);
	has_in(batch, 0, "a", "batch");
	has_in(batch, 1, "a", NULL);
	has_in(batch, 0, "b", "store");
	batch_undo(batch, batch_mark(batch)); /* nothing since */
	has_in(batch, 0, "a", "batch");
	apply();
	has(0, "a", "batch");
	has(0, "b", "store");
	ck_assert_uint_eq(batch_mark(batch), 0);
}
END_TEST

#define MODEL_KEYS  61
#define MODEL_STEPS 6000

/* A batch against an array: each step writes one key or takes back to a mark; the array remembers
 * all. */
struct model {
	uint32_t at[MODEL_STEPS + 1][MODEL_KEYS]; /* value + 1 after so many writes; 0: removed */
	size_t n;
};

static uint32_t
step_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static void
model_write(struct model *m, uint32_t r)
{
	uint32_t key = r % MODEL_KEYS;
	struct bytes value = { 0 };

	memcpy(m->at[m->n + 1], m->at[m->n], sizeof(m->at[0]));
	m->n++;
	if (r % 7 == 0) {
		m->at[m->n][key] = 0;
		batch_remove(batch, 5, octets_of(&key, sizeof(key)));
		return;
	}
	m->at[m->n][key] = r + 1;
	for (uint32_t i = 0; i <= r % 97; i++) /* of many lengths, so that blocks come and go */
		bytes_put(&value, &r, sizeof(r));
	batch_put(batch, 5, octets_of(&key, sizeof(key)), octets_bytes(&value));
	bytes_free(&value);
}

static void
model_agrees(const struct model *m, bool from_store)
{
	for (uint32_t key = 0; key < MODEL_KEYS; key++) {
		struct octets k = octets_of(&key, sizeof(key));
		uint32_t want = m->at[m->n][key], got;
		struct bytes v = { 0 };
		struct fault f;
		bool found =
		    from_store ? store_get(store, 5, k, &v, &f) : batch_get(batch, 5, k, &v, &f);

		ck_assert_msg(found == (want != 0), "key %u after %zu", key, m->n);
		if (found) {
			memcpy(&got, v.at, sizeof(got));
			ck_assert_uint_eq(got + 1, want);
			ck_assert_uint_eq(v.n, ((want - 1) % 97 + 1) * sizeof(got));
		}
		bytes_free(&v);
	}
}

START_TEST(undo_agrees_with_a_model)
{
	struct model *m = calloc(1, sizeof(*m));
	uint32_t state = 4;

	ck_assert_ptr_nonnull(m);
	for (int i = 0; i < MODEL_STEPS; i++) {
		model_write(m, step_random(&state));
		ck_assert_uint_eq(batch_mark(batch), m->n);
		if (i % 50 == 49) {
			m->n -= step_random(&state) % (m->n < 70 ? m->n : 70);
			batch_undo(batch, m->n);
			model_agrees(m, false);
		}
	}
	apply();
	model_agrees(m, true);
	free(m);
}
END_TEST

/* Each of these cannot be kept, and no batch that lost one may be applied. */
START_TEST(a_lost_write_is_never_silent)
{
	static uint8_t big[STORE_VALUE_MAX + 1];
	struct fault f = { 0 };
	struct bytes v = { 0 };

	for (int i = 0; i < 4; i++) {
		size_t before, after;

		put(0, "before", "1");
		before = batch_mark(batch);
		batch_put(batch, i == 3 ? STORE_TABLES : 0,
		    octets_of(big, i == 0   ? 0
				   : i == 1 ? STORE_KEY_MAX + 1
					    : 1),
		    octets_of(big, i == 2 ? sizeof(big) : 1));
		after = batch_mark(batch);
		put(0, "after", "2");
		apply_refused(FAULT_INTERNAL, "lost a write");
		batch_undo(batch, after); /* of another request: the loss is not its own */
		apply_refused(FAULT_INTERNAL, "lost a write");
		ck_assert(!batch_get(batch, 0, T("before"), &v, &f));
		ck_assert_int_eq(f.code, FAULT_INTERNAL);
		has(0, "before", NULL);
		batch_undo(batch, before);
		has_in(batch, 0, "before", "1");
		batch_undo(batch, 0);
	}
	batch_put(batch, 0, T("big"), octets_of(big, STORE_VALUE_MAX));
	apply();
	ck_assert(store_get(store, 0, T("big"), &v, &f));
	ck_assert_uint_eq(v.n, STORE_VALUE_MAX);
	bytes_free(&v);
}
END_TEST

START_TEST(a_reader_writes_nothing)
{
	reopen(STORE_READ);
	put(0, "k", "v");
	apply_refused(FAULT_INTERNAL, "not open for writing");
	reopen(STORE_WRITE);
	has(0, "k", NULL);
}
END_TEST

START_TEST(tells_how_full_it_is)
{
	static uint8_t value[100000];
	uint64_t used, room, later, room_later;

	store_usage(store, &used, &room);
	ck_assert_uint_gt(used, 0);
	ck_assert_uint_gt(room, used);
	batch_put(batch, 0, T("k"), octets_of(value, sizeof(value)));
	apply();
	store_usage(store, &later, &room_later);
	ck_assert_uint_ge(later, used + sizeof(value));
	ck_assert_uint_gt(room_later, later);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("store");
	TCase *t = tcase_create("store");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, keeps_and_forgets);
	tcase_add_test(t, appends_to_what_the_caller_has);
	tcase_add_test(t, only_its_user_may_read_it);
	tcase_add_test(t, opens_nothing_that_is_no_store);
	tcase_add_test(t, one_process_opens_it_once);
	tcase_add_test(t, get_refuses);
	tcase_add_test(t, scans_in_order);
	tcase_add_test(t, a_visit_cannot_call_its_store);
	tcase_add_test(t, all_or_nothing);
	tcase_add_test(t, writes_keep_their_order);
	tcase_add_test(t, guards_look_at_the_store);
	tcase_add_test(t, a_guard_that_fails_stops_all);
	tcase_add_test(t, reads_through);
	tcase_add_test(t, undo_agrees_with_a_model);
	tcase_add_test(t, a_lost_write_is_never_silent);
	tcase_add_test(t, a_reader_writes_nothing);
	tcase_add_test(t, tells_how_full_it_is);
	suite_add_tcase(s, t);
	return run_suite(s);
}
