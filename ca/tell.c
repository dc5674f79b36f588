/* ca/tell.c - see tell.h. */
#include "ca/tell.h"

#include <stdio.h>
#include <string.h>

#define EDITION  1
#define WORD_MAX (TEXT_LABEL_MAX + 16)

/* In the platform's TABLE_META under "tell:TENANT", in the tenant's own under "told": the entry's
 * index in the platform's log, and in the platform's the entry as it was written. */
static const char meta_told[] = "told";

struct note {
	uint64_t index;
	struct octets line; /* n 0: none */
};

static void
word_of(const struct ledger *own, char to[static WORD_MAX])
{
	(void)snprintf(to, WORD_MAX, "tell:%s", ledger_tenant(own));
}

static bool
put(struct ledger *l, const char *word, const struct note *n, struct fault *f)
{
	struct bytes b = { 0 };
	bool ok;

	bytes_put_u8(&b, EDITION);
	bytes_put_u64(&b, n->index);
	bytes_put_counted(&b, n->line);
	if ((ok = bytes_ok(&b, f)))
		ledger_put(l, TABLE_META, octets_text(word), octets_bytes(&b));
	bytes_free(&b);
	return ok;
}

/* *ret lends from room. *there is false where there is no such row. */
static bool
get(struct ledger *l, const char *word, struct bytes *room, struct note *ret, bool *there,
    struct fault *f)
{
	struct fault why;
	struct reader r;

	*there = ledger_get(l, TABLE_META, octets_text(word), room, &why);
	if (!*there) {
		if (why.code != FAULT_NOTFOUND)
			return *f = why, false;
		return true;
	}
	r = reader_of(octets_bytes(room));
	if (reader_u8(&r) != EDITION)
		r.bad = true;
	ret->index = reader_u64(&r);
	ret->line = reader_counted(&r);
	return reader_done(&r) || fault_set(f, FAULT_INTERNAL, "tell: a row that cannot be read");
}

static bool
say(struct ledger *own, struct json *entry, uint64_t platform_index, int64_t now_s,
    uint64_t *ret_index, struct fault *f)
{
	const struct note n = { .index = platform_index };

	return log_append(own, entry, now_s, ret_index, f) && put(own, meta_told, &n, f);
}

bool
tell_tenant(struct realm *r, struct ledger *own, struct json *entry, uint64_t platform_index,
    int64_t now_s, uint64_t *ret_index, struct fault *f)
{
	char word[WORD_MAX];
	struct bytes line = { 0 };
	struct note n = { .index = platform_index };
	bool ok;

	if (own == realm_platform(r)) {
		json_free(entry);
		*ret_index = platform_index;
		return true;
	}
	word_of(own, word);
	json_put_number(entry, "platform_index", (int64_t)platform_index);
	ok = json_write(entry, &line, f);
	n.line = octets_bytes(&line);
	ok = ok && put(realm_platform(r), word, &n, f);
	bytes_free(&line);
	if (!ok) {
		json_free(entry);
		return false;
	}
	return say(own, entry, platform_index, now_s, ret_index, f);
}

bool
tell_settle(struct realm *r, struct ledger *own, int64_t now_s, struct fault *f)
{
	char word[WORD_MAX];
	struct bytes due_room = { 0 }, told_room = { 0 };
	struct note due = { .index = 0 }, told = { .index = 0 };
	struct json *entry;
	uint64_t index;
	bool any, ever, ok;

	if (own == realm_platform(r))
		return true;
	word_of(own, word);
	ok = get(realm_platform(r), word, &due_room, &due, &any, f) &&
	     get(own, meta_told, &told_room, &told, &ever, f);
	if (ok && any && (!ever || told.index < due.index))
		ok = json_parse(due.line, &entry, f) &&
		     say(own, entry, due.index, now_s, &index, f) && ledger_commit(own, f);
	bytes_free(&due_room);
	bytes_free(&told_room);
	return ok;
}
