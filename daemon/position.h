/*
 * daemon/position.h - how far a follower of logs has come, as text: the id of an event.
 *
 * "acme:18,platform:40": of each log that is followed, the index of the entry
 * that comes next; the log that the event is of stands first. Each ledger commits
 * by itself, so that no number of all of them says what came before what; one that did
 * would cost every act a second durable write. A text has at most
 * POSITION_TEXT_MAX octets, since no more than POSITION_LOGS_MAX logs are followed at once.
 */
#ifndef QUATRAIN_DAEMON_POSITION_H
#define QUATRAIN_DAEMON_POSITION_H

#include "base/text.h"

#define POSITION_LOGS_MAX 64
#define POSITION_ONE_MAX  (TEXT_LABEL_MAX + 20 + 1) /* label, colon, number, comma */
#define POSITION_TEXT_MAX (POSITION_LOGS_MAX * POSITION_ONE_MAX)

struct position {
	size_t n;
	struct {
		char tenant[TEXT_LABEL_MAX];
		uint64_t next;
	} at[POSITION_LOGS_MAX];
};

/* Append p with the log number first in front. */
void position_write(const struct position *p, size_t first, struct bytes *ret);
/* Fault: FAULT_BADREQ it is none: another spelling, a log twice, too many, none. */
bool position_read(struct octets text, struct position *ret, struct fault *f) CHECKED;
/* Where tenant's log stands in p; p->n where it does not. */
size_t position_find(const struct position *p, const char *tenant);

#endif
