/* daemon/duty_webhook.c - a test of a webhook; see signer.h. */
#include <stdio.h>

#include "ca/log.h"
#include "daemon/signer.h"

static bool
take_name(const struct signer *s, struct octets o, char to[static TEXT_LABEL_MAX], struct fault *f)
{
	for (size_t i = 0; i < s->settings.webhooks.n; i++)
		if (octets_same(o, octets_text(s->settings.webhooks.at[i].name))) {
			(void)snprintf(
			    to, TEXT_LABEL_MAX, "%.63s", s->settings.webhooks.at[i].name);
			return true;
		}
	return fault_set(f, FAULT_NOTFOUND, "webhook: there is none of that name");
}

/* The entry is the request: the herald reads it where it reads everything. */
bool
duty_webhook_test(struct signer *s, struct errand *j, struct fault *f)
{
	static const char *const none[] = { NULL };
	char by[IDENTITY_TEXT_MAX], name[TEXT_LABEL_MAX];
	struct log_context why;
	struct wire_act a;
	struct json *body, *answer, *e;
	uint64_t index;
	bool ok;

	if (!signer_open_act(s, j, ACT_WEBHOOK_TEST, &a, &body, f))
		return false;
	why = signer_context(s, j, by);
	ok = signer_only(body, none, f);
	json_free(body);
	if (!ok || !take_name(s, a.object, name, f))
		return false;
	if (s->tally == NULL || tally_get(&s->tally->wanted[CHILD_HERALD]) == 0)
		return fault_set(f, FAULT_BUSY, "webhook: nothing is posted while no service runs");
	e = log_entry("webhook.tested", &why);
	json_put_text(e, "webhook", name);
	if (!log_append(realm_platform(s->realm), e, j->now_s, &index, f))
		return false;
	answer = json_object();
	json_put_text(answer, "name", name);
	json_put_number(answer, "log_index", (int64_t)index);
	ok = signer_close_act(j, answer, f);
	return ok;
}
