/*
 * daemon/rule_print.h - what is decided of printing and scanning: the built-in rules, then
 * policies.
 *
 * One way for the relay and the signer. In the words of the language (docs/policy.md): the subject
 * is who asks, as its certificate says; resource.type is queue (print.submit: id is the printer's
 * name, or "pull"), job (print.release, print.fetch: id is its UUID) or destination (scan.send: id
 * is the profile's name); resource.owner is a SPIFFE id. Open names: resource.printer,
 * resource.encrypted_by (agent, relay), resource.format, resource.octets, resource.copies,
 * resource.sides, resource.color, resource.release (none, owner, password), context.how (pin,
 * badge, owner), context.destination.
 */
#ifndef QUATRAIN_DAEMON_RULE_PRINT_H
#define QUATRAIN_DAEMON_RULE_PRINT_H

#include "daemon/evidence.h"
#include "daemon/policies.h"
#include "relay/decider.h"
#include "relay/template.h"

/* A question as it was put to the policies, and what they said: told to the activity log. It must
 * stay where it is as long as the request is used, which lends from it. */
struct rule_printed {
	char uuid[37], source[IDENTITY_SOURCE_MAX];
	char sides[TEMPLATE_WORD_MAX], color[TEMPLATE_WORD_MAX];
	struct request request;
	struct ruling ruling;
};

/* The question as a request, into ret->request. of: what is known of q->who. */
void rule_print_request(const struct evidence *of, const struct decider_question *q, int64_t now_s,
    struct rule_printed *ret);

/* Decide. p NULL: nothing is in force. Fault: FAULT_BUSY the policies cannot be read: no. */
bool rule_print(struct policies *p, const struct evidence *of, const struct decider_question *q,
    int64_t now_s, struct rule_printed *put, struct decider_answer *ret, struct fault *f) CHECKED;

#endif
