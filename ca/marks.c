/* ca/marks.c - see marks.h. */
#include "ca/marks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EDITION  1
#define TABLE    0 /* of the marks' own store: tenant -> mark */
#define COSIGNED 1 /* origin -> what was last cosigned */

static const char meta_marks[] = "marks";
static const char what_to_do[] = "put the newer data back, or run \"quatrain ledger merge\"";

struct marks {
	struct store *store;
	struct batch *batch; /* NULL in a reader */
};

bool
marks_open(const char *data, enum store_mode mode, struct marks **ret, struct fault *f)
{
	char dir[REALM_PATH_MAX];
	struct marks *m;

	if (snprintf(dir, sizeof(dir), "%s/keys/marks", data) >= (int)sizeof(dir))
		return fault_set(f, FAULT_INTERNAL, "marks: the data folder's path is too long");
	if ((m = calloc(1, sizeof(*m))) == NULL)
		return fault_set(f, FAULT_INTERNAL, "marks: out of memory");
	if (!store_open(dir, mode, &m->store, f)) {
		free(m);
		return false;
	}
	if (mode != STORE_READ && (m->batch = batch_new(m->store)) == NULL) {
		marks_close(m);
		return fault_set(f, FAULT_INTERNAL, "marks: out of memory");
	}
	*ret = m;
	return true;
}

void
marks_close(struct marks *m)
{
	if (m == NULL)
		return;
	batch_free(m->batch);
	store_close(m->store);
	free(m);
}

bool
marks_expected(struct ledger *platform, bool *ret, struct fault *f)
{
	struct bytes b = { 0 };
	struct fault why;

	*ret = ledger_get(platform, TABLE_META, octets_text(meta_marks), &b, &why);
	bytes_free(&b);
	if (*ret || why.code == FAULT_NOTFOUND)
		return true;
	*f = why;
	return false;
}

void
marks_expect(struct ledger *platform)
{
	const uint8_t edition = EDITION;

	ledger_put(platform, TABLE_META, octets_text(meta_marks), octets_of(&edition, 1));
}

static bool
decode(struct octets value, struct mark *ret)
{
	struct reader r = reader_of(value);
	struct mark k = { .size = 0 };

	if (reader_u8(&r) != EDITION)
		return false;
	k.size = reader_u64(&r);
	reader_copy(&r, k.leaf, sizeof(k.leaf));
	reader_copy(&r, k.root, sizeof(k.root));
	k.epoch = reader_u64(&r);
	k.at_s = (int64_t)reader_u64(&r);
	k.signed_size = reader_u64(&r);
	k.signed_epoch = reader_u64(&r);
	reader_copy(&r, k.signed_root, sizeof(k.signed_root));
	if (!reader_done(&r))
		return false;
	*ret = k;
	return true;
}

static bool
put(struct marks *m, const char *tenant, const struct mark *k, struct fault *f)
{
	struct bytes b = { 0 };
	bool ok;

	bytes_put_u8(&b, EDITION);
	bytes_put_u64(&b, k->size);
	bytes_put(&b, k->leaf, sizeof(k->leaf));
	bytes_put(&b, k->root, sizeof(k->root));
	bytes_put_u64(&b, k->epoch);
	bytes_put_u64(&b, (uint64_t)k->at_s);
	bytes_put_u64(&b, k->signed_size);
	bytes_put_u64(&b, k->signed_epoch);
	bytes_put(&b, k->signed_root, sizeof(k->signed_root));
	if ((ok = bytes_ok(&b, f)))
		batch_put(m->batch, TABLE, octets_text(tenant), octets_bytes(&b));
	bytes_free(&b);
	return ok;
}

bool
marks_get(struct marks *m, const char *tenant, struct mark *ret, struct fault *f)
{
	struct bytes b = { 0 };
	bool ok = m->batch != NULL ? batch_get(m->batch, TABLE, octets_text(tenant), &b, f)
				   : store_get(m->store, TABLE, octets_text(tenant), &b, f);

	if (ok && !decode(octets_bytes(&b), ret))
		ok = fault_set(f, FAULT_INTERNAL, "marks: that of %.63s cannot be read", tenant);
	bytes_free(&b);
	return ok;
}

/* The mark as it is, or an empty one. */
static bool
get_or_new(struct marks *m, const char *tenant, struct mark *ret, struct fault *f)
{
	struct fault why;

	if (marks_get(m, tenant, ret, &why))
		return true;
	if (why.code != FAULT_NOTFOUND) {
		*f = why;
		return false;
	}
	*ret = (struct mark){ .size = 0 };
	return true;
}

bool
marks_put(struct marks *m, struct ledger *l, int64_t now_s, struct fault *f)
{
	struct log_edge e;
	struct mark k;

	if (!get_or_new(m, ledger_tenant(l), &k, f) || !log_edge_read(l, &e, f) ||
	    !log_epoch(l, &k.epoch, f))
		return false;
	k.size = e.size;
	memcpy(k.leaf, e.last, sizeof(k.leaf));
	log_edge_root(&e, k.root);
	k.at_s = now_s;
	return put(m, ledger_tenant(l), &k, f);
}

bool
marks_put_signed(
    struct marks *m, const char *tenant, const struct mark *checkpoint, struct fault *f)
{
	struct mark k;

	if (!get_or_new(m, tenant, &k, f))
		return false;
	if (checkpoint->signed_epoch == k.signed_epoch && checkpoint->signed_size < k.signed_size)
		return true; /* of two in one round the longer one stays */
	k.signed_size = checkpoint->signed_size;
	k.signed_epoch = checkpoint->signed_epoch;
	memcpy(k.signed_root, checkpoint->signed_root, sizeof(k.signed_root));
	return put(m, tenant, &k, f);
}

bool
marks_cosigned(struct marks *m, const char *origin, struct mark_cosigned *ret, struct fault *f)
{
	struct mark_cosigned k;
	struct bytes b = { 0 };
	struct reader r;
	bool ok = m->batch != NULL ? batch_get(m->batch, COSIGNED, octets_text(origin), &b, f)
				   : store_get(m->store, COSIGNED, octets_text(origin), &b, f);

	if (ok) {
		r = reader_of(octets_bytes(&b));
		r.bad = reader_u8(&r) != EDITION;
		k.size = reader_u64(&r);
		k.epoch = reader_u64(&r);
		reader_copy(&r, k.root, sizeof(k.root));
		k.at_s = (int64_t)reader_u64(&r);
		ok = reader_done(&r) ||
		     fault_set(f, FAULT_INTERNAL, "marks: what was cosigned cannot be read");
	}
	if (ok)
		*ret = k;
	bytes_free(&b);
	return ok;
}

bool
marks_put_cosigned(
    struct marks *m, const char *origin, const struct mark_cosigned *k, struct fault *f)
{
	struct bytes b = { 0 };
	bool ok;

	bytes_put_u8(&b, EDITION);
	bytes_put_u64(&b, k->size);
	bytes_put_u64(&b, k->epoch);
	bytes_put(&b, k->root, sizeof(k->root));
	bytes_put_u64(&b, (uint64_t)k->at_s);
	if ((ok = bytes_ok(&b, f)))
		batch_put(m->batch, COSIGNED, octets_text(origin), octets_bytes(&b));
	bytes_free(&b);
	return ok;
}

void
marks_remove(struct marks *m, const char *tenant)
{
	batch_remove(m->batch, TABLE, octets_text(tenant));
}

bool
marks_commit(struct marks *m, struct fault *f)
{
	if (batch_apply(m->batch, f))
		return true;
	batch_undo(m->batch, 0);
	return false;
}

bool
marks_hold(const struct mark *k, struct ledger *l, struct fault *f)
{
	const char *tenant = ledger_tenant(l);
	uint8_t leaf[LOG_HASH_OCTETS];
	char at[TEXT_TIME_MAX];
	struct log_edge e;
	struct fault why;
	uint64_t epoch;

	if (!log_edge_read(l, &e, f) || !log_epoch(l, &epoch, f))
		return false;
	text_time(k->at_s, at);
	if (e.size < k->size)
		return fault_set(f, FAULT_CONFLICT,
		    "log of %.63s: entries %" PRIu64 " to %" PRIu64
		    ", there at %s, are missing: %s",
		    tenant, e.size, k->size - 1, at, what_to_do);
	if (epoch < k->epoch)
		return fault_set(f, FAULT_CONFLICT,
		    "log of %.63s: it is older than its last merge: %s", tenant, what_to_do);
	if (k->size == 0)
		return true;
	if (!log_leaf_at(l, k->size - 1, leaf, &why)) {
		if (why.code == FAULT_NOTFOUND)
			return fault_set(f, FAULT_CONFLICT,
			    "log of %.63s: entry %" PRIu64 " is missing: %s", tenant, k->size - 1,
			    what_to_do);
		*f = why;
		return false;
	}
	if (memcmp(leaf, k->leaf, sizeof(leaf)) != 0)
		return fault_set(f, FAULT_CONFLICT,
		    "log of %.63s: entry %" PRIu64 " is another than at %s: %s", tenant,
		    k->size - 1, at, what_to_do);
	return true;
}

struct walk {
	marks_visit *visit;
	void *with;
	bool bad;
};

static bool
walk_one(void *with, struct octets key, struct octets value)
{
	struct walk *w = with;
	char tenant[LEDGER_NAME_MAX] = "";
	struct mark k;

	if (key.n >= sizeof(tenant) || !decode(value, &k)) {
		w->bad = true;
		return false;
	}
	memcpy(tenant, key.at, key.n);
	return w->visit(w->with, tenant, &k);
}

bool
marks_each(struct marks *m, marks_visit *visit, void *with, struct fault *f)
{
	struct walk w = { visit, with, false };

	return store_scan(m->store, TABLE, octets_of(NULL, 0), SIZE_MAX, walk_one, &w, f) &&
	       (!w.bad || fault_set(f, FAULT_INTERNAL, "marks: one that cannot be read"));
}

/* All marks, to be sorted: the newest first, the platform's before all. */
struct newest {
	struct due {
		char tenant[LEDGER_NAME_MAX];
		struct mark mark;
	} * due;
	size_t n, room;
	bool lost;
};

static bool
collect(void *with, const char *tenant, const struct mark *k)
{
	struct newest *w = with;
	size_t room = w->room == 0 ? 64 : w->room * 2;
	struct due *more;

	if (w->n == w->room) {
		if ((more = realloc(w->due, room * sizeof(*more))) == NULL) {
			w->lost = true;
			return false;
		}
		w->due = more;
		w->room = room;
	}
	w->due[w->n].mark = *k;
	(void)snprintf(w->due[w->n++].tenant, LEDGER_NAME_MAX, "%s", tenant);
	return true;
}

static int
newest_first(const void *a, const void *b)
{
	const struct due *x = a, *y = b;
	bool px = strcmp(x->tenant, NAME_PLATFORM) == 0, py = strcmp(y->tenant, NAME_PLATFORM) == 0;

	if (px != py)
		return px ? -1 : 1;
	return x->mark.at_s > y->mark.at_s ? -1 : x->mark.at_s < y->mark.at_s;
}

static bool
hold_one(void *with, struct ledger *l, struct fault *f)
{
	return marks_hold(with, l, f);
}

static bool
check_one(struct realm *r, struct due *d, struct fault *f)
{
	struct fault why;

	if (realm_visit(r, d->tenant, hold_one, &d->mark, &why))
		return true;
	*f = why;
	if (why.code == FAULT_NOTFOUND)
		return fault_set(f, FAULT_CONFLICT, "log of %.63s: its ledger is missing: %s",
		    d->tenant, what_to_do);
	return false;
}

bool
marks_check(struct marks *m, struct realm *r, size_t *ret_n, struct fault *f)
{
	struct newest all = { .n = 0 };
	bool ok = marks_each(m, collect, &all, f);

	if (ok && all.lost)
		ok = fault_set(f, FAULT_INTERNAL, "marks: out of memory");
	if (ok && all.n > 0)
		qsort(all.due, all.n, sizeof(*all.due), newest_first);
	if (all.n > MARKS_AT_START + 1)
		all.n = MARKS_AT_START + 1;
	for (size_t i = 0; ok && i < all.n; i++)
		ok = check_one(r, &all.due[i], f);
	*ret_n = all.n;
	free(all.due);
	return ok;
}
