/* daemon/sent.c - see sent.h. */
#include "daemon/sent.h"

#include <stdio.h>
#include <string.h>

/* The octets of one whose standing is good. *ret is empty where it is not. */
static bool
read_good(struct ledger *l, const uint8_t serial[static TBS_SERIAL_OCTETS],
    struct standing *standing, struct bytes *ret, struct fault *f)
{
	if (!ledger_standing(l, serial, standing, f))
		return false;
	return standing->state != STANDING_GOOD || ledger_certificate(l, standing->id, ret, f);
}

bool
sent_judge(struct errand *j, const struct claim *c, const uint8_t serial[static TBS_SERIAL_OCTETS],
    bool *ret, struct fault *f)
{
	struct bytes der = { 0 };
	struct standing s;
	struct cert cert;
	bool ok = read_good(c->ledger, serial, &s, &der, f);

	*ret = false;
	if (ok && der.n > 0 && j->now_s - s.changed_s <= SENT_WITHIN_S &&
	    (ok = cert_parse(octets_bytes(&der), &cert, f)))
		*ret = octets_same(cert.spki, c->csr.spki);
	if (*ret)
		memcpy(j->sent, serial, sizeof(j->sent));
	bytes_free(&der);
	return ok;
}

bool
sent_act(struct signer *s, struct errand *j, struct fault *f)
{
	char by[IDENTITY_TEXT_MAX], name[TEXT_LABEL_MAX * 2];
	struct log_context why = signer_context(s, j, by);
	struct ledger *l = j->issuer->ledger;
	struct bytes der = { 0 };
	struct standing standing;
	struct json *e;
	bool ok = read_good(l, j->sent, &standing, &der, f);

	if (ok && der.n == 0)
		ok = fault_set(f, FAULT_DENIED,
		    "est: the certificate that was made for this request is not good any more");
	if (ok) {
		e = log_entry("certificate.sent", &why);
		(void)snprintf(name, sizeof(name), "%s/%s", j->device.kind, j->device.name);
		json_put_hex(e, "serial", j->sent, sizeof(j->sent));
		json_put_hex(e, "key", j->key_digest, sizeof(j->key_digest));
		json_put_text(e, "name", name);
		ok = log_append(l, e, j->now_s, NULL, f);
	}
	bytes_put_counted(&j->answer, octets_bytes(&der));
	bytes_put_u64(&j->answer, standing.issued_index);
	bytes_free(&der);
	return ok && bytes_ok(&j->answer, f);
}
