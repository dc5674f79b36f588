/* tests/unit/agent_conf.c - daemon/agent_conf.h keeps its promises, and conf/agent.yaml is the
 * table. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/agent_conf.h"
#include "tests/unit/run.h"

#define REFERENCE QUATRAIN_SOURCE_DIR "/conf/agent.yaml"

static struct fault f;

static bool
parse(const char *yaml, struct agent_conf *ret)
{
	return conf_parse(
	    "agent.yaml", yaml, strlen(yaml), agent_conf_keys, agent_conf_keys_n, ret, &f);
}

/* A file that is taken with what is said first, and refused with what is said then. */
static void
refused(const char *yaml, const char *why)
{
	char text[1024];
	struct agent_conf c;

	(void)snprintf(text, sizeof(text), "%s%s",
	    strstr(yaml, "relay:") == NULL ? "relay: https://relay.example:8631\n" : "", yaml);
	ck_assert_msg(!parse(text, &c) || !agent_conf_check(&c, &f), "%s", yaml);
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert_msg(strstr(f.text, why) != NULL, "%s: %s", yaml, f.text);
}

static struct agent_conf
taken(const char *yaml)
{
	char text[1024];
	struct agent_conf c;

	(void)snprintf(text, sizeof(text), "relay: https://relay.example:8631\n%s", yaml);
	ck_assert_msg(parse(text, &c) && agent_conf_check(&c, &f), "%s: %s", yaml, f.text);
	return c;
}

START_TEST(defaults)
{
	struct agent_conf c = taken("");

	ck_assert_str_eq(c.relay, "https://relay.example:8631");
	ck_assert_str_eq(c.service, "");
	ck_assert_str_eq(c.folder, "/var/lib/quatrain-agent");
	ck_assert_str_eq(c.listen, "unix:/run/quatrain/agent.sock");
	ck_assert_str_eq(agent_conf_socket(&c), "/run/quatrain/agent.sock");
	ck_assert_uint_eq(c.users.n, 0);
	ck_assert_uint_eq(c.vouchers.n, 2);
	ck_assert_uint_eq(c.printers.n, 0);
	ck_assert_int_eq(c.hold.time_s, 7 * 86400);
	ck_assert_int_eq(c.hold.octets, 2048);
	ck_assert_int_eq(c.hold.jobs, 1000);
}
END_TEST

START_TEST(all_of_it)
{
	struct agent_conf c = taken("service: https://ca.example:8443/base\ntenant: acme\n"
				    "folder: ./here\ntoken_file: /t\nlisten: '[::1]:6310'\n"
				    "vouchers: [root]\nprinters: [hp-1, hp-2]\n"
				    "hold: { time: 1h, octets: 1, jobs: 1 }\n");

	ck_assert_ptr_null(agent_conf_socket(&c));
	ck_assert_str_eq(c.tenant, "acme");
	ck_assert_uint_eq(c.printers.n, 2);
	(void)taken("listen: 127.0.0.1:0\n");
	(void)taken("listen: 127.7.7.7:65535\n");
	(void)taken("users: [root, \"4242\"]\n");
}
END_TEST

START_TEST(refuses_addresses)
{
	refused("relay: http://relay.example\n", "relay");
	refused("relay: relay.example:8631\n", "relay");
	refused("relay: https://\n", "relay");
	refused("relay: https:///ipp\n", "relay");
	refused("relay: https://relay.example/ipp\n", "relay");
	refused("relay: https://relay.example/\n", "relay");
	refused("relay: https://u:p@relay.example\n", "relay");
	refused("relay: \"https://relay.example?x\"\n", "relay");
	refused("relay: \"https://relay example\"\n", "relay");
	refused("service: http://ca.example\n", "service");
	refused("service: \"https://u@ca.example/\"\n", "service");
	refused("service: \"https://ca.example?x\"\n", "service");
	refused("token_file: /t\n", "token_file");
}
END_TEST

/* What is said there is readable: no other machine may hear or say it. */
START_TEST(refuses_listeners)
{
	refused("listen: 0.0.0.0:631\n", "listen");
	refused("listen: 192.0.2.1:631\n", "listen");
	refused("listen: 128.0.0.1:631\n", "listen");
	refused("listen: '[::]:631'\n", "listen");
	refused("listen: '[2001:db8::1]:631'\n", "listen");
	refused("listen: '[::ffff:192.0.2.1]:631'\n", "listen");
	refused("listen: localhost:631\n", "listen");
	refused("listen: 127.0.0.1\n", "listen");
	refused("listen: '127.0.0.1:'\n", "listen");
	refused("listen: 127.0.0.1:65536\n", "listen");
	refused("listen: 127.0.0.1:63x\n", "listen");
	refused("listen: 127.1:631\n", "listen");
	refused("listen: 'unix:'\n", "listen");
	refused("listen: unix:agent.sock\n", "listen");
	refused("listen: unix:/0123456789012345678901234567890123456789012345678901234567890123"
		"45678901234567890123456789012345678901234567890123\n",
	    "listen");
	refused("listen: 127.0.0.1:631\nusers: [root]\n", "users");
}
END_TEST

START_TEST(refuses_the_rest)
{
	refused("users: [nobody-has-that-name]\n", "users");
	refused("users: [\"4294967295\"]\n", "users");
	refused("users: [\"99999999999\"]\n", "users");
	refused("users: [\"-1\"]\n", "users");
	refused("printers: [HP]\n", "printers");
	refused("printers: [a/b]\n", "printers");
	refused("tenant: Acme\n", "tenant");
	refused("hold: { time: 0 }\n", "hold.time");
	refused("hold: { octets: 0 }\n", "hold.octets");
	refused("hold: { jobs: 100001 }\n", "hold.jobs");
	refused("log: { level: loud }\n", "log.level");
	refused("relay: https://a\nrelay: https://b\n", "relay");
	refused("domain: example.org\n", "domain");
}
END_TEST

START_TEST(users_by_name_and_number)
{
	struct conf_list l = { .n = 3, .at = { "root", "4242", "nobody-has-that-name" } };
	struct agent_users u;

	ck_assert(!agent_users_of(&l, false, &u, &f));
	ck_assert(agent_users_of(&l, true, &u, &f));
	ck_assert_uint_eq(u.n, 2);
	ck_assert(agent_users_has(&u, 0));
	ck_assert(agent_users_has(&u, 4242));
	ck_assert(!agent_users_has(&u, 4243));
	ck_assert(!agent_users_has(&u, (uid_t)-1));
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

static void
same_list(const struct conf_list *a, const struct conf_list *b)
{
	ck_assert_uint_eq(a->n, b->n);
	for (size_t i = 0; i < a->n; i++)
		ck_assert_str_eq(a->at[i], b->at[i]);
}

START_TEST(reference_file_is_the_table)
{
	struct agent_conf table, says;

	ck_assert_msg(parse("", &table), "%s", f.text);
	ck_assert_msg(agent_conf_load(REFERENCE, &says, &f), "%s", f.text);
	same_list(&table.users, &says.users);
	same_list(&table.vouchers, &says.vouchers);
	same_list(&table.printers, &says.printers);
	ck_assert_str_eq(table.relay, says.relay);
	ck_assert_str_eq(table.folder, says.folder);
	ck_assert_str_eq(table.listen, says.listen);
	ck_assert_int_eq(table.hold.time_s, says.hold.time_s);
	ck_assert_int_eq(table.hold.octets, says.hold.octets);
	ck_assert_int_eq(table.hold.jobs, says.hold.jobs);
	ck_assert_str_eq(table.log.level, says.log.level);
	ck_assert_str_eq(table.log.format, says.log.format);
}
END_TEST

/* Each key stands in the file and in its manual page. */
START_TEST(keys_are_told)
{
	for (size_t page = 0; page < 2; page++) {
		const char *path =
		    page == 0 ? REFERENCE : QUATRAIN_SOURCE_DIR "/docs/man/quatrain-agent.yaml.5";
		const char *text = slurp(path);

		for (size_t i = 0; i < agent_conf_keys_n; i++) {
			const struct conf_key *k = &agent_conf_keys[i];
			const char *dot = strrchr(k->path, '.');
			char line[128];

			if (page == 1)
				(void)snprintf(line, sizeof(line), "\n.It Cm %s", k->path);
			else
				(void)snprintf(line, sizeof(line),
				    "\n%s%s%s:", k->fallback == NULL ? "#" : "",
				    dot == NULL ? "" : "  ", dot == NULL ? k->path : dot + 1);
			ck_assert_msg(strstr(text, line) != NULL, "%s lacks %s", path, k->path);
		}
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("agent_conf");
	TCase *t = tcase_create("agent_conf");

	tcase_add_test(t, defaults);
	tcase_add_test(t, all_of_it);
	tcase_add_test(t, refuses_addresses);
	tcase_add_test(t, refuses_listeners);
	tcase_add_test(t, refuses_the_rest);
	tcase_add_test(t, users_by_name_and_number);
	tcase_add_test(t, reference_file_is_the_table);
	tcase_add_test(t, keys_are_told);
	suite_add_tcase(s, t);
	return run_suite(s);
}
