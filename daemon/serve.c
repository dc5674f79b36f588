/*
 * daemon/serve.c - main: opens what must be opened, starts the children, watches them.
 *
 * It reads no stranger's input. Listening sockets are opened once and handed to
 * every edge, so that a connection waits while a killed edge comes back. A dead
 * child is started again; the living get new lines to it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/exchange.h"
#include "base/log.h"
#include "ca/wire.h"
#include "daemon/child.h"
#include "daemon/cli.h"
#include "daemon/habits.h"
#include "daemon/hsm_login.h"
#include "daemon/listen.h"
#include "daemon/owner.h"
#include "daemon/passphrase.h"
#include "daemon/profiles.h"
#include "daemon/start.h"
#include "daemon/tally.h"

#define CHILDREN_MAX   68 /* signer, desk, 64 edges, herald, relay */
#define START_MS       60000
#define STOP_ASKERS_MS 4400 /* edges and desk finish what is in hand; then the signer */
#define STOP_ALL_MS    4900
#define HASTE_US       1000000 /* a child that lived shorter waits so long before it comes back */
#define FACES          (FACE_RELAY + 1)

struct child {
	enum child_role role;
	pid_t pid;   /* 0: not running */
	int control; /* -1: not running */
	bool ready;
	int64_t started_us, again_us; /* again_us: not before; 0: at once */
};

struct serve {
	const struct invocation *inv;
	const struct settings *settings;
	struct owner owner;
	bool local;
	int lock, signals, ready_fd;
	const char *ready_file;
	struct secret passphrase;
	struct bytes profiles; /* what the files said when this process started */
	struct tally *tally;   /* what all count; tally_fd is handed to each */
	int tally_fd;
	struct habits_keeper habits; /* likewise, of the edges and the desk */
	struct pin pin;              /* of the token that the settings name */
	int listener[FACES];
	struct child child[CHILDREN_MAX]; /* 0 is the signer, 1 the desk */
	size_t children;
	bool told, pin_refused;
	int64_t stop_us; /* 0: not stopping */
};

/* Through DATA, which is the owner's: as the owner. */
static bool
as_owner(struct serve *s, bool (*act)(struct serve *s, struct fault *f), struct fault *f)
{
	bool ok;

	if (!owner_enter(&s->owner, f))
		return false;
	ok = act(s, f);
	return owner_leave(&s->owner, f) && ok;
}

static bool
listen_local(struct serve *s, struct fault *f)
{
	char path[CONF_TEXT_MAX * 2];

	if (!settings_path(s->settings, "run/api.sock", path, sizeof(path)))
		return fault_set(f, FAULT_BADREQ, "data: the path is too long");
	return listen_unix(path, &s->listener[FACE_LOCAL], f);
}

static bool
listen_all(struct serve *s, struct fault *f)
{
	const struct settings *c = s->settings;

	if (!as_owner(s, listen_local, f))
		return false;
	if (s->local)
		return true;
	return listen_tcp(c->listen_public, &s->listener[FACE_PUBLIC], f) &&
	       listen_tcp(c->listen_secure, &s->listener[FACE_SECURE], f) &&
	       listen_tcp(c->listen_metrics, &s->listener[FACE_METRICS], f) &&
	       listen_tcp(c->listen_relay, &s->listener[FACE_RELAY], f);
}

/* The signer, which may outlive its main for a moment, holds the lock too. */
static bool
take_lock(struct serve *s, struct fault *f)
{
	return start_lock(s->settings, &s->lock, f);
}

/* A line between the signer and an asker: both get an end, older ends close by themselves. */
static bool
connect_line(struct serve *s, struct child *asker, struct fault *f)
{
	const uint8_t asks = (uint8_t)asker->role, answers = CHILD_SIGNER;
	int ends[2];
	bool ok;

	if (asker->role == CHILD_HERALD) /* it asks nobody */
		return true;
	if (!ipc_pair(ends, f))
		return false;
	ok = child_tell(s->child[0].control, WIRE_LINE, octets_of(&asks, 1), ends[0], f) &&
	     child_tell(asker->control, WIRE_LINE, octets_of(&answers, 1), ends[1], f);
	(void)close(ends[0]);
	(void)close(ends[1]);
	return ok;
}

/* The listeners that a role serves. */
static bool
serves(enum child_role role, enum exchange_face face)
{
	if (role == CHILD_RELAY || face == FACE_RELAY)
		return role == CHILD_RELAY && face == FACE_RELAY;
	return role != CHILD_HERALD && (role == CHILD_DESK) == (face == FACE_LOCAL);
}

static bool
tell_start(struct serve *s, struct child *c, struct fault *f)
{
	const uint8_t number = (uint8_t)(c - s->child);

	if (!child_tell(
		c->control, WIRE_SETTINGS, octets_of(s->settings, sizeof(*s->settings)), -1, f) ||
	    !child_tell(c->control, WIRE_PROFILES, octets_bytes(&s->profiles), -1, f) ||
	    !child_tell(c->control, WIRE_TALLY, octets_of(&number, 1), s->tally_fd, f))
		return false;
	if (c->role == CHILD_SIGNER)
		return child_tell(c->control, WIRE_LOCK, octets_of(NULL, 0), s->lock, f) &&
		       hsm_tell_pin(s->settings, &s->pin, c->control, f) &&
		       child_tell(
			   c->control, WIRE_PASSPHRASE, secret_octets(&s->passphrase), -1, f);
	if (c->role != CHILD_HERALD &&
	    !child_tell(c->control, WIRE_HABITS, octets_of(NULL, 0), s->habits.fd, f))
		return false;
	for (unsigned i = 0; i < FACES; i++) {
		uint8_t face = (uint8_t)i;

		if (s->listener[i] >= 0 && serves(c->role, (enum exchange_face)i) &&
		    !child_tell(c->control, WIRE_LISTENER, octets_of(&face, 1), s->listener[i], f))
			return false;
	}
	return !s->child[0].ready || connect_line(s, c, f);
}

static void
start(struct serve *s, struct child *c)
{
	struct fault f;

	c->ready = false;
	c->again_us = 0;
	c->started_us = clock_steady_us();
	tally_add(&s->tally->starts[c->role], 1);
	if (!child_start(c->role, &c->pid, &c->control, &f)) {
		c->pid = 0;
		c->again_us = c->started_us + HASTE_US;
	} else if (tell_start(s, c, &f)) {
		return;
	}
	log_fact(LOG_ERROR, "start", "child", child_word(c->role), "fault", f.text, NULL);
}

static void
let_go(struct child *c)
{
	if (c->control >= 0)
		(void)close(c->control);
	c->control = -1;
	c->ready = false;
}

static void
gone(struct serve *s, struct child *c, int status)
{
	char why[32];
	int64_t now_us = clock_steady_us();

	(void)snprintf(why, sizeof(why), WIFSIGNALED(status) ? "signal %d" : "exit %d",
	    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	if (WIFEXITED(status) && WEXITSTATUS(status) == HSM_PIN_STATUS)
		s->pin_refused = true;
	if (s->stop_us == 0)
		log_fact(LOG_WARN, "child-ended", "child", child_word(c->role), "why", why, NULL);
	let_go(c);
	c->pid = 0;
	c->again_us = now_us - c->started_us < HASTE_US ? now_us + HASTE_US / 4 : now_us;
}

static void
reap(struct serve *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < s->children; i++)
			if (s->child[i].pid == pid)
				gone(s, &s->child[i], status);
}

static void
say_ready(struct serve *s)
{
	FILE *out;

	if (s->ready_fd >= 0) {
		(void)!write(s->ready_fd, "1", 1);
		(void)close(s->ready_fd);
		s->ready_fd = -1;
	}
	if (s->ready_file != NULL && (out = fopen(s->ready_file, "we")) != NULL) {
		(void)fprintf(out, "%ld\n", (long)getpid());
		(void)fclose(out);
	}
	if (!s->local)
		start_greet(s->settings, s->inv->config);
}

static void
became_ready(struct serve *s, struct child *c)
{
	struct fault f;

	c->ready = true;
	if (c->role == CHILD_SIGNER)
		for (size_t i = 1; i < s->children; i++)
			if (s->child[i].control >= 0 && !connect_line(s, &s->child[i], &f))
				log_fact(LOG_WARN, "line", "child", child_word(s->child[i].role),
				    "fault", f.text, NULL);
	for (size_t i = 0; i < s->children; i++)
		if (!s->child[i].ready)
			return;
	if (!s->told)
		say_ready(s);
	s->told = true;
}

static void
hear_child(struct serve *s, struct child *c)
{
	struct message m = { .fd = -1 };
	struct fault f;

	while (ipc_recv(c->control, &m, &f)) {
		if (m.fd >= 0)
			(void)close(m.fd);
		if (m.verb == WIRE_READY)
			became_ready(s, c);
	}
	bytes_free(&m.body);
	if (f.code == FAULT_BUSY) /* no more for now */
		return;
	/* Who hears no more cannot be told to stop. One that is about to end by itself does. */
	let_go(c);
	if (s->stop_us == 0)
		(void)kill(c->pid, SIGKILL);
}

static void
tell_stop(struct serve *s, bool signer)
{
	struct fault f;

	for (size_t i = signer ? 0 : 1; i < (signer ? 1 : s->children); i++)
		if (s->child[i].pid != 0 &&
		    !child_tell(s->child[i].control, WIRE_STOP, octets_of(NULL, 0), -1, &f))
			(void)kill(s->child[i].pid, SIGKILL);
}

static size_t
living(const struct serve *s, size_t from)
{
	size_t n = 0;

	for (size_t i = from; i < s->children; i++)
		n += s->child[i].pid != 0;
	return n;
}

static void
hear_signals(struct serve *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD) {
			reap(s);
		} else if (s->stop_us == 0) {
			s->stop_us = clock_steady_us();
			log_fact(LOG_INFO, "stopping", NULL);
			tell_stop(s, false);
		}
	}
}

/* Askers first: what they have in hand is still answered; then the signer. True: all are gone. */
static bool
stopped(struct serve *s)
{
	int64_t ms = (clock_steady_us() - s->stop_us) / 1000;

	if (living(s, 0) == 0)
		return true;
	if (living(s, 1) == 0 || ms > STOP_ASKERS_MS)
		tell_stop(s, true);
	if (ms > STOP_ALL_MS)
		for (size_t i = 0; i < s->children; i++)
			if (s->child[i].pid != 0)
				(void)kill(s->child[i].pid, SIGKILL);
	return false;
}

/* Bring back who is due. False: the service cannot start at all. */
static bool
revive(struct serve *s, int64_t begun_us)
{
	int64_t now_us = clock_steady_us();

	for (size_t i = 0; i < s->children; i++) {
		struct child *c = &s->child[i];

		if (c->pid != 0 || now_us < c->again_us)
			continue;
		/* Before the first ready a death is a mistake in the set-up: its line says it. And
		 * no PIN is tried twice. */
		if ((!s->told && c->started_us != 0) || s->pin_refused)
			return false;
		start(s, c);
	}
	return s->told || now_us - begun_us < (int64_t)START_MS * 1000;
}

static void
wait_a_little(struct serve *s)
{
	struct pollfd p[CHILDREN_MAX + 1] = { { .fd = s->signals, .events = POLLIN } };
	bool waiting = s->stop_us != 0 || living(s, 0) < s->children || !s->told;

	for (size_t i = 0; i < s->children; i++)
		p[i + 1] = (struct pollfd){ .fd = s->child[i].control, .events = POLLIN };
	if (poll(p, s->children + 1, waiting ? 20 : HABITS_SAVE_S * 1000) <= 0)
		return;
	for (size_t i = 0; i < s->children; i++)
		if (s->child[i].control >= 0 && p[i + 1].revents != 0)
			hear_child(s, &s->child[i]);
	if (p[0].revents != 0)
		hear_signals(s);
}

static bool
keep_habits(struct serve *s, struct fault *f)
{
	return habits_keep(&s->habits, s->settings, f);
}

static bool
watch(struct serve *s, struct fault *f)
{
	int64_t begun_us = clock_steady_us();

	while (s->stop_us == 0 || !stopped(s)) {
		if (s->stop_us == 0 && !revive(s, begun_us)) {
			s->stop_us = clock_steady_us();
			tell_stop(s, false);
			fault_set(f, FAULT_INTERNAL,
			    "serve: a process could not start; its line above says why");
		}
		wait_a_little(s);
		if (habits_due(&s->habits) && !as_owner(s, keep_habits, f))
			return false;
	}
	s->habits.due_us = 0; /* once more, as all are gone */
	if (!as_owner(s, keep_habits, f))
		return false;
	return s->told && !s->pin_refused;
}

static bool
block_signals(struct serve *s, struct fault *f)
{
	sigset_t set;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 ||
	    (s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) < 0)
		return fault_errno(f, FAULT_INTERNAL, "serve: signals");
	return true;
}

static void
name_children(struct serve *s)
{
	s->child[s->children++] = (struct child){ .role = CHILD_SIGNER, .control = -1 };
	s->child[s->children++] = (struct child){ .role = CHILD_DESK, .control = -1 };
	for (int64_t i = 0; !s->local && i < s->settings->edges; i++)
		s->child[s->children++] = (struct child){ .role = CHILD_EDGE, .control = -1 };
	if (!s->local)
		s->child[s->children++] = (struct child){ .role = CHILD_RELAY, .control = -1 };
	if (!s->local && s->settings->webhooks.n > 0)
		s->child[s->children++] = (struct child){ .role = CHILD_HERALD, .control = -1 };
}

static bool
make_tally(struct serve *s, struct fault *f)
{
	if (!tally_new(&s->tally, &s->tally_fd, f))
		return false;
	for (size_t i = 0; i < s->children; i++)
		tally_add(&s->tally->wanted[s->child[i].role], 1);
	return true;
}

static bool
make_habits(struct serve *s, struct fault *f)
{
	return habits_start(&s->habits, s->settings, f);
}

static bool
check_names(struct serve *s, struct fault *f)
{
	return start_check_names(s->settings, f);
}

static bool
run(struct serve *s, struct fault *f)
{
	return profiles_start(s->settings, &s->profiles, f) && start_is_founded(s->settings, f) &&
	       owner_start(s->settings, &s->owner, f) && as_owner(s, take_lock, f) &&
	       as_owner(s, check_names, f) && block_signals(s, f) && make_tally(s, f) &&
	       as_owner(s, make_habits, f) && listen_all(s, f) &&
	       passphrase_get(s->settings, &s->passphrase, f) &&
	       hsm_read_pin(s->settings, &s->pin, f) && watch(s, f);
}

int
serve_command(const struct invocation *inv)
{
	struct serve *s = calloc(1, sizeof(*s));
	const char *fd = s == NULL ? NULL : cli_option(inv, "ready-fd");
	struct fault f;
	int status;
	bool ok;

	if (s == NULL) {
		fault_set(&f, FAULT_INTERNAL, "serve: out of memory");
		return cli_refuse(inv, &f);
	}
	s->inv = inv;
	s->settings = &inv->settings;
	s->local = cli_flag(inv, "local");
	s->ready_file = cli_option(inv, "ready-file");
	s->ready_fd = fd == NULL ? -1 : (int)strtol(fd, NULL, 10);
	s->lock = s->signals = -1;
	for (size_t i = 0; i < FACES; i++)
		s->listener[i] = -1;
	child_log("main", s->settings);
	name_children(s);
	ok = run(s, &f);
	status = ok ? CLI_OK : cli_refuse(inv, &f);
	if (!ok && s->pin_refused)
		status = HSM_PIN_STATUS;
	pin_free(&s->pin);
	secret_free(&s->passphrase);
	bytes_free(&s->profiles);
	free(s);
	return status;
}
