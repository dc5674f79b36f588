/* daemon/api_read.c - what operators may read, straight from the ledger; see api.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/audit.h"
#include "ca/cert.h"
#include "ca/device.h"
#include "ca/maker.h"
#include "ca/petition.h"
#include "ca/token.h"
#include "daemon/api_page.h"
#include "policy/identity.h"

#define ENTRIES_MAX (1 << 20) /* octets of one page of entries */

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

	return page_list(&p, TABLE_TENANT, f);
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

	return realm_ledger(c->api->realm, c->tenant, &p.ledger, f) &&
	       page_list(&p, TABLE_TOKEN, f);
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
	return realm_ledger(c->api->realm, c->tenant, &p.ledger, f) &&
	       page_list(&p, TABLE_MAKER, f);
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
	       realm_ledger(c->api->realm, c->tenant, &p.ledger, f) &&
	       page_list(&p, TABLE_DEVICE, f);
}

static bool
want_request(const struct page *p, struct octets key, struct octets value)
{
	struct petition r;
	enum petition_state state;

	if (!petition_read(p->call->tenant, key, value, &r))
		return false;
	state =
	    r.state != PETITION_ISSUED && p->call->now_s >= r.due_s ? PETITION_EXPIRED : r.state;
	return p->status[0] == '\0' || strcmp(p->status, petition_state_word(state)) == 0;
}

static struct json *
tell_request(const struct page *p, struct octets key, struct octets value)
{
	struct petition r = { .state = PETITION_EXPIRED };

	(void)petition_read(p->call->tenant, key, value, &r); /* want_request() read it before */
	return api_request_object(p->call, p->ledger, &r);
}

bool
api_requests(const struct api_call *c, struct fault *f)
{
	struct page p = { .call = c, .want = want_request, .tell = tell_request };

	return api_query(c->x, "state", p.status, sizeof(p.status), f) &&
	       realm_ledger(c->api->realm, c->tenant, &p.ledger, f) &&
	       page_list(&p, TABLE_REQUEST, f);
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

	if (!realm_ledger(c->api->realm, c->ledger, &l, f) ||
	    !page_limit(x, "count", PAGE_MAX, &e.left, f))
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
