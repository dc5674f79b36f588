/* policy/check.c - see check.h. */
#include "policy/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/text.h"
#include "policy/check_internal.h"

static const struct {
	const char *word;
	bool error;
} KINDS[FINDING_KINDS] = {
	[FINDING_TEST] = { "test", true },
	[FINDING_INVARIANT] = { "invariant", true },
	[FINDING_UNPROVEN] = { "not proven", true },
	[FINDING_LOCKED] = { "locked out", true },
	[FINDING_NEVER] = { "never", false },
	[FINDING_STOPPED] = { "always stopped", false },
	[FINDING_COVERED] = { "covered", false },
	[FINDING_CROWDED] = { "crowded", false },
	[FINDING_NOBODY] = { "nobody", false },
};

bool
finding_is_error(enum finding_kind kind)
{
	return KINDS[kind].error;
}

const char *
finding_word(enum finding_kind kind)
{
	return KINDS[kind].word;
}

struct finding *
check_find(struct check *c, enum finding_kind kind, uint32_t line)
{
	struct finding *to;

	*(KINDS[kind].error ? &c->errors : &c->warnings) += 1;
	if (c->n == CHECK_FINDINGS_MAX)
		return NULL;
	to = &c->at[c->n++];
	to->kind = kind;
	to->line = line;
	return to;
}

void
check_name(struct finding *n, struct octets name)
{
	struct bytes b = { 0 };

	text_put_safe(&b, name, false);
	(void)snprintf(n->name, sizeof(n->name), "%.*s", b.bad ? 0 : (int)b.n,
	    b.at == NULL ? "" : (const char *)b.at);
	bytes_free(&b);
}

bool
check_run(const struct document *d, struct check **ret, struct fault *f)
{
	struct check *c = calloc(1, sizeof(*c));
	struct set *s = NULL;
	bool ok;

	if (c == NULL)
		return fault_set(f, FAULT_INTERNAL, "check: out of memory");
	ok = set_compile(&d, 1, &s, f) && check_tests(c, d, s, f) && check_invariants(c, d, s, f) &&
	     check_rules(c, d, f);
	set_free(s);
	if (!ok) {
		check_free(c);
		return false;
	}
	*ret = c;
	return true;
}

void
check_free(struct check *c)
{
	for (size_t i = 0; c != NULL && i < c->n; i++)
		json_free(c->at[i].request);
	free(c);
}

bool
check_passed(const struct check *c, const char *file, struct fault *f)
{
	for (size_t i = 0; i < c->n; i++)
		if (KINDS[c->at[i].kind].error)
			return conf_refuse(file, c->at[i].line, c->at[i].name, c->at[i].expected,
			    c->at[i].found, f);
	return c->errors == 0 || fault_set(f, FAULT_BADREQ, "%.100s: %zu errors", file, c->errors);
}
