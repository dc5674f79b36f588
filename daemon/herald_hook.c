/* daemon/herald_hook.c - see herald_internal.h: one webhook, a post at a time. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "ca/log.h"
#include "ca/log_trace.h"
#include "daemon/herald_internal.h"

#define GONE 410

static const char *
word_of(const struct posted *how, char to[static POST_WHY_MAX])
{
	if (how->status == 0)
		return how->why;
	if (how->status >= 300 && how->status < 400)
		(void)snprintf(
		    to, POST_WHY_MAX, "a redirect (%ld), which is not followed", how->status);
	else
		(void)snprintf(to, POST_WHY_MAX, "the receiver answered %ld", how->status);
	return to;
}

static bool
is_taken(const struct posted *how)
{
	return how->status >= 200 && how->status < 300;
}

/* A receiver that says what it got is wrong: waiting alone will not mend it. */
static bool
is_refusal(long status)
{
	return status >= 400 && status < 500 && status != 408 && status != 429;
}

/* One line when it begins, one more when the receiver refuses; what follows is counted. */
static void
failed(struct hook *k, const char *why, long status, int64_t asked_s)
{
	int64_t wait_s;
	char next[24];
	uint32_t chance;

	secret_nonce(&chance, sizeof(chance));
	k->failures++;
	wait_s = herald_delay_s(k->failures, asked_s, chance);
	k->next_us = clock_steady_us() + wait_s * 1000000;
	tally_add(&k->tally->failures, 1);
	tally_set(&k->tally->status, (uint64_t)status);
	tally_set(&k->tally->next_s, (uint64_t)(clock_now_s() + wait_s));
	tally_set_error(k->tally, why);
	(void)snprintf(next, sizeof(next), "%lld", (long long)wait_s);
	if (!k->failing)
		log_fact(LOG_WARN, "webhook-failing", "webhook", k->w->name, "why", why, "again_s",
		    next, NULL);
	else if (!k->refused && is_refusal(status))
		log_fact(LOG_WARN, "webhook-refused", "webhook", k->w->name, "why", why, NULL);
	if (!k->failing)
		tally_set(&k->tally->failing_s, (uint64_t)clock_now_s());
	k->failing = true;
	k->refused |= is_refusal(status);
}

static void
well(struct hook *k, long status)
{
	char count[16];

	if (k->failing) {
		(void)snprintf(count, sizeof(count), "%u", k->failures);
		log_fact(LOG_INFO, "webhook-well", "webhook", k->w->name, "failures", count, NULL);
	}
	k->failing = k->refused = false;
	k->failures = 0;
	k->next_us = 0;
	tally_set(&k->tally->status, (uint64_t)status);
	tally_set(&k->tally->failing_s, 0);
	tally_set(&k->tally->next_s, 0);
	tally_set_error(k->tally, "");
}

static void
stop(struct hook *k)
{
	struct fault f;

	k->stopped = true;
	memcpy(k->row.stopped, k->like, sizeof(k->like));
	if (!herald_keep_row(k->herald, k, &f))
		log_fact(LOG_ERROR, "webhook-log", "webhook", k->w->name, "why", f.text, NULL);
	tally_set(&k->tally->status, GONE);
	tally_set_error(k->tally,
	    "the receiver answered 410: nothing is sent until url, secret or ca are others");
	log_fact(LOG_WARN, "webhook-stopped", "webhook", k->w->name, "why",
	    "the receiver answered 410: nothing is sent until url, secret or ca are others", NULL);
}

/* What was taken is written down before anything else is sent. */
static void
done(void *with, const struct posted *how)
{
	struct hook *k = with;
	struct follow *w = &k->herald->follow[k->follow];
	struct herald_place p = { .next = k->place.to };
	char why[POST_WHY_MAX];
	struct fault f;

	k->posting = false;
	if (how->status == GONE) {
		stop(k);
		return;
	}
	if (!is_taken(how)) {
		failed(k, word_of(how, why), how->status, how->retry_after_s);
		return;
	}
	memcpy(p.leaf, k->last, sizeof(p.leaf));
	if (!herald_keep(k->herald, k, w->tenant, &p, &f)) {
		failed(k, f.text, how->status, -1);
		return;
	}
	w->place[k->number] = p;
	tally_add(&k->tally->delivered, k->body.n);
	well(k, how->status);
}

static bool
post(struct hook *k, const char *id, const struct bytes *body, const char *traceparent,
    void (*then)(void *with, const struct posted *how), struct fault *f)
{
	char lines[4][HERALD_SIGNED_MAX + 32], signature[HERALD_SIGNED_MAX];
	const char *headers[] = { lines[0], lines[1], lines[2], "Content-Type: application/json",
		traceparent[0] == '\0' ? NULL : lines[3], NULL };
	int64_t now_s = clock_now_s();

	if (!bytes_ok(body, f) ||
	    !herald_sign(&k->secrets, id, now_s, octets_bytes(body), signature, f))
		return false;
	(void)snprintf(lines[0], sizeof(lines[0]), "webhook-id: %s", id);
	(void)snprintf(lines[1], sizeof(lines[1]), "webhook-timestamp: %lld", (long long)now_s);
	(void)snprintf(lines[2], sizeof(lines[2]), "webhook-signature: %s", signature);
	(void)snprintf(lines[3], sizeof(lines[3]), "traceparent: %s", traceparent);
	tally_add(&k->tally->posts, 1);
	return posts_begin(k->herald->posts, k->w->url, octets_bytes(&k->roots), headers,
	    octets_bytes(body), then, k, f);
}

/* --- the next post --------------------------------------------------------------------------- */

/* The newest entry that says the log went on after a loss; what is behind it was not told. */
struct turn {
	uint64_t at;
};

static bool
see_turn(void *with, struct octets key, struct octets value)
{
	static const char merged[] = "\"ledger.merged\"", restored[] = "\"ledger.restored\"";
	struct reader r = reader_of(key);
	struct turn *t = with;

	if (memmem(value.at, value.n, merged, sizeof(merged) - 1) != NULL ||
	    memmem(value.at, value.n, restored, sizeof(restored) - 1) != NULL)
		t->at = reader_u64(&r);
	return true;
}

/* Is the log still the one that was told of? If not, tell on from where it became another. */
static bool
hold(const struct hook *k, struct ledger *l, struct herald_place *p, struct fault *f)
{
	uint8_t leaf[DIGEST_OCTETS], key[8];
	struct turn t = { 0 };

	if (p->next == 0 ||
	    (log_leaf_at(l, p->next - 1, leaf, f) && memcmp(leaf, p->leaf, sizeof(leaf)) == 0))
		return true;
	log_fact(LOG_WARN, "webhook-log", "webhook", k->w->name, "tenant", ledger_tenant(l), "why",
	    "the log went on after a loss: what follows that is sent", NULL);
	if (!store_scan(ledger_store(l), TABLE_LOG, octets_u64(0, key), SIZE_MAX, see_turn, &t, f))
		return false;
	*p = (struct herald_place){ .next = t.at };
	return t.at == 0 || log_leaf_at(l, t.at - 1, p->leaf, f);
}

static bool
build(void *with, struct ledger *l, struct fault *f)
{
	struct hook *k = with;

	bytes_clear(&k->body.text);
	return hold(k, l, &k->place, f) && herald_body(k->w, l, &k->place, &k->body, f) &&
	       (k->place.to == 0 || log_leaf_at(l, k->place.to - 1, k->last, f));
}

/* None of what was looked at is wanted: written down as told. */
static bool
pass_over(struct hook *k, struct follow *w, struct fault *f)
{
	struct herald_place p = { .next = k->place.to };

	memcpy(p.leaf, k->last, sizeof(p.leaf));
	if (!herald_keep(k->herald, k, w->tenant, &p, f))
		return false;
	w->place[k->number] = p;
	return true;
}

static bool
send_next(struct hook *k, struct follow *w, struct fault *f)
{
	char id[HERALD_ID_MAX];

	k->place = w->place[k->number];
	if (!realm_visit(k->herald->realm, w->tenant, build, k, f))
		return false;
	if (k->body.n == 0)
		return pass_over(k, w, f);
	/* Durable before it is sent: the same post goes out again after any death. */
	if (memcmp(&k->place, &w->place[k->number], sizeof(k->place)) != 0 &&
	    !herald_keep(k->herald, k, w->tenant, &k->place, f))
		return false;
	w->place[k->number] = k->place;
	herald_id(k->w, w->tenant, &k->place, id);
	if (!post(k, id, &k->body.text, k->body.traceparent, done, f))
		return false;
	k->posting = true;
	return true;
}

static bool
has_more(const struct hook *k, const struct follow *w)
{
	return w->wanted[k->number] && w->place[k->number].next < w->size;
}

static bool
is_begun(const struct hook *k, const struct follow *w)
{
	return w->wanted[k->number] && w->place[k->number].to > w->place[k->number].next;
}

/* What was begun goes first; then each tenant in its turn. False: there is nothing to tell. */
static bool
choose(struct hook *k)
{
	const struct herald *h = k->herald;

	for (size_t i = 0; i < h->follows; i++)
		if (is_begun(k, &h->follow[i])) {
			k->follow = i;
			return true;
		}
	for (size_t n = 1; n <= h->follows; n++) {
		size_t i = (k->follow + n) % h->follows;

		if (has_more(k, &h->follow[i])) {
			k->follow = i;
			return true;
		}
	}
	return false;
}

/* --- tests ----------------------------------------------------------------------------------- */

static void
tested(void *with, const struct posted *how)
{
	struct hook *k = with;
	char why[POST_WHY_MAX];

	k->testing = false;
	tally_set(&k->tally->tested_status, (uint64_t)how->status);
	if (!is_taken(how) && !k->failing)
		tally_set_error(k->tally, word_of(how, why));
	tally_set(&k->tally->tested_index, k->test_index);
	tally_add(&k->tally->tests, 1);
	if (is_taken(how)) /* it is well: what waits need not */
		k->next_us = 0;
}

/* The trace of the entry that asked for it. */
static bool
find_trace(void *with, struct ledger *l, struct fault *f)
{
	struct hook *k = with;
	struct trace t;

	(void)f;
	if (log_trace(l, k->test_index, &t))
		trace_text(&t, k->test_trace);
	return true;
}

static void
test(struct hook *k)
{
	struct herald_place p = { .next = k->test_index, .to = k->test_index + 1 };
	char id[HERALD_ID_MAX];
	struct fault f;

	k->test_due = false;
	k->test_trace[0] = '\0';
	bytes_clear(&k->test_body);
	herald_id(k->w, "test of a webhook", &p, id);
	if (realm_visit(k->herald->realm, NAME_PLATFORM, find_trace, k, &f) &&
	    herald_test_body(k->w, k->test_index, clock_now_s(), &k->test_body, &f) &&
	    post(k, id, &k->test_body, k->test_trace, tested, &f)) {
		k->testing = true;
		return;
	}
	log_fact(LOG_ERROR, "webhook-log", "webhook", k->w->name, "why", f.text, NULL);
}

bool
herald_step(struct hook *k, int64_t now_us)
{
	struct fault f;

	if (k->test_due && !k->testing)
		test(k);
	if (k->stopped || k->posting || now_us < k->next_us || !choose(k))
		return false;
	if (!send_next(k, &k->herald->follow[k->follow], &f)) {
		failed(k, f.text, 0, -1);
		return false;
	}
	return !k->posting;
}

void
herald_tell(struct hook *k, int64_t now_us)
{
	enum tally_hook_state state = HOOK_IDLE;
	uint64_t lag = 0;

	for (size_t i = 0; i < k->herald->follows; i++) {
		const struct follow *w = &k->herald->follow[i];

		if (has_more(k, w))
			lag += w->size - w->place[k->number].next;
	}
	if (k->stopped)
		state = HOOK_STOPPED;
	else if (k->posting)
		state = HOOK_SENDING;
	else if (now_us < k->next_us)
		state = HOOK_WAITING;
	tally_set(&k->tally->lag, lag);
	tally_set(&k->tally->state, state);
}
