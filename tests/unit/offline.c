/* tests/unit/offline.c - ca/offline_*.h: what a bundle must be, and that nobody gets a permit out
 * of one that is altered, incomplete, old, or another's. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "ca/feed_cut.h"
#include "ca/offline_set.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

#define VALID_S 300
#define HOUR_S  3600
#define PARTS   32

static struct ground g;
static const struct ground_cert *printer, *gateway;
static struct zones *zones;
static struct offline_set *set;
static struct offline_head head;
static struct offline_verdict verdict;
static struct offline_subject who;
static struct bytes file, root, rails, policies;
static struct fault f;

/* The parts as they are made; tests leave some out, or change them. */
static struct {
	enum offline_kind kind;
	struct bytes octets;
} part[PARTS];
static size_t parts_n;

static bool
no_zone(void *with, const char *name, struct bytes *ret, struct fault *why)
{
	(void)with;
	(void)ret;
	return fault_set(why, FAULT_NOTFOUND, "zone: no %s here", name);
}

static void
write_policies(const char *age)
{
	char host[TEXT_HOST_MAX];

	name_tenant_host(realm_space(g.realm), "acme", host);
	bytes_clear(&policies);
	bytes_put_fmt(&policies,
	    "apiVersion: quatrain.policy/v1\nkind: PolicySet\nmetadata:\n  name: acme\n"
	    "  scope: spiffe://%s/**\n  owner: it@acme.example\n  revision: 3\nmode: enforce\n"
	    "schema: quatrain.attributes/v1\n%s"
	    "rules:\n  - id: printers-connect\n    effect: permit\n"
	    "    subjects: {spiffe: \"spiffe://%s/printer/*\"}\n    actions: [connect]\n"
	    "    resources: {type: service}\n",
	    host, age, host);
	bytes_clear(&rails);
	bytes_put_text(&rails,
	    "apiVersion: quatrain.policy/v1\nkind: Guardrail\nmetadata:\n  name: rails\n"
	    "  scope: spiffe://*.*.example.org/**\n  owner: it@example.org\n  revision: 1\n"
	    "mode: enforce\nschema: quatrain.attributes/v1\n"
	    "rules:\n  - id: no-anomaly\n    effect: forbid\n    actions: [print.*]\n"
	    "    when: {anomaly.score: {gte: 90}}\n");
}

static void
setup(void)
{
	ground_new(&g);
	printer = ground_leaf(&g, g.acme, "printer", "hp-1");
	gateway = ground_leaf(&g, g.acme, "gateway", "gw-1");
	zones = zones_new(no_zone, NULL);
	ck_assert_ptr_nonnull(zones);
	ck_assert(cert_pem(octets_bytes(&g.root->certificate), &root, &f));
	write_policies("defaults:\n  offline: {max_age: 12h}\n");
	head = (struct offline_head){ .sequence = 7 };
}

static void
teardown(void)
{
	offline_set_free(set);
	set = NULL;
	for (size_t i = 0; i < PARTS; i++)
		bytes_free(&part[i].octets);
	parts_n = 0;
	zones_free(zones);
	bytes_free(&file);
	bytes_free(&root);
	bytes_free(&rails);
	bytes_free(&policies);
	ground_free(&g);
}

/* --- a bundle made ------------------------------------------------------------------------------
 */

static struct bytes *
add_part(enum offline_kind kind)
{
	ck_assert_uint_lt(parts_n, PARTS);
	part[parts_n].kind = kind;
	bytes_clear(&part[parts_n].octets);
	return &part[parts_n++].octets;
}

static void
delegate(const struct issuer *by, struct delegate *ret)
{
	ck_assert_msg(keyring_delegate(g.keys, &by->a, &found_log, g.now_s, ret, &f), "%s", f.text);
}

static void
add_head(const struct issuer *by)
{
	struct feed_edge edge;
	struct delegate d;

	delegate(by, &d);
	ck_assert(feed_edge(g.acme->ledger, &edge, &f));
	if (head.origin[0] == '\0')
		offline_origin(realm_space(g.realm), "acme", head.origin);
	head.at_s = g.now_s;
	head.until_s = g.now_s + 24 * HOUR_S;
	head.feed_size = edge.size;
	memcpy(head.feed_hash, edge.hash, sizeof(head.feed_hash));
	head.policies_n = 2;
	digest_of(octets_bytes(&rails), head.policy[0]);
	digest_of(octets_bytes(&policies), head.policy[1]);
	ck_assert(offline_head_sign(&head, d.key, add_part(OFFLINE_HEAD), &f));
	struct bytes *pem = add_part(OFFLINE_SIGNER);
	ck_assert(cert_pem(d.certificate, pem, &f));
	ck_assert(realm_chain_pem(g.realm, by->a.key_id, false, pem, &f));
}

static void
add_authorities(void)
{
	struct level_bundle *all = calloc(1, sizeof(*all));

	ck_assert_ptr_nonnull(all);
	ck_assert(level_bundle(g.realm, "acme", g.now_s, all, &f));
	for (size_t i = 0; i < all->n; i++)
		ck_assert(cert_pem(octets_bytes(&all->der[i]), add_part(OFFLINE_AUTHORITY), &f));
	level_bundle_free(all);
	free(all);
}

static void
add_piece(bool snapshot, uint64_t after)
{
	const struct feed_cut c = { g.realm, g.acme->ledger, g.now_s, VALID_S };
	struct bytes lines = { 0 };
	struct feed_piece p;
	struct delegate d;

	delegate(g.acme, &d);
	ck_assert(snapshot ? feed_cut_snapshot(&c, NULL, &lines, &p, &f)
			   : feed_cut_changes(&c, after, &lines, &p, &f));
	ck_assert(feed_piece_sign(&p, d.key, add_part(OFFLINE_REVOCATIONS), &f));
	bytes_free(&lines);
}

static void
make_parts(void)
{
	parts_n = 0;
	add_head(g.acme);
	add_authorities();
	bytes_put_octets(add_part(OFFLINE_POLICY), octets_bytes(&rails));
	bytes_put_octets(add_part(OFFLINE_POLICY), octets_bytes(&policies));
	add_piece(true, 0);
	add_piece(false, head.feed_size);
}

static void
join(void)
{
	bytes_clear(&file);
	offline_file_begin(&file);
	for (size_t i = 0; i < parts_n; i++)
		offline_file_put(part[i].kind, octets_bytes(&part[i].octets), &file);
	ck_assert(bytes_ok(&file, &f));
}

static bool
opens(void)
{
	offline_set_free(set);
	set = NULL;
	return offline_set_open(octets_bytes(&file), octets_bytes(&root), zones, &set, &f);
}

static void
open_it(void)
{
	make_parts();
	join();
	ck_assert_msg(opens(), "%s", f.text);
}

static void
is_refused(enum fault_code code, const char *why)
{
	struct offline_set *before = set;

	join();
	set = NULL;
	ck_assert_msg(!opens(), "taken, where expected: %s", why);
	ck_assert_msg(f.code == code && strstr(f.text, why) != NULL, "%d: %s", f.code, f.text);
	ck_assert_ptr_null(set);
	set = before;
}

/* What the set says of the holder of der at a time. */
static const char *
asked(const struct ground_cert *c, int64_t now_s)
{
	struct request r = { .action = octets_text("connect"), .supports_all = true };
	struct bytes pem = { 0 };

	request_text(&r, ATTRIBUTE_RESOURCE_TYPE, octets_text("service"));
	ck_assert(cert_pem(octets_bytes(&c->der), &pem, &f));
	offline_set_decide(set, octets_bytes(&pem), &r, now_s, NULL, &who, &verdict);
	bytes_free(&pem);
	ck_assert(verdict.permit == (strcmp(verdict.code, "permit") == 0));
	return verdict.code;
}

/* --- what it says -------------------------------------------------------------------------------
 */

START_TEST(a_whole_bundle_decides)
{
	open_it();
	ck_assert_str_eq(asked(printer, g.now_s), "permit");
	ck_assert(verdict.decided);
	ck_assert(octets_same(verdict.decision.rule->id, octets_text("printers-connect")));
	ck_assert_str_eq(who.role, "printer");
	ck_assert_str_eq(who.name, "hp-1");
	ck_assert_str_eq(asked(gateway, g.now_s), "no-permit");
	ck_assert_int_eq(offline_set_head(set)->until_s, g.now_s + 12 * HOUR_S);
	ck_assert_uint_eq(offline_set_head(set)->sequence, 7);
}
END_TEST

START_TEST(what_the_asker_says_of_himself_does_not_count)
{
	struct request r = { .action = octets_text("connect"), .supports_all = true };
	struct bytes pem = { 0 };

	open_it();
	request_text(&r, ATTRIBUTE_RESOURCE_TYPE, octets_text("service"));
	request_text(
	    &r, ATTRIBUTE_SUBJECT_ID, octets_text("spiffe://acme.eu.example.org/printer/hp-1"));
	request_text(&r, ATTRIBUTE_SUBJECT_ROLE, octets_text("printer"));
	request_bool(&r, ATTRIBUTE_CERT_KEY_PINNED, true);
	request_number(&r, ATTRIBUTE_ANOMALY_SCORE, 0);
	request_number(&r, ATTRIBUTE_TIME, 0);
	ck_assert(cert_pem(octets_bytes(&gateway->der), &pem, &f));
	offline_set_decide(set, octets_bytes(&pem), &r, g.now_s, NULL, &who, &verdict);
	bytes_free(&pem);
	ck_assert_str_eq(verdict.code, "no-permit");
	ck_assert_int_eq(verdict.request.fixed[ATTRIBUTE_CERT_KEY_PINNED].type, VALUE_NONE);
	ck_assert_int_eq(verdict.request.fixed[ATTRIBUTE_ANOMALY_SCORE].type, VALUE_NONE);
	ck_assert_int_eq(verdict.request.fixed[ATTRIBUTE_TIME].number, g.now_s);
	ck_assert(octets_same(
	    verdict.request.fixed[ATTRIBUTE_SUBJECT_ROLE].text, octets_text("gateway")));
}
END_TEST

START_TEST(it_ends_and_no_clock_brings_it_back)
{
	const int64_t until_s = g.now_s + 12 * HOUR_S;

	open_it();
	ck_assert_str_eq(asked(printer, until_s), "permit");
	ck_assert_str_eq(asked(printer, until_s + 1), "stale");
	ck_assert(!verdict.decided);
	ck_assert_str_eq(asked(printer, g.now_s - OFFLINE_SKEW_S), "permit");
	ck_assert_str_eq(asked(printer, g.now_s - OFFLINE_SKEW_S - 1), "clock");
}
END_TEST

START_TEST(a_guardrail_may_shorten_it)
{
	bytes_put_text(&rails, "defaults:\n  offline: {max_age: 1h}\n");
	open_it();
	ck_assert_int_eq(offline_set_head(set)->until_s, g.now_s + HOUR_S);
	ck_assert_str_eq(asked(printer, g.now_s + HOUR_S + 1), "stale");
}
END_TEST

START_TEST(a_set_that_says_of_no_age_is_not_for_offline)
{
	write_policies("");
	make_parts();
	is_refused(FAULT_DENIED, "may be used offline");
}
END_TEST

START_TEST(who_is_not_good_gets_nothing)
{
	const struct issuer *other = ground_tenant(&g, "other", CONSTRAINTS_STRICT);
	const struct ground_cert *stranger = ground_leaf(&g, other, "printer", "hp-1");

	ground_revoke(&g, g.acme->ledger, gateway->serial, 1);
	open_it();
	ck_assert_str_eq(asked(gateway, g.now_s), "revoked");
	ck_assert_str_eq(asked(stranger, g.now_s), "certificate");
	ck_assert_str_eq(asked(printer, g.now_s), "permit");
	ground_suspend(&g, LEVEL_TENANT, "acme", false);
	open_it();
	ck_assert_str_eq(asked(printer, g.now_s), "held");
	ground_suspend(&g, LEVEL_TENANT, "acme", true);
	open_it();
	ck_assert_str_eq(asked(printer, g.now_s), "permit");
}
END_TEST

START_TEST(what_is_no_certificate_gets_nothing)
{
	struct request r = { .action = octets_text("connect"), .supports_all = true };
	struct bytes pem = { 0 };

	open_it();
	offline_set_decide(set, octets_text(""), &r, g.now_s, NULL, &who, &verdict);
	ck_assert_str_eq(verdict.code, "certificate");
	offline_set_decide(set, octets_bytes(&root), &r, g.now_s, NULL, &who, &verdict);
	ck_assert_str_eq(verdict.code, "certificate");
	ck_assert(cert_pem(octets_bytes(&g.acme->certificate), &pem, &f));
	offline_set_decide(set, octets_bytes(&pem), &r, g.now_s, NULL, &who, &verdict);
	ck_assert_str_eq(verdict.code, "certificate");
	bytes_free(&pem);
}
END_TEST

/* --- what it must be ----------------------------------------------------------------------------
 */

START_TEST(each_part_is_needed)
{
	static const struct {
		enum offline_kind kind;
		enum fault_code code;
		const char *why;
	} without[] = {
		{ OFFLINE_HEAD, FAULT_BADREQ, "one head" },
		{ OFFLINE_SIGNER, FAULT_BADREQ, "out of order" },
		{ OFFLINE_POLICY, FAULT_BADREQ, "is not the one that was signed" },
		{ OFFLINE_REVOCATIONS, FAULT_BADREQ, "" },
	};

	ground_revoke(&g, g.acme->ledger, gateway->serial, 1);
	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
		size_t k = 0;

		make_parts();
		while (part[k].kind != without[i].kind)
			k++;
		for (; k + 1 < parts_n; k++) {
			struct bytes moved = part[k].octets;

			part[k] = part[k + 1];
			part[k + 1].octets = moved;
		}
		parts_n--;
		is_refused(without[i].code, without[i].why);
	}
	make_parts();
	while (part[parts_n - 1].kind == OFFLINE_REVOCATIONS)
		parts_n--;
	is_refused(FAULT_BADREQ, "revocations are missing");
}
END_TEST

START_TEST(a_part_too_many_is_refused)
{
	for (size_t i = 0; i < 2; i++) {
		make_parts();
		bytes_put_octets(add_part(part[i].kind), octets_bytes(&part[i].octets));
		is_refused(FAULT_BADREQ, "out of order");
	}
	make_parts();
	parts_n -= 2;
	bytes_put_octets(add_part(OFFLINE_POLICY), octets_bytes(&policies));
	is_refused(FAULT_BADREQ, "a policy more than were signed");
	make_parts();
	join();
	bytes_put_text(&file, "\n");
	ck_assert(!opens());
	ck_assert_int_eq(f.code, FAULT_BADREQ);
}
END_TEST

START_TEST(a_policy_is_the_one_that_was_signed)
{
	make_parts();
	for (size_t i = 0; i < parts_n; i++)
		if (part[i].kind == OFFLINE_POLICY)
			bytes_put_text(&part[i].octets, "# more\n");
	is_refused(FAULT_BADREQ, "policy 1 is not the one that was signed");
}
END_TEST

/* Revocations of before, under a head of now: what was revoked meanwhile would be good. */
START_TEST(older_revocations_do_not_pass)
{
	struct bytes old = { 0 };

	make_parts();
	bytes_put_octets(&old, octets_bytes(&part[parts_n - 2].octets));
	ground_revoke(&g, g.acme->ledger, printer->serial, 1);
	make_parts();
	bytes_clear(&part[parts_n - 2].octets);
	bytes_put_octets(&part[parts_n - 2].octets, octets_bytes(&old));
	is_refused(FAULT_BADREQ, "feed");
	parts_n--;
	is_refused(FAULT_BADREQ, "revocations are missing");
	bytes_free(&old);
}
END_TEST

/* No change of the feed tells of a suspended CA: its pieces must be as young as the head. */
START_TEST(older_authorities_do_not_pass)
{
	struct bytes old[2] = { { 0 }, { 0 } };

	make_parts();
	for (size_t i = 0; i < 2; i++)
		bytes_put_octets(&old[i], octets_bytes(&part[parts_n - 2 + i].octets));
	g.now_s++;
	ground_suspend(&g, LEVEL_TENANT, "acme", false);
	make_parts();
	for (size_t i = 0; i < 2; i++) {
		bytes_clear(&part[parts_n - 2 + i].octets);
		bytes_put_octets(&part[parts_n - 2 + i].octets, octets_bytes(&old[i]));
		bytes_free(&old[i]);
	}
	is_refused(FAULT_BADREQ, "older than its head");
}
END_TEST

/* Another tenant's log has a certificate up to the same root. */
START_TEST(another_log_speaks_for_nobody_here)
{
	const struct issuer *other = ground_tenant(&g, "other", CONSTRAINTS_STRICT);
	struct bytes mine = { 0 };

	parts_n = 0;
	add_head(other);
	is_refused(FAULT_BADREQ, "");
	make_parts();
	bytes_put_octets(&mine, octets_bytes(&part[1].octets));
	parts_n = 0;
	add_head(other);
	bytes_clear(&part[1].octets);
	bytes_put_octets(&part[1].octets, octets_bytes(&mine));
	is_refused(FAULT_BADREQ, "signed by another key");
	bytes_free(&mine);
	(void)snprintf(head.origin, sizeof(head.origin), "acme.eu.example.org/revocations");
	parts_n = 0;
	add_head(g.acme);
	is_refused(FAULT_BADREQ, "");
}
END_TEST

START_TEST(another_root_vouches_for_nothing)
{
	make_parts();
	join();
	bytes_clear(&root);
	ck_assert(cert_pem(octets_bytes(&g.acme->certificate), &root, &f));
	ck_assert(!opens());
	ck_assert(f.code == FAULT_DENIED || f.code == FAULT_BADREQ);
	bytes_clear(&root);
	ck_assert(!opens());
}
END_TEST

/* Whatever octet is changed, or wherever it is cut: it is refused, or says of the revoked one what
 * it said. */
START_TEST(nothing_that_is_altered_permits_more)
{
	ground_revoke(&g, g.acme->ledger, printer->serial, 1);
	make_parts();
	join();
	for (size_t i = 0; i < file.n; i += i < part[0].octets.n + 40 ? 3 : 29) {
		file.at[i] ^= (uint8_t)(1u << (i % 7));
		if (opens())
			ck_assert_str_ne(asked(printer, g.now_s), "permit");
		file.at[i] ^= (uint8_t)(1u << (i % 7));
	}
	for (size_t n = file.n, i = 0; i < n; i += 97) {
		file.n = i;
		ck_assert(!opens());
		file.n = n;
	}
	ck_assert(opens());
	ck_assert_str_eq(asked(printer, g.now_s), "revoked");
}
END_TEST

/* --- what a decider remembers -------------------------------------------------------------------
 */

START_TEST(neither_an_older_bundle_nor_an_older_clock_comes_back)
{
	struct offline_held held = { .sequence = 0 };
	struct bytes text = { 0 };

	open_it();
	ck_assert(offline_held_take(&held, set, g.now_s, &f));
	offline_held_text(&held, &text);
	held = (struct offline_held){ .sequence = 0 };
	ck_assert_msg(offline_held_read(octets_bytes(&text), &held, &f), "%s", f.text);
	ck_assert(offline_held_take(&held, set, g.now_s + HOUR_S, &f)); /* the same again */
	ck_assert(!offline_held_take(&held, set, g.now_s, &f));
	ck_assert_int_eq(f.code, FAULT_STALE);
	ck_assert_int_eq(held.clock_s, g.now_s + HOUR_S);
	head.sequence = 6;
	open_it();
	ck_assert(!offline_held_take(&held, set, g.now_s + HOUR_S, &f));
	ck_assert_int_eq(f.code, FAULT_STALE);
	head.sequence = 8;
	open_it();
	ck_assert(offline_held_take(&held, set, g.now_s + HOUR_S, &f));
	ck_assert_uint_eq(held.sequence, 8);
	held.origin[0] = 'b';
	ck_assert(!offline_held_take(&held, set, g.now_s + HOUR_S, &f));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	bytes_free(&text);
}
END_TEST

START_TEST(a_damaged_memory_is_no_memory)
{
	static const char *const bad[] = { "", "a\n", "a/offline\nsequence 1\n",
		"a/offline\nsequence 01\nclock 2030-01-01T00:00:00Z\n",
		"a/offline\nsequence 1\nclock 2030-01-01T00:00:00Z\nmore\n",
		"a/offline\nsequence -1\nclock 2030-01-01T00:00:00Z\n",
		"a/offline\nsequence 1\nclock 2030-13-01T00:00:00Z\n", "\nsequence 1\n",
		"a/offline\nclock 2030-01-01T00:00:00Z\nsequence 1\n" };
	struct offline_held held = { .sequence = 42 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(!offline_held_read(octets_text(bad[i]), &held, &f), "%s", bad[i]);
		ck_assert_int_eq(f.code, FAULT_BADREQ);
		ck_assert_uint_eq(held.sequence, 42);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("offline");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_whole_bundle_decides);
	tcase_add_test(t, what_the_asker_says_of_himself_does_not_count);
	tcase_add_test(t, it_ends_and_no_clock_brings_it_back);
	tcase_add_test(t, a_guardrail_may_shorten_it);
	tcase_add_test(t, a_set_that_says_of_no_age_is_not_for_offline);
	tcase_add_test(t, who_is_not_good_gets_nothing);
	tcase_add_test(t, what_is_no_certificate_gets_nothing);
	tcase_add_test(t, each_part_is_needed);
	tcase_add_test(t, a_part_too_many_is_refused);
	tcase_add_test(t, a_policy_is_the_one_that_was_signed);
	tcase_add_test(t, older_revocations_do_not_pass);
	tcase_add_test(t, older_authorities_do_not_pass);
	tcase_add_test(t, another_log_speaks_for_nobody_here);
	tcase_add_test(t, another_root_vouches_for_nothing);
	tcase_add_test(t, nothing_that_is_altered_permits_more);
	tcase_add_test(t, neither_an_older_bundle_nor_an_older_clock_comes_back);
	tcase_add_test(t, a_damaged_memory_is_no_memory);
	suite_add_tcase(s, t);
	return run_suite(s);
}
