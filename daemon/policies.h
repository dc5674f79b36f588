/*
 * daemon/policies.h - the policies of this process: compiled sets by tenant, and what they decide.
 *
 * A set is all Guardrails of the platform's ledger with the tenant's PolicySet. It is compiled when
 * it is first needed, and anew when the ledgers hold another edition of the policies, which is
 * looked for at every decision (two looks into memory where nothing was committed). Tenants without
 * a PolicySet share one set. What cannot be read or compiled decides no: it fails closed, with one
 * ERROR line, and /readyz says so until it can.
 *
 * Documents are at most POLICY_BOOK_OCTETS each, and all Guardrails together POLICIES_RAILS_OCTETS,
 * so that compiling stays a matter of milliseconds and no loop waits for it.
 *
 * Used by one thread.
 */
#ifndef QUATRAIN_DAEMON_POLICIES_H
#define QUATRAIN_DAEMON_POLICIES_H

#include "ca/realm.h"
#include "policy/decide.h"
#include "policy/set.h"

#define POLICIES_ID_LETTERS   32 /* of a decision's id: 128 random bits, hex */
#define POLICIES_RULE_MAX     160
#define POLICIES_SETS_MAX     1024 /* tenants whose sets are kept */
#define POLICIES_RAILS_OCTETS (1u << 20)

struct policies;

/* What was decided. Texts are copies. */
struct ruling {
	bool asked; /* documents are in force; else permit is true, and nothing below is said */
	bool permit;
	enum decision_code code;
	char id[POLICIES_ID_LETTERS + 1];
	char rule[POLICIES_RULE_MAX]; /* "DOCUMENT/RULE"; "default" */
	char reason[POLICIES_RULE_MAX];
	uint8_t set[DOCUMENT_DIGEST_OCTETS]; /* set_digest() */
};

enum policies_layer {
	POLICIES_STAFF,    /* another rule permits: Guardrails may forbid */
	POLICIES_ENDPOINT, /* and a PolicySet in force must permit besides */
	POLICIES_CALLER,   /* a built-in rule permits it: Guardrails and the PolicySet may forbid */
};

/* Fault: FAULT_INTERNAL. r is lent. */
bool policies_new(struct realm *r, struct policies **ret, struct fault *f) CHECKED;
void policies_free(struct policies *p); /* NULL is allowed */

/*
 * Decide on r for tenant (of staff: the platform's). Rates and quotas count in this process,
 * and with peek not.
 * Fault: FAULT_BUSY the policies cannot be read: nothing is permitted.
 */
bool policies_rule(struct policies *p, const char *tenant, enum policies_layer layer,
    const struct request *r, bool peek, struct ruling *ret, struct fault *f) CHECKED;
/* The same, with the decision itself: what is owed for a permit. d is lent until the next call, and
 * is not filled in where nothing was asked. */
bool policies_decide(struct policies *p, const char *tenant, enum policies_layer layer,
    const struct request *r, bool peek, struct ruling *ret, struct decision *d,
    struct fault *f) CHECKED;
/* The set itself, for who decides by it in ways of his own; lent until the next call. *ret is NULL
 * where no document is in force. Fault: FAULT_BUSY. */
bool policies_set(
    struct policies *p, const char *tenant, const struct set **ret, struct fault *f) CHECKED;
struct counters *policies_counters(struct policies *p);
struct zones *policies_zones(struct policies *p);

/* FAULT_DENIED with the words of a ruling that is no permit, for whoever is refused. */
bool policies_refuse(const struct ruling *v, struct fault *f);
/* The member "decision_id", as a problem has it: JSON. */
void policies_members(const struct ruling *v, struct bytes *ret);

/* Goes up whenever a set of this process became another, or could not be read. */
uint64_t policies_turn(struct policies *p);
/* Does any set that was needed here have a rule? */
bool policies_any(const struct policies *p);
/* Is anything known that cannot be read? Its words then stand in to. */
bool policies_broken(const struct policies *p, char to[static FAULT_TEXT_MAX]);

/* The signer's, once a round: what each set that it has compiled is made of, into the batches of
 * the ledgers, so that what was decided by it can be decided again (ca/policy_book.h). */
void policies_keep(struct policies *p);

/* 128 random bits, hex. */
void policies_id(char to[static POLICIES_ID_LETTERS + 1]);

#endif
