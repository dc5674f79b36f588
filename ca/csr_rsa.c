/* ca/csr_rsa.c - see csr_rsa.h. */
#include "ca/csr_rsa.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "base/der.h"
#include "ca/spki.h"

#define EXPONENT   65537
#define ROOT_STEPS 64 /* Newton doubles the good bits each time: 13 are enough for 2048 */

/* One modulus under examination. */
struct exam {
	BN_CTX *ctx;
	BIGNUM *n;
};

static bool
spelled(struct octets spki, struct octets *modulus, struct fault *f)
{
	static const uint8_t exponent[] = { 0x01, 0x00, 0x01 };
	struct octets e;
	unsigned bits;

	if (!spki_rsa(spki, modulus, &e))
		return fault_set(
		    f, FAULT_BADREQ, "csr: RFC 3279 section 2.3.1: not an RSA public key");
	if (!octets_same(e, octets_of(exponent, sizeof(exponent))))
		return fault_set(f, FAULT_BADREQ,
		    "csr: RFC 8017 section 3.1: expected the public exponent 65537");
	bits = spki_rsa_bits(spki);
	if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX || bits % 8 != 0)
		return fault_set(f, FAULT_BADREQ,
		    "csr: RFC 3279 section 2.3.1: expected an RSA modulus of %d to %d bits in whole octets, found %u",
		    RSA_BITS_MIN, RSA_BITS_MAX, bits);
	return true;
}

/* Calls each() with every prime below RSA_FACTOR_MAX, until it says no; and then false. */
static bool
each_prime(bool (*each)(const struct exam *x, unsigned prime), const struct exam *x)
{
	bool composite[RSA_FACTOR_MAX] = { false };

	for (unsigned p = 2; p < RSA_FACTOR_MAX; p++) {
		if (composite[p])
			continue;
		if (!each(x, p))
			return false;
		for (unsigned m = p * p; m < RSA_FACTOR_MAX; m += p)
			composite[m] = true;
	}
	return true;
}

static bool
is_no_factor(const struct exam *x, unsigned prime)
{
	return BN_mod_word(x->n, prime) != 0; /* an error is all ones: the next rule meets it */
}

/* Is n mod prime a power of 65537? All moduli of the generator are, for all of these primes. */
static bool
is_power(const struct exam *x, unsigned prime)
{
	BN_ULONG left = BN_mod_word(x->n, prime);
	unsigned power = 1;

	for (unsigned i = 0; i < prime; i++) {
		if (power == left)
			return true;
		power = power * (EXPONENT % prime) % prime;
	}
	return false;
}

static bool
is_roca(const struct exam *x)
{
	static const unsigned char primes[] = { 11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103,
		107, 109, 127, 151, 157 };

	for (size_t i = 0; i < sizeof(primes); i++)
		if (!is_power(x, primes[i]))
			return false;
	return true;
}

/* root = floor(sqrt(v)), by Newton from above. False: libcrypto is out of memory. */
static bool
square_root(const struct exam *x, const BIGNUM *v, BIGNUM *root)
{
	BIGNUM *next = BN_CTX_get(x->ctx);

	if (next == NULL || BN_set_word(root, 1) != 1 ||
	    BN_lshift(root, root, (BN_num_bits(v) + 1) / 2) != 1)
		return false;
	for (unsigned i = 0; i < ROOT_STEPS; i++) {
		if (BN_div(next, NULL, v, root, x->ctx) != 1 || BN_add(next, next, root) != 1 ||
		    BN_rshift1(next, next) != 1)
			return false;
		if (BN_cmp(next, root) >= 0)
			return true;
		if (BN_copy(root, next) == NULL)
			return false;
	}
	return true;
}

/* Most numbers are no square by their rest alone. */
static bool
may_be_square(const BIGNUM *v)
{
	static const unsigned char rests[] = { 0, 1, 4, 9, 16, 17, 25, 33, 36, 41, 49, 57 };
	BN_ULONG rest = BN_mod_word(v, 64);

	for (size_t i = 0; i < sizeof(rests); i++)
		if (rest == rests[i])
			return true;
	return false;
}

/* Fermat's way to factors: a*a - n = b*b, for a from the root of n on. *ret_found says that there
 * was one. */
static bool
fermat(const struct exam *x, bool *ret_found)
{
	BIGNUM *a = BN_CTX_get(x->ctx), *rest = BN_CTX_get(x->ctx), *b = BN_CTX_get(x->ctx);
	BIGNUM *square = BN_CTX_get(x->ctx);

	*ret_found = false;
	if (square == NULL || !square_root(x, x->n, a))
		return false;
	for (unsigned i = 0; i <= RSA_FERMAT_ROUNDS; i++, BN_add_word(a, 1)) {
		if (BN_sqr(rest, a, x->ctx) != 1 || BN_sub(rest, rest, x->n) != 1)
			return false;
		if (BN_is_zero(rest)) { /* n is a square */
			*ret_found = true;
			return true;
		}
		if (BN_is_negative(rest) || !may_be_square(rest))
			continue;
		BN_CTX_start(x->ctx);
		if (!square_root(x, rest, b) || BN_sqr(square, b, x->ctx) != 1) {
			BN_CTX_end(x->ctx);
			return false;
		}
		BN_CTX_end(x->ctx);
		if (BN_cmp(square, rest) == 0) {
			*ret_found = true;
			return true;
		}
	}
	return true;
}

static bool
examine(const struct exam *x, struct fault *f)
{
	bool close, ok;

	if (!each_prime(is_no_factor, x))
		return fault_set(f, FAULT_BADREQ,
		    "csr: SP 800-89 section 5.3.3: the RSA modulus has a factor under %d",
		    RSA_FACTOR_MAX);
	if (is_roca(x))
		return fault_set(f, FAULT_BADREQ,
		    "csr: CVE-2017-15361: the RSA key is of a generator whose keys can be factored");
	BN_CTX_start(x->ctx);
	ok = fermat(x, &close);
	BN_CTX_end(x->ctx);
	if (!ok)
		return fault_crypto(f, FAULT_INTERNAL, "csr: a square root");
	return !close || fault_set(f, FAULT_BADREQ,
			     "csr: CVE-2022-26320: the factors of the RSA modulus are close");
}

static bool
make_key(const BIGNUM *n, EVP_PKEY **ret, struct fault *f)
{
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *e = BN_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;
	bool ok = false;

	if (b == NULL || ctx == NULL || e == NULL || BN_set_word(e, EXPONENT) != 1 ||
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, e) != 1 ||
	    (params = OSSL_PARAM_BLD_to_param(b)) == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
		fault_crypto(f, FAULT_INTERNAL, "csr: an RSA key");
		goto out;
	}
	*ret = key;
	ok = true;
out:
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(b);
	EVP_PKEY_CTX_free(ctx);
	BN_free(e);
	return ok;
}

bool
csr_rsa_key(struct octets spki, EVP_PKEY **ret_key, struct fault *f)
{
	struct exam x = { .ctx = NULL };
	struct octets modulus;
	bool ok = false;

	if (!spelled(spki, &modulus, f))
		return false;
	if ((x.ctx = BN_CTX_new()) == NULL ||
	    (x.n = BN_bin2bn(modulus.at, (int)modulus.n, NULL)) == NULL)
		fault_crypto(f, FAULT_INTERNAL, "csr: a modulus");
	else
		ok = examine(&x, f) && make_key(x.n, ret_key, f);
	BN_free(x.n);
	BN_CTX_free(x.ctx);
	return ok;
}
