/* tests/unit/duty_grant.c - relay/scan.h asks, daemon/duty_grant.c judges again and signs. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/printer.h"
#include "daemon/rule_print.h"
#include "daemon/signer.h"
#include "relay/grant.h"
#include "relay/scan.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

#define DIGEST   "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define WISH     "{\"user\":\"workstation/alice\",\"device\":\"hp-1\",\"profile\":\"drive\"," DEST
#define DEST     "\"destination\":\"" DIGEST "\",\"octets\":5000}"
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct ground g;
static struct signer s;
static struct errand j;
static struct scan scan;
static struct decider decider;
static struct exchange x;
static const struct ground_cert *gateway, *other, *printer, *phone;
static struct json *doc;
static struct fault f;
static bool decides;

static bool
decide_so(void *with, struct exchange *at, const struct decider_question *q,
    struct decider_answer *ret, struct fault *why)
{
	(void)with;
	(void)at;
	(void)why;
	ck_assert_int_eq(q->act, ACT_SCAN_SEND);
	ck_assert_str_eq(q->owner, "spiffe://acme.eu.example.org/workstation/alice");
	*ret = (struct decider_answer){ .permit = decides, .why = "policy: no" };
	return true;
}

static void
setup(void)
{
	struct printer p = { .name = "hp-1", .gateways_n = 1, .gateways = { "gw-1" } };
	struct ledger *l;

	ground_new(&g);
	gateway = ground_leaf(&g, g.acme, "gateway", "gw-1");
	other = ground_leaf(&g, g.acme, "gateway", "gw-2");
	printer = ground_leaf(&g, g.acme, "printer", "hp-1");
	phone = ground_leaf(&g, g.acme, "phone", "alice");
	ck_assert(realm_ledger(g.realm, "acme", &l, &f));
	ck_assert(printer_put(g.realm, l, &p, &f));
	ground_commit(l);
	s = (struct signer){ .realm = g.realm, .keys = g.keys, .self = g.why };
	decider = (struct decider){ decide_so, NULL };
	scan = (struct scan){ g.realm, &decider };
	decides = true;
}

static void
teardown(void)
{
	json_free(doc);
	doc = NULL;
	exchange_free(&x);
	bytes_free(&j.answer);
	bytes_free(&j.members);
	ground_free(&g);
}

/* Ask at the relay; true: it asks the signer. */
static bool
asks(const struct ground_cert *leaf, const char *path, const char *method, const char *text)
{
	struct identity who;

	exchange_free(&x);
	x = (struct exchange){ .method = octets_text(method),
		.path = octets_text(path),
		.content_type = octets_text("application/json"),
		.body_octets = EXCHANGE_CHUNKED,
		.peer = octets_bytes(&leaf->der),
		.source = "192.0.2.1:1" };
	ck_assert(identify(g.realm, x.peer, g.now_s, &who, NULL, &f));
	if (!scan_serve(&scan, &x, &who))
		return false;
	if (x.take != NULL)
		x.take(&x, octets_text(text), true);
	return x.ask.verb == WIRE_GRANT;
}

/* The signer judges body. */
static bool
grants(struct octets body)
{
	json_free(doc);
	doc = NULL;
	bytes_free(&j.answer);
	bytes_free(&j.members);
	j = (struct errand){ .from = FROM_EDGE, .now_s = g.now_s, .body = body };
	return duty_grant(&s, &j, &f);
}

static bool
grants_act(const struct ground_cert *leaf, const char *tenant, const char *text)
{
	struct wire_act a = { .source = "192.0.2.1:1" };
	struct bytes body = { 0 };
	bool ok;

	(void)snprintf(a.tenant, sizeof(a.tenant), "%s", tenant);
	a.peer = leaf == NULL ? octets_of(NULL, 0) : octets_bytes(&leaf->der);
	a.json = octets_text(text);
	wire_put_act(&a, &body);
	ok = grants(octets_bytes(&body));
	bytes_free(&body);
	return ok;
}

START_TEST(a_connector_is_given_leave)
{
	struct bytes root = { 0 };
	struct grant got;

	ck_assert(asks(gateway, SCAN_PATH, "POST", WISH));
	ck_assert_msg(grants(octets_bytes(&x.ask.body)), "%s", f.text);
	ck_assert(json_parse(octets_bytes(&j.answer), &doc, &f));
	ck_assert_msg(grant_read(octets_text(json_text(doc, "grant")), &got, &f), "%s", f.text);
	ck_assert_str_eq(got.user, "spiffe://acme.eu.example.org/workstation/alice");
	ck_assert_str_eq(got.device, "printer/hp-1");
	ck_assert_str_eq(got.connector, "spiffe://acme.eu.example.org/gateway/gw-1");
	ck_assert_str_eq(got.id, json_text(doc, "id"));
	ck_assert_uint_eq(got.octets, 5000);
	ck_assert_int_eq(got.until_s, g.now_s + GRANT_VALID_S);
	ck_assert(cert_pem(octets_bytes(&g.root->certificate), &root, &f));
	const struct grant_use use = { .origin = "acme.eu.example.org/scan-grant",
		.user = got.user,
		.device = got.device,
		.connector = got.connector,
		.profile = "drive",
		.destination = octets_text("not the URL that has this digest"),
		.now_s = g.now_s };
	ck_assert(!grant_verify(
	    &got, octets_text(json_text(doc, "signer")), octets_bytes(&root), &use, &f));
	ck_assert_ptr_nonnull(strstr(f.text, "another destination")); /* all else held */
	bytes_free(&root);
	x.ask.then(&x, 0, octets_bytes(&j.answer));
	ck_assert_uint_eq(x.status, 200);
}
END_TEST

START_TEST(a_printer_speaks_for_itself)
{
	ck_assert(asks(printer, SCAN_PATH, "POST", WISH));
	ck_assert(grants(octets_bytes(&x.ask.body)));
}
END_TEST

START_TEST(what_the_relay_refuses)
{
	const struct {
		const struct ground_cert *who;
		const char *method, *text;
		unsigned status;
	} cases[] = {
		{ other, "POST", WISH, 403 },
		{ gateway, "GET", "", 405 },
		{ gateway, "POST", "{}", 400 },
		{ gateway, "POST", "{\"user\":\"workstation/alice\",\"device\":\"hp-1\"," DEST,
		    400 },
		{ gateway, "POST",
		    "{\"user\":\"a/b\",\"device\":\"hp-1\",\"profile\":\"p\",\"octets\":0}", 400 },
		{ gateway, "POST",
		    "{\"user\":\"a/b\",\"device\":\"hp-2\",\"profile\":\"p\",\"octets\":1}", 403 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		ck_assert(!asks(cases[i].who, SCAN_PATH, cases[i].method, cases[i].text));
		ck_assert_msg(x.status == cases[i].status, "case %zu: %u", i, x.status);
	}
	decides = false;
	ck_assert(!asks(gateway, SCAN_PATH, "POST", WISH));
	ck_assert_uint_eq(x.status, 403);
	ck_assert(!asks(gateway, "/scan/grants", "POST", WISH));
	ck_assert_uint_eq(x.status, 0); /* another's */
}
END_TEST

/* Whatever a captured relay asks: the signer goes by the certificate alone. */
START_TEST(what_the_signer_refuses)
{
	const struct {
		const struct ground_cert *who;
		const char *tenant, *text;
		enum fault_code code;
	} cases[] = {
		{ NULL, "acme", WISH, FAULT_AUTH },
		{ other, "acme", WISH, FAULT_DENIED },
		{ phone, "acme", WISH, FAULT_DENIED },
		{ gateway, "platform", WISH, FAULT_DENIED },
		{ gateway, "acme", "{}", FAULT_BADREQ },
		{ gateway, "acme",
		    "{\"user\":\"workstation/alice\",\"device\":\"hp-1\",\"profile\":\"drive\",\"extra\":1," DEST,
		    FAULT_BADREQ },
		{ gateway, "acme",
		    "{\"user\":\"alice\",\"device\":\"hp-1\",\"profile\":\"drive\"," DEST,
		    FAULT_BADREQ },
		{ gateway, "acme",
		    "{\"user\":\"workstation/alice\\nid x\",\"device\":\"hp-1\",\"profile\":\"drive\"," DEST,
		    FAULT_BADREQ },
		{ gateway, "acme",
		    "{\"user\":\"workstation/alice\",\"device\":\"hp-1\",\"profile\":\"a b\"," DEST,
		    FAULT_BADREQ },
		{ gateway, "acme",
		    "{\"user\":\"workstation/alice\",\"device\":\"hp-1\",\"profile\":\"drive\",\"destination\":\"00\",\"octets\":5}",
		    FAULT_BADREQ },
		{ gateway, "acme",
		    "{\"user\":\"workstation/alice\",\"device\":\"hp-1\",\"profile\":\"drive\",\"octets\":-1,"
		    "\"destination\":\"" DIGEST "\"}",
		    FAULT_BADREQ },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		ck_assert_msg(
		    !grants_act(cases[i].who, cases[i].tenant, cases[i].text), "case %zu", i);
		ck_assert_msg(f.code == cases[i].code, "case %zu: %s", i, f.text);
		ck_assert_uint_eq(j.answer.n, 0);
	}
	ck_assert(grants_act(gateway, "acme", WISH));
	struct ledger *l;
	ck_assert(realm_ledger(g.realm, "acme", &l, &f));
	ground_revoke(&g, l, gateway->serial, 1);
	ck_assert(!grants_act(gateway, "acme", WISH));
	ck_assert_int_eq(f.code, FAULT_DENIED);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("duty_grant");
	TCase *t = tcase_create("duty_grant");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_connector_is_given_leave);
	tcase_add_test(t, a_printer_speaks_for_itself);
	tcase_add_test(t, what_the_relay_refuses);
	tcase_add_test(t, what_the_signer_refuses);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
