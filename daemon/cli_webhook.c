/* daemon/cli_webhook.c - webhook list, test. */
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/cli_call.h"

#define WAIT_US 30000000 /* a post takes 20 s at the most */
#define LOOK_US 200000

int
webhook_list_command(const struct invocation *inv)
{
	static const struct cli_column columns[] = {
		{ "name", "WEBHOOK", 16 },
		{ "state", "STATE", 8 },
		{ "lag", "LAG", 6 },
		{ "delivered", "DELIVERED", 9 },
		{ "failures", "FAILURES", 8 },
		{ "next_try", "NEXT TRY", 20 },
		{ "url", "URL", 30 },
		{ "error", "ERROR", 0 },
	};

	return cli_list(inv, "/v1/webhooks", columns, sizeof(columns) / sizeof(columns[0]),
	    "No webhook. Next: name one in the configuration, under webhooks");
}

/* The hook in the list; NULL where it is not there, or was not tested for this entry yet. */
static const struct json *
tested(const struct json *list, const char *name, int64_t index)
{
	const struct json *items = json_get(list, "items");

	for (size_t i = 0; i < json_count(items); i++) {
		const struct json *one = json_at(items, i);
		const char *is = json_text(one, "name");
		int64_t at;

		if (is != NULL && strcmp(is, name) == 0)
			return json_number(one, "tested_index", 0, INT64_MAX, -1, &at) &&
				       at >= index
				   ? one
				   : NULL;
	}
	return NULL;
}

/* The herald finds the entry by itself, and says what became of it where all can read. */
static bool
wait_for(struct client *c, const char *name, int64_t index, struct json **ret, int64_t *ret_status,
    struct fault *f)
{
	int64_t until_us = clock_steady_us() + WAIT_US;
	const struct json *one = NULL;
	struct json *list = NULL;

	do {
		json_free(list);
		list = NULL;
		if (!client_call(c, "GET", "/v1/webhooks", NULL, &list, f))
			return false;
		one = tested(list, name, index);
		if (one == NULL)
			(void)usleep(LOOK_US);
	} while (one == NULL && clock_steady_us() < until_us);
	if (one == NULL || !json_number(one, "tested_status", 0, 999, 0, ret_status)) {
		json_free(list);
		return fault_set(f, FAULT_BUSY, "webhook: the test was not sent in time");
	}
	*ret = list;
	return true;
}

static bool
run_test(
    struct client *c, const char *name, int64_t *ret_index, int64_t *ret_status, struct fault *f)
{
	struct json *body = json_object(), *asked = NULL, *list = NULL;
	char path[CLI_PATH_MAX];
	bool ok;

	(void)snprintf(path, sizeof(path), "/v1/webhooks/%s/test", name);
	ok = client_call(c, "POST", path, body, &asked, f);
	json_free(body);
	if (!ok)
		return false;
	ok = json_number(asked, "log_index", 0, INT64_MAX, -1, ret_index) && *ret_index >= 0 &&
	     wait_for(c, name, *ret_index, &list, ret_status, f);
	json_free(asked);
	json_free(list);
	return ok;
}

static void
tell(const struct invocation *inv, int64_t index, int64_t status)
{
	struct json *j;

	if (inv->json) {
		j = json_object();
		json_put_text(j, "name", inv->words[0]);
		json_put_number(j, "log_index", index);
		json_put_number(j, "status", status);
		cli_print_json(stdout, j);
		json_free(j);
		return;
	}
	(void)printf(
	    "Webhook %s took the test (status %lld, log index %lld).\nNext: quatrain webhook list\n",
	    inv->words[0], (long long)status, (long long)index);
}

int
webhook_test_command(const struct invocation *inv)
{
	struct client *c = NULL;
	int64_t index = 0, status = 0;
	struct fault f;
	bool ok = cli_open(inv, &c, &f) && run_test(c, inv->words[0], &index, &status, &f);

	client_close(c);
	if (ok && (status < 200 || status > 299))
		ok = status == 0 ? fault_set(&f, FAULT_BUSY,
				       "webhook: no answer came; quatrain webhook list says why")
				 : fault_set(&f, FAULT_DENIED,
				       "webhook: the receiver answered %lld", (long long)status);
	if (!ok)
		return cli_refuse(inv, &f);
	tell(inv, index, status);
	return CLI_OK;
}
