/*
 * daemon/cli_renew.c - enroll --renew; see enrolment.h.
 *
 * With --new-key the new key is written to key.pem.new before the request, so that
 * an answer that comes is never lost; key.pem and cert.pem then change together
 * (credential_pair_replace()).
 */
#include "daemon/enrolment.h"

#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "ca/name.h"

#define KEY     "key.pem"
#define CERT    "cert.pem"
#define NEW_KEY "key.pem.new"

/* Does the certificate in file cert belong to the key in file key? */
static bool
match(const char *dir, const char *cert, const char *key)
{
	char path[CREDENTIAL_PATH_MAX];
	STACK_OF(X509) *certs = NULL;
	EVP_PKEY *k = NULL;
	struct fault none;
	bool ok = credential_path(dir, cert, path, &none) &&
		  credential_certs_read(path, &certs, &none) &&
		  credential_key_read(dir, key, &k, &none) &&
		  X509_check_private_key(sk_X509_value(certs, 0), k) == 1;

	ERR_clear_error();
	EVP_PKEY_free(k);
	credential_certs_free(certs);
	return ok;
}

/* A key that has its certificate already is no new one: the renewal was cut behind its last step.
 */
bool
enrolment_finish(const char *dir, struct fault *f)
{
	char path[CREDENTIAL_PATH_MAX];

	if (!credential_exists(dir, NEW_KEY) || !match(dir, CERT, NEW_KEY))
		return true;
	if (!credential_path(dir, NEW_KEY, path, f))
		return false;
	(void)unlink(path);
	return true;
}

/* The tenant by the URI SAN of its own certificate. */
static bool
tenant_of(const X509 *cert, char to[static TEXT_LABEL_MAX])
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	struct endpoint who;
	bool found = false;

	for (int i = 0; i < sk_GENERAL_NAME_num(names) && !found; i++) {
		const GENERAL_NAME *n = sk_GENERAL_NAME_value(names, i);
		char uri[NAME_URI_MAX];

		if (n->type != GEN_URI)
			continue;
		(void)snprintf(uri, sizeof(uri), "%.*s",
		    ASN1_STRING_length(n->d.uniformResourceIdentifier),
		    (const char *)ASN1_STRING_get0_data(n->d.uniformResourceIdentifier));
		if ((found = name_of_uri(uri, &who)))
			(void)snprintf(to, TEXT_LABEL_MAX, "%s", who.tenant);
	}
	GENERAL_NAMES_free(names);
	ERR_clear_error();
	return found;
}

static bool
settle_place(struct enrolment *e, const X509 *cert, struct fault *f)
{
	const char *tenant = cli_option(e->inv, "tenant");
	char label[TEXT_LABEL_MAX];

	e->url = cli_option(e->inv, "url");
	if (e->url == NULL && e->code.url[0] != '\0')
		e->url = e->code.url;
	if (e->url == NULL)
		return fault_set(f, FAULT_BADREQ, "enroll: which service? give --url URL");
	if (tenant == NULL && (est_tenant_of(e->url, label) || tenant_of(cert, label)))
		tenant = label;
	return est_place(e->url, tenant, NULL, &e->at, f);
}

static bool
settle_key(struct enrolment *e, struct fault *f)
{
	if (!cli_flag(e->inv, "new-key"))
		return credential_key_read(e->dir, KEY, &e->key, f);
	if (credential_exists(e->dir, NEW_KEY))
		return credential_key_read(e->dir, NEW_KEY, &e->key, f);
	return enrolment_new_key(e, NEW_KEY, f);
}

static bool
save_pair(const struct enrolment *e, struct octets cert, struct fault *f)
{
	char path[CREDENTIAL_PATH_MAX];
	struct bytes key = { 0 };
	bool ok = credential_path(e->dir, NEW_KEY, path, f) && credential_read(path, &key, f) &&
		  credential_pair_replace(e->dir, octets_bytes(&key), cert, f);

	bytes_free(&key);
	if (ok)
		(void)unlink(path);
	return ok;
}

static bool
save(struct enrolment *e, struct fault *f)
{
	struct bytes cert = { 0 };
	bool ok = enrolment_chain_pem(e, &cert, f);

	if (ok && cli_flag(e->inv, "new-key"))
		ok = save_pair(e, octets_bytes(&cert), f);
	else if (ok)
		ok = credential_replace(e->dir, CERT, 0644, octets_bytes(&cert), f);
	ok = ok && enrolment_save_roots(e, f);
	bytes_free(&cert);
	return ok;
}

/* A service may let one that has ended renew for a while; where it does not, the TLS alert that
 * says so is hard to read. */
static const char *
advice(const X509 *cert, enum fault_code code)
{
	time_t now_s = (time_t)clock_now_s();

	if (X509_cmp_time(X509_get0_notAfter(cert), &now_s) < 0)
		return "the certificate has expired: ask for a token, move cert.pem away, and enrol with it; key.pem is used again";
	switch (code) {
	case FAULT_AUTH:
	case FAULT_DENIED:
		return "check --url and root.pem; if the certificate was revoked, ask for a token and enrol in another folder";
	case FAULT_NOTFOUND:
		return "check the tenant's name and --url";
	case FAULT_BUSY:
	case FAULT_LIMIT:
		return "run the same command again later; nothing in the folder has changed";
	default:
		return NULL;
	}
}

static bool
renew(struct enrolment *e, const char *path, const X509 *cert, struct fault *f)
{
	struct enrolment_way way = {
		.operation = "simplereenroll",
		.cert = path,
		.like = cert,
		.settle_key = settle_key,
	};
	/* A daemon's --root is for the first enrolment; root.pem may have more by now. */
	const char *root = cli_option(e->inv, "root");
	char kept[CREDENTIAL_PATH_MAX], key[CREDENTIAL_PATH_MAX];

	if (!credential_path(e->dir, "root.pem", kept, f) ||
	    !credential_path(e->dir, KEY, key, f) || !settle_place(e, cert, f) ||
	    !enrolment_roots(e, root != NULL && cli_flag(e->inv, "renew") ? root : kept, f))
		return false;
	way.key = key;
	if (!enrolment_ask(e, &way, f)) {
		e->next = advice(cert, f->code);
		return false;
	}
	return e->leaf == NULL || save(e, f);
}

/* What the last question left; a renewal that is asked for again begins at what the folder has. */
static void
forget(struct enrolment *e)
{
	credential_certs_free(e->roots);
	e->roots = NULL;
	EVP_PKEY_free(e->key);
	e->key = NULL;
	X509_free(e->leaf);
	e->leaf = NULL;
	credential_certs_free(e->chain);
	e->chain = NULL;
}

bool
enrolment_renew(struct enrolment *e, struct fault *f)
{
	char path[CREDENTIAL_PATH_MAX];
	STACK_OF(X509) *certs = NULL;
	bool ok;

	forget(e);
	e->next = NULL;
	if (!credential_exists(e->dir, CERT)) {
		e->next = "--renew needs the folder of an enrolment; enrol first, with --token";
		return fault_set(f, FAULT_NOTFOUND, "enroll: no cert.pem in %s", e->dir);
	}
	if (!enrolment_lock(e, f) || !enrolment_finish(e->dir, f) ||
	    !credential_path(e->dir, CERT, path, f))
		return false;
	if (!credential_certs_read(path, &certs, f))
		return false;
	ok = renew(e, path, sk_X509_value(certs, 0), f);
	credential_certs_free(certs);
	return ok;
}
