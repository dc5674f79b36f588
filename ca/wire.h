/*
 * ca/wire.h - what may be asked of the signer, as messages.
 *
 * A body is a row of counted values (base/bytes.h) in the order of the struct.
 * A decoder lends from the body and refuses anything left over.
 */
#ifndef QUATRAIN_CA_WIRE_H
#define QUATRAIN_CA_WIRE_H

#include "base/bytes.h"
#include "base/exchange.h"
#include "base/text.h"
#include "policy/identity.h"

enum wire_verb {
	/* struct wire_enroll -> certificate DER, counted; log index u64. An empty certificate: it
	 * waits for a registrar; seconds until the next try u64 */
	WIRE_ENROLL = 1,
	WIRE_DEVICE,  /* struct wire_enroll without a request -> whose token it is, unspent: kind,
			 name, profile, counted texts */
	WIRE_OCSP,    /* an OCSPRequest, DER -> an OCSPResponse, DER */
	WIRE_REFUSED, /* struct wire_refused -> nothing: one log entry, rate-limited */
	WIRE_SERVICE, /* nothing -> PKCS #8, leaf, tenant and region, each counted */
	WIRE_TENANT,  /* these: struct wire_act -> the API's answer, JSON */
	WIRE_OPERATOR,
	WIRE_TOKEN,
	WIRE_TOKEN_REVOKE,
	WIRE_REVOKE,
	WIRE_EXPORT,
	WIRE_KEYS, /* object: the CA after which to go on */
	WIRE_TENANT_SUSPEND,
	WIRE_TENANT_RESUME,
	WIRE_REGION_SUSPEND, /* the region is the act's object */
	WIRE_REGION_RESUME,
	WIRE_HOLD,
	WIRE_RELEASE,
	WIRE_ROLL,     /* a tenant's new CA beside the old one */
	WIRE_SESSIONS, /* of an edge, u64 in all, then rows of key id, u32: live connections by the
			  CA of the client's certificate -> nothing */
	WIRE_BACKUP,
	WIRE_FEED,  /* object: "changes N", "snapshot PLACE" (ca/feed_piece.h), "offline" (the head
		       of a bundle, ca/offline_file.h) or "certificates" ->
		       a signed note, or PEM */
	WIRE_STATE, /* nothing -> what the signer knows to be stopped: rows of what u8 (bits
		       WIRE_STOPS_*), why, counted */
	WIRE_APPROVE, /* object: a request's id */
	WIRE_DISAPPROVE,
	WIRE_MAKER,
	WIRE_MAKER_REMOVE, /* object: its name */
	WIRE_DEVICES,
	WIRE_DEVICE_REMOVE,
	WIRE_OPERATOR_ROLE, /* object: its name */
	WIRE_OPERATOR_REMOVE,
	WIRE_ACT_APPROVE, /* object: an act's id */
	WIRE_ACT_REFUSE,
	WIRE_REVOKE_MANY,     /* object: serials, one behind the other, or nothing */
	WIRE_ENDPOINT_REMOVE, /* object: "kind/name" */
	WIRE_REDACT,
	WIRE_WEBHOOK_TEST, /* object: its name */
	WIRE_ACTIVITY,     /* of an edge or the desk: struct wire_activity -> how many were not kept
			      u32: what it saw, for the activity logs (daemon/activity.h) */
	WIRE_POLICY,       /* object: a Guardrail's name, and no tenant; or a tenant */
	WIRE_POLICY_REMOVE,
	WIRE_PRINTER,        /* object: its name */
	WIRE_PRINTER_REMOVE, /* the same */
	WIRE_BADGE,
	WIRE_BADGE_REMOVE, /* object: its id */
	WIRE_GRANT,        /* struct wire_act of a connector: leave for a scan (relay/grant.h) */
	WIRE_RELEASE_KEY,  /* a tenant, counted -> the certificate that its documents are sealed to,
			      DER, and those above it, each counted; made where there is none */
	WIRE_REWRAP,       /* struct wire_rewrap -> an envelope (relay/envelope.h) */
	WIRE_VERIFIER, /* of a relay: a tenant, and the SHA-256 of a PIN or badge, each counted ->
			  32 octets (daemon/verifier.h) */
	WIRE_CHANGED,  /* signer to its askers, unasked, id 0: a standing changed for the worse */
	/* from here on: main and its children */
	WIRE_LINE,     /* to a child, role u8: the descriptor that rides along leads to that role */
	WIRE_SETTINGS, /* to a child: struct settings as it lies in memory: one program, one layout
			*/
	WIRE_LISTENER, /* to a child, face u8: a listening socket rides along */
	WIRE_PASSPHRASE, /* to the signer: what the keys are sealed with */
	WIRE_STOP,       /* to a child: finish what is in hand and end */
	WIRE_READY,      /* from a child: it serves */
	WIRE_PROFILES,   /* to a child: a bundle (ca/profile_set.h) */
	WIRE_PIN,        /* to the signer, where there is a token: its source, the PIN, counted */
	WIRE_TALLY,      /* to a child, its number among them u8: shared memory rides along
			    (daemon/tally.h) */
	WIRE_HABITS,     /* to the edges and the desk: shared memory rides along (daemon/habits.h)
			  */
	WIRE_LOCK,       /* to the signer: the data folder's lock, held as long as it lives */
};

/* An act's answer in place of 0, as bits: it was done, but ... */
#define WIRE_DONE     0x8000u
#define WIRE_WAITS    0x0001u /* ... it waits for a second person: {"id",...} */
#define WIRE_REPEATED 0x0002u /* ... when the same request came before: the answer of then */

#define WIRE_DIGEST_OCTETS     32
#define WIRE_DECISION_MAX      EXCHANGE_DECISION_MAX
#define WIRE_STOPS_ISSUING     (1u << 0)
#define WIRE_STOPS_REVOKING    (1u << 1)
#define WIRE_STOPS_CHECKPOINTS (1u << 2) /* those of one log at least */
#define WIRE_SESSIONS_MAX      2048      /* rows */

/* What an enrolment stands on (daemon/proof.h). */
enum enrol_way {
	ENROL_TOKEN = 1,
	ENROL_CERTIFICATE, /* a renewal */
	ENROL_REQUEST,     /* nothing but the key: a registrar says yes or no */
	ENROL_IDEVID,      /* the certificate of the device's manufacturer */
};

struct wire_enroll {
	enum enrol_way way;
	char tenant[TEXT_LABEL_MAX];
	char profile[TEXT_LABEL_MAX]; /* of the EST label; empty: none was named */
	char source[IDENTITY_SOURCE_MAX];
	struct octets user, password; /* HTTP Basic; n 0 for a renewal */
	struct octets peer;    /* DER of the client's certificate; n 0 for a first enrolment */
	struct octets above;   /* what the client sent beside it: DERs one behind the other */
	struct octets csr;     /* DER */
	struct octets binding; /* of the TLS connection: 32 tls-exporter (RFC 9266), n 0 none */
	uint8_t profiles[WIRE_DIGEST_OCTETS]; /* the set that the edge judged by */
};

/* One act of an operator. */
struct wire_act {
	char tenant[TEXT_LABEL_MAX]; /* from the path; empty where it has none */
	char source[IDENTITY_SOURCE_MAX];
	struct octets object; /* from the path: serial, token id; n 0: none */
	struct octets peer;   /* DER; n 0: the machine's own user, which only the desk may say */
	struct octets json;   /* the request's body */
	struct octets match;  /* If-Match (RFC 9110 section 13.1.1); n 0: none */
	struct octets key;    /* Idempotency-Key; n 0: none */
};

/* A request that was refused before it came to the signer. */
struct wire_refused {
	char tenant[TEXT_LABEL_MAX]; /* empty: none known */
	char source[IDENTITY_SOURCE_MAX];
	struct octets act, peer, text;
	char decision[WIRE_DECISION_MAX]; /* its id, as the asker was told; empty: none */
	uint16_t code;                    /* fault_code */
};

#define WIRE_OWNER_MAX 256
/* A document's key, to be wrapped to a connector that may print it. */
struct wire_rewrap {
	char tenant[TEXT_LABEL_MAX];
	char source[IDENTITY_SOURCE_MAX];
	char printer[TEXT_LABEL_MAX];
	char owner[WIRE_OWNER_MAX]; /* SPIFFE id of whose job it is */
	uint8_t job[16];            /* its UUID */
	uint32_t number;            /* of the document */
	uint8_t grade;              /* enum job_grade */
	uint64_t size;              /* plain octets */
	struct octets peer;         /* the connector's certificate, DER */
	struct octets envelope;     /* to the tenant's release certificate */
};
/*
 * Facts of one asker, in the order in which it saw them: rows of tenant, counted text (empty: the
 * platform), and an entry, counted JSON. An asker that is not answered sends the same batch again.
 */
struct wire_activity {
	uint8_t asker; /* its number among main's children */
	uint64_t life; /* random, of the process */
	uint64_t turn; /* of the batch, from 1: what is not over the last one that a ledger saw is
			  there */
	struct octets rows;
};
#define WIRE_ACTIVITY_TENANTS 32 /* in one batch: each is a commit of its own */

void wire_put_enroll(const struct wire_enroll *e, struct bytes *ret);
void wire_put_act(const struct wire_act *a, struct bytes *ret);
void wire_put_refused(const struct wire_refused *a, struct bytes *ret);

void wire_put_rewrap(const struct wire_rewrap *w, struct bytes *ret);
void wire_put_activity(const struct wire_activity *a, struct bytes *ret);

/* Fault: FAULT_BADREQ, which can only be a captured asker's doing. */
bool wire_enroll(struct octets body, struct wire_enroll *ret, struct fault *f) CHECKED;
bool wire_act(struct octets body, struct wire_act *ret, struct fault *f) CHECKED;
bool wire_refused(struct octets body, struct wire_refused *ret, struct fault *f) CHECKED;
bool wire_rewrap(struct octets body, struct wire_rewrap *ret, struct fault *f) CHECKED;
bool wire_activity(struct octets body, struct wire_activity *ret, struct fault *f) CHECKED;

#endif
