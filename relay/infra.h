/*
 * relay/infra.h - the connectors' side of the relay: IPP Shared Infrastructure Extensions, POST
 * /ipp/infra.
 *
 * A connector is a gateway that speaks for printers (ca/printer.h), or a printer for itself. Each
 * request names its printer by output-device-uuid, which must be one that the certificate speaks
 * for: another's is not-authorized, and said in the log.
 *
 *   Create-Printer-Subscriptions, Renew-Subscription, Cancel-Subscription, Get-Notifications
 *   Get-Jobs            which-jobs=fetchable; without output-device-uuid of all its printers
 *   Fetch-Job           takes the lease. The job's group has, beside its template attributes,
 *                       quatrain-lease-epoch (integer), quatrain-envelope (octetString: the
 *                       document's key for the connector's certificate), quatrain-takeover
 *                       (boolean), quatrain-document-format (mimeMediaType: what is inside),
 *                       quatrain-document-octets (integer, or no-value over 2^31-1)
 *   Acknowledge-Job     fetch-status-code: 0x05xx gives the lease back, another refusal aborts the
 *                       job, none or success keeps it
 *   Fetch-Document      the sealed octets (relay/document.h, number 1), as they lie
 *   Acknowledge-Document  as Acknowledge-Job
 *   Update-Job-Status   output-device-job-state and what was printed; renews the lease
 *   Update-Document-Status  renews the lease
 *   Update-Active-Jobs  job-ids, output-device-job-states and quatrain-lease-epochs: renews those
 *                       leases, ends the others that the connector has on this printer, and answers
 *                       with those that are not as it thinks
 *   Update-Output-Device-Attributes, Deregister-Output-Device, Acknowledge-Identify-Printer
 *   Get-Printer-Attributes  what this object can
 *
 * Whoever fetches a job holds its lease: a number (epoch) that goes up with each fetch, and a time
 * that each message about the job makes longer. A message with an older number is answered
 * client-error-not-fetchable (0x0420) and changes nothing, so that of two connectors one prints. A
 * lease that ran out, or whose holder's certificate is good no more, before the connector said
 * processing makes the job fetchable; after that, another may take it over, and is told so: it asks
 * the printer what became of the job (its name there is "quatrain UUID") before it prints an octet.
 *
 * All that changes a job is answered after the spool's commit.
 *
 * Sources: PWG 5100.18-2015 sections 5 to 8; RFC 3995; RFC 3996; RFC 8011.
 */
#ifndef QUATRAIN_RELAY_INFRA_H
#define QUATRAIN_RELAY_INFRA_H

#include "base/exchange.h"
#include "ca/realm.h"
#include "relay/decider.h"
#include "relay/events.h"
#include "relay/spool.h"

#define INFRA_LEASE_S 60
#define INFRA_WAIT_S  30 /* the longest that Get-Notifications waits */

struct infra_call;
struct infra_devices;

/* A lease that somebody holds. */
struct infra_lease {
	char tenant[TEXT_LABEL_MAX];
	uint32_t job;
	int64_t due_s;
	bool known; /* the holder's certificate: not of a lease of an earlier life */
	uint8_t serial[TBS_SERIAL_OCTETS];
};

/* What it stands on, set by who has it; the rest is its own and zeros at first. */
struct infra {
	struct realm *realm;
	struct spool *spool;
	const struct decider *decider;
	int64_t (*now_s)(void);
	/* The question to the signer that re-wraps j's envelope to x's certificate, into x->ask but
	   its then; and the envelope of the answer, lent. NULL: nobody re-wraps. */
	bool (*rewrap)(void *with, struct exchange *x, const struct identity *who,
	    const struct job *j, struct fault *f);
	bool (*rewrapped)(void *with, struct octets answer, struct octets *ret, struct fault *f);
	/* The lease of epoch j->epoch ended with what j says: one row of usage, into the spool's
	   batch. NULL: nobody counts. */
	void (*usage)(void *with, const struct job *j);
	void *with;

	/* its own */
	struct events *events;
	struct infra_devices *devices;
	struct infra_call *calls; /* that wait: for a commit, or for an event */
	struct infra_lease *leases;
	size_t leases_n, leases_room;
	struct bytes changed; /* jobs whose change is told after the commit */
	int64_t grace_s;      /* no lease of an earlier life ends before */
};

/* Fault: FAULT_INTERNAL. Leases of an earlier life get INFRA_LEASE_S more. */
bool infra_start(struct infra *n, struct fault *f) CHECKED;
void infra_end(struct infra *n); /* no exchange is under way any more */

/* who: whom x's certificate was found to be, good now. False: the path is another's. Otherwise x is
 * answered, or takes its body. */
bool infra_serve(struct infra *n, struct exchange *x, const struct identity *who);
/* The spool was committed (failed: NULL), or was not: who waited for it is answered, and who waits
 * for events is told. To be called after each spool_commit(). */
void infra_committed(struct infra *n, const struct fault *failed);
/* Somebody else put j into the batch as it is: connectors hear of it after the commit. */
void infra_changed(struct infra *n, const struct job *j);
/* Each second: leases that ran out, polls that waited long enough. It may leave the spool dirty. */
void infra_tick(struct infra *n);
/* That connector's certificate ended, or its connection was cut by the process: its leases count as
 * lost. */
void infra_lost(struct infra *n, const struct identity *who);
/* Somebody wants to see which printer it is: its connectors are told. actions: of
 * identify-actions, one keyword. False: no connector ever told of that printer. */
bool infra_identify(struct infra *n, const char *tenant, const char *printer, const char *action);

/* What a printer's connector said of it last. */
struct infra_device {
	int32_t state; /* printer-state: 3 idle, 4 processing, 5 stopped */
	bool accepting;
	char reasons[256];  /* printer-state-reasons, split by commas */
	char message[128];  /* printer-state-message */
	char supplies[512]; /* printer-supply: a line each */
	int64_t at_s;
};
/* False: nothing was said since this process began, or it was deregistered. */
bool infra_device(
    const struct infra *n, const char *tenant, const char *printer, struct infra_device *ret);

#endif
