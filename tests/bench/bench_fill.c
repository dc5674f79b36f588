/*
 * tests/bench/bench_fill.c - a ledger with a past: certificates and tenants, before a clock starts.
 *
 * bench_fill --data DIR --url URL [--tenant T --certificates N] [--prefix P --tenants N]
 *
 * The service of DIR (sealed with its key-file) must not run. Certificates are
 * whole DER with keys, serials and names of their own, in each row that an
 * issued one has, told by a line of the log each, in large commits; but all bear
 * the same signature, which belongs to none of them, nobody's journal knows
 * them, and they were never intended. Tenants are made as the service makes
 * them. Their syncs are left out (see below): what is measured later reads it,
 * and never asks how it came to the disk.
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <openssl/ec.h>

#include "base/clock.h"
#include "ca/found.h"
#include "ca/oid.h"
#include "ca/profile_set.h"
#include "tests/bench/job.h"

#define COUNT_MAX    10000000
#define COMMIT_EACH  5000 /* certificates */
#define PATH_ROOM    512
#define POINT_OCTETS 64
#define SPKI_OCTETS  91

struct fill {
	const char *data, *url, *tenant, *prefix;
	long certificates, tenants;
	struct seal *seal;
	struct realm *realm;
	struct keyring *keys;
	struct journal journal;
	struct log_context why;
	int64_t now_s;
	/* a certificate's */
	EC_GROUP *group;
	EC_POINT *point;
	struct bytes signature;
};

/* The program's own, in place of libc's: a million rows with a sync each would measure the disk.
 * main() asks for one of all at its end. */
int
fdatasync(int fd)
{
	(void)fd;
	return 0;
}

int
fsync(int fd)
{
	(void)fd;
	return 0;
}

/* LMDB writes its last page through a descriptor that syncs by itself. */
int
open(const char *path, int flags, ...)
{
	unsigned mode = 0;
	va_list args;

	va_start(args, flags);
	if ((flags & (O_CREAT | O_TMPFILE)) != 0)
		mode = va_arg(args, unsigned);
	va_end(args);
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags & ~O_SYNC, mode);
}

static bool
open_seal(struct fill *b, struct fault *f)
{
	struct secret passphrase;
	char path[PATH_ROOM];
	bool ok;

	if (snprintf(path, sizeof(path), "%s/master.key", b->data) >= (int)sizeof(path))
		return fault_set(f, FAULT_LIMIT, "fill: %s is too long", b->data);
	if (!secret_start(f) || !secret_read_line(path, &passphrase, f))
		return false;
	ok = seal_new(&passphrase, SEAL_RANDOM, &b->seal, f);
	secret_free(&passphrase);
	return ok;
}

static bool
open_all(struct fill *b, struct fault *f)
{
	struct keyring_ground ground;
	char path[PATH_ROOM];

	if (snprintf(path, sizeof(path), "%s/journal", b->data) >= (int)sizeof(path))
		return fault_set(f, FAULT_LIMIT, "fill: %s is too long", b->data);
	if (!profile_load_builtin(f) || !open_seal(b, f) ||
	    !realm_open(b->data, STORE_WRITE, &b->realm, f) || !journal_open(path, &b->journal, f))
		return false;
	ground = (struct keyring_ground){ .realm = b->realm,
		.seal = b->seal,
		.journal = &b->journal,
		.public_url = b->url,
		.why = &b->why };
	return keyring_new(&ground, &b->keys, f);
}

/* Of a key that nobody keeps, over nothing. */
static bool
sign_once(struct fill *b, struct fault *f)
{
	struct key *key;
	bool ok;

	if (!key_new(KEY_P256, &key, f))
		return false;
	ok = key_sign(key, octets_text("fill"), &b->signature, f);
	key_free(key);
	if (ok && ((b->group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1)) == NULL ||
		      (b->point = EC_POINT_new(b->group)) == NULL ||
		      EC_POINT_copy(b->point, EC_GROUP_get0_generator(b->group)) != 1))
		return fault_crypto(f, FAULT_INTERNAL, "fill: no curve");
	return ok;
}

/* Public keys in a row, a generator apart: points of the curve, and no two alike. */
static bool
next_key(struct fill *b, uint8_t to[static SPKI_OCTETS], struct fault *f)
{
	const struct octets prefix = oid_spki_p256_prefix;

	memcpy(to, prefix.at, prefix.n);
	if (EC_POINT_add(b->group, b->point, b->point, EC_GROUP_get0_generator(b->group), NULL) !=
		1 ||
	    EC_POINT_point2oct(b->group, b->point, POINT_CONVERSION_UNCOMPRESSED,
		to + SPKI_OCTETS - POINT_OCTETS - 1, POINT_OCTETS + 1, NULL) != POINT_OCTETS + 1)
		return fault_crypto(f, FAULT_INTERNAL, "fill: no key");
	return true;
}

struct made {
	struct standing standing;
	struct endpoint device;
	uint8_t serial[TBS_SERIAL_OCTETS];
	uint8_t spki[SPKI_OCTETS], key[32], profile[PROFILE_DIGEST_OCTETS];
	struct bytes tbs, der;
};

static bool
certify(struct fill *b, const struct issuer *by, const struct profile *p, struct made *m,
    struct fault *f)
{
	char uri[NAME_URI_MAX], dns[TEXT_HOST_MAX];
	const struct provenance from = { .enroller = "operator:fill",
		.how = "token",
		.evidence = "00112233",
		.at_s = b->now_s,
		.assurance = ASSURANCE_TOKEN };
	struct tbs t = { .profile = p,
		.issuer = by->facts.subject,
		.issuer_key_id = octets_of(by->a.key_id, TBS_KEY_ID_OCTETS),
		.org = b->tenant,
		.unit = m->device.kind,
		.common = m->device.name,
		.spki = octets_of(m->spki, SPKI_OCTETS),
		.not_before_s = b->now_s,
		.not_after_s = profile_not_after(p, b->now_s, by->a.not_after_s),
		.uri = uri,
		.dns_n = 1,
		.dns = { dns },
		.public_url = b->url,
		.provenance = &from };

	name_uri(realm_space(b->realm), &m->device, uri);
	name_dns(realm_space(b->realm), &m->device, dns);
	secret_nonce(m->serial, sizeof(m->serial));
	m->serial[0] = (uint8_t)((m->serial[0] & 0x3f) | 0x40);
	memcpy(t.serial, m->serial, sizeof(t.serial));
	m->standing = (struct standing){ .state = STANDING_GOOD,
		.not_before_s = t.not_before_s,
		.not_after_s = t.not_after_s,
		.changed_s = b->now_s,
		.assurance = from.assurance,
		.how = "token",
		.enroller = "operator:fill" };
	memcpy(m->standing.issuer, by->a.key_id, sizeof(m->standing.issuer));
	(void)snprintf(m->standing.profile, TEXT_LABEL_MAX, "%s", p->name);
	(void)snprintf(m->standing.name, TEXT_LABEL_MAX, "%s", m->device.name);
	return tbs_encode(&t, &m->tbs, f) &&
	       tbs_seal(octets_bytes(&m->tbs), octets_bytes(&b->signature), &m->der, f) &&
	       issue_key_digest(t.spki, m->key, f) && profile_digest(p, m->profile, f);
}

/* The line that an issued one has, field for field. */
static bool
tell(struct fill *b, const struct issuer *by, const char *owner, struct made *m, struct fault *f)
{
	struct json *j = log_entry("certificate.issued", &b->why);
	uint8_t digest[LOG_HASH_OCTETS];

	if (EVP_Digest(m->der.at, m->der.n, digest, NULL, EVP_sha256(), NULL) != 1) {
		json_free(j);
		return fault_crypto(f, FAULT_INTERNAL, "fill: EVP_Digest");
	}
	json_put_hex(j, "serial", m->serial, sizeof(m->serial));
	json_put_hex(j, "issuer", by->a.key_id, sizeof(by->a.key_id));
	json_put_hex(j, "certificate", digest, sizeof(digest));
	json_put_hex(j, "key", m->key, sizeof(m->key));
	json_put_hex(j, "profile_digest", m->profile, sizeof(m->profile));
	json_put_text(j, "profile", m->standing.profile);
	json_put_text(j, "name", owner);
	json_put_text(j, "how", m->standing.how);
	json_put_number(j, "assurance", m->standing.assurance);
	json_put_time(j, "not_before", m->standing.not_before_s);
	json_put_time(j, "not_after", m->standing.not_after_s);
	return log_append(by->ledger, j, b->now_s, &m->standing.log_index, f);
}

static bool
record(struct fill *b, const struct issuer *by, struct made *m, struct fault *f)
{
	char owner[TEXT_LABEL_MAX * 2], holder[TEXT_LABEL_MAX * 3];
	struct ledger *l = by->ledger;
	uint8_t key[8];

	(void)snprintf(owner, sizeof(owner), "%s/%s", m->device.kind, m->device.name);
	(void)snprintf(holder, sizeof(holder), "%s/%s", b->tenant, owner);
	if (!tell(b, by, owner, m, f) || !ledger_next_id(l, &m->standing.id, f))
		return false;
	m->standing.issued_index = m->standing.log_index;
	ledger_put(l, TABLE_CERT, octets_u64(m->standing.id, key), octets_bytes(&m->der));
	ledger_put(l, TABLE_ENDPOINT, octets_text(owner), octets_of(m->serial, sizeof(m->serial)));
	ledger_put(l, TABLE_KEY, octets_of(m->key, sizeof(m->key)), octets_text(owner));
	ledger_put(realm_platform(b->realm), TABLE_KEY, octets_of(m->key, sizeof(m->key)),
	    octets_text(holder));
	return ledger_add_standing(l, m->serial, &m->standing, f);
}

static bool
one(struct fill *b, const struct issuer *by, const struct profile *p, long i, struct fault *f)
{
	struct made m = { .der = { 0 } };
	bool ok;

	(void)snprintf(m.device.tenant, TEXT_LABEL_MAX, "%s", b->tenant);
	(void)snprintf(m.device.kind, TEXT_LABEL_MAX, "printer");
	(void)snprintf(m.device.name, TEXT_LABEL_MAX, "fill-%ld", i);
	ok = next_key(b, m.spki, f) && certify(b, by, p, &m, f) && record(b, by, &m, f);
	bytes_free(&m.tbs);
	bytes_free(&m.der);
	return ok;
}

static bool
certificates(struct fill *b, struct fault *f)
{
	const struct profile *p = profile_find("printer");
	const struct issuer *by;
	struct tenant t;

	if (p == NULL)
		return fault_set(f, FAULT_NOTFOUND, "fill: no profile of printers");
	if (!sign_once(b, f) || !realm_tenant(b->realm, b->tenant, &t, f) ||
	    !keyring_issuer(b->keys, t.key_id, &by, f))
		return false;
	for (long i = 0; i < b->certificates; i++) {
		if (!one(b, by, p, i, f))
			return false;
		if ((i + 1) % COMMIT_EACH == 0 || i + 1 == b->certificates)
			if (!ledger_commit(by->ledger, f) ||
			    !ledger_commit(realm_platform(b->realm), f))
				return false;
	}
	return true;
}

static bool
tenants(struct fill *b, struct fault *f)
{
	const struct issuer *region, *made;
	struct authority a;
	struct tenant platform;
	uint64_t index;

	if (!realm_tenant(b->realm, NAME_PLATFORM, &platform, f) ||
	    !realm_authority(b->realm, platform.key_id, &a, f) ||
	    !keyring_issuer(b->keys, a.issuer, &region, f))
		return false;
	for (long i = 0; i < b->tenants; i++) {
		char name[TEXT_LABEL_MAX];
		const struct found_tenant t = { .name = name, .mode = CONSTRAINTS_STRICT };

		(void)snprintf(name, sizeof(name), "%s%ld", b->prefix, i);
		if (!found_tenant(b->keys, region, &t, &b->why, b->now_s, &made, &index, f))
			return false;
		/* Its store is closed again: a thousand that are open are too many for us. */
		keyring_drop(b->keys, made->ledger);
		realm_drop(b->realm, name);
	}
	return true;
}

static bool
read_options(int argc, char **argv, struct fill *b, struct fault *f)
{
	static const struct option options[] = {
		{ "data", required_argument, NULL, 'd' },
		{ "url", required_argument, NULL, 'u' },
		{ "tenant", required_argument, NULL, 't' },
		{ "certificates", required_argument, NULL, 'c' },
		{ "prefix", required_argument, NULL, 'p' },
		{ "tenants", required_argument, NULL, 'n' },
		{ 0 },
	};
	int c;
	bool ok = true;

	while (ok && (c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'd':
			b->data = optarg;
			break;
		case 'u':
			b->url = optarg;
			break;
		case 't':
			b->tenant = optarg;
			break;
		case 'p':
			b->prefix = optarg;
			break;
		case 'c':
			ok = job_number(optarg, 1, COUNT_MAX, &b->certificates, f);
			break;
		case 'n':
			ok = job_number(optarg, 1, COUNT_MAX, &b->tenants, f);
			break;
		default:
			return fault_set(f, FAULT_BADREQ, "an option that is not known");
		}
	}
	if (ok &&
	    (b->data == NULL || b->url == NULL || (b->tenant == NULL) != (b->certificates == 0) ||
		(b->prefix == NULL) != (b->tenants == 0)))
		return fault_set(f, FAULT_BADREQ,
		    "expected --data and --url, --tenant with --certificates, --prefix with --tenants");
	return ok;
}

int
main(int argc, char **argv)
{
	struct fill b = { .journal = { .fd = -1 },
		.why = { .by = "operator:fill", .from = "192.0.2.1:4711", .rule = "may-enrol" } };
	struct fault f;
	bool ok;

	b.now_s = clock_now_s();
	ok = read_options(argc, argv, &b, &f) && open_all(&b, &f) &&
	     (b.certificates == 0 || certificates(&b, &f)) && (b.tenants == 0 || tenants(&b, &f));
	if (!ok)
		(void)fprintf(stderr, "bench_fill: %s\n", f.text);
	keyring_free(b.keys);
	realm_close(b.realm);
	journal_close(&b.journal);
	seal_free(b.seal);
	bytes_free(&b.signature);
	EC_POINT_free(b.point);
	EC_GROUP_free(b.group);
	sync();
	return ok ? 0 : 1;
}
