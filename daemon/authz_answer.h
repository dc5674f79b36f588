/*
 * daemon/authz_answer.h - one question of somebody else's enforcement point, decided.
 */
#ifndef QUATRAIN_DAEMON_AUTHZ_ANSWER_H
#define QUATRAIN_DAEMON_AUTHZ_ANSWER_H

#include "daemon/authz.h"
#include "daemon/evidence.h"

/* Who asks. */
struct authz_caller {
	struct identity who;
	bool explain;       /* an auditor, who is shown how it came about */
	const char *source; /* address:port */
	uint64_t address;   /* exchange.address */
};

struct authz_answer {
	bool permit;
	char id[POLICIES_ID_LETTERS + 1];
	char code[TEXT_LABEL_MAX];      /* decision_word(), or why nothing was decided */
	char rule[POLICIES_RULE_MAX];   /* "DOCUMENT/RULE"; "default"; empty: none was asked */
	char reason[POLICIES_RULE_MAX]; /* of a rule that forbids; empty: none */
	struct json *obligations;       /* [{NAME: PARAMETERS}]; NULL: none */
	struct json *shadow;            /* ids; NULL: none */
	struct json *explanation;       /* for an auditor; NULL */
};

void authz_answer_free(struct authz_answer *a);

/*
 * Decide q for the caller. Codes of its own: no-certificate, unknown-certificate, other-subject,
 * not-good, other-tenant, no-policy. Faults: FAULT_BUSY, FAULT_INTERNAL: nothing is permitted.
 */
bool authz_decide(struct authz *a, const struct authz_caller *c, const struct authz_question *q,
    struct authz_answer *ret, struct fault *f) CHECKED;

/* The same about a certificate that was found already; nothing is counted or told. For searches. */
bool authz_would(struct authz *a, const struct evidence *e, const char *tenant,
    const struct request *asked, bool *ret, struct fault *f) CHECKED;

/* The "context" of an AuthZEN decision; what a holds in JSON goes with it. */
struct json *authz_answer_context(struct authz_answer *a);

#endif
