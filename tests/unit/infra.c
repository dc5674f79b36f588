/* tests/unit/infra.c - relay/infra.h: of two connectors one prints, and each for its own printers.
 */
#include "tests/unit/infra_site.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct talk a, b;

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

static int
fetch(struct talk *t, const struct identity *who, const char *printer, uint32_t job)
{
	site_done(t);
	site_about(&t->message, FETCH_JOB, printer, job, 0);
	return site_ask(t, who);
}

START_TEST(a_job_from_release_to_paper)
{
	uint32_t id = site_job("hp-1");
	struct ipp_value v;

	ck_assert_int_eq(fetch(&a, &one, "hp-1", id), 0);
	ck_assert_int_eq(site_number(&a, IPP_GROUP_JOB, "job-id"), (int32_t)id);
	ck_assert_int_eq(site_number(&a, IPP_GROUP_JOB, "quatrain-lease-epoch"), 1);
	ck_assert_int_eq(site_number(&a, IPP_GROUP_JOB, "quatrain-document-octets"), SITE_PLAIN);
	ck_assert(site_find(&a, IPP_GROUP_JOB, "quatrain-envelope", &v));
	ck_assert(octets_same(v.value, octets_text("to the connector")));
	ck_assert(site_find(&a, IPP_GROUP_JOB, "quatrain-document-format", &v));
	ck_assert(octets_same(v.value, octets_text("application/pdf")));
	ck_assert(site_find(&a, IPP_GROUP_JOB, "quatrain-takeover", &v));
	ck_assert(!ipp_yes(&v));
	ck_assert_int_eq(site_say(&one, ACK_JOB, "hp-1", id, 1, 0), 0);
	ck_assert_int_eq(site_say(&one, ACK_DOCUMENT, "hp-1", id, 1, 0), 0);
	ck_assert_int_eq(site_say(&one, UPDATE_JOB, "hp-1", id, 1, JOB_PROCESSING), 0);
	ck_assert_int_eq(site_see(id).state, JOB_PROCESSING);
	ck_assert_uint_eq(site_see(id).reasons, JOB_PRINTING);
	ck_assert_int_eq(site_say(&one, UPDATE_DOCUMENT, "hp-1", id, 1, 0), 0);
	ck_assert_uint_eq(used, 0);
	ck_assert_int_eq(site_say(&one, UPDATE_JOB, "hp-1", id, 1, JOB_COMPLETED), 0);
	ck_assert_int_eq(site_see(id).state, JOB_COMPLETED);
	ck_assert_uint_eq(site_see(id).reasons, JOB_DONE);
	ck_assert_uint_eq(site_see(id).envelope.n, 0);
	ck_assert_uint_eq(used, 1);
	ck_assert_uint_eq(used_by.impressions, 5);
	ck_assert_uint_eq(used_by.epoch, 1);
	/* The answer was lost: said again it counts no second time. */
	ck_assert_int_eq(site_say(&one, UPDATE_JOB, "hp-1", id, 1, JOB_COMPLETED), 0);
	ck_assert_int_eq(site_say(&one, UPDATE_JOB, "hp-1", id, 1, JOB_PROCESSING), NOT_POSSIBLE);
	ck_assert_uint_eq(used, 1);
	ck_assert_int_eq(fetch(&a, &one, "hp-1", id), LOST);
	ck_assert_int_eq(fetch(&a, &two, "hp-1", id), LOST);
}
END_TEST

/* Both ask before either was answered: whoever came first has it, and the other's signer is not
 * even asked. */
START_TEST(of_two_that_race_one_prints)
{
	uint32_t id = site_job("hp-1");

	site_about(&a.message, FETCH_JOB, "hp-1", id, 0);
	site_about(&b.message, FETCH_JOB, "hp-1", id, 0);
	site_send(&a, &one);
	site_send(&b, &two);
	ck_assert_uint_eq(a.x.ask.verb, 77);
	ck_assert_uint_eq(b.x.ask.verb, 0);
	ck_assert_int_eq(site_status(&b), LOST);
	site_commit(); /* before the signer answers */
	ck_assert_uint_eq(a.x.status, 0);
	ck_assert_uint_eq(a.woken, 0);
	site_signer(&a);
	ck_assert_int_eq(site_status(&a), 0);
	ck_assert_int_eq(site_say(&two, UPDATE_JOB, "hp-1", id, 1, JOB_PROCESSING), LOST);
	ck_assert_int_eq(site_say(&two, FETCH_DOCUMENT, "hp-1", id, 1, 0), LOST);
	ck_assert_int_eq(site_say(&two, ACK_JOB, "hp-1", id, 1, 0), LOST);
	ck_assert_int_eq(site_see(id).state, JOB_PENDING);
	ck_assert_int_eq(site_say(&one, UPDATE_JOB, "hp-1", id, 1, JOB_PROCESSING), 0);
}
END_TEST

/* Before it said processing: it may be printed by the other, and only by that one. */
START_TEST(a_lease_that_ran_out)
{
	uint32_t id = site_job("hp-1");

	ck_assert_int_eq(fetch(&a, &one, "hp-1", id), 0);
	now_s += INFRA_LEASE_S - 1;
	infra_tick(&n);
	ck_assert_int_eq(fetch(&b, &two, "hp-1", id), LOST);
	now_s++;
	infra_tick(&n);
	site_commit();
	ck_assert_uint_eq(site_see(id).reasons, JOB_FETCHABLE);
	ck_assert_int_eq(fetch(&b, &two, "hp-1", id), 0);
	ck_assert_int_eq(site_number(&b, IPP_GROUP_JOB, "quatrain-lease-epoch"), 2);
	ck_assert_int_eq(site_say(&one, UPDATE_JOB, "hp-1", id, 1, JOB_PROCESSING), LOST);
	ck_assert_int_eq(site_say(&one, UPDATE_JOB, "hp-1", id, 2, JOB_PROCESSING), LOST);
	ck_assert_int_eq(site_say(&one, FETCH_DOCUMENT, "hp-1", id, 1, 0), LOST);
	ck_assert_int_eq(site_say(&two, UPDATE_JOB, "hp-1", id, 1, JOB_PROCESSING), LOST);
	ck_assert_int_eq(site_say(&two, UPDATE_JOB, "hp-1", id, 2, JOB_PROCESSING), 0);
	ck_assert_int_eq(site_say(&one, UPDATE_JOB, "hp-1", id, 1, JOB_COMPLETED), LOST);
	ck_assert_int_eq(site_see(id).state, JOB_PROCESSING);
	ck_assert_uint_eq(used, 0);
}
END_TEST

/* A lease that ran out while nobody else came is still its holder's, who prints on. */
START_TEST(late_and_alone)
{
	uint32_t id = site_job("hp-1");

	ck_assert_int_eq(fetch(&a, &one, "hp-1", id), 0);
	now_s += 2 * INFRA_LEASE_S;
	infra_tick(&n);
	site_commit();
	ck_assert_int_eq(site_say(&one, UPDATE_JOB, "hp-1", id, 1, JOB_PROCESSING), 0);
	ck_assert_int_eq(fetch(&b, &two, "hp-1", id), LOST);
	now_s += 2 * INFRA_LEASE_S;
	infra_tick(&n);
	site_commit();
	ck_assert_int_eq(site_say(&one, UPDATE_JOB, "hp-1", id, 1, JOB_COMPLETED), 0);
	ck_assert_uint_eq(used, 1);
}
END_TEST

/* After it said processing: who takes it over is told so. */
START_TEST(a_takeover_is_said)
{
	uint32_t id = site_job("hp-1");
	struct ipp_value v;

	ck_assert_int_eq(fetch(&a, &one, "hp-1", id), 0);
	ck_assert_int_eq(site_say(&one, UPDATE_JOB, "hp-1", id, 1, JOB_PROCESSING), 0);
	ck_assert_int_eq(fetch(&b, &two, "hp-1", id), LOST);
	ck_assert_int_eq(fetch(&a, &one, "hp-1", id), LOST); /* nor by itself */
	now_s += INFRA_LEASE_S;
	ck_assert_int_eq(fetch(&b, &two, "hp-1", id), 0); /* before anybody ticked, too */
	ck_assert_int_eq(site_number(&b, IPP_GROUP_JOB, "quatrain-lease-epoch"), 2);
	ck_assert(site_find(&b, IPP_GROUP_JOB, "quatrain-takeover", &v));
	ck_assert(ipp_yes(&v));
	ck_assert_int_eq(site_see(id).state, JOB_PROCESSING);
	ck_assert_int_eq(site_say(&one, UPDATE_JOB, "hp-1", id, 1, JOB_COMPLETED), LOST);
	ck_assert_int_eq(site_say(&two, UPDATE_JOB, "hp-1", id, 2, JOB_COMPLETED), 0);
	ck_assert_uint_eq(used, 1);
	ck_assert_uint_eq(used_by.epoch, 2);
}
END_TEST

START_TEST(an_answer_that_was_lost)
{
	uint32_t id = site_job("hp-1");

	ck_assert_int_eq(fetch(&a, &one, "hp-1", id), 0);
	ck_assert_int_eq(fetch(&a, &one, "hp-1", id), 0); /* at once, by the same */
	ck_assert_int_eq(site_number(&a, IPP_GROUP_JOB, "quatrain-lease-epoch"), 2);
	ck_assert_int_eq(site_say(&one, UPDATE_JOB, "hp-1", id, 1, JOB_PROCESSING), LOST);
	ck_assert_int_eq(site_say(&one, UPDATE_JOB, "hp-1", id, 2, JOB_PROCESSING), 0);
}
END_TEST

START_TEST(what_is_not_released_is_nobodys)
{
	uint32_t held = site_job(""), id = site_job("hp-1");

	ck_assert_int_eq(fetch(&a, &one, "hp-1", held), LOST);
	ck_assert_int_eq(fetch(&a, &three, "hp-2", id), LOST); /* released elsewhere */
	ck_assert_int_eq(fetch(&a, &one, "hp-1", 99), NOT_FOUND);
	ck_assert_uint_eq(site_see(held).epoch, 0);
	ck_assert_uint_eq(site_see(id).epoch, 0);
	permits = false;
	ck_assert_int_eq(fetch(&a, &one, "hp-1", id), NOT_AUTHORIZED);
	ck_assert_str_eq(a.x.why, "not at night");
	ck_assert_uint_eq(site_see(id).epoch, 0);
}
END_TEST

/* Another's output-device-uuid is none of its own, whatever the job. */
START_TEST(anothers_device_is_not_authorized)
{
	static const int all[] = { GET_JOBS, SUBSCRIBE, ACK_JOB, ACK_DOCUMENT, FETCH_DOCUMENT,
		FETCH_JOB, UPDATE_ACTIVE, DEREGISTER, UPDATE_DOCUMENT, UPDATE_JOB, UPDATE_DEVICE,
		ACK_IDENTIFY };
	uint32_t id = site_job("hp-1");
	struct identity wrong[] = { three, site_who("globex", "gateway", "site-1"),
		site_who("acme", "printer", "hp-2"), one };

	(void)ground_tenant(&g, "globex", CONSTRAINTS_STRICT);
	ck_assert_int_eq(fetch(&a, &one, "hp-1", id), 0);
	wrong[3].good = false;
	for (size_t w = 0; w < COUNT(wrong); w++)
		for (size_t i = 0; i < COUNT(all); i++) {
			site_done(&b);
			site_about(&b.message, all[i], "hp-1", id, 1);
			ck_assert_int_eq(site_ask(&b, &wrong[w]), NOT_AUTHORIZED);
			ck_assert_uint_gt(strlen(b.x.why), 0); /* and said in the log */
		}
	ck_assert_uint_eq(site_see(id).epoch, 1);
	ck_assert_str_eq(site_see(id).connector, "spiffe://acme.eu.example.org/gateway/site-1");
}
END_TEST

START_TEST(who_is_no_connector)
{
	static const char *const kinds[] = { "workstation", "phone", "service" };

	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct identity who = site_who("acme", kinds[i], "site-1");

		site_done(&a);
		a.x = (struct exchange){ .method = octets_text("POST"),
			.path = octets_text("/ipp/infra"),
			.content_type = octets_text("application/ipp") };
		ck_assert(infra_serve(&n, &a.x, &who));
		ck_assert_uint_eq(a.x.status, 200); /* before a piece of its body came */
		ck_assert_int_eq(site_status(&a), NOT_AUTHORIZED);
	}
}
END_TEST

START_TEST(a_printer_speaks_for_itself)
{
	uint32_t id = site_job("hp-1");

	ck_assert_int_eq(fetch(&a, &self, "hp-1", id), 0);
	ck_assert_int_eq(fetch(&b, &one, "hp-1", id), LOST);
	ck_assert_int_eq(site_say(&self, UPDATE_JOB, "hp-1", id, 1, JOB_PROCESSING), 0);
}
END_TEST

START_TEST(what_the_signer_refuses_is_not_fetched)
{
	uint32_t id = site_job("hp-1");

	refuses = FAULT_DENIED;
	ck_assert_int_eq(fetch(&a, &one, "hp-1", id), NOT_AUTHORIZED);
	ck_assert_str_eq(a.x.why, "it says no");
	site_commit();
	refuses = 0;
	ck_assert_int_eq(fetch(&b, &two, "hp-1", id), 0); /* at once */
	ck_assert_int_eq(site_number(&b, IPP_GROUP_JOB, "quatrain-lease-epoch"), 2);
}
END_TEST

START_TEST(what_is_not_durable_is_not_said)
{
	static const struct fault full = { FAULT_BUSY, "the disk is full" };
	uint32_t id = site_job("hp-1");

	site_about(&a.message, FETCH_JOB, "hp-1", id, 0);
	site_send(&a, &one);
	ck_assert(spool_commit(n.spool, &f));
	infra_committed(&n, &full); /* while the signer works */
	ck_assert_uint_eq(a.x.status, 0);
	site_signer(&a);
	ck_assert_int_eq(site_status(&a), 0x0507);
	site_commit();
	ck_assert_int_eq(fetch(&b, &two, "hp-1", id), 0);
	site_done(&a);
	site_about(&a.message, UPDATE_JOB, "hp-1", id, 2);
	ipp_group(&a.message, IPP_GROUP_JOB);
	ipp_put_number(&a.message, IPP_ENUM, "output-device-job-state", JOB_PROCESSING);
	site_send(&a, &two);
	ck_assert(a.x.waits);
	ck_assert_uint_eq(a.x.status, 0);
	infra_committed(&n, &full);
	ck_assert_uint_eq(a.woken, 1);
	ck_assert_int_eq(site_status(&a), 0x0505);
}
END_TEST

START_TEST(who_hangs_up_is_forgotten)
{
	uint32_t id = site_job("hp-1");

	site_about(&a.message, FETCH_JOB, "hp-1", id, 0);
	site_send(&a, &one);
	site_done(&a);
	site_commit();
	ck_assert_uint_eq(site_see(id).epoch, 1);
	now_s += INFRA_LEASE_S;
	infra_tick(&n);
	site_commit();
	ck_assert_int_eq(fetch(&b, &two, "hp-1", id), 0);
}
END_TEST

START_TEST(what_it_cannot_print)
{
	uint32_t busy = site_job("hp-1"), format = site_job("hp-1");

	ck_assert_int_eq(fetch(&a, &one, "hp-1", busy), 0);
	site_done(&a);
	site_about(&a.message, ACK_JOB, "hp-1", busy, 1);
	ipp_put_number(&a.message, IPP_ENUM, "fetch-status-code", 0x0507);
	ck_assert_int_eq(site_ask(&a, &one), 0);
	ck_assert_int_eq(fetch(&b, &two, "hp-1", busy), 0);
	ck_assert_int_eq(fetch(&a, &one, "hp-1", format), 0);
	site_done(&a);
	site_about(&a.message, ACK_DOCUMENT, "hp-1", format, 1);
	ipp_put_number(&a.message, IPP_ENUM, "fetch-status-code", 0x040a);
	ck_assert_int_eq(site_ask(&a, &one), 0);
	ck_assert_int_eq(site_see(format).state, JOB_ABORTED);
	ck_assert_uint_eq(site_see(format).envelope.n, 0);
	ck_assert_uint_eq(used, 1);
}
END_TEST

START_TEST(a_document_in_pieces)
{
	uint32_t id = site_job("hp-1");
	size_t pieces = 0, octets = 0;
	struct ipp_value v;
	bool more = true;

	ck_assert_int_eq(fetch(&a, &one, "hp-1", id), 0);
	site_about(&b.message, FETCH_DOCUMENT, "hp-1", id, 1);
	ck_assert_int_eq(site_ask(&b, &one), 0);
	ck_assert(site_find(&b, IPP_GROUP_OPERATION, "document-format", &v));
	ck_assert(octets_same(v.value, octets_text("application/vnd.quatrain.sealed")));
	while (more) {
		bytes_clear(&b.x.reply);
		more = b.x.pull(&b.x);
		ck_assert_uint_le(b.x.reply.n, 256u << 10);
		for (size_t i = 0; i < b.x.reply.n; i++, octets++)
			ck_assert_uint_eq(b.x.reply.at[i], (uint8_t)(octets >> 8));
		pieces++;
		now_s += INFRA_LEASE_S / 2 + 1; /* a slow line: the lease lasts as long */
		infra_tick(&n);
	}
	ck_assert_uint_eq(octets, SITE_DOCUMENT);
	ck_assert_uint_eq(pieces, 2);
	ck_assert_int_eq(fetch(&a, &two, "hp-1", id), LOST);
}
END_TEST

START_TEST(who_loses_the_lease_gets_no_more)
{
	uint32_t id = site_job("hp-1");

	ck_assert_int_eq(fetch(&a, &one, "hp-1", id), 0);
	site_about(&b.message, FETCH_DOCUMENT, "hp-1", id, 1);
	ck_assert_int_eq(site_ask(&b, &one), 0);
	bytes_clear(&b.x.reply);
	ck_assert(b.x.pull(&b.x));
	now_s += INFRA_LEASE_S;
	ck_assert_int_eq(fetch(&a, &two, "hp-1", id), 0);
	bytes_clear(&b.x.reply);
	ck_assert(!b.x.pull(&b.x));
	ck_assert_uint_eq(b.x.reply.n, 0);
	ck_assert(b.x.close);
}
END_TEST

START_TEST(a_document_that_there_is_not)
{
	uint32_t id = site_job("hp-1");

	ck_assert_int_eq(fetch(&a, &one, "hp-1", id), 0);
	site_about(&b.message, FETCH_DOCUMENT, "hp-1", id, 1);
	ipp_put_number(&b.message, IPP_INTEGER, "document-number", 2);
	ck_assert_int_eq(site_ask(&b, &one), NOT_FOUND);
	ck_assert_int_eq(site_say(&one, UPDATE_JOB, "hp-1", id, 1, JOB_ABORTED), 0);
	ck_assert_int_eq(site_say(&one, FETCH_DOCUMENT, "hp-1", id, 1, 0), NOT_POSSIBLE);
}
END_TEST

/* Somebody cancels what is being printed: the connector hears of it, and what was printed counts
 * once. */
START_TEST(canceled_in_mid_job)
{
	uint32_t id = site_job("hp-1");
	struct job j = { .id = 0 };

	ck_assert_int_eq(fetch(&a, &one, "hp-1", id), 0);
	ck_assert_int_eq(site_say(&one, UPDATE_JOB, "hp-1", id, 1, JOB_PROCESSING), 0);
	ck_assert(spool_get(n.spool, "acme", id, &j, &f));
	j.state = JOB_CANCELED;
	j.reasons = JOB_CANCELED_BY_USER;
	ck_assert(spool_put(n.spool, &j, true, &f));
	job_free(&j);
	site_commit();
	ck_assert_int_eq(site_say(&one, UPDATE_JOB, "hp-1", id, 1, JOB_PROCESSING), NOT_POSSIBLE);
	ck_assert_uint_eq(used, 0);
	ck_assert_int_eq(site_say(&one, UPDATE_JOB, "hp-1", id, 1, JOB_CANCELED), 0);
	ck_assert_uint_eq(used, 1);
	ck_assert_uint_eq(used_by.impressions, 5);
	ck_assert_int_eq(site_say(&one, UPDATE_JOB, "hp-1", id, 1, JOB_CANCELED), 0);
	now_s += 2 * INFRA_LEASE_S;
	infra_tick(&n);
	ck_assert_uint_eq(used, 1);
	ck_assert_int_eq(site_see(id).state, JOB_CANCELED);
}
END_TEST

/* A printer's row is taken away, or a certificate ends: the lease is lost with it. */
START_TEST(who_speaks_no_more)
{
	uint32_t id = site_job("hp-1"), other = site_job("hp-1");

	ck_assert_int_eq(fetch(&a, &one, "hp-1", id), 0);
	ck_assert_int_eq(fetch(&a, &two, "hp-1", other), 0);
	site_printer("hp-1", "site-2", NULL);
	infra_tick(&n);
	site_commit();
	ck_assert_int_eq(site_say(&one, UPDATE_JOB, "hp-1", id, 1, JOB_PROCESSING), NOT_AUTHORIZED);
	ck_assert_int_eq(fetch(&b, &two, "hp-1", id), 0);
	ck_assert_int_eq(site_say(&two, UPDATE_JOB, "hp-1", other, 1, JOB_PROCESSING), 0);
	infra_lost(&n, &two);
	site_commit();
	ck_assert_int_eq(fetch(&b, &self, "hp-1", id), 0);
	ck_assert_int_eq(fetch(&b, &self, "hp-1", other), 0);
	ck_assert_int_eq(site_number(&b, IPP_GROUP_JOB, "quatrain-lease-epoch"), 2);
}
END_TEST

/* Its certificate is revoked in mid-job: nobody waits for its lease to run out. */
START_TEST(who_was_revoked_in_mid_job)
{
	const struct ground_cert *leaf = ground_leaf(&g, g.acme, "gateway", "site-1");
	uint32_t id = site_job("hp-1");
	struct ledger *l;

	ck_assert(realm_ledger(g.realm, "acme", &l, &f));
	text_hex(leaf->serial, sizeof(leaf->serial), one.evidence);
	ck_assert_int_eq(fetch(&a, &one, "hp-1", id), 0);
	ck_assert_int_eq(site_say(&one, UPDATE_JOB, "hp-1", id, 1, JOB_PROCESSING), 0);
	infra_tick(&n);
	ck_assert_int_eq(fetch(&b, &two, "hp-1", id), LOST);
	ground_revoke(&g, l, leaf->serial, 1);
	infra_tick(&n);
	site_commit();
	ck_assert_int_eq(fetch(&b, &two, "hp-1", id), 0);
	ck_assert_int_eq(site_number(&b, IPP_GROUP_JOB, "quatrain-lease-epoch"), 2);
}
END_TEST

/* While the relay is away nobody can renew a lease: it gets its time again. */
START_TEST(a_restart_takes_no_lease_away)
{
	uint32_t id = site_job("hp-1");

	ck_assert_int_eq(fetch(&a, &one, "hp-1", id), 0);
	ck_assert_int_eq(site_say(&one, UPDATE_JOB, "hp-1", id, 1, JOB_PROCESSING), 0);
	site_done(&a);
	infra_end(&n);
	now_s += 600;
	site_start();
	infra_tick(&n);
	ck_assert_int_eq(fetch(&b, &two, "hp-1", id), LOST);
	ck_assert_int_eq(site_say(&one, UPDATE_JOB, "hp-1", id, 1, JOB_PROCESSING), 0);
	now_s += INFRA_LEASE_S;
	infra_tick(&n);
	site_commit();
	ck_assert_int_eq(fetch(&b, &two, "hp-1", id), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("infra");
	TCase *t = tcase_create("infra");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_job_from_release_to_paper);
	tcase_add_test(t, of_two_that_race_one_prints);
	tcase_add_test(t, a_lease_that_ran_out);
	tcase_add_test(t, late_and_alone);
	tcase_add_test(t, a_takeover_is_said);
	tcase_add_test(t, an_answer_that_was_lost);
	tcase_add_test(t, what_is_not_released_is_nobodys);
	tcase_add_test(t, anothers_device_is_not_authorized);
	tcase_add_test(t, who_is_no_connector);
	tcase_add_test(t, a_printer_speaks_for_itself);
	tcase_add_test(t, what_the_signer_refuses_is_not_fetched);
	tcase_add_test(t, what_is_not_durable_is_not_said);
	tcase_add_test(t, who_hangs_up_is_forgotten);
	tcase_add_test(t, what_it_cannot_print);
	tcase_add_test(t, a_document_in_pieces);
	tcase_add_test(t, who_loses_the_lease_gets_no_more);
	tcase_add_test(t, a_document_that_there_is_not);
	tcase_add_test(t, canceled_in_mid_job);
	tcase_add_test(t, who_speaks_no_more);
	tcase_add_test(t, who_was_revoked_in_mid_job);
	tcase_add_test(t, a_restart_takes_no_lease_away);
	suite_add_tcase(s, t);
	return run_suite(s);
}
