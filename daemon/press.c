/* daemon/press.c - see press.h. */
#include "daemon/press.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/signer.h"
#include "ocsp/crl_issue.h"

#define SLICE_ROWS   1024 /* about a millisecond, and a commit */
#define SLICE_SHARE  4    /* of the time, while others wait */
#define WHOLE_SHARE  10   /* of the time, for complete lists of one CA */
#define LOOKS        8    /* CAs looked at in a turn, at the start */
#define RETRY_US     INT64_C(60000000)
#define RETRY_MAX_US INT64_C(3600000000)
#define OFFLINE_US   INT64_C(86400000000)
#define NEVER_US     INT64_MAX
#define CLOCK_US     INT64_C(1000000) /* between looks at a clock that is wrong */
#define SHUT_US      INT64_C(1000000) /* between looks at what is to be shut */
#define BUCKETS      4096
#define SMALL_OCTETS (1u << 20) /* such a list is made where no room is left for issuing */

/* A ledger that was opened for its lists alone. */
struct visited {
	char tenant[LEDGER_NAME_MAX];
};

/* One CA. */
struct sheet {
	uint8_t ca[TBS_KEY_ID_OCTETS];
	int64_t due_us;   /* by the steady clock */
	int64_t quiet_us; /* nothing is made before */
	int64_t whole_us; /* no complete list is */
	int64_t retry_us; /* waits after a failure: grows */
	bool changed;
	size_t next; /* of its bucket, counted from 1; 0: none */
};

struct press {
	struct signer *signer; /* lent */
	struct sheet *sheets;
	size_t n, room;
	size_t bucket[BUCKETS]; /* a sheet, counted from 1 */
	struct bytes to_look;   /* keys of TABLE_CA: who was there at the start */
	size_t looked;
	bool listed;     /* to_look is filled in */
	int64_t next_us; /* no sheet is due before */
	/* what is in hand */
	struct crl_issue issue;
	bool busy;
	size_t at; /* its sheet */
	int64_t cost_us, not_before_us;
	/* to be shut again: every CA's list is made anew within some days */
	struct visited *visited;
	size_t visited_n, visited_room;
};

bool
press_new(struct signer *s, struct press **ret, struct fault *f)
{
	struct press *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return fault_set(f, FAULT_INTERNAL, "press: out of memory");
	p->signer = s;
	*ret = p;
	return true;
}

void
press_free(struct press *p)
{
	if (p == NULL)
		return;
	crl_issue_free(&p->issue);
	bytes_free(&p->to_look);
	free(p->visited);
	free(p->sheets);
	free(p);
}

/* The sheet of a CA, made where there is none; NULL when out of memory. */
static struct sheet *
sheet_of(struct press *p, const uint8_t ca[static TBS_KEY_ID_OCTETS])
{
	size_t *bucket = &p->bucket[((unsigned)ca[0] << 8 | ca[1]) % BUCKETS]; /* a hash already */
	struct sheet *more;

	for (size_t i = *bucket; i != 0; i = p->sheets[i - 1].next)
		if (memcmp(p->sheets[i - 1].ca, ca, TBS_KEY_ID_OCTETS) == 0)
			return &p->sheets[i - 1];
	if (p->n == p->room) {
		size_t room = p->room == 0 ? 16 : 2 * p->room;

		if ((more = reallocarray(p->sheets, room, sizeof(*more))) == NULL)
			return NULL;
		p->sheets = more;
		p->room = room;
	}
	more = &p->sheets[p->n++];
	*more = (struct sheet){ .due_us = NEVER_US, .next = *bucket };
	*bucket = p->n;
	memcpy(more->ca, ca, TBS_KEY_ID_OCTETS);
	return more;
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void
set_due(struct press *p, struct sheet *s, int64_t due_us)
{
	s->due_us = later(due_us, s->quiet_us);
	if (s->due_us < p->next_us)
		p->next_us = s->due_us;
}

void
press_changed(struct press *p, const uint8_t ca[static TBS_KEY_ID_OCTETS])
{
	struct sheet *s;

	if (p == NULL || (s = sheet_of(p, ca)) == NULL)
		return; /* out of memory: half its life is the latest */
	s->changed = true;
	if (!p->busy || &p->sheets[p->at] != s) /* else it is due when this one is made */
		set_due(p, s, clock_steady_us());
}

static struct crl_want
want_of(const struct press *p, bool whole)
{
	return (struct crl_want){
		.public_url = p->signer->settings.public_url, .valid_s = CRL_VALID_S, .whole = whole
	};
}

/* A time of day by the steady clock. */
static int64_t
steady_of(int64_t at_s, int64_t now_s)
{
	return at_s <= now_s ? 0 : clock_steady_us() + (at_s - now_s) * 1000000;
}

static void
see(struct press *p, const uint8_t ca[static TBS_KEY_ID_OCTETS], bool changed, int64_t due_s,
    int64_t now_s)
{
	struct sheet *s = sheet_of(p, ca);

	if (s == NULL)
		return;
	s->changed = s->changed || changed;
	set_due(p, s, s->changed ? later(s->quiet_us, s->whole_us) : steady_of(due_s, now_s));
}

void
press_first(struct press *p, const struct issuer *by, int64_t now_s)
{
	struct ledger_mark mark = ledger_mark(by->ledger);
	struct crl_want w;
	struct fault f;

	if (p == NULL)
		return;
	w = want_of(p, true);
	if (crl_make(by, &w, now_s, &f)) {
		see(p, by->a.key_id, false, now_s + w.valid_s / 2, now_s);
		return;
	}
	ledger_undo(by->ledger, mark);
	log_fact(LOG_WARN, "crl", "ca", by->a.label, "why", f.text, NULL);
	press_changed(p, by->a.key_id);
}

static bool
list_ca(void *with, struct octets key, struct octets value)
{
	struct press *p = with;

	(void)value;
	if (key.n == TBS_KEY_ID_OCTETS)
		bytes_put_octets(&p->to_look, key);
	return true;
}

struct look {
	struct press *p;
	struct authority a;
	int64_t now_s;
};

static bool
look_in(void *with, struct ledger *l, struct fault *f)
{
	struct look *k = with;
	bool changed;
	int64_t due_s;

	if (!crl_due(l, k->a.key_id, k->now_s, &changed, &due_s, f))
		return false;
	see(k->p, k->a.key_id, changed, due_s, k->now_s);
	return true;
}

/* The ledger of what a CA issued is opened to look, and shut again: a start with ten thousand
 * tenants costs no more than the looks. */
static void
look_at(struct press *p, const uint8_t *ca, int64_t now_s)
{
	struct look k = { .p = p, .now_s = now_s };
	struct realm *r = p->signer->realm;
	struct fault f;

	if (!realm_authority(r, ca, &k.a, &f) || now_s >= k.a.not_after_s)
		return;
	if (!realm_visit(r, k.a.level == LEVEL_TENANT ? k.a.label : NAME_PLATFORM, look_in, &k, &f))
		log_fact(LOG_WARN, "crl", "ca", k.a.label, "why", f.text, NULL);
}

/* True while there is more to look at. */
static bool
look(struct press *p)
{
	struct fault f;

	if (!p->listed) {
		if (!store_scan(ledger_store(realm_platform(p->signer->realm)), TABLE_CA,
			octets_of(NULL, 0), SIZE_MAX, list_ca, p, &f) ||
		    !bytes_ok(&p->to_look, &f))
			log_fact(LOG_ERROR, "crl", "why", f.text, NULL);
		p->listed = true;
	}
	for (unsigned i = 0; i < LOOKS && p->looked < p->to_look.n; i++) {
		look_at(p, p->to_look.at + p->looked, clock_now_s());
		p->looked += TBS_KEY_ID_OCTETS;
	}
	if (p->looked < p->to_look.n)
		return true;
	bytes_free(&p->to_look);
	p->looked = 0;
	return false;
}

/* The sheet that was due first, so that none that is due again at once keeps the others waiting;
 * when the next will be goes into next_us. */
static bool
find_due(struct press *p, int64_t now_us)
{
	p->next_us = NEVER_US;
	for (size_t i = 0; i < p->n; i++)
		if (p->sheets[i].due_us < p->next_us) {
			p->at = i;
			p->next_us = p->sheets[i].due_us;
		}
	return p->next_us <= now_us;
}

static void
give_up(struct press *p, const struct fault *f, const char *label)
{
	struct sheet *s = &p->sheets[p->at];
	int64_t wait_us = RETRY_US;

	crl_issue_free(&p->issue);
	p->busy = false;
	if (f->code == FAULT_DENIED) { /* the CA has ended, and its lists with it */
		s->due_us = NEVER_US;
		return;
	}
	if (f->code == FAULT_NOTFOUND)
		wait_us = OFFLINE_US;
	else if (s->retry_us > 0)
		wait_us = 2 * s->retry_us < RETRY_MAX_US ? 2 * s->retry_us : RETRY_MAX_US;
	s->retry_us = wait_us;
	s->quiet_us = clock_steady_us() + wait_us;
	set_due(p, s, s->quiet_us);
	log_fact(LOG_WARN, "crl", "ca", label, "why",
	    f->code == FAULT_NOTFOUND ? "its key is offline: a ceremony makes its list" : f->text,
	    NULL);
}

/* May the complete list be made now? A long one wants time, and room. */
static bool
may_whole(const struct sheet *s, const struct issuer *by, int64_t now_us)
{
	const struct crl_which complete = { .kind = CRL_COMPLETE };
	struct crl_head h;
	struct fault f;

	if (now_us < s->whole_us)
		return false;
	return !crl_head(by->ledger, by->a.key_id, complete, &h, &f) || h.size <= SMALL_OCTETS ||
	       ledger_has_room(by->ledger, &f);
}

/* Out of memory: it stays open. */
void
press_shut_later(struct press *p, const char *tenant)
{
	struct visited *more;

	if (p == NULL)
		return;
	if (p->visited_n == p->visited_room) {
		size_t room = p->visited_room == 0 ? 16 : 2 * p->visited_room;

		if ((more = reallocarray(p->visited, room, sizeof(*more))) == NULL)
			return;
		p->visited = more;
		p->visited_room = room;
	}
	(void)snprintf(p->visited[p->visited_n++].tenant, LEDGER_NAME_MAX, "%s", tenant);
}

/* Shut what was opened for its lists, once it has its mark (watch.h): that is a second's matter. */
static void
shut_visited(struct press *p)
{
	struct signer *s = p->signer;
	size_t left = 0;

	for (size_t i = 0; i < p->visited_n; i++) {
		struct ledger *l = realm_peek(s->realm, p->visited[i].tenant);

		if (l != NULL && ledger_changed(l)) {
			p->visited[left++] = p->visited[i];
		} else if (l != NULL) {
			keyring_drop(s->keys, l);
			realm_drop(s->realm, p->visited[i].tenant);
		}
	}
	p->visited_n = left;
}

/* The issuer of the sheet in hand. What is settled in a ledger that this opens is told: sheets may
 * move. */
static bool
open_issuer(struct press *p, const struct issuer **ret, struct fault *f)
{
	struct realm *r = p->signer->realm;
	const uint8_t *ca = p->sheets[p->at].ca;
	struct authority a;
	bool was_open;

	if (!realm_authority(r, ca, &a, f))
		return false;
	was_open = a.level != LEVEL_TENANT || realm_peek(r, a.label) != NULL;
	if (!keyring_issuer(p->signer->keys, a.key_id, ret, f))
		return false;
	if (!was_open)
		press_shut_later(p, a.label);
	return true;
}

static void
begin(struct press *p, int64_t now_us)
{
	struct sheet *s;
	const struct issuer *by;
	struct crl_want w;
	struct fault f;

	if (!open_issuer(p, &by, &f)) {
		give_up(p, &f, "-");
		return;
	}
	s = &p->sheets[p->at];
	w = want_of(p, may_whole(s, by, now_us));
	s->changed = false;
	p->cost_us = 0;
	p->busy = true;
	if (!crl_issue_begin(&p->issue, by, &w, clock_now_s(), &f)) {
		s->changed = true;
		give_up(p, &f, by->a.label);
	}
}

static void
say_done(const struct press *p)
{
	char id[TBS_KEY_ID_OCTETS * 2 + 1], ms[24];

	text_hex(p->issue.ca, TBS_KEY_ID_OCTETS, id);
	(void)snprintf(ms, sizeof(ms), "%lld", (long long)(p->cost_us / 1000));
	log_fact(
	    LOG_DEBUG, "crl", "ca", id, "complete", p->issue.whole ? "yes" : "no", "ms", ms, NULL);
}

static void
finish(struct press *p)
{
	struct sheet *s = &p->sheets[p->at];
	int64_t now_us = clock_steady_us(), now_s = clock_now_s();
	int64_t delay_us = p->signer->settings.crl.delay * 1000000;
	const struct crl_order *o = &p->issue.order;
	bool whole = p->issue.whole;

	say_done(p);
	crl_issue_free(&p->issue);
	p->busy = false;
	s->retry_us = 0;
	s->quiet_us = now_us + delay_us;
	if (whole)
		s->whole_us = now_us + later(delay_us, p->cost_us * (WHOLE_SHARE - 1));
	if (s->changed)
		set_due(p, s, s->quiet_us);
	else if (!whole) /* it waits for its time, or for room */
		set_due(p, s, s->whole_us > now_us ? s->whole_us : now_us + RETRY_US);
	else
		set_due(p, s, steady_of(o->made_s + (o->until_s - o->made_s) / 2, now_s));
}

static void
slice(struct press *p)
{
	int64_t began_us = clock_steady_us(), took_us;
	const struct issuer *by;
	struct ledger_mark mark;
	struct fault f;
	bool done = false;

	if (!keyring_issuer(p->signer->keys, p->issue.ca, &by, &f)) {
		p->sheets[p->at].changed = true;
		give_up(p, &f, "-");
		return;
	}
	mark = ledger_mark(by->ledger);
	if (!crl_issue_step(&p->issue, by, SLICE_ROWS, &done, &f)) {
		ledger_undo(by->ledger, mark);
		p->sheets[p->at].changed = true;
		give_up(p, &f, by->a.label);
	} else if (!ledger_end(by->ledger, &f)) {
		p->sheets[p->at].changed = true;
		give_up(p, &f, by->a.label);
	}
	took_us = clock_steady_us() - began_us;
	p->cost_us += took_us;
	p->not_before_us = began_us + took_us * SLICE_SHARE;
	if (p->busy && done)
		finish(p);
}

void
press_turn(struct press *p, bool idle)
{
	int64_t now_us = clock_steady_us();
	struct fault f;

	if (!idle && now_us < p->not_before_us)
		return;
	if (!p->busy)
		shut_visited(p);
	if (!p->busy && (!p->listed || p->to_look.n > 0) && look(p))
		return;
	if (!p->busy && now_us >= p->next_us) {
		if (!watch_clock(p->signer, clock_now_s(), &f))
			p->next_us = now_us + CLOCK_US;
		else if (find_due(p, now_us))
			begin(p, now_us);
	}
	if (p->busy)
		slice(p);
}

int
press_wait_ms(const struct press *p)
{
	int64_t left_us;

	if (p->busy || !p->listed || p->to_look.n > 0)
		return 0;
	if (p->next_us == NEVER_US && p->visited_n == 0)
		return -1;
	left_us = p->next_us - clock_steady_us();
	if (p->visited_n > 0 && left_us > SHUT_US)
		left_us = SHUT_US;
	if (left_us <= 0)
		return 0;
	return left_us / 1000 >= INT32_MAX / 2 ? INT32_MAX / 2 : (int)(left_us / 1000) + 1;
}
