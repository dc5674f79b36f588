/* daemon/relay_key.c - see relay_key.h. */
#include "daemon/relay_key.h"

#include "base/problem.h"
#include "ca/found.h"
#include "ca/keyring.h"
#include "ca/wire.h"

static bool
authority_of(struct realm *r, const char *tenant, struct authority *ret, struct fault *f)
{
	struct tenant t;

	return realm_tenant(r, tenant, &t, f) && realm_authority(r, t.key_id, ret, f);
}

bool
relay_key_get(struct realm *r, const char *tenant, struct bytes *ret)
{
	struct authority ca;
	struct fault f;

	return authority_of(r, tenant, &ca, &f) &&
	       keyring_certificate(r, &ca, &found_release, ret, &f);
}

void
relay_key_ask(struct exchange *x, const char *tenant, exchange_then *then)
{
	bytes_put_counted_text(&x->ask.body, tenant);
	x->ask.verb = WIRE_RELEASE_KEY;
	x->ask.then = then;
}

bool
relay_key_serve(struct realm *r, struct exchange *x, const struct identity *who)
{
	struct bytes der = { 0 };
	struct authority ca;
	struct fault f;

	if (!octets_same(x->path, octets_text(RELAY_KEY_PATH)))
		return false;
	if (!octets_same(x->method, octets_text("GET"))) {
		problem_other_method(x, "GET", "release-key: GET shows it");
		return true;
	}
	if (authority_of(r, who->tenant, &ca, &f) &&
	    keyring_certificate(r, &ca, &found_release, &der, &f) &&
	    cert_pem(octets_bytes(&der), &x->reply, &f) &&
	    realm_chain_pem(r, ca.key_id, false, &x->reply, &f)) {
		x->type = "application/pem-certificate-chain";
		x->status = 200;
		exchange_header(x, "Cache-Control", "no-store");
	} else {
		bytes_clear(&x->reply);
		problem_send(x, &f);
	}
	bytes_free(&der);
	return true;
}
