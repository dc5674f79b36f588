/*
 * daemon/proof.h - what proves who asks for a certificate: a way each, in one table.
 *
 * A way finds out who asks and what he may have (job.who, job.device, the
 * claim's profile and provenance) from the evidence in the message, never from
 * the edge's word. What all ways share is duty_enroll.c's.
 *
 * Source: RFC 7030 sections 3.2.3, 3.3.2, 4.2.
 */
#ifndef QUATRAIN_DAEMON_PROOF_H
#define QUATRAIN_DAEMON_PROOF_H

#include "ca/csr.h"
#include "ca/identify.h"
#include "ca/idevid.h"
#include "ca/petition.h"
#include "ca/token.h"
#include "daemon/signer.h"

/* What an enrolment stands on, found out by its kind of proof. */
struct claim {
	struct wire_enroll wire;
	struct csr csr; /* empty until who() has said yes */
	struct ledger *ledger;
	const struct profile *profile;
	struct tenant tenant;
	struct token token;      /* by_token */
	bool spent;              /* the token was used: only an answer that was lost is due */
	struct petition request; /* that is approved; without its csr */
	bool approved;
	struct identified identified; /* by_certificate */
	struct idevid idevid;         /* by_idevid */
	struct provenance provenance;
};

struct proof {
	enum enrol_way way;
	enum act act;
	unsigned ask;     /* PROFILE_BY_*: what the profile must allow */
	const char *word; /* what it may be asked for by */
	/* Faults: FAULT_AUTH no proof, FAULT_DENIED with why, FAULT_BUSY, FAULT_INTERNAL. */
	bool (*who)(struct signer *s, struct errand *j, struct claim *c, struct fault *f);
	/* May the request ask for its names? Fault: FAULT_BADREQ. */
	bool (*names)(
	    struct signer *s, const struct errand *j, const struct claim *c, struct fault *f);
	/* Into the batch, with the intent; NULL: nothing is spent. Fault: FAULT_INTERNAL. */
	bool (*spend)(struct errand *j, struct claim *c, struct fault *f);
	/* Into the batch where the request waits for a registrar: the proof is that key's from now
	 * on. NULL: it is anyhow. Fault: FAULT_INTERNAL. */
	bool (*keep)(struct claim *c, struct fault *f);
	/* Does it hold still, after the round's other jobs? NULL: what was spent says so. */
	bool (*holds)(struct signer *s, const struct errand *j, struct fault *f);
};

extern const struct proof proof_token, proof_certificate, proof_idevid, proof_request;

/* NULL: there is no such way. */
const struct proof *proof_find(enum enrol_way way);

/* The profile called name, into c, which must let its holder ask this way. Faults: FAULT_BUSY,
 * FAULT_DENIED. */
bool proof_profile(struct claim *c, const char *name, const char *kind, struct fault *f) CHECKED;
/* A first enrolment may name itself in subjectAltName, and nothing else: proof.names of those. */
bool proof_own_names(
    struct signer *s, const struct errand *j, const struct claim *c, struct fault *f) CHECKED;
/* Is every name of asked among those of have, in any order? GeneralNames' contents. */
bool proof_names_within(struct octets asked, struct octets have);

#endif
