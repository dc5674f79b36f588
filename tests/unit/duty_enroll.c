/* tests/unit/duty_enroll.c - daemon/duty_enroll.c: what the signer makes of a profile, whoever asks
 * and however: by token, by certificate, in time or not, with which key, under which names. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rsa.h>

#include "ca/identify.h"
#include "ca/oid.h"
#include "ca/profile_set.h"
#include "ca/revoke.h"
#include "ca/token.h"
#include "daemon/signer.h"
#include "tests/unit/forge.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

#define DAY_S 86400

static struct ground g;
static struct signer s;
static struct wire_enroll wire; /* what is asked next */
static struct bytes body, certificate;
static struct secret letters;
static struct octets alt_names; /* that a request asks for */
static struct octets challenge; /* its challengePassword; n 0: none */
static EVP_PKEY *key;           /* NULL: forge_key() */
static struct fault f;

static void
load(const char *printer)
{
	struct bytes bundle = { 0 };

	bytes_put_counted_text(&bundle, "operator.yaml");
	bytes_put_counted_text(&bundle, "name: operator\nask: []\n");
	bytes_put_counted_text(&bundle, "service.yaml");
	bytes_put_counted_text(&bundle, "name: service\npurposes: [clientAuth, serverAuth]\n");
	bytes_put_counted_text(&bundle, "printer.yaml");
	bytes_put_counted_text(&bundle, printer);
	ck_assert_msg(profile_load(octets_bytes(&bundle), &f), "%s", f.text);
	bytes_free(&bundle);
}

static void
setup(void)
{
	ground_new(&g);
	s = (struct signer){ .realm = g.realm, .keys = g.keys, .journal = g.journal };
	(void)snprintf(s.settings.public_url, sizeof(s.settings.public_url), "%s", GROUND_URL);
	ck_assert(secret_random(32, &s.token_key, &f));
	ck_assert(token_secret(&letters, &f));
	key = NULL;
	alt_names = NONE;
	challenge = NONE;
}

static void
teardown(void)
{
	secret_free(&s.token_key);
	secret_free(&letters);
	bytes_free(&body);
	bytes_free(&certificate);
	forge_free();
	ground_free(&g);
}

/* A token for hp-1 that was made by a registrar, or an officer. */
static void
put_token(const char *profile, const char *kind, bool approved)
{
	struct token t = { .state = TOKEN_UNUSED,
		.device = { "acme", "", "hp-1" },
		.approved = approved,
		.created_s = g.now_s,
		.expires_s = g.now_s + 3600,
		.creator = "operator:bob" };

	(void)snprintf(t.device.kind, sizeof(t.device.kind), "%s", kind);
	(void)snprintf(t.profile, sizeof(t.profile), "%s", profile);
	token_hash(&s.token_key, octets_text((const char *)letters.at), t.hash);
	ck_assert(token_put(g.acme->ledger, &t, &f));
	ground_commit(g.acme->ledger);
}

static struct octets
request(struct octets subject)
{
	struct forge r = { .key = key, .subject = subject };

	if (key != NULL)
		r.algorithm = oid_algorithm_rsa_sha256;
	if (alt_names.n > 0)
		r.attributes = forge_asks(
		    forge_extension(oid_subject_alt_name, forge_tlv(DER_SEQUENCE, alt_names)));
	if (challenge.n > 0)
		r.attributes = JOIN(r.attributes,
		    SEQ(OID(oid_challenge_password), SET(forge_tlv(DER_UTF8, challenge))));
	return forge_request(&r);
}

/* What an edge of this process's own profiles would ask. */
static void
begin(bool renew, struct octets subject)
{
	wire = (struct wire_enroll){ .tenant = "acme",
		.source = "192.0.2.1:1",
		.way = renew ? ENROL_CERTIFICATE : ENROL_TOKEN };
	memcpy(wire.profiles, profile_set_digest(), sizeof(wire.profiles));
	wire.csr = request(subject);
	if (renew) {
		wire.peer = octets_bytes(&certificate);
	} else {
		wire.user = octets_text("hp-1");
		wire.password = octets_text((const char *)letters.at);
	}
}

static bool
judge(struct errand *j)
{
	bytes_clear(&body);
	wire_put_enroll(&wire, &body);
	*j = (struct errand){ .from = FROM_EDGE, .body = octets_bytes(&body), .now_s = g.now_s };
	return duty_enroll_judge(&s, j, &f);
}

static void
commit(void)
{
	ground_commit(g.acme->ledger);
	ground_commit(realm_platform(g.realm));
}

/* All of it: the certificate is kept. */
static struct cert
granted(void)
{
	struct reader r;
	struct cert c;
	struct errand j;

	ck_assert_msg(judge(&j), "%s", f.text);
	commit();
	ck_assert_msg(duty_enroll_act(&s, &j, &f), "%s", f.text);
	commit();
	r = reader_of(octets_bytes(&j.answer));
	bytes_free(&certificate);
	bytes_put_octets(&certificate, reader_counted(&r));
	ticket_free(j.ticket);
	bytes_free(&j.answer);
	ck_assert(cert_parse(octets_bytes(&certificate), &c, &f));
	return c;
}

static void
refused(enum fault_code code, const char *why)
{
	struct errand j;

	ck_assert(!judge(&j));
	ck_assert_msg(f.code == code, "%d: %s", f.code, f.text);
	ck_assert_msg(strstr(f.text, why) != NULL, "%s", f.text);
	ck_assert_ptr_null(j.ticket);
}

static struct octets
device(const char *unit, const char *common)
{
	return SEQ(forge_rdn(oid_organization, DER_UTF8, RAW("acme")),
	    forge_rdn(oid_unit, DER_UTF8, octets_text(unit)),
	    forge_rdn(oid_common_name, DER_UTF8, octets_text(common)));
}

static struct octets
plain(void)
{
	return forge_common(DER_UTF8, RAW("anything"));
}

START_TEST(names_are_the_templates)
{
	struct octets want = JOIN(forge_tlv(DER_CONTEXT(2), RAW("hp-1.labels.acme.eu.example.org")),
	    forge_tlv(DER_CONTEXT(2), RAW("hp-1-b.acme.eu.example.org")),
	    forge_tlv(DER_CONTEXT(6), RAW("spiffe://acme.eu.example.org/printer/hp-1")));
	struct cert c;

	load(
	    "name: labels\nkind: printer\nvalidity: 2h\nsubject:\n  unit: 'Labels'\n"
	    "  common_name: '{kind} {name} of {tenant}'\n"
	    "dns: ['{name}.labels.{tenant}.{region}.{domain}', '{name}-b.{tenant}.{region}.{domain}']\n");
	put_token("labels", "printer", false);
	begin(false, plain());
	c = granted();
	ck_assert(octets_same(c.subject, device("Labels", "printer hp-1 of acme")));
	ck_assert(octets_same(c.alt_names, want));
	ck_assert_int_eq(c.not_after_s, g.now_s + 7200);
	begin(true, device("Labels", "printer hp-1 of acme"));
	c = granted();
	ck_assert(octets_same(c.alt_names, want));
}
END_TEST

/* A request may name its own names, and no other. */
START_TEST(asked_names)
{
	static const char *const good[] = { "hp-1.labels.acme.eu.example.org", "hp-1" };
	static const char *const bad[] = { "hp-1.printer.acme.eu.example.org",
		"hp-2.labels.acme.eu.example.org", "hp-1.labels.other.eu.example.org",
		"www.example.com", "labels.acme.eu.example.org", "*.labels.acme.eu.example.org" };

	load("name: printer\ndns: ['{name}.labels.{tenant}.{region}.{domain}']\n");
	put_token("printer", "printer", false);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		alt_names = forge_tlv(DER_CONTEXT(2), octets_text(bad[i]));
		begin(false, plain());
		refused(FAULT_BADREQ, "asks for a name that is not its own");
		alt_names = JOIN(forge_tlv(DER_CONTEXT(2), octets_text(good[0])), alt_names);
		begin(false, plain());
		refused(FAULT_BADREQ, "asks for a name that is not its own");
	}
	alt_names = JOIN(forge_tlv(DER_CONTEXT(2), octets_text(good[0])),
	    forge_tlv(DER_CONTEXT(2), octets_text(good[1])),
	    forge_tlv(DER_CONTEXT(6), RAW("spiffe://acme.eu.example.org/printer/hp-1")));
	begin(false, plain());
	(void)granted();
}
END_TEST

START_TEST(a_renewal_waits_for_its_window)
{
	int64_t issued_s = g.now_s;

	load("name: printer\nvalidity: 90d\nrenewal_window: 30d\n");
	put_token("printer", "printer", false);
	begin(false, plain());
	(void)granted();
	begin(true, device("printer", "hp-1"));
	refused(FAULT_DENIED, "a renewal is taken from 2030-05-16T17:46:40Z on");
	g.now_s = issued_s + 60 * DAY_S - 1;
	refused(FAULT_DENIED, "and not sooner");
	g.now_s++;
	(void)granted();
	begin(true, device("printer", "hp-1")); /* with the new one, the window is another */
	refused(FAULT_DENIED, "and not sooner");
}
END_TEST

/* The newest entry of acme has member as it is told, or not at all. */
static void
entry_says(const char *text, bool there)
{
	struct bytes line = { 0 };
	struct log_edge edge;
	uint8_t key_of[8];

	ck_assert(log_edge_read(g.acme->ledger, &edge, &f));
	ck_assert(
	    ledger_get(g.acme->ledger, TABLE_LOG, octets_u64(edge.size - 1, key_of), &line, &f));
	bytes_put_u8(&line, 0);
	ck_assert_msg(
	    (strstr((const char *)line.at, text) != NULL) == there, "%s", (const char *)line.at);
	bytes_free(&line);
}

START_TEST(a_renewal_that_is_late)
{
	struct cert first, second;
	struct bytes kept = { 0 };

	load("name: printer\nvalidity: 2h\ngrace: 1h\n");
	put_token("printer", "printer", false);
	begin(false, plain());
	first = granted();
	bytes_put_octets(&kept, octets_bytes(&certificate));
	g.now_s = first.not_after_s;
	begin(true, device("printer", "hp-1"));
	second = granted();
	entry_says("\"late_s\"", false);
	g.now_s = second.not_after_s + 3600;
	begin(true, device("printer", "hp-1"));
	second = granted();
	entry_says("\"late_s\":3600", true);
	begin(true, device("printer", "hp-1"));
	wire.peer = octets_bytes(&kept);
	refused(FAULT_DENIED, "the certificate is expired");
	g.now_s = second.not_after_s + 3601;
	begin(true, device("printer", "hp-1"));
	refused(FAULT_DENIED, "the certificate is expired");
	load("name: printer\nvalidity: 2h\n");
	g.now_s = second.not_after_s + 1;
	begin(true, device("printer", "hp-1"));
	refused(FAULT_DENIED, "the certificate is expired");
	bytes_free(&kept);
}
END_TEST

/* A device that began anew has not what it had: not even where it ended before grace was given. */
START_TEST(late_and_replaced)
{
	struct bytes kept = { 0 };
	struct cert first;

	load("name: printer\nvalidity: 2h\n");
	put_token("printer", "printer", false);
	begin(false, plain());
	first = granted();
	bytes_put_octets(&kept, octets_bytes(&certificate));
	g.now_s = first.not_after_s + 60;
	ck_assert(token_secret(&letters, &f));
	put_token("printer", "printer", false);
	begin(false, plain());
	(void)granted();
	load("name: printer\nvalidity: 2h\ngrace: 1h\n");
	begin(true, device("printer", "hp-1"));
	wire.peer = octets_bytes(&kept);
	refused(FAULT_DENIED, "the certificate is expired");
	bytes_free(&kept);
}
END_TEST

START_TEST(approval)
{
	struct identified also;
	struct identity who;

	load("name: printer\napproval: officer\n");
	put_token("printer", "printer", false);
	begin(false, plain());
	refused(FAULT_DENIED, "takes a token of an officer alone");
	put_token("printer", "printer", true);
	ck_assert_int_eq(granted().not_before_s, g.now_s - 3600);
	ck_assert(identify(g.realm, octets_bytes(&certificate), g.now_s, &who, &also, &f));
	ck_assert_int_eq(also.standing.assurance, ASSURANCE_APPROVED);
}
END_TEST

/* What came in before the approval was wanted goes on until its end, and is not renewed. */
START_TEST(assurance)
{
	load("name: printer\n");
	put_token("printer", "printer", true);
	begin(false, plain());
	(void)granted();
	load("name: printer\napproval: officer\nassurance: approved\n");
	begin(true, device("printer", "hp-1"));
	refused(FAULT_DENIED, "enrol again with an officer's token");
	put_token("printer", "printer", true);
	begin(false, plain());
	(void)granted();
	begin(true, device("printer", "hp-1"));
	(void)granted();
}
END_TEST

START_TEST(who_may_ask)
{
	load("name: printer\nask: [token]\n");
	put_token("printer", "printer", false);
	begin(false, plain());
	(void)granted();
	begin(true, device("printer", "hp-1"));
	refused(FAULT_DENIED, "profile: printer: may not be asked for by certificate");
	load("name: printer\nask: [certificate]\n");
	begin(true, device("printer", "hp-1"));
	(void)granted();
	put_token("printer", "printer", false);
	begin(false, plain());
	refused(FAULT_DENIED, "profile: printer: may not be asked for by token");
	put_token("operator", "operator", true);
	begin(false, plain());
	refused(FAULT_DENIED, "profile: operator: may not be asked for by token");
	put_token("log", "log", true);
	begin(false, plain());
	refused(FAULT_DENIED, "profile: log: may not be asked for by token");
	put_token("tenant", "tenant", true);
	begin(false, plain());
	refused(FAULT_DENIED, "profile: tenant: may not be asked for by token");
}
END_TEST

START_TEST(profiles_that_went)
{
	load("name: printer\n");
	put_token("printer", "printer", false);
	begin(false, plain());
	(void)granted();
	load("name: other\nkind: printer\n");
	begin(true, device("printer", "hp-1"));
	refused(FAULT_AUTH, "there is no profile printer any more");
	put_token("printer", "printer", false);
	begin(false, plain());
	refused(FAULT_DENIED, "profile: printer: there is none of that name");
	load("name: printer\nkind: gateway\n"); /* of another kind now */
	begin(false, plain());
	refused(
	    FAULT_DENIED, "profile: printer: there is none of that name for a printer any more");
}
END_TEST

#define UNIQUE "AAECAwQFBgcICQoL" /* base64 of the twelve octets of tls_unique */
static const uint8_t tls_unique[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 };

static void
begin_bound(struct octets password)
{
	challenge = password;
	begin(false, plain());
	wire.binding = octets_of(tls_unique, sizeof(tls_unique));
}

/* RFC 7030 section 3.5: what is there is checked, whoever asks, and a refusal spends nothing. */
START_TEST(requests_for_another_connection)
{
	load("name: printer\n");
	put_token("printer", "printer", false);
	begin_bound(RAW("AAECAwQFBgcICQoM"));
	refused(FAULT_BADREQ, "challengePassword is not this connection's binding");
	begin_bound(RAW("secret"));
	refused(FAULT_BADREQ, "challengePassword is not this connection's binding");
	begin_bound(RAW(UNIQUE));
	wire.binding = NONE; /* an edge that knows none, or says so */
	refused(FAULT_BADREQ, "challengePassword is not this connection's binding");
	begin_bound(RAW(UNIQUE "\n")); /* as an encoder leaves it */
	(void)granted();
	challenge = RAW("AAECAwQFBgcICQoM");
	begin(true, device("printer", "hp-1"));
	wire.binding = octets_of(tls_unique, sizeof(tls_unique));
	refused(FAULT_BADREQ, "challengePassword is not this connection's binding");
	challenge = RAW(UNIQUE);
	begin(true, device("printer", "hp-1"));
	wire.binding = octets_of(tls_unique, sizeof(tls_unique));
	(void)granted();
}
END_TEST

START_TEST(bindings_that_are_required)
{
	load("name: printer\nbinding: required\n");
	put_token("printer", "printer", false);
	begin_bound(NONE);
	refused(FAULT_BADREQ, "requires this connection's binding");
	begin_bound(RAW("AAECAwQFBgcICQoM"));
	refused(FAULT_BADREQ, "challengePassword is not");
	begin_bound(RAW(UNIQUE));
	(void)granted();
}
END_TEST

START_TEST(passwords_that_are_static)
{
	load("name: printer\nbinding: static\n");
	put_token("printer", "printer", false);
	begin_bound(RAW("the fleet's password"));
	(void)granted();
	ck_assert_ptr_null(memmem(certificate.at, certificate.n, "the fleet's", 11));
}
END_TEST

/* RFC 7030 section 3.2.2: a label chooses nothing that the proof does not say. */
START_TEST(labels_of_another_profile)
{
	load("name: labels\nkind: printer\n");
	put_token("labels", "printer", false);
	begin(false, plain());
	(void)snprintf(wire.profile, sizeof(wire.profile), "printer");
	refused(FAULT_DENIED, "the label says profile printer, the proof says labels");
	begin(false, plain());
	(void)snprintf(wire.profile, sizeof(wire.profile), "labels");
	(void)granted();
	begin(true, device("printer", "hp-1"));
	(void)snprintf(wire.profile, sizeof(wire.profile), "operator");
	refused(FAULT_DENIED, "the label says profile operator, the proof says labels");
	begin(true, device("printer", "hp-1"));
	(void)snprintf(wire.profile, sizeof(wire.profile), "labels");
	(void)granted();
}
END_TEST

static bool
whose(struct errand *j)
{
	bytes_clear(&body);
	wire_put_enroll(&wire, &body);
	*j = (struct errand){ .from = FROM_EDGE, .body = octets_bytes(&body), .now_s = g.now_s };
	return duty_device(&s, j, &f);
}

/* A GET of attributes asks it, and the token is as good as before. */
START_TEST(whose_token_it_is)
{
	struct reader r;
	struct errand j;

	load("name: labels\nkind: printer\n");
	put_token("labels", "printer", false);
	for (unsigned i = 0; i < 3; i++) {
		begin(false, plain());
		wire.csr = NONE;
		ck_assert_msg(whose(&j), "%s", f.text);
		r = reader_of(octets_bytes(&j.answer));
		ck_assert(octets_same(reader_counted(&r), RAW("printer")));
		ck_assert(octets_same(reader_counted(&r), RAW("hp-1")));
		ck_assert(octets_same(reader_counted(&r), RAW("labels")));
		ck_assert(reader_done(&r));
		bytes_free(&j.answer);
	}
	begin(false, plain());
	(void)granted();
	begin(false, plain());
	wire.csr = NONE;
	ck_assert(!whose(&j)); /* now it is used */
	ck_assert_int_eq(f.code, FAULT_AUTH);
	ck_assert_uint_eq(j.answer.n, 0);
}
END_TEST

START_TEST(whose_token_is_not_told)
{
	struct errand j;

	load("name: labels\nkind: printer\n");
	put_token("labels", "printer", false);
	begin(false, plain());
	ck_assert(!whose(&j)); /* a request belongs to an enrolment */
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	wire.csr = NONE;
	wire.user = RAW("hp-2");
	ck_assert(!whose(&j));
	ck_assert_int_eq(f.code, FAULT_AUTH);
	wire.user = RAW("hp-1");
	wire.password = RAW("AAAAAAAAAAAAAAAAAAAAAAAAAA");
	ck_assert(!whose(&j));
	ck_assert_int_eq(f.code, FAULT_AUTH);
	begin(false, plain());
	wire.csr = NONE;
	(void)snprintf(wire.profile, sizeof(wire.profile), "operator");
	ck_assert(!whose(&j));
	ck_assert_int_eq(f.code, FAULT_DENIED);
	begin(false, plain());
	wire.csr = NONE;
	(void)snprintf(wire.tenant, sizeof(wire.tenant), "nobody");
	ck_assert(!whose(&j));
	ck_assert_int_eq(f.code, FAULT_NOTFOUND);
	begin(false, plain());
	wire.csr = NONE;
	wire.way = ENROL_CERTIFICATE;
	ck_assert(!whose(&j));
	ck_assert_int_eq(f.code, FAULT_BADREQ);
	g.now_s += 3601;
	begin(false, plain());
	wire.csr = NONE;
	ck_assert(!whose(&j));
	ck_assert_int_eq(f.code, FAULT_AUTH);
}
END_TEST

START_TEST(keys_are_the_profiles)
{
	load("name: old\nkind: printer\nkeys: [rsa]\nrsa_bits_min: 3072\n");
	put_token("old", "printer", false);
	begin(false, plain());
	refused(FAULT_BADREQ,
	    "old: expected an RSA key of 3072 to 4096 bits in steps of 1024, found a P-256 key");
	key = EVP_RSA_gen(2048);
	begin(false, plain());
	refused(FAULT_BADREQ, "found an RSA key of 2048 bits");
	load("name: old\nkind: printer\nkeys: [rsa, p256]\n");
	begin(false, plain());
	ck_assert_int_eq(spki_kind(granted().spki), SPKI_RSA);
	load("name: old\nkind: printer\nkeys: [p256]\n");
	put_token("old", "printer", false);
	begin(false, plain());
	refused(FAULT_BADREQ, "old: expected a P-256 key, found an RSA key of 2048 bits");
	EVP_PKEY_free(key);
	key = NULL;
}
END_TEST

/* An edge that judged by others, as none of ours would. */
START_TEST(other_profiles_at_the_edge)
{
	load("name: printer\n");
	put_token("printer", "printer", false);
	for (size_t i = 0; i < sizeof(wire.profiles); i++) {
		begin(false, plain());
		wire.profiles[i] ^= 1;
		refused(FAULT_BUSY, "the edge has read other profiles than the signer");
	}
	begin(false, plain());
	(void)granted();
}
END_TEST

/* A request is parsed for those who have a proof: else anybody could keep the signer busy. */
START_TEST(the_proof_comes_first)
{
	load("name: printer\n");
	begin(false, plain());
	wire.csr = RAW("no request at all");
	refused(FAULT_AUTH, "unknown");
	put_token("printer", "printer", false);
	refused(FAULT_BADREQ, "der: ");
}
END_TEST

/* An edge passes on what it has read and nobody has proven. */
START_TEST(possession_is_proven_here)
{
	load("name: printer\n");
	put_token("printer", "printer", false);
	begin(false, plain());
	wire.csr = forge_request(&(struct forge){ .md = EVP_sha384() });
	refused(FAULT_BADREQ, "csr: RFC 7030 section 3.4: possession of the key is not proven");
	begin(false, plain());
	(void)granted();
}
END_TEST

static enum standing_state
state_of(const uint8_t serial[static TBS_SERIAL_OCTETS])
{
	struct standing at;

	ck_assert_msg(ledger_standing(g.acme->ledger, serial, &at, &f), "%s", f.text);
	ck_assert(at.state != STANDING_REVOKED || at.reason == REASON_SUPERSEDED);
	return at.state;
}

static void
take_serial(const struct cert *c, uint8_t to[static TBS_SERIAL_OCTETS])
{
	memcpy(to, c->serial, TBS_SERIAL_OCTETS);
}

/* A device that comes with a new token was reset: what it had ends with the new certificate. */
START_TEST(a_reset_device_begins_anew)
{
	uint8_t first[TBS_SERIAL_OCTETS], renewed[TBS_SERIAL_OCTETS], anew[TBS_SERIAL_OCTETS];
	struct cert c;

	load("name: printer\n");
	put_token("printer", "printer", false);
	begin(false, plain());
	c = granted();
	take_serial(&c, first);
	begin(true, device("printer", "hp-1"));
	c = granted();
	take_serial(&c, renewed);
	ck_assert_int_eq(state_of(first), STANDING_GOOD); /* a renewal leaves it so */
	put_token("printer", "printer", false);
	begin(false, plain());
	c = granted();
	take_serial(&c, anew);
	ck_assert_int_eq(state_of(first), STANDING_REVOKED);
	ck_assert_int_eq(state_of(renewed), STANDING_REVOKED);
	ck_assert_int_eq(state_of(anew), STANDING_GOOD);
}
END_TEST

/* The renewal and the new beginning of one device in one round, in either order: the renewal never
 * outlives it. */
START_TEST(renewed_and_reset_in_one_round)
{
	for (int renewal = 0; renewal < 2; renewal++) { /* its place */
		uint8_t first[TBS_SERIAL_OCTETS];
		struct bytes bodies[2] = { { 0 }, { 0 } };
		struct errand j[2];
		struct cert c;

		load("name: printer\n");
		put_token("printer", "printer", false);
		begin(false, plain());
		c = granted();
		take_serial(&c, first);
		put_token("printer", "printer", false);
		for (int i = 0; i < 2; i++) {
			begin(i == renewal, i == renewal ? device("printer", "hp-1") : plain());
			wire_put_enroll(&wire, &bodies[i]);
			j[i] = (struct errand){ .from = FROM_EDGE,
				.body = octets_bytes(&bodies[i]),
				.now_s = g.now_s };
			ck_assert_msg(duty_enroll_judge(&s, &j[i], &f), "%s", f.text);
		}
		commit();
		ck_assert_msg(duty_enroll_act(&s, &j[0], &f), "%s", f.text);
		ck_assert_int_eq(duty_enroll_act(&s, &j[1], &f), renewal == 0);
		ck_assert(renewal == 0 || f.code == FAULT_DENIED);
		commit();
		ck_assert_int_eq(state_of(first), STANDING_REVOKED);
		ck_assert(j[1 - renewal].cuts && !j[renewal].cuts);
		ck_assert_int_eq(state_of(ticket_serial(j[1 - renewal].ticket)), STANDING_GOOD);
		ck_assert_int_ne(state_of(ticket_serial(j[renewal].ticket)), STANDING_GOOD);
		for (int i = 0; i < 2; i++) {
			ticket_free(j[i].ticket);
			bytes_free(&j[i].answer);
			bytes_free(&bodies[i]);
		}
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("duty_enroll");
	TCase *t = tcase_create("duty_enroll");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, names_are_the_templates);
	tcase_add_test(t, asked_names);
	tcase_add_test(t, a_renewal_waits_for_its_window);
	tcase_add_test(t, a_renewal_that_is_late);
	tcase_add_test(t, late_and_replaced);
	tcase_add_test(t, approval);
	tcase_add_test(t, assurance);
	tcase_add_test(t, who_may_ask);
	tcase_add_test(t, profiles_that_went);
	tcase_add_test(t, requests_for_another_connection);
	tcase_add_test(t, bindings_that_are_required);
	tcase_add_test(t, passwords_that_are_static);
	tcase_add_test(t, labels_of_another_profile);
	tcase_add_test(t, whose_token_it_is);
	tcase_add_test(t, whose_token_is_not_told);
	tcase_add_test(t, keys_are_the_profiles);
	tcase_add_test(t, other_profiles_at_the_edge);
	tcase_add_test(t, the_proof_comes_first);
	tcase_add_test(t, possession_is_proven_here);
	tcase_add_test(t, a_reset_device_begins_anew);
	tcase_add_test(t, renewed_and_reset_in_one_round);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
