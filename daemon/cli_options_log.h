/*
 * daemon/cli_options_log.h - what the commands of the log take; for cli_table.c alone.
 */
#ifndef QUATRAIN_DAEMON_CLI_OPTIONS_LOG_H
#define QUATRAIN_DAEMON_CLI_OPTIONS_LOG_H

#include "daemon/cli_table.h"

/* Of either log. */
#define EXPORT_OPTIONS                                                                                                         \
	{ "tenant", CLI_LABEL, "T", NULL, CLI_REQUIRED, "the tenant's name" },                                                 \
	    { "out", CLI_PATH, "DIR", NULL, 0,                                                                                 \
		    "the folder for entries.jsonl and all that proves it; made where it is missing" },                         \
	    { "bundle", CLI_PATH, "FILE.tar", NULL, 0,                                                                         \
		    "the same as one file, instead of --out; it must not exist" },                                             \
	    { "from", CLI_TIME, "TIME", NULL, 0,                                                                               \
		    "entries of this day (UTC) or moment (RFC 3339) and later; all from the first one where it is left out" }, \
	    { "to", CLI_TIME, "TIME", NULL, 0,                                                                                 \
		    "and up to this day or moment, which is included" },                                                       \
	    { "from-index", CLI_INDEX, "N", NULL, 0, "instead of times: from entry N on" },                                    \
	    { "to-index", CLI_INDEX, "N", NULL, 0, "and up to entry N, which is included" },                                   \
	    { "format", CLI_CHOICE, "F", "jsonl|csv|cef", 0,                                                                   \
		    "a view beside the evidence, which is always JSON lines: csv for spreadsheets, cef for SIEMs" },           \
	{                                                                                                                      \
		"checkpoint", CLI_PATH, "FILE", NULL, 0,                                                                       \
		    "of the tree of this checkpoint, as an earlier export wrote it: the same range gives the same octets"      \
	}

static const struct cli_param log_export_options[] = {
	EXPORT_OPTIONS,
	{ "with-names", CLI_FLAG, NULL, NULL, 0,
	    "with names.jsonl: what is on record of the operators and endpoints that occur; where there is a second officer, that one must approve" },
	{ "act", CLI_ID, "ID", NULL, 0,
	    "with --with-names: by this act, which another officer approved within the last day" },
};

static const struct cli_param activity_export_options[] = { EXPORT_OPTIONS };

static const struct cli_param log_verify_options[] = {
	{ "root", CLI_PATH, "FILE", NULL, 0,
	    "the root certificate, from a place that you trust and not from the export; needless with verifier keys" },
	{ "key", CLI_PATH, "FILE", NULL, 0,
	    "of proofs and checkpoints: the log's keys, as log keys wrote them, as certificates.pem of an export, or as verifier keys, one a line" },
	{ "serial", CLI_SERIAL, "SERIAL", NULL, 0,
	    "the proof must be of an entry that tells of this certificate" },
};

static const struct cli_param log_keys_options[] = {
	{ "tenant", CLI_LABEL, "T", NULL, CLI_REQUIRED, "the tenant's name" },
	{ "activity", CLI_FLAG, NULL, NULL, 0,
	    "of the log of its activity, not of its certificates" },
	{ "out", CLI_PATH, "FILE", NULL, 0, "where to write them; default: standard output" },
};

static const struct cli_param log_prove_options[] = {
	{ "tenant", CLI_LABEL, "T", NULL, CLI_REQUIRED, "the tenant's name" },
	{ "activity", CLI_FLAG, NULL, NULL, 0,
	    "of the log of its activity, not of its certificates" },
	{ "serial", CLI_SERIAL, "SERIAL", NULL, 0, "the entry that issued this certificate" },
	{ "index", CLI_INDEX, "N", NULL, 0, "the entry of this number" },
	{ "since", CLI_PATH, "FILE", NULL, 0,
	    "an older checkpoint: prove that the log of now begins with that one" },
	{ "out", CLI_PATH, "FILE", NULL, 0, "where to write it; default: standard output" },
};

static const struct cli_param log_redact_options[] = {
	{ "tenant", CLI_LABEL, "T", NULL, CLI_REQUIRED, "the tenant's name" },
	{ "activity", CLI_FLAG, NULL, NULL, 0,
	    "of the log of its activity, not of its certificates" },
	{ "index", CLI_INDEX, "N", NULL, CLI_REQUIRED, "the number of the entry" },
	{ "reason", CLI_TEXT, "TEXT", NULL, CLI_REQUIRED, "why; it stays in the log for good" },
	{ "order", CLI_TEXT, "TEXT", NULL, CLI_REQUIRED,
	    "the law or the order of a court, as whoever reads the log can look it up" },
};

static const struct cli_param replay_options[] = {
	{ "tenant", CLI_LABEL, "T", NULL, 0, "of this tenant's log, from the service" },
	{ "index", CLI_INDEX, "N", NULL, 0, "the entry of this number" },
	{ "all", CLI_FLAG, NULL, NULL, 0, "every entry" },
	{ "policy", CLI_PATH, "FILE", NULL, CLI_REPEATED,
	    "a policy that was in force, or a folder of them: all of one set; the service has every one" },
};

#endif
