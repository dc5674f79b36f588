/* relay/infra_lease.c - leases with fencing: of two connectors one prints; see infra_under.h. */
#include <stdlib.h>
#include <string.h>

#include "relay/infra_under.h"

/* A relay that was away heard of nobody: what ran out meanwhile gets its time once more. */
static bool
has_lapsed(const struct infra *n, const struct job *j, int64_t now_s)
{
	return j->lease_s <= now_s && now_s >= n->grace_s;
}

bool
lease_is_fetchable(const struct infra *n, const struct job *j, int64_t now_s, bool *ret_takeover)
{
	bool held = j->lease_s != 0 && !has_lapsed(n, j, now_s);

	*ret_takeover = false;
	if (j->device[0] == '\0' || j->envelope.n == 0 || held)
		return false;
	if (j->state == JOB_PENDING)
		return (j->reasons & JOB_FETCHABLE) != 0 || j->lease_s != 0;
	*ret_takeover = j->state == JOB_PROCESSING || j->state == JOB_STOPPED;
	return *ret_takeover;
}

bool
lease_is_of(const struct job *j, const char *owner)
{
	return j->epoch > 0 && strcmp(j->connector, owner) == 0;
}

static void
hold(struct infra_lease *l, const struct job *j, const struct identity *who)
{
	l->due_s = j->lease_s;
	l->known = who != NULL && text_unhex(who->evidence, l->serial, sizeof(l->serial));
}

static bool
remember(struct infra *n, const struct job *j, const struct identity *who, struct fault *f)
{
	struct infra_lease *l;

	for (size_t i = 0; i < n->leases_n; i++)
		if (n->leases[i].job == j->id && strcmp(n->leases[i].tenant, j->tenant) == 0) {
			hold(&n->leases[i], j, who);
			return true;
		}
	if (n->leases_n == n->leases_room) {
		size_t room = n->leases_room == 0 ? 64 : 2 * n->leases_room;

		if ((l = realloc(n->leases, room * sizeof(*l))) == NULL)
			return fault_set(f, FAULT_INTERNAL, "lease: out of memory");
		n->leases = l;
		n->leases_room = room;
	}
	l = &n->leases[n->leases_n++];
	*l = (struct infra_lease){ .job = j->id };
	memcpy(l->tenant, j->tenant, sizeof(l->tenant));
	hold(l, j, who);
	return true;
}

bool
lease_take(
    struct infra *n, struct job *j, const char *owner, const struct identity *who, struct fault *f)
{
	int64_t now_s = n->now_s();

	if (j->epoch >= INT32_MAX) /* as a message can say it */
		return fault_set(f, FAULT_CONFLICT, "lease: the job was fetched too often");
	j->epoch++;
	memcpy(j->connector, owner, strlen(owner) + 1);
	j->lease_s = now_s + INFRA_LEASE_S;
	j->changed_s = now_s;
	j->reasons &= ~(uint32_t)JOB_FETCHABLE;
	return remember(n, j, who, f) && spool_put(n->spool, j, false, f);
}

bool
lease_renew(struct infra *n, struct job *j, const struct identity *who, struct fault *f)
{
	int64_t now_s = n->now_s();

	if (job_is_over(j) || j->lease_s - now_s > INFRA_LEASE_S / 2)
		return true;
	j->lease_s = now_s + INFRA_LEASE_S;
	j->reasons &= ~(uint32_t)JOB_FETCHABLE;
	return remember(n, j, who, f) && spool_put(n->spool, j, false, f);
}

bool
lease_end(struct infra *n, struct job *j, struct fault *f)
{
	if (j->lease_s == 0)
		return true;
	j->lease_s = 0;
	j->changed_s = n->now_s();
	if (j->state == JOB_PENDING)
		j->reasons |= JOB_FETCHABLE;
	if (!spool_put(n->spool, j, false, f))
		return false;
	if (job_is_over(j) && n->usage != NULL)
		n->usage(n->with, j);
	infra_changed(n, j);
	return true;
}

bool
lease_finish(struct infra *n, struct job *j, enum job_state to, uint32_t reasons, struct fault *f)
{
	j->state = to;
	j->reasons = reasons;
	j->lease_s = 0;
	j->changed_s = j->completed_s = n->now_s();
	if (!spool_put(n->spool, j, true, f))
		return false;
	if (n->usage != NULL)
		n->usage(n->with, j);
	infra_changed(n, j);
	return true;
}

/* Does who holds it still speak for the printer? Its row may be another by now. */
static bool
still_speaks(const struct infra *n, const struct job *j)
{
	struct identity who = { .kind = IDENTITY_ENDPOINT, .good = true };
	struct endpoint e;

	if (!name_of_uri(j->connector, &e))
		return false;
	memcpy(who.tenant, e.tenant, sizeof(who.tenant));
	memcpy(who.endpoint, e.kind, sizeof(who.endpoint));
	memcpy(who.name, e.name, sizeof(who.name));
	return printer_speaks(n->realm, &who, j->device);
}

/* Its certificate may have ended: then the process cut its connections, and nobody tells of the job
 * any more. */
static bool
is_good(struct infra *n, const struct infra_lease *l)
{
	struct standing s;
	struct ledger *records;
	struct fault f;

	return !l->known || !realm_ledger(n->realm, l->tenant, &records, &f) ||
	       !ledger_standing(records, l->serial, &s, &f) || s.state == STANDING_GOOD;
}

/* True: it is one no more. */
static bool
look(struct infra *n, struct infra_lease *l, int64_t now_s)
{
	struct job j = { .id = 0 };
	struct fault f;
	bool gone;

	if (!spool_get(n->spool, l->tenant, l->job, &j, &f))
		return f.code == FAULT_NOTFOUND;
	l->due_s = j.lease_s;
	gone = j.lease_s == 0;
	if (!gone && (has_lapsed(n, &j, now_s) || !still_speaks(n, &j) || !is_good(n, l)))
		gone = lease_end(n, &j, &f);
	job_free(&j);
	return gone;
}

static void
forget(struct infra *n, size_t i)
{
	n->leases[i] = n->leases[--n->leases_n];
}

void
lease_tick(struct infra *n)
{
	int64_t now_s = n->now_s();

	for (size_t i = n->leases_n; i-- > 0;)
		if (look(n, &n->leases[i], now_s))
			forget(n, i);
}

void
infra_lost(struct infra *n, const struct identity *who)
{
	char owner[JOB_OWNER_MAX];
	struct fault f;

	infra_owner(n, who, owner);
	for (size_t i = n->leases_n; i-- > 0;) {
		struct infra_lease *l = &n->leases[i];
		struct job j = { .id = 0 };

		if (strcmp(l->tenant, who->tenant) != 0 ||
		    !spool_get(n->spool, l->tenant, l->job, &j, &f))
			continue;
		if (lease_is_of(&j, owner) && lease_end(n, &j, &f))
			forget(n, i);
		job_free(&j);
	}
}

struct found {
	struct infra *n;
	struct fault *f;
	bool ok;
};

static bool
is_leased(void *with, const struct job *j)
{
	struct found *a = with;

	a->ok = j->lease_s == 0 || remember(a->n, j, NULL, a->f);
	return a->ok;
}

bool
lease_start(struct infra *n, struct fault *f)
{
	struct found a = { .n = n, .f = f, .ok = true };
	struct bytes labels = { 0 };
	bool ok = realm_labels(n->realm, &labels, f);

	for (size_t at = 0; ok && at < labels.n;) {
		const char *tenant = (const char *)labels.at + at;

		ok = spool_each(n->spool, tenant, false, 1, is_leased, &a, f) && a.ok &&
		     spool_each(n->spool, tenant, true, 1, is_leased, &a, f) && a.ok;
		at += strlen(tenant) + 1;
	}
	bytes_free(&labels);
	return ok;
}
