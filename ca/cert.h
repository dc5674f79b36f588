/*
 * ca/cert.h - a certificate's facts, read from its DER.
 *
 * For certificates that this authority made, or that claim to be: it reads the
 * fields that decide whose they are. It verifies no signature; see
 * ca/identify.h (our ledger knows the exact octets) and ca/chain.h (a path).
 * Source: RFC 5280 section 4.1.
 */
#ifndef QUATRAIN_CA_CERT_H
#define QUATRAIN_CA_CERT_H

#include "ca/tbs.h"

#define CERT_MAX_OCTETS 8192

struct cert {
	struct octets der, tbs;        /* lent, as long as the DER that was read */
	struct octets issuer, subject; /* DER Names */
	struct octets spki;
	struct octets alt_names; /* content of the SubjectAltName SEQUENCE; n 0: none */
	uint8_t serial[TBS_SERIAL_OCTETS];
	uint8_t issuer_key_id[TBS_KEY_ID_OCTETS];
	uint8_t key_id[TBS_KEY_ID_OCTETS];
	int64_t not_before_s, not_after_s;
	char uri[NAME_URI_MAX]; /* the one URI SAN; empty: none */
	bool ca;
};

/* Nothing is kept but what is lent from der. Fault: FAULT_BADREQ. */
bool cert_parse(struct octets der, struct cert *ret, struct fault *f) CHECKED;

/* UTCTime or GeneralizedTime content as seconds. */
bool cert_time(uint8_t tag, struct octets content, int64_t *ret_s);

/* Append PEM. Fault: FAULT_INTERNAL. */
bool cert_pem(struct octets der, struct bytes *ret, struct fault *f) CHECKED;

#endif
