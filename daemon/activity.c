/* daemon/activity.c - see activity.h. */
#include "daemon/activity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/quota.h"
#include "base/secret.h"
#include "ca/wire.h"
#include "daemon/activity_entry.h"

#define QUEUE_OCTETS (4u << 20)            /* what waits in an edge, at the most */
#define BATCH_OCTETS (IPC_BODY_MAX - 1024) /* of rows in one message */
#define RETRY_US     INT64_C(1000000)
#define SECOND_US    INT64_C(1000000)
#define LOST_ROWS    32 /* tenants whose losses are counted each; more count for the platform */

/* One line that waits. */
struct item {
	struct item *next;
	char tenant[TEXT_LABEL_MAX]; /* empty: the platform */
	size_t n;
	uint8_t at[];
};

struct lost {
	char tenant[TEXT_LABEL_MAX];
	uint64_t n;
};

struct activity {
	struct http *http; /* lent */
	struct item *first, **end;
	size_t octets; /* in the queue */
	/* The batch that is not answered yet; its rows are in no queue any more. */
	struct wire_activity batch;
	struct bytes rows;
	uint64_t rows_n;
	bool asking;        /* the signer has it */
	bool refusals_only; /* the setting */
	int64_t retry_us, told_us;
	struct quota *refusals, *permits;
	uint8_t seed[SECRET_SEED_OCTETS];
	struct lost lost[LOST_ROWS];
	uint64_t lost_more;
};

bool
activity_new(
    struct http *http, unsigned number, bool refusals_only, struct activity **ret, struct fault *f)
{
	const struct quota_rule refusals = { .burst = ACTIVITY_BURST,
		.period_us = ACTIVITY_BURST * SECOND_US };
	const struct quota_rule permits = { .burst = ACTIVITY_PERMITS,
		.period_us = 60 * SECOND_US };
	struct activity *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return fault_set(f, FAULT_INTERNAL, "activity: out of memory");
	a->http = http;
	a->end = &a->first;
	a->refusals_only = refusals_only;
	a->batch.asker = (uint8_t)number;
	secret_nonce(&a->batch.life, sizeof(a->batch.life));
	secret_nonce(a->seed, sizeof(a->seed));
	if (!quota_new(&refusals, &a->refusals, f) || !quota_new(&permits, &a->permits, f)) {
		activity_free(a);
		return false;
	}
	*ret = a;
	return true;
}

void
activity_free(struct activity *a)
{
	struct item *next;

	if (a == NULL)
		return;
	for (struct item *i = a->first; i != NULL; i = next) {
		next = i->next;
		free(i);
	}
	quota_free(a->refusals);
	quota_free(a->permits);
	bytes_free(&a->rows);
	free(a);
}

/* --- what is lost is counted --------------------------------------------------------------------
 */

static void
lose(struct activity *a, const char *tenant, uint64_t n)
{
	for (size_t i = 0; i < LOST_ROWS; i++) {
		struct lost *l = &a->lost[i];

		if (l->n > 0 && strcmp(l->tenant, tenant) != 0)
			continue;
		(void)snprintf(l->tenant, sizeof(l->tenant), "%s", tenant);
		l->n += n;
		return;
	}
	a->lost_more += n;
}

static void
enqueue(struct activity *a, const char *tenant, const struct bytes *line)
{
	struct item *i;

	if (line->bad || a->octets + line->n + sizeof(*i) > QUEUE_OCTETS ||
	    (i = malloc(sizeof(*i) + line->n)) == NULL) {
		lose(a, tenant, 1);
		return;
	}
	*i = (struct item){ .n = line->n };
	(void)snprintf(i->tenant, sizeof(i->tenant), "%s", tenant);
	memcpy(i->at, line->at, line->n);
	*a->end = i;
	a->end = &i->next;
	a->octets += i->n + sizeof(*i);
}

static void
tell_one(struct activity *a, const char *tenant, uint64_t n)
{
	struct bytes line = { 0 };

	if (activity_entry_lost(n, clock_now_s(), &line))
		enqueue(a, tenant, &line);
	bytes_free(&line);
}

static void
tell_lost(struct activity *a, int64_t now_us)
{
	struct lost was[LOST_ROWS];
	uint64_t more = a->lost_more;

	if (now_us - a->told_us < ACTIVITY_TELL_S * SECOND_US)
		return;
	a->told_us = now_us;
	memcpy(was, a->lost, sizeof(was)); /* what is lost again begins a count of its own */
	memset(a->lost, 0, sizeof(a->lost));
	a->lost_more = 0;
	for (size_t i = 0; i < LOST_ROWS; i++)
		if (was[i].n > 0)
			tell_one(a, was[i].tenant, was[i].n);
	if (more > 0)
		tell_one(a, "", more);
}

/* --- a fact -------------------------------------------------------------------------------------
 */

static uint64_t
counts_as(const struct activity *a, const struct activity_fact *fact)
{
	const struct value *id =
	    fact->request == NULL ? NULL : &fact->request->fixed[ATTRIBUTE_SUBJECT_ID];

	if (id != NULL && id->type == VALUE_TEXT && id->text.n > 0)
		return secret_hash(a->seed, id->text) | 1;
	if (fact->stranger != 0)
		return fact->stranger;
	return secret_hash(a->seed, octets_text(fact->tenant == NULL ? "" : fact->tenant)) | 1;
}

static bool
may_keep(struct activity *a, const struct activity_fact *fact)
{
	struct quota *q = fact->permit ? a->permits : a->refusals;

	if (strcmp(fact->act, ACTIVITY_CUT) == 0) /* as many as there were connections */
		return true;
	return quota_take(q, counts_as(a, fact), clock_steady_us()) == 0;
}

void
activity_note(struct activity *a, const struct activity_fact *fact)
{
	const char *tenant;
	struct bytes line = { 0 };

	if (a == NULL || (fact->permit && a->refusals_only))
		return;
	tenant = fact->tenant == NULL ? "" : fact->tenant;
	if (!may_keep(a, fact))
		lose(a, tenant, 1);
	else if (activity_entry(fact, &line))
		enqueue(a, tenant, &line);
	else
		lose(a, tenant, 1);
	bytes_free(&line);
}

void
activity_note_line(struct activity *a, const char *tenant, struct octets who, bool permit,
    const struct bytes *line)
{
	struct quota *q;

	if (a == NULL || (permit && a->refusals_only))
		return;
	q = permit ? a->permits : a->refusals;
	if (quota_take(q, secret_hash(a->seed, who) | 1, clock_steady_us()) == 0)
		enqueue(a, tenant, line);
	else
		lose(a, tenant, 1);
}

/* --- to the signer ------------------------------------------------------------------------------
 */

/* Which tenants a batch tells of: the signer takes so many. */
struct told {
	char tenant[WIRE_ACTIVITY_TENANTS][TEXT_LABEL_MAX];
	size_t n;
};

static bool
fits(struct told *t, const char *tenant)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->tenant[i], tenant) == 0)
			return true;
	if (t->n == WIRE_ACTIVITY_TENANTS)
		return false;
	memcpy(t->tenant[t->n++], tenant, TEXT_LABEL_MAX);
	return true;
}

static void
fill(struct activity *a)
{
	struct told told = { .n = 0 };
	struct item *i;

	bytes_clear(&a->rows);
	a->rows_n = 0;
	while ((i = a->first) != NULL && a->rows.n + i->n + sizeof(i->tenant) + 8 <= BATCH_OCTETS &&
	       fits(&told, i->tenant)) {
		bytes_put_counted_text(&a->rows, i->tenant);
		bytes_put_counted(&a->rows, octets_of(i->at, i->n));
		a->rows_n++;
		a->octets -= i->n + sizeof(*i);
		if ((a->first = i->next) == NULL)
			a->end = &a->first;
		free(i);
	}
	a->batch.turn++;
}

static void
forget(struct activity *a)
{
	bytes_clear(&a->rows);
	a->rows_n = 0;
}

/* What no signer will ever take is given up; all else is sent again, and known by its turn. */
static void
heard(void *with, uint16_t code, struct octets body)
{
	struct activity *a = with;
	struct reader in = reader_of(body);
	uint32_t lost;

	a->asking = false;
	if (code == 0) {
		lost = reader_u32(&in);
		if (!in.bad && lost > 0)
			lose(a, "", lost);
		forget(a);
	} else if (code == FAULT_BADREQ || code == FAULT_LIMIT) {
		lose(a, "", a->rows_n);
		forget(a);
	} else {
		a->retry_us = clock_steady_us() + RETRY_US;
	}
}

void
activity_tick(void *with)
{
	struct activity *a = with;
	int64_t now_us = clock_steady_us();
	struct bytes body = { 0 };
	struct fault f;

	if (a == NULL)
		return;
	tell_lost(a, now_us);
	if (a->asking || now_us < a->retry_us || !http_has_line(a->http))
		return;
	if (a->rows.n == 0)
		fill(a);
	if (a->rows_n == 0)
		return;
	if (a->rows.bad) {
		lose(a, "", a->rows_n);
		forget(a);
		return;
	}
	a->batch.rows = octets_bytes(&a->rows);
	wire_put_activity(&a->batch, &body);
	if (bytes_ok(&body, &f)) {
		a->asking = true;
		http_ask(a->http, WIRE_ACTIVITY, octets_bytes(&body), heard, a);
	}
	bytes_free(&body);
}
