/* base/problem.c - see problem.h. */
#include "base/problem.h"

#include <stdio.h>

static const struct {
	enum fault_code code;
	unsigned status;
	const char *title;
} problems[] = {
	{ FAULT_BADREQ, 400, "Bad Request" },
	{ FAULT_AUTH, 401, "Unauthorized" },
	{ FAULT_DENIED, 403, "Forbidden" },
	{ FAULT_NOTFOUND, 404, "Not Found" },
	{ FAULT_CONFLICT, 409, "Conflict" },
	{ FAULT_STALE, 412, "Precondition Failed" },
	{ FAULT_LIMIT, 413, "Content Too Large" },
	{ FAULT_TYPE, 415, "Unsupported Media Type" },
	{ FAULT_REUSED, 422, "Unprocessable Content" },
	{ FAULT_BLIND, 428, "Precondition Required" },
	{ FAULT_OFTEN, 429, "Too Many Requests" },
	{ FAULT_BUSY, 503, "Service Unavailable" },
	{ FAULT_INTERNAL, 500, "Internal Server Error" },
};

void
problem_answer(struct exchange *x, unsigned status, struct json *taken)
{
	struct fault f;

	bytes_clear(&x->reply);
	x->type = "application/json";
	x->status = json_write(taken, &x->reply, &f) ? status : 500;
	json_free(taken);
	exchange_header(x, "Cache-Control", "no-store");
}

/* The id of a decision by policies: the signer says it among the members. */
static void
put_decision(struct exchange *x, struct json *j)
{
	const char *id = json_text(j, "decision_id");

	if (id != NULL)
		(void)snprintf(x->decision, sizeof(x->decision), "%s", id);
	else if (x->decision[0] != '\0')
		json_put_text(j, "decision_id", x->decision);
	if (x->decision[0] != '\0')
		exchange_header(x, "Quatrain-Decision", "%s", x->decision);
}

/* A problem document (RFC 9457 section 3.1) in x's reply, with members of its own (section 3.2)
 * where there are any. */
static void
put_problem(struct exchange *x, const char *title, unsigned status, const char *detail,
    struct octets members)
{
	struct json *j = NULL;
	struct fault ignored;

	if (members.n == 0 || !json_parse(members, &j, &ignored))
		j = json_object();
	put_decision(x, j);
	json_put_text(j, "type", "about:blank");
	json_put_text(j, "title", title);
	json_put_number(j, "status", status);
	json_put_octets(j, "detail", octets_text(detail));
	bytes_clear(&x->reply);
	if (!json_write(j, &x->reply, &ignored))
		bytes_clear(&x->reply);
	json_free(j);
	x->type = "application/problem+json";
}

unsigned
problem_fault(struct exchange *x, const struct fault *f, struct octets members)
{
	size_t i = 0;

	(void)snprintf(x->why, sizeof(x->why), "%.199s", f->text);
	while (problems[i].code != f->code && problems[i].code != FAULT_INTERNAL)
		i++;
	put_problem(x, problems[i].title, problems[i].status,
	    problems[i].status == 500 ? "the service had a fault; its log says which" : f->text,
	    members);
	if (problems[i].status == 503)
		exchange_header(x, "Retry-After", "2");
	else if (problems[i].status == 429)
		exchange_header(x, "Retry-After", "3600");
	return problems[i].status;
}

void
problem_send(struct exchange *x, const struct fault *f)
{
	x->status = problem_fault(x, f, octets_of(NULL, 0));
}

void
problem_other_method(struct exchange *x, const char *allow, const char *detail)
{
	exchange_header(x, "Allow", "%s", allow);
	put_problem(x, "Method Not Allowed", 405, detail, octets_of(NULL, 0));
	x->status = 405;
}
