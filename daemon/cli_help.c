/* daemon/cli_help.c - what the table says to people; see cli_table.h. */
#include <stdarg.h>
#include <string.h>

#include "daemon/cli_table.h"

#define WIDTH 79

/* text, broken between words, each line after indent spaces; the first continues there. */
static void
wrap(const char *text, int indent)
{
	int at = indent;

	for (bool first = true; *text != '\0'; first = false) {
		int n = (int)strcspn(text, " ");

		if (!first && at + 1 + n > WIDTH) {
			(void)printf("\n%*s", indent, "");
			at = indent;
		} else if (!first)
			at += printf(" ");
		at += printf("%.*s", n, text);
		text += n;
		text += strspn(text, " ");
	}
	(void)putchar('\n');
}

static void
put_name(const struct command *command, FILE *to)
{
	(void)fprintf(to, "%s", command->words[0]);
	if (command->words[1] != NULL)
		(void)fprintf(to, " %s", command->words[1]);
}

void
cli_synopsis(const struct command *command, FILE *to)
{
	put_name(command, to);
	if (command->operand.kind != CLI_NONE)
		(void)fprintf(to, (command->operand.how & CLI_MAY) != 0 ? " [%s%s]" : " %s%s",
		    command->operand.shown,
		    (command->operand.how & CLI_REPEATED) != 0 ? "..." : "");
	for (size_t i = 0; i < command->options.n; i++) {
		const struct cli_param *p = &command->options.at[i];
		bool must = (p->how & CLI_REQUIRED) != 0;

		(void)fprintf(to, " %s--%s%s%s%s%s", must ? "" : "[", p->name,
		    p->shown == NULL ? "" : " ", p->shown == NULL ? "" : p->shown, must ? "" : "]",
		    (p->how & CLI_REPEATED) != 0 ? "..." : "");
	}
}

/* "a|b" as "a, b". */
static void
put_choices(const char *words, int indent)
{
	char text[256];
	size_t n = 0;

	for (; *words != '\0' && n + 3 < sizeof(text); words++) {
		text[n++] = *words == '|' ? ',' : *words;
		if (*words == '|')
			text[n++] = ' ';
	}
	text[n] = '\0';
	(void)printf("%*s", indent, "");
	wrap(text, indent);
}

static void
put_option(const struct cli_param *p)
{
	const int indent = 24;
	int n = printf(
	    "  --%s%s%s", p->name, p->shown == NULL ? "" : " ", p->shown == NULL ? "" : p->shown);

	if (n > indent - 2) {
		(void)putchar('\n');
		n = 0;
	}
	(void)printf("%*s", indent - n, "");
	wrap(p->help, indent);
	if (p->kind == CLI_CHOICE)
		put_choices(p->more, indent);
}

static void
put_options(const char *title, struct cli_params params)
{
	if (params.n == 0)
		return;
	(void)printf("\n%s:\n", title);
	for (size_t i = 0; i < params.n; i++)
		put_option(&params.at[i]);
}

void
cli_help_command(const struct command *command)
{
	(void)printf("Usage: quatrain ");
	cli_synopsis(command, stdout);
	(void)printf("\n\n");
	wrap(command->help, 0);
	put_options("Options", command->options);
	if ((command->how & CLI_CALLS) != 0)
		put_options("To call a service elsewhere", cli_remote);
	put_options("Of every command", cli_common);
	(void)printf("\nNext: ");
	wrap(command->next, 6);
}

void
cli_help_list(const char *word)
{
	(void)printf(
	    "quatrain %s - a certificate authority with four levels\n\n", QUATRAIN_VERSION);
	(void)printf("Usage: quatrain COMMAND [WORD...] [OPTION...]\n\nCommands:\n");
	for (size_t i = 0; i < cli_commands_n; i++) {
		const struct command *c = &cli_commands[i];
		char name[40];

		if (word != NULL && strcmp(word, c->words[0]) != 0)
			continue;
		(void)snprintf(name, sizeof(name), "%s%s%s", c->words[0],
		    c->words[1] == NULL ? "" : " ", c->words[1] == NULL ? "" : c->words[1]);
		(void)printf("  %-20s  %s\n", name, c->brief);
	}
	put_options("Options of every command", cli_common);
	(void)printf("\nExit status: 0 done, 1 refused, 2 wrong usage.\n");
	(void)printf("Next: quatrain %s --help; to begin: quatrain init, then quatrain serve.\n",
	    word == NULL ? "COMMAND" : word);
}

static void PRINTF_LIKE(2, 0) say_wrong(const struct command *command, const char *fmt, va_list ap)
{
	(void)fprintf(stderr, "quatrain: ");
	(void)vfprintf(stderr, fmt, ap);
	if (command == NULL) {
		(void)fprintf(stderr, "\nTry: quatrain --help\n");
		return;
	}
	(void)fprintf(stderr, "\nUsage: quatrain ");
	cli_synopsis(command, stderr);
	(void)fprintf(stderr, "\nTry: quatrain ");
	put_name(command, stderr);
	(void)fprintf(stderr, " --help\n");
}

int
cli_usage(const struct command *command, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say_wrong(command, fmt, ap);
	va_end(ap);
	return CLI_USAGE;
}
