/*
 * daemon/api_audit.c - POST /v1/audit and GET /v1/tenants/{t}/audit: ca/audit.h over the API.
 *
 * Reads, answered from the ledger. A page audits AUDIT_PAGE_MAX certificates at
 * most, some tens of milliseconds, so that others are served in between.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/api.h"
#include "daemon/audit_json.h"
#include "daemon/cursor.h"

#define AUDIT_PAGE     50
#define AUDIT_PAGE_MAX 200

/* The certificates of {"chain":"PEM"}, and nothing else in the body. */
static bool
read_body(const struct exchange *x, struct audit_chain *ret, struct fault *f)
{
	struct json *body = NULL;
	const char *pem;
	bool ok = false;

	if (x->body_too_large)
		return fault_set(f, FAULT_LIMIT, "api: a body over %d octets", API_BODY_MAX);
	if (!json_parse(x->body, &body, f))
		return false;
	if ((pem = json_text(body, "chain")) == NULL || json_name_at(body, 1) != NULL)
		fault_set(f, FAULT_BADREQ, "chain: expected {\"chain\":\"PEM certificates\"}");
	else
		ok = audit_chain_read(octets_text(pem), ret, f);
	json_free(body);
	return ok;
}

bool
api_audit(const struct api_call *c, struct fault *f)
{
	const struct audit_site site = { c->api->realm, &c->api->trees, c->now_s };
	struct audit_chain chain = { .n = 0 };
	struct audit_list l;
	struct json *answer;

	if (!read_body(c->x, &chain, f))
		return false;
	audit_list_start(&l, false);
	if (!audit_chain(&site, &chain, &l.report, f)) {
		json_free(l.findings);
		audit_chain_free(&chain);
		return false;
	}
	answer = json_object();
	audit_json_counts(answer, &l.report);
	json_put_bool(answer, "more", l.report.more);
	json_put(answer, "levels", audit_json_levels(&chain));
	json_put(answer, "findings", l.findings);
	audit_chain_free(&chain);
	api_answer(c->x, 200, answer);
	return true;
}

void
api_put_proof(struct json *j, struct ledger *l, const struct standing *s, struct octets certificate)
{
	uint8_t leaf[LOG_HASH_OCTETS];
	struct bytes line = { 0 };
	struct json *entry = NULL;
	struct provenance p;
	struct cert c;
	struct fault f;

	if (cert_parse(certificate, &c, &f) && cert_provenance(&c, &p)) {
		json_put_time(j, "added_at", p.at_s);
		json_put_octets(j, "evidence", octets_text(p.evidence));
	}
	if (audit_entry(l, s->issued_index, "certificate.issued", &line, &entry, &f)) {
		log_leaf(octets_bytes(&line), leaf);
		json_put_number(j, "issued_index", (int64_t)s->issued_index);
		json_put_octets(j, "entry", octets_bytes(&line));
		json_put_hex(j, "leaf_hash", leaf, sizeof(leaf));
	}
	json_free(entry);
	bytes_free(&line);
}

/* One page of a ledger's standings, gathered in one scan. */
struct page {
	struct bytes rows;
	size_t limit, n;
	struct octets path, after;
	bool more;
};

static bool
visit(void *with, struct octets key, struct octets value)
{
	struct page *p = with;

	if (key.n != TBS_SERIAL_OCTETS || octets_same(key, p->after))
		return true;
	if (p->n == p->limit) {
		p->more = true;
		return false;
	}
	bytes_put_octets(&p->rows, key);
	bytes_put_counted(&p->rows, value);
	p->n++;
	return true;
}

static bool
read_page(const struct exchange *x, uint8_t after[static TBS_SERIAL_OCTETS], struct page *p,
    struct fault *f)
{
	char text[40], *end;
	long limit = AUDIT_PAGE;
	size_t n;

	if (!api_query(x, "limit", text, sizeof(text), f))
		return false;
	if (text[0] != '\0') {
		limit = strtol(text, &end, 10);
		if (text[0] < '0' || text[0] > '9' || *end != '\0' || limit < 1 ||
		    limit > AUDIT_PAGE_MAX)
			return fault_set(
			    f, FAULT_BADREQ, "limit: expected 1 to %d", AUDIT_PAGE_MAX);
	}
	p->limit = (size_t)limit;
	if (!cursor_of(x, after, TBS_SERIAL_OCTETS, &n, f))
		return false;
	if (n == 0)
		return true;
	if (n != TBS_SERIAL_OCTETS)
		return fault_set(f, FAULT_BADREQ, "after: expected the next of an earlier page");
	p->after = octets_of(after, TBS_SERIAL_OCTETS);
	return true;
}

/* One certificate: what fails of it; its row alone where it is not one (yet). */
static bool
tell_one(struct audit_book *b, struct ledger *l, const uint8_t *serial, struct octets value,
    struct json *items, struct fault *f)
{
	struct standing s;
	struct audit_list one;
	struct json *j;

	if (!ledger_read_standing(value, &s))
		return fault_set(f, FAULT_INTERNAL, "ledger: a standing that cannot be read");
	audit_list_start(&one, true);
	if (!audit_book_one(b, l, &s, &one.report, f)) {
		json_free(one.findings);
		return false;
	}
	j = json_object();
	json_put_hex(j, "serial", serial, TBS_SERIAL_OCTETS);
	json_put_text(j, "name", s.name);
	json_put_text(j, "kind", s.profile);
	json_put_text(j, "status", ledger_state_word(&s, b->site->now_s));
	audit_json_counts(j, &one.report);
	json_put(j, "findings", one.findings);
	json_add(items, j);
	return true;
}

static bool
tell_page(
    struct audit_book *b, struct ledger *l, struct page *p, struct json *answer, struct fault *f)
{
	struct reader r = reader_of(octets_bytes(&p->rows));
	struct json *items = json_array();
	uint8_t serial[TBS_SERIAL_OCTETS] = { 0 };
	bool ok = true;

	for (size_t i = 0; ok && i < p->n; i++) {
		reader_copy(&r, serial, sizeof(serial));
		ok = tell_one(b, l, serial, reader_counted(&r), items, f);
	}
	json_put(answer, "items", items);
	if (p->more)
		cursor_put(answer, p->path, octets_of(serial, sizeof(serial)));
	return ok;
}

/* On the first page: the tenant's CA and those above it, all that was looked at. */
static bool
tell_above(
    struct audit_book *b, const char *tenant, struct json *answer, bool *more, struct fault *f)
{
	struct audit_list l;
	struct json *j;
	struct tenant t;

	if (!realm_tenant(b->site->realm, tenant, &t, f))
		return false;
	audit_list_start(&l, false);
	if (!audit_book_above(b, t.key_id, &l.report, f)) {
		json_free(l.findings);
		return false;
	}
	j = json_object();
	audit_json_counts(j, &l.report);
	json_put(j, "findings", l.findings);
	json_put(answer, "above", j);
	*more = *more || l.report.more;
	return true;
}

/* How far the log was read: until that is all of it, nothing is known of the tree. */
static bool
tell_log(
    const struct audit_site *s, struct ledger *l, struct json *answer, bool *more, struct fault *f)
{
	struct json *j;
	struct fault why;
	uint64_t got = 0, size = 0;
	bool good = audit_tree(s->trees, l, &got, &size, &why);

	if (!good && why.code == FAULT_INTERNAL) {
		*f = why;
		return false;
	}
	j = json_object();
	json_put_number(j, "read", (int64_t)got);
	json_put_number(j, "size", (int64_t)size);
	json_put_bool(j, "ok", good);
	if (!good)
		json_put_octets(j, "text", octets_text(why.text));
	json_put(answer, "log", j);
	*more = *more || (good && got < size);
	return true;
}

bool
api_audit_tenant(const struct api_call *c, struct fault *f)
{
	const struct audit_site site = { c->api->realm, &c->api->trees, c->now_s };
	struct audit_book book = { .site = &site };
	uint8_t after[TBS_SERIAL_OCTETS];
	struct page p = { .path = c->x->path };
	struct ledger *l;
	struct json *answer;
	bool ok, more = false;

	if (!read_page(c->x, after, &p, f) || !realm_ledger(c->api->realm, c->tenant, &l, f))
		return false;
	answer = json_object();
	ok = store_scan(ledger_store(l), TABLE_SERIAL, p.after, SIZE_MAX, visit, &p, f) &&
	     bytes_ok(&p.rows, f) && tell_log(&site, l, answer, &more, f) &&
	     (p.after.n > 0 || tell_above(&book, c->tenant, answer, &more, f)) &&
	     tell_page(&book, l, &p, answer, f);
	if (ok) {
		json_put_bool(answer, "more", more);
		api_answer(c->x, 200, answer);
		answer = NULL;
	}
	json_free(answer);
	bytes_free(&p.rows);
	audit_book_free(&book);
	return ok;
}
