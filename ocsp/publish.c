/* ocsp/publish.c - see publish.h. */
#include "ocsp/publish.h"

#include <stdlib.h>
#include <string.h>

#include "ca/wire.h"
#include "ocsp/crl.h"

#define CRL_MAX_AGE_S  300
#define CERT_MAX_AGE_S 86400

static const char type_crl[] = "application/pkix-crl";
static const char type_cert[] = "application/pkix-cert";

/* A CRL that the signer is asked for; in exchange.state. */
struct wanted {
	struct realm *realm;
	int64_t (*now_s)(void);
	struct authority issuer;
};

/* "/crl/<40 hex>.crl": the CA whose key id it is. */
static bool
find_ca(struct realm *realm, struct octets rest, const char *ending, struct authority *ret,
    struct fault *f)
{
	char hex[TBS_KEY_ID_OCTETS * 2 + 1];
	uint8_t id[TBS_KEY_ID_OCTETS];
	size_t n = sizeof(hex) - 1;

	if (rest.n != n + strlen(ending) || memcmp(rest.at + n, ending, strlen(ending)) != 0)
		return fault_set(f, FAULT_NOTFOUND, "no such CA");
	memcpy(hex, rest.at, n);
	hex[n] = '\0';
	if (!text_unhex(hex, id, sizeof(id)))
		return fault_set(f, FAULT_NOTFOUND, "no such CA");
	return realm_authority(realm, id, ret, f);
}

static void
not_served(struct exchange *x, const struct fault *f)
{
	x->status = f->code == FAULT_NOTFOUND ? 404 : 503;
	x->type = "text/plain; charset=utf-8";
	bytes_clear(&x->reply);
	bytes_put_text(&x->reply, f->code == FAULT_NOTFOUND ? "no such CA\n" : "try again\n");
}

static bool
read_crl(struct realm *realm, const struct authority *a, int64_t now_s, struct bytes *ret,
    bool *fresh, struct fault *f)
{
	struct ledger *l;

	return realm_records(realm, a, &l, f) && crl_stored(l, a->key_id, now_s, ret, fresh, f);
}

static void
put_crl(struct exchange *x)
{
	x->type = type_crl;
	x->status = 200;
	exchange_header(x, "Cache-Control", "max-age=%d, public", CRL_MAX_AGE_S);
}

/* The signer made a new one, or could not: then an old one is still a signed one, with its own
 * dates. */
static void
crl_made(struct exchange *x, uint16_t code, struct octets body)
{
	struct wanted *q = x->state;
	struct fault f;
	bool fresh;

	(void)body;
	bytes_clear(&x->reply);
	if (read_crl(q->realm, &q->issuer, q->now_s(), &x->reply, &fresh, &f))
		put_crl(x);
	else if (code != 0 && f.code == FAULT_NOTFOUND) /* the CA is there, its list is not yet */
		not_served(x, &(struct fault){ .code = FAULT_BUSY });
	else
		not_served(x, &f);
}

static void
serve_crl(struct realm *realm, int64_t (*now_s)(void), struct exchange *x, struct octets rest)
{
	struct wanted *q;
	struct authority a;
	struct fault f;
	bool fresh = false;

	if (!find_ca(realm, rest, ".crl", &a, &f)) {
		not_served(x, &f);
		return;
	}
	if (read_crl(realm, &a, now_s(), &x->reply, &fresh, &f) && fresh) {
		put_crl(x);
		return;
	}
	if ((q = calloc(1, sizeof(*q))) == NULL) {
		not_served(x, &f);
		return;
	}
	q->realm = realm;
	q->now_s = now_s;
	q->issuer = a;
	x->state = q;
	bytes_put(&x->ask.body, a.key_id, sizeof(a.key_id));
	x->ask.verb = WIRE_CRL;
	x->ask.then = crl_made;
}

static void
serve_ca(struct realm *realm, struct exchange *x, struct octets rest)
{
	struct authority a;
	struct fault f;

	if (!find_ca(realm, rest, ".cer", &a, &f) ||
	    !realm_ca_certificate(realm, &a, &x->reply, &f)) {
		not_served(x, &f);
		return;
	}
	x->type = type_cert;
	x->status = 200;
	exchange_header(x, "Cache-Control", "max-age=%d, public", CERT_MAX_AGE_S);
}

bool
publish_serve(struct realm *realm, int64_t (*now_s)(void), struct exchange *x)
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
		serve_crl(realm, now_s, x, path);
	} else {
		serve_ca(realm, x, path);
	}
	return true;
}
