/* daemon/main.c - the one binary: a child where its name says so, else the command line. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/secret.h"
#include "daemon/child.h"
#include "daemon/cli.h"

/* Databases are read by mapping them: what a disk or a copy has lost of one ends whoever reads it.
 * It ends all the same, but not without a word. */
static void
say_lost(int number)
{
	static const char line[] =
	    "quatrain: a database file is cut short, or its disk cannot be read: restore a backup, or put a whole copy back\n";

	(void)number;
	(void)!write(STDERR_FILENO, line, sizeof(line) - 1);
}

int
main(int argc, char **argv)
{
	const struct sigaction once = { .sa_handler = say_lost, .sa_flags = (int)SA_RESETHAND };
	enum child_role role;
	struct fault f;

	(void)sigaction(SIGBUS, &once, NULL);
	if (!secret_start(&f)) {
		(void)fprintf(stderr, "quatrain: %s\n", f.text);
		return CLI_REFUSED;
	}
	if (argc == 1 && child_is(argv[0], &role))
		return child_main(role);
	return cli_main(argc, (const char *const *)argv);
}
