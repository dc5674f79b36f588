/* ca/log.c - see log.h. */
#include "ca/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "ca/log_trace.h"
#include "ca/log_tree.h"
#include "ca/meta.h"

#define EDITION     1
#define NODE_PREFIX 0x01
#define LEAF_PREFIX 0x00

static const char meta_epoch[] = "epoch";
static const char word_prev[] = "\"prev\":\"";

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
	bool ok = meta_get(l, META_ALL, octets_text(LOG_META), &b, f);

	if (ok && b.n > 0)
		ok = log_edge_decode(octets_bytes(&b), ret, f);
	else if (ok)
		*ret = (struct log_edge){ 0 };
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
	return meta_number(l, META_ALL, octets_text(meta_epoch), ret, f);
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
	log_trace_put(l, e.size);
	if (ret_index != NULL)
		*ret_index = e.size;
	log_leaf(octets_bytes(&line), leaf);
	log_edge_add_full(&e, leaf, &carry);
	ok = log_tree_add(l, e.size, &carry, f) && edge_write(l, &e, f);
out:
	bytes_free(&line);
	return ok;
}

static struct json *
decided_json(const struct log_decided *d)
{
	struct json *j = json_object(), *request = NULL;
	struct fault f;

	json_put_text(j, "id", d->id);
	json_put_text(j, "decision", d->permit ? "permit" : "deny");
	json_put_text(j, "code", d->code);
	json_put_text(j, "rule", d->rule);
	json_put_hex(j, "policy", d->set, LOG_HASH_OCTETS);
	if (json_parse(d->request, &request, &f))
		json_put(j, "request", request);
	return j;
}

struct json *
log_entry(const char *act, const struct log_context *why)
{
	struct json *j = json_object();

	json_put_text(j, "act", act);
	json_put_octets(j, "by", octets_text(why->by));
	json_put_octets(j, "from", octets_text(why->from));
	json_put_text(j, "rule", why->rule);
	if (why->second != NULL && why->second[0] != '\0')
		json_put_octets(j, "second", octets_text(why->second));
	if (why->policy != NULL)
		json_put_hex(j, "policy", why->policy, LOG_HASH_OCTETS);
	if (why->inputs != NULL)
		json_put(j, "inputs", inputs_json(why->inputs));
	if (why->decided.id != NULL)
		json_put(j, "decided", decided_json(&why->decided));
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
log_origin(const struct name_space *ns, const char *ledger, char to[static LOG_ORIGIN_MAX])
{
	char host[TEXT_HOST_MAX], label[TEXT_LABEL_MAX];

	ledger_name_tenant(ledger, label);
	name_tenant_host(ns, label, host);
	if (snprintf(to, LOG_ORIGIN_MAX, "%s/%s", host,
		ledger_name_is_activity(ledger) ? LEDGER_ACTIVITY : "log") >= LOG_ORIGIN_MAX)
		to[0] = '\0';
}
