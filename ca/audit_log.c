/* ca/audit_log.c - entries that prove an act, and the tree that they make; see audit.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ca/audit.h"
#include "ca/redaction.h"

struct reading {
	struct log_edge *seen;
	struct bytes stubs; /* indexes of redacted entries, u64, and their lines, counted */
	bool gap;
};

static bool
add_line(void *with, struct octets key, struct octets value)
{
	struct reading *r = with;
	uint8_t leaf[LOG_HASH_OCTETS], want[8];
	struct redaction stub;

	if (!octets_same(key, octets_u64(r->seen->size, want))) {
		r->gap = true;
		return false;
	}
	if (redaction_stub(value, r->seen->size, &stub)) {
		bytes_put_u64(&r->stubs, stub.n);
		bytes_put_counted(&r->stubs, value);
	}
	log_line_leaf(value, r->seen->size, leaf);
	log_edge_add(r->seen, leaf);
	return true;
}

/* A stub counts for what the entry that tells of it says. */
static bool
check_stubs(struct ledger *l, struct octets rows, struct fault *f)
{
	struct reader in = reader_of(rows);
	struct redaction stub;

	while (in.n > 0) {
		uint64_t n = reader_u64(&in);

		if (!redaction_stub(reader_counted(&in), n, &stub) ||
		    !redaction_told(l, &stub, &stub, f))
			return false;
	}
	return true;
}

/* The place of a log's progress; the oldest is given up for a new one. */
static struct log_edge *
progress_of(struct audit_trees *t, const char *tenant)
{
	unsigned i = 0;

	while (i < AUDIT_TREES && strcmp(t->at[i].tenant, tenant) != 0)
		i++;
	if (i == AUDIT_TREES) {
		i = t->next++ % AUDIT_TREES;
		(void)snprintf(t->at[i].tenant, sizeof(t->at[i].tenant), "%s", tenant);
		t->at[i].seen = (struct log_edge){ .size = 0 };
	}
	return &t->at[i].seen;
}

static bool
is_same(const struct log_edge *a, const struct log_edge *b)
{
	uint8_t root_a[LOG_HASH_OCTETS], root_b[LOG_HASH_OCTETS];

	log_edge_root(a, root_a);
	log_edge_root(b, root_b);
	return a->size == b->size && memcmp(a->last, b->last, sizeof(a->last)) == 0 &&
	       memcmp(root_a, root_b, sizeof(root_a)) == 0;
}

bool
audit_tree(struct audit_trees *trees, struct ledger *l, uint64_t *ret_read, uint64_t *ret_size,
    struct fault *f)
{
	struct log_edge now, *seen = progress_of(trees, ledger_tenant(l));
	struct reading r = { .seen = seen };
	uint64_t left;
	uint8_t key[8];
	bool ok;

	if (!log_edge_read(l, &now, f))
		return false;
	left = now.size < seen->size ? 0 : now.size - seen->size;
	if (left > AUDIT_STEP_MAX)
		left = AUDIT_STEP_MAX;
	ok = (left == 0 || store_scan(ledger_store(l), TABLE_LOG, octets_u64(seen->size, key),
			       (size_t)left, add_line, &r, f)) &&
	     bytes_ok(&r.stubs, f) && check_stubs(l, octets_bytes(&r.stubs), f);
	bytes_free(&r.stubs);
	if (!ok) {
		*seen = (struct log_edge){ .size = 0 };
		return false;
	}
	*ret_read = seen->size;
	*ret_size = now.size;
	if (!r.gap && seen->size < now.size && left == AUDIT_STEP_MAX)
		return true; /* more to come */
	if (!r.gap && is_same(seen, &now))
		return true;
	*seen = (struct log_edge){ .size = 0 }; /* from the beginning, the next time */
	return fault_set(f, FAULT_DENIED,
	    "log: the entries of %.60s's log do not make its tree of %" PRIu64, ledger_tenant(l),
	    now.size);
}

/* The hash by which what came after names the entry. */
static bool
named_hash(struct ledger *l, uint64_t index, const struct log_edge *edge, char *to, struct fault *f)
{
	struct bytes next = { 0 };
	uint8_t key[8], prev[LOG_HASH_OCTETS];
	bool ok = false;

	if (index + 1 == edge->size) {
		text_hex(edge->last, sizeof(edge->last), to);
		return true;
	}
	if (ledger_get(l, TABLE_LOG, octets_u64(index + 1, key), &next, f) &&
	    redaction_prev(l, index + 1, octets_bytes(&next), prev, f)) {
		text_hex(prev, sizeof(prev), to);
		ok = true;
	} else {
		fault_set(f, FAULT_DENIED, "log: entry %" PRIu64 " cannot be read", index + 1);
	}
	bytes_free(&next);
	return ok;
}

static bool
check_entry(struct ledger *l, uint64_t index, const char *act, struct octets line,
    const struct json *j, struct fault *f)
{
	char named[LOG_HASH_OCTETS * 2 + 1], own[LOG_HASH_OCTETS * 2 + 1];
	uint8_t leaf[LOG_HASH_OCTETS];
	const char *its = json_text(j, "act");
	struct log_edge edge;
	int64_t n;

	if (!log_edge_read(l, &edge, f))
		return false;
	if (index >= edge.size)
		return fault_set(f, FAULT_DENIED,
		    "log: entry %" PRIu64 " is beyond the tree of %" PRIu64, index, edge.size);
	if (!json_number(j, "n", 0, INT64_MAX >> 11, -1, &n) || n != (int64_t)index)
		return fault_set(
		    f, FAULT_DENIED, "log: entry %" PRIu64 " says that it is another", index);
	if (its == NULL || (act != NULL && strcmp(its, act) != 0))
		return fault_set(f, FAULT_DENIED,
		    "log: entry %" PRIu64 " tells of %.40s, not of %s", index,
		    its == NULL ? "nothing" : its, act == NULL ? "an act" : act);
	if (!named_hash(l, index, &edge, named, f))
		return false;
	log_line_leaf(line, index, leaf);
	text_hex(leaf, sizeof(leaf), own);
	return strcmp(own, named) == 0 ||
	       fault_set(f, FAULT_DENIED,
		   "log: entry %" PRIu64 " was altered: another hash of it was recorded", index);
}

/* It told of this act, and its body is gone by law: nothing to read, and nothing that fails. */
static bool
redacted_entry(struct ledger *l, const struct redaction *stub, const char *act, struct octets line,
    struct fault *f)
{
	struct json *as = json_object();
	struct redaction r;

	json_put_number(as, "n", (int64_t)stub->n);
	if (!redaction_told(l, stub, &r, f)) {
		if (f->code == FAULT_CONFLICT)
			f->code = FAULT_DENIED;
		goto out;
	}
	json_put_text(as, "act", r.was);
	if (check_entry(l, stub->n, act, line, as, f))
		fault_set(f, FAULT_TYPE,
		    "log: entry %" PRIu64 " (%s) is redacted: entry %" PRIu64
		    " tells by whom and why",
		    r.n, r.was, r.by);
out:
	json_free(as);
	return false;
}

bool
audit_entry(struct ledger *l, uint64_t index, const char *act, struct bytes *line,
    struct json **ret, struct fault *f)
{
	struct json *j = NULL;
	struct redaction stub;
	uint8_t key[8];

	if (!ledger_get(l, TABLE_LOG, octets_u64(index, key), line, f)) {
		if (f->code == FAULT_NOTFOUND)
			fault_set(f, FAULT_DENIED, "log: entry %" PRIu64 " is missing", index);
		return false;
	}
	if (redaction_stub(octets_bytes(line), index, &stub))
		return redacted_entry(l, &stub, act, octets_bytes(line), f);
	if (!json_parse(octets_bytes(line), &j, f))
		return fault_set(f, FAULT_DENIED, "log: entry %" PRIu64 " cannot be read", index);
	if (!check_entry(l, index, act, octets_bytes(line), j, f)) {
		json_free(j);
		return false;
	}
	*ret = j;
	return true;
}
