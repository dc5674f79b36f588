/* ca/bundle_entries.c - the lines of a bundle, and what goes with each; see bundle_check.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "ca/bundle_check.h"

#define ROW_MAX   (200u << 10) /* octets of a view's line */
#define PROOF_MAX 16384        /* of a range's proof */

/* --- entries elsewhere --------------------------------------------------------------------------
 */

/* What an entry tells of others. */
static bool
hear(struct bundle_check *c, struct octets line, const struct bundle_line *l, struct fault *f)
{
	uint8_t serial[TBS_SERIAL_OCTETS], digest[LOG_HASH_OCTETS];
	bool fresh;

	redactions_see(&c->redactions, (uint64_t)l->n, line);
	if (bundle_line_is(l, "certificate.lost") && bundle_line_serial(l, serial))
		return bundle_serials_add(&c->lost, serial, &fresh, f);
	if (bundle_line_is(l, REDACTION_ACT) && bundle_line_hash(l->serial_sha256, digest))
		return bundle_serials_add(&c->gone, digest, &fresh, f);
	return true;
}

static void
learn(struct bundle_check *c, const struct bundle_line *l)
{
	uint8_t serial[TBS_SERIAL_OCTETS], digest[LOG_HASH_OCTETS];

	if (bundle_line_is(l, "certificate.issued") && bundle_line_serial(l, serial) &&
	    bundle_line_hash(l->certificate, digest)) {
		bytes_put(&c->known, serial, sizeof(serial));
		bytes_put(&c->known, digest, sizeof(digest));
	}
}

static bool
one_outside(
    struct bundle_check *c, struct octets line, struct octets proof, uint64_t at, struct fault *f)
{
	struct bundle_range r;
	struct log_edge e;
	struct bundle_line l;
	uint8_t leaf[LOG_HASH_OCTETS];
	char what[48];

	(void)snprintf(what, sizeof(what), "outside.jsonl: line %" PRIu64, at + 1);
	if (!bundle_range_read(proof, what, &r, f))
		return false;
	if (r.to != r.from + 1 || r.size != c->note.size || !bundle_check_left(&r, &e))
		return fault_set(
		    f, FAULT_BADREQ, "%s: not the proof of one entry of this log", what);
	if (!bundle_line(line, &l) || l.n != (int64_t)r.from)
		return fault_set(f, FAULT_BADREQ,
		    "outside.jsonl: line %" PRIu64 ": not the entry that is proven", at);
	log_line_leaf(line, r.from, leaf);
	log_edge_add(&e, leaf);
	(void)snprintf(what, sizeof(what), "outside.jsonl: line %" PRIu64, at);
	if (!bundle_check_root(c, &r, &e, what, f))
		return false;
	if (!hear(c, line, &l, f))
		return false;
	learn(c, &l);
	c->v.outside++;
	return true;
}

static int
by_serial(const void *a, const void *b)
{
	return memcmp(a, b, TBS_SERIAL_OCTETS);
}

bool
bundle_check_outside(struct bundle_check *c, struct fault *f)
{
	struct bundle_reader r;
	struct octets line, proof = { NULL, 0 };
	bool more = true, ok = bundle_reader_new(&c->b, BUNDLE_OUTSIDE, &r, f);

	while (ok && more) {
		bytes_clear(&c->row);
		if (!(ok = bundle_next(&r, LOG_ENTRY_MAX, &line, &more, f)) || !more)
			break;
		bytes_put_octets(&c->row, line);
		if (!(ok = bytes_ok(&c->row, f) && bundle_next(&r, PROOF_MAX, &proof, &more, f)))
			break;
		ok = more ? one_outside(c, octets_bytes(&c->row), proof, r.line - 1, f)
			  : fault_set(f, FAULT_BADREQ,
				"outside.jsonl: line %" PRIu64 ": its proof is missing", r.line);
	}
	bundle_reader_free(&r);
	if (ok && (ok = bytes_ok(&c->known, f)) && c->known.n > 0)
		qsort(
		    c->known.at, c->known.n / BUNDLE_KNOWN_OCTETS, BUNDLE_KNOWN_OCTETS, by_serial);
	return ok;
}

/* --- certificates -------------------------------------------------------------------------------
 */

/* The next certificate of issued.der must be this one. */
static bool
take_certificate(struct bundle_check *c, const uint8_t serial[static TBS_SERIAL_OCTETS],
    struct octets *ret, struct fault *f)
{
	uint8_t its[TBS_SERIAL_OCTETS];
	char hex[2 * TBS_SERIAL_OCTETS + 1];
	bool more;

	if (!bundle_next_der(&c->issued, ret, &more, f))
		return false;
	if (more && bundle_der_serial(*ret, its) && memcmp(its, serial, sizeof(its)) == 0) {
		c->v.certificates++;
		return true;
	}
	text_hex(serial, TBS_SERIAL_OCTETS, hex);
	return fault_set(f, FAULT_BADREQ,
	    "issued.der: certificate %" PRIu64 ": expected serial %s, which line %" PRIu64
	    " of entries.jsonl names",
	    c->issued.line + !more, hex, c->entries.line);
}

static bool
bound(const struct bundle_check *c, struct octets der, const uint8_t want[static LOG_HASH_OCTETS],
    struct fault *f)
{
	uint8_t digest[LOG_HASH_OCTETS];

	digest_of(der, digest);
	return memcmp(digest, want, sizeof(digest)) == 0 ||
	       fault_set(f, FAULT_BADREQ,
		   "issued.der: certificate %" PRIu64 ": not the one that was issued",
		   c->issued.line);
}

/* A CA's is told of in its tenant's log by its key alone. */
static bool
bound_by_key(
    const struct bundle_check *c, struct octets der, const struct bundle_line *l, struct fault *f)
{
	uint8_t id[TBS_KEY_ID_OCTETS];
	char hex[2 * TBS_KEY_ID_OCTETS + 1];
	struct cert its;
	struct fault none;

	if (cert_read(der, &its, &none) && tbs_key_id(its.spki, id, &none)) {
		text_hex(id, sizeof(id), hex);
		if (octets_same(l->ca, octets_text(hex)))
			return true;
	}
	return fault_set(f, FAULT_BADREQ,
	    "issued.der: certificate %" PRIu64 ": it has another key than the entry says",
	    c->issued.line);
}

static bool
check_certificate(struct bundle_check *c, const struct bundle_line *l, struct fault *f)
{
	uint8_t serial[TBS_SERIAL_OCTETS], want[LOG_HASH_OCTETS];
	const uint8_t *row = NULL;
	struct octets der;
	bool fresh;

	if (!bundle_line_serial(l, serial) || bundle_line_bare(l))
		return true;
	if (!bundle_serials_add(&c->seen, serial, &fresh, f))
		return false;
	if (bundle_line_is(l, "certificate.issued")) {
		if (!fresh || !bundle_line_hash(l->certificate, want))
			return fault_set(f, FAULT_BADREQ,
			    "entries.jsonl: line %" PRIu64
			    ": a serial is issued once, with its hash",
			    c->entries.line);
		return take_certificate(c, serial, &der, f) && bound(c, der, want, f);
	}
	if (!fresh)
		return true;
	if (l->ca.n > 0)
		return take_certificate(c, serial, &der, f) && bound_by_key(c, der, l, f);
	if (c->known.n > 0)
		row = bsearch(serial, c->known.at, c->known.n / BUNDLE_KNOWN_OCTETS,
		    BUNDLE_KNOWN_OCTETS, by_serial);
	if (row != NULL)
		return take_certificate(c, serial, &der, f) &&
		       bound(c, der, row + TBS_SERIAL_OCTETS, f);
	c->v.lost++;
	bytes_put(&c->missing, serial, sizeof(serial));
	bytes_put_u64(&c->missing, c->entries.line);
	return bytes_ok(&c->missing, f);
}

/* --- views --------------------------------------------------------------------------------------
 */

/* The next line of a file must be this one. */
static bool
same_line(struct bundle_check *c, struct bundle_reader *r, struct octets want, struct fault *f)
{
	struct octets line = { NULL, 0 };
	bool more;

	if (!bundle_next(r, ROW_MAX, &line, &more, f))
		return false;
	return (more && octets_same(line, want)) ||
	       fault_set(f, FAULT_BADREQ,
		   "%s: line %" PRIu64 ": not what line %" PRIu64 " of entries.jsonl says", r->name,
		   r->line + !more, c->entries.line);
}

static bool
check_view(struct bundle_check *c, struct bundle_reader *r, bundle_view *view, struct octets line,
    const uint8_t leaf[static LOG_HASH_OCTETS], struct fault *f)
{
	bytes_clear(&c->row);
	return view(line, leaf, &c->row, f) &&
	       same_line(c, r, octets_of(c->row.at, c->row.n - 1), f);
}

static bool
check_views(struct bundle_check *c, struct octets line, const struct bundle_line *l,
    const uint8_t leaf[static LOG_HASH_OCTETS], struct fault *f)
{
	if (bundle_line_revokes(l)) {
		c->v.revocations++;
		if (!same_line(c, &c->revocations, line, f))
			return false;
	}
	return (c->csv.fd < 0 || check_view(c, &c->csv, bundle_csv, line, leaf, f)) &&
	       (c->cef.fd < 0 || check_view(c, &c->cef, bundle_cef, line, leaf, f));
}

/* --- the lines ----------------------------------------------------------------------------------
 */

static bool
flaw(const struct bundle_check *c, const char *why, struct fault *f)
{
	return fault_set(
	    f, FAULT_BADREQ, "entries.jsonl: line %" PRIu64 ": %.180s", c->entries.line, why);
}

/* RFC 8785: there is one spelling. */
static bool
check_canonical(struct bundle_check *c, struct octets line, struct fault *f)
{
	struct json *j = NULL;
	struct fault why;
	bool same;

	bytes_clear(&c->row);
	if (!json_parse(line, &j, &why))
		return flaw(c, why.text, f);
	same = json_write(j, &c->row, &why) && octets_same(octets_bytes(&c->row), line);
	json_free(j);
	return same || flaw(c, "RFC 8785: not canonical", f);
}

/* Of a line that is there in full: the one before it, and when. */
static bool
check_told(struct bundle_check *c, const struct bundle_line *l, bool first, struct fault *f)
{
	uint8_t prev[LOG_HASH_OCTETS];
	char at[TEXT_TIME_MAX] = "";
	int64_t at_s;

	if (!bundle_line_hash(l->prev, prev))
		return flaw(c, "it does not name the one before it", f);
	if ((!first || c->edge.size == 0) && memcmp(prev, c->edge.last, sizeof(prev)) != 0)
		return fault_set(f, FAULT_BADREQ,
		    "entries.jsonl: line %" PRIu64 " was altered (line %" PRIu64
		    " names another hash for it)",
		    c->entries.line - 1, c->entries.line);
	if (l->at.n == sizeof(at) - 1)
		memcpy(at, l->at.at, l->at.n);
	if (!log_time(at, &at_s))
		return flaw(c, "no time", f);
	if (c->v.first_s == INT64_MAX)
		c->v.first_s = at_s;
	c->v.last_s = at_s;
	return l->act.n > 0 || flaw(c, "no act", f);
}

static bool
take_line(struct bundle_check *c, struct octets line, struct fault *f)
{
	bool first = c->edge.size == c->range.from;
	uint8_t leaf[LOG_HASH_OCTETS];
	struct redaction stub;
	struct bundle_line l;

	if (!bundle_line(line, &l) || l.n != (int64_t)c->edge.size)
		return fault_set(f, FAULT_BADREQ,
		    "entries.jsonl: line %" PRIu64 ": expected entry %" PRIu64
		    ": a line is missing, moved or altered",
		    c->entries.line, c->edge.size);
	if (redaction_stub(line, c->edge.size, &stub))
		c->v.redacted++;
	else if (!check_canonical(c, line, f) || !check_told(c, &l, first, f))
		return false;
	log_line_leaf(line, c->edge.size, leaf);
	if (!check_certificate(c, &l, f) || !check_views(c, line, &l, leaf, f))
		return false;
	if (!hear(c, line, &l, f))
		return false;
	log_edge_add(&c->edge, leaf);
	return true;
}

/* What tells of a redaction may stand behind what leans on the redacted entry: so they are weighed
 * when all was heard. */
static bool
check_missing(struct bundle_check *c, struct fault *f)
{
	const size_t row = TBS_SERIAL_OCTETS + sizeof(uint64_t);

	for (size_t at = 0; at < c->missing.n; at += row) {
		struct octets serial = octets_of(c->missing.at + at, TBS_SERIAL_OCTETS);
		struct reader r = { .at = serial.at + serial.n, .n = sizeof(uint64_t) };
		uint64_t line = reader_u64(&r);
		uint8_t digest[LOG_HASH_OCTETS];

		digest_of(serial, digest);
		if (!bundle_serials_has(&c->lost, serial.at) &&
		    !bundle_serials_has(&c->gone, digest))
			return fault_set(f, FAULT_BADREQ,
			    "outside.jsonl: nothing tells who issued what line %" PRIu64
			    " of entries.jsonl names, nor that it was lost or redacted",
			    line);
	}
	return true;
}

/* Nothing may be left over. */
static bool
check_ends(struct bundle_check *c, struct fault *f)
{
	struct bundle_reader *const rest[] = { &c->revocations, &c->issued, &c->csv, &c->cef };

	if (!check_missing(c, f))
		return false;
	for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++)
		if (rest[i]->n > 0 || rest[i]->left > 0)
			return fault_set(f, FAULT_BADREQ,
			    "%s: there is more in it than entries.jsonl accounts for",
			    rest[i]->name);
	return redactions_hold(&c->redactions, f);
}

bool
bundle_check_entries(struct bundle_check *c, struct fault *f)
{
	struct octets line;
	bool more;

	if (c->csv.fd >= 0) {
		bytes_clear(&c->row);
		bundle_csv_head(&c->row);
		if (!bytes_ok(&c->row, f) ||
		    !same_line(c, &c->csv, octets_of(c->row.at, c->row.n - 1), f))
			return false;
	}
	for (;;) {
		if (!bundle_next(&c->entries, LOG_ENTRY_MAX, &line, &more, f))
			return false;
		if (!more)
			break;
		if (!take_line(c, line, f))
			return false;
	}
	if (c->edge.size != c->range.to)
		return fault_set(f, FAULT_BADREQ,
		    "entries.jsonl: %" PRIu64 " lines, range.json proves %" PRIu64, c->entries.line,
		    c->range.to - c->range.from);
	return check_ends(c, f);
}
