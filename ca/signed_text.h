/*
 * ca/signed_text.h - a text of lines that one key signed in the name of its first line (C2SP
 * signed-note).
 *
 * What pieces of the revocation feed and heads of offline bundles have in common: how one is
 * signed, and how its lines and its signature are read. Checkpoints, which several keys sign, are
 * ca/note.h's.
 */
#ifndef QUATRAIN_CA_SIGNED_TEXT_H
#define QUATRAIN_CA_SIGNED_TEXT_H

#include "ca/key.h"
#include "ca/note.h"

struct signed_by {
	uint8_t key_hash[4];
	uint8_t signature[LOG_SIGNATURE_OCTETS];
};

/* text, an empty line, and the signature line of k in the name of origin, appended. Fault:
 * FAULT_INTERNAL. */
bool signed_text_put(const char *origin, struct octets text, const struct key *k, struct bytes *ret,
    struct fault *f) CHECKED;

/*
 * Split a note: the text to its empty line (its last line end is part of it), and who signed it as
 * origin, which its first line has to be. Another's signature is passed over. Nothing is verified.
 * Fault: FAULT_BADREQ; noun begins its words.
 */
bool signed_text_split(struct octets note, const char *noun, struct octets *ret_text,
    struct octets *ret_signatures, struct fault *f) CHECKED;
bool signed_text_by(struct octets signatures, const char *origin, const char *noun,
    struct signed_by *ret, struct fault *f) CHECKED;
/* Is it by key, and does it hold? Faults: FAULT_BADREQ, FAULT_INTERNAL. */
bool signed_text_verify(struct octets text, const char *origin, const struct signed_by *by,
    const uint8_t key[static 32], const char *noun, struct fault *f) CHECKED;

/* Lines: take one off, without its end; a whole number spelled the one way, of at most 18 digits;
 * "WORD" and a time; a first line, as it may be. False: there is none. */
bool signed_text_line(struct octets *in, struct octets *ret);
bool signed_text_number(struct octets o, uint64_t *ret);
bool signed_text_time(struct octets line, const char *word, int64_t *ret_s);
bool signed_text_origin(struct octets line, char *to, size_t size);

#endif
