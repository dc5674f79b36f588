/*
 * base/ballast.h - room on a disk that others fill, kept for what may not wait.
 *
 * A file of BALLAST_OCTETS that holds nothing. Who meets the disk's end with
 * something that must be written (a revocation, its line in the journal) lets it
 * go and tries again. One a process; the process that writes the ledgers keeps it.
 */
#ifndef QUATRAIN_BASE_BALLAST_H
#define QUATRAIN_BASE_BALLAST_H

#include "base/fault.h"

#define BALLAST_OCTETS (8u << 20)
#define BALLAST_NAME   "ballast" /* in the service's data folder */

/*
 * The ballast is there, or is made, and path (copied) is what ballast_release()
 * removes from now on. It is made only where as much again stays free.
 * Faults: FAULT_LIMIT there is no room for it now, FAULT_DENIED the file is not
 * ours alone to write, FAULT_INTERNAL
 */
bool ballast_keep(const char *path, struct fault *f) CHECKED;

/* True if there is more room on the disk than before. */
bool ballast_release(void);

#endif
