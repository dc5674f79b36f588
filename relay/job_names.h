/*
 * relay/job_names.h - what people called a job, sealed under its document's key: in no store in
 * clear, and for whoever may print the document.
 *
 * AES-256-GCM; nonce = the document's 7 octets, four of ff and the octet 2, which no chunk of the
 * document has (relay/document.h); additional data = SHA-256 of whose document it is. Inside are
 * three counted texts and zeros up to a multiple of 64 octets, so that a length tells little.
 */
#ifndef QUATRAIN_RELAY_JOB_NAMES_H
#define QUATRAIN_RELAY_JOB_NAMES_H

#include "relay/document.h"
#include "relay/print_names.h"

/* Append the sealed names, at most JOB_NAMES_MAX octets. Once for each key. Fault: FAULT_INTERNAL.
 */
bool job_names_seal(const struct content_key *k, const struct document_of *of,
    const struct print_name *names, struct bytes *ret, struct fault *f) CHECKED;
/* Fault: FAULT_DENIED not of this document, or changed; FAULT_INTERNAL. */
bool job_names_open(const struct content_key *k, const struct document_of *of, struct octets sealed,
    struct print_name *ret, struct fault *f) CHECKED;

#endif
