/*
 * base/trace.h - which trace of many services a request belongs to.
 *
 * We report no spans: a trace is passed through, and stands in the lines of the
 * request that came with it, so that whoever follows one finds what we did.
 *
 * Source: W3C Trace Context (Recommendation, 23 November 2021), sections 3.2
 * traceparent, 3.3 tracestate, 3.4 mutating, 4.2 and 4.3 processing.
 */
#ifndef QUATRAIN_BASE_TRACE_H
#define QUATRAIN_BASE_TRACE_H

#include <stdint.h>

#include "base/bytes.h"

#define TRACE_ID_OCTETS   16
#define TRACE_SPAN_OCTETS 8
#define TRACE_TEXT_MAX    56  /* of a traceparent, the NUL included */
#define TRACE_STATE_MAX   512 /* octets that are passed on at the most */

struct trace {
	uint8_t id[TRACE_ID_OCTETS]; /* all zero: there is none */
	uint8_t span[TRACE_SPAN_OCTETS];
	uint8_t flags; /* bit 0: sampled; no other has a meaning */
	bool begun;    /* by trace_begin(): nobody else knows of it */
};

/*
 * A traceparent as it came. Version 00 has exactly its four fields; of a later
 * one these are read, and what follows them is passed over. False: it is none,
 * and *ret is untouched.
 */
bool trace_parse(struct octets traceparent, struct trace *ret) CHECKED;
/* Is there one? */
bool trace_is_set(const struct trace *t);
/* Where there is none, one begins: a random id, not sampled. */
void trace_begin(struct trace *t);
/* A traceparent of version 00. */
void trace_text(const struct trace *t, char to[static TRACE_TEXT_MAX]);
/* The two ids in hex, for a line. */
void trace_ids(const struct trace *t, char id[static 2 * TRACE_ID_OCTETS + 1],
    char span[static 2 * TRACE_SPAN_OCTETS + 1]);
/* Is this a tracestate that may be passed on: at most 32 members and TRACE_STATE_MAX octets, each
 * key once? One that is not is dropped whole. */
bool trace_state_ok(struct octets tracestate);

#endif
