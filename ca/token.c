/* ca/token.c - see token.h. */
#include "ca/token.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#define EDITION       2
#define EDITION_FIRST 1 /* without profile and log index: one profile a kind then */
#define SECRET_OCTETS 16

void
token_id(const struct token *t, char to[static TOKEN_ID_LETTERS + 1])
{
	text_hex(t->hash, TOKEN_ID_LETTERS / 2, to);
}

const char *
token_state_word(const struct token *t, int64_t now_s)
{
	if (t->state == TOKEN_USED)
		return "used";
	if (t->state == TOKEN_REVOKED)
		return "revoked";
	if (t->state == TOKEN_WAITING)
		return "waiting";
	return now_s > t->expires_s ? "expired" : "unused";
}

bool
token_read(const char *tenant, struct octets key, struct octets value, struct token *ret)
{
	struct reader r = reader_of(value);
	struct token t = { 0 };
	uint8_t edition = reader_u8(&r);

	if (key.n != sizeof(t.hash) || (edition != EDITION && edition != EDITION_FIRST))
		return false;
	memcpy(t.hash, key.at, key.n);
	t.state = (enum token_state)reader_u8(&r);
	t.created_s = (int64_t)reader_u64(&r);
	t.expires_s = (int64_t)reader_u64(&r);
	reader_copy(&r, t.serial, sizeof(t.serial));
	reader_counted_text(&r, t.device.kind, sizeof(t.device.kind));
	reader_counted_text(&r, t.device.name, sizeof(t.device.name));
	reader_counted_text(&r, t.creator, sizeof(t.creator));
	if (edition == EDITION_FIRST) {
		memcpy(t.profile, t.device.kind, sizeof(t.profile));
	} else {
		reader_counted_text(&r, t.profile, sizeof(t.profile));
		t.log_index = reader_u64(&r);
		t.approved = reader_u8(&r) == 1;
	}
	if (!reader_done(&r))
		return false;
	(void)snprintf(t.device.tenant, sizeof(t.device.tenant), "%s", tenant);
	*ret = t;
	return true;
}

bool
token_secret(struct secret *ret, struct fault *f)
{
	struct secret random = { 0 }, text = { 0 };

	if (!secret_random(SECRET_OCTETS, &random, f))
		return false;
	if (!secret_new(TOKEN_SECRET_LETTERS + 1, &text, f)) {
		secret_free(&random);
		return false;
	}
	text_base32(random.at, random.n, (char *)text.at);
	secret_free(&random);
	*ret = text;
	return true;
}

bool
token_tenant(struct octets text, struct octets *ret)
{
	const uint8_t *dot;

	for (unsigned i = 0; i < 2; i++) {
		if (text.n == 0 || (dot = memchr(text.at, '.', text.n)) == NULL)
			return false;
		text = octets_of(dot + 1, text.n - (size_t)(dot + 1 - text.at));
	}
	if (text.n == 0 || (dot = memchr(text.at, '.', text.n)) == NULL || dot == text.at)
		return false;
	*ret = octets_of(text.at, (size_t)(dot - text.at));
	return true;
}

/* People type lower case too; base32 has no letter that the other case would change. */
void
token_hash(const struct secret *key, struct octets text, uint8_t to[static TOKEN_HASH_OCTETS])
{
	crypto_generichash_state h;
	uint8_t letter;

	(void)crypto_generichash_init(&h, key->at, key->n, TOKEN_HASH_OCTETS);
	for (size_t i = 0; i < text.n && text.at[i] != '.'; i++) {
		letter = (uint8_t)toupper(text.at[i]);
		(void)crypto_generichash_update(&h, &letter, 1);
	}
	(void)crypto_generichash_final(&h, to, TOKEN_HASH_OCTETS);
	secret_wipe(&h, sizeof(h));
}

bool
token_put(struct ledger *l, const struct token *t, struct fault *f)
{
	struct bytes b = { 0 };
	bool ok;

	bytes_put_u8(&b, EDITION);
	bytes_put_u8(&b, (uint8_t)t->state);
	bytes_put_u64(&b, (uint64_t)t->created_s);
	bytes_put_u64(&b, (uint64_t)t->expires_s);
	bytes_put(&b, t->serial, sizeof(t->serial));
	bytes_put_counted_text(&b, t->device.kind);
	bytes_put_counted_text(&b, t->device.name);
	bytes_put_counted_text(&b, t->creator);
	bytes_put_counted_text(&b, t->profile);
	bytes_put_u64(&b, t->log_index);
	bytes_put_u8(&b, t->approved ? 1 : 0);
	if ((ok = bytes_ok(&b, f)))
		ledger_put(l, TABLE_TOKEN, octets_of(t->hash, sizeof(t->hash)), octets_bytes(&b));
	bytes_free(&b);
	return ok;
}

static bool
get(struct ledger *l, const uint8_t hash[static TOKEN_HASH_OCTETS], struct token *ret,
    struct fault *f)
{
	struct octets key = octets_of(hash, TOKEN_HASH_OCTETS);
	struct bytes b = { 0 };
	bool ok = false;

	if (!ledger_get(l, TABLE_TOKEN, key, &b, f))
		goto out;
	if (!token_read(ledger_tenant(l), key, octets_bytes(&b), ret)) {
		fault_set(f, FAULT_INTERNAL, "token: a row that cannot be read");
		goto out;
	}
	ok = true;
out:
	bytes_free(&b);
	return ok;
}

bool
token_check(struct ledger *l, const uint8_t hash[static TOKEN_HASH_OCTETS], const char *name,
    int64_t now_s, struct token *ret, struct fault *f)
{
	struct token t;
	struct fault why;
	char id[TOKEN_ID_LETTERS + 1];

	if (!get(l, hash, &t, &why)) {
		if (why.code == FAULT_NOTFOUND)
			return fault_set(f, FAULT_AUTH, "token: RFC 7030 section 3.2.3: unknown");
		*f = why;
		return false;
	}
	token_id(&t, id);
	if (t.state != TOKEN_WAITING && (t.state != TOKEN_UNUSED || now_s > t.expires_s))
		return fault_set(f, FAULT_AUTH, "token: RFC 7030 section 3.2.3: %s is %s", id,
		    token_state_word(&t, now_s));
	if (strcmp(t.device.name, name) != 0)
		return fault_set(
		    f, FAULT_AUTH, "token: RFC 7030 section 3.2.3: %s is for another device", id);
	*ret = t;
	return true;
}

bool
token_spent(struct ledger *l, const uint8_t hash[static TOKEN_HASH_OCTETS], const char *name,
    struct token *ret, struct fault *f)
{
	struct token t;

	if (!get(l, hash, &t, f))
		return f->code == FAULT_NOTFOUND ? fault_set(f, FAULT_AUTH, "token: unknown")
						 : false;
	if (t.state != TOKEN_USED || strcmp(t.device.name, name) != 0)
		return fault_set(f, FAULT_AUTH, "token: not used by this device");
	*ret = t;
	return true;
}

struct search {
	struct ledger *ledger;
	struct octets prefix;
	struct token found;
	bool any;
};

static bool
same_id(void *with, struct octets key, struct octets value)
{
	struct search *s = with;

	s->any = key.n >= s->prefix.n && octets_same(octets_of(key.at, s->prefix.n), s->prefix) &&
		 token_read(ledger_tenant(s->ledger), key, value, &s->found);
	return false;
}

bool
token_find(struct ledger *l, const char *id, struct token *ret, struct fault *f)
{
	uint8_t prefix[TOKEN_ID_LETTERS / 2] = { 0 };
	struct search s = { .ledger = l, .prefix = octets_of(prefix, sizeof(prefix)) };

	if (!text_unhex(id, prefix, sizeof(prefix)))
		return fault_set(
		    f, FAULT_NOTFOUND, "token: an id is %d hex digits", TOKEN_ID_LETTERS);
	if (!store_scan(ledger_store(l), TABLE_TOKEN, s.prefix, 1, same_id, &s, f))
		return false;
	if (!s.any)
		return fault_set(f, FAULT_NOTFOUND, "token: there is none with this id");
	return get(l, s.found.hash, ret, f); /* again, through the batch */
}

struct used {
	struct ledger *ledger;
	struct bytes hashes;
};

static bool
collect_used(void *with, struct octets key, struct octets value)
{
	struct used *u = with;
	struct token t;

	if (token_read(ledger_tenant(u->ledger), key, value, &t) && t.state == TOKEN_USED)
		bytes_put(&u->hashes, t.hash, sizeof(t.hash));
	return true;
}

bool
token_release(struct ledger *l, struct fault *f)
{
	struct used u = { .ledger = l };
	struct token t;
	struct standing s;
	bool ok = false;

	if (!store_scan(
		ledger_store(l), TABLE_TOKEN, octets_of(NULL, 0), SIZE_MAX, collect_used, &u, f) ||
	    !bytes_ok(&u.hashes, f))
		goto out;
	for (size_t at = 0; at < u.hashes.n; at += TOKEN_HASH_OCTETS) {
		if (!get(l, u.hashes.at + at, &t, f) || !ledger_standing(l, t.serial, &s, f))
			goto out;
		if (s.state != STANDING_ABANDONED)
			continue;
		t.state = TOKEN_UNUSED;
		if (!token_put(l, &t, f))
			goto out;
	}
	ok = true;
out:
	bytes_free(&u.hashes);
	return ok;
}
