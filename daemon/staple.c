/* daemon/staple.c - see staple.h. */
#include "daemon/staple.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/clock.h"
#include "base/der.h"
#include "ca/oid.h"
#include "ca/wire.h"
#include "ocsp/answer.h"

#define RETRY_S     5
#define SHA1_OCTETS 20

static bool
is_fresh(struct staple *s, int64_t now_s)
{
	return s->answer.n != 0 && now_s < s->until_s && kept_holds(s->realm, &s->seen);
}

/* Called by libssl where the client asked for it. */
static int
send_along(SSL *ssl, void *with)
{
	struct staple *s = with;
	uint8_t *copy;

	if (!is_fresh(s, clock_now_s()) ||
	    (copy = OPENSSL_memdup(s->answer.at, s->answer.n)) == NULL)
		return SSL_TLSEXT_ERR_NOACK;
	SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)s->answer.n); /* libssl's now */
	return SSL_TLSEXT_ERR_OK;
}

/* A request with one CertID; SHA-1, for clients look for the hash that they would have sent. */
static bool
make_request(
    struct staple *s, struct octets name, struct octets key, struct octets serial, struct fault *f)
{
	struct der d = { .out = &s->request };

	bytes_clear(&s->request);
	for (int i = 0; i < 5; i++)
		der_begin(&d, DER_SEQUENCE);
	der_begin(&d, DER_SEQUENCE);
	der_put(&d, DER_OID, oid_sha1);
	der_put(&d, DER_NULL, octets_of(NULL, 0));
	der_end(&d);
	der_put(&d, DER_OCTETS, name);
	der_put(&d, DER_OCTETS, key);
	der_put(&d, DER_INTEGER, serial);
	for (int i = 0; i < 5; i++)
		der_end(&d);
	return bytes_ok(&s->request, f);
}

/* What is asked about: leaf, by the CA whose certificate stands next in the chain. */
static bool
take(struct staple *s, X509 *leaf, X509 *ca, struct fault *f)
{
	uint8_t name[EVP_MAX_MD_SIZE], key[EVP_MAX_MD_SIZE];
	const ASN1_INTEGER *number = X509_get0_serialNumber(leaf);
	struct octets serial =
	    octets_of(ASN1_STRING_get0_data(number), (size_t)ASN1_STRING_length(number));

	if (serial.n != TBS_SERIAL_OCTETS)
		return fault_set(f, FAULT_INTERNAL, "staple: not a certificate of ours");
	if (X509_NAME_digest(X509_get_issuer_name(leaf), EVP_sha1(), name, NULL) != 1 ||
	    X509_pubkey_digest(ca, EVP_sha1(), key, NULL) != 1)
		return fault_crypto(f, FAULT_INTERNAL, "staple: digest");
	memcpy(s->asked.serial, serial.at, TBS_SERIAL_OCTETS);
	return realm_issuer(s->realm, octets_of(key, SHA1_OCTETS), octets_of(name, SHA1_OCTETS),
		   &s->asked.issuer, f) &&
	       make_request(
		   s, octets_of(name, SHA1_OCTETS), octets_of(key, SHA1_OCTETS), serial, f);
}

void
staple_use(struct staple *s, SSL_CTX *tls)
{
	STACK_OF(X509) *chain = NULL;
	X509 *leaf = SSL_CTX_get0_certificate(tls);
	struct fault f;

	bytes_clear(&s->request);
	s->again_s = 0;
	if (leaf == NULL || SSL_CTX_get0_chain_certs(tls, &chain) != 1 || sk_X509_num(chain) < 1 ||
	    !take(s, leaf, sk_X509_value(chain, 0), &f)) {
		bytes_free(&s->request);
		ERR_clear_error();
		return;
	}
	if (memcmp(s->asked.serial, s->seen.serial, TBS_SERIAL_OCTETS) != 0)
		bytes_clear(&s->answer); /* it is about another certificate */
	SSL_CTX_set_tlsext_status_cb(tls, send_along);
	SSL_CTX_set_tlsext_status_arg(tls, s);
}

/* An answer to what was asked before the leaf changed says nothing of this one: its serial tells.
 */
static bool
is_about(struct octets answer, const struct kept_seen *what)
{
	return memmem(answer.at, answer.n, what->serial, TBS_SERIAL_OCTETS) != NULL;
}

static void
answered(void *with, uint16_t code, struct octets body)
{
	struct staple *s = with;
	int64_t now_s = clock_now_s(), from_s, until_s;
	struct fault f;

	s->asking = false;
	s->again_s = now_s + RETRY_S;
	if (code != 0 || !is_about(body, &s->asked) || !answer_times(body, &from_s, &until_s, &f))
		return;
	bytes_clear(&s->answer);
	bytes_put_octets(&s->answer, body);
	if (!bytes_ok(&s->answer, &f)) {
		bytes_free(&s->answer);
		return;
	}
	s->seen = s->asked;
	s->until_s = until_s;
	s->again_s = now_s + (until_s - now_s) / 2;
}

void
staple_tick(struct staple *s)
{
	int64_t now_s = clock_now_s();

	if (s->request.n == 0 || s->asking || !http_has_line(s->http))
		return;
	if (now_s < s->again_s && (s->answer.n == 0 || is_fresh(s, now_s)))
		return;
	/* What the ledger says is read before the question goes: the answer is at least as new. */
	if (!kept_see(s->realm, &s->asked)) {
		s->again_s = now_s + RETRY_S;
		return;
	}
	s->asking = true;
	http_ask(s->http, WIRE_OCSP, octets_bytes(&s->request), answered, s);
}

void
staple_free(struct staple *s)
{
	bytes_free(&s->request);
	bytes_free(&s->answer);
}
