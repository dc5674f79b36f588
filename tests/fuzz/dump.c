/* tests/fuzz/dump.c - a backup that is read is one: of rows in order, within every limit, as many
 * as it says.
 *
 * Input behind an odd octet: the whole file. Behind an even one: changes to the records of a backup
 * of a real service, which is then framed and sealed as the signer would, so that the records' own
 * readers are met: number of the record u16, what to do u8, how many octets of arguments u8, the
 * arguments. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ca/dump_record.h"
#include "tests/unit/ground.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define RECORDS_MAX 4096
#define FRAME       4000
#define INPUT_MAX   (1u << 20)

enum change { REPLACE, DROP, TWICE, BEFORE, CHANGES };

static struct ground service;
static struct bytes records, root_pem, certificates;
static size_t at[RECORDS_MAX + 1], n_records;
static const struct key *key;
static char origin[LOG_ORIGIN_MAX];

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* --- a backup of a real service, taken apart ------------------------------------------------- */

static bool
keep(void *with, struct octets o, struct fault *f)
{
	bytes_put_octets(with, o);
	return bytes_ok(with, f);
}

static void
write_file(const char *name, struct octets o)
{
	char path[SCRATCH_PATH_MAX + 32];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", service.dir, name);
	must((fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600)) >= 0);
	must(write(fd, o.at, o.n) == (ssize_t)o.n && close(fd) == 0);
}

static void
take_apart(struct octets file)
{
	file = octets_of(file.at + 16, file.n - 16);
	while (file.n > 0) {
		struct reader r = reader_of(file);
		struct octets frame = reader_counted(&r);

		must(!r.bad);
		bytes_put_octets(&records, frame);
		file = octets_of(r.at + DUMP_HASH_OCTETS, r.n - DUMP_HASH_OCTETS);
	}
	for (size_t i = 0; i < records.n;) {
		struct reader r = reader_of(octets_of(records.at + i + 1, 4));

		must(n_records < RECORDS_MAX);
		at[n_records++] = i;
		i += DUMP_HEAD_OCTETS + reader_u32(&r);
	}
	at[n_records] = records.n;
}

static void
end(void)
{
	bytes_free(&records);
	bytes_free(&root_pem);
	bytes_free(&certificates);
	ground_free(&service);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct dump_writing w = { .now_s = GROUND_NOW_S, .put = keep };
	const struct ground_cert *c;
	struct dump_total total;
	struct bytes file = { 0 };
	struct delegate d;
	struct fault f;

	(void)argc;
	(void)argv;
	ground_new(&service);
	c = ground_leaf(&service, service.acme, "printer", "hp-4711");
	(void)ground_leaf(&service, service.acme, "printer", "hp-4712");
	ground_revoke(&service, service.acme->ledger, c->serial, 1);
	must(cert_pem(octets_bytes(&service.root->certificate), &root_pem, &f));
	write_file("root.pem", octets_bytes(&root_pem));
	write_file("chain.pem", octets_bytes(&root_pem));
	write_file("keys/token.key", octets_text("sealed\n"));
	w.realm = service.realm;
	w.with = &file;
	must(dump_write(&w, &total, &f));
	take_apart(octets_bytes(&file));
	bytes_free(&file);
	must(
	    keyring_delegate(service.keys, &service.platform->a, &found_log, GROUND_NOW_S, &d, &f));
	key = d.key;
	must(cert_pem(d.certificate, &certificates, &f) &&
	     realm_chain_pem(service.realm, service.platform->a.key_id, false, &certificates, &f));
	log_origin(realm_space(service.realm), NAME_PLATFORM, origin);
	return atexit(end);
}

/* --- changed, and put together again --------------------------------------------------------- */

static void
put_changed(struct bytes *to, size_t i, enum change what, struct octets with)
{
	struct octets record = octets_of(records.at + at[i], at[i + 1] - at[i]);
	size_t from = to->n, offset;

	if (what == BEFORE) { /* a kind, then its content */
		bytes_put_u8(to, with.n > 0 ? with.at[0] : 0);
		bytes_put_counted(
		    to, with.n > 1 ? octets_of(with.at + 1, with.n - 1) : octets_of(NULL, 0));
	}
	if (what == DROP)
		return;
	bytes_put_octets(to, record);
	if (what == TWICE)
		bytes_put_octets(to, record);
	if (what != REPLACE || with.n < 3 || to->bad)
		return;
	offset = (size_t)with.at[0] << 8 | with.at[1];
	for (size_t k = 2; k < with.n && offset + k - 2 < record.n; k++)
		to->at[from + offset + k - 2] = with.at[k];
}

static void
change(struct octets in, struct bytes *to)
{
	struct reader r = reader_of(in);
	size_t done = 0;

	while (r.n >= 4) {
		size_t i = (size_t)reader_u16(&r) % n_records;
		enum change what = (enum change)(reader_u8(&r) % CHANGES);
		size_t n = reader_u8(&r);
		struct octets with = octets_of(r.at, n < r.n ? n : r.n);

		r.at += with.n;
		r.n -= with.n;
		if (i < done) /* in order: each record is changed once */
			continue;
		bytes_put(to, records.at + at[done], at[i] - at[done]);
		put_changed(to, i, what, with);
		done = i + 1;
	}
	bytes_put(to, records.at + at[done], records.n - at[done]);
}

static void
seal(const struct bytes *in, struct bytes *to)
{
	struct bytes text = { 0 }, signature = { 0 };
	uint8_t digest[DUMP_HASH_OCTETS];
	struct dump_seal s;
	struct fault f;
	size_t n;

	dump_begin(to, digest);
	for (size_t i = 0; i < in->n; i += n) {
		n = in->n - i < FRAME ? in->n - i : FRAME;
		dump_digest(digest, octets_of(in->at + i, n));
		bytes_put_counted(to, octets_of(in->at + i, n));
		bytes_put(to, digest, sizeof(digest));
	}
	must(
	    dump_signed_text(origin, GROUND_NOW_S, digest, octets_bytes(&certificates), &text, &f));
	must(key_sign(key, octets_bytes(&text), &signature, &f));
	s = (struct dump_seal){ GROUND_NOW_S, octets_bytes(&signature),
		octets_bytes(&certificates) };
	must(dump_put_seal(&s, to, &f));
	bytes_free(&signature);
	bytes_free(&text);
}

/* --- read ------------------------------------------------------------------------------------ */

struct seen {
	uint64_t rows, ledgers, files;
	unsigned table;
	uint8_t key[STORE_KEY_MAX];
	size_t key_n; /* 0: none of this ledger yet */
	bool in_file, in_ledger;
};

static bool
see_file(void *with, const char *name, struct fault *f)
{
	struct seen *s = with;

	(void)f;
	must(dump_is_name(name) && !s->in_file && !s->in_ledger);
	s->in_file = true;
	s->files++;
	return true;
}

static bool
see_piece(void *with, struct octets o, struct fault *f)
{
	(void)f;
	must(((struct seen *)with)->in_file && o.n > 0 && o.n <= DUMP_PIECE_MAX);
	return true;
}

static bool
see_file_end(void *with, struct fault *f)
{
	(void)f;
	((struct seen *)with)->in_file = false;
	return true;
}

static bool
see_ledger(void *with, const char *tenant, struct fault *f)
{
	struct seen *s = with;

	(void)f;
	must(text_is_label(tenant) && !s->in_file && !s->in_ledger);
	must((s->ledgers == 0) == (strcmp(tenant, NAME_PLATFORM) == 0));
	s->in_ledger = true;
	s->key_n = 0;
	s->ledgers++;
	return true;
}

static bool
see_row(void *with, unsigned table, struct octets key_of, struct octets value, struct fault *f)
{
	struct seen *s = with;
	size_t n = key_of.n < s->key_n ? key_of.n : s->key_n;
	int order = memcmp(s->key, key_of.at, n);

	(void)f;
	must(s->in_ledger && key_of.n > 0 && key_of.n <= STORE_KEY_MAX);
	must(table < STORE_TABLES && value.n <= STORE_VALUE_MAX);
	if (s->key_n > 0)
		must(table > s->table ||
		     (table == s->table && (order < 0 || (order == 0 && key_of.n > s->key_n))));
	memcpy(s->key, key_of.at, key_of.n);
	s->key_n = key_of.n;
	s->table = table;
	s->rows++;
	return true;
}

static bool
see_ledger_end(void *with, const struct dump_ledger *l, struct fault *f)
{
	(void)l;
	(void)f;
	((struct seen *)with)->in_ledger = false;
	return true;
}

static bool
give(void *with, uint8_t *to, size_t n, size_t *ret_n, struct fault *f)
{
	struct octets *left = with;

	(void)f;
	*ret_n = n < left->n ? n : left->n;
	if (*ret_n > 0)
		memcpy(to, left->at, *ret_n);
	*left = octets_of(left->at + *ret_n, left->n - *ret_n);
	return true;
}

static void
read_it(struct octets file)
{
	struct seen s = { 0 };
	const struct dump_visitor v = { .with = &s,
		.file = see_file,
		.piece = see_piece,
		.file_end = see_file_end,
		.ledger = see_ledger,
		.row = see_row,
		.ledger_end = see_ledger_end };
	struct dump_verdict verdict;
	struct fault f = { 0 };

	if (!dump_read(give, &file, &v, octets_bytes(&root_pem), &verdict, &f)) {
		must(f.code == FAULT_BADREQ || f.code == FAULT_DENIED);
		return;
	}
	must(s.rows == verdict.total.rows && s.ledgers == verdict.total.ledgers &&
	     s.files == verdict.total.files && file.n == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bytes changed = { 0 }, file = { 0 };

	if (n == 0 || n > INPUT_MAX)
		return 0;
	if (data[0] % 2 == 1) {
		read_it(octets_of(data + 1, n - 1));
		return 0;
	}
	change(octets_of(data + 1, n - 1), &changed);
	seal(&changed, &file);
	read_it(octets_bytes(&file));
	bytes_free(&file);
	bytes_free(&changed);
	return 0;
}
