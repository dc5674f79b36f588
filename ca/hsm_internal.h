/*
 * ca/hsm_internal.h - a token's session, as the files of ca/hsm.h share it.
 */
#ifndef QUATRAIN_CA_HSM_INTERNAL_H
#define QUATRAIN_CA_HSM_INTERNAL_H

#include <p11-kit/pkcs11.h>

#include "ca/hsm.h"

#define HSM_MADE_MAX 32 /* keys of one ceremony */

struct hsm {
	void *module; /* of dlopen() */
	CK_FUNCTION_LIST *call;
	char token[HSM_LABEL_MAX];
	struct pin pin;
	bool begun, in; /* C_Initialize() was called; logged in */
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE session;
	unsigned long sessions; /* counts them, so that a handle of an older one is known */
	struct {
		CK_OBJECT_HANDLE private, public;
	} made[HSM_MADE_MAX];
	size_t made_n;
};

/* Always false: what failed, and the CKR code's name. */
bool hsm_told(CK_RV rv, const char *what, struct fault *f);
/* The session, or the whole token, was taken away: opening it anew may help. */
bool hsm_is_lost(CK_RV rv);
/* Open a session and log in, once more. Faults: those of hsm_open(). */
bool hsm_enter_again(struct hsm *h, struct fault *f) CHECKED;
/* The same where there is no login: without one a token shows no private key, as though there were
 * none. */
bool hsm_is_in(struct hsm *h, struct fault *f) CHECKED;

#endif
