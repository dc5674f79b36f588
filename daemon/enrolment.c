/* daemon/enrolment.c - see enrolment.h: what comes from the service is proven, then kept. */
#include <string.h>
#include <time.h>

#include <openssl/bn.h>

#include "daemon/cli_print.h"
#include "daemon/enrolment.h"

bool
enrolment_root(struct enrolment *e, const char *path, struct fault *f)
{
	STACK_OF(X509) *certs = NULL;

	if (!credential_certs_read(path, &certs, f))
		return false;
	if (sk_X509_num(certs) != 1) {
		credential_certs_free(certs);
		return fault_set(
		    f, FAULT_BADREQ, "enroll: %s: expected the root certificate alone", path);
	}
	e->root = sk_X509_shift(certs);
	credential_certs_free(certs);
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
	if (!credential_cert_put(&pem, e->root, f))
		return false;
	peer->root_pem = octets_bytes(&pem);
	ok = fetch_new(peer, ret, f);
	bytes_free(&pem);
	return ok;
}

bool
enrolment_ask(struct enrolment *e, struct fetch *c, const char *operation, struct fault *f)
{
	if (e->known == NULL && !est_cacerts(c, &e->at, &e->known, f))
		return false;
	return est_enroll(c, &e->at, operation, octets_bytes(&e->request), e->key, &e->leaf, f) &&
	       est_trust_chain(e->leaf, e->known, e->root, &e->chain, f);
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
enrolment_tell(const struct enrolment *e, const char *what)
{
	char serial[64], end[TEXT_TIME_MAX];
	struct json *j;

	serial_text(e->leaf, serial);
	end_text(e->leaf, end);
	if (!e->inv->json) {
		(void)printf("%s: cert.pem, key.pem and root.pem are in %s.\n", what, e->dir);
		(void)printf("tenant  %s\nserial  %s\nends    %s\n", e->at.label, serial, end);
		(void)printf("Next: before it ends, quatrain enroll --renew --url %s --out %s\n",
		    cli_option(e->inv, "url"), e->dir);
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

void
enrolment_free(struct enrolment *e)
{
	secret_free(&e->token);
	X509_free(e->root);
	credential_certs_free(e->known);
	EVP_PKEY_free(e->key);
	bytes_free(&e->request);
	X509_free(e->leaf);
	credential_certs_free(e->chain);
}
