/* ca/badge.c - see badge.h. */
#include "ca/badge.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"

#define EDITION 1

void
badge_salt(const char *tenant, uint8_t to[static HARDEN_SALT])
{
	uint8_t digest[DIGEST_OCTETS];

	digest_of_both(octets_text("quatrain badge "), octets_text(tenant), digest);
	memcpy(to, digest, HARDEN_SALT);
}

void
badge_id(const struct badge *b, char to[static BADGE_ID_LETTERS + 1])
{
	uint8_t digest[DIGEST_OCTETS];

	digest_of(octets_of(b->key, sizeof(b->key)), digest);
	text_hex(digest, BADGE_ID_LETTERS / 2, to);
}

bool
badge_read(const char *tenant, struct octets key, struct octets value, struct badge *ret)
{
	struct reader in = reader_of(value);
	struct badge b = { .added_s = 0 };

	if (key.n != BADGE_KEY || reader_u8(&in) != EDITION)
		return false;
	memcpy(b.key, key.at, sizeof(b.key));
	(void)snprintf(b.owner.tenant, sizeof(b.owner.tenant), "%s", tenant);
	reader_counted_text(&in, b.owner.kind, sizeof(b.owner.kind));
	reader_counted_text(&in, b.owner.name, sizeof(b.owner.name));
	reader_counted_text(&in, b.by, sizeof(b.by));
	b.added_s = (int64_t)reader_u64(&in);
	b.log_index = reader_u64(&in);
	if (!reader_done(&in) || !text_is_label(b.owner.kind) || !text_is_label(b.owner.name))
		return false;
	*ret = b;
	return true;
}

bool
badge_find(
    struct ledger *l, const uint8_t key[static BADGE_KEY], struct badge *ret, struct fault *f)
{
	struct octets at = octets_of(key, BADGE_KEY);
	struct bytes row = { 0 };
	struct fault why;
	bool ok = ledger_get(l, TABLE_BADGE, at, &row, &why);

	if (!ok && why.code == FAULT_NOTFOUND)
		fault_set(f, FAULT_NOTFOUND, "badge: nobody has it");
	else if (!ok)
		*f = why;
	else
		ok = badge_read(ledger_tenant(l), at, octets_bytes(&row), ret) ||
		     fault_set(f, FAULT_INTERNAL, "badge: a row that cannot be read");
	bytes_free(&row);
	return ok;
}

struct looking {
	const char *tenant, *id;
	struct badge *ret;
	bool found;
};

static bool
has_id(void *with, struct octets key, struct octets value)
{
	struct looking *a = with;
	char id[BADGE_ID_LETTERS + 1];
	struct badge b;

	if (badge_read(a->tenant, key, value, &b)) {
		badge_id(&b, id);
		a->found = strcmp(id, a->id) == 0;
		if (a->found)
			*a->ret = b;
	}
	return !a->found;
}

bool
badge_of_id(struct ledger *l, const char *id, struct badge *ret, struct fault *f)
{
	struct badge b;
	struct looking a = { .tenant = ledger_tenant(l), .id = id, .ret = &b };

	if (!store_scan(ledger_store(l), TABLE_BADGE, octets_of(NULL, 0), SIZE_MAX, has_id, &a, f))
		return false;
	if (!a.found)
		return fault_set(f, FAULT_NOTFOUND, "badge: there is none of that id");
	return badge_find(l, b.key, ret, f); /* as the batch has it */
}

bool
badge_put(struct ledger *l, const struct badge *b, struct fault *f)
{
	struct bytes row = { 0 };
	bool ok;

	bytes_put_u8(&row, EDITION);
	bytes_put_counted_text(&row, b->owner.kind);
	bytes_put_counted_text(&row, b->owner.name);
	bytes_put_counted_text(&row, b->by);
	bytes_put_u64(&row, (uint64_t)b->added_s);
	bytes_put_u64(&row, b->log_index);
	if ((ok = bytes_ok(&row, f)))
		ledger_put(l, TABLE_BADGE, octets_of(b->key, sizeof(b->key)), octets_bytes(&row));
	bytes_free(&row);
	return ok;
}

void
badge_remove(struct ledger *l, const struct badge *b)
{
	batch_remove(ledger_batch(l), TABLE_BADGE, octets_of(b->key, sizeof(b->key)));
}

struct json *
badge_entry(const char *act, const struct log_context *why, const struct badge *b)
{
	char id[BADGE_ID_LETTERS + 1], name[2 * TEXT_LABEL_MAX];
	struct json *e = log_entry(act, why);

	badge_id(b, id);
	(void)snprintf(name, sizeof(name), "%s/%s", b->owner.kind, b->owner.name);
	json_put_text(e, "badge", id);
	json_put_text(e, "name", name);
	return e;
}
