/* tests/fuzz/journal.c - a line of the journal that is taken is spelled the one way there is; a
 * file of any octets is read without harm, and what was cut off it can be written to again. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ca/journal.h"

extern int LLVMFuzzerInitialize(int *argc, char ***argv);
extern int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

static char path[] = "/dev/shm/quatrain-fuzz-journal-XXXXXX";

static void
end(void)
{
	(void)unlink(path);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	int fd = mkstemp(path);

	(void)argc;
	(void)argv;
	if (fd < 0 || close(fd) != 0 || atexit(end) != 0)
		abort();
	return 0;
}

/* The first line by itself, behind a chain of zeros. */
static void
try_line(struct octets line)
{
	static const uint8_t zeros[JOURNAL_CHAIN_OCTETS];
	uint8_t after[JOURNAL_CHAIN_OCTETS], again[JOURNAL_CHAIN_OCTETS];
	struct journal_line l;
	struct bytes b = { 0 };
	struct fault f;

	if (!journal_parse(line, zeros, &l, after, &f)) {
		if (f.code != FAULT_BADREQ)
			abort();
		return;
	}
	if (l.kind == JOURNAL_OLD)
		return;
	journal_write(&l, zeros, &b, again);
	if (b.n != line.n + 1 || memcmp(b.at, line.at, line.n) != 0 ||
	    memcmp(after, again, sizeof(after)) != 0)
		abort();
	bytes_free(&b);
}

static bool
visit(void *with, const struct journal_line *l, struct fault *f)
{
	(void)f;
	if (l->kind < JOURNAL_SIGNED || l->kind > JOURNAL_OLD)
		abort();
	++*(size_t *)with;
	return true;
}

/* What can be read to its end can be gone on with, and then has one line more. */
static void
try_file(struct octets all)
{
	static const struct journal_place beginning;
	struct journal_line l = { .kind = JOURNAL_REVOKED, .at_s = 1, .tenant = "acme" };
	struct journal j;
	size_t before = 0, after = 0;
	struct fault f;
	int fd = open(path, O_WRONLY | O_TRUNC);

	if (fd < 0 || write(fd, all.at, all.n) != (ssize_t)all.n || close(fd) != 0)
		abort();
	if (!journal_read(path, &beginning, visit, &before, NULL, &f)) {
		if (f.code != FAULT_CONFLICT)
			abort();
		return;
	}
	if (!journal_open(path, &j, &f) || !journal_note(&j, &l, &f) ||
	    !journal_read(path, &beginning, visit, &after, NULL, &f) || after != before + 1)
		abort();
	journal_close(&j);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	const uint8_t *end_of_line = n == 0 ? NULL : memchr(at, '\n', n);

	try_line(octets_of(at, end_of_line == NULL ? n : (size_t)(end_of_line - at)));
	try_file(octets_of(at, n));
	return 0;
}
