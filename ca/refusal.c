/* ca/refusal.c - see refusal.h. */
#include "ca/refusal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/wire.h"

struct refusal {
	unsigned status;
};

static void
told(struct exchange *x, uint16_t code, struct octets body)
{
	const struct refusal *r = x->state;

	(void)code;
	(void)body;
	x->status = r->status;
}

void
refusal_send(struct exchange *x, const char *tenant, const char *act, const struct fault *why,
    unsigned status)
{
	struct refusal *r = calloc(1, sizeof(*r));
	struct wire_refused w = {
		.act = octets_text(act),
		.peer = x->peer,
		.text = octets_text(why->text),
		.code = (uint16_t)why->code,
	};

	(void)snprintf(x->why, sizeof(x->why), "%.199s", why->text);
	free(x->state);
	x->state = r;
	if (r == NULL) { /* no memory to ask with: the refusal itself must still go out */
		x->status = status;
		return;
	}
	r->status = status;
	(void)snprintf(w.tenant, sizeof(w.tenant), "%s", tenant);
	(void)snprintf(w.source, sizeof(w.source), "%s", x->source);
	memcpy(w.decision, x->decision, sizeof(w.decision));
	bytes_clear(&x->ask.body);
	wire_put_refused(&w, &x->ask.body);
	x->ask.verb = WIRE_REFUSED;
	x->ask.then = told;
}
