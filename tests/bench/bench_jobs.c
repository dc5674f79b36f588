/*
 * tests/bench/bench_jobs.c - devices that are ready to enrol: each with a key, a request and a
 * token of its own.
 *
 * bench_jobs --socket FILE --tenant T --prefix P --count N --workers N --out FILE
 *
 * The tokens come from the API on the service's local socket. It prints how fast.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tests/bench/crew.h"
#include "tests/bench/job.h"

#define COUNT_MAX   200000
#define PREFIX_MAX  32
#define PATH_ROOM   128
#define MOST_US     INT64_C(120000000) /* for all the tokens */
#define TOKEN_TTL_S 3600

struct maker {
	const char *tenant, *prefix, *out;
	char path[PATH_ROOM];
	struct place place;
	struct jobs jobs;
	struct line *line[CREW_MAX];
};

static bool
put_subject(X509_REQ *req, const char *tenant, const char *name)
{
	static const char *const part[] = { "O", "OU", "CN" };
	const char *value[] = { tenant, "printer", name };
	X509_NAME *subject = X509_REQ_get_subject_name(req);

	for (size_t i = 0; i < 3; i++)
		if (X509_NAME_add_entry_by_txt(subject, part[i], MBSTRING_UTF8,
			(const unsigned char *)value[i], -1, -1, 0) != 1)
			return false;
	return true;
}

/* The request's subject is the certificate's to be, so that the same request serves for renewal. */
static bool
make_request(void *with, size_t worker, size_t i, struct fault *f)
{
	struct maker *m = with;
	struct job *j = &m->jobs.at[i];
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509_REQ *req = X509_REQ_new();
	unsigned char *der = NULL, *key_der = NULL;
	int n = -1, key_n = -1;

	(void)worker;
	(void)snprintf(j->name, sizeof(j->name), "%s-%zu", m->prefix, i);
	if (key != NULL && req != NULL && put_subject(req, m->tenant, j->name) &&
	    X509_REQ_set_pubkey(req, key) == 1 && X509_REQ_sign(req, key, EVP_sha256()) > 0) {
		n = i2d_X509_REQ(req, &der);
		key_n = i2d_PrivateKey(key, &key_der);
	}
	if (n > 0 && key_n > 0) {
		text_base64(octets_of(der, (size_t)n), 0, &j->csr);
		bytes_put(&j->key, key_der, (size_t)key_n);
	}
	OPENSSL_free(der);
	OPENSSL_clear_free(key_der, key_n > 0 ? (size_t)key_n : 0);
	X509_REQ_free(req);
	EVP_PKEY_free(key);
	if (n <= 0 || key_n <= 0)
		return fault_crypto(f, FAULT_INTERNAL, "job: no request for %s", j->name);
	return bytes_ok(&j->csr, f) && bytes_ok(&j->key, f);
}

static bool
open_line(void *with, size_t worker, struct fault *f)
{
	struct maker *m = with;
	const struct badge nobody = { 0 };

	return line_open(&m->place, &nobody, &m->line[worker], f);
}

static bool
take_token(struct octets body, struct job *j, struct fault *f)
{
	struct json *reply;
	const char *token;

	if (!json_parse(body, &reply, f))
		return false;
	token = json_text(reply, "token");
	if (token != NULL)
		bytes_put_text(&j->token, token);
	json_free(reply);
	return token == NULL ? fault_set(f, FAULT_BADREQ, "job: a reply without a token")
			     : bytes_ok(&j->token, f);
}

static bool
make_token(void *with, size_t worker, size_t i, struct fault *f)
{
	struct maker *m = with;
	struct job *j = &m->jobs.at[i];
	struct bytes body = { 0 }, question = { 0 };
	struct answer a;
	bool ok;

	bytes_put_fmt(&body, "{\"device\":\"%s\",\"profile\":\"printer\",\"ttl_s\":%d}", j->name,
	    TOKEN_TTL_S);
	line_put(&question, &m->place, "POST", m->path, "Content-Type: application/json\r\n",
	    octets_bytes(&body));
	ok = bytes_ok(&body, f) && bytes_ok(&question, f) &&
	     line_ask(m->line[worker], octets_bytes(&question), &a, f);
	if (ok && a.status != 201)
		ok = fault_set(f, FAULT_BADREQ, "job: no token, but %u: %.*s", a.status,
		    (int)a.body.n, (const char *)a.body.at);
	ok = ok && take_token(a.body, j, f);
	bytes_free(&body);
	bytes_free(&question);
	return ok;
}

/* All or nothing: what is measured later counts on them. */
static bool
all(struct crew_work *w, struct crew_result *r, struct fault *f)
{
	if (!crew_run(w, r, f))
		return false;
	if (r->done == w->jobs)
		return true;
	if (r->failed > 0)
		*f = r->first;
	else
		fault_set(f, FAULT_LIMIT, "job: %zu of %zu in the time", r->done, w->jobs);
	crew_free(r);
	return false;
}

static bool
make_all(struct maker *m, size_t workers, struct fault *f)
{
	struct crew_work work = { .workers = 2, .jobs = m->jobs.n, .most_us = MOST_US };
	struct crew_result r;
	bool ok;

	work.with = m;
	work.act = make_request;
	if (!all(&work, &r, f))
		return false;
	crew_free(&r);
	work.workers = workers;
	work.begin = open_line;
	work.act = make_token;
	ok = all(&work, &r, f);
	for (size_t i = 0; i < workers; i++)
		line_close(m->line[i]);
	if (!ok)
		return false;
	ok = crew_tell(crew_json(&r), f);
	crew_free(&r);
	return ok && jobs_write(m->out, &m->jobs, f);
}

static bool
read_options(int argc, char **argv, struct maker *m, long *count, long *workers, struct fault *f)
{
	static const struct option options[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "tenant", required_argument, NULL, 't' },
		{ "prefix", required_argument, NULL, 'p' },
		{ "count", required_argument, NULL, 'n' },
		{ "workers", required_argument, NULL, 'w' },
		{ "out", required_argument, NULL, 'o' },
		{ 0 },
	};
	int c;
	bool ok = true;

	while (ok && (c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 's':
			m->place.socket = optarg;
			break;
		case 't':
			m->tenant = optarg;
			break;
		case 'p':
			m->prefix = optarg;
			break;
		case 'o':
			m->out = optarg;
			break;
		case 'n':
			ok = job_number(optarg, 1, COUNT_MAX, count, f);
			break;
		case 'w':
			ok = job_number(optarg, 1, CREW_MAX, workers, f);
			break;
		default:
			return fault_set(f, FAULT_BADREQ, "an option that is not known");
		}
	}
	if (ok && (m->place.socket == NULL || m->tenant == NULL || m->prefix == NULL ||
		      m->out == NULL || *count == 0))
		return fault_set(
		    f, FAULT_BADREQ, "expected --socket --tenant --prefix --count and --out");
	if (ok && (strlen(m->prefix) > PREFIX_MAX || !text_is_label(m->prefix) ||
		      snprintf(m->path, sizeof(m->path), "/v1/tenants/%s/tokens", m->tenant) >=
			  (int)sizeof(m->path)))
		return fault_set(f, FAULT_BADREQ, "--tenant and --prefix are short labels");
	return ok;
}

int
main(int argc, char **argv)
{
	struct maker m = { .place = { .name = "localhost" } };
	long count = 0, workers = 32;
	struct fault f;
	bool ok;

	ok = read_options(argc, argv, &m, &count, &workers, &f) &&
	     jobs_new((size_t)count, &m.jobs, &f) && make_all(&m, (size_t)workers, &f);
	if (!ok)
		(void)fprintf(stderr, "bench_jobs: %s\n", f.text);
	jobs_free(&m.jobs);
	return ok ? 0 : 1;
}
