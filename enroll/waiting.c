/* enroll/waiting.c - see waiting.h. */
#include "enroll/waiting.h"

#include <string.h>

#include "ca/petition.h"
#include "enroll/frame.h"

#define PROFILE_DEFAULT "printer" /* where the label names none */

void
waiting_reply(struct exchange *x, uint64_t seconds)
{
	bytes_clear(&x->reply);
	x->type = NULL;
	x->status = 202;
	exchange_header(x, "Retry-After", "%llu", (unsigned long long)seconds);
}

bool
waiting_allowed(const struct exchange *x, const struct label *l)
{
	const struct profile *p =
	    profile_find(l->profile[0] == '\0' ? PROFILE_DEFAULT : l->profile);

	return x->authorization.n == 0 && x->peer.n == 0 && p != NULL &&
	       (p->ask & PROFILE_BY_REQUEST) != 0;
}

bool
waiting_label(struct realm *r, const struct exchange *x, struct label *ret)
{
	struct petition_route route;
	struct bytes der = { 0 };
	struct csr csr;
	struct fault f;
	bool found = x->body.n > 0 && frame_read(x, &der, &f) &&
		     csr_read(octets_bytes(&der), &csr, &f) &&
		     petition_route(r, csr.key_id, &route, &f);

	if (found) {
		memcpy(ret->tenant, route.tenant, sizeof(ret->tenant));
		memcpy(ret->profile, route.profile, sizeof(ret->profile));
	}
	bytes_free(&der);
	return found;
}
