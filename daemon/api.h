/*
 * daemon/api.h - the operators' HTTP API: docs/api.md as a table.
 *
 * Reads are answered here from the ledger, after a decision; acts go to the
 * signer as they came, with who asks, and are decided there. Errors are problem
 * documents (RFC 9457).
 */
#ifndef QUATRAIN_DAEMON_API_H
#define QUATRAIN_DAEMON_API_H

#include "base/exchange.h"
#include "base/json.h"
#include "ca/audit.h"
#include "ca/realm.h"

#define API_BODY_MAX  65536
#define API_KEY_MAX   255  /* octets of an Idempotency-Key */
#define API_MATCH_MAX 1024 /* of If-Match */
/* Streams of events that one process has open: in all, and of one operator. */
#define API_STREAMS_MAX  256
#define API_STREAMS_EACH 16
/* Octets of a list of serials: 10,000 of 32 digits, and some air. */
#define API_LIST_MAX (512 * 1024)
/* Octets of a policy as JSON: POLICY_BOOK_OCTETS, and what quotes and line ends cost. */
#define API_POLICY_MAX (184 * 1024)

/* Signed pieces of the revocation feed that a process keeps. */
#define API_FEED_KEPT     32
#define API_FEED_WHAT_MAX 160

struct events;
struct wire_act;

struct tally;
struct settings;
struct policies;
struct identity;
struct object;

struct api {
	struct realm *realm;
	struct policies *policies;       /* NULL: none */
	const struct tally *tally;       /* what all processes counted; NULL: nobody does */
	const struct settings *settings; /* NULL where tally is */
	int64_t (*now_s)(void);
	struct audit_trees trees; /* how far each log was audited */
	struct events *streams;   /* that are open */
	const char *two_person;   /* the setting */
	/* What the process knows of itself, into an object (daemon/ready.h); NULL: nothing. */
	void (*health)(void *with, struct json *j);
	void *health_with;
	int64_t feed_fresh_s; /* how long a piece of the revocation feed is handed out */
	struct api_feed {     /* pieces that were signed; note NULL: a free place */
		struct shared *note;
		char what[API_FEED_WHAT_MAX]; /* the tenant, and what was asked */
		uint64_t size, platform;      /* editions that it tells of */
		uint8_t hash[32];
		int64_t at_us;
	} feed[API_FEED_KEPT];
};

/* What a route's handler gets: the parts of the path that were names. */
struct api_call {
	struct api *api;
	struct exchange *x;
	int64_t now_s;
	char tenant[TEXT_LABEL_MAX];
	char ledger[LEDGER_NAME_MAX]; /* the tenant's, or of its activity (ca/ledger_name.h) */
	char kind[TEXT_LABEL_MAX];
	char object[TEXT_LABEL_MAX];
	struct octets rest; /* {*}: all that is left of the path, slashes too; lent */
};

/* True if the path is the API's, and then x is answered or asks. */
bool api_serve(struct api *a, struct exchange *x);

/* How large a body may be, in octets: API_BODY_MAX, API_POLICY_MAX or API_LIST_MAX. */
size_t api_body_max(const struct exchange *x);
/* Listeners take as much as the longest list has: what is over its own limit is too large. */
void api_limit_body(struct exchange *x);

/* Is the path the API's? */
bool api_is(const struct exchange *x);

/* daemon/api_problem.c */
/* x's certificate does not hold: where the path is the API's true, and the refusal is told and
 * sent. */
bool api_refuse_peer(struct exchange *x, const struct fault *why);

/* x's reply to a fault, all but its status, which is returned; members of the problem's own, a JSON
 * object, or none. */
unsigned api_fault(struct exchange *x, const struct fault *f);
unsigned api_fault_with(struct exchange *x, const struct fault *f, struct octets members);
/* 405, with the methods that there are. */
void api_other_method(struct exchange *x, const char *allow);
/* Answer x with a problem. */
void api_problem(struct exchange *x, const struct fault *f);
/* Answer x with a JSON value; taken. */
void api_answer(struct exchange *x, unsigned status, struct json *taken);

/* daemon/api_read.c: the reads. */
typedef bool api_read(const struct api_call *c, struct fault *f);

/* A line of the table in daemon/api.c. {t} is a tenant, {k} a kind, {o} an object's name; all
 * become texts of the call. */
struct api_route {
	const char *method, *path;
	uint16_t verb;   /* an act, asked of the signer; 0: a read */
	unsigned status; /* of its success */
	api_read *read;
};
/* The i-th; NULL beyond. docs/openapi.yaml is held against them. */
const struct api_route *api_route(size_t i);

bool api_tenants(const struct api_call *c, struct fault *f);
bool api_tenant(const struct api_call *c, struct fault *f);
bool api_region(const struct api_call *c, struct fault *f);
bool api_regions(const struct api_call *c, struct fault *f);
/* "weighed": what s must be taken for beneath its CAs, where that is another status. */
void api_put_weighed(const struct api_call *c, const struct standing *s, struct json *j);
/* As lists show it. */
struct json *api_tenant_object(const struct api_call *c, const struct tenant *t);
bool api_tokens(const struct api_call *c, struct fault *f);
/* daemon/api_find.c */
bool api_certificates(const struct api_call *c, struct fault *f);
bool api_certificates_anywhere(const struct api_call *c, struct fault *f);
/* daemon/api_cert.c */
bool api_certificate(const struct api_call *c, struct fault *f);
struct json *api_certificate_object(
    const uint8_t serial[static TBS_SERIAL_OCTETS], const struct standing *s, int64_t now_s);
bool api_describe(const struct api_call *c, struct fault *f); /* daemon/api_describe.c */
/* daemon/api_endpoint.c */
bool api_endpoints(const struct api_call *c, struct fault *f);
bool api_endpoint(const struct api_call *c, struct fault *f);
/* What an act is filled with beside its body; what it lends then is lent from room. Fault:
 * FAULT_BADREQ, FAULT_LIMIT, FAULT_INTERNAL. */
bool api_fill_removal(
    struct api_call *c, struct wire_act *a, struct bytes *room, struct fault *f) CHECKED;
bool api_fill_revocations(
    struct api_call *c, struct wire_act *a, struct bytes *room, struct fault *f) CHECKED;
bool api_webhooks(const struct api_call *c, struct fault *f); /* daemon/api_webhook.c */
bool api_profiles(const struct api_call *c, struct fault *f); /* daemon/api_profile.c */
bool api_entries(const struct api_call *c, struct fault *f);
/* daemon/api_log.c: a log as C2SP tlog-tiles serves it, and proofs about it. */
bool api_checkpoint(const struct api_call *c, struct fault *f);
bool api_tile(const struct api_call *c, struct fault *f);
bool api_log_keys(const struct api_call *c, struct fault *f);
bool api_proof(const struct api_call *c, struct fault *f);
bool api_consistency(const struct api_call *c, struct fault *f);
/* daemon/api_search.c: entries of either log. */
bool api_search(const struct api_call *c, struct fault *f);
/* daemon/api_bundle.c */
bool api_log_certificates(const struct api_call *c, struct fault *f);
bool api_log_range(const struct api_call *c, struct fault *f);
bool api_log_names(const struct api_call *c, struct fault *f);
bool api_makers(const struct api_call *c, struct fault *f);
bool api_devices(const struct api_call *c, struct fault *f);
bool api_requests(const struct api_call *c, struct fault *f);
/* daemon/api_printer.c */
bool api_printers(const struct api_call *c, struct fault *f);
bool api_printer(const struct api_call *c, struct fault *f);
bool api_badges(const struct api_call *c, struct fault *f); /* daemon/api_badge.c */
/* daemon/api_request.c */
bool api_request(const struct api_call *c, struct fault *f);
struct petition;
/* As lists show it. */
struct json *api_request_object(
    const struct api_call *c, struct ledger *l, const struct petition *r);
/* daemon/api_audit.c */
bool api_audit(const struct api_call *c, struct fault *f);
bool api_audit_tenant(const struct api_call *c, struct fault *f);
/* Into j: who added it as the certificate says, and the entry that issued it. What cannot be read
 * is left out. */
void api_put_proof(
    struct json *j, struct ledger *l, const struct standing *s, struct octets certificate);

/* daemon/api_staff.c */
bool api_operators(const struct api_call *c, struct fault *f);
bool api_operator(const struct api_call *c, struct fault *f);
bool api_acts(const struct api_call *c, struct fault *f);
bool api_act(const struct api_call *c, struct fault *f);
/* daemon/api_policy.c */
bool api_policy(const struct api_call *c, struct fault *f);
bool api_health(const struct api_call *c, struct fault *f);
/* daemon/api_policies.c */
bool api_policies(const struct api_call *c, struct fault *f);
bool api_policy_document(const struct api_call *c, struct fault *f);
bool api_policy_history(const struct api_call *c, struct fault *f);
bool api_policy_documents(const struct api_call *c, struct fault *f);

/* daemon/api_feed.c */
bool api_feed(const struct api_call *c, struct fault *f);
/* The tenant of the query, where the path names none. Fault: FAULT_BADREQ. */
bool api_feed_tenant(struct api_call *c, struct fault *f) CHECKED;
void api_feed_free(struct api *a); /* what it keeps */
/* daemon/api_offline.c */
bool api_offline(const struct api_call *c, struct fault *f);
/* daemon/api_events.c */
bool api_events(const struct api_call *c, struct fault *f);
size_t api_events_open(const struct api *a); /* streams that are open */

/* daemon/api_rule.c: policies on a read that the built-in rules permit who, with its decision's id
 * for the answer. Faults: FAULT_DENIED, FAULT_BUSY, FAULT_INTERNAL. */
bool api_rule(struct api *a, struct exchange *x, const struct identity *who, bool feed,
    const struct object *what, struct fault *f) CHECKED;

/* A whole number of the query; *ret untouched where it is not there. Fault: FAULT_BADREQ. */
bool api_number(const struct exchange *x, const char *name, uint64_t *ret, struct fault *f) CHECKED;

/* Who asks: an operator by certificate, or the machine's own user at the desk. Faults: those of
 * identify(), FAULT_AUTH no certificate. */
struct identity;
bool api_who(const struct api_call *c, const struct exchange *x, struct identity *ret,
    struct fault *f) CHECKED;

/* "limit" of a page: 1 to 1000, 100 where it is not there. Fault: FAULT_BADREQ. */
bool api_limit(const struct exchange *x, size_t *ret, struct fault *f) CHECKED;
/* A cursor (daemon/cursor.h) of a list whose keys are texts: "after", empty where it is not there;
 * and the next one. Fault: FAULT_BADREQ. */
bool api_after(const struct exchange *x, char *to, size_t size, struct fault *f) CHECKED;
void api_put_next(const struct exchange *x, struct json *page, const char *last);
/* Every name in the query is one of names (NULL behind the last): a misspelt filter must not pass
 * for none. Fault: FAULT_BADREQ. */
bool api_query_only(const struct exchange *x, const char *const *names, struct fault *f) CHECKED;
/* A value of the query, percent-decoded; empty where it is not there. Fault: FAULT_BADREQ it does
 * not fit, or is no text. */
bool api_query(
    const struct exchange *x, const char *name, char *to, size_t size, struct fault *f) CHECKED;
/* The same of a name that may stand several times: its n-th value, counted from 0. */
bool api_query_at(const struct exchange *x, const char *name, size_t nth, char *to, size_t size,
    bool *ret_found, struct fault *f) CHECKED;

#endif
