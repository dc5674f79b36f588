/* tests/unit/recipient.c - relay/recipient.h: documents are encrypted to the tenant's release
 * certificate, and to nothing that looks like it. */
#include <check.h>
#include <string.h>

#include "ca/identify.h"
#include "ca/profile.h"
#include "ca/realm.h"
#include "relay/recipient.h"
#include "tests/unit/forge.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

#define DAY 86400

static const struct purpose release = { .profile = "release", .name = "release", .kind = KEY_P256 };

static struct ground g;
static struct bytes root, pem, got;
static struct octets own;
static struct fault f;

/* The chain of der as a relay gives it out. */
static void
chain_of(struct octets der, const struct issuer *by)
{
	bytes_clear(&pem);
	ck_assert(cert_pem(der, &pem, &f));
	ck_assert_msg(realm_chain_pem(g.realm, by->a.key_id, false, &pem, &f), "%s", f.text);
}

static struct octets
delegate_of(const struct issuer *by)
{
	struct delegate d;

	ck_assert_msg(keyring_delegate(g.keys, &by->a, &release, g.now_s, &d, &f), "%s", f.text);
	return d.certificate;
}

static void
setup(void)
{
	ground_new(&g);
	ck_assert(cert_pem(octets_bytes(&g.root->certificate), &root, &f));
	own = octets_bytes(&ground_leaf(&g, g.acme, "workstation", "alice-pc")->der);
	chain_of(delegate_of(g.acme), g.acme);
}

static void
teardown(void)
{
	bytes_free(&root);
	bytes_free(&pem);
	bytes_free(&got);
	ground_free(&g);
}

static bool
verifies_at(int64_t at_s)
{
	bytes_clear(&got);
	return recipient_verify(octets_bytes(&pem), octets_bytes(&root), own, at_s, &got, &f);
}

/* Refused, and nothing was given. */
static void
refused(enum fault_code code, const char *why)
{
	ck_assert(!verifies_at(g.now_s));
	ck_assert_msg(f.code == code, "%s", f.text);
	ck_assert_msg(strstr(f.text, why) != NULL, "%s", f.text);
	ck_assert_uint_eq(got.n, 0);
}

START_TEST(the_tenants_own)
{
	ck_assert_msg(verifies_at(g.now_s), "%s", f.text);
	ck_assert(octets_same(octets_bytes(&got), delegate_of(g.acme)));
	ck_assert(verifies_at(g.now_s + 300 * DAY));
}
END_TEST

/* A listener takes it for nobody's. */
START_TEST(it_speaks_for_nobody)
{
	struct identity who;
	struct identified also;

	ck_assert(!identify(g.realm, delegate_of(g.acme), g.now_s, &who, &also, &f));
	ck_assert_int_eq(f.code, FAULT_AUTH);
}
END_TEST

START_TEST(another_time)
{
	ck_assert(!verifies_at(g.now_s + 400 * DAY));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	ck_assert(!verifies_at(g.now_s - DAY));
	ck_assert_int_eq(f.code, FAULT_DENIED);
}
END_TEST

START_TEST(another_tenants)
{
	const struct issuer *other = ground_tenant(&g, "other", CONSTRAINTS_NONE);

	chain_of(delegate_of(other), other);
	refused(FAULT_DENIED, "not of our tenant");
}
END_TEST

/* A certificate for kind/name of tenant by by, of a profile. */
static void
certify(const struct issuer *by, const char *tenant, const char *profile, const char *kind,
    const char *name)
{
	struct endpoint e = { .tenant = "" };
	struct provenance from;
	struct key *key;
	struct ticket *t;
	struct wish w;

	(void)snprintf(e.kind, sizeof(e.kind), "%s", kind);
	(void)snprintf(e.name, sizeof(e.name), "%s", name);
	ck_assert(key_new(KEY_P256, &key, &f));
	w = ground_wish(&g, by, &e, &from, key_spki(key));
	(void)snprintf(e.tenant, sizeof(e.tenant), "%s", tenant);
	w.profile = profile_find(profile);
	ck_assert_msg(issue_now(by, &w, &g.journal, &g.why, g.now_s, &t, &f), "%s", f.text);
	chain_of(ticket_certificate(t), by);
	ticket_free(t);
	key_free(key);
}

/* A CA of another name, which says in a certificate that it is our tenant's: our own CA, if our
 * certificate were of another. */
START_TEST(another_ca_under_our_name)
{
	own = forge_patch(own, octets_text("acme Tenant CA"), octets_text("acne Tenant CA"));
	refused(FAULT_DENIED, "not of our tenant");
	forge_free();
}
END_TEST

START_TEST(another_purpose)
{
	certify(g.acme, "acme", "service", "service", "release");
	refused(FAULT_DENIED, "for something else");
	certify(g.acme, "acme", "workstation", "workstation", "release");
	refused(FAULT_DENIED, "expected service/release");
}
END_TEST

START_TEST(another_name)
{
	certify(g.acme, "acme", "release", "service", "other");
	refused(FAULT_DENIED, "expected service/release");
	certify(g.acme, "acme", "release", "service", "release2");
	refused(FAULT_DENIED, "expected service/release");
}
END_TEST

/* The agent's own, a CA's, the log's: all lead to the root. */
START_TEST(what_else_leads_to_the_root)
{
	const struct purpose log = { .profile = "log", .name = "issuance", .kind = KEY_ED25519 };
	struct delegate d;

	chain_of(own, g.acme);
	refused(FAULT_DENIED, "expected service/release");
	ck_assert(keyring_delegate(g.keys, &g.acme->a, &log, g.now_s, &d, &f));
	chain_of(d.certificate, g.acme);
	refused(FAULT_DENIED, "expected service/release");
	bytes_clear(&pem);
	ck_assert(realm_chain_pem(g.realm, g.acme->a.key_id, false, &pem, &f));
	refused(FAULT_DENIED, "levels");
}
END_TEST

START_TEST(another_root)
{
	struct ground there;

	ground_new(&there);
	bytes_clear(&root);
	ck_assert(cert_pem(octets_bytes(&there.root->certificate), &root, &f));
	refused(FAULT_DENIED, "RFC 5280 section 6");
	/* either of two is enough */
	ck_assert(cert_pem(octets_bytes(&g.root->certificate), &root, &f));
	ck_assert_msg(verifies_at(g.now_s), "%s", f.text);
	ground_free(&there);
}
END_TEST

START_TEST(a_chain_that_is_cut)
{
	bytes_clear(&pem);
	ck_assert(cert_pem(delegate_of(g.acme), &pem, &f));
	refused(FAULT_DENIED, "RFC 5280 section 6");
}
END_TEST

START_TEST(no_certificates)
{
	static const char *const texts[] = { "", "no PEM", "-----BEGIN CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		bytes_clear(&pem);
		bytes_put_text(&pem, texts[i]);
		refused(FAULT_BADREQ, "PEM");
	}
	chain_of(delegate_of(g.acme), g.acme);
	bytes_clear(&root);
	refused(FAULT_BADREQ, "PEM");
	bytes_put_text(&root, "no root");
	refused(FAULT_BADREQ, "PEM");
}
END_TEST

START_TEST(one_octet_is_another)
{
	size_t from = 100, step = 37, tried = 0;
	struct bytes good = { 0 };
	uint8_t *at;

	bytes_put_octets(&good, octets_bytes(&pem));
	for (size_t i = from; i < 900; i += step, tried++) {
		bytes_clear(&pem);
		bytes_put_octets(&pem, octets_bytes(&good));
		at = &pem.at[i];
		if (*at == '\n')
			continue;
		*at = *at == 'A' ? 'B' : 'A';
		ck_assert_msg(!verifies_at(g.now_s), "octet %zu", i);
	}
	ck_assert_uint_gt(tried, 20);
	bytes_free(&good);
}
END_TEST

START_TEST(our_own_is_none)
{
	own = octets_text("no certificate");
	refused(FAULT_BADREQ, "");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("recipient");
	TCase *t = tcase_create("recipient");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, the_tenants_own);
	tcase_add_test(t, it_speaks_for_nobody);
	tcase_add_test(t, another_time);
	tcase_add_test(t, another_tenants);
	tcase_add_test(t, another_ca_under_our_name);
	tcase_add_test(t, another_purpose);
	tcase_add_test(t, another_name);
	tcase_add_test(t, what_else_leads_to_the_root);
	tcase_add_test(t, another_root);
	tcase_add_test(t, a_chain_that_is_cut);
	tcase_add_test(t, no_certificates);
	tcase_add_test(t, one_octet_is_another);
	tcase_add_test(t, our_own_is_none);
	suite_add_tcase(s, t);
	return run_suite(s);
}
