/* tests/unit/bundle_line.c - lines without a parser, views that stay one line, proofs of ranges. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ca/bundle_line.h"
#include "tests/unit/forge.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

#define ENTRIES 21

static struct fault f;
static struct bundle_line l;

static const char *
shown(struct octets o)
{
	static char text[256];

	(void)snprintf(text, sizeof(text), "%.*s", (int)o.n, o.n == 0 ? "" : (const char *)o.at);
	return text;
}

/* --- members ------------------------------------------------------------------------------------
 */

START_TEST(members_at_the_top)
{
	static const char line[] =
	    "{\"act\":\"a.b\",\"at\":\"2026-01-01T00:00:00Z\",\"inputs\":{\"act\":\"x\",\"serial\":\"no\",\"n\":3},"
	    "\"list\":[{\"n\":4},\"]}\",[]],\"n\":17,\"name\":\"a\\\",\\\"n\\\":5,\\\"b\\\\\",\"serial\":\"yes\"}";

	ck_assert(bundle_line(octets_text(line), &l));
	ck_assert_str_eq(shown(l.act), "a.b");
	ck_assert_str_eq(shown(l.at), "2026-01-01T00:00:00Z");
	ck_assert_str_eq(shown(l.serial), "yes");
	ck_assert_int_eq(l.n, 17);
	ck_assert_uint_eq(l.ca.n, 0);
	ck_assert(bundle_line_is(&l, "a.b"));
	ck_assert(!bundle_line_is(&l, "a.bc"));
}
END_TEST

START_TEST(acts_without_a_certificate)
{
	ck_assert(bundle_line(RAW("{\"act\":\"certificate.lost\"}"), &l));
	ck_assert(bundle_line_bare(&l) && bundle_line_revokes(&l));
	ck_assert(bundle_line(RAW("{\"act\":\"certificate.abandoned\"}"), &l));
	ck_assert(bundle_line_bare(&l) && bundle_line_revokes(&l));
	ck_assert(bundle_line(RAW("{\"act\":\"certificate.lost.found\"}"), &l));
	ck_assert(!bundle_line_bare(&l) && !bundle_line_revokes(&l));
	ck_assert(bundle_line(RAW("{\"act\":\"certificate.issued\"}"), &l));
	ck_assert(!bundle_line_bare(&l) && !bundle_line_revokes(&l));
}
END_TEST

START_TEST(serials_that_are_asked_for)
{
	struct bundle_serials s = { .at = NULL };
	uint8_t serial[TBS_SERIAL_OCTETS] = { 0 };
	bool fresh;

	ck_assert(!bundle_serials_has(&s, serial));
	ck_assert(bundle_serials_add(&s, serial, &fresh, &f) && fresh);
	ck_assert(bundle_serials_has(&s, serial));
	for (unsigned i = 1; i < 5000; i++) {
		memcpy(serial, &i, sizeof(i));
		ck_assert(!bundle_serials_has(&s, serial));
		ck_assert(bundle_serials_add(&s, serial, &fresh, &f) && fresh);
		ck_assert(bundle_serials_has(&s, serial));
	}
	bundle_serials_free(&s);
	memset(serial, 1, sizeof(serial));
	ck_assert(!bundle_serials_has(&s, serial));
}
END_TEST

START_TEST(empty_object)
{
	ck_assert(bundle_line(RAW("{}"), &l));
	ck_assert_int_eq(l.n, -1);
	ck_assert_uint_eq(l.act.n, 0);
}
END_TEST

START_TEST(no_objects)
{
	static const char *const rows[] = { "", "{", "}", "[]", "null", "{\"", "{\"a", "{\"a\"",
		"{\"a\":", "{\"a\":}", "{\"a\":1", "{\"a\":\"", "{\"a\":\"\\", "{\"a\":\"\\\"}",
		"{\"a\":[}", "{\"a\":[1,}", "{\"a\":1}}", "{\"a\":1}\n", " {\"a\":1}", "{a:1}",
		"{\"a\":1 ,", "{\"a\":{\"b\":1}" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(!bundle_line(forge_exact(octets_text(rows[i])), &l), "row %zu", i);
}
END_TEST

START_TEST(numbers_that_are_none)
{
	static const char *const rows[] = { "-1", "1.5", "1e3", "true", "\"7\"", "[7]",
		"9999999999999999", "{}" };
	char line[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)snprintf(line, sizeof(line), "{\"n\":%s}", rows[i]);
		ck_assert(bundle_line(octets_text(line), &l));
		ck_assert_msg(l.n == -1, "row %zu: %d", i, (int)l.n);
	}
}
END_TEST

START_TEST(serials_of_lines)
{
	static const char *const rows[] = { "{\"serial\":\"\"}", "{\"serial\":7}", "{}",
		"{\"serial\":\"0123456789abcdef0123456789abcde\"}",
		"{\"serial\":\"0123456789abcdef0123456789abcdef0\"}",
		"{\"serial\":\"0123456789abcdef0123456789abcdeg\"}",
		"{\"x\":{\"serial\":\"0123456789abcdef0123456789abcdef\"}}" };
	uint8_t serial[TBS_SERIAL_OCTETS];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert(bundle_line(octets_text(rows[i]), &l));
		ck_assert_msg(!bundle_line_serial(&l, serial), "row %zu", i);
	}
	ck_assert(bundle_line(RAW("{\"serial\":\"0123456789abcdef0123456789abcdef\"}"), &l));
	ck_assert(bundle_line_serial(&l, serial));
	ck_assert_uint_eq(serial[15], 0xef);
}
END_TEST

START_TEST(what_ends)
{
	static const struct {
		const char *act;
		bool ends;
	} rows[] = {
		{ "certificate.revoked", true },
		{ "certificate.abandoned", true },
		{ "certificate.held", true },
		{ "certificate.released", true },
		{ "ca.revoked", true },
		{ "tenant.suspended", true },
		{ "ledger.merged", true },
		{ "certificate.issued", false },
		{ "request.refused", false },
		{ "revoked.certificate", false },
		{ "certificate.revokedd", false },
		{ "", false },
		{ ".", false },
	};
	char line[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)snprintf(line, sizeof(line), "{\"act\":\"%s\"}", rows[i].act);
		ck_assert(bundle_line(octets_text(line), &l));
		ck_assert_msg(bundle_line_revokes(&l) == rows[i].ends, "%s", rows[i].act);
	}
}
END_TEST

START_TEST(serials_that_were_met)
{
	struct bundle_serials s = { .at = NULL };
	uint8_t serial[TBS_SERIAL_OCTETS] = { 0 };
	bool fresh;

	for (int round = 0; round < 2; round++)
		for (unsigned i = 0; i < 5000; i++) {
			memcpy(serial + 4, &i, sizeof(i)); /* the first is the one of zeros */
			ck_assert(bundle_serials_add(&s, serial, &fresh, &f));
			ck_assert_msg(fresh == (round == 0), "%u in round %d", i, round);
		}
	ck_assert_uint_eq(s.n, 4999);
	bundle_serials_free(&s);
}
END_TEST

START_TEST(serials_of_certificates)
{
	struct ground g;
	uint8_t serial[TBS_SERIAL_OCTETS];
	const struct ground_cert *c;

	ground_new(&g);
	c = ground_leaf(&g, g.acme, "printer", "hp-1");
	ck_assert(bundle_der_serial(octets_bytes(&c->der), serial));
	ck_assert_mem_eq(serial, c->serial, sizeof(serial));
	ck_assert(!bundle_der_serial(octets_of(c->der.at, c->der.n - 1), serial));
	ck_assert(!bundle_der_serial(octets_of(c->der.at, 0), serial));
	ck_assert(!bundle_der_serial(JOIN(octets_bytes(&c->der), RAW("\0")), serial));
	ck_assert(!bundle_der_serial(SEQ(SEQ(TLV(DER_INTEGER, RAW("\1")))), serial));
	forge_free();
	ground_free(&g);
}
END_TEST

/* --- views --------------------------------------------------------------------------------------
 */

static const uint8_t leaf[LOG_HASH_OCTETS] = { 0xab };

/* The view of an entry with this reason, which is put in as JSON has it. */
static const char *
viewed(bundle_view *view, const char *reason)
{
	static char text[2048];
	struct bytes b = { 0 };
	char line[512];

	(void)snprintf(line, sizeof(line),
	    "{\"act\":\"test.done\",\"at\":\"2026-11-22T14:30:00Z\",\"n\":3,\"prev\":\"00\",\"reason\":%s}",
	    reason);
	ck_assert_msg(view(octets_text(line), leaf, &b, &f), "%s", f.text);
	ck_assert_uint_lt(b.n, sizeof(text));
	memcpy(text, b.at, b.n);
	text[b.n] = '\0';
	ck_assert_uint_eq(strlen(text), b.n);
	bytes_free(&b);
	return text;
}

/* The cell of the reason. */
static const char *
cell(const char *reason)
{
	static char text[2048];
	char *at = NULL, *end;
	int n = 0;

	(void)snprintf(text, sizeof(text), "%s", viewed(bundle_csv, reason));
	for (at = text; n < 11; n++) { /* no cell before it has a comma */
		ck_assert_ptr_nonnull(at = strstr(at, "\","));
		at += 2;
	}
	ck_assert_ptr_nonnull(end = strstr(at, "\",\"ab"));
	end[1] = '\0';
	return at;
}

START_TEST(csv_cells)
{
	static const struct {
		const char *reason, *cell;
	} rows[] = {
		{ "\"plain\"", "\"plain\"" },
		{ "\"a,b\"", "\"a,b\"" },
		{ "\"say \\\"x\\\"\"", "\"say \"\"x\"\"\"" },
		{ "\"=1+1\"", "\"'=1+1\"" },
		{ "\"+1\"", "\"'+1\"" },
		{ "\"-1\"", "\"'-1\"" },
		{ "\"@SUM(A1)\"", "\"'@SUM(A1)\"" },
		{ "\"  =1\"", "\"'  =1\"" },
		{ "\"\\t=1\"", "\"\\x09=1\"" },
		{ "\"a\\r\\nb\"", "\"a\\x0d\\x0ab\"" },
		{ "\"\\u001b[31m\"", "\"\\x1b[31m\"" },
		{ "\"\\u202eabc\"", "\"\\xe2\\x80\\xaeabc\"" },
		{ "\"\\u2028\"", "\"\\xe2\\x80\\xa8\"" },
		{ "\"\\u0085\"", "\"\\xc2\\x85\"" },
		{ "\"\xc3\xa9\"", "\"\xc3\xa9\"" },
		{ "\"back\\\\slash\"", "\"back\\slash\"" },
		{ "\"\\\\x0d\"", "\"\\x0d\"" }, /* what the log escaped stays readable */
		{ "17", "\"17\"" },
		{ "-17", "\"'-17\"" },
		{ "[\"\\u202e\"]", "\"[\"\"\\xe2\\x80\\xae\"\"]\"" },
		{ "[\"=1\"]", "\"[\"\"=1\"\"]\"" },
		{ "\"\"", "\"\"" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_str_eq(cell(rows[i].reason), rows[i].cell);
}
END_TEST

START_TEST(csv_row)
{
	struct bytes b = { 0 };

	bundle_csv_head(&b);
	ck_assert(octets_same(octets_bytes(&b),
	    RAW("\"n\",\"at\",\"act\",\"by\",\"from\",\"rule\",\"policy\",\"name\",\"serial\",\"certificate\",\"profile\",\"reason\",\"leaf\",\"more\"\r\n")));
	bytes_clear(&b);
	ck_assert(
	    bundle_csv(RAW("{\"act\":\"a.b\",\"n\":1,\"prev\":\"00\",\"zeal\":{\"x\":[1,\"=2\"]}}"),
		leaf, &b, &f));
	ck_assert(octets_same(octets_bytes(&b),
	    RAW("\"1\",\"\",\"a.b\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"ab00000000000000000000000000000000000000000000000000000000000000\",\"{\"\"zeal\"\":{\"\"x\"\":[1,\"\"=2\"\"]}}\"\r\n")));
	bytes_free(&b);
}
END_TEST

START_TEST(cef_fields)
{
	static const struct {
		const char *reason, *field;
	} rows[] = {
		{ "\"plain\"", " reason=plain " },
		{ "\"a=b\"", " reason=a\\=b " },
		{ "\"a|b\"", " reason=a|b " },
		{ "\"a\\\\b\"", " reason=a\\\\b " },
		{ "\"a\\nb\"", " reason=a\\\\x0ab " },
		{ "\"a\\r\\nCEF:0|x\"", " reason=a\\\\x0d\\\\x0aCEF:0|x " },
		{ "\"\\u202e\"", " reason=\\\\xe2\\\\x80\\\\xae " },
	};
	const char *said;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		said = viewed(bundle_cef, rows[i].reason);
		ck_assert_msg(strstr(said, rows[i].field) != NULL, "row %zu: %s", i, said);
		ck_assert_ptr_eq(strchr(said, '\n'), said + strlen(said) - 1);
	}
}
END_TEST

START_TEST(cef_header)
{
	static const char line[] = "{\"act\":\"a|b\\\\c=d\\n\",\"n\":1}";
	struct bytes b = { 0 };

	ck_assert(bundle_cef(octets_text(line), leaf, &b, &f));
	ck_assert(octets_same(octets_bytes(&b),
	    RAW("CEF:0|quatrain|log|1|a\\|b\\\\c=d\\\\x0a|a\\|b\\\\c=d\\\\x0a|3|externalId=1 cs5Label=leaf cs5=ab00000000000000000000000000000000000000000000000000000000000000\n")));
	bytes_clear(&b);
	ck_assert(bundle_cef(RAW("{\"leaf\":\"ab\",\"n\":1,\"redacted\":7}"), leaf, &b, &f));
	ck_assert_ptr_nonnull(memmem(b.at, b.n, "|redacted|redacted|3|", 21));
	bytes_free(&b);
}
END_TEST

START_TEST(views_of_no_json)
{
	static const char *const rows[] = { "", "{", "\xff", "{\"a\":\"\xff\"}",
		"{\"a\":1,\"a\":2}" };
	struct bytes b = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_msg(!bundle_csv(octets_text(rows[i]), leaf, &b, &f), "row %zu", i);
		ck_assert_msg(!bundle_cef(octets_text(rows[i]), leaf, &b, &f), "row %zu", i);
	}
	bytes_free(&b);
}
END_TEST

/* --- ranges -------------------------------------------------------------------------------------
 */

static struct ground g;
static uint8_t leaves[64][LOG_HASH_OCTETS];
static uint64_t all;

static void
setup(void)
{
	struct log_edge e;

	ground_new(&g);
	for (int i = 0; i < ENTRIES; i++)
		ck_assert(log_append(
		    g.acme->ledger, log_entry("test.done", &g.why), g.now_s + i, NULL, &f));
	ground_commit(g.acme->ledger);
	ck_assert(log_edge_read(g.acme->ledger, &e, &f));
	all = e.size;
	ck_assert_uint_le(all, 64);
	for (uint64_t i = 0; i < all; i++)
		ck_assert(log_leaf_at(g.acme->ledger, i, leaves[i], &f));
}

static void
teardown(void)
{
	ground_free(&g);
}

static void
root_of(uint64_t size, uint8_t to[static LOG_HASH_OCTETS])
{
	struct log_edge e = { .size = 0 };

	for (uint64_t i = 0; i < size; i++)
		log_edge_add(&e, leaves[i]);
	log_edge_root(&e, to);
}

/* Do the leaves from from on lead to the root, by the proof? */
static bool
leads(const struct bundle_range *r, unsigned touched)
{
	struct log_edge e = { .size = r->from };
	uint8_t root[LOG_HASH_OCTETS], want[LOG_HASH_OCTETS], one[LOG_HASH_OCTETS];

	for (size_t i = 0; i < r->left.n; i++)
		memcpy(e.node[i], r->left.node[i], LOG_HASH_OCTETS);
	for (uint64_t i = r->from; i < r->to; i++) {
		memcpy(one, leaves[i], sizeof(one));
		one[0] ^= (uint8_t)(i == touched);
		log_edge_add(&e, one);
	}
	log_edge_root(&e, root);
	root_of(r->size, want);
	return log_path_extends(&r->path, r->to, root, r->size, want);
}

START_TEST(every_range_of_every_tree)
{
	struct bundle_range r, again;
	struct bytes b = { 0 };

	for (uint64_t size = 1; size <= all; size++)
		for (uint64_t to = 1; to <= size; to++)
			for (uint64_t from = 0; from < to; from++) {
				ck_assert(
				    bundle_range_make(g.acme->ledger, from, to, size, &r, &f));
				ck_assert(leads(&r, 64));
				ck_assert(!leads(&r, (unsigned)(to - 1)));
				bytes_clear(&b);
				ck_assert(bundle_range_write(&r, &b, &f));
				ck_assert_msg(
				    bundle_range_read(octets_bytes(&b), "range", &again, &f), "%s",
				    f.text);
				ck_assert(leads(&again, 64));
			}
	bytes_free(&b);
}
END_TEST

START_TEST(no_ranges)
{
	const uint64_t rows[][3] = { { 0, 0, 1 }, { 1, 1, 2 }, { 2, 1, 3 }, { 0, 3, 2 },
		{ 0, 1, 0 }, { 5, 7, 6 }, { all, all + 1, all + 1 }, { 0, 1, all + 1 } };
	struct bundle_range r;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(
		    !bundle_range_make(g.acme->ledger, rows[i][0], rows[i][1], rows[i][2], &r, &f),
		    "row %zu", i);
}
END_TEST

START_TEST(ranges_spelled_another_way)
{
#define H "\"0000000000000000000000000000000000000000000000000000000000000000\""
	static const char *const rows[] = { "", "{}", "null",
		"{\"consistency\":[],\"from\":0,\"left\":[],\"size\":1,\"to\":1} ",
		"{\"from\":0,\"consistency\":[],\"left\":[],\"size\":1,\"to\":1}",
		"{\"consistency\":[],\"from\":0,\"left\":[],\"size\":1,\"to\":0}",
		"{\"consistency\":[],\"from\":1,\"left\":[" H "],\"size\":1,\"to\":1}",
		"{\"consistency\":[],\"from\":0,\"left\":[],\"size\":1,\"to\":2}",
		"{\"consistency\":[],\"from\":0,\"left\":[" H "],\"size\":1,\"to\":1}",
		"{\"consistency\":[],\"from\":3,\"left\":[" H "],\"size\":4,\"to\":4}",
		"{\"consistency\":[\"00\"],\"from\":0,\"left\":[],\"size\":1,\"to\":1}",
		"{\"consistency\":[1],\"from\":0,\"left\":[],\"size\":1,\"to\":1}",
		"{\"consistency\":{},\"from\":0,\"left\":[],\"size\":1,\"to\":1}",
		"{\"consistency\":[],\"from\":-1,\"left\":[],\"size\":1,\"to\":1}",
		"{\"consistency\":[],\"from\":0,\"left\":[],\"size\":1.0,\"to\":1}",
		"{\"consistency\":[],\"from\":0,\"left\":[],\"more\":1,\"size\":1,\"to\":1}",
		"{\"consistency\":[],\"from\":0,\"size\":1,\"to\":1}" };
	struct bundle_range r;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_msg(
		    !bundle_range_read(octets_text(rows[i]), "range", &r, &f), "row %zu", i);
		ck_assert_int_eq(f.code, FAULT_BADREQ);
	}
	ck_assert(bundle_range_read(
	    RAW("{\"consistency\":[],\"from\":0,\"left\":[],\"size\":1,\"to\":1}"), "range", &r,
	    &f));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("bundle_line");
	TCase *pure = tcase_create("pure"), *t = tcase_create("log");

	tcase_add_test(pure, members_at_the_top);
	tcase_add_test(pure, acts_without_a_certificate);
	tcase_add_test(pure, serials_that_are_asked_for);
	tcase_add_test(pure, empty_object);
	tcase_add_test(pure, no_objects);
	tcase_add_test(pure, numbers_that_are_none);
	tcase_add_test(pure, serials_of_lines);
	tcase_add_test(pure, what_ends);
	tcase_add_test(pure, serials_that_were_met);
	tcase_add_test(pure, serials_of_certificates);
	tcase_add_test(pure, csv_cells);
	tcase_add_test(pure, csv_row);
	tcase_add_test(pure, cef_fields);
	tcase_add_test(pure, cef_header);
	tcase_add_test(pure, views_of_no_json);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, every_range_of_every_tree);
	tcase_add_test(t, no_ranges);
	tcase_add_test(t, ranges_spelled_another_way);
	suite_add_tcase(s, pure);
	suite_add_tcase(s, t);
	return run_suite(s);
}
