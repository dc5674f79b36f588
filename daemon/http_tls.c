/* daemon/http_tls.c - see http_internal.h. What h2o 2.2.5 leaves open in TLS, and how to make
 * HTTP/2 impossible. */
#include <h2o.h>

#include "daemon/http_internal.h"

#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include <h2o/http2.h>
#include <h2o/url.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#define TURNS_MAX                                                                                  \
	200 /* steps of TLS after a handshake, for a connection's life: some 50 key updates */

/* h2o's BIO carries its socket, and the socket our connection. No public call leads there. */
static struct conn *
conn_of_ssl(const SSL *ssl)
{
	BIO *b = SSL_get_rbio(ssl);

	if (b == NULL || strcmp(BIO_method_name(b), "h2o_socket") != 0)
		return NULL;
	return http_conn_of(BIO_get_data(b));
}

/* h2o drops its output when a handshake fails; keep the last short record, which may be the alert.
 */
static long
keep_record(BIO *b, int oper, const char *at, size_t n, int argi, long argl, int ret, size_t *done)
{
	struct conn *c = (struct conn *)(void *)BIO_get_callback_arg(b);

	(void)argi;
	(void)argl;
	(void)done;
	if (oper == BIO_CB_WRITE) {
		c->record_n = n <= sizeof(c->record) ? n : 0;
		memcpy(c->record, at, c->record_n);
	}
	return ret;
}

static void
handshake_starts(struct conn *c, const SSL *ssl)
{
	BIO *b = SSL_get_rbio(ssl);

	c->ssl = (SSL *)(uintptr_t)ssl; /* told to us as const, yet ours to ask for keys */
	BIO_set_callback_arg(b, (char *)c);
	BIO_set_callback_ex(b, keep_record);
}

/* Without this the client sees a bare end of file where the reason should be. */
static void
send_alert(struct conn *c)
{
	if (c->record_n > 0)
		(void)send(h2o_socket_get_fd(c->sock), c->record, c->record_n,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
}

/*
 * Without session tickets nothing of ours follows the client's Finished, and a
 * client under Nagle's algorithm would wait 40 ms for a delayed ACK.
 */
static void
acknowledge(struct conn *c)
{
	int on = 1;

	(void)setsockopt(h2o_socket_get_fd(c->sock), IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

/*
 * RFC 8446 section 4.6.3: a key update costs its sender nothing, and us a key
 * derivation. Our clients never need one, and h2o reads on whatever comes. (One that
 * wants a reply ends with the next: h2o closes where reading makes OpenSSL write.)
 */
static void
step(struct conn *c)
{
	if (c->shaken && ++c->turns > TURNS_MAX)
		http_conn_end(c);
}

static void
watch_tls(const SSL *ssl, int where, int ret)
{
	struct conn *c = conn_of_ssl(ssl);

	if (c == NULL)
		return;
	if ((where & SSL_CB_HANDSHAKE_START) != 0)
		handshake_starts(c, ssl);
	if ((where & SSL_CB_HANDSHAKE_DONE) != 0) {
		c->face->http->comings++;
		c->shaken = true;
		acknowledge(c);
	}
	if (where == SSL_CB_ACCEPT_LOOP)
		step(c);
	if (where == SSL_CB_WRITE_ALERT && ret >> 8 == SSL3_AL_FATAL &&
	    SSL_get_state(ssl) != TLS_ST_OK)
		send_alert(c);
	if (where == SSL_CB_READ_ALERT && (ret & 0xff) == SSL_AD_CLOSE_NOTIFY)
		http_conn_farewell(c);
}

void
http_tls_guard(SSL_CTX *tls)
{
	SSL_CTX_set_info_callback(tls, watch_tls);
}

/*
 * Nobody resumes a session or renegotiates here, so every handshake is a full one, whose first
 * Finished is the client's (RFC 5929 section 3.1). TLS 1.3 has no tls-unique (RFC 8446 appendix
 * C.5), and an older version with its exporter none that a client of RFC 7030 would send.
 */
size_t
http_tls_binding(const struct conn *c, uint8_t to[static 32])
{
	static const char label[] = "EXPORTER-Channel-Binding";
	size_t n = 0;

	if (c->ssl == NULL || SSL_session_reused(c->ssl))
		return 0;
	if (SSL_version(c->ssl) == TLS1_2_VERSION)
		n = SSL_get_peer_finished(c->ssl, to, 32);
	else if (SSL_version(c->ssl) == TLS1_3_VERSION &&
		 SSL_export_keying_material(c->ssl, to, 32, label, sizeof(label) - 1,
		     (const unsigned char *)"", 0, 1) == 1)
		n = 32;
	ERR_clear_error();
	return n <= 32 ? n : 0;
}

/*
 * h2o calls the next three through its procedure linkage table, so that ours
 * stand in for its own. HTTP/2 has unfixed holes there (CVE-2023-44487 first);
 * it is off by configuration and by ALPN already, and here it is not even code.
 */
void
h2o_http2_accept(h2o_accept_ctx_t *ctx, h2o_socket_t *sock, struct timeval connected_at)
{
	(void)ctx;
	(void)connected_at;
	h2o_socket_close(sock);
}

int
h2o_http2_handle_upgrade(h2o_req_t *req, struct timeval connected_at)
{
	(void)req;
	(void)connected_at;
	return -1;
}

/* Our handlers read the raw path; h2o's own prints what it cannot normalize to standard error. */
h2o_iovec_t
h2o_url_normalize_path(
    h2o_mem_pool_t *pool, const char *path, size_t len, size_t *query_at, size_t **norm_indexes)
{
	(void)pool;
	*query_at = SIZE_MAX;
	*norm_indexes = NULL;
	return h2o_iovec_init(path, len);
}
