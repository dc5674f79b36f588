/*
 * daemon/authz_search.h - AuthZEN searches: who may do it, and what may be done.
 *
 * Which subjects of a tenant may do an action on a resource, by deciding for each of its endpoints
 * that holds a certificate now; which actions one subject may do, of those that rules and this
 * service know. Nothing is counted, and nothing told. Resources are the enforcement point's: which
 * there are is not known here, so there is no search for them.
 */
#ifndef QUATRAIN_DAEMON_AUTHZ_SEARCH_H
#define QUATRAIN_DAEMON_AUTHZ_SEARCH_H

#include "daemon/authz_answer.h"

/* Answer x. Staff says whose endpoints by subject.properties.tenant. Faults: FAULT_BADREQ,
 * FAULT_DENIED another tenant's, FAULT_NOTFOUND no such tenant, FAULT_BUSY, FAULT_INTERNAL */
bool authz_search_subject(struct authz *a, const struct authz_caller *c, struct exchange *x,
    const struct json *body, struct fault *f) CHECKED;
bool authz_search_action(struct authz *a, const struct authz_caller *c, struct exchange *x,
    const struct json *body, struct fault *f) CHECKED;

#endif
