/* enroll/reply.c - see reply.h. */
#include "enroll/reply.h"

#include <stdio.h>
#include <string.h>

#include "ca/profile_set.h"
#include "enroll/cms.h"
#include "enroll/frame.h"

const char reply_text[] = "text/plain; charset=utf-8";
static const char type_certs[] = "application/pkcs7-mime; smime-type=certs-only";

static const struct {
	enum fault_code code;
	unsigned status;
} statuses[] = {
	{ FAULT_BADREQ, 400 },
	{ FAULT_TYPE, 415 },
	{ FAULT_AUTH, 401 },
	{ FAULT_DENIED, 403 },
	{ FAULT_NOTFOUND, 404 },
	{ FAULT_CONFLICT, 409 },
	{ FAULT_LIMIT, 413 },
	{ FAULT_BUSY, 503 },
	{ FAULT_INTERNAL, 500 },
};

unsigned
reply_describe(struct exchange *x, const struct fault *f)
{
	unsigned status = 500;

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].code == f->code)
			status = statuses[i].status;
	(void)snprintf(x->why, sizeof(x->why), "%.199s", f->text);
	bytes_clear(&x->reply);
	x->type = reply_text;
	bytes_put_fmt(&x->reply, "%s\n",
	    status == 500 ? "the service had a fault; its log says which" : f->text);
	if (status == 401)
		exchange_header(
		    x, "WWW-Authenticate", "Basic realm=\"quatrain\", charset=\"UTF-8\"");
	if (status == 503)
		exchange_header(x, "Retry-After", "2");
	return status;
}

void
reply_fault(struct exchange *x, const struct fault *f)
{
	x->status = reply_describe(x, f);
}

bool
reply_certs(struct exchange *x, const struct octets *certificates, size_t n, struct fault *f)
{
	struct bytes cms = { 0 };
	bool ok = false;

	if (cms_certs_only(certificates, n, &cms, f)) {
		bytes_clear(&x->reply);
		frame_put(x, octets_bytes(&cms));
		ok = bytes_ok(&x->reply, f);
	}
	bytes_free(&cms);
	if (ok) {
		x->type = type_certs;
		x->status = 200;
	}
	return ok;
}

void
reply_ask(struct exchange *x, const struct label *l, struct wire_enroll *w, uint16_t verb,
    exchange_then *then)
{
	memcpy(w->tenant, l->tenant, sizeof(w->tenant));
	memcpy(w->profile, l->profile, sizeof(w->profile));
	(void)snprintf(w->source, sizeof(w->source), "%s", x->source);
	memcpy(w->profiles, profile_set_digest(), sizeof(w->profiles));
	wire_put_enroll(w, &x->ask.body);
	x->ask.verb = verb;
	x->ask.then = then;
}
