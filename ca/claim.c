/* ca/claim.c - see claim.h. */
#include "ca/claim.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "ca/cert.h"
#include "ca/revoke.h"

/* TABLE_META: the first key that is not taken over yet; one octet: all are. */
static const char meta_claims[] = "claims";
static const uint8_t all_done[] = { 0 };

/* "tenant/kind/name"; the row of a tenant's own table is what stands behind the first slash. */
static const char *
owner_text(const char *tenant, const char *kind, const char *name, char to[static CLAIM_OWNER_MAX])
{
	(void)snprintf(to, CLAIM_OWNER_MAX, "%.63s/%.63s/%.63s", tenant, kind, name);
	return strchr(to, '/') + 1;
}

static bool
judge(struct octets holder, struct octets owner, struct fault *f)
{
	if (octets_same(holder, owner))
		return true;
	if (octets_same(holder, octets_text(REVOKE_KEY_BURNT)))
		return fault_set(
		    f, FAULT_CONFLICT, "csr: the key was revoked as compromised: make a new one");
	return fault_set(f, FAULT_CONFLICT, "csr: the key is registered to another endpoint");
}

/* One ledger's row, where it has one. */
static bool
check_row(struct ledger *l, const uint8_t digest[static CLAIM_DIGEST_OCTETS], struct octets owner,
    bool *ret_there, struct fault *f)
{
	struct bytes holder = { 0 };
	struct fault why;
	bool ok;

	*ret_there =
	    ledger_get(l, TABLE_KEY, octets_of(digest, CLAIM_DIGEST_OCTETS), &holder, &why);
	if (*ret_there)
		ok = judge(octets_bytes(&holder), owner, f);
	else if (!(ok = why.code == FAULT_NOTFOUND))
		*f = why;
	bytes_free(&holder);
	return ok;
}

/* Both tables. In the platform's own ledger they are one, and its endpoints' rows may be short. */
static bool
check_both(struct realm *r, const uint8_t digest[static CLAIM_DIGEST_OCTETS],
    const struct endpoint *owner, bool *ret_claimed, struct fault *f)
{
	struct ledger *platform = realm_platform(r), *own;
	char text[CLAIM_OWNER_MAX];
	const char *in_tenant = owner_text(owner->tenant, owner->kind, owner->name, text);
	struct fault first;
	bool there;

	if (!realm_ledger(r, owner->tenant, &own, f))
		return false;
	if (own != platform)
		return check_row(own, digest, octets_text(in_tenant), &there, f) &&
		       check_row(platform, digest, octets_text(text), ret_claimed, f);
	if (check_row(own, digest, octets_text(text), ret_claimed, &first) ||
	    check_row(own, digest, octets_text(in_tenant), ret_claimed, &first))
		return true;
	*f = first;
	return false;
}

bool
claim_check(struct realm *r, const uint8_t digest[static CLAIM_DIGEST_OCTETS],
    const struct endpoint *owner, struct fault *f)
{
	bool claimed;

	return check_both(r, digest, owner, &claimed, f);
}

static bool
is_no_ca(struct realm *r, struct octets spki, struct fault *f)
{
	uint8_t id[TBS_KEY_ID_OCTETS];
	struct authority ca;
	struct fault why;

	if (!tbs_key_id(spki, id, f))
		return false;
	if (realm_authority(r, id, &ca, &why))
		return fault_set(f, FAULT_CONFLICT, "csr: the key is a CA's");
	if (why.code == FAULT_NOTFOUND)
		return true;
	*f = why;
	return false;
}

static void
put(struct realm *r, const uint8_t digest[static CLAIM_DIGEST_OCTETS], const char *text)
{
	ledger_put(realm_platform(r), TABLE_KEY, octets_of(digest, CLAIM_DIGEST_OCTETS),
	    octets_text(text));
}

bool
claim_put(struct realm *r, struct octets spki, const struct endpoint *owner, struct fault *f)
{
	uint8_t digest[DIGEST_OCTETS];
	char text[CLAIM_OWNER_MAX];
	bool claimed;

	digest_of(spki, digest);
	if (!is_no_ca(r, spki, f) || !check_both(r, digest, owner, &claimed, f))
		return false;
	if (claimed) /* a renewal with the same key: nothing is written */
		return true;
	(void)owner_text(owner->tenant, owner->kind, owner->name, text);
	put(r, digest, text);
	return true;
}

void
claim_ours(struct realm *r, struct octets spki, const char *label, const char *profile)
{
	uint8_t digest[DIGEST_OCTETS];
	char text[CLAIM_OWNER_MAX];

	digest_of(spki, digest);
	(void)owner_text(label, profile, "service", text);
	put(r, digest, text);
}

bool
claim_burn(struct realm *r, struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS],
    struct fault *f)
{
	uint8_t digest[DIGEST_OCTETS];
	struct bytes der = { 0 };
	struct standing s;
	struct cert c;
	bool ok;

	ok = ledger_standing(l, serial, &s, f) && ledger_certificate(l, s.id, &der, f) &&
	     cert_parse(octets_bytes(&der), &c, f);
	if (ok) {
		digest_of(c.spki, digest);
		put(r, digest, REVOKE_KEY_BURNT);
	}
	bytes_free(&der);
	return ok;
}

/* Rows of a tenant's table on their way into the platform's. */
struct takeover {
	struct ledger *platform;
	const char *tenant;
	struct bytes rows; /* key and value, each counted: a visit must not write */
	struct bytes next; /* the first key that is left */
	size_t n;
};

static bool
gather(void *with, struct octets key, struct octets value)
{
	struct takeover *t = with;

	if (t->n++ == CLAIM_AT_ONCE) {
		bytes_put_octets(&t->next, key);
		return false;
	}
	bytes_put_counted(&t->rows, key);
	bytes_put_counted(&t->rows, value);
	return true;
}

/* A key that is claimed already stays whose it is; one that was burnt is burnt for all. */
static bool
take_row(struct takeover *t, struct octets key, struct octets value, struct fault *f)
{
	bool burnt = octets_same(value, octets_text(REVOKE_KEY_BURNT)), there;
	struct bytes row = { 0 };
	struct fault why;
	bool ok = true;

	there = ledger_get(t->platform, TABLE_KEY, key, &row, &why);
	bytes_clear(&row);
	if (!there && why.code != FAULT_NOTFOUND) {
		*f = why;
		ok = false;
	} else if (!there || burnt) {
		if (!burnt)
			bytes_put_fmt(&row, "%s/", t->tenant);
		bytes_put_octets(&row, value);
		if ((ok = bytes_ok(&row, f)))
			ledger_put(t->platform, TABLE_KEY, key, octets_bytes(&row));
	}
	bytes_free(&row);
	return ok;
}

static bool
take_rows(struct takeover *t, struct fault *f)
{
	struct reader r = reader_of(octets_bytes(&t->rows));

	while (r.n > 0) {
		struct octets key = reader_counted(&r), value = reader_counted(&r);

		if (!take_row(t, key, value, f))
			return false;
	}
	return true;
}

/* Where it goes on; false in *ret_any: nothing is left. */
static bool
cursor(struct ledger *l, struct bytes *ret_from, bool *ret_any, struct fault *f)
{
	struct fault why;

	if (ledger_get(l, TABLE_META, octets_text(meta_claims), ret_from, &why)) {
		*ret_any = ret_from->n > sizeof(all_done);
		return true;
	}
	*ret_any = true;
	if (why.code == FAULT_NOTFOUND)
		return true;
	*f = why;
	return false;
}

bool
claim_adopt(struct realm *r, struct ledger *l, bool *ret_done, struct fault *f)
{
	struct takeover t = { .platform = realm_platform(r), .tenant = ledger_tenant(l) };
	struct bytes from = { 0 };
	bool any, ok;

	*ret_done = true;
	if (l == t.platform)
		return true;
	ok = cursor(l, &from, &any, f);
	if (ok && any) {
		ok = store_scan(ledger_store(l), TABLE_KEY, octets_bytes(&from), CLAIM_AT_ONCE + 1,
			 gather, &t, f) &&
		     bytes_ok(&t.rows, f) && bytes_ok(&t.next, f) && take_rows(&t, f) &&
		     ledger_commit(t.platform, f);
		if (ok && t.next.n == 0)
			claim_none_to_adopt(l);
		else if (ok)
			ledger_put(l, TABLE_META, octets_text(meta_claims), octets_bytes(&t.next));
		ok = ok && ledger_commit(l, f);
		*ret_done = t.next.n == 0;
	}
	bytes_free(&from);
	bytes_free(&t.rows);
	bytes_free(&t.next);
	return ok;
}

void
claim_none_to_adopt(struct ledger *l)
{
	ledger_put(l, TABLE_META, octets_text(meta_claims), octets_of(all_done, sizeof(all_done)));
}

void
claim_adopt_again(struct ledger *l)
{
	batch_remove(ledger_batch(l), TABLE_META, octets_text(meta_claims));
}
