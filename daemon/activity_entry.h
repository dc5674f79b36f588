/*
 * daemon/activity_entry.h - a fact as the line that the activity log keeps; see activity.h.
 *
 * Canonical JSON (RFC 8785), without what the signer adds (at, n, prev):
 *
 *	act       connect, session.cut, authz.decided, activity.lost, print.submit, print.release,
 *	          print.fetch, scan.send; and those of daemon/relay_note.h, which are otherwise
 *	decision  permit or deny; code, rule, id, policy: of the decision, where one was made
 *	request   what was decided, as policy/request.h writes it, so that it can be decided again
 *	t         when, RFC 3339
 *	anomaly   score, and its reasons: word, points, seen, usual
 *	from, why, pep, took_us, count
 *
 * Whatever a peer had a say in goes in as base/json.h has it: on one line, and as no other line. A
 * line that would be too long is written without its request, and says so ("omitted").
 */
#ifndef QUATRAIN_DAEMON_ACTIVITY_ENTRY_H
#define QUATRAIN_DAEMON_ACTIVITY_ENTRY_H

#include "daemon/activity.h"

#define ACTIVITY_ENTRY_MAX 7168 /* octets: under LOG_ENTRY_MAX with what the signer adds */

/* Into ret, which is empty. False: no memory, or it is too long whatever is left out. */
bool activity_entry(const struct activity_fact *fact, struct bytes *ret);
bool activity_entry_lost(uint64_t count, int64_t now_s, struct bytes *ret);

#endif
