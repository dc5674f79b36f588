/* tests/unit/exported.c - what an export is of: read from a body, told in an entry, and read again.
 */
#include <check.h>
#include <string.h>

#include "daemon/exported.h"
#include "tests/unit/run.h"

static struct fault f;

static bool
reads(const char *text, struct exported *ret)
{
	struct json *j;
	bool ok;

	ck_assert_msg(json_parse(octets_text(text), &j, &f), "%s: %s", text, f.text);
	ok = exported_read(j, ret, &f);
	json_free(j);
	return ok;
}

START_TEST(refused)
{
	static const char *const rows[] = { "{\"range\":[]}", "{\"range\":0}",
		"{\"range\":\"all\"}", "{\"range\":null}", "{\"range\":{\"from_index\":-1}}",
		"{\"range\":{\"from_index\":1.5}}", "{\"range\":{\"to_index\":\"7\"}}",
		"{\"range\":{\"from_index\":2,\"to_index\":1}}",
		"{\"range\":{\"to_index\":9007199254740991}}", "{\"range\":{\"from\":\"today\"}}",
		"{\"range\":{\"from\":7}}", "{\"range\":{\"to\":\"2026-11-22\"}}",
		"{\"range\":{\"from\":\"2026-11-22T14:30:00\"}}",
		"{\"range\":{\"from\":\"2026-11-22T14:30:01Z\",\"to\":\"2026-11-22T14:30:00Z\"}}",
		"{\"range\":{\"from\":\"2026-11-22T14:30:00Z\",\"to_index\":4}}",
		"{\"range\":{\"from_index\":0,\"until\":1}}", "{\"format\":\"pdf\"}",
		"{\"format\":\"\"}", "{\"format\":\"CSV\"}", "{\"format\":1}", "{\"format\":null}",
		"{\"names\":1}", "{\"names\":\"true\"}", "{\"names\":null}", "{\"names\":[]}",
		"{\"approval\":\"0123456789abcdef\"}",
		"{\"names\":false,\"approval\":\"0123456789abcdef\"}",
		"{\"names\":true,\"approval\":\"0123456789abcde\"}",
		"{\"names\":true,\"approval\":\"0123456789abcdef0\"}",
		"{\"names\":true,\"approval\":7}", "{\"names\":true,\"approval\":null}" };
	struct exported e;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_msg(!reads(rows[i], &e), "%s is taken", rows[i]);
		ck_assert_int_eq(f.code, FAULT_BADREQ);
	}
}
END_TEST

/* Told as it was asked: what an entry says is read again as the same. */
START_TEST(the_same_again)
{
	static const struct {
		const char *asked, *told;
	} rows[] = {
		{ "{}",
		    "{\"format\":\"jsonl\",\"names\":false,\"range\":{\"from_index\":0,\"to_index\":9}}" },
		{ "{\"names\":true,\"format\":\"csv\",\"approval\":\"0123456789abcdef\"}",
		    "{\"approval\":\"0123456789abcdef\",\"format\":\"csv\",\"names\":true,\"range\":{\"from_index\":0,\"to_index\":9}}" },
		{ "{\"range\":{\"from_index\":3,\"to_index\":7},\"format\":\"cef\",\"names\":false}",
		    "{\"format\":\"cef\",\"names\":false,\"range\":{\"from_index\":3,\"to_index\":7}}" },
		{ "{\"range\":{\"to\":\"2026-11-22T14:30:00Z\"}}",
		    "{\"format\":\"jsonl\",\"names\":false,\"range\":{\"to\":\"2026-11-22T14:30:00Z\"}}" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *text = rows[i].asked;

		for (int turn = 0; turn < 2; turn++, text = rows[i].told) {
			struct json *j = json_object();
			struct bytes told = { 0 };
			struct exported e;

			ck_assert_msg(reads(text, &e), "%s: %s", text, f.text);
			if (e.to > 9)
				e.to = 9;
			exported_put(&e, j);
			ck_assert(json_write(j, &told, &f));
			ck_assert(octets_same(octets_bytes(&told), octets_text(rows[i].told)));
			bytes_free(&told);
			json_free(j);
		}
	}
}
END_TEST

START_TEST(what_is_in_it)
{
	struct exported e;

	ck_assert(reads("{\"range\":{\"from_index\":3,\"to_index\":7}}", &e));
	ck_assert(!exported_has(&e, 2, 0));
	ck_assert(exported_has(&e, 3, 0));
	ck_assert(exported_has(&e, 7, -1));
	ck_assert(!exported_has(&e, 8, -1));
	ck_assert(reads(
	    "{\"range\":{\"from\":\"1970-01-01T00:01:40Z\",\"to\":\"1970-01-01T00:03:20Z\"}}", &e));
	ck_assert(!exported_has(&e, 5, 99));
	ck_assert(exported_has(&e, 5, 100));
	ck_assert(exported_has(&e, 5, 200));
	ck_assert(!exported_has(&e, 5, 201));
	ck_assert(exported_has(&e, 5, -1)); /* a redacted one tells no time */
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("exported");
	TCase *t = tcase_create("exported");

	tcase_add_test(t, refused);
	tcase_add_test(t, the_same_again);
	tcase_add_test(t, what_is_in_it);
	suite_add_tcase(s, t);
	return run_suite(s);
}
