/*
 * relay/capability.h - what a queue says of itself: the printer attributes of IPP Everywhere 1.1
 * (PWG 5100.14 section 5.1, RFC 8011 section 5.4, PWG 5100.7, 5100.11, 5100.12, 5100.13).
 *
 * What a queue can is one table, the same for all, since the printers behind it are chosen later.
 * Job-template attributes are held against it too (relay/template.h).
 */
#ifndef QUATRAIN_RELAY_CAPABILITY_H
#define QUATRAIN_RELAY_CAPABILITY_H

#include "relay/wanted.h"

#define CAPABILITY_FORMAT_DEFAULT "application/pdf"
/* A job without its document waits this long for it (RFC 8011 section 5.4.31). */
#define CAPABILITY_TIME_OUT_S 60

/* The queue of whom, and where; all lent. */
struct capability {
	const char *base;  /* "ipps://relay.example.org:8632": how the client reaches us */
	const char *queue; /* the printer's name; empty: the pull queue */
	const char *tenant;
	int64_t now_s, started_s;
	uint32_t queued; /* jobs that are not over */
};

/* Is it one of document-format-supported? Parameters do not count. */
bool capability_takes_format(struct octets format);
/* May a job-template attribute have that value? known: is there such an attribute at all? */
bool capability_allows(struct octets attribute, const struct ipp_value *v, bool *known);
/* May a collection among them have that member? Overrides may have few (PWG 5100.6): whatever else
 * stands there would be printed past what was judged. */
bool capability_has_member(struct octets attribute, struct octets member);
/* All that is wanted, without the group's tag. */
void capability_put(struct bytes *b, const struct capability *q, const struct wanted *w);

#endif
