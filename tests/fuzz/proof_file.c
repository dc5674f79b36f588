/* tests/fuzz/proof_file.c - a proof that is taken is spelled the one way there is, and by keys that
 * signed nothing it proves nothing. */
#include <stdlib.h>
#include <string.h>

#include "ca/proof_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

/* RFC 8032 section 7.1, test 1: a key as any, with which nobody here signs. */
static const uint8_t key[32] = { 0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe,
	0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02,
	0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a };

/* Read again and write: the same octets. */
static void
spell(const struct proof_file *p, struct octets text)
{
	struct bytes again = { 0 };
	struct fault f;
	bool ok = p->kind == PROOF_CONSISTENCY
		      ? proof_file_put_consistency(p->index, &p->path, p->checkpoint, &again, &f)
		      : proof_file_put_inclusion(
			    octets_bytes(&p->extra), p->index, &p->path, p->checkpoint, &again, &f);

	if (!ok || !octets_same(octets_bytes(&again), text))
		abort();
	bytes_free(&again);
}

/* Also a redacted line: what is taken for a stub is one. */
static void
look_at_line(const struct proof_file *p)
{
	struct octets line = octets_bytes(&p->extra);
	struct bytes again = { 0 };
	struct redaction r;
	int64_t at_s;

	(void)proof_entry_time(line, &at_s);
	if (redaction_stub(line, p->index, &r)) {
		redaction_put_stub(&r, &again);
		if (!octets_same(octets_bytes(&again), line) || r.n != p->index || r.by <= r.n)
			abort();
	}
	(void)redaction_read(line, p->index, &r);
	bytes_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct octets text = octets_of(at, n);
	struct log_keys keys = { .cosigners = 0 };
	struct proven_entry e;
	struct proof_file p;
	struct fault f;

	/* The same octets as a file of keys: refused, or whole keys. */
	if (log_keys_read(text, octets_of(NULL, 0), "example.org/log", 0, &keys, &f) &&
	    keys.log.name[0] == '\0')
		abort();
	if (!proof_file_read(text, &p, &f)) {
		if (f.code != FAULT_BADREQ && f.code != FAULT_LIMIT)
			abort();
		return 0;
	}
	spell(&p, text);
	look_at_line(&p);
	keys = (struct log_keys){ .cosigners = 0 };
	memcpy(keys.log.key, key, sizeof(key));
	memcpy(keys.log.name, p.note.origin, sizeof(keys.log.name));
	if (proof_check_entry(&p, &keys, &e, &f))
		abort();
	proof_file_free(&p);
	return 0;
}
