/* daemon/cli_standing.c - revocations show: what a follower's set says, without asking anybody. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ca/revoke.h"
#include "daemon/cli_print.h"
#include "daemon/cli_revocations.h"
#include "daemon/cli_table.h"

static const char *
word_of(enum standing_state state)
{
	return state == STANDING_GOOD ? "good" : state == STANDING_HELD ? "held" : "revoked";
}

/* A row of its own says most (its entry is never the log's first); else the worst that any CA of
 * the feed would make of it, as the file does not know whose it is. */
static unsigned
weight(const struct feed_change *c)
{
	return (c->log_index != 0 ? 4u : 0) + (c->state == STANDING_GOOD      ? 0u
						  : c->state == STANDING_HELD ? 1u
									      : 2u);
}

static bool
find(const struct feed_set *s, const uint8_t *serial, struct feed_change *ret)
{
	bool found = false;

	for (size_t i = 0; i < s->cas_n; i++) {
		struct feed_change c;

		if (!feed_set_ask(s, s->ca[i].key_id, serial, &c))
			continue;
		if (!found || weight(&c) > weight(ret))
			*ret = c;
		found = true;
	}
	return found;
}

static void
tell_one(const struct invocation *inv, const char *serial, const struct feed_change *c, bool fresh)
{
	char since[TEXT_TIME_MAX];
	struct json *j;

	text_time(c->at_s, since);
	if (!inv->json) {
		(void)printf("%s is %s", serial, word_of(c->state));
		if (c->state != STANDING_GOOD)
			(void)printf(" since %s: %s", since, revoke_reason_word(c->reason));
		(void)printf("%s\n", fresh ? "" : " (STALE: the set may not be relied on)");
		return;
	}
	j = json_object();
	json_put_text(j, "serial", serial);
	json_put_text(j, "state", word_of(c->state));
	if (c->state != STANDING_GOOD) {
		json_put_text(j, "reason", revoke_reason_word(c->reason));
		json_put_text(j, "since", since);
	}
	json_put_bool(j, "fresh", fresh);
	cli_print_json(stdout, j);
	json_free(j);
}

/* Exit 0 means that it may be let in: good, by a set that is fresh. */
static int
show_one(const struct invocation *inv, const struct feed_set *s, const char *serial)
{
	uint8_t octets[TBS_SERIAL_OCTETS];
	bool fresh = clock_now_s() <= s->until_s;
	struct feed_change c = { .state = STANDING_PENDING };
	struct fault f;

	if (!text_unhex(serial, octets, sizeof(octets)) || !find(s, octets, &c)) {
		fault_set(&f, FAULT_NOTFOUND, "feed: it names no CA");
		return cli_refuse(inv, &f);
	}
	tell_one(inv, serial, &c, fresh);
	return fresh && c.state == STANDING_GOOD ? CLI_OK : CLI_REFUSED;
}

int
revocations_show_command(const struct invocation *inv)
{
	const char *serial = cli_option(inv, "serial");
	struct feed_set s = { .row = NULL };
	char tenant[TEXT_LABEL_MAX];
	struct fault f;
	int status;

	if (!revocations_read(inv->words[0], &s, &f))
		return cli_refuse_next(
		    inv, &f, "give the file that quatrain revocations follow --out wrote");
	if (serial != NULL) {
		status = show_one(inv, &s, serial);
	} else {
		(void)snprintf(
		    tenant, sizeof(tenant), "%.*s", (int)strcspn(s.origin, "."), s.origin);
		revocations_tell(inv, tenant, &s);
		status = clock_now_s() <= s.until_s ? CLI_OK : CLI_REFUSED;
	}
	feed_set_free(&s);
	return status;
}
