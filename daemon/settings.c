/* daemon/settings.c - see settings.h. */
#include "daemon/settings.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/store.h"
#include "base/text.h"
#include "ca/name.h"
#include "ca/policy_signature.h"
#include "daemon/network.h"
#include "ocsp/answer.h"

#define AT(field) offsetof(struct settings, field)

#define HOOK(field) offsetof(struct webhook, field)

static const struct conf_key webhook_keys[] = {
	{ "name", CONF_LABEL, HOOK(name), NULL, NULL },
	{ "url", CONF_TEXT, HOOK(url), NULL, NULL },
	{ "secret", CONF_TEXT, HOOK(secret), NULL, NULL },
	{ "ca", CONF_TEXT, HOOK(ca), NULL, NULL },
	{ "tenants", CONF_LIST, HOOK(tenants), NULL, NULL },
	{ "acts", CONF_LIST, HOOK(acts), NULL, NULL },
};
const struct conf_rows settings_webhook = { webhook_keys,
	sizeof(webhook_keys) / sizeof(webhook_keys[0]), sizeof(struct webhook), WEBHOOKS_MAX };

const struct conf_key settings_keys[] = {
	{ "data", CONF_TEXT, AT(data), "./data", NULL },
	{ "domain", CONF_HOST, AT(domain), "example.org", NULL },
	{ "region", CONF_LABEL, AT(region), "eu", NULL },
	{ "org", CONF_TEXT, AT(org), NULL, NULL },
	{ "listen.public", CONF_ADDRESS, AT(listen_public), "127.0.0.1:8080", NULL },
	{ "listen.secure", CONF_ADDRESS, AT(listen_secure), "127.0.0.1:8443", NULL },
	{ "listen.relay", CONF_ADDRESS, AT(listen_relay), "127.0.0.1:8631", NULL },
	{ "listen.metrics", CONF_ADDRESS, AT(listen_metrics), "127.0.0.1:9090", NULL },
	{ "public_url", CONF_URL, AT(public_url), "http://localhost:8080", NULL },
	{ "names", CONF_LIST, AT(names), "localhost,127.0.0.1", NULL },
	{ "seal", CONF_CHOICE, AT(seal), "key-file", "key-file|passphrase|credential" },
	{ "seal_file", CONF_TEXT, AT(seal_file), NULL, NULL },
	{ "profiles", CONF_TEXT, AT(profiles), NULL, NULL },
	{ "hsm.module", CONF_TEXT, AT(hsm.module), NULL, NULL },
	{ "hsm.token", CONF_TEXT, AT(hsm.token), NULL, NULL },
	{ "hsm.pin_file", CONF_TEXT, AT(hsm.pin_file), NULL, NULL },
	{ "hsm.keys", CONF_LIST, AT(hsm.keys), NULL, NULL },
	{ "hsm.paths", CONF_LIST, AT(hsm.paths), NULL, NULL },
	{ "user", CONF_TEXT, AT(user), NULL, NULL },
	{ "log.level", CONF_CHOICE, AT(log.level), "info", "debug|info|warn|error" },
	{ "log.format", CONF_CHOICE, AT(log.format), "logfmt", "logfmt|json" },
	{ "log.checkpoint", CONF_COUNT, AT(log.checkpoint), "10", "1..3600" },
	{ "webhooks", CONF_ROWS, AT(webhooks), NULL, &settings_webhook },
	{ "edges", CONF_COUNT, AT(edges), "1", "1..64" },
	{ "limits.exempt", CONF_LIST, AT(limits.exempt), "127.0.0.0/8,::1", NULL },
	{ "limits.connections", CONF_COUNT, AT(limits.connections), "3000", "0..1000000" },
	{ "limits.handshakes", CONF_COUNT, AT(limits.handshakes), "20", "0..1000000" },
	{ "limits.refusals", CONF_COUNT, AT(limits.refusals), "60", "0..1000000" },
	{ "limits.tenant", CONF_COUNT, AT(limits.tenant), "200", "0..1000000" },
	{ "limits.device", CONF_COUNT, AT(limits.device), "20", "0..1000000" },
	{ "limits.ocsp", CONF_COUNT, AT(limits.ocsp), "0", "0..1000000" },
	{ "ocsp.unknown", CONF_CHOICE, AT(ocsp.unknown), "unknown", "unknown|revoked" },
	{ "ocsp.max_age", CONF_DURATION, AT(ocsp.max_age_s), "60s", NULL },
	{ "ocsp.archive_cutoff", CONF_BOOL, AT(ocsp.archive_cutoff), "true", NULL },
	{ "activity.record", CONF_CHOICE, AT(activity.record), "all", "all|refused" },
	{ "relay.job", CONF_COUNT, AT(relay.job), "1024", "1..1048576" },
	{ "relay.owner", CONF_COUNT, AT(relay.owner), "4096", "1..1048576" },
	{ "relay.tenant", CONF_COUNT, AT(relay.tenant), "65536", "1..16777216" },
	{ "relay.owner_jobs", CONF_COUNT, AT(relay.owner_jobs), "200", "1..1000000" },
	{ "relay.tenant_jobs", CONF_COUNT, AT(relay.tenant_jobs), "100000", "1..100000000" },
	{ "relay.hold", CONF_DURATION, AT(relay.hold_s), "1d", NULL },
	{ "relay.retain", CONF_DURATION, AT(relay.retain_s), "1h", NULL },
	{ "two_person", CONF_CHOICE, AT(two_person), "auto", "auto|always|never" },
	{ "store_max", CONF_COUNT, AT(store_max), "16384", "64..1048576" },
	{ "crl.delay", CONF_COUNT, AT(crl.delay), "5", "1..3600" },
	{ "revocations.fresh", CONF_DURATION, AT(revocations.fresh_s), "30s", NULL },
	{ "revocations.valid", CONF_DURATION, AT(revocations.valid_s), "5m", NULL },
	{ "policy.trust_key", CONF_LIST, AT(policy.trust_key), NULL, NULL },
	{ "policy.max_octets", CONF_COUNT, AT(policy.max_octets), "65536", "4096..131072" },
	{ "crl.shards", CONF_COUNT, AT(crl.shards), "1", "1..256" },
};
const size_t settings_keys_n = sizeof(settings_keys) / sizeof(settings_keys[0]);

/* Where a configuration is looked for, first to last. */
static const char *const places[] = {
	"./quatrain.yaml",
	"./conf/quatrain.yaml",
	"/etc/quatrain/quatrain.yaml",
};

/* The first place that holds one, or NULL. One that is there but cannot be read is not passed over.
 */
static const char *
find(void)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (access(places[i], F_OK) == 0)
			return places[i];
	return NULL;
}

static bool
is_address(const char *s)
{
	uint8_t to[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, s, to) == 1 || inet_pton(AF_INET6, s, to) == 1;
}

/* False if it does not fit. */
static bool
copy(const char *from, char *to, size_t size)
{
	size_t n = strlen(from);

	if (n >= size)
		return false;
	(void)memcpy(to, from, n + 1);
	return true;
}

/* The four levels' names: what the certificate authority will refuse, refused while the file is in
 * hand. */
static bool
check_space(const char *file, const struct settings *s, struct fault *f)
{
	struct name_space ns = { 0 };
	struct fault why;

	if (strcmp(s->region, NAME_PLATFORM) == 0)
		return fault_set(f, FAULT_BADREQ,
		    "%s: region: expected a name of your own, found \"%s\", which is the service's own tenant",
		    file, s->region);
	if (!copy(s->org, ns.org, sizeof(ns.org)))
		return fault_set(f, FAULT_BADREQ, "%s: org: expected at most %d octets, found %zu",
		    file, NAME_ORG_MAX, strlen(s->org));
	if (!copy(s->domain, ns.domain, sizeof(ns.domain)) ||
	    !copy(s->region, ns.region, sizeof(ns.region)))
		return fault_set(f, FAULT_BADREQ, "%s: domain: expected a shorter name", file);
	if (!name_space_check(&ns, &why))
		return fault_set(f, why.code, "%s: %s", file, why.text);
	return true;
}

static bool
check_names(const char *file, const struct settings *s, struct fault *f)
{
	if (s->names.n == 0)
		return fault_set(f, FAULT_BADREQ,
		    "%s: names: expected at least one DNS name or IP address, found none", file);
	for (size_t i = 0; i < s->names.n; i++)
		if (!is_address(s->names.at[i]) && !text_is_host(s->names.at[i]))
			return fault_set(f, FAULT_BADREQ,
			    "%s: names: expected a lower-case DNS name or an IP address, found \"%s\"",
			    file, s->names.at[i]);
	return true;
}

static bool
port_is_zero(const char *address)
{
	const char *colon = strrchr(address, ':');

	return colon != NULL && strspn(colon + 1, "0") == strlen(colon + 1);
}

static bool
check_listeners(const char *file, const struct settings *s, struct fault *f)
{
	const struct {
		const char *key, *at;
	} all[] = {
		{ "listen.public", s->listen_public },
		{ "listen.secure", s->listen_secure },
		{ "listen.relay", s->listen_relay },
		{ "listen.metrics", s->listen_metrics },
	};
	const size_t n = sizeof(all) / sizeof(all[0]);

	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++)
			/* Port 0 is any free port, a different one for each. */
			if (strcmp(all[i].at, all[j].at) == 0 && !port_is_zero(all[i].at))
				return fault_set(f, FAULT_BADREQ,
				    "%s: %s: expected an address of its own, found \"%s\", which %s has",
				    file, all[j].key, all[j].at, all[i].key);
	return true;
}

static bool
is_use(const char *word)
{
	static const char *const uses[] = { "root", "region", "tenant", "responder" };

	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++)
		if (strcmp(uses[i], word) == 0)
			return true;
	return false;
}

/* Which token, and by which PIN; and nothing of it where there is no module. */
static bool
check_hsm(const char *file, const struct settings *s, struct fault *f)
{
	bool on = s->hsm.module[0] != '\0', token = s->hsm.token[0] != '\0',
	     pin = s->hsm.pin_file[0] != '\0';

	if (!on && (token || pin))
		return fault_set(f, FAULT_BADREQ,
		    "%s: hsm.module: expected a path beside %s, found nothing", file,
		    token ? "hsm.token" : "hsm.pin_file");
	if (on && s->hsm.module[0] != '/')
		return fault_set(f, FAULT_BADREQ,
		    "%s: hsm.module: expected an absolute path, found \"%s\"", file, s->hsm.module);
	if (on && (!token || !pin))
		return fault_set(f, FAULT_BADREQ, "%s: %s: expected %s, found nothing", file,
		    token ? "hsm.pin_file" : "hsm.token",
		    token ? "a path, or credential:NAME" : "the token's label");
	for (size_t i = 0; i < s->hsm.keys.n; i++)
		if (!on || !is_use(s->hsm.keys.at[i]))
			return fault_set(f, FAULT_BADREQ,
			    "%s: hsm.keys: expected root, region, tenant, responder%s, found \"%s\"",
			    file, on ? "" : " beside hsm.module", s->hsm.keys.at[i]);
	for (size_t i = 0; i < s->hsm.paths.n; i++)
		if (s->hsm.paths.at[i][0] != '/')
			return fault_set(f, FAULT_BADREQ,
			    "%s: hsm.paths: expected absolute paths, found \"%s\"", file,
			    s->hsm.paths.at[i]);
	return true;
}

static bool
check_limits(const char *file, const struct settings *s, struct fault *f)
{
	struct network n;

	for (size_t i = 0; i < s->limits.exempt.n; i++)
		if (!network_parse(s->limits.exempt.at[i], &n))
			return fault_set(f, FAULT_BADREQ,
			    "%s: limits.exempt: expected an address or a network as 192.0.2.0/24, found \"%s\"",
			    file, s->limits.exempt.at[i]);
	return true;
}

/* An answer must be asked for again before it ends. */
static bool
check_ocsp(const char *file, const struct settings *s, struct fault *f)
{
	if (s->ocsp.max_age_s < ANSWER_VALID_S)
		return true;
	return fault_set(f, FAULT_BADREQ,
	    "%s: ocsp.max_age: expected less than %d seconds, which an answer is good for, found %lld",
	    file, ANSWER_VALID_S, (long long)s->ocsp.max_age_s);
}

/* Before a piece may not be relied on any more there must be a newer one. */
static bool
check_feed(const char *file, const struct settings *s, struct fault *f)
{
	if (s->revocations.valid_s > s->revocations.fresh_s)
		return true;
	return fault_set(f, FAULT_BADREQ,
	    "%s: revocations.valid: expected more than revocations.fresh, %lld seconds, found %lld",
	    file, (long long)s->revocations.fresh_s, (long long)s->revocations.valid_s);
}

/* https, or http to this machine itself: what is posted names devices, and its secret is a
 * receiver's. */
static bool
is_hook_url(const char *url)
{
	static const char *const near[] = { "http://127.0.0.1", "http://[::1]",
		"http://localhost" };

	if (strpbrk(url, " \\\"<>^`{|}#@") != NULL)
		return false;
	if (strncmp(url, "https://", 8) == 0)
		return url[8] != '\0' && url[8] != '/' && url[8] != ':';
	for (size_t i = 0; i < sizeof(near) / sizeof(near[0]); i++) {
		size_t n = strlen(near[i]);

		if (strncmp(url, near[i], n) == 0 &&
		    (url[n] == '\0' || strchr(":/", url[n]) != NULL))
			return true;
	}
	return false;
}

static bool
check_hook(const char *file, const struct settings *s, size_t i, struct fault *f)
{
	const struct webhook *w = &s->webhooks.at[i];
	const char *lacks = w->name[0] == '\0'     ? "name"
			    : w->url[0] == '\0'    ? "url"
			    : w->secret[0] == '\0' ? "secret"
						   : NULL;

	if (lacks != NULL)
		return fault_set(f, FAULT_BADREQ,
		    "%s: webhooks[%zu].%s: expected one, found nothing", file, i, lacks);
	for (size_t k = 0; k < i; k++)
		if (strcmp(w->name, s->webhooks.at[k].name) == 0)
			return fault_set(f, FAULT_BADREQ,
			    "%s: webhooks[%zu].name: expected a name of its own, found \"%s\" again",
			    file, i, w->name);
	if (!is_hook_url(w->url))
		return fault_set(f, FAULT_BADREQ,
		    "%s: webhooks[%zu].url: expected https://HOST[:PORT][/PATH], or http:// to this machine, found \"%s\"",
		    file, i, w->url);
	for (size_t k = 0; k < w->tenants.n; k++)
		if (!text_is_label(w->tenants.at[k]))
			return fault_set(f, FAULT_BADREQ,
			    "%s: webhooks[%zu].tenants: expected tenants' names, found \"%s\"",
			    file, i, w->tenants.at[k]);
	return true;
}

static bool
check_hooks(const char *file, const struct settings *s, struct fault *f)
{
	for (size_t i = 0; i < s->webhooks.n; i++)
		if (!check_hook(file, s, i, f))
			return false;
	return true;
}

/* What could verify nothing would refuse everything, and nobody would know before. */
static bool
check_policy(const char *file, const struct settings *s, struct fault *f)
{
	struct policy_key ignored;
	struct fault why;

	for (size_t i = 0; i < s->policy.trust_key.n; i++)
		if (!policy_key_read(s->policy.trust_key.at[i], &ignored, &why))
			return fault_set(f, why.code, "%s: %s", file, why.text);
	return true;
}

static bool
check(const char *file, const struct settings *s, struct fault *f)
{
	if (strcmp(s->seal, "credential") == 0 && s->seal_file[0] == '\0')
		return fault_set(f, FAULT_BADREQ,
		    "%s: seal_file: expected the credential's name, because seal is credential, found nothing",
		    file);
	return check_space(file, s, f) && check_names(file, s, f) && check_listeners(file, s, f) &&
	       check_hsm(file, s, f) && check_limits(file, s, f) && check_ocsp(file, s, f) &&
	       check_feed(file, s, f) && check_hooks(file, s, f) && check_policy(file, s, f);
}

bool
settings_load(const char *file, struct settings *ret, struct fault *f)
{
	struct settings s = { 0 };

	if (file == NULL)
		file = find();
	if (!conf_load(file, settings_keys, settings_keys_n, &s, f))
		return false;
	if (s.org[0] == '\0')
		(void)memcpy(s.org, s.domain, sizeof(s.org));
	if (!check(file == NULL ? "built-in defaults" : file, &s, f))
		return false;
	*ret = s;
	return true;
}

void
settings_apply(const struct settings *s)
{
	store_set_limit((uint64_t)s->store_max << 20);
}

bool
settings_path(const struct settings *s, const char *name, char *path, size_t size)
{
	int n = snprintf(path, size, "%s/%s", s->data, name);

	return n >= 0 && (size_t)n < size;
}
