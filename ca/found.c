/* ca/found.c - see found.h. */
#include "ca/found.h"

#include <stdio.h>
#include <string.h>

#include "ca/claim.h"

const struct purpose found_responder = { .profile = "responder", .name = "OCSP Responder" };
const struct purpose found_responder_offline = { .profile = "responder-offline",
	.name = "OCSP Responder" };
const struct purpose found_cosigner = {
	.profile = "cosigner", .name = "Log Cosigner", .kind = KEY_ED25519
};
const struct purpose found_release = { .profile = "release", .name = "release" };
const struct purpose found_log = { .profile = "log", .name = "issuance", .kind = KEY_ED25519 };

static const struct {
	enum constraint_mode mode;
	const char *word;
} modes[] = {
	{ CONSTRAINTS_STRICT, "strict" },
	{ CONSTRAINTS_COMPATIBLE, "compatible" },
	{ CONSTRAINTS_NONE, "none" },
};

#define MODES (sizeof(modes) / sizeof(modes[0]))

bool
found_mode(const char *word, enum constraint_mode *ret)
{
	for (size_t i = 0; i < MODES; i++)
		if (strcmp(modes[i].word, word) == 0) {
			*ret = modes[i].mode;
			return true;
		}
	return false;
}

const char *
found_mode_word(enum constraint_mode mode)
{
	for (size_t i = 0; i < MODES; i++)
		if (modes[i].mode == mode)
			return modes[i].word;
	return "none";
}

/* "eu Region CA" and its kin; the profile of a level is its name. */
static const struct {
	const char *profile, *suffix;
	enum keyring_use use;
} levels[] = {
	[LEVEL_ROOT] = { "root", "Root", KEYRING_ROOT },
	[LEVEL_REGION] = { "region", "Region CA", KEYRING_REGION },
	[LEVEL_TENANT] = { "tenant", "Tenant CA", KEYRING_TENANT },
};

/* The rows by which the new CA is found, into the platform's batch. */
static bool
put_rows(struct realm *r, struct issuer *i, const struct ticket *t, enum constraint_mode mode,
    int64_t now_s, struct fault *f)
{
	memcpy(i->a.serial, ticket_serial(t), sizeof(i->a.serial));
	i->a.not_after_s = ticket_not_after(t);
	i->a.constraints = mode;
	i->a.created_s = now_s;
	bytes_put_octets(&i->certificate, ticket_certificate(t));
	return bytes_ok(&i->certificate, f) &&
	       cert_parse(octets_bytes(&i->certificate), &i->facts, f) &&
	       ledger_put_authority(realm_platform(r), &i->a, f) &&
	       realm_put_issuer(r, &i->a, octets_bytes(&i->certificate), f);
}

/* Certify key as the CA *made, by above or, where that is NULL, by itself; *made is then complete
 * but for its key. */
static bool
certify(struct keyring *k, const struct issuer *above, struct issuer *made, const struct key *key,
    const struct constraints *constraints, int64_t now_s, struct fault *f)
{
	const struct keyring_ground *g = keyring_ground(k);
	const struct name_space *ns = realm_space(g->realm);
	struct issuer self = { .a = made->a, .key = key, .ledger = realm_platform(g->realm) };
	bool tenant = made->a.level == LEVEL_TENANT;
	char common[TEXT_LABEL_MAX + 16];
	struct provenance from = {
		.how = "ceremony", .at_s = now_s, .assurance = ASSURANCE_CEREMONY
	};
	struct wish w = {
		.profile = profile_find(levels[made->a.level].profile),
		.org = tenant ? made->a.label : ns->org,
		.common = common,
		.spki = key_spki(key),
		.constraints = constraints,
		.provenance = &from,
		.public_url = g->public_url,
		.space = ns,
	};
	struct ticket *t;
	bool ok;

	(void)snprintf(from.enroller, sizeof(from.enroller), "%s", g->why->by);
	(void)snprintf(common, sizeof(common), "%s %s",
	    made->a.level == LEVEL_ROOT ? ns->org : made->a.label, levels[made->a.level].suffix);
	if (!issue_now(above == NULL ? &self : above, &w, g->journal, g->why, now_s, &t, f))
		return false;
	ok = put_rows(g->realm, made, t, constraints == NULL ? CONSTRAINTS_NONE : constraints->mode,
	    now_s, f);
	ticket_free(t);
	return ok;
}

static bool
found(struct keyring *k, const struct issuer *above, struct issuer *made,
    const struct constraints *constraints, const char *elsewhere, int64_t now_s,
    const struct issuer **ret, struct fault *f)
{
	struct key *key;
	uint8_t id[TBS_KEY_ID_OCTETS];

	if (!keyring_new_key(
		k, levels[made->a.level].use, KEY_P256, made->a.label, elsewhere, &key, f))
		return false;
	memcpy(id, key_id(key), sizeof(id));
	memcpy(made->a.key_id, id, sizeof(id));
	memcpy(made->a.issuer, above == NULL ? id : above->a.key_id, sizeof(id));
	if (!certify(k, above, made, key, constraints, now_s, f)) {
		key_free(key);
		bytes_free(&made->certificate);
		return false;
	}
	return keyring_keep(k, made, key, f) && keyring_issuer(k, id, ret, f);
}

bool
found_root(struct keyring *k, const char *elsewhere, int64_t now_s, const struct issuer **ret,
    struct fault *f)
{
	struct ledger *platform = realm_platform(keyring_ground(k)->realm);
	struct issuer made = { .a = { .level = LEVEL_ROOT, .label = "root", .shards = 1 },
		.ledger = platform };

	return found(k, NULL, &made, NULL, elsewhere, now_s, ret, f) && ledger_commit(platform, f);
}

bool
found_beneath(struct keyring *k, const struct issuer *above, const char *label,
    struct ledger *records, const struct constraints *constraints, int64_t now_s,
    const struct issuer **ret, struct fault *f)
{
	struct issuer made = { .a = { .level = (enum level)(above->a.level + 1), .shards = 1 },
		.ledger = records };

	/* Above a tenant there are few certificates, and no list of them grows long. */
	if (made.a.level == LEVEL_TENANT && keyring_ground(k)->shards > 1)
		made.a.shards = keyring_ground(k)->shards;
	(void)snprintf(made.a.label, sizeof(made.a.label), "%s", label);
	return found(k, above, &made, constraints, NULL, now_s, ret, f);
}

bool
found_ca(struct keyring *k, const struct issuer *above, const char *label,
    const struct constraints *constraints, int64_t now_s, const struct issuer **ret,
    struct fault *f)
{
	struct ledger *platform = realm_platform(keyring_ground(k)->realm);

	return found_beneath(k, above, label, platform, constraints, now_s, ret, f) &&
	       ledger_commit(platform, f);
}

/* True if host is zone, or lies in it. */
static bool
within(const char *host, const char *zone)
{
	size_t h = strlen(host), z = strlen(zone);

	return h >= z && strcmp(host + h - z, zone) == 0 && (h == z || host[h - z - 1] == '.');
}

/* A customer's own domain: none of ours, nothing that ours lie in, no bare label, no address. */
static bool
fence_host(const struct name_space *ns, const char *host, struct fault *f)
{
	char ours[TEXT_HOST_MAX];
	const char *last = strrchr(host, '.');

	(void)snprintf(ours, sizeof(ours), "%.63s.%.189s", ns->region, ns->domain);
	if (!text_is_host(host) || last == NULL ||
	    strspn(last + 1, "0123456789") == strlen(last + 1))
		return fault_set(
		    f, FAULT_BADREQ, "names: expected a registered domain, found \"%.100s\"", host);
	if (within(host, ours) || within(ours, host))
		return fault_set(
		    f, FAULT_DENIED, "names: %.100s would reach other tenants' names", host);
	return true;
}

static bool
fence(const struct name_space *ns, const struct found_tenant *t, struct constraints *c,
    struct fault *f)
{
	*c = (struct constraints){ .mode = t->mode, .n = 1 };
	name_tenant_host(ns, t->name, c->host[0]);
	for (size_t i = 0; i < t->host_n; i++) {
		if (!fence_host(ns, t->host[i], f))
			return false;
		(void)snprintf(c->host[c->n++], sizeof(c->host[0]), "%s", t->host[i]);
	}
	return true;
}

/* One entry, the same in both logs. */
static bool
tell(struct ledger *l, const struct found_tenant *t, const struct issuer *ca,
    const struct log_context *why, int64_t now_s, uint64_t *ret_index, struct fault *f)
{
	struct json *j = log_entry("tenant.created", why);

	json_put_text(j, "tenant", t->name);
	json_put_text(j, "constraints", found_mode_word(t->mode));
	json_put_hex(j, "ca", ca->a.key_id, sizeof(ca->a.key_id));
	json_put_hex(j, "serial", ca->a.serial, sizeof(ca->a.serial));
	return log_append(l, j, now_s, ret_index, f);
}

/* Everything that a tenant has before it counts. */
static bool
furnish(struct keyring *k, const struct issuer *ca, const struct found_tenant *t,
    const struct log_context *why, int64_t now_s, struct fault *f)
{
	bool own = ca->ledger != realm_platform(keyring_ground(k)->realm);
	struct delegate d;

	if (own)
		claim_none_to_adopt(ca->ledger);
	if (own &&
	    (!ledger_put_authority(ca->ledger, &ca->a, f) ||
		!tell(ca->ledger, t, ca, why, now_s, NULL, f) || !ledger_commit(ca->ledger, f)))
		return false;
	return keyring_delegate(k, &ca->a, &found_responder, now_s, &d, f) &&
	       keyring_delegate(k, &ca->a, &found_log, now_s, &d, f);
}

/* Making a store removes what lies in its place, so nobody may be there already. */
static bool
is_free(struct realm *r, const char *name, struct fault *f)
{
	struct tenant there;
	struct fault why;

	if (realm_tenant(r, name, &there, &why))
		return fault_set(f, FAULT_CONFLICT, "tenant: %s exists already", name);
	if (why.code == FAULT_NOTFOUND)
		return true;
	*f = why;
	return false;
}

bool
found_tenant(struct keyring *k, const struct issuer *region, const struct found_tenant *t,
    const struct log_context *why, int64_t now_s, const struct issuer **ret, uint64_t *ret_index,
    struct fault *f)
{
	struct realm *r = keyring_ground(k)->realm;
	struct ledger *platform = realm_platform(r), *own = platform;
	bool reserved = strcmp(t->name, NAME_PLATFORM) == 0;
	struct tenant row = { .constraints = t->mode, .created_s = now_s };
	struct constraints c;
	struct ledger_mark mark;
	const struct issuer *ca;

	if (!fence(realm_space(r), t, &c, f) || !is_free(r, t->name, f) ||
	    (!reserved && !realm_make(r, t->name, &own, f)))
		return false;
	mark = ledger_mark(platform);
	/* What others wrote goes out first, so that on failure all in the batch is ours to take
	 * back. */
	if (!ledger_commit(platform, f) ||
	    !found_beneath(k, region, t->name, own, &c, now_s, &ca, f) ||
	    (reserved && !ledger_commit(platform, f)))
		goto fail;
	(void)snprintf(row.name, sizeof(row.name), "%s", t->name);
	memcpy(row.key_id, ca->a.key_id, sizeof(row.key_id));
	row.not_after_s = ca->a.not_after_s;
	if (!furnish(k, ca, t, why, now_s, f) || !realm_put_tenant(r, &row, f) ||
	    !tell(platform, t, ca, why, now_s, ret_index, f) ||
	    (t->decided != NULL && !t->decided(t->with, ca, *ret_index, f)) ||
	    !ledger_commit(platform, f))
		goto fail;
	*ret = ca;
	return true;
fail:
	ledger_undo(platform, mark);
	if (!reserved) { /* so that the next try begins anew */
		keyring_drop(k, own);
		realm_drop(r, t->name);
	}
	return false;
}
