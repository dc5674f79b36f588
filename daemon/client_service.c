/* daemon/client_service.c - see client_service.h. */
#include "daemon/client_service.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* A person may have to type a passphrase in this time. */
#define READY_MS 120000
#define STOP_MS  20000
#define TICK_MS  10

/* In the child: nothing of ours but the two descriptors, and an end when we end. */
static void __attribute__((noreturn)) become(int ready, int words, const char *config, pid_t parent)
{
	char fd[16];
	const char *argv[] = { "quatrain", "serve", "--local", "--ready-fd", fd,
		config == NULL ? NULL : "--config", config, NULL };
	char *copy[sizeof(argv) / sizeof(argv[0])];

	(void)memcpy(copy, argv, sizeof(copy)); /* execv() promises not to change them */
	(void)snprintf(fd, sizeof(fd), "%d", ready);
	(void)signal(SIGPIPE, SIG_DFL);
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent &&
	    fcntl(ready, F_SETFD, 0) == 0 && dup2(words, STDERR_FILENO) >= 0 &&
	    dup2(words, STDOUT_FILENO) >= 0)
		(void)execv("/proc/self/exe", copy);
	_exit(127);
}

/* What the service said, the last of it: why it ended is in there. */
static void
pass_words(int words)
{
	char text[4096];
	off_t end = lseek(words, 0, SEEK_END);
	off_t from = end > (off_t)sizeof(text) ? end - (off_t)sizeof(text) : 0;
	ssize_t n = pread(words, text, sizeof(text), from);

	if (n > 0)
		(void)fprintf(stderr, "%.*s%s", (int)n, text, text[n - 1] == '\n' ? "" : "\n");
}

/* One octet means ready; an end without one means that it ended. */
static bool
await(int ready, int words, struct fault *f)
{
	struct pollfd p = { .fd = ready, .events = POLLIN };
	char octet;
	int n;

	do
		n = poll(&p, 1, READY_MS);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return fault_set(f, FAULT_BUSY, "client: the service did not start within %d s",
		    READY_MS / 1000);
	if (n > 0 && read(ready, &octet, 1) == 1 && octet == '1')
		return true;
	pass_words(words);
	return fault_set(f, FAULT_BUSY,
	    "client: no service runs, and the one started for this command ended; its words are above");
}

bool
client_service_start(struct client_service *s, const char *config, struct fault *f)
{
	int ready[2] = { -1, -1 }, words;
	pid_t parent = getpid();
	bool ok = false;

	/* Its log is no answer to the person's question; it is kept for the case that it does not
	 * start. */
	if ((words = memfd_create("service-words", MFD_CLOEXEC)) < 0 ||
	    pipe2(ready, O_CLOEXEC) != 0) {
		fault_errno(f, FAULT_INTERNAL, "client: pipe");
		goto out;
	}
	(void)fflush(NULL);
	if ((s->pid = fork()) < 0) {
		s->pid = 0;
		fault_errno(f, FAULT_INTERNAL, "client: fork");
		goto out;
	}
	if (s->pid == 0)
		become(ready[1], words, config, parent);
	(void)close(ready[1]);
	ready[1] = -1;
	if (!(ok = await(ready[0], words, f)))
		client_service_stop(s);
out:
	for (size_t i = 0; i < 2; i++)
		if (ready[i] >= 0)
			(void)close(ready[i]);
	if (words >= 0)
		(void)close(words);
	return ok;
}

void
client_service_stop(struct client_service *s)
{
	int signals[] = { SIGTERM, SIGKILL };

	for (size_t i = 0; i < 2 && s->pid > 0; i++) {
		(void)kill(s->pid, signals[i]);
		for (int ms = 0; ms < STOP_MS; ms += TICK_MS) {
			if (waitpid(s->pid, NULL, WNOHANG) != 0) {
				s->pid = 0;
				break;
			}
			(void)poll(NULL, 0, TICK_MS);
		}
	}
	s->pid = 0;
}
