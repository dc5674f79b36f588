/* daemon/cli_replay.c - replay: recorded decisions, made again by this program's rules. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ca/proof_file.h"
#include "daemon/cli_call.h"
#include "daemon/entry_lines.h"
#include "daemon/replay_sets.h"
#include "policy/inputs.h"

#define PAGE         1000
#define FINDINGS_MAX 100 /* told in JSON; all are counted */

struct replaying {
	const struct invocation *inv;
	uint8_t rules[RULES_DIGEST_OCTETS];
	char digest[2 * RULES_DIGEST_OCTETS + 1];
	bool one;      /* a single entry was asked for */
	uint64_t want; /* its index; UINT64_MAX: any */
	uint64_t n[REPLAY_OUTCOMES], entries, altered;
	struct json *findings;
	struct entry_lines lines;
	struct replay_sets sets;
};

static void
add_finding(struct replaying *r, uint64_t index, const char *outcome, const char *why)
{
	struct json *j;

	if (json_count(r->findings) >= FINDINGS_MAX)
		return;
	j = json_object();
	json_put_number(j, "index", (int64_t)index);
	json_put_text(j, "outcome", outcome);
	json_put_octets(j, "why", octets_text(why));
	json_add(r->findings, j);
}

/* Told at once to a person, who need not wait for a million others. */
static void
tell(struct replaying *r, uint64_t index, const struct replay *p)
{
	char why[2 * FAULT_TEXT_MAX];

	if (p->outcome == REPLAY_DIFFERS)
		(void)snprintf(why, sizeof(why), "%.200s; recorded: %s by %.40s", p->why,
		    p->permit ? "permitted" : "refused", p->rule);
	else if (p->outcome == REPLAY_POLICY)
		(void)snprintf(
		    why, sizeof(why), "it needs the rules with the digest %s", p->policy);
	else
		(void)snprintf(
		    why, sizeof(why), "%s by %.60s", p->permit ? "permitted" : "refused", p->rule);
	if (r->one || p->outcome == REPLAY_DIFFERS || p->outcome == REPLAY_POLICY)
		add_finding(r, index, replay_word(p->outcome), why);
	if (r->inv->json || (!r->one && p->outcome != REPLAY_DIFFERS))
		return;
	(void)printf("%s: entry %" PRIu64 ": ",
	    p->outcome == REPLAY_SAME      ? "SAME"
	    : p->outcome == REPLAY_DIFFERS ? "DIFFERS"
					   : "NOT REPLAYED",
	    index);
	if (p->outcome == REPLAY_UNDECIDED)
		cli_put_line(p->by_policies ? p->why
					    : "nobody was judged: the service itself did it, or "
					      "nothing was recorded");
	else if (p->outcome == REPLAY_REDACTED)
		cli_put_line("its body is redacted");
	else
		cli_put_line(why);
}

static bool
replay_line(struct replaying *r, struct octets line, uint64_t index, struct fault *f)
{
	struct json *j;
	struct replay p;
	bool ok = true;

	if (!json_parse(line, &j, f))
		return false;
	replay_entry(j, r->rules, &p);
	if (p.outcome == REPLAY_SAME && p.by_policies)
		ok = replay_sets_decide(&r->sets, json_get(j, "decided"), &p, f);
	json_free(j);
	if (!ok)
		return false;
	r->entries++;
	r->n[p.outcome]++;
	tell(r, index, &p);
	return true;
}

static void
alter(void *with, uint64_t index, const char *why)
{
	struct replaying *r = with;

	r->altered++;
	add_finding(r, index, "altered", why);
	if (!r->inv->json)
		(void)printf("ALTERED: entry %" PRIu64 ": %s\n", index, why);
}

/* One of many lines: decided again where it is asked for. */
static bool
take_line(void *with, struct octets line, uint64_t index, struct fault *f)
{
	struct replaying *r = with;

	return (r->one && r->want != index) || replay_line(r, line, index, f);
}

/* --- where entries come from --------------------------------------------------------------------
 */

static bool
from_proof(struct replaying *r, const char *path, struct fault *f)
{
	struct bytes text = { 0 };
	struct proof_file p = { .kind = PROOF_INCLUSION };
	uint8_t leaf[LOG_HASH_OCTETS];
	bool ok;

	r->one = true;
	ok = cli_read_file(path, PROOF_FILE_MAX, &text, f) &&
	     proof_file_read(octets_bytes(&text), &p, f);
	if (ok && (p.kind != PROOF_INCLUSION || p.extra.n == 0))
		ok = fault_set(f, FAULT_BADREQ, "replay: expected a proof that has its entry");
	if (ok) {
		log_line_leaf(octets_bytes(&p.extra), p.index, leaf);
		if (!log_path_includes(&p.path, leaf, p.index, p.note.size, p.note.root))
			alter(
			    r, p.index, "the proof does not lead from it to the checkpoint's root");
		ok = replay_line(r, octets_bytes(&p.extra), p.index, f);
	}
	proof_file_free(&p);
	bytes_free(&text);
	return ok;
}

static bool
from_service(struct replaying *r, const char *tenant, struct fault *f)
{
	uint64_t at = r->one ? r->want : 0, n;
	struct client *c = NULL;
	struct bytes page = { 0 };
	char path[CLI_PATH_MAX];
	bool ok = cli_open(r->inv, &c, f);

	r->sets.client = c;
	r->sets.tenant = tenant;
	r->lines.began = !r->one; /* the first of all names the hash of nothing: zeros */
	do {
		n = 0;
		bytes_clear(&page);
		(void)snprintf(path, sizeof(path),
		    "/v1/tenants/%s/log/entries?from=%" PRIu64 "&count=%d", tenant, at,
		    r->one ? 1 : PAGE);
		ok = ok && client_get(c, path, "application/x-ndjson", &page, f) &&
		     entry_lines_page(&r->lines, octets_bytes(&page), &n, f);
		at += n;
	} while (ok && !r->one && n > 0);
	bytes_free(&page);
	client_close(c);
	if (ok && r->one && n == 0)
		return fault_set(f, FAULT_NOTFOUND, "log: there is no entry %" PRIu64, r->want);
	return ok;
}

/* --- the answer ---------------------------------------------------------------------------------
 */

static void
sum_up(struct replaying *r)
{
	struct json *j;

	if (!r->inv->json) {
		if (!r->one)
			(void)printf("%" PRIu64 " entries: %" PRIu64
				     " decided again the same, %" PRIu64 " otherwise, %" PRIu64
				     " under other rules, %" PRIu64 " decided by nobody, %" PRIu64
				     " redacted, %" PRIu64 " altered\n",
			    r->entries, r->n[REPLAY_SAME], r->n[REPLAY_DIFFERS],
			    r->n[REPLAY_POLICY], r->n[REPLAY_UNDECIDED], r->n[REPLAY_REDACTED],
			    r->altered);
		(void)printf("rules  %s\n", r->digest);
		(void)printf(
		    "Next: quatrain log verify, which says whether the entries are the log's\n");
		return;
	}
	j = json_object();
	json_put_text(j, "policy", r->digest);
	json_put_number(j, "entries", (int64_t)r->entries);
	json_put_number(j, "same", (int64_t)r->n[REPLAY_SAME]);
	json_put_number(j, "differs", (int64_t)r->n[REPLAY_DIFFERS]);
	json_put_number(j, "other_policy", (int64_t)r->n[REPLAY_POLICY]);
	json_put_number(j, "not_decided", (int64_t)r->n[REPLAY_UNDECIDED]);
	json_put_number(j, "redacted", (int64_t)r->n[REPLAY_REDACTED]);
	json_put_number(j, "altered", (int64_t)r->altered);
	json_put(j, "findings", r->findings);
	r->findings = NULL;
	cli_print_json(stdout, j);
	json_free(j);
}

static bool
run(struct replaying *r, struct fault *f)
{
	const char *tenant = cli_option(r->inv, "tenant");
	struct stat st;

	if (tenant != NULL)
		return from_service(r, tenant, f);
	if (stat(r->inv->words[0], &st) != 0)
		return fault_errno(f, FAULT_NOTFOUND, "replay: %s", r->inv->words[0]);
	return S_ISDIR(st.st_mode) ? entry_lines_folder(&r->lines, r->inv->words[0], f)
				   : from_proof(r, r->inv->words[0], f);
}

/* The policies of files that the command line names make one set. */
static bool
add_files(struct replaying *r, struct fault *f)
{
	const char *paths[POLICY_FILES_MAX];
	size_t n = 0;

	while (n < POLICY_FILES_MAX && (paths[n] = cli_option_at(r->inv, "policy", n)) != NULL)
		n++;
	return replay_sets_open(&r->sets, f) && (n == 0 || replay_sets_add(&r->sets, paths, n, f));
}

int
replay_command(const struct invocation *inv)
{
	const char *index = cli_option(inv, "index");
	struct replaying r = { .inv = inv, .one = index != NULL };
	bool service = cli_option(inv, "tenant") != NULL;
	struct fault f;
	int status = CLI_OK;

	if (service == (inv->words_n > 0))
		return cli_usage(inv->command, "expected a file or folder, or --tenant");
	if (service && (index == NULL) != cli_flag(inv, "all"))
		return cli_usage(inv->command, "expected --index or --all");
	r.lines = (struct entry_lines){
		.line = take_line, .altered = alter, .with = &r, .progress = !inv->json
	};
	if (index != NULL)
		r.want = strtoull(index, NULL, 10);
	if (!rules_digest(r.rules, &f))
		return cli_refuse(inv, &f);
	text_hex(r.rules, sizeof(r.rules), r.digest);
	r.findings = json_array();
	if (!add_files(&r, &f) || !run(&r, &f)) {
		status = cli_refuse(inv, &f);
	} else if (r.entries == 0) {
		fault_set(&f, FAULT_NOTFOUND, "replay: there is no such entry");
		status = cli_refuse(inv, &f);
	} else {
		sum_up(&r);
		if (r.altered > 0 || r.n[REPLAY_DIFFERS] > 0 || r.n[REPLAY_POLICY] > 0 ||
		    (r.one && r.n[REPLAY_SAME] == 0))
			status = CLI_REFUSED;
	}
	replay_sets_close(&r.sets);
	json_free(r.findings);
	return status;
}
