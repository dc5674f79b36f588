/*
 * ca/log_trace.h - in which trace of its caller an entry of the log was written: TABLE_TRACE.
 *
 * What a caller chooses is no evidence, so it stands in no entry: it stands beside, in the
 * transaction of the entry, for whoever tells others of it. LOG_TRACES places are used in turn, and
 * what was there before is forgotten.
 *
 * n mod LOG_TRACES u16 -> edition u8, n u64, trace id, span, flags u8. Signer only writes.
 */
#ifndef QUATRAIN_CA_LOG_TRACE_H
#define QUATRAIN_CA_LOG_TRACE_H

#include "ca/ledger.h"

#define LOG_TRACES 65536

/* Entry n, which is put into l's batch, is of the trace that l was told of (ledger_set_trace()). */
void log_trace_put(struct ledger *l, uint64_t n);
/* The entry's body goes, and this with it. */
void log_trace_drop(struct ledger *l, uint64_t n);
/* What is known of entry n; false where nothing is. */
bool log_trace(struct ledger *l, uint64_t n, struct trace *ret) CHECKED;

/* For ca/dump_check.h: is it a row of TABLE_TRACE? */
bool log_trace_row(struct octets key, struct octets value);

#endif
