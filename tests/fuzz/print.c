/* tests/fuzz/print.c - any request to a queue is answered, in IPP where it is IPP, and leaves no
 * upload behind. The first octet chooses the path, the second how its body is cut into pieces. */
#include <stdlib.h>
#include <string.h>

#include "relay/ipp_read.h"
#include "relay/print.h"
#include "tests/unit/ground.h"

extern int LLVMFuzzerInitialize(int *argc, char ***argv);
extern int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

#define MANY (64u << 10) /* octets of an answer: our own reader takes no more groups than fit */

static struct ground service;
static struct print face;
static const struct ground_cert *leaf;
static char dir[SCRATCH_PATH_MAX];
static unsigned runs;

static bool
permit(void *with, struct exchange *x, const struct decider_question *q, struct decider_answer *ret,
    struct fault *f)
{
	(void)with;
	(void)x;
	(void)f;
	*ret = (struct decider_answer){ .permit = q->job->copies != 13, .why = "thirteen" };
	return true;
}

static int64_t
now(void)
{
	return GROUND_NOW_S;
}

static bool
has_printer(void *with, const char *tenant, const char *name)
{
	(void)with;
	(void)tenant;
	return strcmp(name, "hp-1") == 0;
}

static bool
recipient(void *with, const char *tenant, struct bytes *ret)
{
	(void)with;
	(void)tenant;
	bytes_put_octets(ret, octets_bytes(&leaf->der));
	return true;
}

static const struct decider decider = { .decide = permit };

static void
open_spool(void)
{
	static const struct spool_limits limits = { .job_octets = 1 << 20,
		.tenant_octets = 1 << 24,
		.owner_octets = 1 << 24,
		.tenant_jobs = 100,
		.owner_jobs = 100 };
	char place[SCRATCH_PATH_MAX];
	struct fault f;

	scratch_new(dir);
	scratch_path(dir, "spool", place, sizeof(place));
	if (!spool_open(place, &limits, &face.spool, &f))
		abort();
}

static void
end_face(void)
{
	print_end(&face);
	spool_close(face.spool);
	scratch_free(dir);
	ground_free(&service);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct fault f;

	(void)argc;
	(void)argv;
	ground_new(&service);
	leaf = ground_leaf(&service, service.acme, "printer", "hp-4711");
	face = (struct print){ .space = realm_space(service.realm),
		.decider = &decider,
		.now_s = now,
		.hold_s = 60,
		.has_printer = has_printer,
		.recipient = recipient };
	open_spool();
	if (!print_start(&face, &f) || atexit(end_face) != 0)
		abort();
	return 0;
}

/* What was answered. */
static void
weigh(const struct exchange *x)
{
	struct octets o = octets_bytes(&x->reply);
	struct ipp_head h;
	struct fault f;

	if (x->status == 400 || x->status == 413)
		return;
	if (x->status != 200 || o.n < IPP_HEAD_OCTETS || strcmp(x->type, "application/ipp") != 0)
		abort();
	if (o.n < MANY && !ipp_check(o, &h, &f) && f.code != FAULT_LIMIT)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	static const char *const paths[] = { "/ipp/print", "/ipp/print/hp-1", "/ipp/print/hp-2",
		"/ipp/job/1", "/ipp/job/2" };
	const struct identity who = { .kind = IDENTITY_ENDPOINT,
		.tenant = "acme",
		.endpoint = "workstation",
		.name = "alice",
		.good = true };
	struct exchange x = { .face = FACE_RELAY,
		.method = octets_text("POST"),
		.content_type = octets_text("application/ipp"),
		.body_octets = EXCHANGE_CHUNKED };
	struct fault f;
	size_t piece, took = 2;

	if (n < 2)
		return -1;
	x.path = octets_text(paths[at[0] % (sizeof(paths) / sizeof(paths[0]))]);
	piece = at[1] == 0 ? n : at[1];
	if (!print_serve(&face, &x, &who))
		abort();
	do {
		size_t m = n - took < piece ? n - took : piece;

		took += m;
		x.take(&x, octets_of(at + took - m, m), took == n);
	} while (x.status == 0 && !x.waits && took < n);
	if (x.waits) {
		if (!spool_commit(face.spool, &f))
			abort();
		print_committed(&face, NULL);
	}
	weigh(&x);
	if (x.over != NULL)
		x.over(&x);
	exchange_free(&x);
	if (face.sending != NULL || face.waiting != NULL)
		abort();
	/* A full spool refuses all there is; an old one only grows. */
	if (++runs % 2000 == 0) {
		spool_close(face.spool);
		scratch_free(dir);
		open_spool();
	}
	return 0;
}
