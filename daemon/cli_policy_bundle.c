/* daemon/cli_policy_bundle.c - policy bundle, policy decide: deciding while the WAN is down; see
 * ca/offline_file.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ca/offline_set.h"
#include "daemon/cli_call.h"
#include "daemon/cli_policy_files.h"
#include "daemon/credential.h"
#include "daemon/zoneinfo.h"
#include "policy/explain.h"

#define HELD_MAX 1024 /* octets */

/* A bundle, and all that it was read with. */
struct bundle {
	struct bytes file, root;
	struct zones *zones;
	struct offline_set *set;
};

static void
bundle_close(struct bundle *b)
{
	offline_set_free(b->set);
	zones_free(b->zones);
	bytes_free(&b->root);
	bytes_free(&b->file);
}

/* The root is --root, or root.pem in the data folder. */
static bool
read_root(const struct invocation *inv, struct bytes *ret, struct fault *f)
{
	char path[CONF_TEXT_MAX + 32];
	const char *root = cli_option(inv, "root");

	if (root == NULL && !settings_path(&inv->settings, "root.pem", path, sizeof(path)))
		return fault_set(f, FAULT_BADREQ, "data: the path is too long");
	return cli_read_file(root == NULL ? path : root, CREDENTIAL_FILE_MAX, ret, f);
}

static bool
bundle_verify(struct bundle *b, struct fault *f)
{
	if ((b->zones = zones_new(zoneinfo_fetch, NULL)) == NULL)
		return fault_set(f, FAULT_INTERNAL, "bundle: out of memory");
	return offline_set_open(
	    octets_bytes(&b->file), octets_bytes(&b->root), b->zones, &b->set, f);
}

/* Whole, in the place of an earlier one. */
static bool
write_file(const char *path, struct octets o, struct fault *f)
{
	const char *slash = strrchr(path, '/');
	char dir[CREDENTIAL_PATH_MAX] = ".";

	if (slash != NULL)
		(void)snprintf(
		    dir, sizeof(dir), "%.*s", slash == path ? 1 : (int)(slash - path), path);
	return credential_replace(dir, slash == NULL ? path : slash + 1, 0644, o, f);
}

/* --- policy bundle ------------------------------------------------------------------------------
 */

static void
put_head(struct json *j, const struct offline_head *h)
{
	json_put_text(j, "origin", h->origin);
	json_put_number(j, "sequence", (int64_t)h->sequence);
	json_put_time(j, "at", h->at_s);
	json_put_time(j, "until", h->until_s);
}

static size_t
count_bad(const struct feed_set *s)
{
	size_t bad = 0;

	for (size_t i = 0; i < s->rows; i++)
		bad += s->row[i].state == STANDING_REVOKED || s->row[i].state == STANDING_HELD;
	return bad;
}

static void
tell_bundle(const struct invocation *inv, const struct bundle *b)
{
	const struct offline_head *h = offline_set_head(b->set);
	size_t bad = count_bad(offline_set_feed(b->set));
	char at[TEXT_TIME_MAX], until[TEXT_TIME_MAX];
	struct json *j;

	if (inv->json) {
		j = json_object();
		put_head(j, h);
		json_put_number(j, "policies", (int64_t)h->policies_n);
		json_put_hex(
		    j, "policy", set_digest(offline_set_policies(b->set)), DOCUMENT_DIGEST_OCTETS);
		json_put_number(j, "not_good", (int64_t)bad);
		json_put_number(j, "octets", (int64_t)b->file.n);
		cli_print_json(stdout, j);
		json_free(j);
		return;
	}
	text_time(h->at_s, at);
	text_time(h->until_s, until);
	(void)printf("%s: made %s, good until %s\n%zu policies, %zu certificates not good, %zu "
		     "octets\n",
	    h->origin, at, until, h->policies_n, bad, b->file.n);
	(void)printf("Next, without the service: quatrain policy decide --bundle FILE --root ROOT "
		     "--cert CERT --input FILE\n");
}

/* An older one than the file has is not put in its place. */
static bool
is_newer(const struct bundle *b, const char *out, struct fault *f)
{
	struct bundle old = { .set = NULL };
	struct fault none;
	bool newer = true;

	bytes_put_octets(&old.root, octets_bytes(&b->root));
	if (cli_read_file(out, BYTES_MAX, &old.file, &none) && bundle_verify(&old, &none) &&
	    strcmp(offline_set_head(old.set)->origin, offline_set_head(b->set)->origin) == 0)
		newer = offline_set_head(b->set)->sequence >= offline_set_head(old.set)->sequence;
	bundle_close(&old);
	return newer || fault_set(f, FAULT_STALE, "bundle: %s holds a newer one", out);
}

int
policy_bundle_command(const struct invocation *inv)
{
	const char *out = cli_option(inv, "out");
	struct bundle b = { .set = NULL };
	struct client *c = NULL;
	char path[CLI_PATH_MAX];
	struct fault f;
	bool ok;

	(void)snprintf(
	    path, sizeof(path), "/v1/tenants/%s/policy/bundle", cli_option(inv, "tenant"));
	ok = read_root(inv, &b.root, &f) && cli_open(inv, &c, &f) &&
	     client_get(c, path, "application/octet-stream", &b.file, &f) &&
	     bundle_verify(&b, &f) && is_newer(&b, out, &f) &&
	     write_file(out, octets_bytes(&b.file), &f);
	if (ok)
		tell_bundle(inv, &b);
	client_close(c);
	bundle_close(&b);
	return ok ? CLI_OK : cli_refuse(inv, &f);
}

/* --- policy decide ------------------------------------------------------------------------------
 */

struct deciding {
	const struct invocation *inv;
	struct bundle bundle;
	struct bytes cert;
	struct policy_request request;
	struct offline_subject who;
	struct offline_verdict verdict;
	int64_t now_s;
};

/* What was held before must be read, or nothing is; that there is nothing yet is no fault. */
static bool
hold(struct deciding *d, struct fault *f)
{
	const char *state = cli_option(d->inv, "state");
	struct offline_held held = { .sequence = 0 };
	struct bytes text = { 0 };
	char path[CREDENTIAL_PATH_MAX];
	bool ok;

	(void)snprintf(path, sizeof(path), "%.4000s%s",
	    state == NULL ? cli_option(d->inv, "bundle") : state, state == NULL ? ".held" : "");
	ok = cli_read_file(path, HELD_MAX, &text, f);
	if (!ok && f->code == FAULT_NOTFOUND)
		ok = true;
	else
		ok = ok && offline_held_read(octets_bytes(&text), &held, f);
	bytes_clear(&text);
	ok = ok && offline_held_take(&held, d->bundle.set, d->now_s, f);
	if (ok) {
		offline_held_text(&held, &text);
		ok = bytes_ok(&text, f) && write_file(path, octets_bytes(&text), f);
	}
	bytes_free(&text);
	return ok;
}

static struct json *
verdict_json(const struct deciding *d)
{
	const struct offline_verdict *v = &d->verdict;
	struct json *j;

	if (v->decided) {
		j = explain_json(
		    offline_set_policies(d->bundle.set), &v->request, NULL, &v->decision);
		if (!cli_flag(d->inv, "explain"))
			json_free(json_take(j, "considered"));
	} else {
		j = json_object();
		json_put_text(j, "decision", "deny");
		json_put_text(j, "code", v->code);
		json_put_octets(j, "why", octets_text(v->why));
	}
	if (d->who.id[0] != '\0')
		json_put_octets(j, "subject", octets_text(d->who.id));
	put_head(j, offline_set_head(d->bundle.set));
	return j;
}

static void
tell_text(const struct deciding *d, const struct json *j)
{
	struct bytes text = { 0 };

	if (d->verdict.decided)
		explain_text(j, &text);
	else
		bytes_put_fmt(&text, "=> deny %s\n   %s\n", d->verdict.code, d->verdict.why);
	cli_policy_put_lines(&text);
	bytes_free(&text);
	(void)printf("Next: quatrain policy bundle --tenant T --out FILE, when the service is in "
		     "reach\n");
}

static bool
decide_offline(struct deciding *d, struct fault *f)
{
	const struct invocation *inv = d->inv;

	if (!read_root(inv, &d->bundle.root, f) ||
	    !cli_read_file(cli_option(inv, "bundle"), BYTES_MAX, &d->bundle.file, f) ||
	    !cli_read_file(cli_option(inv, "cert"), CREDENTIAL_FILE_MAX, &d->cert, f) ||
	    !policy_request_read(cli_option(inv, "input"), &d->request, f) ||
	    !bundle_verify(&d->bundle, f) || !hold(d, f))
		return false;
	offline_set_decide(d->bundle.set, octets_bytes(&d->cert), &d->request.request, d->now_s,
	    NULL, &d->who, &d->verdict);
	return true;
}

int
policy_decide_command(const struct invocation *inv)
{
	struct deciding d = { .inv = inv, .now_s = clock_now_s() };
	struct json *j;
	struct fault f;
	int status;

	if (!decide_offline(&d, &f)) {
		status = cli_refuse(inv, &f);
	} else {
		j = verdict_json(&d);
		if (inv->json)
			cli_print_json(stdout, j);
		else
			tell_text(&d, j);
		json_free(j);
		status = d.verdict.permit ? CLI_OK : CLI_REFUSED;
	}
	policy_request_free(&d.request);
	bytes_free(&d.cert);
	bundle_close(&d.bundle);
	return status;
}
