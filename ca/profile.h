/*
 * ca/profile.h - the kinds of certificate there are, and what each may say.
 *
 * A table of values that cannot be invalid. Our own (CAs, responders, the log)
 * are constants; those of endpoints are read from YAML, once, at the start of a
 * process (ca/profile_set.h), and never change while it lives. The digest of a
 * profile stands in every intent, so that a certificate made under another
 * edition is noticed, and the signer signs none of another.
 *
 * Sources: RFC 5280 section 4.2.1, RFC 3279 section 2.3.1, RFC 6960 section
 * 4.2.2.2.
 */
#ifndef QUATRAIN_CA_PROFILE_H
#define QUATRAIN_CA_PROFILE_H

#include <stdint.h>

#include "base/bytes.h"
#include "ca/spki.h"
#include "ca/template.h"

#define PROFILE_EKU_MAX       2
#define PROFILE_DNS_MAX       4
#define PROFILE_DIGEST_OCTETS 32
#define PROFILE_NAMES_MAX     200 /* of profile_names() */

enum level { LEVEL_ROOT = 1, LEVEL_REGION, LEVEL_TENANT, LEVEL_ENDPOINT };

/* How sure we are of who added the endpoint: the grade of the channel; higher is surer. */
enum assurance {
	ASSURANCE_LEGACY,
	ASSURANCE_TOKEN,
	ASSURANCE_APPROVED,
	ASSURANCE_IDEVID,
	ASSURANCE_CEREMONY
};

/* KeyUsage bits as they stand in the BIT STRING's first octet (RFC 5280 section 4.2.1.3). */
#define USE_DIGITAL_SIGNATURE 0x80
#define USE_KEY_ENCIPHERMENT  0x20
#define USE_KEY_AGREEMENT     0x08
#define USE_CERT_SIGN         0x04
#define USE_CRL_SIGN          0x02

/* Which keys a certificate may be for, and who may ask for one over EST. */
enum { PROFILE_P256 = 1 << 0, PROFILE_RSA = 1 << 1 };
enum {
	PROFILE_BY_TOKEN = 1 << 0,
	PROFILE_BY_CERTIFICATE = 1 << 1,
	PROFILE_BY_REQUEST = 1 << 2,
	PROFILE_BY_IDEVID = 1 << 3
};

/* What challengePassword in a request is (RFC 7030 section 3.5; RFC 9266). */
enum binding {
	BINDING_CHECKED = 1, /* where there is one, it must be this connection's binding */
	BINDING_REQUIRED,    /* and there must be one */
	BINDING_STATIC,      /* a password of the fleet's own: passed over */
};

struct profile {
	char name[TEXT_LABEL_MAX];
	char kind[TEXT_LABEL_MAX]; /* of an endpoint, as its URI says; of ours: the name again */
	enum level level;
	uint8_t key_usage; /* for a P-256 key: see profile_usage() */
	int path_len;      /* CAs: pathLenConstraint; -1: not a CA */
	const struct octets *eku[PROFILE_EKU_MAX];
	int64_t valid_s;
	int64_t back_s; /* notBefore is set back so far, for clocks that are behind */
	bool enrol;     /* a device may come in by it: ask has a way without a certificate */
	bool named;     /* carries the endpoint's URI, and the names of the templates */
	bool status;    /* carries AIA and a CRL distribution point */
	bool nocheck;   /* OCSP responder: id-pkix-ocsp-nocheck */
	/* what endpoints' profiles say besides; of ours zeros, but keys and templates */
	unsigned keys;                       /* PROFILE_P256, PROFILE_RSA */
	unsigned rsa_min, rsa_max, rsa_step; /* bits of a modulus: min, min + step, ... to max */
	struct template unit, common;        /* of the subject; named ones */
	size_t dns_n;
	struct template dns[PROFILE_DNS_MAX];
	int64_t window_s;         /* a renewal is taken so long before notAfter */
	unsigned ask;             /* PROFILE_BY_* */
	bool officer;             /* a token for it is an officer's to make, as is an approval */
	bool each;                /* a first enrolment waits for a registrar, whatever its proof */
	enum assurance assurance; /* a renewal is for certificates of at least this */
	enum binding binding;
	int64_t grace_s; /* so long after its end a certificate still renews; 0: not at all */
};

/* NULL for an unknown name, which every endpoint's is before profile_load(). */
const struct profile *profile_find(const char *name);
/* The endpoints' profiles in the order of their names; NULL beyond the last. */
const struct profile *profile_at(size_t i);
/* Is it one of our own, which no file may call its profile? */
bool profile_is_own(const char *name);

/* checked, required, static; "" for none. */
const char *profile_binding_word(enum binding b);

/* The kind of the profile name; name itself where there is none (any more). */
const char *profile_kind(const char *name);
/* "gateway, legacy-rsa, ..." of those that a token can be made for; cut short with dots. */
void profile_names(char to[static PROFILE_NAMES_MAX]);

/* SHA-256 over all of the profile's values. Fault: FAULT_INTERNAL. */
bool profile_digest(
    const struct profile *p, uint8_t to[static PROFILE_DIGEST_OCTETS], struct fault *f) CHECKED;

/* When a certificate made now under issuer's notAfter ends: validity nests. */
int64_t profile_not_after(const struct profile *p, int64_t now_s, int64_t issuer_not_after_s);

/* The key usage for a key of this kind: RSA keys agree on nothing, they encipher. */
uint8_t profile_usage(const struct profile *p, enum spki_kind kind);
/* The names of endpoint e by the templates. Fault: FAULT_BADREQ one does not fit; says which. */
bool profile_fill(const struct profile *p, const struct name_space *ns, const struct endpoint *e,
    char unit[static TEMPLATE_TEXT_MAX], char common[static TEMPLATE_TEXT_MAX],
    char dns[static PROFILE_DNS_MAX][TEXT_HOST_MAX], struct fault *f) CHECKED;
/* May a certificate be for this key? Fault: FAULT_BADREQ, saying which keys may. */
bool profile_takes(const struct profile *p, struct octets spki, struct fault *f) CHECKED;

#endif
