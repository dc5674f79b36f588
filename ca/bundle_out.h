/*
 * ca/bundle_out.h - a bundle (ca/bundle.h) being written: as a folder, or straight into a tar.
 *
 * A tar has its files one behind the other, and only one can grow at its end. So bundle_place()
 * says which that is: what stands before it is whole by then, what comes behind it waits in files
 * without a name. Headers, and the manifest, whose length is known when all files are, are written
 * last. So no large file of a range is written twice.
 */
#ifndef QUATRAIN_CA_BUNDLE_OUT_H
#define QUATRAIN_CA_BUNDLE_OUT_H

#include "ca/bundle.h"

/* What BUNDLE_README holds. */
extern const char bundle_readme[];

struct bundle_out;

/* A new bundle in the folder dir, of which no file may be there. *ret to bundle_out_free(). Faults:
 * FAULT_CONFLICT, FAULT_INTERNAL. */
bool bundle_out_new(const char *dir, struct bundle_out **ret, struct fault *f) CHECKED;
/* The same as a tar, the new file at path. */
bool bundle_out_tar(const char *path, struct bundle_out **ret, struct fault *f) CHECKED;
/*
 * Append. The first octets, or none, make the file; of a tar all are made before the first
 * bundle_place(). Faults: FAULT_INTERNAL, FAULT_LIMIT too large.
 */
bool bundle_put(
    struct bundle_out *b, enum bundle_file which, struct octets o, struct fault *f) CHECKED;
/* This file grows from here on, and those before it do not any more. Fault: FAULT_INTERNAL. */
bool bundle_place(struct bundle_out *b, enum bundle_file which, struct fault *f) CHECKED;
/* What was put into a file that is placed, or a folder's, to be read from its beginning. *ret to
 * bundle_reader_free(), before b goes. Fault: FAULT_INTERNAL. */
bool bundle_out_read(struct bundle_out *b, enum bundle_file which, struct bundle_reader *ret,
    struct fault *f) CHECKED;
/* Writes the manifest, and of a tar the headers; at_s: the last entry's time. All is on the disk
 * then. Fault: FAULT_INTERNAL. */
bool bundle_out_end(struct bundle_out *b, int64_t at_s, struct fault *f) CHECKED;
/* Closes; where bundle_out_end() did not succeed, its files are removed. NULL is allowed. */
void bundle_out_free(struct bundle_out *b);

#endif
