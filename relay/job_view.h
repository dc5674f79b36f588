/*
 * relay/job_view.h - a job as its owner sees it: the job attributes of an answer (RFC 8011
 * section 5.3).
 */
#ifndef QUATRAIN_RELAY_JOB_VIEW_H
#define QUATRAIN_RELAY_JOB_VIEW_H

#include "relay/job.h"
#include "relay/wanted.h"

struct job_view {
	const char *base;        /* as of struct capability; lent, as all here */
	const char *name, *user; /* job-name; job-originating-user-name: the certificate's */
	int64_t now_s, started_s;
};

/* All that is wanted, without the group's tag. */
void job_view_put(
    struct bytes *b, const struct job *j, const struct job_view *v, const struct wanted *w);

#endif
