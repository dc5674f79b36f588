/* tests/unit/inputs.c - policy/inputs.h: what was decided comes out again, and what was bent comes
 * out as something else. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "policy/inputs.h"
#include "tests/unit/run.h"

static uint8_t rules[RULES_DIGEST_OCTETS];
static struct fault f;

static const enum identity_kind kinds[] = { IDENTITY_NOBODY, IDENTITY_LOCAL, IDENTITY_OPERATOR,
	IDENTITY_ENDPOINT, IDENTITY_TOKEN, IDENTITY_REQUEST, IDENTITY_IDEVID };
static const enum identity_role roles[] = { ROLE_NONE, ROLE_OFFICER, ROLE_REGISTRAR, ROLE_AUDITOR };
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))
#define ROLES (sizeof(roles) / sizeof(roles[0]))

static void
setup(void)
{
	ck_assert(rules_digest(rules, &f));
}

/* As the signer writes it. */
static struct json *
entry(const struct inputs *in)
{
	struct json *j = json_object();
	char by[IDENTITY_TEXT_MAX];
	struct verdict v;

	decide(&in->who, in->act, &in->what, &v);
	identity_text(&in->who, by);
	json_put_text(j, "act", v.permit ? "test.done" : "request.refused");
	json_put_text(j, "by", by);
	json_put_text(j, "rule", v.rule);
	json_put_hex(j, "policy", rules, sizeof(rules));
	json_put(j, "inputs", inputs_json(in));
	return j;
}

/* Written and read again, as a log keeps it. */
static struct json *
kept(struct json *taken)
{
	struct bytes b = { 0 };
	struct json *j;

	ck_assert_msg(json_write(taken, &b, &f), "%s", f.text);
	json_free(taken);
	ck_assert(json_parse(octets_bytes(&b), &j, &f));
	bytes_free(&b);
	return j;
}

static void
replay_text(const char *text, struct replay *r)
{
	struct json *j;

	ck_assert_msg(json_parse(octets_text(text), &j, &f), "%s: %s", f.text, text);
	replay_entry(j, rules, r);
	json_free(j);
}

static struct inputs
printer(enum act act, enum identity_kind kind, enum identity_role role)
{
	return (struct inputs){ .act = act,
		.who = { .kind = kind,
		    .role = role,
		    .tenant = "acme",
		    .endpoint = "printer",
		    .name = "hp-1",
		    .evidence = "1f",
		    .good = true },
		.what = { .tenant = "acme", .endpoint = "printer", .name = "hp-1" } };
}

START_TEST(every_decision_comes_out_the_same)
{
	struct replay r;
	unsigned permits = 0;

	for (unsigned act = 0; act < ACT_COUNT; act++)
		for (size_t k = 0; k < KINDS; k++)
			for (size_t o = 0; o < ROLES; o++)
				for (unsigned good = 0; good < 2; good++) {
					struct inputs in =
					    printer((enum act)act, kinds[k], roles[o]);
					struct json *j;

					in.who.good = good == 1;
					j = kept(entry(&in));
					replay_entry(j, rules, &r);
					ck_assert_msg(
					    r.outcome == REPLAY_SAME, "act %u: %s", act, r.why);
					permits += r.permits;
					json_free(j);
				}
	ck_assert_uint_gt(permits, ACT_COUNT);
}
END_TEST

/* Each part that a rule looks at, changed in a copy. */
START_TEST(what_was_bent_comes_out_otherwise)
{
	static const struct {
		const char *from, *to;
	} bent[] = {
		{ "\"act\":\"certificate.revoke\"", "\"act\":\"tenant.create\"" },
		{ "\"role\":\"registrar\"", "\"role\":\"auditor\"" },
		{ "\"role\":\"registrar\"", "\"role\":\"king\"" },
		{ "\"role\":\"registrar\"", "\"role\":7" },
		{ "\"kind\":\"operator\"", "\"kind\":\"token\"" },
		{ "\"kind\":\"operator\"", "\"kind\":\"local\"" },
		{ "\"kind\":\"operator\"", "\"kind\":\"wizard\"" },
		{ "\"kind\":\"operator\"", "\"kind\":null" },
		{ "\"good\":true", "\"good\":false" },
		{ "\"good\":true,", "" },
		{ "\"object\":{\"tenant\":\"acme\"}", "\"object\":{\"tenant\":\"platform\"}" },
		{ "\"object\":{\"tenant\":\"acme\"}", "\"object\":{\"tenant\":[]}" },
		{ "\"object\":{\"tenant\":\"acme\"},", "" },
		{ "\"rule\":\"registrar-revokes\"", "\"rule\":\"officer-revokes-anywhere\"" },
		{ "\"act\":\"test.done\"", "\"act\":\"request.refused\"" },
		{ "\"by\":\"operator:alice\"", "\"by\":\"operator:bob\"" },
		{ "\"name\":\"alice\"", "\"name\":\"bob\"" },
	};
	struct inputs in = { .act = ACT_CERTIFICATE_REVOKE,
		.who = { .kind = IDENTITY_OPERATOR,
		    .role = ROLE_REGISTRAR,
		    .tenant = "platform",
		    .endpoint = "operator",
		    .name = "alice",
		    .good = true },
		.what = { .tenant = "acme" } };
	struct json *j = entry(&in);
	struct bytes b = { 0 };
	struct replay r;

	ck_assert(json_write(j, &b, &f));
	bytes_put_u8(&b, 0);
	replay_text((const char *)b.at, &r);
	ck_assert_int_eq(r.outcome, REPLAY_SAME);
	ck_assert_str_eq(r.now, "registrar-revokes");
	for (size_t i = 0; i < sizeof(bent) / sizeof(bent[0]); i++) {
		const char *text = (const char *)b.at, *at = strstr(text, bent[i].from);
		char copy[2048];

		ck_assert_msg(at != NULL, "row %zu: %s", i, text);
		(void)snprintf(copy, sizeof(copy), "%.*s%s%s", (int)(at - text), text, bent[i].to,
		    at + strlen(bent[i].from));
		replay_text(copy, &r);
		ck_assert_msg(
		    r.outcome == REPLAY_DIFFERS, "row %zu: %s", i, replay_word(r.outcome));
		ck_assert_msg(r.why[0] != '\0', "row %zu", i);
	}
	json_free(j);
	bytes_free(&b);
}
END_TEST

START_TEST(what_cannot_be_replayed)
{
	struct inputs in = printer(ACT_READ, IDENTITY_LOCAL, ROLE_OFFICER);
	struct json *j = kept(entry(&in));
	struct replay r;

	rules[0] ^= 1;
	replay_entry(j, rules, &r);
	ck_assert_int_eq(r.outcome, REPLAY_POLICY);
	rules[0] ^= 1;
	ck_assert_str_eq(r.policy, json_text(j, "policy"));
	json_free(j);
	replay_text("{\"leaf\":\"00\",\"n\":1,\"redacted\":2}", &r);
	ck_assert_int_eq(r.outcome, REPLAY_REDACTED);
	replay_text("{\"act\":\"service.started\",\"rule\":\"start\"}", &r);
	ck_assert_int_eq(r.outcome, REPLAY_UNDECIDED);
	replay_text("{}", &r);
	ck_assert_int_eq(r.outcome, REPLAY_UNDECIDED);
	for (int o = 0; o < REPLAY_OUTCOMES; o++)
		ck_assert_ptr_nonnull(replay_word((enum replay_outcome)o));
}
END_TEST

/* What a peer chose is one line of printable text, and the member is small. */
START_TEST(small_and_clean)
{
	struct inputs in = printer(ACT_ENROLL, IDENTITY_TOKEN, ROLE_NONE);
	struct json *j;
	struct bytes b = { 0 };

	memcpy(in.who.name, "a\r\n\x1b[2J\xff", 9);
	j = inputs_json(&in);
	ck_assert(json_write(j, &b, &f));
	for (size_t i = 0; i < b.n; i++)
		ck_assert_msg(b.at[i] >= ' ' && b.at[i] <= '~', "octet %zu", i);
	ck_assert_uint_lt(b.n, 300);
	ck_assert_ptr_null(memmem(b.at, b.n, "evidence", 8));
	json_free(j);
	bytes_free(&b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("inputs");
	TCase *t = tcase_create("inputs");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, every_decision_comes_out_the_same);
	tcase_add_test(t, what_was_bent_comes_out_otherwise);
	tcase_add_test(t, what_cannot_be_replayed);
	tcase_add_test(t, small_and_clean);
	suite_add_tcase(s, t);
	return run_suite(s);
}
