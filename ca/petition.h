/*
 * ca/petition.h - a device that asked for a certificate and waits for a registrar's word.
 *
 * TABLE_REQUEST of its tenant: SHA-256 of the SubjectPublicKeyInfo -> the
 * request. Clients sign their PKCS #10 anew at each poll, so the key and the
 * names say that it is the same one. TABLE_REQUEST of the platform: the same key
 * -> whose tenant and which profile, for clients that lose their path when they
 * are told to wait.
 *
 * A request that nobody decides expires, and so does one that was approved and
 * is never fetched; its row is kept a while longer for people. Both are done by
 * whoever opens the next one, from an index by time: nothing scans, and a poll
 * writes nothing. Counters hold what strangers can make in bounds.
 *
 * TABLE_META: "request-due:", u64, key -> nothing; "request-open:" and "strangers" or
 * "proven" -> u64; "request-from:" and an address -> u64.
 */
#ifndef QUATRAIN_CA_PETITION_H
#define QUATRAIN_CA_PETITION_H

#include "ca/csr.h"
#include "ca/realm.h"
#include "ca/wire.h"

#define PETITION_KEY_OCTETS    32
#define PETITION_ID_LETTERS    16
#define PETITION_CSR_MAX       4096
#define PETITION_REASON_MAX    200
#define PETITION_OPEN_S        (7 * 86400)  /* until it expires; an approved one begins anew */
#define PETITION_KEPT_S        (30 * 86400) /* a row that is of no use any more */
#define PETITION_STRANGERS_MAX 1000         /* waiting, of a tenant, with no proof but their key */
#define PETITION_PROVEN_MAX    10000        /* waiting, of a tenant, with a token or an IDevID */
#define PETITION_ONE_MAX       16           /* waiting strangers of one address (IPv6: /64) */

enum petition_state {
	PETITION_WAITING = 1,
	PETITION_APPROVED, /* the device may fetch its certificate */
	PETITION_REFUSED,
	PETITION_ISSUED,
	PETITION_EXPIRED,
};

struct petition {
	uint8_t key[PETITION_KEY_OCTETS]; /* in TABLE_REQUEST; the id is its first 8 octets */
	enum petition_state state;
	enum enrol_way way;
	struct endpoint device;
	char profile[TEXT_LABEL_MAX];
	char source[IDENTITY_SOURCE_MAX];
	char proof[PROVENANCE_TEXT_MAX]; /* the token's id, or the IDevID's serial; empty: none */
	int64_t asked_s;
	int64_t due_s;        /* when it expires; of one that is of no use: when its row goes */
	uint64_t asked_index; /* of enrolment.asked in the log */
	int64_t decided_s;    /* 0: it was not, like the next three */
	uint64_t decided_index;
	char by[PROVENANCE_TEXT_MAX];
	char reason[PETITION_REASON_MAX + 1];
	uint8_t replaces[TBS_SERIAL_OCTETS]; /* what the device had when it was approved, or zeros
					      */
	uint8_t serial[TBS_SERIAL_OCTETS];   /* of what was issued */
	uint8_t digest[32];                  /* SHA-256 of the PKCS #10 that it was asked with */
	struct octets csr; /* that itself, lent by the row; n 0 once it was issued */
};

void petition_id(const struct petition *r, char to[static PETITION_ID_LETTERS + 1]);
/* waiting, approved, refused, issued, expired */
const char *petition_state_word(enum petition_state state);

/* Its state at now_s. An issuance that was abandoned leaves it approved. Fault: FAULT_INTERNAL. */
bool petition_state(struct ledger *l, const struct petition *r, int64_t now_s,
    enum petition_state *ret, struct fault *f) CHECKED;

/* A row; what ret lends is lent from value. */
bool petition_read(
    const char *tenant, struct octets key, struct octets value, struct petition *ret);
/*
 * By its key, or by its id. row is cleared, and keeps what ret lends.
 * Faults: FAULT_NOTFOUND, FAULT_INTERNAL
 */
bool petition_get(struct ledger *l, const uint8_t key[static PETITION_KEY_OCTETS],
    struct bytes *row, struct petition *ret, struct fault *f) CHECKED;
bool petition_find(struct ledger *l, const char *id, struct bytes *row, struct petition *ret,
    struct fault *f) CHECKED;

/* Does csr ask, for device, for what r asked for? Fault: FAULT_CONFLICT, saying what differs. */
bool petition_same(const struct petition *r, const struct csr *csr, const struct endpoint *device,
    struct fault *f) CHECKED;

/* The one common name of a subject, which must be a DNS label. Fault: FAULT_BADREQ. */
bool petition_name(struct octets subject, char to[static TEXT_LABEL_MAX], struct fault *f) CHECKED;

/*
 * A new one, or one anew, into the batches of l and of the platform, after what is due was done.
 * Faults: FAULT_BUSY too many wait, of the tenant or of the address; FAULT_LIMIT over
 * PETITION_CSR_MAX; FAULT_INTERNAL
 */
bool petition_open(struct realm *realm, struct ledger *l, struct petition *r, int64_t now_s,
    struct fault *f) CHECKED;
/* What is there of the same key becomes r, from now on in state r->state; r->due_s is put in.
 * Fault: FAULT_INTERNAL. */
bool petition_turn(struct ledger *l, struct petition *r, enum petition_state to, int64_t due_s,
    struct fault *f) CHECKED;
/* The row alone. Fault: FAULT_INTERNAL. */
bool petition_put(struct ledger *l, const struct petition *r, struct fault *f) CHECKED;

/* The newest good or held certificate of device, which a new one would replace; zeros: none.
 * Fault: FAULT_INTERNAL. */
bool petition_replaces(struct ledger *l, const struct endpoint *device, int64_t now_s,
    uint8_t ret[static TBS_SERIAL_OCTETS], struct fault *f) CHECKED;

/* Whose request has this key: for who asks without saying so. */
struct petition_route {
	char tenant[TEXT_LABEL_MAX], profile[TEXT_LABEL_MAX];
};
bool petition_read_route(struct octets value, struct petition_route *ret);
/* Into the platform's batch. Fault: FAULT_INTERNAL. */
bool petition_put_route(struct ledger *platform, const struct petition *r, struct fault *f) CHECKED;
/* Faults: FAULT_NOTFOUND, FAULT_INTERNAL. */
bool petition_route(struct realm *realm, const uint8_t key[static PETITION_KEY_OCTETS],
    struct petition_route *ret, struct fault *f) CHECKED;

#endif
