/* tests/unit/jailed.h - a child that enters a role of base/sandbox.h, acts, and how it ends. */
#ifndef QUATRAIN_TESTS_UNIT_JAILED_H
#define QUATRAIN_TESTS_UNIT_JAILED_H

#include <check.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sandbox.h"

#define COUNT(table) (sizeof(table) / sizeof(*(table)))
#define REFUSED      9 /* exit statuses of the children, 0 is survival */

#ifdef QUATRAIN_SANITIZED
#define FILTERED false
#else
#define FILTERED true
#endif

#define NEED(what)                                                                                 \
	do {                                                                                       \
		if (!(what))                                                                       \
			_exit(3);                                                                  \
	} while (0)

static inline void
enter(enum sandbox_role role)
{
	struct fault f;
	bool on = false;

	if (!sandbox_enter(role, &on, &f))
		_exit(REFUSED);
	if (on != FILTERED)
		_exit(REFUSED + 1);
}

/* How a child that enters role and then runs act ends: its wait status. */
static inline int
end_of(enum sandbox_role role, void (*act)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		enter(role);
		act();
		_exit(0);
	}
	ck_assert_int_gt(child, 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return status;
}

#endif
