/*
 * daemon/export_pages.h - between export.c and export_pages.c alone: an export that is under way.
 */
#ifndef QUATRAIN_DAEMON_EXPORT_PAGES_H
#define QUATRAIN_DAEMON_EXPORT_PAGES_H

#include "daemon/export.h"

struct export
{
	struct client *client;
	struct export_source source;
	const struct export_wish *wish;
	struct bundle_out *out;
	struct export_done done;
	uint64_t at;  /* the next entry */
	uint64_t did; /* entries, counted once for each time that they are gone over */
	struct bundle_serials seen, outside, named;
	struct export_ahead *ahead;
	struct bytes row;
	const struct export_page *page;                   /* of certificates */
	struct octets der;                                /* those of it that were not taken yet */
	const char *checkpoint, *certificates, *cosigner; /* the last: NULL where there is none */
	struct bytes note;                                /* checkpoint is lent from it */
};

/* What is fetched in pages, in the order of the files; entries first. Faults: as export_run(). */
bool export_put_entries(struct export *e, struct fault *f) CHECKED;
bool export_put_issued(struct export *e, struct fault *f) CHECKED;
bool export_put_view(struct export *e, struct fault *f) CHECKED;
bool export_put_names(struct export *e, struct fault *f) CHECKED;

/* The service's proof of a range, "from=..&to=.." or "serial=..". Faults: those of client_get(),
 * FAULT_BADREQ it is of another tree. */
bool export_get_range(
    struct export *e, const char *query, struct bundle_range *ret, struct fault *f) CHECKED;
bool export_put_range(struct export *e, enum bundle_file which, const struct bundle_range *r,
    struct fault *f) CHECKED;

#endif
