/*
 * ca/holding.h - which certificates an endpoint has that still hold: TABLE_ENDPOINT.
 *
 * A renewal leaves the one before it good until its end, so an endpoint may hold
 * several. They are found here without a look at all standings. Signer only.
 *
 * Source: RFC 5280 section 5.3.1 (superseded).
 */
#ifndef QUATRAIN_CA_HOLDING_H
#define QUATRAIN_CA_HOLDING_H

#include "ca/log.h"

#define HOLDING_MAX       32 /* a device renews once or twice before the old one ends */
#define HOLDING_OWNER_MAX ((size_t)2 * TEXT_LABEL_MAX)

/* "kind/name", as it stands in TABLE_ENDPOINT and in the log. */
void holding_owner(const char *kind, const char *name, char to[static HOLDING_OWNER_MAX]);

/* Does it still hold: good or held and not ended, or able to renew all the same (grace_s of its
 * profile)? */
bool holding_still(const struct standing *s, int64_t now_s);

/*
 * What owner holds now: serials of those that are good or held and have not
 * ended, or could renew all the same (grace_s of their profile), newest first,
 * TBS_SERIAL_OCTETS each, appended. Fault: FAULT_INTERNAL.
 */
bool holding_list(
    struct ledger *l, const char *owner, int64_t now_s, struct bytes *ret, struct fault *f) CHECKED;

/*
 * owner holds serial too, into l's batch. Beyond HOLDING_MAX the oldest ends: it is revoked as
 * superseded, with an entry. Fault: FAULT_INTERNAL.
 */
bool holding_add(struct ledger *l, const char *owner,
    const uint8_t serial[static TBS_SERIAL_OCTETS], const struct log_context *why, int64_t now_s,
    struct fault *f) CHECKED;

/*
 * The device begins anew with serial: whatever else owner holds is revoked as superseded, each
 * with an entry, into l's batch. *ret_n: how many. Fault: FAULT_INTERNAL.
 */
bool holding_supersede(struct ledger *l, const char *owner,
    const uint8_t serial[static TBS_SERIAL_OCTETS], const struct log_context *why, int64_t now_s,
    size_t *ret_n, struct fault *f) CHECKED;

#endif
