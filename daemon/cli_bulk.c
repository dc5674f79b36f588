/* daemon/cli_bulk.c - cert revoke, of many at once. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ca/bulk.h"
#include "daemon/cli_bulk.h"

#define LIST_MAX ((size_t)16 << 20) /* octets of a file of serials */

/* What is to end: serials, as many requests as they need; or one selection. */
struct task {
	const struct invocation *inv;
	struct client *client;
	struct bytes serials; /* TBS_SERIAL_OCTETS each */
	size_t n, parts;
	int64_t revoked, already; /* so far */
	bool terminal;
};

bool
cli_bulk_wanted(const struct invocation *inv)
{
	static const char *const options[] = { "serials-from", "enroller", "token", "added-after",
		"added-before", "dry-run", "yes" };

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (cli_option(inv, options[i]) != NULL || cli_flag(inv, options[i]))
			return true;
	return false;
}

static int
check_usage(const struct invocation *inv)
{
	static const char *const options[] = { "serials-from", "enroller", "token" };
	size_t ways = 0;

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		ways += cli_option(inv, options[i]) != NULL;
	if (ways != 1 || inv->words_n > 0)
		return cli_usage(
		    inv->command, "expected SERIAL, or one of --serials-from, --enroller, --token");
	if (cli_option(inv, "confirm") != NULL)
		return cli_usage(inv->command, "--confirm is for the certificate of one CA");
	if (cli_flag(inv, "yes") && cli_flag(inv, "dry-run"))
		return cli_usage(inv->command, "--yes and --dry-run exclude each other");
	return CLI_OK;
}

/* One line: a serial in hex, colons allowed; empty ones and those that begin with # are passed
 * over. */
static bool
read_line(struct task *t, struct octets line, size_t number, struct fault *f)
{
	uint8_t serial[TBS_SERIAL_OCTETS];
	char hex[2 * sizeof(serial) + 1];
	size_t n = 0;

	if (line.n > 0 && line.at[0] == '#')
		return true;
	for (size_t i = 0; i < line.n; i++) {
		if (memchr(": \t\r", line.at[i], 4) != NULL)
			continue;
		if (n == sizeof(hex) - 1 || line.at[i] == '\0')
			n = sizeof(hex);
		else if (n < sizeof(hex) - 1)
			hex[n++] = (char)line.at[i];
	}
	if (n == 0)
		return true;
	hex[n < sizeof(hex) ? n : sizeof(hex) - 1] = '\0';
	if (n != sizeof(hex) - 1 || !text_unhex(hex, serial, sizeof(serial)))
		return fault_set(f, FAULT_BADREQ,
		    "serials: line %zu: expected a serial of %zu hex digits", number,
		    sizeof(hex) - 1);
	bytes_put(&t->serials, serial, sizeof(serial));
	return true;
}

static bool
read_serials(struct task *t, const char *path, struct fault *f)
{
	struct bytes text = { 0 };
	struct octets in;
	size_t number = 0;
	bool ok = cli_read_file(path, LIST_MAX, &text, f);

	in = octets_bytes(&text);
	while (ok && in.n > 0) {
		const uint8_t *end = memchr(in.at, '\n', in.n);
		struct octets line = octets_of(in.at, end == NULL ? in.n : (size_t)(end - in.at));

		ok = read_line(t, line, ++number, f);
		in = end == NULL ? octets_of(NULL, 0) : octets_of(end + 1, in.n - line.n - 1);
	}
	bytes_free(&text);
	if (!ok || !bytes_ok(&t->serials, f))
		return false;
	t->n = bulk_sort(t->serials.at, t->serials.n / TBS_SERIAL_OCTETS);
	t->parts = (t->n + BULK_MAX - 1) / BULK_MAX;
	return t->n > 0 || fault_set(f, FAULT_BADREQ, "serials: %s names none", path);
}

static void
put_option(const struct invocation *inv, struct json *body, const char *option, const char *name)
{
	if (cli_option(inv, option) != NULL)
		json_put_octets(body, name, octets_text(cli_option(inv, option)));
}

/* The i-th request; confirm under 0: only count. */
static struct json *
make_body(const struct task *t, size_t part, int64_t confirm)
{
	struct json *body = json_object(), *list;
	size_t end = (part + 1) * BULK_MAX < t->n ? (part + 1) * BULK_MAX : t->n;
	char hex[TBS_SERIAL_OCTETS * 2 + 1];

	put_option(t->inv, body, "enroller", "enroller");
	put_option(t->inv, body, "token", "token");
	put_option(t->inv, body, "added-after", "added_after");
	put_option(t->inv, body, "added-before", "added_before");
	put_option(t->inv, body, "reason", "reason");
	if (confirm < 0)
		json_put_bool(body, "dry_run", true);
	else
		json_put_number(body, "confirm", confirm);
	if (t->n == 0)
		return body;
	list = json_array();
	for (size_t i = part * BULK_MAX; i < end; i++) {
		text_hex(t->serials.at + i * TBS_SERIAL_OCTETS, TBS_SERIAL_OCTETS, hex);
		json_add_text(list, hex);
	}
	json_put(body, "serials", list);
	return body;
}

static bool
ask(struct task *t, size_t part, int64_t confirm, struct json **ret, struct fault *f)
{
	struct json *body = make_body(t, part, confirm);
	char path[CLI_PATH_MAX];
	bool ok;

	(void)snprintf(
	    path, sizeof(path), "/v1/tenants/%s/revocations", cli_option(t->inv, "tenant"));
	ok = client_call(t->client, "POST", path, body, ret, f);
	json_free(body);
	return ok;
}

static void
tell_progress(const struct task *t, size_t part)
{
	if (t->terminal && t->parts > 1)
		(void)fprintf(stderr, "\r%zu of %zu ",
		    (part + 1) * BULK_MAX < t->n ? (part + 1) * BULK_MAX : t->n, t->n);
	if (t->terminal && t->parts > 1 && part + 1 == t->parts)
		(void)fprintf(stderr, "\r%30s\r", "");
}

/* Each part is one act: counted, and then ended with that count as its confirmation. */
static bool
run_part(struct task *t, size_t part, bool act, struct json **ret, struct fault *f)
{
	struct json *counted = NULL;
	int64_t revoked = 0, already = 0;

	if (!ask(t, part, -1, &counted, f))
		return false;
	if (!json_number(counted, "revoked", 0, INT32_MAX, 0, &revoked) ||
	    !json_number(counted, "already", 0, INT32_MAX, 0, &already)) {
		json_free(counted);
		return fault_set(f, FAULT_BADREQ, "revocations: the answer has no count");
	}
	t->revoked += revoked;
	t->already += already;
	if (!act) {
		*ret = counted;
		return true;
	}
	json_free(counted);
	return ask(t, part, revoked, ret, f);
}

static void
tell(const struct task *t, bool act, const struct json *last)
{
	const char *tenant = cli_option(t->inv, "tenant");
	char cell[CLI_CELL_MAX];

	(void)printf("%lld certificates %s, %lld had ended before.\n", (long long)t->revoked,
	    act ? "are revoked; OCSP says so from now on" : "would end, for good",
	    (long long)t->already);
	if (act && t->revoked > 0)
		(void)printf("log index  %s\n", cli_cell(last, "log_index", cell));
	if (t->revoked == 0)
		(void)printf("Next: quatrain cert list --tenant %s\n", tenant);
	else if (!act)
		(void)printf("Next: the same command with --yes, if that is meant\n");
	else if (cli_option(t->inv, "enroller") != NULL)
		(void)printf(
		    "Next: quatrain token list --tenant %s: tokens that are still open let devices in\n",
		    tenant);
	else
		(void)printf("Next: quatrain log export --tenant %s --out DIR\n", tenant);
}

static void
tell_json(const struct task *t, bool act, const struct json *last)
{
	struct json *all;
	int64_t index;

	if (t->parts <= 1) {
		cli_print_json(stdout, last);
		return;
	}
	all = json_object();
	json_put_number(all, "revoked", t->revoked);
	json_put_number(all, "already", t->already);
	json_put_bool(all, "dry_run", !act);
	if (json_number(last, "log_index", 0, INT64_MAX >> 11, 0, &index) && act)
		json_put_number(all, "log_index", index);
	cli_print_json(stdout, all);
	json_free(all);
}

static bool
run_all(struct task *t, bool act, struct fault *f)
{
	struct json *last = NULL;

	for (size_t i = 0; i < t->parts; i++) {
		json_free(last);
		last = NULL;
		if (!run_part(t, i, act, &last, f))
			return false;
		tell_progress(t, i);
	}
	if (t->inv->json)
		tell_json(t, act, last);
	else
		tell(t, act, last);
	json_free(last);
	return true;
}

int
cli_bulk_run(const struct invocation *inv)
{
	const char *from = cli_option(inv, "serials-from");
	struct task t = { .inv = inv, .parts = 1, .terminal = isatty(STDERR_FILENO) == 1 };
	struct fault f;
	int status = check_usage(inv);

	if (status != CLI_OK)
		return status;
	if ((from != NULL && !read_serials(&t, from, &f)) || !cli_open(inv, &t.client, &f) ||
	    !run_all(&t, cli_flag(inv, "yes"), &f))
		status = cli_refuse(inv, &f);
	bytes_free(&t.serials);
	client_close(t.client);
	return status;
}
