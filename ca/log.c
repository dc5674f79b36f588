/* ca/log.c - see log.h. */
#include "ca/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "ca/log_tree.h"

#define EDITION     1
#define NODE_PREFIX 0x01
#define LEAF_PREFIX 0x00

static const char meta_epoch[] = "epoch";
static const char word_epoch[] = "epoch ", word_prev[] = "\"prev\":\"";
static const char dash[] =
    "\xe2\x80\x94 "; /* em dash and space begin a signature line (C2SP signed-note) */

void
log_leaf(struct octets line, uint8_t to[static LOG_HASH_OCTETS])
{
	const uint8_t prefix = LEAF_PREFIX;

	digest_of_both(octets_of(&prefix, 1), line, to);
}

void
log_node(const uint8_t left[static LOG_HASH_OCTETS], const uint8_t right[static LOG_HASH_OCTETS],
    uint8_t to[static LOG_HASH_OCTETS])
{
	uint8_t both[1 + 2 * LOG_HASH_OCTETS] = { NODE_PREFIX };

	memcpy(both + 1, left, LOG_HASH_OCTETS);
	memcpy(both + 1 + LOG_HASH_OCTETS, right, LOG_HASH_OCTETS);
	digest_of(octets_of(both, sizeof(both)), to);
}

static unsigned
full_subtrees(uint64_t size)
{
	unsigned n = 0;

	for (; size != 0; size &= size - 1)
		n++;
	return n;
}

/* As adding one to a binary number: each carry merges two subtrees of one size. */
void
log_edge_add_full(
    struct log_edge *e, const uint8_t leaf[static LOG_HASH_OCTETS], struct log_carry *ret)
{
	unsigned n = full_subtrees(e->size), height = 0;
	uint8_t carry[LOG_HASH_OCTETS];

	ret->n = 0;
	memcpy(carry, leaf, sizeof(carry));
	for (uint64_t s = e->size; (s & 1) != 0; s >>= 1) {
		log_node(e->node[--n], carry, carry);
		if (++height % LOG_TILE_BITS == 0)
			memcpy(ret->node[ret->n++], carry, sizeof(carry));
	}
	memcpy(e->node[n], carry, sizeof(carry));
	memcpy(e->last, leaf, sizeof(e->last));
	e->size++;
}

void
log_edge_add(struct log_edge *e, const uint8_t leaf[static LOG_HASH_OCTETS])
{
	struct log_carry ignored;

	log_edge_add_full(e, leaf, &ignored);
}

void
log_edge_root(const struct log_edge *e, uint8_t to[static LOG_HASH_OCTETS])
{
	unsigned n = full_subtrees(e->size);

	if (n == 0) {
		digest_of(octets_of(NULL, 0), to);
		return;
	}
	memcpy(to, e->node[--n], LOG_HASH_OCTETS);
	while (n > 0)
		log_node(e->node[--n], to, to);
}

bool
log_edge_decode(struct octets value, struct log_edge *ret, struct fault *f)
{
	struct reader r = reader_of(value);
	struct log_edge e = { 0 };
	unsigned n;

	if (reader_u8(&r) != EDITION)
		r.bad = true;
	e.size = reader_u64(&r);
	reader_copy(&r, e.last, sizeof(e.last));
	n = full_subtrees(e.size);
	for (unsigned i = 0; i < n; i++)
		reader_copy(&r, e.node[i], LOG_HASH_OCTETS);
	if (!reader_done(&r))
		return fault_set(f, FAULT_INTERNAL, "log: the tree's edge cannot be read");
	*ret = e;
	return true;
}

bool
log_edge_read(struct ledger *l, struct log_edge *ret, struct fault *f)
{
	struct bytes b = { 0 };
	struct fault why;
	bool ok;

	if (ledger_get(l, TABLE_META, octets_text(LOG_META), &b, &why)) {
		ok = log_edge_decode(octets_bytes(&b), ret, f);
	} else if ((ok = why.code == FAULT_NOTFOUND)) {
		*ret = (struct log_edge){ 0 };
	} else {
		*f = why;
	}
	bytes_free(&b);
	return ok;
}

static bool
edge_write(struct ledger *l, const struct log_edge *e, struct fault *f)
{
	struct bytes b = { 0 };
	unsigned n = full_subtrees(e->size);
	bool ok;

	bytes_put_u8(&b, EDITION);
	bytes_put_u64(&b, e->size);
	bytes_put(&b, e->last, sizeof(e->last));
	bytes_put(&b, e->node, n * sizeof(e->node[0]));
	if ((ok = bytes_ok(&b, f)))
		ledger_put(l, TABLE_META, octets_text(LOG_META), octets_bytes(&b));
	bytes_free(&b);
	return ok;
}

bool
log_leaf_at(struct ledger *l, uint64_t index, uint8_t to[static LOG_HASH_OCTETS], struct fault *f)
{
	struct bytes line = { 0 };
	uint8_t key[8];
	bool ok = ledger_get(l, TABLE_LOG, octets_u64(index, key), &line, f);

	if (ok)
		log_line_leaf(octets_bytes(&line), index, to);
	bytes_free(&line);
	return ok;
}

bool
log_last(struct ledger *l, uint8_t leaf[static LOG_HASH_OCTETS], int64_t *ret_at_s, struct fault *f)
{
	struct bytes line = { 0 };
	struct json *j = NULL;
	struct log_edge e;
	const char *at;
	uint8_t key[8];
	bool ok = false;

	if (!log_edge_read(l, &e, f))
		return false;
	if (e.size == 0)
		return fault_set(f, FAULT_NOTFOUND, "log: it is empty");
	if (!ledger_get(l, TABLE_LOG, octets_u64(e.size - 1, key), &line, f)) {
		fault_set(f, FAULT_INTERNAL, "log: entry %" PRIu64 " is missing", e.size - 1);
		goto out;
	}
	if (!json_parse(octets_bytes(&line), &j, f) || (at = json_text(j, "at")) == NULL ||
	    !log_time(at, ret_at_s)) {
		fault_set(f, FAULT_INTERNAL, "log: entry %" PRIu64 " cannot be read", e.size - 1);
		goto out;
	}
	log_leaf(octets_bytes(&line), leaf);
	ok = true;
out:
	json_free(j);
	bytes_free(&line);
	return ok;
}

/* No parser is needed: in a canonical line the word with its quotes is the member's name, since
 * within a text every quote has a backslash before it. */
bool
log_prev(struct octets line, uint8_t to[static LOG_HASH_OCTETS])
{
	const size_t n = sizeof(word_prev) - 1;
	const uint8_t *at = line.n == 0 ? NULL : memmem(line.at, line.n, word_prev, n);
	char hex[LOG_HASH_OCTETS * 2 + 1];

	if (at == NULL || (size_t)(line.at + line.n - at) < n + sizeof(hex) - 1)
		return false;
	memcpy(hex, at + n, sizeof(hex) - 1);
	hex[sizeof(hex) - 1] = '\0';
	return text_unhex(hex, to, LOG_HASH_OCTETS);
}

bool
log_epoch(struct ledger *l, uint64_t *ret, struct fault *f)
{
	struct bytes b = { 0 };
	struct fault why;
	struct reader r;
	bool ok = true;

	if (ledger_get(l, TABLE_META, octets_text(meta_epoch), &b, &why)) {
		r = reader_of(octets_bytes(&b));
		*ret = reader_u64(&r);
		ok = reader_done(&r) ||
		     fault_set(f, FAULT_INTERNAL, "log: its epoch cannot be read");
	} else if (why.code == FAULT_NOTFOUND) {
		*ret = 0;
	} else {
		*f = why;
		ok = false;
	}
	bytes_free(&b);
	return ok;
}

void
log_put_epoch(struct ledger *l, uint64_t epoch)
{
	uint8_t value[8];

	ledger_put(l, TABLE_META, octets_text(meta_epoch), octets_u64(epoch, value));
}

static bool
append(struct ledger *l, struct json *entry, int64_t now_s, uint64_t *ret_index, struct fault *f)
{
	struct log_edge e;
	struct log_carry carry;
	struct bytes line = { 0 };
	uint8_t leaf[LOG_HASH_OCTETS], key[8];
	bool ok = false;

	if (!log_edge_read(l, &e, f))
		return false;
	json_put_time(entry, "at", now_s);
	json_put_number(entry, "n", (int64_t)e.size);
	json_put_hex(entry, "prev", e.last, sizeof(e.last));
	if (!json_write(entry, &line, f))
		goto out;
	if (line.n > LOG_ENTRY_MAX) {
		fault_set(
		    f, FAULT_LIMIT, "log: an entry of %zu octets, over %d", line.n, LOG_ENTRY_MAX);
		goto out;
	}
	batch_add(ledger_batch(l), TABLE_LOG, octets_u64(e.size, key), octets_bytes(&line));
	if (ret_index != NULL)
		*ret_index = e.size;
	log_leaf(octets_bytes(&line), leaf);
	log_edge_add_full(&e, leaf, &carry);
	ok = log_tree_add(l, e.size, &carry, f) && edge_write(l, &e, f);
out:
	bytes_free(&line);
	return ok;
}

struct json *
log_entry(const char *act, const struct log_context *why)
{
	struct json *j = json_object();

	json_put_text(j, "act", act);
	json_put_octets(j, "by", octets_text(why->by));
	json_put_octets(j, "from", octets_text(why->from));
	json_put_text(j, "rule", why->rule);
	if (why->policy != NULL)
		json_put_hex(j, "policy", why->policy, LOG_HASH_OCTETS);
	return j;
}

bool
log_append(
    struct ledger *l, struct json *entry, int64_t now_s, uint64_t *ret_index, struct fault *f)
{
	bool ok = append(l, entry, now_s, ret_index, f);

	json_free(entry);
	return ok;
}

void
log_origin(const struct name_space *ns, const char *tenant, char to[static LOG_ORIGIN_MAX])
{
	char host[TEXT_HOST_MAX];

	name_tenant_host(ns, tenant, host);
	if (snprintf(to, LOG_ORIGIN_MAX, "%s/log", host) >= LOG_ORIGIN_MAX)
		to[0] = '\0';
}

bool
log_key_hash(
    const char *origin, const uint8_t public_key[static 32], uint8_t to[static 4], struct fault *f)
{
	struct bytes b = { 0 };
	uint8_t digest[LOG_HASH_OCTETS];

	bytes_put_text(&b, origin);
	bytes_put_text(&b, "\n");
	bytes_put_u8(&b, 0x01); /* Ed25519 */
	bytes_put(&b, public_key, 32);
	if (!bytes_ok(&b, f)) {
		bytes_free(&b);
		return false;
	}
	digest_of(octets_bytes(&b), digest);
	memcpy(to, digest, 4);
	bytes_free(&b);
	return true;
}

bool
log_checkpoint(const char *origin, const struct log_edge *e, uint64_t epoch, const struct key *k,
    struct bytes *ret, struct fault *f)
{
	struct octets spki = key_spki(k);
	uint8_t root[LOG_HASH_OCTETS], hash[4];
	struct bytes text = { 0 }, signature = { 0 };
	bool ok = false;

	log_edge_root(e, root);
	bytes_put_fmt(&text, "%s\n%" PRIu64 "\n", origin, e->size);
	text_base64(octets_of(root, sizeof(root)), 0, &text);
	bytes_put_fmt(&text, "\n%s%" PRIu64 "\n", word_epoch, epoch);
	if (!bytes_ok(&text, f) || !log_key_hash(origin, spki.at + spki.n - 32, hash, f))
		goto out;
	bytes_put(&signature, hash, sizeof(hash));
	if (!key_sign(k, octets_bytes(&text), &signature, f))
		goto out;
	bytes_put_octets(ret, octets_bytes(&text));
	bytes_put_fmt(ret, "\n%s%s ", dash, origin);
	text_base64(octets_bytes(&signature), 0, ret);
	bytes_put_text(ret, "\n");
	ok = bytes_ok(ret, f);
out:
	bytes_free(&signature);
	bytes_free(&text);
	return ok;
}

/* Take one line, without its LF, off in. */
static bool
take_line(struct octets *in, struct octets *line)
{
	const uint8_t *end = in->n == 0 ? NULL : memchr(in->at, '\n', in->n);

	if (end == NULL)
		return false;
	*line = octets_of(in->at, (size_t)(end - in->at));
	in->n -= line->n + 1;
	in->at = end + 1;
	return true;
}

/* base64 that decodes to exactly n octets and is spelled the one canonical way. */
static bool
exactly(struct octets text, uint8_t *to, size_t n)
{
	struct bytes b = { 0 }, again = { 0 };
	struct fault ignored;
	bool ok;

	ok = text_unbase64(text, &b, &ignored) && b.n == n;
	if (ok) {
		text_base64(octets_bytes(&b), 0, &again);
		ok = octets_same(octets_bytes(&again), text);
		memcpy(to, b.at, n);
	}
	bytes_free(&again);
	bytes_free(&b);
	return ok;
}

static bool
read_size(struct octets line, uint64_t *ret)
{
	uint64_t v = 0;

	if (line.n == 0 || line.n > 18 || (line.at[0] == '0' && line.n > 1))
		return false;
	for (size_t i = 0; i < line.n; i++) {
		if (line.at[i] < '0' || line.at[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(line.at[i] - '0');
	}
	*ret = v;
	return true;
}

/* C2SP signed-note: no spaces and no plus in a key's name; ours are ASCII, so that none look alike.
 */
static bool
is_key_name(struct octets line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.at[i] <= ' ' || line.at[i] > '~' || line.at[i] == '+')
			return false;
	return line.n > 0;
}

/* The one extension line that ours have; a line that is no epoch is left where it is. */
static bool
take_epoch(struct octets *in, struct log_note *c)
{
	const size_t n = sizeof(word_epoch) - 1;
	struct octets rest = *in, line;

	if (!take_line(&rest, &line) || line.n < n || memcmp(line.at, word_epoch, n) != 0)
		return true;
	*in = rest;
	c->has_epoch = true;
	return read_size(octets_of(line.at + n, line.n - n), &c->epoch);
}

bool
log_note_read(struct octets note, struct log_note *ret, struct fault *f)
{
	struct octets in = note, line;
	struct log_note c = { 0 };
	uint8_t signed_by[4 + 64];
	size_t head;

	if (!take_line(&in, &line) || !is_key_name(line) || line.n >= sizeof(c.origin))
		return fault_set(f, FAULT_BADREQ, "checkpoint: line 1: expected the log's origin");
	memcpy(c.origin, line.at, line.n);
	if (!take_line(&in, &line) || !read_size(line, &c.size))
		return fault_set(
		    f, FAULT_BADREQ, "checkpoint: line 2: expected the number of entries");
	if (!take_line(&in, &line) || !exactly(line, c.root, sizeof(c.root)))
		return fault_set(
		    f, FAULT_BADREQ, "checkpoint: line 3: expected the root hash in base64");
	if (!take_epoch(&in, &c))
		return fault_set(f, FAULT_BADREQ, "checkpoint: line 4: expected a number");
	c.text = octets_of(note.at, (size_t)(in.at - note.at));
	if (!take_line(&in, &line) || line.n != 0)
		return fault_set(f, FAULT_BADREQ, "checkpoint: line %d: expected an empty line",
		    c.has_epoch ? 5 : 4);
	head = sizeof(dash) - 1 + strlen(c.origin) + 1;
	if (!take_line(&in, &line) || in.n != 0 || line.n <= head ||
	    !octets_same(octets_of(line.at, sizeof(dash) - 1), octets_text(dash)) ||
	    !octets_same(
		octets_of(line.at + sizeof(dash) - 1, strlen(c.origin)), octets_text(c.origin)) ||
	    line.at[head - 1] != ' ' ||
	    !exactly(octets_of(line.at + head, line.n - head), signed_by, sizeof(signed_by)))
		return fault_set(f, FAULT_BADREQ,
		    "checkpoint: line %d: expected one signature by the origin",
		    c.has_epoch ? 6 : 5);
	memcpy(c.key_hash, signed_by, sizeof(c.key_hash));
	memcpy(c.signature, signed_by + 4, sizeof(c.signature));
	*ret = c;
	return true;
}
