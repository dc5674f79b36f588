/*
 * daemon/authz.h - decisions for other people's software: AuthZEN, nginx auth_request, Envoy
 * ext_authz.
 *
 * Who asks is a service or gateway of the tenant whose endpoint the question is about, by its
 * certificate, or staff; who is asked about is a certificate of ours and nothing
 * else. What is decided is the tenant's PolicySet below the Guardrails: without a PolicySet nobody
 * may do anything. A no is an answer, and no refusal; refused is who may not ask, and what is
 * no question. Where the policies cannot be read, or the signer's ledgers, it is 503: an
 * enforcement point that fails closed then lets nobody through.
 *
 * Sources: OpenID Authorization API 1.0 (AuthZEN); nginx ngx_http_auth_request_module; Envoy
 * ext_authz, HTTP service.
 */
#ifndef QUATRAIN_DAEMON_AUTHZ_H
#define QUATRAIN_DAEMON_AUTHZ_H

#include "ca/realm.h"
#include "daemon/activity.h"
#include "daemon/authz_question.h"
#include "daemon/policies.h"
#include "policy/identity.h"

#define AUTHZ_EVALUATIONS_MAX 64  /* of one request */
#define AUTHZ_PAGE            100 /* results of a search, at most */
#define AUTHZ_LOOK            500 /* endpoints that one page of a search looks at */
#define AUTHZ_TTL_S           1   /* how long an answer may be used again */
#define AUTHZ_URL_MAX         320

struct authz {
	struct realm *realm;
	struct policies *policies;
	int64_t (*now_s)(void);
	void (*note)(struct activity *a, const struct activity_fact *fact); /* NULL: nobody */
	struct activity *activity;
	char url[AUTHZ_URL_MAX]; /* https://NAME:PORT, as the metadata says it */
};

/* The URL: the first of the service's names, and the port of the secure listener (below 0: there is
 * none, as at the desk). */
void authz_name(struct authz *a, const char *name, int listener);

/* True if the path is one of these, and then x is answered or asks. */
bool authz_serve(struct authz *a, struct exchange *x);

#endif
