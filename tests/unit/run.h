/*
 * tests/unit/run.h - how each of these programs runs its tests, and ends.
 */
#ifndef QUATRAIN_TESTS_UNIT_RUN_H
#define QUATRAIN_TESTS_UNIT_RUN_H

#include <check.h>
#include <stdlib.h>

/* The exit status, after all of s was run; s is freed. */
static inline int
run_suite(Suite *s)
{
	SRunner *runner = srunner_create(s);
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
