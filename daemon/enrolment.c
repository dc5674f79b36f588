/* daemon/enrolment.c - see enrolment.h: what comes from the service is proven, then kept. */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/bn.h>

#include "base/clock.h"
#include "daemon/cli_print.h"
#include "daemon/enrolment.h"

#define RSA_BITS     2048 /* where nobody says more */
#define RSA_BITS_MAX 4096

bool
enrolment_roots(struct enrolment *e, const char *path, struct fault *f)
{
	STACK_OF(X509) *certs = NULL;

	if (!credential_certs_read(path, &certs, f))
		return false;
	for (int i = 0; i < sk_X509_num(certs); i++)
		if (sk_X509_num(certs) > EST_ROOTS_MAX ||
		    X509_self_signed(sk_X509_value(certs, i), 0) != 1) {
			credential_certs_free(certs);
			return fault_set(f, FAULT_BADREQ,
			    "enroll: %s: expected the root certificate alone", path);
		}
	e->roots = certs;
	return true;
}

static bool
roots_pem(const struct enrolment *e, struct bytes *ret, struct fault *f)
{
	for (int i = 0; i < sk_X509_num(e->roots); i++)
		if (!credential_cert_put(ret, sk_X509_value(e->roots, i), f))
			return false;
	return true;
}

bool
enrolment_fetch(
    const struct enrolment *e, struct fetch_peer *peer, struct fetch **ret, struct fault *f)
{
	struct bytes pem = { 0 };
	bool ok;

	peer->body_max = EST_BODY_MAX;
	peer->timeout_s = EST_TIMEOUT_S;
	peer->stop = e->stop;
	if (!roots_pem(e, &pem, f))
		return false;
	peer->root_pem = octets_bytes(&pem);
	ok = fetch_new(peer, ret, f);
	bytes_free(&pem);
	return ok;
}

bool
enrolment_new_key(struct enrolment *e, const char *name, struct fault *f)
{
	const char *key = cli_option(e->inv, "key");
	unsigned bits = 0;

	if (key != NULL)
		bits = strcmp(key, "p256") == 0 ? 0 : strcmp(key, "rsa3072") == 0 ? 3072 : RSA_BITS;
	else if (e->attrs.key == EST_KEY_RSA || (e->attrs.key == EST_KEY_ANY && e->code.rsa))
		bits = e->attrs.rsa_bits < RSA_BITS ? RSA_BITS : e->attrs.rsa_bits;
	if (bits > RSA_BITS_MAX)
		return fault_set(f, FAULT_LIMIT,
		    "enroll: the service wants an RSA key of %u bits, over %d", bits, RSA_BITS_MAX);
	return credential_key_make(e->dir, name, bits, &e->key, f);
}

/* The challenge that binds the request to c's connection (RFC 7030 section 3.5), where it is
 * wanted. */
static bool
bind_request(const struct enrolment *e, struct fetch *c, struct bytes *ret, struct fault *f)
{
	uint8_t binding[FETCH_BINDING_MAX];
	size_t n = 0;

	if (!e->attrs.binding && !cli_flag(e->inv, "bind"))
		return true;
	if (!fetch_bind(c, binding, &n, f))
		return false;
	text_base64(octets_of(binding, n), 0, ret);
	bytes_put_u8(ret, 0);
	return bytes_ok(ret, f);
}

static bool
make_request(const struct enrolment *e, const struct enrolment_way *way, struct fetch *c,
    struct bytes *ret, struct fault *f)
{
	struct credential_says says = {
		.cn = e->device,
		.subject = e->attrs.subject != NULL ? e->attrs.subject : way->subject,
		.extensions = e->attrs.extensions,
		.like = way->like,
	};
	struct bytes challenge = { 0 };
	bool ok = bind_request(e, c, &challenge, f);

	if (ok && challenge.n > 0)
		says.challenge = (const char *)challenge.at;
	ok = ok && credential_request(e->key, &says, ret, f);
	bytes_free(&challenge);
	return ok;
}

static bool
ask_over(struct enrolment *e, const struct enrolment_way *way, struct fetch *c, struct fault *f)
{
	struct bytes request = { 0 };
	bool ok;

	credential_certs_free(e->known);
	e->known = NULL;
	est_attrs_free(&e->attrs);
	if (!est_cacerts(c, &e->at, &e->known, f) ||
	    !est_csrattrs(c, &e->at, e->device, &e->attrs, f) ||
	    (e->key == NULL && !way->settle_key(e, f)) || !make_request(e, way, c, &request, f)) {
		bytes_free(&request);
		return false;
	}
	ok = est_enroll(c, &e->at, way->operation, octets_bytes(&request), e->key, &e->leaf, f);
	bytes_free(&request);
	return ok &&
	       (e->leaf == NULL || est_trust_chain(e->leaf, e->known, e->roots, &e->chain, f));
}

bool
enrolment_ask(struct enrolment *e, const struct enrolment_way *way, struct fault *f)
{
	struct fetch_peer peer = {
		.cert = way->cert, .key = way->key, .user = way->user, .password = &e->token
	};
	struct fetch *c = NULL;
	bool ok = enrolment_fetch(e, &peer, &c, f);

	if (ok) {
		ok = ask_over(e, way, c, f);
		e->retry_after_s = fetch_retry_after(c);
	}
	fetch_free(c);
	return ok;
}

bool
enrolment_save_roots(struct enrolment *e, struct fault *f)
{
	struct bytes pem = { 0 };
	bool changed, ok;

	if (e->known != NULL && !est_trust_follow(e->roots, e->known, clock_now_s(), &changed, f))
		return false;
	ok = roots_pem(e, &pem, f) &&
	     credential_replace(e->dir, "root.pem", 0644, octets_bytes(&pem), f);
	bytes_free(&pem);
	return ok;
}

bool
enrolment_chain_pem(const struct enrolment *e, struct bytes *ret, struct fault *f)
{
	for (int i = 0; i + 1 < sk_X509_num(e->chain); i++)
		if (!credential_cert_put(ret, sk_X509_value(e->chain, i), f))
			return false;
	return true;
}

static void
serial_text(const X509 *c, char to[static 64])
{
	BIGNUM *n = ASN1_INTEGER_to_BN(X509_get0_serialNumber(c), NULL);
	uint8_t octets[16] = { 0 };

	if (n == NULL || BN_bn2binpad(n, octets, sizeof(octets)) < 0)
		(void)snprintf(to, 64, "-");
	else
		text_hex(octets, sizeof(octets), to);
	BN_free(n);
}

static void
end_text(const X509 *c, char to[static TEXT_TIME_MAX])
{
	struct tm tm = { 0 };

	if (ASN1_TIME_to_tm(X509_get0_notAfter(c), &tm) == 1)
		text_time((int64_t)timegm(&tm), to);
	else
		(void)snprintf(to, TEXT_TIME_MAX, "-");
}

void
enrolment_facts(const struct enrolment *e, char serial[static 64], char end[static TEXT_TIME_MAX])
{
	serial_text(e->leaf, serial);
	end_text(e->leaf, end);
}

void
enrolment_tell(const struct enrolment *e, const char *what)
{
	char serial[64], end[TEXT_TIME_MAX];
	struct json *j;

	enrolment_facts(e, serial, end);
	if (!e->inv->json) {
		(void)printf("%s: cert.pem, key.pem and root.pem are in %s.\n", what, e->dir);
		(void)printf("tenant  %s\nserial  %s\nends    %s\n", e->at.label, serial, end);
		(void)printf(
		    "Next: before it ends, quatrain enroll --renew --url %s --out %s; or leave that to --daemon\n",
		    e->url, e->dir);
		return;
	}
	j = json_object();
	json_put_text(j, "tenant", e->at.label);
	json_put_text(j, "serial", serial);
	json_put_text(j, "not_after", end);
	json_put_text(j, "out", e->dir);
	cli_print_json(stdout, j);
	json_free(j);
}

bool
enrolment_lock(struct enrolment *e, struct fault *f)
{
	if (!e->locked)
		e->locked = credential_lock(e->dir, &e->lock, f);
	return e->locked;
}

void
enrolment_unlock(struct enrolment *e)
{
	if (e->locked)
		(void)close(e->lock);
	e->locked = false;
}

void
enrolment_free(struct enrolment *e)
{
	enrolment_unlock(e);
	secret_free(&e->token);
	secret_free(&e->code.token);
	credential_certs_free(e->roots);
	est_attrs_free(&e->attrs);
	credential_certs_free(e->known);
	EVP_PKEY_free(e->key);
	X509_free(e->leaf);
	credential_certs_free(e->chain);
}
