/* ca/bundle_tar.c - see bundle_tar.h. */
#include "ca/bundle_tar.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Offsets and widths of a header's fields. */
enum {
	MODE = 100,
	UID = 108,
	GID = 116,
	SIZE = 124,
	MTIME = 136,
	CHECKSUM = 148,
	TYPE = 156,
	MAGIC = 257,
	MAJOR = 329,
	MINOR = 337,
	LONG = 12, /* of size and time; the others have 8 */
};
static const char magic[8] = "ustar\0"
			     "00";

static void
octal(uint8_t *at, int digits, uint64_t v)
{
	for (int i = digits - 1; i >= 0; i--, v >>= 3)
		at[i] = (uint8_t)('0' + (v & 7));
}

void
bundle_tar_header(
    enum bundle_file which, uint64_t size, int64_t at_s, uint8_t to[static BUNDLE_BLOCK])
{
	uint64_t sum = 0;

	memset(to, 0, BUNDLE_BLOCK);
	memcpy(to, bundle_name(which), strlen(bundle_name(which)));
	octal(to + MODE, 7, 0644);
	octal(to + UID, 7, 0);
	octal(to + GID, 7, 0);
	octal(to + SIZE, 11, size);
	octal(to + MTIME, 11, at_s < 0 ? 0 : (uint64_t)at_s);
	memset(to + CHECKSUM, ' ', 8); /* as it counts itself */
	to[TYPE] = '0';
	memcpy(to + MAGIC, magic, sizeof(magic));
	octal(to + MAJOR, 7, 0);
	octal(to + MINOR, 7, 0);
	for (size_t i = 0; i < BUNDLE_BLOCK; i++)
		sum += to[i];
	octal(to + CHECKSUM, 6, sum);
	to[CHECKSUM + 6] = 0;
}

bool
bundle_tar_looks(const uint8_t head[static BUNDLE_BLOCK])
{
	return memcmp(head + MAGIC, "ustar", 5) == 0;
}

/* --- reading ---------------------------------------------------------------------------------- */

static bool
read_at(int fd, uint64_t at, void *to, size_t n, struct fault *f)
{
	size_t have = 0;

	while (have < n) {
		ssize_t got = pread(fd, (uint8_t *)to + have, n - have, (off_t)(at + have));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fault_errno(f, FAULT_INTERNAL, "tar");
		if (got == 0)
			return fault_set(
			    f, FAULT_BADREQ, "tar: it ends at octet %" PRIu64, at + have);
		have += (size_t)got;
	}
	return true;
}

static bool
read_octal(const uint8_t *at, uint64_t *ret)
{
	uint64_t v = 0;

	for (int i = 0; i < LONG - 1; i++) {
		if (at[i] < '0' || at[i] > '7')
			return false;
		v = v << 3 | (uint64_t)(at[i] - '0');
	}
	*ret = v;
	return true;
}

/* n octets of zeros from at on. */
static bool
zeros(int fd, uint64_t at, size_t n, struct fault *f)
{
	uint8_t block[BUNDLE_TAR_END];

	if (!read_at(fd, at, block, n, f))
		return false;
	for (size_t i = 0; i < n; i++)
		if (block[i] != 0)
			return fault_set(
			    f, FAULT_BADREQ, "tar: octet %" PRIu64 ": expected zeros", at + i);
	return true;
}

/*
 * A header is read by making it again: what differs in one bit is refused, and so no path, no
 * link, no device and no number that is spelled another way is ever looked at.
 */
static bool
one(int fd, uint64_t at, uint64_t end, struct bundle *b, enum bundle_file *which, struct fault *f)
{
	uint8_t head[BUNDLE_BLOCK], again[BUNDLE_BLOCK];
	uint64_t size, at_s;
	struct bundle_part *p;

	if (!read_at(fd, at, head, sizeof(head), f))
		return false;
	if (!bundle_find(octets_of(head, strnlen((char *)head, MODE)), which) ||
	    !read_octal(head + SIZE, &size) || !read_octal(head + MTIME, &at_s))
		return fault_set(
		    f, FAULT_BADREQ, "tar: octet %" PRIu64 ": no header of a bundle's file", at);
	p = &b->part[*which];
	bundle_tar_header(*which, size, (int64_t)at_s, again);
	if (memcmp(head, again, sizeof(head)) != 0)
		return fault_set(f, FAULT_BADREQ,
		    "tar: octet %" PRIu64 ": the header of %s is not as ours are", at,
		    bundle_name(*which));
	if (size > end - at - sizeof(head))
		return fault_set(f, FAULT_BADREQ, "tar: %s is cut short", bundle_name(*which));
	if (at > 0 && (int64_t)at_s != b->at_s)
		return fault_set(
		    f, FAULT_BADREQ, "tar: %s has another time than the rest", bundle_name(*which));
	*p = (struct bundle_part){ .fd = fd, .at = at + sizeof(head), .n = size };
	b->at_s = (int64_t)at_s;
	return true;
}

bool
bundle_tar_index(int fd, struct bundle *ret, struct fault *f)
{
	uint64_t at = 0, end;
	unsigned next = 0;
	struct stat st;

	if (fstat(fd, &st) != 0)
		return fault_errno(f, FAULT_INTERNAL, "tar");
	if (st.st_size < BUNDLE_TAR_END || st.st_size % BUNDLE_BLOCK != 0)
		return fault_set(f, FAULT_BADREQ, "tar: it is cut short, or no tar of ours");
	end = (uint64_t)st.st_size - BUNDLE_TAR_END;
	while (at < end) {
		enum bundle_file which;
		size_t odd;

		if (!one(fd, at, end, ret, &which, f))
			return false;
		if (which < next)
			return fault_set(
			    f, FAULT_BADREQ, "tar: %s stands in another place", bundle_name(which));
		next = which + 1;
		at += BUNDLE_BLOCK + ret->part[which].n;
		odd = (size_t)(at % BUNDLE_BLOCK);
		if (odd != 0 && !zeros(fd, at, BUNDLE_BLOCK - odd, f))
			return false;
		at += odd == 0 ? 0 : BUNDLE_BLOCK - odd;
	}
	return zeros(fd, end, BUNDLE_TAR_END, f);
}
