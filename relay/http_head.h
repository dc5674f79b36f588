/*
 * relay/http_head.h - the head of an HTTP/1.1 request, read strictly (RFC 9112).
 *
 * Pure, zero copies. What could be read in two ways is refused, so that nobody before or behind
 * us can be made to see another request: two lengths, a length and a coding, a folded line, a blank
 * before a colon, a bare CR or LF, two Hosts. Only a target in origin form is taken (RFC 9112
 * section 3.2.1).
 */
#ifndef QUATRAIN_RELAY_HTTP_HEAD_H
#define QUATRAIN_RELAY_HTTP_HEAD_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/fault.h"

#define HTTP_HEAD_MAX   16384 /* octets, with the empty line */
#define HTTP_FIELDS_MAX 64
#define HTTP_METHOD_MAX 16
#define HTTP_TARGET_MAX 1024
#define HTTP_CHUNKED    UINT64_MAX

struct http_field {
	struct octets name, value; /* value without blanks around it */
};

/* Everything lent from what was read. */
struct http_head {
	struct octets method, path, query; /* query without its '?' */
	bool is_11;                        /* HTTP/1.1, and not 1.0 */
	bool keep;                         /* the connection outlives the request */
	bool expects;                      /* Expect: 100-continue */
	uint64_t octets;                   /* of the body; HTTP_CHUNKED; 0: none */
	size_t fields_n;
	struct http_field fields[HTTP_FIELDS_MAX];
};

/*
 * in is all that has come of a request, from its first octet. *ret_n is the length of the whole
 * head, and 0 while more is needed; on true with *ret_n over 0 ret is filled in.
 * Faults: FAULT_LIMIT longer than HTTP_HEAD_MAX, or too many fields (431); FAULT_TYPE a version
 * (505), an Expect (417) or a coding that is not ours (501), as status says; FAULT_BADREQ all else
 * (400). *status is filled in with a fault.
 */
bool http_head_read(struct octets in, size_t *ret_n, struct http_head *ret, unsigned *status,
    struct fault *f) CHECKED;

/* The only field of that name (in lower case); at NULL: there is none. False: it came twice. */
bool http_head_field(const struct http_head *h, const char *name, struct octets *ret);

#endif
