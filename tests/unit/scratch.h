/* tests/unit/scratch.h - a folder for one test, gone after it. */
#ifndef QUATRAIN_TESTS_UNIT_SCRATCH_H
#define QUATRAIN_TESTS_UNIT_SCRATCH_H

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SCRATCH_PATH_MAX 512

static inline void
scratch_new(char folder[static SCRATCH_PATH_MAX])
{
	const char *tmp = getenv("TMPDIR");

	ck_assert_int_lt(
	    snprintf(folder, SCRATCH_PATH_MAX, "%s/quatrain-XXXXXX", tmp == NULL ? "/tmp" : tmp),
	    SCRATCH_PATH_MAX);
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

/* The path of name in folder. */
static inline void
scratch_path(const char *folder, const char *name, char *to, size_t size)
{
	ck_assert_int_lt(snprintf(to, size, "%s/%s", folder, name), (int)size);
}

static inline int
scratch_remove(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

static inline void
scratch_free(const char *folder)
{
	ck_assert_int_eq(nftw(folder, scratch_remove, 8, FTW_DEPTH | FTW_PHYS), 0);
}

#endif
