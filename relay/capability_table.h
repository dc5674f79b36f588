/*
 * relay/capability_table.h - the attributes of a queue whose values never change; capability.c's.
 */
#ifndef QUATRAIN_RELAY_CAPABILITY_TABLE_H
#define QUATRAIN_RELAY_CAPABILITY_TABLE_H

#include "relay/ipp.h"

#define CAPABILITY_TEMPLATE    "job-template"
#define CAPABILITY_DESCRIPTION "printer-description"

/* values: one behind the other, with '|' between them; numbers in decimal, ranges as "1-999",
 * resolutions in dots per inch, the same in both directions. */
struct capability_row {
	const char *name;
	const char *group;
	enum ipp_tag tag;
	const char *values;
};

/* Ends with a NULL name. */
extern const struct capability_row capability_rows[];
/* What a sheet may be: PWG 5101.1 names, and hundredths of a millimetre. */
struct capability_media {
	const char *name;
	int32_t x, y;
};
extern const struct capability_media capability_media[];

#endif
