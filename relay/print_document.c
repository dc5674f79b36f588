/*
 * relay/print_document.c - a document on its way in: sealed piece by piece, or passed on as its
 * sender sealed it; see print_under.h.
 */
#include <string.h>

#include "ca/wire.h"
#include "relay/job_names.h"
#include "relay/print_under.h"

bool
document_is_sent(const struct call *c)
{
	for (const struct call *o = c->print->sending; o != NULL; o = o->next_sending)
		if (o != c && memcmp(o->job.uuid, c->job.uuid, DOCUMENT_UUID) == 0 &&
		    strcmp(o->job.tenant, c->job.tenant) == 0)
			return true;
	return false;
}

void
document_drop(struct call *c)
{
	for (struct call **at = &c->print->sending; *at != NULL; at = &(*at)->next_sending)
		if (*at == c) {
			*at = c->next_sending;
			break;
		}
	spool_document_drop(c->document);
	c->document = NULL;
	document_writer_free(c->writer);
	c->writer = NULL;
	bytes_free(&c->out);
}

/* A key that nobody knows when this returns but the writer, and whoever opens the envelope. */
static bool
seal_to(struct call *c, const struct document_of *of, struct octets recipient, struct fault *f)
{
	struct content_key key = { .prefix = { 0 } };
	struct print_name names;
	bool ok;

	if (!content_key_new(&key, f))
		return false;
	bytes_clear(&c->job.envelope);
	bytes_clear(&c->job.names);
	ok = (!print_names_get(c->print->names, c->job.uuid, &names) ||
		 job_names_seal(&key, of, &names, &c->job.names, f)) &&
	     envelope_wrap(&key, of, recipient, &c->job.envelope, f) &&
	     document_writer_new(&key, of, &c->writer, f);
	content_key_free(&key);
	return ok;
}

static bool
begin(struct call *c, struct octets recipient, struct fault *f)
{
	struct document_of of = { .number = 1 };

	memcpy(of.tenant, c->job.tenant, sizeof(of.tenant));
	memcpy(of.job, c->job.uuid, sizeof(of.job));
	if (!c->sealed && !seal_to(c, &of, recipient, f))
		return false;
	return spool_document_new(c->print->spool, &of, &c->document, f);
}

/* What came with the message is the document's beginning. */
static void
go_on(struct call *c, struct octets recipient)
{
	struct bytes came = c->came;
	struct fault f;

	if (c->job.octets == 0 && !begin(c, recipient, &f)) {
		print_reply_fault(c, &f);
		return;
	}
	c->step = CALL_BODY;
	c->came = (struct bytes){ 0 };
	document_take(c, octets_of(came.at + c->m.at, came.n - c->m.at));
	bytes_free(&came);
}

static void
made(struct exchange *x, uint16_t code, struct octets body)
{
	struct call *c = x->state;
	struct reader in = reader_of(body);
	struct octets certificate = reader_counted(&in);
	struct fault f;

	if (code == 0 && !in.bad && certificate.n > 0) {
		go_on(c, certificate);
		return;
	}
	if (code != 0)
		fault_set(&f, (enum fault_code)code, "%.*s", (int)body.n, (const char *)body.at);
	else
		fault_set(&f, FAULT_INTERNAL, "print: the signer's answer is no certificate");
	print_reply_fault(c, &f);
}

/* To whom is it sealed? */
static void
find_recipient(struct call *c)
{
	struct print *p = c->print;
	struct bytes recipient = { 0 };

	if (p->recipient(p->with, c->who.tenant, &recipient)) {
		go_on(c, octets_bytes(&recipient));
	} else if (p->asks) {
		c->step = CALL_ASKS;
		bytes_put_counted_text(&c->x->ask.body, c->who.tenant);
		c->x->ask.verb = WIRE_RELEASE_KEY;
		c->x->ask.then = made;
	} else
		reply_refuse(c, PRINT_UNAVAILABLE,
		    "print: the tenant has no certificate to seal documents to yet");
	bytes_free(&recipient);
}

void
document_expect(struct call *c)
{
	struct print *p = c->print;
	struct fault f;

	if (document_is_sent(c)) {
		reply_refuse(c, PRINT_BUSY, "print: a document of that job is on its way");
		return;
	}
	if (c->job.octets > 0) { /* it has one: this can only say that no more comes */
		go_on(c, octets_of(NULL, 0));
		return;
	}
	if (!spool_has_room(p->spool, c->who.tenant, c->owner,
		c->x->body_octets == EXCHANGE_CHUNKED ? 0 : c->x->body_octets, &f)) {
		print_reply_fault(c, &f);
		return;
	}
	c->next_sending = p->sending;
	p->sending = c;
	if (c->sealed)
		go_on(c, octets_of(NULL, 0));
	else
		find_recipient(c);
}

static bool
put(struct call *c, struct octets piece, struct fault *f)
{
	if (c->sealed)
		return spool_document_put(c->document, piece, f);
	bytes_clear(&c->out);
	return document_seal(c->writer, piece, c->last, &c->out, f) &&
	       spool_document_put(c->document, octets_bytes(&c->out), f);
}

void
document_take(struct call *c, struct octets piece)
{
	struct fault f;

	c->octets += piece.n;
	if (c->document == NULL) {
		if (c->octets > 0)
			reply_refuse(c, PRINT_ONE_DOCUMENT, "print: a job has one document");
		else if (c->last)
			submit_came(c);
		return;
	}
	if (!put(c, piece, &f)) {
		if (f.code == FAULT_LIMIT)
			reply_refuse(c, PRINT_TOO_LARGE, "%s", f.text);
		else
			print_reply_fault(c, &f);
		return;
	}
	if (!c->last)
		return;
	if (c->sealed && !document_plain_octets(c->octets, &c->job.octets)) {
		reply_refuse(c, PRINT_BAD_REQUEST, "print: no sealed document has that length");
		return;
	}
	if (!c->sealed)
		c->job.octets = c->octets;
	submit_came(c);
}
