/* daemon/duty_roll.c - a tenant's new CA, beside the old one; see signer.h. */
#include <string.h>

#include "ca/roll.h"
#include "daemon/once.h"

static bool
roll(struct signer *s, struct errand *j, const char *name, struct rolled *ret, struct fault *f)
{
	char by[IDENTITY_TEXT_MAX];
	struct log_context why = signer_context(s, j, by);
	const struct issuer *region;
	struct authority a;

	return ledger_has_room(realm_platform(s->realm), f) && level_region(s->realm, &a, f) &&
	       keyring_issuer(s->keys, a.key_id, &region, f) &&
	       roll_prepare(s->keys, region, name, &why, j->now_s, ret, f);
}

/* With the platform's commit it counts, and the tenant's log tells of it. */
static bool
settle(struct signer *s, struct errand *j, const struct rolled *done, struct fault *f)
{
	struct ledger *platform = realm_platform(s->realm), *own;
	const struct issuer *made;
	struct fault none;

	if (!realm_ledger(s->realm, done->after.label, &own, f) ||
	    !once_decide(s, j, platform, f) || !ledger_commit(platform, f) ||
	    !ledger_commit(own, f))
		return false;
	if (keyring_issuer(s->keys, done->after.key_id, &made, &none))
		press_first(s->press, made, j->now_s);
	return true;
}

bool
duty_roll(struct signer *s, struct errand *j, struct fault *f)
{
	static const char *const names[] = { NULL };
	struct wire_act a;
	struct json *body, *answer;
	struct rolled done;
	bool ok;

	if (!signer_open_act(s, j, ACT_TENANT_ROLL, &a, &body, f))
		return false;
	ok = signer_only(body, names, f) && roll(s, j, a.tenant, &done, f);
	json_free(body);
	if (!ok)
		return false;
	answer = json_object();
	json_put_text(answer, "tenant", a.tenant);
	json_put_hex(answer, "ca_serial", done.after.serial, sizeof(done.after.serial));
	json_put_hex(answer, "key_id", done.after.key_id, sizeof(done.after.key_id));
	json_put_time(answer, "not_after", done.after.not_after_s);
	json_put_hex(answer, "before_serial", done.before.serial, sizeof(done.before.serial));
	json_put_time(answer, "before_not_after", done.before.not_after_s);
	json_put_number(answer, "log_index", (int64_t)done.log_index);
	json_put_number(answer, "platform_index", (int64_t)done.platform_index);
	return signer_close_act(j, answer, f) && settle(s, j, &done, f);
}
