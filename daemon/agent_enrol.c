/* daemon/agent_enrol.c - see agent_enrol.h. */
#include "daemon/agent_enrol.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/credential.h"

#define SELF    "/proc/self/exe"
#define FIRST_S 10  /* until it is started again; */
#define LONGEST 600 /* doubled each time up to that */
#define WORDS   16

/* As the command line would be: the token is of use while there is no certificate, and its file may
 * be gone after. */
static void
words_of(const struct agent_conf *c, const char *ret[static WORDS])
{
	size_t n = 0;

	ret[n++] = "quatrain";
	ret[n++] = "enroll";
	ret[n++] = "--daemon";
	ret[n++] = "--url";
	ret[n++] = c->service;
	ret[n++] = "--out";
	ret[n++] = c->folder;
	if (c->tenant[0] != '\0') {
		ret[n++] = "--tenant";
		ret[n++] = c->tenant;
	}
	if (c->token_file[0] != '\0' && !credential_exists(c->folder, "cert.pem")) {
		ret[n++] = "--token-file";
		ret[n++] = c->token_file;
	}
	ret[n] = NULL;
}

static void
become(pid_t parent, const char *const *words)
{
	char *argv[WORDS];
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	/* It must not outlive us, who would start a second one. */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent)
		_exit(127);
	(void)close_range(STDERR_FILENO + 1, UINT_MAX, 0); /* our clients are none of its own */
	(void)memcpy(argv, words, sizeof(argv));           /* execv() changes nothing of them */
	(void)execv(SELF, argv);
	_exit(127);
}

static void
begin(struct agent_enrol *e, const struct agent_conf *c)
{
	const char *words[WORDS];
	pid_t parent = getpid(), pid;

	words_of(c, words);
	pid = fork();
	if (pid == 0)
		become(parent, words);
	if (pid > 0)
		e->pid = pid;
	else
		log_fact(LOG_ERROR, "enrolment", "why", "no process can be started", NULL);
}

/* It ends by itself only where it is of no use to go on; what it said stands in the log. */
static void
ended(struct agent_enrol *e, int status, int64_t now_us)
{
	int64_t wait_s = FIRST_S;
	char seconds[24], how[24];

	for (unsigned i = 0; i < e->failures && wait_s < LONGEST; i++)
		wait_s *= 2;
	if (wait_s > LONGEST)
		wait_s = LONGEST;
	e->failures++;
	e->pid = 0;
	e->again_us = now_us + wait_s * 1000000;
	(void)snprintf(seconds, sizeof(seconds), "%d", (int)wait_s);
	(void)snprintf(how, sizeof(how), "%s %d", WIFEXITED(status) ? "exit" : "signal",
	    WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	log_fact(LOG_WARN, "enrolment-ended", "how", how, "again_s", seconds, NULL);
}

void
agent_enrol_look(struct agent_enrol *e, const struct agent_conf *c, int64_t now_us)
{
	int status;

	if (c->service[0] == '\0')
		return;
	if (e->pid > 0 && waitpid(e->pid, &status, WNOHANG) == e->pid)
		ended(e, status, now_us);
	if (e->pid == 0 && now_us >= e->again_us)
		begin(e, c);
}

void
agent_enrol_renew(const struct agent_enrol *e)
{
	if (e->pid > 0)
		(void)kill(e->pid, SIGHUP);
}

void
agent_enrol_stop(struct agent_enrol *e)
{
	if (e->pid <= 0)
		return;
	(void)kill(e->pid, SIGTERM);
	while (waitpid(e->pid, NULL, 0) < 0 && errno == EINTR)
		;
	e->pid = 0;
}
