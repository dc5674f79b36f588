/* daemon/served.c - see served.h. */
#include "daemon/served.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"

#define SHOWN_OCTETS 200 /* of a path */

/* A reply as texts, for its line. */
struct told {
	char status[16], path[SHOWN_OCTETS], us[24], method[20], unsaid[24];
	char trace[2 * TRACE_ID_OCTETS + 1], span[2 * TRACE_SPAN_OCTETS + 1];
	char state[TRACE_STATE_MAX + 1];
};

static void
put_octets(char *to, size_t size, struct octets o)
{
	(void)snprintf(to, size, "%.*s", (int)o.n, o.n == 0 ? "" : (const char *)o.at);
}

static void
put_told(struct told *t, const struct exchange *x, int64_t took_us, uint64_t unsaid)
{
	struct trace trace = x->trace;

	trace_begin(&trace); /* what refers to nothing can still be referred to */
	trace_ids(&trace, t->trace, t->span);
	(void)snprintf(t->unsaid, sizeof(t->unsaid), "%llu", (unsigned long long)unsaid);
	(void)snprintf(t->status, sizeof(t->status), "%u", x->status);
	(void)snprintf(t->us, sizeof(t->us), "%lld", (long long)took_us);
	put_octets(t->method, sizeof(t->method), x->method);
	put_octets(t->path, sizeof(t->path), x->path);
	put_octets(t->state, sizeof(t->state), x->tracestate);
}

/* What only some replies have, as pairs; none behind the last. */
struct extras {
	size_t n;
	const char *pair[4][2];
};

static void
add(struct extras *e, bool wanted, const char *name, const char *value)
{
	if (!wanted)
		return;
	e->pair[e->n][0] = name;
	e->pair[e->n++][1] = value;
}

void
served_tell(const struct exchange *x, int64_t took_us, struct pace *lines)
{
	bool refused = x->status >= 400 || x->why[0] != '\0';
	enum log_level level = x->status >= 500 ? LOG_WARN : LOG_INFO;
	struct extras e = { .n = 0 };
	uint64_t unsaid = 0;
	struct told t;

	if (refused ? !pace_take(lines, clock_steady_us(), &unsaid) : !log_wants(LOG_DEBUG))
		return;
	put_told(&t, x, took_us, unsaid);
	add(&e, x->decision[0] != '\0', "decision", x->decision);
	add(&e, x->tracestate.n > 0, "tracestate", t.state);
	add(&e, unsaid > 0, "unsaid", t.unsaid);
	log_fact(refused ? level : LOG_DEBUG, refused ? "refused" : "answered", "status", t.status,
	    "method", t.method, "path", t.path, "from", x->source, "why", x->why, "us", t.us,
	    "trace", t.trace, "span", t.span, e.pair[0][0], e.pair[0][1], e.pair[1][0],
	    e.pair[1][1], e.pair[2][0], e.pair[2][1], NULL);
}
