/* ca/offline_file.c - see offline_file.h. */
#include "ca/offline_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ca/signed_text.h"

static const char first_line[] = "quatrain offline bundle 1\n";
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
	struct bytes text = { 0 };
	bool ok;

	put_text(h, &text);
	ok = bytes_ok(&text, f) && signed_text_put(h->origin, octets_bytes(&text), k, ret, f);
	bytes_free(&text);
	return ok;
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
	ok = signed_text_number(size, &h->feed_size) &&
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
		return signed_text_origin(line, h->origin, sizeof(h->origin));
	case 2:
		return octets_take_text(&line, "sequence ") &&
		       signed_text_number(line, &h->sequence);
	case 3:
		return signed_text_time(line, "at ", &h->at_s);
	case 4:
		return signed_text_time(line, "until ", &h->until_s) && h->until_s >= h->at_s;
	case 5:
		return read_feed(line, h);
	default:
		return read_policy(line, h);
	}
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

	if (note.n > OFFLINE_HEAD_MAX)
		return fault_set(f, FAULT_BADREQ, "bundle: its head is too long");
	if (!signed_text_split(note, "bundle: head", &h.text, &signatures, f))
		return false;
	text = h.text;
	for (unsigned number = 1; number <= 5 || text.n > 0; number++)
		if (!signed_text_line(&text, &line) || !read_head_line(number, line, &h))
			return fault_set(f, FAULT_BADREQ,
			    "bundle: head: line %u: not what a head says there", number);
	if (!is_canonical(&h))
		return fault_set(f, FAULT_BADREQ, "bundle: head: not spelled as a head is");
	if (!signed_text_by(signatures, h.origin, "bundle: head", &h.by, f))
		return false;
	*ret = h;
	return true;
}

bool
offline_head_verify(const struct offline_head *h, const uint8_t key[static 32], struct fault *f)
{
	return signed_text_verify(h->text, h->origin, &h->by, key, "bundle", f);
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

	if (signed_text_line(&left, &line))
		for (size_t i = 0; i < OFFLINE_KINDS; i++) {
			struct octets rest = line;

			if (!octets_take_text(&rest, kinds[i]) || !octets_take_text(&rest, " ") ||
			    !signed_text_number(rest, &n) || n > left.n)
				continue;
			*ret_kind = (enum offline_kind)i;
			*ret = octets_of(left.at, (size_t)n);
			*in = octets_of(left.at + n, left.n - (size_t)n);
			return true;
		}
	return fault_set(f, FAULT_BADREQ, "bundle: expected a part and how long it is");
}
