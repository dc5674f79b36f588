/* tests/unit/limbo.c - ca/audit.h against the x509-limbo cases (Apache-2.0, tests/vectors/limbo):
 * what each finds, by name, is what tests/vectors/limbo/expected says. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/audit.h"
#include "ca/profile_set.h"
#include "tests/unit/run.h"

#define VECTORS         QUATRAIN_SOURCE_DIR "/tests/vectors/limbo/"
#define NOW_S           INT64_C(1701475200) /* the file's day, for cases that name no time */
#define CERTS           8
#define LINE_MAX_OCTETS 2048
#define LIST_MAX_OCTETS 512

/* What one path came to. */
struct outcome {
	char path[LIST_MAX_OCTETS], ours[LIST_MAX_OCTETS]; /* failing checks, in order */
	size_t path_n;
	bool any;
};

struct search {
	struct audit_chain pool, chain; /* pool: intermediates, then trusted */
	size_t trusted_from;
	int64_t at_s;
	struct outcome best;
};

static struct json *all;
static struct bytes text;
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

static void
setup(void)
{
	ck_assert_msg(profile_load_builtin(&f), "%s", f.text);
	read_file(VECTORS "cases.json", &text);
	ck_assert_msg(json_parse(octets_bytes(&text), &all, &f), "%s", f.text);
}

static void
teardown(void)
{
	json_free(all);
	bytes_free(&text);
}

/* Put a name into a list, once. */
static void
put_name(char *list, const char *name)
{
	const char *at = strstr(list, name);
	size_t n = strlen(name), there = strlen(list);

	if (at != NULL && (at[n] == ',' || at[n] == '\0') && (at == list || at[-1] == ','))
		return;
	ck_assert_uint_lt(there + n + 2, LIST_MAX_OCTETS);
	(void)snprintf(list + there, LIST_MAX_OCTETS - there, "%s%s", there == 0 ? "" : ",", name);
}

static void
tell(void *with, const struct audit_finding *found)
{
	struct outcome *o = with;

	if (found->verdict != LEAF_FAILS)
		return;
	if (found->kind == LEAF_PATH) {
		put_name(o->path, found->check);
		o->path_n++;
	} else {
		put_name(o->ours, found->check);
	}
}

/* The chain as it stands, under the trusted one of that place; the best path counts. */
static void
judge(struct search *s, size_t trusted)
{
	struct outcome o = { .any = true };
	struct audit_report r = { .tell = tell, .with = &o };
	struct audit_terms t = { .now_s = s->at_s, .profile = profile_find("service") };

	t.root = octets_bytes(&s->pool.der[trusted]);
	for (size_t i = s->chain.n; i-- > 0;)
		audit_path(&s->chain, i, &t, &r);
	if (!s->best.any || o.path_n < s->best.path_n)
		s->best = o;
}

static bool
in_chain(const struct search *s, size_t i)
{
	for (size_t k = 0; k < s->chain.n; k++)
		if (octets_same(s->chain.cert[k].der, s->pool.cert[i].der))
			return true;
	return false;
}

/* Every path from what stands on top to one that is trusted. */
static void
climb(struct search *s)
{
	const struct cert *top = &s->chain.cert[s->chain.n - 1];

	for (size_t i = s->trusted_from; i < s->pool.n; i++)
		if (octets_same(s->pool.cert[i].der, top->der))
			judge(s, i);
	for (size_t i = 0; i < s->pool.n && s->chain.n < AUDIT_CERTS_MAX; i++) {
		if (in_chain(s, i) || !octets_same(s->pool.cert[i].subject, top->issuer))
			continue;
		ck_assert(audit_chain_add(&s->chain, octets_bytes(&s->pool.der[i]), &f));
		climb(s);
		bytes_free(&s->chain.der[--s->chain.n]);
		top = &s->chain.cert[s->chain.n - 1];
	}
}

/* False: it is not even read. */
static bool
add_pem(struct audit_chain *c, const char *pem)
{
	struct audit_chain one = { .n = 0 };
	bool ok = audit_chain_read(octets_text(pem), &one, &f);

	ck_assert(ok || f.code == FAULT_BADREQ);
	ok = ok && audit_chain_add(c, octets_bytes(&one.der[0]), &f);
	audit_chain_free(&one);
	return ok;
}

static bool
add_all(struct audit_chain *c, const struct json *list)
{
	for (size_t i = 0; i < json_count(list); i++)
		if (!add_pem(c, json_as_text(json_at(list, i))))
			return false;
	return true;
}

static bool
explore(struct search *s, const struct json *one)
{
	if (!add_pem(&s->chain, json_text(one, "leaf")) ||
	    !add_all(&s->pool, json_get(one, "intermediates")))
		return false;
	s->trusted_from = s->pool.n;
	if (!add_all(&s->pool, json_get(one, "trusted")))
		return false;
	climb(s);
	if (!s->best.any) /* nowhere to: as far as it goes */
		judge(s, s->trusted_from);
	return true;
}

static void
line_of(const struct json *one, char to[static LINE_MAX_OCTETS])
{
	struct search s = { .at_s = NOW_S };
	const char *at = json_text(one, "at");

	if (at != NULL)
		ck_assert(log_time(at, &s.at_s));
	if (!explore(&s, one))
		put_name(s.best.path, "not_read");
	(void)snprintf(to, LINE_MAX_OCTETS, "%s %s path=%s ours=%s", json_text(one, "id"),
	    json_text(one, "expected"), s.best.path[0] == '\0' ? "good" : s.best.path,
	    s.best.ours[0] == '\0' ? "good" : s.best.ours);
	audit_chain_free(&s.chain);
	audit_chain_free(&s.pool);
}

/* Every case has a line and every line its case, in the same order; all found is in it. */
START_TEST(each_case_as_expected)
{
	FILE *in = fopen(VECTORS "expected", "re");
	char want[LINE_MAX_OCTETS], have[LINE_MAX_OCTETS], *why;
	size_t differ = 0;

	ck_assert_ptr_nonnull(in);
	for (size_t i = 0; i < json_count(all); i++) {
		line_of(json_at(all, i), have);
		do {
			if (fgets(want, sizeof(want), in) == NULL)
				want[0] = '\0';
		} while (want[0] == '#');
		want[strcspn(want, "\n")] = '\0';
		if ((why = strstr(want, " # ")) != NULL)
			*why = '\0';
		if (strcmp(have, want) == 0)
			continue;
		differ++;
		(void)printf("%s\n", have);
	}
	ck_assert_ptr_null(fgets(want, sizeof(want), in));
	(void)fclose(in);
	ck_assert_msg(differ == 0, "%zu cases differ from their lines", differ);
}
END_TEST

/* What limbo refuses, we refuse; and the path alone agrees with it but where expected says why. */
START_TEST(what_limbo_refuses_is_refused)
{
	char have[LINE_MAX_OCTETS];
	size_t failures = 0, by_path = 0;

	for (size_t i = 0; i < json_count(all); i++) {
		const struct json *one = json_at(all, i);

		if (strcmp(json_text(one, "expected"), "FAILURE") != 0)
			continue;
		line_of(one, have);
		failures++;
		by_path += strstr(have, "path=good") == NULL;
		ck_assert_msg(strstr(have, "path=good ours=good") == NULL, "%s", have);
	}
	ck_assert_uint_gt(failures, 80);
	ck_assert_uint_gt(by_path, failures / 2);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("limbo");
	TCase *t = tcase_create("limbo");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120); /* a loaded machine is no failure */
	tcase_add_test(t, each_case_as_expected);
	tcase_add_test(t, what_limbo_refuses_is_refused);
	suite_add_tcase(s, t);
	return run_suite(s);
}
