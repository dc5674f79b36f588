/*
 * daemon/authz_question.h - what somebody else's enforcement point asks: read, and told apart from
 * what it may not say.
 *
 * Pure. Three ways to ask, one question: an AuthZEN evaluation (OpenID
 * Authorization API 1.0, JSON), nginx' auth_request and Envoy's ext_authz
 * (headers about a request that waits there). Of the subject a question names
 * a certificate and nothing else that counts: what it says of key, chain or
 * standing is refused, as our ledger knows that.
 */
#ifndef QUATRAIN_DAEMON_AUTHZ_QUESTION_H
#define QUATRAIN_DAEMON_AUTHZ_QUESTION_H

#include "base/exchange.h"
#include "base/json.h"
#include "policy/request.h"

#define AUTHZ_CERTIFICATE_MAX 8192 /* octets of DER */
#define AUTHZ_ID_MAX          512  /* octets of a subject's id */
#define AUTHZ_ACTION_MAX      64

struct authz_question {
	char id[AUTHZ_ID_MAX]; /* spiffe://...; empty: the certificate alone says who */
	bool has_digest;       /* which of its certificates */
	uint8_t sha256[32];
	struct bytes certificate; /* DER; n 0: none was passed on */
	struct json *said;        /* what request lends from */
	/* action, resource.*, context.*, device.*, source.ip and supports, as they were said; the
	 * rest is not known yet. */
	struct request request;
	struct request_room room;
};

void authz_question_free(struct authz_question *q); /* wiped for the next one */

/*
 * An evaluation: {"subject": {"type", "id", "properties": {"certificate": PEM or base64 of DER, or
 * "cert_sha256": hex}}, "action": {"name"}, "resource": {"type", "id", "properties"}, "context":
 * {...}}. Of the context source_ip, device and supports are what they say, time is not heard, and
 * all else is context.NAME. Any of the four may be NULL: absent. Fault: FAULT_BADREQ which member,
 * and what was expected.
 */
struct authz_parts {
	const struct json *subject, *action, *resource, *context;
};
bool authz_question_read(
    const struct authz_parts *from, struct authz_question *ret, struct fault *f) CHECKED;

/*
 * What nginx passes on: X-Client-Cert (percent-encoded PEM), X-Original-Method, X-Original-URI,
 * X-Real-IP. The action is http.<method>, the resource {type: url, id: the path}, unless the
 * location says X-Quatrain-Action and X-Quatrain-Resource-Type; X-Quatrain-Supports names the
 * obligations that it honours; X-Client-Verify, where it is there, must be SUCCESS. Faults:
 * FAULT_AUTH no certificate was passed on, or one that nginx could not verify; FAULT_BADREQ which
 * header
 */
bool authz_question_nginx(
    const struct exchange *x, struct authz_question *ret, struct fault *f) CHECKED;
/* The same of Envoy: the request's own method, what follows prefix in its path, and the last
 * element of X-Forwarded-Client-Cert: Cert, or Hash with URI. */
bool authz_question_envoy(const struct exchange *x, const char *prefix, struct authz_question *ret,
    struct fault *f) CHECKED;

#endif
