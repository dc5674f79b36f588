/* tests/unit/prove.c - policy/prove.h: no proof of random policies is wrong, by decisions on random
 * requests; the numbers are the same in every run. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/check.h"
#include "tests/unit/run.h"

#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define DOCUMENTS 1500
#define REQUESTS  400

static uint64_t state = 20260707;

static unsigned
roll(size_t n)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)((state >> 33) % n);
}

static const char *const LEAVES[] = {
	"cert.level: 2",
	"cert.level: {lt: 3}",
	"cert.level: {gte: 2, lte: 4}",
	"cert.level: {in: [1, 4]}",
	"cert.level: {not_in: [2]}",
	"cert.key_pinned: true",
	"cert.key_pinned: false",
	"device.zone: x",
	"device.zone: {in: [x, y]}",
	"device.zone: {not_in: [z]}",
	"device.zone: {in_set: zones}",
	"device.firmware: {gte: \"5.2\"}",
	"device.firmware: {lt: \"5.2.1\"}",
	"device.firmware: \"5.2\"",
	"device.build: {gt: 3}",
	"device.build: 4",
	"device.build: {in: [4, five, true]}",
	"context.rev: {gte: \"1.2\"}",
	"context.rev: {lt: \"1.3\"}",
	"context.rev: \"1.2.0\"",
	"source.ip: {cidr: 10.0.0.0/8}",
	"source.ip: {in: [10.128.0.0/9, \"2001:db8::/32\"]}",
	"source.ip: {cidr: \"::/0\"}",
	"time: {hours: \"08:00-18:00\"}",
	"time: {days: [sat, sun], hours: \"22:00-06:00\"}",
	"resource.owner: {equals_attr: context.user}",
	"resource.list: {contains_attr: context.user}",
	"resource.owner: alice",
	"subject.role: {in: [printer, user]}",
};

static void
put_leaf(struct bytes *b)
{
	bytes_put_fmt(b, "{%s}", LEAVES[roll(COUNT(LEAVES))]);
}

/* NOLINTNEXTLINE(misc-no-recursion): depth */
static void
put_condition(struct bytes *b, unsigned depth)
{
	static const char *const lists[] = { "all", "any" };
	unsigned what = roll(depth == 0 ? 2 : 5);

	if (what < 2) {
		put_leaf(b);
	} else if (what == 2) {
		bytes_put_text(b, "{not: ");
		put_condition(b, depth - 1);
		bytes_put_text(b, "}");
	} else {
		bytes_put_fmt(b, "{%s: [", lists[what - 3]);
		put_condition(b, depth - 1);
		bytes_put_text(b, ", ");
		put_condition(b, depth - 1);
		bytes_put_text(b, "]}");
	}
}

static void
put_rule(struct bytes *b, unsigned i, bool permit)
{
	static const char *const actions[] = { "[a.b]", "[\"a.*\"]", "[\"*\"]", "[a.c, a.b]" };
	static const char *const subjects[] = { "", "", "subjects: {roles: [printer]}, ",
		"subjects: {spiffe: \"spiffe://acme.eu.example.org/printer/*\"}, ",
		"subjects: {spiffe: \"spiffe://acme.eu.example.org/printer/hp-*\"}, " };

	bytes_put_fmt(b, "- {id: r%u, effect: %s, %s%sactions: %s", i, permit ? "permit" : "forbid",
	    !permit && roll(4) == 0 ? "if_missing: ignore, " : "", subjects[roll(COUNT(subjects))],
	    actions[roll(COUNT(actions))]);
	if (roll(4) != 0) {
		bytes_put_text(b, ", when: ");
		put_condition(b, 2);
	}
	if (roll(3) == 0) {
		bytes_put_text(b, ", unless: ");
		put_condition(b, 1);
	}
	bytes_put_text(b, "}\n");
}

static void
put_document(struct bytes *b)
{
	unsigned permits = 1 + roll(2), forbids = roll(4);

	bytes_put_text(b,
	    "apiVersion: quatrain.policy/v1\nkind: PolicySet\nschema: quatrain.attributes/v1\n"
	    "metadata: {name: t, scope: \"spiffe://acme.eu.example.org/**\"}\n"
	    "sets: {zones: [x, z]}\nrules:\n");
	for (unsigned i = 0; i < permits + forbids; i++)
		put_rule(b, i, i < permits);
	bytes_put_text(b, "invariants:\n- {never_permit: {actions: [a.b], when: ");
	put_condition(b, 1);
	bytes_put_text(b, "}}\n");
}

static void
say(struct request *r, const char *name, const struct value *v)
{
	struct fault f;

	ck_assert_msg(request_set(r, octets_text(name), v, &f), "%s: %s", name, f.text);
}

static void
say_text(struct request *r, const char *name, const char *const *texts, size_t n)
{
	unsigned i = roll(n + 2);

	if (i < n)
		say(r, name, &(struct value){ .type = VALUE_TEXT, .text = octets_text(texts[i]) });
}

static void
say_number(struct request *r, const char *name, unsigned n)
{
	unsigned i = roll(n + 1);

	if (i < n)
		say(r, name, &(struct value){ .type = VALUE_NUMBER, .number = i });
}

static void
put_request(struct request *r)
{
	static const char *const ids[] = { "spiffe://acme.eu.example.org/printer/hp-1",
		"spiffe://acme.eu.example.org/printer/x", "spiffe://acme.eu.example.org/user/u" };
	static const char *const roles[] = { "printer", "user", "phone" };
	static const char *const zones[] = { "x", "y", "z", "w" };
	static const char *const versions[] = { "5.2", "5.1.9", "5.2.0", "5.2.0.1", "6", "5.2.1",
		"no" };
	static const char *const revs[] = { "1.2", "1.2.0", "1.2.5", "1.3", "1", "x" };
	static const char *const builds[] = { "five", "4", "4s", "9s", "true" };
	static const char *const people[] = { "alice", "bob" };
	static const char *const addresses[] = { "10.0.0.1", "10.200.0.1", "11.0.0.1",
		"2001:db8::1", "2002::1" };
	static struct octets list[2];
	struct value v = { .type = VALUE_LIST };

	*r = (struct request){ .action = octets_text("a.b"), .supports_all = true };
	request_text(r, ATTRIBUTE_SUBJECT_ID, octets_text(ids[roll(COUNT(ids))]));
	say_text(r, "subject.role", roles, COUNT(roles));
	say_text(r, "device.zone", zones, COUNT(zones));
	say_text(r, "device.firmware", versions, COUNT(versions));
	say_text(r, "context.rev", revs, COUNT(revs));
	say_text(r, "resource.owner", people, COUNT(people));
	say_text(r, "context.user", people, COUNT(people));
	say_number(r, "cert.level", 6);
	if (roll(2) == 0)
		say_number(r, "device.build", 7);
	else
		say_text(r, "device.build", builds, COUNT(builds));
	if (roll(4) != 0)
		request_bool(r, ATTRIBUTE_CERT_KEY_PINNED, roll(2) == 0);
	if (roll(4) != 0)
		request_number(
		    r, ATTRIBUTE_TIME, INT64_C(1782864000) + roll(7 * 1440) * INT64_C(60));
	list[0] = octets_text(people[roll(2)]);
	v.list.at = list;
	v.list.n = roll(2);
	say(r, "resource.list", &v);
	if (roll(5) != 0 && value_address(octets_text(addresses[roll(COUNT(addresses))]), &v))
		say(r, "source.ip", &v);
}

static void
hold_against(const struct document *d, const char *yaml)
{
	const struct condition *when = d->invariants[0].when;
	struct set *s = NULL;
	struct fault f;

	ck_assert(set_compile(&d, 1, &s, &f));
	for (size_t i = 0; i < REQUESTS; i++) {
		struct request r;
		struct decision got;

		put_request(&r);
		set_decide(s, &r, NULL, true, &got);
		ck_assert_msg(!got.permit || set_condition(d, NULL, when, &r, NULL) != 1,
		    "a proof that is wrong:\n%s", yaml);
	}
	set_free(s);
}

START_TEST(no_proof_is_wrong)
{
	struct zones *zones = zones_new(NULL, NULL);
	size_t proven = 0, refuted = 0, open = 0;
	struct bytes b = { 0 };

	for (size_t i = 0; i < DOCUMENTS; i++) {
		struct document *d = NULL;
		struct check *c = NULL;
		struct fault f = { 0 };

		bytes_clear(&b);
		put_document(&b);
		ck_assert_msg(
		    document_read("f", octets_bytes(&b), DOCUMENT_MAX_OCTETS, zones, &d, &f), "%s",
		    f.text);
		ck_assert_msg(check_run(d, &c, &f), "%s", f.text);
		bytes_put_u8(&b, 0);
		if (c->invariants_proven == 1) {
			proven++;
			hold_against(d, (const char *)b.at);
		} else if (c->at[0].kind == FINDING_INVARIANT)
			refuted++;
		else
			open++;
		check_free(c);
		document_free(d);
	}
	/* what is refuted was decided; what is left open is rare */
	ck_assert_msg(proven > DOCUMENTS / 10 && refuted > DOCUMENTS / 3 && open < DOCUMENTS / 10,
	    "%zu proven, %zu refuted, %zu open", proven, refuted, open);
	bytes_free(&b);
	zones_free(zones);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("prove");
	TCase *t = tcase_create("prove");

	tcase_add_test(t, no_proof_is_wrong);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
