/* ca/dump_check.c - see dump_check.h. */
#include "ca/dump_check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/der.h"
#include "ca/badge.h"
#include "ca/device.h"
#include "ca/feed.h"
#include "ca/intent.h"
#include "ca/log_trace.h"
#include "ca/maker.h"
#include "ca/petition.h"
#include "ca/policy_book.h"
#include "ca/printer.h"
#include "ca/proposal.h"
#include "ca/revoke.h"
#include "ca/token.h"

#define STRANGE_MAX 64 /* CAs of one tenant that the platform has lost */

static void
add(struct dump_sum *s, struct octets a, struct octets b)
{
	crypto_hash_sha256_state h;
	uint8_t digest[DUMP_HASH_OCTETS];

	(void)crypto_hash_sha256_init(&h);
	(void)crypto_hash_sha256_update(&h, a.at, a.n);
	(void)crypto_hash_sha256_update(&h, b.at, b.n);
	(void)crypto_hash_sha256_final(&h, digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		s->at[i] ^= digest[i];
}

static bool
same(const struct dump_sum *a, const struct dump_sum *b)
{
	return memcmp(a->at, b->at, sizeof(a->at)) == 0;
}

static bool
bad(const struct dump_check *c, const char *why, struct fault *f)
{
	return fault_set(
	    f, FAULT_BADREQ, "dump: ledger %s, row %" PRIu64 ": %s", c->tenant, c->rows + 1, why);
}

static bool
meta_row(struct dump_check *c, struct octets key, struct octets value, struct fault *f)
{
	struct fault why;

	if (!octets_same(key, octets_text(LOG_META)))
		return true;
	return log_edge_decode(value, &c->stated, &why) ||
	       bad(c, "the log's edge cannot be read", f);
}

/* The serial of a certificate, or of the TBSCertificate that stands there while it is pending. */
static bool
serial_of(struct octets der, struct octets *ret)
{
	struct octets body, inner, version;

	if (!der_take(&der, DER_SEQUENCE, &body, NULL))
		return false;
	inner = body;
	(void)der_take(&body, DER_SEQUENCE, &inner, NULL); /* a certificate's TBSCertificate */
	return der_take(&inner, DER_EXPLICIT(0), &version, NULL) &&
	       der_take(&inner, DER_INTEGER, ret, NULL);
}

static bool
cert_row(struct dump_check *c, struct octets key, struct octets value, struct fault *f)
{
	struct octets serial;

	if (key.n != sizeof(uint64_t) || !serial_of(value, &serial))
		return bad(c, "no certificate", f);
	add(&c->certificates.held, key, serial);
	return true;
}

static void
add_revoked(struct dump_sum *s, struct octets issuer, struct octets serial)
{
	add(s, issuer, serial);
}

static int
by_key_id(const void *a, const void *b)
{
	return memcmp(a, b, TBS_KEY_ID_OCTETS);
}

static int
by_serial(const void *a, const void *b)
{
	return memcmp(a, b, TBS_SERIAL_OCTETS);
}

/* Among rows of one size, in order. */
static bool
is_among(const struct bytes *rows, const uint8_t *row, size_t size,
    int (*order)(const void *a, const void *b))
{
	return rows->n > 0 && bsearch(row, rows->at, rows->n / size, size, order) != NULL;
}

static uint8_t *
find_strange(const struct dump_check *c, const uint8_t id[static TBS_KEY_ID_OCTETS])
{
	for (size_t at = 0; at < c->strange.n; at += TBS_KEY_ID_OCTETS)
		if (memcmp(c->strange.at + at, id, TBS_KEY_ID_OCTETS) == 0)
			return c->strange.at + at;
	return NULL;
}

/* The platform's ledger was read first. One that is older than a tenant's new CA would leave its
 * certificates to nobody. */
static bool
note_issuer(struct dump_check *c, const uint8_t issuer[static TBS_KEY_ID_OCTETS], struct fault *f)
{
	if (c->platform || is_among(&c->platforms->cas, issuer, TBS_KEY_ID_OCTETS, by_key_id) ||
	    find_strange(c, issuer) != NULL)
		return true;
	if (c->strange.n >= STRANGE_MAX * TBS_KEY_ID_OCTETS)
		return bad(c, "of CAs that the platform does not know", f);
	bytes_put(&c->strange, issuer, TBS_KEY_ID_OCTETS);
	return bytes_ok(&c->strange, f);
}

/* A CA that a merge of the platform's ledger has lost, and ended, is known by its tenant's row. */
static void
know_lost(struct dump_check *c, const struct authority *a)
{
	uint8_t *strange = find_strange(c, a->key_id);

	if (strange == NULL ||
	    !is_among(&c->platforms->lost, a->serial, TBS_SERIAL_OCTETS, by_serial))
		return;
	c->strange.n -= TBS_KEY_ID_OCTETS;
	memmove(strange, c->strange.at + c->strange.n, TBS_KEY_ID_OCTETS);
}

static bool
serial_row(struct dump_check *c, struct octets key, struct octets value, struct fault *f)
{
	struct standing s;
	uint8_t id[8];

	if (key.n != TBS_SERIAL_OCTETS || !ledger_read_standing(value, &s) ||
	    s.state < STANDING_PENDING || s.state > STANDING_ABANDONED)
		return bad(c, "a standing that cannot be read", f);
	if (!note_issuer(c, s.issuer, f))
		return false;
	if (c->platform && s.id == LEDGER_NO_CERTIFICATE)
		bytes_put_octets(&c->platforms->lost, key);
	if (s.id != LEDGER_NO_CERTIFICATE) /* a merge knew of it by its signature alone */
		add(&c->certificates.named, octets_u64(s.id, id), key);
	if (s.state == STANDING_PENDING) {
		add(&c->pending.named, key, octets_of(NULL, 0));
		return true;
	}
	if (s.state == STANDING_REVOKED || s.state == STANDING_ABANDONED)
		add_revoked(&c->revoked.named, octets_of(s.issuer, sizeof(s.issuer)), key);
	if (s.log_index >= c->log_end)
		c->log_end = s.log_index + 1;
	if (s.issued_index >= c->log_end)
		c->log_end = s.issued_index + 1;
	return bytes_ok(&c->platforms->lost, f);
}

static bool
pending_row(struct dump_check *c, struct octets key, struct octets value, struct fault *f)
{
	struct octets serial;
	struct intent i;

	if (key.n == TBS_SERIAL_OCTETS && value.n == INTENT_DIGEST_OCTETS) { /* of before */
		add(&c->pending.held, key, octets_of(NULL, 0));
		return true;
	}
	if (!intent_read(value, &i) || !serial_of(i.tbs, &serial) || !octets_same(serial, key))
		return bad(c, "an intent that cannot be read", f);
	return note_issuer(c, i.standing.issuer, f);
}

/* A hold may have its row here too, and is no revocation. */
static bool
revoked_row(struct dump_check *c, struct octets key, struct octets value, struct fault *f)
{
	if (key.n != TBS_KEY_ID_OCTETS + TBS_SERIAL_OCTETS || value.n != 9)
		return bad(c, "a revocation that cannot be read", f);
	if (value.at[0] != REASON_HOLD)
		add_revoked(&c->revoked.held, octets_of(key.at, TBS_KEY_ID_OCTETS),
		    octets_of(key.at + TBS_KEY_ID_OCTETS, TBS_SERIAL_OCTETS));
	return true;
}

static bool
log_row(struct dump_check *c, struct octets key, struct octets value, struct fault *f)
{
	uint8_t want[8], leaf[LOG_HASH_OCTETS];

	if (!octets_same(key, octets_u64(c->built.size, want)))
		return bad(c, "a line of the log is missing", f);
	if (value.n == 0 || value.n > LOG_ENTRY_MAX)
		return bad(c, "a line of the log is too long", f);
	redactions_see(&c->redactions, c->built.size, value);
	log_line_leaf(value, c->built.size, leaf);
	log_edge_add(&c->built, leaf);
	return true;
}

static bool
token_row(struct dump_check *c, struct octets key, struct octets value, struct fault *f)
{
	struct token t;

	return token_read(c->tenant, key, value, &t) || bad(c, "a token that cannot be read", f);
}

static bool
ca_row(struct dump_check *c, struct octets key, struct octets value, struct fault *f)
{
	struct authority a;

	if (!ledger_read_authority(value, &a) ||
	    !octets_same(key, octets_of(a.key_id, sizeof(a.key_id))))
		return bad(c, "a CA that cannot be read", f);
	if (c->platform)
		bytes_put_octets(&c->platforms->cas, key);
	know_lost(c, &a);
	return bytes_ok(&c->platforms->cas, f);
}

static bool
tenant_row(struct dump_check *c, struct octets key, struct octets value, struct fault *f)
{
	struct tenant t;

	if (!c->platform || !realm_read_tenant(key, value, &t) || !text_is_label(t.name))
		return bad(c, "a tenant that cannot be read", f);
	if (strcmp(t.name, NAME_PLATFORM) != 0)
		bytes_put_counted_text(&c->platforms->tenants, t.name);
	return bytes_ok(&c->platforms->tenants, f);
}

static bool
request_row(struct dump_check *c, struct octets key, struct octets value, struct fault *f)
{
	struct petition_route route;
	struct petition r;

	return (c->platform ? petition_read_route(value, &route)
			    : petition_read(c->tenant, key, value, &r)) ||
	       bad(c, "a request that cannot be read", f);
}

/* What changed, or a list and its pieces (ocsp/crl.h): all of it is a CA's, signed by it or made
 * anew of the revocations. */
static bool
crl_row(struct dump_check *c, struct octets key, struct octets value, struct fault *f)
{
	if (key.n < TBS_KEY_ID_OCTETS)
		return bad(c, "a list that is no CA's", f);
	if (key.n == REVOKE_CHANGE_KEY && key.at[TBS_KEY_ID_OCTETS] == REVOKE_CHANGE &&
	    value.n != TBS_SERIAL_OCTETS)
		return bad(c, "a change of a list that cannot be read", f);
	return true;
}

static bool
maker_row(struct dump_check *c, struct octets key, struct octets value, struct fault *f)
{
	struct octets certificate;
	struct maker m;

	return (c->platform ? maker_read_index(key, value, &certificate)
			    : maker_read(key, value, &m)) ||
	       bad(c, "a maker that cannot be read", f);
}

static bool
device_row(struct dump_check *c, struct octets key, struct octets value, struct fault *f)
{
	struct device d;

	return (!c->platform && device_read(c->tenant, key, value, &d)) ||
	       bad(c, "a device that cannot be read", f);
}

/* Whoever restores makes them of the lines, which are proven. */
static bool
node_row(struct dump_check *c, struct octets key, struct octets value, struct fault *f)
{
	(void)key, (void)value;
	return bad(c, "a node of the log's tree, which no backup holds", f);
}

static bool
proposal_row(struct dump_check *c, struct octets key, struct octets value, struct fault *f)
{
	struct proposal p;

	return (c->platform && proposal_read(key, value, &p)) ||
	       bad(c, "an act that waits and cannot be read", f);
}

static bool
any_row(struct dump_check *c, struct octets key, struct octets value, struct fault *f)
{
	(void)c, (void)key, (void)value, (void)f;
	return true;
}

static bool
change_row(struct dump_check *c, struct octets key, struct octets value, struct fault *f)
{
	return feed_row(key, value) || bad(c, "no change of the feed", f);
}

static bool
policy_row(struct dump_check *c, struct octets key, struct octets value, struct fault *f)
{
	return policy_book_row(key, value) || bad(c, "a policy that cannot be read", f);
}

static bool
trace_row(struct dump_check *c, struct octets key, struct octets value, struct fault *f)
{
	return log_trace_row(key, value) || bad(c, "no trace of an entry", f);
}

static bool
printer_its_row(struct dump_check *c, struct octets key, struct octets value, struct fault *f)
{
	return (!c->platform && printer_row(key, value)) ||
	       bad(c, "a printer that cannot be read", f);
}

static bool
badge_row(struct dump_check *c, struct octets key, struct octets value, struct fault *f)
{
	struct badge b;

	return (!c->platform && badge_read(c->tenant, key, value, &b)) ||
	       bad(c, "a badge that cannot be read", f);
}

static bool (*const rows[])(
    struct dump_check *c, struct octets key, struct octets value, struct fault *f) = {
	[TABLE_META] = meta_row,
	[TABLE_CERT] = cert_row,
	[TABLE_SERIAL] = serial_row,
	[TABLE_PENDING] = pending_row,
	[TABLE_REVOKED] = revoked_row,
	[TABLE_ENDPOINT] = any_row,
	[TABLE_KEY] = any_row,
	[TABLE_TOKEN] = token_row,
	[TABLE_LOG] = log_row,
	[TABLE_CA] = ca_row,
	[TABLE_ISSUER] = any_row,
	[TABLE_TENANT] = tenant_row,
	[TABLE_OPERATOR] = any_row,
	[TABLE_CRL] = crl_row,
	[TABLE_REQUEST] = request_row,
	[TABLE_MAKER] = maker_row,
	[TABLE_DEVICE] = device_row,
	[TABLE_NODE] = node_row,
	[TABLE_PROPOSAL] = proposal_row,
	[TABLE_REPEAT] = any_row,
	[TABLE_FEED] = change_row,
	[TABLE_POLICY] = policy_row,
	[TABLE_TRACE] = trace_row,
	[TABLE_PRINTER] = printer_its_row,
	[TABLE_BADGE] = badge_row,
};

#define TABLES (sizeof(rows) / sizeof(rows[0]))

_Static_assert(TABLES == TABLE_COUNT, "a table that no backup could hold");

void
dump_check_begin(struct dump_check *c, const char *tenant, struct dump_platform *p)
{
	struct bytes key = c->key, strange = c->strange;

	redactions_free(&c->redactions);
	*c = (struct dump_check){ .platforms = p, .key = key, .strange = strange };
	bytes_clear(&c->key);
	bytes_clear(&c->strange);
	memcpy(c->tenant, tenant, strnlen(tenant, sizeof(c->tenant) - 1));
	c->platform = strcmp(tenant, NAME_PLATFORM) == 0;
}

void
dump_check_free(struct dump_check *c)
{
	bytes_free(&c->key);
	bytes_free(&c->strange);
	redactions_free(&c->redactions);
}

static int
compare(struct octets a, struct octets b)
{
	int order = memcmp(a.at, b.at, a.n < b.n ? a.n : b.n);

	return order != 0 ? order : a.n < b.n ? -1 : a.n > b.n;
}

bool
dump_check_row(
    struct dump_check *c, unsigned table, struct octets key, struct octets value, struct fault *f)
{
	if (table >= TABLES)
		return bad(c, "a table that is not known here", f);
	if (key.n == 0 || key.n > STORE_KEY_MAX || value.n > STORE_VALUE_MAX)
		return bad(c, "a key or value of a size that no ledger holds", f);
	if (c->rows > 0 &&
	    (table < c->table || (table == c->table && compare(octets_bytes(&c->key), key) >= 0)))
		return bad(c, "out of order, or there twice", f);
	if (!rows[table](c, key, value, f))
		return false;
	c->table = table;
	bytes_clear(&c->key);
	bytes_put_octets(&c->key, key);
	c->rows++;
	return bytes_ok(&c->key, f);
}

/* The tree of the lines, the edge in the ledger, and what the section's end says. */
static bool
check_log(struct dump_check *c, const struct dump_ledger *stated, struct fault *f)
{
	uint8_t built[LOG_HASH_OCTETS], edge[LOG_HASH_OCTETS];
	struct fault why;

	log_edge_root(&c->built, built);
	log_edge_root(&c->stated, edge);
	if (c->built.size != c->stated.size || c->built.size != stated->size)
		return bad(c, "the log has more or fewer lines than it states", f);
	if (memcmp(built, edge, sizeof(built)) != 0 ||
	    memcmp(built, stated->root, sizeof(built)) != 0)
		return bad(c, "RFC 6962 section 2.1: the log's lines do not give its root", f);
	if (!redactions_hold(&c->redactions, &why))
		return bad(c, why.text, f);
	return c->log_end <= c->built.size ||
	       bad(c, "a standing names a line that the log does not have", f);
}

bool
dump_check_end(struct dump_check *c, const struct dump_ledger *stated, struct fault *f)
{
	if (c->rows != stated->rows)
		return bad(c, "more or fewer rows than it states", f);
	if (c->strange.n > 0)
		return bad(c,
		    "of a CA that the platform does not know: it was made while the backup was taken; take another",
		    f);
	if (!same(&c->certificates.held, &c->certificates.named))
		return bad(c, "certificates and standings do not agree", f);
	if (!same(&c->pending.held, &c->pending.named))
		return bad(c, "intents and standings do not agree", f);
	if (!same(&c->revoked.held, &c->revoked.named))
		return bad(c, "revocations and standings do not agree", f);
	return check_log(c, stated, f);
}
