/*
 * ca/binding.h - was a request made for the connection that it came over?
 *
 * A client that puts what only the two ends of one TLS connection know into
 * challengePassword proves that whoever speaks there has the key too: a request
 * that somebody in between passes on over a connection of his own is refused.
 * The value is base64 of tls-exporter on TLS 1.3, 32 octets, and of tls-unique on
 * TLS 1.2, 12 octets. The edge says what the connection's is.
 *
 * Sources: RFC 7030 section 3.5, RFC 5929 section 3, RFC 9266.
 */
#ifndef QUATRAIN_CA_BINDING_H
#define QUATRAIN_CA_BINDING_H

#include "base/bytes.h"
#include "ca/profile.h"

#define BINDING_OCTETS_MAX 32

/*
 * May a request with this challengePassword (n 0: none) be taken over a
 * connection with this binding (n 0: it has none)? What the client sent stands in
 * no fault: it may be a password. Fault: FAULT_BADREQ, which means that nothing
 * was done, and that a request made anew may be taken.
 */
bool binding_check(
    enum binding mode, struct octets challenge, struct octets connection, struct fault *f) CHECKED;

/*
 * Append a copy of the request der, whose challengePassword this is (lent from it; n 0: none), with
 * stars in its place: for who keeps requests, since it may be a password that a whole fleet shares.
 * The copy reads as the request does, and proves nothing. Fault: FAULT_INTERNAL.
 */
bool binding_hide(
    struct octets der, struct octets challenge, struct bytes *ret, struct fault *f) CHECKED;

#endif
