/* daemon/duty_activity.c - what edges saw, into the activity logs; see signer.h and activity.h. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "ca/log.h"
#include "ca/meta.h"
#include "daemon/activity.h"
#include "daemon/signer.h"

#define EDITION 1
#define SHUT_S  60 /* a ledger that could not be opened is tried again after that */

/* A ledger of this batch. */
struct book {
	char tenant[TEXT_LABEL_MAX];
	struct ledger *ledger; /* NULL: it takes nothing */
	bool had;              /* this batch, before: its answer was lost */
};

struct batch_in {
	struct signer *s;
	struct errand *j;
	struct wire_activity w;
	size_t n;
	struct book book[WIRE_ACTIVITY_TENANTS];
	uint32_t lost;
};

static const char *const acts[] = { ACTIVITY_CONNECT, ACTIVITY_CUT, ACTIVITY_ASKED, ACTIVITY_LOST,
	"print.submit", "print.release", "print.fetch", "scan.send", ACTIVITY_ACCEPTED,
	ACTIVITY_RELEASED, ACTIVITY_ENDED };

static bool
is_act(const char *word)
{
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (word != NULL && strcmp(word, acts[i]) == 0)
			return true;
	return false;
}

/* --- which batches a ledger has ------------------------------------------------------------------
 */

static struct octets
seen_key(const struct wire_activity *w, char to[static 16])
{
	(void)snprintf(to, 16, "asker:%u", w->asker);
	return octets_text(to);
}

static bool
has_batch(struct ledger *l, const struct wire_activity *w, bool *ret, struct fault *f)
{
	struct bytes row = { 0 };
	struct reader r;
	char key[16];
	bool ok = meta_get(l, META_ALL, seen_key(w, key), &row, f);

	*ret = false;
	if (ok && row.n > 0) {
		r = reader_of(octets_bytes(&row));
		r.bad = reader_u8(&r) != EDITION;
		*ret = reader_u64(&r) == w->life;
		*ret = reader_u64(&r) >= w->turn && *ret;
		ok = reader_done(&r) ||
		     fault_set(f, FAULT_INTERNAL, "activity: a row that cannot be read");
	}
	bytes_free(&row);
	return ok;
}

static bool
note_batch(struct ledger *l, const struct wire_activity *w, struct fault *f)
{
	struct bytes row = { 0 };
	char key[16];
	bool ok;

	bytes_put_u8(&row, EDITION);
	bytes_put_u64(&row, w->life);
	bytes_put_u64(&row, w->turn);
	if ((ok = bytes_ok(&row, f)))
		ledger_put(l, TABLE_META, seen_key(w, key), octets_bytes(&row));
	bytes_free(&row);
	return ok;
}

/* --- the ledger of a row -------------------------------------------------------------------------
 */

/* One that is older than its mark stays shut until somebody acts: it is not tried, and told of, at
 * each batch. */
static struct signer_shut *
shut_place(struct signer *s, const char *tenant)
{
	uint32_t h = 2166136261u;

	for (const char *p = tenant; *p != '\0'; p++)
		h = (h ^ (uint8_t)*p) * 16777619u;
	return &s->shut[h % SIGNER_SHUT];
}

/* The set that edges decide by is compiled here too: so it is kept, and found by its digest
 * (policies_keep()), though the signer decided nothing by it. */
static void
know_set(struct signer *s, const char *tenant)
{
	const struct set *ignored;
	struct fault f;

	if (s->policies != NULL)
		(void)!policies_set(s->policies, tenant, &ignored, &f);
}

static bool
open_book(struct batch_in *b, struct book *k, struct fault *f)
{
	struct signer_shut *shut = shut_place(b->s, k->tenant);
	struct ledger *l;

	if (strcmp(shut->tenant, k->tenant) == 0 && b->j->now_s < shut->until_s)
		return fault_set(f, FAULT_BUSY, "activity: its ledger is shut");
	if (realm_activity(b->s->realm, k->tenant, &l, f) && ledger_has_room(l, f) &&
	    has_batch(l, &b->w, &k->had, f) && (k->had || note_batch(l, &b->w, f))) {
		k->ledger = l;
		know_set(b->s, k->tenant);
		return true;
	}
	memcpy(shut->tenant, k->tenant, sizeof(shut->tenant));
	shut->until_s = b->j->now_s + SHUT_S;
	log_fact(LOG_WARN, "activity", "tenant", k->tenant, "why", f->text, NULL);
	return false;
}

/* NULL: there are too many in this batch. */
static struct book *
find_book(struct batch_in *b, const char *tenant)
{
	struct book *k;
	struct fault f;

	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->book[i].tenant, tenant) == 0)
			return &b->book[i];
	if (b->n == WIRE_ACTIVITY_TENANTS)
		return NULL;
	k = &b->book[b->n++];
	*k = (struct book){ .ledger = NULL };
	(void)snprintf(k->tenant, sizeof(k->tenant), "%s", tenant);
	(void)open_book(b, k, &f);
	return k;
}

/* --- a row ---------------------------------------------------------------------------------------
 */

/* Parsed again and written anew: a captured edge can tell lies, but not a line that is none. */
static bool
append(struct batch_in *b, struct ledger *l, struct octets text, struct fault *f)
{
	struct ledger_mark mark = ledger_mark(l);
	struct json *entry;

	if (!json_parse(text, &entry, f))
		return false;
	if (!is_act(json_text(entry, "act"))) {
		json_free(entry);
		return fault_set(f, FAULT_BADREQ, "activity: not an act of this log");
	}
	if (log_append(l, entry, b->j->now_s, NULL, f))
		return true;
	ledger_undo(l, mark);
	return false;
}

static bool
take_row(struct batch_in *b, struct reader *in, struct fault *f)
{
	char tenant[TEXT_LABEL_MAX];
	struct octets text;
	struct book *k;

	reader_counted_text(in, tenant, sizeof(tenant));
	text = reader_counted(in);
	if (in->bad)
		return fault_set(f, FAULT_BADREQ, "activity: a row that cannot be read");
	k = find_book(b, tenant[0] == '\0' ? NAME_PLATFORM : tenant);
	if (k == NULL || k->ledger == NULL)
		b->lost++;
	else if (!k->had && !append(b, k->ledger, text, f))
		b->lost++;
	return true;
}

bool
duty_activity(struct signer *s, struct errand *j, struct fault *f)
{
	struct batch_in b = { .s = s, .j = j };
	struct reader in;

	if (!wire_activity(j->body, &b.w, f))
		return false;
	j->activity = true;
	for (in = reader_of(b.w.rows); in.n > 0;)
		if (!take_row(&b, &in, f))
			return false;
	bytes_put_u32(&j->answer, b.lost);
	return bytes_ok(&j->answer, f);
}

bool
signer_log(struct signer *s, struct errand *j, const struct wire_act *a, struct ledger **ret,
    struct fault *f)
{
	char name[LEDGER_NAME_MAX];

	if (a->object.n == 0)
		return realm_ledger(s->realm, a->tenant, ret, f);
	if (!octets_same(a->object, octets_text(LEDGER_ACTIVITY)))
		return fault_set(f, FAULT_BADREQ, "log: there is none of that name");
	ledger_name_activity(a->tenant, name);
	j->activity = true;
	return realm_ledger(s->realm, name, ret, f);
}
