/* tests/unit/delegate.c - ca/keyring.h: responders that renew by themselves, whatever the clock
 * does, with their keys in sealed files and in a token. */
#include <check.h>
#include <string.h>
#include <sys/stat.h>

#include "ca/cert.h"
#include "ca/key_file.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"
#include "tests/unit/soft_token.h"

#define DAY    INT64_C(86400)
#define PLACES 2 /* sealed files, a token */

static char token_dir[SCRATCH_PATH_MAX];
static struct ground g;
static struct authority acme; /* outlives a keyring */
static struct fault f;

static void
setup(int in_token)
{
	g = (struct ground){ .hsm = NULL };
	if (in_token) {
		ck_assert(secret_start(&f));
		scratch_new(token_dir);
		soft_token_new(token_dir);
		ck_assert_msg(
		    soft_token_open(SOFT_TOKEN_PIN, "file 1\n", &g.hsm, &f), "%s", f.text);
		g.in_token = KEYRING_ROOT | KEYRING_REGION | KEYRING_TENANT | KEYRING_RESPONDER;
	}
	ground_make(&g);
	acme = g.acme->a;
}

static void
teardown(void)
{
	struct hsm *hsm = g.hsm;

	ground_free(&g);
	hsm_close(hsm);
	if (hsm != NULL)
		scratch_free(token_dir);
}

static bool
ask(int64_t now_s, struct delegate *ret)
{
	return keyring_delegate(g.keys, &acme, &found_responder, now_s, ret, &f);
}

/* The certificate of the responder that signs at now_s, which must be good for that. */
static struct cert
at(int64_t now_s, struct bytes *der)
{
	struct bytes signature = { 0 };
	struct delegate d;
	struct cert c;

	ck_assert_msg(ask(now_s, &d), "day %ld: %s", (long)((now_s - g.now_s) / DAY), f.text);
	bytes_clear(der);
	bytes_put_octets(der, d.certificate);
	ck_assert(cert_parse(octets_bytes(der), &c, &f));
	ck_assert_int_le(c.not_before_s, now_s);
	ck_assert_int_ge(c.not_after_s, now_s);
	ck_assert(octets_same(c.spki, key_spki(d.key)));
	ck_assert_msg(key_sign(d.key, octets_text("an answer"), &signature, &f), "%s", f.text);
	bytes_free(&signature);
	return c;
}

/* The CA's key is lost to us, as an offline root's is: nothing can be renewed. */
static void
lose_issuer(void)
{
	struct keyring_ground ground = *keyring_ground(g.keys);
	char path[REALM_PATH_MAX];

	ck_assert(keyring_path(g.realm, acme.key_id, path, &f));
	ck_assert_int_eq(unlink(path), 0);
	keyring_free(g.keys);
	ck_assert(keyring_new(&ground, &g.keys, &f));
}

START_TEST(a_third_of_its_time_is_left)
{
	struct bytes der = { 0 }, first = { 0 };
	struct cert c;
	int64_t due_s;

	setup(_i);
	c = at(g.now_s, &first);
	due_s = c.not_after_s - (c.not_after_s - c.not_before_s) / 3;
	(void)at(due_s, &der);
	ck_assert(octets_same(octets_bytes(&der), octets_bytes(&first)));
	c = at(due_s + 1, &der);
	ck_assert(!octets_same(octets_bytes(&der), octets_bytes(&first)));
	ck_assert_int_ge(c.not_after_s, due_s + 30 * DAY - DAY);
	bytes_free(&der);
	bytes_free(&first);
	teardown();
}
END_TEST

/* A hundred days, one question a day: no gap, and a new one no oftener than it must. */
START_TEST(no_day_without_a_good_one)
{
	struct bytes der = { 0 }, last = { 0 };
	unsigned renewed = 0;

	setup(_i);
	for (int64_t day = 0; day < 100; day++) {
		struct cert c = at(g.now_s + day * DAY, &der);

		ck_assert_int_ge(c.not_after_s - (g.now_s + day * DAY), 9 * DAY);
		renewed += !octets_same(octets_bytes(&der), octets_bytes(&last));
		bytes_clear(&last);
		bytes_put_octets(&last, octets_bytes(&der));
	}
	ck_assert_uint_ge(renewed, 4);
	ck_assert_uint_le(renewed, 6);
	bytes_free(&der);
	bytes_free(&last);
	teardown();
}
END_TEST

/* Asked again only when it has long expired: the first answer has a new one already. */
START_TEST(after_a_long_sleep)
{
	struct bytes der = { 0 };
	struct cert c;

	setup(_i);
	(void)at(g.now_s, &der);
	c = at(g.now_s + 400 * DAY, &der);
	ck_assert_int_gt(c.not_before_s, g.now_s + 399 * DAY);
	bytes_free(&der);
	teardown();
}
END_TEST

START_TEST(one_that_cannot_be_renewed_ends)
{
	struct bytes der = { 0 }, first = { 0 };
	struct delegate d = { .key = NULL };
	struct cert c;

	setup(_i);
	c = at(g.now_s, &first);
	lose_issuer();
	(void)at(c.not_after_s, &der); /* RFC 5280 section 4.1.2.5: inclusive */
	ck_assert(octets_same(octets_bytes(&der), octets_bytes(&first)));
	for (int64_t late_s = 1; late_s < 1000 * DAY; late_s *= 10) {
		ck_assert(!ask(c.not_after_s + late_s, &d));
		ck_assert_int_eq(f.code, FAULT_INTERNAL);
	}
	ck_assert(!ask(c.not_before_s - 1, &d)); /* a clock that was set back */
	ck_assert_ptr_null(d.key);
	bytes_free(&der);
	bytes_free(&first);
	teardown();
}
END_TEST

/* Its own key is lost: another is made at once. */
START_TEST(one_without_its_key_is_renewed)
{
	struct keyring_ground ground;
	uint8_t id[TBS_KEY_ID_OCTETS];
	struct bytes der = { 0 }, first = { 0 };
	char path[REALM_PATH_MAX];
	struct cert c;

	setup(_i);
	c = at(g.now_s, &first);
	ck_assert(tbs_key_id(c.spki, id, &f));
	ck_assert(keyring_path(g.realm, id, path, &f));
	ck_assert_int_eq(unlink(path), 0);
	ground = *keyring_ground(g.keys);
	keyring_free(g.keys);
	ck_assert(keyring_new(&ground, &g.keys, &f));
	(void)at(g.now_s + 1, &der);
	ck_assert(!octets_same(octets_bytes(&der), octets_bytes(&first)));
	bytes_free(&der);
	bytes_free(&first);
	teardown();
}
END_TEST

/* A new key for each, and in the place that was asked for. */
START_TEST(keys_lie_where_they_should)
{
	struct delegate d;
	struct key_uri uri;
	char path[REALM_PATH_MAX];
	bool is_uri;

	setup(_i);
	for (int64_t day = 0; day < 60; day += 25) {
		ck_assert_msg(ask(g.now_s + day * DAY, &d), "%s", f.text);
		ck_assert_int_eq(key_is_in_token(d.key), _i == 1);
		ck_assert(keyring_path(g.realm, key_id(d.key), path, &f));
		ck_assert(key_file_read_uri(path, &is_uri, &uri, &f));
		ck_assert_int_eq(is_uri, _i == 1);
	}
	/* the log's is Ed25519 and never there */
	ck_assert(keyring_delegate(g.keys, &g.acme->a, &found_log, g.now_s, &d, &f));
	ck_assert(!key_is_in_token(d.key));
	teardown();
}
END_TEST

/* The token is away when a renewal is due, and comes back. */
START_TEST(a_token_that_is_away)
{
	struct bytes der = { 0 }, first = { 0 };
	struct delegate d;
	struct cert c;

	setup(1);
	c = at(g.now_s, &first);
	soft_token_does("lost");
	ck_assert(ask(c.not_after_s, &d)); /* due, and the last second of the old one */
	ck_assert(octets_same(d.certificate, octets_bytes(&first)));
	ck_assert(!ask(c.not_after_s + 1, &d));
	ck_assert_msg(strstr(f.text, "hsm:") != NULL, "%s", f.text);
	soft_token_does("");
	(void)at(c.not_after_s + 2, &der);
	ck_assert(!octets_same(octets_bytes(&der), octets_bytes(&first)));
	bytes_free(&der);
	bytes_free(&first);
	teardown();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("delegate");
	TCase *t = tcase_create("delegate");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, a_third_of_its_time_is_left, 0, PLACES);
	tcase_add_loop_test(t, no_day_without_a_good_one, 0, PLACES);
	tcase_add_loop_test(t, after_a_long_sleep, 0, PLACES);
	tcase_add_loop_test(t, one_that_cannot_be_renewed_ends, 0, PLACES);
	tcase_add_loop_test(t, one_without_its_key_is_renewed, 0, PLACES);
	tcase_add_loop_test(t, keys_lie_where_they_should, 0, PLACES);
	tcase_add_test(t, a_token_that_is_away);
	suite_add_tcase(s, t);
	return run_suite(s);
}
