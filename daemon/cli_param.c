/* daemon/cli_param.c - what values options and operands take, and which a command has; see
 * cli_table.h. */
#include <string.h>

#include "base/text.h"
#include "daemon/cli_table.h"
#include "daemon/export.h"

/* Options of every command, and of every one that calls the API. */
static const struct cli_param common[] = {
	{ "config", CLI_PATH, "FILE", NULL, 0,
	    "the configuration; else ./quatrain.yaml, ./conf/quatrain.yaml, /etc/quatrain/quatrain.yaml, built-in defaults" },
	{ "json", CLI_FLAG, NULL, NULL, 0, "answer in JSON, one line, for programs" },
	{ "help", CLI_FLAG, NULL, NULL, 0, "say how the command is used" },
};

static const struct cli_param remote[] = {
	{ "url", CLI_URL, "URL", NULL, 0,
	    "call the service there (https://HOST:PORT) and not the one of this machine" },
	{ "cert", CLI_PATH, "FILE", NULL, 0,
	    "with --url: your certificate, as operator add wrote it" },
	{ "key", CLI_PATH, "FILE", NULL, 0, "with --url: its private key" },
	{ "root", CLI_PATH, "FILE", NULL, 0, "with --url: the root certificate to trust" },
};

const struct cli_params cli_common = { common, sizeof(common) / sizeof(common[0]) };
const struct cli_params cli_remote = { remote, sizeof(remote) / sizeof(remote[0]) };

static bool
is_text(const char *s)
{
	size_t n = strlen(s);

	for (const char *p = s; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			return false;
	return n > 0 && n <= CLI_TEXT_MAX;
}

static bool
is_path(const char *s)
{
	return *s != '\0' && strlen(s) < 4096;
}

static bool
is_url(const char *s)
{
	return is_text(s) && strncmp(s, "https://", 8) == 0 && s[8] != '\0' && s[8] != '/';
}

static bool
is_duration(const char *s)
{
	int64_t at_s;

	return text_duration(s, &at_s);
}

static bool
is_count(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n > 0 && n <= 5 && s[n] == '\0' && (n < 5 || strcmp(s, "65535") <= 0);
}

static bool
is_serial(const char *s)
{
	return strlen(s) == 32 && strspn(s, "0123456789abcdefABCDEF") == 32;
}

static bool
is_id(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n <= 64 &&
	       strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == n;
}

static bool
is_time(const char *s)
{
	int64_t at_s;

	return export_time(s, false, &at_s);
}

static bool
is_index(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n > 0 && n <= 15 && s[n] == '\0';
}

static const struct {
	const char *text;
	bool (*ok)(const char *value);
} kinds[] = {
	[CLI_NONE] = { "nothing", NULL },
	[CLI_FLAG] = { "no value", NULL },
	[CLI_TEXT] = { "1 to 512 printable characters", is_text },
	[CLI_PATH] = { "a path", is_path },
	[CLI_LABEL] = { "a name of a-z, 0-9 and inner hyphens, 1 to 63 long", text_is_label },
	[CLI_HOST] = { "a lower-case domain name", text_is_host },
	[CLI_URL] = { "https://HOST[:PORT]", is_url },
	[CLI_CHOICE] = { "one of", NULL },
	[CLI_DURATION] = { "a duration: 90d, 24h, 15m, 30s", is_duration },
	[CLI_COUNT] = { "a number, 0 to 65535", is_count },
	[CLI_SERIAL] = { "a serial of 32 hex digits", is_serial },
	[CLI_ID] = { "an id of letters, digits, - and _", is_id },
	[CLI_TIME] = { "a time or a day: 2026-11-22T14:30:00Z, 2026-11-22", is_time },
	[CLI_INDEX] = { "the number of an entry", is_index },
};

const char *
cli_kind_text(enum cli_kind kind)
{
	return kinds[kind].text;
}

static bool
is_choice(const char *words, const char *value)
{
	size_t n = strlen(value), len;

	for (const char *p = words; *p != '\0'; p += len + (p[len] == '|')) {
		len = strcspn(p, "|");
		if (len == n && strncmp(p, value, n) == 0)
			return true;
	}
	return false;
}

bool
cli_kind_ok(const struct cli_param *p, const char *value)
{
	if (p->kind == CLI_CHOICE)
		return is_choice(p->more, value);
	return kinds[p->kind].ok != NULL && kinds[p->kind].ok(value);
}

const struct cli_param *
cli_param_at(const struct command *command, size_t i)
{
	if (i < command->options.n)
		return &command->options.at[i];
	i -= command->options.n;
	if ((command->how & CLI_CALLS) != 0) {
		if (i < cli_remote.n)
			return &cli_remote.at[i];
		i -= cli_remote.n;
	}
	return i < cli_common.n ? &cli_common.at[i] : NULL;
}

static const struct cli_param *
find_in(const struct command *command, const char *name, size_t n)
{
	const struct cli_param *p;

	for (size_t i = 0; (p = cli_param_at(command, i)) != NULL; i++)
		if (strlen(p->name) == n && strncmp(p->name, name, n) == 0)
			return p;
	return NULL;
}

const struct cli_param *
cli_param_find(const struct command *command, const char *name, size_t n)
{
	const struct cli_param *p = NULL;

	if (command != NULL)
		return find_in(command, name, n);
	for (size_t i = 0; i < cli_commands_n && p == NULL; i++)
		p = find_in(&cli_commands[i], name, n);
	return p;
}
