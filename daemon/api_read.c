/* daemon/api_read.c - what operators may read, straight from the ledger; see api.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/audit.h"
#include "ca/cert.h"
#include "ca/device.h"
#include "ca/maker.h"
#include "ca/request.h"
#include "ca/token.h"
#include "daemon/api.h"
#include "policy/identity.h"

#define PAGE_DEFAULT 100
#define PAGE_MAX     1000
#define ENTRIES_MAX  (1 << 20) /* octets of one page of entries */
#define KEY_HEX_MAX  (STORE_KEY_MAX * 2 + 1)

/* One page of a table: the rows are gathered in one scan, then told, which may read the store
 * again. */
struct page {
	const struct api_call *call;
	struct ledger *ledger;
	size_t limit;
	struct octets after; /* exclusive */
	struct bytes rows;   /* key and value, counted */
	size_t n;
	bool more;
	/* Is the row wanted? NULL: every one. */
	bool (*want)(const struct page *p, struct octets key, struct octets value);
	struct json *(*tell)(const struct page *p, struct octets key, struct octets value);
	char device[TEXT_LABEL_MAX], status[TEXT_LABEL_MAX]; /* filters */
};

static bool
visit(void *with, struct octets key, struct octets value)
{
	struct page *p = with;

	if (octets_same(key, p->after) || (p->want != NULL && !p->want(p, key, value)))
		return true;
	if (p->n == p->limit) {
		p->more = true;
		return false;
	}
	bytes_put_counted(&p->rows, key);
	bytes_put_counted(&p->rows, value);
	p->n++;
	return true;
}

/* The cursor is the last key in hex: opaque to clients, cheap for us. */
static bool
read_cursor(const struct exchange *x, uint8_t *key, size_t *n, struct fault *f)
{
	char hex[KEY_HEX_MAX];

	if (!api_query(x, "after", hex, sizeof(hex), f))
		return false;
	*n = strlen(hex) / 2;
	return text_unhex(hex, key, *n) ||
	       fault_set(f, FAULT_BADREQ, "after: expected the next of an earlier page");
}

static bool
read_limit(
    const struct exchange *x, const char *name, int64_t fallback, int64_t *ret, struct fault *f)
{
	char text[24], *end;

	if (!api_query(x, name, text, sizeof(text), f))
		return false;
	*ret = text[0] == '\0' ? fallback : strtoll(text, &end, 10);
	if (text[0] != '\0' &&
	    (text[0] < '0' || text[0] > '9' || *end != '\0' || *ret < 1 || *ret > PAGE_MAX))
		return fault_set(f, FAULT_BADREQ, "%s: expected 1 to %d", name, PAGE_MAX);
	return true;
}

/* Tell the gathered rows; the last one's key is the cursor. */
static void
tell_rows(struct page *p, struct json *answer)
{
	struct reader r = reader_of(octets_bytes(&p->rows));
	struct octets key = { NULL, 0 };
	struct json *items = json_array();
	char last[KEY_HEX_MAX];

	for (size_t i = 0; i < p->n; i++) {
		key = reader_counted(&r);
		json_add(items, p->tell(p, key, reader_counted(&r)));
	}
	json_put(answer, "items", items);
	text_hex(key.at, key.n, last);
	if (p->more)
		json_put_text(answer, "next", last);
}

static bool
list(struct page *p, enum ledger_table table, struct fault *f)
{
	const struct exchange *x = p->call->x;
	uint8_t after[STORE_KEY_MAX];
	struct json *answer;
	int64_t limit;
	bool ok = false;

	if (!read_cursor(x, after, &p->after.n, f) ||
	    !read_limit(x, "limit", PAGE_DEFAULT, &limit, f))
		return false;
	p->after.at = after;
	p->limit = (size_t)limit;
	if (store_scan(ledger_store(p->ledger), (unsigned)table, p->after, SIZE_MAX, visit, p, f) &&
	    bytes_ok(&p->rows, f)) {
		answer = json_object();
		tell_rows(p, answer);
		api_answer(p->call->x, 200, answer);
		ok = true;
	}
	bytes_free(&p->rows);
	return ok;
}

static struct json *
tell_tenant(const struct page *p, struct octets key, struct octets value)
{
	struct tenant t = { .name = "" };

	(void)realm_read_tenant(key, value, &t);
	return api_tenant_object(p->call, &t);
}

bool
api_tenants(const struct api_call *c, struct fault *f)
{
	struct page p = { .call = c, .ledger = realm_platform(c->api->realm), .tell = tell_tenant };

	return list(&p, TABLE_TENANT, f);
}

static struct json *
tell_operator(const struct page *p, struct octets key, struct octets value)
{
	struct json *j = json_object();
	struct standing s;
	struct fault f;
	bool known =
	    value.n == 1 + TBS_SERIAL_OCTETS && ledger_standing(p->ledger, value.at + 1, &s, &f);

	json_put_octets(j, "name", key);
	if (!known)
		return j;
	json_put_text(j, "role", identity_role_word((enum identity_role)value.at[0]));
	json_put_hex(j, "serial", value.at + 1, TBS_SERIAL_OCTETS);
	json_put_text(j, "status", ledger_state_word(&s, p->call->now_s));
	return j;
}

bool
api_operators(const struct api_call *c, struct fault *f)
{
	struct page p = {
		.call = c, .ledger = realm_platform(c->api->realm), .tell = tell_operator
	};

	return list(&p, TABLE_OPERATOR, f);
}

static struct json *
tell_token(const struct page *p, struct octets key, struct octets value)
{
	char id[TOKEN_ID_LETTERS + 1];
	struct token t;
	struct json *j = json_object();

	if (!token_read(p->call->tenant, key, value, &t))
		return j;
	token_id(&t, id);
	json_put_text(j, "id", id);
	json_put_text(j, "device", t.device.name);
	json_put_text(j, "profile", t.profile);
	json_put_time(j, "created", t.created_s);
	json_put_time(j, "expires", t.expires_s);
	json_put_text(j, "state", token_state_word(&t, p->call->now_s));
	return j;
}

bool
api_tokens(const struct api_call *c, struct fault *f)
{
	struct page p = { .call = c, .tell = tell_token };

	return realm_ledger(c->api->realm, c->tenant, &p.ledger, f) && list(&p, TABLE_TOKEN, f);
}

static bool
want_maker(const struct page *p, struct octets key, struct octets value)
{
	struct maker m;

	(void)p;
	return maker_read(key, value, &m);
}

static struct json *
tell_maker(const struct page *p, struct octets key, struct octets value)
{
	struct json *j = json_object();
	char subject[AUDIT_SUBJECT_MAX];
	struct maker m = { .name = "" };
	struct cert cert;
	struct fault f;

	(void)p;
	(void)maker_read(key, value, &m); /* want_maker() read it before */
	json_put_text(j, "name", m.name);
	if (cert_read(m.certificate, &cert, &f)) {
		audit_subject(&cert, subject);
		json_put_octets(j, "subject", octets_text(subject));
		json_put_time(j, "not_after", cert.not_after_s);
	}
	json_put_time(j, "added", m.added_s);
	json_put_octets(j, "by", octets_text(m.by));
	json_put_number(j, "log_index", (int64_t)m.log_index);
	return j;
}

bool
api_makers(const struct api_call *c, struct fault *f)
{
	struct page p = { .call = c, .want = want_maker, .tell = tell_maker };

	if (strcmp(c->tenant, NAME_PLATFORM) == 0) /* its rows are an index */
		return fault_set(f, FAULT_NOTFOUND, "maker: the platform has none");
	return realm_ledger(c->api->realm, c->tenant, &p.ledger, f) && list(&p, TABLE_MAKER, f);
}

static bool
want_device(const struct page *p, struct octets key, struct octets value)
{
	struct device d;

	return device_read(p->call->tenant, key, value, &d) &&
	       (p->device[0] == '\0' || strcmp(p->device, d.is.name) == 0);
}

static struct json *
tell_device(const struct page *p, struct octets key, struct octets value)
{
	struct device d = { .maker = "" };
	struct json *j = json_object();

	(void)device_read(p->call->tenant, key, value, &d); /* want_device() read it before */
	json_put_text(j, "maker", d.maker);
	json_put_text(j, "serial", d.serial);
	json_put_text(j, "device", d.is.name);
	json_put_text(j, "profile", d.profile);
	json_put_time(j, "added", d.added_s);
	json_put_octets(j, "by", octets_text(d.by));
	json_put_number(j, "log_index", (int64_t)d.log_index);
	return j;
}

bool
api_devices(const struct api_call *c, struct fault *f)
{
	struct page p = { .call = c, .want = want_device, .tell = tell_device };

	return api_query(c->x, "device", p.device, sizeof(p.device), f) &&
	       realm_ledger(c->api->realm, c->tenant, &p.ledger, f) && list(&p, TABLE_DEVICE, f);
}

static bool
want_request(const struct page *p, struct octets key, struct octets value)
{
	struct request r;
	enum request_state state;

	if (!request_read(p->call->tenant, key, value, &r))
		return false;
	state = r.state != REQUEST_ISSUED && p->call->now_s >= r.due_s ? REQUEST_EXPIRED : r.state;
	return p->status[0] == '\0' || strcmp(p->status, request_state_word(state)) == 0;
}

static struct json *
tell_request(const struct page *p, struct octets key, struct octets value)
{
	struct request r = { .state = REQUEST_EXPIRED };

	(void)request_read(p->call->tenant, key, value, &r); /* want_request() read it before */
	return api_request_object(p->call, p->ledger, &r);
}

bool
api_requests(const struct api_call *c, struct fault *f)
{
	struct page p = { .call = c, .want = want_request, .tell = tell_request };

	return api_query(c->x, "state", p.status, sizeof(p.status), f) &&
	       realm_ledger(c->api->realm, c->tenant, &p.ledger, f) && list(&p, TABLE_REQUEST, f);
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
	if (!api_query(x, "from", text, sizeof(text), f))
		return false;
	if (text[0] != '\0') {
		from = strtoull(text, &end, 10);
		if (text[0] < '0' || text[0] > '9' || *end != '\0')
			return fault_set(f, FAULT_BADREQ, "from: expected the index of an entry");
	}
	if (!store_scan(
		ledger_store(l), TABLE_LOG, octets_u64(from, key), SIZE_MAX, put_entry, &e, f) ||
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
