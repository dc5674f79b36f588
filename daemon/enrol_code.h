/*
 * daemon/enrol_code.h - all that a device needs to enrol, as one line: the content of a QR code.
 *
 *     quatrain:enrol?url=https%3A%2F%2Fca.example.org%3A8443&token=SECRET.ROOT.TENANT.DEVICE
 *
 * The parameters' values are percent-encoded (RFC 3986 section 2.1) and come in
 * any order, each once; key=rsa says that the token wants an RSA key. Tenant, device
 * and the root's fingerprint are in the token (est_trust.h). Another parameter is
 * refused: what is not understood may matter. The whole is as secret as the token.
 */
#ifndef QUATRAIN_DAEMON_ENROL_CODE_H
#define QUATRAIN_DAEMON_ENROL_CODE_H

#include "base/secret.h"

#define ENROL_CODE_MAX       2048
#define ENROL_CODE_URL_MAX   513
#define ENROL_CODE_TOKEN_MAX 256

struct enrol_code {
	char url[ENROL_CODE_URL_MAX];
	struct secret token; /* owned, to secret_free() */
	bool rsa;
};

/* Append the line, without a line end. */
void enrol_code_put(struct bytes *b, const char *url, const char *token, bool rsa);

/* Faults: FAULT_BADREQ, without any of the text in it; FAULT_INTERNAL. */
bool enrol_code_read(struct octets text, struct enrol_code *ret, struct fault *f) CHECKED;

#endif
