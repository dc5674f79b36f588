/* daemon/cli_prove.c - log prove, log keys, log redact. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ca/proof_file.h"
#include "daemon/cli_call.h"
#include "daemon/credential.h"

/* What is asked of the service, and what must come back. */
struct asked {
	const char *serial, *index, *since;
	struct bytes older; /* the checkpoint that --since names */
	struct log_note note;
};

static bool
read_asked(const struct invocation *inv, struct asked *a, struct fault *f)
{
	a->serial = cli_option(inv, "serial");
	a->index = cli_option(inv, "index");
	a->since = cli_option(inv, "since");
	return a->since == NULL || (cli_read_file(a->since, PROOF_FILE_MAX, &a->older, f) &&
				       log_note_read(octets_bytes(&a->older), &a->note, f));
}

static void
path_of(const struct invocation *inv, const struct asked *a, char to[static CLI_PATH_MAX])
{
	char log[LEDGER_NAME_MAX];
	const char *tenant = cli_log_of(inv, log);

	if (a->since != NULL)
		(void)snprintf(to, CLI_PATH_MAX, "/v1/tenants/%s/log/consistency?old=%" PRIu64,
		    tenant, a->note.size);
	else if (a->serial != NULL)
		(void)snprintf(
		    to, CLI_PATH_MAX, "/v1/tenants/%s/log/proof?serial=%s", tenant, a->serial);
	else
		(void)snprintf(
		    to, CLI_PATH_MAX, "/v1/tenants/%s/log/proof?index=%s", tenant, a->index);
}

/* A service that is mistaken, or lies, is found out here and not when the file is needed. */
static bool
check_proof(const struct asked *a, struct octets text, struct proof_file *p, struct fault *f)
{
	uint8_t leaf[LOG_HASH_OCTETS];

	if (!proof_file_read(text, p, f))
		return false;
	if (a->since != NULL) {
		if (p->kind == PROOF_CONSISTENCY && p->index == a->note.size &&
		    strcmp(p->note.origin, a->note.origin) == 0 &&
		    log_path_extends(
			&p->path, a->note.size, a->note.root, p->note.size, p->note.root))
			return true;
		return fault_set(f, FAULT_CONFLICT,
		    "log: the service cannot show that its log of now begins with that checkpoint's: keep it, and tell the log's auditors");
	}
	log_line_leaf(octets_bytes(&p->extra), p->index, leaf);
	if (p->kind == PROOF_INCLUSION && p->extra.n > 0 &&
	    (a->index == NULL || strtoull(a->index, NULL, 10) == p->index) &&
	    log_path_includes(&p->path, leaf, p->index, p->note.size, p->note.root))
		return true;
	return fault_set(f, FAULT_CONFLICT, "log: what the service sent proves nothing");
}

/* To standard output, or into a new file. */
static bool
put_out(const struct invocation *inv, struct octets text, struct fault *f)
{
	const char *out = cli_option(inv, "out"), *name;
	char dir[CREDENTIAL_PATH_MAX] = ".";

	if (out == NULL)
		return fwrite(text.at, 1, text.n, stdout) == text.n ||
		       fault_errno(f, FAULT_INTERNAL, "log: standard output");
	name = strrchr(out, '/');
	if (name == NULL)
		return credential_make(dir, out, 0644, text, f);
	if (snprintf(dir, sizeof(dir), "%.*s", name == out ? 1 : (int)(name - out), out) >=
	    (int)sizeof(dir))
		return fault_set(f, FAULT_BADREQ, "log: the file's path is too long");
	return credential_make(dir, name + 1, 0644, text, f);
}

static void
tell(const struct invocation *inv, const struct proof_file *p, struct octets text)
{
	const char *out = cli_option(inv, "out");
	struct bytes whole = { 0 };
	struct json *j;

	if (out == NULL && !inv->json)
		return; /* the proof itself was put out */
	if (!inv->json) {
		if (p->kind == PROOF_INCLUSION)
			(void)printf("%s proves entry %" PRIu64 " of %s, among %" PRIu64
				     " entries.\n",
			    out, p->index, p->note.origin, p->note.size);
		else
			(void)printf("%s proves that the first %" PRIu64 " of %" PRIu64
				     " entries of %s are what they were.\n",
			    out, p->index, p->note.size, p->note.origin);
		(void)printf("Next: quatrain log verify %s%s --root FILE --key FILE\n",
		    p->kind == PROOF_INCLUSION ? "" : "OLDER ", out);
		return;
	}
	j = json_object();
	json_put_text(j, "kind", p->kind == PROOF_INCLUSION ? "inclusion" : "consistency");
	json_put_text(j, "origin", p->note.origin);
	json_put_number(j, p->kind == PROOF_INCLUSION ? "index" : "old", (int64_t)p->index);
	json_put_number(j, "size", (int64_t)p->note.size);
	bytes_put_octets(&whole, text);
	bytes_put_u8(&whole, 0);
	if (out != NULL)
		json_put_text(j, "file", out);
	else if (whole.at != NULL)
		json_put_text(j, "proof", (const char *)whole.at);
	cli_print_json(stdout, j);
	json_free(j);
	bytes_free(&whole);
}

int
log_prove_command(const struct invocation *inv)
{
	struct asked a = { .serial = NULL };
	struct proof_file p = { .kind = PROOF_INCLUSION };
	struct client *c = NULL;
	struct bytes text = { 0 };
	char path[CLI_PATH_MAX];
	struct fault f;
	bool ok;

	if ((cli_option(inv, "serial") != NULL) + (cli_option(inv, "index") != NULL) +
		(cli_option(inv, "since") != NULL) !=
	    1)
		return cli_usage(inv->command, "expected one of --serial, --index and --since");
	ok = read_asked(inv, &a, &f);
	if (ok) {
		path_of(inv, &a, path);
		ok = cli_open(inv, &c, &f) && client_get(c, path, "text/plain", &text, &f) &&
		     check_proof(&a, octets_bytes(&text), &p, &f) &&
		     ((inv->json && cli_option(inv, "out") == NULL) ||
			 put_out(inv, octets_bytes(&text), &f));
	}
	if (ok)
		tell(inv, &p, octets_bytes(&text));
	proof_file_free(&p);
	bytes_free(&text);
	bytes_free(&a.older);
	client_close(c);
	return ok ? CLI_OK : cli_refuse(inv, &f);
}

int
log_keys_command(const struct invocation *inv)
{
	const char *out = cli_option(inv, "out");
	struct json *answer = NULL;
	struct client *c = NULL;
	struct bytes line = { 0 };
	char path[CLI_PATH_MAX], origin[CLI_CELL_MAX], log[LEDGER_NAME_MAX];
	struct fault f;
	bool ok;

	(void)snprintf(path, sizeof(path), "/v1/tenants/%s/log/keys", cli_log_of(inv, log));
	ok = cli_open(inv, &c, &f) && client_call(c, "GET", path, NULL, &answer, &f) &&
	     json_write(answer, &line, &f);
	bytes_put_text(&line, "\n");
	ok = ok && bytes_ok(&line, &f) && put_out(inv, octets_bytes(&line), &f);
	if (ok && out != NULL && !inv->json)
		(void)printf("%s has the keys of the log %s.\n"
			     "Next: quatrain log verify FILE --root FILE --key %s\n",
		    out, cli_cell(answer, "origin", origin), out);
	json_free(answer);
	bytes_free(&line);
	client_close(c);
	return ok ? CLI_OK : cli_refuse(inv, &f);
}

static void
tell_redacted(const struct invocation *inv, const struct json *answer)
{
	char index[CLI_CELL_MAX], by[CLI_CELL_MAX];

	if (json_get(answer, "log_index") == NULL) {
		(void)printf("It waits for a second officer.\nNext: quatrain act list\n");
		return;
	}
	(void)printf("The body of entry %s of %s is gone; entry %s tells of it.\n",
	    cli_cell(answer, "index", index), cli_option(inv, "tenant"),
	    cli_cell(answer, "log_index", by));
	(void)printf(
	    "Next: older exports, backups and other copies may still hold it: docs/api.md says where to look\n");
}

int
log_redact_command(const struct invocation *inv)
{
	struct json *body = json_object();
	char path[CLI_PATH_MAX], log[LEDGER_NAME_MAX];

	(void)snprintf(path, sizeof(path), "/v1/tenants/%s/log/redactions", cli_log_of(inv, log));
	json_put_number(body, "index", (int64_t)strtoull(cli_option(inv, "index"), NULL, 10));
	json_put_text(body, "reason", cli_option(inv, "reason"));
	json_put_text(body, "order", cli_option(inv, "order"));
	return cli_call(inv, "POST", path, body, tell_redacted);
}
