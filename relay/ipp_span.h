/*
 * relay/ipp_span.h - attributes of a message that was checked, each as a whole: all its values and
 * collections, as their octets stand.
 */
#ifndef QUATRAIN_RELAY_IPP_SPAN_H
#define QUATRAIN_RELAY_IPP_SPAN_H

#include "relay/ipp_read.h"

/* rest: what was not visited yet, of a message behind its first IPP_HEAD_OCTETS, or of attributes
 * of one group without its tag. Zeros otherwise, to begin with. */
struct ipp_span {
	struct octets rest;
	enum ipp_group group;      /* which group's; 0: none was begun */
	struct octets name, whole; /* lent */
};

/* The next attribute; false: there is none. */
bool ipp_next_span(struct ipp_span *s);

#endif
