/* daemon/cli_print.c - see cli_print.h. */
#include "daemon/cli_print.h"

#include <inttypes.h>
#include <string.h>

void
cli_print_json(FILE *to, const struct json *j)
{
	struct bytes line = { 0 };
	struct fault f;

	if (json_write(j, &line, &f) && bytes_ok(&line, &f))
		(void)fprintf(to, "%.*s\n", (int)line.n, (const char *)line.at);
	else
		(void)fprintf(stderr, "quatrain: %s\n", f.text);
	bytes_free(&line);
}

const char *
cli_cell(const struct json *j, const char *name, char to[static CLI_CELL_MAX])
{
	const char *text = json_text(j, name);
	int64_t v;

	if (text == NULL && json_get(j, name) != NULL &&
	    json_number(j, name, INT64_MIN, INT64_MAX, 0, &v))
		(void)snprintf(to, CLI_CELL_MAX, "%" PRId64, v);
	else if (text == NULL && json_get(j, name) != NULL)
		(void)snprintf(to, CLI_CELL_MAX, "%s", json_true(j, name) ? "yes" : "no");
	else
		(void)snprintf(to, CLI_CELL_MAX, "%s", text == NULL || *text == '\0' ? "-" : text);
	for (char *s = to; *s != '\0'; s++)
		if (*s < ' ' || *s > '~')
			*s = '?';
	return to;
}

static int
width_of(const struct json *items, const struct cli_column *column)
{
	int width = column->width, n = (int)strlen(column->title);
	char cell[CLI_CELL_MAX];

	if (n > width)
		width = n;
	for (size_t i = 0; i < json_count(items); i++) {
		n = (int)strlen(cli_cell(json_at(items, i), column->name, cell));
		if (n > width)
			width = n;
	}
	return width;
}

void
cli_print_rows(const struct json *items, const struct cli_column *columns, size_t n, bool first)
{
	char cell[CLI_CELL_MAX];
	int width[16] = { 0 };

	for (size_t k = 0; k + 1 < n && k < 16; k++)
		width[k] = width_of(items, &columns[k]);
	for (size_t k = 0; first && k < n; k++)
		(void)printf("%-*s%s", width[k], columns[k].title, k + 1 < n ? "  " : "\n");
	for (size_t i = 0; i < json_count(items); i++)
		for (size_t k = 0; k < n; k++)
			(void)printf("%-*s%s", width[k],
			    cli_cell(json_at(items, i), columns[k].name, cell),
			    k + 1 < n ? "  " : "\n");
}

void
cli_print_facts(const struct json *j, const struct cli_column *columns, size_t n)
{
	char cell[CLI_CELL_MAX];
	int width = 0;

	for (size_t k = 0; k < n; k++)
		if ((int)strlen(columns[k].title) > width)
			width = (int)strlen(columns[k].title);
	for (size_t k = 0; k < n; k++)
		if (json_get(j, columns[k].name) != NULL)
			(void)printf("%-*s  %s\n", width, columns[k].title,
			    cli_cell(j, columns[k].name, cell));
}

void
cli_print_pem(const struct json *j, const char *name)
{
	const char *s = json_text(j, name);

	if (s == NULL)
		return;
	for (; *s != '\0'; s++)
		(void)putchar((*s >= ' ' && *s <= '~') || *s == '\n' ? *s : '?');
}

void
cli_put_line(const char *text)
{
	for (; *text != '\0'; text++)
		(void)putchar(*text >= ' ' && *text <= '~' ? *text : '?');
	(void)putchar('\n');
}
