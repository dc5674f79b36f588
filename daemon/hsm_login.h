/*
 * daemon/hsm_login.h - the token of the settings: its PIN is read by main, its session is the
 * signer's.
 *
 * hsm.pin_file is a path (mode 0600), or "credential:NAME" for a file that
 * systemd hands over. Nothing here does anything where hsm.module is not set.
 */
#ifndef QUATRAIN_DAEMON_HSM_LOGIN_H
#define QUATRAIN_DAEMON_HSM_LOGIN_H

#include "ca/hsm.h"
#include "daemon/settings.h"

/* Exit status where the token refused the PIN: whoever starts us again must not go on. */
#define HSM_PIN_STATUS 77

bool hsm_is_set(const struct settings *s);

/*
 * Read the PIN; source names its file, and a credential's not yet. The marker
 * is left empty. Faults: FAULT_NOTFOUND, FAULT_DENIED others may read the file,
 * FAULT_BADREQ, FAULT_INTERNAL.
 */
bool hsm_read_pin(const struct settings *s, struct pin *ret, struct fault *f) CHECKED;

/* From main to the signer, which keeps it until it logs in: as the body of WIRE_PIN, appended; and
 * back, into zeros. Faults: FAULT_INTERNAL, FAULT_BADREQ. */
bool hsm_put_pin(const struct pin *p, struct bytes *ret, struct fault *f) CHECKED;
/* The same, told to the child at control; nothing where no module is set. Faults: those of
 * child_tell(). */
bool hsm_tell_pin(
    const struct settings *s, const struct pin *p, int control, struct fault *f) CHECKED;
bool hsm_take_pin(struct octets body, struct pin *ret, struct fault *f) CHECKED;

/*
 * Log in; pin is taken, also on failure. keys_at is the folder of the sealed
 * keys, where a refusal is kept; token_key names a credential by a keyed hash,
 * since systemd makes its file anew at each start. *ret is NULL where no module
 * is set. Faults: those of hsm_open().
 */
bool hsm_log_in(const struct settings *s, const char *keys_at, const struct secret *token_key,
    struct pin *pin, struct hsm **ret, struct fault *f) CHECKED;

/* hsm.keys as enum keyring_use. */
unsigned hsm_uses(const struct settings *s);

#endif
