/*
 * daemon/api_log_keys.c - whose signatures stand, and stood, under a log's checkpoints; see api.h.
 *
 * A key is made anew before it ends, and with each new CA of the tenant or its region: what an
 * older key signed is proven by that key, so all of them are told, with their times.
 */
#include <stdlib.h>
#include <string.h>

#include "ca/found.h"
#include "ca/level.h"
#include "ca/note.h"
#include "daemon/api.h"

struct telling {
	const struct api_call *call;
	char origin[LOG_ORIGIN_MAX], cosigner[LOG_ORIGIN_MAX];
	struct json *past;
};

/* The two kinds of keys: of a tenant's CA, and of its region's. */
static const struct role {
	const char *word;
	const struct purpose *purpose;
	enum log_key_type type;
} roles[] = {
	{ "log", &found_log, LOG_KEY_SIGNS },
	{ "cosigner", &found_cosigner, LOG_KEY_COSIGNS },
};

static bool
key_object(const struct telling *t, const struct role *role, const struct authority *of,
    struct octets certificate, struct json **ret, struct fault *f)
{
	const char *name = role->type == LOG_KEY_SIGNS ? t->origin : t->cosigner;
	struct json *j = json_object();
	char vkey[LOG_VKEY_MAX];
	struct bytes pem = { 0 };
	struct cert c;
	bool ok;

	ok = cert_parse(certificate, &c, f) &&
	     (c.spki.n == 44 ||
		 fault_set(f, FAULT_INTERNAL, "log: RFC 8410 section 4: no Ed25519 key")) &&
	     log_vkey(name, role->type, c.spki.at + c.spki.n - 32, vkey, f) &&
	     cert_pem(certificate, &pem, f) &&
	     realm_chain_pem(t->call->api->realm, of->key_id, false, &pem, f);
	bytes_put_u8(&pem, 0); /* as a text */
	if ((ok = ok && bytes_ok(&pem, f))) {
		json_put_text(j, "name", name);
		json_put_text(j, "vkey", vkey);
		json_put_text(j, "certificates", (const char *)pem.at);
		json_put_time(j, "not_before", c.not_before_s);
		json_put_time(j, "not_after", c.not_after_s);
		*ret = j;
	} else {
		json_free(j);
	}
	bytes_free(&pem);
	return ok;
}

/* Without one the member is left out. */
static bool
put_present(const struct telling *t, const struct role *role, const struct authority *of,
    struct json *to, struct fault *f)
{
	struct bytes der = { 0 };
	struct json *one;
	bool ok = keyring_certificate(t->call->api->realm, of, role->purpose, &der, f);

	if (!ok && f->code == FAULT_NOTFOUND && role->type == LOG_KEY_COSIGNS)
		return true;
	if ((ok = ok && key_object(t, role, of, octets_bytes(&der), &one, f)))
		json_put(to, role->word, one);
	bytes_free(&der);
	return ok;
}

/* All that of ever had for this, but its present one where of is the present CA. */
static bool
put_past(struct telling *t, const struct role *role, const struct authority *of, bool present,
    struct fault *f)
{
	struct realm *r = t->call->api->realm;
	struct bytes serials = { 0 }, now = { 0 }, der = { 0 };
	struct ledger *l;
	struct standing s;
	struct json *one;
	struct fault why;
	bool ok = realm_records(r, of, &l, f) && keyring_past(r, of, role->purpose, &serials, f);

	if (present && !keyring_certificate(r, of, role->purpose, &now, &why))
		bytes_clear(&now);
	for (size_t at = 0; ok && at + TBS_SERIAL_OCTETS <= serials.n; at += TBS_SERIAL_OCTETS) {
		bytes_clear(&der);
		if (!ledger_standing(l, serials.at + at, &s, &why) ||
		    s.id == LEDGER_NO_CERTIFICATE || s.state == STANDING_ABANDONED ||
		    !ledger_certificate(l, s.id, &der, &why) ||
		    octets_same(octets_bytes(&der), octets_bytes(&now)))
			continue;
		if ((ok = key_object(t, role, of, octets_bytes(&der), &one, f))) {
			json_put_text(one, "role", role->word);
			json_put_text(one, "status", ledger_state_word(&s, t->call->now_s));
			json_add(t->past, one);
		}
	}
	bytes_free(&der);
	bytes_free(&now);
	bytes_free(&serials);
	return ok;
}

static bool
put_role(struct telling *t, const struct role *role, const struct authority *of, struct json *to,
    struct fault *f)
{
	struct level_cas *cas = calloc(1, sizeof(*cas));
	bool ok = cas != NULL || fault_set(f, FAULT_INTERNAL, "log: out of memory");

	ok = ok && put_present(t, role, of, to, f) &&
	     level_cas(t->call->api->realm, of->level, of->label, cas, f);
	for (size_t i = 0; ok && i < cas->n; i++)
		ok = put_past(t, role, &cas->at[i],
		    memcmp(cas->at[i].key_id, of->key_id, sizeof(of->key_id)) == 0, f);
	free(cas);
	return ok;
}

bool
api_log_keys(const struct api_call *c, struct fault *f)
{
	struct realm *r = c->api->realm;
	struct telling t = { .call = c, .past = json_array() };
	struct json *j = json_object();
	struct authority ca, region;
	struct tenant tenant;
	bool ok;

	log_origin(realm_space(r), c->ledger, t.origin);
	log_cosigner_name(t.origin, t.cosigner);
	ok = realm_tenant(r, c->tenant, &tenant, f) && realm_authority(r, tenant.key_id, &ca, f) &&
	     realm_authority(r, ca.issuer, &region, f) && put_role(&t, &roles[0], &ca, j, f) &&
	     put_role(&t, &roles[1], &region, j, f);
	if (!ok) {
		json_free(t.past);
		json_free(j);
		return false;
	}
	json_put_text(j, "origin", t.origin);
	if (json_count(t.past) > 0)
		json_put(j, "past", t.past);
	else
		json_free(t.past);
	api_answer(c->x, 200, j);
	return true;
}
