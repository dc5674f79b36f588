/*
 * ca/log_keys.h - whose signatures under a checkpoint a verifier believes.
 *
 * A file tells of them in one of three ways: by certificates (PEM: log, tenant,
 * region), which count only with the root that they lead to; by verifier keys,
 * one a line (C2SP signed-note), which count because the verifier has them from
 * a place that it trusts; or by both, for the log and for its region's cosigner,
 * as GET /v1/tenants/{t}/log/keys answers (JSON): with a root the certificates
 * count, and without one the keys; and past ones too, each for the time of its
 * certificate.
 */
#ifndef QUATRAIN_CA_LOG_KEYS_H
#define QUATRAIN_CA_LOG_KEYS_H

#include "ca/note.h"

#define LOG_KEYS_MAX 131072 /* octets of such a file */
#define LOG_KEYS_OLD 32

struct log_known_key {
	char name[LOG_ORIGIN_MAX];
	uint8_t key[32];
};

struct log_keys {
	bool rooted;              /* by certificates, up to the root */
	struct log_known_key log; /* of the log that was asked for */
	/* Past ones of the same log, by which an older checkpoint holds. */
	size_t olds;
	struct log_known_key old[LOG_KEYS_OLD];
	size_t cosigners;
	struct log_known_key cosigner[LOG_NOTE_LINES];
};

/* Are there certificates alone in it, so that it says nothing without a root? */
bool log_keys_want_root(struct octets file);
/*
 * The keys of the log called origin: root (PEM; n 0: none) is what certificates lead to, which must
 * hold at at_s. Faults: FAULT_BADREQ what is wrong with file, FAULT_NOTFOUND no key of that log in
 * it, FAULT_DENIED no path to the root
 */
bool log_keys_read(struct octets file, struct octets root, const char *origin, int64_t at_s,
    struct log_keys *ret, struct fault *f) CHECKED;

#endif
