/* ca/merge.c - what is to be merged; see merge.h. How it is done is in merge_apply.c. */
#include "ca/merge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/journal_check.h"
#include "ca/merge_plan.h"

#define CLOCK_S 300 /* what a slow clock may be behind, as for the service */

static bool
is_meant(const struct merge *m, const char *tenant)
{
	char label[TEXT_LABEL_MAX];

	ledger_name_tenant(tenant, label);
	return m->only == NULL || strcmp(m->only, label) == 0;
}

static bool
keep(struct merge *m, const struct journal_line *l, struct fault *f)
{
	size_t room = m->fact_room == 0 ? 256 : m->fact_room * 2;
	struct merge_fact *more;

	if (m->fact_n == m->fact_room) {
		if ((more = realloc(m->fact, room * sizeof(*more))) == NULL)
			return fault_set(f, FAULT_INTERNAL, "merge: out of memory");
		m->fact = more;
		m->fact_room = room;
	}
	m->fact[m->fact_n] = (struct merge_fact){ *l, m->fact_n };
	m->fact_n++;
	m->sorted = false;
	return true;
}

/* A CA that never came to count signed nothing that anybody could use. */
static bool
is_stranger(struct merge *m, const struct journal_line *l, bool *ret, struct fault *f)
{
	struct authority by;
	struct fault why;

	*ret = !realm_authority(m->realm, l->issuer, &by, &why);
	if (!*ret || why.code == FAULT_NOTFOUND)
		return true;
	*f = why;
	return false;
}

bool
merge_take(struct merge *m, const struct journal_line *l, struct fault *f)
{
	struct ledger *own;
	struct fault why;
	bool stranger;

	if (l->kind == JOURNAL_OLD) {
		m->state.old_lines++;
		return true;
	}
	if (!is_meant(m, l->tenant))
		return true;
	if (!is_stranger(m, l, &stranger, f))
		return false;
	if (stranger || !realm_ledger(m->realm, l->tenant, &own, &why)) {
		m->state.strangers++;
		if (stranger || why.code == FAULT_NOTFOUND)
			return true;
		*f = why;
		return false;
	}
	/* A release is kept: it may take back a hold that is. */
	if (l->kind != JOURNAL_RELEASED && journal_agrees(own, l, &why))
		return true;
	if (l->kind != JOURNAL_RELEASED && why.code != FAULT_CONFLICT) {
		*f = why;
		return false;
	}
	return keep(m, l, f);
}

static int
by_serial(const void *a, const void *b)
{
	const struct merge_fact *x = a, *y = b;
	int c = strcmp(x->line.tenant, y->line.tenant);

	if (c == 0)
		c = memcmp(x->line.serial, y->line.serial, sizeof(x->line.serial));
	if (c == 0)
		c = x->order < y->order ? -1 : x->order > y->order;
	return c;
}

void
merge_sort(struct merge *m)
{
	if (!m->sorted && m->fact_n > 0)
		qsort(m->fact, m->fact_n, sizeof(*m->fact), by_serial);
	m->sorted = true;
}

size_t
merge_group(const struct merge *m, size_t i)
{
	size_t n = 1;

	while (i + n < m->fact_n &&
	       strcmp(m->fact[i].line.tenant, m->fact[i + n].line.tenant) == 0 &&
	       memcmp(m->fact[i].line.serial, m->fact[i + n].line.serial, TBS_SERIAL_OCTETS) == 0)
		n++;
	return n;
}

bool
merge_weigh(struct ledger *l, const struct merge_fact *facts, size_t n, enum merge_act *ret,
    const struct journal_line **ret_line, struct fault *f)
{
	const struct journal_line *ended = NULL, *held = NULL;
	struct standing s;
	struct fault why;

	for (size_t i = 0; i < n; i++) {
		const struct journal_line *at = &facts[i].line;

		if (at->kind == JOURNAL_REVOKED && ended == NULL)
			ended = at;
		else if (at->kind == JOURNAL_HELD)
			held = at;
		else if (at->kind == JOURNAL_RELEASED)
			held = NULL;
	}
	*ret = MERGE_NOTHING;
	*ret_line = ended != NULL ? ended : held != NULL ? held : &facts[0].line;
	if (!ledger_standing(l, facts[0].line.serial, &s, &why)) {
		if (why.code != FAULT_NOTFOUND) {
			*f = why;
			return false;
		}
		*ret = MERGE_UNKNOWN;
	} else if (s.state == STANDING_PENDING) {
		*ret = ended != NULL ? MERGE_END : MERGE_NOTHING; /* else the next start ends it */
	} else if (s.state == STANDING_GOOD || s.state == STANDING_HELD) {
		/* A certificate of another content than was signed is one that nobody made. */
		if (ended != NULL || facts[0].line.kind == JOURNAL_SIGNED)
			*ret = MERGE_END;
		else if (held != NULL && s.state == STANDING_GOOD)
			*ret = MERGE_HOLD;
	}
	return true;
}

bool
merge_plan_of(struct merge *m, const char *tenant, struct merge_plan **ret, struct fault *f)
{
	size_t room = m->plan_room == 0 ? 16 : m->plan_room * 2;
	struct merge_plan *more, p = { .size = 0 };
	struct log_edge e;
	struct ledger *l;

	for (size_t i = 0; i < m->plan_n; i++)
		if (strcmp(m->plan[i].tenant, tenant) == 0) {
			*ret = &m->plan[i];
			return true;
		}
	if (!realm_ledger(m->realm, tenant, &l, f) || !log_edge_read(l, &e, f) ||
	    !log_epoch(l, &p.epoch, f))
		return false;
	if (m->plan_n == m->plan_room) {
		if ((more = realloc(m->plan, room * sizeof(*more))) == NULL)
			return fault_set(f, FAULT_INTERNAL, "merge: out of memory");
		m->plan = more;
		m->plan_room = room;
	}
	(void)snprintf(p.tenant, sizeof(p.tenant), "%s", tenant);
	p.size = e.size;
	m->plan[m->plan_n] = p;
	*ret = &m->plan[m->plan_n++];
	return true;
}

/* What its mark and its newest entry say of one ledger. */
static bool
look(struct merge *m, const char *tenant, struct fault *f)
{
	uint8_t leaf[LOG_HASH_OCTETS];
	char label[TEXT_LABEL_MAX];
	struct merge_plan *p;
	struct ledger *l;
	struct fault why;
	struct mark k;
	int64_t at_s;
	bool ok;

	ledger_name_tenant(tenant, label);
	ok = ledger_name_is_activity(tenant) ? realm_activity(m->realm, label, &l, f)
					     : realm_ledger(m->realm, tenant, &l, f);
	if (!ok) /* of a tenant that is gone there may be a mark still: count_gone() */
		return f->code == FAULT_NOTFOUND && ledger_name_is_activity(tenant);
	if (m->marks != NULL && marks_get(m->marks, tenant, &k, &why) && !marks_hold(&k, l, &why)) {
		if (why.code != FAULT_CONFLICT) {
			*f = why;
			return false;
		}
		if (!merge_plan_of(m, tenant, &p, f))
			return false;
		p->behind = true;
		p->mark = k;
	}
	if (log_last(l, leaf, &at_s, &why) && at_s > m->now_s + CLOCK_S) {
		if (!merge_plan_of(m, tenant, &p, f))
			return false;
		p->from_the_future = true;
	}
	return true;
}

/* Its folder may be gone: then the mark alone knows that it was there. */
static bool
note_activity(void *with, const char *name, const struct mark *k)
{
	(void)k;
	if (ledger_name_is_activity(name))
		bytes_put(with, name, strlen(name) + 1);
	return true;
}

static bool
look_at_all(struct merge *m, struct fault *f)
{
	struct bytes labels = { 0 };
	bool ok = realm_ledgers(m->realm, &labels, f) &&
		  (m->marks == NULL || marks_each(m->marks, note_activity, &labels, f)) &&
		  bytes_ok(&labels, f);

	for (size_t at = 0; ok && at < labels.n; at += strlen((const char *)labels.at + at) + 1)
		if (is_meant(m, (const char *)labels.at + at))
			ok = look(m, (const char *)labels.at + at, f);
	bytes_free(&labels);
	return ok;
}

static bool
count_gone(void *with, const char *tenant, const struct mark *k)
{
	struct merge *m = with;
	char label[TEXT_LABEL_MAX];
	struct tenant row;
	struct fault f;

	(void)k;
	ledger_name_tenant(tenant, label);
	if (!realm_tenant(m->realm, label, &row, &f) && f.code == FAULT_NOTFOUND)
		m->state.gone++;
	return true;
}

static bool
look_at_marks(struct merge *m, struct fault *f)
{
	struct fault why;
	bool expected;

	if (marks_open(realm_data(m->realm), STORE_WRITE, &m->marks, &why))
		return marks_each(m->marks, count_gone, m, f);
	*f = why;
	if (why.code != FAULT_NOTFOUND || !marks_expected(realm_platform(m->realm), &expected, f))
		return false;
	m->state.no_marks = expected;
	return true;
}

static bool
take(void *with, const struct journal_line *l, struct fault *f)
{
	return merge_take(with, l, f);
}

static bool
nothing(void *with, const struct journal_line *l, struct fault *f)
{
	(void)with;
	(void)l;
	(void)f;
	return true;
}

/* Our own journal, all of it, and the place that was marked in it. */
static bool
look_at_journal(struct merge *m, struct fault *f)
{
	static const struct journal_place beginning = { .offset = 0 };
	char path[REALM_PATH_MAX];
	struct journal_place marked, end = { .offset = 0 };
	struct fault why;

	(void)snprintf(path, sizeof(path), "%.500s/journal", realm_data(m->realm));
	if (!journal_mark(realm_platform(m->realm), &marked, f))
		return false;
	if (journal_read(path, &beginning, take, m, &end, &why) && end.offset > 0 &&
	    journal_read(path, &marked, nothing, NULL, NULL, &why)) {
		m->journal_good = end.offset;
		return true;
	}
	if (why.code != FAULT_CONFLICT && why.code != FAULT_NOTFOUND && end.offset > 0) {
		*f = why;
		return false;
	}
	m->journal_good = why.code == FAULT_NOTFOUND ? 0 : end.offset;
	m->state.journal_damaged = true;
	(void)snprintf(m->state.journal_why, sizeof(m->state.journal_why), "%s",
	    m->journal_good == 0 ? "journal: it is missing or empty" : why.text);
	return true;
}

/* That the journal or the marks begin anew is told by the platform's log, whatever else there is.
 */
static bool
own_up(struct merge *m, struct fault *f)
{
	const struct merge_state *s = &m->state;
	struct merge_plan *p;

	return (!s->journal_damaged && !s->no_marks && s->gone == 0) ||
	       merge_plan_of(m, NAME_PLATFORM, &p, f);
}

bool
merge_new(struct realm *r, const char *tenant, int64_t now_s, struct merge **ret, struct fault *f)
{
	struct merge *m = calloc(1, sizeof(*m));
	struct tenant row;

	if (m == NULL)
		return fault_set(f, FAULT_INTERNAL, "merge: out of memory");
	m->realm = r;
	m->only = tenant;
	m->now_s = now_s;
	if ((tenant != NULL && !realm_tenant(r, tenant, &row, f)) || !look_at_marks(m, f) ||
	    !look_at_journal(m, f) || !look_at_all(m, f) || !own_up(m, f)) {
		merge_free(m);
		return false;
	}
	*ret = m;
	return true;
}

void
merge_free(struct merge *m)
{
	if (m == NULL)
		return;
	marks_close(m->marks);
	free(m->fact);
	free(m->plan);
	free(m);
}

bool
merge_journal(struct merge *m, const char *path, struct fault *f)
{
	static const struct journal_place beginning = { .offset = 0 };

	return journal_read(path, &beginning, take, m, NULL, f);
}
