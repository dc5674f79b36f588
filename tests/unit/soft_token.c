/* tests/unit/soft_token.c - see soft_token.h. */
#include "tests/unit/soft_token.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const char *const modules[] = {
	"/usr/lib/softhsm/libsofthsm2.so",
	"/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
	"/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
	"/usr/lib64/pkcs11/libsofthsm2.so",
};

static char count_path[SCRATCH_PATH_MAX + 32], marker_path[SCRATCH_PATH_MAX + 32];

static const char *
find_module(void)
{
	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
		if (access(modules[i], R_OK) == 0)
			return modules[i];
	ck_abort_msg("no SoftHSM here: scripts/setup test installs it");
	return NULL;
}

static void
write_conf(const char *dir)
{
	char path[SCRATCH_PATH_MAX + 32], tokens[SCRATCH_PATH_MAX + 32];
	FILE *out;

	scratch_path(dir, "tokens", tokens, sizeof(tokens));
	scratch_path(dir, "softhsm2.conf", path, sizeof(path));
	ck_assert_int_eq(mkdir(tokens, 0700), 0);
	ck_assert_ptr_nonnull(out = fopen(path, "we"));
	(void)fprintf(out,
	    "directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n", tokens);
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_int_eq(setenv("SOFTHSM2_CONF", path, 1), 0);
}

void
soft_token_add(const char *label)
{
	char *argv[] = { (char[]){ "softhsm2-util" }, (char[]){ "--init-token" },
		(char[]){ "--free" }, (char[]){ "--label" }, NULL, (char[]){ "--so-pin" },
		(char[]){ "87654321" }, (char[]){ "--pin" }, (char[]){ SOFT_TOKEN_PIN }, NULL };
	char copy[HSM_LABEL_MAX];
	int status = -1;
	pid_t pid = fork();

	(void)snprintf(copy, sizeof(copy), "%s", label);
	argv[4] = copy;
	if (pid == 0) {
		int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);

		(void)dup2(quiet, STDOUT_FILENO);
		(void)execvp(argv[0], argv);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(status == 0, "softhsm2-util: status %d", status);
}

void
soft_token_new(const char *dir)
{
	scratch_path(dir, "logins", count_path, sizeof(count_path));
	scratch_path(dir, "pin-refused", marker_path, sizeof(marker_path));
	write_conf(dir);
	ck_assert_int_eq(setenv("SHIM_MODULE", find_module(), 1), 0);
	ck_assert_int_eq(setenv("SHIM_COUNT", count_path, 1), 0);
	soft_token_does("");
	soft_token_add(SOFT_TOKEN_LABEL);
}

void
soft_token_does(const char *words)
{
	ck_assert_int_eq(setenv("SHIM_DOES", words, 1), 0);
}

size_t
soft_token_logins(void)
{
	struct stat st;

	return stat(count_path, &st) == 0 ? (size_t)st.st_size : 0;
}

struct pin
soft_token_pin(const char *digits, const char *source)
{
	struct pin p = { .digits = { NULL, 0 } };
	struct fault f;

	ck_assert(secret_copy(octets_text(digits), &p.digits, &f));
	(void)snprintf(p.source, sizeof(p.source), "%s", source);
	(void)snprintf(p.marker, sizeof(p.marker), "%.500s", marker_path);
	return p;
}

bool
soft_token_open(const char *digits, const char *source, struct hsm **ret, struct fault *f)
{
	struct pin p = soft_token_pin(digits, source);

	return hsm_open(soft_token_module(), SOFT_TOKEN_LABEL, &p, ret, f);
}

const char *
soft_token_module(void)
{
	return QUATRAIN_PKCS11_SHIM;
}

const char *
soft_token_marker(void)
{
	return marker_path;
}
