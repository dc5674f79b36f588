/* daemon/cli_restore.c - restore: a backup becomes a data folder. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
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
	       restore_finish(r->into, &r->v, &why, clock_now_s(), &r->sum, f);
}

/* What the keys open with is never in a backup. */
static void
say_key(const struct restoring *r)
{
	const struct settings *s = &r->inv->settings;
	char key[CONF_TEXT_MAX * 2];

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
	(void)printf(
	    "%" PRIu64
	    " tokens that were open are closed: they may have been used since; make new ones.\n",
	    r->sum.tokens);
	(void)printf(
	    "What was revoked or issued after the backup is not known here. If there are later exports or CRLs, feed them before serving: quatrain ledger merge --from\n");
	say_key(r);
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
	cli_print_json(stdout, j);
	json_free(j);
}

int
restore_command(const struct invocation *inv)
{
	struct restoring r = { .inv = inv, .fd = -1 };
	struct fault f;
	bool ok;

	backup_progress_begin(&r.progress, inv);
	ok = make(&r, &f);
	backup_progress_end(&r.progress);
	restore_free(r.into);
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
	return ok ? CLI_OK : cli_refuse(inv, &f);
}
