/* daemon/cli_activity.c - activity list, decision show: what was decided, and why. */
#include <stdio.h>
#include <string.h>

#include "ca/ledger_name.h"
#include "daemon/cli_call.h"
#include "daemon/fetch.h"
#include "policy/anomaly.h"

const char *
cli_log_of(const struct invocation *inv, char to[static LEDGER_NAME_MAX])
{
	const char *tenant = cli_option(inv, "tenant");

	if (strcmp(inv->command->words[0], LEDGER_ACTIVITY) == 0 || cli_flag(inv, LEDGER_ACTIVITY))
		ledger_name_activity(tenant, to);
	else
		(void)snprintf(to, LEDGER_NAME_MAX, "%s", tenant);
	return to;
}

/* --- activity list ------------------------------------------------------------------------------
 */

int
activity_list_command(const struct invocation *inv)
{
	static const struct cli_column columns[] = {
		{ "at", "AT", 20 },
		{ "n", "ENTRY", 5 },
		{ "act", "ACT", 13 },
		{ "decision", "DECISION", 8 },
		{ "rule", "RULE", 10 },
		{ "id", "ID", 32 },
		{ "subject", "WHO", 0 },
	};
	static const char *const filters[] = { "device", "act", "decision", "rule", "since",
		"until" };
	struct bytes path = { 0 };
	struct fault f;
	int status;

	bytes_put_fmt(&path, "/v1/tenants/%s/activity?limit=1000", cli_option(inv, "tenant"));
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
		if (cli_option(inv, filters[i]) != NULL) {
			bytes_put_fmt(&path, "&%s=", filters[i]);
			fetch_put_escaped(&path, cli_option(inv, filters[i]));
		}
	bytes_put_u8(&path, 0);
	status =
	    bytes_ok(&path, &f)
		? cli_list(inv, (const char *)path.at, columns,
		      sizeof(columns) / sizeof(columns[0]),
		      "Nothing of that kind was seen. Next: quatrain activity list --tenant T, without filters")
		: cli_refuse(inv, &f);
	bytes_free(&path);
	return status;
}

/* --- decision show ------------------------------------------------------------------------------
 */

struct found {
	struct bytes entry; /* canonical; empty: none yet */
	const char *log;
};

static bool
take_page(void *with, const struct json *items, bool first, struct fault *f)
{
	struct found *d = with;

	(void)first;
	return d->entry.n > 0 || json_count(items) == 0 ||
	       json_write(json_at(items, 0), &d->entry, f);
}

static bool
look_in(struct client *c, const struct invocation *inv, const char *log, struct found *d,
    struct fault *f)
{
	char path[CLI_PATH_MAX];

	if (d->entry.n > 0)
		return true;
	d->log = log;
	(void)snprintf(path, sizeof(path), "/v1/tenants/%s/%s?limit=1&id=%s",
	    cli_option(inv, "tenant"), log, inv->words[0]);
	return client_list(c, path, take_page, d, f) && bytes_ok(&d->entry, f);
}

static void
tell_anomaly(const struct json *anomaly)
{
	const struct json *reasons = json_get(anomaly, "reasons");
	int64_t score, points, seen, usual;

	if (!json_number(anomaly, "score", 0, ANOMALY_SCORE_MAX, 0, &score))
		return;
	(void)printf("Unlike itself: %d of %d\n", (int)score, ANOMALY_SCORE_MAX);
	for (size_t i = 0; i < json_count(reasons); i++) {
		const struct json *r = json_at(reasons, i);
		const char *word = json_text(r, "word");
		struct bytes line = { 0 };

		for (unsigned w = 0; word != NULL && w < ANOMALY_WORDS; w++)
			if (strcmp(anomaly_word((enum anomaly_word)w), word) == 0 &&
			    json_number(r, "points", 0, ANOMALY_SCORE_MAX, 0, &points) &&
			    json_number(r, "seen", INT64_MIN, INT64_MAX, 0, &seen) &&
			    json_number(r, "usual", INT64_MIN, INT64_MAX, 0, &usual))
				anomaly_text(&(struct anomaly_reason){ (enum anomaly_word)w,
						 (unsigned)points, seen, usual },
				    &line);
		bytes_put_u8(&line, 0);
		if (!line.bad && line.n > 1) {
			(void)printf("  ");
			cli_put_line((const char *)line.at);
		}
		bytes_free(&line);
	}
}

/* A pretty text, line by line: nothing of a peer's reaches the terminal but what can be printed. */
static void
tell_request(const struct json *request)
{
	struct bytes text = { 0 };
	struct fault f;

	if (request == NULL || !json_write_pretty(request, &text, &f) || !bytes_ok(&text, &f)) {
		bytes_free(&text);
		return;
	}
	(void)printf("Decided from:\n");
	for (size_t i = 0; i < text.n; i++)
		(void)putchar((text.at[i] >= ' ' && text.at[i] <= '~') || text.at[i] == '\n'
				  ? text.at[i]
				  : '?');
	bytes_free(&text);
}

static void
tell(const struct invocation *inv, const struct found *d, const struct json *entry)
{
	static const struct cli_column facts[] = {
		{ "id", "Decision", 0 },
		{ "at", "At", 0 },
		{ "act", "Act", 0 },
		{ "decision", "Decided", 0 },
		{ "code", "Because", 0 },
		{ "rule", "Rule", 0 },
		{ "policy", "Policies", 0 },
		{ "by", "By", 0 },
		{ "subject", "Who", 0 },
		{ "from", "From", 0 },
		{ "pep", "Enforced by", 0 },
		{ "why", "In words", 0 },
		{ "took_us", "Ended in (us)", 0 },
		{ "n", "Entry", 0 },
	};
	char n[CLI_CELL_MAX];

	cli_print_facts(entry, facts, sizeof(facts) / sizeof(facts[0]));
	tell_anomaly(json_get(entry, "anomaly"));
	tell_request(json_get(entry, "request") != NULL ? json_get(entry, "request")
							: json_get(entry, "inputs"));
	(void)printf("Next: quatrain log prove --tenant %s --index %s%s --out FILE\n",
	    cli_option(inv, "tenant"), cli_cell(entry, "n", n),
	    strcmp(d->log, LEDGER_ACTIVITY) == 0 ? " --activity" : "");
}

int
decision_show_command(const struct invocation *inv)
{
	struct found d = { .log = LEDGER_ACTIVITY };
	struct client *c = NULL;
	struct json *entry = NULL;
	struct fault f;
	bool ok = cli_open(inv, &c, &f) && look_in(c, inv, LEDGER_ACTIVITY, &d, &f) &&
		  look_in(c, inv, "log", &d, &f);

	if (ok && d.entry.n == 0)
		ok = fault_set(&f, FAULT_NOTFOUND, "decision: none of that id is in the logs of %s",
		    cli_option(inv, "tenant"));
	ok = ok && json_parse(octets_bytes(&d.entry), &entry, &f);
	if (ok && inv->json)
		cli_print_json(stdout, entry);
	else if (ok)
		tell(inv, &d, entry);
	json_free(entry);
	bytes_free(&d.entry);
	client_close(c);
	return ok ? CLI_OK : cli_refuse(inv, &f);
}
