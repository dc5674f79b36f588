/* daemon/duty_redact.c - an officer has the body of an entry taken out of a log; see signer.h. */
#include <string.h>

#include "ca/redaction.h"
#include "daemon/second.h"

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

/* What is gone cannot be had back: two persons want it. They see what the entry is, and not its
 * body, which is what nobody should read any more. */
static bool
may_go(struct signer *s, struct errand *j, const struct wire_act *a, const struct redaction *r,
    const struct redaction_order *o, bool *ret, struct fault *f)
{
	struct json *shows = json_object();
	struct bytes basis = { 0 };
	struct second_case c = { .word = "log.redact", .shows = shows };
	bool ok;

	json_put_text(shows, "tenant", j->tenant);
	json_put_text(shows, "log", a->object.n > 0 ? LEDGER_ACTIVITY : "issuance");
	json_put_number(shows, "index", (int64_t)r->n);
	json_put_text(shows, "was", r->was);
	json_put_hex(shows, "leaf", r->leaf, sizeof(r->leaf));
	json_put_octets(shows, "reason", o->reason);
	json_put_octets(shows, "order", o->order);
	bytes_put(&basis, r->leaf, sizeof(r->leaf));
	bytes_put_octets(&basis, a->json);
	c.basis = octets_bytes(&basis);
	ok = bytes_ok(&basis, f) && second_go(s, j, a, &c, ret, f);
	bytes_free(&basis);
	json_free(shows);
	return ok;
}

static bool
read_order(const struct json *body, struct redaction_order *o, uint64_t *ret_n, struct fault *f)
{
	static const char *const names[] = { "index", "reason", "order", NULL };
	int64_t n;

	if (!signer_only(body, names, f))
		return false;
	if (json_get(body, "index") == NULL ||
	    !json_number(body, "index", 0, INT64_MAX >> 11, 0, &n))
		return fault_set(f, FAULT_BADREQ, "index: expected the number of an entry");
	*ret_n = (uint64_t)n;
	return read_text(body, "reason", &o->reason, f) && read_text(body, "order", &o->order, f);
}

bool
duty_redact(struct signer *s, struct errand *j, struct fault *f)
{
	char by[IDENTITY_TEXT_MAX];
	struct redaction_order o;
	struct redaction r;
	struct log_context why;
	struct wire_act a;
	struct json *body, *answer;
	struct ledger *l;
	uint64_t index = 0, n = 0;
	bool ok = false, go;

	if (!signer_open_act(s, j, ACT_LOG_REDACT, &a, &body, f))
		return false;
	why = signer_context(s, j, by);
	o.why = &why;
	if (!read_order(body, &o, &n, f) || !signer_log(s, j, &a, &l, f) ||
	    !redaction_check(l, n, &r, f) || !may_go(s, j, &a, &r, &o, &go, f))
		goto out;
	ok = !go;
	if (!go || !redaction_make(l, n, &o, j->now_s, &index, f))
		goto out;
	answer = json_object();
	json_put_number(answer, "index", (int64_t)n);
	json_put_text(answer, "state", "redacted");
	json_put_number(answer, "log_index", (int64_t)index);
	ok = signer_close_act(j, answer, f);
out:
	json_free(body);
	return ok;
}
