/*
 * base/sandbox.h - give up what a process does not need, by role.
 *
 * Three steps, in this order: become another user, before anything is opened;
 * when all is open, the file system shrinks to a few folders (Landlock); last
 * the role's list of system calls (seccomp, libseccomp), with no-new-privs, not
 * dumpable, no core. No role but the herald makes a socket, binds one or connects; it and
 * the relay start threads; none listens, signals another, starts a program or a process, maps new
 * code, or changes a mode or an owner. A socket of the machine's own (AF_UNIX) is refused to the
 * herald with EAFNOSUPPORT: at the local socket of the API whoever connects is the service's user.
 * A forbidden call kills the process; its number is in the kernel's log. Under a sanitizer build
 * the second and third step stay off (the sanitizers need more) and say so.
 *
 * What stays open: what a process has open already, and within its folders all
 * that their use allows. LMDB lets a reader write its lock file, and Landlock
 * knows folders and not files: so who may read a store here may also write it.
 */
#ifndef QUATRAIN_BASE_SANDBOX_H
#define QUATRAIN_BASE_SANDBOX_H

#include <stddef.h>
#include <sys/types.h>

#include "base/fault.h"

enum sandbox_role {
	SANDBOX_SIGNER, /* files and folders, and the descriptors it has */
	SANDBOX_RELAY,  /* as the edge; it removes files of its own folder too, and has threads */
	SANDBOX_EDGE,   /* files, the descriptors it has, and accept; removes and renames nothing */
	SANDBOX_HERALD, /* files; sockets to other machines (IP), and threads, which wait for names
			 */
	SANDBOX_SIGNER_TOKEN, /* the same, and what a PKCS #11 module does beside */
};

enum sandbox_use {
	SANDBOX_SHARE, /* read and write files, make new ones */
	SANDBOX_OWN,   /* the same, and make folders, remove and rename */
	SANDBOX_READ,  /* read files; the place may be a file */
};

/* A folder, and what may be done anywhere beneath it; with SANDBOX_READ also a file. */
struct sandbox_place {
	const char *folder;
	enum sandbox_use use;
};

/* Who user is. Faults: FAULT_NOTFOUND no such user, FAULT_BADREQ it is root. */
bool sandbox_user(const char *user, uid_t *ret_uid, gid_t *ret_gid, struct fault *f) CHECKED;

/*
 * Become user (NULL: stay) where the process is root. The signal that the
 * parent's death sends stays as it was set. Faults: those of sandbox_user(),
 * FAULT_INTERNAL; the process must then end.
 */
bool sandbox_become(const char *user, struct fault *f) CHECKED;

/*
 * From now on this process opens, makes and removes nothing outside of the n
 * places, which must exist. *ret_on is false where the kernel, or the build,
 * cannot do it. No other thread may run. Fault: FAULT_INTERNAL; the process
 * must then end.
 */
bool sandbox_confine(
    const struct sandbox_place *places, size_t n, bool *ret_on, struct fault *f) CHECKED;

/* Lock the role's filter. *ret_on is false where the build has no filter. Fault: FAULT_INTERNAL;
 * the process must then end. */
bool sandbox_enter(enum sandbox_role role, bool *ret_on, struct fault *f) CHECKED;

#endif
