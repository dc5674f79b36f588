/*
 * daemon/start.h - before a service starts, and when it has: what must be there, what is said.
 */
#ifndef QUATRAIN_DAEMON_START_H
#define QUATRAIN_DAEMON_START_H

#include "daemon/settings.h"

/* Fault: FAULT_NOTFOUND no ceremony took place here. */
bool start_is_founded(const struct settings *s, struct fault *f) CHECKED;
/* One writer a data folder: two would write two logs into one. *ret is a descriptor that holds it.
 * Faults: FAULT_CONFLICT another has it, FAULT_BADREQ the path is too long, FAULT_INTERNAL. */
bool start_lock(const struct settings *s, int *ret, struct fault *f) CHECKED;
/* Warn where the configuration has other names than the ceremony recorded. Faults: those of
 * realm_open(). */
bool start_check_names(const struct settings *s, struct fault *f) CHECKED;
/* Where it listens, and what to do next; config as on the command line, or NULL. */
void start_greet(const struct settings *c, const char *config);

#endif
