/*
 * ca/ledger_check.h - one ledger read whole, and held against itself.
 *
 * The tree is recomputed from the lines and compared with its edge, its mark and
 * its last checkpoint; each line names its number and the one before it; what
 * the log issued is there with its hash; each standing has the entry that it
 * names; counters count what they should; so is the feed (ca/feed_check.h). It only reads, and goes
 * on after a finding, so that one run tells all.
 */
#ifndef QUATRAIN_CA_LEDGER_CHECK_H
#define QUATRAIN_CA_LEDGER_CHECK_H

#include "ca/marks.h"

struct ledger_counts {
	uint64_t entries, certificates, ended, held, pending; /* ended: revoked or abandoned */
	uint64_t findings;
};

struct ledger_hearing {
	/* One finding: what is wrong, and with which line or serial. */
	void (*say)(void *with, const char *text);
	/* Every so often; may be NULL. */
	void (*progress)(void *with, uint64_t done, uint64_t of);
	void *with;
};

/* mark may be NULL. Fault: FAULT_INTERNAL it cannot be read at all; findings are none. */
bool ledger_check(struct ledger *l, const struct mark *mark, const struct ledger_hearing *to,
    struct ledger_counts *ret, struct fault *f) CHECKED;

/* May an entry of this act stand behind a standing of this state? */
bool ledger_check_act(enum standing_state state, const char *act);
/* Does entry index say of this serial (hex) that it came into state? Of a redacted one there is the
 * act alone. */
bool ledger_check_says(
    struct ledger *l, uint64_t index, const char *serial, enum standing_state state);

#endif
