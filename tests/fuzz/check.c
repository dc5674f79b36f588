/* tests/fuzz/check.c - check's assertions outside of check: ground and forge are its tests'
 * helpers, and a fuzzer has no test that could fail. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

void
_mark_point(const char *file, int line)
{
	(void)file;
	(void)line;
}

void
_ck_assert_failed(const char *file, int line, const char *expr, const char *msg, ...)
{
	(void)fprintf(stderr, "%s:%d: %s %s\n", file, line, expr, msg == NULL ? "" : msg);
	abort();
}
