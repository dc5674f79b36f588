/* daemon/sessions.c - see sessions.h. */
#include "daemon/sessions.h"

#include <stdlib.h>
#include <string.h>

#include "ca/cert.h"
#include "ca/wire.h"

/* Key ids are hashes: their first octets spread by themselves. */
#define PLACES (2 * WIRE_SESSIONS_MAX)

struct row {
	uint32_t n; /* 0: a free place */
	uint8_t key_id[TBS_KEY_ID_OCTETS];
};

struct tally {
	uint64_t all;
	size_t rows; /* CAs beyond WIRE_SESSIONS_MAX count in all alone */
	struct row place[PLACES];
};

static void
add(struct tally *t, const uint8_t key_id[static TBS_KEY_ID_OCTETS])
{
	size_t at = ((size_t)key_id[0] << 8 | key_id[1]) % PLACES;

	t->all++;
	while (t->place[at].n > 0 && memcmp(t->place[at].key_id, key_id, TBS_KEY_ID_OCTETS) != 0)
		at = (at + 1) % PLACES;
	if (t->place[at].n == 0) {
		if (t->rows == WIRE_SESSIONS_MAX)
			return;
		t->rows++;
		memcpy(t->place[at].key_id, key_id, TBS_KEY_ID_OCTETS);
	}
	t->place[at].n++;
}

/* tag: the issuer's key id, and behind it 1 once it is known. */
static void
visit(void *with, struct octets peer, uint8_t tag[static HTTP_TAG_OCTETS])
{
	struct cert c;
	struct fault f;

	if (tag[TBS_KEY_ID_OCTETS] == 0) {
		if (!cert_parse(peer, &c, &f))
			return;
		memcpy(tag, c.issuer_key_id, TBS_KEY_ID_OCTETS);
		tag[TBS_KEY_ID_OCTETS] = 1;
	}
	add(with, tag);
}

/* Nothing comes back that anybody waits for: what is lost is told again with the next change. */
static void
heard(void *with, uint16_t code, struct octets body)
{
	struct sessions *s = with;

	(void)body;
	if (code != 0)
		s->line = false;
}

static void
tell(struct sessions *s, const struct tally *t)
{
	struct bytes body = { 0 };
	struct fault f;

	bytes_put_u64(&body, t->all);
	for (size_t i = 0; i < PLACES; i++)
		if (t->place[i].n > 0) {
			bytes_put(&body, t->place[i].key_id, TBS_KEY_ID_OCTETS);
			bytes_put_u32(&body, t->place[i].n);
		}
	if (bytes_ok(&body, &f))
		http_ask(s->http, WIRE_SESSIONS, octets_bytes(&body), heard, s);
	bytes_free(&body);
}

void
sessions_tick(void *with)
{
	struct sessions *s = with;
	uint64_t now = http_comings(s->http);
	struct tally *t;

	if (!http_has_line(s->http)) {
		s->line = false;
		return;
	}
	if ((s->line && now == s->told) || (t = calloc(1, sizeof(*t))) == NULL)
		return;
	http_each_peer(s->http, visit, t);
	s->told = now;
	s->line = true;
	tell(s, t);
	free(t);
}
