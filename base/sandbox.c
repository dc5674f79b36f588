/* base/sandbox.c - see sandbox.h. */
#include "base/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <seccomp.h>

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

static bool
is_user(uid_t uid, gid_t gid)
{
	uid_t uids[3];
	gid_t gids[3];

	if (getresuid(&uids[0], &uids[1], &uids[2]) == -1 ||
	    getresgid(&gids[0], &gids[1], &gids[2]) == -1 || getgroups(0, NULL) != 0)
		return false;
	for (int i = 0; i < 3; i++)
		if (uids[i] != uid || gids[i] != gid)
			return false;
	return setuid(0) == -1; /* no way back */
}

bool
sandbox_user(const char *user, uid_t *ret_uid, gid_t *ret_gid, struct fault *f)
{
	struct passwd *who;

	errno = 0;
	if ((who = getpwnam(user)) == NULL)
		return errno == 0 ? fault_set(f, FAULT_NOTFOUND, "user: no user %s", user)
				  : fault_errno(f, FAULT_NOTFOUND, "user: no user %s", user);
	if (who->pw_uid == 0)
		return fault_set(f, FAULT_BADREQ, "user: %s is root", user);
	*ret_uid = who->pw_uid;
	*ret_gid = who->pw_gid;
	return true;
}

bool
sandbox_become(const char *user, struct fault *f)
{
	pid_t parent = getppid();
	int death = 0;
	uid_t uid = 0;
	gid_t gid = 0;

	if (user == NULL || geteuid() != 0)
		return true;
	if (!sandbox_user(user, &uid, &gid, f))
		return false;
	if (prctl(PR_GET_PDEATHSIG, &death) == -1 || setgroups(0, NULL) == -1 ||
	    setresgid(gid, gid, gid) == -1 || setresuid(uid, uid, uid) == -1)
		return fault_errno(f, FAULT_INTERNAL, "sandbox: cannot become %s", user);
	if (!is_user(uid, gid))
		return fault_set(f, FAULT_INTERNAL, "sandbox: did not become %s", user);
	/* The kernel forgets it with the old user; a death in between sent nothing. */
	if (death != 0 && (prctl(PR_SET_PDEATHSIG, death) == -1 || getppid() != parent))
		return fault_set(f, FAULT_INTERNAL, "sandbox: the parent is gone");
	return true;
}

/* After the change of user, which the kernel answers by setting dumpable anew. */
static bool
close_doors(struct fault *f)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) == -1 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return fault_errno(f, FAULT_INTERNAL, "sandbox: cannot give up privileges");
	return true;
}

#ifdef QUATRAIN_SANITIZED

static bool
filter(enum sandbox_role role, bool *ret_on, struct fault *f)
{
	(void)role;
	(void)f;
	*ret_on = false;
	return true;
}

#else

/*
 * What the signer does once it serves: each call was seen in a run of all flows, or is another
 * name of one that was (another libc's, another architecture's), or says here why it is there.
 */
static const char *const signer[] = {
	/* its lines to the others, and waiting for them */
	"poll", "ppoll", "recvmsg", "sendmsg",
	/* ledgers, marks, journal and keys are opened, */
	"close", "fcntl", "fstat", "lseek", "lstat", "newfstatat", "open", "openat", "stat",
	"statx",
	/* read, written, made durable, */
	"fdatasync", "fsync", "ftruncate", "pread64", "pwrite64", "pwritev", "read", "write",
	"writev",
	/* made and, where an act was interrupted, removed; the ballast too, which is also filled
	   in, and how full the disk is */
	"fallocate", "fstatfs", "mkdir", "mkdirat", "statfs", "unlink", "unlinkat",
	/* memory, some of it locked; mmap and mprotect are in limited */
	"brk", "madvise", "mlock", "mremap", "munlock", "munmap",
	/* chance; time, where the machine gives it by no other way */
	"clock_gettime", "getrandom", "gettimeofday", "time",
	/* LMDB: mutexes between processes, and which kernel has a known fault; qsort(): how much
	   memory there is; whose a folder is */
	"futex", "geteuid", "sysinfo", "uname",
	/* libcrypto looks whether it was forked; abort(), with tgkill, which is in limited */
	"getpid", "gettid", "rt_sigaction", "rt_sigprocmask",
	/* the end; poll() after a stop */
	"exit", "exit_group", "restart_syscall"
};

/*
 * What a PKCS #11 module does beside. SoftHSM looks into its folder anew; a PIN that is refused at
 * a second login is written down. A module that speaks to a daemon, or over the network, does it by
 * the connection that it has, and may wait for it in its own way.
 */
static const char *const token[] = { "getdents64", "rename", "renameat", "renameat2",
	/* the connection */
	"getsockopt", "pselect6", "recvfrom", "select", "sendto", "setsockopt",
	/* a pause between two looks */
	"clock_nanosleep", "nanosleep" };

static const char *const edge[] = {
	/* files */
	"access", "close", "dup", "faccessat", "faccessat2", "fadvise64", "fallocate", "fcntl",
	"fdatasync", "flock", "fstat", "fstatfs", "fsync", "ftruncate", "getcwd", "getdents64",
	"lseek", "lstat", "newfstatat", "open", "openat", "pread64", "preadv", "pwrite64",
	"pwritev", "read", "readlink", "readlinkat", "readv", "stat", "statfs", "statx", "umask",
	"write", "writev",
	/* memory; mmap and mprotect are in limited */
	"brk", "madvise", "mlock", "mlock2", "mremap", "msync", "munlock", "munmap",
	/* descriptors that are there, and connections that come */
	"accept", "accept4", "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_pwait2",
	"epoll_wait", "eventfd2", "getpeername", "getsockname", "getsockopt", "pipe2", "poll",
	"ppoll", "pselect6", "recvfrom", "recvmsg", "select", "sendmsg", "sendto", "setsockopt",
	"shutdown", "timerfd_create", "timerfd_gettime", "timerfd_settime",
	/* time and chance */
	"clock_getres", "clock_gettime", "clock_nanosleep", "getrandom", "gettimeofday",
	"nanosleep", "time",
	/* oneself */
	"exit", "exit_group", "futex", "getegid", "geteuid", "getgid", "getpid", "getppid",
	"getrlimit", "getrusage", "gettid", "getuid", "prctl", "restart_syscall", "rseq",
	"rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigreturn", "rt_sigsuspend",
	"rt_sigtimedwait", "sched_getaffinity", "sched_yield", "set_robust_list", "sigaltstack",
	"sysinfo", "uname"
};

/*
 * What the herald does: reads ledgers and keeps its own state, as an edge reads, and writes; looks
 * names up in threads of libcurl's and posts over TCP.
 */
static const char *const herald[] = { "access", "close", "dup", "faccessat", "faccessat2",
	"fadvise64", "fallocate", "fcntl", "fdatasync", "fstat", "fstatfs", "fsync", "ftruncate",
	"getdents64", "lseek", "lstat", "newfstatat", "open", "openat", "pread64", "pwrite64",
	"pwritev", "read", "readlink", "readlinkat", "readv", "stat", "statfs", "statx", "write",
	"writev",
	/* memory; mmap and mprotect are in limited */
	"brk", "madvise", "mlock", "mlock2", "mremap", "msync", "munlock", "munmap",
	/* connections to others; socket is in limited */
	"bind", "connect", "eventfd2", "getpeername", "getsockname", "getsockopt", "pipe2", "poll",
	"ppoll", "pselect6", "recvfrom", "recvmmsg", "recvmsg", "select", "sendmmsg", "sendmsg",
	"sendto", "setsockopt", "shutdown", "socketpair",
	/* time and chance */
	"clock_getres", "clock_gettime", "clock_nanosleep", "getrandom", "gettimeofday",
	"nanosleep", "time",
	/* oneself, and threads of one's own; clone is in limited */
	"exit", "exit_group", "futex", "getegid", "geteuid", "getgid", "getpid", "getppid",
	"gettid", "getuid", "restart_syscall", "rseq", "rt_sigaction", "rt_sigprocmask",
	"rt_sigreturn", "sched_getaffinity", "sched_yield", "set_robust_list", "sigaltstack",
	"sysinfo", "uname" };

/* What a relay does beside what an edge does: documents come and go. */
static const char *const relay[] = { "mkdir", "mkdirat", "sync_file_range", "unlink", "unlinkat" };

#define A_SIGNER (1u << SANDBOX_SIGNER | 1u << SANDBOX_SIGNER_TOKEN)
#define A_TOKEN  (1u << SANDBOX_SIGNER_TOKEN)
#define AN_EDGE  (1u << SANDBOX_EDGE)
#define A_HERALD (1u << SANDBOX_HERALD)
#define A_RELAY  (1u << SANDBOX_RELAY)

static const struct list {
	const char *const *names;
	size_t n;
	unsigned roles; /* that may */
} lists[] = {
	{ signer, COUNT(signer), A_SIGNER },
	{ token, COUNT(token), A_TOKEN },
	{ edge, COUNT(edge), AN_EDGE | A_RELAY },
	{ relay, COUNT(relay), A_RELAY },
	{ herald, COUNT(herald), A_HERALD },
};

/* Allowed with one argument as said. */
static const struct limited {
	const char *name;
	struct scmp_arg_cmp arg;
	unsigned roles;
} limited[] = {
	/* no new code */
	{ "mmap", { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 },
	    A_SIGNER | AN_EDGE | A_RELAY | A_HERALD },
	{ "mprotect", { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 },
	    A_SIGNER | AN_EDGE | A_RELAY | A_HERALD },
	/* stdio asks whether it writes to a terminal */
	{ "ioctl", { 1, SCMP_CMP_EQ, TCGETS, 0 }, AN_EDGE | A_RELAY | A_HERALD },
	/* libcurl's way to a socket that does not wait */
	{ "ioctl", { 1, SCMP_CMP_EQ, FIONBIO, 0 }, A_HERALD },
	/* to other machines; and to the kernel, which addresses this one has */
	{ "socket", { 0, SCMP_CMP_EQ, AF_INET, 0 }, A_HERALD },
	{ "socket", { 0, SCMP_CMP_EQ, AF_INET6, 0 }, A_HERALD },
	{ "socket", { 0, SCMP_CMP_EQ, AF_NETLINK, 0 }, A_HERALD },
	/* a thread, and no process */
	{ "clone", { 0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD }, A_RELAY | A_HERALD },
	/* one's own */
	{ "prlimit64", { 0, SCMP_CMP_EQ, 0, 0 }, AN_EDGE | A_RELAY | A_HERALD },
};

/* Tried by libraries that can do without: refused with an error, and no death. */
static const struct {
	const char *name;
	struct scmp_arg_cmp arg;
	unsigned n; /* of arg */
	int error;
	unsigned roles;
} mild[] = {
	/* its flags lie in memory, where no filter sees them: the C library then takes clone */
	{ "clone3", { 0, SCMP_CMP_EQ, 0, 0 }, 0, ENOSYS, A_RELAY | A_HERALD },
	/* a cache of names, if there were one; and the API's local socket, if it were captured */
	{ "socket", { 0, SCMP_CMP_EQ, AF_UNIX, 0 }, 1, EAFNOSUPPORT, A_HERALD },
};

/* 0 or a negative errno. A name that this architecture does not have needs no permission. */
static int
allow(scmp_filter_ctx ctx, const char *name, const struct scmp_arg_cmp *arg)
{
	int call = seccomp_syscall_resolve_name(name);

	if (call < 0)
		return 0;
	return seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, call, arg == NULL ? 0 : 1, arg);
}

static int
allow_names(scmp_filter_ctx ctx, const char *const *names, size_t n)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = allow(ctx, names[i], NULL);
	return rc;
}

static int
allow_limited(scmp_filter_ctx ctx, enum sandbox_role role)
{
	/* abort() signals its own process, and no other is to be signalled. */
	const struct scmp_arg_cmp self = { 0, SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0 };
	int rc = allow(ctx, "tgkill", &self);

	for (size_t i = 0; rc == 0 && i < COUNT(limited); i++)
		if ((limited[i].roles & 1u << role) != 0)
			rc = allow(ctx, limited[i].name, &limited[i].arg);
	return rc;
}

static int
refuse_mildly(scmp_filter_ctx ctx, enum sandbox_role role)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < COUNT(mild); i++) {
		int call = seccomp_syscall_resolve_name(mild[i].name);

		if (call >= 0 && (mild[i].roles & 1u << role) != 0)
			rc = seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO((unsigned)mild[i].error),
			    call, mild[i].n, &mild[i].arg);
	}
	return rc;
}

static int
load(scmp_filter_ctx ctx, enum sandbox_role role)
{
	int rc;

	/* Every thread that runs already, and a search tree instead of a long list of compares. */
	if ((rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1)) != 0 ||
	    (rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS)) != 0 ||
	    (rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2)) != 0)
		return rc;
	for (size_t i = 0; rc == 0 && i < COUNT(lists); i++)
		if ((lists[i].roles & 1u << role) != 0)
			rc = allow_names(ctx, lists[i].names, lists[i].n);
	if (rc != 0 || (rc = allow_limited(ctx, role)) != 0 || (rc = refuse_mildly(ctx, role)) != 0)
		return rc;
	return seccomp_load(ctx);
}

static bool
filter(enum sandbox_role role, bool *ret_on, struct fault *f)
{
	scmp_filter_ctx ctx;
	uint8_t octet;
	int rc;

	/* libcrypto reads its configuration, and loads code it names, when first used: be it now.
	 */
	if (OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL) != 1 || RAND_bytes(&octet, 1) != 1)
		return fault_crypto(f, FAULT_INTERNAL, "sandbox: libcrypto does not start");
	if ((ctx = seccomp_init(SCMP_ACT_KILL_PROCESS)) == NULL)
		return fault_set(f, FAULT_INTERNAL, "sandbox: libseccomp does not start");
	rc = load(ctx, role);
	seccomp_release(ctx);
	if (rc != 0) {
		errno = -rc;
		return fault_errno(f, FAULT_INTERNAL, "sandbox: no filter");
	}
	*ret_on = true;
	return true;
}

#endif

bool
sandbox_enter(enum sandbox_role role, bool *ret_on, struct fault *f)
{
	if ((unsigned)role > SANDBOX_SIGNER_TOKEN)
		return fault_set(f, FAULT_INTERNAL, "sandbox: no role %d", (int)role);
	return close_doors(f) && filter(role, ret_on, f);
}
