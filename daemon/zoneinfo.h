/*
 * daemon/zoneinfo.h - the machine's time zones, for policies (policy/zone.h).
 */
#ifndef QUATRAIN_DAEMON_ZONEINFO_H
#define QUATRAIN_DAEMON_ZONEINFO_H

#include "policy/zone.h"

#define ZONEINFO_DIR "/usr/share/zoneinfo"
#define ZONEINFO_MAX 65536 /* octets of one; the largest has under 4 KiB */

/* A zones_fetch: the file of zone name below ZONEINFO_DIR; with is not looked at. Faults:
 * FAULT_NOTFOUND, FAULT_LIMIT. */
bool zoneinfo_fetch(void *with, const char *name, struct bytes *ret, struct fault *f) CHECKED;

#endif
