/*
 * base/sandbox.h - give up what a process does not need, by role.
 *
 * seccomp (libseccomp) with an allow-list a role, no-new-privs, not dumpable,
 * no core. No role makes a socket, connects, binds, signals another, starts a
 * program, a process or a thread (threads come before), or maps new code. A
 * forbidden call kills the process; its number is in the kernel's
 * log. Under a sanitizer build the filter stays off (the sanitizers need more)
 * and sandbox_enter() says so.
 */
#ifndef QUATRAIN_BASE_SANDBOX_H
#define QUATRAIN_BASE_SANDBOX_H

#include "base/fault.h"

enum sandbox_role {
	SANDBOX_SIGNER, /* files, and the descriptors it has */
	SANDBOX_EDGE,   /* the same, and accept */
};

/*
 * Become user (a name, or NULL to stay) where the process is root, then lock
 * the role's filter. *ret_on is false where the build has no filter.
 * Fault: FAULT_INTERNAL; the process must then end.
 */
bool sandbox_enter(enum sandbox_role role, const char *user, bool *ret_on, struct fault *f) CHECKED;

#endif
