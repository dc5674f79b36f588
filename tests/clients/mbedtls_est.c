/*
 * tests/clients/mbedtls_est.c - the plainest printer, on mbedTLS.
 *
 * mbedtls_est PORT NAME ROOT.pem REQUEST ANSWER: connects to PORT of this
 * machine, trusts ROOT.pem alone, expects NAME in the certificate, sends the
 * octets of REQUEST and writes what comes back to ANSWER.
 */
#include <stdio.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>

#define REQUEST_MAX 16384

struct printer {
	mbedtls_entropy_context entropy;
	mbedtls_ctr_drbg_context random;
	mbedtls_x509_crt root;
	mbedtls_ssl_config with;
	mbedtls_ssl_context tls;
	mbedtls_net_context line;
};

static int
fails(const char *what, int rc)
{
	fprintf(stderr, "mbedtls_est: %s: -0x%04x\n", what, (unsigned)-rc);
	return rc;
}

static int
prepare(struct printer *p, const char *name, const char *root)
{
	int rc;

	rc = mbedtls_ctr_drbg_seed(&p->random, mbedtls_entropy_func, &p->entropy, NULL, 0);
	if (rc != 0)
		return fails("seed", rc);
	if ((rc = mbedtls_x509_crt_parse_file(&p->root, root)) != 0)
		return fails("root certificate", rc);
	rc = mbedtls_ssl_config_defaults(&p->with, MBEDTLS_SSL_IS_CLIENT,
	    MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
	if (rc != 0)
		return fails("defaults", rc);
	mbedtls_ssl_conf_authmode(&p->with, MBEDTLS_SSL_VERIFY_REQUIRED);
	mbedtls_ssl_conf_ca_chain(&p->with, &p->root, NULL);
	mbedtls_ssl_conf_rng(&p->with, mbedtls_ctr_drbg_random, &p->random);
	if ((rc = mbedtls_ssl_setup(&p->tls, &p->with)) != 0)
		return fails("setup", rc);
	if ((rc = mbedtls_ssl_set_hostname(&p->tls, name)) != 0)
		return fails("name", rc);
	return 0;
}

static int
talk(struct printer *p, const char *port)
{
	int rc;

	rc = mbedtls_net_connect(&p->line, "127.0.0.1", port, MBEDTLS_NET_PROTO_TCP);
	if (rc != 0)
		return fails("connect", rc);
	mbedtls_ssl_set_bio(&p->tls, &p->line, mbedtls_net_send, mbedtls_net_recv, NULL);
	if ((rc = mbedtls_ssl_handshake(&p->tls)) != 0)
		return fails("handshake", rc);
	printf("%s %s\n", mbedtls_ssl_get_version(&p->tls), mbedtls_ssl_get_ciphersuite(&p->tls));
	return 0;
}

static int
send_file(struct printer *p, const char *file)
{
	unsigned char octets[REQUEST_MAX];
	FILE *in = fopen(file, "rb");
	size_t n, done = 0;
	int rc = 0;

	if (in == NULL)
		return fails(file, -1);
	n = fread(octets, 1, sizeof(octets), in);
	fclose(in);
	while (done < n && (rc = mbedtls_ssl_write(&p->tls, octets + done, n - done)) > 0)
		done += (size_t)rc;
	return done == n ? 0 : fails("write", rc);
}

static int
receive_file(struct printer *p, const char *file)
{
	unsigned char octets[4096];
	FILE *out = fopen(file, "wb");
	int rc;

	if (out == NULL)
		return fails(file, -1);
	while ((rc = mbedtls_ssl_read(&p->tls, octets, sizeof(octets))) > 0)
		fwrite(octets, 1, (size_t)rc, out);
	fclose(out);
	/* An end without close_notify may be an attacker's. */
	return rc == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY ? 0 : fails("read", rc);
}

int
main(int argc, char **argv)
{
	struct printer p;
	int rc;

	if (argc != 6) {
		fprintf(stderr, "usage: mbedtls_est PORT NAME ROOT.pem REQUEST ANSWER\n");
		return 2;
	}
	mbedtls_entropy_init(&p.entropy);
	mbedtls_ctr_drbg_init(&p.random);
	mbedtls_x509_crt_init(&p.root);
	mbedtls_ssl_config_init(&p.with);
	mbedtls_ssl_init(&p.tls);
	mbedtls_net_init(&p.line);
	rc = prepare(&p, argv[2], argv[3]);
	if (rc == 0)
		rc = talk(&p, argv[1]);
	if (rc == 0)
		rc = send_file(&p, argv[4]);
	if (rc == 0)
		rc = receive_file(&p, argv[5]);
	mbedtls_net_free(&p.line);
	mbedtls_ssl_free(&p.tls);
	mbedtls_ssl_config_free(&p.with);
	mbedtls_x509_crt_free(&p.root);
	mbedtls_ctr_drbg_free(&p.random);
	mbedtls_entropy_free(&p.entropy);
	return rc == 0 ? 0 : 1;
}
