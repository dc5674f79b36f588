/*
 * daemon/sessions.h - how many live connections an edge has, by the CA of the client's certificate.
 *
 * Told to the signer when they change, SESSIONS_MS apart at least: it knows so
 * what a suspension would cut, before anything is cut.
 */
#ifndef QUATRAIN_DAEMON_SESSIONS_H
#define QUATRAIN_DAEMON_SESSIONS_H

#include "daemon/http.h"

#define SESSIONS_MS 100

struct sessions {
	struct http *http; /* lent */
	uint64_t told;     /* http_comings() when the signer was told last */
	bool line;         /* there was a signer to tell */
};

/* Each SESSIONS_MS: tell, if there is anything new, or anybody new to tell. with is a struct
 * sessions. */
void sessions_tick(void *with);

#endif
