/* daemon/export_range.c - which entries a time or a number means; see export.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ca/redaction.h"
#include "daemon/cli_call.h"
#include "daemon/export.h"

#define DAY "2026-11-22"

static bool
digits(const char *s, int n)
{
	for (int i = 0; i < n; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return true;
}

/* "Z", "+01:00", "-08:00": the seconds that are ahead of UTC. */
static bool
zone(const char *s, int64_t *ret)
{
	if (strcmp(s, "Z") == 0 || strcmp(s, "z") == 0) {
		*ret = 0;
		return true;
	}
	if ((*s != '+' && *s != '-') || strlen(s) != 6 || !digits(s + 1, 2) || s[3] != ':' ||
	    !digits(s + 4, 2) || s[1] > '2' || s[4] > '5')
		return false;
	*ret = ((s[1] - '0') * 10 + (s[2] - '0')) * 3600 + ((s[4] - '0') * 10 + (s[5] - '0')) * 60;
	if (*s == '-')
		*ret = -*ret;
	return true;
}

bool
export_time(const char *text, bool end, int64_t *ret_s)
{
	const size_t day = sizeof(DAY) - 1, clock = day + sizeof("T14:30:00") - 1;
	char whole[TEXT_TIME_MAX];
	int64_t ahead = 0;
	size_t n = strlen(text);

	if (n == day)
		(void)snprintf(whole, sizeof(whole), "%sT%sZ", text, end ? "23:59:59" : "00:00:00");
	else if (n > clock && (text[day] == 'T' || text[day] == 't') && zone(text + clock, &ahead))
		(void)snprintf(whole, sizeof(whole), "%.10sT%.8sZ", text, text + day + 1);
	else
		return false;
	if (!log_time(whole, ret_s))
		return false;
	*ret_s -= ahead;
	return true;
}

/* How many lines are in o; 0 where it does not end with one. */
static uint64_t
count_lines(struct octets o)
{
	const uint8_t *at = o.at, *end = o.at + o.n;
	uint64_t n = 0;

	if (o.n == 0 || o.at[o.n - 1] != '\n')
		return 0;
	for (; at < end; n++)
		at = (const uint8_t *)memchr(at, '\n', (size_t)(end - at)) + 1;
	return n;
}

bool
export_page(struct client *c, const struct export_source *of, uint64_t from, uint64_t count,
    struct bytes *ret, uint64_t *ret_n, struct fault *f)
{
	char path[CLI_PATH_MAX];
	uint64_t n;

	if (count > EXPORT_PAGE)
		count = EXPORT_PAGE;
	(void)snprintf(path, sizeof(path),
	    "/v1/tenants/%s/log/entries?from=%" PRIu64 "&count=%" PRIu64, of->tenant, from, count);
	if (!client_get(c, path, "application/x-ndjson", ret, f))
		return false;
	if ((n = count_lines(octets_bytes(ret))) == 0 || n > count)
		return fault_set(f, FAULT_BADREQ,
		    "log: expected 1 to %" PRIu64 " whole entries from %" PRIu64 ", found %" PRIu64,
		    count, from, n);
	*ret_n = n;
	return true;
}

bool
export_ders(struct client *c, const struct export_source *of, uint64_t from, uint64_t count,
    struct bytes *ret, uint64_t *ret_n, struct fault *f)
{
	char path[CLI_PATH_MAX];

	*ret_n = count < EXPORT_PAGE ? count : EXPORT_PAGE;
	(void)snprintf(path, sizeof(path),
	    "/v1/tenants/%s/log/certificates?from=%" PRIu64 "&count=%" PRIu64, of->tenant, from,
	    *ret_n);
	return client_get(c, path, "application/octet-stream", ret, f);
}

bool
export_names(struct client *c, const struct export_source *of, uint64_t from, uint64_t count,
    struct bytes *ret, uint64_t *ret_n, struct fault *f)
{
	char path[CLI_PATH_MAX];

	*ret_n = count < EXPORT_NAMES_PAGE ? count : EXPORT_NAMES_PAGE;
	(void)snprintf(path, sizeof(path),
	    "/v1/tenants/%s/log/names?export=%" PRIu64 "&from=%" PRIu64 "&count=%" PRIu64,
	    of->tenant, of->permit, from, *ret_n);
	return client_get(c, path, "application/x-ndjson", ret, f);
}

/* The first entry of a page that tells its time: a redacted one does not. */
static bool
first_time(struct octets page, uint64_t *skipped, int64_t *ret_s)
{
	struct bundle_line l;
	char at[TEXT_TIME_MAX];

	for (*skipped = 0; page.n > 0; ++*skipped) {
		const uint8_t *end = memchr(page.at, '\n', page.n);
		struct octets line = octets_of(page.at, (size_t)(end - page.at));

		page = octets_of(end + 1, page.n - line.n - 1);
		if (!bundle_line(line, &l) || l.at.n != sizeof(at) - 1)
			continue;
		memcpy(at, l.at.at, l.at.n);
		at[l.at.n] = '\0';
		if (log_time(at, ret_s))
			return true;
	}
	return false;
}

/* The next entry from index on that tells its time, before size; INT64_MAX where there is none. */
static bool
next_time(struct client *c, const struct export_source *of, uint64_t size, uint64_t *index,
    int64_t *ret_s, struct fault *f)
{
	struct bytes page = { 0 };
	uint64_t n, skipped, count = 1;
	bool ok = true, found = false;

	*ret_s = INT64_MAX;
	while (ok && !found && *index < size) {
		bytes_clear(&page);
		if (!(ok = export_page(c, of, *index, count < size - *index ? count : size - *index,
			  &page, &n, f)))
			break;
		found = first_time(octets_bytes(&page), &skipped, ret_s);
		*index += skipped;
		count = EXPORT_PAGE;
	}
	bytes_free(&page);
	return ok;
}

/* The first entry that does not stand before one of a time under at_s. */
static bool
lower(struct client *c, const struct export_source *of, uint64_t size, int64_t at_s, uint64_t *ret,
    struct fault *f)
{
	uint64_t lo = 0, hi = size;

	while (lo < hi) {
		uint64_t mid = lo + (hi - lo) / 2, known = mid;
		int64_t its;

		if (!next_time(c, of, size, &known, &its, f))
			return false;
		if (its < at_s)
			lo = known + 1;
		else
			hi = mid;
	}
	*ret = lo;
	return true;
}

/* Nobody can tell on which side of a time a redacted entry stood that has the others on its two
 * sides: it is taken. */
bool
export_find(struct client *c, const struct export_wish *w, uint64_t size, uint64_t *ret_from,
    uint64_t *ret_to, struct fault *f)
{
	const struct export_source of = { .tenant = w->tenant };
	uint64_t from = 0, to = size;
	int64_t its;

	if (w->by_index) {
		from = w->from_index;
		to = w->to_index < size ? w->to_index + 1 : size;
	} else if (w->by_time) {
		if (!lower(c, &of, size, w->from_s, &from, f) ||
		    !lower(c, &of, size, w->to_s + 1, &to, f) ||
		    !next_time(c, &of, size, &to, &its, f))
			return false;
	}
	if (from >= to)
		return fault_set(f, FAULT_NOTFOUND,
		    "log: no entry is in that range; there are %" PRIu64 " in all", size);
	*ret_from = from;
	*ret_to = to;
	return true;
}
