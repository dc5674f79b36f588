/* daemon/cli_agent.c - agent: settings of a file, and options above them. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "daemon/agent.h"
#include "daemon/cli_table.h"

static bool
override(const struct invocation *inv, const char *option, char to[static CONF_TEXT_MAX],
    struct fault *f)
{
	const char *value = cli_option(inv, option);

	if (value == NULL)
		return true;
	if (snprintf(to, CONF_TEXT_MAX, "%s", value) < CONF_TEXT_MAX)
		return true;
	return fault_set(f, FAULT_BADREQ, "agent: --%s is too long", option);
}

static bool
settle(const struct invocation *inv, struct agent_conf *c, struct fault *f)
{
	return agent_conf_load(inv->config, c, f) && override(inv, "relay", c->relay, f) &&
	       override(inv, "service", c->service, f) && override(inv, "tenant", c->tenant, f) &&
	       override(inv, "token-file", c->token_file, f) &&
	       override(inv, "folder", c->folder, f) && override(inv, "listen", c->listen, f) &&
	       agent_conf_check(c, f);
}

static void
start_log(const struct agent_conf *c)
{
	static const char *const words[] = { "debug", "info", "warn", "error" };
	enum log_level least = LOG_INFO;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(c->log.level, words[i]) == 0)
			least = (enum log_level)i;
	log_start("agent", least);
	log_form(strcmp(c->log.format, "json") == 0 ? LOG_JSON : LOG_LOGFMT);
}

int
agent_command(const struct invocation *inv)
{
	static struct agent_conf c;
	struct fault f;

	if (!settle(inv, &c, &f))
		return cli_refuse_next(inv, &f,
		    "say where jobs go: --relay https://HOST:PORT, or relay in /etc/quatrain/agent.yaml");
	start_log(&c);
	if (!agent_run(&c, &f))
		return cli_refuse(inv, &f);
	return CLI_OK;
}
