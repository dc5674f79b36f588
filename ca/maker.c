/* ca/maker.c - see maker.h. */
#include "ca/maker.h"

#include <stdio.h>
#include <string.h>

#define EDITION   1
#define INDEX_MAX (IDEVID_DIGEST_OCTETS + 2 * TEXT_LABEL_MAX)
#define TWINS_MAX 2 /* roots of one Name: an old one and its successor, and no crowd */

bool
maker_read(struct octets key, struct octets value, struct maker *ret)
{
	struct reader in = reader_of(value);
	struct maker m = { .name = "" };

	if (key.n == 0 || key.n >= sizeof(m.name) || reader_u8(&in) != EDITION)
		return false;
	memcpy(m.name, key.at, key.n);
	m.added_s = (int64_t)reader_u64(&in);
	m.log_index = reader_u64(&in);
	reader_counted_text(&in, m.by, sizeof(m.by));
	m.certificate = reader_counted(&in);
	if (!reader_done(&in) || m.certificate.n == 0 || !text_is_label(m.name))
		return false;
	*ret = m;
	return true;
}

bool
maker_read_index(struct octets key, struct octets value, struct octets *ret_certificate)
{
	struct reader in = reader_of(value);

	if (key.n <= IDEVID_DIGEST_OCTETS || key.n > INDEX_MAX || reader_u8(&in) != EDITION)
		return false;
	*ret_certificate = reader_counted(&in);
	return reader_done(&in) && ret_certificate->n > 0;
}

static bool
put(struct ledger *l, const struct maker *m, struct fault *f)
{
	struct bytes b = { 0 };
	bool ok;

	bytes_put_u8(&b, EDITION);
	bytes_put_u64(&b, (uint64_t)m->added_s);
	bytes_put_u64(&b, m->log_index);
	bytes_put_counted_text(&b, m->by);
	bytes_put_counted(&b, m->certificate);
	if ((ok = bytes_ok(&b, f)))
		ledger_put(l, TABLE_MAKER, octets_text(m->name), octets_bytes(&b));
	bytes_free(&b);
	return ok;
}

static bool
put_index(struct ledger *platform, struct octets key, struct octets certificate, struct fault *f)
{
	struct bytes b = { 0 };
	bool ok;

	bytes_put_u8(&b, EDITION);
	bytes_put_counted(&b, certificate);
	if ((ok = bytes_ok(&b, f)))
		ledger_put(platform, TABLE_MAKER, key, octets_bytes(&b));
	bytes_free(&b);
	return ok;
}

/* Root's Name, tenant, maker: roots of one Name stand together. */
static struct octets
index_key(const uint8_t name[static IDEVID_DIGEST_OCTETS], const char *tenant, const char *maker,
    uint8_t to[static INDEX_MAX])
{
	int n;

	memcpy(to, name, IDEVID_DIGEST_OCTETS);
	n = snprintf((char *)to + IDEVID_DIGEST_OCTETS, INDEX_MAX - IDEVID_DIGEST_OCTETS, "%s/%s",
	    tenant, maker);
	return octets_of(to, IDEVID_DIGEST_OCTETS + (size_t)n);
}

/* Roots on their way into a path's verification: copies. */
struct roots {
	size_t n, most;
	struct bytes der[IDEVID_ROOTS_MAX];
	char name[IDEVID_ROOTS_MAX][TEXT_LABEL_MAX];
	const uint8_t *prefix; /* of the platform's rows */
	bool bad;
};

static void
roots_free(struct roots *all)
{
	for (size_t i = 0; i < all->n; i++)
		bytes_free(&all->der[i]);
}

static bool
take_maker(void *with, struct octets key, struct octets value)
{
	struct roots *all = with;
	struct maker m;

	if (all->n == all->most)
		return false;
	all->bad = all->bad || !maker_read(key, value, &m);
	if (all->bad)
		return false;
	memcpy(all->name[all->n], m.name, sizeof(m.name));
	bytes_put_octets(&all->der[all->n++], m.certificate);
	return true;
}

static bool
take_indexed(void *with, struct octets key, struct octets value)
{
	struct roots *all = with;
	struct octets certificate;

	if (all->n == all->most || key.n < IDEVID_DIGEST_OCTETS ||
	    memcmp(key.at, all->prefix, IDEVID_DIGEST_OCTETS) != 0)
		return false;
	all->bad = all->bad || !maker_read_index(key, value, &certificate);
	if (all->bad)
		return false;
	for (size_t i = 0; i < all->n; i++) /* another tenant's too */
		if (octets_same(octets_bytes(&all->der[i]), certificate))
			return true;
	bytes_put_octets(&all->der[all->n++], certificate);
	return true;
}

static bool
scan(struct ledger *l, struct octets from, store_visit *visit, struct roots *all, struct fault *f)
{
	if (!store_scan(ledger_store(l), TABLE_MAKER, from, SIZE_MAX, visit, all, f))
		return false;
	for (size_t i = 0; i < all->n; i++)
		if (!bytes_ok(&all->der[i], f))
			return false;
	return !all->bad || fault_set(f, FAULT_INTERNAL, "maker: a row that cannot be read");
}

static bool
held_against(const struct roots *all, struct octets leaf, struct octets above, int64_t now_s,
    struct idevid *ret, struct fault *f)
{
	struct octets der[IDEVID_ROOTS_MAX];

	for (size_t i = 0; i < all->n; i++)
		der[i] = octets_bytes(&all->der[i]);
	if (all->n == 0)
		return fault_set(
		    f, FAULT_AUTH, "idevid: no manufacturer's root of that name is registered");
	return idevid_verify(leaf, above, der, all->n, now_s, ret, f);
}

/* Neither the name nor the root is there yet, and one more may be; subject: of its Name. */
static bool
check_new(struct ledger *l, const struct maker *m, const uint8_t *subject, struct fault *f)
{
	uint8_t other[IDEVID_DIGEST_OCTETS], digest[IDEVID_DIGEST_OCTETS];
	unsigned twins = 0;
	struct roots all = { .most = MAKER_MAX };
	struct bytes row = { 0 };
	struct fault why;
	bool ok = true;

	if (ledger_get(l, TABLE_MAKER, octets_text(m->name), &row, &why))
		ok = fault_set(f, FAULT_CONFLICT, "maker: %s exists already", m->name);
	else if (why.code != FAULT_NOTFOUND)
		*f = why, ok = false;
	ok = ok && scan(l, octets_of(NULL, 0), take_maker, &all, f);
	if (ok && all.n == MAKER_MAX)
		ok = fault_set(f, FAULT_LIMIT, "maker: a tenant has at most %d", MAKER_MAX);
	for (size_t i = 0; ok && i < all.n; i++) {
		if (octets_same(octets_bytes(&all.der[i]), m->certificate))
			ok = fault_set(f, FAULT_CONFLICT,
			    "maker: this root is there already, as %s", all.name[i]);
		else if ((ok = idevid_root(octets_bytes(&all.der[i]), other, digest, f)))
			twins += memcmp(other, subject, sizeof(other)) == 0;
	}
	if (ok && twins >= TWINS_MAX)
		ok = fault_set(
		    f, FAULT_LIMIT, "maker: a tenant has at most %d roots of one Name", TWINS_MAX);
	roots_free(&all);
	bytes_free(&row);
	return ok;
}

bool
maker_add(struct realm *r, const char *tenant, const struct maker *m, struct fault *f)
{
	uint8_t name[IDEVID_DIGEST_OCTETS], digest[IDEVID_DIGEST_OCTETS], key[INDEX_MAX];
	struct ledger *l;

	return idevid_root(m->certificate, name, digest, f) && realm_ledger(r, tenant, &l, f) &&
	       check_new(l, m, name, f) &&
	       put_index(
		   realm_platform(r), index_key(name, tenant, m->name, key), m->certificate, f) &&
	       put(l, m, f);
}

bool
maker_remove(struct realm *r, const char *tenant, const char *name,
    uint8_t ret_digest[static IDEVID_DIGEST_OCTETS], struct fault *f)
{
	uint8_t subject[IDEVID_DIGEST_OCTETS], key[INDEX_MAX];
	struct bytes row = { 0 };
	struct fault why;
	struct ledger *l;
	struct maker m;
	bool ok;

	if (!realm_ledger(r, tenant, &l, f))
		return false;
	if (!ledger_get(l, TABLE_MAKER, octets_text(name), &row, &why)) {
		bytes_free(&row);
		if (why.code == FAULT_NOTFOUND)
			return fault_set(f, FAULT_NOTFOUND, "maker: there is none of that name");
		*f = why;
		return false;
	}
	ok = maker_read(octets_text(name), octets_bytes(&row), &m) ||
	     fault_set(f, FAULT_INTERNAL, "maker: a row that cannot be read");
	ok = ok && idevid_root(m.certificate, subject, ret_digest, f);
	if (ok) {
		batch_remove(ledger_batch(realm_platform(r)), TABLE_MAKER,
		    index_key(subject, tenant, name, key));
		batch_remove(ledger_batch(l), TABLE_MAKER, octets_text(name));
	}
	bytes_free(&row);
	return ok;
}

bool
maker_vouch(struct ledger *l, struct octets leaf, struct octets above, int64_t now_s,
    struct idevid *ret, char name[static TEXT_LABEL_MAX], struct fault *f)
{
	struct roots all = { .most = MAKER_MAX };
	bool platform = strcmp(ledger_tenant(l), NAME_PLATFORM) == 0; /* whose rows are an index */
	bool ok = (platform || scan(l, octets_of(NULL, 0), take_maker, &all, f)) &&
		  held_against(&all, leaf, above, now_s, ret, f);

	if (ok)
		memcpy(name, all.name[ret->root], TEXT_LABEL_MAX);
	roots_free(&all);
	return ok;
}

bool
maker_known(
    struct realm *r, struct octets leaf, struct octets above, int64_t now_s, struct fault *f)
{
	uint8_t issuers[IDEVID_ABOVE_MAX + 1][IDEVID_DIGEST_OCTETS];
	struct roots all = { .most = IDEVID_ROOTS_MAX };
	struct idevid ignored;
	size_t n;
	bool ok = idevid_issuers(leaf, above, issuers, &n, f);

	for (size_t i = 0; ok && i < n; i++) {
		all.prefix = issuers[i];
		ok = scan(realm_platform(r), octets_of(issuers[i], IDEVID_DIGEST_OCTETS),
		    take_indexed, &all, f);
	}
	ok = ok && held_against(&all, leaf, above, now_s, &ignored, f);
	roots_free(&all);
	return ok;
}
