/* ca/feed_piece.c - see feed_piece.h. */
#include "ca/feed_piece.h"

#include <inttypes.h>
#include <string.h>

#include "ca/revoke.h"

#define HEAD_LINES 7

static void
put_place(const uint8_t *place, bool has, struct bytes *ret)
{
	char hex[FEED_PLACE_OCTETS * 2 + 1];

	text_hex(place, FEED_PLACE_OCTETS, hex);
	bytes_put_text(ret, has ? hex : "-");
}

static void
put_hash(const char *word, const uint8_t hash[static FEED_HASH_OCTETS], struct bytes *ret)
{
	bytes_put_text(ret, word);
	text_base64(octets_of(hash, FEED_HASH_OCTETS), 0, ret);
	bytes_put_text(ret, "\n");
}

static const char *
ca_state(enum standing_state state)
{
	return state == STANDING_GOOD ? "good" : state == STANDING_HELD ? "held" : "revoked";
}

static void
put_ca(const struct feed_ca *c, struct bytes *ret)
{
	char id[TBS_KEY_ID_OCTETS * 2 + 1], at[TEXT_TIME_MAX];

	text_hex(c->key_id, sizeof(c->key_id), id);
	text_time(c->at_s, at);
	bytes_put_fmt(
	    ret, "ca %s %s %s %s\n", id, ca_state(c->state), revoke_reason_word(c->reason), at);
}

void
feed_piece_text(const struct feed_piece *p, struct bytes *ret)
{
	char at[TEXT_TIME_MAX], until[TEXT_TIME_MAX];

	bytes_put_fmt(ret, "%s\n", p->origin);
	if (p->snapshot) {
		bytes_put_text(ret, "snapshot ");
		put_place(p->from_place, p->has_from, ret);
		bytes_put_text(ret, " ");
		put_place(p->to_place, p->has_to, ret);
		bytes_put_text(ret, "\n");
	} else {
		bytes_put_fmt(ret, "changes %" PRIu64 " %" PRIu64 "\n", p->from, p->to);
	}
	bytes_put_fmt(ret, "size %" PRIu64 "\n", p->size);
	put_hash("before ", p->before, ret);
	put_hash("after ", p->after, ret);
	text_time(p->at_s, at);
	text_time(p->until_s, until);
	bytes_put_fmt(ret, "at %s\nuntil %s\n", at, until);
	for (size_t i = 0; i < p->cas_n; i++)
		put_ca(&p->ca[i], ret);
	bytes_put_octets(ret, p->lines);
}

bool
feed_piece_sign(const struct feed_piece *p, const struct key *k, struct bytes *ret, struct fault *f)
{
	struct bytes text = { 0 };
	bool ok;

	feed_piece_text(p, &text);
	ok = bytes_ok(&text, f) && signed_text_put(p->origin, octets_bytes(&text), k, ret, f);
	bytes_free(&text);
	return ok;
}

static bool
read_place(struct octets o, uint8_t *to, bool *has)
{
	char hex[FEED_PLACE_OCTETS * 2 + 1];

	*has = !octets_same(o, octets_text("-"));
	if (!*has)
		return true;
	if (o.n != sizeof(hex) - 1)
		return false;
	memcpy(hex, o.at, o.n);
	hex[o.n] = '\0';
	return text_unhex(hex, to, FEED_PLACE_OCTETS);
}

/* "A B" */
static bool
split(struct octets o, struct octets *a, struct octets *b)
{
	const uint8_t *space = o.n == 0 ? NULL : memchr(o.at, ' ', o.n);

	if (space == NULL)
		return false;
	*a = octets_of(o.at, (size_t)(space - o.at));
	*b = octets_of(space + 1, o.n - a->n - 1);
	return true;
}

static bool
read_what(struct octets line, struct feed_piece *p)
{
	struct octets a, b;

	p->snapshot = octets_take_text(&line, "snapshot ");
	if (p->snapshot)
		return split(line, &a, &b) && read_place(a, p->from_place, &p->has_from) &&
		       read_place(b, p->to_place, &p->has_to);
	return octets_take_text(&line, "changes ") && split(line, &a, &b) &&
	       signed_text_number(a, &p->from) && signed_text_number(b, &p->to) && p->from <= p->to;
}

static bool
read_hash(struct octets line, const char *word, uint8_t to[static FEED_HASH_OCTETS])
{
	struct bytes b = { 0 };
	struct fault f;
	bool ok = octets_take_text(&line, word) && line.n == 44 && text_unbase64(line, &b, &f) &&
		  b.n == FEED_HASH_OCTETS;

	if (ok)
		memcpy(to, b.at, b.n);
	bytes_free(&b);
	return ok;
}

/* "KEY-ID STATE REASON SINCE": read as a change of nothing, which is spelled so too. */
static bool
read_ca(struct octets line, struct feed_ca *ret)
{
	struct bytes whole = { 0 };
	struct feed_change c;
	bool ok;

	bytes_put_text(&whole, "00000000000000000000000000000000 ");
	bytes_put_octets(&whole, line);
	bytes_put_text(&whole, " 0 1970-01-01T00:00:00Z");
	ok = !whole.bad && feed_read_line(octets_bytes(&whole), &c);
	bytes_free(&whole);
	if (!ok)
		return false;
	memcpy(ret->key_id, c.issuer, sizeof(ret->key_id));
	ret->state = c.state;
	ret->reason = c.reason;
	ret->at_s = c.at_s;
	return true;
}

bool
feed_piece_next(struct octets *lines, struct feed_change *ret)
{
	struct octets line;

	return signed_text_line(lines, &line) && feed_read_line(line, ret);
}

/* Each is one, and those of changes lead from hash to hash. */
static bool
check_lines(struct feed_piece *p, size_t first, struct fault *f)
{
	struct octets in = p->lines, line;
	uint8_t hash[FEED_HASH_OCTETS];
	struct feed_change c;

	memcpy(hash, p->before, sizeof(hash));
	for (p->lines_n = 0; in.n > 0; p->lines_n++) {
		if (!signed_text_line(&in, &line) || !feed_read_line(line, &c) ||
		    (p->snapshot && c.state == STANDING_GOOD))
			return fault_set(
			    f, FAULT_BADREQ, "feed: line %zu: no change", first + p->lines_n);
		feed_step(hash, line);
	}
	if (p->snapshot) {
		p->from = p->to = p->size;
		return memcmp(p->before, p->after, sizeof(hash)) == 0 ||
		       fault_set(f, FAULT_BADREQ, "feed: a snapshot with two hashes");
	}
	if (p->lines_n != p->to - p->from || p->to > p->size)
		return fault_set(f, FAULT_BADREQ,
		    "feed: %zu changes where its second line promises %" PRIu64, p->lines_n,
		    p->to - p->from);
	return memcmp(hash, p->after, sizeof(hash)) == 0 ||
	       fault_set(f, FAULT_BADREQ, "feed: the changes do not lead from hash to hash");
}

/* The lines 2 to 7. */
static bool
read_head_line(unsigned number, struct octets line, struct feed_piece *p)
{
	switch (number) {
	case 2:
		return read_what(line, p);
	case 3:
		return octets_take_text(&line, "size ") && signed_text_number(line, &p->size);
	case 4:
		return read_hash(line, "before ", p->before);
	case 5:
		return read_hash(line, "after ", p->after);
	case 6:
		return signed_text_time(line, "at ", &p->at_s);
	default:
		return signed_text_time(line, "until ", &p->until_s) && p->until_s >= p->at_s;
	}
}

static bool
read_head(struct octets *in, struct feed_piece *p, struct fault *f)
{
	struct octets line = { NULL, 0 };

	if (!signed_text_line(in, &line) || !signed_text_origin(line, p->origin, sizeof(p->origin)))
		return fault_set(f, FAULT_BADREQ, "feed: line 1: expected its origin");
	for (unsigned number = 2; number <= HEAD_LINES; number++)
		if (!signed_text_line(in, &line) || !read_head_line(number, line, p))
			return fault_set(f, FAULT_BADREQ,
			    "feed: line %u: not what a piece of a feed says there", number);
	return true;
}

/* Numbers, times and hashes too have one spelling each. */
static bool
is_canonical(const struct feed_piece *p)
{
	struct bytes again = { 0 };
	bool same;

	feed_piece_text(p, &again);
	same = !again.bad && octets_same(octets_bytes(&again), p->text);
	bytes_free(&again);
	return same;
}

bool
feed_piece_read_text(struct octets text, struct feed_piece *ret, struct fault *f)
{
	struct feed_piece p = { .text = text };
	struct octets in = text, before, line;

	if (!read_head(&in, &p, f))
		return false;
	for (before = in; signed_text_line(&in, &line) && octets_take_text(&line, "ca ");
	     before = in)
		if (p.cas_n == FEED_CAS_MAX || !read_ca(line, &p.ca[p.cas_n++]))
			return fault_set(
			    f, FAULT_BADREQ, "feed: line %zu: no CA", HEAD_LINES + p.cas_n);
	p.lines = before;
	if (!check_lines(&p, HEAD_LINES + 1 + p.cas_n, f))
		return false;
	if (!is_canonical(&p))
		return fault_set(f, FAULT_BADREQ, "feed: not spelled as a piece of it is");
	*ret = p;
	return true;
}

bool
feed_piece_read(struct octets note, struct feed_piece *ret, struct fault *f)
{
	struct octets text, signatures;
	struct feed_piece p;

	if (note.n > FEED_PIECE_MAX)
		return fault_set(f, FAULT_BADREQ, "feed: a piece over %u octets", FEED_PIECE_MAX);
	if (!signed_text_split(note, "feed", &text, &signatures, f) ||
	    !feed_piece_read_text(text, &p, f) ||
	    !signed_text_by(signatures, p.origin, "feed", &p.by, f))
		return false;
	*ret = p;
	return true;
}

bool
feed_piece_verify(const struct feed_piece *p, const uint8_t key[static 32], struct fault *f)
{
	return signed_text_verify(p->text, p->origin, &p->by, key, "feed", f);
}

static bool
add_ca(struct realm *r, const struct authority *a, struct feed_piece *p, struct fault *f)
{
	struct standing s = { .state = STANDING_GOOD };
	struct level_above above;

	for (size_t i = 0; i < p->cas_n; i++)
		if (memcmp(p->ca[i].key_id, a->key_id, sizeof(a->key_id)) == 0)
			return true;
	if (p->cas_n == FEED_CAS_MAX)
		return fault_set(f, FAULT_INTERNAL, "feed: too many CAs");
	if (!level_above(r, a, &above, f))
		return false;
	level_weigh(&above, &s);
	p->ca[p->cas_n] = (struct feed_ca){ .state = s.state, .reason = s.reason };
	p->ca[p->cas_n].at_s = s.state == STANDING_GOOD ? 0 : s.changed_s;
	memcpy(p->ca[p->cas_n++].key_id, a->key_id, sizeof(a->key_id));
	return true;
}

bool
feed_piece_cas(struct realm *r, const char *tenant, struct feed_piece *p, struct fault *f)
{
	bool platform = strcmp(tenant, NAME_PLATFORM) == 0;
	struct authority a;
	struct level_cas all;

	p->cas_n = 0;
	if (!level_cas(r, LEVEL_TENANT, tenant, &all, f))
		return false;
	for (size_t i = 0; i < all.n; i++)
		if (!add_ca(r, &all.at[i], p, f))
			return false;
	if (!platform)
		return true;
	if (!level_cas(r, LEVEL_REGION, realm_space(r)->region, &all, f))
		return false;
	for (size_t i = 0; i < all.n; i++)
		if (!add_ca(r, &all.at[i], p, f) || !realm_authority(r, all.at[i].issuer, &a, f) ||
		    !add_ca(r, &a, p, f))
			return false;
	return true;
}
