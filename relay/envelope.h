/*
 * relay/envelope.h - a document's key, wrapped to one who may open it: a small CMS message.
 *
 * AuthEnvelopedData (RFC 5083, RFC 5084: AES-256-GCM) with one KeyAgreeRecipientInfo (RFC 5753,
 * ephemeral-static ECDH on P-256, dhSinglePass-stdDH-sha256kdf, id-aes256-wrap). The content is
 * version u8 (1), key 32, prefix 7, SHA-256 of whose document it is (relay/document.h), so that an
 * envelope opens the one document that it was made for. The recipient is named by its
 * subjectKeyIdentifier. At most ENVELOPE_MAX octets, so that it fits an IPP octetString (RFC 8011
 * section 5.1.11: 1023).
 *
 * Who wraps needs the recipient's certificate alone; who rewraps opens with its key and wraps
 * to another: the document's octets are not touched.
 */
#ifndef QUATRAIN_RELAY_ENVELOPE_H
#define QUATRAIN_RELAY_ENVELOPE_H

#include <openssl/types.h>

#include "relay/document.h"

#define ENVELOPE_MAX 1023

/* recipient: DER of a certificate with a P-256 key, that the caller verified. Appended to ret.
 * Faults: FAULT_BADREQ another kind of key, FAULT_INTERNAL. */
bool envelope_wrap(const struct content_key *k, const struct document_of *of,
    struct octets recipient, struct bytes *ret, struct fault *f) CHECKED;
/* recipient and key: our own certificate and its private key. *ret to content_key_free(). Faults:
 * FAULT_BADREQ no envelope, FAULT_DENIED it is not for us, not of this document, or was changed;
 * FAULT_INTERNAL. */
bool envelope_unwrap(struct octets envelope, const struct document_of *of, struct octets recipient,
    EVP_PKEY *key, struct content_key *ret, struct fault *f) CHECKED;

#endif
