/*
 * daemon/rule_act.h - what policies say of an act that a built-in rule permits.
 *
 * One way for signer, edge and desk: what is asked in the words of the language, of whom, and by
 * which layer. Staff (operators, the machine's own user) is bound by Guardrails; endpoints by these
 * and by what their tenant's PolicySet permits. The machine's own user may change policies whatever
 * they say: whoever can read the keys' folder is not to be locked out of taking one back.
 */
#ifndef QUATRAIN_DAEMON_RULE_ACT_H
#define QUATRAIN_DAEMON_RULE_ACT_H

#include "daemon/evidence.h"
#include "daemon/habits.h"
#include "daemon/policies.h"

struct rule_act {
	const struct identity *who; /* its source too */
	const struct evidence *of;
	enum act act;
	const struct object *what;
	int64_t now_s;
};

/*
 * ret->asked and not ret->permit: no. What was asked is put into request as JSON where documents
 * are in force (NULL: it is not wanted). p NULL: nothing is in force.
 * Faults: FAULT_BUSY the policies cannot be read: no; FAULT_INTERNAL
 */
bool rule_act(struct policies *p, const struct rule_act *a, struct ruling *ret,
    struct bytes *request, struct fault *f) CHECKED;
/* May a go on with what was decided? */
bool rule_act_goes_on(const struct rule_act *a, const struct ruling *v);

/* As JSON, in place of what request holds. Fault: FAULT_INTERNAL. */
bool rule_request(const struct request *r, struct bytes *request, struct fault *f) CHECKED;

/* A connection: may its holder have it now? */
struct rule_connect {
	const struct identity *who; /* its source too */
	const struct evidence *of;
	const char *to; /* the service that is called */
	int64_t now_s;
	bool peek;                   /* it was counted already */
	struct habits *habits;       /* NULL: anomaly.score is not known */
	struct anomaly_score *score; /* is filled in */
};
/* asked: what was, lent from c. Fault: FAULT_BUSY the policies cannot be read: no. */
bool rule_connect(struct policies *p, const struct rule_connect *c, struct request *asked,
    struct ruling *ret, struct fault *f) CHECKED;

#endif
