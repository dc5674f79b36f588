/* base/seal.c - see seal.h. */
#include "base/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <sodium.h>

#include "base/folder.h"

#define PEM_NAME    "QUATRAIN SEALED KEY"
#define VERSION     1
#define FILE_MAX    8192 /* octets */
#define KEY_MAX     4096 /* octets; a P-256 key is 32, an RSA-4096 one about 2400 */
#define HEAD_OCTETS (1 + 8 + 8 + crypto_pwhash_SALTBYTES + crypto_secretbox_NONCEBYTES)

/* A file names its own cost, so a hostile one could ask for any: these bound it. */
#define OPS_MAX    16
#define MEMORY_MAX (1ull << 30) /* octets */

/* What, beside the passphrase, makes a sealing key. */
struct params {
	uint64_t ops, memory; /* memory in octets */
	uint8_t salt[crypto_pwhash_SALTBYTES];
};

struct derived {
	struct params params;
	struct secret key; /* empty: not derived yet */
};

struct seal {
	struct secret passphrase;
	struct derived own;   /* for writing */
	struct derived other; /* of the last file that was sealed with other parameters */
};

/* A sealed file's parts; nonce and box are lent by der. */
struct sealed {
	unsigned char *der; /* owned, OPENSSL_free() */
	struct params params;
	const uint8_t *nonce;
	struct octets box;
};

bool
seal_new(const struct secret *passphrase, enum seal_strength strength, struct seal **ret,
    struct fault *f)
{
	bool human = strength == SEAL_PASSPHRASE;
	struct seal *s;

	if (passphrase->n == 0)
		return fault_set(f, FAULT_BADREQ, "seal: an empty passphrase");
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return fault_set(f, FAULT_INTERNAL, "seal: out of memory");
	if (!secret_copy(secret_octets(passphrase), &s->passphrase, f)) {
		free(s);
		return false;
	}
	s->own.params.ops = human ? crypto_pwhash_OPSLIMIT_MODERATE : crypto_pwhash_OPSLIMIT_MIN;
	s->own.params.memory = human ? crypto_pwhash_MEMLIMIT_MODERATE : crypto_pwhash_MEMLIMIT_MIN;
	secret_nonce(s->own.params.salt, sizeof(s->own.params.salt));
	*ret = s;
	return true;
}

static bool
derive(const struct seal *s, const struct params *p, struct secret *ret, struct fault *f)
{
	struct secret key;
	struct octets pass = secret_octets(&s->passphrase);

	if (!secret_new(crypto_secretbox_KEYBYTES, &key, f))
		return false;
	if (crypto_pwhash(key.at, key.n, (const char *)pass.at, pass.n, p->salt, p->ops,
		(size_t)p->memory, crypto_pwhash_ALG_ARGON2ID13) != 0) {
		secret_free(&key);
		return fault_set(f, FAULT_INTERNAL, "seal: no memory for Argon2id");
	}
	*ret = key;
	return true;
}

static bool
params_same(const struct params *a, const struct params *b)
{
	return a->ops == b->ops && a->memory == b->memory &&
	       memcmp(a->salt, b->salt, sizeof(a->salt)) == 0;
}

/* The key for p, made where it is not at hand: *ret is lent by one of the two places. */
static bool
key_for(struct seal *s, const struct params *p, const struct derived **ret, struct fault *f)
{
	struct derived *d = params_same(p, &s->own.params) ? &s->own : &s->other;
	struct secret key;

	if (d->key.at == NULL || !params_same(p, &d->params)) {
		if (!derive(s, p, &key, f))
			return false;
		secret_free(&d->key);
		d->params = *p;
		d->key = key;
	}
	*ret = d;
	return true;
}

/*
 * The first file that opens lends its salt to what this seal will write, so
 * that a folder keeps one salt, and a start one derivation, over many starts.
 */
static void
adopt(struct seal *s)
{
	if (s->own.key.at != NULL || s->other.params.ops != s->own.params.ops ||
	    s->other.params.memory != s->own.params.memory)
		return;
	s->own = s->other;
	s->other = (struct derived){ 0 };
}

static bool
encode(const struct derived *d, const struct secret *key, struct bytes *der, struct fault *f)
{
	uint8_t nonce[crypto_secretbox_NONCEBYTES], box[KEY_MAX + crypto_secretbox_MACBYTES];

	secret_nonce(nonce, sizeof(nonce));
	if (crypto_secretbox_easy(box, key->at, key->n, nonce, d->key.at) != 0)
		return fault_set(f, FAULT_INTERNAL, "seal: secretbox fails");
	bytes_put_u8(der, VERSION);
	bytes_put_u64(der, d->params.ops);
	bytes_put_u64(der, d->params.memory);
	bytes_put(der, d->params.salt, sizeof(d->params.salt));
	bytes_put(der, nonce, sizeof(nonce));
	bytes_put(der, box, key->n + crypto_secretbox_MACBYTES);
	return bytes_ok(der, f);
}

/* One PEM block and nothing else; *ret to BIO_free(). */
static bool
armour(const uint8_t *der, size_t n, BIO **ret, struct fault *f)
{
	BIO *b;

	if ((b = BIO_new(BIO_s_mem())) == NULL)
		return fault_crypto(f, FAULT_INTERNAL, "seal: BIO_new");
	if (PEM_write_bio(b, PEM_NAME, "", der, (long)n) <= 0) {
		fault_crypto(f, FAULT_INTERNAL, "seal: PEM_write_bio");
		BIO_free(b);
		return false;
	}
	*ret = b;
	return true;
}

static struct octets
armour_octets(BIO *b)
{
	char *at;
	long n = BIO_get_mem_data(b, &at);

	return octets_of(at, (size_t)n);
}

static bool
put_all(int fd, struct octets o)
{
	ssize_t n;

	for (; o.n > 0; o.at += n, o.n -= (size_t)n)
		if ((n = write(fd, o.at, o.n)) == -1)
			return false;
	return fsync(fd) == 0;
}

static bool
write_new(const char *path, struct octets o, struct fault *f)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
	bool ok;

	if (fd == -1) {
		enum fault_code code = errno == EEXIST ? FAULT_CONFLICT : FAULT_INTERNAL;

		return fault_errno(f, code, "seal: cannot make %s", path);
	}
	if (!(ok = put_all(fd, o)))
		fault_errno(f, FAULT_INTERNAL, "seal: cannot write %s", path);
	(void)close(fd);
	ok = ok && folder_sync_of(path, f);
	if (!ok)
		(void)unlink(path); /* nobody was told that it is there */
	return ok;
}

bool
seal_write(struct seal *s, const char *path, const struct secret *key, struct fault *f)
{
	const struct derived *d;
	struct bytes der = { 0 };
	BIO *pem = NULL;
	bool ok;

	if (key->n == 0 || key->n > KEY_MAX)
		return fault_set(f, FAULT_INTERNAL, "seal: a key of %zu octets", key->n);
	ok = key_for(s, &s->own.params, &d, f) && encode(d, key, &der, f) &&
	     armour(der.at, der.n, &pem, f) && write_new(path, armour_octets(pem), f);
	BIO_free(pem);
	bytes_free(&der);
	return ok;
}

static bool
file_read(const char *path, uint8_t to[static FILE_MAX + 1], size_t *ret_n, struct fault *f)
{
	size_t n = 0;
	ssize_t got = 1;
	int fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)) == -1) {
		enum fault_code code = errno == ENOENT ? FAULT_NOTFOUND : FAULT_INTERNAL;

		return fault_errno(f, code, "seal: cannot open %s", path);
	}
	while (got > 0 && n < FILE_MAX + 1) {
		if ((got = read(fd, to + n, FILE_MAX + 1 - n)) > 0)
			n += (size_t)got;
	}
	if (got == -1)
		fault_errno(f, FAULT_INTERNAL, "seal: cannot read %s", path);
	(void)close(fd);
	if (got == -1)
		return false;
	if (n > FILE_MAX)
		return fault_set(f, FAULT_BADREQ, "seal: over %d octets", FILE_MAX);
	*ret_n = n;
	return true;
}

/* PEM readers pass over much; a file of ours has exactly the octets that we would write again. */
static bool
unarmour(struct octets file, unsigned char **ret_der, size_t *ret_n, struct fault *f)
{
	BIO *in = BIO_new_mem_buf(file.at, (int)file.n), *again = NULL;
	char *name = NULL, *header = NULL;
	unsigned char *der = NULL;
	bool ok = false;
	long n;

	if (in == NULL) {
		fault_crypto(f, FAULT_INTERNAL, "seal: BIO_new_mem_buf");
		goto out;
	}
	if (PEM_read_bio(in, &name, &header, &der, &n) != 1) {
		fault_crypto(f, FAULT_BADREQ, "seal: not a sealed key");
		goto out;
	}
	if (!armour(der, (size_t)n, &again, f))
		goto out;
	if (!octets_same(armour_octets(again), file)) {
		fault_set(f, FAULT_BADREQ, "seal: not a sealed key as it was written");
		goto out;
	}
	*ret_der = der;
	*ret_n = (size_t)n;
	der = NULL;
	ok = true;
out:
	OPENSSL_free(der);
	OPENSSL_free(header);
	OPENSSL_free(name);
	BIO_free(again);
	BIO_free(in);
	return ok;
}

static bool
parse(struct octets der, struct sealed *ret, struct fault *f)
{
	struct reader r = reader_of(der);
	struct sealed p = *ret;
	uint8_t version;

	if (der.n <= HEAD_OCTETS + crypto_secretbox_MACBYTES ||
	    der.n > HEAD_OCTETS + KEY_MAX + crypto_secretbox_MACBYTES)
		return fault_set(f, FAULT_BADREQ, "seal: %zu octets are no sealed key", der.n);
	if ((version = reader_u8(&r)) != VERSION)
		return fault_set(f, FAULT_BADREQ, "seal: version %u is not known", version);
	p.params.ops = reader_u64(&r);
	p.params.memory = reader_u64(&r);
	if (p.params.ops < crypto_pwhash_OPSLIMIT_MIN || p.params.ops > OPS_MAX ||
	    p.params.memory < crypto_pwhash_MEMLIMIT_MIN || p.params.memory > MEMORY_MAX)
		return fault_set(f, FAULT_BADREQ, "seal: a cost out of bounds");
	reader_copy(&r, p.params.salt, sizeof(p.params.salt));
	p.nonce = r.at;
	p.box.at = r.at + crypto_secretbox_NONCEBYTES;
	p.box.n = r.n - crypto_secretbox_NONCEBYTES;
	*ret = p;
	return true;
}

static bool
open_box(
    struct seal *s, const struct sealed *p, const char *path, struct secret *ret, struct fault *f)
{
	const struct derived *d;
	struct secret key;

	if (!key_for(s, &p->params, &d, f) ||
	    !secret_new(p->box.n - crypto_secretbox_MACBYTES, &key, f))
		return false;
	if (crypto_secretbox_open_easy(key.at, p->box.at, p->box.n, p->nonce, d->key.at) != 0) {
		secret_free(&key);
		return fault_set(f, FAULT_AUTH,
		    "seal: %s: it is sealed with another passphrase or master key, or was altered",
		    path);
	}
	if (d == &s->other)
		adopt(s);
	*ret = key;
	return true;
}

bool
seal_read(struct seal *s, const char *path, struct secret *ret, struct fault *f)
{
	uint8_t file[FILE_MAX + 1];
	struct sealed p = { 0 };
	size_t n = 0, n_der = 0;
	bool ok;

	if (!file_read(path, file, &n, f) || !unarmour(octets_of(file, n), &p.der, &n_der, f))
		return false;
	ok = parse(octets_of(p.der, n_der), &p, f) && open_box(s, &p, path, ret, f);
	OPENSSL_free(p.der);
	return ok;
}

void
seal_free(struct seal *s)
{
	if (s == NULL)
		return;
	secret_free(&s->passphrase);
	secret_free(&s->own.key);
	secret_free(&s->other.key);
	free(s);
}
