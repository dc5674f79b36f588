/*
 * daemon/cli_options_printer.h - options of printer and badge, for the table in daemon/cli_table.c
 * alone.
 */
#ifndef QUATRAIN_DAEMON_CLI_OPTIONS_PRINTER_H
#define QUATRAIN_DAEMON_CLI_OPTIONS_PRINTER_H

#include "daemon/cli_table.h"

static const struct cli_param printer_options[] = {
	{ "tenant", CLI_LABEL, "T", NULL, CLI_REQUIRED, "the tenant's name" },
};

static const struct cli_param printer_add_options[] = {
	{ "tenant", CLI_LABEL, "T", NULL, CLI_REQUIRED, "the tenant's name" },
	{ "gateway", CLI_LABEL, "G", NULL, CLI_REQUIRED | CLI_REPEATED,
	    "gateway/G may print there; given up to 8 times, they share it and stand in for each other" },
};

static const struct cli_param badge_add_options[] = {
	{ "tenant", CLI_LABEL, "T", NULL, CLI_REQUIRED, "the tenant's name" },
	{ "owner", CLI_TEXT, "KIND/NAME", NULL, CLI_REQUIRED,
	    "whose it is: workstation/NAME or phone/NAME" },
};

#endif
