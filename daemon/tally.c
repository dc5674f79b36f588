/* daemon/tally.c - see tally.h. */
#include "daemon/tally.h"

#include <string.h>

#include "base/clock.h"
#include "daemon/mapped.h"
#include "daemon/tally_internal.h"

const struct tally_bound tally_bounds[TALLY_BOUNDS] = {
	{ 100, "0.0001" },
	{ 500, "0.0005" },
	{ 1000, "0.001" },
	{ 2500, "0.0025" },
	{ 5000, "0.005" },
	{ 10000, "0.01" },
	{ 25000, "0.025" },
	{ 50000, "0.05" },
	{ 100000, "0.1" },
	{ 250000, "0.25" },
	{ 500000, "0.5" },
	{ 1000000, "1" },
	{ 2500000, "2.5" },
	{ 5000000, "5" },
	{ 10000000, "10" },
};

/* The last one stands for every other. */
const unsigned tally_statuses[TALLY_STATUSES] = { 200, 201, 202, 204, 304, 400, 401, 403, 404, 405,
	406, 409, 410, 412, 413, 414, 415, 422, 428, 429, 500, 501, 503, 0 };

bool
tally_new(struct tally **ret, int *ret_fd, struct fault *f)
{
	void *at;

	if (!mapped_new("tally", sizeof(struct tally), &at, ret_fd, f))
		return false;
	*ret = at;
	tally_set(&(*ret)->begun_s, (uint64_t)clock_now_s());
	return true;
}

bool
tally_open(int fd, struct tally **ret, struct fault *f)
{
	void *at;

	if (!mapped_open(fd, "tally", sizeof(struct tally), &at, f))
		return false;
	*ret = at;
	return true;
}

void
tally_add(_Atomic uint64_t *to, uint64_t n)
{
	(void)atomic_fetch_add_explicit(to, n, memory_order_relaxed);
}

uint64_t
tally_get(const _Atomic uint64_t *from)
{
	return atomic_load_explicit(from, memory_order_relaxed);
}

void
tally_set(_Atomic uint64_t *to, uint64_t v)
{
	atomic_store_explicit(to, v, memory_order_relaxed);
}

void
tally_took(struct tally_times *t, int64_t us)
{
	size_t i = 0;

	while (i < TALLY_BOUNDS && us > tally_bounds[i].us)
		i++;
	tally_add(&t->n[i], 1);
	tally_add(&t->sum_us, us < 0 ? 0 : (uint64_t)us);
}

void
tally_set_error(struct tally_hook *h, const char *text)
{
	size_t n = strnlen(text, TALLY_ERROR - 1);

	(void)atomic_fetch_add(&h->turn, 1);
	memcpy(h->error, text, n);
	h->error[n] = '\0';
	(void)atomic_fetch_add(&h->turn, 1);
}

/* A few tries: who writes without an end is not waited for, and its text stays within its room. */
void
tally_get_error(const struct tally_hook *h, char to[static TALLY_ERROR])
{
	for (int i = 0; i < 100; i++) {
		uint64_t turn = atomic_load(&h->turn);

		memcpy(to, h->error, TALLY_ERROR);
		atomic_thread_fence(memory_order_acquire);
		if (turn % 2 == 0 && atomic_load(&h->turn) == turn)
			break;
	}
	to[TALLY_ERROR - 1] = '\0';
}

static bool
begins(struct octets path, const char *with)
{
	return octets_take_text(&path, with);
}

static bool
ends(struct octets path, const char *with)
{
	size_t n = strlen(with);

	return path.n >= n && memcmp(path.at + path.n - n, with, n) == 0;
}

static enum tally_route
route_of_api(const struct exchange *x)
{
	if (begins(x->path, "/v1/events") || begins(x->path, "/v1/revocations"))
		return ROUTE_EVENTS;
	if (octets_same(x->method, octets_text("POST")) &&
	    (ends(x->path, "/revoke") || ends(x->path, "/revocations")))
		return ROUTE_REVOKE;
	return ROUTE_API;
}

enum tally_route
tally_route(const struct exchange *x)
{
	if (begins(x->path, "/v1/"))
		return route_of_api(x);
	if (begins(x->path, "/.well-known/est"))
		return ROUTE_EST;
	if (begins(x->path, "/ocsp"))
		return ROUTE_OCSP;
	if (begins(x->path, "/crl/") || begins(x->path, "/ca/"))
		return ROUTE_CRL;
	if (begins(x->path, "/healthz") || begins(x->path, "/readyz") ||
	    begins(x->path, "/metrics"))
		return ROUTE_HEALTH;
	return ROUTE_OTHER;
}

void
tally_served(struct tally_asker *a, const struct exchange *x, int64_t took_us)
{
	enum tally_route route = tally_route(x);
	size_t i = 0;

	if (a == NULL)
		return;
	while (i < TALLY_STATUSES - 1 && tally_statuses[i] != x->status)
		i++;
	tally_add(&a->replies[x->face][route][i], 1);
	if (route == ROUTE_OCSP && x->status == 200)
		tally_add(x->ask.then == NULL ? &a->ocsp_kept : &a->ocsp_made, 1);
	if (route != ROUTE_EVENTS)
		tally_took(&a->took[route], took_us);
}
