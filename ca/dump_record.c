/* ca/dump_record.c - see dump_record.h. */
#include "ca/dump_record.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#define LENGTH_OCTETS 4

static const char magic[] = "quatrain dump\n";

void
dump_begin(struct bytes *ret, uint8_t digest[static DUMP_HASH_OCTETS])
{
	size_t from = ret->n;

	bytes_put_text(ret, magic);
	bytes_put_u16(ret, DUMP_EDITION);
	if (!ret->bad)
		(void)crypto_hash_sha256(digest, ret->at + from, ret->n - from);
}

void
dump_digest(uint8_t digest[static DUMP_HASH_OCTETS], struct octets frame)
{
	crypto_hash_sha256_state h;
	uint8_t length[LENGTH_OCTETS] = { (uint8_t)(frame.n >> 24), (uint8_t)(frame.n >> 16),
		(uint8_t)(frame.n >> 8), (uint8_t)frame.n };

	(void)crypto_hash_sha256_init(&h);
	(void)crypto_hash_sha256_update(&h, digest, DUMP_HASH_OCTETS);
	(void)crypto_hash_sha256_update(&h, length, sizeof(length));
	(void)crypto_hash_sha256_update(&h, frame.at, frame.n);
	(void)crypto_hash_sha256_final(&h, digest);
}

/* Whole, or fewer at the end of the file. */
static bool
fill(struct dump_source *s, uint8_t *to, size_t n, size_t *ret_n, struct fault *f)
{
	size_t done = 0, got;

	while (done < n) {
		if (!s->get(s->with, to + done, n - done, &got, f))
			return false;
		if (got == 0)
			break;
		done += got;
	}
	s->total.octets += done;
	*ret_n = done;
	return true;
}

bool
dump_source_raw(struct dump_source *s, uint8_t *to, size_t n, struct fault *f)
{
	size_t got;

	if (!fill(s, to, n, &got, f))
		return false;
	return got == n ||
	       fault_set(f, FAULT_BADREQ, "dump: cut short at octet %" PRIu64, s->total.octets);
}

bool
dump_source_last(struct dump_source *s, struct fault *f)
{
	uint8_t more;
	size_t got;

	if (!fill(s, &more, 1, &got, f))
		return false;
	return got == 0 || fault_set(f, FAULT_BADREQ, "dump: octets after its end");
}

bool
dump_source_open(struct dump_source *s, dump_get *get, void *with, struct fault *f)
{
	uint8_t have[sizeof(magic) - 1 + 2];
	struct bytes want = { 0 };
	size_t got;
	bool ok = false;

	*s = (struct dump_source){ .get = get, .with = with };
	dump_begin(&want, s->total.digest);
	if (!bytes_ok(&want, f) || !fill(s, have, sizeof(have), &got, f))
		goto out;
	if (got < sizeof(have) || memcmp(have, magic, sizeof(magic) - 1) != 0) {
		fault_set(f, FAULT_BADREQ, "dump: this is no backup of quatrain");
		goto out;
	}
	if (memcmp(have, want.at, sizeof(have)) != 0) {
		fault_set(f, FAULT_BADREQ, "dump: edition %d, and this program reads edition %d",
		    have[sizeof(have) - 2] << 8 | have[sizeof(have) - 1], DUMP_EDITION);
		goto out;
	}
	if ((s->frame = malloc(DUMP_FRAME_MAX)) == NULL) {
		fault_set(f, FAULT_INTERNAL, "dump: out of memory");
		goto out;
	}
	ok = true;
out:
	bytes_free(&want);
	return ok;
}

void
dump_source_free(struct dump_source *s)
{
	free(s->frame);
	s->frame = NULL;
}

/* The next frame, held against its digest before anybody looks into it. */
static bool
next_frame(struct dump_source *s, struct fault *f)
{
	uint8_t length[LENGTH_OCTETS], digest[DUMP_HASH_OCTETS];
	uint64_t from = s->total.octets;
	struct reader r;
	size_t n;

	if (!dump_source_raw(s, length, sizeof(length), f))
		return false;
	r = reader_of(octets_of(length, sizeof(length)));
	if ((n = reader_u32(&r)) > DUMP_FRAME_MAX)
		return fault_set(f, FAULT_BADREQ, "dump: octet %" PRIu64 ": a frame over %d octets",
		    from, DUMP_FRAME_MAX);
	s->n = s->at = 0;
	if (n == 0) {
		s->ended = true;
		return true;
	}
	if (!dump_source_raw(s, s->frame, n, f) || !dump_source_raw(s, digest, sizeof(digest), f))
		return false;
	dump_digest(s->total.digest, octets_of(s->frame, n));
	if (memcmp(digest, s->total.digest, sizeof(digest)) != 0)
		return fault_set(f, FAULT_BADREQ,
		    "dump: octet %" PRIu64 ": altered, from here to %" PRIu64, from,
		    s->total.octets);
	s->n = n;
	return true;
}

bool
dump_source_take(struct dump_source *s, size_t n, struct bytes *to, struct fault *f)
{
	bytes_clear(to);
	while (n > 0) {
		size_t some = s->n - s->at < n ? s->n - s->at : n;

		if (some == 0) {
			if (!s->ended && !next_frame(s, f))
				return false;
			if (s->ended)
				return fault_set(f, FAULT_BADREQ, "dump: it ends within a record");
			continue;
		}
		bytes_put(to, s->frame + s->at, some);
		s->at += some;
		n -= some;
	}
	return bytes_ok(to, f);
}

bool
dump_source_end(struct dump_source *s, struct fault *f)
{
	if (s->at == s->n && !s->ended && !next_frame(s, f))
		return false;
	return s->ended || fault_set(f, FAULT_BADREQ, "dump: records after its end");
}

bool
dump_is_name(const char *name)
{
	static const char *const names[] = { "journal", "chain.pem", "root.pem", "keys/token.key" };
	static const char keys[] = "keys/", end[] = ".key";
	size_t hex = TBS_KEY_ID_OCTETS * 2;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return strncmp(name, keys, sizeof(keys) - 1) == 0 &&
	       strspn(name + sizeof(keys) - 1, "0123456789abcdef") == hex &&
	       strcmp(name + sizeof(keys) - 1 + hex, end) == 0;
}
