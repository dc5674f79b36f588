/* tests/unit/ground.c - see ground.h. */
#include "tests/unit/ground.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "ca/journal_check.h"
#include "ca/profile_set.h"
#include "ca/revoke.h"
#include "ca/suspend.h"

static const struct name_space space = { "example.org", "eu", "Example Org" };

#define ROOM_OCTETS (64u << 20) /* far more than a ground takes */

#define DONE(call, f) ck_assert_msg((call), "%s", (f).text)

/* A ground is synced dozens of times; what that is for is tested by store_crash. */
static void
go_where_syncing_is_free(void)
{
	static const char memory[] = "/dev/shm";
	struct statvfs room;

	if (getenv("TMPDIR") == NULL && access(memory, W_OK) == 0 && statvfs(memory, &room) == 0 &&
	    room.f_bavail * room.f_frsize > ROOM_OCTETS)
		(void)setenv("TMPDIR", memory, 0);
}

/* Journal and keys, over a realm that is open. */
static void
open_keys(struct ground *g)
{
	char path[SCRATCH_PATH_MAX + 16];
	struct keyring_ground ground;
	struct fault f;

	scratch_path(g->dir, "journal", path, sizeof(path));
	DONE(journal_open(path, &g->journal, &f), f);
	realm_on_event(g->realm, journal_told, &g->journal);
	ground = (struct keyring_ground){ .realm = g->realm,
		.seal = g->seal,
		.journal = &g->journal,
		.public_url = GROUND_URL,
		.why = &g->why,
		.hsm = g->hsm,
		.in_token = g->in_token };
	DONE(keyring_new(&ground, &g->keys, &f), f);
}

static void
open_all(struct ground *g)
{
	char path[SCRATCH_PATH_MAX + 16];
	struct secret passphrase = { 0 };
	struct fault f;

	DONE(secret_start(&f), f);
	DONE(secret_random(32, &passphrase, &f), f);
	DONE(seal_new(&passphrase, SEAL_RANDOM, &g->seal, &f), f);
	secret_free(&passphrase);
	scratch_path(g->dir, "keys", path, sizeof(path));
	ck_assert_int_eq(mkdir(path, 0700), 0);
	scratch_path(g->dir, "tenants", path, sizeof(path));
	ck_assert_int_eq(mkdir(path, 0700), 0);
	DONE(realm_open(g->dir, STORE_CREATE, &g->realm, &f), f);
	DONE(realm_set_space(g->realm, &space, &f), f);
	open_keys(g);
}

void
ground_again(struct ground *g)
{
	struct fault f;

	journal_close(&g->journal);
	DONE(realm_open(g->dir, STORE_WRITE, &g->realm, &f), f);
	open_keys(g);
}

void
ground_new(struct ground *g)
{
	*g = (struct ground){ .hsm = NULL };
	ground_make(g);
}

void
ground_make(struct ground *g)
{
	struct delegate d;
	struct fault f;

	*g = (struct ground){ .hsm = g->hsm,
		.in_token = g->in_token,
		.journal = { .fd = -1 },
		.why = { .by = "ceremony", .from = "local", .rule = "ceremony" },
		.now_s = GROUND_NOW_S };
	go_where_syncing_is_free();
	DONE(profile_load_builtin(&f), f);
	scratch_new(g->dir);
	open_all(g);
	DONE(found_root(g->keys, NULL, g->now_s, &g->root, &f), f);
	DONE(found_ca(g->keys, g->root, space.region, NULL, g->now_s, &g->region, &f), f);
	g->platform = ground_tenant(g, NAME_PLATFORM, CONSTRAINTS_NONE);
	DONE(keyring_delegate(g->keys, &g->root->a, &found_responder, g->now_s, &d, &f), f);
	DONE(keyring_delegate(g->keys, &g->region->a, &found_responder, g->now_s, &d, &f), f);
	g->acme = ground_tenant(g, "acme", CONSTRAINTS_STRICT);
}

void
ground_shut(struct ground *g)
{
	keyring_free(g->keys);
	realm_close(g->realm);
	g->keys = NULL;
	g->realm = NULL;
}

void
ground_free(struct ground *g)
{
	ground_shut(g);
	journal_close(&g->journal);
	seal_free(g->seal);
	for (size_t i = 0; i < g->leaf_n; i++) {
		bytes_free(&g->leaf[i].der);
		key_free(g->leaf[i].key);
	}
	scratch_free(g->dir);
}

void
ground_commit(struct ledger *l)
{
	struct fault f;

	DONE(ledger_commit(l, &f), f);
}

const struct issuer *
ground_tenant(struct ground *g, const char *name, enum constraint_mode mode)
{
	const struct found_tenant t = { .name = name, .mode = mode };
	const struct issuer *ca;
	uint64_t index;
	struct fault f;

	DONE(found_tenant(g->keys, g->region, &t, &g->why, g->now_s, &ca, &index, &f), f);
	return ca;
}

struct wish
ground_wish(struct ground *g, const struct issuer *by, struct endpoint *e, struct provenance *from,
    struct octets spki)
{
	*from = (struct provenance){ .enroller = "operator:alice",
		.how = "token",
		.evidence = "00112233",
		.at_s = g->now_s,
		.assurance = ASSURANCE_TOKEN };
	memcpy(e->tenant, by->a.label, sizeof(e->tenant));
	return (struct wish){ .profile = profile_find(e->kind),
		.org = by->a.label,
		.endpoint = e,
		.spki = spki,
		.provenance = from,
		.public_url = GROUND_URL,
		.space = realm_space(g->realm) };
}

const struct ground_cert *
ground_leaf(struct ground *g, const struct issuer *by, const char *kind, const char *name)
{
	struct ground_cert *c = &g->leaf[g->leaf_n];
	struct endpoint e = { .tenant = "" };
	struct provenance from;
	struct ticket *t;
	struct wish w;
	struct fault f;

	ck_assert_uint_lt(g->leaf_n++, sizeof(g->leaf) / sizeof(g->leaf[0]));
	(void)snprintf(e.kind, sizeof(e.kind), "%s", kind);
	(void)snprintf(e.name, sizeof(e.name), "%s", name);
	DONE(key_new(KEY_P256, &c->key, &f), f);
	w = ground_wish(g, by, &e, &from, key_spki(c->key));
	DONE(issue_now(by, &w, &g->journal, &g->why, g->now_s, &t, &f), f);
	bytes_put_octets(&c->der, ticket_certificate(t));
	memcpy(c->serial, ticket_serial(t), sizeof(c->serial));
	ticket_free(t);
	return c;
}

const struct ground_cert *
ground_operator(struct ground *g, const char *name, enum identity_role role)
{
	const struct ground_cert *c = ground_leaf(g, g->platform, "operator", name);
	uint8_t row[1 + TBS_SERIAL_OCTETS] = { (uint8_t)role };

	memcpy(row + 1, c->serial, sizeof(c->serial));
	ledger_put(
	    g->platform->ledger, TABLE_OPERATOR, octets_text(name), octets_of(row, sizeof(row)));
	ground_commit(g->platform->ledger);
	return c;
}

void
ground_revoke(struct ground *g, struct ledger *l, const uint8_t *serial, uint8_t reason)
{
	uint64_t index;
	struct fault f;

	DONE(revoke_certificate(l, serial, reason, &g->why, g->now_s, &index, &f), f);
	ground_commit(l);
}

void
ground_suspend(struct ground *g, enum level level, const char *label, bool resume)
{
	const struct suspend_why why = { .who = &g->why };
	struct level_cas cas;
	struct suspended at;
	struct ledger *l;
	struct fault f;

	DONE(suspend_check(g->realm, level, label, resume, g->now_s, &cas, &f), f);
	DONE(suspend_level(g->realm, &cas, resume, &why, g->now_s, &at, &f), f);
	DONE(realm_records(g->realm, &cas.at[0], &l, &f), f);
	ground_commit(l);
}
