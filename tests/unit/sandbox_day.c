/* tests/unit/sandbox_day.c - base/sandbox.h: what a role needs works, and who it is. */
#include <arpa/inet.h>
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/evp.h>

#include "base/ipc.h"
#include "base/seal.h"
#include "base/store.h"
#include "jailed.h"
#include "run.h"
#include "scratch.h"

static char folder[SCRATCH_PATH_MAX];

static void
setup(void)
{
	scratch_new(folder);
}

static void
teardown(void)
{
	scratch_free(folder);
}

static void
use_store(void)
{
	char path[SCRATCH_PATH_MAX];
	struct store *s = NULL;
	struct batch *b;
	struct bytes v = { 0 };
	uint64_t used, room;
	struct fault f;

	scratch_path(folder, "store", path, sizeof(path));
	NEED(store_open(path, STORE_CREATE, &s, &f) && (b = batch_new(s)) != NULL);
	batch_put(b, 0, octets_text("k"), octets_text("v"));
	NEED(batch_apply(b, &f) && store_get(s, 0, octets_text("k"), &v, &f));
	store_usage(s, &used, &room);
	NEED(used > 0 && room > used);
	batch_free(b);
	store_close(s);
	bytes_free(&v);
}

static void
use_seal(void)
{
	char path[SCRATCH_PATH_MAX];
	struct secret pass = { NULL, 0 }, back = { NULL, 0 };
	struct seal *s = NULL;
	struct fault f;

	scratch_path(folder, "key.pem", path, sizeof(path));
	NEED(secret_random(32, &pass, &f) && seal_new(&pass, SEAL_RANDOM, &s, &f));
	NEED(seal_write(s, path, &pass, &f) && seal_read(s, path, &back, &f));
	NEED(unlink(path) == 0);
	seal_free(s);
	secret_free(&pass);
	secret_free(&back);
}

static void
use_key(void)
{
	static const uint8_t text[] = "signed inside";
	uint8_t sig[128];
	size_t n = sizeof(sig);
	EVP_PKEY *key = EVP_EC_gen("P-256");
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	NEED(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1);
	NEED(EVP_DigestSign(ctx, sig, &n, text, sizeof(text)) == 1);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
}

static int ends[2];

static void
use_ipc(void)
{
	struct message m = { .id = 1, .verb = 2, .fd = -1 }, got = { .fd = -1 };
	struct fault f;

	NEED((m.fd = open(folder, O_RDONLY | O_DIRECTORY)) >= 0);
	NEED(ipc_send(ends[0], &m, &f) && ipc_recv(ends[1], &got, &f) && got.fd >= 0);
	NEED(close(got.fd) == 0 && close(m.fd) == 0);
	bytes_free(&got.body);
}

static void
use_stdio(void)
{
	FILE *null = fopen("/dev/null", "w"); /* a device, so stdio asks whether it is a terminal */

	NEED(null != NULL && fputs("x", null) >= 0 && fclose(null) == 0);
	NEED(usleep(1) == 0);
}

/* A tenant's folder in the making; octets of the journal that are taken back. */
static void
use_files(void)
{
	char path[SCRATCH_PATH_MAX];
	struct stat st;
	int fd;

	scratch_path(folder, "tenant", path, sizeof(path));
	NEED(mkdir(path, 0700) == 0 && lstat(path, &st) == 0);
	scratch_path(folder, "tenant/journal", path, sizeof(path));
	NEED((fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) >= 0);
	NEED(write(fd, "line", 4) == 4 && ftruncate(fd, 2) == 0 && fsync(fd) == 0);
	NEED(close(fd) == 0 && unlink(path) == 0);
}

/* A large sort asks how much memory the machine has. */
static int
by_number(const void *a, const void *b)
{
	const unsigned *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void
use_memory(void)
{
	unsigned *at = calloc(1 << 16, sizeof(*at)), *more;

	NEED(at != NULL);
	for (unsigned i = 0; i < 1 << 16; i++)
		at[i] = i * 40503u % 65521u;
	qsort(at, 1 << 16, sizeof(*at), by_number);
	NEED((more = realloc(at, (size_t)1 << 24)) != NULL);
	free(more);
}

static void
read_store(void)
{
	char path[SCRATCH_PATH_MAX];
	struct store *s = NULL;
	struct bytes v = { 0 };
	struct fault f;

	scratch_path(folder, "store", path, sizeof(path));
	NEED(store_open(path, STORE_READ, &s, &f) && store_get(s, 0, octets_text("k"), &v, &f));
	store_close(s);
	bytes_free(&v);
}

static void
use_as_signer(void)
{
	use_store();
	use_seal();
	use_key();
	use_ipc();
	use_files();
	use_memory();
}

/* What a PKCS #11 module may do besides. */
static void
use_as_token(void)
{
	char path[SCRATCH_PATH_MAX], other[SCRATCH_PATH_MAX];
	char octet;
	DIR *d;
	int fd;

	use_key();
	scratch_path(folder, "marker.new", path, sizeof(path));
	scratch_path(folder, "marker", other, sizeof(other));
	NEED((fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) >= 0 && close(fd) == 0);
	NEED(rename(path, other) == 0 && unlink(other) == 0);
	NEED((d = opendir(folder)) != NULL && readdir(d) != NULL && closedir(d) == 0);
	NEED(send(ends[0], "x", 1, 0) == 1 && recv(ends[1], &octet, 1, 0) == 1);
	NEED(usleep(1) == 0);
}

static void
use_as_edge(void)
{
	read_store(); /* the signer's of before */
	use_key();
	use_ipc();
	use_stdio();
}

static void *
think(void *with)
{
	return with;
}

/* As an edge; documents come and go in its folder, and PINs are hashed in a thread. */
static void
use_as_relay(void)
{
	char path[SCRATCH_PATH_MAX];
	pthread_t id;
	int fd;

	use_as_edge();
	scratch_path(folder, "documents", path, sizeof(path));
	NEED(mkdir(path, 0700) == 0 || errno == EEXIST);
	scratch_path(folder, "documents/one", path, sizeof(path));
	NEED((fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) >= 0);
	NEED(write(fd, "x", 1) == 1 && sync_file_range(fd, 0, 1, SYNC_FILE_RANGE_WRITE) == 0);
	NEED(fdatasync(fd) == 0 && close(fd) == 0 && unlink(path) == 0);
	NEED(pthread_create(&id, NULL, think, NULL) == 0 && pthread_join(id, NULL) == 0);
}

/* It looks names up in a thread and connects to others, and to nobody on this machine's own
 * sockets. */
static void
use_as_herald(void)
{
	const struct sockaddr_in nobody = { .sin_family = AF_INET,
		.sin_port = htons(1),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct addrinfo *found = NULL;
	pthread_t id;
	int fd;

	read_store();
	use_ipc();
	use_stdio();
	NEED(pthread_create(&id, NULL, think, NULL) == 0 && pthread_join(id, NULL) == 0);
	NEED((fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) >= 0);
	NEED(connect(fd, (const struct sockaddr *)&nobody, sizeof(nobody)) != 0 &&
	     errno == ECONNREFUSED);
	NEED(getaddrinfo("127.0.0.1", "1", NULL, &found) == 0);
	freeaddrinfo(found);
#ifndef QUATRAIN_SANITIZED
	NEED(socket(AF_UNIX, SOCK_STREAM, 0) < 0 && errno == EAFNOSUPPORT);
#endif
}

START_TEST(a_days_work_is_allowed)
{
	static void (*const days[])(void) = {
		[SANDBOX_SIGNER] = use_as_signer,
		[SANDBOX_EDGE] = use_as_edge,
		[SANDBOX_RELAY] = use_as_relay,
		[SANDBOX_HERALD] = use_as_herald,
		[SANDBOX_SIGNER_TOKEN] = use_as_token,
	};
	struct fault f;

	ck_assert_msg(secret_start(&f) && ipc_pair(ends, &f), "%s", f.text);
	for (size_t i = 0; i < COUNT(days); i++) {
		int status = end_of((enum sandbox_role)i, days[i]);

		ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "role %zu: %#x", i,
		    (unsigned)status);
	}
	(void)close(ends[0]);
	(void)close(ends[1]);
}
END_TEST

START_TEST(abort_ends_by_its_own_signal)
{
	int status = end_of(SANDBOX_SIGNER, abort);

	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "%#x", (unsigned)status);
}
END_TEST

static void
check_doors(void)
{
	struct rlimit core;

	NEED(prctl(PR_GET_DUMPABLE) == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	NEED(getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 && core.rlim_max == 0);
}

START_TEST(no_dump_and_no_new_privileges)
{
	int status = end_of(SANDBOX_EDGE, check_doors);

	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%#x", (unsigned)status);
}
END_TEST

/* The exit status of a child that becomes user and finds itself to be uid. */
static int
become(const char *user, uid_t uid, bool alone)
{
	int status, death = 0;
	struct fault f;
	pid_t child = fork();

	if (child == 0) {
		NEED(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
		if (!sandbox_become(user, &f))
			_exit(REFUSED);
		NEED(prctl(PR_GET_PDEATHSIG, &death) == 0 && death == SIGKILL);
		NEED(getuid() == uid && geteuid() == uid);
		NEED(!alone || access("/root/.", R_OK) == -1);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(root_becomes_the_user)
{
	const struct passwd *nobody = getpwnam("nobody");
	uid_t uid;

	ck_assert_ptr_nonnull(nobody);
	uid = nobody->pw_uid;
	if (geteuid() == 0) {
		ck_assert_int_eq(become("nobody", uid, true), 0);
		ck_assert_int_eq(become(NULL, 0, false), 0);
		ck_assert_int_eq(become("root", 0, false), REFUSED);
		ck_assert_int_eq(become("no-such-user-here", 0, false), REFUSED);
	} else {
		ck_assert_int_eq(become("nobody", geteuid(), false), 0);
	}
}
END_TEST

START_TEST(a_user_has_a_name_and_is_not_root)
{
	uid_t uid = 77;
	gid_t gid = 77;
	struct fault f = { 0 };

	ck_assert(!sandbox_user("no-such-user-here", &uid, &gid, &f));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	ck_assert(!sandbox_user("root", &uid, &gid, &f));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	ck_assert_uint_eq(uid, 77);
	ck_assert_uint_eq(gid, 77);
	ck_assert(sandbox_user("nobody", &uid, &gid, &f));
	ck_assert_uint_ne(uid, 77);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sandbox_day");
	TCase *t = tcase_create("sandbox_day");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_days_work_is_allowed);
	tcase_add_test(t, abort_ends_by_its_own_signal);
	tcase_add_test(t, no_dump_and_no_new_privileges);
	tcase_add_test(t, root_becomes_the_user);
	tcase_add_test(t, a_user_has_a_name_and_is_not_root);
	suite_add_tcase(s, t);
	return run_suite(s);
}
