/*
 * ca/oid.h - object identifiers, as the content octets of their DER.
 *
 * Ours stand under 2.25.503785157: the arc for UUIDs (ITU-T X.667 section 7),
 * which nobody has to hand out. A whole UUID would be 128 bits, but GnuTLS
 * (libtasn1) reads no arc over 64 bits and Go's crypto/x509 none over 31, and
 * either refuses the certificate: ours is 31 bits of a random one.
 * .1 provenance, .2 assurance, .3 key purpose: signs a log's checkpoints, .4 key purpose: the keys
 * of documents are wrapped to it until they are released.
 */
#ifndef QUATRAIN_CA_OID_H
#define QUATRAIN_CA_OID_H

#include "base/bytes.h"

extern const struct octets oid_common_name, oid_organization, oid_unit, oid_email_address;
extern const struct octets oid_ec_public_key, oid_prime256v1;
extern const struct octets oid_ecdsa_sha256, oid_sha1, oid_sha256, oid_signed_data, oid_data;
extern const struct octets oid_basic_constraints, oid_key_usage, oid_ext_key_usage;
extern const struct octets oid_subject_key_id, oid_authority_key_id, oid_subject_alt_name;
extern const struct octets oid_name_constraints, oid_crl_points, oid_info_access, oid_crl_number;
extern const struct octets oid_crl_issuing_point, oid_crl_delta, oid_crl_freshest;
extern const struct octets oid_crl_reason, oid_access_ocsp, oid_access_issuers;
extern const struct octets oid_server_auth, oid_client_auth, oid_ocsp_signing, oid_any_purpose;
extern const struct octets oid_ocsp_basic, oid_ocsp_nonce, oid_ocsp_nocheck;
extern const struct octets oid_ocsp_cutoff, oid_ocsp_extended_revoke;
extern const struct octets oid_extension_request, oid_ms_extension_request, oid_challenge_password;
extern const struct octets oid_request_template; /* RFC 9908 section 3.4 */
extern const struct octets oid_provenance, oid_assurance, oid_log_signing, oid_document_release;

/* AlgorithmIdentifier of ecdsa-with-SHA256, whole (RFC 5758 section 3.2). */
extern const struct octets oid_algorithm_ecdsa_sha256;
/* sha256WithRSAEncryption (RFC 4055 section 5); and of keys: rsaEncryption, with NULL both (RFC
 * 3279), and Ed25519 (RFC 8410 section 3). */
extern const struct octets oid_algorithm_rsa_sha256, oid_algorithm_rsa, oid_algorithm_ed25519;

/* The SubjectPublicKeyInfo of a P-256 key is these 27 octets and the 64 of its point (RFC 5480). */
#define SPKI_P256_OCTETS 91
extern const struct octets oid_spki_p256_prefix;

#endif
