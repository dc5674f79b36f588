/* ca/keyring.c - see keyring.h. */
#include "ca/keyring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "ca/claim.h"

#define BUCKETS  1024
#define WORD_MAX 160
#define RENEW_OF 3 /* renewed when less than one part in so many of its time is left */

struct held_issuer {
	struct held_issuer *next;
	struct issuer issuer;
	struct key *key;
};

struct held_delegate {
	struct held_delegate *next;
	uint8_t of[TBS_KEY_ID_OCTETS];
	char word[WORD_MAX];
	struct key *key;
	struct bytes certificate;
	struct ledger *ledger; /* that has its standing */
	uint8_t serial[TBS_SERIAL_OCTETS];
	int64_t not_before_s, not_after_s;
};

struct keyring {
	struct keyring_ground ground;
	struct held_issuer *issuer[BUCKETS];
	struct held_delegate *delegate[BUCKETS];
};

static unsigned
bucket_of(const uint8_t id[static TBS_KEY_ID_OCTETS])
{
	return ((unsigned)id[0] << 8 | id[1]) % BUCKETS; /* a hash already */
}

bool
keyring_new(const struct keyring_ground *ground, struct keyring **ret, struct fault *f)
{
	struct keyring *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return fault_set(f, FAULT_INTERNAL, "keyring: out of memory");
	k->ground = *ground;
	*ret = k;
	return true;
}

static void
free_issuer(struct held_issuer *h)
{
	bytes_free(&h->issuer.certificate);
	key_free(h->key);
	free(h);
}

static void
free_delegate(struct held_delegate *d)
{
	bytes_free(&d->certificate);
	key_free(d->key);
	free(d);
}

void
keyring_free(struct keyring *k)
{
	struct held_issuer *i;
	struct held_delegate *d;

	if (k == NULL)
		return;
	for (size_t b = 0; b < BUCKETS; b++) {
		while ((i = k->issuer[b]) != NULL) {
			k->issuer[b] = i->next;
			free_issuer(i);
		}
		while ((d = k->delegate[b]) != NULL) {
			k->delegate[b] = d->next;
			free_delegate(d);
		}
	}
	free(k);
}

const struct keyring_ground *
keyring_ground(const struct keyring *k)
{
	return &k->ground;
}

static bool
open_key(struct keyring *k, const uint8_t id[static TBS_KEY_ID_OCTETS], struct key **ret,
    struct fault *f)
{
	char path[REALM_PATH_MAX];
	struct key *key;

	if (!keyring_path(k->ground.realm, id, path, f) ||
	    !key_read(k->ground.seal, k->ground.hsm, path, &key, f))
		return false;
	if (memcmp(key_id(key), id, TBS_KEY_ID_OCTETS) != 0) {
		key_free(key);
		return fault_set(f, FAULT_BADREQ, "keyring: %s holds another key", path);
	}
	*ret = key;
	return true;
}

/* All of an issuer but its key. */
static bool
load(struct keyring *k, const uint8_t id[static TBS_KEY_ID_OCTETS], struct issuer *i,
    struct fault *f)
{
	struct realm *r = k->ground.realm;

	return realm_authority(r, id, &i->a, f) &&
	       realm_ca_certificate(r, &i->a, &i->certificate, f) &&
	       cert_parse(octets_bytes(&i->certificate), &i->facts, f) &&
	       realm_records(r, &i->a, &i->ledger, f);
}

bool
keyring_keep(struct keyring *k, struct issuer *by, struct key *key, struct fault *f)
{
	struct held_issuer *h = calloc(1, sizeof(*h));
	unsigned b = bucket_of(by->a.key_id);

	if (h == NULL) {
		key_free(key);
		bytes_free(&by->certificate);
		return fault_set(f, FAULT_INTERNAL, "keyring: out of memory");
	}
	h->issuer = *by;
	h->issuer.key = h->key = key;
	h->next = k->issuer[b];
	k->issuer[b] = h;
	return true;
}

bool
keyring_issuer(struct keyring *k, const uint8_t id[static TBS_KEY_ID_OCTETS],
    const struct issuer **ret, struct fault *f)
{
	struct issuer i = { .key = NULL };
	struct key *key = NULL;

	for (struct held_issuer *h = k->issuer[bucket_of(id)]; h != NULL; h = h->next)
		if (memcmp(h->issuer.a.key_id, id, TBS_KEY_ID_OCTETS) == 0) {
			*ret = &h->issuer;
			return true;
		}
	if (!load(k, id, &i, f)) {
		bytes_free(&i.certificate);
		return false;
	}
	if (!open_key(k, id, &key, f)) {
		if (f->code == FAULT_NOTFOUND && i.a.level != LEVEL_ROOT)
			f->code = FAULT_INTERNAL; /* no asker's mistake, and not its business */
		bytes_free(&i.certificate);
		return false;
	}
	if (!keyring_keep(k, &i, key, f))
		return false;
	*ret = &k->issuer[bucket_of(id)]->issuer;
	return true;
}

/*
 * TABLE_META: "delegate:PROFILE:CA:NAMES" -> key id, serial. Other names are another delegate, so
 * that a service whose names were changed gets a certificate that says so.
 */
static void
word_of(const struct authority *of, const struct purpose *p, char to[static WORD_MAX])
{
	char hex[TBS_KEY_ID_OCTETS * 2 + 1], names_hex[9] = "";
	struct bytes names = { 0 };
	uint8_t digest[EVP_MAX_MD_SIZE];

	for (size_t i = 0; i < p->dns_n; i++)
		bytes_put_counted_text(&names, p->dns[i]);
	for (size_t i = 0; i < p->ip_n; i++)
		bytes_put_counted(&names, p->ip[i]);
	if (names.n > 0 && EVP_Digest(names.at, names.n, digest, NULL, EVP_sha256(), NULL) == 1)
		text_hex(digest, 4, names_hex);
	bytes_free(&names);
	text_hex(of->key_id, sizeof(of->key_id), hex);
	(void)snprintf(to, WORD_MAX, "delegate:%s:%s:%s", p->profile, hex, names_hex);
}

static void
adopt(struct keyring *k, const struct authority *of, const struct purpose *p,
    struct held_delegate *d, const uint8_t serial[static TBS_SERIAL_OCTETS],
    const struct standing *s)
{
	unsigned b = bucket_of(of->key_id);

	memcpy(d->of, of->key_id, sizeof(d->of));
	word_of(of, p, d->word);
	memcpy(d->serial, serial, sizeof(d->serial));
	d->not_before_s = s->not_before_s;
	d->not_after_s = s->not_after_s;
	d->next = k->delegate[b];
	k->delegate[b] = d;
}

static struct held_delegate *
held(struct keyring *k, const struct authority *of, const struct purpose *p)
{
	char word[WORD_MAX];

	word_of(of, p, word);
	for (struct held_delegate *d = k->delegate[bucket_of(of->key_id)]; d != NULL; d = d->next)
		if (strcmp(d->word, word) == 0)
			return d;
	return NULL;
}

static void
forget(struct keyring *k, struct held_delegate *d)
{
	struct held_delegate **at = &k->delegate[bucket_of(d->of)];

	while (*at != d)
		at = &(*at)->next;
	*at = d->next;
	free_delegate(d);
}

/* What the ledger has on record. Fault FAULT_NOTFOUND: nothing, or nothing that is good. */
static bool
recall(struct keyring *k, const struct authority *of, const struct purpose *p, struct fault *f)
{
	char word[WORD_MAX];
	struct ledger *l;
	struct bytes row = { 0 };
	struct held_delegate *d = calloc(1, sizeof(*d));
	struct standing s;
	bool ok = false;

	word_of(of, p, word);
	if (d == NULL) {
		fault_set(f, FAULT_INTERNAL, "keyring: out of memory");
		goto out;
	}
	if (!realm_records(k->ground.realm, of, &l, f) ||
	    !ledger_get(l, TABLE_META, octets_text(word), &row, f))
		goto out;
	if (row.n != TBS_KEY_ID_OCTETS + TBS_SERIAL_OCTETS) {
		fault_set(f, FAULT_INTERNAL, "keyring: a delegate's row that cannot be read");
		goto out;
	}
	if (!ledger_standing(l, row.at + TBS_KEY_ID_OCTETS, &s, f) ||
	    !ledger_certificate(l, s.id, &d->certificate, f) || !open_key(k, row.at, &d->key, f))
		goto out;
	if (s.state != STANDING_GOOD) {
		fault_set(f, FAULT_NOTFOUND, "keyring: the %s is revoked", p->profile);
		goto out;
	}
	d->ledger = l;
	adopt(k, of, p, d, row.at + TBS_KEY_ID_OCTETS, &s);
	d = NULL;
	ok = true;
out:
	if (d != NULL)
		free_delegate(d);
	bytes_free(&row);
	return ok;
}

static bool
certify(struct keyring *k, const struct issuer *by, const struct purpose *p, const struct key *key,
    int64_t now_s, struct ticket **ret, struct fault *f)
{
	struct endpoint e;
	struct provenance from = {
		.how = "service", .at_s = now_s, .assurance = ASSURANCE_CEREMONY
	};
	const struct profile *profile = profile_find(p->profile);
	struct wish w = {
		.profile = profile,
		.org =
		    by->a.level == LEVEL_TENANT ? by->a.label : realm_space(k->ground.realm)->org,
		.unit = p->profile,
		.common = p->name,
		.endpoint = profile->named ? &e : NULL,
		.spki = key_spki(key),
		.dns_n = p->dns_n,
		.ip_n = p->ip_n,
		.provenance = &from,
		.public_url = k->ground.public_url,
		.space = realm_space(k->ground.realm),
	};

	(void)snprintf(from.enroller, sizeof(from.enroller), "%s", k->ground.why->by);
	(void)snprintf(e.tenant, sizeof(e.tenant), "%s", by->a.label);
	(void)snprintf(e.kind, sizeof(e.kind), "%s", profile->kind);
	(void)snprintf(e.name, sizeof(e.name), "%s", p->name);
	memcpy(w.dns, p->dns, sizeof(w.dns));
	memcpy(w.ip, p->ip, sizeof(w.ip));
	return issue_now(by, &w, k->ground.journal, k->ground.why, now_s, ret, f);
}

/* The row that recall() reads, and one that stays when a later delegate takes its place:
 * "key:CA:KEY" -> serial, then the word; ca/inventory.c reads it. */
static void
remember(
    const struct issuer *by, const struct purpose *p, const struct key *key, const struct ticket *t)
{
	char word[WORD_MAX], past[WORD_MAX], ca[TBS_KEY_ID_OCTETS * 2 + 1], hex[sizeof(ca)];
	uint8_t row[TBS_KEY_ID_OCTETS + TBS_SERIAL_OCTETS];
	struct bytes told = { 0 };

	word_of(&by->a, p, word);
	memcpy(row, key_id(key), TBS_KEY_ID_OCTETS);
	memcpy(row + TBS_KEY_ID_OCTETS, ticket_serial(t), TBS_SERIAL_OCTETS);
	ledger_put(by->ledger, TABLE_META, octets_text(word), octets_of(row, sizeof(row)));
	text_hex(by->a.key_id, sizeof(by->a.key_id), ca);
	text_hex(key_id(key), TBS_KEY_ID_OCTETS, hex);
	(void)snprintf(past, sizeof(past), "key:%s:%s", ca, hex);
	bytes_put(&told, ticket_serial(t), TBS_SERIAL_OCTETS);
	bytes_put_text(&told, word);
	ledger_put(by->ledger, TABLE_META, octets_text(past), octets_bytes(&told));
	bytes_free(&told);
}

static bool
make(struct keyring *k, const struct authority *of, const struct purpose *p, int64_t now_s,
    struct fault *f)
{
	const struct issuer *by = NULL;
	struct ledger_mark mark = { 0, 0 };
	enum keyring_use use =
	    strncmp(p->profile, "responder", 9) == 0 ? KEYRING_RESPONDER : KEYRING_OTHER;
	struct held_delegate *d = calloc(1, sizeof(*d));
	struct ticket *t = NULL;
	struct standing s;
	struct octets der;
	bool ok = false;

	if (d == NULL) {
		fault_set(f, FAULT_INTERNAL, "keyring: out of memory");
		goto out;
	}
	if (!keyring_issuer(k, of->key_id, &by, f))
		goto out;
	mark = ledger_mark(by->ledger);
	if (!keyring_new_key(k, use, p->kind, of->label, NULL, &d->key, f) ||
	    !certify(k, by, p, d->key, now_s, &t, f))
		goto out;
	remember(by, p, d->key, t);
	claim_ours(k->ground.realm, key_spki(d->key), by->a.label, p->profile);
	der = ticket_certificate(t);
	bytes_put_octets(&d->certificate, der);
	if (!bytes_ok(&d->certificate, f) || !ledger_commit(by->ledger, f) ||
	    !ledger_standing(by->ledger, ticket_serial(t), &s, f))
		goto out;
	d->ledger = by->ledger;
	adopt(k, of, p, d, ticket_serial(t), &s);
	d = NULL;
	ok = true;
out:
	if (!ok && by != NULL)
		ledger_undo(by->ledger, mark);
	ticket_free(t);
	if (d != NULL)
		free_delegate(d);
	return ok;
}

/* A held one may have been revoked since; one from the future is a wrong clock's; one near its end
 * is due. */
static bool
holds(struct held_delegate *d)
{
	struct standing s;
	struct fault f;

	return ledger_standing(d->ledger, d->serial, &s, &f) && s.state == STANDING_GOOD;
}

static bool
is_due(const struct held_delegate *d, int64_t now_s)
{
	return now_s < d->not_before_s ||
	       d->not_after_s - now_s < (d->not_after_s - d->not_before_s) / RENEW_OF;
}

bool
keyring_delegate(struct keyring *k, const struct authority *of, const struct purpose *p,
    int64_t now_s, struct delegate *ret, struct fault *f)
{
	struct held_delegate *d = held(k, of, p);
	struct fault why;

	if (d != NULL && !holds(d)) {
		forget(k, d);
		d = NULL;
	}
	if (d == NULL && recall(k, of, p, &why))
		d = held(k, of, p);
	if (d == NULL || is_due(d, now_s)) {
		if (make(k, of, p, now_s, &why)) {
			if (d != NULL)
				forget(k, d);
			d = held(k, of, p);
		} else if (d == NULL || now_s > d->not_after_s || now_s < d->not_before_s) {
			*f = why;
			return false;
		}
	}
	*ret = (struct delegate){ d->key, octets_bytes(&d->certificate), d->not_after_s };
	return true;
}

bool
keyring_certificate(struct realm *r, const struct authority *of, const struct purpose *p,
    struct bytes *ret, struct fault *f)
{
	char word[WORD_MAX];
	struct bytes row = { 0 };
	struct standing s;
	struct ledger *l;
	bool ok = false;

	word_of(of, p, word);
	if (!realm_records(r, of, &l, f) || !ledger_get(l, TABLE_META, octets_text(word), &row, f))
		goto out;
	if (row.n != TBS_KEY_ID_OCTETS + TBS_SERIAL_OCTETS) {
		fault_set(f, FAULT_INTERNAL, "keyring: a delegate's row that cannot be read");
		goto out;
	}
	if (!ledger_standing(l, row.at + TBS_KEY_ID_OCTETS, &s, f))
		goto out;
	if (s.state != STANDING_GOOD)
		fault_set(f, FAULT_NOTFOUND, "keyring: the %s is revoked", p->profile);
	else
		ok = ledger_certificate(l, s.id, ret, f);
out:
	bytes_free(&row);
	return ok;
}

void
keyring_drop(struct keyring *k, const struct ledger *l)
{
	for (size_t b = 0; b < BUCKETS; b++) {
		for (struct held_issuer **at = &k->issuer[b], *h; (h = *at) != NULL;) {
			if (h->issuer.ledger == l) {
				*at = h->next;
				free_issuer(h);
			} else {
				at = &h->next;
			}
		}
		for (struct held_delegate **at = &k->delegate[b], *h; (h = *at) != NULL;) {
			if (h->ledger == l) {
				*at = h->next;
				free_delegate(h);
			} else {
				at = &h->next;
			}
		}
	}
}
