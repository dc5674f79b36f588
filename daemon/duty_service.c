/* daemon/duty_service.c - what the edge asks for itself: its TLS key, and to tell refusals; see
 * signer.h. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "ca/identify.h"
#include "daemon/evidence.h"
#include "daemon/service.h"
#include "daemon/signer.h"

bool
duty_service(struct signer *s, struct errand *j, struct fault *f)
{
	struct service_names names;
	struct purpose p;
	struct tenant platform;
	struct authority ca;
	struct realm_chain chain = { 0 };
	struct delegate d;
	struct secret key = { 0 };
	bool ok = false;

	if (!service_purpose(&s->settings, &names, &p, f) ||
	    !realm_tenant(s->realm, NAME_PLATFORM, &platform, f) ||
	    !realm_authority(s->realm, platform.key_id, &ca, f) ||
	    !keyring_delegate(s->keys, &ca, &p, j->now_s, &d, f) ||
	    !realm_chain(s->realm, platform.key_id, &chain, f) || !key_export(d.key, &key, f))
		goto out;
	bytes_put_counted(&j->answer, secret_octets(&key));
	bytes_put_counted(&j->answer, d.certificate);
	for (size_t i = 0; i + 1 < chain.n; i++)
		bytes_put_counted(&j->answer, octets_bytes(&chain.der[i]));
	ok = bytes_ok(&j->answer, f);
out:
	secret_free(&key);
	realm_chain_free(&chain);
	return ok;
}

/* A clock that is wrong refuses this question as it does all, with the words that are wanted. */
bool
duty_state(struct signer *s, struct errand *j, struct fault *f)
{
	watch_state(s, &j->answer);
	return bytes_ok(&j->answer, f);
}

static void
put_text(char *to, size_t size, struct octets o)
{
	(void)snprintf(to, size, "%.*s", (int)o.n, o.n == 0 ? "" : (const char *)o.at);
}

/* The edge's policies said no, under an id that the asker was told; so it stands in the log. */
static void
refuse_read(struct signer *s, struct errand *j, const struct wire_refused *w)
{
	struct object what = { .tenant = "" };
	struct evidence of;
	struct fault f;

	memcpy(what.tenant, w->tenant, sizeof(what.tenant));
	if (!signer_verdict(j, ACT_READ, &what, &f) || w->decision[0] == '\0' ||
	    !evidence_find(s->realm, w->peer, j->now_s, NULL, &of, &f))
		return;
	if (!signer_rule(s, j, &of, ACT_READ, &what, &f) && j->ruling.asked)
		memcpy(j->ruling.id, w->decision, sizeof(j->ruling.id));
}

bool
duty_refused(struct signer *s, struct errand *j, struct fault *f)
{
	struct wire_refused w;
	struct fault why;
	struct log_context who;
	struct fault unknown;
	char by[IDENTITY_TEXT_MAX], act[TEXT_LABEL_MAX];

	if (!wire_refused(j->body, &w, f))
		return false;
	j->who = (struct identity){ .kind = IDENTITY_NOBODY };
	if (w.peer.n != 0 && !identify(s->realm, w.peer, j->now_s, &j->who, NULL, &unknown))
		j->who = (struct identity){ .kind = IDENTITY_NOBODY };
	memcpy(j->who.source, w.source, sizeof(j->who.source));
	put_text(act, sizeof(act), w.act);
	why.code = (enum fault_code)w.code;
	put_text(why.text, sizeof(why.text), w.text);
	/* Was it the policy that said no? Then it says so again, and what it was asked is kept. */
	if (why.code == FAULT_DENIED && strcmp(act, "api.read") == 0 && w.peer.n != 0)
		refuse_read(s, j, &w);
	who = signer_refused(s, j, by);
	signer_tell_refusal(s, w.tenant, act, &who, &why, j->now_s);
	return true;
}
