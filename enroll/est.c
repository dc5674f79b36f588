/* enroll/est.c - see est.h. */
#include "enroll/est.h"

#include <stdio.h>
#include <string.h>

#include "ca/cert.h"
#include "ca/csr.h"
#include "ca/level.h"
#include "ca/profile_set.h"
#include "ca/refusal.h"
#include "ca/token.h"
#include "enroll/basic.h"
#include "enroll/frame.h"
#include "enroll/known.h"
#include "enroll/reply.h"
#include "enroll/waiting.h"

/* What a request asked for, once its path is understood. */
struct call {
	struct est *est;
	struct label label;
	const char *act;
};

/* Refused here, at the door: one log entry, then the reply. */
static void
refuse(struct exchange *x, const struct call *c, const struct fault *f)
{
	refusal_send(x, c->label.tenant, c->act, f, reply_describe(x, f));
}

/* Who are you? To a client that showed nothing yet without a body: Bouncy Castle 1.72 asks so
 * first, and fails over octets that it did not read. */
static void
challenge(struct exchange *x)
{
	struct fault f;

	fault_set(&f, FAULT_AUTH,
	    "est: RFC 7030 section 3.2.3: expected HTTP Basic: device name and token");
	reply_fault(x, &f);
	if (x->authorization.n > 0)
		return;
	bytes_clear(&x->reply);
	x->type = NULL;
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
		reply_fault(x, &f);
		return;
	}
	for (size_t i = 0; i < all.n; i++)
		der[i] = octets_bytes(&all.der[i]);
	if (!reply_certs(x, der, all.n, &f))
		reply_fault(x, &f);
	level_bundle_free(&all);
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

static void
csrattrs(struct exchange *x, const struct call *c)
{
	known_attributes(x, c->est->realm, c->est->now_s(), &c->label);
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
		reply_signer(x, code, body); /* who wrote the entry */
		return;
	}
	certificate = reader_counted(&r);
	index = reader_u64(&r);
	if (!reader_done(&r)) {
		fault_set(&f, FAULT_INTERNAL, "est: an answer of another shape");
		reply_fault(x, &f);
		return;
	}
	if (certificate.n == 0) {
		waiting_reply(x, index);
		return;
	}
	exchange_header(x, "Quatrain-Log-Index", "%llu", (unsigned long long)index);
	if (!reply_certs(x, &certificate, 1, &f))
		reply_fault(x, &f);
}

static void
simpleenroll(struct exchange *x, const struct call *c)
{
	struct wire_enroll w = { .way = ENROL_TOKEN };
	struct bytes credentials = { 0 }, csr = { 0 };
	struct fault f;

	if (waiting_allowed(x, &c->label)) {
		w.way = ENROL_REQUEST;
	} else if (x->born && x->authorization.n == 0) {
		w.way = ENROL_IDEVID;
		w.peer = x->peer;
		w.above = x->above;
	}
	if (w.way == ENROL_TOKEN &&
	    !basic_read(x->authorization, &credentials, &w.user, &w.password)) {
		challenge(x);
	} else if (!read_request(x, &w, &csr, &f)) {
		refuse(x, c, &f);
	} else {
		reply_ask(x, &c->label, &w, WIRE_ENROLL, enrolled);
	}
	basic_forget(&credentials);
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
		reply_fault(x, &f);
	} else if (!read_request(x, &w, &csr, &f)) {
		refuse(x, c, &f);
	} else {
		reply_ask(x, &c->label, &w, WIRE_ENROLL, enrolled);
	}
	bytes_free(&csr);
}

static void
fullcmc(struct exchange *x, const struct call *c)
{
	(void)c;
	x->type = reply_text;
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
	bool born; /* for a device with its manufacturer's certificate too */
	bool late; /* for one whose certificate ended lately */
} operations[] = {
	{ "cacerts", "GET", "GET, HEAD", "est.cacerts", cacerts, true, false },
	{ "csrattrs", "GET", "GET, HEAD", "est.csrattrs", csrattrs, true, false },
	{ "simpleenroll", "POST", "POST", "certificate.enroll", simpleenroll, true, false },
	{ "simplereenroll", "POST", "POST", "certificate.renew", simplereenroll, false, true },
	{ "fullcmc", "POST", "POST", "est.fullcmc", fullcmc, true, false },
	{ "serverkeygen", "POST", "POST", "est.serverkeygen", serverkeygen, true, false },
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
	} else if (basic_read(x->authorization, &credentials, &user, &password)) {
		found = token_tenant(password, &part) && label_read(part, ret, &f);
	}
	basic_forget(&credentials);
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

/* Which operation a path means; OPERATIONS: none. */
static size_t
operation_of(struct octets path)
{
	struct octets label, operation;
	size_t i = 0;

	if (!label_split(path, &label, &operation))
		return OPERATIONS;
	while (i < OPERATIONS && !octets_same(operation, octets_text(operations[i].name)))
		i++;
	return i;
}

bool
est_for_born(const struct exchange *x)
{
	size_t i = operation_of(x->path);

	return i < OPERATIONS && operations[i].born;
}

bool
est_for_late(const struct exchange *x)
{
	size_t i = operation_of(x->path);

	return i < OPERATIONS && operations[i].late;
}

bool
est_serve(struct est *e, struct exchange *x)
{
	struct octets label, operation;
	struct call c = { .est = e, .act = "est" };
	struct fault f;
	size_t i;

	if (!label_split(x->path, &label, &operation))
		return false;
	i = operation_of(x->path);
	if (i < OPERATIONS)
		c.act = operations[i].act;
	if (i == OPERATIONS) {
		fault_set(&f, FAULT_NOTFOUND, "est: RFC 7030 section 3.2.2: no such operation");
		reply_fault(x, &f);
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
	refusal_send(x, e.tenant, "connect", why, reply_describe(x, why));
}
