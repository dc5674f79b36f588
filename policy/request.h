/*
 * policy/request.h - what is to be decided: who, what, on what, from where, when.
 *
 * subject.id, subject.role and resource.type should always be said: a rule that
 * names some of them cannot be told to fit without, which stops a permit and
 * fires a forbid, as with any attribute that is not known.
 *
 * Filled in by whoever has verified it (an enforcement point of ours), or from
 * JSON of a peer where only what a peer may say is taken. All texts are lent
 * and must outlive the decision.
 */
#ifndef QUATRAIN_POLICY_REQUEST_H
#define QUATRAIN_POLICY_REQUEST_H

#include "base/fault.h"
#include "base/json.h"
#include "policy/attribute.h"

#define REQUEST_OPEN_MAX     32
#define REQUEST_SUPPORTS_MAX 16

struct request {
	struct octets action; /* "connect", "print.release" */
	struct value fixed[ATTRIBUTE_FIXED];
	size_t open_n;
	struct {
		struct octets name; /* whole: "resource.dlp" */
		struct value value;
	} open[REQUEST_OPEN_MAX];
	bool counted; /* when it was first decided: rates and quotas have it, and it is not added
			 again */
	bool supports_all; /* the enforcement point honours every obligation */
	size_t supports_n;
	struct octets supports[REQUEST_SUPPORTS_MAX];
};

/* a < ATTRIBUTE_FIXED and of that type (a number for durations and time too): the caller's word. */
void request_text(struct request *r, enum attribute a, struct octets text);
void request_number(struct request *r, enum attribute a, int64_t number);
void request_bool(struct request *r, enum attribute a, bool yes);
/* By name, fixed or open. Fault: FAULT_BADREQ no such attribute, another type, too many. */
bool request_set(
    struct request *r, struct octets name, const struct value *v, struct fault *f) CHECKED;
/* What the request says of it; VALUE_NONE where it does not. Lent from r. */
const struct value *request_get(const struct request *r, enum attribute a, struct octets name);

/*
 * The form of embedded tests, of "policy explain" and of entries' inputs:
 * {"action": ..., "subject": {"id": ...}, "cert": {...}, "source": {"ip": ...},
 *  "time": RFC 3339, "resource": {...}, "supports": [...]}. A duration may be a
 * text ("12d"), the obligation "*" stands for all; who says no "supports" supports none.
 * Texts are lent from j; lists and names below resource, device and context
 * need room, which is the request's and as long-lived.
 * request_json() writes the same, unknown ones left out; NULL out of memory.
 * Fault: FAULT_BADREQ which member, and what was expected.
 */
struct request_room {
	size_t n;
	struct octets at[4 * VALUE_LIST_MAX];
	char names[REQUEST_OPEN_MAX][ATTRIBUTE_NAME_MAX];
};
bool request_read(
    const struct json *j, struct request *ret, struct request_room *room, struct fault *f) CHECKED;
struct json *request_json(const struct request *r);

#endif
