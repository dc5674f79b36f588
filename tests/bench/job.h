/*
 * tests/bench/job.h - the devices of a benchmark and what each brings along, made before a clock
 * starts.
 *
 * A file of them is text, a line for each, fields between tabs: name, token,
 * key (DER), request, certificate (DER), the last three in base64. A field that
 * is not there yet is empty.
 */
#ifndef QUATRAIN_TESTS_BENCH_JOB_H
#define QUATRAIN_TESTS_BENCH_JOB_H

#include "tests/bench/line.h"

#define JOB_NAME_MAX 64

struct job {
	char name[JOB_NAME_MAX];
	struct bytes token;       /* text */
	struct bytes key;         /* DER, PKCS #8 */
	struct bytes csr;         /* base64 on one line, as it is sent */
	struct bytes certificate; /* DER */
};

struct jobs {
	struct job *at; /* owned */
	size_t n;
};

/* n devices without names or anything. *ret is the caller's, to jobs_free(). */
bool jobs_new(size_t n, struct jobs *ret, struct fault *f) CHECKED;
/* Faults: FAULT_NOTFOUND no such file, FAULT_BADREQ its line, FAULT_INTERNAL. */
bool jobs_read(const char *file, struct jobs *ret, struct fault *f) CHECKED;
/* Mode 0600: there are keys in it. Those without a certificate are left out where some have one. */
bool jobs_write(const char *file, const struct jobs *j, struct fault *f) CHECKED;
void jobs_free(struct jobs *j);

/* The device as a TLS client. The badge's are the caller's, to job_badge_free(). */
bool job_badge(const struct job *j, struct badge *ret, struct fault *f) CHECKED;
void job_badge_free(struct badge *b);

/* A whole number of an option's text within lo to hi. */
bool job_number(const char *text, long lo, long hi, long *ret, struct fault *f) CHECKED;

#endif
