/* ca/journal_check.c - see journal_check.h. */
#include "ca/journal_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "ca/cert.h"
#include "ca/intent.h"
#include "ca/meta.h"

#define EDITION 1

static const char meta_journal[] = "journal";
static const char what_to_do[] = "put the newer data back, or run \"quatrain ledger merge\"";

bool
journal_told(void *with, struct ledger *l, const struct ledger_event *e)
{
	struct journal *j = with;
	struct journal_line line = {
		.kind = JOURNAL_REVOKED, .at_s = e->at_s, .reason = e->reason
	};
	struct fault f;

	if (e->state == STANDING_HELD)
		line.kind = JOURNAL_HELD;
	else if (e->state == STANDING_GOOD)
		line.kind = JOURNAL_RELEASED;
	(void)snprintf(line.tenant, sizeof(line.tenant), "%s", ledger_tenant(l));
	memcpy(line.issuer, e->issuer, sizeof(line.issuer));
	memcpy(line.serial, e->serial, sizeof(line.serial));
	return journal_note(j, &line, &f);
}

bool
journal_mark(struct ledger *platform, struct journal_place *ret, struct fault *f)
{
	struct journal_place p = { .offset = 0 };
	struct bytes b = { 0 };
	struct reader r;
	bool ok = meta_get(platform, META_ALL, octets_text(meta_journal), &b, f);

	if (ok && b.n > 0) {
		r = reader_of(octets_bytes(&b));
		if (reader_u8(&r) != EDITION)
			r.bad = true;
		p.offset = reader_u64(&r);
		reader_copy(&r, p.chain, sizeof(p.chain));
		ok = reader_done(&r) ||
		     fault_set(f, FAULT_INTERNAL, "journal: its mark cannot be read");
	}
	bytes_free(&b);
	if (ok)
		*ret = p;
	return ok;
}

bool
journal_put_mark(struct ledger *platform, const struct journal_place *at, struct fault *f)
{
	struct bytes b = { 0 };
	bool ok;

	bytes_put_u8(&b, EDITION);
	bytes_put_u64(&b, at->offset);
	bytes_put(&b, at->chain, sizeof(at->chain));
	if ((ok = bytes_ok(&b, f)))
		ledger_put(platform, TABLE_META, octets_text(meta_journal), octets_bytes(&b));
	bytes_free(&b);
	return ok;
}

/* Lines are remembered until all are read: a later one of the same serial may take one back. */
struct kept {
	struct journal_line line;
	size_t order;
};

struct tail {
	struct realm *realm;
	struct kept *kept;
	size_t n, room;
	uint64_t seen;
};

static bool
collect(void *with, const struct journal_line *l, struct fault *f)
{
	struct tail *t = with;
	size_t room = t->room == 0 ? 256 : t->room * 2;
	struct kept *more;

	t->seen++;
	if (l->kind == JOURNAL_OLD) /* it does not say whose it is */
		return true;
	if (t->n == t->room) {
		if ((more = realloc(t->kept, room * sizeof(*more))) == NULL)
			return fault_set(f, FAULT_INTERNAL, "journal: out of memory");
		t->kept = more;
		t->room = room;
	}
	t->kept[t->n] = (struct kept){ *l, t->n };
	t->n++;
	return true;
}

/* A signature apart from what became of it; then by tenant and serial, oldest first. */
static int
by_serial(const void *a, const void *b)
{
	const struct kept *p = a, *q = b;
	const struct journal_line *x = &p->line, *y = &q->line;
	int c;

	if ((c = strcmp(x->tenant, y->tenant)) != 0 ||
	    (c = memcmp(x->serial, y->serial, sizeof(x->serial))) != 0)
		return c;
	if ((x->kind == JOURNAL_SIGNED) != (y->kind == JOURNAL_SIGNED))
		return x->kind == JOURNAL_SIGNED ? -1 : 1;
	return p->order < q->order ? -1 : p->order > q->order;
}

static bool
differs(const struct journal_line *l, const char *what, struct fault *f)
{
	char serial[TBS_SERIAL_OCTETS * 2 + 1], at[TEXT_TIME_MAX];

	text_hex(l->serial, sizeof(l->serial), serial);
	text_time(l->at_s, at);
	return fault_set(f, FAULT_CONFLICT, "journal: tenant %.63s: certificate %s, %s: %s",
	    l->tenant, serial, what, what_to_do);
}

/* SHA-256 of what was signed: of the intent's octets, or of those in the certificate. */
static bool
signed_digest(struct octets stored, uint8_t to[static EVP_MAX_MD_SIZE], struct fault *f)
{
	struct octets tbs = stored;
	struct fault no_certificate;
	struct cert c;

	if (cert_parse(stored, &c, &no_certificate))
		tbs = c.tbs;
	if (EVP_Digest(tbs.at, tbs.n, to, NULL, EVP_sha256(), NULL) != 1)
		return fault_crypto(f, FAULT_INTERNAL, "journal: EVP_Digest");
	return true;
}

/* Of a pending one the TBSCertificate, that its certificate would hold. */
static bool
recorded(struct ledger *l, const struct journal_line *line, const struct standing *s,
    struct bytes *ret, struct fault *f)
{
	struct bytes row = { 0 };
	struct intent i;
	bool there = s->state == STANDING_PENDING && intent_get(l, line->serial, &row, &i, f);

	if (there)
		bytes_put_octets(ret, i.tbs);
	bytes_free(&row);
	return there ? bytes_ok(ret, f) : ledger_certificate(l, s->id, ret, f);
}

/* A merge records a serial that it knows from the journal alone, with no certificate, as revoked.
 */
static bool
agrees_signed(
    struct ledger *l, const struct journal_line *line, const struct standing *s, struct fault *f)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	struct bytes stored = { 0 };
	struct fault why;
	bool ok;

	if (!recorded(l, line, s, &stored, &why)) {
		bytes_free(&stored);
		if (why.code != FAULT_NOTFOUND) {
			*f = why;
			return false;
		}
		return s->state == STANDING_REVOKED ||
		       differs(line, "signed, has no certificate in the ledger", f);
	}
	ok = signed_digest(octets_bytes(&stored), digest, f);
	bytes_free(&stored);
	return ok && (memcmp(digest, line->digest, sizeof(line->digest)) == 0 ||
			 differs(line, "is another in the ledger than was signed", f));
}

bool
journal_agrees(struct ledger *l, const struct journal_line *line, struct fault *f)
{
	bool ended, held;
	struct standing s;
	struct fault why;

	if (!ledger_standing(l, line->serial, &s, &why)) {
		if (why.code != FAULT_NOTFOUND) {
			*f = why;
			return false;
		}
		return differs(line, "is not in its ledger, which is older than the journal", f);
	}
	ended = s.state == STANDING_REVOKED || s.state == STANDING_ABANDONED;
	held = ended || s.state == STANDING_HELD;
	if (line->kind == JOURNAL_SIGNED)
		return agrees_signed(l, line, &s, f);
	if (line->kind == JOURNAL_REVOKED && !ended)
		return differs(line, "revoked, is not so in its ledger, which is older", f);
	if (line->kind == JOURNAL_HELD && !held)
		return differs(line, "suspended, is not so in its ledger, which is older", f);
	return true;
}

/* The last word on a serial is what its ledger must say. */
static bool
is_last_word(const struct tail *t, size_t i)
{
	const struct journal_line *l = &t->kept[i].line, *next;

	if (l->kind == JOURNAL_SIGNED || i + 1 == t->n)
		return true;
	next = &t->kept[i + 1].line;
	return strcmp(l->tenant, next->tenant) != 0 ||
	       memcmp(l->serial, next->serial, sizeof(l->serial)) != 0;
}

/*
 * A CA counts from the commit that names it to the platform. What was signed under one that never
 * came to count went with the try that was interrupted. Had the platform's ledger forgotten it, the
 * line of its own certificate would not hold.
 */
static bool
counts(struct realm *r, const struct journal_line *l, bool *ret, struct fault *f)
{
	struct authority by;
	struct fault why;

	*ret = realm_authority(r, l->issuer, &by, &why);
	if (*ret || why.code == FAULT_NOTFOUND)
		return true;
	*f = why;
	return false;
}

/* The lines of one tenant. */
struct group {
	const struct tail *tail;
	size_t from, to;
};

static bool
check_group(void *with, struct ledger *l, struct fault *f)
{
	const struct group *g = with;
	bool known;

	for (size_t i = g->from; i < g->to; i++) {
		const struct journal_line *line = &g->tail->kept[i].line;

		if (!counts(g->tail->realm, line, &known, f))
			return false;
		if (known && is_last_word(g->tail, i) && !journal_agrees(l, line, f))
			return false;
	}
	return true;
}

static bool
check_lines(const struct tail *t, struct fault *f)
{
	struct group g = { .tail = t };
	struct fault why;

	for (; g.from < t->n; g.from = g.to) {
		const struct journal_line *first = &t->kept[g.from].line;
		bool known;

		g.to = g.from + 1;
		while (g.to < t->n && strcmp(t->kept[g.to].line.tenant, first->tenant) == 0)
			g.to++;
		if (realm_visit(t->realm, first->tenant, check_group, &g, &why))
			continue;
		*f = why;
		if (why.code != FAULT_NOTFOUND)
			return false;
		for (size_t i = g.from; i < g.to; i++) {
			if (!counts(t->realm, &t->kept[i].line, &known, f))
				return false;
			if (known)
				return differs(
				    &t->kept[i].line, "was signed, and its ledger is not there", f);
		}
	}
	return true;
}

static bool
no_certificate(void *with, struct octets key, struct octets value)
{
	(void)key;
	(void)value;
	*(bool *)with = false;
	return false;
}

/* Where the journal says nothing at all there may be no certificate: somebody took it away. */
static bool
may_be_empty(struct realm *r, const struct journal_place *from, struct fault *f)
{
	bool none = true;

	if (!store_scan(ledger_store(realm_platform(r)), TABLE_CERT, octets_of(NULL, 0), 1,
		no_certificate, &none, f))
		return false;
	return (none && from->offset == 0) ||
	       fault_set(f, FAULT_CONFLICT, "journal: it is missing, and certificates exist: %s",
		   what_to_do);
}

bool
journal_check(struct realm *r, const char *path, const struct journal_place *from,
    uint64_t *ret_lines, struct fault *f)
{
	struct tail t = { .realm = r };
	struct fault why;
	bool ok;

	if (journal_read(path, from, collect, &t, NULL, &why)) {
		if (t.n > 0)
			qsort(t.kept, t.n, sizeof(*t.kept), by_serial);
		ok = (t.seen > 0 || from->offset > 0 || may_be_empty(r, from, f)) &&
		     check_lines(&t, f);
	} else if (why.code == FAULT_CONFLICT) {
		ok = fault_set(f, FAULT_CONFLICT, "%.150s: %s", why.text, what_to_do);
	} else if (why.code == FAULT_NOTFOUND) {
		ok = may_be_empty(r, from, f);
	} else {
		*f = why;
		ok = false;
	}
	if (ok && ret_lines != NULL)
		*ret_lines = t.seen;
	free(t.kept);
	return ok;
}
