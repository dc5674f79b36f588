/*
 * ca/idevid.h - the certificate that a device was born with, verified.
 *
 * An IDevID (IEEE 802.1AR) is issued by the device's manufacturer, mostly for
 * ever, and names the device by the serialNumber in its subject. It proves which
 * device asks, and is good for nothing else here. Paths are libcrypto's to build;
 * how many certificates it may look at is bounded here. No revocation is asked
 * for: whether a device may come in is its registration's to say (ca/device.h).
 *
 * Sources: IEEE 802.1AR-2018 section 8, RFC 5280 section 6, RFC 7030 section 3.3.2.
 */
#ifndef QUATRAIN_CA_IDEVID_H
#define QUATRAIN_CA_IDEVID_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/fault.h"

#define IDEVID_ABOVE_MAX     4 /* certificates that may come with the device's own */
#define IDEVID_ROOTS_MAX     32
#define IDEVID_SERIAL_MAX    64 /* octets; X.520 says so too */
#define IDEVID_DIGEST_OCTETS 32

struct idevid {
	char serial[IDEVID_SERIAL_MAX + 1]; /* the subject's serialNumber, printable ASCII */
	size_t root;                        /* which of the roots it ends in */
	uint8_t key[IDEVID_DIGEST_OCTETS];  /* SHA-256 of its SubjectPublicKeyInfo */
};

/* 1 to IDEVID_SERIAL_MAX printable ASCII characters and no space at either end. */
bool idevid_is_serial(const char *text);

/*
 * leaf is a certificate for one device, for TLS clients, by one of the n roots
 * (at most IDEVID_ROOTS_MAX), over what stands in above (DERs one behind the
 * other, at most IDEVID_ABOVE_MAX), at now_s: RSA of 2048 bits or more or an EC
 * key as strong, SHA-2. A root that is not self-signed is an anchor all the same.
 * Faults: FAULT_BADREQ not of that shape, FAULT_AUTH no path to a root, with
 * libcrypto's reason; FAULT_INTERNAL
 */
bool idevid_verify(struct octets leaf, struct octets above, const struct octets *roots, size_t n,
    int64_t now_s, struct idevid *ret, struct fault *f) CHECKED;

/*
 * May der be a manufacturer's root? A CA's certificate that may sign others, of a
 * key as above. ret_name: SHA-256 of its subject Name; ret_digest: of all of it.
 * Faults: FAULT_BADREQ, FAULT_INTERNAL
 */
bool idevid_root(struct octets der, uint8_t ret_name[static IDEVID_DIGEST_OCTETS],
    uint8_t ret_digest[static IDEVID_DIGEST_OCTETS], struct fault *f) CHECKED;

/*
 * Which roots could anchor leaf and above: SHA-256 of each issuer Name among
 * them, at most IDEVID_ABOVE_MAX + 1. Fault: FAULT_BADREQ
 */
bool idevid_issuers(struct octets leaf, struct octets above,
    uint8_t ret[static IDEVID_ABOVE_MAX + 1][IDEVID_DIGEST_OCTETS], size_t *ret_n,
    struct fault *f) CHECKED;

#endif
