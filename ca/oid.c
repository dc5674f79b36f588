/* ca/oid.c - see oid.h. */
#include "ca/oid.h"

#define OCTETS(...)                                                                                \
	{                                                                                          \
		(const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })         \
	}
#define CE(n)     OCTETS(0x55, 0x1d, n)                                   /* id-ce */
#define PKIX(...) OCTETS(0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, __VA_ARGS__) /* id-pkix */
#define PKCS(...) OCTETS(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, __VA_ARGS__)
#define OURS(n)   OCTETS(0x69, 0xbd, 0xc7, 0xed, 0xa5, 0x91, 0xf0, 0x9c, 0xcd, 0x45, n)

const struct octets oid_common_name = OCTETS(0x55, 0x04, 0x03);
const struct octets oid_organization = OCTETS(0x55, 0x04, 0x0a);
const struct octets oid_unit = OCTETS(0x55, 0x04, 0x0b);

const struct octets oid_ec_public_key = OCTETS(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01);
const struct octets oid_prime256v1 = OCTETS(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07);
const struct octets oid_ecdsa_sha256 = OCTETS(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02);
const struct octets oid_sha1 = OCTETS(0x2b, 0x0e, 0x03, 0x02, 0x1a);
const struct octets oid_sha256 = OCTETS(0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01);
const struct octets oid_data = PKCS(0x07, 0x01);
const struct octets oid_signed_data = PKCS(0x07, 0x02);

const struct octets oid_subject_key_id = CE(0x0e);
const struct octets oid_key_usage = CE(0x0f);
const struct octets oid_subject_alt_name = CE(0x11);
const struct octets oid_basic_constraints = CE(0x13);
const struct octets oid_crl_number = CE(0x14);
const struct octets oid_crl_reason = CE(0x15);
const struct octets oid_name_constraints = CE(0x1e);
const struct octets oid_crl_points = CE(0x1f);
const struct octets oid_authority_key_id = CE(0x23);
const struct octets oid_ext_key_usage = CE(0x25);
const struct octets oid_any_purpose = OCTETS(0x55, 0x1d, 0x25, 0x00);

const struct octets oid_info_access = PKIX(0x01, 0x01);
const struct octets oid_server_auth = PKIX(0x03, 0x01);
const struct octets oid_client_auth = PKIX(0x03, 0x02);
const struct octets oid_ocsp_signing = PKIX(0x03, 0x09);
const struct octets oid_access_ocsp = PKIX(0x30, 0x01);
const struct octets oid_access_issuers = PKIX(0x30, 0x02);
const struct octets oid_ocsp_basic = PKIX(0x30, 0x01, 0x01);
const struct octets oid_ocsp_nonce = PKIX(0x30, 0x01, 0x02);
const struct octets oid_ocsp_nocheck = PKIX(0x30, 0x01, 0x05);

const struct octets oid_email_address = PKCS(0x09, 0x01);
const struct octets oid_challenge_password = PKCS(0x09, 0x07);
const struct octets oid_extension_request = PKCS(0x09, 0x0e);
/* 1.3.6.1.4.1.311.2.1.14, of Microsoft's clients before the standard's */
const struct octets oid_ms_extension_request =
    OCTETS(0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x01, 0x0e);

const struct octets oid_provenance = OURS(0x01);
const struct octets oid_assurance = OURS(0x02);
const struct octets oid_log_signing = OURS(0x03);

const struct octets oid_algorithm_ecdsa_sha256 =
    OCTETS(0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02);

const struct octets oid_spki_p256_prefix =
    OCTETS(0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08,
	0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04);
