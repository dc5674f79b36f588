/* relay/scan.c - see scan.h. */
#include "relay/scan.h"

#include <stdio.h>
#include <string.h>

#include "base/json_body.h"
#include "base/problem.h"
#include "ca/printer.h"
#include "ca/wire.h"
#include "relay/grant.h"

/* Kept while the body comes. */
struct asking {
	struct scan *scan;
	struct identity who;
};

static void
answered(struct exchange *x, uint16_t code, struct octets body)
{
	struct fault f = { .code = (enum fault_code)code };

	if (code != 0) {
		(void)snprintf(f.text, sizeof(f.text), "%.*s", (int)(body.n < 255 ? body.n : 255),
		    body.n == 0 ? "" : (const char *)body.at);
		problem_send(x, &f);
		return;
	}
	bytes_put_octets(&x->reply, body);
	x->type = "application/json";
	x->status = 200;
	exchange_header(x, "Cache-Control", "no-store");
}

/* An early no, before the signer is asked: it judges all of it again. */
static bool
may_ask(const struct asking *a, struct exchange *x, const struct json *body, struct fault *f)
{
	const char *device = json_text(body, "device"), *user = json_text(body, "user");
	struct decider_question q = {
		.act = ACT_SCAN_SEND, .who = &a->who, .destination = json_text(body, "profile")
	};
	struct decider_answer answer;
	char owner[JOB_OWNER_MAX], host[TEXT_HOST_MAX];
	int64_t octets;

	if (device == NULL || user == NULL || q.destination == NULL ||
	    !json_number(body, "octets", 1, (int64_t)GRANT_OCTETS_MAX, -1, &octets) || octets < 1)
		return fault_set(f, FAULT_BADREQ,
		    "scan: expected user, device, profile, destination and octets");
	if (!printer_speaks(a->scan->realm, &a->who, device))
		return fault_set(
		    f, FAULT_DENIED, "scan: it does not speak for printer/%.63s", device);
	name_tenant_host(realm_space(a->scan->realm), a->who.tenant, host);
	(void)snprintf(owner, sizeof(owner), "spiffe://%.120s/%.120s", host, user);
	q.printer = device;
	q.owner = owner;
	q.octets = (uint64_t)octets;
	if (!a->scan->decider->decide(a->scan->decider->with, x, &q, &answer, f))
		return false;
	(void)snprintf(x->decision, sizeof(x->decision), "%s", answer.decision);
	return answer.permit || fault_set(f, FAULT_DENIED, "%s", answer.why);
}

static void
ask(struct exchange *x, const void *with, const struct json *body)
{
	const struct asking *a = with;
	struct wire_act act = { .peer = x->peer };
	struct bytes text = { 0 };
	struct fault f;

	if (!may_ask(a, x, body, &f) || !json_write(body, &text, &f)) {
		bytes_free(&text);
		problem_send(x, &f);
		return;
	}
	memcpy(act.tenant, a->who.tenant, sizeof(act.tenant));
	(void)snprintf(act.source, sizeof(act.source), "%s", x->source);
	act.json = octets_bytes(&text);
	wire_put_act(&act, &x->ask.body);
	bytes_free(&text);
	x->ask.verb = WIRE_GRANT;
	x->ask.then = answered;
}

bool
scan_serve(struct scan *s, struct exchange *x, const struct identity *who)
{
	struct asking a = { .scan = s, .who = *who };

	if (!octets_same(x->path, octets_text(SCAN_PATH)))
		return false;
	if (!octets_same(x->method, octets_text("POST")))
		problem_other_method(x, "POST", "scan: POST asks for a grant");
	else
		json_body(x, SCAN_BODY_MAX, &a, sizeof(a), ask);
	return true;
}
