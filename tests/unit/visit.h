/* tests/unit/visit.h - a request to a face without a socket, and its question answered by hand. */
#ifndef QUATRAIN_TESTS_UNIT_VISIT_H
#define QUATRAIN_TESTS_UNIT_VISIT_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exchange.h"
#include "ca/wire.h"

#define VISIT_SOURCE "192.0.2.7:4711"

static bool visit_by_hand; /* the last answer was made up by a test */

/* path lives until the exchange is freed. */
static inline struct exchange
visit(enum exchange_face face, const char *method, const char *path)
{
	visit_by_hand = false;
	return (struct exchange){ .face = face,
		.method = octets_text(method),
		.path = octets_text(path),
		.source = VISIT_SOURCE };
}

/* The signer's answer to what x asked; x may ask again. */
static inline void
visit_answer(struct exchange *x, uint16_t code, struct octets body)
{
	exchange_then *then = x->ask.then;

	ck_assert_uint_ne(x->ask.verb, 0);
	ck_assert(then != NULL);
	visit_by_hand = x->ask.verb != WIRE_REFUSED;
	x->ask.verb = 0;
	x->ask.then = NULL;
	then(x, code, body);
}

/* What is sent, lent by whoever has it. */
static inline struct octets
visit_body(const struct exchange *x)
{
	if (x->shared != NULL)
		return octets_of(x->shared->at, x->shared->n);
	return octets_bytes(&x->reply);
}

/* NULL where it is not there; never twice. */
static inline const char *
visit_header(const struct exchange *x, const char *name)
{
	const char *found = NULL;

	for (size_t i = 0; i < x->headers_n; i++)
		if (strcmp(x->headers[i].name, name) == 0) {
			ck_assert_ptr_null(found);
			found = x->headers[i].value;
		}
	return found;
}

/*
 * An answer of the API's as a file in the folder that QUATRAIN_ANSWERS names, for tests/openapi.py:
 * it is held against docs/openapi.yaml.
 */
static inline void
visit_keep(const struct exchange *x)
{
	static unsigned n;
	const char *folder = getenv("QUATRAIN_ANSWERS");
	char path[512];
	FILE *to;

	if (folder == NULL || visit_by_hand || x->path.n < 4 || memcmp(x->path.at, "/v1/", 4) != 0)
		return;
	(void)snprintf(path, sizeof(path), "%s/unit-%d-%u", folder, (int)getpid(), n++);
	ck_assert_ptr_nonnull(to = fopen(path, "w"));
	(void)fprintf(to, "%.*s %.*s?%.*s %u\n", (int)x->method.n, (const char *)x->method.at,
	    (int)x->path.n, (const char *)x->path.at, (int)x->query.n, (const char *)x->query.at,
	    x->status);
	if (x->type != NULL)
		(void)fprintf(to, "Content-Type: %s\n", x->type);
	for (size_t i = 0; i < x->headers_n; i++)
		(void)fprintf(to, "%s: %s\n", x->headers[i].name, x->headers[i].value);
	(void)fprintf(to, "\n%.*s", (int)x->reply.n, (const char *)x->reply.at);
	ck_assert_int_eq(fclose(to), 0);
}

/* Answered so; type NULL: with nothing. */
static inline void
visit_is(const struct exchange *x, unsigned status, const char *type)
{
	ck_assert_uint_eq(x->ask.verb, 0);
	ck_assert_msg(x->status == status, "%u where %u was due: %.*s", x->status, status,
	    (int)x->reply.n, (const char *)x->reply.at);
	if (type == NULL)
		ck_assert_uint_eq(x->reply.n, 0);
	else
		ck_assert_str_eq(x->type, type);
	visit_keep(x);
}

/* It asks the signer for this. */
static inline void
visit_asks(const struct exchange *x, uint16_t verb)
{
	ck_assert_msg(x->ask.verb == verb, "verb %u, status %u: %.*s", x->ask.verb, x->status,
	    (int)x->reply.n, (const char *)x->reply.at);
	ck_assert_uint_eq(x->status, 0);
}

/* A refusal that is told to the log first: its entry's tenant and act; then it is sent. */
static inline void
visit_refused(
    struct exchange *x, const char *tenant, const char *act, enum fault_code code, unsigned status)
{
	struct wire_refused w;
	struct fault f;

	visit_asks(x, WIRE_REFUSED);
	ck_assert(wire_refused(octets_bytes(&x->ask.body), &w, &f));
	ck_assert_str_eq(w.tenant, tenant);
	ck_assert_str_eq(w.source, VISIT_SOURCE);
	ck_assert_msg(
	    octets_same(w.act, octets_text(act)), "%.*s", (int)w.act.n, (const char *)w.act.at);
	ck_assert_uint_eq(w.code, code);
	ck_assert_uint_gt(w.text.n, 0);
	visit_answer(x, 0, octets_of(NULL, 0));
	ck_assert_uint_eq(x->status, status);
}

#endif
