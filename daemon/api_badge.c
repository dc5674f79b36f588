/* daemon/api_badge.c - the badges of a tenant: whose, and never what is on them; see api.h. */
#include <stdio.h>
#include <string.h>

#include "ca/badge.h"
#include "daemon/api_page.h"

static bool
want_badge(const struct page *p, struct octets key, struct octets value)
{
	struct badge b;

	return badge_read(p->call->tenant, key, value, &b) &&
	       (p->device[0] == '\0' || strcmp(p->device, b.owner.name) == 0);
}

static struct json *
tell_badge(const struct page *p, struct octets key, struct octets value)
{
	char id[BADGE_ID_LETTERS + 1], name[2 * TEXT_LABEL_MAX];
	struct json *j = json_object();
	struct badge b = { .added_s = 0 };

	(void)badge_read(p->call->tenant, key, value, &b); /* want_badge() read it before */
	badge_id(&b, id);
	(void)snprintf(name, sizeof(name), "%s/%s", b.owner.kind, b.owner.name);
	json_put_text(j, "id", id);
	json_put_text(j, "owner", name);
	json_put_time(j, "added", b.added_s);
	json_put_octets(j, "by", octets_text(b.by));
	json_put_number(j, "log_index", (int64_t)b.log_index);
	return j;
}

bool
api_badges(const struct api_call *c, struct fault *f)
{
	struct page p = { .call = c, .want = want_badge, .tell = tell_badge };

	return api_query(c->x, "device", p.device, sizeof(p.device), f) &&
	       realm_ledger(c->api->realm, c->tenant, &p.ledger, f) &&
	       page_list(&p, TABLE_BADGE, f);
}
