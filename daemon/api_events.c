/* daemon/api_events.c - the log as a stream of server-sent events; see api.h. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "ca/log.h"
#include "daemon/api.h"
#include "daemon/position.h"
#include "daemon/sse.h"
#include "policy/decide.h"

#define PAGE_OCTETS  65536 /* of a piece: more waits in the ledger */
#define PAGE_ROWS    1000  /* of one log looked at for a piece, wanted or not */
#define ACTS_MAX     16
#define HEARTBEAT_US INT64_C(15000000)
#define LIFE_US      INT64_C(3600000000)
#define RETRY_MS     1000 /* until a client whose stream ended comes again */

static const char word_act[] = "\"act\":\"";

/* One stream, as x->state. */
struct events {
	struct events *next; /* in api.streams */
	struct api *api;
	struct position at;
	struct {
		struct ledger *ledger;
		uint64_t edition; /* what was read to its end; 0: none yet */
	} log[POSITION_LOGS_MAX];
	bool all;          /* tenants to come, too */
	bool moved;        /* past what the client knows of: entries that it does not want */
	uint64_t platform; /* edition of the platform's ledger when who asks was judged */
	int64_t began_us, said_us, judged_us;
	size_t turn; /* the log that is read first next time */
	size_t acts_n;
	char acts[ACTS_MAX][TEXT_LABEL_MAX];
	char who[IDENTITY_TEXT_MAX];
};

/* Decide on what is known of the asker now, for every log that is followed. */
static bool
judge(struct events *s, struct exchange *x, struct fault *f)
{
	struct api_call c = { .api = s->api, .now_s = s->api->now_s() };
	struct object what = { .tenant = "" };
	struct identity who;
	struct verdict v = { .permit = true };

	s->judged_us = clock_steady_us();
	s->platform = store_edition(ledger_store(realm_platform(s->api->realm)));
	if (!api_who(&c, x, &who, f))
		return false;
	for (size_t i = 0; v.permit && i < s->at.n; i++) {
		memcpy(what.tenant, s->at.at[i].tenant, sizeof(what.tenant));
		decide(&who, ACT_READ, &what, &v);
		if (v.permit && !api_rule(s->api, x, &who, false, &what, f))
			return false;
	}
	identity_text(&who, s->who);
	return v.permit || fault_set(f, FAULT_DENIED, "policy: %s: %s", v.rule, v.reason);
}

static bool
add_log(struct events *s, const char *tenant, struct fault *f)
{
	size_t i = s->at.n;

	if (i == POSITION_LOGS_MAX)
		return fault_set(f, FAULT_BADREQ,
		    "tenant: a stream follows %d logs at the most: name them, and open more streams",
		    POSITION_LOGS_MAX);
	if (position_find(&s->at, tenant) < i)
		return fault_set(f, FAULT_BADREQ, "tenant: %s is named twice", tenant);
	if (!realm_ledger(s->api->realm, tenant, &s->log[i].ledger, f))
		return false;
	memcpy(s->at.at[i].tenant, tenant, strlen(tenant) + 1);
	s->at.at[i].next = 0;
	s->log[i].edition = 0;
	s->at.n++;
	return true;
}

/* Every tenant that there is, and is not followed yet. */
static bool
add_all(struct events *s, struct fault *f)
{
	struct bytes labels = { 0 };
	bool ok = realm_labels(s->api->realm, &labels, f);

	for (size_t i = 0; ok && i < labels.n; i += strlen((const char *)labels.at + i) + 1) {
		const char *tenant = (const char *)labels.at + i;

		ok = position_find(&s->at, tenant) < s->at.n || add_log(s, tenant, f);
	}
	bytes_free(&labels);
	return ok;
}

static bool
read_tenants(struct events *s, const struct exchange *x, struct fault *f)
{
	char tenant[TEXT_LABEL_MAX];
	bool found;

	for (size_t i = 0; api_query_at(x, "tenant", i, tenant, sizeof(tenant), &found, f); i++) {
		if (!found) {
			s->all = i == 0;
			return i > 0 || add_all(s, f);
		}
		if (!text_is_label(tenant))
			return fault_set(f, FAULT_BADREQ, "tenant: expected a tenant's name");
		if (!add_log(s, tenant, f))
			return false;
	}
	return false;
}

static bool
read_acts(struct events *s, const struct exchange *x, struct fault *f)
{
	bool found;

	for (size_t i = 0; i <= ACTS_MAX; i++) {
		char act[TEXT_LABEL_MAX];

		if (!api_query_at(x, "act", i, act, sizeof(act), &found, f))
			return false;
		if (!found)
			return true;
		if (i == ACTS_MAX || act[0] == '\0')
			break;
		memcpy(s->acts[s->acts_n++], act, sizeof(act));
	}
	return fault_set(
	    f, FAULT_BADREQ, "act: expected at most %d beginnings of acts, none empty", ACTS_MAX);
}

/* The id of the last event that the client saw: each log in it goes on there. */
static bool
resume(struct events *s, const struct exchange *x, struct fault *f)
{
	struct position was;
	struct log_edge edge;

	if (!position_read(x->last_event_id, &was, f))
		return false;
	for (size_t i = 0; i < was.n; i++)
		if (position_find(&s->at, was.at[i].tenant) == s->at.n)
			return fault_set(f, FAULT_BADREQ,
			    "events: Last-Event-ID names %s, which this stream does not follow",
			    was.at[i].tenant);
	for (size_t i = 0; i < s->at.n; i++) {
		size_t k = position_find(&was, s->at.at[i].tenant);

		if (!log_edge_read(s->log[i].ledger, &edge, f))
			return false;
		/* Of a stream of all, a log that is not in it was made since. */
		s->at.at[i].next = k < was.n ? was.at[k].next : s->all ? 0 : edge.size;
		if (s->at.at[i].next > edge.size)
			return fault_set(f, FAULT_CONFLICT,
			    "events: the log of %s has %llu entries, and Last-Event-ID is past them: it is not the log that was followed",
			    s->at.at[i].tenant, (unsigned long long)edge.size);
	}
	return true;
}

/* Without an id: from now on, or from an index of the one log. */
static bool
start(struct events *s, const struct exchange *x, struct fault *f)
{
	struct log_edge edge = { .size = 0 };
	char after[24], *end;
	uint64_t from;

	if (!api_query(x, "after", after, sizeof(after), f))
		return false;
	for (size_t i = 0; i < s->at.n; i++) {
		if (!log_edge_read(s->log[i].ledger, &edge, f))
			return false;
		s->at.at[i].next = edge.size;
	}
	if (after[0] == '\0')
		return true;
	from = strtoull(after, &end, 10);
	if (after[0] < '0' || after[0] > '9' || *end != '\0' || s->at.n != 1 || s->all ||
	    from > edge.size)
		return fault_set(f, FAULT_BADREQ,
		    "after: expected how many entries of the one tenant named you have, up to all there are");
	s->at.at[0].next = from;
	return true;
}

static void
put_id(struct events *s, size_t first, struct bytes *to)
{
	bytes_clear(to);
	position_write(&s->at, first, to);
	s->moved = false;
}

static struct octets
act_of(struct octets line)
{
	const uint8_t *at = memmem(line.at, line.n, word_act, sizeof(word_act) - 1), *end;

	if (at == NULL)
		return octets_of(NULL, 0);
	at += sizeof(word_act) - 1;
	end = memchr(at, '"', (size_t)(line.at + line.n - at));
	return octets_of(at, end == NULL ? 0 : (size_t)(end - at));
}

static bool
is_wanted(const struct events *s, struct octets act)
{
	for (size_t i = 0; i < s->acts_n; i++)
		if (act.n >= strlen(s->acts[i]) &&
		    memcmp(act.at, s->acts[i], strlen(s->acts[i])) == 0)
			return true;
	return s->acts_n == 0;
}

struct gather {
	struct events *s;
	size_t log, rows;
	struct bytes *to, id;
	bool full, torn;
};

static bool
put_entry(void *with, struct octets key, struct octets value)
{
	struct gather *g = with;
	struct events *s = g->s;
	struct octets act = act_of(value);
	uint8_t due[8];

	if (!octets_same(key, octets_u64(s->at.at[g->log].next, due))) {
		g->torn = true; /* an entry is missing: nothing may look as if none was */
		return false;
	}
	if (g->to->n >= PAGE_OCTETS || g->rows++ == PAGE_ROWS) {
		g->full = true;
		return false;
	}
	s->at.at[g->log].next++;
	s->moved = true;
	if (is_wanted(s, act)) {
		put_id(s, g->log, &g->id);
		sse_put(g->to, octets_bytes(&g->id), act, value);
	}
	return true;
}

/* What one log has behind the position. */
static bool
gather(struct events *s, size_t i, struct bytes *to, struct fault *f)
{
	struct gather g = { .s = s, .log = i, .to = to };
	struct store *store = ledger_store(s->log[i].ledger);
	uint64_t edition;
	uint8_t key[8];
	bool ok;

	if (store_is_at(store, s->log[i].edition))
		return true;
	edition = store_edition(store);
	ok = store_scan(
		 store, TABLE_LOG, octets_u64(s->at.at[i].next, key), SIZE_MAX, put_entry, &g, f) &&
	     bytes_ok(&g.id, f);
	if (ok && g.torn)
		ok = fault_set(
		    f, FAULT_INTERNAL, "events: an entry of %s is missing", s->at.at[i].tenant);
	if (ok && !g.full)
		s->log[i].edition = edition;
	bytes_free(&g.id);
	return ok;
}

/* Why one ended that nobody asked to end. */
static bool
end(const struct events *s, const struct exchange *x, const struct fault *f)
{
	log_fact(f->code == FAULT_INTERNAL ? LOG_ERROR : LOG_INFO, "stream-ended", "by", s->who,
	    "from", x->source, "why", f->text, NULL);
	return false;
}

/* May it go on? Asked whenever anything of the platform's changed, and with each heartbeat. */
static bool
still(struct events *s, struct exchange *x, int64_t now_us)
{
	struct fault f;

	if (now_us - s->judged_us < HEARTBEAT_US &&
	    store_is_at(ledger_store(realm_platform(s->api->realm)), s->platform))
		return true;
	return ((!s->all || add_all(s, &f)) && judge(s, x, &f)) || end(s, x, &f);
}

/* A sign of life, and how far it is where the client does not know. */
static void
beat(struct events *s, struct bytes *to)
{
	struct bytes id = { 0 };

	bytes_put_text(to, ":\n");
	if (!s->moved)
		return;
	put_id(s, 0, &id);
	sse_put(to, octets_bytes(&id), octets_of(NULL, 0), octets_of(NULL, 0));
	bytes_free(&id);
}

static bool
pull(struct exchange *x)
{
	struct events *s = x->state;
	int64_t now_us = clock_steady_us();
	struct fault f;

	if (now_us - s->began_us >= LIFE_US || !still(s, x, now_us))
		return false;
	for (size_t i = 0; i < s->at.n && x->reply.n < PAGE_OCTETS; i++)
		if (!gather(s, (s->turn + i) % s->at.n, &x->reply, &f))
			return end(s, x, &f);
	s->turn = s->at.n == 0 ? 0 : (s->turn + 1) % s->at.n;
	if (x->reply.n == 0 && now_us - s->said_us < HEARTBEAT_US)
		return true;
	if (x->reply.n == 0)
		beat(s, &x->reply);
	s->said_us = now_us;
	return true;
}

static void
over(struct exchange *x)
{
	struct events *s = x->state;

	for (struct events **at = &s->api->streams; *at != NULL; at = &(*at)->next)
		if (*at == s) {
			*at = s->next;
			return;
		}
}

size_t
api_events_open(const struct api *a)
{
	size_t n = 0;

	for (const struct events *at = a->streams; at != NULL; at = at->next)
		n++;
	return n;
}

static bool
take_seat(struct events *s, struct fault *f)
{
	size_t all = 0, own = 0;

	for (const struct events *at = s->api->streams; at != NULL; at = at->next) {
		all++;
		own += strcmp(at->who, s->who) == 0;
	}
	if (all >= API_STREAMS_MAX || own >= API_STREAMS_EACH)
		return fault_set(f, FAULT_BUSY,
		    "events: %zu streams are open here, %zu of them yours, of at most %d and %d",
		    all, own, API_STREAMS_MAX, API_STREAMS_EACH);
	s->next = s->api->streams;
	s->api->streams = s;
	return true;
}

bool
api_events(const struct api_call *c, struct fault *f)
{
	struct events *s = calloc(1, sizeof(*s));
	struct exchange *x = c->x;
	struct bytes id = { 0 };

	if (s == NULL)
		return fault_set(f, FAULT_INTERNAL, "events: out of memory");
	s->api = c->api;
	s->began_us = s->said_us = clock_steady_us();
	if (!read_tenants(s, x, f) || !read_acts(s, x, f) ||
	    !(x->last_event_id.n > 0 ? resume(s, x, f) : start(s, x, f)) || !judge(s, x, f) ||
	    !take_seat(s, f)) {
		free(s);
		return false;
	}
	x->state = s;
	x->pull = pull;
	x->over = over;
	x->status = 200;
	x->type = "text/event-stream";
	exchange_header(x, "Cache-Control", "no-store");
	/* At once, where it begins: a client that loses this stream before its first event misses
	 * none. */
	bytes_put_fmt(&x->reply, "retry: %d\n", RETRY_MS);
	put_id(s, 0, &id);
	sse_put(&x->reply, octets_bytes(&id), octets_of(NULL, 0), octets_of(NULL, 0));
	bytes_free(&id);
	return true;
}
