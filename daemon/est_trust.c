/* daemon/est_trust.c - see est_trust.h. */
#include "daemon/est_trust.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

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
est_trust_chain(X509 *leaf, STACK_OF(X509) * certs, STACK_OF(X509) * roots, STACK_OF(X509) * *ret,
    struct fault *f)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *chain = NULL;
	bool ok = store != NULL && ctx != NULL;

	for (int i = 0; ok && i < sk_X509_num(roots); i++)
		ok = X509_STORE_add_cert(store, sk_X509_value(roots, i)) == 1;
	if (!ok || X509_STORE_CTX_init(ctx, store, leaf, certs) != 1)
		ok = fault_crypto(f, FAULT_INTERNAL, "trust: X509_STORE");
	else if (X509_verify_cert(ctx) != 1)
		ok = fault_set(f, FAULT_DENIED,
		    "trust: RFC 5280 section 6: the new certificate does not lead to the root: %s",
		    X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
	else if ((chain = X509_STORE_CTX_get1_chain(ctx)) == NULL)
		ok = fault_crypto(f, FAULT_INTERNAL, "trust: chain");
	ERR_clear_error();
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	if (ok)
		*ret = chain;
	return ok;
}

/* ---- the next root ---- */

static bool
is_valid(const X509 *c, int64_t now_s)
{
	time_t at = (time_t)now_s;

	return X509_cmp_time(X509_get0_notBefore(c), &at) < 0 &&
	       X509_cmp_time(X509_get0_notAfter(c), &at) > 0;
}

static bool
holds(STACK_OF(X509) * certs, const X509 *c)
{
	for (int i = 0; i < sk_X509_num(certs); i++)
		if (X509_cmp(sk_X509_value(certs, i), c) == 0)
			return true;
	return false;
}

/* A CA certificate that signs certificates, with its constraints and extensions in order. */
static bool
is_ca(X509 *c)
{
	return (X509_get_extension_flags(c) & (EXFLAG_CA | EXFLAG_INVALID)) == EXFLAG_CA &&
	       (X509_get_key_usage(c) & KU_KEY_CERT_SIGN) != 0;
}

/* link is root's name and key, signed by the old root: no name counts for this, the signature does.
 */
static bool
is_link(X509 *link, X509 *root, X509 *old, int64_t now_s)
{
	return X509_NAME_cmp(X509_get_subject_name(link), X509_get_subject_name(root)) == 0 &&
	       EVP_PKEY_eq(X509_get0_pubkey(link), X509_get0_pubkey(root)) == 1 &&
	       X509_NAME_cmp(X509_get_subject_name(link), X509_get_subject_name(old)) == 0 &&
	       X509_NAME_cmp(X509_get_issuer_name(link), X509_get_subject_name(old)) == 0 &&
	       is_ca(link) && is_valid(link, now_s) && is_valid(old, now_s) &&
	       X509_verify(link, X509_get0_pubkey(old)) == 1;
}

static bool
is_led_to(STACK_OF(X509) * roots, STACK_OF(X509) * certs, X509 *root, int64_t now_s)
{
	for (int i = 0; i < sk_X509_num(certs); i++)
		for (int k = 0; k < sk_X509_num(roots); k++)
			if (is_link(sk_X509_value(certs, i), root, sk_X509_value(roots, k), now_s))
				return true;
	return false;
}

static bool
drop_ended(STACK_OF(X509) * roots, int64_t now_s)
{
	time_t at = (time_t)now_s;
	bool dropped = false;

	for (int i = sk_X509_num(roots) - 1; i >= 0; i--)
		if (sk_X509_num(roots) > 1 &&
		    X509_cmp_time(X509_get0_notAfter(sk_X509_value(roots, i)), &at) < 0) {
			X509_free(sk_X509_delete(roots, i));
			dropped = true;
		}
	return dropped;
}

bool
est_trust_follow(STACK_OF(X509) * roots, STACK_OF(X509) * certs, int64_t now_s, bool *ret_changed,
    struct fault *f)
{
	bool added = false;

	for (int i = 0; i < sk_X509_num(certs); i++) {
		X509 *c = sk_X509_value(certs, i);

		if (sk_X509_num(roots) >= EST_ROOTS_MAX || holds(roots, c) ||
		    X509_self_signed(c, 1) != 1 || !is_ca(c) || !is_valid(c, now_s) ||
		    !is_led_to(roots, certs, c, now_s))
			continue;
		if (X509_up_ref(c) != 1 || sk_X509_push(roots, c) <= 0)
			return fault_crypto(f, FAULT_INTERNAL, "trust: X509_up_ref");
		added = true;
	}
	ERR_clear_error();
	*ret_changed = drop_ended(roots, now_s) || added;
	return true;
}
