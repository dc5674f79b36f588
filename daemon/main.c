/* daemon/main.c - the one binary: guarded memory first, then the command line. */
#include <stdio.h>

#include "base/secret.h"
#include "daemon/cli.h"

int
main(int argc, char **argv)
{
	struct fault f;

	if (!secret_start(&f)) {
		(void)fprintf(stderr, "quatrain: %s\n", f.text);
		return CLI_REFUSED;
	}
	return cli_main(argc, (const char *const *)argv);
}
