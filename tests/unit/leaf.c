/* tests/unit/leaf.c - ca/leaf.h: a leaf of ours passes, and each check is seen to fail on one that
 * differs from it in that alone. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ca/identify.h"
#include "ca/leaf.h"
#include "ca/oid.h"
#include "ca/revoke.h"
#include "tests/unit/forge.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

static struct ground g;
static struct cert cert, issuer;
static struct endpoint endpoint;
static struct leaf leaf;
static const struct ground_cert *made;
static const struct leaf_check *check;
static struct fault f;

static void
setup(void)
{
	ground_new(&g);
	made = ground_leaf(&g, g.acme, "printer", "hp-4711");
	ck_assert_msg(cert_parse(octets_bytes(&made->der), &cert, &f), "%s", f.text);
	issuer = g.acme->facts;
	endpoint = (struct endpoint){ "acme", "printer", "hp-4711" };
	leaf = (struct leaf){ .cert = &cert,
		.profile = profile_find("printer"),
		.space = realm_space(g.realm),
		.endpoint = &endpoint,
		.issuer = &issuer,
		.issuer_level = LEVEL_TENANT,
		.recorded = octets_bytes(&made->der),
		.owner = RAW("printer/hp-4711"),
		.owner_known = true };
}

static void
teardown(void)
{
	forge_free();
	ground_free(&g);
}

/* The extended key usage of these. */
static void
purposes(struct octets list)
{
	ck_assert(cert_read(octets_bytes(&made->der), &cert, &f));
	cert.extension[CERT_PURPOSES] = SEQ(list);
	cert.purposes = 0;
	for (struct octets oid; der_take(&list, DER_OID, &oid, NULL);)
		cert.purposes++;
}

static void
version_2(void)
{
	cert.version = 2;
}

static void
version_1(void)
{
	cert.version = 1;
}

static void
ca_as_leaf(void)
{
	cert.ca = true;
}

static void
path_len(void)
{
	cert.path_len = 0;
}

static void
no_basic(void)
{
	cert.present &= ~(1u << CERT_BASIC);
}

static void
soft_basic(void)
{
	cert.critical &= ~(1u << CERT_BASIC);
}

static void
serial_zero(void)
{
	cert.number = forge_fill(0, 16);
}

static void
serial_negative(void)
{
	cert.number = forge_fill(0x80, 16);
}

static void
serial_short(void)
{
	cert.number = forge_fill(1, 15);
}

static void
serial_long(void)
{
	cert.number = forge_fill(1, 17);
}

static void
twice(void)
{
	cert.twice = true;
}

static void
unknown_critical(void)
{
	cert.unknown_critical = true;
}

static void
malformed(void)
{
	cert.malformed = 1u << CERT_ACCESS;
}

static void
unique_ids(void)
{
	cert.unique_ids = true;
}

static void
other_inside(void)
{
	cert.inner = SEQ(OID(oid_ec_public_key));
}

static void
other_algorithm(void)
{
	cert.inner = cert.outer = SEQ(OID(oid_ec_public_key));
}

static void
constrained(void)
{
	cert.present |= 1u << CERT_CONSTRAINTS;
}

static void
no_purposes(void)
{
	cert.purposes = 0;
}

static void
any_purpose(void)
{
	cert.any_purpose = true;
}

static void
one_missing(void)
{
	purposes(OID(oid_client_auth));
}

static void
one_more(void)
{
	purposes(JOIN(OID(oid_client_auth), OID(oid_server_auth), OID(oid_ocsp_signing)));
}

static void
one_other(void)
{
	purposes(JOIN(OID(oid_client_auth), OID(oid_ocsp_signing)));
}

static void
one_twice(void)
{
	purposes(JOIN(OID(oid_client_auth), OID(oid_client_auth)));
}

static void
of_another_profile(void)
{
	leaf.profile = profile_find("workstation");
}

static void
signs_certificates(void)
{
	cert.key_usage |= USE_CERT_SIGN;
}

static void
signs_lists(void)
{
	cert.key_usage |= USE_CRL_SIGN;
}

static void
use_more(void)
{
	cert.key_usage |= 0x20;
}

static void
use_less(void)
{
	cert.key_usage = USE_DIGITAL_SIGNATURE;
}

static void
use_ninth(void)
{
	cert.key_usage |= CERT_USE_DECIPHER_ONLY;
}

static void
use_soft(void)
{
	cert.critical &= ~(1u << CERT_KEY_USAGE);
}

static void
critical_names(void)
{
	cert.critical |= 1u << CERT_ALT_NAMES;
}

static void
critical_purposes(void)
{
	cert.critical |= 1u << CERT_PURPOSES;
}

static void
other_key(void)
{
	cert.spki = RAW("\x30\x03\x02\x01\x01");
}

static void
log_key(void)
{
	EVP_PKEY *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

	cert.spki = forge_spki(ed);
	EVP_PKEY_free(ed);
}

static void
rsa_key(void)
{
	EVP_PKEY *rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);

	cert.spki = forge_spki(rsa); /* a printer's profile takes none */
	cert.key_usage = profile_usage(leaf.profile, SPKI_RSA);
	EVP_PKEY_free(rsa);
}

static void
anothers_tenant(void)
{
	leaf.owner = RAW("zenith/printer/hp-4711");
}

static void
no_uri(void)
{
	cert.uris = 0;
	cert.uri[0] = '\0';
}

static void
two_uris(void)
{
	cert.uris = 2;
}

static void
uri_too_long(void)
{
	cert.uri[0] = '\0';
}

static void
uri_of_a_responder(void)
{
	leaf.profile = profile_find("responder");
	cert.purposes = 0;
	purposes(OID(oid_ocsp_signing));
	cert.key_usage = USE_DIGITAL_SIGNATURE;
}

static void
mail(void)
{
	cert.others = 1;
}

static void
another_tenant(void)
{
	strcpy(endpoint.tenant, "zenith");
}

static void
another_kind(void)
{
	strcpy(endpoint.kind, "gateway");
}

static void
another_name(void)
{
	strcpy(endpoint.name, "hp-4712");
}

static void
another_key_id(void)
{
	cert.own_id = forge_fill(7, TBS_KEY_ID_OCTETS);
}

static void
long_key_id(void)
{
	cert.own_id = forge_fill(7, 32);
}

static void
another_issuer(void)
{
	issuer = g.platform->facts;
}

static void
issuer_no_ca(void)
{
	issuer.ca = false;
}

static void
issuer_by_serial(void)
{
	cert.issuer_named = true;
}

/* The right key under another name. */
static void
issuer_renamed(void)
{
	issuer.subject = g.platform->facts.subject;
}

static void
three_levels(void)
{
	leaf.issuer_level = LEVEL_REGION;
}

static void
other_octets(void)
{
	leaf.recorded = octets_bytes(&g.acme->certificate);
}

static void
unregistered(void)
{
	leaf.owner = NONE;
}

static void
anothers(void)
{
	leaf.owner = RAW("printer/hp-4712");
}

static void
anothers_longer(void)
{
	leaf.owner = RAW("printer/hp-47112");
}

static void
was_burnt(void)
{
	leaf.owner = RAW(REVOKE_KEY_BURNT);
}

static const struct {
	const char *name; /* of the check that finds it */
	void (*change)(void);
} rows[] = {
	{ "version_3", version_2 },
	{ "version_3", version_1 },
	{ "end_entity", ca_as_leaf },
	{ "end_entity", path_len },
	{ "signs_no_certificates", signs_certificates },
	{ "signs_no_certificates", signs_lists },
	{ "no_extension_twice", twice },
	{ "no_unknown_critical", unknown_critical },
	{ "extensions_readable", malformed },
	{ "extensions_readable", unique_ids },
	{ "algorithms_agree", other_inside },
	{ "algorithm_ours", other_algorithm },
	{ "no_name_constraints", constrained },
	{ "serial_16_octets", serial_zero },
	{ "serial_16_octets", serial_negative },
	{ "serial_16_octets", serial_short },
	{ "serial_16_octets", serial_long },
	{ "basic_constraints", no_basic },
	{ "basic_constraints", soft_basic },
	{ "purposes_present", no_purposes },
	{ "no_any_purpose", any_purpose },
	{ "purposes_exact", one_missing },
	{ "purposes_exact", one_more },
	{ "purposes_exact", one_other },
	{ "purposes_exact", one_twice },
	{ "purposes_exact", of_another_profile },
	{ "key_usage_exact", use_more },
	{ "key_usage_exact", use_less },
	{ "key_usage_exact", use_ninth },
	{ "key_usage_exact", use_soft },
	{ "critical_as_ours", critical_names },
	{ "critical_as_ours", critical_purposes },
	{ "key_taken", other_key },
	{ "key_taken", log_key },
	{ "key_taken", rsa_key },
	{ "key_id_of_key", another_key_id },
	{ "key_id_of_key", long_key_id },
	{ "one_uri", no_uri },
	{ "one_uri", two_uris },
	{ "one_uri", uri_too_long },
	{ "one_uri", uri_of_a_responder },
	{ "no_other_names", mail },
	{ "name_ours", another_tenant },
	{ "name_ours", another_kind },
	{ "name_ours", another_name },
	{ "issuer_known", another_issuer },
	{ "issuer_known", issuer_no_ca },
	{ "issuer_known", issuer_by_serial },
	{ "issuer_named", issuer_renamed },
	{ "four_levels", three_levels },
	{ "on_record", other_octets },
	{ "key_registered", unregistered },
	{ "key_registered", anothers },
	{ "key_registered", anothers_tenant },
	{ "key_registered", anothers_longer },
	{ "key_not_burnt", was_burnt },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

START_TEST(one_of_ours)
{
	ck_assert_msg(leaf_good(&leaf, &check), "%s", check->name);
	leaf.owner = RAW("acme/printer/hp-4711"); /* as the platform's table spells it */
	ck_assert_msg(leaf_good(&leaf, &check), "%s", check->name);
}
END_TEST

START_TEST(each_check_fails)
{
	rows[_i].change();
	ck_assert_msg(!leaf_good(&leaf, &check), "row %d: %s passed", _i, rows[_i].name);
	ck_assert_msg(strcmp(check->name, rows[_i].name) == 0, "row %d: expected %s, found %s", _i,
	    rows[_i].name, check->name);
	ck_assert((strcmp(check->name, "key_not_burnt") == 0) == (check->kind == LEAF_LATER));
}
END_TEST

START_TEST(no_check_without_a_row)
{
	for (size_t i = 0; i < leaf_checks_n; i++) {
		size_t row = 0;

		while (row < ROWS && strcmp(rows[row].name, leaf_checks[i].name) != 0)
			row++;
		ck_assert_msg(row < ROWS, "%s", leaf_checks[i].name);
		ck_assert_ptr_nonnull(leaf_checks[i].source);
	}
}
END_TEST

/* What is not known is not held against it, and not called good. */
START_TEST(what_is_not_known_is_not_checked)
{
	size_t n = 0;

	leaf = (struct leaf){ .cert = &cert };
	ck_assert(leaf_good(&leaf, &check));
	for (size_t i = 0; i < leaf_checks_n; i++)
		n += leaf_checks[i].judge(&leaf) == LEAF_NOT_CHECKED;
	ck_assert_uint_eq(n, 9);
	ca_as_leaf();
	ck_assert(!leaf_good(&leaf, &check));
}
END_TEST

/* Every kind of leaf that this service makes. */
START_TEST(each_profile)
{
	static const char *const kinds[] = { "gateway", "workstation", "phone", "service" };
	const struct purpose *delegates[] = { &found_responder, &found_log };
	struct delegate d;

	for (size_t i = 0; i < 4; i++) {
		made = ground_leaf(&g, g.acme, kinds[i], "a");
		ck_assert(cert_parse(octets_bytes(&made->der), &cert, &f));
		leaf = (struct leaf){ .cert = &cert, .profile = profile_find(kinds[i]) };
		ck_assert_msg(leaf_good(&leaf, &check), "%s: %s", kinds[i], check->name);
	}
	for (size_t i = 0; i < 2; i++) {
		ck_assert(keyring_delegate(g.keys, &g.acme->a, delegates[i], g.now_s, &d, &f));
		ck_assert(cert_parse(d.certificate, &cert, &f));
		leaf =
		    (struct leaf){ .cert = &cert, .profile = profile_find(delegates[i]->profile) };
		ck_assert_msg(leaf_good(&leaf, &check), "%s: %s", leaf.profile->name, check->name);
	}
}
END_TEST

START_TEST(cas_are_no_leaves)
{
	const struct issuer *cas[] = { g.root, g.region, g.platform, g.acme };

	for (size_t i = 0; i < 4; i++) {
		leaf = (struct leaf){ .cert = &cas[i]->facts };
		ck_assert(!leaf_good(&leaf, &check));
		ck_assert_str_eq(check->name, "end_entity");
	}
}
END_TEST

/* What a listener says of a certificate that is on record, and no longer what it was. */
static void
listener_refuses(const char *name)
{
	struct identity who;

	ck_assert(!identify(g.realm, octets_bytes(&made->der), g.now_s, &who, NULL, &f));
	ck_assert_int_eq(f.code, FAULT_AUTH);
	ck_assert_msg(strstr(f.text, name) != NULL, "%s", f.text);
}

static void
own_the_key(const char *owner)
{
	uint8_t digest[32];

	ck_assert(issue_key_digest(cert.spki, digest, &f));
	if (owner != NULL)
		ledger_put(g.acme->ledger, TABLE_KEY, octets_of(digest, 32), octets_text(owner));
	else
		batch_remove(ledger_batch(g.acme->ledger), TABLE_KEY, octets_of(digest, 32));
	ground_commit(g.acme->ledger);
}

START_TEST(listeners_ask_for_the_key)
{
	struct identified also;
	struct identity who;

	own_the_key("printer/hp-4712");
	listener_refuses("key_registered");
	own_the_key(NULL);
	listener_refuses("key_registered");
	own_the_key(REVOKE_KEY_BURNT);
	ck_assert(identify(g.realm, octets_bytes(&made->der), g.now_s, &who, &also, &f));
	ck_assert(!who.good);
	ck_assert_str_eq(also.why, "its key was revoked as compromised");
	own_the_key("printer/hp-4711");
	ck_assert(identify(g.realm, octets_bytes(&made->der), g.now_s, &who, &also, &f));
	ck_assert(who.good);
}
END_TEST

static void
change_standing(const char *profile, const char *name)
{
	struct standing s;

	ck_assert(ledger_standing(g.acme->ledger, made->serial, &s, &f));
	(void)snprintf(s.profile, sizeof(s.profile), "%s", profile);
	(void)snprintf(s.name, sizeof(s.name), "%s", name);
	ck_assert(ledger_put_standing(g.acme->ledger, made->serial, &s, &f));
	ground_commit(g.acme->ledger);
}

START_TEST(listeners_hold_the_profile)
{
	change_standing("workstation", "hp-4711");
	listener_refuses("purposes_exact");
	change_standing("gateway", "hp-4711");
	listener_refuses("name_ours");
	change_standing("printer", "hp-4712");
	listener_refuses("name_ours");
	change_standing("no-such", "hp-4711");
	listener_refuses("there is no profile no-such any more");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("leaf");
	TCase *t = tcase_create("leaf");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, one_of_ours);
	tcase_add_loop_test(t, each_check_fails, 0, ROWS);
	tcase_add_test(t, no_check_without_a_row);
	tcase_add_test(t, what_is_not_known_is_not_checked);
	tcase_add_test(t, each_profile);
	tcase_add_test(t, cas_are_no_leaves);
	tcase_add_test(t, listeners_ask_for_the_key);
	tcase_add_test(t, listeners_hold_the_profile);
	suite_add_tcase(s, t);
	return run_suite(s);
}
