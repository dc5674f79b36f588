/* ca/petition_open.c - how many requests may wait, and when one ends; see petition.h. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "ca/meta.h"
#include "ca/petition.h"

#define DUE        "request-due:"
#define DUE_N      (sizeof(DUE) - 1)
#define DUE_OCTETS (DUE_N + 8 + PETITION_KEY_OCTETS)
#define AT_ONCE    32 /* due rows that are dealt with when the next request is opened */
#define COUNT_MAX  96

/* The address of a source, without its port; of IPv6 the /64, which one host has whole. */
static void
put_address(const char *source, char to[static IDENTITY_SOURCE_MAX])
{
	char text[IDENTITY_SOURCE_MAX];
	struct in6_addr v6;
	size_t n;

	(void)snprintf(text, sizeof(text), "%s", source + (source[0] == '['));
	n = strcspn(text, source[0] == '[' ? "]" : ":");
	text[n] = '\0';
	if (source[0] == '[' && inet_pton(AF_INET6, text, &v6) == 1 && !IN6_IS_ADDR_V4MAPPED(&v6)) {
		memset(v6.s6_addr + 8, 0, 8);
		(void)inet_ntop(AF_INET6, &v6, text, sizeof(text));
	}
	(void)snprintf(to, IDENTITY_SOURCE_MAX, "%s", text);
}

/* The counters that a request which waits is in: of its tenant, and of its address. */
struct counter {
	char word[COUNT_MAX];
	uint64_t most;
};

static size_t
counters(const struct petition *r, struct counter ret[static 2])
{
	char address[IDENTITY_SOURCE_MAX];
	bool stranger = r->way == ENROL_REQUEST;

	(void)snprintf(
	    ret[0].word, sizeof(ret[0].word), "request-open:%s", stranger ? "strangers" : "proven");
	ret[0].most = stranger ? PETITION_STRANGERS_MAX : PETITION_PROVEN_MAX;
	if (!stranger)
		return 1;
	put_address(r->source, address);
	(void)snprintf(ret[1].word, sizeof(ret[1].word), "request-from:%s", address);
	ret[1].most = PETITION_ONE_MAX;
	return 2;
}

/* One more that waits, or one less. */
static bool
count(struct ledger *l, const struct petition *r, bool up, struct fault *f)
{
	struct counter all[2];
	uint8_t value[8];
	uint64_t n;

	for (size_t i = 0, of = counters(r, all); i < of; i++) {
		if (!meta_number(l, META_ALL, octets_text(all[i].word), &n, f))
			return false;
		n = up ? n + 1 : n - (n > 0);
		if (n == 0)
			batch_remove(ledger_batch(l), TABLE_META, octets_text(all[i].word));
		else
			ledger_put(l, TABLE_META, octets_text(all[i].word), octets_u64(n, value));
	}
	return true;
}

static bool
check_room(struct ledger *l, const struct petition *r, struct fault *f)
{
	struct counter all[2];
	uint64_t n;

	for (size_t i = 0, of = counters(r, all); i < of; i++) {
		if (!meta_number(l, META_ALL, octets_text(all[i].word), &n, f))
			return false;
		if (n >= all[i].most)
			return fault_set(f, FAULT_BUSY,
			    "request: %llu wait already for a registrar %s: try again when some are decided",
			    (unsigned long long)n, i == 0 ? "here" : "from this address");
	}
	return true;
}

static struct octets
due_key(const struct petition *r, uint8_t to[static DUE_OCTETS])
{
	memcpy(to, DUE, DUE_N);
	(void)octets_u64((uint64_t)r->due_s, to + DUE_N);
	memcpy(to + DUE_N + 8, r->key, sizeof(r->key));
	return octets_of(to, DUE_OCTETS);
}

bool
petition_turn(
    struct ledger *l, struct petition *r, enum petition_state to, int64_t due_s, struct fault *f)
{
	uint8_t due[DUE_OCTETS];
	struct bytes row = { 0 };
	struct petition was;
	struct fault why;
	bool ok = true;

	if (petition_get(l, r->key, &row, &was, &why)) {
		batch_remove(ledger_batch(l), TABLE_META, due_key(&was, due));
		ok = was.state != PETITION_WAITING || count(l, &was, false, f);
	} else if (why.code != FAULT_NOTFOUND) {
		*f = why;
		ok = false;
	}
	r->state = to;
	r->due_s = due_s;
	ok = ok && (to != PETITION_WAITING || count(l, r, true, f)) && petition_put(l, r, f);
	if (ok)
		ledger_put(l, TABLE_META, due_key(r, due), octets_of(NULL, 0));
	bytes_free(&row);
	return ok;
}

struct due {
	int64_t now_s;
	size_t n;
	uint8_t key[AT_ONCE][PETITION_KEY_OCTETS];
};

static bool
collect(void *with, struct octets key, struct octets value)
{
	struct due *d = with;
	struct reader in = reader_of(octets_of(key.at, key.n));

	(void)value;
	if (key.n != DUE_OCTETS || memcmp(key.at, DUE, DUE_N) != 0)
		return false;
	in = reader_of(octets_of(key.at + DUE_N, 8));
	if ((int64_t)reader_u64(&in) > d->now_s)
		return false;
	memcpy(d->key[d->n++], key.at + DUE_N + 8, PETITION_KEY_OCTETS);
	return d->n < AT_ONCE;
}

/* The row goes, and the way to it, unless the key asks elsewhere by now. */
static bool
forget(struct realm *realm, struct ledger *l, const struct petition *r, struct fault *f)
{
	struct octets key = octets_of(r->key, sizeof(r->key));
	struct petition_route route;
	uint8_t due[DUE_OCTETS];
	struct fault why;

	batch_remove(ledger_batch(l), TABLE_META, due_key(r, due));
	batch_remove(ledger_batch(l), TABLE_REQUEST, key);
	if (!petition_route(realm, r->key, &route, &why))
		return why.code == FAULT_NOTFOUND || (*f = why, false);
	if (strcmp(route.tenant, ledger_tenant(l)) == 0)
		batch_remove(ledger_batch(realm_platform(realm)), TABLE_REQUEST, key);
	return true;
}

static bool
end_one(struct realm *realm, struct ledger *l, const uint8_t key[static PETITION_KEY_OCTETS],
    int64_t now_s, struct fault *f)
{
	struct bytes row = { 0 };
	struct petition r;
	struct fault why;
	bool ok;

	if (!petition_get(l, key, &row, &r, &why))
		ok = why.code == FAULT_NOTFOUND || (*f = why, false);
	else if (r.due_s > now_s) /* another job of this round was here */
		ok = true;
	else if (r.state == PETITION_ISSUED || r.state == PETITION_EXPIRED)
		ok = forget(realm, l, &r, f);
	else
		ok = petition_turn(l, &r, PETITION_EXPIRED, now_s + PETITION_KEPT_S, f);
	bytes_free(&row);
	return ok;
}

static bool
end_due(struct realm *realm, struct ledger *l, int64_t now_s, struct fault *f)
{
	struct due d = { .now_s = now_s };

	if (!store_scan(ledger_store(l), TABLE_META, octets_text(DUE), AT_ONCE, collect, &d, f))
		return false;
	for (size_t i = 0; i < d.n; i++)
		if (!end_one(realm, l, d.key[i], now_s, f))
			return false;
	return true;
}

bool
petition_open(
    struct realm *realm, struct ledger *l, struct petition *r, int64_t now_s, struct fault *f)
{
	if (r->csr.n > PETITION_CSR_MAX)
		return fault_set(f, FAULT_LIMIT,
		    "request: over %d octets, which is more than is kept for a registrar to look at",
		    PETITION_CSR_MAX);
	r->asked_s = now_s;
	return end_due(realm, l, now_s, f) && check_room(l, r, f) &&
	       petition_turn(l, r, PETITION_WAITING, now_s + PETITION_OPEN_S, f) &&
	       petition_put_route(realm_platform(realm), r, f);
}
