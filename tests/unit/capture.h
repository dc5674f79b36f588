/* tests/unit/capture.h - run a command line in this process and keep what it says. */
#ifndef QUATRAIN_TESTS_UNIT_CAPTURE_H
#define QUATRAIN_TESTS_UNIT_CAPTURE_H

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/cli.h"

#define CAPTURE_MAX 32768

struct capture {
	int status;
	char out[CAPTURE_MAX], err[CAPTURE_MAX];
};

static inline int
capture_begin(int fd, FILE *file, FILE *into)
{
	int kept;

	ck_assert_int_eq(fflush(file), 0);
	ck_assert_int_ge(kept = fcntl(fd, F_DUPFD_CLOEXEC, 10), 0);
	ck_assert_int_eq(dup2(fileno(into), fd), fd);
	return kept;
}

static inline void
capture_end(int fd, FILE *file, FILE *into, int kept, char to[static CAPTURE_MAX])
{
	size_t n;

	(void)fflush(file);
	ck_assert_int_eq(dup2(kept, fd), fd);
	(void)close(kept);
	rewind(into);
	n = fread(to, 1, CAPTURE_MAX - 1, into);
	to[n] = '\0';
	(void)fclose(into);
}

/* argv is closed by NULL and begins behind the program's name. */
static inline void
capture_run(struct capture *c, const char *const *argv)
{
	const char *all[32] = { "quatrain" };
	FILE *out = tmpfile(), *err = tmpfile();
	int n = 1, kept_out, kept_err;

	for (; n < 31 && argv[n - 1] != NULL; n++)
		all[n] = argv[n - 1];
	ck_assert(out != NULL && err != NULL);
	kept_out = capture_begin(STDOUT_FILENO, stdout, out);
	kept_err = capture_begin(STDERR_FILENO, stderr, err);
	c->status = cli_main(n, all);
	capture_end(STDERR_FILENO, stderr, err, kept_err, c->err);
	capture_end(STDOUT_FILENO, stdout, out, kept_out, c->out);
}

#define ARGS(...) ((const char *const[]){ __VA_ARGS__, NULL })

#endif
