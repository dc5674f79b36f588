/* daemon/interrupt.c - see interrupt.h. */
#include "daemon/interrupt.h"

#include <signal.h>

static volatile sig_atomic_t interrupted;

static void
note(int signal_number)
{
	(void)signal_number;
	interrupted = 1;
}

bool
is_interrupted(void)
{
	return interrupted != 0;
}

/* Without SA_RESTART, so that what waits wakes up. */
void
interrupt_catch(void)
{
	struct sigaction sa = { .sa_handler = note };

	(void)sigemptyset(&sa.sa_mask);
	(void)sigaction(SIGINT, &sa, NULL);
	(void)sigaction(SIGTERM, &sa, NULL);
}
