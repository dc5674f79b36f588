/*
 * daemon/fetch.h - HTTP as a client, for the command line: one bounded request, one bounded answer.
 *
 * The only user of libcurl. Follows no redirect, keeps no cookie, takes no
 * answer over its limit and no trust but the one it is given: the machine's
 * own certificate store is not consulted.
 */
#ifndef QUATRAIN_DAEMON_FETCH_H
#define QUATRAIN_DAEMON_FETCH_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/fault.h"
#include "base/secret.h"

#define FETCH_URL_MAX  1024
#define FETCH_TYPE_MAX 128
/* A week. What stands above it is a mistake, and is not repeated to a person. */
#define FETCH_RETRY_MAX_S (7 * 86400)
#define FETCH_BINDING_MAX 32

/* Whom to ask and as whom. All texts are lent until fetch_new() returns. */
struct fetch_peer {
	const char *socket;     /* a Unix socket's path: plain HTTP over it, all below unused */
	const char *root_file;  /* PEM; trust exactly this */
	struct octets root_pem; /* or this, when root_file is NULL */
	bool unproven;          /* or nothing: take any certificate, send no credential */
	const char *cert, *key; /* PEM files of a client certificate, or NULL */
	const char *user;       /* HTTP Basic, or NULL */
	const struct secret *password;
	size_t body_max;    /* octets of an answer */
	long timeout_s;     /* of one request, connecting included */
	bool (*stop)(void); /* or NULL: asked now and then; true ends what is under way */
};

struct fetch_ask {
	const char *method;
	const char *url;
	const char *type;           /* Content-Type of the body, or NULL */
	const char *accept;         /* or NULL */
	const char *const *headers; /* more of them, "name: value", closed by NULL; or NULL */
	struct octets body;
	/*
	 * NULL, or the body of a POST comes from here, octets of it: at most n to at, how many. 0
	 * ends it before its time. rewind: from its beginning once more; false: that is not
	 * possible. It takes as long as it takes, with FETCH_SILENT_S as below.
	 */
	size_t (*read)(void *with, void *at, size_t n);
	bool (*rewind)(void *with);
	uint64_t octets;
	/*
	 * NULL, or the body of an answer 200 comes here as it arrives, and not into the reply: it
	 * may go on for hours, and ends when FETCH_SILENT_S pass without an octet. False ends it.
	 */
	bool (*piece)(void *with, struct octets piece);
	void *with;
};
#define FETCH_SILENT_S 45L

struct fetch_reply {
	long status;
	char type[FETCH_TYPE_MAX]; /* Content-Type, empty if there was none */
	int64_t retry_after_s;     /* at most FETCH_RETRY_MAX_S; -1: not said */
	struct bytes body;         /* the caller's, to bytes_free() */
};

struct fetch;

/* *ret is the caller's, to fetch_free(). Faults: FAULT_INTERNAL, FAULT_BADREQ. */
bool fetch_new(const struct fetch_peer *peer, struct fetch **ret, struct fault *f) CHECKED;

/*
 * Ask and wait. True means that an answer came, of whatever status.
 * Faults: FAULT_BUSY     nobody there, or too slow
 *         FAULT_DENIED   the peer's certificate is not what was trusted, or ours was refused
 *         FAULT_LIMIT    the answer is over body_max
 *         FAULT_BADREQ   the URL, or the answer, is malformed
 *         FAULT_NOTFOUND a file of fetch_peer cannot be used
 *         FAULT_INTERNAL
 */
bool fetch_do(
    struct fetch *c, const struct fetch_ask *ask, struct fetch_reply *ret, struct fault *f) CHECKED;

/* Did the connection of the last request break before there was an answer? It may have been
 * taken, or not. */
bool fetch_broke(const struct fetch *c);

void fetch_free(struct fetch *c); /* NULL is allowed */

/*
 * What binds a request to the TLS connection that the last answer came over: tls-exporter of
 * TLS 1.3 (RFC 9266), 32 octets, or tls-unique of TLS 1.2 (RFC 5929), 12. From now on every request
 * goes over that connection, or not at all: fetch_do() then says FAULT_BUSY, and nothing was sent.
 * Fault: FAULT_BADREQ there is no such connection.
 */
bool fetch_bind(
    struct fetch *c, uint8_t ret[static FETCH_BINDING_MAX], size_t *ret_n, struct fault *f) CHECKED;

/* Retry-After of an answer that came over this handle of libcurl's; -1: not said. */
int64_t fetch_retry_after_of(void *curl);
/* Retry-After of the last answer, as fetch_reply has it. */
int64_t fetch_retry_after(const struct fetch *c);

/* Append text percent-encoded (RFC 3986 section 2.3: all but unreserved). */
void fetch_put_escaped(struct bytes *b, const char *text);

/* A word of the fault kinds for an HTTP status. */
enum fault_code fetch_fault_code(long status);

#endif
