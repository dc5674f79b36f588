/* daemon/cli.c - see cli.h: from argv to a command, and the ways out. */
#include "daemon/cli.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/json.h"
#include "daemon/cli_print.h"
#include "daemon/cli_table.h"
#include "daemon/profiles.h"

#define WORDS_MAX (CLI_WORDS_MAX + 2)

/* One piece of a command line: a word, or an option with its value. */
struct piece {
	const char *word; /* or NULL: an option */
	const char *name; /* of the option, name_n octets */
	size_t name_n;
	const char *value;             /* NULL: none was given */
	const struct cli_param *param; /* NULL: no command knows it */
	bool joined;                   /* --name=value */
};

/* Read the piece at *i and step over it. After "--" all are words. */
static bool
next_piece(const char *const *argv, int argc, int *i, bool *words_only, struct piece *ret)
{
	struct piece p = { 0 };
	const char *s;

	if (*i < argc && !*words_only && strcmp(argv[*i], "--") == 0) {
		*words_only = true;
		(*i)++;
	}
	if (*i >= argc)
		return false;
	s = argv[(*i)++];
	if (*words_only || s[0] != '-' || s[1] == '\0') {
		p.word = s;
	} else {
		p.name = strncmp(s, "--", 2) == 0 ? s + 2 : strcmp(s, "-h") == 0 ? "help" : s;
		p.name_n = strcspn(p.name, "=");
		p.param = cli_param_find(NULL, p.name, p.name_n);
		p.joined = p.name[p.name_n] == '=';
		if (p.joined)
			p.value = p.name + p.name_n + 1;
		else if (p.param != NULL && p.param->kind != CLI_FLAG && *i < argc)
			p.value = argv[(*i)++];
	}
	*ret = p;
	return true;
}

/* The i-th option of this name, or false. */
static bool
find_option(const struct invocation *inv, const char *name, size_t i, struct piece *ret)
{
	bool words_only = false;
	struct piece p;
	int at = 0;

	while (next_piece(inv->argv, inv->argc, &at, &words_only, &p))
		if (p.word == NULL && strlen(name) == p.name_n &&
		    strncmp(name, p.name, p.name_n) == 0 && i-- == 0) {
			*ret = p;
			return true;
		}
	return false;
}

const char *
cli_option_at(const struct invocation *inv, const char *name, size_t i)
{
	struct piece p;

	return find_option(inv, name, i, &p) ? p.value : NULL;
}

const char *
cli_option(const struct invocation *inv, const char *name)
{
	return cli_option_at(inv, name, 0);
}

bool
cli_flag(const struct invocation *inv, const char *name)
{
	struct piece p;

	return find_option(inv, name, 0, &p);
}

static const char *
fault_word(enum fault_code code)
{
	static const char *const words[] = {
		[FAULT_BADREQ] = "malformed",
		[FAULT_TYPE] = "wrong type",
		[FAULT_AUTH] = "not authenticated",
		[FAULT_DENIED] = "denied",
		[FAULT_NOTFOUND] = "not found",
		[FAULT_CONFLICT] = "conflict",
		[FAULT_LIMIT] = "over a limit",
		[FAULT_BUSY] = "not now",
		[FAULT_STALE] = "not up to date",
		[FAULT_BLIND] = "precondition required",
		[FAULT_REUSED] = "used for something else",
		[FAULT_OFTEN] = "too often",
		[FAULT_INTERNAL] = "internal",
	};

	return words[code];
}

int
cli_refuse_next(const struct invocation *inv, const struct fault *f, const char *next)
{
	if (inv->json) {
		struct json *j = json_object();

		json_put_text(j, "title", fault_word(f->code));
		json_put_text(j, "detail", f->text);
		if (next != NULL)
			json_put_text(j, "next", next);
		cli_print_json(stderr, j);
		json_free(j);
		return CLI_REFUSED;
	}
	(void)fprintf(stderr, "quatrain: %s\n", f->text);
	if (next != NULL)
		(void)fprintf(stderr, "Next: %s\n", next);
	return CLI_REFUSED;
}

int
cli_refuse(const struct invocation *inv, const struct fault *f)
{
	return cli_refuse_next(inv, f, NULL);
}

/* Sort argv into words and options; options that no command knows end it here. Returns 0 or
 * CLI_USAGE. */
static int
split(struct invocation *inv, const char **words, size_t *n)
{
	bool words_only = false;
	struct piece p;
	int at = 0;

	*n = 0;
	while (next_piece(inv->argv, inv->argc, &at, &words_only, &p)) {
		if (p.word == NULL && p.param == NULL)
			return cli_usage(NULL, "unknown option %s%.*s",
			    p.name[0] == '-' ? "" : "--", (int)p.name_n, p.name);
		if (p.word == NULL)
			continue;
		if (*n == WORDS_MAX)
			return cli_usage(NULL, "too many words, from \"%s\" on", p.word);
		words[(*n)++] = p.word;
	}
	return 0;
}

/* The command whose words begin the line, or NULL. */
static const struct command *
find_command(const char *const *words, size_t n)
{
	for (size_t i = 0; i < cli_commands_n; i++) {
		const struct command *c = &cli_commands[i];

		if (n > 0 && strcmp(words[0], c->words[0]) == 0 &&
		    (c->words[1] == NULL || (n > 1 && strcmp(words[1], c->words[1]) == 0)))
			return c;
	}
	return NULL;
}

/* No command: say which words would have made one. */
static int
no_command(const char *const *words, size_t n)
{
	char list[128] = "";
	size_t len = 0;

	if (n == 0)
		return cli_usage(NULL, "expected a command");
	for (size_t i = 0; i < cli_commands_n; i++)
		if (strcmp(words[0], cli_commands[i].words[0]) == 0)
			len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s",
			    len == 0 ? "" : ", ", cli_commands[i].words[1]);
	if (len == 0)
		return cli_usage(NULL, "expected a command, found \"%s\"", words[0]);
	if (n == 1)
		return cli_usage(NULL, "%s: expected one of %s", words[0], list);
	return cli_usage(NULL, "%s: expected one of %s, found \"%s\"", words[0], list, words[1]);
}

static int
check_piece(const struct invocation *inv, const struct piece *p)
{
	const struct command *c = inv->command;
	const struct cli_param *o = cli_param_find(c, p->name, p->name_n);

	if (o == NULL)
		return cli_usage(c, "unknown option --%.*s", (int)p->name_n, p->name);
	if (o->kind == CLI_FLAG)
		return p->joined ? cli_usage(c, "--%s: expected no value", o->name) : 0;
	if (p->value == NULL)
		return cli_usage(c, "--%s: expected %s, found nothing", o->name, o->shown);
	if (!cli_kind_ok(o, p->value))
		return cli_usage(c, "--%s: expected %s%s%s, found \"%s\"", o->name,
		    cli_kind_text(o->kind), o->kind == CLI_CHOICE ? " " : "",
		    o->kind == CLI_CHOICE ? o->more : "", p->value);
	if ((o->how & CLI_REPEATED) == 0 && cli_option_at(inv, o->name, 1) != NULL)
		return cli_usage(c, "--%s: expected once, found again", o->name);
	return 0;
}

static int
check_remote(const struct invocation *inv)
{
	const struct command *c = inv->command;
	bool url = cli_option(inv, "url") != NULL;

	for (size_t i = 1; i < cli_remote.n; i++) {
		const char *name = cli_remote.at[i].name;
		bool given = cli_option(inv, name) != NULL;

		if (url && !given)
			return cli_usage(c, "--url needs --%s %s", name, cli_remote.at[i].shown);
		if (!url && given && (strcmp(name, "root") != 0 || (c->how & CLI_OWN_ROOT) == 0))
			return cli_usage(c, "--%s is of use only with --url", name);
	}
	return 0;
}

static int
check_options(const struct invocation *inv)
{
	const struct command *c = inv->command;
	bool words_only = false;
	struct piece p;
	int at = 0, status;

	while (next_piece(inv->argv, inv->argc, &at, &words_only, &p))
		if (p.word == NULL && (status = check_piece(inv, &p)) != 0)
			return status;
	for (size_t i = 0; i < c->options.n; i++) {
		const struct cli_param *o = &c->options.at[i];

		if ((o->how & CLI_REQUIRED) != 0 && cli_option(inv, o->name) == NULL)
			return cli_usage(c, "expected --%s %s", o->name, o->shown);
	}
	return (c->how & CLI_CALLS) != 0 ? check_remote(inv) : 0;
}

/* What stands behind the command's own words is its operand, or wrong. */
static int
check_words(struct invocation *inv, const char *const *words, size_t n)
{
	const struct command *c = inv->command;
	size_t own = c->words[1] == NULL ? 1 : 2, want = c->operand.kind == CLI_NONE ? 0 : 1;

	if (n == own && (c->operand.how & CLI_MAY) != 0)
		return 0;
	if (n < own + want)
		return cli_usage(c, "expected %s", c->operand.shown);
	if (want > 0 && (c->operand.how & CLI_REPEATED) != 0)
		want = n - own;
	if (n > own + want)
		return cli_usage(c, "expected no more words, found \"%s\"", words[own + want]);
	for (size_t i = 0; i < want; i++) {
		if (!cli_kind_ok(&c->operand, words[own + i]))
			return cli_usage(c, "%s: expected %s, found \"%s\"", c->operand.shown,
			    cli_kind_text(c->operand.kind), words[own + i]);
		inv->words[inv->words_n++] = words[own + i];
	}
	return 0;
}

static int
help(const struct command *command, const char *const *words, size_t n)
{
	if (command != NULL) {
		cli_help_command(command);
		return CLI_OK;
	}
	for (size_t i = 0; n == 1 && i < cli_commands_n; i++)
		if (strcmp(words[0], cli_commands[i].words[0]) == 0) {
			cli_help_list(words[0]);
			return CLI_OK;
		}
	if (n > 0)
		return no_command(words, n);
	cli_help_list(NULL);
	return CLI_OK;
}

static int
run(struct invocation *inv)
{
	struct fault f;

	inv->config = cli_option(inv, "config");
	inv->json = cli_flag(inv, "json");
	if ((inv->command->how & CLI_OWN_CONFIG) == 0 &&
	    ((inv->command->how & CLI_ALONE) == 0 || inv->config != NULL) &&
	    !settings_load(inv->config, &inv->settings, &f))
		return cli_refuse(inv, &f);
	if (inv->settings.store_max > 0) /* they were read */
		settings_apply(&inv->settings);
	/* Who calls a service goes by its profiles, and who needs no configuration by none. */
	if ((inv->command->how & (CLI_CALLS | CLI_ALONE | CLI_OWN_CONFIG)) == 0 &&
	    !profiles_start(&inv->settings, NULL, &f))
		return cli_refuse(inv, &f);
	return inv->command->run(inv);
}

int
cli_main(int argc, const char *const *argv)
{
	static const char *const version[] = { "quatrain", "version" };
	struct invocation inv = { 0 };
	const char *words[WORDS_MAX];
	size_t n;
	int status;

	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		argv = version;
	inv.argv = argv + 1;
	inv.argc = argc > 0 ? argc - 1 : 0;
	if ((status = split(&inv, words, &n)) != 0)
		return status;
	if (n > 0 && strcmp(words[0], "help") == 0)
		return help(find_command(words + 1, n - 1), words + 1, n - 1);
	inv.command = find_command(words, n);
	if (cli_flag(&inv, "help"))
		return help(inv.command, words, n);
	if (inv.command == NULL)
		return no_command(words, n);
	if ((status = check_words(&inv, words, n)) != 0 || (status = check_options(&inv)) != 0)
		return status;
	/* A reader of ours that goes away, or a service, must not end us without a word. */
	(void)signal(SIGPIPE, SIG_IGN);
	status = run(&inv);
	if (fflush(stdout) != 0 || ferror(stdout) != 0) {
		(void)fprintf(stderr, "quatrain: standard output cannot be written\n");
		return CLI_REFUSED;
	}
	return status;
}

int
version_command(const struct invocation *inv)
{
	struct json *j;

	if (!inv->json) {
		(void)printf(
		    "quatrain %s (%s)\n", QUATRAIN_VERSION, OpenSSL_version(OPENSSL_VERSION));
		return CLI_OK;
	}
	j = json_object();
	json_put_text(j, "version", QUATRAIN_VERSION);
	json_put_text(j, "openssl", OpenSSL_version(OPENSSL_VERSION));
	cli_print_json(stdout, j);
	json_free(j);
	return CLI_OK;
}
