/* tests/fuzz/feed.c - a piece of the feed that is taken is spelled the one way there is, and what
 * it leaves in a set says the same again. */
#include <stdlib.h>
#include <string.h>

#include "ca/feed_set.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

/* What a follower writes down of a set must be read as the same set. */
static void
write_and_read(const struct feed_set *s)
{
	struct bytes lines = { 0 }, text = { 0 };
	struct feed_piece p = { .snapshot = true, .size = s->seq, .cas_n = s->cas_n }, again;
	struct feed_set other = { .row = NULL };
	struct fault f;
	size_t rows;

	memcpy(p.origin, s->origin, sizeof(p.origin));
	memcpy(p.before, s->hash, sizeof(p.before));
	memcpy(p.after, s->hash, sizeof(p.after));
	memcpy(p.ca, s->ca, sizeof(p.ca));
	p.at_s = s->at_s;
	p.until_s = s->until_s;
	if (!feed_set_lines(s, &lines, &p.lines_n, &f))
		abort();
	rows = p.lines_n;
	p.lines = octets_bytes(&lines);
	feed_piece_text(&p, &text);
	if (!feed_piece_read_text(octets_bytes(&text), &again, &f) ||
	    !feed_set_take(&other, &again, &f) || again.lines_n != rows || !feed_set_whole(&other))
		abort();
	feed_set_free(&other);
	bytes_free(&text);
	bytes_free(&lines);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct feed_set s = { .row = NULL };
	struct bytes b = { 0 };
	struct feed_piece p;
	struct fault f;

	if (!feed_piece_read(octets_of(at, n), &p, &f)) {
		if (f.code != FAULT_BADREQ)
			abort();
		return 0;
	}
	feed_piece_text(&p, &b);
	if (!octets_same(octets_bytes(&b), p.text))
		abort();
	bytes_free(&b);
	if (feed_set_take(&s, &p, &f))
		write_and_read(&s);
	else if (f.code != FAULT_CONFLICT)
		abort();
	feed_set_free(&s);
	return 0;
}
