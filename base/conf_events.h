/*
 * base/conf_events.h - the events of one YAML document, one after the other, bounded.
 *
 * What conf and conf_tree stand on, and with conf_json the only user of libyaml, which
 * alone takes 10 s for 100,000 brackets and knows no bound. Refused while they are
 * read: tags, directives, NUL, a second document, more than CONF_DEPTH_MAX levels, and anchors
 * and aliases where they are not asked for.
 */
#ifndef QUATRAIN_BASE_CONF_EVENTS_H
#define QUATRAIN_BASE_CONF_EVENTS_H

#include <yaml.h>

#include "base/bytes.h"

#define CONF_SHOWN_MAX 48 /* octets of what the file says, in a fault */

struct conf_events {
	const char *name; /* of the file, lent */
	yaml_parser_t parser;
	yaml_event_t event;   /* the one at hand */
	unsigned depth;       /* lists and mappings that are open */
	size_t n;             /* how many there were: what the reading cost */
	const char *expected; /* of what is refused; NULL: out of memory */
	const char *found;
	size_t line;
};

/* yaml is lent until conf_events_close(). Faults: FAULT_BADREQ a directive, FAULT_INTERNAL */
bool conf_events_open(
    struct conf_events *e, const char *name, struct octets yaml, struct fault *f) CHECKED;
void conf_events_close(struct conf_events *e);

/* Put the next event at hand. False: conf_events_say() tells why. */
bool conf_events_next(struct conf_events *e, bool anchors) CHECKED;
/* key: what stands there. False. Faults: FAULT_BADREQ what was refused, FAULT_INTERNAL */
bool conf_events_say(const struct conf_events *e, const char *key, struct fault *f);

/* The event at hand is not what was expected. False. */
bool conf_events_refuse(
    const struct conf_events *e, const char *key, const char *expected, struct fault *f);
size_t conf_events_line(const struct conf_events *e);

#endif
