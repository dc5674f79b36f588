/* tests/unit/dump.c - ca/dump.h and ca/restore.h: a whole service as one file, and back; and every
 * way in which such a file may not hold. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ca/dump_record.h"
#include "ca/restore.h"
#include "ca/token.h"
#include "tests/unit/ground.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct ground g;
static struct realm *reader;
static struct bytes dump; /* the whole file */
static struct dump_total total;
static struct bytes root_pem;
static const struct key *acme_key; /* of acme's log */
static struct bytes acme_pem;
static struct fault f;

/* --- a dump of the ground -------------------------------------------------------------------- */

static bool
keep(void *with, struct octets o, struct fault *fault)
{
	bytes_put_octets(with, o);
	return bytes_ok(with, fault);
}

static void
write_file(const char *name, struct octets o)
{
	char path[SCRATCH_PATH_MAX + 80];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", g.dir, name);
	ck_assert_int_ge(fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600), 0);
	ck_assert_int_eq(write(fd, o.at, o.n), (ssize_t)o.n);
	ck_assert_int_eq(close(fd), 0);
}

static const struct key *
log_key_of(const struct issuer *ca, struct bytes *certificates)
{
	struct delegate d;

	ck_assert(keyring_delegate(g.keys, &ca->a, &found_log, g.now_s, &d, &f));
	ck_assert(cert_pem(d.certificate, certificates, &f));
	ck_assert(realm_chain_pem(g.realm, ca->a.key_id, false, certificates, &f));
	return d.key;
}

static const struct key *
log_key(struct bytes *certificates)
{
	return log_key_of(g.platform, certificates);
}

/* The end and the seal of the frames in b, by the platform's log key. */
static void
seal(struct bytes *b, const uint8_t *digest)
{
	struct bytes certificates = { 0 }, text = { 0 }, signature = { 0 };
	const struct key *k = log_key(&certificates);
	char origin[LOG_ORIGIN_MAX];
	struct dump_seal s;

	log_origin(realm_space(g.realm), NAME_PLATFORM, origin);
	ck_assert(
	    dump_signed_text(origin, g.now_s, digest, octets_bytes(&certificates), &text, &f));
	ck_assert(key_sign(k, octets_bytes(&text), &signature, &f));
	s = (struct dump_seal){ g.now_s, octets_bytes(&signature), octets_bytes(&certificates) };
	ck_assert(dump_put_seal(&s, b, &f));
	bytes_free(&signature);
	bytes_free(&text);
	bytes_free(&certificates);
}

static void
add_token(struct ledger *l, uint8_t first, enum token_state state)
{
	struct token t = { .hash = { first },
		.state = state,
		.device = { .tenant = "acme", .kind = "printer", .name = "hp" },
		.created_s = g.now_s,
		.expires_s = g.now_s + 3600,
		.creator = "local" };

	ck_assert(token_put(l, &t, &f));
	ground_commit(l);
}

static void
fill_ground(void)
{
	const struct ground_cert *c;
	const struct issuer *globex = ground_tenant(&g, "globex", CONSTRAINTS_STRICT);

	(void)ground_leaf(&g, g.acme, "printer", "hp-1");
	c = ground_leaf(&g, g.acme, "printer", "hp-2");
	ground_revoke(&g, g.acme->ledger, c->serial, 1);
	(void)ground_leaf(&g, globex, "gateway", "gw");
	(void)ground_operator(&g, "alice", ROLE_OFFICER);
	add_token(g.acme->ledger, 1, TOKEN_UNUSED);
	add_token(g.acme->ledger, 2, TOKEN_USED);
	add_token(globex->ledger, 3, TOKEN_UNUSED);
	bytes_clear(&root_pem);
	ck_assert(cert_pem(octets_bytes(&g.root->certificate), &root_pem, &f));
	write_file("root.pem", octets_bytes(&root_pem));
	write_file("chain.pem", octets_bytes(&root_pem));
	write_file("keys/token.key", octets_text("sealed\n"));
	write_file("master.key", octets_text("never in a backup\n"));
}

static void
take_dump(void)
{
	struct dump_writing w = { .now_s = g.now_s, .put = keep, .with = &dump };

	bytes_clear(&dump);
	w.realm = g.realm;
	ck_assert_msg(dump_write(&w, &total, &f), "%s", f.text);
	ck_assert_uint_eq(total.octets, dump.n);
	seal(&dump, total.digest);
}

static void
setup(void)
{
	f = (struct fault){ 0 };
	ground_new(&g);
	fill_ground();
	acme_key = log_key_of(g.acme, &acme_pem);
	take_dump();
}

static void
teardown(void)
{
	realm_close(reader);
	reader = NULL;
	bytes_free(&dump);
	bytes_free(&root_pem);
	bytes_free(&acme_pem);
	ground_free(&g);
}

/* --- reading --------------------------------------------------------------------------------- */

struct input {
	struct octets left;
	size_t most; /* octets a call; 0: as many as are asked for */
};

static bool
give(void *with, uint8_t *to, size_t n, size_t *ret_n, struct fault *fault)
{
	struct input *in = with;
	size_t some = n < in->left.n ? n : in->left.n;

	(void)fault;
	if (in->most != 0 && some > in->most)
		some = in->most;
	if (some > 0)
		memcpy(to, in->left.at, some);
	in->left = octets_of(in->left.at + some, in->left.n - some);
	*ret_n = some;
	return true;
}

static bool
read_to(struct octets file, const struct dump_visitor *v, struct dump_verdict *ret)
{
	struct input in = { .left = file };

	return dump_read(give, &in, v, octets_bytes(&root_pem), ret, &f);
}

static bool
reads(struct octets file)
{
	static const struct dump_visitor nobody;
	struct dump_verdict v;

	return read_to(file, &nobody, &v);
}

static void
refused(struct octets file, const char *words)
{
	f = (struct fault){ 0 };
	ck_assert_msg(!reads(file), "taken, where \"%s\" was due", words);
	ck_assert_msg(strstr(f.text, words) != NULL, "\"%s\", where \"%s\" was due", f.text, words);
	ck_assert_msg(f.code == FAULT_BADREQ || f.code == FAULT_DENIED, "%d", f.code);
}

START_TEST(holds)
{
	struct input in = { .left = octets_bytes(&dump), .most = 1 };
	static const struct dump_visitor nobody;
	struct dump_verdict v;

	ck_assert_msg(dump_read(give, &in, &nobody, octets_bytes(&root_pem), &v, &f), "%s", f.text);
	ck_assert_str_eq(v.header.space.domain, "example.org");
	ck_assert_str_eq(v.header.version, QUATRAIN_VERSION);
	ck_assert_int_eq(v.header.at_s, g.now_s);
	ck_assert_int_eq(v.signed_s, g.now_s);
	ck_assert_uint_eq(v.total.ledgers, 3);
	ck_assert_uint_eq(v.total.rows, total.rows);
	ck_assert_uint_eq(v.total.files, total.files);
	ck_assert_uint_eq(v.total.octets, dump.n);
	ck_assert_mem_eq(v.total.digest, total.digest, DUMP_HASH_OCTETS);
}
END_TEST

START_TEST(master_key_stays)
{
	ck_assert_ptr_null(memmem(dump.at, dump.n, "never in a backup", 17));
	ck_assert_ptr_nonnull(memmem(dump.at, dump.n, "sealed\n", 7));
}
END_TEST

/* --- and back -------------------------------------------------------------------------------- */

/* Every row of every ledger, and every file, as one text. */
struct picture {
	struct bytes all;
};

static bool
see_row(void *with, unsigned table, struct octets key, struct octets value, struct fault *fault)
{
	struct picture *p = with;

	bytes_put_u8(&p->all, (uint8_t)table);
	bytes_put_counted(&p->all, key);
	bytes_put_counted(&p->all, value);
	return bytes_ok(&p->all, fault);
}

static bool
see_ledger(void *with, const char *tenant, struct fault *fault)
{
	struct picture *p = with;

	bytes_put_counted_text(&p->all, tenant);
	return bytes_ok(&p->all, fault);
}

static bool
see_piece(void *with, struct octets o, struct fault *fault)
{
	struct picture *p = with;

	bytes_put_octets(&p->all, o);
	return bytes_ok(&p->all, fault);
}

static const struct dump_visitor eyes = {
	.file = see_ledger, .piece = see_piece, .ledger = see_ledger, .row = see_row
};

static void
new_folder(char dir[static SCRATCH_PATH_MAX])
{
	static const char *const subs[] = { "keys", "tenants", "run" };
	char path[SCRATCH_PATH_MAX + 16];

	scratch_new(dir);
	for (size_t i = 0; i < COUNT(subs); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, subs[i]);
		ck_assert_int_eq(mkdir(path, 0700), 0);
	}
}

static void
restore_raw(const char *dir, struct restore **r, struct dump_verdict *v)
{
	struct dump_visitor to;

	ck_assert(restore_new(dir, r, &f));
	to = restore_visitor(*r);
	ck_assert_msg(read_to(octets_bytes(&dump), &to, v), "%s", f.text);
}

/* All that a dump of the restored folder tells, before anything is added to it. */
static void
picture_of(const char *dir, struct bytes *ret)
{
	struct dump_writing w = { .now_s = g.now_s, .put = keep };
	struct bytes again = { 0 };
	struct dump_verdict v;
	struct dump_visitor to = eyes;
	struct picture p = { { 0 } };

	ck_assert(realm_open(dir, STORE_READ, &reader, &f));
	w.realm = reader;
	w.with = &again;
	ck_assert_msg(dump_write(&w, &total, &f), "%s", f.text);
	seal(&again, total.digest);
	to.with = &p;
	ck_assert_msg(read_to(octets_bytes(&again), &to, &v), "%s", f.text);
	bytes_free(&again);
	realm_close(reader);
	reader = NULL;
	*ret = p.all;
}

START_TEST(comes_back_bit_for_bit)
{
	char dir[SCRATCH_PATH_MAX];
	struct restore *r;
	struct dump_verdict v;
	struct dump_visitor to = eyes;
	struct picture before = { { 0 } };
	struct bytes after = { 0 };

	to.with = &before;
	ck_assert(read_to(octets_bytes(&dump), &to, &v));
	new_folder(dir);
	restore_raw(dir, &r, &v);
	restore_free(r);
	picture_of(dir, &after);
	ck_assert_uint_gt(after.n, 10000);
	ck_assert_uint_eq(before.all.n, after.n);
	ck_assert_mem_eq(before.all.at, after.at, after.n);
	bytes_free(&before.all);
	bytes_free(&after);
	scratch_free(dir);
}
END_TEST

static struct token
token_at(struct realm *in, const char *tenant, uint8_t first)
{
	struct bytes b = { 0 };
	uint8_t key[TOKEN_HASH_OCTETS] = { first };
	struct ledger *l;
	struct token t;

	ck_assert(realm_ledger(in, tenant, &l, &f));
	ck_assert(ledger_get(l, TABLE_TOKEN, octets_of(key, sizeof(key)), &b, &f));
	ck_assert(token_read(tenant, octets_of(key, sizeof(key)), octets_bytes(&b), &t));
	bytes_free(&b);
	return t;
}

static void
last_entry(struct ledger *l, struct json **ret)
{
	struct log_edge e;
	struct bytes line = { 0 };
	uint8_t key[8];

	ck_assert(log_edge_read(l, &e, &f));
	ck_assert(ledger_get(l, TABLE_LOG, octets_u64(e.size - 1, key), &line, &f));
	ck_assert(json_parse(octets_bytes(&line), ret, &f));
	bytes_free(&line);
}

START_TEST(ends_what_could_be_used_twice)
{
	static const char *const tenants[] = { NAME_PLATFORM, "acme", "globex" };
	char dir[SCRATCH_PATH_MAX];
	struct restore *r;
	struct restored sum;
	struct dump_verdict v;

	new_folder(dir);
	restore_raw(dir, &r, &v);
	ck_assert_msg(restore_finish(r, &v, &g.why, g.now_s + 60, &sum, &f), "%s", f.text);
	restore_free(r);
	ck_assert_uint_eq(sum.tokens, 2);
	ck_assert(realm_open(dir, STORE_READ, &reader, &f));
	ck_assert_int_eq(token_at(reader, "acme", 1).state, TOKEN_REVOKED);
	ck_assert_int_eq(token_at(reader, "acme", 2).state, TOKEN_USED);
	ck_assert_int_eq(token_at(reader, "globex", 3).state, TOKEN_REVOKED);
	for (size_t i = 0; i < COUNT(tenants); i++) {
		struct ledger *l;
		struct json *j;

		ck_assert(realm_ledger(reader, tenants[i], &l, &f));
		last_entry(l, &j);
		ck_assert_str_eq(json_text(j, "act"), "ledger.restored");
		ck_assert_ptr_nonnull(json_text(j, "backup_at"));
		json_free(j);
	}
	scratch_free(dir);
}
END_TEST

START_TEST(revoked_stays_revoked)
{
	char dir[SCRATCH_PATH_MAX];
	struct restore *r;
	struct restored sum;
	struct dump_verdict v;
	struct standing s;
	struct ledger *l;

	new_folder(dir);
	restore_raw(dir, &r, &v);
	ck_assert(restore_finish(r, &v, &g.why, g.now_s, &sum, &f));
	restore_free(r);
	ck_assert(realm_open(dir, STORE_READ, &reader, &f));
	ck_assert(realm_ledger(reader, "acme", &l, &f));
	ck_assert(ledger_standing(l, g.leaf[1].serial, &s, &f));
	ck_assert_int_eq(s.state, STANDING_REVOKED);
	ck_assert_int_eq(s.reason, 1);
	ck_assert(ledger_standing(l, g.leaf[0].serial, &s, &f));
	ck_assert_int_eq(s.state, STANDING_GOOD);
	scratch_free(dir);
}
END_TEST

/* --- what does not hold ---------------------------------------------------------------------- */

START_TEST(one_flipped_bit)
{
	size_t step = dump.n / 997 + 1;

	for (size_t at = 0; at < dump.n; at += at < 100 || at + 1000 > dump.n ? 1 : step) {
		uint8_t bit = (uint8_t)(1u << at % 8);

		dump.at[at] ^= bit;
		ck_assert_msg(!reads(octets_bytes(&dump)), "octet %zu", at);
		dump.at[at] ^= bit;
	}
	ck_assert(reads(octets_bytes(&dump)));
}
END_TEST

START_TEST(cut_short)
{
	size_t at = 16, cuts = 0;

	refused(octets_of(dump.at, 0), "no backup");
	refused(octets_of(dump.at, 15), "no backup");
	for (;; cuts++) { /* before, in and behind each frame */
		struct reader r = reader_of(octets_of(dump.at + at, 4));
		size_t n = reader_u32(&r);

		refused(octets_of(dump.at, at), "cut short");
		refused(octets_of(dump.at, at + 2), "cut short");
		if (n == 0)
			break;
		refused(octets_of(dump.at, at + 4 + n / 2), "cut short");
		at += 4 + n + DUMP_HASH_OCTETS;
	}
	ck_assert_uint_ge(cuts, 1);
	for (size_t n = at + 4; n < dump.n; n += 13)
		refused(octets_of(dump.at, n), "cut short");
}
END_TEST

START_TEST(more_behind_the_end)
{
	bytes_put_u8(&dump, '\n');
	refused(octets_bytes(&dump), "after its end");
}
END_TEST

START_TEST(not_ours)
{
	refused(octets_text("QUATRAIN DUMP of something else"), "no backup");
	dump.at[15]++;
	refused(octets_bytes(&dump), "edition 2");
}
END_TEST

START_TEST(frame_too_long)
{
	dump.at[16] = 0;
	dump.at[17] = 1;
	dump.at[18] = 0;
	dump.at[19] = 1;
	refused(octets_bytes(&dump), "a frame over");
}
END_TEST

START_TEST(another_root)
{
	bytes_clear(&root_pem);
	ck_assert(cert_pem(octets_bytes(&g.region->certificate), &root_pem, &f));
	refused(octets_bytes(&dump), "another authority");
	bytes_clear(&root_pem);
	refused(octets_bytes(&dump), "PEM");
}
END_TEST

/* The frames again, as somebody who holds no log key would seal them. */
START_TEST(another_key)
{
	struct bytes certificates = { 0 }, text = { 0 }, signature = { 0 };
	char origin[LOG_ORIGIN_MAX];
	struct dump_seal s;
	struct key *k;
	size_t frames = total.octets;

	(void)log_key(&certificates);
	ck_assert(key_new(KEY_ED25519, &k, &f));
	log_origin(realm_space(g.realm), NAME_PLATFORM, origin);
	ck_assert(dump_signed_text(
	    origin, g.now_s, total.digest, octets_bytes(&certificates), &text, &f));
	ck_assert(key_sign(k, octets_bytes(&text), &signature, &f));
	s = (struct dump_seal){ g.now_s, octets_bytes(&signature), octets_bytes(&certificates) };
	dump.n = frames;
	ck_assert(dump_put_seal(&s, &dump, &f));
	refused(octets_bytes(&dump), "signature");
	key_free(k);
	bytes_free(&signature);
	bytes_free(&text);
	bytes_free(&certificates);
}
END_TEST

/* A tenant's log key is of the authority too, and signs no backup of it. */
START_TEST(a_tenants_key)
{
	struct bytes certificates = { 0 }, text = { 0 }, signature = { 0 };
	char origin[LOG_ORIGIN_MAX];
	struct dump_seal s;

	bytes_put_octets(&certificates, octets_bytes(&acme_pem));
	log_origin(realm_space(g.realm), NAME_PLATFORM, origin);
	ck_assert(dump_signed_text(
	    origin, g.now_s, total.digest, octets_bytes(&certificates), &text, &f));
	ck_assert(key_sign(acme_key, octets_bytes(&text), &signature, &f));
	s = (struct dump_seal){ g.now_s, octets_bytes(&signature), octets_bytes(&certificates) };
	dump.n = total.octets;
	ck_assert(dump_put_seal(&s, &dump, &f));
	refused(octets_bytes(&dump), "another log");
	bytes_free(&signature);
	bytes_free(&text);
	bytes_free(&certificates);
}
END_TEST

/* A checkpoint is signed by the same key, and is no seal. */
START_TEST(a_checkpoint_is_no_seal)
{
	struct bytes certificates = { 0 }, note = { 0 };
	const struct key *k = log_key(&certificates);
	char origin[LOG_ORIGIN_MAX];
	struct log_edge e;
	struct log_note n;
	struct dump_seal s;

	log_origin(realm_space(g.realm), NAME_PLATFORM, origin);
	ck_assert(log_edge_read(realm_platform(g.realm), &e, &f));
	ck_assert(log_checkpoint(origin, &e, 0, k, &note, &f));
	ck_assert(log_note_read(octets_bytes(&note), &n, &f));
	s = (struct dump_seal){ g.now_s, octets_of(n.signature, 64), octets_bytes(&certificates) };
	dump.n = total.octets;
	ck_assert(dump_put_seal(&s, &dump, &f));
	refused(octets_bytes(&dump), "signature");
	bytes_free(&note);
	bytes_free(&certificates);
}
END_TEST

START_TEST(a_seal_has_one_shape)
{
	struct bytes b = { 0 };
	uint8_t big[DUMP_CERTS_MAX + 1] = { 0 };
	const struct dump_seal shapes[] = {
		{ 0, octets_of(big, 63), octets_of(big, 10) },
		{ 0, octets_of(big, 64), octets_of(big, 0) },
		{ 0, octets_of(big, 64), octets_of(big, sizeof(big)) },
	};

	for (size_t i = 0; i < COUNT(shapes); i++) {
		ck_assert(!dump_put_seal(&shapes[i], &b, &f));
		ck_assert_int_eq(f.code, FAULT_LIMIT);
	}
	ck_assert_uint_eq(b.n, 0);
}
END_TEST

/* --- records that a captured service could seal ---------------------------------------------- */

/* The records of the dump, taken apart. */
struct records {
	struct bytes all; /* their octets, without frames */
	size_t n, at[4096];
};

static struct records rec;

static void
take_apart(void)
{
	size_t at = 16;

	bytes_clear(&rec.all);
	rec.n = 0;
	for (;;) {
		struct reader r = reader_of(octets_of(dump.at + at, 4));
		size_t n = reader_u32(&r);

		if (n == 0)
			break;
		bytes_put(&rec.all, dump.at + at + 4, n);
		at += 4 + n + DUMP_HASH_OCTETS;
	}
	for (at = 0; at < rec.all.n;) {
		struct reader r = reader_of(octets_of(rec.all.at + at + 1, 4));

		ck_assert_uint_lt(rec.n, COUNT(rec.at) - 1);
		rec.at[rec.n++] = at;
		at += DUMP_HEAD_OCTETS + reader_u32(&r);
	}
	rec.at[rec.n] = rec.all.n;
}

static struct octets
record(size_t i)
{
	return octets_of(rec.all.at + rec.at[i], rec.at[i + 1] - rec.at[i]);
}

static unsigned
kind(size_t i)
{
	return rec.all.at[rec.at[i]];
}

/* The i-th record of a kind, counted from 0; of rows, of a table. */
static size_t
find(unsigned want, int table, size_t i)
{
	for (size_t n = 0; n < rec.n; n++)
		if (kind(n) == want &&
		    (table < 0 || record(n).at[DUMP_HEAD_OCTETS] == (uint8_t)table) && i-- == 0)
			return n;
	ck_abort_msg("no record of kind %u, table %d", want, table);
}

/* Records in frames of a size of their own, and sealed: what is left to refuse is what they say. */
static void
put_together(const struct bytes *records)
{
	uint8_t digest[DUMP_HASH_OCTETS];
	size_t n;

	bytes_clear(&dump);
	dump_begin(&dump, digest);
	for (size_t at = 0; at < records->n; at += n) {
		n = records->n - at < 5000 ? records->n - at : 5000;
		dump_digest(digest, octets_of(records->at + at, n));
		bytes_put_counted(&dump, octets_of(records->at + at, n));
		bytes_put(&dump, digest, sizeof(digest));
	}
	seal(&dump, digest);
}

/* All records but number i, in whose place there is instead (which may be none). */
static void
with_instead(size_t i, struct octets instead)
{
	struct bytes b = { 0 };

	for (size_t n = 0; n < rec.n; n++)
		bytes_put_octets(&b, n == i ? instead : record(n));
	put_together(&b);
	bytes_free(&b);
}

static void
put_record(struct bytes *b, unsigned of, struct octets content)
{
	bytes_put_u8(b, (uint8_t)of);
	bytes_put_counted(b, content);
}

static void
put_row(struct bytes *b, unsigned table, struct octets key, struct octets value)
{
	struct bytes c = { 0 };

	bytes_put_u8(&c, (uint8_t)table);
	bytes_put_u16(&c, (uint16_t)key.n);
	bytes_put_octets(&c, key);
	bytes_put_octets(&c, value);
	put_record(b, DUMP_ROW, octets_bytes(&c));
	bytes_free(&c);
}

/* Record i, and more behind it, are refused with words. */
static void
refused_behind(size_t i, const struct bytes *more, const char *words)
{
	struct bytes b = { 0 };

	bytes_put_octets(&b, record(i));
	bytes_put_octets(&b, octets_bytes(more));
	with_instead(i, octets_bytes(&b));
	refused(octets_bytes(&dump), words);
	bytes_free(&b);
}

/* With one octet of record i's content changed. */
static void
refused_changed(size_t i, size_t at, uint8_t bits, const char *words)
{
	struct bytes b = { 0 };

	bytes_put_octets(&b, record(i));
	ck_assert_uint_lt(DUMP_HEAD_OCTETS + at, b.n);
	b.at[DUMP_HEAD_OCTETS + at] ^= bits;
	with_instead(i, octets_bytes(&b));
	refused(octets_bytes(&dump), words);
	bytes_free(&b);
}

/* The last row of a table in the dump. */
static size_t
find_last(unsigned table)
{
	size_t found = rec.n;

	for (size_t n = 0; n < rec.n; n++)
		if (kind(n) == DUMP_ROW && record(n).at[DUMP_HEAD_OCTETS] == table)
			found = n;
	ck_assert_uint_lt(found, rec.n);
	return found;
}

/* The i-th ledger's end states so many rows more. */
static void
state_rows(size_t i, int more)
{
	size_t at = rec.at[find(DUMP_LEDGER_END, -1, i)] + DUMP_HEAD_OCTETS + 7;

	rec.all.at[at] = (uint8_t)(rec.all.at[at] + more);
}

START_TEST(put_together_again)
{
	take_apart();
	put_together(&rec.all);
	ck_assert_msg(reads(octets_bytes(&dump)), "%s", f.text);
}
END_TEST

START_TEST(anything_missing)
{
	static const unsigned kinds[] = { DUMP_HEADER, DUMP_FILE, DUMP_PIECE, DUMP_FILE_END,
		DUMP_LEDGER, DUMP_ROW, DUMP_LEDGER_END, DUMP_END };

	take_apart();
	for (size_t i = 0; i < COUNT(kinds); i++) {
		with_instead(find(kinds[i], -1, 0), octets_of(NULL, 0));
		refused(octets_bytes(&dump), "dump: ");
	}
}
END_TEST

START_TEST(anything_twice)
{
	take_apart();
	for (size_t i = 0; i < rec.n; i++) {
		struct bytes again = { 0 };

		if (kind(i) == DUMP_PIECE) /* what a file holds is nobody's but the seal's */
			continue;
		bytes_put_octets(&again, record(i));
		refused_behind(i, &again, "dump: ");
		bytes_free(&again);
	}
}
END_TEST

/* A whole ledger less, and the end says so: the platform's rows know of it. */
START_TEST(ledger_missing)
{
	struct bytes b = { 0 }, end = { 0 };
	uint64_t rows = 0;
	size_t from, to;

	take_apart();
	from = find(DUMP_LEDGER, -1, 2);
	to = find(DUMP_LEDGER_END, -1, 2);
	for (size_t i = 0; i < rec.n; i++) {
		if (i >= from && i <= to)
			continue;
		rows += kind(i) == DUMP_ROW;
		if (kind(i) != DUMP_END)
			bytes_put_octets(&b, record(i));
	}
	bytes_put_u64(&end, 2);
	bytes_put_u64(&end, total.files);
	bytes_put_u64(&end, rows);
	put_record(&b, DUMP_END, octets_bytes(&end));
	put_together(&b);
	refused(octets_bytes(&dump), "out of order");
	bytes_free(&end);
	bytes_free(&b);
}
END_TEST

START_TEST(rows_that_no_ledger_has)
{
	static const uint8_t octets[STORE_VALUE_MAX + 1];
	const struct {
		unsigned table;
		struct octets key, value;
		const char *words;
	} rows[] = {
		{ TABLE_CRL + 1, octets_text("key"), octets_text("value"), "not known" },
		{ 255, octets_text("key"), octets_text("value"), "not known" },
		{ TABLE_CRL, octets_of(octets, 0), octets_text("value"), "of a size" },
		{ TABLE_CRL, octets_of(octets, STORE_KEY_MAX + 1), octets_of(octets, 0),
		    "of a size" },
		{ TABLE_META, octets_text("a"), octets_text("b"), "out of order" },
		{ TABLE_CRL, octets_of(octets, 20), octets_of(octets, sizeof(octets)), "over" },
	};
	struct bytes b = { 0 };
	size_t last;

	take_apart();
	last = find(DUMP_LEDGER_END, -1, 1) - 1;
	for (size_t i = 0; i < COUNT(rows); i++) {
		bytes_clear(&b);
		if (rows[i].value.n > STORE_VALUE_MAX) { /* the record's own limit comes first */
			bytes_put_u8(&b, DUMP_ROW);
			bytes_put_u32(&b, DUMP_ROW_OCTETS + 1);
		} else {
			put_row(&b, rows[i].table, rows[i].key, rows[i].value);
		}
		refused_behind(last, &b, rows[i].words);
	}
	bytes_free(&b);
}
END_TEST

START_TEST(rows_that_do_not_agree)
{
	static const struct {
		unsigned table;
		size_t at;    /* which octet of the row, its table the first */
		uint8_t bits; /* that change there */
		const char *words;
	} changes[] = {
		{ TABLE_CERT, 10, 0x40, "certificates and standings" }, /* its id */
		{ TABLE_CERT, 11, 1, "no certificate" },
		{ TABLE_SERIAL, 18, 1, "certificates and standings" },    /* its serial */
		{ TABLE_SERIAL, 19, 1, "cannot be read" },                /* its edition */
		{ TABLE_SERIAL, 20, 0x10, "cannot be read" },             /* its state */
		{ TABLE_LOG, 10, 0x40, "is missing" },                    /* its index */
		{ TABLE_LOG, 40, 1, "do not give its root" },             /* its text */
		{ TABLE_REVOKED, 10, 1, "revocations and standings" },    /* its issuer */
		{ TABLE_REVOKED, 38, 1, "revocations and standings" },    /* its serial */
		{ TABLE_CA, 5, 1, "a CA that cannot be read" },           /* its key */
		{ TABLE_TOKEN, 35, 0x10, "a token that cannot be read" }, /* its edition */
		{ TABLE_TENANT, 3, 0x80, "a tenant that cannot be read" },
	};

	take_apart();
	for (size_t i = 0; i < COUNT(changes); i++)
		refused_changed(
		    find_last(changes[i].table), changes[i].at, changes[i].bits, changes[i].words);
	/* acme's row names another tenant: then acme's ledger is nobody's */
	refused_changed(find(DUMP_ROW, TABLE_TENANT, 0), 3, 3, "out of order");
}
END_TEST

START_TEST(a_revocation_taken_out)
{
	take_apart();
	with_instead(find_last(TABLE_REVOKED), octets_of(NULL, 0));
	refused(octets_bytes(&dump), "more or fewer rows");
	state_rows(1, -1);
	with_instead(find_last(TABLE_REVOKED), octets_of(NULL, 0));
	refused(octets_bytes(&dump), "revocations and standings");
}
END_TEST

START_TEST(an_intent_without_a_standing)
{
	static const uint8_t serial[TBS_SERIAL_OCTETS] = { 1 };
	struct bytes b = { 0 };

	take_apart();
	put_row(&b, TABLE_PENDING, octets_of(serial, sizeof(serial)), octets_text("x"));
	refused_behind(find_last(TABLE_SERIAL), &b, "more or fewer rows");
	state_rows(2, 1);
	refused_behind(find_last(TABLE_SERIAL), &b, "intents and standings");
	bytes_free(&b);
}
END_TEST

START_TEST(files_of_other_names)
{
	static const char *const names[] = { "", "journal2", "../journal", "keys/../root.pem",
		"keys/0123456789abcdef0123456789abcdef01234567.key.key",
		"keys/0123456789ABCDEF0123456789abcdef01234567.key", "keys/token.key2",
		"master.key", "tenants/platform/data.mdb", "keys/marks", "/etc/passwd",
		"keys/0123456789abcdef0123456789abcdef0123456.key" };
	struct bytes b = { 0 }, name = { 0 };
	size_t i;

	take_apart();
	i = find(DUMP_FILE, -1, 2);
	for (size_t n = 0; n < COUNT(names); n++) {
		ck_assert(!dump_is_name(names[n]));
		bytes_clear(&b);
		bytes_clear(&name);
		bytes_put_counted_text(&name, names[n]);
		put_record(&b, DUMP_FILE, octets_bytes(&name));
		with_instead(i, octets_bytes(&b));
		refused(octets_bytes(&dump), "a file of a name");
	}
	bytes_free(&name);
	bytes_free(&b);
}
END_TEST

START_TEST(files_that_lie)
{
	static const uint8_t piece[DUMP_PIECE_MAX];
	struct bytes b = { 0 };
	size_t key = 0;

	take_apart();
	for (size_t i = 0; i < 3; i++)
		refused_changed(find(DUMP_FILE_END, -1, i), 7, 1, "longer or shorter");
	while (kind(key) != DUMP_FILE || memmem(record(key).at, record(key).n, "keys/", 5) == NULL)
		key++;
	for (size_t i = 0; i < 3; i++)
		put_record(&b, DUMP_PIECE, octets_of(piece, sizeof(piece)));
	refused_behind(key, &b, "too large");
	bytes_clear(&b);
	put_record(&b, DUMP_PIECE, octets_of(piece, 0));
	refused_behind(key, &b, "an empty piece");
	bytes_free(&b);
}
END_TEST

/* The master key's place may hold anything; what begins the path to every client may not. */
START_TEST(another_root_inside)
{
	struct bytes b = { 0 }, pem = { 0 }, size = { 0 };
	size_t i = rec.n;

	take_apart();
	i = find(DUMP_END, -1, 0) - 1;
	ck_assert_uint_eq(kind(i), DUMP_FILE_END);
	ck_assert(cert_pem(octets_bytes(&g.region->certificate), &pem, &f));
	for (size_t n = 0; n < i - 1; n++)
		bytes_put_octets(&b, record(n));
	put_record(&b, DUMP_PIECE, octets_bytes(&pem));
	bytes_put_u64(&size, pem.n);
	put_record(&b, DUMP_FILE_END, octets_bytes(&size));
	bytes_put_octets(&b, record(i + 1));
	put_together(&b);
	refused(octets_bytes(&dump), "root.pem is another");
	bytes_free(&size);
	bytes_free(&pem);
	bytes_free(&b);
}
END_TEST

/* A visitor's own fault ends the reading, and nothing is said to hold. */
static bool
say_no(void *with, const char *tenant, struct fault *fault)
{
	(void)with;
	return strcmp(tenant, "acme") != 0 || fault_set(fault, FAULT_BUSY, "the disk is full");
}

START_TEST(a_visitor_says_no)
{
	const struct dump_visitor v = { .ledger = say_no };
	struct dump_verdict verdict = { .signed_s = 1 };

	ck_assert(!read_to(octets_bytes(&dump), &v, &verdict));
	ck_assert_int_eq(f.code, FAULT_BUSY);
	ck_assert_int_eq(verdict.signed_s, 1);
}
END_TEST

static bool
refuse(void *with, struct octets o, struct fault *fault)
{
	size_t *left = with;

	if (*left < o.n)
		return fault_set(fault, FAULT_BUSY, "the disk is full");
	*left -= o.n;
	return true;
}

START_TEST(a_full_disk_while_writing)
{
	for (size_t room = 0; room < total.octets; room += total.octets / 5) {
		size_t left = room;
		struct dump_writing w = { .realm = g.realm, .put = refuse, .with = &left };

		ck_assert(!dump_write(&w, &total, &f));
		ck_assert_int_eq(f.code, FAULT_BUSY);
	}
}
END_TEST

START_TEST(a_missing_file_while_writing)
{
	static const char *const names[] = { "journal", "chain.pem", "root.pem" };
	struct bytes out = { 0 };
	struct dump_writing w = { .realm = g.realm, .put = keep, .with = &out };
	char path[SCRATCH_PATH_MAX + 32];

	for (size_t i = COUNT(names); i-- > 0;) {
		(void)snprintf(path, sizeof(path), "%s/%s", g.dir, names[i]);
		ck_assert_int_eq(unlink(path), 0);
		ck_assert(!dump_write(&w, &total, &f));
		ck_assert_int_eq(f.code, FAULT_NOTFOUND);
		ck_assert_ptr_nonnull(strstr(f.text, names[i]));
		/* a link is no file: it may lead to another's */
		ck_assert_int_eq(symlink("/etc/hostname", path), 0);
		ck_assert(!dump_write(&w, &total, &f));
		ck_assert_int_eq(f.code, FAULT_INTERNAL);
	}
	bytes_free(&out);
}
END_TEST

static TCase *
round_trip(void)
{
	TCase *t = tcase_create("round trip");

	tcase_add_test(t, holds);
	tcase_add_test(t, master_key_stays);
	tcase_add_test(t, comes_back_bit_for_bit);
	tcase_add_test(t, ends_what_could_be_used_twice);
	tcase_add_test(t, revoked_stays_revoked);
	return t;
}

static TCase *
refusals(void)
{
	TCase *t = tcase_create("refusals");

	tcase_add_test(t, one_flipped_bit);
	tcase_add_test(t, cut_short);
	tcase_add_test(t, more_behind_the_end);
	tcase_add_test(t, not_ours);
	tcase_add_test(t, frame_too_long);
	tcase_add_test(t, another_root);
	tcase_add_test(t, another_key);
	tcase_add_test(t, a_tenants_key);
	tcase_add_test(t, a_checkpoint_is_no_seal);
	tcase_add_test(t, a_seal_has_one_shape);
	tcase_add_test(t, put_together_again);
	tcase_add_test(t, anything_missing);
	tcase_add_test(t, anything_twice);
	tcase_add_test(t, ledger_missing);
	tcase_add_test(t, rows_that_no_ledger_has);
	tcase_add_test(t, rows_that_do_not_agree);
	tcase_add_test(t, a_revocation_taken_out);
	tcase_add_test(t, an_intent_without_a_standing);
	tcase_add_test(t, files_of_other_names);
	tcase_add_test(t, files_that_lie);
	tcase_add_test(t, another_root_inside);
	tcase_add_test(t, a_visitor_says_no);
	tcase_add_test(t, a_full_disk_while_writing);
	tcase_add_test(t, a_missing_file_while_writing);
	return t;
}

int
main(void)
{
	Suite *s = suite_create("dump");
	TCase *t[] = { round_trip(), refusals() };
	SRunner *r = srunner_create(s);

	for (size_t i = 0; i < COUNT(t); i++) {
		tcase_add_checked_fixture(t[i], setup, teardown);
		tcase_set_timeout(t[i], 60); /* a loaded machine is no failure */
		suite_add_tcase(s, t[i]);
	}
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
