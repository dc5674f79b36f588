/* tests/unit/hook.c - daemon/hook.h: a program, its folder, and nothing of ours. */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/hook.h"
#include "tests/unit/run.h"
#include "tests/unit/scratch.h"

static char folder[SCRATCH_PATH_MAX], program[SCRATCH_PATH_MAX + 16], told[SCRATCH_PATH_MAX + 16];
static struct fault f;

static void
setup(void)
{
	scratch_new(folder);
	scratch_path(folder, "program", program, sizeof(program));
	scratch_path(folder, "told", told, sizeof(told));
}

static void
teardown(void)
{
	scratch_free(folder);
}

static void
write_program(const char *text)
{
	FILE *to = fopen(program, "w");

	ck_assert_ptr_nonnull(to);
	ck_assert_int_gt(fprintf(to, "#!/bin/sh\n%s\n", text), 0);
	ck_assert_int_eq(fclose(to), 0);
	ck_assert_int_eq(chmod(program, 0700), 0);
}

START_TEST(gets_the_folder_and_no_more)
{
	char text[64] = "";
	FILE *from;

	write_program("cd \"$1\" && read -r line; echo \"$# ${line:-none}\" >told");
	ck_assert_msg(hook_run(program, folder, &f), "%s", f.text);
	ck_assert_ptr_nonnull(from = fopen(told, "r"));
	ck_assert_ptr_nonnull(fgets(text, sizeof(text), from));
	(void)fclose(from);
	ck_assert_str_eq(text, "1 none\n");
}
END_TEST

/* No shell takes the folder apart. */
START_TEST(runs_no_shell)
{
	write_program("exit 0");
	ck_assert_msg(hook_run(program, "$(touch told); `id`", &f), "%s", f.text);
	ck_assert_int_ne(access(told, F_OK), 0);
	ck_assert(!hook_run("/bin/sh -c true", folder, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
}
END_TEST

START_TEST(signals_are_not_blocked_in_it)
{
	sigset_t term;

	(void)sigemptyset(&term);
	(void)sigaddset(&term, SIGTERM);
	ck_assert_int_eq(sigprocmask(SIG_BLOCK, &term, NULL), 0);
	write_program("kill -TERM $$; sleep 1; exit 0");
	ck_assert(!hook_run(program, folder, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ck_assert_ptr_nonnull(strstr(f.text, "ended by signal 15"));
	ck_assert_int_eq(sigprocmask(SIG_UNBLOCK, &term, NULL), 0);
}
END_TEST

START_TEST(failures_are_said)
{
	ck_assert(!hook_run("/nowhere/at/all", folder, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!hook_run(folder, folder, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	write_program("exit 3");
	ck_assert(!hook_run(program, folder, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ck_assert_ptr_nonnull(strstr(f.text, "exit 3"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hook");
	TCase *t = tcase_create("hook");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, gets_the_folder_and_no_more);
	tcase_add_test(t, runs_no_shell);
	tcase_add_test(t, signals_are_not_blocked_in_it);
	tcase_add_test(t, failures_are_said);
	suite_add_tcase(s, t);
	return run_suite(s);
}
