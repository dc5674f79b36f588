/* daemon/api_printer.c - the printers of a tenant, and which gateways speak for them; see api.h. */
#include <string.h>

#include "ca/printer.h"
#include "daemon/api_page.h"
#include "daemon/precondition.h"

static struct json *
printer_object(const struct api_call *c, const struct printer *p)
{
	struct json *j = json_object(), *gateways = json_array();
	char uuid[PRINTER_UUID_TEXT];
	uint8_t raw[PRINTER_UUID];

	printer_uuid(c->api->realm, c->tenant, p->name, raw);
	printer_uuid_text(raw, uuid);
	json_put_text(j, "name", p->name);
	json_put_text(j, "uuid", uuid);
	for (size_t i = 0; i < p->gateways_n; i++)
		json_add_text(gateways, p->gateways[i]);
	json_put(j, "gateways", gateways);
	json_put_time(j, "added", p->added_s);
	json_put_number(j, "log_index", (int64_t)p->log_index);
	return j;
}

static bool
want_printer(const struct page *p, struct octets key, struct octets value)
{
	struct printer is;

	if (!printer_read(key, value, &is))
		return false;
	if (p->device[0] == '\0')
		return true;
	for (size_t i = 0; i < is.gateways_n; i++)
		if (strcmp(is.gateways[i], p->device) == 0)
			return true;
	return false;
}

static struct json *
tell_printer(const struct page *p, struct octets key, struct octets value)
{
	struct printer is = { .name = "" };

	(void)printer_read(key, value, &is); /* want_printer() read it before */
	return printer_object(p->call, &is);
}

bool
api_printers(const struct api_call *c, struct fault *f)
{
	struct page p = { .call = c, .want = want_printer, .tell = tell_printer };

	return api_query(c->x, "gateway", p.device, sizeof(p.device), f) &&
	       realm_ledger(c->api->realm, c->tenant, &p.ledger, f) &&
	       page_list(&p, TABLE_PRINTER, f);
}

bool
api_printer(const struct api_call *c, struct fault *f)
{
	struct exchange *x = c->x;
	char tag[PRINTER_TAG_MAX];
	struct ledger *l;
	struct printer p;
	struct json *j;

	if (!realm_ledger(c->api->realm, c->tenant, &l, f) || !printer_get(l, c->object, &p, f) ||
	    !printer_tag(&p, tag, f))
		return false;
	exchange_header(x, "ETag", "%s", tag);
	if (precondition_has(x->if_none_match, tag)) {
		exchange_header(x, "Cache-Control", "no-store");
		x->status = 304;
		return true;
	}
	j = printer_object(c, &p);
	json_put_text(j, "etag", tag);
	api_answer(x, 200, j);
	return true;
}
