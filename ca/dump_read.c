/* ca/dump_read.c - see dump.h; records, their order, and what they say of each other. */
#include <inttypes.h>
#include <string.h>

#include <sodium.h>

#include "ca/chain.h"
#include "ca/dump_check.h"
#include "ca/dump_record.h"

/* Where the reader is; a record may come in some of these. */
enum place { AT_START = 1, AT_TOP = 2, IN_FILE = 4, IN_LEDGER = 8, AT_END = 16 };

struct dump_reading {
	struct dump_source in;
	const struct dump_visitor *to;
	enum place place;
	struct bytes record;
	struct dump_header header;
	uint8_t root[DUMP_HASH_OCTETS]; /* of the root that was given */
	struct dump_check check;
	struct dump_platform platform;
	size_t tenants_at; /* of the next that is due */
	char file[DUMP_NAME_MAX];
	uint64_t file_octets;
	struct bytes pem; /* of root.pem, while it is read */
};

/* Call one of the visitor's, where there is one. */
#define VISIT(r, name, ...) ((r)->to->name == NULL || (r)->to->name((r)->to->with, __VA_ARGS__))

static bool
bad(const char *why, struct fault *f)
{
	return fault_set(f, FAULT_BADREQ, "dump: %s", why);
}

static bool
read_header(struct dump_reading *r, struct octets o, struct fault *f)
{
	struct reader in = reader_of(o);
	struct dump_header *h = &r->header;
	struct fault why;

	reader_counted_text(&in, h->space.domain, sizeof(h->space.domain));
	reader_counted_text(&in, h->space.region, sizeof(h->space.region));
	reader_counted_text(&in, h->space.org, sizeof(h->space.org));
	reader_copy(&in, h->root, sizeof(h->root));
	h->at_s = (int64_t)reader_u64(&in);
	reader_counted_text(&in, h->version, sizeof(h->version));
	if (!reader_done(&in) || !name_space_check(&h->space, &why) || h->at_s < 0 ||
	    h->at_s > TEXT_TIME_LAST_S)
		return bad("a header that cannot be read", f);
	if (memcmp(h->root, r->root, sizeof(h->root)) != 0)
		return fault_set(f, FAULT_DENIED,
		    "dump: it is of another authority than the root certificate's: %.60s, region %.60s",
		    h->space.domain, h->space.region);
	r->place = AT_TOP;
	return VISIT(r, header, h, f);
}

/* The journal before all ledgers; the rest behind them, in order, so that none comes twice. */
static bool
is_due(const struct dump_reading *r, const char *name)
{
	if (r->file[0] == '\0' || r->in.total.ledgers == 0)
		return r->in.total.files == 0 && r->in.total.ledgers == 0 &&
		       strcmp(name, "journal") == 0;
	if (r->tenants_at < r->platform.tenants.n || strcmp(name, "journal") == 0)
		return false;
	if (strcmp(name, "root.pem") == 0) /* the last, and the keys' last before it */
		return strcmp(r->file, "keys/token.key") == 0;
	return r->in.total.files == 1 ? strcmp(name, "chain.pem") == 0 : strcmp(r->file, name) < 0;
}

static bool
read_file(struct dump_reading *r, struct octets o, struct fault *f)
{
	struct reader in = reader_of(o);
	char name[DUMP_NAME_MAX];

	reader_counted_text(&in, name, sizeof(name));
	if (!reader_done(&in) || !dump_is_name(name))
		return bad("a file of a name that a data folder does not have", f);
	if (!is_due(r, name))
		return bad("a file out of order", f);
	memcpy(r->file, name, sizeof(name));
	r->file_octets = 0;
	bytes_clear(&r->pem);
	r->place = IN_FILE;
	return VISIT(r, file, name, f);
}

static bool
read_piece(struct dump_reading *r, struct octets o, struct fault *f)
{
	r->file_octets += o.n;
	if (o.n == 0)
		return bad("an empty piece of a file", f);
	if (strcmp(r->file, "journal") != 0 && r->file_octets > DUMP_KEY_FILE_MAX)
		return bad("a key or certificate file that is too large", f);
	if (strcmp(r->file, "root.pem") == 0)
		bytes_put_octets(&r->pem, o);
	return bytes_ok(&r->pem, f) && VISIT(r, piece, o, f);
}

/* SHA-256 of the one certificate that a PEM text holds. */
static bool
root_digest(struct octets pem, uint8_t to[static DUMP_HASH_OCTETS], struct fault *f)
{
	struct bytes der = { 0 };
	bool ok = chain_pem_at(pem, 0, &der, f);

	if (ok)
		(void)crypto_hash_sha256(to, der.at, der.n);
	bytes_free(&der);
	return ok;
}

static bool
read_file_end(struct dump_reading *r, struct octets o, struct fault *f)
{
	struct reader in = reader_of(o);
	uint8_t root[DUMP_HASH_OCTETS];

	if (reader_u64(&in) != r->file_octets || !reader_done(&in))
		return bad("a file that is longer or shorter than it states", f);
	if (strcmp(r->file, "root.pem") == 0 && (!root_digest(octets_bytes(&r->pem), root, f) ||
						    memcmp(root, r->root, sizeof(root)) != 0))
		return bad("its root.pem is another's", f);
	r->in.total.files++;
	r->place = AT_TOP;
	return r->to->file_end == NULL || r->to->file_end(r->to->with, f);
}

/* The platform first, then each tenant that its rows name. */
static bool
next_tenant(struct dump_reading *r, char to[static TEXT_LABEL_MAX])
{
	struct reader in;

	if (r->in.total.files != 1)
		return false;
	if (r->in.total.ledgers == 0) {
		memcpy(to, NAME_PLATFORM, sizeof(NAME_PLATFORM));
		return true;
	}
	in = reader_of(octets_of(
	    r->platform.tenants.at + r->tenants_at, r->platform.tenants.n - r->tenants_at));
	reader_counted_text(&in, to, TEXT_LABEL_MAX);
	r->tenants_at = r->platform.tenants.n - in.n;
	return !in.bad;
}

/* A tenant's activity comes behind it, once. */
static bool
is_next(struct dump_reading *r, const char *name)
{
	char due[TEXT_LABEL_MAX], activity[LEDGER_NAME_MAX];

	if (!ledger_name_is_activity(name))
		return next_tenant(r, due) && strcmp(name, due) == 0;
	ledger_name_activity(r->check.tenant, activity);
	return r->in.total.ledgers > 0 && !ledger_name_is_activity(r->check.tenant) &&
	       strcmp(name, activity) == 0;
}

static bool
read_ledger(struct dump_reading *r, struct octets o, struct fault *f)
{
	struct reader in = reader_of(o);
	char name[LEDGER_NAME_MAX];

	reader_counted_text(&in, name, sizeof(name));
	if (!reader_done(&in) || !is_next(r, name))
		return bad("a ledger out of order, or one that no tenant has", f);
	if (r->in.total.ledgers >= DUMP_LEDGERS_MAX)
		return bad("more ledgers than a service has", f);
	dump_check_begin(&r->check, name, &r->platform);
	r->place = IN_LEDGER;
	return VISIT(r, ledger, name, f);
}

static bool
read_row(struct dump_reading *r, struct octets o, struct fault *f)
{
	struct reader in = reader_of(o);
	unsigned table = reader_u8(&in);
	size_t n = reader_u16(&in);
	struct octets key = octets_of(in.at, n), value;

	if (in.bad || n > in.n)
		return bad("a row that cannot be read", f);
	value = octets_of(in.at + n, in.n - n);
	r->in.total.rows++;
	return dump_check_row(&r->check, table, key, value, f) &&
	       VISIT(r, row, table, key, value, f);
}

static bool
read_ledger_end(struct dump_reading *r, struct octets o, struct fault *f)
{
	struct reader in = reader_of(o);
	struct dump_ledger l = { 0 };

	memcpy(l.tenant, r->check.tenant, sizeof(l.tenant));
	l.rows = reader_u64(&in);
	l.size = reader_u64(&in);
	reader_copy(&in, l.root, sizeof(l.root));
	if (!reader_done(&in))
		return bad("a ledger's end that cannot be read", f);
	if (!dump_check_end(&r->check, &l, f))
		return false;
	r->in.total.ledgers++;
	r->place = AT_TOP;
	return VISIT(r, ledger_end, &l, f);
}

static bool
read_end(struct dump_reading *r, struct octets o, struct fault *f)
{
	const struct dump_total *t = &r->in.total;
	struct reader in = reader_of(o);
	uint64_t ledgers = reader_u64(&in), files = reader_u64(&in), rows = reader_u64(&in);

	if (!reader_done(&in) || ledgers != t->ledgers || files != t->files || rows != t->rows)
		return bad("more or fewer ledgers, files or rows than it states", f);
	if (t->ledgers == 0 || r->tenants_at != r->platform.tenants.n)
		return bad("a tenant's ledger is missing", f);
	if (strcmp(r->file, "root.pem") != 0)
		return bad("root.pem is missing", f);
	r->place = AT_END;
	return true;
}

static const struct {
	unsigned places; /* where it may come */
	uint32_t max;    /* octets of its content */
	bool (*read)(struct dump_reading *r, struct octets o, struct fault *f);
} kinds[] = {
	[DUMP_HEADER] = { AT_START, 1024, read_header },
	[DUMP_FILE] = { AT_TOP, 4 + DUMP_NAME_MAX, read_file },
	[DUMP_PIECE] = { IN_FILE, DUMP_PIECE_MAX, read_piece },
	[DUMP_FILE_END] = { IN_FILE, 8, read_file_end },
	[DUMP_LEDGER] = { AT_TOP, 4 + TEXT_LABEL_MAX, read_ledger },
	[DUMP_ROW] = { IN_LEDGER, DUMP_ROW_OCTETS, read_row },
	[DUMP_LEDGER_END] = { IN_LEDGER, DUMP_LEDGER_OCTETS, read_ledger_end },
	[DUMP_END] = { AT_TOP, DUMP_END_OCTETS, read_end },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static bool
next_record(struct dump_reading *r, struct fault *f)
{
	struct reader head;
	unsigned kind;
	uint32_t n;

	if (!dump_source_take(&r->in, DUMP_HEAD_OCTETS, &r->record, f))
		return false;
	head = reader_of(octets_bytes(&r->record));
	kind = reader_u8(&head);
	n = reader_u32(&head);
	if (kind >= KINDS || (kinds[kind].places & r->place) == 0)
		return fault_set(f, FAULT_BADREQ,
		    "dump: octet %" PRIu64 ": a record where it may not be", r->in.total.octets);
	if (n > kinds[kind].max)
		return fault_set(f, FAULT_BADREQ,
		    "dump: octet %" PRIu64 ": a record over %u octets", r->in.total.octets,
		    (unsigned)kinds[kind].max);
	return dump_source_take(&r->in, n, &r->record, f) &&
	       kinds[kind].read(r, octets_bytes(&r->record), f);
}

static bool
read_all(struct dump_reading *r, struct octets root_pem, struct dump_verdict *v, struct fault *f)
{
	uint64_t told = 0;

	if (!root_digest(root_pem, r->root, f))
		return false;
	while (r->place != AT_END) {
		if (!next_record(r, f))
			return false;
		if (r->to->progress != NULL && r->in.total.octets != told)
			r->to->progress(r->to->progress_with, &r->in.total);
		told = r->in.total.octets;
	}
	if (!dump_source_end(&r->in, f) ||
	    !dump_read_seal(&r->in, &r->header.space, root_pem, &v->signed_s, f))
		return false;
	v->header = r->header;
	v->total = r->in.total;
	return true;
}

bool
dump_read(dump_get *get, void *get_with, const struct dump_visitor *to, struct octets root_pem,
    struct dump_verdict *ret, struct fault *f)
{
	struct dump_reading r = { .to = to, .place = AT_START };
	struct dump_verdict v = { 0 };
	bool ok = dump_source_open(&r.in, get, get_with, f) && read_all(&r, root_pem, &v, f);

	if (ok)
		*ret = v;
	dump_source_free(&r.in);
	dump_check_free(&r.check);
	bytes_free(&r.record);
	bytes_free(&r.platform.tenants);
	bytes_free(&r.platform.cas);
	bytes_free(&r.platform.lost);
	bytes_free(&r.pem);
	return ok;
}
