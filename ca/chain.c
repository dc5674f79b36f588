/* ca/chain.c - see chain.h. */
#include "ca/chain.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#define LEVELS      4
#define CHAIN_LEAFS 16 /* certificates looked at in one PEM text */

/* All certificates of a PEM text; NULL on failure. */
static STACK_OF(X509) * read_all(struct octets pem, struct fault *f)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	BIO *in = NULL;
	X509 *x;

	if (pem.n > CHAIN_PEM_MAX) {
		fault_set(
		    f, FAULT_BADREQ, "chain: %zu octets of PEM, over %d", pem.n, CHAIN_PEM_MAX);
		goto fail;
	}
	if (pem.n == 0) { /* libcrypto takes it for a lack of memory */
		fault_set(f, FAULT_BADREQ, "chain: expected PEM certificates");
		goto fail;
	}
	if (all == NULL || (in = BIO_new_mem_buf(pem.at, (int)pem.n)) == NULL) {
		fault_crypto(f, FAULT_INTERNAL, "chain: out of memory");
		goto fail;
	}
	while (
	    sk_X509_num(all) < CHAIN_LEAFS && (x = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL)
		if (sk_X509_push(all, x) <= 0) {
			X509_free(x);
			fault_crypto(f, FAULT_INTERNAL, "chain: out of memory");
			goto fail;
		}
	if (sk_X509_num(all) == 0) {
		fault_crypto(f, FAULT_BADREQ, "chain: expected PEM certificates");
		goto fail;
	}
	(void)fault_crypto(
	    &(struct fault){ 0 }, FAULT_BADREQ, "end of the text"); /* empties the queue */
	BIO_free(in);
	return all;
fail:
	BIO_free(in);
	sk_X509_pop_free(all, X509_free);
	return NULL;
}

static bool
put_der(const X509 *x, struct bytes *ret, struct fault *f)
{
	uint8_t *der = NULL;
	int n = i2d_X509(x, &der);

	if (n <= 0)
		return fault_crypto(f, FAULT_INTERNAL, "chain: i2d_X509");
	bytes_put(ret, der, (size_t)n);
	OPENSSL_free(der);
	return bytes_ok(ret, f);
}

bool
chain_pem_at(struct octets pem, size_t i, struct bytes *ret, struct fault *f)
{
	STACK_OF(X509) *all = read_all(pem, f);
	bool ok;

	if (all == NULL)
		return false;
	if (i >= (size_t)sk_X509_num(all))
		ok = fault_set(
		    f, FAULT_NOTFOUND, "chain: there are %d certificates", sk_X509_num(all));
	else
		ok = put_der(sk_X509_value(all, (int)i), ret, f);
	sk_X509_pop_free(all, X509_free);
	return ok;
}

static bool
verify(X509_STORE_CTX *ctx, int levels, int64_t at_s, struct fault *f)
{
	X509_VERIFY_PARAM *p = X509_STORE_CTX_get0_param(ctx);

	(void)X509_VERIFY_PARAM_set_flags(
	    p, X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE);
	X509_VERIFY_PARAM_set_auth_level(p, 2);
	X509_VERIFY_PARAM_set_time(p, (time_t)at_s);
	if (X509_verify_cert(ctx) != 1)
		return fault_set(f, FAULT_DENIED, "chain: RFC 5280 section 6: at level %d: %s",
		    levels - X509_STORE_CTX_get_error_depth(ctx),
		    X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
	if (sk_X509_num(X509_STORE_CTX_get0_chain(ctx)) != levels)
		return fault_set(f, FAULT_DENIED, "chain: expected %d levels, found %d", levels,
		    sk_X509_num(X509_STORE_CTX_get0_chain(ctx)));
	return true;
}

bool
chain_verify(
    struct octets pem, struct octets root, int64_t at_s, struct bytes *leaf, struct fault *f)
{
	return chain_verify_levels(pem, root, LEVELS, at_s, leaf, f);
}

bool
chain_verify_levels(struct octets pem, struct octets root, int levels, int64_t at_s,
    struct bytes *leaf, struct fault *f)
{
	STACK_OF(X509) *all = NULL, *trust = NULL;
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	bool ok = false;

	if ((all = read_all(pem, f)) == NULL || (trust = read_all(root, f)) == NULL)
		goto out;
	if (store == NULL || ctx == NULL ||
	    X509_STORE_add_cert(store, sk_X509_value(trust, 0)) != 1 ||
	    X509_STORE_CTX_init(ctx, store, sk_X509_value(all, 0), all) != 1) {
		fault_crypto(f, FAULT_INTERNAL, "chain: X509_STORE_CTX_init");
		goto out;
	}
	ok = verify(ctx, levels, at_s, f) &&
	     (leaf == NULL || put_der(sk_X509_value(all, 0), leaf, f));
out:
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	sk_X509_pop_free(trust, X509_free);
	sk_X509_pop_free(all, X509_free);
	return ok;
}
