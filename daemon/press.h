/*
 * daemon/press.h - revocation lists, made by the signer by itself and off any request.
 *
 * Whoever revokes is answered when the ledger has it; the CA's lists follow
 * (ocsp/crl_issue.h), at once where none was made for "crl: delay:" seconds, and
 * else when these have passed. The work is done in slices between the rounds, of
 * a millisecond or two, and takes at most a quarter of the time while others
 * wait; a complete list of a million rows is made no more often than a tenth of
 * the time allows, and until then its delta list and shards tell what is new.
 *
 * Each list is made anew when half its life is over, for every CA, whether or
 * not anybody asks. When the signer starts it looks through all CAs, some in
 * each turn, for what is due or was left undone. A root whose key is offline has
 * the list of its last ceremony: that is said in the log, once a day.
 */
#ifndef QUATRAIN_DAEMON_PRESS_H
#define QUATRAIN_DAEMON_PRESS_H

#include "ca/issue.h"

struct press;
struct signer;

/* s is lent for good: its keys and realm are there by the first turn. *ret to press_free(). Fault:
 * FAULT_INTERNAL. */
bool press_new(struct signer *s, struct press **ret, struct fault *f) CHECKED;
void press_free(struct press *p); /* NULL is allowed */

/* Something changed in a CA's lists; NULL p is allowed. */
void press_changed(struct press *p, const uint8_t ca[static TBS_KEY_ID_OCTETS]);
/* The first lists of a CA that was just made, into the batch of by->ledger; what fails is made in a
 * later turn. NULL p is allowed. */
void press_first(struct press *p, const struct issuer *by, int64_t now_s);

/* Shut tenant's ledger, which the caller has opened off any request, when it has its mark. NULL p
 * is allowed. */
void press_shut_later(struct press *p, const char *tenant);

/* A slice of what is due; no batch may hold anything. idle: no round had work since the last one.
 */
void press_turn(struct press *p, bool idle);
/* How long until there is something to do: 0 now, -1 not before something changes. */
int press_wait_ms(const struct press *p);

#endif
