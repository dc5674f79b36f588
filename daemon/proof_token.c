/* daemon/proof_token.c - a device's one-time token as proof; see proof.h. */
#include <string.h>

#include "daemon/proof.h"

static bool
copy_text(struct octets o, char *to, size_t size)
{
	if (o.n >= size || (o.n > 0 && memchr(o.at, '\0', o.n) != NULL))
		return false;
	memcpy(to, o.at, o.n);
	to[o.n] = '\0';
	return true;
}

/* Whoever made the token may not have been one whose token this profile takes. */
static bool
check_approval(const struct claim *c, struct fault *f)
{
	return !c->profile->officer || c->token.approved ||
	       fault_set(f, FAULT_DENIED, "profile: %s: takes a token of an officer alone",
		   c->profile->name);
}

/* Who asks: the device that a token was made for. */
static bool
by_token(struct signer *s, struct errand *j, struct claim *c, struct fault *f)
{
	uint8_t hash[TOKEN_HASH_OCTETS];
	char name[TEXT_LABEL_MAX];
	struct fault why;

	token_hash(&s->token_key, c->wire.password, hash);
	if (!copy_text(c->wire.user, name, sizeof(name)))
		return fault_set(
		    f, FAULT_AUTH, "token: RFC 7030 section 3.2.3: the user is no device's name");
	if (!token_check(c->ledger, hash, name, j->now_s, &c->token, f)) {
		if (f->code != FAULT_AUTH || !token_spent(c->ledger, hash, name, &c->token, &why))
			return false;
		c->spent = true;
	}
	j->who.kind = IDENTITY_TOKEN;
	j->who.good = true;
	memcpy(j->who.tenant, c->wire.tenant, sizeof(j->who.tenant));
	memcpy(j->who.endpoint, c->token.device.kind, sizeof(j->who.endpoint));
	memcpy(j->who.name, c->token.device.name, sizeof(j->who.name));
	token_id(&c->token, j->who.evidence);
	j->device = c->token.device;
	if (!proof_profile(c, c->token.profile, j->device.kind, f) || !check_approval(c, f))
		return false;
	c->provenance = (struct provenance){ .how = "token",
		.at_s = j->now_s,
		.assurance = c->profile->officer ? ASSURANCE_APPROVED : ASSURANCE_TOKEN };
	memcpy(c->provenance.enroller, c->token.creator, sizeof(c->provenance.enroller));
	memcpy(c->provenance.evidence, j->who.evidence, sizeof(j->who.evidence));
	return true;
}

/* One with which a request was made is good for that key alone. */
static bool
own_names(struct signer *s, const struct errand *j, const struct claim *c, struct fault *f)
{
	if (c->token.state == TOKEN_WAITING &&
	    !octets_same(octets_of(c->token.serial, sizeof(c->token.serial)),
		octets_of(c->csr.key_id, sizeof(c->token.serial))))
		return fault_set(f, FAULT_AUTH,
		    "token: RFC 7030 section 3.2.3: %s waits for a registrar with another key",
		    j->who.evidence);
	return proof_own_names(s, j, c, f);
}

static bool
keep(struct claim *c, struct fault *f)
{
	c->token.state = TOKEN_WAITING;
	memcpy(c->token.serial, c->csr.key_id, sizeof(c->token.serial));
	return token_put(c->ledger, &c->token, f);
}

/* Spent with the intent: no second request of this round or any later one finds it unused. */
static bool
spend(struct errand *j, struct claim *c, struct fault *f)
{
	c->token.state = TOKEN_USED;
	memcpy(c->token.serial, ticket_serial(j->ticket), sizeof(c->token.serial));
	return token_put(c->ledger, &c->token, f);
}

const struct proof proof_token = {
	.way = ENROL_TOKEN,
	.act = ACT_ENROLL,
	.ask = PROFILE_BY_TOKEN,
	.word = "token",
	.who = by_token,
	.names = own_names,
	.keep = keep,
	.spend = spend,
};
