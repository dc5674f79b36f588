/* ca/profile_set.c - see profile_set.h. */
#include "ca/profile_set.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "ca/profile_builtin.h"

#define PATH_OCTETS 1024

static struct {
	size_t n;
	struct profile at[PROFILE_MAX];
	uint8_t digest[PROFILE_DIGEST_OCTETS];
} set;

const struct profile *
profile_at(size_t i)
{
	return i < set.n ? &set.at[i] : NULL;
}

const uint8_t *
profile_set_digest(void)
{
	return set.digest;
}

static bool
put_file(const char *path, struct octets text, struct bytes *ret, struct fault *f)
{
	bytes_put_counted_text(ret, path);
	bytes_put_counted(ret, text);
	if (ret->n > PROFILE_BUNDLE_MAX)
		return fault_set(f, FAULT_LIMIT, "%.150s: the profiles are over %u octets", path,
		    PROFILE_BUNDLE_MAX);
	return bytes_ok(ret, f);
}

bool
profile_bundle_builtin(struct bytes *ret, struct fault *f)
{
	for (size_t i = 0; i < profile_builtin_n; i++)
		if (!put_file(profile_builtin[i].name, profile_builtin[i].text, ret, f))
			return false;
	return true;
}

/* A file, and no pipe: one that nobody writes to would hold a start up for ever. */
static bool
open_file(const char *path, FILE **ret, struct fault *f)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat s;

	if (fd < 0 || fstat(fd, &s) != 0) {
		fault_errno(f, FAULT_NOTFOUND, "%.180s: cannot be read", path);
	} else if (!S_ISREG(s.st_mode)) {
		fault_set(f, FAULT_NOTFOUND, "%.180s: is no file", path);
	} else if ((*ret = fdopen(fd, "r")) == NULL) {
		fault_errno(f, FAULT_INTERNAL, "%.180s: cannot be read", path);
	} else {
		return true;
	}
	if (fd >= 0)
		(void)close(fd);
	return false;
}

bool
profile_bundle_file(const char *path, struct bytes *ret, struct fault *f)
{
	FILE *in;
	char *text = NULL;
	bool ok = false;
	size_t n;

	if (!open_file(path, &in, f))
		return false;
	if ((text = malloc(CONF_MAX_OCTETS + 1)) == NULL) {
		(void)fault_set(f, FAULT_INTERNAL, "profile: out of memory");
		goto out;
	}
	n = fread(text, 1, CONF_MAX_OCTETS + 1, in);
	if (ferror(in) != 0)
		(void)fault_errno(f, FAULT_NOTFOUND, "%.180s: cannot be read", path);
	else
		ok = put_file(path, octets_of(text, n), ret, f);
out:
	free(text);
	(void)fclose(in);
	return ok;
}

static int
is_profile(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 5 && e->d_name[0] != '.' && strcmp(e->d_name + n - 5, ".yaml") == 0;
}

bool
profile_bundle_folder(const char *dir, struct bytes *ret, struct fault *f)
{
	struct dirent **all = NULL;
	char path[PATH_OCTETS];
	int n = scandir(dir, &all, is_profile, alphasort);
	bool ok = n > 0;

	if (n < 0)
		return fault_errno(f, FAULT_NOTFOUND, "%.180s: cannot be read", dir);
	if (n == 0)
		(void)fault_set(
		    f, FAULT_NOTFOUND, "%.180s: expected profiles, NAME.yaml; found none", dir);
	for (int i = 0; i < n; i++) {
		if (ok &&
		    snprintf(path, sizeof(path), "%s/%s", dir, all[i]->d_name) >= (int)sizeof(path))
			ok = fault_set(f, FAULT_LIMIT, "%.180s: the path is too long", dir);
		ok = ok && profile_bundle_file(path, ret, f);
		free(all[i]);
	}
	free(all);
	return ok;
}

/* Parse every file of the bundle into at, in its order. */
static bool
read_all(
    struct octets bundle, struct profile at[static PROFILE_MAX], size_t *ret_n, struct fault *f)
{
	struct reader r = reader_of(bundle);
	char file[PATH_OCTETS];
	struct octets text;
	size_t n = 0;

	while (r.n > 0 && !r.bad) {
		reader_counted_text(&r, file, sizeof(file));
		text = reader_counted(&r);
		if (r.bad)
			break;
		if (n == PROFILE_MAX)
			return fault_set(f, FAULT_LIMIT, "%.150s: expected at most %d profiles",
			    file, PROFILE_MAX);
		if (!profile_parse(file, text, at, n, &at[n], f))
			return false;
		n++;
	}
	if (!reader_done(&r))
		return fault_set(f, FAULT_INTERNAL, "profile: a bundle of another shape");
	*ret_n = n;
	return true;
}

bool
profile_check(struct octets bundle, size_t *ret_n, struct fault *f)
{
	struct profile *at = calloc(PROFILE_MAX, sizeof(*at));
	bool ok;

	if (at == NULL)
		return fault_set(f, FAULT_INTERNAL, "profile: out of memory");
	ok = read_all(bundle, at, ret_n, f);
	free(at);
	return ok;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct profile *)a)->name, ((const struct profile *)b)->name);
}

/* What the service itself is certified by must be there, and able to. */
static bool
check_needed(const struct profile *at, size_t n, struct fault *f)
{
	static const struct {
		const char *name, *why;
	} needed[] = {
		{ "operator", "operators are" },
		{ "service", "the service itself is" },
	};

	for (size_t k = 0; k < sizeof(needed) / sizeof(needed[0]); k++) {
		size_t i = 0;

		while (i < n && strcmp(at[i].name, needed[k].name) != 0)
			i++;
		if (i == n || strcmp(at[i].kind, at[i].name) != 0 ||
		    (at[i].keys & PROFILE_P256) == 0)
			return fault_set(f, FAULT_BADREQ,
			    "profiles: expected one called %s, of that kind and for p256 keys, by which %s certified",
			    needed[k].name, needed[k].why);
	}
	for (size_t i = 0; i < n; i++)
		if (strcmp(at[i].name, "service") == 0 && at[i].valid_s < PROFILE_SERVICE_MIN)
			return fault_set(f, FAULT_BADREQ,
			    "profiles: service: expected a validity of at least 1d, because the service looks after its own certificate once an hour");
	return true;
}

static bool
digest_all(
    const struct profile *at, size_t n, uint8_t to[static PROFILE_DIGEST_OCTETS], struct fault *f)
{
	uint8_t digests[PROFILE_MAX * PROFILE_DIGEST_OCTETS];

	for (size_t i = 0; i < n; i++)
		if (!profile_digest(&at[i], digests + i * PROFILE_DIGEST_OCTETS, f))
			return false;
	if (EVP_Digest(digests, n * PROFILE_DIGEST_OCTETS, to, NULL, EVP_sha256(), NULL) != 1)
		return fault_crypto(f, FAULT_INTERNAL, "profile: EVP_Digest");
	return true;
}

bool
profile_load(struct octets bundle, struct fault *f)
{
	struct profile *at = calloc(PROFILE_MAX, sizeof(*at));
	uint8_t digest[PROFILE_DIGEST_OCTETS];
	size_t n = 0;
	bool ok;

	if (at == NULL)
		return fault_set(f, FAULT_INTERNAL, "profile: out of memory");
	ok = read_all(bundle, at, &n, f);
	if (ok)
		qsort(at, n, sizeof(*at), by_name);
	if ((ok = ok && check_needed(at, n, f) && digest_all(at, n, digest, f))) {
		memcpy(set.at, at, n * sizeof(*at));
		memcpy(set.digest, digest, sizeof(set.digest));
		set.n = n;
	}
	free(at);
	return ok;
}

bool
profile_load_builtin(struct fault *f)
{
	struct bytes bundle = { 0 };
	bool ok = profile_bundle_builtin(&bundle, f) && profile_load(octets_bytes(&bundle), f);

	bytes_free(&bundle);
	return ok;
}
