/*
 * tests/unit/infra_site.h - a relay with two printers and three connectors, for the tests of
 * relay/infra.h: messages go in by struct exchange, and what comes back is taken apart.
 */
#ifndef QUATRAIN_TESTS_UNIT_INFRA_SITE_H
#define QUATRAIN_TESTS_UNIT_INFRA_SITE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/printer.h"
#include "relay/infra.h"
#include "relay/ipp_write.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

enum {
	GET_JOBS = 0x0a,
	SUBSCRIBE = 0x16,
	RENEW = 0x1a,
	CANCEL = 0x1b,
	NOTIFICATIONS = 0x1c,
	ACK_DOCUMENT = 0x3f,
	ACK_IDENTIFY = 0x40,
	ACK_JOB = 0x41,
	FETCH_DOCUMENT = 0x42,
	FETCH_JOB = 0x43,
	UPDATE_ACTIVE = 0x45,
	DEREGISTER = 0x46,
	UPDATE_DOCUMENT = 0x47,
	UPDATE_JOB = 0x48,
	UPDATE_DEVICE = 0x49,
};
enum { NOT_AUTHORIZED = 0x0403, NOT_POSSIBLE = 0x0404, NOT_FOUND = 0x0406, LOST = 0x0420 };

#define SITE_PLAIN    300000 /* octets of a document: two pieces */
#define SITE_DOCUMENT (SITE_PLAIN + 5 * DOCUMENT_TAG)

static struct ground g;
static struct infra n;
static struct fault f;
static int64_t now_s;
static bool permits;
static uint16_t refuses; /* the signer: a fault_code; 0: it re-wraps */
static unsigned used;    /* rows of usage */
static struct job used_by;
static struct identity one, two, three, self; /* site-1, site-2: hp-1; site-3: hp-2; hp-1 itself */

/* A request under way. */
struct talk {
	struct exchange x;
	struct bytes message;
	unsigned woken;
};

static inline int64_t
site_now(void)
{
	return now_s;
}

static inline bool
site_decide(void *with, struct exchange *x, const struct decider_question *q,
    struct decider_answer *ret, struct fault *why)
{
	(void)with, (void)x, (void)why;
	ck_assert_int_eq(q->act, ACT_PRINT_FETCH);
	*ret = (struct decider_answer){ .permit = permits, .why = "not at night" };
	return true;
}

static const struct decider site_decider = { site_decide, NULL };

static inline bool
site_rewrap(void *with, struct exchange *x, const struct identity *who, const struct job *j,
    struct fault *why)
{
	(void)with, (void)who, (void)why;
	x->ask.verb = 77;
	bytes_put_u64(&x->ask.body, j->epoch);
	return true;
}

static inline bool
site_rewrapped(void *with, struct octets answer, struct octets *ret, struct fault *why)
{
	(void)with, (void)why;
	*ret = answer;
	return true;
}

static inline void
site_usage(void *with, const struct job *j)
{
	(void)with;
	used++;
	used_by = *j; /* its numbers alone are looked at */
}

static inline struct identity
site_who(const char *tenant, const char *kind, const char *name)
{
	struct identity who = { .kind = IDENTITY_ENDPOINT, .good = true };

	(void)snprintf(who.tenant, sizeof(who.tenant), "%s", tenant);
	(void)snprintf(who.endpoint, sizeof(who.endpoint), "%s", kind);
	(void)snprintf(who.name, sizeof(who.name), "%s", name);
	return who;
}

static inline void
site_printer(const char *name, const char *gateway, const char *other)
{
	struct printer p = { .gateways_n = other == NULL ? 1 : 2 };
	struct ledger *l;

	ck_assert(realm_ledger(g.realm, "acme", &l, &f));
	(void)snprintf(p.name, sizeof(p.name), "%s", name);
	(void)snprintf(p.gateways[0], sizeof(p.gateways[0]), "%s", gateway);
	(void)snprintf(p.gateways[1], sizeof(p.gateways[1]), "%s", other == NULL ? "" : other);
	ck_assert_msg(printer_put(g.realm, l, &p, &f), "%s", f.text);
	ground_commit(l);
}

static inline void
site_start(void)
{
	n = (struct infra){ .realm = g.realm,
		.spool = n.spool,
		.decider = &site_decider,
		.now_s = site_now,
		.rewrap = site_rewrap,
		.rewrapped = site_rewrapped,
		.usage = site_usage };
	ck_assert_msg(infra_start(&n, &f), "%s", f.text);
}

static inline void
site_new(void)
{
	static const struct spool_limits limits = { .job_octets = 1 << 20,
		.tenant_octets = 1 << 24,
		.owner_octets = 1 << 24,
		.tenant_jobs = 100,
		.owner_jobs = 100 };
	char dir[SCRATCH_PATH_MAX + 8];

	ground_new(&g);
	(void)snprintf(dir, sizeof(dir), "%s/spool", g.dir);
	ck_assert_msg(spool_open(dir, &limits, &n.spool, &f), "%s", f.text);
	now_s = GROUND_NOW_S;
	permits = true;
	refuses = 0;
	used = 0;
	site_printer("hp-1", "site-1", "site-2");
	site_printer("hp-2", "site-3", NULL);
	one = site_who("acme", "gateway", "site-1");
	two = site_who("acme", "gateway", "site-2");
	three = site_who("acme", "gateway", "site-3");
	self = site_who("acme", "printer", "hp-1");
	site_start();
	now_s += INFRA_LEASE_S + 1; /* it came up a while ago */
}

static inline void
site_free(void)
{
	infra_end(&n);
	spool_close(n.spool);
	ground_free(&g);
}

static inline void
site_commit(void)
{
	ck_assert_msg(spool_commit(n.spool, &f), "%s", f.text);
	infra_committed(&n, NULL);
}

/* A job that was released to that printer; empty: it is held. */
static inline uint32_t
site_job(const char *printer)
{
	struct job j = { .tenant = "acme",
		.owner = "spiffe://acme.eu.example.org/workstation/ws-1",
		.release = JOB_RELEASE_OWNER,
		.grade = JOB_GRADE_RELAY,
		.created_s = now_s,
		.changed_s = now_s,
		.expires_s = now_s + 86400,
		.copies = 1,
		.format = "application/pdf",
		.octets = SITE_PLAIN,
		.state = printer[0] == '\0' ? JOB_HELD : JOB_PENDING,
		.reasons = printer[0] == '\0' ? JOB_HELD_FOR_RELEASE : JOB_FETCHABLE };
	struct document_of of = { .tenant = "acme", .number = 1 };
	struct spool_document *d;
	struct bytes sealed = { 0 };
	static uint8_t turn;
	uint32_t id;

	memset(j.uuid, ++turn, sizeof(j.uuid));
	memcpy(of.job, j.uuid, sizeof(of.job));
	(void)snprintf(j.device, sizeof(j.device), "%s", printer);
	bytes_put_text(&j.envelope, "to the release key");
	for (size_t i = 0; i < SITE_DOCUMENT; i++)
		bytes_put_u8(&sealed, (uint8_t)(i >> 8));
	ck_assert(spool_document_new(n.spool, &of, &d, &f));
	ck_assert(spool_document_put(d, octets_bytes(&sealed), &f));
	ck_assert_msg(spool_add(n.spool, &j, d, &f), "%s", f.text);
	infra_changed(&n, &j);
	bytes_free(&sealed);
	id = j.id;
	job_free(&j);
	site_commit();
	return id;
}

static inline struct job
site_see(uint32_t id)
{
	struct job j = { .id = 0 }, seen;

	ck_assert_msg(spool_get(n.spool, "acme", id, &j, &f), "%s", f.text);
	seen = j; /* of what it holds only the lengths count */
	job_free(&j);
	return seen;
}

/* --- messages ----------------------------------------------------------------------------------
 */

static inline void
site_begin(struct bytes *b, int operation)
{
	const struct ipp_head head = {
		.major = 2, .minor = 0, .code = (uint16_t)operation, .request_id = 17
	};

	bytes_clear(b);
	ipp_begin(b, &head);
	ipp_put_text(b, IPP_URI, "printer-uri", "ipps://relay.example.org/ipp/infra");
}

static inline void
site_put_device(struct bytes *b, const char *printer)
{
	char text[PRINTER_UUID_TEXT];
	uint8_t uuid[PRINTER_UUID];

	printer_uuid(g.realm, "acme", printer, uuid);
	printer_uuid_text(uuid, text);
	ipp_put_text(b, IPP_URI, "output-device-uuid", text);
}

/* An operation on a job at a printer; epoch 0: none is said. */
static inline void
site_about(struct bytes *b, int operation, const char *printer, uint32_t job, int32_t epoch)
{
	site_begin(b, operation);
	site_put_device(b, printer);
	ipp_put_number(b, IPP_INTEGER, "job-id", (int32_t)job);
	if (epoch != 0)
		ipp_put_number(b, IPP_INTEGER, "quatrain-lease-epoch", epoch);
}

static inline void
site_wake(struct exchange *x)
{
	struct talk *t = (struct talk *)(void *)x;

	t->woken++;
}

/* t->message goes in; what it asks the signer is not answered yet. */
static inline void
site_send(struct talk *t, const struct identity *who)
{
	struct octets o;

	t->x = (struct exchange){ .face = FACE_RELAY,
		.method = octets_text("POST"),
		.path = octets_text("/ipp/infra"),
		.content_type = octets_text("application/ipp"),
		.wake = site_wake };
	t->woken = 0;
	ipp_end(&t->message);
	ck_assert(infra_serve(&n, &t->x, who));
	if (t->x.status != 0)
		return;
	o = octets_bytes(&t->message);
	t->x.take(&t->x, octets_of(o.at, o.n / 2), false);
	if (t->x.status == 0)
		t->x.take(&t->x, octets_of(o.at + o.n / 2, o.n - o.n / 2), true);
}

static inline void
site_signer(struct talk *t)
{
	uint16_t code = refuses;

	ck_assert_uint_eq(t->x.ask.verb, 77);
	t->x.ask.verb = 0;
	bytes_clear(&t->x.ask.body);
	t->x.ask.then(&t->x, code, octets_text(code == 0 ? "to the connector" : "it says no"));
}

/* The reply's status. */
static inline int
site_status(const struct talk *t)
{
	struct ipp_head head;

	ck_assert_uint_eq(t->x.status, 200);
	ck_assert_msg(ipp_check(octets_bytes(&t->x.reply), &head, &f), "%s", f.text);
	ck_assert_uint_eq(head.request_id, t->x.why[0] != '\0' ? head.request_id : 17);
	return head.code;
}

/* All of it, with the signer and the commit. */
static inline int
site_ask(struct talk *t, const struct identity *who)
{
	site_send(t, who);
	if (t->x.ask.verb != 0)
		site_signer(t);
	if (t->x.status == 0) {
		ck_assert(t->x.waits);
		site_commit();
		ck_assert_uint_eq(t->woken, 1);
	}
	ck_assert(!t->x.waits);
	return site_status(t);
}

static inline void
site_done(struct talk *t)
{
	if (t->x.over != NULL)
		t->x.over(&t->x);
	exchange_free(&t->x);
	bytes_free(&t->message);
	*t = (struct talk){ .woken = 0 };
}

static inline bool
site_find(const struct talk *t, enum ipp_group group, const char *name, struct ipp_value *ret)
{
	return ipp_find(octets_bytes(&t->x.reply), group, name, ret);
}

static inline int32_t
site_number(const struct talk *t, enum ipp_group group, const char *name)
{
	struct ipp_value v;
	int32_t ret = -1;

	ck_assert_msg(site_find(t, group, name, &v), "%s", name);
	ck_assert(ipp_number(&v, &ret));
	return ret;
}

/* How many groups of that kind a reply has. */
static inline unsigned
site_groups(const struct talk *t, enum ipp_group group)
{
	struct ipp_reader r;
	struct ipp_value v;
	unsigned found = 0, last = 0;

	ipp_reader_of(octets_bytes(&t->x.reply), &r);
	while (ipp_next(&r, &v))
		if (v.group == group && (found == 0 || v.group_n != last)) {
			last = v.group_n;
			found++;
		}
	return found;
}

/* One message from beginning to end, of which nothing but the status counts. */
static inline int
site_say(const struct identity *who, int operation, const char *printer, uint32_t job,
    int32_t epoch, int32_t state)
{
	struct talk t = { .woken = 0 };
	int status;

	site_about(&t.message, operation, printer, job, epoch);
	if (state != 0) {
		ipp_group(&t.message, IPP_GROUP_JOB);
		ipp_put_number(&t.message, IPP_ENUM, "output-device-job-state", state);
		ipp_put_number(&t.message, IPP_INTEGER, "job-impressions-completed", 5);
	}
	status = site_ask(&t, who);
	site_done(&t);
	return status;
}

#endif
