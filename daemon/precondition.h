/*
 * daemon/precondition.h - "only if it is as I saw it": entity tags in a request.
 *
 * Source: RFC 9110 sections 8.8.3, 13.1.1, 13.1.2; RFC 6585 section 3.
 */
#ifndef QUATRAIN_DAEMON_PRECONDITION_H
#define QUATRAIN_DAEMON_PRECONDITION_H

#include "base/bytes.h"

/*
 * If-Match against the tag (quotes included) of what is there: "*", or a list that has it; a weak
 * tag never matches. n 0 is no header: then it holds where wanted is false.
 * Faults: FAULT_BLIND it is wanted, FAULT_STALE another tag, FAULT_BADREQ no list of tags
 */
bool precondition_match(
    struct octets header, const char *tag, bool wanted, struct fault *f) CHECKED;

/* If-None-Match: does the asker have it already? What is no list has nothing. */
bool precondition_has(struct octets header, const char *tag);

#endif
