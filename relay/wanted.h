/*
 * relay/wanted.h - which attributes an answer is to have: requested-attributes (RFC 8011
 * section 4.2.5.1).
 */
#ifndef QUATRAIN_RELAY_WANTED_H
#define QUATRAIN_RELAY_WANTED_H

#include "relay/ipp_read.h"

/* Lent: the message, and words to a NULL that count where it has no requested-attributes. */
struct wanted {
	struct octets message;
	const char *const *otherwise;
};

/* Is the attribute wanted, by its name or by that of its group ("job-template",
 * "job-description", "printer-description"; NULL: only by its name)? "all" is any that has a group.
 */
bool wanted_is(const struct wanted *w, const char *name, const char *group);

#endif
