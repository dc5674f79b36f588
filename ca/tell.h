/*
 * ca/tell.h - what the platform's log says of a tenant, said in the tenant's log too.
 *
 * The two logs lie in two stores, and a death may come between their commits.
 * So the platform's commit also notes what the tenant's log has yet to say, and
 * a ledger that is settled says what it missed. Signer and offline commands.
 */
#ifndef QUATRAIN_CA_TELL_H
#define QUATRAIN_CA_TELL_H

#include "ca/log.h"
#include "ca/realm.h"

/*
 * entry (taken) goes into own's batch with "platform_index", and the note of it into the
 * platform's; where own is the platform's ledger nothing is done. The caller commits the platform's
 * first: no log tells of what is not so. *ret_index is the entry's; of the platform's own
 * platform_index. Fault: FAULT_INTERNAL.
 */
bool tell_tenant(struct realm *r, struct ledger *own, struct json *entry, uint64_t platform_index,
    int64_t now_s, uint64_t *ret_index, struct fault *f) CHECKED;

/* For realm_on_open(): what own missed, if anything, is appended and committed. Fault:
 * FAULT_INTERNAL, and those of ledger_commit(). */
bool tell_settle(struct realm *r, struct ledger *own, int64_t now_s, struct fault *f) CHECKED;

#endif
