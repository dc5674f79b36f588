/* daemon/watch.c - see watch.h. */
#include "daemon/watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "ca/claim.h"
#include "ca/journal_check.h"
#include "daemon/signer.h"

#define MARK_US       1000000
#define JOURNAL_LINES 1024 /* its mark is moved on when so many came after it */

struct watched {
	struct watched *next;
	char tenant[LEDGER_NAME_MAX];
	bool shut;                     /* its ledger is older than its mark */
	bool adopting;                 /* keys of it are yet to be taken over */
	struct log_proof proof, ahead; /* ahead: of a checkpoint that is not handed out yet */
};

static struct watched *
watched(struct signer *s, const char *tenant)
{
	struct watched *w = s->watch.watched;

	while (w != NULL && strcmp(w->tenant, tenant) != 0)
		w = w->next;
	if (w == NULL && (w = calloc(1, sizeof(*w))) != NULL) {
		(void)snprintf(w->tenant, sizeof(w->tenant), "%s", tenant);
		w->next = s->watch.watched;
		s->watch.watched = w;
	}
	return w;
}

/* The commit stands; the line is written with the next one, and the mark knows of it by then. */
static bool
told(void *with, struct ledger *l, const struct ledger_event *e)
{
	struct signer *s = with;
	bool ok = journal_told(&s->journal, l, e);

	press_changed(s->press, e->issuer);
	if (ok && s->tally != NULL)
		tally_add(&s->tally->signer.revoked, e->state == STANDING_REVOKED);
	if (!ok && !s->watch.silent)
		log_fact(LOG_ERROR, "journal", "tenant", ledger_tenant(l), "why",
		    "a revocation could not be noted", NULL);
	s->watch.silent = !ok;
	return ok;
}

/* Marks there are from the first start on; a folder without them, where there were some, is no
 * accident. */
static bool
open_marks(struct signer *s, struct fault *f)
{
	struct ledger *platform = realm_platform(s->realm);
	struct fault why;
	bool expected;

	if (marks_open(s->settings.data, STORE_WRITE, &s->watch.marks, &why))
		return true;
	*f = why;
	if (why.code != FAULT_NOTFOUND || !marks_expected(platform, &expected, f))
		return false;
	if (expected)
		return fault_set(f, FAULT_CONFLICT,
		    "marks: keys/marks is missing: put it back, or run \"quatrain ledger merge\"");
	if (!marks_open(s->settings.data, STORE_CREATE, &s->watch.marks, f))
		return false;
	marks_expect(platform);
	return ledger_commit(platform, f);
}

static bool
check_marks(struct signer *s, struct fault *f)
{
	size_t n;

	return marks_check(s->watch.marks, s->realm, &n, f);
}

static bool
check_journal(struct signer *s, struct fault *f)
{
	char path[CONF_TEXT_MAX * 2], count[24];
	struct journal_place from;
	uint64_t lines;

	if (!settings_path(&s->settings, "journal", path, sizeof(path)))
		return fault_set(f, FAULT_INTERNAL, "signer: the data folder's path is too long");
	if (!journal_mark(realm_platform(s->realm), &from, f) ||
	    !journal_check(s->realm, path, &from, &lines, f) || !journal_open(path, &s->journal, f))
		return false;
	if (s->journal.cut > 0) {
		(void)snprintf(count, sizeof(count), "%" PRIu64, s->journal.cut);
		log_fact(LOG_WARN, "journal", "why", "a torn last line was cut off", "octets",
		    count, NULL);
	}
	s->journal.lines = lines; /* they are to be behind the mark too */
	return true;
}

static bool
see_time(struct signer *s, struct ledger *l, struct fault *f)
{
	uint8_t leaf[LOG_HASH_OCTETS];
	struct fault why;
	int64_t at_s;

	if (!log_last(l, leaf, &at_s, &why)) {
		*f = why;
		return why.code == FAULT_NOTFOUND;
	}
	if (at_s > s->watch.newest_s)
		s->watch.newest_s = at_s;
	return true;
}

bool
watch_start(struct signer *s, struct fault *f)
{
	s->watch.newest_s = INT64_MIN;
	if (!open_marks(s, f) || !check_marks(s, f) || !check_journal(s, f) ||
	    !see_time(s, realm_platform(s->realm), f) || !watch_clock(s, clock_now_s(), f))
		return false;
	realm_on_event(s->realm, told, s);
	return true;
}

static bool
hold(struct signer *s, struct ledger *l, struct fault *f)
{
	struct fault why;
	struct mark k;

	if (marks_get(s->watch.marks, ledger_tenant(l), &k, &why))
		return marks_hold(&k, l, f);
	*f = why;
	return why.code == FAULT_NOTFOUND; /* it is new, or as old as its first second */
}

/* Keys from before there were claims. Where there is no room for them, nothing is issued either. */
static bool
adopt(struct signer *s, struct ledger *l, struct fault *f)
{
	struct watched *w;
	struct fault full;
	bool done;

	if (ledger_name_is_activity(ledger_tenant(l)) ||
	    !ledger_has_room(realm_platform(s->realm), &full) || !ledger_has_room(l, &full))
		return true;
	if (!claim_adopt(s->realm, l, &done, f))
		return false;
	if (!done && (w = watched(s, ledger_tenant(l))) != NULL)
		w->adopting = true;
	return true;
}

bool
watch_ledger(struct signer *s, struct ledger *l, struct fault *f)
{
	struct watched *w = watched(s, ledger_tenant(l));
	struct fault why;
	bool holds = hold(s, l, &why);

	if (w != NULL)
		w->shut = !holds;
	if (!holds) {
		log_fact(LOG_ERROR, "older", "tenant", ledger_tenant(l), "why", why.text, NULL);
		*f = why;
		if (f->code == FAULT_CONFLICT)
			f->code = FAULT_BUSY; /* not the asker's doing */
		return false;
	}
	ledger_set_changed(l, true); /* so that it has a mark of this process */
	return see_time(s, l, f) && adopt(s, l, f);
}

bool
watch_clock(struct signer *s, int64_t now_s, struct fault *f)
{
	struct watch *w = &s->watch;
	char now[TEXT_TIME_MAX], newest[TEXT_TIME_MAX];
	bool wrong = w->newest_s != INT64_MIN && now_s < w->newest_s - WATCH_CLOCK_S;

	if (!wrong) {
		w->clock_wrong = false;
		return true;
	}
	text_time(now_s, now);
	text_time(w->newest_s, newest);
	fault_set(f, FAULT_BUSY,
	    "clock: it says %s, and the newest entry of the log is of %s: set it right", now,
	    newest);
	if (!w->clock_wrong)
		log_fact(LOG_ERROR, "clock", "now", now, "newest", newest, "why",
		    "nothing is issued or answered until it is right", NULL);
	w->clock_wrong = true;
	return false;
}

static bool
find_changed(void *with, struct ledger *l)
{
	*(bool *)with = ledger_changed(l);
	return !ledger_changed(l);
}

static bool
any_changed(const struct signer *s)
{
	bool changed = false;

	(void)realm_each(s->realm, find_changed, &changed);
	return changed;
}

void
watch_round(struct signer *s, int64_t now_s)
{
	if (now_s > s->watch.newest_s && any_changed(s))
		s->watch.newest_s = now_s;
}

struct marking {
	struct signer *s;
	struct fault *f;
	bool failed, unsettled;
};

static bool
mark_one(void *with, struct ledger *l)
{
	struct marking *m = with;

	m->unsettled = m->unsettled || !ledger_settled(l);
	if (ledger_changed(l)) {
		notary_changed(m->s->notary, ledger_tenant(l));
		m->failed = !marks_put(m->s->watch.marks, l, clock_now_s(), m->f);
	}
	return !m->failed;
}

static bool
forget_one(void *with, struct ledger *l)
{
	(void)with;
	ledger_set_changed(l, false);
	return true;
}

/* Only over lines whose outcome is settled; of others the next start shall hear. */
static bool
move_journal_mark(struct signer *s, bool at_end, struct fault *f)
{
	struct ledger *platform = realm_platform(s->realm);
	uint64_t lines = s->journal.lines;

	if (lines - s->watch.journal_done < (at_end ? 1 : JOURNAL_LINES))
		return true;
	if (!journal_put_mark(platform, &s->journal.end, f) || !ledger_end(platform, f))
		return false;
	s->watch.journal_done = lines;
	return true;
}

/* Journal, then marks: a mark never knows more than the journal. */
static bool
mark_all(struct signer *s, bool at_end, struct fault *f)
{
	struct marking m = { s, f, false, false };

	if (!journal_sync(&s->journal, f))
		return false;
	(void)realm_each(s->realm, mark_one, &m);
	if (m.failed || !marks_commit(s->watch.marks, f))
		return false;
	(void)realm_each(s->realm, forget_one, NULL);
	return m.unsettled || move_journal_mark(s, at_end, f);
}

static bool
any_adopting(const struct signer *s)
{
	const struct watched *w = s->watch.watched;

	while (w != NULL && !w->adopting)
		w = w->next;
	return w != NULL;
}

/* The next piece of each ledger whose keys are on their way. */
static void
adopt_more(struct signer *s)
{
	struct ledger *l;
	struct fault f;

	for (struct watched *w = s->watch.watched; w != NULL; w = w->next) {
		if (!w->adopting)
			continue;
		w->adopting = false;
		if (!realm_ledger(s->realm, w->tenant, &l, &f) || !adopt(s, l, &f))
			log_fact(LOG_ERROR, "keys", "tenant", w->tenant, "fault", f.text, NULL);
	}
}

void
watch_tick(struct signer *s)
{
	int64_t now_us = clock_steady_us();
	struct fault f;
	bool marked;

	if (now_us - s->watch.marked_us < MARK_US || watch_wait_ms(s) < 0)
		return;
	s->watch.marked_us = now_us;
	adopt_more(s);
	marked = mark_all(s, false, &f);
	if (!marked && !s->watch.unmarked) /* a full disk fails every second */
		log_fact(LOG_ERROR, "marks", "fault", f.text, NULL);
	s->watch.unmarked = !marked;
	/* What a failed sync has lost no other one brings back, and without a journal nothing is
	 * signed: main starts a signer that looks at what is there. */
	if (s->journal.broken)
		abort();
}

int
watch_wait_ms(const struct signer *s)
{
	return s->journal.dirty || any_changed(s) || any_adopting(s) ? MARK_US / 1000 : -1;
}

void
watch_stop(struct signer *s)
{
	struct watched *w;
	struct fault f;

	if (s->watch.marks != NULL && s->journal.fd >= 0 && !mark_all(s, true, &f))
		log_fact(LOG_ERROR, "marks", "fault", f.text, NULL);
	marks_close(s->watch.marks);
	s->watch.marks = NULL;
	while ((w = s->watch.watched) != NULL) {
		s->watch.watched = w->next;
		free(w);
	}
}

/* The last checkpoint of this epoch: no other tree of that size may be signed. */
static bool
signed_before(
    struct signer *s, struct ledger *l, uint64_t epoch, struct log_signed *ret, struct fault *f)
{
	struct fault why;
	struct mark k;

	*ret = (struct log_signed){ .size = 0 };
	if (!marks_get(s->watch.marks, ledger_tenant(l), &k, &why)) {
		*f = why;
		return why.code == FAULT_NOTFOUND;
	}
	if (k.signed_size > 0 && k.signed_epoch == epoch) {
		ret->size = k.signed_size;
		memcpy(ret->root, k.signed_root, sizeof(ret->root));
	}
	return true;
}

bool
watch_prove_some(struct signer *s, struct ledger *l, bool *ret_more, struct fault *f)
{
	struct watched *w = watched(s, ledger_tenant(l));
	struct log_signed before;
	uint64_t epoch;

	if (w == NULL)
		return fault_set(f, FAULT_INTERNAL, "signer: out of memory");
	return log_epoch(l, &epoch, f) && signed_before(s, l, epoch, &before, f) &&
	       log_prove_some(l, &w->proof, &before, ret_more, f);
}

bool
watch_prove(struct signer *s, struct ledger *l, struct mark *ret, struct fault *f)
{
	struct watched *w = watched(s, ledger_tenant(l));
	struct log_signed before;
	uint64_t epoch;

	if (w == NULL)
		return fault_set(f, FAULT_INTERNAL, "signer: out of memory");
	if (!log_epoch(l, &epoch, f) || !signed_before(s, l, epoch, &before, f))
		return false;
	w->ahead = w->proof;
	if (!log_prove(l, &w->ahead, &before, f))
		return false;
	*ret = (struct mark){ .signed_size = w->ahead.edge.size, .signed_epoch = epoch };
	log_edge_root(&w->ahead.edge, ret->signed_root);
	return true;
}

bool
watch_signed(struct signer *s, const char *tenant, const struct mark *k, struct fault *f)
{
	struct watched *w = watched(s, tenant);

	if (w != NULL)
		w->proof = w->ahead;
	return marks_put_signed(s->watch.marks, tenant, k, f);
}

void
watch_state(const struct signer *s, struct bytes *to)
{
	char text[FAULT_TEXT_MAX];
	unsigned shut = 0;

	for (const struct watched *w = s->watch.watched; w != NULL; w = w->next)
		shut += w->shut;
	(void)snprintf(text, sizeof(text),
	    "ledgers: %u are older than what is remembered of them, and stay shut: the log says which",
	    shut);
	if (shut > 0) {
		bytes_put_u8(to, 0); /* the others go on */
		bytes_put_counted_text(to, text);
	}
	if (s->watch.silent) {
		bytes_put_u8(to, 0);
		bytes_put_counted_text(to, "journal: a revocation could not be noted in it");
	}
	notary_state(s->notary, to);
}

bool
watch_mark(struct signer *s, struct fault *f)
{
	return mark_all(s, false, f);
}
