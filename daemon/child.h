/*
 * daemon/child.h - a child process: started again from the one binary, told what it needs.
 *
 * A child is executed as "quatrain: ROLE" with its control socket as descriptor
 * 3 and nothing else open but the three standard ones. Over it main sends settings,
 * listeners, the lock and the passphrase (to the signer alone) and lines to other children;
 * the child says when it is ready. When main dies, the kernel kills the child; one that closes
 * its control socket is killed by main.
 */
#ifndef QUATRAIN_DAEMON_CHILD_H
#define QUATRAIN_DAEMON_CHILD_H

#include <sys/types.h>

#include "base/ipc.h"
#include "base/secret.h"
#include "daemon/settings.h"

#define CHILD_CONTROL 3 /* descriptor */
#define CHILD_PREFIX  "quatrain: "

enum child_role { CHILD_SIGNER, CHILD_EDGE, CHILD_DESK, CHILD_HERALD, CHILD_RELAY, CHILD_ROLES };

const char *child_word(enum child_role role);

/* Start a child; *control is main's end. Fault: FAULT_INTERNAL. */
bool child_start(enum child_role role, pid_t *pid, int *control, struct fault *f) CHECKED;
/* True where argv0 names a role: this process is a child. */
bool child_is(const char *argv0, enum child_role *role);
/* Run the role until it is told to stop; the exit status. */
int child_main(enum child_role role);

/* The lines of this process, under this name, from the level that the settings say. */
void child_log(const char *who, const struct settings *s);
/* With its settings, before it opens anything: log level and user. Faults: those of
 * sandbox_become(). */
bool child_settle(enum child_role role, const struct settings *s, struct fault *f) CHECKED;
/* When all is open, before any stranger's input: only the role's folder in DATA, only its system
 * calls. Faults: those of sandbox_confine() and sandbox_enter(). */
bool child_confine(enum child_role role, const struct settings *s, struct fault *f) CHECKED;

/* Main's side of what a child is told. Faults: those of ipc_send(). fd is lent; -1: none. */
bool child_tell(int control, uint16_t verb, struct octets body, int fd, struct fault *f) CHECKED;

/* The child's side: the next message, or m->verb 0 when none is there. m->fd is the caller's. Waits
 * when wait is true. Faults: FAULT_NOTFOUND main is gone. */
bool child_hear(int control, bool wait, struct message *m, struct fault *f) CHECKED;

#endif
