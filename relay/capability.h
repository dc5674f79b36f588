/*
 * relay/capability.h - what a queue says of itself: the printer attributes of IPP Everywhere 1.1
 * (PWG 5100.14 table 4, RFC 8011 section 5.4).
 *
 * What a queue can is a table, the same for all: the printers behind it are chosen later. Tables
 * here are also what job-template attributes are held against (relay/template.h).
 */
#ifndef QUATRAIN_RELAY_CAPABILITY_H
#define QUATRAIN_RELAY_CAPABILITY_H

#include "relay/wanted.h"

#define CAPABILITY_FORMAT_DEFAULT "application/pdf"

/* The queue of whom and where; all lent. */
struct capability {
	const char *base;  /* "ipps://relay.example.org:8632": how the client reaches us */
	const char *queue; /* the printer's name; empty: the pull queue */
	const char *tenant;
	int64_t now_s, started_s;
	uint32_t queued; /* jobs that are not over */
};

bool capability_takes_format(struct octets format);
/* All that is wanted, without the group's tag. */
void capability_put(struct bytes *b, const struct capability *q, const struct wanted *w);

#endif
