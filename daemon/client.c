/* daemon/client.c - see client.h. */
#include "daemon/client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/text.h"
#include "base/trace.h"
#include "daemon/client_service.h"
#include "daemon/fetch.h"

/* The signer's answer to the slowest question, a new tenant behind a queue, is awaited 20 s by the
 * service. */
#define CALL_S          60L
#define HEADERS         (TRACE_LINES + 2)
#define CLIENT_LINE_MAX 320
#define KEY_OCTETS      16
#define TRACE_LINES     2
#define TRACE_LINE_MAX  (TRACE_STATE_MAX + 32)

struct client {
	struct fetch *fetch;
	char base[FETCH_URL_MAX];
	int lock; /* descriptor of root.pem, or -1 */
	struct client_service service;
	struct json *problem; /* NULL: none */
	const char *match;    /* If-Match of the next call, or NULL */
};

enum probe { PROBE_YES, PROBE_NOBODY, PROBE_FAILED };

static enum probe
probe(const char *path, struct fault *f)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	enum probe verdict;
	int fd;

	if (strlen(path) >= sizeof(at.sun_path)) {
		fault_set(f, FAULT_BADREQ,
		    "client: %s: expected a data folder with a shorter path, as a socket's may have %zu octets",
		    path, sizeof(at.sun_path) - 1);
		return PROBE_FAILED;
	}
	(void)memcpy(at.sun_path, path, strlen(path));
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0) {
		fault_errno(f, FAULT_INTERNAL, "client: socket");
		return PROBE_FAILED;
	}
	if (connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0)
		verdict = PROBE_YES;
	else if (errno == ENOENT || errno == ECONNREFUSED)
		verdict = PROBE_NOBODY;
	else {
		fault_errno(f, errno == EACCES ? FAULT_DENIED : FAULT_BUSY,
		    "client: %s: cannot be reached; run this as the service's user or root, or use --url",
		    path);
		verdict = PROBE_FAILED;
	}
	(void)close(fd);
	return verdict;
}

/* Hold root.pem: shared to use a service that runs, alone to start one. */
static bool
lock(int fd, int how, struct fault *f)
{
	if (flock(fd, how | LOCK_NB) == 0)
		return true;
	if (errno == EWOULDBLOCK)
		(void)fprintf(stderr, "quatrain: waits for another command to end\n");
	while (flock(fd, how) != 0)
		if (errno != EINTR)
			return fault_errno(f, FAULT_INTERNAL, "client: flock");
	return true;
}

static bool
open_lock(const struct settings *s, int *ret, struct fault *f)
{
	char path[CONF_TEXT_MAX + 32];
	int fd;

	if (!settings_path(s, "root.pem", path, sizeof(path)))
		return fault_set(f, FAULT_BADREQ, "client: data: the path is too long");
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) >= 0) {
		*ret = fd;
		return true;
	}
	if (errno == ENOENT)
		return fault_set(f, FAULT_NOTFOUND,
		    "client: %s holds no authority yet; make one with quatrain init, or use --url",
		    s->data);
	if (errno == EACCES)
		return fault_set(f, FAULT_DENIED,
		    "client: %s is another user's; run this as that user or root, or use --url",
		    s->data);
	return fault_errno(f, FAULT_INTERNAL, "client: %s", path);
}

/* See that somebody answers on the socket, and keep it so while the lock is held. */
static bool
open_local(struct client *c, const struct client_to *to, const char *path, struct fault *f)
{
	enum probe p;

	if (!open_lock(to->settings, &c->lock, f) || !lock(c->lock, LOCK_SH, f))
		return false;
	if ((p = probe(path, f)) == PROBE_NOBODY) {
		if (!lock(c->lock, LOCK_EX, f))
			return false;
		p = probe(path, f);
	}
	if (p == PROBE_NOBODY)
		return client_service_start(&c->service, to->config, f);
	return p == PROBE_YES;
}

static bool
open_fetch(struct client *c, const struct client_to *to, struct fault *f)
{
	struct fetch_peer peer = {
		.body_max = CLIENT_BODY_MAX, .timeout_s = CALL_S, .stop = to->stop
	};
	char path[CONF_TEXT_MAX + 32];
	size_t n;

	if (to->url != NULL) {
		n = strlen(to->url);
		while (n > 0 && to->url[n - 1] == '/')
			n--;
		peer.cert = to->cert;
		peer.key = to->key;
		peer.root_file = to->root;
		if (n >= sizeof(c->base))
			return fault_set(f, FAULT_BADREQ, "client: the URL is too long");
		(void)memcpy(c->base, to->url, n);
		return fetch_new(&peer, &c->fetch, f);
	}
	if (!settings_path(to->settings, "run/api.sock", path, sizeof(path)))
		return fault_set(f, FAULT_BADREQ, "client: data: the path is too long");
	(void)snprintf(c->base, sizeof(c->base), "http://localhost");
	peer.socket = path;
	return open_local(c, to, path, f) && fetch_new(&peer, &c->fetch, f);
}

bool
client_open(const struct client_to *to, struct client **ret, struct fault *f)
{
	struct client *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return fault_set(f, FAULT_INTERNAL, "client: out of memory");
	c->lock = -1;
	if (!open_fetch(c, to, f)) {
		client_close(c);
		return false;
	}
	*ret = c;
	return true;
}

void
client_close(struct client *c)
{
	if (c == NULL)
		return;
	fetch_free(c->fetch);
	json_free(c->problem);
	client_service_stop(&c->service);
	if (c->lock >= 0)
		(void)close(c->lock);
	free(c);
}

/* A problem document (RFC 9457) as a fault; anything else by its status alone. */
static bool
refuse(struct client *c, const struct fetch_reply *r, const char *what, struct fault *f)
{
	enum fault_code code = fetch_fault_code(r->status);
	struct fault none;
	const char *detail = NULL;

	if (strncmp(r->type, "application/problem+json", 24) == 0 &&
	    json_parse(octets_bytes(&r->body), &c->problem, &none))
		detail = json_text(c->problem, "detail");
	if (detail != NULL)
		fault_set(f, code, "%s", detail);
	else
		fault_set(
		    f, code, "client: %s: the service answered with status %ld", what, r->status);
	return false;
}

const struct json *
client_problem(const struct client *c)
{
	return c->problem;
}

/* The trace that this command is a part of goes with its requests, as the environment names it. */
static void
put_trace(
    const char *headers[static TRACE_LINES + 1], char lines[static TRACE_LINES][TRACE_LINE_MAX])
{
	const char *parent = getenv("TRACEPARENT"), *state = getenv("TRACESTATE");
	char text[TRACE_TEXT_MAX];
	struct trace t;
	size_t n = 0;

	if (parent != NULL && trace_parse(octets_text(parent), &t)) {
		trace_text(&t, text);
		(void)snprintf(lines[n], TRACE_LINE_MAX, "traceparent: %s", text);
		headers[n] = lines[n];
		n++;
		if (state != NULL && trace_state_ok(octets_text(state))) {
			(void)snprintf(lines[n], TRACE_LINE_MAX, "tracestate: %s", state);
			headers[n] = lines[n];
			n++;
		}
	}
	headers[n] = NULL;
}

void
client_match(struct client *c, const char *tag)
{
	c->match = tag;
}

/* A write that is sent again is the same write (docs/api.md). */
static void
put_write(struct client *c, const char *method, const char *headers[static HEADERS + 1],
    char lines[static 2][CLIENT_LINE_MAX])
{
	uint8_t key[KEY_OCTETS];
	char hex[2 * KEY_OCTETS + 1];
	size_t n = 0;

	while (headers[n] != NULL)
		n++;
	if (strcmp(method, "GET") != 0) {
		secret_nonce(key, sizeof(key));
		text_hex(key, sizeof(key), hex);
		(void)snprintf(lines[0], CLIENT_LINE_MAX, "Idempotency-Key: %s", hex);
		headers[n++] = lines[0];
	}
	if (c->match != NULL) {
		(void)snprintf(lines[1], CLIENT_LINE_MAX, "If-Match: %s", c->match);
		headers[n++] = lines[1];
	}
	headers[n] = NULL;
	c->match = NULL;
}

static bool
ask(struct client *c, const char *method, const char *path, const struct json *body,
    struct fetch_reply *ret, struct fault *f)
{
	const char *headers[HEADERS + 1];
	char own[2][CLIENT_LINE_MAX];
	char lines[TRACE_LINES][TRACE_LINE_MAX];
	struct fetch_ask a = { .method = method };
	struct bytes text = { 0 };
	char url[FETCH_URL_MAX];
	bool ok = false;
	int n = snprintf(url, sizeof(url), "%s%s", c->base, path);

	put_trace(headers, lines);
	put_write(c, method, headers, own);
	a.headers = headers;
	json_free(c->problem);
	c->problem = NULL;
	if (n < 0 || (size_t)n >= sizeof(url))
		return fault_set(f, FAULT_BADREQ, "client: the URL is too long");
	if (body != NULL && (!json_write(body, &text, f) || !bytes_ok(&text, f)))
		goto out;
	a.url = url;
	a.type = body == NULL ? NULL : "application/json";
	a.body = octets_bytes(&text);
	ok =
	    fetch_do(c->fetch, &a, ret, f) ||
	    (strcmp(method, "GET") != 0 && fetch_broke(c->fetch) && fetch_do(c->fetch, &a, ret, f));
out:
	bytes_free(&text);
	return ok;
}

bool
client_call(struct client *c, const char *method, const char *path, const struct json *body,
    struct json **ret, struct fault *f)
{
	struct fetch_reply r = { 0 };
	struct json *j = NULL;
	struct fault why;
	bool ok = false;

	if (!ask(c, method, path, body, &r, f))
		return false;
	if (r.status < 200 || r.status > 299) {
		refuse(c, &r, path, f);
		goto out;
	}
	if (strncmp(r.type, "application/json", 16) != 0) {
		fault_set(f, FAULT_TYPE,
		    "client: %s: expected application/json, found \"%s\"; is that a quatrain?",
		    path, r.type);
		goto out;
	}
	if (!json_parse(octets_bytes(&r.body), &j, &why)) {
		fault_set(f, FAULT_BADREQ, "client: %s: the answer is no JSON: %s", path, why.text);
		goto out;
	}
	*ret = j;
	ok = true;
out:
	bytes_free(&r.body);
	return ok;
}

bool
client_get(struct client *c, const char *path, const char *type, struct bytes *ret, struct fault *f)
{
	struct fetch_reply r = { 0 };
	bool ok = false;

	if (!ask(c, "GET", path, NULL, &r, f))
		return false;
	if (r.status != 200)
		refuse(c, &r, path, f);
	else if (strncmp(r.type, type, strlen(type)) != 0)
		fault_set(f, FAULT_TYPE,
		    "client: %s: expected %s, found \"%s\"; is that a quatrain?", path, type,
		    r.type);
	else
		ok = true;
	if (ok)
		bytes_put_octets(ret, octets_bytes(&r.body));
	bytes_free(&r.body);
	return ok;
}

bool
client_follow(struct client *c, const char *path, const char *last_id,
    bool (*piece)(void *with, struct octets piece), void *with, long *ret_status, struct fault *f)
{
	struct bytes url = { 0 }, line = { 0 };
	const char *headers[] = { NULL, NULL };
	struct fetch_ask a = { .method = "GET", .accept = "text/event-stream" };
	struct fetch_reply r = { .status = 0 };
	bool ok = false;

	*ret_status = 0;
	json_free(c->problem);
	c->problem = NULL;
	bytes_put_fmt(&url, "%s%s", c->base, path);
	bytes_put_u8(&url, 0);
	if (last_id != NULL) {
		bytes_put_fmt(&line, "Last-Event-ID: %s", last_id);
		bytes_put_u8(&line, 0);
	}
	if (!bytes_ok(&url, f) || !bytes_ok(&line, f))
		goto out;
	headers[0] = (const char *)line.at;
	a.url = (const char *)url.at;
	a.headers = headers;
	a.piece = piece;
	a.with = with;
	if (!fetch_do(c->fetch, &a, &r, f))
		goto out;
	*ret_status = r.status;
	ok = r.status == 200 || refuse(c, &r, path, f);
out:
	bytes_free(&r.body);
	bytes_free(&line);
	bytes_free(&url);
	return ok;
}

/* path, and the cursor of the page before where there is one. */
static bool
page_path(const char *path, const char *after, struct bytes *ret, struct fault *f)
{
	bytes_clear(ret);
	bytes_put_text(ret, path);
	bytes_put_text(ret, strchr(path, '?') == NULL ? "?limit=1000" : "&limit=1000");
	if (after != NULL) {
		bytes_put_text(ret, "&after=");
		fetch_put_escaped(ret, after);
	}
	bytes_put_u8(ret, 0);
	return bytes_ok(ret, f);
}

bool
client_list(struct client *c, const char *path,
    bool (*page)(void *with, const struct json *items, bool first, struct fault *f), void *with,
    struct fault *f)
{
	struct json *j = NULL, *before = NULL;
	struct bytes at = { 0 };
	const char *next = NULL;
	bool ok = false;

	do {
		if (!page_path(path, next, &at, f) ||
		    !client_call(c, "GET", (const char *)at.at, NULL, &j, f))
			goto out;
		if (json_get(j, "items") == NULL) {
			fault_set(f, FAULT_BADREQ, "client: %s: the answer is no list", path);
			goto out;
		}
		if (!page(with, json_get(j, "items"), before == NULL, f))
			goto out;
		next = json_text(j, "next");
		json_free(before);
		before = j; /* it lends next */
		j = NULL;
	} while (next != NULL);
	ok = true;
out:
	json_free(j);
	json_free(before);
	bytes_free(&at);
	return ok;
}
