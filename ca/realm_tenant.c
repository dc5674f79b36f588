/* ca/realm_tenant.c - a tenant's row in the platform's ledger; see realm.h. */
#include <string.h>

#include "ca/realm.h"

#define EDITION 1

bool
realm_read_tenant(struct octets key, struct octets value, struct tenant *ret)
{
	struct reader in = reader_of(value);
	struct tenant t = { 0 };

	if (key.n >= sizeof(t.name) || reader_u8(&in) != EDITION)
		return false;
	memcpy(t.name, key.at, key.n);
	reader_copy(&in, t.key_id, sizeof(t.key_id));
	t.constraints = (enum constraint_mode)reader_u8(&in);
	t.created_s = (int64_t)reader_u64(&in);
	t.not_after_s = (int64_t)reader_u64(&in);
	if (!reader_done(&in))
		return false;
	*ret = t;
	return true;
}

bool
realm_tenant(struct realm *r, const char *name, struct tenant *ret, struct fault *f)
{
	struct bytes b = { 0 };
	struct fault why;
	bool ok = false;

	if (!text_is_label(name))
		return fault_set(f, FAULT_NOTFOUND, "tenant: there is none of that name");
	if (!ledger_get(realm_platform(r), TABLE_TENANT, octets_text(name), &b, &why)) {
		if (why.code == FAULT_NOTFOUND)
			fault_set(f, FAULT_NOTFOUND, "tenant: there is none called %s", name);
		else
			*f = why;
		goto out;
	}
	if (!realm_read_tenant(octets_text(name), octets_bytes(&b), ret)) {
		fault_set(f, FAULT_INTERNAL, "tenant: a row that cannot be read");
		goto out;
	}
	ok = true;
out:
	bytes_free(&b);
	return ok;
}

static bool
encode(const struct tenant *t, struct bytes *b, struct fault *f)
{
	bytes_put_u8(b, EDITION);
	bytes_put(b, t->key_id, sizeof(t->key_id));
	bytes_put_u8(b, (uint8_t)t->constraints);
	bytes_put_u64(b, (uint64_t)t->created_s);
	bytes_put_u64(b, (uint64_t)t->not_after_s);
	return bytes_ok(b, f);
}

bool
realm_put_tenant(struct realm *r, const struct tenant *t, struct fault *f)
{
	struct bytes b = { 0 };
	bool ok = encode(t, &b, f);

	if (ok)
		batch_add(ledger_batch(realm_platform(r)), TABLE_TENANT, octets_text(t->name),
		    octets_bytes(&b));
	bytes_free(&b);
	return ok;
}

bool
realm_move_tenant(struct realm *r, const struct tenant *t, struct fault *f)
{
	struct bytes b = { 0 };
	bool ok = encode(t, &b, f);

	if (ok)
		ledger_put(realm_platform(r), TABLE_TENANT, octets_text(t->name), octets_bytes(&b));
	bytes_free(&b);
	return ok;
}

static bool
put_label(void *with, struct octets key, struct octets value)
{
	(void)value;
	bytes_put_octets(with, key);
	bytes_put_u8(with, 0);
	return true;
}

struct naming {
	struct realm *realm;
	struct bytes *to;
};

static bool
put_names(void *with, struct octets key, struct octets value)
{
	struct naming *n = with;
	char label[TEXT_LABEL_MAX] = "", name[LEDGER_NAME_MAX];

	(void)put_label(n->to, key, value);
	if (key.n < sizeof(label))
		memcpy(label, key.at, key.n);
	if (label[0] != '\0' && realm_has_activity(n->realm, label)) {
		ledger_name_activity(label, name);
		bytes_put(n->to, name, strlen(name) + 1);
	}
	return true;
}

bool
realm_ledgers(struct realm *r, struct bytes *ret, struct fault *f)
{
	struct naming n = { r, ret };

	return store_scan(ledger_store(realm_platform(r)), TABLE_TENANT, octets_of(NULL, 0),
		   SIZE_MAX, put_names, &n, f) &&
	       bytes_ok(ret, f);
}

bool
realm_labels(struct realm *r, struct bytes *ret, struct fault *f)
{
	return store_scan(ledger_store(realm_platform(r)), TABLE_TENANT, octets_of(NULL, 0),
		   SIZE_MAX, put_label, ret, f) &&
	       bytes_ok(ret, f);
}
