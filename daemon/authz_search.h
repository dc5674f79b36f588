/*
 * daemon/authz_search.h - AuthZEN searches: who may do it, what may be done, and with what.
 *
 * Which subjects of a tenant may do an action on a resource, by deciding for each of its endpoints
 * that holds a certificate now; which actions one subject may do, of those that this service knows;
 * which resources of type "service" it may do one with, which are those of this service. Of other
 * types the enforcement point alone knows which there are: none are found. Nothing is counted, and
 * nothing told.
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
bool authz_search_resource(struct authz *a, const struct authz_caller *c, struct exchange *x,
    const struct json *body, struct fault *f) CHECKED;

#endif
