/* daemon/passphrase.c - see passphrase.h. */
#include "daemon/passphrase.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

#define KEY_OCTETS 32
#define PATH_ROOM  (CONF_TEXT_MAX * 2)

static bool
is(const struct settings *s, const char *word)
{
	return strcmp(s->seal, word) == 0;
}

enum seal_strength
passphrase_strength(const struct settings *s)
{
	return is(s, "key-file") ? SEAL_RANDOM : SEAL_PASSPHRASE;
}

bool
passphrase_path(const struct settings *s, const char *folder, char *path, size_t size)
{
	int n;

	if (s->seal_file[0] != '\0')
		n = snprintf(path, size, "%s", s->seal_file);
	else
		n = snprintf(path, size, "%s/master.key", folder);
	return n >= 0 && (size_t)n < size;
}

static bool
write_key(const char *path, const struct secret *hex, struct fault *f)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool ok;

	if (fd < 0)
		return fault_errno(f, FAULT_CONFLICT, "seal: %s", path);
	ok = write(fd, hex->at, hex->n) == (ssize_t)hex->n && write(fd, "\n", 1) == 1 &&
	     fsync(fd) == 0;
	if (!ok)
		fault_errno(f, FAULT_INTERNAL, "seal: %s", path);
	(void)close(fd);
	if (!ok)
		(void)unlink(path); /* nobody was told that it is there */
	return ok;
}

static bool
make_key(const char *path, struct secret *ret, struct fault *f)
{
	struct secret random = { 0 }, hex = { 0 };
	bool ok = false;

	if (!secret_random(KEY_OCTETS, &random, f) || !secret_new(KEY_OCTETS * 2 + 1, &hex, f))
		goto out;
	text_hex(random.at, random.n, (char *)hex.at);
	hex.n--; /* without its NUL */
	if (!write_key(path, &hex, f))
		goto out;
	*ret = hex;
	hex = (struct secret){ 0 };
	ok = true;
out:
	secret_free(&hex);
	secret_free(&random);
	return ok;
}

static bool
ask_twice(struct secret *ret, struct fault *f)
{
	struct secret first = { 0 }, again = { 0 };
	bool ok = false;

	if (!secret_ask("Passphrase for the keys: ", &first, f))
		return false;
	if (first.n < PASSPHRASE_LETTERS_MIN)
		fault_set(f, FAULT_BADREQ, "seal: expected a passphrase of at least %d letters",
		    PASSPHRASE_LETTERS_MIN);
	else if (!secret_ask("The same again: ", &again, f))
		ok = false;
	else if (!secret_same(&first, secret_octets(&again)))
		fault_set(f, FAULT_BADREQ, "seal: the two were not the same");
	else
		ok = true;
	secret_free(&again);
	if (ok)
		*ret = first;
	else
		secret_free(&first);
	return ok;
}

static bool
read_credential(const struct settings *s, struct secret *ret, struct fault *f)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	char path[PATH_ROOM];

	if (folder == NULL)
		return fault_set(f, FAULT_NOTFOUND,
		    "seal: expected a systemd credential: start by systemd with LoadCredential=");
	if (snprintf(path, sizeof(path), "%s/%s", folder,
		s->seal_file[0] == '\0' ? "quatrain" : s->seal_file) >= (int)sizeof(path))
		return fault_set(f, FAULT_BADREQ, "seal: the credential's path is too long");
	return secret_read_line(path, ret, f);
}

bool
passphrase_make(const struct settings *s, const char *folder, struct secret *ret, struct fault *f)
{
	char path[PATH_ROOM];

	if (is(s, "passphrase"))
		return ask_twice(ret, f);
	if (is(s, "credential"))
		return read_credential(s, ret, f);
	if (!passphrase_path(s, folder, path, sizeof(path)))
		return fault_set(f, FAULT_BADREQ, "seal_file: the path is too long");
	return make_key(path, ret, f);
}

/* DATA may belong to a user that is less than we: a link in it would give that user's signer the
 * first line of another's file. */
static bool
is_plain(const char *path, struct fault *f)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return fault_errno(f, FAULT_NOTFOUND, "seal: %s", path);
	return S_ISREG(st.st_mode) ||
	       fault_set(f, FAULT_BADREQ,
		   "seal: %s is no plain file: name one elsewhere as seal_file", path);
}

/* A group may read it, where root keeps it for the service's user. */
static bool
is_closed(const char *path, struct fault *f)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return fault_errno(f, FAULT_NOTFOUND, "seal: %s", path);
	return (st.st_mode & (S_IRWXO | S_IWGRP)) == 0 ||
	       fault_set(f, FAULT_DENIED,
		   "seal: %s opens all keys, and others may read or write it: chmod 600, and \"quatrain key rotate\" if somebody may have",
		   path);
}

bool
passphrase_get(const struct settings *s, struct secret *ret, struct fault *f)
{
	char path[PATH_ROOM];

	if (is(s, "passphrase"))
		return secret_ask("Passphrase for the keys: ", ret, f);
	if (is(s, "credential"))
		return read_credential(s, ret, f);
	if (!passphrase_path(s, s->data, path, sizeof(path)))
		return fault_set(f, FAULT_BADREQ, "seal_file: the path is too long");
	return (s->seal_file[0] != '\0' || is_plain(path, f)) && is_closed(path, f) &&
	       secret_read_line(path, ret, f);
}
