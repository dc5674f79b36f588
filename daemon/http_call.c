/* daemon/http_call.c - see http_internal.h. A request of h2o's as an exchange, and its reply. */
#include <h2o.h>

#include "daemon/http_internal.h"

#include <string.h>
#include <strings.h>

#include <openssl/ssl.h>

#include "base/clock.h"

#define METHOD_MAX  16           /* octets */
#define TARGET_MAX  8192         /* octets of path and query; an OCSP GET takes about 200 */
#define SEND_OCTETS (256u << 10) /* at once: of a longer reply TLS would hold all of it again */

/* One request in hand; in its request's pool. */
struct call {
	struct exchange x;
	h2o_generator_t generator;
	h2o_req_t *req;
	struct octets left; /* of the reply, to be sent yet */
	struct face *face;
	struct conn *conn;
	struct question *question; /* asked and not answered */
	int64_t began_us;
};

struct handler {
	h2o_handler_t super;
	struct face *face;
};

static const struct {
	unsigned status;
	const char *reason;
} reasons[] = {
	{ 200, "OK" },
	{ 201, "Created" },
	{ 202, "Accepted" },
	{ 204, "No Content" },
	{ 304, "Not Modified" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 406, "Not Acceptable" },
	{ 409, "Conflict" },
	{ 412, "Precondition Failed" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 417, "Expectation Failed" },
	{ 422, "Unprocessable Content" },
	{ 428, "Precondition Required" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
	{ 505, "HTTP Version Not Supported" },
};

const char *
http_reason(unsigned status)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Other"; /* clients read the number alone (RFC 9112 section 4) */
}

void
http_refuse(struct exchange *x, unsigned status, const char *why)
{
	bytes_free(&x->reply);
	shared_drop(x->shared);
	x->shared = NULL;
	x->status = status;
	x->type = "application/problem+json";
	x->headers_n = 0;
	x->close = true;
	x->pull = NULL;
	bytes_put_fmt(&x->reply,
	    "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%u,\"detail\":\"%s\"}",
	    http_reason(status), status, why);
}

static void
add_header(h2o_req_t *req, const char *name, const char *value)
{
	h2o_add_header_by_str(
	    &req->pool, &req->res.headers, name, strlen(name), 0, name, value, strlen(value));
}

static void
send_some(struct call *c)
{
	size_t n = c->left.n < SEND_OCTETS ? c->left.n : SEND_OCTETS;
	h2o_iovec_t part = h2o_iovec_init(c->left.at, n);

	if (n > 0) /* of an empty reply there is no place to add to */
		c->left = octets_of(c->left.at + n, c->left.n - n);
	h2o_send(c->req, &part, n == 0 ? 0 : 1,
	    c->left.n == 0 ? H2O_SEND_STATE_FINAL : H2O_SEND_STATE_IN_PROGRESS);
}

/* What was sent has left. */
static void
proceed(h2o_generator_t *generator, h2o_req_t *req)
{
	(void)req;
	send_some(H2O_STRUCT_FROM_MEMBER(struct call, generator, generator));
}

static void
send_reply(struct call *c)
{
	struct exchange *x = &c->x;
	h2o_req_t *req = c->req;
	struct octets body =
	    x->shared != NULL ? octets_of(x->shared->at, x->shared->n) : octets_bytes(&x->reply);
	bool silent = octets_same(x->method, octets_text("HEAD"));

	req->res.status = (int)x->status;
	req->res.reason = http_reason(x->status);
	/* RFC 9110 section 8.6: none for 204, and for 304 only the length of what is not sent. */
	if (x->status == 204 || x->status == 304)
		silent = true;
	else if (x->pull == NULL)
		req->res.content_length = body.n;
	if (x->type != NULL)
		add_header(req, "Content-Type", x->type);
	for (size_t i = 0; i < x->headers_n; i++)
		add_header(req, x->headers[i].name, x->headers[i].value);
	if (x->close || x->pull != NULL || c->conn->last)
		req->http1_is_persistent = 0;
	if (c->face->want.served != NULL)
		c->face->want.served(x, clock_steady_us() - c->began_us);
	if (x->pull != NULL && !silent) {
		if (c->conn->last) /* an answer is owed, and no stream */
			http_conn_end(c->conn);
		http_stream_begin(c->conn, req, x);
		return;
	}
	c->generator.proceed = proceed;
	c->left = silent ? octets_of(NULL, 0) : body;
	h2o_start_response(req, &c->generator);
	send_some(c);
}

static void settle(struct call *c);

static void
answered(void *with, uint16_t code, struct octets body)
{
	struct call *c = with;

	c->question = NULL;
	c->conn->owed = false;
	c->x.ask.then(&c->x, code, body);
	settle(c);
}

/* The handler has spoken: reply, ask, or own up to a bug. */
static void
settle(struct call *c)
{
	struct exchange *x = &c->x;
	uint16_t verb = x->ask.verb;
	struct fault f;

	x->ask.verb = 0;
	if (x->status == 0 && verb != 0 && x->ask.then != NULL && bytes_ok(&x->ask.body, &f)) {
		trace_begin(&x->trace);
		c->conn->owed = true;
		c->question =
		    http_ask_moved(c->face->http, verb, &x->trace, &x->ask.body, answered, c);
		return;
	}
	if (x->status < 200 || x->status > 599 || !bytes_ok(&x->reply, &f))
		http_refuse(x, 500, "the service could not make an answer");
	send_reply(c);
}

struct head {
	unsigned hosts, lengths, codings;
	bool folded;
};

static bool
begins(const char *line, size_t n, const char *name)
{
	return n >= strlen(name) && strncasecmp(line, name, strlen(name)) == 0;
}

/*
 * h2o keeps the last Host, the first Content-Length, prefers Transfer-Encoding,
 * and shows handlers none of it. The head itself still stands in the input.
 */
static struct head
count_head(const h2o_buffer_t *in)
{
	const char *p = in->bytes, *end = in->bytes + in->size, *eol;
	struct head head = { 0 };

	while (p < end && (*p == '\r' || *p == '\n'))
		p++;
	if ((eol = memchr(p, '\n', (size_t)(end - p))) == NULL)
		return head;
	for (p = eol + 1; p < end && *p != '\r' && *p != '\n'; p = eol + 1) {
		if ((eol = memchr(p, '\n', (size_t)(end - p))) == NULL)
			break;
		head.hosts += begins(p, (size_t)(eol - p), "host:");
		head.lengths += begins(p, (size_t)(eol - p), "content-length:");
		head.codings += begins(p, (size_t)(eol - p), "transfer-encoding:");
		head.folded |= *p == ' ' || *p == '\t';
	}
	return head;
}

/* NULL, or why a request of this head has no one meaning (RFC 9112 sections 3.2, 5.2 and 6.3). */
static const char *
judge_head(const h2o_req_t *req, const h2o_buffer_t *in)
{
	struct head head = count_head(in);

	if (head.folded)
		return "a header is folded";
	if (head.hosts > 1 || (head.hosts == 0 && req->version >= 0x101))
		return "not exactly one Host";
	if (head.lengths + head.codings > 1)
		return "the length of the body is told twice";
	for (size_t i = 0; i < req->headers.size; i++)
		if (req->headers.entries[i].name->len == 0)
			return "a header has no name";
	return NULL;
}

static bool
is_printable(struct octets o)
{
	for (size_t i = 0; i < o.n; i++)
		if (o.at[i] <= ' ' || o.at[i] > '~')
			return false;
	return true;
}

/* A target may name scheme and host first (RFC 9112 section 3.2.2); the path is what counts. */
static struct octets
origin_of(struct octets target)
{
	size_t skip = 0;
	const uint8_t *slash;

	if (begins((const char *)target.at, target.n, "http://"))
		skip = strlen("http://");
	else if (begins((const char *)target.at, target.n, "https://"))
		skip = strlen("https://");
	if (skip == 0 || (slash = memchr(target.at + skip, '/', target.n - skip)) == NULL)
		return target;
	return octets_of(slash, target.n - (size_t)(slash - target.at));
}

static void
split_target(struct exchange *x, struct octets target)
{
	const uint8_t *mark = target.n == 0 ? NULL : memchr(target.at, '?', target.n);

	x->path = target;
	if (mark == NULL)
		return;
	x->path.n = (size_t)(mark - target.at);
	x->query = octets_of(mark + 1, target.n - x->path.n - 1);
}

/* What h2o has no token for. An empty one is one too: it is told from none by its place. */
static bool
take_named(const h2o_headers_t *headers, const char *name, struct octets *to)
{
	ssize_t at = h2o_find_header_by_str(headers, name, strlen(name), -1);

	if (at == -1)
		return true;
	*to = octets_of(headers->entries[at].value.base, headers->entries[at].value.len);
	return h2o_find_header_by_str(headers, name, strlen(name), at) == -1;
}

/* What a handler sees of the headers. A second one of a kind would leave open which counts. */
static bool
take_headers(struct exchange *x, const h2o_headers_t *headers)
{
	const struct {
		const h2o_token_t *token;
		struct octets *to;
	} wanted[] = {
		{ H2O_TOKEN_CONTENT_TYPE, &x->content_type },
		{ H2O_TOKEN_AUTHORIZATION, &x->authorization },
		{ H2O_TOKEN_USER_AGENT, &x->user_agent },
		{ H2O_TOKEN_IF_NONE_MATCH, &x->if_none_match },
		{ H2O_TOKEN_IF_MODIFIED_SINCE, &x->if_modified_since },
		{ H2O_TOKEN_IF_MATCH, &x->if_match },
	};
	ssize_t origin, accept; /* h2o has no token for the first */

	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		ssize_t at = h2o_find_header(headers, wanted[i].token, -1);

		if (at == -1)
			continue;
		*wanted[i].to =
		    octets_of(headers->entries[at].value.base, headers->entries[at].value.len);
		if (h2o_find_header(headers, wanted[i].token, at) != -1)
			return false;
	}
	if ((origin = h2o_find_header_by_str(headers, H2O_STRLIT("origin"), -1)) != -1)
		x->origin = octets_of(
		    headers->entries[origin].value.base, headers->entries[origin].value.len);
	/* A wish, not an order: of several lines the first is heard. */
	if ((accept = h2o_find_header(headers, H2O_TOKEN_ACCEPT, -1)) != -1)
		x->accept = octets_of(
		    headers->entries[accept].value.base, headers->entries[accept].value.len);
	return take_named(headers, "idempotency-key", &x->idempotency_key) &&
	       take_named(headers, "sec-fetch-site", &x->fetch_site) &&
	       take_named(headers, "last-event-id", &x->last_event_id);
}

static bool
lend_header(const struct exchange *x, const char *name, struct octets *ret)
{
	const struct call *c =
	    H2O_STRUCT_FROM_MEMBER(struct call, x, (struct exchange *)(uintptr_t)x);

	return take_named(&c->req->headers, name, ret);
}

static bool
is_named(const h2o_headers_t *headers, size_t i, const char *name)
{
	return h2o_memis(
	    headers->entries[i].name->base, headers->entries[i].name->len, name, strlen(name));
}

/* A second traceparent leaves open which counts, and then none does (W3C Trace Context section
 * 3.2); a tracestate goes with one alone. */
static void
take_trace(struct exchange *x, const h2o_headers_t *headers)
{
	struct octets state = { NULL, 0 };
	unsigned parents = 0, states = 0;

	for (size_t i = 0; i < headers->size; i++) {
		struct octets value =
		    octets_of(headers->entries[i].value.base, headers->entries[i].value.len);

		if (is_named(headers, i, "traceparent") &&
		    (parents++ > 0 || !trace_parse(value, &x->trace)))
			parents = 2;
		else if (is_named(headers, i, "tracestate") && states++ == 0)
			state = value;
	}
	if (parents != 1)
		memset(&x->trace, 0, sizeof(x->trace));
	else if (states == 1 && trace_state_ok(state))
		x->tracestate = state;
}

static void
bind_call(struct exchange *x)
{
	struct call *c = H2O_STRUCT_FROM_MEMBER(struct call, x, x);

	x->binding_n = http_tls_binding(c->conn, x->binding);
}

static void
fill(struct call *c)
{
	struct exchange *x = &c->x;
	h2o_req_t *req = c->req;

	x->face = c->face->want.face;
	x->with = c->face->want.with;
	x->method = octets_of(req->input.method.base, req->input.method.len);
	split_target(x, origin_of(octets_of(req->input.path.base, req->input.path.len)));
	x->body_too_large = req->entity.len > c->face->want.body_max;
	if (!x->body_too_large)
		x->body = octets_of(req->entity.base, req->entity.len);
	x->peer = http_conn_peer(c->conn);
	x->above = http_conn_above(c->conn);
	x->address = c->conn->address;
	x->room = c->conn->room;
	x->bind = c->conn->ssl == NULL ? NULL : bind_call;
	x->header = lend_header;
	memcpy(x->source, http_conn_source(c->conn), sizeof(x->source));
}

/* True if the request may go to the handler; otherwise it is refused. */
static bool
screen(struct call *c)
{
	struct exchange *x = &c->x;
	const char *why = judge_head(c->req, c->conn->sock->input);
	bool star = octets_same(x->path, octets_text("*"));

	if (!take_headers(x, &c->req->headers) && why == NULL)
		why = "a header stands twice";
	if (x->method.n == 0 || x->method.n > METHOD_MAX || !is_printable(x->method))
		why = "the method is none";
	if (!is_printable(x->path) || !is_printable(x->query))
		why = "the target has octets that are not printable ASCII";
	if (!star && (x->path.n == 0 || x->path.at[0] != '/'))
		why = "the target is not a path";
	if (why != NULL)
		http_refuse(x, 400, why);
	else if (x->path.n + x->query.n > TARGET_MAX)
		http_refuse(x, 414, "the target is too long");
	return x->status == 0;
}

/* h2o lets go of the request: its reply is sent, or its connection is gone. */
static void
forget(void *with)
{
	struct call *c = with;

	if (c->question != NULL) {
		http_ask_forget(c->question);
		c->conn->owed = false;
		if (c->face->want.served != NULL)
			c->face->want.served(&c->x, clock_steady_us() - c->began_us);
	}
	if (c->x.over != NULL)
		c->x.over(&c->x);
	http_conn_rest(c->conn);
	exchange_free(&c->x);
}

static int
on_request(h2o_handler_t *self, h2o_req_t *req)
{
	struct face *face = ((struct handler *)self)->face;
	struct conn *conn = http_conn_of(req->conn->callbacks->get_socket(req->conn));
	struct call *c = h2o_mem_alloc_shared(&req->pool, sizeof(*c), forget);

	memset(c, 0, sizeof(*c));
	c->req = req;
	c->face = face;
	c->conn = conn;
	c->began_us = clock_steady_us();
	conn->in_hand = true;
	/* The client said close_notify behind its request: this reply is the last. */
	if (conn->ssl != NULL && (SSL_get_shutdown(conn->ssl) & SSL_RECEIVED_SHUTDOWN) != 0)
		req->http1_is_persistent = 0;
	fill(c);
	take_trace(&c->x, &req->headers);
	if (screen(c))
		face->want.serve(&c->x);
	settle(c);
	return 0;
}

void
http_call_register(struct face *face, h2o_hostconf_t *host)
{
	/* The fallback path: h2o compares no path of its own with the request's. */
	h2o_handler_t *handler = h2o_create_handler(&host->fallback_path, sizeof(struct handler));

	handler->on_req = on_request;
	((struct handler *)handler)->face = face;
}
