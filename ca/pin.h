/*
 * ca/pin.h - the PIN of a token, and the memory that it was refused.
 *
 * A token locks after a few wrong PINs, and a service that is started again and
 * again would lock it within seconds. So a PIN that was refused is never tried
 * again: a file keeps the name of the source that it came from, and stands in
 * the way of every later start until the source is another (the PIN's file was
 * written again) or a person removes the file. Room for that file is made sure
 * of before the first try. Signer and init only.
 */
#ifndef QUATRAIN_CA_PIN_H
#define QUATRAIN_CA_PIN_H

#include "base/secret.h"

#define PIN_SOURCE_MAX 128 /* of its text, the NUL included */
#define PIN_PATH_MAX   512

struct pin {
	struct secret digits;
	char source[PIN_SOURCE_MAX]; /* names where the PIN is from and changes with it, and tells
					nothing of it; one line */
	char marker[PIN_PATH_MAX];   /* the file */
};

/*
 * Before a try. Faults: FAULT_AUTH this one was refused before, with words that
 * say what to do, FAULT_INTERNAL a refusal could not be recorded.
 */
bool pin_may_try(const struct pin *p, struct fault *f) CHECKED;
/* After it: the token refused it; durable on return. Fault: FAULT_INTERNAL. */
bool pin_refused(const struct pin *p, struct fault *f) CHECKED;
/* After it: it was right, or nothing was said of it. */
void pin_settled(const struct pin *p, bool right);

void pin_free(struct pin *p); /* wiped; zeros are allowed */

#endif
