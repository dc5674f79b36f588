/* daemon/notary.c - when a log gets its checkpoint; see notary.h. The signing is in notary_sign.c.
 */
#include "daemon/notary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "ca/log_tree.h"
#include "daemon/signer.h"

#define SHARE      8  /* of the time, while others wait */
#define LOOKS      8  /* logs looked at in a turn, at the start */
#define FILL_TILES 32 /* of a ledger of before, in a turn */
#define BUCKETS    1024
#define SECOND_US  INT64_C(1000000)
#define RETRY_US   (60 * SECOND_US)
#define NEVER_US   INT64_MAX

/* One log. */
struct kept {
	struct kept *next; /* of its bucket */
	char tenant[LEDGER_NAME_MAX];
	int64_t due_us, quiet_us; /* by the steady clock; no checkpoint before quiet_us */
	bool stopped;             /* what is stored is not what was signed, and it was said */
	bool failed;              /* it could not be signed, and it was said */
};

struct notary {
	struct signer *signer; /* lent */
	struct kept *bucket[BUCKETS];
	struct bytes to_look; /* labels, counted: who was there at the start */
	size_t looked;
	bool listed;      /* to_look is filled in */
	int64_t next_us;  /* none is due before */
	int64_t rest_us;  /* others come first until then */
	unsigned stopped; /* logs */
};

bool
notary_new(struct signer *s, struct notary **ret, struct fault *f)
{
	struct notary *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return fault_set(f, FAULT_INTERNAL, "notary: out of memory");
	n->signer = s;
	n->next_us = NEVER_US;
	*ret = n;
	return true;
}

void
notary_free(struct notary *n)
{
	struct kept *k;

	if (n == NULL)
		return;
	for (size_t b = 0; b < BUCKETS; b++)
		while ((k = n->bucket[b]) != NULL) {
			n->bucket[b] = k->next;
			free(k);
		}
	bytes_free(&n->to_look);
	free(n);
}

/* FNV-1a: labels are chosen by officers, and a long chain costs no more than time. */
static struct kept *
kept_of(struct notary *n, const char *tenant)
{
	uint32_t h = 2166136261u;
	struct kept *k;

	for (const char *p = tenant; *p != '\0'; p++)
		h = (h ^ (uint8_t)*p) * 16777619u;
	for (k = n->bucket[h % BUCKETS]; k != NULL; k = k->next)
		if (strcmp(k->tenant, tenant) == 0)
			return k;
	if ((k = calloc(1, sizeof(*k))) == NULL)
		return NULL; /* its next change is another try */
	(void)snprintf(k->tenant, sizeof(k->tenant), "%s", tenant);
	k->due_us = NEVER_US;
	k->next = n->bucket[h % BUCKETS];
	n->bucket[h % BUCKETS] = k;
	return k;
}

static void
set_due(struct notary *n, struct kept *k, int64_t due_us)
{
	k->due_us = due_us > k->quiet_us ? due_us : k->quiet_us;
	if (k->due_us < n->next_us)
		n->next_us = k->due_us;
}

void
notary_changed(struct notary *n, const char *tenant)
{
	struct kept *k;

	if (n != NULL && (k = kept_of(n, tenant)) != NULL && k->due_us == NEVER_US)
		set_due(n, k, clock_steady_us());
}

/* --- at the start ------------------------------------------------------------------------------
 */

static bool
look_in(void *with, struct ledger *l, struct fault *f)
{
	bool done;

	if (!notary_is_done(l, true, &done, f))
		return false;
	if (!done)
		notary_changed(with, ledger_tenant(l));
	return true;
}

/* Ledgers are opened to look, and shut again. True while there is more to look at. */
static bool
look(struct notary *n)
{
	struct realm *r = n->signer->realm;
	struct fault f;

	if (!n->listed && !realm_ledgers(r, &n->to_look, &f)) {
		log_fact(LOG_ERROR, "log", "why", f.text, NULL);
		bytes_clear(&n->to_look);
	}
	n->listed = true;
	for (unsigned i = 0; i < LOOKS && n->looked < n->to_look.n; i++) {
		const char *tenant = (const char *)n->to_look.at + n->looked; /* a NUL behind it */

		if (!realm_visit(r, tenant, look_in, n, &f))
			log_fact(LOG_WARN, "log", "tenant", tenant, "why", f.text, NULL);
		n->looked += strlen(tenant) + 1;
	}
	if (n->looked < n->to_look.n)
		return true;
	bytes_free(&n->to_look);
	n->looked = 0;
	return false;
}

/* --- a checkpoint ------------------------------------------------------------------------------
 */

/* Nodes that a ledger of before has not; they are wanted for speed alone, so a full disk stops
 * nothing. */
static bool
fill(struct ledger *l, bool *ret_more, struct fault *f)
{
	struct ledger_mark mark = ledger_mark(l);
	struct fault full;
	unsigned n = 0;

	*ret_more = false;
	if (!ledger_has_room(l, &full))
		return true;
	if (!log_tree_fill(l, FILL_TILES, &n, f)) {
		ledger_undo(l, mark);
		return false;
	}
	*ret_more = n == FILL_TILES;
	return n == 0 || ledger_end(l, f);
}

/* Proven, signed, remembered, and then shown: in that order. *ret_more: it goes on in a later turn.
 */
static bool
sign(struct signer *s, const char *tenant, bool *ret_more, struct fault *f)
{
	struct checkpoint c = { .cosigned = false };
	struct notary_keys keys;
	int64_t now_s = clock_now_s();
	bool was_open = realm_peek(s->realm, tenant) != NULL, done, ok;
	struct ledger *l;

	if (!realm_ledger(s->realm, tenant, &l, f))
		return false;
	if (!was_open)
		press_shut_later(s->press, tenant);
	if (!fill(l, ret_more, f) || (!*ret_more && !watch_prove_some(s, l, ret_more, f)))
		return false;
	if (*ret_more)
		return true;
	if (!notary_find_keys(s, tenant, now_s, &keys, f) ||
	    !notary_is_done(l, keys.cosigns, &done, f))
		return false;
	ok = done || (notary_sign(s, &keys, l, now_s, &c, f) && notary_promise(s, tenant, &c, f) &&
			 watch_mark(s, f) && notary_keep(l, &c, f));
	bytes_free(&c.note);
	return ok;
}

/* Said when it begins and when it ends, and not at each try. */
static void
tell(struct notary *n, struct kept *k, const struct fault *f)
{
	bool stopped = f != NULL && f->code == FAULT_CONFLICT;

	if (stopped && !k->stopped)
		log_fact(LOG_ERROR, "log", "tenant", k->tenant, "why", f->text, NULL);
	else if (f != NULL && !stopped && !k->failed)
		log_fact(LOG_WARN, "log", "tenant", k->tenant, "why", f->text, NULL);
	else if (f == NULL && k->stopped)
		log_fact(LOG_INFO, "log", "tenant", k->tenant, "why",
		    "checkpoints are signed again", NULL);
	if (stopped && !k->stopped)
		n->stopped++;
	else if (!stopped && k->stopped)
		n->stopped--;
	k->stopped = stopped;
	k->failed = f != NULL && !stopped;
}

static void
work(struct notary *n, struct kept *k)
{
	int64_t begun_us = clock_steady_us(), now_us;
	struct fault f;
	bool more = false, ok;

	ok = sign(n->signer, k->tenant, &more, &f);
	now_us = clock_steady_us();
	n->rest_us = now_us + (now_us - begun_us) * (SHARE - 1);
	k->due_us = NEVER_US;
	if (more) {
		set_due(n, k, now_us);
		return;
	}
	k->quiet_us = now_us + (ok ? n->signer->settings.log.checkpoint * SECOND_US : RETRY_US);
	tell(n, k, ok ? NULL : &f);
	if (!ok)
		set_due(n, k, k->quiet_us);
}

/* The one that was due first; when the next will be goes into next_us. */
static struct kept *
find_due(struct notary *n, int64_t now_us)
{
	struct kept *first = NULL;

	n->next_us = NEVER_US;
	for (size_t b = 0; b < BUCKETS; b++)
		for (struct kept *k = n->bucket[b]; k != NULL; k = k->next)
			if (k->due_us < n->next_us) {
				n->next_us = k->due_us;
				first = k;
			}
	return n->next_us <= now_us ? first : NULL;
}

void
notary_turn(struct notary *n, bool idle)
{
	int64_t now_us = clock_steady_us();
	struct kept *k;
	struct fault f;

	if (n == NULL || (!idle && now_us < n->rest_us))
		return;
	if ((!n->listed || n->to_look.n > 0) && look(n))
		return;
	if (now_us < n->next_us)
		return;
	if (!watch_clock(n->signer, clock_now_s(), &f))
		n->next_us = now_us + SECOND_US;
	else if ((k = find_due(n, now_us)) != NULL)
		work(n, k);
}

int
notary_wait_ms(const struct notary *n)
{
	int64_t left_us;

	if (n == NULL)
		return -1;
	if (!n->listed || n->to_look.n > 0)
		return 0;
	if (n->next_us == NEVER_US)
		return -1;
	left_us = n->next_us - clock_steady_us();
	return left_us <= 0 ? 0 : (int)(left_us / 1000) + 1; /* an hour at the most */
}

void
notary_state(const struct notary *n, struct bytes *to)
{
	char text[FAULT_TEXT_MAX];

	if (n == NULL || n->stopped == 0)
		return;
	(void)snprintf(text, sizeof(text),
	    "logs: %u are not in their store what was signed, and get no checkpoints: the log says which",
	    n->stopped);
	bytes_put_u8(to, WIRE_STOPS_CHECKPOINTS); /* all else goes on */
	bytes_put_counted_text(to, text);
}
