/* daemon/cli_backup.c - backup, backup verify. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/folder.h"
#include "daemon/backup_file.h"
#include "daemon/cli_call.h"
#include "daemon/owner.h"
#include "daemon/passphrase.h"

struct backup {
	const struct invocation *inv;
	const char *path; /* "-": standard output */
	char part[BACKUP_PATH_MAX + 8];
	int fd;    /* of FILE.part, or of a file without a name */
	bool made; /* FILE.part is ours */
	struct owner owner;
	struct client *client;
	struct backup_progress progress;
	struct dump_total total;
	struct bytes root; /* root.pem */
};

static bool
put(void *with, struct octets o, struct fault *f)
{
	const struct backup *b = with;
	ssize_t n;

	while (o.n > 0) {
		n = write(b->fd, o.at, o.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fault_errno(f, FAULT_INTERNAL, "backup: %s", b->path);
		o = octets_of(o.at + n, o.n - (size_t)n);
	}
	return true;
}

static void
progress(void *with, const struct dump_total *so_far)
{
	struct backup *b = with;

	backup_progress_tell(&b->progress, so_far);
}

/* What goes to a pipe is kept in a file without a name first: whoever reads slowly there must not
 * make us hold old pages of the ledgers. */
static bool
open_nameless(struct backup *b, struct fault *f)
{
	const char *dir = getenv("TMPDIR");

	if (isatty(STDOUT_FILENO) == 1)
		return fault_set(
		    f, FAULT_BADREQ, "backup: - is standard output, which is a terminal here");
	b->fd = open(
	    dir == NULL || dir[0] == '\0' ? "/tmp" : dir, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	return b->fd >= 0 || fault_errno(f, FAULT_INTERNAL, "backup: a scratch file");
}

static bool
open_part(struct backup *b, struct fault *f)
{
	struct stat st;

	if (strcmp(b->path, "-") == 0)
		return open_nameless(b, f);
	if (strlen(b->path) >= BACKUP_PATH_MAX)
		return fault_set(f, FAULT_BADREQ, "backup: the path is too long");
	if (lstat(b->path, &st) == 0)
		return fault_set(f, FAULT_CONFLICT,
		    "backup: %s is there already, and is never overwritten", b->path);
	(void)snprintf(b->part, sizeof(b->part), "%.*s.part", BACKUP_PATH_MAX, b->path);
	b->fd = open(b->part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	b->made = b->fd >= 0;
	if (b->fd < 0 && errno == EEXIST)
		return fault_set(f, FAULT_CONFLICT,
		    "backup: %s is left from a try that was interrupted: remove it", b->part);
	return b->made || fault_errno(f, FAULT_INTERNAL, "backup: %s", b->part);
}

static bool
dump(struct backup *b, struct fault *f)
{
	struct dump_writing w = {
		.now_s = clock_now_s(), .put = put, .with = b, .progress = progress
	};
	char path[CONF_TEXT_MAX + 32];
	bool ok;

	if (!settings_path(&b->inv->settings, "root.pem", path, sizeof(path)))
		return fault_set(f, FAULT_BADREQ, "data: the path is too long");
	ok = backup_root(path, &b->root, f) &&
	     realm_open(b->inv->settings.data, STORE_READ, &w.realm, f) &&
	     dump_write(&w, &b->total, f);
	realm_close(w.realm);
	return ok;
}

/* As the data folder's owner: no link in there leads root to a file of others. */
static bool
dump_as_owner(struct backup *b, struct fault *f)
{
	struct fault why;
	bool ok;

	if (!owner_enter(&b->owner, f))
		return false;
	ok = dump(b, f);
	if (!owner_leave(&b->owner, &why)) {
		*f = why;
		return false;
	}
	return ok;
}

/* The signer's word that this is what there was. */
static bool
fetch_seal(struct backup *b, struct json **ret, struct fault *f)
{
	struct json *body = json_object();
	bool ok;

	json_put_hex(body, "digest", b->total.digest, sizeof(b->total.digest));
	json_put_number(body, "ledgers", (int64_t)b->total.ledgers);
	json_put_number(body, "rows", (int64_t)b->total.rows);
	ok = client_call(b->client, "POST", "/v1/backups", body, ret, f);
	json_free(body);
	return ok;
}

static bool
put_seal(struct backup *b, const struct json *answer, struct fault *f)
{
	const char *hex = json_text(answer, "signature"), *pem = json_text(answer, "certificates");
	const char *at = json_text(answer, "at");
	uint8_t signature[DUMP_SIGNATURE_OCTETS];
	struct dump_seal s = { .signature = octets_of(signature, sizeof(signature)) };
	struct bytes end = { 0 };
	bool ok;

	if (hex == NULL || pem == NULL || at == NULL || !log_time(at, &s.at_s) ||
	    !text_unhex(hex, signature, sizeof(signature)))
		return fault_set(f, FAULT_BADREQ, "backup: the answer holds no signature");
	s.certificates = octets_text(pem);
	ok = dump_put_seal(&s, &end, f) && put(b, octets_bytes(&end), f);
	bytes_free(&end);
	return ok;
}

/* A backup that does not hold is found now, and not on the day when it is needed. */
static bool
prove(struct backup *b, struct dump_verdict *v, struct fault *f)
{
	static const struct dump_visitor nobody;

	if (lseek(b->fd, 0, SEEK_SET) != 0)
		return fault_errno(f, FAULT_INTERNAL, "backup: %s", b->path);
	return backup_read(b->fd, &nobody, octets_bytes(&b->root), v, f);
}

static bool
copy_out(struct backup *b, struct fault *f)
{
	uint8_t piece[DUMP_FRAME_MAX];
	ssize_t n;

	if (lseek(b->fd, 0, SEEK_SET) != 0)
		return fault_errno(f, FAULT_INTERNAL, "backup: a scratch file");
	while ((n = read(b->fd, piece, sizeof(piece))) > 0)
		if (fwrite(piece, 1, (size_t)n, stdout) != (size_t)n)
			return fault_errno(f, FAULT_INTERNAL, "backup: standard output");
	return (n == 0 && fflush(stdout) == 0) ||
	       fault_errno(f, FAULT_INTERNAL, "backup: standard output");
}

/* Its name says that it is whole, and on disk. */
static bool
publish(struct backup *b, struct fault *f)
{
	if (!b->made)
		return copy_out(b, f);
	if (fsync(b->fd) != 0)
		return fault_errno(f, FAULT_INTERNAL, "backup: cannot sync %s", b->part);
	if (renameat2(AT_FDCWD, b->part, AT_FDCWD, b->path, RENAME_NOREPLACE) != 0)
		return fault_errno(
		    f, errno == EEXIST ? FAULT_CONFLICT : FAULT_INTERNAL, "backup: %s", b->path);
	b->made = false;
	return folder_sync_of(b->path, f);
}

/* Where words go: standard output, unless that is the backup itself. */
static void
say(const struct backup *b, const struct dump_verdict *v, const struct json *answer)
{
	FILE *to = strcmp(b->path, "-") == 0 ? stderr : stdout;
	const struct settings *s = &b->inv->settings;
	char key[CONF_TEXT_MAX * 2];
	struct json *j;

	if (b->inv->json) {
		int64_t index = 0;

		j = json_object();
		json_put_text(j, "file", b->path);
		backup_put_facts(v, j);
		if (json_number(answer, "log_index", 0, INT64_MAX >> 11, 0, &index))
			json_put_number(j, "log_index", index);
		cli_print_json(to, j);
		json_free(j);
		return;
	}
	(void)fprintf(to, "The backup is in %s, and holds: it was read again.\n",
	    strcmp(b->path, "-") == 0 ? "standard output" : b->path);
	backup_print_facts(v, to);
	if (strcmp(s->seal, "key-file") == 0 && passphrase_path(s, s->data, key, sizeof(key)))
		(void)fprintf(to,
		    "It holds the keys as they are sealed, and not what opens them: keep a copy of %s apart from it.\n",
		    key);
	else
		(void)fprintf(to,
		    "It holds the keys as they are sealed, and not what opens them: without the %s no key in it signs again.\n",
		    s->seal);
	if (s->hsm.module[0] != '\0')
		(void)fprintf(
		    to, "Keys in a token stay there: the backup says where, and no more.\n");
	(void)fprintf(to,
	    "Next: quatrain backup verify FILE --root ROOT.pem, where it is kept, with a root certificate from elsewhere\n");
}

static bool
take(struct backup *b, struct dump_verdict *v, struct json **answer, struct fault *f)
{
	if (!open_part(b, f) || !owner_find(&b->inv->settings, &b->owner, f) ||
	    !cli_open(b->inv, &b->client, f))
		return false;
	backup_progress_begin(&b->progress, b->inv);
	return dump_as_owner(b, f) && fetch_seal(b, answer, f) && put_seal(b, *answer, f) &&
	       prove(b, v, f) && publish(b, f);
}

int
backup_command(const struct invocation *inv)
{
	struct backup b = { .inv = inv, .path = inv->words[0], .fd = -1 };
	struct dump_verdict v;
	struct json *answer = NULL;
	struct fault f;
	bool ok = take(&b, &v, &answer, &f);

	backup_progress_end(&b.progress);
	client_close(b.client);
	if (ok)
		say(&b, &v, answer);
	if (b.made)
		(void)unlink(b.part); /* half a backup proves nothing */
	if (b.fd >= 0)
		(void)close(b.fd);
	bytes_free(&b.root);
	json_free(answer);
	return ok ? CLI_OK : cli_refuse(inv, &f);
}

static void
tell_verdict(const struct invocation *inv, const struct dump_verdict *v)
{
	struct json *j;

	if (!inv->json) {
		(void)printf("GOOD: %s is a whole backup, unchanged.\n", inv->words[0]);
		backup_print_facts(v, stdout);
		(void)printf(
		    "Next: keep it, and apart from it what opens its keys; quatrain restore FILE --root ROOT.pem makes a service of it\n");
		return;
	}
	j = json_object();
	json_put_text(j, "verdict", "good");
	backup_put_facts(v, j);
	cli_print_json(stdout, j);
	json_free(j);
}

static void
verified(void *with, const struct dump_total *so_far)
{
	backup_progress_tell(with, so_far);
}

int
backup_verify_command(const struct invocation *inv)
{
	struct backup_progress p;
	const struct dump_visitor v = { .progress = verified, .progress_with = &p };
	struct dump_verdict verdict;
	struct bytes root = { 0 };
	struct fault f, why;
	bool ok;
	int fd = -1;

	backup_progress_begin(&p, inv);
	if (!backup_root(cli_option(inv, "root"), &root, &f) ||
	    !backup_open(inv->words[0], &fd, &f)) {
		bytes_free(&root);
		return cli_refuse(inv, &f);
	}
	ok = backup_read(fd, &v, octets_bytes(&root), &verdict, &why);
	backup_progress_end(&p);
	bytes_free(&root);
	(void)close(fd);
	if (!ok) {
		fault_set(&f, why.code, "%s: %.230s",
		    why.code == FAULT_INTERNAL ? "NOT VERIFIED" : "BAD", why.text);
		return cli_refuse_next(inv, &f,
		    "restore nothing from it; take another backup, and see who could write this one");
	}
	tell_verdict(inv, &verdict);
	return CLI_OK;
}
