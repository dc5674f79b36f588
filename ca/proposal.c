/* ca/proposal.c - see proposal.h. */
#include "ca/proposal.h"

#include <string.h>

#define EDITION 1

void
proposal_id(const struct proposal *p, char to[static PROPOSAL_ID_LETTERS + 1])
{
	text_hex(p->id, sizeof(p->id), to);
}

const char *
proposal_state_word(const struct proposal *p, int64_t now_s)
{
	static const char *const words[] = {
		[PROPOSAL_WAITING] = "waiting",
		[PROPOSAL_APPROVED] = "approved",
		[PROPOSAL_REFUSED] = "refused",
		[PROPOSAL_EXPIRED] = "expired",
	};

	return words[p->state == PROPOSAL_WAITING && now_s >= p->due_s ? PROPOSAL_EXPIRED
								       : p->state];
}

bool
proposal_read(struct octets key, struct octets value, struct proposal *ret)
{
	struct reader r = reader_of(value);
	struct proposal p = { .from = 0 };

	if (key.n != sizeof(p.id) || reader_u8(&r) != EDITION)
		return false;
	memcpy(p.id, key.at, sizeof(p.id));
	p.state = (enum proposal_state)reader_u8(&r);
	p.from = reader_u8(&r);
	p.asked_s = (int64_t)reader_u64(&r);
	p.due_s = (int64_t)reader_u64(&r);
	p.decided_s = (int64_t)reader_u64(&r);
	p.asked_index = reader_u64(&r);
	p.decided_index = reader_u64(&r);
	reader_counted_text(&r, p.word, sizeof(p.word));
	reader_counted_text(&r, p.tenant, sizeof(p.tenant));
	reader_counted_text(&r, p.by, sizeof(p.by));
	reader_counted_text(&r, p.decided_by, sizeof(p.decided_by));
	reader_counted_text(&r, p.reason, sizeof(p.reason));
	reader_copy(&r, p.basis, sizeof(p.basis));
	p.body = reader_counted(&r);
	p.shows = reader_counted(&r);
	if (!reader_done(&r) || p.state < PROPOSAL_WAITING || p.state > PROPOSAL_EXPIRED)
		return false;
	*ret = p;
	return true;
}

void
proposal_write(const struct proposal *p, struct bytes *ret)
{
	bytes_put_u8(ret, EDITION);
	bytes_put_u8(ret, (uint8_t)p->state);
	bytes_put_u8(ret, (uint8_t)p->from);
	bytes_put_u64(ret, (uint64_t)p->asked_s);
	bytes_put_u64(ret, (uint64_t)p->due_s);
	bytes_put_u64(ret, (uint64_t)p->decided_s);
	bytes_put_u64(ret, p->asked_index);
	bytes_put_u64(ret, p->decided_index);
	bytes_put_counted_text(ret, p->word);
	bytes_put_counted_text(ret, p->tenant);
	bytes_put_counted_text(ret, p->by);
	bytes_put_counted_text(ret, p->decided_by);
	bytes_put_counted_text(ret, p->reason);
	bytes_put(ret, p->basis, sizeof(p->basis));
	bytes_put_counted(ret, p->body);
	bytes_put_counted(ret, p->shows);
}

bool
proposal_put(struct ledger *l, const struct proposal *p, struct fault *f)
{
	struct bytes b = { 0 };
	bool ok;

	proposal_write(p, &b);
	if ((ok = bytes_ok(&b, f)))
		ledger_put(l, TABLE_PROPOSAL, octets_of(p->id, sizeof(p->id)), octets_bytes(&b));
	bytes_free(&b);
	return ok;
}

bool
proposal_find(
    struct ledger *l, const char *id, struct bytes *row, struct proposal *ret, struct fault *f)
{
	uint8_t key[PROPOSAL_ID_LETTERS / 2];
	struct fault why;

	bytes_clear(row);
	if (strlen(id) != PROPOSAL_ID_LETTERS || !text_unhex(id, key, sizeof(key)))
		return fault_set(
		    f, FAULT_NOTFOUND, "act: an id is %d hex digits", PROPOSAL_ID_LETTERS);
	if (ledger_get(l, TABLE_PROPOSAL, octets_of(key, sizeof(key)), row, &why))
		return proposal_read(octets_of(key, sizeof(key)), octets_bytes(row), ret) ||
		       fault_set(f, FAULT_INTERNAL, "act: a row that cannot be read");
	if (why.code == FAULT_NOTFOUND)
		return fault_set(f, FAULT_NOTFOUND, "act: there is none with this id");
	*f = why;
	return false;
}

struct search {
	const struct proposal *same;
	int64_t now_s;
	size_t n;
	uint8_t *id;
};

static bool
compare(void *with, struct octets key, struct octets value)
{
	struct search *s = with;
	struct proposal p;

	if (!proposal_read(key, value, &p) || p.state != PROPOSAL_WAITING || s->now_s >= p.due_s)
		return true;
	s->n++;
	/* Who asks is no part of it, and neither is from where, or how many it would touch. */
	if (strcmp(p.word, s->same->word) == 0 && strcmp(p.tenant, s->same->tenant) == 0 &&
	    memcmp(p.basis, s->same->basis, sizeof(p.basis)) == 0)
		memcpy(s->id, p.id, sizeof(p.id));
	return true;
}

bool
proposal_waiting(struct ledger *l, const struct proposal *same, int64_t now_s, size_t *ret_n,
    uint8_t ret_id[static PROPOSAL_ID_LETTERS / 2], struct fault *f)
{
	struct search s = { .same = same, .now_s = now_s, .id = ret_id };

	memset(ret_id, 0, PROPOSAL_ID_LETTERS / 2);
	if (!store_scan(
		ledger_store(l), TABLE_PROPOSAL, octets_of(NULL, 0), SIZE_MAX, compare, &s, f))
		return false;
	*ret_n = s.n;
	return true;
}

struct sweep {
	int64_t now_s;
	struct bytes due, old; /* ids */
};

static bool
gather(void *with, struct octets key, struct octets value)
{
	struct sweep *s = with;
	struct proposal p;

	if (!proposal_read(key, value, &p))
		return true;
	if (p.state == PROPOSAL_WAITING && s->now_s >= p.due_s)
		bytes_put_octets(&s->due, key);
	else if (p.state != PROPOSAL_WAITING && s->now_s >= p.asked_s + PROPOSAL_KEPT_S)
		bytes_put_octets(&s->old, key);
	return true;
}

static bool
expire(struct ledger *l, const uint8_t *key, const struct log_context *why, int64_t now_s,
    struct fault *f)
{
	char id[PROPOSAL_ID_LETTERS + 1];
	struct bytes row = { 0 };
	struct proposal p;
	struct json *e;
	bool ok;

	text_hex(key, PROPOSAL_ID_LETTERS / 2, id);
	ok = proposal_find(l, id, &row, &p, f);
	if (ok && p.state == PROPOSAL_WAITING) { /* the batch has not decided it */
		e = log_entry("act.expired", why);
		json_put_text(e, "id", id);
		json_put_text(e, "request", p.word);
		json_put_number(e, "asked_index", (int64_t)p.asked_index);
		p.state = PROPOSAL_EXPIRED;
		p.decided_s = now_s;
		ok = log_append(l, e, now_s, &p.decided_index, f) && proposal_put(l, &p, f);
	}
	bytes_free(&row);
	return ok;
}

bool
proposal_sweep(struct ledger *l, const struct log_context *why, int64_t now_s, struct fault *f)
{
	static const size_t id_n = PROPOSAL_ID_LETTERS / 2;
	struct sweep s = { .now_s = now_s };
	bool ok = store_scan(ledger_store(l), TABLE_PROPOSAL, octets_of(NULL, 0), SIZE_MAX, gather,
		      &s, f) &&
		  bytes_ok(&s.due, f) && bytes_ok(&s.old, f);

	for (size_t i = 0; ok && i < s.due.n; i += id_n)
		ok = expire(l, s.due.at + i, why, now_s, f);
	for (size_t i = 0; ok && i < s.old.n; i += id_n)
		batch_remove(ledger_batch(l), TABLE_PROPOSAL, octets_of(s.old.at + i, id_n));
	bytes_free(&s.due);
	bytes_free(&s.old);
	return ok;
}
