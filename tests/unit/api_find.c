/* tests/unit/api_find.c - daemon/api_find.h, api_cert.c, api_endpoint.c: what is found, in which
 * form it comes, and what acts on many are asked with. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "ca/claim.h"
#include "ca/revoke.h"
#include "ca/wire.h"
#include "daemon/api_find.h"
#include "daemon/cert_text.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"
#include "tests/unit/visit.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define T        "/v1/tenants/acme"
#define SERIAL   TBS_SERIAL_OCTETS

static struct ground g;
static struct api api;
static struct exchange x;
static struct ledger *l;
static struct octets officer;
static const struct ground_cert *first, *second, *third; /* hp-1, hp-2, printers; gw-1 */
static char hex[SERIAL * 2 + 1], key[65], path[128], query[256];
static struct json *doc;
static struct fault f;

static int64_t
now(void)
{
	return g.now_s;
}

static void
setup(void)
{
	uint8_t digest[DIGEST_OCTETS];

	ground_new(&g);
	l = g.acme->ledger;
	api = (struct api){ .realm = g.realm, .now_s = now };
	officer = octets_bytes(&ground_operator(&g, "alice", ROLE_OFFICER)->der);
	first = ground_leaf(&g, g.acme, "printer", "hp-1");
	second = ground_leaf(&g, g.acme, "printer", "hp-2");
	third = ground_leaf(&g, g.acme, "gateway", "gw-1");
	text_hex(first->serial, SERIAL, hex);
	digest_of(key_spki(first->key), digest);
	text_hex(digest, 32, key);
	(void)snprintf(path, sizeof(path), "%s/certificates/%s", T, hex);
	x = (struct exchange){ .status = 0 };
	doc = NULL;
	f = (struct fault){ 0 };
}

static void
teardown(void)
{
	json_free(doc);
	exchange_free(&x);
	ground_free(&g);
}

static void
begin(const char *method, const char *at, const char *with)
{
	exchange_free(&x);
	x = visit(FACE_SECURE, method, at);
	x.peer = officer;
	x.query = octets_text(with);
}

static void
get(const char *at, const char *with)
{
	begin("GET", at, with);
	ck_assert(api_serve(&api, &x));
	json_free(doc);
	doc = NULL;
	if (x.type != NULL && strstr(x.type, "json") != NULL)
		ck_assert(json_parse(octets_bytes(&x.reply), &doc, &f));
}

static size_t
found(const char *at, const char *with)
{
	get(at, with);
	ck_assert_msg(x.status == 200, "%s: %u: %.*s", with, x.status, (int)x.reply.n,
	    (const char *)x.reply.at);
	return json_count(json_get(doc, "items"));
}

static const char *
item(size_t i, const char *name)
{
	return json_text(json_at(json_get(doc, "items"), i), name);
}

/* --- search ----------------------------------------------------------------------------------- */

START_TEST(by_what_a_standing_says)
{
	static const struct {
		const char *query;
		size_t n;
	} rows[] = { { "", 5 }, { "kind=printer", 2 }, { "profile=printer", 2 },
		{ "profile=gateway&kind=printer", 0 }, { "name=hp-", 2 }, { "name=hp-1", 1 },
		{ "name=p-1", 0 }, { "device=hp-", 0 }, { "enroller=operator%3Aalice", 3 },
		{ "enroller=operator:alic", 0 }, { "how=token", 3 }, { "how=idevid", 0 },
		{ "kind=printer&status=good&enroller=operator:alice&name=hp-2", 1 },
		{ "status=held", 0 }, { "status=abandoned", 0 },
		{ "ends_before=2030-03-18T00:00:00Z", 0 }, { "ends_after=2030-03-18T00:00:00Z", 5 },
		{ "ends_after=2031-01-01T00:00:00Z", 1 }, { "token=0011223300112233", 0 },
		{ "serial=0000", 0 } };

	for (size_t i = 0; i < COUNT(rows); i++)
		ck_assert_msg(found(T "/certificates", rows[i].query) == rows[i].n, "%s: %zu",
		    rows[i].query, json_count(json_get(doc, "items")));
}
END_TEST

START_TEST(by_serial_and_key)
{
	for (size_t n = 4; n <= 32; n++) {
		(void)snprintf(query, sizeof(query), "serial=%.*s", (int)n, hex);
		ck_assert_uint_ge(found(T "/certificates", query), 1);
	}
	ck_assert_uint_eq(found(T "/certificates", query), 1);
	ck_assert_str_eq(item(0, "serial"), hex);
	(void)snprintf(query, sizeof(query), "key=%s", key);
	ck_assert_uint_eq(found(T "/certificates", query), 1);
	ck_assert_str_eq(item(0, "name"), "hp-1");
	(void)snprintf(query, sizeof(query), "key=%s&status=good", key);
	ck_assert_uint_eq(found(T "/certificates", query), 1);
	(void)snprintf(query, sizeof(query), "key=%s&device=hp-2", key);
	ck_assert_uint_eq(found(T "/certificates", query), 0);
	ground_revoke(&g, l, first->serial, REASON_KEY_COMPROMISE); /* nobody's, from now on */
	(void)snprintf(query, sizeof(query), "key=%s", key);
	ck_assert_uint_eq(found(T "/certificates", query), 1);
	ck_assert_str_eq(item(0, "status"), "revoked");
	key[0] = key[0] == '0' ? '1' : '0';
	ck_assert_uint_eq(found(T "/certificates", query), 1);
	(void)snprintf(query, sizeof(query), "key=%s", key);
	ck_assert_uint_eq(found(T "/certificates", query), 0);
}
END_TEST

/* What holds is found by the device's row and nothing else; what has ended, by a look at all. */
START_TEST(by_index_where_there_is_one)
{
	ck_assert_uint_eq(found(T "/certificates", "device=hp-1&status=good"), 1);
	ck_assert_uint_eq(found(T "/certificates", "device=hp-1&status=good&kind=printer"), 1);
	ck_assert_uint_eq(found(T "/certificates", "device=hp-1&status=good&kind=gateway"), 0);
	ck_assert_uint_eq(found(T "/certificates", "device=gw-1&status=good"), 1);
	batch_remove(ledger_batch(l), TABLE_ENDPOINT, octets_text("printer/hp-1"));
	ground_commit(l);
	ck_assert_uint_eq(found(T "/certificates", "device=hp-1&status=good"), 0);
	ck_assert_uint_eq(found(T "/certificates", "device=hp-1"), 1);
}
END_TEST

START_TEST(what_is_no_search)
{
	static const char *const bad[] = { "stauts=good", "serial=123", "serial=xyz0",
		"serial=00112233445566778899aabbccddeeff0", "key=00", "key=", "status=god",
		"ends_before=tomorrow", "ends_after=2030-01-01", "limit=0", "limit=1001",
		"limit=-1", "after=00", "after=zz", "device=%00", "form=pem", "=",
		"%73tatus=good" };

	for (size_t i = 0; i < COUNT(bad); i++) {
		get(T "/certificates", bad[i]);
		if (strcmp(bad[i], "key=") == 0)
			ck_assert_uint_eq(x.status, 200); /* empty is none */
		else
			ck_assert_msg(x.status == 400, "%s: %u", bad[i], x.status);
	}
}
END_TEST

START_TEST(pages_lose_nothing)
{
	char serials[8][SERIAL * 2 + 1];
	size_t n = 0;

	for (query[0] = '\0';; n++) {
		char all[300];

		(void)snprintf(all, sizeof(all), "limit=1%s", query);
		if (found(T "/certificates", all) == 0)
			break;
		ck_assert_uint_lt(n, 8);
		(void)snprintf(serials[n], sizeof(serials[n]), "%s", item(0, "serial"));
		ck_assert(n == 0 || strcmp(serials[n - 1], serials[n]) < 0);
		if (json_text(doc, "next") == NULL)
			break;
		(void)snprintf(query, sizeof(query), "&after=%s", json_text(doc, "next"));
	}
	ck_assert_uint_eq(n, 4); /* five, the last one without a next */
}
END_TEST

/* A page has an end, whatever the ledger has: then it is empty, and goes on. */
START_TEST(pages_are_bounded)
{
	struct standing s;
	uint8_t serial[SERIAL] = { 0x10 };
	size_t pages = 1;

	ck_assert(ledger_standing(l, first->serial, &s, &f));
	(void)snprintf(s.name, sizeof(s.name), "many");
	for (uint32_t i = 0; i < FIND_WORK + 10; i++) {
		serial[2] = (uint8_t)(i >> 16);
		serial[3] = (uint8_t)(i >> 8);
		serial[4] = (uint8_t)i;
		ck_assert(ledger_put_standing(l, serial, &s, &f));
	}
	ground_commit(l);
	for (size_t n = found(T "/certificates", "device=none"); json_text(doc, "next") != NULL;
	     n = found(T "/certificates", query), pages++) {
		ck_assert_uint_eq(n, 0);
		(void)snprintf(
		    query, sizeof(query), "device=none&after=%s", json_text(doc, "next"));
	}
	ck_assert_uint_eq(pages, 2);
}
END_TEST

START_TEST(of_all_tenants)
{
	static const char *const bad[] = { "", "serial=0011", "device=a&key=00",
		"device=", "status=good&device=hp-1", "key=77", "device=hp-1&limit=0" };
	const struct endpoint e = { "acme", "printer", "hp-1" };
	const struct issuer *globex = ground_tenant(&g, "globex", CONSTRAINTS_STRICT);

	(void)ground_leaf(&g, globex, "printer", "hp-1");
	ck_assert(claim_put(g.realm, key_spki(first->key), &e, &f));
	ground_commit(realm_platform(g.realm));
	ck_assert_uint_eq(found("/v1/certificates", "device=hp-1"), 2);
	ck_assert_str_eq(item(0, "tenant"), "acme");
	ck_assert_str_eq(item(1, "tenant"), "globex");
	ck_assert_uint_eq(found("/v1/certificates", "device=hp-1&limit=1"), 1);
	(void)snprintf(
	    query, sizeof(query), "device=hp-1&limit=1&after=%s", json_text(doc, "next"));
	ck_assert_uint_eq(found("/v1/certificates", query), 1);
	ck_assert_str_eq(item(0, "tenant"), "globex");
	(void)snprintf(query, sizeof(query), "serial=%s", hex);
	ck_assert_uint_eq(found("/v1/certificates", query), 1);
	ck_assert_str_eq(item(0, "tenant"), "acme");
	(void)snprintf(query, sizeof(query), "key=%s", key);
	ck_assert_uint_eq(found("/v1/certificates", query), 1);
	ck_assert_str_eq(item(0, "name"), "hp-1");
	ck_assert_uint_eq(found("/v1/certificates", "device=hp-9"), 0);
	for (size_t i = 0; i < COUNT(bad); i++) {
		get("/v1/certificates", bad[i]);
		ck_assert_msg(x.status == 400, "%s: %u", bad[i], x.status);
	}
}
END_TEST

/* --- forms ------------------------------------------------------------------------------------ */

START_TEST(each_form)
{
	size_t n = 0;

	get(path, "form=der");
	visit_is(&x, 200, "application/pkix-cert");
	ck_assert(octets_same(octets_bytes(&x.reply), octets_bytes(&first->der)));
	get(path, "form=pem");
	visit_is(&x, 200, "application/pem-certificate-chain");
	bytes_put_u8(&x.reply, 0);
	for (const char *at = (const char *)x.reply.at; (at = strstr(at, "-----BEGIN")) != NULL;
	     at++)
		n++;
	ck_assert_uint_eq(n, 3); /* itself, tenant, region */
	get(path, "form=text");
	visit_is(&x, 200, "text/plain; charset=utf-8");
	bytes_put_u8(&x.reply, 0);
	ck_assert_ptr_nonnull(strstr((const char *)x.reply.at, "operator:alice"));
	ck_assert_ptr_nonnull(strstr((const char *)x.reply.at, "3 tenant"));
	ck_assert_ptr_nonnull(strstr((const char *)x.reply.at, "1 root"));
	get(path, "form=json");
	visit_is(&x, 200, "application/json");
	get(path, "form=xml");
	ck_assert_uint_eq(x.status, 400);
	get(path, "from=pem");
	ck_assert_uint_eq(x.status, 400);
}
END_TEST

START_TEST(as_the_client_likes)
{
	static const struct {
		const char *accept, *type;
	} rows[] = { { "", "application/json" }, { "*/*", "application/json" },
		{ "application/pkix-cert", "application/pkix-cert" },
		{ "text/plain", "text/plain; charset=utf-8" },
		{ "text/*", "text/plain; charset=utf-8" }, { "text/html", "application/json" },
		{ "application/pkix-cert;q=0.5, text/plain", "text/plain; charset=utf-8" },
		{ "application/pkix-cert;q=0.5, text/plain;q=0.49", "application/pkix-cert" },
		{ "text/plain;q=0", "application/json" },
		{ "application/json;q=0, */*", "application/pem-certificate-chain" },
		{ "application/*;q=0.1, application/pkix-cert;q=0.2", "application/pkix-cert" },
		{ ",;=,,q=1;;/", "application/json" },
		{ "text/plain;q=7", "text/plain; charset=utf-8" },
		{ " \t, application/pem-certificate-chain ; x=y ; q=1.000",
		    "application/pem-certificate-chain" } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		begin("GET", path, "");
		x.accept = octets_text(rows[i].accept);
		ck_assert(api_serve(&api, &x));
		ck_assert_uint_eq(x.status, 200);
		ck_assert_msg(strcmp(x.type, rows[i].type) == 0, "%s: %s", rows[i].accept, x.type);
		ck_assert_str_eq(visit_header(&x, "Vary"), "Accept");
	}
	begin("GET", path, "form=der"); /* said is said */
	x.accept = octets_text("text/plain");
	ck_assert(api_serve(&api, &x));
	ck_assert_str_eq(x.type, "application/pkix-cert");
}
END_TEST

/* DER does not change when it is revoked; its tag does. */
START_TEST(a_tag_of_the_status)
{
	char tag[64], was[64];

	get(path, "form=der");
	(void)snprintf(tag, sizeof(tag), "%s", visit_header(&x, "ETag"));
	begin("GET", path, "form=der");
	x.if_none_match = octets_text(tag);
	ck_assert(api_serve(&api, &x));
	ck_assert_uint_eq(x.status, 304);
	ck_assert_uint_eq(x.reply.n, 0);
	ck_assert_str_eq(visit_header(&x, "ETag"), tag);
	begin("GET", path, "form=pem"); /* another form, another tag */
	x.if_none_match = octets_text(tag);
	ck_assert(api_serve(&api, &x));
	ck_assert_uint_eq(x.status, 200);
	memcpy(was, tag, sizeof(was));
	ground_revoke(&g, l, first->serial, 4);
	begin("GET", path, "form=der");
	x.if_none_match = octets_text(was);
	ck_assert(api_serve(&api, &x));
	ck_assert_uint_eq(x.status, 200);
	ground_suspend(&g, LEVEL_TENANT, "acme", false); /* and beneath its CAs */
	(void)snprintf(path, sizeof(path), "%s/certificates/", T);
	text_hex(second->serial, SERIAL, path + strlen(path));
	get(path, "form=text");
	bytes_put_u8(&x.reply, 0);
	ck_assert_ptr_nonnull(strstr((const char *)x.reply.at, "beneath its CAs held"));
}
END_TEST

/* Whatever was certified once: a page is a page. */
START_TEST(a_page_keeps_its_shape)
{
	static const char evil[][5] = { "\x1b[2J", "\r\nst", "\xe2\x80\xaex" };
	struct standing s;
	struct bytes der = { 0 }, page = { 0 };
	const uint8_t *at;

	ck_assert(ledger_standing(l, first->serial, &s, &f));
	for (size_t i = 0; i < COUNT(evil); i++) {
		struct cert_text t = { .realm = g.realm,
			.ledger = l,
			.serial = first->serial,
			.standing = &s,
			.weighed = &s,
			.now_s = g.now_s };

		bytes_clear(&der);
		bytes_clear(&page);
		bytes_put_octets(&der, octets_bytes(&first->der));
		for (at = der.at; (at = memmem(at, der.n - (size_t)(at - der.at), "hp-1", 4));)
			memcpy(der.at + (at - der.at), evil[i], 4);
		t.certificate = octets_bytes(&der);
		ck_assert_msg(cert_text(&t, &page, &f), "%s", f.text);
		for (size_t k = 0; k < page.n; k++)
			ck_assert(page.at[k] == '\n' || (page.at[k] >= ' ' && page.at[k] <= '~'));
		ck_assert_ptr_null(memmem(page.at, page.n, "\nst", 3));
	}
	bytes_free(&der);
	bytes_free(&page);
}
END_TEST

/* --- endpoints, and acts on many -------------------------------------------------------------- */

START_TEST(endpoints)
{
	ck_assert_uint_eq(found(T "/endpoints", ""), 3); /* and the log's own is none */
	ck_assert_str_eq(item(0, "kind"), "gateway");
	ck_assert_str_eq(item(1, "name"), "hp-1");
	ck_assert_str_eq(item(1, "newest"), hex);
	ck_assert_str_eq(item(1, "last_issued"), "2030-03-17T17:46:40Z");
	ck_assert_uint_eq(found(T "/endpoints", "kind=printer"), 2);
	ck_assert_uint_eq(found(T "/endpoints", "kind=printe"), 0);
	ck_assert_uint_eq(found(T "/endpoints", "kind=printer&limit=1"), 1);
	(void)snprintf(
	    query, sizeof(query), "kind=printer&limit=1&after=%s", json_text(doc, "next"));
	ck_assert_uint_eq(found(T "/endpoints", query), 1);
	ck_assert_str_eq(item(0, "name"), "hp-2");
	ck_assert_ptr_null(json_get(doc, "next"));
	get(T "/endpoints/printer/hp-1", "");
	ck_assert_uint_eq(x.status, 200);
	ck_assert_uint_eq(json_count(json_get(doc, "certificates")), 1);
	get(T "/endpoints/printer/hp-9", "");
	ck_assert_uint_eq(x.status, 404);
	get(T "/endpoints/log/issuance", "");
	ck_assert_uint_eq(x.status, 404);
	get(T "/endpoints", "kinds=printer");
	ck_assert_uint_eq(x.status, 400);
	get(T "/endpoints", "after=2f"); /* another list's, or nobody's */
	ck_assert_uint_eq(x.status, 400);
	get(T "/endpoints", "after=00");
	ck_assert_uint_eq(x.status, 400);
}
END_TEST

static void
ask(const char *method, const char *at, const char *with, struct octets body)
{
	begin(method, at, with);
	x.body = body;
	x.content_type = body.n == 0 ? octets_of(NULL, 0) : octets_text("application/json");
	ck_assert(api_serve(&api, &x));
}

START_TEST(serials_are_packed)
{
	struct bytes body = { 0 };
	struct wire_act a;

	bytes_put_fmt(
	    &body, "{\"serials\":[\"%s\",\"%.16sABCDEFABCDEFABCD\"],\"dry_run\":true}", hex, hex);
	ask("POST", T "/revocations", "", octets_bytes(&body));
	visit_asks(&x, WIRE_REVOKE_MANY);
	ck_assert(wire_act(octets_bytes(&x.ask.body), &a, &f));
	ck_assert_uint_eq(a.object.n, 2 * SERIAL);
	ck_assert_mem_eq(a.object.at, first->serial, SERIAL);
	ck_assert(octets_same(a.json, octets_text("{\"dry_run\":true}")));
	ask("POST", T "/revocations", "", octets_text("{\"enroller\":\"local\"}"));
	visit_asks(&x, WIRE_REVOKE_MANY);
	ck_assert(wire_act(octets_bytes(&x.ask.body), &a, &f));
	ck_assert_uint_eq(a.object.n, 0);
	bytes_free(&body);
}
END_TEST

static void
put_serials(struct bytes *body, size_t n)
{
	bytes_clear(body);
	bytes_put_text(body, "{\"serials\":[");
	for (size_t i = 0; i < n; i++)
		bytes_put_fmt(body, "%s\"%032zx\"", i == 0 ? "" : ",", i);
	bytes_put_text(body, "]}");
}

START_TEST(lists_that_are_none)
{
	static const char *const bad[] = { "", "[", "{\"serials\":[]}", "{\"serials\":\"a\"}",
		"{\"serials\":[1]}", "{\"serials\":[\"00\"]}", "{\"serials\":[null]}",
		"{\"serials\":[\"zz112233445566778899aabbccddeeff\"]}",
		"{\"serials\":[],\"serials\":[]}", "{\"serials\":{}}" };
	struct bytes body = { 0 };
	struct wire_act a;

	for (size_t i = 0; i < COUNT(bad); i++) {
		ask("POST", T "/revocations", "", octets_text(bad[i]));
		visit_refused(&x, "acme", "api", FAULT_BADREQ, 400);
	}
	put_serials(&body, 10001);
	ask("POST", T "/revocations", "", octets_bytes(&body));
	visit_refused(&x, "acme", "api", FAULT_LIMIT, 413);
	put_serials(&body, 10000);
	ck_assert_uint_le(body.n, API_LIST_MAX);
	ask("POST", T "/revocations", "", octets_bytes(&body));
	visit_asks(&x, WIRE_REVOKE_MANY);
	ck_assert(wire_act(octets_bytes(&x.ask.body), &a, &f));
	ck_assert_uint_eq(a.object.n, (size_t)10000 * SERIAL);
	/* with a certificate and a key of the longest kind it still is one message */
	ck_assert_uint_le(
	    x.ask.body.n + CERT_MAX_OCTETS + API_KEY_MAX + API_MATCH_MAX + 4096, (size_t)192 << 10);
	bytes_free(&body);
}
END_TEST

START_TEST(a_list_may_be_longer_than_other_bodies)
{
	static uint8_t much[API_LIST_MAX + 1];

	begin("POST", T "/revocations", "");
	x.body = octets_of(much, API_LIST_MAX);
	api_limit_body(&x);
	ck_assert(!x.body_too_large);
	x.body = octets_of(much, API_LIST_MAX + 1);
	api_limit_body(&x);
	ck_assert(x.body_too_large);
	ck_assert_uint_eq(x.body.n, 0);
	begin("POST", T "/tokens", "");
	x.body = octets_of(much, API_BODY_MAX + 1);
	api_limit_body(&x);
	ck_assert(x.body_too_large);
}
END_TEST

START_TEST(a_removal_is_asked)
{
	static const char *const bad[] = { "dry-run=true", "dry_run=yes", "dry_run=1", "reason=%00",
		"x=y", "reason=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	struct wire_act a;

	ask("DELETE", T "/endpoints/printer/hp-1", "reason=superseded&dry_run=true",
	    octets_of(NULL, 0));
	visit_asks(&x, WIRE_ENDPOINT_REMOVE);
	ck_assert(wire_act(octets_bytes(&x.ask.body), &a, &f));
	ck_assert(octets_same(a.object, octets_text("printer/hp-1")));
	ck_assert(octets_same(a.json, octets_text("{\"dry_run\":true,\"reason\":\"superseded\"}")));
	for (size_t i = 0; i < COUNT(bad); i++) {
		ask("DELETE", T "/endpoints/printer/hp-1", bad[i], octets_of(NULL, 0));
		visit_refused(&x, "acme", "api", FAULT_BADREQ, 400);
	}
	/* a body that would be passed over must not be */
	ask("DELETE", T "/endpoints/printer/hp-1", "", octets_text("{\"dry_run\":true}"));
	visit_refused(&x, "acme", "api", FAULT_BADREQ, 400);
}
END_TEST

static TCase *
searches(void)
{
	TCase *t = tcase_create("search");

	tcase_add_test(t, by_what_a_standing_says);
	tcase_add_test(t, by_serial_and_key);
	tcase_add_test(t, by_index_where_there_is_one);
	tcase_add_test(t, what_is_no_search);
	tcase_add_test(t, pages_lose_nothing);
	tcase_add_test(t, pages_are_bounded);
	tcase_add_test(t, of_all_tenants);
	return t;
}

static TCase *
others(void)
{
	TCase *t = tcase_create("forms and acts");

	tcase_add_test(t, each_form);
	tcase_add_test(t, as_the_client_likes);
	tcase_add_test(t, a_tag_of_the_status);
	tcase_add_test(t, a_page_keeps_its_shape);
	tcase_add_test(t, endpoints);
	tcase_add_test(t, serials_are_packed);
	tcase_add_test(t, lists_that_are_none);
	tcase_add_test(t, a_list_may_be_longer_than_other_bodies);
	tcase_add_test(t, a_removal_is_asked);
	return t;
}

int
main(void)
{
	Suite *s = suite_create("api_find");
	TCase *t[] = { searches(), others() };

	for (size_t i = 0; i < COUNT(t); i++) {
		tcase_add_checked_fixture(t[i], setup, teardown);
		tcase_set_timeout(t[i], 60); /* a loaded machine is no failure */
		suite_add_tcase(s, t[i]);
	}
	return run_suite(s);
}
