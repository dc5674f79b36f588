/* daemon/cli_operator.c - operator add, list. */
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "daemon/cli_call.h"
#include "daemon/credential.h"

static const char *const files[] = { "key.pem", "cert.pem", "root.pem" };
#define FILES_N (sizeof(files) / sizeof(files[0]))

/* The root certificate that the new operator shall pin: --root, or the data folder's. */
static bool
read_root(const struct invocation *inv, struct bytes *ret, struct fault *f)
{
	const char *given = cli_option(inv, "root");
	char path[CREDENTIAL_PATH_MAX];
	STACK_OF(X509) *certs = NULL;

	if (given == NULL && !settings_path(&inv->settings, "root.pem", path, sizeof(path)))
		return fault_set(f, FAULT_BADREQ, "operator: data: the path is too long");
	if (given == NULL && access(path, F_OK) != 0)
		return fault_set(f, FAULT_NOTFOUND,
		    "operator: %s holds no root certificate; make an authority with quatrain init, or give --root FILE",
		    inv->settings.data);
	if (!credential_read(given != NULL ? given : path, ret, f) ||
	    !credential_certs_parse(octets_bytes(ret), &certs, f))
		return false;
	credential_certs_free(certs);
	return true;
}

/* The folder has room for the three files. */
static bool
check_folder(const char *dir, struct fault *f)
{
	for (size_t i = 0; i < FILES_N; i++)
		if (credential_exists(dir, files[i]))
			return fault_set(f, FAULT_CONFLICT,
			    "operator: %s is in %s already, and is not overwritten; choose another folder",
			    files[i], dir);
	return true;
}

static bool
ask(const struct invocation *inv, EVP_PKEY *key, struct json **ret, struct fault *f)
{
	const struct credential_says says = { .cn = inv->words[0] };
	struct bytes der = { 0 }, text = { 0 };
	struct json *body = json_object();
	struct client *c = NULL;
	bool ok = false;

	if (!credential_request(key, &says, &der, f))
		goto out;
	text_base64(octets_bytes(&der), 0, &text);
	if (!bytes_ok(&text, f))
		goto out;
	json_put_text(body, "name", inv->words[0]);
	json_put_text(body, "role", cli_option(inv, "role"));
	json_put_octets(body, "csr", octets_bytes(&text));
	ok = cli_open(inv, &c, f) && client_call(c, "POST", "/v1/operators", body, ret, f);
out:
	client_close(c);
	json_free(body);
	bytes_free(&text);
	bytes_free(&der);
	return ok;
}

/* Leaf and chain of the answer as one PEM text; the leaf must be for our key. */
static bool
join(const struct json *answer, EVP_PKEY *key, struct bytes *ret, struct fault *f)
{
	const char *leaf = json_text(answer, "certificate"), *chain = json_text(answer, "chain");
	STACK_OF(X509) *certs = NULL;
	struct bytes pem = { 0 };
	bool ok;

	if (leaf == NULL || chain == NULL)
		return fault_set(f, FAULT_BADREQ, "operator: the answer holds no certificate");
	bytes_put_text(&pem, leaf);
	bytes_put_text(&pem, "\n");
	bytes_put_text(&pem, chain);
	ok = bytes_ok(&pem, f) && credential_certs_parse(octets_bytes(&pem), &certs, f);
	if (ok && X509_check_private_key(sk_X509_value(certs, 0), key) != 1)
		ok = fault_crypto(f, FAULT_BADREQ, "operator: the certificate is not for our key");
	for (int i = 0; ok && i < sk_X509_num(certs); i++)
		ok = credential_cert_put(ret, sk_X509_value(certs, i), f);
	credential_certs_free(certs);
	bytes_free(&pem);
	return ok;
}

static bool
save(const char *dir, const struct json *answer, EVP_PKEY *key, const struct bytes *root,
    struct fault *f)
{
	struct bytes pem = { 0 };
	bool ok = join(answer, key, &pem, f) &&
		  credential_make(dir, "cert.pem", 0644, octets_bytes(&pem), f) &&
		  credential_make(dir, "root.pem", 0644, octets_bytes(root), f);

	bytes_free(&pem);
	return ok;
}

static void
tell(const struct invocation *inv, const char *dir, const struct json *answer)
{
	static const struct cli_column facts[] = {
		{ "role", "role", 0 },
		{ "serial", "serial", 0 },
		{ "not_after", "ends", 0 },
		{ "log_index", "log index", 0 },
	};
	const char *port = strrchr(inv->settings.listen_secure, ':'), *url = cli_option(inv, "url");

	if (inv->json) {
		cli_print_json(stdout, answer);
		return;
	}
	(void)printf("Operator %s is certified: cert.pem, key.pem and root.pem are in %s.\n",
	    inv->words[0], dir);
	cli_print_facts(answer, facts, sizeof(facts) / sizeof(facts[0]));
	(void)printf(
	    "Next, as this operator: quatrain tenant list --url %s%s%s --cert %s/cert.pem --key %s/key.pem --root %s/root.pem\n",
	    url != NULL ? url : "https://", url != NULL ? "" : inv->settings.names.at[0],
	    url != NULL || port == NULL ? "" : port, dir, dir, dir);
}

/* A key that certainly got no certificate is of no use, and would be in the way of the next try. */
static void
drop_key(const char *dir, const struct fault *f)
{
	char path[CREDENTIAL_PATH_MAX];
	struct fault none;

	if (f->code != FAULT_BUSY && f->code != FAULT_INTERNAL &&
	    credential_path(dir, "key.pem", path, &none))
		(void)unlink(path);
}

int
operator_add_command(const struct invocation *inv)
{
	const char *dir = cli_option(inv, "out");
	struct bytes root = { 0 };
	struct json *answer = NULL;
	EVP_PKEY *key = NULL;
	struct fault f;
	int status = CLI_OK;

	if (!read_root(inv, &root, &f) || !credential_folder(dir, &f) || !check_folder(dir, &f) ||
	    !credential_key_make(dir, "key.pem", 0, &key, &f)) {
		status = cli_refuse(inv, &f);
	} else if (!ask(inv, key, &answer, &f)) {
		drop_key(dir, &f);
		status = cli_refuse(inv, &f);
	} else if (!save(dir, answer, key, &root, &f)) {
		status = cli_refuse_next(inv, &f,
		    "key.pem is kept; quatrain cert list --tenant platform shows the certificate");
	} else
		tell(inv, dir, answer);
	EVP_PKEY_free(key);
	json_free(answer);
	bytes_free(&root);
	return status;
}

int
operator_list_command(const struct invocation *inv)
{
	static const struct cli_column columns[] = {
		{ "name", "OPERATOR", 16 },
		{ "role", "ROLE", 9 },
		{ "status", "STATUS", 7 },
		{ "serial", "SERIAL", 32 },
	};

	return cli_list(inv, "/v1/operators", columns, sizeof(columns) / sizeof(columns[0]),
	    "No operator yet. Next: quatrain operator add NAME --role officer --out DIR");
}
