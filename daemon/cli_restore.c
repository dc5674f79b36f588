/* daemon/cli_restore.c - restore: a backup becomes a data folder. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "ca/merge.h"
#include "ca/restore.h"
#include "daemon/backup_file.h"
#include "daemon/cli_print.h"
#include "daemon/cli_table.h"
#include "daemon/passphrase.h"
#include "daemon/place.h"

struct restoring {
	const struct invocation *inv;
	struct place place;
	struct owner owner;
	struct backup_progress progress;
	struct bytes root;
	int fd;
	struct restore *into;
	struct dump_verdict v;
	struct restored sum;
	const char *old; /* --merge; may be NULL */
	struct {
		uint64_t ledgers, ended; /* that needed it; what was ended in them */
		bool damaged;            /* the old journal holds up to here: */
		char why[FAULT_TEXT_MAX];
	} merged;
};

static void
progress(void *with, const struct dump_total *so_far)
{
	backup_progress_tell(with, so_far);
}

static bool
read_all(struct restoring *r, struct fault *f)
{
	struct dump_visitor to = restore_visitor(r->into);

	to.progress = progress;
	to.progress_with = &r->progress;
	return backup_read(r->fd, &to, octets_bytes(&r->root), &r->v, f);
}

/* What the old folder's journal knows. One that is damaged is read as far as it holds: what stands
 * there before is as true as ever. */
static bool
read_old(struct restoring *r, struct merge *m, struct fault *f)
{
	char path[CONF_TEXT_MAX * 2];
	struct fault why;

	if (snprintf(path, sizeof(path), "%s/journal", r->old) >= (int)sizeof(path))
		return fault_set(f, FAULT_BADREQ, "merge: the path is too long");
	if (merge_journal(m, path, &why))
		return true;
	*f = why;
	if (why.code != FAULT_CONFLICT)
		return false;
	r->merged.damaged = true;
	memcpy(r->merged.why, why.text, sizeof(why.text));
	return true;
}

static bool
merge(struct restoring *r, struct realm *realm, const struct log_context *why, struct fault *f)
{
	const struct merge_plan *plan;
	struct merge *m;
	size_t n;
	bool ok;

	if (!merge_new(realm, NULL, clock_now_s(), &m, f))
		return false;
	ok = read_old(r, m, f) && merge_count(m, f);
	plan = merge_plans(m, &n, NULL);
	for (size_t i = 0; ok && i < n; i++) {
		r->merged.ended += plan[i].unknown + plan[i].ended + plan[i].held;
		r->merged.ledgers++;
	}
	ok = ok && merge_apply(m, why, f);
	merge_free(m);
	return ok;
}

static bool
merge_old(struct restoring *r, const struct log_context *why, struct fault *f)
{
	struct realm *realm = NULL;
	bool ok;

	if (r->old == NULL)
		return true;
	ok = realm_open(r->place.made_in, STORE_WRITE, &realm, f) && merge(r, realm, why, f);
	realm_close(realm);
	return ok;
}

/* Nothing has its name before all of it is proven. */
static bool
make(struct restoring *r, struct fault *f)
{
	const struct log_context why = { .by = "restore", .from = "local", .rule = "restore" };
	const struct settings *s = &r->inv->settings;

	return backup_root(cli_option(r->inv, "root"), &r->root, f) &&
	       backup_open(r->inv->words[0], &r->fd, f) && owner_find(s, &r->owner, f) &&
	       place_make(&r->place, "restore", s, f) &&
	       restore_new(r->place.made_in, &r->into, f) && read_all(r, f) &&
	       restore_finish(r->into, &r->v, &why, clock_now_s(), &r->sum, f) &&
	       merge_old(r, &why, f);
}

/* What the keys open with is never in a backup. */
static void
say_key(const struct restoring *r)
{
	const struct settings *s = &r->inv->settings;
	char key[CONF_TEXT_MAX * 2];

	if (r->sum.in_token > 0)
		(void)printf("%" PRIu64
			     " of its keys are in a token (HSM) and not in the backup: %s\n",
		    r->sum.in_token,
		    s->hsm.module[0] == '\0' ? "the configuration must name it, as hsm."
					     : "it must be where hsm says, with its PIN.");
	if (strcmp(s->seal, "passphrase") == 0)
		(void)printf("Its keys open with their passphrase, for which serve asks.\n");
	else if (strcmp(s->seal, "credential") == 0)
		(void)printf("Its keys open with the systemd credential %s.\n",
		    s->seal_file[0] == '\0' ? "quatrain" : s->seal_file);
	else if (passphrase_path(s, r->place.data, key, sizeof(key)))
		(void)printf("%s %s%s\n",
		    access(key, F_OK) == 0
			? "Its keys open with"
			: "Missing: the master key that its keys were sealed with. Copy it to",
		    key, access(key, F_OK) == 0 ? "." : ", mode 0600.");
}

/* A backup cannot know what came after it. */
static void
say_later(const struct restoring *r)
{
	if (r->old == NULL) {
		(void)printf(
		    "What was revoked or issued after the backup is not known here. If there is an old data folder or a later export, feed it before serving: quatrain ledger merge --from DIR\n");
		return;
	}
	(void)printf("From the journal of %s: %" PRIu64
		     " certificates ended that the backup had as good or did not know, in %" PRIu64
		     " ledgers.\n",
	    r->old, r->merged.ended, r->merged.ledgers);
	if (r->merged.damaged)
		(void)printf("That journal is damaged, and was read as far as it holds: %s\n",
		    r->merged.why);
}

static void
say(const struct restoring *r)
{
	const struct settings *s = &r->inv->settings;
	const struct name_space *ns = &r->v.header.space;

	(void)printf("%s is the service as it was when the backup was taken.\n", r->place.data);
	backup_print_facts(&r->v, stdout);
	if (strcmp(s->domain, ns->domain) != 0 || strcmp(s->region, ns->region) != 0)
		(void)printf("The configuration names %s, region %s: the backup's names count.\n",
		    s->domain, s->region);
	if (r->sum.tokens > 0)
		(void)printf(
		    "%" PRIu64
		    " enrolment tokens that were open are closed: they may have been used since; make new ones.\n",
		    r->sum.tokens);
	say_later(r);
	say_key(r);
	(void)printf(
	    "The service that it was taken from must not run any more: two would tell two histories.\n");
	(void)printf("Next: quatrain serve%s%s\n", r->inv->config == NULL ? "" : " --config ",
	    r->inv->config == NULL ? "" : r->inv->config);
}

static void
say_json(const struct restoring *r)
{
	struct json *j = json_object();

	json_put_text(j, "data", r->place.data);
	backup_put_facts(&r->v, j);
	json_put_number(j, "tokens_closed", (int64_t)r->sum.tokens);
	json_put_number(j, "keys_in_token", (int64_t)r->sum.in_token);
	if (r->old != NULL) {
		json_put_number(j, "merged", (int64_t)r->merged.ended);
		json_put_bool(j, "journal_damaged", r->merged.damaged);
	}
	cli_print_json(stdout, j);
	json_free(j);
}

/* A data folder that is there knows what came after the backup. */
static int
refuse(const struct restoring *r, bool made, const struct fault *f)
{
	if (made || f->code != FAULT_CONFLICT)
		return cli_refuse(r->inv, f);
	return cli_refuse_next(r->inv, f,
	    "move the old folder aside, and give it as --merge DIR: its journal knows what was revoked after the backup, and a restore without it would make that good again");
}

int
restore_command(const struct invocation *inv)
{
	struct restoring r = { .inv = inv, .fd = -1, .old = cli_option(inv, "merge") };
	struct fault f;
	bool ok, made;

	backup_progress_begin(&r.progress, inv);
	ok = make(&r, &f);
	backup_progress_end(&r.progress);
	restore_free(r.into);
	made = r.place.made;
	ok = ok && place_publish(&r.place, &r.owner, "", &f);
	if (!ok)
		place_remove(&r.place);
	else if (inv->json)
		say_json(&r);
	else
		say(&r);
	if (r.fd > STDIN_FILENO)
		(void)close(r.fd);
	bytes_free(&r.root);
	return ok ? CLI_OK : refuse(&r, made, &f);
}
