/* policy/decide.c - see decide.h. */
#include "policy/decide.h"

#include <string.h>

/* What the conditions on the asker's kind mean. */
static const char *const relying[] = { "service", "gateway", NULL };
static const char *const personal[] = { "workstation", "phone", "service", NULL };
static const char *const machine[] = { "printer", "gateway", NULL };

static bool
is_kind(const struct identity *who, const char *const *kinds)
{
	while (*kinds != NULL && strcmp(who->endpoint, *kinds) != 0)
		kinds++;
	return *kinds != NULL;
}

static bool
holds(const struct rule *r, const struct identity *who, const struct object *what)
{
	if ((r->kinds & (unsigned)who->kind) == 0)
		return false;
	if (r->roles != 0 && (r->roles & (unsigned)who->role) == 0)
		return false;
	if ((r->conditions & RULE_SAME_TENANT) != 0 && strcmp(who->tenant, what->tenant) != 0)
		return false;
	if ((r->conditions & RULE_SAME_ENDPOINT) != 0 &&
	    (strcmp(who->endpoint, what->endpoint) != 0 || strcmp(who->name, what->name) != 0))
		return false;
	if ((r->conditions & RULE_RELYING) != 0 && !is_kind(who, relying))
		return false;
	if ((r->conditions & RULE_PERSONAL) != 0 && !is_kind(who, personal))
		return false;
	if ((r->conditions & RULE_MACHINE) != 0 && !is_kind(who, machine))
		return false;
	if ((r->conditions & RULE_CUSTOMER) != 0 && strcmp(what->tenant, IDENTITY_PLATFORM) == 0)
		return false;
	return true;
}

void
decide(const struct identity *who, enum act act, const struct object *what, struct verdict *ret)
{
	size_t n;
	const struct rule *r = rules_all(&n);

	*ret = (struct verdict){ false, "default-deny", "no rule permits this" };
	if (!who->good) {
		*ret =
		    (struct verdict){ false, "not-good", "the identity is not in good standing" };
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (r[i].act == act && holds(&r[i], who, what)) {
			*ret = (struct verdict){ true, r[i].id, "permitted" };
			return;
		}
}
