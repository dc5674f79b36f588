/* daemon/asker.c - see asker.h. */
#include "daemon/asker.h"

#include <string.h>
#include <unistd.h>

#include "ca/profile_set.h"
#include "ca/wire.h"

#define LINES_BURST  300 /* of refusals in the log, at once: a flood must not fill its disk */
#define LINES_EACH_S 10  /* after that; the rest is counted in the next one's "unsaid" */

/* One message of main's before anything is served. */
static bool
hear_one(struct asker *a, const struct message *m, struct fault *f)
{
	if (m->verb == WIRE_SETTINGS && m->body.n == sizeof(a->settings)) {
		memcpy(&a->settings, m->body.at, sizeof(a->settings));
		return true;
	}
	if (m->verb == WIRE_PROFILES)
		return profile_load(octets_bytes(&m->body), f);
	if (m->verb == WIRE_TALLY && m->body.n == 1 && m->body.at[0] < TALLY_ASKERS) {
		a->number = m->body.at[0];
		return tally_open(m->fd, &a->tally, f);
	}
	if (m->verb == WIRE_HABITS)
		return habits_open(m->fd, &a->habits, f);
	if (m->verb == WIRE_LISTENER && m->body.n == 1 && m->body.at[0] < ASKER_FACES) {
		a->listener[m->body.at[0]] = m->fd;
		return true;
	}
	if (m->verb == WIRE_LINE) {
		a->line = m->fd;
		return true;
	}
	if (m->verb == WIRE_STOP)
		return fault_set(f, FAULT_INTERNAL, "%s: stopped before a signer was there",
		    child_word(a->role));
	return fault_set(f, FAULT_INTERNAL, "%s: main said %u", child_word(a->role), m->verb);
}

bool
asker_start(struct asker *a, struct fault *f)
{
	struct message m = { .fd = -1 };
	bool ok = true;

	a->lines = (struct pace){ .burst = LINES_BURST, .each_s = LINES_EACH_S };
	a->line = -1;
	for (size_t i = 0; i < ASKER_FACES; i++)
		a->listener[i] = -1;
	while (ok && (a->line < 0 || a->tally == NULL))
		ok = child_hear(a->control, true, &m, f) && hear_one(a, &m, f);
	bytes_free(&m.body);
	return ok;
}

static void
hear_main(void *with)
{
	struct asker *a = with;
	struct message m = { .fd = -1 };
	struct fault f;

	for (;;) {
		if (!child_hear(a->control, false, &m, &f) || m.verb == WIRE_STOP) {
			activity_tick(a->activity); /* the signer outlives us */
			if (a->stopping != NULL)
				a->stopping(a->with);
			http_stop(a->http);
			break;
		}
		if (m.verb == 0)
			break;
		if (m.verb == WIRE_LINE && m.fd >= 0) {
			a->line = m.fd;
			http_set_line(a->http, m.fd);
			a->sessions.line = false; /* another signer, that knows nothing yet */
			if (a->new_line != NULL)
				a->new_line(a->with);
		} else if (m.fd >= 0) {
			(void)close(m.fd);
		}
	}
	bytes_free(&m.body);
}

/* A standing or a policy changed: connections that may not go on end now, not at their next
 * request. */
static void
told(void *with, uint16_t verb)
{
	struct asker *a = with;

	if (verb != WIRE_CHANGED)
		return;
	handshake_look(&a->handshake);
	(void)gate_cut(&a->gate);
	if (a->changed != NULL)
		a->changed(a->with);
}

bool
asker_open(struct asker *a, const char *service, struct fault *f)
{
	if (!realm_open(a->settings.data, STORE_READ, &a->realm, f) || !http_new(&a->http, f) ||
	    !http_watch(a->http, a->control, hear_main, a, f))
		return false;
	/* The desk has no strangers. */
	if (a->role != CHILD_DESK && !limit_new(&a->settings, &a->limit, f))
		return false;
	if (a->limit != NULL)
		limit_count(a->limit, a->tally->asker[a->number].limited);
	if (!activity_new(a->http, a->number, strcmp(a->settings.activity.record, "refused") == 0,
		&a->activity, f) ||
	    !policies_new(a->realm, &a->policies, f))
		return false;
	a->gate = (struct gate){ .realm = a->realm,
		.policies = a->policies,
		.http = a->http,
		.note = activity_note,
		.activity = a->activity,
		.habits = a->habits,
		.service = service,
		.turn = 1 };
	a->handshake = (struct handshake){ .realm = a->realm, .http = a->http, .lines = &a->lines };
	a->sessions.http = a->http;
	http_set_line(a->http, a->line);
	http_on_told(a->http, told, a);
	http_every(a->http, ACTIVITY_MS, activity_tick, a->activity);
	if (a->role != CHILD_DESK) /* it has no clients with certificates */
		http_every(a->http, SESSIONS_MS, sessions_tick, &a->sessions);
	return true;
}

void
asker_close(struct asker *a)
{
	http_free(a->http);
	activity_free(a->activity);
	limit_free(a->limit);
	policies_free(a->policies);
	realm_close(a->realm);
}
