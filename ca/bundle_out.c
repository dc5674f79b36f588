/* ca/bundle_out.c - see bundle_out.h. */
#include "ca/bundle_out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/folder.h"

#define ROOM (256u << 10) /* octets that wait to be written */

struct file {
	int fd; /* -1: not made */
	uint64_t n;
	EVP_MD_CTX *digest;
	struct bytes room;
};

struct bundle_out {
	int dir;
	char *path;
	bool ended;
	struct file file[BUNDLE_FILES];
};

bool
bundle_out_new(const char *dir, struct bundle_out **ret, struct fault *f)
{
	struct bundle_out *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return fault_set(f, FAULT_INTERNAL, "bundle: out of memory");
	for (unsigned i = 0; i < BUNDLE_FILES; i++)
		b->file[i].fd = -1;
	b->path = strdup(dir);
	b->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (b->path == NULL || b->dir < 0) {
		fault_errno(f, FAULT_INTERNAL, "bundle: %s", dir);
		goto no;
	}
	for (unsigned i = 0; i < BUNDLE_FILES; i++)
		if (faccessat(
			b->dir, bundle_name((enum bundle_file)i), F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
			fault_set(f, FAULT_CONFLICT,
			    "bundle: %s is in %s already, and is not overwritten; choose another folder",
			    bundle_name((enum bundle_file)i), dir);
			goto no;
		}
	*ret = b;
	return true;
no:
	bundle_out_free(b);
	return false;
}

static bool
make(struct bundle_out *b, enum bundle_file which, struct fault *f)
{
	struct file *o = &b->file[which];

	if ((o->digest = EVP_MD_CTX_new()) == NULL ||
	    EVP_DigestInit_ex(o->digest, EVP_sha256(), NULL) != 1)
		return fault_crypto(f, FAULT_INTERNAL, "bundle: SHA-256");
	o->fd = openat(
	    b->dir, bundle_name(which), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (o->fd < 0)
		return fault_errno(f, errno == EEXIST ? FAULT_CONFLICT : FAULT_INTERNAL,
		    "bundle: %s", bundle_name(which));
	return true;
}

static bool
flush(struct bundle_out *b, enum bundle_file which, struct fault *f)
{
	struct file *o = &b->file[which];

	if (!bytes_ok(&o->room, f))
		return false;
	if (o->room.n == 0)
		return true;
	if (EVP_DigestUpdate(o->digest, o->room.at, o->room.n) != 1)
		return fault_crypto(f, FAULT_INTERNAL, "bundle: SHA-256");
	if (!folder_write_all(o->fd, octets_bytes(&o->room)))
		return fault_errno(f, FAULT_INTERNAL, "bundle: %s", bundle_name(which));
	bytes_clear(&o->room);
	return true;
}

bool
bundle_put(struct bundle_out *b, enum bundle_file which, struct octets o, struct fault *f)
{
	struct file *to = &b->file[which];

	if (to->fd < 0 && !make(b, which, f))
		return false;
	to->n += o.n;
	if (to->n > BUNDLE_SIZE_MAX)
		return fault_set(f, FAULT_LIMIT,
		    "bundle: %s would be over 8 GiB: export a shorter range", bundle_name(which));
	bytes_put_octets(&to->room, o);
	return to->room.n < ROOM || flush(b, which, f);
}

/* As sha256sum writes it, so that it can check it. */
static bool
manifest(struct bundle_out *b, struct fault *f)
{
	uint8_t digest[LOG_HASH_OCTETS];
	char hex[2 * LOG_HASH_OCTETS + 1];
	struct bytes line = { 0 };
	bool ok = true;

	for (unsigned i = 0; ok && i < BUNDLE_FILES; i++) {
		enum bundle_file which = (enum bundle_file)i;

		if (b->file[i].fd < 0 || which == BUNDLE_MANIFEST)
			continue;
		if (!(ok = flush(b, which, f)))
			break;
		if (EVP_DigestFinal_ex(b->file[i].digest, digest, NULL) != 1)
			ok = fault_crypto(f, FAULT_INTERNAL, "bundle: SHA-256");
		text_hex(digest, sizeof(digest), hex);
		bytes_put_fmt(&line, "%s  %s\n", hex, bundle_name(which));
	}
	ok = ok && bytes_ok(&line, f) && bundle_put(b, BUNDLE_MANIFEST, octets_bytes(&line), f) &&
	     flush(b, BUNDLE_MANIFEST, f);
	bytes_free(&line);
	return ok;
}

bool
bundle_out_end(struct bundle_out *b, bool durable, struct fault *f)
{
	if (!manifest(b, f))
		return false;
	for (unsigned i = 0; durable && i < BUNDLE_FILES; i++)
		if (b->file[i].fd >= 0 && fsync(b->file[i].fd) != 0)
			return fault_errno(
			    f, FAULT_INTERNAL, "bundle: %s", bundle_name((enum bundle_file)i));
	if (durable && !folder_sync(b->path, f))
		return false;
	b->ended = true;
	return true;
}

void
bundle_out_free(struct bundle_out *b)
{
	if (b == NULL)
		return;
	for (unsigned i = 0; i < BUNDLE_FILES; i++) {
		EVP_MD_CTX_free(b->file[i].digest);
		bytes_free(&b->file[i].room);
		if (b->file[i].fd < 0)
			continue;
		(void)close(b->file[i].fd);
		if (!b->ended)
			(void)unlinkat(b->dir, bundle_name((enum bundle_file)i), 0);
	}
	if (b->dir >= 0)
		(void)close(b->dir);
	free(b->path);
	free(b);
}
