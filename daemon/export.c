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
	uint64_t at;  /* the next entry */
	uint64_t did; /* entries, counted once for each time that they are gone over */
	struct bundle_serials seen, outside;
	struct export_ahead *ahead;
	struct bytes row;
	const struct export_page *page;                   /* of certificates */
	struct octets der;                                /* those of it that were not taken yet */
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
	e->at++;
	return true;
}

static bool
take_page(struct export *e, const struct export_page *page, struct fault *f)
{
	struct octets rest = octets_bytes(&page->octets);

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

static void
tell_progress(struct export *e, uint64_t entries)
{
	uint64_t rounds = 2 + (e->wish->view != BUNDLE_ENTRIES);

	e->did += entries;
	if (e->wish->progress != NULL)
		e->wish->progress(e->did / rounds, e->done.to - e->done.from);
}

static bool
put_entries(struct export *e, struct fault *f)
{
	const struct export_page *page = NULL;
	bool ok = bundle_place(e->out, BUNDLE_ENTRIES, f) &&
		  export_ahead_new(e->client, e->wish->tenant, export_page, e->done.from,
		      e->done.to, &e->ahead, f);

	for (e->at = e->done.from; ok && e->at < e->done.to;)
		if ((ok = export_ahead_next(e->ahead, &page, f) && take_page(e, page, f)))
			tell_progress(e, page->n);
	export_ahead_free(e->ahead);
	e->ahead = NULL;
	return ok;
}

/* --- what is made of them, when they are there --------------------------------------------------
 */

/* Over the entries once more, from where they were put. */
static bool
again(struct export *e, bool (*line)(struct export *e, struct octets line, struct fault *f),
    struct fault *f)
{
	struct bundle_reader r = { .room = NULL };
	struct octets o = { NULL, 0 };
	bool more, ok = bundle_out_read(e->out, BUNDLE_ENTRIES, &r, f);
	uint64_t told = e->done.from;

	for (e->at = e->done.from; ok && e->at < e->done.to; e->at++) {
		ok = bundle_next(&r, LOG_ENTRY_MAX, &o, &more, f) && line(e, o, f);
		if (e->at - told == EXPORT_PAGE) {
			tell_progress(e, EXPORT_PAGE);
			told = e->at;
		}
	}
	tell_progress(e, e->at - told);
	bundle_reader_free(&r);
	return ok;
}

/* The next page of certificates begins where the one before ended. */
static bool
issued_of(struct export *e, struct octets line, struct fault *f)
{
	struct bundle_line l;

	if (e->page == NULL || e->at == e->page->from + e->page->n) {
		if (!export_ahead_next(e->ahead, &e->page, f))
			return false;
		e->der = octets_bytes(&e->page->octets);
	}
	return !bundle_line(line, &l) || put_certificate(e, &l, f);
}

static bool
put_issued(struct export *e, struct fault *f)
{
	bool ok = bundle_place(e->out, BUNDLE_ISSUED, f) &&
		  export_ahead_new(e->client, e->wish->tenant, export_ders, e->done.from,
		      e->done.to, &e->ahead, f) &&
		  again(e, issued_of, f);

	export_ahead_free(e->ahead);
	e->ahead = NULL;
	e->page = NULL;
	return ok;
}

static bool
view_of(struct export *e, struct octets line, struct fault *f)
{
	bundle_view *view = e->wish->view == BUNDLE_CSV ? bundle_csv : bundle_cef;
	uint8_t leaf[LOG_HASH_OCTETS];

	bytes_clear(&e->row);
	log_line_leaf(line, e->at, leaf);
	return view(line, leaf, &e->row, f) &&
	       bundle_put(e->out, e->wish->view, octets_bytes(&e->row), f);
}

static bool
put_view(struct export *e, struct fault *f)
{
	if (e->wish->view == BUNDLE_ENTRIES)
		return true;
	bytes_clear(&e->row);
	if (e->wish->view == BUNDLE_CSV)
		bundle_csv_head(&e->row);
	return bundle_place(e->out, e->wish->view, f) && bytes_ok(&e->row, f) &&
	       bundle_put(e->out, e->wish->view, octets_bytes(&e->row), f) && again(e, view_of, f);
}

/* --- what stands beside them --------------------------------------------------------------------
 */

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

/* All that is known before the first entry comes; and the others are made, since a tar must know
 * which there will be. */
static bool
put_beside(struct export *e, struct fault *f)
{
	static const enum bundle_file others[] = { BUNDLE_ENTRIES, BUNDLE_REVOCATIONS,
		BUNDLE_ISSUED, BUNDLE_OUTSIDE };
	struct bundle_range r;
	char query[96];

	(void)snprintf(
	    query, sizeof(query), "from=%" PRIu64 "&to=%" PRIu64, e->done.from, e->done.to);
	if (!get_range(e, query, &r, f) || !put_range(e, BUNDLE_RANGE, &r, f) || !put_root(e, f) ||
	    !put_source(e, f) ||
	    !bundle_put(e->out, BUNDLE_README, octets_text(bundle_readme), f) ||
	    !bundle_put(e->out, BUNDLE_CHECKPOINT, octets_text(e->checkpoint), f) ||
	    !bundle_put(e->out, BUNDLE_CERTIFICATES, octets_text(e->certificates), f))
		return false;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (!bundle_put(e->out, others[i], octets_of(NULL, 0), f))
			return false;
	return (e->cosigner == NULL ||
		   bundle_put(e->out, BUNDLE_COSIGNER, octets_text(e->cosigner), f)) &&
	       (e->wish->view == BUNDLE_ENTRIES ||
		   bundle_put(e->out, e->wish->view, octets_of(NULL, 0), f));
}

static bool
put_all(struct export *e, struct fault *f)
{
	if (!export_find(e->client, e->wish, e->done.size, &e->done.from, &e->done.to, f) ||
	    !put_beside(e, f) || !put_entries(e, f) || !put_issued(e, f) || !put_view(e, f))
		return false;
	return bundle_out_end(e->out, e->done.last_s, f);
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
export_run(struct client *c, const struct export_wish *w, struct bundle_out *out,
    struct json **answer, struct export_done *ret, struct fault *f)
{
	struct export e = { .client = c, .wish = w, .out = out };
	struct json *j = NULL;
	bool ok = ask(&e, &j, f) && put_all(&e, f);

	export_ahead_free(e.ahead);
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
