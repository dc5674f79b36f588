/* tests/unit/csv.c - daemon/csv.h: rows as RFC 4180 has them, and what is none. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/csv.h"
#include "tests/unit/run.h"

static struct csv c;
static struct csv_row row;
static struct fault f;
static bool more;

static void
opens(const char *text)
{
	csv_open(&c, octets_text(text));
}

static void
takes(size_t line, size_t n, const char *const *cells)
{
	ck_assert_msg(csv_next(&c, &row, &more, &f), "%s", f.text);
	ck_assert(more);
	ck_assert_uint_eq(row.line, line);
	ck_assert_uint_eq(row.n, n);
	for (size_t i = 0; i < n; i++)
		ck_assert_str_eq(row.cell[i], cells[i]);
}

#define ROW(line, ...)                                                                             \
	takes(line, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *),                 \
	    (const char *const[]){ __VA_ARGS__ })

static void
ends(void)
{
	ck_assert_msg(csv_next(&c, &row, &more, &f), "%s", f.text);
	ck_assert(!more);
}

/* The last row of text is refused, with these words; ret is as it was. */
static void
refused(const char *text, enum fault_code code, const char *why)
{
	struct csv_row kept;

	opens(text);
	memset(&row, 0x5a, sizeof(row));
	kept = row;
	while (csv_next(&c, &row, &more, &f)) {
		ck_assert_msg(more, "not refused: %s", text);
		kept = row;
	}
	ck_assert_int_eq(f.code, code);
	ck_assert_msg(strstr(f.text, why) != NULL, "expected \"%s\" in: %s", why, f.text);
	ck_assert_int_eq(memcmp(&kept, &row, sizeof(row)), 0);
}

START_TEST(rows_with_either_line_end)
{
	opens("a,b\r\n1,2\n\r\n\n3,\r\n,4");
	ROW(1, "a", "b");
	ROW(2, "1", "2");
	ROW(5, "3", "");
	ROW(6, "", "4");
	ends();
	ends();
}
END_TEST

START_TEST(mark_and_quotes)
{
	opens("\xef\xbb\xbf\"a\",\"b,c\",\"d\"\"e\"\r\n\"\",x y,\xc3\xa4\n");
	ROW(1, "a", "b,c", "d\"e");
	ROW(2, "", "x y", "\xc3\xa4");
	ends();
}
END_TEST

START_TEST(nothing)
{
	opens("");
	ends();
	opens("\xef\xbb\xbf");
	ends();
	opens("\r\n\n\n");
	ends();
}
END_TEST

START_TEST(refuses)
{
	static char wide[CSV_ROW_MAX + 8], cells[2 * CSV_CELLS_MAX + 2];

	refused("a\n\"b", FAULT_BADREQ, "line 2, column 3: expected a closing quote");
	refused("a\n\"b\nc\"", FAULT_BADREQ, "line 2, column 3: expected a closing quote");
	refused("\"b\"c", FAULT_BADREQ, "line 1, column 4: expected a comma");
	refused("\"b\" ,c", FAULT_BADREQ, "expected a comma");
	refused("a,b\"c", FAULT_BADREQ, "line 1, column 4: expected a cell with a quote");
	refused("a\rb", FAULT_BADREQ, "line 1, column 2: expected no control");
	refused("a\r", FAULT_BADREQ, "expected no control");
	refused("a\tb", FAULT_BADREQ, "expected no control");
	refused("\"a\tb\"", FAULT_BADREQ, "expected no control");
	refused("\x1b[2J", FAULT_BADREQ, "column 1: expected no control");
	refused("a\x7f", FAULT_BADREQ, "expected no control");
	refused("a\xc2\x85", FAULT_BADREQ, "expected no control");
	refused("a\xff", FAULT_BADREQ, "column 2: expected UTF-8");
	refused("\xc3", FAULT_BADREQ, "expected UTF-8");
	refused("\xff\xfe"
		"a",
	    FAULT_BADREQ, "expected UTF-8");
	memset(wide, 'a', sizeof(wide) - 1);
	refused(wide, FAULT_LIMIT, "line 1: the row is over");
	memset(cells, ',', sizeof(cells) - 1);
	refused(cells, FAULT_LIMIT, "over 16 cells");
}
END_TEST

START_TEST(refuses_nul)
{
	csv_open(&c, octets_of("a\0b", 3));
	ck_assert(!csv_next(&c, &row, &more, &f));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
}
END_TEST

START_TEST(widest_row_fits)
{
	static char wide[CSV_ROW_MAX];

	memset(wide, 'a', sizeof(wide) - 1);
	opens(wide);
	ROW(1, wide);
	ends();
}
END_TEST

START_TEST(written_cells_are_read_again)
{
	static const char *const cells[] = { "plain", "a,b", "a\"b", "", "\"", "https://h:1/" };
	struct bytes b = { 0 };

	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		if (i > 0)
			bytes_put_text(&b, ",");
		csv_put(&b, cells[i]);
	}
	csv_open(&c, octets_bytes(&b));
	takes(1, sizeof(cells) / sizeof(cells[0]), cells);
	bytes_free(&b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("csv");
	TCase *t = tcase_create("csv");

	tcase_add_test(t, rows_with_either_line_end);
	tcase_add_test(t, mark_and_quotes);
	tcase_add_test(t, nothing);
	tcase_add_test(t, refuses);
	tcase_add_test(t, refuses_nul);
	tcase_add_test(t, widest_row_fits);
	tcase_add_test(t, written_cells_are_read_again);
	suite_add_tcase(s, t);
	return run_suite(s);
}
