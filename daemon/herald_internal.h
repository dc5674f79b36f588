/*
 * daemon/herald_internal.h - what the files of the herald share.
 */
#ifndef QUATRAIN_DAEMON_HERALD_INTERNAL_H
#define QUATRAIN_DAEMON_HERALD_INTERNAL_H

#include <sys/stat.h>

#include "daemon/fetch_post.h"
#include "daemon/herald.h"
#include "daemon/tally.h"

/* A tenant's log, and how far each hook is in it. */
struct follow {
	char tenant[TEXT_LABEL_MAX];
	struct timespec changed; /* its file, when last looked at */
	uint64_t size;           /* entries of its log */
	struct herald_place place[WEBHOOKS_MAX];
	bool wanted[WEBHOOKS_MAX];
	bool broken; /* it could not be read, and that was said */
};

struct herald;

struct hook {
	struct herald *herald;
	size_t number;
	const struct webhook *w;
	struct tally_hook *tally;
	struct herald_secrets secrets;
	struct bytes roots;          /* PEM */
	uint8_t like[DIGEST_OCTETS]; /* what it is like: another URL or secret is another hook */
	struct herald_row row;
	bool stopped;          /* by 410 */
	bool posting, testing; /* a post is under way */
	bool failing, refused; /* and it was said */
	unsigned failures;
	int64_t next_us; /* not before, by the steady clock */
	/* the post of now */
	size_t follow; /* whose log it is of; also where to look on for the next */
	struct herald_place place;
	uint8_t last[DIGEST_OCTETS]; /* leaf hash of its last entry */
	struct herald_body body;
	/* a test */
	bool test_due;
	uint64_t test_index;
	struct bytes test_body;
	char test_trace[TRACE_TEXT_MAX];
};

struct herald {
	int control;
	struct settings settings;
	struct tally *tally;
	struct realm *realm;
	struct store *store;
	struct posts *posts;
	struct hook hook[WEBHOOKS_MAX];
	size_t hooks;
	struct follow *follow; /* by name, rising */
	size_t follows;
	uint64_t tests_from; /* entries of the platform's log before it were looked at for tests */
	int64_t survey_us;   /* not before */
	struct stat names[2];
	bool stop;
};

/* daemon/herald_follow.c: look which logs grew, at most every so often. Fault: FAULT_INTERNAL. */
bool herald_survey(struct herald *h, struct fault *f) CHECKED;
/* Write down one place. Fault: those of batch_apply(). */
bool herald_keep(struct herald *h, const struct hook *k, const char *tenant,
    const struct herald_place *p, struct fault *f) CHECKED;
bool herald_keep_row(struct herald *h, const struct hook *k, struct fault *f) CHECKED;

/* daemon/herald_hook.c: begin what is due. True if there may be more at once. */
bool herald_step(struct hook *k, int64_t now_us);
void herald_tell(struct hook *k, int64_t now_us); /* into the tally */
#endif
