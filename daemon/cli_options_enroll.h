/*
 * daemon/cli_options_enroll.h - options of enroll; a part of daemon/cli_table.c, which alone
 * includes it.
 */
#ifndef QUATRAIN_DAEMON_CLI_OPTIONS_ENROLL_H
#define QUATRAIN_DAEMON_CLI_OPTIONS_ENROLL_H

#include "daemon/cli_table.h"

static const struct cli_param enroll_options[] = {
	{ "url", CLI_URL, "URL", NULL, 0,
	    "https://HOST:PORT, or the whole of it up to /.well-known/est/TENANT; default: as the code says" },
	{ "out", CLI_PATH, "DIR", NULL, CLI_REQUIRED,
	    "the folder for cert.pem, key.pem and root.pem; made where it is missing" },
	{ "token", CLI_TEXT, "T", NULL, 0,
	    "the token, once usable; others on this machine can see it while the command runs, so --token-file is better" },
	{ "token-file", CLI_PATH, "FILE", NULL, 0,
	    "read the token from FILE; - is standard input" },
	{ "code", CLI_TEXT, "CODE", NULL, 0,
	    "all at once, as the QR code of a card has it: quatrain:enrol?...; - is standard input, and better" },
	{ "idevid-cert", CLI_PATH, "FILE", NULL, 0,
	    "enrol with the manufacturer's certificate (IEEE 802.1AR) and its chain, in PEM" },
	{ "idevid-key", CLI_PATH, "FILE", NULL, 0, "with --idevid-cert: its private key" },
	{ "request", CLI_FLAG, NULL, NULL, 0,
	    "ask with nothing but a key, and wait for a registrar's approval" },
	{ "renew", CLI_FLAG, NULL, NULL, 0, "renew with the certificate in DIR; needs no token" },
	{ "daemon", CLI_FLAG, NULL, NULL, 0,
	    "enrol where DIR has no certificate, then stay and renew in time, until SIGTERM; SIGHUP renews now" },
	{ "new-key", CLI_FLAG, NULL, NULL, 0,
	    "with --renew, --daemon: make a new key each time, too" },
	{ "renew-before", CLI_DURATION, "TIME", NULL, 0,
	    "with --daemon: renew so long before the end; default: in the last third of the time" },
	{ "exec", CLI_PATH, "PROGRAM", NULL, 0,
	    "with --daemon: run PROGRAM DIR after each new certificate; no shell, at most 60 s" },
	{ "wait", CLI_DURATION, "TIME", NULL, 0,
	    "how long to wait for an approval; default 15m. The same command goes on with it later" },
	{ "key", CLI_CHOICE, "KIND", "p256|rsa|rsa3072", 0,
	    "the kind of a new key; default: as the service says, else p256" },
	{ "bind", CLI_FLAG, NULL, NULL, 0,
	    "bind the request to its TLS connection, even where the service does not ask for it" },
	{ "device", CLI_LABEL, "NAME", NULL, 0, "the device's name; default: as the token says" },
	{ "tenant", CLI_LABEL, "T", NULL, 0,
	    "the tenant; default: as URL, token or certificate says" },
	{ "profile", CLI_LABEL, "P", NULL, 0,
	    "what the certificate is for, with --idevid-cert and --request; default: as the service has it" },
	{ "root", CLI_PATH, "FILE", NULL, 0,
	    "trust exactly this root certificate; default: the one that the token names, with --renew DIR/root.pem" },
};

#endif
