/* tests/fuzz/service.h - one realm for all inputs, and what every answered exchange must be. */
#ifndef QUATRAIN_TESTS_FUZZ_SERVICE_H
#define QUATRAIN_TESTS_FUZZ_SERVICE_H

#include <stdlib.h>

#include "base/exchange.h"
#include "ca/wire.h"
#include "tests/unit/ground.h"

extern int LLVMFuzzerInitialize(int *argc, char ***argv);
extern int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

static struct ground service;

static void
service_end(void)
{
	ground_free(&service);
}

static void
service_start(void)
{
	ground_new(&service);
	if (atexit(service_end) != 0)
		abort();
}

static int64_t
service_now(void)
{
	return GROUND_NOW_S;
}

/* Take the text before the next LF off. */
static struct octets
service_line(struct octets *in)
{
	struct octets line = *in;

	for (size_t i = 0; i < in->n; i++)
		if (in->at[i] == '\n') {
			line.n = i;
			*in = octets_of(in->at + i + 1, in->n - i - 1);
			return line;
		}
	*in = octets_of(in->at + in->n, 0);
	return line;
}

/* The signer's answer to the question of x. */
static void
service_answer(struct exchange *x, uint16_t code, struct octets body)
{
	exchange_then *then = x->ask.then;

	if (x->ask.verb == 0 || then == NULL)
		abort();
	x->ask.verb = 0;
	x->ask.then = NULL;
	then(x, code, body);
}

/* Answered, and fit to be sent. */
static void
service_check(const struct exchange *x)
{
	if (x->ask.verb != 0 || x->status < 200 || x->status > 599 || x->reply.bad)
		abort();
	if (x->reply.n > 0 && x->type == NULL)
		abort();
	for (size_t i = 0; i < x->headers_n; i++)
		for (const char *p = x->headers[i].value; *p != '\0'; p++)
			if (*p < ' ' || *p > '~')
				abort();
}

#endif
