/* daemon/api_endpoint.c - what endpoints a tenant has, and the acts that end many certificates. */
#include <stdio.h>
#include <string.h>

#include "ca/bulk.h"
#include "ca/cert.h"
#include "ca/holding.h"
#include "ca/wire.h"
#include "daemon/api_find.h"

#define SERIAL     TBS_SERIAL_OCTETS
#define BESIDE_MAX 4096 /* octets of a body beside its serials: all must fit into one message */

/* One page of TABLE_ENDPOINT. */
struct page {
	const struct api_call *call;
	struct ledger *ledger;
	char kind[TEXT_LABEL_MAX];
	char after[HOLDING_OWNER_MAX];
	size_t limit, n;
	struct bytes rows; /* key and value, counted */
	bool more;
};

static bool
visit(void *with, struct octets key, struct octets value)
{
	struct page *p = with;
	size_t n = strlen(p->kind);

	if (octets_same(key, octets_text(p->after)))
		return true;
	if (n > 0 && (key.n <= n || memcmp(key.at, p->kind, n) != 0 || key.at[n] != '/'))
		return false;
	if ((p->more = p->n == p->limit))
		return false;
	bytes_put_counted(&p->rows, key);
	bytes_put_counted(&p->rows, value);
	p->n++;
	return true;
}

/* When it was added, as the certificate says; where that cannot be read, when it begins. */
static int64_t
added_at(struct ledger *l, const struct standing *s)
{
	struct bytes der = { 0 };
	struct provenance p;
	struct cert c;
	struct fault f;
	bool known = s->id != LEDGER_NO_CERTIFICATE && ledger_certificate(l, s->id, &der, &f) &&
		     cert_parse(octets_bytes(&der), &c, &f) && cert_provenance(&c, &p);

	bytes_free(&der);
	return known ? p.at_s : s->not_before_s;
}

/* What it holds now, and when it got its newest certificate. */
static bool
tell(const struct page *p, struct octets owner, struct octets row, struct json *j,
    struct json *certificates, struct fault *f)
{
	const uint8_t *slash = memchr(owner.at, '/', owner.n);
	size_t kind_n = slash == NULL ? owner.n : (size_t)(slash - owner.at), holds = 0;
	struct standing s;

	json_put_octets(j, "kind", octets_of(owner.at, kind_n));
	json_put_octets(j, "name",
	    slash == NULL ? octets_of(NULL, 0) : octets_of(slash + 1, owner.n - kind_n - 1));
	for (size_t i = 0; i + SERIAL <= row.n; i += SERIAL) {
		if (!ledger_standing(p->ledger, row.at + i, &s, f))
			return false;
		if (i == 0) {
			json_put_hex(j, "newest", row.at, SERIAL);
			json_put_time(j, "last_issued", added_at(p->ledger, &s));
			json_put_time(j, "not_after", s.not_after_s);
			json_put_text(j, "status", ledger_state_word(&s, p->call->now_s));
		}
		holds += holding_still(&s, p->call->now_s);
		if (certificates != NULL)
			json_add(
			    certificates, api_certificate_object(row.at + i, &s, p->call->now_s));
	}
	json_put_number(j, "holds", (int64_t)holds);
	return true;
}

/* Our own keys stand beside the devices, under kinds that nobody can ask for. */
static bool
is_device(const struct page *p, struct octets row)
{
	struct standing s;
	struct fault f;

	return row.n < SERIAL || !ledger_standing(p->ledger, row.at, &s, &f) || bulk_may(&s);
}

static bool
answer(struct page *p, struct fault *f)
{
	struct reader r = reader_of(octets_bytes(&p->rows));
	struct json *page = json_object(), *items = json_array();
	struct octets owner = { NULL, 0 };
	bool ok = true;
	char last[HOLDING_OWNER_MAX] = "";

	for (size_t i = 0; ok && i < p->n; i++) {
		struct json *j = json_object();
		struct octets row;

		owner = reader_counted(&r);
		row = reader_counted(&r);
		ok = tell(p, owner, row, j, NULL, f);
		if (ok && is_device(p, row))
			json_add(items, j);
		else
			json_free(j);
	}
	if (owner.n < sizeof(last) && owner.n > 0)
		memcpy(last, owner.at, owner.n);
	json_put(page, "items", items);
	if (p->more)
		api_put_next(p->call->x, page, last);
	if (ok)
		api_answer(p->call->x, 200, page);
	else
		json_free(page);
	return ok;
}

bool
api_endpoints(const struct api_call *c, struct fault *f)
{
	static const char *const names[] = { "kind", "after", "limit", NULL };
	struct page p = { .call = c };
	char from[HOLDING_OWNER_MAX];
	bool ok;

	if (!api_query_only(c->x, names, f) ||
	    !api_query(c->x, "kind", p.kind, sizeof(p.kind), f) ||
	    !api_after(c->x, p.after, sizeof(p.after), f) || !api_limit(c->x, &p.limit, f) ||
	    !realm_ledger(c->api->realm, c->tenant, &p.ledger, f))
		return false;
	(void)snprintf(from, sizeof(from), "%s%s", p.kind, p.kind[0] == '\0' ? "" : "/");
	ok = store_scan(ledger_store(p.ledger), TABLE_ENDPOINT,
		 octets_text(p.after[0] != '\0' ? p.after : from), SIZE_MAX, visit, &p, f) &&
	     bytes_ok(&p.rows, f) && answer(&p, f);
	bytes_free(&p.rows);
	return ok;
}

bool
api_endpoint(const struct api_call *c, struct fault *f)
{
	struct page p = { .call = c };
	char owner[HOLDING_OWNER_MAX];
	struct bytes row = { 0 };
	struct json *j, *certificates;
	bool ok;

	holding_owner(c->kind, c->object, owner);
	if (!realm_ledger(c->api->realm, c->tenant, &p.ledger, f))
		return false;
	if (!ledger_get(p.ledger, TABLE_ENDPOINT, octets_text(owner), &row, f) ||
	    !is_device(&p, octets_bytes(&row))) {
		bool there = row.n > 0;

		bytes_free(&row);
		return (there || f->code == FAULT_NOTFOUND) &&
		       fault_set(f, FAULT_NOTFOUND, "endpoint: there is no %s here", owner);
	}
	j = json_object();
	certificates = json_array();
	ok = tell(&p, octets_text(owner), octets_bytes(&row), j, certificates, f);
	json_put(j, "certificates", certificates);
	bytes_free(&row);
	if (ok)
		api_answer(c->x, 200, j);
	else
		json_free(j);
	return ok;
}

/* Contents of a DELETE have no meaning of their own (RFC 9110 section 9.3.5), and are lost on some
 * ways: what is wanted stands in the query. */
bool
api_fill_removal(struct api_call *c, struct wire_act *a, struct bytes *room, struct fault *f)
{
	static const char *const names[] = { "reason", "dry_run", NULL };
	char reason[32], dry_run[8], owner[HOLDING_OWNER_MAX];
	struct json *body;
	bool ok;

	if (c->x->body.n > 0)
		return fault_set(
		    f, FAULT_BADREQ, "body: expected none: reason and dry_run stand in the query");
	if (!api_query_only(c->x, names, f) ||
	    !api_query(c->x, "reason", reason, sizeof(reason), f) ||
	    !api_query(c->x, "dry_run", dry_run, sizeof(dry_run), f))
		return false;
	if (dry_run[0] != '\0' && strcmp(dry_run, "true") != 0 && strcmp(dry_run, "false") != 0)
		return fault_set(f, FAULT_BADREQ, "dry_run: expected true or false");
	holding_owner(c->kind, c->object, owner);
	body = json_object();
	if (reason[0] != '\0')
		json_put_octets(body, "reason", octets_text(reason));
	json_put_bool(body, "dry_run", strcmp(dry_run, "true") == 0);
	bytes_put_text(room, owner);
	ok = json_write(body, room, f) && bytes_ok(room, f);
	json_free(body);
	if (!ok)
		return false;
	a->object = octets_of(room->at, strlen(owner));
	a->json = octets_of(room->at + a->object.n, room->n - a->object.n);
	return true;
}

/* A list of serials as octets: ten thousand in hex would not fit into a message. */
static bool
pack(const struct json *list, struct bytes *room, struct fault *f)
{
	uint8_t serial[SERIAL];

	if (json_count(list) < 1 || json_count(list) > BULK_MAX)
		return fault_set(f, json_count(list) > BULK_MAX ? FAULT_LIMIT : FAULT_BADREQ,
		    "serials: expected a list of 1 to %d: go on with the next ones in another request",
		    BULK_MAX);
	for (const struct json *v = json_at(list, 0); v != NULL; v = json_next(v)) {
		const char *hex = json_as_text(v);

		if (hex == NULL || !text_unhex(hex, serial, sizeof(serial)))
			return fault_set(f, FAULT_BADREQ,
			    "serials: expected texts of %d hex digits", SERIAL * 2);
		bytes_put(room, serial, sizeof(serial));
	}
	return bytes_ok(room, f);
}

bool
api_fill_revocations(struct api_call *c, struct wire_act *a, struct bytes *room, struct fault *f)
{
	struct json *body = NULL, *list;
	size_t n;
	bool ok;

	if (!json_parse(c->x->body, &body, f))
		return false;
	list = json_take(body, "serials");
	ok = list == NULL || pack(list, room, f);
	n = room->n;
	ok = ok && json_write(body, room, f) && bytes_ok(room, f);
	json_free(list);
	json_free(body);
	if (!ok)
		return false;
	if (room->n - n > BESIDE_MAX)
		return fault_set(
		    f, FAULT_LIMIT, "api: over %d octets beside the serials", BESIDE_MAX);
	a->object = octets_of(room->at, n);
	a->json = octets_of(room->at + n, room->n - n);
	return true;
}
