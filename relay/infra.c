/* relay/infra.c - see infra.h: from a request to its operation, and who waits. */
#include "relay/infra.h"

#include <stdlib.h>
#include <string.h>

#include "relay/infra_under.h"

static const struct infra_operation operations[] = {
	{ 0x0a, 0, infra_get_jobs },
	{ 0x0b, 0, infra_attributes },
	{ 0x16, 0, infra_subscribe },
	{ 0x1a, 0, infra_renew },
	{ 0x1b, 0, infra_cancel },
	{ 0x1c, 0, infra_notifications },
	{ 0x3f, NEEDS_DEVICE | NEEDS_JOB | NEEDS_LEASE, infra_acknowledge },
	{ 0x40, NEEDS_DEVICE, infra_identified },
	{ 0x41, NEEDS_DEVICE | NEEDS_JOB | NEEDS_LEASE, infra_acknowledge },
	{ 0x42, NEEDS_DEVICE | NEEDS_JOB | NEEDS_LEASE, infra_fetch_document },
	{ 0x43, NEEDS_DEVICE | NEEDS_JOB, infra_fetch_job },
	{ 0x45, NEEDS_DEVICE, infra_update_active },
	{ 0x46, NEEDS_DEVICE, infra_deregister },
	{ 0x47, NEEDS_DEVICE | NEEDS_JOB | NEEDS_LEASE, infra_update_document },
	{ 0x48, NEEDS_DEVICE | NEEDS_JOB | NEEDS_LEASE, infra_update_job },
	{ 0x49, NEEDS_DEVICE, infra_update_device },
};

#define OPERATIONS (sizeof(operations) / sizeof(operations[0]))

const struct infra_operation *
infra_operation_at(size_t i)
{
	return i < OPERATIONS ? &operations[i] : NULL;
}

struct octets
infra_message(const struct infra_call *c)
{
	return octets_of(c->came.at, c->m.at);
}

bool
infra_find(const struct infra_call *c, const char *name, struct ipp_value *ret)
{
	return ipp_find(infra_message(c), IPP_GROUP_OPERATION, name, ret);
}

bool
infra_number(const struct infra_call *c, const char *name, int32_t *ret)
{
	struct ipp_value v;

	return (infra_find(c, name, &v) || ipp_find(infra_message(c), IPP_GROUP_JOB, name, &v)) &&
	       ipp_number(&v, ret);
}

void
infra_owner(const struct infra *n, const struct identity *who, char to[static JOB_OWNER_MAX])
{
	char uri[NAME_URI_MAX];
	struct endpoint e;

	memcpy(e.tenant, who->tenant, sizeof(e.tenant));
	memcpy(e.kind, who->endpoint, sizeof(e.kind));
	memcpy(e.name, who->name, sizeof(e.name));
	name_uri(realm_space(n->realm), &e, uri);
	memcpy(to, uri, strnlen(uri, JOB_OWNER_MAX - 1));
	to[strnlen(uri, JOB_OWNER_MAX - 1)] = '\0';
}

/* --- who waits ---------------------------------------------------------------------------------
 */

static void
list(struct infra_call *c)
{
	c->listed = true;
	c->next = c->infra->calls;
	c->infra->calls = c;
}

void
infra_list(struct infra_call *c)
{
	bytes_clear(&c->x->reply);
	c->x->waits = true;
	if (!c->listed)
		list(c);
}

void
infra_unlist(struct infra_call *c)
{
	struct infra_call **at = &c->infra->calls;

	while (*at != NULL && *at != c)
		at = &(*at)->next;
	if (*at == c)
		*at = c->next;
	c->next = NULL;
	c->listed = false;
}

void
infra_when_durable(struct infra_call *c, void (*durable)(struct infra_call *c))
{
	if (!spool_is_dirty(c->infra->spool)) {
		durable(c);
		return;
	}
	c->durable = durable;
	infra_list(c);
}

static void
tell_durable(struct infra_call *c, const struct fault *failed)
{
	void (*durable)(struct infra_call * c) = c->durable;

	c->durable = NULL;
	if (failed == NULL)
		durable(c);
	else if (c->asks) /* whose answer says it */
		c->failed = true;
	else
		infra_refuse(c, INFRA_TEMPORARY, "it could not be kept: try again");
}

/* Each call is looked at once, whatever is done to the list meanwhile. */
static void
each_waiting(struct infra *n, const struct fault *failed, bool commits)
{
	struct infra_call *all = n->calls, *c;
	int64_t now_s = n->now_s();

	n->calls = NULL;
	while ((c = all) != NULL) {
		all = c->next;
		c->next = NULL;
		c->listed = false;
		if (c->durable != NULL && commits)
			tell_durable(c, failed);
		else if (c->until_s != 0)
			infra_look(c, now_s);
		else
			list(c);
		if (c->x->waits && c->x->status != 0)
			exchange_wake(c->x);
	}
}

void
infra_poke(struct infra *n)
{
	each_waiting(n, NULL, false);
}

static void
tell(struct infra *n, struct reader *in)
{
	struct event ev = { .at_s = n->now_s() };
	char tenant[TEXT_LABEL_MAX];

	reader_counted_text(in, tenant, sizeof(tenant));
	reader_counted_text(in, ev.device, sizeof(ev.device));
	ev.kind = (enum event_kind)reader_u8(in);
	ev.job = reader_u32(in);
	reader_copy(in, ev.uuid, sizeof(ev.uuid));
	ev.state = (enum job_state)reader_u8(in);
	ev.reasons = reader_u32(in);
	if (!in->bad)
		(void)events_raise(n->events, tenant, &ev);
}

void
infra_changed(struct infra *n, const struct job *j)
{
	struct bytes *b = &n->changed;
	bool takeover;

	if (j->device[0] == '\0')
		return;
	bytes_put_counted_text(b, j->tenant);
	bytes_put_counted_text(b, j->device);
	bytes_put_u8(b, lease_is_fetchable(n, j, n->now_s(), &takeover) ? EVENT_JOB_FETCHABLE
									: EVENT_JOB_STATE);
	bytes_put_u32(b, j->id);
	bytes_put(b, j->uuid, sizeof(j->uuid));
	bytes_put_u8(b, (uint8_t)j->state);
	bytes_put_u32(b, j->reasons);
}

void
infra_committed(struct infra *n, const struct fault *failed)
{
	struct reader in = reader_of(octets_bytes(&n->changed));

	if (failed == NULL && !n->changed.bad)
		while (in.n > 0 && !in.bad)
			tell(n, &in);
	bytes_clear(&n->changed);
	each_waiting(n, failed, true);
}

void
infra_tick(struct infra *n)
{
	lease_tick(n);
	events_tick(n->events, n->now_s());
	each_waiting(n, NULL, false);
}

static bool
hears(void *with, const struct subscription *s, const char *device)
{
	const struct infra *n = with;
	struct identity who = { .kind = IDENTITY_ENDPOINT, .good = true };

	memcpy(who.tenant, s->tenant, sizeof(who.tenant));
	memcpy(who.endpoint, s->kind, sizeof(who.endpoint));
	memcpy(who.name, s->name, sizeof(who.name));
	return printer_speaks(n->realm, &who, device);
}

bool
infra_start(struct infra *n, struct fault *f)
{
	n->grace_s = n->now_s() + INFRA_LEASE_S;
	if (events_new(hears, n, &n->events, f) && devices_new(&n->devices, f) && lease_start(n, f))
		return true;
	infra_end(n);
	return false;
}

void
infra_end(struct infra *n)
{
	events_free(n->events);
	devices_free(n->devices);
	free(n->leases);
	bytes_free(&n->changed);
	n->events = NULL;
	n->devices = NULL;
	n->leases = NULL;
	n->leases_n = n->leases_room = 0;
}

/* --- a request ---------------------------------------------------------------------------------
 */

/* A printer that the certificate speaks for. Another's is no secret, and no business of who asks.
 */
static bool
read_device(struct infra_call *c)
{
	uint8_t uuid[PRINTER_UUID], own[PRINTER_UUID];
	struct ipp_value v;
	struct printer p;
	struct fault f;

	if (!infra_find(c, "output-device-uuid", &v)) {
		if ((c->operation->needs & NEEDS_DEVICE) == 0)
			return true;
		infra_refuse(c, INFRA_BAD_REQUEST, "output-device-uuid is missing");
		return false;
	}
	if (v.tag != IPP_URI || !printer_uuid_read(v.value, uuid)) {
		infra_refuse(c, INFRA_ATTRIBUTES, "output-device-uuid is no urn:uuid");
		return false;
	}
	printer_uuid(c->infra->realm, c->who.tenant, c->who.name, own);
	if (strcmp(c->who.endpoint, "printer") == 0 && memcmp(own, uuid, sizeof(uuid)) == 0)
		memcpy(c->device, c->who.name, sizeof(c->device));
	else if (printer_find(c->infra->realm, c->who.tenant, uuid, &p, &f) &&
		 printer_speaks(c->infra->realm, &c->who, p.name))
		memcpy(c->device, p.name, sizeof(c->device));
	else
		infra_refuse(c, INFRA_NOT_AUTHORIZED,
		    "output-device-uuid: the certificate does not speak for that printer");
	return c->x->status == 0;
}

/* The job of job-id or job-uri, if it is that printer's. */
static bool
read_job(struct infra_call *c)
{
	struct fault f;
	int32_t id = 0;

	if ((c->operation->needs & NEEDS_JOB) == 0)
		return true;
	if (!infra_number(c, "job-id", &id) || id <= 0) {
		infra_refuse(c, INFRA_BAD_REQUEST, "job-id is missing");
		return false;
	}
	if (!spool_get(c->infra->spool, c->who.tenant, (uint32_t)id, &c->job, &f)) {
		infra_reply_fault(c, &f);
		return false;
	}
	if (strcmp(c->job.device, c->device) == 0)
		return true;
	infra_refuse(c, INFRA_NOT_FETCHABLE, "the job was not released to that printer");
	return false;
}

static bool
read_lease(struct infra_call *c)
{
	int32_t epoch;

	if ((c->operation->needs & NEEDS_LEASE) == 0)
		return true;
	if (!infra_number(c, "quatrain-lease-epoch", &epoch) || epoch <= 0)
		infra_refuse(c, INFRA_BAD_REQUEST, "quatrain-lease-epoch is missing");
	else if ((uint64_t)epoch != c->job.epoch || !lease_is_of(&c->job, c->owner))
		infra_refuse(c, INFRA_NOT_FETCHABLE, "the lease of that epoch is over");
	return c->x->status == 0;
}

static bool
is_utf8(const struct infra_call *c)
{
	struct ipp_value v;

	return infra_find(c, "attributes-charset", &v) &&
	       (octets_same(v.value, octets_text("utf-8")) ||
		   octets_same(v.value, octets_text("us-ascii")));
}

static void
run(struct infra_call *c)
{
	struct fault f;

	if (!ipp_check_request(infra_message(c), &c->head, &f)) {
		infra_refuse(c, INFRA_BAD_REQUEST, "%s", f.text);
		return;
	}
	for (size_t i = 0; i < OPERATIONS && c->operation == NULL; i++)
		if (operations[i].code == c->head.code)
			c->operation = &operations[i];
	if (c->head.major < 1 || c->head.major > 2)
		infra_refuse(c, INFRA_VERSION, "expected IPP 1.1 or 2.x");
	else if (c->head.request_id == 0 || c->head.request_id > INT32_MAX)
		infra_refuse(c, INFRA_BAD_REQUEST, "request-id: expected 1 to 2^31-1");
	else if (!is_utf8(c))
		infra_refuse(c, INFRA_CHARSET, "attributes-charset: expected utf-8");
	else if (c->operation == NULL)
		infra_refuse(c, INFRA_NO_OPERATION, "operation 0x%04x is none of this object's",
		    c->head.code);
	else if (read_device(c) && read_job(c) && read_lease(c))
		c->operation->run(c);
}

static void
take(struct exchange *x, struct octets piece, bool last)
{
	struct infra_call *c = x->state;
	struct fault f;

	bytes_put_octets(&c->came, piece);
	if (!bytes_ok(&c->came, &f))
		infra_reply_fault(c, &f);
	else if (!c->m.whole && !ipp_measure(octets_bytes(&c->came), &c->m, &f))
		infra_refuse(
		    c, f.code == FAULT_LIMIT ? INFRA_TOO_LARGE : INFRA_BAD_REQUEST, "%s", f.text);
	else if (c->m.whole && c->came.n > c->m.at)
		infra_refuse(c, INFRA_BAD_REQUEST, "there is more behind the message");
	else if (last && !c->m.whole)
		infra_refuse(c, INFRA_BAD_REQUEST, "the message has no end");
	else if (last)
		run(c);
}

static void
over(struct exchange *x)
{
	struct infra_call *c = x->state;

	if (c == NULL)
		return;
	if (c->listed)
		infra_unlist(c);
	bytes_free(&c->came);
	bytes_free(&c->later);
	job_free(&c->job);
}

static bool
is_ipp(const struct exchange *x)
{
	struct octets coding;

	return octets_same(x->content_type, octets_text("application/ipp")) &&
	       exchange_ask_header(x, "content-encoding", &coding) &&
	       (coding.n == 0 || octets_same(coding, octets_text("identity")));
}

static void
answer(struct exchange *x, unsigned status, const char *why)
{
	size_t n = strlen(why);

	memcpy(x->why, why, n + 1);
	x->status = status;
}

bool
infra_serve(struct infra *n, struct exchange *x, const struct identity *who)
{
	struct infra_call *c;

	if (!octets_same(x->path, octets_text("/ipp/infra")))
		return false;
	if (!octets_same(x->method, octets_text("POST"))) {
		exchange_header(x, "Allow", "POST");
		answer(x, 405, "expected POST");
	} else if (!is_ipp(x)) {
		answer(x, 415, "expected application/ipp, not encoded");
	} else if ((c = calloc(1, sizeof(*c))) == NULL) {
		answer(x, 500, "out of memory");
	} else {
		*c = (struct infra_call){ .infra = n, .x = x, .who = *who };
		infra_owner(n, who, c->owner);
		x->state = c;
		x->over = over;
		x->take = take;
		/* RFC 8010 section 9: the code of an answer that is made before the message. */
		c->head = (struct ipp_head){ .major = 2, .minor = 0, .request_id = 1 };
		if (!who->good || who->kind != IDENTITY_ENDPOINT ||
		    (strcmp(who->endpoint, "gateway") != 0 &&
			strcmp(who->endpoint, "printer") != 0))
			infra_refuse(c, INFRA_NOT_AUTHORIZED,
			    "connectors alone talk here: a gateway, or a printer for itself");
	}
	return true;
}
