/* daemon/rule_print.c - see rule_print.h. */
#include "daemon/rule_print.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"

/* The obligations that the relay honours; relay/template.h does them. */
static const struct {
	const char *name;
	const char *parameter; /* its one, a number; NULL: none */
} supported[] = {
	{ "log", NULL },
	{ "duplex", NULL },
	{ "monochrome", NULL },
	{ "copies-max", "n" },
};
#define SUPPORTED (sizeof(supported) / sizeof(supported[0]))

/* --- the request --------------------------------------------------------------------------------
 */

static void
put_open(struct request *r, const char *name, struct value v)
{
	struct fault ignored;

	/* Names and types are ours, and there is room. What were missing, no rule would take for
	 * there. */
	if (!request_set(r, octets_text(name), &v, &ignored))
		return;
}

static void
put_word(struct request *r, const char *name, const char *text)
{
	if (text != NULL && text[0] != '\0')
		put_open(r, name, (struct value){ .type = VALUE_TEXT, .text = octets_text(text) });
}

static void
put_number(struct request *r, const char *name, int64_t n)
{
	put_open(r, name, (struct value){ .type = VALUE_NUMBER, .number = n });
}

static const char *
release_word(enum job_release r)
{
	return r == JOB_RELEASE_NONE ? "none" : r == JOB_RELEASE_PASSWORD ? "password" : "owner";
}

static void
put_job(const struct decider_question *q, struct rule_printed *room)
{
	const struct job *j = q->job;
	const uint8_t *u = j->uuid;
	struct request *r = &room->request;

	(void)snprintf(room->uuid, sizeof(room->uuid),
	    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u[0], u[1],
	    u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14],
	    u[15]);
	if (q->act == ACT_PRINT_SUBMIT)
		evidence_resource(r, "queue", q->printer == NULL ? "pull" : q->printer, j->tenant);
	else
		evidence_resource(r, "job", room->uuid, j->tenant);
	request_text(r, ATTRIBUTE_RESOURCE_OWNER, octets_text(j->owner));
	put_word(r, "resource.encrypted_by", j->grade == JOB_GRADE_AGENT ? "agent" : "relay");
	put_word(r, "resource.format", j->format);
	put_word(r, "resource.release", release_word(j->release));
	template_word(j, "sides", "one-sided", room->sides);
	template_word(j, "print-color-mode", "auto", room->color);
	put_word(r, "resource.sides", q->sides != NULL ? q->sides : room->sides);
	put_word(r, "resource.color", q->color != NULL ? q->color : room->color);
	put_number(r, "resource.copies", j->copies);
	if (q->act != ACT_PRINT_SUBMIT) /* before, nobody knows */
		put_number(r, "resource.octets", (int64_t)j->octets);
}

static void
put_scan(const struct decider_question *q, struct request *r)
{
	evidence_resource(r, "destination", q->destination, q->who->tenant);
	if (q->owner != NULL)
		request_text(r, ATTRIBUTE_RESOURCE_OWNER, octets_text(q->owner));
	put_number(r, "resource.octets", (int64_t)q->octets);
}

void
rule_print_request(const struct evidence *of, const struct decider_question *q, int64_t now_s,
    struct rule_printed *ret)
{
	struct request *r = &ret->request;

	memcpy(ret->source, q->who->source, sizeof(ret->source));
	evidence_request(of, rules_act_word(q->act), ret->source, now_s, r);
	if (q->job != NULL)
		put_job(q, ret);
	else
		put_scan(q, r);
	put_word(r, "resource.printer", q->printer);
	put_word(r, "context.how", q->how);
	if (q->act == ACT_PRINT_RELEASE || q->act == ACT_SCAN_SEND)
		request_bool(r, ATTRIBUTE_RESOURCE_OWNER_PRESENT, q->owner_present);
	for (size_t i = 0; i < SUPPORTED; i++)
		r->supports[r->supports_n++] = octets_text(supported[i].name);
}

/* --- the answer ---------------------------------------------------------------------------------
 */

/* The parameter of an obligation, a number; -1: it is not as it should be. */
static int64_t
parameter_of(const struct obligation *o, const char *name)
{
	struct json *j = NULL;
	struct fault ignored;
	int64_t n = -1;

	if (!json_parse(o->json, &j, &ignored) || !json_number(j, name, 1, 9999, -1, &n))
		n = -1;
	json_free(j);
	return n;
}

/* One that is owed, in the answer's words. False: it is none that can be honoured as it stands. */
static bool
owe(const struct obligation *o, struct decider_answer *ret)
{
	size_t i = 0;
	int64_t n;

	while (i < SUPPORTED && !octets_same(o->name, octets_text(supported[i].name)))
		i++;
	if (i == SUPPORTED || ret->obligations_n == DECIDER_OBLIGATIONS_MAX)
		return false;
	(void)snprintf(ret->obligations[ret->obligations_n].name, sizeof(ret->obligations[0].name),
	    "%s", supported[i].name);
	ret->obligations[ret->obligations_n].value[0] = '\0';
	if (supported[i].parameter != NULL) {
		if ((n = parameter_of(o, supported[i].parameter)) < 0)
			return false;
		(void)snprintf(ret->obligations[ret->obligations_n].value,
		    sizeof(ret->obligations[0].value), "%lld", (long long)n);
	}
	ret->obligations_n++;
	return true;
}

static void
refuse(struct decider_answer *ret, const char *rule, const char *reason)
{
	ret->permit = false;
	ret->obligations_n = 0;
	(void)snprintf(ret->why, sizeof(ret->why), "policy: %.90s: %.90s", rule, reason);
}

/* The endpoint that a built-in rule is about: of a release the job's owner. */
static void
object_of(const struct decider_question *q, struct object *ret)
{
	const struct identity *who = q->who;
	struct endpoint e;

	*ret = (struct object){ .tenant = "" };
	memcpy(ret->tenant, q->job != NULL ? q->job->tenant : who->tenant, sizeof(ret->tenant));
	if (q->job != NULL && name_of_uri(q->job->owner, &e) &&
	    strcmp(e.tenant, ret->tenant) == 0) {
		memcpy(ret->endpoint, e.kind, sizeof(ret->endpoint));
		memcpy(ret->name, e.name, sizeof(ret->name));
	}
}

bool
rule_print(struct policies *p, const struct evidence *of, const struct decider_question *q,
    int64_t now_s, struct rule_printed *put, struct decider_answer *ret, struct fault *f)
{
	struct ruling *v = &put->ruling;
	struct object what;
	struct verdict built_in;
	struct decision d = { .permit = true };

	*ret = (struct decider_answer){ .permit = true };
	*v = (struct ruling){ .permit = true };
	rule_print_request(of, q, now_s, put);
	object_of(q, &what);
	decide(q->who, q->act, &what, &built_in);
	if (!built_in.permit) {
		refuse(ret, built_in.rule, built_in.reason);
		return true;
	}
	if (p == NULL)
		return true;
	if (!policies_decide(p, q->who->tenant, POLICIES_ENDPOINT, &put->request, false, v, &d, f))
		return false;
	if (!v->asked)
		return true;
	(void)snprintf(ret->decision, sizeof(ret->decision), "%s", v->id);
	if (!v->permit)
		refuse(ret, v->rule, v->reason);
	for (size_t i = 0; ret->permit && i < d.obligations_n; i++)
		if (!owe(d.obligations[i], ret))
			refuse(ret, v->rule, "an obligation is not as it can be honoured");
	return true;
}
