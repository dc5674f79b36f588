/* policy/document_test.c - embedded tests, as JSON of the forms that request.h and document.h have.
 */
#include <string.h>

#include "policy/document_read.h"

#define COUNT(a)    (sizeof(a) / sizeof((a)[0]))
#define NAME_MAX_   128
#define COUNTED_MAX (INT64_C(1) << 40)

static const char *const DECISIONS[] = { "permit", "deny", "not-forbidden" };
static const char *const CODES[] = { "permit", "forbid", "forbid-on-missing", "no-permit",
	"unsupported-obligation" };

/* To json_free(). */
static bool
to_json(struct reading *r, const struct conf_node *n, const struct json **ret)
{
	struct bytes text = { 0 };
	struct json *j = NULL;
	struct fault f = { 0 };
	bool ok;

	conf_node_json(n, &text);
	ok = bytes_ok(&text, r->f);
	if (ok && !json_parse(octets_bytes(&text), &j, &f))
		ok = document_refuse_found(r, n, "what JSON can say, of 8 levels at most", f.text);
	bytes_free(&text);
	if (ok)
		*ret = j;
	return ok;
}

static bool
read_name(struct reading *r, const struct conf_node *n, void *to)
{
	struct policy_test *t = to;

	return document_text(r, n, NAME_MAX_, &t->name);
}

static bool
read_request(struct reading *r, const struct conf_node *n, void *to)
{
	struct policy_test *t = to;
	struct request_room room;
	struct request request;
	struct fault f = { 0 };

	if (n->type != CONF_NODE_MAP)
		return document_refuse(r, n, "a request");
	return to_json(r, n, &t->request) && (request_read(t->request, &request, &room, &f) ||
						 document_refuse_found(r, n, "a request", f.text));
}

static bool
check_counted(struct reading *r, const struct conf_node *n)
{
	int64_t v;

	if (n->type != CONF_NODE_MAP)
		return document_refuse(r, n, "a mapping of \"RULE|VALUE\" to numbers");
	for (uint32_t i = 0; i < n->n; i++)
		if (!conf_node_number(&n->kids[i], &v) || v < 0 || v > COUNTED_MAX)
			return document_refuse(r, &n->kids[i], "a whole number of 0 or more");
	return true;
}

static bool
read_counted(struct reading *r, const struct conf_node *n, void *to)
{
	(void)to;
	return check_counted(r, n);
}

static bool
read_state(struct reading *r, const struct conf_node *n, void *to)
{
	static const struct document_key keys[] = {
		{ "quota", false, read_counted },
		{ "rate", false, read_counted },
	};
	struct policy_test *t = to;

	return document_keys(r, n, keys, COUNT(keys), to) && to_json(r, n, &t->state);
}

static bool
read_decision(struct reading *r, const struct conf_node *n, void *to)
{
	unsigned word;

	(void)to;
	if (!document_word(r, n, DECISIONS, COUNT(DECISIONS), &word))
		return false;
	if (word == 0 && r->d->kind == DOCUMENT_GUARDRAIL)
		return document_refuse(
		    r, n, "deny or not-forbidden, since a Guardrail cannot permit");
	return word != 2 || r->d->kind == DOCUMENT_GUARDRAIL ||
	       document_refuse(r, n, "permit or deny, since only a Guardrail says not-forbidden");
}

static bool
is_rule(const struct reading *r, const struct conf_node *n)
{
	for (size_t i = 0; n->type == CONF_NODE_TEXT && i < r->d->rules_n; i++)
		if (octets_same(r->d->rules[i].id, conf_node_text(n)))
			return true;
	return false;
}

static bool
read_rule(struct reading *r, const struct conf_node *n, void *to)
{
	(void)to;
	return is_rule(r, n) || (n->type == CONF_NODE_TEXT && strcmp(n->text, "default") == 0) ||
	       document_refuse(r, n, "the id of one of the rules, or default");
}

static bool
read_code(struct reading *r, const struct conf_node *n, void *to)
{
	unsigned word;

	(void)to;
	return document_word(r, n, CODES, COUNT(CODES), &word);
}

static bool
read_names(struct reading *r, const struct conf_node *n, void *to)
{
	bool ids = strcmp(n->name, "shadow") == 0;

	(void)to;
	if (n->type != CONF_NODE_LIST)
		return document_refuse(r, n, "a list of names");
	for (uint32_t i = 0; i < n->n; i++)
		if (n->kids[i].type != CONF_NODE_TEXT || (ids && !is_rule(r, &n->kids[i])))
			return document_refuse(
			    r, &n->kids[i], ids ? "ids of rules" : "names of obligations");
	return true;
}

static bool
read_expect(struct reading *r, const struct conf_node *n, void *to)
{
	static const struct document_key keys[] = {
		{ "decision", true, read_decision },
		{ "rule", false, read_rule },
		{ "code", false, read_code },
		{ "obligations", false, read_names },
		{ "shadow", false, read_names },
	};
	struct policy_test *t = to;

	return document_keys(r, n, keys, COUNT(keys), to) && to_json(r, n, &t->expect);
}

bool
document_tests(struct reading *r, const struct conf_node *n)
{
	static const struct document_key keys[] = {
		{ "name", true, read_name },
		{ "request", true, read_request },
		{ "state", false, read_state },
		{ "expect", true, read_expect },
	};
	struct policy_test *all;

	if (n->type != CONF_NODE_LIST)
		return document_refuse(r, n, "a list of tests");
	if ((all = arena_take(r->arena, n->n, sizeof(*all))) == NULL)
		return arena_ok(r->arena, r->f);
	r->d->tests = all;
	r->d->tests_n = n->n;
	for (uint32_t i = 0; i < n->n; i++) {
		all[i].line = n->kids[i].line;
		if (!document_keys(r, &n->kids[i], keys, COUNT(keys), &all[i]))
			return false;
	}
	return true;
}

/* What document_tests() made is a document's own. */
static void
free_json(const struct json *j)
{
	union {
		const struct json *lent;
		struct json *own;
	} u = { .lent = j };

	json_free(u.own);
}

void
document_tests_free(const struct document *d)
{
	for (size_t i = 0; i < d->tests_n; i++) {
		free_json(d->tests[i].request);
		free_json(d->tests[i].state);
		free_json(d->tests[i].expect);
	}
}
