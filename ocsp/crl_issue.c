/* ocsp/crl_issue.c - see crl_issue.h. */
#include "ocsp/crl_issue.h"

#include <string.h>

#include "ca/revoke.h"

#define SHARD_SCAN 8192 /* changes looked through for shards; after more of them all are made */

/* A visit of changes, from one number to another. */
struct changed {
	struct crl_issue *i;
	uint64_t to, n;
	size_t left;
	unsigned shards;
	struct bytes *keys; /* to be removed; NULL: they are looked at */
};

static bool
changed_one(void *with, struct octets key, struct octets value)
{
	struct changed *c = with;
	struct reader r;
	unsigned shard;

	if (key.n != REVOKE_CHANGE_KEY || memcmp(key.at, c->i->ca, TBS_KEY_ID_OCTETS) != 0 ||
	    key.at[TBS_KEY_ID_OCTETS] != REVOKE_CHANGE || value.n != TBS_SERIAL_OCTETS)
		return false;
	r = reader_of(octets_of(key.at + TBS_KEY_ID_OCTETS + 1, 8));
	if (reader_u64(&r) > c->to || c->left-- == 0)
		return false;
	c->n++;
	if (c->keys != NULL) {
		bytes_put_octets(c->keys, key);
	} else {
		shard = tbs_shard(value.at, c->shards);
		c->i->dirty[shard / 8] |= (uint8_t)(1u << shard % 8);
	}
	return true;
}

/* Which shards have changed since all of them were right. */
static bool
find_dirty(struct crl_issue *i, const struct issuer *by, struct fault *f)
{
	struct changed c = { .i = i, .to = i->order.changes, .left = SHARD_SCAN };
	uint64_t since = i->state.changes;
	uint8_t key[REVOKE_CHANGE_KEY];

	if (by->a.shards <= 1)
		return true;
	c.shards = by->a.shards;
	i->all = i->all || since > c.to || c.to - since > SHARD_SCAN;
	if (!i->all) {
		if (!store_scan(ledger_store(by->ledger), TABLE_CRL,
			revoke_change_key(i->ca, since + 1, key), SIZE_MAX, changed_one, &c, f))
			return false;
		i->all = c.n != c.to - since;
	}
	if (i->all)
		memset(i->dirty, 0xff, sizeof(i->dirty));
	return true;
}

/* From the delta list that there is, or the complete one. */
static void
set_base(struct crl_order *o, uint64_t number, uint64_t since, int64_t made_s)
{
	o->base = number;
	o->base_since = since;
	o->base_made_s = made_s;
}

static bool
is_usable(const struct crl_order *o, uint64_t since, int64_t made_s, int64_t valid_s)
{
	return since <= o->changes && o->changes - since <= CRL_DELTA_MAX && made_s <= o->made_s &&
	       o->made_s - made_s <= valid_s / 2;
}

static bool
find_base(struct crl_issue *i, const struct issuer *by, int64_t valid_s, struct fault *f)
{
	const struct crl_which complete = { .kind = CRL_COMPLETE }, delta = { .kind = CRL_DELTA };
	struct crl_order *o = &i->order;
	struct crl_head h;
	struct fault why;

	i->whole = i->whole || !o->deltas;
	if (!crl_head(by->ledger, i->ca, complete, &h, &why)) {
		i->whole = i->all = true;
		return why.code == FAULT_NOTFOUND || (*f = why, false);
	}
	i->all = o->made_s < h.made_s || o->made_s - i->state.shards_made_s >= valid_s / 2;
	if (is_usable(o, h.changes, h.made_s, valid_s)) {
		set_base(o, h.number, h.changes, h.made_s);
		i->based = true;
	}
	if (!crl_head(by->ledger, i->ca, delta, &h, &why))
		return why.code == FAULT_NOTFOUND || (*f = why, false);
	if (is_usable(o, h.base_since, h.base_made_s, valid_s)) {
		set_base(o, h.base, h.base_since, h.base_made_s);
		i->based = true;
	}
	return true;
}

bool
crl_issue_begin(struct crl_issue *i, const struct issuer *by, const struct crl_want *w,
    int64_t now_s, struct fault *f)
{
	struct fault why;
	int64_t until_s = now_s + w->valid_s;

	*i = (struct crl_issue){ .whole = w->whole,
		.order = { .made_s = now_s,
		    .until_s = until_s < by->a.not_after_s ? until_s : by->a.not_after_s,
		    .public_url = w->public_url,
		    .deltas = by->a.level == LEVEL_TENANT } };
	memcpy(i->ca, by->a.key_id, sizeof(i->ca));
	if (now_s >= by->a.not_after_s)
		return fault_set(f, FAULT_DENIED, "crl: the CA has expired");
	if (!crl_state(by->ledger, i->ca, &i->state, &why)) {
		if (why.code != FAULT_NOTFOUND)
			return *f = why, false;
		i->state = (struct crl_state){ .number = 0 };
	}
	/* By the clock: a ledger that was restored from a backup gives no number a second time. */
	if (i->state.number < (uint64_t)now_s)
		i->state.number = (uint64_t)now_s - 1;
	i->order.number = ++i->state.number;
	/* Before the rows are read: a list may be newer than it says, never older. */
	return revoke_changes(by->ledger, i->ca, &i->order.changes, f) &&
	       find_base(i, by, w->valid_s, f) && find_dirty(i, by, f) &&
	       crl_put_state(by->ledger, i->ca, &i->state, f);
}

void
crl_issue_free(struct crl_issue *i)
{
	if (i->building)
		crl_build_free(&i->build);
	i->building = false;
}

/* The lists in the order of making: delta, each shard, complete, delta. */
static bool
choose(struct crl_issue *i, const struct issuer *by, struct crl_which *ret)
{
	unsigned n = i->next, shards = by->a.shards;

	if (n == 0) {
		*ret = (struct crl_which){ .kind = CRL_DELTA };
		return i->order.deltas && i->based;
	}
	if (n <= shards) {
		*ret = (struct crl_which){ .kind = CRL_SHARD, .shard = n - 1 };
		return shards > 1 && (i->dirty[(n - 1) / 8] >> (n - 1) % 8 & 1) != 0;
	}
	if (n == shards + 1) {
		*ret = (struct crl_which){ .kind = CRL_COMPLETE };
		return i->whole;
	}
	/* Where there was no base, it is the list that was just made. */
	*ret = (struct crl_which){ .kind = CRL_DELTA };
	if (!i->based && i->whole)
		set_base(&i->order, i->order.number, i->order.changes, i->order.made_s);
	return i->order.deltas && !i->based && i->whole;
}

/* Changes that all lists are past, some at a time. */
static bool
prune(struct crl_issue *i, const struct issuer *by, size_t rows, bool *ret_done, struct fault *f)
{
	struct bytes keys = { 0 };
	struct changed c = { .i = i, .left = rows, .keys = &keys };
	uint8_t key[REVOKE_CHANGE_KEY];
	bool ok;

	c.to = i->order.deltas ? i->order.base_since : i->order.changes;
	if (by->a.shards > 1 && i->state.changes < c.to)
		c.to = i->state.changes;
	ok = store_scan(ledger_store(by->ledger), TABLE_CRL, revoke_change_key(i->ca, 0, key),
		 SIZE_MAX, changed_one, &c, f) &&
	     bytes_ok(&keys, f);
	for (size_t at = 0; ok && at < keys.n; at += REVOKE_CHANGE_KEY)
		batch_remove(ledger_batch(by->ledger), TABLE_CRL,
		    octets_of(keys.at + at, REVOKE_CHANGE_KEY));
	bytes_free(&keys);
	*ret_done = c.n < rows;
	return ok;
}

static bool
settle(struct crl_issue *i, const struct issuer *by, struct fault *f)
{
	i->state.changes = i->order.changes;
	if (i->all)
		i->state.shards_made_s = i->order.made_s;
	return crl_put_state(by->ledger, i->ca, &i->state, f);
}

bool
crl_issue_step(
    struct crl_issue *i, const struct issuer *by, size_t rows, bool *ret_done, struct fault *f)
{
	struct crl_order o;
	bool done;

	*ret_done = false;
	for (; !i->building && i->next <= by->a.shards + 2; i->next++) {
		struct crl_which which;

		if (!choose(i, by, &which))
			continue;
		o = i->order;
		o.which = which;
		crl_build_begin(&i->build, by, &o);
		i->building = true;
		break;
	}
	if (!i->building)
		return settle(i, by, f) && prune(i, by, rows, ret_done, f);
	if (!crl_build_step(&i->build, by, rows, &done, f))
		return false;
	if (done) {
		crl_issue_free(i);
		i->next++;
	}
	return true;
}

bool
crl_make(const struct issuer *by, const struct crl_want *w, int64_t now_s, struct fault *f)
{
	struct crl_issue i;
	bool done = false, ok = crl_issue_begin(&i, by, w, now_s, f);

	while (ok && !done)
		ok = crl_issue_step(&i, by, SIZE_MAX, &done, f);
	crl_issue_free(&i);
	return ok;
}
