/* daemon/http_raw_body.c - see http_raw_under.h. A body comes by pieces, of either framing. */
#include <h2o.h>

#include "daemon/http_raw_under.h"

#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

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

/* Whole pages are given back, which clears them without touching what was never used. */
static void
scrub(uint8_t *at, size_t n)
{
	size_t page = (size_t)getpagesize(), before = (page - (uintptr_t)at % page) % page;
	size_t within = n > before ? (n - before) / page * page : 0;

	if (within == 0 || madvise(at + before, within, MADV_DONTNEED) != 0) {
		secret_wipe(at, n);
		return;
	}
	secret_wipe(at, before);
	secret_wipe(at + before + within, n - before - within);
}

/*
 * h2o calls this through its procedure linkage table, so that ours stands in for its own: a buffer
 * that grew, or whose connection ended, is wiped before its memory is used for anything else. What
 * was decrypted into it may have been somebody's document.
 */
void
h2o_buffer__do_free(h2o_buffer_t *buffer)
{
	size_t head = offsetof(h2o_buffer_t, _buf), page = (size_t)getpagesize();

	if (buffer->_fd == -1)
		scrub((uint8_t *)buffer->_buf, buffer->capacity);
	if (buffer->capacity == buffer->_prototype->_initial_buf.capacity) {
		h2o_mem_free_recycle(&buffer->_prototype->allocator, buffer);
	} else if (buffer->_fd != -1) {
		(void)close(buffer->_fd);
		(void)munmap(buffer, (head + buffer->capacity + page - 1) / page * page);
	} else {
		free(buffer);
	}
}
