/* daemon/export.c - see export.h. */
#include "daemon/export.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "ca/note.h"
#include "ca/redaction.h"
#include "daemon/cli_call.h"
#include "daemon/export_ahead.h"
#include "daemon/fetch.h"

#define NEWLINE octets_of("\n", 1)

struct export
{
	struct client *client;
	const struct export_wish *wish;
	struct bundle_out *out;
	struct export_done done;
	uint64_t at; /* the next entry */
	struct bundle_serials seen, outside;
	struct export_ahead *ahead;
	struct bytes row;
	struct octets der; /* certificates of the page that were not taken yet */
	const char *checkpoint, *certificates, *cosigner; /* the last: NULL where there is none */
	struct bytes note;                                /* checkpoint is lent from it */
};

/* --- what the range leans on --------------------------------------------------------------------
 */

/* The line of one entry elsewhere in the log; lent from e->row, with its end. */
static bool
get_line(struct export *e, uint64_t index, struct octets *ret, struct fault *f)
{
	uint64_t n;

	bool ok;

	bytes_clear(&e->row);
	export_lock(e->ahead);
	ok = export_page(e->client, e->wish->tenant, index, 1, &e->row, &n, f);
	export_unlock(e->ahead);
	if (ok)
		*ret = octets_of(e->row.at, e->row.n - 1);
	return ok;
}

static bool
get_range(struct export *e, const char *query, struct bundle_range *ret, struct fault *f)
{
	char path[CLI_PATH_MAX];
	struct bytes b = { 0 };
	bool ok;

	(void)snprintf(path, sizeof(path), "/v1/tenants/%s/log/range?size=%" PRIu64 "&%s",
	    e->wish->tenant, e->done.size, query);
	export_lock(e->ahead);
	ok = client_get(e->client, path, "application/json", &b, f);
	export_unlock(e->ahead);
	ok = ok && bundle_range_read(octets_bytes(&b), "log: the service's proof", ret, f);
	if (ok && ret->size != e->done.size)
		ok = fault_set(f, FAULT_BADREQ, "log: the service proved another tree");
	bytes_free(&b);
	return ok;
}

static bool
put_range(struct export *e, enum bundle_file which, const struct bundle_range *r, struct fault *f)
{
	struct bytes b = { 0 };
	bool ok = bundle_range_write(r, &b, f);

	bytes_put_u8(&b, '\n');
	ok = ok && bytes_ok(&b, f) && bundle_put(e->out, which, octets_bytes(&b), f);
	bytes_free(&b);
	return ok;
}

/* One entry with its proof, unless it is in the range or was put before. */
static bool
put_outside(struct export *e, const struct bundle_range *r, struct octets line, struct fault *f)
{
	uint8_t key[TBS_SERIAL_OCTETS] = { 1 };
	bool fresh;

	if (r->from >= e->done.from && r->from < e->done.to)
		return true;
	for (int i = 0; i < 8; i++)
		key[8 + i] = (uint8_t)(r->from >> 8 * i);
	if (!bundle_serials_add(&e->outside, key, &fresh, f))
		return false;
	if (!fresh)
		return true;
	e->done.outside++;
	return bundle_put(e->out, BUNDLE_OUTSIDE, line, f) &&
	       bundle_put(e->out, BUNDLE_OUTSIDE, NEWLINE, f) && put_range(e, BUNDLE_OUTSIDE, r, f);
}

/* What tells of a redaction comes later in the log, and may be behind the checkpoint. */
static bool
lean_on_redaction(struct export *e, const struct redaction *stub, struct fault *f)
{
	struct bundle_range r;
	struct octets line;
	char query[96];

	if (stub->by >= e->done.size)
		return fault_set(f, FAULT_BUSY,
		    "log: entry %" PRIu64 " was redacted meanwhile: export again", stub->n);
	if (stub->by >= e->done.from && stub->by < e->done.to)
		return true;
	(void)snprintf(
	    query, sizeof(query), "from=%" PRIu64 "&to=%" PRIu64, stub->by, stub->by + 1);
	return get_range(e, query, &r, f) && get_line(e, stub->by, &line, f) &&
	       put_outside(e, &r, line, f);
}

/* Who issued a serial that was issued before the range: *ret where a certificate is bound to it. */
static bool
lean_on_issue(
    struct export *e, const uint8_t serial[static TBS_SERIAL_OCTETS], bool *ret, struct fault *f)
{
	char query[16 + TBS_SERIAL_OCTETS * 2] = "serial=";
	struct redaction stub;
	struct bundle_range r;
	struct bundle_line l;
	struct octets line;

	text_hex(serial, TBS_SERIAL_OCTETS, query + strlen(query));
	if (!get_range(e, query, &r, f) || !get_line(e, r.from, &line, f))
		return false;
	*ret = bundle_line(line, &l) && bundle_line_is(&l, "certificate.issued");
	if (!put_outside(e, &r, line, f))
		return false;
	return !redaction_stub(line, r.from, &stub) || lean_on_redaction(e, &stub, f);
}

/* --- entries ------------------------------------------------------------------------------------
 */

/* The certificate of this serial, if it is the next that the service sent. */
static struct octets
next_der(struct export *e, const uint8_t serial[static TBS_SERIAL_OCTETS])
{
	struct octets in = e->der, content, whole;
	uint8_t tag, its[TBS_SERIAL_OCTETS];

	if (!der_next(&in, &tag, &content, &whole) || !bundle_der_serial(whole, its) ||
	    memcmp(its, serial, sizeof(its)) != 0)
		return octets_of(NULL, 0);
	e->der = in;
	return whole;
}

static bool
put_certificate(struct export *e, const struct bundle_line *l, struct fault *f)
{
	uint8_t serial[TBS_SERIAL_OCTETS], want[LOG_HASH_OCTETS], digest[LOG_HASH_OCTETS];
	bool issued = bundle_line_is(l, "certificate.issued"), fresh, wanted = true;
	struct octets der;

	if (!bundle_line_serial(l, serial))
		return true;
	der = next_der(e, serial);
	if (bundle_line_is(l, "certificate.abandoned"))
		return true;
	if (!bundle_serials_add(&e->seen, serial, &fresh, f))
		return false;
	if (!fresh)
		return true;
	if (issued) {
		digest_of(der, digest);
		if (der.n == 0 || !bundle_line_hash(l->certificate, want) ||
		    memcmp(digest, want, sizeof(want)) != 0)
			return fault_set(f, FAULT_BADREQ,
			    "log: entry %" PRIu64
			    " issued a certificate, and the service has it not",
			    e->at);
	} else if (l->ca.n == 0 && !lean_on_issue(e, serial, &wanted, f)) {
		return false;
	}
	if (!wanted || der.n == 0)
		return true;
	e->done.certificates++;
	return bundle_put(e->out, BUNDLE_ISSUED, der, f);
}

static bool
put_view(struct export *e, struct octets line, struct fault *f)
{
	bundle_view *view = e->wish->view == BUNDLE_CSV ? bundle_csv : bundle_cef;
	uint8_t leaf[LOG_HASH_OCTETS];

	if (e->wish->view == BUNDLE_ENTRIES)
		return true;
	bytes_clear(&e->row);
	log_line_leaf(line, e->at, leaf);
	return view(line, leaf, &e->row, f) &&
	       bundle_put(e->out, e->wish->view, octets_bytes(&e->row), f);
}

static bool
take_line(struct export *e, struct octets line, struct fault *f)
{
	struct bundle_line l;
	struct redaction stub;
	char at[TEXT_TIME_MAX];

	if (!bundle_line(line, &l) || l.n != (int64_t)e->at)
		return fault_set(f, FAULT_BADREQ, "log: expected entry %" PRIu64, e->at);
	if (l.at.n == sizeof(at) - 1) {
		memcpy(at, l.at.at, l.at.n);
		at[l.at.n] = '\0';
		(void)log_time(at, &e->done.last_s);
	}
	if (bundle_line_revokes(&l)) {
		e->done.revocations++;
		if (!bundle_put(e->out, BUNDLE_REVOCATIONS, octets_of(line.at, line.n + 1), f))
			return false;
	}
	if (redaction_stub(line, e->at, &stub) && !lean_on_redaction(e, &stub, f))
		return false;
	if (!put_certificate(e, &l, f) || !put_view(e, line, f))
		return false;
	e->at++;
	return true;
}

static bool
take_page(struct export *e, const struct export_page *page, struct fault *f)
{
	struct octets rest = octets_bytes(&page->lines);

	e->der = octets_bytes(&page->ders);
	if (!bundle_put(e->out, BUNDLE_ENTRIES, rest, f))
		return false;
	while (rest.n > 0) {
		const uint8_t *end = memchr(rest.at, '\n', rest.n);
		struct octets line = octets_of(rest.at, (size_t)(end - rest.at));

		if (!take_line(e, line, f))
			return false;
		rest = octets_of(end + 1, rest.n - line.n - 1);
	}
	return true;
}

/* --- what stands beside them --------------------------------------------------------------------
 */

static const char readme[] =
    "A part of the issuance log of a certificate authority, with all that proves it.\n"
    "\n"
    "You need: this bundle; the root certificate of the authority, root.pem, from a place that you\n"
    "trust and not from here (the file in here is a convenience, and a forger would put in his own).\n"
    "No network, no service, no word of whoever gave you this.\n"
    "\n"
    "  scripts/verify-bundle THIS ROOT.pem        Python 3 alone; 200 lines that you can read\n"
    "  quatrain log verify THIS --root ROOT.pem   the same by the authority's own program\n"
    "\n"
    "THIS is the tar, or the folder that it was unpacked into. Either says GOOD and what was\n"
    "proven, or names the line or file that does not hold, and ends with status 1.\n"
    "\n"
    "entries.jsonl      one entry a line: who did what, when, why, from where. \"n\" is its number in\n"
    "                   the log, \"prev\" the hash of the line before it. This is the evidence.\n"
    "checkpoint         how many entries the whole log had and the root of its tree of hashes\n"
    "                   (RFC 6962), signed by the log's key (C2SP signed-note).\n"
    "certificates.pem   the log's certificate, the tenant's and the region's above it.\n"
    "cosigner.pem       where it is: who cosigned it for the region, and saw that the log only grew\n"
    "                   (C2SP tlog-cosignature).\n"
    "range.json         the proof that these lines stand in that tree where they say: hashes of all\n"
    "                   to the left of them, and RFC 6962 section 2.1.2 to the whole.\n"
    "issued.der         every certificate that these entries name, one behind the other.\n"
    "revocations.jsonl  those of the entries that end, hold or release.\n"
    "outside.jsonl      entries elsewhere in the log that these lean on, each with its own proof:\n"
    "                   who issued what is revoked here, who redacted what is left out here.\n"
    "MANIFEST           SHA-256 of each file: sha256sum -c MANIFEST\n"
    "entries.csv, .cef  where they are: a view of entries.jsonl for other programs. No evidence.\n"
    "\n"
    "By hand: a line's hash is SHA-256 of the octet 00 and the line without its end; a node's of the\n"
    "octet 01 and its two children. A redacted line is {\"leaf\":its hash,\"n\":..,\"redacted\":M}, and\n"
    "entry M says who redacted it and by which law. Where a text had octets that could make one line\n"
    "look like another, they are written \\xNN.\n";

/* For a view: what it is of, since rows have no room for it. */
static bool
put_source(struct export *e, struct fault *f)
{
	struct bytes b = { 0 };
	bool ok;

	if (e->wish->view == BUNDLE_ENTRIES)
		return true;
	bundle_source(
	    bundle_name(e->wish->view), e->done.from, e->done.to, octets_text(e->checkpoint), &b);
	ok = bytes_ok(&b, f) && bundle_put(e->out, BUNDLE_VIEW, octets_bytes(&b), f);
	bytes_free(&b);
	return ok;
}

/* The root as the service says it: the last of a tenant's chain. */
static bool
put_root(struct export *e, struct fault *f)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----";
	struct json *j = NULL;
	const char *chain, *last = NULL;
	char path[CLI_PATH_MAX];
	bool ok;

	(void)snprintf(path, sizeof(path), "/v1/tenants/%s", e->wish->tenant);
	if (!client_call(e->client, "GET", path, NULL, &j, f))
		return false;
	chain = json_text(j, "chain");
	for (const char *at = chain; at != NULL && (at = strstr(at, begin)) != NULL; at++)
		last = at;
	ok = last != NULL ? bundle_put(e->out, BUNDLE_ROOT, octets_text(last), f)
			  : fault_set(f, FAULT_BADREQ, "log: the answer holds no chain");
	json_free(j);
	return ok;
}

static bool
put_rest(struct export *e, struct fault *f)
{
	static const enum bundle_file always[] = { BUNDLE_REVOCATIONS, BUNDLE_ISSUED,
		BUNDLE_OUTSIDE };
	struct bundle_range r;
	char query[96];

	(void)snprintf(
	    query, sizeof(query), "from=%" PRIu64 "&to=%" PRIu64, e->done.from, e->done.to);
	if (!get_range(e, query, &r, f) || !put_range(e, BUNDLE_RANGE, &r, f))
		return false;
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		if (!bundle_put(e->out, always[i], octets_of(NULL, 0), f))
			return false;
	if (e->wish->view == BUNDLE_CSV && !bundle_put(e->out, BUNDLE_CSV, octets_of(NULL, 0), f))
		return false;
	return put_root(e, f) && put_source(e, f) &&
	       bundle_put(e->out, BUNDLE_README, octets_text(readme), f) &&
	       bundle_put(e->out, BUNDLE_CHECKPOINT, octets_text(e->checkpoint), f) &&
	       bundle_put(e->out, BUNDLE_CERTIFICATES, octets_text(e->certificates), f) &&
	       (e->cosigner == NULL ||
		   bundle_put(e->out, BUNDLE_COSIGNER, octets_text(e->cosigner), f));
}

static bool
put_all(struct export *e, struct fault *f)
{
	const struct export_page *page = NULL;
	struct bytes head = { 0 };

	if (!export_find(e->client, e->wish, e->done.size, &e->done.from, &e->done.to, f))
		return false;
	if (e->wish->view == BUNDLE_CSV) {
		bool ok;

		bundle_csv_head(&head);
		ok = bytes_ok(&head, f) && bundle_put(e->out, BUNDLE_CSV, octets_bytes(&head), f);
		bytes_free(&head);
		if (!ok)
			return false;
	}
	if (!export_ahead_new(e->client, e->wish->tenant, e->done.from, e->done.to, &e->ahead, f))
		return false;
	for (e->at = e->done.from; e->at < e->done.to;) {
		if (!export_ahead_next(e->ahead, &page, f) || !take_page(e, page, f))
			return false;
		if (e->wish->progress != NULL)
			e->wish->progress(e->at - e->done.from, e->done.to - e->done.from);
	}
	return put_rest(e, f);
}

/* --- the export itself --------------------------------------------------------------------------
 */

static bool
cosigned(const struct log_note *note)
{
	char name[LOG_ORIGIN_MAX];

	log_cosigner_name(note->origin, name);
	for (size_t i = 0; i < note->lines; i++)
		if (octets_same(note->line[i].name, octets_text(name)))
			return true;
	return false;
}

static bool
ask(struct export *e, struct json **ret, struct fault *f)
{
	struct json *body = json_object();
	const char *cosignature;
	char path[CLI_PATH_MAX];
	struct log_note note;
	struct fault why;
	bool ok;

	(void)snprintf(path, sizeof(path), "/v1/tenants/%s/log/exports", e->wish->tenant);
	ok = client_call(e->client, "POST", path, body, ret, f);
	json_free(body);
	if (!ok)
		return false;
	e->checkpoint = json_text(*ret, "checkpoint");
	e->certificates = json_text(*ret, "certificates");
	cosignature = json_text(*ret, "cosignature");
	if (e->checkpoint == NULL || e->certificates == NULL)
		return fault_set(f, FAULT_BADREQ, "log: the answer holds no checkpoint");
	if (e->wish->checkpoint != NULL) {
		if (!cli_read_file(e->wish->checkpoint, BUNDLE_SMALL_MAX, &e->note, f))
			return false;
	} else {
		bytes_put_octets(&e->note, octets_text(e->checkpoint));
		if (cosignature != NULL)
			bytes_put_octets(&e->note, octets_text(cosignature));
	}
	bytes_put_u8(&e->note, 0);
	if (!bytes_ok(&e->note, f))
		return false;
	e->checkpoint = (const char *)e->note.at;
	if (!log_note_read(octets_text(e->checkpoint), &note, &why))
		return fault_set(f, FAULT_BADREQ, "log: %.200s", why.text);
	e->cosigner = cosigned(&note) ? json_text(*ret, "cosigner") : NULL;
	e->done.size = note.size;
	memcpy(e->done.origin, note.origin, sizeof(note.origin));
	return true;
}

bool
export_run(struct client *c, const struct export_wish *w, const char *dir, bool durable,
    struct json **answer, struct export_done *ret, struct fault *f)
{
	struct export e = { .client = c, .wish = w };
	struct json *j = NULL;
	bool ok = bundle_out_new(dir, &e.out, f) && ask(&e, &j, f) && put_all(&e, f) &&
		  bundle_out_end(e.out, durable, f);

	export_ahead_free(e.ahead);
	bundle_out_free(e.out);
	bundle_serials_free(&e.seen);
	bundle_serials_free(&e.outside);
	bytes_free(&e.row);
	bytes_free(&e.note);
	if (!ok) {
		json_free(j);
		return false;
	}
	*answer = j;
	*ret = e.done;
	return true;
}
