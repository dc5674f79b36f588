/* daemon/start.c - see start.h. */
#include "daemon/start.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "ca/realm.h"

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
