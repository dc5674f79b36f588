/* base/secret.c - see secret.h. */
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

#include <sodium.h>

#define LINE_MAX_OCTETS 1024

bool
secret_start(struct fault *f)
{
	const struct rlimit none = { 0, 0 };

	if (sodium_init() == -1) /* 1: it was done before */
		return fault_set(f, FAULT_INTERNAL, "secret: libsodium does not start");
	if (setrlimit(RLIMIT_CORE, &none) == -1)
		return fault_errno(f, FAULT_INTERNAL, "secret: core dumps stay on");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		return fault_errno(f, FAULT_INTERNAL, "secret: the process stays dumpable");
	return true;
}

bool
secret_new(size_t n, struct secret *ret, struct fault *f)
{
	struct secret s = { NULL, n };

	/* sodium_malloc() locks the pages where RLIMIT_MEMLOCK lets it, and goes on where not. */
	if (n > 0) {
		if ((s.at = sodium_malloc(n)) == NULL)
			return fault_set(f, FAULT_INTERNAL, "secret: out of memory");
		memset(s.at, 0, n);
	}
	*ret = s;
	return true;
}

bool
secret_random(size_t n, struct secret *ret, struct fault *f)
{
	struct secret s;

	if (!secret_new(n, &s, f))
		return false;
	if (n > 0)
		randombytes_buf(s.at, s.n);
	*ret = s;
	return true;
}

bool
secret_copy(struct octets o, struct secret *ret, struct fault *f)
{
	struct secret s;

	if (!secret_new(o.n, &s, f))
		return false;
	if (o.n > 0)
		memcpy(s.at, o.at, o.n);
	*ret = s;
	return true;
}

/*
 * As read(). From a terminal it waits with the signals of mask let through, so
 * that none can come between a look for one and the wait.
 */
static ssize_t
read_some(int fd, const sigset_t *mask, uint8_t *to, size_t n)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	if (mask != NULL && ppoll(&ready, 1, NULL, mask) == -1)
		return -1;
	return read(fd, to, n);
}

/*
 * Read up to the first line end, or up to the end of a file without one, and
 * copy the line. room is guarded, and two octets longer than any line we take,
 * so that a CR and LF fit behind the longest.
 */
static bool
line_read(int fd, const sigset_t *mask, struct secret *room, struct secret *ret, struct fault *f)
{
	uint8_t *end = NULL;
	size_t n = 0;
	ssize_t got;

	while (end == NULL && n < room->n) {
		if ((got = read_some(fd, mask, room->at + n, room->n - n)) == -1)
			return fault_errno(f, FAULT_INTERNAL, "secret: cannot read");
		if (got == 0)
			break;
		end = memchr(room->at + n, '\n', (size_t)got);
		n += (size_t)got;
	}
	if (end != NULL)
		n = (size_t)(end - room->at);
	if (end != NULL && n > 0 && room->at[n - 1] == '\r')
		n--;
	if (n == 0)
		return fault_set(f, FAULT_BADREQ, "secret: an empty line");
	if (n > LINE_MAX_OCTETS)
		return fault_set(f, FAULT_BADREQ, "secret: over %d octets", LINE_MAX_OCTETS);
	return secret_copy((struct octets){ room->at, n }, ret, f);
}

bool
secret_read_line_of(int fd, struct secret *ret, struct fault *f)
{
	struct secret room = { NULL, 0 };
	bool ok;

	if (!secret_new(LINE_MAX_OCTETS + 2, &room, f))
		return false;
	ok = line_read(fd, NULL, &room, ret, f);
	secret_free(&room);
	return ok;
}

bool
secret_read_line(const char *path, struct secret *ret, struct fault *f)
{
	bool ok;
	int fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)) == -1) {
		enum fault_code code = errno == ENOENT ? FAULT_NOTFOUND : FAULT_INTERNAL;

		return fault_errno(f, code, "secret: cannot open %s", path);
	}
	ok = secret_read_line_of(fd, ret, f);
	(void)close(fd);
	return ok;
}

static volatile sig_atomic_t interrupted;

static void
interrupt(int sig)
{
	interrupted = sig;
}

static const int interrupts[] = { SIGINT, SIGTERM, SIGQUIT, SIGHUP };
#define INTERRUPTS (sizeof(interrupts) / sizeof(*interrupts))

static bool
ask_quietly(int tty, const char *prompt, const sigset_t *mask, struct secret *ret, struct fault *f)
{
	struct termios was, quiet;
	struct secret room = { NULL, 0 };
	bool ok;

	if (tcgetattr(tty, &was) == -1)
		return fault_errno(f, FAULT_NOTFOUND, "secret: no terminal");
	if (!secret_new(LINE_MAX_OCTETS + 2, &room, f))
		return false;
	quiet = was;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	quiet.c_lflag |= ICANON;
	if (tcsetattr(tty, TCSAFLUSH, &quiet) == -1 ||
	    write(tty, prompt, strlen(prompt)) != (ssize_t)strlen(prompt))
		ok = fault_errno(f, FAULT_INTERNAL, "secret: cannot ask");
	else
		ok = line_read(tty, mask, &room, ret, f);
	(void)!write(tty, "\n", 1);
	(void)tcsetattr(tty, TCSAFLUSH, &was);
	secret_free(&room);
	return ok;
}

/* A signal ends the waiting, and counts only when the terminal echoes again. */
bool
secret_ask(const char *prompt, struct secret *ret, struct fault *f)
{
	struct sigaction was[INTERRUPTS], now = { .sa_handler = interrupt };
	sigset_t held, mask;
	bool ok;
	int tty;

	if ((tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) == -1)
		return fault_errno(f, FAULT_NOTFOUND, "secret: no terminal");
	interrupted = 0;
	(void)sigemptyset(&held);
	for (size_t i = 0; i < INTERRUPTS; i++) {
		(void)sigaddset(&held, interrupts[i]);
		(void)sigaction(interrupts[i], &now, &was[i]);
	}
	(void)sigprocmask(SIG_BLOCK, &held, &mask);
	ok = ask_quietly(tty, prompt, &mask, ret, f);
	for (size_t i = 0; i < INTERRUPTS; i++)
		(void)sigaction(interrupts[i], &was[i], NULL);
	(void)close(tty);
	if (interrupted != 0)
		(void)raise(interrupted);
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	return ok;
}

bool
secret_same(const struct secret *s, struct octets o)
{
	/* What was never set must not match what was never sent. */
	return s->n > 0 && s->n == o.n && sodium_memcmp(s->at, o.at, o.n) == 0;
}

struct octets
secret_octets(const struct secret *s)
{
	return (struct octets){ s->at, s->n };
}

void
secret_free(struct secret *s)
{
	sodium_free(s->at); /* wipes; NULL is allowed */
	*s = (struct secret){ NULL, 0 };
}

void
secret_wipe(void *at, size_t n)
{
	sodium_memzero(at, n);
}

void
secret_nonce(void *at, size_t n)
{
	randombytes_buf(at, n);
}

_Static_assert(SECRET_SEED_OCTETS == crypto_shorthash_KEYBYTES, "the seed is SipHash's key");
_Static_assert(crypto_shorthash_BYTES == sizeof(uint64_t), "SipHash gives one word");

uint64_t
secret_hash(const uint8_t seed[static SECRET_SEED_OCTETS], struct octets o)
{
	uint64_t h;

	(void)crypto_shorthash((unsigned char *)&h, o.at, o.n, seed);
	return h;
}
