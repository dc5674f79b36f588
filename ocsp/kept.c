/* ocsp/kept.c - see kept.h. */
#include "ocsp/kept.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

struct place {
	struct bytes question; /* empty: a free place */
	struct kept_seen seen;
	struct dated reply;
};

struct kept {
	struct realm *realm;
	uint8_t seed[SECRET_SEED_OCTETS]; /* nobody can ask for questions that share a place */
	struct place place[KEPT_PLACES];
};

bool
kept_new(struct realm *r, struct kept **ret, struct fault *f)
{
	struct kept *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return fault_set(f, FAULT_INTERNAL, "ocsp: out of memory");
	k->realm = r;
	secret_nonce(k->seed, sizeof(k->seed));
	*ret = k;
	return true;
}

static void
clear(struct place *p)
{
	bytes_free(&p->question);
	dated_free(&p->reply);
	memset(p, 0, sizeof(*p));
}

void
kept_free(struct kept *k)
{
	if (k == NULL)
		return;
	for (size_t i = 0; i < KEPT_PLACES; i++)
		if (k->place[i].question.n != 0)
			clear(&k->place[i]);
	free(k);
}

/* The numbers of what is committed come first: what is read after is at least as new. */
bool
kept_see(struct realm *r, struct kept_seen *s)
{
	struct ledger *l;
	struct standing now;
	struct fault f;

	if (!realm_records(r, &s->issuer, &l, &f))
		return false;
	s->records = ledger_store(l);
	s->records_at = store_edition(s->records);
	s->platform_at = store_edition(ledger_store(realm_platform(r)));
	if (!ledger_standing(l, s->serial, &now, &f) || !level_above(r, &s->issuer, &s->above, &f))
		return false;
	s->state = now.state;
	s->changed_s = now.changed_s;
	s->log_index = now.log_index;
	return true;
}

static bool
same_above(const struct level_above *a, const struct level_above *b)
{
	bool same = a->n == b->n;

	for (size_t i = 0; same && i < a->n; i++)
		same = memcmp(a->at[i].serial, b->at[i].serial, sizeof(a->at[i].serial)) == 0 &&
		       a->at[i].state == b->at[i].state && a->at[i].reason == b->at[i].reason &&
		       a->at[i].changed_s == b->at[i].changed_s &&
		       a->at[i].log_index == b->at[i].log_index;
	return same;
}

/* Two changes within one second differ in their log entries, and a CA above counts as much. */
bool
kept_holds(struct realm *r, struct kept_seen *s)
{
	struct kept_seen now = *s;

	if (store_is_at(s->records, s->records_at) &&
	    store_is_at(ledger_store(realm_platform(r)), s->platform_at))
		return true;
	if (!kept_see(r, &now) || now.state != s->state || now.changed_s != s->changed_s ||
	    now.log_index != s->log_index || !same_above(&now.above, &s->above))
		return false;
	*s = now;
	return true;
}

static struct place *
place_of(struct kept *k, struct octets question)
{
	return &k->place[secret_hash(k->seed, question) % KEPT_PLACES];
}

struct dated *
kept_find(struct kept *k, struct octets question, int64_t now_s)
{
	struct place *p;

	if (question.n == 0 || question.n > KEPT_QUESTION_MAX)
		return NULL;
	p = place_of(k, question);
	if (!octets_same(octets_bytes(&p->question), question) || now_s >= p->reply.fresh_s ||
	    now_s < p->reply.made_s)
		return NULL;
	return kept_holds(k->realm, &p->seen) ? &p->reply : NULL;
}

void
kept_put(struct kept *k, struct octets question, const struct kept_seen *seen, struct dated *reply)
{
	struct place *p;
	struct fault f;

	if (question.n == 0 || question.n > KEPT_QUESTION_MAX) {
		dated_free(reply);
		return;
	}
	p = place_of(k, question);
	clear(p);
	bytes_put_octets(&p->question, question);
	p->seen = *seen;
	p->reply = *reply;
	if (!bytes_ok(&p->question, &f))
		clear(p);
}

void
kept_also(struct kept *k, struct octets question, struct octets other)
{
	const struct place *p = place_of(k, question);
	struct kept_seen seen = p->seen;
	struct dated copy = p->reply;

	if (!octets_same(octets_bytes(&p->question), question))
		return;
	(void)shared_hold(copy.answer);
	kept_put(k, other, &seen, &copy);
}
