/* daemon/main.c - the one binary: a child where its name says so, else the command line. */
#include <stdio.h>

#include "base/secret.h"
#include "daemon/child.h"
#include "daemon/cli.h"

int
main(int argc, char **argv)
{
	enum child_role role;
	struct fault f;

	if (!secret_start(&f)) {
		(void)fprintf(stderr, "quatrain: %s\n", f.text);
		return CLI_REFUSED;
	}
	if (argc == 1 && child_is(argv[0], &role))
		return child_main(role);
	return cli_main(argc, (const char *const *)argv);
}
