/*
 * daemon/audit_json.h - an audit's findings as JSON, for the API and for the command line alike.
 */
#ifndef QUATRAIN_DAEMON_AUDIT_JSON_H
#define QUATRAIN_DAEMON_AUDIT_JSON_H

#include "base/json.h"
#include "ca/audit.h"

/* A report whose findings go into an array: all of them, or those that fail and are not checked. */
struct audit_list {
	struct audit_report report;
	struct json *findings;
	bool failing_only;
};

void audit_list_start(struct audit_list *l, bool failing_only);

/* {"level","check","source","kind","result","text"} and, where one proves it, "log", "index",
 * "entry" (the line) and "leaf_hash". */
struct json *audit_json_finding(const struct audit_finding *found);
/* [{"level","subject","serial","not_before","not_after","from"}]; from: the file or our records. */
struct json *audit_json_levels(const struct audit_chain *c);
/* "ok", "holds", "fails", "not_checked" into j. */
void audit_json_counts(struct json *j, const struct audit_report *r);

#endif
