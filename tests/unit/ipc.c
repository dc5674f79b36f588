/* tests/unit/ipc.c - base/ipc.h: whole messages, one descriptor, and nothing a hostile peer can
 * leave behind. */
#include "base/ipc.h"
#include "tests/unit/run.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD_OCTETS 33
#define FDS_MOST    64

static int ends[2];
static struct message in, out;

static void
setup(void)
{
	struct fault f;

	ck_assert_msg(ipc_pair(ends, &f), "%s", f.text);
	in = out = (struct message){ .fd = -1 };
}

static void
hang_up(int *end)
{
	if (*end >= 0)
		(void)close(*end);
	*end = -1;
}

static void
teardown(void)
{
	hang_up(&ends[0]);
	hang_up(&ends[1]);
	bytes_free(&in.body);
	bytes_free(&out.body);
}

static size_t
open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n;
}

static void
send_ok(void)
{
	struct fault f;

	ck_assert_msg(ipc_send(ends[0], &out, &f), "%s", f.text);
}

static void
recv_ok(void)
{
	struct fault f;

	ck_assert_msg(ipc_recv(ends[1], &in, &f), "%s", f.text);
}

/* Refused with code; what was in the message before is in it still, and no descriptor stays. */
static void
recv_refused(enum fault_code code)
{
	struct message m = { .id = 77, .verb = 78, .code = 79, .fd = -5 };
	struct fault f = { 0 };
	size_t before = open_fds();

	ck_assert(!ipc_recv(ends[1], &m, &f));
	ck_assert_msg(f.code == code, "%d: %s", f.code, f.text);
	ck_assert_uint_eq(m.id, 77);
	ck_assert_uint_eq(m.verb, 78);
	ck_assert_uint_eq(m.code, 79);
	ck_assert_int_eq(m.fd, -5);
	ck_assert_uint_eq(m.body.n, 0);
	ck_assert_uint_eq(open_fds(), before);
	bytes_free(&m.body);
}

static void
send_refused(enum fault_code code)
{
	struct fault f = { 0 };

	ck_assert(!ipc_send(ends[0], &out, &f));
	ck_assert_msg(f.code == code, "%d: %s", f.code, f.text);
}

/* Past ipc_send(): n octets and fds descriptors, as a captured peer might. */
static void
send_raw(size_t n, size_t fds)
{
	static uint8_t body[HEAD_OCTETS + IPC_BODY_MAX + 1];
	union {
		struct cmsghdr head;
		char at[CMSG_SPACE(sizeof(int) * FDS_MOST)];
	} control = { 0 };
	struct iovec part = { body, n };
	struct msghdr h = { .msg_iov = &part, .msg_iovlen = 1 };
	int fd = STDERR_FILENO;

	if (fds > 0) {
		h.msg_control = control.at;
		h.msg_controllen = CMSG_SPACE(sizeof(int) * fds);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(int) * fds);
		for (size_t i = 0; i < fds; i++)
			memcpy(CMSG_DATA(&control.head) + i * sizeof(fd), &fd, sizeof(fd));
	}
	ck_assert_int_eq(sendmsg(ends[0], &h, 0), (ssize_t)n);
}

START_TEST(carries_a_message)
{
	out.id = 0x01020304;
	out.verb = 0xa0b0;
	out.code = 0xc0d0;
	bytes_put_text(&out.body, "body");
	send_ok();
	recv_ok();
	ck_assert_uint_eq(in.id, 0x01020304);
	ck_assert_uint_eq(in.verb, 0xa0b0);
	ck_assert_uint_eq(in.code, 0xc0d0);
	ck_assert_int_eq(in.fd, -1);
	ck_assert(octets_same(octets_bytes(&in.body), octets_text("body")));
}
END_TEST

START_TEST(keeps_messages_apart)
{
	for (out.id = 0; out.id < 20; out.id++) {
		bytes_clear(&out.body);
		for (uint32_t i = 0; i < out.id % 5; i++)
			bytes_put_u32(&out.body, out.id);
		send_ok();
	}
	for (uint32_t id = 0; id < 20; id++) {
		recv_ok();
		ck_assert_uint_eq(in.id, id);
		ck_assert_uint_eq(in.body.n, id % 5 * 4);
	}
	recv_refused(FAULT_BUSY);
}
END_TEST

START_TEST(carries_the_longest_body)
{
	for (size_t i = 0; i < IPC_BODY_MAX; i++)
		bytes_put_u8(&out.body, (uint8_t)(i * 7));
	send_ok();
	recv_ok();
	ck_assert(octets_same(octets_bytes(&in.body), octets_bytes(&out.body)));
	bytes_put_u8(&out.body, 0);
	send_refused(FAULT_LIMIT);
	recv_refused(FAULT_BUSY);
}
END_TEST

START_TEST(both_ends_speak)
{
	struct fault f;

	out.id = 5;
	send_ok();
	recv_ok();
	in.id++;
	ck_assert(ipc_send(ends[1], &in, &f));
	ck_assert(ipc_recv(ends[0], &out, &f));
	ck_assert_uint_eq(out.id, 6);
}
END_TEST

START_TEST(carries_a_descriptor)
{
	int line[2];
	char octet = 0;

	ck_assert_int_eq(pipe(line), 0);
	out.fd = line[1];
	send_ok();
	(void)close(line[1]);
	recv_ok();
	ck_assert_int_ge(in.fd, 0);
	ck_assert_int_ne(fcntl(in.fd, F_GETFD) & FD_CLOEXEC, 0);
	ck_assert_int_eq(write(in.fd, "x", 1), 1);
	ck_assert_int_eq(read(line[0], &octet, 1), 1);
	ck_assert_int_eq(octet, 'x');
	(void)close(in.fd);
	(void)close(line[0]);
	out.fd = -1;
	send_ok();
	recv_ok();
	ck_assert_int_eq(in.fd, -1); /* not the old one */
}
END_TEST

START_TEST(does_not_block_or_leak_into_children)
{
	for (int i = 0; i < 2; i++) {
		ck_assert_int_ne(fcntl(ends[i], F_GETFL) & O_NONBLOCK, 0);
		ck_assert_int_ne(fcntl(ends[i], F_GETFD) & FD_CLOEXEC, 0);
	}
	recv_refused(FAULT_BUSY);
}
END_TEST

/* A full buffer refuses the new message and keeps the old ones. */
START_TEST(a_full_buffer_is_busy)
{
	struct fault f = { 0 };
	uint32_t sent, got;

	for (size_t i = 0; i < IPC_BODY_MAX; i++)
		bytes_put_u8(&out.body, 1);
	for (out.id = 0; out.id < 1000 && ipc_send(ends[0], &out, &f); out.id++)
		;
	sent = out.id;
	ck_assert_uint_gt(sent, 0);
	ck_assert_uint_lt(sent, 1000);
	ck_assert_int_eq(f.code, FAULT_BUSY);
	recv_ok();
	send_ok();
	for (got = 1; got <= sent; got++) {
		recv_ok();
		ck_assert_uint_eq(in.id, got);
	}
	recv_refused(FAULT_BUSY);
}
END_TEST

START_TEST(a_peer_that_is_gone)
{
	out.id = 9;
	send_ok();
	hang_up(&ends[0]);
	recv_ok(); /* what it said before */
	ck_assert_uint_eq(in.id, 9);
	recv_refused(FAULT_NOTFOUND);
	ends[0] = ends[1];
	ends[1] = -1;
	send_refused(FAULT_NOTFOUND); /* and no SIGPIPE */
}
END_TEST

START_TEST(refuses_what_is_no_message)
{
	for (size_t n = 1; n < HEAD_OCTETS; n++) {
		send_raw(n, 0);
		recv_refused(FAULT_BADREQ);
		send_raw(n, 1);
		recv_refused(FAULT_BADREQ);
	}
	send_raw(0, 1);
	recv_refused(FAULT_BADREQ);
	send_raw(0, 0);
	recv_refused(FAULT_NOTFOUND); /* reads as an end of file does */
	send_raw(HEAD_OCTETS + IPC_BODY_MAX + 1, 0);
	recv_refused(FAULT_BADREQ);
	send_raw(HEAD_OCTETS + IPC_BODY_MAX + 1, 1);
	recv_refused(FAULT_BADREQ);
	send_raw(HEAD_OCTETS, 0);
	recv_ok(); /* the shortest */
	ck_assert_uint_eq(in.body.n, 0);
}
END_TEST

START_TEST(refuses_more_descriptors_than_one)
{
	static const size_t many[] = { 2, 3, 4, FDS_MOST };

	for (size_t i = 0; i < sizeof(many) / sizeof(*many); i++) {
		send_raw(HEAD_OCTETS, many[i]);
		recv_refused(FAULT_BADREQ);
	}
	send_raw(HEAD_OCTETS, 1);
	recv_ok();
	ck_assert_int_ge(in.fd, 0);
	(void)close(in.fd);
}
END_TEST

START_TEST(refuses_to_send_what_is_not_there)
{
	out.fd = 9999;
	send_refused(FAULT_INTERNAL);
	out.fd = -1;
	out.body.bad = true;
	send_refused(FAULT_INTERNAL);
	out.body.bad = false;
	hang_up(&ends[0]);
	send_refused(FAULT_INTERNAL);
	ck_assert_int_eq(ends[0], -1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ipc");
	TCase *t = tcase_create("ipc");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, carries_a_message);
	tcase_add_test(t, keeps_messages_apart);
	tcase_add_test(t, carries_the_longest_body);
	tcase_add_test(t, both_ends_speak);
	tcase_add_test(t, carries_a_descriptor);
	tcase_add_test(t, does_not_block_or_leak_into_children);
	tcase_add_test(t, a_full_buffer_is_busy);
	tcase_add_test(t, a_peer_that_is_gone);
	tcase_add_test(t, refuses_what_is_no_message);
	tcase_add_test(t, refuses_more_descriptors_than_one);
	tcase_add_test(t, refuses_to_send_what_is_not_there);
	suite_add_tcase(s, t);
	return run_suite(s);
}
