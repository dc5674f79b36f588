/* daemon/api_webhook.c - GET /v1/webhooks; see api.h. */
#include <string.h>

#include "daemon/api.h"
#include "daemon/tally.h"

static const char *const states[] = { [HOOK_NONE] = "away",
	[HOOK_IDLE] = "idle",
	[HOOK_SENDING] = "sending",
	[HOOK_WAITING] = "waiting",
	[HOOK_STOPPED] = "stopped" };

static void
put_list(struct json *j, const char *name, const struct conf_list *l)
{
	struct json *a = json_array();

	for (size_t i = 0; i < l->n; i++)
		json_add_text(a, l->at[i]);
	json_put(j, name, a);
}

static void
put_number(struct json *j, const char *name, const _Atomic uint64_t *from)
{
	json_put_number(j, name, (int64_t)(tally_get(from) & UINT64_C(0x1fffffffffffff)));
}

static void
put_when(struct json *j, const char *name, const _Atomic uint64_t *from)
{
	if (tally_get(from) != 0)
		json_put_time(j, name, (int64_t)tally_get(from));
}

/* A receiver's secret may stand in a query: it is not repeated. */
static void
put_url(struct json *j, const char *url)
{
	json_put_octets(j, "url", octets_of(url, strcspn(url, "?")));
}

static struct json *
hook_object(const struct webhook *w, const struct tally_hook *t, bool runs)
{
	struct json *j = json_object();
	char error[TALLY_ERROR];
	uint64_t state = runs ? tally_get(&t->state) : HOOK_NONE;

	json_put_text(j, "name", w->name);
	put_url(j, w->url);
	put_list(j, "tenants", &w->tenants);
	put_list(j, "acts", &w->acts);
	json_put_text(j, "state", states[state <= HOOK_STOPPED ? state : HOOK_NONE]);
	put_number(j, "lag", &t->lag);
	put_number(j, "delivered", &t->delivered);
	put_number(j, "posts", &t->posts);
	put_number(j, "failures", &t->failures);
	put_number(j, "status", &t->status);
	put_when(j, "failing_since", &t->failing_s);
	put_when(j, "next_try", &t->next_s);
	tally_get_error(t, error);
	if (error[0] != '\0')
		json_put_octets(j, "error", octets_text(error));
	if (tally_get(&t->tests) != 0) {
		put_number(j, "tested_index", &t->tested_index);
		put_number(j, "tested_status", &t->tested_status);
	}
	return j;
}

bool
api_webhooks(const struct api_call *c, struct fault *f)
{
	const struct api *a = c->api;
	struct json *answer = json_object(), *items = json_array();

	(void)f;
	for (size_t i = 0; a->tally != NULL && i < a->settings->webhooks.n; i++)
		json_add(items, hook_object(&a->settings->webhooks.at[i], &a->tally->hook[i],
				    tally_get(&a->tally->wanted[CHILD_HERALD]) > 0));
	json_put(answer, "items", items);
	api_answer(c->x, 200, answer);
	return true;
}
