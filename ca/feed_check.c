/* ca/feed_check.c - see feed_check.h. */
#include "ca/feed_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ca/ledger_check.h"

#define AT_ONCE 1000 /* changes */

struct walk {
	struct ledger *l;
	feed_finding *found;
	void *with;
	uint64_t seq; /* of the change that is looked at */
};

/* An intent that was abandoned is revoked for whoever follows. */
static bool
is_said(struct ledger *l, const struct feed_change *c)
{
	char hex[TBS_SERIAL_OCTETS * 2 + 1];

	text_hex(c->serial, sizeof(c->serial), hex);
	return ledger_check_says(l, c->log_index, hex, c->state) ||
	       (c->state == STANDING_REVOKED &&
		   ledger_check_says(l, c->log_index, hex, STANDING_ABANDONED));
}

static void
check_lines(struct walk *w, struct octets lines)
{
	char text[FAULT_TEXT_MAX];
	struct feed_change c;

	while (lines.n > 0) {
		const uint8_t *end = memchr(lines.at, '\n', lines.n);
		size_t n = end == NULL ? lines.n : (size_t)(end - lines.at);

		w->seq++;
		if (!feed_read_line(octets_of(lines.at, n), &c) || !is_said(w->l, &c)) {
			(void)snprintf(text, sizeof(text),
			    "change %" PRIu64 " of the feed: no entry of the log says so", w->seq);
			w->found(w->with, text);
		}
		lines = end == NULL ? octets_of(NULL, 0) : octets_of(end + 1, lines.n - n - 1);
	}
}

/* The row is looked for first: a commit in between would have moved the edge with it. */
static bool
check_end(struct walk *w, const struct feed_edge *e, struct fault *f)
{
	uint8_t hash[FEED_HASH_OCTETS];
	struct feed_edge now;
	struct fault why;
	bool more = feed_hash(w->l, e->size + 1, hash, &why) || why.code != FAULT_NOTFOUND;

	if (!feed_edge(w->l, &now, f))
		return false;
	if (more && now.size == e->size)
		w->found(w->with, "the feed has a change behind its end");
	return true;
}

bool
feed_check(struct ledger *l, feed_finding *found, void *with, struct fault *f)
{
	struct walk w = { .l = l, .found = found, .with = with };
	uint8_t hash[FEED_HASH_OCTETS] = { 0 };
	struct bytes lines = { 0 };
	struct feed_edge e;
	struct fault why;
	size_t n = 0;
	bool whole = true;

	if (!feed_edge(l, &e, f))
		return false;
	while (whole && w.seq < e.size) {
		size_t left = e.size - w.seq < AT_ONCE ? (size_t)(e.size - w.seq) : AT_ONCE;

		bytes_clear(&lines);
		whole = feed_changes(l, w.seq, left, hash, &lines, &n, &why);
		if (whole && n == 0)
			whole = fault_set(&why, FAULT_INTERNAL,
			    "feed: change %" PRIu64 " is missing, or was altered", w.seq + 1);
		if (whole)
			check_lines(&w, octets_bytes(&lines));
		else
			found(with, why.text);
	}
	bytes_free(&lines);
	if (whole && memcmp(hash, e.hash, sizeof(hash)) != 0)
		found(with, "the feed's end is not that of its changes");
	return check_end(&w, &e, f);
}
