/*
 * daemon/profiles.h - which profiles the configuration means.
 */
#ifndef QUATRAIN_DAEMON_PROFILES_H
#define QUATRAIN_DAEMON_PROFILES_H

#include "ca/profile_set.h"
#include "daemon/settings.h"

/* The files of the folder that s names, or the built-in ones, as this process's set; and, where
 * bundle is not NULL, appended to it for children. Faults: those of profile_bundle_folder() and
 * profile_load(). */
bool profiles_start(const struct settings *s, struct bytes *bundle, struct fault *f) CHECKED;

#endif
