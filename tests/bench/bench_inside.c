/*
 * tests/bench/bench_inside.c - the service without its edge: enrolments go straight to the signer,
 * by the very line that an edge has.
 *
 * bench_inside COMMAND...: the command line of the service; "serve" starts main,
 * signer and desk as they are. In the edge's place stands a load that serves
 * nobody. It waits for a line "JOBS TENANT WINDOW SECONDS" in the FIFO that
 * BENCH_GO names, asks for the certificates of that file (see job.h) with so
 * many questions in flight, and tells of it in the FIFO of BENCH_OUT: "start",
 * "stop" and one line of JSON. Whoever waits at an edge costs no time here: what
 * is measured is gate, policy, lint, signature, log and two commits a round.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "ca/profile_set.h"
#include "ca/wire.h"
#include "daemon/child.h"
#include "daemon/cli.h"
#include "tests/bench/crew.h"
#include "tests/bench/job.h"

#define ORDER_MAX  512
#define WINDOW_MAX 4096
#define SOURCE     "192.0.2.1:4711"

struct load {
	int line, go;
	FILE *out;
	struct bytes *body; /* a question for each job */
	int64_t *asked_us;  /* when it was sent */
	size_t n, sent;
	struct crew_result result;
};

static bool
question(const struct job *j, const char *tenant, struct bytes *ret, struct fault *f)
{
	struct wire_enroll w = { .way = ENROL_TOKEN,
		.source = SOURCE,
		.user = octets_text(j->name),
		.password = octets_bytes(&j->token) };
	struct bytes csr = { 0 };
	bool ok;

	(void)snprintf(w.tenant, sizeof(w.tenant), "%s", tenant);
	memcpy(w.profiles, profile_set_digest(), sizeof(w.profiles));
	ok = text_unbase64(octets_bytes(&j->csr), &csr, f);
	w.csr = octets_bytes(&csr);
	if (ok)
		wire_put_enroll(&w, ret);
	bytes_free(&csr);
	return ok && bytes_ok(ret, f);
}

static bool
prepare(struct load *l, const char *file, const char *tenant, struct fault *f)
{
	struct jobs jobs;
	bool ok = true;

	if (!jobs_read(file, &jobs, f))
		return false;
	*l = (struct load){ .line = l->line, .go = l->go, .out = l->out, .n = jobs.n };
	l->body = calloc(jobs.n, sizeof(*l->body));
	l->asked_us = calloc(jobs.n, sizeof(*l->asked_us));
	l->result.lat_us = calloc(jobs.n, sizeof(*l->result.lat_us));
	if (l->body == NULL || l->asked_us == NULL || l->result.lat_us == NULL)
		ok = fault_set(f, FAULT_INTERNAL, "inside: out of memory");
	for (size_t i = 0; ok && i < jobs.n; i++)
		ok = question(&jobs.at[i], tenant, &l->body[i], f);
	jobs_free(&jobs);
	return ok;
}

static void
forget(struct load *l)
{
	for (size_t i = 0; l->body != NULL && i < l->n; i++)
		bytes_free(&l->body[i]);
	free(l->body);
	free(l->asked_us);
	crew_free(&l->result);
	l->body = NULL;
	l->asked_us = NULL;
}

static bool
ask(struct load *l, struct fault *f)
{
	const struct message m = {
		.id = (uint32_t)l->sent, .verb = WIRE_ENROLL, .body = l->body[l->sent], .fd = -1
	};

	l->asked_us[l->sent] = clock_steady_us();
	if (!ipc_send(l->line, &m, f))
		return false;
	l->sent++;
	return true;
}

static bool
hear(struct load *l, struct message *m, struct fault *f)
{
	struct crew_result *r = &l->result;
	struct fault told;

	if (!ipc_recv(l->line, m, f))
		return false;
	if (m->fd >= 0)
		(void)close(m->fd);
	if (m->verb != WIRE_ENROLL || m->id >= l->sent)
		return true; /* news of a revocation */
	if (m->code != 0) {
		fault_set(&told, (enum fault_code)m->code, "%.*s", (int)m->body.n,
		    (const char *)m->body.at);
		if (r->failed++ == 0)
			r->first = told;
	} else {
		r->lat_us[r->done++] = (uint32_t)(clock_steady_us() - l->asked_us[m->id]);
	}
	return true;
}

/* As many in flight as the window lets, until the time or the jobs are over. */
static bool
drive(struct load *l, size_t window, int64_t most_us, struct fault *f)
{
	struct crew_result *r = &l->result;
	struct message m = { .fd = -1 };
	int64_t from_us = clock_steady_us();
	struct pollfd p = { .fd = l->line, .events = POLLIN };
	bool ok = true, more = true;

	while (ok && (more || r->done + r->failed < l->sent)) {
		more = l->sent < l->n && clock_steady_us() - from_us < most_us;
		while (ok && more && l->sent < l->n && l->sent - r->done - r->failed < window)
			ok = ask(l, f);
		while (ok)
			ok = hear(l, &m, f);
		ok = f->code == FAULT_BUSY;
		if (ok && r->done + r->failed < l->sent)
			(void)poll(&p, 1, -1);
	}
	r->took_us = clock_steady_us() - from_us;
	bytes_free(&m.body);
	return ok;
}

static int
by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static bool
tell(struct load *l, struct fault *f)
{
	struct crew_result *r = &l->result;
	struct bytes line = { 0 };
	struct json *j;
	bool ok;

	qsort(r->lat_us, r->done, sizeof(r->lat_us[0]), by_size);
	j = crew_json(r);
	ok = json_write(j, &line, f);
	json_free(j);
	if (ok)
		(void)fprintf(l->out, "%.*s\n", (int)line.n, (const char *)line.at);
	bytes_free(&line);
	return ok;
}

/* One order, from its line to its result. */
static bool
serve(struct load *l, char *order, struct fault *f)
{
	const char *word[4];
	char *rest = order;
	long window, seconds;
	bool ok;

	for (size_t i = 0; i < 4; i++)
		if ((word[i] = strsep(&rest, " \n")) == NULL || word[i][0] == '\0')
			return fault_set(f, FAULT_BADREQ, "inside: four words are due");
	if (!job_number(word[2], 1, WINDOW_MAX, &window, f) ||
	    !job_number(word[3], 1, 3600, &seconds, f) || !prepare(l, word[0], word[1], f))
		return false;
	(void)fputs("start\n", l->out);
	(void)fflush(l->out);
	ok = drive(l, (size_t)window, seconds * 1000000, f);
	(void)fputs("stop\n", l->out);
	(void)fflush(l->out);
	ok = ok && tell(l, f);
	forget(l);
	return ok;
}

static bool
take_order(struct load *l, struct fault *f)
{
	const char *out = getenv("BENCH_OUT");
	char order[ORDER_MAX];
	ssize_t n = read(l->go, order, sizeof(order) - 1);
	bool ok;

	if (n <= 0)
		return n == 0 || errno == EAGAIN || errno == EINTR ||
		       fault_errno(f, FAULT_INTERNAL, "inside: BENCH_GO");
	order[n] = '\0';
	if (out == NULL || (l->out = fopen(out, "we")) == NULL)
		return fault_errno(f, FAULT_INTERNAL, "inside: BENCH_OUT");
	ok = serve(l, order, f);
	return fclose(l->out) == 0 && ok;
}

/* Main's word: the profiles, the line (which may be another later), or the end. */
static bool
hear_main(int control, struct load *l, bool *stop, struct fault *f)
{
	struct message m = { .fd = -1 };
	bool ok = child_hear(control, false, &m, f);

	*stop = !ok || m.verb == WIRE_STOP;
	if (ok && m.verb == WIRE_LINE && m.fd >= 0) {
		if (l->line >= 0)
			(void)close(l->line);
		l->line = m.fd;
		ok = child_tell(control, WIRE_READY, octets_of(NULL, 0), -1, f);
	} else if (m.fd >= 0) {
		(void)close(m.fd);
	} else if (ok && m.verb == WIRE_PROFILES) {
		ok = profile_load(octets_bytes(&m.body), f);
	}
	bytes_free(&m.body);
	return ok;
}

static int
load_main(int control)
{
	const char *go = getenv("BENCH_GO");
	struct load l = { .line = -1, .go = go == NULL ? -1 : open(go, O_RDWR | O_NONBLOCK) };
	struct pollfd p[] = { { .fd = control, .events = POLLIN },
		{ .fd = l.go, .events = POLLIN } };
	struct fault f;
	bool stop = false, ok = true;

	while (ok && !stop) {
		(void)poll(p, 2, -1);
		if (p[0].revents != 0)
			ok = hear_main(control, &l, &stop, &f);
		else if (p[1].revents != 0)
			ok = take_order(&l, &f);
	}
	if (!ok && !stop)
		(void)fprintf(stderr, "bench_inside: %s\n", f.text);
	return ok || stop ? 0 : 1;
}

int
main(int argc, char **argv)
{
	enum child_role role;
	struct fault f;

	if (!secret_start(&f)) {
		(void)fprintf(stderr, "bench_inside: %s\n", f.text);
		return 1;
	}
	if (argc != 1 || !child_is(argv[0], &role))
		return cli_main(argc, (const char *const *)argv);
	if (role != CHILD_EDGE)
		return child_main(role);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	return load_main(CHILD_CONTROL);
}
