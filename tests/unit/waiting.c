/* tests/unit/waiting.c - enroll/waiting.h, through EST's face: who may ask with nothing but a key,
 * what he is told, and how he is known without his label. The signer is played here. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ca/petition.h"
#include "ca/profile_set.h"
#include "enroll/est.h"
#include "tests/unit/forge.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"
#include "tests/unit/visit.h"

#define PLAIN "text/plain; charset=utf-8"

static struct ground g;
static struct est est;
static struct exchange x;
static struct octets csr, csr64;
static struct fault f;

static int64_t
now(void)
{
	return g.now_s;
}

static void
load(void)
{
	static const char *const files[][2] = { { "operator.yaml", "name: operator\nask: []\n" },
		{ "service.yaml", "name: service\npurposes: [clientAuth, serverAuth]\n" },
		{ "printer.yaml", "name: printer\n" },
		{ "walkup.yaml", "name: walkup\nkind: scanner\nask: [request, token]\n" } };
	struct bytes bundle = { 0 };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		bytes_put_counted_text(&bundle, files[i][0]);
		bytes_put_counted_text(&bundle, files[i][1]);
	}
	ck_assert_msg(profile_load(octets_bytes(&bundle), &f), "%s", f.text);
	bytes_free(&bundle);
}

static void
setup(void)
{
	struct bytes b = { 0 };

	ground_new(&g);
	load();
	est = (struct est){ g.realm, now };
	x = (struct exchange){ .status = 0 };
	csr = forge_request(&(struct forge){ .key = NULL });
	text_base64(csr, 0, &b);
	csr64 = forge_exact(octets_bytes(&b));
	bytes_free(&b);
	f = (struct fault){ 0 };
}

static void
teardown(void)
{
	exchange_free(&x);
	forge_free();
	ground_free(&g);
}

static void
post(const char *path)
{
	exchange_free(&x);
	x = visit(FACE_SECURE, "POST", path);
	x.content_type = RAW("application/pkcs10");
	x.body = csr64;
}

static void
serve(void)
{
	ck_assert(est_serve(&est, &x));
}

static void
asks(enum enrol_way way, const char *profile)
{
	struct wire_enroll w;

	visit_asks(&x, WIRE_ENROLL);
	ck_assert(wire_enroll(octets_bytes(&x.ask.body), &w, &f));
	ck_assert_int_eq(w.way, way);
	ck_assert_str_eq(w.tenant, "acme");
	ck_assert_str_eq(w.profile, profile);
	ck_assert(octets_same(w.csr, csr));
}

/* The key of csr waits at acme. */
static void
put_request(const char *profile)
{
	struct petition r = { .way = ENROL_REQUEST,
		.device = { "acme", "scanner", "scan-1" },
		.source = "192.0.2.1:1",
		.csr = csr };
	struct csr read;

	(void)snprintf(r.profile, sizeof(r.profile), "%s", profile);
	ck_assert(csr_read(csr, &read, &f));
	memcpy(r.key, read.key_id, sizeof(r.key));
	ck_assert(petition_open(g.realm, g.acme->ledger, &r, g.now_s, &f));
	ground_commit(g.acme->ledger);
	ground_commit(realm_platform(g.realm));
}

START_TEST(who_may_ask_with_a_key_alone)
{
	post("/.well-known/est/acme:walkup/simpleenroll");
	serve();
	asks(ENROL_REQUEST, "walkup");
	post("/.well-known/est/acme:walkup/simpleenroll");
	x.authorization = RAW("Basic aHAtMTpTRUNSRVQ="); /* whoever shows a token stands on it */
	serve();
	asks(ENROL_TOKEN, "walkup");
	post("/.well-known/est/acme:walkup/simpleenroll");
	x.authorization = RAW("Basic !"); /* and is not let wait where it is none */
	serve();
	visit_is(&x, 401, PLAIN);
	post("/.well-known/est/acme/simpleenroll"); /* printer, which wants a token */
	serve();
	ck_assert_uint_eq(x.status, 401);
	ck_assert_uint_eq(x.ask.verb, 0);
	post("/.well-known/est/acme:printer/simpleenroll");
	serve();
	ck_assert_uint_eq(x.status, 401);
	post("/.well-known/est/acme:walkup/simpleenroll");
	x.peer = octets_bytes(&ground_leaf(&g, g.acme, "printer", "hp-1")->der);
	serve();
	ck_assert_uint_eq(x.status, 401);
	post("/.well-known/est/acme:walkup/simplereenroll");
	serve();
	ck_assert_uint_eq(x.status, 401);
}
END_TEST

START_TEST(bodies_that_are_none)
{
	static const char *const bodies[] = { "", "!", "MAA=", "AAAA" };

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		post("/.well-known/est/acme:walkup/simpleenroll");
		x.body = octets_text(bodies[i]);
		serve();
		visit_refused(&x, "acme", "certificate.enroll", FAULT_BADREQ, 400);
	}
}
END_TEST

/* Empty, and in seconds: others fall over a body, or read no date. */
START_TEST(told_to_wait)
{
	struct bytes answer = { 0 };

	post("/.well-known/est/acme:walkup/simpleenroll");
	serve();
	bytes_put_counted(&answer, NONE);
	bytes_put_u64(&answer, 300);
	visit_answer(&x, 0, octets_bytes(&answer));
	ck_assert_uint_eq(x.status, 202);
	ck_assert_ptr_null(x.type);
	ck_assert_uint_eq(x.reply.n, 0);
	ck_assert_str_eq(visit_header(&x, "Retry-After"), "300");
	ck_assert_ptr_null(visit_header(&x, "Quatrain-Log-Index"));
	bytes_free(&answer);
}
END_TEST

START_TEST(too_many_wait)
{
	static const struct {
		struct octets answer;
		const char *later;
	} rows[] = {
		{ { (const uint8_t *)"request: full\0{\"retry_s\":300}", 29 }, "300" },
		{ { (const uint8_t *)"request: full", 13 }, "2" },
		{ { (const uint8_t *)"request: full\0", 14 }, "2" },
		{ { (const uint8_t *)"request: full\0{\"retry_s\":0}", 27 }, "2" },
		{ { (const uint8_t *)"request: full\0{\"retry_s\":86401}", 31 }, "2" },
		{ { (const uint8_t *)"request: full\0{\"retry_s\":\"x\"}", 29 }, "2" },
		{ { (const uint8_t *)"request: full\0[", 15 }, "2" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		post("/.well-known/est/acme:walkup/simpleenroll");
		serve();
		visit_answer(&x, FAULT_BUSY, rows[i].answer);
		visit_is(&x, 503, PLAIN);
		ck_assert_str_eq(visit_header(&x, "Retry-After"), rows[i].later);
		ck_assert(octets_same(octets_bytes(&x.reply), RAW("request: full\n")));
	}
}
END_TEST

/* strongSwan 5.9.8 comes back without what stood before the operation. */
START_TEST(known_by_the_key)
{
	post("/.well-known/est/simpleenroll");
	serve();
	visit_refused(&x, "", "certificate.enroll", FAULT_NOTFOUND, 404);
	put_request("walkup");
	post("/.well-known/est/simpleenroll");
	serve();
	asks(ENROL_REQUEST, "walkup");
	post("/.well-known/est/simpleenroll"); /* and so is who has a secret that names no tenant */
	x.authorization = RAW("Basic aHAtMTpTRUNSRVQ=");
	serve();
	asks(ENROL_TOKEN, "walkup");
	post("/.well-known/est/other:walkup/simpleenroll"); /* a label is believed before it */
	serve();
	visit_refused(&x, "", "certificate.enroll", FAULT_NOTFOUND, 404);
	post("/.well-known/est/simpleenroll");
	x.body = RAW("AAAA");
	serve();
	visit_refused(&x, "", "certificate.enroll", FAULT_NOTFOUND, 404);
	post("/.well-known/est/simpleenroll");
	x.content_type = RAW("text/plain");
	serve();
	visit_refused(&x, "", "certificate.enroll", FAULT_NOTFOUND, 404);
	exchange_free(&x);
	x = visit(FACE_SECURE, "GET", "/.well-known/est/cacerts");
	serve();
	visit_refused(&x, "", "est.cacerts", FAULT_NOTFOUND, 404);
}
END_TEST

/* By a profile that is gone since. */
START_TEST(a_way_that_leads_nowhere)
{
	put_request("vanished");
	post("/.well-known/est/simpleenroll");
	serve();
	visit_refused(&x, "acme", "certificate.enroll", FAULT_NOTFOUND, 404);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("waiting");
	TCase *t = tcase_create("waiting");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, who_may_ask_with_a_key_alone);
	tcase_add_test(t, bodies_that_are_none);
	tcase_add_test(t, told_to_wait);
	tcase_add_test(t, too_many_wait);
	tcase_add_test(t, known_by_the_key);
	tcase_add_test(t, a_way_that_leads_nowhere);
	suite_add_tcase(s, t);
	return run_suite(s);
}
