/* daemon/activity_entry.c - see activity_entry.h. */
#include "daemon/activity_entry.h"

#include <string.h>

static void
put_text(struct json *j, const char *name, const char *text)
{
	struct octets o;

	if (text == NULL || text[0] == '\0')
		return;
	o = octets_text(text);
	if (o.n > ACTIVITY_TEXT_MAX)
		o.n = ACTIVITY_TEXT_MAX;
	json_put_octets(j, name, o);
}

static void
put_anomaly(struct json *j, const struct anomaly_score *s)
{
	struct json *told = json_object(), *reasons = json_array();

	for (size_t i = 0; i < s->n; i++) {
		struct json *r = json_object();

		json_put_text(r, "word", anomaly_word(s->reason[i].word));
		json_put_number(r, "points", s->reason[i].points);
		json_put_number(r, "seen", s->reason[i].seen);
		json_put_number(r, "usual", s->reason[i].usual);
		json_add(reasons, r);
	}
	json_put_number(told, "score", s->score);
	json_put(told, "reasons", reasons);
	json_put(j, "anomaly", told);
}

static struct json *
describe(const struct activity_fact *fact, bool whole)
{
	struct json *j = json_object();

	json_put_text(j, "act", fact->act);
	json_put_text(j, "decision", fact->permit ? "permit" : "deny");
	put_text(j, "code", fact->code);
	put_text(j, "rule", fact->rule);
	put_text(j, "id", fact->id);
	put_text(j, "policy", fact->policy);
	put_text(j, "from", fact->from);
	put_text(j, "why", fact->why);
	put_text(j, "pep", fact->pep);
	json_put_time(j, "t", fact->now_s);
	if (strcmp(fact->act, ACTIVITY_CUT) == 0)
		json_put_number(j, "took_us", (int64_t)fact->took_us);
	if (fact->request != NULL && whole)
		json_put(j, "request", request_json(fact->request));
	else if (fact->request != NULL)
		json_put_bool(j, "omitted", true);
	if (fact->anomaly != NULL && fact->anomaly->n > 0)
		put_anomaly(j, fact->anomaly);
	return j;
}

static bool
write_line(struct json *taken, struct bytes *ret)
{
	size_t before = ret->n;
	struct fault f;
	bool ok = json_write(taken, ret, &f) && bytes_ok(ret, &f);

	json_free(taken);
	if (ok && ret->n - before <= ACTIVITY_ENTRY_MAX)
		return true;
	bytes_clear(ret);
	return false;
}

bool
activity_entry(const struct activity_fact *fact, struct bytes *ret)
{
	return write_line(describe(fact, true), ret) || write_line(describe(fact, false), ret);
}

bool
activity_entry_lost(uint64_t count, int64_t now_s, struct bytes *ret)
{
	struct json *j = json_object();

	json_put_text(j, "act", ACTIVITY_LOST);
	json_put_number(j, "count", (int64_t)count);
	json_put_time(j, "t", now_s);
	return write_line(j, ret);
}
