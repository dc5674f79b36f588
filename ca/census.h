/*
 * ca/census.h - how many certificates of each CA are good, held and revoked, without counting them.
 *
 * Each change of a standing moves a counter in the same batch, so that the
 * numbers survive whatever the standings survive. Good and held ones are kept
 * by the hour of their end: expiry needs no write, and "ends within 30 days" is
 * a short scan. CAs, responders and log keys are not counted: these are the
 * certificates that endpoints, operators and the service hold.
 *
 * TABLE_META: "census:", key id, state u8, hour of the end u64 -> how many u64.
 */
#ifndef QUATRAIN_CA_CENSUS_H
#define QUATRAIN_CA_CENSUS_H

#include "ca/ledger.h"

#define CENSUS_DUE_S (30 * 86400) /* whoever ends within it is due to renew */

struct census {
	uint64_t good, due, held; /* not expired, to the hour; due are among the good */
	uint64_t revoked;         /* ever */
};

/* Before the standing of serial becomes s, into l's batch. Fault: FAULT_INTERNAL. */
bool census_put(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS],
    const struct standing *s, struct fault *f) CHECKED;

/* What is committed in l of the CA issuer, added to *ret. Fault: FAULT_INTERNAL. */
bool census_add(struct ledger *l, const uint8_t issuer[static TBS_KEY_ID_OCTETS], int64_t now_s,
    struct census *ret, struct fault *f) CHECKED;

/* How many that are good end within 7 days of now_s, and within CENSUS_DUE_S: of all CAs of l, by
 * the hour, what is committed. It reads one row for each hour in which some end. Fault:
 * FAULT_INTERNAL.
 */
struct census_ending {
	uint64_t week, due;
};
bool census_ending(
    struct ledger *l, int64_t now_s, struct census_ending *ret, struct fault *f) CHECKED;

/* Counts from its first standing a ledger that has none yet; into its batch. Fault: FAULT_INTERNAL.
 */
bool census_open(struct ledger *l, struct fault *f) CHECKED;
/* One of before there were counters is counted once, and that is committed. Fault: FAULT_INTERNAL,
 * and those of ledger_commit(). */
bool census_begin(struct ledger *l, struct fault *f) CHECKED;

#endif
