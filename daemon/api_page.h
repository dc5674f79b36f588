/*
 * daemon/api_page.h - a table of a ledger as pages of a list.
 */
#ifndef QUATRAIN_DAEMON_API_PAGE_H
#define QUATRAIN_DAEMON_API_PAGE_H

#include "daemon/api.h"

#define PAGE_DEFAULT 100
#define PAGE_MAX     1000

/* One page of a table: the rows are gathered in one scan, then told, which may read the store
 * again. */
struct page {
	const struct api_call *call;
	struct ledger *ledger;
	size_t limit;
	struct octets after; /* exclusive */
	struct bytes rows;   /* key and value, counted */
	size_t n;
	bool more;
	/* Is the row wanted? NULL: every one. */
	bool (*want)(const struct page *p, struct octets key, struct octets value);
	struct json *(*tell)(const struct page *p, struct octets key, struct octets value);
	char device[TEXT_LABEL_MAX], status[TEXT_LABEL_MAX]; /* filters */
};

/* Answer p's call with a page of table, as its query says. p is the caller's, with call, ledger,
 * want and tell; rows are freed. Faults: FAULT_BADREQ the query, FAULT_INTERNAL. */
bool page_list(struct page *p, enum ledger_table table, struct fault *f) CHECKED;
/* A number of the query from 1 to PAGE_MAX. Fault: FAULT_BADREQ. */
bool page_limit(const struct exchange *x, const char *name, int64_t fallback, int64_t *ret,
    struct fault *f) CHECKED;

#endif
