/* ca/journal.c - see journal.h. What a line is stands in journal_line.c. */
#include "ca/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ballast.h"
#include "base/folder.h"

#define TAIL_MAX 65536 /* octets at the end that one crash may have left without a line end */

static bool
pread_all(int fd, uint8_t *to, size_t n, uint64_t offset)
{
	while (n > 0) {
		ssize_t got = pread(fd, to, n, (off_t)offset);

		if (got <= 0)
			return false;
		to += got;
		offset += (uint64_t)got;
		n -= (size_t)got;
	}
	return true;
}

/* The last whole line of the tail; *ret_torn counts what is behind it. */
static struct octets
last_line(const uint8_t *tail, size_t n, size_t *ret_torn)
{
	size_t end = n, begin;

	while (end > 0 && tail[end - 1] != '\n')
		end--;
	*ret_torn = n - end;
	if (end == 0)
		return octets_of(NULL, 0);
	for (begin = end - 1; begin > 0 && tail[begin - 1] != '\n';)
		begin--;
	return octets_of(tail + begin, end - 1 - begin);
}

/* The chain value that a line ends with; zeros behind a line of the first edition. */
static bool
chain_of(struct octets line, uint8_t to[static JOURNAL_CHAIN_OCTETS], struct fault *f)
{
	static const uint8_t zeros[JOURNAL_CHAIN_OCTETS];
	char hex[JOURNAL_CHAIN_OCTETS * 2 + 1];
	struct journal_line old;
	size_t n = sizeof(hex) - 1;
	struct fault ignored;

	if (journal_parse(line, zeros, &old, to, &ignored) && old.kind == JOURNAL_OLD)
		return true;
	if (line.n > n && line.at[line.n - n - 1] == ' ') {
		memcpy(hex, line.at + line.n - n, n);
		hex[n] = '\0';
		if (text_unhex(hex, to, JOURNAL_CHAIN_OCTETS))
			return true;
	}
	return fault_set(f, FAULT_CONFLICT, "journal: its last line is none of ours");
}

/* Find the end; cut off what a crash left of a line. */
static bool
find_end(struct journal *j, uint64_t size, struct fault *f)
{
	const size_t most = TAIL_MAX + JOURNAL_LINE_MAX; /* the last whole line is among them */
	size_t n = size < most ? (size_t)size : most, torn;
	uint8_t *tail = malloc(n + 1);
	struct octets line;
	bool ok = false;

	if (tail == NULL) {
		fault_set(f, FAULT_INTERNAL, "journal: out of memory");
		goto out;
	}
	if (!pread_all(j->fd, tail, n, size - n)) {
		fault_errno(f, FAULT_INTERNAL, "journal: read");
		goto out;
	}
	line = last_line(tail, n, &torn);
	if (torn > TAIL_MAX) {
		fault_set(
		    f, FAULT_CONFLICT, "journal: no line ends in its last %d octets", TAIL_MAX);
		goto out;
	}
	if (line.at != NULL && !chain_of(line, j->end.chain, f))
		goto out;
	if (torn > 0 && ftruncate(j->fd, (off_t)(size - torn)) != 0) {
		fault_errno(f, FAULT_INTERNAL, "journal: cutting a torn line off");
		goto out;
	}
	j->end.offset = size - torn;
	j->cut = torn;
	j->dirty = torn > 0;
	ok = true;
out:
	free(tail);
	return ok;
}

bool
journal_open(const char *path, struct journal *ret, struct fault *f)
{
	struct journal j = { .fd = -1 };
	struct stat is;

	if (!folder_check(path, S_IFREG, &is, f) && f->code != FAULT_NOTFOUND)
		return false;
	j.fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (j.fd < 0)
		return fault_errno(f, FAULT_INTERNAL, "journal: %s", path);
	if (fstat(j.fd, &is) != 0) {
		fault_errno(f, FAULT_INTERNAL, "journal: %s", path);
		journal_close(&j);
		return false;
	}
	if (!find_end(&j, (uint64_t)is.st_size, f)) {
		journal_close(&j);
		return false;
	}
	*ret = j;
	return true;
}

void
journal_close(struct journal *j)
{
	if (j->fd >= 0)
		(void)close(j->fd);
	j->fd = -1;
}

/* A line of which a part was written would be a torn one in the middle. */
static void
take_back(struct journal *j, struct fault *f)
{
	fault_errno(f, FAULT_INTERNAL, "journal: write");
	if (j->fd >= 0 && ftruncate(j->fd, (off_t)j->end.offset) != 0)
		j->broken = true;
}

/* On a disk that others have filled the line has the ballast's room: it may be a revocation's. */
static bool
append(struct journal *j, struct octets line, struct fault *f)
{
	struct fault why;
	bool full;

	do {
		errno = 0;
		if (write(j->fd, line.at, line.n) == (ssize_t)line.n)
			return true;
		full = errno == 0 || errno == ENOSPC || errno == EDQUOT;
		take_back(j, &why);
	} while (full && !j->broken && ballast_release());
	*f = why;
	return false;
}

bool
journal_note(struct journal *j, const struct journal_line *l, struct fault *f)
{
	struct bytes line = { 0 };
	uint8_t after[JOURNAL_CHAIN_OCTETS];
	bool ok = false;

	if (j->broken)
		return fault_set(f, FAULT_INTERNAL, "journal: it failed before, and takes no more");
	journal_write(l, j->end.chain, &line, after);
	if (!bytes_ok(&line, f) || !append(j, octets_bytes(&line), f))
		goto out;
	j->end.offset += line.n;
	memcpy(j->end.chain, after, sizeof(after));
	j->lines++;
	j->dirty = true;
	ok = true;
out:
	bytes_free(&line);
	return ok;
}

bool
journal_sync(struct journal *j, struct fault *f)
{
	if (j->broken)
		return fault_set(f, FAULT_INTERNAL, "journal: it failed before, and takes no more");
	if (!j->dirty)
		return true;
	if (fdatasync(j->fd) != 0) {
		j->broken = true;
		return fault_errno(f, FAULT_INTERNAL, "journal: sync");
	}
	j->dirty = false;
	return true;
}

/* A file that is read line by line. */
struct reading {
	FILE *in;
	struct journal_place at;
	bool chained; /* a line of this edition was seen */
};

static bool
take(struct reading *r, struct octets line, journal_visit *visit, void *with, struct fault *f)
{
	uint8_t after[JOURNAL_CHAIN_OCTETS];
	struct journal_line l;
	struct fault why;

	if (!journal_parse(line, r->at.chain, &l, after, &why) ||
	    (l.kind == JOURNAL_OLD && r->chained))
		return fault_set(f, FAULT_CONFLICT,
		    "journal: the line at octet %" PRIu64 " was altered, or one before it",
		    r->at.offset);
	r->chained = r->chained || l.kind != JOURNAL_OLD;
	if (!visit(with, &l, f))
		return false;
	r->at.offset += line.n + 1;
	memcpy(r->at.chain, after, sizeof(after));
	return true;
}

/* No line is so long; but where the file had grown and the power went before its octets were
 * written, they are zeros. What journal_open() would cut off is passed over. */
static bool
is_torn(FILE *in, uint64_t left)
{
	int c = EOF;

	while (left < TAIL_MAX && (c = getc(in)) != EOF)
		if (c == '\n')
			return false;
	return left < TAIL_MAX && ferror(in) == 0;
}

/* getc() and not getline(): a line of any length must not take any memory. */
static bool
read_lines(struct reading *r, journal_visit *visit, void *with, struct fault *f)
{
	char line[JOURNAL_LINE_MAX + 1];
	uint64_t left;
	long end;

	if (fseek(r->in, 0, SEEK_END) != 0 || (end = ftell(r->in)) < 0)
		return fault_errno(f, FAULT_INTERNAL, "journal: seek");
	if ((uint64_t)end < r->at.offset)
		return fault_set(f, FAULT_CONFLICT,
		    "journal: it ends at octet %ld, and was %" PRIu64 " octets long", end,
		    r->at.offset);
	if (fseek(r->in, (long)r->at.offset, SEEK_SET) != 0)
		return fault_errno(f, FAULT_INTERNAL, "journal: seek");
	left = (uint64_t)end - r->at.offset;
	while (left > 0) {
		size_t n = 0;
		int c = EOF;

		while (n < JOURNAL_LINE_MAX && (c = getc(r->in)) != EOF && c != '\n')
			line[n++] = (char)c;
		if (c == EOF) /* torn by a crash, and never acted upon */
			return ferror(r->in) == 0 ||
			       fault_errno(f, FAULT_INTERNAL, "journal: read");
		if (n == JOURNAL_LINE_MAX && is_torn(r->in, left))
			return true;
		if (!take(r, octets_of(line, n), visit, with, f))
			return false;
		left -= n + 1;
	}
	return true;
}

bool
journal_read(const char *path, const struct journal_place *from, journal_visit *visit, void *with,
    struct journal_place *ret_end, struct fault *f)
{
	static const uint8_t zeros[JOURNAL_CHAIN_OCTETS];
	struct reading r = { .at = *from };
	struct stat is;
	bool ok;

	if (stat(path, &is) == 0 && !S_ISREG(is.st_mode)) /* a pipe would hold us for ever */
		return fault_set(f, FAULT_DENIED, "journal: %s is no file", path);
	if ((r.in = fopen(path, "rbe")) == NULL)
		return fault_errno(
		    f, errno == ENOENT ? FAULT_NOTFOUND : FAULT_INTERNAL, "journal: %s", path);
	r.chained = memcmp(from->chain, zeros, sizeof(zeros)) != 0;
	ok = read_lines(&r, visit, with, f);
	(void)fclose(r.in);
	if (ret_end != NULL)
		*ret_end = r.at;
	return ok;
}
