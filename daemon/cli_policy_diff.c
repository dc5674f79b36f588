/* daemon/cli_policy_diff.c - policy diff: what of two files differs in meaning. */
#include <stdio.h>
#include <string.h>

#include "daemon/cli_call.h"
#include "daemon/cli_policy_files.h"
#include "policy/compare.h"

#define SHOWN_MAX 300 /* octets of a part, to a person */

static const char *
word_at(const struct json *j, const char *name)
{
	const char *text = json_text(j, name);

	return text == NULL ? "" : text;
}

static void
put_value(const char *mark, const char *text, struct bytes *ret)
{
	bytes_put_fmt(ret, "    %s %.*s%s\n", mark, SHOWN_MAX, text[0] == '\0' ? "(nothing)" : text,
	    strlen(text) > SHOWN_MAX ? "..." : "");
}

static void
put_parts(const struct json *parts, struct bytes *ret)
{
	for (const struct json *at = json_at(parts, 0); at != NULL; at = json_next(at)) {
		bytes_put_fmt(ret, "  %s\n", word_at(at, "what"));
		put_value("-", word_at(at, "old"), ret);
		put_value("+", word_at(at, "new"), ret);
	}
}

static void
put_rules(const struct json *rules, struct bytes *ret)
{
	for (const struct json *at = json_at(rules, 0); at != NULL; at = json_next(at)) {
		const char *change = word_at(at, "change"), *old = json_text(at, "old");

		bytes_put_fmt(ret, "%s rule %s%s%s\n",
		    strcmp(change, "added") == 0     ? "+"
		    : strcmp(change, "removed") == 0 ? "-"
						     : "~",
		    word_at(at, "id"), old == NULL ? "" : ", which was ", old == NULL ? "" : old);
		put_parts(json_get(at, "parts"), ret);
	}
}

static void
put_text(const struct json *j)
{
	const struct json *headers = json_get(j, "document"), *list = json_get(j, "invariants");
	struct bytes text = { 0 };

	if (json_true(j, "same"))
		bytes_put_text(&text, "the same in meaning\n");
	if (json_count(headers) > 0) {
		bytes_put_text(&text, "~ document\n");
		put_parts(headers, &text);
	}
	put_rules(json_get(j, "rules"), &text);
	for (const struct json *at = json_at(list, 0); at != NULL; at = json_next(at))
		bytes_put_fmt(&text, "%s invariant %.*s\n",
		    strcmp(word_at(at, "change"), "added") == 0 ? "+" : "-", SHOWN_MAX,
		    word_at(at, "means"));
	cli_policy_put_lines(&text);
	bytes_free(&text);
	(void)printf(
	    "Next: quatrain policy diff --replay LOG NEW, which past decisions would change\n");
}

static int
tell(const struct invocation *inv, const struct policy_files *p)
{
	struct json *j = compare_documents(p->document[0], p->document[1]);
	int status = json_true(j, "same") ? CLI_OK : CLI_REFUSED;

	if (inv->json)
		cli_print_json(stdout, j);
	else
		put_text(j);
	json_free(j);
	return status;
}

int
policy_diff_command(const struct invocation *inv)
{
	const char *log = cli_option(inv, "replay");
	struct policy_files p = { .n = 0 };
	struct fault f;
	int status;

	if (log != NULL)
		return cli_policy_diff_replay(inv, log);
	if (cli_option(inv, "old") != NULL)
		return cli_usage(inv->command, "--old: expected --replay with it");
	if (inv->words_n != 2)
		return cli_usage(inv->command, "expected OLD and NEW, or --replay LOG and NEW");
	if (!policy_files_add(&p, inv->words[0], &f) || !policy_files_add(&p, inv->words[1], &f) ||
	    (p.n != 2 && !fault_set(&f, FAULT_BADREQ, "policy: expected two files, not folders")))
		status = cli_refuse(inv, &f);
	else
		status = tell(inv, &p);
	policy_files_free(&p);
	return status;
}
