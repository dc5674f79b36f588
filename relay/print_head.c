/*
 * relay/print_head.c - a call's message: collected, held against the rules that all operations
 * share, and given to its operation; see print_under.h.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "relay/print_under.h"

static const struct operation operations[] = {
	{ OP_PRINT_JOB, true, false, submit_print_job },
	{ OP_VALIDATE_JOB, false, false, submit_validate_job },
	{ OP_CREATE_JOB, false, false, submit_create_job },
	{ OP_SEND_DOCUMENT, true, true, submit_send_document },
	{ OP_CANCEL_JOB, false, true, job_cancel },
	{ OP_GET_JOB_ATTRIBUTES, false, true, job_attributes },
	{ OP_GET_JOBS, false, false, query_jobs },
	{ OP_GET_PRINTER_ATTRIBUTES, false, false, query_printer },
	{ OP_CANCEL_MY_JOBS, false, false, job_cancel_mine },
	{ OP_CLOSE_JOB, false, true, submit_close_job },
	{ OP_IDENTIFY_PRINTER, false, false, query_identify },
};

struct octets
call_message(const struct call *c)
{
	return octets_of(c->came.at, c->m.at);
}

bool
call_find(const struct call *c, const char *name, struct ipp_value *ret)
{
	return ipp_find(call_message(c), IPP_GROUP_OPERATION, name, ret);
}

struct octets
call_text(const struct call *c, const char *name)
{
	struct ipp_value v;

	return call_find(c, name, &v) ? ipp_text(&v) : (struct octets){ 0 };
}

/* Nothing that could be answered in IPP. */
static void
no_message(struct call *c, const char *why)
{
	c->step = CALL_DONE;
	c->x->status = 400;
	snprintf(c->x->why, sizeof(c->x->why), "%.*s", (int)sizeof(c->x->why) - 1, why);
}

/* How the client says where we are, for the addresses in our answers, and the path it means there.
 * Nobody is ever called by it. */
static bool
split_uri(struct octets uri, char base[static CALL_BASE_MAX], struct octets *path)
{
	static const char *const schemes[] = { "ipp://", "ipps://", "http://", "https://" };
	struct octets rest = { 0 };
	size_t n;

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]) && rest.n == 0; i++)
		if (uri.n > strlen(schemes[i]) &&
		    strncasecmp((const char *)uri.at, schemes[i], strlen(schemes[i])) == 0)
			rest = octets_of(uri.at + strlen(schemes[i]), uri.n - strlen(schemes[i]));
	for (n = 0; n < rest.n && rest.at[n] != '/'; n++)
		;
	if (n == 0 || n == rest.n || (size_t)(rest.at - uri.at) + n >= CALL_BASE_MAX)
		return false;
	*path = octets_of(rest.at + n, rest.n - n);
	n += (size_t)(rest.at - uri.at);
	memcpy(base, uri.at, n);
	base[n] = '\0';
	return true;
}

/* RFC 8011 section 4.1.5: the target is a printer's uri, with a job's number where a job is
 * meant, or a job's uri. It has to lie where the request went. */
static bool
target(struct call *c)
{
	struct octets printer = call_text(c, "printer-uri"), job = call_text(c, "job-uri"), path;
	char queue[TEXT_LABEL_MAX];
	uint32_t id = 0;
	struct ipp_value v;
	int32_t n = 0;

	if ((printer.n == 0 && job.n == 0) || (printer.n > 0 && job.n > 0)) {
		reply_refuse(c, PRINT_BAD_REQUEST,
		    "print: RFC 8011 section 4.1.5: one of printer-uri and job-uri is needed");
		return false;
	}
	if (!split_uri(printer.n > 0 ? printer : job, c->base, &path) ||
	    !call_path(path, queue, &id) || (id > 0) != (job.n > 0) ||
	    (c->path_job > 0 ? id != c->path_job : job.n == 0 && strcmp(queue, c->queue) != 0)) {
		reply_refuse(c, PRINT_NOT_FOUND, "print: %s is not here",
		    printer.n > 0 ? "printer-uri" : "job-uri");
		return false;
	}
	if (printer.n > 0 && call_find(c, "job-id", &v) && (!ipp_number(&v, &n) || n < 1)) {
		reply_refuse(c, PRINT_BAD_REQUEST, "print: RFC 8011 section 4.1.5: job-id");
		return false;
	}
	c->job_id = id > 0 ? id : (uint32_t)n;
	return true;
}

static bool
charset(struct call *c)
{
	struct octets o = call_text(c, "attributes-charset");

	if ((o.n == 5 && strncasecmp((const char *)o.at, "utf-8", 5) == 0) ||
	    (o.n == 8 && strncasecmp((const char *)o.at, "us-ascii", 8) == 0))
		return true;
	reply_refuse(c, PRINT_CHARSET, "print: RFC 8011 section 4.1.4: attributes-charset");
	return false;
}

/* Version and number come before anything that a version could mean (RFC 8011 section 4.1.8). */
static bool
opens(struct call *c)
{
	struct reader in = reader_of(octets_bytes(&c->came));

	c->head.major = reader_u8(&in);
	c->head.minor = reader_u8(&in);
	c->head.code = reader_u16(&in);
	c->head.request_id = reader_u32(&in);
	if (c->head.major != 1 && c->head.major != 2) {
		reply_refuse(c, PRINT_VERSION, "print: RFC 8011 section 4.1.8: IPP version %u.%u",
		    c->head.major, c->head.minor);
		return false;
	}
	if (c->head.request_id == 0 || c->head.request_id > INT32_MAX) {
		reply_refuse(c, PRINT_BAD_REQUEST, "print: RFC 8011 section 4.1.1: request-id");
		return false;
	}
	return true;
}

static bool
find_operation(struct call *c)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (operations[i].code == c->head.code) {
			c->operation = &operations[i];
			return true;
		}
	reply_refuse(c, PRINT_NO_OPERATION, "print: operation 0x%04x", c->head.code);
	return false;
}

/* What every operation asks for; false: c is answered. */
static bool
judge(struct call *c)
{
	struct ipp_head h;
	struct fault f;

	if (!opens(c))
		return false;
	if (!ipp_check_request(call_message(c), &h, &f)) {
		print_reply_fault(c, &f);
		return false;
	}
	if (!charset(c) || !find_operation(c) || !target(c))
		return false;
	if (c->queue[0] != '\0' &&
	    !c->print->has_printer(c->print->with, c->who.tenant, c->queue)) {
		reply_refuse(c, PRINT_NOT_FOUND, "print: there is no printer %s", c->queue);
		return false;
	}
	if (c->operation->job ? c->job_id > 0 : call_text(c, "printer-uri").n > 0)
		return true;
	reply_refuse(c, PRINT_BAD_REQUEST, "print: RFC 8011 section 4.1.5: %s is needed",
	    c->operation->job ? "job-id or job-uri" : "printer-uri");
	return false;
}

/* One more piece of the message; false: it is not whole yet, or can be none. */
static bool
collect(struct call *c, struct octets piece)
{
	struct fault f;

	bytes_put_octets(&c->came, piece);
	if (!bytes_ok(&c->came, &f)) {
		no_message(c, "print: out of memory");
		return false;
	}
	if (!ipp_measure(octets_bytes(&c->came), &c->m, &f)) {
		if (f.code == FAULT_LIMIT && opens(c))
			reply_refuse(c, PRINT_TOO_LARGE, "%s", f.text);
		else if (f.code != FAULT_LIMIT)
			no_message(c, f.text);
		return false;
	}
	if (!c->m.whole && c->last)
		no_message(c, "print: RFC 8010 section 3.1.1: the message ends in its midst");
	return c->m.whole;
}

void
head_take(struct exchange *x, struct octets piece, bool last)
{
	struct call *c = x->state;

	c->last = last;
	if (c->step == CALL_BODY) {
		document_take(c, piece);
		return;
	}
	if (c->step == CALL_HEAD) {
		if (!collect(c, piece) || !judge(c))
			return;
		c->step = CALL_REST;
		if (c->operation->document) {
			c->operation->run(c);
			return;
		}
		piece = octets_of(c->came.at + c->m.at, c->came.n - c->m.at);
	}
	if (piece.n > 0)
		reply_refuse(c, PRINT_BAD_REQUEST,
		    "print: RFC 8010 section 3.1.1: octets behind the message");
	else if (last)
		c->operation->run(c);
}

bool
head_job(struct call *c)
{
	struct fault f;

	if (!spool_get(c->print->spool, c->who.tenant, c->job_id, &c->job, &f)) {
		if (f.code == FAULT_NOTFOUND)
			reply_refuse(c, PRINT_NOT_FOUND, "print: there is no job %u", c->job_id);
		else
			print_reply_fault(c, &f);
		return false;
	}
	if (strcmp(c->job.owner, c->owner) == 0)
		return true;
	/* The same words as of one that never was. */
	job_free(&c->job);
	reply_refuse(c, PRINT_NOT_FOUND, "print: there is no job %u", c->job_id);
	return false;
}

bool
call_ids(struct call *c, struct bytes *ret)
{
	struct ipp_reader r;
	struct ipp_value v;
	bool in = false;
	int32_t id;

	ipp_reader_of(call_message(c), &r);
	while (ipp_next(&r, &v)) {
		if (v.depth == 0 && !v.more)
			in = v.group == IPP_GROUP_OPERATION &&
			     octets_same(v.name, octets_text("job-ids"));
		if (!in)
			continue;
		if (!ipp_number(&v, &id) || id < 1 || ret->n >= CALL_IDS_MAX * 4) {
			reply_refuse(
			    c, PRINT_BAD_REQUEST, "print: PWG 5100.7 section 5.2: job-ids");
			return false;
		}
		bytes_put_u32(ret, (uint32_t)id);
	}
	return true;
}
