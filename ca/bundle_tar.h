/*
 * ca/bundle_tar.h - the one spelling of tar that a bundle has (POSIX.1-1988 ustar).
 */
#ifndef QUATRAIN_CA_BUNDLE_TAR_H
#define QUATRAIN_CA_BUNDLE_TAR_H

#include "ca/bundle.h"

#define BUNDLE_TAR_END (2 * BUNDLE_BLOCK) /* octets of zeros */

/* The header of a file. */
void bundle_tar_header(
    enum bundle_file which, uint64_t size, int64_t at_s, uint8_t to[static BUNDLE_BLOCK]);
/* Does a file that begins so look like a tar? */
bool bundle_tar_looks(const uint8_t head[static BUNDLE_BLOCK]);
/* Where in fd each file is; fd is in each part of *ret then. Faults: FAULT_BADREQ which octet is
 * not as bundle_out_end() leaves it, FAULT_INTERNAL. */
bool bundle_tar_index(int fd, struct bundle *ret, struct fault *f) CHECKED;

#endif
