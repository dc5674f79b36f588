/*
 * daemon/settings.h - conf/quatrain.yaml as a struct.
 *
 * conf/quatrain.yaml is the manual: each key with its unit, default and reason;
 * a test holds it and the table in settings.c together.
 */
#ifndef QUATRAIN_DAEMON_SETTINGS_H
#define QUATRAIN_DAEMON_SETTINGS_H

#include <stdint.h>

#include "base/conf.h"

#define WEBHOOKS_MAX 8

/* One receiver of entries; see herald.h. */
struct webhook {
	char name[CONF_TEXT_MAX];
	char url[CONF_TEXT_MAX];
	char secret[CONF_TEXT_MAX]; /* a file: whsec_..., and on a second line the one before */
	char ca[CONF_TEXT_MAX];     /* a file of roots; empty: the machine's */
	struct conf_list tenants;   /* none: all */
	struct conf_list acts;      /* what an act begins with; none: all */
};

struct settings {
	char data[CONF_TEXT_MAX]; /* folder of everything the service keeps; relative to the working
				     folder */
	char domain[CONF_TEXT_MAX]; /* example.org */
	char region[CONF_TEXT_MAX]; /* eu */
	char org[CONF_TEXT_MAX];    /* O of root and region; by default the domain */
	char listen_public[CONF_TEXT_MAX], listen_secure[CONF_TEXT_MAX];
	char listen_relay[CONF_TEXT_MAX], listen_metrics[CONF_TEXT_MAX];
	char public_url[CONF_TEXT_MAX]; /* in AIA and CRL distribution points */
	struct conf_list
	    names; /* SANs of the service's own certificate: DNS names and IP addresses */
	char seal[CONF_TEXT_MAX];      /* key-file, passphrase, credential */
	char seal_file[CONF_TEXT_MAX]; /* key-file: its path (default <data>/master.key);
					  credential: its name */
	char profiles[CONF_TEXT_MAX];  /* folder of YAML files; empty: the built-in ones */
	char user[CONF_TEXT_MAX];      /* children become it when started by root; empty: stay */
	struct {                       /* the lines on standard error; and the issuance log */
		char level[CONF_TEXT_MAX];  /* debug, info, warn, error */
		char format[CONF_TEXT_MAX]; /* logfmt, json */
		int64_t checkpoint;         /* s between two signed checkpoints of a log */
	} log;
	struct {
		size_t n;
		struct webhook at[WEBHOOKS_MAX];
	} webhooks;
	int64_t edges;                                     /* processes that share the listeners */
	struct {                                           /* see limit.h; 0: no such limit */
		struct conf_list exempt;                   /* addresses and networks */
		int64_t connections, handshakes, refusals; /* of an address, a minute */
		int64_t tenant;                            /* certificates, a second */
		int64_t device;                            /* certificates, an hour */
		int64_t ocsp; /* requests of an address at listen.public, a second */
	} limits;
	char two_person[CONF_TEXT_MAX]; /* auto, always, never (daemon/second.h) */
	int64_t store_max;              /* MiB that one tenant's ledger may grow to */
	struct {
		int64_t delay;  /* s between two issues of a CA's revocation lists */
		int64_t shards; /* of the list of a tenant's CA that is founded; 1: one list */
	} crl;
	struct {
		char unknown[CONF_TEXT_MAX]; /* unknown, revoked */
		int64_t max_age_s;
		bool archive_cutoff;
	} ocsp;
	struct {                 /* the feed of revocations (ca/feed_piece.h) */
		int64_t fresh_s; /* a piece is signed anew after so long, where nothing changes */
		int64_t valid_s; /* and may be relied on for so long */
	} revocations;
	struct {
		char record[CONF_TEXT_MAX]; /* all, refused (daemon/activity.h) */
	} activity;
	struct {                       /* print jobs (daemon/relay.h) */
		int64_t job;           /* MiB of one document */
		int64_t owner, tenant; /* MiB of documents that wait, of one owner, of all */
		int64_t owner_jobs, tenant_jobs;
		int64_t hold_s;   /* until a job that nobody released is canceled */
		int64_t retain_s; /* how long one that is over is remembered */
	} relay;
	struct { /* policies of root, region and tenants (daemon/policy_load.h) */
		struct conf_list trust_key; /* verifier keys; none: unsigned ones are taken */
		int64_t max_octets;         /* of one document */
	} policy;
	struct { /* keys in a token; module empty: none */
		char module[CONF_TEXT_MAX], token[CONF_TEXT_MAX];
		char pin_file[CONF_TEXT_MAX]; /* a path, or "credential:NAME" */
		struct conf_list keys;        /* root, region, tenant, responder */
		struct conf_list paths;       /* folders that the module writes */
	} hsm;
};

/* The table of keys: the manual pages and the tests read it too. */
extern const struct conf_key settings_keys[];
extern const size_t settings_keys_n;
/* Those of one of "webhooks". */
extern const struct conf_rows settings_webhook;

/*
 * file NULL: the first of ./quatrain.yaml, ./conf/quatrain.yaml,
 * /etc/quatrain/quatrain.yaml that exists, else the defaults. Checks what one
 * key alone cannot show (platform is no region name, names is not empty, ...).
 * Faults: as conf_load().
 */
bool settings_load(const char *file, struct settings *ret, struct fault *f) CHECKED;

/* What the settings say to a whole process; before it opens a ledger. */
void settings_apply(const struct settings *s);

/* path = data folder + "/" + name; size as given. False if it does not fit. */
bool settings_path(const struct settings *s, const char *name, char *path, size_t size);

#endif
