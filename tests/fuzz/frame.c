/* tests/fuzz/frame.c - a body of EST that is taken is base64 of what comes out, and an answer is
 * read back by every client. A line each: content type, user agent; then the body. */
#include <stdlib.h>

#include "base/text.h"
#include "enroll/frame.h"
#include "enroll/label.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

static struct octets
line(struct octets *in)
{
	struct octets one = *in;

	for (size_t i = 0; i < in->n; i++)
		if (in->at[i] == '\n') {
			one.n = i;
			*in = octets_of(in->at + i + 1, in->n - i - 1);
			return one;
		}
	*in = octets_of(in->at + in->n, 0);
	return one;
}

/* Sent again by itself, in one line and in several, a request is the same request. */
static void
again(struct exchange *x, struct octets der)
{
	for (size_t columns = 0; columns <= 64; columns += 64) {
		struct bytes sent = { 0 }, read = { 0 };
		struct fault f;

		text_base64(der, columns, &sent);
		x->content_type = octets_text("application/pkcs10");
		x->body = octets_bytes(&sent);
		if (!frame_read(x, &read, &f) || !octets_same(octets_bytes(&read), der))
			abort();
		bytes_free(&sent);
		bytes_free(&read);
	}
}

static void
answer(struct exchange *x, struct octets der)
{
	struct bytes read = { 0 };
	struct fault f;

	frame_put(x, der);
	if (!bytes_ok(&x->reply, &f) || x->headers_n != 1)
		abort();
	if (der.n > 0 && (!text_unbase64(octets_bytes(&x->reply), &read, &f) ||
			     !octets_same(octets_bytes(&read), der)))
		abort();
	bytes_free(&read);
}

/* A label is two labels of DNS at most, and nothing that a file could be called by. */
static void
label(struct octets o)
{
	struct octets told, operation;
	struct label l;
	struct fault f;

	if (label_split(o, &told, &operation) && told.n + operation.n > o.n)
		abort();
	if (label_read(o, &l, &f) &&
	    (!text_is_label(l.tenant) || (l.profile[0] != '\0' && !text_is_label(l.profile))))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct octets in = octets_of(at, n);
	struct exchange x = { .face = FACE_SECURE };
	struct bytes der = { 0 };
	struct fault f;

	label(in);
	x.content_type = line(&in);
	x.user_agent = line(&in);
	x.body = in;
	if (frame_read(&x, &der, &f)) {
		answer(&x, octets_bytes(&der));
		again(&x, octets_bytes(&der));
	} else if (der.n != 0) {
		abort();
	}
	exchange_free(&x);
	bytes_free(&der);
	return 0;
}
