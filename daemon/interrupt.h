/*
 * daemon/interrupt.h - a command that goes on until somebody says stop: SIGINT or SIGTERM.
 */
#ifndef QUATRAIN_DAEMON_INTERRUPT_H
#define QUATRAIN_DAEMON_INTERRUPT_H

#include <stdbool.h>

/* From here on such a signal is only noted, and what waits wakes up. */
void interrupt_catch(void);
bool is_interrupted(void);

#endif
