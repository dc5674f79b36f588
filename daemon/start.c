/* daemon/start.c - see start.h. */
#include "daemon/start.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/log.h"
#include "ca/realm.h"

#define LOCK_MS     2000 /* the signer of a main that was killed needs a moment to end */
#define LOCK_TRY_MS 20

bool
start_is_founded(const struct settings *s, struct fault *f)
{
	char root[CONF_TEXT_MAX * 2];

	if (!settings_path(s, "root.pem", root, sizeof(root)))
		return fault_set(f, FAULT_BADREQ, "data: the path is too long");
	if (access(root, F_OK) != 0)
		return fault_set(f, FAULT_NOTFOUND,
		    "serve: %s holds no service yet: run \"quatrain init\" first", s->data);
	return true;
}

bool
start_lock(const struct settings *s, int *ret, struct fault *f)
{
	char path[CONF_TEXT_MAX * 2];
	int fd;

	if (!settings_path(s, "run/lock", path, sizeof(path)))
		return fault_set(f, FAULT_BADREQ, "data: the path is too long");
	if ((fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0)
		return fault_errno(f, FAULT_INTERNAL, "data: %s", path);
	for (int ms = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; ms += LOCK_TRY_MS) {
		if (ms >= LOCK_MS) {
			(void)close(fd);
			return fault_set(f, FAULT_CONFLICT,
			    "data: a service, or a command, is using %s already", s->data);
		}
		(void)poll(NULL, 0, LOCK_TRY_MS);
	}
	*ret = fd;
	return true;
}

/* What the ceremony recorded is what certificates say, whatever the file says now. */
bool
start_check_names(const struct settings *c, struct fault *f)
{
	struct realm *r;
	const struct name_space *ns;

	if (!realm_open(c->data, STORE_READ, &r, f))
		return false;
	ns = realm_space(r);
	if (strcmp(ns->domain, c->domain) != 0 || strcmp(ns->region, c->region) != 0)
		log_fact(LOG_WARN, "names", "domain", ns->domain, "region", ns->region, "why",
		    "the configuration says others; those of the ceremony hold", NULL);
	realm_close(r);
	return true;
}

void
start_greet(const struct settings *c, const char *config)
{
	(void)printf(
	    "quatrain serves region %s of %s.\n\n"
	    "  EST, operators' API   https://%s\n"
	    "  OCSP, CRLs, CAs       http://%s   (written into certificates as %s)\n"
	    "  metrics               http://%s/metrics\n\n"
	    "Next, in another terminal: quatrain tenant create NAME%s%s\nCtrl-C stops it.\n",
	    c->region, c->domain, c->listen_secure, c->listen_public, c->public_url,
	    c->listen_metrics, config == NULL ? "" : " --config ", config == NULL ? "" : config);
	(void)fflush(stdout);
}
