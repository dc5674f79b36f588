/* ca/audit_book.c - a whole ledger, certificate by certificate; see audit.h. */
#include <stdio.h>
#include <string.h>

#include "ca/audit.h"

/* The CAs above are the same for a whole page, nearly always. */
static bool
stand_under(struct audit_book *b, const uint8_t key_id[static TBS_KEY_ID_OCTETS], struct fault *f)
{
	struct audit_chain above = { .n = 0 };

	if (b->chain.n > 1 && memcmp(b->above, key_id, TBS_KEY_ID_OCTETS) == 0)
		return true;
	if (!audit_above(b->site, key_id, &above, f)) {
		audit_chain_free(&above);
		return false;
	}
	audit_chain_free(&b->chain);
	b->chain = above;
	memcpy(b->above, key_id, TBS_KEY_ID_OCTETS);
	return true;
}

/* A CA that was lost with the platform's newer ledger (ca/merge.h): the audit goes on with others.
 */
static void
tell_nobodys(struct audit_report *r)
{
	struct audit_finding found = { .level = AUDIT_LEVELS,
		.check = "recorded",
		.source = "our ledger",
		.kind = LEAF_RECORD,
		.verdict = LEAF_FAILS };

	(void)snprintf(found.text, sizeof(found.text),
	    "it is of a CA that the platform's ledger does not know: nobody can answer for it");
	audit_tell(r, &found);
}

static bool
one_leaf(struct audit_book *b, const struct standing *s, struct octets der, struct audit_report *r,
    struct fault *f)
{
	const struct audit_terms t = { .now_s = b->site->now_s,
		.profile = profile_find(s->profile),
		.recorded = true,
		.book = true };

	if (!stand_under(b, s->issuer, f)) {
		if (f->code != FAULT_NOTFOUND)
			return false;
		tell_nobodys(r);
		return true;
	}
	bytes_clear(&b->chain.der[0]);
	bytes_put_octets(&b->chain.der[0], der);
	if (!bytes_ok(&b->chain.der[0], f) ||
	    !cert_read(octets_bytes(&b->chain.der[0]), &b->chain.cert[0], f))
		return false;
	audit_path(&b->chain, 0, &t, r);
	return audit_record(b->site, &b->chain, 0, &t, r, f);
}

/* A CA in the platform's ledger is held against the chain that it stands in itself. */
static bool
one_ca(struct audit_book *b, struct octets der, struct audit_report *r, struct fault *f)
{
	struct audit_terms t = { .now_s = b->site->now_s, .recorded = true, .book = true };
	struct cert c;

	if (!cert_parse(der, &c, f) || !stand_under(b, c.key_id, f))
		return false;
	bytes_free(&b->chain.der[0]);
	b->chain.cert[0] = (struct cert){ .ca = false };
	t.root = octets_bytes(&b->chain.der[b->chain.n - 1]); /* our own: authority_pinned asks */
	audit_path(&b->chain, 1, &t, r);
	return audit_record(b->site, &b->chain, 1, &t, r, f);
}

bool
audit_book_one(struct audit_book *b, struct ledger *l, const struct standing *s,
    struct audit_report *r, struct fault *f)
{
	const struct profile *p = profile_find(s->profile);
	struct bytes der = { 0 };
	bool ok;

	if (s->state == STANDING_PENDING || s->state == STANDING_ABANDONED ||
	    s->id == LEDGER_NO_CERTIFICATE)
		return true; /* there is none */
	ok = ledger_certificate(l, s->id, &der, f) &&
	     (p != NULL && p->level < LEVEL_ENDPOINT ? one_ca(b, octets_bytes(&der), r, f)
						     : one_leaf(b, s, octets_bytes(&der), r, f));
	bytes_free(&der);
	return ok;
}

bool
audit_book_above(struct audit_book *b, const uint8_t key_id[static TBS_KEY_ID_OCTETS],
    struct audit_report *r, struct fault *f)
{
	struct audit_terms t = { .now_s = b->site->now_s, .recorded = true };

	if (!stand_under(b, key_id, f))
		return false;
	bytes_free(&b->chain.der[0]);
	b->chain.cert[0] = (struct cert){ .ca = false };
	t.root = octets_bytes(&b->chain.der[b->chain.n - 1]);
	for (size_t i = b->chain.n; i-- > 1;) {
		audit_path(&b->chain, i, &t, r);
		if (!audit_record(b->site, &b->chain, i, &t, r, f))
			return false;
	}
	return true;
}

void
audit_book_free(struct audit_book *b)
{
	audit_chain_free(&b->chain);
}
