/*
 * daemon/exported.h - what an export of a log is of: asked for in a body, told in log.exported, and
 * held against what is read with it.
 *
 *	"format":"jsonl"|"csv"|"cef"
 *	"range":{} all, {"from_index":N,"to_index":N} or {"from":TIME,"to":TIME}, both included;
 *what is left out goes to the log's beginning, to the export itself "names":true with what is on
 *record of who occurs; "approval":ID the act that permits it
 *
 * The entry says the same in the same words, and has both indexes where no time was said.
 */
#ifndef QUATRAIN_DAEMON_EXPORTED_H
#define QUATRAIN_DAEMON_EXPORTED_H

#include "base/json.h"
#include "ca/proposal.h"

#define EXPORTED_ACT     "log.exported"
#define EXPORTED_OPEN_S  86400 /* names can be read with an entry, asked for with an approval */
#define EXPORTED_INDEXES (INT64_MAX >> 11)

struct exported {
	char format[8];
	bool names, by_time;
	uint64_t from, to;                 /* indexes */
	int64_t from_s, to_s;              /* by_time; else all times */
	char act[PROPOSAL_ID_LETTERS + 1]; /* empty: none */
};

/* j's members of the names above; others are not looked at. Fault: FAULT_BADREQ which is none. */
bool exported_read(const struct json *j, struct exported *ret, struct fault *f) CHECKED;
/* As an entry or a basis has it. */
void exported_put(const struct exported *e, struct json *to);
/* Is the entry of this number and time in it? at_s -1: it tells no time, and none is asked for. */
bool exported_has(const struct exported *e, uint64_t index, int64_t at_s);

#endif
