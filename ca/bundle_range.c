/* ca/bundle_range.c - the proof that a range is part of the tree; see bundle_line.h. */
#include <inttypes.h>
#include <string.h>

#include "ca/bundle_line.h"

#define NUMBER_MAX (INT64_C(1) << 53)

/* The roots of the full subtrees left of from: what the path of the entry before it has above the
 * last of them, and that one is climbed to. */
static bool
left_of(struct ledger *l, uint64_t from, struct log_path *ret, struct fault *f)
{
	unsigned low = from == 0 ? 0 : (unsigned)__builtin_ctzll(from);
	uint8_t last[LOG_HASH_OCTETS];
	struct log_path up;

	ret->n = 0;
	if (from == 0)
		return true;
	if (!log_leaf_at(l, from - 1, last, f) || !log_tree_inclusion(l, from - 1, from, &up, f))
		return false;
	for (unsigned i = 0; i < low; i++)
		log_node(up.node[i], last, last);
	while (up.n > low)
		memcpy(ret->node[ret->n++], up.node[--up.n], LOG_HASH_OCTETS);
	memcpy(ret->node[ret->n++], last, sizeof(last));
	return true;
}

bool
bundle_range_make(struct ledger *l, uint64_t from, uint64_t to, uint64_t size,
    struct bundle_range *ret, struct fault *f)
{
	struct bundle_range r = { .from = from, .to = to, .size = size };

	if (from >= to || to > size)
		return fault_set(f, FAULT_BADREQ,
		    "range: expected from < to <= size, found %" PRIu64 ", %" PRIu64 ", %" PRIu64,
		    from, to, size);
	if (!left_of(l, from, &r.left, f) || !log_tree_consistency(l, to, size, &r.path, f))
		return false;
	*ret = r;
	return true;
}

static void
put_path(struct json *j, const char *name, const struct log_path *path)
{
	struct json *list = json_array();
	char hex[2 * LOG_HASH_OCTETS + 1];

	for (size_t i = 0; i < path->n; i++) {
		text_hex(path->node[i], LOG_HASH_OCTETS, hex);
		json_add_text(list, hex);
	}
	json_put(j, name, list);
}

bool
bundle_range_write(const struct bundle_range *r, struct bytes *ret, struct fault *f)
{
	struct json *j = json_object();
	bool ok;

	json_put_number(j, "from", (int64_t)r->from);
	json_put_number(j, "to", (int64_t)r->to);
	json_put_number(j, "size", (int64_t)r->size);
	put_path(j, "left", &r->left);
	put_path(j, "consistency", &r->path);
	ok = json_write(j, ret, f);
	json_free(j);
	return ok;
}

static bool
take_path(const struct json *j, const char *name, struct log_path *ret)
{
	const struct json *list = json_get(j, name);
	const char *hex;

	ret->n = json_count(list);
	if (list == NULL || ret->n > LOG_DEPTH_MAX)
		return false;
	for (size_t i = 0; i < ret->n; i++)
		if ((hex = json_as_text(json_at(list, i))) == NULL ||
		    !text_unhex(hex, ret->node[i], LOG_HASH_OCTETS))
			return false;
	return true;
}

static bool
take_number(const struct json *j, const char *name, uint64_t *ret)
{
	int64_t v;

	if (!json_number(j, name, 0, NUMBER_MAX, -1, &v) || v < 0)
		return false;
	*ret = (uint64_t)v;
	return true;
}

bool
bundle_range_read(struct octets line, const char *what, struct bundle_range *ret, struct fault *f)
{
	struct bundle_range r = { .from = 0 };
	struct bytes again = { 0 };
	struct json *j = NULL;
	struct fault none;
	bool ok;

	ok = json_parse(line, &j, &none) && take_number(j, "from", &r.from) &&
	     take_number(j, "to", &r.to) && take_number(j, "size", &r.size) &&
	     take_path(j, "left", &r.left) && take_path(j, "consistency", &r.path) &&
	     bundle_range_write(&r, &again, &none) && octets_same(octets_bytes(&again), line);
	json_free(j);
	bytes_free(&again);
	if (!ok)
		return fault_set(
		    f, FAULT_BADREQ, "%s: expected the canonical JSON of a range's proof", what);
	if (r.from >= r.to || r.to > r.size || r.left.n != (size_t)__builtin_popcountll(r.from))
		return fault_set(f, FAULT_BADREQ,
		    "%s: RFC 6962 section 2.1: not the proof of a range of such a tree", what);
	*ret = r;
	return true;
}
