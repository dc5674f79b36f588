/* ca/realm_chain.c - the CAs of a realm, and the chain above each; see realm.h. */
#include <string.h>

#include <openssl/evp.h>

#include "ca/cert.h"
#include "ca/realm.h"

#define SHA1_OCTETS   20
#define SHA256_OCTETS 32

bool
realm_authority(struct realm *r, const uint8_t key_id[static TBS_KEY_ID_OCTETS],
    struct authority *ret, struct fault *f)
{
	return ledger_authority(realm_platform(r), key_id, ret, f);
}

/* TABLE_ISSUER's value: key id, SHA-1 of the Name, SHA-256 of the Name. */
static bool
same_name(struct octets value, struct octets name_hash)
{
	size_t at = TBS_KEY_ID_OCTETS + (name_hash.n == SHA1_OCTETS ? 0 : SHA1_OCTETS);

	return (name_hash.n == SHA1_OCTETS || name_hash.n == SHA256_OCTETS) &&
	       at + name_hash.n <= value.n &&
	       octets_same(octets_of(value.at + at, name_hash.n), name_hash);
}

bool
realm_issuer(struct realm *r, struct octets key_hash, struct octets name_hash,
    struct authority *ret, struct fault *f)
{
	struct bytes b = { 0 };
	bool ok = false;

	if (!ledger_get(realm_platform(r), TABLE_ISSUER, key_hash, &b, f))
		goto out;
	if (!same_name(octets_bytes(&b), name_hash)) {
		fault_set(f, FAULT_NOTFOUND, "issuer: its key is ours, its name is not");
		goto out;
	}
	ok = realm_authority(r, b.at, ret, f);
out:
	bytes_free(&b);
	return ok;
}

bool
realm_put_issuer(
    struct realm *r, const struct authority *a, struct octets certificate, struct fault *f)
{
	const EVP_MD *const kinds[] = { EVP_sha1(), EVP_sha256() };
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned n;
	struct cert c;
	struct octets bits;
	struct bytes value = { 0 };
	bool ok = false;

	if (!cert_parse(certificate, &c, f))
		return false;
	/* What is hashed is the BIT STRING's content without the octet of unused bits: the point
	 * itself. */
	bits = octets_of(c.spki.at + c.spki.n - 65, 65);
	bytes_put(&value, a->key_id, sizeof(a->key_id));
	for (size_t i = 0; i < 2; i++) {
		if (EVP_Digest(c.subject.at, c.subject.n, digest, &n, kinds[i], NULL) != 1) {
			fault_crypto(f, FAULT_INTERNAL, "issuer: EVP_Digest");
			goto out;
		}
		bytes_put(&value, digest, n);
	}
	if (!bytes_ok(&value, f))
		goto out;
	for (size_t i = 0; i < 2; i++) {
		if (EVP_Digest(bits.at, bits.n, digest, &n, kinds[i], NULL) != 1) {
			fault_crypto(f, FAULT_INTERNAL, "issuer: EVP_Digest");
			goto out;
		}
		ledger_put(
		    realm_platform(r), TABLE_ISSUER, octets_of(digest, n), octets_bytes(&value));
	}
	ok = true;
out:
	bytes_free(&value);
	return ok;
}

bool
realm_records(struct realm *r, const struct authority *a, struct ledger **ret, struct fault *f)
{
	return realm_ledger(r, a->level == LEVEL_TENANT ? a->label : NAME_PLATFORM, ret, f);
}

bool
realm_ca_certificate(struct realm *r, const struct authority *a, struct bytes *ret, struct fault *f)
{
	struct standing s;

	return ledger_standing(realm_platform(r), a->serial, &s, f) &&
	       ledger_certificate(realm_platform(r), s.id, ret, f);
}

bool
realm_chain(struct realm *r, const uint8_t key_id[static TBS_KEY_ID_OCTETS],
    struct realm_chain *ret, struct fault *f)
{
	struct realm_chain c = { 0 };
	struct authority a = { .level = LEVEL_ENDPOINT };
	const uint8_t *next = key_id;

	while (a.level != LEVEL_ROOT && c.n < REALM_CHAIN_MAX) {
		if (!realm_authority(r, next, &a, f) ||
		    !realm_ca_certificate(r, &a, &c.der[c.n++], f)) {
			realm_chain_free(&c);
			return false;
		}
		next = a.issuer;
	}
	*ret = c;
	return true;
}

void
realm_chain_free(struct realm_chain *c)
{
	for (size_t i = 0; i < REALM_CHAIN_MAX; i++)
		bytes_free(&c->der[i]);
	c->n = 0;
}

bool
realm_chain_pem(struct realm *r, const uint8_t key_id[static TBS_KEY_ID_OCTETS], bool root,
    struct bytes *ret, struct fault *f)
{
	struct realm_chain c;
	bool ok = true;

	if (!realm_chain(r, key_id, &c, f))
		return false;
	for (size_t i = 0; ok && i < c.n - (root ? 0 : 1); i++)
		ok = cert_pem(octets_bytes(&c.der[i]), ret, f);
	realm_chain_free(&c);
	return ok;
}

bool
realm_authority_good(struct realm *r, const struct authority *a, int64_t now_s, struct fault *f)
{
	struct authority at = *a;
	struct standing s;

	for (int i = 0; i < REALM_CHAIN_MAX; i++) {
		if (!ledger_standing(realm_platform(r), at.serial, &s, f))
			return false;
		if (s.state != STANDING_GOOD || now_s > s.not_after_s)
			return fault_set(f, FAULT_DENIED, "CA %s (level %d) is %s", at.label,
			    at.level, ledger_state_word(&s, now_s));
		if (at.level == LEVEL_ROOT)
			return true;
		if (!realm_authority(r, at.issuer, &at, f))
			return false;
	}
	return fault_set(f, FAULT_INTERNAL, "chain: over four levels");
}
