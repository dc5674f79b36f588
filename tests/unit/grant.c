/* tests/unit/grant.c - relay/grant.h: the leave for one scan, and that it is good for nothing else.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "relay/grant.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

#define URL "https://dav.acme.example/alice/"

static struct ground g;
static struct bytes root, signer, note;
static struct grant made, got;
static struct grant_use use;
static struct fault f;

static void
sign(const struct issuer *by)
{
	struct delegate d;

	ck_assert_msg(keyring_delegate(g.keys, &by->a, &found_log, g.now_s, &d, &f), "%s", f.text);
	bytes_clear(&signer);
	ck_assert(cert_pem(d.certificate, &signer, &f));
	ck_assert(realm_chain_pem(g.realm, by->a.key_id, false, &signer, &f));
	bytes_clear(&note);
	ck_assert_msg(grant_sign(&made, d.key, &note, &f), "%s", f.text);
}

static void
setup(void)
{
	ground_new(&g);
	ck_assert(cert_pem(octets_bytes(&g.root->certificate), &root, &f));
	made = (struct grant){ .id = "0123456789abcdef0123456789abcdef",
		.user = "spiffe://acme.eu.example.org/workstation/alice-pc",
		.device = "printer/hp-1",
		.connector = "spiffe://acme.eu.example.org/gateway/gw-1",
		.profile = "drive",
		.octets = 5000,
		.at_s = g.now_s,
		.until_s = g.now_s + GRANT_VALID_S,
		.decision = "-" };
	grant_origin(realm_space(g.realm), "acme", made.origin);
	digest_of(octets_text(URL), made.destination);
	use = (struct grant_use){ .origin = made.origin,
		.user = made.user,
		.device = made.device,
		.connector = made.connector,
		.profile = made.profile,
		.destination = octets_text(URL),
		.octets = 5000,
		.now_s = g.now_s };
	sign(g.acme);
}

static void
teardown(void)
{
	bytes_free(&root);
	bytes_free(&signer);
	bytes_free(&note);
	ground_free(&g);
}

static bool
verifies(void)
{
	return grant_read(octets_bytes(&note), &got, &f) &&
	       grant_verify(&got, octets_bytes(&signer), octets_bytes(&root), &use, &f);
}

START_TEST(it_is_good_for_its_use)
{
	ck_assert_msg(verifies(), "%s", f.text);
	ck_assert_str_eq(got.user, made.user);
	ck_assert_str_eq(got.id, made.id);
	ck_assert_uint_eq(got.octets, 5000);
	ck_assert_int_eq(got.until_s, made.until_s);
	use.octets = 0; /* not known yet */
	ck_assert(verifies());
	use.now_s = made.until_s;
	ck_assert(verifies());
}
END_TEST

START_TEST(and_for_no_other)
{
	static const char *const words[] = { "another tenant", "another user", "another device",
		"another connector", "another profile", "another destination", "octets, not",
		"time", "time" };

	for (int i = 0; i < 9; i++) {
		struct grant_use right = use;

		switch (i) {
		case 0:
			use.origin = "evil.eu.example.org/scan-grant";
			break;
		case 1:
			use.user = "spiffe://acme.eu.example.org/workstation/bob-pc";
			break;
		case 2:
			use.device = "printer/hp-2";
			break;
		case 3:
			use.connector = "spiffe://acme.eu.example.org/gateway/gw-2";
			break;
		case 4:
			use.profile = "mail";
			break;
		case 5:
			use.destination = octets_text(URL "x");
			break;
		case 6:
			use.octets = 5001;
			break;
		case 7:
			use.now_s = made.until_s + 1;
			break;
		default:
			use.now_s = made.at_s - GRANT_SKEW_S - 1;
			break;
		}
		ck_assert_msg(!verifies(), "%s", words[i]);
		ck_assert_int_eq(f.code, FAULT_DENIED);
		ck_assert_msg(strstr(f.text, words[i]) != NULL, "%s: %s", words[i], f.text);
		use = right;
	}
}
END_TEST

/* Whichever octet is another: it is not read, or does not verify. */
START_TEST(no_octet_can_be_changed)
{
	for (size_t i = 0; i < note.n; i++) {
		note.at[i] ^= 0x01;
		ck_assert_msg(!verifies(), "octet %zu", i);
		note.at[i] ^= 0x01;
	}
	for (size_t n = 0; n < note.n; n++) {
		struct octets cut = octets_of(note.at, n);

		ck_assert_msg(!grant_read(cut, &got, &f), "cut at %zu", n);
	}
	ck_assert(verifies());
}
END_TEST

/* Its tenant's log alone speaks for a tenant. */
START_TEST(another_tenants_key)
{
	const struct issuer *evil = ground_tenant(&g, "evil", CONSTRAINTS_STRICT);

	sign(evil);
	ck_assert(!verifies());
	sign(g.acme);
	ck_assert(verifies());
	bytes_clear(&root);
	bytes_put_text(&root, "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n");
	ck_assert(!verifies());
}
END_TEST

/* A field can not smuggle a line, nor a number be out of bounds. */
START_TEST(what_is_no_grant_is_not_signed)
{
	struct delegate d;
	struct bytes to = { 0 };

	ck_assert(keyring_delegate(g.keys, &g.acme->a, &found_log, g.now_s, &d, &f));
	for (int i = 0; i < 6; i++) {
		struct grant bad = made;

		switch (i) {
		case 0:
			(void)snprintf(bad.profile, sizeof(bad.profile), "a\noctets 1");
			break;
		case 1:
			(void)snprintf(bad.profile, sizeof(bad.profile), "a b");
			break;
		case 2:
			bad.user[0] = '\0';
			break;
		case 3:
			bad.octets = GRANT_OCTETS_MAX + 1;
			break;
		case 4:
			bad.until_s = bad.at_s - 1;
			break;
		default:
			bad.id[5] = '\0';
			break;
		}
		ck_assert_msg(!grant_sign(&bad, d.key, &to, &f), "case %d", i);
		ck_assert_int_eq(f.code, FAULT_BADREQ);
		ck_assert_uint_eq(to.n, 0);
	}
	bytes_free(&to);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("grant");
	TCase *t = tcase_create("grant");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, it_is_good_for_its_use);
	tcase_add_test(t, and_for_no_other);
	tcase_add_test(t, no_octet_can_be_changed);
	tcase_add_test(t, another_tenants_key);
	tcase_add_test(t, what_is_no_grant_is_not_signed);
	suite_add_tcase(s, t);
	return run_suite(s);
}
