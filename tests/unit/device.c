/* tests/unit/device.c - ca/device.h: which devices were announced. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/device.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

static struct ground g;
static struct ledger *l;
static struct device d; /* that is registered next */
static struct device found;
static struct fault f;

static void
setup(void)
{
	ground_new(&g);
	l = g.acme->ledger;
	d = (struct device){ .maker = "lexa",
		.serial = "SN/1",
		.is = { "acme", "printer", "hp-1" },
		.profile = "printer",
		.by = "operator:bob",
		.added_s = g.now_s,
		.log_index = 9 };
	f = (struct fault){ 0 };
}

static void
teardown(void)
{
	ground_free(&g);
}

static bool
added(void)
{
	if (!device_add(l, &d, &f))
		return false;
	ground_commit(l);
	return true;
}

START_TEST(one_that_was_announced)
{
	ck_assert(!device_find(l, "lexa", "SN/1", &found, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert_msg(added(), "%s", f.text);
	ck_assert_msg(device_find(l, "lexa", "SN/1", &found, &f), "%s", f.text);
	ck_assert_str_eq(found.maker, "lexa");
	ck_assert_str_eq(found.serial, "SN/1");
	ck_assert_str_eq(found.is.tenant, "acme");
	ck_assert_str_eq(found.is.kind, "printer");
	ck_assert_str_eq(found.is.name, "hp-1");
	ck_assert_str_eq(found.profile, "printer");
	ck_assert_str_eq(found.by, "operator:bob");
	ck_assert_int_eq(found.added_s, g.now_s);
	ck_assert_uint_eq(found.log_index, 9);
	ck_assert(!device_find(l, "lexa", "SN/2", &found, &f));
	ck_assert(!device_find(l, "lexa", "sn/1", &found, &f));
	ck_assert(!device_find(l, "other", "SN/1", &found, &f));
	ck_assert(!device_find(l, "lex", "a/SN/1", &found, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
}
END_TEST

START_TEST(once_until_it_is_taken_back)
{
	ck_assert(added());
	ck_assert(!added());
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	(void)snprintf(d.maker, sizeof(d.maker), "other"); /* whose numbers are its own */
	ck_assert(added());
	ck_assert(device_remove(l, "lexa", "SN/1", &f));
	ground_commit(l);
	ck_assert(!device_find(l, "lexa", "SN/1", &found, &f));
	ck_assert(!device_remove(l, "lexa", "SN/1", &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(device_find(l, "other", "SN/1", &found, &f));
	(void)snprintf(d.maker, sizeof(d.maker), "lexa");
	ck_assert(added());
}
END_TEST

/* Within one batch too: a list that has a device twice. */
START_TEST(twice_in_a_batch)
{
	ck_assert(device_add(l, &d, &f));
	ck_assert(!device_add(l, &d, &f));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
}
END_TEST

START_TEST(serials_that_are_none)
{
	static const char *const none[] = { "", " SN", "SN ", "S\nN", "S\x7f", "\xc3\xa9" };

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		(void)snprintf(d.serial, sizeof(d.serial), "%s", none[i]);
		ck_assert_msg(!added(), "row %zu", i);
		ck_assert_int_eq(f.code, FAULT_BADREQ);
	}
}
END_TEST

/* Both stand in the certificate as evidence. */
START_TEST(names_that_are_too_long_together)
{
	memset(d.serial, '1', IDEVID_SERIAL_MAX);
	d.serial[IDEVID_SERIAL_MAX] = '\0';
	memset(d.maker, 'm', TEXT_LABEL_MAX - 1);
	d.maker[TEXT_LABEL_MAX - 1] = '\0';
	ck_assert(!added());
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	d.maker[PROVENANCE_TEXT_MAX - 2 - IDEVID_SERIAL_MAX + 1] = '\0';
	ck_assert(!added());
	d.maker[PROVENANCE_TEXT_MAX - 2 - IDEVID_SERIAL_MAX] = '\0';
	ck_assert_msg(added(), "%s", f.text);
	ck_assert(device_find(l, d.maker, d.serial, &found, &f));
}
END_TEST

START_TEST(ids)
{
	char one[DEVICE_ID_LETTERS + 1], other[DEVICE_ID_LETTERS + 1];

	ck_assert(device_id(&d, one, &f));
	ck_assert_uint_eq(strlen(one), DEVICE_ID_LETTERS);
	d.is.name[0] = 'x'; /* it is the device's, whatever it is called */
	ck_assert(device_id(&d, other, &f));
	ck_assert_str_eq(one, other);
	d.serial[0] = 'X';
	ck_assert(device_id(&d, other, &f));
	ck_assert_str_ne(one, other);
	d.serial[0] = 'S';
	d.maker[0] = 'X';
	ck_assert(device_id(&d, other, &f));
	ck_assert_str_ne(one, other);
}
END_TEST

START_TEST(rows_that_are_none)
{
	struct octets key = octets_text("lexa/SN/1");
	static const char *const keys[] = { "", "lexa", "lexa/", "/SN", "Lexa/SN", "lexa/ SN" };
	struct bytes row = { 0 };

	ck_assert(added());
	ck_assert(ledger_get(l, TABLE_DEVICE, key, &row, &f));
	ck_assert(device_read("acme", key, octets_bytes(&row), &found));
	for (size_t n = 0; n < row.n; n++)
		ck_assert(!device_read("acme", key, octets_of(row.at, n), &found));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		ck_assert_msg(
		    !device_read("acme", octets_text(keys[i]), octets_bytes(&row), &found),
		    "row %zu", i);
	bytes_put_u8(&row, 0);
	ck_assert(!device_read("acme", key, octets_bytes(&row), &found));
	row.at[0] = 2;
	ck_assert(!device_read("acme", key, octets_of(row.at, row.n - 1), &found));
	ledger_put(l, TABLE_DEVICE, key, octets_bytes(&row));
	ground_commit(l);
	ck_assert(!device_find(l, "lexa", "SN/1", &found, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	bytes_free(&row);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("device");
	TCase *t = tcase_create("device");

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, one_that_was_announced);
	tcase_add_test(t, once_until_it_is_taken_back);
	tcase_add_test(t, twice_in_a_batch);
	tcase_add_test(t, serials_that_are_none);
	tcase_add_test(t, names_that_are_too_long_together);
	tcase_add_test(t, ids);
	tcase_add_test(t, rows_that_are_none);
	return run_suite(s);
}
