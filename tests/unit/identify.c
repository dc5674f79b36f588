/* tests/unit/identify.c - ca/identify.h: the exact octets on record are somebody, and nothing else
 * is; and whether they are so now is asked at every level. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/identify.h"
#include "ca/oid.h"
#include "ca/profile_set.h"
#include "ca/revoke.h"
#include "tests/unit/forge.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

static struct ground g;
static const struct ground_cert *leaf;
static struct identity who;
static struct identified also;
static struct fault f;

static void
setup(void)
{
	ground_new(&g);
	leaf = ground_leaf(&g, g.acme, "printer", "hp-4711");
	who = (struct identity){ .kind = IDENTITY_NOBODY };
	f = (struct fault){ 0 };
}

static void
teardown(void)
{
	forge_free();
	ground_free(&g);
}

static void
known(struct octets der)
{
	ck_assert_msg(identify(g.realm, der, g.now_s, &who, &also, &f), "%s", f.text);
}

static void
not_good(struct octets der, const char *why)
{
	known(der);
	ck_assert(!who.good);
	ck_assert_msg(strstr(also.why, why) != NULL, "%s", also.why);
}

static void
stranger(struct octets der, enum fault_code code, size_t row)
{
	struct identity untouched;

	memset(&who, 0x5a, sizeof(who));
	memcpy(&untouched, &who, sizeof(who));
	f = (struct fault){ 0 };
	ck_assert_msg(
	    !identify(g.realm, forge_exact(der), g.now_s, &who, NULL, &f), "row %zu", row);
	ck_assert_msg(f.code == code, "row %zu: fault %d: %s", row, f.code, f.text);
	ck_assert_mem_eq(&who, &untouched, sizeof(who));
}

START_TEST(an_endpoint)
{
	char serial[TBS_SERIAL_OCTETS * 2 + 1];

	known(octets_bytes(&leaf->der));
	ck_assert_int_eq(who.kind, IDENTITY_ENDPOINT);
	ck_assert_int_eq(who.role, ROLE_NONE);
	ck_assert_str_eq(who.tenant, "acme");
	ck_assert_str_eq(who.endpoint, "printer");
	ck_assert_str_eq(who.name, "hp-4711");
	text_hex(leaf->serial, sizeof(leaf->serial), serial);
	ck_assert_str_eq(who.evidence, serial);
	ck_assert_str_eq(who.source, "");
	ck_assert(who.good);
	ck_assert_str_eq(also.standing.profile, "printer");
	ck_assert_mem_eq(also.issuer.key_id, g.acme->a.key_id, TBS_KEY_ID_OCTETS);
	ck_assert(identify(g.realm, octets_bytes(&leaf->der), g.now_s, &who, NULL, &f));
}
END_TEST

/* The role is the row's: it changes and goes without a new certificate. */
START_TEST(an_operator)
{
	const struct ground_cert *alice = ground_operator(&g, "alice", ROLE_REGISTRAR);
	uint8_t row[1 + TBS_SERIAL_OCTETS] = { ROLE_AUDITOR };

	known(octets_bytes(&alice->der));
	ck_assert_int_eq(who.kind, IDENTITY_OPERATOR);
	ck_assert_int_eq(who.role, ROLE_REGISTRAR);
	ck_assert_str_eq(who.tenant, NAME_PLATFORM);
	ck_assert_str_eq(who.name, "alice");
	ledger_put(
	    g.platform->ledger, TABLE_OPERATOR, octets_text("alice"), octets_of(row, sizeof(row)));
	ground_commit(g.platform->ledger);
	known(octets_bytes(&alice->der));
	ck_assert_int_eq(who.role, ROLE_AUDITOR);
	batch_remove(ledger_batch(g.platform->ledger), TABLE_OPERATOR, octets_text("alice"));
	ground_commit(g.platform->ledger);
	known(octets_bytes(&alice->der));
	ck_assert_int_eq(who.role, ROLE_NONE);
}
END_TEST

/* Called operator in a customer's tenant, it is an endpoint like any other. */
START_TEST(an_operator_of_a_customer)
{
	const struct ground_cert *mallory = ground_leaf(&g, g.acme, "operator", "alice");

	(void)ground_operator(&g, "alice", ROLE_OFFICER);
	known(octets_bytes(&mallory->der));
	ck_assert_int_eq(who.kind, IDENTITY_ENDPOINT);
	ck_assert_int_eq(who.role, ROLE_NONE);
	ck_assert_str_eq(who.tenant, "acme");
}
END_TEST

/* A printer of the platform's is no operator, whatever its name. */
START_TEST(an_endpoint_of_the_platform)
{
	(void)ground_operator(&g, "alice", ROLE_OFFICER);
	known(octets_bytes(&ground_leaf(&g, g.platform, "printer", "alice")->der));
	ck_assert_int_eq(who.kind, IDENTITY_ENDPOINT);
	ck_assert_int_eq(who.role, ROLE_NONE);
}
END_TEST

START_TEST(revoked)
{
	ground_revoke(&g, g.acme->ledger, leaf->serial, 1);
	not_good(octets_bytes(&leaf->der), "the certificate is revoked");
}
END_TEST

START_TEST(expired)
{
	g.now_s += profile_find("printer")->valid_s;
	known(octets_bytes(&leaf->der));
	ck_assert(who.good); /* its last second */
	g.now_s++;
	not_good(octets_bytes(&leaf->der), "the certificate is expired");
}
END_TEST

/* Profiles with so much grace for printers. */
static void
grace(const char *how_long)
{
	struct bytes bundle = { 0 };
	char printer[64];

	(void)snprintf(printer, sizeof(printer),
	    "name: printer\ngrace: %s\n"
	    "purposes: [clientAuth, serverAuth]\n",
	    how_long);
	bytes_put_counted_text(&bundle, "operator.yaml");
	bytes_put_counted_text(&bundle, "name: operator\nask: []\n");
	bytes_put_counted_text(&bundle, "service.yaml");
	bytes_put_counted_text(&bundle, "name: service\npurposes: [clientAuth, serverAuth]\n");
	bytes_put_counted_text(&bundle, "printer.yaml");
	bytes_put_counted_text(&bundle, printer);
	ck_assert_msg(profile_load(octets_bytes(&bundle), &f), "%s", f.text);
	bytes_free(&bundle);
}

START_TEST(late)
{
	struct octets der = octets_bytes(&leaf->der);

	grace("1h");
	known(der);
	ck_assert(who.good && also.late_s == 0 && !identify_late(&also));
	g.now_s += profile_find("printer")->valid_s;
	known(der);
	ck_assert(who.good && also.late_s == 0 && !identify_late(&also));
	g.now_s++;
	not_good(der, "the certificate is expired");
	ck_assert_int_eq(also.late_s, 1);
	ck_assert(identify_late(&also));
	g.now_s += 3599;
	not_good(der, "the certificate is expired");
	ck_assert_int_eq(also.late_s, 3600);
	ck_assert(identify_late(&also));
	g.now_s++;
	not_good(der, "the certificate is expired");
	ck_assert(!identify_late(&also));
	grace("0");
	g.now_s -= 3600;
	not_good(der, "the certificate is expired");
	ck_assert_int_eq(also.late_s, 1);
	ck_assert(!identify_late(&also));
}
END_TEST

/* Whatever else speaks against it, grace is no excuse of. */
START_TEST(late_and_more)
{
	struct octets der = octets_bytes(&leaf->der);
	struct standing s;

	grace("90d");
	ck_assert(ledger_standing(g.acme->ledger, leaf->serial, &s, &f));
	g.now_s = s.not_after_s + 1;
	not_good(der, "the certificate is expired");
	ck_assert(identify_late(&also));
	for (enum standing_state state = STANDING_PENDING; state <= STANDING_HELD; state++) {
		if (state == STANDING_GOOD || state == STANDING_ABANDONED)
			continue;
		s.state = state;
		ck_assert(ledger_put_standing(g.acme->ledger, leaf->serial, &s, &f));
		ground_commit(g.acme->ledger);
		not_good(der, "");
		ck_assert_msg(also.late_s == 0 && !identify_late(&also), "state %d", state);
	}
	s.state = STANDING_GOOD;
	ck_assert(ledger_put_standing(g.acme->ledger, leaf->serial, &s, &f));
	ground_commit(g.acme->ledger);
	not_good(der, "the certificate is expired");
	ck_assert(identify_late(&also));
	ground_suspend(&g, LEVEL_TENANT, "acme", false);
	not_good(der, "");
	ck_assert(also.late_s == 0 && !identify_late(&also));
	ground_suspend(&g, LEVEL_TENANT, "acme", true);
	not_good(der, "the certificate is expired");
	ck_assert(identify_late(&also));
	ground_revoke(&g, g.platform->ledger, g.region->a.serial, 1);
	not_good(der, "");
	ck_assert(also.late_s == 0 && !identify_late(&also));
}
END_TEST

START_TEST(held)
{
	struct standing s;

	ck_assert(ledger_standing(g.acme->ledger, leaf->serial, &s, &f));
	s.state = STANDING_HELD;
	ck_assert(ledger_put_standing(g.acme->ledger, leaf->serial, &s, &f));
	ground_commit(g.acme->ledger);
	not_good(octets_bytes(&leaf->der), "the certificate is held");
}
END_TEST

/* A CA that is revoked takes everything beneath it along. */
START_TEST(cas_revoked)
{
	const struct ground_cert *alice = ground_operator(&g, "alice", ROLE_OFFICER);

	ground_revoke(&g, g.platform->ledger, g.acme->a.serial, 1);
	not_good(octets_bytes(&leaf->der), "CA acme (level 3) is revoked");
	known(octets_bytes(&alice->der));
	ck_assert(who.good); /* it is not beneath acme */
	ground_revoke(&g, g.platform->ledger, g.region->a.serial, 1);
	not_good(octets_bytes(&alice->der), "CA eu (level 2) is revoked");
}
END_TEST

START_TEST(root_revoked)
{
	ground_revoke(&g, g.platform->ledger, g.root->a.serial, 1);
	not_good(octets_bytes(&leaf->der), "CA root (level 1) is revoked");
}
END_TEST

/* The leaf is beneath a CA whose record ends before the leaf's own. */
START_TEST(ca_expired)
{
	struct standing s;

	ck_assert(ledger_standing(g.platform->ledger, g.acme->a.serial, &s, &f));
	s.not_after_s = g.now_s - 1;
	ck_assert(ledger_put_standing(g.platform->ledger, g.acme->a.serial, &s, &f));
	ground_commit(g.platform->ledger);
	not_good(octets_bytes(&leaf->der), "CA acme (level 3) is expired");
}
END_TEST

START_TEST(cas_are_nobody)
{
	stranger(octets_bytes(&g.acme->certificate), FAULT_AUTH, 3);
	stranger(octets_bytes(&g.platform->certificate), FAULT_AUTH, 3);
	stranger(octets_bytes(&g.region->certificate), FAULT_AUTH, 2);
	stranger(octets_bytes(&g.root->certificate), FAULT_AUTH, 1);
}
END_TEST

/* Keys of ours that prove nothing about a peer: their certificates name no client. */
START_TEST(delegates_are_nobody)
{
	const struct purpose *purposes[] = { &found_responder, &found_log };

	for (size_t i = 0; i < 2; i++) {
		struct delegate d;

		ck_assert(keyring_delegate(g.keys, &g.acme->a, purposes[i], g.now_s, &d, &f));
		stranger(d.certificate, FAULT_AUTH, i);
	}
}
END_TEST

START_TEST(another_services)
{
	struct ground strange;

	ground_new(&strange);
	stranger(octets_bytes(&ground_leaf(&strange, strange.acme, "printer", "hp-4711")->der),
	    FAULT_AUTH, 0);
	stranger(octets_bytes(&strange.root->certificate), FAULT_AUTH, 1);
	ground_free(&strange);
}
END_TEST

/* Signed by our own CA's key, with a serial and an issuer that are ours, and not on record: what a
 * stolen key could make. */
START_TEST(forgeries_by_our_own_key)
{
	struct cert c;
	struct octets tbs, other, forged[3];
	struct bytes signature = { 0 }, whole = { 0 };

	ck_assert(cert_parse(octets_bytes(&leaf->der), &c, &f));
	tbs = c.tbs;
	other = forge_patch(forge_patch(tbs, RAW("spiffe://acme.eu.example.org/printer/hp-4711"),
				RAW("spiffe://acme.eu.example.org/printer/hp-4712")),
	    octets_of(leaf->serial, TBS_SERIAL_OCTETS), forge_fill(0x33, TBS_SERIAL_OCTETS));
	forged[0] = tbs; /* the same text, signed again */
	forged[1] = other;
	forged[2] = forge_patch(other, forge_fill(0x33, TBS_SERIAL_OCTETS),
	    octets_of(leaf->serial, TBS_SERIAL_OCTETS)); /* a serial of ours, another name */
	for (size_t i = 0; i < 3; i++) {
		bytes_clear(&signature);
		bytes_clear(&whole);
		ck_assert(key_sign(g.acme->key, forged[i], &signature, &f));
		ck_assert(tbs_seal(forged[i], octets_bytes(&signature), &whole, &f));
		ck_assert(cert_parse(octets_bytes(&whole), &c, &f));
		stranger(octets_bytes(&whole), FAULT_AUTH, i);
	}
	bytes_free(&signature);
	bytes_free(&whole);
}
END_TEST

/* A certificate that was made, and never came to be issued. */
START_TEST(abandoned)
{
	struct endpoint e = { "", "printer", "lost" };
	struct provenance from;
	struct wish w = ground_wish(&g, g.acme, &e, &from, key_spki(leaf->key));
	struct ticket *t;
	size_t n;

	ck_assert(issue_prepare(g.acme, &w, g.now_s, &t, &f));
	ck_assert(issue_intend(g.acme, t, &f));
	ground_commit(g.acme->ledger);
	issue_intended(t);
	ck_assert(issue_sign(g.acme, t, &g.journal, g.now_s, &f));
	stranger(ticket_certificate(t), FAULT_AUTH, 0);
	ck_assert(issue_abandon(g.acme->ledger, &g.why, g.now_s, &n, &f));
	ground_commit(g.acme->ledger);
	stranger(ticket_certificate(t), FAULT_AUTH, 1);
	ticket_free(t);
}
END_TEST

START_TEST(every_flipped_bit)
{
	uint8_t *at = malloc(leaf->der.n);

	for (size_t bit = 0; bit < leaf->der.n * 8; bit++) {
		memcpy(at, leaf->der.at, leaf->der.n);
		at[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert_msg(
		    !identify(g.realm, octets_of(at, leaf->der.n), g.now_s, &who, NULL, &f),
		    "bit %zu", bit);
		ck_assert_msg(f.code == FAULT_BADREQ || f.code == FAULT_AUTH, "bit %zu: %d %s", bit,
		    f.code, f.text);
	}
	free(at);
}
END_TEST

START_TEST(no_certificates)
{
	struct octets der = octets_bytes(&leaf->der);

	stranger(NONE, FAULT_BADREQ, 0);
	stranger(RAW("\x30\0"), FAULT_BADREQ, 1);
	stranger(octets_of(der.at, der.n - 1), FAULT_BADREQ, 2);
	stranger(JOIN(der, RAW("\0")), FAULT_BADREQ, 3);
	stranger(JOIN(der, der), FAULT_BADREQ, 4);
	stranger(forge_fill('x', 100000), FAULT_BADREQ, 5);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("identify");
	TCase *t = tcase_create("identify");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, an_endpoint);
	tcase_add_test(t, an_operator);
	tcase_add_test(t, an_operator_of_a_customer);
	tcase_add_test(t, an_endpoint_of_the_platform);
	tcase_add_test(t, revoked);
	tcase_add_test(t, expired);
	tcase_add_test(t, late);
	tcase_add_test(t, late_and_more);
	tcase_add_test(t, held);
	tcase_add_test(t, cas_revoked);
	tcase_add_test(t, root_revoked);
	tcase_add_test(t, ca_expired);
	tcase_add_test(t, cas_are_nobody);
	tcase_add_test(t, delegates_are_nobody);
	tcase_add_test(t, another_services);
	tcase_add_test(t, forgeries_by_our_own_key);
	tcase_add_test(t, abandoned);
	tcase_add_test(t, every_flipped_bit);
	tcase_add_test(t, no_certificates);
	suite_add_tcase(s, t);
	return run_suite(s);
}
