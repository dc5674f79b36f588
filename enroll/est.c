/* enroll/est.c - see est.h. */
#include "enroll/est.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/secret.h"
#include "ca/cert.h"
#include "ca/csr.h"
#include "ca/identify.h"
#include "ca/level.h"
#include "ca/profile_set.h"
#include "ca/refusal.h"
#include "ca/wire.h"
#include "enroll/cms.h"
#include "enroll/csrattrs.h"

#define WELL_KNOWN      "/.well-known/est/"
#define COLUMNS         64 /* where a client wants lines */
#define CREDENTIALS_MAX 512

static const char type_certs[] = "application/pkcs7-mime; smime-type=certs-only";
static const char type_attributes[] = "application/csrattrs";
static const char type_text[] = "text/plain; charset=utf-8";

/* What a request asked for, once its path is understood. */
struct call {
	struct est *est;
	char tenant[TEXT_LABEL_MAX];
	const char *act;
};

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

/* The reply to a fault, all but sending it. Our own troubles are not told to strangers. */
static unsigned
describe(struct exchange *x, const struct fault *f)
{
	unsigned status = 500;

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].code == f->code)
			status = statuses[i].status;
	(void)snprintf(x->why, sizeof(x->why), "%.199s", f->text);
	bytes_clear(&x->reply);
	x->type = type_text;
	bytes_put_fmt(&x->reply, "%s\n",
	    status == 500 ? "the service had a fault; its log says which" : f->text);
	if (status == 401)
		exchange_header(
		    x, "WWW-Authenticate", "Basic realm=\"quatrain\", charset=\"UTF-8\"");
	if (status == 503)
		exchange_header(x, "Retry-After", "2");
	return status;
}

/* Refused here, at the door: one log entry, then the reply. */
static void
refuse(struct exchange *x, const struct call *c, const struct fault *f)
{
	refusal_send(x, c->tenant, c->act, f, describe(x, f));
}

/* Refused without an entry: nobody did anything yet. */
static void
turn_away(struct exchange *x, const struct fault *f)
{
	x->status = describe(x, f);
}

/* Who are you? To a client that showed nothing yet without a body: Bouncy Castle 1.72 asks so
 * first, and fails over octets that it did not read. */
static void
challenge(struct exchange *x)
{
	struct fault f;

	fault_set(&f, FAULT_AUTH,
	    "est: RFC 7030 section 3.2.3: expected HTTP Basic: device name and token");
	turn_away(x, &f);
	if (x->authorization.n > 0)
		return;
	bytes_clear(&x->reply);
	x->type = NULL;
}

static bool
begins(struct octets o, const char *with)
{
	size_t n = strlen(with);

	return o.n >= n && strncasecmp((const char *)o.at, with, n) == 0;
}

/*
 * One line for those who cannot pass over line ends (strongSwan before 5.9.11),
 * 64 columns for those whose reader wants lines (libest, and whoever sent lines).
 */
static void
put_base64(struct exchange *x, struct octets der)
{
	size_t look = x->body.n > COLUMNS + 16 ? COLUMNS + 16 : 0;
	bool wrapped = look > 0 && memchr(x->body.at, '\n', look) != NULL;

	if (begins(x->user_agent, "libest"))
		wrapped = true;
	text_base64(der, wrapped ? COLUMNS : 0, &x->reply);
	if (!wrapped)
		bytes_put_text(&x->reply, "\n");
	exchange_header(x, "Content-Transfer-Encoding", "base64");
}

static bool
certs_reply(struct exchange *x, const struct octets *certificates, size_t n, struct fault *f)
{
	struct bytes cms = { 0 };
	bool ok = false;

	if (cms_certs_only(certificates, n, &cms, f)) {
		bytes_clear(&x->reply);
		put_base64(x, octets_bytes(&cms));
		ok = bytes_ok(&x->reply, f);
	}
	bytes_free(&cms);
	if (ok) {
		x->type = type_certs;
		x->status = 200;
	}
	return ok;
}

/* RFC 7030 section 4.1.3: all that a client needs to build a path from a certificate of this CA to
 * the root: after a rollover those of the CA before too, as long as it has leaves. */
static void
cacerts(struct exchange *x, const struct call *c)
{
	struct level_bundle all = { .n = 0 };
	struct octets der[LEVEL_BUNDLE_MAX];
	struct fault f;

	if (!level_bundle(c->est->realm, c->tenant, c->est->now_s(), &all, &f)) {
		turn_away(x, &f);
		return;
	}
	for (size_t i = 0; i < all.n; i++)
		der[i] = octets_bytes(&all.der[i]);
	if (!certs_reply(x, der, all.n, &f))
		turn_away(x, &f);
	level_bundle_free(&all);
}

static void
csrattrs(struct exchange *x, const struct call *c)
{
	struct bytes der = { 0 };
	struct fault f;

	(void)c;
	if (!csrattrs_encode(&der, &f)) {
		turn_away(x, &f);
	} else {
		put_base64(x, octets_bytes(&der));
		x->type = type_attributes;
		x->status = 200;
	}
	bytes_free(&der);
}

/* The signer's answer to an enrolment. */
static void
enrolled(struct exchange *x, uint16_t code, struct octets body)
{
	struct reader r = reader_of(body);
	struct octets certificate;
	uint64_t index;
	struct fault f;

	if (code != 0) {
		fault_set(&f, (enum fault_code)code, "%.*s", (int)body.n, (const char *)body.at);
		turn_away(x, &f); /* the signer wrote the entry */
		return;
	}
	certificate = reader_counted(&r);
	index = reader_u64(&r);
	if (!reader_done(&r)) {
		fault_set(&f, FAULT_INTERNAL, "est: an answer of another shape");
		turn_away(x, &f);
		return;
	}
	exchange_header(x, "Quatrain-Log-Index", "%llu", (unsigned long long)index);
	if (!certs_reply(x, &certificate, 1, &f))
		turn_away(x, &f);
}

/* The request's DER, after the first checks that every peer can be refused by. That its sender has
 * the key is the signer's to find. */
static bool
read_csr(const struct exchange *x, struct bytes *ret, struct fault *f)
{
	struct csr csr;

	if (x->body_too_large)
		return fault_set(f, FAULT_LIMIT, "est: a body over %d octets", EST_BODY_MAX);
	if (!begins(x->content_type, "application/pkcs10"))
		return fault_set(f, FAULT_TYPE,
		    "est: RFC 7030 section 4.2.1: expected Content-Type application/pkcs10");
	return text_unbase64(x->body, ret, f) && csr_read(octets_bytes(ret), &csr, f);
}

/* user:password of HTTP Basic (RFC 7617) into text; false where it is missing or not of that shape.
 */
static bool
read_basic(
    struct octets authorization, struct bytes *text, struct octets *user, struct octets *password)
{
	struct fault f;
	const uint8_t *colon;

	if (!begins(authorization, "Basic ") || authorization.n > CREDENTIALS_MAX)
		return false;
	if (!text_unbase64(octets_of(authorization.at + 6, authorization.n - 6), text, &f))
		return false;
	if ((colon = memchr(text->at, ':', text->n)) == NULL)
		return false;
	*user = octets_of(text->at, (size_t)(colon - text->at));
	*password = octets_of(colon + 1, text->n - user->n - 1);
	return user->n > 0 && password->n > 0;
}

static void
ask(struct exchange *x, const struct call *c, struct wire_enroll *w)
{
	memcpy(w->tenant, c->tenant, sizeof(w->tenant));
	(void)snprintf(w->source, sizeof(w->source), "%s", x->source);
	memcpy(w->profiles, profile_set_digest(), sizeof(w->profiles));
	wire_put_enroll(w, &x->ask.body);
	x->ask.verb = WIRE_ENROLL;
	x->ask.then = enrolled;
}

static void
simpleenroll(struct exchange *x, const struct call *c)
{
	struct wire_enroll w = { .way = ENROL_TOKEN };
	struct bytes credentials = { 0 }, csr = { 0 };
	struct fault f;

	if (!read_basic(x->authorization, &credentials, &w.user, &w.password)) {
		challenge(x);
	} else if (!read_csr(x, &csr, &f)) {
		refuse(x, c, &f);
	} else {
		w.csr = octets_bytes(&csr);
		ask(x, c, &w);
	}
	if (credentials.at != NULL)
		secret_wipe(credentials.at, credentials.n);
	bytes_free(&credentials);
	bytes_free(&csr);
}

static void
simplereenroll(struct exchange *x, const struct call *c)
{
	struct wire_enroll w = { .way = ENROL_CERTIFICATE, .peer = x->peer };
	struct bytes csr = { 0 };
	struct fault f;

	if (x->peer.n == 0) {
		fault_set(&f, FAULT_AUTH,
		    "est: RFC 7030 section 4.2.2: expected the certificate to be renewed as TLS client certificate");
		turn_away(x, &f);
	} else if (!read_csr(x, &csr, &f)) {
		refuse(x, c, &f);
	} else {
		w.csr = octets_bytes(&csr);
		ask(x, c, &w);
	}
	bytes_free(&csr);
}

static void
fullcmc(struct exchange *x, const struct call *c)
{
	(void)c;
	x->type = type_text;
	bytes_put_text(
	    &x->reply, "est: RFC 7030 section 4.3: full CMC is not offered; use simpleenroll\n");
	x->status = 501;
}

static void
serverkeygen(struct exchange *x, const struct call *c)
{
	struct fault f;

	fault_set(&f, FAULT_DENIED,
	    "est: RFC 7030 section 4.4: a private key is never made or seen here: make it on the device");
	refuse(x, c, &f);
}

static const struct {
	const char *name, *method, *act;
	void (*serve)(struct exchange *x, const struct call *c);
} operations[] = {
	{ "cacerts", "GET", "est.cacerts", cacerts },
	{ "csrattrs", "GET", "est.csrattrs", csrattrs },
	{ "simpleenroll", "POST", "certificate.enroll", simpleenroll },
	{ "simplereenroll", "POST", "certificate.renew", simplereenroll },
	{ "fullcmc", "POST", "est.fullcmc", fullcmc },
	{ "serverkeygen", "POST", "est.serverkeygen", serverkeygen },
};

#define OPERATIONS (sizeof(operations) / sizeof(operations[0]))

/* Split the path into a label and an operation, either way round. False: not EST's. */
static bool
split(struct octets path, struct octets *label, struct octets *operation)
{
	static const size_t n = sizeof(WELL_KNOWN) - 1;
	const uint8_t *at, *slash;

	*label = octets_of(NULL, 0);
	if (path.n == 0 || (at = memmem(path.at, path.n, WELL_KNOWN, n)) == NULL)
		return false;
	*operation = octets_of(at + n, path.n - (size_t)(at - path.at) - n);
	if (at != path.at) { /* /LABEL/.well-known/est/OPERATION */
		*label = octets_of(path.at + 1, (size_t)(at - path.at) - 1);
		return true;
	}
	if (operation->n > 0 && (slash = memchr(operation->at, '/', operation->n)) != NULL) {
		*label = octets_of(operation->at, (size_t)(slash - operation->at));
		*operation = octets_of(slash + 1, operation->n - label->n - 1);
	}
	return true;
}

/* The tenant that the label names; only a label that is one is ever looked up. */
static bool
find_tenant(struct est *e, struct octets label, struct call *c, struct fault *f)
{
	struct tenant t;

	if (label.n == 0)
		return fault_set(f, FAULT_NOTFOUND,
		    "est: RFC 7030 section 3.2.2: expected /.well-known/est/TENANT/OPERATION");
	if (label.n >= sizeof(c->tenant) || memchr(label.at, '\0', label.n) != NULL)
		return fault_set(
		    f, FAULT_NOTFOUND, "est: RFC 7030 section 3.2.2: a label that is no tenant's");
	memcpy(c->tenant, label.at, label.n);
	c->tenant[label.n] = '\0';
	if (realm_tenant(e->realm, c->tenant, &t, f))
		return true;
	c->tenant[0] = '\0'; /* the entry goes to the platform's log */
	return false;
}

bool
est_serve(struct est *e, struct exchange *x)
{
	struct octets label, operation;
	struct call c = { .est = e, .act = "est" };
	struct fault f;
	size_t i = 0;

	if (!split(x->path, &label, &operation))
		return false;
	while (i < OPERATIONS && !octets_same(operation, octets_text(operations[i].name)))
		i++;
	if (i < OPERATIONS)
		c.act = operations[i].act;
	if (i == OPERATIONS) {
		fault_set(&f, FAULT_NOTFOUND, "est: RFC 7030 section 3.2.2: no such operation");
		turn_away(x, &f);
	} else if (!find_tenant(e, label, &c, &f)) {
		refuse(x, &c, &f);
	} else if (!octets_same(x->method, octets_text(operations[i].method)) &&
		   !(octets_same(x->method, octets_text("HEAD")) &&
		       operations[i].method[0] == 'G')) {
		exchange_header(x, "Allow", "%s", operations[i].method);
		x->status = 405;
	} else {
		operations[i].serve(x, &c);
	}
	return true;
}

void
est_refuse_peer(struct exchange *x, const struct fault *why)
{
	struct endpoint e = { .tenant = "" };
	struct cert cert;
	struct fault f;

	if (cert_parse(x->peer, &cert, &f))
		(void)name_of_uri(cert.uri, &e);
	refusal_send(x, e.tenant, "connect", why, describe(x, why));
}
