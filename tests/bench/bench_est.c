/*
 * tests/bench/bench_est.c - enrolments a second: on kept connections, or on a new one each, and as
 * whom.
 *
 * bench_est --port N --name HOST --path PATH --jobs FILE --workers N
 *     --seconds N [--kept] [--renew] [--peer] [--save FILE]
 *
 *   --kept   each worker keeps its connection; otherwise each job has a new one
 *   --renew  each job shows its certificate in TLS, and no token
 *   --peer   the other end has one fixed answer for all; only its status counts
 *   --save   write the jobs that got a certificate, with it
 *
 * An enrolment counts when the reply is a 200 with an index in the log. After the
 * clock stopped, every certificate is held against the key that asked, and no
 * index may have come twice.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/pkcs7.h>

#include "base/text.h"
#include "tests/bench/crew.h"
#include "tests/bench/job.h"

#define SECONDS_MAX 120
#define NO_INDEX    UINT64_MAX

struct shown {
	struct badge badge;
	struct bytes question, reply; /* the reply's body */
	uint64_t index;               /* in the log; NO_INDEX: not enrolled */
};

struct load {
	const char *path, *file, *save;
	int kept, renew, peer; /* flags, as getopt_long() sets them */
	long port, workers, seconds;
	struct place place;
	struct jobs jobs;
	struct shown *shown;
	struct line *line[CREW_MAX];
};

static bool
put_question(const struct load *l, const struct job *j, struct bytes *to, struct fault *f)
{
	struct bytes basic = { 0 }, extra = { 0 };
	bool ok;

	bytes_put_text(&extra, "Content-Type: application/pkcs10\r\n");
	if (!l->renew) {
		bytes_put_fmt(&basic, "%s:", j->name);
		bytes_put_octets(&basic, octets_bytes(&j->token));
		bytes_put_text(&extra, "Authorization: Basic ");
		text_base64(octets_bytes(&basic), 0, &extra);
		bytes_put_text(&extra, "\r\n");
	}
	bytes_put_u8(&extra, 0);
	ok = bytes_ok(&basic, f) && bytes_ok(&extra, f);
	if (ok)
		line_put(
		    to, &l->place, "POST", l->path, (const char *)extra.at, octets_bytes(&j->csr));
	bytes_free(&basic);
	bytes_free(&extra);
	return ok && bytes_ok(to, f);
}

/* Whatever can be made before the clock starts. */
static bool
prepare(struct load *l, struct fault *f)
{
	l->place = (struct place){ .port = (uint16_t)l->port, .name = l->place.name };
	if (!line_context(&l->place.tls, f) || !jobs_read(l->file, &l->jobs, f))
		return false;
	if ((l->shown = calloc(l->jobs.n + 1, sizeof(*l->shown))) == NULL)
		return fault_set(f, FAULT_INTERNAL, "est: out of memory");
	for (size_t i = 0; i < l->jobs.n; i++) {
		l->shown[i].index = NO_INDEX;
		if (!put_question(l, &l->jobs.at[i], &l->shown[i].question, f) ||
		    (l->renew && !job_badge(&l->jobs.at[i], &l->shown[i].badge, f)))
			return false;
	}
	return true;
}

static bool
open_line(void *with, size_t worker, struct fault *f)
{
	struct load *l = with;
	const struct badge nobody = { 0 };

	return line_open(&l->place, &nobody, &l->line[worker], f);
}

static bool
read_index(struct octets head, uint64_t *ret)
{
	static const char name[] = "\r\nQuatrain-Log-Index: ";
	const char *at = memmem(head.at, head.n, name, sizeof(name) - 1);

	if (at == NULL)
		return false;
	*ret = strtoull(at + sizeof(name) - 1, NULL, 10);
	return true;
}

static bool
take(const struct load *l, struct shown *s, const struct answer *a, struct fault *f)
{
	if (a->status != 200)
		return fault_set(f, FAULT_BADREQ, "est: %u: %.*s", a->status, (int)a->body.n,
		    (const char *)a->body.at);
	if (l->peer)
		return true;
	bytes_put_octets(&s->reply, a->body);
	return read_index(a->head, &s->index) ||
	       fault_set(f, FAULT_BADREQ, "est: a reply without Quatrain-Log-Index");
}

static bool
enrol(void *with, size_t worker, size_t i, struct fault *f)
{
	struct load *l = with;
	struct shown *s = &l->shown[i];
	struct line *line = l->line[worker];
	struct answer a;
	bool ok;

	if (!l->kept && !line_open(&l->place, &s->badge, &line, f))
		return false;
	ok = line_ask(line, octets_bytes(&s->question), &a, f) && take(l, s, &a, f);
	if (!l->kept)
		line_close(line);
	return ok;
}

/* The one certificate of a certs-only reply, if it is for the job's key. */
static bool
check(struct job *j, struct octets base64, struct fault *f)
{
	struct bytes der = { 0 };
	struct badge b = { 0 };
	const uint8_t *p;
	unsigned char *cert = NULL;
	PKCS7 *p7 = NULL;
	int n = -1;
	bool ok = false;

	if (!text_unbase64(base64, &der, f))
		goto out;
	p = der.at;
	if ((p7 = d2i_PKCS7(NULL, &p, (long)der.n)) != NULL && PKCS7_type_is_signed(p7) &&
	    sk_X509_num(p7->d.sign->cert) == 1)
		n = i2d_X509(sk_X509_value(p7->d.sign->cert, 0), &cert);
	bytes_clear(&j->certificate);
	if (n > 0)
		bytes_put(&j->certificate, cert, (size_t)n);
	if (!bytes_ok(&j->certificate, f) || !job_badge(j, &b, f))
		goto out;
	ok = X509_check_private_key(b.cert, b.key) == 1 ||
	     fault_crypto(f, FAULT_BADREQ, "est: %s got another's certificate", j->name);
out:
	job_badge_free(&b);
	OPENSSL_free(cert);
	PKCS7_free(p7);
	bytes_free(&der);
	return ok;
}

static int
by_index(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Every enrolment is an entry of its own. */
static bool
check_indexes(const struct load *l, size_t done, struct fault *f)
{
	uint64_t *all = calloc(l->jobs.n + 1, sizeof(*all));
	size_t n = 0;
	bool ok = true;

	if (all == NULL)
		return fault_set(f, FAULT_INTERNAL, "est: out of memory");
	for (size_t i = 0; i < l->jobs.n; i++)
		if (l->shown[i].index != NO_INDEX)
			all[n++] = l->shown[i].index;
	qsort(all, n, sizeof(*all), by_index);
	for (size_t i = 1; ok && i < n; i++)
		if (all[i] == all[i - 1])
			ok = fault_set(f, FAULT_BADREQ,
			    "est: two enrolments at %" PRIu64 " of the log", all[i]);
	free(all);
	return ok && (n == done || fault_set(f, FAULT_BADREQ, "est: %zu entries of %zu", n, done));
}

static bool
check_all(struct load *l, size_t done, struct fault *f)
{
	if (l->peer)
		return true;
	for (size_t i = 0; i < l->jobs.n; i++) {
		bytes_clear(&l->jobs.at[i].token); /* spent, or no longer of use */
		if (l->shown[i].index == NO_INDEX)
			bytes_clear(&l->jobs.at[i].certificate);
		else if (!check(&l->jobs.at[i], octets_bytes(&l->shown[i].reply), f))
			return false;
	}
	return check_indexes(l, done, f) && (l->save == NULL || jobs_write(l->save, &l->jobs, f));
}

static bool
run(struct load *l, struct fault *f)
{
	const struct crew_work work = {
		.workers = (size_t)l->workers,
		.jobs = l->jobs.n,
		.most_us = l->seconds * 1000000,
		.begin = l->kept ? open_line : NULL,
		.act = enrol,
		.with = l,
		.told = true,
	};
	struct crew_result r;
	bool ok;

	if (!crew_run(&work, &r, f))
		return false;
	ok = check_all(l, r.done, f) && crew_tell(crew_json(&r), f);
	crew_free(&r);
	return ok;
}

static void
free_all(struct load *l)
{
	for (size_t i = 0; i < CREW_MAX; i++)
		line_close(l->line[i]);
	for (size_t i = 0; l->shown != NULL && i < l->jobs.n; i++) {
		bytes_free(&l->shown[i].question);
		bytes_free(&l->shown[i].reply);
		job_badge_free(&l->shown[i].badge);
	}
	free(l->shown);
	jobs_free(&l->jobs);
	SSL_CTX_free(l->place.tls);
}

static bool
read_options(int argc, char **argv, struct load *l, struct fault *f)
{
	const struct option options[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "name", required_argument, NULL, 'n' },
		{ "path", required_argument, NULL, 'u' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "workers", required_argument, NULL, 'w' },
		{ "seconds", required_argument, NULL, 's' },
		{ "save", required_argument, NULL, 'o' },
		{ "kept", no_argument, &l->kept, 1 },
		{ "renew", no_argument, &l->renew, 1 },
		{ "peer", no_argument, &l->peer, 1 },
		{ 0 },
	};
	const char **const text[] = {
		['n'] = &l->place.name, ['u'] = &l->path, ['j'] = &l->file, ['o'] = &l->save
	};
	bool ok = true;
	int c;

	while (ok && (c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == '?')
			return fault_set(f, FAULT_BADREQ, "an option that is not known");
		if (c == 'p')
			ok = job_number(optarg, 1, UINT16_MAX, &l->port, f);
		else if (c == 'w')
			ok = job_number(optarg, 1, CREW_MAX, &l->workers, f);
		else if (c == 's')
			ok = job_number(optarg, 1, SECONDS_MAX, &l->seconds, f);
		else if (c != 0)
			*text[c] = optarg;
	}
	if (ok && (l->port == 0 || l->place.name == NULL || l->path == NULL || l->file == NULL ||
		      (l->kept && l->renew)))
		return fault_set(f, FAULT_BADREQ,
		    "expected --port --name --path --jobs, and --kept or --renew but not both");
	return ok;
}

int
main(int argc, char **argv)
{
	struct load l = { .workers = 32, .seconds = 10 };
	struct fault f;
	bool ok;

	ok = read_options(argc, argv, &l, &f) && prepare(&l, &f) && run(&l, &f);
	if (!ok)
		(void)fprintf(stderr, "bench_est: %s\n", f.text);
	free_all(&l);
	return ok ? 0 : 1;
}
