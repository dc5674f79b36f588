/* ca/signed_text.c - see signed_text.h. */
#include "ca/signed_text.h"

#include <string.h>

#define NUMBER_DIGITS 18

static const char dash[] = "\xe2\x80\x94 "; /* begins a signature line */

bool
signed_text_put(
    const char *origin, struct octets text, const struct key *k, struct bytes *ret, struct fault *f)
{
	struct bytes signature = { 0 };
	struct octets spki = key_spki(k);
	uint8_t hash[4];
	bool ok = log_key_hash(origin, LOG_KEY_SIGNS, spki.at + spki.n - 32, hash, f);

	bytes_put(&signature, hash, sizeof(hash));
	ok = ok && key_sign(k, text, &signature, f) && bytes_ok(&signature, f);
	if (ok) {
		bytes_put_octets(ret, text);
		bytes_put_fmt(ret, "\n%s%s ", dash, origin);
		text_base64(octets_bytes(&signature), 0, ret);
		bytes_put_text(ret, "\n");
		ok = bytes_ok(ret, f);
	}
	bytes_free(&signature);
	return ok;
}

bool
signed_text_split(struct octets note, const char *noun, struct octets *ret_text,
    struct octets *ret_signatures, struct fault *f)
{
	const uint8_t *gap = note.n == 0 ? NULL : memmem(note.at, note.n, "\n\n", 2);

	if (gap == NULL)
		return fault_set(f, FAULT_BADREQ, "%s: no signed note", noun);
	*ret_text = octets_of(note.at, (size_t)(gap - note.at) + 1);
	*ret_signatures = octets_of(gap + 2, note.n - ret_text->n - 1);
	return true;
}

/* "(dash) NAME BASE64" */
static bool
read_signature(struct octets line, const char *origin, struct signed_by *ret, bool *found)
{
	const uint8_t *space;
	struct bytes b = { 0 };
	struct octets name;
	struct fault f;
	bool ok;

	if (!octets_take_text(&line, dash) ||
	    (space = line.n == 0 ? NULL : memchr(line.at, ' ', line.n)) == NULL)
		return false;
	name = octets_of(line.at, (size_t)(space - line.at));
	if (!octets_same(name, octets_text(origin)) || *found)
		return true;
	ok =
	    text_unbase64(octets_of(space + 1, line.n - name.n - 1), &b, &f) && b.n == sizeof(*ret);
	if (ok) {
		memcpy(ret->key_hash, b.at, sizeof(ret->key_hash));
		memcpy(ret->signature, b.at + sizeof(ret->key_hash), sizeof(ret->signature));
		*found = true;
	}
	bytes_free(&b);
	return ok;
}

bool
signed_text_by(struct octets signatures, const char *origin, const char *noun,
    struct signed_by *ret, struct fault *f)
{
	struct octets line;
	bool found = false, ok = true;

	while (ok && signatures.n > 0)
		ok = signed_text_line(&signatures, &line) &&
		     read_signature(line, origin, ret, &found);
	return (ok && found) || fault_set(f, FAULT_BADREQ, "%s: no signature by its origin", noun);
}

bool
signed_text_verify(struct octets text, const char *origin, const struct signed_by *by,
    const uint8_t key[static 32], const char *noun, struct fault *f)
{
	uint8_t hash[4];

	if (!log_key_hash(origin, LOG_KEY_SIGNS, key, hash, f))
		return false;
	if (memcmp(hash, by->key_hash, sizeof(hash)) != 0)
		return fault_set(f, FAULT_BADREQ, "%s: signed by another key", noun);
	return log_signed(key, by->signature, text, noun, f);
}

bool
signed_text_line(struct octets *in, struct octets *ret)
{
	const uint8_t *end = in->n == 0 ? NULL : memchr(in->at, '\n', in->n);

	if (end == NULL)
		return false;
	*ret = octets_of(in->at, (size_t)(end - in->at));
	*in = octets_of(end + 1, in->n - ret->n - 1);
	return true;
}

bool
signed_text_number(struct octets o, uint64_t *ret)
{
	uint64_t v = 0;

	if (o.n == 0 || o.n > NUMBER_DIGITS || (o.n > 1 && o.at[0] == '0'))
		return false;
	for (size_t i = 0; i < o.n; i++) {
		if (o.at[i] < '0' || o.at[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(o.at[i] - '0');
	}
	*ret = v;
	return true;
}

bool
signed_text_time(struct octets line, const char *word, int64_t *ret_s)
{
	char text[TEXT_TIME_MAX];

	if (!octets_take_text(&line, word) || line.n != sizeof(text) - 1)
		return false;
	memcpy(text, line.at, line.n);
	text[line.n] = '\0';
	return log_time(text, ret_s);
}

bool
signed_text_origin(struct octets line, char *to, size_t size)
{
	if (line.n == 0 || line.n >= size || memchr(line.at, 0, line.n) != NULL ||
	    memchr(line.at, ' ', line.n) != NULL)
		return false;
	memcpy(to, line.at, line.n);
	to[line.n] = '\0';
	return true;
}
