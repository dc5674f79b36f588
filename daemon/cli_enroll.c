/* daemon/cli_enroll.c - enroll: the first certificate of a device; see cli_renew.c for the next
 * ones. */
#include "daemon/enrolment.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define TOKEN_MAX 512

/* A line of standard input. Not by the name /dev/stdin: this process may not open its own
 * descriptors by name. */
static bool
read_stdin(struct secret *ret, struct fault *f)
{
	struct secret room = { 0 };
	size_t n = 0;
	ssize_t got = 1;
	bool ok;

	if (!secret_new(TOKEN_MAX + 2, &room, f))
		return false;
	while (n < room.n && got > 0 && memchr(room.at, '\n', n) == NULL)
		if ((got = read(STDIN_FILENO, room.at + n, room.n - n)) > 0)
			n += (size_t)got;
	for (size_t i = 0; i < n; i++)
		if (room.at[i] == '\n' || room.at[i] == '\r')
			n = i;
	if (got < 0)
		ok = fault_errno(f, FAULT_NOTFOUND, "token: standard input");
	else if (n == 0 || n > TOKEN_MAX)
		ok = fault_set(f, FAULT_BADREQ, "token: expected one line on standard input");
	else
		ok = secret_copy(octets_of(room.at, n), ret, f);
	secret_free(&room);
	return ok;
}

static bool
read_token(struct enrolment *e, struct fault *f)
{
	const char *token = cli_option(e->inv, "token"), *file = cli_option(e->inv, "token-file");
	bool ok;

	if (token != NULL)
		ok = secret_copy(octets_text(token), &e->token, f);
	else if (strcmp(file, "-") == 0)
		ok = read_stdin(&e->token, f);
	else
		ok = secret_read_line(file, &e->token, f);
	return ok && est_token_read(secret_octets(&e->token), &e->says, f);
}

/* Which device of which tenant, by options and token; where both speak they must agree. */
static bool
settle_names(struct enrolment *e, struct fault *f)
{
	const char *url = cli_option(e->inv, "url"), *tenant = cli_option(e->inv, "tenant");
	char in_url[TEXT_LABEL_MAX];

	if (tenant == NULL && est_label_of(url, in_url))
		tenant = in_url;
	if (tenant == NULL && e->says.tenant[0] != '\0')
		tenant = e->says.tenant;
	if (!est_place(url, tenant, &e->at, f))
		return false;
	if (e->says.tenant[0] != '\0' && strcmp(e->says.tenant, e->at.label) != 0)
		return fault_set(f, FAULT_BADREQ, "enroll: the token is of tenant %s, not of %s",
		    e->says.tenant, e->at.label);
	if ((e->device = cli_option(e->inv, "device")) == NULL)
		e->device = e->says.device;
	if (e->device[0] == '\0')
		return fault_set(f, FAULT_BADREQ,
		    "enroll: which device? this token does not say; give --device NAME");
	if (e->says.device[0] != '\0' && strcmp(e->says.device, e->device) != 0)
		return fault_set(f, FAULT_BADREQ, "enroll: the token is of device %s, not of %s",
		    e->says.device, e->device);
	return true;
}

/*
 * Whom to trust, before anything secret is sent: --root, or the root that the token names. That one
 * is fetched from a service nobody has proven yet; its hash proves it.
 */
static bool
settle_trust(struct enrolment *e, struct fault *f)
{
	struct fetch_peer peer = {
		.unproven = true, .body_max = EST_BODY_MAX, .timeout_s = EST_TIMEOUT_S
	};
	const char *path = cli_option(e->inv, "root");
	struct fetch *c = NULL;
	bool ok;

	if (path != NULL)
		return enrolment_root(e, path, f);
	if (e->says.root[0] == '\0') {
		e->next =
		    "get the root certificate by a way that you trust, and give it with --root FILE";
		return fault_set(f, FAULT_DENIED,
		    "enroll: nothing says which service to trust: the token does not name its root");
	}
	e->next =
	    "check --url; if it is right, somebody stands between, or the token is of another service";
	ok = fetch_new(&peer, &c, f) && est_cacerts(c, &e->at, &e->known, f) &&
	     est_trust_find(e->known, e->says.root, &e->root, f);
	fetch_free(c);
	if (ok)
		e->next = NULL;
	return ok;
}

/* The key of an interrupted try is used again: the service may have seen it already. */
static bool
settle_key(struct enrolment *e, struct fault *f)
{
	if (credential_exists(e->dir, "key.pem"))
		return credential_key_read(e->dir, "key.pem", &e->key, f);
	return credential_key_make(e->dir, "key.pem", &e->key, f);
}

static const char *
advice(enum fault_code code)
{
	switch (code) {
	case FAULT_AUTH:
		return "ask for a new token: quatrain token create --tenant T --device NAME; the key in --out is kept and used again";
	case FAULT_DENIED:
		return "check that --url names the service as its certificate does, that the root is its root, and what the policy says of this device";
	case FAULT_NOTFOUND:
		return "check the tenant's name and --url";
	case FAULT_BUSY:
	case FAULT_LIMIT:
		return "run the same command again later; the key in --out is kept and used again";
	default:
		return NULL;
	}
}

static bool
save(const struct enrolment *e, struct fault *f)
{
	struct bytes cert = { 0 }, root = { 0 };
	bool ok = enrolment_chain_pem(e, &cert, f) && credential_cert_put(&root, e->root, f) &&
		  credential_replace(e->dir, "root.pem", 0644, octets_bytes(&root), f) &&
		  credential_replace(e->dir, "cert.pem", 0644, octets_bytes(&cert), f);

	bytes_free(&cert);
	bytes_free(&root);
	return ok;
}

static bool
enroll(struct enrolment *e, struct fault *f)
{
	struct fetch_peer peer = { 0 };
	struct fetch *c = NULL;
	bool ok;

	if (credential_exists(e->dir, "cert.pem")) {
		e->next = "renew it with --renew, or choose another folder";
		return fault_set(f, FAULT_CONFLICT, "enroll: cert.pem is in %s already", e->dir);
	}
	if (!read_token(e, f) || !settle_names(e, f) || !credential_folder(e->dir, f) ||
	    !settle_trust(e, f) || !settle_key(e, f) ||
	    !credential_request(e->key, e->device, NULL, &e->request, f))
		return false;
	peer.user = e->device;
	peer.password = &e->token;
	ok = enrolment_fetch(e, &peer, &c, f) && enrolment_ask(e, c, "simpleenroll", f);
	fetch_free(c);
	if (!ok)
		e->next = advice(f->code);
	return ok && save(e, f);
}

/* Options that exclude or need each other. Returns 0 or CLI_USAGE. */
static int
check_options(const struct invocation *inv)
{
	int ways = (cli_option(inv, "token") != NULL) + (cli_option(inv, "token-file") != NULL) +
		   cli_flag(inv, "renew");

	if (ways != 1)
		return cli_usage(
		    inv->command, "expected one of --token T, --token-file FILE, --renew");
	if (cli_flag(inv, "new-key") && !cli_flag(inv, "renew"))
		return cli_usage(inv->command, "--new-key is of use only with --renew");
	if (cli_flag(inv, "renew") && cli_option(inv, "device") != NULL)
		return cli_usage(
		    inv->command, "--device is of no use with --renew: the certificate says it");
	return 0;
}

int
enroll_command(const struct invocation *inv)
{
	struct enrolment e = { .inv = inv, .dir = cli_option(inv, "out") };
	bool renew = cli_flag(inv, "renew");
	struct fault f;
	int status;

	if ((status = check_options(inv)) != 0)
		return status;
	if (renew ? enrolment_renew(&e, &f) : enroll(&e, &f))
		enrolment_tell(&e, renew ? "Renewed" : "Enrolled");
	else
		status = cli_refuse_next(inv, &f, e.next);
	enrolment_free(&e);
	return status;
}
