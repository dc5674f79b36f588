/* relay/infra_notify.c - subscriptions and Get-Notifications as a long poll; see infra_under.h. */
#include <string.h>

#include "relay/infra_under.h"

#define IDS_MAX    EVENTS_OWNER_MAX /* of one message */
#define GROUPS_MAX 64               /* subscriptions of one message */
#define AGAIN_S    5                /* who does not wait asks again so much later */
#define REPLY_MAX  1024             /* events in one answer */
#define CHARSET    "utf-8"
#define LANGUAGE   "en"

static const struct {
	enum event_kind kind;
	const char *word;
} words[] = {
	{ EVENT_JOB_FETCHABLE, "job-fetchable" },
	{ EVENT_JOB_STATE, "job-state-changed" },
	{ EVENT_PRINTER_STATE, "printer-state-changed" },
};

#define WORDS (sizeof(words) / sizeof(words[0]))

/* --- subscribe ---------------------------------------------------------------------------------
 */

/* One group of Create-Printer-Subscriptions (RFC 3995 section 11.1.2). */
struct wish {
	unsigned group;
	bool pulls, other; /* notify-pull-method is ippget; there is something that we are not */
	struct subscription is;
};

static void
take_event(struct octets word, unsigned *events)
{
	for (size_t i = 0; i < WORDS; i++)
		if (octets_same(word, octets_text(words[i].word)))
			*events |= (unsigned)words[i].kind;
}

static void
take_wish(struct wish *w, struct octets name, const struct ipp_value *v, int64_t now_s)
{
	int32_t n;

	if (octets_same(name, octets_text("notify-pull-method")))
		w->pulls = octets_same(v->value, octets_text("ippget"));
	else if (octets_same(name, octets_text("notify-events")))
		take_event(v->value, &w->is.events);
	else if (octets_same(name, octets_text("notify-recipient-uri")))
		w->other = true;
	else if (octets_same(name, octets_text("notify-lease-duration")) && ipp_number(v, &n) &&
		 n > 0 && n < EVENTS_LEASE_S)
		w->is.ends_s = now_s + n;
	else if (octets_same(name, octets_text("notify-user-data")) &&
		 v->value.n <= EVENTS_USER_DATA && v->tag == IPP_OCTETS) {
		w->is.user_data_n = v->value.n;
		if (v->value.n > 0)
			memcpy(w->is.user_data, v->value.at, v->value.n);
	}
}

/* False: there is no such group. */
static bool
read_wish(const struct infra_call *c, unsigned nth, int64_t now_s, struct wish *w)
{
	struct octets name = { NULL, 0 };
	struct ipp_reader r;
	struct ipp_value v;
	unsigned seen = 0, group = 0;

	*w = (struct wish){ .is = { .ends_s = now_s + EVENTS_LEASE_S } };
	memcpy(w->is.device, c->device, sizeof(w->is.device));
	ipp_reader_of(infra_message(c), &r);
	while (ipp_next(&r, &v)) {
		if (v.group != IPP_GROUP_SUBSCRIPTION)
			continue;
		if (v.group_n != group || seen == 0) {
			group = v.group_n;
			seen++;
		}
		if (!v.more && v.depth == 0)
			name = v.name;
		if (seen == nth + 1 && v.depth == 0)
			take_wish(w, name, &v, now_s);
	}
	return seen > nth;
}

static bool
grant(struct infra_call *c, const struct wish *w, int64_t now_s, enum infra_status *ret)
{
	struct bytes *b = &c->x->reply;
	struct subscription *s;
	struct fault f;

	ipp_group(b, IPP_GROUP_SUBSCRIPTION);
	if (!w->pulls || w->other || w->is.events == 0)
		*ret = INFRA_ATTRIBUTES;
	else if (events_subscribe(c->infra->events, &c->who, &w->is, &s, &f)) {
		ipp_put_number(b, IPP_INTEGER, "notify-subscription-id", s->id);
		ipp_put_number(
		    b, IPP_INTEGER, "notify-lease-duration", (int32_t)(s->ends_s - now_s));
		return true;
	} else {
		*ret = INFRA_TOO_MANY;
	}
	ipp_put_number(b, IPP_ENUM, "notify-status-code", (int32_t)*ret);
	return false;
}

void
infra_subscribe(struct infra_call *c)
{
	int64_t now_s = c->infra->now_s();
	struct bytes groups = { 0 };
	enum infra_status why = INFRA_OK;
	unsigned n = 0, granted = 0;
	struct wish w;

	/* The groups are made first: they say what the status is. */
	bytes_clear(&c->x->reply);
	for (; n < GROUPS_MAX && read_wish(c, n, now_s, &w); n++)
		granted += grant(c, &w, now_s, &why);
	if (n == 0) {
		infra_refuse(c, INFRA_BAD_REQUEST, "there is no group of a subscription");
		return;
	}
	bytes_put_octets(&groups, octets_bytes(&c->x->reply));
	infra_reply_begin(c,
	    granted == n            ? INFRA_OK
	    : granted > 0           ? INFRA_OK_IGNORED
	    : why == INFRA_TOO_MANY ? INFRA_TOO_MANY
				    : INFRA_IGNORED_ALL,
	    NULL);
	bytes_put_octets(&c->x->reply, octets_bytes(&groups));
	bytes_free(&groups);
	infra_reply_done(c);
}

static struct subscription *
named(struct infra_call *c)
{
	struct subscription *s = NULL;
	int32_t id;

	if (infra_number(c, "notify-subscription-id", &id))
		s = events_find(c->infra->events, &c->who, id, c->infra->now_s());
	if (s == NULL)
		infra_refuse(c, INFRA_NOT_FOUND, "notify-subscription-id: there is none of yours");
	return s;
}

void
infra_renew(struct infra_call *c)
{
	struct subscription *s = named(c);
	int32_t lease;

	if (s == NULL)
		return;
	if (!infra_number(c, "notify-lease-duration", &lease) || lease <= 0 ||
	    lease > EVENTS_LEASE_S)
		lease = EVENTS_LEASE_S;
	s->ends_s = c->infra->now_s() + lease;
	infra_reply_begin(c, INFRA_OK, NULL);
	ipp_group(&c->x->reply, IPP_GROUP_SUBSCRIPTION);
	ipp_put_number(&c->x->reply, IPP_INTEGER, "notify-lease-duration", lease);
	infra_reply_done(c);
}

void
infra_cancel(struct infra_call *c)
{
	struct subscription *s = named(c);

	if (s == NULL)
		return;
	events_cancel(c->infra->events, s);
	infra_reply_ok(c);
}

/* --- Get-Notifications -------------------------------------------------------------------------
 */

/* The i-th number of an attribute; false: it has fewer. */
static bool
number_at(const struct infra_call *c, const char *name, size_t i, int32_t *ret)
{
	struct octets at = { NULL, 0 };
	struct ipp_reader r;
	struct ipp_value v;

	ipp_reader_of(infra_message(c), &r);
	while (ipp_next(&r, &v) && v.group == IPP_GROUP_OPERATION) {
		if (!v.more)
			at = v.name;
		if (octets_same(at, octets_text(name)) && i-- == 0)
			return ipp_number(&v, ret);
	}
	return false;
}

static const char *
word_of(enum event_kind kind)
{
	size_t i = 0;

	while (words[i].kind != kind)
		i++;
	return words[i].word;
}

static void
put_about(struct infra_call *c, const struct event *ev)
{
	struct job j = { .id = ev->job, .state = ev->state, .reasons = ev->reasons };

	memcpy(j.uuid, ev->uuid, sizeof(j.uuid));
	memcpy(j.device, ev->device, sizeof(j.device));
	if (ev->job != 0)
		infra_put_job(c, &j);
	else
		infra_put_device(c, "output-device-uuid", ev->device);
}

static void
put_event(struct infra_call *c, const struct subscription *s, const struct event *ev)
{
	struct bytes *b = &c->x->reply;

	ipp_group(b, IPP_GROUP_EVENT);
	ipp_put_text(b, IPP_CHARSET, "notify-charset", CHARSET);
	ipp_put_text(b, IPP_LANGUAGE, "notify-natural-language", LANGUAGE);
	ipp_put_number(b, IPP_INTEGER, "notify-subscription-id", s->id);
	ipp_put_number(b, IPP_INTEGER, "notify-sequence-number", ev->sequence);
	ipp_put_text(b, IPP_KEYWORD, "notify-subscribed-event", word_of(ev->kind));
	ipp_put(b, IPP_OCTETS, "notify-user-data", octets_of(s->user_data, s->user_data_n));
	ipp_put_text(b, IPP_TEXT, "notify-text", word_of(ev->kind));
	put_about(c, ev);
}

static void
begin(struct infra_call *c, int32_t again_s)
{
	infra_reply_begin(c, INFRA_OK, NULL);
	ipp_put_number(&c->x->reply, IPP_INTEGER, "notify-get-interval", again_s);
}

/* All that it may hear of, from the sequence numbers on that it names. False: one of its ids is
 * none of its own. */
static bool
put_events(struct infra_call *c, int64_t now_s, size_t *ret_n)
{
	int32_t id, from;

	*ret_n = 0;
	for (size_t i = 0; i < IDS_MAX && number_at(c, "notify-subscription-ids", i, &id); i++) {
		struct subscription *s = events_find(c->infra->events, &c->who, id, now_s);
		const struct event *ev;

		if (s == NULL)
			return false;
		if (!number_at(c, "notify-sequence-numbers", i, &from))
			from = 1;
		events_forget(s, from);
		for (size_t k = 0; *ret_n < REPLY_MAX && (ev = events_at(s, from, k)) != NULL;
		     k++, ++*ret_n)
			put_event(c, s, ev);
	}
	return true;
}

void
infra_look(struct infra_call *c, int64_t now_s)
{
	size_t n;

	begin(c, c->until_s > now_s ? 0 : AGAIN_S);
	if (!put_events(c, now_s, &n)) {
		infra_refuse(
		    c, INFRA_NOT_FOUND, "notify-subscription-ids: one is none of yours, or ended");
	} else if (n > 0 || now_s >= c->until_s) {
		if (n == 0 && c->until_s != 0) /* it waited: at once again */
			begin(c, 0);
		infra_reply_done(c);
	} else {
		infra_list(c);
	}
}

void
infra_notifications(struct infra_call *c)
{
	int64_t now_s = c->infra->now_s();
	struct ipp_value v;
	int32_t id;

	if (!number_at(c, "notify-subscription-ids", 0, &id)) {
		infra_refuse(c, INFRA_BAD_REQUEST, "notify-subscription-ids is missing");
		return;
	}
	if (infra_find(c, "notify-wait", &v) && ipp_yes(&v))
		c->until_s = now_s + INFRA_WAIT_S;
	infra_look(c, now_s);
}
