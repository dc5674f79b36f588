/* daemon/limit.c - see limit.h. */
#include "daemon/limit.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/pace.h"
#include "base/quota.h"
#include "base/secret.h"
#include "daemon/network.h"
#include "daemon/tally.h"

#define S_US            INT64_C(1000000)
#define BACK_OFF_US     (1 * S_US)   /* after the handshakes that may fail; then doubled */
#define BACK_OFF_MAX_US (256 * S_US) /* long enough to be worth nothing to who guesses */
#define LINES_BURST     20           /* about closed connections, in the log */
#define LINES_EACH_S    1
#define CREDENTIALS_MAX 512 /* octets; as in enroll/est.c, over which nobody is named */
#define SUBJECT_MAX     (3 * TEXT_LABEL_MAX)

enum what {
	WHAT_CONNECTIONS,
	WHAT_HANDSHAKES,
	WHAT_REFUSALS,
	WHAT_TENANT,
	WHAT_DEVICE,
	WHAT_OCSP,
	WHATS,
};

static const struct {
	const char *word, *why;
	size_t offset; /* of its number in the settings */
	int64_t period_us, wait_us, wait_max_us;
} whats[WHATS] = {
	{ "connections", "too many new connections of this address",
	    offsetof(struct settings, limits.connections), 60 * S_US, 0, 0 },
	{ "handshakes", "too many failed handshakes of this address",
	    offsetof(struct settings, limits.handshakes), 60 * S_US, BACK_OFF_US, BACK_OFF_MAX_US },
	{ "refusals", "too many refused requests", offsetof(struct settings, limits.refusals),
	    60 * S_US, 0, 0 },
	{ "tenant", "too many certificates of this tenant at once",
	    offsetof(struct settings, limits.tenant), 1 * S_US, 0, 0 },
	{ "device", "too many certificates of this device",
	    offsetof(struct settings, limits.device), 3600 * S_US, 0, 0 },
	{ "ocsp", "too many requests of this address", offsetof(struct settings, limits.ocsp),
	    1 * S_US, 0, 0 },
};

struct limit {
	struct quota *of[WHATS]; /* NULL: no such limit */
	_Atomic uint64_t own[WHATS];
	_Atomic uint64_t *refused; /* own, or lent by limit_count() */
	struct network exempt[CONF_LIST_MAX];
	size_t exempt_n;
	uint8_t seed[SECRET_SEED_OCTETS];
	struct pace lines;
};

void
limit_free(struct limit *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < WHATS; i++)
		quota_free(l->of[i]);
	free(l);
}

static bool
make_quotas(struct limit *l, const struct settings *s, struct fault *f)
{
	for (size_t i = 0; i < WHATS; i++) {
		struct quota_rule rule = { .period_us = whats[i].period_us,
			.wait_us = whats[i].wait_us,
			.wait_max_us = whats[i].wait_max_us };

		memcpy(&rule.burst, (const uint8_t *)s + whats[i].offset, sizeof(rule.burst));
		if (rule.burst > 0 && !quota_new(&rule, &l->of[i], f))
			return false;
	}
	return true;
}

bool
limit_new(const struct settings *s, struct limit **ret, struct fault *f)
{
	struct limit *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return fault_set(f, FAULT_INTERNAL, "limit: out of memory");
	secret_nonce(l->seed, sizeof(l->seed));
	l->refused = l->own;
	l->lines = (struct pace){ .burst = LINES_BURST, .each_s = LINES_EACH_S };
	/* settings_load() has seen that each is one */
	for (size_t i = 0; i < s->limits.exempt.n; i++)
		l->exempt_n += network_parse(s->limits.exempt.at[i], &l->exempt[l->exempt_n]);
	if (!make_quotas(l, s, f)) {
		limit_free(l);
		return false;
	}
	*ret = l;
	return true;
}

/* Never 0, which is nobody. */
static uint64_t
hash(const struct limit *l, struct octets o)
{
	uint64_t h = secret_hash(l->seed, o);

	return h == 0 ? 1 : h;
}

uint64_t
limit_address(const struct limit *l, const struct sockaddr *peer)
{
	uint8_t at[NETWORK_OCTETS];

	if (l == NULL || !network_address(peer, at))
		return 0;
	for (size_t i = 0; i < l->exempt_n; i++)
		if (network_has(&l->exempt[i], at))
			return 0;
	return hash(l, octets_of(at, network_is_v4(at) ? sizeof(at) : sizeof(at) / 2));
}

/* One line, with what was left out before it. */
static void
say(struct limit *l, enum what what, int64_t now_us)
{
	char more[24];
	uint64_t unsaid;

	if (!pace_take(&l->lines, now_us, &unsaid))
		return;
	(void)snprintf(more, sizeof(more), "%llu", (unsigned long long)unsaid);
	log_fact(LOG_INFO, "limited", "what", whats[what].word, unsaid > 0 ? "unsaid" : NULL, more,
	    NULL);
}

/* Microseconds to wait; one over the limit is counted as refused. */
static int64_t
over(struct limit *l, enum what what, uint64_t key, bool take, int64_t now_us)
{
	int64_t wait_us;

	if (l->of[what] == NULL || key == 0)
		return 0;
	wait_us =
	    take ? quota_take(l->of[what], key, now_us) : quota_wait(l->of[what], key, now_us);
	if (wait_us > 0)
		tally_add(&l->refused[what], 1);
	return wait_us;
}

static void
charge(struct limit *l, enum what what, uint64_t key, int64_t now_us)
{
	if (l->of[what] != NULL && key != 0)
		quota_charge(l->of[what], key, now_us);
}

bool
limit_welcome(struct limit *l, uint64_t address, int64_t now_us)
{
	enum what what = WHAT_HANDSHAKES;

	if (l == NULL)
		return true;
	if (over(l, WHAT_HANDSHAKES, address, false, now_us) == 0) {
		if (over(l, WHAT_CONNECTIONS, address, true, now_us) == 0)
			return true;
		what = WHAT_CONNECTIONS;
	}
	say(l, what, now_us);
	return false;
}

void
limit_failed(struct limit *l, uint64_t address, int64_t now_us)
{
	if (l != NULL)
		charge(l, WHAT_HANDSHAKES, address, now_us);
}

static bool
begins(struct octets o, const char *with)
{
	size_t n = strlen(with);

	return o.n >= n && memcmp(o.at, with, n) == 0;
}

/* RFC 6585 section 4, in the words of whoever would have answered. */
static bool
refuse(struct exchange *x, enum what what, int64_t wait_us)
{
	long long wait_s = (wait_us + S_US - 1) / S_US;

	x->status = 429;
	(void)snprintf(x->why, sizeof(x->why), "limit: RFC 6585 section 4: %s", whats[what].why);
	exchange_header(x, "Retry-After", "%lld", wait_s);
	if (begins(x->path, "/v1/")) {
		x->type = "application/problem+json";
		bytes_put_fmt(&x->reply,
		    "{\"type\":\"about:blank\",\"title\":\"Too Many Requests\",\"status\":429,\"detail\":\"%s\"}",
		    x->why);
	} else {
		x->type = "text/plain; charset=utf-8";
		bytes_put_fmt(&x->reply, "%s\n", x->why);
	}
	return true;
}

/* The name before the colon of HTTP Basic (RFC 7617), into to; empty where there is none. */
static void
read_user(struct octets authorization, char to[static TEXT_LABEL_MAX])
{
	struct bytes text = { 0 };
	const uint8_t *colon;
	struct fault f;

	to[0] = '\0';
	if (authorization.n <= 6 || authorization.n > CREDENTIALS_MAX)
		return;
	if (text_unbase64(octets_of(authorization.at + 6, authorization.n - 6), &text, &f) &&
	    (colon = memchr(text.at, ':', text.n)) != NULL)
		(void)snprintf(
		    to, TEXT_LABEL_MAX, "%.*s", (int)(colon - text.at), (const char *)text.at);
	if (text.at != NULL)
		secret_wipe(text.at, text.n);
	bytes_free(&text);
}

/* The tenant of /.well-known/est/TENANT[:PROFILE]/simple[re]enroll or its other way round; empty:
 * no such path. */
static struct octets
read_tenant(struct octets path)
{
	static const char known[] = "/.well-known/est/";
	const uint8_t *at, *end = path.at + path.n;
	struct octets label = octets_of(NULL, 0), rest;

	if (path.n == 0 || (at = memmem(path.at, path.n, known, sizeof(known) - 1)) == NULL)
		return label;
	rest = octets_of(at + sizeof(known) - 1, (size_t)(end - at) - sizeof(known) + 1);
	if (at > path.at) {
		label = octets_of(path.at + 1, (size_t)(at - path.at) - 1);
	} else if (rest.n > 0 && (at = memchr(rest.at, '/', rest.n)) != NULL) {
		label = octets_of(rest.at, (size_t)(at - rest.at));
		rest = octets_of(at + 1, rest.n - label.n - 1);
	}
	if (!octets_same(rest, octets_text("simpleenroll")) &&
	    !octets_same(rest, octets_text("simplereenroll")))
		return octets_of(NULL, 0);
	if (label.n > 0 && (at = memchr(label.at, ':', label.n)) != NULL)
		label.n = (size_t)(at - label.at);
	return label;
}

static uint64_t
subject(const struct limit *l, const char *kind, struct octets tenant, const char *name)
{
	char text[SUBJECT_MAX];
	int n = snprintf(
	    text, sizeof(text), "%s/%.*s/%s", kind, (int)tenant.n, (const char *)tenant.at, name);

	/* What is longer than any label is no tenant's, and gets no certificate to be counted. */
	return n < 0 || (size_t)n >= sizeof(text) ? 0 : hash(l, octets_text(text));
}

/* Whom a certificate would be charged to. */
static void
find_charged(
    const struct limit *l, struct exchange *x, const struct identity *who, struct octets tenant)
{
	char user[TEXT_LABEL_MAX];

	if (tenant.n == 0)
		return;
	x->charged.tenant = subject(l, "tenant", tenant, "");
	if (who != NULL) {
		x->charged.device = subject(l, "device", octets_text(who->tenant), who->name);
		return;
	}
	read_user(x->authorization, user);
	x->charged.device = user[0] == '\0' ? x->address : subject(l, "device", tenant, user);
}

bool
limit_serve(struct limit *l, struct exchange *x, const struct identity *who, int64_t now_us)
{
	enum what what = WHAT_REFUSALS;
	int64_t wait_us;

	if (x->address == 0)
		return false;
	if (x->face == FACE_PUBLIC) {
		wait_us = over(l, WHAT_OCSP, x->address, true, now_us);
		return wait_us > 0 && refuse(x, WHAT_OCSP, wait_us);
	}
	x->charged.refusal =
	    who == NULL ? x->address : subject(l, "holder", octets_text(who->tenant), who->name);
	find_charged(l, x, who, read_tenant(x->path));
	if ((wait_us = over(l, what, x->charged.refusal, false, now_us)) == 0) {
		what = WHAT_DEVICE;
		if ((wait_us = over(l, what, x->charged.device, false, now_us)) == 0) {
			what = WHAT_TENANT;
			wait_us = over(l, what, x->charged.tenant, true, now_us);
		}
	}
	return wait_us > 0 && refuse(x, what, wait_us);
}

void
limit_served(struct limit *l, const struct exchange *x, int64_t now_us)
{
	/* RFC 7617 section 2: many clients ask without a proof first, to hear that one is due. */
	bool asked_first = x->status == 401 && x->authorization.n == 0 && x->peer.n == 0;
	bool left = x->status == 0, refused = x->status >= 400 && x->status < 500;

	if (x->address == 0 || x->status == 429)
		return;
	if (x->status == 200)
		charge(l, WHAT_DEVICE, x->charged.device, now_us);
	else if (!left && l->of[WHAT_TENANT] != NULL && x->charged.tenant != 0)
		quota_give_back(l->of[WHAT_TENANT], x->charged.tenant);
	if (left || (refused && !asked_first))
		charge(l, WHAT_REFUSALS, x->charged.refusal, now_us);
}

void
limit_count(struct limit *l, _Atomic uint64_t counts[static LIMITS])
{
	_Static_assert(LIMITS == WHATS, "each limit is counted");
	l->refused = counts;
}

const char *
limit_word(size_t i)
{
	return whats[i].word;
}
