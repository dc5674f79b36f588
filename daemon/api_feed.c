/* daemon/api_feed.c - the revocation feed: pieces that the signer signed, kept while they say what
 * is so; see api.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ca/feed_piece.h"
#include "ca/wire.h"
#include "daemon/api.h"

static const char type_text[] = "text/plain; charset=utf-8";

/* A question under way, as x->state. */
struct asked {
	struct api *api;
	char what[API_FEED_WHAT_MAX];
	struct feed_edge edge;
	uint64_t platform;
	int64_t at_us;
};

bool
api_feed_tenant(struct api_call *c, struct fault *f)
{
	if (c->tenant[0] != '\0')
		return true;
	if (!api_query(c->x, "tenant", c->tenant, sizeof(c->tenant), f))
		return false;
	if (text_is_label(c->tenant))
		return true;
	c->tenant[0] = '\0';
	return fault_set(f, FAULT_BADREQ, "tenant: expected a tenant's name");
}

void
api_feed_free(struct api *a)
{
	for (size_t i = 0; i < API_FEED_KEPT; i++) {
		shared_drop(a->feed[i].note);
		a->feed[i] = (struct api_feed){ .note = NULL };
	}
}

/* A piece that is young, and since which no standing changed, nor any CA's. */
static struct api_feed *
find_kept(struct api *a, const struct asked *q)
{
	for (size_t i = 0; i < API_FEED_KEPT; i++) {
		struct api_feed *k = &a->feed[i];

		if (k->note != NULL && strcmp(k->what, q->what) == 0 && k->size == q->edge.size &&
		    memcmp(k->hash, q->edge.hash, sizeof(k->hash)) == 0 &&
		    k->platform == q->platform && q->platform != 0 &&
		    q->at_us - k->at_us < a->feed_fresh_s * 1000000)
			return k;
	}
	return NULL;
}

static void
keep(struct api *a, const struct asked *q, struct shared *note)
{
	struct api_feed *k = &a->feed[0];

	/* In the place of what it replaces, else of the eldest; a free one is that. */
	for (size_t i = 0; i < API_FEED_KEPT; i++) {
		if (strcmp(a->feed[i].what, q->what) == 0) {
			k = &a->feed[i];
			break;
		}
		if (a->feed[i].at_us < k->at_us)
			k = &a->feed[i];
	}
	shared_drop(k->note);
	k->note = shared_hold(note);
	memcpy(k->what, q->what, sizeof(k->what));
	memcpy(k->hash, q->edge.hash, sizeof(k->hash));
	k->size = q->edge.size;
	k->platform = q->platform;
	k->at_us = q->at_us;
}

static void
send(struct exchange *x, struct shared *note)
{
	x->shared = shared_hold(note);
	x->type = type_text;
	x->status = 200;
	exchange_header(x, "Cache-Control", "no-store");
}

static void
answered(struct exchange *x, uint16_t code, struct octets body)
{
	struct asked *q = x->state;
	struct shared *note;
	struct fault f;

	if (code != 0) {
		fault_set(&f, (enum fault_code)code, "%.*s", (int)body.n, (const char *)body.at);
		api_problem(x, &f);
		return;
	}
	if ((note = shared_new(body.n)) == NULL) {
		fault_set(&f, FAULT_INTERNAL, "api: out of memory");
		api_problem(x, &f);
		return;
	}
	memcpy(note->at, body.at, body.n);
	keep(q->api, q, note);
	send(x, note);
	shared_drop(note);
}

/* "changes N", "snapshot PLACE" or "certificates". */
static bool
read_what(const struct exchange *x, char to[static 96], struct fault *f)
{
	char after[24], place[FEED_PLACE_OCTETS * 2 + 1], certificates[8];

	if (!api_query(x, "after", after, sizeof(after), f) ||
	    !api_query(x, "place", place, sizeof(place), f) ||
	    !api_query(x, "certificates", certificates, sizeof(certificates), f))
		return false;
	if ((after[0] != '\0') + (place[0] != '\0') + (certificates[0] != '\0') > 1)
		return fault_set(
		    f, FAULT_BADREQ, "after, place, certificates: expected one of them");
	if (strspn(after, "0123456789") != strlen(after) || strlen(after) > 18)
		return fault_set(f, FAULT_BADREQ, "after: expected how many changes you have");
	if (strspn(place, "0123456789abcdef") != strlen(place) ||
	    (place[0] != '\0' && strlen(place) != sizeof(place) - 1))
		return fault_set(f, FAULT_BADREQ, "place: expected the place that a page names");
	if (certificates[0] != '\0' && strcmp(certificates, "yes") != 0)
		return fault_set(f, FAULT_BADREQ, "certificates: expected yes");
	if (certificates[0] != '\0')
		(void)snprintf(to, 96, "certificates");
	else if (after[0] != '\0')
		(void)snprintf(to, 96, "changes %s", after);
	else
		(void)snprintf(to, 96, "snapshot %s", place[0] == '\0' ? "-" : place);
	return true;
}

bool
api_feed(const struct api_call *c, struct fault *f)
{
	struct asked *q = calloc(1, sizeof(*q));
	struct exchange *x = c->x;
	struct wire_act a = { .peer = x->peer };
	const struct api_feed *kept;
	struct ledger *l;
	char what[96];

	if (q == NULL)
		return fault_set(f, FAULT_INTERNAL, "api: out of memory");
	q->api = c->api;
	q->at_us = clock_steady_us();
	q->platform = store_edition(ledger_store(realm_platform(c->api->realm)));
	if (!read_what(x, what, f) || !realm_ledger(c->api->realm, c->tenant, &l, f) ||
	    !feed_edge(l, &q->edge, f)) {
		free(q);
		return false;
	}
	(void)snprintf(q->what, sizeof(q->what), "%s %s", c->tenant, what);
	if ((kept = find_kept(c->api, q)) != NULL) {
		send(x, kept->note);
		free(q);
		return true;
	}
	memcpy(a.tenant, c->tenant, sizeof(a.tenant));
	(void)snprintf(a.source, sizeof(a.source), "%s", x->source);
	a.object = octets_text(what);
	a.json = octets_text("{}");
	wire_put_act(&a, &x->ask.body);
	x->state = q;
	x->ask.verb = WIRE_FEED;
	x->ask.then = answered;
	return true;
}
