/*
 * daemon/api_names.c - who occurs in a range of a log, and what is on record of them; see api.h.
 *
 * Read with an entry log.exported that says names, by who made that export, within a day. One line
 * for each certificate of whom the entries name: operators and endpoints. There are no names of
 * people here; but whoever has another list that tells whose a handle is has them with this one.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "ca/bundle_line.h"
#include "ca/cert.h"
#include "ca/holding.h"
#include "ca/name.h"
#include "ca/oid.h"
#include "ca/staff.h"
#include "daemon/api.h"
#include "daemon/api_find.h"
#include "daemon/exported.h"

#define ENTRIES_MAX 100 /* of one answer */
#define NAMES_MAX   ((size_t)3 << 20)

struct naming {
	const struct api_call *call;
	struct ledger *ledger;
	struct exported export;
	uint64_t next, count, lines_n;
	struct bytes lines;         /* of the page */
	struct bundle_serials told; /* digests of handle and serial */
	struct fault *f;
};

/* --- by which export ---------------------------------------------------------------------------
 */

static bool
permitted(struct naming *n, uint64_t index, const struct json *entry, struct fault *f)
{
	const struct api_call *c = n->call;
	const char *act = json_text(entry, "act"), *by = json_text(entry, "by"),
		   *at = json_text(entry, "at");
	char own[IDENTITY_TEXT_MAX];
	struct identity who;
	int64_t at_s;

	if (act == NULL || strcmp(act, EXPORTED_ACT) != 0 || by == NULL || at == NULL ||
	    !log_time(at, &at_s) || !json_true(entry, "names"))
		return fault_set(
		    f, FAULT_DENIED, "export: entry %" PRIu64 " is no export with names", index);
	if (!api_who(c, c->x, &who, f) || !exported_read(entry, &n->export, f))
		return false;
	identity_text(&who, own);
	if (strcmp(own, by) != 0)
		return fault_set(
		    f, FAULT_DENIED, "export: it is another's, and permits nothing to you");
	if (c->now_s >= at_s + EXPORTED_OPEN_S)
		return fault_set(f, FAULT_DENIED, "export: it is over a day old: export anew");
	return true;
}

static bool
find_export(struct naming *n, struct fault *f)
{
	struct bytes line = { 0 };
	struct json *entry = NULL;
	uint64_t index = UINT64_MAX;
	struct fault why;
	uint8_t key[8];
	bool ok;

	if (!api_number(n->call->x, "export", &index, f))
		return false;
	if (index == UINT64_MAX)
		return fault_set(f, FAULT_BADREQ, "export: expected the number of an entry");
	if (!ledger_get(n->ledger, TABLE_LOG, octets_u64(index, key), &line, &why)) {
		bytes_free(&line);
		if (why.code != FAULT_NOTFOUND)
			return *f = why, false;
		return fault_set(f, FAULT_DENIED, "export: there is no such entry");
	}
	ok = json_parse(octets_bytes(&line), &entry, f) && permitted(n, index, entry, f);
	json_free(entry);
	bytes_free(&line);
	return ok;
}

/* --- what is on record -------------------------------------------------------------------------
 */

/* Was it told on this page? serial NULL: that nothing is known. */
static bool
is_new(struct naming *n, const char *handle, const uint8_t *serial, bool *ret)
{
	struct bytes b = { 0 };
	uint8_t digest[DIGEST_OCTETS];
	bool ok;

	bytes_put(&b, handle, strlen(handle) + 1);
	if (serial != NULL)
		bytes_put(&b, serial, TBS_SERIAL_OCTETS);
	if ((ok = bytes_ok(&b, n->f))) {
		digest_of(octets_bytes(&b), digest);
		ok = bundle_serials_add(&n->told, digest, ret, n->f);
	}
	bytes_free(&b);
	return ok;
}

static bool
put_line(struct naming *n, struct json *taken)
{
	struct bytes *to = &n->call->x->reply;
	bool ok = json_write(taken, to, n->f);

	json_free(taken);
	bytes_put_u8(to, '\n');
	return ok && (to->n <= NAMES_MAX ||
			 fault_set(n->f, FAULT_LIMIT, "names: ask for fewer entries at once"));
}

/* One certificate of a handle; of l. role: an operator's, or NULL. */
static bool
put_certificate(struct naming *n, struct ledger *l, const char *handle, const char *role,
    const uint8_t serial[static TBS_SERIAL_OCTETS])
{
	struct bytes der = { 0 };
	uint8_t digest[DIGEST_OCTETS];
	struct standing s;
	struct fault none;
	struct json *j;
	bool fresh;

	if (!is_new(n, handle, serial, &fresh))
		return false;
	if (!fresh || !ledger_standing(l, serial, &s, &none))
		return true;
	j = json_object();
	json_put_text(j, "handle", handle);
	if (role != NULL)
		json_put_text(j, "role", role);
	json_put_hex(j, "serial", serial, TBS_SERIAL_OCTETS);
	if (s.id != LEDGER_NO_CERTIFICATE && ledger_certificate(l, s.id, &der, &none)) {
		digest_of(octets_bytes(&der), digest);
		json_put_hex(j, "certificate", digest, sizeof(digest));
	}
	json_put_time(j, "not_before", s.not_before_s);
	json_put_time(j, "not_after", s.not_after_s);
	json_put_text(j, "status", ledger_state_word(&s, n->call->now_s));
	json_put_text(j, "profile", s.profile);
	json_put_octets(j, "name", octets_text(s.name));
	json_put_octets(j, "enroller", octets_text(s.enroller));
	json_put_octets(j, "how", octets_text(s.how));
	bytes_free(&der);
	return put_line(n, j);
}

/* All that a handle has; a line without a certificate where it is not known any more. */
static bool
put_handle(struct naming *n, const char *handle, const char *kind, const char *name)
{
	bool staff = strcmp(kind, "operator") == 0, fresh;
	struct ledger *l = staff ? realm_platform(n->call->api->realm) : n->ledger;
	struct bytes serials = { 0 };
	const char *role = NULL;
	struct staff o;
	struct fault none;
	bool ok = find_held(l, kind, name, &serials, n->f);

	if (ok && staff && staff_find(l, name, &o, &none))
		role = identity_role_word(o.role);
	for (size_t at = 0; ok && at + TBS_SERIAL_OCTETS <= serials.n; at += TBS_SERIAL_OCTETS)
		ok = put_certificate(n, l, handle, role, serials.at + at);
	if (ok && serials.n == 0 && (ok = is_new(n, handle, NULL, &fresh)) && fresh) {
		struct json *j = json_object();

		json_put_text(j, "handle", handle);
		if (role != NULL)
			json_put_text(j, "role", role);
		json_put_text(j, "status", "unknown");
		ok = put_line(n, j);
	}
	bytes_free(&serials);
	return ok;
}

/* "operator:alice", "endpoint:printer/hp-1", wherever an entry says it. */
static bool
put_text(struct naming *n, const char *text)
{
	char kind[TEXT_LABEL_MAX], name[TEXT_LABEL_MAX], handle[IDENTITY_TEXT_MAX];
	const char *at = text, *slash;

	if (text == NULL)
		return true;
	if (strncmp(text, "operator:", 9) == 0) {
		(void)snprintf(kind, sizeof(kind), "operator");
		at += 9;
	} else if (strncmp(text, "endpoint:", 9) == 0 && (slash = strchr(text, '/')) != NULL &&
		   (size_t)(slash - text) - 9 < sizeof(kind)) {
		(void)snprintf(kind, sizeof(kind), "%.*s", (int)(slash - text) - 9, text + 9);
		at = slash + 1;
	} else {
		return true;
	}
	if (!text_is_label(at) || !text_is_label(kind) || strlen(at) >= sizeof(name))
		return true;
	(void)snprintf(name, sizeof(name), "%s", at);
	(void)snprintf(handle, sizeof(handle), "%s", text);
	return put_handle(n, handle, kind, name);
}

/* The log's own key has a name of the shape of an endpoint's. */
static bool
signs_logs(const struct cert *c)
{
	struct octets purpose;

	return cert_purpose(c, 0, &purpose) && octets_same(purpose, oid_log_signing);
}

/* The endpoint that an entry's certificate is of. */
static bool
put_holder(struct naming *n, const char *serial)
{
	uint8_t its[TBS_SERIAL_OCTETS];
	char handle[IDENTITY_TEXT_MAX];
	struct bytes der = { 0 };
	struct endpoint e;
	struct standing s;
	struct fault none;
	struct cert c;
	bool ok = true;

	if (serial == NULL || !text_unhex(serial, its, sizeof(its)) ||
	    !ledger_standing(n->ledger, its, &s, &none) || s.id == LEDGER_NO_CERTIFICATE)
		return true;
	if (ledger_certificate(n->ledger, s.id, &der, &none) &&
	    cert_parse(octets_bytes(&der), &c, &none) && name_of_uri(c.uri, &e) &&
	    !signs_logs(&c)) {
		(void)snprintf(handle, sizeof(handle), "endpoint:%s/%s", e.kind, e.name);
		ok = put_certificate(n, n->ledger, handle, NULL, its) &&
		     put_handle(n, handle, e.kind, e.name);
	}
	bytes_free(&der);
	return ok;
}

static bool
put_entry(struct naming *n, struct octets line)
{
	const char *at, *member;
	struct json *j;
	int64_t at_s = -1;
	bool ok = json_parse(line, &j, n->f);

	if (!ok)
		return false;
	at = json_text(j, "at");
	if (at != NULL && !log_time(at, &at_s))
		at_s = -1;
	if (!exported_has(&n->export, n->next, at_s))
		ok = fault_set(n->f, FAULT_DENIED,
		    "names: entry %" PRIu64 " is not in the range of the export", n->next);
	for (size_t i = 0; ok && (member = json_name_at(j, i)) != NULL; i++)
		ok = put_text(n, json_text(j, member));
	ok = ok && put_holder(n, json_text(j, "serial"));
	json_free(j);
	return ok;
}

static bool
see(void *with, struct octets key, struct octets value)
{
	struct naming *n = with;

	(void)key;
	if (n->lines_n == n->count)
		return false;
	n->lines_n++;
	bytes_put_octets(&n->lines, value);
	bytes_put_u8(&n->lines, '\n');
	return true;
}

static bool
put_entries(struct naming *n)
{
	struct octets rest = octets_bytes(&n->lines);
	bool ok = bytes_ok(&n->lines, n->f);

	while (ok && rest.n > 0) {
		const uint8_t *end = memchr(rest.at, '\n', rest.n);
		struct octets line = octets_of(rest.at, (size_t)(end - rest.at));

		ok = put_entry(n, line);
		n->next++;
		rest = octets_of(end + 1, rest.n - line.n - 1);
	}
	return ok && bytes_ok(&n->call->x->reply, n->f);
}

bool
api_log_names(const struct api_call *c, struct fault *f)
{
	struct naming n = { .call = c, .f = f, .count = ENTRIES_MAX };
	uint8_t key[8];
	bool ok;

	if (!realm_ledger(c->api->realm, c->tenant, &n.ledger, f) || !find_export(&n, f) ||
	    !api_number(c->x, "from", &n.next, f) || !api_number(c->x, "count", &n.count, f))
		return false;
	if (n.count == 0 || n.count > ENTRIES_MAX)
		return fault_set(f, FAULT_BADREQ, "count: expected 1 to %d", ENTRIES_MAX);
	ok = store_scan(ledger_store(n.ledger), TABLE_LOG, octets_u64(n.next, key), SIZE_MAX, see,
		 &n, f) &&
	     put_entries(&n);
	bundle_serials_free(&n.told);
	bytes_free(&n.lines);
	if (!ok) {
		bytes_clear(&c->x->reply);
		return false;
	}
	exchange_header(c->x, "Cache-Control", "no-store");
	c->x->type = "application/x-ndjson";
	c->x->status = 200;
	return true;
}
