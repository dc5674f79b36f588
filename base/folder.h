/*
 * base/folder.h - a new file is on disk only when its folder is, too; and whose a file is.
 *
 * Syncing a file keeps its octets through a power cut, not its name.
 */
#ifndef QUATRAIN_BASE_FOLDER_H
#define QUATRAIN_BASE_FOLDER_H

#include <sys/stat.h>

#include "base/bytes.h"
#include "base/fault.h"

/* Sync the names in folder dir. Fault: FAULT_INTERNAL. */
bool folder_sync(const char *dir, struct fault *f) CHECKED;

/* Sync the folder that path (no slash at its end) is in. Fault: FAULT_INTERNAL. */
bool folder_sync_of(const char *path, struct fault *f) CHECKED;

/* All of o to fd, however many writes it takes. False: errno says why. */
bool folder_write_all(int fd, struct octets o) CHECKED;

/*
 * path is of the kind (S_IFDIR, S_IFREG) that we made there, and nobody else can
 * have put it there or written it: ours, no link, not another's to write.
 * Faults: FAULT_NOTFOUND nothing is there, FAULT_DENIED it is not ours alone to
 * write, FAULT_INTERNAL
 */
bool folder_check(const char *path, mode_t kind, struct stat *ret, struct fault *f) CHECKED;

#endif
