/* ocsp/dated.c - see reply.h. */
#include "ocsp/dated.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/text.h"
#include "ocsp/answer.h"

#define DIGEST_OCTETS 32

const char dated_type[] = "application/ocsp-response";

bool
dated_make(struct octets der, int64_t made_s, int64_t max_age_s, struct dated *ret, struct fault *f)
{
	struct dated r = { .made_s = made_s, .control_s = INT64_MIN };
	uint8_t digest[EVP_MAX_MD_SIZE];
	char hex[DIGEST_OCTETS * 2 + 1];
	int64_t from_s;

	if (!answer_times(der, &from_s, &r.until_s, f))
		return false;
	if (EVP_Digest(der.at, der.n, digest, NULL, EVP_sha256(), NULL) != 1)
		return fault_crypto(f, FAULT_INTERNAL, "ocsp: EVP_Digest");
	text_hex(digest, DIGEST_OCTETS, hex);
	(void)snprintf(r.tag, sizeof(r.tag), "\"%s\"", hex);
	exchange_date(from_s, r.modified);
	exchange_date(r.until_s, r.expires);
	r.fresh_s = made_s + max_age_s < r.until_s ? made_s + max_age_s : r.until_s - 1;
	if ((r.answer = shared_new(der.n)) == NULL)
		return fault_set(f, FAULT_INTERNAL, "ocsp: out of memory");
	memcpy(r.answer->at, der.at, der.n);
	*ret = r;
	return true;
}

void
dated_free(struct dated *r)
{
	shared_drop(r->answer);
	r->answer = NULL;
}

/* The next member of a list of entity tags; a weak one counts as the strong one, for that is how
 * If-None-Match compares. False at its end. */
static bool
next_tag(struct octets *list, struct octets *ret)
{
	const uint8_t *close;

	while (list->n > 0 && (list->at[0] == ' ' || list->at[0] == '\t' || list->at[0] == ','))
		*list = octets_of(list->at + 1, list->n - 1);
	(void)octets_take_text(list, "W/");
	if (list->n < 2 || list->at[0] != '"' ||
	    (close = memchr(list->at + 1, '"', list->n - 1)) == NULL)
		return false;
	*ret = octets_of(list->at, (size_t)(close + 1 - list->at));
	*list = octets_of(close + 1, list->n - ret->n);
	return true;
}

static bool
has_it(const struct exchange *x, const char *tag)
{
	struct octets list = x->if_none_match, one;

	if (list.n == 0 || octets_same(x->method, octets_text("POST")))
		return false;
	if (octets_same(list, octets_text("*")))
		return true;
	while (next_tag(&list, &one))
		if (octets_same(one, octets_text(tag)))
			return true;
	return false;
}

void
dated_put(struct dated *r, int64_t now_s, struct exchange *x)
{
	if (r->control_s != now_s) {
		(void)snprintf(r->control, sizeof(r->control),
		    "max-age=%lld, public, no-transform, must-revalidate",
		    (long long)(r->fresh_s > now_s ? r->fresh_s - now_s : 0));
		r->control_s = now_s;
	}
	shared_drop(x->shared);
	x->shared = NULL;
	x->type = dated_type;
	exchange_header_text(x, "Cache-Control", r->control);
	exchange_header_text(x, "ETag", r->tag);
	exchange_header_text(x, "Last-Modified", r->modified);
	exchange_header_text(x, "Expires", r->expires);
	x->status = has_it(x, r->tag) ? 304 : 200;
	if (x->status == 200)
		x->shared = shared_hold(r->answer);
}

void
dated_put_once(struct octets der, struct exchange *x)
{
	bytes_clear(&x->reply);
	bytes_put_octets(&x->reply, der);
	x->type = dated_type;
	x->status = 200;
	exchange_header_text(x, "Cache-Control", "no-store");
}
