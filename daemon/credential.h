/*
 * daemon/credential.h - the three files of a holder: key.pem, cert.pem, root.pem, in one folder.
 *
 * For the command line, on the side of who holds the key. Every file is on the
 * disk when its function returns, whole or not at all.
 */
#ifndef QUATRAIN_DAEMON_CREDENTIAL_H
#define QUATRAIN_DAEMON_CREDENTIAL_H

#include <openssl/x509.h>

#include "base/bytes.h"
#include "base/fault.h"

#define CREDENTIAL_PATH_MAX  4200
#define CREDENTIAL_FILE_MAX  65536 /* octets; a chain of four is under 4 KiB */
#define CREDENTIAL_CERTS_MAX 16

/* dir + "/" + name. Fault: FAULT_BADREQ too long. */
bool credential_path(const char *dir, const char *name, char to[static CREDENTIAL_PATH_MAX],
    struct fault *f) CHECKED;
bool credential_exists(const char *dir, const char *name);
/* Make the folder (mode 0700) where it is missing. Faults: FAULT_NOTFOUND, FAULT_DENIED. */
bool credential_folder(const char *dir, struct fault *f) CHECKED;

/* Hold the folder, for one process at a time; ended by close(). Faults: FAULT_BUSY somebody else
 * has it, FAULT_NOTFOUND. */
bool credential_lock(const char *dir, int *ret, struct fault *f) CHECKED;

/* Read a small file whole; appended to ret. Faults: FAULT_NOTFOUND, FAULT_LIMIT. */
bool credential_read(const char *path, struct bytes *ret, struct fault *f) CHECKED;
/* The same of an open file, to its end and of up to max octets; name is for faults. */
bool credential_read_of(
    int fd, const char *name, size_t max, struct bytes *ret, struct fault *f) CHECKED;
/* A new file; one that is there is left alone. Faults: FAULT_CONFLICT, FAULT_INTERNAL. */
bool credential_make(
    const char *dir, const char *name, unsigned mode, struct octets o, struct fault *f) CHECKED;
/* The same, in place of one that is there: a reader sees the old or the new. Fault: FAULT_INTERNAL.
 */
bool credential_replace(
    const char *dir, const char *name, unsigned mode, struct octets o, struct fault *f) CHECKED;
/* Rename within the folder, durably. Fault: FAULT_INTERNAL. */
bool credential_rename(const char *dir, const char *from, const char *to, struct fault *f) CHECKED;

/* A new key, P-256 or RSA of rsa_bits (0: P-256), and its file (mode 0600). *ret is the caller's.
 * Faults: as credential_make(). */
bool credential_key_make(
    const char *dir, const char *name, unsigned rsa_bits, EVP_PKEY **ret, struct fault *f) CHECKED;
/* Faults: FAULT_NOTFOUND, FAULT_BADREQ no unencrypted PEM key. */
bool credential_key_read(
    const char *dir, const char *name, EVP_PKEY **ret, struct fault *f) CHECKED;

/* PEM certificates, at least one; other blocks are passed over. *ret to credential_certs_free().
 * Faults: FAULT_BADREQ, FAULT_LIMIT over CREDENTIAL_CERTS_MAX. */
bool credential_certs_parse(struct octets pem, STACK_OF(X509) * *ret, struct fault *f) CHECKED;
bool credential_certs_read(const char *path, STACK_OF(X509) * *ret, struct fault *f) CHECKED;
void credential_certs_free(STACK_OF(X509) * certs); /* NULL is allowed */
/* Append c as PEM. Fault: FAULT_INTERNAL. */
bool credential_cert_put(struct bytes *b, X509 *c, struct fault *f) CHECKED;

/* What stands in a request besides its key. All is lent; NULL: left out. */
struct credential_says {
	const char *cn;                    /* the subject is CN=cn, where nothing below says it */
	const X509_NAME *subject;          /* or this */
	const X509_EXTENSIONS *extensions; /* asked for */
	const X509 *like; /* or its subject and SubjectAltName exactly (RFC 7030 section 4.2.2) */
	const char *challenge; /* challengePassword (RFC 2985 section 5.4.1), printable ASCII */
};

/*
 * A PKCS #10 request (RFC 2986) in DER, signed by key; appended to ret. Faults: FAULT_BADREQ,
 * FAULT_INTERNAL.
 */
bool credential_request(
    EVP_PKEY *key, const struct credential_says *says, struct bytes *ret, struct fault *f) CHECKED;

/*
 * Put key and certificates, in PEM, in the place of key.pem and cert.pem, both at once: whatever
 * comes between, the two files belong together. They become links into a folder beside them, and
 * one link is renamed. Fault: FAULT_INTERNAL, and the old ones are as they were.
 */
bool credential_pair_replace(
    const char *dir, struct octets key, struct octets cert, struct fault *f) CHECKED;

#endif
