/*
 * daemon/owner.h - whose the data folder is, where root starts the service for a user.
 *
 * The children are the user's, and so is all of DATA but master.key, which only
 * main reads. Main stays root, and is the user for as long as it works inside
 * DATA: no link that a captured child leaves there leads it to a file of others.
 */
#ifndef QUATRAIN_DAEMON_OWNER_H
#define QUATRAIN_DAEMON_OWNER_H

#include <sys/types.h>

#include "daemon/settings.h"

struct owner {
	const char *name; /* NULL: there is nobody else, and the rest does nothing */
	uid_t uid;
	gid_t gid;
	int death; /* a signal; for owner_leave() */
};

/* Nobody where we are not root or no user is set. name is lent by s. Faults: those of
 * sandbox_user(). */
bool owner_find(const struct settings *s, struct owner *ret, struct fault *f) CHECKED;

/* All of folder becomes the owner's, but for the file named but, which may lie outside. Fault:
 * FAULT_INTERNAL. */
bool owner_give(
    const struct owner *o, const char *folder, const char *but, struct fault *f) CHECKED;

/* Faults: FAULT_DENIED DATA is another's, or the owner cannot come to it; the text says what
 * mends it. */
bool owner_check(struct owner *o, const struct settings *s, struct fault *f) CHECKED;

/* Both, as a service starts: where all of it stays root that is told. Faults: of both. */
bool owner_start(const struct settings *s, struct owner *ret, struct fault *f) CHECKED;

/* Be the owner; be root again. Fault of both: FAULT_INTERNAL. */
bool owner_enter(struct owner *o, struct fault *f) CHECKED;
bool owner_leave(const struct owner *o, struct fault *f) CHECKED;

#endif
