/* tests/fuzz/trace.c - base/trace.h: what parses is written back as what it means, and means the
 * same. */
#include <stdlib.h>
#include <string.h>

#include "base/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct octets o = octets_of(at, n);
	struct trace t = { .flags = 0 }, again;
	char text[TRACE_TEXT_MAX];

	(void)trace_state_ok(o);
	if (!trace_parse(o, &t)) {
		if (trace_is_set(&t))
			abort();
		return 0;
	}
	trace_text(&t, text);
	if (!trace_is_set(&t) || strlen(text) != TRACE_TEXT_MAX - 1 ||
	    !trace_parse(octets_text(text), &again) || memcmp(&t, &again, sizeof(t)) != 0 ||
	    memcmp(text + 2, at + 2, 51) != 0)
		abort();
	return 0;
}
