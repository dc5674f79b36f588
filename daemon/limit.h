/*
 * daemon/limit.h - how much one stranger may ask of a process: conf/quatrain.yaml, limits.
 *
 * Each process counts for itself, and keeps all of it in tables of a fixed size
 * (base/quota.h). An address counts as a whole: IPv4 as one, IPv6 by its /64. The
 * networks that settings exempt, and the local socket, count as nobody (0), whom no
 * limit holds for.
 *
 * What one may do to another decides what is counted. Refused requests count
 * against the address they came from, and against the certificate's holder
 * where a good one was shown: never against the device or tenant that they name, so that
 * nobody can lock out another by guessing in his name. Tenant and device count the
 * certificates that they were given; of a tenant those under way count too, so that
 * a fleet that comes at once is not all let through before the first is counted.
 *
 * Sources: RFC 6585 section 4 (429), RFC 9110 section 10.2.3 (Retry-After in seconds).
 */
#ifndef QUATRAIN_DAEMON_LIMIT_H
#define QUATRAIN_DAEMON_LIMIT_H

#include <sys/socket.h>

#include "base/exchange.h"
#include "daemon/settings.h"
#include "policy/identity.h"

struct limit;

/* s is not kept. *ret is the caller's, to limit_free(). Fault: FAULT_INTERNAL memory. */
bool limit_new(const struct settings *s, struct limit **ret, struct fault *f) CHECKED;
void limit_free(struct limit *l);

/* What this peer counts as, for the calls below and as exchange.address; 0: nobody. l may be NULL.
 */
uint64_t limit_address(const struct limit *l, const struct sockaddr *peer);

/* May a new connection of this address stay? Asked before TLS, and counted. l may be NULL. */
bool limit_welcome(struct limit *l, uint64_t address, int64_t now_us);
/* A handshake of this address failed, or was never finished. l may be NULL. */
void limit_failed(struct limit *l, uint64_t address, int64_t now_us);

/*
 * Before x is served: true if it is refused, and then it is answered 429. who holds
 * the certificate that x showed, NULL where it showed none of ours that is good.
 * limit_served() once for each that was not refused so: when the reply is on its way, with the
 * status that counts, or with status 0 when the client left before; then it counts as refused.
 */
bool limit_serve(struct limit *l, struct exchange *x, const struct identity *who, int64_t now_us);
void limit_served(struct limit *l, const struct exchange *x, int64_t now_us);

/* Count there, from now on, whom each limit refused; counts are lent, and outlive l. */
#define LIMITS 6
void limit_count(struct limit *l, _Atomic uint64_t counts[static LIMITS]);
const char *limit_word(size_t i); /* under LIMITS: what the i-th limits */

#endif
