/*
 * daemon/export.h - a range of a tenant's log fetched from a service, and written as a bundle.
 *
 * The signed checkpoint fixes how many entries there are; what comes after it
 * is not looked at, so that all is of one moment while the service goes on.
 */
#ifndef QUATRAIN_DAEMON_EXPORT_H
#define QUATRAIN_DAEMON_EXPORT_H

#include "ca/bundle_line.h"
#include "ca/bundle_out.h"
#include "daemon/client.h"
#include "daemon/export_ahead.h"

#define EXPORT_PAGE       1000 /* entries; the most that the service gives at once */
#define EXPORT_NAMES_PAGE 100

/* What was asked for. */
struct export_wish {
	const char *tenant; /* or the name of its activity's ledger (ca/ledger_name.h) */
	bool by_time, by_index;
	int64_t from_s, to_s;          /* both included */
	uint64_t from_index, to_index; /* both included */
	enum bundle_file view;         /* BUNDLE_CSV, BUNDLE_CEF; BUNDLE_ENTRIES: none */
	bool names;                    /* who occurs, too */
	const char *act;               /* the approval that permits that; NULL: none */
	const char *checkpoint;        /* a file: one that was signed before; NULL: a new one */
	void (*progress)(uint64_t done, uint64_t of); /* or NULL */
};

struct export_done {
	uint64_t from, to, size; /* to is not included */
	uint64_t certificates, revocations, outside, names;
	bool waits;     /* for a second person: nothing was exported */
	int64_t last_s; /* of the last entry that tells its time */
	char origin[LOG_ORIGIN_MAX];
};

/*
 * Into out, which is whole and on the disk then, unless it waits. *answer is the service's, to
 * json_free(). Faults: those of client_call() and bundle_put(), FAULT_NOTFOUND no entry is in that
 * range, FAULT_BADREQ what the service answered is none of a log, FAULT_BUSY an entry was redacted
 * meanwhile
 */
bool export_run(struct client *c, const struct export_wish *w, struct bundle_out *out,
    struct json **answer, struct export_done *ret, struct fault *f) CHECKED;

/* A time of RFC 3339 in whole seconds, or a day (UTC): its first second, or with end its last. */
bool export_time(const char *text, bool end, int64_t *ret_s);

/* The entries of the log that w asks for, of the first size ones. Faults: as export_run(). */
bool export_find(struct client *c, const struct export_wish *w, uint64_t size, uint64_t *ret_from,
    uint64_t *ret_to, struct fault *f) CHECKED;
/* Pages of the log: whole lines; the certificates that they name, as the service has them; lines
 * about whom they name. */
export_fetch export_page, export_ders, export_names;

#endif
