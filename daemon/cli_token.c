/* daemon/cli_token.c - token create, list, revoke. */
#include <string.h>

#include "base/text.h"
#include "daemon/cli_call.h"
#include "daemon/cli_sheet.h"
#include "daemon/roster.h"

void
token_service_url(const struct invocation *inv, char *to, size_t size)
{
	const char *url = cli_option(inv, "url");
	const char *name = inv->settings.names.at[0];
	const char *port = strrchr(inv->settings.listen_secure, ':');
	bool v6 = strchr(name, ':') != NULL;

	if (url != NULL) {
		size_t n = strlen(url);

		while (n > 0 && url[n - 1] == '/')
			n--;
		(void)snprintf(to, size, "%.*s", (int)n, url);
	} else
		(void)snprintf(to, size, "https://%s%s%s%s", v6 ? "[" : "", name, v6 ? "]" : "",
		    port == NULL ? "" : port);
}

static void
tell_created(const struct invocation *inv, const struct json *answer)
{
	static const struct cli_column facts[] = {
		{ "id", "id", 0 },
		{ "device", "device", 0 },
		{ "profile", "profile", 0 },
		{ "expires", "expires", 0 },
		{ "root_sha256", "root", 0 },
	};
	const char *tenant = cli_option(inv, "tenant"), *device = cli_option(inv, "device");
	const char *key = json_text(answer, "key");
	bool rsa = key != NULL && strcmp(key, "rsa") == 0;
	char url[1024], token[CLI_CELL_MAX];

	token_service_url(inv, url, sizeof(url));
	(void)cli_cell(answer, "token", token);
	(void)printf("Token, shown this once and good for one enrolment:\n\n    %s\n\n", token);
	cli_print_facts(answer, facts, sizeof(facts) / sizeof(facts[0]));
	(void)printf("\nNext, on the device, with quatrain:\n\n");
	(void)printf("    quatrain enroll --url %s --token %s --out %s\n", url, token, device);
	(void)printf("\nor with openssl and curl, and root.pem of this service beside them:\n\n");
	(void)printf(
	    "    openssl req -new -newkey %s -nodes -keyout key.pem -subj /CN=%s -outform DER |\n"
	    "        openssl base64 -A >request.b64\n",
	    rsa ? "rsa:2048" : "ec -pkeyopt ec_paramgen_curve:P-256", device);
	(void)printf(
	    "    curl -sS --fail-with-body --cacert root.pem -u %s:%s -H 'Content-Type: application/pkcs10' \\\n"
	    "        --data-binary @request.b64 %s/.well-known/est/%s/simpleenroll |\n"
	    "        base64 -di | openssl pkcs7 -inform DER -print_certs -out cert.pem\n",
	    device, token, url, tenant);
	(void)printf(
	    "\nOthers on the device can see a token in a command line while it runs; quatrain enroll --token-file hides it.\n");
}

/* One device, or a list of them. Returns 0 or CLI_USAGE. */
static int
check_ways(const struct invocation *inv)
{
	static const char *const of_lists[] = { "out-csv", "html", "resume" };
	bool list = cli_option(inv, "csv") != NULL;

	if (list == (cli_option(inv, "device") != NULL))
		return cli_usage(inv->command, "expected one of --device NAME, --csv FILE");
	for (size_t i = 0; i < sizeof(of_lists) / sizeof(of_lists[0]); i++)
		if (!list && cli_flag(inv, of_lists[i]))
			return cli_usage(
			    inv->command, "--%s is of use only with --csv", of_lists[i]);
	if (cli_flag(inv, "resume") && cli_option(inv, "out-csv") == NULL)
		return cli_usage(inv->command, "--resume goes on with --out-csv FILE");
	return 0;
}

int
token_create_command(const struct invocation *inv)
{
	const char *profile = cli_option(inv, "profile"), *ttl = cli_option(inv, "ttl");
	char path[CLI_PATH_MAX];
	int64_t ttl_s = 0;
	struct json *body;
	int status;

	if ((status = check_ways(inv)) != 0)
		return status;
	if (ttl != NULL &&
	    (!text_duration(ttl, &ttl_s) || ttl_s < ROSTER_TTL_MIN_S || ttl_s > ROSTER_TTL_MAX_S))
		return cli_usage(inv->command, "--ttl: expected 60s to 30d, found \"%s\"", ttl);
	if (cli_option(inv, "csv") != NULL)
		return sheet_command(inv);
	body = json_object();
	json_put_text(body, "device", cli_option(inv, "device"));
	if (profile != NULL)
		json_put_text(body, "profile", profile);
	if (ttl != NULL)
		json_put_number(body, "ttl_s", ttl_s);
	(void)snprintf(path, sizeof(path), "/v1/tenants/%s/tokens", cli_option(inv, "tenant"));
	return cli_call(inv, "POST", path, body, tell_created);
}

int
token_list_command(const struct invocation *inv)
{
	static const struct cli_column columns[] = {
		{ "id", "ID", 16 },
		{ "device", "DEVICE", 16 },
		{ "profile", "PROFILE", 11 },
		{ "state", "STATE", 7 },
		{ "created", "CREATED", 20 },
		{ "expires", "EXPIRES", 20 },
	};
	char path[CLI_PATH_MAX];

	(void)snprintf(path, sizeof(path), "/v1/tenants/%s/tokens", cli_option(inv, "tenant"));
	return cli_list(inv, path, columns, sizeof(columns) / sizeof(columns[0]),
	    "No token yet. Next: quatrain token create --tenant T --device NAME");
}

static void
tell_revoked(const struct invocation *inv, const struct json *answer)
{
	(void)answer;
	(void)printf("Token %s is of no use any more.\n", inv->words[0]);
	(void)printf("Next: quatrain cert list --tenant %s, to see what was issued before\n",
	    cli_option(inv, "tenant"));
}

int
token_revoke_command(const struct invocation *inv)
{
	char path[CLI_PATH_MAX];

	(void)snprintf(path, sizeof(path), "/v1/tenants/%s/tokens/%s", cli_option(inv, "tenant"),
	    inv->words[0]);
	return cli_call(inv, "DELETE", path, NULL, tell_revoked);
}
