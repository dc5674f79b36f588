/* tests/unit/arena.c - base/arena.h: pieces that keep what they hold, are aligned, and end
 * together. */
#include <check.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

START_TEST(pieces)
{
	struct arena a = { 0 };
	struct octets texts[3000];
	uint64_t *numbers[3000];
	char text[32];
	struct fault f;

	for (size_t i = 0; i < 3000; i++) {
		(void)snprintf(text, sizeof(text), "text %zu", i);
		texts[i] = arena_copy(&a, octets_text(text));
		numbers[i] = arena_take(&a, 1 + i % 7, sizeof(*numbers[i]));
		ck_assert_ptr_nonnull(numbers[i]);
		ck_assert_uint_eq((uintptr_t)numbers[i] % alignof(max_align_t), 0);
		for (size_t k = 0; k < 1 + i % 7; k++)
			ck_assert_uint_eq(numbers[i][k], 0);
		memset(numbers[i], 0xa5, (1 + i % 7) * sizeof(*numbers[i]));
	}
	for (size_t i = 0; i < 3000; i++) {
		(void)snprintf(text, sizeof(text), "text %zu", i);
		ck_assert_str_eq((const char *)texts[i].at, text); /* the NUL too */
		ck_assert_uint_eq(texts[i].n, strlen(text));
	}
	ck_assert(arena_ok(&a, &f));
	arena_free(&a);
	ck_assert_ptr_nonnull(arena_take(&a, 1, 1)); /* ready for use again */
	arena_free(&a);
	arena_free(&a);
}
END_TEST

START_TEST(large_and_empty)
{
	static const char from[] = "abc";
	struct arena a = { 0 };
	uint8_t *large = arena_take(&a, 3, 1u << 20);
	char *copy = arena_copy_of(&a, from, sizeof(from), 1);

	ck_assert_ptr_nonnull(large);
	ck_assert(large[0] == 0 && large[(3u << 20) - 1] == 0);
	memset(large, 1, 3u << 20);
	ck_assert_str_eq(copy, from);
	ck_assert_ptr_nonnull(arena_take(&a, 0, 8));
	ck_assert_ptr_nonnull(arena_copy_of(&a, NULL, 0, 8));
	ck_assert_ptr_nonnull(arena_copy(&a, (struct octets){ 0 }).at);
	arena_free(&a);
}
END_TEST

/* What cannot be had is remembered, and what was had stays. */
START_TEST(too_much)
{
	struct arena a = { 0 };
	struct octets kept = arena_copy(&a, octets_text("kept"));
	struct fault f = { 0 };

	ck_assert_ptr_null(arena_take(&a, SIZE_MAX / 4, 8));
	ck_assert(!arena_ok(&a, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ck_assert_ptr_null(arena_take(&a, 1, 1));
	ck_assert_ptr_null(arena_copy(&a, octets_text("x")).at);
	ck_assert_str_eq((const char *)kept.at, "kept");
	arena_free(&a);
	ck_assert_ptr_null(arena_take(&a, SIZE_MAX, 1));
	ck_assert(!arena_ok(&a, &f));
	arena_free(&a);
	ck_assert(arena_ok(&a, &f));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("arena");
	TCase *t = tcase_create("arena");
	SRunner *r = srunner_create(suite);

	tcase_add_test(t, pieces);
	tcase_add_test(t, large_and_empty);
	tcase_add_test(t, too_much);
	suite_add_tcase(suite, t);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
