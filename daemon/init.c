/*
 * daemon/init.c - the ceremony: root, region, the platform's tenant, and what they need.
 *
 * All of it is made in DATA.new (daemon/place.h): a ceremony that was interrupted leaves nothing
 * that could be taken for a service, and one that fails takes away what it made.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/clock.h"
#include "base/secret.h"
#include "ca/found.h"
#include "ca/journal_check.h"
#include "daemon/cli.h"
#include "daemon/hsm_login.h"
#include "daemon/passphrase.h"
#include "daemon/place.h"
#include "daemon/service.h"
#include "ocsp/crl_issue.h"

#define TOKEN_KEY_OCTETS 32

struct ceremony {
	const struct invocation *inv;
	struct settings settings;
	const char *offline; /* where the root's key goes; NULL: it stays */
	struct place place;
	char key_at[CONF_TEXT_MAX * 2];
	bool made_key, made_offline; /* the master key's file, the root key's */
	struct owner owner;
	struct name_space space;
	struct seal *seal;
	struct realm *realm;
	struct journal journal;
	struct keyring *keys;
	struct hsm *hsm;
	struct pin pin;
	struct log_context why;
	const struct issuer *root, *region, *platform;
	int64_t now_s;
};

/* Options on the command line go before the file. */
static bool
take_options(struct ceremony *c, struct fault *f)
{
	static const struct {
		const char *name;
		size_t offset;
	} options[] = {
		{ "domain", offsetof(struct settings, domain) },
		{ "region", offsetof(struct settings, region) },
		{ "org", offsetof(struct settings, org) },
		{ "seal", offsetof(struct settings, seal) },
	};
	bool org_is_domain = strcmp(c->settings.org, c->settings.domain) == 0;

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		const char *v = cli_option(c->inv, options[i].name);
		char *to = (char *)&c->settings + options[i].offset;

		if (v == NULL)
			continue;
		if (strlen(v) >= CONF_TEXT_MAX)
			return fault_set(f, FAULT_BADREQ, "--%s: too long", options[i].name);
		memcpy(to, v, strlen(v) + 1);
	}
	if (org_is_domain && cli_option(c->inv, "org") == NULL)
		memcpy(c->settings.org, c->settings.domain, sizeof(c->settings.org));
	c->offline = cli_option(c->inv, "offline-root");
	if (strlen(c->settings.org) > NAME_ORG_MAX)
		return fault_set(f, FAULT_BADREQ, "org: expected at most %d letters", NAME_ORG_MAX);
	(void)snprintf(c->space.domain, sizeof(c->space.domain), "%.253s", c->settings.domain);
	(void)snprintf(c->space.region, sizeof(c->space.region), "%.63s", c->settings.region);
	(void)snprintf(c->space.org, sizeof(c->space.org), "%.58s", c->settings.org);
	return name_space_check(&c->space, f);
}

static bool
prepare(struct ceremony *c, struct fault *f)
{
	if (c->offline != NULL && access(c->offline, F_OK) == 0)
		return fault_set(f, FAULT_CONFLICT,
		    "init: %s is there already, and is never overwritten", c->offline);
	if (c->offline != NULL && (hsm_uses(&c->settings) & KEYRING_ROOT) != 0)
		return fault_set(f, FAULT_BADREQ,
		    "init: with root in hsm.keys the root's key is made in the token and has no file: leave out --offline-root");
	return place_make(&c->place, "init", &c->settings, f);
}

/* The key of the enrolment tokens; and the token that is a device, which has nothing to do with
 * them. A PIN that it refuses was named by a person, who sees that it was. */
static bool
make_token_key(struct ceremony *c, struct fault *f)
{
	char keys[sizeof(c->place.made_in) + 16], path[sizeof(keys) + 16];
	struct secret key = { 0 };
	bool ok;

	(void)snprintf(keys, sizeof(keys), "%s/keys", c->place.made_in);
	(void)snprintf(path, sizeof(path), "%s/token.key", keys);
	if (!secret_random(TOKEN_KEY_OCTETS, &key, f))
		return false;
	ok = seal_write(c->seal, path, &key, f) && hsm_read_pin(&c->settings, &c->pin, f) &&
	     hsm_log_in(&c->settings, keys, &key, &c->pin, &c->hsm, f);
	secret_free(&key);
	return ok;
}

static bool
open_ground(struct ceremony *c, struct fault *f)
{
	char journal[sizeof(c->place.made_in) + 16];
	struct secret passphrase = { 0 };
	struct keyring_ground ground;
	bool ok;

	if (!passphrase_path(&c->settings, c->place.made_in, c->key_at, sizeof(c->key_at)))
		return fault_set(f, FAULT_BADREQ, "seal_file: the path is too long");
	if (!passphrase_make(&c->settings, c->place.made_in, &passphrase, f))
		return false;
	c->made_key = strcmp(c->settings.seal, "key-file") == 0;
	ok = seal_new(&passphrase, passphrase_strength(&c->settings), &c->seal, f);
	secret_free(&passphrase);
	if (!ok)
		return false;
	(void)snprintf(journal, sizeof(journal), "%s/journal", c->place.made_in);
	if (!realm_open(c->place.made_in, STORE_CREATE, &c->realm, f) ||
	    !realm_set_space(c->realm, &c->space, f) || !journal_open(journal, &c->journal, f))
		return false;
	realm_on_event(c->realm, journal_told, &c->journal);
	if (!make_token_key(c, f))
		return false;
	ground = (struct keyring_ground){ .realm = c->realm,
		.seal = c->seal,
		.journal = &c->journal,
		.public_url = c->settings.public_url,
		.why = &c->why,
		.hsm = c->hsm,
		.in_token = hsm_uses(&c->settings),
		.shards = (unsigned)c->settings.crl.shards };
	return keyring_new(&ground, &c->keys, f);
}

/* Responders, the CRLs (an offline root cannot make one later) and the service's own
 * certificate. */
static bool
make_delegates(struct ceremony *c, struct fault *f)
{
	struct service_names room;
	struct purpose service;
	struct delegate d;
	bool offline = c->offline != NULL;
	const struct crl_want want = { c->settings.public_url, CRL_VALID_S, true };
	const struct crl_want root = { c->settings.public_url,
		offline ? CRL_VALID_OFFLINE_S : CRL_VALID_S, true };

	return keyring_delegate(c->keys, &c->root->a,
		   offline ? &found_responder_offline : &found_responder, c->now_s, &d, f) &&
	       keyring_delegate(c->keys, &c->region->a, &found_responder, c->now_s, &d, f) &&
	       keyring_delegate(c->keys, &c->region->a, &found_cosigner, c->now_s, &d, f) &&
	       crl_make(c->root, &root, c->now_s, f) && crl_make(c->region, &want, c->now_s, f) &&
	       crl_make(c->platform, &want, c->now_s, f) &&
	       service_purpose(&c->settings, &room, &service, f) &&
	       keyring_delegate(c->keys, &c->platform->a, &service, c->now_s, &d, f) &&
	       ledger_commit(realm_platform(c->realm), f);
}

static bool
make_root(struct ceremony *c, struct fault *f)
{
	bool ok = found_root(c->keys, c->offline, c->now_s, &c->root, f);

	/* A key is never written over another file: where one came in between, FILE is not ours. */
	c->made_offline = c->offline != NULL && (ok || f->code != FAULT_CONFLICT);
	return ok;
}

static bool
make_levels(struct ceremony *c, struct fault *f)
{
	const struct found_tenant platform = { .name = NAME_PLATFORM, .mode = CONSTRAINTS_NONE };
	uint64_t index;

	return make_root(c, f) &&
	       found_ca(c->keys, c->root, c->space.region, NULL, c->now_s, &c->region, f) &&
	       found_tenant(
		   c->keys, c->region, &platform, &c->why, c->now_s, &c->platform, &index, f) &&
	       make_delegates(c, f);
}

static bool
write_pem(const struct ceremony *c, const char *name, const struct issuer *const *cas, size_t n,
    struct fault *f)
{
	char path[sizeof(c->place.made_in) + 32];
	struct bytes pem = { 0 };
	bool ok = true;
	int fd;

	for (size_t i = 0; ok && i < n; i++)
		ok = cert_pem(octets_bytes(&cas[i]->certificate), &pem, f);
	(void)snprintf(path, sizeof(path), "%s/%s", c->place.made_in, name);
	if (ok && (fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644)) < 0)
		ok = fault_errno(f, FAULT_INTERNAL, "init: %s", path);
	else if (ok) {
		ok = write(fd, pem.at, pem.n) == (ssize_t)pem.n && fsync(fd) == 0;
		if (!ok)
			fault_errno(f, FAULT_INTERNAL, "init: %s", path);
		(void)close(fd);
	}
	bytes_free(&pem);
	return ok;
}

/* So that the next try is not in its own way. */
static void
take_back(struct ceremony *c)
{
	if (c->place.stands)
		return;
	if (c->made_offline)
		(void)unlink(c->offline);
	if (c->made_key)
		(void)unlink(c->key_at);
	place_remove(&c->place);
}

static bool
fingerprint(const struct ceremony *c, char to[static 96], struct fault *f)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	size_t at = 0;

	if (EVP_Digest(c->root->certificate.at, c->root->certificate.n, digest, NULL, EVP_sha256(),
		NULL) != 1)
		return fault_crypto(f, FAULT_INTERNAL, "init: EVP_Digest");
	for (size_t i = 0; i < 32; i++)
		at += (size_t)snprintf(to + at, 96 - at, "%s%02X", i == 0 ? "" : ":", digest[i]);
	return true;
}

static void
say(const struct ceremony *c, const char *print)
{
	bool key_file = strcmp(c->settings.seal, "key-file") == 0;
	char seal_at[CONF_TEXT_MAX * 2];

	if (c->inv->json) {
		(void)printf(
		    "{\"data\":\"%s\",\"domain\":\"%s\",\"region\":\"%s\",\"root_sha256\":\"%s\"}\n",
		    c->place.data, c->space.domain, c->space.region, print);
		return;
	}
	(void)printf("The ceremony is done: root, region %s and the service's own tenant.\n\n"
		     "  root fingerprint (SHA-256)  %s\n"
		     "  root certificate            %s/root.pem    what clients trust\n"
		     "  root and region             %s/chain.pem\n",
	    c->space.region, print, c->place.data, c->place.data);
	if (key_file && passphrase_path(&c->settings, c->place.data, seal_at, sizeof(seal_at)))
		(void)printf(
		    "  opens the sealed keys       %s    keep a copy elsewhere\n", seal_at);
	if (c->owner.name != NULL)
		(void)printf("  the data folder belongs to  %s%s\n", c->owner.name,
		    key_file ? "    the file that opens the keys to root" : "");
	if (c->offline != NULL)
		(void)printf(
		    "  the root's key              %s    take it away, with a copy of %s: together they sign\n",
		    c->offline,
		    key_file ? "the file that opens the sealed keys" : "the passphrase");
	(void)printf("\nNext: quatrain serve%s%s\n      quatrain tenant create NAME%s%s\n",
	    c->inv->config == NULL ? "" : " --config ",
	    c->inv->config == NULL ? "" : c->inv->config,
	    c->inv->config == NULL ? "" : " --config ",
	    c->inv->config == NULL ? "" : c->inv->config);
}

static void
end(struct ceremony *c)
{
	keyring_free(c->keys);
	realm_close(c->realm);
	journal_close(&c->journal);
	seal_free(c->seal);
}

/* Keys that were made in a token go with a ceremony that failed. */
static void
leave_token(struct ceremony *c, bool stands)
{
	if (c->hsm != NULL && !stands)
		hsm_unmake(c->hsm);
	hsm_close(c->hsm);
	pin_free(&c->pin);
}

static bool
hold(struct ceremony *c, char print[static 96], struct fault *f)
{
	const struct issuer *cas[2];

	if (!take_options(c, f) || !owner_find(&c->settings, &c->owner, f) || !prepare(c, f) ||
	    !open_ground(c, f) || !make_levels(c, f))
		return false;
	cas[0] = c->root;
	cas[1] = c->region;
	return journal_sync(&c->journal, f) && write_pem(c, "root.pem", cas, 1, f) &&
	       write_pem(c, "chain.pem", cas, 2, f) && fingerprint(c, print, f);
}

int
init_command(const struct invocation *inv)
{
	struct ceremony c = { .inv = inv,
		.settings = inv->settings,
		.journal = { .fd = -1 },
		.why = { .by = "ceremony", .from = "local", .rule = "ceremony" } };
	char print[96];
	struct fault f;
	bool ok;

	c.now_s = clock_now_s();
	ok = hold(&c, print, &f);
	end(&c);
	ok = ok && place_publish(&c.place, &c.owner, c.key_at, &f);
	leave_token(&c, ok);
	if (!ok) {
		take_back(&c);
		return cli_refuse(inv, &f);
	}
	say(&c, print);
	return CLI_OK;
}
