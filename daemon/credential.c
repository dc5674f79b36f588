/* daemon/credential.c - see credential.h. */
#include "daemon/credential.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/folder.h"

bool
credential_path(
    const char *dir, const char *name, char to[static CREDENTIAL_PATH_MAX], struct fault *f)
{
	int n = snprintf(to, CREDENTIAL_PATH_MAX, "%s/%s", dir, name);

	if (n < 0 || n >= CREDENTIAL_PATH_MAX)
		return fault_set(f, FAULT_BADREQ, "credential: the path is too long");
	return true;
}

bool
credential_exists(const char *dir, const char *name)
{
	char path[CREDENTIAL_PATH_MAX];
	struct stat st;
	struct fault none;

	return credential_path(dir, name, path, &none) && lstat(path, &st) == 0;
}

bool
credential_folder(const char *dir, struct fault *f)
{
	struct stat st;

	if (mkdir(dir, 0700) == 0)
		return folder_sync_of(dir, f);
	if (errno != EEXIST)
		return fault_errno(f, errno == EACCES ? FAULT_DENIED : FAULT_NOTFOUND,
		    "credential: folder %s", dir);
	if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode))
		return fault_set(f, FAULT_NOTFOUND, "credential: %s: expected a folder", dir);
	return true;
}

bool
credential_read_of(int fd, const char *name, size_t max, struct bytes *ret, struct fault *f)
{
	struct bytes b = { 0 };
	char part[4096];
	ssize_t n;

	while ((n = read(fd, part, sizeof(part))) > 0 && b.n <= max)
		bytes_put(&b, part, (size_t)n);
	if (n < 0)
		fault_errno(f, FAULT_NOTFOUND, "credential: %s", name);
	else if (b.n > max)
		fault_set(f, FAULT_LIMIT, "credential: %s: over %zu octets", name, max);
	if (n < 0 || b.n > max || !bytes_ok(&b, f)) {
		bytes_free(&b);
		return false;
	}
	bytes_put_octets(ret, octets_bytes(&b));
	bytes_free(&b);
	return bytes_ok(ret, f);
}

bool
credential_read(const char *path, struct bytes *ret, struct fault *f)
{
	bool ok;
	int fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)) < 0)
		return fault_errno(f, FAULT_NOTFOUND, "credential: %s", path);
	ok = credential_read_of(fd, path, CREDENTIAL_FILE_MAX, ret, f);
	(void)close(fd);
	return ok;
}

/* The whole of o on the disk, at name, which is a part of a file in the making: one of a try that
 * was cut goes. */
static bool
write_part(const char *dir, const char *name, unsigned mode, struct octets o,
    char path[static CREDENTIAL_PATH_MAX], struct fault *f)
{
	char part[256];
	bool ok;
	int fd;

	(void)snprintf(part, sizeof(part), ".%s.part", name);
	if (!credential_path(dir, part, path, f))
		return false;
	(void)unlink(path);
	if ((fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode)) < 0)
		return fault_errno(f, FAULT_INTERNAL, "credential: %s", path);
	ok = folder_write_all(fd, o) && fsync(fd) == 0;
	if (!ok)
		fault_errno(f, FAULT_INTERNAL, "credential: %s", path);
	if (close(fd) != 0 && ok)
		ok = fault_errno(f, FAULT_INTERNAL, "credential: %s", path);
	if (!ok)
		(void)unlink(path);
	return ok;
}

bool
credential_make(const char *dir, const char *name, unsigned mode, struct octets o, struct fault *f)
{
	char part[CREDENTIAL_PATH_MAX], path[CREDENTIAL_PATH_MAX];
	bool ok;

	if (!credential_path(dir, name, path, f) || !write_part(dir, name, mode, o, part, f))
		return false;
	/* As a rename that overwrites nothing. */
	ok = link(part, path) == 0;
	if (!ok)
		fault_errno(
		    f, errno == EEXIST ? FAULT_CONFLICT : FAULT_INTERNAL, "credential: %s", path);
	(void)unlink(part);
	return ok && folder_sync(dir, f);
}

bool
credential_rename(const char *dir, const char *from, const char *to, struct fault *f)
{
	char a[CREDENTIAL_PATH_MAX], b[CREDENTIAL_PATH_MAX];

	if (!credential_path(dir, from, a, f) || !credential_path(dir, to, b, f))
		return false;
	if (rename(a, b) != 0)
		return fault_errno(f, FAULT_INTERNAL, "credential: %s", b);
	return folder_sync(dir, f);
}

bool
credential_replace(
    const char *dir, const char *name, unsigned mode, struct octets o, struct fault *f)
{
	char part[CREDENTIAL_PATH_MAX], path[CREDENTIAL_PATH_MAX];

	if (!credential_path(dir, name, path, f) || !write_part(dir, name, mode, o, part, f))
		return false;
	if (rename(part, path) != 0) {
		fault_errno(f, FAULT_INTERNAL, "credential: %s", path);
		(void)unlink(part);
		return false;
	}
	return folder_sync(dir, f);
}

bool
credential_lock(const char *dir, int *ret, struct fault *f)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return fault_errno(f, FAULT_NOTFOUND, "credential: %s", dir);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		(void)close(fd);
		return fault_set(
		    f, FAULT_BUSY, "credential: %s: another quatrain is at work there", dir);
	}
	*ret = fd;
	return true;
}

bool
credential_key_make(
    const char *dir, const char *name, unsigned rsa_bits, EVP_PKEY **ret, struct fault *f)
{
	EVP_PKEY *key = rsa_bits == 0 ? EVP_EC_gen("P-256") : EVP_RSA_gen(rsa_bits);
	BIO *bio = BIO_new(BIO_s_secmem()); /* wiped when freed */
	const char *pem;
	bool ok = false;
	long n;

	if (key == NULL || bio == NULL ||
	    PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1 ||
	    (n = BIO_get_mem_data(bio, &pem)) <= 0)
		fault_crypto(f, FAULT_INTERNAL, "credential: a new key");
	else
		ok = credential_make(dir, name, 0600, octets_of(pem, (size_t)n), f);
	BIO_free(bio);
	if (ok)
		*ret = key;
	else
		EVP_PKEY_free(key);
	return ok;
}

/* No passphrase is asked for: a device has nobody to type it. */
static int
no_passphrase(char *to, int size, int writing, void *with)
{
	(void)to;
	(void)size;
	(void)writing;
	(void)with;
	return -1;
}

bool
credential_key_read(const char *dir, const char *name, EVP_PKEY **ret, struct fault *f)
{
	char path[CREDENTIAL_PATH_MAX];
	EVP_PKEY *key;
	BIO *bio;

	if (!credential_path(dir, name, path, f))
		return false;
	if ((bio = BIO_new_file(path, "r")) == NULL)
		return fault_crypto(f, FAULT_NOTFOUND, "credential: %s", path);
	key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	BIO_free(bio);
	if (key == NULL)
		return fault_crypto(
		    f, FAULT_BADREQ, "credential: %s: expected an unencrypted PEM key", path);
	*ret = key;
	return true;
}
