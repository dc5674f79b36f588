/* tests/fuzz/json.c - what is parsed and written is its own canonical form. */
#include <stdlib.h>

#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct json *first = NULL, *second = NULL;
	struct bytes a = { 0 }, b = { 0 };
	struct fault f;

	if (json_parse(octets_of(at, n), &first, &f)) {
		if (json_write(first, &a, &f) &&
		    (!json_parse(octets_bytes(&a), &second, &f) || !json_write(second, &b, &f) ||
			!octets_same(octets_bytes(&a), octets_bytes(&b))))
			abort();
	} else if (f.code != FAULT_BADREQ) /* what cJSON refuses, the scan must have refused */
		abort();
	json_free(first);
	json_free(second);
	bytes_free(&a);
	bytes_free(&b);
	return 0;
}
