/* daemon/cli_find.c - cert list, cert find: which certificates there are. */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "daemon/cli_call.h"
#include "daemon/fetch.h"

/* An option of the command line, and the parameter of the API that it becomes. */
struct filter {
	const char *option, *parameter;
};

static const struct filter list_filters[] = {
	{ "device", "device" },
	{ "name", "name" },
	{ "serial", "serial" },
	{ "key-sha256", "key" },
	{ "status", "status" },
	{ "kind", "kind" },
	{ "profile", "profile" },
	{ "enroller", "enroller" },
	{ "how", "how" },
	{ "token", "token" },
};

static const struct filter find_filters[] = {
	{ "serial", "serial" },
	{ "key-sha256", "key" },
	{ "device", "device" },
};

static void
put_parameter(struct bytes *path, const char *name, const char *value)
{
	bytes_put_text(path, memchr(path->at, '?', path->n) == NULL ? "?" : "&");
	bytes_put_fmt(path, "%s=", name);
	fetch_put_escaped(path, value);
}

/* Colons go, as openssl puts them into digests and serials. */
static void
put_filters(
    const struct invocation *inv, const struct filter *filters, size_t n, struct bytes *path)
{
	for (size_t i = 0; i < n; i++) {
		const char *value = cli_option(inv, filters[i].option);
		char hex[CLI_TEXT_MAX + 1];
		size_t k = 0;

		if (value == NULL)
			continue;
		if (strcmp(filters[i].parameter, "serial") != 0 &&
		    strcmp(filters[i].parameter, "key") != 0) {
			put_parameter(path, filters[i].parameter, value);
			continue;
		}
		for (const char *s = value; *s != '\0' && k < sizeof(hex) - 1; s++)
			if (*s != ':')
				hex[k++] = *s;
		hex[k] = '\0';
		put_parameter(path, filters[i].parameter, hex);
	}
}

/* A time as RFC 3339 has it, or how long from now. */
static void
put_time(const struct invocation *inv, const char *option, const char *name, struct bytes *path)
{
	const char *value = cli_option(inv, option);
	char at[TEXT_TIME_MAX];
	int64_t in_s;

	if (value == NULL)
		return;
	if (!text_duration(value, &in_s)) {
		put_parameter(path, name, value);
		return;
	}
	text_time(clock_now_s() + in_s, at);
	put_parameter(path, name, at);
}

static int
list(const struct invocation *inv, struct bytes *path, const struct cli_column *columns, size_t n,
    const char *empty)
{
	struct fault f;
	int status;

	bytes_put_u8(path, 0);
	status = bytes_ok(path, &f) ? cli_list(inv, (const char *)path->at, columns, n, empty)
				    : cli_refuse(inv, &f);
	bytes_free(path);
	return status;
}

int
cert_list_command(const struct invocation *inv)
{
	static const struct cli_column columns[] = {
		{ "serial", "SERIAL", 32 },
		{ "kind", "KIND", 11 },
		{ "status", "STATUS", 7 },
		{ "not_after", "ENDS", 20 },
		{ "name", "NAME", 0 },
	};
	struct bytes path = { 0 };

	bytes_put_fmt(&path, "/v1/tenants/%s/certificates", cli_option(inv, "tenant"));
	put_filters(inv, list_filters, sizeof(list_filters) / sizeof(list_filters[0]), &path);
	put_time(inv, "ends-before", "ends_before", &path);
	put_time(inv, "ends-after", "ends_after", &path);
	return list(inv, &path, columns, sizeof(columns) / sizeof(columns[0]),
	    "No such certificate. Next: quatrain token create --tenant T --device NAME");
}

int
cert_find_command(const struct invocation *inv)
{
	static const struct cli_column columns[] = {
		{ "tenant", "TENANT", 8 },
		{ "serial", "SERIAL", 32 },
		{ "kind", "KIND", 11 },
		{ "status", "STATUS", 7 },
		{ "not_after", "ENDS", 20 },
		{ "name", "NAME", 0 },
	};
	struct bytes path = { 0 };
	size_t given = 0;

	for (size_t i = 0; i < sizeof(find_filters) / sizeof(find_filters[0]); i++)
		given += cli_option(inv, find_filters[i].option) != NULL;
	if (given != 1)
		return cli_usage(inv->command, "expected one of --serial, --key-sha256, --device");
	bytes_put_text(&path, "/v1/certificates");
	put_filters(inv, find_filters, sizeof(find_filters) / sizeof(find_filters[0]), &path);
	return list(inv, &path, columns, sizeof(columns) / sizeof(columns[0]),
	    "Nobody has it now. Next: quatrain cert list --tenant T, which looks at what has ended too");
}
