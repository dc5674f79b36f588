/* daemon/api_search.c - entries of a log by what they say, newest first; see api.h.
 *
 * Logs have no index but their numbers and their times: a page looks at LINES lines at the most,
 * and its "next" goes on from there, whether or not it found any.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/log.h"
#include "daemon/api.h"
#include "daemon/export.h"

#define LINES    20000
#define CHUNK    512
#define TEXT_MAX 160
#define STUBS    256 /* redacted lines, which tell no time, that are stepped over */

struct search {
	struct ledger *ledger;
	char act[TEXT_MAX], decision[TEXT_MAX], rule[TEXT_MAX], device[TEXT_MAX], id[TEXT_MAX];
	uint64_t from, to; /* to is not included */
	size_t limit;
	struct json *items;
	size_t n;
	/* a chunk of lines */
	struct bytes rows;
	uint64_t end;
};

/* --- what is asked ------------------------------------------------------------------------------
 */

/* The time of entry index, or of the first behind it that has one. *ret_s INT64_MAX: none has. */
static bool
time_at(struct ledger *l, uint64_t index, uint64_t size, int64_t *ret_s, struct fault *f)
{
	struct bytes line = { 0 };
	uint8_t key[8];
	bool ok = true, found = false;

	*ret_s = INT64_MAX;
	for (uint64_t n = 0; ok && !found && n < STUBS && index + n < size; n++) {
		struct json *j = NULL;

		bytes_clear(&line);
		ok = ledger_get(l, TABLE_LOG, octets_u64(index + n, key), &line, f);
		if (ok && json_parse(octets_bytes(&line), &j, f))
			found = json_text(j, "at") != NULL && log_time(json_text(j, "at"), ret_s);
		json_free(j);
	}
	bytes_free(&line);
	return ok;
}

/* The first entry at or after at_s: times only go up. */
static bool
first_at(struct ledger *l, uint64_t size, int64_t at_s, uint64_t *ret, struct fault *f)
{
	uint64_t lo = 0, hi = size;
	int64_t mid_s;

	while (lo < hi) {
		uint64_t mid = lo + (hi - lo) / 2;

		if (!time_at(l, mid, size, &mid_s, f))
			return false;
		if (mid_s < at_s)
			lo = mid + 1;
		else
			hi = mid;
	}
	*ret = lo;
	return true;
}

static bool
read_time(const struct exchange *x, const char *name, bool end, int64_t *ret_s, struct fault *f)
{
	char text[TEXT_MAX];

	if (!api_query(x, name, text, sizeof(text), f))
		return false;
	return text[0] == '\0' || export_time(text, end, ret_s) ||
	       fault_set(f, FAULT_BADREQ, "%s: expected a day or a time, RFC 3339", name);
}

static bool
read_range(const struct exchange *x, struct search *s, struct fault *f)
{
	int64_t since_s = INT64_MIN, until_s = INT64_MAX;
	char after[24], *end;
	struct log_edge e;
	uint64_t at;

	if (!log_edge_read(s->ledger, &e, f) || !read_time(x, "since", false, &since_s, f) ||
	    !read_time(x, "until", true, &until_s, f) || !api_after(x, after, sizeof(after), f))
		return false;
	s->to = e.size;
	if (since_s != INT64_MIN && !first_at(s->ledger, e.size, since_s, &s->from, f))
		return false;
	if (until_s != INT64_MAX && !first_at(s->ledger, e.size, until_s + 1, &s->to, f))
		return false;
	if (after[0] == '\0')
		return true;
	at = strtoull(after, &end, 10);
	if (*end != '\0')
		return fault_set(f, FAULT_BADREQ, "after: expected the next of an earlier page");
	if (at < s->to)
		s->to = at;
	return true;
}

static bool
read_wish(const struct api_call *c, struct search *s, struct fault *f)
{
	static const char *const names[] = { "act", "decision", "rule", "device", "id", "since",
		"until", "after", "limit", NULL };
	const struct exchange *x = c->x;

	if (!api_query_only(x, names, f) || !api_limit(x, &s->limit, f) ||
	    !api_query(x, "act", s->act, sizeof(s->act), f) ||
	    !api_query(x, "decision", s->decision, sizeof(s->decision), f) ||
	    !api_query(x, "rule", s->rule, sizeof(s->rule), f) ||
	    !api_query(x, "device", s->device, sizeof(s->device), f) ||
	    !api_query(x, "id", s->id, sizeof(s->id), f))
		return false;
	return s->decision[0] == '\0' || strcmp(s->decision, "permit") == 0 ||
	       strcmp(s->decision, "deny") == 0 ||
	       fault_set(f, FAULT_BADREQ, "decision: expected permit or deny");
}

/* --- looking ------------------------------------------------------------------------------------
 */

static bool
is_or_any(const struct json *j, const char *name, const char *wanted)
{
	const char *text = json_text(j, name);

	return wanted[0] == '\0' || (text != NULL && strcmp(text, wanted) == 0);
}

/* Who asked, or whose job it is: a SPIFFE id; NULL: the entry does not say. */
static const char *
subject_of(const struct json *j)
{
	const char *id = json_text(json_get(json_get(j, "request"), "subject"), "id");

	return id != NULL ? id : json_text(json_get(j, "job"), "owner");
}

/* "hp-1" or "printer/hp-1": the end of a SPIFFE id, or a name that the entry has. */
static bool
is_device(const struct json *j, const char *wanted)
{
	const char *id = subject_of(j);
	size_t n = strlen(wanted), m = id == NULL ? 0 : strlen(id);

	if (wanted[0] == '\0')
		return true;
	if (m > n && id[m - n - 1] == '/' && strcmp(id + m - n, wanted) == 0)
		return true;
	return is_or_any(j, "name", wanted) || is_or_any(j, "device", wanted);
}

static bool
has(struct octets line, const char *text)
{
	return text[0] == '\0' ||
	       (line.n > 0 && memmem(line.at, line.n, text, strlen(text)) != NULL);
}

/* Most lines are told by their octets alone; what is left is parsed. */
static void
take(struct search *s, struct octets line)
{
	struct json *j = NULL;
	const char *subject;
	struct fault none;

	if (!has(line, s->act) || !has(line, s->decision) || !has(line, s->rule) ||
	    !has(line, s->device) || !has(line, s->id) || !json_parse(line, &j, &none))
		return;
	if (is_or_any(j, "act", s->act) && is_or_any(j, "decision", s->decision) &&
	    is_or_any(j, "rule", s->rule) && is_device(j, s->device) &&
	    (is_or_any(j, "id", s->id) || is_or_any(j, "decision_id", s->id))) {
		subject = subject_of(j);
		if (subject != NULL)
			json_put_octets(j, "subject", octets_text(subject));
		json_add(s->items, j);
		s->n++;
		return;
	}
	json_free(j);
}

static bool
gather(void *with, struct octets key, struct octets value)
{
	struct search *s = with;
	struct reader in = reader_of(key);

	if (reader_u64(&in) >= s->end)
		return false;
	bytes_put_counted(&s->rows, value);
	return true;
}

/* Entries [first, s->to), newest first; s->to is then the last one that was looked at. */
static bool
look_at(struct search *s, uint64_t first, struct fault *f)
{
	struct octets line[CHUNK];
	struct reader in;
	uint8_t key[8];
	size_t n = 0;

	bytes_clear(&s->rows);
	s->end = s->to;
	if (!store_scan(
		ledger_store(s->ledger), TABLE_LOG, octets_u64(first, key), CHUNK, gather, s, f) ||
	    !bytes_ok(&s->rows, f))
		return false;
	for (in = reader_of(octets_bytes(&s->rows)); in.n > 0 && n < CHUNK;)
		line[n++] = reader_counted(&in);
	while (n > 0 && s->n < s->limit) {
		take(s, line[--n]);
		s->to--;
	}
	if (n == 0)
		s->to = first;
	return true;
}

static bool
look(struct search *s, struct fault *f)
{
	uint64_t lines = 0, first;

	while (s->to > s->from && s->n < s->limit && lines < LINES) {
		first = s->to - s->from > CHUNK ? s->to - CHUNK : s->from;
		lines += s->to - first;
		if (!look_at(s, first, f))
			return false;
	}
	return true;
}

bool
api_search(const struct api_call *c, struct fault *f)
{
	struct search s = { .limit = 0 };
	struct json *answer;
	char next[24];
	struct fault why;
	bool ok = read_wish(c, &s, f);

	if (!ok)
		return false;
	s.items = json_array();
	if (realm_ledger(c->api->realm, c->ledger, &s.ledger, &why)) {
		ok = read_range(c->x, &s, f) && look(&s, f);
	} else if (why.code != FAULT_NOTFOUND || !ledger_name_is_activity(c->ledger)) {
		*f = why;
		ok = false;
	} /* else nothing was seen of it yet */
	bytes_free(&s.rows);
	if (!ok) {
		json_free(s.items);
		return false;
	}
	answer = json_object();
	json_put(answer, "items", s.items);
	if (s.to > s.from) {
		(void)snprintf(next, sizeof(next), "%" PRIu64, s.to);
		api_put_next(c->x, answer, next);
	}
	api_answer(c->x, 200, answer);
	return true;
}
