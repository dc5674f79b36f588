/*
 * base/fault.h - what went wrong, told once, by the function that knows.
 *
 * A function that can fail returns bool and takes a struct fault last. If it
 * returns false it has filled the fault in; if true it has not touched it.
 * Only daemon/ logs a fault; only a protocol's face (enroll/, ocsp/, relay/,
 * daemon/api) turns one into a status.
 */
#ifndef QUATRAIN_BASE_FAULT_H
#define QUATRAIN_BASE_FAULT_H

#include <stdbool.h>

#define CHECKED                __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

#define FAULT_TEXT_MAX 256 /* octets, the closing NUL included */

enum fault_code {
	FAULT_BADREQ = 1, /* the peer sent something malformed */
	FAULT_TYPE,       /* well formed, of a kind that is not taken here */
	FAULT_AUTH,       /* no credentials, or wrong ones */
	FAULT_DENIED,     /* known and well formed, but policy says no */
	FAULT_NOTFOUND,   /* no such tenant, certificate, job or profile */
	FAULT_CONFLICT,   /* there already: a name, a key, a serial */
	FAULT_LIMIT,      /* over a configured size, count or rate */
	FAULT_BUSY,       /* not now: a child restarts, a queue is full */
	FAULT_STALE,      /* it was changed since the peer looked (RFC 9110 section 13.1.1) */
	FAULT_BLIND,      /* it must say what it looked at (RFC 6585 section 3) */
	FAULT_REUSED,     /* its Idempotency-Key was another request's */
	FAULT_OFTEN,      /* too many of that kind in a day */
	FAULT_INTERNAL,   /* ours: memory, disk, libcrypto, a bug */
};

struct fault {
	enum fault_code code;
	char text[FAULT_TEXT_MAX]; /* "what: RFC n section s: why" */
};

/* Fill f in; text is cut to fit and made printable. Always false, for "return fault_set(...)". */
bool fault_set(struct fault *f, enum fault_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The same, adding errno's text. */
bool fault_errno(struct fault *f, enum fault_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The same, adding libcrypto's own reason and leaving its error queue empty. */
bool fault_crypto(struct fault *f, enum fault_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);

#ifdef __clang_analyzer__ /* it sees one file at a time, and so not that these are never true */
static inline bool
fault_never(bool said)
{
	(void)said;
	return false;
}
#define fault_set(...)    fault_never(fault_set(__VA_ARGS__))
#define fault_errno(...)  fault_never(fault_errno(__VA_ARGS__))
#define fault_crypto(...) fault_never(fault_crypto(__VA_ARGS__))
#endif

#endif
