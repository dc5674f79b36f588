/* base/ipc.c - see ipc.h. */
#include "base/ipc.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/secret.h"

#define TRACE_BEGUN   0x80 /* beside the flags of a trace */
#define HEAD_OCTETS   (8 + TRACE_ID_OCTETS + TRACE_SPAN_OCTETS + 1)
#define BUFFER_OCTETS (1 << 20) /* the kernel doubles it for its own needs */
#define FDS_MAX       1

/* Received here, then copied at its true length: asking for that first would cost a call. */
static _Thread_local uint8_t incoming[IPC_BODY_MAX];

/* Over the system's limit needs a privilege; without it we take what the limit gives. */
static bool
buffer_raise(int fd, int forced, int plain)
{
	const int n = BUFFER_OCTETS;

	return setsockopt(fd, SOL_SOCKET, forced, &n, sizeof(n)) == 0 ||
	       setsockopt(fd, SOL_SOCKET, plain, &n, sizeof(n)) == 0;
}

bool
ipc_pair(int ends[2], struct fault *f)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == -1)
		return fault_errno(f, FAULT_INTERNAL, "ipc: no socket pair");
	for (int i = 0; i < 2; i++) {
		if (!buffer_raise(fds[i], SO_SNDBUFFORCE, SO_SNDBUF) ||
		    !buffer_raise(fds[i], SO_RCVBUFFORCE, SO_RCVBUF)) {
			fault_errno(f, FAULT_INTERNAL, "ipc: buffers stay small");
			(void)close(fds[0]);
			(void)close(fds[1]);
			return false;
		}
	}
	memcpy(ends, fds, sizeof(fds));
	return true;
}

static bool
io_fault(struct fault *f, const char *what)
{
	enum fault_code code = FAULT_INTERNAL;

	if (errno == EAGAIN || errno == ENOBUFS)
		code = FAULT_BUSY;
	else if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN)
		code = FAULT_NOTFOUND;
	return fault_errno(f, code, "ipc: cannot %s", what);
}

static void
head_write(uint8_t head[static HEAD_OCTETS], const struct message *m)
{
	for (int i = 0; i < 4; i++)
		head[i] = (uint8_t)(m->id >> (24 - 8 * i));
	head[4] = (uint8_t)(m->verb >> 8);
	head[5] = (uint8_t)m->verb;
	head[6] = (uint8_t)(m->code >> 8);
	head[7] = (uint8_t)m->code;
	memcpy(head + 8, m->trace.id, TRACE_ID_OCTETS);
	memcpy(head + 8 + TRACE_ID_OCTETS, m->trace.span, TRACE_SPAN_OCTETS);
	head[HEAD_OCTETS - 1] =
	    (uint8_t)((m->trace.flags & 1) | (m->trace.begun ? TRACE_BEGUN : 0));
}

/* Room for one descriptor's control message, aligned as the kernel wants it. */
union control {
	struct cmsghdr head;
	char at[CMSG_SPACE(sizeof(int) * FDS_MAX)];
};

static void
attach(struct msghdr *h, union control *c, int fd)
{
	memset(c, 0, sizeof(*c));
	h->msg_control = c->at;
	h->msg_controllen = sizeof(c->at);
	c->head.cmsg_level = SOL_SOCKET;
	c->head.cmsg_type = SCM_RIGHTS;
	c->head.cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(&c->head), &fd, sizeof(fd));
}

bool
ipc_send(int fd, const struct message *m, struct fault *f)
{
	uint8_t head[HEAD_OCTETS];
	struct iovec part[] = {
		{ .iov_base = head, .iov_len = sizeof(head) },
		{ .iov_base = m->body.at, .iov_len = m->body.n },
	};
	struct msghdr h = { .msg_iov = part, .msg_iovlen = 2 };
	union control control;
	ssize_t n;

	if (!bytes_ok(&m->body, f))
		return false;
	if (m->body.n > IPC_BODY_MAX)
		return fault_set(
		    f, FAULT_LIMIT, "ipc: %zu octets, over %u", m->body.n, IPC_BODY_MAX);
	head_write(head, m);
	if (m->fd >= 0)
		attach(&h, &control, m->fd);
	do
		n = sendmsg(fd, &h, MSG_NOSIGNAL);
	while (n == -1 && errno == EINTR);
	return n >= 0 || io_fault(f, "send");
}

/* The first descriptor received, or -1; *ret_n is how many came, and those behind the first are
 * closed. */
static int
detach(struct msghdr *h, size_t *ret_n)
{
	int first = -1, fd;

	*ret_n = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c != NULL; c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; at + sizeof(fd) <= c->cmsg_len - CMSG_LEN(0);
		     at += sizeof(fd)) {
			memcpy(&fd, CMSG_DATA(c) + at, sizeof(fd));
			if ((*ret_n)++ == 0)
				first = fd;
			else
				(void)close(fd);
		}
	}
	return first;
}

static bool
whole(const struct msghdr *h, ssize_t n, size_t n_fds, struct fault *f)
{
	if (n == 0 && n_fds == 0)
		return fault_set(f, FAULT_NOTFOUND, "ipc: the peer is gone");
	if ((h->msg_flags & MSG_CTRUNC) != 0 || n_fds > FDS_MAX)
		return fault_set(f, FAULT_BADREQ, "ipc: more descriptors than one");
	if ((h->msg_flags & MSG_TRUNC) != 0)
		return fault_set(f, FAULT_BADREQ, "ipc: a body over %u octets", IPC_BODY_MAX);
	if (n < HEAD_OCTETS)
		return fault_set(f, FAULT_BADREQ, "ipc: %zd octets are no message", n);
	return true;
}

/* The head and the n octets of incoming behind it. */
static bool
fill(struct message *m, struct octets head, size_t n, struct fault *f)
{
	struct reader r = reader_of(head);

	bytes_clear(&m->body);
	bytes_put(&m->body, incoming, n);
	secret_wipe(incoming, n);
	if (!bytes_ok(&m->body, f))
		return false;
	m->id = reader_u32(&r);
	m->verb = reader_u16(&r);
	m->code = reader_u16(&r);
	reader_copy(&r, m->trace.id, sizeof(m->trace.id));
	reader_copy(&r, m->trace.span, sizeof(m->trace.span));
	m->trace.flags = reader_u8(&r);
	m->trace.begun = (m->trace.flags & TRACE_BEGUN) != 0;
	m->trace.flags &= 1;
	return true;
}

bool
ipc_recv(int fd, struct message *m, struct fault *f)
{
	uint8_t head[HEAD_OCTETS];
	struct iovec part[] = {
		{ .iov_base = head, .iov_len = sizeof(head) },
		{ .iov_base = incoming, .iov_len = sizeof(incoming) },
	};
	union control control;
	struct msghdr h = { .msg_iov = part, .msg_iovlen = 2 };
	size_t n_fds;
	ssize_t n;
	int got;

	h.msg_control = control.at;
	h.msg_controllen = sizeof(control.at);
	do
		n = recvmsg(fd, &h, MSG_CMSG_CLOEXEC);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return io_fault(f, "receive");
	got = detach(&h, &n_fds);
	if (!whole(&h, n, n_fds, f) ||
	    !fill(m, octets_of(head, sizeof(head)), (size_t)n - sizeof(head), f)) {
		if (got >= 0)
			(void)close(got);
		return false;
	}
	m->fd = got;
	return true;
}
