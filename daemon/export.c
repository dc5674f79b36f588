/* daemon/export.c - see export.h. */
#include "daemon/export.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ca/note.h"
#include "daemon/cli_call.h"
#include "daemon/export_pages.h"
#include "daemon/exported.h"

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

	(void)snprintf(path, sizeof(path), "/v1/tenants/%.*s", (int)strcspn(e->wish->tenant, "/"),
	    e->wish->tenant); /* whichever of its logs */
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
	if (!export_get_range(e, query, &r, f) || !export_put_range(e, BUNDLE_RANGE, &r, f) ||
	    !put_root(e, f) || !put_source(e, f) ||
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
		   bundle_put(e->out, e->wish->view, octets_of(NULL, 0), f)) &&
	       (!e->wish->names || bundle_put(e->out, BUNDLE_NAMES, octets_of(NULL, 0), f));
}

static bool
put_all(struct export *e, struct fault *f)
{
	if (!export_find(e->client, e->wish, e->done.size, &e->done.from, &e->done.to, f) ||
	    !put_beside(e, f) || !export_put_entries(e, f) || !export_put_issued(e, f) ||
	    !export_put_view(e, f) || !export_put_names(e, f))
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

static struct json *
wish_body(const struct export_wish *w)
{
	static const char *const formats[BUNDLE_FILES] = {
		[BUNDLE_CSV] = "csv", [BUNDLE_CEF] = "cef"
	};
	struct json *body = json_object(), *range = json_object();

	if (w->by_index && w->from_index > 0)
		json_put_number(range, "from_index", (int64_t)w->from_index);
	if (w->by_index && w->to_index <= EXPORTED_INDEXES)
		json_put_number(range, "to_index", (int64_t)w->to_index);
	if (w->by_time && w->from_s > TEXT_TIME_FIRST_S)
		json_put_time(range, "from", w->from_s);
	if (w->by_time && w->to_s < TEXT_TIME_LAST_S)
		json_put_time(range, "to", w->to_s);
	json_put(body, "range", range);
	if (formats[w->view] != NULL)
		json_put_text(body, "format", formats[w->view]);
	if (w->names)
		json_put_bool(body, "names", true);
	if (w->act != NULL)
		json_put_text(body, "approval", w->act);
	return body;
}

/* The checkpoint that all is of: the service's, or one that was signed before. */
static bool
take_note(struct export *e, const struct json *answer, struct fault *f)
{
	const char *cosignature = json_text(answer, "cosignature");
	struct log_note note;
	struct fault why;

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
	e->cosigner = cosigned(&note) ? json_text(answer, "cosigner") : NULL;
	e->done.size = note.size;
	memcpy(e->done.origin, note.origin, sizeof(note.origin));
	return true;
}

static bool
ask(struct export *e, struct json **ret, struct fault *f)
{
	struct json *body = wish_body(e->wish);
	char path[CLI_PATH_MAX];
	const char *state;
	int64_t index;
	bool ok;

	(void)snprintf(path, sizeof(path), "/v1/tenants/%s/log/exports", e->wish->tenant);
	ok = client_call(e->client, "POST", path, body, ret, f);
	json_free(body);
	if (!ok)
		return false;
	state = json_text(*ret, "state");
	if ((e->done.waits = state != NULL && strcmp(state, "waiting") == 0))
		return true;
	e->checkpoint = json_text(*ret, "checkpoint");
	e->certificates = json_text(*ret, "certificates");
	if (e->checkpoint == NULL || e->certificates == NULL ||
	    !json_number(*ret, "log_index", 0, EXPORTED_INDEXES, 0, &index))
		return fault_set(f, FAULT_BADREQ, "log: the answer holds no checkpoint");
	e->source.permit = (uint64_t)index;
	return take_note(e, *ret, f);
}

bool
export_run(struct client *c, const struct export_wish *w, struct bundle_out *out,
    struct json **answer, struct export_done *ret, struct fault *f)
{
	struct export e = { .client = c, .source = { .tenant = w->tenant }, .wish = w, .out = out };
	struct json *j = NULL;
	bool ok = ask(&e, &j, f) && (e.done.waits || put_all(&e, f));

	bundle_serials_free(&e.seen);
	bundle_serials_free(&e.outside);
	bundle_serials_free(&e.named);
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
