/* daemon/est_trust.c - see est_trust.h. */
#include "daemon/est_trust.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509_vfy.h>

/* Either case, as the service takes either: some people type. */
#define BASE32 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz234567"
#define PARTS  4

/* Leave the text of o, of max characters at most, in to. */
static bool
copy(struct octets o, char *to, size_t max)
{
	if (o.n > max)
		return false;
	(void)memcpy(to, o.at, o.n);
	to[o.n] = '\0';
	return true;
}

/* Cut at the dots. False for more than PARTS, and for octets that no part may have. */
static bool
cut(struct octets token, struct octets parts[static PARTS], size_t *n)
{
	*n = 0;
	parts[0] = octets_of(token.at, 0);
	for (size_t i = 0; i < token.n; i++) {
		if (token.at[i] != '.') {
			if (token.at[i] <= ' ' || token.at[i] > '~')
				return false;
			parts[*n].n++;
			continue;
		}
		if (++*n == PARTS)
			return false;
		parts[*n] = octets_of(token.at + i + 1, 0);
	}
	++*n;
	return true;
}

/* Not the text functions of libc: the first part is the secret and is not copied. */
static bool
is_base32(struct octets o, size_t chars)
{
	for (size_t i = 0; i < o.n; i++)
		if (o.at[i] == '\0' || strchr(BASE32, o.at[i]) == NULL)
			return false;
	return o.n == chars;
}

bool
est_token_read(struct octets token, struct est_token *ret, struct fault *f)
{
	struct octets parts[PARTS];
	struct est_token t = { 0 };
	size_t n;

	if (!cut(token, parts, &n) || (n != 1 && n != PARTS) ||
	    !is_base32(parts[0], EST_SECRET_CHARS))
		return fault_set(f, FAULT_BADREQ,
		    "token: expected SECRET.ROOT.TENANT.DEVICE as quatrain token create prints it, or SECRET of %d characters",
		    EST_SECRET_CHARS);
	if (n == PARTS &&
	    (!is_base32(parts[1], EST_ROOT_CHARS) || !copy(parts[1], t.root, sizeof(t.root) - 1) ||
		!copy(parts[2], t.tenant, sizeof(t.tenant) - 1) || !text_is_label(t.tenant) ||
		!copy(parts[3], t.device, sizeof(t.device) - 1) || !text_is_label(t.device)))
		return fault_set(f, FAULT_BADREQ,
		    "token: its ROOT, TENANT or DEVICE part is damaged; copy it again");
	*ret = t;
	return true;
}

bool
est_trust_find(STACK_OF(X509) * certs, const char *root, X509 **ret, struct fault *f)
{
	for (int i = 0; i < sk_X509_num(certs); i++) {
		X509 *c = sk_X509_value(certs, i);
		char text[EST_ROOT_CHARS + 1];
		uint8_t hash[EVP_MAX_MD_SIZE];

		if (X509_digest(c, EVP_sha256(), hash, NULL) != 1)
			return fault_crypto(f, FAULT_INTERNAL, "trust: X509_digest");
		text_base32(hash, EST_ROOT_OCTETS, text);
		if (strcasecmp(text, root) != 0 || X509_self_signed(c, 1) != 1)
			continue;
		if (X509_up_ref(c) != 1)
			return fault_crypto(f, FAULT_INTERNAL, "trust: X509_up_ref");
		*ret = c;
		return true;
	}
	ERR_clear_error();
	return fault_set(f, FAULT_DENIED,
	    "trust: the service has not the root certificate that the token names; nothing secret was sent to it");
}

bool
est_trust_chain(
    X509 *leaf, STACK_OF(X509) * certs, X509 *root, STACK_OF(X509) * *ret, struct fault *f)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *chain = NULL;
	bool ok = false;

	if (store == NULL || ctx == NULL || X509_STORE_add_cert(store, root) != 1 ||
	    X509_STORE_CTX_init(ctx, store, leaf, certs) != 1)
		fault_crypto(f, FAULT_INTERNAL, "trust: X509_STORE");
	else if (X509_verify_cert(ctx) != 1)
		fault_set(f, FAULT_DENIED,
		    "trust: RFC 5280 section 6: the new certificate does not lead to the root: %s",
		    X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
	else if ((chain = X509_STORE_CTX_get1_chain(ctx)) == NULL)
		fault_crypto(f, FAULT_INTERNAL, "trust: chain");
	else
		ok = true;
	ERR_clear_error();
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	if (ok)
		*ret = chain;
	return ok;
}
