/*
 * tests/fuzz/http_head.c - a request as the relay reads it: its head has one meaning, its body's
 * chunks come off the same in whatever pieces they come, and what was read says itself again.
 *
 * The first octet says how large a piece of the body is; the rest is a connection.
 */
#include <stdlib.h>
#include <string.h>

#include "relay/chunked.h"
#include "relay/http_head.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

static void
need(bool so)
{
	if (!so)
		abort();
}

static bool
lies_in(struct octets o, struct octets in)
{
	return o.n == 0 || (o.at >= in.at && o.at + o.n <= in.at + in.n);
}

/* What a handler may rely on. */
static void
check_head(const struct http_head *h, struct octets in)
{
	need(lies_in(h->method, in) && h->method.n > 0 && h->method.n <= HTTP_METHOD_MAX);
	need(lies_in(h->path, in) && h->path.n > 0 && h->path.at[0] == '/');
	need(lies_in(h->query, in) && h->path.n + h->query.n <= HTTP_TARGET_MAX);
	need(memchr(h->path.at, '?', h->path.n) == NULL && h->fields_n <= HTTP_FIELDS_MAX);
	need(h->is_11 || (!h->keep && !h->expects && h->octets != HTTP_CHUNKED));
	for (size_t i = 0; i < h->fields_n; i++) {
		const struct http_field *one = &h->fields[i];

		need(lies_in(one->name, in) && one->name.n > 0 && lies_in(one->value, in));
		for (size_t j = 0; j < one->value.n; j++)
			need(one->value.at[j] == '\t' ||
			     (one->value.at[j] >= ' ' && one->value.at[j] <= '~'));
	}
}

/* Written anew from what was understood, it is understood the same. */
static void
check_again(const struct http_head *h)
{
	struct bytes b = { 0 };
	struct http_head again;
	unsigned status;
	struct fault f;
	size_t n;

	bytes_put_octets(&b, h->method);
	bytes_put_text(&b, " ");
	bytes_put_octets(&b, h->path);
	if (h->query.n > 0)
		bytes_put_text(&b, "?");
	bytes_put_octets(&b, h->query);
	bytes_put_text(&b, h->is_11 ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n");
	for (size_t i = 0; i < h->fields_n; i++) {
		bytes_put_octets(&b, h->fields[i].name);
		bytes_put_text(&b, ": ");
		bytes_put_octets(&b, h->fields[i].value);
		bytes_put_text(&b, "\r\n");
	}
	bytes_put_text(&b, "\r\n");
	if (b.n <= HTTP_HEAD_MAX) { /* a blank behind each colon may be one too many */
		need(http_head_read(octets_bytes(&b), &n, &again, &status, &f) && n == b.n);
		need(again.octets == h->octets && again.keep == h->keep);
		need(again.expects == h->expects && again.fields_n == h->fields_n);
		need(octets_same(again.path, h->path) && octets_same(again.query, h->query));
	}
	bytes_free(&b);
}

/* The head of in, and its length; 0: there is none that is whole and good. */
static size_t
read_head(struct octets in, struct http_head *h)
{
	unsigned status = 0;
	struct fault f;
	size_t n = 0;

	if (!http_head_read(in, &n, h, &status, &f)) {
		need(status == 400 || status == 417 || status == 431 || status == 501 ||
		     status == 505);
		need(n == 0);
		return 0;
	}
	need(n <= in.n && n <= HTTP_HEAD_MAX);
	if (n > 0) {
		check_head(h, octets_of(in.at, n));
		check_again(h);
	}
	return n;
}

struct taken {
	size_t used;
	bool refused;
	enum chunked_state state;
	struct bytes body;
};

static struct taken
take(struct octets in, size_t piece)
{
	struct chunked c = { .state = CHUNKED_SIZE };
	struct taken t = { .used = 0 };
	struct octets run;
	struct fault f;
	size_t used;

	while (t.used < in.n && c.state != CHUNKED_END && !t.refused) {
		size_t n = in.n - t.used < piece ? in.n - t.used : piece;
		struct octets part = octets_of(in.at + t.used, n);

		t.refused = !chunked_take(&c, part, &used, &run, &f);
		if (t.refused)
			break;
		need(used > 0 && used <= n && lies_in(run, part) && run.n <= used);
		bytes_put_octets(&t.body, run);
		t.used += used;
	}
	t.state = c.state;
	return t;
}

/* Pieces do not change what a body is; where one way refuses, so does the other. */
static void
check_chunks(struct octets in, size_t piece)
{
	struct taken whole = take(in, in.n + 1), bits = take(in, piece);

	need(whole.refused == bits.refused);
	if (!whole.refused) {
		need(whole.used == bits.used && whole.state == bits.state);
		need(octets_same(octets_bytes(&whole.body), octets_bytes(&bits.body)));
		need(whole.body.n <= whole.used);
	}
	bytes_free(&whole.body);
	bytes_free(&bits.body);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct octets in = octets_of(at + 1, n - 1);
	struct http_head h;

	if (n < 2)
		return 0;
	check_chunks(in, 1 + at[0] % 64u);
	while (in.n > 0) {
		size_t used = read_head(in, &h);

		if (used == 0)
			break;
		in = octets_of(in.at + used, in.n - used);
		if (h.octets == HTTP_CHUNKED) {
			check_chunks(in, 1 + at[0] % 64u);
			break;
		}
		if (h.octets > in.n)
			break;
		in = octets_of(in.at + h.octets, in.n - (size_t)h.octets);
	}
	return 0;
}
