/*
 * daemon/roster.h - the list of devices that somebody wants tokens for, as CSV.
 *
 * Its first line names the columns: device, and where they are wanted profile
 * and ttl, in any order. All of it is checked when it is read, so that nothing
 * is made of a list that is wrong in its last line.
 */
#ifndef QUATRAIN_DAEMON_ROSTER_H
#define QUATRAIN_DAEMON_ROSTER_H

#include "base/bytes.h"
#include "base/text.h"

#define ROSTER_ROWS_MAX   10000
#define ROSTER_OCTETS_MAX (1u << 20)
#define ROSTER_TTL_MIN_S  60 /* docs/api.md: ttl_s */
#define ROSTER_TTL_MAX_S  2592000

struct roster_row {
	char device[TEXT_LABEL_MAX];
	char profile[TEXT_LABEL_MAX];
	int64_t ttl_s; /* 0: as the service has it */
	size_t line;
};

struct roster {
	struct roster_row *at; /* owned */
	size_t n;              /* at least 1 */
};

/*
 * Read csv; what a row leaves empty is as in ours (device and line are not looked at). No device
 * stands there twice for one profile. *ret to roster_free(). Faults: FAULT_BADREQ and FAULT_LIMIT,
 * with line and column; FAULT_INTERNAL.
 */
bool roster_parse(
    struct octets csv, const struct roster_row *ours, struct roster *ret, struct fault *f) CHECKED;
void roster_free(struct roster *r); /* empty is allowed */

#endif
