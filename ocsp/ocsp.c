/* ocsp/ocsp.c - see ocsp.h. */
#include "ocsp/ocsp.h"

#include <stdlib.h>
#include <string.h>

#include "ca/refusal.h"
#include "ca/wire.h"
#include "ocsp/answer.h"
#include "ocsp/dated.h"
#include "ocsp/kept.h"
#include "ocsp/publish.h"
#include "ocsp/spelling.h"

struct ocsp {
	struct realm *realm;
	int64_t (*now_s)(void);
	struct publish *publish;
	int64_t max_age_s;
	struct kept *kept;
};

/* An OCSP question on its way; in exchange.state. */
struct question {
	struct ocsp *ocsp;
	struct kept_seen seen; /* before the question went: the answer is at least as new */
	int64_t made_s;
	bool keep; /* may be kept when it comes back */
	bool nonce;
	size_t n;
	uint8_t der[]; /* of the request, n octets */
};

bool
ocsp_new(struct realm *realm, int64_t (*now_s)(void), int64_t max_age_s, struct ocsp **ret,
    struct fault *f)
{
	struct ocsp *o = calloc(1, sizeof(*o));

	if (o == NULL)
		return fault_set(f, FAULT_INTERNAL, "ocsp: out of memory");
	if (!kept_new(realm, &o->kept, f)) {
		free(o);
		return false;
	}
	if (!publish_new(realm, now_s, &o->publish, f)) {
		ocsp_free(o);
		return false;
	}
	o->realm = realm;
	o->now_s = now_s;
	o->max_age_s = max_age_s;
	*ret = o;
	return true;
}

void
ocsp_free(struct ocsp *o)
{
	if (o == NULL)
		return;
	publish_free(o->publish);
	kept_free(o->kept);
	free(o);
}

/* Unsigned answers; RFC 9919 section 6: not to be kept by caches. */
static void
put_status(struct exchange *x, enum answer_status status)
{
	bytes_clear(&x->reply);
	answer_status(status, &x->reply);
	x->type = dated_type;
	x->status = 200;
	exchange_header_text(x, "Cache-Control", "no-cache");
}

static void
malformed(struct exchange *x, const struct fault *f)
{
	put_status(x, ANSWER_MALFORMED);
	x->status = 0; /* not yet: first it is told to the log */
	refusal_send(x, "", "ocsp", f, 200);
}

/* The status source is away, or cannot do it: never a guess, and a client may come again. A
 * request that we took and the signer did not is our own error. */
static void
put_failure(struct exchange *x, uint16_t code)
{
	put_status(
	    x, code == FAULT_BADREQ || code == FAULT_NOTFOUND ? ANSWER_INTERNAL : ANSWER_TRY_LATER);
}

static void
answered(struct exchange *x, uint16_t code, struct octets body)
{
	struct question *q = x->state;
	struct dated r;
	struct fault f;

	if (code != 0) {
		put_failure(x, code);
		return;
	}
	if (q->nonce) {
		dated_put_once(body, x);
		return;
	}
	if (!dated_make(body, q->made_s, q->ocsp->max_age_s, &r, &f)) {
		put_failure(x, (uint16_t)f.code);
		return;
	}
	dated_put(&r, q->ocsp->now_s(), x);
	if (q->keep)
		kept_put(q->ocsp->kept, octets_of(q->der, q->n), &q->seen, &r);
	else
		dated_free(&r);
}

static void
ask(struct ocsp *o, struct exchange *x, const struct status_request *r, struct octets der,
    const struct authority *issuer)
{
	struct question *q = calloc(1, sizeof(*q) + der.n);

	if (q == NULL) {
		put_failure(x, FAULT_INTERNAL);
		return;
	}
	q->ocsp = o;
	q->nonce = r->nonce.n != 0;
	q->made_s = o->now_s();
	q->n = der.n;
	memcpy(q->der, der.at, der.n);
	if (r->n == 1 && !q->nonce && r->cert[0].serial.n == TBS_SERIAL_OCTETS) {
		q->seen.issuer = *issuer;
		memcpy(q->seen.serial, r->cert[0].serial.at, TBS_SERIAL_OCTETS);
		q->keep = kept_see(o->realm, &q->seen);
	}
	x->state = q;
	bytes_put_octets(&x->ask.body, der);
	x->ask.verb = WIRE_OCSP;
	x->ask.then = answered;
}

/* False where there is no ready answer. */
static bool
serve_ready(struct ocsp *o, struct exchange *x, struct octets question)
{
	int64_t now_s = o->now_s();
	struct dated *r = kept_find(o->kept, question, now_s);

	if (r == NULL)
		return false;
	dated_put(r, now_s, x);
	return true;
}

static void
serve_request(struct ocsp *o, struct exchange *x, struct octets der)
{
	struct authority issuer;
	struct status_request r;
	struct fault f;

	if (!request_parse(der, &r, &f))
		malformed(x, &f);
	else if (answer_issuer(o->realm, &r, &issuer, &f))
		ask(o, x, &r, der, &issuer);
	else if (f.code == FAULT_NOTFOUND)
		put_status(x, ANSWER_UNAUTHORIZED);
	else
		put_failure(x, (uint16_t)f.code);
}

static void
serve_post(struct ocsp *o, struct exchange *x)
{
	struct fault f;

	if (serve_ready(o, x, x->body))
		return;
	if (x->body_too_large || x->body.n == 0) {
		fault_set(&f, FAULT_BADREQ,
		    "ocsp: RFC 6960 appendix A.1: a body of no length or over the limit");
		malformed(x, &f);
		return;
	}
	serve_request(o, x, x->body);
}

/* By the path as it came; else by what it spells, and that is remembered with it. */
static void
serve_get(struct ocsp *o, struct exchange *x, struct octets in_path)
{
	struct bytes der = { 0 };
	struct fault f;

	if (serve_ready(o, x, in_path))
		return;
	if (!spelling_read(in_path, &der, &f))
		malformed(x, &f);
	else if (serve_ready(o, x, octets_bytes(&der)))
		kept_also(o->kept, octets_bytes(&der), in_path);
	else
		serve_request(o, x, octets_bytes(&der));
	bytes_free(&der);
}

bool
ocsp_serve(struct ocsp *o, struct exchange *x)
{
	struct octets path = x->path;
	bool get = octets_same(x->method, octets_text("GET")) ||
		   octets_same(x->method, octets_text("HEAD"));
	bool post = octets_same(x->method, octets_text("POST"));

	if (!octets_take_text(&path, "/ocsp") || (path.n > 0 && path.at[0] != '/'))
		return publish_serve(o->publish, x);
	if (post && path.n <= 1) {
		serve_post(o, x);
	} else if (get) {
		serve_get(o, x, path);
	} else { /* RFC 9110 section 15.5.6: a 405 says what would be allowed */
		exchange_header(x, "Allow", path.n <= 1 ? "GET, HEAD, POST" : "GET, HEAD");
		x->status = 405;
	}
	return true;
}
