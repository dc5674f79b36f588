/* relay/print_query.c - what there is to know of queues and jobs; see print_under.h. */
#include <string.h>

#include "relay/print_under.h"

#define JOBS_MAX 500 /* in one answer, whatever limit says */

/* What a Get-Jobs lists. */
struct listing {
	struct call *c;
	bool over, all; /* jobs that have ended; or both kinds */
	int32_t left;
	struct octets user; /* my-jobs: who the client says it asks for; n 0: it does not */
	struct octets ids;  /* job-ids: numbers of 4 octets, one behind the other; n 0: any */
	struct bytes ended; /* the same, of jobs that are over: the spool has the oldest first */
};

/* Get-Jobs without requested-attributes (RFC 8011 section 4.2.6.1). */
static const char *const jobs_default[] = { "job-id", "job-uri", NULL };

/* Of one's own jobs those that were sent with another name are left out, as far as it is known: a
 * machine may have many users. Nobody sees more by it. */
static bool
is_users(const struct listing *l, const struct job *j)
{
	struct print_name name;

	return l->user.n == 0 || !print_names_get(l->c->print->names, j->uuid, &name) ||
	       octets_same(l->user, octets_text(name.user));
}

static bool
is_listed(const struct listing *l, const struct job *j)
{
	return strcmp(j->owner, l->c->owner) == 0 && strcmp(j->printer, l->c->queue) == 0 &&
	       is_users(l, j);
}

static bool
gather(void *with, const struct job *j)
{
	struct listing *l = with;

	if (is_listed(l, j))
		bytes_put_u32(&l->ended, j->id);
	return true;
}

static bool
list(void *with, const struct job *j)
{
	struct listing *l = with;

	if (l->left == 0)
		return false;
	if (!is_listed(l, j))
		return true;
	l->left--;
	reply_put_job(l->c, j, jobs_default);
	return true;
}

static void
list_one(struct listing *l, struct octets id)
{
	struct reader in = reader_of(id);
	struct job j = { .id = 0 };
	struct fault f;

	if (spool_get(l->c->print->spool, l->c->who.tenant, reader_u32(&in), &j, &f))
		list(l, &j);
	job_free(&j);
}

/* The jobs of job-ids, in that order; those that are not there, or another's, are left out. */
static void
list_named(struct listing *l)
{
	for (size_t at = 0; at + 4 <= l->ids.n; at += 4)
		list_one(l, octets_of(l->ids.at + at, 4));
}

/* RFC 8011 section 4.2.6.2: of those that are over the newest come first. */
static bool
list_ended(struct listing *l, struct fault *f)
{
	bool ok = spool_each(l->c->print->spool, l->c->who.tenant, true, 0, gather, l, f) &&
		  bytes_ok(&l->ended, f);

	for (size_t at = l->ended.n; ok && at >= 4 && l->left > 0; at -= 4)
		list_one(l, octets_of(l->ended.at + at - 4, 4));
	bytes_free(&l->ended);
	return ok;
}

/* which-jobs (RFC 8011 section 4.2.6.1). */
static bool
which(struct call *c, struct listing *l)
{
	struct ipp_value v;
	struct octets o;

	if (!call_find(c, "which-jobs", &v))
		return true;
	o = ipp_text(&v);
	l->over = octets_same(o, octets_text("completed"));
	l->all = octets_same(o, octets_text("all"));
	if (l->over || l->all || octets_same(o, octets_text("not-completed")))
		return true;
	ipp_copy(&c->unsupported, &v);
	reply_refuse(c, PRINT_ATTRIBUTES, "print: RFC 8011 section 4.2.6.1: which-jobs");
	return false;
}

static bool
limit(struct call *c, struct listing *l)
{
	struct ipp_value v;
	int32_t n;

	l->left = JOBS_MAX;
	if (!call_find(c, "limit", &v))
		return true;
	if (!ipp_number(&v, &n) || n < 1) {
		reply_refuse(c, PRINT_BAD_REQUEST, "print: RFC 8011 section 4.2.6.1: limit");
		return false;
	}
	if (n < l->left)
		l->left = n;
	return true;
}

static bool
list_all(struct listing *l, struct fault *f)
{
	struct spool *s = l->c->print->spool;
	const char *tenant = l->c->who.tenant;

	return (l->over || spool_each(s, tenant, false, 0, list, l, f)) &&
	       (!(l->over || l->all) || list_ended(l, f));
}

void
query_jobs(struct call *c)
{
	struct listing l = { .c = c };
	struct bytes ids = { 0 };
	struct ipp_value my;
	struct fault f;

	if (call_find(c, "my-jobs", &my) && ipp_yes(&my))
		l.user = call_text(c, "requesting-user-name");
	if (!which(c, &l) || !limit(c, &l))
		return;
	if (!call_ids(c, &ids)) {
		bytes_free(&ids);
		return;
	}
	l.ids = octets_bytes(&ids);
	reply_begin(c, PRINT_OK, NULL);
	if (ids.n > 0)
		list_named(&l);
	else if (!list_all(&l, &f)) {
		print_reply_fault(c, &f);
		bytes_free(&ids);
		return;
	}
	reply_done(c);
	bytes_free(&ids);
}

static bool
count(void *with, const struct job *j)
{
	struct listing *l = with;

	if (strcmp(j->owner, l->c->owner) == 0 && strcmp(j->printer, l->c->queue) == 0)
		l->left++;
	return true;
}

void
query_printer(struct call *c)
{
	static const char *const all[] = { "all", NULL };
	struct wanted w = { .message = call_message(c), .otherwise = all };
	struct octets format = call_text(c, "document-format");
	struct capability q = { .base = c->base,
		.queue = c->queue,
		.tenant = c->who.tenant,
		.now_s = c->print->now_s(),
		.started_s = c->print->started_s };
	struct listing l = { .c = c };
	struct fault f;

	if (format.n > 0 && !capability_takes_format(format)) {
		reply_refuse(c, PRINT_FORMAT, "print: RFC 8011 section 4.2.5.1: document-format");
		return;
	}
	if (wanted_is(&w, "queued-job-count", "printer-description") &&
	    !spool_each(c->print->spool, c->who.tenant, false, 0, count, &l, &f)) {
		print_reply_fault(c, &f);
		return;
	}
	q.queued = (uint32_t)l.left;
	reply_begin(c, PRINT_OK, NULL);
	ipp_group(&c->x->reply, IPP_GROUP_PRINTER);
	capability_put(&c->x->reply, &q, &w);
	reply_done(c);
}

void
query_identify(struct call *c)
{
	struct ipp_value v;

	/* A queue has neither a light nor a bell; its printer may show something. */
	if (call_find(c, "identify-actions", &v) &&
	    !octets_same(ipp_text(&v), octets_text("display"))) {
		ipp_copy(&c->unsupported, &v);
		reply_refuse(
		    c, PRINT_ATTRIBUTES, "print: PWG 5100.13 section 4.1: identify-actions");
		return;
	}
	if (c->print->identify != NULL && c->queue[0] != '\0')
		(void)c->print->identify(c->print->with, c->who.tenant, c->queue, "display");
	reply_ok(c);
}
