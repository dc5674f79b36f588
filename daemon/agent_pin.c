/* daemon/agent_pin.c - see agent_pin.h. */
#include "daemon/agent_pin.h"

#include <string.h>

/* AGENT_PINS_MAX: there is none. */
static size_t
find(const struct agent_pins *p, const uint8_t *uuid)
{
	size_t i = 0;

	while (i < AGENT_PINS_MAX &&
	       (!p->at[i].used || memcmp(p->at[i].uuid, uuid, DOCUMENT_UUID) != 0))
		i++;
	return i;
}

bool
agent_pins_put(struct agent_pins *p, const uint8_t uuid[static DOCUMENT_UUID],
    const struct secret *pin, struct fault *f)
{
	struct secret copy = { 0 };
	size_t i;

	agent_pins_drop(p, uuid);
	for (i = 0; i < AGENT_PINS_MAX && p->at[i].used;)
		i++;
	if (i == AGENT_PINS_MAX)
		return fault_set(f, FAULT_LIMIT, "agent: %d jobs with a PIN wait", AGENT_PINS_MAX);
	if (!secret_copy(secret_octets(pin), &copy, f))
		return false;
	p->at[i].used = true;
	p->at[i].pin = copy;
	(void)memcpy(p->at[i].uuid, uuid, DOCUMENT_UUID);
	return true;
}

struct octets
agent_pins_get(const struct agent_pins *p, const uint8_t uuid[static DOCUMENT_UUID])
{
	size_t i = find(p, uuid);

	return i == AGENT_PINS_MAX ? (struct octets){ 0 } : secret_octets(&p->at[i].pin);
}

void
agent_pins_drop(struct agent_pins *p, const uint8_t uuid[static DOCUMENT_UUID])
{
	size_t i = find(p, uuid);

	if (i == AGENT_PINS_MAX)
		return;
	secret_free(&p->at[i].pin);
	p->at[i].used = false;
}

void
agent_pins_free(struct agent_pins *p)
{
	for (size_t i = 0; i < AGENT_PINS_MAX; i++)
		if (p->at[i].used)
			secret_free(&p->at[i].pin);
	(void)memset(p, 0, sizeof(*p));
}
