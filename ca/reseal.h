/*
 * ca/reseal.h - all sealed keys of a folder under another master key, whatever crashes in between.
 *
 * Beside each NAME.key a NAME.key.new is written, sealed anew, and read back. Then
 * one file, "resealing", says that all of them are there: until it is there the
 * old ones are whole and count; from then on each new one takes its old one's
 * place, and doing that again after a crash finishes it. URIs of keys in a token
 * have no seal and stay as they are.
 *
 * Nobody may use the folder meanwhile.
 */
#ifndef QUATRAIN_CA_RESEAL_H
#define QUATRAIN_CA_RESEAL_H

#include "base/seal.h"

#define RESEAL_PATH_MAX 1024
#define RESEAL_WORD_MAX 64 /* octets of what the caller keeps in "resealing" */

/* Is a reseal under way in folder keys? Then its word, NUL behind. Faults: FAULT_BADREQ it is no
 * word of ours, FAULT_INTERNAL. */
bool reseal_pending(
    const char *keys, bool *ret, char word[static RESEAL_WORD_MAX], struct fault *f) CHECKED;

/* What an interrupted reseal that is not under way left: removed. Fault: FAULT_INTERNAL. */
bool reseal_clear(const char *keys, struct fault *f) CHECKED;

/* Write path.new, sealed by to what from opens in path. Faults: those of seal_read() and
 * seal_write(). */
bool reseal_file(struct seal *from, struct seal *to, const char *path, struct fault *f) CHECKED;
/* path.new takes path's place, durably; nothing to do where there is none. Fault: FAULT_INTERNAL.
 */
bool reseal_turn(const char *path, struct fault *f) CHECKED;

/* reseal_file() for each sealed file of keys; *ret_n counts them. */
bool reseal_all(
    struct seal *from, struct seal *to, const char *keys, size_t *ret_n, struct fault *f) CHECKED;
/* From now on the new ones count. word: lower-case letters, spaces, hyphens. Fault: FAULT_INTERNAL.
 */
bool reseal_commit(const char *keys, const char *word, struct fault *f) CHECKED;
/* reseal_turn() for each. */
bool reseal_turn_all(const char *keys, struct fault *f) CHECKED;
/* It is done. Fault: FAULT_INTERNAL. */
bool reseal_end(const char *keys, struct fault *f) CHECKED;

#endif
