/* tests/unit/lint_meant.c - ca/lint.h's second half: texts, places, names and who added it are as
 * they were meant, and each check is seen to fail. */
#include "tests/unit/lint_site.h"
#include "tests/unit/run.h"

static struct octets
critical(struct octets oid, struct octets value)
{
	return SEQ(OID(oid), RAW("\x01\x01\xff"), TLV(DER_OCTETS, value));
}

START_TEST(extensions_known)
{
	struct octets tbs = encoded(&meant);

	found(with_extension(tbs, NONE, forge_extension(oid_crl_number, RAW("\x02\x01\x01"))),
	    "extensions_known");
	found(with_extension(tbs, oid_info_access, forge_extension(oid_info_access, RAW("\x05\0"))),
	    "extensions_known");
	found(with_extension(tbs, oid_assurance, forge_extension(oid_assurance, RAW("\x05\0"))),
	    "extensions_known");
}
END_TEST

START_TEST(critical_as_meant)
{
	struct octets client = OID(oid_client_auth), server = OID(oid_server_auth);

	found(with_extension(encoded(&meant), oid_ext_key_usage,
		  critical(oid_ext_key_usage, SEQ(client, server))),
	    "critical_as_meant");
	found(with_extension(
		  encoded(&meant), oid_assurance, critical(oid_assurance, RAW("\x0a\x01\x01"))),
	    "critical_as_meant");
	found(with_extension(encoded(&meant), oid_key_usage,
		  forge_extension(oid_key_usage, RAW("\x03\x02\x03\x88"))),
	    "critical_as_meant");
}
END_TEST

START_TEST(subject_as_meant)
{
	struct octets org = forge_rdn(oid_organization, DER_UTF8, RAW("acme"));
	struct octets unit = forge_rdn(oid_unit, DER_UTF8, RAW("printer"));
	struct octets common = forge_rdn(oid_common_name, DER_UTF8, RAW("hp-4711"));
	const struct octets rows[] = {
		SEQ(org, unit, forge_rdn(oid_common_name, DER_UTF8, RAW("hp-4712"))),
		SEQ(org, unit, forge_rdn(oid_common_name, DER_PRINTABLE, RAW("hp-4711"))),
		SEQ(forge_rdn(oid_organization, DER_UTF8, RAW("zenith")), unit, common),
		SEQ(org, forge_rdn(oid_unit, DER_UTF8, RAW("gateway")), common),
		SEQ(unit, org, common),
		SEQ(org, common),
		SEQ(org, unit, common, common),
		SEQ(org, unit, common, forge_rdn(oid_unit, DER_UTF8, RAW("printer"))),
		SEQ(org, unit, forge_rdn(oid_common_name, DER_UTF8, RAW("hp-4711\0"))),
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		found(with_part(encoded(&meant), SUBJECT_AT, rows[i]), "subject_as_meant");
	meant.unit = NULL;
	found(with_part(encoded(&meant), SUBJECT_AT, SEQ(org, unit, common)), "subject_as_meant");
	passes(&meant);
}
END_TEST

START_TEST(names_as_meant)
{
	struct octets own = TLV(DER_CONTEXT(6), octets_text(meant.uri));
	struct octets dns = TLV(DER_CONTEXT(2), octets_text(meant.dns[0]));
	struct octets other_dns = TLV(DER_CONTEXT(2), RAW("hp-4712.printer.acme.eu.example.org"));
	struct octets ip = TLV(DER_CONTEXT(7), RAW("\x7f\0\0\1"));
	const struct octets rows[] = { own, JOIN(own, other_dns), JOIN(own, dns, other_dns),
		JOIN(own, dns, dns), JOIN(own, dns, ip), JOIN(own, ip),
		JOIN(own, dns, TLV(DER_CONTEXT(1), RAW("a@acme.eu.example.org"))) };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		found(names(rows[i]), "names_as_meant");
	meant.dns_n = 2;
	meant.dns[1] = "hp-4712.printer.acme.eu.example.org";
	found(names(JOIN(own, dns, dns)), "names_as_meant");
	found(names(JOIN(own, other_dns, other_dns)), "names_as_meant");
	meant.ip_n = 1;
	meant.ip[0] = RAW("\x7f\0\0\1");
	passes(&meant);
	found(names(JOIN(own, dns, other_dns, TLV(DER_CONTEXT(7), RAW("\x7f\0\0\2")))),
	    "names_as_meant");
	ck_assert_msg(
	    lint(names(JOIN(ip, other_dns, dns, own)), &meant, &ground, &f), "%s", f.text);
}
END_TEST

START_TEST(constraints_as_meant)
{
	struct constraints walls = fence;
	struct tbs t;

	become("tenant");
	meant.constraints = &fence;
	passes(&meant);
	t = meant;
	t.constraints = &walls;
	(void)snprintf(walls.host[0], sizeof(walls.host[0]), "zenith.eu.example.org");
	found(encoded(&t), "constraints_as_meant");
	walls = fence;
	walls.n = 2;
	(void)snprintf(walls.host[1], sizeof(walls.host[1]), "example.net");
	found(encoded(&t), "constraints_as_meant");
	fence = walls;
	passes(&meant);
	walls.n = 1;
	found(encoded(&t), "constraints_as_meant");
	t.constraints = NULL;
	fence.mode = CONSTRAINTS_COMPATIBLE;
	passes(&meant);
	found(encoded(&t), "constraints_as_meant"); /* missing */
	fence.mode = CONSTRAINTS_STRICT;
	walls.mode = CONSTRAINTS_COMPATIBLE;
	t.constraints = &walls;
	found(encoded(&t), "critical_as_meant");
	fence.mode = CONSTRAINTS_NONE;
	found(encoded(&t), "constraints_as_meant"); /* there, and not meant */
}
END_TEST

START_TEST(names_in_subtree)
{
	static const char *const hosts[] = { "zenith.eu.example.org", "eu.example.org",
		"acme.eu.example.or", "acme.eu.example.org.", "example.org" };

	passes(&meant);
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		ground.host = hosts[i];
		found(encoded(&meant), "names_in_subtree");
	}
	ground.host = "acme.eu.example.org";
	meant.uri = "https://acme.eu.example.org/printer/hp-4711";
	found(encoded(&meant), "names_in_subtree");
	meant.uri = "spiffe://acme.eu.example.org:1/printer/hp-4711";
	found(encoded(&meant), "names_in_subtree");
	meant.uri = "spiffe://acme.eu.example.org/printer/hp-4711";
	meant.dns[0] = "hp-4711.printer.zenith.eu.example.org";
	found(encoded(&meant), "names_in_subtree");
	meant.dns[0] = "acme.eu.example.org";
	found(encoded(&meant), "names_in_subtree");
	ground.host = NULL; /* no tenant's */
	passes(&meant);
}
END_TEST

/* The walls of the issuer's own certificate. */
START_TEST(names_within_the_walls)
{
	struct octets dns = TLV(DER_CONTEXT(2), RAW("acme.eu.example.org"));
	struct octets net = TLV(DER_CONTEXT(2), RAW("example.net"));

	ground.constraints = SEQ(TLV(DER_EXPLICIT(0), SEQ(dns)));
	passes(&meant);
	meant.dns[meant.dns_n++] = "printer.example.net";
	found(encoded(&meant), "names_in_subtree");
	ground.constraints = SEQ(TLV(DER_EXPLICIT(0), SEQ(dns), SEQ(net)));
	passes(&meant);
	ground.constraints = SEQ(TLV(DER_EXPLICIT(1), SEQ(net)));
	found(encoded(&meant), "names_in_subtree");
	ground.constraints = RAW("\x30\0"); /* not readable */
	found(encoded(&meant), "names_in_subtree");
}
END_TEST

START_TEST(places_as_meant)
{
	static const char *const urls[] = { "http://ca.example.com", "https://ca.example.org",
		"http://ca.example.org/", "" };
	struct octets url = TLV(DER_CONTEXT(6), RAW("http://ca.example.org/crl"));
	struct tbs t;

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		t = other();
		t.public_url = urls[i];
		found(encoded(&t), "places_as_meant");
	}
	/* Another CA's places: found by the key id's check where the id differs too. */
	found(forge_patch(encoded(&meant), RAW(".crl"), RAW(".cri")), "places_as_meant");
	found(forge_patch(encoded(&meant), RAW(".cer"), RAW(".cet")), "places_as_meant");
	found(forge_patch(encoded(&meant), RAW("/ocsp"), RAW("/ocsq")), "places_as_meant");
	found(with_extension(encoded(&meant), oid_crl_points,
		  forge_extension(oid_crl_points,
		      SEQ(SEQ(TLV(DER_EXPLICIT(0), TLV(DER_EXPLICIT(0), url, url)))))),
	    "places_as_meant");
}
END_TEST

START_TEST(nocheck_as_profile)
{
	found(
	    with_extension(encoded(&meant), NONE, forge_extension(oid_ocsp_nocheck, RAW("\x05\0"))),
	    "nocheck_as_profile");
	become("responder");
	meant.dns_n = 0;
	passes(&meant);
	found(with_extension(encoded(&meant), oid_ocsp_nocheck, NONE), "nocheck_as_profile");
}
END_TEST

START_TEST(provenance_as_meant)
{
	struct provenance p;
	struct tbs t = other();

	t.provenance = &p;
	p = from;
	p.enroller[0] = 'O';
	found(encoded(&t), "provenance_as_meant");
	p = from;
	p.how[0] = 'T';
	found(encoded(&t), "provenance_as_meant");
	p = from;
	p.evidence[3]++;
	found(encoded(&t), "provenance_as_meant");
	p = from;
	p.at_s++;
	found(encoded(&t), "provenance_as_meant");
	p = from;
	p.assurance = ASSURANCE_APPROVED;
	found(encoded(&t), "assurance_as_meant");
	t.provenance = NULL;
	found(encoded(&t), "provenance_as_meant");
	found(with_extension(encoded(&meant), oid_assurance, NONE), "provenance_as_meant");
	meant.provenance = NULL;
	t.provenance = &from;
	found(encoded(&t), "provenance_as_meant");
	found(with_extension(encoded(&t), oid_provenance, NONE), "assurance_as_meant");
}
END_TEST

static TCase *
texts(void)
{
	TCase *t = tcase_create("texts");

	tcase_add_test(t, extensions_known);
	tcase_add_test(t, critical_as_meant);
	tcase_add_test(t, subject_as_meant);
	tcase_add_test(t, names_as_meant);
	tcase_add_test(t, constraints_as_meant);
	tcase_add_test(t, names_in_subtree);
	tcase_add_test(t, names_within_the_walls);
	tcase_add_test(t, places_as_meant);
	tcase_add_test(t, nocheck_as_profile);
	tcase_add_test(t, provenance_as_meant);
	return t;
}

int
main(void)
{
	Suite *s = suite_create("lint_meant");
	TCase *t[] = { texts() };

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		tcase_add_checked_fixture(t[i], setup, teardown);
		tcase_set_timeout(t[i], 60); /* a loaded machine is no failure */
		suite_add_tcase(s, t[i]);
	}
	return run_suite(s);
}
