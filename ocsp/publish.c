/* ocsp/publish.c - see publish.h. */
#include "ocsp/publish.h"

#include <stdlib.h>
#include <string.h>

#include "ocsp/crl_cache.h"

#define HEX_N   (TBS_KEY_ID_OCTETS * 2)
#define TAG_MAX (CRL_DIGEST_OCTETS * 2 + 1)
#define SHORT   65536 /* octets of a list that is copied for each reply */

static const char type_crl[] = "application/pkix-crl";
static const char type_cert[] = "application/pkix-cert";

struct publish {
	struct realm *realm;
	int64_t (*now_s)(void);
	struct crl_cache *cache;
};

bool
publish_new(struct realm *realm, int64_t (*now_s)(void), struct publish **ret, struct fault *f)
{
	struct publish *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return fault_set(f, FAULT_INTERNAL, "publish: out of memory");
	if (!crl_cache_new(CRL_CACHE_OCTETS, &p->cache, f)) {
		free(p);
		return false;
	}
	p->realm = realm;
	p->now_s = now_s;
	*ret = p;
	return true;
}

void
publish_free(struct publish *p)
{
	if (p == NULL)
		return;
	crl_cache_free(p->cache);
	free(p);
}

/* "<40 hex>" and what is behind it: the CA whose key id it is. */
static bool
take_ca(struct realm *realm, struct octets *rest, struct authority *ret, struct fault *f)
{
	char hex[HEX_N + 1];
	uint8_t id[TBS_KEY_ID_OCTETS];

	if (rest->n < HEX_N)
		return fault_set(f, FAULT_NOTFOUND, "no such CA");
	memcpy(hex, rest->at, HEX_N);
	hex[HEX_N] = '\0';
	*rest = octets_of(rest->at + HEX_N, rest->n - HEX_N);
	if (!text_unhex(hex, id, sizeof(id)))
		return fault_set(f, FAULT_NOTFOUND, "no such CA");
	return realm_authority(realm, id, ret, f);
}

/* "/<n>.crl": one spelling for each shard, so that caches hold it once. */
static bool
read_shard(struct octets rest, unsigned shards, unsigned *ret)
{
	unsigned n = 0, digits = 0;

	if (!octets_take_text(&rest, "/") || shards <= 1)
		return false;
	for (; digits < 3 && rest.n > 0 && rest.at[0] >= '0' && rest.at[0] <= '9'; digits++) {
		if (digits > 0 && n == 0)
			return false;
		n = n * 10 + (unsigned)(rest.at[0] - '0');
		rest = octets_of(rest.at + 1, rest.n - 1);
	}
	*ret = n;
	return digits > 0 && n < shards && octets_same(rest, octets_text(".crl"));
}

static bool
read_which(struct octets rest, const struct authority *a, struct crl_which *ret)
{
	*ret = (struct crl_which){ .kind = CRL_COMPLETE };
	if (octets_same(rest, octets_text(".crl")))
		return true;
	ret->kind = CRL_DELTA;
	if (octets_same(rest, octets_text("-delta.crl")))
		return true;
	ret->kind = CRL_SHARD;
	return read_shard(rest, a->shards, &ret->shard);
}

static void
not_served(struct exchange *x, bool there, const struct fault *f)
{
	bool none = f->code == FAULT_NOTFOUND && !there;

	x->status = none ? 404 : 503;
	x->type = "text/plain; charset=utf-8";
	bytes_clear(&x->reply);
	bytes_put_text(&x->reply, none ? "no such CA\n" : "try again\n");
	if (!none)
		exchange_header(x, "Retry-After", "%d", PUBLISH_RETRY_S);
}

/* A short list is copied, and a long one lent. */
static bool
take_list(struct publish *p, struct exchange *x, struct ledger *l, const struct authority *a,
    struct crl_which which, struct crl_head *h, struct fault *f)
{
	uint8_t *to;

	if (h->size <= SHORT) {
		bytes_clear(&x->reply);
		if ((to = bytes_extend(&x->reply, h->size)) == NULL)
			return fault_set(f, FAULT_BUSY, "crl: out of memory");
		if (crl_read(l, a->key_id, which, h, to, f))
			return true;
		bytes_clear(&x->reply);
		if (f->code != FAULT_CONFLICT || !crl_head(l, a->key_id, which, h, f))
			return false;
	}
	return crl_cache_get(p->cache, l, a->key_id, which, h, &x->shared, f);
}

/* RFC 9110 section 13.2.2: If-None-Match goes before If-Modified-Since. A date is ours to the
 * letter, or it is not this list's. */
static bool
has_it(const struct exchange *x, const struct crl_head *h)
{
	struct octets want = x->if_none_match;
	char tag[TAG_MAX], date[EXCHANGE_DATE_MAX];

	text_hex(h->digest, sizeof(h->digest), tag);
	exchange_date(h->made_s, date);
	if (want.n > 0)
		return octets_same(want, octets_text("*")) ||
		       memmem(want.at, want.n, tag, strlen(tag)) != NULL;
	return x->if_modified_since.n > 0 && octets_same(x->if_modified_since, octets_text(date));
}

static void
put_headers(struct exchange *x, const struct crl_head *h, int64_t now_s)
{
	int64_t age_s = h->until_s - now_s;
	char tag[TAG_MAX], made[EXCHANGE_DATE_MAX], until[EXCHANGE_DATE_MAX];

	if (age_s > PUBLISH_CRL_AGE_S)
		age_s = PUBLISH_CRL_AGE_S;
	text_hex(h->digest, sizeof(h->digest), tag);
	exchange_date(h->made_s, made);
	exchange_date(age_s > 0 ? now_s + age_s : h->until_s, until);
	x->type = type_crl;
	exchange_header(x, "ETag", "\"%s\"", tag);
	exchange_header(x, "Last-Modified", "%s", made);
	exchange_header(x, "Expires", "%s", until);
	if (age_s > 0)
		exchange_header(x, "Cache-Control", "max-age=%lld, public", (long long)age_s);
	else /* an old list is still a signed one, with its own dates */
		exchange_header(x, "Cache-Control", "no-cache");
}

static void
serve_crl(struct publish *p, struct exchange *x, struct octets rest)
{
	struct crl_which which;
	struct crl_head h;
	struct authority a;
	struct ledger *l;
	struct fault f;

	fault_set(&f, FAULT_NOTFOUND, "no such list");
	if (!take_ca(p->realm, &rest, &a, &f) || !read_which(rest, &a, &which)) {
		not_served(x, false, &f);
		return;
	}
	if (!realm_records(p->realm, &a, &l, &f) || !crl_head(l, a.key_id, which, &h, &f)) {
		/* the CA is there, its list is not yet; no CA above a tenant's has deltas */
		not_served(x, which.kind != CRL_DELTA || a.level == LEVEL_TENANT, &f);
		return;
	}
	if (has_it(x, &h)) {
		x->status = 304;
	} else if (take_list(p, x, l, &a, which, &h, &f)) {
		x->status = 200;
	} else {
		not_served(x, true, &f);
		return;
	}
	put_headers(x, &h, p->now_s());
}

static void
serve_ca(struct publish *p, struct exchange *x, struct octets rest)
{
	struct authority a;
	struct fault f;

	fault_set(&f, FAULT_NOTFOUND, "no such CA");
	if (!take_ca(p->realm, &rest, &a, &f) || !octets_same(rest, octets_text(".cer")) ||
	    !realm_ca_certificate(p->realm, &a, &x->reply, &f)) {
		not_served(x, false, &f);
		return;
	}
	x->type = type_cert;
	x->status = 200;
	exchange_header(x, "Cache-Control", "max-age=%d, public", PUBLISH_CERT_AGE_S);
}

bool
publish_serve(struct publish *p, struct exchange *x)
{
	struct octets path = x->path;
	bool crl = octets_take_text(&path, "/crl/");

	if (!crl && !octets_take_text(&path, "/ca/"))
		return false;
	if (!octets_same(x->method, octets_text("GET")) &&
	    !octets_same(x->method, octets_text("HEAD"))) {
		/* RFC 9110 section 15.5.6: a 405 says what would be allowed. */
		exchange_header(x, "Allow", "GET, HEAD");
		x->status = 405;
	} else if (crl) {
		serve_crl(p, x, path);
	} else {
		serve_ca(p, x, path);
	}
	return true;
}
