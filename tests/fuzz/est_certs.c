/* tests/fuzz/est_certs.c - an EST answer yields bounded certificates or a refusal, whatever it
 * holds; so does a token. */
#include <stdlib.h>

#include <openssl/err.h>

#include "daemon/credential.h"
#include "daemon/est_client.h"
#include "daemon/est_trust.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	STACK_OF(X509) *certs = NULL;
	struct est_token token;
	X509 *root = NULL;
	struct fault f;

	if (est_token_read(octets_of(at, n), &token, &f) && token.root[0] != '\0' &&
	    (!text_is_label(token.tenant) || !text_is_label(token.device)))
		abort();
	if (est_certs_parse(octets_of(at, n), &certs, &f)) {
		if (sk_X509_num(certs) < 1 || sk_X509_num(certs) > CREDENTIAL_CERTS_MAX)
			abort();
		/* No certificate has the hash of this text, which is not one. */
		if (est_trust_find(certs, "not-a-hash", &root, &f))
			abort();
	} else if (certs != NULL)
		abort();
	if (ERR_peek_error() != 0)
		abort();
	credential_certs_free(certs);
	return 0;
}
