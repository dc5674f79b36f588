/*
 * tests/unit/client.c - daemon/client.h, and the commands that call the API, against a service of
 * canned answers.
 *
 * Started as "serve", this program plays the service that a command starts for itself.
 */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/secret.h"
#include "daemon/client.h"
#include "daemon/credential.h"
#include "tests/unit/capture.h"
#include "tests/unit/pki.h"
#include "tests/unit/run.h"
#include "tests/unit/scratch.h"

#define SOCKET "data/run/api.sock"
#define JSON   "application/json"

struct canned {
	int status;
	const char *type, *body;
};

static struct capture said;
static char folder[SCRATCH_PATH_MAX];
static struct settings settings = { .data = "data" };
static pid_t service;

int
init_command(const struct invocation *inv)
{
	(void)inv;
	return CLI_OK;
}

int
serve_command(const struct invocation *inv)
{
	(void)inv;
	return CLI_OK;
}

/* ---- the service, in a child ---- */

static int
listen_local(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = SOCKET };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)unlink(SOCKET);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, 8) != 0)
		return -1;
	return fd;
}

/* One request into the file "seen". False when the peer is gone. */
static bool
hear(int fd)
{
	static char in[65536];
	const char *body = NULL, *length;
	size_t n = 0, want = 0;
	FILE *seen;

	while (body == NULL || (size_t)(in + n - body) < want) {
		ssize_t got = read(fd, in + n, sizeof(in) - 1 - n);

		if (got <= 0)
			return false;
		n += (size_t)got;
		in[n] = '\0';
		if (body == NULL && (body = strstr(in, "\r\n\r\n")) != NULL) {
			body += 4;
			length = strstr(in, "Content-Length: ");
			want = length == NULL ? 0 : (size_t)strtoul(length + 16, NULL, 10);
		}
	}
	if ((seen = fopen("seen", "a")) == NULL || fprintf(seen, "%s\n", in) < 0 ||
	    fclose(seen) != 0)
		_exit(5);
	return true;
}

static void __attribute__((noreturn))
play_service(int listener, const struct canned *answers, size_t n)
{
	size_t next = 0;

	(void)signal(SIGPIPE, SIG_IGN);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			_exit(2);
		while (hear(fd)) {
			const struct canned *a = &answers[next < n ? next++ : n - 1];

			if (a->status == 0) /* the answer is lost on the way */
				break;
			(void)dprintf(fd,
			    "HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s",
			    a->status, a->type, strlen(a->body), a->body);
		}
		(void)close(fd);
	}
}

/* What /proc/self/exe does when a command starts it: "serve --local --ready-fd N [--config F]". */
static int
started(int argc, char **argv)
{
	static const struct canned answer = { 200, JSON, "{\"items\":[{\"name\":\"own\"}]}" };
	FILE *seen = fopen("started", "a");
	int listener, fd;

	for (int i = 1; i < argc; i++)
		(void)fprintf(seen, "%s ", argv[i]);
	(void)fclose(seen);
	if (argc < 5 || access("dies", F_OK) == 0) {
		(void)fprintf(stderr, "quatrain: the master key is not there\n");
		return 1;
	}
	fd = (int)strtol(argv[4], NULL, 10);
	if ((listener = listen_local()) < 0 || write(fd, "1", 1) != 1 || close(fd) != 0)
		return 1;
	play_service(listener, &answer, 1);
}

/* ---- the tests ---- */

static void
service_begin(const struct canned *answers, size_t n)
{
	int listener = listen_local();

	ck_assert_int_ge(listener, 0);
	ck_assert_int_eq(fflush(NULL), 0);
	ck_assert_int_ge(service = fork(), 0);
	if (service == 0)
		play_service(listener, answers, n);
	(void)close(listener);
}

static void
service_end(void)
{
	if (service == 0)
		return;
	ck_assert_int_eq(kill(service, SIGKILL), 0);
	ck_assert_int_eq(waitpid(service, NULL, 0), service);
	service = 0;
	(void)unlink(SOCKET);
	(void)unlink("seen");
}

static void
setup(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *root = pki_cert("Root", key, NULL, key, PKI_CA, NULL, 3600);
	struct bytes pem = { 0 };
	struct fault f;

	ck_assert(secret_start(&f));
	scratch_new(folder);
	ck_assert_int_eq(chdir(folder), 0);
	ck_assert_int_eq(mkdir("data", 0700), 0);
	ck_assert_int_eq(mkdir("data/run", 0700), 0);
	ck_assert(credential_cert_put(&pem, root, &f));
	ck_assert(credential_make("data", "root.pem", 0644, octets_bytes(&pem), &f));
	bytes_free(&pem);
	X509_free(root);
	EVP_PKEY_free(key);
}

static void
teardown(void)
{
	service_end();
	ck_assert_int_eq(chdir("/"), 0);
	scratch_free(folder);
}

static const char *
slurp(const char *path)
{
	static char text[65536];
	FILE *from = fopen(path, "r");
	size_t n;

	if (from == NULL)
		return "";
	n = fread(text, 1, sizeof(text) - 1, from);
	text[n] = '\0';
	(void)fclose(from);
	return text;
}

/* The service answers so; the call becomes this fault. */
static void
call_refused(int status, const char *type, const char *body, enum fault_code code, const char *why)
{
	const struct canned answer = { status, type, body };
	const struct client_to to = { .settings = &settings };
	struct client *c = NULL;
	struct json *j = NULL;
	struct fault f = { 0 };

	service_begin(&answer, 1);
	ck_assert_msg(client_open(&to, &c, &f), "%s", f.text);
	ck_assert(!client_call(c, "GET", "/v1/tenants/x", NULL, &j, &f));
	ck_assert_msg(f.code == code, "%d: %s", f.code, f.text);
	ck_assert_msg(strstr(f.text, why) != NULL, "%s", f.text);
	ck_assert_ptr_null(j);
	client_close(c);
	service_end();
}

START_TEST(answers_refused)
{
	static const char problem[] = "application/problem+json";

	call_refused(409, problem, "{\"detail\":\"tenant: acme exists already\"}", FAULT_CONFLICT,
	    "tenant: acme exists already");
	call_refused(400, problem, "{\"detail\":\"a\\u001b[2Jb\"}", FAULT_BADREQ, "b");
	call_refused(401, problem, "{\"detail\":\"x\"}", FAULT_AUTH, "x");
	call_refused(403, problem, "{\"detail\":\"x\"}", FAULT_DENIED, "x");
	call_refused(404, problem, "{\"detail\":\"x\"}", FAULT_NOTFOUND, "x");
	call_refused(413, problem, "{\"detail\":\"x\"}", FAULT_LIMIT, "x");
	call_refused(429, problem, "{}", FAULT_LIMIT, "status 429");
	call_refused(503, problem, "junk", FAULT_BUSY, "status 503");
	call_refused(500, "text/html", "<html>", FAULT_INTERNAL, "status 500");
	call_refused(302, JSON, "{}", FAULT_INTERNAL, "status 302");
	call_refused(200, "text/html", "<html>", FAULT_TYPE, "is that a quatrain?");
	call_refused(200, JSON, "{\"a\":", FAULT_BADREQ, "no JSON");
	call_refused(200, JSON, "", FAULT_BADREQ, "no JSON");
}
END_TEST

START_TEST(answer_over_the_limit)
{
	char *huge = malloc(CLIENT_BODY_MAX + 2);

	ck_assert_ptr_nonnull(huge);
	memset(huge, ' ', CLIENT_BODY_MAX + 1);
	huge[CLIENT_BODY_MAX + 1] = '\0';
	call_refused(200, JSON, huge, FAULT_LIMIT, "over");
	free(huge);
}
END_TEST

START_TEST(no_way_in)
{
	struct settings far = { 0 };
	struct client_to to = { .settings = &far };
	struct client *c = NULL;
	struct fault f;

	(void)snprintf(far.data, sizeof(far.data), "nowhere");
	ck_assert(!client_open(&to, &c, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert_ptr_nonnull(strstr(f.text, "quatrain init"));
	memset(far.data, 'd', 120);
	ck_assert_int_eq(mkdir(far.data, 0700), 0);
	ck_assert(credential_make(far.data, "root.pem", 0644, octets_text("x"), &f));
	ck_assert(!client_open(&to, &c, &f));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert_ptr_nonnull(strstr(f.text, "shorter path"));
	ck_assert_ptr_null(c);
}
END_TEST

static bool
count(void *with, const struct json *items, bool first, struct fault *f)
{
	size_t *n = with;

	(void)f;
	ck_assert_int_eq(first, *n == 0);
	*n += json_count(items);
	return true;
}

static bool
stop(void *with, const struct json *items, bool first, struct fault *f)
{
	(void)with;
	(void)items;
	(void)first;
	return fault_set(f, FAULT_LIMIT, "enough");
}

START_TEST(lists_go_to_their_end)
{
	static const struct canned pages[] = {
		{ 200, JSON, "{\"items\":[1,2],\"next\":\"a&b c\"}" },
		{ 200, JSON, "{\"items\":[3],\"next\":\"z\"}" },
		{ 200, JSON, "{\"items\":[]}" },
		{ 200, JSON, "{\"things\":[]}" },
	};
	const struct client_to to = { .settings = &settings };
	struct client *c = NULL;
	struct fault f;
	size_t n = 0;

	service_begin(pages, 4);
	ck_assert_msg(client_open(&to, &c, &f), "%s", f.text);
	ck_assert_msg(client_list(c, "/v1/x?device=d", count, &n, &f), "%s", f.text);
	ck_assert_uint_eq(n, 3);
	ck_assert_ptr_nonnull(strstr(slurp("seen"), "GET /v1/x?device=d&limit=1000 HTTP/1.1\r\n"));
	ck_assert_ptr_nonnull(
	    strstr(slurp("seen"), "GET /v1/x?device=d&limit=1000&after=a%26b%20c HTTP/1.1\r\n"));
	ck_assert_ptr_nonnull(strstr(slurp("seen"), "&after=z HTTP/1.1\r\n"));
	ck_assert(!client_list(c, "/v1/x", count, &n, &f));
	ck_assert_ptr_nonnull(strstr(f.text, "no list"));
	client_close(c);
	service_end();
	service_begin(pages, 1);
	ck_assert_msg(client_open(&to, &c, &f), "%s", f.text);
	ck_assert(!client_list(c, "/v1/x", stop, NULL, &f));
	ck_assert_str_eq(f.text, "enough");
	client_close(c);
}
END_TEST

/* A command that finds nobody starts a service for its length, with its own configuration. */
START_TEST(starts_what_is_not_there)
{
	FILE *to = fopen("c.yaml", "w");

	ck_assert_int_ge(fputs("data: data\n", to), 0);
	ck_assert_int_eq(fclose(to), 0);
	capture_run(&said, ARGS("tenant", "list", "--config", "c.yaml"));
	ck_assert_msg(said.status == CLI_OK, "%s", said.err);
	ck_assert_ptr_nonnull(strstr(said.out, "own"));
	ck_assert_str_eq(said.err, "");
	ck_assert_int_eq(strncmp(slurp("started"), "serve --local --ready-fd ", 25), 0);
	ck_assert_ptr_nonnull(strstr(slurp("started"), " --config c.yaml "));
	/* It is gone, waited for: no child of ours is left. */
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
	/* And its socket, which it left behind, stops nobody. */
	capture_run(&said, ARGS("tenant", "list"));
	ck_assert_msg(said.status == CLI_OK, "%s", said.err);
}
END_TEST

/* Many at once: one service at a time, and none is taken away from under another's feet. */
START_TEST(commands_take_turns)
{
	pid_t who[6];
	int status;

	ck_assert_int_eq(fflush(NULL), 0);
	for (size_t i = 0; i < 6; i++) {
		ck_assert_int_ge(who[i] = fork(), 0);
		if (who[i] == 0) {
			capture_run(&said, ARGS("tenant", "list"));
			_exit(said.status == CLI_OK && strstr(said.out, "own") != NULL ? 0 : 1);
		}
	}
	for (size_t i = 0; i < 6; i++) {
		ck_assert_int_eq(waitpid(who[i], &status, 0), who[i]);
		ck_assert_int_eq(status, 0);
	}
}
END_TEST

START_TEST(its_last_words_are_passed_on)
{
	FILE *to = fopen("dies", "w");

	ck_assert_int_eq(fclose(to), 0);
	capture_run(&said, ARGS("tenant", "list"));
	ck_assert_int_eq(said.status, CLI_REFUSED);
	ck_assert_ptr_nonnull(strstr(said.err, "the master key is not there\n"));
	ck_assert_ptr_nonnull(strstr(said.err, "its words are above"));
}
END_TEST

START_TEST(a_running_service_is_used)
{
	static const struct canned answer = { 200, JSON, "{\"items\":[]}" };

	service_begin(&answer, 1);
	capture_run(&said, ARGS("tenant", "list"));
	ck_assert_int_eq(said.status, CLI_OK);
	ck_assert_ptr_nonnull(strstr(said.out, "Next: quatrain tenant create NAME"));
	ck_assert_int_ne(access("started", F_OK), 0);
}
END_TEST

/* A whole command over the canned service. */
static void
command(const struct canned *answers, size_t n, const char *const *argv)
{
	service_end();
	service_begin(answers, n);
	capture_run(&said, argv);
}

#define ONE(status, body) &(const struct canned){ status, JSON, body }, 1

/* Many are counted first, and ended with that number. */
START_TEST(many_are_counted_before_they_end)
{
	static const struct canned two[] = {
		{ 200, JSON, "{\"already\":1,\"dry_run\":true,\"revoked\":7}" },
		{ 200, JSON, "{\"already\":1,\"dry_run\":false,\"log_index\":9,\"revoked\":7}" },
	};
	static const struct canned odd = { 200, JSON, "{\"revoked\":\"many\"}" };
	const char *seen;

	command(two, 2,
	    ARGS("cert", "revoke", "--tenant", "acme", "--enroller", "operator:al", "--reason",
		"privilegeWithdrawn", "--added-after", "2026-11-22T00:00:00Z", "--yes"));
	ck_assert_int_eq(said.status, CLI_OK);
	seen = slurp("seen");
	ck_assert_ptr_nonnull(strstr(seen,
	    "{\"added_after\":\"2026-11-22T00:00:00Z\",\"dry_run\":true,\"enroller\":\"operator:al\",\"reason\":\"privilegeWithdrawn\"}"));
	ck_assert_ptr_nonnull(strstr(seen,
	    "{\"added_after\":\"2026-11-22T00:00:00Z\",\"confirm\":7,\"enroller\":\"operator:al\",\"reason\":\"privilegeWithdrawn\"}"));
	ck_assert_ptr_nonnull(strstr(said.out, "7 certificates are revoked"));
	command(two, 1, ARGS("cert", "revoke", "--tenant", "acme", "--token", "00ff"));
	ck_assert_int_eq(said.status, CLI_OK);
	ck_assert_ptr_nonnull(strstr(said.out, "7 certificates would end"));
	ck_assert_ptr_null(strstr(slurp("seen"), "confirm"));
	command(&odd, 1, ARGS("cert", "revoke", "--tenant", "acme", "--token", "00ff", "--yes"));
	ck_assert_int_eq(said.status, CLI_REFUSED);
}
END_TEST

START_TEST(names_and_serials_are_spelt_out)
{
	command(ONE(200, "{\"items\":[]}"),
	    ARGS("cert", "list", "--tenant", "acme", "--enroller", "operator:al&x=y", "--serial",
		"AA:BB:0", "--ends-before", "2027-01-01T00:00:00Z"));
	ck_assert_ptr_nonnull(strstr(slurp("seen"),
	    "/certificates?serial=AABB0&enroller=operator%3Aal%26x%3Dy&ends_before=2027-01-01T00%3A00%3A00Z&limit=1000 "));
	command(ONE(200, "{\"dry_run\":true}"), ARGS("endpoint", "remove", "printer/hp", "--tenant",
						    "acme", "--reason", "superseded", "--dry-run"));
	ck_assert_ptr_nonnull(strstr(slurp("seen"),
	    "DELETE /v1/tenants/acme/endpoints/printer/hp?reason=superseded&dry_run=true "));
	command(ONE(200, "{}"), ARGS("endpoint", "show", "printer/../x", "--tenant", "acme"));
	ck_assert_int_eq(said.status, CLI_USAGE);
}
END_TEST

START_TEST(commands_ask_what_they_should)
{
	command(ONE(201, "{\"name\":\"acme\",\"est\":\"acme\"}"),
	    ARGS("tenant", "create", "acme", "--name", "a.example", "--name=b.example",
		"--constraints", "none"));
	ck_assert_int_eq(said.status, CLI_OK);
	ck_assert_ptr_nonnull(strstr(slurp("seen"), "POST /v1/tenants HTTP/1.1"));
	ck_assert_ptr_nonnull(strstr(slurp("seen"),
	    "{\"constraints\":\"none\",\"name\":\"acme\",\"names\":[\"a.example\",\"b.example\"]}"));
	ck_assert_ptr_nonnull(strstr(said.out, "token create --tenant acme"));
	command(ONE(200, "{\"id\":\"ab\",\"state\":\"revoked\"}"),
	    ARGS("token", "revoke", "ab", "--tenant", "acme"));
	ck_assert_int_eq(said.status, CLI_OK);
	ck_assert_ptr_nonnull(strstr(slurp("seen"), "DELETE /v1/tenants/acme/tokens/ab HTTP/1.1"));
	command(ONE(200, "{\"serial\":\"00\",\"status\":\"revoked\"}"),
	    ARGS("cert", "revoke", "00112233445566778899AABBccddeeff", "--tenant", "acme",
		"--reason", "superseded"));
	ck_assert_int_eq(said.status, CLI_OK);
	ck_assert_ptr_nonnull(strstr(slurp("seen"),
	    "POST /v1/tenants/acme/certificates/00112233445566778899aabbccddeeff/revoke HTTP/1.1"));
	ck_assert_ptr_nonnull(strstr(slurp("seen"), "{\"reason\":\"superseded\"}"));
	command(ONE(200, "{\"items\":[]}"),
	    ARGS("cert", "list", "--tenant", "acme", "--status", "good", "--device", "hp"));
	ck_assert_ptr_nonnull(strstr(
	    slurp("seen"), "/v1/tenants/acme/certificates?device=hp&status=good&limit=1000 "));
	command(ONE(200, "{\"items\":[]}"),
	    ARGS("cert", "list", "--tenant", "acme", "--status", "good"));
	ck_assert_ptr_nonnull(strstr(slurp("seen"), "/certificates?status=good&limit=1000 "));
	command(ONE(200, "{\"items\":[]}"), ARGS("token", "list", "--tenant", "acme"));
	ck_assert_ptr_nonnull(strstr(slurp("seen"), "GET /v1/tenants/acme/tokens?limit=1000 "));
	command(ONE(200, "{\"items\":[]}"), ARGS("operator", "list"));
	ck_assert_ptr_nonnull(strstr(slurp("seen"), "GET /v1/operators?limit=1000 "));
}
END_TEST

/* How often text holds words, and what stands behind the last of them. */
static size_t
times(const char *text, const char *words, char last[static 64])
{
	size_t n = 0;

	for (; (text = strstr(text, words)) != NULL; n++) {
		text += strlen(words);
		(void)snprintf(last, 64, "%.*s", (int)strcspn(text, "\r\n"), text);
	}
	return n;
}

START_TEST(a_write_is_sent_again_under_its_key)
{
	static const struct canned lost[] = { { 0, JSON, "" },
		{ 201, JSON, "{\"name\":\"acme\",\"est\":\"acme\"}" } };
	static const struct canned gone[] = { { 0, JSON, "" }, { 0, JSON, "" } };
	char key[64], other[64], same[128];

	command(lost, 2, ARGS("tenant", "create", "acme"));
	ck_assert_int_eq(said.status, CLI_OK);
	ck_assert_uint_eq(times(slurp("seen"), "Idempotency-Key: ", key), 2);
	ck_assert_uint_eq(strlen(key), 32);
	(void)snprintf(same, sizeof(same), "Idempotency-Key: %s", key);
	ck_assert_uint_eq(times(slurp("seen"), same, other), 2);
	command(gone, 2, ARGS("tenant", "create", "acme")); /* once, and no more */
	ck_assert_int_eq(said.status, CLI_REFUSED);
	ck_assert_uint_eq(times(slurp("seen"), "Idempotency-Key: ", other), 2);
	ck_assert_str_ne(key, other);
	command(lost, 2, ARGS("operator", "show", "al")); /* a read has none, and is not repeated */
	ck_assert_int_eq(said.status, CLI_REFUSED);
	ck_assert_uint_eq(times(slurp("seen"), "Idempotency-Key: ", other), 0);
	ck_assert_uint_eq(times(slurp("seen"), "GET /v1/operators/al", other), 1);
}
END_TEST

START_TEST(what_was_seen_goes_with_a_change)
{
	static const struct canned two[] = { { 200, JSON,
						 "{\"etag\":\"\\\"1f\\\"\",\"role\":\"auditor\"}" },
		{ 200, JSON, "{\"name\":\"al\",\"role\":\"officer\"}" } };
	char tag[64];

	command(two, 2, ARGS("operator", "role", "al", "--role", "officer"));
	ck_assert_msg(said.status == CLI_OK, "%s", said.err);
	ck_assert_ptr_nonnull(strstr(slurp("seen"), "PATCH /v1/operators/al HTTP/1.1"));
	ck_assert_ptr_nonnull(strstr(slurp("seen"), "{\"role\":\"officer\"}"));
	ck_assert_uint_eq(times(slurp("seen"), "If-Match: ", tag), 1);
	ck_assert_str_eq(tag, "\"1f\"");
	command(two + 1, 1,
	    ARGS("operator", "role", "al", "--role", "officer", "--if-match", "\"2a\""));
	ck_assert_uint_eq(times(slurp("seen"), "If-Match: ", tag), 1);
	ck_assert_str_eq(tag, "\"2a\"");
}
END_TEST

START_TEST(acts_that_wait_are_told)
{
	static const char waits[] =
	    "{\"id\":\"0123456789abcdef\",\"state\":\"waiting\",\"request\":"
	    "\"region.suspend\",\"shows\":{\"certificates\":3}}";

	command(ONE(202, waits), ARGS("region", "suspend", "eu"));
	ck_assert_int_eq(said.status, CLI_OK);
	ck_assert_ptr_nonnull(strstr(said.out, "quatrain act show 0123456789abcdef"));
	ck_assert_ptr_null(strstr(said.out, "is suspended"));
	command(ONE(200, waits), ARGS("act", "show", "0123456789abcdef"));
	ck_assert_ptr_nonnull(strstr(said.out, "certificates: 3"));
	ck_assert_ptr_nonnull(strstr(said.out, "act approve 0123456789abcdef"));
	command(ONE(200, "{\"dry_run\":true,\"shows\":{\"name\":\"x\\u001b[2J\"}}"),
	    ARGS("act", "approve", "0123456789abcdef", "--dry-run"));
	ck_assert_ptr_nonnull(strstr(slurp("seen"), "{\"dry_run\":true}"));
	ck_assert_ptr_nonnull(strstr(said.out, "Nothing was done"));
	ck_assert_ptr_null(strchr(said.out, '\033'));
	command(ONE(200, "{\"state\":\"refused\"}"),
	    ARGS("act", "refuse", "0123456789abcdef", "--reason", "no"));
	ck_assert_ptr_nonnull(strstr(slurp("seen"), "{\"reason\":\"no\"}"));
	ck_assert_ptr_nonnull(strstr(said.out, "It is refused"));
	command(ONE(200, "{\"items\":[]}"), ARGS("act", "list", "--state", "waiting"));
	ck_assert_ptr_nonnull(strstr(slurp("seen"), "GET /v1/acts?state=waiting&limit=1000 "));
	ck_assert_ptr_nonnull(strstr(said.out, "No act waits"));
	command(
	    ONE(200, "{\"name\":\"al\",\"revoked\":[\"00\"]}"), ARGS("operator", "remove", "al"));
	ck_assert_ptr_nonnull(strstr(slurp("seen"), "DELETE /v1/operators/al HTTP/1.1"));
	ck_assert_ptr_nonnull(strstr(said.out, "revoked: 1"));
}
END_TEST

START_TEST(token_is_shown_with_its_use)
{
	command(ONE(201, "{\"id\":\"i\",\"token\":\"S.R.acme.hp\",\"secret\":\"S\"}"),
	    ARGS("token", "create", "--tenant", "acme", "--device", "hp", "--profile", "phone",
		"--ttl", "2h"));
	ck_assert_int_eq(said.status, CLI_OK);
	ck_assert_ptr_nonnull(
	    strstr(slurp("seen"), "{\"device\":\"hp\",\"profile\":\"phone\",\"ttl_s\":7200}"));
	ck_assert_ptr_nonnull(strstr(said.out,
	    "quatrain enroll --url https://localhost:8443 --token S.R.acme.hp --out hp\n"));
	ck_assert_ptr_nonnull(strstr(said.out, "-u hp:S.R.acme.hp "));
	ck_assert_ptr_nonnull(
	    strstr(said.out, "https://localhost:8443/.well-known/est/acme/simpleenroll"));
	command(ONE(201, "{\"token\":\"S.R.acme.hp\",\"id\":\"i\"}"),
	    ARGS("token", "create", "--tenant", "acme", "--device", "hp", "--json"));
	ck_assert_str_eq(said.out, "{\"id\":\"i\",\"token\":\"S.R.acme.hp\"}\n");
}
END_TEST

START_TEST(requests_and_their_words)
{
	command(ONE(200, "{\"items\":[{\"id\":\"ab\",\"device\":\"scan-1\",\"state\":\"waiting\","
			 "\"replaces\":\"00ff\"}]}"),
	    ARGS("request", "list", "--tenant", "acme", "--state", "waiting"));
	ck_assert_int_eq(said.status, CLI_OK);
	ck_assert_ptr_nonnull(
	    strstr(slurp("seen"), "GET /v1/tenants/acme/requests?state=waiting&limit=1000 "));
	ck_assert_ptr_nonnull(strstr(said.out, "00ff"));
	command(ONE(200, "{\"items\":[]}"), ARGS("request", "list", "--tenant", "acme"));
	ck_assert_ptr_nonnull(strstr(said.out, "No device waits here"));
	command(ONE(200, "{\"id\":\"ab\",\"state\":\"waiting\",\"replaces\":\"00ff\","
			 "\"names\":[\"dns:a\\u001b[31m\",\"uri:b\"],\"subject\":\"x\\u001b[2J\"}"),
	    ARGS("request", "show", "ab", "--tenant", "acme"));
	ck_assert_int_eq(said.status, CLI_OK);
	ck_assert_ptr_nonnull(strstr(slurp("seen"), "GET /v1/tenants/acme/requests/ab HTTP/1.1"));
	ck_assert_ptr_nonnull(strstr(said.out, "has a certificate already, 00ff"));
	ck_assert_ptr_nonnull(strstr(said.out, "asks for: uri:b"));
	ck_assert_ptr_nonnull(strstr(said.out, "request approve --tenant acme ab"));
	ck_assert_ptr_null(
	    strchr(said.out, 0x1b)); /* what a stranger asked for reaches a terminal */
	command(ONE(200, "{\"id\":\"ab\",\"state\":\"issued\"}"),
	    ARGS("request", "show", "ab", "--tenant", "acme"));
	ck_assert_ptr_null(strstr(said.out, "approve"));
	command(ONE(200, "{\"device\":\"scan-1\",\"replaces\":\"00ff\"}"),
	    ARGS("request", "approve", "ab", "--tenant", "acme"));
	ck_assert_ptr_nonnull(
	    strstr(slurp("seen"), "POST /v1/tenants/acme/requests/ab/approve HTTP/1.1"));
	ck_assert_ptr_nonnull(strstr(said.out, "takes the place of 00ff"));
	ck_assert_ptr_nonnull(strstr(said.out, "cert list --tenant acme --device scan-1"));
	command(ONE(200, "{\"device\":\"scan-1\"}"),
	    ARGS("request", "refuse", "ab", "--tenant", "acme", "--reason", "not ours"));
	ck_assert_ptr_nonnull(
	    strstr(slurp("seen"), "POST /v1/tenants/acme/requests/ab/refuse HTTP/1.1"));
	ck_assert_ptr_nonnull(strstr(slurp("seen"), "{\"reason\":\"not ours\"}"));
	command(&(const struct canned){ 409, "application/problem+json",
		    "{\"detail\":\"request: it is refused already\",\"status\":409}" },
	    1, ARGS("request", "refuse", "ab", "--tenant", "acme", "--reason", "x"));
	ck_assert_int_ne(said.status, CLI_OK);
	ck_assert_ptr_nonnull(strstr(said.err, "refused already"));
	command(ONE(200, "{}"), ARGS("request", "refuse", "ab", "--tenant", "acme"));
	ck_assert_int_eq(said.status, CLI_USAGE);
	command(ONE(200, "{}"), ARGS("request", "approve", "a/b", "--tenant", "acme"));
	ck_assert_int_eq(said.status, CLI_USAGE);
}
END_TEST

/* Of the kind that the profile wants, with either client. */
START_TEST(a_token_for_an_rsa_key)
{
	command(
	    ONE(201, "{\"id\":\"i\",\"key\":\"rsa\",\"token\":\"S.R.acme.hp\",\"secret\":\"S\"}"),
	    ARGS("token", "create", "--tenant", "acme", "--device", "hp", "--profile",
		"legacy-rsa"));
	ck_assert_int_eq(said.status, CLI_OK);
	ck_assert_ptr_nonnull(strstr(said.out, "openssl req -new -newkey rsa:2048 -nodes"));
	ck_assert_ptr_nonnull(strstr(said.out, "quatrain enroll --url"));
	ck_assert_ptr_null(strstr(said.out, "P-256"));
}
END_TEST

START_TEST(profiles_are_a_table)
{
	static const char some[] =
	    "{\"items\":[{\"approval\":\"officer\",\"ask\":[],\"keys\":[\"p256\",\"rsa\"],\"kind\":\"k\","
	    "\"name\":\"a\\u001b[2J\",\"purposes\":[\"clientAuth\",\"serverAuth\"],"
	    "\"renewal_window_s\":7200,\"validity_s\":7776000},{\"name\":\"odd\",\"validity_s\":61}]}";

	command(ONE(200, some), ARGS("profile", "list"));
	ck_assert_int_eq(said.status, CLI_OK);
	ck_assert_ptr_nonnull(strstr(slurp("seen"), "GET /v1/profiles "));
	ck_assert_ptr_nonnull(strstr(said.out,
	    "a?[2J            k            90d      2h       p256,rsa  clientAuth,serverAuth -                 officer\n"));
	ck_assert_ptr_nonnull(
	    strstr(said.out, "odd              -            61s      0d       -         -"));
	command(ONE(200, "{\"items\":[]}"), ARGS("profile", "list", "--json"));
	ck_assert_str_eq(said.out, "{\"items\":[]}\n");
}
END_TEST

START_TEST(lists_are_tables_or_one_line)
{
	static const struct canned pages[] = {
		{ 200, JSON,
		    "{\"items\":[{\"name\":\"a\\u001b[2J\",\"constraints\":\"strict\"}],\"next\":\"a\"}" },
		{ 200, JSON, "{\"items\":[],\"next\":\"b\"}" },
		{ 200, JSON, "{\"items\":[{\"name\":\"b\"}]}" },
	};

	command(pages, 3, ARGS("tenant", "list"));
	ck_assert_int_eq(said.status, CLI_OK);
	ck_assert_int_eq(strncmp(said.out, "TENANT ", 7), 0);
	ck_assert_ptr_eq(strstr(said.out + 1, "TENANT "), NULL);
	ck_assert_ptr_nonnull(strstr(said.out, "\na?[2J"));
	ck_assert_ptr_nonnull(strstr(said.out, "\nb "));
	ck_assert_ptr_null(strchr(said.out, '\033'));
	command(pages, 3, ARGS("tenant", "list", "--json"));
	ck_assert_int_eq(said.status, CLI_OK);
	ck_assert_int_eq(strncmp(said.out, "{\"items\":[{", 11), 0);
	ck_assert_ptr_nonnull(strstr(said.out, "},{\"name\":\"b\"}]}\n"));
	ck_assert_ptr_eq(strchr(said.out, '\n'), said.out + strlen(said.out) - 1);
	command(pages + 2, 1, ARGS("tenant", "list", "--json"));
	ck_assert_str_eq(said.out, "{\"items\":[{\"name\":\"b\"}]}\n");
}
END_TEST

/* The certificate of an answer must be for the key that was made here. */
START_TEST(operator_gets_three_files)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *stranger = pki_cert("al", key, NULL, key, PKI_EE, NULL, 3600);
	struct bytes pem = { 0 };
	struct json *j = json_object();
	struct bytes body = { 0 };
	struct fault f;
	struct stat st;

	ck_assert(credential_cert_put(&pem, stranger, &f));
	bytes_put_u8(&pem, 0);
	json_put_text(j, "certificate", (const char *)pem.at);
	json_put_text(j, "chain", (const char *)pem.at);
	ck_assert(json_write(j, &body, &f));
	bytes_put_u8(&body, 0);
	command(ONE(201, (const char *)body.at),
	    ARGS("operator", "add", "al", "--role", "officer", "--out", "d"));
	ck_assert_int_eq(said.status, CLI_REFUSED);
	ck_assert_ptr_nonnull(strstr(said.err, "not for our key"));
	ck_assert_ptr_nonnull(strstr(slurp("seen"), "\"name\":\"al\",\"role\":\"officer\""));
	ck_assert_int_eq(stat("d/key.pem", &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_ne(access("d/cert.pem", F_OK), 0);
	/* The key stays, and stays as it is. */
	command(ONE(201, "{}"), ARGS("operator", "add", "al", "--role", "officer", "--out", "d"));
	ck_assert_ptr_nonnull(strstr(said.err, "key.pem is in d already"));
	ck_assert_str_eq(slurp("seen"), "");
	/* A refusal leaves no key that would be in the way. */
	command(&(const struct canned){ 409, "application/problem+json",
		    "{\"detail\":\"operator: al is there\"}" },
	    1, ARGS("operator", "add", "al", "--role", "officer", "--out", "e"));
	ck_assert_ptr_nonnull(strstr(said.err, "al is there"));
	ck_assert_int_ne(access("e/key.pem", F_OK), 0);
	json_free(j);
	bytes_free(&pem);
	bytes_free(&body);
	X509_free(stranger);
	EVP_PKEY_free(key);
}
END_TEST

/* A checkpoint over three entries, signed by nobody. */
#define A43  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define NOTE "o\\n3\\n" A43 "=\\n\\n\u2014 o " A43 A43 "AAAAA=\\n"
#define EXPORT                                                                                     \
	"{\"certificates\":\"C\",\"checkpoint\":\"" NOTE                                           \
	"\",\"log_index\":2,\"origin\":\"o\",\"size\":3}"
#define LINES "application/x-ndjson"

/* What cannot be exported whole leaves nothing behind. What an export holds: tests/flow/bundle.sh.
 */
static void
export_refused(const char *why, const struct canned *answers, size_t n)
{
	command(answers, n, ARGS("log", "export", "--tenant", "acme", "--out", "d"));
	ck_assert_int_eq(said.status, CLI_REFUSED);
	ck_assert_msg(strstr(said.err, why) != NULL, "%s: %s", why, said.err);
	ck_assert_int_ne(access("d/entries.jsonl", F_OK), 0);
	ck_assert_int_ne(access("d/checkpoint", F_OK), 0);
	ck_assert_int_ne(access("d/certificates.pem", F_OK), 0);
}

/* What comes before the first entry. */
#define ASKED                                                                                      \
	{ 201, JSON, EXPORT },                                                                     \
	    { 200, JSON, "{\"consistency\":[],\"from\":0,\"left\":[],\"size\":3,\"to\":3}" },      \
	{                                                                                          \
		200, JSON, "{\"chain\":\"-----BEGIN CERTIFICATE-----\"}"                           \
	}

START_TEST(exports)
{
	static const struct canned many[] = { ASKED, { 200, LINES, "1\n2\n3\n4\n" } };
	static const struct canned torn[] = { ASKED, { 200, LINES, "1\n2" } };
	static const struct canned none[] = { ASKED, { 200, LINES, "" } };
	static const struct canned html[] = { ASKED, { 200, "text/html", "1\n" } };
	static const struct canned void_[] = { { 201, JSON,
	    "{\"certificates\":\"C\",\"origin\":\"o\"}" } };
	static const struct canned no_note[] = { { 201, JSON,
	    "{\"certificates\":\"C\",\"checkpoint\":\"P\"}" } };
	FILE *to;

	export_refused("expected 1 to 3 whole entries from 0, found 4", many, 4);
	ck_assert_ptr_nonnull(
	    strstr(slurp("seen"), "GET /v1/tenants/acme/log/entries?from=0&count=3 "));
	export_refused("found 0", torn, 4);
	export_refused("found 0", none, 4);
	export_refused("expected application/x-ndjson", html, 4);
	export_refused("holds no checkpoint", void_, 1);
	export_refused("checkpoint: line 1", no_note, 1);
	/* What is there is not overwritten, and not taken away. */
	ck_assert_ptr_nonnull(to = fopen("data/checkpoint", "w"));
	ck_assert_int_eq(fclose(to), 0);
	command(many, 4, ARGS("log", "export", "--tenant", "acme", "--out", "data"));
	ck_assert_int_eq(said.status, CLI_REFUSED);
	ck_assert_msg(strstr(said.err, "checkpoint is in data already") != NULL, "%s", said.err);
	ck_assert_int_eq(access("data/checkpoint", F_OK), 0);
}
END_TEST

int
main(int argc, char **argv)
{
	Suite *s = suite_create("client");
	TCase *t = tcase_create("client");

	if (argc > 1 && strcmp(argv[1], "serve") == 0)
		return started(argc, argv);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, answers_refused);
	tcase_add_test(t, answer_over_the_limit);
	tcase_add_test(t, no_way_in);
	tcase_add_test(t, lists_go_to_their_end);
	tcase_add_test(t, starts_what_is_not_there);
	tcase_add_test(t, commands_take_turns);
	tcase_add_test(t, its_last_words_are_passed_on);
	tcase_add_test(t, a_running_service_is_used);
	tcase_add_test(t, many_are_counted_before_they_end);
	tcase_add_test(t, names_and_serials_are_spelt_out);
	tcase_add_test(t, commands_ask_what_they_should);
	tcase_add_test(t, a_write_is_sent_again_under_its_key);
	tcase_add_test(t, what_was_seen_goes_with_a_change);
	tcase_add_test(t, acts_that_wait_are_told);
	tcase_add_test(t, token_is_shown_with_its_use);
	tcase_add_test(t, a_token_for_an_rsa_key);
	tcase_add_test(t, requests_and_their_words);
	tcase_add_test(t, profiles_are_a_table);
	tcase_add_test(t, lists_are_tables_or_one_line);
	tcase_add_test(t, operator_gets_three_files);
	tcase_add_test(t, exports);
	suite_add_tcase(s, t);
	return run_suite(s);
}
