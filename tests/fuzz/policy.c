/* tests/fuzz/policy.c - a document of any octets is refused on one line, or compiles, and is held
 * against itself: each counterexample is a request, and what is counted adds up. */
#include <stdlib.h>
#include <string.h>

#include "policy/check.h"

#define OCTETS_MAX 4096 /* as large as seeds are; proofs of larger ones take long, and end */

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

static void
check_findings(const struct check *c)
{
	struct request_room room;
	struct request r;
	struct fault f = { 0 };

	if (c->tests_passed > c->tests || c->invariants_proven > c->invariants)
		abort();
	for (size_t i = 0; i < c->n; i++) {
		const struct finding *found = &c->at[i];

		if (found->kind == FINDING_INVARIANT && found->request == NULL)
			abort();
		if (found->request != NULL && !request_read(found->request, &r, &room, &f) &&
		    found->kind == FINDING_INVARIANT)
			abort();
		if (strpbrk(found->name, "\n\r") != NULL || strpbrk(found->found, "\n\r") != NULL)
			abort();
	}
	if (check_passed(c, "f", &f) != (c->errors == 0))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct zones *zones = zones_new(NULL, NULL);
	struct document *d = NULL;
	struct check *c = NULL;
	struct fault f = { 0 };

	if (zones == NULL)
		return 0;
	if (!document_read("f", octets_of(at, n), OCTETS_MAX, zones, &d, &f)) {
		if (strncmp(f.text, "f:", 2) != 0 || strstr(f.text, ": expected ") == NULL ||
		    strpbrk(f.text, "\n\r") != NULL)
			abort();
	} else if (check_run(d, &c, &f))
		check_findings(c);
	check_free(c);
	document_free(d);
	zones_free(zones);
	return 0;
}
