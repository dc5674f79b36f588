/*
 * daemon/cli_renew.c - enroll --renew; see enrolment.h.
 *
 * With --new-key two files must change together, which no file system does. So
 * key.pem.new is written before the request, cert.pem.new after the answer, and then both are
 * renamed, key first. finish() at the next start goes on from wherever that was cut.
 */
#include "daemon/enrolment.h"

#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "ca/name.h"

#define KEY      "key.pem"
#define CERT     "cert.pem"
#define NEW_KEY  "key.pem.new"
#define NEW_CERT "cert.pem.new"

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

/* Bring a renewal that was cut to its end, or to its beginning. */
static bool
finish(const char *dir, struct fault *f)
{
	char path[CREDENTIAL_PATH_MAX];

	if (!credential_exists(dir, NEW_CERT))
		return true;
	if (match(dir, NEW_CERT, NEW_KEY) && !credential_rename(dir, NEW_KEY, KEY, f))
		return false;
	if (match(dir, NEW_CERT, KEY))
		return credential_rename(dir, NEW_CERT, CERT, f);
	if (!credential_path(dir, NEW_CERT, path, f))
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
	const char *url = cli_option(e->inv, "url"), *tenant = cli_option(e->inv, "tenant");
	char label[TEXT_LABEL_MAX];

	if (tenant == NULL && (est_label_of(url, label) || tenant_of(cert, label)))
		tenant = label;
	return est_place(url, tenant, &e->at, f);
}

/* An expired certificate opens no door, and the TLS alert that would say so is hard to read. */
static bool
check_time(struct enrolment *e, const X509 *cert, struct fault *f)
{
	time_t now_s = (time_t)clock_now_s();

	if (X509_cmp_time(X509_get0_notAfter(cert), &now_s) >= 0)
		return true;
	e->next = "ask for a token, move cert.pem away, and enrol with it; key.pem is used again";
	return fault_set(f, FAULT_DENIED,
	    "enroll: the certificate in %s has expired and cannot renew itself", e->dir);
}

static bool
settle_key(struct enrolment *e, struct fault *f)
{
	if (!cli_flag(e->inv, "new-key"))
		return credential_key_read(e->dir, KEY, &e->key, f);
	if (credential_exists(e->dir, NEW_KEY))
		return credential_key_read(e->dir, NEW_KEY, &e->key, f);
	return credential_key_make(e->dir, NEW_KEY, &e->key, f);
}

static bool
save(const struct enrolment *e, struct fault *f)
{
	struct bytes cert = { 0 }, root = { 0 };
	bool ok = enrolment_chain_pem(e, &cert, f) && credential_cert_put(&root, e->root, f);

	if (ok && cli_flag(e->inv, "new-key"))
		ok = credential_replace(e->dir, NEW_CERT, 0644, octets_bytes(&cert), f) &&
		     finish(e->dir, f);
	else if (ok)
		ok = credential_replace(e->dir, CERT, 0644, octets_bytes(&cert), f);
	ok = ok && credential_replace(e->dir, "root.pem", 0644, octets_bytes(&root), f);
	bytes_free(&cert);
	bytes_free(&root);
	return ok;
}

static const char *
advice(enum fault_code code)
{
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
ask(struct enrolment *e, const char *cert, struct fault *f)
{
	struct fetch_peer peer = { .cert = cert };
	char key[CREDENTIAL_PATH_MAX];
	struct fetch *c = NULL;
	bool ok;

	if (!credential_path(e->dir, KEY, key, f))
		return false;
	peer.key = key;
	ok = enrolment_fetch(e, &peer, &c, f) && enrolment_ask(e, c, "simplereenroll", f);
	fetch_free(c);
	if (!ok)
		e->next = advice(f->code);
	return ok;
}

static bool
renew(struct enrolment *e, const char *path, const X509 *cert, struct fault *f)
{
	const char *root = cli_option(e->inv, "root");
	char kept[CREDENTIAL_PATH_MAX];

	return credential_path(e->dir, "root.pem", kept, f) && check_time(e, cert, f) &&
	       settle_place(e, cert, f) && enrolment_root(e, root != NULL ? root : kept, f) &&
	       settle_key(e, f) && credential_request(e->key, NULL, cert, &e->request, f) &&
	       ask(e, path, f) && save(e, f);
}

bool
enrolment_renew(struct enrolment *e, struct fault *f)
{
	char path[CREDENTIAL_PATH_MAX];
	STACK_OF(X509) *certs = NULL;
	bool ok;

	if (!finish(e->dir, f) || !credential_path(e->dir, CERT, path, f))
		return false;
	if (!credential_certs_read(path, &certs, f)) {
		e->next = "--renew needs the folder of an enrolment; enrol first, with --token";
		return false;
	}
	ok = renew(e, path, sk_X509_value(certs, 0), f);
	credential_certs_free(certs);
	return ok;
}
