/*
 * daemon/fetch_send.h - one file sent to where somebody keeps his files, as it comes.
 *
 * The third face of libcurl: a body of any length whose octets are asked for when they are wanted,
 * so that nothing of it is held. HTTP PUT (WebDAV, RFC 4918 section 9.7), the same with an AWS
 * signature of version 4 (S3; the payload is not signed: TLS holds it), or SMTP (RFC 5321). Follows
 * no redirect, uses no proxy, reads no more of an answer than FETCH_SEND_REPLY_MAX. TLS 1.2 at
 * least; credentials go over TLS alone, or to this machine's own addresses. Blocks: for a thread of
 * its own.
 */
#ifndef QUATRAIN_DAEMON_FETCH_SEND_H
#define QUATRAIN_DAEMON_FETCH_SEND_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/fault.h"
#include "base/secret.h"

#define FETCH_SEND_REPLY_MAX 65536
#define FETCH_SEND_BROKEN    SIZE_MAX /* of read: nothing more comes, and what came is not whole */
#define FETCH_SEND_UNKNOWN   UINT64_MAX /* of octets */
#define FETCH_SEND_SILENT_S  60L        /* so long without an octet in any direction ends it */

enum fetch_way { FETCH_WEBDAV, FETCH_S3, FETCH_SMTP };

/* All lent for the call. */
struct fetch_send {
	enum fetch_way way;
	const char *url;  /* of the file itself; of FETCH_SMTP the server's, smtp:// or smtps:// */
	const char *type; /* Content-Type; NULL of FETCH_SMTP */
	const char *user; /* or key id; NULL: none */
	const struct secret *password; /* or secret key */
	const char *region;            /* of FETCH_S3 */
	const char *from, *to;         /* of FETCH_SMTP: addresses */
	struct octets roots;           /* PEM; n 0: the machine's own */
	uint64_t octets;               /* FETCH_SEND_UNKNOWN: not of FETCH_S3 */
	/* At most n octets to at, how many; 0: that was all. May block; of another thread. */
	size_t (*read)(void *with, void *at, size_t n);
	void *with;
};

/*
 * True: it is there, as the other side says (HTTP 200, 201, 204; SMTP 250).
 * Faults: FAULT_BADREQ the URL; FAULT_BUSY nobody there, or too slow; FAULT_DENIED it is not who it
 * should be, or will not have it; FAULT_LIMIT it is full (507, 413, 552); FAULT_CONFLICT read said
 * that it is broken; FAULT_INTERNAL.
 */
bool fetch_send(const struct fetch_send *s, struct fault *f) CHECKED;

#endif
