/* daemon/cert_text.c - see cert_text.h. */
#include "daemon/cert_text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/der.h"
#include "base/digest.h"
#include "ca/audit.h"
#include "ca/log.h"
#include "ca/oid.h"
#include "ca/revoke.h"
#include "ca/spki.h"

#define VALUE_MAX 256 /* octets of one value that are shown */

static void
put_octets(struct bytes *b, const char *title, struct octets value)
{
	bytes_put_fmt(b, "  %-12s ", title);
	text_put_safe(b, octets_of(value.at, value.n > VALUE_MAX ? VALUE_MAX : value.n), false);
	bytes_put_text(b, value.n > VALUE_MAX ? "...\n" : "\n");
}

static void
put_text(struct bytes *b, const char *title, const char *value)
{
	if (value[0] != '\0')
		put_octets(b, title, octets_text(value));
}

static void
put_hex(struct bytes *b, const char *title, const uint8_t *at, size_t n)
{
	char hex[2 * 64 + 1];

	text_hex(at, n > 64 ? 64 : n, hex);
	put_text(b, title, hex);
}

static void
put_time(struct bytes *b, const char *title, int64_t at_s)
{
	char at[TEXT_TIME_MAX];

	text_time(at_s, at);
	put_text(b, title, at);
}

static void
put_digest(struct bytes *b, const char *title, struct octets of)
{
	uint8_t digest[DIGEST_OCTETS];

	digest_of(of, digest);
	put_hex(b, title, digest, sizeof(digest));
}

static void
put_status(struct bytes *b, const struct cert_text *t)
{
	const struct standing *s = t->standing;
	bool over = s->state == STANDING_REVOKED || s->state == STANDING_ABANDONED;

	put_text(b, "status", ledger_state_word(s, t->now_s));
	if (t->weighed->state != s->state)
		put_text(b, "beneath its CAs", ledger_state_word(t->weighed, t->now_s));
	if (over || s->state == STANDING_HELD) {
		put_text(b, "reason", revoke_reason_word(s->reason));
		put_time(b, "since", s->changed_s);
	}
	put_text(b, "profile", s->profile);
	put_text(b, "kind", profile_kind(s->profile));
	put_text(b, "name", s->name);
	put_time(b, "begins", s->not_before_s);
	put_time(b, "ends", s->not_after_s);
}

/* One general name: what kind it is, and its value where that is text or an address. */
static void
put_name(struct bytes *b, uint8_t tag, struct octets value)
{
	static const struct {
		uint8_t tag;
		const char *title;
	} kinds[] = { { CERT_NAME_DNS, "DNS" }, { CERT_NAME_URI, "URI" },
		{ CERT_NAME_MAIL, "mail" } };
	char address[INET6_ADDRSTRLEN];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].tag == tag) {
			put_octets(b, kinds[i].title, value);
			return;
		}
	if (tag == CERT_NAME_IP && (value.n == 4 || value.n == 16) &&
	    inet_ntop(value.n == 4 ? AF_INET : AF_INET6, value.at, address, sizeof(address)) !=
		NULL)
		put_text(b, "IP", address);
	else
		put_text(b, "other name", "of a kind that is not shown");
}

static void
put_names(struct bytes *b, const struct cert *c)
{
	struct octets names = c->alt_names, one;
	unsigned n = 0;
	uint8_t tag;

	for (; der_next(&names, &tag, &one, NULL); n++)
		if (n < CERT_TEXT_NAMES_MAX)
			put_name(b, tag, one);
	if (n > CERT_TEXT_NAMES_MAX)
		bytes_put_fmt(b, "  %-12s %u more\n", "", n - CERT_TEXT_NAMES_MAX);
}

static void
put_key(struct bytes *b, const struct cert *c)
{
	enum spki_kind kind = spki_kind(c->spki);

	bytes_put_fmt(b, "  %-12s %s", "key", spki_word(kind));
	if (kind == SPKI_RSA)
		bytes_put_fmt(b, ", %u bits", spki_rsa_bits(c->spki));
	bytes_put_text(b, "\n");
	put_digest(b, "its SHA-256", c->spki);
}

static void
put_uses(struct bytes *b, const struct cert *c)
{
	static const char *const uses[] = { "encipherOnly", "cRLSign", "keyCertSign",
		"keyAgreement", "dataEncipherment", "keyEncipherment", "nonRepudiation",
		"digitalSignature" };
	static const struct {
		const struct octets *oid;
		const char *word;
	} purposes[] = { { &oid_server_auth, "serverAuth" }, { &oid_client_auth, "clientAuth" },
		{ &oid_ocsp_signing, "OCSPSigning" }, { &oid_log_signing, "signs checkpoints" },
		{ &oid_document_release, "releases documents" } };
	struct octets oid;

	bytes_put_fmt(b, "  %-12s", "may");
	for (size_t i = sizeof(uses) / sizeof(uses[0]); i-- > 0;)
		if ((c->key_usage & (1u << i)) != 0)
			bytes_put_fmt(b, " %s", uses[i]);
	for (unsigned i = 0; i < c->purposes && cert_purpose(c, i, &oid); i++)
		for (size_t k = 0; k < sizeof(purposes) / sizeof(purposes[0]); k++)
			if (octets_same(oid, *purposes[k].oid))
				bytes_put_fmt(b, " %s", purposes[k].word);
	bytes_put_text(b, c->ca ? " (a CA)\n" : "\n");
}

static void
put_certificate(struct bytes *b, const struct cert *c)
{
	struct cert_places at;
	char subject[AUDIT_SUBJECT_MAX];

	audit_subject(c, subject);
	put_text(b, "subject", subject);
	put_names(b, c);
	put_key(b, c);
	put_uses(b, c);
	if (cert_places(c, &at)) {
		put_octets(b, "OCSP", at.ocsp);
		put_octets(b, "CRL", at.crl);
	}
	put_digest(b, "SHA-256", c->der);
}

static void
put_provenance(struct bytes *b, const struct cert_text *t, const struct cert *c)
{
	struct provenance p;

	bytes_put_text(b, "\nWhere it comes from\n");
	put_text(b, "let in by", t->standing->enroller);
	put_text(b, "how", t->standing->how);
	bytes_put_fmt(b, "  %-12s %d, %s\n", "assurance", (int)t->standing->assurance,
	    cert_assurance_word(t->standing->assurance));
	if (c != NULL && cert_provenance(c, &p)) {
		put_text(b, "evidence", p.evidence);
		put_time(b, "added", p.at_s);
	}
}

/* The entries that tell of it, and the leaf by which the tree knows the first one. */
static void
put_log(struct bytes *b, const struct cert_text *t)
{
	uint8_t leaf[LOG_HASH_OCTETS];
	struct fault f;

	bytes_put_text(b, "\nIn the log\n");
	bytes_put_fmt(
	    b, "  %-12s %llu\n", "newest entry", (unsigned long long)t->standing->log_index);
	if (t->certificate.n == 0 || !log_leaf_at(t->ledger, t->standing->issued_index, leaf, &f))
		return;
	bytes_put_fmt(
	    b, "  %-12s %llu\n", "issued by", (unsigned long long)t->standing->issued_index);
	put_hex(b, "its leaf", leaf, sizeof(leaf));
}

/* One CA above it, as it stands now. */
static bool
put_level(
    struct bytes *b, const struct cert_text *t, unsigned level, struct octets der, struct fault *f)
{
	static const char *const words[] = { "", "root", "region", "tenant" };
	char subject[AUDIT_SUBJECT_MAX], hex[TBS_SERIAL_OCTETS * 2 + 1], ends[TEXT_TIME_MAX];
	struct standing s;
	struct cert c;

	if (!cert_parse(der, &c, f) || !ledger_standing(realm_platform(t->realm), c.serial, &s, f))
		return false;
	audit_subject(&c, subject);
	text_hex(c.serial, sizeof(c.serial), hex);
	text_time(c.not_after_s, ends);
	bytes_put_fmt(b, "  %u %-10s %s, %s, ends %s\n", level, words[level], hex,
	    ledger_state_word(&s, t->now_s), ends);
	bytes_put_fmt(b, "    %-10s ", "");
	text_put_safe(b, octets_text(subject), false);
	bytes_put_text(b, "\n");
	return true;
}

static bool
put_above(struct bytes *b, const struct cert_text *t, struct fault *f)
{
	struct realm_chain chain;
	bool ok;

	if (!realm_chain(t->realm, t->standing->issuer, &chain, f))
		return false;
	bytes_put_text(b, "\nWhat stands above it\n");
	ok = true;
	for (size_t i = 0; ok && i < chain.n; i++)
		ok = put_level(b, t, (unsigned)(chain.n - i), octets_bytes(&chain.der[i]), f);
	realm_chain_free(&chain);
	return ok;
}

bool
cert_text(const struct cert_text *t, struct bytes *ret, struct fault *f)
{
	char hex[TBS_SERIAL_OCTETS * 2 + 1];
	struct cert c;
	bool there = t->certificate.n > 0;

	if (there && !cert_read(t->certificate, &c, f))
		return false;
	text_hex(t->serial, TBS_SERIAL_OCTETS, hex);
	bytes_put_fmt(ret, "Certificate %s\n", hex);
	put_status(ret, t);
	if (there)
		put_certificate(ret, &c);
	else
		put_text(ret, "certificate", "none: it was abandoned, or is lost");
	put_provenance(ret, t, there ? &c : NULL);
	put_log(ret, t);
	return put_above(ret, t, f) && bytes_ok(ret, f);
}
