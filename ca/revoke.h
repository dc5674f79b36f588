/*
 * ca/revoke.h - a certificate ends before its time.
 *
 * One commit writes the standing, the row that the CRL is made of, and the log
 * entry, whose index is the position that the API answers with. Signer only.
 * Source: RFC 5280 section 5.3.1.
 */
#ifndef QUATRAIN_CA_REVOKE_H
#define QUATRAIN_CA_REVOKE_H

#include "ca/log.h"

#define REASON_UNSPECIFIED    0
#define REASON_KEY_COMPROMISE 1
#define REASON_CA_COMPROMISE  2
#define REASON_SUPERSEDED     4
#define REASON_HOLD           6 /* a hold's alone: it is no reason to revoke */

/* TABLE_KEY's value for a key that was compromised: nobody may register it again. */
#define REVOKE_KEY_BURNT "revoked"

/* "keyCompromise" and so on; false for a word that RFC 5280 does not have, or that is not for us
 * (removeFromCRL). */
bool revoke_reason(const char *word, uint8_t *ret);
const char *revoke_reason_word(uint8_t reason);

/*
 * TABLE_REVOKED: what the CRL of s->issuer is made of. A row comes with a revocation or a hold, and
 * goes with a release. Each change counts up, so that a stored CRL can be told from a present one,
 * and leaves a row of its own in TABLE_CRL: issuer's key id, REVOKE_CHANGE, its number u64 ->
 * serial. A delta CRL is made of those. So a change costs as many writes whatever the list's
 * length. revoke_changes() says what is committed. Fault of all: FAULT_INTERNAL.
 */
#define REVOKE_CHANGE     0xff
#define REVOKE_CHANGE_KEY (TBS_KEY_ID_OCTETS + 1 + 8)
bool revoke_list(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS],
    const struct standing *s, struct fault *f) CHECKED;
bool revoke_unlist(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS],
    const struct standing *s, struct fault *f) CHECKED;
bool revoke_changes(struct ledger *l, const uint8_t issuer[static TBS_KEY_ID_OCTETS], uint64_t *ret,
    struct fault *f) CHECKED;
/* The key of the change number n, lent. */
struct octets revoke_change_key(const uint8_t issuer[static TBS_KEY_ID_OCTETS], uint64_t n,
    uint8_t to[static REVOKE_CHANGE_KEY]);

/*
 * Into l's batch. What was revoked for another reason may be revoked for keyCompromise
 * once more: its key burns, and the time stays. Faults: FAULT_NOTFOUND no such serial,
 * FAULT_CONFLICT it is revoked already or never was issued, FAULT_INTERNAL
 */
bool revoke_certificate(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS],
    uint8_t reason, const struct log_context *why, int64_t now_s, uint64_t *ret_index,
    struct fault *f) CHECKED;

/*
 * The thief of a key holds every certificate that names it: whatever else l has of the holder and
 * the key of serial (a renewal keeps the key where it may), and is good or held, is revoked for
 * keyCompromise too, each with an entry. Their serials are appended to
 * ret, TBS_SERIAL_OCTETS each. Fault: FAULT_INTERNAL.
 */
bool revoke_same_key(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS],
    const struct log_context *why, int64_t now_s, struct bytes *ret, struct fault *f) CHECKED;

/* An intent without an outcome: revoked, whether or not a signature was made. Faults:
 * FAULT_NOTFOUND, FAULT_CONFLICT it is no intent, FAULT_INTERNAL. */
bool revoke_abandoned(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS],
    const struct log_context *why, int64_t now_s, struct fault *f) CHECKED;

#endif
