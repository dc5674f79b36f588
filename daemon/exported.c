/* daemon/exported.c - see exported.h. */
#include "daemon/exported.h"

#include <string.h>

static bool
read_index(const struct json *range, const char *name, uint64_t *to, struct fault *f)
{
	int64_t n;

	if (!json_number(range, name, 0, EXPORTED_INDEXES, (int64_t)*to, &n))
		return fault_set(
		    f, FAULT_BADREQ, "range: %s: expected the number of an entry", name);
	*to = (uint64_t)n;
	return true;
}

static bool
read_time(const struct json *range, const char *name, int64_t *to, struct fault *f)
{
	const char *text = json_text(range, name);

	return json_get(range, name) == NULL || (text != NULL && log_time(text, to)) ||
	       fault_set(f, FAULT_BADREQ,
		   "range: %s: RFC 3339: expected a time as 2026-11-22T14:30:00Z", name);
}

static bool
read_range(const struct json *range, struct exported *e, struct fault *f)
{
	static const char *const known[] = { "from", "to", "from_index", "to_index" };
	bool times, indexes;
	const char *name;

	if (json_kind(range) != JSON_OBJECT)
		return fault_set(f, FAULT_BADREQ, "range: expected an object");
	for (size_t i = 0; (name = json_name_at(range, i)) != NULL; i++) {
		bool is = false;

		for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++)
			is = is || strcmp(name, known[k]) == 0;
		if (!is)
			return fault_set(f, FAULT_BADREQ, "range: %.60s is not known", name);
	}
	times = json_get(range, "from") != NULL || json_get(range, "to") != NULL;
	indexes = json_get(range, "from_index") != NULL || json_get(range, "to_index") != NULL;
	if (times && indexes)
		return fault_set(f, FAULT_BADREQ, "range: expected times or indexes, not both");
	e->by_time = times;
	if (!read_index(range, "from_index", &e->from, f) ||
	    !read_index(range, "to_index", &e->to, f) || !read_time(range, "from", &e->from_s, f) ||
	    !read_time(range, "to", &e->to_s, f))
		return false;
	return (e->from <= e->to && e->from_s <= e->to_s) ||
	       fault_set(f, FAULT_BADREQ, "range: it ends before it begins");
}

bool
exported_read(const struct json *j, struct exported *ret, struct fault *f)
{
	static const char *const formats[] = { "jsonl", "csv", "cef" };
	const struct json *names = json_get(j, "names"), *range = json_get(j, "range");
	const char *format = json_text(j, "format"), *act = json_text(j, "approval");
	struct exported e = { .format = "jsonl",
		.names = json_true(j, "names"),
		.to = EXPORTED_INDEXES,
		.from_s = TEXT_TIME_FIRST_S,
		.to_s = TEXT_TIME_LAST_S };
	bool is = json_get(j, "format") == NULL;

	for (size_t i = 0; format != NULL && i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(format, formats[i]) == 0) {
			memcpy(e.format, formats[i], strlen(formats[i]) + 1);
			is = true;
		}
	if (!is)
		return fault_set(f, FAULT_BADREQ, "format: expected jsonl, csv or cef");
	if (names != NULL && !e.names && json_kind(names) != JSON_FALSE)
		return fault_set(f, FAULT_BADREQ, "names: expected true or false");
	if (json_get(j, "approval") != NULL) {
		if (act == NULL || strlen(act) != PROPOSAL_ID_LETTERS || !e.names)
			return fault_set(
			    f, FAULT_BADREQ, "approval: expected the id of an act, with names");
		memcpy(e.act, act, sizeof(e.act));
	}
	if (range != NULL && !read_range(range, &e, f))
		return false;
	*ret = e;
	return true;
}

void
exported_put(const struct exported *e, struct json *to)
{
	struct json *range = json_object();

	if (e->by_time) {
		if (e->from_s > TEXT_TIME_FIRST_S)
			json_put_time(range, "from", e->from_s);
		if (e->to_s < TEXT_TIME_LAST_S)
			json_put_time(range, "to", e->to_s);
	} else {
		json_put_number(range, "from_index", (int64_t)e->from);
		json_put_number(range, "to_index", (int64_t)e->to);
	}
	json_put(to, "range", range);
	json_put_text(to, "format", e->format);
	json_put_bool(to, "names", e->names);
	if (e->act[0] != '\0')
		json_put_text(to, "approval", e->act);
}

bool
exported_has(const struct exported *e, uint64_t index, int64_t at_s)
{
	return index >= e->from && index <= e->to &&
	       (!e->by_time || at_s < 0 || (at_s >= e->from_s && at_s <= e->to_s));
}
