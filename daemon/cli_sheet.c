/*
 * daemon/cli_sheet.c - see cli_sheet.h.
 *
 * The list is checked whole before the first token is made. Each token is written
 * as soon as it is made; one that cannot be written is taken back. So at any
 * interruption the tokens that are good are those that stand in the output.
 */
#include "daemon/cli_sheet.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/cli_call.h"
#include "daemon/enrol_code.h"
#include "daemon/roster.h"
#include "daemon/sheet_out.h"

#define BAR 30 /* letters */

struct sheet {
	const struct invocation *inv;
	const char *tenant, *page; /* page: of the HTML, or NULL */
	char url[ENROL_CODE_URL_MAX];
	struct roster roster;
	bool *done; /* of each row of the roster: it stands in the output already */
	size_t made, kept;
	struct client *client;
	struct sheet_out out;
	bool shown; /* how far it is, on a terminal */
};

static volatile sig_atomic_t stopped;

static void
stop(int signal_number)
{
	(void)signal_number;
	stopped = 1;
}

/* The token under way is finished and written; a second signal ends us at once. */
static void
catch_signals(void)
{
	struct sigaction a = { .sa_handler = stop, .sa_flags = (int)SA_RESETHAND };

	(void)sigaction(SIGINT, &a, NULL);
	(void)sigaction(SIGTERM, &a, NULL);
}

static bool
read_list(struct sheet *s, struct fault *f)
{
	const char *profile = cli_option(s->inv, "profile"), *ttl = cli_option(s->inv, "ttl");
	const char *path = cli_option(s->inv, "csv");
	struct roster_row ours = { .device = "" };
	struct bytes text = { 0 };
	struct fault why;
	bool ok = true;

	if (ttl != NULL && !text_duration(ttl, &ours.ttl_s))
		return fault_set(f, FAULT_BADREQ, "sheet: ttl");
	(void)snprintf(
	    ours.profile, sizeof(ours.profile), "%s", profile == NULL ? "printer" : profile);
	if (!cli_read_file(path, ROSTER_OCTETS_MAX, &text, f))
		return false;
	if (!roster_parse(octets_bytes(&text), &ours, &s->roster, &why))
		ok = fault_set(f, why.code, "%.80s: %.170s", path, why.text);
	bytes_free(&text);
	if (ok && (s->done = calloc(s->roster.n, sizeof(*s->done))) == NULL)
		ok = fault_set(f, FAULT_INTERNAL, "sheet: out of memory");
	return ok;
}

/* Is the profile in force, and made for tokens? */
static bool
check_profile(const struct json *items, const struct roster_row *row, struct fault *f)
{
	for (size_t i = 0; i < json_count(items); i++) {
		const struct json *p = json_at(items, i), *ask = json_get(p, "ask");
		const char *name = json_text(p, "name");

		if (name == NULL || strcmp(name, row->profile) != 0)
			continue;
		for (size_t k = 0; k < json_count(ask); k++)
			if (json_as_text(json_at(ask, k)) != NULL &&
			    strcmp(json_as_text(json_at(ask, k)), "token") == 0)
				return true;
		return fault_set(f, FAULT_BADREQ, "sheet: line %zu: the profile %s takes no token",
		    row->line, row->profile);
	}
	return fault_set(f, FAULT_BADREQ,
	    "sheet: line %zu: there is no profile %s; quatrain profile list shows them", row->line,
	    row->profile);
}

static bool
check_profiles(struct sheet *s, struct fault *f)
{
	struct json *answer = NULL;
	const char *last = "";
	bool ok = true;

	if (!client_call(s->client, "GET", "/v1/profiles", NULL, &answer, f))
		return false;
	for (size_t i = 0; i < s->roster.n && ok; i++) {
		if (strcmp(last, s->roster.at[i].profile) != 0)
			ok = check_profile(json_get(answer, "items"), &s->roster.at[i], f);
		last = s->roster.at[i].profile;
	}
	json_free(answer);
	return ok;
}

/* Mark the devices that an output which is gone on with has. They come in the roster's order, so
 * the search begins behind the last. */
static bool
mark_done(struct sheet *s, struct fault *f)
{
	struct csv_row row;
	struct csv c;
	size_t at = 0;
	bool more;

	if (!sheet_out_rows(&s->out, &c, f))
		return false;
	for (;;) {
		if (!csv_next(&c, &row, &more, f))
			return false;
		if (!more)
			return true;
		for (size_t k = 0; k < s->roster.n; k++, at = (at + 1) % s->roster.n) {
			const struct roster_row *r = &s->roster.at[at];

			if (strcmp(r->device, row.cell[SHEET_DEVICE]) != 0 ||
			    strcmp(r->profile, row.cell[SHEET_PROFILE]) != 0)
				continue;
			s->kept += !s->done[at];
			s->done[at] = true;
			break;
		}
	}
}

static void
show(const struct sheet *s, size_t i)
{
	static const char bar[BAR + 1] = "##############################";
	size_t n = s->roster.n, full = n == 0 ? 0 : i * BAR / n;

	if (s->shown)
		(void)fprintf(stderr, "\r[%-*.*s] %zu of %zu%s", BAR, (int)full, bar, i, n,
		    i == n ? "\n" : "");
}

static bool
is_text(const char *s)
{
	if (s == NULL || *s == '\0')
		return false;
	for (; *s != '\0'; s++)
		if (*s <= ' ' || *s > '~')
			return false;
	return true;
}

/* Put the answer out. Its texts may come from anybody who stands in for the service. */
static bool
put_token(struct sheet *s, const struct roster_row *r, const struct json *answer, struct fault *f)
{
	const char *token = json_text(answer, "token"), *expires = json_text(answer, "expires");
	const char *id = json_text(answer, "id"), *key = json_text(answer, "key");
	const char *field[SHEET_COLUMNS];
	struct bytes code = { 0 };
	bool ok;

	if (!is_text(token) || !is_text(expires) || !is_text(id))
		return fault_set(f, FAULT_INTERNAL, "sheet: the answer holds no token");
	enrol_code_put(&code, s->url, token, key != NULL && strcmp(key, "rsa") == 0);
	bytes_put_u8(&code, 0);
	field[SHEET_DEVICE] = r->device;
	field[SHEET_PROFILE] = r->profile;
	field[SHEET_TOKEN] = token;
	field[SHEET_EXPIRES] = expires;
	field[SHEET_URL] = s->url;
	field[SHEET_ID] = id;
	field[SHEET_CODE] = (const char *)code.at;
	ok = bytes_ok(&code, f) && sheet_out_put(&s->out, field, f);
	bytes_free(&code);
	return ok;
}

/* A token that nobody was told is nobody's; it ends now. */
static void
take_back(struct sheet *s, const struct json *answer)
{
	const char *id = json_text(answer, "id");
	struct json *gone = NULL;
	char path[CLI_PATH_MAX];
	struct fault f;

	if (!is_text(id))
		return;
	(void)snprintf(path, sizeof(path), "/v1/tenants/%s/tokens/%s", s->tenant, id);
	if (!client_call(s->client, "DELETE", path, NULL, &gone, &f))
		(void)fprintf(stderr,
		    "quatrain: token %s was made, not written, and not taken back: %s\n", id,
		    f.text);
	json_free(gone);
}

static bool
make_one(struct sheet *s, const struct roster_row *r, struct fault *f)
{
	struct json *body = json_object(), *answer = NULL;
	char path[CLI_PATH_MAX];
	struct fault why;
	bool ok;

	json_put_text(body, "device", r->device);
	json_put_text(body, "profile", r->profile);
	if (r->ttl_s > 0)
		json_put_number(body, "ttl_s", r->ttl_s);
	(void)snprintf(path, sizeof(path), "/v1/tenants/%s/tokens", s->tenant);
	ok = client_call(s->client, "POST", path, body, &answer, &why);
	if (ok && !(ok = put_token(s, r, answer, &why)))
		take_back(s, answer);
	json_free(answer);
	json_free(body);
	return ok ||
	       fault_set(f, why.code, "sheet: line %zu, %s: %.160s", r->line, r->device, why.text);
}

static bool
make_all(struct sheet *s, struct fault *f)
{
	for (size_t i = 0; i < s->roster.n; i++) {
		show(s, i);
		if (s->done[i])
			continue;
		if (stopped != 0)
			return fault_set(f, FAULT_BUSY, "sheet: interrupted");
		if (!make_one(s, &s->roster.at[i], f))
			return false;
		s->made++;
	}
	show(s, s->roster.n);
	return true;
}

static bool
check_page(const struct sheet *s, struct fault *f)
{
	if (s->page == NULL || cli_flag(s->inv, "resume") || access(s->page, F_OK) != 0)
		return true;
	return fault_set(f, FAULT_CONFLICT,
	    "sheet: %s is there already, and is never overwritten but with --resume", s->page);
}

static void
tell(const struct sheet *s)
{
	const char *csv = cli_option(s->inv, "out-csv");
	FILE *to = csv == NULL ? stderr : stdout;
	struct json *j;

	if (s->inv->json && csv != NULL) {
		j = json_object();
		json_put_number(j, "made", (int64_t)s->made);
		json_put_number(j, "kept", (int64_t)s->kept);
		json_put_text(j, "csv", csv);
		if (s->page != NULL)
			json_put_text(j, "html", s->page);
		cli_print_json(stdout, j);
		json_free(j);
	}
	if (s->inv->json)
		return;
	(void)fprintf(to, "Tokens for %zu devices of tenant %s", s->made, s->tenant);
	if (s->kept > 0)
		(void)fprintf(to, "; %zu were made before", s->kept);
	(void)fprintf(to, ".%s%s%s%s\n", csv == NULL ? "" : " They stand in ",
	    csv == NULL ? "" : csv,
	    s->page == NULL ? ""
	    : csv == NULL   ? " The page is "
			    : ", and on the page ",
	    s->page == NULL ? "" : s->page);
	(void)fprintf(to,
	    "Next: print the page, hand each device its card, and delete the files: who reads them can enrol\n");
}

/* Say what stopped it, how far it came, and how to go on. */
static int
refuse(const struct sheet *s, const struct fault *f)
{
	char next[512];

	if (s->shown && s->made > 0)
		(void)fprintf(stderr, "\n");
	if (s->made == 0)
		return cli_refuse(s->inv, f);
	if (s->out.path != NULL)
		(void)snprintf(next, sizeof(next),
		    "%zu tokens stand in %.300s and are good; the same command with --resume makes the others",
		    s->out.rows, s->out.path);
	else
		(void)snprintf(next, sizeof(next),
		    "the %zu tokens that were printed are good; take their devices from the list, and run it again",
		    s->out.rows);
	return cli_refuse_next(s->inv, f, next);
}

static int
run(struct sheet *s)
{
	struct fault f, why;
	bool ok = make_all(s, &f);

	/* What was made is good, so it is on the page, even if that is not all. */
	if (s->page != NULL && s->out.rows > 0 &&
	    !sheet_out_page(&s->out, s->tenant, s->page, &why)) {
		if (ok)
			f = why;
		ok = false;
	}
	if (!ok)
		return refuse(s, &f);
	tell(s);
	return CLI_OK;
}

int
sheet_command(const struct invocation *inv)
{
	struct sheet s = { .inv = inv,
		.tenant = cli_option(inv, "tenant"),
		.page = cli_option(inv, "html"),
		.shown = !inv->json && isatty(STDERR_FILENO) == 1 };
	const char *csv = cli_option(inv, "out-csv");
	struct fault f;
	int status;

	token_service_url(inv, s.url, sizeof(s.url));
	catch_signals();
	if (read_list(&s, &f) && check_page(&s, &f) && cli_open(inv, &s.client, &f) &&
	    check_profiles(&s, &f) &&
	    sheet_out_open(csv, cli_flag(inv, "resume"), inv->json, &s.out, &f)) {
		if (mark_done(&s, &f))
			status = run(&s);
		else
			status = cli_refuse(inv, &f);
		sheet_out_close(&s.out);
	} else
		status = cli_refuse(inv, &f);
	client_close(s.client);
	roster_free(&s.roster);
	free(s.done);
	return status;
}
