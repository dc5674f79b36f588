/* daemon/api_rule.c - policies, where a read is decided at once; see api.h. */
#include <stdio.h>
#include <string.h>

#include "daemon/api.h"
#include "daemon/rule_act.h"

static bool
find_evidence(struct api *a, const struct exchange *x, const struct identity *who,
    struct evidence *ret, struct fault *f)
{
	if (x->peer.n > 0)
		return evidence_find(a->realm, x->peer, a->now_s(), NULL, ret, f);
	evidence_without(a->realm, who, ret);
	return true;
}

bool
api_rule(struct api *a, struct exchange *x, const struct identity *who, bool feed,
    const struct object *what, struct fault *f)
{
	struct identity asker = *who;
	struct evidence of;
	struct ruling v;
	const struct rule_act asked = { .who = &asker,
		.of = &of,
		.act = feed ? ACT_FEED : ACT_READ,
		.what = what,
		.now_s = a->now_s() };
	const struct set *s;

	(void)snprintf(asker.source, sizeof(asker.source), "%s", x->source);
	if (a->policies == NULL)
		return true;
	/* Most services have no policies, and then nothing has to be looked up. */
	if (!policies_set(a->policies,
		who->kind == IDENTITY_ENDPOINT ? who->tenant : IDENTITY_PLATFORM, &s, f))
		return false;
	if (s == NULL)
		return true;
	if (!find_evidence(a, x, &asker, &of, f) || !rule_act(a->policies, &asked, &v, NULL, f))
		return false;
	if (!v.asked || v.permit)
		return true;
	memcpy(x->decision, v.id, sizeof(x->decision));
	return policies_refuse(&v, f);
}
