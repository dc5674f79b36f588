/*
 * daemon/second.h - acts that two persons must want.
 *
 * A duty of that kind judges all that was asked, and then calls second_go() before it writes
 * anything. Whether it must wait is a matter of who asks and of the setting two_person:
 *
 *   auto    an operator's act waits where another officer has a good certificate; the machine's
 *           own user goes on: who can read the keys' folder is held by no second word of ours
 *   always  everybody's waits; but the machine's own user may suspend a region, since an emergency
 *           has no time, and whom it locks out could not approve anything
 *   never   none waits
 *
 * What waits stands in the ledger (ca/proposal.h) as it was asked, and is asked again, by whoever
 * asked it first, when a second officer approves: identity, role, rule and state are judged anew.
 */
#ifndef QUATRAIN_DAEMON_SECOND_H
#define QUATRAIN_DAEMON_SECOND_H

#include "daemon/signer.h"

/* What the second person decides on. All lent. */
struct second_case {
	const char *word;         /* the duty's, in the table of daemon/round.c */
	const struct json *shows; /* exactly what will be done, and to whom */
	/* What is asked, and what it was judged by, in any spelling of the duty's own: where that
	 * is another one when it is approved, the approval is refused. Two that wait never have the
	 * same. */
	struct octets basis;
	bool emergency; /* the machine's own user never waits with this */
};

/* An approval that is being carried out; of the job that runs the act. */
struct second {
	char by[IDENTITY_TEXT_MAX];
	const struct proposal *proposal;
	bool dry; /* only look: what would be done now */
	/* What once_decide() of the act means: the approval's own answer goes into l's batch. */
	bool (*decide)(void *with, struct errand *act, struct ledger *l, struct fault *f);
	void *with;
};

/*
 * *ret_go: do it now. Else there is nothing more to do: j->answer is made, and the duty returns
 * true. Faults: FAULT_CONFLICT it waits already, or is another by now, FAULT_OFTEN too many wait,
 * FAULT_BUSY no room, FAULT_INTERNAL
 */
bool second_go(struct signer *s, struct errand *j, const struct wire_act *a,
    const struct second_case *c, bool *ret_go, struct fault *f) CHECKED;

/* Would an act of who have to wait, were it one of that kind? Fault: FAULT_INTERNAL. */
bool second_waits(struct signer *s, const struct identity *who, int64_t now_s, bool *ret,
    struct fault *f) CHECKED;

#endif
