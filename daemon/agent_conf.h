/*
 * daemon/agent_conf.h - the settings of `quatrain agent`: conf/agent.yaml as a struct.
 *
 * conf/agent.yaml is the manual: each key with its unit, default and reason; a test holds it and
 * the table in agent_conf.c together. Options of the command stand above the file.
 */
#ifndef QUATRAIN_DAEMON_AGENT_CONF_H
#define QUATRAIN_DAEMON_AGENT_CONF_H

#include <sys/types.h>

#include "base/conf.h"

#define AGENT_CONF_FILE "/etc/quatrain/agent.yaml"
#define AGENT_USERS_MAX CONF_LIST_MAX

struct agent_conf {
	char
	    service[CONF_TEXT_MAX]; /* https://, of EST; empty: the certificate is kept by others */
	char relay[CONF_TEXT_MAX];  /* https://HOST:PORT, no slash behind */
	char tenant[CONF_TEXT_MAX]; /* empty: as the token says */
	char folder[CONF_TEXT_MAX];
	char token_file[CONF_TEXT_MAX]; /* empty: none */
	char listen[CONF_TEXT_MAX];     /* unix:/PATH, or a loopback address with its port */
	struct conf_list users;         /* names, or numbers; none: all */
	struct conf_list vouchers;      /* whose requesting-user-name is believed */
	struct conf_list printers;      /* whose own queues are offered beside the pull queue */
	struct {
		int64_t time_s; /* of a job that cannot be passed on */
		int64_t octets; /* MiB, of all jobs that wait */
		int64_t jobs;
	} hold;
	struct {
		char level[CONF_TEXT_MAX], format[CONF_TEXT_MAX];
	} log;
};

extern const struct conf_key agent_conf_keys[];
extern const size_t agent_conf_keys_n;

/* file NULL: AGENT_CONF_FILE where it exists, else the defaults. Nothing is required yet. Faults:
 * as conf_load(). */
bool agent_conf_load(const char *file, struct agent_conf *ret, struct fault *f) CHECKED;
/* When all was said: is it enough, and does it fit together? Fault: FAULT_BADREQ. */
bool agent_conf_check(const struct agent_conf *c, struct fault *f) CHECKED;

/* The path of listen; NULL: it is a TCP address. */
const char *agent_conf_socket(const struct agent_conf *c);

/* Users of the machine by their numbers. */
struct agent_users {
	size_t n;
	uid_t uid[AGENT_USERS_MAX];
};
/* Names and numbers of a list, looked up. missing_ok: a name that the machine has not is passed
 * over. Fault: FAULT_BADREQ which. */
bool agent_users_of(const struct conf_list *list, bool missing_ok, struct agent_users *ret,
    struct fault *f) CHECKED;
bool agent_users_has(const struct agent_users *u, uid_t uid);

#endif
