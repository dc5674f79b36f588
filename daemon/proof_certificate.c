/* daemon/proof_certificate.c - the certificate at hand as proof: a renewal; see proof.h. */
#include <string.h>

#include <openssl/x509.h>

#include "ca/holding.h"
#include "daemon/proof.h"

/* A renewal is taken in its window, and of what is as sure as the profile wants. */
static bool
check_renewal(const struct errand *j, const struct claim *c, struct fault *f)
{
	const struct standing *s = &c->identified.standing;
	int64_t opens_s = s->not_after_s - c->profile->window_s;
	char at[TEXT_TIME_MAX];

	text_time(opens_s, at);
	if (j->now_s < opens_s)
		return fault_set(f, FAULT_DENIED,
		    "profile: %s: a renewal is taken from %s on, and not sooner", c->profile->name,
		    at);
	if (s->assurance < c->profile->assurance)
		return fault_set(f, FAULT_DENIED,
		    "profile: %s: the certificate was not approved by an officer: enrol again with an officer's token",
		    c->profile->name);
	return true;
}

/* What ended lately renews where its profile says so, while its holder has it still: a device that
 * began anew has it no more. */
static bool
let_late(const struct claim *c, int64_t now_s, struct identity *who, struct fault *f)
{
	const uint8_t *serial = c->identified.cert.serial;
	char owner[HOLDING_OWNER_MAX];
	struct bytes held = { 0 };
	bool ok;

	if (who->good || !identify_late(&c->identified) || strcmp(who->tenant, c->wire.tenant) != 0)
		return true;
	holding_owner(who->endpoint, who->name, owner);
	ok = holding_list(c->ledger, owner, now_s, &held, f);
	for (size_t i = 0; ok && i < held.n; i += TBS_SERIAL_OCTETS)
		who->good = who->good || memcmp(held.at + i, serial, TBS_SERIAL_OCTETS) == 0;
	bytes_free(&held);
	return ok;
}

/* Who asks: the holder of the certificate. */
static bool
by_certificate(struct signer *s, struct errand *j, struct claim *c, struct fault *f)
{
	struct identified *a = &c->identified;

	if (!identify(s->realm, c->wire.peer, j->now_s, &j->who, a, f) ||
	    !let_late(c, j->now_s, &j->who, f))
		return false;
	memcpy(j->who.source, c->wire.source, sizeof(j->who.source));
	if (!j->who.good)
		return fault_set(f, FAULT_DENIED, "est: RFC 7030 section 4.2.2: %s", a->why);
	j->late_s = a->late_s;
	memcpy(j->device.tenant, j->who.tenant, sizeof(j->device.tenant));
	memcpy(j->device.kind, j->who.endpoint, sizeof(j->device.kind));
	memcpy(j->device.name, j->who.name, sizeof(j->device.name));
	if (!proof_profile(c, a->standing.profile, j->device.kind, f) || !check_renewal(j, c, f))
		return false;
	c->provenance = (struct provenance){
		.how = "certificate",
		.at_s = j->now_s,
		.assurance =
		    a->standing.assurance, /* a renewal is as sure as the first enrolment was */
	};
	memcpy(c->provenance.enroller, a->standing.enroller, sizeof(c->provenance.enroller));
	memcpy(c->provenance.evidence, j->who.evidence, sizeof(j->who.evidence));
	return true;
}

static bool
same_names(struct octets a, struct octets b)
{
	const uint8_t *pa = a.at, *pb = b.at;
	X509_NAME *na = d2i_X509_NAME(NULL, &pa, (long)a.n),
		  *nb = d2i_X509_NAME(NULL, &pb, (long)b.n);
	bool same = na != NULL && nb != NULL && X509_NAME_cmp(na, nb) == 0;

	X509_NAME_free(na);
	X509_NAME_free(nb);
	return same;
}

/* A renewal asks for the names that it has, and for nothing else. */
static bool
same_as_before(struct signer *s, const struct errand *j, const struct claim *c, struct fault *f)
{
	const struct cert *cert = &c->identified.cert;

	(void)s;
	(void)j;
	if (!same_names(c->csr.subject, cert->subject))
		return fault_set(f, FAULT_BADREQ,
		    "est: RFC 7030 section 4.2.2: the subject differs from the certificate's");
	return proof_names_within(c->csr.alt_names, cert->alt_names) ||
	       fault_set(f, FAULT_BADREQ,
		   "est: RFC 7030 section 4.2.2: subjectAltName differs from the certificate's");
}

/* Another job of the round may have revoked it, or what stands above it. */
static bool
still_good(struct signer *s, const struct errand *j, struct fault *f)
{
	struct claim c = { .provenance = { .at_s = 0 } };
	struct identity who;

	if (!wire_enroll(j->body, &c.wire, f) ||
	    !realm_ledger(s->realm, c.wire.tenant, &c.ledger, f) ||
	    !identify(s->realm, c.wire.peer, j->now_s, &who, &c.identified, f) ||
	    !let_late(&c, j->now_s, &who, f))
		return false;
	return who.good ||
	       fault_set(f, FAULT_DENIED, "est: RFC 7030 section 4.2.2: %s", c.identified.why);
}

const struct proof proof_certificate = {
	.way = ENROL_CERTIFICATE,
	.act = ACT_RENEW,
	.ask = PROFILE_BY_CERTIFICATE,
	.word = "certificate",
	.who = by_certificate,
	.names = same_as_before,
	.holds = still_good,
};
