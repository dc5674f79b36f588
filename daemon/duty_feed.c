/* daemon/duty_feed.c - a piece of the revocation feed, signed; see signer.h and ca/feed_piece.h. */
#include <string.h>

#include "ca/feed_cut.h"
#include "ca/found.h"
#include "daemon/signer.h"

#define WHAT_MAX 96 /* what is asked for, as daemon/api_feed.c spells it */

static bool
cut_snapshot(const struct feed_cut *c, const char *hex, struct bytes *lines, struct feed_piece *p,
    struct fault *f)
{
	uint8_t place[FEED_PLACE_OCTETS];

	if (strcmp(hex, "-") == 0)
		return feed_cut_snapshot(c, NULL, lines, p, f);
	if (!text_unhex(hex, place, sizeof(place)))
		return fault_set(f, FAULT_BADREQ, "place: expected the place that a page names");
	return feed_cut_snapshot(c, place, lines, p, f);
}

static bool
cut_changes(const struct feed_cut *c, const char *decimal, struct bytes *lines,
    struct feed_piece *p, struct fault *f)
{
	uint64_t after = 0;

	if (*decimal == '\0' || strlen(decimal) > 18 ||
	    strspn(decimal, "0123456789") != strlen(decimal))
		return fault_set(f, FAULT_BADREQ, "after: expected how many changes you have");
	for (; *decimal != '\0'; decimal++)
		after = after * 10 + (uint64_t)(*decimal - '0');
	return feed_cut_changes(c, after, lines, p, f);
}

static bool
make_piece(const struct feed_cut *c, const char *what, const struct key *k, struct bytes *answer,
    struct fault *f)
{
	static const char snapshot[] = "snapshot ", changes[] = "changes ";
	struct bytes lines = { 0 };
	struct feed_piece p;
	bool ok;

	if (strncmp(what, snapshot, sizeof(snapshot) - 1) == 0)
		ok = cut_snapshot(c, what + sizeof(snapshot) - 1, &lines, &p, f);
	else if (strncmp(what, changes, sizeof(changes) - 1) == 0)
		ok = cut_changes(c, what + sizeof(changes) - 1, &lines, &p, f);
	else
		ok = fault_set(f, FAULT_BADREQ, "feed: nobody asks so");
	ok = ok && feed_piece_sign(&p, k, answer, f);
	bytes_free(&lines);
	return ok;
}

static bool
read_what(struct octets object, char to[static WHAT_MAX], struct fault *f)
{
	if (object.n == 0 || object.n >= WHAT_MAX || memchr(object.at, 0, object.n) != NULL)
		return fault_set(f, FAULT_BADREQ, "feed: nobody asks so");
	memcpy(to, object.at, object.n);
	to[object.n] = '\0';
	return true;
}

bool
duty_feed(struct signer *s, struct errand *j, struct fault *f)
{
	struct feed_cut c = {
		.realm = s->realm, .now_s = j->now_s, .valid_s = s->settings.revocations.valid_s
	};
	struct json *body = NULL;
	char what[WHAT_MAX];
	struct authority ca;
	struct delegate d;
	struct wire_act a;
	struct tenant t;

	if (!signer_open_act(s, j, ACT_FEED, &a, &body, f))
		return false;
	json_free(body);
	j->untold = true; /* it may read; what there is not is no entry */
	if (!read_what(a.object, what, f) || !realm_ledger(s->realm, a.tenant, &c.ledger, f) ||
	    !realm_tenant(s->realm, a.tenant, &t, f) ||
	    !realm_authority(s->realm, t.key_id, &ca, f) ||
	    !keyring_delegate(s->keys, &ca, &found_log, j->now_s, &d, f))
		return false;
	if (strcmp(what, "offline") == 0)
		return duty_offline_head(s, &c, d.key, &j->answer, f);
	if (strcmp(what, "certificates") != 0)
		return make_piece(&c, what, d.key, &j->answer, f);
	return cert_pem(d.certificate, &j->answer, f) &&
	       realm_chain_pem(s->realm, ca.key_id, false, &j->answer, f);
}
