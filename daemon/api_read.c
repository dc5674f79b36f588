/* daemon/api_read.c - what operators may read, straight from the ledger; see api.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/cert.h"
#include "ca/found.h"
#include "ca/revoke.h"
#include "ca/token.h"
#include "daemon/api.h"
#include "policy/identity.h"

#define PAGE_DEFAULT 100
#define PAGE_MAX     1000
#define ENTRIES_MAX  (1 << 20) /* octets of one page of entries */
#define KEY_HEX_MAX  (STORE_KEY_MAX * 2 + 1)

/* One page of a table, being read. */
struct page {
	const struct api_call *call;
	struct json *items;
	int64_t limit;
	struct octets after; /* exclusive */
	char last[KEY_HEX_MAX];
	bool more;
	/* Put one row into items; false: leave it out. */
	bool (*put)(struct page *p, struct octets key, struct octets value);
	struct ledger *ledger;
	char device[TEXT_LABEL_MAX], status[TEXT_LABEL_MAX]; /* filters */
};

static bool
visit(void *with, struct octets key, struct octets value)
{
	struct page *p = with;

	if (octets_same(key, p->after))
		return true;
	if (json_count(p->items) == (size_t)p->limit) {
		p->more = true;
		return false;
	}
	if (p->put(p, key, value))
		text_hex(key.at, key.n, p->last);
	return true;
}

/* The cursor is the last key in hex: opaque to clients, cheap for us. */
static bool
read_cursor(const struct exchange *x, uint8_t *key, size_t *n, struct fault *f)
{
	char hex[KEY_HEX_MAX];

	*n = 0;
	if (!api_query(x, "after", hex, sizeof(hex)))
		return true;
	*n = strlen(hex) / 2;
	return text_unhex(hex, key, *n) ||
	       fault_set(f, FAULT_BADREQ, "after: expected the next of an earlier page");
}

static bool
read_limit(
    const struct exchange *x, const char *name, int64_t fallback, int64_t *ret, struct fault *f)
{
	char text[24], *end;

	*ret = fallback;
	if (!api_query(x, name, text, sizeof(text)))
		return true;
	*ret = strtoll(text, &end, 10);
	if (text[0] == '\0' || *end != '\0' || *ret < 1 || *ret > PAGE_MAX)
		return fault_set(f, FAULT_BADREQ, "%s: expected 1 to %d", name, PAGE_MAX);
	return true;
}

static bool
list(const struct api_call *c, struct ledger *l, enum ledger_table table,
    bool (*put)(struct page *, struct octets, struct octets), struct fault *f)
{
	struct page p = { .call = c, .put = put, .ledger = l };
	uint8_t after[STORE_KEY_MAX];
	struct json *answer;
	size_t n;

	if (!read_cursor(c->x, after, &n, f) ||
	    !read_limit(c->x, "limit", PAGE_DEFAULT, &p.limit, f))
		return false;
	(void)api_query(c->x, "device", p.device, sizeof(p.device));
	(void)api_query(c->x, "status", p.status, sizeof(p.status));
	p.after = octets_of(after, n);
	p.items = json_array();
	if (!store_scan(ledger_store(l), (unsigned)table, p.after, SIZE_MAX, visit, &p, f)) {
		json_free(p.items);
		return false;
	}
	answer = json_object();
	json_put(answer, "items", p.items);
	if (p.more)
		json_put_text(answer, "next", p.last);
	api_answer(c->x, 200, answer);
	return true;
}

static struct json *
tenant_object(const struct tenant *t)
{
	struct json *j = json_object();

	json_put_text(j, "name", t->name);
	json_put_text(j, "constraints", found_mode_word(t->constraints));
	json_put_time(j, "created", t->created_s);
	return j;
}

static bool
put_tenant(struct page *p, struct octets key, struct octets value)
{
	struct tenant t;

	if (!realm_read_tenant(key, value, &t))
		return false;
	json_add(p->items, tenant_object(&t));
	return true;
}

bool
api_tenants(const struct api_call *c, struct fault *f)
{
	return list(c, realm_platform(c->api->realm), TABLE_TENANT, put_tenant, f);
}

bool
api_tenant(const struct api_call *c, struct fault *f)
{
	struct realm *r = c->api->realm;
	struct tenant t;
	struct authority a;
	struct realm_chain chain;
	struct bytes pem = { 0 };
	struct json *j;
	bool ok = true;

	if (!realm_tenant(r, c->tenant, &t, f) || !realm_authority(r, t.key_id, &a, f) ||
	    !realm_chain(r, t.key_id, &chain, f))
		return false;
	for (size_t i = 0; ok && i < chain.n; i++)
		ok = cert_pem(octets_bytes(&chain.der[i]), &pem, f);
	bytes_put_u8(&pem, 0);
	if ((ok = ok && bytes_ok(&pem, f))) {
		j = tenant_object(&t);
		json_put_hex(j, "ca_serial", a.serial, sizeof(a.serial));
		json_put_time(j, "not_after", a.not_after_s);
		json_put_text(j, "chain", (const char *)pem.at);
		api_answer(c->x, 200, j);
	}
	bytes_free(&pem);
	realm_chain_free(&chain);
	return ok;
}

static bool
put_operator(struct page *p, struct octets key, struct octets value)
{
	char name[TEXT_LABEL_MAX];
	struct standing s;
	struct fault f;
	struct json *j;

	if (value.n != 1 + TBS_SERIAL_OCTETS || key.n >= sizeof(name))
		return false;
	memcpy(name, key.at, key.n);
	name[key.n] = '\0';
	j = json_object();
	json_put_text(j, "name", name);
	json_put_text(j, "role", identity_role_word((enum identity_role)value.at[0]));
	json_put_hex(j, "serial", value.at + 1, TBS_SERIAL_OCTETS);
	json_put_text(j, "status",
	    ledger_standing(p->ledger, value.at + 1, &s, &f) ? ledger_state_word(&s, p->call->now_s)
							     : "unknown");
	json_add(p->items, j);
	return true;
}

bool
api_operators(const struct api_call *c, struct fault *f)
{
	return list(c, realm_platform(c->api->realm), TABLE_OPERATOR, put_operator, f);
}

static bool
put_token(struct page *p, struct octets key, struct octets value)
{
	char id[TOKEN_ID_LETTERS + 1];
	struct token t;
	struct json *j;

	if (!token_read(p->call->tenant, key, value, &t))
		return false;
	token_id(&t, id);
	j = json_object();
	json_put_text(j, "id", id);
	json_put_text(j, "device", t.device.name);
	json_put_text(j, "profile", t.device.kind);
	json_put_time(j, "created", t.created_s);
	json_put_time(j, "expires", t.expires_s);
	json_put_text(j, "state", token_state_word(&t, p->call->now_s));
	json_add(p->items, j);
	return true;
}

bool
api_tokens(const struct api_call *c, struct fault *f)
{
	struct ledger *l;

	return realm_ledger(c->api->realm, c->tenant, &l, f) &&
	       list(c, l, TABLE_TOKEN, put_token, f);
}

static struct json *
certificate_object(const uint8_t *serial, const struct standing *s, int64_t now_s)
{
	struct json *j = json_object();

	json_put_hex(j, "serial", serial, TBS_SERIAL_OCTETS);
	json_put_text(j, "name", s->name);
	json_put_text(j, "kind", s->profile);
	json_put_text(j, "status", ledger_state_word(s, now_s));
	json_put_time(j, "not_before", s->not_before_s);
	json_put_time(j, "not_after", s->not_after_s);
	if (s->state == STANDING_REVOKED || s->state == STANDING_ABANDONED) {
		json_put_text(j, "reason", revoke_reason_word(s->reason));
		json_put_time(j, "revoked_at", s->changed_s);
	}
	json_put_number(j, "log_index", (int64_t)s->log_index);
	return j;
}

static bool
put_certificate(struct page *p, struct octets key, struct octets value)
{
	struct standing s;

	if (key.n != TBS_SERIAL_OCTETS || !ledger_read_standing(value, &s))
		return false;
	if (p->device[0] != '\0' && strcmp(p->device, s.name) != 0)
		return false;
	if (p->status[0] != '\0' && strcmp(p->status, ledger_state_word(&s, p->call->now_s)) != 0)
		return false;
	json_add(p->items, certificate_object(key.at, &s, p->call->now_s));
	return true;
}

bool
api_certificates(const struct api_call *c, struct fault *f)
{
	struct ledger *l;

	return realm_ledger(c->api->realm, c->tenant, &l, f) &&
	       list(c, l, TABLE_SERIAL, put_certificate, f);
}

bool
api_certificate(const struct api_call *c, struct fault *f)
{
	struct ledger *l;
	struct standing s;
	struct bytes der = { 0 }, pem = { 0 };
	struct json *j;
	uint8_t serial[TBS_SERIAL_OCTETS];
	bool ok = false;

	if (!text_unhex(c->object, serial, sizeof(serial)))
		return fault_set(f, FAULT_NOTFOUND, "certificate: a serial is %d hex digits",
		    TBS_SERIAL_OCTETS * 2);
	if (!realm_ledger(c->api->realm, c->tenant, &l, f))
		return false;
	if (!ledger_standing(l, serial, &s, f)) {
		if (f->code == FAULT_NOTFOUND)
			fault_set(f, FAULT_NOTFOUND, "certificate: no such serial in this tenant");
		return false;
	}
	j = certificate_object(serial, &s, c->now_s);
	json_put_octets(j, "enroller", octets_text(s.enroller));
	json_put_text(j, "how", s.how);
	json_put_number(j, "assurance", s.assurance);
	if (s.state != STANDING_PENDING &&
	    s.state != STANDING_ABANDONED) { /* those have no certificate */
		if (!ledger_certificate(l, s.id, &der, f) || !cert_pem(octets_bytes(&der), &pem, f))
			goto out;
		bytes_put_u8(&pem, 0);
		if (!bytes_ok(&pem, f))
			goto out;
		json_put_text(j, "certificate", (const char *)pem.at);
	}
	api_answer(c->x, 200, j);
	j = NULL;
	ok = true;
out:
	json_free(j);
	bytes_free(&pem);
	bytes_free(&der);
	return ok;
}

struct entries {
	struct bytes *out;
	int64_t left;
};

static bool
put_entry(void *with, struct octets key, struct octets value)
{
	struct entries *e = with;

	(void)key;
	if (e->left-- == 0 || e->out->n + value.n + 1 > ENTRIES_MAX)
		return false;
	bytes_put_octets(e->out, value);
	bytes_put_u8(e->out, '\n');
	return true;
}

bool
api_entries(const struct api_call *c, struct fault *f)
{
	struct exchange *x = c->x;
	struct entries e = { .out = &x->reply };
	struct ledger *l;
	uint8_t key[8];
	char text[24], *end;
	uint64_t from = 0;

	if (!realm_ledger(c->api->realm, c->tenant, &l, f) ||
	    !read_limit(x, "count", PAGE_MAX, &e.left, f))
		return false;
	if (api_query(x, "from", text, sizeof(text))) {
		from = strtoull(text, &end, 10);
		if (text[0] < '0' || text[0] > '9' || *end != '\0')
			return fault_set(f, FAULT_BADREQ, "from: expected the index of an entry");
	}
	for (int i = 7; i >= 0; i--, from >>= 8)
		key[i] = (uint8_t)from;
	if (!store_scan(ledger_store(l), TABLE_LOG, octets_of(key, sizeof(key)), SIZE_MAX,
		put_entry, &e, f) ||
	    !bytes_ok(&x->reply, f))
		return false;
	x->type = "application/x-ndjson";
	x->status = 200;
	return true;
}

bool
api_checkpoint(const struct api_call *c, struct fault *f)
{
	struct ledger *l;

	if (!realm_ledger(c->api->realm, c->tenant, &l, f))
		return false;
	if (!ledger_get(l, TABLE_META, octets_text("checkpoint"), &c->x->reply, f)) {
		if (f->code == FAULT_NOTFOUND)
			fault_set(f, FAULT_NOTFOUND,
			    "log: no checkpoint was signed yet: export the log first");
		return false;
	}
	c->x->type = "text/plain; charset=utf-8";
	c->x->status = 200;
	return true;
}
