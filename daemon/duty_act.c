/* daemon/duty_act.c - what operators ask: tenants, tokens, revocations; see signer.h. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "ca/found.h"
#include "ca/level.h"
#include "ca/token.h"
#include "daemon/once.h"

#define ROOT_OCTETS 16 /* of the root's digest that a token carries */
#define DAY_S       86400

/* A body is an object, or is not there: a list has no names that could be wrong. */
static bool
read_body(struct octets text, struct json **ret, struct fault *f)
{
	size_t at = 0;

	if (text.n == 0)
		text = octets_text("{}");
	while (at < text.n && memchr(" \t\r\n", text.at[at], 4) != NULL)
		at++;
	if (at < text.n && text.at[at] != '{')
		return fault_set(f, FAULT_BADREQ, "body: expected an object");
	return json_parse(text, ret, f);
}

bool
signer_open_act(struct signer *s, struct errand *j, enum act act, struct wire_act *a,
    struct json **ret, struct fault *f)
{
	struct object what = { .tenant = "" };

	if (!wire_act(j->body, a, f))
		return false;
	memcpy(what.tenant, a->tenant, sizeof(what.tenant));
	memcpy(j->tenant, a->tenant, sizeof(j->tenant));
	return signer_decide(s, j, a, act, &what, f) && read_body(a->json, ret, f);
}

bool
signer_close_act(struct errand *j, struct json *answer, struct fault *f)
{
	bool ok = json_write(answer, &j->answer, f);

	json_free(answer);
	return ok;
}

static bool
read_hosts(const struct json *body, struct found_tenant *t, struct fault *f)
{
	const struct json *names = json_get(body, "names");

	t->host_n = json_count(names);
	if (t->host_n > sizeof(t->host) / sizeof(t->host[0]))
		return fault_set(f, FAULT_BADREQ, "names: expected at most %zu",
		    sizeof(t->host) / sizeof(t->host[0]));
	for (size_t i = 0; i < t->host_n; i++)
		if ((t->host[i] = json_as_text(json_at(names, i))) == NULL)
			return fault_set(f, FAULT_BADREQ, "names: expected texts");
	return true;
}

static bool
read_tenant(struct signer *s, const struct json *body, struct found_tenant *t, struct fault *f)
{
	static const char *const names[] = { "name", "constraints", "names", NULL };
	const char *mode = json_text(body, "constraints");
	struct tenant there;
	struct fault none;

	*t = (struct found_tenant){ .name = json_text(body, "name"), .mode = CONSTRAINTS_STRICT };
	if (!signer_only(body, names, f))
		return false;
	if (t->name == NULL)
		return fault_set(f, FAULT_BADREQ, "name: expected a text");
	if (json_get(body, "constraints") != NULL && (mode == NULL || !found_mode(mode, &t->mode)))
		return fault_set(
		    f, FAULT_BADREQ, "constraints: expected strict, compatible or none");
	if (!name_tenant_check(t->name, f) || !read_hosts(body, t, f))
		return false;
	if (realm_tenant(s->realm, t->name, &there, &none))
		return fault_set(f, FAULT_CONFLICT, "tenant: %s exists already", t->name);
	return none.code == FAULT_NOTFOUND || (*f = none, false);
}

static bool
find_region(struct signer *s, const struct issuer **ret, struct fault *f)
{
	struct authority a;

	return level_region(s->realm, &a, f) && keyring_issuer(s->keys, a.key_id, ret, f);
}

struct founding {
	struct signer *s;
	struct errand *j;
	const struct found_tenant *t;
};

static bool
answer_tenant(void *with, const struct issuer *ca, uint64_t index, struct fault *f)
{
	const struct founding *w = with;
	struct json *answer = json_object();

	json_put_text(answer, "name", w->t->name);
	json_put_text(answer, "constraints", found_mode_word(w->t->mode));
	json_put_hex(answer, "ca_serial", ca->a.serial, sizeof(ca->a.serial));
	json_put_time(answer, "not_after", ca->a.not_after_s);
	json_put_number(answer, "log_index", (int64_t)index);
	json_put_text(answer, "est", w->t->name);
	return signer_close_act(w->j, answer, f) &&
	       once_decide(w->s, w->j, realm_platform(w->s->realm), f);
}

bool
duty_tenant(struct signer *s, struct errand *j, struct fault *f)
{
	char by[IDENTITY_TEXT_MAX];
	struct wire_act a;
	struct json *body;
	struct found_tenant t;
	struct founding with = { s, j, &t };
	struct log_context why;
	const struct issuer *region, *ca;
	uint64_t index;
	bool ok;

	if (!signer_open_act(s, j, ACT_TENANT_CREATE, &a, &body, f))
		return false;
	why = signer_context(s, j, by);
	ok = ledger_has_room(realm_platform(s->realm), f) && read_tenant(s, body, &t, f) &&
	     find_region(s, &region, f) && realm_authority_good(s->realm, &region->a, j->now_s, f);
	if (ok) {
		t.decided = answer_tenant;
		t.with = &with;
		ok = found_tenant(s->keys, region, &t, &why, j->now_s, &ca, &index, f);
	}
	if (ok)
		press_first(s->press, ca, j->now_s);
	json_free(body);
	return ok;
}

/* What would not fit into the certificate is said now, and not to the device. */
static bool
check_names(struct signer *s, const struct profile *p, const struct endpoint *e, struct fault *f)
{
	char unit[TEMPLATE_TEXT_MAX], common[TEMPLATE_TEXT_MAX];
	char dns[PROFILE_DNS_MAX][TEXT_HOST_MAX];

	return name_endpoint_check(realm_space(s->realm), e, f) &&
	       profile_fill(p, realm_space(s->realm), e, unit, common, dns, f);
}

static bool
read_token(const struct errand *j, struct signer *s, const struct json *body, struct token *t,
    struct fault *f)
{
	static const char *const names[] = { "device", "profile", "ttl_s", NULL };
	const char *device = json_text(body, "device"), *profile = json_text(body, "profile");
	const struct profile *p = profile_find(profile == NULL ? "printer" : profile);
	char known[PROFILE_NAMES_MAX];
	int64_t ttl_s;

	if (!signer_only(body, names, f))
		return false;
	if (strcmp(j->tenant, NAME_PLATFORM) == 0)
		return fault_set(f, FAULT_DENIED,
		    "token: the platform has no devices: operators are added with \"operator add\"");
	if (device == NULL || !text_is_label(device))
		return fault_set(f, FAULT_BADREQ,
		    "device: expected a DNS label: a-z, 0-9, inner hyphens, at most 63 letters");
	profile_names(known);
	if (p == NULL || (p->ask & PROFILE_BY_TOKEN) == 0 ||
	    (profile == NULL && json_get(body, "profile") != NULL))
		return fault_set(f, FAULT_BADREQ, "profile: expected one of %s", known);
	if (p->officer && j->who.role != ROLE_OFFICER)
		return fault_set(f, FAULT_DENIED,
		    "profile: %s: a token for it is made by an officer alone", p->name);
	if (!json_number(body, "ttl_s", TOKEN_TTL_MIN_S, TOKEN_TTL_MAX_S, DAY_S, &ttl_s))
		return fault_set(f, FAULT_BADREQ, "ttl_s: expected %d to %d seconds",
		    TOKEN_TTL_MIN_S, TOKEN_TTL_MAX_S);
	*t = (struct token){ .state = TOKEN_UNUSED,
		.created_s = j->now_s,
		.expires_s = j->now_s + ttl_s,
		.approved = j->who.role == ROLE_OFFICER };
	(void)snprintf(t->device.tenant, sizeof(t->device.tenant), "%s", j->tenant);
	(void)snprintf(t->device.kind, sizeof(t->device.kind), "%s", p->kind);
	(void)snprintf(t->profile, sizeof(t->profile), "%s", p->name);
	(void)snprintf(t->device.name, sizeof(t->device.name), "%s", device);
	return check_names(s, p, &t->device, f);
}

static bool
root_digest(struct signer *s, uint8_t to[static 32], struct fault *f)
{
	struct tenant platform;
	struct realm_chain chain;
	bool ok;

	if (!realm_tenant(s->realm, NAME_PLATFORM, &platform, f) ||
	    !realm_chain(s->realm, platform.key_id, &chain, f))
		return false;
	ok = issue_key_digest(octets_bytes(&chain.der[chain.n - 1]), to, f);
	realm_chain_free(&chain);
	return ok;
}

/* The answer holds the secret: the only time that it is written anywhere. */
static bool
tell_token(struct errand *j, const struct token *t, const struct secret *secret,
    const uint8_t root[static 32], uint64_t index, struct fault *f)
{
	char id[TOKEN_ID_LETTERS + 1], text[TOKEN_SECRET_LETTERS + 32 + 2 * TEXT_LABEL_MAX + 8];
	char root32[ROOT_OCTETS * 2];
	const struct profile *p = profile_find(t->profile);
	struct json *answer = json_object();
	bool ok;

	token_id(t, id);
	text_base32(root, ROOT_OCTETS, root32);
	(void)snprintf(text, sizeof(text), "%s.%s.%s.%s", (const char *)secret->at, root32,
	    j->tenant, t->device.name);
	json_put_text(answer, "id", id);
	json_put_text(answer, "token", text);
	json_put_text(answer, "secret", (const char *)secret->at);
	json_put_text(answer, "device", t->device.name);
	json_put_text(answer, "profile", t->profile);
	json_put_text(answer, "key", p == NULL || (p->keys & PROFILE_P256) != 0 ? "p256" : "rsa");
	json_put_time(answer, "expires", t->expires_s);
	json_put_hex(answer, "root_sha256", root, 32);
	json_put_number(answer, "log_index", (int64_t)index);
	ok = signer_close_act(j, answer, f);
	secret_wipe(text, sizeof(text));
	return ok;
}

static bool
log_token(struct signer *s, struct errand *j, struct ledger *l, const char *act,
    const struct token *t, uint64_t *ret_index, struct fault *f)
{
	char by[IDENTITY_TEXT_MAX], id[TOKEN_ID_LETTERS + 1], name[TEXT_LABEL_MAX * 2];
	struct log_context why = signer_context(s, j, by);
	struct json *e = log_entry(act, &why);

	token_id(t, id);
	(void)snprintf(name, sizeof(name), "%s/%s", t->device.kind, t->device.name);
	json_put_text(e, "token", id);
	json_put_text(e, "name", name);
	json_put_text(e, "profile", t->profile);
	json_put_time(e, "expires", t->expires_s);
	return log_append(l, e, j->now_s, ret_index, f);
}

bool
duty_token(struct signer *s, struct errand *j, struct fault *f)
{
	char by[IDENTITY_TEXT_MAX];
	struct wire_act a;
	struct json *body;
	struct ledger *l;
	struct token t;
	struct secret secret = { 0 };
	uint8_t root[32];
	uint64_t index = 0;
	bool ok = false;

	if (!signer_open_act(s, j, ACT_TOKEN_CREATE, &a, &body, f))
		return false;
	if (!realm_ledger(s->realm, a.tenant, &l, f) || !ledger_has_room(l, f) ||
	    !read_token(j, s, body, &t, f) || !root_digest(s, root, f) || !token_secret(&secret, f))
		goto out;
	token_hash(&s->token_key, octets_text((const char *)secret.at), t.hash);
	identity_text(&j->who, by);
	(void)snprintf(t.creator, sizeof(t.creator), "%.95s", by);
	ok = log_token(s, j, l, "token.created", &t, &index, f);
	t.log_index = index;
	ok = ok && token_put(l, &t, f) && tell_token(j, &t, &secret, root, index, f);
out:
	secret_free(&secret);
	json_free(body);
	return ok;
}

bool
duty_token_revoke(struct signer *s, struct errand *j, struct fault *f)
{
	char id[TOKEN_ID_LETTERS + 1] = "";
	struct wire_act a;
	struct json *body, *answer;
	struct ledger *l;
	struct token t;
	uint64_t index;
	bool ok = false;

	if (!signer_open_act(s, j, ACT_TOKEN_REVOKE, &a, &body, f))
		return false;
	if (a.object.n == sizeof(id) - 1)
		memcpy(id, a.object.at, a.object.n);
	if (!realm_ledger(s->realm, a.tenant, &l, f) || !token_find(l, id, &t, f))
		goto out;
	if (t.state != TOKEN_UNUSED && t.state != TOKEN_WAITING) {
		fault_set(
		    f, FAULT_CONFLICT, "token: it is %s already", token_state_word(&t, j->now_s));
		goto out;
	}
	t.state = TOKEN_REVOKED;
	if (!token_put(l, &t, f) || !log_token(s, j, l, "token.revoked", &t, &index, f))
		goto out;
	answer = json_object();
	json_put_text(answer, "id", id);
	json_put_text(answer, "state", "revoked");
	json_put_number(answer, "log_index", (int64_t)index);
	ok = signer_close_act(j, answer, f);
out:
	json_free(body);
	return ok;
}

bool
signer_serial(const struct wire_act *a, uint8_t serial[static TBS_SERIAL_OCTETS], struct fault *f)
{
	char hex[TBS_SERIAL_OCTETS * 2 + 1] = "";

	if (a->object.n == sizeof(hex) - 1)
		memcpy(hex, a->object.at, a->object.n);
	return text_unhex(hex, serial, TBS_SERIAL_OCTETS) ||
	       fault_set(f, FAULT_NOTFOUND, "certificate: a serial is %d hex digits",
		   TBS_SERIAL_OCTETS * 2);
}
