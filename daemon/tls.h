/*
 * daemon/tls.h - the TLS context of the secure listener.
 *
 * TLS 1.2 and 1.3 with forward secrecy and authenticated encryption only, and
 * HTTP/1.1 only. No resumption of any kind: a resumed session is verified by
 * nobody, so a revoked certificate would resume. It knows nothing of sockets;
 * see http.h.
 *
 * Sources: RFC 9325 (recommendations), RFC 8446, RFC 7301 (ALPN).
 */
#ifndef QUATRAIN_DAEMON_TLS_H
#define QUATRAIN_DAEMON_TLS_H

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/fault.h"

/* Octets of the chain that a client may send; ours is under 3 KiB. */
#define TLS_CLIENT_CHAIN_MAX 16384

/*
 * May the client with this certificate go on? above: what it sent besides; all
 * lent. Asked once a handshake, before the client has proven its key; a
 * connection that stays has proven it.
 */
typedef bool tls_admit(void *with, X509 *leaf, const STACK_OF(X509) * above);

/*
 * A context that serves with key and chain: leaf first, then its issuers as
 * they shall be sent (not the root). Both are lent, references are taken.
 *
 * A client may send a certificate. Then admit decides alone, and
 * libcrypto looks for no path: the caller knows each leaf that is good. A refused client gets the
 * alert unknown_ca. With admit NULL no client is asked for one.
 *
 * *ret is the caller's, to SSL_CTX_free(). Faults: FAULT_BADREQ no chain, or
 * the key is not the leaf's; FAULT_INTERNAL
 */
bool tls_server_context(EVP_PKEY *key, STACK_OF(X509) * chain, tls_admit *admit, void *with,
    SSL_CTX **ret, struct fault *f) CHECKED;
/* From now on who sends no certificate gets no handshake either: the alert certificate_required, or
 * handshake_failure from TLS 1.2 (RFC 8446 section 4.4.2.4, RFC 5246 section 7.4.6). */
void tls_demand(SSL_CTX *tls);

#endif
