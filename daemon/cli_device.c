/* daemon/cli_device.c - device add, list, remove: which devices of a maker may come in, and as
 * what. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "daemon/cli.h"
#include "daemon/cli_call.h"
#include "daemon/csv.h"

#define OCTETS_MAX (1u << 20)
#define ROWS_MAX   10000
#define BATCH      200 /* in one request: all of them are taken, or none */

enum column { COLUMN_SERIAL, COLUMN_MAKER, COLUMN_DEVICE, COLUMN_PROFILE, COLUMNS };

/* What is to be registered, a request after the other. */
struct batches {
	size_t n; /* devices */
	struct json *of[ROWS_MAX / BATCH];
};

static const char *const names[COLUMNS] = { "serial", "maker", "device", "profile" };

static void
path_of(const struct invocation *inv, const char *what, char to[static CLI_PATH_MAX])
{
	(void)snprintf(
	    to, CLI_PATH_MAX, "/v1/tenants/%s/devices%s", cli_option(inv, "tenant"), what);
}

static struct json *
one(const char *const cells[static COLUMNS])
{
	struct json *o = json_object();

	for (size_t i = 0; i < COLUMNS; i++)
		if (cells[i] != NULL && cells[i][0] != '\0')
			json_put_text(o, names[i], cells[i]);
	return o;
}

/* Which cell of a row holds what; -1: none does, and the option of that name says it. */
static bool
read_header(const struct csv_row *row, int at[static COLUMNS], struct fault *f)
{
	for (size_t k = 0; k < COLUMNS; k++)
		at[k] = -1;
	for (size_t i = 0; i < row->n; i++) {
		size_t k = 0;

		while (k < COLUMNS && strcmp(row->cell[i], names[k]) != 0)
			k++;
		if (k == COLUMNS || at[k] >= 0)
			return fault_set(f, FAULT_BADREQ,
			    "devices: line %zu, column %zu: expected serial, maker, device or profile, each once, found \"%.40s\"",
			    row->line, i + 1, row->cell[i]);
		at[k] = (int)i;
	}
	return (at[COLUMN_SERIAL] >= 0 && at[COLUMN_DEVICE] >= 0) ||
	       fault_set(f, FAULT_BADREQ,
		   "devices: line %zu: expected a header line with the columns serial and device",
		   row->line);
}

static bool
read_row(const struct invocation *inv, const struct csv_row *row, size_t cells,
    const int at[static COLUMNS], struct batches *all, struct fault *f)
{
	const char *found[COLUMNS];

	if (row->n != cells)
		return fault_set(f, FAULT_BADREQ,
		    "devices: line %zu: expected %zu cells as in the header, found %zu", row->line,
		    cells, row->n);
	for (size_t k = 0; k < COLUMNS; k++)
		found[k] = at[k] >= 0 && row->cell[at[k]][0] != '\0' ? row->cell[at[k]] : NULL;
	if (found[COLUMN_MAKER] == NULL)
		found[COLUMN_MAKER] = cli_option(inv, "maker");
	if (found[COLUMN_PROFILE] == NULL)
		found[COLUMN_PROFILE] = cli_option(inv, "profile");
	if (found[COLUMN_MAKER] == NULL || found[COLUMN_SERIAL] == NULL ||
	    found[COLUMN_DEVICE] == NULL || !text_is_label(found[COLUMN_DEVICE]))
		return fault_set(f, FAULT_BADREQ,
		    "devices: line %zu: expected a serial number, a maker (or --maker) and a device's name of a-z, 0-9 and inner hyphens",
		    row->line);
	if (all->n % BATCH == 0)
		all->of[all->n / BATCH] = json_array();
	json_add(all->of[all->n++ / BATCH], one(found));
	return true;
}

/* The whole file, read before the first device is registered. */
static bool
read_list(const struct invocation *inv, struct octets text, struct batches *all, struct fault *f)
{
	struct csv_row *row = malloc(sizeof(*row));
	struct csv c;
	int at[COLUMNS];
	bool ok, more = false;
	size_t cells = 0;

	if (row == NULL)
		return fault_set(f, FAULT_INTERNAL, "devices: out of memory");
	csv_open(&c, text);
	ok = csv_next(&c, row, &more, f) &&
	     (more || fault_set(f, FAULT_BADREQ, "devices: an empty list")) &&
	     read_header(row, at, f);
	cells = row->n;
	while (ok && (ok = csv_next(&c, row, &more, f)) && more) {
		ok = all->n < ROWS_MAX ||
		     fault_set(f, FAULT_LIMIT, "devices: over %d lines", ROWS_MAX);
		ok = ok && read_row(inv, row, cells, at, all, f);
	}
	free(row);
	return ok && (all->n > 0 || fault_set(f, FAULT_BADREQ, "devices: no device in the list"));
}

static void
tell_registered(const struct invocation *inv, const struct json *answer)
{
	char n[CLI_CELL_MAX];

	(void)printf(
	    "Registered: %s.\nNext, on the device: enrol at label %s with its IDevID certificate; then quatrain cert list --tenant %s\n",
	    cli_cell(answer, "registered", n), cli_option(inv, "tenant"),
	    cli_option(inv, "tenant"));
}

/* A request after the other; what was taken before one is refused stays, and is said. */
static int
register_all(const struct invocation *inv, struct batches *all)
{
	char path[CLI_PATH_MAX];
	int status = 0;

	path_of(inv, "", path);
	for (size_t i = 0; status == 0 && i * BATCH < all->n; i++) {
		struct json *body = json_object();

		json_put(body, "devices", all->of[i]);
		all->of[i] = NULL; /* the call's now */
		status = cli_call(inv, "POST", path, body, tell_registered);
		if (status != 0 && i > 0)
			(void)fprintf(
			    stderr, "The first %zu of the list are registered.\n", i * BATCH);
	}
	return status;
}

static int
add_list(const struct invocation *inv)
{
	struct batches all = { .n = 0 };
	struct bytes text = { 0 };
	struct fault f;
	int status;

	if (cli_read_file(cli_option(inv, "csv"), OCTETS_MAX, &text, &f) &&
	    read_list(inv, octets_bytes(&text), &all, &f))
		status = register_all(inv, &all);
	else
		status = cli_refuse(inv, &f);
	for (size_t i = 0; i < sizeof(all.of) / sizeof(all.of[0]); i++)
		json_free(all.of[i]);
	bytes_free(&text);
	return status;
}

int
device_add_command(const struct invocation *inv)
{
	const char *const cells[COLUMNS] = { inv->words[0], cli_option(inv, "maker"),
		cli_option(inv, "device"), cli_option(inv, "profile") };
	char path[CLI_PATH_MAX];

	if ((cli_option(inv, "csv") != NULL) == (inv->words[0] != NULL))
		return cli_usage(inv->command, "expected one of SERIAL, --csv FILE");
	if (cli_option(inv, "csv") != NULL)
		return add_list(inv);
	if (cli_option(inv, "maker") == NULL || cli_option(inv, "device") == NULL)
		return cli_usage(inv->command, "expected --maker NAME and --device NAME");
	path_of(inv, "", path);
	return cli_call(inv, "POST", path, one(cells), tell_registered);
}

int
device_list_command(const struct invocation *inv)
{
	static const struct cli_column columns[] = {
		{ "device", "DEVICE", 16 },
		{ "profile", "PROFILE", 11 },
		{ "maker", "MAKER", 16 },
		{ "serial", "SERIAL NUMBER", 24 },
		{ "added", "ADDED", 20 },
		{ "by", "BY", 16 },
	};
	char path[CLI_PATH_MAX];

	path_of(inv, "", path);
	return cli_list(inv, path, columns, sizeof(columns) / sizeof(columns[0]),
	    "No device is registered here. Next: quatrain device add SERIAL --tenant T --maker NAME --device NAME");
}

static void
tell_removed(const struct invocation *inv, const struct json *answer)
{
	char device[CLI_CELL_MAX];

	(void)printf(
	    "Removed: %s comes in no more with its IDevID. What was issued to it stays good.\nNext: quatrain cert list --tenant %s --device %s\n",
	    cli_cell(answer, "device", device), cli_option(inv, "tenant"), device);
}

int
device_remove_command(const struct invocation *inv)
{
	struct json *body = json_object();
	char path[CLI_PATH_MAX];

	json_put_text(body, "maker", cli_option(inv, "maker"));
	json_put_text(body, "serial", inv->words[0]);
	path_of(inv, "/remove", path);
	return cli_call(inv, "POST", path, body, tell_removed);
}
