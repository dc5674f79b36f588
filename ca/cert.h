/*
 * ca/cert.h - a certificate's facts, read from its DER.
 *
 * cert_read() reads any certificate of RFC 5280 and says what it found;
 * cert_parse() takes those alone that this authority could have made, by their
 * shape. Neither verifies a signature; see ca/leaf.h (what an end entity of ours must be),
 * ca/identify.h (our ledger knows the exact octets), ca/chain.h and
 * ca/audit.h (a path).
 * Source: RFC 5280 sections 4.1 and 4.2.
 */
#ifndef QUATRAIN_CA_CERT_H
#define QUATRAIN_CA_CERT_H

#include "ca/tbs.h"

#define CERT_MAX_OCTETS 8192
#define CERT_READ_MAX   32 /* extensions in one certificate: more is nobody's */
#define CERT_NAMES_MAX  64 /* general names in one SubjectAltName that are looked at */

/* The extensions that are understood here; another that is critical makes a certificate useless. */
enum cert_extension {
	CERT_KEY_ID,
	CERT_ISSUER_KEY_ID,
	CERT_BASIC,
	CERT_KEY_USAGE,
	CERT_PURPOSES,
	CERT_ALT_NAMES,
	CERT_CONSTRAINTS,
	CERT_ACCESS,
	CERT_CRL_POINTS,
	CERT_NOCHECK,
	CERT_PROVENANCE,
	CERT_ASSURANCE,
	CERT_EXTENSIONS
};

/* GeneralName's choices as they are tagged (RFC 5280 section 4.2.1.6). */
#define CERT_NAME_MAIL 0x81
#define CERT_NAME_DNS  0x82
#define CERT_NAME_DIR  0xa4
#define CERT_NAME_URI  0x86
#define CERT_NAME_IP   0x87

#define CERT_USE_DECIPHER_ONLY 0x100u /* the ninth bit of KeyUsage */

struct cert {
	struct octets der, tbs;        /* lent, as long as the DER that was read */
	struct octets issuer, subject; /* DER Names */
	struct octets spki;
	struct octets alt_names;         /* content of the SubjectAltName SEQUENCE; n 0: none */
	struct octets number;            /* the serial number, content of its INTEGER */
	struct octets inner, outer;      /* AlgorithmIdentifiers: in the TBS, and beside it */
	struct octets signature;         /* content of its BIT STRING, without the unused bits */
	struct octets own_id, issuer_id; /* key identifiers of any length; n 0: none */
	struct octets extensions;        /* all, as the SEQUENCE that they stand in; n 0: none */
	struct octets extension[CERT_EXTENSIONS]; /* content of each OCTET STRING */
	unsigned present, critical, malformed;    /* bits 1u << enum cert_extension */
	bool twice;                               /* an extension stands there more than once */
	bool unknown;                             /* one is none of ours */
	bool unknown_critical;                    /* and it is critical */
	bool unique_ids;                          /* issuerUniqueID or subjectUniqueID */
	bool issuer_named; /* AuthorityKeyIdentifier names issuer or serial besides */
	bool ca;
	int version;  /* 1 to 3 */
	int path_len; /* pathLenConstraint, at most 255; -1: none */
	unsigned key_usage;
	unsigned purposes;                        /* how many extended key usages */
	bool any_purpose;                         /* anyExtendedKeyUsage is among them */
	unsigned uris, dns, ips, others;          /* how many names of each kind */
	uint8_t serial[TBS_SERIAL_OCTETS];        /* where the number has so many; else zeros */
	uint8_t issuer_key_id[TBS_KEY_ID_OCTETS]; /* the same */
	uint8_t key_id[TBS_KEY_ID_OCTETS];
	int64_t not_before_s, not_after_s;
	char uri[NAME_URI_MAX]; /* the first URI SAN; empty: none, or one that does not fit */
};

/*
 * Nothing is kept but what is lent from der. What is odd in it is told, not refused: an extension
 * that is not of its own syntax has its bit in malformed. Fault: FAULT_BADREQ.
 */
bool cert_read(struct octets der, struct cert *ret, struct fault *f) CHECKED;

/* The same, and of our shape: version 3, a serial of 16 octets, both key identifiers of 20, at most
 * one URI, no extension twice or malformed. Fault: FAULT_BADREQ. */
bool cert_parse(struct octets der, struct cert *ret, struct fault *f) CHECKED;

bool cert_has(const struct cert *c, enum cert_extension e);
bool cert_critical(const struct cert *c, enum cert_extension e);

/* The i-th extended key usage: content of its OBJECT IDENTIFIER. False beyond the last. */
bool cert_purpose(const struct cert *c, unsigned i, struct octets *ret_oid);

/* What tbs.c wrote of where it comes from. False where it is not there or not of that syntax. */
bool cert_provenance(const struct cert *c, struct provenance *ret);

/* legacy, token, approved, idevid, ceremony; "-" for no grade of ours. */
const char *cert_assurance_word(enum assurance grade);

/* Where its status is told; lent. False where either extension is missing or not as ours is. */
struct cert_places {
	struct octets ocsp, issuers, crl;
};
bool cert_places(const struct cert *c, struct cert_places *ret);

/* UTCTime or GeneralizedTime content as seconds. */
bool cert_time(uint8_t tag, struct octets content, int64_t *ret_s);

/* Append PEM. Fault: FAULT_INTERNAL. */
bool cert_pem(struct octets der, struct bytes *ret, struct fault *f) CHECKED;

#endif
