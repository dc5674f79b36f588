/*
 * tests/bench/bench_revoke.c - from the call that revokes to the answer "revoked": how long, and
 * never a late "good".
 *
 * bench_revoke --secure PORT --public PORT --operator DIR --tenant T
 *     --issuer FILE --jobs FILE --count N
 *
 * For each certificate: OCSP by GET, so that an answer "good" stands ready; then
 * the revocation over the operator's kept mTLS connection; then at once the same
 * GET. Once all are revoked, each is asked for again.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ocsp.h>
#include <openssl/pem.h>

#include "base/clock.h"
#include "base/text.h"
#include "tests/bench/crew.h"
#include "tests/bench/job.h"

#define COUNT_MAX     10000
#define NAME          "localhost"
#define SERIAL_OCTETS 16
#define WARMERS       3 /* rounds of GET before: the first makes the answer, the others find it */

struct target {
	OCSP_CERTID *id;       /* owned */
	struct bytes get, end; /* the two questions */
};

struct stopwatch {
	const char *operator_dir, *tenant, *issuer, *file;
	long secure_port, public_port, count;
	struct place secure, public;
	struct badge officer;
	struct line *api, *ocsp;
	struct jobs jobs;
	struct target *target;
	size_t n, wrong; /* answers that were not what they had to be */
	uint32_t *replied_us, *seen_us;
};

static bool
read_pem(const char *dir, const char *name, X509 **cert, EVP_PKEY **key, struct fault *f)
{
	char path[4096];
	FILE *in;

	if (snprintf(path, sizeof(path), "%s%s", dir, name) >= (int)sizeof(path))
		return fault_set(f, FAULT_LIMIT, "revoke: too long a path");
	if ((in = fopen(path, "re")) == NULL)
		return fault_errno(f, FAULT_NOTFOUND, "revoke: %s", path);
	if (cert != NULL)
		*cert = PEM_read_X509(in, NULL, NULL, NULL);
	else
		*key = PEM_read_PrivateKey(in, NULL, NULL, NULL);
	(void)fclose(in);
	if ((cert != NULL && *cert == NULL) || (key != NULL && *key == NULL))
		return fault_crypto(f, FAULT_BADREQ, "revoke: %s", path);
	return true;
}

/* The request in the path of a GET: base64, in which three octets must be escaped. */
static void
put_get(const struct stopwatch *w, struct octets der, struct bytes *to)
{
	struct bytes base64 = { 0 }, path = { 0 };

	text_base64(der, 0, &base64);
	bytes_put_text(&path, "/ocsp/");
	for (size_t i = 0; i < base64.n; i++) {
		if (strchr("+/=", base64.at[i]) != NULL)
			bytes_put_fmt(&path, "%%%02X", base64.at[i]);
		else
			bytes_put_u8(&path, base64.at[i]);
	}
	bytes_put_u8(&path, 0);
	if (!path.bad)
		line_put(to, &w->public, "GET", (const char *)path.at, "", octets_of(NULL, 0));
	bytes_free(&base64);
	bytes_free(&path);
}

static void
put_revoke(const struct stopwatch *w, const X509 *cert, struct bytes *to)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
	uint8_t whole[SERIAL_OCTETS] = { 0 }; /* the API wants the zeros at its front, too */
	char hex[2 * SERIAL_OCTETS + 1], path[160];

	if (serial->length > SERIAL_OCTETS)
		return;
	memcpy(whole + SERIAL_OCTETS - serial->length, serial->data, (size_t)serial->length);
	text_hex(whole, sizeof(whole), hex);
	(void)snprintf(
	    path, sizeof(path), "/v1/tenants/%.63s/certificates/%s/revoke", w->tenant, hex);
	line_put(to, &w->secure, "POST", path, "Content-Type: application/json\r\n",
	    octets_text("{\"reason\":\"keyCompromise\"}"));
}

static bool
aim(struct stopwatch *w, const X509 *issuer, const struct job *j, struct target *t, struct fault *f)
{
	OCSP_REQUEST *req = OCSP_REQUEST_new();
	OCSP_CERTID *id = NULL;
	struct badge b = { 0 };
	unsigned char *der = NULL;
	int n = -1;

	if (!job_badge(j, &b, f)) {
		OCSP_REQUEST_free(req);
		return false;
	}
	if (req != NULL && (t->id = OCSP_cert_to_id(EVP_sha1(), b.cert, issuer)) != NULL &&
	    (id = OCSP_CERTID_dup(t->id)) != NULL && OCSP_request_add0_id(req, id) != NULL)
		n = i2d_OCSP_REQUEST(req, &der);
	if (n > 0) {
		put_get(w, octets_of(der, (size_t)n), &t->get);
		put_revoke(w, b.cert, &t->end);
	}
	OPENSSL_free(der);
	OCSP_REQUEST_free(req);
	job_badge_free(&b);
	if (n <= 0 || t->get.n == 0 || t->end.n == 0)
		return fault_crypto(f, FAULT_INTERNAL, "revoke: no question for %s", j->name);
	return bytes_ok(&t->get, f) && bytes_ok(&t->end, f);
}

static bool
prepare(struct stopwatch *w, struct fault *f)
{
	const struct badge nobody = { 0 };
	X509 *issuer = NULL;
	bool ok;

	w->secure = (struct place){ .port = (uint16_t)w->secure_port, .name = NAME };
	w->public = (struct place){ .port = (uint16_t)w->public_port, .name = NAME };
	if (!jobs_read(w->file, &w->jobs, f))
		return false;
	w->n = w->jobs.n < (size_t)w->count ? w->jobs.n : (size_t)w->count;
	w->target = calloc(w->n + 1, sizeof(*w->target));
	w->replied_us = calloc(w->n + 1, sizeof(*w->replied_us));
	w->seen_us = calloc(w->n + 1, sizeof(*w->seen_us));
	if (w->target == NULL || w->replied_us == NULL || w->seen_us == NULL)
		return fault_set(f, FAULT_INTERNAL, "revoke: out of memory");
	ok = read_pem("", w->issuer, &issuer, NULL, f) &&
	     read_pem(w->operator_dir, "/cert.pem", &w->officer.cert, NULL, f) &&
	     read_pem(w->operator_dir, "/key.pem", NULL, &w->officer.key, f) &&
	     line_context(&w->secure.tls, f);
	for (size_t i = 0; ok && i < w->n; i++)
		ok = aim(w, issuer, &w->jobs.at[i], &w->target[i], f);
	X509_free(issuer);
	return ok && line_open(&w->secure, &w->officer, &w->api, f) &&
	       line_open(&w->public, &nobody, &w->ocsp, f);
}

/* What the answer's body says of id: V_OCSP_CERTSTATUS_..., or -1 where it says nothing. */
static int
said(struct octets body, OCSP_CERTID *id)
{
	const uint8_t *p = body.at;
	OCSP_RESPONSE *r = d2i_OCSP_RESPONSE(NULL, &p, (long)body.n);
	OCSP_BASICRESP *basic = r == NULL ? NULL : OCSP_response_get1_basic(r);
	int status = -1, reason;
	ASN1_GENERALIZEDTIME *at, *from, *until;

	if (basic == NULL ||
	    OCSP_resp_find_status(basic, id, &status, &reason, &at, &from, &until) != 1)
		status = -1;
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(r);
	return status;
}

/* One GET; counts it where the answer is not the one that it had to be. */
static bool
look(struct stopwatch *w, struct target *t, int must, struct fault *f)
{
	struct answer a;

	if (!line_ask(w->ocsp, octets_bytes(&t->get), &a, f))
		return false;
	if (a.status != 200 || said(a.body, t->id) != must)
		w->wrong++;
	return true;
}

static bool
look_at_all(struct stopwatch *w, int must, struct fault *f)
{
	for (size_t i = 0; i < w->n; i++)
		if (!look(w, &w->target[i], must, f))
			return false;
	return true;
}

static bool
revoke_one(struct stopwatch *w, size_t i, struct fault *f)
{
	struct target *t = &w->target[i];
	int64_t from_us = clock_steady_us();
	struct answer a;

	if (!line_ask(w->api, octets_bytes(&t->end), &a, f))
		return false;
	w->replied_us[i] = (uint32_t)(clock_steady_us() - from_us);
	if (a.status != 200)
		return fault_set(f, FAULT_BADREQ, "revoke: %u: %.*s", a.status, (int)a.body.n,
		    (const char *)a.body.at);
	if (!look(w, t, V_OCSP_CERTSTATUS_REVOKED, f))
		return false;
	w->seen_us[i] = (uint32_t)(clock_steady_us() - from_us);
	return true;
}

static int
by_size(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static bool
tell(struct stopwatch *w, struct fault *f)
{
	struct json *j = json_object();

	qsort(w->replied_us, w->n, sizeof(*w->replied_us), by_size);
	qsort(w->seen_us, w->n, sizeof(*w->seen_us), by_size);
	json_put_number(j, "count", (int64_t)w->n);
	json_put_number(j, "wrong", (int64_t)w->wrong);
	json_put_number(j, "replied_p50_us", crew_percentile(w->replied_us, w->n, 50));
	json_put_number(j, "replied_p99_us", crew_percentile(w->replied_us, w->n, 99));
	json_put_number(j, "p50_us", crew_percentile(w->seen_us, w->n, 50));
	json_put_number(j, "p99_us", crew_percentile(w->seen_us, w->n, 99));
	json_put_number(j, "max_us", crew_percentile(w->seen_us, w->n, 100));
	return crew_tell(j, f);
}

static bool
run(struct stopwatch *w, struct fault *f)
{
	for (int i = 0; i < WARMERS; i++)
		if (!look_at_all(w, V_OCSP_CERTSTATUS_GOOD, f))
			return false;
	crew_say("start");
	for (size_t i = 0; i < w->n; i++)
		if (!revoke_one(w, i, f))
			return false;
	crew_say("stop");
	return look_at_all(w, V_OCSP_CERTSTATUS_REVOKED, f) && tell(w, f);
}

static void
free_all(struct stopwatch *w)
{
	line_close(w->api);
	line_close(w->ocsp);
	job_badge_free(&w->officer);
	for (size_t i = 0; w->target != NULL && i < w->n; i++) {
		OCSP_CERTID_free(w->target[i].id);
		bytes_free(&w->target[i].get);
		bytes_free(&w->target[i].end);
	}
	free(w->target);
	free(w->replied_us);
	free(w->seen_us);
	jobs_free(&w->jobs);
	SSL_CTX_free(w->secure.tls);
}

static bool
read_options(int argc, char **argv, struct stopwatch *w, struct fault *f)
{
	static const struct option options[] = {
		{ "secure", required_argument, NULL, 's' },
		{ "public", required_argument, NULL, 'p' },
		{ "count", required_argument, NULL, 'n' },
		{ "operator", required_argument, NULL, 'o' },
		{ "tenant", required_argument, NULL, 't' },
		{ "issuer", required_argument, NULL, 'i' },
		{ "jobs", required_argument, NULL, 'j' },
		{ 0 },
	};
	const char **const text[] = {
		['o'] = &w->operator_dir, ['t'] = &w->tenant, ['i'] = &w->issuer, ['j'] = &w->file
	};
	bool ok = true;
	int c;

	while (ok && (c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == '?')
			return fault_set(f, FAULT_BADREQ, "an option that is not known");
		if (c == 's')
			ok = job_number(optarg, 1, UINT16_MAX, &w->secure_port, f);
		else if (c == 'p')
			ok = job_number(optarg, 1, UINT16_MAX, &w->public_port, f);
		else if (c == 'n')
			ok = job_number(optarg, 1, COUNT_MAX, &w->count, f);
		else
			*text[c] = optarg;
	}
	if (ok && (w->secure_port == 0 || w->public_port == 0 || w->operator_dir == NULL ||
		      w->tenant == NULL || w->issuer == NULL || w->file == NULL))
		return fault_set(f, FAULT_BADREQ, "expected every option; see the file's head");
	return ok;
}

int
main(int argc, char **argv)
{
	struct stopwatch w = { .count = 200 };
	struct fault f;
	bool ok;

	ok = read_options(argc, argv, &w, &f) && prepare(&w, &f) && run(&w, &f);
	if (!ok)
		(void)fprintf(stderr, "bench_revoke: %s\n", f.text);
	free_all(&w);
	return ok ? 0 : 1;
}
