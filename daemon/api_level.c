/* daemon/api_level.c - tenants and regions as operators read them: their CAs, and what those stand
 * for now; see api.h. */
#include <string.h>

#include "ca/cert.h"
#include "ca/found.h"
#include "ca/level.h"
#include "daemon/api_page.h"
#include "daemon/cursor.h"

#define REGIONS_SHOWN 100 /* on one page, at most */

/* Of a CA with all above it: a tenant beneath a suspended region is suspended. */
static bool
put_status(const struct api_call *c, const struct authority *a, struct json *j, struct fault *f)
{
	struct realm *r = c->api->realm;
	struct level_above above;
	struct standing s;

	if (!ledger_standing(realm_platform(r), a->serial, &s, f) || !level_above(r, a, &above, f))
		return false;
	level_weigh(&above, &s);
	json_put_text(
	    j, "status", s.state == STANDING_HELD ? "suspended" : ledger_state_word(&s, c->now_s));
	return true;
}

void
api_put_weighed(const struct api_call *c, const struct standing *s, struct json *j)
{
	struct standing weighed = *s;
	struct level_above above;
	struct authority a;
	struct fault f;

	if (!realm_authority(c->api->realm, s->issuer, &a, &f) ||
	    !level_above(c->api->realm, &a, &above, &f))
		return;
	level_weigh(&above, &weighed);
	if (weighed.state != s->state)
		json_put_text(j, "weighed", ledger_state_word(&weighed, c->now_s));
}

struct json *
api_tenant_object(const struct api_call *c, const struct tenant *t)
{
	struct json *j = json_object();
	struct authority a;
	struct fault f;

	json_put_text(j, "name", t->name);
	json_put_text(j, "constraints", found_mode_word(t->constraints));
	json_put_time(j, "created", t->created_s);
	json_put_time(j, "not_after", t->not_after_s);
	if (!realm_authority(c->api->realm, t->key_id, &a, &f) || !put_status(c, &a, j, &f))
		json_put_text(j, "status", "unknown");
	return j;
}

/* One CA, by itself; how many certificates depend on it, where it issues such. */
static bool
put_ca(const struct api_call *c, const struct authority *a, bool current, struct json *cas,
    struct fault *f)
{
	struct realm *r = c->api->realm;
	struct census n = { 0 };
	struct standing s;
	struct ledger *l;
	struct json *j;

	if (!ledger_standing(realm_platform(r), a->serial, &s, f) || !realm_records(r, a, &l, f) ||
	    !census_add(l, a->key_id, c->now_s, &n, f))
		return false;
	j = json_object();
	json_put_hex(j, "serial", a->serial, sizeof(a->serial));
	json_put_hex(j, "key_id", a->key_id, sizeof(a->key_id));
	json_put_text(j, "status", ledger_state_word(&s, c->now_s));
	json_put_bool(j, "current", current);
	json_put_time(j, "created", a->created_s);
	json_put_time(j, "not_after", a->not_after_s);
	if (a->level == LEVEL_TENANT) {
		json_put_number(j, "good", (int64_t)n.good);
		json_put_number(j, "held", (int64_t)n.held);
		json_put_number(j, "revoked", (int64_t)n.revoked);
	}
	json_add(cas, j);
	return true;
}

/* Every CA of a label, the one that issues first; taken into j. */
static bool
put_cas(const struct api_call *c, const struct level_cas *all, struct json *j, struct fault *f)
{
	struct json *cas = json_array();

	for (size_t i = 0; i < all->n; i++)
		if (!put_ca(c, &all->at[i], i == 0, cas, f)) {
			json_free(cas);
			return false;
		}
	json_put(j, "cas", cas);
	return true;
}

static bool
put_chain(const struct api_call *c, const struct authority *a, struct json *j, struct fault *f)
{
	struct bytes pem = { 0 };
	bool ok = realm_chain_pem(c->api->realm, a->key_id, true, &pem, f);

	bytes_put_u8(&pem, 0);
	if ((ok = ok && bytes_ok(&pem, f)))
		json_put_text(j, "chain", (const char *)pem.at);
	bytes_free(&pem);
	return ok;
}

static bool
answer(const struct api_call *c, const struct level_cas *all, struct json *j, struct fault *f)
{
	json_put_hex(j, "ca_serial", all->at[0].serial, sizeof(all->at[0].serial));
	if (!put_cas(c, all, j, f) || !put_chain(c, &all->at[0], j, f)) {
		json_free(j);
		return false;
	}
	api_answer(c->x, 200, j);
	return true;
}

bool
api_tenant(const struct api_call *c, struct fault *f)
{
	struct realm *r = c->api->realm;
	struct level_cas all;
	struct tenant t;

	if (!realm_tenant(r, c->tenant, &t, f) || !level_cas(r, LEVEL_TENANT, t.name, &all, f))
		return false;
	if (all.n == 0)
		return fault_set(f, FAULT_INTERNAL, "tenant: %s has no CA on record", t.name);
	return answer(c, &all, api_tenant_object(c, &t), f);
}

/* As lists show it. NULL, with a fault: no such region, or it cannot be read. */
static struct json *
region_object(const struct api_call *c, const char *label, struct level_cas *all, struct fault *f)
{
	struct json *j;

	if (!level_cas(c->api->realm, LEVEL_REGION, label, all, f))
		return NULL;
	if (all->n == 0) {
		fault_set(f, FAULT_NOTFOUND, "region: there is none of that name");
		return NULL;
	}
	j = json_object();
	json_put_text(j, "name", all->at[0].label);
	json_put_time(j, "created", all->at[all->n - 1].created_s);
	json_put_time(j, "not_after", all->at[0].not_after_s);
	if (put_status(c, &all->at[0], j, f))
		return j;
	json_free(j);
	return NULL;
}

bool
api_region(const struct api_call *c, struct fault *f)
{
	struct level_cas all;
	struct json *j = region_object(c, c->object, &all, f);

	return j != NULL && answer(c, &all, j, f);
}

/* The labels of the regions behind after, in order: a region may have several CAs. */
struct labels {
	const char *after;
	char at[REGIONS_SHOWN + 1][TEXT_LABEL_MAX];
	size_t n, limit;
};

static bool
take_label(void *with, struct octets key, struct octets value)
{
	struct labels *s = with;
	struct authority a;
	size_t i = s->n;

	(void)key;
	if (!ledger_read_authority(value, &a) || a.level != LEVEL_REGION ||
	    strcmp(a.label, s->after) <= 0)
		return true;
	while (i > 0 && strcmp(s->at[i - 1], a.label) > 0)
		i--;
	if ((i > 0 && strcmp(s->at[i - 1], a.label) == 0) || i > s->limit)
		return true;
	if (s->n <= s->limit)
		s->n++;
	memmove(s->at[i + 1], s->at[i], (s->n - 1 - i) * sizeof(s->at[0]));
	memcpy(s->at[i], a.label, sizeof(a.label));
	return true;
}

bool
api_regions(const struct api_call *c, struct fault *f)
{
	struct ledger *l = realm_platform(c->api->realm);
	uint8_t after[STORE_KEY_MAX];
	struct labels found = { .after = (const char *)after };
	struct json *j, *items, *one;
	struct level_cas all;
	int64_t limit;
	size_t n;

	if (!cursor_of(c->x, after, sizeof(after) - 1, &n, f) ||
	    !page_limit(c->x, "limit", REGIONS_SHOWN, &limit, f))
		return false;
	after[n] = '\0';
	found.limit = limit < REGIONS_SHOWN ? (size_t)limit : REGIONS_SHOWN;
	if (!store_scan(
		ledger_store(l), TABLE_CA, octets_of(NULL, 0), SIZE_MAX, take_label, &found, f))
		return false;
	items = json_array();
	for (size_t i = 0; i < found.n && i < found.limit; i++) {
		if ((one = region_object(c, found.at[i], &all, f)) == NULL) {
			json_free(items);
			return false;
		}
		json_add(items, one);
	}
	j = json_object();
	json_put(j, "items", items);
	if (found.n > found.limit)
		cursor_put(j, c->x->path, octets_text(found.at[found.limit - 1]));
	api_answer(c->x, 200, j);
	return true;
}
