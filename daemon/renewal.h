/*
 * daemon/renewal.h - when a certificate is renewed, and how long to wait after a failure; pure.
 *
 * luck is a number that differs from device to device: of the certificate, so that a start
 * changes nothing, or of the CSPRNG. So a fleet that was brought in on one day does not come
 * back in one minute, and one whose service was away does not come back in one second.
 */
#ifndef QUATRAIN_DAEMON_RENEWAL_H
#define QUATRAIN_DAEMON_RENEWAL_H

#include <stdint.h>

#define RENEWAL_FLOOR_S 30    /* between two tries that failed */
#define RENEWAL_CAP_S   3600  /* the most, where the service does not ask for more */
#define RENEWAL_RETRY_S 86400 /* the most that a Retry-After is honoured for */
#define RENEWAL_ASK_S   60    /* for an approval, where the service does not say */

/*
 * The moment between 70 and 85 hundredths of the time from not_before_s to not_after_s: in the last
 * third, which is when services take renewals, even where notBefore was set back. With before_s
 * over 0 a moment in the first half of the last before_s instead.
 */
int64_t renewal_at(int64_t not_before_s, int64_t not_after_s, int64_t before_s, uint64_t luck);

/*
 * Seconds to wait after the failures-th failure in a row (from 1): any from the floor to one
 * that doubles each time, up to the cap (full jitter). retry_after_s (-1: none) is honoured where
 * it is longer. With left_s, the rest of the certificate's time, over 0, never so long that less
 * than a half of it is left, nor by our own choice more than a quarter of it.
 */
int64_t renewal_wait(unsigned failures, int64_t retry_after_s, int64_t left_s, uint64_t luck);

/* Seconds until an approval is asked for again. */
int64_t renewal_ask(int64_t retry_after_s);

#endif
