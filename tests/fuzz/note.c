/* tests/fuzz/note.c - a checkpoint that is taken is spelled the one way there is. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ca/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	uint8_t signature[4 + 64];
	struct bytes b = { 0 };
	struct log_note note;
	struct fault f;

	if (!log_note_read(octets_of(at, n), &note, &f)) {
		if (f.code != FAULT_BADREQ)
			abort();
		return 0;
	}
	memcpy(signature, note.key_hash, 4);
	memcpy(signature + 4, note.signature, 64);
	bytes_put_fmt(&b, "%s\n%" PRIu64 "\n", note.origin, note.size);
	text_base64(octets_of(note.root, sizeof(note.root)), 0, &b);
	bytes_put_text(&b, "\n");
	if (note.has_epoch)
		bytes_put_fmt(&b, "epoch %" PRIu64 "\n", note.epoch);
	if (!octets_same(octets_bytes(&b), note.text))
		abort();
	bytes_put_fmt(&b, "\n\xe2\x80\x94 %s ", note.origin);
	text_base64(octets_of(signature, sizeof(signature)), 0, &b);
	bytes_put_text(&b, "\n");
	if (!octets_same(octets_bytes(&b), octets_of(at, n)))
		abort();
	bytes_free(&b);
	return 0;
}
