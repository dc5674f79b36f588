/* daemon/api_anywhere.c - GET /v1/certificates: whose is it, of all tenants? By index alone. */
#include <string.h>

#include "ca/claim.h"
#include "ca/revoke.h"
#include "daemon/api_find.h"

#define SERIAL       TBS_SERIAL_OCTETS
#define TENANTS_PAGE 50 /* whose ledgers are opened for one page */

struct seek {
	const struct api_call *call;
	char device[TEXT_LABEL_MAX];
	uint8_t serial[SERIAL], key[32];
	bool by_serial, by_key;
	struct json *items;
	size_t n;
};

static bool
read_seek(const struct exchange *x, struct seek *k, struct fault *f)
{
	static const char *const names[] = { "serial", "key", "device", "after", "limit", NULL };
	char text[80];
	size_t digits = 0;

	if (!api_query_only(x, names, f) || !api_query(x, "serial", text, sizeof(text), f) ||
	    (text[0] != '\0' && !find_read_serial(text, k->serial, &digits, f)))
		return false;
	if (digits > 0 && digits != SERIAL * 2)
		return fault_set(f, FAULT_BADREQ,
		    "serial: expected %d hex digits: its beginning is looked for in one tenant alone",
		    SERIAL * 2);
	k->by_serial = digits > 0;
	if (!api_query(x, "key", text, sizeof(text), f) ||
	    (text[0] != '\0' && !find_read_key(text, k->key, f)))
		return false;
	k->by_key = text[0] != '\0';
	if (!api_query(x, "device", k->device, sizeof(k->device), f))
		return false;
	return k->by_serial + k->by_key + (k->device[0] != '\0') == 1 ||
	       fault_set(f, FAULT_BADREQ, "query: expected one of serial, key, device");
}

/* One certificate, and whose tenant's it is. */
static bool
tell(struct seek *k, struct ledger *l, const uint8_t *serial, struct fault *f)
{
	struct standing s;
	struct fault why;
	struct json *j;

	if (!ledger_standing(l, serial, &s, &why)) {
		*f = why;
		return why.code == FAULT_NOTFOUND;
	}
	if (k->by_key && !find_has_key(l, &s, k->key))
		return true;
	j = api_certificate_object(serial, &s, k->call->now_s);
	json_put_text(j, "tenant", ledger_tenant(l));
	json_add(k->items, j);
	k->n++;
	return true;
}

static bool
tell_all(struct seek *k, struct ledger *l, const struct bytes *serials, struct fault *f)
{
	for (size_t i = 0; i + SERIAL <= serials->n; i += SERIAL)
		if (!tell(k, l, serials->at + i, f))
			return false;
	return true;
}

static bool
look_in(struct seek *k, const char *tenant, struct fault *f)
{
	struct bytes serials = { 0 };
	struct ledger *l;
	bool ok;

	if (!realm_ledger(k->call->api->realm, tenant, &l, f))
		return false;
	if (k->by_serial)
		return tell(k, l, k->serial, f);
	ok = find_named(l, k->device, &serials, f) && tell_all(k, l, &serials, f);
	bytes_free(&serials);
	return ok;
}

/* The platform knows of each key whose it is: "tenant/kind/name". */
static bool
look_by_key(struct seek *k, struct fault *f)
{
	struct realm *r = k->call->api->realm;
	char owner[CLAIM_OWNER_MAX] = "", *kind, *name = NULL;
	struct bytes row = { 0 }, serials = { 0 };
	struct ledger *l;
	struct fault why;
	bool ok = ledger_get(realm_platform(r), TABLE_KEY, octets_of(k->key, 32), &row, &why) ||
		  why.code == FAULT_NOTFOUND;

	if (ok && row.n > 0 && row.n < sizeof(owner))
		memcpy(owner, row.at, row.n);
	if ((kind = strchr(owner, '/')) != NULL && (name = strchr(kind + 1, '/')) != NULL) {
		*kind++ = '\0';
		*name++ = '\0';
		ok = realm_ledger(r, owner, &l, &why) && find_held(l, kind, name, &serials, &why) &&
		     tell_all(k, l, &serials, &why);
	}
	if (!ok)
		*f = why;
	bytes_free(&serials);
	bytes_free(&row);
	return ok;
}

/* The labels of one page of tenants. */
struct labels {
	char after[TEXT_LABEL_MAX];
	char at[TENANTS_PAGE][TEXT_LABEL_MAX];
	size_t n;
	bool more;
};

static bool
take_label(void *with, struct octets key, struct octets value)
{
	struct labels *t = with;

	(void)value;
	if (key.n >= TEXT_LABEL_MAX || octets_same(key, octets_text(t->after)))
		return true;
	if ((t->more = t->n == TENANTS_PAGE))
		return false;
	memcpy(t->at[t->n], key.at, key.n);
	t->at[t->n++][key.n] = '\0';
	return true;
}

/* A serial is one's alone, so that the search ends where it is found. */
static bool
look_everywhere(struct seek *k, struct json *page, struct fault *f)
{
	struct labels t = { .n = 0 };
	size_t limit, i;

	if (!api_after(k->call->x, t.after, sizeof(t.after), f) ||
	    !api_limit(k->call->x, &limit, f) ||
	    !store_scan(ledger_store(realm_platform(k->call->api->realm)), TABLE_TENANT,
		octets_text(t.after), SIZE_MAX, take_label, &t, f))
		return false;
	for (i = 0; i < t.n && k->n < limit; i++) {
		if (!look_in(k, t.at[i], f))
			return false;
		if (k->by_serial && k->n > 0)
			return true;
	}
	if (t.more || i < t.n)
		api_put_next(k->call->x, page, t.at[i - 1]);
	return true;
}

bool
api_certificates_anywhere(const struct api_call *c, struct fault *f)
{
	struct seek k = { .call = c };
	struct json *page;
	bool ok;

	if (!read_seek(c->x, &k, f))
		return false;
	page = json_object();
	k.items = json_array();
	ok = k.by_key ? look_by_key(&k, f) : look_everywhere(&k, page, f);
	json_put(page, "items", k.items);
	if (ok)
		api_answer(c->x, 200, page);
	else
		json_free(page);
	return ok;
}
