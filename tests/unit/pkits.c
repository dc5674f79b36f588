/* tests/unit/pkits.c - certificates and lists of NIST's PKITS, as Debian's
 * python3-cryptography-vectors has them: nothing of them is ours, and what the path's rules find in
 * each is what tests/vectors/pkits/expected says. */
#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/der.h"
#include "ca/audit.h"
#include "ca/profile_set.h"
#include "tests/unit/run.h"

#define NOW_S     INT64_C(1356998400) /* 2013-01-01: between the ends that the tests are about */
#define FILES_MAX 600
#define TEXT_MAX  512
#define ANCHOR    "TrustAnchorRootCertificate.crt"
#define EXPECTED  QUATRAIN_SOURCE_DIR "/tests/vectors/pkits/expected"

struct file {
	char name[128];
	struct bytes der;
	struct cert cert;
	bool read;
};

static struct file certs[FILES_MAX], lists[FILES_MAX];
static size_t certs_n, lists_n;
static struct fault f;

static void
read_file(const char *path, struct bytes *to)
{
	FILE *in = fopen(path, "re");
	char piece[4096];
	size_t n;

	ck_assert_msg(in != NULL, "%s", path);
	while ((n = fread(piece, 1, sizeof(piece), in)) > 0)
		bytes_put(to, piece, n);
	(void)fclose(in);
}

static size_t
read_folder(const char *name, struct file *to)
{
	struct dirent **list;
	int n = scandir(name, &list, NULL, alphasort);
	size_t used = 0;
	char path[600];

	ck_assert_msg(n > 0, "%s: install python3-cryptography-vectors (scripts/setup test)", name);
	for (int i = 0; i < n; i++) {
		if (list[i]->d_name[0] != '.') {
			ck_assert_uint_lt(used, FILES_MAX);
			(void)snprintf(path, sizeof(path), "%s/%s", name, list[i]->d_name);
			(void)snprintf(to[used].name, sizeof(to[used].name), "%.*s",
			    (int)sizeof(to[used].name) - 1, list[i]->d_name);
			read_file(path, &to[used].der);
			to[used].read = cert_read(octets_bytes(&to[used].der), &to[used].cert, &f);
			used++;
		}
		free(list[i]);
	}
	free(list);
	return used;
}

static void
setup(void)
{
	ck_assert_msg(profile_load_builtin(&f), "%s", f.text);
	certs_n = read_folder(QUATRAIN_PKITS "/certs", certs);
	lists_n = read_folder(QUATRAIN_PKITS "/crls", lists);
}

static void
teardown(void)
{
	for (size_t i = 0; i < FILES_MAX; i++) {
		bytes_free(&certs[i].der);
		bytes_free(&lists[i].der);
	}
}

/* All is there, or what follows tests nothing. */
START_TEST(the_suite_is_whole)
{
	ck_assert_uint_eq(certs_n, 405);
	ck_assert_uint_eq(lists_n, 173);
}
END_TEST

/* Each is DER: the strict walker takes it, and no piece of it. */
START_TEST(each_is_der_and_no_piece_of_it_is)
{
	for (size_t i = 0; i < certs_n + lists_n; i++) {
		const struct file *o = i < certs_n ? &certs[i] : &lists[i - certs_n];
		struct octets der = octets_bytes(&o->der);

		ck_assert_msg(der_check(der, &f), "%s: %s", o->name, f.text);
		for (size_t n = 0; n < der.n; n += 7)
			ck_assert_msg(!der_check(octets_of(der.at, n), &f), "%s", o->name);
	}
}
END_TEST

START_TEST(each_certificate_is_read_and_none_is_ours)
{
	struct cert cert;

	for (size_t i = 0; i < certs_n; i++) {
		const char *name = certs[i].name;
		/* Two whose signature was spoilt by bits that it does not use. */
		bool odd = strcmp(name, "BadSignedCACert.crt") == 0 ||
			   strcmp(name, "InvalidDSASignatureTest6EE.crt") == 0;

		ck_assert_msg(certs[i].read != odd, "%s", name);
		ck_assert_msg(
		    !cert_parse(octets_bytes(&certs[i].der), &cert, &f), "%s", certs[i].name);
		ck_assert_int_eq(f.code, FAULT_BADREQ);
	}
	for (size_t i = 0; i < lists_n; i++)
		ck_assert_msg(!lists[i].read, "%s", lists[i].name);
}
END_TEST

/* Nothing is read where a piece is missing, and any octet may be another. */
START_TEST(pieces_and_flips)
{
	struct cert cert;

	for (size_t i = 0; i < certs_n; i++) {
		struct bytes *der = &certs[i].der;

		for (size_t n = 0; n < der->n; n += 3)
			ck_assert(!cert_read(octets_of(der->at, n), &cert, &f));
		for (size_t at = i % 5; at < der->n; at += 5) {
			der->at[at] ^= (uint8_t)(1u << at % 8);
			if (cert_parse(octets_bytes(der), &cert, &f))
				ck_abort_msg("%s: octet %zu", certs[i].name, at);
			der->at[at] ^= (uint8_t)(1u << at % 8);
		}
	}
}
END_TEST

/* What one path came to. */
struct outcome {
	char path[TEXT_MAX];
	size_t fails;
	bool any;
};

struct search {
	struct audit_chain chain;
	struct octets root;
	struct outcome best;
	unsigned steps;
};

static void
tell(void *with, const struct audit_finding *found)
{
	struct outcome *o = with;
	const char *at = strstr(o->path, found->check);
	size_t n = strlen(o->path);

	if (found->verdict != LEAF_FAILS || found->kind != LEAF_PATH)
		return;
	o->fails++;
	if (at == NULL)
		(void)snprintf(
		    o->path + n, sizeof(o->path) - n, "%s%s", n == 0 ? "" : ",", found->check);
}

static void
judge(struct search *s)
{
	struct outcome o = { .any = true };
	struct audit_report r = { .tell = tell, .with = &o };
	struct audit_terms t = { .now_s = NOW_S, .root = s->root };

	t.profile = profile_find("service");
	for (size_t i = s->chain.n; i-- > 0;)
		audit_path(&s->chain, i, &t, &r);
	if (!s->best.any || o.fails < s->best.fails)
		s->best = o;
}

static bool
in_chain(const struct search *s, const struct cert *c)
{
	for (size_t k = 0; k < s->chain.n; k++)
		if (octets_same(s->chain.cert[k].der, c->der))
			return true;
	return false;
}

/* Every path from what stands on top to the anchor. */
static void
climb(struct search *s)
{
	struct octets issuer = s->chain.cert[s->chain.n - 1].issuer;

	if (octets_same(s->chain.cert[s->chain.n - 1].der, s->root)) {
		judge(s);
		return;
	}
	for (size_t i = 0; i < certs_n && s->chain.n < AUDIT_CERTS_MAX; i++) {
		if (!certs[i].read || in_chain(s, &certs[i].cert) ||
		    !octets_same(certs[i].cert.subject, issuer))
			continue;
		ck_assert_uint_lt(++s->steps, 10000);
		ck_assert(audit_chain_add(&s->chain, octets_bytes(&certs[i].der), &f));
		climb(s);
		bytes_free(&s->chain.der[--s->chain.n]);
	}
}

static const struct file *
find(const char *name)
{
	for (size_t i = 0; i < certs_n; i++)
		if (strcmp(certs[i].name, name) == 0)
			return &certs[i];
	ck_abort_msg("%s is not there", name);
}

static void
line_of(const struct file *leaf, char to[static TEXT_MAX])
{
	struct search s = { .root = octets_bytes(&find(ANCHOR)->der) };

	if (leaf->read) {
		ck_assert(audit_chain_add(&s.chain, octets_bytes(&leaf->der), &f));
		climb(&s);
	}
	(void)snprintf(to, TEXT_MAX, "%.*s %.300s", (int)(strlen(leaf->name) - strlen("EE.crt")),
	    leaf->name,
	    !s.best.any         ? "no_path"
	    : s.best.fails == 0 ? "good"
				: s.best.path);
	audit_chain_free(&s.chain);
}

static bool
is_test(const char *name)
{
	size_t n = strlen(name);

	return n > strlen("EE.crt") && strcmp(name + n - strlen("EE.crt"), "EE.crt") == 0;
}

/* The next line that is no comment, without what stands behind #; empty at the end. */
static void
next_line(FILE *in, char to[static TEXT_MAX])
{
	char *why;

	do {
		if (fgets(to, TEXT_MAX, in) == NULL)
			to[0] = '\0';
	} while (to[0] == '#');
	to[strcspn(to, "\n")] = '\0';
	if ((why = strstr(to, " # ")) != NULL)
		*why = '\0';
}

/* Every test has a line and every line its test, in the same order. */
START_TEST(each_path_as_expected)
{
	FILE *in = fopen(EXPECTED, "re");
	char want[TEXT_MAX], have[TEXT_MAX];
	size_t differ = 0;

	ck_assert_ptr_nonnull(in);
	for (size_t i = 0; i < certs_n; i++) {
		if (!is_test(certs[i].name))
			continue;
		line_of(&certs[i], have);
		next_line(in, want);
		if (strcmp(have, want) != 0) {
			differ++;
			(void)printf("%s\n", have);
		}
	}
	next_line(in, want);
	ck_assert_str_eq(want, "");
	(void)fclose(in);
	ck_assert_msg(differ == 0, "%zu tests differ from their lines", differ);
}
END_TEST

/* The walls of section 4.13 of PKITS, each by its own name: a name beyond them is never let
 * through. */
START_TEST(name_constraints)
{
	char line[TEXT_MAX];
	size_t invalid = 0, valid = 0;

	for (size_t i = 0; i < certs_n; i++) {
		bool bad = strncmp(certs[i].name, "Invalid", strlen("Invalid")) == 0;

		if (!is_test(certs[i].name) || strstr(certs[i].name, "nameConstraints") == NULL)
			continue;
		line_of(&certs[i], line);
		if (bad)
			ck_assert_msg(strstr(line, " good") == NULL, "%s", line);
		invalid += bad;
		valid += !bad && strstr(line, " good") != NULL;
	}
	ck_assert_uint_eq(invalid, 22);
	ck_assert_uint_gt(valid, 10);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pkits");
	TCase *t = tcase_create("pkits");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 300); /* a loaded machine is no failure */
	tcase_add_test(t, the_suite_is_whole);
	tcase_add_test(t, each_is_der_and_no_piece_of_it_is);
	tcase_add_test(t, each_certificate_is_read_and_none_is_ours);
	tcase_add_test(t, pieces_and_flips);
	tcase_add_test(t, each_path_as_expected);
	tcase_add_test(t, name_constraints);
	suite_add_tcase(s, t);
	return run_suite(s);
}
