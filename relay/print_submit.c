/*
 * relay/print_submit.c - from a message to a job: what it says is judged before its document is
 * touched, and answered when it is durable; see print_under.h.
 */
#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "relay/print_under.h"

static void
take_text(struct octets o, char *to, size_t size)
{
	struct octets rest = o;
	uint32_t code;
	size_t n = 0, step;

	/* whole characters */
	while (rest.n > 0 && (step = text_utf8(rest, &code)) > 0 && n + step < size) {
		n += step;
		rest = octets_of(rest.at + step, rest.n - step);
	}
	if (n > 0)
		memcpy(to, o.at, n);
	to[n] = '\0';
}

/* The value of c's attribute as text, whole characters, cut to size. */
static void
text_of(const struct call *c, const char *name, char *to, size_t size)
{
	take_text(call_text(c, name), to, size);
}

/* What becomes of a job when all of it is there. */
static void
settle(struct call *c)
{
	struct job *j = &c->job;

	j->changed_s = c->print->now_s();
	j->expires_s = j->changed_s + c->print->hold_s;
	j->completed_s = 0;
	if (j->octets == 0) {
		/* nothing came that could be printed */
		j->state = JOB_ABORTED;
		j->reasons = JOB_ABORTED_BY_SYSTEM;
		j->completed_s = j->changed_s;
	} else if (c->print->passes_on) {
		j->state = JOB_PENDING;
		j->reasons = 0;
	} else if (j->release == JOB_RELEASE_NONE) {
		j->state = JOB_PENDING;
		j->reasons = JOB_FETCHABLE;
		memcpy(j->device, j->printer, sizeof(j->device));
	} else {
		j->state = JOB_HELD;
		j->reasons = JOB_HELD_FOR_RELEASE;
	}
}

/* c's job is what it is now with the next commit. */
static void
told(struct call *c)
{
	if (c->print->changed != NULL)
		c->print->changed(c->print->with, &c->job);
	reply_when_durable(c, reply_job);
}

/* Compression and format of a document (RFC 8011 sections 4.2.1.1 and 5.4.21, 5.4.22). The octets
 * are never looked at: what they are is their sender's word. */
static bool
document_says(struct call *c)
{
	struct octets format = call_text(c, "document-format");
	struct octets compression = call_text(c, "compression");
	struct job *j = &c->job;

	c->sealed = octets_same(format, octets_text(CALL_FORMAT_SEALED));
	if (c->sealed) { /* what is said of its octets tells nothing of what is inside */
		format = call_text(c, "quatrain-document-format");
		compression = call_text(c, "quatrain-compression");
	}
	if (octets_same(compression, octets_text("none")))
		compression.n = 0;
	if (compression.n > 0 && !octets_same(compression, octets_text("gzip")) &&
	    !octets_same(compression, octets_text("deflate"))) {
		reply_refuse(c, PRINT_COMPRESSION, "print: RFC 8011 section 5.4.32: compression");
		return false;
	}
	take_text(compression, j->compression, sizeof(j->compression));
	if (format.n == 0)
		format = octets_text(CAPABILITY_FORMAT_DEFAULT);
	if (!capability_takes_format(format)) {
		reply_refuse(c, PRINT_FORMAT, "print: RFC 8011 section 4.1.7: document-format");
		return false;
	}
	take_text(format, j->format, sizeof(j->format));
	return true;
}

/* "urn:uuid:" and a UUID (RFC 9562 section 4). */
static bool
read_uuid(struct octets o, uint8_t to[static DOCUMENT_UUID])
{
	char hex[2 * DOCUMENT_UUID + 1];
	size_t n = 0;

	if (!octets_take_text(&o, "urn:uuid:") || o.n != 36)
		return false;
	for (size_t i = 0; i < o.n; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash != (o.at[i] == '-'))
			return false;
		if (!dash)
			hex[n++] = (char)o.at[i];
	}
	hex[n] = '\0';
	return text_unhex(hex, to, DOCUMENT_UUID);
}

static void
random_uuid(uint8_t to[static DOCUMENT_UUID])
{
	secret_nonce(to, DOCUMENT_UUID);
	to[6] = (uint8_t)((to[6] & 0x0f) | 0x40); /* RFC 9562 section 5.4: version 4 */
	to[8] = (uint8_t)((to[8] & 0x3f) | 0x80);
}

/* Who sealed it, and which job it is to be: its sender's choice where that seals it, so that one
 * that was sent twice is one. */
static bool
whose_uuid(struct call *c)
{
	struct octets o = call_text(c, "quatrain-job-uuid");

	c->job.grade = o.n > 0 ? JOB_GRADE_AGENT : JOB_GRADE_RELAY;
	if (o.n == 0)
		random_uuid(c->job.uuid);
	else if (!read_uuid(o, c->job.uuid)) {
		reply_refuse(c, PRINT_BAD_REQUEST, "print: quatrain-job-uuid is none");
		return false;
	}
	return true;
}

/* What comes with octets that their sender sealed. */
static bool
sealed_says(struct call *c)
{
	struct ipp_value v;

	if (c->sealed != (c->job.grade == JOB_GRADE_AGENT)) {
		reply_refuse(c, PRINT_BAD_REQUEST, "print: quatrain-job-uuid and %s go together",
		    CALL_FORMAT_SEALED);
		return false;
	}
	if (!c->sealed)
		return true;
	if (!call_find(c, "quatrain-envelope", &v) || v.tag != IPP_OCTETS || v.value.n == 0 ||
	    v.value.n > ENVELOPE_MAX) {
		reply_refuse(c, PRINT_BAD_REQUEST, "print: quatrain-envelope is needed");
		return false;
	}
	bytes_clear(&c->job.envelope);
	bytes_put_octets(&c->job.envelope, v.value);
	if (!call_find(c, "quatrain-names", &v))
		return true;
	if (v.tag != IPP_OCTETS || v.value.n > JOB_NAMES_MAX) {
		reply_refuse(c, PRINT_BAD_REQUEST, "print: quatrain-names");
		return false;
	}
	bytes_clear(&c->job.names);
	bytes_put_octets(&c->job.names, v.value);
	return true;
}

/* May it be printed, and with what changed? */
static bool
decided(struct call *c)
{
	struct decider_question q = { .act = ACT_PRINT_SUBMIT,
		.who = &c->who,
		.job = &c->job,
		.printer = c->job.printer[0] != '\0' ? c->job.printer : NULL };
	struct decider_answer a = { .permit = false };
	const struct decider *d = c->print->decider;
	struct fault f;

	if (!d->decide(d->with, c->x, &q, &a, &f)) {
		print_reply_fault(c, &f);
		return false;
	}
	memcpy(c->x->decision, a.decision, sizeof(c->x->decision));
	memcpy(c->job.decision, a.decision, sizeof(c->job.decision));
	if (!a.permit) {
		reply_refuse(c, PRINT_NOT_AUTHORIZED, "%s", a.why);
		return false;
	}
	if (!template_oblige(&c->job, &a, &c->unsupported, &f)) {
		print_reply_fault(c, &f);
		return false;
	}
	return true;
}

/* The job that a message asks for, judged; false: c is answered. */
static bool
judge(struct call *c)
{
	struct job *j = &c->job;
	struct fault f;

	memcpy(j->tenant, c->who.tenant, sizeof(j->tenant));
	memcpy(j->owner, c->owner, sizeof(j->owner));
	memcpy(j->printer, c->queue, sizeof(j->printer));
	j->release = c->queue[0] != '\0' ? JOB_RELEASE_NONE : JOB_RELEASE_OWNER;
	j->created_s = j->changed_s = c->print->now_s();
	if (!document_says(c) || !whose_uuid(c) || !pin_read(c))
		return false;
	if (!template_read(call_message(c), j, &c->unsupported, &f)) {
		if (f.code == FAULT_CONFLICT)
			reply_refuse(c, PRINT_ATTRIBUTES, "%s", f.text);
		else
			print_reply_fault(c, &f);
		return false;
	}
	return decided(c);
}

/* What people call it: for the answers, and sealed into the job. */
static void
names(struct call *c)
{
	struct print_name name = { .job = "" };

	text_of(c, "job-name", name.job, sizeof(name.job));
	text_of(c, "document-name", name.document, sizeof(name.document));
	text_of(c, "requesting-user-name", name.user, sizeof(name.user));
	if (c->print->user != NULL)
		c->print->user(c->print->with, c->x, name.user);
	print_names_put(c->print->names, c->job.uuid, &name);
}

/* A job that its sender sent already: answered as what became of it, once that is durable. */
static bool
is_repeated(struct call *c)
{
	struct job there = { .id = 0 };
	struct fault f;

	if (c->job.grade != JOB_GRADE_AGENT)
		return false;
	if (document_is_sent(c)) {
		reply_refuse(c, PRINT_BUSY, "print: a document of that job is on its way");
		return true;
	}
	if (!spool_find(c->print->spool, c->who.tenant, c->job.uuid, &there, &f)) {
		if (f.code == FAULT_NOTFOUND)
			return false;
		print_reply_fault(c, &f);
		return true;
	}
	job_free(&c->job);
	c->job = there;
	if (strcmp(c->job.owner, c->owner) == 0)
		reply_when_durable(c, reply_job);
	else
		reply_refuse(c, PRINT_NOT_POSSIBLE, "print: quatrain-job-uuid is taken");
	return true;
}

void
submit_validate_job(struct call *c)
{
	if (judge(c))
		reply_ok(c);
}

void
submit_print_job(struct call *c)
{
	if (!judge(c) || !sealed_says(c) || is_repeated(c))
		return;
	names(c);
	pin_then(c, document_expect);
}

static void
create(struct call *c)
{
	struct fault f;

	c->job.state = JOB_PENDING;
	c->job.reasons = JOB_INCOMING | JOB_DATA_INSUFFICIENT;
	c->job.expires_s = c->job.created_s + CAPABILITY_TIME_OUT_S;
	if (!spool_add(c->print->spool, &c->job, NULL, &f)) {
		print_reply_fault(c, &f);
		return;
	}
	names(c);
	told(c);
}

void
submit_create_job(struct call *c)
{
	if (judge(c) && !is_repeated(c))
		pin_then(c, create);
}

/* The job of Send-Document and Close-Job: the caller's, and open. */
static bool
open_job(struct call *c)
{
	if (!head_job(c))
		return false;
	if ((c->job.reasons & JOB_INCOMING) != 0 && !job_is_over(&c->job))
		return true;
	/* Its end did not come back to the sender, who says it again. */
	if (c->job.grade == JOB_GRADE_AGENT && c->operation->document &&
	    c->job.state != JOB_CANCELED && c->job.state != JOB_ABORTED) {
		reply_when_durable(c, reply_job);
		return false;
	}
	reply_refuse(c, c->job.state == JOB_CANCELED ? PRINT_CANCELED : PRINT_NOT_POSSIBLE,
	    "print: RFC 8011 section 4.3.1: the job takes no document any more");
	return false;
}

void
submit_send_document(struct call *c)
{
	struct ipp_value last;
	uint8_t uuid[DOCUMENT_UUID];
	struct octets named = call_text(c, "quatrain-job-uuid");

	if (!call_find(c, "last-document", &last) || last.tag != IPP_BOOLEAN) {
		reply_refuse(c, PRINT_BAD_REQUEST,
		    "print: RFC 8011 section 4.3.1.1: last-document is needed");
		return;
	}
	if (!open_job(c))
		return;
	c->more = !ipp_yes(&last);
	if (!document_says(c) || !sealed_says(c) || !decided(c))
		return;
	if (named.n > 0 &&
	    (!read_uuid(named, uuid) || memcmp(uuid, c->job.uuid, sizeof(uuid)) != 0)) {
		reply_refuse(c, PRINT_BAD_REQUEST, "print: quatrain-job-uuid is another job's");
		return;
	}
	document_expect(c);
}

/* A whole document with which the job begins. */
static void
whole_job(struct call *c)
{
	struct spool_document *d = c->document;
	struct fault f;

	if (c->job.octets == 0) {
		reply_refuse(c, PRINT_BAD_REQUEST, "print: RFC 8011 section 4.2.1: no document");
		return;
	}
	settle(c);
	c->document = NULL;
	document_drop(c);
	if (spool_add(c->print->spool, &c->job, d, &f))
		told(c);
	else
		print_reply_fault(c, &f);
}

/* The document of a job that is there: as it is now, for it may have been canceled meanwhile. */
static bool
attach(struct call *c, struct fault *f)
{
	struct print *p = c->print;
	struct spool_document *d = c->document;
	struct job *j = &c->job, now = { .id = 0 };

	c->document = NULL;
	document_drop(c);
	if (!spool_get(p->spool, j->tenant, j->id, &now, f)) {
		spool_document_drop(d);
		return false;
	}
	if ((now.reasons & JOB_INCOMING) == 0 || job_is_over(&now)) {
		job_free(&now);
		spool_document_drop(d);
		return fault_set(f, FAULT_CONFLICT, "print: the job has ended meanwhile");
	}
	job_free(&now);
	if (!c->more)
		settle(c);
	if (j->octets > 0 && d != NULL)
		return spool_attach(p->spool, j, d, f);
	spool_document_drop(d);
	return spool_put(p->spool, j, false, f);
}

void
submit_came(struct call *c)
{
	struct fault f;

	if (c->operation->code == OP_PRINT_JOB)
		whole_job(c);
	else if (attach(c, &f))
		told(c);
	else
		print_reply_fault(c, &f);
}

void
submit_close_job(struct call *c)
{
	struct fault f;

	if (!open_job(c))
		return;
	if (document_is_sent(c)) {
		reply_refuse(c, PRINT_BUSY, "print: a document of that job is on its way");
		return;
	}
	settle(c);
	if (spool_put(c->print->spool, &c->job, false, &f))
		told(c);
	else
		print_reply_fault(c, &f);
}
