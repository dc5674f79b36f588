/* relay/document.c - see document.h. */
#include "relay/document.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/digest.h"

#define NONCE      12
#define SEALED     (DOCUMENT_CHUNK + DOCUMENT_TAG)
#define BINDS_WORD "quatrain document 1"

/* Both ways: a chunk is gathered until it is known whether it is the last. */
struct way {
	EVP_CIPHER_CTX *cipher; /* has the key */
	uint8_t prefix[DOCUMENT_PREFIX];
	uint8_t binds[DIGEST_OCTETS]; /* whose it is */
	uint64_t number;              /* of the next chunk */
	bool ended;
	size_t n, room; /* octets gathered, and how many make a chunk that is not the last */
	uint8_t at[SEALED];
};

struct document_writer {
	struct way way;
};
struct document_reader {
	struct way way;
};

/* --- the key ------------------------------------------------------------------------------------
 */

bool
content_key_new(struct content_key *ret, struct fault *f)
{
	if (!secret_random(DOCUMENT_KEY, &ret->key, f))
		return false;
	secret_nonce(ret->prefix, sizeof(ret->prefix));
	return true;
}

void
content_key_free(struct content_key *k)
{
	secret_free(&k->key);
	secret_wipe(k->prefix, sizeof(k->prefix));
}

/* --- chunks -------------------------------------------------------------------------------------
 */

void
document_binds(const struct document_of *of, uint8_t ret[static DIGEST_OCTETS])
{
	struct bytes b = { 0 };

	bytes_put_counted_text(&b, BINDS_WORD);
	bytes_put_counted_text(&b, of->tenant);
	bytes_put(&b, of->job, sizeof(of->job));
	bytes_put_u32(&b, of->number);
	digest_of(octets_bytes(&b), ret);
	bytes_free(&b);
}

static bool
way_new(struct way *w, const struct content_key *k, const struct document_of *of, bool seals,
    struct fault *f)
{
	if (k->key.n != DOCUMENT_KEY)
		return fault_set(f, FAULT_INTERNAL, "document: no key");
	memcpy(w->prefix, k->prefix, sizeof(w->prefix));
	document_binds(of, w->binds);
	w->room = seals ? DOCUMENT_CHUNK : SEALED;
	if ((w->cipher = EVP_CIPHER_CTX_new()) == NULL ||
	    EVP_CipherInit_ex(w->cipher, EVP_aes_256_gcm(), NULL, k->key.at, NULL, seals) != 1)
		return fault_crypto(f, FAULT_INTERNAL, "document: AES-256-GCM");
	return true;
}

static void
way_free(struct way *w)
{
	EVP_CIPHER_CTX_free(w->cipher); /* which wipes the key */
	secret_wipe(w->at, sizeof(w->at));
}

/* The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizar 2015): no chunk stands for another,
 * and none but the last for the last. */
static bool
begin_chunk(struct way *w, bool last, struct fault *f)
{
	uint8_t nonce[NONCE];
	int n;

	if (w->number >= DOCUMENT_CHUNKS_MAX)
		return fault_set(f, FAULT_LIMIT, "document: more than 2^32 chunks");
	memcpy(nonce, w->prefix, DOCUMENT_PREFIX);
	for (int i = 0; i < 4; i++)
		nonce[DOCUMENT_PREFIX + i] = (uint8_t)(w->number >> (24 - 8 * i));
	nonce[NONCE - 1] = last;
	w->number++;
	if (EVP_CipherInit_ex(w->cipher, NULL, NULL, NULL, nonce, -1) != 1 ||
	    EVP_CipherUpdate(w->cipher, NULL, &n, w->binds, sizeof(w->binds)) != 1)
		return fault_crypto(f, FAULT_INTERNAL, "document: AES-256-GCM");
	return true;
}

static bool
seal_chunk(struct way *w, struct octets plain, bool last, struct bytes *ret, struct fault *f)
{
	uint8_t *to;
	int n = 0, m = 0;

	if (!begin_chunk(w, last, f))
		return false;
	if ((to = bytes_extend(ret, plain.n + DOCUMENT_TAG)) == NULL)
		return fault_set(f, FAULT_INTERNAL, "document: out of memory");
	if ((plain.n > 0 && EVP_EncryptUpdate(w->cipher, to, &n, plain.at, (int)plain.n) != 1) ||
	    EVP_EncryptFinal_ex(w->cipher, to + n, &m) != 1 ||
	    EVP_CIPHER_CTX_ctrl(w->cipher, EVP_CTRL_AEAD_GET_TAG, DOCUMENT_TAG, to + plain.n) != 1)
		return fault_crypto(f, FAULT_INTERNAL, "document: AES-256-GCM");
	return true;
}

/* What does not verify is wiped before anybody could use it. */
static bool
open_chunk(struct way *w, struct octets sealed, bool last, struct bytes *ret, struct fault *f)
{
	uint8_t tag[DOCUMENT_TAG], *to;
	size_t plain = sealed.n - DOCUMENT_TAG;
	int n = 0, m = 0;

	if (!begin_chunk(w, last, f))
		return false;
	memcpy(tag, sealed.at + plain, sizeof(tag));
	if ((to = bytes_extend(ret, plain)) == NULL && plain > 0)
		return fault_set(f, FAULT_INTERNAL, "document: out of memory");
	if ((plain == 0 || EVP_DecryptUpdate(w->cipher, to, &n, sealed.at, (int)plain) == 1) &&
	    EVP_CIPHER_CTX_ctrl(w->cipher, EVP_CTRL_AEAD_SET_TAG, DOCUMENT_TAG, tag) == 1 &&
	    EVP_DecryptFinal_ex(w->cipher, plain == 0 ? tag : to + n, &m) == 1)
		return true;
	if (plain > 0)
		secret_wipe(to, plain);
	ret->n -= plain;
	return fault_crypto(f, FAULT_DENIED, "document: a chunk does not verify");
}

typedef bool chunk(struct way *w, struct octets o, bool last, struct bytes *ret, struct fault *f);

/* All of piece, in chunks; a whole one is done when something follows it, or the end. */
static bool
work(struct way *w, struct octets piece, bool last, chunk *each, struct bytes *ret, struct fault *f)
{
	if (w->ended)
		return fault_set(f, FAULT_INTERNAL, "document: it was ended");
	while (piece.n > 0) {
		size_t n;

		if (w->n == w->room) {
			if (!each(w, octets_of(w->at, w->n), false, ret, f))
				return false;
			w->n = 0;
		}
		/* Whole chunks are taken from where they are. */
		if (w->n == 0 && piece.n > w->room) {
			if (!each(w, octets_of(piece.at, w->room), false, ret, f))
				return false;
			piece = octets_of(piece.at + w->room, piece.n - w->room);
			continue;
		}
		n = w->room - w->n < piece.n ? w->room - w->n : piece.n;
		memcpy(w->at + w->n, piece.at, n);
		w->n += n;
		piece = octets_of(piece.at + n, piece.n - n);
	}
	if (!last)
		return true;
	w->ended = true;
	return each(w, octets_of(w->at, w->n), true, ret, f);
}

/* --- writer and reader --------------------------------------------------------------------------
 */

bool
document_writer_new(const struct content_key *k, const struct document_of *of,
    struct document_writer **ret, struct fault *f)
{
	struct document_writer *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return fault_set(f, FAULT_INTERNAL, "document: out of memory");
	if (!way_new(&w->way, k, of, true, f)) {
		document_writer_free(w);
		return false;
	}
	*ret = w;
	return true;
}

bool
document_seal(
    struct document_writer *w, struct octets piece, bool last, struct bytes *ret, struct fault *f)
{
	return work(&w->way, piece, last, seal_chunk, ret, f);
}

void
document_writer_free(struct document_writer *w)
{
	if (w == NULL)
		return;
	way_free(&w->way);
	free(w);
}

bool
document_reader_new(const struct content_key *k, const struct document_of *of,
    struct document_reader **ret, struct fault *f)
{
	struct document_reader *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return fault_set(f, FAULT_INTERNAL, "document: out of memory");
	if (!way_new(&r->way, k, of, false, f)) {
		document_reader_free(r);
		return false;
	}
	*ret = r;
	return true;
}

static bool
open_one(struct way *w, struct octets sealed, bool last, struct bytes *ret, struct fault *f)
{
	if (sealed.n < DOCUMENT_TAG)
		return fault_set(f, FAULT_DENIED, "document: its end is missing");
	return open_chunk(w, sealed, last, ret, f);
}

bool
document_open(
    struct document_reader *r, struct octets piece, bool last, struct bytes *ret, struct fault *f)
{
	return work(&r->way, piece, last, open_one, ret, f);
}

void
document_reader_free(struct document_reader *r)
{
	if (r == NULL)
		return;
	way_free(&r->way);
	free(r);
}

/* --- lengths ------------------------------------------------------------------------------------
 */

uint64_t
document_sealed_octets(uint64_t plain)
{
	uint64_t chunks = plain == 0 ? 1 : (plain + DOCUMENT_CHUNK - 1) / DOCUMENT_CHUNK;

	return plain + chunks * DOCUMENT_TAG;
}

bool
document_plain_octets(uint64_t sealed, uint64_t *ret)
{
	uint64_t chunks = (sealed + SEALED - 1) / SEALED;

	if (sealed < DOCUMENT_TAG || sealed - (chunks - 1) * SEALED < DOCUMENT_TAG)
		return false;
	/* A last chunk of nothing stands alone. */
	if (chunks > 1 && sealed - (chunks - 1) * SEALED == DOCUMENT_TAG)
		return false;
	*ret = sealed - chunks * DOCUMENT_TAG;
	return true;
}
