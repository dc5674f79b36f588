/* relay/forward.c - see forward.h. */
#include "relay/forward.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "relay/ipp_write.h"

#define SEALED "application/vnd.quatrain.sealed"

enum { PRINT_JOB = 0x02, VALIDATE_JOB = 0x04, CANCEL_JOB = 0x08, GET_JOB_ATTRIBUTES = 0x09 };

static bool
put_url(const struct forward_to *to, const char *scheme, char ret[static FORWARD_URI_MAX])
{
	struct octets rest = octets_text(to->relay);

	if (!octets_take_text(&rest, "https://"))
		return false;
	return snprintf(ret, FORWARD_URI_MAX, "%s://%.*s/ipp/print%s%s", scheme, (int)rest.n,
		   (const char *)rest.at, to->queue[0] == '\0' ? "" : "/",
		   to->queue) < FORWARD_URI_MAX;
}

bool
forward_url(const struct forward_to *to, char ret[static FORWARD_URI_MAX])
{
	return put_url(to, "https", ret);
}

/* One exchange at a time goes over a connection: the number of a request tells nothing. */
static void
begin(struct bytes *b, const struct forward_to *to, uint16_t operation)
{
	const struct ipp_head head = { .major = 2, .minor = 0, .code = operation, .request_id = 1 };
	char uri[FORWARD_URI_MAX];

	ipp_begin(b, &head);
	if (put_url(to, "ipps", uri))
		ipp_put_text(b, IPP_URI, "printer-uri", uri);
	else
		b->bad = true;
}

static void
put_sealed(struct bytes *b, const struct job *j, struct octets envelope)
{
	char hex[2 * DOCUMENT_UUID + 1], uuid[64];

	text_hex(j->uuid, sizeof(j->uuid), hex);
	(void)snprintf(uuid, sizeof(uuid), "urn:uuid:%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8,
	    hex + 12, hex + 16, hex + 20);
	ipp_put_text(b, IPP_MIME, "document-format", SEALED);
	ipp_put_text(b, IPP_URI, "quatrain-job-uuid", uuid);
	ipp_put(b, IPP_OCTETS, "quatrain-envelope", envelope);
	if (j->names.n > 0)
		ipp_put(b, IPP_OCTETS, "quatrain-names", octets_bytes(&j->names));
	ipp_put_text(b, IPP_MIME, "quatrain-document-format", j->format);
	if (j->compression[0] != '\0')
		ipp_put_text(b, IPP_KEYWORD, "quatrain-compression", j->compression);
}

static void
put_all(struct bytes *b, const struct forward_to *to, const struct job *j, uint16_t operation,
    struct octets pin)
{
	begin(b, to, operation);
	put_sealed(b, j, octets_bytes(&j->envelope));
	if (pin.n > 0) {
		ipp_put(b, IPP_OCTETS, "job-password", pin);
		ipp_put_text(b, IPP_KEYWORD, "job-password-encryption", "sha2-256");
	}
	if (j->template.n > 0) {
		ipp_group(b, IPP_GROUP_JOB);
		bytes_put_octets(b, octets_bytes(&j->template));
	}
	ipp_end(b);
}

void
forward_print(struct bytes *b, const struct forward_to *to, const struct job *j, struct octets pin)
{
	put_all(b, to, j, PRINT_JOB, pin);
}

void
forward_validate(struct bytes *b, const struct forward_to *to, const struct job *j)
{
	put_all(b, to, j, VALIDATE_JOB, (struct octets){ 0 });
}

void
forward_find(struct bytes *b, const struct forward_to *to, const struct job *j)
{
	begin(b, to, PRINT_JOB);
	put_sealed(b, j, octets_text("-")); /* its own went with the document */
	ipp_end(b);
}

void
forward_look(struct bytes *b, const struct forward_to *to, uint32_t id)
{
	begin(b, to, GET_JOB_ATTRIBUTES);
	ipp_put_number(b, IPP_INTEGER, "job-id", (int32_t)id);
	ipp_put_text(b, IPP_KEYWORD, "requested-attributes", "job-id");
	ipp_put_text(b, IPP_KEYWORD, "", "job-state");
	ipp_put_text(b, IPP_KEYWORD, "", "job-state-reasons");
	ipp_put_text(b, IPP_KEYWORD, "", "job-state-message");
	ipp_end(b);
}

void
forward_cancel(struct bytes *b, const struct forward_to *to, uint32_t id)
{
	begin(b, to, CANCEL_JOB);
	ipp_put_number(b, IPP_INTEGER, "job-id", (int32_t)id);
	ipp_end(b);
}

/*
 * What is a matter of time and what is not: the server's own troubles and full quotas pass, and so
 * do certificates that are held; all else that the client is told stays so.
 */
static enum forward_verdict
verdict(uint16_t status)
{
	static const uint16_t later[] = {
		0x0402, /* client-error-not-authenticated */
		0x0405, /* client-error-timeout */
		0x041a, /* client-error-account-limit-reached */
	};

	if (status < 0x0100)
		return FORWARD_DONE;
	if (status == 0x0406 || status == 0x0407) /* not-found, gone */
		return FORWARD_GONE;
	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++)
		if (status == later[i])
			return FORWARD_LATER;
	if (status == 0x0501 || status == 0x0503 || status == 0x0508 || status == 0x0509)
		return FORWARD_REFUSED; /* no such operation, version; canceled; one document */
	return status >= 0x0500 && status < 0x0600 ? FORWARD_LATER : FORWARD_REFUSED;
}

/* Others' words go to people's screens: as text that stays in its place, whole characters. */
static void
take_says(struct octets o, char to[static JOB_SAYS_MAX])
{
	struct bytes safe = { 0 };
	struct octets rest;
	uint32_t code;
	size_t n = 0, step;

	text_put_safe(&safe, o, false);
	rest = octets_bytes(&safe);
	while (rest.n > 0 && (step = text_utf8(rest, &code)) > 0 && n + step < JOB_SAYS_MAX) {
		n += step;
		rest = octets_of(rest.at + step, rest.n - step);
	}
	if (n > 0)
		(void)memcpy(to, safe.at, n);
	to[n] = '\0';
	bytes_free(&safe);
}

static uint32_t
reason_of(struct octets word)
{
	for (uint32_t bit = 1; bit != 0; bit <<= 1) {
		const char *known = job_reason_word((enum job_reason)bit);

		if (known != NULL && octets_same(word, octets_text(known)))
			return bit;
	}
	return 0;
}

/* The attributes of the job, the first that is told of. */
static bool
take_job(struct octets message, struct forward_answer *a, struct fault *f)
{
	struct ipp_reader r;
	struct ipp_value v;
	bool reasons = false;
	int32_t n;

	if (ipp_find(message, IPP_GROUP_JOB, "job-id", &v)) {
		if (!ipp_number(&v, &n) || n < 1)
			return fault_set(
			    f, FAULT_BADREQ, "forward: RFC 8011 section 5.3.2: job-id");
		a->id = (uint32_t)n;
	}
	if (ipp_find(message, IPP_GROUP_JOB, "job-state", &v)) {
		if (!ipp_number(&v, &n) || n < JOB_PENDING || n > JOB_COMPLETED)
			return fault_set(
			    f, FAULT_BADREQ, "forward: RFC 8011 section 5.3.7: job-state");
		a->state = (enum job_state)n;
	}
	ipp_reader_of(message, &r);
	while (ipp_next(&r, &v)) {
		if (v.depth == 0 && !v.more)
			reasons = v.group == IPP_GROUP_JOB &&
				  octets_same(v.name, octets_text("job-state-reasons"));
		if (reasons)
			a->reasons |= reason_of(ipp_text(&v));
	}
	return true;
}

bool
forward_read(struct octets body, struct forward_answer *ret, struct fault *f)
{
	struct forward_answer a = { .id = 0 };
	struct ipp_measure m = { .at = 0 };
	struct octets message;
	struct ipp_head head;
	struct ipp_value v;

	if (!ipp_measure(body, &m, f))
		return false;
	if (!m.whole || m.at != body.n)
		return fault_set(
		    f, FAULT_BADREQ, "forward: RFC 8010 section 3.1.1: not one whole message");
	message = octets_of(body.at, m.at);
	if (!ipp_check(message, &head, f) || !take_job(message, &a, f))
		return false;
	a.status = head.code;
	a.verdict = verdict(head.code);
	if (ipp_find(message, IPP_GROUP_OPERATION, "status-message", &v))
		take_says(ipp_text(&v), a.says);
	if (a.says[0] == '\0' && ipp_find(message, IPP_GROUP_JOB, "job-state-message", &v))
		take_says(ipp_text(&v), a.says);
	if (a.verdict == FORWARD_DONE && (a.id == 0) != (a.state == 0))
		return fault_set(
		    f, FAULT_BADREQ, "forward: a job without its number, or its state");
	*ret = a;
	return true;
}

/*
 * In an agent's spool nobody fetches: the lease's number is free, and is the one that the relay
 * knows the job by.
 */
uint32_t
forward_id(const struct job *j)
{
	return (uint32_t)j->epoch;
}

bool
forward_take(struct job *j, const struct forward_answer *a, int64_t now_s)
{
	bool same = j->epoch == a->id && j->state == a->state && j->reasons == a->reasons;

	if (same || a->id == 0)
		return false;
	j->epoch = a->id;
	if (job_is_over(j)) /* what was ended here stays so */
		return true;
	j->state = a->state;
	j->reasons = a->reasons;
	j->changed_s = now_s;
	if (a->state >= JOB_PROCESSING && j->processing_s == 0)
		j->processing_s = now_s;
	if (job_is_over(j)) {
		j->completed_s = now_s;
		if (a->state == JOB_ABORTED)
			(void)memcpy(j->says, a->says, sizeof(j->says));
	}
	return true;
}
