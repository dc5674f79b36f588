/*
 * daemon/cli_options_cert.h - what the commands of certificates and endpoints take; a part of
 * daemon/cli_table.c, which alone includes it.
 */
#ifndef QUATRAIN_DAEMON_CLI_OPTIONS_CERT_H
#define QUATRAIN_DAEMON_CLI_OPTIONS_CERT_H

#include "daemon/cli_table.h"

#define CLI_TENANT                                                                                 \
	{                                                                                          \
		"tenant", CLI_LABEL, "T", NULL, CLI_REQUIRED, "the tenant's name"                  \
	}
#define CLI_REASON(fallback)                                                                                                                     \
	{                                                                                                                                        \
		"reason", CLI_CHOICE, "R",                                                                                                       \
		    "unspecified|keyCompromise|cACompromise|affiliationChanged|superseded|cessationOfOperation|privilegeWithdrawn|aACompromise", \
		    0, "why (RFC 5280 section 5.3.1); default " fallback                                                                         \
	}

static const struct cli_param cert_list_options[] = {
	CLI_TENANT,
	{ "device", CLI_LABEL, "NAME", NULL, 0, "only this device's" },
	{ "name", CLI_TEXT, "TEXT", NULL, 0, "only those whose name begins so" },
	{ "serial", CLI_TEXT, "HEX", NULL, 0,
	    "only those whose serial begins so: 4 to 32 hex digits" },
	{ "key-sha256", CLI_TEXT, "HEX", NULL, 0,
	    "only those of this key: the SHA-256 of its SubjectPublicKeyInfo" },
	{ "status", CLI_CHOICE, "S", "good|held|revoked|expired|pending|abandoned", 0,
	    "only of this status" },
	{ "kind", CLI_LABEL, "K", NULL, 0, "only of this kind: printer, gateway, ..." },
	{ "profile", CLI_LABEL, "P", NULL, 0, "only by this profile" },
	{ "enroller", CLI_TEXT, "WHO", NULL, 0,
	    "only those that WHO let in, as cert show has it: operator:NAME, local" },
	{ "how", CLI_TEXT, "WORD", NULL, 0,
	    "only those that stand on this: token, approval, idevid, certificate" },
	{ "token", CLI_ID, "ID", NULL, 0,
	    "only what was made with this token or approved request, and what of its renewals holds" },
	{ "ends-before", CLI_TEXT, "TIME", NULL, 0,
	    "only those that end before it: RFC 3339, or from now: 30d" },
	{ "ends-after", CLI_TEXT, "TIME", NULL, 0, "only those that end at it, or later" },
};

static const struct cli_param cert_find_options[] = {
	{ "serial", CLI_SERIAL, "SERIAL", NULL, 0, "whose certificate has this serial" },
	{ "key-sha256", CLI_TEXT, "HEX", NULL, 0,
	    "whose key has this SHA-256, of its SubjectPublicKeyInfo" },
	{ "device", CLI_LABEL, "NAME", NULL, 0, "which tenants have a device of this name" },
};

static const struct cli_param cert_show_options[] = {
	CLI_TENANT,
	{ "form", CLI_CHOICE, "FORM", "pem|der|text", 0,
	    "the certificate itself: PEM with the CAs above it, DER, or a page to read" },
};

static const struct cli_param cert_revoke_options[] = {
	CLI_TENANT,
	CLI_REASON("unspecified"),
	{ "confirm", CLI_LABEL, "NAME", NULL, 0,
	    "of a CA: the tenant or region that ends with it, named to say that this is meant" },
	{ "serials-from", CLI_PATH, "FILE", NULL, 0,
	    "many at once: the serials in FILE, one a line; - is standard input" },
	{ "enroller", CLI_TEXT, "WHO", NULL, 0,
	    "many at once: everything that WHO let in and that holds, as cert show has it: operator:NAME" },
	{ "token", CLI_ID, "ID", NULL, 0,
	    "many at once: what was made with this token or approved request, and its renewals" },
	{ "added-after", CLI_TEXT, "TIME", NULL, 0,
	    "with --enroller or --token: only what was added at TIME (RFC 3339) or later" },
	{ "added-before", CLI_TEXT, "TIME", NULL, 0,
	    "with --enroller or --token: only what was added at TIME or sooner" },
	{ "dry-run", CLI_FLAG, NULL, NULL, 0, "many at once: only count them, as without --yes" },
	{ "yes", CLI_FLAG, NULL, NULL, 0, "many at once: do it; without, it only counts them" },
};

static const struct cli_param endpoint_list_options[] = {
	CLI_TENANT,
	{ "kind", CLI_LABEL, "K", NULL, 0, "only of this kind: printer, gateway, ..." },
};

static const struct cli_param endpoint_remove_options[] = {
	CLI_TENANT,
	CLI_REASON("cessationOfOperation"),
	{ "dry-run", CLI_FLAG, NULL, NULL, 0, "only say what would go with it" },
};

#endif
