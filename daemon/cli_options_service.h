/*
 * daemon/cli_options_service.h - what the commands of the service itself take, its keys, its logs
 * and its copies; for cli_table.c alone.
 */
#ifndef QUATRAIN_DAEMON_CLI_OPTIONS_SERVICE_H
#define QUATRAIN_DAEMON_CLI_OPTIONS_SERVICE_H

#include "daemon/cli_table.h"

static const struct cli_param init_options[] = {
	{ "domain", CLI_HOST, "D", NULL, 0, "level 1: the domain; default: the configuration's" },
	{ "region", CLI_LABEL, "R", NULL, 0, "level 2: the region; default: the configuration's" },
	{ "org", CLI_TEXT, "O", NULL, 0, "the organisation in the subjects of root and region" },
	{ "offline-root", CLI_PATH, "FILE", NULL, 0,
	    "write the root's key to FILE and keep none here; it is sealed as the keys that stay are, so a copy of their master key or passphrase belongs with it, apart from the service" },
	{ "seal", CLI_CHOICE, "WAY", "key-file|passphrase|credential", 0,
	    "how all keys are sealed" },
};

static const struct cli_param serve_options[] = {
	{ "ready-file", CLI_PATH, "FILE", NULL, 0, "is written when every listener listens" },
	{ "local", CLI_FLAG, NULL, NULL, 0,
	    "the local socket alone, no network; other commands use it for themselves" },
	{ "ready-fd", CLI_COUNT, "N", NULL, 0,
	    "an open descriptor that gets one octet when the listeners listen" },
};

static const struct cli_param key_list_options[] = {
	{ "all", CLI_FLAG, NULL, NULL, 0, "superseded keys too, the first hundred of each CA" },
};

static const struct cli_param key_rotate_options[] = {
	{ "seal", CLI_CHOICE, "WAY", "key-file|passphrase|credential", 0,
	    "how they are sealed from now on; default: as now" },
	{ "seal-file", CLI_PATH, "PATH", NULL, 0,
	    "the new master key's file, or the new credential's name; default: the old one's place" },
	{ "offline-root", CLI_PATH, "FILE", NULL, 0,
	    "the root's key that is kept elsewhere: sealed anew with the others" },
	{ "root-apart", CLI_FLAG, NULL, NULL, 0,
	    "leave the root's key, elsewhere, as it is: what opens it now lies with it" },
};

static const struct cli_param chain_audit_options[] = {
	{ "tenant", CLI_LABEL, "T", NULL, 0, "audit every certificate of this tenant" },
};

static const struct cli_param backup_verify_options[] = {
	{ "root", CLI_PATH, "FILE", NULL, CLI_REQUIRED,
	    "the root certificate, from a place that you trust and not from the backup" },
};

static const struct cli_param restore_options[] = {
	{ "root", CLI_PATH, "FILE", NULL, CLI_REQUIRED,
	    "the root certificate, from a place that you trust and not from the backup" },
	{ "merge", CLI_PATH, "DIR", NULL, 0,
	    "an older data folder, even a damaged one: what its journal tells was signed, revoked or held after the backup is ended; its ledgers are never opened" },
};

static const struct cli_param events_options[] = {
	{ "tenant", CLI_LABEL, "T", NULL, CLI_REPEATED,
	    "follow this tenant's log; may be given up to 64 times; default: all" },
	{ "act", CLI_TEXT, "ACT", NULL, CLI_REPEATED,
	    "only acts that begin so, as certificate. does; may be given up to 16 times" },
	{ "after", CLI_INDEX, "N", NULL, 0,
	    "with one tenant: begin behind its first N entries; default: with what comes from now on" },
};

static const struct cli_param revocations_follow_options[] = {
	{ "tenant", CLI_LABEL, "T", NULL, CLI_REQUIRED, "the tenant's name" },
	{ "out", CLI_PATH, "FILE", NULL, CLI_REQUIRED,
	    "write what is not good to FILE, whole each time; an earlier one is gone on with" },
	{ "every", CLI_DURATION, "TIME", NULL, 0, "ask so often, 1s to 60s; default 5s" },
	{ "once", CLI_FLAG, NULL, NULL, 0, "stop when all that there is now is written" },
};

static const struct cli_param revocations_show_options[] = {
	{ "serial", CLI_SERIAL, "S", NULL, 0,
	    "say of this certificate how it stands; exit 0 only if it is good and the set is fresh" },
};

static const struct cli_param ledger_check_options[] = {
	{ "tenant", CLI_LABEL, "T", NULL, 0,
	    "only this tenant's ledger; default: all, and the journal" },
};

static const struct cli_param ledger_merge_options[] = {
	{ "tenant", CLI_LABEL, "T", NULL, 0, "only this tenant's ledger; default: all" },
	{ "from", CLI_PATH, "DIR", NULL, 0,
	    "learn of signatures and revocations from there too: an export of the log, or another data folder's journal" },
	{ "yes", CLI_FLAG, NULL, NULL, 0, "do it; without, it only says what it would do" },
};

#endif
