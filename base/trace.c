/* base/trace.c - see trace.h. */
#include "base/trace.h"

#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"

#define PARENT_OCTETS 55 /* 00-, 32 digits, -, 16 digits, -, 2 digits */
#define MEMBERS_MAX   32
#define KEY_MAX       256
#define TENANT_MAX    241
#define SYSTEM_MAX    14
#define VALUE_MAX     256

static const char digits[] = "0123456789abcdef";

/* n octets of lower-case hex at s, and of nothing else. */
static bool
take_hex(const uint8_t *s, uint8_t *to, size_t n)
{
	for (size_t i = 0; i < 2 * n; i++) {
		const char *at = s[i] == 0 ? NULL : strchr(digits, s[i]);

		if (at == NULL)
			return false;
		to[i / 2] = (uint8_t)(i % 2 == 0 ? (at - digits) << 4 : to[i / 2] | (at - digits));
	}
	return true;
}

static bool
is_zero(const uint8_t *at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (at[i] != 0)
			return false;
	return true;
}

bool
trace_parse(struct octets o, struct trace *ret)
{
	struct trace t = { .begun = false };
	uint8_t version;

	if (o.n < PARENT_OCTETS || o.at[2] != '-' || o.at[35] != '-' || o.at[52] != '-' ||
	    !take_hex(o.at, &version, 1) || !take_hex(o.at + 3, t.id, sizeof(t.id)) ||
	    !take_hex(o.at + 36, t.span, sizeof(t.span)) || !take_hex(o.at + 53, &t.flags, 1))
		return false;
	if (version == 0xff || (version == 0 && o.n != PARENT_OCTETS) ||
	    (o.n > PARENT_OCTETS && o.at[PARENT_OCTETS] != '-'))
		return false;
	if (is_zero(t.id, sizeof(t.id)) || is_zero(t.span, sizeof(t.span)))
		return false;
	t.flags &= 1;
	*ret = t;
	return true;
}

bool
trace_is_set(const struct trace *t)
{
	return !is_zero(t->id, sizeof(t->id));
}

void
trace_begin(struct trace *t)
{
	if (trace_is_set(t))
		return;
	t->flags = 0;
	t->begun = true;
	while (is_zero(t->id, sizeof(t->id)))
		secret_nonce(t->id, sizeof(t->id));
	do
		secret_nonce(t->span, sizeof(t->span));
	while (is_zero(t->span, sizeof(t->span)));
}

void
trace_ids(const struct trace *t, char id[static 2 * TRACE_ID_OCTETS + 1],
    char span[static 2 * TRACE_SPAN_OCTETS + 1])
{
	text_hex(t->id, sizeof(t->id), id);
	text_hex(t->span, sizeof(t->span), span);
}

void
trace_text(const struct trace *t, char to[static TRACE_TEXT_MAX])
{
	char id[2 * TRACE_ID_OCTETS + 1], span[2 * TRACE_SPAN_OCTETS + 1];

	trace_ids(t, id, span);
	(void)snprintf(to, TRACE_TEXT_MAX, "00-%s-%s-%02x", id, span, (unsigned)t->flags);
}

/* --- tracestate ------------------------------------------------------------------------------ */

static bool
is_letter(uint8_t c)
{
	return c >= 'a' && c <= 'z';
}

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool
are_key_octets(struct octets o)
{
	for (size_t i = 0; i < o.n; i++)
		if (!is_letter(o.at[i]) && !is_digit(o.at[i]) &&
		    (o.at[i] == 0 || strchr("_-*/", o.at[i]) == NULL))
			return false;
	return true;
}

/* A name, or tenant@system (section 3.3.1.3.1). */
static bool
is_key(struct octets o)
{
	const uint8_t *at = o.n == 0 ? NULL : memchr(o.at, '@', o.n);
	struct octets tenant, system;

	if (at == NULL)
		return o.n > 0 && o.n <= KEY_MAX && is_letter(o.at[0]) && are_key_octets(o);
	tenant = octets_of(o.at, (size_t)(at - o.at));
	system = octets_of(at + 1, o.n - tenant.n - 1);
	return tenant.n > 0 && tenant.n <= TENANT_MAX &&
	       (is_letter(tenant.at[0]) || is_digit(tenant.at[0])) && are_key_octets(tenant) &&
	       system.n > 0 && system.n <= SYSTEM_MAX && is_letter(system.at[0]) &&
	       are_key_octets(system);
}

static bool
is_value(struct octets o)
{
	if (o.n == 0 || o.n > VALUE_MAX || o.at[o.n - 1] == ' ')
		return false;
	for (size_t i = 0; i < o.n; i++)
		if (o.at[i] < ' ' || o.at[i] > '~' || o.at[i] == ',' || o.at[i] == '=')
			return false;
	return true;
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static struct octets
trimmed(struct octets o)
{
	while (o.n > 0 && is_blank(o.at[0]))
		o = octets_of(o.at + 1, o.n - 1);
	while (o.n > 0 && is_blank(o.at[o.n - 1]))
		o.n--;
	return o;
}

/* Of one member: its key; n 0 where it is none. */
static struct octets
key_of(struct octets member)
{
	const uint8_t *equals = memchr(member.at, '=', member.n);
	struct octets key = { NULL, 0 };

	if (equals == NULL)
		return key;
	key = octets_of(member.at, (size_t)(equals - member.at));
	if (!is_key(key) || !is_value(octets_of(equals + 1, member.n - key.n - 1)))
		key.n = 0;
	return key;
}

static bool
has(const struct octets *keys, size_t n, struct octets key)
{
	for (size_t i = 0; i < n; i++)
		if (octets_same(keys[i], key))
			return true;
	return false;
}

bool
trace_state_ok(struct octets o)
{
	struct octets keys[MEMBERS_MAX];
	size_t n = 0;

	if (o.n == 0 || o.n > TRACE_STATE_MAX)
		return false;
	for (size_t from = 0; from <= o.n;) {
		const uint8_t *comma = from == o.n ? NULL : memchr(o.at + from, ',', o.n - from);
		size_t end = comma == NULL ? o.n : (size_t)(comma - o.at);
		struct octets member = trimmed(octets_of(o.at + from, end - from)), key;

		from = end + 1;
		if (member.n == 0) /* a list may have empty members */
			continue;
		key = key_of(member);
		if (key.n == 0 || n == MEMBERS_MAX || has(keys, n, key))
			return false;
		keys[n++] = key;
	}
	return n > 0;
}
