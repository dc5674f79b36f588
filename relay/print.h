/*
 * relay/print.h - printing by any client: the face of an IPP Everywhere queue.
 *
 * POST /ipp/print is the tenant's pull queue: what is sent there is held until its owner releases
 * it somewhere. POST /ipp/print/NAME is the queue of the printer NAME: its connector may fetch a
 * job at once. POST /ipp/job/ID is a job's own address. The owner of a job is who the certificate
 * says, never requesting-user-name; nobody sees another's job.
 *
 * A request is judged by its attributes before an octet of its document is used. The document is
 * sealed on its way in, piece by piece, to the tenant's release key, or passed on as it comes where
 * the client sealed it; it is never in memory as a whole, and never inflated. What was answered
 * with a job is durable.
 *
 * Sources: RFC 8010, RFC 8011, PWG 5100.7 (Close-Job, Cancel-My-Jobs), PWG 5100.11 (job-password),
 * PWG 5100.12 (IPP/2.0), PWG 5100.13 (Identify-Printer), PWG 5100.14 (IPP Everywhere 1.1).
 */
#ifndef QUATRAIN_RELAY_PRINT_H
#define QUATRAIN_RELAY_PRINT_H

#include "base/exchange.h"
#include "ca/name.h"
#include "relay/decider.h"
#include "relay/print_names.h"
#include "relay/release.h"
#include "relay/spool.h"

struct call;

/* What it stands on, set by who has it; the rest is its own and zeros at first. */
struct print {
	struct spool *spool;
	const struct name_space *space; /* of the owners' ids */
	const struct decider *decider;
	int64_t (*now_s)(void);
	int64_t started_s;
	int64_t hold_s; /* until a job that nobody printed is canceled */
	/* Has the tenant a printer of that name? */
	bool (*has_printer)(void *with, const char *tenant, const char *name);
	/* Append the DER of the certificate that the tenant's documents are sealed to; false: it is
	   not known yet. */
	bool (*recipient)(void *with, const char *tenant, struct bytes *ret);
	/* Jobs only wait here for another queue, which decides what becomes of them: pending, until
	   whoever passes them on says more. */
	bool passes_on;
	/* claimed is requesting-user-name, and becomes what x's client is called. NULL: it is taken
	   for what it is, a claim. */
	void (*user)(void *with, const struct exchange *x, char claimed[static PRINT_NAME_MAX]);
	bool asks; /* where recipient knows none, the signer does (WIRE_RELEASE_KEY) */
	/* Of a PIN: as of struct release (relay/release.h), with the same with. NULL: none is
	 * taken. */
	bool (*key)(void *with, struct exchange *x, const char *tenant, struct octets secret,
	    struct fault *f);
	bool (*keyed)(void *with, struct octets answer, struct octets *ret, struct fault *f);
	bool (*harden)(void *with, struct release_work *w, struct fault *f);
	/* Somebody stands before that printer, and wants to see which it is. NULL: nobody tells it.
	 */
	bool (*identify)(void *with, const char *tenant, const char *printer, const char *action);
	/* Where there is no key: SHA-256 of j's PIN is for whoever passes it on, to be kept. NULL:
	   none is taken. */
	bool (*keep_pin)(
	    void *with, const struct job *j, const struct secret *pin, struct fault *f);
	/* j became what it is now; it will be durable with the next commit. NULL: nobody cares. */
	void (*changed)(void *with, const struct job *j);
	void *with;

	/* its own */
	struct call *waiting;      /* for the commit */
	struct call *sending;      /* a document */
	unsigned hardening;        /* PINs that a thread has */
	struct print_names *names; /* what people called their jobs; in memory only */
};

/* Fault: FAULT_INTERNAL. */
bool print_start(struct print *p, struct fault *f) CHECKED;
void print_end(struct print *p); /* no exchange and no work is under way any more */

/* who: whom x's certificate was found to be, good now. False: it is none of its paths. Otherwise x
 * is answered, or takes its body. */
bool print_serve(struct print *p, struct exchange *x, const struct identity *who);

/* The spool was committed (failed: NULL), or was not: who waited for it is answered. To be called
 * after each spool_commit(). */
void print_committed(struct print *p, const struct fault *failed);

#endif
