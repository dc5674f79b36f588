/* daemon/api_problem.c - answers in JSON, and refusals as problem documents (RFC 9457); see api.h.
 */
#include "base/problem.h"
#include "ca/cert.h"
#include "ca/name.h"
#include "ca/refusal.h"
#include "daemon/api.h"

void
api_answer(struct exchange *x, unsigned status, struct json *taken)
{
	problem_answer(x, status, taken);
}

unsigned
api_fault_with(struct exchange *x, const struct fault *f, struct octets members)
{
	return problem_fault(x, f, members);
}

unsigned
api_fault(struct exchange *x, const struct fault *f)
{
	return problem_fault(x, f, octets_of(NULL, 0));
}

void
api_problem(struct exchange *x, const struct fault *f)
{
	problem_send(x, f);
}

void
api_other_method(struct exchange *x, const char *allow)
{
	problem_other_method(x, allow, "api: not by this method; docs/api.md lists them");
}

bool
api_refuse_peer(struct exchange *x, const struct fault *why)
{
	struct endpoint e = { .tenant = "" };
	struct cert cert;
	struct fault f;

	if (!api_is(x))
		return false;
	if (cert_parse(x->peer, &cert, &f))
		(void)name_of_uri(cert.uri, &e);
	refusal_send(x, e.tenant, "connect", why, api_fault(x, why));
	return true;
}
