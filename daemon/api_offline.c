/* daemon/api_offline.c - the offline bundle of a tenant: a head and pieces that the signer signed,
 * and what the ledgers have; see api.h and ca/offline_file.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/feed_piece.h"
#include "ca/offline_file.h"
#include "ca/policy_book.h"
#include "ca/wire.h"
#include "daemon/api.h"

#define BUNDLE_MAX (32u << 20) /* octets: 150,000 certificates that are not good */
#define WHAT_MAX   (16 + 2 * FEED_PLACE_OCTETS)

/* What is asked for next. The bundle itself grows in the reply, in the order of its parts. */
enum step { STEP_HEAD, STEP_SIGNER, STEP_SNAPSHOT, STEP_CHANGES };

struct bundling {
	struct realm *realm;
	int64_t now_s;
	char tenant[TEXT_LABEL_MAX];
	enum step step;
	size_t policies_n;
	uint8_t policy[OFFLINE_POLICIES_MAX][OFFLINE_DIGEST_OCTETS];
	uint64_t seq; /* changes that are in it */
	bool began;
};

static void answered(struct exchange *x, uint16_t code, struct octets body);

static void
ask(struct exchange *x, const char *what)
{
	struct bundling *b = x->state;
	struct wire_act a = { .peer = x->peer };

	memcpy(a.tenant, b->tenant, sizeof(a.tenant));
	(void)snprintf(a.source, sizeof(a.source), "%s", x->source);
	a.object = octets_text(what);
	a.json = octets_text("{}");
	bytes_clear(&x->ask.body);
	wire_put_act(&a, &x->ask.body);
	x->ask.verb = WIRE_FEED;
	x->ask.then = answered;
}

static bool
put_policy(struct exchange *x, const uint8_t *digest, struct fault *f)
{
	struct bundling *b = x->state;
	struct bytes text = { 0 };
	struct ledger *l;
	bool ok = realm_ledger(b->realm, b->tenant, &l, f);

	ok = ok && (policy_book_text(l, digest, &text, NULL, f) ||
		       (f->code == FAULT_NOTFOUND &&
			   policy_book_text(realm_platform(b->realm), digest, &text, NULL, f)));
	ok = ok && bytes_ok(&text, f);
	if (ok)
		offline_file_put(OFFLINE_POLICY, octets_bytes(&text), &x->reply);
	bytes_free(&text);
	return ok;
}

/* The CAs that certificates in use are issued by, and those above, each once: but the root, which
 * whoever reads it has. */
static bool
put_authorities(struct exchange *x, struct fault *f)
{
	struct bundling *b = x->state;
	struct level_bundle *all = calloc(1, sizeof(*all));
	struct bytes pem = { 0 };
	bool ok = all != NULL || fault_set(f, FAULT_INTERNAL, "api: out of memory");

	ok = ok && level_bundle(b->realm, b->tenant, b->now_s, all, f);
	for (size_t i = 0; ok && i < all->n; i++) {
		bytes_clear(&pem);
		ok = cert_pem(octets_bytes(&all->der[i]), &pem, f) && bytes_ok(&pem, f);
		if (ok)
			offline_file_put(OFFLINE_AUTHORITY, octets_bytes(&pem), &x->reply);
	}
	if (all != NULL)
		level_bundle_free(all);
	free(all);
	bytes_free(&pem);
	return ok;
}

static bool
take_head(struct exchange *x, struct octets note, struct fault *f)
{
	struct bundling *b = x->state;
	struct offline_head h;

	if (!offline_head_read(note, &h, f)) {
		f->code = FAULT_INTERNAL; /* the signer's own */
		return false;
	}
	b->policies_n = h.policies_n;
	memcpy(b->policy, h.policy, sizeof(b->policy));
	offline_file_begin(&x->reply);
	offline_file_put(OFFLINE_HEAD, note, &x->reply);
	b->step = STEP_SIGNER;
	ask(x, "certificates");
	return true;
}

static bool
take_signer(struct exchange *x, struct octets pem, struct fault *f)
{
	struct bundling *b = x->state;

	offline_file_put(OFFLINE_SIGNER, pem, &x->reply);
	if (!put_authorities(x, f))
		return false;
	for (size_t i = 0; i < b->policies_n; i++)
		if (!put_policy(x, b->policy[i], f))
			return false;
	b->step = STEP_SNAPSHOT;
	ask(x, "snapshot -");
	return true;
}

static void
done(struct exchange *x)
{
	x->type = "application/octet-stream";
	x->status = 200;
	exchange_header(x, "Cache-Control", "no-store");
}

/* Pages of the snapshot, then all changes that there were since its first page was cut. */
static bool
take_piece(struct exchange *x, struct octets note, struct fault *f)
{
	struct bundling *b = x->state;
	char what[WHAT_MAX], hex[2 * FEED_PLACE_OCTETS + 1];
	struct feed_piece *p = calloc(1, sizeof(*p));
	bool ok = p != NULL || fault_set(f, FAULT_INTERNAL, "api: out of memory");

	if (ok && !feed_piece_read(note, p, f))
		ok = false, f->code = FAULT_INTERNAL;
	if (!ok) {
		free(p);
		return false;
	}
	offline_file_put(OFFLINE_REVOCATIONS, note, &x->reply);
	if (b->step == STEP_SNAPSHOT && !b->began)
		b->seq = p->size;
	b->began = true;
	if (b->step == STEP_SNAPSHOT && p->has_to) {
		text_hex(p->to_place, sizeof(p->to_place), hex);
		(void)snprintf(what, sizeof(what), "snapshot %s", hex);
		ask(x, what);
	} else if (b->step == STEP_SNAPSHOT || p->to < p->size) {
		b->seq = b->step == STEP_SNAPSHOT ? b->seq : p->to;
		b->step = STEP_CHANGES;
		(void)snprintf(what, sizeof(what), "changes %" PRIu64, b->seq);
		ask(x, what);
	} else {
		done(x);
	}
	free(p);
	return true;
}

static void
answered(struct exchange *x, uint16_t code, struct octets body)
{
	struct bundling *b = x->state;
	struct fault f;
	bool ok;

	if (code != 0)
		ok = fault_set(
		    &f, (enum fault_code)code, "%.*s", (int)body.n, (const char *)body.at);
	else if (x->reply.n > BUNDLE_MAX)
		ok = fault_set(&f, FAULT_LIMIT, "policy: the bundle is over %u octets", BUNDLE_MAX);
	else if (b->step == STEP_HEAD)
		ok = take_head(x, body, &f);
	else if (b->step == STEP_SIGNER)
		ok = take_signer(x, body, &f);
	else
		ok = take_piece(x, body, &f);
	if (ok)
		return;
	x->ask.verb = 0;
	api_problem(x, &f);
}

bool
api_offline(const struct api_call *c, struct fault *f)
{
	struct bundling *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return fault_set(f, FAULT_INTERNAL, "api: out of memory");
	b->realm = c->api->realm;
	b->now_s = c->now_s;
	memcpy(b->tenant, c->tenant, sizeof(b->tenant));
	c->x->state = b;
	ask(c->x, "offline");
	return true;
}
