/* tests/unit/bundle_tar.c - a bundle's files as a folder and as a tar; of a tar no octet is free.
 */
#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ca/bundle_out.h"
#include "ca/bundle_tar.h"
#include "tests/unit/forge.h"
#include "tests/unit/run.h"
#include "tests/unit/scratch.h"

#define AT_S INT64_C(1900000000)

static char dir[SCRATCH_PATH_MAX], tar[SCRATCH_PATH_MAX + 16];
static struct bundle b;
static struct fault f;
static struct octets whole; /* the tar */

/* Each file holds its own name, a line end and as many octets more as its number. */
static struct octets
content(enum bundle_file which)
{
	return JOIN(
	    octets_text(bundle_name(which)), RAW("\n"), forge_fill('.', which * 100u), RAW("\n"));
}

static void
write_file(const char *path, struct octets o)
{
	FILE *out = fopen(path, "wb");

	ck_assert_ptr_nonnull(out);
	ck_assert(o.n == 0 || fwrite(o.at, 1, o.n, out) == o.n);
	ck_assert_int_eq(fclose(out), 0);
}

static struct octets
read_file(const char *path)
{
	static uint8_t room[1 << 16];
	FILE *in = fopen(path, "rb");
	size_t n;

	ck_assert_ptr_nonnull(in);
	n = fread(room, 1, sizeof(room), in);
	ck_assert_int_eq(fclose(in), 0);
	return forge_exact(octets_of(room, n));
}

/* Every file that a bundle needs but one, and the end. */
static void
put_all(struct bundle_out *out, unsigned but)
{
	for (unsigned i = 0; i < BUNDLE_FILES; i++)
		if (i != BUNDLE_MANIFEST && i != but && bundle_needs((enum bundle_file)i))
			ck_assert(
			    bundle_put(out, (enum bundle_file)i, content((enum bundle_file)i), &f));
	ck_assert_msg(bundle_out_end(out, AT_S, &f), "%s", f.text);
	bundle_out_free(out);
}

static void
setup(void)
{
	struct bundle_out *out;

	scratch_new(dir);
	scratch_path(dir, "a.tar", tar, sizeof(tar));
	ck_assert(bundle_out_new(dir, &out, &f));
	put_all(out, BUNDLE_FILES);
	ck_assert(bundle_out_tar(tar, &out, &f));
	put_all(out, BUNDLE_FILES);
	whole = read_file(tar);
}

static void
teardown(void)
{
	forge_free();
	scratch_free(dir);
}

static void
opens(struct octets o)
{
	write_file(tar, o);
	ck_assert_msg(bundle_open(tar, &b, &f), "%s", f.text);
}

static void
refused(struct octets o, const char *what)
{
	write_file(tar, o);
	ck_assert_msg(!bundle_open(tar, &b, &f), "%s is taken", what);
	ck_assert_msg(f.code == FAULT_BADREQ || f.code == FAULT_NOTFOUND, "%s: fault %d: %s", what,
	    f.code, f.text);
}

static void
same(enum bundle_file which)
{
	struct bytes is = { 0 };

	ck_assert(bundle_small(&b, which, &is, &f));
	ck_assert(octets_same(octets_bytes(&is), content(which)));
	bytes_free(&is);
}

START_TEST(a_tar_and_a_folder_are_the_same)
{
	const char *const paths[] = { tar, dir };

	for (int i = 0; i < 2; i++) {
		ck_assert(bundle_is(paths[i]));
		ck_assert_msg(bundle_open(paths[i], &b, &f), "%s", f.text);
		ck_assert(b.tar == (i == 0));
		ck_assert(!b.tar || b.at_s == AT_S);
		same(BUNDLE_README);
		same(BUNDLE_ENTRIES);
		same(BUNDLE_OUTSIDE);
		ck_assert_int_lt(b.part[BUNDLE_CSV].fd, 0);
		bundle_close(&b);
	}
}
END_TEST

START_TEST(the_manifest_is_what_sha256sum_writes)
{
	struct bytes is = { 0 };
	uint8_t digest[LOG_HASH_OCTETS];
	char line[128], hex[2 * LOG_HASH_OCTETS + 1];
	struct octets rest;

	opens(whole);
	ck_assert(bundle_small(&b, BUNDLE_MANIFEST, &is, &f));
	rest = octets_bytes(&is);
	for (unsigned i = 0; i < BUNDLE_FILES; i++) {
		if (b.part[i].fd < 0 || i == BUNDLE_MANIFEST)
			continue;
		ck_assert(bundle_digest(&b, (enum bundle_file)i, digest, &f));
		text_hex(digest, sizeof(digest), hex);
		(void)snprintf(
		    line, sizeof(line), "%s  %s\n", hex, bundle_name((enum bundle_file)i));
		ck_assert(octets_take_text(&rest, line));
	}
	ck_assert_uint_eq(rest.n, 0);
	bytes_free(&is);
	bundle_close(&b);
}
END_TEST

START_TEST(twice_the_same_octets)
{
	char other[SCRATCH_PATH_MAX + 16];
	struct bundle_out *out;

	scratch_path(dir, "b.tar", other, sizeof(other));
	ck_assert(bundle_out_tar(other, &out, &f));
	put_all(out, BUNDLE_FILES);
	ck_assert(octets_same(read_file(other), whole));
	ck_assert(!bundle_out_tar(other, &out, &f));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert(octets_same(read_file(other), whole));
}
END_TEST

/* Outside the files' own octets no bit can be another: what stands in them is for the manifest. */
START_TEST(no_bit_is_free)
{
	uint8_t *at = malloc(whole.n);
	bool own[1 << 16] = { false };
	size_t tried = 0;

	opens(whole);
	for (unsigned i = 0; i < BUNDLE_FILES; i++)
		for (uint64_t j = 0; b.part[i].fd >= 0 && j < b.part[i].n; j++)
			own[b.part[i].at + j] = true;
	bundle_close(&b);
	for (size_t i = 0; i < whole.n; i += 11) {
		if (own[i])
			continue;
		memcpy(at, whole.at, whole.n);
		at[i] ^= (uint8_t)(1u << i % 8);
		refused(octets_of(at, whole.n), "a flipped bit");
		tried++;
	}
	ck_assert_uint_gt(tried, 500);
	free(at);
}
END_TEST

START_TEST(cut_or_longer)
{
	for (size_t n = 0; n < whole.n; n += n % 512 == 0 ? 511 : 1)
		refused(octets_of(whole.at, n), "cut");
	refused(JOIN(whole, RAW("\0")), "longer");
	refused(JOIN(whole, forge_fill(0, 512)), "a block longer");
	refused(JOIN(whole, forge_fill(0, 10240)), "a record longer");
	refused(JOIN(whole, whole), "twice");
}
END_TEST

/* One more file in front of the end, with a header of our own making. */
static struct octets
with(void (*spoil)(uint8_t *head), struct octets body)
{
	uint8_t head[BUNDLE_BLOCK];
	uint64_t sum = 0;

	bundle_tar_header(BUNDLE_NAMES, body.n, AT_S, head);
	spoil(head);
	memset(head + 148, ' ', 8);
	for (size_t i = 0; i < sizeof(head); i++)
		sum += head[i];
	(void)snprintf((char *)head + 148, 7, "%06o", (unsigned)sum);
	return JOIN(octets_of(whole.at, whole.n - 1024), octets_of(head, sizeof(head)), body,
	    forge_fill(0, (512 - body.n % 512) % 512), forge_fill(0, 1024));
}

static void
as_it_is(uint8_t *head)
{
	(void)head;
}

#define NAMED(function, text)                                                                      \
	static void function(uint8_t *head)                                                        \
	{                                                                                          \
		memset(head, 0, 100);                                                              \
		memcpy(head, text, strlen(text));                                                  \
	}
NAMED(up, "../../etc/passwd")
NAMED(absolute, "/etc/passwd")
NAMED(beneath, "x/README")
NAMED(dot, "./names.jsonl")
NAMED(strange, "surprise")
NAMED(again, "entries.jsonl")
NAMED(readme, "README")
NAMED(nameless, "")

static void
behind_nul(uint8_t *head)
{
	head[50] = 'x';
}

static void
link_to(uint8_t *head)
{
	head[156] = '2';
	memcpy(head + 157, "/etc/passwd", 11);
}

static void
hard_link(uint8_t *head)
{
	head[156] = '1';
	memcpy(head + 157, "README", 6);
}

static void
folder(uint8_t *head)
{
	head[156] = '5';
}

static void
device(uint8_t *head)
{
	head[156] = '3';
}

static void
pax(uint8_t *head)
{
	head[156] = 'x';
}

static void
prefix(uint8_t *head)
{
	memcpy(head + 345, "..", 2);
}

static void
special_mode(uint8_t *head)
{
	memcpy(head + 100, "0004755", 7);
}

static void
owner(uint8_t *head)
{
	memcpy(head + 265, "root", 4);
}

static void
huge(uint8_t *head)
{
	memcpy(head + 124, "77777777777", 11);
}

static void
binary_size(uint8_t *head)
{
	memset(head + 124, 0, 12);
	head[124] = 0x80;
	head[135] = 4;
}

static void
negative(uint8_t *head)
{
	memset(head + 124, 0xff, 12);
}

static void
spaces(uint8_t *head)
{
	memcpy(head + 124, "         4 ", 11);
}

static void
longer(uint8_t *head)
{
	memcpy(head + 124, "00000002000", 11);
}

static void
gnu(uint8_t *head)
{
	memcpy(head + 257, "ustar  ", 8);
}

static void
another_time(uint8_t *head)
{
	head[146] = head[146] == '0' ? '1' : '0';
}

START_TEST(hostile_headers)
{
	static const struct {
		const char *what;
		void (*spoil)(uint8_t *head);
	} rows[] = {
		{ "a path upwards", up },
		{ "an absolute path", absolute },
		{ "a path", beneath },
		{ "a path to here", dot },
		{ "another name", strange },
		{ "no name", nameless },
		{ "a file twice", again },
		{ "a file twice, and first", readme },
		{ "a name behind the name", behind_nul },
		{ "a symbolic link", link_to },
		{ "a hard link", hard_link },
		{ "a folder", folder },
		{ "a device", device },
		{ "a pax header", pax },
		{ "a prefix", prefix },
		{ "a mode", special_mode },
		{ "an owner", owner },
		{ "8 GiB", huge },
		{ "a binary size", binary_size },
		{ "a negative size", negative },
		{ "a size with spaces", spaces },
		{ "a size past the end", longer },
		{ "GNU's own tar", gnu },
		{ "another time", another_time },
	};

	opens(with(as_it_is, RAW("name")));
	ck_assert_uint_eq(b.part[BUNDLE_NAMES].n, 4);
	bundle_close(&b);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		refused(with(rows[i].spoil, RAW("name")), rows[i].what);
}
END_TEST

START_TEST(a_file_missing)
{
	char path[SCRATCH_PATH_MAX + 32];
	struct bundle_out *out;

	for (unsigned i = 0; i < BUNDLE_FILES; i++) {
		struct octets was;

		if (!bundle_needs((enum bundle_file)i))
			continue;
		scratch_path(dir, bundle_name((enum bundle_file)i), path, sizeof(path));
		was = read_file(path);
		ck_assert_int_eq(unlink(path), 0);
		ck_assert(!bundle_open(dir, &b, &f));
		ck_assert_int_eq(f.code, FAULT_NOTFOUND);
		ck_assert_ptr_nonnull(strstr(f.text, bundle_name((enum bundle_file)i)));
		ck_assert_int_eq(unlink(tar), 0);
		ck_assert(bundle_out_tar(tar, &out, &f));
		if (i == BUNDLE_MANIFEST) { /* none is made without */
			bundle_out_free(out);
			write_file(path, was);
			write_file(tar, whole);
			continue;
		}
		put_all(out, i);
		ck_assert(!bundle_open(tar, &b, &f));
		ck_assert_int_eq(f.code, FAULT_NOTFOUND);
		write_file(path, was);
	}
}
END_TEST

START_TEST(folders_that_are_traps)
{
	char path[SCRATCH_PATH_MAX + 32];

	scratch_path(dir, "entries.jsonl", path, sizeof(path));
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink("README", path), 0);
	ck_assert(!bundle_open(dir, &b, &f));
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0); /* nobody waits for a writer */
	ck_assert(!bundle_open(dir, &b, &f));
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert(!bundle_open(dir, &b, &f));
	ck_assert(!bundle_open("/dev/null", &b, &f));
	ck_assert(!bundle_is("/dev/null"));
	ck_assert(!bundle_is("/nowhere"));
	ck_assert(!bundle_open("/nowhere", &b, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
}
END_TEST

START_TEST(nothing_is_overwritten)
{
	struct bundle_out *out;

	ck_assert(!bundle_out_new(dir, &out, &f));
	ck_assert_int_eq(f.code, FAULT_CONFLICT);
	ck_assert(bundle_open(dir, &b, &f));
	same(BUNDLE_ENTRIES);
	bundle_close(&b);
}
END_TEST

START_TEST(half_a_bundle_goes)
{
	char other[SCRATCH_PATH_MAX + 16];
	struct bundle_out *out;

	scratch_path(dir, "half", other, sizeof(other));
	ck_assert_int_eq(mkdir(other, 0700), 0);
	ck_assert(bundle_out_new(other, &out, &f));
	ck_assert(bundle_put(out, BUNDLE_ENTRIES, RAW("{}\n"), &f));
	bundle_out_free(out);
	ck_assert_int_eq(rmdir(other), 0); /* it is empty */
	bundle_out_free(NULL);
}
END_TEST

/* Files that grow in turns, past all rooms, are where they belong, whichever was placed when. */
START_TEST(a_tar_whose_files_grow)
{
	static const enum bundle_file others[] = { BUNDLE_ENTRIES, BUNDLE_REVOCATIONS,
		BUNDLE_ISSUED, BUNDLE_OUTSIDE, BUNDLE_CSV };
	const size_t n = 300, size = 9001;
	char other[SCRATCH_PATH_MAX + 16];
	struct bundle_reader r;
	struct bundle_out *out;
	struct octets line;
	bool more;

	scratch_path(dir, "b.tar", other, sizeof(other));
	ck_assert(bundle_out_tar(other, &out, &f));
	for (unsigned i = 0; i < BUNDLE_ENTRIES; i++)
		if (i != BUNDLE_MANIFEST && i != BUNDLE_COSIGNER)
			ck_assert(
			    bundle_put(out, (enum bundle_file)i, content((enum bundle_file)i), &f));
	for (size_t i = 0; i < 5; i++)
		ck_assert(bundle_put(out, others[i], octets_of(NULL, 0), &f));
	ck_assert(bundle_place(out, BUNDLE_ENTRIES, &f));
	ck_assert(!bundle_put(out, BUNDLE_README, RAW("more"), &f));
	ck_assert(!bundle_put(out, BUNDLE_CEF, RAW("new"), &f));
	for (size_t i = 0; i < 5; i++) {
		if (others[i] == BUNDLE_ISSUED || others[i] == BUNDLE_CSV)
			ck_assert(bundle_place(out, others[i], &f));
		for (size_t k = 0; k < n; k++)
			for (size_t o = i; o < 5; o += 2) {
				ck_assert(bundle_put(
				    out, others[o], forge_fill((uint8_t)('a' + o), size), &f));
				ck_assert(bundle_put(out, others[o], RAW("\n"), &f));
			}
	}
	ck_assert(bundle_out_read(out, BUNDLE_ENTRIES, &r, &f));
	ck_assert(bundle_next(&r, size, &line, &more, &f) && more && line.n == size);
	bundle_reader_free(&r);
	ck_assert_msg(bundle_out_end(out, AT_S, &f), "%s", f.text);
	bundle_out_free(out);
	ck_assert_msg(bundle_open(other, &b, &f), "%s", f.text);
	for (size_t i = 0; i < 5; i++) {
		uint64_t rounds = i == 0 ? n : i == 1 ? n : i == 2 ? 2 * n : i == 3 ? 2 * n : 3 * n;

		ck_assert_uint_eq(b.part[others[i]].n, rounds * (size + 1));
		ck_assert(bundle_reader_new(&b, others[i], &r, &f));
		for (uint64_t k = 0; k < rounds; k++) {
			ck_assert(bundle_next(&r, size, &line, &more, &f) && more);
			ck_assert_uint_eq(line.n, size);
			ck_assert_uint_eq(line.at[0], 'a' + i);
			ck_assert_uint_eq(line.at[size - 1], 'a' + i);
		}
		bundle_reader_free(&r);
	}
	bundle_close(&b);
}
END_TEST

START_TEST(half_a_tar_goes)
{
	char other[SCRATCH_PATH_MAX + 16];
	struct bundle_out *out;

	scratch_path(dir, "b.tar", other, sizeof(other));
	ck_assert(bundle_out_tar(other, &out, &f));
	ck_assert(bundle_put(out, BUNDLE_ENTRIES, RAW("{}\n"), &f));
	ck_assert(bundle_place(out, BUNDLE_ENTRIES, &f));
	bundle_out_free(out);
	ck_assert_int_eq(access(other, F_OK), -1);
}
END_TEST

/* --- lines and certificates, piece by piece ----------------------------------------------------
 */

static void
entries(struct octets o)
{
	char path[SCRATCH_PATH_MAX + 32];

	scratch_path(dir, "entries.jsonl", path, sizeof(path));
	write_file(path, o);
	ck_assert(bundle_open(dir, &b, &f));
}

START_TEST(lines_of_every_length)
{
	struct bundle_reader r;
	struct octets line;
	struct bytes all = { 0 };
	bool more;

	for (size_t n = 0; n < 1500; n++) { /* over a MiB: the room is filled some times */
		bytes_put_octets(&all, forge_fill('x', n));
		bytes_put_u8(&all, '\n');
		forge_empty();
	}
	entries(octets_bytes(&all));
	ck_assert(bundle_reader_new(&b, BUNDLE_ENTRIES, &r, &f));
	for (size_t n = 0; n < 1500; n++) {
		ck_assert_msg(bundle_next(&r, 1499, &line, &more, &f) && more, "%s", f.text);
		ck_assert_uint_eq(line.n, n);
		ck_assert_uint_eq(r.line, n + 1);
	}
	ck_assert(bundle_next(&r, 1499, &line, &more, &f) && !more);
	bundle_reader_free(&r);
	bundle_close(&b);
	bytes_free(&all);
}
END_TEST

START_TEST(lines_that_are_none)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "x", "line 1: cut short" },
		{ "0123456789a\n", "line 1: too long" },
		{ "ok\nx", "line 2: cut short" },
		{ "ok\n0123456789a\n", "line 2: too long" },
	};
	struct bundle_reader r;
	struct octets line;
	bool more = true, ok = true;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		entries(octets_text(rows[i].text));
		ck_assert(bundle_reader_new(&b, BUNDLE_ENTRIES, &r, &f));
		while ((ok = bundle_next(&r, 10, &line, &more, &f)) && more)
			;
		ck_assert_msg(!ok && strstr(f.text, rows[i].why) != NULL, "row %zu: %s", i, f.text);
		bundle_reader_free(&r);
		bundle_close(&b);
	}
}
END_TEST

START_TEST(a_line_without_end_is_bounded)
{
	struct bundle_reader r;
	struct octets line;
	bool more;

	entries(forge_fill('x', 3 << 20));
	ck_assert(bundle_reader_new(&b, BUNDLE_ENTRIES, &r, &f));
	ck_assert(!bundle_next(&r, LOG_ENTRY_MAX, &line, &more, &f));
	ck_assert_ptr_nonnull(strstr(f.text, "too long"));
	bundle_reader_free(&r);
	bundle_close(&b);
}
END_TEST

START_TEST(values_of_der)
{
	const struct octets one = SEQ(TLV(DER_INTEGER, RAW("\1"))),
			    two = SEQ(TLV(DER_OCTETS, forge_fill(7, 3000)));
	const struct octets rows[] = { RAW("\x30"), RAW("\x30\x80\0\0"), RAW("\x30\x05\x01"),
		RAW("\x31\0"), RAW("\x30\x84\xff\xff\xff\xff"),
		SEQ(forge_fill(0, CERT_MAX_OCTETS)) };
	struct bundle_reader r;
	struct octets der;
	bool more;

	entries(JOIN(one, two, one));
	ck_assert(bundle_reader_new(&b, BUNDLE_ENTRIES, &r, &f));
	ck_assert(bundle_next_der(&r, &der, &more, &f) && more && octets_same(der, one));
	ck_assert(bundle_next_der(&r, &der, &more, &f) && more && octets_same(der, two));
	ck_assert(bundle_next_der(&r, &der, &more, &f) && more && octets_same(der, one));
	ck_assert(bundle_next_der(&r, &der, &more, &f) && !more);
	bundle_reader_free(&r);
	bundle_close(&b);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		entries(JOIN(one, rows[i]));
		ck_assert(bundle_reader_new(&b, BUNDLE_ENTRIES, &r, &f));
		ck_assert(bundle_next_der(&r, &der, &more, &f) && more);
		ck_assert_msg(!bundle_next_der(&r, &der, &more, &f), "row %zu", i);
		ck_assert_ptr_nonnull(strstr(f.text, "certificate 2"));
		bundle_reader_free(&r);
		bundle_close(&b);
	}
}
END_TEST

START_TEST(a_file_that_is_too_large_to_be_small)
{
	struct bytes is = { 0 };

	entries(forge_fill('x', BUNDLE_SMALL_MAX + 1));
	ck_assert(!bundle_small(&b, BUNDLE_ENTRIES, &is, &f));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert(!bundle_small(&b, BUNDLE_CSV, &is, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	bytes_free(&is);
	bundle_close(&b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("bundle_tar");
	TCase *t = tcase_create("bundle");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_tar_and_a_folder_are_the_same);
	tcase_add_test(t, the_manifest_is_what_sha256sum_writes);
	tcase_add_test(t, twice_the_same_octets);
	tcase_add_test(t, no_bit_is_free);
	tcase_add_test(t, cut_or_longer);
	tcase_add_test(t, hostile_headers);
	tcase_add_test(t, a_file_missing);
	tcase_add_test(t, folders_that_are_traps);
	tcase_add_test(t, nothing_is_overwritten);
	tcase_add_test(t, half_a_bundle_goes);
	tcase_add_test(t, half_a_tar_goes);
	tcase_add_test(t, a_tar_whose_files_grow);
	tcase_add_test(t, lines_of_every_length);
	tcase_add_test(t, lines_that_are_none);
	tcase_add_test(t, a_line_without_end_is_bounded);
	tcase_add_test(t, values_of_der);
	tcase_add_test(t, a_file_that_is_too_large_to_be_small);
	suite_add_tcase(s, t);
	return run_suite(s);
}
