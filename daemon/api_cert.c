/* daemon/api_cert.c - one certificate: as JSON, DER, PEM or a page to read; see api.h. */
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "ca/cert.h"
#include "ca/level.h"
#include "ca/revoke.h"
#include "daemon/api.h"
#include "daemon/cert_text.h"
#include "daemon/precondition.h"

#define TAG_OCTETS 16 /* of a digest, in an entity tag */

struct json *
api_certificate_object(
    const uint8_t serial[static TBS_SERIAL_OCTETS], const struct standing *s, int64_t now_s)
{
	struct json *j = json_object();

	json_put_hex(j, "serial", serial, TBS_SERIAL_OCTETS);
	json_put_text(j, "name", s->name);
	json_put_text(j, "kind", profile_kind(s->profile));
	json_put_text(j, "profile", s->profile);
	json_put_text(j, "status", ledger_state_word(s, now_s));
	json_put_time(j, "not_before", s->not_before_s);
	json_put_time(j, "not_after", s->not_after_s);
	if (s->state == STANDING_REVOKED || s->state == STANDING_ABANDONED) {
		json_put_text(j, "reason", revoke_reason_word(s->reason));
		json_put_time(j, "revoked_at", s->changed_s);
	} else if (s->state == STANDING_HELD) {
		json_put_text(j, "reason", revoke_reason_word(s->reason));
		json_put_time(j, "held_at", s->changed_s);
	}
	json_put_number(j, "log_index", (int64_t)s->log_index);
	return j;
}

/* The certificate that is asked for, and all that is known of it. */
struct shown {
	const struct api_call *call;
	struct ledger *ledger;
	uint8_t serial[TBS_SERIAL_OCTETS];
	struct standing standing, weighed;
	struct bytes der; /* empty: it was abandoned, or lost and revoked by a merge */
};

static bool
no_certificate(struct fault *f)
{
	return fault_set(
	    f, FAULT_NOTFOUND, "certificate: there is none: it was abandoned, or lost");
}

static bool
put_json(struct shown *a, struct bytes *to, struct fault *f)
{
	struct json *j = api_certificate_object(a->serial, &a->standing, a->call->now_s);
	struct bytes pem = { 0 };
	bool ok = true;

	api_put_weighed(a->call, &a->standing, j);
	json_put_octets(j, "enroller", octets_text(a->standing.enroller));
	json_put_text(j, "how", a->standing.how);
	json_put_number(j, "assurance", a->standing.assurance);
	json_put_text(j, "assurance_word", cert_assurance_word(a->standing.assurance));
	if (a->der.n > 0) {
		ok = cert_pem(octets_bytes(&a->der), &pem, f);
		bytes_put_u8(&pem, 0);
		if ((ok = ok && bytes_ok(&pem, f)))
			json_put_text(j, "certificate", (const char *)pem.at);
		api_put_proof(j, a->ledger, &a->standing, octets_bytes(&a->der));
	}
	ok = ok && json_write(j, to, f);
	bytes_free(&pem);
	json_free(j);
	return ok;
}

static bool
put_der(struct shown *a, struct bytes *to, struct fault *f)
{
	if (a->der.n == 0)
		return no_certificate(f);
	bytes_put_octets(to, octets_bytes(&a->der));
	return true;
}

/* With what lies between it and the root, as RFC 8555 section 9.1 orders them. */
static bool
put_pem(struct shown *a, struct bytes *to, struct fault *f)
{
	if (a->der.n == 0)
		return no_certificate(f);
	return cert_pem(octets_bytes(&a->der), to, f) &&
	       realm_chain_pem(a->call->api->realm, a->standing.issuer, false, to, f);
}

static bool
put_page(struct shown *a, struct bytes *to, struct fault *f)
{
	const struct cert_text t = { .realm = a->call->api->realm,
		.ledger = a->ledger,
		.serial = a->serial,
		.standing = &a->standing,
		.weighed = &a->weighed,
		.certificate = octets_bytes(&a->der),
		.now_s = a->call->now_s };

	return cert_text(&t, to, f);
}

/* In the order in which they are liked where the client has no wish. */
static const struct form {
	const char *word, *range, *type;
	bool (*put)(struct shown *a, struct bytes *to, struct fault *f);
} forms[] = {
	{ "json", "application/json", "application/json", put_json },
	{ "pem", "application/pem-certificate-chain", "application/pem-certificate-chain",
	    put_pem }, /* RFC 8555 section 9.1 */
	{ "der", "application/pkix-cert", "application/pkix-cert",
	    put_der }, /* RFC 2585 section 4.1 */
	{ "text", "text/plain", "text/plain; charset=utf-8", put_page },
};

#define FORMS (sizeof(forms) / sizeof(forms[0]))

static struct octets
trim(struct octets o)
{
	while (o.n > 0 && (o.at[0] == ' ' || o.at[0] == '\t')) {
		o.at++;
		o.n--;
	}
	while (o.n > 0 && (o.at[o.n - 1] == ' ' || o.at[o.n - 1] == '\t'))
		o.n--;
	return o;
}

/* Take what stands before the next sep off. */
static struct octets
split(struct octets *in, char sep)
{
	const uint8_t *end = in->n == 0 ? NULL : memchr(in->at, sep, in->n);
	struct octets one = octets_of(in->at, end == NULL ? in->n : (size_t)(end - in->at));

	*in = end == NULL ? octets_of(NULL, 0) : octets_of(end + 1, in->n - one.n - 1);
	return trim(one);
}

/* A weight in thousandths (RFC 9110 section 12.4.2); what is none counts as 1. */
static unsigned
weight(struct octets parameters)
{
	while (parameters.n > 0) {
		struct octets one = split(&parameters, ';');
		unsigned q, unit = 100;

		if (one.n < 3 || (one.at[0] | 0x20) != 'q' || one.at[1] != '=' ||
		    (one.at[2] != '0' && one.at[2] != '1'))
			continue;
		q = one.at[2] == '1' ? 1000 : 0;
		for (size_t i = 4; q < 1000 && i < one.n && i < 7; i++, unit /= 10)
			q += one.at[i] >= '0' && one.at[i] <= '9'
				 ? (unsigned)(one.at[i] - '0') * unit
				 : 0;
		return q;
	}
	return 1000;
}

/* How near a media range comes to a type: 0 not at all, 3 is itself. */
static unsigned
nearness(struct octets range, const char *type)
{
	size_t major = strcspn(type, "/") + 1;

	if (octets_same(range, octets_text(type)))
		return 3;
	if (range.n == major + 1 && memcmp(range.at, type, major) == 0 && range.at[major] == '*')
		return 2;
	return octets_same(range, octets_text("*/*")) ? 1 : 0;
}

/* What the client wants most of a form, by the range that comes nearest. */
static unsigned
wanted(struct octets accept, const char *type)
{
	unsigned near = 0, q = 0;

	while (accept.n > 0) {
		struct octets one = split(&accept, ',');
		struct octets range = split(&one, ';');
		unsigned n = nearness(range, type);

		if (n > near) {
			near = n;
			q = weight(one);
		}
	}
	return q;
}

/* "form" in the query goes before Accept; where neither names one of ours it is JSON. */
static bool
choose(const struct exchange *x, const struct form **ret, struct fault *f)
{
	static const char *const names[] = { "form", NULL };
	unsigned best = 0, q;
	char word[8];

	if (!api_query_only(x, names, f) || !api_query(x, "form", word, sizeof(word), f))
		return false;
	*ret = &forms[0];
	for (size_t i = 0; i < FORMS; i++) {
		if (word[0] != '\0' && strcmp(word, forms[i].word) == 0) {
			*ret = &forms[i];
			return true;
		}
		q = wanted(x->accept, forms[i].range);
		if (q > best) {
			best = q;
			*ret = &forms[i];
		}
	}
	return word[0] == '\0' ||
	       fault_set(f, FAULT_BADREQ, "form: expected json, pem, der or text");
}

static bool
find(const struct api_call *c, struct shown *a, struct fault *f)
{
	struct level_above above;
	struct authority ca;

	if (!text_unhex(c->object, a->serial, sizeof(a->serial)))
		return fault_set(f, FAULT_NOTFOUND, "certificate: a serial is %d hex digits",
		    TBS_SERIAL_OCTETS * 2);
	if (!realm_ledger(c->api->realm, c->tenant, &a->ledger, f))
		return false;
	if (!ledger_standing(a->ledger, a->serial, &a->standing, f)) {
		if (f->code == FAULT_NOTFOUND)
			fault_set(f, FAULT_NOTFOUND, "certificate: no such serial in this tenant");
		return false;
	}
	a->weighed = a->standing;
	if (!realm_authority(c->api->realm, a->standing.issuer, &ca, f) ||
	    !level_above(c->api->realm, &ca, &above, f))
		return false;
	level_weigh(&above, &a->weighed);
	return a->standing.state == STANDING_PENDING || a->standing.state == STANDING_ABANDONED ||
	       a->standing.id == LEDGER_NO_CERTIFICATE ||
	       ledger_certificate(a->ledger, a->standing.id, &a->der, f);
}

/* The octets of a form say its status too, where they can; of DER and PEM they cannot, so the tag
 * is of both. */
static void
put_tag(const struct shown *a, struct octets reply, char to[static TAG_OCTETS * 2 + 1])
{
	uint8_t digest[DIGEST_OCTETS];
	struct bytes both = { 0 };

	bytes_put_text(&both, ledger_state_word(&a->standing, a->call->now_s));
	bytes_put_u8(&both, (uint8_t)a->weighed.state);
	bytes_put_u64(&both, a->standing.log_index);
	bytes_put_octets(&both, reply);
	digest_of(octets_bytes(&both), digest);
	text_hex(digest, TAG_OCTETS, to);
	bytes_free(&both);
}

/* 304 where the client has it (RFC 9110 section 13.1.2). */
static void
answer(struct exchange *x, const struct form *form, const char *tag)
{
	char quoted[TAG_OCTETS * 2 + 3];

	(void)snprintf(quoted, sizeof(quoted), "\"%s\"", tag);
	exchange_header(x, "ETag", "%s", quoted);
	exchange_header(x, "Cache-Control", "private, no-cache");
	exchange_header(x, "Vary", "Accept");
	exchange_header(x, "X-Content-Type-Options", "nosniff");
	x->status = 200;
	x->type = form->type;
	if (precondition_has(x->if_none_match, quoted)) {
		bytes_clear(&x->reply);
		x->status = 304;
		x->type = NULL;
	}
}

bool
api_certificate(const struct api_call *c, struct fault *f)
{
	struct shown a = { .call = c };
	struct exchange *x = c->x;
	char tag[TAG_OCTETS * 2 + 1];
	const struct form *form;
	bool ok;

	if (!choose(x, &form, f))
		return false;
	bytes_clear(&x->reply);
	ok = find(c, &a, f) && form->put(&a, &x->reply, f) && bytes_ok(&x->reply, f);
	if (ok) {
		put_tag(&a, octets_bytes(&x->reply), tag);
		answer(x, form, tag);
	}
	bytes_free(&a.der);
	return ok;
}
