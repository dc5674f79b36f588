/*
 * daemon/cli_daemon.c - enroll --daemon: a device's certificate is there, and stays good.
 *
 * In the foreground, one line a fact. The certificate's end is a matter of the wall
 * clock, which may jump, and then we wake; how long to leave a service in peace is one of the
 * steady clock. The files are read anew each time: another command may have renewed.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/enrolment.h"
#include "daemon/hook.h"
#include "daemon/renewal.h"

#define LEAST_US 10000 /* zero would stop the timer */
#define FAR_S    (10 * INT64_C(31536000))

enum { FD_SIGNAL, FD_WALL, FD_STEADY, FDS };

struct keeper {
	const struct invocation *inv;
	const char *dir;
	struct enrolment first; /* the first enrolment: its token is read once */
	struct pollfd fds[FDS];
	int64_t before_s;      /* --renew-before, or 0 */
	int64_t end_s, due_s;  /* of the certificate; 0: there is none yet */
	int64_t held_until_us; /* of the steady clock: no try before it */
	unsigned failures;
	unsigned early; /* renewals in a row of which the next one was due at once */
	bool asked;     /* by SIGHUP: a try now, whatever the clocks say */
};

static sigset_t
ending(void)
{
	sigset_t s;

	(void)sigemptyset(&s);
	(void)sigaddset(&s, SIGTERM);
	(void)sigaddset(&s, SIGINT);
	return s;
}

/* One that waits to be taken ends a request that is under way, too. */
static bool
is_ending(void)
{
	sigset_t waiting;

	return sigpending(&waiting) == 0 &&
	       (sigismember(&waiting, SIGTERM) == 1 || sigismember(&waiting, SIGINT) == 1);
}

static bool
open_clocks(struct keeper *k, struct fault *f)
{
	sigset_t s = ending();

	(void)sigaddset(&s, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &s, NULL) != 0)
		return fault_errno(f, FAULT_INTERNAL, "enroll: sigprocmask");
	k->fds[FD_SIGNAL].fd = signalfd(-1, &s, SFD_CLOEXEC | SFD_NONBLOCK);
	k->fds[FD_WALL].fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	k->fds[FD_STEADY].fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	for (size_t i = 0; i < FDS; i++) {
		if (k->fds[i].fd < 0)
			return fault_errno(f, FAULT_INTERNAL, "enroll: timers");
		k->fds[i].events = POLLIN;
	}
	return true;
}

static int64_t
seconds_of(const ASN1_TIME *t)
{
	struct tm tm = { 0 };

	return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

/* A number of this certificate's own: a start of ours changes nothing. */
static uint64_t
luck_of(const X509 *c)
{
	uint8_t hash[EVP_MAX_MD_SIZE] = { 0 };
	struct reader r = reader_of(octets_of(hash, sizeof(hash)));

	(void)X509_digest(c, EVP_sha256(), hash, NULL);
	return reader_u64(&r);
}

/* What the folder has now. */
static bool
look(struct keeper *k, struct fault *f)
{
	char path[CREDENTIAL_PATH_MAX];
	STACK_OF(X509) *certs = NULL;
	const X509 *c;

	k->end_s = k->due_s = 0;
	if (!credential_exists(k->dir, "cert.pem"))
		return true;
	if (!credential_path(k->dir, "cert.pem", path, f) ||
	    !credential_certs_read(path, &certs, f))
		return false;
	c = sk_X509_value(certs, 0);
	k->end_s = seconds_of(X509_get0_notAfter(c));
	k->due_s =
	    renewal_at(seconds_of(X509_get0_notBefore(c)), k->end_s, k->before_s, luck_of(c));
	credential_certs_free(certs);
	return true;
}

static void
tell_next(const struct keeper *k, const char *event)
{
	char end[TEXT_TIME_MAX], due[TEXT_TIME_MAX];

	text_time(k->end_s, end);
	text_time(k->due_s, due);
	if (k->end_s == 0)
		log_fact(LOG_INFO, event, "dir", k->dir, "certificate", "none", NULL);
	else
		log_fact(LOG_INFO, event, "dir", k->dir, "not_after", end, "renews", due, NULL);
}

static void
hold(struct keeper *k, int64_t wait_s)
{
	k->held_until_us = clock_steady_us() + wait_s * 1000000;
}

static void
run_hook(const struct keeper *k)
{
	const char *program = cli_option(k->inv, "exec");
	struct fault f;

	if (program == NULL)
		return;
	if (hook_run(program, k->dir, &f))
		log_fact(LOG_INFO, "hook", "program", program, NULL);
	else
		log_fact(LOG_ERROR, "hook", "why", f.text, NULL);
}

static void
succeed(struct keeper *k, const struct enrolment *e, const char *event)
{
	char serial[64], end[TEXT_TIME_MAX];

	k->failures = 0;
	k->held_until_us = 0;
	enrolment_facts(e, serial, end);
	log_fact(LOG_INFO, event, "serial", serial, "not_after", end, NULL);
	run_hook(k);
}

static void
fail(struct keeper *k, const struct enrolment *e, const struct fault *f)
{
	int64_t left_s = k->end_s - clock_now_s(), wait_s;
	char seconds[24];
	uint64_t luck;

	secret_nonce(&luck, sizeof(luck));
	k->failures++;
	wait_s = renewal_wait(k->failures, e->retry_after_s, k->end_s == 0 ? 0 : left_s, luck);
	hold(k, wait_s);
	(void)snprintf(seconds, sizeof(seconds), "%" PRId64, wait_s);
	log_fact(LOG_WARN, "failed", "why", f->text, "next", e->next == NULL ? "-" : e->next,
	    "again_s", seconds, NULL);
	if (k->end_s != 0 && left_s <= 0)
		log_fact(LOG_ERROR, "expired", "dir", k->dir, "next",
		    "ask for a token, move cert.pem away, and start with --token-file", NULL);
}

/*
 * A new certificate that is due at once: our clock is ahead, or the service gives little time. It
 * is good, but to ask again and again would be of no use to anybody.
 */
static void
calm(struct keeper *k)
{
	char seconds[24];
	int64_t wait_s;
	uint64_t luck;

	if (clock_now_s() < k->due_s) {
		k->early = 0;
		return;
	}
	secret_nonce(&luck, sizeof(luck));
	wait_s = renewal_wait(++k->early, -1, 0, luck);
	hold(k, wait_s);
	(void)snprintf(seconds, sizeof(seconds), "%" PRId64, wait_s);
	log_fact(LOG_WARN, "early", "why",
	    "the new certificate is due at once; is this clock right?", "again_s", seconds, NULL);
}

static void
pend(struct keeper *k, const struct enrolment *e)
{
	int64_t wait_s = renewal_ask(e->retry_after_s);
	char seconds[24];

	hold(k, wait_s);
	(void)snprintf(seconds, sizeof(seconds), "%" PRId64, wait_s);
	log_fact(LOG_INFO, "waiting", "for", "approval", "again_s", seconds, NULL);
}

/* A first enrolment that no second try makes better. */
static bool
is_final(const struct keeper *k, enum fault_code code)
{
	return k->end_s == 0 && (code == FAULT_AUTH || code == FAULT_BADREQ ||
				    code == FAULT_CONFLICT || code == FAULT_TYPE);
}

/* Once. False: it is of no use to go on. */
static bool
try_once(struct keeper *k, struct fault *f)
{
	struct enrolment next = { .inv = k->inv, .dir = k->dir, .device = "", .stop = is_ending };
	bool renews = k->end_s != 0, ok, final;
	struct enrolment *e = renews ? &next : &k->first;
	struct fault why;

	e->retry_after_s = -1;
	ok = renews ? enrolment_renew(e, &why) : enrolment_first(e, &why);
	final = !ok && is_final(k, why.code);
	if (final)
		*f = why;
	else if (ok && e->leaf != NULL)
		succeed(k, e, renews ? "renewed" : "enrolled");
	else if (ok)
		pend(k, e);
	else if (!is_ending())
		fail(k, e, &why);
	enrolment_unlock(&k->first);
	enrolment_free(&next);
	return !final;
}

/* Is it time? The steady clock holds us back, the wall clock calls. */
static bool
is_due(const struct keeper *k)
{
	if (k->asked)
		return true;
	return clock_steady_us() >= k->held_until_us &&
	       (k->end_s == 0 || clock_now_s() >= k->due_s);
}

/*
 * Sleep until both clocks say so, by the steady one; and wake when the wall clock is set, or the
 * machine was asleep, to look again: that is all that its timer is for.
 */
static void
set_timers(const struct keeper *k)
{
	struct itimerspec wall = { 0 }, steady = { 0 };
	int64_t left_us = k->held_until_us - clock_steady_us(), due_us;

	wall.it_value.tv_sec = (time_t)(clock_now_s() + FAR_S);

	due_us = k->end_s == 0 ? 0 : (k->due_s - clock_now_s()) * 1000000;
	if (due_us > left_us)
		left_us = due_us;
	if (left_us < LEAST_US)
		left_us = LEAST_US;
	steady.it_value.tv_sec = (time_t)(left_us / 1000000);
	steady.it_value.tv_nsec = (long)(left_us % 1000000 * 1000);
	(void)timerfd_settime(
	    k->fds[FD_WALL].fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &wall, NULL);
	(void)timerfd_settime(k->fds[FD_STEADY].fd, 0, &steady, NULL);
}

/* Wait, and take what woke us. False: it was asked to end. */
static bool
wait_for_something(struct keeper *k)
{
	struct signalfd_siginfo s;
	uint64_t times;

	set_timers(k);
	if (poll(k->fds, FDS, -1) < 0)
		return errno == EINTR;
	if (read(k->fds[FD_WALL].fd, &times, sizeof(times)) < 0 && errno == ECANCELED)
		log_fact(LOG_INFO, "clock", "was", "set", NULL);
	(void)!read(k->fds[FD_STEADY].fd, &times, sizeof(times));
	while (read(k->fds[FD_SIGNAL].fd, &s, sizeof(s)) == (ssize_t)sizeof(s)) {
		if (s.ssi_signo != SIGHUP)
			return false;
		log_fact(LOG_INFO, "asked", "by", "SIGHUP", NULL);
		k->asked = true;
	}
	return true;
}

/* Until it is told to end. False: it is of no use to go on. */
static bool
keep(struct keeper *k, struct fault *f)
{
	bool told = false;

	for (;;) {
		if (!look(k, f))
			return false;
		if (!told)
			tell_next(k, "start");
		told = true;
		if (is_due(k)) {
			k->asked = false;
			if (!try_once(k, f) || !look(k, f))
				return false;
			if (k->end_s != 0 && k->failures == 0) {
				tell_next(k, "next");
				calm(k);
			}
		}
		if (!wait_for_something(k))
			return true;
	}
}

int
enrolment_daemon(const struct invocation *inv)
{
	const char *before = cli_option(inv, "renew-before");
	struct keeper k = { .inv = inv, .dir = cli_option(inv, "out") };
	struct fault f;
	bool ok = true;

	log_start("enroll", LOG_INFO);
	k.first = (struct enrolment){ .inv = inv, .dir = k.dir, .device = "", .stop = is_ending };
	for (size_t i = 0; i < FDS; i++)
		k.fds[i].fd = -1;
	if (before != NULL && !text_duration(before, &k.before_s))
		ok = fault_set(&f, FAULT_BADREQ, "enroll: --renew-before");
	ok = ok && open_clocks(&k, &f) && keep(&k, &f);
	if (ok)
		log_fact(LOG_INFO, "stopped", "dir", k.dir, NULL);
	else
		log_fact(LOG_ERROR, "ended", "why", f.text, "next",
		    k.first.next == NULL ? "-" : k.first.next, NULL);
	for (size_t i = 0; i < FDS; i++)
		if (k.fds[i].fd >= 0)
			(void)close(k.fds[i].fd);
	enrolment_free(&k.first);
	return ok ? CLI_OK : CLI_REFUSED;
}
