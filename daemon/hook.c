/* daemon/hook.c - see hook.h. */
#include "daemon/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* Signals as they were before us, and a group of its own, which can be killed whole. */
static bool
set_attributes(posix_spawnattr_t *a)
{
	sigset_t none, all;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	return posix_spawnattr_setflags(a,
		   POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP) == 0 &&
	       posix_spawnattr_setsigmask(a, &none) == 0 &&
	       posix_spawnattr_setsigdefault(a, &all) == 0 && posix_spawnattr_setpgroup(a, 0) == 0;
}

static int
start(const char *program, const char *dir, pid_t *ret)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t a;
	char *argv[3] = { NULL };
	int status = ENOMEM;

	/* The interface takes pointers to char and promises not to write there. */
	(void)memcpy(&argv[0], &program, sizeof(program));
	(void)memcpy(&argv[1], &dir, sizeof(dir));
	if (posix_spawnattr_init(&a) != 0)
		return status;
	if (posix_spawn_file_actions_init(&files) == 0) {
		if (set_attributes(&a) &&
		    posix_spawn_file_actions_addopen(
			&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0) == 0 &&
		    posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO) == 0)
			status = posix_spawn(ret, program, &files, &a, argv, environ);
		(void)posix_spawn_file_actions_destroy(&files);
	}
	(void)posix_spawnattr_destroy(&a);
	return status;
}

static bool
wait_for(pid_t pid, int *ret_status)
{
	struct pollfd p = { .fd = pidfd_open(pid, 0), .events = POLLIN };
	bool ended = p.fd >= 0 && poll(&p, 1, HOOK_S * 1000) == 1;

	if (p.fd >= 0)
		(void)close(p.fd);
	if (!ended)
		(void)kill(-pid, SIGKILL);
	while (waitpid(pid, ret_status, 0) < 0 && errno == EINTR)
		continue;
	return ended;
}

bool
hook_run(const char *program, const char *dir, struct fault *f)
{
	int status = 0;
	pid_t pid = -1;

	errno = start(program, dir, &pid);
	if (errno != 0)
		return fault_errno(f, FAULT_NOTFOUND, "hook: %s", program);
	if (!wait_for(pid, &status))
		return fault_set(
		    f, FAULT_BUSY, "hook: %s: not done in %d s, and killed", program, HOOK_S);
	if (WIFSIGNALED(status))
		return fault_set(
		    f, FAULT_INTERNAL, "hook: %s: ended by signal %d", program, WTERMSIG(status));
	if (WEXITSTATUS(status) != 0)
		return fault_set(
		    f, FAULT_INTERNAL, "hook: %s: exit %d", program, WEXITSTATUS(status));
	return true;
}
