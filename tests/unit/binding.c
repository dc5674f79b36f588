/* tests/unit/binding.c - ca/binding.h: what a request must say of its connection. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ca/binding.h"
#include "ca/csr.h"
#include "ca/oid.h"
#include "tests/unit/forge.h"
#include "tests/unit/run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
/* 32 octets 00 to 1f, and 12 of them: tls-exporter and tls-unique */
#define EXPORTER "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define UNIQUE   "AAECAwQFBgcICQoL"

static uint8_t all[64];
static struct fault f;

static void
setup(void)
{
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)i;
	f = (struct fault){ 0 };
}

static void
teardown(void)
{
	forge_free();
}

static bool
check(enum binding mode, struct octets challenge, size_t n)
{
	return binding_check(mode, forge_exact(challenge), octets_of(all, n), &f);
}

START_TEST(the_connections_own)
{
	for (enum binding mode = BINDING_CHECKED; mode <= BINDING_STATIC; mode++) {
		ck_assert(check(mode, RAW(EXPORTER), 32));
		ck_assert(check(mode, RAW(UNIQUE), 12));
	}
}
END_TEST

START_TEST(none)
{
	ck_assert(check(BINDING_CHECKED, NONE, 32));
	ck_assert(check(BINDING_CHECKED, NONE, 0));
	ck_assert(check(BINDING_STATIC, NONE, 12));
	ck_assert(!check(BINDING_REQUIRED, NONE, 32));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert(!check(BINDING_REQUIRED, NONE, 0));
	ck_assert(!check((enum binding)0, NONE, 32)); /* of no profile of an endpoint's */
}
END_TEST

START_TEST(another)
{
	const struct octets rows[] = {
		RAW("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh4="),
		RAW("BAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
		RAW("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"), /* no padding */
		RAW("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=="), RAW(" " EXPORTER),
		RAW(EXPORTER EXPORTER), RAW(UNIQUE), /* of the other kind */
		RAW("A"), RAW("secret123"), RAW("\0"),
		RAW("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"),
		octets_of(all, 32), /* the octets themselves */
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		ck_assert_msg(!check(BINDING_CHECKED, rows[i], 32), "row %zu", i);
		ck_assert_int_eq(f.code, FAULT_BADREQ);
		ck_assert_ptr_null(strstr(f.text, "secret123")); /* it may be a password */
		ck_assert_msg(!check(BINDING_REQUIRED, rows[i], 32), "row %zu", i);
		ck_assert(check(BINDING_STATIC, rows[i], 32));
	}
	ck_assert(!check(BINDING_CHECKED, RAW(EXPORTER), 12));
	ck_assert(!check(BINDING_CHECKED, RAW(UNIQUE), 32));
}
END_TEST

/* A connection that has none, or says nonsense, binds nothing. */
START_TEST(no_connections)
{
	struct bytes long_one = { 0 };

	ck_assert(!check(BINDING_CHECKED, RAW(EXPORTER), 0));
	ck_assert(!check(BINDING_REQUIRED, RAW(UNIQUE), 0));
	text_base64(octets_of(all, 33), 0, &long_one);
	ck_assert(!check(BINDING_CHECKED, octets_bytes(&long_one), 33));
	bytes_free(&long_one);
}
END_TEST

/* Kept, a request has no password, and reads as before. */
START_TEST(hidden)
{
	const struct octets der =
	    forge_request(&(struct forge){ .attributes = SEQ(OID(oid_challenge_password),
					       SET(forge_tlv(DER_UTF8, RAW("the fleet's")))) });
	const struct octets plain = forge_request(&(struct forge){ .key = NULL });
	struct bytes kept = { 0 };
	struct csr csr, read;

	ck_assert(csr_read(der, &csr, &f));
	bytes_put_text(&kept, "before");
	ck_assert(binding_hide(der, csr.challenge, &kept, &f));
	ck_assert_uint_eq(kept.n, 6 + der.n);
	ck_assert_ptr_null(memmem(kept.at, kept.n, "fleet", 5));
	ck_assert(csr_read(octets_of(kept.at + 6, kept.n - 6), &read, &f));
	ck_assert(octets_same(read.challenge, RAW("***********")));
	ck_assert(octets_same(read.subject, csr.subject));
	ck_assert(
	    !csr_parse(octets_of(kept.at + 6, kept.n - 6), &read, &f)); /* it proves nothing */
	bytes_clear(&kept);
	ck_assert(binding_hide(plain, NONE, &kept, &f));
	ck_assert(octets_same(octets_bytes(&kept), plain));
	bytes_free(&kept);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("binding");
	TCase *t = tcase_create("binding");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, the_connections_own);
	tcase_add_test(t, none);
	tcase_add_test(t, another);
	tcase_add_test(t, no_connections);
	tcase_add_test(t, hidden);
	suite_add_tcase(s, t);
	return run_suite(s);
}
