/* daemon/tls.c - see tls.h. */
#include "daemon/tls.h"

#include <stdlib.h>
#include <string.h>

#define CIPHERS_1_2                                                                                \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"                             \
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-GCM-SHA256:"                               \
	"ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305"
#define CIPHERS_1_3 "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
#define GROUPS      "P-256:X25519:P-384"

/* Hung on the context, so that it lives as long as any connection may ask it. */
struct door {
	tls_admit *admit;
	void *with;
};

static int door_index = -1;

static void
door_free(void *parent, void *at, CRYPTO_EX_DATA *data, int index, long argl, void *argp)
{
	(void)parent;
	(void)data;
	(void)index;
	(void)argl;
	(void)argp;
	free(at);
}

static int
judge_client(X509_STORE_CTX *st, void *at)
{
	const struct door *door = at;
	X509 *leaf = X509_STORE_CTX_get0_cert(st);

	if (leaf != NULL && door->admit(door->with, leaf, X509_STORE_CTX_get0_untrusted(st))) {
		X509_STORE_CTX_set_error(st, X509_V_OK);
		return 1;
	}
	/* Of the errors that OpenSSL turns into the alert unknown_ca, the one closest to "not
	 * ours". */
	X509_STORE_CTX_set_error(st, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
	return 0;
}

static bool
ask_client(SSL_CTX *c, tls_admit *admit, void *with, struct fault *f)
{
	struct door *door;

	if (admit == NULL)
		return true;
	if (door_index < 0 &&
	    (door_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, door_free)) < 0)
		return fault_crypto(f, FAULT_INTERNAL, "tls: no index");
	if ((door = calloc(1, sizeof(*door))) == NULL)
		return fault_set(f, FAULT_INTERNAL, "tls: out of memory");
	door->admit = admit;
	door->with = with;
	if (SSL_CTX_set_ex_data(c, door_index, door) != 1) {
		free(door);
		return fault_crypto(f, FAULT_INTERNAL, "tls: out of memory");
	}
	SSL_CTX_set_cert_verify_callback(c, judge_client, door);
	SSL_CTX_set_verify(c, SSL_VERIFY_PEER, NULL);
	return true;
}

/* RFC 7301 section 3.2: a client that offers protocols but not ours is refused. */
static int
choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_n, const unsigned char *in,
    unsigned in_n, void *with)
{
	static const unsigned char ours[] = "http/1.1";
	const unsigned char *end = in + in_n;

	(void)ssl;
	(void)with;
	for (const unsigned char *p = in; p < end && p[0] < end - p; p += 1 + p[0]) {
		if (p[0] != sizeof(ours) - 1 || memcmp(p + 1, ours, p[0]) != 0)
			continue;
		*out = p + 1;
		*out_n = p[0];
		return SSL_TLSEXT_ERR_OK;
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static bool
restrict_protocol(SSL_CTX *c, struct fault *f)
{
	static const unsigned char id[] = "quatrain";

	if (SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_max_proto_version(c, TLS1_3_VERSION) != 1 ||
	    SSL_CTX_set_cipher_list(c, CIPHERS_1_2) != 1 ||
	    SSL_CTX_set_ciphersuites(c, CIPHERS_1_3) != 1 ||
	    SSL_CTX_set1_groups_list(c, GROUPS) != 1)
		return fault_crypto(
		    f, FAULT_INTERNAL, "tls: RFC 9325 section 4: not to be had here");
	SSL_CTX_set_options(c, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
				   SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	/* Without an id a mere attempt to resume would be fatal to the handshake. */
	if (SSL_CTX_set_num_tickets(c, 0) != 1 || SSL_CTX_set_max_early_data(c, 0) != 1 ||
	    SSL_CTX_set_recv_max_early_data(c, 0) != 1 ||
	    SSL_CTX_set_session_id_context(c, id, sizeof(id) - 1) != 1)
		return fault_crypto(f, FAULT_INTERNAL, "tls: cannot turn resumption off");
	/* Else OpenSSL looks for a chain of its own in each handshake, and sends the root too. */
	SSL_CTX_set_mode(c, SSL_MODE_NO_AUTO_CHAIN | SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_max_cert_list(c, TLS_CLIENT_CHAIN_MAX);
	SSL_CTX_set_alpn_select_cb(c, choose_protocol, NULL);
	return true;
}

static bool
present(SSL_CTX *c, EVP_PKEY *key, STACK_OF(X509) * chain, struct fault *f)
{
	if (sk_X509_num(chain) < 1)
		return fault_set(f, FAULT_BADREQ, "tls: no certificate to serve with");
	if (SSL_CTX_use_certificate(c, sk_X509_value(chain, 0)) != 1)
		return fault_crypto(f, FAULT_BADREQ, "tls: certificate");
	if (SSL_CTX_use_PrivateKey(c, key) != 1 || SSL_CTX_check_private_key(c) != 1)
		return fault_crypto(f, FAULT_BADREQ, "tls: the key is not the certificate's");
	for (int i = 1; i < sk_X509_num(chain); i++)
		if (SSL_CTX_add1_chain_cert(c, sk_X509_value(chain, i)) != 1)
			return fault_crypto(f, FAULT_BADREQ, "tls: certificate %d of the chain", i);
	return true;
}

bool
tls_server_context(EVP_PKEY *key, STACK_OF(X509) * chain, tls_admit *admit, void *with,
    SSL_CTX **ret, struct fault *f)
{
	SSL_CTX *c;

	if ((c = SSL_CTX_new(TLS_server_method())) == NULL)
		return fault_crypto(f, FAULT_INTERNAL, "tls: SSL_CTX_new");
	if (!restrict_protocol(c, f) || !present(c, key, chain, f) ||
	    !ask_client(c, admit, with, f)) {
		SSL_CTX_free(c);
		return false;
	}
	*ret = c;
	return true;
}

void
tls_demand(SSL_CTX *tls)
{
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	/* What a client sent is somebody's document: not to be kept in a buffer. */
	(void)SSL_CTX_set_options(tls, SSL_OP_CLEANSE_PLAINTEXT);
}
