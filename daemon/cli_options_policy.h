/*
 * daemon/cli_options_policy.h - what the commands about policies take; for cli_table.c alone.
 */
#ifndef QUATRAIN_DAEMON_CLI_OPTIONS_POLICY_H
#define QUATRAIN_DAEMON_CLI_OPTIONS_POLICY_H

#include "daemon/cli_table.h"

static const struct cli_param policy_test_options[] = {
	{ "run", CLI_TEXT, "NAME", NULL, 0, "only tests whose name has this in it" },
};

static const struct cli_param policy_explain_options[] = {
	{ "input", CLI_PATH, "FILE", NULL, CLI_REQUIRED,
	    "the request in JSON, as embedded tests have it; - is standard input" },
};

static const struct cli_param policy_diff_options[] = {
	{ "replay", CLI_PATH, "LOG", NULL, 0,
	    "say which decisions of this log would change: a folder of activity export, or a file with one JSON object a line; - is standard input" },
	{ "old", CLI_PATH, "FILE", NULL, CLI_REPEATED,
	    "with --replay: compare with what these policies decide, and not with what was recorded; for lines that only ask" },
};

static const struct cli_param policy_replay_options[] = {
	{ "policy", CLI_PATH, "FILE", NULL, CLI_REQUIRED | CLI_REPEATED,
	    "a policy that was in force, or a folder of them: all that made the set whose digest the entries name" },
};

static const struct cli_param policy_bundle_options[] = {
	{ "tenant", CLI_LABEL, "T", NULL, CLI_REQUIRED, "the tenant's name" },
	{ "out", CLI_PATH, "FILE", NULL, CLI_REQUIRED,
	    "where to write it, whole each time; one that is newer stays" },
};

static const struct cli_param policy_decide_options[] = {
	{ "bundle", CLI_PATH, "FILE", NULL, CLI_REQUIRED, "what policy bundle wrote" },
	{ "root", CLI_PATH, "FILE", NULL, CLI_REQUIRED,
	    "the root certificate, from a place that you trust and not from the bundle" },
	{ "cert", CLI_PATH, "FILE", NULL, CLI_REQUIRED,
	    "the certificate of who asks (PEM); that he has its key is for the caller to know" },
	{ "input", CLI_PATH, "FILE", NULL, CLI_REQUIRED,
	    "action, resource, source, context, device and supports in JSON; - is standard input" },
	{ "state", CLI_PATH, "FILE", NULL, 0,
	    "where to remember which bundle was held last, and the clock; default: beside the bundle, with .held" },
	{ "explain", CLI_FLAG, NULL, NULL, 0, "tell every rule that was considered" },
};

#endif
