/*
 * ca/added.h - which certificates somebody, or some proof, brought in.
 *
 * An enroller stands in each certificate that he let in, and a renewal keeps
 * the enroller of the certificate that it renewed (daemon/proof_certificate.c).
 * A token or an approved request names the one certificate that was made with
 * it; what descends from that is found among what its endpoint holds now, by
 * the serials that renewals have as their evidence.
 */
#ifndef QUATRAIN_CA_ADDED_H
#define QUATRAIN_CA_ADDED_H

#include "ca/ledger.h"

#define ADDED_STEPS_MAX 4096 /* renewals of renewals that are followed */

/* One of the first two; what was added from after_s to before_s, both among it. */
struct added_pick {
	const char *enroller;      /* as certificates have it: "operator:alice", "local"; or NULL */
	const char *evidence;      /* the id of a token or of a request; or NULL */
	int64_t after_s, before_s; /* INT64_MIN, INT64_MAX: no bound */
};

/*
 * The serials of what holds still (ca/holding.h), TBS_SERIAL_OCTETS each,
 * appended; *ret_ended: how many more were ended by somebody before. An
 * enroller is found by a look at every standing that is committed (but for
 * what bulk_may() keeps out), an evidence at those of one endpoint. A renewal whose origin cannot
 * be read any more counts as descending. Faults: FAULT_NOTFOUND there is no such evidence, or
 * nothing was made with it; FAULT_BUSY its certificate is just being made; FAULT_LIMIT over max,
 * with the number; FAULT_INTERNAL
 */
bool added_find(struct ledger *l, const struct added_pick *p, int64_t now_s, size_t max,
    struct bytes *ret, size_t *ret_ended, struct fault *f) CHECKED;

/* The certificate that was made with a token or an approved request, by its id, and whose it is.
 * Faults: FAULT_NOTFOUND, FAULT_INTERNAL. */
bool added_first(struct ledger *l, const char *evidence, uint8_t serial[static TBS_SERIAL_OCTETS],
    struct endpoint *ret, struct fault *f) CHECKED;

#endif
