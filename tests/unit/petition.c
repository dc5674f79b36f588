/* tests/unit/petition.c - ca/petition.h: what is kept of who waits, how many may, and when it ends.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ca/oid.h"
#include "ca/petition.h"
#include "ca/revoke.h"
#include "tests/unit/forge.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

static struct ground g;
static struct ledger *l, *platform;
static struct bytes row;
static struct petition r, ret;
static struct fault f;

/* The n-th key; its source is an address of its own. */
static struct petition
nth(unsigned n, enum enrol_way way)
{
	struct petition one = { .way = way,
		.device = { "acme", "scanner", "scan-1" },
		.profile = "walkup",
		.csr = octets_text("a request") };

	one.key[0] = (uint8_t)(n >> 8);
	one.key[1] = (uint8_t)n;
	(void)snprintf(
	    one.source, sizeof(one.source), "192.0.%u.%u:4711", (n >> 8) & 0xff, n & 0xff);
	return one;
}

static void
setup(void)
{
	ground_new(&g);
	l = g.acme->ledger;
	platform = realm_platform(g.realm);
	r = nth(1, ENROL_REQUEST);
	f = (struct fault){ 0 };
}

static void
teardown(void)
{
	bytes_free(&row);
	forge_free();
	ground_free(&g);
}

static void
commit(void)
{
	ground_commit(l);
	ground_commit(platform);
}

static void
opens(struct petition *one)
{
	ck_assert_msg(petition_open(g.realm, l, one, g.now_s, &f), "%s", f.text);
}

static void
closed(struct petition one, const char *why)
{
	struct ledger_mark mark = ledger_mark(l);

	f = (struct fault){ 0 };
	ck_assert(!petition_open(g.realm, l, &one, g.now_s, &f));
	ck_assert_int_eq(f.code, FAULT_BUSY);
	ck_assert_msg(strstr(f.text, why) != NULL, "%s", f.text);
	ledger_undo(l, mark);
}

static enum petition_state
state(const struct petition *one)
{
	enum petition_state s;

	ck_assert_msg(petition_get(l, one->key, &row, &ret, &f), "%s", f.text);
	ck_assert(petition_state(l, &ret, g.now_s, &s, &f));
	return s;
}

static bool
is_there(struct ledger *where, const struct petition *one)
{
	struct bytes b = { 0 };
	bool there =
	    ledger_get(where, TABLE_REQUEST, octets_of(one->key, sizeof(one->key)), &b, &f);

	ck_assert(there || f.code == FAULT_NOTFOUND);
	bytes_free(&b);
	return there;
}

START_TEST(keeps_all_of_it)
{
	char id[PETITION_ID_LETTERS + 1];

	(void)snprintf(r.proof, sizeof(r.proof), "00112233");
	(void)snprintf(r.by, sizeof(r.by), "operator:alice");
	(void)snprintf(r.reason, sizeof(r.reason), "none of ours");
	r.asked_index = 7;
	r.decided_s = g.now_s;
	r.decided_index = 8;
	r.replaces[3] = 3;
	r.serial[4] = 4;
	r.digest[5] = 5;
	opens(&r);
	commit();
	petition_id(&r, id);
	ck_assert_str_eq(id, "0001000000000000");
	ck_assert_msg(petition_find(l, id, &row, &ret, &f), "%s", f.text);
	ck_assert_mem_eq(ret.key, r.key, sizeof(r.key));
	ck_assert_int_eq(ret.state, PETITION_WAITING);
	ck_assert_int_eq(ret.way, ENROL_REQUEST);
	ck_assert_str_eq(ret.device.tenant, "acme");
	ck_assert_str_eq(ret.device.kind, "scanner");
	ck_assert_str_eq(ret.device.name, "scan-1");
	ck_assert_str_eq(ret.profile, "walkup");
	ck_assert_str_eq(ret.source, r.source);
	ck_assert_str_eq(ret.proof, "00112233");
	ck_assert_str_eq(ret.by, "operator:alice");
	ck_assert_str_eq(ret.reason, "none of ours");
	ck_assert_int_eq(ret.asked_s, g.now_s);
	ck_assert_int_eq(ret.due_s, g.now_s + PETITION_OPEN_S);
	ck_assert_uint_eq(ret.asked_index, 7);
	ck_assert_int_eq(ret.decided_s, g.now_s);
	ck_assert_uint_eq(ret.decided_index, 8);
	ck_assert_mem_eq(ret.replaces, r.replaces, sizeof(r.replaces));
	ck_assert_mem_eq(ret.serial, r.serial, sizeof(r.serial));
	ck_assert_mem_eq(ret.digest, r.digest, sizeof(r.digest));
	ck_assert(octets_same(ret.csr, octets_text("a request")));
}
END_TEST

START_TEST(rows_that_are_none)
{
	struct octets key = octets_of(r.key, sizeof(r.key));
	struct bytes b = { 0 };

	opens(&r);
	commit();
	ck_assert(ledger_get(l, TABLE_REQUEST, key, &b, &f));
	ck_assert(petition_read("acme", key, octets_bytes(&b), &ret));
	for (size_t n = 0; n < b.n; n++)
		ck_assert_msg(!petition_read("acme", key, octets_of(b.at, n), &ret), "%zu", n);
	ck_assert(!petition_read("acme", octets_of(r.key, 31), octets_bytes(&b), &ret));
	b.at[0]++; /* another edition */
	ck_assert(!petition_read("acme", key, octets_bytes(&b), &ret));
	b.at[0]--;
	b.at[1] = 0; /* no state */
	ck_assert(!petition_read("acme", key, octets_bytes(&b), &ret));
	b.at[1] = PETITION_EXPIRED + 1;
	ck_assert(!petition_read("acme", key, octets_bytes(&b), &ret));
	ledger_put(l, TABLE_REQUEST, key, octets_bytes(&b));
	ck_assert(!petition_get(l, r.key, &row, &ret, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	bytes_free(&b);
}
END_TEST

START_TEST(ids_that_are_none)
{
	static const char *const ids[] = { "", "0001", "000100000000000", "00010000000000000",
		"000100000000000g", "0001000000000001", "ffffffffffffffff", "../../../../x" };

	opens(&r);
	commit();
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		ck_assert_msg(!petition_find(l, ids[i], &row, &ret, &f), "%s", ids[i]);
		ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	}
}
END_TEST

/* Whoever has nothing but a key names himself by one CN, which is a label. */
START_TEST(names)
{
	char to[TEXT_LABEL_MAX];
	char long_name[65];
	const struct octets bad[] = {
		SEQ(NONE),
		RAW(""),
		RAW("\x30\x05"),
		forge_common(DER_UTF8, RAW("")),
		forge_common(DER_UTF8, RAW("Scan-1")),
		forge_common(DER_UTF8, RAW("scan_1")),
		forge_common(DER_UTF8, RAW("scan.1")),
		forge_common(DER_UTF8, RAW("-scan")),
		forge_common(DER_UTF8, RAW("scan\0x")),
		forge_common(DER_UTF8, RAW("..")),
		forge_common(DER_UTF8, octets_of(memset(long_name, 'a', 64), 64)),
		SEQ(forge_rdn(oid_organization, DER_UTF8, RAW("scan-1"))),
		SEQ(forge_rdn(oid_common_name, DER_UTF8, RAW("scan-1")),
		    forge_rdn(oid_common_name, DER_UTF8, RAW("scan-1"))),
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(!petition_name(bad[i], to, &f), "%zu", i);
		ck_assert_int_eq(f.code, FAULT_BADREQ);
	}
	ck_assert(petition_name(forge_common(DER_PRINTABLE, RAW("scan-1")), to, &f));
	ck_assert_str_eq(to, "scan-1");
	ck_assert(petition_name(SEQ(forge_rdn(oid_organization, DER_UTF8, RAW("Ours")),
				    forge_rdn(oid_common_name, DER_UTF8, RAW("s"))),
	    to, &f));
	ck_assert_str_eq(to, "s");
}
END_TEST

/* Of one address so many wait that prove nothing, whatever their port; of IPv6 one /64 is one. */
static void
fill_address(const char *before, const char *after, const char *same, const char *other)
{
	struct petition one;

	for (unsigned n = 0; n < PETITION_ONE_MAX; n++) {
		one = nth(n, ENROL_REQUEST);
		(void)snprintf(one.source, sizeof(one.source), "%s%u%s", before, 1000 + n, after);
		opens(&one);
		if (n == PETITION_ONE_MAX / 2)
			commit(); /* in one batch or in several */
	}
	one = nth(100, ENROL_REQUEST);
	(void)snprintf(one.source, sizeof(one.source), "%s", same);
	closed(one, "from this address");
	(void)snprintf(one.source, sizeof(one.source), "%s", other);
	opens(&one);
	one = nth(101, ENROL_TOKEN); /* who proves something is not held to it */
	(void)snprintf(one.source, sizeof(one.source), "%s", same);
	opens(&one);
	commit();
}

START_TEST(one_address)
{
	struct petition one;

	fill_address("192.0.2.1:", "", "192.0.2.1:1", "192.0.2.2:1");
	/* One that is decided makes room, once. */
	one = nth(3, ENROL_REQUEST);
	ck_assert(petition_get(l, one.key, &row, &ret, &f));
	ck_assert(petition_turn(l, &ret, PETITION_REFUSED, ret.due_s, &f));
	ck_assert(petition_turn(l, &ret, PETITION_APPROVED, ret.due_s, &f));
	one = nth(200, ENROL_REQUEST);
	(void)snprintf(one.source, sizeof(one.source), "192.0.2.1:9");
	opens(&one);
	one = nth(201, ENROL_REQUEST);
	(void)snprintf(one.source, sizeof(one.source), "192.0.2.1:9");
	closed(one, "from this address");
}
END_TEST

START_TEST(one_network_of_ipv6)
{
	fill_address("[2001:db8:0:1::", "]:443", "[2001:db8:0:1:ffff::1]:1", "[2001:db8:0:2::1]:1");
}
END_TEST

START_TEST(so_many_of_a_tenant)
{
	struct petition one;

	for (unsigned n = 0; n < PETITION_STRANGERS_MAX; n++) {
		one = nth(n, ENROL_REQUEST);
		opens(&one);
	}
	closed(nth(PETITION_STRANGERS_MAX, ENROL_REQUEST), "1000 wait already");
	commit();
	closed(nth(PETITION_STRANGERS_MAX, ENROL_REQUEST), "a registrar here");
	one = nth(PETITION_STRANGERS_MAX, ENROL_TOKEN);
	opens(&one); /* strangers keep nobody out who has a token */
	/* A week later all have expired, and those that come make the room that they need. */
	commit();
	g.now_s += PETITION_OPEN_S;
	one = nth(1001, ENROL_REQUEST);
	opens(&one);
	commit();
	one = nth(0, ENROL_REQUEST);
	ck_assert_int_eq(state(&one), PETITION_EXPIRED);
}
END_TEST

START_TEST(a_large_one_is_not_kept)
{
	r.csr = forge_fill(0, PETITION_CSR_MAX + 1);
	ck_assert(!petition_open(g.realm, l, &r, g.now_s, &f));
	ck_assert_int_eq(f.code, FAULT_LIMIT);
	ck_assert(!is_there(l, &r));
}
END_TEST

/* What was put for a job that then fails is taken back, counters and all. */
START_TEST(undone)
{
	struct ledger_mark mark = ledger_mark(l);

	for (unsigned n = 0; n < PETITION_ONE_MAX; n++) {
		struct petition one = nth(n, ENROL_REQUEST);

		(void)snprintf(one.source, sizeof(one.source), "192.0.2.1:1");
		opens(&one);
	}
	ledger_undo(l, mark);
	(void)snprintf(r.source, sizeof(r.source), "192.0.2.1:1");
	opens(&r);
	commit();
	ck_assert_int_eq(state(&r), PETITION_WAITING);
}
END_TEST

/* Nobody decides: it expires; its row is kept for a month, and then goes, and the way to it. */
START_TEST(expires_and_goes)
{
	struct petition other = nth(2, ENROL_REQUEST), last = nth(3, ENROL_REQUEST);

	opens(&r);
	commit();
	ck_assert(is_there(platform, &r));
	g.now_s += PETITION_OPEN_S - 1;
	ck_assert_int_eq(state(&r), PETITION_WAITING);
	g.now_s++;
	ck_assert_int_eq(state(&r), PETITION_EXPIRED); /* before anybody has looked */
	opens(&other);
	commit();
	ck_assert_int_eq(state(&r), PETITION_EXPIRED);
	ck_assert_int_eq(ret.state, PETITION_EXPIRED);
	ck_assert_int_eq(ret.due_s, g.now_s + PETITION_KEPT_S);
	g.now_s += PETITION_KEPT_S;
	opens(&last);
	commit();
	ck_assert(!is_there(l, &r));
	ck_assert(!is_there(platform, &r));
	ck_assert(is_there(l, &other));
}
END_TEST

START_TEST(what_was_decided_expires_too)
{
	static const enum petition_state states[] = { PETITION_APPROVED, PETITION_REFUSED };

	for (unsigned i = 0; i < 2; i++) {
		struct petition one = nth(i, ENROL_REQUEST);

		opens(&one);
		ck_assert(petition_turn(l, &one, states[i], g.now_s + 10, &f));
		commit();
		ck_assert_int_eq(state(&one), states[i]);
		g.now_s += 10;
		ck_assert_int_eq(state(&one), PETITION_EXPIRED);
	}
}
END_TEST

/* The key that asks elsewhere by now keeps its way there. */
START_TEST(the_way_is_the_newest)
{
	struct ledger *other = ground_tenant(&g, "other", CONSTRAINTS_STRICT)->ledger;
	struct petition there = r, last = nth(9, ENROL_REQUEST);
	struct petition_route route;

	opens(&r);
	commit();
	g.now_s++;
	memcpy(there.device.tenant, "other", sizeof("other"));
	(void)snprintf(there.profile, sizeof(there.profile), "strict");
	ck_assert(petition_open(g.realm, other, &there, g.now_s, &f));
	ground_commit(other);
	commit();
	g.now_s += PETITION_OPEN_S;
	opens(&last);
	commit();
	g.now_s += PETITION_KEPT_S;
	last = nth(10, ENROL_REQUEST);
	opens(&last);
	commit();
	ck_assert(!is_there(l, &r));
	ck_assert(petition_route(g.realm, r.key, &route, &f));
	ck_assert_str_eq(route.tenant, "other");
	ck_assert_str_eq(route.profile, "strict");
	r.key[31]++;
	ck_assert(!petition_route(g.realm, r.key, &route, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!petition_read_route(octets_text("\1"), &route));
	ck_assert(!petition_read_route(octets_text("\2"), &route));
}
END_TEST

/* An issuance that came to nothing leaves the approval as it was. */
START_TEST(abandoned)
{
	const struct ground_cert *c = ground_leaf(&g, g.acme, "printer", "hp-1");
	struct standing s;

	opens(&r);
	memcpy(r.serial, c->serial, sizeof(r.serial));
	ck_assert(petition_turn(l, &r, PETITION_ISSUED, g.now_s + 10, &f));
	ck_assert_int_eq(state(&r), PETITION_ISSUED);
	ck_assert(ledger_standing(l, c->serial, &s, &f));
	s.state = STANDING_ABANDONED;
	ck_assert(ledger_put_standing(l, c->serial, &s, &f));
	ck_assert_int_eq(state(&r), PETITION_APPROVED);
}
END_TEST

static void
replaces(const uint8_t *want)
{
	static const struct endpoint e = { "acme", "printer", "hp-1" };
	static const uint8_t none[TBS_SERIAL_OCTETS];
	uint8_t have[TBS_SERIAL_OCTETS];

	ck_assert(petition_replaces(l, &e, g.now_s, have, &f));
	ck_assert_mem_eq(have, want == NULL ? none : want, sizeof(have));
}

START_TEST(what_it_would_replace)
{
	const struct ground_cert *c;
	int64_t then_s = g.now_s;

	replaces(NULL);
	(void)ground_leaf(&g, g.acme, "printer", "hp-2");
	replaces(NULL);
	c = ground_leaf(&g, g.acme, "printer", "hp-1");
	replaces(c->serial);
	g.now_s += 800 * (int64_t)86400;
	replaces(NULL);
	g.now_s = then_s;
	ground_revoke(&g, l, c->serial, REASON_UNSPECIFIED);
	replaces(NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("petition");
	TCase *t = tcase_create("petition");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120); /* a loaded machine is no failure */
	tcase_add_test(t, keeps_all_of_it);
	tcase_add_test(t, rows_that_are_none);
	tcase_add_test(t, ids_that_are_none);
	tcase_add_test(t, names);
	tcase_add_test(t, one_address);
	tcase_add_test(t, one_network_of_ipv6);
	tcase_add_test(t, so_many_of_a_tenant);
	tcase_add_test(t, a_large_one_is_not_kept);
	tcase_add_test(t, undone);
	tcase_add_test(t, expires_and_goes);
	tcase_add_test(t, what_was_decided_expires_too);
	tcase_add_test(t, the_way_is_the_newest);
	tcase_add_test(t, abandoned);
	tcase_add_test(t, what_it_would_replace);
	suite_add_tcase(s, t);
	return run_suite(s);
}
