/* daemon/duty_offline.c - the head of an offline bundle, signed; see ca/offline_file.h. */
#include <string.h>

#include "ca/feed_cut.h"
#include "ca/offline_file.h"
#include "ca/policy_book.h"
#include "daemon/policies.h"
#include "daemon/signer.h"

#define UNTIL_MAX_S ((int64_t)365 * 86400) /* as long as a PolicySet may say; a bound of ours */

struct heading {
	struct signer *signer;
	struct offline_head *head;
	bool has_set;
};

/* One document of those that are in force: its digest, and how old it lets a bundle become. */
static bool
take_row(
    struct heading *g, struct ledger *l, const struct policy_row *row, bool is_set, struct fault *f)
{
	struct offline_head *h = g->head;
	struct document *d = NULL;
	struct bytes text = { 0 };
	bool ok = policy_book_text(l, row->digest, &text, NULL, f) && bytes_ok(&text, f) &&
		  document_read(row->slot, octets_bytes(&text), POLICY_BOOK_OCTETS,
		      policies_zones(g->signer->policies), &d, f);
	int64_t age_s = ok ? d->offline_max_age_s : 0;

	document_free(d);
	bytes_free(&text);
	if (!ok)
		return false;
	if (is_set && age_s <= 0)
		return fault_set(f, FAULT_CONFLICT,
		    "policy: %s says of no age (defaults: offline: max_age) that it may be used offline",
		    row->name);
	if (h->policies_n == OFFLINE_POLICIES_MAX)
		return fault_set(f, FAULT_LIMIT, "policy: too many for a bundle");
	if (age_s > 0 && h->at_s + age_s < h->until_s)
		h->until_s = h->at_s + age_s;
	memcpy(h->policy[h->policies_n++], row->digest, OFFLINE_DIGEST_OCTETS);
	g->has_set |= is_set;
	return true;
}

static bool
take_ledger(struct heading *g, struct ledger *l, bool is_set, struct fault *f)
{
	struct policy_row row[POLICY_BOOK_MAX];
	size_t n;

	if (!policy_book_list(l, row, &n, f))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!take_row(g, l, &row[i], is_set, f))
			return false;
	return true;
}

bool
duty_offline_head(struct signer *s, const struct feed_cut *c, const struct key *k,
    struct bytes *ret, struct fault *f)
{
	struct offline_head h = {
		.sequence = (uint64_t)c->now_s, .at_s = c->now_s, .until_s = c->now_s + UNTIL_MAX_S
	};
	struct heading g = { .signer = s, .head = &h };
	struct feed_edge edge;

	offline_origin(realm_space(s->realm), ledger_tenant(c->ledger), h.origin);
	if (!feed_edge(c->ledger, &edge, f) || !take_ledger(&g, realm_platform(s->realm), false, f))
		return false;
	if (c->ledger != realm_platform(s->realm) && !take_ledger(&g, c->ledger, true, f))
		return false;
	if (!g.has_set)
		return fault_set(f, FAULT_CONFLICT,
		    "policy: without a PolicySet nothing is permitted offline; quatrain policy put makes one");
	h.feed_size = edge.size;
	memcpy(h.feed_hash, edge.hash, sizeof(h.feed_hash));
	return offline_head_sign(&h, k, ret, f);
}
