/*
 * mbedtls_crl ROOT CHAIN LEAF CRL: does Mbed TLS take this chain, with this revocation list (DER)
 * at its end? Prints good, revoked, unread (it cannot parse the list) or failed and why.
 */
#include <stdio.h>

#include <mbedtls/x509_crl.h>
#include <mbedtls/x509_crt.h>

int
main(int argc, char **argv)
{
	mbedtls_x509_crt root, chain;
	mbedtls_x509_crl list;
	uint32_t flags = 0;
	char why[512];

	mbedtls_x509_crt_init(&root);
	mbedtls_x509_crt_init(&chain);
	mbedtls_x509_crl_init(&list);
	if (argc != 5 || mbedtls_x509_crt_parse_file(&root, argv[1]) != 0 ||
	    mbedtls_x509_crt_parse_file(&chain, argv[3]) != 0 ||
	    mbedtls_x509_crt_parse_file(&chain, argv[2]) != 0) {
		(void)puts("failed: files");
		return 2;
	}
	if (mbedtls_x509_crl_parse_file(&list, argv[4]) != 0) {
		(void)puts("unread");
		return 1;
	}
	if (mbedtls_x509_crt_verify(&chain, &root, &list, NULL, &flags, NULL, NULL) == 0) {
		(void)puts("good");
		return 0;
	}
	(void)mbedtls_x509_crt_verify_info(why, sizeof(why), "", flags);
	(void)puts(flags == MBEDTLS_X509_BADCERT_REVOKED ? "revoked" : why);
	return 1;
}
