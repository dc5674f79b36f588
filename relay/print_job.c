/* relay/print_job.c - what its owner may do with a job that is there; see print_under.h. */
#include <string.h>

#include "relay/print_under.h"

#define MANY_MAX CALL_IDS_MAX /* jobs that one Cancel-My-Jobs ends; more with the next one */

static bool
cancel(struct call *c, struct job *j, struct fault *f)
{
	struct print *p = c->print;

	j->state = JOB_CANCELED;
	j->reasons = JOB_CANCELED_BY_USER;
	j->changed_s = j->completed_s = p->now_s();
	if (!spool_put(p->spool, j, true, f))
		return false;
	if (p->changed != NULL)
		p->changed(p->with, j);
	return true;
}

void
job_cancel(struct call *c)
{
	struct fault f;

	if (!head_job(c))
		return;
	if (!job_may_become(&c->job, JOB_CANCELED)) {
		reply_refuse(
		    c, PRINT_NOT_POSSIBLE, "print: RFC 8011 section 4.3.3: the job has ended");
		return;
	}
	if (!cancel(c, &c->job, &f)) {
		print_reply_fault(c, &f);
		return;
	}
	reply_when_durable(c, reply_ok);
}

/* The jobs that Cancel-My-Jobs means, by their numbers. */
struct many {
	struct call *c;
	size_t n;
	uint32_t id[MANY_MAX];
	struct fault f;
};

static bool
mine(void *with, const struct job *j)
{
	struct many *m = with;

	if (strcmp(j->owner, m->c->owner) == 0 && strcmp(j->printer, m->c->queue) == 0 &&
	    job_may_become(j, JOB_CANCELED))
		m->id[m->n++] = j->id;
	return m->n < MANY_MAX;
}

/* job-ids: each has to be one that can be canceled, or none is (PWG 5100.7 section 5.2). */
static bool
named(struct call *c, struct many *m, struct octets ids)
{
	struct reader in = reader_of(ids);

	while (in.n > 0) {
		c->job_id = reader_u32(&in);
		if (!head_job(c))
			return false;
		if (!job_may_become(&c->job, JOB_CANCELED)) {
			reply_refuse(c, PRINT_NOT_POSSIBLE, "print: job %u has ended", c->job_id);
			return false;
		}
		job_free(&c->job);
		m->id[m->n++] = c->job_id;
	}
	return true;
}

/* The numbers of the jobs that c means; false: it is answered. */
static bool
meant(struct call *c, struct many *m)
{
	struct bytes ids = { 0 };
	bool ok;

	if (!call_ids(c, &ids))
		ok = false;
	else if (ids.n > 0)
		ok = named(c, m, octets_bytes(&ids));
	else {
		ok = spool_each(c->print->spool, c->who.tenant, false, 0, mine, m, &m->f);
		if (!ok)
			print_reply_fault(c, &m->f);
	}
	bytes_free(&ids);
	return ok;
}

void
job_cancel_mine(struct call *c)
{
	struct many m = { .c = c };
	struct job j = { .id = 0 };

	if (!meant(c, &m))
		return;
	for (size_t i = 0; i < m.n; i++) {
		/* a number may be there twice */
		bool ok = spool_get(c->print->spool, c->who.tenant, m.id[i], &j, &m.f) &&
			  (!job_may_become(&j, JOB_CANCELED) || cancel(c, &j, &m.f));

		job_free(&j);
		if (!ok) {
			print_reply_fault(c, &m.f);
			return;
		}
	}
	reply_when_durable(c, reply_ok);
}

void
job_attributes(struct call *c)
{
	static const char *const all[] = { "all", NULL };

	if (!head_job(c))
		return;
	reply_begin(c, PRINT_OK, NULL);
	reply_put_job(c, &c->job, all);
	reply_done(c);
}
