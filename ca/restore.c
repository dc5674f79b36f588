/* ca/restore.c - see restore.h. */
#include "ca/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/folder.h"
#include "ca/claim.h"
#include "ca/journal_check.h"
#include "ca/marks.h"
#include "ca/token.h"

#define BATCH_ROWS   4096
#define BATCH_OCTETS (4u << 20)
#define PAGE_ROWS    4096

struct restore {
	char dir[REALM_PATH_MAX];
	struct realm *realm;
	struct ledger *ledger; /* in hand; lent */
	size_t rows, octets;   /* in its batch */
	int fd;                /* of the file in hand, or -1 */
	bool begun;            /* something was written to it */
	uint64_t in_token;     /* key files that are URIs */
};

bool
restore_new(const char *dir, struct restore **ret, struct fault *f)
{
	struct restore *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return fault_set(f, FAULT_INTERNAL, "restore: out of memory");
	r->fd = -1;
	if (snprintf(r->dir, sizeof(r->dir), "%s", dir) >= (int)sizeof(r->dir)) {
		restore_free(r);
		return fault_set(f, FAULT_INTERNAL, "restore: the data folder's path is too long");
	}
	*ret = r;
	return true;
}

void
restore_free(struct restore *r)
{
	if (r == NULL)
		return;
	if (r->fd >= 0)
		(void)close(r->fd);
	realm_close(r->realm);
	free(r);
}

/* --- what the reader gives ------------------------------------------------------------------- */

static bool
begin_file(void *with, const char *name, struct fault *f)
{
	struct restore *r = with;
	char path[REALM_PATH_MAX + DUMP_NAME_MAX + 2];
	bool open_to_all = strstr(name, ".pem") != NULL;

	(void)snprintf(path, sizeof(path), "%s/%s", r->dir, name);
	r->fd = open(
	    path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, open_to_all ? 0644 : 0600);
	r->begun = false;
	return r->fd >= 0 || fault_errno(f, FAULT_INTERNAL, "restore: %s", path);
}

static bool
put_piece(void *with, struct octets o, struct fault *f)
{
	static const char uri[] = "pkcs11:";
	struct restore *r = with;
	ssize_t n;

	if (!r->begun && o.n >= sizeof(uri) - 1 && memcmp(o.at, uri, sizeof(uri) - 1) == 0)
		r->in_token++;
	r->begun = true;
	while (o.n > 0) {
		n = write(r->fd, o.at, o.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fault_errno(f, errno == ENOSPC ? FAULT_BUSY : FAULT_INTERNAL,
			    "restore: a file of %s", r->dir);
		o = octets_of(o.at + n, o.n - (size_t)n);
	}
	return true;
}

static bool
end_file(void *with, struct fault *f)
{
	struct restore *r = with;
	bool ok = fsync(r->fd) == 0 ||
		  fault_errno(f, FAULT_INTERNAL, "restore: cannot sync a file of %s", r->dir);

	(void)close(r->fd);
	r->fd = -1;
	return ok;
}

static bool
begin_ledger(void *with, const char *tenant, struct fault *f)
{
	struct restore *r = with;

	r->rows = r->octets = 0;
	if (r->realm != NULL) {
		if (!realm_make(r->realm, tenant, &r->ledger, f))
			return false;
	} else {
		if (!realm_open(r->dir, STORE_CREATE, &r->realm, f))
			return false;
		r->ledger = realm_platform(r->realm);
	}
	batch_undo(ledger_batch(r->ledger), 0); /* what a new ledger begins with is in the rows */
	return true;
}

static bool
put_row(void *with, unsigned table, struct octets key, struct octets value, struct fault *f)
{
	struct restore *r = with;

	batch_add(ledger_batch(r->ledger), table, key, value);
	r->octets += key.n + value.n;
	if (++r->rows < BATCH_ROWS && r->octets < BATCH_OCTETS)
		return true;
	r->rows = r->octets = 0;
	return ledger_commit(r->ledger, f);
}

/* Ten thousand stores are not open at a time. */
static bool
end_ledger(void *with, const struct dump_ledger *l, struct fault *f)
{
	struct restore *r = with;

	if (!ledger_commit(r->ledger, f))
		return false;
	if (r->ledger != realm_platform(r->realm))
		realm_drop(r->realm, l->tenant);
	r->ledger = NULL;
	return true;
}

struct dump_visitor
restore_visitor(struct restore *r)
{
	return (struct dump_visitor){
		.with = r,
		.file = begin_file,
		.piece = put_piece,
		.file_end = end_file,
		.ledger = begin_ledger,
		.row = put_row,
		.ledger_end = end_ledger,
	};
}

/* --- what it means --------------------------------------------------------------------------- */

struct ending {
	struct restore *r;
	const struct dump_verdict *v;
	const struct log_context *why;
	int64_t now_s;
	struct restored sum;
	struct ledger *ledger; /* in hand */
	struct marks *marks;
	struct bytes page; /* rows of a table, key and value counted */
};

static bool
note_row(void *with, struct octets key, struct octets value)
{
	struct ending *e = with;

	bytes_put_counted(&e->page, key);
	bytes_put_counted(&e->page, value);
	return !e->page.bad;
}

/* Each row of a table, some at a time: a scan may not write, and memory is no ledger. */
static bool
each_row(struct ending *e, unsigned table,
    bool (*apply)(struct ending *e, struct octets key, struct octets value, struct fault *f),
    struct fault *f)
{
	struct bytes from = { 0 };
	struct reader in;
	bool ok = true;

	do {
		bytes_clear(&e->page);
		ok = store_scan(ledger_store(e->ledger), table, octets_bytes(&from), PAGE_ROWS,
			 note_row, e, f) &&
		     bytes_ok(&e->page, f);
		for (in = reader_of(octets_bytes(&e->page)); ok && in.n > 0;) {
			struct octets key = reader_counted(&in), value = reader_counted(&in);

			ok = apply(e, key, value, f);
			bytes_clear(&from);
			bytes_put_octets(&from, key);
		}
		bytes_put_u8(&from, 0); /* the least key after that one */
		ok = ok && bytes_ok(&from, f) && ledger_commit(e->ledger, f) &&
		     ledger_commit(realm_platform(e->r->realm), f);
	} while (ok && e->page.n > 0);
	bytes_free(&from);
	return ok;
}

static bool
close_token(struct ending *e, struct octets key, struct octets value, struct fault *f)
{
	struct token t;

	if (!token_read(ledger_tenant(e->ledger), key, value, &t))
		return fault_set(f, FAULT_INTERNAL, "restore: a token that cannot be read");
	if (t.state != TOKEN_WAITING && (t.state != TOKEN_UNUSED || t.expires_s < e->now_s))
		return true;
	t.state = TOKEN_REVOKED;
	e->sum.tokens++;
	return token_put(e->ledger, &t, f);
}

static bool
tell(struct ending *e, uint64_t tokens, struct fault *f)
{
	struct json *j = log_entry("ledger.restored", e->why);

	json_put_time(j, "backup_at", e->v->header.at_s);
	json_put_hex(j, "backup", e->v->total.digest, sizeof(e->v->total.digest));
	json_put_number(j, "tokens_closed", (int64_t)tokens);
	return log_append(e->ledger, j, e->now_s, NULL, f);
}

/* The platform's rows are the oldest: keys that were registered while the others were read. */
static bool
claim_keys(struct ending *e, struct fault *f)
{
	bool done = false;

	claim_adopt_again(e->ledger);
	while (!done)
		if (!claim_adopt(e->r->realm, e->ledger, &done, f))
			return false;
	return true;
}

static bool
next_epoch(struct ending *e, struct fault *f)
{
	uint64_t epoch;

	if (!log_epoch(e->ledger, &epoch, f))
		return false;
	log_put_epoch(e->ledger, epoch + 1);
	return true;
}

/* The ledger named tenant, from open to closed. */
static bool
settle(struct ending *e, const char *tenant, struct fault *f)
{
	uint64_t before = e->sum.tokens;
	bool ok;

	if (!realm_ledger(e->r->realm, tenant, &e->ledger, f))
		return false;
	ok = (ledger_name_is_activity(tenant) ||
		 (claim_keys(e, f) && each_row(e, TABLE_TOKEN, close_token, f))) &&
	     next_epoch(e, f) && tell(e, e->sum.tokens - before, f) &&
	     ledger_commit(e->ledger, f) && marks_put(e->marks, e->ledger, e->now_s, f);
	if (e->ledger != realm_platform(e->r->realm))
		realm_drop(e->r->realm, tenant);
	return ok;
}

static bool
any_line(void *with, const struct journal_line *l, struct fault *f)
{
	(void)with, (void)l, (void)f;
	return true;
}

/*
 * The ledgers were read after the journal, and know all of it; the place up to
 * which it was held against them is from later, and may lie behind its end. Its
 * chain is held here, and the place is its end.
 */
static bool
settle_journal(struct ending *e, struct fault *f)
{
	struct ledger *platform = realm_platform(e->r->realm);
	static const struct journal_place beginning;
	struct journal_place end;
	char path[REALM_PATH_MAX + 16];

	(void)snprintf(path, sizeof(path), "%s/journal", e->r->dir);
	return journal_read(path, &beginning, any_line, NULL, &end, f) &&
	       journal_put_mark(platform, &end, f) && ledger_commit(platform, f);
}

static bool
settle_all(struct ending *e, struct fault *f)
{
	struct bytes names = { 0 };
	bool ok = realm_ledgers(e->r->realm, &names, f);

	for (size_t at = 0; ok && at < names.n; at += strlen((const char *)names.at + at) + 1)
		ok = settle(e, (const char *)names.at + at, f);
	bytes_free(&names);
	return ok && marks_commit(e->marks, f);
}

bool
restore_finish(struct restore *r, const struct dump_verdict *v, const struct log_context *why,
    int64_t now_s, struct restored *ret, struct fault *f)
{
	struct ending e = { .r = r, .v = v, .why = why, .now_s = now_s };
	char keys[REALM_PATH_MAX + 8];
	bool ok;

	(void)snprintf(keys, sizeof(keys), "%s/keys", r->dir);
	realm_close(r->realm);
	r->realm = NULL;
	ok = folder_sync(keys, f) && folder_sync(r->dir, f) &&
	     realm_open(r->dir, STORE_WRITE, &r->realm, f) &&
	     marks_open(r->dir, STORE_CREATE, &e.marks, f);
	if (ok)
		marks_expect(realm_platform(r->realm));
	ok = ok && settle_journal(&e, f) && settle_all(&e, f);
	e.sum.in_token = r->in_token;
	if (ok)
		*ret = e.sum;
	marks_close(e.marks);
	realm_close(r->realm); /* durable, and whoever is next opens it */
	r->realm = NULL;
	bytes_free(&e.page);
	return ok;
}
