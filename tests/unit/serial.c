/* tests/unit/serial.c - ca/serial.h: numbers that no certificate had before.
 *
 * The linker puts a generator of ours in place of secret_nonce() for this program alone. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "ca/intent.h"
#include "ca/serial.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

#define DRAWS 1000000

void real_nonce(void *at, size_t n) __asm__("__real_secret_nonce");
void fake_nonce(void *at, size_t n) __asm__("__wrap_secret_nonce");

static struct {
	size_t left; /* so many of fixed are yet to come; then chance again */
	const uint8_t (*fixed)[TBS_SERIAL_OCTETS];
} fake;

void
fake_nonce(void *at, size_t n)
{
	if (fake.left == 0 || n != TBS_SERIAL_OCTETS) {
		real_nonce(at, n);
		return;
	}
	memcpy(at, fake.fixed++, n);
	fake.left--;
}

static struct ground g;
static struct fault f;

static void
setup(void)
{
	ground_new(&g);
}

static void
teardown(void)
{
	fake.left = 0;
	ground_free(&g);
}

static int
by_octets(const void *a, const void *b)
{
	return memcmp(a, b, TBS_SERIAL_OCTETS);
}

/* Unique, positive and never short; each octet spread as chance spreads it: chi-square with 255
 * degrees of freedom (126 for the first) beyond 400 would come once in ten million runs. */
START_TEST(row_24_a_million_serials)
{
	uint8_t(*drawn)[TBS_SERIAL_OCTETS] = malloc(sizeof(*drawn) * DRAWS);
	static size_t seen[TBS_SERIAL_OCTETS][256];

	ck_assert_ptr_nonnull(drawn);
	for (size_t i = 0; i < DRAWS; i++) {
		serial_draw(drawn[i]);
		ck_assert(drawn[i][0] >= 0x01 && drawn[i][0] <= 0x7f);
		for (size_t o = 0; o < TBS_SERIAL_OCTETS; o++)
			seen[o][drawn[i][o]]++;
	}
	for (size_t o = 0; o < TBS_SERIAL_OCTETS; o++) {
		size_t from = o == 0 ? 1 : 0, to = o == 0 ? 128 : 256;
		double want = (double)DRAWS / (double)(to - from), chi = 0;

		for (size_t v = from; v < to; v++)
			chi += ((double)seen[o][v] - want) * ((double)seen[o][v] - want) / want;
		ck_assert_msg(chi < 400 && chi > (o == 0 ? 50 : 130), "octet %zu: %f", o, chi);
	}
	qsort(drawn, DRAWS, sizeof(*drawn), by_octets);
	for (size_t i = 1; i < DRAWS; i++)
		ck_assert_msg(by_octets(drawn[i - 1], drawn[i]) != 0, "draw %zu came twice", i);
	free(drawn);
}
END_TEST

START_TEST(row_25_a_taken_serial_is_drawn_again)
{
	const struct ground_cert *leaf = ground_leaf(&g, g.acme, "printer", "a");
	uint8_t fixed[3][TBS_SERIAL_OCTETS], made[TBS_SERIAL_OCTETS];
	struct bytes before = { 0 }, after = { 0 };
	struct standing s;

	ck_assert(ledger_standing(g.acme->ledger, leaf->serial, &s, &f));
	ck_assert(ledger_certificate(g.acme->ledger, s.id, &before, &f));
	memcpy(fixed[0], leaf->serial, TBS_SERIAL_OCTETS);
	memcpy(fixed[1], leaf->serial, TBS_SERIAL_OCTETS);
	memset(fixed[2], 0x33, TBS_SERIAL_OCTETS);
	fake.fixed = (const uint8_t(*)[TBS_SERIAL_OCTETS])fixed;
	fake.left = 3;
	memcpy(made, ground_leaf(&g, g.acme, "printer", "b")->serial, sizeof(made));
	ck_assert_uint_eq(fake.left, 0);
	ck_assert_mem_eq(made, fixed[2], sizeof(made));
	ck_assert(ledger_certificate(g.acme->ledger, s.id, &after, &f));
	ck_assert(octets_same(octets_bytes(&before), octets_bytes(&after)));
	bytes_free(&before);
	bytes_free(&after);
}
END_TEST

/* One that is pending in the same batch is taken, too. */
START_TEST(row_25_a_serial_of_the_same_round)
{
	uint8_t fixed[4][TBS_SERIAL_OCTETS] = { { 0 } }, made[TBS_SERIAL_OCTETS];
	const struct intent i = { .standing.state = STANDING_PENDING };

	memset(fixed, 0x44, sizeof(fixed));
	memset(fixed[3], 0x55, TBS_SERIAL_OCTETS);
	fake.fixed = (const uint8_t(*)[TBS_SERIAL_OCTETS])fixed;
	fake.left = 4;
	ck_assert(serial_fresh(g.acme->ledger, made, &f));
	ck_assert_mem_eq(made, fixed[0], sizeof(made));
	ck_assert(intent_put(g.acme->ledger, made, &i, &f));
	ck_assert(serial_fresh(g.acme->ledger, made, &f));
	ck_assert_mem_eq(made, fixed[3], sizeof(made));
}
END_TEST

START_TEST(row_25_a_broken_generator_is_no_source)
{
	const struct ground_cert *leaf = ground_leaf(&g, g.acme, "printer", "a");
	uint8_t fixed[SERIAL_TRIES][TBS_SERIAL_OCTETS], made[TBS_SERIAL_OCTETS];

	for (size_t i = 0; i < SERIAL_TRIES; i++)
		memcpy(fixed[i], leaf->serial, TBS_SERIAL_OCTETS);
	fake.fixed = (const uint8_t(*)[TBS_SERIAL_OCTETS])fixed;
	fake.left = SERIAL_TRIES;
	ck_assert(!serial_fresh(g.acme->ledger, made, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
}
END_TEST

/* Never negative, never short: such draws are drawn again or bent. */
START_TEST(draws_at_the_edges)
{
	static const uint8_t fixed[][TBS_SERIAL_OCTETS] = { { 0x00, 1 }, { 0x80, 2 }, { 0xff, 3 },
		{ 0x01, 4 }, { 0x7f, 5 } };
	static const uint8_t want[] = { 0x7f, 0x01, 0x7f };
	uint8_t made[TBS_SERIAL_OCTETS];

	fake.fixed = fixed;
	fake.left = 5;
	for (size_t i = 0; i < 3; i++) {
		serial_draw(made);
		ck_assert_uint_eq(made[0], want[i]);
		ck_assert_uint_eq(made[1], i + 3);
	}
	ck_assert_uint_eq(fake.left, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("serial");
	TCase *t = tcase_create("serial");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, row_24_a_million_serials);
	tcase_add_test(t, row_25_a_taken_serial_is_drawn_again);
	tcase_add_test(t, row_25_a_serial_of_the_same_round);
	tcase_add_test(t, row_25_a_broken_generator_is_no_source);
	tcase_add_test(t, draws_at_the_edges);
	suite_add_tcase(s, t);
	return run_suite(s);
}
