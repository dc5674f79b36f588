/* daemon/export_pages.c - what an export fetches page by page; see export_pages.h. */
#include "daemon/export_pages.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "ca/redaction.h"
#include "daemon/cli_call.h"

#define NEWLINE octets_of("\n", 1)

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
	ok = export_page(e->client, &e->source, index, 1, &e->row, &n, f);
	export_unlock(e->ahead);
	if (ok)
		*ret = octets_of(e->row.at, e->row.n - 1);
	return ok;
}

bool
export_get_range(struct export *e, const char *query, struct bundle_range *ret, struct fault *f)
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

bool
export_put_range(
    struct export *e, enum bundle_file which, const struct bundle_range *r, struct fault *f)
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
	       bundle_put(e->out, BUNDLE_OUTSIDE, NEWLINE, f) &&
	       export_put_range(e, BUNDLE_OUTSIDE, r, f);
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
	return export_get_range(e, query, &r, f) && get_line(e, stub->by, &line, f) &&
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
	if (!export_get_range(e, query, &r, f) || !get_line(e, r.from, &line, f))
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
	if (bundle_line_bare(l))
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

bool
export_put_entries(struct export *e, struct fault *f)
{
	const struct export_page *page = NULL;
	bool ok = bundle_place(e->out, BUNDLE_ENTRIES, f) &&
		  export_ahead_new(
		      e->client, &e->source, export_page, e->done.from, e->done.to, &e->ahead, f);

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

bool
export_put_issued(struct export *e, struct fault *f)
{
	bool ok = bundle_place(e->out, BUNDLE_ISSUED, f) &&
		  export_ahead_new(
		      e->client, &e->source, export_ders, e->done.from, e->done.to, &e->ahead, f) &&
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

bool
export_put_view(struct export *e, struct fault *f)
{
	if (e->wish->view == BUNDLE_ENTRIES)
		return true;
	bytes_clear(&e->row);
	if (e->wish->view == BUNDLE_CSV)
		bundle_csv_head(&e->row);
	return bundle_place(e->out, e->wish->view, f) && bytes_ok(&e->row, f) &&
	       bundle_put(e->out, e->wish->view, octets_bytes(&e->row), f) && again(e, view_of, f);
}

/* A line is of a handle and a certificate of it, and stands in more than one page. */
static bool
take_name(struct export *e, struct octets line, struct fault *f)
{
	uint8_t digest[DIGEST_OCTETS];
	struct bytes key = { 0 };
	struct json *j = NULL;
	const char *handle, *serial;
	bool fresh, ok = json_parse(line, &j, f);

	handle = ok ? json_text(j, "handle") : NULL;
	if (ok && handle == NULL)
		ok = fault_set(f, FAULT_BADREQ, "names: a line without a handle");
	if (ok) {
		bytes_put(&key, handle, strlen(handle) + 1);
		if ((serial = json_text(j, "serial")) != NULL)
			bytes_put_text(&key, serial);
		digest_of(octets_bytes(&key), digest);
		ok = bytes_ok(&key, f) && bundle_serials_add(&e->named, digest, &fresh, f);
	}
	bytes_free(&key);
	json_free(j);
	if (!ok || !fresh)
		return ok;
	e->done.names++;
	return bundle_put(e->out, BUNDLE_NAMES, line, f) &&
	       bundle_put(e->out, BUNDLE_NAMES, NEWLINE, f);
}

bool
export_put_names(struct export *e, struct fault *f)
{
	const struct export_page *page = NULL;
	bool ok;

	if (!e->wish->names)
		return true;
	ok = bundle_place(e->out, BUNDLE_NAMES, f) &&
	     export_ahead_new(
		 e->client, &e->source, export_names, e->done.from, e->done.to, &e->ahead, f);
	for (e->at = e->done.from; ok && e->at < e->done.to; e->at += ok ? page->n : 0) {
		struct octets rest;

		if (!(ok = export_ahead_next(e->ahead, &page, f)))
			break;
		rest = octets_bytes(&page->octets);
		while (ok && rest.n > 0) {
			const uint8_t *end = memchr(rest.at, '\n', rest.n);
			size_t n = end == NULL ? rest.n : (size_t)(end - rest.at);

			ok = end != NULL ? take_name(e, octets_of(rest.at, n), f)
					 : fault_set(f, FAULT_BADREQ, "names: a line cut short");
			rest = octets_of(rest.at + n + 1, ok ? rest.n - n - 1 : 0);
		}
	}
	export_ahead_free(e->ahead);
	e->ahead = NULL;
	return ok;
}
