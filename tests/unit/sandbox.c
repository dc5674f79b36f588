/* tests/unit/sandbox.c - base/sandbox.h: what a role gave up kills. */
#include "base/sandbox.h"

#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "jailed.h"
#include "run.h"
#include "scratch.h"

static char folder[SCRATCH_PATH_MAX];
static int listener; /* of a Unix socket that a connection waits at */
static int caller;

static void
setup(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	scratch_new(folder);
	scratch_path(folder, "socket", at.sun_path, sizeof(at.sun_path));
	ck_assert_int_ge(listener = socket(AF_UNIX, SOCK_STREAM, 0), 0);
	ck_assert_int_ge(caller = socket(AF_UNIX, SOCK_STREAM, 0), 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(listener, 4), 0);
	ck_assert_int_eq(connect(caller, (struct sockaddr *)&at, sizeof(at)), 0);
}

static void
teardown(void)
{
	(void)close(listener);
	(void)close(caller);
	scratch_free(folder);
}

static void
make_socket(void)
{
	(void)socket(AF_INET, SOCK_STREAM, 0);
}

static void
make_socketpair(void)
{
	int fds[2];

	(void)socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
}

static void
connect_out(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	(void)connect(caller, (struct sockaddr *)&at, sizeof(at));
}

static void
bind_one(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	(void)bind(caller, (struct sockaddr *)&at, sizeof(at));
}

static void
listen_on(void)
{
	(void)listen(caller, 1);
}

static void
exec_program(void)
{
	char *const none[] = { NULL };

	(void)execve("/nonexistent", none, none);
}

static void
fork_child(void)
{
	(void)fork();
}

static void *
thread(void *with)
{
	return with;
}

static void
start_thread(void)
{
	pthread_t id;

	(void)pthread_create(&id, NULL, thread, NULL);
}

static void
signal_parent(void)
{
	(void)kill(getppid(), 0);
}

static void
trace_parent(void)
{
	(void)ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static void
map_code(void)
{
	(void)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void
make_code(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)mprotect(at, 4096, PROT_READ | PROT_EXEC);
}

static void
change_user(void)
{
	if (setuid(getuid()) != 0)
		_exit(1);
}

static void
limit_parent(void)
{
	struct rlimit is;

	(void)prlimit(getppid(), RLIMIT_NOFILE, NULL, &is);
}

static void
push_input(void)
{
	(void)ioctl(STDIN_FILENO, TIOCSTI, "x");
}

static void
change_mode(void)
{
	(void)chmod(folder, 0755);
}

static void
change_owner(void)
{
	(void)!chown(folder, (uid_t)-1, (gid_t)-1);
}

static void
cut_file(void)
{
	(void)!truncate(folder, 0);
}

static void
remove_file(void)
{
	(void)unlink("/nonexistent/file");
}

static void
rename_file(void)
{
	(void)rename("/nonexistent/file", "/nonexistent/other");
}

static void
make_folder(void)
{
	(void)mkdir("/nonexistent/folder", 0700);
}

static void
remove_folder(void)
{
	(void)rmdir("/nonexistent/folder");
}

static void
make_link(void)
{
	(void)!symlink("/nonexistent/file", "/nonexistent/link");
}

static void
list_folder(void)
{
	char room[256];
	int fd = open(folder, O_RDONLY | O_DIRECTORY);

	(void)syscall(SYS_getdents64, fd, room, sizeof(room));
}

static void
send_by_address(void)
{
	(void)sendto(caller, "x", 1, MSG_NOSIGNAL, NULL, 0);
}

static void
set_option(void)
{
	int one = 1;

	(void)setsockopt(caller, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
}

static void
make_pipe(void)
{
	int fds[2];

	(void)!pipe2(fds, O_CLOEXEC);
}

static void
make_epoll(void)
{
	(void)epoll_create1(EPOLL_CLOEXEC);
}

static void
change_mask(void)
{
	(void)umask(0);
}

static void
change_name(void)
{
	(void)prctl(PR_SET_NAME, "another", 0, 0, 0);
}

static void
look_at_terminal(void)
{
	struct termios t;

	(void)tcgetattr(STDIN_FILENO, &t);
}

static void
own_limit(void)
{
	struct rlimit is;

	(void)prlimit(0, RLIMIT_NOFILE, NULL, &is);
}

static void
lock_file(void)
{
	(void)flock(caller, LOCK_SH);
}

static void
pass_time(void)
{
	(void)usleep(1);
}

static void
accept_one(void)
{
	if (accept4(listener, NULL, NULL, SOCK_CLOEXEC) < 0)
		_exit(1);
}

#define BY_SIGNER (1u << SANDBOX_SIGNER)
#define BY_TOKEN  (1u << SANDBOX_SIGNER_TOKEN)
#define BY_EDGE   (1u << SANDBOX_EDGE)
#define BY_RELAY  (1u << SANDBOX_RELAY)
#define BY_KEYS   (BY_SIGNER | BY_TOKEN) /* whoever holds keys */
#define BY_HERALD (1u << SANDBOX_HERALD)
#define BY_ALL    (BY_KEYS | BY_EDGE | BY_RELAY) /* but the herald, who talks to others */
#define BY_EVERY  (BY_ALL | BY_HERALD)

static const struct forbidden {
	const char *name;
	void (*act)(void);
	unsigned by; /* the roles that die of it */
} forbidden[] = {
	{ "socket", make_socket, BY_ALL },
	{ "socketpair", make_socketpair, BY_ALL },
	{ "connect", connect_out, BY_ALL },
	{ "bind", bind_one, BY_ALL },
	{ "listen", listen_on, BY_EVERY },
	{ "execve", exec_program, BY_EVERY },
	{ "fork", fork_child, BY_EVERY },
	{ "thread", start_thread, BY_KEYS | BY_EDGE },
	{ "kill", signal_parent, BY_EVERY },
	{ "ptrace", trace_parent, BY_EVERY },
	{ "mmap with PROT_EXEC", map_code, BY_EVERY },
	{ "mprotect with PROT_EXEC", make_code, BY_EVERY },
	{ "setuid", change_user, BY_EVERY },
	{ "another's prlimit", limit_parent, BY_EVERY },
	{ "ioctl TIOCSTI", push_input, BY_EVERY },
	{ "chmod", change_mode, BY_EVERY },
	{ "chown", change_owner, BY_EVERY },
	{ "truncate", cut_file, BY_EVERY },
	{ "accept", accept_one, BY_KEYS | BY_HERALD },
	{ "unlink", remove_file, BY_EDGE | BY_HERALD },
	{ "rename", rename_file, BY_EDGE | BY_RELAY | BY_SIGNER | BY_HERALD },
	{ "rmdir", remove_folder, BY_EVERY },
	{ "symlink", make_link, BY_EVERY },
	{ "getdents64", list_folder, BY_SIGNER },
	{ "sendto", send_by_address, BY_SIGNER },
	{ "setsockopt", set_option, BY_SIGNER },
	{ "nanosleep", pass_time, BY_SIGNER },
	{ "pipe2", make_pipe, BY_KEYS },
	{ "epoll_create1", make_epoll, BY_KEYS | BY_HERALD },
	{ "umask", change_mask, BY_KEYS | BY_HERALD },
	{ "prctl", change_name, BY_KEYS | BY_HERALD },
	{ "ioctl TCGETS", look_at_terminal, BY_KEYS },
	{ "one's own prlimit", own_limit, BY_KEYS },
	{ "flock", lock_file, BY_KEYS | BY_HERALD },
	{ "mkdir", make_folder, BY_EDGE | BY_HERALD },
};

static void
dies(enum sandbox_role role, const struct forbidden *c)
{
	int status = end_of(role, c->act);

	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS,
	    "role %d, %s: wait status %#x", (int)role, c->name, (unsigned)status);
}

START_TEST(a_forbidden_call_kills)
{
	for (size_t i = 0; i < COUNT(forbidden); i++)
		for (unsigned role = 0; role <= SANDBOX_SIGNER_TOKEN; role++)
			if ((forbidden[i].by & 1u << role) != 0)
				dies((enum sandbox_role)role, &forbidden[i]);
}
END_TEST

START_TEST(the_edge_accepts)
{
	int status = end_of(SANDBOX_EDGE, accept_one);

	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%#x", (unsigned)status);
}
END_TEST

static int go[2];

static void *
call_later(void *with)
{
	char octet;

	if (read(go[0], &octet, 1) == 1)
		make_socket();
	return with;
}

/* A thread from before the filter is under it, and its offence ends the process. */
START_TEST(threads_that_run_are_under_it)
{
	pthread_t id;
	int status;
	pid_t child;

	ck_assert_int_eq(pipe(go), 0);
	if ((child = fork()) == 0) {
		if (pthread_create(&id, NULL, call_later, NULL) != 0)
			_exit(2);
		enter(SANDBOX_SIGNER);
		if (write(go[1], "x", 1) == 1)
			(void)pthread_join(id, NULL);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS, "%#x", (unsigned)status);
	(void)close(go[0]);
	(void)close(go[1]);
}
END_TEST

START_TEST(a_role_that_is_none_is_refused)
{
	struct fault f = { 0 };
	bool on = false;
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(
		    sandbox_enter((enum sandbox_role)7, &on, &f) || on || f.code != FAULT_INTERNAL);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sandbox");
	TCase *t = tcase_create("sandbox");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	if (FILTERED) {
		tcase_add_test(t, a_forbidden_call_kills);
		tcase_add_test(t, threads_that_run_are_under_it);
	}
	tcase_add_test(t, the_edge_accepts);
	tcase_add_test(t, a_role_that_is_none_is_refused);
	suite_add_tcase(s, t);
	return run_suite(s);
}
