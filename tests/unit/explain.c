/* tests/unit/explain.c - policy/explain.h, spell.h, compare.h and recorded.h: why a set decided so,
 * what two documents differ in, and what it would have decided then. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "policy/compare.h"
#include "policy/explain.h"
#include "policy/recorded.h"
#include "tests/unit/run.h"

#define HEAD(kind)                                                                                 \
	"apiVersion: quatrain.policy/v1\nkind: " kind "\nmetadata:\n  name: paris\n"               \
	"  scope: spiffe://paris.eu.example.org/**\n  owner: it@acme.example\n  revision: 52\n"    \
	"mode: enforce\nschema: quatrain.attributes/v1\n"

static const char set_yaml[] =
    HEAD("PolicySet") "sets:\n"
		      "  nets.paris: [10.20.0.0/16]\n"
		      "rules:\n"
		      "  - id: release-office-hours\n"
		      "    effect: permit\n"
		      "    subjects: {spiffe: \"spiffe://paris.eu.example.org/printer/*\"}\n"
		      "    actions: [print.release]\n"
		      "    resources: {type: job}\n"
		      "    when:\n"
		      "      time: {days: [mon, tue, wed, thu, fri], hours: \"07:00-20:00\"}\n"
		      "      source.ip: {in_set: nets.paris}\n"
		      "      resource.pages: {lte: 200}\n"
		      "    obligations:\n"
		      "      - watermark: {opacity: 15}\n"
		      "  - id: release-alone\n"
		      "    effect: permit\n"
		      "    actions: [print.release]\n"
		      "    when:\n"
		      "      resource.owner: nobody@acme.example\n"
		      "      resource.owner_present: true\n"
		      "      cert.age: {lt: 1d}\n"
		      "  - id: no-secret-on-shared-devices\n"
		      "    effect: forbid\n"
		      "    actions: [print.release]\n"
		      "    when:\n"
		      "      all:\n"
		      "        - {resource.dlp: {in: [secret, personal-data]}}\n"
		      "        - not: {device.zone: {equals: controlled}}\n"
		      "    reason: Document label needs a printer in a controlled zone\n"
		      "  - id: firmware-floor\n"
		      "    effect: forbid\n"
		      "    mode: shadow\n"
		      "    actions: [print.*]\n"
		      "    when: {device.firmware: {lt: \"5.4.0\"}}\n";

/* A Saturday. */
static const char saturday[] =
    "{\"action\":\"print.release\",\"subject\":{\"id\":\"spiffe://paris.eu.example.org/printer/"
    "hp-1\",\"role\":\"printer\"},\"resource\":{\"type\":\"job\",\"id\":\"j8\",\"pages\":12,\"dlp\":"
    "\"internal\",\"owner\":\"carol@acme.example\"},\"device\":{\"firmware\":\"5.3.0\",\"zone\":"
    "\"open\"},\"source\":{\"ip\":\"10.20.4.9\"},\"time\":\"2026-07-04T10:15:00Z\",\"supports\":["
    "\"watermark\"]}";

static struct zones *zones;
static struct document *doc[2];
static struct set *set;
static struct json *asked, *explained;
static struct request request;
static struct request_room room;
static struct decision decision;
static struct bytes text;
static struct fault f;

static bool
no_zone(void *with, const char *name, struct bytes *ret, struct fault *why)
{
	(void)with;
	(void)ret;
	return fault_set(why, FAULT_NOTFOUND, "zone: no %s here", name);
}

static void
setup(void)
{
	ck_assert_ptr_nonnull(zones = zones_new(no_zone, NULL));
}

static void
forget(void)
{
	set_free(set);
	document_free(doc[0]);
	document_free(doc[1]);
	json_free(asked);
	json_free(explained);
	set = NULL;
	doc[0] = doc[1] = NULL;
	asked = explained = NULL;
	bytes_free(&text);
}

static void
teardown(void)
{
	forget();
	zones_free(zones);
}

static void
read_doc(size_t i, const char *yaml)
{
	ck_assert_msg(
	    document_read("p.yaml", octets_text(yaml), DOCUMENT_MAX_OCTETS, zones, &doc[i], &f),
	    "%s", f.text);
}

static void
compile(const char *yaml)
{
	const struct document *all[1];

	read_doc(0, yaml);
	all[0] = doc[0];
	ck_assert_msg(set_compile(all, 1, &set, &f), "%s", f.text);
}

static void
ask(const char *json)
{
	ck_assert_msg(json_parse(octets_text(json), &asked, &f), "%s", f.text);
	ck_assert_msg(request_read(asked, &request, &room, &f), "%s", f.text);
}

static void
explain(const struct counters *counters)
{
	explain_decide(set, &request, NULL, true, &decision);
	explained = explain_json(set, &request, counters, &decision);
	explain_text(explained, &text);
	ck_assert(bytes_ok(&text, &f));
}

static bool
says(const char *line)
{
	return memmem(text.at, text.n, line, strlen(line)) != NULL;
}

#define SAYS(line) ck_assert_msg(says(line), "lacks \"%s\" in\n%.*s", line, (int)text.n, text.at)

START_TEST(every_rule_is_told)
{
	compile(set_yaml);
	ask(saturday);
	explain(NULL);
	SAYS("----- enforce permit release-office-hours  (paris:");
	SAYS(
	    "        FALSE   time           sat 10:15 UTC vs mon,tue,wed,thu,fri 07:00-20:00 UTC\n");
	SAYS("        true    source.ip      10.20.4.9 vs {in_set: nets.paris}\n");
	SAYS("        true    resource.pages 12 vs {lte: 200}\n");
	SAYS("----- enforce permit release-alone");
	SAYS(
	    "        FALSE   resource.owner         \"carol@acme.example\" vs \"nobody@acme.example\"\n");
	SAYS("        unknown resource.owner_present missing vs true\n");
	SAYS("        unknown cert.age               missing vs {lt: 1d}\n");
	SAYS("----- enforce forbid no-secret-on-shared-devices");
	SAYS("MATCH shadow  forbid firmware-floor");
	SAYS("        true    device.firmware \"5.3.0\" vs {lt: \"5.4.0\"}\n");
	SAYS("=> deny default no-permit\n");
	SAYS("   shadow: firmware-floor\n");
	SAYS("   nearest permit: release-office-hours\n");
	SAYS("        FALSE   resource.dlp \"internal\" vs {in: [\"secret\", \"personal-data\"]}\n"
	     "        true    not of\n"
	     "        FALSE     device.zone  \"open\" vs \"controlled\"\n");
}
END_TEST

START_TEST(a_permit_tells_its_obligations)
{
	char weekday[sizeof(saturday)];

	memcpy(weekday, saturday, sizeof(saturday));
	memcpy(strstr(weekday, "2026-07-04"), "2026-07-01", 10);
	compile(set_yaml);
	ask(weekday);
	explain(NULL);
	SAYS("MATCH enforce permit release-office-hours");
	SAYS("=> permit release-office-hours permit\n");
	SAYS("   obligations: watermark\n");
	ck_assert(!says("nearest permit"));
	ck_assert_str_eq(json_text(explained, "document"), "paris");
	ck_assert_ptr_nonnull(
	    json_get(json_at(json_get(explained, "obligations"), 0), "watermark"));
	ck_assert_uint_eq(json_count(json_get(explained, "considered")), 4);
}
END_TEST

START_TEST(what_was_forbidden_has_its_reason)
{
	compile(set_yaml);
	ask("{\"action\":\"print.release\",\"subject\":{\"id\":\"spiffe://paris.eu.example.org/"
	    "printer/hp-1\",\"role\":\"printer\"},\"resource\":{\"type\":\"job\"}}");
	explain(NULL);
	SAYS("=> deny no-secret-on-shared-devices forbid-on-missing\n");
	SAYS("   reason: Document label needs a printer in a controlled zone\n");
	SAYS("        unknown   device.zone  missing vs \"controlled\"\n");
	SAYS("        unknown time           missing vs ");
}
END_TEST

START_TEST(guardrails_alone_do_not_permit)
{
	compile(
	    "apiVersion: quatrain.policy/v1\nkind: Guardrail\nmetadata:\n  name: eu\n"
	    "  scope: spiffe://*.eu.example.org/**\n  owner: it@example.org\n  revision: 1\n"
	    "mode: enforce\nschema: quatrain.attributes/v1\nrules:\n  - id: no-old-firmware\n    effect: forbid\n"
	    "    actions: [\"*\"]\n"
	    "    unless: {device.firmware: {gte: \"5.0\"}}\n");
	ask(saturday);
	explain(NULL);
	SAYS("=> not-forbidden default ");
	SAYS("        true    unless device.firmware \"5.3.0\" vs {gte: \"5.0\"}\n");
	ck_assert_str_eq(json_text(explained, "decision"), "not-forbidden");
}
END_TEST

START_TEST(nothing_considered_is_said)
{
	compile(set_yaml);
	ask("{\"action\":\"connect\",\"subject\":{\"id\":\"spiffe://paris.eu.example.org/printer/"
	    "hp-1\",\"role\":\"printer\"},\"resource\":{\"type\":\"service\"}}");
	explain(NULL);
	SAYS(
	    "no rule is of this action, subject and type of resource\n=> deny default no-permit\n");
	ck_assert_uint_eq(json_count(json_get(explained, "considered")), 0);
}
END_TEST

/* What a peer wrote cannot look like a line of ours. */
START_TEST(what_was_asked_stays_in_its_place)
{
	compile(set_yaml);
	ask("{\"action\":\"print.release\",\"subject\":{\"id\":\"spiffe://paris.eu.example.org/"
	    "printer/hp-1\",\"role\":\"printer\"},\"resource\":{\"type\":\"job\",\"dlp\":"
	    "\"x\\n=> permit all\\u001b[2J\"}}");
	explain(NULL);
	SAYS("x\\x0a=> permit all\\x1b[2J");
	ck_assert(!says("\n=> permit"));
}
END_TEST

START_TEST(counts_stand_beside_their_limit)
{
	uint64_t *memory = calloc(1, counters_octets(64) + 8);
	struct counters *counters = counters_at(memory, 64);

	compile(
	    HEAD("PolicySet") "rules:\n  - id: few\n    effect: permit\n    actions: [connect]\n"
			      "    when: {rate: {key: subject.id, max: 2, per: 1m}}\n");
	ask("{\"action\":\"connect\",\"subject\":{\"id\":\"spiffe://paris.eu.example.org/printer/"
	    "hp-1\",\"role\":\"printer\"},\"resource\":{\"type\":\"service\"},\"time\":\"2026-07-01T10:"
	    "15:00Z\"}");
	explain(NULL);
	SAYS("        unknown rate missing+1 vs {key: subject.id, max: 2, per: 1m}\n");
	set_decide(set, &request, counters, false, &decision);
	ck_assert(decision.permit);
	json_free(explained);
	bytes_clear(&text);
	explain(counters);
	SAYS("        true    rate 1+1 vs {key: subject.id, max: 2, per: 1m}\n");
	free(memory);
}
END_TEST

/* --- what differs -------------------------------------------------------------------------------
 */

static struct json *
compare(const char *old, const char *now)
{
	struct json *j;

	document_free(doc[0]);
	document_free(doc[1]);
	read_doc(0, old);
	read_doc(1, now);
	j = compare_documents(doc[0], doc[1]);
	bytes_clear(&text);
	ck_assert_msg(json_write(j, &text, &f), "%s", f.text);
	return j;
}

#define RULE(id, more) "  - id: " id "\n    effect: permit\n    actions: [connect]\n" more

START_TEST(order_and_words_are_no_meaning)
{
	struct json *j = compare(
	    HEAD("PolicySet") "sets:\n  nets.a: [10.0.0.0/8, 192.168.0.0/16]\n"
			      "rules:\n" RULE("a", "    when: {source.ip: {in_set: nets.a}, "
						   "device.model: x}\n") RULE("b", ""),
	    HEAD("PolicySet") "sets:\n  nets.b: [192.168.0.0/16, 10.0.0.0/8]\n"
			      "rules:\n" RULE("b", "    reason: why\n") RULE("a",
				  "    when: {device.model: {equals: x}, source.ip: {in_set: "
				  "nets.b}} # moved\n"));

	ck_assert_msg(json_true(j, "same"), "%.*s", (int)text.n, text.at);
	json_free(j);
}
END_TEST

START_TEST(a_value_in_a_set_is_meaning)
{
	struct json *j = compare(HEAD("PolicySet") "sets:\n  nets.a: [10.0.0.0/8]\nrules:\n" RULE(
				     "a", "    when: {source.ip: {in_set: nets.a}}\n"),
	    HEAD("PolicySet") "sets:\n  nets.a: [10.0.0.0/8, 11.0.0.0/8]\nrules:\n" RULE(
		"a", "    when: {source.ip: {in_set: nets.a}}\n"));

	ck_assert(!json_true(j, "same"));
	SAYS(
	    "{\"change\":\"changed\",\"id\":\"a\",\"parts\":[{\"new\":\"source.ip: {in: [10.0.0.0/8, "
	    "11.0.0.0/8]}\",\"old\":\"source.ip: {in: [10.0.0.0/8]}\",\"what\":\"when\"}]}");
	json_free(j);
}
END_TEST

START_TEST(added_removed_renamed)
{
	struct json *j = compare(HEAD("PolicySet") "rules:\n" RULE("a", "")
				     RULE("gone", "    when: {device.model: x}\n"),
	    HEAD("PolicySet") "rules:\n" RULE("z", "")
		RULE("new", "    when: {device.model: y}\n"));

	SAYS("{\"change\":\"renamed\",\"id\":\"z\",\"old\":\"a\"}");
	SAYS("{\"change\":\"removed\",\"id\":\"gone\"}");
	SAYS("{\"change\":\"added\",\"id\":\"new\"}");
	json_free(j);
	j = compare(set_yaml, set_yaml);
	ck_assert(json_true(j, "same"));
	json_free(j);
}
END_TEST

/* --- what was decided ---------------------------------------------------------------------------
 */

static struct recorded_again
again(const char *line, bool strict)
{
	const struct recorded_with with = { .set = set, .strict = strict };
	struct recorded_again a;

	json_free(asked);
	asked = NULL;
	ck_assert_msg(json_parse(octets_text(line), &asked, &f), "%s", f.text);
	recorded_decide(&with, asked, &a);
	return a;
}

static enum recorded_outcome
outcome(const char *decision_words, const char *policy, bool strict)
{
	char line[2048];

	(void)snprintf(line, sizeof(line), "{%s,\"policy\":\"%s\",\"request\":%s}", decision_words,
	    policy, saturday);
	return again(line, strict).outcome;
}

START_TEST(what_was_decided_is_decided_again)
{
	char digest[2 * DOCUMENT_DIGEST_OCTETS + 1], other[sizeof(digest)];

	compile(set_yaml);
	text_hex(set_digest(set), DOCUMENT_DIGEST_OCTETS, digest);
	memcpy(other, digest, sizeof(digest));
	other[0] = other[0] == '0' ? '1' : '0';
#define DENY   "\"decision\":\"deny\",\"code\":\"no-permit\",\"rule\":\"default\""
#define PERMIT "\"decision\":\"permit\",\"code\":\"permit\",\"rule\":\"release-alone\""
	ck_assert_int_eq(outcome(DENY, digest, true), RECORDED_SAME);
	ck_assert_int_eq(outcome(DENY, other, true), RECORDED_POLICY);
	ck_assert_int_eq(outcome(DENY, other, false), RECORDED_SAME);
	ck_assert_int_eq(outcome(PERMIT, digest, true), RECORDED_DIFFERS);
	ck_assert_int_eq(
	    outcome("\"decision\":\"deny\",\"code\":\"forbid\",\"rule\":\"x\"", other, false),
	    RECORDED_OTHERWISE);
	ck_assert_int_eq(outcome("\"decision\":\"maybe\"", other, false), RECORDED_UNKNOWN);
	ck_assert_int_eq(again("{\"act\":\"session.cut\"}", true).outcome, RECORDED_NONE);
	ck_assert_int_eq(again("{\"redacted\":{}}", true).outcome, RECORDED_REDACTED);
	ck_assert_int_eq(
	    again("{\"decision\":\"deny\",\"omitted\":true}", true).outcome, RECORDED_UNKNOWN);
	ck_assert_int_eq(
	    again("{\"decision\":\"permit\",\"request\":{\"action\":7}}", false).outcome,
	    RECORDED_UNKNOWN);
	ck_assert_int_eq(again(saturday, true).outcome, RECORDED_NONE);
	ck_assert_int_eq(again(saturday, false).outcome, RECORDED_UNKNOWN);
}
END_TEST

START_TEST(what_hangs_on_counts_is_not_known)
{
	compile(
	    HEAD("PolicySet") "rules:\n  - id: few\n    effect: permit\n    actions: [connect]\n"
			      "    when: {rate: {key: subject.id, max: 2, per: 1m}}\n");
	ck_assert_int_eq(again("{\"decision\":\"permit\",\"code\":\"permit\",\"rule\":\"few\","
			       "\"t\":\"2026-07-01T10:15:00Z\",\"request\":{\"action\":\"connect\","
			       "\"subject\":{\"id\":\"spiffe://paris.eu.example.org/printer/hp-1\","
			       "\"role\":\"printer\"},\"resource\":{\"type\":\"service\"}}}",
			     false)
			     .outcome,
	    RECORDED_UNKNOWN);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("explain");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, every_rule_is_told);
	tcase_add_test(t, a_permit_tells_its_obligations);
	tcase_add_test(t, what_was_forbidden_has_its_reason);
	tcase_add_test(t, guardrails_alone_do_not_permit);
	tcase_add_test(t, nothing_considered_is_said);
	tcase_add_test(t, what_was_asked_stays_in_its_place);
	tcase_add_test(t, counts_stand_beside_their_limit);
	tcase_add_test(t, order_and_words_are_no_meaning);
	tcase_add_test(t, a_value_in_a_set_is_meaning);
	tcase_add_test(t, added_removed_renamed);
	tcase_add_test(t, what_was_decided_is_decided_again);
	tcase_add_test(t, what_hangs_on_counts_is_not_known);
	suite_add_tcase(s, t);
	return run_suite(s);
}
