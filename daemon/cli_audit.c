/* daemon/cli_audit.c - chain audit: a file's chain, or a whole tenant. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/audit_json.h"
#include "daemon/cli_call.h"

#define FILE_MAX   60000 /* octets: with JSON's escapes a request still fits the API's body */
#define PAGE       100
#define ROUNDS_MAX 100000 /* calls that read on in a log; each reads thousands of entries */

static const char offline_note[] =
    "Not asked without the service: record, revocation, the log and who added it";

static bool
read_text(const char *path, struct bytes *ret, struct fault *f)
{
	FILE *in = fopen(path, "rbe");
	uint8_t piece[4096];
	size_t n;

	if (in == NULL)
		return fault_errno(f, FAULT_NOTFOUND, "chain: %s", path);
	while (ret->n <= FILE_MAX && (n = fread(piece, 1, sizeof(piece), in)) > 0)
		bytes_put(ret, piece, n);
	(void)fclose(in);
	if (ret->n > FILE_MAX)
		return fault_set(f, FAULT_BADREQ, "chain: %s: over %d octets", path, FILE_MAX);
	if (ret->n > 0 && memchr(ret->at, '\0', ret->n) != NULL)
		return fault_set(f, FAULT_BADREQ, "chain: %s: expected PEM certificates", path);
	bytes_put_u8(ret, 0);
	return bytes_ok(ret, f);
}

static int64_t
number(const struct json *j, const char *name)
{
	int64_t v = 0;

	return json_number(j, name, 0, INT64_MAX, 0, &v) ? v : 0;
}

static bool
says(const struct json *finding, const char *result)
{
	const char *its = json_text(finding, "result");

	return its != NULL && strcmp(its, result) == 0;
}

/* What holds is told where it has something to tell: the rest is a number. */
static void
put_finding(const struct json *f, int64_t *holds)
{
	char check[CLI_CELL_MAX], source[CLI_CELL_MAX], text[CLI_CELL_MAX];
	bool ok = says(f, "ok"),
	     wordy = json_text(f, "text") != NULL && *json_text(f, "text") != '\0';

	*holds += ok;
	if (ok && !wordy)
		return;
	(void)printf("  %-11s  %s (%s)%s%s\n",
	    ok                 ? "ok"
	    : says(f, "fails") ? "FAILS"
			       : "not checked",
	    cli_cell(f, "check", check), cli_cell(f, "source", source), wordy ? ": " : "",
	    wordy ? cli_cell(f, "text", text) : "");
	if (json_text(f, "entry") != NULL) {
		(void)printf("               leaf hash %s\n", cli_cell(f, "leaf_hash", text));
		(void)printf("               ");
		cli_put_line(json_text(f, "entry"));
	}
}

static void
put_findings(const struct json *list, int64_t level)
{
	int64_t holds = 0, its;

	for (size_t i = 0; i < json_count(list); i++) {
		its = number(json_at(list, i), "level");
		if (level < 0 || its == level)
			put_finding(json_at(list, i), &holds);
	}
	(void)printf("  ok           %" PRId64 " checks hold\n", holds);
}

static void
put_level(const struct json *level, const struct json *findings)
{
	static const char *const names[] = { "", "root", "region", "tenant", "leaf" };
	char subject[CLI_CELL_MAX], serial[CLI_CELL_MAX], end[CLI_CELL_MAX], from[CLI_CELL_MAX];
	int64_t n = number(level, "level");

	(void)printf("Level %" PRId64 "%s%s: %s\n", n, n >= 1 && n <= 4 ? ", " : "",
	    n >= 1 && n <= 4 ? names[n] : "", cli_cell(level, "subject", subject));
	(void)printf("  serial %s, ends %s, from the %s\n", cli_cell(level, "serial", serial),
	    cli_cell(level, "not_after", end), cli_cell(level, "from", from));
	put_findings(findings, n);
}

static void
put_verdict(const struct json *answer)
{
	(void)printf("%s: %" PRId64 " checks hold, %" PRId64 " fail, %" PRId64 " were not made.\n",
	    json_true(answer, "ok") ? "GOOD" : "BAD", number(answer, "holds"),
	    number(answer, "fails"), number(answer, "not_checked"));
}

/* Tell of one chain; the exit status. */
static int
tell_chain(const struct invocation *inv, const struct json *answer)
{
	const struct json *levels = json_get(answer, "levels");

	if (inv->json) {
		cli_print_json(stdout, answer);
		return json_true(answer, "ok") ? CLI_OK : CLI_REFUSED;
	}
	for (size_t i = 0; i < json_count(levels); i++)
		put_level(json_at(levels, i), json_get(answer, "findings"));
	put_verdict(answer);
	if (json_text(answer, "note") != NULL)
		(void)printf("%s.\n", offline_note);
	(void)printf("Next: %s\n",
	    json_true(answer, "ok")
		? "quatrain log export --tenant T --out DIR, to keep what proves it"
		: "quatrain cert revoke --tenant T SERIAL, where a certificate of ours is in the wrong hands");
	return json_true(answer, "ok") ? CLI_OK : CLI_REFUSED;
}

/* No service: the path alone, under the root given. */
static bool
audit_offline(const char *pem, const char *root_path, struct json **ret, struct fault *f)
{
	struct bytes text = { 0 };
	struct audit_chain chain = { .n = 0 }, root = { .n = 0 };
	struct audit_terms t = { .now_s = clock_now_s() };
	struct audit_list l;
	bool ok = false;

	if (!read_text(root_path, &text, f) ||
	    !audit_chain_read(octets_of(text.at, text.n - 1), &root, f) ||
	    !audit_chain_read(octets_text(pem), &chain, f))
		goto out;
	t.root = octets_bytes(&root.der[0]);
	if (!audit_chain_crown(&chain, t.root, f))
		goto out;
	audit_list_start(&l, false);
	for (size_t i = chain.n; i-- > 0;)
		audit_path(&chain, i, &t, &l.report);
	audit_rest(&chain, &l.report);
	if (!audit_second(&chain, &t, &l.report, f)) {
		json_free(l.findings);
		goto out;
	}
	*ret = json_object();
	audit_json_counts(*ret, &l.report);
	json_put_bool(*ret, "more", false);
	json_put_text(*ret, "note", offline_note);
	json_put(*ret, "levels", audit_json_levels(&chain));
	json_put(*ret, "findings", l.findings);
	ok = true;
out:
	audit_chain_free(&chain);
	audit_chain_free(&root);
	bytes_free(&text);
	return ok;
}

/* The service reads a long log piece by piece: it is asked again until that is done. */
static bool
audit_online(struct client *c, const char *pem, struct json **ret, struct fault *f)
{
	struct json *body = json_object();
	bool ok;

	json_put_text(body, "chain", pem);
	for (int i = 0; (ok = client_call(c, "POST", "/v1/audit", body, ret, f)); i++) {
		if (!json_true(*ret, "more") || i == ROUNDS_MAX)
			break;
		json_free(*ret);
		*ret = NULL;
	}
	json_free(body);
	return ok;
}

static int
audit_file(const struct invocation *inv)
{
	const char *root = cli_option(inv, "url") == NULL ? cli_option(inv, "root") : NULL;
	struct client *c = NULL;
	struct json *answer = NULL;
	struct bytes pem = { 0 };
	struct fault f;
	int status;

	if (!read_text(inv->words[0], &pem, &f))
		status = cli_refuse(inv, &f);
	else if (root != NULL ? !audit_offline((const char *)pem.at, root, &answer, &f)
			      : !cli_open(inv, &c, &f) ||
				    !audit_online(c, (const char *)pem.at, &answer, &f))
		status = cli_refuse(inv, &f);
	else
		status = tell_chain(inv, answer);
	json_free(answer);
	bytes_free(&pem);
	client_close(c);
	return status;
}

/* A tenant's audit on its way. */
struct walk {
	const struct invocation *inv;
	struct client *client;
	const char *tenant;
	struct json *failing; /* certificates of which a check fails */
	struct json *above, *log;
	int64_t certificates, holds, fails, not_checked;
	bool terminal;
};

static bool
get_page(struct walk *w, int limit, const char *after, struct json **ret, struct fault *f)
{
	char path[CLI_PATH_MAX];

	(void)snprintf(path, sizeof(path), "/v1/tenants/%s/audit?limit=%d%s%.40s", w->tenant, limit,
	    after == NULL ? "" : "&after=", after == NULL ? "" : after);
	return client_call(w->client, "GET", path, NULL, ret, f);
}

/* The log first: what is said of each certificate rests on it. */
static bool
read_log(struct walk *w, struct fault *f)
{
	struct json *page = NULL;
	int64_t got, size;

	for (int i = 0; i < ROUNDS_MAX; i++) {
		if (!get_page(w, 1, NULL, &page, f))
			return false;
		got = number(json_get(page, "log"), "read");
		size = number(json_get(page, "log"), "size");
		if (w->terminal)
			(void)fprintf(stderr, "\rlog: %" PRId64 " of %" PRId64 " entries%s", got,
			    size, json_true(page, "more") ? "" : "\n");
		if (!json_true(page, "more"))
			break;
		json_free(page);
		page = NULL;
	}
	json_free(page);
	return true;
}

static void
count(struct walk *w, const struct json *part)
{
	w->holds += number(part, "holds");
	w->fails += number(part, "fails");
	w->not_checked += number(part, "not_checked");
}

/* A copy of a value of a page, which goes. */
static bool
keep(const struct json *value, struct json **ret, struct fault *f)
{
	struct bytes text = { 0 };
	bool ok = json_write(value, &text, f) && json_parse(octets_bytes(&text), ret, f);

	bytes_free(&text);
	return ok;
}

static bool
take_page(struct walk *w, const struct json *page, bool first, struct fault *f)
{
	const struct json *items = json_get(page, "items");
	struct json *copy;

	if (items == NULL ||
	    (first && (json_get(page, "above") == NULL || json_get(page, "log") == NULL)))
		return fault_set(f, FAULT_BADREQ, "chain: the answer is no audit");
	if (first && (!keep(json_get(page, "above"), &w->above, f) ||
			 !keep(json_get(page, "log"), &w->log, f)))
		return false;
	if (first) {
		count(w, w->above);
		w->fails += !json_true(w->log, "ok");
	}
	for (size_t i = 0; i < json_count(items); i++) {
		w->certificates++;
		count(w, json_at(items, i));
		if (json_true(json_at(items, i), "ok"))
			continue;
		if (!keep(json_at(items, i), &copy, f))
			return false;
		json_add(w->failing, copy);
	}
	if (w->terminal)
		(void)fprintf(stderr, "\r%" PRId64 " certificates%s", w->certificates,
		    json_text(page, "next") == NULL ? "\n" : "");
	return true;
}

static bool
walk(struct walk *w, struct fault *f)
{
	struct json *page = NULL, *before = NULL;
	const char *next = NULL;
	bool ok = read_log(w, f);

	for (bool first = true; ok && (first || next != NULL); first = false) {
		ok = get_page(w, PAGE, next, &page, f) && take_page(w, page, first, f);
		next = json_text(page, "next");
		json_free(before);
		before = page; /* it lends next */
		page = NULL;
	}
	json_free(before);
	return ok;
}

static void
put_failing(const struct json *failing)
{
	static const struct cli_column columns[] = {
		{ "serial", "SERIAL", 32 },
		{ "kind", "KIND", 11 },
		{ "status", "STATUS", 7 },
		{ "name", "NAME", 0 },
	};

	for (size_t i = 0; i < json_count(failing); i++) {
		cli_print_facts(json_at(failing, i), columns, sizeof(columns) / sizeof(columns[0]));
		put_findings(json_get(json_at(failing, i), "findings"), -1);
	}
}

static void
put_walk(const struct walk *w, const struct json *j)
{
	const struct json *log = json_get(j, "log"), *failing = json_get(j, "failing");

	(void)printf("The CAs of %s:\n", w->tenant);
	put_findings(json_get(json_get(j, "above"), "findings"), -1);
	(void)printf("The log: %" PRId64 " of %" PRId64 " entries read, %s\n", number(log, "read"),
	    number(log, "size"),
	    json_true(log, "ok") ? "and they make its tree" : "AND THEY DO NOT MAKE ITS TREE");
	(void)printf("%" PRId64 " certificates, %zu of them with a check that fails\n",
	    w->certificates, json_count(failing));
	put_failing(failing);
	put_verdict(j);
	(void)printf("Next: quatrain chain audit FILE, for all that is known of one certificate\n");
}

static int
tell_walk(struct walk *w)
{
	struct json *j = json_object();
	int status = w->fails == 0 ? CLI_OK : CLI_REFUSED;

	json_put_bool(j, "ok", w->fails == 0);
	json_put_text(j, "tenant", w->tenant);
	json_put_number(j, "certificates", w->certificates);
	json_put_number(j, "holds", w->holds);
	json_put_number(j, "fails", w->fails);
	json_put_number(j, "not_checked", w->not_checked);
	json_put(j, "log", w->log);
	json_put(j, "above", w->above);
	json_put(j, "failing", w->failing);
	w->log = w->above = w->failing = NULL;
	if (w->inv->json) {
		cli_print_json(stdout, j);
		json_free(j);
		return status;
	}
	put_walk(w, j);
	json_free(j);
	return status;
}

static int
audit_tenant(const struct invocation *inv)
{
	struct walk w = { .inv = inv,
		.tenant = cli_option(inv, "tenant"),
		.failing = json_array(),
		.terminal = !inv->json && isatty(STDERR_FILENO) == 1 };
	struct fault f;
	int status;

	if (!cli_open(inv, &w.client, &f) || !walk(&w, &f))
		status = cli_refuse(inv, &f);
	else
		status = tell_walk(&w);
	json_free(w.failing);
	json_free(w.above);
	json_free(w.log);
	client_close(w.client);
	return status;
}

int
chain_audit_command(const struct invocation *inv)
{
	if ((inv->words_n == 1) == (cli_option(inv, "tenant") != NULL))
		return cli_usage(inv->command, "expected FILE, or --tenant T");
	if (inv->words_n == 0 && cli_option(inv, "url") == NULL && cli_option(inv, "root") != NULL)
		return cli_usage(inv->command, "--root without --url is for a FILE, offline");
	return inv->words_n == 1 ? audit_file(inv) : audit_tenant(inv);
}
