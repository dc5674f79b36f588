/* tests/unit/infra_notify.c - relay/infra.h, relay/events.h: who hears of what, and how long one
 * waits; what printers say of themselves; messages that are none. */
#include "tests/unit/infra_site.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { AGAIN = 5, MANY = 0x0415, NONE_TAKEN = 0x0414, BAD_REQUEST = 0x0400, ATTRIBUTES = 0x040b };

static struct talk a, b;
static const uint8_t nothing[1000];

static void
setup(void)
{
	site_new();
	a = b = (struct talk){ .woken = 0 };
}

static void
teardown(void)
{
	site_done(&a);
	site_done(&b);
	site_free();
}

static void
put_wish(struct bytes *m, const char *event)
{
	ipp_group(m, IPP_GROUP_SUBSCRIPTION);
	ipp_put_text(m, IPP_KEYWORD, "notify-pull-method", "ippget");
	ipp_put_text(m, IPP_KEYWORD, "notify-events", event);
	ipp_put_text(m, IPP_KEYWORD, "", "job-state-changed");
	ipp_put(m, IPP_OCTETS, "notify-user-data", octets_text("mine"));
}

/* printer NULL: of all that who speaks for. */
static int32_t
subscribe(const struct identity *who, const char *printer)
{
	struct talk t = { .woken = 0 };
	int32_t id;

	site_begin(&t.message, SUBSCRIBE);
	if (printer != NULL)
		site_put_device(&t.message, printer);
	put_wish(&t.message, "job-fetchable");
	ck_assert_int_eq(site_ask(&t, who), 0);
	id = site_number(&t, IPP_GROUP_SUBSCRIPTION, "notify-subscription-id");
	ck_assert_int_eq(
	    site_number(&t, IPP_GROUP_SUBSCRIPTION, "notify-lease-duration"), EVENTS_LEASE_S);
	site_done(&t);
	return id;
}

static void
poll(struct talk *t, const struct identity *who, int32_t id, int32_t from, bool wait)
{
	site_done(t);
	site_begin(&t->message, NOTIFICATIONS);
	ipp_put_number(&t->message, IPP_INTEGER, "notify-subscription-ids", id);
	if (from != 0)
		ipp_put_number(&t->message, IPP_INTEGER, "notify-sequence-numbers", from);
	if (wait)
		ipp_put_bool(&t->message, "notify-wait", true);
	site_send(t, who);
}

START_TEST(a_release_is_heard_at_once)
{
	int32_t id = subscribe(&one, NULL);
	struct ipp_value v;
	uint32_t job;

	poll(&a, &one, id, 0, true);
	ck_assert(a.x.waits);
	ck_assert_uint_eq(a.x.status, 0);
	job = site_job("hp-1");
	ck_assert_uint_eq(a.woken, 1);
	ck_assert(!a.x.waits);
	ck_assert_int_eq(site_status(&a), 0);
	ck_assert_uint_eq(site_groups(&a, IPP_GROUP_EVENT), 1);
	ck_assert_int_eq(site_number(&a, IPP_GROUP_EVENT, "notify-subscription-id"), id);
	ck_assert_int_eq(site_number(&a, IPP_GROUP_EVENT, "notify-sequence-number"), 1);
	ck_assert_int_eq(site_number(&a, IPP_GROUP_EVENT, "job-id"), (int32_t)job);
	ck_assert_int_eq(site_number(&a, IPP_GROUP_OPERATION, "notify-get-interval"), 0);
	ck_assert(site_find(&a, IPP_GROUP_EVENT, "notify-subscribed-event", &v));
	ck_assert(octets_same(v.value, octets_text("job-fetchable")));
	ck_assert(site_find(&a, IPP_GROUP_EVENT, "notify-user-data", &v));
	ck_assert(octets_same(v.value, octets_text("mine")));
	/* Until it says that it has it, it hears it again. */
	poll(&a, &one, id, 1, true);
	ck_assert_uint_eq(site_groups(&a, IPP_GROUP_EVENT), 1);
	poll(&a, &one, id, 2, true);
	ck_assert(a.x.waits);
	poll(&b, &one, id, 1, false); /* and not a third time */
	ck_assert_uint_eq(site_groups(&b, IPP_GROUP_EVENT), 0);
}
END_TEST

START_TEST(nobody_waits_for_ever)
{
	int32_t id = subscribe(&one, "hp-1");

	poll(&a, &one, id, 0, true);
	now_s += INFRA_WAIT_S - 1;
	infra_tick(&n);
	ck_assert_uint_eq(a.woken, 0);
	now_s++;
	infra_tick(&n);
	ck_assert_uint_eq(a.woken, 1);
	ck_assert_int_eq(site_status(&a), 0);
	ck_assert_uint_eq(site_groups(&a, IPP_GROUP_EVENT), 0);
	ck_assert_int_eq(site_number(&a, IPP_GROUP_OPERATION, "notify-get-interval"), 0);
	poll(&b, &one, id, 0, false);
	ck_assert_int_eq(site_status(&b), 0);
	ck_assert_int_eq(site_number(&b, IPP_GROUP_OPERATION, "notify-get-interval"), AGAIN);
}
END_TEST

START_TEST(others_hear_nothing)
{
	int32_t ids[] = { subscribe(&one, NULL), subscribe(&two, "hp-1"), subscribe(&three, NULL),
		subscribe(&self, "hp-1") };
	struct identity elsewhere = site_who("globex", "gateway", "site-1");

	(void)site_job("hp-1");
	poll(&a, &one, ids[0], 0, false);
	ck_assert_uint_eq(site_groups(&a, IPP_GROUP_EVENT), 1);
	poll(&a, &two, ids[1], 0, false);
	ck_assert_uint_eq(site_groups(&a, IPP_GROUP_EVENT), 1);
	poll(&a, &three, ids[2], 0, false);
	ck_assert_uint_eq(site_groups(&a, IPP_GROUP_EVENT), 0);
	poll(&a, &self, ids[3], 0, false);
	ck_assert_uint_eq(site_groups(&a, IPP_GROUP_EVENT), 1);
	/* Nor by another's number. */
	poll(&a, &three, ids[0], 0, false);
	ck_assert_int_eq(site_status(&a), NOT_FOUND);
	poll(&a, &elsewhere, ids[0], 0, true);
	ck_assert_int_eq(site_status(&a), NOT_FOUND);
	ck_assert(!a.x.waits);
}
END_TEST

/* Who spoke for a printer and does so no more. */
START_TEST(a_gateway_that_was_taken_away)
{
	int32_t id = subscribe(&one, "hp-1");

	site_printer("hp-1", "site-2", NULL);
	(void)site_job("hp-1");
	poll(&a, &one, id, 0, false);
	ck_assert_uint_eq(site_groups(&a, IPP_GROUP_EVENT), 0);
}
END_TEST

START_TEST(a_lease_that_runs_out_is_heard)
{
	uint32_t job = site_job("hp-1");
	int32_t id = subscribe(&two, NULL);

	ck_assert_int_eq(site_say(&one, FETCH_JOB, "hp-1", job, 0, 0), 0);
	now_s += INFRA_LEASE_S - 2;
	poll(&a, &two, id, 0, true);
	now_s += 2;
	infra_tick(&n);
	ck_assert_uint_eq(a.woken, 0); /* not before it is durable */
	site_commit();
	ck_assert_uint_eq(a.woken, 1);
	ck_assert_int_eq(site_number(&a, IPP_GROUP_EVENT, "job-id"), (int32_t)job);
}
END_TEST

START_TEST(what_is_not_durable_is_not_heard)
{
	static const struct fault full = { FAULT_BUSY, "the disk is full" };
	uint32_t job = site_job("hp-1");
	int32_t id = subscribe(&one, NULL);
	struct job j = { .id = 0 };

	ck_assert(spool_get(n.spool, "acme", job, &j, &f));
	infra_changed(&n, &j);
	job_free(&j);
	infra_committed(&n, &full);
	infra_committed(&n, NULL);
	poll(&a, &one, id, 0, false);
	ck_assert_uint_eq(site_groups(&a, IPP_GROUP_EVENT), 0);
}
END_TEST

START_TEST(what_is_too_much_leaves_a_gap)
{
	int32_t id = subscribe(&one, NULL);
	struct event ev = { .kind = EVENT_JOB_STATE, .at_s = now_s, .device = "hp-1", .job = 1 };

	ev.state = JOB_PENDING;
	for (size_t i = 0; i < EVENTS_KEPT + 5; i++)
		ck_assert_uint_eq(events_raise(n.events, "acme", &ev), 1);
	poll(&a, &one, id, 0, true);
	ck_assert_uint_eq(site_groups(&a, IPP_GROUP_EVENT), EVENTS_KEPT);
	ck_assert_int_eq(site_number(&a, IPP_GROUP_EVENT, "notify-sequence-number"), 6);
	now_s += EVENTS_LIFE_S;
	infra_tick(&n);
	poll(&a, &one, id, 0, false);
	ck_assert_uint_eq(site_groups(&a, IPP_GROUP_EVENT), 0);
}
END_TEST

START_TEST(a_subscription_ends)
{
	int32_t id = subscribe(&one, NULL), other = subscribe(&one, NULL);

	ck_assert_int_ne(id, other);
	ck_assert_uint_eq(events_count(n.events), 2);
	site_begin(&a.message, CANCEL);
	ipp_put_number(&a.message, IPP_INTEGER, "notify-subscription-id", id);
	ck_assert_int_eq(site_ask(&a, &two), NOT_FOUND);
	site_done(&a);
	site_begin(&a.message, CANCEL);
	ipp_put_number(&a.message, IPP_INTEGER, "notify-subscription-id", id);
	ck_assert_int_eq(site_ask(&a, &one), 0);
	poll(&b, &one, id, 0, false);
	ck_assert_int_eq(site_status(&b), NOT_FOUND);
	now_s += EVENTS_LEASE_S - 1;
	site_done(&a);
	site_begin(&a.message, RENEW);
	ipp_put_number(&a.message, IPP_INTEGER, "notify-subscription-id", other);
	ipp_put_number(&a.message, IPP_INTEGER, "notify-lease-duration", 10);
	ck_assert_int_eq(site_ask(&a, &one), 0);
	ck_assert_int_eq(site_number(&a, IPP_GROUP_SUBSCRIPTION, "notify-lease-duration"), 10);
	now_s += 9;
	poll(&b, &one, other, 0, true);
	ck_assert(b.x.waits);
	now_s += 1;
	infra_tick(&n); /* under who waits */
	ck_assert_uint_eq(b.woken, 1);
	ck_assert_int_eq(site_status(&b), NOT_FOUND);
	ck_assert_uint_eq(events_count(n.events), 0);
	ck_assert_int_ne(subscribe(&one, NULL), other); /* in the same place */
}
END_TEST

START_TEST(more_than_anybody_needs)
{
	struct subscription wish = { .events = EVENTS_ALL, .ends_s = now_s + 10 }, *s;

	for (size_t i = 0; i < EVENTS_OWNER_MAX; i++)
		ck_assert_msg(events_subscribe(n.events, &one, &wish, &s, &f), "%s", f.text);
	site_begin(&a.message, SUBSCRIBE);
	put_wish(&a.message, "job-fetchable");
	ck_assert_int_eq(site_ask(&a, &one), MANY);
	(void)subscribe(&two, NULL);
	for (size_t i = EVENTS_OWNER_MAX + 1; i < EVENTS_MAX; i++) {
		char name[16];
		struct identity who;

		(void)snprintf(name, sizeof(name), "site-%zu", 10 + i % 32);
		who = site_who("acme", "gateway", name);
		ck_assert_msg(events_subscribe(n.events, &who, &wish, &s, &f), "%s", f.text);
	}
	ck_assert(!events_subscribe(n.events, &three, &wish, &s, &f));
	ck_assert_int_eq(f.code, FAULT_LIMIT);
	now_s += 10;
	events_tick(n.events, now_s);
	ck_assert_uint_eq(events_count(n.events), 1);
}
END_TEST

START_TEST(wishes_that_are_none)
{
	site_begin(&a.message, SUBSCRIBE);
	ck_assert_int_eq(site_ask(&a, &one), BAD_REQUEST);
	site_done(&a);
	site_begin(&a.message, SUBSCRIBE);
	ipp_group(&a.message, IPP_GROUP_SUBSCRIPTION);
	ipp_put_text(&a.message, IPP_URI, "notify-recipient-uri", "mailto:a@example.org");
	ipp_put_text(&a.message, IPP_KEYWORD, "notify-pull-method", "ippget");
	ipp_put_text(&a.message, IPP_KEYWORD, "notify-events", "job-fetchable");
	ipp_group(&a.message, IPP_GROUP_SUBSCRIPTION);
	ipp_put_text(&a.message, IPP_KEYWORD, "notify-pull-method", "ippget");
	ipp_put_text(&a.message, IPP_KEYWORD, "notify-events", "sunrise");
	ck_assert_int_eq(site_ask(&a, &one), NONE_TAKEN);
	ck_assert_uint_eq(site_groups(&a, IPP_GROUP_SUBSCRIPTION), 2);
	ck_assert_int_eq(site_number(&a, IPP_GROUP_SUBSCRIPTION, "notify-status-code"), ATTRIBUTES);
	ck_assert_uint_eq(events_count(n.events), 0);
	site_done(&a);
	site_begin(&a.message, NOTIFICATIONS);
	ck_assert_int_eq(site_ask(&a, &one), BAD_REQUEST);
}
END_TEST

START_TEST(the_list_is_ones_own)
{
	uint32_t first = site_job("hp-1");

	(void)site_job("hp-2");
	(void)site_job("");
	site_begin(&a.message, GET_JOBS);
	ipp_put_text(&a.message, IPP_KEYWORD, "which-jobs", "fetchable");
	ck_assert_int_eq(site_ask(&a, &one), 0);
	ck_assert_uint_eq(site_groups(&a, IPP_GROUP_JOB), 1);
	ck_assert_int_eq(site_number(&a, IPP_GROUP_JOB, "job-id"), (int32_t)first);
	site_done(&a);
	(void)site_job("hp-1");
	site_begin(&a.message, GET_JOBS);
	site_put_device(&a.message, "hp-1");
	ipp_put_text(&a.message, IPP_KEYWORD, "which-jobs", "fetchable");
	ck_assert_int_eq(site_ask(&a, &two), 0);
	ck_assert_uint_eq(site_groups(&a, IPP_GROUP_JOB), 2);
	site_done(&a);
	site_begin(&a.message, GET_JOBS);
	ipp_put_text(&a.message, IPP_KEYWORD, "which-jobs", "fetchable");
	ipp_put_number(&a.message, IPP_INTEGER, "limit", 1);
	ck_assert_int_eq(site_ask(&a, &two), 0);
	ck_assert_uint_eq(site_groups(&a, IPP_GROUP_JOB), 1);
	ck_assert_int_eq(site_say(&one, FETCH_JOB, "hp-1", first, 0, 0), 0);
	site_done(&a);
	site_begin(&a.message, GET_JOBS);
	ipp_put_text(&a.message, IPP_KEYWORD, "which-jobs", "fetchable");
	ck_assert_int_eq(site_ask(&a, &two), 0);
	ck_assert_uint_eq(site_groups(&a, IPP_GROUP_JOB), 1);
	site_done(&a);
	site_begin(&a.message, GET_JOBS);
	ipp_put_text(&a.message, IPP_KEYWORD, "which-jobs", "all");
	ck_assert_int_eq(site_ask(&a, &two), ATTRIBUTES);
}
END_TEST

static int
active(const struct identity *who, size_t count, const int32_t *ids, const int32_t *epochs)
{
	site_done(&a);
	site_begin(&a.message, UPDATE_ACTIVE);
	site_put_device(&a.message, "hp-1");
	for (size_t i = 0; i < count; i++)
		ipp_put_number(&a.message, IPP_INTEGER, i == 0 ? "job-ids" : "", ids[i]);
	for (size_t i = 0; i < count; i++)
		ipp_put_number(&a.message, IPP_ENUM, i == 0 ? "output-device-job-states" : "", 5);
	for (size_t i = 0; i < count; i++)
		ipp_put_number(
		    &a.message, IPP_INTEGER, i == 0 ? "quatrain-lease-epochs" : "", epochs[i]);
	return site_ask(&a, who);
}

START_TEST(a_connector_that_comes_back)
{
	int32_t ids[3], epochs[3] = { 1, 1, 1 };
	struct ipp_value v;

	for (size_t i = 0; i < 3; i++) {
		ids[i] = (int32_t)site_job("hp-1");
		ck_assert_int_eq(site_say(&one, FETCH_JOB, "hp-1", (uint32_t)ids[i], 0, 0), 0);
	}
	ck_assert_int_eq(site_say(&one, UPDATE_JOB, "hp-1", (uint32_t)ids[1], 1, 5), 0);
	/* It knows of the second alone: the others are free at once, for the other one too. */
	ck_assert_int_eq(active(&one, 1, ids + 1, epochs), 0);
	ck_assert(!site_find(&a, IPP_GROUP_OPERATION, "job-ids", &v));
	ck_assert_int_eq(site_say(&two, FETCH_JOB, "hp-1", (uint32_t)ids[0], 0, 0), 0);
	ck_assert_int_eq(site_say(&two, FETCH_JOB, "hp-1", (uint32_t)ids[1], 0, 0), LOST);
	ck_assert_int_eq(site_say(&two, FETCH_JOB, "hp-1", (uint32_t)ids[2], 0, 0), 0);
	/* What is another's by now is said to be over. */
	ck_assert_int_eq(active(&one, 2, ids, epochs), 0);
	ck_assert_int_eq(site_number(&a, IPP_GROUP_OPERATION, "job-ids"), ids[0]);
	ck_assert_int_eq(
	    site_number(&a, IPP_GROUP_OPERATION, "output-device-job-states"), JOB_CANCELED);
	/* It forgot what it was printing: the other takes that over. */
	ck_assert_int_eq(active(&one, 0, NULL, NULL), 0);
	ck_assert_int_eq(site_say(&two, FETCH_JOB, "hp-1", (uint32_t)ids[1], 0, 0), 0);
	ck_assert_uint_eq(site_see((uint32_t)ids[1]).epoch, 2);
	ck_assert_int_eq(active(&two, 0, NULL, NULL), 0);
	ck_assert_int_eq(site_say(&one, FETCH_JOB, "hp-1", (uint32_t)ids[2], 0, 0), 0);
}
END_TEST

START_TEST(active_jobs_that_make_no_sense)
{
	static const int32_t ids[] = { 99, -1 }, epochs[] = { 1, 0 };

	ck_assert_int_eq(active(&one, 2, ids, epochs), 0);
	ck_assert_int_eq(site_number(&a, IPP_GROUP_OPERATION, "job-ids"), 99);
	site_done(&a);
	site_begin(&a.message, UPDATE_ACTIVE);
	site_put_device(&a.message, "hp-1");
	ipp_put_number(&a.message, IPP_INTEGER, "job-ids", 1);
	ck_assert_int_eq(site_ask(&a, &one), BAD_REQUEST);
	site_done(&a);
	site_begin(&a.message, UPDATE_ACTIVE);
	site_put_device(&a.message, "hp-1");
	ipp_put_number(&a.message, IPP_INTEGER, "job-ids", 0);
	for (int32_t i = 1; i < 1001; i++)
		ipp_put_number(&a.message, IPP_INTEGER, "", i);
	ck_assert_int_eq(site_ask(&a, &one), BAD_REQUEST);
}
END_TEST

START_TEST(what_a_printer_says_of_itself)
{
	struct infra_device d;
	struct ipp_value v;
	int32_t id;

	ck_assert(!infra_device(&n, "acme", "hp-1", &d));
	ck_assert(!infra_identify(&n, "acme", "hp-1", "flash"));
	site_begin(&a.message, UPDATE_DEVICE);
	site_put_device(&a.message, "hp-1");
	ipp_group(&a.message, IPP_GROUP_PRINTER);
	ipp_put_number(&a.message, IPP_ENUM, "printer-state", 5);
	ipp_put_text(&a.message, IPP_KEYWORD, "printer-state-reasons", "media-jam");
	ipp_put_text(&a.message, IPP_KEYWORD, "", "toner-low");
	ipp_put_text(&a.message, IPP_TEXT, "printer-state-message", "a \x1b[31m jam");
	ipp_put_bool(&a.message, "printer-is-accepting-jobs", false);
	ck_assert_int_eq(site_ask(&a, &one), 0);
	ck_assert(infra_device(&n, "acme", "hp-1", &d));
	ck_assert_int_eq(d.state, 5);
	ck_assert(!d.accepting);
	ck_assert_str_eq(d.reasons, "media-jam,toner-low");
	ck_assert_str_eq(d.message, "a \\x1b[31m jam");
	ck_assert(!infra_device(&n, "globex", "hp-1", &d));
	/* Somebody stands before it. */
	ck_assert_int_eq(site_say(&one, ACK_IDENTIFY, "hp-1", 0, 0, 0), NOT_POSSIBLE);
	site_done(&a);
	site_begin(&a.message, SUBSCRIBE);
	put_wish(&a.message, "printer-state-changed");
	ck_assert_int_eq(site_ask(&a, &one), 0);
	id = site_number(&a, IPP_GROUP_SUBSCRIPTION, "notify-subscription-id");
	poll(&b, &one, id, 0, true);
	ck_assert(infra_identify(&n, "acme", "hp-1", "flash"));
	ck_assert_uint_eq(b.woken, 1);
	ck_assert(site_find(&b, IPP_GROUP_EVENT, "output-device-uuid", &v));
	site_done(&a);
	site_begin(&a.message, ACK_IDENTIFY);
	site_put_device(&a.message, "hp-1");
	ck_assert_int_eq(site_ask(&a, &one), 0);
	ck_assert(site_find(&a, IPP_GROUP_OPERATION, "identify-actions", &v));
	ck_assert(octets_same(v.value, octets_text("flash")));
	ck_assert_int_eq(site_say(&one, ACK_IDENTIFY, "hp-1", 0, 0, 0), NOT_POSSIBLE);
}
END_TEST

START_TEST(who_deregisters_gives_back)
{
	uint32_t id = site_job("hp-1");
	struct infra_device d;

	ck_assert_int_eq(site_say(&one, UPDATE_DEVICE, "hp-1", 0, 0, 0), 0);
	ck_assert_int_eq(site_say(&one, FETCH_JOB, "hp-1", id, 0, 0), 0);
	ck_assert_int_eq(site_say(&two, DEREGISTER, "hp-1", 0, 0, 0), 0); /* its own leases */
	ck_assert_int_eq(site_say(&two, FETCH_JOB, "hp-1", id, 0, 0), LOST);
	ck_assert_int_eq(site_say(&one, DEREGISTER, "hp-1", 0, 0, 0), 0);
	ck_assert(!infra_device(&n, "acme", "hp-1", &d));
	ck_assert_int_eq(site_say(&two, FETCH_JOB, "hp-1", id, 0, 0), 0);
}
END_TEST

/* Nothing of a request is ever dialled: there is nothing here that could. */
START_TEST(an_address_is_only_words)
{
	static const char *const uris[] = { "http://127.0.0.1:1/", "file:///etc/passwd",
		"ipp://user@127.0.0.1/", "ipp://[::ffff:127.0.0.1]:1/", "ipp://rebind.example/" };

	(void)site_job("hp-1");
	for (size_t i = 0; i < COUNT(uris); i++) {
		const struct ipp_head head = {
			.major = 2, .minor = 0, .code = GET_JOBS, .request_id = 17
		};

		site_done(&a);
		ipp_begin(&a.message, &head);
		ipp_put_text(&a.message, IPP_URI, "printer-uri", uris[i]);
		ipp_put_text(&a.message, IPP_KEYWORD, "which-jobs", "fetchable");
		site_send(&a, &one);
		ck_assert_uint_eq(a.x.ask.verb, 0);
		ck_assert_int_eq(site_status(&a), 0);
		ck_assert_uint_eq(site_groups(&a, IPP_GROUP_JOB), 1);
	}
}
END_TEST

/* What is no message, or none for here. */
START_TEST(messages_that_are_none)
{
	static const char *const types[] = { "", "text/plain", "application/ipp2" };

	for (size_t i = 0; i < COUNT(types); i++) {
		a.x = (struct exchange){ .method = octets_text("POST"),
			.path = octets_text("/ipp/infra"),
			.content_type = octets_text(types[i]) };
		ck_assert(infra_serve(&n, &a.x, &one));
		ck_assert_uint_eq(a.x.status, 415);
	}
	a.x = (struct exchange){ .method = octets_text("GET"), .path = octets_text("/ipp/infra") };
	ck_assert(infra_serve(&n, &a.x, &one));
	ck_assert_uint_eq(a.x.status, 405);
	a.x.path = octets_text("/ipp/print");
	ck_assert(!infra_serve(&n, &a.x, &one));
	a.x = (struct exchange){ .status = 0 };
	site_begin(&a.message, 0x5f); /* Register-Output-Device: a certificate does it */
	ck_assert_int_eq(site_ask(&a, &one), 0x0501);
	site_done(&a);
	site_begin(&a.message, FETCH_JOB);
	ck_assert_int_eq(site_ask(&a, &one), BAD_REQUEST); /* no device */
	ck_assert_int_eq(site_say(&one, UPDATE_JOB, "hp-1", site_job("hp-1"), 0, 5), BAD_REQUEST);
	ck_assert_int_eq(site_say(&one, FETCH_JOB, "hp-1", 0, 0, 0), BAD_REQUEST);
	site_done(&a);
	site_begin(&a.message, FETCH_JOB);
	ipp_put_text(&a.message, IPP_URI, "output-device-uuid", "urn:uuid:1");
	ck_assert_int_eq(site_ask(&a, &one), ATTRIBUTES);
	site_done(&a);
	site_about(&a.message, UPDATE_JOB, "hp-1", 1, 1);
	ipp_group(&a.message, IPP_GROUP_JOB);
	ipp_put_number(&a.message, IPP_ENUM, "output-device-job-state", 9);
	ipp_group(&a.message, IPP_GROUP_JOB); /* and which of them counts? */
	ipp_put_number(&a.message, IPP_ENUM, "output-device-job-state", 7);
	ck_assert_int_eq(site_ask(&a, &one), BAD_REQUEST);
	site_done(&a);
	site_begin(&a.message, GET_JOBS);
	ipp_end(&a.message);
	bytes_put_text(&a.message, "more"); /* a document; site_send() ends it once more */
	ck_assert_int_eq(site_ask(&a, &one), BAD_REQUEST);
	site_done(&a);
	bytes_put(&a.message, "\2\0\0\12\0\0\0\1\1\107\0", 11);
	ck_assert_int_eq(site_ask(&a, &one), BAD_REQUEST);
	site_done(&a);
	site_begin(&a.message, GET_JOBS);
	for (size_t i = 0; i < 300; i++)
		ipp_put(&a.message, IPP_OCTETS, "", octets_of(nothing, sizeof(nothing)));
	ck_assert_int_ne(site_ask(&a, &one), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("infra_notify");
	TCase *t = tcase_create("infra_notify");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_release_is_heard_at_once);
	tcase_add_test(t, nobody_waits_for_ever);
	tcase_add_test(t, others_hear_nothing);
	tcase_add_test(t, a_gateway_that_was_taken_away);
	tcase_add_test(t, a_lease_that_runs_out_is_heard);
	tcase_add_test(t, what_is_not_durable_is_not_heard);
	tcase_add_test(t, what_is_too_much_leaves_a_gap);
	tcase_add_test(t, a_subscription_ends);
	tcase_add_test(t, more_than_anybody_needs);
	tcase_add_test(t, wishes_that_are_none);
	tcase_add_test(t, the_list_is_ones_own);
	tcase_add_test(t, a_connector_that_comes_back);
	tcase_add_test(t, active_jobs_that_make_no_sense);
	tcase_add_test(t, what_a_printer_says_of_itself);
	tcase_add_test(t, who_deregisters_gives_back);
	tcase_add_test(t, an_address_is_only_words);
	tcase_add_test(t, messages_that_are_none);
	suite_add_tcase(s, t);
	return run_suite(s);
}
