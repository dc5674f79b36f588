/* tests/unit/precondition.c - daemon/precondition.h and base/box.h: tags of before, and sealed
 * octets. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/box.h"
#include "daemon/precondition.h"
#include "tests/unit/run.h"

#define TAG "\"1f00\""

static struct fault f;

START_TEST(headers)
{
	static const struct {
		const char *header;
		bool holds, has; /* If-Match, If-None-Match */
		enum fault_code code;
	} rows[] = {
		{ "*", true, true, 0 },
		{ TAG, true, true, 0 },
		{ "\"a\", " TAG, true, true, 0 },
		{ TAG ",\"a\"", true, true, 0 },
		{ "\t" TAG " ", true, true, 0 },
		{ "\"\"," TAG, true, true, 0 },
		{ "W/" TAG, false, true, FAULT_STALE },
		{ "W/\"a\", W/" TAG, false, true, FAULT_STALE },
		{ "\"1f\"", false, false, FAULT_STALE },
		{ "\"1F00\"", false, false, FAULT_STALE },
		{ "\"\"", false, false, FAULT_STALE },
		{ "1f00", false, false, FAULT_BADREQ },
		{ "\"1f00", false, false, FAULT_BADREQ },
		{ "\"", false, false, FAULT_BADREQ },
		{ TAG ",", false, false, FAULT_BADREQ },
		{ "," TAG, false, false, FAULT_BADREQ },
		{ TAG " " TAG, false, false, FAULT_BADREQ },
		{ TAG "x", false, false, FAULT_BADREQ },
		{ "w/" TAG, false, false, FAULT_BADREQ },
		{ "*, " TAG, false, false, FAULT_BADREQ },
		{ "W/", false, false, FAULT_BADREQ },
		{ " ", false, false, FAULT_BADREQ },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct octets o = octets_text(rows[i].header);

		f = (struct fault){ 0 };
		ck_assert_msg(
		    precondition_match(o, TAG, true, &f) == rows[i].holds, "%s", rows[i].header);
		ck_assert_msg(f.code == rows[i].code, "%s: %s", rows[i].header, f.text);
		ck_assert_msg(precondition_has(o, TAG) == rows[i].has, "%s", rows[i].header);
	}
}
END_TEST

START_TEST(none)
{
	ck_assert(precondition_match(octets_of(NULL, 0), TAG, false, &f));
	ck_assert(!precondition_match(octets_of(NULL, 0), TAG, true, &f));
	ck_assert_int_eq(f.code, FAULT_BLIND);
	ck_assert(!precondition_has(octets_of(NULL, 0), TAG));
}
END_TEST

/* A list that is cut anywhere reads nothing behind its end. */
START_TEST(cut_anywhere)
{
	static const char list[] = "W/\"a\" , \"bb\",\t" TAG;

	for (size_t n = 0; n < sizeof(list); n++) {
		uint8_t *copy = malloc(n == 0 ? 1 : n);

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, list, n);
		(void)precondition_has(octets_of(copy, n), TAG);
		ck_assert_int_eq(
		    precondition_match(octets_of(copy, n), TAG, true, &f), n == sizeof(list) - 1);
		free(copy);
	}
}
END_TEST

START_TEST(boxes)
{
	struct bytes box = { 0 }, out = { 0 };
	struct secret key, other, little;

	ck_assert(secret_random(32, &key, &f) && secret_random(32, &other, &f) &&
		  secret_random(8, &little, &f));
	ck_assert(box_seal(&key, "answer", octets_text("secret"), &box, &f));
	ck_assert(box_open(&key, "answer", octets_bytes(&box), &out, &f));
	ck_assert(octets_same(octets_bytes(&out), octets_text("secret")));
	ck_assert(!box_open(&other, "answer", octets_bytes(&box), &out, &f));
	ck_assert_int_eq(f.code, FAULT_AUTH);
	ck_assert(!box_open(&key, "another", octets_bytes(&box), &out, &f));
	ck_assert(!box_open(&little, "answer", octets_bytes(&box), &out, &f));
	ck_assert(!box_seal(&little, "answer", octets_text("secret"), &out, &f));
	for (size_t i = 0; i < box.n; i++) {
		box.at[i] ^= 1;
		ck_assert(!box_open(&key, "answer", octets_bytes(&box), &out, &f));
		box.at[i] ^= 1;
		ck_assert(!box_open(&key, "answer", octets_of(box.at, i), &out, &f));
	}
	ck_assert(
	    octets_same(octets_bytes(&out), octets_text("secret"))); /* refusals add nothing */
	bytes_clear(&box);
	bytes_clear(&out);
	ck_assert(box_seal(&key, "answer", octets_of(NULL, 0), &box, &f)); /* nothing at all */
	ck_assert(box_open(&key, "answer", octets_bytes(&box), &out, &f));
	ck_assert_uint_eq(out.n, 0);
	bytes_free(&box);
	bytes_free(&out);
	secret_free(&key);
	secret_free(&other);
	secret_free(&little);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("precondition");
	TCase *t = tcase_create("precondition");

	if (!secret_start(&f))
		return EXIT_FAILURE;
	tcase_add_test(t, headers);
	tcase_add_test(t, none);
	tcase_add_test(t, cut_anywhere);
	tcase_add_test(t, boxes);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
