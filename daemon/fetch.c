/* daemon/fetch.c - see fetch.h. */
#include "daemon/fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/clock.h"
#include "daemon/fetch_stream.h"

#define CONNECT_S 10L

/* n 0: there is none. */
struct binding {
	uint8_t at[FETCH_BINDING_MAX];
	size_t n;
};

struct fetch {
	CURL *curl;
	size_t body_max;
	struct bytes *body;          /* lent while a request runs */
	const struct fetch_ask *ask; /* the same */
	long timeout_s;
	bool too_large;
	bool (*stop)(void);
	struct binding now;  /* of the connection that the last request went over */
	struct binding held; /* of the one that all requests must go over */
	int64_t retry_after_s;
	bool broke;
	char why[CURL_ERROR_SIZE];
};

static size_t
take(char *at, size_t size, size_t n, void *with)
{
	struct fetch *c = with;
	long status = 0;

	n *= size;
	if (c->ask->piece != NULL &&
	    curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK &&
	    status == 200)
		return c->ask->piece(c->ask->with, octets_of(at, n)) ? n : 0;
	if (n > c->body_max - c->body->n) {
		c->too_large = true;
		return 0;
	}
	bytes_put(c->body, at, n);
	return c->body->bad ? 0 : n;
}

/* tls-unique is the first Finished of the handshake: the client's, of a resumed one the server's.
 */
static void
read_binding(SSL *tls, struct binding *to)
{
	static const char label[] = "EXPORTER-Channel-Binding";

	to->n = 0;
	if (SSL_version(tls) >= TLS1_3_VERSION) {
		if (SSL_export_keying_material(
			tls, to->at, sizeof(to->at), label, sizeof(label) - 1, NULL, 0, 0) == 1)
			to->n = sizeof(to->at);
	} else if (SSL_session_reused(tls) == 1)
		to->n = SSL_get_peer_finished(tls, to->at, sizeof(to->at));
	else
		to->n = SSL_get_finished(tls, to->at, sizeof(to->at));
	if (to->n > sizeof(to->at))
		to->n = 0;
	ERR_clear_error();
}

/*
 * The connection stands, and nothing of the request was sent yet: the one moment at which libcurl
 * lets us see what it will go over. So a request that is bound never leaves over another one.
 */
static int
before_request(void *with, char *there, char *here, int there_port, int here_port)
{
	struct fetch *c = with;
	const struct curl_tlssessioninfo *info = NULL;

	(void)there;
	(void)here;
	(void)there_port;
	(void)here_port;
	c->now.n = 0;
	if (curl_easy_getinfo(c->curl, CURLINFO_TLS_SSL_PTR, &info) == CURLE_OK && info != NULL &&
	    info->backend == CURLSSLBACKEND_OPENSSL && info->internals != NULL)
		read_binding(info->internals, &c->now);
	if (c->held.n > 0 &&
	    !octets_same(octets_of(c->held.at, c->held.n), octets_of(c->now.at, c->now.n)))
		return CURL_PREREQFUNC_ABORT;
	return CURL_PREREQFUNC_OK;
}

static int
ask_stop(void *with, curl_off_t all, curl_off_t got, curl_off_t up_all, curl_off_t up)
{
	const struct fetch *c = with;

	(void)all;
	(void)got;
	(void)up_all;
	(void)up;
	return c->stop() ? 1 : 0;
}

static bool
set_text(CURL *curl, CURLoption option, const char *text)
{
	return text == NULL || curl_easy_setopt(curl, option, text) == CURLE_OK;
}

/* Exactly the trust that was given. The folder of the system's roots is on by default: it is put
 * out. */
static bool
set_trust(CURL *curl, const struct fetch_peer *peer)
{
	struct curl_blob blob = { .len = peer->root_pem.n, .flags = CURL_BLOB_COPY };
	long on = peer->unproven ? 0 : 1;

	/* The interface takes a pointer to void and promises in its flags to copy only. */
	(void)memcpy(&blob.data, &peer->root_pem.at, sizeof(blob.data));
	if (curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, on) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, on * 2) != CURLE_OK)
		return false;
	if (peer->unproven)
		return curl_easy_setopt(curl, CURLOPT_CAINFO, NULL) == CURLE_OK;
	if (peer->root_file != NULL)
		return curl_easy_setopt(curl, CURLOPT_CAINFO, peer->root_file) == CURLE_OK;
	return curl_easy_setopt(curl, CURLOPT_CAINFO, NULL) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &blob) == CURLE_OK;
}

static bool
set_tls(CURL *curl, const struct fetch_peer *peer)
{
	if (curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https") != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) != CURLE_OK ||
	    !set_trust(curl, peer))
		return false;
	return peer->unproven || (set_text(curl, CURLOPT_SSLCERT, peer->cert) &&
				     set_text(curl, CURLOPT_SSLKEY, peer->key));
}

/* No proxy stands before a socket file, whatever the environment says. */
static bool
set_socket(CURL *curl, const struct fetch_peer *peer)
{
	return curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, peer->socket) == CURLE_OK;
}

static bool
set_basic(CURL *curl, const struct fetch_peer *peer)
{
	struct octets o;
	char password[512];
	bool ok;

	if (peer->user == NULL || peer->unproven)
		return true;
	o = secret_octets(peer->password);
	if (o.n >= sizeof(password))
		return false;
	(void)memcpy(password, o.at, o.n);
	password[o.n] = '\0';
	ok = curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC) == CURLE_OK &&
	     curl_easy_setopt(curl, CURLOPT_USERNAME, peer->user) == CURLE_OK &&
	     curl_easy_setopt(curl, CURLOPT_PASSWORD, password) == CURLE_OK;
	secret_wipe(password, sizeof(password));
	return ok;
}

static bool
set_callbacks(struct fetch *c, const struct fetch_peer *peer)
{
	c->stop = peer->stop;
	if (peer->stop != NULL &&
	    (curl_easy_setopt(c->curl, CURLOPT_NOPROGRESS, 0L) != CURLE_OK ||
		curl_easy_setopt(c->curl, CURLOPT_XFERINFOFUNCTION, ask_stop) != CURLE_OK ||
		curl_easy_setopt(c->curl, CURLOPT_XFERINFODATA, c) != CURLE_OK))
		return false;
	return curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, take) == CURLE_OK &&
	       curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, c) == CURLE_OK &&
	       curl_easy_setopt(c->curl, CURLOPT_PREREQFUNCTION, before_request) == CURLE_OK &&
	       curl_easy_setopt(c->curl, CURLOPT_PREREQDATA, c) == CURLE_OK;
}

static bool
set_all(struct fetch *c, const struct fetch_peer *peer)
{
	return curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, c->why) == CURLE_OK &&
	       curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(c->curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) ==
		   CURLE_OK &&
	       curl_easy_setopt(c->curl, CURLOPT_USERAGENT, "quatrain/" QUATRAIN_VERSION) ==
		   CURLE_OK &&
	       curl_easy_setopt(c->curl, CURLOPT_CONNECTTIMEOUT, CONNECT_S) == CURLE_OK &&
	       curl_easy_setopt(c->curl, CURLOPT_TIMEOUT, peer->timeout_s) == CURLE_OK &&
	       set_callbacks(c, peer) && set_basic(c->curl, peer) &&
	       (peer->socket != NULL ? set_socket(c->curl, peer) : set_tls(c->curl, peer));
}

bool
fetch_new(const struct fetch_peer *peer, struct fetch **ret, struct fault *f)
{
	static bool started;
	struct fetch *c;

	if (!started && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return fault_set(f, FAULT_INTERNAL, "fetch: libcurl does not start");
	started = true;
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return fault_set(f, FAULT_INTERNAL, "fetch: out of memory");
	c->body_max = peer->body_max;
	c->timeout_s = peer->timeout_s;
	c->retry_after_s = -1;
	if ((c->curl = curl_easy_init()) == NULL || !set_all(c, peer)) {
		fetch_free(c);
		return fault_set(
		    f, FAULT_INTERNAL, "fetch: libcurl lacks an option that is needed");
	}
	*ret = c;
	return true;
}

/* What a person can act on, by libcurl's own code. */
static const struct {
	CURLcode code;
	enum fault_code kind;
	const char *text;
} reasons[] = {
	{ CURLE_URL_MALFORMAT, FAULT_BADREQ, "the URL is malformed" },
	{ CURLE_UNSUPPORTED_PROTOCOL, FAULT_BADREQ, "the URL must begin with https://" },
	{ CURLE_COULDNT_RESOLVE_HOST, FAULT_BUSY, "no such host" },
	{ CURLE_COULDNT_RESOLVE_PROXY, FAULT_BUSY, "no such proxy" },
	{ CURLE_COULDNT_CONNECT, FAULT_BUSY, "nobody answers there" },
	{ CURLE_OPERATION_TIMEDOUT, FAULT_BUSY, "no answer in time" },
	{ CURLE_PEER_FAILED_VERIFICATION, FAULT_DENIED, "the service is not who it should be" },
	{ CURLE_SSL_CACERT_BADFILE, FAULT_NOTFOUND, "the root certificate cannot be used" },
	{ CURLE_SSL_CERTPROBLEM, FAULT_NOTFOUND,
	    "the client certificate or its key cannot be used" },
	{ CURLE_SSL_CONNECT_ERROR, FAULT_DENIED, "no TLS connection" },
	{ CURLE_RECV_ERROR, FAULT_DENIED, "the service ended the connection" },
	{ CURLE_SEND_ERROR, FAULT_DENIED, "the service ended the connection" },
	{ CURLE_PARTIAL_FILE, FAULT_BUSY, "the answer was cut off" },
	{ CURLE_GOT_NOTHING, FAULT_BUSY, "the service ended the connection without an answer" },
	{ CURLE_WEIRD_SERVER_REPLY, FAULT_BADREQ, "the answer is no HTTP" },
	{ CURLE_OUT_OF_MEMORY, FAULT_INTERNAL, "out of memory" },
};

static bool
refuse(const struct fetch *c, CURLcode code, const char *url, struct fault *f)
{
	const char *why = c->why[0] != '\0' ? c->why : curl_easy_strerror(code);

	if (code == CURLE_ABORTED_BY_CALLBACK)
		return fault_set(f, FAULT_BUSY, "fetch: %s: %s", url,
		    c->stop != NULL && c->stop() ? "interrupted"
		    : c->ask->read != NULL
			? "what was to be sent ended before its time"
			: "the service did not keep the connection that the request is bound to");
	if (c->too_large)
		return fault_set(
		    f, FAULT_LIMIT, "fetch: %s: the answer is over %zu octets", url, c->body_max);
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].code == code)
			return fault_set(
			    f, reasons[i].kind, "fetch: %s: %s (%s)", url, reasons[i].text, why);
	return fault_set(f, FAULT_INTERNAL, "fetch: %s: %s", url, why);
}

static bool
add_header(struct curl_slist **list, const char *name, const char *value)
{
	char line[FETCH_TYPE_MAX + 64];
	struct curl_slist *longer;

	(void)snprintf(line, sizeof(line), "%s:%s%s", name, value[0] == '\0' ? "" : " ", value);
	if ((longer = curl_slist_append(*list, line)) == NULL)
		return false;
	*list = longer;
	return true;
}

static bool
add_lines(struct curl_slist **list, const char *const *lines)
{
	struct curl_slist *longer;

	for (; lines != NULL && *lines != NULL; lines++) {
		if ((longer = curl_slist_append(*list, *lines)) == NULL)
			return false;
		*list = longer;
	}
	return true;
}

/* An answer without an end has no time to be whole in, but must say something now and then. */
static bool
set_time(struct fetch *c, const struct fetch_ask *ask)
{
	bool long_one = ask->piece != NULL || ask->read != NULL;

	return curl_easy_setopt(c->curl, CURLOPT_TIMEOUT, long_one ? 0L : c->timeout_s) ==
		   CURLE_OK &&
	       curl_easy_setopt(c->curl, CURLOPT_LOW_SPEED_LIMIT, 1L) == CURLE_OK &&
	       curl_easy_setopt(c->curl, CURLOPT_LOW_SPEED_TIME, long_one ? FETCH_SILENT_S : 0L) ==
		   CURLE_OK;
}

/* An "Expect: 100-continue" would cost a round trip and some servers choke on it: never sent. */
static bool
set_ask(CURL *curl, const struct fetch_ask *ask, struct curl_slist **headers)
{
	bool plain = strcmp(ask->method, "POST") == 0, post = plain || ask->body.n > 0;

	if (!add_header(headers, "Expect", "") ||
	    (ask->type != NULL && !add_header(headers, "Content-Type", ask->type)) ||
	    (ask->accept != NULL && !add_header(headers, "Accept", ask->accept)) ||
	    !add_lines(headers, ask->headers))
		return false;
	if (curl_easy_setopt(curl, CURLOPT_URL, ask->url) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *headers) != CURLE_OK ||
	    curl_easy_setopt(curl, post ? CURLOPT_POST : CURLOPT_HTTPGET, 1L) != CURLE_OK)
		return false;
	if (ask->read != NULL)
		return fetch_stream_set(curl, ask);
	if (post)
		return curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)ask->body.n) ==
			   CURLE_OK &&
		       curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
			   ask->body.n == 0 ? "" : (const void *)ask->body.at) == CURLE_OK &&
		       curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, plain ? NULL : ask->method) ==
			   CURLE_OK;
	return curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, ask->method) == CURLE_OK;
}

/* RFC 9110 section 10.2.3: seconds, or a date. */
static int64_t
read_retry_after(const char *value)
{
	char *end;
	int64_t s = strtol(value, &end, 10);

	if (end == value || *end != '\0') {
		if ((s = (int64_t)curl_getdate(value, NULL)) < 0)
			return -1;
		s = s > clock_now_s() ? s - clock_now_s() : 0;
	}
	return s >= 0 && s <= FETCH_RETRY_MAX_S ? s : -1;
}

int64_t
fetch_retry_after_of(void *curl)
{
	struct curl_header *h;

	if (curl_easy_header(curl, "Retry-After", 0, CURLH_HEADER, -1, &h) != CURLHE_OK)
		return -1;
	return read_retry_after(h->value);
}

static void
read_reply(CURL *curl, struct fetch_reply *r)
{
	const char *type = NULL;

	(void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &r->status);
	(void)curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
	(void)snprintf(r->type, sizeof(r->type), "%s", type == NULL ? "" : type);
	r->retry_after_s = fetch_retry_after_of(curl);
}

bool
fetch_do(struct fetch *c, const struct fetch_ask *ask, struct fetch_reply *ret, struct fault *f)
{
	struct curl_slist *headers = NULL;
	struct fetch_reply r = { 0 };
	CURLcode code;
	bool ok = false;

	c->body = &r.body;
	c->too_large = false;
	c->broke = false;
	c->retry_after_s = -1;
	c->why[0] = '\0';
	c->ask = ask;
	if (!set_time(c, ask) || !set_ask(c->curl, ask, &headers)) {
		fault_set(f, FAULT_INTERNAL, "fetch: %s: out of memory", ask->url);
		goto out;
	}
	code = curl_easy_perform(c->curl);
	c->broke = code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR ||
		   code == CURLE_SEND_ERROR || code == CURLE_PARTIAL_FILE;
	if (code != CURLE_OK) {
		refuse(c, code, ask->url, f);
		goto out;
	}
	if (!bytes_ok(&r.body, f))
		goto out;
	read_reply(c->curl, &r);
	c->retry_after_s = r.retry_after_s;
	*ret = r;
	ok = true;
out:
	if (!ok)
		bytes_free(&r.body);
	c->body = NULL;
	c->ask = NULL;
	curl_slist_free_all(headers);
	return ok;
}

bool
fetch_broke(const struct fetch *c)
{
	return c->broke;
}

void
fetch_free(struct fetch *c)
{
	if (c == NULL)
		return;
	curl_easy_cleanup(c->curl);
	free(c);
}

bool
fetch_bind(struct fetch *c, uint8_t ret[static FETCH_BINDING_MAX], size_t *ret_n, struct fault *f)
{
	if (c->now.n == 0)
		return fault_set(f, FAULT_BADREQ,
		    "fetch: RFC 9266 section 4: no connection that a request can be bound to");
	c->held = c->now;
	(void)memcpy(ret, c->now.at, c->now.n);
	*ret_n = c->now.n;
	return true;
}

int64_t
fetch_retry_after(const struct fetch *c)
{
	return c->retry_after_s;
}

void
fetch_put_escaped(struct bytes *b, const char *text)
{
	static const char plain[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (; *text != '\0'; text++)
		if (strchr(plain, *text) != NULL)
			bytes_put(b, text, 1);
		else
			bytes_put_fmt(b, "%%%02X", (unsigned)(unsigned char)*text);
}

enum fault_code
fetch_fault_code(long status)
{
	static const struct {
		long status;
		enum fault_code code;
	} map[] = {
		{ 400, FAULT_BADREQ },
		{ 401, FAULT_AUTH },
		{ 403, FAULT_DENIED },
		{ 404, FAULT_NOTFOUND },
		{ 409, FAULT_CONFLICT },
		{ 413, FAULT_LIMIT },
		{ 415, FAULT_TYPE },
		{ 429, FAULT_LIMIT },
		{ 503, FAULT_BUSY },
	};

	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (map[i].status == status)
			return map[i].code;
	return status >= 400 && status < 500 ? FAULT_BADREQ : FAULT_INTERNAL;
}
