/* relay/infra_reply.c - how connectors are answered; see infra_under.h. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "relay/infra_under.h"

/* The version of the request, or the nearest that we speak (RFC 8011 section 4.1.8). */
void
infra_reply_begin(struct infra_call *c, enum infra_status status, const char *why)
{
	struct ipp_head h = { .code = (uint16_t)status, .request_id = c->head.request_id };

	h.major = c->head.major == 1 ? 1 : 2;
	h.minor = c->head.major == 1 ? 1 : 0;
	bytes_clear(&c->x->reply);
	ipp_begin(&c->x->reply, &h);
	if (why != NULL)
		ipp_put_text(&c->x->reply, IPP_TEXT, "status-message", why);
}

void
infra_reply_done(struct infra_call *c)
{
	struct fault f;

	ipp_end(&c->x->reply);
	if (!bytes_ok(&c->x->reply, &f)) {
		bytes_free(&c->x->reply);
		c->x->status = 500;
		return;
	}
	c->x->type = "application/ipp";
	c->x->status = 200;
}

void
infra_reply_ok(struct infra_call *c)
{
	infra_reply_begin(c, INFRA_OK, NULL);
	infra_reply_done(c);
}

static void
refuse(struct infra_call *c, enum infra_status status, const char *why)
{
	(void)snprintf(c->x->why, sizeof(c->x->why), "%s", why);
	infra_reply_begin(c, status, why);
	infra_reply_done(c);
}

void
infra_refuse(struct infra_call *c, enum infra_status status, const char *fmt, ...)
{
	char why[EXCHANGE_WHY_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	refuse(c, status, why);
}

void
infra_reply_fault(struct infra_call *c, const struct fault *f)
{
	static const struct {
		enum fault_code code;
		enum infra_status status;
		const char *told; /* NULL: the fault's own words */
	} map[] = {
		{ FAULT_BADREQ, INFRA_BAD_REQUEST, NULL },
		{ FAULT_DENIED, INFRA_NOT_AUTHORIZED, NULL },
		{ FAULT_NOTFOUND, INFRA_NOT_FOUND, NULL },
		{ FAULT_CONFLICT, INFRA_NOT_POSSIBLE, NULL },
		{ FAULT_STALE, INFRA_NOT_FETCHABLE, NULL },
		{ FAULT_LIMIT, INFRA_TOO_MANY, NULL },
		{ FAULT_BUSY, INFRA_BUSY, "nobody can answer that now: try again" },
	};

	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (map[i].code == f->code) {
			infra_refuse(
			    c, map[i].status, "%s", map[i].told != NULL ? map[i].told : f->text);
			return;
		}
	infra_refuse(c, INFRA_INTERNAL, "something is wrong on our side");
	(void)snprintf(c->x->why, sizeof(c->x->why), "%.*s", EXCHANGE_WHY_MAX - 1, f->text);
}

void
infra_put_device(struct infra_call *c, const char *name, const char *device)
{
	char text[PRINTER_UUID_TEXT];
	uint8_t uuid[PRINTER_UUID];

	printer_uuid(c->infra->realm, c->who.tenant, device, uuid);
	printer_uuid_text(uuid, text);
	ipp_put_text(&c->x->reply, IPP_URI, name, text);
}

void
infra_put_job(struct infra_call *c, const struct job *j)
{
	struct bytes *b = &c->x->reply;
	char uuid[PRINTER_UUID_TEXT];
	bool first = true;

	printer_uuid_text(j->uuid, uuid);
	ipp_put_number(b, IPP_INTEGER, "job-id", (int32_t)j->id);
	ipp_put_text(b, IPP_URI, "job-uuid", uuid);
	ipp_put_number(b, IPP_ENUM, "job-state", (int32_t)j->state);
	for (uint32_t bit = 1; bit != 0 && bit <= j->reasons; bit <<= 1) {
		const char *word =
		    (j->reasons & bit) == 0 ? NULL : job_reason_word((enum job_reason)bit);

		if (word == NULL)
			continue;
		ipp_put_text(b, IPP_KEYWORD, first ? "job-state-reasons" : "", word);
		first = false;
	}
	if (first)
		ipp_put_text(b, IPP_KEYWORD, "job-state-reasons", "none");
	infra_put_device(c, "output-device-uuid-assigned", j->device);
}
