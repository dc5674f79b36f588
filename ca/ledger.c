/* ca/ledger.c - see ledger.h. */
#include "ca/ledger.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/census.h"
#include "ca/intent.h"
#include "ca/meta.h"

#define EDITION           1
#define STANDING_EDITION  2 /* with issued_index */
#define AUTHORITY_EDITION 2 /* with shards */

static const char meta_next_id[] = "next-id";

/* A change that is to be told when the batch that holds it is durable. */
struct noted {
	struct ledger_event event;
	size_t at; /* the batch's mark before it */
};

struct ledger {
	struct store *store;
	struct batch *batch; /* NULL in a reader */
	unsigned commits;    /* how many were tried */
	unsigned roomy;      /* commits + 1 when there was room; 0: not asked yet */
	bool lost, settled, changed;
	struct fault why; /* while lost */
	ledger_told *told;
	void *told_with;
	struct trace trace;
	struct noted *noted; /* durable ones first, in order */
	size_t noted_n, noted_room, durable;
	char tenant[LEDGER_NAME_MAX];
};

bool
ledger_open(
    const char *dir, const char *tenant, enum store_mode mode, struct ledger **ret, struct fault *f)
{
	struct ledger *l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		return fault_set(f, FAULT_INTERNAL, "ledger: out of memory");
	memcpy(l->tenant, tenant, strnlen(tenant, sizeof(l->tenant) - 1));
	if (!store_open(dir, mode, &l->store, f)) {
		ledger_close(l);
		return false;
	}
	if (mode != STORE_READ && (l->batch = batch_new(l->store)) == NULL) {
		ledger_close(l);
		return fault_set(f, FAULT_INTERNAL, "ledger: out of memory");
	}
	if (mode == STORE_CREATE && !ledger_name_is_activity(tenant) && !census_open(l, f)) {
		ledger_close(l);
		return false;
	}
	*ret = l;
	return true;
}

void
ledger_close(struct ledger *l)
{
	if (l == NULL)
		return;
	batch_free(l->batch);
	store_close(l->store);
	free(l->noted);
	free(l);
}

const char *
ledger_tenant(const struct ledger *l)
{
	return l->tenant;
}

struct store *
ledger_store(struct ledger *l)
{
	return l->store;
}

struct batch *
ledger_batch(struct ledger *l)
{
	return l->batch;
}

bool
ledger_get(struct ledger *l, enum ledger_table table, struct octets key, struct bytes *ret,
    struct fault *f)
{
	if (l->batch != NULL)
		return batch_get(l->batch, (unsigned)table, key, ret, f);
	return store_get(l->store, (unsigned)table, key, ret, f);
}

void
ledger_put(struct ledger *l, enum ledger_table table, struct octets key, struct octets value)
{
	batch_put(l->batch, (unsigned)table, key, value);
}

bool
ledger_read_standing(struct octets value, struct standing *ret)
{
	struct reader r = reader_of(value);
	struct standing s = { 0 };
	uint8_t edition = reader_u8(&r);

	if (edition != EDITION && edition != STANDING_EDITION)
		return false;
	s.state = (enum standing_state)reader_u8(&r);
	s.reason = reader_u8(&r);
	reader_copy(&r, s.issuer, sizeof(s.issuer));
	s.id = reader_u64(&r);
	s.not_before_s = (int64_t)reader_u64(&r);
	s.not_after_s = (int64_t)reader_u64(&r);
	s.changed_s = (int64_t)reader_u64(&r);
	s.log_index = reader_u64(&r);
	s.issued_index = edition == EDITION ? s.log_index : reader_u64(&r);
	s.assurance = (enum assurance)reader_u8(&r);
	reader_counted_text(&r, s.profile, sizeof(s.profile));
	reader_counted_text(&r, s.name, sizeof(s.name));
	reader_counted_text(&r, s.enroller, sizeof(s.enroller));
	reader_counted_text(&r, s.how, sizeof(s.how));
	if (!reader_done(&r))
		return false;
	*ret = s;
	return true;
}

void
ledger_write_standing(const struct standing *s, struct bytes *b)
{
	bytes_put_u8(b, STANDING_EDITION);
	bytes_put_u8(b, (uint8_t)s->state);
	bytes_put_u8(b, s->reason);
	bytes_put(b, s->issuer, sizeof(s->issuer));
	bytes_put_u64(b, s->id);
	bytes_put_u64(b, (uint64_t)s->not_before_s);
	bytes_put_u64(b, (uint64_t)s->not_after_s);
	bytes_put_u64(b, (uint64_t)s->changed_s);
	bytes_put_u64(b, s->log_index);
	bytes_put_u64(b, s->issued_index);
	bytes_put_u8(b, (uint8_t)s->assurance);
	bytes_put_counted_text(b, s->profile);
	bytes_put_counted_text(b, s->name);
	bytes_put_counted_text(b, s->enroller);
	bytes_put_counted_text(b, s->how);
}

/* Does s say something that must never be forgotten? Being good again does, being good does not. */
static bool
tells(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS], const struct standing *s)
{
	struct standing was;
	struct fault none;

	if (l->told == NULL || s->state == STANDING_PENDING)
		return false;
	return s->state != STANDING_GOOD ||
	       (ledger_standing(l, serial, &was, &none) && was.state == STANDING_HELD);
}

static bool
note(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS], const struct standing *s,
    struct fault *f)
{
	struct ledger_event e = { .state = s->state, .reason = s->reason, .at_s = s->changed_s };
	size_t room = l->noted_room == 0 ? 16 : l->noted_room * 2;
	struct noted *more;

	if (!tells(l, serial, s))
		return true;
	if (l->noted_n == l->noted_room) {
		if ((more = realloc(l->noted, room * sizeof(*more))) == NULL)
			return fault_set(f, FAULT_INTERNAL, "ledger: out of memory");
		l->noted = more;
		l->noted_room = room;
	}
	memcpy(e.serial, serial, sizeof(e.serial));
	memcpy(e.issuer, s->issuer, sizeof(e.issuer));
	l->noted[l->noted_n++] = (struct noted){ e, batch_mark(l->batch) };
	return true;
}

/* What the batch lost is not told; what is durable stays. */
static void
unnote(struct ledger *l, size_t at)
{
	while (l->noted_n > l->durable && l->noted[l->noted_n - 1].at >= at)
		l->noted_n--;
}

static void
tell_noted(struct ledger *l)
{
	size_t n = 0;

	l->durable = l->noted_n;
	while (n < l->durable && l->told(l->told_with, l, &l->noted[n].event))
		n++;
	l->durable -= n;
	l->noted_n -= n;
	if (n > 0 && l->noted_n > 0)
		memmove(l->noted, l->noted + n, l->noted_n * sizeof(*l->noted));
}

bool
ledger_put_standing(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS],
    const struct standing *s, struct fault *f)
{
	struct bytes b = { 0 };
	bool ok;

	ledger_write_standing(s, &b);
	if ((ok = bytes_ok(&b, f) && note(l, serial, s, f) && census_put(l, serial, s, f)))
		ledger_put(l, TABLE_SERIAL, octets_of(serial, TBS_SERIAL_OCTETS), octets_bytes(&b));
	bytes_free(&b);
	return ok;
}

bool
ledger_add_standing(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS],
    const struct standing *s, struct fault *f)
{
	struct bytes b = { 0 };
	bool ok;

	ledger_write_standing(s, &b);
	if ((ok = bytes_ok(&b, f) && census_put(l, serial, s, f)))
		batch_add(
		    l->batch, TABLE_SERIAL, octets_of(serial, TBS_SERIAL_OCTETS), octets_bytes(&b));
	bytes_free(&b);
	return ok;
}

bool
ledger_standing(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS],
    struct standing *ret, struct fault *f)
{
	struct bytes b = { 0 };
	bool ok = false;

	/* A serial without a row of its own may be one that is about to be signed. */
	if (!ledger_get(l, TABLE_SERIAL, octets_of(serial, TBS_SERIAL_OCTETS), &b, f)) {
		ok = f->code == FAULT_NOTFOUND && intent_standing(l, serial, ret, f);
		goto out;
	}
	if (!ledger_read_standing(octets_bytes(&b), ret)) {
		fault_set(f, FAULT_INTERNAL, "ledger: a standing that cannot be read");
		goto out;
	}
	ok = true;
out:
	bytes_free(&b);
	return ok;
}

bool
ledger_certificate(struct ledger *l, uint64_t id, struct bytes *ret, struct fault *f)
{
	uint8_t key[8];

	return ledger_get(l, TABLE_CERT, octets_u64(id, key), ret, f);
}

bool
ledger_next_id(struct ledger *l, uint64_t *ret, struct fault *f)
{
	uint8_t next[8];

	if (!meta_number(l, META_ALL, octets_text(meta_next_id), ret, f))
		return false;
	ledger_put(l, TABLE_META, octets_text(meta_next_id), octets_u64(*ret + 1, next));
	return true;
}

bool
ledger_read_authority(struct octets value, struct authority *ret)
{
	struct reader r = reader_of(value);
	struct authority a = { 0 };
	uint8_t edition;

	edition = reader_u8(&r);
	if (edition != EDITION && edition != AUTHORITY_EDITION)
		return false;
	reader_copy(&r, a.key_id, sizeof(a.key_id));
	a.level = (enum level)reader_u8(&r);
	reader_counted_text(&r, a.label, sizeof(a.label));
	reader_copy(&r, a.serial, sizeof(a.serial));
	reader_copy(&r, a.issuer, sizeof(a.issuer));
	a.not_after_s = (int64_t)reader_u64(&r);
	a.constraints = (enum constraint_mode)reader_u8(&r);
	a.created_s = (int64_t)reader_u64(&r);
	a.shards = edition == EDITION ? 1 : reader_u16(&r);
	if (!reader_done(&r))
		return false;
	*ret = a;
	return true;
}

bool
ledger_put_authority(struct ledger *l, const struct authority *a, struct fault *f)
{
	struct bytes b = { 0 };
	bool ok;

	bytes_put_u8(&b, AUTHORITY_EDITION);
	bytes_put(&b, a->key_id, sizeof(a->key_id));
	bytes_put_u8(&b, (uint8_t)a->level);
	bytes_put_counted_text(&b, a->label);
	bytes_put(&b, a->serial, sizeof(a->serial));
	bytes_put(&b, a->issuer, sizeof(a->issuer));
	bytes_put_u64(&b, (uint64_t)a->not_after_s);
	bytes_put_u8(&b, (uint8_t)a->constraints);
	bytes_put_u64(&b, (uint64_t)a->created_s);
	bytes_put_u16(&b, (uint16_t)(a->shards == 0 ? 1 : a->shards));
	if ((ok = bytes_ok(&b, f)))
		ledger_put(l, TABLE_CA, octets_of(a->key_id, sizeof(a->key_id)), octets_bytes(&b));
	bytes_free(&b);
	return ok;
}

bool
ledger_authority(struct ledger *l, const uint8_t key_id[static TBS_KEY_ID_OCTETS],
    struct authority *ret, struct fault *f)
{
	struct bytes b = { 0 };
	bool ok = false;

	if (!ledger_get(l, TABLE_CA, octets_of(key_id, TBS_KEY_ID_OCTETS), &b, f))
		goto out;
	if (!ledger_read_authority(octets_bytes(&b), ret)) {
		fault_set(f, FAULT_INTERNAL, "ledger: an authority that cannot be read");
		goto out;
	}
	ok = true;
out:
	bytes_free(&b);
	return ok;
}

bool
ledger_commit(struct ledger *l, struct fault *f)
{
	if (l->lost) {
		*f = l->why;
		return false;
	}
	l->commits++;
	l->changed = l->changed || batch_mark(l->batch) > 0;
	if (batch_apply(l->batch, f)) {
		tell_noted(l);
		return true;
	}
	if (f->code == FAULT_LIMIT) /* our disk is full, not the peer's request too large */
		f->code = FAULT_BUSY;
	batch_undo(l->batch, 0);
	unnote(l, 0);
	l->lost = true;
	l->why = *f;
	return false;
}

bool
ledger_end(struct ledger *l, struct fault *f)
{
	bool ok = ledger_commit(l, f);

	if (!ok) { /* intents that have no outcome now are settled before anything else is written
		    */
		batch_undo(l->batch, 0);
		unnote(l, 0);
		l->commits++;
		l->settled = false;
	}
	l->lost = false;
	return ok;
}

struct ledger_mark
ledger_mark(const struct ledger *l)
{
	return (struct ledger_mark){ l->commits, batch_mark(l->batch) };
}

void
ledger_undo(struct ledger *l, struct ledger_mark mark)
{
	size_t at = mark.commits == l->commits ? mark.at : 0;

	batch_undo(l->batch, at);
	unnote(l, at);
}

void
ledger_on_event(struct ledger *l, ledger_told *told, void *with)
{
	l->told = told;
	l->told_with = with;
}

void
ledger_set_trace(struct ledger *l, const struct trace *t)
{
	l->trace = t == NULL ? (struct trace){ .flags = 0 } : *t;
}

const struct trace *
ledger_trace(const struct ledger *l)
{
	return &l->trace;
}

bool
ledger_changed(const struct ledger *l)
{
	return l->changed;
}

void
ledger_set_changed(struct ledger *l, bool changed)
{
	l->changed = changed;
}

bool
ledger_has_room(struct ledger *l, struct fault *f)
{
	uint64_t used, room;

	/* Each request of a round asks; the disk is asked once between two commits. */
	if (l->batch != NULL && l->roomy == l->commits + 1)
		return true;
	store_usage(l->store, &used, &room);
	if (!ledger_may_issue(used, room, f))
		return false;
	l->roomy = l->commits + 1;
	return true;
}

bool
ledger_settled(const struct ledger *l)
{
	return l->settled;
}

void
ledger_set_settled(struct ledger *l, bool settled)
{
	l->settled = settled;
}

const char *
ledger_state_word(const struct standing *s, int64_t now_s)
{
	static const char *const words[] = {
		[STANDING_PENDING] = "pending",
		[STANDING_GOOD] = "good",
		[STANDING_REVOKED] = "revoked",
		[STANDING_HELD] = "held",
		[STANDING_ABANDONED] = "abandoned",
	};

	if (s->state == STANDING_GOOD && now_s > s->not_after_s)
		return "expired";
	return words[s->state];
}
