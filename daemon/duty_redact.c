/* daemon/duty_redact.c - an officer has the body of an entry taken out of a log; see signer.h. */
#include <string.h>

#include "ca/redaction.h"
#include "daemon/signer.h"

/* A text that must be there: who reads the log later has nothing else to go by. */
static bool
read_text(const struct json *body, const char *name, struct octets *ret, struct fault *f)
{
	const char *text = json_text(body, name);

	if (text == NULL || text[0] == '\0' || strlen(text) > REDACTION_TEXT_MAX)
		return fault_set(f, FAULT_BADREQ, "%s: expected a text of 1 to %d octets", name,
		    REDACTION_TEXT_MAX);
	*ret = octets_text(text);
	return true;
}

bool
duty_redact(struct signer *s, struct job *j, struct fault *f)
{
	static const char *const names[] = { "index", "reason", "order", NULL };
	char by[IDENTITY_TEXT_MAX];
	struct redaction_order o;
	struct log_context why;
	struct wire_act a;
	struct json *body, *answer;
	struct ledger *l;
	uint64_t index = 0;
	int64_t n;
	bool ok = false;

	if (!signer_open_act(s, j, ACT_LOG_REDACT, &a, &body, f))
		return false;
	why = signer_context(s, j, by);
	o.why = &why;
	if (!signer_only(body, names, f) || !realm_ledger(s->realm, a.tenant, &l, f))
		goto out;
	if (json_get(body, "index") == NULL ||
	    !json_number(body, "index", 0, INT64_MAX >> 11, 0, &n)) {
		fault_set(f, FAULT_BADREQ, "index: expected the number of an entry");
		goto out;
	}
	if (!read_text(body, "reason", &o.reason, f) || !read_text(body, "order", &o.order, f) ||
	    !redaction_make(l, (uint64_t)n, &o, j->now_s, &index, f))
		goto out;
	answer = json_object();
	json_put_number(answer, "index", n);
	json_put_text(answer, "state", "redacted");
	json_put_number(answer, "log_index", (int64_t)index);
	ok = signer_close_act(j, answer, f);
out:
	json_free(body);
	return ok;
}
