/* ca/ledger_check.c - see ledger_check.h. */
#include "ca/ledger_check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "ca/cert.h"
#include "ca/feed_check.h"
#include "ca/intent.h"
#include "ca/log_tree.h"
#include "ca/note.h"
#include "ca/redaction.h"

#define PROGRESS 1000 /* lines */

struct check {
	struct ledger *l;
	const struct ledger_hearing *to;
	struct ledger_counts n;
	struct log_edge edge; /* of the lines so far */
	bool no_nodes;        /* one is missing */
	bool noted;           /* there is a checkpoint that can be read */
	struct log_note note;
	uint64_t greatest_id;
};

static void found(struct check *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void
found(struct check *c, const char *fmt, ...)
{
	char text[FAULT_TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	c->n.findings++;
	c->to->say(c->to->with, text);
}

/* The certificate that an entry says was issued. */
static void
check_issued(struct check *c, const struct json *j, uint64_t index)
{
	const char *serial_hex = json_text(j, "serial"), *want = json_text(j, "certificate");
	uint8_t serial[TBS_SERIAL_OCTETS], digest[EVP_MAX_MD_SIZE];
	char hex[65];
	struct bytes der = { 0 };
	struct standing s;
	struct fault f;

	if (serial_hex == NULL || want == NULL || !text_unhex(serial_hex, serial, sizeof(serial)))
		found(c, "entry %" PRIu64 ": it names no certificate", index);
	else if (!ledger_standing(c->l, serial, &s, &f))
		found(
		    c, "entry %" PRIu64 ": certificate %s is not in the ledger", index, serial_hex);
	else if (!ledger_certificate(c->l, s.id, &der, &f) ||
		 EVP_Digest(der.at, der.n, digest, NULL, EVP_sha256(), NULL) != 1)
		found(
		    c, "entry %" PRIu64 ": certificate %s has lost its octets", index, serial_hex);
	else {
		text_hex(digest, 32, hex);
		if (strcmp(hex, want) != 0)
			found(c, "entry %" PRIu64 ": certificate %s is another than was issued",
			    index, serial_hex);
	}
	bytes_free(&der);
}

/* What an entry says was ended must not be good. */
static void
check_ended(struct check *c, const struct json *j, uint64_t index)
{
	const char *serial_hex = json_text(j, "serial");
	uint8_t serial[TBS_SERIAL_OCTETS];
	struct standing s;
	struct fault f;

	if (serial_hex == NULL || !text_unhex(serial_hex, serial, sizeof(serial)))
		found(c, "entry %" PRIu64 ": it names no certificate", index);
	else if (!ledger_standing(c->l, serial, &s, &f))
		found(
		    c, "entry %" PRIu64 ": certificate %s is not in the ledger", index, serial_hex);
	else if (s.state != STANDING_REVOKED && s.state != STANDING_ABANDONED)
		found(c, "entry %" PRIu64 ": certificate %s was ended, and is not so in the ledger",
		    index, serial_hex);
}

static void
check_entry(struct check *c, struct octets line, uint64_t index)
{
	struct json *j = NULL;
	const char *act;
	struct redaction stub;
	struct fault f;
	int64_t n;

	if (redaction_stub(line, index, &stub))
		return; /* what tells of it was held against it */
	if (!json_parse(line, &j, &f)) {
		found(c, "entry %" PRIu64 ": it cannot be read", index);
		return;
	}
	if (!json_number(j, "n", 0, INT64_MAX >> 11, -1, &n) || n != (int64_t)index)
		found(c, "entry %" PRIu64 ": it says that it is another", index);
	act = json_text(j, "act");
	if (act == NULL)
		found(c, "entry %" PRIu64 ": it names no act", index);
	else if (strcmp(act, "certificate.issued") == 0)
		check_issued(c, j, index);
	else if (strcmp(act, "certificate.revoked") == 0 ||
		 strcmp(act, "certificate.abandoned") == 0)
		check_ended(c, j, index);
	json_free(j);
}

/* Stored nodes against the lines that they are made of. A ledger of before may have none of them,
 * and none behind the first that is missing. */
static void
check_nodes(struct check *c, const struct log_carry *carry)
{
	uint8_t row[LOG_HASH_OCTETS];
	uint64_t index;
	struct fault f;

	for (unsigned i = 0; i < carry->n; i++) {
		index = (c->edge.size >> (i + 1) * LOG_TILE_BITS) - 1;
		if (!log_tree_row(c->l, i + 1, index, row, &f)) {
			c->no_nodes = true;
			if (f.code != FAULT_NOTFOUND)
				found(
				    c, "node %" PRIu64 " of level %u cannot be read", index, i + 1);
		} else if (memcmp(row, carry->node[i], sizeof(row)) != 0) {
			found(c, "node %" PRIu64 " of level %u is not that of its entries", index,
			    i + 1);
		} else if (c->no_nodes) {
			found(c, "node %" PRIu64 " of level %u stands behind one that is missing",
			    index, i + 1);
		}
	}
}

static void
check_line(struct check *c, struct octets line)
{
	struct log_carry carry;
	uint8_t leaf[LOG_HASH_OCTETS], prev[LOG_HASH_OCTETS], root[LOG_HASH_OCTETS];
	uint64_t index = c->edge.size;
	struct fault why;

	if (!redaction_prev(c->l, index, line, prev, &why))
		found(c, "%s", why.text);
	else if (memcmp(prev, c->edge.last, sizeof(prev)) != 0)
		found(c,
		    "entry %" PRIu64 " was altered (entry %" PRIu64 " names another hash for it)",
		    index - (index > 0), index);
	check_entry(c, line, index);
	log_line_leaf(line, index, leaf);
	log_edge_add_full(&c->edge, leaf, &carry);
	check_nodes(c, &carry);
	if (!c->noted || c->edge.size != c->note.size)
		return;
	log_edge_root(&c->edge, root);
	if (memcmp(root, c->note.root, sizeof(root)) != 0)
		found(c, "the checkpoint over %" PRIu64 " entries was signed over another tree",
		    c->note.size);
}

static bool
check_log(struct check *c, struct fault *f)
{
	uint8_t key[8], want[LOG_HASH_OCTETS], root[LOG_HASH_OCTETS];
	struct bytes line = { 0 };
	struct log_edge said;
	struct fault why;

	if (!log_edge_read(c->l, &said, f))
		return false;
	while (c->edge.size < said.size) {
		bytes_clear(&line);
		if (!ledger_get(c->l, TABLE_LOG, octets_u64(c->edge.size, key), &line, &why)) {
			found(c, "entry %" PRIu64 " is missing: none after it was looked at",
			    c->edge.size);
			break;
		}
		check_line(c, octets_bytes(&line));
		if (c->to->progress != NULL && c->edge.size % PROGRESS == 0)
			c->to->progress(c->to->with, c->edge.size, said.size);
	}
	bytes_free(&line);
	c->n.entries = said.size;
	log_edge_root(&said, want);
	log_edge_root(&c->edge, root);
	if (c->edge.size == said.size && memcmp(c->edge.last, said.last, sizeof(said.last)) != 0)
		found(c, "entry %" PRIu64 " was altered: the tree's edge knows another",
		    said.size - (said.size > 0));
	else if (memcmp(want, root, sizeof(root)) != 0)
		found(c, "the tree's edge is not that of its lines");
	return true;
}

/* The last checkpoint is in hand before the lines are walked past its size. */
static void
read_note(struct check *c)
{
	struct bytes text = { 0 };
	uint64_t epoch;
	struct fault f;

	if (ledger_get(c->l, TABLE_META, octets_text("checkpoint"), &text, &f)) {
		c->noted = log_note_read(octets_bytes(&text), &c->note, &f);
		if (!c->noted)
			found(c, "the last checkpoint cannot be read");
		/* One of before a merge was signed over what was lost then. */
		else if (log_epoch(c->l, &epoch, &f) && epoch != c->note.epoch)
			c->noted = false;
	}
	bytes_free(&text);
}

/* Which acts may stand behind a state. */
static const struct {
	enum standing_state state;
	const char *act;
} reasons[] = {
	{ STANDING_GOOD, "certificate.issued" },
	{ STANDING_GOOD, "certificate.released" },
	{ STANDING_GOOD, "tenant.resumed" },
	{ STANDING_GOOD, "region.resumed" },
	{ STANDING_REVOKED, "certificate.revoked" },
	{ STANDING_REVOKED, "ledger.merged" },
	{ STANDING_REVOKED, "certificate.lost" },
	{ STANDING_HELD, "certificate.held" },
	{ STANDING_HELD, "tenant.suspended" },
	{ STANDING_HELD, "region.suspended" },
	{ STANDING_HELD, "ledger.merged" },
	{ STANDING_ABANDONED, "certificate.abandoned" },
	{ STANDING_ABANDONED, "ledger.merged" },
};

bool
ledger_check_act(enum standing_state state, const char *act)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].state == state && strcmp(reasons[i].act, act) == 0)
			return true;
	return false;
}

bool
ledger_check_says(struct ledger *l, uint64_t index, const char *serial, enum standing_state state)
{
	struct bytes line = { 0 };
	struct json *j = NULL;
	const char *act = NULL, *named = NULL;
	struct redaction r;
	uint8_t key[8];
	struct fault f;
	bool says;

	if (!ledger_get(l, TABLE_LOG, octets_u64(index, key), &line, &f)) {
		act = NULL;
	} else if (redaction_stub(octets_bytes(&line), index, &r)) {
		act = redaction_told(l, &r, &r, &f) ? r.was : NULL;
	} else if (json_parse(octets_bytes(&line), &j, &f)) {
		act = json_text(j, "act");
		named = json_text(j, "serial");
	}
	says = act != NULL && ledger_check_act(state, act) &&
	       (named == NULL || strcmp(named, serial) == 0);
	json_free(j);
	bytes_free(&line);
	return says;
}

static void
check_row(struct check *c, const uint8_t serial[static TBS_SERIAL_OCTETS], const char *hex,
    const struct standing *s)
{
	uint8_t key[TBS_KEY_ID_OCTETS + TBS_SERIAL_OCTETS];
	struct bytes row = { 0 };
	struct fault f;
	bool listed;

	memcpy(key, s->issuer, TBS_KEY_ID_OCTETS);
	memcpy(key + TBS_KEY_ID_OCTETS, serial, TBS_SERIAL_OCTETS);
	listed = ledger_get(c->l, TABLE_REVOKED, octets_of(key, sizeof(key)), &row, &f);
	bytes_free(&row);
	if (listed == (s->state == STANDING_GOOD || s->state == STANDING_PENDING))
		found(c, "certificate %s is %s, and %s the list of what was ended", hex,
		    ledger_state_word(s, 0), listed ? "stands in" : "is missing in");
}

static void
check_standing(struct check *c, const uint8_t serial[static TBS_SERIAL_OCTETS])
{
	char hex[TBS_SERIAL_OCTETS * 2 + 1];
	struct bytes row = { 0 };
	struct standing s;
	struct fault f;
	bool pending;

	text_hex(serial, TBS_SERIAL_OCTETS, hex);
	if (!ledger_standing(c->l, serial, &s, &f)) {
		found(c, "certificate %s: its standing cannot be read", hex);
		return;
	}
	pending = ledger_get(c->l, TABLE_PENDING, octets_of(serial, TBS_SERIAL_OCTETS), &row, &f);
	bytes_free(&row);
	c->n.certificates++;
	c->n.ended += s.state == STANDING_REVOKED || s.state == STANDING_ABANDONED;
	c->n.held += s.state == STANDING_HELD;
	c->n.pending += s.state == STANDING_PENDING;
	if (s.id != LEDGER_NO_CERTIFICATE && s.id > c->greatest_id)
		c->greatest_id = s.id;
	if (pending != (s.state == STANDING_PENDING))
		found(c, "certificate %s is %s, and is %s the list of intents", hex,
		    ledger_state_word(&s, 0), pending ? "in" : "not in");
	if (s.state != STANDING_PENDING && !ledger_check_says(c->l, s.log_index, hex, s.state))
		found(c, "certificate %s is %s, and entry %" PRIu64 " does not say so", hex,
		    ledger_state_word(&s, 0), s.log_index);
	check_row(c, serial, hex, &s);
}

static bool
collect(void *with, struct octets key, struct octets value)
{
	(void)value;
	if (key.n == TBS_SERIAL_OCTETS)
		bytes_put_octets(with, key);
	return true;
}

/* Piece by piece: a visit must not read its own store, and a million serials are not kept at once.
 */
static bool
check_standings(struct check *c, struct fault *f)
{
	uint8_t from[TBS_SERIAL_OCTETS + 1] = { 0 };
	size_t from_n = 0;
	struct bytes some = { 0 };
	bool ok;

	do {
		bytes_clear(&some);
		ok = store_scan(ledger_store(c->l), TABLE_SERIAL, octets_of(from, from_n),
			 STORE_SCAN_ROWS, collect, &some, f) &&
		     bytes_ok(&some, f);
		for (size_t at = 0; ok && at < some.n; at += TBS_SERIAL_OCTETS)
			check_standing(c, some.at + at);
		if (ok && some.n > 0) {
			memcpy(from, some.at + some.n - TBS_SERIAL_OCTETS, TBS_SERIAL_OCTETS);
			from_n = sizeof(from); /* the first key behind it */
		}
	} while (ok && some.n > 0);
	bytes_free(&some);
	return ok;
}

/* An intent is whole, and its serial is nobody's else. */
static void
check_intent(struct check *c, const uint8_t serial[static TBS_SERIAL_OCTETS])
{
	char hex[TBS_SERIAL_OCTETS * 2 + 1];
	struct bytes row = { 0 };
	struct intent i;
	struct fault f;

	text_hex(serial, TBS_SERIAL_OCTETS, hex);
	if (intent_get(c->l, serial, &row, &i, &f)) {
		c->n.certificates++;
		c->n.pending++;
		if (i.standing.id > c->greatest_id)
			c->greatest_id = i.standing.id;
	} else if (f.code != FAULT_NOTFOUND) { /* one of before was counted by its standing */
		found(c, "certificate %s: its intent cannot be read", hex);
	}
	bytes_free(&row);
}

static bool
check_intents(struct check *c, struct fault *f)
{
	struct bytes all = { 0 };
	bool ok = store_scan(ledger_store(c->l), TABLE_PENDING, octets_of(NULL, 0), SIZE_MAX,
		      collect, &all, f) &&
		  bytes_ok(&all, f);

	for (size_t at = 0; ok && at < all.n; at += TBS_SERIAL_OCTETS)
		check_intent(c, all.at + at);
	bytes_free(&all);
	return ok;
}

static void
found_in_feed(void *with, const char *text)
{
	found(with, "%s", text);
}

static void
check_counter(struct check *c)
{
	struct bytes b = { 0 };
	struct reader r;
	struct fault f;

	if (ledger_get(c->l, TABLE_META, octets_text("next-id"), &b, &f)) {
		r = reader_of(octets_bytes(&b));
		if (reader_u64(&r) <= c->greatest_id)
			found(c, "the counter of certificates is behind the last of them");
	} else if (c->n.certificates > 0) {
		found(c, "the counter of certificates is missing");
	}
	bytes_free(&b);
}

bool
ledger_check(struct ledger *l, const struct mark *mark, const struct ledger_hearing *to,
    struct ledger_counts *ret, struct fault *f)
{
	struct check *c = calloc(1, sizeof(*c));
	struct fault why;
	bool ok;

	if (c == NULL)
		return fault_set(f, FAULT_INTERNAL, "check: out of memory");
	c->l = l;
	c->to = to;
	read_note(c);
	if ((ok = check_log(c, f) && check_standings(c, f) && check_intents(c, f) &&
		  feed_check(l, found_in_feed, c, f))) {
		check_counter(c);
		if (c->noted && c->note.size > c->n.entries)
			found(c,
			    "a checkpoint was signed over %" PRIu64
			    " entries, and there are %" PRIu64,
			    c->note.size, c->n.entries);
		if (mark != NULL && !marks_hold(mark, l, &why))
			found(c, "%s", why.text);
		*ret = c->n;
	}
	free(c);
	return ok;
}
