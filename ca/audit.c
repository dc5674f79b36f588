/* ca/audit.c - a chain put together, and all that is asked of it; see audit.h. */
#include "ca/audit.h"

#include <stdio.h>
#include <string.h>

#include "base/der.h"
#include "ca/chain.h"

#define PEM_MAX 65536 /* octets of one PEM text */

static const char pem_begin[] = "-----BEGIN CERTIFICATE-----";
static const char pem_end[] = "-----END CERTIFICATE-----";

void
audit_tell(struct audit_report *r, const struct audit_finding *found)
{
	if (found->verdict == LEAF_HOLDS)
		r->holds++;
	else if (found->verdict == LEAF_FAILS)
		r->fails++;
	else
		r->not_checked++;
	r->tell(r->with, found);
}

void
audit_chain_free(struct audit_chain *c)
{
	for (size_t i = 0; i < AUDIT_CERTS_MAX; i++) {
		bytes_free(&c->der[i]);
		bytes_free(&c->rest[i]);
	}
	*c = (struct audit_chain){ .n = 0 };
}

bool
audit_chain_add(struct audit_chain *c, struct octets der, struct fault *f)
{
	struct bytes *to = &c->der[c->n];

	if (c->n == AUDIT_CERTS_MAX)
		return fault_set(f, FAULT_BADREQ, "chain: over %d certificates", AUDIT_CERTS_MAX);
	bytes_put_octets(to, der);
	if (!bytes_ok(to, f) || !cert_read(octets_bytes(to), &c->cert[c->n], f)) {
		bytes_free(to);
		return false;
	}
	c->n++;
	return true;
}

/* Take the next PEM certificate off in; what stands around it is nobody's. */
static bool
take_pem(struct octets *in, struct bytes *der, struct fault *f)
{
	const uint8_t *at = memmem(in->at, in->n, pem_begin, sizeof(pem_begin) - 1), *end;
	size_t left;

	if (at == NULL)
		return false;
	at += sizeof(pem_begin) - 1;
	left = in->n - (size_t)(at - in->at);
	end = memmem(at, left, pem_end, sizeof(pem_end) - 1);
	if (end == NULL) {
		*in = octets_of(at, left);
		return fault_set(f, FAULT_BADREQ, "chain: a PEM certificate that is cut short");
	}
	*in = octets_of(end, left - (size_t)(end - at));
	return text_unbase64(octets_of(at, (size_t)(end - at)), der, f);
}

/* Did a sign b, by the names and key identifiers that they give? */
static bool
is_above(const struct cert *a, const struct cert *b)
{
	return octets_same(a->subject, b->issuer) &&
	       (a->own_id.n == 0 || b->issuer_id.n == 0 || octets_same(a->own_id, b->issuer_id));
}

static bool
self_issued(const struct cert *c)
{
	return octets_same(c->issuer, c->subject);
}

bool
audit_chain_crown(struct audit_chain *c, struct octets root, struct fault *f)
{
	struct cert r;

	if (!cert_read(root, &r, f))
		return false;
	return c->n == 0 || audit_chain_ends(c) || !is_above(&r, &c->cert[c->n - 1]) ||
	       audit_chain_add(c, root, f);
}

/* The one that signed none of the others; where each did, the first. */
static size_t
lowest(const struct audit_chain *all)
{
	for (size_t i = 0; i < all->n; i++) {
		bool signs = false;

		for (size_t k = 0; k < all->n; k++)
			signs = signs || (k != i && is_above(&all->cert[i], &all->cert[k]));
		if (!signs)
			return i;
	}
	return 0;
}

static bool
is_link(const struct audit_chain *c, struct octets der)
{
	for (size_t i = 0; i < c->n; i++)
		if (octets_same(c->cert[i].der, der))
			return true;
	return false;
}

/* In order, from the lowest up. */
static bool
put_in_order(const struct audit_chain *all, struct audit_chain *ret, struct fault *f)
{
	bool used[AUDIT_CERTS_MAX] = { false };
	size_t at = lowest(all);

	for (;;) {
		size_t next = 0;

		used[at] = true;
		if (!audit_chain_add(ret, octets_bytes(&all->der[at]), f))
			return false;
		if (self_issued(&all->cert[at]) && is_above(&all->cert[at], &all->cert[at]))
			return true;
		while (next < all->n && (used[next] || !is_above(&all->cert[next], &all->cert[at])))
			next++;
		if (next == all->n)
			return true;
		at = next;
	}
}

/* What was not taken into the chain; another copy of what was is nothing. */
static void
keep_rest(struct audit_chain *all, struct audit_chain *ordered)
{
	for (size_t i = 0; i < all->n; i++)
		if (!is_link(ordered, octets_bytes(&all->der[i]))) {
			ordered->rest[ordered->rest_n++] = all->der[i];
			all->der[i] = (struct bytes){ 0 };
		}
}

bool
audit_chain_read(struct octets pem, struct audit_chain *ret, struct fault *f)
{
	struct audit_chain all = { .n = 0 }, ordered = { .n = 0 };
	struct octets in = pem;
	struct bytes der = { 0 };
	struct fault why = { 0 };
	bool ok = true;

	if (pem.n > PEM_MAX)
		return fault_set(f, FAULT_BADREQ, "chain: over %d octets of PEM", PEM_MAX);
	while (ok && take_pem(&in, &der, &why)) {
		ok = audit_chain_add(&all, octets_bytes(&der), &why);
		bytes_clear(&der);
	}
	ok = ok && why.code == 0;
	if (!ok)
		*f = why;
	else if (all.n == 0)
		ok = fault_set(f, FAULT_BADREQ, "chain: expected PEM certificates");
	else
		ok = put_in_order(&all, &ordered, f);
	if (ok) {
		ordered.given = ordered.n;
		keep_rest(&all, &ordered);
		*ret = ordered;
	} else {
		audit_chain_free(&ordered);
	}
	bytes_free(&der);
	audit_chain_free(&all);
	return ok;
}

bool
audit_chain_ends(const struct audit_chain *c)
{
	return c->n > 0 && self_issued(&c->cert[c->n - 1]);
}

/* Counted from the root where the chain reaches one, and from the leaf where it does not. */
unsigned
audit_level(const struct audit_chain *c, size_t i)
{
	if (audit_chain_ends(c))
		return (unsigned)(c->n - i);
	return i < AUDIT_LEVELS ? (unsigned)(AUDIT_LEVELS - i) : 0;
}

void
audit_subject(const struct cert *c, char to[static AUDIT_SUBJECT_MAX])
{
	struct octets in = c->subject, rdns, rdn, one, value;
	struct bytes text = { 0 };
	uint8_t tag;

	if (der_take(&in, DER_SEQUENCE, &rdns, NULL))
		while (der_take(&rdns, DER_SET, &rdn, NULL))
			while (der_take(&rdn, DER_SEQUENCE, &one, NULL)) {
				if (!der_take(&one, DER_OID, &value, NULL) ||
				    !der_next(&one, &tag, &value, NULL))
					continue;
				bytes_put_text(&text, text.n == 0 ? "" : ", ");
				text_put_printable(&text, value);
			}
	(void)snprintf(to, AUDIT_SUBJECT_MAX, "%.*s", (int)text.n, (const char *)text.at);
	bytes_free(&text);
}

/* What the text left out, as our records have it. */
static bool
complete(const struct audit_site *s, struct audit_chain *c, struct fault *f)
{
	while (c->n < AUDIT_CERTS_MAX && !audit_chain_ends(c)) {
		struct authority a;
		struct bytes der = { 0 };
		struct fault why;
		bool ok;

		if (c->cert[c->n - 1].issuer_id.n != TBS_KEY_ID_OCTETS)
			return true;
		if (!realm_authority(s->realm, c->cert[c->n - 1].issuer_key_id, &a, &why)) {
			if (why.code == FAULT_NOTFOUND)
				return true; /* nobody of ours: findings will say so */
			*f = why;
			return false;
		}
		ok = realm_ca_certificate(s->realm, &a, &der, f) &&
		     audit_chain_add(c, octets_bytes(&der), f);
		bytes_free(&der);
		if (!ok) {
			f->code = FAULT_INTERNAL;
			return false;
		}
	}
	return true;
}

bool
audit_above(const struct audit_site *s, const uint8_t key_id[static TBS_KEY_ID_OCTETS],
    struct audit_chain *c, struct fault *f)
{
	struct realm_chain cas;
	bool ok = true;

	if (!realm_chain(s->realm, key_id, &cas, f))
		return false;
	c->n = 1;
	for (size_t i = 0; ok && i < cas.n; i++)
		ok = audit_chain_add(c, octets_bytes(&cas.der[i]), f);
	realm_chain_free(&cas);
	return ok;
}

/* The root that this service trusts: its own, whatever the chain says. */
static bool
read_root(const struct audit_site *s, struct bytes *ret, struct fault *f)
{
	struct tenant t;
	struct realm_chain cas;

	if (!realm_tenant(s->realm, NAME_PLATFORM, &t, f) ||
	    !realm_chain(s->realm, t.key_id, &cas, f))
		return false;
	bytes_put_octets(ret, octets_bytes(&cas.der[cas.n - 1]));
	realm_chain_free(&cas);
	return bytes_ok(ret, f);
}

/* The profile of the leaf's standing; NULL where it is none of ours. */
static const struct profile *
profile_of(const struct audit_site *s, const struct cert *leaf)
{
	struct authority a;
	struct standing st;
	struct ledger *l;
	struct fault ignored;

	if (!realm_authority(s->realm, leaf->issuer_key_id, &a, &ignored) ||
	    !realm_records(s->realm, &a, &l, &ignored) ||
	    !ledger_standing(l, leaf->serial, &st, &ignored))
		return NULL;
	return profile_find(st.profile);
}

void
audit_rest(const struct audit_chain *c, struct audit_report *r)
{
	struct audit_finding found = { .level = audit_level(c, 0),
		.check = "all_are_links",
		.source = "RFC 8446 section 4.4.2",
		.kind = LEAF_PATH,
		.verdict = LEAF_FAILS };
	size_t n = 0;

	for (size_t i = 0; i < c->rest_n; i++)
		n += !is_link(c, octets_bytes(&c->rest[i]));
	if (n == 0)
		return;
	(void)snprintf(found.text, sizeof(found.text),
	    "%zu more in the text, no links of this chain: audit each by itself", n);
	audit_tell(r, &found);
}

bool
audit_second(const struct audit_chain *c, const struct audit_terms *t, struct audit_report *r,
    struct fault *f)
{
	struct audit_finding found = { .level = audit_level(c, 0),
		.check = "libcrypto_agrees",
		.source = "RFC 5280 section 6",
		.kind = LEAF_PROFILE };
	struct bytes pem = { 0 }, root = { 0 };
	struct fault why;
	bool ok = true;

	if (c->n != AUDIT_LEVELS || t->root.n == 0)
		return true;
	for (size_t i = 0; ok && i < c->n; i++)
		ok = cert_pem(c->cert[i].der, &pem, f);
	ok = ok && cert_pem(t->root, &root, f);
	if (ok && !chain_verify(octets_bytes(&pem), octets_bytes(&root), t->now_s, NULL, &why)) {
		found.verdict = LEAF_FAILS;
		memcpy(found.text, why.text, sizeof(found.text));
		if (why.code == FAULT_INTERNAL) {
			*f = why;
			ok = false;
		}
	}
	if (ok)
		audit_tell(r, &found);
	bytes_free(&pem);
	bytes_free(&root);
	return ok;
}

bool
audit_chain(
    const struct audit_site *s, struct audit_chain *c, struct audit_report *r, struct fault *f)
{
	struct audit_terms t = { .now_s = s->now_s, .recorded = true };
	struct bytes root = { 0 };
	bool ok;

	ok = complete(s, c, f) && read_root(s, &root, f);
	t.root = octets_bytes(&root);
	if (ok)
		t.profile = profile_of(s, &c->cert[0]);
	for (size_t i = c->n; ok && i-- > 0;) {
		audit_path(c, i, &t, r);
		ok = audit_record(s, c, i, &t, r, f);
	}
	audit_rest(c, r);
	ok = ok && audit_second(c, &t, r, f);
	bytes_free(&root);
	return ok;
}
