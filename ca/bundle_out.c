/* ca/bundle_out.c - see bundle_out.h. */
#include "ca/bundle_out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/folder.h"
#include "ca/bundle_tar.h"

#define ROOM (1u << 20) /* octets that wait to be written */

struct file {
	bool made, placed;
	int fd;      /* its own; -1: none, or it is a part of the tar */
	uint64_t at; /* in fd, or placed in the tar */
	uint64_t n;
	EVP_MD_CTX *digest;
	struct bytes room; /* the last of the n octets */
};

struct bundle_out {
	int dir; /* -1: it is a tar */
	int tar;
	char *path;
	bool ended;
	unsigned next; /* of a tar: files before this one are placed */
	uint64_t end;  /* of a tar: where the next file's header goes, if no file grows */
	struct file file[BUNDLE_FILES];
};

static bool
begin(const char *path, struct bundle_out **ret, struct fault *f)
{
	struct bundle_out *b = calloc(1, sizeof(*b));

	if (b == NULL || (b->path = strdup(path)) == NULL) {
		free(b);
		return fault_set(f, FAULT_INTERNAL, "bundle: out of memory");
	}
	b->dir = b->tar = -1;
	for (unsigned i = 0; i < BUNDLE_FILES; i++)
		b->file[i].fd = -1;
	*ret = b;
	return true;
}

bool
bundle_out_new(const char *dir, struct bundle_out **ret, struct fault *f)
{
	struct bundle_out *b = NULL;

	if (!begin(dir, &b, f))
		return false;
	b->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (b->dir < 0) {
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

bool
bundle_out_tar(const char *path, struct bundle_out **ret, struct fault *f)
{
	struct bundle_out *b = NULL;

	if (!begin(path, &b, f))
		return false;
	b->tar = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (b->tar < 0) {
		fault_errno(f, errno == EEXIST ? FAULT_CONFLICT : FAULT_INTERNAL, "tar: %s", path);
		bundle_out_free(b);
		return false;
	}
	*ret = b;
	return true;
}

/* --- files ------------------------------------------------------------------------------------ */

static bool
make(struct bundle_out *b, enum bundle_file which, struct fault *f)
{
	struct file *o = &b->file[which];

	if (b->tar >= 0 && b->next > 0)
		return fault_set(f, FAULT_INTERNAL, "tar: %s comes too late", bundle_name(which));
	if ((o->digest = EVP_MD_CTX_new()) == NULL ||
	    EVP_DigestInit_ex(o->digest, EVP_sha256(), NULL) != 1)
		return fault_crypto(f, FAULT_INTERNAL, "bundle: SHA-256");
	if (b->dir >= 0) {
		o->fd = openat(b->dir, bundle_name(which),
		    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
		if (o->fd < 0)
			return fault_errno(f, errno == EEXIST ? FAULT_CONFLICT : FAULT_INTERNAL,
			    "bundle: %s", bundle_name(which));
	}
	o->made = true;
	return true;
}

/* What has no place in the tar yet waits beside it, in a file that is gone with its descriptor. */
static bool
make_aside(struct bundle_out *b, struct file *o, struct fault *f)
{
	char *path;

	if (asprintf(&path, "%s.XXXXXX", b->path) < 0)
		return fault_set(f, FAULT_INTERNAL, "tar: out of memory");
	if ((o->fd = mkostemp(path, O_CLOEXEC)) >= 0)
		(void)unlink(path);
	free(path);
	return o->fd >= 0 || fault_errno(f, FAULT_INTERNAL, "tar: %s", b->path);
}

static bool
write_at(int fd, struct octets o, uint64_t at, struct fault *f)
{
	while (o.n > 0) {
		ssize_t put = pwrite(fd, o.at, o.n, (off_t)at);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return fault_errno(f, FAULT_INTERNAL, "bundle: write");
		at += (uint64_t)put;
		o = octets_of(o.at + put, o.n - (size_t)put);
	}
	return true;
}

/* To where it stays the kernel is told to write at once, while more comes: the sync at the end then
 * finds little left. */
static bool
flush(struct bundle_out *b, enum bundle_file which, struct fault *f)
{
	struct file *o = &b->file[which];
	uint64_t at = o->at + o->n - o->room.n;
	int fd = o->placed ? b->tar : o->fd;

	if (!bytes_ok(&o->room, f))
		return false;
	if (o->room.n == 0)
		return true;
	if (fd < 0) {
		if (!make_aside(b, o, f))
			return false;
		fd = o->fd;
	}
	if (EVP_DigestUpdate(o->digest, o->room.at, o->room.n) != 1)
		return fault_crypto(f, FAULT_INTERNAL, "bundle: SHA-256");
	if (!write_at(fd, octets_bytes(&o->room), at, f))
		return false;
	if (o->room.n >= ROOM && (o->placed || b->dir >= 0))
		(void)sync_file_range(fd, (off_t)at, (off_t)o->room.n, SYNC_FILE_RANGE_WRITE);
	bytes_clear(&o->room);
	return true;
}

bool
bundle_put(struct bundle_out *b, enum bundle_file which, struct octets o, struct fault *f)
{
	struct file *to = &b->file[which];

	if (!to->made && !make(b, which, f))
		return false;
	if (to->placed && which + 1 != b->next)
		return fault_set(
		    f, FAULT_INTERNAL, "tar: %s does not grow any more", bundle_name(which));
	to->n += o.n;
	if (to->n > BUNDLE_SIZE_MAX)
		return fault_set(f, FAULT_LIMIT,
		    "bundle: %s would be over 8 GiB: export a shorter range", bundle_name(which));
	bytes_put_octets(&to->room, o);
	return to->room.n < ROOM || flush(b, which, f);
}

bool
bundle_out_read(
    struct bundle_out *b, enum bundle_file which, struct bundle_reader *ret, struct fault *f)
{
	const struct file *o = &b->file[which];
	struct bundle its = { .tar = false };

	if (!flush(b, which, f))
		return false;
	its.part[which] =
	    (struct bundle_part){ .fd = o->placed ? b->tar : o->fd, .at = o->at, .n = o->n };
	return bundle_reader_new(&its, which, ret, f);
}

/* --- places in a tar ---------------------------------------------------------------------------
 */

/* Of the manifest's lines each is as long as its file's name wants. */
static uint64_t
manifest_size(const struct bundle_out *b)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < BUNDLE_FILES; i++)
		if (b->file[i].made && i != BUNDLE_MANIFEST)
			n += 2 * LOG_HASH_OCTETS + strlen("  \n") +
			     strlen(bundle_name((enum bundle_file)i));
	return n;
}

/* By the kernel where it can, which spares half of it. */
static bool
copy(int from, uint64_t n, int to, uint64_t at, struct fault *f)
{
	loff_t in = 0, out = (loff_t)at;
	uint8_t piece[65536];

	while ((uint64_t)in < n) {
		ssize_t got = copy_file_range(from, &in, to, &out, (size_t)(n - (uint64_t)in), 0);

		if (got > 0 || (got < 0 && errno == EINTR))
			continue;
		got = pread(from, piece,
		    n - (uint64_t)in < sizeof(piece) ? (size_t)(n - (uint64_t)in) : sizeof(piece),
		    in);
		if (got <= 0)
			return fault_errno(f, FAULT_INTERNAL, "tar: what waited beside it");
		if (!write_at(to, octets_of(piece, (size_t)got), (uint64_t)out, f))
			return false;
		in += got;
		out += got;
	}
	return true;
}

static void
close_last(struct bundle_out *b)
{
	const struct file *o = b->next == 0 ? NULL : &b->file[b->next - 1];

	if (o != NULL && o->placed)
		b->end = (o->at + o->n + BUNDLE_BLOCK - 1) / BUNDLE_BLOCK * BUNDLE_BLOCK;
}

/* The next file, behind its header; a manifest's place is kept for it. */
static bool
place_next(struct bundle_out *b, struct fault *f)
{
	enum bundle_file which = (enum bundle_file)b->next;
	struct file *o = &b->file[which];
	uint64_t aside = o->n - o->room.n;

	close_last(b);
	b->next++;
	if (!o->made)
		return true;
	o->at = b->end + BUNDLE_BLOCK;
	o->placed = true;
	if (which == BUNDLE_MANIFEST)
		o->n = manifest_size(b);
	else if (aside > 0 && !copy(o->fd, aside, b->tar, o->at, f))
		return false;
	if (o->fd >= 0)
		(void)close(o->fd);
	o->fd = -1;
	return true;
}

bool
bundle_place(struct bundle_out *b, enum bundle_file which, struct fault *f)
{
	if (b->tar < 0)
		return true;
	if (!b->file[BUNDLE_MANIFEST].made && !make(b, BUNDLE_MANIFEST, f))
		return false;
	while (b->next <= which)
		if (!place_next(b, f))
			return false;
	return true;
}

/* --- the end -----------------------------------------------------------------------------------
 */

/* As sha256sum writes it, so that it can check it. */
static bool
manifest(struct bundle_out *b, struct bytes *ret, struct fault *f)
{
	uint8_t digest[LOG_HASH_OCTETS];
	char hex[2 * LOG_HASH_OCTETS + 1];

	for (unsigned i = 0; i < BUNDLE_FILES; i++) {
		enum bundle_file which = (enum bundle_file)i;

		if (!b->file[i].made || which == BUNDLE_MANIFEST)
			continue;
		if (!flush(b, which, f))
			return false;
		if (EVP_DigestFinal_ex(b->file[i].digest, digest, NULL) != 1)
			return fault_crypto(f, FAULT_INTERNAL, "bundle: SHA-256");
		text_hex(digest, sizeof(digest), hex);
		bytes_put_fmt(ret, "%s  %s\n", hex, bundle_name(which));
	}
	return bytes_ok(ret, f);
}

static bool
end_folder(struct bundle_out *b, struct octets list, struct fault *f)
{
	if (!bundle_put(b, BUNDLE_MANIFEST, list, f) || !flush(b, BUNDLE_MANIFEST, f))
		return false;
	for (unsigned i = 0; i < BUNDLE_FILES; i++)
		if (b->file[i].made && fsync(b->file[i].fd) != 0)
			return fault_errno(
			    f, FAULT_INTERNAL, "bundle: %s", bundle_name((enum bundle_file)i));
	return folder_sync(b->path, f);
}

static bool
end_tar(struct bundle_out *b, struct octets list, int64_t at_s, struct fault *f)
{
	uint8_t head[BUNDLE_BLOCK];

	close_last(b);
	if (list.n != b->file[BUNDLE_MANIFEST].n)
		return fault_set(f, FAULT_INTERNAL, "tar: the manifest has another length");
	if (!write_at(b->tar, list, b->file[BUNDLE_MANIFEST].at, f))
		return false;
	for (unsigned i = 0; i < BUNDLE_FILES; i++) {
		const struct file *o = &b->file[i];

		if (!o->made)
			continue;
		bundle_tar_header((enum bundle_file)i, o->n, at_s, head);
		if (!write_at(b->tar, octets_of(head, sizeof(head)), o->at - BUNDLE_BLOCK, f))
			return false;
	}
	if (ftruncate(b->tar, (off_t)(b->end + BUNDLE_TAR_END)) != 0 || fsync(b->tar) != 0)
		return fault_errno(f, FAULT_INTERNAL, "tar: %s", b->path);
	return true;
}

bool
bundle_out_end(struct bundle_out *b, int64_t at_s, struct fault *f)
{
	struct bytes list = { 0 };
	bool ok = bundle_place(b, BUNDLE_FILES - 1, f) && manifest(b, &list, f) &&
		  (b->tar < 0 ? end_folder(b, octets_bytes(&list), f)
			      : end_tar(b, octets_bytes(&list), at_s, f));

	bytes_free(&list);
	b->ended = ok;
	return ok;
}

void
bundle_out_free(struct bundle_out *b)
{
	if (b == NULL)
		return;
	for (unsigned i = 0; i < BUNDLE_FILES; i++) {
		EVP_MD_CTX_free(b->file[i].digest);
		bytes_free(&b->file[i].room);
		if (b->file[i].fd >= 0)
			(void)close(b->file[i].fd);
		if (b->dir >= 0 && b->file[i].made && !b->ended)
			(void)unlinkat(b->dir, bundle_name((enum bundle_file)i), 0);
	}
	if (b->dir >= 0)
		(void)close(b->dir);
	if (b->tar >= 0) {
		(void)close(b->tar);
		if (!b->ended)
			(void)unlink(b->path);
	}
	free(b->path);
	free(b);
}
