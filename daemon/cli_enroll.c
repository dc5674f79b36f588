/* daemon/cli_enroll.c - enroll: the first certificate of a device; see cli_renew.c for the next
 * ones. */
#include <inttypes.h>
#include <time.h>

#include "base/clock.h"
#include "daemon/enrolment.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define WAIT_S    900 /* for somebody's approval, where --wait does not say */
#define ASK_S     60  /* between two questions, where the service does not say */
#define ASK_MAX_S 3600

/* A line of standard input. Not by the name /dev/stdin: this process may not open its own
 * descriptors by name. */
static bool
read_stdin(size_t max, struct secret *ret, struct fault *f)
{
	struct secret room = { 0 };
	size_t n = 0;
	ssize_t got = 1;
	bool ok;

	if (!secret_new(max + 2, &room, f))
		return false;
	while (n < room.n && got > 0 && memchr(room.at, '\n', n) == NULL)
		if ((got = read(STDIN_FILENO, room.at + n, room.n - n)) > 0)
			n += (size_t)got;
	for (size_t i = 0; i < n; i++)
		if (room.at[i] == '\n' || room.at[i] == '\r')
			n = i;
	if (got < 0)
		ok = fault_errno(f, FAULT_NOTFOUND, "token: standard input");
	else if (n == 0 || n > max)
		ok = fault_set(f, FAULT_BADREQ, "token: expected one line on standard input");
	else
		ok = secret_copy(octets_of(room.at, n), ret, f);
	secret_free(&room);
	return ok;
}

static bool
read_code(struct enrolment *e, const char *code, struct fault *f)
{
	struct secret line = { 0 };
	bool ok = strcmp(code, "-") == 0 ? read_stdin(ENROL_CODE_MAX, &line, f)
					 : secret_copy(octets_text(code), &line, f);

	ok = ok && enrol_code_read(secret_octets(&line), &e->code, f) &&
	     secret_copy(secret_octets(&e->code.token), &e->token, f);
	secret_free(&line);
	return ok;
}

/* The token, where that is the way. */
static bool
read_token(struct enrolment *e, struct fault *f)
{
	const char *token = cli_option(e->inv, "token"), *file = cli_option(e->inv, "token-file");
	const char *code = cli_option(e->inv, "code");
	bool ok;

	if (e->token.at != NULL)
		return true; /* of an earlier try: standard input has no second one */
	if (code != NULL)
		ok = read_code(e, code, f);
	else if (token != NULL)
		ok = secret_copy(octets_text(token), &e->token, f);
	else if (file == NULL)
		return true;
	else if (strcmp(file, "-") == 0)
		ok = read_stdin(CLI_TEXT_MAX, &e->token, f);
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

	e->url = url != NULL ? url : e->code.url;
	if (tenant == NULL && est_tenant_of(e->url, in_url))
		tenant = in_url;
	if (tenant == NULL && e->says.tenant[0] != '\0')
		tenant = e->says.tenant;
	if (!est_place(e->url, tenant, cli_option(e->inv, "profile"), &e->at, f))
		return false;
	if (e->says.tenant[0] != '\0' && strcmp(e->says.tenant, e->at.label) != 0)
		return fault_set(f, FAULT_BADREQ, "enroll: the token is of tenant %s, not of %s",
		    e->says.tenant, e->at.label);
	if ((e->device = cli_option(e->inv, "device")) == NULL)
		e->device = e->says.device;
	if (e->device[0] == '\0' && cli_option(e->inv, "idevid-cert") == NULL)
		return fault_set(
		    f, FAULT_BADREQ, "enroll: which device? nothing says; give --device NAME");
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
		.unproven = true,
		.body_max = EST_BODY_MAX,
		.timeout_s = EST_TIMEOUT_S,
		.stop = e->stop,
	};
	const char *path = cli_option(e->inv, "root");
	struct fetch *c = NULL;
	X509 *root = NULL;
	bool ok;

	if (path != NULL)
		return enrolment_roots(e, path, f);
	if (e->says.root[0] == '\0') {
		e->next =
		    "get the root certificate by a way that you trust, and give it with --root FILE";
		return fault_set(f, FAULT_DENIED,
		    "enroll: nothing says which service to trust: no --root, and no token that names one");
	}
	e->next =
	    "check --url; if it is right, somebody stands between, or the token is of another service";
	credential_certs_free(e->known);
	e->known = NULL;
	ok = fetch_new(&peer, &c, f) && est_cacerts(c, &e->at, &e->known, f) &&
	     est_trust_find(e->known, e->says.root, &root, f);
	fetch_free(c);
	if (ok && ((e->roots = sk_X509_new_null()) == NULL || sk_X509_push(e->roots, root) <= 0)) {
		X509_free(root);
		ok = fault_crypto(f, FAULT_INTERNAL, "enroll: sk_X509_push");
	}
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
	return enrolment_new_key(e, "key.pem", f);
}

static const char *
advice(const struct enrolment *e, enum fault_code code)
{
	if (e->token.at == NULL && (code == FAULT_AUTH || code == FAULT_DENIED))
		return "ask the service's registrar whether this device may come in this way; the key in --out is kept and used again";
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
save(struct enrolment *e, struct fault *f)
{
	struct bytes cert = { 0 };
	bool ok = enrolment_chain_pem(e, &cert, f) && enrolment_save_roots(e, f) &&
		  credential_replace(e->dir, "cert.pem", 0644, octets_bytes(&cert), f);

	bytes_free(&cert);
	return ok;
}

/* Who asks, whom, and whom to trust: settled once, before anything is asked. */
static bool
prepare(struct enrolment *e, struct fault *f)
{
	if (e->roots != NULL)
		return enrolment_lock(e, f);
	return read_token(e, f) && settle_names(e, f) && credential_folder(e->dir, f) &&
	       enrolment_lock(e, f) && settle_trust(e, f);
}

static bool
first(struct enrolment *e, const X509 *idevid, struct fault *f)
{
	struct enrolment_way way = {
		.operation = "simpleenroll",
		.cert = cli_option(e->inv, "idevid-cert"),
		.key = cli_option(e->inv, "idevid-key"),
		.settle_key = settle_key,
	};

	if (!prepare(e, f))
		return false;
	/* A device that does not know its name here says the one that its maker gave it. */
	if (e->device[0] == '\0' && idevid != NULL)
		way.subject = X509_get_subject_name(idevid);
	if (e->token.at != NULL)
		way.user = e->device;
	if (!enrolment_ask(e, &way, f)) {
		e->next = advice(e, f->code);
		return false;
	}
	return e->leaf == NULL || save(e, f);
}

bool
enrolment_first(struct enrolment *e, struct fault *f)
{
	const char *path = cli_option(e->inv, "idevid-cert");
	STACK_OF(X509) *idevid = NULL;
	bool ok;

	e->next = NULL;
	if (credential_exists(e->dir, "cert.pem")) {
		e->next = "renew it with --renew, or choose another folder";
		return fault_set(f, FAULT_CONFLICT, "enroll: cert.pem is in %s already", e->dir);
	}
	if (path != NULL && !credential_certs_read(path, &idevid, f))
		return false;
	ok = first(e, path == NULL ? NULL : sk_X509_value(idevid, 0), f);
	credential_certs_free(idevid);
	return ok;
}

/* ---- waiting for somebody's approval ---- */

static void
tell_waiting(const struct enrolment *e, bool terminal, unsigned asked, int64_t left_s)
{
	if (e->inv->json)
		return;
	if (terminal)
		(void)fprintf(stderr,
		    "\rwaiting for approval, asked %u time%s, next in %" PRId64 " s   ", asked,
		    asked == 1 ? "" : "s", left_s);
	else
		(void)fprintf(
		    stderr, "quatrain: waits for approval, asks again in %" PRId64 " s\n", left_s);
}

/* A person sees the seconds go by. */
static void
sleep_until(const struct enrolment *e, int64_t until_us, unsigned asked)
{
	bool terminal = isatty(STDERR_FILENO) == 1;
	int64_t left_us = until_us - clock_steady_us();

	if (!terminal)
		tell_waiting(e, false, asked, left_us / 1000000 + 1);
	for (; left_us > 0; left_us = until_us - clock_steady_us()) {
		int64_t now_us = terminal && left_us > 1000000 ? 1000000 : left_us;
		struct timespec t = { .tv_sec = (time_t)(now_us / 1000000),
			.tv_nsec = (long)(now_us % 1000000 * 1000) };

		if (terminal)
			tell_waiting(e, true, asked, (left_us + 999999) / 1000000);
		(void)nanosleep(&t, NULL);
	}
	if (terminal && !e->inv->json)
		(void)fprintf(stderr, "\n");
}

/* Ask until there is a certificate, a refusal, or no time left. */
static bool
ask_until(struct enrolment *e, bool (*once)(struct enrolment *e, struct fault *f), struct fault *f)
{
	const char *wait = cli_option(e->inv, "wait");
	int64_t wait_s = WAIT_S, end_us, next_us, retry_s;

	if (wait != NULL && !text_duration(wait, &wait_s))
		return fault_set(f, FAULT_BADREQ, "enroll: --wait");
	end_us = clock_steady_us() + wait_s * 1000000;
	for (unsigned asked = 1;; asked++) {
		if (!once(e, f))
			return false;
		if (e->leaf != NULL)
			return true;
		retry_s = e->retry_after_s < 0 ? ASK_S : e->retry_after_s;
		retry_s = retry_s < 1 ? 1 : retry_s > ASK_MAX_S ? ASK_MAX_S : retry_s;
		next_us = clock_steady_us() + retry_s * 1000000;
		if (next_us > end_us) {
			e->next =
			    "run the same command again later, or with a longer --wait; the key in --out is kept and used again";
			return fault_set(f, FAULT_BUSY,
			    "enroll: RFC 7030 section 4.2.3: the service has not decided yet, and asks to try again in %" PRId64
			    " s",
			    retry_s);
		}
		sleep_until(e, next_us, asked);
	}
}

/* Options that exclude or need each other. Returns 0 or CLI_USAGE. */
static int
check_ways(const struct invocation *inv)
{
	static const char *const names[] = { "token", "token-file", "code", "idevid-cert",
		"request", "renew" };
	bool daemon = cli_flag(inv, "daemon");
	int ways = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ways += cli_flag(inv, names[i]);
	if (ways > 1 || (ways == 0 && !daemon))
		return cli_usage(inv->command,
		    "expected one of --token T, --token-file FILE, --code CODE, --idevid-cert FILE, --request, --renew");
	if (daemon && cli_flag(inv, "renew"))
		return cli_usage(inv->command, "--daemon renews by itself, without --renew");
	if (cli_flag(inv, "idevid-cert") != cli_flag(inv, "idevid-key"))
		return cli_usage(inv->command, "--idevid-cert and --idevid-key go together");
	if (cli_option(inv, "url") == NULL && cli_option(inv, "code") == NULL)
		return cli_usage(inv->command, "expected --url URL");
	return 0;
}

static int
check_options(const struct invocation *inv)
{
	static const char *const of_daemons[] = { "exec", "renew-before" };
	bool daemon = cli_flag(inv, "daemon"), renew = cli_flag(inv, "renew");

	if (cli_flag(inv, "new-key") && !renew && !daemon)
		return cli_usage(inv->command, "--new-key is of use only with --renew or --daemon");
	if (renew && cli_option(inv, "device") != NULL)
		return cli_usage(
		    inv->command, "--device is of no use with --renew: the certificate says it");
	for (size_t i = 0; i < sizeof(of_daemons) / sizeof(of_daemons[0]); i++)
		if (cli_flag(inv, of_daemons[i]) && !daemon)
			return cli_usage(
			    inv->command, "--%s is of use only with --daemon", of_daemons[i]);
	return check_ways(inv);
}

int
enroll_command(const struct invocation *inv)
{
	struct enrolment e = { .inv = inv, .dir = cli_option(inv, "out"), .device = "" };
	bool renew = cli_flag(inv, "renew");
	struct fault f;
	int status;

	if ((status = check_options(inv)) != 0)
		return status;
	if (cli_flag(inv, "daemon"))
		return enrolment_daemon(inv);
	if (ask_until(&e, renew ? enrolment_renew : enrolment_first, &f))
		enrolment_tell(&e, renew ? "Renewed" : "Enrolled");
	else
		status = cli_refuse_next(inv, &f, e.next);
	enrolment_free(&e);
	return status;
}
