/* daemon/policies.c - see policies.h. */
#include "daemon/policies.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/secret.h"
#include "ca/policy_book.h"
#include "daemon/zoneinfo.h"

#define COUNTER_ROWS 8192

/* A ledger's policies as they were read last. */
struct edition {
	struct ledger *ledger;
	uint64_t store;    /* store_edition() before it was read */
	uint64_t policies; /* policy_book_edition() */
	bool read;
};

/* A tenant's. */
struct shelf {
	char tenant[TEXT_LABEL_MAX]; /* empty: a free place */
	struct edition at;
	uint64_t rails; /* policies.rails_turn when set was made */
	uint64_t used;
	struct document *document; /* its PolicySet; NULL: it has none */
	struct set *set;           /* NULL: that of the Guardrails alone */
	bool broken, kept;
	struct fault why;
};

struct policies {
	struct realm *realm;
	struct zones *zones;
	void *memory; /* of counters */
	struct counters *counters;
	struct edition at; /* the platform's */
	size_t rails_n;
	struct document *rail[POLICY_BOOK_MAX];
	struct set *base; /* of the Guardrails alone */
	uint64_t rails_turn, turn, clock;
	bool kept;
	bool broken; /* a Guardrail cannot be read: nobody is permitted anything */
	struct fault why;
	size_t n;
	struct shelf *shelf[POLICIES_SETS_MAX];
};

void
policies_id(char to[static POLICIES_ID_LETTERS + 1])
{
	uint8_t id[POLICIES_ID_LETTERS / 2];

	secret_nonce(id, sizeof(id));
	text_hex(id, sizeof(id), to);
}

bool
policies_new(struct realm *r, struct policies **ret, struct fault *f)
{
	struct policies *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return fault_set(f, FAULT_INTERNAL, "policies: out of memory");
	p->realm = r;
	p->at.ledger = realm_platform(r);
	p->zones = zones_new(zoneinfo_fetch, NULL);
	p->memory = calloc(1, counters_octets(COUNTER_ROWS));
	if (p->zones == NULL || p->memory == NULL) {
		policies_free(p);
		return fault_set(f, FAULT_INTERNAL, "policies: out of memory");
	}
	p->counters = counters_at(p->memory, COUNTER_ROWS);
	*ret = p;
	return true;
}

static void
drop_rails(struct policies *p)
{
	set_free(p->base);
	p->base = NULL;
	for (size_t i = 0; i < p->rails_n; i++)
		document_free(p->rail[i]);
	p->rails_n = 0;
}

static void
empty(struct shelf *s)
{
	set_free(s->set);
	document_free(s->document);
	s->set = NULL;
	s->document = NULL;
}

void
policies_free(struct policies *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->n; i++) {
		empty(p->shelf[i]);
		free(p->shelf[i]);
	}
	drop_rails(p);
	zones_free(p->zones);
	free(p->memory);
	free(p);
}

/* Once a change, and not once a decision. */
static void
complain(struct policies *p, const char *tenant, bool *broken, const struct fault *why,
    struct fault *kept)
{
	*broken = true;
	*kept = *why;
	p->turn++;
	log_fact(LOG_ERROR, "policies", "tenant", tenant, "why", why->text, NULL);
}

/* Has the ledger other policies than were read? */
static bool
is_stale(struct edition *e, bool *ret, struct fault *f)
{
	uint64_t store, policies;

	*ret = false;
	if (e->read && store_is_at(ledger_store(e->ledger), e->store))
		return true;
	store = store_edition(ledger_store(e->ledger));
	if (!policy_book_edition(e->ledger, &policies, f))
		return false;
	*ret = !e->read || policies != e->policies;
	e->store = store;
	e->policies = policies;
	e->read = true;
	return true;
}

static bool
read_document(struct policies *p, struct ledger *l, const struct policy_row *row,
    struct document **ret, struct fault *f)
{
	struct bytes text = { 0 };
	bool ok =
	    policy_book_text(l, row->digest, &text, NULL, f) &&
	    document_read(row->slot, octets_bytes(&text), POLICY_BOOK_OCTETS, p->zones, ret, f);

	bytes_free(&text);
	return ok;
}

static bool
compile(const struct policies *p, const struct document *own, struct set **ret, struct fault *f)
{
	const struct document *all[POLICY_BOOK_MAX + 1];
	size_t n = 0;

	for (; n < p->rails_n; n++)
		all[n] = p->rail[n];
	if (own != NULL)
		all[n++] = own;
	return set_compile(all, n, ret, f);
}

/* Of those that were in force, the one of that digest; it is the caller's then. */
static struct document *
take_read(struct document **from, size_t n, const uint8_t digest[static DOCUMENT_DIGEST_OCTETS])
{
	for (size_t i = 0; i < n; i++) {
		struct document *d = from[i];

		if (d == NULL || memcmp(d->digest, digest, sizeof(d->digest)) != 0)
			continue;
		from[i] = NULL;
		return d;
	}
	return NULL;
}

/* All Guardrails, or none: half of them would forbid half. Those that did not change are not read
 * again. */
static bool
read_rails(struct policies *p, struct fault *f)
{
	struct policy_row *rows = calloc(POLICY_BOOK_MAX, sizeof(*rows));
	struct document *before[POLICY_BOOK_MAX];
	size_t n = 0, before_n = p->rails_n;
	bool ok = rows != NULL || fault_set(f, FAULT_INTERNAL, "policies: out of memory");

	memcpy(before, p->rail, sizeof(before));
	p->rails_n = 0;
	set_free(p->base);
	p->base = NULL;
	ok = ok && policy_book_list(p->at.ledger, rows, &n, f);
	for (size_t i = 0; ok && i < n; i++) {
		p->rail[i] = take_read(before, before_n, rows[i].digest);
		ok = p->rail[i] != NULL || read_document(p, p->at.ledger, &rows[i], &p->rail[i], f);
		p->rails_n += ok;
	}
	for (size_t i = 0; i < before_n; i++)
		document_free(before[i]);
	free(rows);
	return ok && (p->rails_n == 0 || compile(p, NULL, &p->base, f));
}

static bool
look_at_rails(struct policies *p, struct fault *f)
{
	struct fault why;
	bool stale;

	if (!is_stale(&p->at, &stale, &why)) {
		complain(p, NAME_PLATFORM, &p->broken, &why, &p->why);
		p->at.read = false; /* look again */
	} else if (stale) {
		p->broken = p->kept = false;
		p->turn++;
		p->rails_turn++;
		if (!read_rails(p, &why))
			complain(p, NAME_PLATFORM, &p->broken, &why, &p->why);
	}
	return !p->broken ||
	       fault_set(f, FAULT_BUSY, "policy: a guardrail cannot be read: nothing is permitted");
}

static bool
by_tenant(const void *a, const char *tenant)
{
	const struct shelf *s = a;

	return strcmp(s->tenant, tenant) == 0;
}

/* A place for one more: of those there are the one that was needed longest ago goes. */
static struct shelf *
make_room(struct policies *p)
{
	struct shelf *s = NULL;

	if (p->n < POLICIES_SETS_MAX) {
		if ((s = calloc(1, sizeof(*s))) != NULL)
			p->shelf[p->n++] = s;
		return s;
	}
	s = p->shelf[0];
	for (size_t i = 1; i < p->n; i++)
		if (p->shelf[i]->used < s->used)
			s = p->shelf[i];
	empty(s);
	*s = (struct shelf){ .used = 0 };
	return s;
}

static bool
find_shelf(struct policies *p, const char *tenant, struct shelf **ret, struct fault *f)
{
	struct ledger *l;
	struct shelf *s = NULL;

	for (size_t i = 0; s == NULL && i < p->n; i++)
		if (by_tenant(p->shelf[i], tenant)) {
			s = p->shelf[i];
			/* what is asked for often stands in front */
			if (i > 0) {
				p->shelf[i] = p->shelf[i / 2];
				p->shelf[i / 2] = s;
			}
		}
	/* Asked for each time: the realm may have shut it since, and opened it anew elsewhere. */
	if (!realm_ledger(p->realm, tenant, &l, f))
		return false;
	if (s == NULL) {
		if ((s = make_room(p)) == NULL)
			return fault_set(f, FAULT_BUSY, "policies: out of memory");
		(void)snprintf(s->tenant, sizeof(s->tenant), "%s", tenant);
	}
	if (s->at.ledger != l)
		s->at.read = false;
	s->at.ledger = l;
	s->used = ++p->clock;
	*ret = s;
	return true;
}

/* As it is committed: what the signer's batch holds may be taken back yet. */
static bool
read_own(struct policies *p, struct shelf *s, struct fault *f)
{
	struct policy_row *rows = calloc(POLICY_BOOK_MAX, sizeof(*rows));
	size_t n = 0;
	bool ok = (rows != NULL || fault_set(f, FAULT_INTERNAL, "policies: out of memory")) &&
		  policy_book_list(s->at.ledger, rows, &n, f);

	document_free(s->document);
	s->document = NULL;
	ok = ok && (n == 0 || read_document(p, s->at.ledger, &rows[0], &s->document, f));
	free(rows);
	return ok;
}

static bool
fill(struct policies *p, struct shelf *s, bool stale, struct fault *f)
{
	set_free(s->set);
	s->set = NULL;
	s->kept = false;
	s->rails = p->rails_turn;
	if ((stale || s->broken) && !read_own(p, s, f))
		return false;
	s->broken = false;
	return s->document == NULL || compile(p, s->document, &s->set, f);
}

static bool
look_at_shelf(struct policies *p, struct shelf *s, struct fault *f)
{
	struct fault why;
	bool stale;

	if (!is_stale(&s->at, &stale, &why)) {
		complain(p, s->tenant, &s->broken, &why, &s->why);
		s->at.read = false;
	} else if (stale || s->rails != p->rails_turn) {
		p->turn++;
		if (!fill(p, s, stale, &why))
			complain(p, s->tenant, &s->broken, &why, &s->why);
	}
	return !s->broken || fault_set(f, FAULT_BUSY,
				 "policy: the tenant's policy cannot be read: nothing is "
				 "permitted");
}

bool
policies_set(struct policies *p, const char *tenant, const struct set **ret, struct fault *f)
{
	struct shelf *s = NULL;

	if (!look_at_rails(p, f))
		return false;
	*ret = p->base;
	if (strcmp(tenant, NAME_PLATFORM) == 0)
		return true;
	if (!find_shelf(p, tenant, &s, f) || !look_at_shelf(p, s, f))
		return false;
	if (s->set != NULL)
		*ret = s->set;
	return true;
}

static void
describe(const struct decision *d, struct ruling *ret)
{
	if (d->rule == NULL)
		(void)snprintf(ret->rule, sizeof(ret->rule), "default");
	else
		(void)snprintf(ret->rule, sizeof(ret->rule), "%.*s/%.*s", (int)d->document->name.n,
		    (const char *)d->document->name.at, (int)d->rule->id.n,
		    (const char *)d->rule->id.at);
	if (d->rule != NULL && d->rule->reason.n > 0)
		(void)snprintf(ret->reason, sizeof(ret->reason), "%.*s", (int)d->rule->reason.n,
		    (const char *)d->rule->reason.at);
	else
		(void)snprintf(ret->reason, sizeof(ret->reason), "%s", decision_word(d->code));
}

bool
policies_decide(struct policies *p, const char *tenant, enum policies_layer layer,
    const struct request *r, bool peek, struct ruling *ret, struct decision *d, struct fault *f)
{
	const struct set *s;

	if (!policies_set(p, layer == POLICIES_STAFF ? NAME_PLATFORM : tenant, &s, f))
		return false;
	*ret = (struct ruling){ .permit = true };
	if (s == NULL)
		return true;
	if (layer == POLICIES_ENDPOINT && set_permits(s))
		set_decide(s, r, p->counters, peek, d);
	else
		set_forbids(s, r, p->counters, peek, d);
	ret->asked = true;
	ret->permit = d->permit;
	ret->code = d->code;
	policies_id(ret->id);
	memcpy(ret->set, set_digest(s), sizeof(ret->set));
	describe(d, ret);
	return true;
}

bool
policies_rule(struct policies *p, const char *tenant, enum policies_layer layer,
    const struct request *r, bool peek, struct ruling *ret, struct fault *f)
{
	struct decision d;

	return policies_decide(p, tenant, layer, r, peek, ret, &d, f);
}

bool
policies_refuse(const struct ruling *v, struct fault *f)
{
	return fault_set(f, FAULT_DENIED, "policy: %s: %s", v->rule, v->reason);
}

static void
keep_set(struct policies *p, struct ledger *l, const struct set *s, const struct document *own)
{
	struct bytes digests = { 0 };
	struct fault f;
	bool ok;

	for (size_t i = 0; i < p->rails_n; i++)
		bytes_put(&digests, p->rail[i]->digest, sizeof(p->rail[i]->digest));
	if (own != NULL)
		bytes_put(&digests, own->digest, sizeof(own->digest));
	ok = bytes_ok(&digests, &f) &&
	     policy_book_keep_set(l, set_digest(s), octets_bytes(&digests), &f);
	bytes_free(&digests);
	if (!ok)
		log_fact(LOG_ERROR, "policies", "why", f.text, NULL);
}

void
policies_keep(struct policies *p)
{
	struct ledger *l;
	struct fault f;

	if (p->base != NULL && !p->kept)
		keep_set(p, p->at.ledger, p->base, NULL);
	p->kept = p->base != NULL;
	for (size_t i = 0; i < p->n; i++) {
		struct shelf *s = p->shelf[i];

		if (s->set != NULL && !s->kept && realm_ledger(p->realm, s->tenant, &l, &f))
			keep_set(p, l, s->set, s->document);
		s->kept = s->set != NULL;
	}
}

void
policies_members(const struct ruling *v, struct bytes *ret)
{
	bytes_put_fmt(ret, "{\"decision_id\":\"%s\"}", v->id);
}

struct counters *
policies_counters(struct policies *p)
{
	return p->counters;
}

struct zones *
policies_zones(struct policies *p)
{
	return p->zones;
}

uint64_t
policies_turn(struct policies *p)
{
	struct fault ignored;

	(void)look_at_rails(p, &ignored);
	return p->turn;
}

bool
policies_any(const struct policies *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->shelf[i]->set != NULL)
			return true;
	return p->base != NULL;
}

bool
policies_broken(const struct policies *p, char to[static FAULT_TEXT_MAX])
{
	const struct fault *why = p->broken ? &p->why : NULL;

	for (size_t i = 0; why == NULL && i < p->n; i++)
		if (p->shelf[i]->broken)
			why = &p->shelf[i]->why;
	if (why != NULL)
		(void)snprintf(to, FAULT_TEXT_MAX, "%s", why->text);
	return why != NULL;
}
