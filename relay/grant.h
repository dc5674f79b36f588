/*
 * relay/grant.h - the leave to deliver one scan: signed, short-lived, for exactly one user, device,
 * connector, destination and size.
 *
 * A scan goes from the device straight through its connector to where it belongs, and never through
 * the relay, which only decides. What it decided is this text, a signed note (C2SP signed-note) by
 * the key of the tenant's log, that the connector verifies up to the root before it sends an
 * octet:
 *
 *	acme.eu.example.org/scan-grant
 *	id 32 letters of hex               once: who has used it does not use it again
 *	user spiffe://.../workstation/alice-pc
 *	device printer/hp-1
 *	connector spiffe://.../gateway/gw-1
 *	profile drive
 *	destination SHA-256, hex, of its URL
 *	octets 209715200                   at most
 *	at 2026-11-23T04:30:00Z
 *	until 2026-11-23T04:32:00Z         to begin with; what has begun may end
 *	decision 32 letters of hex, or -   as it stands in the activity log
 */
#ifndef QUATRAIN_RELAY_GRANT_H
#define QUATRAIN_RELAY_GRANT_H

#include "ca/feed.h"
#include "ca/signed_text.h"
#include "relay/job.h"

#define GRANT_ID_LETTERS 32
#define GRANT_DIGEST     32
#define GRANT_VALID_S    INT64_C(120)
#define GRANT_SKEW_S     INT64_C(60) /* of clocks: one may come from so far ahead */
#define GRANT_NOTE_MAX   4096
#define GRANT_OCTETS_MAX (UINT64_C(1) << 40)
#define GRANT_DEVICE_MAX (2 * TEXT_LABEL_MAX)

struct grant {
	char origin[FEED_ORIGIN_MAX];
	char id[GRANT_ID_LETTERS + 1];
	char user[JOB_OWNER_MAX], device[GRANT_DEVICE_MAX], connector[JOB_OWNER_MAX];
	char profile[TEXT_LABEL_MAX];
	uint8_t destination[GRANT_DIGEST];
	uint64_t octets;
	int64_t at_s, until_s;
	char decision[GRANT_ID_LETTERS + 1]; /* "-": nothing was in force */
	/* of one that was read */
	struct octets text; /* what is signed; lent from the note */
	struct signed_by by;
};

/* "acme.eu.example.org/scan-grant" */
void grant_origin(const struct name_space *ns, const char *tenant, char to[static FEED_ORIGIN_MAX]);

/* The signed note, appended. Faults: FAULT_BADREQ a field that no grant can have, FAULT_INTERNAL.
 */
bool grant_sign(
    const struct grant *g, const struct key *k, struct bytes *ret, struct fault *f) CHECKED;
/* A note, lent by ret. Nothing is verified. Fault: FAULT_BADREQ, with the line. */
bool grant_read(struct octets note, struct grant *ret, struct fault *f) CHECKED;

/* What is about to be done with it. */
struct grant_use {
	const char *origin, *user, *device, *connector, *profile;
	struct octets destination; /* its URL */
	uint64_t octets;           /* 0: not known yet; what comes is counted against g->octets */
	int64_t now_s;
};
/*
 * Is it ours to use so? signer: PEM of the log's certificate, tenant and region; root_pem: what the
 * connector pins. Faults: FAULT_DENIED for another user, device, connector, profile, destination,
 * size or time, or no path to the root; FAULT_BADREQ its signature does not hold
 */
bool grant_verify(const struct grant *g, struct octets signer, struct octets root_pem,
    const struct grant_use *use, struct fault *f) CHECKED;

#endif
