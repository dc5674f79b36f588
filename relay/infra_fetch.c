/* relay/infra_fetch.c - a job goes to the connector that holds its lease; see infra_under.h. */
#include <limits.h>
#include <string.h>

#include "relay/infra_under.h"

#define PIECE    (256u << 10) /* octets of a document that are in memory at once */
#define JOBS_MAX 1000         /* of one answer */

/* --- what there is -----------------------------------------------------------------------------
 */

struct listing {
	struct infra_call *c;
	int64_t now_s;
	int32_t left;
	char device[TEXT_LABEL_MAX]; /* looked at last, and what was found */
	bool speaks;
};

static bool
list_job(void *with, const struct job *j)
{
	struct listing *a = with;
	struct infra_call *c = a->c;
	bool takeover;

	if (!lease_is_fetchable(c->infra, j, a->now_s, &takeover) ||
	    (c->device[0] != '\0' && strcmp(c->device, j->device) != 0))
		return true;
	if (strcmp(a->device, j->device) != 0) {
		memcpy(a->device, j->device, sizeof(a->device));
		a->speaks = printer_speaks(c->infra->realm, &c->who, j->device);
	}
	if (!a->speaks)
		return true;
	ipp_group(&c->x->reply, IPP_GROUP_JOB);
	infra_put_job(c, j);
	ipp_put_bool(&c->x->reply, "quatrain-takeover", takeover);
	return --a->left > 0;
}

void
infra_get_jobs(struct infra_call *c)
{
	struct listing a = { .c = c, .now_s = c->infra->now_s(), .left = JOBS_MAX };
	struct ipp_value which;
	struct fault f;
	int32_t limit;

	if (!infra_find(c, "which-jobs", &which) ||
	    !octets_same(which.value, octets_text("fetchable"))) {
		infra_refuse(c, INFRA_ATTRIBUTES, "which-jobs: expected fetchable");
		return;
	}
	if (infra_number(c, "limit", &limit) && limit > 0 && limit < a.left)
		a.left = limit;
	infra_reply_begin(c, INFRA_OK, NULL);
	if (!spool_each(c->infra->spool, c->who.tenant, false, 1, list_job, &a, &f))
		infra_reply_fault(c, &f);
	else
		infra_reply_done(c);
}

/* --- Fetch-Job ---------------------------------------------------------------------------------
 */

static void
put_octet_count(struct bytes *b, uint64_t octets)
{
	if (octets <= INT32_MAX)
		ipp_put_number(b, IPP_INTEGER, "quatrain-document-octets", (int32_t)octets);
	else
		ipp_put_none(b, IPP_NO_VALUE, "quatrain-document-octets");
}

static void
tell_fetched(struct infra_call *c)
{
	struct bytes *b = &c->x->reply;

	infra_reply_begin(c, INFRA_OK, NULL);
	ipp_group(b, IPP_GROUP_JOB);
	infra_put_job(c, &c->job);
	ipp_put_number(b, IPP_INTEGER, "quatrain-lease-epoch", (int32_t)c->job.epoch);
	ipp_put_bool(b, "quatrain-takeover", c->takeover);
	if (c->later.n > 0)
		ipp_put(b, IPP_OCTETS, "quatrain-envelope", octets_bytes(&c->later));
	ipp_put_text(b, IPP_MIME, "quatrain-document-format", c->job.format);
	if (c->job.compression[0] != '\0')
		ipp_put_text(b, IPP_KEYWORD, "quatrain-compression", c->job.compression);
	put_octet_count(b, c->job.octets);
	ipp_put_number(b, IPP_INTEGER, "number-of-documents", 1);
	bytes_put_octets(b, octets_bytes(&c->job.template));
	infra_reply_done(c);
}

/* The lease is durable; the signer may have answered before, or does it yet. */
static void
leased(struct infra_call *c)
{
	c->has_committed = true;
	if (!c->asks)
		tell_fetched(c);
}

/* Nobody prints what the signer does not give the key of. */
static void
give_back(struct infra_call *c)
{
	struct job j = { .id = 0 };
	struct fault f;
	bool given = spool_get(c->infra->spool, c->who.tenant, c->job.id, &j, &f) &&
		     j.epoch == c->job.epoch && lease_end(c->infra, &j, &f);

	(void)given; /* else it runs out by itself */
	job_free(&j);
}

static bool
keep_envelope(struct infra_call *c, uint16_t code, struct octets body, struct fault *f)
{
	struct octets envelope;

	if (code != 0)
		return fault_set(
		    f, (enum fault_code)code, "%.*s", (int)body.n, (const char *)body.at);
	if (c->failed)
		return fault_set(f, FAULT_BUSY, "lease: it could not be kept");
	if (!c->infra->rewrapped(c->infra->with, body, &envelope, f))
		return false;
	bytes_put_octets(&c->later, envelope);
	return bytes_ok(&c->later, f);
}

static void
wrapped(struct exchange *x, uint16_t code, struct octets body)
{
	struct infra_call *c = x->state;
	struct fault f;

	c->asks = false;
	if (!keep_envelope(c, code, body, &f)) {
		if (c->listed)
			infra_unlist(c);
		c->durable = NULL;
		x->waits = false;
		give_back(c);
		infra_reply_fault(c, &f);
	} else if (c->has_committed) {
		tell_fetched(c);
	} else {
		x->waits = true; /* and is in the list */
	}
}

static bool
is_permitted(struct infra_call *c)
{
	struct decider_question q = {
		.act = ACT_PRINT_FETCH, .who = &c->who, .job = &c->job, .printer = c->device
	};
	struct decider_answer a = { .permit = false };
	struct fault f;

	if (!c->infra->decider->decide(c->infra->decider->with, c->x, &q, &a, &f))
		infra_reply_fault(c, &f);
	else if (!a.permit)
		infra_refuse(c, INFRA_NOT_AUTHORIZED, "%s", a.why);
	return c->x->status == 0;
}

void
infra_fetch_job(struct infra_call *c)
{
	struct infra *n = c->infra;
	struct fault f;
	/* Its own, that it did not begin to print: an answer was lost. */
	bool again =
	    c->job.state == JOB_PENDING && c->job.lease_s != 0 && lease_is_of(&c->job, c->owner);

	if (!lease_is_fetchable(n, &c->job, n->now_s(), &c->takeover) && !again) {
		infra_refuse(c, INFRA_NOT_FETCHABLE, "another has it, or it is not released");
		return;
	}
	if (!is_permitted(c))
		return;
	if (!lease_take(n, &c->job, c->owner, &c->who, &f)) {
		infra_reply_fault(c, &f);
		return;
	}
	infra_when_durable(c, leased);
	if (n->rewrap == NULL)
		return;
	c->x->waits = false; /* for the signer first */
	if (n->rewrap(n->with, c->x, &c->who, &c->job, &f)) {
		c->asks = true;
		c->x->ask.then = wrapped;
		return;
	}
	infra_unlist(c);
	c->durable = NULL;
	give_back(c);
	infra_reply_fault(c, &f);
}

/* --- what it takes -----------------------------------------------------------------------------
 */

static void
kept(struct infra_call *c)
{
	infra_reply_ok(c);
}

/* fetch-status-code: what a connector cannot print ends; what it cannot print now goes back. */
void
infra_acknowledge(struct infra_call *c)
{
	struct infra *n = c->infra;
	int32_t status = 0;
	struct fault f;
	bool ok;

	(void)infra_number(c, "fetch-status-code", &status);
	if (job_is_over(&c->job))
		infra_refuse(c, INFRA_NOT_POSSIBLE, "the job is over");
	if (c->x->status != 0)
		return;
	if (status < 0x0100)
		ok = lease_renew(n, &c->job, &c->who, &f);
	else if (status >= 0x0500 || c->job.state != JOB_PENDING)
		ok = lease_end(n, &c->job, &f);
	else
		ok = lease_finish(n, &c->job, JOB_ABORTED, JOB_ABORTED_BY_SYSTEM, &f);
	if (ok)
		infra_when_durable(c, kept);
	else
		infra_reply_fault(c, &f);
}

/* --- Fetch-Document ----------------------------------------------------------------------------
 */

/* The lease is looked at before each piece: who lost it gets no more. */
static bool
next_piece(struct infra_call *c)
{
	struct infra *n = c->infra;
	struct job j = { .id = 0 };
	struct fault f;
	bool ok = spool_get(n->spool, c->who.tenant, c->job.id, &j, &f);
	size_t before = c->x->reply.n;

	if (ok && (j.epoch != c->job.epoch || job_is_over(&j)))
		ok = fault_set(&f, FAULT_STALE, "the lease was lost");
	ok = ok && lease_renew(n, &j, &c->who, &f) &&
	     spool_read(n->spool, &j, 1, c->at, PIECE, &c->x->reply, &f);
	job_free(&j);
	if (!ok) {
		memcpy(c->x->why, f.text, strnlen(f.text, EXCHANGE_WHY_MAX - 1));
		c->x->close = true;
		return false;
	}
	c->at += c->x->reply.n - before;
	return c->x->reply.n - before == PIECE;
}

static bool
pull(struct exchange *x)
{
	return next_piece(x->state);
}

void
infra_fetch_document(struct infra_call *c)
{
	int32_t number = 1;

	if (infra_number(c, "document-number", &number) && number != 1)
		infra_refuse(c, INFRA_NOT_FOUND, "a job has one document: number 1");
	else if (job_is_over(&c->job) || c->job.envelope.n == 0)
		infra_refuse(c, INFRA_NOT_POSSIBLE, "the job's document is gone");
	if (c->x->status != 0)
		return;
	infra_reply_begin(c, INFRA_OK, NULL);
	ipp_put_text(&c->x->reply, IPP_KEYWORD, "compression", "none");
	ipp_put_text(&c->x->reply, IPP_MIME, "document-format", "application/vnd.quatrain.sealed");
	ipp_put_number(&c->x->reply, IPP_INTEGER, "document-number", 1);
	ipp_put_bool(&c->x->reply, "last-document", true);
	infra_reply_done(c);
	if (c->x->status == 200)
		c->x->pull = pull;
}
