/* tests/fuzz/wire.c - a message that is taken is the only one that says the same. */
#include <stdlib.h>

#include "ca/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

/* What was read, written again. False: it was refused. */
static bool
again(unsigned kind, struct octets body, struct bytes *ret)
{
	struct wire_enroll e;
	struct wire_act a;
	struct wire_refused r;
	struct fault f = { 0 };
	bool ok;

	if (kind == 0) {
		if ((ok = wire_enroll(body, &e, &f)))
			wire_put_enroll(&e, ret);
	} else if (kind == 1) {
		if ((ok = wire_act(body, &a, &f)))
			wire_put_act(&a, ret);
	} else {
		if ((ok = wire_refused(body, &r, &f)))
			wire_put_refused(&r, ret);
	}
	if (!ok && f.code != FAULT_BADREQ)
		abort();
	return ok;
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct bytes b = { 0 };
	struct octets body;
	unsigned kind;

	if (n == 0)
		return 0;
	kind = at[0] % 3;
	body = octets_of(at + 1, n - 1);
	if (again(kind, body, &b)) {
		if (kind == 0) /* the last octet of an enrolment: whatever is not 1 is no renewal */
			body.n--, b.n--;
		if (!octets_same(octets_bytes(&b), body))
			abort();
	}
	bytes_free(&b);
	return 0;
}
