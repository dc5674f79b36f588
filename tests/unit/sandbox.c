/* tests/unit/sandbox.c - base/sandbox.h: what a role gave up kills, what it needs works. */
#include "base/sandbox.h"

#include <check.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/evp.h>

#include "base/ipc.h"
#include "base/seal.h"
#include "base/store.h"
#include "scratch.h"

#define COUNT(table) (sizeof(table) / sizeof(*(table)))
#define REFUSED      9 /* exit statuses of the children below, 0 is survival */

#ifdef QUATRAIN_SANITIZED
#define FILTERED false
#else
#define FILTERED true
#endif

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
enter(enum sandbox_role role)
{
	struct fault f;
	bool on = false;

	if (!sandbox_enter(role, &on, &f))
		_exit(REFUSED);
	if (on != FILTERED)
		_exit(REFUSED + 1);
}

/* How a child that enters role and then runs act ends: its wait status. */
static int
end_of(enum sandbox_role role, void (*act)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		enter(role);
		act();
		_exit(0);
	}
	ck_assert_int_gt(child, 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return status;
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
accept_one(void)
{
	if (accept4(listener, NULL, NULL, SOCK_CLOEXEC) < 0)
		_exit(1);
}

#define BY_SIGNER (1u << SANDBOX_SIGNER)
#define BY_EDGE   (1u << SANDBOX_EDGE)
#define BY_BOTH   (BY_SIGNER | BY_EDGE)

static const struct forbidden {
	const char *name;
	void (*act)(void);
	unsigned by; /* the roles that die of it */
} forbidden[] = {
	{ "socket", make_socket, BY_BOTH },
	{ "socketpair", make_socketpair, BY_BOTH },
	{ "connect", connect_out, BY_BOTH },
	{ "bind", bind_one, BY_BOTH },
	{ "listen", listen_on, BY_BOTH },
	{ "execve", exec_program, BY_BOTH },
	{ "fork", fork_child, BY_BOTH },
	{ "thread", start_thread, BY_BOTH },
	{ "kill", signal_parent, BY_BOTH },
	{ "ptrace", trace_parent, BY_BOTH },
	{ "mmap with PROT_EXEC", map_code, BY_BOTH },
	{ "mprotect with PROT_EXEC", make_code, BY_BOTH },
	{ "setuid", change_user, BY_BOTH },
	{ "another's prlimit", limit_parent, BY_BOTH },
	{ "ioctl TIOCSTI", push_input, BY_BOTH },
	{ "chmod", change_mode, BY_BOTH },
	{ "chown", change_owner, BY_BOTH },
	{ "truncate", cut_file, BY_BOTH },
	{ "accept", accept_one, BY_SIGNER },
	{ "unlink", remove_file, BY_EDGE },
	{ "rename", rename_file, BY_EDGE },
	{ "mkdir", make_folder, BY_EDGE },
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
	for (size_t i = 0; i < COUNT(forbidden); i++) {
		if ((forbidden[i].by & BY_SIGNER) != 0)
			dies(SANDBOX_SIGNER, &forbidden[i]);
		if ((forbidden[i].by & BY_EDGE) != 0)
			dies(SANDBOX_EDGE, &forbidden[i]);
	}
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

#define NEED(what)                                                                                 \
	do {                                                                                       \
		if (!(what))                                                                       \
			_exit(3);                                                                  \
	} while (0)

static void
use_store(void)
{
	char path[SCRATCH_PATH_MAX];
	struct store *s = NULL;
	struct batch *b;
	struct bytes v = { 0 };
	uint64_t used, room;
	struct fault f;

	scratch_path(folder, "store", path, sizeof(path));
	NEED(store_open(path, STORE_CREATE, &s, &f) && (b = batch_new(s)) != NULL);
	batch_put(b, 0, octets_text("k"), octets_text("v"));
	NEED(batch_apply(b, &f) && store_get(s, 0, octets_text("k"), &v, &f));
	store_usage(s, &used, &room);
	NEED(used > 0 && room > used);
	batch_free(b);
	store_close(s);
	bytes_free(&v);
}

static void
use_seal(void)
{
	char path[SCRATCH_PATH_MAX];
	struct secret pass = { NULL, 0 }, back = { NULL, 0 };
	struct seal *s = NULL;
	struct fault f;

	scratch_path(folder, "key.pem", path, sizeof(path));
	NEED(secret_random(32, &pass, &f) && seal_new(&pass, SEAL_RANDOM, &s, &f));
	NEED(seal_write(s, path, &pass, &f) && seal_read(s, path, &back, &f));
	NEED(unlink(path) == 0);
	seal_free(s);
	secret_free(&pass);
	secret_free(&back);
}

static void
use_key(void)
{
	static const uint8_t text[] = "signed inside";
	uint8_t sig[128];
	size_t n = sizeof(sig);
	EVP_PKEY *key = EVP_EC_gen("P-256");
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	NEED(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1);
	NEED(EVP_DigestSign(ctx, sig, &n, text, sizeof(text)) == 1);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
}

static int ends[2];

static void
use_ipc(void)
{
	struct message m = { .id = 1, .verb = 2, .fd = -1 }, got = { .fd = -1 };
	struct fault f;

	NEED((m.fd = open(folder, O_RDONLY | O_DIRECTORY)) >= 0);
	NEED(ipc_send(ends[0], &m, &f) && ipc_recv(ends[1], &got, &f) && got.fd >= 0);
	NEED(close(got.fd) == 0 && close(m.fd) == 0);
	bytes_free(&got.body);
}

static void
use_stdio(void)
{
	FILE *null = fopen("/dev/null", "w"); /* a device, so stdio asks whether it is a terminal */

	NEED(null != NULL && fputs("x", null) >= 0 && fclose(null) == 0);
	NEED(usleep(1) == 0);
}

static void
read_store(void)
{
	char path[SCRATCH_PATH_MAX];
	struct store *s = NULL;
	struct bytes v = { 0 };
	struct fault f;

	scratch_path(folder, "store", path, sizeof(path));
	NEED(store_open(path, STORE_READ, &s, &f) && store_get(s, 0, octets_text("k"), &v, &f));
	store_close(s);
	bytes_free(&v);
}

static void
use_as_signer(void)
{
	use_store();
	use_seal();
	use_key();
	use_ipc();
	use_stdio();
}

static void
use_as_edge(void)
{
	read_store(); /* the signer's of before */
	use_key();
	use_ipc();
	use_stdio();
}

START_TEST(a_days_work_is_allowed)
{
	static void (*const days[])(void) = {
		[SANDBOX_SIGNER] = use_as_signer,
		[SANDBOX_EDGE] = use_as_edge,
	};
	struct fault f;

	ck_assert_msg(secret_start(&f) && ipc_pair(ends, &f), "%s", f.text);
	for (size_t i = 0; i < COUNT(days); i++) {
		int status = end_of((enum sandbox_role)i, days[i]);

		ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "role %zu: %#x", i,
		    (unsigned)status);
	}
	(void)close(ends[0]);
	(void)close(ends[1]);
}
END_TEST

START_TEST(abort_ends_by_its_own_signal)
{
	int status = end_of(SANDBOX_SIGNER, abort);

	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "%#x", (unsigned)status);
}
END_TEST

static void
check_doors(void)
{
	struct rlimit core;

	NEED(prctl(PR_GET_DUMPABLE) == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	NEED(getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 && core.rlim_max == 0);
}

START_TEST(no_dump_and_no_new_privileges)
{
	int status = end_of(SANDBOX_EDGE, check_doors);

	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%#x", (unsigned)status);
}
END_TEST

/* The exit status of a child that becomes user and finds itself to be uid. */
static int
become(const char *user, uid_t uid, bool alone)
{
	int status, death = 0;
	struct fault f;
	pid_t child = fork();

	if (child == 0) {
		NEED(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
		if (!sandbox_become(user, &f))
			_exit(REFUSED);
		NEED(prctl(PR_GET_PDEATHSIG, &death) == 0 && death == SIGKILL);
		NEED(getuid() == uid && geteuid() == uid);
		NEED(!alone || access("/root/.", R_OK) == -1);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(root_becomes_the_user)
{
	const struct passwd *nobody = getpwnam("nobody");
	uid_t uid;

	ck_assert_ptr_nonnull(nobody);
	uid = nobody->pw_uid;
	if (geteuid() == 0) {
		ck_assert_int_eq(become("nobody", uid, true), 0);
		ck_assert_int_eq(become(NULL, 0, false), 0);
		ck_assert_int_eq(become("root", 0, false), REFUSED);
		ck_assert_int_eq(become("no-such-user-here", 0, false), REFUSED);
	} else {
		ck_assert_int_eq(become("nobody", geteuid(), false), 0);
	}
}
END_TEST

START_TEST(a_user_has_a_name_and_is_not_root)
{
	uid_t uid = 77;
	gid_t gid = 77;
	struct fault f = { 0 };

	ck_assert(!sandbox_user("no-such-user-here", &uid, &gid, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!sandbox_user("root", &uid, &gid, &f));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert_uint_eq(uid, 77);
	ck_assert_uint_eq(gid, 77);
	ck_assert(sandbox_user("nobody", &uid, &gid, &f));
	ck_assert_uint_ne(uid, 77);
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
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	if (FILTERED) {
		tcase_add_test(t, a_forbidden_call_kills);
		tcase_add_test(t, threads_that_run_are_under_it);
	}
	tcase_add_test(t, the_edge_accepts);
	tcase_add_test(t, a_days_work_is_allowed);
	tcase_add_test(t, abort_ends_by_its_own_signal);
	tcase_add_test(t, no_dump_and_no_new_privileges);
	tcase_add_test(t, root_becomes_the_user);
	tcase_add_test(t, a_user_has_a_name_and_is_not_root);
	tcase_add_test(t, a_role_that_is_none_is_refused);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
