/* daemon/duty_status.c - OCSP answers, as the signer makes them; see signer.h. */
#include <string.h>

#include "ca/found.h"
#include "daemon/signer.h"
#include "ocsp/answer.h"

/* A CA's responder: the usual one, or the one that the ceremony made for a root that is offline. */
static bool
find_responder(struct signer *s, const struct authority *issuer, int64_t now_s,
    struct delegate *ret, struct fault *f)
{
	struct fault first;

	if (keyring_delegate(s->keys, issuer, &found_responder, now_s, ret, &first))
		return true;
	if (keyring_delegate(s->keys, issuer, &found_responder_offline, now_s, ret, f))
		return true;
	*f = first;
	return false;
}

bool
duty_ocsp(struct signer *s, struct errand *j, struct fault *f)
{
	struct status_request r;
	struct authority issuer;
	struct delegate d;
	struct responder by;

	if (!request_parse(j->body, &r, f) || !answer_issuer(s->realm, &r, &issuer, f) ||
	    !find_responder(s, &issuer, j->now_s, &d, f))
		return false;
	by = (struct responder){ .key = d.key,
		.certificate = d.certificate,
		.until_s = d.not_after_s,
		.unknown_is_revoked = strcmp(s->settings.ocsp.unknown, "revoked") == 0,
		.cutoff = s->settings.ocsp.archive_cutoff };
	return answer(s->realm, &r, &issuer, &by, j->now_s, &j->answer, f);
}
