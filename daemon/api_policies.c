/* daemon/api_policies.c - the policies in force, and those that were, for staff; see api.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/policy_book.h"
#include "daemon/api.h"
#include "daemon/precondition.h"

/* The ledger and the slot that a path means. */
static bool
find_slot(const struct api_call *c, struct ledger **ret, const char **slot, struct fault *f)
{
	*slot = c->tenant[0] == '\0' ? c->object : POLICY_BOOK_SET;
	*ret = realm_platform(c->api->realm);
	return c->tenant[0] == '\0' || realm_ledger(c->api->realm, c->tenant, ret, f);
}

static struct json *
row_object(const struct policy_row *r)
{
	struct json *j = json_object();
	char tag[POLICY_BOOK_TAG_MAX];

	json_put_text(j, "name", r->name);
	json_put_number(j, "revision", r->revision);
	json_put_hex(j, "digest", r->digest, sizeof(r->digest));
	json_put_number(j, "turn", (int64_t)r->turn);
	json_put_text(j, "state", r->removed ? "removed" : "in force");
	json_put_bool(j, "signed", r->is_signed);
	json_put_time(j, "changed", r->at_s);
	json_put_octets(j, "by", octets_text(r->by));
	json_put_number(j, "log_index", (int64_t)r->log_index);
	policy_book_tag(r, tag);
	json_put_octets(j, "etag", octets_text(tag));
	return j;
}

/* Lines of a file: their ends stay as they are. */
static bool
put_text(struct json *j, const char *name, struct bytes *text, struct fault *f)
{
	bytes_put_u8(text, 0);
	if (!bytes_ok(text, f))
		return false;
	json_put_text(j, name, (const char *)text->at);
	return true;
}

static bool
put_document(struct ledger *l, const uint8_t *digest, struct json *j, struct fault *f)
{
	struct bytes text = { 0 }, signature = { 0 };
	bool ok =
	    policy_book_text(l, digest, &text, &signature, f) && put_text(j, "document", &text, f);

	if (ok && signature.n > 0)
		ok = put_text(j, "signature", &signature, f);
	bytes_free(&signature);
	bytes_free(&text);
	return ok;
}

bool
api_policies(const struct api_call *c, struct fault *f)
{
	struct policy_row *rows = calloc(POLICY_BOOK_MAX, sizeof(*rows));
	struct json *j, *items;
	size_t n = 0;
	bool ok = rows != NULL || fault_set(f, FAULT_INTERNAL, "api: out of memory");

	ok = ok && policy_book_list(realm_platform(c->api->realm), rows, &n, f);
	if (ok) {
		j = json_object();
		items = json_array();
		for (size_t i = 0; i < n; i++)
			json_add(items, row_object(&rows[i]));
		json_put(j, "items", items);
		api_answer(c->x, 200, j);
	}
	free(rows);
	return ok;
}

/* ?turn=: that of a change, of which the document is shown; none: what is in force. */
static bool
find_row(const struct api_call *c, struct ledger *l, const char *slot, struct policy_row *ret,
    struct fault *f)
{
	static const char *const names[] = { "turn", NULL };
	char turn[24], *end = NULL;
	uint64_t want;
	size_t n;

	if (!api_query_only(c->x, names, f) || !api_query(c->x, "turn", turn, sizeof(turn), f))
		return false;
	if (turn[0] == '\0')
		return policy_book_find(l, slot, ret, f) &&
		       (!ret->removed ||
			   fault_set(f, FAULT_NOTFOUND, "policy: nothing is in force there"));
	want = strtoull(turn, &end, 10);
	if (*end != '\0' || want == 0 || want == UINT64_MAX)
		return fault_set(f, FAULT_BADREQ, "turn: expected a number from 1");
	return policy_book_history(l, slot, want, ret, 1, &n, f) &&
	       ((n == 1 && ret->turn == want) ||
		   fault_set(f, FAULT_NOTFOUND, "policy: it has no such turn"));
}

bool
api_policy_document(const struct api_call *c, struct fault *f)
{
	char tag[POLICY_BOOK_TAG_MAX];
	struct policy_row r;
	struct ledger *l;
	const char *slot;
	struct json *j;

	if (!find_slot(c, &l, &slot, f) || !find_row(c, l, slot, &r, f))
		return false;
	policy_book_tag(&r, tag);
	exchange_header(c->x, "ETag", "%s", tag);
	if (precondition_has(c->x->if_none_match, tag)) {
		exchange_header(c->x, "Cache-Control", "no-store");
		c->x->status = 304;
		return true;
	}
	j = row_object(&r);
	if (!put_document(l, r.digest, j, f)) {
		json_free(j);
		return false;
	}
	api_answer(c->x, 200, j);
	return true;
}

bool
api_policy_history(const struct api_call *c, struct fault *f)
{
	static const char *const names[] = { "after", "limit", NULL };
	struct policy_row *rows = NULL;
	struct json *j, *items;
	char after[24] = "";
	const char *slot;
	struct ledger *l;
	size_t n = 0, limit = 0;
	uint64_t from = 0;
	bool ok = api_query_only(c->x, names, f) && api_limit(c->x, &limit, f) &&
		  api_after(c->x, after, sizeof(after), f) && find_slot(c, &l, &slot, f);

	if (ok && (rows = calloc(limit, sizeof(*rows))) == NULL)
		ok = fault_set(f, FAULT_INTERNAL, "api: out of memory");
	if (ok && after[0] != '\0') /* that was the last one of the page before; the first is 1 */
		from = strtoull(after, NULL, 10) - 1;
	ok = ok && (after[0] != '\0' && from == 0
			   ? true
			   : policy_book_history(l, slot, from, rows, limit, &n, f));
	if (ok && n == 0 && after[0] == '\0')
		ok = fault_set(f, FAULT_NOTFOUND, "policy: there is none of that name");
	if (ok) {
		j = json_object();
		items = json_array();
		for (size_t i = 0; i < n; i++)
			json_add(items, row_object(&rows[i]));
		json_put(j, "items", items);
		(void)snprintf(after, sizeof(after), "%llu",
		    n == 0 ? 0ULL : (unsigned long long)rows[n - 1].turn);
		if (n == limit && rows[n - 1].turn > 1)
			api_put_next(c->x, j, after);
		api_answer(c->x, 200, j);
	}
	free(rows);
	return ok;
}

/* A document may be of the tenant's ledger or, a Guardrail, of the platform's. */
static bool
add_document(const struct api_call *c, struct ledger *own, const uint8_t *digest,
    struct json *items, struct fault *f)
{
	struct json *j = json_object();

	json_put_hex(j, "digest", digest, POLICY_BOOK_DIGEST_OCTETS);
	if (!put_document(own, digest, j, f) &&
	    (f->code != FAULT_NOTFOUND ||
		!put_document(realm_platform(c->api->realm), digest, j, f))) {
		json_free(j);
		return false;
	}
	json_add(items, j);
	return true;
}

bool
api_policy_documents(const struct api_call *c, struct fault *f)
{
	static const char *const names[] = { "set", NULL };
	char hex[2 * POLICY_BOOK_DIGEST_OCTETS + 1];
	uint8_t set[POLICY_BOOK_DIGEST_OCTETS];
	struct bytes digests = { 0 };
	struct json *j, *items = json_array();
	struct fault why;
	struct ledger *l;
	bool ok = api_query_only(c->x, names, f) && api_query(c->x, "set", hex, sizeof(hex), f) &&
		  (text_unhex(hex, set, sizeof(set)) ||
		      fault_set(f, FAULT_BADREQ, "set: expected 64 hex digits")) &&
		  realm_ledger(c->api->realm, c->tenant, &l, f);

	if (ok && !policy_book_set(l, set, &digests, &why) &&
	    !policy_book_set(realm_platform(c->api->realm), set, &digests, &why))
		ok = why.code == FAULT_NOTFOUND ? fault_set(f, FAULT_NOTFOUND,
						      "policy: no set of that digest decided here")
						: (*f = why, false);
	for (size_t i = 0; ok && i + sizeof(set) <= digests.n; i += sizeof(set))
		ok = add_document(c, l, digests.at + i, items, f);
	if (ok) {
		j = json_object();
		json_put_text(j, "set", hex);
		json_put(j, "items", items);
		items = NULL;
		api_answer(c->x, 200, j);
	}
	json_free(items);
	bytes_free(&digests);
	return ok;
}
