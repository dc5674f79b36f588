/* relay/release_job.c - which jobs may be released, and how one is; see release_under.h. */
#include <stdio.h>
#include <string.h>

#include "relay/release_under.h"
#include "relay/template.h"

#define LIST_MAX 1000

bool
release_is_open(const struct job *j, const char **why)
{
	*why = NULL;
	if (job_is_over(j))
		*why = "over";
	else if (j->state != JOB_HELD && (j->state != JOB_PENDING || j->lease_s != 0))
		*why = "printing";
	else if (j->envelope.n == 0 || (j->reasons & (JOB_INCOMING | JOB_DATA_INSUFFICIENT)) != 0)
		*why = "incoming";
	else if (j->release == JOB_RELEASE_NONE)
		*why = "printing";
	return *why == NULL;
}

static void
put_released(struct release_call *c, const struct job *j)
{
	struct json *o = json_object();

	json_put_number(o, "id", (int64_t)j->id);
	json_put_hex(o, "uuid", j->uuid, sizeof(j->uuid));
	json_put_number(o, "octets", (int64_t)j->octets);
	json_add(c->released, o);
}

/* Policies see the job as it would become, and what they oblige to is how it is printed. */
static bool
is_permitted(struct release_call *c, struct job *j)
{
	struct decider_question q = { .act = ACT_PRINT_RELEASE,
		.who = &c->who,
		.job = j,
		.printer = c->printer,
		.owner_present = true,
		.how = c->how,
		.owner = j->owner };
	struct release *r = c->release;
	struct decider_answer a = { .permit = false };
	struct bytes ignored = { 0 };
	bool ok = r->decider->decide(r->decider->with, c->x, &q, &a, &c->fault);

	if (ok) {
		(void)snprintf(j->decision, sizeof(j->decision), "%s", a.decision);
		if (c->x != NULL)
			(void)snprintf(c->x->decision, sizeof(c->x->decision), "%s", a.decision);
		ok = a.permit && template_oblige(j, &a, &ignored, &c->fault);
		if (!a.permit || !ok) {
			c->fault.code = 0; /* it is an answer, and no fault */
			release_keep(c, j->id, "policy", -1);
		}
	}
	bytes_free(&ignored);
	return ok;
}

void
release_one(struct release_call *c, struct job *j)
{
	struct release *r = c->release;

	memcpy(j->device, c->printer, sizeof(j->device));
	if (!is_permitted(c, j))
		return;
	j->state = JOB_PENDING;
	j->reasons = JOB_FETCHABLE;
	j->changed_s = r->now_s();
	if (!spool_put(r->spool, j, false, &c->fault))
		return;
	if (r->changed != NULL)
		r->changed(r->with, j);
	put_released(c, j);
}

/* Ids first: what is visited must not be written to. */
struct gathering {
	struct release_call *c;
	size_t n, most;
	uint32_t ids[RELEASE_JOBS_MAX];
};

static bool
gather(void *with, const struct job *j)
{
	struct gathering *g = with;
	const char *why;

	if (strcmp(j->owner, g->c->owner) == 0 && release_is_open(j, &why) && j->state == JOB_HELD)
		g->ids[g->n++] = j->id;
	return g->n < g->most;
}

static void
look_at(struct release_call *c, uint32_t id)
{
	struct job j = { .id = 0 };
	const char *why;
	struct fault f;

	if (!spool_get(c->release->spool, c->who.tenant, id, &j, &f) ||
	    strcmp(j.owner, c->owner) != 0)
		release_keep(c, id, "unknown", -1);
	else if (!release_is_open(&j, &why))
		release_keep(c, id, why, -1);
	else if (j.release == JOB_RELEASE_PASSWORD)
		release_keep(c, id, "pin", -1);
	else
		release_one(c, &j);
	job_free(&j);
}

void
release_all(struct release_call *c, const struct json *ids)
{
	struct gathering g = { .c = c, .most = RELEASE_JOBS_MAX };

	for (size_t i = 0; ids != NULL && i < json_count(ids); i++) {
		int64_t id;

		if (!json_as_number(json_at(ids, i), 1, INT32_MAX, &id))
			fault_set(&c->fault, FAULT_BADREQ, "jobs: expected ids");
		else
			g.ids[g.n++] = (uint32_t)id;
	}
	if (ids == NULL &&
	    !spool_each(c->release->spool, c->who.tenant, false, 1, gather, &g, &c->fault))
		g.n = 0;
	for (size_t i = 0; i < g.n && c->fault.code == 0; i++)
		look_at(c, g.ids[i]);
	c->step = RELEASE_KEEPS;
	if (c->fault.code == 0 && json_count(c->released) > 0)
		release_wait(c);
	else
		release_tell(c);
}

/* --- what there is -----------------------------------------------------------------------------
 */

struct listing {
	struct release_call *c;
	struct json *items;
	size_t n;
};

static bool
show(void *with, const struct job *j)
{
	struct listing *l = with;
	const char *why;
	struct json *o;

	if (strcmp(j->owner, l->c->owner) != 0 || !release_is_open(j, &why))
		return true;
	o = json_object();
	json_put_number(o, "id", (int64_t)j->id);
	json_put_number(o, "octets", (int64_t)j->octets);
	json_put_time(o, "created", j->created_s);
	json_put_time(o, "expires", j->expires_s);
	json_put_number(o, "copies", j->copies);
	json_put_bool(o, "pin", j->release == JOB_RELEASE_PASSWORD);
	json_add(l->items, o);
	return ++l->n < LIST_MAX;
}

void
release_list(struct release_call *c)
{
	struct listing l = { .c = c, .items = json_array() };

	if (!spool_each(c->release->spool, c->who.tenant, false, 1, show, &l, &c->fault))
		json_free(l.items);
	else
		c->items = l.items;
	release_tell(c);
}
