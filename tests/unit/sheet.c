/* tests/unit/sheet.c - daemon/sheet.h, sheet_out.h, qr.h: cards that say what they must, and
 * nothing that acts. */
#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/secret.h"
#include "daemon/html.h"
#include "daemon/qr.h"
#include "daemon/sheet.h"
#include "daemon/sheet_out.h"
#include "tests/unit/run.h"
#include "tests/unit/scratch.h"

#define SECRET "ABCDEFGHIJKLMNOPQRSTUVWX23"
/* Of the 16 octets 00 01 ... 0f. */
#define ROOT  "AAAQEAYEAUDAOCAJBIFQYDIOB4"
#define TOKEN SECRET "." ROOT ".acme.hp-1"

static char folder[SCRATCH_PATH_MAX], path[SCRATCH_PATH_MAX + 32];
static struct sheet_out out;
static struct bytes b;
static struct fault f;

static const char *const first[SHEET_COLUMNS] = { "hp-1", "printer", TOKEN, "2030-01-01T00:00:00Z",
	"https://h:1", "0123456789abcdef", "quatrain:enrol?url=https%3A%2F%2Fh%3A1&token=" TOKEN };

static void
setup(void)
{
	ck_assert_msg(secret_start(&f), "%s", f.text);
	scratch_new(folder);
	scratch_path(folder, "out.csv", path, sizeof(path));
}

static void
teardown(void)
{
	bytes_free(&b);
	scratch_free(folder);
}

static const char *
text(void)
{
	bytes_put_u8(&b, 0);
	ck_assert(bytes_ok(&b, &f));
	b.n--;
	return (const char *)b.at;
}

static size_t
count(const char *in, const char *what)
{
	size_t n = 0;

	for (; (in = strstr(in, what)) != NULL; in++)
		n++;
	return n;
}

START_TEST(html_escapes)
{
	html_put(&b, "<b a=\"x\" c='y'>&\n\x7f\xc3\xa4z");
	ck_assert_str_eq(text(), "&#60;b a=&#34;x&#34; c=&#39;y&#39;&#62;&#38;????z");
}
END_TEST

START_TEST(qr_draws)
{
	ck_assert(qr_put_svg(&b, "HELLO", "<x>", &f));
	/* 21 modules and a quiet zone of four on each side. */
	ck_assert_ptr_nonnull(strstr(text(), "viewBox=\"0 0 29 29\""));
	/* The upper finder patterns: seven dark, then the other from column 14. */
	ck_assert_ptr_nonnull(strstr(text(), "d=\"M4 4.5h7"));
	ck_assert_ptr_null(strstr(text(), "<x>"));
}
END_TEST

START_TEST(qr_refuses_too_much)
{
	static char longest[QR_TEXT_MAX + 2];

	memset(longest, 'a', QR_TEXT_MAX);
	ck_assert_msg(qr_put_svg(&b, longest, "x", &f), "%s", f.text);
	memset(longest, 'a', QR_TEXT_MAX + 1);
	ck_assert(!qr_put_svg(&b, longest, "x", &f));
	ck_assert_int_eq(f.code, FAULT_LIMIT);
	ck_assert(!qr_put_svg(&b, "", "x", &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
}
END_TEST

START_TEST(cards_on_pages)
{
	const struct sheet_card card = { "hp-1", "printer", "2030-01-01T00:00:00Z", "https://h:1",
		TOKEN, "quatrain:enrol?x" };

	ck_assert(sheet_begin(&b, "acme", 9, &f));
	for (size_t i = 0; i < 9; i++)
		ck_assert_msg(sheet_put(&b, "acme", &card, i, &f), "%s", f.text);
	sheet_end(&b, 9);
	ck_assert_uint_eq(count(text(), "<section"), 2);
	ck_assert_uint_eq(count(text(), "</section>"), 2);
	ck_assert_uint_eq(count(text(), "<article"), 9);
	ck_assert_uint_eq(count(text(), "<svg"), 9);
	ck_assert_ptr_nonnull(strstr(text(), "<span>ABCD</span><span>EFGH</span>"));
	ck_assert_ptr_nonnull(strstr(text(), "00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F<"));
	ck_assert_ptr_nonnull(strstr(text(), "default-src 'none'"));
	/* Nothing that acts, nothing from elsewhere, no way to say style beside the one. */
	ck_assert_uint_eq(count(text(), "<script"), 0);
	ck_assert_uint_eq(count(text(), "unsafe"), 0);
	ck_assert_uint_eq(count(text(), " style="), 0);
	ck_assert_uint_eq(count(text(), "src="), 0);
	ck_assert_uint_eq(count(text(), "href"), 0);
}
END_TEST

START_TEST(cards_escape)
{
	const struct sheet_card card = { "<i>", "<p>", "<e>", "https://h/<u>", TOKEN,
		"quatrain:enrol?<c>" };

	ck_assert(sheet_put(&b, "<t>", &card, 0, &f));
	ck_assert_uint_eq(count(text(), "<i>"), 0);
	ck_assert_uint_eq(count(text(), "<e>"), 0);
	ck_assert_uint_eq(count(text(), "<u>"), 0);
	ck_assert_uint_eq(count(text(), "<t>"), 0);
	ck_assert_uint_eq(count(text(), "<c>"), 0);
	ck_assert_uint_eq(count(text(), "profile &#60;p&#62;"), 1);
}
END_TEST

START_TEST(cards_refuse_tokens)
{
	struct sheet_card card = { "hp-1", "printer", "x", "https://h", SECRET, "x" };

	ck_assert(!sheet_put(&b, "acme", &card, 0, &f));
	ck_assert_ptr_nonnull(strstr(f.text, "names no root"));
	card.token = "<script>";
	ck_assert(!sheet_put(&b, "acme", &card, 0, &f));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
}
END_TEST

static void
file_is(const char *expected)
{
	static char got[65536];
	FILE *from = fopen(path, "r");
	size_t n;

	ck_assert_ptr_nonnull(from);
	n = fread(got, 1, sizeof(got) - 1, from);
	got[n] = '\0';
	(void)fclose(from);
	ck_assert_str_eq(got, expected);
}

#define HEAD "device,profile,token,expires,url,id,code\r\n"
#define ROW                                                                                                      \
	"hp-1,printer," TOKEN                                                                                    \
	",2030-01-01T00:00:00Z,https://h:1,0123456789abcdef,quatrain:enrol?url=https%3A%2F%2Fh%3A1&token=" TOKEN \
	"\r\n"

static void
write_file(const char *content)
{
	FILE *to = fopen(path, "w");

	ck_assert_ptr_nonnull(to);
	ck_assert_int_ge(fputs(content, to), 0);
	ck_assert_int_eq(fclose(to), 0);
}

START_TEST(out_is_private_and_never_overwritten)
{
	struct stat st;

	ck_assert_msg(sheet_out_open(path, false, false, &out, &f), "%s", f.text);
	ck_assert(sheet_out_put(&out, first, &f));
	file_is(HEAD ROW); /* at once */
	sheet_out_close(&out);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert(!sheet_out_open(path, false, false, &out, &f));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	file_is(HEAD ROW);
}
END_TEST

START_TEST(out_goes_on)
{
	write_file(HEAD ROW "hp-2,printer,ABC");
	ck_assert_msg(sheet_out_open(path, true, false, &out, &f), "%s", f.text);
	ck_assert_uint_eq(out.rows, 1);
	file_is(HEAD ROW); /* the line that was cut is cut off */
	ck_assert(sheet_out_put(&out, first, &f));
	ck_assert_uint_eq(out.rows, 2);
	sheet_out_close(&out);
	file_is(HEAD ROW ROW);
	/* Cut in its first line: begun anew. */
	write_file("device,pro");
	ck_assert(sheet_out_open(path, true, false, &out, &f));
	sheet_out_close(&out);
	file_is(HEAD);
}
END_TEST

START_TEST(out_refuses_what_is_not_ours)
{
	static const char *const others[] = { "root:x:0:0\n", "device\r\nhp-1\r\n",
		HEAD "hp-1,printer\r\n", HEAD "\"\r\n", "a key without a line end",
		HEAD "hp-1,printer\r\nhp-2,pri", "\177ELF\n" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		write_file(others[i]);
		ck_assert_msg(!sheet_out_open(path, true, false, &out, &f), "%s", others[i]);
		ck_assert_int_eq(f.code, FAULT_BADREQ);
		file_is(others[i]);
	}
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink("/etc/passwd", path), 0);
	ck_assert(!sheet_out_open(path, true, false, &out, &f));
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert(!sheet_out_open(path, true, false, &out, &f));
	ck_assert(!sheet_out_open("/nowhere/at/all.csv", false, false, &out, &f));
}
END_TEST

/* A disk that is full: what is not whole is not there, and the caller hears of it. */
START_TEST(out_says_when_it_cannot_write)
{
	ck_assert(sheet_out_open(path, false, false, &out, &f));
	ck_assert(sheet_out_put(&out, first, &f));
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	int kept = out.fd;

	ck_assert_int_ge(full, 0);
	out.fd = full;
	ck_assert(!sheet_out_put(&out, first, &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	ck_assert_uint_eq(out.rows, 1);
	ck_assert_uint_eq(out.csv.n, strlen(HEAD ROW));
	(void)close(full);
	out.fd = kept;
	sheet_out_close(&out);
}
END_TEST

START_TEST(page_of_all_rows)
{
	char page[SCRATCH_PATH_MAX + 32];
	struct stat st;

	scratch_path(folder, "out.html", page, sizeof(page));
	ck_assert(sheet_out_open(path, false, false, &out, &f));
	ck_assert(sheet_out_put(&out, first, &f));
	ck_assert_msg(sheet_out_page(&out, "acme", page, &f), "%s", f.text);
	ck_assert_int_eq(stat(page, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert(!sheet_out_page(&out, "acme", "/nowhere/at/all.html", &f));
	ck_assert_int_eq(f.code, FAULT_INTERNAL);
	sheet_out_close(&out);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sheet");
	TCase *t = tcase_create("sheet");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, html_escapes);
	tcase_add_test(t, qr_draws);
	tcase_add_test(t, qr_refuses_too_much);
	tcase_add_test(t, cards_on_pages);
	tcase_add_test(t, cards_escape);
	tcase_add_test(t, cards_refuse_tokens);
	tcase_add_test(t, out_is_private_and_never_overwritten);
	tcase_add_test(t, out_goes_on);
	tcase_add_test(t, out_refuses_what_is_not_ours);
	tcase_add_test(t, out_says_when_it_cannot_write);
	tcase_add_test(t, page_of_all_rows);
	suite_add_tcase(s, t);
	return run_suite(s);
}
