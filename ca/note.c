/* ca/note.c - see note.h. */
#include "ca/note.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"

static const char meta_checkpoint[] = "checkpoint";
static const char word_epoch[] = "epoch ";
/* Em dash and space begin a signature line. */
static const char dash[] = "\xe2\x80\x94 ";

bool
log_key_hash(const char *name, enum log_key_type type, const uint8_t key[static 32],
    uint8_t to[static 4], struct fault *f)
{
	struct bytes b = { 0 };
	uint8_t digest[LOG_HASH_OCTETS];
	bool ok;

	bytes_put_text(&b, name);
	bytes_put_text(&b, "\n");
	bytes_put_u8(&b, (uint8_t)type);
	bytes_put(&b, key, 32);
	if ((ok = bytes_ok(&b, f))) {
		digest_of(octets_bytes(&b), digest);
		memcpy(to, digest, 4);
	}
	bytes_free(&b);
	return ok;
}

bool
log_vkey(const char *name, enum log_key_type type, const uint8_t key[static 32],
    char to[static LOG_VKEY_MAX], struct fault *f)
{
	uint8_t hash[4], told[1 + 32] = { (uint8_t)type };
	char hex[sizeof(hash) * 2 + 1];
	struct bytes b = { 0 };
	bool ok;

	memcpy(told + 1, key, 32);
	if (!log_key_hash(name, type, key, hash, f))
		return false;
	text_hex(hash, sizeof(hash), hex);
	bytes_put_fmt(&b, "%s+%s+", name, hex);
	text_base64(octets_of(told, sizeof(told)), 0, &b);
	bytes_put_u8(&b, 0);
	ok = bytes_ok(&b, f);
	if (ok && b.n > LOG_VKEY_MAX)
		ok = fault_set(f, FAULT_INTERNAL, "log: a key's name is too long");
	if (ok)
		memcpy(to, b.at, b.n);
	bytes_free(&b);
	return ok;
}

void
log_cosigner_name(const char *origin, char to[static LOG_ORIGIN_MAX])
{
	const char *dot = strchr(origin, '.'), *slash = strchr(origin, '/');

	to[0] = '\0';
	if (dot != NULL && slash != NULL && dot < slash &&
	    snprintf(to, LOG_ORIGIN_MAX, "%.*s/cosigner", (int)(slash - dot - 1), dot + 1) >=
		LOG_ORIGIN_MAX)
		to[0] = '\0';
}

/* The raw key at the end of a SubjectPublicKeyInfo (RFC 8410 section 4). */
static const uint8_t *
raw_key(const struct key *k)
{
	struct octets spki = key_spki(k);

	return spki.at + spki.n - 32;
}

static void
put_line(const char *name, struct octets signature, struct bytes *ret)
{
	bytes_put_fmt(ret, "%s%s ", dash, name);
	text_base64(signature, 0, ret);
	bytes_put_text(ret, "\n");
}

bool
log_checkpoint(const char *origin, const struct log_edge *e, uint64_t epoch, const struct key *k,
    struct bytes *ret, struct fault *f)
{
	uint8_t root[LOG_HASH_OCTETS], hash[4];
	struct bytes text = { 0 }, signature = { 0 };
	bool ok = false;

	log_edge_root(e, root);
	bytes_put_fmt(&text, "%s\n%" PRIu64 "\n", origin, e->size);
	text_base64(octets_of(root, sizeof(root)), 0, &text);
	bytes_put_fmt(&text, "\n%s%" PRIu64 "\n", word_epoch, epoch);
	if (!bytes_ok(&text, f) || !log_key_hash(origin, LOG_KEY_SIGNS, raw_key(k), hash, f))
		goto out;
	bytes_put(&signature, hash, sizeof(hash));
	if (!key_sign(k, octets_bytes(&text), &signature, f))
		goto out;
	bytes_put_octets(ret, octets_bytes(&text));
	bytes_put_text(ret, "\n");
	put_line(origin, octets_bytes(&signature), ret);
	ok = bytes_ok(ret, f);
out:
	bytes_free(&signature);
	bytes_free(&text);
	return ok;
}

/* What a cosigner signs. */
static bool
cosigned_text(struct octets text, int64_t at_s, struct bytes *ret, struct fault *f)
{
	bytes_put_fmt(ret, "cosignature/v1\ntime %" PRId64 "\n", at_s);
	bytes_put_octets(ret, text);
	return bytes_ok(ret, f);
}

bool
log_cosign(struct octets text, const char *name, const struct key *k, int64_t now_s,
    struct bytes *ret, struct fault *f)
{
	struct bytes said = { 0 }, signature = { 0 };
	uint8_t hash[4];
	bool ok = cosigned_text(text, now_s, &said, f) &&
		  log_key_hash(name, LOG_KEY_COSIGNS, raw_key(k), hash, f);

	if (ok) {
		bytes_put(&signature, hash, sizeof(hash));
		bytes_put_u64(&signature, (uint64_t)now_s);
		ok = key_sign(k, octets_bytes(&said), &signature, f);
	}
	if (ok) {
		put_line(name, octets_bytes(&signature), ret);
		ok = bytes_ok(ret, f);
	}
	bytes_free(&signature);
	bytes_free(&said);
	return ok;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* Take one line, without its LF, off in. */
static bool
take_line(struct octets *in, struct octets *line)
{
	const uint8_t *end = in->n == 0 ? NULL : memchr(in->at, '\n', in->n);

	if (end == NULL)
		return false;
	*line = octets_of(in->at, (size_t)(end - in->at));
	in->n -= line->n + 1;
	in->at = end + 1;
	return true;
}

/* base64, spelled the one canonical way. */
static bool
canonical(struct octets text, struct bytes *ret)
{
	struct bytes again = { 0 };
	struct fault ignored;
	bool ok = text_unbase64(text, ret, &ignored);

	if (ok) {
		text_base64(octets_bytes(ret), 0, &again);
		ok = octets_same(octets_bytes(&again), text);
	}
	bytes_free(&again);
	return ok;
}

static bool
read_root(struct octets line, uint8_t to[static LOG_HASH_OCTETS])
{
	struct bytes b = { 0 };
	bool ok = canonical(line, &b) && b.n == LOG_HASH_OCTETS;

	if (ok)
		memcpy(to, b.at, b.n);
	bytes_free(&b);
	return ok;
}

static bool
read_size(struct octets line, uint64_t *ret)
{
	uint64_t v = 0;

	if (line.n == 0 || line.n > 18 || (line.at[0] == '0' && line.n > 1))
		return false;
	for (size_t i = 0; i < line.n; i++) {
		if (line.at[i] < '0' || line.at[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(line.at[i] - '0');
	}
	*ret = v;
	return true;
}

/* C2SP signed-note: no spaces and no plus in a key's name; ours are ASCII, so that none look alike.
 */
static bool
is_own_name(struct octets line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.at[i] <= ' ' || line.at[i] > '~' || line.at[i] == '+')
			return false;
	return line.n > 0;
}

/* Those of other keys may be of any letters. */
static bool
is_key_name(struct octets name)
{
	struct octets at = name;
	uint32_t code;
	size_t n;

	for (; at.n > 0; at.at += n, at.n -= n)
		if ((n = text_utf8(at, &code)) == 0 || code <= ' ' || code == 0x7f || code == '+' ||
		    code == 0x85 || code == 0xa0 || code == 0x1680 ||
		    (code >= 0x2000 && code <= 0x200a) || code == 0x2028 || code == 0x2029 ||
		    code == 0x202f || code == 0x205f || code == 0x3000)
			return false; /* spaces of Unicode */
	return name.n > 0;
}

/* The one extension line that ours have; a line that is no epoch is left where it is. */
static bool
take_epoch(struct octets *in, struct log_note *c)
{
	const size_t n = sizeof(word_epoch) - 1;
	struct octets rest = *in, line;

	if (!take_line(&rest, &line) || line.n < n || memcmp(line.at, word_epoch, n) != 0)
		return true;
	*in = rest;
	c->has_epoch = true;
	return read_size(octets_of(line.at + n, line.n - n), &c->epoch);
}

/* "— NAME BASE64" */
static bool
read_line(struct octets line, struct log_note_line *ret)
{
	const size_t n = sizeof(dash) - 1;
	struct log_note_line l = { .n = 0 };
	struct bytes b = { 0 };
	const uint8_t *space;
	bool ok;

	if (line.n <= n || memcmp(line.at, dash, n) != 0 ||
	    (space = memchr(line.at + n, ' ', line.n - n)) == NULL)
		return false;
	l.name = octets_of(line.at + n, (size_t)(space - line.at) - n);
	l.base64 = octets_of(space + 1, line.n - n - l.name.n - 1);
	ok = is_key_name(l.name) && canonical(l.base64, &b) && b.n > sizeof(l.key_hash);
	if (ok) {
		memcpy(l.key_hash, b.at, sizeof(l.key_hash));
		l.n = b.n - sizeof(l.key_hash);
		if (l.n <= sizeof(l.signature))
			memcpy(l.signature, b.at + sizeof(l.key_hash), l.n);
		*ret = l;
	}
	bytes_free(&b);
	return ok;
}

static const struct log_note_line *
find_line(const struct log_note *n, struct octets name, const uint8_t hash[static 4])
{
	for (size_t i = 0; i < n->lines; i++)
		if (octets_same(n->line[i].name, name) &&
		    memcmp(n->line[i].key_hash, hash, sizeof(n->line[i].key_hash)) == 0)
			return &n->line[i];
	return NULL;
}

/* All that is left of in; before says how many lines there were. */
static bool
read_lines(struct octets in, size_t before, struct log_note *c, struct fault *f)
{
	struct log_note_line got;
	struct octets line;
	bool own = false;

	do {
		if (c->lines == LOG_NOTE_LINES)
			return fault_set(f, FAULT_BADREQ,
			    "checkpoint: more than %d signature lines", LOG_NOTE_LINES);
		if (!take_line(&in, &line) || !read_line(line, &got) ||
		    find_line(c, got.name, got.key_hash) != NULL)
			return fault_set(f, FAULT_BADREQ,
			    "checkpoint: line %zu: C2SP signed-note: expected a signature",
			    before + c->lines + 1);
		own = own || (octets_same(got.name, octets_text(c->origin)) &&
				 got.n == LOG_SIGNATURE_OCTETS);
		c->line[c->lines++] = got;
	} while (in.n > 0);
	return own || fault_set(f, FAULT_BADREQ,
			  "checkpoint: line %zu: expected a signature by the origin", before + 1);
}

bool
log_note_read(struct octets note, struct log_note *ret, struct fault *f)
{
	struct octets in = note, line;
	struct log_note c = { .size = 0 };

	if (!take_line(&in, &line) || !is_own_name(line) || line.n >= sizeof(c.origin))
		return fault_set(f, FAULT_BADREQ, "checkpoint: line 1: expected the log's origin");
	memcpy(c.origin, line.at, line.n);
	if (!take_line(&in, &line) || !read_size(line, &c.size))
		return fault_set(
		    f, FAULT_BADREQ, "checkpoint: line 2: expected the number of entries");
	if (!take_line(&in, &line) || !read_root(line, c.root))
		return fault_set(
		    f, FAULT_BADREQ, "checkpoint: line 3: expected the root hash in base64");
	if (!take_epoch(&in, &c))
		return fault_set(f, FAULT_BADREQ, "checkpoint: line 4: expected a number");
	c.text = octets_of(note.at, (size_t)(in.at - note.at));
	if (!take_line(&in, &line) || line.n != 0)
		return fault_set(f, FAULT_BADREQ, "checkpoint: line %d: expected an empty line",
		    c.has_epoch ? 5 : 4);
	if (!read_lines(in, c.has_epoch ? 5 : 4, &c, f))
		return false;
	*ret = c;
	return true;
}

bool
log_note_stored(struct ledger *l, struct bytes *text, struct log_note *n, struct fault *f)
{
	return ledger_get(l, TABLE_META, octets_text(meta_checkpoint), text, f) &&
	       log_note_read(octets_bytes(text), n, f);
}

void
log_note_store(struct ledger *l, struct octets note)
{
	ledger_put(l, TABLE_META, octets_text(meta_checkpoint), note);
}

bool
log_note_signed(const struct log_note *n, const uint8_t key[static 32], struct fault *f)
{
	const struct log_note_line *l;
	uint8_t hash[4];

	if (!log_key_hash(n->origin, LOG_KEY_SIGNS, key, hash, f))
		return false;
	l = find_line(n, octets_text(n->origin), hash);
	if (l == NULL || l->n != LOG_SIGNATURE_OCTETS)
		return fault_set(f, FAULT_BADREQ,
		    "checkpoint: its signature line: signed by another key than the log's");
	return log_signed(key, l->signature, n->text, "checkpoint", f);
}

bool
log_note_cosigned(const struct log_note *n, const char *name, const uint8_t key[static 32],
    int64_t *ret_at_s, struct fault *f)
{
	const struct log_note_line *l;
	struct bytes said = { 0 };
	struct reader r;
	uint8_t hash[4];
	int64_t at_s;
	bool ok;

	if (!log_key_hash(name, LOG_KEY_COSIGNS, key, hash, f))
		return false;
	l = find_line(n, octets_text(name), hash);
	if (l == NULL || l->n != LOG_COSIGNATURE_OCTETS)
		return fault_set(f, FAULT_NOTFOUND, "checkpoint: no cosignature by %.200s", name);
	r = reader_of(octets_of(l->signature, l->n));
	at_s = (int64_t)reader_u64(&r);
	ok =
	    (at_s >= 0 || fault_set(f, FAULT_BADREQ, "checkpoint: a cosignature without a time")) &&
	    cosigned_text(n->text, at_s, &said, f) &&
	    log_signed(key, l->signature + 8, octets_bytes(&said), "cosignature", f);
	bytes_free(&said);
	if (ok)
		*ret_at_s = at_s;
	return ok;
}
