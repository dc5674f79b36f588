/* daemon/api_find.c - see api_find.h. */
#include "daemon/api_find.h"
#include "daemon/cursor.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "ca/added.h"
#include "ca/bulk.h"
#include "ca/cert.h"
#include "ca/holding.h"
#include "ca/profile.h"

#define SERIAL    TBS_SERIAL_OCTETS
#define KINDS_MAX 64 /* of endpoints, of one tenant */

static bool
begins_with(const struct find *a, const uint8_t *serial)
{
	return memcmp(serial, a->serial, a->digits / 2) == 0 &&
	       (a->digits % 2 == 0 ||
		   (serial[a->digits / 2] & 0xf0) == (a->serial[a->digits / 2] & 0xf0));
}

static bool
same_or_any(const char *wanted, const char *is)
{
	return wanted[0] == '\0' || strcmp(wanted, is) == 0;
}

/* All that the standing alone says. */
static bool
wants(const struct find *a, const struct standing *s)
{
	return same_or_any(a->device, s->name) && strncmp(s->name, a->name, strlen(a->name)) == 0 &&
	       same_or_any(a->status, ledger_state_word(s, a->call->now_s)) &&
	       same_or_any(a->profile, s->profile) && same_or_any(a->enroller, s->enroller) &&
	       same_or_any(a->how, s->how) && s->not_after_s < a->ends_before_s &&
	       s->not_after_s >= a->ends_after_s &&
	       (a->kind[0] == '\0' || strcmp(a->kind, profile_kind(s->profile)) == 0);
}

bool
find_has_key(struct ledger *l, const struct standing *s, const uint8_t key[static 32])
{
	uint8_t digest[DIGEST_OCTETS];
	struct bytes der = { 0 };
	struct cert c;
	struct fault f;
	bool has = s->state != STANDING_ABANDONED && s->id != LEDGER_NO_CERTIFICATE &&
		   ledger_certificate(l, s->id, &der, &f) && cert_parse(octets_bytes(&der), &c, &f);

	if (has) {
		digest_of(c.spki, digest);
		has = memcmp(digest, key, 32) == 0;
	}
	bytes_free(&der);
	return has;
}

static void
put(struct find *a, const uint8_t *serial, struct octets standing)
{
	bytes_put(&a->rows, serial, SERIAL);
	bytes_put_counted(&a->rows, standing);
	a->n++;
}

bool
find_held(struct ledger *l, const char *kind, const char *name, struct bytes *ret, struct fault *f)
{
	char owner[HOLDING_OWNER_MAX];
	struct fault why;

	holding_owner(kind, name, owner);
	if (ledger_get(l, TABLE_ENDPOINT, octets_text(owner), ret, &why) ||
	    why.code == FAULT_NOTFOUND)
		return bytes_ok(ret, f);
	*f = why;
	return false;
}

struct first_kind {
	char kind[TEXT_LABEL_MAX];
};

static bool
take_kind(void *with, struct octets key, struct octets value)
{
	struct first_kind *k = with;
	const uint8_t *slash = key.n == 0 ? NULL : memchr(key.at, '/', key.n);
	size_t n = slash == NULL ? 0 : (size_t)(slash - key.at);

	(void)value;
	if (n > 0 && n < sizeof(k->kind))
		memcpy(k->kind, key.at, n);
	return false;
}

/* From kind to kind: behind all of "printer/" comes "printer0". */
bool
find_named(struct ledger *l, const char *name, struct bytes *ret, struct fault *f)
{
	char from[TEXT_LABEL_MAX + 1] = "";

	for (size_t i = 0; i < KINDS_MAX; i++) {
		struct first_kind k = { "" };

		if (!store_scan(
			ledger_store(l), TABLE_ENDPOINT, octets_text(from), 1, take_kind, &k, f))
			return false;
		if (k.kind[0] == '\0')
			return true;
		if (!find_held(l, k.kind, name, ret, f))
			return false;
		(void)snprintf(from, sizeof(from), "%s0", k.kind);
	}
	return true;
}

/* Who registered the key, as "kind/name"; false where nobody did, or nobody may any more. */
static bool
owner_of_key(struct find *a, char kind[static TEXT_LABEL_MAX], char name[static TEXT_LABEL_MAX])
{
	struct bytes row = { 0 };
	char owner[HOLDING_OWNER_MAX] = "", *slash;
	struct fault none;
	bool ok =
	    ledger_get(a->ledger, TABLE_KEY, octets_of(a->key, sizeof(a->key)), &row, &none) &&
	    row.n < sizeof(owner);

	if (ok)
		memcpy(owner, row.at, row.n);
	bytes_free(&row);
	slash = strchr(owner, '/');
	if (slash == NULL || strlen(slash + 1) >= TEXT_LABEL_MAX ||
	    strcmp(ledger_tenant(a->ledger), NAME_PLATFORM) == 0)
		return false;
	*slash = '\0';
	(void)snprintf(kind, TEXT_LABEL_MAX, "%.63s", owner);
	(void)snprintf(name, TEXT_LABEL_MAX, "%.63s", slash + 1);
	return true;
}

/* What was made with a token, and what of its renewals holds. */
static bool
by_token(struct find *a, struct bytes *ret, struct fault *f)
{
	struct added_pick p = { .evidence = a->token, .after_s = INT64_MIN, .before_s = INT64_MAX };
	uint8_t first[SERIAL];
	struct endpoint e;
	struct fault why;
	size_t ended;

	if (!added_first(a->ledger, a->token, first, &e, &why) ||
	    !added_find(a->ledger, &p, a->call->now_s, BULK_MAX, ret, &ended, &why)) {
		*f = why;
		return why.code == FAULT_NOTFOUND || why.code == FAULT_BUSY; /* nothing yet */
	}
	bytes_put(ret, first, SERIAL);
	return true;
}

/*
 * The serials that alone come into question, where an index tells; false in *ret_any: every
 * standing does. What is good or held stands in TABLE_ENDPOINT, what has ended may not.
 */
static bool
candidates(struct find *a, struct bytes *ret, bool *ret_any, struct fault *f)
{
	char kind[TEXT_LABEL_MAX], name[TEXT_LABEL_MAX];
	bool holds = strcmp(a->status, "good") == 0 || strcmp(a->status, "held") == 0;

	*ret_any = true;
	if (a->token[0] != '\0')
		return by_token(a, ret, f);
	if (a->by_key && owner_of_key(a, kind, name)) {
		if (holds)
			return find_held(a->ledger, kind, name, ret, f);
		if (a->device[0] == '\0') /* whatever has it has that name */
			memcpy(a->device, name, sizeof(name));
	} else if (holds && text_is_label(a->device) &&
		   strcmp(ledger_tenant(a->ledger), NAME_PLATFORM) != 0) {
		return a->kind[0] != '\0' ? find_held(a->ledger, a->kind, a->device, ret, f)
					  : find_named(a->ledger, a->device, ret, f);
	}
	*ret_any = false;
	return true;
}

static bool
list_candidates(struct find *a, struct bytes *serials, struct fault *f)
{
	size_t n = serials->at == NULL ? 0 : bulk_sort(serials->at, serials->n / SERIAL);
	struct bytes row = { 0 };
	struct standing s;
	bool ok = true;

	for (size_t i = 0; ok && i < n; i++) {
		const uint8_t *serial = serials->at + i * SERIAL;

		if ((a->on && memcmp(serial, a->after, SERIAL) <= 0) || !begins_with(a, serial))
			continue;
		bytes_clear(&row);
		if (!ledger_standing(a->ledger, serial, &s, f)) {
			ok = f->code == FAULT_NOTFOUND;
			continue;
		}
		if (!wants(a, &s) || (a->by_key && !find_has_key(a->ledger, &s, a->key)))
			continue;
		if ((a->more = a->n == a->limit))
			break;
		ledger_write_standing(&s, &row);
		put(a, serial, octets_bytes(&row));
		memcpy(a->after, serial, SERIAL);
	}
	bytes_free(&row);
	return ok;
}

/* A piece of the table: what its standings say is enough, but for the key. */
struct piece {
	struct find *find;
	struct bytes rows;
	size_t n, room;
	bool end; /* of what begins as wanted */
};

static bool
visit(void *with, struct octets key, struct octets value)
{
	struct piece *p = with;
	struct find *a = p->find;
	struct standing s;

	if (key.n != SERIAL || (a->on && memcmp(key.at, a->after, SERIAL) <= 0))
		return true;
	if (!begins_with(a, key.at)) {
		p->end = true;
		return false;
	}
	if ((a->more = p->n == p->room || a->work == 0))
		return false;
	a->work--;
	a->on = true;
	memcpy(a->after, key.at, SERIAL);
	if (!ledger_read_standing(value, &s) || !wants(a, &s))
		return true;
	bytes_put_octets(&p->rows, key);
	bytes_put_counted(&p->rows, value);
	p->n++;
	return true;
}

static void
keep(struct piece *p)
{
	struct reader r = reader_of(octets_bytes(&p->rows));
	struct find *a = p->find;

	for (size_t i = 0; i < p->n; i++) {
		uint8_t serial[SERIAL];
		struct octets value;
		struct standing s;

		reader_copy(&r, serial, sizeof(serial));
		value = reader_counted(&r);
		if (!a->by_key ||
		    (ledger_read_standing(value, &s) && find_has_key(a->ledger, &s, a->key)))
			put(a, serial, value);
	}
	if (a->by_key)
		a->work -= a->work < p->n * FIND_CERT_WORK ? a->work : p->n * FIND_CERT_WORK;
}

static bool
list_standings(struct find *a, struct fault *f)
{
	struct piece p = { .find = a };
	bool ok;

	do {
		p.n = 0;
		p.room = a->limit - a->n;
		if (a->by_key && p.room > a->work / FIND_CERT_WORK + 1)
			p.room = a->work / FIND_CERT_WORK + 1;
		bytes_clear(&p.rows);
		a->more = false;
		ok = store_scan(ledger_store(a->ledger), TABLE_SERIAL,
			 octets_of(a->on ? a->after : a->serial, SERIAL), SIZE_MAX, visit, &p, f) &&
		     bytes_ok(&p.rows, f);
		if (ok)
			keep(&p);
	} while (ok && a->more && a->n < a->limit && a->work > 0);
	bytes_free(&p.rows);
	return ok;
}

bool
find_run(struct find *a, struct fault *f)
{
	struct bytes serials = { 0 };
	bool few, ok;

	a->work = FIND_WORK;
	ok = candidates(a, &serials, &few, f) && bytes_ok(&serials, f);
	if (ok)
		ok = few ? list_candidates(a, &serials, f) : list_standings(a, f);
	bytes_free(&serials);
	return ok && bytes_ok(&a->rows, f);
}

static void
answer(struct find *a)
{
	struct reader r = reader_of(octets_bytes(&a->rows));
	struct json *page = json_object(), *items = json_array();

	for (size_t i = 0; i < a->n; i++) {
		uint8_t serial[SERIAL];
		struct standing s = { .state = STANDING_PENDING };

		reader_copy(&r, serial, sizeof(serial));
		(void)ledger_read_standing(reader_counted(&r), &s); /* wants() saw it before */
		json_add(items, api_certificate_object(serial, &s, a->call->now_s));
	}
	json_put(page, "items", items);
	if (a->more)
		cursor_put(page, a->call->x->path, octets_of(a->after, SERIAL));
	api_answer(a->call->x, 200, page);
}

bool
api_certificates(const struct api_call *c, struct fault *f)
{
	struct find a;
	bool ok;

	if (!find_read(c->x, &a, f) || !realm_ledger(c->api->realm, c->tenant, &a.ledger, f))
		return false;
	a.call = c;
	if ((ok = find_run(&a, f)))
		answer(&a);
	bytes_free(&a.rows);
	return ok;
}
