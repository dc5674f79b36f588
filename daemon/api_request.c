/* daemon/api_request.c - who waits for a registrar, as lists and one by one; see api.h. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/der.h"
#include "ca/audit.h"
#include "ca/petition.h"
#include "daemon/api.h"
#include "daemon/proof.h"

#define NAME_SHOWN_MAX 256

static void
put_serial(struct json *j, const char *name, const uint8_t serial[static TBS_SERIAL_OCTETS])
{
	static const uint8_t none[TBS_SERIAL_OCTETS];

	if (memcmp(serial, none, sizeof(none)) != 0)
		json_put_hex(j, name, serial, TBS_SERIAL_OCTETS);
}

/* What a registrar has to see first: would it take the place of one that is there? */
static void
put_replaces(const struct api_call *c, struct ledger *l, const struct petition *r,
    enum petition_state state, struct json *j)
{
	uint8_t serial[TBS_SERIAL_OCTETS];
	struct fault f;

	if (state == PETITION_ISSUED || state == PETITION_EXPIRED)
		return;
	if (petition_replaces(l, &r->device, c->now_s, serial, &f))
		put_serial(j, "replaces", serial);
	else
		json_put_text(j, "replaces", "unknown");
}

struct json *
api_request_object(const struct api_call *c, struct ledger *l, const struct petition *r)
{
	const struct proof *way = proof_find(r->way);
	struct json *j = json_object();
	char id[PETITION_ID_LETTERS + 1];
	enum petition_state state;
	struct fault f;

	if (!petition_state(l, r, c->now_s, &state, &f))
		state = r->state;
	petition_id(r, id);
	json_put_text(j, "id", id);
	json_put_text(j, "device", r->device.name);
	json_put_text(j, "kind", r->device.kind);
	json_put_text(j, "profile", r->profile);
	json_put_text(j, "state", petition_state_word(state));
	json_put_text(j, "way", way == NULL ? "unknown" : way->word);
	json_put_text(j, "source", r->source);
	json_put_time(j, "asked", r->asked_s);
	if (state != PETITION_ISSUED && state != PETITION_EXPIRED)
		json_put_time(j, "expires", r->due_s);
	put_replaces(c, l, r, state, j);
	return j;
}

/* A GeneralName of the kinds that ca/csr.h takes, as a person reads it. */
static void
show_name(uint8_t tag, struct octets content, char to[static NAME_SHOWN_MAX])
{
	static const struct {
		uint8_t tag;
		const char *word;
	} texts[] = { { CERT_NAME_DNS, "dns" }, { CERT_NAME_URI, "uri" } };
	char ip[INET6_ADDRSTRLEN];

	to[0] = '\0';
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].tag == tag)
			(void)snprintf(to, NAME_SHOWN_MAX, "%s:%.*s", texts[i].word,
			    (int)(content.n < 200 ? content.n : 200), (const char *)content.at);
	if (tag == CERT_NAME_IP && (content.n == 4 || content.n == 16) &&
	    inet_ntop(content.n == 4 ? AF_INET : AF_INET6, content.at, ip, sizeof(ip)) != NULL)
		(void)snprintf(to, NAME_SHOWN_MAX, "ip:%s", ip);
}

/* What it asks for, in its own words. */
static void
put_asked(struct json *j, const struct petition *r)
{
	struct json *names = json_array();
	struct octets rest, content, whole;
	char shown[NAME_SHOWN_MAX], subject[AUDIT_SUBJECT_MAX];
	struct cert named = { .subject = { NULL, 0 } };
	struct bytes safe = { 0 };
	struct csr csr;
	struct fault f;
	uint8_t tag;

	if (r->csr.n == 0 || !csr_read(r->csr, &csr, &f)) {
		json_free(names);
		return;
	}
	named.subject = csr.subject;
	audit_subject(&named, subject);
	json_put_octets(j, "subject", octets_text(subject));
	for (rest = csr.alt_names; der_next(&rest, &tag, &content, &whole);) {
		show_name(tag, content, shown);
		bytes_clear(&safe);
		text_put_printable(&safe, octets_text(shown));
		bytes_put_u8(&safe, 0);
		json_add_text(names, bytes_ok(&safe, &f) ? (const char *)safe.at : "");
	}
	bytes_free(&safe);
	json_put(j, "names", names);
	json_put_text(j, "key", spki_word(csr.kind));
	if (csr.kind == SPKI_RSA)
		json_put_number(j, "key_bits", spki_rsa_bits(csr.spki));
}

static void
put_decided(struct json *j, const struct petition *r)
{
	json_put_number(j, "log_index", (int64_t)r->asked_index);
	if (r->decided_s == 0)
		return;
	json_put_octets(j, "by", octets_text(r->by));
	json_put_time(j, "decided", r->decided_s);
	json_put_number(j, "decided_index", (int64_t)r->decided_index);
	if (r->reason[0] != '\0')
		json_put_octets(j, "reason", octets_text(r->reason));
}

bool
api_request(const struct api_call *c, struct fault *f)
{
	struct bytes row = { 0 };
	struct ledger *l;
	struct petition r;
	struct json *j;
	bool ok = realm_ledger(c->api->realm, c->tenant, &l, f) &&
		  petition_find(l, c->object, &row, &r, f);

	if (ok) {
		j = api_request_object(c, l, &r);
		put_asked(j, &r);
		json_put_hex(j, "key_sha256", r.key, sizeof(r.key));
		json_put_hex(j, "csr_sha256", r.digest, sizeof(r.digest));
		if (r.proof[0] != '\0')
			json_put_octets(j, "proof", octets_text(r.proof));
		put_decided(j, &r);
		if (r.state == PETITION_ISSUED)
			put_serial(j, "serial", r.serial);
		api_answer(c->x, 200, j);
	}
	bytes_free(&row);
	return ok;
}
