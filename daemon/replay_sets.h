/*
 * daemon/replay_sets.h - the policies that decided once, for whoever decides again: from files, or
 * from the service that keeps every document (ca/policy_book.h).
 */
#ifndef QUATRAIN_DAEMON_REPLAY_SETS_H
#define QUATRAIN_DAEMON_REPLAY_SETS_H

#include "daemon/client.h"
#include "daemon/policy_file.h"
#include "policy/inputs.h"

#define REPLAY_SETS_MAX 64 /* that one command holds; the oldest goes */

struct replay_sets {
	struct client *client; /* NULL: files alone */
	const char *tenant;
	size_t n, next;
	struct replay_set {
		char digest[2 * DOCUMENT_DIGEST_OCTETS + 1];
		struct policy_files files;
	} * at; /* REPLAY_SETS_MAX of them */
};

/* Begin with zeros. Fault: FAULT_INTERNAL. */
bool replay_sets_open(struct replay_sets *s, struct fault *f) CHECKED;
void replay_sets_close(struct replay_sets *s);
/* All files of a set, or folders of them. Faults: those of policy_files_add() and set_compile(). */
bool replay_sets_add(
    struct replay_sets *s, const char *const *paths, size_t n, struct fault *f) CHECKED;

/* p, of an entry of which the built-in rules say the same, goes on by what its "decided" tells: its
 * outcome may become another. Fault: FAULT_BUSY and the like of the service. */
bool replay_sets_decide(
    struct replay_sets *s, const struct json *decided, struct replay *p, struct fault *f) CHECKED;

#endif
