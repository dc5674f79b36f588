/* daemon/ready.c - see ready.h. */
#include "daemon/ready.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "ca/level.h"
#include "ca/log.h"
#include "daemon/http.h"
#include "daemon/metrics_log.h"
#include "daemon/tally.h"
#include "daemon/watch.h"

#define FOLDER_MAX (REALM_PATH_MAX + 16)

struct usage {
	char tenant[TEXT_LABEL_MAX];
	uint64_t used, room;
};

struct ready {
	struct realm *realm;                  /* lent */
	int64_t survey_us;                    /* the next; 0: at once */
	struct usage most[READY_TENANTS_MAX]; /* by use, falling */
	size_t most_n;
	size_t tenants, no_issuing, no_revoking; /* the platform is not counted */
	struct usage platform;
	int64_t newest_s;        /* of the newest entries of the ledgers that are open here */
	struct bytes told;       /* by the signer */
	uint64_t signers, asked; /* that came after the first; which of them was asked */
	int64_t asked_us;        /* 0: never */
	bool asking;
	unsigned stopped; /* bits, as in ready_say() */
	char reason[READY_REASONS_MAX][FAULT_TEXT_MAX];
	size_t reasons;
};

struct ready *
ready_new(struct realm *realm)
{
	struct ready *r = calloc(1, sizeof(*r));

	if (r != NULL)
		r->realm = realm;
	return r;
}

void
ready_free(struct ready *r)
{
	if (r == NULL)
		return;
	bytes_free(&r->told);
	free(r);
}

void
ready_told(struct ready *r, struct octets rows)
{
	bytes_clear(&r->told);
	bytes_put_octets(&r->told, rows);
}

void
ready_new_signer(struct ready *r)
{
	r->signers++;
	bytes_clear(&r->told);
}

/* A refusal is what it says itself: a clock that is wrong; or, in http's words, that nobody
 * answers. */
static void
answered(void *with, uint16_t code, struct octets body)
{
	struct ready *r = with;

	r->asking = false;
	if (r->asked != r->signers) /* another one has come since */
		return;
	bytes_clear(&r->told);
	if (code == 0) {
		bytes_put_octets(&r->told, body);
		return;
	}
	bytes_put_u8(&r->told, READY_ISSUING | READY_REVOKING);
	bytes_put_counted(&r->told, body);
}

void
ready_ask(struct ready *r, struct http *h)
{
	int64_t now_us = clock_steady_us();

	if (r->asking || (r->asked_us != 0 && now_us < r->asked_us + READY_ASK_US))
		return;
	r->asking = true;
	r->asked = r->signers;
	r->asked_us = now_us;
	http_ask(h, WIRE_STATE, octets_of(NULL, 0), answered, r);
}

void
ready_say(struct ready *r, unsigned stopped, const char *why)
{
	r->stopped |= stopped;
	if (r->reasons < READY_REASONS_MAX)
		(void)snprintf(r->reason[r->reasons++], FAULT_TEXT_MAX, "%s", why);
}

/* --- the survey ------------------------------------------------------------------------------ */

static void
keep_most(struct ready *r, const struct usage *u)
{
	size_t at = r->most_n;

	if (at == READY_TENANTS_MAX && r->most[--at].used >= u->used)
		return;
	while (at > 0 && r->most[at - 1].used < u->used)
		at--;
	if (r->most_n < READY_TENANTS_MAX)
		r->most_n++;
	memmove(&r->most[at + 1], &r->most[at], (r->most_n - 1 - at) * sizeof(r->most[0]));
	r->most[at] = *u;
}

/* What is open tells its pages; of what is not the file is as good. */
static bool
look_at(struct ready *r, const char *tenants, struct usage *u)
{
	char path[FOLDER_MAX + TEXT_LABEL_MAX];
	struct ledger *open = realm_peek(r->realm, u->tenant);
	uint8_t leaf[LOG_HASH_OCTETS];
	struct fault f;
	int64_t at_s;

	if (open != NULL) {
		if (log_last(open, leaf, &at_s, &f) && at_s > r->newest_s)
			r->newest_s = at_s;
		store_usage(ledger_store(open), &u->used, &u->room);
		return true;
	}
	(void)snprintf(path, sizeof(path), "%s/%s", tenants, u->tenant);
	return store_usage_of(path, &u->used, &u->room);
}

static void
count(struct ready *r, const struct usage *u)
{
	struct fault f;

	keep_most(r, u);
	if (strcmp(u->tenant, NAME_PLATFORM) == 0) {
		r->platform = *u;
		return;
	}
	r->tenants++;
	r->no_issuing += !ledger_may_issue(u->used, u->room, &f);
	r->no_revoking += !ledger_may_revoke(u->used, u->room, realm_data(r->realm));
}

static void
survey(struct ready *r, int64_t now_us)
{
	int64_t took_us, begun_us = clock_steady_us();
	char tenants[FOLDER_MAX];
	struct dirent *e;
	DIR *d;

	if (now_us < r->survey_us)
		return;
	(void)snprintf(tenants, sizeof(tenants), "%s/tenants", realm_data(r->realm));
	if ((d = opendir(tenants)) == NULL)
		return; /* the last one stands */
	r->most_n = r->tenants = r->no_issuing = r->no_revoking = 0;
	while ((e = readdir(d)) != NULL) {
		struct usage u = { .used = 0 };

		if (!text_is_label(e->d_name))
			continue;
		(void)snprintf(u.tenant, sizeof(u.tenant), "%.63s", e->d_name);
		if (look_at(r, tenants, &u))
			count(r, &u);
	}
	(void)closedir(d);
	took_us = clock_steady_us() - begun_us;
	r->survey_us = now_us + (took_us * READY_SHARE > READY_SURVEY_US ? took_us * READY_SHARE
									 : READY_SURVEY_US);
}

/* --- the checks ------------------------------------------------------------------------------ */

static void
check_signer(struct ready *r, const struct ready_view *v)
{
	if (!v->line)
		ready_say(r, READY_ISSUING | READY_REVOKING, "signer: it is away");
	else if (r->asking && r->asked == r->signers &&
		 v->steady_us > r->asked_us + READY_SILENT_US)
		ready_say(r, READY_ISSUING | READY_REVOKING, "signer: it does not answer");
}

static void
check_platform(struct ready *r, const struct ready_view *v)
{
	struct tenant t;
	struct fault f;

	(void)v;
	if (!realm_tenant(r->realm, NAME_PLATFORM, &t, &f))
		ready_say(r, READY_ISSUING | READY_REVOKING, "ledger: it cannot be read");
}

/*
 * Beneath a region that is suspended, or has ended, nobody is issued anything, and that is told.
 * Traffic must go on coming here all the same: OCSP says why, and a client that gets no answer may
 * take a held certificate for a good one.
 */
static void
check_region(struct ready *r, const struct ready_view *v)
{
	struct authority a;
	struct fault f;

	if (level_region(r->realm, &a, &f) && realm_authority_good(r->realm, &a, v->now_s, &f))
		return;
	ready_say(r, 0,
	    f.code == FAULT_DENIED ? "region: it is suspended, or its CA has ended"
				   : "region: it cannot be read");
}

static void
check_room(struct ready *r, const struct ready_view *v)
{
	char text[FAULT_TEXT_MAX];
	struct fault f;

	survey(r, v->steady_us);
	if (!ledger_may_issue(r->platform.used, r->platform.room, &f))
		ready_say(r, READY_ISSUING, f.text);
	if (!ledger_may_revoke(r->platform.used, r->platform.room, realm_data(r->realm)))
		ready_say(r, READY_REVOKING, "ledger: there is no room left at all");
	if (r->no_issuing > 0) {
		(void)snprintf(text, sizeof(text),
		    "tenants: %zu of %zu have no room to issue: a larger disk or store_max gives them some",
		    r->no_issuing, r->tenants);
		ready_say(r, r->no_issuing == r->tenants ? READY_ISSUING : 0, text);
	}
	if (r->no_revoking > 0) {
		(void)snprintf(text, sizeof(text), "tenants: %zu of %zu have no room to revoke",
		    r->no_revoking, r->tenants);
		ready_say(r, r->no_revoking == r->tenants ? READY_REVOKING : 0, text);
	}
}

/* As the signer judges by itself: nothing is issued or answered until the clock is right. */
static void
check_clock(struct ready *r, const struct ready_view *v)
{
	if (v->now_s < r->newest_s - WATCH_CLOCK_S)
		ready_say(r, READY_ISSUING | READY_REVOKING,
		    "clock: it is behind the newest entry of the log: set it right");
}

static void
check_told(struct ready *r, const struct ready_view *v)
{
	struct reader in = reader_of(octets_bytes(&r->told));
	char why[FAULT_TEXT_MAX];

	while (v->line && in.n > 0) {
		unsigned stopped = reader_u8(&in);

		reader_counted_text(&in, why, sizeof(why));
		if (in.bad)
			return;
		ready_say(r, stopped, why);
	}
}

/* By the platform's log, which every start and every tenant writes to; a log that cannot be signed
 * at all is told by the signer. */
static void
check_late(struct ready *r, const struct ready_view *v)
{
	struct log_number n = { .tenant = NAME_PLATFORM };
	char text[FAULT_TEXT_MAX];
	struct fault f;

	if (!log_number(r->realm, &n, v->now_s, &f) || n.late_s <= READY_LATE_S)
		return;
	(void)snprintf(text, sizeof(text),
	    "checkpoints: the service's own log waits for one since %lld seconds",
	    (long long)n.late_s);
	ready_say(r, 0, text);
}

/* What others are told is late: nothing of the service stands still for it. */
static void
check_hooks(struct ready *r, const struct ready_view *v)
{
	char text[FAULT_TEXT_MAX];
	size_t failing = 0, stopped = 0;

	for (size_t i = 0; v->tally != NULL && i < WEBHOOKS_MAX; i++) {
		failing += tally_get(&v->tally->hook[i].failing_s) != 0;
		stopped += tally_get(&v->tally->hook[i].state) == HOOK_STOPPED;
	}
	if (failing > 0) {
		(void)snprintf(text, sizeof(text),
		    "webhooks: %zu cannot be told: quatrain webhook list says why", failing);
		ready_say(r, 0, text);
	}
	if (stopped > 0) {
		(void)snprintf(text, sizeof(text),
		    "webhooks: %zu stopped, as the receiver wants no more", stopped);
		ready_say(r, 0, text);
	}
}

/* Fail closed: what hangs on a policy that cannot be read is refused. */
static void
check_policies(struct ready *r, const struct ready_view *v)
{
	if (v->policies_broken)
		ready_say(
		    r, READY_ISSUING, "policies: one cannot be read: what hangs on it is refused");
}

typedef void check(struct ready *r, const struct ready_view *v);
static check *const checks[] = { check_signer, check_platform, check_region, check_room,
	check_clock, check_told, check_late, check_hooks, check_policies };

static void
look(struct ready *r, const struct ready_view *v)
{
	r->stopped = 0;
	r->reasons = 0;
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		checks[i](r, v);
}

/* --- what is told ---------------------------------------------------------------------------- */

static const char *
word(const struct ready *r, unsigned what)
{
	return (r->stopped & what) == 0 ? "ok" : "stopped";
}

/* Signing no checkpoints is an alarm, and no reason to stay away. */
static bool
is_ready(const struct ready *r)
{
	return (r->stopped & (READY_ISSUING | READY_REVOKING)) == 0;
}

static void
put_state(struct ready *r, const struct ready_view *v, struct json *j)
{
	struct json *reasons = json_array();

	look(r, v);
	for (size_t i = 0; i < r->reasons; i++)
		json_add_text(reasons, r->reason[i]);
	json_put_bool(j, "ready", is_ready(r));
	json_put_text(j, "issuing", word(r, READY_ISSUING));
	json_put_text(j, "revoking", word(r, READY_REVOKING));
	json_put(j, "reasons", reasons);
}

void
ready_health(struct ready *r, const struct ready_view *v, struct json *j)
{
	struct json *full = json_array(), *stores = json_array(), *one;
	struct fault f;

	put_state(r, v, j);
	for (size_t i = 0; i < r->most_n; i++) {
		const struct usage *u = &r->most[i];

		one = json_object();
		json_put_text(one, "tenant", u->tenant);
		json_put_number(one, "used_bytes", (int64_t)u->used);
		json_put_number(one, "room_bytes", (int64_t)u->room);
		json_add(stores, one);
		if (!ledger_may_issue(u->used, u->room, &f))
			json_add_text(full, u->tenant);
	}
	json_put_text(j, "signer",
	    !v->line ? "away"
	    : r->asking && r->asked == r->signers && v->steady_us > r->asked_us + READY_SILENT_US
		? "silent"
		: "ok");
	json_put_number(j, "signer_restarts", (int64_t)r->signers);
	json_put_text(j, "clock", v->now_s < r->newest_s - WATCH_CLOCK_S ? "behind" : "ok");
	if (r->newest_s > 0)
		json_put_time(j, "newest_entry", r->newest_s);
	json_put_number(j, "tenants", (int64_t)r->tenants);
	json_put(j, "without_room", full);
	json_put(j, "stores", stores);
}

void
ready_serve(struct ready *r, const struct ready_view *v, struct exchange *x)
{
	struct json *j = json_object();
	struct fault f;

	put_state(r, v, j);
	x->type = "application/json";
	x->status = is_ready(r) ? 200 : 503;
	if (x->status == 503)
		exchange_header(x, "Retry-After", "2");
	if (!json_write(j, &x->reply, &f)) {
		bytes_clear(&x->reply);
		x->type = NULL;
		x->status = 503;
	}
	json_free(j);
}

static void
put_head(struct bytes *to, const char *name, const char *help)
{
	bytes_put_fmt(to, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

static void
put_gauge(struct bytes *to, const char *name, const char *help, uint64_t v)
{
	put_head(to, name, help);
	bytes_put_fmt(to, "%s %" PRIu64 "\n", name, v);
}

static void
put_logs(struct ready *r, const struct ready_view *v, struct bytes *to)
{
	struct log_number logs[READY_TENANTS_MAX];
	struct fault f;
	size_t n = 0;

	for (size_t i = 0; i < r->most_n; i++) {
		(void)snprintf(logs[n].tenant, sizeof(logs[n].tenant), "%s", r->most[i].tenant);
		n += log_number(r->realm, &logs[n], v->now_s, &f);
	}
	log_metrics(logs, n, to);
}

void
ready_metrics(struct ready *r, const struct ready_view *v, struct bytes *to)
{
	static const char used[] = "quatrain_store_used_bytes",
			  room[] = "quatrain_store_room_bytes";

	look(r, v);
	put_gauge(to, "quatrain_issuing", "1 if the service issues certificates now, 0 if not.",
	    (r->stopped & READY_ISSUING) == 0);
	put_gauge(to, "quatrain_revoking", "1 if the service revokes certificates now, 0 if not.",
	    (r->stopped & READY_REVOKING) == 0);
	put_gauge(to, "quatrain_checkpoints",
	    "1 if each log gets its checkpoints, 0 if one is no longer what was signed.",
	    (r->stopped & READY_CHECKPOINTS) == 0);
	put_gauge(to, "quatrain_tenants", "Tenants, the service's own not counted.", r->tenants);
	put_gauge(to, "quatrain_tenants_without_room",
	    "Tenants that issue nothing because their ledger or the disk is full.", r->no_issuing);
	put_head(to, used, "Octets that a tenant's ledger uses; the hundred largest.");
	for (size_t i = 0; i < r->most_n; i++)
		bytes_put_fmt(to, "%s{tenant=\"%s\"} %" PRIu64 "\n", used, r->most[i].tenant,
		    r->most[i].used);
	put_head(to, room, "Octets that it may grow to, by store_max and by the disk.");
	for (size_t i = 0; i < r->most_n; i++)
		bytes_put_fmt(to, "%s{tenant=\"%s\"} %" PRIu64 "\n", room, r->most[i].tenant,
		    r->most[i].room);
	put_logs(r, v, to);
}
