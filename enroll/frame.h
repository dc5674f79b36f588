/*
 * enroll/frame.h - DER in the bodies of EST: read as clients send it, written as they can read it.
 *
 * Read. RFC 8951 section 3.1: base64 whatever the headers say, with space, tab,
 * CR and LF anywhere. Besides, because devices send it: the armour of a request
 * (-----BEGIN CERTIFICATE REQUEST----- or NEW CERTIFICATE REQUEST, and the same at
 * the end), and the type application/x-pem-file (Cisco IOS 15) where there is
 * armour. A type may be of any case and have parameters. Nothing else: no raw
 * DER, no missing or wrong padding, no other armour, no text around it.
 *
 * Written: base64, Content-Transfer-Encoding: base64 (Bouncy Castle decodes
 * nothing without it), and line ends by what the request shows, for no framing
 * pleases everybody (measured in November 2026):
 *   lines of 64   for libest, which says so in User-Agent and reads no line of
 *                 1,024 characters; for whoever sent lines; and beyond 1,023
 *                 characters, where OpenSSL's filter reads no single line, ...
 *   one line      ... but not for a client without User-Agent that sent no lines:
 *                 that is what strongSwan before 5.9.11 is like, which reads no
 *                 line end before the last; and all that is shorter.
 * Each ends with LF.
 */
#ifndef QUATRAIN_ENROLL_FRAME_H
#define QUATRAIN_ENROLL_FRAME_H

#include "base/exchange.h"

/*
 * Append the request in x's body. Faults: FAULT_TYPE another Content-Type;
 * FAULT_BADREQ not framed so.
 */
bool frame_read(const struct exchange *x, struct bytes *ret, struct fault *f) CHECKED;

/* Append der to x's reply, with the header. See bytes_ok(). */
void frame_put(struct exchange *x, struct octets der);

#endif
