/* tests/unit/cli.c - daemon/cli.h: words, options, refusals, exit codes; and the pages that tell of
 * them. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/secret.h"
#include "daemon/api.h"
#include "daemon/cli_table.h"
#include "tests/unit/capture.h"
#include "tests/unit/run.h"
#include "tests/unit/scratch.h"

static struct capture said;
static char folder[SCRATCH_PATH_MAX];

/* What the last init or serve was given. */
static struct {
	int runs;
	char domain[64], region[64], config[128];
	bool json, local;
} seen;

static int
note(const struct invocation *inv)
{
	const char *domain = cli_option(inv, "domain"), *region = cli_option(inv, "region");

	seen.runs++;
	(void)snprintf(seen.domain, sizeof(seen.domain), "%s", domain == NULL ? "" : domain);
	(void)snprintf(seen.region, sizeof(seen.region), "%s", region == NULL ? "" : region);
	(void)snprintf(
	    seen.config, sizeof(seen.config), "%s", inv->config == NULL ? "" : inv->config);
	seen.json = inv->json;
	seen.local = cli_flag(inv, "local");
	return CLI_OK;
}

/* These two are processes; here they only tell what they were given. */
int
init_command(const struct invocation *inv)
{
	return note(inv);
}

int
serve_command(const struct invocation *inv)
{
	return note(inv);
}

static void
setup(void)
{
	struct fault f;

	ck_assert(secret_start(&f));
	scratch_new(folder);
	ck_assert_int_eq(chdir(folder), 0);
	memset(&seen, 0, sizeof(seen));
}

static void
teardown(void)
{
	ck_assert_int_eq(chdir("/"), 0);
	scratch_free(folder);
}

/* argv ends with this status; standard error holds why. */
static void
ends(int status, const char *why, const char *const *argv)
{
	capture_run(&said, argv);
	ck_assert_msg(said.status == status, "%d: %s%s", said.status, said.out, said.err);
	ck_assert_msg(strstr(said.err, why) != NULL, "expected \"%s\" in: %s", why, said.err);
	ck_assert_str_eq(said.out, "");
}

#define WRONG(why, ...) ends(CLI_USAGE, why, ARGS(__VA_ARGS__))

START_TEST(wrong_words)
{
	WRONG("expected a command, found \"frob\"", "frob");
	WRONG("one of create, list, show", "tenant");
	WRONG("one of create, list, show, suspend, resume, rollover, found \"frob\"", "tenant",
	    "frob");
	WRONG("expected NAME", "tenant", "create");
	WRONG("expected no more words, found \"b\"", "tenant", "create", "a", "b");
	WRONG("expected no more words, found \"now\"", "version", "now");
	WRONG("expected SERIAL", "cert", "show", "--tenant", "a");
	WRONG("32 hex digits, found \"12\"", "cert", "show", "12", "--tenant", "a");
	WRONG("32 hex digits", "cert", "revoke", "../../../../../../../../../../../", "--tenant",
	    "a");
	WRONG("too many words", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13",
	    "14", "15", "16", "17", "18", "19", "20", "21", "22", "23", "24", "25", "26", "27");
	WRONG("expected no more words, found \"g\"", "tenant", "list", "g");
	WRONG("letters, digits", "token", "revoke", "a/b", "--tenant", "a");
	WRONG("found \"A\"", "tenant", "create", "A");
	WRONG("found \"a/../b\"", "tenant", "show", "a/../b");
	WRONG("expected a path", "log", "verify", "", "--root", "r");
	WRONG("expected FILE, or --tenant T", "chain", "audit");
	WRONG("expected FILE, or --tenant T", "chain", "audit", "f", "--tenant", "acme");
	WRONG("--root without --url is for a FILE", "chain", "audit", "--tenant", "acme", "--root",
	    "r");
	WRONG("expected no more words", "chain", "audit", "f", "g");
	capture_run(&said, (const char *const[]){ NULL });
	ck_assert_int_eq(said.status, CLI_USAGE);
	ck_assert_ptr_nonnull(strstr(said.err, "expected a command"));
}
END_TEST

START_TEST(wrong_options)
{
	WRONG("unknown option --frob", "tenant", "list", "--frob");
	WRONG("unknown option -x", "tenant", "list", "-x");
	WRONG("unknown option --role", "tenant", "list", "--role", "officer");
	WRONG("--json: expected no value", "tenant", "list", "--json=yes");
	WRONG("--tenant: expected T, found nothing", "cert", "list", "--tenant");
	WRONG("--tenant: expected a name", "cert", "list", "--tenant=");
	WRONG("found \"--json\"", "cert", "list", "--tenant", "--json");
	WRONG("--tenant: expected once", "cert", "list", "--tenant", "a", "--tenant=b");
	WRONG("expected --tenant T", "cert", "list");
	WRONG("expected --role ROLE", "operator", "add", "al", "--out", "d");
	WRONG("officer|registrar|auditor, found \"off\"", "operator", "add", "al", "--out", "d",
	    "--role", "off");
	WRONG("found \"officer|\"", "operator", "add", "al", "--out", "d", "--role", "officer|");
	WRONG("--status", "cert", "list", "--tenant", "a", "--status", "fine");
	WRONG("--device", "cert", "list", "--tenant", "a", "--device", "a&status=good");
	WRONG("--ttl: expected a duration", "token", "create", "--tenant", "a", "--device", "b",
	    "--ttl", "soon");
	WRONG("60s to 30d, found \"59s\"", "token", "create", "--tenant", "a", "--device", "b",
	    "--ttl", "59s");
	WRONG("60s to 30d, found \"31d\"", "token", "create", "--tenant", "a", "--device", "b",
	    "--ttl", "31d");
	WRONG("0 to 65535", "serve", "--ready-fd", "65536");
	WRONG("0 to 65535", "serve", "--ready-fd", "-1");
	WRONG("0 to 65535", "serve", "--ready-fd", "3x");
	WRONG("--domain", "init", "--domain", "Example.org");
	WRONG("--org: expected 1 to 512 printable", "init", "--org", "a\033[2J");
	WRONG("--reason", "cert", "revoke", "0123456789abcdef0123456789abcdef", "--tenant", "a",
	    "--reason", "bored");
}
END_TEST

START_TEST(wrong_remote)
{
	WRONG("--url needs --cert FILE", "tenant", "list", "--url", "https://h");
	WRONG("--url needs --key FILE", "tenant", "list", "--url", "https://h", "--cert", "c");
	WRONG("--url needs --root FILE", "tenant", "list", "--url", "https://h", "--cert", "c",
	    "--key", "k");
	WRONG("--cert is of use only with --url", "tenant", "list", "--cert", "c");
	WRONG("--root is of use only with --url", "tenant", "list", "--root", "c");
	WRONG("--url: expected https://", "tenant", "list", "--url", "http://h");
	WRONG("--url: expected https://", "tenant", "list", "--url", "https:///");
	WRONG("unknown option --cert", "log", "verify", "d", "--root", "r", "--cert", "c");
}
END_TEST

START_TEST(wrong_enroll)
{
	WRONG("expected --url URL", "enroll", "--out", "d", "--token", "t");
	WRONG("expected --out DIR", "enroll", "--url", "https://h", "--token", "t");
	WRONG("one of --token T, --token-file FILE, --code CODE", "enroll", "--url", "https://h",
	    "--out", "d");
	WRONG("one of --token T", "enroll", "--url", "https://h", "--out", "d", "--token", "t",
	    "--renew");
	WRONG("one of --token T", "enroll", "--url", "https://h", "--out", "d", "--token", "t",
	    "--token-file", "f");
	WRONG("--new-key is of use only with --renew", "enroll", "--url", "https://h", "--out", "d",
	    "--token", "t", "--new-key");
	WRONG("--device is of no use", "enroll", "--url", "https://h", "--out", "d", "--renew",
	    "--device", "x");
}
END_TEST

/* A usage error says how it is right, and where to read on. */
START_TEST(usage_is_shown)
{
	WRONG("Usage: quatrain log verify FILE... [--root FILE] [--key FILE] [--serial SERIAL]\n"
	      "Try: quatrain log verify --help\n",
	    "log", "verify");
	WRONG("Try: quatrain --help\n", "frob");
	WRONG("[--name DOMAIN]...", "tenant", "create");
}
END_TEST

#define REFUSED(why, ...) ends(CLI_REFUSED, why, ARGS(__VA_ARGS__))

START_TEST(refusals)
{
	REFUSED("holds no authority yet; make one with quatrain init", "tenant", "list");
	REFUSED("holds no root certificate", "operator", "add", "al", "--role", "officer", "--out",
	    "d");
	REFUSED("nowhere.yaml", "tenant", "list", "--config", "nowhere.yaml");
	REFUSED("nowhere.yaml", "version", "--config=nowhere.yaml");
	REFUSED("No such file", "log", "verify", "nowhere", "--root", "nowhere.pem");
	REFUSED("--renew needs the folder of an enrolment", "enroll", "--url", "https://h", "--out",
	    "d", "--renew");
	REFUSED("secret: cannot open nowhere", "enroll", "--url", "https://h", "--out", "d",
	    "--token-file", "nowhere");
	REFUSED("which tenant?", "enroll", "--url", "https://h", "--out", "d", "--token",
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	REFUSED("which device?", "enroll", "--url", "https://h", "--out", "d", "--tenant", "t",
	    "--token", "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	REFUSED("nothing says which service to trust", "enroll", "--url", "https://h", "--out", "d",
	    "--tenant", "t", "--device", "x", "--token", "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	ck_assert_ptr_nonnull(strstr(said.err, "Next: get the root certificate"));
	/* Nothing was asked and nothing promised: no key yet. */
	ck_assert_int_ne(access("d/key.pem", F_OK), 0);
}
END_TEST

/* A damaged token is refused without being repeated. */
START_TEST(tokens_are_not_repeated)
{
	REFUSED("token: expected SECRET", "enroll", "--url", "https://h", "--out", "d", "--token",
	    "hunter2");
	ck_assert_ptr_null(strstr(said.err, "hunter2"));
	REFUSED("token: its ROOT", "enroll", "--url", "https://h", "--out", "d", "--token",
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ.ABCDEFGHIJKLMNOPQRSTUVWXY.acme.hp");
	ck_assert_ptr_null(strstr(said.err, "ABCDEFGHIJ"));
	REFUSED("the token is of tenant acme, not of other", "enroll", "--url", "https://h",
	    "--out", "d", "--tenant", "other", "--token",
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ.ABCDEFGHIJKLMNOPQRSTUVWXYZ.acme.hp");
	REFUSED("the token is of device hp, not of lx", "enroll", "--url", "https://h", "--out",
	    "d", "--device", "lx", "--token",
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ.ABCDEFGHIJKLMNOPQRSTUVWXYZ.acme.hp");
	ck_assert_ptr_null(strstr(said.err, "ABCDEFGHIJ"));
}
END_TEST

START_TEST(refusal_in_json)
{
	struct json *j = NULL;
	struct fault f;

	REFUSED("{", "--json", "tenant", "list");
	ck_assert_ptr_eq(strchr(said.err, '\n'), said.err + strlen(said.err) - 1);
	ck_assert(json_parse(octets_of(said.err, strlen(said.err) - 1), &j, &f));
	ck_assert_str_eq(json_text(j, "title"), "not found");
	ck_assert_ptr_nonnull(strstr(json_text(j, "detail"), "no authority"));
	json_free(j);
}
END_TEST

static void
runs(const char *domain, const char *region, const char *const *argv)
{
	capture_run(&said, argv);
	ck_assert_msg(said.status == CLI_OK, "%s", said.err);
	ck_assert_int_eq(seen.runs, 1);
	ck_assert_str_eq(seen.domain, domain);
	ck_assert_str_eq(seen.region, region);
	seen.runs = 0;
}

START_TEST(options_stand_anywhere)
{
	runs("", "", ARGS("init"));
	ck_assert(!seen.json && !seen.local);
	runs("a.example", "b", ARGS("init", "--domain", "a.example", "--region", "b"));
	runs("a.example", "b", ARGS("--domain", "a.example", "--region=b", "init"));
	runs("a.example", "b", ARGS("--domain=a.example", "init", "--json", "--region", "b"));
	ck_assert(seen.json);
	runs("", "", ARGS("--json", "--local", "serve"));
	ck_assert(seen.json && seen.local);
	runs("a.example", "", ARGS("--domain", "a.example", "--", "init"));
	WRONG("found \"--json\"", "init", "--", "--json");
	/* The value of one option is not taken for another. */
	runs("", "", ARGS("init", "--offline-root", "--domain"));
}
END_TEST

START_TEST(configuration_is_read)
{
	FILE *to = fopen("c.yaml", "w");

	ck_assert_ptr_nonnull(to);
	ck_assert_int_ge(fputs("region: platform\n", to), 0);
	ck_assert_int_eq(fclose(to), 0);
	REFUSED("c.yaml: region", "init", "--config", "c.yaml");
	REFUSED("c.yaml: region", "version", "--config", "c.yaml");
	ck_assert_int_eq(seen.runs, 0);
	/* What needs no configuration is not stopped by one that is not named. */
	ck_assert_int_eq(rename("c.yaml", "quatrain.yaml"), 0);
	REFUSED("quatrain.yaml: region", "init");
	capture_run(&said, ARGS("version"));
	ck_assert_int_eq(said.status, CLI_OK);
}
END_TEST

START_TEST(help)
{
	capture_run(&said, ARGS("--help"));
	ck_assert_int_eq(said.status, CLI_OK);
	for (size_t i = 0; i < cli_commands_n; i++)
		ck_assert_ptr_nonnull(strstr(said.out, cli_commands[i].brief));
	capture_run(&said, ARGS("help"));
	ck_assert_int_eq(said.status, CLI_OK);
	ck_assert_ptr_nonnull(strstr(said.out, "log verify"));
	capture_run(&said, ARGS("token", "--help"));
	ck_assert_int_eq(said.status, CLI_OK);
	ck_assert_ptr_nonnull(strstr(said.out, "token revoke"));
	ck_assert_ptr_null(strstr(said.out, "log verify"));
	capture_run(&said, ARGS("-h", "token", "create"));
	ck_assert_int_eq(said.status, CLI_OK);
	WRONG("expected a command, found \"frob\"", "frob", "--help");
	WRONG("found \"frob\"", "help", "token", "frob");
	WRONG("found \"frob\"", "token", "frob", "--help");
	capture_run(&said, ARGS("help", "token", "create"));
	ck_assert_int_eq(said.status, CLI_OK);
	ck_assert_ptr_nonnull(strstr(said.out, "--profile P"));
}
END_TEST

/* Each command's help tells of each of its options, within 80 columns and without spaces at line
 * ends. */
START_TEST(help_is_whole)
{
	for (size_t i = 0; i < cli_commands_n; i++) {
		const struct command *c = &cli_commands[i];
		const struct cli_param *p;
		char option[64];

		capture_run(&said,
		    ARGS(c->words[0], c->words[1] == NULL ? "--help" : c->words[1], "--help"));
		ck_assert_int_eq(said.status, CLI_OK);
		ck_assert_ptr_nonnull(strstr(said.out, "Next: "));
		for (size_t k = 0; (p = cli_param_at(c, k)) != NULL; k++) {
			(void)snprintf(option, sizeof(option), "\n  --%s", p->name);
			ck_assert_msg(
			    strstr(said.out, option) != NULL, "%s: %s", c->brief, p->name);
		}
		ck_assert_ptr_null(strstr(said.out, " \n"));
		/* The synopsis is one line however long; all behind it is wrapped. */
		for (const char *s = strchr(said.out, '\n'); s != NULL && *++s != '\0';
		     s = strchr(s, '\n'))
			ck_assert_uint_le(strcspn(s, "\n"), 79);
	}
}
END_TEST

START_TEST(version)
{
	struct json *j = NULL;
	struct fault f;

	capture_run(&said, ARGS("--version"));
	ck_assert_int_eq(said.status, CLI_OK);
	ck_assert_int_eq(
	    strncmp(said.out, "quatrain " QUATRAIN_VERSION " ", 10 + strlen(QUATRAIN_VERSION)), 0);
	capture_run(&said, ARGS("version", "--json"));
	ck_assert(json_parse(octets_of(said.out, strlen(said.out) - 1), &j, &f));
	ck_assert_str_eq(json_text(j, "version"), QUATRAIN_VERSION);
	json_free(j);
}
END_TEST

/* An option has a value in all commands or in none: else a line could not be read before its
 * command is known. */
START_TEST(table_is_consistent)
{
	const struct cli_param *p;

	for (size_t i = 0; i < cli_commands_n; i++) {
		const struct command *c = &cli_commands[i];

		ck_assert(c->run != NULL && c->brief != NULL && c->help != NULL && c->next != NULL);
		for (size_t k = 0; (p = cli_param_at(c, k)) != NULL; k++) {
			const struct cli_param *any =
			    cli_param_find(NULL, p->name, strlen(p->name));

			ck_assert_msg(
			    (p->kind == CLI_FLAG) == (any->kind == CLI_FLAG), "%s", p->name);
			ck_assert_msg((p->kind == CLI_FLAG) == (p->shown == NULL), "%s", p->name);
			ck_assert_msg((p->kind == CLI_CHOICE) == (p->more != NULL), "%s", p->name);
			ck_assert_msg(
			    cli_param_find(c, p->name, strlen(p->name)) == p, "%s: twice", p->name);
		}
	}
}
END_TEST

static char *
slurp(const char *path)
{
	static char text[65536];
	FILE *from = fopen(path, "r");
	size_t n;

	ck_assert_msg(from != NULL, "%s", path);
	n = fread(text, 1, sizeof(text) - 1, from);
	text[n] = '\0';
	(void)fclose(from);
	return text;
}

/* Does the option stand between at and end, as itself and not as the beginning of another? */
static bool
tells_option(const char *at, const char *end, const char *mark, const char *name)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%s%s", mark, name);
	while ((at = strstr(at, text)) != NULL && at < end) {
		at += strlen(text);
		if (strchr(" \n]`", *at) != NULL)
			return true;
	}
	return false;
}

/* The files that are shipped are a set; what is wrong elsewhere is said with its line. */
START_TEST(profiles_are_tried)
{
	static const char dir[] = QUATRAIN_SOURCE_DIR "/conf/profiles";

	capture_run(&said, ARGS("profile", "check", dir));
	ck_assert_msg(said.status == CLI_OK, "%s", said.err);
	ck_assert_ptr_nonnull(strstr(said.out, "7 profiles, all good."));
	ck_assert_ptr_nonnull(strstr(said.out, "Next: "));
	capture_run(&said, ARGS("profile", "check", dir, "--json"));
	ck_assert_str_eq(said.out, "{\"profiles\":7}\n");
	capture_run(&said, ARGS("profile", "check", QUATRAIN_SOURCE_DIR "/conf/profiles/phone.yaml",
			       QUATRAIN_SOURCE_DIR "/conf/profiles/printer.yaml"));
	ck_assert_ptr_nonnull(strstr(said.out, "2 profiles, all good."));
	ends(CLI_REFUSED, "printer.yaml:10: name: expected a name that no other file has",
	    ARGS("profile", "check", dir, QUATRAIN_SOURCE_DIR "/conf/profiles/printer.yaml"));
	ends(CLI_REFUSED,
	    "quatrain.yaml:", ARGS("profile", "check", QUATRAIN_SOURCE_DIR "/conf/quatrain.yaml"));
	ends(CLI_REFUSED, "cannot be read", ARGS("profile", "check", "/nonexistent"));
	WRONG("expected FILE", "profile", "check");
}
END_TEST

/* The two examples that are shipped would be loaded, and each of their tests passes by name. */
START_TEST(policies_are_tried)
{
	static const char dir[] = QUATRAIN_SOURCE_DIR "/conf/policy";
	static const char rail[] = QUATRAIN_SOURCE_DIR "/conf/policy/eu-guardrail.yaml";

	capture_run(&said, ARGS("policy", "check", dir));
	ck_assert_msg(said.status == CLI_OK, "%s", said.err);
	ck_assert_ptr_nonnull(
	    strstr(said.out, "2 documents: 0 problems, 0 warnings; 14 of 14 tests"));
	ck_assert_ptr_nonnull(strstr(said.out, "Next: "));
	capture_run(&said, ARGS("policy", "test", dir));
	ck_assert_msg(said.status == CLI_OK, "%s", said.err);
	ck_assert_ptr_nonnull(strstr(said.out, "\n14 passed, 0 failed\n"));
	capture_run(&said, ARGS("policy", "test", rail, "--run", "swapped key"));
	ck_assert_ptr_nonnull(strstr(said.out, "\n1 passed, 0 failed\n"));
	capture_run(&said, ARGS("policy", "diff", rail, rail));
	ck_assert_int_eq(said.status, CLI_OK);
	ck_assert_ptr_nonnull(strstr(said.out, "the same in meaning\n"));
	ends(CLI_REFUSED, "no test has a name with",
	    ARGS("policy", "test", dir, "--run", "none so"));
	capture_run(
	    &said, ARGS("policy", "check", QUATRAIN_SOURCE_DIR "/conf/profiles/printer.yaml", rail,
		       "/nonexistent"));
	ck_assert_int_eq(said.status, CLI_REFUSED);
	ck_assert_ptr_nonnull(strstr(said.err, "printer.yaml:"));
	ck_assert_ptr_nonnull(strstr(said.err, "/nonexistent"));
	ck_assert_ptr_nonnull(strstr(said.out, "1 document: 2 problems"));
	ends(CLI_REFUSED, "no *.yaml", ARGS("policy", "check", QUATRAIN_SOURCE_DIR "/docs/man"));
	WRONG("expected FILE", "policy", "check");
	WRONG("--input", "policy", "explain", rail);
	WRONG("OLD and NEW", "policy", "diff", rail);
	WRONG("--replay with it", "policy", "diff", rail, rail, "--old", rail);
	WRONG("--policy", "policy", "replay", rail);
}
END_TEST

START_TEST(manual_is_the_table)
{
	const char *text = slurp(QUATRAIN_SOURCE_DIR "/docs/man/quatrain.1");
	const char *end = text + strlen(text);
	const struct cli_params *shared[] = { &cli_common, &cli_remote };

	for (size_t i = 0; i < cli_commands_n; i++) {
		const struct command *c = &cli_commands[i];
		char title[64];
		const char *at, *stop;

		(void)snprintf(title, sizeof(title), "\n.Ss %s%s%s\n", c->words[0],
		    c->words[1] == NULL ? "" : " ", c->words[1] == NULL ? "" : c->words[1]);
		ck_assert_msg((at = strstr(text, title)) != NULL, "quatrain.1 lacks%s", title);
		stop = strstr(at + 1, "\n.S");
		for (size_t k = 0; k < c->options.n; k++)
			ck_assert_msg(tells_option(at, stop, ".It Fl -", c->options.at[k].name),
			    "quatrain.1: %s lacks --%s", title, c->options.at[k].name);
	}
	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < shared[i]->n; k++)
			ck_assert_msg(tells_option(text, end, ".It Fl -", shared[i]->at[k].name),
			    "quatrain.1 lacks --%s", shared[i]->at[k].name);
}
END_TEST

/* docs/cli.md: every command is a span of code, or several, that name its options. */
START_TEST(page_is_the_table)
{
	const char *text = slurp(QUATRAIN_SOURCE_DIR "/docs/cli.md");

	for (size_t i = 0; i < cli_commands_n; i++) {
		const struct command *c = &cli_commands[i];
		char begin[64];
		size_t spans = 0, found = 0;

		(void)snprintf(begin, sizeof(begin), "`%s%s%s", c->words[0],
		    c->words[1] == NULL ? "" : " ", c->words[1] == NULL ? "" : c->words[1]);
		for (const char *at = strstr(text, begin); at != NULL; at = strstr(at + 1, begin))
			spans++;
		ck_assert_msg(spans > 0, "docs/cli.md lacks %s`", begin);
		for (size_t k = 0; k < c->options.n; k++)
			for (const char *at = strstr(text, begin); at != NULL;
			     at = strstr(at + 1, begin))
				if (tells_option(
					at, strchr(at + 1, '`') + 1, "--", c->options.at[k].name)) {
					found++;
					break;
				}
		ck_assert_msg(found == c->options.n, "docs/cli.md: %s` lacks an option", begin);
	}
}
END_TEST

/* The line of docs/cli.md that says what a command calls. */
static const char *
calls_line(const char *text, const struct command *c, char to[static 1024])
{
	const char *at = strstr(text, "\n## What each command calls\n"), *stop;
	char name[64];

	ck_assert_ptr_nonnull(at);
	stop = strstr(at + 1, "\n## ");
	(void)snprintf(name, sizeof(name), "`%s%s%s`", c->words[0], c->words[1] == NULL ? "" : " ",
	    c->words[1] == NULL ? "" : c->words[1]);
	at = strstr(at, name);
	ck_assert_msg(at != NULL && at < stop, "docs/cli.md does not say what %s calls", name);
	(void)snprintf(to, 1024, "%.*s", (int)strcspn(at, "\n"), at);
	return to;
}

static bool
is_route(const char *method, const char *path)
{
	const struct api_route *r;

	for (size_t i = 0; (r = api_route(i)) != NULL; i++)
		if (strcmp(r->method, method) == 0 && strcmp(r->path, path) == 0)
			return true;
	return false;
}

/* Whatever has --url has a route, and every route that the page names there is one. */
START_TEST(commands_go_through_the_api)
{
	const char *text = slurp(QUATRAIN_SOURCE_DIR "/docs/cli.md");
	char line[1024], method[8], path[128];

	for (size_t i = 0; i < cli_commands_n; i++) {
		const struct command *c = &cli_commands[i];
		size_t n = 0;

		(void)calls_line(text, c, line);
		for (const char *at = strchr(line, '|'); at != NULL; at = strchr(at + 1, '`'))
			if (sscanf(at, "`%7[A-Z] %127[^`]`", method, path) == 2) {
				ck_assert_msg(is_route(method, path), "%s: no route", line);
				n++;
			}
		if ((c->how & CLI_CALLS) != 0)
			ck_assert_msg(n > 0, "%s: no route is named", line);
		else if (n == 0)
			ck_assert_msg(strstr(line, "| none: ") != NULL, "%s", line);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cli");
	TCase *t = tcase_create("cli");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, wrong_words);
	tcase_add_test(t, wrong_options);
	tcase_add_test(t, wrong_remote);
	tcase_add_test(t, wrong_enroll);
	tcase_add_test(t, usage_is_shown);
	tcase_add_test(t, refusals);
	tcase_add_test(t, tokens_are_not_repeated);
	tcase_add_test(t, refusal_in_json);
	tcase_add_test(t, options_stand_anywhere);
	tcase_add_test(t, configuration_is_read);
	tcase_add_test(t, help);
	tcase_add_test(t, help_is_whole);
	tcase_add_test(t, version);
	tcase_add_test(t, table_is_consistent);
	tcase_add_test(t, profiles_are_tried);
	tcase_add_test(t, policies_are_tried);
	tcase_add_test(t, manual_is_the_table);
	tcase_add_test(t, page_is_the_table);
	tcase_add_test(t, commands_go_through_the_api);
	suite_add_tcase(s, t);
	return run_suite(s);
}
