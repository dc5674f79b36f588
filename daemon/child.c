/* daemon/child.c - see child.h. */
#include "daemon/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/log.h"
#include "base/sandbox.h"
#include "daemon/edge.h"
#include "daemon/herald.h"
#include "daemon/hsm_login.h"
#include "daemon/relay.h"
#include "daemon/signer.h"
#include "daemon/zoneinfo.h"

static const struct {
	const char *word, *argv0;
	int (*run)(int control);
	enum sandbox_role sandbox;
	const char *folder; /* in DATA; all that it reaches */
	enum sandbox_use use;
} roles[CHILD_ROLES] = {
	[CHILD_SIGNER] = { "signer", CHILD_PREFIX "signer", signer_main, SANDBOX_SIGNER, ".",
	    SANDBOX_OWN },
	[CHILD_EDGE] = { "edge", CHILD_PREFIX "edge", edge_main, SANDBOX_EDGE, "tenants",
	    SANDBOX_SHARE },
	[CHILD_HERALD] = { "herald", CHILD_PREFIX "herald", herald_main, SANDBOX_HERALD, "tenants",
	    SANDBOX_SHARE },
	[CHILD_RELAY] = { "relay", CHILD_PREFIX "relay", relay_main, SANDBOX_RELAY, "tenants",
	    SANDBOX_SHARE },
	[CHILD_DESK] = { "desk", CHILD_PREFIX "desk", desk_main, SANDBOX_EDGE, "tenants",
	    SANDBOX_SHARE },
};

const char *
child_word(enum child_role role)
{
	return roles[role].word;
}

bool
child_is(const char *argv0, enum child_role *role)
{
	for (int i = 0; i < CHILD_ROLES; i++)
		if (strcmp(argv0, roles[i].argv0) == 0) {
			*role = (enum child_role)i;
			return true;
		}
	return false;
}

/* A ledger has three descriptors, and there may be ten thousand. */
static void
want_descriptors(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	files.rlim_cur = files.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &files);
}

/* In the new process, until exec: only calls that are safe there. */
static void
become(enum child_role role, int control, pid_t parent)
{
	char name[32];
	char *argv[] = { name, NULL };
	sigset_t none;

	(void)snprintf(name, sizeof(name), "%s", roles[role].argv0);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	/* SIGKILL: nobody watches it any more, and another may start at once. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(127);
	if (control == CHILD_CONTROL ? fcntl(control, F_SETFD, 0) != 0
				     : dup2(control, CHILD_CONTROL) < 0)
		_exit(127);
	closefrom(CHILD_CONTROL + 1); /* what main's caller left open */
	(void)execv("/proc/self/exe", argv);
	_exit(127);
}

bool
child_start(enum child_role role, pid_t *pid, int *control, struct fault *f)
{
	pid_t parent = getpid();
	int ends[2];

	if (!ipc_pair(ends, f))
		return false;
	if ((*pid = fork()) < 0) {
		(void)close(ends[0]);
		(void)close(ends[1]);
		return fault_errno(f, FAULT_INTERNAL, "child: fork");
	}
	if (*pid == 0)
		become(role, ends[1], parent);
	(void)close(ends[1]);
	*control = ends[0];
	return true;
}

int
child_main(enum child_role role)
{
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN); /* a terminal's Ctrl-C goes to all; main alone decides */
	(void)signal(SIGTERM, SIG_IGN);
	(void)fcntl(CHILD_CONTROL, F_SETFD, FD_CLOEXEC);
	log_start(roles[role].word, LOG_INFO);
	/* libcrypto reads its configuration when first used: later there is no way to the file. */
	if (OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL) != 1) {
		log_fact(LOG_ERROR, "start", "fault", "libcrypto does not start", NULL);
		return 1;
	}
	return roles[role].run(CHILD_CONTROL);
}

void
child_log(const char *who, const struct settings *s)
{
	static const char *const words[] = { [LOG_DEBUG] = "debug",
		[LOG_INFO] = "info",
		[LOG_WARN] = "warn",
		[LOG_ERROR] = "error" };
	enum log_level least = LOG_ERROR;

	while (least > LOG_DEBUG && strcmp(words[least], s->log.level) != 0)
		least--;
	log_start(who, least);
	log_form(strcmp(s->log.format, "json") == 0 ? LOG_JSON : LOG_LOGFMT);
}

bool
child_settle(enum child_role role, const struct settings *s, struct fault *f)
{
	child_log(roles[role].word, s);
	settings_apply(s);
	want_descriptors();
	return sandbox_become(s->user[0] == '\0' ? NULL : s->user, f);
}

/* What the herald reaches beside the ledgers: its own state, and what tells where names lead. */
static size_t
herald_places(
    const struct settings *s, char own[static CONF_TEXT_MAX * 2], struct sandbox_place *to)
{
	static const char *const files[] = { "/etc/resolv.conf", "/etc/hosts", "/etc/host.conf",
		"/etc/gai.conf", "/etc/nsswitch.conf" };
	size_t n = 0;

	if (settings_path(s, HERALD_FOLDER, own, CONF_TEXT_MAX * 2))
		to[n++] = (struct sandbox_place){ own, SANDBOX_SHARE };
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (access(files[i], R_OK) == 0)
			to[n++] = (struct sandbox_place){ files[i], SANDBOX_READ };
	return n;
}

bool
child_confine(enum child_role role, const struct settings *s, struct fault *f)
{
	char folder[CONF_TEXT_MAX * 2], own[CONF_TEXT_MAX * 2];
	struct sandbox_place places[2 + CONF_LIST_MAX] = { { folder, roles[role].use } };
	bool token = role == CHILD_SIGNER && hsm_is_set(s), files, calls;
	size_t n = 1;

	if (!settings_path(s, roles[role].folder, folder, sizeof(folder)))
		return fault_set(f, FAULT_INTERNAL, "child: the data folder's path is too long");
	for (size_t i = 0; token && i < s->hsm.paths.n; i++)
		places[n++] = (struct sandbox_place){ s->hsm.paths.at[i], SANDBOX_SHARE };
	if (role != CHILD_HERALD && access(ZONEINFO_DIR, R_OK) == 0) /* policies name zones */
		places[n++] = (struct sandbox_place){ ZONEINFO_DIR, SANDBOX_READ };
	if (role == CHILD_HERALD)
		n += herald_places(s, own, places + n);
	if (role == CHILD_RELAY && settings_path(s, RELAY_FOLDER, own, sizeof(own)))
		places[n++] = (struct sandbox_place){ own, SANDBOX_OWN };
	if (!sandbox_confine(places, n, &files, f) ||
	    !sandbox_enter(token ? SANDBOX_SIGNER_TOKEN : roles[role].sandbox, &calls, f))
		return false;
	if (!files)
		log_fact(LOG_WARN, "sandbox", "why",
		    "no Landlock here: this process could open every file that its user may", NULL);
	log_fact(LOG_INFO, "sandbox", "files", files ? "confined" : "free", "calls",
	    calls ? "filtered" : "free", NULL);
	return true;
}

bool
child_tell(int control, uint16_t verb, struct octets body, int fd, struct fault *f)
{
	struct message m = { .verb = verb, .fd = fd };
	bool ok;

	bytes_put_octets(&m.body, body);
	ok = bytes_ok(&m.body, f) && ipc_send(control, &m, f);
	if (m.body.at != NULL)
		secret_wipe(m.body.at, m.body.n); /* it may have been the passphrase */
	bytes_free(&m.body);
	return ok;
}

bool
child_hear(int control, bool wait, struct message *m, struct fault *f)
{
	struct pollfd p = { .fd = control, .events = POLLIN };

	m->verb = 0;
	m->fd = -1;
	while (!ipc_recv(control, m, f)) {
		m->verb = 0;
		if (f->code != FAULT_BUSY)
			return false;
		if (!wait)
			return true;
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			return fault_errno(f, FAULT_INTERNAL, "child: poll");
	}
	return true;
}
