/* ca/offline_file.c - see offline_file.h. */
#include "ca/offline_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ca/note.h"

#define LENGTH_DIGITS_MAX 9

static const char first_line[] = "quatrain offline bundle 1\n";
static const char dash[] = "\xe2\x80\x94 "; /* begins a signature line */
static const char *const kinds[OFFLINE_KINDS] = { "head", "signer", "authority", "policy",
	"revocations" };

void
offline_origin(const struct name_space *ns, const char *tenant, char to[static FEED_ORIGIN_MAX])
{
	char host[TEXT_HOST_MAX];

	name_tenant_host(ns, tenant, host);
	(void)snprintf(to, FEED_ORIGIN_MAX, "%.240s/offline", host);
}

/* --- the head -----------------------------------------------------------------------------------
 */

static void
put_text(const struct offline_head *h, struct bytes *ret)
{
	char at[TEXT_TIME_MAX], until[TEXT_TIME_MAX], hex[2 * OFFLINE_DIGEST_OCTETS + 1];

	text_time(h->at_s, at);
	text_time(h->until_s, until);
	bytes_put_fmt(ret, "%s\nsequence %" PRIu64 "\nat %s\nuntil %s\nfeed %" PRIu64 " ",
	    h->origin, h->sequence, at, until, h->feed_size);
	text_base64(octets_of(h->feed_hash, sizeof(h->feed_hash)), 0, ret);
	bytes_put_text(ret, "\n");
	for (size_t i = 0; i < h->policies_n; i++) {
		text_hex(h->policy[i], OFFLINE_DIGEST_OCTETS, hex);
		bytes_put_fmt(ret, "policy %s\n", hex);
	}
}

bool
offline_head_sign(
    const struct offline_head *h, const struct key *k, struct bytes *ret, struct fault *f)
{
	struct bytes text = { 0 }, signature = { 0 };
	struct octets spki = key_spki(k);
	uint8_t hash[4];
	bool ok;

	put_text(h, &text);
	ok = bytes_ok(&text, f) &&
	     log_key_hash(h->origin, LOG_KEY_SIGNS, spki.at + spki.n - 32, hash, f);
	bytes_put(&signature, hash, sizeof(hash));
	ok = ok && key_sign(k, octets_bytes(&text), &signature, f) && bytes_ok(&signature, f);
	if (ok) {
		bytes_put_octets(ret, octets_bytes(&text));
		bytes_put_fmt(ret, "\n%s%s ", dash, h->origin);
		text_base64(octets_bytes(&signature), 0, ret);
		bytes_put_text(ret, "\n");
		ok = bytes_ok(ret, f);
	}
	bytes_free(&signature);
	bytes_free(&text);
	return ok;
}

static bool
take_line(struct octets *in, struct octets *ret)
{
	const uint8_t *end = in->n == 0 ? NULL : memchr(in->at, '\n', in->n);

	if (end == NULL)
		return false;
	*ret = octets_of(in->at, (size_t)(end - in->at));
	*in = octets_of(end + 1, in->n - ret->n - 1);
	return true;
}

static bool
read_number(struct octets o, size_t digits, uint64_t *ret)
{
	uint64_t v = 0;

	if (o.n == 0 || o.n > digits || (o.n > 1 && o.at[0] == '0'))
		return false;
	for (size_t i = 0; i < o.n; i++) {
		if (o.at[i] < '0' || o.at[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(o.at[i] - '0');
	}
	*ret = v;
	return true;
}

static bool
read_time(struct octets line, const char *word, int64_t *ret)
{
	char text[TEXT_TIME_MAX];

	if (!octets_take_text(&line, word) || line.n != sizeof(text) - 1)
		return false;
	memcpy(text, line.at, line.n);
	text[line.n] = '\0';
	return log_time(text, ret);
}

static bool
read_feed(struct octets line, struct offline_head *h)
{
	const uint8_t *space;
	struct bytes hash = { 0 };
	struct octets size;
	struct fault none;
	bool ok;

	if (!octets_take_text(&line, "feed ") ||
	    (space = line.n == 0 ? NULL : memchr(line.at, ' ', line.n)) == NULL)
		return false;
	size = octets_of(line.at, (size_t)(space - line.at));
	ok = read_number(size, 18, &h->feed_size) &&
	     text_unbase64(octets_of(space + 1, line.n - size.n - 1), &hash, &none) &&
	     hash.n == sizeof(h->feed_hash);
	if (ok)
		memcpy(h->feed_hash, hash.at, hash.n);
	bytes_free(&hash);
	return ok;
}

static bool
read_policy(struct octets line, struct offline_head *h)
{
	char hex[2 * OFFLINE_DIGEST_OCTETS + 1];

	if (h->policies_n == OFFLINE_POLICIES_MAX || !octets_take_text(&line, "policy ") ||
	    line.n != sizeof(hex) - 1)
		return false;
	memcpy(hex, line.at, line.n);
	hex[line.n] = '\0';
	return text_unhex(hex, h->policy[h->policies_n++], OFFLINE_DIGEST_OCTETS);
}

static bool
read_head_line(unsigned number, struct octets line, struct offline_head *h)
{
	switch (number) {
	case 1:
		if (line.n == 0 || line.n >= sizeof(h->origin) ||
		    memchr(line.at, 0, line.n) != NULL || memchr(line.at, ' ', line.n) != NULL)
			return false;
		memcpy(h->origin, line.at, line.n);
		return true;
	case 2:
		return octets_take_text(&line, "sequence ") && read_number(line, 18, &h->sequence);
	case 3:
		return read_time(line, "at ", &h->at_s);
	case 4:
		return read_time(line, "until ", &h->until_s) && h->until_s >= h->at_s;
	case 5:
		return read_feed(line, h);
	default:
		return read_policy(line, h);
	}
}

/* "(dash) ORIGIN BASE64": another's signature is passed over. */
static bool
read_signature(struct octets line, struct offline_head *h, bool *found)
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
	if (!octets_same(name, octets_text(h->origin)) || *found)
		return true;
	ok = text_unbase64(octets_of(space + 1, line.n - name.n - 1), &b, &f) &&
	     b.n == sizeof(h->key_hash) + sizeof(h->signature);
	if (ok) {
		memcpy(h->key_hash, b.at, sizeof(h->key_hash));
		memcpy(h->signature, b.at + sizeof(h->key_hash), sizeof(h->signature));
		*found = true;
	}
	bytes_free(&b);
	return ok;
}

/* Numbers, times and hashes have one spelling each. */
static bool
is_canonical(const struct offline_head *h)
{
	struct bytes again = { 0 };
	bool same;

	put_text(h, &again);
	same = !again.bad && octets_same(octets_bytes(&again), h->text);
	bytes_free(&again);
	return same;
}

bool
offline_head_read(struct octets note, struct offline_head *ret, struct fault *f)
{
	struct offline_head h = { .policies_n = 0 };
	struct octets text, signatures, line;
	const uint8_t *gap = note.n == 0 ? NULL : memmem(note.at, note.n, "\n\n", 2);
	bool found = false;

	if (gap == NULL || note.n > OFFLINE_HEAD_MAX)
		return fault_set(f, FAULT_BADREQ, "bundle: its head is no signed note");
	h.text = text = octets_of(note.at, (size_t)(gap - note.at) + 1);
	signatures = octets_of(gap + 2, note.n - text.n - 1);
	for (unsigned number = 1; number <= 5 || text.n > 0; number++)
		if (!take_line(&text, &line) || !read_head_line(number, line, &h))
			return fault_set(f, FAULT_BADREQ,
			    "bundle: head: line %u: not what a head says there", number);
	if (!is_canonical(&h))
		return fault_set(f, FAULT_BADREQ, "bundle: head: not spelled as a head is");
	while (signatures.n > 0)
		if (!take_line(&signatures, &line) || !read_signature(line, &h, &found))
			return fault_set(f, FAULT_BADREQ, "bundle: head: no signature line");
	if (!found)
		return fault_set(f, FAULT_BADREQ, "bundle: head: no signature by its origin");
	*ret = h;
	return true;
}

bool
offline_head_verify(const struct offline_head *h, const uint8_t key[static 32], struct fault *f)
{
	uint8_t hash[4];

	if (!log_key_hash(h->origin, LOG_KEY_SIGNS, key, hash, f))
		return false;
	if (memcmp(hash, h->key_hash, sizeof(hash)) != 0)
		return fault_set(f, FAULT_BADREQ, "bundle: signed by another key");
	return log_signed(key, h->signature, h->text, "bundle", f);
}

/* --- the file -----------------------------------------------------------------------------------
 */

void
offline_file_begin(struct bytes *ret)
{
	bytes_put_text(ret, first_line);
}

void
offline_file_put(enum offline_kind kind, struct octets part, struct bytes *ret)
{
	bytes_put_fmt(ret, "%s %zu\n", kinds[kind], part.n);
	bytes_put_octets(ret, part);
}

bool
offline_file_open(struct octets *in, struct fault *f)
{
	return octets_take_text(in, first_line) ||
	       fault_set(f, FAULT_BADREQ, "bundle: expected an offline bundle of version 1");
}

bool
offline_file_next(
    struct octets *in, enum offline_kind *ret_kind, struct octets *ret, struct fault *f)
{
	struct octets left = *in, line;
	uint64_t n;

	if (take_line(&left, &line))
		for (size_t i = 0; i < OFFLINE_KINDS; i++) {
			struct octets rest = line;

			if (!octets_take_text(&rest, kinds[i]) || !octets_take_text(&rest, " ") ||
			    !read_number(rest, LENGTH_DIGITS_MAX, &n) || n > left.n)
				continue;
			*ret_kind = (enum offline_kind)i;
			*ret = octets_of(left.at, (size_t)n);
			*in = octets_of(left.at + n, left.n - (size_t)n);
			return true;
		}
	return fault_set(f, FAULT_BADREQ, "bundle: expected a part and how long it is");
}
