/*
 * policy/zone_rule.h - the rule behind a zone's last known change: a POSIX TZ text (RFC 8536
 * section 3.3.1). For zone.c alone.
 */
#ifndef QUATRAIN_POLICY_ZONE_RULE_H
#define QUATRAIN_POLICY_ZONE_RULE_H

#include "base/bytes.h"

enum zone_day { ZONE_DAY_MONTH, ZONE_DAY_JULIAN, ZONE_DAY_OF_YEAR };

struct zone_change {
	enum zone_day how;
	int month, week, day; /* Mm.w.d; of the others day alone, Jn from 1 and n from 0 */
	int64_t time_s;       /* on the clock before the change */
};

struct zone_rule {
	bool summer;             /* there is summer time */
	int32_t std_s, summer_s; /* east of UTC */
	struct zone_change begin, end;
};

/* False: it is none. */
bool zone_rule_read(struct octets text, struct zone_rule *ret);
/* Seconds east of UTC at that time. */
int32_t zone_rule_offset(const struct zone_rule *r, int64_t at_s);

#endif
