/* daemon/agent_self.c - who this agent is, and to whom its documents are encrypted, as its folder
 * says; see agent_under.h. */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "ca/cert.h"
#include "ca/chain.h"
#include "daemon/agent_under.h"
#include "relay/recipient.h"

static bool
read_file(const struct agent *a, const char *name, struct bytes *ret, struct fault *f)
{
	char path[CREDENTIAL_PATH_MAX];

	return credential_path(a->conf->folder, name, path, f) && credential_read(path, ret, f);
}

/* The certificate's own word for whose we are; the tenant of the settings has to be that. */
static bool
settle(struct agent *a, struct octets der, struct fault *f)
{
	struct endpoint e;
	struct cert c;

	if (!cert_parse(der, &c, f))
		return false;
	if (!name_of_uri(c.uri, &e))
		return fault_set(
		    f, FAULT_BADREQ, "agent: cert.pem: a certificate without our name");
	if (a->conf->tenant[0] != '\0' && strcmp(a->conf->tenant, e.tenant) != 0)
		return fault_set(f, FAULT_BADREQ, "agent: cert.pem is of tenant %s, not of %s",
		    e.tenant, a->conf->tenant);
	(void)memcpy(a->tenant, e.tenant, sizeof(a->tenant));
	log_fact(LOG_INFO, "identity", "uri", c.uri, NULL);
	return true;
}

/* What was kept, if it still holds: so that jobs are taken before the relay is reached. */
static void
recall(struct agent *a)
{
	struct bytes pem = { 0 };
	struct fault f;

	bytes_clear(&a->release);
	if (credential_exists(a->conf->folder, AGENT_RELEASE) &&
	    (!read_file(a, AGENT_RELEASE, &pem, &f) ||
		!recipient_verify(octets_bytes(&pem), octets_bytes(&a->roots),
		    octets_bytes(&a->own), clock_now_s(), &a->release, &f)))
		log_fact(LOG_WARN, "release-key", "why", f.text, NULL);
	bytes_free(&pem);
}

static bool
read_self(struct agent *a, struct fault *f)
{
	struct bytes pem = { 0 }, der = { 0 }, roots = { 0 };
	bool ok = read_file(a, "cert.pem", &pem, f) && read_file(a, "root.pem", &roots, f) &&
		  chain_pem_at(octets_bytes(&pem), 0, &der, f) && settle(a, octets_bytes(&der), f);

	bytes_free(&pem);
	if (!ok) {
		bytes_free(&der);
		bytes_free(&roots);
		return false;
	}
	bytes_free(&a->own);
	bytes_free(&a->roots);
	a->own = der;
	a->roots = roots;
	recall(a);
	return true;
}

void
agent_self_look(struct agent *a)
{
	char path[CREDENTIAL_PATH_MAX];
	struct fault f;
	struct stat now;

	if (!credential_path(a->conf->folder, "cert.pem", path, &f) || stat(path, &now) != 0)
		return;
	if (now.st_ino == a->stamp.st_ino && now.st_dev == a->stamp.st_dev &&
	    now.st_mtim.tv_sec == a->stamp.st_mtim.tv_sec &&
	    now.st_mtim.tv_nsec == a->stamp.st_mtim.tv_nsec)
		return;
	a->stamp = now;
	if (!read_self(a, &f)) {
		log_fact(LOG_ERROR, "identity", "why", f.text, NULL);
		return;
	}
	a->key_due_us = 0;
	agent_forward_soon(a);
}

bool
agent_self_release(struct agent *a, struct octets pem, struct fault *f)
{
	struct bytes der = { 0 };

	if (!recipient_verify(
		pem, octets_bytes(&a->roots), octets_bytes(&a->own), clock_now_s(), &der, f))
		return false;
	if (!octets_same(octets_bytes(&der), octets_bytes(&a->release)) &&
	    !credential_replace(a->conf->folder, AGENT_RELEASE, 0644, pem, f)) {
		bytes_free(&der);
		return false;
	}
	bytes_free(&a->release);
	a->release = der;
	return true;
}

void
agent_self_free(struct agent *a)
{
	bytes_free(&a->own);
	bytes_free(&a->roots);
	bytes_free(&a->release);
}
