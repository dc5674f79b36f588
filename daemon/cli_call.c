/* daemon/cli_call.c - see cli_call.h. */
#include "daemon/cli_call.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "daemon/credential.h"

bool
cli_open(const struct invocation *inv, struct client **ret, struct fault *f)
{
	const struct client_to to = {
		.settings = &inv->settings,
		.config = inv->config,
		.url = cli_option(inv, "url"),
		.cert = cli_option(inv, "cert"),
		.key = cli_option(inv, "key"),
		.root = cli_option(inv, "root"),
	};

	return client_open(&to, ret, f);
}

bool
cli_waits(const struct json *answer)
{
	const char *state = json_text(answer, "state"), *id = json_text(answer, "id");

	if (state == NULL || id == NULL || strcmp(state, "waiting") != 0 ||
	    json_get(answer, "shows") == NULL)
		return false;
	(void)printf("Nothing was done yet: a second officer must want it too, within a day.\n"
		     "Next, by another officer: quatrain act show ");
	cli_put_line(id);
	return true;
}

int
cli_call(const struct invocation *inv, const char *method, const char *path, struct json *body,
    void (*tell)(const struct invocation *inv, const struct json *answer))
{
	struct client *c = NULL;
	struct json *answer = NULL;
	struct fault f;
	int status = CLI_OK;

	if (!cli_open(inv, &c, &f) || !client_call(c, method, path, body, &answer, &f))
		status = cli_refuse(inv, &f);
	else if (inv->json)
		cli_print_json(stdout, answer);
	else if (strcmp(method, "GET") == 0 || !cli_waits(answer))
		tell(inv, answer);
	json_free(answer);
	json_free(body);
	client_close(c);
	return status;
}

struct listing {
	bool json;
	const struct cli_column *columns;
	size_t n, seen;
};

/* Pages of a long list are put out as they come; JSON's are joined into one array. */
static bool
put_page(void *with, const struct json *items, bool first, struct fault *f)
{
	struct listing *l = with;
	struct bytes text = { 0 };

	l->seen += json_count(items);
	if (!l->json) {
		if (l->seen > 0)
			cli_print_rows(items, l->columns, l->n, l->seen == json_count(items));
		return true;
	}
	if (!json_write(items, &text, f) || !bytes_ok(&text, f)) {
		bytes_free(&text);
		return false;
	}
	if (first)
		(void)printf("{\"items\":[");
	if (json_count(items) > 0)
		(void)printf("%s%.*s", l->seen > json_count(items) ? "," : "", (int)(text.n - 2),
		    (const char *)text.at + 1);
	bytes_free(&text);
	return true;
}

int
cli_list(const struct invocation *inv, const char *path, const struct cli_column *columns, size_t n,
    const char *empty)
{
	struct listing l = { .json = inv->json, .columns = columns, .n = n };
	struct client *c = NULL;
	struct fault f;
	int status = CLI_OK;

	if (!cli_open(inv, &c, &f) || !client_list(c, path, put_page, &l, &f))
		status = cli_refuse(inv, &f);
	else if (l.json)
		(void)printf("]}\n");
	else if (l.seen == 0)
		(void)printf("%s\n", empty);
	client_close(c);
	return status;
}

bool
cli_read_file(const char *path, size_t max, struct bytes *ret, struct fault *f)
{
	bool ok;
	int fd;

	if (strcmp(path, "-") == 0)
		return credential_read_of(STDIN_FILENO, "standard input", max, ret, f);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)) < 0)
		return fault_errno(f, FAULT_NOTFOUND, "file: %s", path);
	ok = credential_read_of(fd, path, max, ret, f);
	(void)close(fd);
	return ok;
}
