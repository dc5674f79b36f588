/* daemon/child.c - see child.h. */
#include "daemon/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/edge.h"
#include "daemon/signer.h"

static const struct {
	const char *word, *argv0;
	int (*run)(int control);
} roles[CHILD_ROLES] = {
	[CHILD_SIGNER] = { "signer", CHILD_PREFIX "signer", signer_main },
	[CHILD_EDGE] = { "edge", CHILD_PREFIX "edge", edge_main },
	[CHILD_DESK] = { "desk", CHILD_PREFIX "desk", desk_main },
};

const char *
child_word(enum child_role role)
{
	return roles[role].word;
}

bool
child_is(const char *argv0, enum child_role *role)
{
	for (int i = 0; i < CHILD_ROLES; i++)
		if (strcmp(argv0, roles[i].argv0) == 0) {
			*role = (enum child_role)i;
			return true;
		}
	return false;
}

/* In the new process, until exec: only calls that are safe there. */
static void
become(enum child_role role, int control)
{
	char name[32];
	char *argv[] = { name, NULL };
	sigset_t none;

	(void)snprintf(name, sizeof(name), "%s", roles[role].argv0);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (control == CHILD_CONTROL ? fcntl(control, F_SETFD, 0) != 0
				     : dup2(control, CHILD_CONTROL) < 0)
		_exit(127);
	(void)execv("/proc/self/exe", argv);
	_exit(127);
}

bool
child_start(enum child_role role, pid_t *pid, int *control, struct fault *f)
{
	int ends[2];

	if (!ipc_pair(ends, f))
		return false;
	if ((*pid = fork()) < 0) {
		(void)close(ends[0]);
		(void)close(ends[1]);
		return fault_errno(f, FAULT_INTERNAL, "child: fork");
	}
	if (*pid == 0)
		become(role, ends[1]);
	(void)close(ends[1]);
	*control = ends[0];
	return true;
}

int
child_main(enum child_role role)
{
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN); /* a terminal's Ctrl-C goes to all; main alone decides */
	(void)signal(SIGTERM, SIG_IGN);
	(void)fcntl(CHILD_CONTROL, F_SETFD, FD_CLOEXEC);
	log_start(roles[role].word, LOG_INFO);
	return roles[role].run(CHILD_CONTROL);
}

bool
child_tell(int control, uint16_t verb, struct octets body, int fd, struct fault *f)
{
	struct message m = { .verb = verb, .fd = fd };
	bool ok;

	bytes_put_octets(&m.body, body);
	ok = bytes_ok(&m.body, f) && ipc_send(control, &m, f);
	if (m.body.at != NULL)
		secret_wipe(m.body.at, m.body.n); /* it may have been the passphrase */
	bytes_free(&m.body);
	return ok;
}

bool
child_hear(int control, bool wait, struct message *m, struct fault *f)
{
	struct pollfd p = { .fd = control, .events = POLLIN };

	m->verb = 0;
	m->fd = -1;
	while (!ipc_recv(control, m, f)) {
		m->verb = 0;
		if (f->code != FAULT_BUSY)
			return false;
		if (!wait)
			return true;
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			return fault_errno(f, FAULT_INTERNAL, "child: poll");
	}
	return true;
}
