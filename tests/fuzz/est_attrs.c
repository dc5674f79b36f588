/* tests/fuzz/est_attrs.c - what a service wants is read or refused, whatever it says; nothing of it
 * is left over. */
#include <stdlib.h>

#include <openssl/err.h>

#include "daemon/est_attrs.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct est_attrs a = { 0 };
	struct fault f;

	if (!est_attrs_parse(octets_of(at, n), "hp-1", &a, &f) &&
	    (a.subject != NULL || a.extensions != NULL || a.key != EST_KEY_ANY))
		abort();
	if (ERR_peek_error() != 0)
		abort();
	est_attrs_free(&a);
	return 0;
}
