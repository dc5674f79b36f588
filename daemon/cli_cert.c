/* daemon/cli_cert.c - cert list, show, revoke. */
#include <string.h>

#include "base/text.h"
#include "daemon/cli_bulk.h"
#include "daemon/cli_level.h"

static const struct cli_column facts[] = {
	{ "serial", "serial", 0 },
	{ "name", "name", 0 },
	{ "kind", "kind", 0 },
	{ "profile", "profile", 0 },
	{ "status", "status", 0 },
	{ "weighed", "beneath its CAs", 0 },
	{ "not_before", "begins", 0 },
	{ "not_after", "ends", 0 },
	{ "reason", "reason", 0 },
	{ "revoked_at", "revoked", 0 },
	{ "held_at", "held", 0 },
	{ "enroller", "enroller", 0 },
	{ "how", "how", 0 },
	{ "evidence", "evidence", 0 },
	{ "added_at", "added", 0 },
	{ "assurance_word", "assurance", 0 },
	{ "log_index", "log index", 0 },
	/* the entry that issued it, and the hash by which the tree knows that */
	{ "issued_index", "log entry", 0 },
	{ "leaf_hash", "leaf hash", 0 },
};
#define FACTS_N (sizeof(facts) / sizeof(facts[0]))

static void
tell_shown(const struct invocation *inv, const struct json *answer)
{
	(void)inv;
	cli_print_facts(answer, facts, FACTS_N);
	if (json_text(answer, "entry") != NULL)
		cli_put_line(json_text(answer, "entry"));
	cli_print_pem(answer, "certificate");
}

/* The API spells serials in lower case; openssl prints them in upper. */
void
cli_serial_path(const struct invocation *inv, const char *behind, char to[static CLI_PATH_MAX])
{
	char serial[40];
	size_t n = 0;

	for (const char *s = inv->words[0]; *s != '\0' && n + 1 < sizeof(serial); s++)
		serial[n++] = *s >= 'A' && *s <= 'F' ? (char)(*s - 'A' + 'a') : *s;
	serial[n] = '\0';
	(void)snprintf(to, CLI_PATH_MAX, "/v1/tenants/%s/certificates/%s%s",
	    cli_option(inv, "tenant"), serial, behind);
}

/* Text may go to a terminal; DER is for other programs, octet for octet. */
static bool
put_out(const struct bytes *octets, bool raw)
{
	for (size_t i = 0; !raw && i < octets->n; i++)
		if ((octets->at[i] < ' ' && octets->at[i] != '\n') || octets->at[i] > '~')
			octets->at[i] = '?';
	return fwrite(octets->at, 1, octets->n, stdout) == octets->n && fflush(stdout) == 0;
}

/* As it is, for other programs. */
static int
show_form(const struct invocation *inv, const char *form, const char *path)
{
	static const struct {
		const char *form, *type;
	} forms[] = { { "pem", "application/pem-certificate-chain" },
		{ "der", "application/pkix-cert" }, { "text", "text/plain" } };
	struct bytes octets = { 0 };
	struct client *c = NULL;
	struct fault f;
	int status = CLI_OK;
	size_t i = 0;

	while (i < 2 && strcmp(form, forms[i].form) != 0)
		i++;
	if (!cli_open(inv, &c, &f) || !client_get(c, path, forms[i].type, &octets, &f))
		status = cli_refuse(inv, &f);
	else if (!put_out(&octets, strcmp(form, "der") == 0)) {
		fault_errno(&f, FAULT_INTERNAL, "cert: standard output");
		status = cli_refuse(inv, &f);
	}
	bytes_free(&octets);
	client_close(c);
	return status;
}

int
cert_show_command(const struct invocation *inv)
{
	const char *form = cli_option(inv, "form");
	char path[CLI_PATH_MAX], behind[16] = "";

	if (form != NULL && inv->json)
		return cli_usage(inv->command, "--form and --json exclude each other");
	if (form != NULL)
		(void)snprintf(behind, sizeof(behind), "?form=%s", form);
	cli_serial_path(inv, behind, path);
	return form == NULL ? cli_call(inv, "GET", path, NULL, tell_shown)
			    : show_form(inv, form, path);
}

static void
tell_revoked(const struct invocation *inv, const struct json *answer)
{
	const struct json *same_key = json_get(answer, "same_key");

	(void)printf("The certificate is revoked; OCSP says so from now on.\n");
	cli_print_facts(answer, facts, FACTS_N);
	for (size_t i = 0; i < json_count(same_key); i++) {
		const char *serial = json_as_text(json_at(same_key, i));

		(void)printf("With the same key, and revoked too: ");
		cli_put_line(serial == NULL ? "?" : serial);
	}
	if (cli_option(inv, "confirm") == NULL) {
		(void)printf(
		    "Next: quatrain token create --tenant %s --device NAME, where the device shall come back\n",
		    cli_option(inv, "tenant"));
		return;
	}
	(void)printf("With it ended:\n");
	cli_put_radius(answer);
	(void)printf("Next: quatrain tenant list\n");
}

/* The end of a CA is refused at first: what goes with it, and the command that means it. */
static int
ask_to_confirm(const struct invocation *inv, const struct json *problem, const struct fault *f)
{
	const char *name = json_text(problem, "confirm"), *reason = cli_option(inv, "reason");
	char next[CLI_PATH_MAX];

	if (!inv->json) {
		(void)printf("With this CA end, for good:\n");
		cli_put_radius(problem);
		(void)fflush(stdout);
	}
	(void)snprintf(next, sizeof(next),
	    "if that is meant: quatrain cert revoke --tenant %s %s%s%s --confirm %s",
	    cli_option(inv, "tenant"), inv->words[0], reason == NULL ? "" : " --reason ",
	    reason == NULL ? "" : reason, text_is_label(name) ? name : "NAME");
	return cli_refuse_next(inv, f, next);
}

static int
revoke_one(const struct invocation *inv)
{
	const char *reason = cli_option(inv, "reason"), *confirm = cli_option(inv, "confirm");
	struct json *body = json_object(), *answer = NULL;
	struct client *c = NULL;
	char path[CLI_PATH_MAX];
	struct fault f;
	int status = CLI_OK;

	if (reason != NULL)
		json_put_text(body, "reason", reason);
	if (confirm != NULL)
		json_put_text(body, "confirm", confirm);
	cli_serial_path(inv, "/revoke", path);
	if (!cli_open(inv, &c, &f))
		status = cli_refuse(inv, &f);
	else if (!client_call(c, "POST", path, body, &answer, &f))
		status = json_text(client_problem(c), "confirm") == NULL
			     ? cli_refuse(inv, &f)
			     : ask_to_confirm(inv, client_problem(c), &f);
	else if (inv->json)
		cli_print_json(stdout, answer);
	else
		tell_revoked(inv, answer);
	json_free(answer);
	json_free(body);
	client_close(c);
	return status;
}

int
cert_revoke_command(const struct invocation *inv)
{
	return inv->words_n == 0 || cli_bulk_wanted(inv) ? cli_bulk_run(inv) : revoke_one(inv);
}
