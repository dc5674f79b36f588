/* tests/unit/dumped.c - see dumped.h. */
#include "tests/unit/dumped.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ca/token.h"

struct ground g;
struct bytes dump; /* the whole file */
struct dump_total total;
struct bytes dumped_root;
const struct key *dumped_acme_key; /* of acme's log */
struct bytes dumped_acme_pem;
struct fault f;

/* --- a dump of the ground -------------------------------------------------------------------- */

bool
dumped_keep(void *with, struct octets o, struct fault *fault)
{
	bytes_put_octets(with, o);
	return bytes_ok(with, fault);
}

static void
write_file(const char *name, struct octets o)
{
	char path[SCRATCH_PATH_MAX + 80];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", g.dir, name);
	ck_assert_int_ge(fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600), 0);
	ck_assert_int_eq(write(fd, o.at, o.n), (ssize_t)o.n);
	ck_assert_int_eq(close(fd), 0);
}

static const struct key *
log_key_of(const struct issuer *ca, struct bytes *certificates)
{
	struct delegate d;

	ck_assert(keyring_delegate(g.keys, &ca->a, &found_log, g.now_s, &d, &f));
	ck_assert(cert_pem(d.certificate, certificates, &f));
	ck_assert(realm_chain_pem(g.realm, ca->a.key_id, false, certificates, &f));
	return d.key;
}

const struct key *
dumped_key(struct bytes *certificates)
{
	return log_key_of(g.platform, certificates);
}

/* The end and the seal of the frames in b, by the platform's log key. */
void
dumped_seal(struct bytes *b, const uint8_t *digest)
{
	struct bytes certificates = { 0 }, text = { 0 }, signature = { 0 };
	const struct key *k = dumped_key(&certificates);
	char origin[LOG_ORIGIN_MAX];
	struct dump_seal s;

	log_origin(realm_space(g.realm), NAME_PLATFORM, origin);
	ck_assert(
	    dump_signed_text(origin, g.now_s, digest, octets_bytes(&certificates), &text, &f));
	ck_assert(key_sign(k, octets_bytes(&text), &signature, &f));
	s = (struct dump_seal){ g.now_s, octets_bytes(&signature), octets_bytes(&certificates) };
	ck_assert(dump_put_seal(&s, b, &f));
	bytes_free(&signature);
	bytes_free(&text);
	bytes_free(&certificates);
}

static void
add_token(struct ledger *l, uint8_t first, enum token_state state)
{
	struct token t = { .hash = { first },
		.state = state,
		.device = { .tenant = "acme", .kind = "printer", .name = "hp" },
		.created_s = g.now_s,
		.expires_s = g.now_s + 3600,
		.creator = "local" };

	ck_assert(token_put(l, &t, &f));
	ground_commit(l);
}

static void
fill_ground(void)
{
	const struct ground_cert *c;
	const struct issuer *globex = ground_tenant(&g, "globex", CONSTRAINTS_STRICT);

	(void)ground_leaf(&g, g.acme, "printer", "hp-1");
	c = ground_leaf(&g, g.acme, "printer", "hp-2");
	ground_revoke(&g, g.acme->ledger, c->serial, 1);
	(void)ground_leaf(&g, globex, "gateway", "gw");
	(void)ground_operator(&g, "alice", ROLE_OFFICER);
	add_token(g.acme->ledger, 1, TOKEN_UNUSED);
	add_token(g.acme->ledger, 2, TOKEN_USED);
	add_token(globex->ledger, 3, TOKEN_WAITING);
	bytes_clear(&dumped_root);
	ck_assert(cert_pem(octets_bytes(&g.root->certificate), &dumped_root, &f));
	write_file("root.pem", octets_bytes(&dumped_root));
	write_file("chain.pem", octets_bytes(&dumped_root));
	write_file("keys/token.key", octets_text("sealed\n"));
	write_file("master.key", octets_text("never in a backup\n"));
}

void
dumped_take(void)
{
	struct dump_writing w = { .now_s = g.now_s, .put = dumped_keep, .with = &dump };

	bytes_clear(&dump);
	w.realm = g.realm;
	ck_assert_msg(dump_write(&w, &total, &f), "%s", f.text);
	ck_assert_uint_eq(total.octets, dump.n);
	dumped_seal(&dump, total.digest);
}

void
dumped_setup(void)
{
	f = (struct fault){ 0 };
	ground_new(&g);
	fill_ground();
	dumped_acme_key = log_key_of(g.acme, &dumped_acme_pem);
	dumped_take();
}

void
dumped_teardown(void)
{
	bytes_free(&dump);
	bytes_free(&dumped_root);
	bytes_free(&dumped_acme_pem);
	ground_free(&g);
}

/* --- reading --------------------------------------------------------------------------------- */

bool
dumped_give(void *with, uint8_t *to, size_t n, size_t *ret_n, struct fault *fault)
{
	struct dumped_input *in = with;
	size_t some = n < in->left.n ? n : in->left.n;

	(void)fault;
	if (in->most != 0 && some > in->most)
		some = in->most;
	if (some > 0)
		memcpy(to, in->left.at, some);
	in->left = octets_of(in->left.at + some, in->left.n - some);
	*ret_n = some;
	return true;
}

bool
dumped_read(struct octets file, const struct dump_visitor *v, struct dump_verdict *ret)
{
	struct dumped_input in = { .left = file };

	return dump_read(dumped_give, &in, v, octets_bytes(&dumped_root), ret, &f);
}

bool
dumped_reads(struct octets file)
{
	static const struct dump_visitor nobody;
	struct dump_verdict v;

	return dumped_read(file, &nobody, &v);
}

void
dumped_refused(struct octets file, const char *words)
{
	f = (struct fault){ 0 };
	ck_assert_msg(!dumped_reads(file), "taken, where \"%s\" was due", words);
	ck_assert_msg(strstr(f.text, words) != NULL, "\"%s\", where \"%s\" was due", f.text, words);
	ck_assert_msg(f.code == FAULT_BADREQ || f.code == FAULT_DENIED, "%d", f.code);
}
