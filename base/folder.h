/*
 * base/folder.h - a new file is on disk only when its folder is, too.
 *
 * Syncing a file keeps its octets through a power cut, not its name.
 */
#ifndef QUATRAIN_BASE_FOLDER_H
#define QUATRAIN_BASE_FOLDER_H

#include "base/fault.h"

/* Sync the names in folder dir. Fault: FAULT_INTERNAL. */
bool folder_sync(const char *dir, struct fault *f) CHECKED;

/* Sync the folder that path (no slash at its end) is in. Fault: FAULT_INTERNAL. */
bool folder_sync_of(const char *path, struct fault *f) CHECKED;

#endif
