/*
 * ca/offline_set.h - deciding without the service: a bundle that was verified, held in memory.
 *
 * Pure; for the command line and for whoever relays at a branch. It fails closed: a bundle that is
 * too old, a clock that was set back, a certificate that the bundle does not vouch for, each ends
 * in a deny with a code of its own. What only a ledger knows (cert.key_pinned, anomaly.score) is
 * not known here, nor are rates and quotas without counters: that stops a permit and fires a
 * forbid.
 */
#ifndef QUATRAIN_CA_OFFLINE_SET_H
#define QUATRAIN_CA_OFFLINE_SET_H

#include "ca/feed_set.h"
#include "ca/offline_file.h"
#include "policy/set.h"

#define OFFLINE_SKEW_S INT64_C(60) /* of clocks: a bundle may come from so far ahead */

struct offline_set;

/*
 * Verify file, up to the root certificate root_pem: every signature, digest and order. Nothing of
 * file is needed afterwards; zones must outlive ret.
 * Faults: FAULT_BADREQ what does not hold or is no bundle, FAULT_DENIED no path to the root,
 * FAULT_LIMIT, FAULT_INTERNAL
 */
bool offline_set_open(struct octets file, struct octets root_pem, struct zones *zones,
    struct offline_set **ret, struct fault *f) CHECKED;
void offline_set_free(struct offline_set *s); /* NULL is allowed */

const struct offline_head *offline_set_head(const struct offline_set *s); /* without text */
const struct feed_set *offline_set_feed(const struct offline_set *s);
const struct set *offline_set_policies(const struct offline_set *s);

/*
 * What a decider remembers beside the bundle, so that neither an older bundle nor an older clock
 * comes back: two lines of text, whose first is the origin's.
 */
struct offline_held {
	char origin[FEED_ORIGIN_MAX]; /* empty: nothing was held yet */
	uint64_t sequence;
	int64_t clock_s; /* the latest time that it decided at */
};
bool offline_held_read(struct octets text, struct offline_held *ret, struct fault *f) CHECKED;
void offline_held_text(const struct offline_held *h, struct bytes *ret);
/* h becomes what is held from now on. Faults: FAULT_STALE s is older than what was held, or the
 * clock is; FAULT_BADREQ it is another tenant's. */
bool offline_held_take(
    struct offline_held *h, const struct offline_set *s, int64_t now_s, struct fault *f) CHECKED;

/* Whose certificate it is, as far as the bundle proves it; the request lends from it. */
struct offline_subject {
	char id[NAME_URI_MAX], role[TEXT_LABEL_MAX], name[TEXT_LABEL_MAX];
	char serial[2 * TBS_SERIAL_OCTETS + 1], sha256[2 * OFFLINE_DIGEST_OCTETS + 1];
	char root[5 + 2 * TBS_KEY_ID_OCTETS], region[5 + 2 * TBS_KEY_ID_OCTETS],
	    tenant[5 + 2 * TBS_KEY_ID_OCTETS];
	struct provenance provenance;
	bool has_provenance;
	int64_t not_before_s, not_after_s;
};

struct offline_verdict {
	bool permit;
	const char *code; /* decision_word(), or stale, clock, certificate, tenant, revoked, held */
	bool decided;     /* decision is the policies' */
	struct decision decision;
	struct request request;   /* that it was made of, where decided */
	char why[FAULT_TEXT_MAX]; /* where not */
};

/*
 * May the holder of the certificate pem (its first; what comes with it is not looked at) do what
 * asked says? Of asked the action, resource, source, context, device and supports are taken; who,
 * with what certificate and when are not. who is filled in as far as it was proven.
 */
void offline_set_decide(const struct offline_set *s, struct octets pem, const struct request *asked,
    int64_t now_s, struct counters *counters, struct offline_subject *who,
    struct offline_verdict *ret);

#endif
