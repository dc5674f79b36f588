/* enroll/reply.c - see reply.h. */
#include "enroll/reply.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "ca/profile_set.h"
#include "enroll/cms.h"
#include "enroll/frame.h"

#define SOON_S      2 /* when a try is worth it again, where nobody knows better */
#define LATER_MAX_S 86400

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

static unsigned
describe(struct exchange *x, const struct fault *f, unsigned long later_s)
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
		exchange_header(x, "Retry-After", "%lu", later_s);
	return status;
}

unsigned
reply_describe(struct exchange *x, const struct fault *f)
{
	return describe(x, f, SOON_S);
}

/* Behind the text's end there may be members of a problem: when another try is worth it. */
void
reply_signer(struct exchange *x, uint16_t code, struct octets body)
{
	const uint8_t *end = body.n == 0 ? NULL : memchr(body.at, 0, body.n);
	struct json *members = NULL;
	int64_t later_s = SOON_S;
	struct fault f;

	if (end != NULL &&
	    json_parse(octets_of(end + 1, body.n - (size_t)(end - body.at) - 1), &members, &f) &&
	    !json_number(members, "retry_s", 1, LATER_MAX_S, SOON_S, &later_s))
		later_s = SOON_S;
	json_free(members);
	fault_set(&f, (enum fault_code)code, "%.*s", (int)body.n, (const char *)body.at);
	x->status = describe(x, &f, (unsigned long)later_s);
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
