/*
 * ca/staff.h - who works here: TABLE_OPERATOR, a handle and its role.
 *
 * A row is role u8, serial of the newest certificate, and the index of operator.added u64, which a
 * row of before lacks. So a name that was removed and given again is told from what it was.
 */
#ifndef QUATRAIN_CA_STAFF_H
#define QUATRAIN_CA_STAFF_H

#include "ca/log.h"
#include "policy/identity.h"

/* The quotes and the NUL included. */
#define STAFF_TAG_MAX 35

struct staff {
	char name[TEXT_LABEL_MAX];
	enum identity_role role;
	uint8_t serial[TBS_SERIAL_OCTETS];
	uint64_t since; /* index of operator.added in the platform's log; 0: not known */
};

bool staff_read(struct octets key, struct octets value, struct staff *ret);
/* l is the platform's ledger. Faults: FAULT_NOTFOUND, FAULT_INTERNAL. */
bool staff_find(struct ledger *l, const char *name, struct staff *ret, struct fault *f) CHECKED;
/* Into l's batch; add: a name that nobody may have, or the commit fails. */
void staff_put(struct ledger *l, const struct staff *o);
void staff_add(struct ledger *l, const struct staff *o);
void staff_remove(struct ledger *l, const char *name);

/*
 * The entity tag of an operator as it is shown (RFC 9110 section 8.8.3): another one whenever name,
 * role, certificate or its status is. Fault: FAULT_INTERNAL.
 */
bool staff_tag(struct ledger *l, const struct staff *o, int64_t now_s,
    char to[static STAFF_TAG_MAX], struct fault *f) CHECKED;

/* Does name hold a certificate that is good now, by itself? Fault: FAULT_INTERNAL. */
bool staff_is_good(
    struct ledger *l, const char *name, int64_t now_s, bool *ret, struct fault *f) CHECKED;
/* Is there an officer with such a certificate besides name? Fault: FAULT_INTERNAL. */
bool staff_other_officer(
    struct ledger *l, const char *name, int64_t now_s, bool *ret, struct fault *f) CHECKED;

#endif
