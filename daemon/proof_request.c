/* daemon/proof_request.c - nothing but the key: whoever asks waits for a registrar; see proof.h. */
#include <string.h>

#include "ca/petition.h"
#include "daemon/proof.h"

#define PROFILE_DEFAULT "printer" /* where the label names none */

/* Who asks: a key, and the name that its holder gives himself. */
static bool
by_request(struct signer *s, struct errand *j, struct claim *c, struct fault *f)
{
	const char *name = c->wire.profile[0] == '\0' ? PROFILE_DEFAULT : c->wire.profile;
	const struct profile *p = profile_find(name);
	struct petition r;

	(void)s;
	if (!proof_profile(c, name, p == NULL ? name : p->kind, f) ||
	    !csr_parse(c->wire.csr, &c->csr, f) ||
	    !petition_name(c->csr.subject, j->device.name, f))
		return false;
	memcpy(j->device.tenant, c->wire.tenant, sizeof(j->device.tenant));
	memcpy(j->device.kind, c->profile->kind, sizeof(j->device.kind));
	memcpy(r.key, c->csr.key_id, sizeof(r.key));
	j->who.kind = IDENTITY_REQUEST;
	j->who.good = true;
	memcpy(j->who.tenant, j->device.tenant, sizeof(j->who.tenant));
	memcpy(j->who.endpoint, j->device.kind, sizeof(j->who.endpoint));
	memcpy(j->who.name, j->device.name, sizeof(j->who.name));
	petition_id(&r, j->who.evidence);
	return true;
}

const struct proof proof_request = {
	.way = ENROL_REQUEST,
	.act = ACT_ASK,
	.ask = PROFILE_BY_REQUEST,
	.word = "request",
	.who = by_request,
	.names = proof_own_names,
};
