/* ca/reseal.c - see reseal.h. */
#include "ca/reseal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/folder.h"
#include "ca/key_file.h"

#define MARKER  "resealing"
#define LETTERS "abcdefghijklmnopqrstuvwxyz -"

/* a, b and c, one after the other. */
static bool
path_of(
    const char *a, const char *b, const char *c, char to[static RESEAL_PATH_MAX], struct fault *f)
{
	return snprintf(to, RESEAL_PATH_MAX, "%s%s%s", a, b, c) < RESEAL_PATH_MAX ||
	       fault_set(f, FAULT_INTERNAL, "reseal: the path is too long");
}

static bool
ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n >= m && strcmp(name + n - m, end) == 0;
}

/* Call act for each file of the folder whose name ends so. What act makes or removes may or may not
 * be seen by the walk: none of ours ends as what it is made from. */
struct walk {
	const char *end;
	bool (*act)(struct walk *w, const char *path, struct fault *f);
	struct seal *from, *to;
	size_t n;
};

static bool
walk(struct walk *w, const char *keys, struct fault *f)
{
	char path[RESEAL_PATH_MAX];
	struct dirent *e;
	DIR *d = opendir(keys);
	bool ok = true;

	if (d == NULL)
		return fault_errno(f, FAULT_INTERNAL, "reseal: %s", keys);
	errno = 0;
	while (ok && (e = readdir(d)) != NULL) {
		if (ends_with(e->d_name, w->end))
			ok = path_of(keys, "/", e->d_name, path, f) && w->act(w, path, f);
		errno = 0;
	}
	if (ok && errno != 0)
		ok = fault_errno(f, FAULT_INTERNAL, "reseal: %s", keys);
	(void)closedir(d);
	return ok;
}

bool
reseal_pending(const char *keys, bool *ret, char word[static RESEAL_WORD_MAX], struct fault *f)
{
	char path[RESEAL_PATH_MAX], text[RESEAL_WORD_MAX];
	ssize_t n;
	int fd;

	if (!path_of(keys, "/", MARKER, path, f))
		return false;
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) < 0) {
		*ret = false;
		return errno == ENOENT || fault_errno(f, FAULT_INTERNAL, "reseal: %s", path);
	}
	n = read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	if (n < 0)
		return fault_set(f, FAULT_INTERNAL, "reseal: %s cannot be read", path);
	text[n] = '\0';
	if (strspn(text, LETTERS) != (size_t)n)
		return fault_set(f, FAULT_BADREQ, "reseal: %s is not of this program", path);
	memcpy(word, text, (size_t)n + 1);
	*ret = true;
	return true;
}

static bool
remove_one(struct walk *w, const char *path, struct fault *f)
{
	(void)w;
	return unlink(path) == 0 || errno == ENOENT ||
	       fault_errno(f, FAULT_INTERNAL, "reseal: %s", path);
}

bool
reseal_clear(const char *keys, struct fault *f)
{
	struct walk keys_of = { .end = ".key.new", .act = remove_one };
	struct walk marker = { .end = MARKER ".new", .act = remove_one };

	return walk(&keys_of, keys, f) && walk(&marker, keys, f) && folder_sync(keys, f);
}

/* What was written must open again: nobody will have the old one. */
static bool
opens_the_same(struct seal *to, const char *path, const struct secret *key, struct fault *f)
{
	struct secret again = { 0 };
	bool ok;

	if (!seal_read(to, path, &again, f))
		return false;
	ok = secret_same(&again, secret_octets(key)) ||
	     fault_set(f, FAULT_INTERNAL, "reseal: %s does not open to what it was", path);
	secret_free(&again);
	return ok;
}

bool
reseal_file(struct seal *from, struct seal *to, const char *path, struct fault *f)
{
	char made[RESEAL_PATH_MAX];
	struct secret key = { 0 };
	bool ok;

	if (!path_of(path, ".new", "", made, f) || !seal_read(from, path, &key, f))
		return false;
	ok = seal_write(to, made, &key, f) && opens_the_same(to, made, &key, f);
	secret_free(&key);
	return ok;
}

bool
reseal_turn(const char *path, struct fault *f)
{
	char made[RESEAL_PATH_MAX];

	if (!path_of(path, ".new", "", made, f))
		return false;
	if (rename(made, path) != 0)
		return errno == ENOENT || fault_errno(f, FAULT_INTERNAL, "reseal: %s", made);
	return folder_sync_of(path, f);
}

static bool
reseal_one(struct walk *w, const char *path, struct fault *f)
{
	struct key_uri uri;
	bool is_uri;

	if (!key_file_read_uri(path, &is_uri, &uri, f))
		return false;
	if (is_uri)
		return true;
	w->n++;
	return reseal_file(w->from, w->to, path, f);
}

bool
reseal_all(struct seal *from, struct seal *to, const char *keys, size_t *ret_n, struct fault *f)
{
	struct walk w = { .end = ".key", .act = reseal_one, .from = from, .to = to };

	if (!walk(&w, keys, f))
		return false;
	*ret_n = w.n;
	return folder_sync(keys, f);
}

bool
reseal_commit(const char *keys, const char *word, struct fault *f)
{
	char path[RESEAL_PATH_MAX], made[RESEAL_PATH_MAX];
	size_t n = strlen(word);
	bool ok;
	int fd;

	if (n >= RESEAL_WORD_MAX || strspn(word, LETTERS) != n)
		return fault_set(f, FAULT_INTERNAL, "reseal: no word");
	if (!path_of(keys, "/", MARKER, path, f) || !path_of(path, ".new", "", made, f))
		return false;
	if ((fd = open(made, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0)
		return fault_errno(f, FAULT_INTERNAL, "reseal: %s", made);
	ok = write(fd, word, n) == (ssize_t)n && fsync(fd) == 0;
	if (!ok)
		fault_errno(f, FAULT_INTERNAL, "reseal: %s", made);
	(void)close(fd);
	return ok && reseal_turn(path, f);
}

static bool
turn_one(struct walk *w, const char *path, struct fault *f)
{
	char to[RESEAL_PATH_MAX];
	size_t n = strlen(path) - strlen(".new");

	w->n++;
	memcpy(to, path, n);
	to[n] = '\0';
	return reseal_turn(to, f);
}

bool
reseal_turn_all(const char *keys, struct fault *f)
{
	struct walk w = { .end = ".key.new", .act = turn_one };

	/* A walk promises nothing about names that change while it goes. */
	do {
		w.n = 0;
		if (!walk(&w, keys, f))
			return false;
	} while (w.n > 0);
	return true;
}

bool
reseal_end(const char *keys, struct fault *f)
{
	char path[RESEAL_PATH_MAX];

	if (!path_of(keys, "/", MARKER, path, f))
		return false;
	if (unlink(path) != 0 && errno != ENOENT)
		return fault_errno(f, FAULT_INTERNAL, "reseal: %s", path);
	return folder_sync(keys, f);
}
