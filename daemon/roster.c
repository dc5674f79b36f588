/* daemon/roster.c - see roster.h. */
#include "daemon/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/csv.h"

enum column { COLUMN_DEVICE, COLUMN_PROFILE, COLUMN_TTL, COLUMNS };

static const char *const names[COLUMNS] = { "device", "profile", "ttl" };

/* Which cell of a row holds what. */
struct columns {
	size_t n;
	size_t at[COLUMNS]; /* of a cell, from 1; 0: there is none */
};

static bool
read_header(const struct csv_row *row, struct columns *ret, struct fault *f)
{
	struct columns c = { .n = row->n };

	for (size_t i = 0; i < row->n; i++) {
		size_t k = 0;

		while (k < COLUMNS && strcmp(row->cell[i], names[k]) != 0)
			k++;
		if (k == COLUMNS)
			return fault_set(f, FAULT_BADREQ,
			    "roster: line %zu, column %zu: expected device, profile or ttl, split by commas, found \"%.40s\"",
			    row->line, i + 1, row->cell[i]);
		if (c.at[k] != 0)
			return fault_set(f, FAULT_BADREQ,
			    "roster: line %zu, column %zu: %s stands there twice", row->line, i + 1,
			    names[k]);
		c.at[k] = i + 1;
	}
	if (c.at[COLUMN_DEVICE] == 0)
		return fault_set(f, FAULT_BADREQ,
		    "roster: line %zu: expected a header line with the column device", row->line);
	*ret = c;
	return true;
}

/* The row's own word, or NULL where it has none. */
static const char *
word(const struct csv_row *row, const struct columns *c, enum column k)
{
	const char *s = c->at[k] == 0 || c->at[k] > row->n ? "" : row->cell[c->at[k] - 1];

	return *s == '\0' ? NULL : s;
}

static bool
refuse(const struct csv_row *row, const struct columns *c, enum column k, const char *expected,
    struct fault *f)
{
	const char *found = word(row, c, k);

	return fault_set(f, FAULT_BADREQ,
	    "roster: line %zu, column %zu (%s): expected %s, found \"%.64s\"", row->line, c->at[k],
	    names[k], expected, found == NULL ? "" : found);
}

static bool
read_row(const struct csv_row *row, const struct columns *c, const struct roster_row *ours,
    struct roster_row *ret, struct fault *f)
{
	static const char label[] = "a name of a-z, 0-9 and inner hyphens, 1 to 63 long";
	const char *device = word(row, c, COLUMN_DEVICE);
	const char *profile = word(row, c, COLUMN_PROFILE), *ttl = word(row, c, COLUMN_TTL);
	struct roster_row r = *ours;

	if (row->n != c->n)
		return fault_set(f, FAULT_BADREQ,
		    "roster: line %zu: expected %zu cells as in the header, found %zu", row->line,
		    c->n, row->n);
	if (device == NULL || !text_is_label(device))
		return refuse(row, c, COLUMN_DEVICE, label, f);
	if (profile != NULL && !text_is_label(profile))
		return refuse(row, c, COLUMN_PROFILE, label, f);
	if (ttl != NULL && (!text_duration(ttl, &r.ttl_s) || r.ttl_s < ROSTER_TTL_MIN_S ||
			       r.ttl_s > ROSTER_TTL_MAX_S))
		return refuse(row, c, COLUMN_TTL, "60s to 30d", f);
	(void)snprintf(r.device, sizeof(r.device), "%s", device);
	if (profile != NULL)
		(void)snprintf(r.profile, sizeof(r.profile), "%s", profile);
	r.line = row->line;
	*ret = r;
	return true;
}

static int
by_name(const void *a, const void *b)
{
	const struct roster_row *const *x = a, *const *y = b;
	int order = strcmp((*x)->device, (*y)->device);

	if (order == 0)
		order = strcmp((*x)->profile, (*y)->profile);
	if (order == 0)
		order = (*x)->line < (*y)->line ? -1 : 1;
	return order;
}

static bool
check_twice(const struct roster *r, struct fault *f)
{
	const struct roster_row **sorted = calloc(r->n, sizeof(*sorted));
	bool ok = true;

	if (sorted == NULL)
		return fault_set(f, FAULT_INTERNAL, "roster: out of memory");
	for (size_t i = 0; i < r->n; i++)
		sorted[i] = &r->at[i];
	qsort(sorted, r->n, sizeof(*sorted), by_name);
	for (size_t i = 1; i < r->n && ok; i++)
		if (strcmp(sorted[i - 1]->device, sorted[i]->device) == 0 &&
		    strcmp(sorted[i - 1]->profile, sorted[i]->profile) == 0)
			ok = fault_set(f, FAULT_BADREQ,
			    "roster: line %zu: device %s stands in line %zu already",
			    sorted[i]->line, sorted[i]->device, sorted[i - 1]->line);
	free(sorted);
	return ok;
}

static bool
read_rows(struct csv *c, const struct roster_row *ours, struct roster *r, struct fault *f)
{
	struct columns columns = { 0 };
	struct csv_row row;
	bool more = true;

	if (!csv_next(c, &row, &more, f))
		return false;
	if (!more)
		return fault_set(f, FAULT_BADREQ, "roster: expected a header line, found nothing");
	if (!read_header(&row, &columns, f))
		return false;
	for (;;) {
		if (!csv_next(c, &row, &more, f))
			return false;
		if (!more)
			break;
		if (r->n == ROSTER_ROWS_MAX)
			return fault_set(f, FAULT_LIMIT, "roster: line %zu: over %d devices",
			    row.line, ROSTER_ROWS_MAX);
		if (!read_row(&row, &columns, ours, &r->at[r->n], f))
			return false;
		r->n++;
	}
	if (r->n == 0)
		return fault_set(
		    f, FAULT_BADREQ, "roster: expected a device in line 2, found none");
	return check_twice(r, f);
}

bool
roster_parse(struct octets csv, const struct roster_row *ours, struct roster *ret, struct fault *f)
{
	struct roster r = { 0 };
	struct csv c;

	if (csv.n > ROSTER_OCTETS_MAX)
		return fault_set(
		    f, FAULT_LIMIT, "roster: %zu octets, over %u", csv.n, ROSTER_OCTETS_MAX);
	if ((r.at = calloc(ROSTER_ROWS_MAX, sizeof(*r.at))) == NULL)
		return fault_set(f, FAULT_INTERNAL, "roster: out of memory");
	csv_open(&c, csv);
	if (!read_rows(&c, ours, &r, f)) {
		roster_free(&r);
		return false;
	}
	*ret = r;
	return true;
}

void
roster_free(struct roster *r)
{
	free(r->at);
	*r = (struct roster){ 0 };
}
