/* ca/dump_seal.c - see dump.h; who says that a dump is whole. */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "ca/dump_record.h"

bool
dump_signed_text(const char *origin, int64_t at_s, const uint8_t digest[static DUMP_HASH_OCTETS],
    struct octets certificates, struct bytes *ret, struct fault *f)
{
	uint8_t of[DUMP_HASH_OCTETS];
	char at[TEXT_TIME_MAX], frames[DUMP_HASH_OCTETS * 2 + 1], pem[DUMP_HASH_OCTETS * 2 + 1];

	(void)crypto_hash_sha256(of, certificates.at, certificates.n);
	text_time(at_s, at);
	text_hex(digest, DUMP_HASH_OCTETS, frames);
	text_hex(of, sizeof(of), pem);
	bytes_put_fmt(
	    ret, "quatrain dump %d\n%s\n%s\n%s\n%s\n", DUMP_EDITION, origin, at, frames, pem);
	return bytes_ok(ret, f);
}

bool
dump_put_seal(const struct dump_seal *s, struct bytes *ret, struct fault *f)
{
	if (s->signature.n != DUMP_SIGNATURE_OCTETS || s->certificates.n == 0 ||
	    s->certificates.n > DUMP_CERTS_MAX)
		return fault_set(f, FAULT_LIMIT, "dump: no seal has that shape");
	bytes_put_u32(ret, 0);
	bytes_put_u64(ret, (uint64_t)s->at_s);
	bytes_put_octets(ret, s->signature);
	bytes_put_counted(ret, s->certificates);
	return bytes_ok(ret, f);
}

static bool
take(struct dump_source *in, size_t n, struct bytes *to, struct fault *f)
{
	uint8_t *at;

	bytes_clear(to);
	at = bytes_extend(to, n);
	return bytes_ok(to, f) && at != NULL && dump_source_raw(in, at, n, f);
}

static bool
read_seal(struct dump_source *in, struct bytes *certificates, int64_t *at_s,
    uint8_t signature[static DUMP_SIGNATURE_OCTETS], struct fault *f)
{
	uint8_t head[8 + DUMP_SIGNATURE_OCTETS + 4];
	struct reader r;
	uint32_t n;

	if (!dump_source_raw(in, head, sizeof(head), f))
		return false;
	r = reader_of(octets_of(head, sizeof(head)));
	*at_s = (int64_t)reader_u64(&r);
	reader_copy(&r, signature, DUMP_SIGNATURE_OCTETS);
	n = reader_u32(&r);
	if (*at_s < 0 || *at_s > TEXT_TIME_LAST_S || n == 0 || n > DUMP_CERTS_MAX)
		return fault_set(f, FAULT_BADREQ, "dump: no seal has that shape");
	return take(in, n, certificates, f) && dump_source_last(in, f);
}

bool
dump_read_seal(struct dump_source *in, const struct name_space *ns, struct octets root_pem,
    int64_t *ret_s, struct fault *f)
{
	struct bytes certificates = { 0 }, text = { 0 };
	char origin[LOG_ORIGIN_MAX];
	uint8_t key[32], signature[DUMP_SIGNATURE_OCTETS];
	bool ok;

	log_origin(ns, NAME_PLATFORM, origin);
	ok = read_seal(in, &certificates, ret_s, signature, f) &&
	     dump_signed_text(
		 origin, *ret_s, in->total.digest, octets_bytes(&certificates), &text, f) &&
	     log_signer(octets_bytes(&certificates), root_pem, origin, *ret_s, key, f) &&
	     log_signed(key, signature, octets_bytes(&text), "dump", f);
	bytes_free(&text);
	bytes_free(&certificates);
	return ok;
}
