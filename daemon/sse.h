/*
 * daemon/sse.h - server-sent events as octets, both ways.
 *
 * Source: HTML Living Standard, sections 9.2.5 (parsing) and 9.2.6 (interpreting an event
 * stream). The reader holds one event at a time and no more than SSE_EVENT_MAX
 * octets of it, whatever a server sends.
 */
#ifndef QUATRAIN_DAEMON_SSE_H
#define QUATRAIN_DAEMON_SSE_H

#include "base/bytes.h"

#define SSE_EVENT_MAX    65536 /* octets of a line, and of an event's data */
#define SSE_RETRY_MAX_MS 60000

/*
 * Append one event. No octet of data can end the event or begin a field: each of its lines is a
 * line of data. An act of other octets than a-z, 0-9, '.', '-' and '_' is called "entry". data n 0:
 * only the id is told, which dispatches nothing.
 */
void sse_put(struct bytes *to, struct octets id, struct octets act, struct octets data);

struct sse_event {
	struct octets event, data,
	    id; /* lent for the call; event is "message" where none is named */
};
typedef bool sse_told(void *with, const struct sse_event *e, struct fault *f);

struct sse {
	struct bytes line, event, data, id; /* id: the newest, as Last-Event-ID wants it */
	int64_t retry_ms;                   /* -1: not said */
	bool begun, after_cr;
};

struct sse sse_begin(void);
/* After a broken connection: what was not dispatched is forgotten, the id is kept. */
void sse_again(struct sse *s);
/* The next octets, in pieces of any length; told for each event that is whole. Faults: FAULT_LIMIT
 * over SSE_EVENT_MAX, FAULT_INTERNAL, those of told. */
bool sse_take(
    struct sse *s, struct octets piece, sse_told *told, void *with, struct fault *f) CHECKED;
void sse_free(struct sse *s);

#endif
