/* daemon/duty_verifier.c - PINs and badges are hashed under the tenant's key; see signer.h. */
#include <string.h>

#include "base/clock.h"
#include "daemon/signer.h"
#include "daemon/verifier.h"

#define SECRET_MAX 255 /* octets: a SHA-256, and air */

bool
duty_verifier(struct signer *s, struct errand *j, struct fault *f)
{
	struct reader r = reader_of(j->body);
	uint8_t keyed[VERIFIER_KEYED];
	char tenant[TEXT_LABEL_MAX];
	struct octets secret;
	struct tenant known;
	uint64_t unsaid;

	reader_counted_text(&r, tenant, sizeof(tenant));
	secret = reader_counted(&r);
	if (!reader_done(&r) || secret.n == 0 || secret.n > SECRET_MAX)
		return fault_set(f, FAULT_BADREQ, "verifier: expected a tenant and a hash");
	if (!realm_tenant(s->realm, tenant, &known, f))
		return false;
	memcpy(j->tenant, tenant, sizeof(j->tenant));
	if (!pace_take(&s->verifiers, clock_steady_us(), &unsaid))
		return fault_set(f, FAULT_BUSY, "verifier: too many at once: try again");
	if (!verifier_key(&s->token_key, tenant, secret, keyed, f))
		return false;
	bytes_put(&j->answer, keyed, sizeof(keyed));
	secret_wipe(keyed, sizeof(keyed));
	return bytes_ok(&j->answer, f);
}
