/* daemon/cli_policy_check.c - policy check: all that loading does, with files. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/cli_call.h"
#include "daemon/cli_policy_files.h"
#include "policy/check.h"

/* Of all files. */
struct checking {
	const struct invocation *inv;
	struct policy_files files;
	size_t documents, tests, passed, invariants, proven, problems, warnings;
	struct json *told_documents, *told_problems, *told_warnings;
};

/* --- what is wrong ------------------------------------------------------------------------------
 */

/* "FILE:LINE: why", as a compiler has it: where a person or an editor looks. */
static void
tell_line(const struct checking *c, const char *line)
{
	if (c->inv->json)
		return;
	for (; *line != '\0'; line++)
		(void)fputc(*line >= ' ' && *line <= '~' ? *line : '?', stderr);
	(void)fputc('\n', stderr);
}

/* A file that cannot be read as a policy: no more is known of it. */
static void
tell_fault(struct checking *c, const char *file, const struct fault *f)
{
	struct json *j = json_object();

	c->problems++;
	json_put_octets(j, "file", octets_text(file));
	json_put_text(j, "kind", "document");
	json_put_octets(j, "text", octets_text(f->text));
	json_add(c->told_problems, j);
	tell_line(c, f->text);
}

static void
tell_finding(struct checking *c, const char *file, const struct finding *n)
{
	bool error = finding_is_error(n->kind);
	char line[1024];
	struct json *j = json_object(), *request = NULL;
	struct bytes text = { 0 };
	struct fault f;

	json_put_octets(j, "file", octets_text(file));
	json_put_number(j, "line", n->line);
	json_put_text(j, "kind", finding_word(n->kind));
	json_put_octets(j, "name", octets_text(n->name));
	json_put_octets(j, "expected", octets_text(n->expected));
	json_put_octets(j, "found", octets_text(n->found));
	if (n->request != NULL && json_write(n->request, &text, &f) &&
	    json_parse(octets_bytes(&text), &request, &f))
		json_put(j, "request", request);
	json_add(error ? c->told_problems : c->told_warnings, j);
	(void)snprintf(line, sizeof(line), "%.300s:%u: %s%s: %s: expected %s, found %s", file,
	    n->line, error ? "" : "warning: ", finding_word(n->kind), n->name, n->expected,
	    n->found);
	tell_line(c, line);
	if (n->kind == FINDING_INVARIANT && request != NULL && !c->inv->json)
		(void)fprintf(
		    stderr, "    by this request: %.*s\n", (int)text.n, (const char *)text.at);
	bytes_free(&text);
}

/* --- a file -------------------------------------------------------------------------------------
 */

static void
tell_document(struct checking *c, const char *file, const struct document *d, const struct check *k)
{
	bool rail = d->kind == DOCUMENT_GUARDRAIL;
	struct json *j = json_object();
	char line[1024];

	json_put_octets(j, "file", octets_text(file));
	json_put_octets(j, "name", d->name);
	json_put_text(j, "kind", rail ? "Guardrail" : "PolicySet");
	json_put_number(j, "revision", d->revision);
	json_put_hex(j, "digest", d->digest, sizeof(d->digest));
	json_put_number(j, "rules", (int64_t)d->rules_n);
	json_put_number(j, "tests", (int64_t)k->tests);
	json_put_number(j, "passed", (int64_t)k->tests_passed);
	json_put_number(j, "invariants", (int64_t)k->invariants);
	json_put_number(j, "proven", (int64_t)k->invariants_proven);
	json_add(c->told_documents, j);
	if (c->inv->json)
		return;
	(void)snprintf(line, sizeof(line),
	    "%.300s: %s %.*s, revision %" PRId64
	    ": %zu rules, %zu of %zu tests pass, %zu of %zu invariants are proven",
	    file, rail ? "Guardrail" : "PolicySet", (int)d->name.n, (const char *)d->name.at,
	    d->revision, d->rules_n, k->tests_passed, k->tests, k->invariants_proven,
	    k->invariants);
	cli_put_line(line);
}

static bool
check_document(struct checking *c, const char *file, const struct document *d, struct fault *f)
{
	struct check *k = NULL;

	if (!check_run(d, &k, f))
		return false;
	c->documents++;
	c->tests += k->tests;
	c->passed += k->tests_passed;
	c->invariants += k->invariants;
	c->proven += k->invariants_proven;
	c->problems += k->errors;
	c->warnings += k->warnings;
	for (size_t i = 0; i < k->n; i++)
		tell_finding(c, file, &k->at[i]);
	tell_document(c, file, d, k);
	check_free(k);
	return true;
}

static bool
check_file(void *with, const char *file, struct fault *f)
{
	struct checking *c = with;
	size_t n = c->files.n;

	if (policy_files_add(&c->files, file, f))
		return check_document(c, file, c->files.document[n], f);
	if (f->code == FAULT_INTERNAL)
		return false;
	tell_fault(c, file, f);
	return true;
}

/* --- all of them --------------------------------------------------------------------------------
 */

static void
sum_up(struct checking *c)
{
	struct json *j;

	if (!c->inv->json) {
		(void)printf("%zu document%s: %zu problem%s, %zu warning%s; %zu of %zu tests pass, "
			     "%zu of %zu invariants are proven\n",
		    c->documents, c->documents == 1 ? "" : "s", c->problems,
		    c->problems == 1 ? "" : "s", c->warnings, c->warnings == 1 ? "" : "s",
		    c->passed, c->tests, c->proven, c->invariants);
		(void)printf("Next: %s\n",
		    c->problems > 0 ? "quatrain policy test FILE, which explains tests that fail"
				    : "quatrain policy diff OLD NEW, before a change goes in");
		return;
	}
	j = json_object();
	json_put(j, "documents", c->told_documents);
	json_put(j, "problems", c->told_problems);
	json_put(j, "warnings", c->told_warnings);
	json_put_number(j, "tests", (int64_t)c->tests);
	json_put_number(j, "passed", (int64_t)c->passed);
	json_put_number(j, "invariants", (int64_t)c->invariants);
	json_put_number(j, "proven", (int64_t)c->proven);
	c->told_documents = c->told_problems = c->told_warnings = NULL;
	cli_print_json(stdout, j);
	json_free(j);
}

int
policy_check_command(const struct invocation *inv)
{
	struct checking c = { .inv = inv,
		.told_documents = json_array(),
		.told_problems = json_array(),
		.told_warnings = json_array() };
	struct fault f;
	bool ok = true;
	int status;

	for (size_t i = 0; ok && i < inv->words_n; i++)
		ok = policy_files_each(inv->words[i], check_file, &c, &f);
	/* Together they may be too much, where each by itself is not. */
	ok = ok && (c.files.n == 0 || policy_files_compile(&c.files, &f));
	if (ok) {
		sum_up(&c);
		status = c.problems == 0 ? CLI_OK : CLI_REFUSED;
	} else {
		status = cli_refuse(inv, &f);
	}
	json_free(c.told_documents);
	json_free(c.told_problems);
	json_free(c.told_warnings);
	policy_files_free(&c.files);
	return status;
}
