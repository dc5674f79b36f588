/* tests/fuzz/der.c - what der_check() passes can be walked to its leaves, header by header. */
#include <stdlib.h>

#include "base/der.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

/* Passed values are bounded in depth, so this recursion is too. */
static void
walk(struct octets in)
{
	struct octets content;
	uint8_t tag;

	while (in.n > 0) {
		if (!der_next(&in, &tag, &content, NULL))
			abort();
		if ((tag & 0x20) != 0)
			walk(content);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct octets in = octets_of(at, n), content, whole;
	struct fault f;
	uint8_t tag;

	if (der_check(in, &f))
		walk(in);
	while (der_next(&in, &tag, &content, &whole))
		continue;
	return 0;
}
