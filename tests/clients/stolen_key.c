/*
 * tests/clients/stolen_key.c - a thief with the data folder and its master key.
 *
 * stolen_key DATA CERTIFICATE.pem OUT: finds the sealed key that belongs to the
 * certificate, opens it as the signer would, and writes it in clear to OUT, so
 * that a test can sign with a tenant's key what the signer never would.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/seal.h"
#include "base/secret.h"
#include "ca/key.h"

#define OPEN_FOLDERS 8

/* nftw() hands nothing through to its visitor. */
static struct seal *seal;
static struct octets wanted;
static struct key *found;

static int
visit(const char *path, const struct stat *st, int type, struct FTW *at)
{
	struct key *k;
	struct fault f;

	(void)st;
	(void)at;
	if (type != FTW_F || !key_read(seal, NULL, path, &k, &f))
		return 0;
	if (key_spki(k).n == wanted.n && memcmp(key_spki(k).at, wanted.at, wanted.n) == 0) {
		found = k;
		return 1;
	}
	key_free(k);
	return 0;
}

static bool
open_seal(const char *data, struct fault *f)
{
	struct secret passphrase;
	char path[512];
	bool ok;

	if (snprintf(path, sizeof(path), "%s/master.key", data) >= (int)sizeof(path))
		return fault_set(f, FAULT_LIMIT, "thief: %s is too long", data);
	if (!secret_start(f) || !secret_read_line(path, &passphrase, f))
		return false;
	ok = seal_new(&passphrase, SEAL_RANDOM, &seal, f);
	secret_free(&passphrase);
	return ok;
}

/* The key that the certificate in file certifies, as DER SubjectPublicKeyInfo. */
static bool
want(const char *file, struct fault *f)
{
	unsigned char *spki = NULL;
	X509 *cert = NULL;
	FILE *in;
	int n = -1;

	if ((in = fopen(file, "r")) != NULL) {
		cert = PEM_read_X509(in, NULL, NULL, NULL);
		fclose(in);
	}
	if (cert != NULL)
		n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &spki);
	X509_free(cert);
	if (n <= 0)
		return fault_crypto(f, FAULT_BADREQ, "thief: no certificate in %s", file);
	wanted.at = spki;
	wanted.n = (size_t)n;
	return true;
}

static bool
tell(const char *file, struct fault *f)
{
	struct secret clear;
	const unsigned char *p;
	EVP_PKEY *pkey;
	FILE *out;
	bool ok;

	if (!key_export(found, &clear, f))
		return false;
	p = clear.at;
	pkey = d2i_AutoPrivateKey(NULL, &p, (long)clear.n);
	secret_free(&clear);
	if (pkey == NULL)
		return fault_crypto(f, FAULT_INTERNAL, "thief: not PKCS #8");
	if ((out = fopen(file, "w")) == NULL) {
		EVP_PKEY_free(pkey);
		return fault_errno(f, FAULT_INTERNAL, "thief: %s", file);
	}
	ok = PEM_write_PrivateKey(out, pkey, NULL, NULL, 0, NULL, NULL) == 1;
	EVP_PKEY_free(pkey);
	if (fclose(out) != 0 || !ok)
		return fault_errno(f, FAULT_INTERNAL, "thief: %s", file);
	return true;
}

int
main(int argc, char **argv)
{
	struct fault f;
	bool ok;

	if (argc != 4) {
		fprintf(stderr, "usage: stolen_key DATA CERTIFICATE.pem OUT\n");
		return 2;
	}
	ok = want(argv[2], &f) && open_seal(argv[1], &f);
	if (ok && nftw(argv[1], visit, OPEN_FOLDERS, FTW_PHYS) != 1)
		ok = fault_set(&f, FAULT_NOTFOUND, "thief: no sealed key of it in %s", argv[1]);
	if (ok)
		ok = tell(argv[3], &f);
	if (!ok)
		fprintf(stderr, "stolen_key: %s\n", f.text);
	key_free(found);
	seal_free(seal);
	OPENSSL_free((void *)(uintptr_t)wanted.at);
	return ok ? 0 : 1;
}
