/* relay/infra_device.c - what connectors say of their printers; see infra_under.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/infra_under.h"

#define BUCKETS     4096
#define DEVICES_MAX 65536
#define ACTION_MAX  32

struct known {
	struct known *next;
	char tenant[TEXT_LABEL_MAX], printer[TEXT_LABEL_MAX];
	char action[ACTION_MAX]; /* somebody wants it identified; empty: nobody */
	struct infra_device is;
};

struct infra_devices {
	size_t n;
	struct known *bucket[BUCKETS];
};

bool
devices_new(struct infra_devices **ret, struct fault *f)
{
	struct infra_devices *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return fault_set(f, FAULT_INTERNAL, "devices: out of memory");
	*ret = d;
	return true;
}

void
devices_free(struct infra_devices *d)
{
	struct known *k;

	for (size_t i = 0; d != NULL && i < BUCKETS; i++)
		while ((k = d->bucket[i]) != NULL) {
			d->bucket[i] = k->next;
			free(k);
		}
	free(d);
}

/* FNV-1a; both are names of ours. */
static size_t
bucket_of(const char *tenant, const char *printer)
{
	uint32_t h = 2166136261u;

	for (const char *s = tenant; *s != '\0'; s++)
		h = (h ^ (uint8_t)*s) * 16777619u;
	for (const char *s = printer; *s != '\0'; s++)
		h = (h ^ (uint8_t)*s) * 16777619u;
	return h % BUCKETS;
}

static struct known **
place_of(struct infra_devices *d, const char *tenant, const char *printer)
{
	struct known **at = &d->bucket[bucket_of(tenant, printer)];

	while (*at != NULL &&
	       (strcmp((*at)->tenant, tenant) != 0 || strcmp((*at)->printer, printer) != 0))
		at = &(*at)->next;
	return at;
}

static struct known *
known_of(struct infra_devices *d, const char *tenant, const char *printer)
{
	struct known **at = place_of(d, tenant, printer);

	if (*at == NULL && d->n < DEVICES_MAX && (*at = calloc(1, sizeof(**at))) != NULL) {
		(void)snprintf((*at)->tenant, TEXT_LABEL_MAX, "%s", tenant);
		(void)snprintf((*at)->printer, TEXT_LABEL_MAX, "%s", printer);
		(*at)->is.state = 3;
		(*at)->is.accepting = true;
		d->n++;
	}
	return *at;
}

bool
infra_device(
    const struct infra *n, const char *tenant, const char *printer, struct infra_device *ret)
{
	const struct known *k = *place_of(n->devices, tenant, printer);

	if (k != NULL)
		*ret = k->is;
	return k != NULL;
}

/* Add one value to a list in text, as far as all of it fits; others' octets are not for terminals.
 */
static void
add(char *to, size_t size, char split, struct octets value)
{
	struct bytes safe = { 0 };
	size_t n = strlen(to);

	text_put_printable(&safe, value);
	if (!safe.bad && safe.n > 0 && n + (n > 0) + safe.n < size) {
		if (n > 0)
			to[n++] = split;
		memcpy(to + n, safe.at, safe.n);
		to[n + safe.n] = '\0';
	}
	bytes_free(&safe);
}

static void
take_fact(struct infra_device *d, struct octets name, const struct ipp_value *v)
{
	int32_t n;

	if (octets_same(name, octets_text("printer-state")) && ipp_number(v, &n) && n >= 3 &&
	    n <= 5) {
		d->state = n;
	} else if (octets_same(name, octets_text("printer-is-accepting-jobs"))) {
		d->accepting = ipp_yes(v);
	} else if (octets_same(name, octets_text("printer-state-reasons"))) {
		if (!v->more)
			d->reasons[0] = '\0';
		add(d->reasons, sizeof(d->reasons), ',', ipp_text(v));
	} else if (octets_same(name, octets_text("printer-state-message"))) {
		d->message[0] = '\0';
		add(d->message, sizeof(d->message), ' ', ipp_text(v));
	} else if (octets_same(name, octets_text("printer-supply"))) {
		if (!v->more)
			d->supplies[0] = '\0';
		add(d->supplies, sizeof(d->supplies), '\n', v->value);
	}
}

void
infra_update_device(struct infra_call *c)
{
	struct known *k = known_of(c->infra->devices, c->who.tenant, c->device);
	struct octets name = { NULL, 0 };
	struct ipp_reader r;
	struct ipp_value v;

	if (k == NULL) {
		infra_refuse(c, INFRA_BUSY, "there are %d printers already", DEVICES_MAX);
		return;
	}
	ipp_reader_of(infra_message(c), &r);
	while (ipp_next(&r, &v)) {
		if (v.depth != 0)
			continue;
		if (!v.more)
			name = v.name;
		if (v.group == IPP_GROUP_PRINTER)
			take_fact(&k->is, name, &v);
	}
	k->is.at_s = c->infra->now_s();
	infra_reply_ok(c);
}

/* The inverse: the connector prints there no more, until it comes again. */
void
infra_deregister(struct infra_call *c)
{
	struct infra *n = c->infra;
	struct known **at = place_of(n->devices, c->who.tenant, c->device), *k = *at;
	struct fault f;
	bool ok = true;

	if (k != NULL) {
		*at = k->next;
		n->devices->n--;
		free(k);
	}
	for (size_t i = 0; i < n->leases_n && ok; i++) {
		struct job j = { .id = 0 };

		if (strcmp(n->leases[i].tenant, c->who.tenant) != 0 ||
		    !spool_get(n->spool, c->who.tenant, n->leases[i].job, &j, &f))
			continue;
		if (strcmp(j.device, c->device) == 0 && lease_is_of(&j, c->owner))
			ok = lease_end(n, &j, &f);
		job_free(&j);
	}
	if (ok)
		infra_when_durable(c, infra_reply_ok);
	else
		infra_reply_fault(c, &f);
}

bool
infra_identify(struct infra *n, const char *tenant, const char *printer, const char *action)
{
	struct event ev = { .kind = EVENT_PRINTER_STATE, .at_s = n->now_s() };
	struct known *k = *place_of(n->devices, tenant, printer);

	if (k == NULL)
		return false;
	(void)snprintf(k->action, sizeof(k->action), "%s", action);
	(void)snprintf(ev.device, sizeof(ev.device), "%s", printer);
	if (events_raise(n->events, tenant, &ev) > 0)
		infra_poke(n);
	return true;
}

void
infra_identified(struct infra_call *c)
{
	struct known *k = *place_of(c->infra->devices, c->who.tenant, c->device);

	if (k == NULL || k->action[0] == '\0') {
		infra_refuse(c, INFRA_NOT_POSSIBLE, "nobody wants it identified");
		return;
	}
	infra_reply_begin(c, INFRA_OK, NULL);
	ipp_put_text(&c->x->reply, IPP_KEYWORD, "identify-actions", k->action);
	k->action[0] = '\0';
	infra_reply_done(c);
}

/* What this object can (RFC 8011 section 4.2.5, RFC 3995 section 5.2, RFC 3996 section 8.1). */
void
infra_attributes(struct infra_call *c)
{
	static const char *const versions[] = { "2.0", "1.1" };
	static const char *const events[] = { "job-fetchable", "job-state-changed",
		"printer-state-changed" };
	struct bytes *b = &c->x->reply;
	const struct infra_operation *o;

	infra_reply_begin(c, INFRA_OK, NULL);
	ipp_group(b, IPP_GROUP_PRINTER);
	ipp_put_text(b, IPP_NAME, "printer-name", "infra");
	ipp_put_number(b, IPP_ENUM, "printer-state", 3);
	ipp_put_text(b, IPP_KEYWORD, "printer-state-reasons", "none");
	ipp_put_bool(b, "printer-is-accepting-jobs", true);
	ipp_put_text(b, IPP_KEYWORD, "ipp-features-supported", "infrastructure-printer");
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		ipp_put_text(b, IPP_KEYWORD, i == 0 ? "ipp-versions-supported" : "", versions[i]);
	for (size_t i = 0; (o = infra_operation_at(i)) != NULL; i++)
		ipp_put_number(b, IPP_ENUM, i == 0 ? "operations-supported" : "", o->code);
	ipp_put_text(b, IPP_CHARSET, "charset-configured", "utf-8");
	ipp_put_text(b, IPP_CHARSET, "charset-supported", "utf-8");
	ipp_put_text(b, IPP_LANGUAGE, "natural-language-configured", "en");
	ipp_put_text(b, IPP_LANGUAGE, "generated-natural-language-supported", "en");
	ipp_put_text(b, IPP_KEYWORD, "which-jobs-supported", "fetchable");
	ipp_put_text(b, IPP_KEYWORD, "notify-pull-method-supported", "ippget");
	ipp_put_number(b, IPP_INTEGER, "ippget-event-life", EVENTS_LIFE_S);
	ipp_put_number(b, IPP_INTEGER, "notify-lease-duration-default", EVENTS_LEASE_S);
	ipp_put_range(b, "notify-lease-duration-supported", 1, EVENTS_LEASE_S);
	ipp_put_number(b, IPP_INTEGER, "notify-max-events-supported",
	    (int32_t)(sizeof(events) / sizeof(events[0])));
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		ipp_put_text(b, IPP_KEYWORD, i == 0 ? "notify-events-supported" : "", events[i]);
	ipp_put_text(b, IPP_KEYWORD, "notify-events-default", events[0]);
	infra_reply_done(c);
}
