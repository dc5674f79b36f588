/* daemon/agent_conf.c - see agent_conf.h. */
#include "daemon/agent_conf.h"

#include <arpa/inet.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"

#define AT(field) offsetof(struct agent_conf, field)
#define UNIX      "unix:"

const struct conf_key agent_conf_keys[] = {
	{ "service", CONF_TEXT, AT(service), NULL, NULL },
	{ "relay", CONF_TEXT, AT(relay), NULL, NULL },
	{ "tenant", CONF_LABEL, AT(tenant), NULL, NULL },
	{ "folder", CONF_TEXT, AT(folder), "/var/lib/quatrain-agent", NULL },
	{ "token_file", CONF_TEXT, AT(token_file), NULL, NULL },
	{ "listen", CONF_TEXT, AT(listen), "unix:/run/quatrain/agent.sock", NULL },
	{ "users", CONF_LIST, AT(users), NULL, NULL },
	{ "vouchers", CONF_LIST, AT(vouchers), "root,lp", NULL },
	{ "printers", CONF_LIST, AT(printers), NULL, NULL },
	{ "hold.time", CONF_DURATION, AT(hold.time_s), "7d", NULL },
	{ "hold.octets", CONF_COUNT, AT(hold.octets), "2048", "1..1048576" },
	{ "hold.jobs", CONF_COUNT, AT(hold.jobs), "1000", "1..100000" },
	{ "log.level", CONF_CHOICE, AT(log.level), "info", "debug|info|warn|error" },
	{ "log.format", CONF_CHOICE, AT(log.format), "logfmt", "logfmt|json" },
};
const size_t agent_conf_keys_n = sizeof(agent_conf_keys) / sizeof(agent_conf_keys[0]);

bool
agent_conf_load(const char *file, struct agent_conf *ret, struct fault *f)
{
	struct agent_conf c;

	if (file == NULL && access(AGENT_CONF_FILE, F_OK) == 0)
		file = AGENT_CONF_FILE;
	if (!conf_load(file, agent_conf_keys, agent_conf_keys_n, &c, f))
		return false;
	*ret = c;
	return true;
}

const char *
agent_conf_socket(const struct agent_conf *c)
{
	size_t n = strlen(UNIX);

	return strncmp(c->listen, UNIX, n) == 0 ? c->listen + n : NULL;
}

/* What is said there is not encrypted, and who says it is not known: it stays on this machine. */
static bool
is_loopback(const char *address)
{
	const char *colon = strrchr(address, ':');
	char host[INET6_ADDRSTRLEN + 2];
	struct in_addr v4;
	size_t n = colon == NULL ? 0 : (size_t)(colon - address), digits;

	digits = colon == NULL ? 0 : strspn(colon + 1, "0123456789");
	if (n == 0 || n >= sizeof(host) || digits == 0 || digits > 5 || colon[1 + digits] != '\0' ||
	    strtoul(colon + 1, NULL, 10) > UINT16_MAX)
		return false;
	(void)memcpy(host, address, n);
	host[n] = '\0';
	if (strcmp(host, "[::1]") == 0)
		return true;
	return inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127;
}

static bool
check_listen(const struct agent_conf *c, struct fault *f)
{
	const char *path = agent_conf_socket(c);

	if (path == NULL) {
		if (!is_loopback(c->listen))
			return fault_set(f, FAULT_BADREQ,
			    "agent: listen: expected unix:/PATH, or 127.0.0.1:PORT or [::1]:PORT of this machine alone, found \"%s\"",
			    c->listen);
		if (c->users.n > 0)
			return fault_set(f, FAULT_BADREQ,
			    "agent: users: nobody can tell the users of %s apart; listen on unix:/PATH",
			    c->listen);
		return true;
	}
	if (path[0] == '/' && strlen(path) < sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return true;
	return fault_set(f, FAULT_BADREQ,
	    "agent: listen: expected unix: and an absolute path of at most %zu octets, found \"%s\"",
	    sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1, c->listen);
}

/* https://HOST[:PORT], no more where whole is set. */
static bool
check_url(const char *key, const char *url, bool whole, struct fault *f)
{
	struct octets rest = octets_text(url);
	size_t host;

	if (octets_take_text(&rest, "https://")) {
		host = strcspn((const char *)rest.at, "/?#@ ");
		if (host > 0 && (host == rest.n || (!whole && rest.at[host] == '/')))
			return true;
	}
	return fault_set(
	    f, FAULT_BADREQ, "agent: %s: expected https://HOST[:PORT], found \"%s\"", key, url);
}

bool
agent_conf_check(const struct agent_conf *c, struct fault *f)
{
	struct agent_users u;

	if (!check_url("relay", c->relay, true, f) ||
	    (c->service[0] != '\0' && !check_url("service", c->service, false, f)) ||
	    !check_listen(c, f))
		return false;
	if (c->service[0] == '\0' && c->token_file[0] != '\0')
		return fault_set(f, FAULT_BADREQ,
		    "agent: token_file: of no use without the address of a service");
	for (size_t i = 0; i < c->printers.n; i++)
		if (!text_is_label(c->printers.at[i]))
			return fault_set(f, FAULT_BADREQ,
			    "agent: printers: expected names of printers, found \"%s\"",
			    c->printers.at[i]);
	return agent_users_of(&c->users, false, &u, f) && agent_users_of(&c->vouchers, true, &u, f);
}

static bool
find_user(const char *s, uid_t *ret)
{
	size_t digits = strspn(s, "0123456789");
	struct passwd room, *found = NULL;
	unsigned long long n;
	char text[4096];

	if (s[digits] == '\0') {
		n = digits < 11 ? strtoull(s, NULL, 10) : UINT32_MAX;
		*ret = (uid_t)n;
		return n < UINT32_MAX; /* the last one is nobody's */
	}
	if (getpwnam_r(s, &room, text, sizeof(text), &found) != 0 || found == NULL)
		return false;
	*ret = found->pw_uid;
	return true;
}

bool
agent_users_of(
    const struct conf_list *list, bool missing_ok, struct agent_users *ret, struct fault *f)
{
	struct agent_users u = { .n = 0 };

	for (size_t i = 0; i < list->n; i++) {
		if (find_user(list->at[i], &u.uid[u.n]))
			u.n++;
		else if (!missing_ok)
			return fault_set(f, FAULT_BADREQ,
			    "agent: users: expected a user of this machine, found \"%s\"",
			    list->at[i]);
	}
	*ret = u;
	return true;
}

bool
agent_users_has(const struct agent_users *u, uid_t uid)
{
	for (size_t i = 0; i < u->n; i++)
		if (u->uid[i] == uid)
			return true;
	return false;
}
