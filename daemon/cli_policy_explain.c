/* daemon/cli_policy_explain.c - policy explain: why these policies decide so. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/cli_call.h"
#include "daemon/cli_policy_files.h"
#include "policy/explain.h"

#define COUNTERS_ROWS 1024

void
cli_policy_put_lines(struct bytes *text)
{
	char *line, *rest;

	bytes_put_u8(text, 0);
	if (text->bad)
		return;
	for (line = strtok_r((char *)text->at, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest))
		cli_put_line(line);
}

static void
put_text(const struct json *explanation)
{
	struct bytes text = { 0 };

	explain_text(explanation, &text);
	cli_policy_put_lines(&text);
	bytes_free(&text);
}

/* Nothing was counted yet: rates and quotas begin at 0. */
static void
tell(const struct invocation *inv, const struct policy_files *p, const struct request *r,
    struct counters *counters)
{
	struct decision d;
	struct json *j;

	explain_decide(p->set, r, counters, true, &d);
	j = explain_json(p->set, r, counters, &d);
	if (inv->json) {
		json_put(j, "documents", policy_files_json(p));
		cli_print_json(stdout, j);
	} else {
		put_text(j);
		(void)printf("Next: quatrain policy diff OLD NEW, before a change goes in\n");
	}
	json_free(j);
}

int
policy_explain_command(const struct invocation *inv)
{
	void *memory = calloc(1, counters_octets(COUNTERS_ROWS));
	struct policy_files p = { .n = 0 };
	struct policy_request r = { .json = NULL };
	struct fault f;
	bool ok = memory != NULL || fault_set(&f, FAULT_INTERNAL, "policy: out of memory");
	int status = CLI_OK;

	for (size_t i = 0; ok && i < inv->words_n; i++)
		ok = policy_files_add(&p, inv->words[i], &f);
	ok = ok && policy_files_compile(&p, &f) &&
	     policy_request_read(cli_option(inv, "input"), &r, &f);
	if (ok) {
		if (r.request.fixed[ATTRIBUTE_TIME].type == VALUE_NONE)
			request_number(&r.request, ATTRIBUTE_TIME, clock_now_s());
		tell(inv, &p, &r.request, counters_at(memory, COUNTERS_ROWS));
	} else {
		status = cli_refuse(inv, &f);
	}
	policy_request_free(&r);
	policy_files_free(&p);
	free(memory);
	return status;
}
