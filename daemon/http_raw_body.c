/* daemon/http_raw_body.c - see http_raw_under.h. A body comes by pieces, of either framing. */
#include <h2o.h>

#include "daemon/http_raw_under.h"

#include "base/secret.h"

static void
give(struct raw *r, struct octets piece)
{
	r->got += piece.n;
	r->x.take(&r->x, piece, r->whole);
}

/* What was taken is in this memory no more: it may have been somebody's document. */
static void
consume(struct raw *r, size_t n)
{
	h2o_buffer_t *in = r->sock->input;

	secret_wipe(in->bytes, n);
	h2o_buffer_consume(&r->sock->input, n);
}

bool
http_raw_body(struct raw *r)
{
	struct octets in = octets_of(r->sock->input->bytes, r->sock->input->size), piece;
	struct fault f;
	size_t used;

	if (r->head.octets == HTTP_CHUNKED) {
		if (in.n == 0)
			return false;
		if (!chunked_take(&r->chunked, in, &used, &piece, &f)) {
			http_raw_refuse(r, 400, &f);
			return false;
		}
		r->whole = r->chunked.state == CHUNKED_END;
		if (piece.n > 0 || r->whole)
			give(r, piece);
		consume(r, used);
		return true;
	}
	if (in.n > r->left)
		in.n = (size_t)r->left;
	if (in.n == 0 && r->left > 0)
		return false;
	r->left -= in.n;
	r->whole = r->left == 0;
	give(r, in);
	consume(r, in.n);
	return true;
}
