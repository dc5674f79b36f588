/*
 * ca/suspend.h - a certificate, a tenant or a region is stopped for a while.
 *
 * A hold is the one standing that is not final. Of a CA it stops everything
 * beneath at once, and nothing beneath is touched: a release leaves it exactly
 * as it was, what was held or revoked by itself included (ca/level.h weighs).
 * Signer only. Source: RFC 5280 section 5.3.1 (certificateHold), section 3.3.
 */
#ifndef QUATRAIN_CA_SUSPEND_H
#define QUATRAIN_CA_SUSPEND_H

#include "ca/level.h"
#include "ca/log.h"

#define SUSPEND_REASON_MAX 256 /* octets of free text */

struct suspend_why {
	const struct log_context *who;
	struct octets reason; /* free text, n 0: none; written down as data, never as a line */
};

/*
 * One certificate that is no CA's, into l's batch: "certificate.held" or "certificate.released".
 * Faults: FAULT_NOTFOUND no such serial, FAULT_CONFLICT it is not good (or, to be released, not
 * held), FAULT_DENIED it is a CA's, which is suspended by its name, FAULT_INTERNAL
 */
bool suspend_hold(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS],
    const struct suspend_why *why, int64_t now_s, uint64_t *ret_index, struct fault *f) CHECKED;
bool suspend_release(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS],
    const struct suspend_why *why, int64_t now_s, uint64_t *ret_index, struct fault *f) CHECKED;

/* Of all CAs of one label: revoked ones and those that have expired are past both. Faults:
 * FAULT_NOTFOUND no such tenant or region, FAULT_CONFLICT there is none left to suspend (resume),
 * FAULT_INTERNAL. */
bool suspend_check(struct realm *r, enum level level, const char *label, bool resume, int64_t now_s,
    struct level_cas *ret, struct fault *f) CHECKED;

/*
 * Every good CA among cas is held (resume: every held one is good again), with one entry in the
 * platform's log and, for a tenant, one in its own that names the platform's. The platform's batch
 * is committed before the tenant's, so that no log tells of what is not so. Faults:
 * FAULT_INTERNAL, those of ledger_commit()
 */
struct suspended {
	uint64_t log_index; /* in the tenant's log; of a region in the platform's */
	uint64_t platform_index;
};
bool suspend_level(struct realm *r, const struct level_cas *cas, bool resume,
    const struct suspend_why *why, int64_t now_s, struct suspended *ret, struct fault *f) CHECKED;
/* The same, but the commit of the platform's batch is the caller's, who has more to put there. */
bool suspend_prepare(struct realm *r, const struct level_cas *cas, bool resume,
    const struct suspend_why *why, int64_t now_s, struct suspended *ret, struct fault *f) CHECKED;

#endif
