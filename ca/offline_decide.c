/* ca/offline_decide.c - see offline_set.h: whose certificate it is, and what he may. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "ca/chain.h"
#include "ca/leaf.h"
#include "ca/log.h"
#include "ca/offline_under.h"

/* --- what a decider remembers -------------------------------------------------------------------
 */

void
offline_held_text(const struct offline_held *h, struct bytes *ret)
{
	char clock[TEXT_TIME_MAX];

	text_time(h->clock_s, clock);
	bytes_put_fmt(ret, "%s\nsequence %" PRIu64 "\nclock %s\n", h->origin, h->sequence, clock);
}

static bool
take_line(struct octets *in, const char *word, char *to, size_t size)
{
	const uint8_t *end = in->n == 0 ? NULL : memchr(in->at, '\n', in->n);
	size_t n;

	if (end == NULL || !octets_take_text(in, word))
		return false;
	n = (size_t)(end - in->at);
	if (in->at > end || n == 0 || n >= size || memchr(in->at, 0, n) != NULL)
		return false;
	memcpy(to, in->at, n);
	to[n] = '\0';
	*in = octets_of(end + 1, in->n - n - 1);
	return true;
}

bool
offline_held_read(struct octets text, struct offline_held *ret, struct fault *f)
{
	char sequence[20], clock[TEXT_TIME_MAX];
	struct offline_held h = { .sequence = 0 };
	struct bytes again = { 0 };
	struct octets in = text;
	bool ok = take_line(&in, "", h.origin, sizeof(h.origin)) &&
		  take_line(&in, "sequence ", sequence, sizeof(sequence)) &&
		  take_line(&in, "clock ", clock, sizeof(clock)) && log_time(clock, &h.clock_s);

	for (const char *at = sequence; ok && *at >= '0' && *at <= '9'; at++)
		h.sequence = h.sequence * 10 + (uint64_t)(*at - '0');
	offline_held_text(&h, &again);
	ok = ok && !again.bad && octets_same(octets_bytes(&again), text);
	bytes_free(&again);
	if (!ok)
		return fault_set(
		    f, FAULT_BADREQ, "bundle: the file of what was held before is damaged");
	*ret = h;
	return true;
}

bool
offline_held_take(
    struct offline_held *h, const struct offline_set *s, int64_t now_s, struct fault *f)
{
	if (h->origin[0] != '\0' && strcmp(h->origin, s->head.origin) != 0)
		return fault_set(f, FAULT_BADREQ, "bundle: it is %.80s, and %.80s was held before",
		    s->head.origin, h->origin);
	if (s->head.sequence < h->sequence)
		return fault_set(
		    f, FAULT_STALE, "bundle: it is older than one that was held before");
	if (now_s < h->clock_s - OFFLINE_SKEW_S)
		return fault_set(f, FAULT_STALE, "bundle: the clock was set back");
	memcpy(h->origin, s->head.origin, sizeof(h->origin));
	h->sequence = s->head.sequence;
	h->clock_s = now_s > h->clock_s ? now_s : h->clock_s;
	return true;
}

/* --- whose certificate --------------------------------------------------------------------------
 */

static bool
find_authority(const struct offline_set *s, struct octets key_id, struct cert *ret)
{
	struct fault none;

	for (size_t i = 0; key_id.n > 0 && i < s->authorities_n; i++)
		if (cert_read(octets_bytes(&s->authority[i]), ret, &none) && ret->ca &&
		    octets_same(ret->own_id, key_id))
			return true;
	return false;
}

static void
put_ski(struct octets id, char *to)
{
	memcpy(to, "ski:", 4);
	to[4] = '\0';
	if (id.n == TBS_KEY_ID_OCTETS)
		text_hex(id.at, id.n, to + 4);
}

/* The path to the root, by the bundle's CAs and no others, at every link and four levels deep. */
static bool
prove_path(const struct offline_set *s, struct octets der, const struct cert *c, int64_t now_s,
    struct offline_subject *who, struct fault *f)
{
	struct bytes pem = { 0 };
	struct cert tenant, region;
	struct leaf l = { .cert = c, .issuer = &tenant, .issuer_level = LEVEL_TENANT };
	const struct leaf_check *failed;
	bool ok;

	if (!find_authority(s, c->issuer_id, &tenant) ||
	    !find_authority(s, tenant.issuer_id, &region))
		return fault_set(f, FAULT_DENIED, "certificate: no CA of the bundle issued it");
	ok = cert_pem(der, &pem, f) && cert_pem(tenant.der, &pem, f) &&
	     cert_pem(region.der, &pem, f) &&
	     chain_verify(octets_bytes(&pem), octets_bytes(&s->root), now_s, NULL, f);
	bytes_free(&pem);
	if (!ok)
		return false;
	if (!leaf_good(&l, &failed))
		return fault_set(
		    f, FAULT_DENIED, "certificate: %s: %s", failed->source, failed->wrong);
	put_ski(c->issuer_id, who->tenant);
	put_ski(tenant.issuer_id, who->region);
	put_ski(region.issuer_id, who->root);
	return true;
}

static void
put_subject(const struct cert *c, const struct endpoint *e, struct offline_subject *who)
{
	uint8_t digest[DIGEST_OCTETS];

	memcpy(who->id, c->uri, sizeof(who->id));
	memcpy(who->role, e->kind, sizeof(who->role));
	memcpy(who->name, e->name, sizeof(who->name));
	text_hex(c->serial, sizeof(c->serial), who->serial);
	digest_of(c->der, digest);
	text_hex(digest, sizeof(digest), who->sha256);
	who->has_provenance = cert_provenance(c, &who->provenance);
	who->not_before_s = c->not_before_s;
	who->not_after_s = c->not_after_s;
}

static bool
deny(struct offline_verdict *v, const char *code)
{
	v->code = code;
	return false;
}

/* Is it one of this tenant's, and does nothing speak against it? */
static bool
is_good(const struct offline_set *s, const struct cert *c, struct offline_verdict *v)
{
	struct feed_change state;
	char prefix[TEXT_HOST_MAX + 16];
	struct fault f;

	(void)snprintf(prefix, sizeof(prefix), "spiffe://%s/", s->host);
	if (strncmp(c->uri, prefix, strlen(prefix)) != 0 ||
	    !feed_set_ask(&s->feed, c->issuer_key_id, c->serial, &state)) {
		fault_set(&f, FAULT_DENIED, "certificate: it is none of %.200s", s->host);
		memcpy(v->why, f.text, sizeof(v->why));
		return deny(v, "tenant");
	}
	if (state.state == STANDING_GOOD)
		return true;
	(void)snprintf(v->why, sizeof(v->why), "certificate: %s",
	    state.state == STANDING_HELD ? "it, or a CA above it, is held"
					 : "it, or a CA above it, is revoked");
	return deny(v, state.state == STANDING_HELD ? "held" : "revoked");
}

static bool
know(const struct offline_set *s, struct octets pem, int64_t now_s, struct bytes *der,
    struct offline_subject *who, struct offline_verdict *v)
{
	struct endpoint e;
	struct cert c;
	struct fault f;

	if (!chain_pem_at(pem, 0, der, &f) || !cert_parse(octets_bytes(der), &c, &f) ||
	    !prove_path(s, octets_bytes(der), &c, now_s, who, &f)) {
		memcpy(v->why, f.text, sizeof(v->why));
		return deny(v, "certificate");
	}
	if (!name_of_uri(c.uri, &e)) {
		(void)snprintf(v->why, sizeof(v->why), "certificate: it names no endpoint");
		return deny(v, "certificate");
	}
	put_subject(&c, &e, who);
	return is_good(s, &c, v);
}

/* --- the decision -------------------------------------------------------------------------------
 */

/* Is the bundle, by this clock, one to decide with? */
static bool
is_fresh(const struct offline_set *s, int64_t now_s, struct offline_verdict *v)
{
	char at[TEXT_TIME_MAX], until[TEXT_TIME_MAX];

	text_time(s->head.at_s, at);
	text_time(s->head.until_s, until);
	if (now_s < s->head.at_s - OFFLINE_SKEW_S) {
		(void)snprintf(v->why, sizeof(v->why),
		    "bundle: made %s, which the clock has not reached: it was set back", at);
		return deny(v, "clock");
	}
	if (now_s > s->head.until_s) {
		(void)snprintf(v->why, sizeof(v->why), "bundle: made %s, good until %s", at, until);
		return deny(v, "stale");
	}
	return true;
}

static void
put_text(struct request *r, enum attribute a, const char *text)
{
	if (text[0] != '\0')
		request_text(r, a, octets_text(text));
}

/* What is proven takes the place of what was said; what only a ledger knows is not known. */
static void
fill_request(const struct request *asked, const struct offline_subject *who, int64_t now_s,
    struct request *r)
{
	*r = *asked;
	for (enum attribute a = ATTRIBUTE_SUBJECT_ID; a <= ATTRIBUTE_CHAIN_TENANT; a++)
		r->fixed[a] = (struct value){ .type = VALUE_NONE };
	r->fixed[ATTRIBUTE_ANOMALY_SCORE] = (struct value){ .type = VALUE_NONE };
	r->fixed[ATTRIBUTE_DEVICE_SERIAL_BOUND] = (struct value){ .type = VALUE_NONE };
	put_text(r, ATTRIBUTE_SUBJECT_ID, who->id);
	put_text(r, ATTRIBUTE_SUBJECT_ROLE, who->role);
	put_text(r, ATTRIBUTE_SUBJECT_NAME, who->name);
	put_text(r, ATTRIBUTE_CERT_SERIAL, who->serial);
	put_text(r, ATTRIBUTE_CERT_SHA256, who->sha256);
	put_text(r, ATTRIBUTE_CHAIN_ROOT, who->root);
	put_text(r, ATTRIBUTE_CHAIN_REGION, who->region);
	put_text(r, ATTRIBUTE_CHAIN_TENANT, who->tenant);
	request_number(r, ATTRIBUTE_CERT_LEVEL, LEVEL_ENDPOINT);
	request_number(r, ATTRIBUTE_CERT_AGE, now_s - who->not_before_s);
	request_number(r, ATTRIBUTE_CERT_EXPIRES_IN, who->not_after_s - now_s);
	request_number(r, ATTRIBUTE_TIME, now_s);
	if (!who->has_provenance)
		return;
	put_text(r, ATTRIBUTE_CERT_ENROLLER, who->provenance.enroller);
	put_text(r, ATTRIBUTE_CERT_HOW, who->provenance.how);
	request_number(r, ATTRIBUTE_CERT_ASSURANCE, who->provenance.assurance);
	request_bool(
	    r, ATTRIBUTE_DEVICE_SERIAL_BOUND, who->provenance.assurance == ASSURANCE_IDEVID);
}

void
offline_set_decide(const struct offline_set *s, struct octets pem, const struct request *asked,
    int64_t now_s, struct counters *counters, struct offline_subject *who,
    struct offline_verdict *ret)
{
	struct bytes der = { 0 };

	memset(ret, 0, sizeof(*ret));
	memset(who, 0, sizeof(*who));
	if (is_fresh(s, now_s, ret) && know(s, pem, now_s, &der, who, ret)) {
		fill_request(asked, who, now_s, &ret->request);
		set_decide(s->policies, &ret->request, counters, false, &ret->decision);
		ret->decided = true;
		ret->permit = ret->decision.permit;
		ret->code = decision_word(ret->decision.code);
	}
	bytes_free(&der);
}
