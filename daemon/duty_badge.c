/* daemon/duty_badge.c - whose badge it is; see signer.h. */
#include <stdio.h>
#include <string.h>

#include "ca/badge.h"
#include "daemon/signer.h"
#include "daemon/verifier.h"

/* Workstations and phones print; nothing else has a badge. */
static bool
read_owner(const struct json *body, const char *tenant, struct endpoint *e, struct fault *f)
{
	const char *owner = json_text(body, "owner");
	const char *slash = owner == NULL ? NULL : strchr(owner, '/');

	*e = (struct endpoint){ .kind = "" };
	(void)snprintf(e->tenant, sizeof(e->tenant), "%s", tenant);
	if (slash != NULL && (size_t)(slash - owner) < sizeof(e->kind)) {
		memcpy(e->kind, owner, (size_t)(slash - owner));
		(void)snprintf(e->name, sizeof(e->name), "%.63s", slash + 1);
	}
	if (slash == NULL ||
	    (strcmp(e->kind, "workstation") != 0 && strcmp(e->kind, "phone") != 0) ||
	    strlen(slash + 1) >= sizeof(e->name) || !text_is_label(e->name))
		return fault_set(f, FAULT_BADREQ, "owner: expected workstation/NAME or phone/NAME");
	return true;
}

/* As a relay does it of what a reader reads (relay/release.h). */
static bool
read_key(struct signer *s, const struct json *body, const char *tenant,
    uint8_t ret[static BADGE_KEY], struct fault *f)
{
	uint8_t digest[DIGEST_OCTETS], keyed[VERIFIER_KEYED], salt[HARDEN_SALT];
	const char *text = json_text(body, "badge");
	size_t n = text == NULL ? 0 : strlen(text);
	bool ok;

	if (n < 1 || n > BADGE_TEXT_MAX)
		return fault_set(
		    f, FAULT_BADREQ, "badge: expected 1 to %d octets of text", BADGE_TEXT_MAX);
	digest_of(octets_of(text, n), digest);
	badge_salt(tenant, salt);
	ok = verifier_key(&s->token_key, tenant, octets_of(digest, sizeof(digest)), keyed, f) &&
	     harden(octets_of(keyed, sizeof(keyed)), salt, ret, f);
	secret_wipe(digest, sizeof(digest));
	secret_wipe(keyed, sizeof(keyed));
	return ok;
}

static bool
tell(struct errand *j, const struct badge *b, const char *state, uint64_t index, struct fault *f)
{
	char id[BADGE_ID_LETTERS + 1], name[2 * TEXT_LABEL_MAX];
	struct json *o = json_object();

	badge_id(b, id);
	(void)snprintf(name, sizeof(name), "%s/%s", b->owner.kind, b->owner.name);
	json_put_text(o, "id", id);
	json_put_text(o, "owner", name);
	json_put_text(o, "state", state);
	json_put_number(o, "log_index", (int64_t)index);
	return signer_close_act(j, o, f);
}

/* One that is there is its owner's, until it is removed. */
static bool
add(struct signer *s, struct errand *j, struct ledger *l, struct badge *b, struct fault *f)
{
	char by[IDENTITY_TEXT_MAX];
	struct log_context why = signer_context(s, j, by);
	struct badge there;
	struct fault gone;

	if (badge_find(l, b->key, &there, &gone)) {
		if (strcmp(there.owner.kind, b->owner.kind) != 0 ||
		    strcmp(there.owner.name, b->owner.name) != 0)
			return fault_set(f, FAULT_CONFLICT,
			    "badge: another has it: \"quatrain badge remove\" takes it back");
		return tell(j, &there, "there", there.log_index, f);
	}
	if (gone.code != FAULT_NOTFOUND)
		return *f = gone, false;
	(void)snprintf(b->by, sizeof(b->by), "%.95s", by);
	b->added_s = j->now_s;
	return log_append(l, badge_entry("badge.added", &why, b), j->now_s, &b->log_index, f) &&
	       badge_put(l, b, f) && tell(j, b, "added", b->log_index, f);
}

bool
duty_badge(struct signer *s, struct errand *j, struct fault *f)
{
	static const char *const names[] = { "badge", "owner", NULL };
	struct wire_act a;
	struct json *body;
	struct ledger *l;
	struct badge b = { .added_s = 0 };
	bool ok;

	if (!signer_open_act(s, j, ACT_BADGE, &a, &body, f))
		return false;
	ok = realm_ledger(s->realm, a.tenant, &l, f) && ledger_has_room(l, f) &&
	     signer_only(body, names, f) && read_owner(body, a.tenant, &b.owner, f) &&
	     name_endpoint_check(realm_space(s->realm), &b.owner, f) &&
	     read_key(s, body, a.tenant, b.key, f) && add(s, j, l, &b, f);
	json_free(body);
	return ok;
}

bool
duty_badge_remove(struct signer *s, struct errand *j, struct fault *f)
{
	static const char *const none[] = { NULL };
	char id[BADGE_ID_LETTERS + 1] = "", by[IDENTITY_TEXT_MAX];
	struct log_context why;
	struct wire_act a;
	struct json *body;
	struct ledger *l;
	struct badge b;
	uint64_t index;
	bool ok;

	if (!signer_open_act(s, j, ACT_BADGE, &a, &body, f))
		return false;
	why = signer_context(s, j, by);
	if (a.object.n == sizeof(id) - 1)
		memcpy(id, a.object.at, a.object.n);
	ok = realm_ledger(s->realm, a.tenant, &l, f) && signer_only(body, none, f) &&
	     badge_of_id(l, id, &b, f) &&
	     log_append(l, badge_entry("badge.removed", &why, &b), j->now_s, &index, f);
	if (ok) {
		badge_remove(l, &b);
		ok = tell(j, &b, "removed", index, f);
	}
	json_free(body);
	return ok;
}
