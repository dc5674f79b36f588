/* daemon/agent.c - see agent.h: the process. */
#include "daemon/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/agent_under.h"

#define TICK_MS   500
#define DRAIN_MS  3000
#define RETAIN_S  86400 /* what became of a job can be asked for so long */
#define EXPIRE_N  64
#define LOCK_FILE "agent.lock"

static struct agent *running; /* for the signal handlers */
static volatile sig_atomic_t renew;

static void
on_end(int number)
{
	(void)number;
	http_stop(running->http);
}

static void
on_renew(int number)
{
	(void)number;
	renew = 1;
}

/* One agent has the folder: the spool has one writer. The lock ends with the process. */
static bool
lock(const char *folder, struct fault *f)
{
	char path[CREDENTIAL_PATH_MAX];
	int fd;

	if (!credential_path(folder, LOCK_FILE, path, f))
		return false;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fault_errno(f, FAULT_DENIED, "agent: %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return true;
	(void)close(fd);
	return fault_set(f, FAULT_BUSY, "agent: another agent uses %s", folder);
}

static bool
open_spool(struct agent *a, struct fault *f)
{
	uint64_t octets = (uint64_t)a->conf->hold.octets << 20;
	uint32_t jobs = (uint32_t)a->conf->hold.jobs;
	const struct spool_limits limits = { .job_octets = octets,
		.tenant_octets = octets,
		.owner_octets = octets,
		.tenant_jobs = jobs,
		.owner_jobs = jobs };
	char path[CREDENTIAL_PATH_MAX];

	return credential_path(a->conf->folder, AGENT_SPOOL, path, f) &&
	       spool_open(path, &limits, &a->spool, f);
}

static void
tick(void *with)
{
	struct agent *a = with;
	struct fault f;
	bool again;

	if (renew != 0) {
		renew = 0;
		agent_enrol_renew(&a->enrol);
		a->key_due_us = 0;
	}
	agent_enrol_look(&a->enrol, a->conf, clock_steady_us());
	agent_self_look(a);
	if (!spool_expire(a->spool, clock_now_s(), RETAIN_S, EXPIRE_N, &again, &f))
		log_fact(LOG_ERROR, "spool", "why", f.text, NULL);
	agent_printer_turn(a);
	if (!a->turn_ends)
		agent_forward(a);
}

static bool catch (struct fault *f)
{
	const struct sigaction end = { .sa_handler = on_end },
			       again = { .sa_handler = on_renew, .sa_flags = SA_RESTART };

	if (sigaction(SIGTERM, &end, NULL) != 0 || sigaction(SIGINT, &end, NULL) != 0 ||
	    sigaction(SIGHUP, &again, NULL) != 0)
		return fault_errno(f, FAULT_INTERNAL, "agent: sigaction");
	return true;
}

static bool
start(struct agent *a, struct fault *f)
{
	return credential_folder(a->conf->folder, f) && lock(a->conf->folder, f) &&
	       agent_users_of(&a->conf->users, false, &a->users, f) &&
	       agent_users_of(&a->conf->vouchers, true, &a->vouchers, f) && open_spool(a, f) &&
	       http_new(&a->http, f) && catch (f) && agent_link_new(a->conf->folder, &a->link, f) &&
	       http_watch(a->http, agent_link_fd(a->link), agent_forward_news, a, f) &&
	       agent_printer_start(a, f);
}

bool
agent_run(const struct agent_conf *conf, struct fault *f)
{
	static struct agent a; /* handlers of signals may come to the very end */
	bool ok;

	a = (struct agent){ .conf = conf, .started_s = clock_now_s() };
	running = &a;
	ok = start(&a, f);
	if (ok) {
		tick(&a);
		http_every(a.http, TICK_MS, tick, &a);
		log_fact(LOG_INFO, "start", "listen", conf->listen, "relay", conf->relay, NULL);
		http_run(a.http, DRAIN_MS);
		log_fact(LOG_INFO, "stopped", "folder", conf->folder, NULL);
	}
	agent_enrol_stop(&a.enrol);
	agent_link_free(a.link);
	http_free(a.http);
	print_end(&a.print);
	spool_close(a.spool);
	agent_self_free(&a);
	agent_pins_free(&a.pins);
	return ok;
}
