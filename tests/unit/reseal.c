/* tests/unit/reseal.c - ca/reseal.h: all keys of a folder change their seal, or none does. */
#include "ca/reseal.h"

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "ca/key_file.h"
#include "tests/unit/run.h"
#include "tests/unit/scratch.h"

static char dir[SCRATCH_PATH_MAX], path[SCRATCH_PATH_MAX + 64];
static struct seal *old, *new;
static struct fault f;

static struct seal *
seal_of(const char *word)
{
	struct secret passphrase = { 0 };
	struct seal *s;

	ck_assert(secret_copy(octets_text(word), &passphrase, &f));
	ck_assert(seal_new(&passphrase, SEAL_RANDOM, &s, &f));
	secret_free(&passphrase);
	return s;
}

static const char *
at(const char *name)
{
	scratch_path(dir, name, path, sizeof(path));
	return path;
}

static void
put(struct seal *s, const char *name, const char *text)
{
	struct secret key = { 0 };

	ck_assert(secret_copy(octets_text(text), &key, &f));
	ck_assert_msg(seal_write(s, at(name), &key, &f), "%s", f.text);
	secret_free(&key);
}

/* Does name hold text, sealed by s? */
static bool
holds(struct seal *s, const char *name, const char *text)
{
	struct secret key = { 0 };
	bool ok = seal_read(s, at(name), &key, &f) && secret_same(&key, octets_text(text));

	secret_free(&key);
	return ok;
}

static bool
exists(const char *name)
{
	return access(at(name), F_OK) == 0;
}

static void
junk(const char *name, const char *text)
{
	int fd = open(at(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	ck_assert_int_eq(close(fd), 0);
}

static void
setup(void)
{
	ck_assert(secret_start(&f));
	scratch_new(dir);
	old = seal_of("old");
	new = seal_of("new");
	put(old, "a.key", "first");
	put(old, "b.key", "second");
}

static void
teardown(void)
{
	seal_free(old);
	seal_free(new);
	scratch_free(dir);
}

static bool
pending(void)
{
	char word[RESEAL_WORD_MAX];
	bool is;

	ck_assert_msg(reseal_pending(dir, &is, word, &f), "%s", f.text);
	return is;
}

START_TEST(from_one_to_the_other)
{
	const struct key_uri uri = { .token = "t", .id = { 1 } };
	char word[RESEAL_WORD_MAX];
	bool is;
	size_t n;

	ck_assert(key_file_write_uri(at("c.key"), &uri, &f));
	junk("README", "no key");
	ck_assert(!pending());
	ck_assert_msg(reseal_all(old, new, dir, &n, &f), "%s", f.text);
	ck_assert_uint_eq(n, 2);
	ck_assert(holds(old, "a.key", "first") && holds(new, "a.key.new", "first"));
	ck_assert(!exists("c.key.new") && !exists("README.new"));
	ck_assert(!pending());
	ck_assert_msg(reseal_commit(dir, "key-file more", &f), "%s", f.text);
	ck_assert(reseal_pending(dir, &is, word, &f));
	ck_assert(is);
	ck_assert_str_eq(word, "key-file more");
	for (int twice = 0; twice < 2; twice++) {
		ck_assert_msg(reseal_turn_all(dir, &f), "%s", f.text);
		ck_assert(holds(new, "a.key", "first") && holds(new, "b.key", "second"));
		ck_assert(!exists("a.key.new") && !exists("b.key.new"));
	}
	ck_assert(exists("c.key") && exists("README"));
	for (int twice = 0; twice < 2; twice++)
		ck_assert(reseal_end(dir, &f));
	ck_assert(!pending());
}
END_TEST

START_TEST(interrupted_before_it_counts)
{
	size_t n;

	put(new, "a.key.new", "of an earlier try");
	junk("resealing.new", "key-f");
	ck_assert(!reseal_all(old, new, dir, &n, &f)); /* nothing is written over */
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert(!pending());
	ck_assert(reseal_clear(dir, &f));
	ck_assert(!exists("a.key.new") && !exists("b.key.new") && !exists("resealing.new"));
	ck_assert(holds(old, "a.key", "first") && holds(old, "b.key", "second"));
	ck_assert(reseal_all(old, new, dir, &n, &f));
	ck_assert(reseal_commit(dir, "key-file", &f));
}
END_TEST

START_TEST(interrupted_between_two)
{
	size_t n;

	ck_assert(reseal_all(old, new, dir, &n, &f));
	ck_assert(reseal_commit(dir, "passphrase", &f));
	ck_assert(reseal_turn(at("b.key"), &f));
	ck_assert(holds(old, "a.key", "first") && holds(new, "b.key", "second"));
	ck_assert(reseal_turn_all(dir, &f));
	ck_assert(holds(new, "a.key", "first") && holds(new, "b.key", "second"));
}
END_TEST

START_TEST(one_that_does_not_open_stops_all)
{
	size_t n;

	put(new, "x.key", "sealed by another");
	ck_assert(!reseal_all(old, new, dir, &n, &f));
	ck_assert_int_eq(f.code, FAULT_AUTH);
	ck_assert_msg(strstr(f.text, "x.key") != NULL, "%s", f.text);
	ck_assert(reseal_clear(dir, &f));
	ck_assert_int_eq(unlink(at("x.key")), 0);
	junk("x.key", "not sealed at all");
	ck_assert(!reseal_all(old, new, dir, &n, &f));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert(reseal_clear(dir, &f));
	junk("x.key", "pkcs11:token=t\n");
	ck_assert(!reseal_all(old, new, dir, &n, &f));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert(holds(old, "a.key", "first") && holds(old, "b.key", "second"));
}
END_TEST

START_TEST(words_that_are_none)
{
	static const char *const rows[] = { "Key-file", "key\nfile", "key/file", "../a", "key1",
		"a word that is longer than any of ours could ever be, by far and more" };
	char word[RESEAL_WORD_MAX];
	bool is;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_msg(!reseal_commit(dir, rows[i], &f), "row %zu", i);
		ck_assert(!pending());
	}
	junk("resealing", "rm -rf /");
	ck_assert(!reseal_pending(dir, &is, word, &f));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert_int_eq(unlink(at("resealing")), 0);
	ck_assert_int_eq(symlink("a.key", at("resealing")), 0);
	ck_assert(!reseal_pending(dir, &is, word, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
}
END_TEST

START_TEST(a_folder_that_is_none)
{
	size_t n;

	ck_assert(!reseal_all(old, new, "/nowhere", &n, &f));
	ck_assert(!reseal_turn_all("/nowhere", &f));
	ck_assert(!reseal_clear("/nowhere", &f));
	ck_assert(!reseal_end("/nowhere", &f));
	ck_assert(!reseal_file(old, new, at("nothing"), &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(reseal_turn(at("nothing"), &f)); /* done already */
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("reseal");
	TCase *t = tcase_create("reseal");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, from_one_to_the_other);
	tcase_add_test(t, interrupted_before_it_counts);
	tcase_add_test(t, interrupted_between_two);
	tcase_add_test(t, one_that_does_not_open_stops_all);
	tcase_add_test(t, words_that_are_none);
	tcase_add_test(t, a_folder_that_is_none);
	suite_add_tcase(s, t);
	return run_suite(s);
}
