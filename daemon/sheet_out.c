/* daemon/sheet_out.c - see sheet_out.h. */
#include "daemon/sheet_out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder.h"
#include "base/json.h"
#include "daemon/sheet.h"

#define PATH_ROOM 4200

const char *const sheet_columns[SHEET_COLUMNS] = {
	[SHEET_DEVICE] = "device",
	[SHEET_PROFILE] = "profile",
	[SHEET_TOKEN] = "token",
	[SHEET_EXPIRES] = "expires",
	[SHEET_URL] = "url",
	[SHEET_ID] = "id",
	[SHEET_CODE] = "code",
};

static void
put_line(struct bytes *b, const char *const field[static SHEET_COLUMNS])
{
	for (size_t i = 0; i < SHEET_COLUMNS; i++) {
		if (i > 0)
			bytes_put_text(b, ",");
		csv_put(b, field[i]);
	}
	bytes_put_text(b, "\r\n");
}

/* What is in the file. */
static bool
read_file(struct sheet_out *o, struct fault *f)
{
	struct stat st;
	uint8_t *to;
	ssize_t n = 0;
	size_t got = 0;

	if (fstat(o->fd, &st) != 0)
		return fault_errno(f, FAULT_INTERNAL, "sheet: %s", o->path);
	if (!S_ISREG(st.st_mode) || st.st_size > (off_t)SHEET_OUT_MAX)
		return fault_set(
		    f, FAULT_BADREQ, "sheet: %s: expected a file that token create made", o->path);
	if ((to = bytes_extend(&o->csv, (size_t)st.st_size)) == NULL)
		return bytes_ok(&o->csv, f);
	while (got < (size_t)st.st_size &&
	       (n = pread(o->fd, to + got, (size_t)st.st_size - got, (off_t)got)) > 0)
		got += (size_t)n;
	if (n < 0)
		return fault_errno(f, FAULT_INTERNAL, "sheet: %s", o->path);
	o->csv.n = got;
	return true;
}

/* What is left of a header that was cut: of a file of another's we cut nothing. */
static bool
is_begun(struct octets o, struct fault *f)
{
	struct bytes head = { 0 };
	bool ok;

	put_line(&head, sheet_columns);
	ok = bytes_ok(&head, f) && o.n < head.n && octets_same(o, octets_of(head.at, o.n));
	bytes_free(&head);
	return ok;
}

/* Cut a last line off that is not whole. */
static bool
cut_last(struct sheet_out *o, struct fault *f)
{
	size_t n = o->csv.n;

	while (n > 0 && o->csv.at[n - 1] != '\n')
		n--;
	if (n == 0 && !is_begun(octets_bytes(&o->csv), f))
		return fault_set(
		    f, FAULT_BADREQ, "sheet: %s: expected a file that token create made", o->path);
	o->csv.n = n;
	return true;
}

/* The file's rows are ours, every one; counts them. */
static bool
check_file(struct sheet_out *o, struct fault *f)
{
	struct csv_row row;
	struct csv c;
	bool more;

	if (o->csv.n == 0)
		return true;
	if (!sheet_out_rows(o, &c, f))
		return false;
	for (;;) {
		if (!csv_next(&c, &row, &more, f))
			return false;
		if (!more)
			return true;
		if (row.n != SHEET_COLUMNS)
			return fault_set(f, FAULT_BADREQ,
			    "sheet: %s: line %zu: expected %d cells, found %zu", o->path, row.line,
			    SHEET_COLUMNS, row.n);
		o->rows++;
	}
}

static bool
open_file(struct sheet_out *o, bool resume, struct fault *f)
{
	const int how = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;

	o->fd = open(o->path, how | (resume ? 0 : O_EXCL), 0600);
	if (o->fd < 0 && errno == EEXIST)
		return fault_set(f, FAULT_CONFLICT,
		    "sheet: %s is there already, and is never overwritten; --resume goes on with one that was interrupted",
		    o->path);
	if (o->fd < 0)
		return fault_errno(f, FAULT_INTERNAL, "sheet: %s", o->path);
	if (!folder_sync_of(o->path, f) || !read_file(o, f) || !cut_last(o, f) || !check_file(o, f))
		return false;
	if (ftruncate(o->fd, (off_t)o->csv.n) != 0 || lseek(o->fd, (off_t)o->csv.n, SEEK_SET) < 0)
		return fault_errno(f, FAULT_INTERNAL, "sheet: %s", o->path);
	return true;
}

bool
sheet_out_open(const char *path, bool resume, bool json, struct sheet_out *ret, struct fault *f)
{
	struct sheet_out o = { .path = path, .fd = STDOUT_FILENO, .json = json && path == NULL };
	struct bytes head = { 0 };
	bool ok = true;

	if (path != NULL && !open_file(&o, resume, f)) {
		sheet_out_close(&o);
		return false;
	}
	if (o.csv.n == 0) {
		put_line(&o.csv, sheet_columns);
		if (o.json)
			bytes_put_text(&head, "{\"items\":[");
		else
			bytes_put_octets(&head, octets_bytes(&o.csv));
		ok = bytes_ok(&o.csv, f) && bytes_ok(&head, f) &&
		     (folder_write_all(o.fd, octets_bytes(&head)) ||
			 fault_errno(f, FAULT_INTERNAL, "sheet: %s",
			     path == NULL ? "standard output" : path));
		bytes_free(&head);
	}
	if (ok)
		*ret = o;
	else
		sheet_out_close(&o);
	return ok;
}

static bool
put_json(
    struct bytes *b, const char *const field[static SHEET_COLUMNS], bool first, struct fault *f)
{
	struct json *j = json_object();
	bool ok;

	for (size_t i = 0; i < SHEET_COLUMNS; i++)
		json_put_text(j, sheet_columns[i], field[i]);
	if (!first)
		bytes_put_text(b, ",");
	ok = json_write(j, b, f);
	json_free(j);
	return ok;
}

bool
sheet_out_put(struct sheet_out *o, const char *const field[static SHEET_COLUMNS], struct fault *f)
{
	const size_t had = o->csv.n;
	struct bytes line = { 0 };
	bool ok = true;

	put_line(&o->csv, field);
	if (o->json)
		ok = put_json(&line, field, o->rows == 0, f);
	else
		bytes_put_octets(&line, octets_of(o->csv.at + had, o->csv.n - had));
	ok = ok && bytes_ok(&o->csv, f) && bytes_ok(&line, f);
	if (ok && (!folder_write_all(o->fd, octets_bytes(&line)) ||
		      (o->path != NULL && fdatasync(o->fd) != 0)))
		ok = fault_errno(
		    f, FAULT_INTERNAL, "sheet: %s", o->path == NULL ? "standard output" : o->path);
	bytes_free(&line);
	if (ok) {
		o->rows++;
		return true;
	}
	/* A line that was cut is cut off when the file is gone on with, too. */
	if (o->path != NULL && ftruncate(o->fd, (off_t)had) == 0)
		(void)lseek(o->fd, (off_t)had, SEEK_SET);
	o->csv.n = had;
	return false;
}

bool
sheet_out_rows(const struct sheet_out *o, struct csv *ret, struct fault *f)
{
	struct csv_row row;
	struct csv c;
	bool more, same;

	csv_open(&c, octets_bytes(&o->csv));
	if (!csv_next(&c, &row, &more, f))
		return false;
	same = more && row.n == SHEET_COLUMNS;
	for (size_t i = 0; same && i < SHEET_COLUMNS; i++)
		same = strcmp(row.cell[i], sheet_columns[i]) == 0;
	if (!same)
		return fault_set(f, FAULT_BADREQ,
		    "sheet: %s: expected a file that token create made",
		    o->path == NULL ? "standard output" : o->path);
	*ret = c;
	return true;
}

void
sheet_out_close(struct sheet_out *o)
{
	if (o->path == NULL && o->json && o->csv.n > 0)
		(void)!folder_write_all(o->fd, octets_text("]}\n"));
	if (o->path != NULL && o->fd >= 0)
		(void)close(o->fd);
	bytes_free(&o->csv);
}

/* ---- the page ---- */

static bool
flush(int fd, struct bytes *page, struct fault *f)
{
	bool ok = bytes_ok(page, f) && (folder_write_all(fd, octets_bytes(page)) ||
					   fault_errno(f, FAULT_INTERNAL, "sheet: the page"));

	bytes_clear(page);
	return ok;
}

/* A card at a time: all pages of a long list are more than we hold in memory. */
static bool
write_cards(
    const struct sheet_out *o, const char *tenant, int fd, struct bytes *page, struct fault *f)
{
	struct csv_row row;
	struct csv c;
	bool more;

	if (!sheet_begin(page, tenant, o->rows, f) || !sheet_out_rows(o, &c, f))
		return false;
	for (size_t i = 0;; i++) {
		struct sheet_card card;

		if (!csv_next(&c, &row, &more, f))
			return false;
		if (!more)
			break;
		card = (struct sheet_card){ .device = row.cell[SHEET_DEVICE],
			.profile = row.cell[SHEET_PROFILE],
			.expires = row.cell[SHEET_EXPIRES],
			.url = row.cell[SHEET_URL],
			.token = row.cell[SHEET_TOKEN],
			.code = row.cell[SHEET_CODE] };
		if (!sheet_put(page, tenant, &card, i, f) || !flush(fd, page, f))
			return false;
	}
	sheet_end(page, o->rows);
	return flush(fd, page, f);
}

bool
sheet_out_page(const struct sheet_out *o, const char *tenant, const char *path, struct fault *f)
{
	char part[PATH_ROOM];
	struct bytes page = { 0 };
	bool ok;
	int fd;

	(void)snprintf(part, sizeof(part), "%s.part", path);
	(void)unlink(part); /* of a try that did not end well: it has no name that anybody uses */
	fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fault_errno(f, FAULT_INTERNAL, "sheet: %s", part);
	ok = write_cards(o, tenant, fd, &page, f);
	bytes_free(&page);
	if (ok && fsync(fd) != 0)
		ok = fault_errno(f, FAULT_INTERNAL, "sheet: %s", part);
	if (close(fd) != 0 && ok)
		ok = fault_errno(f, FAULT_INTERNAL, "sheet: %s", part);
	if (ok && rename(part, path) != 0)
		ok = fault_errno(f, FAULT_INTERNAL, "sheet: %s", path);
	if (!ok)
		(void)unlink(part);
	return ok && folder_sync_of(path, f);
}
