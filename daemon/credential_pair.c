/*
 * daemon/credential_pair.c - key and certificate change together; see credential.h.
 *
 * No file system renames two files at once. But it renames a link: .pair leads to a
 * folder that holds both, and key.pem and cert.pem lead through .pair. Where they
 * are files of their own yet, a folder with the same two is made first and the files
 * become links one by one, which changes nothing that anybody reads.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/folder.h"
#include "base/secret.h"
#include "base/text.h"
#include "daemon/credential.h"

#define PAIR   ".pair"
#define BEGINS ".pair-"
#define ID     8 /* octets of a folder's name, so that it is no other's */

static const struct {
	const char *name, *leads_to;
	unsigned mode;
} files[] = {
	{ "key.pem", PAIR "/key.pem", 0600 },
	{ "cert.pem", PAIR "/cert.pem", 0644 },
};
#define FILES_N (sizeof(files) / sizeof(files[0]))

/* Is name a link to just that? */
static bool
leads(const char *dir, const char *name, const char *to)
{
	char path[CREDENTIAL_PATH_MAX], found[64];
	struct fault none;
	ssize_t n;

	if (!credential_path(dir, name, path, &none))
		return false;
	n = readlink(path, found, sizeof(found));
	return n == (ssize_t)strlen(to) && memcmp(found, to, (size_t)n) == 0;
}

/* A link at name, in place of what is there. */
static bool
put_link(const char *dir, const char *name, const char *to, struct fault *f)
{
	static const char temp[] = ".pair.link";
	char path[CREDENTIAL_PATH_MAX];

	if (!credential_path(dir, temp, path, f))
		return false;
	(void)unlink(path); /* of a try that was cut */
	if (symlink(to, path) != 0)
		return fault_errno(f, FAULT_INTERNAL, "credential: %s", path);
	if (credential_rename(dir, temp, name, f))
		return true;
	(void)unlink(path);
	return false;
}

/* A new folder with both, and .pair leads to it. */
static bool
switch_to(const char *dir, const struct octets content[static FILES_N], struct fault *f)
{
	char name[sizeof(BEGINS) + 2 * ID], path[CREDENTIAL_PATH_MAX];
	uint8_t id[ID];
	bool ok = true;

	secret_nonce(id, sizeof(id));
	(void)memcpy(name, BEGINS, sizeof(BEGINS));
	text_hex(id, sizeof(id), name + strlen(BEGINS));
	if (!credential_path(dir, name, path, f) || !credential_folder(path, f))
		return false;
	for (size_t i = 0; i < FILES_N && ok; i++)
		ok = credential_make(path, files[i].name, files[i].mode, content[i], f);
	return ok && put_link(dir, PAIR, name, f);
}

/* Make links of what are files yet, by way of a folder that holds the same. */
static bool
make_links(const char *dir, struct fault *f)
{
	struct bytes now[FILES_N] = { 0 };
	struct octets content[FILES_N];
	char path[CREDENTIAL_PATH_MAX];
	bool ok = true, all = true;

	for (size_t i = 0; i < FILES_N; i++)
		all = all && leads(dir, files[i].name, files[i].leads_to);
	if (all)
		return true;
	for (size_t i = 0; i < FILES_N && ok; i++) {
		ok = credential_path(dir, files[i].name, path, f) &&
		     credential_read(path, &now[i], f);
		content[i] = octets_bytes(&now[i]);
	}
	ok = ok && switch_to(dir, content, f);
	for (size_t i = 0; i < FILES_N && ok; i++)
		ok = put_link(dir, files[i].name, files[i].leads_to, f);
	for (size_t i = 0; i < FILES_N; i++)
		bytes_free(&now[i]);
	return ok;
}

static void
remove_folder(const char *dir, const char *name)
{
	/* The files, and what credential_make() was cut in. */
	static const char *const left[] = { "key.pem", "cert.pem", ".key.pem.part",
		".cert.pem.part" };
	char folder[CREDENTIAL_PATH_MAX], path[CREDENTIAL_PATH_MAX];
	struct fault none;

	if (!credential_path(dir, name, folder, &none))
		return;
	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++)
		if (credential_path(folder, left[i], path, &none))
			(void)unlink(path);
	(void)rmdir(folder);
}

/* Folders that nothing leads to: of the pair before, and of tries that were cut. */
static void
sweep(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (strncmp(e->d_name, BEGINS, strlen(BEGINS)) == 0 &&
		    strlen(e->d_name) == strlen(BEGINS) + 2 * ID && !leads(dir, PAIR, e->d_name))
			remove_folder(dir, e->d_name);
	if (d != NULL)
		(void)closedir(d);
}

bool
credential_pair_replace(const char *dir, struct octets key, struct octets cert, struct fault *f)
{
	const struct octets content[FILES_N] = { key, cert };

	if (!make_links(dir, f) || !switch_to(dir, content, f))
		return false;
	sweep(dir);
	return true;
}
