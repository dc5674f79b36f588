/* ca/key_file.c - see key_file.h. */
#include "ca/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/folder.h"
#include "base/text.h"

#define SCHEME   "pkcs11:"
#define LINE_MAX 512 /* octets */

/* RFC 7512 section 2.3: these may stand as they are in an attribute of the path. */
static bool
is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-._~", c) != NULL);
}

bool
key_uri_text(const struct key_uri *u, struct bytes *ret, struct fault *f)
{
	bytes_put_text(ret, SCHEME "token=");
	for (const char *c = u->token; *c != '\0'; c++)
		bytes_put_fmt(ret, is_plain(*c) ? "%c" : "%%%02x", (unsigned char)*c);
	bytes_put_text(ret, ";id=");
	for (size_t i = 0; i < sizeof(u->id); i++)
		bytes_put_fmt(ret, "%%%02x", u->id[i]);
	bytes_put_text(ret, ";type=private\n");
	return bytes_ok(ret, f);
}

/* %xx for each octet of an id, and nothing else: as we write it. */
static bool
read_id(struct octets o, uint8_t to[static TBS_KEY_ID_OCTETS])
{
	char hex[3] = "";

	if (o.n != TBS_KEY_ID_OCTETS * 3)
		return false;
	for (size_t i = 0; i < TBS_KEY_ID_OCTETS; i++) {
		memcpy(hex, o.at + i * 3 + 1, 2);
		if (o.at[i * 3] != '%' || !text_unhex(hex, to + i, 1))
			return false;
	}
	return true;
}

/* One "name=value". False: not known, malformed, or given twice. */
static bool
read_attribute(struct octets o, struct key_uri *u, unsigned *seen)
{
	static const char *const names[] = { "token=", "id=", "type=" };
	unsigned which = 0;
	size_t n = 0;

	while (
	    which < 3 && ((n = strlen(names[which])) > o.n || memcmp(o.at, names[which], n) != 0))
		which++;
	if (which == 3 || (*seen & 1u << which) != 0)
		return false;
	*seen |= 1u << which;
	o = octets_of(o.at + n, o.n - n);
	switch (which) {
	case 0:
		return o.n > 0 && text_unpercent(o, u->token, sizeof(u->token));
	case 1:
		return read_id(o, u->id);
	default:
		return octets_same(o, octets_text("private"));
	}
}

bool
key_uri_read(struct octets line, struct key_uri *ret, struct fault *f)
{
	const size_t scheme_n = strlen(SCHEME);
	struct key_uri u = { .token = "" };
	unsigned seen = 0;
	bool ok = line.n > scheme_n && memcmp(line.at, SCHEME, scheme_n) == 0 &&
		  line.at[line.n - 1] == '\n';

	for (size_t from = scheme_n; ok && from < line.n;) {
		const uint8_t *end = memchr(line.at + from, ';', line.n - from);
		size_t to = end == NULL ? line.n - 1 : (size_t)(end - line.at);

		ok = read_attribute(octets_of(line.at + from, to - from), &u, &seen);
		from = to + 1;
	}
	if (!ok || seen != 7)
		return fault_set(f, FAULT_BADREQ,
		    "key: RFC 7512 section 2.3: expected pkcs11:token=...;id=%%xx...;type=private");
	*ret = u;
	return true;
}

bool
key_file_write_uri(const char *path, const struct key_uri *u, struct fault *f)
{
	struct bytes line = { 0 };
	int fd;
	bool ok = key_uri_text(u, &line, f);

	if (ok && (fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0)
		ok = fault_errno(f, errno == EEXIST ? FAULT_CONFLICT : FAULT_INTERNAL,
		    "key: cannot make %s", path);
	else if (ok) {
		if (!(ok = write(fd, line.at, line.n) == (ssize_t)line.n && fsync(fd) == 0))
			fault_errno(f, FAULT_INTERNAL, "key: cannot write %s", path);
		(void)close(fd);
		ok = ok && folder_sync_of(path, f);
		if (!ok)
			(void)unlink(path); /* nobody was told that it is there */
	}
	bytes_free(&line);
	return ok;
}

bool
key_file_read_uri(const char *path, bool *is_uri, struct key_uri *ret, struct fault *f)
{
	char line[LINE_MAX];
	ssize_t n;
	int fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)) < 0)
		return fault_errno(f, errno == ENOENT ? FAULT_NOTFOUND : FAULT_INTERNAL,
		    "key: cannot open %s", path);
	if ((n = read(fd, line, sizeof(line))) < 0)
		fault_errno(f, FAULT_INTERNAL, "key: cannot read %s", path);
	(void)close(fd);
	if (n < 0)
		return false;
	*is_uri = (size_t)n >= strlen(SCHEME) && memcmp(line, SCHEME, strlen(SCHEME)) == 0;
	return !*is_uri || key_uri_read(octets_of(line, (size_t)n), ret, f);
}
