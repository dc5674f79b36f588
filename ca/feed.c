/* ca/feed.c - see feed.h. */
#include "ca/feed.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "ca/log.h"
#include "ca/meta.h"
#include "ca/revoke.h"

#define EDITION 1
#define ROW_OCTETS                                                                                 \
	(1 + TBS_SERIAL_OCTETS + TBS_KEY_ID_OCTETS + 1 + 1 + 8 + 8 + 8 + FEED_HASH_OCTETS)

static const char meta_feed[] = "feed";

static const struct {
	enum standing_state state;
	const char *word;
} states[] = {
	{ STANDING_REVOKED, "revoked" },
	{ STANDING_HELD, "held" },
	{ STANDING_GOOD, "good" },
};

#define STATES (sizeof(states) / sizeof(states[0]))

static const char *
state_word(enum standing_state state)
{
	for (size_t i = 0; i < STATES; i++)
		if (states[i].state == state)
			return states[i].word;
	return "revoked"; /* abandoned */
}

void
feed_line(const struct feed_change *c, struct bytes *ret)
{
	char serial[TBS_SERIAL_OCTETS * 2 + 1], issuer[TBS_KEY_ID_OCTETS * 2 + 1];
	char at[TEXT_TIME_MAX], end[TEXT_TIME_MAX];

	text_hex(c->serial, sizeof(c->serial), serial);
	text_hex(c->issuer, sizeof(c->issuer), issuer);
	text_time(c->at_s, at);
	text_time(c->end_s, end);
	bytes_put_fmt(ret, "%s %s %s %s %s %" PRIu64 " %s", serial, issuer, state_word(c->state),
	    revoke_reason_word(c->reason), at, c->log_index, end);
}

/* The next word of a line as a text, and the space behind it. */
static bool
take_word(struct octets *line, char *to, size_t size)
{
	const uint8_t *end = line->n == 0 ? NULL : memchr(line->at, ' ', line->n);
	size_t n = end == NULL ? line->n : (size_t)(end - line->at);

	if (n == 0 || n >= size)
		return false;
	memcpy(to, line->at, n);
	to[n] = '\0';
	*line = end == NULL ? octets_of(NULL, 0) : octets_of(end + 1, line->n - n - 1);
	return strlen(to) == n;
}

static bool
read_state(const char *word, enum standing_state *ret)
{
	for (size_t i = 0; i < STATES; i++)
		if (strcmp(word, states[i].word) == 0) {
			*ret = states[i].state;
			return true;
		}
	return false;
}

static bool
read_reason(const char *word, uint8_t *ret)
{
	if (strcmp(word, revoke_reason_word(REASON_HOLD)) == 0) {
		*ret = REASON_HOLD;
		return true;
	}
	return revoke_reason(word, ret);
}

bool
feed_read_line(struct octets line, struct feed_change *ret)
{
	struct octets in = line;
	struct feed_change c = { .state = STANDING_PENDING };
	struct bytes again = { 0 };
	char word[64];
	bool ok =
	    take_word(&in, word, sizeof(word)) && text_unhex(word, c.serial, sizeof(c.serial)) &&
	    take_word(&in, word, sizeof(word)) && text_unhex(word, c.issuer, sizeof(c.issuer)) &&
	    take_word(&in, word, sizeof(word)) && read_state(word, &c.state) &&
	    take_word(&in, word, sizeof(word)) && read_reason(word, &c.reason) &&
	    take_word(&in, word, sizeof(word)) && log_time(word, &c.at_s) &&
	    take_word(&in, word, sizeof(word)) && strlen(word) < 20;

	if (!ok)
		return false;
	c.log_index = strtoull(word, NULL, 10);
	if (!take_word(&in, word, sizeof(word)) || !log_time(word, &c.end_s) || in.n > 0)
		return false;
	feed_line(&c, &again); /* one spelling, so that one hash is one list of changes */
	ok = !again.bad && octets_same(octets_bytes(&again), line);
	bytes_free(&again);
	if (ok)
		*ret = c;
	return ok;
}

void
feed_step(uint8_t hash[static FEED_HASH_OCTETS], struct octets line)
{
	digest_of_both(octets_of(hash, FEED_HASH_OCTETS), line, hash);
}

static void
put_row(const struct feed_change *c, const uint8_t hash[static FEED_HASH_OCTETS], struct bytes *ret)
{
	bytes_put_u8(ret, EDITION);
	bytes_put(ret, c->serial, sizeof(c->serial));
	bytes_put(ret, c->issuer, sizeof(c->issuer));
	bytes_put_u8(ret, (uint8_t)c->state);
	bytes_put_u8(ret, c->reason);
	bytes_put_u64(ret, (uint64_t)c->at_s);
	bytes_put_u64(ret, c->log_index);
	bytes_put_u64(ret, (uint64_t)c->end_s);
	bytes_put(ret, hash, FEED_HASH_OCTETS);
}

static bool
read_row(struct octets row, struct feed_change *ret, uint8_t hash[static FEED_HASH_OCTETS])
{
	struct reader r = reader_of(row);

	if (reader_u8(&r) != EDITION)
		return false;
	reader_copy(&r, ret->serial, sizeof(ret->serial));
	reader_copy(&r, ret->issuer, sizeof(ret->issuer));
	ret->state = (enum standing_state)reader_u8(&r);
	ret->reason = reader_u8(&r);
	ret->at_s = (int64_t)reader_u64(&r);
	ret->log_index = reader_u64(&r);
	ret->end_s = (int64_t)reader_u64(&r);
	reader_copy(&r, hash, FEED_HASH_OCTETS);
	return reader_done(&r) && (ret->state == STANDING_REVOKED || ret->state == STANDING_HELD ||
				      ret->state == STANDING_GOOD);
}

bool
feed_row(struct octets key, struct octets value)
{
	uint8_t hash[FEED_HASH_OCTETS];
	struct feed_change c;

	return key.n == sizeof(uint64_t) && read_row(value, &c, hash);
}

static bool
read_edge(enum meta_view view, struct ledger *l, struct feed_edge *ret, struct fault *f)
{
	struct feed_edge e = { .size = 0 };
	struct bytes b = { 0 };
	struct reader r;
	bool ok = meta_get(l, view, octets_text(meta_feed), &b, f);

	if (ok && b.n > 0) {
		r = reader_of(octets_bytes(&b));
		e.size = reader_u64(&r);
		reader_copy(&r, e.hash, sizeof(e.hash));
		ok = reader_done(&r) ||
		     fault_set(f, FAULT_INTERNAL, "feed: how far it is cannot be read");
	}
	bytes_free(&b);
	if (ok)
		*ret = e;
	return ok;
}

bool
feed_edge(struct ledger *l, struct feed_edge *ret, struct fault *f)
{
	return read_edge(META_COMMITTED, l, ret, f);
}

bool
feed_add(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS], const struct standing *s,
    struct fault *f)
{
	struct feed_change c = { .state =
				     s->state == STANDING_ABANDONED ? STANDING_REVOKED : s->state,
		.reason = s->reason,
		.at_s = s->changed_s,
		.log_index = s->log_index,
		.end_s = s->not_after_s };
	struct bytes line = { 0 };
	struct feed_edge e;
	uint8_t key[8];
	bool ok;

	if (!read_edge(META_ALL, l, &e, f))
		return false;
	memcpy(c.serial, serial, sizeof(c.serial));
	memcpy(c.issuer, s->issuer, sizeof(c.issuer));
	feed_line(&c, &line);
	feed_step(e.hash, octets_bytes(&line));
	e.size++;
	if ((ok = bytes_ok(&line, f))) {
		bytes_clear(&line);
		put_row(&c, e.hash, &line);
		ok = bytes_ok(&line, f);
	}
	if (ok) {
		ledger_put(l, TABLE_FEED, octets_u64(e.size, key), octets_bytes(&line));
		bytes_clear(&line);
		bytes_put_u64(&line, e.size);
		bytes_put(&line, e.hash, sizeof(e.hash));
		if ((ok = bytes_ok(&line, f)))
			ledger_put(l, TABLE_META, octets_text(meta_feed), octets_bytes(&line));
	}
	bytes_free(&line);
	return ok;
}

bool
feed_hash(struct ledger *l, uint64_t n, uint8_t to[static FEED_HASH_OCTETS], struct fault *f)
{
	struct bytes row = { 0 };
	struct feed_change c;
	uint8_t key[8];
	bool ok;

	if (n == 0) {
		memset(to, 0, FEED_HASH_OCTETS);
		return true;
	}
	ok = store_get(ledger_store(l), TABLE_FEED, octets_u64(n, key), &row, f) &&
	     (read_row(octets_bytes(&row), &c, to) ||
		 fault_set(f, FAULT_INTERNAL, "feed: a row that cannot be read"));
	bytes_free(&row);
	return ok;
}

struct gather {
	struct bytes *lines, line;
	uint64_t due;
	size_t n, max;
	uint8_t *hash;
	bool torn;
};

/* A row that does not follow on the one before it was altered: nobody signs that it does. */
static bool
put_change(void *with, struct octets key, struct octets value)
{
	struct gather *g = with;
	uint8_t due[8], hash[FEED_HASH_OCTETS];
	struct feed_change c;

	if (g->n == g->max)
		return false;
	g->torn = !octets_same(key, octets_u64(g->due, due)) || !read_row(value, &c, hash);
	if (g->torn)
		return false;
	bytes_clear(&g->line);
	feed_line(&c, &g->line);
	feed_step(g->hash, octets_bytes(&g->line));
	if ((g->torn = memcmp(g->hash, hash, sizeof(hash)) != 0))
		return false;
	bytes_put_octets(g->lines, octets_bytes(&g->line));
	bytes_put_u8(g->lines, '\n');
	g->due++;
	g->n++;
	return true;
}

bool
feed_changes(struct ledger *l, uint64_t after, size_t max, uint8_t hash[static FEED_HASH_OCTETS],
    struct bytes *lines, size_t *ret_n, struct fault *f)
{
	struct gather g = { .lines = lines, .due = after + 1, .max = max, .hash = hash };
	uint8_t key[8];
	bool ok = store_scan(ledger_store(l), TABLE_FEED, octets_u64(after + 1, key), SIZE_MAX,
		      put_change, &g, f) &&
		  bytes_ok(&g.line, f) && bytes_ok(lines, f) &&
		  (!g.torn || fault_set(f, FAULT_INTERNAL,
				  "feed: change %" PRIu64 " is missing, or was altered", g.due));

	bytes_free(&g.line);
	*ret_n = g.n;
	return ok;
}

/* The keys of one page: what stands at them is read when the scan is over. */
struct places {
	struct bytes keys;
	const uint8_t *after;
	size_t n, max;
	bool more;
};

static bool
note_place(void *with, struct octets key, struct octets value)
{
	struct places *p = with;

	(void)value;
	if (key.n != FEED_PLACE_OCTETS ||
	    (p->after != NULL && octets_same(key, octets_of(p->after, FEED_PLACE_OCTETS))))
		return true;
	if (p->n == p->max) {
		p->more = true;
		return false;
	}
	bytes_put_octets(&p->keys, key);
	p->n++;
	return true;
}

/* One that is not good any more, unless it has ended or became good since the scan. */
static bool
put_place(
    struct ledger *l, const uint8_t *place, int64_t now_s, struct bytes *lines, struct fault *f)
{
	struct feed_change c;
	struct standing s;

	if (!ledger_standing(l, place + TBS_KEY_ID_OCTETS, &s, f))
		return f->code == FAULT_NOTFOUND
			   ? fault_set(f, FAULT_INTERNAL, "feed: a revocation without a standing")
			   : false;
	if (s.not_after_s < now_s || s.state == STANDING_GOOD || s.state == STANDING_PENDING)
		return true;
	c = (struct feed_change){ .state =
				      s.state == STANDING_HELD ? STANDING_HELD : STANDING_REVOKED,
		.reason = s.reason,
		.at_s = s.changed_s,
		.log_index = s.log_index,
		.end_s = s.not_after_s };
	memcpy(c.issuer, s.issuer, sizeof(c.issuer));
	memcpy(c.serial, place + TBS_KEY_ID_OCTETS, sizeof(c.serial));
	feed_line(&c, lines);
	bytes_put_u8(lines, '\n');
	return true;
}

bool
feed_snapshot(struct ledger *l, const uint8_t *after, size_t max, int64_t now_s,
    struct bytes *lines, uint8_t next[static FEED_PLACE_OCTETS], bool *ret_more, struct fault *f)
{
	struct places p = { .after = after, .max = max };
	struct octets from =
	    after == NULL ? octets_of(NULL, 0) : octets_of(after, FEED_PLACE_OCTETS);
	bool ok = store_scan(ledger_store(l), TABLE_REVOKED, from, SIZE_MAX, note_place, &p, f) &&
		  bytes_ok(&p.keys, f);

	for (size_t i = 0; ok && i < p.n; i++)
		ok = put_place(l, p.keys.at + i * FEED_PLACE_OCTETS, now_s, lines, f);
	if (ok && p.n > 0)
		memcpy(next, p.keys.at + (p.n - 1) * FEED_PLACE_OCTETS, FEED_PLACE_OCTETS);
	*ret_more = p.more;
	bytes_free(&p.keys);
	return ok && bytes_ok(lines, f);
}

void
feed_weigh(const struct feed_ca *ca, struct feed_change *c)
{
	if (c->state == STANDING_REVOKED || ca->state == STANDING_GOOD)
		return;
	if (ca->state == STANDING_HELD && c->state == STANDING_HELD && c->at_s <= ca->at_s)
		return;
	c->state = ca->state;
	c->reason = ca->reason;
	c->at_s = ca->at_s;
}

void
feed_origin(const struct name_space *ns, const char *tenant, char to[static FEED_ORIGIN_MAX])
{
	char host[TEXT_HOST_MAX];

	name_tenant_host(ns, tenant, host);
	if (snprintf(to, FEED_ORIGIN_MAX, "%s/revocations", host) >= FEED_ORIGIN_MAX)
		to[0] = '\0';
}
