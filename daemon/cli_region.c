/* daemon/cli_region.c - region rollover: a ceremony on a data folder that is there. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/folder.h"
#include "ca/roll.h"
#include "daemon/cli_level.h"
#include "daemon/offline.h"
#include "ocsp/crl_issue.h"

struct rolling {
	const struct invocation *inv;
	struct offline at;
	struct key *key; /* of an offline root, until the keyring has it */
	bool offline;    /* the root's key has no place here */
	struct authority before;
	const struct issuer *root, *region;
	struct rolled platform;
	uint64_t log_index;
	int64_t now_s;
};

/* The file may be readable for who started the command alone. */
static bool
read_root_key(void *with, struct seal *seal, struct fault *f)
{
	struct rolling *r = with;
	const char *file = cli_option(r->inv, "root-key");

	return file == NULL || key_read(seal, NULL, file, &r->key, f);
}

/* The root with the key of the file, as if it were here. */
static bool
borrow_root(struct rolling *r, const uint8_t id[static TBS_KEY_ID_OCTETS], struct fault *f)
{
	struct signer *s = &r->at.signer;
	struct issuer root = { .ledger = realm_platform(s->realm) };
	struct key *key = r->key;

	if (memcmp(key_id(key), id, TBS_KEY_ID_OCTETS) != 0)
		return fault_set(f, FAULT_BADREQ, "root-key: %s holds another key than the root's",
		    cli_option(r->inv, "root-key"));
	if (!realm_authority(s->realm, id, &root.a, f) ||
	    !realm_ca_certificate(s->realm, &root.a, &root.certificate, f) ||
	    !cert_parse(octets_bytes(&root.certificate), &root.facts, f)) {
		bytes_free(&root.certificate);
		return false;
	}
	r->key = NULL;
	return keyring_keep(s->keys, &root, key, f) && keyring_issuer(s->keys, id, &r->root, f);
}

static bool
find_root(struct rolling *r, struct fault *f)
{
	struct signer *s = &r->at.signer;
	struct fault why;

	if (!level_region(s->realm, &r->before, f))
		return false;
	if (keyring_issuer(s->keys, r->before.issuer, &r->root, &why))
		return r->key == NULL ||
		       fault_set(f, FAULT_BADREQ,
			   "root-key: the root's key is among the service's own: leave it out");
	if (why.code != FAULT_NOTFOUND)
		return *f = why, false;
	r->offline = true;
	if (r->key == NULL)
		return fault_set(f, FAULT_NOTFOUND,
		    "region: the root's key is offline: name its file with --root-key");
	return borrow_root(r, r->before.issuer, f);
}

static bool
list_of(const struct rolling *r, const struct issuer *by, int64_t valid_s, struct fault *f)
{
	const struct crl_want want = { r->inv->settings.public_url, valid_s, true };

	return crl_make(by, &want, r->now_s, f);
}

/* The service's own tenant has a CA too that nobody has asked for a list yet. */
static bool
list_platform(struct rolling *r, struct fault *f)
{
	struct signer *s = &r->at.signer;
	const struct issuer *by;

	return keyring_issuer(s->keys, r->platform.after.key_id, &by, f) &&
	       list_of(r, by, CRL_VALID_S, f) && ledger_commit(realm_platform(s->realm), f);
}

/* While the root's key is at hand: its responder, where that is due, and its list. */
static bool
serve_root(struct rolling *r, struct fault *f)
{
	struct signer *s = &r->at.signer;
	struct delegate d;

	return keyring_delegate(s->keys, &r->root->a,
		   r->offline ? &found_responder_offline : &found_responder, r->now_s, &d, f) &&
	       list_of(r, r->root, r->offline ? CRL_VALID_OFFLINE_S : CRL_VALID_S, f) &&
	       ledger_commit(realm_platform(s->realm), f);
}

/* The service's own tenant moves too: a region that is to end must not end the service. */
static bool
roll(struct rolling *r, struct fault *f)
{
	struct signer *s = &r->at.signer;

	return find_root(r, f) &&
	       roll_region(s->keys, r->root, &s->self, r->now_s, &r->region, &r->log_index, f) &&
	       list_of(r, r->region, CRL_VALID_S, f) && serve_root(r, f) &&
	       roll_tenant(
		   s->keys, r->region, NAME_PLATFORM, &s->self, r->now_s, &r->platform, f) &&
	       list_platform(r, f);
}

/* Root, the new region, and those of before that are not over. */
static bool
chain_pem(struct rolling *r, struct bytes *pem, struct fault *f)
{
	struct realm *realm = r->at.signer.realm;
	struct level_cas all;
	struct bytes der = { 0 };
	struct standing s;
	bool ok = cert_pem(octets_bytes(&r->root->certificate), pem, f) &&
		  level_cas(realm, LEVEL_REGION, r->before.label, &all, f);

	for (size_t i = 0; ok && i < all.n; i++) {
		bytes_clear(&der);
		ok = ledger_standing(realm_platform(realm), all.at[i].serial, &s, f);
		if (ok && s.state != STANDING_REVOKED && r->now_s <= s.not_after_s)
			ok = realm_ca_certificate(realm, &all.at[i], &der, f) &&
			     cert_pem(octets_bytes(&der), pem, f);
	}
	bytes_free(&der);
	return ok;
}

/* Whole, or as it was. */
static bool
write_file(const char *path, struct octets text, struct fault *f)
{
	char made[CONF_TEXT_MAX * 2 + 8];
	bool ok;
	int fd;

	(void)snprintf(made, sizeof(made), "%s.new", path);
	if ((unlink(made) != 0 && errno != ENOENT) ||
	    (fd = open(made, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644)) < 0)
		return fault_errno(f, FAULT_INTERNAL, "region: %s", made);
	ok = write(fd, text.at, text.n) == (ssize_t)text.n && fsync(fd) == 0;
	(void)close(fd);
	if (!ok || rename(made, path) != 0)
		return fault_errno(f, FAULT_INTERNAL, "region: %s", path);
	return folder_sync_of(path, f);
}

static bool
write_chain(struct rolling *r, struct fault *f)
{
	char path[CONF_TEXT_MAX * 2];
	struct bytes pem = { 0 };
	bool ok = false;

	if (!settings_path(&r->inv->settings, "chain.pem", path, sizeof(path)))
		fault_set(f, FAULT_BADREQ, "data: the path is too long");
	else
		ok = chain_pem(r, &pem, f) && bytes_ok(&pem, f) &&
		     write_file(path, octets_bytes(&pem), f);
	bytes_free(&pem);
	return ok;
}

static void
say(const struct rolling *r)
{
	static const struct cli_column columns[] = {
		{ "ca_serial", "new CA serial", 0 },
		{ "not_after", "new CA ends", 0 },
		{ "before_serial", "CA before", 0 },
		{ "before_not_after", "it ends", 0 },
		{ "log_index", "log index, platform", 0 },
	};
	const struct authority *after = &r->region->a;
	struct json *j = json_object();

	json_put_text(j, "region", after->label);
	json_put_hex(j, "ca_serial", after->serial, sizeof(after->serial));
	json_put_time(j, "not_after", after->not_after_s);
	json_put_hex(j, "before_serial", r->before.serial, sizeof(r->before.serial));
	json_put_time(j, "before_not_after", r->before.not_after_s);
	json_put_number(j, "log_index", (int64_t)r->log_index);
	if (r->inv->json) {
		cli_print_json(stdout, j);
	} else {
		(void)printf(
		    "Region %s has a new CA; tenants that are made from now on, and the service's own, stand under it.\n",
		    after->label);
		cli_print_facts(j, columns, sizeof(columns) / sizeof(columns[0]));
		(void)printf(
		    "%s/chain.pem holds root and regions.\n"
		    "Next: quatrain serve, then quatrain tenant rollover NAME for each tenant that shall move\n",
		    r->inv->settings.data);
	}
	json_free(j);
}

int
region_rollover_command(const struct invocation *inv)
{
	static const struct log_context who = {
		.by = "ceremony", .from = "local", .rule = "ceremony"
	};
	struct rolling r = { .inv = inv, .now_s = clock_now_s() };
	struct fault f;
	bool ok = offline_open(&inv->settings, &who, read_root_key, &r, &r.at, &f) &&
		  roll(&r, &f) && write_chain(&r, &f);

	if (ok)
		say(&r);
	offline_close(&r.at);
	key_free(r.key);
	return ok ? CLI_OK : cli_refuse(inv, &f);
}
