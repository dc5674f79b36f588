/* ca/roll.c - see roll.h. */
#include "ca/roll.h"

#include <stdio.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "ca/tell.h"

/* The hosts that the CA before may name: its permitted DNS subtrees, in their order. */
static bool
read_hosts(const NAME_CONSTRAINTS *nc, struct constraints *c)
{
	for (int i = 0; i < sk_GENERAL_SUBTREE_num(nc->permittedSubtrees); i++) {
		const GENERAL_NAME *n = sk_GENERAL_SUBTREE_value(nc->permittedSubtrees, i)->base;
		int len;

		if (n->type != GEN_DNS)
			continue;
		len = ASN1_STRING_length(n->d.dNSName);
		if (c->n == TBS_NAMES_MAX || len >= TEXT_HOST_MAX)
			return false;
		memcpy(c->host[c->n], ASN1_STRING_get0_data(n->d.dNSName), (size_t)len);
		c->host[c->n++][len] = '\0';
	}
	return c->n > 0;
}

/* The same walls: what the old certificate says, not what a request or a row could. */
static bool
read_constraints(const struct issuer *old, struct constraints *ret, struct fault *f)
{
	struct constraints c = { .mode = old->a.constraints };
	struct octets in = old->facts.extension[CERT_CONSTRAINTS];
	const uint8_t *at = in.at;
	NAME_CONSTRAINTS *nc = NULL;
	bool ok;

	if (c.mode == CONSTRAINTS_NONE) {
		*ret = c;
		return true;
	}
	ok = in.n > 0 &&
	     ASN1_item_d2i((ASN1_VALUE **)(void *)&nc, &at, (long)in.n,
		 ASN1_ITEM_rptr(NAME_CONSTRAINTS)) != NULL &&
	     read_hosts(nc, &c);
	NAME_CONSTRAINTS_free(nc);
	if (!ok)
		return fault_crypto(
		    f, FAULT_INTERNAL, "roll: the name constraints of the CA before");
	*ret = c;
	return true;
}

/* A suspension must not be stepped round by a new CA; and the old ones end some day. */
static bool
check_before(struct realm *r, const struct authority *a, struct fault *f)
{
	const char *word = a->level == LEVEL_REGION ? "region" : "tenant";
	struct level_cas all;
	struct standing s;

	if (!ledger_standing(realm_platform(r), a->serial, &s, f) ||
	    !level_cas(r, a->level, a->label, &all, f))
		return false;
	if (s.state == STANDING_HELD)
		return fault_set(f, FAULT_CONFLICT,
		    "%s: %s is suspended: resume it, or revoke its CA, first", word, a->label);
	return all.n < LEVEL_CAS_MAX || fault_set(f, FAULT_CONFLICT, "%s: %s has %d CAs already",
					    word, a->label, LEVEL_CAS_MAX);
}

static struct json *
entry(const char *act, const struct authority *before, const struct authority *after,
    const struct log_context *why)
{
	struct json *j = log_entry(act, why);

	json_put_text(j, after->level == LEVEL_REGION ? "region" : "tenant", after->label);
	json_put_hex(j, "before", before->key_id, sizeof(before->key_id));
	json_put_hex(j, "ca", after->key_id, sizeof(after->key_id));
	json_put_hex(j, "serial", after->serial, sizeof(after->serial));
	return j;
}

/* What the new CA needs before it counts. The platform knows it before it issues anything: a
 * certificate of an unknown CA would be nobody's. Its own ledger has a row of it too. */
static bool
furnish(struct keyring *k, const struct issuer *ca, int64_t now_s, struct fault *f)
{
	struct ledger *platform = realm_platform(keyring_ground(k)->realm);
	struct delegate d;

	if (!ledger_commit(platform, f) ||
	    (ca->ledger != platform &&
		(!ledger_put_authority(ca->ledger, &ca->a, f) || !ledger_commit(ca->ledger, f))))
		return false;
	return keyring_delegate(k, &ca->a, &found_responder, now_s, &d, f) &&
	       keyring_delegate(k, &ca->a, &found_log, now_s, &d, f);
}

/* The row that counts, and the platform's entry: durable before the tenant's log tells of it. */
static bool
count(struct realm *r, struct tenant *row, const struct issuer *ca, const struct log_context *why,
    int64_t now_s, struct rolled *to, struct fault *f)
{
	struct ledger *platform = realm_platform(r);

	memcpy(row->key_id, ca->a.key_id, sizeof(row->key_id));
	row->not_after_s = ca->a.not_after_s;
	to->after = ca->a;
	return realm_move_tenant(r, row, f) &&
	       log_append(platform, entry("tenant.rolled", &to->before, &ca->a, why), now_s,
		   &to->platform_index, f) &&
	       tell_tenant(r, ca->ledger, entry("tenant.rolled", &to->before, &ca->a, why),
		   to->platform_index, now_s, &to->log_index, f);
}

bool
roll_prepare(struct keyring *k, const struct issuer *region, const char *name,
    const struct log_context *why, int64_t now_s, struct rolled *ret, struct fault *f)
{
	struct realm *r = keyring_ground(k)->realm;
	struct ledger *platform = realm_platform(r);
	struct rolled done;
	struct tenant row;
	struct constraints c;
	struct ledger_mark mark, own_mark;
	const struct issuer *old, *ca;

	if (!realm_tenant(r, name, &row, f) || !keyring_issuer(k, row.key_id, &old, f) ||
	    !check_before(r, &old->a, f) || !realm_authority_good(r, &region->a, now_s, f) ||
	    !read_constraints(old, &c, f))
		return false;
	done.before = old->a;
	mark = ledger_mark(platform);
	own_mark = ledger_mark(old->ledger);
	/* What others wrote goes out first, so that on failure all in the batch is ours to take
	 * back. */
	if (ledger_commit(platform, f) &&
	    found_beneath(k, region, name, old->ledger, &c, now_s, &ca, f) &&
	    furnish(k, ca, now_s, f) && count(r, &row, ca, why, now_s, &done, f)) {
		*ret = done;
		return true;
	}
	/* What was made stays a CA beside the others that issues nothing. */
	ledger_undo(platform, mark);
	if (old->ledger != platform)
		ledger_undo(old->ledger, own_mark);
	return false;
}

bool
roll_tenant(struct keyring *k, const struct issuer *region, const char *name,
    const struct log_context *why, int64_t now_s, struct rolled *ret, struct fault *f)
{
	struct realm *r = keyring_ground(k)->realm;
	struct ledger *own;

	return realm_ledger(r, name, &own, f) &&
	       roll_prepare(k, region, name, why, now_s, ret, f) &&
	       ledger_commit(realm_platform(r), f) && ledger_commit(own, f);
}

bool
roll_region(struct keyring *k, const struct issuer *root, const struct log_context *why,
    int64_t now_s, const struct issuer **ret, uint64_t *ret_index, struct fault *f)
{
	struct realm *r = keyring_ground(k)->realm;
	struct ledger *platform = realm_platform(r);
	struct authority before;
	struct delegate d;
	const struct issuer *ca;

	if (!level_region(r, &before, f) || !check_before(r, &before, f) ||
	    !found_ca(k, root, before.label, NULL, now_s, &ca, f) ||
	    !keyring_delegate(k, &ca->a, &found_responder, now_s, &d, f) ||
	    !keyring_delegate(k, &ca->a, &found_cosigner, now_s, &d, f))
		return false;
	level_set_region(r, &ca->a);
	if (!log_append(
		platform, entry("region.rolled", &before, &ca->a, why), now_s, ret_index, f) ||
	    !ledger_commit(platform, f))
		return false;
	*ret = ca;
	return true;
}
