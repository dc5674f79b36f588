/*
 * ocsp/crl.h - the certificate revocation lists of a CA, as they are stored and read.
 *
 * Three kinds. The complete list covers all that a CA issued, has no
 * issuingDistributionPoint, and stands where every certificate of a CA without
 * shards points: /crl/<key id>.crl. A delta list (RFC 5280 section 5.2.4) says
 * what changed since a complete one, for who keeps a long one:
 * /crl/<key id>-delta.crl; the complete list of a tenant's CA points there
 * (freshestCRL). A shard lists a range of serials (ca/tbs.h), with its URL in a
 * critical issuingDistributionPoint (section 5.2.5): /crl/<key id>/<n>.crl.
 *
 * Shards are made only where "crl: shards:" was more than 1 when the CA was
 * founded: a client reads a list of one range then, and not of a million. But
 * some never take a critical extension in a list (Mbed TLS parses none, and
 * section 5.2 allows that), and they could not read the list that their
 * certificates name; so one list for all is the default, and the complete
 * list is there in either case. Measured with lists of this file: OpenSSL 3.0
 * (-crl_check), GnuTLS 3.7 (certtool) and Java 17 (CertPath, enableCRLDP) take
 * complete and sharded lists; OpenSSL takes deltas (-use_deltas), the others
 * pass over the pointer to them.
 *
 * A list is stored in pieces of its DER, since a million rows are some 40 MB,
 * under a number that nobody reads before its head names it: so readers never
 * see half of one, backups hold what was served, and an edge needs no file but
 * the ledger. The pieces of the list before stay until the next is begun.
 * Lists are made by ocsp/crl_build.h and ocsp/crl_issue.h, off any request.
 *
 * TABLE_CRL, beside the rows of ca/revoke.h:
 *	key id, kind u8, shard u16 -> struct crl_head, or of CRL_STATE struct crl_state
 *	key id, kind u8, shard u16, number u64, piece u32 -> octets
 *
 * Source: RFC 5280 section 5.
 */
#ifndef QUATRAIN_OCSP_CRL_H
#define QUATRAIN_OCSP_CRL_H

#include "ca/issue.h"

#define CRL_VALID_S         (7 * 86400)
#define CRL_VALID_OFFLINE_S (2 * 365 * 86400) /* an offline root's, made at the ceremony */
#define CRL_SIZE_MAX        (256u << 20)      /* octets of DER; some five million rows */
/* A piece is this long, and up to a row more: each is a sync, and others wait for it. */
#define CRL_PIECE_OCTETS  (256u << 10)
#define CRL_DIGEST_OCTETS 32

enum crl_kind { CRL_COMPLETE, CRL_DELTA, CRL_SHARD, CRL_STATE };

/* One list of a CA. */
struct crl_which {
	enum crl_kind kind;
	unsigned shard; /* of CRL_SHARD; else 0 */
};

struct crl_head {
	uint64_t number;           /* cRLNumber */
	uint64_t changes;          /* the last change (ca/revoke.h) that it surely has */
	int64_t made_s, until_s;   /* thisUpdate, nextUpdate */
	uint64_t base, base_since; /* of a delta: its base's number, and that one's changes */
	int64_t base_made_s;
	uint64_t rows, size; /* size: of the DER, octets */
	uint32_t pieces;
	uint8_t digest[CRL_DIGEST_OCTETS]; /* SHA-256 of its TBSCertList */
};

/* What a CA's lists have in common. */
struct crl_state {
	uint64_t number;       /* the last one given to any of them */
	uint64_t changes;      /* all shards have these */
	int64_t shards_made_s; /* when all shards were last made anew */
};

/* Faults of both: FAULT_NOTFOUND none was made yet, FAULT_INTERNAL. */
bool crl_head(struct ledger *l, const uint8_t ca[static TBS_KEY_ID_OCTETS], struct crl_which which,
    struct crl_head *ret, struct fault *f) CHECKED;
bool crl_state(struct ledger *l, const uint8_t ca[static TBS_KEY_ID_OCTETS], struct crl_state *ret,
    struct fault *f) CHECKED;
/* The DER of the list that has this head: h->size octets to to. Faults: FAULT_CONFLICT another took
 * its place meanwhile: read the head again; FAULT_INTERNAL. */
bool crl_read(struct ledger *l, const uint8_t ca[static TBS_KEY_ID_OCTETS], struct crl_which which,
    const struct crl_head *h, uint8_t *to, struct fault *f) CHECKED;

/*
 * Is it time to make the lists of ca anew, and when will it be, if nothing changes? *ret_changed:
 * something did since the complete one was made; *ret_due_s: it is past half its life then. Where
 * there is none, both say now. Fault: FAULT_INTERNAL.
 */
bool crl_due(struct ledger *l, const uint8_t ca[static TBS_KEY_ID_OCTETS], int64_t now_s,
    bool *ret_changed, int64_t *ret_due_s, struct fault *f) CHECKED;

/* Writers alone, into the batch of l. Fault: FAULT_INTERNAL. */
bool crl_put_head(struct ledger *l, const uint8_t ca[static TBS_KEY_ID_OCTETS],
    struct crl_which which, const struct crl_head *h, struct fault *f) CHECKED;
bool crl_put_state(struct ledger *l, const uint8_t ca[static TBS_KEY_ID_OCTETS],
    const struct crl_state *s, struct fault *f) CHECKED;

/* Keys, lent by to. */
#define CRL_HEAD_KEY  (TBS_KEY_ID_OCTETS + 3)
#define CRL_PIECE_KEY (CRL_HEAD_KEY + 12)
struct octets crl_head_key(const uint8_t ca[static TBS_KEY_ID_OCTETS], struct crl_which which,
    uint8_t to[static CRL_HEAD_KEY]);
struct octets crl_piece_key(const uint8_t ca[static TBS_KEY_ID_OCTETS], struct crl_which which,
    uint64_t number, uint32_t piece, uint8_t to[static CRL_PIECE_KEY]);

#endif
