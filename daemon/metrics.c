/* daemon/metrics.c - see tally.h: what was counted, as Prometheus reads it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/round.h"
#include "daemon/signer.h"
#include "daemon/tally_internal.h"

static const char *const faces[TALLY_FACES] = { "public", "secure", "local", "metrics", "relay" };
static const char *const routes[TALLY_ROUTES] = {
	[ROUTE_EST] = "est",
	[ROUTE_OCSP] = "ocsp",
	[ROUTE_CRL] = "crl",
	[ROUTE_REVOKE] = "revoke",
	[ROUTE_EVENTS] = "events",
	[ROUTE_API] = "api",
	[ROUTE_HEALTH] = "health",
	[ROUTE_OTHER] = "other",
};
static const char *const outcomes[TALLY_OUTCOMES] = { "done", "refused", "failed" };

static void
head(struct bytes *to, const char *name, const char *type, const char *help)
{
	bytes_put_fmt(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
one(struct bytes *to, const char *name, const char *type, const char *help, uint64_t v)
{
	head(to, name, type, help);
	bytes_put_fmt(to, "%s %" PRIu64 "\n", name, v);
}

/* Seconds, with a point and never in another locale's spelling. */
static void
put_seconds(struct bytes *to, uint64_t us)
{
	bytes_put_fmt(to, "%" PRIu64 ".%06" PRIu64 "\n", us / 1000000, us % 1000000);
}

/* labels: what stands before le, "" or "route=\"est\",". */
static void
put_times(struct bytes *to, const char *name, const char *labels,
    const struct tally_times *const *t, size_t n)
{
	char bare[64] = "";
	uint64_t sum = 0, us = 0;

	for (size_t b = 0; b <= TALLY_BOUNDS; b++) {
		for (size_t i = 0; i < n; i++)
			sum += tally_get(&t[i]->n[b]);
		bytes_put_fmt(to, "%s_bucket{%sle=\"%s\"} %" PRIu64 "\n", name, labels,
		    b == TALLY_BOUNDS ? "+Inf" : tally_bounds[b].le, sum);
	}
	for (size_t i = 0; i < n; i++)
		us += tally_get(&t[i]->sum_us);
	if (labels[0] != '\0')
		(void)snprintf(bare, sizeof(bare), "{%.*s}", (int)strlen(labels) - 1, labels);
	bytes_put_fmt(to, "%s_sum%s ", name, bare);
	put_seconds(to, us);
	bytes_put_fmt(to, "%s_count%s %" PRIu64 "\n", name, bare, sum);
}

static uint64_t
replies_of(const struct tally *t, size_t face, size_t route, size_t status)
{
	uint64_t n = 0;

	for (size_t i = 0; i < TALLY_ASKERS; i++)
		n += tally_get(&t->asker[i].replies[face][route][status]);
	return n;
}

/* What never was is left out: most of them cannot be. */
static void
put_replies_of(const struct tally *t, size_t face, size_t route, struct bytes *to)
{
	for (size_t k = 0; k < TALLY_STATUSES; k++) {
		uint64_t n = replies_of(t, face, route, k);
		char status[16] = "other";

		if (n == 0)
			continue;
		if (tally_statuses[k] != 0)
			(void)snprintf(status, sizeof(status), "%u", tally_statuses[k]);
		bytes_put_fmt(to,
		    "quatrain_replies_total{listener=\"%s\",route=\"%s\",status=\"%s\"} %" PRIu64
		    "\n",
		    faces[face], routes[route], status, n);
	}
}

static void
put_replies(const struct tally *t, struct bytes *to)
{
	head(to, "quatrain_replies_total", "counter",
	    "Replies by listener, what they were about, and status.");
	for (size_t i = 0; i < TALLY_FACES; i++)
		for (size_t r = 0; r < TALLY_ROUTES; r++)
			put_replies_of(t, i, r, to);
}

static void
put_latencies(const struct tally *t, struct bytes *to)
{
	const struct tally_times *all[TALLY_ASKERS];
	char label[32];

	head(to, "quatrain_reply_seconds", "histogram",
	    "From a request's head to its reply, by what it was about.");
	for (size_t r = 0; r < TALLY_ROUTES; r++) {
		if (r == ROUTE_EVENTS)
			continue;
		for (size_t i = 0; i < TALLY_ASKERS; i++)
			all[i] = &t->asker[i].took[r];
		(void)snprintf(label, sizeof(label), "route=\"%s\",", routes[r]);
		put_times(to, "quatrain_reply_seconds", label, all, TALLY_ASKERS);
	}
}

static void
put_askers(const struct tally *t, struct bytes *to)
{
	uint64_t kept = 0, made = 0, streams = 0, limited[LIMITS] = { 0 };

	for (size_t i = 0; i < TALLY_ASKERS; i++) {
		const struct tally_asker *a = &t->asker[i];

		kept += tally_get(&a->ocsp_kept);
		made += tally_get(&a->ocsp_made);
		streams += tally_get(&a->streams);
		for (size_t k = 0; k < LIMITS; k++)
			limited[k] += tally_get(&a->limited[k]);
	}
	head(to, "quatrain_ocsp_answers_total", "counter",
	    "OCSP answers: kept ones given again, and those that were signed.");
	bytes_put_fmt(to,
	    "quatrain_ocsp_answers_total{from=\"kept\"} %" PRIu64
	    "\nquatrain_ocsp_answers_total{from=\"signer\"} %" PRIu64 "\n",
	    kept, made);
	head(to, "quatrain_limited_total", "counter",
	    "Connections closed and requests refused over a limit.");
	for (size_t k = 0; k < LIMITS; k++)
		bytes_put_fmt(to, "quatrain_limited_total{what=\"%s\"} %" PRIu64 "\n",
		    limit_word(k), limited[k]);
	one(to, "quatrain_event_streams", "gauge", "Streams of events that are open now.", streams);
}

static void
put_signer(const struct tally_signer *s, struct bytes *to)
{
	const struct tally_times *sync = &s->sync;

	one(to, "quatrain_signer_rounds_total", "counter", "Rounds of the signer.",
	    tally_get(&s->rounds));
	one(to, "quatrain_signer_queue_requests", "gauge",
	    "Requests that the signer found waiting at its newest round.", tally_get(&s->queue));
	head(to, "quatrain_signer_sync_seconds", "histogram",
	    "What a round spent making its two commits durable.");
	put_times(to, "quatrain_signer_sync_seconds", "", &sync, 1);
	one(to, "quatrain_certificates_issued_total", "counter", "Certificates issued.",
	    tally_get(&s->issued));
	one(to, "quatrain_certificates_revoked_total", "counter", "Certificates revoked.",
	    tally_get(&s->revoked));
	head(to, "quatrain_signer_requests_total", "counter",
	    "Requests to the signer by kind: done, refused, or failed by a fault of the service.");
	for (size_t v = 1; v < TALLY_VERBS; v++) {
		const struct duty *d = round_duty((uint16_t)v);

		for (size_t k = 0; d != NULL && k < TALLY_OUTCOMES; k++)
			bytes_put_fmt(to,
			    "quatrain_signer_requests_total{request=\"%s\",outcome=\"%s\"} %" PRIu64
			    "\n",
			    d->word, outcomes[k], tally_get(&s->requests[v][k]));
	}
}

struct hook_number {
	const char *name, *type, *help;
	size_t offset;
};

#define OF(field) offsetof(struct tally_hook, field)

static const struct hook_number hook_numbers[] = {
	{ "quatrain_webhook_lag_entries", "gauge",
	    "Entries of the logs that a webhook's receiver has not taken yet.", OF(lag) },
	{ "quatrain_webhook_delivered_entries_total", "counter",
	    "Entries that a webhook's receiver took.", OF(delivered) },
	{ "quatrain_webhook_posts_total", "counter", "Posts to a webhook's receiver.", OF(posts) },
	{ "quatrain_webhook_failures_total", "counter", "Posts that it did not take.",
	    OF(failures) },
	{ "quatrain_webhook_failing_since_seconds", "gauge",
	    "Since when a webhook fails, in seconds since 1970; 0 where it does not.",
	    OF(failing_s) },
};

static void
put_hooks(const struct tally *t, const struct settings *s, struct bytes *to)
{
	for (size_t k = 0; s->webhooks.n > 0 && k < sizeof(hook_numbers) / sizeof(hook_numbers[0]);
	     k++) {
		const struct hook_number *m = &hook_numbers[k];

		head(to, m->name, m->type, m->help);
		for (size_t i = 0; i < s->webhooks.n; i++) {
			const void *at = (const char *)&t->hook[i] + m->offset;

			bytes_put_fmt(to, "%s{webhook=\"%s\"} %" PRIu64 "\n", m->name,
			    s->webhooks.at[i].name, tally_get(at));
		}
	}
}

static void
put_processes(const struct tally *t, struct bytes *to)
{
	head(to, "quatrain_build_info", "gauge", "1; the label says which version runs.");
	bytes_put_text(to, "quatrain_build_info{version=\"" QUATRAIN_VERSION "\"} 1\n");
	one(to, "quatrain_start_time_seconds", "gauge",
	    "When the service was started, in seconds since 1970.", tally_get(&t->begun_s));
	one(to, "quatrain_edges", "gauge", "Edge processes that this service has.",
	    tally_get(&t->wanted[CHILD_EDGE]));
	head(to, "quatrain_process_restarts_total", "counter",
	    "Processes that ended and were started again.");
	for (int i = 0; i < CHILD_ROLES; i++) {
		uint64_t first = tally_get(&t->wanted[i]), n = tally_get(&t->starts[i]);

		bytes_put_fmt(to, "quatrain_process_restarts_total{process=\"%s\"} %" PRIu64 "\n",
		    child_word((enum child_role)i), n > first ? n - first : 0);
	}
}

void
tally_metrics(const struct tally *t, const struct settings *s, struct bytes *to)
{
	put_processes(t, to);
	put_replies(t, to);
	put_latencies(t, to);
	put_askers(t, to);
	put_signer(&t->signer, to);
	put_hooks(t, s, to);
}
