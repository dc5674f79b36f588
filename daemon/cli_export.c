/* daemon/cli_export.c - log export. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/folder.h"
#include "base/secret.h"
#include "daemon/cli_call.h"
#include "daemon/credential.h"
#include "daemon/export.h"

#define BAR     30
#define TELL_US INT64_C(100000)

/* --- how far it is, on a terminal ---------------------------------------------------------------
 */

static int64_t began_us, told_us;

static void
show(uint64_t done, uint64_t of)
{
	int64_t now = clock_steady_us();
	double s = (double)(now - began_us) / 1e6;
	char bar[BAR + 1];
	size_t n = (size_t)(done * BAR / of);

	if (done < of && now - told_us < TELL_US)
		return;
	told_us = now;
	memset(bar, '.', BAR);
	memset(bar, '#', n);
	bar[BAR] = '\0';
	(void)fprintf(stderr,
	    "\r[%s] %3" PRIu64 " %%  %" PRIu64 " of %" PRIu64 " entries, %.0f/s%s", bar,
	    done * 100 / of, done, of, s > 0 ? (double)done / s : 0.0, done == of ? "\n" : "");
}

/* --- what is asked for --------------------------------------------------------------------------
 */

static bool
read_wish(const struct invocation *inv, char log[static LEDGER_NAME_MAX], struct export_wish *w)
{
	const char *from = cli_option(inv, "from"), *to = cli_option(inv, "to");
	const char *first = cli_option(inv, "from-index"), *last = cli_option(inv, "to-index");
	const char *format = cli_option(inv, "format");

	if ((cli_option(inv, "out") == NULL) == (cli_option(inv, "bundle") == NULL))
		return cli_usage(inv->command, "expected either --out DIR or --bundle FILE.tar"),
		       false;
	if (cli_option(inv, "act") != NULL && !cli_flag(inv, "with-names"))
		return cli_usage(inv->command, "expected --with-names with --act"), false;
	if ((from != NULL || to != NULL) && (first != NULL || last != NULL))
		return cli_usage(inv->command, "expected times or indexes, not both"), false;
	*w = (struct export_wish){ .tenant = cli_log_of(inv, log),
		.by_time = from != NULL || to != NULL,
		.by_index = first != NULL || last != NULL,
		.from_s = TEXT_TIME_FIRST_S,
		.to_s = TEXT_TIME_LAST_S,
		.from_index = first == NULL ? 0 : strtoull(first, NULL, 10),
		.to_index = last == NULL ? UINT64_MAX : strtoull(last, NULL, 10),
		.view = BUNDLE_ENTRIES,
		.names = cli_flag(inv, "with-names"),
		.act = cli_option(inv, "act"),
		.checkpoint = cli_option(inv, "checkpoint") };
	if ((from != NULL && !export_time(from, false, &w->from_s)) ||
	    (to != NULL && !export_time(to, true, &w->to_s)))
		return false; /* its kind was checked */
	if (w->from_s > w->to_s || w->from_index > w->to_index)
		return cli_usage(
			   inv->command, "expected a range that does not end before it begins"),
		       false;
	if (format != NULL && strcmp(format, "jsonl") != 0)
		w->view = strcmp(format, "csv") == 0 ? BUNDLE_CSV : BUNDLE_CEF;
	if (!inv->json && isatty(STDERR_FILENO) == 1)
		w->progress = show;
	began_us = told_us = clock_steady_us();
	return true;
}

/* --- where it goes ------------------------------------------------------------------------------
 */

/* A tar has another name until it is whole. */
struct place {
	char made[CREDENTIAL_PATH_MAX];
	const char *bundle; /* NULL: a folder is wanted */
};

static bool
place_open(const struct invocation *inv, struct place *p, struct bundle_out **ret, struct fault *f)
{
	const char *out = cli_option(inv, "out");
	uint8_t chance[4];
	char hex[2 * sizeof(chance) + 1];

	*p = (struct place){ .bundle = cli_option(inv, "bundle") };
	if (p->bundle == NULL)
		return credential_folder(out, f) && bundle_out_new(out, ret, f);
	if (access(p->bundle, F_OK) == 0)
		return fault_set(f, FAULT_CONFLICT,
		    "log: %s is there already, and is not overwritten; choose another name",
		    p->bundle);
	secret_nonce(chance, sizeof(chance));
	text_hex(chance, sizeof(chance), hex);
	if (snprintf(p->made, sizeof(p->made), "%s.%s", p->bundle, hex) >= (int)sizeof(p->made))
		return fault_set(f, FAULT_BADREQ, "log: the bundle's path is too long");
	return bundle_out_tar(p->made, ret, f);
}

/* One of that name is left alone. */
static bool
place_name(const struct place *p, struct fault *f)
{
	if (p->bundle == NULL)
		return true;
	if (link(p->made, p->bundle) != 0)
		return fault_errno(
		    f, errno == EEXIST ? FAULT_CONFLICT : FAULT_INTERNAL, "log: %s", p->bundle);
	return folder_sync_of(p->bundle, f);
}

/* --- the command --------------------------------------------------------------------------------
 */

/* What waits is asked for again with the act that permits it, word for word. */
static void
tell_waits(const struct invocation *inv, const struct json *answer)
{
	const char *id = json_text(answer, "id");

	if (inv->json) {
		cli_print_json(stdout, answer);
		return;
	}
	(void)cli_waits(answer);
	(void)printf("Then: this command again within a day, with --act ");
	cli_put_line(id == NULL ? "ID" : id);
}

static void
tell(const struct invocation *inv, struct json *answer, const struct export_done *d)
{
	const char *bundle = cli_option(inv, "bundle"),
		   *where = bundle != NULL ? bundle : cli_option(inv, "out");

	if (inv->json) {
		json_put_text(answer, bundle != NULL ? "bundle" : "out", where);
		json_put_number(answer, "size", (int64_t)d->size);
		json_put_number(answer, "from_index", (int64_t)d->from);
		json_put_number(answer, "to_index", (int64_t)d->to - 1);
		json_put_number(answer, "entries", (int64_t)(d->to - d->from));
		json_put_number(answer, "issued", (int64_t)d->certificates);
		json_put_number(answer, "revocations", (int64_t)d->revocations);
		json_put_number(answer, "outside", (int64_t)d->outside);
		if (cli_flag(inv, "with-names"))
			json_put_number(answer, "names", (int64_t)d->names);
		cli_print_json(stdout, answer);
		return;
	}
	(void)printf("%" PRIu64 " entries of %s are in %s", d->to - d->from,
	    cli_option(inv, "tenant"), where);
	if (d->to - d->from < d->size)
		(void)printf(": numbers %" PRIu64 " to %" PRIu64 " of %" PRIu64, d->from, d->to - 1,
		    d->size);
	(void)printf("; with them %" PRIu64 " certificates, %" PRIu64 " revocations",
	    d->certificates, d->revocations);
	if (cli_flag(inv, "with-names"))
		(void)printf(", %" PRIu64 " lines about whom they name", d->names);
	(void)printf(".\n");
	(void)printf(
	    "Next: quatrain log verify %s --root FILE, with a root certificate from a place that you trust\n",
	    where);
}

int
log_export_command(const struct invocation *inv)
{
	struct export_done done = { .from = 0 };
	struct bundle_out *out = NULL;
	struct client *client = NULL;
	struct json *answer = NULL;
	struct export_wish w;
	struct place p;
	char log[LEDGER_NAME_MAX];
	struct fault f;
	int status = CLI_OK;

	if (!read_wish(inv, log, &w))
		return CLI_USAGE;
	if (!place_open(inv, &p, &out, &f))
		return cli_refuse(inv, &f);
	if (!cli_open(inv, &client, &f) || !export_run(client, &w, out, &answer, &done, &f) ||
	    (!done.waits && !place_name(&p, &f)))
		status = cli_refuse(inv, &f);
	else if (done.waits)
		tell_waits(inv, answer);
	else
		tell(inv, answer, &done);
	bundle_out_free(out);
	if (p.bundle != NULL)
		(void)unlink(p.made);
	json_free(answer);
	client_close(client);
	return status;
}
