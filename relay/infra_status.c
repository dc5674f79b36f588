/* relay/infra_status.c - what became of a job at its printer; see infra_under.h. */
#include <stdlib.h>
#include <string.h>

#include "relay/infra_under.h"

#define ACTIVE_MAX 1000 /* jobs that one message names */

static void
kept(struct infra_call *c)
{
	infra_reply_ok(c);
}

/* It is over by somebody else's word: the connector ends it at the printer. */
static void
tell_over(struct infra_call *c)
{
	infra_reply_begin(c, INFRA_NOT_POSSIBLE, "the job is over");
	ipp_group(&c->x->reply, IPP_GROUP_JOB);
	infra_put_job(c, &c->job);
	infra_reply_done(c);
}

static bool
says(const struct infra_call *c, const char *keyword)
{
	struct ipp_reader r;
	struct ipp_value v;
	bool inside = false;

	ipp_reader_of(infra_message(c), &r);
	while (ipp_next(&r, &v)) {
		if (!v.more && v.depth == 0)
			inside =
			    octets_same(v.name, octets_text("output-device-job-state-reasons"));
		if (inside && octets_same(v.value, octets_text(keyword)))
			return true;
	}
	return false;
}

static void
take_counts(const struct infra_call *c, struct job *j)
{
	int32_t n;

	if (infra_number(c, "job-impressions-completed", &n) && n > 0)
		j->impressions = (uint32_t)n;
	if (infra_number(c, "job-media-sheets-completed", &n) && n > 0)
		j->sheets = (uint32_t)n;
}

static uint32_t
reasons_of(const struct infra_call *c, enum job_state to)
{
	if (to == JOB_COMPLETED)
		return says(c, "job-completed-with-errors") ? JOB_WITH_ERRORS : JOB_DONE;
	if (to == JOB_CANCELED)
		return says(c, "job-canceled-by-user") ? JOB_CANCELED_BY_USER
						       : JOB_CANCELED_BY_OPERATOR;
	return says(c, "job-interrupted") ? JOB_ABORTED_BY_SYSTEM | JOB_INTERRUPTED
					  : JOB_ABORTED_BY_SYSTEM;
}

/* What was printed before somebody canceled it counts; the same said again is a lost answer. */
static void
last_word(struct infra_call *c, enum job_state to)
{
	struct fault f;

	if (c->job.lease_s == 0) {
		if (to == c->job.state)
			infra_reply_ok(c);
		else
			tell_over(c);
	} else if (to < JOB_CANCELED) {
		tell_over(c);
	} else {
		take_counts(c, &c->job);
		if (lease_end(c->infra, &c->job, &f))
			infra_when_durable(c, to == c->job.state ? kept : tell_over);
		else
			infra_reply_fault(c, &f);
	}
}

static bool
print_on(struct infra_call *c, struct fault *f)
{
	struct infra *n = c->infra;
	struct job *j = &c->job;

	if (j->state == JOB_PROCESSING && j->lease_s != 0)
		return lease_renew(n, j, &c->who, f);
	j->state = JOB_PROCESSING;
	j->reasons = JOB_PRINTING;
	j->changed_s = n->now_s();
	if (j->processing_s == 0)
		j->processing_s = j->changed_s;
	j->lease_s = 0; /* so that it is written, whatever is left of it */
	infra_changed(n, j);
	return lease_renew(n, j, &c->who, f);
}

void
infra_update_job(struct infra_call *c)
{
	struct infra *n = c->infra;
	struct fault f;
	int32_t to;
	bool ok;

	if (!infra_number(c, "output-device-job-state", &to) || to < JOB_PENDING ||
	    to > JOB_COMPLETED) {
		infra_refuse(c, INFRA_BAD_REQUEST, "output-device-job-state: expected 3 to 9");
		return;
	}
	if (job_is_over(&c->job)) {
		last_word(c, (enum job_state)to);
		return;
	}
	take_counts(c, &c->job);
	if (to <= JOB_HELD)
		ok = lease_renew(n, &c->job, &c->who, &f);
	else if (to <= JOB_STOPPED)
		ok = print_on(c, &f);
	else
		ok = lease_finish(
		    n, &c->job, (enum job_state)to, reasons_of(c, (enum job_state)to), &f);
	if (ok)
		infra_when_durable(c, kept);
	else
		infra_reply_fault(c, &f);
}

void
infra_update_document(struct infra_call *c)
{
	struct fault f;

	if (job_is_over(&c->job))
		tell_over(c);
	else if (lease_renew(c->infra, &c->job, &c->who, &f))
		infra_when_durable(c, kept);
	else
		infra_reply_fault(c, &f);
}

/* --- Update-Active-Jobs ------------------------------------------------------------------------
 */

/* What the connector thinks that it prints. */
struct active {
	struct infra_call *c;
	size_t n, states_n, epochs_n;
	int32_t ids[ACTIVE_MAX], states[ACTIVE_MAX], epochs[ACTIVE_MAX];
	size_t others_n; /* that are not so: of ids, states then say how it is */
	bool bad;
};

static void
gather(const struct ipp_value *v, int32_t *to, size_t *n, bool *bad)
{
	if (*n == ACTIVE_MAX || !ipp_number(v, &to[*n]))
		*bad = true;
	else
		++*n;
}

static void
read_active(struct active *a)
{
	struct ipp_reader r;
	struct ipp_value v;
	struct octets name = { NULL, 0 };

	ipp_reader_of(infra_message(a->c), &r);
	while (ipp_next(&r, &v) && !a->bad) {
		if (v.group != IPP_GROUP_OPERATION || v.depth != 0)
			continue;
		if (!v.more)
			name = v.name;
		if (octets_same(name, octets_text("job-ids")))
			gather(&v, a->ids, &a->n, &a->bad);
		else if (octets_same(name, octets_text("output-device-job-states")))
			gather(&v, a->states, &a->states_n, &a->bad);
		else if (octets_same(name, octets_text("quatrain-lease-epochs")))
			gather(&v, a->epochs, &a->epochs_n, &a->bad);
	}
	a->bad = a->bad || a->states_n != a->n || a->epochs_n != a->n;
}

static bool
is_active(const struct active *a, uint32_t id)
{
	for (size_t i = 0; i < a->n; i++)
		if ((uint32_t)a->ids[i] == id)
			return true;
	return false;
}

/* Leases that it has on this printer and does not know of: it came back without them. */
static bool
end_others(const struct active *a, struct fault *f)
{
	struct infra_call *c = a->c;
	struct infra *n = c->infra;
	bool ok = true;

	for (size_t i = 0; i < n->leases_n && ok; i++) {
		const struct infra_lease *l = &n->leases[i];
		struct job j = { .id = 0 };
		struct fault gone;

		if (strcmp(l->tenant, c->who.tenant) != 0 || is_active(a, l->job) ||
		    !spool_get(n->spool, l->tenant, l->job, &j, &gone))
			continue;
		if (strcmp(j.device, c->device) == 0 && lease_is_of(&j, c->owner))
			ok = lease_end(n, &j, f);
		job_free(&j);
	}
	return ok;
}

/* The state that it must take job i for; 0: it is as it thinks. */
static int32_t
state_of(const struct active *a, size_t i, struct job *j, struct fault *f)
{
	struct infra_call *c = a->c;

	if (a->ids[i] <= 0 ||
	    !spool_get(c->infra->spool, c->who.tenant, (uint32_t)a->ids[i], j, f) ||
	    strcmp(j->device, c->device) != 0 || !lease_is_of(j, c->owner) || a->epochs[i] <= 0 ||
	    (uint64_t)a->epochs[i] != j->epoch)
		return JOB_CANCELED; /* whatever became of it: not by this one */
	return job_is_over(j) ? (int32_t)j->state : 0;
}

static bool
renew_all(struct active *a, struct fault *f)
{
	bool ok = true;

	for (size_t i = 0; i < a->n && ok; i++) {
		struct job j = { .id = 0 };
		struct fault why;
		int32_t state = state_of(a, i, &j, &why);

		if (state == 0) {
			ok = lease_renew(a->c->infra, &j, &a->c->who, f);
		} else {
			a->ids[a->others_n] = a->ids[i];
			a->states[a->others_n++] = state;
		}
		job_free(&j);
	}
	return ok;
}

static void
tell_active(struct infra_call *c)
{
	struct bytes *b = &c->x->reply;
	struct reader in = reader_of(octets_bytes(&c->later));
	struct bytes states = { 0 };

	infra_reply_begin(c, INFRA_OK, NULL);
	for (bool first = true; in.n > 0; first = false) {
		int32_t id = (int32_t)reader_u32(&in);

		ipp_put_number(b, IPP_INTEGER, first ? "job-ids" : "", id);
		ipp_put_number(&states, IPP_ENUM, first ? "output-device-job-states" : "",
		    (int32_t)reader_u32(&in));
	}
	bytes_put_octets(b, octets_bytes(&states));
	bytes_free(&states);
	infra_reply_done(c);
}

void
infra_update_active(struct infra_call *c)
{
	struct active *a = calloc(1, sizeof(*a));
	struct fault f;

	if (a == NULL) {
		fault_set(&f, FAULT_INTERNAL, "active jobs: out of memory");
		infra_reply_fault(c, &f);
		return;
	}
	a->c = c;
	read_active(a);
	if (a->bad) {
		infra_refuse(c, INFRA_BAD_REQUEST,
		    "expected as many output-device-job-states and quatrain-lease-epochs as job-ids, up to %d",
		    ACTIVE_MAX);
	} else if (!end_others(a, &f) || !renew_all(a, &f)) {
		infra_reply_fault(c, &f);
	} else {
		for (size_t i = 0; i < a->others_n; i++) {
			bytes_put_u32(&c->later, (uint32_t)a->ids[i]);
			bytes_put_u32(&c->later, (uint32_t)a->states[i]);
		}
		infra_when_durable(c, tell_active);
	}
	free(a);
}
