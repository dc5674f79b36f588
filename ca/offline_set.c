/* ca/offline_set.c - see offline_set.h: what a bundle must be. */
#include "ca/offline_under.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "ca/chain.h"
#include "ca/log.h"
#include "ca/policy_book.h"

static const char origin_end[] = "/offline";

/* What a bundle is read with. */
struct opening {
	struct offline_set *set;
	struct octets root_pem;
	struct zones *zones;
	struct octets head; /* as it came: the signer's certificate, behind it, says whose it is */
	bool has_signer;
	uint8_t key[32]; /* the log's */
};

static bool
take_head(struct opening *o, struct octets part, struct fault *f)
{
	if (o->head.n > 0)
		return fault_set(f, FAULT_BADREQ, "bundle: a second head");
	o->head = part;
	return offline_head_read(part, &o->set->head, f);
}

/* "acme.eu.example.org" of "acme.eu.example.org/offline" */
static bool
take_host(struct offline_set *s, struct fault *f)
{
	size_t n = strlen(s->head.origin), end = sizeof(origin_end) - 1;

	if (n <= end || n - end >= sizeof(s->host) ||
	    strcmp(s->head.origin + n - end, origin_end) != 0)
		return fault_set(
		    f, FAULT_BADREQ, "bundle: %.100s is no bundle's origin", s->head.origin);
	(void)snprintf(s->host, sizeof(s->host), "%.*s", (int)(n - end), s->head.origin);
	return true;
}

static bool
take_signer(struct opening *o, struct octets part, struct fault *f)
{
	struct offline_head *h = &o->set->head;

	if (o->head.n == 0 || o->has_signer)
		return fault_set(f, FAULT_BADREQ, "bundle: expected one head, then one signer");
	o->has_signer = take_host(o->set, f) &&
			log_signer(part, o->root_pem, h->origin, h->at_s, o->key, f) &&
			offline_head_verify(h, o->key, f);
	h->text = octets_of(NULL, 0);
	return o->has_signer;
}

/* Each leads to the root or vouches for nobody: chain_verify() asks when somebody shows a
 * certificate. */
static bool
take_authority(struct opening *o, struct octets part, struct fault *f)
{
	struct offline_set *s = o->set;

	if (s->authorities_n == OFFLINE_AUTHORITIES_MAX)
		return fault_set(f, FAULT_BADREQ, "bundle: too many authorities");
	return chain_pem_at(part, 0, &s->authority[s->authorities_n++], f);
}

/* How long it may be used offline: the PolicySet says it, and a Guardrail may say less. */
static bool
weigh_age(struct offline_set *s, const struct document *d, struct fault *f)
{
	int64_t until_s = s->head.at_s + d->offline_max_age_s;

	if (d->kind == DOCUMENT_POLICY_SET && d->offline_max_age_s <= 0)
		return fault_set(f, FAULT_DENIED,
		    "bundle: %.*s says of no age (defaults: offline: max_age) that it may be used offline",
		    (int)(d->name.n < 64 ? d->name.n : 64), (const char *)d->name.at);
	if (d->offline_max_age_s > 0 && until_s < s->head.until_s)
		s->head.until_s = until_s;
	return true;
}

static bool
take_policy(struct opening *o, struct octets part, struct fault *f)
{
	struct offline_set *s = o->set;
	uint8_t digest[DIGEST_OCTETS];
	char name[32];

	if (s->documents_n == s->head.policies_n)
		return fault_set(f, FAULT_BADREQ, "bundle: a policy more than were signed");
	(void)snprintf(name, sizeof(name), "bundle: policy %zu", s->documents_n + 1);
	digest_of(part, digest);
	if (memcmp(digest, s->head.policy[s->documents_n], sizeof(digest)) != 0)
		return fault_set(f, FAULT_BADREQ, "%s is not the one that was signed", name);
	return document_read(
		   name, part, POLICY_BOOK_OCTETS, o->zones, &s->document[s->documents_n], f) &&
	       weigh_age(s, s->document[s->documents_n++], f);
}

static bool
take_piece(struct opening *o, struct octets part, struct fault *f)
{
	struct offline_set *s = o->set;
	char origin[FEED_ORIGIN_MAX];
	struct feed_piece p;

	(void)snprintf(origin, sizeof(origin), "%.240s/revocations", s->host);
	if (!feed_piece_read(part, &p, f))
		return false;
	if (strcmp(p.origin, origin) != 0)
		return fault_set(f, FAULT_BADREQ, "bundle: a feed of %.100s", p.origin);
	if (feed_piece_verify(&p, o->key, f) && feed_set_take(&s->feed, &p, f))
		return true;
	if (f->code == FAULT_CONFLICT) /* nothing that a reader could ask again for */
		f->code = FAULT_BADREQ;
	return false;
}

static bool (*const takers[OFFLINE_KINDS])(struct opening *, struct octets, struct fault *) = {
	[OFFLINE_HEAD] = take_head,
	[OFFLINE_SIGNER] = take_signer,
	[OFFLINE_AUTHORITY] = take_authority,
	[OFFLINE_POLICY] = take_policy,
	[OFFLINE_REVOCATIONS] = take_piece,
};

/* Part by part, in order: nothing is looked into before the head was verified. */
static bool
take_all(struct opening *o, struct octets file, struct fault *f)
{
	enum offline_kind last = OFFLINE_HEAD, kind;
	struct octets part;

	if (!offline_file_open(&file, f))
		return false;
	while (file.n > 0) {
		if (!offline_file_next(&file, &kind, &part, f))
			return false;
		if (kind < last || (kind > OFFLINE_SIGNER && !o->has_signer))
			return fault_set(f, FAULT_BADREQ, "bundle: its parts are out of order");
		if (!takers[kind](o, part, f))
			return false;
		last = kind;
	}
	return o->has_signer || fault_set(f, FAULT_BADREQ, "bundle: it ends before its signer");
}

/* --- what it must hold --------------------------------------------------------------------------
 */

static bool
compile(struct offline_set *s, struct fault *f)
{
	if (s->documents_n != s->head.policies_n)
		return fault_set(f, FAULT_BADREQ, "bundle: a policy is missing");
	if (!set_compile(
		(const struct document *const *)s->document, s->documents_n, &s->policies, f))
		return false;
	return set_permits(s->policies) ||
	       fault_set(f, FAULT_DENIED, "bundle: it has no PolicySet in force");
}

/* As much as there was when the head was signed, and CAs as they stood then. */
static bool
hold_feed(const struct offline_set *s, struct fault *f)
{
	if (!feed_set_whole(&s->feed) || s->feed.seq < s->head.feed_size)
		return fault_set(f, FAULT_BADREQ, "bundle: revocations are missing");
	if (s->feed.seq == s->head.feed_size &&
	    memcmp(s->feed.hash, s->head.feed_hash, sizeof(s->feed.hash)) != 0)
		return fault_set(f, FAULT_BADREQ, "bundle: its revocations are of another feed");
	return s->feed.at_s >= s->head.at_s ||
	       fault_set(f, FAULT_BADREQ, "bundle: its revocations are older than its head");
}

bool
offline_set_open(struct octets file, struct octets root_pem, struct zones *zones,
    struct offline_set **ret, struct fault *f)
{
	struct opening o = { .root_pem = root_pem, .zones = zones };

	if ((o.set = calloc(1, sizeof(*o.set))) == NULL)
		return fault_set(f, FAULT_INTERNAL, "bundle: out of memory");
	bytes_put_octets(&o.set->root, root_pem);
	if (!bytes_ok(&o.set->root, f) || !take_all(&o, file, f) || !compile(o.set, f) ||
	    !hold_feed(o.set, f)) {
		offline_set_free(o.set);
		return false;
	}
	*ret = o.set;
	return true;
}

void
offline_set_free(struct offline_set *s)
{
	if (s == NULL)
		return;
	set_free(s->policies);
	for (size_t i = 0; i < s->documents_n; i++)
		document_free(s->document[i]);
	for (size_t i = 0; i < OFFLINE_AUTHORITIES_MAX; i++)
		bytes_free(&s->authority[i]);
	feed_set_free(&s->feed);
	bytes_free(&s->root);
	free(s);
}

const struct offline_head *
offline_set_head(const struct offline_set *s)
{
	return &s->head;
}

const struct feed_set *
offline_set_feed(const struct offline_set *s)
{
	return &s->feed;
}

const struct set *
offline_set_policies(const struct offline_set *s)
{
	return s->policies;
}
