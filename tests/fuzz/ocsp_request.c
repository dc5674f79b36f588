/* tests/fuzz/ocsp_request.c - a request that is taken holds what an answer is made of, and nothing
 * else passes. */
#include <stdlib.h>

#include "base/der.h"
#include "ocsp/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

static void
check(const struct request_cert *c, struct octets all)
{
	struct octets in = c->whole, id;

	if (c->whole.at <= all.at || c->whole.at + c->whole.n > all.at + all.n)
		abort();
	if (!der_take(&in, DER_SEQUENCE, &id, NULL) || in.n != 0)
		abort();
	if (c->name_hash.n != c->key_hash.n ||
	    (c->key_hash.n != 0 && c->key_hash.n != 20 && c->key_hash.n != 32))
		abort();
	if (c->serial.n == 0 || c->serial.at <= c->whole.at ||
	    c->serial.at + c->serial.n != c->whole.at + c->whole.n)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct octets all = octets_of(at, n);
	struct status_request r;
	struct fault f;

	if (!request_parse(all, &r, &f)) {
		if (f.code != FAULT_BADREQ && f.code != FAULT_LIMIT)
			abort();
		return 0;
	}
	if (r.n < 1 || r.n > REQUEST_CERTS_MAX ||
	    (r.nonce.n != 0 && (r.nonce.n < REQUEST_NONCE_MIN || r.nonce.n > REQUEST_NONCE_MAX)))
		abort();
	for (size_t i = 0; i < r.n; i++)
		check(&r.cert[i], all);
	return 0;
}
