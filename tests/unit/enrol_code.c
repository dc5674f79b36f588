/* tests/unit/enrol_code.c - daemon/enrol_code.h: the line behind a QR code, there and back. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/enrol_code.h"
#include "tests/unit/run.h"

#define TOKEN "ABCDEFGHIJKLMNOPQRSTUVWX23.ABCDEFGHIJKLMNOPQRSTUVWX23.acme.hp-1"

static struct enrol_code code;
static struct bytes text;
static struct fault f;

static void
setup(void)
{
	ck_assert_msg(secret_start(&f), "%s", f.text);
}

static void
teardown(void)
{
	secret_free(&code.token);
	bytes_free(&text);
}

static void
refused(const char *line, const char *why)
{
	struct enrol_code kept = { .url = "as it was" };

	ck_assert_msg(!enrol_code_read(octets_text(line), &kept, &f), "not refused: %s", line);
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert_msg(strstr(f.text, why) != NULL, "expected \"%s\" in: %s", why, f.text);
	ck_assert_str_eq(kept.url, "as it was");
	ck_assert_ptr_null(kept.token.at);
}

START_TEST(there_and_back)
{
	enrol_code_put(&text, "https://ca.example.org:8443", TOKEN, false);
	ck_assert(octets_same(octets_bytes(&text),
	    octets_text("quatrain:enrol?url=https%3A%2F%2Fca.example.org%3A8443&token=" TOKEN)));
	ck_assert_msg(enrol_code_read(octets_bytes(&text), &code, &f), "%s", f.text);
	ck_assert_str_eq(code.url, "https://ca.example.org:8443");
	ck_assert(octets_same(secret_octets(&code.token), octets_text(TOKEN)));
	ck_assert(!code.rsa);
}
END_TEST

START_TEST(with_an_rsa_key)
{
	enrol_code_put(&text, "https://[::1]:8443/?a=b&c", TOKEN, true);
	ck_assert_msg(enrol_code_read(octets_bytes(&text), &code, &f), "%s", f.text);
	ck_assert_str_eq(code.url, "https://[::1]:8443/?a=b&c");
	ck_assert(code.rsa);
}
END_TEST

START_TEST(in_any_order)
{
	ck_assert(enrol_code_read(
	    octets_text("quatrain:enrol?key=p256&token=" TOKEN "&url=https://h"), &code, &f));
	ck_assert_str_eq(code.url, "https://h");
	ck_assert(!code.rsa);
}
END_TEST

START_TEST(refuses)
{
	static char longest[ENROL_CODE_MAX + 2];

	refused("", "expected quatrain:enrol?");
	refused("quatrain:enrol", "expected quatrain:enrol?");
	refused("https://h/quatrain:enrol?", "expected quatrain:enrol?");
	refused("quatrain:enrol?", "expected url and token");
	refused("quatrain:enrol?url=https://h", "expected url and token");
	refused("quatrain:enrol?token=" TOKEN, "expected url and token");
	refused("quatrain:enrol?url=&token=t", "url is damaged");
	refused("quatrain:enrol?url&token=t", "url is damaged");
	refused("quatrain:enrol?url=https://h&url=https://i&token=t", "url stands there twice");
	refused("quatrain:enrol?url=https://h&token=t&token=t", "token stands there twice");
	refused("quatrain:enrol?url=https://h&token=t&exec=rm", "does not know");
	refused("quatrain:enrol?url=https://h&&token=t", "does not know");
	refused("quatrain:enrol?URL=https://h&token=t", "does not know");
	refused("quatrain:enrol?url=http://h&token=t", "not https");
	refused("quatrain:enrol?url=https:///etc&token=t", "not https");
	refused("quatrain:enrol?url=file:///etc/passwd&token=t", "not https");
	refused("quatrain:enrol?url=https://h%20i&token=t", "not https");
	refused("quatrain:enrol?url=https://h%1b[2J&token=t", "not https");
	refused("quatrain:enrol?url=https://h%00&token=t", "url is damaged");
	refused("quatrain:enrol?url=https://h%zz&token=t", "url is damaged");
	refused("quatrain:enrol?url=https://h%4&token=t", "url is damaged");
	refused("quatrain:enrol?url=https://h&token=t&key=dsa", "neither p256 nor rsa");
	refused("quatrain:enrol?url=https://h&token=t&key=rsa-and-more", "key is damaged");
	memset(longest, 'a', sizeof(longest) - 1);
	memcpy(longest, "quatrain:enrol?", 15);
	refused(longest, "expected quatrain:enrol?");
	memcpy(longest, "quatrain:enrol?url=https://", 27);
	longest[ENROL_CODE_MAX] = '\0';
	refused(longest, "url is damaged");
}
END_TEST

/* What is wrong in it is said without it: it is a secret. */
START_TEST(faults_keep_the_secret)
{
	ck_assert(!enrol_code_read(octets_text("quatrain:enrol?token=" TOKEN), &code, &f));
	ck_assert_ptr_null(strstr(f.text, "ABCDEF"));
	ck_assert(!enrol_code_read(octets_text("quatrain:enroll?token=" TOKEN), &code, &f));
	ck_assert_ptr_null(strstr(f.text, "ABCDEF"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("enrol_code");
	TCase *t = tcase_create("enrol_code");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, there_and_back);
	tcase_add_test(t, with_an_rsa_key);
	tcase_add_test(t, in_any_order);
	tcase_add_test(t, refuses);
	tcase_add_test(t, faults_keep_the_secret);
	suite_add_tcase(s, t);
	return run_suite(s);
}
