/* tests/unit/envelope.c - relay/envelope.h: a document's key for one recipient, and nobody else. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "relay/envelope.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

static struct ground g;
static const struct ground_cert *gateway, *other;
static EVP_PKEY *gateway_key, *other_key;
static struct content_key key, got;
static struct document_of of;
static struct bytes envelope;
static struct fault f;

static EVP_PKEY *
private_of(const struct ground_cert *c)
{
	struct secret pkcs8 = { 0 };
	const uint8_t *p;
	EVP_PKEY *k;

	ck_assert(key_export(c->key, &pkcs8, &f));
	p = pkcs8.at;
	ck_assert_ptr_nonnull(k = d2i_AutoPrivateKey(NULL, &p, (long)pkcs8.n));
	secret_free(&pkcs8);
	return k;
}

static void
setup(void)
{
	ground_new(&g);
	gateway = ground_leaf(&g, g.acme, "gateway", "gw-1");
	other = ground_leaf(&g, g.acme, "gateway", "gw-2");
	gateway_key = private_of(gateway);
	other_key = private_of(other);
	ck_assert(content_key_new(&key, &f));
	of = (struct document_of){ .tenant = "acme", .job = { 7 }, .number = 1 };
	ck_assert_msg(
	    envelope_wrap(&key, &of, octets_bytes(&gateway->der), &envelope, &f), "%s", f.text);
}

static void
teardown(void)
{
	content_key_free(&key);
	content_key_free(&got);
	bytes_free(&envelope);
	EVP_PKEY_free(gateway_key);
	EVP_PKEY_free(other_key);
	ground_free(&g);
}

static bool
opens(struct octets o)
{
	content_key_free(&got);
	return envelope_unwrap(o, &of, octets_bytes(&gateway->der), gateway_key, &got, &f);
}

START_TEST(one_recipient_opens_it)
{
	ck_assert_uint_le(envelope.n, ENVELOPE_MAX);
	ck_assert_msg(opens(octets_bytes(&envelope)), "%s", f.text);
	ck_assert(secret_same(&got.key, secret_octets(&key.key)));
	ck_assert_mem_eq(got.prefix, key.prefix, DOCUMENT_PREFIX);
	/* The key is nowhere in it. */
	ck_assert_ptr_null(memmem(envelope.at, envelope.n, key.key.at, 8));
}
END_TEST

/* As the signer does it: opened for one, wrapped for another. */
START_TEST(wrapped_again)
{
	struct bytes again = { 0 };

	ck_assert(opens(octets_bytes(&envelope)));
	ck_assert(envelope_wrap(&got, &of, octets_bytes(&other->der), &again, &f));
	ck_assert(!opens(octets_bytes(&again)));
	ck_assert(envelope_unwrap(
	    octets_bytes(&again), &of, octets_bytes(&other->der), other_key, &got, &f));
	ck_assert(secret_same(&got.key, secret_octets(&key.key)));
	bytes_free(&again);
}
END_TEST

START_TEST(nobody_else_does)
{
	ck_assert(!envelope_unwrap(
	    octets_bytes(&envelope), &of, octets_bytes(&other->der), other_key, &got, &f));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	ck_assert(!envelope_unwrap(
	    octets_bytes(&envelope), &of, octets_bytes(&gateway->der), other_key, &got, &f));
	ck_assert_uint_eq(got.key.n, 0);
}
END_TEST

START_TEST(of_another_document)
{
	of.job[0]++;
	ck_assert(!opens(octets_bytes(&envelope)));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	of.job[0]--;
	of.number = 2;
	ck_assert(!opens(octets_bytes(&envelope)));
	of.number = 1;
	memcpy(of.tenant, "acne", 5);
	ck_assert(!opens(octets_bytes(&envelope)));
}
END_TEST

START_TEST(whatever_is_changed)
{
	for (size_t i = 0; i < envelope.n; i++) {
		envelope.at[i] ^= 0x04;
		/* Some octets say what nobody reads (the version of a recipient); the key is the
		 * same then. */
		if (opens(octets_bytes(&envelope)))
			ck_assert(secret_same(&got.key, secret_octets(&key.key)));
		envelope.at[i] ^= 0x04;
	}
	for (size_t n = 0; n < envelope.n; n++)
		ck_assert(!opens(octets_of(envelope.at, n)));
	bytes_put_u8(&envelope, 0);
	ck_assert(!opens(octets_bytes(&envelope)));
}
END_TEST

START_TEST(a_recipient_of_another_kind)
{
	struct bytes to = { 0 };

	ck_assert(!envelope_wrap(&key, &of, octets_text("no certificate"), &to, &f));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert(!envelope_wrap(&key, &of, octets_of(NULL, 0), &to, &f));
	ck_assert_uint_eq(to.n, 0);
	bytes_free(&to);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("envelope");
	TCase *t = tcase_create("envelope");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, one_recipient_opens_it);
	tcase_add_test(t, wrapped_again);
	tcase_add_test(t, nobody_else_does);
	tcase_add_test(t, of_another_document);
	tcase_add_test(t, whatever_is_changed);
	tcase_add_test(t, a_recipient_of_another_kind);
	suite_add_tcase(s, t);
	return run_suite(s);
}
