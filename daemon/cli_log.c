/* daemon/cli_log.c - log export, log verify. */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "ca/log.h"
#include "daemon/cli_call.h"
#include "daemon/credential.h"

#define PAGE_ENTRIES 1000

static const char *const files[] = { "entries.jsonl", "checkpoint", "certificates.pem" };
#define FILES_N (sizeof(files) / sizeof(files[0]))

struct exporter {
	struct client *client;
	const char *tenant, *dir;
	FILE *to;
	uint64_t size, done;
	size_t made;   /* how many of the files are ours */
	bool terminal; /* standard error is one: show how far it is */
};

static bool
check_folder(const char *dir, struct fault *f)
{
	for (size_t i = 0; i < FILES_N; i++)
		if (credential_exists(dir, files[i]))
			return fault_set(f, FAULT_CONFLICT,
			    "log: %s is in %s already, and is not overwritten; choose another folder",
			    files[i], dir);
	return true;
}

/* How many lines are in o; 0 where it does not end with one. */
static uint64_t
count_lines(struct octets o)
{
	uint64_t n = 0;

	if (o.n == 0 || o.at[o.n - 1] != '\n')
		return 0;
	for (size_t i = 0; i < o.n; i++)
		n += o.at[i] == '\n';
	return n;
}

static bool
get_page(struct exporter *e, struct bytes *page, struct fault *f)
{
	uint64_t left = e->size - e->done, n;
	char path[CLI_PATH_MAX];

	(void)snprintf(path, sizeof(path),
	    "/v1/tenants/%s/log/entries?from=%" PRIu64 "&count=%" PRIu64, e->tenant, e->done,
	    left < PAGE_ENTRIES ? left : PAGE_ENTRIES);
	if (!client_get(e->client, path, "application/x-ndjson", page, f))
		return false;
	if ((n = count_lines(octets_bytes(page))) == 0 || n > left)
		return fault_set(f, FAULT_BADREQ,
		    "log: expected 1 to %" PRIu64 " whole entries from %" PRIu64 ", found %" PRIu64,
		    left, e->done, n);
	if (fwrite(page->at, 1, page->n, e->to) != page->n)
		return fault_errno(f, FAULT_INTERNAL, "log: entries.jsonl");
	e->done += n;
	if (e->terminal)
		(void)fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " entries%s", e->done, e->size,
		    e->done == e->size ? "\n" : "");
	return true;
}

static bool
get_entries(struct exporter *e, struct fault *f)
{
	char path[CREDENTIAL_PATH_MAX];
	struct bytes page = { 0 };
	bool ok = true;

	if (!credential_path(e->dir, files[0], path, f))
		return false;
	if ((e->to = fopen(path, "wxe")) == NULL)
		return fault_errno(f, FAULT_INTERNAL, "log: %s", path);
	e->made = 1;
	while (ok && e->done < e->size) {
		bytes_clear(&page);
		ok = get_page(e, &page, f);
	}
	bytes_free(&page);
	if (ok && (fflush(e->to) != 0 || fsync(fileno(e->to)) != 0))
		ok = fault_errno(f, FAULT_INTERNAL, "log: %s", path);
	if (fclose(e->to) != 0 && ok)
		ok = fault_errno(f, FAULT_INTERNAL, "log: %s", path);
	return ok;
}

/* Ask for the export, which becomes the log's last entry, and fetch all that it covers. */
static bool
export_all(struct exporter *e, struct json **ret, struct fault *f)
{
	struct json *body = json_object();
	const char *checkpoint, *certificates;
	char path[CLI_PATH_MAX];
	int64_t size = 0;
	bool ok;

	(void)snprintf(path, sizeof(path), "/v1/tenants/%s/log/exports", e->tenant);
	ok = client_call(e->client, "POST", path, body, ret, f);
	json_free(body);
	if (!ok)
		return false;
	checkpoint = json_text(*ret, "checkpoint");
	certificates = json_text(*ret, "certificates");
	if (checkpoint == NULL || certificates == NULL ||
	    !json_number(*ret, "size", 1, INT64_MAX, 0, &size) || size == 0)
		return fault_set(f, FAULT_BADREQ, "log: the answer holds no checkpoint");
	e->size = (uint64_t)size;
	if (!get_entries(e, f) ||
	    !credential_make(e->dir, files[1], 0644, octets_text(checkpoint), f))
		return false;
	e->made = 2;
	return credential_make(e->dir, files[2], 0644, octets_text(certificates), f);
}

/* Half an export proves nothing, and would be in the way of the next try. */
static void
drop(const struct exporter *e)
{
	char path[CREDENTIAL_PATH_MAX];
	struct fault none;

	for (size_t i = 0; i < e->made && i < FILES_N; i++)
		if (credential_path(e->dir, files[i], path, &none))
			(void)unlink(path);
}

int
log_export_command(const struct invocation *inv)
{
	struct exporter e = { .tenant = cli_option(inv, "tenant"),
		.dir = cli_option(inv, "out"),
		.terminal = !inv->json && isatty(STDERR_FILENO) == 1 };
	struct json *answer = NULL;
	struct fault f;
	int status = CLI_OK;

	if (!credential_folder(e.dir, &f) || !check_folder(e.dir, &f) ||
	    !cli_open(inv, &e.client, &f))
		return cli_refuse(inv, &f);
	if (!export_all(&e, &answer, &f)) {
		drop(&e);
		status = cli_refuse(inv, &f);
	} else if (inv->json)
		cli_print_json(stdout, answer);
	else {
		(void)printf(
		    "%" PRIu64
		    " entries of %s are in %s: entries.jsonl, checkpoint, certificates.pem.\n",
		    e.size, e.tenant, e.dir);
		(void)printf(
		    "Next: quatrain log verify %s --root FILE, with a root certificate from a place that you trust\n",
		    e.dir);
	}
	json_free(answer);
	client_close(e.client);
	return status;
}

static void
tell_verdict(const struct invocation *inv, const struct log_verdict *v)
{
	char at[TEXT_TIME_MAX], root[2 * LOG_HASH_OCTETS + 1];
	struct json *j;

	text_time(v->at_s, at);
	text_hex(v->root, sizeof(v->root), root);
	if (!inv->json) {
		(void)printf("GOOD: %s holds the whole log, unchanged: %" PRIu64 " entries.\n",
		    inv->words[0], v->size);
		(void)printf("log     %s\nentries %" PRIu64
			     ", the last of %s\nroot    %s\nepoch   %" PRIu64 "\n",
		    v->origin, v->size, at, root, v->epoch);
		(void)printf(
		    "Next: keep the export and this verdict together; a later export of this epoch must begin with the same entries\n");
		return;
	}
	j = json_object();
	json_put_text(j, "verdict", "good");
	json_put_text(j, "origin", v->origin);
	json_put_number(j, "size", (int64_t)v->size);
	json_put_text(j, "root", root);
	json_put_number(j, "epoch", (int64_t)v->epoch);
	json_put_text(j, "at", at);
	cli_print_json(stdout, j);
	json_free(j);
}

int
log_verify_command(const struct invocation *inv)
{
	struct log_verdict v = { 0 };
	struct fault why, f;

	if (log_verify_folder(inv->words[0], cli_option(inv, "root"), &v, &why)) {
		tell_verdict(inv, &v);
		return CLI_OK;
	}
	if (why.code == FAULT_NOTFOUND || why.code == FAULT_INTERNAL)
		fault_set(&f, why.code, "NOT VERIFIED: %.230s", why.text);
	else
		fault_set(
		    &f, why.code, "BAD: this is not the log that was signed: %.200s", why.text);
	return cli_refuse_next(inv, &f,
	    why.code == FAULT_NOTFOUND
		? "give the folder that quatrain log export wrote, and the root certificate"
		: "keep the folder as it is, and export again from the service to compare");
}
