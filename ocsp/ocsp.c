/* ocsp/ocsp.c - see ocsp.h. */
#include "ocsp/ocsp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>

#include "ca/level.h"
#include "ca/refusal.h"
#include "ca/wire.h"
#include "ocsp/answer.h"
#include "ocsp/publish.h"

#define READY         16384 /* answers kept; about 900 octets each */
#define DIGEST_OCTETS 32
#define DATE_MAX      32

static const char type_answer[] = "application/ocsp-response";

/* A kept answer, and what the ledger said when it was asked for. */
struct ready {
	uint8_t request[DIGEST_OCTETS];
	struct authority issuer;
	uint8_t serial[TBS_SERIAL_OCTETS];
	enum standing_state state;
	int64_t changed_s, made_s;
	uint64_t log_index;
	struct level_above above;
	struct bytes answer; /* empty: a free place */
};

struct ocsp {
	struct realm *realm;
	int64_t (*now_s)(void);
	struct publish *publish;
	struct ready *ready; /* READY of them, by the first octets of the request's digest */
};

/* An OCSP question on its way; in exchange.state. */
struct question {
	struct ocsp *ocsp;
	struct ready seen; /* its answer is never set */
	bool keep;         /* may be kept when it comes back */
	bool nonce;
};

bool
ocsp_new(struct realm *realm, int64_t (*now_s)(void), struct ocsp **ret, struct fault *f)
{
	struct ocsp *o = calloc(1, sizeof(*o));

	if (o == NULL || (o->ready = calloc(READY, sizeof(*o->ready))) == NULL) {
		free(o);
		return fault_set(f, FAULT_INTERNAL, "ocsp: out of memory");
	}
	if (!publish_new(realm, now_s, &o->publish, f)) {
		ocsp_free(o);
		return false;
	}
	o->realm = realm;
	o->now_s = now_s;
	*ret = o;
	return true;
}

void
ocsp_free(struct ocsp *o)
{
	if (o == NULL)
		return;
	for (size_t i = 0; i < READY; i++)
		bytes_free(&o->ready[i].answer);
	free(o->ready);
	publish_free(o->publish);
	free(o);
}

static void
put_date(struct exchange *x, const char *name, int64_t at_s)
{
	time_t t = (time_t)at_s;
	struct tm tm;
	char text[DATE_MAX];

	if (gmtime_r(&t, &tm) != NULL &&
	    strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm) > 0)
		exchange_header(x, name, "%s", text);
}

/* Unsigned answers; RFC 9919 section 6: not to be kept by caches. */
static void
put_status(struct exchange *x, enum answer_status status)
{
	bytes_clear(&x->reply);
	answer_status(status, &x->reply);
	x->type = type_answer;
	exchange_header(x, "Cache-Control", "no-cache");
}

static bool
same_tag(struct octets wanted, const char *tag)
{
	return wanted.n > 0 && memmem(wanted.at, wanted.n, tag, strlen(tag)) != NULL;
}

/* A signed answer, with the headers of RFC 9919 section 6.2; nonced ones must not be kept by
 * anybody. */
static void
put_answer(struct exchange *x, struct octets der, bool nonce, int64_t made_s, int64_t now_s)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	char tag[DIGEST_OCTETS * 2 + 1];
	int64_t age_s = made_s + ANSWER_MAX_AGE_S - now_s;

	x->type = type_answer;
	x->status = 200;
	if (nonce || EVP_Digest(der.at, der.n, digest, NULL, EVP_sha256(), NULL) != 1) {
		exchange_header(x, "Cache-Control", "no-store");
		bytes_put_octets(&x->reply, der);
		return;
	}
	text_hex(digest, DIGEST_OCTETS, tag);
	exchange_header(x, "Cache-Control", "max-age=%lld, public, no-transform, must-revalidate",
	    (long long)(age_s > 0 ? age_s : 0));
	exchange_header(x, "ETag", "\"%s\"", tag);
	put_date(x, "Last-Modified", made_s);
	put_date(x, "Expires", made_s + ANSWER_MAX_AGE_S);
	if (same_tag(x->if_none_match, tag))
		x->status = 304;
	else
		bytes_put_octets(&x->reply, der);
}

static struct ready *
place(struct ocsp *o, const uint8_t digest[static DIGEST_OCTETS])
{
	return &o->ready[((unsigned)digest[0] << 8 | digest[1]) % READY];
}

/* What the ledger says of the one certificate asked for; false where it says nothing. */
static bool
look(struct ocsp *o, struct ready *r)
{
	struct ledger *l;
	struct standing s;
	struct fault f;

	if (!realm_records(o->realm, &r->issuer, &l, &f) || !ledger_standing(l, r->serial, &s, &f))
		return false;
	r->state = s.state;
	r->changed_s = s.changed_s;
	r->log_index = s.log_index;
	return true;
}

/* Two changes within one second differ in their log entries, and a CA above counts as much. */
static bool
still_so(struct ocsp *o, const struct ready *kept)
{
	struct ready now = *kept;

	return look(o, &now) && now.state == kept->state && now.changed_s == kept->changed_s &&
	       now.log_index == kept->log_index && level_unchanged(o->realm, &kept->above);
}

/* A kept answer for exactly this request, if the ledger still says what it said then. */
static const struct ready *
find_ready(struct ocsp *o, const uint8_t digest[static DIGEST_OCTETS], int64_t now_s)
{
	struct ready *kept = place(o, digest);

	if (kept->answer.n == 0 || memcmp(kept->request, digest, DIGEST_OCTETS) != 0 ||
	    now_s >= kept->made_s + ANSWER_MAX_AGE_S || now_s < kept->made_s)
		return NULL;
	return still_so(o, kept) ? kept : NULL;
}

static void
keep(struct ocsp *o, const struct ready *seen, struct octets der)
{
	struct ready *to = place(o, seen->request);
	struct bytes answer = to->answer;
	struct fault f;

	bytes_clear(&answer);
	bytes_put_octets(&answer, der);
	*to = *seen;
	to->answer = answer;
	if (!bytes_ok(&answer, &f))
		bytes_free(&to->answer);
}

static void
answered(struct exchange *x, uint16_t code, struct octets body)
{
	struct question *q = x->state;

	if (code != 0) { /* the status source is away: never a guess */
		put_status(x, code == FAULT_BUSY ? ANSWER_TRY_LATER : ANSWER_INTERNAL);
		x->status = 200;
		return;
	}
	if (q->keep)
		keep(q->ocsp, &q->seen, body);
	put_answer(x, body, q->nonce, q->seen.made_s, q->ocsp->now_s());
}

/* Ask the signer. What the ledger says is read before the question goes: an answer is at least as
 * new. */
static void
ask(struct ocsp *o, struct exchange *x, const struct request *r, struct octets der,
    const uint8_t digest[static DIGEST_OCTETS], const struct authority *issuer)
{
	struct question *q = calloc(1, sizeof(*q));
	struct fault f;

	if (q == NULL) {
		put_status(x, ANSWER_INTERNAL);
		x->status = 200;
		return;
	}
	q->ocsp = o;
	q->nonce = r->nonce.n != 0;
	q->seen.issuer = *issuer;
	q->seen.made_s = o->now_s();
	memcpy(q->seen.request, digest, DIGEST_OCTETS);
	if (r->n == 1 && !q->nonce && r->cert[0].serial.n == TBS_SERIAL_OCTETS) {
		memcpy(q->seen.serial, r->cert[0].serial.at, TBS_SERIAL_OCTETS);
		q->keep = look(o, &q->seen) && level_above(o->realm, issuer, &q->seen.above, &f);
	}
	x->state = q;
	bytes_put_octets(&x->ask.body, der);
	x->ask.verb = WIRE_OCSP;
	x->ask.then = answered;
}

static void
serve_request(struct ocsp *o, struct exchange *x, struct octets der)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	const struct ready *kept;
	struct authority issuer;
	struct request r;
	struct fault f;

	if (EVP_Digest(der.at, der.n, digest, NULL, EVP_sha256(), NULL) != 1) {
		put_status(x, ANSWER_INTERNAL);
		x->status = 200;
		return;
	}
	if ((kept = find_ready(o, digest, o->now_s())) != NULL) {
		put_answer(x, octets_bytes(&kept->answer), false, kept->made_s, o->now_s());
		return;
	}
	if (!request_parse(der, &r, &f)) {
		put_status(x, ANSWER_MALFORMED);
		refusal_send(x, "", "ocsp", &f, 200);
		return;
	}
	if (!answer_issuer(o->realm, &r, &issuer, &f)) {
		put_status(x, f.code == FAULT_NOTFOUND ? ANSWER_UNAUTHORIZED : ANSWER_TRY_LATER);
		x->status = 200;
		return;
	}
	ask(o, x, &r, der, digest, &issuer);
}

static void
malformed(struct exchange *x, struct fault *f)
{
	put_status(x, ANSWER_MALFORMED);
	refusal_send(x, "", "ocsp", f, 200);
}

static void
serve_post(struct ocsp *o, struct exchange *x)
{
	struct fault f;

	if (x->body_too_large || x->body.n == 0) {
		fault_set(&f, FAULT_BADREQ,
		    "ocsp: RFC 6960 appendix A.1: a body of no length or over the limit");
		malformed(x, &f);
		return;
	}
	serve_request(o, x, x->body);
}

/* The request in the path: base64, percent-encoded or not, '+' sometimes a space by then. */
static void
serve_get(struct ocsp *o, struct exchange *x, struct octets in_path)
{
	char text[REQUEST_MAX_OCTETS * 2];
	struct bytes der = { 0 };
	struct octets base64;
	struct fault f;

	while (in_path.n > 0 && in_path.at[0] == '/')
		in_path = octets_of(in_path.at + 1, in_path.n - 1);
	if (!text_unpercent(in_path, text, sizeof(text) - 4)) {
		fault_set(
		    &f, FAULT_BADREQ, "ocsp: RFC 6960 appendix A.1: expected base64 in the path");
		malformed(x, &f);
		return;
	}
	for (char *p = text; *p != '\0'; p++)
		if (*p == ' ')
			*p = '+';
	for (size_t n = strlen(text); n % 4 != 0; n++) { /* some leave the padding out */
		text[n] = '=';
		text[n + 1] = '\0';
	}
	base64 = octets_text(text);
	if (!text_unbase64(base64, &der, &f))
		malformed(x, &f);
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
