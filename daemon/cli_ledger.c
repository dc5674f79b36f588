/* daemon/cli_ledger.c - ledgers read whole, and older ones led on; both while no service runs. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "ca/journal_check.h"
#include "ca/ledger_check.h"
#include "ca/merge.h"
#include "daemon/cli_call.h"
#include "daemon/owner.h"
#include "daemon/start.h"

/* The data folder, ours alone. */
struct at_rest {
	struct owner owner;
	bool entered;
	int lock;
	struct realm *realm;
};

/* Two descriptors a ledger; all that the system lets us have. */
static void
open_many(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	files.rlim_cur = files.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &files);
}

static bool
rest_open(struct at_rest *o, const struct settings *s, enum store_mode mode, struct fault *f)
{
	*o = (struct at_rest){ .lock = -1 };
	open_many();
	if (!start_is_founded(s, f) || !owner_find(s, &o->owner, f) ||
	    !owner_check(&o->owner, s, f) || !owner_enter(&o->owner, f))
		return false;
	o->entered = true;
	return start_lock(s, &o->lock, f) && realm_open(s->data, mode, &o->realm, f);
}

static void
rest_close(struct at_rest *o)
{
	struct fault f;

	realm_close(o->realm);
	if (o->lock >= 0)
		(void)close(o->lock);
	if (o->entered && !owner_leave(&o->owner, &f))
		_exit(1); /* neither one nor the other: nothing more may be done */
}

/* --- check ------------------------------------------------------------------------------------ */

struct checking {
	const struct invocation *inv;
	struct at_rest *o;
	struct marks *marks; /* NULL: there are none */
	const char *tenant;  /* that is looked at */
	bool terminal;
	uint64_t findings;
	struct json *ledgers, *said; /* with --json: all; of this one */
};

static void
say(void *with, const char *text)
{
	struct checking *c = with;

	c->findings++;
	if (c->said != NULL)
		json_add_text(c->said, text);
	else
		(void)printf("%s: %s\n", c->tenant, text);
}

static void
progress(void *with, uint64_t done, uint64_t of)
{
	const struct checking *c = with;

	if (c->terminal)
		(void)fprintf(
		    stderr, "\r%s: %" PRIu64 " of %" PRIu64 " entries ", c->tenant, done, of);
}

static void
tell_ledger(struct checking *c, const struct ledger_counts *n)
{
	struct json *j;

	if (c->terminal)
		(void)fprintf(stderr, "\r%60s\r", "");
	if (!c->inv->json) {
		(void)printf("%s: %" PRIu64 " entries, %" PRIu64 " certificates (%" PRIu64
			     " ended, %" PRIu64 " held, %" PRIu64 " pending): %s\n",
		    c->tenant, n->entries, n->certificates, n->ended, n->held, n->pending,
		    n->findings == 0 ? "whole" : "NOT WHOLE");
		return;
	}
	j = json_object();
	json_put_text(j, "tenant", c->tenant);
	json_put_number(j, "entries", (int64_t)n->entries);
	json_put_number(j, "certificates", (int64_t)n->certificates);
	json_put_number(j, "ended", (int64_t)n->ended);
	json_put_number(j, "held", (int64_t)n->held);
	json_put_number(j, "pending", (int64_t)n->pending);
	json_put(j, "findings", c->said);
	c->said = NULL;
	json_add(c->ledgers, j);
}

static bool
check_one(void *with, struct ledger *l, struct fault *f)
{
	struct checking *c = with;
	const struct ledger_hearing to = { say, progress, c };
	struct ledger_counts n;
	struct fault none;
	struct mark k;
	bool marked = c->marks != NULL && marks_get(c->marks, c->tenant, &k, &none);

	c->said = c->inv->json ? json_array() : NULL;
	if (!ledger_check(l, marked ? &k : NULL, &to, &n, f)) {
		json_free(c->said);
		c->said = NULL;
		return false;
	}
	tell_ledger(c, &n);
	return true;
}

static bool
check_ledgers(struct checking *c, struct fault *f)
{
	const char *only = cli_option(c->inv, "tenant");
	struct bytes labels = { 0 };
	char label[TEXT_LABEL_MAX];
	struct tenant row;
	bool ok = realm_ledgers(c->o->realm, &labels, f) &&
		  (only == NULL || realm_tenant(c->o->realm, only, &row, f));

	for (size_t at = 0; ok && at < labels.n; at += strlen(c->tenant) + 1) {
		c->tenant = (const char *)labels.at + at;
		ledger_name_tenant(c->tenant, label);
		if (only == NULL || strcmp(only, label) == 0)
			ok = realm_visit(c->o->realm, c->tenant, check_one, c, f);
	}
	bytes_free(&labels);
	return ok;
}

/* From its first line, and from the place that was marked in it. */
static bool
check_journal(struct checking *c, uint64_t *ret_lines, struct fault *f)
{
	static const struct journal_place beginning = { .offset = 0 };
	char path[CONF_TEXT_MAX * 2];
	struct journal_place marked;

	if (!settings_path(&c->inv->settings, "journal", path, sizeof(path)))
		return fault_set(f, FAULT_BADREQ, "data: the path is too long");
	return journal_check(c->o->realm, path, &beginning, ret_lines, f) &&
	       journal_mark(realm_platform(c->o->realm), &marked, f) &&
	       journal_check(c->o->realm, path, &marked, NULL, f);
}

static bool
check_all(struct checking *c, struct json *answer, struct fault *f)
{
	const char *data = c->inv->settings.data;
	uint64_t lines = 0;
	struct fault why;

	if (!marks_open(data, STORE_READ, &c->marks, &why) && why.code != FAULT_NOTFOUND) {
		*f = why;
		return false;
	}
	if (!check_ledgers(c, f))
		return false;
	c->tenant = "journal";
	if (!check_journal(c, &lines, &why)) {
		if (why.code != FAULT_CONFLICT) {
			*f = why;
			return false;
		}
		c->findings++;
		json_put_text(answer, "journal_finding", why.text);
		if (!c->inv->json)
			(void)printf("%s\n", why.text);
	} else if (!c->inv->json) {
		(void)printf("journal: %" PRIu64 " lines: whole\n", lines);
	}
	json_put_number(answer, "journal_lines", (int64_t)lines);
	return true;
}

static int
tell_verdict(struct checking *c, struct json *answer)
{
	struct fault f;

	json_put_text(answer, "verdict", c->findings == 0 ? "good" : "bad");
	json_put_number(answer, "findings", (int64_t)c->findings);
	json_put(answer, "ledgers", c->ledgers);
	c->ledgers = NULL;
	if (c->inv->json)
		cli_print_json(stdout, answer);
	if (c->findings > 0) {
		fault_set(&f, FAULT_CONFLICT, "ledger: %" PRIu64 " findings: this is not whole",
		    c->findings);
		return cli_refuse_next(c->inv, &f,
		    "what is only older than its journal or mark goes on with quatrain ledger merge; restore what was altered from a backup");
	}
	if (!c->inv->json)
		(void)printf("GOOD: nothing is missing, and nothing was altered.\n"
			     "Next: quatrain serve\n");
	return CLI_OK;
}

int
ledger_check_command(const struct invocation *inv)
{
	struct at_rest o;
	struct checking c = { .inv = inv,
		.o = &o,
		.terminal = !inv->json && isatty(STDERR_FILENO) == 1,
		.ledgers = json_array() };
	struct json *answer = json_object();
	struct fault f;
	int status;

	if (rest_open(&o, &inv->settings, STORE_READ, &f) && check_all(&c, answer, &f))
		status = tell_verdict(&c, answer);
	else
		status = cli_refuse(inv, &f);
	marks_close(c.marks);
	rest_close(&o);
	json_free(c.ledgers);
	json_free(answer);
	return status;
}

/* --- merge ------------------------------------------------------------------------------------ */

/* An export, or another data folder: by what lies there. */
static bool
read_from(struct merge *m, const char *dir, struct fault *f)
{
	char entries[CONF_TEXT_MAX * 2], journal[CONF_TEXT_MAX * 2];

	if (dir == NULL)
		return true;
	if (snprintf(entries, sizeof(entries), "%s/entries.jsonl", dir) >= (int)sizeof(entries) ||
	    snprintf(journal, sizeof(journal), "%s/journal", dir) >= (int)sizeof(journal))
		return fault_set(f, FAULT_BADREQ, "from: the path is too long");
	if (access(entries, F_OK) == 0)
		return merge_export(m, dir, f);
	if (access(journal, F_OK) == 0)
		return merge_journal(m, journal, f);
	return fault_set(f, FAULT_NOTFOUND,
	    "from: expected an export (entries.jsonl) or a data folder (journal) in %.150s", dir);
}

static void
print_plan(const struct merge_plan *p)
{
	(void)printf("%s, %" PRIu64 " entries:\n", p->tenant, p->size);
	if (p->behind && p->mark.size > p->size)
		(void)printf(
		    "  entries %" PRIu64 " to %" PRIu64 " are lost\n", p->size, p->mark.size - 1);
	else if (p->behind)
		(void)printf(
		    "  its last %" PRIu64 " entries may be others than were written\n", p->size);
	if (p->from_the_future)
		(void)printf("  its newest entry is later than now: the log goes on from now\n");
	if (p->unknown > 0)
		(void)printf(
		    "  certificates that are lost, and become revoked: %" PRIu64 "\n", p->unknown);
	if (p->ended > 0)
		(void)printf(
		    "  revocations that are lost, and are made again: %" PRIu64 "\n", p->ended);
	if (p->held > 0)
		(void)printf(
		    "  suspensions that are lost, and are made again: %" PRIu64 "\n", p->held);
}

static struct json *
plan_object(const struct merge_plan *p)
{
	struct json *j = json_object();

	json_put_text(j, "tenant", p->tenant);
	json_put_number(j, "size", (int64_t)p->size);
	json_put_number(j, "epoch", (int64_t)p->epoch + 1);
	if (p->behind)
		json_put_number(j, "lost_size", (int64_t)p->mark.size);
	json_put_bool(j, "from_the_future", p->from_the_future);
	json_put_number(j, "unknown", (int64_t)p->unknown);
	json_put_number(j, "revoked", (int64_t)p->ended);
	json_put_number(j, "held", (int64_t)p->held);
	return j;
}

static void
print_state(const struct merge_state *s)
{
	if (s->journal_damaged)
		(void)printf("%s\n  it goes on from its last good line; the damaged file is kept\n",
		    s->journal_why);
	if (s->no_marks)
		(void)printf("keys/marks is gone: new marks are made\n");
	if (s->gone > 0)
		(void)printf("tenants that the platform no longer knows: %" PRIu64
			     "; their marks are dropped\n",
		    s->gone);
	if (s->old_lines > 0)
		(void)printf("%" PRIu64 " lines of the journal's first edition name no tenant, and "
			     "are passed over\n",
		    s->old_lines);
}

static void
tell_plans(const struct invocation *inv, struct merge *m, bool done)
{
	struct merge_state state;
	struct json *answer, *ledgers;
	size_t n;
	const struct merge_plan *plan = merge_plans(m, &n, &state);

	if (!inv->json) {
		for (size_t i = 0; i < n; i++)
			print_plan(&plan[i]);
		print_state(&state);
		return;
	}
	answer = json_object();
	ledgers = json_array();
	for (size_t i = 0; i < n; i++)
		json_add(ledgers, plan_object(&plan[i]));
	json_put_bool(answer, "done", done);
	json_put_bool(answer, "journal_damaged", state.journal_damaged);
	json_put_bool(answer, "no_marks", state.no_marks);
	json_put_number(answer, "tenants_gone", (int64_t)state.gone);
	json_put(answer, "ledgers", ledgers);
	cli_print_json(stdout, answer);
	json_free(answer);
}

static bool
is_needed(struct merge *m)
{
	size_t n;

	(void)merge_plans(m, &n, NULL);
	return n > 0;
}

/* Say what would be done; do it where --yes says so. */
static int
merge_or_ask(const struct invocation *inv, struct merge *m)
{
	const struct log_context why = { .by = "local", .from = "local", .rule = "merge" };
	bool yes = cli_flag(inv, "yes");
	struct fault f;

	if (!is_needed(m)) {
		tell_plans(inv, m, false);
		if (!inv->json)
			(void)printf("Nothing is older than it should be.\nNext: quatrain serve\n");
		return CLI_OK;
	}
	if (yes && !merge_apply(m, &why, &f))
		return cli_refuse(inv, &f);
	tell_plans(inv, m, yes);
	if (!yes) {
		fault_set(&f, FAULT_DENIED, "ledger: nothing was written");
		return cli_refuse_next(inv, &f, "run it again with --yes to do this");
	}
	if (!inv->json)
		(void)printf("Merged. Nothing that was revoked became good.\n"
			     "Next: quatrain serve, then a log export for whoever keeps them\n");
	return CLI_OK;
}

int
ledger_merge_command(const struct invocation *inv)
{
	struct merge *m = NULL;
	struct at_rest o;
	struct fault f;
	int status;

	if (rest_open(&o, &inv->settings, STORE_WRITE, &f) &&
	    merge_new(o.realm, cli_option(inv, "tenant"), clock_now_s(), &m, &f) &&
	    read_from(m, cli_option(inv, "from"), &f) && merge_count(m, &f))
		status = merge_or_ask(inv, m);
	else
		status = cli_refuse(inv, &f);
	merge_free(m);
	rest_close(&o);
	return status;
}
