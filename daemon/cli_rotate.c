/* daemon/cli_rotate.c - key rotate: the sealed keys under another master key, while no service
 * runs. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/folder.h"
#include "ca/level.h"
#include "ca/marks.h"
#include "ca/reseal.h"
#include "daemon/cli_print.h"
#include "daemon/cli_table.h"
#include "daemon/owner.h"
#include "daemon/passphrase.h"
#include "daemon/start.h"
#include "policy/rules.h"

#define PATH_ROOM (CONF_TEXT_MAX * 2)
#define APART     " offline-root" /* in the word: a file elsewhere is resealed too */

struct rotate {
	const struct invocation *inv;
	struct settings now, then;
	const char *offline; /* the root's file, elsewhere */
	char keys[PATH_ROOM], old_at[PATH_ROOM], new_at[PATH_ROOM], ready_at[PATH_ROOM + 8];
	char word[RESEAL_WORD_MAX]; /* what "resealing" says: the new way, and what else goes on */
	struct owner owner;
	int lock;
	struct seal *from, *to;
	bool begun, resumed;
	bool destroyed, left; /* the old master key's file: or it could not be */
	size_t n;
	uint64_t log_index;
};

static bool
is_file(const struct settings *s)
{
	return strcmp(s->seal, "key-file") == 0;
}

/* What is done in the keys' folder is done as its owner; the master key is not the owner's. */
static bool
as_owner(struct rotate *r, bool (*act)(struct rotate *r, struct fault *f), struct fault *f)
{
	bool ok;

	if (!owner_enter(&r->owner, f))
		return false;
	ok = act(r, f);
	return owner_leave(&r->owner, f) && ok;
}

static bool
take_options(struct rotate *r, struct fault *f)
{
	const char *seal = cli_option(r->inv, "seal"), *file = cli_option(r->inv, "seal-file");
	const struct settings *now = &r->now;

	r->then = *now;
	if (seal != NULL && strcmp(seal, now->seal) != 0) {
		(void)snprintf(r->then.seal, sizeof(r->then.seal), "%s", seal);
		r->then.seal_file[0] = '\0';
	}
	if (file != NULL && strlen(file) >= sizeof(r->then.seal_file))
		return fault_set(f, FAULT_BADREQ, "--seal-file: too long");
	if (file != NULL)
		(void)snprintf(r->then.seal_file, sizeof(r->then.seal_file), "%s", file);
	r->offline = cli_option(r->inv, "offline-root");
	if (!settings_path(now, "keys", r->keys, sizeof(r->keys)) ||
	    (is_file(now) && !passphrase_path(now, now->data, r->old_at, sizeof(r->old_at))) ||
	    (is_file(&r->then) &&
		!passphrase_path(&r->then, now->data, r->new_at, sizeof(r->new_at))))
		return fault_set(f, FAULT_BADREQ, "seal_file: the path is too long");
	if (strcmp(r->then.seal, "credential") == 0 &&
	    (r->then.seal_file[0] == '\0' ||
		(!is_file(now) && strcmp(r->then.seal_file, now->seal_file) == 0)))
		return fault_set(f, FAULT_BADREQ,
		    "--seal-file: expected the name of another credential than now");
	if (strcmp(r->then.seal, "passphrase") == 0 && r->then.seal_file[0] != '\0')
		return fault_set(f, FAULT_BADREQ, "--seal-file: a passphrase has no file");
	(void)snprintf(r->ready_at, sizeof(r->ready_at), "%s.new", r->new_at);
	(void)snprintf(
	    r->word, sizeof(r->word), "%.20s%s", r->then.seal, r->offline == NULL ? "" : APART);
	return true;
}

static bool
lock(struct rotate *r, struct fault *f)
{
	return start_lock(&r->now, &r->lock, f);
}

/* The same command again finishes what was interrupted; another one would not know how. */
static bool
look(struct rotate *r, struct fault *f)
{
	char word[RESEAL_WORD_MAX];

	if (!reseal_pending(r->keys, &r->resumed, word, f))
		return false;
	if (r->resumed && strcmp(word, r->word) != 0)
		return fault_set(f, FAULT_CONFLICT,
		    "rotate: one that was interrupted comes first: run it again as it was, with --seal %.*s%s",
		    (int)strcspn(word, " "), word,
		    strstr(word, APART) == NULL ? "" : " and --offline-root FILE");
	return r->resumed || reseal_clear(r->keys, f);
}

/* An offline root's file is sealed with the master key that is about to go. */
static bool
think_of_root(struct rotate *r, struct fault *f)
{
	char hex[TBS_KEY_ID_OCTETS * 2 + 1], path[PATH_ROOM + sizeof(hex) + 8];
	struct level_cas roots;
	struct realm *realm;
	bool ok, here;

	if (!realm_open(r->now.data, STORE_READ, &realm, f))
		return false;
	ok = level_cas(realm, LEVEL_ROOT, "root", &roots, f);
	realm_close(realm);
	if (!ok || roots.n == 0)
		return ok;
	text_hex(roots.at[0].key_id, TBS_KEY_ID_OCTETS, hex);
	(void)snprintf(path, sizeof(path), "%s/%s.key", r->keys, hex);
	here = access(path, F_OK) == 0;
	if (here && r->offline != NULL)
		return fault_set(f, FAULT_BADREQ,
		    "--offline-root: the root's key is among the others: leave it out");
	if (!here && r->offline == NULL && !cli_flag(r->inv, "root-apart"))
		return fault_set(f, FAULT_BADREQ,
		    "rotate: the root's key is offline, and sealed as the others are: name its file with --offline-root, or say --root-apart if a copy of what opens it lies with it");
	return true;
}

/* Nothing of others is in the way, and nothing of an earlier try. */
static bool
make_room(struct rotate *r, struct fault *f)
{
	char stale[PATH_ROOM + 8];
	struct stat st;

	if (r->offline != NULL) {
		if (snprintf(stale, sizeof(stale), "%s.new", r->offline) >= (int)sizeof(stale))
			return fault_set(f, FAULT_BADREQ, "--offline-root: too long");
		(void)unlink(stale);
	}
	if (is_file(&r->now) && (lstat(r->old_at, &st) != 0 || !S_ISREG(st.st_mode)))
		return fault_set(f, FAULT_BADREQ,
		    "rotate: %s is no plain file: name the file itself as seal_file", r->old_at);
	if (!is_file(&r->then))
		return true;
	if (strcmp(r->new_at, r->old_at) != 0 && lstat(r->new_at, &st) == 0)
		return fault_set(f, FAULT_CONFLICT,
		    "rotate: %s is there already, and is never overwritten", r->new_at);
	if (unlink(r->ready_at) != 0 && errno != ENOENT)
		return fault_errno(f, FAULT_INTERNAL, "rotate: %s", r->ready_at);
	return true;
}

static bool
make_seals(struct rotate *r, struct fault *f)
{
	struct secret old = { 0 }, new = { 0 };
	struct settings ready = r->then;
	bool ok = false;

	if (is_file(&ready) && strlen(r->ready_at) >= sizeof(ready.seal_file)) {
		fault_set(f, FAULT_BADREQ, "seal_file: the path is too long");
		goto out;
	}
	if (is_file(&ready))
		(void)snprintf(ready.seal_file, sizeof(ready.seal_file), "%.255s", r->ready_at);
	if (strcmp(r->now.seal, "passphrase") == 0)
		(void)fprintf(stderr, "First the present passphrase.\n");
	if (!passphrase_get(&r->now, &old, f) ||
	    !seal_new(&old, passphrase_strength(&r->now), &r->from, f))
		goto out;
	if (strcmp(r->then.seal, "passphrase") == 0)
		(void)fprintf(stderr, "Now the new one, twice.\n");
	if (!passphrase_make(&ready, r->now.data, &new, f) ||
	    (is_file(&ready) && !folder_sync_of(r->ready_at, f)))
		goto out;
	if (secret_same(&old, secret_octets(&new)))
		fault_set(f, FAULT_BADREQ, "rotate: the new one is the old one");
	else
		ok = seal_new(&new, passphrase_strength(&r->then), &r->to, f);
out:
	secret_free(&old);
	secret_free(&new);
	return ok;
}

static bool
reseal(struct rotate *r, struct fault *f)
{
	return reseal_all(r->from, r->to, r->keys, &r->n, f);
}

static bool
commit(struct rotate *r, struct fault *f)
{
	return reseal_commit(r->keys, r->word, f);
}

/* Until commit() all is as it was. */
static bool
begin(struct rotate *r, struct fault *f)
{
	if (!as_owner(r, think_of_root, f) || !make_room(r, f))
		return false;
	r->begun = true;
	if (!make_seals(r, f) || !as_owner(r, reseal, f) ||
	    (r->offline != NULL && !reseal_file(r->from, r->to, r->offline, f)))
		return false;
	return as_owner(r, commit, f);
}

static bool
turn(struct rotate *r, struct fault *f)
{
	return reseal_turn_all(r->keys, f);
}

/* Overwritten where it lies, as far as the file system does that. One that is gone is, too. */
static bool
overwrite(const char *path)
{
	uint8_t noise[1024];
	struct stat st;
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	bool ok;

	if (fd < 0)
		return errno == ENOENT;
	ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	for (off_t at = 0; ok && at < st.st_size; at += (off_t)sizeof(noise)) {
		secret_nonce(noise, sizeof(noise));
		ok = write(fd, noise, sizeof(noise)) == (ssize_t)sizeof(noise);
	}
	ok = ok && fsync(fd) == 0;
	(void)close(fd);
	return ok;
}

/* The old master key goes when nothing is sealed with it any more, and the new one is in place.
 * Where it does not go, the rotation is done all the same: a person hears of it. */
static bool
turn_master(struct rotate *r, struct fault *f)
{
	bool same = strcmp(r->old_at, r->new_at) == 0;

	if (is_file(&r->then)) {
		r->destroyed = same;
		if (same && access(r->ready_at, F_OK) == 0)
			r->left = !overwrite(r->old_at);
		if (!reseal_turn(r->new_at, f))
			return false;
		if (access(r->new_at, F_OK) != 0)
			return fault_set(f, FAULT_NOTFOUND,
			    "rotate: %s is not there: run it again with the --seal-file that it had",
			    r->new_at);
	}
	if (!is_file(&r->now) || same)
		return true;
	r->destroyed = true;
	r->left = !overwrite(r->old_at);
	if (unlink(r->old_at) != 0 && errno != ENOENT)
		r->left = true;
	return folder_sync_of(r->old_at, f);
}

/* A ledger that is older than its mark must not be written to: serve says what to do about it. */
static bool
is_whole(struct rotate *r, struct realm *realm, struct fault *f)
{
	struct marks *marks;
	struct mark k;
	struct fault why;
	bool ok;

	if (!marks_open(r->now.data, STORE_READ, &marks, &why))
		return why.code == FAULT_NOTFOUND || fault_set(f, why.code, "%s", why.text);
	if (marks_get(marks, NAME_PLATFORM, &k, &why))
		ok = marks_hold(&k, realm_platform(realm), f);
	else
		ok = why.code == FAULT_NOTFOUND || fault_set(f, why.code, "%s", why.text);
	marks_close(marks);
	return ok;
}

static bool
tell(struct rotate *r, struct fault *f)
{
	uint8_t policy[RULES_DIGEST_OCTETS];
	const struct log_context why = {
		.by = "local", .from = "local", .rule = "offline", .policy = policy
	};
	struct realm *realm;
	struct json *entry;
	bool ok;

	if (!rules_digest(policy, f) || !realm_open(r->now.data, STORE_WRITE, &realm, f))
		return false;
	if ((ok = is_whole(r, realm, f))) {
		entry = log_entry("keys.resealed", &why);
		json_put_text(entry, "seal", r->then.seal);
		ok = log_append(realm_platform(realm), entry, clock_now_s(), &r->log_index, f) &&
		     ledger_commit(realm_platform(realm), f);
	}
	realm_close(realm);
	return ok;
}

static bool
end(struct rotate *r, struct fault *f)
{
	return tell(r, f) && reseal_end(r->keys, f);
}

static bool
finish(struct rotate *r, struct fault *f)
{
	return as_owner(r, turn, f) && (r->offline == NULL || reseal_turn(r->offline, f)) &&
	       turn_master(r, f) && as_owner(r, end, f);
}

static bool
run(struct rotate *r, struct fault *f)
{
	return take_options(r, f) && start_is_founded(&r->now, f) &&
	       owner_find(&r->now, &r->owner, f) && owner_check(&r->owner, &r->now, f) &&
	       as_owner(r, lock, f) && as_owner(r, look, f) && (r->resumed || begin(r, f)) &&
	       finish(r, f);
}

static bool
clear(struct rotate *r, struct fault *f)
{
	bool pending;
	char word[RESEAL_WORD_MAX];

	if (!reseal_pending(r->keys, &pending, word, f) || pending)
		return false;
	return reseal_clear(r->keys, f);
}

/* A refusal before all was sealed anew leaves what was there, and nothing else. */
static void
take_back(struct rotate *r)
{
	char stale[PATH_ROOM + 8];
	struct fault f;

	if (!r->begun || !as_owner(r, clear, &f))
		return;
	if (is_file(&r->then))
		(void)unlink(r->ready_at);
	if (r->offline != NULL &&
	    snprintf(stale, sizeof(stale), "%s.new", r->offline) < (int)sizeof(stale))
		(void)unlink(stale);
}

static void
say_json(const struct rotate *r)
{
	struct json *j = json_object();

	if (!r->resumed)
		json_put_number(j, "resealed", (int64_t)r->n);
	json_put_bool(j, "finished_earlier", r->resumed);
	json_put_text(j, "seal", r->then.seal);
	if (is_file(&r->then))
		json_put_text(j, "seal_file", r->new_at);
	if (r->destroyed)
		json_put_text(j, r->left ? "left" : "destroyed", r->old_at);
	json_put_number(j, "log_index", (int64_t)r->log_index);
	cli_print_json(stdout, j);
	json_free(j);
}

static void
say(const struct rotate *r)
{
	if (r->resumed)
		(void)printf("The rotation that was interrupted is finished.\n");
	else
		(void)printf("%zu keys are sealed anew.\n", r->n);
	if (is_file(&r->then))
		(void)printf(
		    "They open with the master key in %s: keep a copy elsewhere.\n", r->new_at);
	if (r->left)
		(void)printf(
		    "The old master key in %s could not be destroyed: do it by hand.\n", r->old_at);
	else if (r->destroyed)
		(void)printf("The old master key in %s was overwritten%s.\n", r->old_at,
		    strcmp(r->old_at, r->new_at) == 0 ? "" : " and removed");
	(void)printf(
	    "Backups and other copies of the keys still open as before: destroy them, or what opens them.\n");
	if (strcmp(r->now.seal, r->then.seal) != 0 ||
	    strcmp(r->now.seal_file, r->then.seal_file) != 0)
		(void)printf("Set in the configuration: seal: %s%s%s\n", r->then.seal,
		    r->then.seal_file[0] == '\0' ? ", and no seal_file" : ", seal_file: ",
		    r->then.seal_file);
	(void)printf("Next: quatrain serve%s%s\n", r->inv->config == NULL ? "" : " --config ",
	    r->inv->config == NULL ? "" : r->inv->config);
}

int
key_rotate_command(const struct invocation *inv)
{
	struct rotate r = { .inv = inv, .now = inv->settings, .lock = -1 };
	struct fault f;
	bool ok = run(&r, &f);

	if (!ok)
		take_back(&r);
	seal_free(r.from);
	seal_free(r.to);
	if (r.lock >= 0)
		(void)close(r.lock);
	if (!ok)
		return cli_refuse(inv, &f);
	(inv->json ? say_json : say)(&r);
	return CLI_OK;
}
