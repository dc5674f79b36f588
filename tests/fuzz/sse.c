/* tests/fuzz/sse.c - a stream says the same in whatever pieces it comes; what is put as data is one
 * event. */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "daemon/sse.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

struct heard {
	size_t events;
	uint8_t digest[DIGEST_OCTETS];
};

static bool
hear(void *with, const struct sse_event *e, struct fault *f)
{
	struct heard *h = with;

	(void)f;
	h->events++;
	digest_of_both(octets_of(h->digest, sizeof(h->digest)), e->event, h->digest);
	digest_of_both(octets_of(h->digest, sizeof(h->digest)), e->data, h->digest);
	digest_of_both(octets_of(h->digest, sizeof(h->digest)), e->id, h->digest);
	return true;
}

static struct heard
read_in(struct octets o, size_t piece)
{
	struct sse s = sse_begin();
	struct heard h = { .events = 0 };
	struct fault f;

	while (o.n > 0) {
		size_t n = o.n < piece ? o.n : piece;

		if (!sse_take(&s, octets_of(o.at, n), hear, &h, &f)) {
			if (f.code != FAULT_LIMIT)
				abort();
			break;
		}
		o = octets_of(o.at + n, o.n - n);
	}
	sse_free(&s);
	return h;
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct heard whole = read_in(octets_of(at, n), n), bits = read_in(octets_of(at, n), 1);
	struct bytes put = { 0 };

	if (memcmp(&whole, &bits, sizeof(whole)) != 0)
		abort();
	if (n == 0 || n > SSE_EVENT_MAX / 8)
		return 0;
	sse_put(&put, octets_text("acme:1"), octets_of(at, n < 8 ? n : 8), octets_of(at, n));
	if (read_in(octets_bytes(&put), 7).events != 1)
		abort();
	bytes_free(&put);
	return 0;
}
