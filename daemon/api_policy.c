/* daemon/api_policy.c - the rules in force, and how the service is, for staff; see api.h. */
#include <string.h>

#include "ca/proposal.h"
#include "daemon/api.h"
#include "policy/identity.h"
#include "policy/rules.h"

struct word {
	unsigned bit;
	const char *text;
};

static const struct word kinds[] = { { IDENTITY_LOCAL, "local" }, { IDENTITY_OPERATOR, "operator" },
	{ IDENTITY_ENDPOINT, "endpoint" }, { IDENTITY_TOKEN, "token" },
	{ IDENTITY_REQUEST, "request" }, { IDENTITY_IDEVID, "idevid" } };
static const struct word roles[] = { { ROLE_OFFICER, "officer" }, { ROLE_REGISTRAR, "registrar" },
	{ ROLE_AUDITOR, "auditor" } };
static const struct word conditions[] = { { RULE_SAME_TENANT, "same-tenant" },
	{ RULE_SAME_ENDPOINT, "same-endpoint" }, { RULE_CUSTOMER, "customer" } };

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static struct json *
words_of(unsigned bits, const struct word *list, size_t n)
{
	struct json *a = json_array();

	for (size_t i = 0; i < n; i++)
		if ((bits & list[i].bit) != 0)
			json_add_text(a, list[i].text);
	return a;
}

static struct json *
rule_object(const struct rule *r)
{
	struct json *j = json_object();

	json_put_text(j, "id", r->id);
	json_put_text(j, "act", rules_act_word(r->act));
	json_put(j, "kinds", words_of(r->kinds, kinds, COUNT(kinds)));
	json_put(j, "roles", words_of(r->roles, roles, COUNT(roles)));
	json_put(j, "conditions", words_of(r->conditions, conditions, COUNT(conditions)));
	return j;
}

/* The text is what the digest is over. */
static bool
answer_text(struct exchange *x, struct fault *f)
{
	bytes_clear(&x->reply);
	rules_text(&x->reply);
	if (!bytes_ok(&x->reply, f))
		return false;
	x->type = "text/plain; charset=utf-8";
	x->status = 200;
	exchange_header(x, "Cache-Control", "no-store");
	return true;
}

bool
api_policy(const struct api_call *c, struct fault *f)
{
	uint8_t digest[RULES_DIGEST_OCTETS];
	struct json *j, *rules;
	char form[8];
	size_t n;
	const struct rule *r = rules_all(&n);

	if (!api_query(c->x, "form", form, sizeof(form), f) || !rules_digest(digest, f))
		return false;
	if (strcmp(form, "text") == 0)
		return answer_text(c->x, f);
	if (form[0] != '\0' && strcmp(form, "json") != 0)
		return fault_set(f, FAULT_BADREQ, "form: expected json or text");
	rules = json_array();
	for (size_t i = 0; i < n; i++)
		json_add(rules, rule_object(&r[i]));
	j = json_object();
	json_put_hex(j, "digest", digest, sizeof(digest));
	json_put_text(j, "otherwise", "denied");
	json_put_text(j, "two_person", c->api->two_person);
	json_put(j, "rules", rules);
	api_answer(c->x, 200, j);
	return true;
}

struct waiting {
	int64_t now_s, n;
};

static bool
count_waiting(void *with, struct octets key, struct octets value)
{
	struct waiting *w = with;
	struct proposal p;

	if (proposal_read(key, value, &p) && p.state == PROPOSAL_WAITING && w->now_s < p.due_s)
		w->n++;
	return true;
}

bool
api_health(const struct api_call *c, struct fault *f)
{
	struct ledger *l = realm_platform(c->api->realm);
	struct waiting waiting = { c->now_s, 0 };
	struct bytes row = { 0 };
	struct reader r;
	struct fault none;
	struct json *j;

	if (!store_scan(ledger_store(l), TABLE_PROPOSAL, octets_of(NULL, 0), SIZE_MAX,
		count_waiting, &waiting, f))
		return false;
	j = json_object();
	json_put_time(j, "now", c->now_s);
	json_put_number(j, "acts_waiting", waiting.n);
	if (ledger_get(l, TABLE_META, octets_text(LEDGER_META_BACKUP), &row, &none)) {
		r = reader_of(octets_bytes(&row));
		json_put_time(j, "backup_taken", (int64_t)reader_u64(&r));
	}
	bytes_free(&row);
	if (c->api->health != NULL)
		c->api->health(c->api->health_with, j);
	api_answer(c->x, 200, j);
	return true;
}
