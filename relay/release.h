/*
 * relay/release.h - a held job is released to a printer: /release.
 *
 *   POST /release  {"printer":"hp-1","jobs":[7,8]} or {"printer":"hp-1","all":true}
 *                      its owner, by certificate: jobs without a PIN
 *                  {"printer":"hp-1","job":7,"pin":"4711"}
 *                      the printer, a gateway that speaks for it, or the owner
 *                  {"printer":"hp-1","owner":"workstation/ws-1","pin":"4711"}
 *                      the printer or a gateway: each of that owner's jobs with this PIN
 *                  {"printer":"hp-1","badge":"04a2..."}
 *                      the printer or a gateway: whatever its holder's jobs without a PIN are
 *   200 {"printer","released":[{"id","uuid","octets"}],"kept":[{"id","why"}]}; why is one of pin
 *   (one is wanted), policy, printing, over, incoming, unknown, locked
 *   GET /release?printer=hp-1[&owner=workstation/ws-1]  what could be released: its owner's own, or
 *   for a printer or gateway those of owner: {"items":[{"id","octets","created","expires","copies",
 *   "pin"}]}
 *
 * A guess of a PIN counts before it is looked at, in the spool, durably: so a hundred at once are
 * no more than JOB_ATTEMPTS_MAX, and a connection that is cut takes none back. The right one is not
 * counted. With the last wrong one the job is canceled (account-authorization-failed), and its
 * document's key is gone. Wrong badges are limited for each printer.
 *
 * A PIN or badge becomes a verifier in two steps that hold together: a keyed hash by the signer,
 * whose key nobody else has, and Argon2id (RFC 9106) in a thread. A badge's has a salt
 * of its tenant alone, so that it is found by itself.
 *
 * Sources: PWG 5100.11-2024 (job-release-action, job-password); RFC 9457.
 */
#ifndef QUATRAIN_RELAY_RELEASE_H
#define QUATRAIN_RELAY_RELEASE_H

#include "base/quota.h"
#include "ca/realm.h"
#include "relay/decider.h"
#include "relay/spool.h"

#define RELEASE_PATH       "/release"
#define RELEASE_HOLDER_MAX 128 /* "workstation/ws-1" */
#define RELEASE_BODY_MAX   4096
#define RELEASE_JOBS_MAX   256 /* of one request */
#define RELEASE_PINS_MAX   16  /* jobs that one PIN is tried on */
#define RELEASE_PIN_MAX    255 /* octets (PWG 5100.11: octetString(255)) */
/* Wrong badges of one printer: so many, and so many again in that time. */
#define RELEASE_BADGES   10
#define RELEASE_BADGES_S 300

/* Of a job's verifier (relay/job.h): salt, then what became of the PIN. */
#define RELEASE_SALT 16
#define RELEASE_HARD 32
_Static_assert(RELEASE_SALT + RELEASE_HARD == JOB_VERIFIER, "a verifier is a salt and a hash");

struct release_call;

/* One verifier on its way through a thread. */
struct release_work {
	struct bytes keyed; /* what the signer made of the PIN or badge */
	uint8_t salt[RELEASE_SALT];
	uint8_t ret[RELEASE_HARD];
	bool ok;
	void (*done)(struct release_work *w); /* on the loop, once */
	struct release_call *call;
};

/* What it stands on, set by who has it; the rest is its own and zeros at first. */
struct release {
	struct realm *realm;
	struct spool *spool;
	const struct decider *decider;
	int64_t (*now_s)(void);
	int64_t (*steady_us)(void);
	/* The question to the signer that makes a keyed hash of a PIN or badge of that tenant, into
	   x->ask but its then; and the hash in its answer, lent. */
	bool (*key)(void *with, struct exchange *x, const char *tenant, struct octets secret,
	    struct fault *f);
	bool (*keyed)(void *with, struct octets answer, struct octets *ret, struct fault *f);
	/* Whose badge has that verifier: "workstation/ws-1". Faults: FAULT_NOTFOUND nobody's. */
	bool (*holder)(void *with, const char *tenant, const uint8_t badge[RELEASE_HARD],
	    char ret[RELEASE_HOLDER_MAX], struct fault *f);
	/* Have it made in a thread, and call done on the loop. Fault: FAULT_BUSY. */
	bool (*harden)(void *with, struct release_work *w, struct fault *f);
	/* j became what it is now; it will be durable with the next commit. */
	void (*changed)(void *with, const struct job *j);
	void *with;

	/* its own */
	struct release_call *calls; /* under way */
	struct quota *badges;
	uint8_t seed[16];
};

/* Fault: FAULT_INTERNAL. */
bool release_start(struct release *r, struct fault *f) CHECKED;
void release_end(struct release *r); /* no exchange and no work is under way any more */

/* who: whom x's certificate was found to be, good now. False: the path is another's. */
bool release_serve(struct release *r, struct exchange *x, const struct identity *who);
/* The spool was committed (failed: NULL), or was not. To be called after each spool_commit(). */
void release_committed(struct release *r, const struct fault *failed);

#endif
