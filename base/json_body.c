/* base/json_body.c - see json_body.h. */
#include "base/json_body.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/problem.h"

/* x->state while it comes. */
struct collect {
	size_t max, n;
	json_body_then *then;
	size_t with_n; /* octets: what was collected stands behind them */
	_Alignas(max_align_t) uint8_t at[];
};

static void
collected(struct exchange *x)
{
	struct collect *c = x->state;
	struct json *body = NULL;
	struct fault f;

	x->state = NULL;
	if (!json_parse(octets_of(c->at + c->with_n, c->n), &body, &f)) {
		problem_send(x, &f);
	} else if (json_kind(body) != JSON_OBJECT) {
		fault_set(&f, FAULT_BADREQ, "body: expected a JSON object");
		problem_send(x, &f);
	} else {
		c->then(x, c->at, body);
	}
	json_free(body);
	free(c);
}

static void
take_piece(struct exchange *x, struct octets piece, bool last)
{
	struct collect *c = x->state;
	struct fault f;

	if (piece.n > c->max - c->n) {
		fault_set(&f, FAULT_LIMIT, "body: expected at most %zu octets", c->max);
		problem_send(x, &f);
		return;
	}
	if (piece.n > 0)
		memcpy(c->at + c->with_n + c->n, piece.at, piece.n);
	c->n += piece.n;
	if (last)
		collected(x);
}

/* "application/json", whatever its parameters. */
static bool
is_json(struct octets type)
{
	static const char word[] = "application/json";

	return type.n >= sizeof(word) - 1 &&
	       strncasecmp((const char *)type.at, word, sizeof(word) - 1) == 0 &&
	       (type.n == sizeof(word) - 1 || type.at[sizeof(word) - 1] == ';' ||
		   type.at[sizeof(word) - 1] == ' ');
}

void
json_body(struct exchange *x, size_t max, const void *with, size_t n, json_body_then *then)
{
	struct collect *c;
	struct fault f;

	if (!is_json(x->content_type))
		fault_set(&f, FAULT_TYPE, "body: expected Content-Type: application/json");
	else if (x->body_octets != EXCHANGE_CHUNKED && x->body_octets > max)
		fault_set(&f, FAULT_LIMIT, "body: expected at most %zu octets", max);
	else if ((c = calloc(1, sizeof(*c) + n + max)) == NULL)
		fault_set(&f, FAULT_INTERNAL, "body: out of memory");
	else {
		c->max = max;
		c->with_n = n;
		memcpy(c->at, with, n);
		c->then = then;
		x->state = c;
		x->take = take_piece;
		return;
	}
	problem_send(x, &f);
}
