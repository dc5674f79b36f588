/*
 * policy/rules.h - the rules that hold before any tenant has written one.
 *
 * Each rule permits one act to some identities under named conditions. What
 * no rule permits is denied. The digest names the set in every log entry.
 */
#ifndef QUATRAIN_POLICY_RULES_H
#define QUATRAIN_POLICY_RULES_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define RULES_DIGEST_OCTETS 32 /* SHA-256 */

enum act {
	ACT_READ,
	ACT_TENANT_CREATE,
	ACT_TENANT_SUSPEND, /* and resume */
	ACT_TENANT_ROLL,
	ACT_REGION_SUSPEND, /* and resume */
	ACT_OPERATOR_ADD,
	ACT_OPERATOR_CHANGE, /* its role; and remove */
	ACT_DECIDE,          /* on what waits for a second person */
	ACT_TOKEN_CREATE,
	ACT_TOKEN_REVOKE,
	ACT_CERTIFICATE_REVOKE,
	ACT_CERTIFICATE_HOLD, /* and release */
	ACT_ENDPOINT_REMOVE,
	ACT_LOG_EXPORT,
	ACT_LOG_REDACT,
	ACT_BACKUP,
	ACT_KEY_LIST,
	ACT_WEBHOOK_TEST,
	ACT_REQUEST_DECIDE, /* approve and refuse */
	ACT_MAKER,          /* add and remove */
	ACT_DEVICE,         /* register and remove */
	ACT_PRINTER,        /* put and remove: who speaks for it */
	ACT_BADGE,          /* add and remove: whose it is */
	ACT_FEED,           /* follow who is revoked */
	ACT_POLICY,         /* put and remove */
	ACT_AUTHZ,          /* ask what policies say about an endpoint */
	ACT_ASK,            /* to be let in, which a registrar then decides */
	ACT_ENROLL,
	ACT_RENEW,
	ACT_PRINT_SUBMIT,
	ACT_PRINT_RELEASE,
	ACT_PRINT_FETCH, /* what was released, to print it */
	ACT_SCAN_SEND,
	ACT_COUNT,
};

enum rule_condition {
	RULE_SAME_TENANT = 1 << 0,   /* the object lies in the asker's own tenant */
	RULE_SAME_ENDPOINT = 1 << 1, /* the object is the asker itself */
	RULE_CUSTOMER = 1 << 2, /* the object lies in a customer's tenant, not in the platform's */
	RULE_RELYING = 1 << 3,  /* the asker is an endpoint that others identify themselves to */
	RULE_PERSONAL = 1 << 4, /* the asker is an endpoint that somebody works with: a workstation,
				   a phone; or a service that prints */
	RULE_MACHINE = 1 << 5,  /* the asker is a printer, or a gateway before some */
};

struct rule {
	const char *id;
	enum act act;
	unsigned kinds;      /* identity kinds that it permits */
	unsigned roles;      /* any of these; 0: roles do not matter */
	unsigned conditions; /* all of these */
};

const struct rule *rules_all(size_t *n);

/* "certificate.revoke"; never NULL for an act. */
const char *rules_act_word(enum act act);
/* The act of a word; false: there is none. */
bool rules_act(const char *word, enum act *ret);

/* The whole set, one rule a line, appended. */
void rules_text(struct bytes *ret);
/* SHA-256 over that text. Fault: FAULT_INTERNAL. */
bool rules_digest(uint8_t to[static RULES_DIGEST_OCTETS], struct fault *f) CHECKED;

#endif
