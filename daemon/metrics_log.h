/*
 * daemon/metrics_log.h - how long the logs are, how far behind them their checkpoints, and how many
 * certificates end soon.
 */
#ifndef QUATRAIN_DAEMON_METRICS_LOG_H
#define QUATRAIN_DAEMON_METRICS_LOG_H

#include "ca/census.h"
#include "ca/realm.h"

/* Of one log. */
struct log_number {
	char tenant[TEXT_LABEL_MAX];
	uint64_t size, unsigned_n; /* entries; those that no checkpoint is over */
	int64_t late_s;            /* since when the oldest of these waits */
	struct census_ending ending;
};

/* What is committed in the ledger of n->tenant. Faults: those of realm_visit(), FAULT_INTERNAL. */
bool log_number(struct realm *realm, struct log_number *n, int64_t now_s, struct fault *f) CHECKED;
/* Gauges of n logs in Prometheus' text format, appended. */
void log_metrics(const struct log_number *logs, size_t n, struct bytes *to);

#endif
