/* daemon/cli_policy_replay.c - policy replay, policy diff --replay: recorded decisions, made again
 * by policies of files. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/cli_call.h"
#include "daemon/cli_policy_files.h"
#include "daemon/entry_lines.h"
#include "policy/recorded.h"

#define FINDINGS_MAX  100 /* told in JSON; all are counted */
#define COUNTERS_ROWS 65536

struct again {
	const struct invocation *inv;
	struct recorded_with with;
	struct policy_files now, before;
	void *counted[2]; /* what the counters live in */
	uint64_t n[RECORDED_OUTCOMES], entries, altered, stopped, let;
	struct json *findings;
};

/* --- what was found -----------------------------------------------------------------------------
 */

static struct json *
rule_json(const char *decision, const char *rule, const char *code)
{
	struct json *j = json_object();

	json_put_octets(j, "decision", octets_text(decision));
	json_put_octets(j, "rule", octets_text(rule));
	json_put_octets(j, "code", octets_text(code));
	return j;
}

static void
rule_of(const struct decision *d, char to[static RECORDED_WORD_MAX])
{
	(void)snprintf(to, RECORDED_WORD_MAX, "%.*s",
	    d->rule == NULL ? (int)strlen("default") : (int)d->rule->id.n,
	    d->rule == NULL ? "default" : (const char *)d->rule->id.at);
}

static void
add_finding(struct again *g, uint64_t index, const char *outcome, const struct recorded_again *a)
{
	char rule[RECORDED_WORD_MAX];
	struct json *j;

	if (json_count(g->findings) >= FINDINGS_MAX)
		return;
	j = json_object();
	json_put_number(j, "index", (int64_t)index);
	json_put_text(j, "outcome", outcome);
	if (a->was.id[0] != '\0')
		json_put_octets(j, "id", octets_text(a->was.id));
	if (a->was.decided)
		json_put(j, "was",
		    rule_json(a->was.permit ? "permit" : "deny", a->was.rule, a->was.code));
	if (a->word != NULL) {
		rule_of(&a->now, rule);
		json_put(j, "now", rule_json(a->word, rule, decision_word(a->now.code)));
	}
	if (a->why[0] != '\0')
		json_put_octets(j, "why", octets_text(a->why));
	json_add(g->findings, j);
}

/* Told at once to a person, who need not wait for a million others. */
static void
tell(const struct again *g, uint64_t index, const struct recorded_again *a)
{
	char line[FAULT_TEXT_MAX + 6 * RECORDED_WORD_MAX], rule[RECORDED_WORD_MAX];

	if (g->inv->json)
		return;
	rule_of(&a->now, rule);
	if (a->why[0] != '\0')
		(void)snprintf(line, sizeof(line), "%s: entry %" PRIu64 "%s%s: %s",
		    a->outcome == RECORDED_POLICY ? "NOT REPLAYED" : "UNKNOWN", index,
		    a->was.id[0] == '\0' ? "" : " ", a->was.id, a->why);
	else
		(void)snprintf(line, sizeof(line),
		    "%s: entry %" PRIu64 "%s%s: was %s by %s (%s), is %s by %s (%s)",
		    a->outcome == RECORDED_DIFFERS ? "CHANGES" : "OTHERWISE", index,
		    a->was.id[0] == '\0' ? "" : " ", a->was.id, a->was.permit ? "permit" : "deny",
		    a->was.rule, a->was.code, a->word, rule, decision_word(a->now.code));
	cli_put_line(line);
}

static bool
take_line(void *with, struct octets line, uint64_t index, struct fault *f)
{
	struct again *g = with;
	struct recorded_again a;
	struct json *j;

	if (!json_parse(line, &j, f))
		return false;
	recorded_decide(&g->with, j, &a);
	g->entries++;
	g->n[a.outcome]++;
	if (a.outcome == RECORDED_DIFFERS)
		a.now.permit ? g->let++ : g->stopped++;
	if (a.outcome == RECORDED_DIFFERS || a.outcome == RECORDED_UNKNOWN ||
	    a.outcome == RECORDED_POLICY || (a.outcome == RECORDED_OTHERWISE && g->with.strict)) {
		add_finding(g, index, recorded_word(a.outcome), &a);
		tell(g, index, &a);
	}
	json_free(j);
	return true;
}

static void
alter(void *with, uint64_t index, const char *why)
{
	struct again *g = with;
	struct recorded_again a = { .outcome = RECORDED_NONE };

	g->altered++;
	(void)snprintf(a.why, sizeof(a.why), "%s", why);
	add_finding(g, index, "altered", &a);
	if (!g->inv->json)
		(void)printf("ALTERED: entry %" PRIu64 ": %s\n", index, why);
}

/* --- the sum ------------------------------------------------------------------------------------
 */

static void
sum_up_json(struct again *g, char digest[static 2 * DOCUMENT_DIGEST_OCTETS + 1])
{
	struct json *j = json_object();

	json_put_text(j, "policy", digest);
	json_put(j, "documents", policy_files_json(&g->now));
	json_put_number(j, "entries", (int64_t)g->entries);
	for (enum recorded_outcome o = RECORDED_SAME; o < RECORDED_OUTCOMES; o++)
		json_put_number(j, recorded_word(o), (int64_t)g->n[o]);
	json_put_number(j, "permit_to_deny", (int64_t)g->stopped);
	json_put_number(j, "deny_to_permit", (int64_t)g->let);
	json_put_number(j, "altered", (int64_t)g->altered);
	json_put(j, "findings", g->findings);
	g->findings = NULL;
	cli_print_json(stdout, j);
	json_free(j);
}

static void
sum_up(struct again *g)
{
	char digest[2 * DOCUMENT_DIGEST_OCTETS + 1];

	text_hex(set_digest(g->now.set), DOCUMENT_DIGEST_OCTETS, digest);
	if (g->inv->json) {
		sum_up_json(g, digest);
		return;
	}
	(void)printf("%" PRIu64 " entries: %" PRIu64 " %s (%" PRIu64 " permit to deny, %" PRIu64
		     " deny to permit), %" PRIu64 " the same, %" PRIu64
		     " the same by another rule, %" PRIu64 " unknown, ",
	    g->entries, g->n[RECORDED_DIFFERS],
	    g->with.strict ? "come out otherwise" : "would change", g->stopped, g->let,
	    g->n[RECORDED_SAME], g->n[RECORDED_OTHERWISE], g->n[RECORDED_UNKNOWN]);
	if (g->with.strict)
		(void)printf("%" PRIu64 " under other policies, ", g->n[RECORDED_POLICY]);
	(void)printf("%" PRIu64 " of other kinds, %" PRIu64 " redacted, %" PRIu64 " altered\n",
	    g->n[RECORDED_NONE], g->n[RECORDED_REDACTED], g->altered);
	(void)printf("policy  %s\n", digest);
	(void)printf("Next: quatrain policy explain FILE --input FILE, with the request of an "
		     "entry\n");
}

/* --- the way ------------------------------------------------------------------------------------
 */

static bool
open_counters(void **memory, struct counters **ret, struct fault *f)
{
	if ((*memory = calloc(1, counters_octets(COUNTERS_ROWS))) == NULL)
		return fault_set(f, FAULT_INTERNAL, "policy: out of memory");
	*ret = counters_at(*memory, COUNTERS_ROWS);
	return true;
}

static bool
run(struct again *g, const char *log, struct fault *f)
{
	struct entry_lines lines = {
		.line = take_line, .altered = alter, .with = g, .progress = !g->inv->json
	};
	struct stat st;

	if (!policy_files_compile(&g->now, f) ||
	    (g->before.n > 0 && !policy_files_compile(&g->before, f)) ||
	    !open_counters(&g->counted[0], &g->with.counters, f) ||
	    !open_counters(&g->counted[1], &g->with.counters_before, f))
		return false;
	g->with.set = g->now.set;
	g->with.before = g->before.set;
	return stat(log, &st) == 0 && S_ISDIR(st.st_mode) ? entry_lines_folder(&lines, log, f)
							  : entry_lines_file(&lines, log, f);
}

static int
finish(struct again *g, bool ok, struct fault *f)
{
	int status = CLI_OK;

	if (ok && g->entries == 0)
		ok = fault_set(f, FAULT_NOTFOUND, "policy: there is no entry in it");
	if (!ok) {
		status = cli_refuse(g->inv, f);
	} else {
		sum_up(g);
		if (g->altered > 0 || g->n[RECORDED_DIFFERS] > 0 || g->n[RECORDED_UNKNOWN] > 0 ||
		    g->n[RECORDED_POLICY] > 0 || (g->with.strict && g->n[RECORDED_OTHERWISE] > 0))
			status = CLI_REFUSED;
	}
	json_free(g->findings);
	policy_files_free(&g->now);
	policy_files_free(&g->before);
	free(g->counted[0]);
	free(g->counted[1]);
	return status;
}

int
cli_policy_diff_replay(const struct invocation *inv, const char *log)
{
	struct again g = { .inv = inv, .findings = json_array() };
	const char *old;
	struct fault f;
	bool ok = true;

	for (size_t i = 0; ok && i < inv->words_n; i++)
		ok = policy_files_add(&g.now, inv->words[i], &f);
	for (size_t i = 0; ok && (old = cli_option_at(inv, "old", i)) != NULL; i++)
		ok = policy_files_add(&g.before, old, &f);
	return finish(&g, ok && run(&g, log, &f), &f);
}

int
policy_replay_command(const struct invocation *inv)
{
	struct again g = { .inv = inv, .with.strict = true, .findings = json_array() };
	const char *path;
	struct fault f;
	bool ok = true;

	for (size_t i = 0; ok && (path = cli_option_at(inv, "policy", i)) != NULL; i++)
		ok = policy_files_add(&g.now, path, &f);
	return finish(&g, ok && run(&g, inv->words[0], &f), &f);
}
