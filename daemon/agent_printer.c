/* daemon/agent_printer.c - the printer that local programs see: who may use it, whose a job is, and
 * what is made durable; see agent_under.h. */
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/agent_under.h"
#include "daemon/listen.h"

/* Owners of jobs are users of this machine, in a name space that is no service's: relays never see
 * them. */
static const struct name_space here = { .domain = "local", .region = "machine" };

#define NO_TENANT "none" /* until the first certificate says whose we are */

static void
refuse(struct exchange *x, unsigned status, const char *why)
{
	x->status = status;
	x->close = true;
	(void)snprintf(x->why, sizeof(x->why), "%s", why);
}

static void
commit(void *with)
{
	struct agent *a = with;
	struct fault f;
	bool ok;

	a->turn_ends = false;
	ok = spool_commit(a->spool, &f);
	if (!ok)
		log_fact(LOG_ERROR, "spool", "why", f.text, NULL);
	print_committed(&a->print, ok ? NULL : &f);
	agent_forward(a);
}

void
agent_printer_turn(struct agent *a)
{
	if (a->turn_ends || (a->print.waiting == NULL && !spool_is_dirty(a->spool)))
		return;
	a->turn_ends = true;
	http_after(a->http, commit, a);
}

static void
take(struct exchange *x, struct octets piece, bool last)
{
	struct agent *a = x->with;

	a->take(x, piece, last);
	agent_printer_turn(a);
}

static void
serve(struct exchange *x)
{
	struct agent *a = x->with;
	struct identity who = { .kind = IDENTITY_ENDPOINT, .endpoint = "user", .good = true };

	if (a->users.n > 0 && (x->uid == EXCHANGE_NO_UID || !agent_users_has(&a->users, x->uid))) {
		refuse(x, 403, "agent: not a user who may print here");
		return;
	}
	(void)snprintf(
	    who.tenant, sizeof(who.tenant), "%s", a->tenant[0] != '\0' ? a->tenant : NO_TENANT);
	if (x->uid == EXCHANGE_NO_UID)
		(void)snprintf(who.name, sizeof(who.name), "anybody");
	else
		(void)snprintf(who.name, sizeof(who.name), "u%u", x->uid);
	if (!print_serve(&a->print, x, &who)) {
		refuse(x, 404, "agent: no printer is there");
		return;
	}
	if (x->take != NULL) {
		a->take = x->take;
		x->take = take;
	}
	/* Whoever asks may want to know what became of a job. */
	if (a->look_due_us > 0)
		agent_forward_soon(a);
}

static void
served(const struct exchange *x, int64_t took_us)
{
	char uid[16] = "-", status[16];

	(void)took_us;
	if (x->why[0] == '\0')
		return;
	if (x->uid != EXCHANGE_NO_UID)
		(void)snprintf(uid, sizeof(uid), "%u", x->uid);
	(void)snprintf(status, sizeof(status), "%u", x->status);
	log_fact(LOG_WARN, "refused", "uid", uid, "status", status, "why", x->why, NULL);
}

static bool
has_printer(void *with, const char *tenant, const char *name)
{
	const struct agent *a = with;

	(void)tenant;
	for (size_t i = 0; i < a->conf->printers.n; i++)
		if (strcmp(a->conf->printers.at[i], name) == 0)
			return true;
	return false;
}

static bool
recipient(void *with, const char *tenant, struct bytes *ret)
{
	const struct agent *a = with;
	struct fault none;

	if (a->release.n == 0 || strcmp(tenant, a->tenant) != 0)
		return false;
	bytes_put_octets(ret, octets_bytes(&a->release));
	return bytes_ok(ret, &none);
}

/* Who prints for others says for whom; all others are who the socket says. */
static void
user(void *with, const struct exchange *x, char claimed[static PRINT_NAME_MAX])
{
	const struct agent *a = with;
	struct passwd room, *found = NULL;
	char text[4096];

	if (x->uid == EXCHANGE_NO_UID || agent_users_has(&a->vouchers, x->uid))
		return;
	if (getpwuid_r(x->uid, &room, text, sizeof(text), &found) == 0 && found != NULL)
		(void)snprintf(claimed, PRINT_NAME_MAX, "%s", found->pw_name);
	else
		(void)snprintf(claimed, PRINT_NAME_MAX, "%u", x->uid);
}

/* The relay decides, when it gets the job; here nobody is asked. */
static bool
permit(void *with, struct exchange *x, const struct decider_question *q, struct decider_answer *ret,
    struct fault *f)
{
	(void)with;
	(void)x;
	(void)q;
	(void)f;
	*ret = (struct decider_answer){ .permit = true };
	return true;
}

static bool
keep_pin(void *with, const struct job *j, const struct secret *pin, struct fault *f)
{
	struct agent *a = with;

	return agent_pins_put(&a->pins, j->uuid, pin, f);
}

static void
changed(void *with, const struct job *j)
{
	struct agent *a = with;

	log_fact(LOG_DEBUG, "job", "state", job_state_message(j), NULL);
	if (job_is_over(j))
		agent_pins_drop(&a->pins, j->uuid);
	agent_forward_soon(a);
}

bool
agent_printer_start(struct agent *a, struct fault *f)
{
	const char *path = agent_conf_socket(a->conf);
	struct http_face face = { .face = FACE_RELAY,
		.listener = -1,
		.request_ms = 120000,
		.streams = true,
		.conns_max = 256,
		.serve = serve,
		.served = served,
		.with = a };

	a->decider = (struct decider){ .decide = permit };
	a->print = (struct print){ .spool = a->spool,
		.space = &here,
		.decider = &a->decider,
		.now_s = clock_now_s,
		.started_s = clock_now_s(),
		.hold_s = a->conf->hold.time_s,
		.has_printer = has_printer,
		.recipient = recipient,
		.passes_on = true,
		.user = user,
		.keep_pin = keep_pin,
		.changed = changed,
		.with = a };
	if (!print_start(&a->print, f))
		return false;
	if (path == NULL ? !listen_tcp(a->conf->listen, &face.listener, f)
			 : !listen_unix(path, &face.listener, f))
		return false;
	/* Everybody may come; who may stay is asked of the socket (SO_PEERCRED). */
	if (path != NULL && chmod(path, 0666) != 0)
		return fault_errno(f, FAULT_INTERNAL, "agent: %s", path);
	return http_listen(a->http, &face, f);
}
