/* ca/petition.c - see petition.h; what a request is. How many there may be is petition_open.c's. */
#include "ca/petition.h"

#include <stdio.h>
#include <string.h>

#include "base/der.h"
#include "ca/holding.h"

#define EDITION       1
#define ROUTE_EDITION 1

static const uint8_t no_serial[TBS_SERIAL_OCTETS];

void
petition_id(const struct petition *r, char to[static PETITION_ID_LETTERS + 1])
{
	text_hex(r->key, PETITION_ID_LETTERS / 2, to);
}

const char *
petition_state_word(enum petition_state state)
{
	static const char *const words[] = {
		[PETITION_WAITING] = "waiting",
		[PETITION_APPROVED] = "approved",
		[PETITION_REFUSED] = "refused",
		[PETITION_ISSUED] = "issued",
		[PETITION_EXPIRED] = "expired",
	};

	return words[state];
}

bool
petition_state(struct ledger *l, const struct petition *r, int64_t now_s, enum petition_state *ret,
    struct fault *f)
{
	struct standing s;

	*ret = r->state;
	if (r->state == PETITION_ISSUED) {
		if (!ledger_standing(l, r->serial, &s, f))
			return false;
		if (s.state == STANDING_ABANDONED)
			*ret = PETITION_APPROVED;
	} else if (now_s >= r->due_s) {
		*ret = PETITION_EXPIRED;
	}
	return true;
}

static bool
is_known(enum petition_state state)
{
	return state >= PETITION_WAITING && state <= PETITION_EXPIRED;
}

bool
petition_read(const char *tenant, struct octets key, struct octets value, struct petition *ret)
{
	struct reader in = reader_of(value);
	struct petition r = { .state = PETITION_WAITING };

	if (key.n != sizeof(r.key) || reader_u8(&in) != EDITION)
		return false;
	memcpy(r.key, key.at, key.n);
	r.state = (enum petition_state)reader_u8(&in);
	r.way = (enum enrol_way)reader_u8(&in);
	reader_counted_text(&in, r.device.kind, sizeof(r.device.kind));
	reader_counted_text(&in, r.device.name, sizeof(r.device.name));
	reader_counted_text(&in, r.profile, sizeof(r.profile));
	reader_counted_text(&in, r.source, sizeof(r.source));
	reader_counted_text(&in, r.proof, sizeof(r.proof));
	r.asked_s = (int64_t)reader_u64(&in);
	r.due_s = (int64_t)reader_u64(&in);
	r.asked_index = reader_u64(&in);
	r.decided_s = (int64_t)reader_u64(&in);
	r.decided_index = reader_u64(&in);
	reader_counted_text(&in, r.by, sizeof(r.by));
	reader_counted_text(&in, r.reason, sizeof(r.reason));
	reader_copy(&in, r.replaces, sizeof(r.replaces));
	reader_copy(&in, r.serial, sizeof(r.serial));
	reader_copy(&in, r.digest, sizeof(r.digest));
	r.csr = reader_counted(&in);
	if (!reader_done(&in) || !is_known(r.state))
		return false;
	(void)snprintf(r.device.tenant, sizeof(r.device.tenant), "%s", tenant);
	*ret = r;
	return true;
}

bool
petition_put(struct ledger *l, const struct petition *r, struct fault *f)
{
	struct bytes b = { 0 };
	bool ok;

	bytes_put_u8(&b, EDITION);
	bytes_put_u8(&b, (uint8_t)r->state);
	bytes_put_u8(&b, (uint8_t)r->way);
	bytes_put_counted_text(&b, r->device.kind);
	bytes_put_counted_text(&b, r->device.name);
	bytes_put_counted_text(&b, r->profile);
	bytes_put_counted_text(&b, r->source);
	bytes_put_counted_text(&b, r->proof);
	bytes_put_u64(&b, (uint64_t)r->asked_s);
	bytes_put_u64(&b, (uint64_t)r->due_s);
	bytes_put_u64(&b, r->asked_index);
	bytes_put_u64(&b, (uint64_t)r->decided_s);
	bytes_put_u64(&b, r->decided_index);
	bytes_put_counted_text(&b, r->by);
	bytes_put_counted_text(&b, r->reason);
	bytes_put(&b, r->replaces, sizeof(r->replaces));
	bytes_put(&b, r->serial, sizeof(r->serial));
	bytes_put(&b, r->digest, sizeof(r->digest));
	bytes_put_counted(&b, r->csr);
	if ((ok = bytes_ok(&b, f)))
		ledger_put(l, TABLE_REQUEST, octets_of(r->key, sizeof(r->key)), octets_bytes(&b));
	bytes_free(&b);
	return ok;
}

bool
petition_get(struct ledger *l, const uint8_t key[static PETITION_KEY_OCTETS], struct bytes *row,
    struct petition *ret, struct fault *f)
{
	struct octets k = octets_of(key, PETITION_KEY_OCTETS);

	bytes_clear(row);
	if (!ledger_get(l, TABLE_REQUEST, k, row, f))
		return false;
	return petition_read(ledger_tenant(l), k, octets_bytes(row), ret) ||
	       fault_set(f, FAULT_INTERNAL, "request: a row that cannot be read");
}

struct search {
	struct octets prefix;
	uint8_t key[PETITION_KEY_OCTETS];
	bool any;
};

static bool
same_id(void *with, struct octets key, struct octets value)
{
	struct search *s = with;

	(void)value;
	s->any = key.n == sizeof(s->key) && octets_same(octets_of(key.at, s->prefix.n), s->prefix);
	if (s->any)
		memcpy(s->key, key.at, key.n);
	return false;
}

bool
petition_find(
    struct ledger *l, const char *id, struct bytes *row, struct petition *ret, struct fault *f)
{
	uint8_t prefix[PETITION_ID_LETTERS / 2] = { 0 };
	struct search s = { .prefix = octets_of(prefix, sizeof(prefix)) };

	if (strcmp(ledger_tenant(l), NAME_PLATFORM) == 0) /* its rows are of another kind */
		return fault_set(f, FAULT_NOTFOUND, "request: nobody asks the platform");
	if (strlen(id) != PETITION_ID_LETTERS || !text_unhex(id, prefix, sizeof(prefix)))
		return fault_set(
		    f, FAULT_NOTFOUND, "request: an id is %d hex digits", PETITION_ID_LETTERS);
	if (!store_scan(ledger_store(l), TABLE_REQUEST, s.prefix, 1, same_id, &s, f))
		return false;
	if (!s.any)
		return fault_set(f, FAULT_NOTFOUND, "request: there is none with this id");
	return petition_get(l, s.key, row, ret, f); /* again, through the batch */
}

bool
petition_same(
    const struct petition *r, const struct csr *csr, const struct endpoint *device, struct fault *f)
{
	struct csr was;

	if (strcmp(r->device.kind, device->kind) != 0 || strcmp(r->device.name, device->name) != 0)
		return fault_set(f, FAULT_CONFLICT,
		    "request: this key waits already, for %s/%s: ask for that, or with another key",
		    r->device.kind, r->device.name);
	if (r->csr.n == 0)
		return true;
	return csr_read(r->csr, &was, f) &&
	       ((octets_same(was.subject, csr->subject) &&
		    octets_same(was.alt_names, csr->alt_names)) ||
		   fault_set(f, FAULT_CONFLICT,
		       "request: this key waits already, and asked for other names: ask for those, or with another key"));
}

/* The value of an AttributeTypeAndValue (RFC 5280 section 4.1.2.4) if it is a commonName. */
static bool
is_common(struct octets attribute, struct octets *ret)
{
	static const uint8_t common_name[] = { 0x55, 0x04, 0x03 };
	struct octets oid, whole;
	uint8_t tag;

	return der_take(&attribute, DER_OID, &oid, NULL) &&
	       octets_same(oid, octets_of(common_name, sizeof(common_name))) &&
	       der_next(&attribute, &tag, ret, &whole);
}

bool
petition_name(struct octets subject, char to[static TEXT_LABEL_MAX], struct fault *f)
{
	struct octets names, set, one, value, found = { NULL, 0 };
	size_t n = 0;

	if (!der_take(&subject, DER_SEQUENCE, &names, NULL))
		return fault_set(f, FAULT_BADREQ, "csr: a subject that cannot be read");
	while (der_take(&names, DER_SET, &set, NULL))
		while (der_take(&set, DER_SEQUENCE, &one, NULL))
			if (is_common(one, &value)) {
				found = value;
				n++;
			}
	to[0] = '\0';
	if (n == 1 && found.n < TEXT_LABEL_MAX && memchr(found.at, '\0', found.n) == NULL) {
		memcpy(to, found.at, found.n);
		to[found.n] = '\0';
	}
	return text_is_label(to) ||
	       fault_set(f, FAULT_BADREQ,
		   "csr: without a token the subject's one CN names the device: expected a DNS label: a-z, 0-9, inner hyphens, at most 63 letters");
}

bool
petition_replaces(struct ledger *l, const struct endpoint *device, int64_t now_s,
    uint8_t ret[static TBS_SERIAL_OCTETS], struct fault *f)
{
	char owner[HOLDING_OWNER_MAX];
	struct bytes all = { 0 };
	bool ok;

	holding_owner(device->kind, device->name, owner);
	ok = holding_list(l, owner, now_s, &all, f);
	if (ok)
		memcpy(ret, all.n > 0 ? all.at : no_serial, TBS_SERIAL_OCTETS);
	bytes_free(&all);
	return ok;
}

bool
petition_read_route(struct octets value, struct petition_route *ret)
{
	struct reader in = reader_of(value);

	if (reader_u8(&in) != ROUTE_EDITION)
		return false;
	reader_counted_text(&in, ret->tenant, sizeof(ret->tenant));
	reader_counted_text(&in, ret->profile, sizeof(ret->profile));
	return reader_done(&in);
}

bool
petition_route(struct realm *realm, const uint8_t key[static PETITION_KEY_OCTETS],
    struct petition_route *ret, struct fault *f)
{
	struct bytes row = { 0 };
	bool ok = ledger_get(
	    realm_platform(realm), TABLE_REQUEST, octets_of(key, PETITION_KEY_OCTETS), &row, f);

	if (ok && !petition_read_route(octets_bytes(&row), ret))
		ok = fault_set(f, FAULT_INTERNAL, "request: a route that cannot be read");
	bytes_free(&row);
	return ok;
}

bool
petition_put_route(struct ledger *platform, const struct petition *r, struct fault *f)
{
	struct bytes b = { 0 };
	bool ok;

	bytes_put_u8(&b, ROUTE_EDITION);
	bytes_put_counted_text(&b, r->device.tenant);
	bytes_put_counted_text(&b, r->profile);
	if ((ok = bytes_ok(&b, f)))
		ledger_put(
		    platform, TABLE_REQUEST, octets_of(r->key, sizeof(r->key)), octets_bytes(&b));
	bytes_free(&b);
	return ok;
}
