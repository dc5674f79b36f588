/*
 * daemon/cli_options_agent.h - options of agent; a part of daemon/cli_table.c, which alone includes
 * it.
 */
#ifndef QUATRAIN_DAEMON_CLI_OPTIONS_AGENT_H
#define QUATRAIN_DAEMON_CLI_OPTIONS_AGENT_H

#include "daemon/cli_table.h"

static const struct cli_param agent_options[] = {
	{ "relay", CLI_URL, "URL", NULL, 0,
	    "where jobs go: https://HOST:PORT of the service's listen.relay" },
	{ "service", CLI_URL, "URL", NULL, 0,
	    "where the certificate comes from and is renewed: https://HOST:PORT of the service's listen.secure" },
	{ "tenant", CLI_LABEL, "T", NULL, 0, "the tenant; default: as the token says" },
	{ "token-file", CLI_PATH, "FILE", NULL, 0,
	    "read the token for the first certificate from FILE" },
	{ "folder", CLI_PATH, "DIR", NULL, 0,
	    "the folder of certificate, key and waiting jobs; default /var/lib/quatrain-agent" },
	{ "listen", CLI_TEXT, "ADDRESS", NULL, 0,
	    "unix:/PATH, 127.0.0.1:PORT or [::1]:PORT; default unix:/run/quatrain/agent.sock" },
};

#endif
