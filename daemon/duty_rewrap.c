/*
 * daemon/duty_rewrap.c - the tenant's release key: who it is for, and a document's key wrapped
 * again for the one connector that may print it; see relay/envelope.h.
 *
 * The private key is used here alone. The signer does not take the relay's word for whom it wraps
 * to: the certificate must be ours, good at every level, of the tenant, and speak for the printer
 * that the job was released to; and the built-in rules and policies must permit print.fetch.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "ca/found.h"
#include "ca/identify.h"
#include "ca/printer.h"
#include "daemon/rule_print.h"
#include "daemon/signer.h"
#include "relay/envelope.h"

/* --- the key ------------------------------------------------------------------------------------
 */

static bool
release_of(struct signer *s, const char *tenant, int64_t now_s, struct authority *ca,
    struct delegate *ret, struct fault *f)
{
	struct tenant t;

	return realm_tenant(s->realm, tenant, &t, f) &&
	       realm_authority(s->realm, t.key_id, ca, f) &&
	       keyring_delegate(s->keys, ca, &found_release, now_s, ret, f);
}

bool
duty_release_key(struct signer *s, struct errand *j, struct fault *f)
{
	struct reader r = reader_of(j->body);
	struct realm_chain chain = { 0 };
	char tenant[TEXT_LABEL_MAX];
	struct authority ca;
	struct delegate d;
	bool ok;

	reader_counted_text(&r, tenant, sizeof(tenant));
	if (!reader_done(&r) || strcmp(tenant, NAME_PLATFORM) == 0)
		return fault_set(f, FAULT_BADREQ, "release: expected a tenant");
	memcpy(j->tenant, tenant, sizeof(j->tenant));
	ok = release_of(s, tenant, j->now_s, &ca, &d, f) &&
	     realm_chain(s->realm, ca.key_id, &chain, f);
	if (ok) {
		bytes_put_counted(&j->answer, d.certificate);
		for (size_t i = 0; i + 1 < chain.n; i++)
			bytes_put_counted(&j->answer, octets_bytes(&chain.der[i]));
		ok = bytes_ok(&j->answer, f);
	}
	realm_chain_free(&chain);
	return ok;
}

/* --- wrapped again ------------------------------------------------------------------------------
 */

struct rewrap {
	struct wire_rewrap w;
	struct document_of of;
	struct identity who;
	struct evidence evidence;
	struct decider_answer answer;
};

static bool
read_asker(struct signer *s, struct errand *j, struct rewrap *r, struct fault *f)
{
	memcpy(j->tenant, r->w.tenant, sizeof(j->tenant));
	if (!evidence_find(s->realm, r->w.peer, j->now_s, &r->who, &r->evidence, f))
		return false;
	memcpy(r->who.source, r->w.source, sizeof(r->who.source));
	j->who = r->who;
	if (!r->who.good || strcmp(r->who.tenant, r->w.tenant) != 0)
		return fault_set(f, FAULT_DENIED, "rewrap: the certificate is not good here");
	return printer_speaks(s->realm, &r->who, r->w.printer) ||
	       fault_set(
		   f, FAULT_DENIED, "rewrap: it does not speak for printer/%.63s", r->w.printer);
}

static bool
decide_it(struct signer *s, struct errand *j, struct rewrap *r, struct fault *f)
{
	struct job job = { .grade = (enum job_grade)r->w.grade, .octets = r->w.size };
	const struct decider_question q = {
		.act = ACT_PRINT_FETCH, .who = &r->who, .job = &job, .printer = r->w.printer
	};
	struct rule_printed put;

	memcpy(job.tenant, r->w.tenant, sizeof(job.tenant));
	memcpy(job.uuid, r->w.job, sizeof(job.uuid));
	_Static_assert(sizeof(job.owner) == sizeof(r->w.owner), "an id is one size");
	memcpy(job.owner, r->w.owner, sizeof(job.owner));
	if (!rule_print(s->policies, &r->evidence, &q, j->now_s, &put, &r->answer, f))
		return false;
	j->ruling = put.ruling;
	if (r->answer.permit)
		return true;
	if (j->ruling.asked) {
		bytes_clear(&j->members);
		policies_members(&j->ruling, &j->members);
	}
	return fault_set(f, FAULT_DENIED, "%s", r->answer.why);
}

static bool
private_key(const struct key *k, EVP_PKEY **ret, struct fault *f)
{
	struct secret pkcs8 = { 0 };
	const uint8_t *p;

	if (!key_export(k, &pkcs8, f))
		return false;
	p = pkcs8.at;
	*ret = d2i_AutoPrivateKey(NULL, &p, (long)pkcs8.n);
	secret_free(&pkcs8);
	return *ret != NULL || fault_crypto(f, FAULT_INTERNAL, "rewrap: the release key");
}

static bool
wrap_again(struct signer *s, struct errand *j, struct rewrap *r, struct fault *f)
{
	struct content_key key = { 0 };
	struct authority ca;
	struct delegate d;
	EVP_PKEY *own = NULL;
	bool ok = release_of(s, r->w.tenant, j->now_s, &ca, &d, f) && private_key(d.key, &own, f) &&
		  envelope_unwrap(r->w.envelope, &r->of, d.certificate, own, &key, f) &&
		  envelope_wrap(&key, &r->of, r->w.peer, &j->answer, f);

	content_key_free(&key);
	EVP_PKEY_free(own);
	return ok;
}

/* Whatever the relay says of it: which document's key went to whom stands in the tenant's activity
 * log. */
static bool
tell(struct signer *s, struct errand *j, const struct rewrap *r, struct fault *f)
{
	char by[IDENTITY_TEXT_MAX];
	struct log_context why = signer_context(s, j, by);
	struct json *e;
	struct ledger *l;

	why.rule = "printer-fetches";
	why.inputs = NULL;
	if (!realm_activity(s->realm, r->w.tenant, &l, f) || !ledger_has_room(l, f))
		return false;
	e = log_entry("job.rewrapped", &why);
	json_put_hex(e, "job", r->w.job, sizeof(r->w.job));
	json_put_text(e, "printer", r->w.printer);
	json_put_text(e, "to", r->evidence.id);
	json_put_text(e, "serial", r->evidence.serial);
	j->activity = true;
	return log_append(l, e, j->now_s, NULL, f);
}

bool
duty_rewrap(struct signer *s, struct errand *j, struct fault *f)
{
	struct rewrap r;

	memset(&r, 0, sizeof(r));
	if (!wire_rewrap(j->body, &r.w, f))
		return false;
	memcpy(r.of.tenant, r.w.tenant, sizeof(r.of.tenant));
	memcpy(r.of.job, r.w.job, sizeof(r.of.job));
	r.of.number = r.w.number;
	return read_asker(s, j, &r, f) && decide_it(s, j, &r, f) && wrap_again(s, j, &r, f) &&
	       tell(s, j, &r, f);
}
