/*
 * ca/csr_rsa.h - is this RSA key one that may be certified?
 *
 * Old devices have no elliptic curves, and some of them made their keys badly.
 * A key passes that is spelled in one way, has a modulus of RSA_BITS_MIN to
 * RSA_BITS_MAX bits with no small factor and no two close ones, is none of the
 * generator known as ROCA, and has the exponent 65537. That the modulus is a
 * product of two primes cannot be seen from here; whoever holds it proves that
 * he can sign.
 *
 * Sources: RFC 3279 section 2.3.1, RFC 8017 appendix A.1.1, NIST SP 800-89
 * section 5.3.3 (partial validation), CVE-2017-15361 (ROCA), CVE-2022-26320
 * (close primes).
 */
#ifndef QUATRAIN_CA_CSR_RSA_H
#define QUATRAIN_CA_CSR_RSA_H

#include <openssl/evp.h>

#include "base/bytes.h"

#define RSA_BITS_MIN      2048
#define RSA_BITS_MAX      4096
#define RSA_FACTOR_MAX    10000 /* no prime below divides the modulus; SP 800-89 wants 752 */
#define RSA_FERMAT_ROUNDS 100

/*
 * spki is well-formed DER and SPKI_RSA (ca/spki.h). *ret_key verifies signatures, to
 * EVP_PKEY_free(). Faults: FAULT_BADREQ, saying which rule; FAULT_INTERNAL.
 */
bool csr_rsa_key(struct octets spki, EVP_PKEY **ret_key, struct fault *f) CHECKED;

#endif
