/* daemon/gate.c - see gate.h. */
#include "daemon/gate.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/api.h"
#include "daemon/rule_act.h"

_Static_assert(EXCHANGE_ROOM_OCTETS >= sizeof(uint64_t), "a turn stands in a connection's room");
_Static_assert(EXCHANGE_DECISION_MAX == POLICIES_ID_LETTERS + 1, "ids of decisions are one size");

#define REFUSED UINT64_MAX /* a turn that never comes: what was told is not told again */

static uint64_t
turn_of(const uint8_t *room)
{
	uint64_t turn;

	memcpy(&turn, room, sizeof(turn));
	return turn;
}

static void
set_turn(uint8_t *room, uint64_t turn)
{
	memcpy(room, &turn, sizeof(turn));
}

static void
note(struct gate *g, struct activity_fact *fact, const struct ruling *v)
{
	char set[2 * DOCUMENT_DIGEST_OCTETS + 1];

	if (g->note == NULL)
		return;
	fact->policy = "built-in";
	if (v->asked) {
		text_hex(v->set, sizeof(v->set), set);
		fact->policy = set;
		fact->id = v->id;
		fact->code = decision_word(v->code);
		fact->rule = v->rule;
	}
	g->note(g->activity, fact);
}

static void
refuse(struct exchange *x, const struct ruling *v, const struct fault *why)
{
	memcpy(x->decision, v->id, sizeof(x->decision));
	api_problem(x, why);
	x->close = true;
}

bool
gate_pass(
    struct gate *g, struct exchange *x, const struct identity *who, const struct identified *also)
{
	struct identity asker = *who;
	struct evidence of;
	struct request asked;
	struct ruling v = { .permit = false };
	struct anomaly_score score = { .n = 0 };
	const struct rule_connect c = { .who = &asker,
		.of = &of,
		.to = g->service,
		.now_s = clock_now_s(),
		.peek = x->room != NULL && turn_of(x->room) != 0,
		.habits = g->habits,
		.score = &score };
	struct activity_fact fact = { .act = ACTIVITY_CONNECT,
		.tenant = who->tenant,
		.request = &asked,
		.anomaly = &score,
		.from = x->source,
		.stranger = x->address,
		.now_s = c.now_s };
	struct fault f;

	if (x->room != NULL && turn_of(x->room) == g->turn)
		return true;
	(void)snprintf(asker.source, sizeof(asker.source), "%s", x->source);
	if (!evidence_of(g->realm, x->peer, who, also, &of, &f) ||
	    !rule_connect(g->policies, &c, &asked, &v, &f)) {
		refuse(x, &v, &f);
		return false;
	}
	fact.permit = v.permit;
	if (!c.peek || !v.permit)
		note(g, &fact, &v);
	if (x->room != NULL)
		set_turn(x->room, g->turn);
	if (v.permit)
		return true;
	(void)!policies_refuse(&v, &f);
	refuse(x, &v, &f);
	return false;
}

void
gate_refused(struct gate *g, struct exchange *x, const struct identity *who,
    const struct identified *also, const struct fault *why)
{
	const struct ruling nobody = { .permit = false };
	struct evidence of;
	struct request asked;
	struct activity_fact fact = { .act = ACTIVITY_CONNECT,
		.tenant = who->tenant,
		.why = why->text,
		.from = x->source,
		.stranger = x->address,
		.now_s = clock_now_s() };
	struct fault f;

	if (x->room != NULL && turn_of(x->room) == REFUSED)
		return;
	if (who->tenant[0] != '\0' && evidence_of(g->realm, x->peer, who, also, &of, &f)) {
		evidence_request(&of, "connect", x->source, fact.now_s, &asked);
		fact.request = &asked;
	}
	note(g, &fact, &nobody);
	if (x->room != NULL)
		set_turn(x->room, REFUSED);
}

void
gate_served(struct gate *g, const struct exchange *x)
{
	const struct habits_event event = { .foreign = true };
	struct identified also;
	struct anomaly_score score;
	struct identity who;
	struct evidence of;
	struct request asked;
	struct fault f;

	if (x->status != 403 || x->peer.n == 0 || x->room == NULL || turn_of(x->room) != g->turn ||
	    !api_is(x) || !identify(g->realm, x->peer, clock_now_s(), &who, &also, &f) ||
	    who.kind != IDENTITY_ENDPOINT || !evidence_of(g->realm, x->peer, &who, &also, &of, &f))
		return;
	evidence_request(&of, "api", x->source, clock_now_s(), &asked);
	habits_weigh(g->habits, &asked, &event, &score);
}

/* Who is judged once for all the connections that stand side by side: a device may have thousands.
 */
struct judged {
	struct gate *gate;
	int64_t now_s, began_us;
	struct bytes peer;
	char host[EXCHANGE_SOURCE_MAX]; /* without its port */
	bool over;
	bool known; /* of and asked are filled in */
	struct identity who;
	struct identified also;
	struct evidence of;
	struct request asked;
	struct ruling ruling;
	char why[FAULT_TEXT_MAX];
};

static void
host_of(const char *source, char to[static EXCHANGE_SOURCE_MAX])
{
	const char *end = strrchr(source, ':');

	(void)snprintf(to, EXCHANGE_SOURCE_MAX, "%.*s",
	    end == NULL ? (int)strlen(source) : (int)(end - source), source);
}

static bool
would_refuse(struct judged *j, const char *source)
{
	struct anomaly_score score;
	const struct rule_connect c = { .who = &j->who,
		.of = &j->of,
		.to = j->gate->service,
		.now_s = j->now_s,
		.peek = true,
		.habits = j->gate->habits,
		.score = &score };
	struct fault f;

	(void)snprintf(j->who.source, sizeof(j->who.source), "%s", source);
	if (!evidence_of(j->gate->realm, octets_bytes(&j->peer), &j->who, &j->also, &j->of, &f) ||
	    !rule_connect(j->gate->policies, &c, &j->asked, &j->ruling, &f)) {
		(void)snprintf(j->why, sizeof(j->why), "%s", f.text);
		return true;
	}
	j->known = true;
	(void)snprintf(
	    j->why, sizeof(j->why), "policy: %.100s: %.80s", j->ruling.rule, j->ruling.reason);
	return !j->ruling.permit;
}

static bool
judge(struct judged *j, const char *source)
{
	struct fault f;

	j->known = false;
	j->ruling = (struct ruling){ .permit = true };
	j->who = (struct identity){ .good = false };
	if (!identify(j->gate->realm, octets_bytes(&j->peer), j->now_s, &j->who, &j->also, &f)) {
		/* else a manufacturer's, which no change of ours ends */
		(void)snprintf(j->why, sizeof(j->why), "%s", f.text);
		return f.code == FAULT_INTERNAL;
	}
	if (!j->who.good) {
		(void)snprintf(j->why, sizeof(j->why), "%s", j->also.why);
		return !identify_late(&j->also);
	}
	return would_refuse(j, source);
}

static void
note_cut(struct judged *j, const struct http_peer *p)
{
	struct activity_fact fact = { .act = ACTIVITY_CUT,
		.tenant = j->who.tenant,
		.request = j->known ? &j->asked : NULL,
		.why = j->why,
		.from = p->source,
		.took_us = (uint64_t)(clock_steady_us() - j->began_us),
		.now_s = j->now_s };

	note(j->gate, &fact, &j->ruling);
}

static bool
is_over(void *with, const struct http_peer *p)
{
	struct judged *j = with;
	char host[EXCHANGE_SOURCE_MAX];

	host_of(p->source, host);
	if (!octets_same(p->peer, octets_bytes(&j->peer)) || strcmp(host, j->host) != 0) {
		bytes_clear(&j->peer);
		bytes_put_octets(&j->peer, p->peer);
		memcpy(j->host, host, sizeof(host));
		j->over = judge(j, p->source);
	}
	if (j->over)
		note_cut(j, p);
	else if (turn_of(p->room) != 0)
		set_turn(p->room, j->gate->turn);
	return j->over;
}

unsigned
gate_cut(struct gate *g)
{
	struct judged j = { .gate = g, .now_s = clock_now_s(), .began_us = clock_steady_us() };
	char count[16], took[24];
	unsigned n;

	g->turn++;
	n = http_cut(g->http, is_over, &j);
	bytes_free(&j.peer);
	if (n == 0)
		return 0;
	(void)snprintf(count, sizeof(count), "%u", n);
	(void)snprintf(took, sizeof(took), "%lld", (long long)(clock_steady_us() - j.began_us));
	log_fact(LOG_INFO, "cut", "connections", count, "us", took, NULL);
	return n;
}

void
gate_tick(struct gate *g)
{
	uint64_t policies = policies_turn(g->policies);
	int64_t minute = clock_now_s() / 60;

	if (policies == g->policies_turn && minute == g->minute)
		return;
	/* Without a policy nothing of it hangs on the clock. */
	if (policies != g->policies_turn || policies_any(g->policies))
		(void)gate_cut(g);
	g->policies_turn = policies_turn(g->policies);
	g->minute = minute;
}
