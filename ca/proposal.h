/*
 * ca/proposal.h - an act of an operator that waits for a second person: TABLE_PROPOSAL.
 *
 * The request stands there as it came, so that the approval runs it again, with what the second
 * person was shown, and a digest of what it was judged by. Rows are of the platform's ledger. What
 * was decided is kept for people a while longer; the log has it for good. Signer only writes.
 */
#ifndef QUATRAIN_CA_PROPOSAL_H
#define QUATRAIN_CA_PROPOSAL_H

#include "ca/log.h"
#include "policy/identity.h"

#define PROPOSAL_ID_LETTERS    16
#define PROPOSAL_REASON_MAX    200
#define PROPOSAL_OPEN_S        86400        /* until it expires */
#define PROPOSAL_KEPT_S        (30 * 86400) /* of one that was decided, since it was asked */
#define PROPOSAL_WAITING_MAX   100
#define PROPOSAL_DIGEST_OCTETS 32

enum proposal_state { PROPOSAL_WAITING = 1, PROPOSAL_APPROVED, PROPOSAL_REFUSED, PROPOSAL_EXPIRED };

struct proposal {
	uint8_t id[PROPOSAL_ID_LETTERS / 2];
	enum proposal_state state;
	unsigned from; /* FROM_EDGE, FROM_DESK */
	int64_t asked_s, due_s, decided_s;
	uint64_t asked_index, decided_index;   /* of act.asked, and what ended it */
	char word[TEXT_LABEL_MAX];             /* "region.suspend": the duty's */
	char tenant[TEXT_LABEL_MAX];           /* whose; empty: the service's */
	char by[IDENTITY_TEXT_MAX];            /* who asked */
	char decided_by[IDENTITY_TEXT_MAX];    /* empty: nobody */
	char reason[PROPOSAL_REASON_MAX + 1];  /* of a refusal */
	uint8_t basis[PROPOSAL_DIGEST_OCTETS]; /* SHA-256 of what it was judged by */
	struct octets body;                    /* struct wire_act, encoded; lent, as is */
	struct octets shows;                   /* JSON: what will be done */
};

void proposal_id(const struct proposal *p, char to[static PROPOSAL_ID_LETTERS + 1]);
/* "waiting", "approved", "refused", "expired" as it is at now_s */
const char *proposal_state_word(const struct proposal *p, int64_t now_s);

/* A row; what ret lends is lent from value. */
bool proposal_read(struct octets key, struct octets value, struct proposal *ret);
void proposal_write(const struct proposal *p, struct bytes *ret); /* its value, appended */
/* By its id's letters. row is cleared, and keeps what ret lends. Faults: FAULT_NOTFOUND,
 * FAULT_INTERNAL. */
bool proposal_find(struct ledger *l, const char *id, struct bytes *row, struct proposal *ret,
    struct fault *f) CHECKED;
/* Into l's batch. Fault: FAULT_INTERNAL. */
bool proposal_put(struct ledger *l, const struct proposal *p, struct fault *f) CHECKED;

/* How many wait, and the id of one that asks for the same (zeros: none). Fault: FAULT_INTERNAL. */
bool proposal_waiting(struct ledger *l, const struct proposal *same, int64_t now_s, size_t *ret_n,
    uint8_t ret_id[static PROPOSAL_ID_LETTERS / 2], struct fault *f) CHECKED;

/* Into l's batch: what is due becomes expired, with an entry act.expired by why; what was kept long
 * enough goes. Fault: FAULT_INTERNAL. */
bool proposal_sweep(
    struct ledger *l, const struct log_context *why, int64_t now_s, struct fault *f) CHECKED;

#endif
