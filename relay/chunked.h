/*
 * relay/chunked.h - the chunked coding of a body, taken off as it comes (RFC 9112 section 7.1).
 *
 * A machine of octets that holds nothing of the body. Strict: a size is 1 to 15 hex digits and no
 * more than them; extensions and trailers are bounded and dropped; a line ends with CR LF.
 */
#ifndef QUATRAIN_RELAY_CHUNKED_H
#define QUATRAIN_RELAY_CHUNKED_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/fault.h"

#define CHUNKED_EXTRA_MAX 4096 /* octets of extensions and trailers, of the whole body */

enum chunked_state {
	CHUNKED_SIZE, /* zeros to begin with */
	CHUNKED_EXTENSION,
	CHUNKED_SIZE_LF,
	CHUNKED_DATA,
	CHUNKED_DATA_CR,
	CHUNKED_DATA_LF,
	CHUNKED_LINE, /* at the beginning of a trailer's line, or the last */
	CHUNKED_TRAILER,
	CHUNKED_TRAILER_LF,
	CHUNKED_LAST_LF,
	CHUNKED_END,
};

struct chunked {
	enum chunked_state state;
	unsigned digits;
	uint64_t left; /* octets of this chunk */
	size_t extra;
};

/*
 * Take from in up to and with the next run of the body: *ret_used octets were taken, ret is lent
 * from them (n 0: nothing of the body was among them). At CHUNKED_END nothing more is taken: what
 * follows is the next request. Fault: FAULT_BADREQ.
 */
bool chunked_take(struct chunked *c, struct octets in, size_t *ret_used, struct octets *ret,
    struct fault *f) CHECKED;

#endif
