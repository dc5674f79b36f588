/*
 * ca/audit_under.h - one level under audit, between audit_record.c and
 * audit_evidence.c, and for nobody else; see audit.h.
 */
#ifndef QUATRAIN_CA_AUDIT_UNDER_H
#define QUATRAIN_CA_AUDIT_UNDER_H

#include "ca/audit.h"
#include "ca/ledger.h"

#define AUDIT_OURS    "our ledger"
#define AUDIT_OUR_LOG "our log, RFC 6962 section 2.1"

/* One level under audit, and what was found of it. */
struct audit_under {
	const struct audit_site *s;
	const struct audit_terms *t;
	struct audit_report *r;
	const struct cert *cert;
	unsigned level;
	struct ledger *ledger; /* that records it */
	struct standing standing;
	struct authority issuer;
};

/* A finding by our ledger. */
void audit_say(
    const struct audit_under *u, const char *check, enum leaf_verdict verdict, const char *text);
/* A fault that is a finding; false, with f, where it is ours to report. */
bool audit_say_fault(const struct audit_under *u, const char *check, const char *source,
    const struct fault *why, struct fault *f) CHECKED;
/* An entry that holds, shown. */
void audit_say_entry(const struct audit_under *u, const char *check, uint64_t index,
    struct octets line, const struct json *entry);

/* Who added it, how and how surely, and that what the certificate names as evidence is on record.
 * Fault: FAULT_INTERNAL. */
bool audit_evidence(const struct audit_under *u, struct fault *f) CHECKED;

#endif
