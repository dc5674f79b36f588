/*
 * tests/unit/http_site.h - a real server in a child, and clients and a signer to try it with.
 *
 * For the tests of daemon/http.h and daemon/tls.h. Everything is on loopback
 * with ports that the kernel chose; every wait ends after SITE_PATIENCE_S.
 */
#ifndef QUATRAIN_TESTS_HTTP_SITE_H
#define QUATRAIN_TESTS_HTTP_SITE_H

#include <openssl/ssl.h>
#include <sys/types.h>

#include "base/ipc.h"
#include "daemon/http.h"

#define SITE_PATIENCE_S 20
#define SITE_BODY_MAX   65536             /* octets, of its faces */
#define SITE_LARGE      ((size_t)3 << 20) /* octets of /large */

/* The octet at i of /large. */
static inline uint8_t
site_large_at(size_t i)
{
	return (uint8_t)((i >> 16) + i * 31);
}

/* What the child does; zeros are the usual. */
struct plan {
	SSL_CTX *tls, *next_tls; /* the secure face's, and what the order 't' puts in its place */
	unsigned conns_max;      /* of the public face */
	bool no_line;
	int64_t drain_ms;
};

struct site {
	pid_t pid;
	uint16_t port, tls_port;
	char dir[32], local[64]; /* the Unix socket */
	int line;                /* the signer's end */
	int control;             /* orders, a character each, and what the child says */
};

/* In the child: serve until SIGTERM, then exit. All descriptors are taken. */
_Noreturn void site_run(const struct plan *plan, const int listeners[3], int line, int control);

void site_open(struct site *s, const struct plan *plan);
/* Send an order and return the character that comes back. */
char site_order(struct site *s, char order);
/* SIGTERM, and the child must end well. */
void site_close(struct site *s);

struct client {
	int fd;
	SSL *ssl;
	char in[SITE_BODY_MAX + 8192];
	size_t n;
};

struct reply {
	unsigned status;
	char head[4096]; /* with the status line */
	char body[SITE_BODY_MAX + 1];
	size_t n;
};

void client_dial(struct client *c, uint16_t port);
void client_dial_local(struct client *c, const char *path);
void client_say_octets(struct client *c, const void *at, size_t n);
void client_say(struct client *c, const char *text);
/* GET path over a kept connection. */
void client_get(struct client *c, const char *path);
/* One reply, its body by Content-Length unless bare. False at the end of the connection. */
bool client_hear(struct client *c, struct reply *r, bool bare);
/* GET path, and the status must be this. */
void client_expect(struct client *c, const char *path, unsigned status, const char *body);
/* Nothing more comes and the connection is at its end. */
bool client_is_gone(struct client *c);
void client_close(struct client *c);

/* The next question of the server; m->body to bytes_free(). */
void signer_hear(struct site *s, struct message *m);
void signer_say(struct site *s, uint32_t id, uint16_t code, const char *text);

#endif
