/*
 * daemon/passphrase.h - what the sealed keys open with, by the settings' word.
 *
 * key-file: 256 random bits in a file, 0600. passphrase: asked on the terminal.
 * credential: a file that systemd hands over ($CREDENTIALS_DIRECTORY).
 */
#ifndef QUATRAIN_DAEMON_PASSPHRASE_H
#define QUATRAIN_DAEMON_PASSPHRASE_H

#include "base/seal.h"
#include "daemon/settings.h"

#define PASSPHRASE_LETTERS_MIN 12

/* A key file's is random; the others a person may have chosen. */
enum seal_strength passphrase_strength(const struct settings *s);

/* Where a key file lies: settings.seal_file, or master.key in folder. False if it does not fit. */
bool passphrase_path(const struct settings *s, const char *folder, char *path, size_t size);

/* For init: a new key file in folder, or the passphrase asked twice, or the credential. */
bool passphrase_make(
    const struct settings *s, const char *folder, struct secret *ret, struct fault *f) CHECKED;
/* For serve. Faults of both: FAULT_NOTFOUND, FAULT_CONFLICT the file exists, FAULT_BADREQ,
 * FAULT_INTERNAL. */
bool passphrase_get(const struct settings *s, struct secret *ret, struct fault *f) CHECKED;

#endif
