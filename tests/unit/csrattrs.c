/* tests/unit/csrattrs.c - enroll/csrattrs.h: exact octets, and read by the rules of RFC 9908 with a
 * reader of its own, which the standards' examples try first. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "ca/cert.h"
#include "ca/oid.h"
#include "ca/profile_set.h"
#include "enroll/csrattrs.h"
#include "tests/unit/forge.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

#define VECTORS  QUATRAIN_SOURCE_DIR "/tests/vectors/est/"
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SEEN_MAX 16

static struct ground g;
static struct bytes out;
static struct fault f;

/* What a CsrAttrs says. */
struct said {
	unsigned oids, attributes;
	bool challenge; /* as a plain OID */
	struct octets key_type, key_value;
	struct octets extensions; /* content of the one value of extensionRequest */
	struct octets template;   /* content of the CertificationRequestInfoTemplate */
};

static void
setup(void)
{
	ground_new(&g);
	out = (struct bytes){ 0 };
}

static void
teardown(void)
{
	bytes_free(&out);
	forge_free();
	ground_free(&g);
}

/* RFC 9908 section 3.2: whole extensions, each once. partial: values may be absent (section 3.4).
 */
static bool
are_extensions(struct octets list, bool partial)
{
	struct octets seen[SEEN_MAX], one, flag, value;
	size_t n = 0;

	for (; der_take(&list, DER_SEQUENCE, &one, NULL); n++) {
		if (n == SEEN_MAX || !der_take(&one, DER_OID, &seen[n], NULL))
			return false;
		(void)der_take(&one, DER_BOOLEAN, &flag, NULL);
		if (!der_take(&one, DER_OCTETS, &value, NULL) && !partial)
			return false;
		if (one.n != 0)
			return false;
		for (size_t i = 0; i < n; i++)
			if (octets_same(seen[i], seen[n]))
				return false;
	}
	return list.n == 0 && n > 0;
}

static bool
read_attribute(struct octets one, struct said *s)
{
	struct octets oid, values, value;
	uint8_t tag;

	if (!der_take(&one, DER_OID, &oid, NULL) || !der_take(&one, DER_SET, &values, NULL) ||
	    one.n != 0 || values.n == 0)
		return false;
	s->attributes++;
	if (octets_same(oid, oid_ec_public_key) ||
	    octets_same(oid, RAW("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"))) {
		if (s->key_type.n > 0 || !der_next(&values, &tag, &s->key_value, NULL))
			return false;
		s->key_type = oid;
		return values.n == 0;
	}
	if (octets_same(oid, oid_extension_request)) {
		if (s->extensions.n > 0 || !der_take(&values, DER_SEQUENCE, &s->extensions, NULL))
			return false;
		return values.n == 0 && are_extensions(s->extensions, false);
	}
	if (octets_same(oid, oid_request_template)) {
		if (s->template.n > 0 || !der_take(&values, DER_SEQUENCE, &s->template, NULL))
			return false;
		return values.n == 0;
	}
	return der_next(&values, &tag, &value, NULL);
}

static bool
read_attributes(struct octets der, struct said *s)
{
	struct octets list, content;
	uint8_t tag;

	*s = (struct said){ .oids = 0 };
	if (!der_check(der, &f) || !der_take(&der, DER_SEQUENCE, &list, NULL) || der.n != 0)
		return false;
	while (der_next(&list, &tag, &content, NULL)) {
		if (tag == DER_OID) {
			s->oids++;
			s->challenge |= octets_same(content, oid_challenge_password);
		} else if (tag != DER_SEQUENCE || !read_attribute(content, s)) {
			return false;
		}
	}
	return list.n == 0;
}

/* What a template says: RFC 9908 section 3.4. */
struct form {
	struct octets subject;   /* content of the Name; n 0: absent */
	struct octets algorithm; /* content of the AlgorithmIdentifier */
	struct octets key;       /* content of the BIT STRING; n 0: absent */
	struct octets attributes;
	struct octets extensions;
	bool partial; /* they came as extensionReqTemplate */
};

static bool
read_form_attributes(struct octets in, struct form *to)
{
	struct octets one, oid, values;

	while (der_take(&in, DER_SEQUENCE, &one, NULL)) {
		if (!der_take(&one, DER_OID, &oid, NULL) ||
		    !der_take(&one, DER_SET, &values, NULL) || one.n != 0)
			return false;
		to->partial = octets_same(oid, RAW("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x3e"));
		if (!to->partial && !octets_same(oid, oid_extension_request))
			return false;
		if (to->extensions.n > 0 ||
		    !der_take(&values, DER_SEQUENCE, &to->extensions, NULL) || values.n != 0 ||
		    !are_extensions(to->extensions, to->partial))
			return false;
	}
	return in.n == 0;
}

static bool
read_form(struct octets in, struct form *to)
{
	struct octets version, spki;

	*to = (struct form){ .partial = false };
	if (!der_take(&in, DER_INTEGER, &version, NULL) || version.n != 1 || version.at[0] != 0)
		return false;
	(void)der_take(&in, DER_SEQUENCE, &to->subject, NULL);
	if (!der_take(&in, DER_EXPLICIT(0), &spki, NULL) ||
	    !der_take(&spki, DER_SEQUENCE, &to->algorithm, NULL))
		return false;
	(void)der_take(&spki, DER_BIT_STRING, &to->key, NULL);
	return spki.n == 0 && der_take(&in, DER_EXPLICIT(1), &to->attributes, NULL) && in.n == 0 &&
	       read_form_attributes(to->attributes, to);
}

static struct octets
vector(const char *name)
{
	char path[512], text[4096];
	struct bytes der = { 0 };
	struct octets made;
	FILE *in;
	size_t n;

	(void)snprintf(path, sizeof(path), VECTORS "%s", name);
	ck_assert_msg((in = fopen(path, "r")) != NULL, "%s", path);
	n = fread(text, 1, sizeof(text), in);
	(void)fclose(in);
	ck_assert(text_unbase64(octets_of(text, n), &der, &f));
	made = forge_exact(octets_bytes(&der));
	bytes_free(&der);
	return made;
}

START_TEST(the_standards_examples)
{
	static const struct {
		const char *name;
		unsigned oids, attributes;
		bool challenge, key, extensions;
	} rows[] = {
		{ "rfc8951-4.csrattrs", 2, 2, true, true, false },
		{ "rfc7030-a2.csrattrs", 4, 2, true, false, false },
		{ "rfc9908-5-1.csrattrs", 0, 1, false, false, true },
		{ "rfc9908-5-2.csrattrs", 3, 1, true, true, false },
		{ "rfc9908-5-4.csrattrs", 2, 1, true, true, false },
		{ "rfc9908-5-5.csrattrs", 3, 1, true, true, false },
		{ "rfc9908-5-6.csrattrs", 5, 1, true, true, false },
	};
	struct said s;
	struct form form;

	for (size_t i = 0; i < COUNT(rows); i++) {
		bool read = read_attributes(vector(rows[i].name), &s);

		/* RFC 8951's own extensionRequest has an OID where RFC 9908 wants extensions. */
		ck_assert_msg(read == (i != 0), "%s", rows[i].name);
		if (!read)
			continue;
		ck_assert_msg(s.oids == rows[i].oids && s.attributes == rows[i].attributes,
		    "%s: %u %u", rows[i].name, s.oids, s.attributes);
		ck_assert(s.challenge == rows[i].challenge);
		ck_assert((s.key_type.n > 0) == rows[i].key);
		ck_assert((s.extensions.n > 0) == rows[i].extensions);
	}
	ck_assert(read_attributes(vector("rfc9908-5-4.csrattrs"), &s));
	ck_assert(octets_same(s.key_value, RAW("\x10\0"))); /* 4096 */
	{
		struct octets in = vector("rfc9908-3-4.template"), content;

		ck_assert(der_check(in, &f));
		ck_assert(der_take(&in, DER_SEQUENCE, &content, NULL));
		ck_assert(read_form(content, &form));
		ck_assert(form.partial && form.subject.n > 0 && form.key.n == 0);
	}
}
END_TEST

/* Nothing is known: a P-256 key, its hash, and a template that says the same. */
START_TEST(for_anybody)
{
	static const uint8_t want[] = { 0x30, 0x50, 0x30, 0x15, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce,
		0x3d, 0x02, 0x01, 0x31, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01,
		0x07, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02, 0x30, 0x2d, 0x06,
		0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x3d, 0x31, 0x1e,
		0x30, 0x1c, 0x02, 0x01, 0x00, 0xa0, 0x15, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
		0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,
		0xa1, 0x00 };

	ck_assert(csrattrs_encode(&(struct csrattrs){ .profile = NULL }, &out, &f));
	ck_assert(octets_same(octets_bytes(&out), octets_of(want, sizeof(want))));
}
END_TEST

/* libcrypto takes the extensions for such of a certificate. */
static void
says_extensions(struct octets content, const struct csrattrs *what)
{
	struct octets whole = forge_tlv(DER_SEQUENCE, content);
	const uint8_t *p = whole.at;
	STACK_OF(X509_EXTENSION) *exts =
	    d2i_X509_EXTENSIONS(NULL, &p, (long)whole.n); /* by its ASN.1 */
	int crit = 0;
	ASN1_BIT_STRING *usage;
	GENERAL_NAMES *names;
	EXTENDED_KEY_USAGE *eku;

	ck_assert_ptr_nonnull(exts);
	usage = X509V3_get_d2i(exts, NID_key_usage, &crit, NULL);
	ck_assert_ptr_nonnull(usage);
	ck_assert_int_eq(crit, 1);
	ck_assert_int_eq(
	    usage->data[0], profile_usage(what->profile,
				(what->profile->keys & PROFILE_P256) != 0 ? SPKI_P256 : SPKI_RSA));
	eku = X509V3_get_d2i(exts, NID_ext_key_usage, &crit, NULL);
	ck_assert_int_eq(sk_ASN1_OBJECT_num(eku), what->profile->eku[1] != NULL ? 2 : 1);
	names = X509V3_get_d2i(exts, NID_subject_alt_name, &crit, NULL);
	ck_assert((names != NULL) == (what->alt_names.n > 0));
	ASN1_BIT_STRING_free(usage);
	EXTENDED_KEY_USAGE_free(eku);
	GENERAL_NAMES_free(names);
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
}

START_TEST(by_profile)
{
	struct csrattrs what = { .profile = profile_find("printer") };
	struct said s;
	struct form form;

	ck_assert(csrattrs_encode(&what, &out, &f));
	ck_assert(read_attributes(octets_bytes(&out), &s));
	ck_assert(!s.challenge);
	ck_assert(octets_same(s.key_type, oid_ec_public_key));
	ck_assert(octets_same(s.key_value, oid_prime256v1));
	says_extensions(s.extensions, &what);
	ck_assert(read_form(s.template, &form));
	ck_assert_uint_eq(form.subject.n, 0); /* nothing is wanted of it */
	ck_assert_uint_eq(form.key.n, 0);
	ck_assert(!form.partial && octets_same(form.extensions, s.extensions));
}
END_TEST

START_TEST(by_profile_of_rsa)
{
	struct csrattrs what = { .profile = profile_find("legacy-rsa") };
	struct octets der, algorithm;
	struct said s;
	struct form form;
	const uint8_t *p;
	EVP_PKEY *rsa;

	ck_assert(csrattrs_encode(&what, &out, &f));
	ck_assert(read_attributes(octets_bytes(&out), &s));
	ck_assert(octets_same(s.key_type, RAW("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01")));
	ck_assert(octets_same(s.key_value, RAW("\x08\0"))); /* 2048 */
	ck_assert_ptr_nonnull(memmem(out.at, out.n, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", 9));
	says_extensions(s.extensions, &what);
	ck_assert(read_form(s.template, &form));
	algorithm = forge_tlv(DER_SEQUENCE, form.algorithm);
	ck_assert(octets_same(algorithm, oid_algorithm_rsa));
	ck_assert_uint_gt(form.key.n, 256); /* a placeholder of the size, behind the unused bits */
	der = octets_of(form.key.at + 1, form.key.n - 1);
	p = der.at;
	ck_assert_ptr_nonnull(rsa = d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, (long)der.n));
	ck_assert_int_eq(EVP_PKEY_get_bits(rsa), 2048);
	EVP_PKEY_free(rsa);
}
END_TEST

START_TEST(for_a_known_device)
{
	const struct ground_cert *leaf = ground_leaf(&g, g.acme, "printer", "hp-4711");
	struct csrattrs what = { .profile = profile_find("printer") };
	struct endpoint e = { "acme", "printer", "hp-4711" };
	struct bytes subject = { 0 }, alt = { 0 };
	struct said s;
	struct form form;
	struct cert cert;

	ck_assert(cert_parse(octets_bytes(&leaf->der), &cert, &f));
	ck_assert(csrattrs_names(what.profile, realm_space(g.realm), &e, &subject, &alt, &f));
	ck_assert(octets_same(octets_bytes(&subject), cert.subject)); /* as it will be certified */
	ck_assert(octets_same(octets_bytes(&alt), cert.alt_names));
	what.subject = cert.subject;
	what.alt_names = cert.alt_names;
	ck_assert(csrattrs_encode(&what, &out, &f));
	ck_assert(read_attributes(octets_bytes(&out), &s));
	says_extensions(s.extensions, &what);
	ck_assert_ptr_nonnull(
	    memmem(s.extensions.at, s.extensions.n, cert.alt_names.at, cert.alt_names.n));
	ck_assert(read_form(s.template, &form));
	ck_assert(octets_same(forge_tlv(DER_SEQUENCE, form.subject), cert.subject));
	ck_assert(!form.partial && octets_same(form.extensions, s.extensions));
	bytes_free(&subject);
	bytes_free(&alt);
}
END_TEST

/* Whoever reads the template reads nothing else, and it cannot ask for a binding. */
START_TEST(where_a_binding_is_required)
{
	struct profile p = *profile_find("printer");
	struct csrattrs what = { .profile = &p };
	struct said s;

	p.binding = BINDING_REQUIRED;
	ck_assert(csrattrs_encode(&what, &out, &f));
	ck_assert(read_attributes(octets_bytes(&out), &s));
	ck_assert(s.challenge);
	ck_assert_uint_eq(s.template.n, 0);
	p.binding = BINDING_STATIC; /* no client finds a password by itself */
	bytes_clear(&out);
	ck_assert(csrattrs_encode(&what, &out, &f));
	ck_assert(read_attributes(octets_bytes(&out), &s));
	ck_assert(!s.challenge && s.template.n > 0);
}
END_TEST

START_TEST(names_that_do_not_fit)
{
	struct endpoint e = { "acme", "printer", "a" };
	struct bytes subject = { 0 }, alt = { 0 };
	struct name_space ns = *realm_space(g.realm);

	memset(e.name, 'a', TEXT_LABEL_MAX - 1);
	memset(ns.domain, 'd', sizeof(ns.domain) - 1);
	ck_assert(!csrattrs_names(profile_find("printer"), &ns, &e, &subject, &alt, &f));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	bytes_free(&subject);
	bytes_free(&alt);
	out.bad = true;
	ck_assert(!csrattrs_encode(&(struct csrattrs){ .profile = NULL }, &out, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("csrattrs");
	TCase *t = tcase_create("csrattrs");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, the_standards_examples);
	tcase_add_test(t, for_anybody);
	tcase_add_test(t, by_profile);
	tcase_add_test(t, by_profile_of_rsa);
	tcase_add_test(t, for_a_known_device);
	tcase_add_test(t, where_a_binding_is_required);
	tcase_add_test(t, names_that_do_not_fit);
	suite_add_tcase(s, t);
	return run_suite(s);
}
