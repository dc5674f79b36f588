/*
 * daemon/hook.h - a program of the device's owner, run when there is a new certificate.
 *
 * No shell: the program alone, with the folder as its one argument, standard input
 * empty, its output on our standard error. What is left of it after HOOK_S is killed.
 */
#ifndef QUATRAIN_DAEMON_HOOK_H
#define QUATRAIN_DAEMON_HOOK_H

#include "base/fault.h"

#define HOOK_S 60

/* Run it and wait. Faults: FAULT_NOTFOUND it cannot be started, FAULT_BUSY it took too long,
 * FAULT_INTERNAL it failed; says how. */
bool hook_run(const char *program, const char *dir, struct fault *f) CHECKED;

#endif
