/* enroll/est.c - see est.h. */
#include "enroll/est.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/secret.h"
#include "ca/cert.h"
#include "ca/csr.h"
#include "ca/identify.h"
#include "ca/level.h"
#include "ca/profile_set.h"
#include "ca/refusal.h"
#include "ca/token.h"
#include "ca/wire.h"
#include "enroll/cms.h"
#include "enroll/csrattrs.h"
#include "enroll/frame.h"
#include "enroll/waiting.h"

#define CREDENTIALS_MAX 512

static const char type_certs[] = "application/pkcs7-mime; smime-type=certs-only";
static const char type_attributes[] = "application/csrattrs";
static const char type_text[] = "text/plain; charset=utf-8";

/* What a request asked for, once its path is understood. */
struct call {
	struct est *est;
	struct label label;
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
	refusal_send(x, c->label.tenant, c->act, f, describe(x, f));
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

static bool
certs_reply(struct exchange *x, const struct octets *certificates, size_t n, struct fault *f)
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

/* RFC 7030 section 4.1.3: all that a client needs to build a path from a certificate of this CA to
 * the root: after a rollover those of the CA before too, as long as it has leaves. */
static void
cacerts(struct exchange *x, const struct call *c)
{
	struct level_bundle all = { .n = 0 };
	struct octets der[LEVEL_BUNDLE_MAX];
	struct fault f;

	if (!level_bundle(c->est->realm, c->label.tenant, c->est->now_s(), &all, &f)) {
		turn_away(x, &f);
		return;
	}
	for (size_t i = 0; i < all.n; i++)
		der[i] = octets_bytes(&all.der[i]);
	if (!certs_reply(x, der, all.n, &f))
		turn_away(x, &f);
	level_bundle_free(&all);
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
forget(struct bytes *credentials)
{
	if (credentials->at != NULL)
		secret_wipe(credentials->at, credentials->n);
	bytes_free(credentials);
}

/* What an enrolment needs of the request's body and of the connection; what w gets is lent from der
 * and x. A binding is good for one authentication (RFC 9266 section 4.1), so that the connection
 * then ends, whatever comes of it. */
static bool
read_request(struct exchange *x, struct wire_enroll *w, struct bytes *der, struct fault *f)
{
	struct csr csr;

	if (x->body_too_large)
		return fault_set(f, FAULT_LIMIT, "est: a body over %d octets", EST_BODY_MAX);
	if (!frame_read(x, der, f) || !csr_read(octets_bytes(der), &csr, f))
		return false;
	w->csr = octets_bytes(der);
	if (csr.challenge.n > 0) {
		exchange_bind(x);
		w->binding = octets_of(x->binding, x->binding_n);
		x->close = true;
	}
	return true;
}

/* Fill in what all questions to the signer share, and ask. */
static void
ask(struct exchange *x, const struct call *c, struct wire_enroll *w, uint16_t verb,
    exchange_then *then)
{
	memcpy(w->tenant, c->label.tenant, sizeof(w->tenant));
	memcpy(w->profile, c->label.profile, sizeof(w->profile));
	(void)snprintf(w->source, sizeof(w->source), "%s", x->source);
	memcpy(w->profiles, profile_set_digest(), sizeof(w->profiles));
	wire_put_enroll(w, &x->ask.body);
	x->ask.verb = verb;
	x->ask.then = then;
}

static void
csrattrs_reply(struct exchange *x, const struct csrattrs *what)
{
	struct bytes der = { 0 };
	struct fault f;

	if (!csrattrs_encode(what, &der, &f)) {
		turn_away(x, &f);
	} else {
		bytes_clear(&x->reply);
		frame_put(x, octets_bytes(&der));
		x->type = type_attributes;
		x->status = 200;
	}
	bytes_free(&der);
}

/* Whom the signer knows by the token, between question and answer. */
struct asked {
	const struct name_space *space;
	struct label label;
};

/* The signer's answer: the device that a token was made for. Whoever shows none that can be used is
 * told what everybody is (RFC 7030 section 4.5: no authentication is needed). */
static void
device_known(struct exchange *x, uint16_t code, struct octets body)
{
	const struct asked *a = x->state;
	struct bytes subject = { 0 }, alt_names = { 0 };
	struct csrattrs what = { .profile = profile_find(a->label.profile) };
	struct reader r = reader_of(body);
	struct endpoint e = { .tenant = "" };
	char profile[TEXT_LABEL_MAX];
	struct fault f;

	memcpy(e.tenant, a->label.tenant, sizeof(e.tenant));
	reader_counted_text(&r, e.kind, sizeof(e.kind));
	reader_counted_text(&r, e.name, sizeof(e.name));
	reader_counted_text(&r, profile, sizeof(profile));
	if (code == 0 && reader_done(&r) && profile_find(profile) != NULL) {
		what.profile = profile_find(profile);
		if (csrattrs_names(what.profile, a->space, &e, &subject, &alt_names, &f)) {
			what.subject = octets_bytes(&subject);
			what.alt_names = octets_bytes(&alt_names);
		}
	}
	csrattrs_reply(x, &what);
	bytes_free(&subject);
	bytes_free(&alt_names);
}

/* A GET spends no token: the signer only says whose it is. */
static bool
ask_device(struct exchange *x, const struct call *c)
{
	struct wire_enroll w = { .way = ENROL_TOKEN };
	struct bytes credentials = { 0 };
	struct asked *a = NULL;
	bool asked = false;

	if (read_basic(x->authorization, &credentials, &w.user, &w.password) &&
	    (a = calloc(1, sizeof(*a))) != NULL) {
		*a = (struct asked){ realm_space(c->est->realm), c->label };
		free(x->state);
		x->state = a;
		ask(x, c, &w, WIRE_DEVICE, device_known);
		asked = true;
	}
	forget(&credentials);
	return asked;
}

/* RFC 9908: a device that shows its certificate is told its names, which a renewal must have. */
static void
csrattrs(struct exchange *x, const struct call *c)
{
	struct csrattrs what = { .profile = profile_find(c->label.profile) };
	struct identified also;
	struct identity who;
	struct fault f;

	if (x->peer.n > 0 && identify(c->est->realm, x->peer, c->est->now_s(), &who, &also, &f) &&
	    who.good && strcmp(who.tenant, c->label.tenant) == 0 &&
	    (what.profile == NULL || strcmp(what.profile->name, also.standing.profile) == 0)) {
		what.profile = profile_find(also.standing.profile);
		what.subject = also.cert.subject;
		what.alt_names = also.cert.alt_names;
	} else if (x->peer.n == 0 && ask_device(x, c)) {
		return;
	}
	csrattrs_reply(x, &what);
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
	if (certificate.n == 0) {
		waiting_reply(x, index);
		return;
	}
	exchange_header(x, "Quatrain-Log-Index", "%llu", (unsigned long long)index);
	if (!certs_reply(x, &certificate, 1, &f))
		turn_away(x, &f);
}

static void
simpleenroll(struct exchange *x, const struct call *c)
{
	struct wire_enroll w = { .way = ENROL_TOKEN };
	struct bytes credentials = { 0 }, csr = { 0 };
	struct fault f;

	if (waiting_allowed(x, &c->label))
		w.way = ENROL_REQUEST;
	if (w.way == ENROL_TOKEN &&
	    !read_basic(x->authorization, &credentials, &w.user, &w.password)) {
		challenge(x);
	} else if (!read_request(x, &w, &csr, &f)) {
		refuse(x, c, &f);
	} else {
		ask(x, c, &w, WIRE_ENROLL, enrolled);
	}
	forget(&credentials);
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
	} else if (!read_request(x, &w, &csr, &f)) {
		refuse(x, c, &f);
	} else {
		ask(x, c, &w, WIRE_ENROLL, enrolled);
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
	const char *name, *method, *allow, *act;
	void (*serve)(struct exchange *x, const struct call *c);
} operations[] = {
	{ "cacerts", "GET", "GET, HEAD", "est.cacerts", cacerts },
	{ "csrattrs", "GET", "GET, HEAD", "est.csrattrs", csrattrs },
	{ "simpleenroll", "POST", "POST", "certificate.enroll", simpleenroll },
	{ "simplereenroll", "POST", "POST", "certificate.renew", simplereenroll },
	{ "fullcmc", "POST", "POST", "est.fullcmc", fullcmc },
	{ "serverkeygen", "POST", "POST", "est.serverkeygen", serverkeygen },
};

#define OPERATIONS (sizeof(operations) / sizeof(operations[0]))

/* The tenant of what x shows: in the URI of its certificate, or the third part of its token. */
static bool
tenant_of_proof(const struct exchange *x, struct label *ret)
{
	struct bytes credentials = { 0 };
	struct octets user, password, part;
	struct endpoint e;
	struct cert cert;
	struct fault f;
	bool found = false;

	if (x->peer.n > 0) {
		found = cert_parse(x->peer, &cert, &f) && name_of_uri(cert.uri, &e);
		if (found)
			memcpy(ret->tenant, e.tenant, sizeof(ret->tenant));
	} else if (read_basic(x->authorization, &credentials, &user, &password)) {
		found = token_tenant(password, &part) && label_read(part, ret, &f);
	}
	forget(&credentials);
	return found;
}

/* Whose CA, and by which profile; only a label that is one is ever looked up. */
static bool
find_label(const struct exchange *x, struct octets told, struct call *c, struct fault *f)
{
	struct label l = { .tenant = "" };
	struct tenant t;

	if (told.n == 0 && !tenant_of_proof(x, &l) && !waiting_label(c->est->realm, x, &l))
		return fault_set(f, FAULT_NOTFOUND,
		    "est: RFC 7030 section 3.2.2: expected /.well-known/est/TENANT/OPERATION");
	if ((told.n > 0 && !label_read(told, &l, f)) ||
	    !realm_tenant(c->est->realm, l.tenant, &t, f))
		return false;
	memcpy(c->label.tenant, l.tenant, sizeof(c->label.tenant));
	if (l.profile[0] != '\0' && (profile_is_own(l.profile) || profile_find(l.profile) == NULL))
		return fault_set(f, FAULT_NOTFOUND,
		    "est: RFC 7030 section 3.2.2: the label names a profile that there is not");
	memcpy(c->label.profile, l.profile, sizeof(c->label.profile));
	return true;
}

static bool
takes_method(size_t i, struct octets method)
{
	return octets_same(method, octets_text(operations[i].method)) ||
	       (operations[i].method[0] == 'G' && octets_same(method, octets_text("HEAD")));
}

bool
est_serve(struct est *e, struct exchange *x)
{
	struct octets label, operation;
	struct call c = { .est = e, .act = "est" };
	struct fault f;
	size_t i = 0;

	if (!label_split(x->path, &label, &operation))
		return false;
	while (i < OPERATIONS && !octets_same(operation, octets_text(operations[i].name)))
		i++;
	if (i < OPERATIONS)
		c.act = operations[i].act;
	if (i == OPERATIONS) {
		fault_set(&f, FAULT_NOTFOUND, "est: RFC 7030 section 3.2.2: no such operation");
		turn_away(x, &f);
	} else if (!find_label(x, label, &c, &f)) {
		refuse(x, &c, &f);
	} else if (!takes_method(i, x->method)) {
		exchange_header(x, "Allow", "%s", operations[i].allow);
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
