/*
 * daemon/fetch_post.h - posts to strangers' servers, several at once, none of them waited for.
 *
 * The other face of libcurl. Follows no redirect, uses no proxy, keeps no
 * cookie, reads of an answer no more than POST_REPLY_MAX octets and gives up
 * after POST_S: what a receiver does costs its own post and no other. TLS 1.2 at
 * least, the certificate verified against the roots that are given.
 */
#ifndef QUATRAIN_DAEMON_FETCH_POST_H
#define QUATRAIN_DAEMON_FETCH_POST_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/fault.h"

#define POST_REPLY_MAX 65536 /* octets; what follows is not read */
#define POST_S         20L   /* of one post, connecting included */
#define POST_WHY_MAX   160

/* What became of it: status is 0 where there was no answer, and then why says so. */
struct posted {
	long status;
	int64_t retry_after_s; /* -1: not said */
	char why[POST_WHY_MAX];
};

struct posts; /* those under way, and the connections that are kept */
struct post;

/* Fault: FAULT_INTERNAL. */
bool posts_new(struct posts **ret, struct fault *f) CHECKED;
void posts_free(struct posts *p); /* what is under way is broken off untold; NULL is allowed */

/*
 * Begin one; done(with) comes from posts_turn(). url, roots (PEM) and headers
 * ("name: value", closed by NULL) are copied, body is lent until then.
 * Fault: FAULT_INTERNAL.
 */
bool posts_begin(struct posts *p, const char *url, struct octets roots, const char *const *headers,
    struct octets body, void (*done)(void *with, const struct posted *how), void *with,
    struct fault *f) CHECKED;

/* Let them go on, for at most wait_ms; less where fd is readable, or one has ended. */
void posts_turn(struct posts *p, int fd, int wait_ms);

#endif
