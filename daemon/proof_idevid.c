/* daemon/proof_idevid.c - the certificate that a device was born with as proof; see proof.h. */
#include <stdio.h>
#include <string.h>

#include "ca/device.h"
#include "ca/maker.h"
#include "daemon/proof.h"

/* Which device it is, and that it was announced. */
static bool
find_device(struct errand *j, struct claim *c, struct device *ret, struct fault *f)
{
	char maker[TEXT_LABEL_MAX];
	struct fault why;

	if (!maker_vouch(c->ledger, c->wire.peer, c->wire.above, j->now_s, &c->idevid, maker, f)) {
		if (f->code == FAULT_AUTH) /* its handshake went well: another tenant's */
			f->code = FAULT_DENIED;
		return false;
	}
	if (device_find(c->ledger, maker, c->idevid.serial, ret, &why))
		return true;
	if (why.code == FAULT_NOTFOUND)
		return fault_set(f, FAULT_DENIED,
		    "device: %s/%s is not registered: \"quatrain device add\" does it", maker,
		    c->idevid.serial);
	*f = why;
	return false;
}

/* Who asks: the device that its manufacturer says it is. */
static bool
by_idevid(struct signer *s, struct errand *j, struct claim *c, struct fault *f)
{
	char key[DEVICE_KEY_MAX];
	struct device d;

	(void)s;
	if (!find_device(j, c, &d, f) || !device_id(&d, j->who.evidence, f))
		return false;
	j->who.kind = IDENTITY_IDEVID;
	j->who.good = true;
	memcpy(j->who.tenant, d.is.tenant, sizeof(j->who.tenant));
	memcpy(j->who.endpoint, d.is.kind, sizeof(j->who.endpoint));
	memcpy(j->who.name, d.is.name, sizeof(j->who.name));
	j->device = d.is;
	if (!proof_profile(c, d.profile, d.is.kind, f))
		return false;
	j->profile = c->profile;
	c->provenance = (struct provenance){
		.how = "idevid",
		.at_s = j->now_s,
		.assurance = ASSURANCE_IDEVID,
	};
	memcpy(c->provenance.enroller, d.by, sizeof(c->provenance.enroller));
	(void)device_key(d.maker, d.serial, key);
	(void)snprintf(c->provenance.evidence, sizeof(c->provenance.evidence), "%.95s", key);
	return true;
}

/* IEEE 802.1AR: what is enrolled (LDevID) has a key of its own, so that it can be given up. */
static bool
names_and_key(struct signer *s, const struct errand *j, const struct claim *c, struct fault *f)
{
	if (memcmp(c->csr.key_id, c->idevid.key, sizeof(c->idevid.key)) == 0)
		return fault_set(f, FAULT_BADREQ,
		    "csr: IEEE 802.1AR section 6.4: the key is the manufacturer's: make another");
	return proof_own_names(s, j, c, f);
}

/* Its registration or its maker may have been taken back since. */
static bool
still_registered(struct signer *s, const struct errand *j, struct fault *f)
{
	struct claim c = { .provenance = { .at_s = 0 } };
	struct errand again = { .now_s = j->now_s };
	struct device d;

	return wire_enroll(j->body, &c.wire, f) &&
	       realm_ledger(s->realm, c.wire.tenant, &c.ledger, f) &&
	       find_device(&again, &c, &d, f) &&
	       ((strcmp(d.is.name, j->device.name) == 0 &&
		    strcmp(d.profile, j->profile->name) == 0) ||
		   fault_set(f, FAULT_DENIED, "device: it is registered as another one now"));
}

const struct proof proof_idevid = {
	.way = ENROL_IDEVID,
	.act = ACT_ENROLL,
	.ask = PROFILE_BY_IDEVID,
	.word = "idevid",
	.who = by_idevid,
	.names = names_and_key,
	.holds = still_registered,
};
