/*
 * ca/key_file.h - what a file in keys/ is: a sealed key, or the URI of one in a token.
 *
 * A URI is one line of RFC 7512: pkcs11:token=LABEL;id=%xx...;type=private. We
 * write these three attributes and read them in any order; whatever else such
 * a URI may have (a PIN above all) is refused.
 */
#ifndef QUATRAIN_CA_KEY_FILE_H
#define QUATRAIN_CA_KEY_FILE_H

#include "ca/hsm.h"

struct key_uri {
	char token[HSM_LABEL_MAX];
	uint8_t id[TBS_KEY_ID_OCTETS]; /* CKA_ID */
};

/* The line, its end included, appended. Fault: FAULT_INTERNAL. */
bool key_uri_text(const struct key_uri *u, struct bytes *ret, struct fault *f) CHECKED;
/* From such a line. Fault: FAULT_BADREQ. */
bool key_uri_read(struct octets line, struct key_uri *ret, struct fault *f) CHECKED;

/* A new file, 0600, synced with its folder. Faults: FAULT_CONFLICT it exists, FAULT_INTERNAL. */
bool key_file_write_uri(const char *path, const struct key_uri *u, struct fault *f) CHECKED;
/* *is_uri false: the file is something else, and *ret untouched. Faults: FAULT_NOTFOUND no file,
 * FAULT_BADREQ, FAULT_INTERNAL. */
bool key_file_read_uri(
    const char *path, bool *is_uri, struct key_uri *ret, struct fault *f) CHECKED;

#endif
