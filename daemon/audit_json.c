/* daemon/audit_json.c - see audit_json.h. */
#include "daemon/audit_json.h"

static const char *const results[] = {
	[LEAF_HOLDS] = "ok",
	[LEAF_FAILS] = "fails",
	[LEAF_NOT_CHECKED] = "not checked",
};

static const char *const kinds[] = {
	[LEAF_PATH] = "path",
	[LEAF_PROFILE] = "profile",
	[LEAF_NAMES] = "names",
	[LEAF_LEVELS] = "levels",
	[LEAF_RECORD] = "record",
	[LEAF_LATER] = "record",
};

struct json *
audit_json_finding(const struct audit_finding *found)
{
	struct json *j = json_object();
	uint8_t leaf[LOG_HASH_OCTETS];

	json_put_number(j, "level", found->level);
	json_put_text(j, "check", found->check);
	json_put_text(j, "source", found->source);
	json_put_text(j, "kind", kinds[found->kind]);
	json_put_text(j, "result", results[found->verdict]);
	json_put_octets(j, "text", octets_text(found->text));
	if (found->entry.n > 0) {
		log_leaf(found->entry, leaf);
		json_put_text(j, "log", found->log);
		json_put_number(j, "index", (int64_t)found->index);
		json_put_octets(j, "entry", found->entry);
		json_put_hex(j, "leaf_hash", leaf, sizeof(leaf));
	}
	return j;
}

static void
put(void *with, const struct audit_finding *found)
{
	struct audit_list *l = with;

	if (!l->failing_only || found->verdict == LEAF_FAILS)
		json_add(l->findings, audit_json_finding(found));
}

void
audit_list_start(struct audit_list *l, bool failing_only)
{
	*l = (struct audit_list){ .report = { .tell = put, .with = l },
		.findings = json_array(),
		.failing_only = failing_only };
}

struct json *
audit_json_levels(const struct audit_chain *c)
{
	struct json *list = json_array();
	char subject[AUDIT_SUBJECT_MAX];

	for (size_t i = c->n; i-- > 0;) {
		struct json *j = json_object();

		audit_subject(&c->cert[i], subject);
		json_put_number(j, "level", audit_level(c, i));
		json_put_octets(j, "subject", octets_text(subject));
		json_put_hex(j, "serial", c->cert[i].number.at, c->cert[i].number.n);
		json_put_time(j, "not_before", c->cert[i].not_before_s);
		json_put_time(j, "not_after", c->cert[i].not_after_s);
		json_put_text(j, "from", i < c->given ? "file" : "records");
		json_add(list, j);
	}
	return list;
}

void
audit_json_counts(struct json *j, const struct audit_report *r)
{
	json_put_bool(j, "ok", r->fails == 0);
	json_put_number(j, "holds", (int64_t)r->holds);
	json_put_number(j, "fails", (int64_t)r->fails);
	json_put_number(j, "not_checked", (int64_t)r->not_checked);
}
