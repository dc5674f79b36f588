/*
 * daemon/mapped.h - zeroed memory that main makes and all children share (memfd_create(2)).
 *
 * Its size is sealed: no child can take pages away from under the others.
 */
#ifndef QUATRAIN_DAEMON_MAPPED_H
#define QUATRAIN_DAEMON_MAPPED_H

#include <stddef.h>

#include "base/fault.h"

/* Main's: noun is what it is called; *ret_fd is for the children. Fault: FAULT_INTERNAL. */
bool mapped_new(const char *noun, size_t octets, void **ret, int *ret_fd, struct fault *f) CHECKED;
/* A child's, of a descriptor that main sent; fd is closed either way. Fault: FAULT_INTERNAL. */
bool mapped_open(int fd, const char *noun, size_t octets, void **ret, struct fault *f) CHECKED;

#endif
