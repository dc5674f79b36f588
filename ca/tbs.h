/*
 * ca/tbs.h - fills a certificate in: TBSCertificate from a decision.
 *
 * Nothing in it is copied from a request but the public key. The octets that
 * come out are the ones that are recorded, linted, signed and stored.
 * Source: RFC 5280 sections 4.1 and 4.2.
 */
#ifndef QUATRAIN_CA_TBS_H
#define QUATRAIN_CA_TBS_H

#include "ca/name.h"
#include "ca/profile.h"

#define TBS_SERIAL_OCTETS   16
#define TBS_KEY_ID_OCTETS   20
#define TBS_NAMES_MAX       16
#define PROVENANCE_TEXT_MAX 96

enum constraint_mode { CONSTRAINTS_NONE, CONSTRAINTS_STRICT, CONSTRAINTS_COMPATIBLE };

struct provenance {
	char enroller[PROVENANCE_TEXT_MAX]; /* an id, never a person's name */
	char how[16];                       /* token, certificate, operator, ceremony, service */
	char evidence[PROVENANCE_TEXT_MAX]; /* token id, or serial of the certificate that was
					       renewed */
	int64_t at_s;
	enum assurance assurance;
};

/* One fenced-in domain a text: DNS names, mail hosts and (the first) URI host that a tenant CA may
 * name. */
struct constraints {
	enum constraint_mode mode;
	size_t n;
	char host[TBS_NAMES_MAX][TEXT_HOST_MAX];
};

struct tbs {
	const struct profile *profile;
	uint8_t
	    serial[TBS_SERIAL_OCTETS];   /* first octet 01 to 7f: positive, and 16 octets exactly */
	struct octets issuer;            /* DER Name; n 0: self-signed */
	struct octets issuer_key_id;     /* n 0: self-signed */
	const char *org, *unit, *common; /* subject; unit may be NULL */
	struct octets spki;              /* DER SubjectPublicKeyInfo */
	int64_t not_before_s, not_after_s;
	const char *uri; /* NULL: none */
	size_t dns_n, ip_n;
	const char *dns[TBS_NAMES_MAX];
	struct octets ip[TBS_NAMES_MAX];       /* 4 or 16 octets */
	const struct constraints *constraints; /* tenant CAs; NULL elsewhere */
	const char *public_url; /* for AIA and CRL, of the issuer; no slash at its end */
	unsigned shards;        /* of the issuer's CRL; 0 and 1: it is one */
	const struct provenance *provenance; /* NULL: not written (CAs, responders) */
};

/* Append the DER. Faults: FAULT_BADREQ the key is not DER, FAULT_INTERNAL. */
bool tbs_encode(const struct tbs *t, struct bytes *ret, struct fault *f) CHECKED;

/* A subject's DER Name alone: O, OU where there is one, CN, all UTF8String. */
bool tbs_name(const char *org, const char *unit, const char *common, struct bytes *ret,
    struct fault *f) CHECKED;

/* Key identifier: the first 160 bits of SHA-256 over the public key bits (RFC 7093 section 2,
 * method 1). */
bool tbs_key_id(struct octets spki, uint8_t to[static TBS_KEY_ID_OCTETS], struct fault *f) CHECKED;

/*
 * In which shard of its issuer's CRL a serial stands: ranges of serials one behind the other, so
 * that each shard's rows lie together. How many there are is said when the CA is made, and stays:
 * it decides the distribution point that a certificate names for good.
 */
#define TBS_SHARDS_MAX 256
unsigned tbs_shard(const uint8_t serial[static TBS_SERIAL_OCTETS], unsigned shards);
/* The first serial that a shard could hold. */
void tbs_shard_first(unsigned shard, unsigned shards, uint8_t to[static TBS_SERIAL_OCTETS]);
/* Where its CRL is found beneath public_url: "crl/<key id>.crl", of a shard
 * "crl/<key id>/<shard>.crl". issuer is a key id, or empty. */
#define TBS_CRL_PATH_MAX 64
void tbs_crl_path(
    struct octets issuer, unsigned shard, unsigned shards, char to[static TBS_CRL_PATH_MAX]);

/* A certificate from its parts: tbs, ecdsa-with-SHA256, signature (DER Ecdsa-Sig-Value). */
bool tbs_seal(
    struct octets tbs, struct octets signature, struct bytes *ret, struct fault *f) CHECKED;

#endif
