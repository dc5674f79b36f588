/* tests/unit/api.c - daemon/api.h: routes, who may read, pages, problems; acts go to the signer as
 * they came. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ca/oid.h"
#include "ca/petition.h"
#include "ca/token.h"
#include "daemon/api.h"
#include "tests/unit/forge.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"
#include "tests/unit/visit.h"

#define JSON_TYPE "application/json"
#define PROBLEM   "application/problem+json"
#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define T         "/v1/tenants/acme"
#define LONG      "/v1/tenants/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static struct ground g;
static struct api api;
static struct exchange x;
static struct octets officer; /* DER */
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
	ground_new(&g);
	api = (struct api){ .realm = g.realm, .now_s = now };
	officer = octets_bytes(&ground_operator(&g, "alice", ROLE_OFFICER)->der);
	x = (struct exchange){ .status = 0 };
	doc = NULL;
	f = (struct fault){ 0 };
}

static void
teardown(void)
{
	json_free(doc);
	exchange_free(&x);
	forge_free();
	ground_free(&g);
}

static void
begin(const char *method, const char *path)
{
	exchange_free(&x);
	x = visit(FACE_SECURE, method, path);
	x.peer = officer;
}

static void
serve(void)
{
	ck_assert(api_serve(&api, &x));
}

static void
get(const char *path, const char *query)
{
	begin("GET", path);
	x.query = octets_text(query);
	serve();
}

/* The reply is JSON; doc is it. */
static void
parse(void)
{
	json_free(doc);
	doc = NULL;
	ck_assert_msg(json_parse(octets_bytes(&x.reply), &doc, &f), "%s", f.text);
}

static void
is_json(unsigned status)
{
	visit_is(&x, status, JSON_TYPE);
	ck_assert_str_eq(visit_header(&x, "Cache-Control"), "no-store");
	parse();
}

/* A problem document that says the status too. */
static void
is_problem(unsigned status)
{
	int64_t said;

	visit_is(&x, status, PROBLEM);
	parse();
	ck_assert_str_eq(json_text(doc, "type"), "about:blank");
	ck_assert_ptr_nonnull(json_text(doc, "title"));
	ck_assert_ptr_nonnull(json_text(doc, "detail"));
	ck_assert(json_number(doc, "status", 0, 1000, -1, &said));
	ck_assert_int_eq(said, status);
}

static void
refused(const char *tenant, const char *act, enum fault_code code, unsigned status)
{
	visit_refused(&x, tenant, act, code, status);
	is_problem(status);
}

static const char *const reads[] = { "/v1/tenants", T, "/v1/operators", T "/tokens",
	T "/certificates", T "/requests", T "/log/entries" };

START_TEST(others_paths)
{
	static const char *const paths[] = { "", "/", "/v", "/v1", "/v2/tenants", "/V1/tenants",
		"v1/tenants", "/.well-known/est/acme/cacerts" };

	for (size_t i = 0; i < COUNT(paths); i++) {
		begin("GET", paths[i]);
		ck_assert_msg(!api_serve(&api, &x), "%s", paths[i]);
		ck_assert_uint_eq(x.status, 0);
	}
}
END_TEST

START_TEST(routes_that_are_none)
{
	static const char *const paths[] = { "/v1/", "/v1/tenant", "/v1/tenants/", "/v1//tenants",
		"/v1/tenants//", "/v1/tenants/acme/", "/v1/tenants/acme/token",
		"/v1/tenants/acme/tokens/", "/v1/tenants/acme//tokens", "/v1/tenants/../tenants",
		"/v1/tenants/%61cme", "/v1/tenants/acme.eu", "/v1/tenants/ac me",
		"/v1/tenants/acme/certificates/a/b", "/v1/tenants/acme/logs",
		"/v1/operators/alice/role", LONG };

	for (size_t i = 0; i < COUNT(paths); i++) {
		get(paths[i], "");
		is_problem(404);
	}
}
END_TEST

START_TEST(methods)
{
	static const struct {
		const char *method, *path, *allow;
	} rows[] = { { "PUT", "/v1/tenants", "POST, GET, HEAD" }, { "DELETE", T, "GET, HEAD" },
		{ "get", T, "GET, HEAD" }, { "head", T, "GET, HEAD" },
		{ "POST", T "/tokens/0123456789abcdef", "DELETE" },
		{ "HEAD", T "/tokens/0123456789abcdef", "DELETE" },
		{ "DELETE", T "/certificates", "GET, HEAD" },
		{ "", "/v1/operators", "POST, GET, HEAD" }, { "GET", T "/log/exports", "POST" },
		{ "HEAD", T "/log/exports", "POST" }, { "PATCH", T "/tokens", "POST, GET, HEAD" },
		{ "OPTIONS", "/v1/tenants", "POST, GET, HEAD" },
		{ "OPTIONS", T "/log/exports", "POST" }, { "TRACE", T, "GET, HEAD" },
		{ "CONNECT", T, "GET, HEAD" }, { "HEAD", "/v1/events", "GET" },
		{ "GETX", T, "GET, HEAD" }, { "GE", T, "GET, HEAD" } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		begin(rows[i].method, rows[i].path);
		serve();
		is_problem(405);
		ck_assert_str_eq(visit_header(&x, "Allow"), rows[i].allow);
		ck_assert_str_eq(json_text(doc, "title"), "Method Not Allowed");
	}
}
END_TEST

/* The same answer; whoever sends it leaves the body out. */
START_TEST(heads)
{
	for (size_t i = 0; i < COUNT(reads); i++) {
		begin("HEAD", reads[i]);
		serve();
		ck_assert_msg(x.status == 200, "%s", reads[i]);
		begin("HEAD", reads[i]);
		x.peer = NONE;
		serve();
		visit_asks(&x, WIRE_REFUSED);
	}
}
END_TEST

/* What a page elsewhere makes a browser send, whichever way: nothing is read or done, and no answer
 * lets it look. */
START_TEST(pages_ask_nothing)
{
	static const struct {
		const char *origin, *site;
		bool through;
	} rows[] = { { "https://evil.example", NULL, false }, { "null", NULL, false },
		{ "", NULL, false }, { "https://localhost:8443", NULL, false },
		{ NULL, "cross-site", false }, { NULL, "same-site", false },
		{ NULL, "same-origin", false }, { NULL, "", false }, { NULL, "NONE", false },
		{ NULL, "none ", false }, { "https://evil.example", "none", false },
		{ NULL, "none", true }, { NULL, NULL, true } };

	for (size_t i = 0; i < COUNT(rows) * COUNT(reads); i++) {
		const char *path = reads[i % COUNT(reads)];
		const size_t r = i / COUNT(reads);

		begin("GET", path);
		x.origin = rows[r].origin == NULL ? NONE : octets_text(rows[r].origin);
		x.fetch_site = rows[r].site == NULL ? NONE : octets_text(rows[r].site);
		serve();
		if (rows[r].through)
			ck_assert_uint_eq(x.status, 200);
		else
			refused(strncmp(path, T, strlen(T)) == 0 ? "acme" : "", "api", FAULT_DENIED,
			    403);
		for (size_t h = 0; h < x.headers_n; h++)
			ck_assert_ptr_null(strstr(x.headers[h].name, "Access-Control"));
	}
}
END_TEST

/* A read that takes a body takes JSON alone. */
START_TEST(a_read_with_a_body)
{
	static const char *const types[] = { "", "text/plain", "application/jsonp",
		"application/x-www-form-urlencoded", "multipart/form-data" };

	for (size_t i = 0; i < COUNT(types); i++) {
		begin("POST", "/v1/audit");
		x.body = RAW("{\"chain\":\"\"}");
		x.content_type = octets_text(types[i]);
		serve();
		is_problem(415);
	}
	begin("POST", "/v1/audit");
	x.body = RAW("{\"chain\":\"\"}");
	x.content_type = RAW("Application/JSON; charset=utf-8");
	serve();
	is_problem(400);
}
END_TEST

START_TEST(nobody_reads)
{
	for (size_t i = 0; i < COUNT(reads); i++) {
		begin("GET", reads[i]);
		x.peer = NONE;
		serve();
		refused(strncmp(reads[i], T, strlen(T)) == 0 ? "acme" : "", "api.read", FAULT_AUTH,
		    401);
	}
}
END_TEST

/* At the desk it is the machine's own user; a certificate that is shown there still counts. */
START_TEST(the_desk_reads)
{
	for (size_t i = 0; i < COUNT(reads); i++) {
		begin("GET", reads[i]);
		x.face = FACE_LOCAL;
		x.peer = NONE;
		serve();
		ck_assert_uint_eq(x.status, 200);
	}
	begin("GET", "/v1/tenants");
	x.face = FACE_LOCAL;
	x.peer = octets_bytes(&ground_leaf(&g, g.acme, "printer", "hp-4711")->der);
	serve();
	refused("", "api.read", FAULT_DENIED, 403);
}
END_TEST

START_TEST(every_role_reads)
{
	static const enum identity_role roles[] = { ROLE_OFFICER, ROLE_REGISTRAR, ROLE_AUDITOR };
	static const char *const names[] = { "olga", "rita", "anna" };

	for (size_t r = 0; r < COUNT(roles); r++) {
		officer = octets_bytes(&ground_operator(&g, names[r], roles[r])->der);
		for (size_t i = 0; i < COUNT(reads); i++) {
			get(reads[i], "");
			ck_assert_uint_eq(x.status, 200);
		}
	}
}
END_TEST

START_TEST(strangers_do_not_read)
{
	struct ground strange;
	const struct ground_cert *revoked = ground_operator(&g, "bob", ROLE_OFFICER);
	const struct ground_cert *none = ground_operator(&g, "carol", ROLE_NONE);
	const struct ground_cert *printer = ground_leaf(&g, g.acme, "printer", "hp-4711");

	ground_new(&strange);
	ground_revoke(&g, g.platform->ledger, revoked->serial, 1);
	const struct {
		struct octets peer;
		enum fault_code code;
		unsigned status;
	} rows[] = {
		{ octets_bytes(&ground_operator(&strange, "alice", ROLE_OFFICER)->der), FAULT_AUTH,
		    401 },
		{ octets_bytes(&revoked->der), FAULT_DENIED, 403 },
		{ octets_bytes(&none->der), FAULT_DENIED, 403 },
		{ octets_bytes(&printer->der), FAULT_DENIED, 403 },
		{ octets_bytes(&g.platform->certificate), FAULT_AUTH, 401 },
		{ RAW("no certificate"), FAULT_BADREQ, 400 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		officer = rows[i].peer;
		get("/v1/tenants", "");
		refused("", "api.read", rows[i].code, rows[i].status);
	}
	ground_free(&strange);
}
END_TEST

/* Told to the log of the tenant that the certificate names; other paths are not the API's. */
START_TEST(a_peer_that_does_not_hold)
{
	const struct ground_cert *printer = ground_leaf(&g, g.acme, "printer", "hp-4711");

	officer = octets_bytes(&printer->der);
	fault_set(&f, FAULT_DENIED, "connect: it is revoked");
	begin("GET", "/v1/tenants");
	ck_assert(api_refuse_peer(&x, &f));
	refused("acme", "connect", FAULT_DENIED, 403);
	ck_assert_str_eq(json_text(doc, "detail"), "connect: it is revoked");
	officer = RAW("no certificate");
	begin("POST", "/v1/nothing");
	ck_assert(api_refuse_peer(&x, &f));
	refused("", "connect", FAULT_DENIED, 403);
	begin("GET", "/.well-known/est/acme/simpleenroll");
	ck_assert(!api_refuse_peer(&x, &f));
	ck_assert_uint_eq(x.ask.verb, 0);
	ck_assert_uint_eq(x.status, 0);
}
END_TEST

static const char *
item(size_t i, const char *name)
{
	return json_text(json_at(json_get(doc, "items"), i), name);
}

START_TEST(tenants)
{
	get("/v1/tenants", "");
	is_json(200);
	ck_assert_uint_eq(json_count(json_get(doc, "items")), 2);
	ck_assert_str_eq(item(0, "name"), "acme");
	ck_assert_str_eq(item(0, "constraints"), "strict");
	ck_assert_str_eq(item(0, "created"), "2030-03-17T17:46:40Z");
	ck_assert_str_eq(item(1, "name"), "platform");
	ck_assert_str_eq(item(1, "constraints"), "none");
	ck_assert_ptr_null(json_get(doc, "next"));
}
END_TEST

START_TEST(a_tenant)
{
	const struct issuer *want[] = { g.acme, g.region, g.root };
	struct octets rest;
	static const char end[] = "-----END CERTIFICATE-----\n";

	get(T, "");
	is_json(200);
	ck_assert_str_eq(json_text(doc, "name"), "acme");
	ck_assert_uint_eq(strlen(json_text(doc, "ca_serial")), 32);
	rest = octets_text(json_text(doc, "chain"));
	for (size_t i = 0; i < 3; i++) {
		const uint8_t *at = memmem(rest.at, rest.n, end, sizeof(end) - 1);
		struct bytes der = { 0 };
		size_t n = (size_t)(at - rest.at) + sizeof(end) - 1;

		ck_assert_ptr_nonnull(at);
		ck_assert(text_unbase64(octets_of(rest.at, n), &der, &f));
		ck_assert(octets_same(octets_bytes(&der), octets_bytes(&want[i]->certificate)));
		rest = octets_of(rest.at + n, rest.n - n);
		bytes_free(&der);
	}
	ck_assert_uint_eq(rest.n, 0);
	get("/v1/tenants/nobody", "");
	is_problem(404);
}
END_TEST

START_TEST(operators)
{
	const struct ground_cert *bob = ground_operator(&g, "bob", ROLE_AUDITOR);
	char serial[TBS_SERIAL_OCTETS * 2 + 1];

	ground_revoke(&g, g.platform->ledger, bob->serial, 0);
	text_hex(bob->serial, sizeof(bob->serial), serial);
	get("/v1/operators", "");
	is_json(200);
	ck_assert_uint_eq(json_count(json_get(doc, "items")), 2);
	ck_assert_str_eq(item(0, "name"), "alice");
	ck_assert_str_eq(item(0, "role"), "officer");
	ck_assert_str_eq(item(0, "status"), "good");
	ck_assert_str_eq(item(1, "name"), "bob");
	ck_assert_str_eq(item(1, "role"), "auditor");
	ck_assert_str_eq(item(1, "status"), "revoked");
	ck_assert_str_eq(item(1, "serial"), serial);
}
END_TEST

static void
put_token(uint8_t first, enum token_state state, int64_t expires_s)
{
	struct token t = { .hash = { first, 0x22 },
		.profile = "printer",
		.state = state,
		.device = { "acme", "printer", "hp-4711" },
		.created_s = g.now_s,
		.expires_s = expires_s };

	memset(t.hash + 8, 0x77, sizeof(t.hash) - 8);
	ck_assert(token_put(g.acme->ledger, &t, &f));
	ground_commit(g.acme->ledger);
}

START_TEST(tokens)
{
	static const char *const states[] = { "unused", "used", "revoked", "expired" };

	put_token(1, TOKEN_UNUSED, g.now_s + 60);
	put_token(2, TOKEN_USED, g.now_s + 60);
	put_token(3, TOKEN_REVOKED, g.now_s + 60);
	put_token(4, TOKEN_UNUSED, g.now_s - 1);
	get(T "/tokens", "");
	is_json(200);
	ck_assert_uint_eq(json_count(json_get(doc, "items")), 4);
	for (size_t i = 0; i < 4; i++) {
		ck_assert_str_eq(item(i, "state"), states[i]);
		ck_assert_uint_eq(strlen(item(i, "id")), TOKEN_ID_LETTERS);
		ck_assert_str_eq(item(i, "device"), "hp-4711");
		ck_assert_str_eq(item(i, "profile"), "printer");
	}
	/* Of the hash no more than the id is told. */
	ck_assert_ptr_null(memmem(x.reply.at, x.reply.n, "7777", 4));
}
END_TEST

START_TEST(profiles)
{
	const struct json *rsa, *operator;

	get("/v1/profiles", "");
	is_json(200);
	ck_assert_uint_eq(json_count(json_get(doc, "items")), 7);
	rsa = json_at(json_get(doc, "items"), 1);
	operator= json_at(json_get(doc, "items"), 2);
	ck_assert_str_eq(json_text(rsa, "name"), "legacy-rsa");
	ck_assert_str_eq(json_text(rsa, "kind"), "printer");
	ck_assert_str_eq(json_text(rsa, "common_name"), "{name}");
	ck_assert_str_eq(json_text(rsa, "approval"), "none");
	ck_assert_uint_eq(strlen(json_text(rsa, "digest")), 2 * PROFILE_DIGEST_OCTETS);
	ck_assert_uint_eq(json_count(json_get(rsa, "keys")), 1);
	ck_assert_str_eq(json_as_text(json_at(json_get(rsa, "keys"), 0)), "rsa");
	ck_assert_uint_eq(json_count(json_get(rsa, "purposes")), 2);
	ck_assert_str_eq(json_as_text(json_at(json_get(rsa, "dns"), 0)),
	    "{name}.{kind}.{tenant}.{region}.{domain}");
	ck_assert_ptr_nonnull(json_get(rsa, "rsa_bits_min"));
	ck_assert_str_eq(json_text(operator, "name"), "operator");
	ck_assert_uint_eq(json_count(json_get(operator, "ask")), 1);
	ck_assert_str_eq(json_as_text(json_at(json_get(operator, "ask"), 0)), "certificate");
	ck_assert_ptr_null(json_get(operator, "rsa_bits_min"));
}
END_TEST

/* Walk a list page by page: what is seen, in order, one name after the other. */
static struct octets
walk(const char *path, const char *limit, const char *name)
{
	struct bytes seen = { 0 };
	char query[1200];
	struct octets made;
	int pages = 0;

	(void)snprintf(query, sizeof(query), "limit=%s", limit);
	for (;;) {
		get(path, query);
		is_json(200);
		for (size_t i = 0; i < json_count(json_get(doc, "items")); i++)
			bytes_put_fmt(&seen, "%s ", item(i, name));
		ck_assert_int_lt(pages++, 50);
		if (json_get(doc, "next") == NULL)
			break;
		ck_assert_int_eq(
		    (int)json_count(json_get(doc, "items")), (int)strtol(limit, NULL, 10));
		(void)snprintf(
		    query, sizeof(query), "after=%s&limit=%s", json_text(doc, "next"), limit);
	}
	made = forge_exact(octets_bytes(&seen));
	bytes_free(&seen);
	return made;
}

START_TEST(pages)
{
	static const char *const limits[] = { "1", "2", "3", "4", "5", "6", "7", "1000" };
	struct octets all, some;

	for (uint8_t i = 1; i < 7; i++)
		put_token(i, TOKEN_UNUSED, g.now_s + 60);
	all = walk(T "/tokens", "1000", "id");
	ck_assert_uint_eq(all.n, 6 * (TOKEN_ID_LETTERS + 1));
	for (size_t i = 0; i < COUNT(limits); i++) {
		some = walk(T "/tokens", limits[i], "id");
		ck_assert_msg(octets_same(some, all), "limit %s: %.*s", limits[i], (int)some.n,
		    (const char *)some.at);
	}
	ck_assert(octets_same(walk("/v1/tenants", "1", "name"), RAW("acme platform ")));
	(void)ground_leaf(&g, g.acme, "printer", "hp-4711");
	ck_assert(octets_same(
	    walk(T "/certificates", "1", "serial"), walk(T "/certificates", "1000", "serial")));
}
END_TEST

START_TEST(queries_that_are_refused)
{
	static const char *const queries[] = { "limit=0", "limit=1001", "limit=-1", "limit=+1",
		"limit=%201", "limit=abc", "limit=1x", "limit=99999999999999999999999999999999",
		"limit=%00", "limit=%", "after=g0", "after=0", "after=%zz", "x=1&limit=0" };
	char after[2200] = "after=";

	for (size_t i = 0; i < COUNT(queries); i++) {
		get("/v1/tenants", queries[i]);
		is_problem(400);
	}
	memset(after + 6, 'a', sizeof(after) - 7);
	get("/v1/tenants", after); /* not taken for the first page */
	is_problem(400);
	get("/v1/tenants", "limit=&after=&foo=bar&limited=0");
	is_json(200);
	ck_assert_uint_eq(json_count(json_get(doc, "items")), 2);
}
END_TEST

/* Who waits: one of each state, and what a registrar must see of it. */
static void
put_request(uint8_t n, enum petition_state state, const char *device, struct octets csr)
{
	struct petition r = { .way = ENROL_REQUEST,
		.key = { n },
		.device = { "acme", "printer", "" },
		.profile = "printer",
		.source = "192.0.2.1:4711",
		.by = "operator:bob",
		.reason = "none of ours",
		.decided_s = state == PETITION_WAITING ? 0 : g.now_s,
		.csr = csr };

	(void)snprintf(r.device.name, sizeof(r.device.name), "%s", device);
	ck_assert(petition_open(g.realm, g.acme->ledger, &r, g.now_s, &f));
	if (state == PETITION_ISSUED)
		memcpy(
		    r.serial, ground_leaf(&g, g.acme, "printer", device)->serial, sizeof(r.serial));
	if (state != PETITION_WAITING)
		ck_assert(petition_turn(g.acme->ledger, &r, state,
		    state == PETITION_EXPIRED ? g.now_s : g.now_s + 60, &f));
	ground_commit(g.acme->ledger);
	ground_commit(realm_platform(g.realm));
}

START_TEST(requests)
{
	static const struct {
		const char *query;
		size_t n;
	} rows[] = { { "", 5 }, { "state=waiting", 1 }, { "state=approved", 1 },
		{ "state=refused", 1 }, { "state=issued", 1 }, { "state=expired", 1 },
		{ "state=nonsense", 0 }, { "state=", 5 }, { "limit=2", 2 } };

	for (int i = PETITION_WAITING; i <= PETITION_EXPIRED; i++)
		put_request((uint8_t)i, (enum petition_state)i,
		    i == PETITION_ISSUED ? "hp-1" : "hp-2", NONE);
	for (size_t i = 0; i < COUNT(rows); i++) {
		get(T "/requests", rows[i].query);
		is_json(200);
		ck_assert_msg(json_count(json_get(doc, "items")) == rows[i].n, "%s: %zu",
		    rows[i].query, json_count(json_get(doc, "items")));
	}
	ck_assert_ptr_nonnull(json_text(doc, "next"));
	get(T "/requests", "state=waiting");
	is_json(200);
	ck_assert_str_eq(item(0, "id"), "0100000000000000");
	ck_assert_str_eq(item(0, "device"), "hp-2");
	ck_assert_str_eq(item(0, "way"), "request");
	ck_assert_str_eq(item(0, "source"), "192.0.2.1:4711");
	ck_assert_str_eq(item(0, "asked"), "2030-03-17T17:46:40Z");
	ck_assert_str_eq(item(0, "expires"), "2030-03-24T17:46:40Z");
	ck_assert_ptr_null(item(0, "replaces"));
	get("/v1/tenants/nobody/requests", "");
	is_problem(404);
	get("/v1/tenants/platform/requests", ""); /* its rows are of another shape: no request */
	is_json(200);
	ck_assert_uint_eq(json_count(json_get(doc, "items")), 0);
}
END_TEST

START_TEST(a_request)
{
	const struct ground_cert *has = ground_leaf(&g, g.acme, "printer", "hp-1");
	struct octets names = JOIN(forge_tlv(DER_CONTEXT(2), RAW("hp-1.printer")),
	    forge_tlv(DER_CONTEXT(7), RAW("\x7f\0\0\1")),
	    forge_tlv(DER_CONTEXT(6), RAW("spiffe://x/y")));
	struct forge asked = { .subject = forge_common(DER_UTF8, RAW("hp-1")),
		.attributes = forge_asks(
		    forge_extension(oid_subject_alt_name, forge_tlv(DER_SEQUENCE, names))) };
	char hex[TBS_SERIAL_OCTETS * 2 + 1];
	const struct json *told;

	put_request(1, PETITION_WAITING, "hp-1", forge_request(&asked));
	get(T "/requests/0100000000000000", "");
	is_json(200);
	text_hex(has->serial, sizeof(has->serial), hex);
	ck_assert_str_eq(json_text(doc, "replaces"), hex);
	ck_assert_str_eq(json_text(doc, "subject"), "hp-1");
	ck_assert_str_eq(json_text(doc, "key"), "P-256");
	told = json_get(doc, "names");
	ck_assert_uint_eq(json_count(told), 3);
	ck_assert_str_eq(json_as_text(json_at(told, 0)), "dns:hp-1.printer");
	ck_assert_str_eq(json_as_text(json_at(told, 1)), "ip:127.0.0.1");
	ck_assert_str_eq(json_as_text(json_at(told, 2)), "uri:spiffe://x/y");
	ck_assert_ptr_null(json_get(doc, "by"));
	put_request(2, PETITION_REFUSED, "hp-2", NONE);
	get(T "/requests/0200000000000000", "");
	is_json(200);
	ck_assert_str_eq(json_text(doc, "by"), "operator:bob");
	ck_assert_str_eq(json_text(doc, "reason"), "none of ours");
	ck_assert_ptr_null(json_get(doc, "subject"));
	get(T "/requests/0300000000000000", "");
	is_problem(404);
	get(T "/requests/01", "");
	is_problem(404);
	get("/v1/tenants/platform/requests/0100000000000000", "");
	is_problem(404);
}
END_TEST

START_TEST(certificates)
{
	const struct ground_cert *first = ground_leaf(&g, g.acme, "printer", "hp-4711");
	const struct ground_cert *second = ground_leaf(&g, g.acme, "gateway", "gw-1");
	static const struct {
		const char *query;
		size_t n;
	} rows[] = { { "device=hp-4711", 1 }, { "device=hp%2D4711", 1 }, { "device=hp-471", 0 },
		{ "device=", 4 }, { "status=good", 3 }, { "status=revoked", 1 },
		{ "status=revoked&device=hp-4711", 1 }, { "status=revoked&device=gw-1", 0 },
		{ "", 4 } }; /* responder and log, too */
	char long_name[80] = "device=";

	ck_assert_ptr_ne(first, second);
	ground_revoke(&g, g.acme->ledger, first->serial, 4);
	for (size_t i = 0; i < COUNT(rows); i++) {
		get(T "/certificates", rows[i].query);
		is_json(200);
		ck_assert_msg(json_count(json_get(doc, "items")) == rows[i].n, "%s: %zu",
		    rows[i].query, json_count(json_get(doc, "items")));
	}
	get(T "/certificates", "device=hp-4711");
	is_json(200);
	ck_assert_str_eq(item(0, "status"), "revoked");
	ck_assert_str_eq(item(0, "reason"), "superseded");
	ck_assert_str_eq(item(0, "revoked_at"), "2030-03-17T17:46:40Z");
	ck_assert_str_eq(item(0, "kind"), "printer");
	memset(long_name + 7, 'a', 72);
	long_name[79] = '\0';
	get(T "/certificates", long_name); /* not taken for no filter at all */
	is_problem(400);
	get(T "/certificates", "status=%zz");
	is_problem(400);
	get(T "/certificates", "status=nonsense");
	is_problem(400);
}
END_TEST

static const char *
of_serial(const uint8_t *serial)
{
	static char path[160];
	char hex[TBS_SERIAL_OCTETS * 2 + 1];

	text_hex(serial, TBS_SERIAL_OCTETS, hex);
	(void)snprintf(path, sizeof(path), "%s/certificates/%s", T, hex);
	return path;
}

/* It may be kept by who asks, and not used without asking again. */
static void
is_certificate(void)
{
	visit_is(&x, 200, JSON_TYPE);
	ck_assert_str_eq(visit_header(&x, "Cache-Control"), "private, no-cache");
	parse();
}

START_TEST(a_certificate)
{
	const struct ground_cert *leaf = ground_leaf(&g, g.acme, "printer", "hp-4711");
	const struct ground_cert *alice = ground_operator(&g, "bob", ROLE_AUDITOR);
	uint8_t hash[LOG_HASH_OCTETS];
	char hex[2 * LOG_HASH_OCTETS + 1];
	struct bytes der = { 0 };

	get(of_serial(leaf->serial), "");
	is_certificate();
	ck_assert(text_unbase64(octets_text(json_text(doc, "certificate")), &der, &f));
	ck_assert(octets_same(octets_bytes(&der), octets_bytes(&leaf->der)));
	ck_assert_str_eq(json_text(doc, "enroller"), "operator:alice");
	ck_assert_str_eq(json_text(doc, "how"), "token");
	ck_assert_str_eq(json_text(doc, "status"), "good");
	ck_assert_ptr_null(json_get(doc, "reason"));
	ck_assert_str_eq(json_text(doc, "evidence"), "00112233");
	ck_assert_ptr_nonnull(strstr(json_text(doc, "entry"), "\"act\":\"certificate.issued\""));
	log_leaf(octets_text(json_text(doc, "entry")), hash);
	text_hex(hash, sizeof(hash), hex);
	ck_assert_str_eq(json_text(doc, "leaf_hash"), hex);
	get(of_serial(alice->serial), ""); /* the platform's */
	is_problem(404);
	get(T "/certificates/00", "");
	is_problem(404);
	get(T "/certificates/00112233445566778899AABBCCDDEEFF", ""); /* one spelling, lower case */
	is_problem(404);
	get("/v1/tenants/nobody/certificates/00112233445566778899aabbccddeeff", "");
	is_problem(404);
	bytes_free(&der);
}
END_TEST

/* What nobody was given has a standing, and no certificate to show. */
START_TEST(a_pending_certificate)
{
	const struct ground_cert *leaf = ground_leaf(&g, g.acme, "printer", "hp-4711");
	struct endpoint e = { "", "printer", "lost" };
	struct provenance from;
	struct wish w = ground_wish(&g, g.acme, &e, &from, key_spki(leaf->key));
	struct ticket *t;

	ck_assert(issue_prepare(g.acme, &w, g.now_s, &t, &f));
	ck_assert(issue_intend(g.acme, t, &f));
	ground_commit(g.acme->ledger);
	get(of_serial(ticket_serial(t)), "");
	is_certificate();
	ck_assert_str_eq(json_text(doc, "status"), "pending");
	ck_assert_ptr_null(json_get(doc, "certificate"));
	ticket_free(t);
}
END_TEST

static size_t
lines(void)
{
	size_t n = 0;

	for (size_t i = 0; i < x.reply.n; i++)
		n += x.reply.at[i] == '\n';
	return n;
}

START_TEST(entries)
{
	static const char *const bad[] = { "from=-1", "from=a", "from=1a", "from=+1", "count=0",
		"count=1001", "from=%", "from=99999999999999999999999999" };
	struct log_edge e;
	struct octets all, first;

	for (int i = 0; i < 5; i++)
		ck_assert(
		    log_append(g.acme->ledger, log_entry("test.done", &g.why), g.now_s, NULL, &f));
	ground_commit(g.acme->ledger);
	ck_assert(log_edge_read(g.acme->ledger, &e, &f));
	get(T "/log/entries", "");
	visit_is(&x, 200, "application/x-ndjson");
	ck_assert_uint_eq(lines(), e.size);
	all = forge_exact(octets_bytes(&x.reply));
	get(T "/log/entries", "from=0&count=3");
	ck_assert_uint_eq(lines(), 3);
	first = forge_exact(octets_bytes(&x.reply));
	get(T "/log/entries", "from=3&count=1000");
	ck_assert(octets_same(JOIN(first, octets_bytes(&x.reply)), all));
	get(T "/log/entries", "from=1000000");
	visit_is(&x, 200, "application/x-ndjson");
	ck_assert_uint_eq(x.reply.n, 0);
	for (size_t i = 0; i < COUNT(bad); i++) {
		get(T "/log/entries", bad[i]);
		is_problem(400);
	}
	get("/v1/tenants/nobody/log/entries", "");
	is_problem(404);
}
END_TEST

static const struct {
	const char *method, *path;
	uint16_t verb;
	const char *tenant, *object;
	unsigned status;
} acts[] = {
	{ "POST", "/v1/tenants", WIRE_TENANT, "", "", 201 },
	{ "POST", "/v1/operators", WIRE_OPERATOR, "", "", 201 },
	{ "POST", T "/tokens", WIRE_TOKEN, "acme", "", 201 },
	{ "DELETE", T "/tokens/0123456789abcdef", WIRE_TOKEN_REVOKE, "acme", "0123456789abcdef",
	    200 },
	{ "POST", T "/certificates/00ff/revoke", WIRE_REVOKE, "acme", "00ff", 200 },
	{ "POST", T "/certificates/00ff/hold", WIRE_HOLD, "acme", "00ff", 200 },
	{ "POST", T "/certificates/00ff/release", WIRE_RELEASE, "acme", "00ff", 200 },
	{ "POST", T "/requests/00ff/approve", WIRE_APPROVE, "acme", "00ff", 200 },
	{ "POST", T "/requests/00ff/refuse", WIRE_DISAPPROVE, "acme", "00ff", 200 },
	{ "POST", T "/suspend", WIRE_TENANT_SUSPEND, "acme", "", 200 },
	{ "POST", T "/resume", WIRE_TENANT_RESUME, "acme", "", 200 },
	{ "POST", T "/rollover", WIRE_ROLL, "acme", "", 201 },
	{ "POST", "/v1/regions/eu/suspend", WIRE_REGION_SUSPEND, "", "eu", 200 },
	{ "POST", "/v1/regions/eu/resume", WIRE_REGION_RESUME, "", "eu", 200 },
	{ "POST", T "/log/exports", WIRE_EXPORT, "acme", "", 201 },
	{ "POST", "/v1/backups", WIRE_BACKUP, "", "", 201 },
	{ "POST", "/v1/tenants/nobody/tokens", WIRE_TOKEN, "nobody", "", 201 },
};

static void
begin_act(size_t i)
{
	begin(acts[i].method, acts[i].path);
	x.content_type = RAW("application/json");
	x.body = RAW("{\"a\":1}");
}

/* As they came, and decided there: even those that are nobody's. */
START_TEST(acts_are_asked)
{
	for (size_t i = 0; i < COUNT(acts); i++) {
		struct wire_act w;

		begin_act(i);
		if (i % 2 == 1)
			x.peer = NONE;
		serve();
		visit_asks(&x, acts[i].verb);
		ck_assert(wire_act(octets_bytes(&x.ask.body), &w, &f));
		ck_assert_str_eq(w.tenant, acts[i].tenant);
		ck_assert_str_eq(w.source, VISIT_SOURCE);
		ck_assert(octets_same(w.object, octets_text(acts[i].object)));
		ck_assert(octets_same(w.json, RAW("{\"a\":1}")));
		ck_assert(octets_same(w.peer, i % 2 == 1 ? NONE : officer));
		visit_answer(&x, 0, RAW("{\"done\":true}"));
		is_json(acts[i].status);
		ck_assert(json_true(doc, "done"));
	}
}
END_TEST

START_TEST(acts_refused_by_the_signer)
{
	static const struct {
		enum fault_code code;
		unsigned status;
	} rows[] = { { FAULT_BADREQ, 400 }, { FAULT_AUTH, 401 }, { FAULT_DENIED, 403 },
		{ FAULT_NOTFOUND, 404 }, { FAULT_CONFLICT, 409 }, { FAULT_LIMIT, 413 },
		{ FAULT_TYPE, 415 }, { FAULT_BUSY, 503 }, { FAULT_INTERNAL, 500 },
		{ (enum fault_code)77, 500 } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		begin_act(0);
		serve();
		visit_asks(&x, WIRE_TENANT);
		visit_answer(&x, (uint16_t)rows[i].code, RAW("store: /var/lib: \"no\"\n"));
		is_problem(rows[i].status);
		ck_assert((strstr(json_text(doc, "detail"), "/var/lib") != NULL) ==
			  (rows[i].status != 500));
		ck_assert((visit_header(&x, "Retry-After") != NULL) == (rows[i].status == 503));
	}
}
END_TEST

/* What stands behind the sentence's end becomes members of the problem, and cannot take the place
 * of its own. */
START_TEST(a_problem_with_members)
{
	static const char with[] =
	    "tenant: no\0{\"confirm\":\"acme\",\"status\":200,\"title\":\"x\"}",
			  broken[] = "tenant: no\0{\"confirm\":";

	begin_act(0);
	serve();
	visit_answer(&x, FAULT_CONFLICT, octets_of(with, sizeof(with) - 1));
	is_problem(409);
	ck_assert_str_eq(json_text(doc, "detail"), "tenant: no");
	ck_assert_str_eq(json_text(doc, "confirm"), "acme");
	ck_assert_str_eq(json_text(doc, "title"), "Conflict");
	begin_act(0);
	serve();
	visit_answer(&x, FAULT_CONFLICT, octets_of(broken, sizeof(broken) - 1));
	is_problem(409);
	ck_assert_str_eq(json_text(doc, "detail"), "tenant: no");
	ck_assert_ptr_null(json_get(doc, "confirm"));
}
END_TEST

START_TEST(acts_refused_at_the_door)
{
	const struct octets types[] = { NONE, RAW("text/plain"), RAW("application/jso"),
		RAW("application/x-www-form-urlencoded"), RAW("multipart/form-data") };

	for (size_t i = 0; i < COUNT(acts); i++) {
		begin_act(i);
		x.body = NONE;
		x.body_too_large = true;
		serve();
		refused(acts[i].tenant, "api", FAULT_LIMIT, 413);
		begin_act(i);
		x.origin = RAW("https://evil.example");
		serve();
		refused(acts[i].tenant, "api", FAULT_DENIED, 403);
		begin_act(i);
		x.origin = RAW("null");
		serve();
		refused(acts[i].tenant, "api", FAULT_DENIED, 403);
		for (size_t t = 0; t < COUNT(types); t++) {
			begin_act(i);
			x.content_type = types[t];
			serve();
			refused(acts[i].tenant, "api", FAULT_TYPE, 415);
		}
	}
	begin_act(0);
	x.content_type = RAW("Application/JSON; charset=utf-8");
	serve();
	visit_asks(&x, WIRE_TENANT);
	begin_act(3); /* nothing said, nothing to be of a type */
	x.content_type = x.body = NONE;
	serve();
	visit_asks(&x, WIRE_TOKEN_REVOKE);
}
END_TEST

static TCase *
doors(void)
{
	TCase *t = tcase_create("doors");

	tcase_add_test(t, others_paths);
	tcase_add_test(t, routes_that_are_none);
	tcase_add_test(t, methods);
	tcase_add_test(t, heads);
	tcase_add_test(t, pages_ask_nothing);
	tcase_add_test(t, a_read_with_a_body);
	tcase_add_test(t, nobody_reads);
	tcase_add_test(t, the_desk_reads);
	tcase_add_test(t, every_role_reads);
	tcase_add_test(t, strangers_do_not_read);
	tcase_add_test(t, a_peer_that_does_not_hold);
	tcase_add_test(t, acts_are_asked);
	tcase_add_test(t, acts_refused_by_the_signer);
	tcase_add_test(t, a_problem_with_members);
	tcase_add_test(t, acts_refused_at_the_door);
	return t;
}

static TCase *
answers(void)
{
	TCase *t = tcase_create("answers");

	tcase_add_test(t, tenants);
	tcase_add_test(t, a_tenant);
	tcase_add_test(t, operators);
	tcase_add_test(t, tokens);
	tcase_add_test(t, profiles);
	tcase_add_test(t, pages);
	tcase_add_test(t, queries_that_are_refused);
	tcase_add_test(t, certificates);
	tcase_add_test(t, requests);
	tcase_add_test(t, a_request);
	tcase_add_test(t, a_certificate);
	tcase_add_test(t, a_pending_certificate);
	tcase_add_test(t, entries);
	return t;
}

int
main(void)
{
	Suite *s = suite_create("api");
	TCase *t[] = { doors(), answers() };

	for (size_t i = 0; i < COUNT(t); i++) {
		tcase_add_checked_fixture(t[i], setup, teardown);
		tcase_set_timeout(t[i], 60); /* a loaded machine is no failure */
		suite_add_tcase(s, t[i]);
	}
	return run_suite(s);
}
