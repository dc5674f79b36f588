/*
 * policy/zone.h - time zones for rules: what the clock on the wall says (RFC 8536, TZif).
 *
 * Pure: whoever has files gives their octets through a callback, once a zone.
 */
#ifndef QUATRAIN_POLICY_ZONE_H
#define QUATRAIN_POLICY_ZONE_H

#include "base/bytes.h"
#include "base/fault.h"

#define ZONE_NAME_MAX 64

struct zone;
struct zones;

/* Append the TZif file of zone name ("Europe/Paris", already known to hold no dots and no leading
 * slash). Fault: FAULT_NOTFOUND. */
typedef bool zones_fetch(void *with, const char *name, struct bytes *ret, struct fault *f);

/* NULL out of memory. A zones and its zones live until zones_free(), longer than any document. Not
 * shared between threads while documents are read; zones themselves may be. */
struct zones *zones_new(zones_fetch *fetch, void *with);
void zones_free(struct zones *z);
/* "UTC" is always there. Faults: FAULT_BADREQ no name of a zone, or octets that are no TZif,
 * FAULT_NOTFOUND. */
bool zones_get(
    struct zones *z, struct octets name, const struct zone **ret, struct fault *f) CHECKED;

/* Day of the week (0 Monday) and minute of the day of a time there; NULL is UTC. */
void zone_local(const struct zone *z, int64_t at_s, unsigned *day, unsigned *minute);
const char *zone_name(const struct zone *z);

#endif
