/* ca/revoke.c - see revoke.h. */
#include "ca/revoke.h"

#include <string.h>

#include <openssl/evp.h>

#include "ca/cert.h"
#include "ca/feed.h"
#include "ca/holding.h"
#include "ca/intent.h"
#include "ca/meta.h"

static const struct {
	uint8_t reason;
	const char *word;
} reasons[] = {
	{ 0, "unspecified" },
	{ 1, "keyCompromise" },
	{ 2, "cACompromise" },
	{ 3, "affiliationChanged" },
	{ REASON_SUPERSEDED, "superseded" },
	{ 5, "cessationOfOperation" },
	{ REASON_HOLD, "certificateHold" },
	{ 9, "privilegeWithdrawn" },
	{ 10, "aACompromise" },
};

#define REASONS (sizeof(reasons) / sizeof(reasons[0]))

bool
revoke_reason(const char *word, uint8_t *ret)
{
	for (size_t i = 0; i < REASONS; i++)
		if (reasons[i].reason != REASON_HOLD && strcmp(word, reasons[i].word) == 0) {
			*ret = reasons[i].reason;
			return true;
		}
	return false;
}

const char *
revoke_reason_word(uint8_t reason)
{
	for (size_t i = 0; i < REASONS; i++)
		if (reasons[i].reason == reason)
			return reasons[i].word;
	return "unspecified";
}

#define CHANGES   "listed:"
#define CHANGES_N (sizeof(CHANGES) - 1)

static struct octets
changes_key(const uint8_t issuer[static TBS_KEY_ID_OCTETS],
    uint8_t to[static CHANGES_N + TBS_KEY_ID_OCTETS])
{
	memcpy(to, CHANGES, CHANGES_N);
	memcpy(to + CHANGES_N, issuer, TBS_KEY_ID_OCTETS);
	return octets_of(to, CHANGES_N + TBS_KEY_ID_OCTETS);
}

static bool
changes(enum meta_view view, struct ledger *l, const uint8_t issuer[static TBS_KEY_ID_OCTETS],
    uint64_t *ret, struct fault *f)
{
	uint8_t room[CHANGES_N + TBS_KEY_ID_OCTETS];

	return meta_number(l, view, changes_key(issuer, room), ret, f);
}

bool
revoke_changes(struct ledger *l, const uint8_t issuer[static TBS_KEY_ID_OCTETS], uint64_t *ret,
    struct fault *f)
{
	return changes(META_COMMITTED, l, issuer, ret, f);
}

struct octets
revoke_change_key(const uint8_t issuer[static TBS_KEY_ID_OCTETS], uint64_t n,
    uint8_t to[static REVOKE_CHANGE_KEY])
{
	memcpy(to, issuer, TBS_KEY_ID_OCTETS);
	to[TBS_KEY_ID_OCTETS] = REVOKE_CHANGE;
	(void)octets_u64(n, to + TBS_KEY_ID_OCTETS + 1);
	return octets_of(to, REVOKE_CHANGE_KEY);
}

static bool
note_change(struct ledger *l, const uint8_t issuer[static TBS_KEY_ID_OCTETS],
    const uint8_t serial[static TBS_SERIAL_OCTETS], struct fault *f)
{
	uint8_t count[CHANGES_N + TBS_KEY_ID_OCTETS], key[REVOKE_CHANGE_KEY], value[8];
	uint64_t n;

	if (!changes(META_ALL, l, issuer, &n, f))
		return false;
	ledger_put(l, TABLE_META, changes_key(issuer, count), octets_u64(n + 1, value));
	ledger_put(l, TABLE_CRL, revoke_change_key(issuer, n + 1, key),
	    octets_of(serial, TBS_SERIAL_OCTETS));
	return true;
}

#define LISTED_N (TBS_KEY_ID_OCTETS + TBS_SERIAL_OCTETS)

/* One CA after the other. */
static struct octets
listed_key(const uint8_t serial[static TBS_SERIAL_OCTETS], const struct standing *s,
    uint8_t to[static LISTED_N])
{
	memcpy(to, s->issuer, TBS_KEY_ID_OCTETS);
	memcpy(to + TBS_KEY_ID_OCTETS, serial, TBS_SERIAL_OCTETS);
	return octets_of(to, LISTED_N);
}

bool
revoke_list(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS],
    const struct standing *s, struct fault *f)
{
	uint8_t key[LISTED_N], value[9] = { s->reason };

	if (!note_change(l, s->issuer, serial, f) || !feed_add(l, serial, s, f))
		return false;
	(void)octets_u64((uint64_t)s->changed_s, value + 1);
	ledger_put(l, TABLE_REVOKED, listed_key(serial, s, key), octets_of(value, sizeof(value)));
	return true;
}

bool
revoke_unlist(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS],
    const struct standing *s, struct fault *f)
{
	uint8_t key[LISTED_N];

	if (!note_change(l, s->issuer, serial, f) || !feed_add(l, serial, s, f))
		return false;
	batch_remove(ledger_batch(l), TABLE_REVOKED, listed_key(serial, s, key));
	return true;
}

/* The key that a certificate names; room is its owner. */
static bool
read_key(struct ledger *l, uint64_t id, struct bytes *room, struct octets *ret, struct fault *f)
{
	struct cert c;

	bytes_clear(room);
	if (!ledger_certificate(l, id, room, f) || !cert_parse(octets_bytes(room), &c, f))
		return false;
	*ret = c.spki;
	return true;
}

/* A compromised key is known to its thief for good: no certificate may name it again. */
static bool
burn_key(struct ledger *l, const struct standing *s, struct fault *f)
{
	struct bytes room = { 0 };
	uint8_t digest[EVP_MAX_MD_SIZE];
	struct octets spki;
	bool ok = read_key(l, s->id, &room, &spki, f) &&
		  (EVP_Digest(spki.at, spki.n, digest, NULL, EVP_sha256(), NULL) == 1 ||
		      fault_crypto(f, FAULT_INTERNAL, "revoke: EVP_Digest"));

	if (ok)
		ledger_put(l, TABLE_KEY, octets_of(digest, 32), octets_text(REVOKE_KEY_BURNT));
	bytes_free(&room);
	return ok;
}

/* The new standing, its row and its entry. What was revoked before keeps the time at which it was.
 */
static bool
end(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS], struct standing *s,
    struct json *entry, int64_t now_s, struct fault *f)
{
	if (s->state != STANDING_REVOKED)
		s->changed_s = now_s;
	s->state = s->state == STANDING_PENDING ? STANDING_ABANDONED : STANDING_REVOKED;
	json_put_hex(entry, "serial", serial, TBS_SERIAL_OCTETS);
	json_put_text(entry, "reason", revoke_reason_word(s->reason));
	json_put_text(entry, "profile", s->profile);
	json_put_text(entry, "name", s->name);
	return log_append(l, entry, now_s, &s->log_index, f) &&
	       ledger_put_standing(l, serial, s, f) && revoke_list(l, serial, s, f);
}

/* One that was ended for another reason may turn out to be compromised: its key must burn then. */
static bool
may_end(const struct standing *s, uint8_t reason)
{
	return s->state == STANDING_GOOD || s->state == STANDING_HELD ||
	       (s->state == STANDING_REVOKED && reason == REASON_KEY_COMPROMISE &&
		   s->reason != REASON_KEY_COMPROMISE);
}

bool
revoke_certificate(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS], uint8_t reason,
    const struct log_context *why, int64_t now_s, uint64_t *ret_index, struct fault *f)
{
	struct standing s;
	struct fault missing;

	if (!ledger_standing(l, serial, &s, &missing)) {
		if (missing.code == FAULT_NOTFOUND)
			return fault_set(
			    f, FAULT_NOTFOUND, "certificate: no such serial in this tenant");
		*f = missing;
		return false;
	}
	if (!may_end(&s, reason))
		return fault_set(f, FAULT_CONFLICT, "certificate: it is %s already",
		    ledger_state_word(&s, now_s));
	if (reason == REASON_KEY_COMPROMISE && !burn_key(l, &s, f))
		return false;
	s.reason = reason;
	if (!end(l, serial, &s, log_entry("certificate.revoked", why), now_s, f))
		return false;
	*ret_index = s.log_index;
	return true;
}

static bool
end_namesake(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS], struct octets spki,
    const struct log_context *why, int64_t now_s, struct bytes *ret, struct fault *f)
{
	struct bytes room = { 0 };
	struct standing s;
	struct octets its;
	bool ok;

	if (!ledger_standing(l, serial, &s, f))
		return false;
	ok = read_key(l, s.id, &room, &its, f);
	if (ok && octets_same(its, spki)) {
		s.reason = REASON_KEY_COMPROMISE;
		ok = end(l, serial, &s, log_entry("certificate.revoked", why), now_s, f);
		bytes_put(ret, serial, TBS_SERIAL_OCTETS);
	}
	bytes_free(&room);
	return ok;
}

bool
revoke_same_key(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS],
    const struct log_context *why, int64_t now_s, struct bytes *ret, struct fault *f)
{
	struct standing s;
	char owner[HOLDING_OWNER_MAX];
	struct bytes room = { 0 }, all = { 0 };
	struct octets spki;
	bool ok;

	if (!ledger_standing(l, serial, &s, f))
		return false;
	holding_owner(profile_kind(s.profile), s.name, owner);
	ok = read_key(l, s.id, &room, &spki, f) && holding_list(l, owner, now_s, &all, f);
	for (size_t i = 0; ok && i < all.n; i += TBS_SERIAL_OCTETS)
		ok = end_namesake(l, all.at + i, spki, why, now_s, ret, f);
	bytes_free(&all);
	bytes_free(&room);
	return ok && bytes_ok(ret, f);
}

bool
revoke_abandoned(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS],
    const struct log_context *why, int64_t now_s, struct fault *f)
{
	struct standing s;

	if (!ledger_standing(l, serial, &s, f))
		return false;
	if (s.state != STANDING_PENDING)
		return fault_set(f, FAULT_CONFLICT, "certificate: it is %s, not pending",
		    ledger_state_word(&s, now_s));
	s.reason = REASON_UNSPECIFIED;
	return end(l, serial, &s, log_entry("certificate.abandoned", why), now_s, f) &&
	       intent_give_up(l, serial, f);
}
