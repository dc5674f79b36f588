/* daemon/radius.c - see radius.h. Live connections are what the edges said last. */
#include "daemon/radius.h"

#include <string.h>

#include "base/clock.h"

#define PATIENCE_US 250000 /* the signer counts no longer: others wait */
#define ROW_OCTETS  (TBS_KEY_ID_OCTETS + 4)

bool
duty_sessions(struct signer *s, struct errand *j, struct fault *f)
{
	size_t rows = j->body.n < 8 ? 1 : j->body.n - 8;

	(void)s;
	if (rows % ROW_OCTETS != 0 || rows / ROW_OCTETS > WIRE_SESSIONS_MAX)
		return fault_set(f, FAULT_BADREQ, "wire: a message of another shape");
	bytes_clear(j->sessions);
	bytes_put_octets(j->sessions, j->body);
	return bytes_ok(j->sessions, f);
}

/* On one edge, by certificates of the CA key_id. */
static uint64_t
connections_on(const struct line *l, const uint8_t key_id[static TBS_KEY_ID_OCTETS])
{
	struct reader r = reader_of(octets_bytes(&l->sessions));
	uint8_t id[TBS_KEY_ID_OCTETS];
	uint64_t n = 0;
	uint32_t here;

	(void)reader_u64(&r);
	while (r.n > 0 && !r.bad) {
		reader_copy(&r, id, sizeof(id));
		here = reader_u32(&r);
		n += memcmp(id, key_id, sizeof(id)) == 0 ? here : 0;
	}
	return n;
}

static bool
add_ca(
    struct signer *s, const struct authority *a, int64_t now_s, struct radius *ret, struct fault *f)
{
	struct tenant t;
	struct ledger *l;

	if (!realm_records(s->realm, a, &l, f) || !realm_tenant(s->realm, a->label, &t, f) ||
	    !census_add(l, a->key_id, now_s, &ret->census, f))
		return false;
	if (memcmp(t.key_id, a->key_id, sizeof(t.key_id)) == 0) { /* a tenant counts once */
		ret->tenants++;
		ret->platform = ret->platform || strcmp(a->label, NAME_PLATFORM) == 0;
	}
	for (size_t i = 0; i < *s->lines_n; i++)
		if (s->lines[i].fd >= 0)
			ret->connections += connections_on(&s->lines[i], a->key_id);
	return true;
}

struct search {
	const struct level_cas *above;
	struct bytes found; /* key ids */
};

static bool
take(void *with, struct octets key, struct octets value)
{
	struct search *s = with;
	struct authority a;

	(void)key;
	if (!ledger_read_authority(value, &a) || a.level != LEVEL_TENANT)
		return true;
	for (size_t i = 0; i < s->above->n; i++)
		if (memcmp(a.issuer, s->above->at[i].key_id, sizeof(a.issuer)) == 0)
			bytes_put(&s->found, a.key_id, sizeof(a.key_id));
	return true;
}

static bool
add_beneath(struct signer *s, const struct level_cas *regions, int64_t now_s, struct radius *ret,
    struct fault *f)
{
	struct search found = { .above = regions };
	int64_t begun_us = clock_steady_us();
	struct authority a;
	bool ok = store_scan(ledger_store(realm_platform(s->realm)), TABLE_CA, octets_of(NULL, 0),
		      SIZE_MAX, take, &found, f) &&
		  bytes_ok(&found.found, f);

	for (size_t at = 0; ok && at < found.found.n; at += TBS_KEY_ID_OCTETS) {
		if (clock_steady_us() - begun_us > PATIENCE_US) {
			ret->all = false;
			break;
		}
		ok = realm_authority(s->realm, found.found.at + at, &a, f) &&
		     add_ca(s, &a, now_s, ret, f);
	}
	bytes_free(&found.found);
	return ok;
}

bool
radius_of(struct signer *s, const struct level_cas *cas, int64_t now_s, struct radius *ret,
    struct fault *f)
{
	struct radius r = { .all = true };

	if (cas->at[0].level == LEVEL_REGION) {
		if (!add_beneath(s, cas, now_s, &r, f))
			return false;
	} else {
		for (size_t i = 0; i < cas->n; i++)
			if (!add_ca(s, &cas->at[i], now_s, &r, f))
				return false;
	}
	*ret = r;
	return true;
}

void
radius_put(struct json *j, const struct radius *r)
{
	json_put_number(j, "tenants", (int64_t)r->tenants);
	json_put_number(j, "certificates", (int64_t)r->census.good);
	json_put_number(j, "connections", (int64_t)r->connections);
	json_put_number(j, "renewals_due", (int64_t)r->census.due);
	json_put_number(j, "renewals_within_days", CENSUS_DUE_S / 86400);
	json_put_bool(j, "complete", r->all);
	if (r->platform)
		json_put_bool(j, "platform", true);
}

bool
radius_note(struct signer *s, const struct authority *a, struct json *answer, struct fault *f)
{
	const struct issuer *by;
	struct fault why;

	if (keyring_issuer(s->keys, a->issuer, &by, &why))
		return true;
	if (why.code != FAULT_NOTFOUND)
		return *f = why, false;
	json_put_text(answer, "note",
	    "OCSP says so at once; the key of the CA above is offline, so its CRL cannot be made anew until it is at hand again");
	return true;
}
