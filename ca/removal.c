/* ca/removal.c - see removal.h. */
#include "ca/removal.h"

#include <stdio.h>
#include <string.h>

#include "ca/badge.h"
#include "ca/device.h"
#include "ca/holding.h"
#include "ca/intent.h"
#include "ca/petition.h"
#include "ca/printer.h"
#include "ca/token.h"

static const char gone[] = "the device was removed";

struct leaving {
	struct realm *realm;
	struct ledger *ledger;
	const struct endpoint *is;
	char owner[HOLDING_OWNER_MAX];
	const struct log_context *why;
	int64_t now_s;
	struct bytes keys; /* of the rows of one table that concern it, counted */
	size_t n;
	bool busy;
};

static bool
is_it(const struct leaving *a, const struct endpoint *e)
{
	return strcmp(e->kind, a->is->kind) == 0 && strcmp(e->name, a->is->name) == 0;
}

/* Most rows are others', and are not read for that. */
static bool
mentions(const struct leaving *a, struct octets value)
{
	return value.n > 0 && memmem(value.at, value.n, a->is->name, strlen(a->is->name)) != NULL;
}

static bool
its_intent(void *with, struct octets key, struct octets value)
{
	struct leaving *a = with;
	struct intent i;

	(void)key;
	if (intent_read(value, &i) && strcmp(i.standing.name, a->is->name) == 0 &&
	    strcmp(profile_kind(i.standing.profile), a->is->kind) == 0)
		a->busy = true;
	return !a->busy;
}

static bool
its_token(void *with, struct octets key, struct octets value)
{
	struct leaving *a = with;
	struct token t;

	if (mentions(a, value) && token_read(ledger_tenant(a->ledger), key, value, &t) &&
	    is_it(a, &t.device) && (t.state == TOKEN_UNUSED || t.state == TOKEN_WAITING))
		bytes_put_counted(&a->keys, key);
	return true;
}

static bool
its_request(void *with, struct octets key, struct octets value)
{
	struct leaving *a = with;
	struct petition r;

	if (mentions(a, value) && petition_read(ledger_tenant(a->ledger), key, value, &r) &&
	    is_it(a, &r.device) && (r.state == PETITION_WAITING || r.state == PETITION_APPROVED))
		bytes_put_counted(&a->keys, key);
	return true;
}

static bool
its_device(void *with, struct octets key, struct octets value)
{
	struct leaving *a = with;
	struct device d;

	if (mentions(a, value) && device_read(ledger_tenant(a->ledger), key, value, &d) &&
	    is_it(a, &d.is))
		bytes_put_counted(&a->keys, key);
	return true;
}

static bool
its_badge(void *with, struct octets key, struct octets value)
{
	struct leaving *a = with;
	struct badge b;

	if (mentions(a, value) && badge_read(ledger_tenant(a->ledger), key, value, &b) &&
	    is_it(a, &b.owner))
		bytes_put_counted(&a->keys, key);
	return true;
}

static bool
end_token(struct leaving *a, struct octets key, struct octets row, struct fault *f)
{
	char id[TOKEN_ID_LETTERS + 1];
	struct json *e = log_entry("token.revoked", a->why);
	struct token t;

	if (!token_read(ledger_tenant(a->ledger), key, row, &t)) {
		json_free(e);
		return fault_set(f, FAULT_INTERNAL, "token: a row that cannot be read");
	}
	token_id(&t, id);
	json_put_text(e, "token", id);
	json_put_text(e, "name", a->owner);
	json_put_text(e, "profile", t.profile);
	json_put_time(e, "expires", t.expires_s);
	t.state = TOKEN_REVOKED;
	return log_append(a->ledger, e, a->now_s, NULL, f) && token_put(a->ledger, &t, f);
}

static bool
end_request(struct leaving *a, struct octets key, struct octets row, struct fault *f)
{
	char id[PETITION_ID_LETTERS + 1];
	struct json *e = log_entry("enrolment.refused", a->why);
	struct petition r;

	if (!petition_read(ledger_tenant(a->ledger), key, row, &r)) {
		json_free(e);
		return fault_set(f, FAULT_INTERNAL, "request: a row that cannot be read");
	}
	petition_id(&r, id);
	json_put_text(e, "request", id);
	json_put_text(e, "name", a->owner);
	json_put_text(e, "profile", r.profile);
	json_put_hex(e, "key", r.key, sizeof(r.key));
	json_put_text(e, "reason", gone);
	(void)snprintf(r.by, sizeof(r.by), "%.95s", a->why->by);
	(void)snprintf(r.reason, sizeof(r.reason), "%s", gone);
	memset(r.replaces, 0, sizeof(r.replaces));
	r.decided_s = a->now_s;
	return log_append(a->ledger, e, a->now_s, &r.decided_index, f) &&
	       petition_turn(a->ledger, &r, PETITION_REFUSED, r.due_s, f);
}

static bool
end_device(struct leaving *a, struct octets key, struct octets row, struct fault *f)
{
	struct json *e = log_entry("device.removed", a->why);
	char idevid[DEVICE_KEY_MAX];
	struct device d;

	if (!device_read(ledger_tenant(a->ledger), key, row, &d)) {
		json_free(e);
		return fault_set(f, FAULT_INTERNAL, "device: a row that cannot be read");
	}
	(void)device_key(d.maker, d.serial, idevid);
	json_put_text(e, "idevid", idevid);
	json_put_text(e, "name", a->owner);
	json_put_text(e, "profile", d.profile);
	return log_append(a->ledger, e, a->now_s, NULL, f) &&
	       device_remove(a->ledger, d.maker, d.serial, f);
}

static bool
end_badge(struct leaving *a, struct octets key, struct octets row, struct fault *f)
{
	struct badge b;

	if (!badge_read(ledger_tenant(a->ledger), key, row, &b))
		return fault_set(f, FAULT_INTERNAL, "badge: a row that cannot be read");
	badge_remove(a->ledger, &b);
	return log_append(a->ledger, badge_entry("badge.removed", a->why, &b), a->now_s, NULL, f);
}

/* One table's rows: found in one look, ended one by one. */
static bool
end_rows(struct leaving *a, enum ledger_table table, store_visit *its,
    bool (*end)(struct leaving *a, struct octets key, struct octets row, struct fault *f),
    size_t *ret_n, struct fault *f)
{
	struct bytes row = { 0 };
	struct reader in;
	bool ok;

	bytes_clear(&a->keys);
	ok = store_scan(ledger_store(a->ledger), (unsigned)table, octets_of(NULL, 0), SIZE_MAX, its,
		 a, f) &&
	     bytes_ok(&a->keys, f);
	in = reader_of(octets_bytes(&a->keys));
	while (ok && in.n > 0) {
		struct octets key = reader_counted(&in);

		bytes_clear(&row);
		ok = ledger_get(a->ledger, table, key, &row, f) &&
		     end(a, key, octets_bytes(&row), f);
		++*ret_n;
	}
	bytes_free(&row);
	return ok;
}

/* Our own keys stand beside the devices, under kinds that nobody can ask for. */
static bool
is_device(struct leaving *a, const struct bytes *held, struct fault *f)
{
	struct standing s;

	if (held->n == 0)
		return true;
	if (!ledger_standing(a->ledger, held->at, &s, f))
		return false;
	return bulk_may(&s) ||
	       fault_set(f, FAULT_DENIED, "endpoint: %s is the service's own", a->owner);
}

static bool
end_certificates(struct leaving *a, uint8_t reason, struct removal *to, struct fault *f)
{
	struct bytes held = { 0 };
	bool ok = holding_list(a->ledger, a->owner, a->now_s, &held, f) && is_device(a, &held, f) &&
		  bulk_revoke(a->realm, a->ledger, octets_bytes(&held), reason, a->why, a->now_s,
		      &to->certificates, f);

	bytes_free(&held);
	return ok;
}

/* Who could speak for it: its gateways must not take up a name that somebody else gets. */
static bool
end_printer(struct leaving *a, struct removal *to, struct fault *f)
{
	struct printer p;
	struct fault why;

	if (strcmp(a->is->kind, "printer") != 0)
		return true;
	if (!printer_get(a->ledger, a->is->name, &p, &why))
		return why.code == FAULT_NOTFOUND || (*f = why, false);
	if (!log_append(a->ledger,
		printer_entry(a->realm, ledger_tenant(a->ledger), "printer.removed", a->why, &p),
		a->now_s, NULL, f))
		return false;
	printer_remove(a->realm, a->ledger, p.name);
	to->printers++;
	return true;
}

static bool
end_all(struct leaving *a, uint8_t reason, struct removal *to, struct fault *f)
{
	if (!store_scan(ledger_store(a->ledger), TABLE_PENDING, octets_of(NULL, 0), SIZE_MAX,
		its_intent, a, f))
		return false;
	if (a->busy)
		return fault_set(f, FAULT_BUSY,
		    "endpoint: %s: a certificate of it is being made just now: try again",
		    a->owner);
	return end_certificates(a, reason, to, f) &&
	       end_rows(a, TABLE_TOKEN, its_token, end_token, &to->tokens, f) &&
	       end_rows(a, TABLE_REQUEST, its_request, end_request, &to->requests, f) &&
	       end_rows(a, TABLE_DEVICE, its_device, end_device, &to->devices, f) &&
	       end_rows(a, TABLE_BADGE, its_badge, end_badge, &to->badges, f) &&
	       end_printer(a, to, f);
}

/* An endpoint is known once it had a certificate, or anything that could have got it one. */
static bool
was_known(struct leaving *a, const struct removal *done, struct fault *f)
{
	struct bytes row = { 0 };
	struct fault why;
	bool there = ledger_get(a->ledger, TABLE_ENDPOINT, octets_text(a->owner), &row, &why);

	bytes_free(&row);
	if (!there && why.code != FAULT_NOTFOUND) {
		*f = why;
		return false;
	}
	return there ||
	       done->tokens + done->requests + done->devices + done->badges + done->printers > 0 ||
	       fault_set(f, FAULT_NOTFOUND, "endpoint: there is no %s here", a->owner);
}

bool
removal_run(struct realm *r, struct ledger *l, const struct endpoint *e, uint8_t reason,
    const struct log_context *why, int64_t now_s, struct removal *ret, struct fault *f)
{
	struct leaving a = { .realm = r, .ledger = l, .is = e, .why = why, .now_s = now_s };
	struct removal done = { .tokens = 0 };
	bool ok;

	holding_owner(e->kind, e->name, a.owner);
	ok = end_all(&a, reason, &done, f) && was_known(&a, &done, f);
	bytes_free(&a.keys);
	if (ok) {
		batch_remove(ledger_batch(l), TABLE_ENDPOINT, octets_text(a.owner));
		*ret = done;
	}
	return ok;
}
