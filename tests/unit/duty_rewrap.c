/* tests/unit/duty_rewrap.c - daemon/duty_rewrap.c and duty_verifier.c: the release key works for
 * the one connector that may print, and PINs are hashed under a key that nobody else has. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "ca/printer.h"
#include "ca/wire.h"
#include "daemon/signer.h"
#include "relay/envelope.h"
#include "relay/job.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

static struct ground g;
static struct signer s;
static struct errand j;
static const struct ground_cert *gateway, *other, *phone;
static struct content_key key, got;
static struct document_of of;
static struct wire_rewrap w;
static struct bytes release, envelope, body;
static struct fault f;

static bool
asks_key(const char *tenant)
{
	bytes_clear(&body);
	bytes_free(&j.answer);
	bytes_put_counted_text(&body, tenant);
	j = (struct errand){ .from = FROM_EDGE, .now_s = g.now_s, .body = octets_bytes(&body) };
	return duty_release_key(&s, &j, &f);
}

static bool
rewraps(void)
{
	bytes_clear(&body);
	bytes_free(&j.answer);
	bytes_free(&j.members);
	wire_put_rewrap(&w, &body);
	j = (struct errand){ .from = FROM_EDGE, .now_s = g.now_s, .body = octets_bytes(&body) };
	return duty_rewrap(&s, &j, &f);
}

static void
setup(void)
{
	struct printer p = { .name = "hp-1", .gateways_n = 1, .gateways = { "gw-1" } };
	struct ledger *l;
	struct reader r;

	ground_new(&g);
	gateway = ground_leaf(&g, g.acme, "gateway", "gw-1");
	other = ground_leaf(&g, g.acme, "gateway", "gw-2");
	phone = ground_leaf(&g, g.acme, "phone", "alice");
	ck_assert(realm_ledger(g.realm, "acme", &l, &f));
	ck_assert(printer_put(g.realm, l, &p, &f));
	ground_commit(l);
	s = (struct signer){ .realm = g.realm, .keys = g.keys, .self = g.why };
	s.verifiers = (struct pace){ .burst = 100, .each_s = 1 };
	ck_assert(secret_copy(octets_text("0123456789abcdef0123456789abcdef"), &s.token_key, &f));
	ck_assert_msg(asks_key("acme"), "%s", f.text);
	r = reader_of(octets_bytes(&j.answer));
	bytes_put_octets(&release, reader_counted(&r));
	ck_assert(content_key_new(&key, &f));
	of = (struct document_of){ .tenant = "acme", .job = { 1, 2 }, .number = 1 };
	ck_assert(envelope_wrap(&key, &of, octets_bytes(&release), &envelope, &f));
	w = (struct wire_rewrap){ .tenant = "acme",
		.source = "192.0.2.1:1",
		.printer = "hp-1",
		.owner = "spiffe://acme.eu.example.org/workstation/alice",
		.job = { 1, 2 },
		.number = 1,
		.grade = JOB_GRADE_AGENT,
		.size = 100,
		.peer = octets_bytes(&gateway->der),
		.envelope = octets_bytes(&envelope) };
}

static void
teardown(void)
{
	content_key_free(&key);
	content_key_free(&got);
	secret_free(&s.token_key);
	bytes_free(&release);
	bytes_free(&envelope);
	bytes_free(&body);
	bytes_free(&j.answer);
	bytes_free(&j.members);
	ground_free(&g);
}

START_TEST(the_connector_opens_it)
{
	struct secret pkcs8 = { 0 };
	const uint8_t *p;
	EVP_PKEY *own;

	ck_assert_msg(rewraps(), "%s", f.text);
	ck_assert(key_export(gateway->key, &pkcs8, &f));
	p = pkcs8.at;
	ck_assert_ptr_nonnull(own = d2i_AutoPrivateKey(NULL, &p, (long)pkcs8.n));
	secret_free(&pkcs8);
	ck_assert(!envelope_unwrap(
	    octets_bytes(&envelope), &of, octets_bytes(&gateway->der), own, &got, &f));
	ck_assert_msg(envelope_unwrap(
			  octets_bytes(&j.answer), &of, octets_bytes(&gateway->der), own, &got, &f),
	    "%s", f.text);
	ck_assert(secret_same(&got.key, secret_octets(&key.key)));
	ck_assert(j.activity); /* it stands in the log */
	EVP_PKEY_free(own);
}
END_TEST

/* One certificate for all of a tenant's documents, as long as it is good. */
START_TEST(the_same_certificate)
{
	struct reader r;

	ck_assert(asks_key("acme"));
	r = reader_of(octets_bytes(&j.answer));
	ck_assert(octets_same(reader_counted(&r), octets_bytes(&release)));
	ck_assert(!asks_key("platform"));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert(!asks_key("nobody"));
	ck_assert(!asks_key(""));
}
END_TEST

START_TEST(whom_it_is_not_wrapped_to)
{
	struct ledger *l;

	w.peer = octets_bytes(&other->der);
	ck_assert(!rewraps());
	ck_assert_int_eq(f.code, FAULT_DENIED);
	w.peer = octets_bytes(&phone->der);
	ck_assert(!rewraps());
	w.peer = octets_bytes(&release); /* the release certificate itself */
	ck_assert(!rewraps());
	w.peer = octets_text("no certificate");
	ck_assert(!rewraps());
	w.peer = octets_of(NULL, 0);
	ck_assert(!rewraps());
	w.peer = octets_bytes(&gateway->der);
	memcpy(w.printer, "hp-2", 5);
	ck_assert(!rewraps());
	memcpy(w.printer, "hp-1", 5);
	memcpy(w.tenant, "platform", 9);
	ck_assert(!rewraps());
	memcpy(w.tenant, "acme", 5);
	ck_assert(rewraps());
	ck_assert(realm_ledger(g.realm, "acme", &l, &f));
	ground_revoke(&g, l, gateway->serial, 1);
	ck_assert(!rewraps());
	ck_assert_int_eq(f.code, FAULT_DENIED);
	ck_assert_uint_eq(j.answer.n, 0);
}
END_TEST

START_TEST(nor_for_another_document)
{
	w.job[0]++;
	ck_assert(!rewraps());
	ck_assert_int_eq(f.code, FAULT_DENIED);
	w.job[0]--;
	w.number = 2;
	ck_assert(!rewraps());
	w.number = 1;
	envelope.at[envelope.n - 1] ^= 1;
	ck_assert(!rewraps());
	envelope.at[envelope.n - 1] ^= 1;
	w.envelope = octets_text("no envelope");
	ck_assert(!rewraps());
	ck_assert_int_eq(f.code, FAULT_BADREQ);
}
END_TEST

static bool
hashes(const char *tenant, const char *secret, uint8_t ret[static 32])
{
	bytes_clear(&body);
	bytes_free(&j.answer);
	bytes_put_counted_text(&body, tenant);
	bytes_put_counted_text(&body, secret);
	j = (struct errand){ .from = FROM_EDGE, .now_s = g.now_s, .body = octets_bytes(&body) };
	if (!duty_verifier(&s, &j, &f))
		return false;
	ck_assert_uint_eq(j.answer.n, 32);
	memcpy(ret, j.answer.at, 32);
	return true;
}

START_TEST(a_pin_is_hashed_for_its_tenant)
{
	uint8_t a[32], b[32];
	char too_long[257];

	ground_tenant(&g, "evil", CONSTRAINTS_STRICT);
	ck_assert_msg(hashes("acme", "4711", a), "%s", f.text);
	ck_assert(hashes("acme", "4711", b) && memcmp(a, b, 32) == 0);
	ck_assert(hashes("acme", "4712", b) && memcmp(a, b, 32) != 0);
	ck_assert(hashes("evil", "4711", b) && memcmp(a, b, 32) != 0);
	ck_assert(!hashes("nobody", "4711", b));
	ck_assert(!hashes("acme", "", b));
	memset(too_long, 'x', sizeof(too_long) - 1);
	too_long[sizeof(too_long) - 1] = '\0';
	ck_assert(!hashes("acme", too_long, b));
	s.verifiers = (struct pace){ .burst = 2, .each_s = 1 }; /* of who tries them all */
	ck_assert(hashes("acme", "4711", b) && hashes("acme", "4711", b));
	ck_assert(!hashes("acme", "4711", b));
	s.verifiers = (struct pace){ .burst = 100, .each_s = 1 };
	s.token_key.at[0] ^= 1;
	ck_assert(hashes("acme", "4711", b) && memcmp(a, b, 32) != 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("duty_rewrap");
	TCase *t = tcase_create("duty_rewrap");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, the_connector_opens_it);
	tcase_add_test(t, the_same_certificate);
	tcase_add_test(t, whom_it_is_not_wrapped_to);
	tcase_add_test(t, nor_for_another_document);
	tcase_add_test(t, a_pin_is_hashed_for_its_tenant);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
