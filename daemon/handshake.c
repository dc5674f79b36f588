/* daemon/handshake.c - see handshake.h. */
#include "daemon/handshake.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/clock.h"
#include "base/log.h"
#include "ca/identify.h"
#include "ca/maker.h"
#include "ca/wire.h"
#include "daemon/tls.h"

#define RENEW_S   3600 /* the service's certificate is asked for again so often */
#define CHAIN_MAX 3

static bool
put_der(X509 *x, struct bytes *ret)
{
	uint8_t *der = NULL;
	int n = i2d_X509(x, &der);

	if (n > 0)
		bytes_put(ret, der, (size_t)n);
	OPENSSL_free(der);
	return n > 0;
}

/* By a manufacturer that some tenant knows: such a device may ask to be enrolled, and nothing
 * else. */
static bool
is_born(struct handshake *h, struct octets leaf, const STACK_OF(X509) * above, struct fault *f)
{
	struct bytes others = { 0 };
	/* libcrypto counts the client's own among them, and has it first */
	bool ok = sk_X509_num(above) <= IDEVID_ABOVE_MAX + 1 ||
		  fault_set(f, FAULT_BADREQ, "idevid: over %d certificates in the handshake",
		      IDEVID_ABOVE_MAX);

	for (int i = 1; ok && i < sk_X509_num(above); i++)
		if (!put_der(sk_X509_value(above, i), &others))
			ok = fault_set(f, FAULT_BADREQ, "idevid: no certificate");
	ok = ok && bytes_ok(&others, f) &&
	     maker_known(h->realm, leaf, octets_bytes(&others), clock_now_s(), f);
	bytes_free(&others);
	return ok;
}

/* A handshake goes on for any certificate that is ours, good or not: a refusal with words comes
 * after. */
static bool
admit(void *with, X509 *leaf, const STACK_OF(X509) * above)
{
	struct handshake *h = with;
	struct bytes der = { 0 };
	struct identity who;
	struct fault f, why = { .text = "" };
	uint64_t unsaid;
	bool ours;

	if (!put_der(leaf, &der))
		return false;
	ours = identify(h->realm, octets_bytes(&der), clock_now_s(), &who, NULL, &f) ||
	       (f.code != FAULT_INTERNAL && is_born(h, octets_bytes(&der), above, &why));
	bytes_free(&der);
	if (!ours && pace_take(h->lines, clock_steady_us(), &unsaid)) {
		h->lines->unsaid = unsaid; /* for a line that has room to tell it */
		log_fact(LOG_INFO, "handshake-refused", "why", f.text,
		    why.text[0] == '\0' ? NULL : "idevid", why.text, NULL);
	}
	return ours;
}

static bool
push(STACK_OF(X509) * chain, struct octets der)
{
	const uint8_t *p = der.at;
	X509 *x = d2i_X509(NULL, &p, (long)der.n);

	if (x != NULL && sk_X509_push(chain, x) > 0)
		return true;
	X509_free(x);
	return false;
}

/* The signer's answer as a TLS context. */
static bool
make_context(struct handshake *h, struct octets body, SSL_CTX **ret, struct fault *f)
{
	struct reader r = reader_of(body);
	struct octets key_der = reader_counted(&r);
	const uint8_t *p = key_der.at;
	EVP_PKEY *key = NULL;
	STACK_OF(X509) *chain = sk_X509_new_null();
	bool ok = false;

	if (chain == NULL || key_der.n == 0 ||
	    (key = d2i_AutoPrivateKey(NULL, &p, (long)key_der.n)) == NULL) {
		fault_crypto(f, FAULT_INTERNAL, "edge: the service's key");
		goto out;
	}
	for (int i = 0; i < CHAIN_MAX; i++)
		if (!push(chain, reader_counted(&r))) {
			fault_crypto(f, FAULT_INTERNAL, "edge: the service's certificate");
			goto out;
		}
	ok = tls_server_context(key, chain, admit, h, ret, f);
out:
	EVP_PKEY_free(key);
	sk_X509_pop_free(chain, X509_free);
	return ok;
}

static void
got_service(void *with, uint16_t code, struct octets body)
{
	struct handshake *h = with;
	SSL_CTX *tls = NULL;
	struct fault f;

	h->asking = false;
	if (code != 0) {
		fault_set(&f, (enum fault_code)code, "%.*s", (int)body.n, (const char *)body.at);
	} else if (make_context(h, body, &tls, &f)) {
		h->asked_s = clock_now_s();
		if (h->use(h->with, tls, &f)) {
			SSL_CTX_free(tls);
			return;
		}
	}
	SSL_CTX_free(tls);
	log_fact(LOG_WARN, "service-certificate", "fault", f.text, NULL);
}

void
handshake_tick(struct handshake *h, bool wanted)
{
	struct tenant platform;
	struct fault f;

	if (h->asking || (!wanted && clock_now_s() < h->asked_s + RENEW_S))
		return;
	h->asking = true;
	h->asked_s = clock_now_s();
	if (realm_tenant(h->realm, NAME_PLATFORM, &platform, &f))
		memcpy(h->asked_of, platform.key_id, sizeof(h->asked_of));
	http_ask(h->http, WIRE_SERVICE, octets_of(NULL, 0), got_service, h);
}

void
handshake_look(struct handshake *h)
{
	struct tenant platform;
	struct fault f;

	if (realm_tenant(h->realm, NAME_PLATFORM, &platform, &f) &&
	    memcmp(platform.key_id, h->asked_of, sizeof(h->asked_of)) != 0)
		h->asked_s = 0;
}
