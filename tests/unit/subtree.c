/* tests/unit/subtree.c - ca/subtree.h: who lies within a tenant's walls, name by name, and what
 * looks as if it did. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ca/oid.h"
#include "ca/subtree.h"
#include "tests/unit/forge.h"
#include "tests/unit/run.h"

#define URI(s)         TLV(0x86, RAW(s))
#define DNS(s)         TLV(0x82, RAW(s))
#define MAIL(s)        TLV(0x81, RAW(s))
#define IP(s)          TLV(0x87, RAW(s))
#define DIR(name)      TLV(0xa4, (name))
#define PERMITTED(...) TLV(DER_EXPLICIT(0), __VA_ARGS__)
#define EXCLUDED(...)  TLV(DER_EXPLICIT(1), __VA_ARGS__)
#define NO_V4          SEQ(IP("\0\0\0\0\0\0\0\0"))

static struct cert c;
static struct fault f;

static void
setup(void)
{
	c = (struct cert){ .subject = SEQ(NONE) };
	f = (struct fault){ 0 };
}

static void
teardown(void)
{
	forge_free();
}

static bool
allows(struct octets constraints, struct octets names)
{
	c.alt_names = names;
	return subtree_allows(forge_exact(constraints), &c, &f);
}

static struct octets
walls(void)
{
	return SEQ(PERMITTED(SEQ(URI("a.example")), SEQ(DNS("a.example")), SEQ(MAIL("a.example"))),
	    EXCLUDED(NO_V4));
}

struct row {
	uint8_t tag;
	const char *name;
	bool within;
};

static const struct row names[] = {
	{ 0x86, "spiffe://a.example/printer/x", true },
	{ 0x86, "spiffe://A.EXAMPLE/printer/x", true },
	{ 0x86, "https://u@a.example:8443/x", true }, { 0x86, "https://a.example", true },
	{ 0x86, "https://a.example?x", true }, { 0x86, "spiffe://b.example/printer/x", false },
	{ 0x86, "spiffe://x.a.example/printer/x", false }, /* the host exactly */
	{ 0x86, "spiffe://evila.example/x", false },
	{ 0x86, "spiffe://a.example.b.example/x", false },
	{ 0x86, "spiffe://a.example@b.example/x", false },
	{ 0x86, "spiffe://u@a.example@b.example/x", false },
	{ 0x86, "spiffe://b.example#@a.example/", false },
	{ 0x86, "spiffe://b:1@a.example:x@b.example/x", false },
	{ 0x86, "spiffe:///a.example", false }, { 0x86, "spiffe://", false },
	{ 0x86, "urn:a.example", false }, { 0x86, "a.example", false },
	{ 0x86, "https://[::1]/", false }, { 0x86, "https://10.0.0.1/", false },
	{ 0x86, "", false }, { 0x82, "a.example", true }, { 0x82, "x.y.a.example", true },
	{ 0x82, "X.A.Example", true }, { 0x82, "*.a.example", true },
	{ 0x82, "evila.example", false }, { 0x82, "a.example.b", false },
	{ 0x82, "*.example", false }, { 0x82, "x.*.a.example", false },
	{ 0x82, "a.example.", false }, { 0x82, ".a.example", false },
	{ 0x82, "x a.example", false }, { 0x82, "", false }, { 0x81, "p@a.example", true },
	{ 0x81, "p@A.example", true }, { 0x81, "p@x.a.example", false },
	{ 0x81, "p@a.example@b.example", false }, { 0x81, "a.example", false }, { 0x81, "", false },
	{ 0x87, "\1\2\3\4", false },
	{ 0x88, "\x2a", true }, /* a registeredID: no wall is of its form */
};

START_TEST(name_by_name)
{
	const struct row *r = &names[_i];
	bool within = allows(walls(), forge_tlv(r->tag, octets_text(r->name)));

	ck_assert_msg(within == r->within, "%02x %s", r->tag, r->name);
	ck_assert(within || f.code == FAULT_DENIED);
	/* Beside one that is within, the other still counts. */
	ck_assert(allows(walls(), JOIN(DNS("a.example"),
				      forge_tlv(r->tag, octets_text(r->name)))) == r->within);
}
END_TEST

/* No name at all is within: that there must be one is ca/leaf.h's. */
START_TEST(nobody)
{
	ck_assert(allows(walls(), NONE));
}
END_TEST

START_TEST(wider_and_narrower)
{
	/* a dot before it: every host beneath, not the host itself */
	ck_assert(allows(SEQ(PERMITTED(SEQ(URI(".a.example")))), URI("x://y.a.example/")));
	ck_assert(!allows(SEQ(PERMITTED(SEQ(URI(".a.example")))), URI("x://a.example/")));
	ck_assert(allows(SEQ(PERMITTED(SEQ(MAIL(".a.example")))), MAIL("p@y.a.example")));
	ck_assert(!allows(SEQ(PERMITTED(SEQ(MAIL(".a.example")))), MAIL("p@a.example")));
	/* a mailbox */
	ck_assert(allows(SEQ(PERMITTED(SEQ(MAIL("p@a.example")))), MAIL("p@A.example")));
	ck_assert(!allows(SEQ(PERMITTED(SEQ(MAIL("p@a.example")))), MAIL("P@a.example")));
	ck_assert(!allows(SEQ(PERMITTED(SEQ(MAIL("p@a.example")))), MAIL("q@a.example")));
	/* the empty DNS name: all */
	ck_assert(allows(SEQ(PERMITTED(SEQ(TLV(0x82, NONE)))), DNS("any.example")));
	ck_assert(!allows(SEQ(EXCLUDED(SEQ(TLV(0x82, NONE)))), DNS("any.example")));
	/* of several one is enough; an exclusion beats them */
	ck_assert(allows(SEQ(PERMITTED(SEQ(DNS("b")), SEQ(DNS("a")))), DNS("x.a")));
	ck_assert(!allows(SEQ(PERMITTED(SEQ(DNS("a"))), EXCLUDED(SEQ(DNS("x.a")))), DNS("y.x.a")));
	ck_assert(!allows(SEQ(EXCLUDED(SEQ(DNS("x.a")))), DNS("*.a")));
	ck_assert(allows(SEQ(EXCLUDED(SEQ(DNS("x.a")))), DNS("y.a")));
}
END_TEST

START_TEST(addresses)
{
	struct octets net = SEQ(PERMITTED(SEQ(IP("\x0a\0\0\0\xff\0\0\0"))));
	struct octets v6 = SEQ(EXCLUDED(SEQ(TLV(0x87, forge_fill(0, 32)))));

	ck_assert(allows(net, IP("\x0a\1\2\3")));
	ck_assert(!allows(net, IP("\x0b\1\2\3")));
	ck_assert(!allows(net, TLV(0x87, forge_fill(1, 16))));
	ck_assert(!allows(net, IP("\x0a\1\2")));
	ck_assert(!allows(v6, TLV(0x87, forge_fill(1, 16))));
	ck_assert(allows(v6, IP("\1\2\3\4")));
}
END_TEST

START_TEST(directory_names)
{
	struct octets org = forge_rdn(oid_organization, DER_UTF8, RAW("acme"));
	struct octets other = forge_rdn(oid_organization, DER_UTF8, RAW("ACME"));
	struct octets common = forge_rdn(oid_common_name, DER_UTF8, RAW("x"));
	struct octets base = SEQ(PERMITTED(SEQ(DIR(SEQ(org)))));

	c.subject = SEQ(org, common);
	ck_assert(allows(base, NONE));
	ck_assert(allows(base, DIR(SEQ(org))));
	ck_assert(!allows(base, DIR(SEQ(other))));
	c.subject = SEQ(other, common); /* letter by letter, unlike libcrypto */
	ck_assert(!allows(base, NONE));
	c.subject = SEQ(common, org);
	ck_assert(!allows(base, NONE));
	c.subject = SEQ(common);
	ck_assert(!allows(base, NONE));
	c.subject = SEQ(org, common);
	ck_assert(!allows(SEQ(EXCLUDED(SEQ(DIR(SEQ(org))))), NONE));
	c.subject = SEQ(NONE);
	ck_assert(allows(base, NONE));
	c.subject = NONE;
	ck_assert(!allows(base, NONE));
}
END_TEST

/* RFC 5280 section 4.2.1.10: an address in the subject counts where no alternative name is one. */
START_TEST(mail_in_the_subject)
{
	struct octets there = forge_rdn(oid_email_address, DER_IA5, RAW("p@b.example"));

	c.subject = SEQ(there);
	ck_assert(!allows(walls(), NONE));
	ck_assert(!allows(walls(), DNS("a.example")));
	ck_assert(allows(walls(), MAIL("p@a.example")));
}
END_TEST

START_TEST(walls_of_no_shape)
{
	struct octets one = SEQ(DNS("a"));
	const struct octets rows[] = { NONE, RAW("\x05\0"), SEQ(NONE), SEQ(PERMITTED(NONE)),
		SEQ(EXCLUDED(NONE)), SEQ(PERMITTED(NONE), EXCLUDED(NONE)),
		SEQ(PERMITTED(one), EXCLUDED(NONE)), SEQ(EXCLUDED(one), PERMITTED(one)),
		SEQ(PERMITTED(one), one), SEQ(PERMITTED(DNS("a"))),
		SEQ(PERMITTED(SEQ(DNS("a"), TLV(0x80, RAW("\1"))))), /* minimum 1 */
		SEQ(PERMITTED(SEQ(DNS("a"), TLV(0x81, RAW("\1"))))), /* maximum 1 */
		SEQ(PERMITTED(SEQ(DNS(".a")))), SEQ(PERMITTED(SEQ(DNS("a b")))),
		SEQ(PERMITTED(SEQ(DNS("*.a")))), SEQ(PERMITTED(SEQ(TLV(0x86, NONE)))),
		SEQ(PERMITTED(SEQ(URI("x://a/")))), SEQ(PERMITTED(SEQ(IP("\1\2\3\4")))),
		SEQ(PERMITTED(SEQ(IP("\1\2\3\4\xff\0\xff\0")))), SEQ(PERMITTED(SEQ(DIR(NONE)))),
		SEQ(PERMITTED(SEQ(TLV(0x81, NONE)))) };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		f = (struct fault){ 0 };
		ck_assert_msg(!subtree_readable(forge_exact(rows[i]), &f), "row %zu", i);
		ck_assert_int_eq(f.code, FAULT_BADREQ);
		ck_assert_msg(!allows(rows[i], NONE), "row %zu", i);
	}
	ck_assert(subtree_readable(SEQ(PERMITTED(one)), &f));
	ck_assert(subtree_readable(walls(), &f));
}
END_TEST

/* A form that is not known here: only a name of that form is in doubt, and then it is out. */
START_TEST(forms_that_are_not_known)
{
	struct octets id = SEQ(PERMITTED(SEQ(TLV(0x88, RAW("\x2a")))));

	ck_assert(allows(id, DNS("a.example")));
	ck_assert(!allows(id, TLV(0x88, RAW("\x2a"))));
}
END_TEST

START_TEST(too_many)
{
	struct octets some = NONE;

	for (int i = 0; i < SUBTREES_MAX; i++)
		some = JOIN(some, SEQ(DNS("a")));
	ck_assert(subtree_readable(SEQ(PERMITTED(some)), &f));
	ck_assert(!subtree_readable(SEQ(PERMITTED(some, SEQ(DNS("a")))), &f));
}
END_TEST

START_TEST(hosts)
{
	static const struct {
		const char *host, *zone;
		bool within;
	} rows[] = {
		{ "a.b", "b", true },
		{ "b", "b", true },
		{ "B", "b", true },
		{ "ab", "b", false },
		{ "b", "a.b", false },
		{ "", "b", false },
		{ "b", "", true },
		{ "a.b.c", "b.c", true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(subtree_host_within(octets_text(rows[i].host),
				  octets_text(rows[i].zone)) == rows[i].within,
		    "row %zu", i);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("subtree");
	TCase *t = tcase_create("subtree");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, name_by_name, 0, sizeof(names) / sizeof(names[0]));
	tcase_add_test(t, nobody);
	tcase_add_test(t, wider_and_narrower);
	tcase_add_test(t, addresses);
	tcase_add_test(t, directory_names);
	tcase_add_test(t, mail_in_the_subject);
	tcase_add_test(t, walls_of_no_shape);
	tcase_add_test(t, forms_that_are_not_known);
	tcase_add_test(t, too_many);
	tcase_add_test(t, hosts);
	suite_add_tcase(s, t);
	return run_suite(s);
}
