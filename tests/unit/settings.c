/* tests/unit/settings.c - daemon/settings.h keeps its promises, and the reference file is the
 * table. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/settings.h"
#include "tests/unit/run.h"
#include "tests/unit/scratch.h"

static char folder[SCRATCH_PATH_MAX], file[SCRATCH_PATH_MAX + 32];

static void
setup(void)
{
	scratch_new(folder);
	scratch_path(folder, "quatrain.yaml", file, sizeof(file));
	ck_assert_int_eq(chdir(folder), 0);
}

static void
teardown(void)
{
	ck_assert_int_eq(chdir("/"), 0);
	scratch_free(folder);
}

static void
put(const char *yaml)
{
	FILE *to = fopen(file, "w");

	ck_assert_ptr_nonnull(to);
	ck_assert_int_ge(fputs(yaml, to), 0);
	ck_assert_int_eq(fclose(to), 0);
}

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

/* The file is refused, for a reason that holds why, and nothing is left in the caller's struct. */
static void
refused(const char *yaml, const char *why)
{
	struct settings s = { .edges = 77 };
	struct fault f = { 0 };

	put(yaml);
	ck_assert_msg(!settings_load(file, &s, &f), "%s", yaml);
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert_msg(strstr(f.text, why) != NULL, "%s", f.text);
	ck_assert_msg(strstr(f.text, "quatrain.yaml") != NULL, "%s", f.text);
	ck_assert_int_eq(s.edges, 77);
}

START_TEST(defaults)
{
	struct settings s;
	struct fault f;

	ck_assert_msg(settings_load(NULL, &s, &f), "%s", f.text);
	ck_assert_str_eq(s.data, "./data");
	ck_assert_str_eq(s.domain, "example.org");
	ck_assert_str_eq(s.region, "eu");
	ck_assert_str_eq(s.org, "example.org");
	ck_assert_str_eq(s.listen_public, "127.0.0.1:8080");
	ck_assert_str_eq(s.listen_secure, "127.0.0.1:8443");
	ck_assert_str_eq(s.listen_relay, "127.0.0.1:8631");
	ck_assert_str_eq(s.listen_metrics, "127.0.0.1:9090");
	ck_assert_str_eq(s.public_url, "http://localhost:8080");
	ck_assert_uint_eq(s.names.n, 2);
	ck_assert_str_eq(s.names.at[0], "localhost");
	ck_assert_str_eq(s.names.at[1], "127.0.0.1");
	ck_assert_str_eq(s.seal, "key-file");
	ck_assert_str_eq(s.seal_file, "");
	ck_assert_str_eq(s.profiles, "");
	ck_assert_str_eq(s.user, "");
	ck_assert_str_eq(s.log.level, "info");
	ck_assert_str_eq(s.log.format, "logfmt");
	ck_assert_int_eq(s.log.checkpoint, 10);
	ck_assert_int_eq(s.edges, 1);
	ck_assert_int_eq(s.store_max, 16384);
	ck_assert_uint_eq(s.limits.exempt.n, 2);
	ck_assert_str_eq(s.limits.exempt.at[0], "127.0.0.0/8");
	ck_assert_str_eq(s.limits.exempt.at[1], "::1");
	ck_assert_int_eq(s.limits.connections, 3000);
	ck_assert_int_eq(s.limits.handshakes, 20);
	ck_assert_int_eq(s.limits.refusals, 60);
	ck_assert_int_eq(s.limits.tenant, 200);
	ck_assert_int_eq(s.limits.device, 20);
	ck_assert_int_eq(s.limits.ocsp, 0);
}
END_TEST

/* ./quatrain.yaml is before ./conf/quatrain.yaml, and org follows the domain where it is not set.
 */
START_TEST(finds_its_file)
{
	struct settings s;
	struct fault f;

	put("domain: one.example\n");
	ck_assert_msg(settings_load(NULL, &s, &f), "%s", f.text);
	ck_assert_str_eq(s.domain, "one.example");
	ck_assert_str_eq(s.org, "one.example");
	ck_assert_int_eq(mkdir("conf", 0700), 0);
	ck_assert_int_eq(rename("quatrain.yaml", "conf/quatrain.yaml"), 0);
	ck_assert_msg(settings_load(NULL, &s, &f), "%s", f.text);
	ck_assert_str_eq(s.domain, "one.example");
	put("domain: two.example\norg: Two Ltd\n");
	ck_assert_msg(settings_load(NULL, &s, &f), "%s", f.text);
	ck_assert_str_eq(s.domain, "two.example");
	ck_assert_str_eq(s.org, "Two Ltd");
}
END_TEST

START_TEST(refuses)
{
	refused("region: platform\n", "region");
	refused("limits:\n  exempt: [localhost]\n", "limits.exempt");
	refused("limits:\n  exempt: [192.0.2.1/24]\n", "limits.exempt");
	refused("limits:\n  exempt: [192.0.2.0/33]\n", "limits.exempt");
	refused("limits:\n  connections: -1\n", "limits.connections");
	refused("limits:\n  refusals: 1000001\n", "limits.refusals");
	refused("limits: 7\n", "limits");
	refused("region: Eu\n", "region");
	refused("domain: example..org\n", "domain");
	refused(
	    "org: 0123456789012345678901234567890123456789012345678901234567890\n", "at most 58");
	refused("org: \"na\xc3\xafve\"\n", "org");
	refused("names: []\n", "names");
	refused("names: [\"not a host\"]\n", "names");
	refused("names: [ok.example, 999.0.0.1.]\n", "names");
	refused("names: localhost\n", "names");
	refused("seal: none\n", "seal");
	refused("seal: credential\n", "seal_file");
	refused("listen: { public: \"127.0.0.1:8443\" }\n", "listen.public has");
	refused("listen: { secure: \"127.0.0.1\" }\n", "listen.secure");
	refused("listen: { secret: \"127.0.0.1:1\" }\n", "listen.secret");
	refused("public_url: https://localhost\n", "public_url");
	refused("hsm: { token: t }\n", "hsm.module");
	refused("hsm: { pin_file: /p }\n", "hsm.module");
	refused("hsm: { module: /m }\n", "hsm.token");
	refused("hsm: { module: /m, token: t }\n", "hsm.pin_file");
	refused("hsm: { module: m.so, token: t, pin_file: /p }\n", "absolute");
	refused("hsm: { module: /m, token: t, pin_file: /p, keys: [log] }\n", "hsm.keys");
	refused("hsm: { module: /m, token: t, pin_file: /p, keys: [service] }\n", "hsm.keys");
	refused("hsm: { keys: [root] }\n", "hsm.keys");
	refused("hsm: { module: /m, token: t, pin_file: /p, paths: [here] }\n", "hsm.paths");
	refused("hsm: { module: /m, token: t, pin_file: /p, pin: 1234 }\n", "hsm.pin");
	refused("edges: 0\n", "edges");
	refused("edges: 65\n", "edges");
	refused("edges: many\n", "edges");
	refused("store_max: 63\n", "store_max");
	refused("store_max: 1048577\n", "store_max");
	refused("store_max: 1G\n", "store_max");
	refused("log: { level: loud }\n", "log.level");
	refused("log: { format: xml }\n", "log.format");
	refused("log: { checkpoint: 0 }\n", "log.checkpoint");
	refused("log: { checkpoint: 3601 }\n", "log.checkpoint");
	refused("log: { checkpoint: soon }\n", "log.checkpoint");
	refused("log_level: info\n", "log_level");
	refused("nonsense: 1\n", "nonsense");
	refused("data: a\ndata: b\n", "data");
	refused("data: [a]\n", "data");
}
END_TEST

START_TEST(port_zero_is_free_for_all)
{
	struct settings s;
	struct fault f;

	put("listen:\n  public: 127.0.0.1:0\n  secure: 127.0.0.1:0\n  relay: '[::1]:0'\n  metrics: 127.0.0.1:0\n");
	ck_assert_msg(settings_load(file, &s, &f), "%s", f.text);
	ck_assert_str_eq(s.listen_secure, "127.0.0.1:0");
	put("seal: credential\nseal_file: quatrain\nnames: ['2001:db8::1', a.example]\n");
	ck_assert_msg(settings_load(file, &s, &f), "%s", f.text);
	ck_assert_str_eq(s.seal_file, "quatrain");
}
END_TEST

START_TEST(missing_file_is_refused)
{
	struct settings s;
	struct fault f = { 0 };

	ck_assert(!settings_load("nowhere.yaml", &s, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert_ptr_nonnull(strstr(f.text, "nowhere.yaml"));
}
END_TEST

START_TEST(joins_paths)
{
	struct settings s = { .data = "/d" };
	char path[12];

	ck_assert(settings_path(&s, "root.pem", path, sizeof(path)));
	ck_assert_str_eq(path, "/d/root.pem");
	ck_assert(!settings_path(&s, "chain.pem", path, sizeof(path)));
}
END_TEST

/* Does key stand in the file with its fallback: as a line "key: value", or commented where it has
 * none. */
static bool
stands(const char *text, const struct conf_key *k)
{
	const char *dot = strrchr(k->path, '.');
	char line[128];

	(void)snprintf(line, sizeof(line), "\n%s%s%s:", k->fallback == NULL ? "#" : "",
	    dot == NULL ? "" : "  ", dot == NULL ? k->path : dot + 1);
	return strstr(text, line) != NULL;
}

static void
same_value(const struct conf_key *k, const struct settings *a, const struct settings *b)
{
	const char *x = (const char *)a + k->offset, *y = (const char *)b + k->offset;

	if (k->type == CONF_LIST) {
		const struct conf_list *l = (const void *)x, *m = (const void *)y;

		ck_assert_uint_eq(l->n, m->n);
		for (size_t i = 0; i < l->n; i++)
			ck_assert_str_eq(l->at[i], m->at[i]);
	} else if (k->type == CONF_ROWS)
		ck_assert_uint_eq(a->webhooks.n, b->webhooks.n);
	else if (k->type == CONF_COUNT)
		ck_assert_msg(memcmp(x, y, sizeof(int64_t)) == 0, "%s", k->path);
	else
		ck_assert_msg(strcmp(x, y) == 0, "%s: %s, %s", k->path, x, y);
}

START_TEST(reference_file_is_the_table)
{
	const char *text = slurp(QUATRAIN_SOURCE_DIR "/conf/quatrain.yaml");
	struct settings ours, file_says;
	struct fault f;

	ck_assert_msg(settings_load(NULL, &ours, &f), "%s", f.text);
	ck_assert_msg(
	    settings_load(QUATRAIN_SOURCE_DIR "/conf/quatrain.yaml", &file_says, &f), "%s", f.text);
	for (size_t i = 0; i < settings_keys_n; i++) {
		const struct conf_key *k = &settings_keys[i];

		ck_assert_msg(stands(text, k), "conf/quatrain.yaml lacks %s", k->path);
		same_value(k, &ours, &file_says);
	}
}
END_TEST

/* The keys of a webhook are in both, as comments: there is none by default. */
START_TEST(webhooks_are_told)
{
	static const char *const pages[] = { QUATRAIN_SOURCE_DIR "/conf/quatrain.yaml",
		QUATRAIN_SOURCE_DIR "/docs/man/quatrain.yaml.5" };

	for (size_t k = 0; k < 2; k++) {
		const char *text = slurp(pages[k]);

		for (size_t i = 0; i < settings_webhook.n; i++) {
			const char *path = settings_webhook.keys[i].path;
			char line[128];

			(void)snprintf(line, sizeof(line), "%s%s%s",
			    k == 1   ? "\n.It Cm webhooks."
			    : i == 0 ? "\n#  - "
				     : "\n#    ",
			    path, k == 1 ? "\n" : ": ");
			ck_assert_msg(strstr(text, line) != NULL, "%s lacks %s", pages[k], line);
		}
	}
}
END_TEST

#define HOOK "webhooks:\n  - { name: a, secret: /s, url: "

START_TEST(webhooks)
{
	static const char *const good[] = { "https://h.example", "https://h.example:8443/in?k=1",
		"https://10.0.0.7/in", "\"https://[2001:db8::1]:1/\"", "http://127.0.0.1:80/in",
		"\"http://[::1]:1\"", "http://localhost" };
	static const char *const bad[] = { "http://h.example", "http://127.0.0.1.example/",
		"http://localhost.example", "http://127.0.0.11", "ftp://h.example", "https://",
		"https:///in", "https://:1/", "h.example", "\"https://u:p@h.example\"",
		"\"https://h.example/#x\"", "\"https://h.example/a b\"",
		"\"http://localhost@h.example\"", "file:///etc/passwd" };
	char yaml[300];
	struct settings s;
	struct fault f;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		(void)snprintf(yaml, sizeof(yaml), HOOK "%s }\n", good[i]);
		put(yaml);
		ck_assert_msg(settings_load(file, &s, &f), "%s", f.text);
		ck_assert_uint_eq(s.webhooks.n, 1);
		ck_assert_str_eq(s.webhooks.at[0].name, "a");
		ck_assert_uint_eq(s.webhooks.at[0].tenants.n, 0);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(yaml, sizeof(yaml), HOOK "%s }\n", bad[i]);
		refused(yaml, "webhooks[0].url");
	}
	refused("webhooks: a\n", "webhooks");
	refused("webhooks: [{ url: \"https://h\", secret: /s }]\n", "webhooks[0].name");
	refused("webhooks: [{ name: a, secret: /s }]\n", "webhooks[0].url");
	refused("webhooks: [{ name: a, url: \"https://h\" }]\n", "webhooks[0].secret");
	refused("webhooks: [{ name: A }]\n", "webhooks[0].name");
	refused("webhooks: [{ name: a, token: x }]\n", "webhooks[0].token");
	refused(HOOK "\"https://h\", tenants: [Acme] }\n", "webhooks[0].tenants");
	refused(HOOK "\"https://h\" }\n  - { name: a, secret: /t, url: \"https://i\" }\n",
	    "webhooks[1].name");
}
END_TEST

START_TEST(manual_is_the_table)
{
	const char *text = slurp(QUATRAIN_SOURCE_DIR "/docs/man/quatrain.yaml.5");

	for (size_t i = 0; i < settings_keys_n; i++) {
		const struct conf_key *k = &settings_keys[i];
		const char *at, *end, *says;
		char item[128];

		(void)snprintf(item, sizeof(item), "\n.It Cm %s\n", k->path);
		ck_assert_msg(
		    (at = strstr(text, item)) != NULL, "quatrain.yaml.5 lacks %s", k->path);
		end = strstr(at + 1, "\n.It ");
		if (end == NULL)
			end = strstr(at, "\n.El");
		says = k->fallback == NULL ? "efault" : k->fallback;
		/* A list is spelled with brackets and a space: its first is looked for. */
		(void)snprintf(item, sizeof(item), "%.*s",
		    (int)(k->type == CONF_LIST ? strcspn(says, ",") : strlen(says)), says);
		says = item;
		at = strstr(at, says);
		ck_assert_msg(at != NULL && at < end, "quatrain.yaml.5: %s lacks its default %s",
		    k->path, says);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("settings");
	TCase *t = tcase_create("settings");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, defaults);
	tcase_add_test(t, finds_its_file);
	tcase_add_test(t, refuses);
	tcase_add_test(t, port_zero_is_free_for_all);
	tcase_add_test(t, missing_file_is_refused);
	tcase_add_test(t, joins_paths);
	tcase_add_test(t, reference_file_is_the_table);
	tcase_add_test(t, manual_is_the_table);
	tcase_add_test(t, webhooks_are_told);
	tcase_add_test(t, webhooks);
	suite_add_tcase(s, t);
	return run_suite(s);
}
