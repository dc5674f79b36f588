/*
 * relay/decider.h - may this be printed, released, fetched, scanned? Asked of whoever holds the
 * policies.
 *
 * The relay's process answers by the ledger's policies, a connector without its service by the
 * offline bundle. Handlers in relay/ know this and no more.
 */
#ifndef QUATRAIN_RELAY_DECIDER_H
#define QUATRAIN_RELAY_DECIDER_H

#include "base/exchange.h"
#include "policy/identity.h"
#include "policy/rules.h"
#include "relay/job.h"

#define DECIDER_OBLIGATIONS_MAX 8

struct decider_question {
	enum act act; /* ACT_PRINT_SUBMIT, ACT_PRINT_RELEASE, ACT_PRINT_FETCH, ACT_SCAN_SEND */
	const struct identity *who;
	const struct job *job; /* of print acts: as it would become; lent */
	const char *sides,
	    *color;              /* of a print act, in place of what its template asks for; NULL */
	const char *printer;     /* where: a printer's name; NULL: the pull queue */
	bool owner_present;      /* of a release: its owner proved to be there */
	const char *how;         /* pin, badge, owner; NULL: nothing was proven */
	const char *destination; /* of a scan; NULL */
	uint64_t octets;         /* of a scan */
	const char *owner;       /* of a scan: whose it is; of a job it stands there */
};

struct decider_answer {
	bool permit;
	char decision[EXCHANGE_DECISION_MAX];
	char why[EXCHANGE_WHY_MAX]; /* of a no */
	size_t obligations_n; /* of a yes: all that is owed, each supported (relay/template.h) */
	struct {
		char name[32];
		char value[64]; /* of its one parameter; empty: none */
	} obligations[DECIDER_OBLIGATIONS_MAX];
};

/* Fault: FAULT_BUSY nobody can decide now: no. x is whose request it is; NULL: nobody's. */
struct decider {
	bool (*decide)(void *with, struct exchange *x, const struct decider_question *q,
	    struct decider_answer *ret, struct fault *f);
	void *with;
};

#endif
