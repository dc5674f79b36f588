/* ca/level.c - see level.h. */
#include "ca/level.h"

#include <string.h>

#include "ca/revoke.h"

static const char meta_region[] = "region";

struct search {
	enum level level;
	const char *label;
	struct level_cas found;
};

static bool
newer(const struct authority *a, const struct authority *b)
{
	if (a->created_s != b->created_s)
		return a->created_s > b->created_s;
	return memcmp(a->key_id, b->key_id, sizeof(a->key_id)) > 0; /* any order, the same always */
}

static bool
take(void *with, struct octets key, struct octets value)
{
	struct search *s = with;
	struct level_cas *c = &s->found;
	struct authority a;
	size_t i;

	(void)key;
	if (!ledger_read_authority(value, &a) || a.level != s->level ||
	    strcmp(a.label, s->label) != 0 || c->n == LEVEL_CAS_MAX)
		return true;
	for (i = c->n++; i > 0 && newer(&a, &c->at[i - 1]); i--)
		c->at[i] = c->at[i - 1];
	c->at[i] = a;
	return true;
}

/* A tenant's own ledger has a row of each of its CAs; only those that the platform knows count. */
static bool
drop_unknown(struct realm *r, struct level_cas *c, struct fault *f)
{
	struct authority known;
	struct fault why;
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		if (realm_authority(r, c->at[i].key_id, &known, &why))
			c->at[n++] = known;
		else if (why.code != FAULT_NOTFOUND)
			return *f = why, false;
	}
	c->n = n;
	return true;
}

/* The one that issues stands first, also where two were made within one second. */
static bool
lead(struct realm *r, enum level level, const char *label, struct level_cas *c, struct fault *f)
{
	struct authority region;
	struct tenant t;
	const uint8_t *first = level == LEVEL_TENANT ? t.key_id : region.key_id;

	if (c->n == 0)
		return true;
	if (level == LEVEL_TENANT ? !realm_tenant(r, label, &t, f) : !level_region(r, &region, f))
		return false;
	for (size_t i = 1; i < c->n; i++) {
		struct authority a = c->at[i];

		if (memcmp(a.key_id, first, sizeof(a.key_id)) != 0)
			continue;
		memmove(&c->at[1], &c->at[0], i * sizeof(c->at[0]));
		c->at[0] = a;
	}
	return true;
}

bool
level_cas(
    struct realm *r, enum level level, const char *label, struct level_cas *ret, struct fault *f)
{
	struct search s = { .level = level, .label = label };
	struct ledger *l = realm_platform(r);
	struct fault why;

	if (level == LEVEL_TENANT && !realm_ledger(r, label, &l, &why)) {
		if (why.code != FAULT_NOTFOUND)
			return *f = why, false;
		ret->n = 0;
		return true;
	}
	if (!store_scan(ledger_store(l), TABLE_CA, octets_of(NULL, 0), SIZE_MAX, take, &s, f) ||
	    !drop_unknown(r, &s.found, f) || !lead(r, level, label, &s.found, f))
		return false;
	*ret = s.found;
	return true;
}

bool
level_region(struct realm *r, struct authority *ret, struct fault *f)
{
	struct bytes id = { 0 };
	struct tenant platform;
	struct authority a;
	struct fault why;
	bool ok;

	if (ledger_get(realm_platform(r), TABLE_META, octets_text(meta_region), &id, &why))
		ok = id.n == TBS_KEY_ID_OCTETS
			 ? realm_authority(r, id.at, ret, f)
			 : fault_set(f, FAULT_INTERNAL, "region: a row that cannot be read");
	else if (why.code != FAULT_NOTFOUND)
		ok = (*f = why, false);
	else /* there was one region from the beginning: the platform's issuer */
		ok = realm_tenant(r, NAME_PLATFORM, &platform, f) &&
		     realm_authority(r, platform.key_id, &a, f) &&
		     realm_authority(r, a.issuer, ret, f);
	bytes_free(&id);
	return ok;
}

void
level_set_region(struct realm *r, const struct authority *a)
{
	ledger_put(realm_platform(r), TABLE_META, octets_text(meta_region),
	    octets_of(a->key_id, sizeof(a->key_id)));
}

bool
level_above(struct realm *r, const struct authority *a, struct level_above *ret, struct fault *f)
{
	struct level_above all = { .n = 0 };
	struct authority at = *a;
	struct standing s;

	for (;;) {
		if (all.n == REALM_CHAIN_MAX)
			return fault_set(f, FAULT_INTERNAL, "chain: over four levels");
		if (!ledger_standing(realm_platform(r), at.serial, &s, f))
			return false;
		memcpy(all.at[all.n].serial, at.serial, sizeof(at.serial));
		all.at[all.n].state = s.state;
		all.at[all.n].reason = s.reason;
		all.at[all.n].changed_s = s.changed_s;
		all.at[all.n++].log_index = s.log_index;
		if (at.level == LEVEL_ROOT)
			break;
		if (!realm_authority(r, at.issuer, &at, f))
			return false;
	}
	*ret = all;
	return true;
}

bool
level_unchanged(struct realm *r, const struct level_above *was)
{
	struct standing s;
	struct fault f;

	for (size_t i = 0; i < was->n; i++)
		if (!ledger_standing(realm_platform(r), was->at[i].serial, &s, &f) ||
		    s.state != was->at[i].state || s.changed_s != was->at[i].changed_s ||
		    s.log_index != was->at[i].log_index)
			return false;
	return true;
}

static void
weigh_one(enum standing_state state, uint8_t reason, int64_t changed_s, struct standing *s)
{
	if (state == STANDING_HELD && s->state != STANDING_REVOKED) {
		if (s->state == STANDING_GOOD || changed_s < s->changed_s)
			s->changed_s = changed_s;
		s->state = STANDING_HELD;
		s->reason = REASON_HOLD;
	} else if (state == STANDING_REVOKED || state == STANDING_ABANDONED) {
		if (s->state == STANDING_REVOKED && s->changed_s <= changed_s)
			return; /* an earlier one stands */
		s->state = STANDING_REVOKED;
		s->reason =
		    reason == REASON_KEY_COMPROMISE ? (uint8_t)REASON_CA_COMPROMISE : reason;
		s->changed_s = changed_s;
	}
}

void
level_weigh(const struct level_above *above, struct standing *s)
{
	if (s->state != STANDING_GOOD && s->state != STANDING_HELD)
		return;
	for (size_t i = 0; i < above->n; i++)
		weigh_one(above->at[i].state, above->at[i].reason, above->at[i].changed_s, s);
}

void
level_bundle_free(struct level_bundle *b)
{
	for (size_t i = 0; i < b->n; i++)
		bytes_free(&b->der[i]);
	b->n = 0;
}

/* The chain from key_id up, but for what is in b already. */
static bool
add_chain(struct realm *r, const uint8_t key_id[static TBS_KEY_ID_OCTETS], struct level_bundle *b,
    struct fault *f)
{
	struct realm_chain c;

	if (!realm_chain(r, key_id, &c, f))
		return false;
	for (size_t i = 0, k; i < c.n; i++) {
		for (k = 0; k < b->n; k++)
			if (octets_same(octets_bytes(&b->der[k]), octets_bytes(&c.der[i])))
				break;
		if (k < b->n || b->n == LEVEL_BUNDLE_MAX)
			continue;
		b->der[b->n++] = c.der[i];
		c.der[i] = (struct bytes){ 0 };
	}
	realm_chain_free(&c);
	return true;
}

/* Has it leaves that somebody may have to verify? */
static bool
is_in_use(struct realm *r, const struct authority *a, int64_t now_s, bool *ret, struct fault *f)
{
	struct census n = { 0 };
	struct standing s;
	struct ledger *l;

	if (!ledger_standing(realm_platform(r), a->serial, &s, f) || !realm_records(r, a, &l, f) ||
	    !census_add(l, a->key_id, now_s, &n, f))
		return false;
	*ret = s.state != STANDING_REVOKED && n.good + n.held > 0;
	return true;
}

bool
level_bundle(
    struct realm *r, const char *tenant, int64_t now_s, struct level_bundle *ret, struct fault *f)
{
	struct level_bundle b = { .n = 0 };
	struct level_cas all;
	struct tenant t;
	bool used = false, ok;

	ok = realm_tenant(r, tenant, &t, f) && add_chain(r, t.key_id, &b, f) &&
	     level_cas(r, LEVEL_TENANT, tenant, &all, f);
	for (size_t i = 1; ok && i < all.n; i++) /* the first is the present one */
		ok = is_in_use(r, &all.at[i], now_s, &used, f) &&
		     (!used || add_chain(r, all.at[i].key_id, &b, f));
	if (ok)
		*ret = b;
	else
		level_bundle_free(&b);
	return ok;
}

bool
level_census(struct realm *r, const struct level_cas *cas, int64_t now_s, struct census *ret,
    struct fault *f)
{
	struct census all = { 0 };
	struct ledger *l;

	for (size_t i = 0; i < cas->n; i++)
		if (!realm_records(r, &cas->at[i], &l, f) ||
		    !census_add(l, cas->at[i].key_id, now_s, &all, f))
			return false;
	*ret = all;
	return true;
}
