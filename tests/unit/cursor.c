/* tests/unit/cursor.c - daemon/cursor.h: a cursor is good for its list alone, and for no other
 * octet. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cursor.h"
#include "tests/unit/forge.h"
#include "tests/unit/run.h"

#define LIST RAW("/v1/tenants/acme/tokens")

static struct fault f;

/* The text of key's cursor, of the list. */
static void
make(struct octets list, struct octets key, char to[static CURSOR_TEXT])
{
	struct json *page = json_object();
	struct bytes text = { 0 };

	cursor_put(page, list, key);
	ck_assert(json_write(page, &text, &f));
	ck_assert_uint_lt(strlen(json_text(page, "next")), CURSOR_TEXT);
	(void)snprintf(to, CURSOR_TEXT, "%s", json_text(page, "next"));
	bytes_free(&text);
	json_free(page);
}

static bool
reads(struct octets list, const char *text, size_t size, struct octets want)
{
	uint8_t key[STORE_KEY_MAX];
	size_t n = 99;
	bool ok;

	f = (struct fault){ 0 };
	ok = cursor_read(list, text, key, size, &n, &f);
	if (!ok)
		ck_assert_uint_eq(f.code, FAULT_BADREQ);
	return ok && octets_same(octets_of(key, n), want);
}

START_TEST(comes_back)
{
	uint8_t key[STORE_KEY_MAX];
	char text[CURSOR_TEXT];

	for (size_t n = 1; n <= sizeof(key); n++) {
		memset(key, (int)n, sizeof(key));
		make(LIST, octets_of(key, n), text);
		ck_assert_uint_eq(strlen(text), (n + CURSOR_SUM) * 2);
		ck_assert(reads(LIST, text, sizeof(key), octets_of(key, n)));
		ck_assert(reads(LIST, text, n, octets_of(key, n)));
		ck_assert(!reads(LIST, text, n - 1, octets_of(key, n)));
	}
	ck_assert(reads(LIST, "", sizeof(key), octets_of(key, 0)));
}
END_TEST

START_TEST(every_changed_letter)
{
	static const char digits[] = "0123456789abcdef";
	const struct octets key = RAW("\x01\x02 acme");
	char text[CURSOR_TEXT], was;

	make(LIST, key, text);
	for (size_t i = 0; text[i] != '\0'; i++) {
		was = text[i];
		for (size_t d = 0; d < 16; d++) {
			text[i] = digits[d];
			ck_assert(reads(LIST, text, STORE_KEY_MAX, key) == (text[i] == was));
		}
		for (const char *c = "gAF %+"; *c != '\0'; c++) {
			text[i] = *c;
			ck_assert(!reads(LIST, text, STORE_KEY_MAX, key));
		}
		text[i] = was;
	}
}
END_TEST

START_TEST(cut_and_grown)
{
	const struct octets key = RAW("acme");
	char text[CURSOR_TEXT], other[CURSOR_TEXT + 8];

	make(LIST, key, text);
	for (size_t n = 1; n < strlen(text); n++) {
		(void)snprintf(other, sizeof(other), "%.*s", (int)n, text);
		ck_assert(!reads(LIST, other, STORE_KEY_MAX, key));
		ck_assert(!reads(LIST, text + n, STORE_KEY_MAX, key));
	}
	(void)snprintf(other, sizeof(other), "%s0", text);
	ck_assert(!reads(LIST, other, STORE_KEY_MAX, key));
	(void)snprintf(other, sizeof(other), "%s00", text);
	ck_assert(!reads(LIST, other, STORE_KEY_MAX, key));
	memset(other, 'a', sizeof(other) - 1);
	other[sizeof(other) - 1] = '\0';
	ck_assert(!reads(LIST, other, STORE_KEY_MAX, key));
}
END_TEST

START_TEST(of_another_list)
{
	static const char *const lists[] = { "/v1/tenants/beta/tokens", "/v1/tenants/acme/devices",
		"/v1/tenants/acme/token", "/v1/tenants/acme/tokens/", "",
		"/v1/tenants/acme/tokensa" };
	const struct octets key = RAW("acme");
	char text[CURSOR_TEXT];

	make(LIST, key, text);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		ck_assert(!reads(octets_text(lists[i]), text, STORE_KEY_MAX, key));
}
END_TEST

START_TEST(too_long_a_key_is_never_told)
{
	static const uint8_t key[STORE_KEY_MAX + 1];
	struct json *page = json_object();
	struct bytes text = { 0 };

	cursor_put(page, LIST, octets_of(key, sizeof(key)));
	ck_assert(!json_write(page, &text, &f));
	json_free(page);
	bytes_free(&text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("cursor");
	TCase *t = tcase_create("cursor");

	tcase_add_test(t, comes_back);
	tcase_add_test(t, every_changed_letter);
	tcase_add_test(t, cut_and_grown);
	tcase_add_test(t, of_another_list);
	tcase_add_test(t, too_long_a_key_is_never_told);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
