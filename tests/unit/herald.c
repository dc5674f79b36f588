/* tests/unit/herald.c - daemon/herald.h: what is posted, signed and remembered, and what is
 * refused. */
#include "daemon/herald.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ca/log.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"
#include "tests/unit/scratch.h"

#define SECRET  "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define ANOTHER "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"

static struct ground g;
static char folder[SCRATCH_PATH_MAX], file[SCRATCH_PATH_MAX + 32];
static struct webhook hook;
static struct fault f;

static void
setup(void)
{
	ground_new(&g);
	scratch_new(folder);
	scratch_path(folder, "secret", file, sizeof(file));
	hook = (struct webhook){ .name = "one" };
}

static void
teardown(void)
{
	scratch_free(folder);
	ground_free(&g);
}

static void
put(const char *text, mode_t mode)
{
	FILE *to;

	(void)unlink(file);
	to = fopen(file, "w");
	ck_assert_ptr_nonnull(to);
	ck_assert_int_ge(fputs(text, to), 0);
	ck_assert_int_eq(fclose(to), 0);
	ck_assert_int_eq(chmod(file, mode), 0);
}

/* The example of the specification's libraries, computed by them. */
START_TEST(signs_as_others_do)
{
	static const char body[] = "{\"test\": 2432232314}";
	char to[HERALD_SIGNED_MAX];
	struct herald_secrets s;

	put(SECRET "\n", 0600);
	ck_assert_msg(herald_secrets(file, &s, &f), "%s", f.text);
	ck_assert(
	    herald_sign(&s, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, octets_text(body), to, &f));
	ck_assert_str_eq(to, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	herald_secrets_free(&s);
	put(ANOTHER "\r\n" SECRET, 0400);
	ck_assert_msg(herald_secrets(file, &s, &f), "%s", f.text);
	ck_assert(
	    herald_sign(&s, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, octets_text(body), to, &f));
	ck_assert_ptr_nonnull(strstr(to, " v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
	ck_assert_int_eq(strncmp(to, "v1,", 3), 0);
	herald_secrets_free(&s);
}
END_TEST

START_TEST(secrets_that_are_none)
{
	static const char *const wrong[] = { "", "\n", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n",
		"whsec_\n", "whsec_AAAA\n", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa\n",
		"whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n",
		"whsec_!!!!9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n", SECRET "\nnothing\n",
		SECRET "\n" SECRET "\n" SECRET "\n", "\n" SECRET "\n" };
	struct herald_secrets s;
	char text[1024];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		put(wrong[i], 0600);
		ck_assert_msg(!herald_secrets(file, &s, &f), "%s", wrong[i]);
		ck_assert_int_eq(f.code, FAULT_BADREQ);
		ck_assert_ptr_null(strstr(f.text, "MfKQ"));
	}
	memset(text, 'A', sizeof(text));
	memcpy(text, "whsec_", 6);
	text[6 + 92] = '\0'; /* 69 octets */
	put(text, 0600);
	ck_assert(!herald_secrets(file, &s, &f));
	memset(text + 6, 'A', sizeof(text) - 7);
	text[sizeof(text) - 1] = '\0';
	put(text, 0600);
	ck_assert(!herald_secrets(file, &s, &f));
	for (mode_t bit = 1; bit <= 040; bit <<= 1) {
		put(SECRET, 0600 | bit);
		ck_assert(!herald_secrets(file, &s, &f));
		ck_assert_ptr_nonnull(strstr(f.text, "0600"));
	}
	ck_assert(!herald_secrets(folder, &s, &f));
	ck_assert(!herald_secrets("/nowhere/secret", &s, &f));
}
END_TEST

static uint64_t
append(struct ledger *l, const char *act)
{
	struct log_context why = { .by = "test", .from = "local", .rule = "test" };
	uint64_t index;

	ck_assert(log_append(l, log_entry(act, &why), g.now_s, &index, &f));
	ck_assert(ledger_commit(l, &f));
	return index;
}

static char traceparent[TRACE_TEXT_MAX];

/* What a post of the hook from p->next on holds. */
static struct json *
posted(struct ledger *l, struct herald_place *p, size_t *n)
{
	struct herald_body body = { .n = 0 };
	struct json *j;

	ck_assert_msg(herald_body(&hook, l, p, &body, &f), "%s", f.text);
	ck_assert_msg(json_parse(octets_bytes(&body.text), &j, &f), "%s", f.text);
	*n = body.n;
	memcpy(traceparent, body.traceparent, sizeof(traceparent));
	bytes_free(&body.text);
	return j;
}

/* Of three entries the first came with no trace of anybody's, and the last with another. */
START_TEST(a_post_goes_on_in_the_trace_of_its_entries)
{
	static const char one[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
			  two[] = "00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-00";
	struct ledger *l = realm_platform(g.realm);
	uint64_t n[3] = { append(l, "test.none") };
	struct herald_place p = { .next = n[0] };
	struct trace t = { .flags = 0 };
	const struct json *traces;
	struct json *j;
	char index[24];
	size_t count;

	trace_begin(&t); /* nobody else knows of it */
	ledger_set_trace(l, &t);
	(void)append(l, "test.ours");
	ck_assert(trace_parse(octets_text(one), &t));
	ledger_set_trace(l, &t);
	n[1] = append(l, "test.one");
	ck_assert(trace_parse(octets_text(two), &t));
	ledger_set_trace(l, &t);
	n[2] = append(l, "test.two");
	ledger_set_trace(l, NULL);
	(void)append(l, "test.none");
	j = posted(l, &p, &count);
	ck_assert_uint_eq(count, 5);
	ck_assert_str_eq(traceparent, one);
	traces = json_get(json_get(j, "data"), "traces");
	ck_assert_ptr_nonnull(json_name_at(traces, 1));
	ck_assert_ptr_null(json_name_at(traces, 2));
	(void)snprintf(index, sizeof(index), "%d", (int)n[1]);
	ck_assert_str_eq(json_text(traces, index), one);
	(void)snprintf(index, sizeof(index), "%d", (int)n[2]);
	ck_assert_str_eq(json_text(traces, index), two);
	json_free(j);
	p = (struct herald_place){ .next = n[0], .to = n[1] };
	j = posted(l, &p, &count); /* of those without one */
	ck_assert_str_eq(traceparent, "");
	ck_assert_ptr_null(json_get(json_get(j, "data"), "traces"));
	json_free(j);
}
END_TEST

START_TEST(a_post_holds_the_lines_themselves)
{
	struct ledger *l = realm_platform(g.realm);
	uint64_t first = append(l, "test.one"), last = append(l, "test.two");
	struct herald_place p = { .next = first }, again;
	struct herald_body body = { .n = 0 }, twice = { .n = 0 };
	struct bytes line = { 0 };
	const struct json *data;
	uint8_t key[8];
	struct json *j;
	size_t n;

	j = posted(l, &p, &n);
	ck_assert_uint_eq(n, 2);
	ck_assert_uint_eq(p.to, last + 1);
	ck_assert_str_eq(json_text(j, "type"), "log.entries");
	data = json_get(j, "data");
	ck_assert_str_eq(json_text(data, "tenant"), "platform");
	ck_assert_uint_eq(json_count(json_get(data, "entries")), 2);
	json_free(j);
	/* begun, it is the same post whatever was written since */
	again = p;
	ck_assert(herald_body(&hook, l, &p, &body, &f));
	(void)append(l, "test.three");
	ck_assert(herald_body(&hook, l, &again, &twice, &f));
	ck_assert(octets_same(octets_bytes(&body.text), octets_bytes(&twice.text)));
	ck_assert_uint_eq(again.to, p.to);
	ck_assert(ledger_get(l, TABLE_LOG, octets_u64(first, key), &line, &f));
	ck_assert_ptr_nonnull(memmem(body.text.at, body.text.n, line.at, line.n));
	bytes_free(&body.text);
	bytes_free(&twice.text);
	bytes_free(&line);
}
END_TEST

START_TEST(acts_are_chosen)
{
	struct ledger *l = realm_platform(g.realm);
	uint64_t first = append(l, "certificate.issued");
	struct herald_place p = { .next = first };
	struct json *j;
	size_t n;

	(void)append(l, "token.created");
	(void)append(l, "certificate.revoked");
	hook.acts = (struct conf_list){ .n = 1, .at = { "certificate." } };
	j = posted(l, &p, &n);
	ck_assert_uint_eq(n, 2);
	ck_assert_uint_eq(p.to, first + 3);
	json_free(j);
	hook.acts = (struct conf_list){ .n = 2, .at = { "tenant", "token.created" } };
	p = (struct herald_place){ .next = first };
	j = posted(l, &p, &n);
	ck_assert_uint_eq(n, 1);
	json_free(j);
	/* none of them: passed over, all at once */
	hook.acts = (struct conf_list){ .n = 1, .at = { "region" } };
	p = (struct herald_place){ .next = first };
	j = posted(l, &p, &n);
	ck_assert_uint_eq(n, 0);
	ck_assert_uint_eq(p.to, first + 3);
	json_free(j);
}
END_TEST

START_TEST(a_post_is_bounded)
{
	struct ledger *l = realm_platform(g.realm);
	uint64_t first = append(l, "test.0");
	struct herald_place p = { .next = first };
	struct json *j;
	size_t n;

	for (int i = 0; i < HERALD_ENTRIES_MAX + 20; i++)
		(void)append(l, "test.more");
	j = posted(l, &p, &n);
	ck_assert_uint_eq(n, HERALD_ENTRIES_MAX);
	ck_assert_uint_eq(p.to, first + HERALD_ENTRIES_MAX);
	json_free(j);
	p = (struct herald_place){ .next = p.to };
	j = posted(l, &p, &n);
	ck_assert_uint_eq(n, 21);
	json_free(j);
	/* one that was begun when less was wanted is that one still */
	p = (struct herald_place){ .next = first, .to = first + HERALD_ENTRIES_MAX + 20 };
	j = posted(l, &p, &n);
	ck_assert_uint_eq(n, HERALD_ENTRIES_MAX + 20);
	json_free(j);
	/* a post that was begun over entries that are gone is a fault, and never a shorter one */
	p = (struct herald_place){ .next = first, .to = first + 1000 };
	struct herald_body body = { .n = 0 };
	ck_assert(!herald_body(&hook, l, &p, &body, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	bytes_free(&body.text);
}
END_TEST

START_TEST(an_id_is_of_one_post)
{
	struct herald_place p = { .next = 3, .to = 7 }, q = p;
	char id[HERALD_ID_MAX], other[HERALD_ID_MAX];

	herald_id(&hook, "acme", &p, id);
	herald_id(&hook, "acme", &q, other);
	ck_assert_str_eq(id, other);
	ck_assert_uint_eq(strlen(id), 36);
	ck_assert_ptr_null(strchr(id, '.'));
	herald_id(&hook, "beta", &p, other);
	ck_assert_str_ne(id, other);
	q.to = 8;
	herald_id(&hook, "acme", &q, other);
	ck_assert_str_ne(id, other);
	q = p;
	q.leaf[0] = 1; /* the log went on otherwise */
	herald_id(&hook, "acme", &q, other);
	ck_assert_str_ne(id, other);
	hook.acts = (struct conf_list){ .n = 1, .at = { "token" } };
	herald_id(&hook, "acme", &p, other);
	ck_assert_str_ne(id, other);
}
END_TEST

START_TEST(delays)
{
	int64_t before = 0;

	for (unsigned n = 1; n < 40; n++) {
		int64_t longest = herald_delay_s(n, -1, 0), s = longest;

		ck_assert_int_ge(longest, before);
		ck_assert_int_le(longest, HERALD_DELAY_MAX_S);
		for (uint32_t chance = 0; chance < 100000; chance += 777) {
			int64_t d = herald_delay_s(n, -1, chance * 43691u);

			ck_assert_int_ge(d, longest / 2);
			ck_assert_int_le(d, longest);
			s = d < s ? d : s;
		}
		ck_assert_int_ge(s, 1);
		before = longest;
	}
	ck_assert_int_eq(herald_delay_s(1, -1, 0), 2);
	ck_assert_int_eq(herald_delay_s(40, -1, 0), HERALD_DELAY_MAX_S);
	ck_assert_int_eq(herald_delay_s(4000000000u, -1, 0), HERALD_DELAY_MAX_S);
	ck_assert_int_eq(herald_delay_s(1, 3600, 0), 3600);
	ck_assert_int_eq(herald_delay_s(1, 604800, 0), HERALD_DELAY_MAX_S);
	ck_assert_int_eq(herald_delay_s(10, 1, 0), 1024);
}
END_TEST

START_TEST(places_are_remembered)
{
	char dir[SCRATCH_PATH_MAX];
	struct herald_place p = { .next = 5, .to = 9, .leaf = { 7 } }, q = { 0 };
	struct herald_row row = { .since_s = 77, .stopped = { 1 } }, back = { 0 };
	struct store *s;
	struct batch *b;

	scratch_path(folder, "state", dir, sizeof(dir));
	ck_assert_msg(store_open(dir, STORE_CREATE, &s, &f), "%s", f.text);
	ck_assert(!herald_place(s, "one", "acme", &q, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!herald_row(s, "one", &back, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	b = batch_new(s);
	herald_put_place(b, "one", "acme", &p);
	herald_put_row(b, "one", &row);
	ck_assert(batch_apply(b, &f));
	batch_free(b);
	store_close(s);
	ck_assert(store_open(dir, STORE_CREATE, &s, &f));
	ck_assert(herald_place(s, "one", "acme", &q, &f));
	ck_assert_uint_eq(q.next, p.next);
	ck_assert_uint_eq(q.to, p.to);
	ck_assert_mem_eq(q.leaf, p.leaf, sizeof(p.leaf));
	ck_assert(herald_row(s, "one", &back, &f));
	ck_assert_mem_eq(&row, &back, sizeof(row));
	ck_assert(!herald_place(s, "oneacme", "", &q, &f));
	ck_assert(!herald_place(s, "one", "acm", &q, &f));
	ck_assert(!herald_place(s, "on", "eacme", &q, &f));
	b = batch_new(s);
	batch_put(b, 0, octets_text("odd"), octets_text("\1short"));
	ck_assert(batch_apply(b, &f));
	batch_free(b);
	ck_assert(!herald_row(s, "odd", &back, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	store_close(s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("herald");
	TCase *t = tcase_create("herald");

	if (!secret_start(&f))
		return EXIT_FAILURE;
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, signs_as_others_do);
	tcase_add_test(t, secrets_that_are_none);
	tcase_add_test(t, a_post_goes_on_in_the_trace_of_its_entries);
	tcase_add_test(t, a_post_holds_the_lines_themselves);
	tcase_add_test(t, acts_are_chosen);
	tcase_add_test(t, a_post_is_bounded);
	tcase_add_test(t, an_id_is_of_one_post);
	tcase_add_test(t, delays);
	tcase_add_test(t, places_are_remembered);
	suite_add_tcase(s, t);
	return run_suite(s);
}
