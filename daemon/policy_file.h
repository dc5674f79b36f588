/*
 * daemon/policy_file.h - policies as files on this machine, for commands that need no authority.
 */
#ifndef QUATRAIN_DAEMON_POLICY_FILE_H
#define QUATRAIN_DAEMON_POLICY_FILE_H

#include "policy/set.h"

#define POLICY_FILES_MAX   72          /* of one command line, or of a folder on it */
#define POLICY_FILE_MAX    (64u << 20) /* octets, whatever a service would take */
#define POLICY_REQUEST_MAX 65536       /* octets of a request */

/* Documents, and the set that they make. Begin with zeros. */
struct policy_files {
	struct zones *zones;
	size_t n;
	struct document *document[POLICY_FILES_MAX];
	struct set *set; /* NULL before policy_files_compile() */
};

/* One more: a file; or each *.yaml of a folder, in order. Faults: FAULT_NOTFOUND, FAULT_BADREQ
 * "FILE:LINE:
 * ...", FAULT_LIMIT. */
bool policy_files_add(struct policy_files *p, const char *path, struct fault *f) CHECKED;
/* Call each with path, or with every *.yaml of it in order where it is a folder. Faults: of each;
 * FAULT_NOTFOUND a folder without any. */
bool policy_files_each(const char *path,
    bool (*each)(void *with, const char *file, struct fault *f), void *with,
    struct fault *f) CHECKED;
bool policy_files_compile(struct policy_files *p, struct fault *f) CHECKED;
void policy_files_free(struct policy_files *p);

/* [{"name","kind","revision","digest"}] */
struct json *policy_files_json(const struct policy_files *p);

/* Of a request that was read: all that it lends from. */
struct policy_request {
	struct bytes text;
	struct json *json;
	struct request_room *room;
	struct request request;
};
/* A file with a request in JSON; "-" is standard input. Faults: FAULT_NOTFOUND, FAULT_BADREQ. */
bool policy_request_read(const char *path, struct policy_request *ret, struct fault *f) CHECKED;
void policy_request_free(struct policy_request *r);

#endif
