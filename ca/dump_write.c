/* ca/dump_write.c - see dump.h; a service's rows and files into frames. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "ca/dump_record.h"

struct writer {
	const struct dump_writing *w;
	struct dump_total total;
	struct bytes frame;   /* at most DUMP_FRAME_MAX: what is not put yet */
	struct bytes head;    /* of one record */
	struct bytes tenants; /* labels, counted, as the platform's rows had them */
	struct log_edge edge; /* of the ledger in hand */
	uint64_t rows;        /* of the ledger in hand */
	bool platform;
	struct fault why; /* what stopped the walk */
	bool failed;
};

/* The frame in hand, with its length and digest. */
static bool
put_frame(struct writer *s, struct fault *f)
{
	struct bytes out = { 0 };
	bool ok;

	if (s->frame.n == 0)
		return true;
	dump_digest(s->total.digest, octets_bytes(&s->frame));
	bytes_put_counted(&out, octets_bytes(&s->frame));
	bytes_put(&out, s->total.digest, sizeof(s->total.digest));
	ok = bytes_ok(&out, f) && s->w->put(s->w->with, octets_bytes(&out), f);
	s->total.octets += out.n;
	bytes_free(&out);
	bytes_clear(&s->frame);
	if (ok && s->w->progress != NULL)
		s->w->progress(s->w->with, &s->total);
	return ok;
}

static bool
put(struct writer *s, struct octets o, struct fault *f)
{
	while (o.n > 0) {
		size_t room = DUMP_FRAME_MAX - s->frame.n, some = o.n < room ? o.n : room;

		bytes_put(&s->frame, o.at, some);
		o = octets_of(o.at + some, o.n - some);
		if (!bytes_ok(&s->frame, f) || (s->frame.n == DUMP_FRAME_MAX && !put_frame(s, f)))
			return false;
	}
	return true;
}

/* One record: what is in head, then the rest. */
static bool
put_record(struct writer *s, enum dump_kind kind, struct octets rest, struct fault *f)
{
	uint8_t head[DUMP_HEAD_OCTETS];
	size_t n = s->head.n + rest.n;

	if (!bytes_ok(&s->head, f))
		return false;
	head[0] = (uint8_t)kind;
	for (int i = 0; i < 4; i++)
		head[1 + i] = (uint8_t)(n >> (24 - 8 * i));
	return put(s, octets_of(head, sizeof(head)), f) && put(s, octets_bytes(&s->head), f) &&
	       put(s, rest, f);
}

static bool
put_header(struct writer *s, struct fault *f)
{
	const struct name_space *ns = realm_space(s->w->realm);
	struct realm_chain chain = { 0 };
	struct tenant platform;
	uint8_t root[DUMP_HASH_OCTETS];
	const struct bytes *der;

	if (!realm_tenant(s->w->realm, NAME_PLATFORM, &platform, f) ||
	    !realm_chain(s->w->realm, platform.key_id, &chain, f))
		return false;
	der = &chain.der[chain.n - 1];
	(void)crypto_hash_sha256(root, der->at, der->n);
	realm_chain_free(&chain);
	bytes_clear(&s->head);
	bytes_put_counted_text(&s->head, ns->domain);
	bytes_put_counted_text(&s->head, ns->region);
	bytes_put_counted_text(&s->head, ns->org);
	bytes_put(&s->head, root, sizeof(root));
	bytes_put_u64(&s->head, (uint64_t)s->w->now_s);
	bytes_put_counted_text(&s->head, QUATRAIN_VERSION);
	return put_record(s, DUMP_HEADER, octets_of(NULL, 0), f);
}

/* --- files ----------------------------------------------------------------------------------- */

/* At most size octets of fd, as pieces. */
static bool
put_pieces(struct writer *s, int fd, uint64_t size, struct fault *f)
{
	uint8_t piece[DUMP_PIECE_MAX];
	uint64_t done = 0;
	ssize_t n;

	while (done < size) {
		size_t want = size - done < sizeof(piece) ? (size_t)(size - done) : sizeof(piece);

		n = read(fd, piece, want);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fault_errno(f, FAULT_INTERNAL, "dump: read");
		if (n == 0)
			return fault_set(f, FAULT_INTERNAL, "dump: a file became shorter");
		bytes_clear(&s->head);
		if (!put_record(s, DUMP_PIECE, octets_of(piece, (size_t)n), f))
			return false;
		done += (uint64_t)n;
	}
	bytes_clear(&s->head);
	bytes_put_u64(&s->head, size);
	return put_record(s, DUMP_FILE_END, octets_of(NULL, 0), f);
}

/* The journal grows while we read: what it holds now, to its last whole line. */
static bool
whole_lines(int fd, uint64_t *size, struct fault *f)
{
	char c;

	while (*size > 0) {
		if (pread(fd, &c, 1, (off_t)*size - 1) != 1)
			return fault_errno(f, FAULT_INTERNAL, "dump: journal");
		if (c == '\n')
			break;
		(*size)--;
	}
	return true;
}

static bool
put_file(struct writer *s, const char *name, bool lines, struct fault *f)
{
	char path[REALM_PATH_MAX + DUMP_NAME_MAX + 2];
	struct stat st;
	uint64_t size;
	bool ok = false;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", realm_data(s->w->realm), name);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)) < 0)
		return fault_errno(
		    f, errno == ENOENT ? FAULT_NOTFOUND : FAULT_INTERNAL, "dump: %s", path);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		fault_set(f, FAULT_INTERNAL, "dump: %s is no plain file", path);
		goto out;
	}
	size = (uint64_t)st.st_size;
	if (!lines && size > DUMP_KEY_FILE_MAX) {
		fault_set(f, FAULT_LIMIT, "dump: %s is over %d octets", path, DUMP_KEY_FILE_MAX);
		goto out;
	}
	if (lines && !whole_lines(fd, &size, f))
		goto out;
	bytes_clear(&s->head);
	bytes_put_counted_text(&s->head, name);
	ok = put_record(s, DUMP_FILE, octets_of(NULL, 0), f) && put_pieces(s, fd, size, f);
	s->total.files++;
out:
	(void)close(fd);
	return ok;
}

static int
is_key(const struct dirent *e)
{
	char name[DUMP_NAME_MAX];
	int n = snprintf(name, sizeof(name), "keys/%s", e->d_name);

	return n > 0 && n < (int)sizeof(name) && dump_is_name(name);
}

static int
by_octets(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static bool
put_keys(struct writer *s, struct fault *f)
{
	char path[REALM_PATH_MAX + 8], name[DUMP_NAME_MAX];
	struct dirent **list = NULL;
	bool ok = true;
	int n;

	(void)snprintf(path, sizeof(path), "%s/keys", realm_data(s->w->realm));
	if ((n = scandir(path, &list, is_key, by_octets)) < 0)
		return fault_errno(f, FAULT_INTERNAL, "dump: %s", path);
	for (int i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "keys/%.50s", list[i]->d_name);
		ok = ok && put_file(s, name, false, f);
		free(list[i]);
	}
	free(list);
	return ok;
}

/* --- ledgers --------------------------------------------------------------------------------- */

/* What the platform's rows and a log's edge tell is kept: it says what comes next, and how it ends.
 */
static bool
note_row(struct writer *s, unsigned table, struct octets key, struct octets value, struct fault *f)
{
	struct tenant t;

	if (table == TABLE_META && octets_same(key, octets_text(LOG_META)))
		return log_edge_decode(value, &s->edge, f);
	if (table != TABLE_TENANT || !s->platform)
		return true;
	if (!realm_read_tenant(key, value, &t))
		return fault_set(f, FAULT_INTERNAL, "dump: a tenant's row that cannot be read");
	if (strcmp(t.name, NAME_PLATFORM) != 0)
		bytes_put_counted_text(&s->tenants, t.name);
	return bytes_ok(&s->tenants, f);
}

static bool
row(void *with, unsigned table, struct octets key, struct octets value)
{
	struct writer *s = with;

	if (table == TABLE_NODE) /* made of the lines, and of them again */
		return true;
	bytes_clear(&s->head);
	bytes_put_u8(&s->head, (uint8_t)table);
	bytes_put_u16(&s->head, (uint16_t)key.n);
	bytes_put_octets(&s->head, key);
	s->failed =
	    !note_row(s, table, key, value, &s->why) || !put_record(s, DUMP_ROW, value, &s->why);
	s->rows++;
	s->total.rows++;
	return !s->failed;
}

static bool
put_ledger(void *with, struct ledger *l, struct fault *f)
{
	struct writer *s = with;
	uint8_t root[LOG_HASH_OCTETS];

	s->edge = (struct log_edge){ 0 };
	s->rows = 0;
	s->platform = strcmp(ledger_tenant(l), NAME_PLATFORM) == 0;
	bytes_clear(&s->head);
	bytes_put_counted_text(&s->head, ledger_tenant(l));
	if (!put_record(s, DUMP_LEDGER, octets_of(NULL, 0), f) ||
	    !store_dump(ledger_store(l), row, s, f))
		return false;
	if (s->failed) {
		*f = s->why;
		return false;
	}
	log_edge_root(&s->edge, root);
	bytes_clear(&s->head);
	bytes_put_u64(&s->head, s->rows);
	bytes_put_u64(&s->head, s->edge.size);
	bytes_put(&s->head, root, sizeof(root));
	s->total.ledgers++;
	return put_record(s, DUMP_LEDGER_END, octets_of(NULL, 0), f);
}

/* Its second log, where it has one by now. */
static bool
put_activity(struct writer *s, const char *tenant, struct fault *f)
{
	char name[LEDGER_NAME_MAX];

	ledger_name_activity(tenant, name);
	return !realm_has_activity(s->w->realm, tenant) ||
	       realm_visit(s->w->realm, name, put_ledger, s, f);
}

/* One after the other: ten thousand stores are not open at a time. */
static bool
put_tenants(struct writer *s, struct fault *f)
{
	struct reader in = reader_of(octets_bytes(&s->tenants));
	char name[TEXT_LABEL_MAX];

	if (!put_activity(s, NAME_PLATFORM, f))
		return false;
	while (in.n > 0) {
		reader_counted_text(&in, name, sizeof(name));
		if (!realm_visit(s->w->realm, name, put_ledger, s, f) || !put_activity(s, name, f))
			return false;
	}
	return true;
}

static bool
put_end(struct writer *s, struct fault *f)
{
	bytes_clear(&s->head);
	bytes_put_u64(&s->head, s->total.ledgers);
	bytes_put_u64(&s->head, s->total.files);
	bytes_put_u64(&s->head, s->total.rows);
	return put_record(s, DUMP_END, octets_of(NULL, 0), f) && put_frame(s, f);
}

bool
dump_write(const struct dump_writing *w, struct dump_total *ret, struct fault *f)
{
	struct writer s = { .w = w };
	struct bytes begin = { 0 };
	bool ok;

	dump_begin(&begin, s.total.digest);
	s.total.octets = begin.n;
	ok = bytes_ok(&begin, f) && w->put(w->with, octets_bytes(&begin), f) && put_header(&s, f) &&
	     put_file(&s, "journal", true, f) && put_ledger(&s, realm_platform(w->realm), f) &&
	     put_tenants(&s, f) && put_file(&s, "chain.pem", false, f) && put_keys(&s, f) &&
	     put_file(&s, "root.pem", false, f) && put_end(&s, f);
	if (ok)
		*ret = s.total;
	bytes_free(&begin);
	bytes_free(&s.frame);
	bytes_free(&s.head);
	bytes_free(&s.tenants);
	return ok;
}
