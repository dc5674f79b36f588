/* tests/fuzz/infra.c - any request of a connector is answered in IPP, or waits as it may, and what
 * it is told is what it speaks for. The first octet chooses who asks, the second how its body is
 * cut into pieces, the third how late it is. */
#include <stdlib.h>
#include <string.h>

#include "ca/printer.h"
#include "relay/infra.h"
#include "relay/ipp_read.h"
#include "tests/unit/ground.h"

extern int LLVMFuzzerInitialize(int *argc, char ***argv);
extern int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

#define MANY (64u << 10) /* octets of an answer: our own reader takes no more groups than fit */

static struct ground service;
static struct infra face;
static struct job job; /* number 1, as it is before each run */
static char dir[SCRATCH_PATH_MAX];
static int64_t late_s;
static unsigned runs;

static int64_t
now(void)
{
	return GROUND_NOW_S + INFRA_LEASE_S + late_s;
}

static bool
permit(void *with, struct exchange *x, const struct decider_question *q, struct decider_answer *ret,
    struct fault *f)
{
	(void)with, (void)x, (void)f;
	*ret = (struct decider_answer){ .permit = q->job->copies != 13, .why = "thirteen" };
	return true;
}

static const struct decider decider = { .decide = permit };

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
open_spool(void)
{
	static const struct spool_limits limits = { .job_octets = 1 << 20,
		.tenant_octets = 1 << 24,
		.owner_octets = 1 << 24,
		.tenant_jobs = 100,
		.owner_jobs = 100 };
	struct document_of of = { .tenant = "acme", .number = 1 };
	struct spool_document *d;
	char place[SCRATCH_PATH_MAX];
	struct fault f;

	scratch_new(dir);
	scratch_path(dir, "spool", place, sizeof(place));
	must(spool_open(place, &limits, &face.spool, &f));
	job = (struct job){ .tenant = "acme",
		.grade = JOB_GRADE_RELAY,
		.owner = "spiffe://acme.eu.example.org/workstation/alice",
		.device = "hp-1",
		.format = "application/pdf",
		.release = JOB_RELEASE_OWNER,
		.state = JOB_PENDING,
		.reasons = JOB_FETCHABLE,
		.copies = 1,
		.octets = 5,
		.expires_s = GROUND_NOW_S + 86400 };
	bytes_put_text(&job.envelope, "to the release key");
	must(spool_document_new(face.spool, &of, &d, &f) &&
	     spool_document_put(d, octets_text("twenty-one sealed one"), &f) &&
	     spool_add(face.spool, &job, d, &f) && spool_commit(face.spool, &f));
}

static void
end_face(void)
{
	infra_end(&face);
	job_free(&job);
	spool_close(face.spool);
	scratch_free(dir);
	ground_free(&service);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct printer p = { .name = "hp-1", .gateways_n = 1, .gateways = { "site-1" } };
	struct ledger *l;
	struct fault f;

	(void)argc, (void)argv;
	ground_new(&service);
	must(realm_ledger(service.realm, "acme", &l, &f) && printer_put(service.realm, l, &p, &f));
	ground_commit(l);
	face = (struct infra){ .realm = service.realm, .decider = &decider, .now_s = now };
	open_spool();
	must(infra_start(&face, &f) && atexit(end_face) == 0);
	return 0;
}

static void
weigh(const struct exchange *x, bool speaks)
{
	struct octets o = octets_bytes(&x->reply);
	struct ipp_head h;
	struct fault f;

	must(x->status == 200 && o.n >= IPP_HEAD_OCTETS && strcmp(x->type, "application/ipp") == 0);
	must(o.n >= MANY || ipp_check(o, &h, &f) || f.code == FAULT_LIMIT);
	/* Who speaks for nothing is told of no job. */
	must(speaks || o.n == 0 || memmem(o.at, o.n, job.uuid, sizeof(job.uuid)) == NULL);
}

/* The job as it was, with the lease that the last run left. */
static void
put_back(void)
{
	struct job is = { .id = 0 };
	struct fault f;

	must(spool_get(face.spool, "acme", job.id, &is, &f));
	must(
	    !job_is_over(&is) || is.envelope.n == 0 || is.lease_s != 0 || is.state == JOB_CANCELED);
	job.epoch = is.epoch % 4;
	memcpy(job.connector, is.connector, sizeof(job.connector));
	job_free(&is);
	must(spool_put(face.spool, &job, false, &f) && spool_commit(face.spool, &f));
	infra_committed(&face, NULL);
}

static void
read_on(struct exchange *x)
{
	bool more = x->pull != NULL;

	for (int i = 0; more && i < 4; i++) {
		bytes_clear(&x->reply);
		more = x->pull(x);
	}
	must(!more);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	static const char *const names[] = { "site-1", "site-2" };
	struct identity who = {
		.kind = IDENTITY_ENDPOINT, .tenant = "acme", .endpoint = "gateway", .good = true
	};
	struct exchange x = { .face = FACE_RELAY,
		.method = octets_text("POST"),
		.path = octets_text("/ipp/infra"),
		.content_type = octets_text("application/ipp"),
		.body_octets = EXCHANGE_CHUNKED };
	size_t piece, took = 3;
	struct fault f;

	if (n < 3)
		return -1;
	memcpy(who.name, names[at[0] % 2], 7);
	piece = at[1] == 0 ? n : at[1];
	late_s = at[2];
	must(infra_serve(&face, &x, &who));
	do {
		size_t m = n - took < piece ? n - took : piece;

		took += m;
		x.take(&x, octets_of(at + took - m, m), took == n);
	} while (x.status == 0 && !x.waits && took < n);
	infra_tick(&face);
	must(spool_commit(face.spool, &f));
	infra_committed(&face, NULL);
	late_s += INFRA_WAIT_S;
	infra_tick(&face);
	weigh(&x, at[0] % 2 == 0);
	read_on(&x);
	if (x.over != NULL)
		x.over(&x);
	exchange_free(&x);
	put_back();
	if (++runs % 4096 == 0) { /* what was subscribed to and told is memory */
		infra_end(&face);
		must(infra_start(&face, &f));
	}
	return 0;
}
