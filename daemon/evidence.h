/*
 * daemon/evidence.h - what a decision by policies is made from, as far as it was verified.
 *
 * The one place where a certificate of ours becomes attributes (policy/attribute.h): what stands in
 * the ledger about it, and nothing that anybody says of himself. An enforcement point of somebody
 * else names a certificate, by its octets or by name and SHA-256; the rest is looked up here.
 */
#ifndef QUATRAIN_DAEMON_EVIDENCE_H
#define QUATRAIN_DAEMON_EVIDENCE_H

#include "ca/identify.h"
#include "ca/name.h"
#include "policy/request.h"

#define EVIDENCE_ID_MAX NAME_URI_MAX
#define EVIDENCE_SKI    (sizeof("ski:") + (size_t)2 * TBS_KEY_ID_OCTETS)

/* Texts that a request lends from: it must stay where it is as long as that is used. */
struct evidence {
	char id[EVIDENCE_ID_MAX]; /* spiffe://...; empty: nobody */
	char role[TEXT_LABEL_MAX], name[TEXT_LABEL_MAX];
	bool has_certificate; /* or one that is about to be made */
	bool is_made;         /* serial and sha256 are known */
	char serial[2 * TBS_SERIAL_OCTETS + 1], sha256[2 * 32 + 1];
	char profile[TEXT_LABEL_MAX], enroller[PROVENANCE_TEXT_MAX], how[16];
	enum assurance assurance;
	unsigned level;
	int64_t not_before_s, not_after_s;
	bool key_pinned;
	uint64_t key; /* the beginning of its SHA-256; 0: not known */
	char root[EVIDENCE_SKI], region[EVIDENCE_SKI], tenant[EVIDENCE_SKI]; /* empty: not known */
};

/* The holder of der, of whom identify() said who and also. Fault: FAULT_INTERNAL. */
bool evidence_of(struct realm *r, struct octets der, const struct identity *who,
    const struct identified *also, struct evidence *ret, struct fault *f) CHECKED;
/* The same of a certificate that somebody names by its octets. who may be NULL; who->good says
 * whether it holds now. Faults: those of identify(). */
bool evidence_find(struct realm *r, struct octets der, int64_t now_s, struct identity *who,
    struct evidence *ret, struct fault *f) CHECKED;
/* The same by the SPIFFE id and the certificate's SHA-256, of what its holder has now. Faults:
 * FAULT_AUTH there is none, FAULT_INTERNAL. */
bool evidence_find_digest(struct realm *r, const char *id, const uint8_t sha256[static 32],
    int64_t now_s, struct identity *who, struct evidence *ret, struct fault *f) CHECKED;

/* Whoever has no certificate of ours: the machine's own user ("spiffe://platform.../machine/local",
 * role officer), or nobody. */
void evidence_without(struct realm *r, const struct identity *who, struct evidence *ret);

/* The certificate that e would get now from issuer. Fault: FAULT_INTERNAL. */
struct evidence_coming {
	const struct authority *issuer;
	const struct endpoint *endpoint;
	const struct provenance *provenance;
	const char *profile;
	int64_t lifetime_s;
};
bool evidence_to_come(struct realm *r, const struct evidence_coming *c, struct evidence *ret,
    struct fault *f) CHECKED;

/* A request of it: subject, cert, chain, source, time. source is "address:port", "[address]:port",
 * or what has no address. Resource and context are the caller's to add. */
void evidence_request(const struct evidence *e, const char *action, const char *source,
    int64_t now_s, struct request *ret);
/* resource.type, id and tenant; NULL: left out. Texts are lent. */
void evidence_resource(struct request *r, const char *type, const char *id, const char *tenant);

#endif
