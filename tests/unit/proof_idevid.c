/* tests/unit/proof_idevid.c - daemon/proof_idevid.c: a manufacturer's certificate as proof of who
 * asks. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "ca/device.h"
#include "ca/holding.h"
#include "ca/maker.h"
#include "ca/oid.h"
#include "ca/profile_set.h"
#include "ca/revoke.h"
#include "daemon/proof.h"
#include "tests/unit/born.h"
#include "tests/unit/forge.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

static struct ground g;
static struct signer s;
static struct wire_enroll wire; /* what is asked next */
static struct bytes body, root_der, mid_der, leaf_der;
static struct octets alt_names; /* that are asked for */
static EVP_PKEY *root_key, *mid_key, *born_key;
static X509 *root, *mid;
static struct fault f;

static void
load(const char *profile)
{
	struct bytes bundle = { 0 };

	bytes_put_counted_text(&bundle, "operator.yaml");
	bytes_put_counted_text(&bundle, "name: operator\nask: []\n");
	bytes_put_counted_text(&bundle, "service.yaml");
	bytes_put_counted_text(&bundle, "name: service\npurposes: [clientAuth, serverAuth]\n");
	bytes_put_counted_text(&bundle, "other.yaml");
	bytes_put_counted_text(&bundle, "name: other\nkind: printer\nask: [idevid]\n");
	bytes_put_counted_text(&bundle, "it.yaml");
	bytes_put_counted_text(&bundle, profile);
	ck_assert_msg(profile_load(octets_bytes(&bundle), &f), "%s", f.text);
	bytes_free(&bundle);
}

static void
commit(void)
{
	ground_commit(g.acme->ledger);
	ground_commit(realm_platform(g.realm));
}

static void
trust(const char *tenant)
{
	struct maker m = { .name = "lexa", .by = "local", .certificate = octets_bytes(&root_der) };
	struct ledger *l;

	ck_assert_msg(maker_add(g.realm, tenant, &m, &f), "%s", f.text);
	ck_assert(realm_ledger(g.realm, tenant, &l, &f));
	ground_commit(l);
	commit();
}

static void
announce(const char *name, const char *profile)
{
	struct device d = { .maker = "lexa",
		.serial = "SN-1",
		.is = { "acme", "printer", "" },
		.by = "operator:bob" };

	(void)snprintf(d.is.name, sizeof(d.is.name), "%s", name);
	(void)snprintf(d.profile, sizeof(d.profile), "%s", profile);
	ck_assert_msg(device_add(g.acme->ledger, &d, &f), "%s", f.text);
	commit();
}

static void
withdraw(void)
{
	ck_assert(device_remove(g.acme->ledger, "lexa", "SN-1", &f));
	commit();
}

static void
setup(void)
{
	struct born b = { .serial = "SN-1" };
	X509 *leaf;

	ground_new(&g);
	(void)ground_tenant(&g, "globex", CONSTRAINTS_STRICT);
	load("name: printer\nask: [idevid, certificate]\n");
	s = (struct signer){ .realm = g.realm, .keys = g.keys, .journal = g.journal };
	(void)snprintf(s.settings.public_url, sizeof(s.settings.public_url), "%s", GROUND_URL);
	root = born_ca("Root", NULL, NULL, &root_key);
	mid = born_ca("Mid", root, root_key, &mid_key);
	b.key = born_key = EVP_EC_gen("P-256");
	b.issuer = mid;
	b.by = mid_key;
	leaf = born_x509(&b);
	born_der(root, &root_der);
	born_der(mid, &mid_der);
	born_der(leaf, &leaf_der);
	X509_free(leaf);
	alt_names = NONE;
	trust("acme");
}

static void
teardown(void)
{
	X509_free(root);
	X509_free(mid);
	EVP_PKEY_free(root_key);
	EVP_PKEY_free(mid_key);
	EVP_PKEY_free(born_key);
	bytes_free(&body);
	bytes_free(&root_der);
	bytes_free(&mid_der);
	bytes_free(&leaf_der);
	forge_free();
	ground_free(&g);
}

/* What an edge of this process's own profiles would ask for a key of its own. */
static void
ask(EVP_PKEY *key)
{
	struct forge r = { .key = key, .subject = forge_common(DER_UTF8, octets_text("any")) };

	if (alt_names.n > 0)
		r.attributes = forge_asks(
		    forge_extension(oid_subject_alt_name, forge_tlv(DER_SEQUENCE, alt_names)));
	wire = (struct wire_enroll){ .way = ENROL_IDEVID,
		.tenant = "acme",
		.source = "192.0.2.1:1",
		.peer = octets_bytes(&leaf_der),
		.above = octets_bytes(&mid_der) };
	memcpy(wire.profiles, profile_set_digest(), sizeof(wire.profiles));
	wire.csr = forge_request(&r);
}

static bool
judge(struct errand *j)
{
	bytes_clear(&body);
	wire_put_enroll(&wire, &body);
	*j = (struct errand){ .from = FROM_EDGE, .body = octets_bytes(&body), .now_s = g.now_s };
	return duty_enroll_judge(&s, j, &f);
}

static void
refused(enum fault_code code, const char *why)
{
	struct ledger_mark mark = ledger_mark(g.acme->ledger);
	struct errand j;

	ck_assert(!judge(&j));
	ck_assert_msg(f.code == code, "%d: %s", f.code, f.text);
	ck_assert_msg(strstr(f.text, why) != NULL, "%s", f.text);
	ck_assert_ptr_null(j.ticket);
	ledger_undo(g.acme->ledger, mark);
}

/* The certificate's serial into to. */
static void
gets(const char *name, uint8_t to[static TBS_SERIAL_OCTETS])
{
	struct provenance p;
	struct cert c;
	struct errand j;

	ck_assert_msg(judge(&j), "%s", f.text);
	commit();
	ck_assert_msg(duty_enroll_act(&s, &j, &f), "%s", f.text);
	commit();
	ck_assert(cert_parse(ticket_certificate(j.ticket), &c, &f));
	ck_assert(cert_provenance(&c, &p));
	ck_assert_str_eq(p.how, "idevid");
	ck_assert_str_eq(p.enroller, "operator:bob");
	ck_assert_str_eq(p.evidence, "lexa/SN-1");
	ck_assert_int_eq(p.assurance, ASSURANCE_IDEVID);
	ck_assert_str_eq(j.device.name, name);
	ck_assert_int_eq(j.who.kind, IDENTITY_IDEVID);
	memcpy(to, c.serial, TBS_SERIAL_OCTETS);
	ticket_free(j.ticket);
	bytes_free(&j.answer);
}

static bool
is_good(const uint8_t serial[static TBS_SERIAL_OCTETS])
{
	struct standing st;

	ck_assert_msg(ledger_standing(g.acme->ledger, serial, &st, &f), "%s", f.text);
	return st.state == STANDING_GOOD;
}

START_TEST(a_device_and_again)
{
	uint8_t first[TBS_SERIAL_OCTETS], second[TBS_SERIAL_OCTETS];

	announce("hp-1", "printer");
	ask(NULL);
	gets("hp-1", first);
	ask(NULL); /* it was reset */
	gets("hp-1", second);
	ck_assert(!is_good(first));
	ck_assert(is_good(second));
}
END_TEST

START_TEST(who_was_not_announced)
{
	ask(NULL);
	refused(FAULT_DENIED, "lexa/SN-1 is not registered");
	announce("hp-1", "printer");
	withdraw();
	refused(FAULT_DENIED, "not registered");
}
END_TEST

/* What stood the handshake since another tenant knows its maker is denied, and not asked for other
 * credentials. */
START_TEST(another_tenants_device)
{
	announce("hp-1", "printer");
	ask(NULL);
	(void)snprintf(wire.tenant, sizeof(wire.tenant), "globex");
	refused(FAULT_DENIED, "no manufacturer's root");
	trust("globex");
	refused(FAULT_DENIED, "not registered");
	(void)snprintf(wire.tenant, sizeof(wire.tenant), "platform");
	refused(
	    FAULT_DENIED, "no manufacturer's root"); /* its rows are an index: nobody's makers */
}
END_TEST

START_TEST(paths_that_do_not_hold)
{
	announce("hp-1", "printer");
	ask(NULL);
	wire.above = NONE;
	refused(FAULT_DENIED, "no path");
	wire.above = octets_text("x");
	refused(FAULT_BADREQ, "");
	wire.above = octets_bytes(&mid_der);
	wire.peer = NONE;
	refused(FAULT_BADREQ, "");
	wire.peer = octets_bytes(&mid_der);
	refused(FAULT_BADREQ, "a CA's certificate");
	wire.peer = ground_leaf(&g, g.acme, "printer", "hp-1")->der.n > 0
			? octets_bytes(&g.leaf[0].der)
			: NONE; /* one of ours is no manufacturer's */
	refused(FAULT_BADREQ, "serialNumber");
}
END_TEST

START_TEST(profiles)
{
	announce("hp-1", "printer");
	ask(NULL);
	(void)snprintf(wire.profile, sizeof(wire.profile), "other");
	refused(FAULT_DENIED, "the label says profile other");
	wire.profile[0] = '\0';
	wire.profiles[0] ^= 1;
	refused(FAULT_BUSY, "restart");
	load("name: printer\nask: [token]\n");
	ask(NULL);
	refused(FAULT_DENIED, "may not be asked for by idevid");
	load("name: printer\nkind: other-kind\nask: [idevid]\n");
	ask(NULL);
	refused(FAULT_DENIED, "none of that name for a printer");
	load("name: gone\nask: [idevid]\n");
	ask(NULL);
	refused(FAULT_DENIED, "none of that name");
}
END_TEST

START_TEST(keys_and_names)
{
	uint8_t serial[TBS_SERIAL_OCTETS];

	announce("hp-1", "printer");
	ask(born_key);
	refused(FAULT_BADREQ, "the manufacturer's");
	alt_names = forge_tlv(DER_CONTEXT(2), octets_text("hp-2.printer.acme.eu.example.org"));
	ask(NULL);
	refused(FAULT_BADREQ, "not its own");
	alt_names = forge_tlv(DER_CONTEXT(2), octets_text("hp-1"));
	ask(NULL);
	gets("hp-1", serial);
}
END_TEST

/* Between the judgement and the signature, as by another job of the round. */
START_TEST(what_was_taken_back_meanwhile)
{
	uint8_t digest[IDEVID_DIGEST_OCTETS];

	announce("hp-1", "printer");
	for (unsigned i = 0; i < 4; i++) {
		struct errand j;

		ask(NULL);
		ck_assert_msg(judge(&j), "%u: %s", i, f.text);
		commit();
		if (i < 3)
			withdraw();
		if (i == 1)
			announce("hp-2", "printer");
		if (i == 2)
			announce("hp-1", "other");
		if (i == 3) {
			ck_assert(maker_remove(g.realm, "acme", "lexa", digest, &f));
			commit();
		}
		ck_assert(!duty_enroll_act(&s, &j, &f));
		ck_assert_msg(f.code == FAULT_DENIED, "%u: %s", i, f.text);
		ck_assert_uint_eq(j.answer.n, 0);
		ck_assert(
		    revoke_abandoned(g.acme->ledger, ticket_serial(j.ticket), &g.why, g.now_s, &f));
		commit();
		ticket_free(j.ticket);
		if (i == 0)
			announce("hp-1", "printer");
		if (i == 1 || i == 2) {
			withdraw();
			announce("hp-1", "printer");
		}
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("proof_idevid");
	TCase *t = tcase_create("proof_idevid");

	suite_add_tcase(suite, t);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_device_and_again);
	tcase_add_test(t, who_was_not_announced);
	tcase_add_test(t, another_tenants_device);
	tcase_add_test(t, paths_that_do_not_hold);
	tcase_add_test(t, profiles);
	tcase_add_test(t, keys_and_names);
	tcase_add_test(t, what_was_taken_back_meanwhile);
	return run_suite(suite);
}
