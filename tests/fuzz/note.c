/* tests/fuzz/note.c - a checkpoint that is taken is spelled the one way there is. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ca/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

static void
put_line(const struct log_note_line *l, struct bytes *to)
{
	uint8_t signature[4 + LOG_COSIGNATURE_OCTETS];
	struct bytes again = { 0 };

	bytes_put_text(to, "\xe2\x80\x94 ");
	bytes_put_octets(to, l->name);
	bytes_put_text(to, " ");
	bytes_put_octets(to, l->base64);
	bytes_put_text(to, "\n");
	if (l->n > LOG_COSIGNATURE_OCTETS)
		return;
	memcpy(signature, l->key_hash, 4);
	memcpy(signature + 4, l->signature, l->n);
	text_base64(octets_of(signature, 4 + l->n), 0, &again);
	if (!octets_same(octets_bytes(&again), l->base64))
		abort();
	bytes_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct bytes b = { 0 };
	struct log_note note;
	struct fault f;

	if (!log_note_read(octets_of(at, n), &note, &f)) {
		if (f.code != FAULT_BADREQ)
			abort();
		return 0;
	}
	bytes_put_fmt(&b, "%s\n%" PRIu64 "\n", note.origin, note.size);
	text_base64(octets_of(note.root, sizeof(note.root)), 0, &b);
	bytes_put_text(&b, "\n");
	if (note.has_epoch)
		bytes_put_fmt(&b, "epoch %" PRIu64 "\n", note.epoch);
	if (!octets_same(octets_bytes(&b), note.text))
		abort();
	bytes_put_text(&b, "\n");
	for (size_t i = 0; i < note.lines; i++)
		put_line(&note.line[i], &b);
	if (!octets_same(octets_bytes(&b), octets_of(at, n)))
		abort();
	bytes_free(&b);
	return 0;
}
