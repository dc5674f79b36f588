/* relay/print_reply.c - how a call is answered; see print_under.h. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "relay/print_under.h"

/* RFC 8011 section 4.1.8: the version of the request, or the nearest that we speak. */
static void
version(const struct call *c, struct ipp_head *h)
{
	h->major = c->head.major == 1 ? 1 : 2;
	h->minor = c->head.major == 1 ? 1 : 0;
}

void
reply_begin(struct call *c, enum print_status status, const char *why)
{
	struct ipp_head h = { .code = (uint16_t)status, .request_id = c->head.request_id };

	version(c, &h);
	bytes_clear(&c->x->reply);
	ipp_begin(&c->x->reply, &h);
	if (why != NULL)
		ipp_put_text(&c->x->reply, IPP_TEXT, "status-message", why);
	if (c->unsupported.n > 0) {
		ipp_group(&c->x->reply, IPP_GROUP_UNSUPPORTED);
		bytes_put_octets(&c->x->reply, octets_bytes(&c->unsupported));
	}
}

void
reply_done(struct call *c)
{
	struct fault f;

	ipp_end(&c->x->reply);
	c->step = CALL_DONE;
	if (!bytes_ok(&c->x->reply, &f)) {
		bytes_free(&c->x->reply);
		c->x->status = 500;
		return;
	}
	c->x->type = "application/ipp";
	c->x->status = 200;
}

static void
refuse(struct call *c, enum print_status status, const char *why)
{
	document_drop(c);
	if (c->x->why[0] == '\0')
		snprintf(c->x->why, sizeof(c->x->why), "%.*s", (int)sizeof(c->x->why) - 1, why);
	reply_begin(c, status, why);
	reply_done(c);
}

void
reply_refuse(struct call *c, enum print_status status, const char *fmt, ...)
{
	char why[EXCHANGE_WHY_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	refuse(c, status, why);
}

void
print_reply_fault(struct call *c, const struct fault *f)
{
	static const struct {
		enum fault_code code;
		enum print_status status;
		const char *told; /* NULL: the fault's own text */
	} map[] = {
		{ FAULT_BADREQ, PRINT_BAD_REQUEST, NULL },
		{ FAULT_TYPE, PRINT_FORMAT, NULL },
		{ FAULT_DENIED, PRINT_NOT_AUTHORIZED, NULL },
		{ FAULT_NOTFOUND, PRINT_NOT_FOUND, NULL },
		{ FAULT_CONFLICT, PRINT_NOT_POSSIBLE, NULL },
		{ FAULT_STALE, PRINT_NOT_POSSIBLE, NULL },
		{ FAULT_LIMIT, PRINT_LIMIT_REACHED, NULL },
		{ FAULT_BUSY, PRINT_BUSY, "nobody can answer that now; try again" },
	};

	snprintf(c->x->why, sizeof(c->x->why), "%.*s", (int)sizeof(c->x->why) - 1, f->text);
	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (map[i].code == f->code) {
			refuse(c, map[i].status, map[i].told != NULL ? map[i].told : f->text);
			return;
		}
	refuse(c, PRINT_INTERNAL, "something is wrong on our side");
}

void
reply_ok(struct call *c)
{
	reply_begin(c, c->unsupported.n > 0 ? PRINT_OK_SUBSTITUTED : PRINT_OK, NULL);
	reply_done(c);
}

/* job-originating-user-name (RFC 8011 section 5.3.6): whose certificate it is, and nothing else. */
static void
put_job(struct call *c, const struct job *j, const struct wanted *w)
{
	struct print_name name = { .job = "" };
	struct endpoint owner = { .name = "" };
	char untitled[16 + 2 * DOCUMENT_UUID];
	struct job_view v = { .base = c->base,
		.name = name.job,
		.user = owner.name,
		.now_s = c->print->now_s(),
		.started_s = c->print->started_s };

	(void)name_of_uri(j->owner, &owner);
	(void)print_names_get(c->print->names, j->uuid, &name);
	if (name.job[0] == '\0') {
		snprintf(untitled, sizeof(untitled), "job %u", j->id);
		v.name = untitled;
	}
	ipp_group(&c->x->reply, IPP_GROUP_JOB);
	job_view_put(&c->x->reply, j, &v, w);
}

void
reply_put_job(struct call *c, const struct job *j, const char *const *otherwise)
{
	put_job(c, j, &(struct wanted){ .message = call_message(c), .otherwise = otherwise });
}

void
reply_job(struct call *c)
{
	/* What RFC 8011 section 4.2.1.2 has in the answer of Print-Job. */
	static const char *const first[] = { "job-id", "job-uri", "job-uuid", "job-state",
		"job-state-reasons", "job-state-message", NULL };

	reply_begin(c, c->unsupported.n > 0 ? PRINT_OK_SUBSTITUTED : PRINT_OK, NULL);
	put_job(c, &c->job, &(struct wanted){ .otherwise = first });
	reply_done(c);
}

void
reply_when_durable(struct call *c, void (*durable)(struct call *c))
{
	if (!spool_is_dirty(c->print->spool)) { /* what it says is durable already */
		durable(c);
		return;
	}
	c->durable = durable;
	c->x->waits = true;
	c->next_waiting = c->print->waiting;
	c->print->waiting = c;
}
