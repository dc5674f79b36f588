/*
 * ca/bundle_out.h - a bundle (ca/bundle.h) being written: into a folder, and from there as a tar.
 */
#ifndef QUATRAIN_CA_BUNDLE_OUT_H
#define QUATRAIN_CA_BUNDLE_OUT_H

#include "ca/bundle.h"

struct bundle_out;

/* A new bundle in the folder dir, of which no file may be there. *ret to bundle_out_free(). Faults:
 * FAULT_CONFLICT, FAULT_INTERNAL. */
bool bundle_out_new(const char *dir, struct bundle_out **ret, struct fault *f) CHECKED;
/* Append. The first octets make the file. Faults: FAULT_INTERNAL, FAULT_LIMIT too large. */
bool bundle_put(
    struct bundle_out *b, enum bundle_file which, struct octets o, struct fault *f) CHECKED;
/* Writes the manifest; durable: and has all on the disk. Fault: FAULT_INTERNAL. */
bool bundle_out_end(struct bundle_out *b, bool durable, struct fault *f) CHECKED;
/* Closes; where bundle_out_end() did not succeed, its files are removed. NULL is allowed. */
void bundle_out_free(struct bundle_out *b);

/* The files of a bundle in dir as a tar, into the new file at path; at_s: the last entry's time.
 * Faults: FAULT_CONFLICT it is there, FAULT_INTERNAL. */
bool bundle_pack(const char *dir, const char *path, int64_t at_s, struct fault *f) CHECKED;

#endif
