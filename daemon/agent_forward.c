/* daemon/agent_forward.c - what is asked of the relay next, and what its answers make of the jobs;
 * see agent_under.h. The messages are relay/forward.h's. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "daemon/agent_under.h"

#define SECOND_US  INT64_C(1000000)
#define HOLD_MAX_S 60         /* between two tries, while the network is away */
#define KEY_S      (6 * 3600) /* until the release certificate is asked for again */
#define KEY_TRY_S  60
#define LOOK_S     30           /* what became of the jobs; */
#define LOOK_SOON  2            /* where somebody here asks */
#define KNOWN_S    (90 * 86400) /* a job that the relay has is remembered here */
#define SMALL      16384        /* so much is sent before an answer could come */
#define TYPE       "application/ipp"

/* ---- what there is to do ---- */

struct search {
	struct agent *a;
	struct job found; /* id 0: none */
	bool (*is_it)(const struct agent *a, const struct job *j);
};

static bool
is_to_print(const struct agent *a, const struct job *j)
{
	(void)a;
	return forward_id(j) == 0 && (j->reasons & JOB_INCOMING) == 0 && j->envelope.n > 0;
}

static bool
is_to_cancel(const struct agent *a, const struct job *j)
{
	(void)a;
	return j->state == JOB_CANCELED && j->lease_s == 0;
}

static bool
is_to_look(const struct agent *a, const struct job *j)
{
	(void)a;
	return forward_id(j) > 0;
}

static bool
visit(void *with, const struct job *j)
{
	struct search *s = with;

	if (!s->is_it(s->a, j))
		return true;
	s->found.id = j->id;
	return false;
}

/* The first that is it from that number on. False: there is none. */
static bool
search(struct agent *a, bool over, uint32_t from,
    bool (*is_it)(const struct agent *a, const struct job *j), struct job *ret)
{
	struct search s = { .a = a, .is_it = is_it };
	struct fault f;

	if (!spool_each(a->spool, a->tenant, over, from, visit, &s, &f) ||
	    (s.found.id > 0 && !spool_get(a->spool, a->tenant, s.found.id, ret, &f))) {
		log_fact(LOG_ERROR, "spool", "why", f.text, NULL);
		return false;
	}
	return s.found.id > 0;
}

/* ---- what becomes of a job here ---- */

static void
tell(const char *event, const struct job *j)
{
	char uuid[2 * DOCUMENT_UUID + 1], id[16];

	text_hex(j->uuid, sizeof(j->uuid), uuid);
	(void)snprintf(id, sizeof(id), "%u", forward_id(j));
	log_fact(LOG_INFO, event, "uuid", uuid, "there", id, "state", job_state_message(j), NULL);
}

static void
keep(struct agent *a, const struct job *j, bool drop)
{
	struct fault f;

	if (drop)
		agent_pins_drop(&a->pins, j->uuid);
	if (!spool_put(a->spool, j, drop, &f))
		log_fact(LOG_ERROR, "spool", "why", f.text, NULL);
}

/* It is over, and not by anybody's wish here: says why. */
static void
give_up(struct agent *a, struct job *j, const char *why)
{
	if (job_is_over(j))
		return;
	j->state = JOB_ABORTED;
	j->reasons = JOB_ABORTED_BY_SYSTEM;
	j->changed_s = j->completed_s = clock_now_s();
	(void)snprintf(j->says, sizeof(j->says), "%s", why);
	keep(a, j, true);
	tell("refused", j);
}

/* ---- asking ---- */

static void
ask(struct agent *a, enum agent_task task, uint32_t job, struct agent_request *r)
{
	struct fault f;

	if (!bytes_ok(&r->head, &f)) {
		bytes_free(&r->head);
		return;
	}
	a->task = task;
	a->job = job;
	agent_link_ask(a->link, r);
}

static void
ask_key(struct agent *a)
{
	struct agent_request r = { .method = "GET" };

	(void)snprintf(r.url, sizeof(r.url), "%s/release-key", a->conf->relay);
	ask(a, TASK_KEY, 0, &r);
}

static void
ask_about(struct agent *a, enum agent_task task, const struct job *j)
{
	const struct forward_to to = { a->conf->relay, j->printer };
	struct agent_request r = { .method = "POST", .type = TYPE };

	if (!forward_url(&to, r.url))
		return;
	if (task == TASK_PRINT || task == TASK_PROBE)
		forward_print(&r.head, &to, j,
		    task == TASK_PRINT ? agent_pins_get(&a->pins, j->uuid) : (struct octets){ 0 });
	else if (task == TASK_ALLOW)
		forward_validate(&r.head, &to, j);
	else if (task == TASK_FIND)
		forward_find(&r.head, &to, j);
	else if (task == TASK_CANCEL)
		forward_cancel(&r.head, &to, forward_id(j));
	else
		forward_look(&r.head, &to, forward_id(j));
	if (task == TASK_PRINT) {
		r.octets = document_sealed_octets(j->octets);
		a->tried = j->id;
	}
	ask(a, task, j->id, &r);
}

/* PINs are in memory alone (daemon/agent_pin.h). */
static bool
has_its_pin(const struct agent *a, const struct job *j)
{
	return j->release != JOB_RELEASE_PASSWORD || agent_pins_get(&a->pins, j->uuid).n > 0;
}

/*
 * A large document is not begun before the relay would take it and has not got it already: an
 * answer that comes while it is sent is lost with the connection.
 */
static enum agent_task
how_to_print(const struct agent *a, const struct job *j)
{
	if (!has_its_pin(a, j))
		return TASK_PROBE;
	if (j->octets <= SMALL || a->probed == j->id)
		return TASK_PRINT;
	return a->tried == j->id || j->created_s <= a->started_s ? TASK_PROBE : TASK_ALLOW;
}

/* One round over all that the relay has. */
static bool
look_on(struct agent *a, int64_t now_us)
{
	struct job j = { .id = 0 };
	bool any;

	if (now_us < a->look_due_us)
		return false;
	any = search(a, false, a->look_from, is_to_look, &j);
	if (any) {
		a->look_from = j.id + 1;
		ask_about(a, TASK_LOOK, &j);
	} else {
		a->look_from = 0;
		a->look_due_us = now_us + LOOK_S * SECOND_US;
	}
	job_free(&j);
	return any;
}

void
agent_forward(struct agent *a)
{
	int64_t now_us = clock_steady_us();
	struct job j = { .id = 0 };

	if (a->own.n == 0 || a->task != TASK_NONE || now_us < a->held_until_us)
		return;
	if (search(a, false, 0, is_to_print, &j))
		ask_about(a, how_to_print(a, &j), &j);
	else if (search(a, true, 0, is_to_cancel, &j))
		ask_about(a, forward_id(&j) == 0 ? TASK_FIND : TASK_CANCEL, &j);
	else if (now_us >= a->key_due_us)
		ask_key(a);
	else
		(void)look_on(a, now_us);
	job_free(&j);
}

void
agent_forward_soon(struct agent *a)
{
	int64_t now_us = clock_steady_us();

	if (a->held_until_us > now_us + SECOND_US)
		a->held_until_us = now_us + SECOND_US;
	if (a->look_from == 0 && a->look_due_us > now_us + LOOK_SOON * SECOND_US)
		a->look_due_us = now_us + LOOK_SOON * SECOND_US;
}

/* ---- answers ---- */

/* Not now: all wait, for the relay is the same for all. */
static void
hold(struct agent *a, int64_t retry_after_s, const char *why)
{
	int64_t wait_us = SECOND_US;
	uint64_t luck;
	char seconds[24];

	for (unsigned i = 0; i < a->failures && wait_us < HOLD_MAX_S * SECOND_US; i++)
		wait_us *= 2;
	if (wait_us > HOLD_MAX_S * SECOND_US)
		wait_us = HOLD_MAX_S * SECOND_US;
	secret_nonce(&luck, sizeof(luck));
	wait_us -=
	    (int64_t)(luck % (uint64_t)(wait_us / 2)); /* many PCs, one network that returns */
	if (retry_after_s * SECOND_US > wait_us)
		wait_us = (retry_after_s > HOLD_MAX_S ? HOLD_MAX_S : retry_after_s) * SECOND_US;
	a->failures++;
	a->probed = 0;
	a->held_until_us = clock_steady_us() + wait_us;
	(void)snprintf(seconds, sizeof(seconds), "%" PRId64 ".%" PRId64, wait_us / SECOND_US,
	    wait_us % SECOND_US / 100000);
	if (a->failures == 1 || a->failures % 16 == 0)
		log_fact(LOG_WARN, "relay", "why", why, "again_s", seconds, NULL);
}

/* The relay has it: the document and what opens it leave this machine's disk. */
static void
printed(struct agent *a, struct job *j, const struct forward_answer *r)
{
	if (r->verdict == FORWARD_DONE && r->id > 0) {
		(void)forward_take(j, r, clock_now_s());
		if (!job_is_over(j))
			j->expires_s = clock_now_s() + KNOWN_S;
		keep(a, j, true);
		tell("forwarded", j);
		a->look_due_us = clock_steady_us() + LOOK_SOON * SECOND_US;
	} else if (r->verdict == FORWARD_DONE)
		hold(a, 0, "agent: the relay took a job, and does not say which");
	else
		give_up(a, j, r->says[0] != '\0' ? r->says : "the relay refused it");
}

static void
probed(struct agent *a, struct job *j, const struct forward_answer *r)
{
	bool missing = r->verdict == FORWARD_REFUSED && r->status == 0x0400;

	/* Nothing is wrong with it; or only that it has no document yet. */
	if (a->task == TASK_ALLOW ? r->verdict == FORWARD_DONE : missing) {
		a->probed = j->id;
		if (!has_its_pin(a, j))
			give_up(a, j, "its PIN was lost when the agent ended; print it again");
	} else
		printed(a, j, r);
}

static void
canceled(struct agent *a, struct job *j, const struct forward_answer *r)
{
	if (a->task == TASK_FIND && r->verdict == FORWARD_DONE && r->id > 0)
		j->epoch = r->id;
	else
		j->lease_s = clock_now_s(); /* told; or there is nothing that could be */
	keep(a, j, false);
	tell("canceled", j);
}

static void
looked(struct agent *a, struct job *j, const struct forward_answer *r)
{
	if (r->verdict == FORWARD_GONE)
		give_up(a, j, "the relay has it no more");
	else if (r->verdict == FORWARD_DONE && r->id == forward_id(j) &&
		 forward_take(j, r, clock_now_s())) {
		if (job_is_over(j))
			j->lease_s = clock_now_s();
		keep(a, j, false);
		tell("job", j);
	}
}

/* An answer in IPP about a job of ours. */
static void
answered(struct agent *a, struct job *j, const struct agent_link_news *news)
{
	struct forward_answer r;
	struct fault f;
	char why[96];

	if (news->status == 400 || news->status == 413 || news->status == 415) {
		(void)snprintf(why, sizeof(why), "the relay refused it (HTTP %ld)", news->status);
		give_up(a, j, why);
		return;
	}
	if (news->status != 200) {
		(void)snprintf(why, sizeof(why), "agent: the relay says HTTP %ld", news->status);
		hold(a, news->retry_after_s, why);
		return;
	}
	if (!forward_read(octets_bytes(&news->body), &r, &f)) {
		hold(a, 0, f.text);
		return;
	}
	if (r.verdict == FORWARD_LATER) {
		hold(a, 0, r.says[0] != '\0' ? r.says : "agent: the relay says: later");
		return;
	}
	a->failures = 0;
	if (a->task == TASK_PRINT)
		printed(a, j, &r);
	else if (a->task == TASK_PROBE || a->task == TASK_ALLOW)
		probed(a, j, &r);
	else if (a->task == TASK_LOOK)
		looked(a, j, &r);
	else
		canceled(a, j, &r);
}

static void
key_came(struct agent *a, const struct agent_link_news *news)
{
	struct fault f;
	char status[16];

	a->key_due_us = clock_steady_us() + KEY_TRY_S * SECOND_US;
	if (news->status != 200) {
		(void)snprintf(status, sizeof(status), "HTTP %ld", news->status);
		log_fact(LOG_WARN, "release-key", "why", status, NULL);
	} else if (!agent_self_release(a, octets_bytes(&news->body), &f))
		log_fact(LOG_ERROR, "release-key", "why", f.text, NULL);
	else {
		a->failures = 0;
		a->key_due_us = clock_steady_us() + KEY_S * SECOND_US;
		log_fact(LOG_INFO, "release-key", "is", "known", NULL);
	}
}

static void
over(struct agent *a, const struct agent_link_news *news)
{
	struct job j = { .id = 0 };
	struct fault f;

	if (!news->ok)
		hold(a, 0, news->why.text);
	else if (a->task == TASK_KEY)
		key_came(a, news);
	else if (spool_get(a->spool, a->tenant, a->job, &j, &f))
		answered(a, &j, news);
	job_free(&j);
	a->task = TASK_NONE;
}

/* Octets of the document that is being sent; none of a job that was ended meanwhile. */
static void
give(struct agent *a, uint64_t offset, size_t n)
{
	struct bytes piece = { 0 };
	struct job j = { .id = 0 };
	struct fault f;
	bool ok = spool_get(a->spool, a->tenant, a->job, &j, &f);

	if (ok && !job_is_over(&j) && !spool_read(a->spool, &j, 1, offset, n, &piece, &f)) {
		bytes_clear(&piece);
		give_up(a, &j, "its document cannot be read any more");
		log_fact(LOG_ERROR, "spool", "why", f.text, NULL);
	}
	agent_link_give(a->link, octets_bytes(&piece));
	bytes_free(&piece);
	job_free(&j);
}

void
agent_forward_news(void *with)
{
	struct agent *a = with;
	struct agent_link_news news;
	enum agent_news what = agent_link_look(a->link, &news);

	if (what == AGENT_WANTS)
		give(a, news.offset, news.n);
	else if (what == AGENT_ANSWER) {
		over(a, &news);
		bytes_free(&news.body);
	}
	agent_printer_turn(a);
	if (!a->turn_ends)
		agent_forward(a);
}
