/* ca/inventory.c - see inventory.h. */
#include "ca/inventory.h"

#include <stdio.h>
#include <string.h>

#include "ca/key_file.h"
#include "ca/level.h"

#define WORD_MAX 160

struct survey {
	struct keyring *keys;
	const struct authority *a;
	struct ledger *records;
	int64_t now_s;
	bool offline; /* the CA's own key was put elsewhere at the ceremony */
	bool current; /* no other CA of its label took its place */
	inventory_visit *visit;
	void *with;
	bool enough;
};

/* Rows of TABLE_META, gathered in one scan, since telling them reads the store again. */
struct rows {
	struct octets prefix;
	struct bytes all; /* key and value, counted */
	size_t n, max;
};

static const char *const level_words[] = {
	[LEVEL_ROOT] = "root",
	[LEVEL_REGION] = "region",
	[LEVEL_TENANT] = "tenant",
};

static const struct {
	const char *profile, *kind;
} kinds[] = {
	{ "responder", "responder" },
	{ "responder-offline", "responder" },
	{ "log", "log" },
	{ "release", "release" },
	{ "cosigner", "cosigner" },
	{ "service", "service" },
};

const char *
inventory_where_word(enum inventory_where where)
{
	static const char *const words[] = {
		[INVENTORY_FILE] = "file",
		[INVENTORY_TOKEN] = "token",
		[INVENTORY_OFFLINE] = "offline",
		[INVENTORY_MISSING] = "missing",
	};

	return words[where];
}

/* A file that is there is believed to be what it says; a token is asked. */
static bool
locate(const struct survey *s, struct inventory_key *key, struct fault *f)
{
	const struct keyring_ground *g = keyring_ground(s->keys);
	char path[REALM_PATH_MAX];
	struct key_uri uri;
	struct fault why;
	bool is_uri;

	if (!keyring_path(g->realm, key->id, path, f))
		return false;
	key->where = INVENTORY_MISSING;
	if (!key_file_read_uri(path, &is_uri, &uri, &why))
		return why.code == FAULT_NOTFOUND || why.code == FAULT_BADREQ ||
		       fault_set(f, why.code, "%s", why.text);
	if (!is_uri) {
		key->where = INVENTORY_FILE;
		return true;
	}
	memcpy(key->token, uri.token, sizeof(key->token));
	if (g->hsm != NULL && strcmp(hsm_token(g->hsm), uri.token) == 0 &&
	    hsm_has(g->hsm, uri.id, &why))
		key->where = INVENTORY_TOKEN;
	return true;
}

static bool
tell(struct survey *s, struct inventory_key *key, struct fault *f)
{
	if (!locate(s, key, f))
		return false;
	key->of = s->a->label;
	s->enough = !s->visit(s->with, key);
	return true;
}

/* Of several CAs of one label the newest signs; the others are kept for what they signed. */
static bool
is_current(const struct survey *s)
{
	struct realm *r = keyring_ground(s->keys)->realm;
	const struct authority *a = s->a;
	struct authority region;
	struct tenant t;
	struct fault f;

	switch (a->level) {
	case LEVEL_REGION:
		return level_region(r, &region, &f) &&
		       memcmp(region.key_id, a->key_id, sizeof(a->key_id)) == 0;
	case LEVEL_TENANT:
		return realm_tenant(r, a->label, &t, &f) &&
		       memcmp(t.key_id, a->key_id, sizeof(a->key_id)) == 0;
	default:
		return true;
	}
}

static const char *
state_of(const struct standing *st, bool current, int64_t now_s)
{
	const char *word = ledger_state_word(st, now_s);

	if (strcmp(word, "good") != 0)
		return word;
	return current ? "in use" : "superseded";
}

static bool
tell_own(struct survey *s, struct fault *f)
{
	struct realm *r = keyring_ground(s->keys)->realm;
	struct inventory_key key = { .kind = level_words[s->a->level] };
	struct standing st;

	if (!ledger_standing(realm_platform(r), s->a->serial, &st, f))
		return false;
	memcpy(key.id, s->a->key_id, sizeof(key.id));
	key.since_s = st.not_before_s;
	key.until_s = st.not_after_s;
	key.state = state_of(&st, s->current, s->now_s);
	/* The CRL and the responders of a CA that was rolled over are still its own to sign. */
	key.online = !s->offline && st.state != STANDING_REVOKED && s->now_s <= st.not_after_s;
	if (!locate(s, &key, f))
		return false;
	if (key.where == INVENTORY_MISSING && s->offline)
		key.where = INVENTORY_OFFLINE;
	key.of = s->a->label;
	s->enough = !s->visit(s->with, &key);
	return true;
}

static bool
gather(void *with, struct octets key, struct octets value)
{
	struct rows *r = with;

	if (key.n < r->prefix.n || memcmp(key.at, r->prefix.at, r->prefix.n) != 0)
		return false;
	bytes_put_counted(&r->all, key);
	bytes_put_counted(&r->all, value);
	return ++r->n < r->max;
}

/* "delegate:PROFILE:CA:NAMES": is it one of this CA, and of what kind? NULL: no. */
static const char *
kind_of(const struct survey *s, struct octets word)
{
	char prefix[WORD_MAX], hex[TBS_KEY_ID_OCTETS * 2 + 1];

	text_hex(s->a->key_id, sizeof(s->a->key_id), hex);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int n = snprintf(prefix, sizeof(prefix), "delegate:%s:%s:", kinds[i].profile, hex);

		if (word.n >= (size_t)n && memcmp(word.at, prefix, (size_t)n) == 0)
			return kinds[i].kind;
	}
	return NULL;
}

static bool
tell_delegate(struct survey *s, struct octets word, const uint8_t id[static TBS_KEY_ID_OCTETS],
    const uint8_t serial[static TBS_SERIAL_OCTETS], bool current, struct fault *f)
{
	struct inventory_key key = { .kind = kind_of(s, word) };
	struct standing st;

	if (key.kind == NULL)
		return true;
	/* A CA that was rolled over still has its certificates answered for, and nothing else. */
	current = current && (s->current || strcmp(key.kind, "responder") == 0);
	key.online = current;
	if (!ledger_standing(s->records, serial, &st, f))
		return false;
	memcpy(key.id, id, sizeof(key.id));
	key.since_s = st.not_before_s;
	key.until_s = st.not_after_s;
	key.state = state_of(&st, current, s->now_s);
	return tell(s, &key, f);
}

static bool
scan(struct survey *s, const char *prefix, size_t max, struct rows *ret, struct fault *f)
{
	*ret = (struct rows){ .prefix = octets_text(prefix), .max = max };
	return store_scan(ledger_store(s->records), TABLE_META, ret->prefix, max, gather, ret, f) &&
	       bytes_ok(&ret->all, f);
}

static bool
tell_current(struct survey *s, struct fault *f)
{
	struct rows rows;
	struct reader r;
	bool ok = scan(s, "delegate:", 4096, &rows, f);

	r = reader_of(octets_bytes(&rows.all));
	for (size_t i = 0; ok && i < rows.n && !s->enough; i++) {
		struct octets word = reader_counted(&r), row = reader_counted(&r);

		if (row.n == TBS_KEY_ID_OCTETS + TBS_SERIAL_OCTETS)
			ok = tell_delegate(s, word, row.at, row.at + TBS_KEY_ID_OCTETS, true, f);
	}
	bytes_free(&rows.all);
	return ok;
}

/* keyring.c's "key:CA:KEY" -> serial, word; the ones that their word no longer names. */
static bool
tell_old(struct survey *s, struct fault *f)
{
	char prefix[WORD_MAX], hex[TBS_KEY_ID_OCTETS * 2 + 1];
	uint8_t id[TBS_KEY_ID_OCTETS];
	struct bytes now = { 0 };
	struct rows rows;
	struct reader r;
	struct fault none;
	bool ok;

	text_hex(s->a->key_id, sizeof(s->a->key_id), hex);
	(void)snprintf(prefix, sizeof(prefix), "key:%s:", hex);
	ok = scan(s, prefix, INVENTORY_OLD_MAX, &rows, f);
	r = reader_of(octets_bytes(&rows.all));
	for (size_t i = 0; ok && i < rows.n && !s->enough; i++) {
		struct octets key = reader_counted(&r), row = reader_counted(&r), word;
		char text[TBS_KEY_ID_OCTETS * 2 + 1];

		if (key.n != strlen(prefix) + sizeof(text) - 1 || row.n < TBS_SERIAL_OCTETS)
			continue;
		memcpy(text, key.at + strlen(prefix), sizeof(text) - 1);
		text[sizeof(text) - 1] = '\0';
		word = octets_of(row.at + TBS_SERIAL_OCTETS, row.n - TBS_SERIAL_OCTETS);
		bytes_clear(&now);
		if (!text_unhex(text, id, sizeof(id)) ||
		    (ledger_get(s->records, TABLE_META, word, &now, &none) && now.n >= sizeof(id) &&
			memcmp(now.at, id, sizeof(id)) == 0))
			continue;
		ok = tell_delegate(s, word, id, row.at, false, f);
	}
	bytes_free(&now);
	bytes_free(&rows.all);
	return ok;
}

/* The ceremony gave the root that it took away a responder of another profile. */
static bool
was_taken_away(struct survey *s)
{
	char word[WORD_MAX], hex[TBS_KEY_ID_OCTETS * 2 + 1];
	struct bytes row = { 0 };
	struct fault f;
	bool is;

	text_hex(s->a->key_id, sizeof(s->a->key_id), hex);
	(void)snprintf(word, sizeof(word), "delegate:responder-offline:%s:", hex);
	is = s->a->level == LEVEL_ROOT &&
	     ledger_get(s->records, TABLE_META, octets_text(word), &row, &f);
	bytes_free(&row);
	return is;
}

bool
inventory_authority(struct keyring *k, const struct authority *a, bool all, int64_t now_s,
    inventory_visit *visit, void *with, struct fault *f)
{
	struct survey s = { .keys = k, .a = a, .now_s = now_s, .visit = visit, .with = with };

	if (!realm_records(keyring_ground(k)->realm, a, &s.records, f))
		return false;
	s.offline = was_taken_away(&s);
	s.current = is_current(&s);
	return tell_own(&s, f) && (s.enough || tell_current(&s, f)) &&
	       (s.enough || !all || tell_old(&s, f));
}
