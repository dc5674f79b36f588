/* ca/bundle.c - the files of a bundle, opened and read; see bundle.h. */
#include "ca/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "ca/bundle_tar.h"

#define ROOM (256u << 10) /* octets; no line and no certificate is longer */

static const struct {
	const char *name;
	bool needed;
} files[BUNDLE_FILES] = {
	[BUNDLE_README] = { "README", true },
	[BUNDLE_MANIFEST] = { "MANIFEST", true },
	[BUNDLE_CHECKPOINT] = { "checkpoint", true },
	[BUNDLE_CERTIFICATES] = { "certificates.pem", true },
	[BUNDLE_COSIGNER] = { "cosigner.pem", false },
	[BUNDLE_ROOT] = { "root.pem", true },
	[BUNDLE_RANGE] = { "range.json", true },
	[BUNDLE_ENTRIES] = { "entries.jsonl", true },
	[BUNDLE_REVOCATIONS] = { "revocations.jsonl", true },
	[BUNDLE_ISSUED] = { "issued.der", true },
	[BUNDLE_OUTSIDE] = { "outside.jsonl", true },
	[BUNDLE_CSV] = { "entries.csv", false },
	[BUNDLE_CEF] = { "entries.cef", false },
	[BUNDLE_VIEW] = { "VIEW", false },
	[BUNDLE_NAMES] = { "names.jsonl", false },
};

const char *
bundle_name(enum bundle_file which)
{
	return files[which].name;
}

bool
bundle_needs(enum bundle_file which)
{
	return files[which].needed;
}

bool
bundle_find(struct octets name, enum bundle_file *ret)
{
	for (unsigned i = 0; i < BUNDLE_FILES; i++)
		if (octets_same(name, octets_text(files[i].name))) {
			*ret = (enum bundle_file)i;
			return true;
		}
	return false;
}

static bool
whole(const struct bundle *b, struct fault *f)
{
	for (unsigned i = 0; i < BUNDLE_FILES; i++)
		if (files[i].needed && b->part[i].fd < 0)
			return fault_set(f, FAULT_NOTFOUND, "bundle: %s is missing", files[i].name);
	return true;
}

static bool
open_folder(int dir, struct bundle *b, struct fault *f)
{
	struct stat st;

	for (unsigned i = 0; i < BUNDLE_FILES; i++) {
		int fd = openat(
		    dir, files[i].name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0)
			return fault_errno(f, FAULT_BADREQ, "bundle: %s", files[i].name);
		b->part[i].fd = fd;
		if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
			return fault_set(
			    f, FAULT_BADREQ, "bundle: %s is no plain file", files[i].name);
		b->part[i].n = (uint64_t)st.st_size;
	}
	return true;
}

static struct bundle
nothing(void)
{
	struct bundle b = { .tar = false };

	for (unsigned i = 0; i < BUNDLE_FILES; i++)
		b.part[i].fd = -1;
	return b;
}

bool
bundle_open_tar(int fd, struct bundle *ret, struct fault *f)
{
	struct bundle b = nothing();

	b.tar = true;
	if (bundle_tar_index(fd, &b, f) && whole(&b, f)) {
		*ret = b;
		return true;
	}
	for (unsigned i = 0; i < BUNDLE_FILES; i++)
		b.part[i].fd = -1; /* all the one that is closed here */
	(void)close(fd);
	return false;
}

bool
bundle_open(const char *path, struct bundle *ret, struct fault *f)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct bundle b = nothing();
	struct stat st;
	bool ok;

	if (fd < 0)
		return fault_errno(f, FAULT_NOTFOUND, "bundle: %s", path);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return bundle_open_tar(fd, ret, f);
	ok = S_ISDIR(st.st_mode)
		 ? open_folder(fd, &b, f) && whole(&b, f)
		 : fault_set(f, FAULT_BADREQ, "bundle: %s is neither a file nor a folder", path);
	(void)close(fd);
	if (!ok) {
		bundle_close(&b);
		return false;
	}
	*ret = b;
	return true;
}

void
bundle_close(struct bundle *b)
{
	for (unsigned i = 0; i < BUNDLE_FILES; i++) {
		if (b->part[i].fd >= 0)
			(void)close(b->part[i].fd);
		b->part[i].fd = -1;
		for (unsigned j = i + 1; b->tar && j < BUNDLE_FILES; j++)
			b->part[j].fd = -1; /* a tar has one for all */
	}
}

bool
bundle_is(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	uint8_t head[BUNDLE_BLOCK];
	struct stat st;
	bool is = false;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		is = pread(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head) &&
		     bundle_tar_looks(head);
	else if (S_ISDIR(st.st_mode))
		is = faccessat(fd, files[BUNDLE_MANIFEST].name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	(void)close(fd);
	return is;
}

/* --- reading ---------------------------------------------------------------------------------- */

bool
bundle_reader_new(
    const struct bundle *b, enum bundle_file which, struct bundle_reader *ret, struct fault *f)
{
	const struct bundle_part *p = &b->part[which];
	struct bundle_reader r = { .name = files[which].name, .fd = p->fd };

	if (p->fd >= 0) {
		r.at = p->at;
		r.left = p->n;
	}
	if ((r.room = malloc(ROOM)) == NULL)
		return fault_set(f, FAULT_INTERNAL, "bundle: out of memory");
	*ret = r;
	return true;
}

bool
bundle_reader_open(
    const char *dir, enum bundle_file which, struct bundle_reader *ret, struct fault *f)
{
	struct bundle one = { .tar = false };
	char path[LOG_PATH_MAX];
	struct stat st;
	bool ok;
	int fd;

	(void)snprintf(path, sizeof(path), "%.1000s/%s", dir, files[which].name);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) < 0)
		return fault_errno(f, FAULT_NOTFOUND, "verify: %s", path);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		return fault_set(f, FAULT_BADREQ, "verify: %s is no plain file", path);
	}
	one.part[which] = (struct bundle_part){ .fd = fd, .n = (uint64_t)st.st_size };
	ok = bundle_reader_new(&one, which, ret, f);
	if (ok)
		ret->owned = true;
	else
		(void)close(fd);
	return ok;
}

void
bundle_reader_free(struct bundle_reader *r)
{
	if (r->owned)
		(void)close(r->fd);
	r->owned = false;
	free(r->room);
	r->room = NULL;
}

/* As much as there is room for, behind what was not taken yet. */
static bool
fill(struct bundle_reader *r, struct fault *f)
{
	memmove(r->room, r->room + r->first, r->n);
	r->first = 0;
	while (r->left > 0 && r->n < ROOM) {
		size_t want = ROOM - r->n < r->left ? ROOM - r->n : (size_t)r->left;
		ssize_t got = pread(r->fd, r->room + r->n, want, (off_t)r->at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fault_errno(f, FAULT_INTERNAL, "bundle: %s", r->name);
		if (got == 0)
			return fault_set(
			    f, FAULT_BADREQ, "bundle: %s: it was cut while read", r->name);
		r->n += (size_t)got;
		r->at += (uint64_t)got;
		r->left -= (uint64_t)got;
	}
	return true;
}

static struct octets
taken(struct bundle_reader *r, size_t n)
{
	struct octets o = octets_of(r->room + r->first, n);

	r->first += n;
	r->n -= n;
	return o;
}

bool
bundle_next(
    struct bundle_reader *r, size_t max, struct octets *ret, bool *ret_more, struct fault *f)
{
	const uint8_t *end = r->n == 0 ? NULL : memchr(r->room + r->first, '\n', r->n);

	if (end == NULL && r->left > 0) {
		if (!fill(r, f))
			return false;
		end = memchr(r->room, '\n', r->n);
	}
	if (end == NULL && r->n == 0) {
		*ret_more = false;
		return true;
	}
	r->line++;
	if (end == NULL || (size_t)(end - (r->room + r->first)) > max)
		return fault_set(f, FAULT_BADREQ, "%s: line %" PRIu64 ": %s", r->name, r->line,
		    end == NULL && r->n < ROOM ? "cut short" : "too long");
	*ret = taken(r, (size_t)(end - (r->room + r->first)));
	(void)taken(r, 1);
	*ret_more = true;
	return true;
}

bool
bundle_next_der(struct bundle_reader *r, struct octets *ret, bool *ret_more, struct fault *f)
{
	struct octets in, content, der;
	uint8_t tag;

	if (r->n < CERT_MAX_OCTETS && !fill(r, f))
		return false;
	if (r->n == 0) {
		*ret_more = false;
		return true;
	}
	r->line++;
	in = octets_of(r->room + r->first, r->n);
	if (!der_next(&in, &tag, &content, &der) || tag != DER_SEQUENCE || der.n > CERT_MAX_OCTETS)
		return fault_set(f, FAULT_BADREQ, "%s: certificate %" PRIu64 ": X.690: no DER",
		    r->name, r->line);
	*ret = taken(r, der.n);
	*ret_more = true;
	return true;
}

bool
bundle_small(const struct bundle *b, enum bundle_file which, struct bytes *ret, struct fault *f)
{
	struct bundle_reader r;
	bool ok;

	if (b->part[which].fd < 0)
		return fault_set(f, FAULT_NOTFOUND, "bundle: %s is missing", files[which].name);
	if (b->part[which].n > BUNDLE_SMALL_MAX)
		return fault_set(
		    f, FAULT_BADREQ, "%s: over %d octets", files[which].name, BUNDLE_SMALL_MAX);
	if (!bundle_reader_new(b, which, &r, f))
		return false;
	ok = fill(&r, f);
	if (ok)
		bytes_put(ret, r.room, r.n);
	bundle_reader_free(&r);
	return ok && bytes_ok(ret, f);
}

bool
bundle_digest(const struct bundle *b, enum bundle_file which, uint8_t to[static LOG_HASH_OCTETS],
    struct fault *f)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	struct bundle_reader r = { .fd = -1 };
	bool ok = bundle_reader_new(b, which, &r, f);

	if (ok && (c == NULL || EVP_DigestInit_ex(c, EVP_sha256(), NULL) != 1))
		ok = fault_crypto(f, FAULT_INTERNAL, "bundle: SHA-256");
	while (ok && (ok = fill(&r, f)) && r.n > 0) {
		struct octets o = taken(&r, r.n);

		if (EVP_DigestUpdate(c, o.at, o.n) != 1)
			ok = fault_crypto(f, FAULT_INTERNAL, "bundle: SHA-256");
	}
	if (ok && EVP_DigestFinal_ex(c, to, NULL) != 1)
		ok = fault_crypto(f, FAULT_INTERNAL, "bundle: SHA-256");
	EVP_MD_CTX_free(c);
	bundle_reader_free(&r);
	return ok;
}
