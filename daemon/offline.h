/*
 * daemon/offline.h - a command that writes to the ledgers itself, while no service runs.
 *
 * It holds the data folder's lock, opens all that a signer opens, and is the
 * data folder's owner for as long as it does.
 */
#ifndef QUATRAIN_DAEMON_OFFLINE_H
#define QUATRAIN_DAEMON_OFFLINE_H

#include "daemon/owner.h"
#include "daemon/signer.h"

struct offline {
	struct owner owner;
	bool entered; /* the owner's, for as long as it is open */
	int lock;
	struct pin pin;
	struct signer signer;
};

/*
 * *ret to offline_close(), whatever is returned. before() is called when the seal is there and we
 * are still who started the command; it may be NULL. Faults: FAULT_NOTFOUND no ceremony took place,
 * FAULT_CONFLICT a service runs, those of owner_check(), passphrase_get() and signer_open(), and
 * before()'s.
 */
bool offline_open(const struct settings *s, const struct log_context *who,
    bool (*before)(void *with, struct seal *seal, struct fault *f), void *with, struct offline *ret,
    struct fault *f) CHECKED;
void offline_close(struct offline *o);

#endif
