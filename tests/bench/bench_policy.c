/*
 * tests/bench/bench_policy.c - how fast the policy engine decides, and how fast it takes new rules.
 *
 * bench_policy spread N   N rules of N/10 tenants: action, role, net, hours, age, pinned, enroller
 * bench_policy bucket N   N forbids for every action, tenant and role: one bucket, all wildcards
 * bench_policy reload N   decisions of one thread, while another reads, compiles and swaps N rules:
 *                         first of documents of which one changed, then all anew
 * bench_policy files DIR  what tests/clients/node/policy_peers.mjs made there, as it has others
 * decide it
 *
 * One line of JSON. Decisions are made one after the other by one thread; how many a second is by
 * the processor's time that they used, since others may want it as well, and each one's time by the
 * clock. A request has 11 attributes as texts, numbers and addresses; its strings are looked up
 * within the time.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/digest.h"
#include "policy/set.h"

#define REQUESTS  20000
#define TIMED     200000 /* decisions that are timed one by one */
#define TENANT_OF 10     /* rules a tenant */
#define SPREAD_S  1

static const char *const actions[] = { "connect", "print.submit", "print.release", "scan.send",
	"print.copy", "scan.fax", "feed.read", "est.reenroll" };
static const char *const roles[] = { "printer", "phone", "gateway", "workstation" };

static uint64_t dice;

static uint32_t
roll(uint32_t n)
{
	dice = dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(dice >> 33) % n;
}

static int64_t
spent_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return INT64_C(1000000000) * t.tv_sec + t.tv_nsec;
}

static void
give_up(const char *why)
{
	fprintf(stderr, "bench_policy: %s\n", why);
	exit(1);
}

/* --- documents ------------------------------------------------------------------------------- */

struct documents {
	struct bytes *texts;
	struct document **at;
	size_t n;
	struct zones *zones;
};

static void
put_head(struct bytes *b, const char *kind, const char *name, const char *host)
{
	bytes_put_fmt(b,
	    "apiVersion: quatrain.policy/v1\nkind: %s\nmetadata: {name: %s, scope: "
	    "\"spiffe://%s.eu.example.org/**\"}\nmode: enforce\nschema: quatrain.attributes/v1\n"
	    "rules:\n",
	    kind, name, host);
}

/* One in ten forbids; one in 51 is of no tenant and stands in the region's Guardrail. */
static void
put_rule(struct bytes *b, uint32_t i, uint32_t tenant, uint32_t tenants, bool wild)
{
	bool forbid = wild || i % 10 == 9;

	bytes_put_fmt(b, "  - id: r%u\n    effect: %s\n", i, forbid ? "forbid" : "permit");
	if (!wild)
		bytes_put_fmt(
		    b, "    subjects: {spiffe: \"spiffe://t%u.eu.example.org/*/dev*\", ", tenant);
	else
		bytes_put_fmt(b, "    subjects: {spiffe: \"spiffe://*.eu.example.org/**\", ");
	bytes_put_fmt(b, "roles: [%s]}\n    actions: [%s]\n    resources: {type: service}\n",
	    roles[i / tenants % 4], actions[i % 8]);
	bytes_put_fmt(b,
	    "    when: {source.ip: {cidr: 10.%u.%u.0/18}, time: {hours: \"%02u:00-%02u:00\"}, "
	    "cert.age: {lt: 90d}, cert.key_pinned: true, cert.enroller: %s%u}\n",
	    tenant % 256, 64 * roll(4), 6 + i % 3, wild ? 7 + i % 3 : 19 + i % 3,
	    wild ? "nobody-" : "est-", tenant % 4);
}

static bool
no_zone(void *with, const char *name, struct bytes *ret, struct fault *f)
{
	(void)with;
	(void)ret;
	return fault_set(f, FAULT_NOTFOUND, "no zone %s", name);
}

static uint32_t
tenants_of(uint32_t n)
{
	uint32_t tenants = n / TENANT_OF;

	return tenants == 0 ? 1 : tenants;
}

static void
write_spread(struct documents *d, uint32_t n)
{
	uint32_t tenants = tenants_of(n);
	char name[16];

	dice = 12345;
	d->n = tenants + 1;
	d->texts = calloc(d->n, sizeof(*d->texts));
	d->at = calloc(d->n, sizeof(struct document *));
	d->zones = zones_new(no_zone, NULL);
	if (d->texts == NULL || d->at == NULL || d->zones == NULL)
		give_up("out of memory");
	put_head(&d->texts[tenants], "Guardrail", "region", "*");
	for (uint32_t i = 0; i < tenants; i++) {
		(void)snprintf(name, sizeof(name), "t%u", i);
		put_head(&d->texts[i], "PolicySet", name, name);
	}
	for (uint32_t i = 0; i < n; i++)
		put_rule(&d->texts[i % 51 == 7 ? tenants : i % tenants], i, i % tenants, tenants,
		    i % 51 == 7);
	if (n < 8)
		bytes_put_text(&d->texts[tenants], "  []\n");
}

/* As in a bucket that nobody would want: each forbids another name, to anybody. */
static void
write_bucket(struct documents *d, uint32_t n)
{
	d->n = 1;
	d->texts = calloc(1, sizeof(*d->texts));
	d->at = calloc(1, sizeof(struct document *));
	d->zones = zones_new(no_zone, NULL);
	if (d->texts == NULL || d->at == NULL || d->zones == NULL)
		give_up("out of memory");
	put_head(d->texts, "Guardrail", "region", "*");
	for (uint32_t i = 0; i < n; i++)
		bytes_put_fmt(d->texts,
		    "  - id: r%u\n    effect: forbid\n    actions: [\"*\"]\n    subjects: {spiffe: "
		    "\"spiffe://*.eu.example.org/*/dev%u\"}\n    when: {source.ip: {cidr: 10.0.0.0/8}, "
		    "cert.key_pinned: false}\n",
		    i, i);
}

static void
read_all(struct documents *d)
{
	struct fault f;

	for (size_t i = 0; i < d->n; i++)
		if (!document_read(
			"bench", octets_bytes(&d->texts[i]), BYTES_MAX, d->zones, &d->at[i], &f))
			give_up(f.text);
}

static struct set *
compile(const struct documents *d)
{
	struct set *s;
	struct fault f;

	if (!set_compile((const struct document *const *)d->at, d->n, &s, &f))
		give_up(f.text);
	return s;
}

static void
documents_free(struct documents *d)
{
	for (size_t i = 0; i < d->n; i++) {
		document_free(d->at[i]);
		d->at[i] = NULL;
	}
}

/* --- requests -------------------------------------------------------------------------------- */

struct asking {
	struct request *at;
	char (*ids)[80];
	char (*enrollers)[16];
};

static void
one_request(struct asking *a, size_t i, uint32_t n)
{
	struct request *r = &a->at[i];
	uint32_t rule = roll(n), tenant = rule % tenants_of(n);
	char ip[16];

	(void)snprintf(a->ids[i], sizeof(a->ids[i]), "spiffe://t%u.eu.example.org/%s/dev%zu",
	    tenant, roles[rule / tenants_of(n) % 4], i);
	(void)snprintf(a->enrollers[i], sizeof(a->enrollers[i]), "est-%u", tenant % 4);
	(void)snprintf(ip, sizeof(ip), "10.%u.%u.%u", tenant % 256, roll(256), 1 + roll(250));
	r->action = octets_text(actions[rule % 8]);
	r->supports_all = true;
	request_text(r, ATTRIBUTE_SUBJECT_ID, octets_text(a->ids[i]));
	request_text(r, ATTRIBUTE_SUBJECT_ROLE, octets_text(roles[rule / tenants_of(n) % 4]));
	request_text(r, ATTRIBUTE_CERT_ENROLLER, octets_text(a->enrollers[i]));
	request_text(r, ATTRIBUTE_RESOURCE_TYPE, octets_text("service"));
	request_text(r, ATTRIBUTE_CHAIN_ROOT, octets_text("ski:6a1f9c00aa11bb22"));
	request_number(r, ATTRIBUTE_CERT_LEVEL, 4);
	request_number(r, ATTRIBUTE_CERT_AGE, roll(120) * INT64_C(86400));
	request_number(r, ATTRIBUTE_TIME, 1782900900 + 60 * (int64_t)roll(10080));
	request_bool(r, ATTRIBUTE_CERT_KEY_PINNED, roll(100) < 95);
	if (!value_address(octets_text(ip), &r->fixed[ATTRIBUTE_SOURCE_IP]))
		give_up("an address");
}

static struct asking
requests(uint32_t n)
{
	struct asking a = { calloc(REQUESTS, sizeof(*a.at)), calloc(REQUESTS, sizeof(*a.ids)),
		calloc(REQUESTS, sizeof(*a.enrollers)) };

	if (a.at == NULL || a.ids == NULL || a.enrollers == NULL)
		give_up("out of memory");
	dice = 999;
	for (size_t i = 0; i < REQUESTS; i++)
		one_request(&a, i, n);
	return a;
}

/* --- measurements ---------------------------------------------------------------------------- */

static int
by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

struct speed {
	double per_s, permitted;
	int64_t p50_ns, p99_ns;
};

static struct speed
speed_of(const struct set *s, const struct asking *a)
{
	static int64_t times[TIMED];
	struct speed ret = { 0 };
	struct decision d;
	uint64_t n = 0, permitted = 0;
	int64_t from = spent_ns(CLOCK_THREAD_CPUTIME_ID), spent;

	do {
		for (unsigned i = 0; i < 1000; i++, n++) {
			set_decide(s, &a->at[n % REQUESTS], NULL, false, &d);
			permitted += d.permit;
		}
		spent = spent_ns(CLOCK_THREAD_CPUTIME_ID) - from;
	} while (spent < SPREAD_S * INT64_C(1000000000));
	ret.per_s = (double)n * 1e9 / (double)spent;
	ret.permitted = (double)permitted / (double)n;
	/* Each one's time with a request that was made just before, as it is in a service. */
	for (size_t i = 0; i < TIMED; i++) {
		struct request made = a->at[i % REQUESTS];
		int64_t at = spent_ns(CLOCK_MONOTONIC);

		set_decide(s, &made, NULL, false, &d);
		times[i] = spent_ns(CLOCK_MONOTONIC) - at;
	}
	qsort(times, TIMED, sizeof(times[0]), by_size);
	ret.p50_ns = times[TIMED / 2];
	ret.p99_ns = times[TIMED / 100 * 99];
	return ret;
}

static void
measure(struct documents *d, const struct asking *a, uint32_t n)
{
	int64_t read_ns, compile_ns, at = spent_ns(CLOCK_THREAD_CPUTIME_ID);
	struct set *s;
	struct speed v;

	read_all(d);
	read_ns = spent_ns(CLOCK_THREAD_CPUTIME_ID) - at;
	at = spent_ns(CLOCK_THREAD_CPUTIME_ID);
	s = compile(d);
	compile_ns = spent_ns(CLOCK_THREAD_CPUTIME_ID) - at;
	v = speed_of(s, a);
	printf("{\"rules\":%u,\"per_s\":%.0f,\"p50_ns\":%" PRId64 ",\"p99_ns\":%" PRId64
	       ",\"permitted\":%.3f,\"read_ms\":%.1f,\"compile_ms\":%.1f}\n",
	    n, v.per_s, v.p50_ns, v.p99_ns, v.permitted, (double)read_ns / 1e6,
	    (double)compile_ns / 1e6);
	set_free(s);
	documents_free(d);
}

struct deciding {
	_Atomic(struct set *) set;
	atomic_bool stop;
	const struct asking *asking;
	uint64_t n;
	int64_t longest_ns;
};

/* The longest time between the ends of two decisions. */
static void *
decide_on(void *with)
{
	struct deciding *g = with;
	int64_t last = spent_ns(CLOCK_MONOTONIC);
	struct decision d;

	while (!g->stop) {
		int64_t now;

		set_decide(g->set, &g->asking->at[g->n++ % REQUESTS], NULL, false, &d);
		now = spent_ns(CLOCK_MONOTONIC);
		if (now - last > g->longest_ns)
			g->longest_ns = now - last;
		last = now;
	}
	return NULL;
}

/* Read what is not as it was in before, by its digest; without before, all. */
static void
read_changed(struct documents *d, const struct documents *before)
{
	uint8_t digest[DIGEST_OCTETS];
	struct fault f;

	for (size_t i = 0; i < d->n; i++) {
		digest_of(octets_bytes(&d->texts[i]), digest);
		if (before != NULL && memcmp(before->at[i]->digest, digest, sizeof(digest)) == 0)
			d->at[i] = before->at[i];
		else if (!document_read("bench", octets_bytes(&d->texts[i]), BYTES_MAX, d->zones,
			     &d->at[i], &f))
			give_up(f.text);
	}
}

struct swap {
	double ms, cpu_ms;
};

static struct swap
swap_in(struct deciding *g, struct documents *d, const struct documents *before)
{
	int64_t from = spent_ns(CLOCK_MONOTONIC), cpu = spent_ns(CLOCK_THREAD_CPUTIME_ID);

	read_changed(d, before);
	g->set = compile(d);
	return (struct swap){ (double)(spent_ns(CLOCK_MONOTONIC) - from) / 1e6,
		(double)(spent_ns(CLOCK_THREAD_CPUTIME_ID) - cpu) / 1e6 };
}

/* What was compiled before stays until the end: who decides may still be in it. */
static void
reload(uint32_t n)
{
	struct documents first = { 0 }, one = { 0 }, all = { 0 };
	struct asking a = requests(n);
	struct deciding g = { .asking = &a };
	struct swap changed, anew;
	pthread_t thread;

	write_spread(&first, n);
	write_spread(&one, n);
	write_spread(&all, n);
	bytes_put_text(&one.texts[0], "# another\n");
	read_all(&first);
	g.set = compile(&first);
	if (pthread_create(&thread, NULL, decide_on, &g) != 0)
		give_up("no thread");
	changed = swap_in(&g, &one, &first);
	anew = swap_in(&g, &all, NULL);
	g.stop = true;
	pthread_join(thread, NULL);
	printf("{\"rules\":%u,\"documents\":%zu,\"changed_ms\":%.1f,\"changed_cpu_ms\":%.1f,"
	       "\"reload_ms\":%.1f,\"reload_cpu_ms\":%.1f,\"decided\":%" PRIu64
	       ",\"longest_us\":%.1f}\n",
	    n, first.n, changed.ms, changed.cpu_ms, anew.ms, anew.cpu_ms, g.n,
	    (double)g.longest_ns / 1e3);
}

/* --- what others decide too ------------------------------------------------------------------ */

static struct bytes
whole(const char *dir, const char *name)
{
	struct bytes b = { 0 };
	char path[512], part[65536];
	FILE *file;
	size_t n;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	if ((file = fopen(path, "r")) == NULL)
		give_up(path);
	while ((n = fread(part, 1, sizeof(part), file)) > 0)
		bytes_put(&b, part, n);
	(void)fclose(file);
	return b;
}

/* One a line; REQUESTS of them. What they lend from stays. */
static void
read_requests(const char *dir, struct asking *a)
{
	struct bytes text = whole(dir, "requests.jsonl");
	struct octets rest = octets_bytes(&text);
	struct request_room *rooms = calloc(REQUESTS, sizeof(*rooms));
	struct json *j;
	struct fault f;

	a->at = calloc(REQUESTS, sizeof(*a->at));
	if (rooms == NULL || a->at == NULL)
		give_up("out of memory");
	for (size_t i = 0; i < REQUESTS; i++) {
		const uint8_t *end = rest.n == 0 ? NULL : memchr(rest.at, '\n', rest.n);

		if (end == NULL)
			give_up("requests.jsonl: too few");
		if (!json_parse(octets_of(rest.at, (size_t)(end - rest.at)), &j, &f) ||
		    !request_read(j, &a->at[i], &rooms[i], &f))
			give_up(f.text);
		a->at[i].supports_all = true;
		rest.n -= (size_t)(end + 1 - rest.at);
		rest.at = end + 1;
	}
	bytes_free(&text);
}

static void
read_files(const char *dir, struct documents *d, struct asking *a, uint32_t *rules)
{
	struct bytes made = whole(dir, "made.json");
	struct json *j;
	struct fault f;
	char name[32];
	int64_t n, count;

	if (!json_parse(octets_bytes(&made), &j, &f) ||
	    !json_number(j, "documents", 1, 100000, 0, &n) ||
	    !json_number(j, "rules", 1, SET_RULES_MAX, 0, &count))
		give_up("made.json");
	d->n = (size_t)n;
	d->texts = calloc(d->n, sizeof(*d->texts));
	d->at = calloc(d->n, sizeof(struct document *));
	d->zones = zones_new(no_zone, NULL);
	if (d->texts == NULL || d->at == NULL || d->zones == NULL)
		give_up("out of memory");
	for (size_t i = 0; i < d->n; i++) {
		(void)snprintf(name, sizeof(name), "t%zu.yaml", i);
		d->texts[i] = whole(dir, name);
	}
	*rules = (uint32_t)count;
	read_requests(dir, a);
	json_free(j);
	bytes_free(&made);
}

int
main(int argc, char **argv)
{
	struct documents d = { 0 };
	uint32_t n = argc == 3 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
	struct asking a;

	if (argc == 3 && strcmp(argv[1], "files") == 0) {
		read_files(argv[2], &d, &a, &n);
		measure(&d, &a, n);
		return 0;
	}
	if (n == 0 || n > SET_RULES_MAX)
		give_up("spread|bucket|reload RULES, or files DIR");
	if (strcmp(argv[1], "reload") == 0) {
		reload(n);
		return 0;
	}
	if (strcmp(argv[1], "bucket") == 0)
		write_bucket(&d, n);
	else
		write_spread(&d, n);
	a = requests(n);
	measure(&d, &a, n);
	return 0;
}
