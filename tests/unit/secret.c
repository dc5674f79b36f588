/* tests/unit/secret.c - base/secret.h: guarded, compared safely, read without a trace. */
#include "base/secret.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "run.h"
#include "scratch.h"

#define LONGEST 1024

static char folder[SCRATCH_PATH_MAX], path[SCRATCH_PATH_MAX];

static void
setup(void)
{
	struct fault f;

	ck_assert_msg(secret_start(&f), "%s", f.text);
	scratch_new(folder);
	scratch_path(folder, "secret", path, sizeof(path));
}

static void
teardown(void)
{
	scratch_free(folder);
}

START_TEST(starts_without_core_dumps)
{
	struct rlimit core;
	struct fault f;

	ck_assert(secret_start(&f)); /* twice is no harm */
	ck_assert_int_eq(getrlimit(RLIMIT_CORE, &core), 0);
	ck_assert_uint_eq(core.rlim_max, 0);
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 0);
}
END_TEST

START_TEST(makes_zeros_copies_and_chance)
{
	static const uint8_t zeros[32];
	struct secret zero, copy, one, two, none;
	struct fault f;
	char text[] = "copied";

	ck_assert(secret_new(sizeof(zeros), &zero, &f));
	ck_assert_mem_eq(zero.at, zeros, sizeof(zeros));
	ck_assert(secret_copy(octets_text(text), &copy, &f));
	memset(text, 'x', sizeof(text));
	ck_assert_mem_eq(copy.at, "copied", copy.n);
	ck_assert(secret_random(32, &one, &f));
	ck_assert(secret_random(32, &two, &f));
	ck_assert_mem_ne(one.at, two.at, 32);
	ck_assert_mem_ne(one.at, zeros, 32);
	ck_assert(secret_copy((struct octets){ NULL, 0 }, &none, &f));
	ck_assert_ptr_null(none.at);
	ck_assert_uint_eq(secret_octets(&copy).n, 6);
	secret_free(&zero);
	secret_free(&copy);
	secret_free(&one);
	secret_free(&two);
	secret_free(&none);
	secret_free(&none);
	ck_assert_ptr_null(one.at);
	ck_assert_uint_eq(one.n, 0);
}
END_TEST

START_TEST(an_impossible_size_is_refused)
{
	struct secret s = { NULL, 7 };
	struct fault f = { 0 };

	ck_assert(!secret_new(SIZE_MAX - 100, &s, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ck_assert(!secret_random(SIZE_MAX / 2, &s, &f));
	ck_assert_uint_eq(s.n, 7);
}
END_TEST

START_TEST(same_only_if_the_same)
{
	struct secret s, none = { NULL, 0 };
	struct fault f;

	ck_assert(secret_copy(octets_text("open sesame"), &s, &f));
	ck_assert(secret_same(&s, octets_text("open sesame")));
	ck_assert(!secret_same(&s, octets_text("open sesamf")));
	ck_assert(!secret_same(&s, octets_text("Open sesame")));
	ck_assert(!secret_same(&s, octets_text("open sesame ")));
	ck_assert(!secret_same(&s, octets_text("open sesam")));
	ck_assert(!secret_same(&s, octets_text("")));
	ck_assert(!secret_same(&none, octets_text("")));
	ck_assert(!secret_same(&none, octets_text("x")));
	secret_free(&s);
}
END_TEST

/* How a child ends that touches a secret's octet i, before or after it is freed. */
static int
touch(size_t i, bool freed)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		struct secret s;
		struct fault f;
		volatile uint8_t *at;

		(void)signal(SIGSEGV, SIG_DFL); /* a sanitizer's handler would tell a long story */
		if (!secret_new(64, &s, &f))
			_exit(1);
		at = s.at;
		if (freed)
			secret_free(&s);
		at[i] = at[i] + 1;
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return status;
}

START_TEST(guards_its_ends_and_its_grave)
{
	int status;

	ck_assert_int_eq(touch(63, false), 0);
	status = touch(64, false);
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "%#x", (unsigned)status);
	status = touch(0, true);
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "%#x", (unsigned)status);
}
END_TEST

START_TEST(wipes_and_draws)
{
	static const uint8_t zeros[64];
	uint8_t a[64], b[64];

	secret_nonce(a, sizeof(a));
	secret_nonce(b, sizeof(b));
	ck_assert_mem_ne(a, b, sizeof(a));
	secret_wipe(a, sizeof(a) - 1);
	ck_assert_mem_eq(a, zeros, sizeof(a) - 1);
}
END_TEST

START_TEST(hashes_by_its_seed)
{
	uint8_t seed[SECRET_SEED_OCTETS] = { 1 }, another[SECRET_SEED_OCTETS] = { 2 };
	uint64_t h = secret_hash(seed, octets_text("key"));

	ck_assert_uint_eq(secret_hash(seed, octets_text("key")), h);
	ck_assert_uint_ne(secret_hash(seed, octets_text("kez")), h);
	ck_assert_uint_ne(secret_hash(another, octets_text("key")), h);
}
END_TEST

static void
file_of(struct octets o)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, o.at, o.n), (ssize_t)o.n);
	ck_assert_int_eq(close(fd), 0);
}

static void
line_is(struct octets file, struct octets line)
{
	struct secret s = { NULL, 0 };
	struct fault f;

	file_of(file);
	ck_assert_msg(secret_read_line(path, &s, &f), "%s", f.text);
	ck_assert_uint_eq(s.n, line.n);
	ck_assert(secret_same(&s, line));
	secret_free(&s);
}

static void
line_refused(const char *from, enum fault_code code)
{
	struct secret s = { NULL, 7 };
	struct fault f = { 0 };

	ck_assert(!secret_read_line(from, &s, &f));
	ck_assert_msg(f.code == code, "%d: %s", f.code, f.text);
	ck_assert_uint_eq(s.n, 7);
}

START_TEST(reads_the_first_line)
{
	line_is(octets_text("word"), octets_text("word"));
	line_is(octets_text("word\n"), octets_text("word"));
	line_is(octets_text("word\r\n"), octets_text("word"));
	line_is(octets_text("two words \nmore\n"), octets_text("two words "));
	line_is(octets_text("word\r"), octets_text("word\r")); /* no line end */
	line_is(octets_of("a\0b\n", 4), octets_of("a\0b", 3));
}
END_TEST

START_TEST(takes_the_longest_line_and_no_longer)
{
	uint8_t file[LONGEST + 3];

	memset(file, 'x', sizeof(file));
	line_is(octets_of(file, LONGEST), octets_of(file, LONGEST));
	memcpy(file + LONGEST, "\r\n", 2);
	line_is(octets_of(file, sizeof(file)), octets_of(file, LONGEST));
	memcpy(file + LONGEST, "x\n", 2);
	file_of(octets_of(file, LONGEST + 1));
	line_refused(path, FAULT_BADREQ);
	file_of(octets_of(file, LONGEST + 2));
	line_refused(path, FAULT_BADREQ);
	file_of(octets_of(file, sizeof(file)));
	line_refused(path, FAULT_BADREQ);
}
END_TEST

START_TEST(refuses_files_without_a_line)
{
	line_refused(path, FAULT_NOTFOUND);
	file_of(octets_text(""));
	line_refused(path, FAULT_BADREQ);
	file_of(octets_text("\nsecond"));
	line_refused(path, FAULT_BADREQ);
	file_of(octets_text("\r\n"));
	line_refused(path, FAULT_BADREQ);
	line_refused("/dev/null", FAULT_BADREQ);
	line_refused(folder, FAULT_INTERNAL);
}
END_TEST

/* A terminal of our own, and a child at it that asks and ends with 0 if it hears "hunter two". */
struct terminal {
	int ours, theirs; /* theirs is held, so that its settings outlive the child */
	pid_t child;
};

static void
ask_and_end(void)
{
	struct secret s = { NULL, 0 };
	struct fault f;

	(void)signal(SIGINT, SIG_DFL); /* check has a handler of its own */
	if (!secret_ask("Passphrase: ", &s, &f))
		_exit((int)f.code);
	_exit(secret_same(&s, octets_text("hunter two")) ? 0 : 100);
}

static struct terminal
terminal_new(void)
{
	struct terminal t;
	char name[64];

	t.child = forkpty(&t.ours, name, NULL, NULL);
	if (t.child == 0)
		ask_and_end();
	ck_assert_int_gt(t.child, 0);
	ck_assert_int_ge(t.theirs = open(name, O_RDWR | O_NOCTTY), 0);
	return t;
}

/* What the terminal shows up to and with the prompt: the echo is off by then. */
static void
await_prompt(struct terminal *t)
{
	struct termios now;
	char shown[64] = "";
	size_t n = 0;
	ssize_t got;

	while (strstr(shown, "Passphrase: ") == NULL && n < sizeof(shown) - 1) {
		ck_assert_int_gt(got = read(t->ours, shown + n, sizeof(shown) - 1 - n), 0);
		n += (size_t)got;
	}
	ck_assert_str_eq(shown, "Passphrase: ");
	ck_assert_int_eq(tcgetattr(t->theirs, &now), 0);
	ck_assert_uint_eq(now.c_lflag & ECHO, 0);
}

/* Type, and give how the child ended; the terminal then echoes again, and never showed what was
 * typed. */
static int
type(struct terminal *t, const char *what)
{
	struct termios now;
	char shown[256] = "";
	int status;

	ck_assert_int_eq(write(t->ours, what, strlen(what)), (ssize_t)strlen(what));
	ck_assert_int_eq(waitpid(t->child, &status, 0), t->child);
	ck_assert_int_eq(tcgetattr(t->theirs, &now), 0);
	ck_assert_uint_ne(now.c_lflag & ECHO, 0);
	ck_assert_int_eq(fcntl(t->ours, F_SETFL, O_NONBLOCK), 0);
	ck_assert_int_gt(read(t->ours, shown, sizeof(shown) - 1), 0);
	ck_assert_str_eq(shown, "\r\n");
	(void)close(t->ours);
	(void)close(t->theirs);
	return status;
}

static int
asked(const char *what)
{
	struct terminal t = terminal_new();

	await_prompt(&t);
	return type(&t, what);
}

START_TEST(asks_without_echo)
{
	ck_assert_int_eq(asked("hunter two\n"), 0);
	ck_assert_int_eq(WEXITSTATUS(asked("hunter too\n")), 100);
	ck_assert_int_eq(WEXITSTATUS(asked("\n")), FAULT_BADREQ);
}
END_TEST

START_TEST(an_interrupt_leaves_the_terminal_right)
{
	int status = asked("\x03");

	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT, "%#x", (unsigned)status);
}
END_TEST

START_TEST(without_a_terminal_nobody_is_asked)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		(void)setsid();
		ask_and_end();
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(WEXITSTATUS(status), FAULT_NOTFOUND);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("secret");
	TCase *t = tcase_create("secret");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, starts_without_core_dumps);
	tcase_add_test(t, makes_zeros_copies_and_chance);
	tcase_add_test(t, an_impossible_size_is_refused);
	tcase_add_test(t, same_only_if_the_same);
	tcase_add_test(t, guards_its_ends_and_its_grave);
	tcase_add_test(t, wipes_and_draws);
	tcase_add_test(t, hashes_by_its_seed);
	tcase_add_test(t, reads_the_first_line);
	tcase_add_test(t, takes_the_longest_line_and_no_longer);
	tcase_add_test(t, refuses_files_without_a_line);
	tcase_add_test(t, asks_without_echo);
	tcase_add_test(t, an_interrupt_leaves_the_terminal_right);
	tcase_add_test(t, without_a_terminal_nobody_is_asked);
	suite_add_tcase(s, t);
	return run_suite(s);
}
