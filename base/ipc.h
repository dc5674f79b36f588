/*
 * base/ipc.h - ask and answer between our own processes, over a socketpair.
 *
 * SOCK_SEQPACKET keeps messages whole. A message is id (u32), verb (u16),
 * code (u16, 0 in a question; 0 or a fault_code in an answer), trace (25 octets, zeros for none),
 * then the body.
 * A file descriptor may ride along.
 */
#ifndef QUATRAIN_BASE_IPC_H
#define QUATRAIN_BASE_IPC_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/fault.h"
#include "base/trace.h"

#define IPC_BODY_MAX (192u << 10) /* octets */

struct message {
	uint32_t id;
	uint16_t verb;
	uint16_t code;
	struct trace trace; /* of the request that a question is for */
	struct bytes body;
	int fd; /* -1: none; a received one is the caller's to close */
};

/* Two connected ends, close-on-exec, non-blocking, with buffers of 2 MiB; of as much as the system
 * lets where we are not root. Fault: FAULT_INTERNAL. */
bool ipc_pair(int ends[2], struct fault *f) CHECKED;

/* Faults: FAULT_BUSY the peer's buffer is full, FAULT_NOTFOUND the peer is gone, FAULT_LIMIT body
 * over IPC_BODY_MAX, FAULT_INTERNAL. m->body is only lent. */
bool ipc_send(int fd, const struct message *m, struct fault *f) CHECKED;

/* m->body is reused. Faults: FAULT_BUSY nothing there now, FAULT_NOTFOUND the peer is gone,
 * FAULT_BADREQ a message too short or cut, FAULT_INTERNAL. */
bool ipc_recv(int fd, struct message *m, struct fault *f) CHECKED;

#endif
