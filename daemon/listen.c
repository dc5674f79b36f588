/* daemon/listen.c - see listen.h. */
#include "daemon/listen.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/conf.h"

#define BACKLOG 1024
#define BIND_MS 2000
#define TRY_MS  20

static bool
resolve(const char *address, struct addrinfo **ret, struct fault *f)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	const char *colon = strrchr(address, ':');
	char host[CONF_TEXT_MAX];
	size_t n = (size_t)(colon - address);
	int why;

	if (address[0] == '[') {
		address++;
		n -= 2;
	}
	(void)snprintf(host, sizeof(host), "%.*s", (int)n, address);
	if ((why = getaddrinfo(host, colon + 1, &hints, ret)) != 0)
		return fault_set(f, FAULT_BADREQ, "listen: %s: %s", address, gai_strerror(why));
	return true;
}

/* The edges of a main that was killed need a moment to end, and have its sockets until then. */
static bool
bind_soon(int fd, const struct addrinfo *a)
{
	for (int ms = 0; bind(fd, a->ai_addr, a->ai_addrlen) != 0; ms += TRY_MS) {
		if (errno != EADDRINUSE || ms >= BIND_MS)
			return false;
		(void)poll(NULL, 0, TRY_MS);
	}
	return true;
}

bool
listen_tcp(const char *address, int *ret, struct fault *f)
{
	struct addrinfo *a;
	int fd, on = 1;
	bool ok = false;

	if (!resolve(address, &a, f))
		return false;
	fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    !bind_soon(fd, a) || listen(fd, BACKLOG) != 0)
		fault_errno(f, FAULT_CONFLICT, "listen: %s", address);
	else
		ok = true;
	freeaddrinfo(a);
	if (!ok && fd >= 0)
		(void)close(fd);
	if (ok)
		*ret = fd;
	return ok;
}

bool
listen_unix(const char *path, int *ret, struct fault *f)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	mode_t before;
	int fd;
	bool ok;

	if (snprintf(a.sun_path, sizeof(a.sun_path), "%s", path) >= (int)sizeof(a.sun_path))
		return fault_set(
		    f, FAULT_BADREQ, "listen: %s is too long for a local socket", path);
	if (unlink(path) != 0 && errno != ENOENT)
		return fault_errno(f, FAULT_INTERNAL, "listen: %s", path);
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) < 0)
		return fault_errno(f, FAULT_INTERNAL, "listen: %s", path);
	before = umask(0177); /* never open to others, not even between bind and chmod */
	ok = bind(fd, (const struct sockaddr *)&a, sizeof(a)) == 0 && listen(fd, BACKLOG) == 0;
	(void)umask(before);
	if (!ok) {
		fault_errno(f, FAULT_INTERNAL, "listen: %s", path);
		(void)close(fd);
		return false;
	}
	*ret = fd;
	return true;
}
