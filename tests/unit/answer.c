/* tests/unit/answer.c - ocsp/answer.h: each answer is read back and verified by libcrypto, as a
 * client does it. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "ca/issue.h"
#include "ca/oid.h"
#include "ca/revoke.h"
#include "ocsp/answer.h"
#include "tests/unit/forge.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"

#define YEAR_S (INT64_C(366) * 86400)

static struct ground g;
static const struct ground_cert *leaf;
static struct fault f;
static bool unknown_is_revoked, cutoff; /* how the responder speaks */

static void
setup(void)
{
	unknown_is_revoked = cutoff = false;
	ground_new(&g);
	leaf = ground_leaf(&g, g.acme, "printer", "hp-4711");
	f = (struct fault){ 0 };
}

static void
teardown(void)
{
	forge_free();
	ground_free(&g);
}

static X509 *
x509(struct octets der)
{
	const uint8_t *p = der.at;
	X509 *x = d2i_X509(NULL, &p, (long)der.n);

	ck_assert_ptr_nonnull(x);
	return x;
}

/* A CertID by libcrypto, as DER. */
static struct octets
id_of(const EVP_MD *md, const struct issuer *ca, const uint8_t *serial)
{
	X509 *x = x509(octets_bytes(&ca->certificate));
	BIGNUM *n = BN_bin2bn(serial, TBS_SERIAL_OCTETS, NULL);
	ASN1_INTEGER *number = BN_to_ASN1_INTEGER(n, NULL);
	OCSP_CERTID *id =
	    OCSP_cert_id_new(md, X509_get_subject_name(x), X509_get0_pubkey_bitstr(x), number);
	uint8_t *der = NULL;
	struct octets made;
	int len = i2d_OCSP_CERTID(id, &der);

	ck_assert_int_gt(len, 0);
	made = forge_exact(octets_of(der, (size_t)len));
	OPENSSL_free(der);
	OCSP_CERTID_free(id);
	ASN1_INTEGER_free(number);
	BN_free(n);
	X509_free(x);
	return made;
}

/* A request for ids (Requests, joined), with a nonce of so many octets. */
static struct octets
asking(struct octets requests, size_t nonce_n)
{
	struct octets nonce = TLV(DER_OCTETS, forge_fill('#', nonce_n));
	struct octets end =
	    nonce_n == 0 ? NONE : TLV(DER_EXPLICIT(2), SEQ(forge_extension(oid_ocsp_nonce, nonce)));

	return SEQ(SEQ(forge_tlv(DER_SEQUENCE, requests), end));
}

/* The answer of ca's responder, or of another's. */
static OCSP_RESPONSE *
answered(struct octets der, const struct issuer *ca, const struct issuer *signer)
{
	struct status_request r;
	struct authority issuer;
	struct delegate d;
	struct responder by;
	struct bytes out = { 0 };
	OCSP_RESPONSE *got;
	const uint8_t *p;

	ck_assert_msg(request_parse(der, &r, &f), "%s", f.text);
	ck_assert_msg(answer_issuer(g.realm, &r, &issuer, &f), "%s", f.text);
	ck_assert_mem_eq(issuer.key_id, ca->a.key_id, TBS_KEY_ID_OCTETS);
	ck_assert(keyring_delegate(g.keys, &signer->a, &found_responder, g.now_s, &d, &f));
	by = (struct responder){ .key = d.key,
		.certificate = d.certificate,
		.until_s = d.not_after_s,
		.unknown_is_revoked = unknown_is_revoked,
		.cutoff = cutoff };
	ck_assert_msg(answer(g.realm, &r, &issuer, &by, g.now_s, &out, &f), "%s", f.text);
	ck_assert_msg(der_check(octets_bytes(&out), &f), "%s", f.text);
	p = out.at;
	ck_assert_ptr_nonnull(got = d2i_OCSP_RESPONSE(NULL, &p, (long)out.n));
	ck_assert_ptr_eq(p, out.at + out.n);
	bytes_free(&out);
	ck_assert_int_eq(OCSP_response_status(got), OCSP_RESPONSE_STATUS_SUCCESSFUL);
	return got;
}

/* As a relying party that has the root, and the chain that came with the certificate. */
static bool
verifies(OCSP_BASICRESP *b)
{
	X509_STORE *store = X509_STORE_new();
	STACK_OF(X509) *chain = sk_X509_new_null();
	const struct issuer *cas[] = { g.acme, g.region, g.platform };
	X509 *root = x509(octets_bytes(&g.root->certificate));
	bool ok;

	for (size_t i = 0; i < 3; i++)
		ck_assert_int_gt(sk_X509_push(chain, x509(octets_bytes(&cas[i]->certificate))), 0);
	ck_assert_int_eq(X509_STORE_add_cert(store, root), 1);
	X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)g.now_s);
	ck_assert_int_eq(X509_STORE_set_flags(store, X509_V_FLAG_X509_STRICT), 1);
	ok = OCSP_basic_verify(b, chain, store, 0) == 1;
	sk_X509_pop_free(chain, X509_free);
	X509_free(root);
	X509_STORE_free(store);
	return ok;
}

static int64_t
seconds(const ASN1_GENERALIZEDTIME *t)
{
	struct tm tm;

	ck_assert_ptr_nonnull(t);
	ck_assert_int_eq(ASN1_TIME_to_tm(t, &tm), 1);
	return (int64_t)timegm(&tm);
}

/* What the i-th answer says; its times are checked against now. */
static int
said(OCSP_BASICRESP *b, int i, int *reason, int64_t *revoked_s)
{
	ASN1_GENERALIZEDTIME *revoked = NULL, *this = NULL, *next = NULL;
	int status = OCSP_single_get0_status(OCSP_resp_get0(b, i), reason, &revoked, &this, &next);

	ck_assert_int_eq(seconds(this), g.now_s);
	ck_assert_int_eq(seconds(next), g.now_s + ANSWER_VALID_S);
	if (revoked != NULL)
		*revoked_s = seconds(revoked);
	return status;
}

/* One certificate of acme, asked for and answered whole. */
static int
status_of(const uint8_t *serial, int *reason, int64_t *revoked_s)
{
	OCSP_RESPONSE *o =
	    answered(asking(SEQ(id_of(EVP_sha1(), g.acme, serial)), 0), g.acme, g.acme);
	OCSP_BASICRESP *b = OCSP_response_get1_basic(o);
	int status;

	ck_assert_ptr_nonnull(b);
	ck_assert_int_eq(OCSP_resp_count(b), 1);
	ck_assert(verifies(b));
	status = said(b, 0, reason, revoked_s);
	OCSP_BASICRESP_free(b);
	OCSP_RESPONSE_free(o);
	return status;
}

static void
is(const uint8_t *serial, int want)
{
	int reason = -1;
	int64_t at_s = 0;

	ck_assert_int_eq(status_of(serial, &reason, &at_s), want);
}

START_TEST(issued)
{
	is(leaf->serial, V_OCSP_CERTSTATUS_GOOD);
}
END_TEST

START_TEST(revoked)
{
	int reason = -1;
	int64_t at_s = 0;

	ground_revoke(&g, g.acme->ledger, leaf->serial, 4);
	g.now_s += 1000;
	ck_assert_int_eq(status_of(leaf->serial, &reason, &at_s), V_OCSP_CERTSTATUS_REVOKED);
	ck_assert_int_eq(reason, OCSP_REVOKED_STATUS_SUPERSEDED);
	ck_assert_int_eq(at_s, g.now_s - 1000);
}
END_TEST

/* Nothing is ever purged: long after its notAfter a revoked certificate is revoked, and what was
 * signed with it can be judged. */
START_TEST(revoked_and_expired)
{
	struct standing s;
	int reason = -1;
	int64_t at_s = 0, revoked_s = g.now_s;

	ground_revoke(&g, g.acme->ledger, leaf->serial, 1);
	ck_assert(ledger_standing(g.acme->ledger, leaf->serial, &s, &f));
	g.now_s = s.not_after_s + 2 * YEAR_S;
	ck_assert_int_eq(status_of(leaf->serial, &reason, &at_s), V_OCSP_CERTSTATUS_REVOKED);
	ck_assert_int_eq(reason, OCSP_REVOKED_STATUS_KEYCOMPROMISE);
	ck_assert_int_eq(at_s, revoked_s);
}
END_TEST

/* RFC 5280 5.3.1: unspecified is said by saying nothing. */
START_TEST(revoked_for_no_reason)
{
	int reason = 77;
	int64_t at_s = 0;

	ground_revoke(&g, g.acme->ledger, leaf->serial, 0);
	ck_assert_int_eq(status_of(leaf->serial, &reason, &at_s), V_OCSP_CERTSTATUS_REVOKED);
	ck_assert_int_eq(reason, OCSP_REVOKED_STATUS_NOSTATUS);
}
END_TEST

/* What stands above counts, and leaves no trace when it goes on. */
START_TEST(beneath_a_suspended_ca)
{
	static const struct {
		enum level level;
		const char *label;
	} all[] = { { LEVEL_TENANT, "acme" }, { LEVEL_REGION, "eu" } };
	const struct ground_cert *gone = ground_leaf(&g, g.acme, "printer", "gone");
	int reason;
	int64_t at_s = 0;

	ground_revoke(&g, g.acme->ledger, gone->serial, 4);
	for (size_t i = 0; i < 2; i++) {
		reason = -1;
		ground_suspend(&g, all[i].level, all[i].label, false);
		g.now_s += 10;
		ck_assert_int_eq(
		    status_of(leaf->serial, &reason, &at_s), V_OCSP_CERTSTATUS_REVOKED);
		ck_assert_int_eq(reason, OCSP_REVOKED_STATUS_CERTIFICATEHOLD);
		ck_assert_int_eq(at_s, g.now_s - 10);
		ck_assert_int_eq(
		    status_of(gone->serial, &reason, &at_s), V_OCSP_CERTSTATUS_REVOKED);
		ck_assert_int_eq(reason, OCSP_REVOKED_STATUS_SUPERSEDED); /* its own, final */
		is(g.acme->a.serial, V_OCSP_CERTSTATUS_UNKNOWN);          /* none of its serials */
		ground_suspend(&g, all[i].level, all[i].label, true);
		is(leaf->serial, V_OCSP_CERTSTATUS_GOOD);
	}
}
END_TEST

START_TEST(beneath_a_revoked_ca)
{
	int reason = -1;
	int64_t at_s = 0;

	ground_suspend(&g, LEVEL_TENANT, "acme", false);
	g.now_s += 10;
	ground_revoke(&g, realm_platform(g.realm), g.region->a.serial, 1);
	g.now_s += 10;
	ck_assert_int_eq(status_of(leaf->serial, &reason, &at_s), V_OCSP_CERTSTATUS_REVOKED);
	ck_assert_int_eq(reason, OCSP_REVOKED_STATUS_CACOMPROMISE); /* revoked outweighs held */
	ck_assert_int_eq(at_s, g.now_s - 10);
}
END_TEST

/* The CA's own certificate, asked of the one above. */
START_TEST(a_suspended_ca_itself)
{
	int reason = -1;
	int64_t at_s = 0;
	OCSP_RESPONSE *o;
	OCSP_BASICRESP *b;

	ground_suspend(&g, LEVEL_TENANT, "acme", false);
	o = answered(
	    asking(SEQ(id_of(EVP_sha1(), g.region, g.acme->a.serial)), 0), g.region, g.region);
	b = OCSP_response_get1_basic(o);
	ck_assert_int_eq(said(b, 0, &reason, &at_s), V_OCSP_CERTSTATUS_REVOKED);
	ck_assert_int_eq(reason, OCSP_REVOKED_STATUS_CERTIFICATEHOLD);
	OCSP_BASICRESP_free(b);
	OCSP_RESPONSE_free(o);
}
END_TEST

START_TEST(unknown)
{
	const struct ground_cert *alice = ground_operator(&g, "alice", ROLE_OFFICER);
	uint8_t serial[TBS_SERIAL_OCTETS];

	memset(serial, 1, sizeof(serial));
	is(serial, V_OCSP_CERTSTATUS_UNKNOWN);
	memcpy(serial, leaf->serial, sizeof(serial));
	serial[15] ^= 1;
	is(serial, V_OCSP_CERTSTATUS_UNKNOWN);
	is(alice->serial, V_OCSP_CERTSTATUS_UNKNOWN); /* another CA's */
	is(g.acme->a.serial, V_OCSP_CERTSTATUS_UNKNOWN);
}
END_TEST

/* In one ledger, and not this CA's all the same. */
START_TEST(unknown_in_the_same_book)
{
	const struct ground_cert *alice = ground_operator(&g, "alice", ROLE_OFFICER);
	OCSP_RESPONSE *o = answered(
	    asking(SEQ(id_of(EVP_sha1(), g.region, alice->serial)), 0), g.region, g.region);
	OCSP_BASICRESP *b = OCSP_response_get1_basic(o);
	int reason;
	int64_t at_s;

	ck_assert_int_eq(said(b, 0, &reason, &at_s), V_OCSP_CERTSTATUS_UNKNOWN);
	OCSP_BASICRESP_free(b);
	OCSP_RESPONSE_free(o);
}
END_TEST

/* RFC 6960 2.2: never issued, and so revoked for good measure: on hold, since 1 January 1970, and
 * the answer says that it speaks so (4.4.8). */
START_TEST(unknown_is_said_to_be_revoked)
{
	uint8_t strange[TBS_SERIAL_OCTETS] = { 1 };
	const struct octets other = id_of(EVP_sha256(), g.acme, strange),
			    own = id_of(EVP_sha1(), g.acme, leaf->serial);
	int reason = -1;
	int64_t at_s = -1;
	OCSP_RESPONSE *o;
	OCSP_BASICRESP *b;

	unknown_is_revoked = true;
	o = answered(asking(JOIN(SEQ(own), SEQ(other)), 32), g.acme, g.acme);
	b = OCSP_response_get1_basic(o);
	ck_assert(verifies(b));
	ck_assert_int_eq(said(b, 0, &reason, &at_s), V_OCSP_CERTSTATUS_GOOD);
	ck_assert_int_eq(said(b, 1, &reason, &at_s), V_OCSP_CERTSTATUS_REVOKED);
	ck_assert_int_eq(reason, OCSP_REVOKED_STATUS_CERTIFICATEHOLD);
	ck_assert_int_eq(at_s, 0);
	ck_assert_int_ge(
	    OCSP_BASICRESP_get_ext_by_NID(b, OBJ_txt2nid("1.3.6.1.5.5.7.48.1.9"), -1), 0);
	ck_assert_int_eq(OCSP_BASICRESP_get_ext_count(b), 2); /* beside the nonce */
	OCSP_BASICRESP_free(b);
	OCSP_RESPONSE_free(o);
	o = answered(asking(SEQ(own), 0), g.acme, g.acme);
	b = OCSP_response_get1_basic(o);
	ck_assert_int_eq(OCSP_BASICRESP_get_ext_count(b), 0); /* not where nothing is so */
	OCSP_BASICRESP_free(b);
	OCSP_RESPONSE_free(o);
}
END_TEST

/* RFC 6960 4.4.4, of what has ended and of nothing else: since the CA is there. */
START_TEST(archive_cutoff)
{
	for (int i = 0; i < 3; i++) {
		OCSP_RESPONSE *o;
		OCSP_BASICRESP *b;
		struct standing s;

		ck_assert(ledger_standing(g.acme->ledger, leaf->serial, &s, &f));
		cutoff = i > 0;
		g.now_s = s.not_after_s + (i == 1 ? 0 : 1);
		o = answered(
		    asking(SEQ(id_of(EVP_sha1(), g.acme, leaf->serial)), 0), g.acme, g.acme);
		b = OCSP_response_get1_basic(o);
		ck_assert(verifies(b));
		if (i == 2) {
			ASN1_GENERALIZEDTIME *since = OCSP_SINGLERESP_get1_ext_d2i(
			    OCSP_resp_get0(b, 0), NID_id_pkix_OCSP_archiveCutoff, NULL, NULL);

			ck_assert_ptr_nonnull(since);
			ck_assert_int_eq(seconds(since), g.acme->a.created_s);
			ASN1_GENERALIZEDTIME_free(since);
		}
		ck_assert_int_eq(OCSP_SINGLERESP_get_ext_count(OCSP_resp_get0(b, 0)), i == 2);
		OCSP_BASICRESP_free(b);
		OCSP_RESPONSE_free(o);
	}
}
END_TEST

/* RFC 9919 3.2.4: nextUpdate is always there; no answer outlives who made it. */
START_TEST(no_answer_outlives_its_responder)
{
	struct octets der = asking(SEQ(id_of(EVP_sha1(), g.acme, leaf->serial)), 0);
	const int64_t ends[] = { ANSWER_VALID_S + 1, ANSWER_VALID_S, ANSWER_VALID_S - 1, 1 };
	int64_t from_s, until_s;
	struct authority issuer;
	struct status_request r;
	struct delegate d;

	ck_assert(request_parse(der, &r, &f));
	ck_assert(answer_issuer(g.realm, &r, &issuer, &f));
	ck_assert(keyring_delegate(g.keys, &issuer, &found_responder, g.now_s, &d, &f));
	for (size_t i = 0; i < 8; i++) {
		int64_t end_s = g.now_s + ends[i % 4], want_s = ends[i % 4];
		struct responder by = { .key = d.key,
			.certificate = d.certificate,
			.until_s = i < 4 ? end_s : INT64_MAX };
		struct bytes out = { 0 };

		issuer.not_after_s = i < 4 ? INT64_MAX : end_s;
		ck_assert(answer(g.realm, &r, &issuer, &by, g.now_s, &out, &f));
		ck_assert(answer_times(octets_bytes(&out), &from_s, &until_s, &f));
		ck_assert_int_eq(from_s, g.now_s);
		ck_assert_int_eq(
		    until_s - from_s, want_s < ANSWER_VALID_S ? want_s : ANSWER_VALID_S);
		bytes_free(&out);
	}
}
END_TEST

/* An intent is unknown until it is somebody's; given up, it is revoked. */
START_TEST(pending_and_abandoned)
{
	struct endpoint e = { "", "printer", "lost" };
	struct provenance from;
	struct wish w = ground_wish(&g, g.acme, &e, &from, key_spki(leaf->key));
	struct ticket *t;
	size_t n;

	ck_assert(issue_prepare(g.acme, &w, g.now_s, &t, &f));
	ck_assert(issue_intend(g.acme, t, &f));
	ground_commit(g.acme->ledger);
	is(ticket_serial(t), V_OCSP_CERTSTATUS_UNKNOWN);
	ck_assert(issue_abandon(g.acme->ledger, &g.why, g.now_s, &n, &f));
	ground_commit(g.acme->ledger);
	is(ticket_serial(t), V_OCSP_CERTSTATUS_REVOKED);
	ticket_free(t);
}
END_TEST

START_TEST(on_hold)
{
	struct standing s;

	ck_assert(ledger_standing(g.acme->ledger, leaf->serial, &s, &f));
	s.state = STANDING_HELD;
	s.reason = 6;
	ck_assert(ledger_put_standing(g.acme->ledger, leaf->serial, &s, &f));
	ground_commit(g.acme->ledger);
	is(leaf->serial, V_OCSP_CERTSTATUS_REVOKED);
}
END_TEST

/* The levels above: each is answered for by the one that made it. */
START_TEST(cas)
{
	const struct {
		const struct issuer *by, *of;
	} rows[] = { { g.root, g.region }, { g.region, g.acme }, { g.region, g.platform } };

	for (size_t i = 0; i < 3; i++) {
		OCSP_RESPONSE *o =
		    answered(asking(SEQ(id_of(EVP_sha256(), rows[i].by, rows[i].of->a.serial)), 0),
			rows[i].by, rows[i].by);
		OCSP_BASICRESP *b = OCSP_response_get1_basic(o);
		int reason;
		int64_t at_s;

		ck_assert(verifies(b));
		ck_assert_int_eq(said(b, 0, &reason, &at_s), V_OCSP_CERTSTATUS_GOOD);
		OCSP_BASICRESP_free(b);
		OCSP_RESPONSE_free(o);
	}
}
END_TEST

/* Octet for octet, NULL parameters or none, SHA-1 or SHA-256, and in the order asked. */
START_TEST(ids_come_back)
{
	uint8_t strange[TBS_SERIAL_OCTETS] = { 1 };
	struct octets sha1 = id_of(EVP_sha1(), g.acme, leaf->serial);
	struct octets sha256 = id_of(EVP_sha256(), g.acme, leaf->serial);
	struct octets other = id_of(EVP_sha1(), g.acme, strange);
	struct octets in = sha1, rest, content, bare;
	const int want[] = { V_OCSP_CERTSTATUS_GOOD, V_OCSP_CERTSTATUS_UNKNOWN,
		V_OCSP_CERTSTATUS_GOOD, V_OCSP_CERTSTATUS_GOOD };
	OCSP_RESPONSE *o;
	OCSP_BASICRESP *b;

	ck_assert(der_take(&in, DER_SEQUENCE, &rest, NULL));
	ck_assert(der_take(&rest, DER_SEQUENCE, &content, NULL));
	bare = SEQ(SEQ(OID(oid_sha1)), rest);
	{
		const struct octets ids[] = { sha1, other, sha256, bare };

		o = answered(asking(JOIN(SEQ(ids[0]), SEQ(ids[1]), SEQ(ids[2]), SEQ(ids[3])), 0),
		    g.acme, g.acme);
		ck_assert_ptr_nonnull(b = OCSP_response_get1_basic(o));
		ck_assert(verifies(b));
		ck_assert_int_eq(OCSP_resp_count(b), 4);
		for (int i = 0; i < 4; i++) {
			uint8_t *der = NULL;
			int reason, n = i2d_OCSP_CERTID(
					OCSP_SINGLERESP_get0_id(OCSP_resp_get0(b, i)), &der);
			int64_t at_s;

			ck_assert_int_gt(n, 0);
			ck_assert(octets_same(octets_of(der, (size_t)n), ids[i]));
			ck_assert_int_eq(said(b, i, &reason, &at_s), want[i]);
			OPENSSL_free(der);
		}
	}
	OCSP_BASICRESP_free(b);
	OCSP_RESPONSE_free(o);
}
END_TEST

START_TEST(nonces_come_back)
{
	static const struct {
		size_t n;
		bool echoed;
	} rows[] = { { 0, false }, { 8, false }, { 16, true }, { 32, true }, { 33, false } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct octets der = asking(SEQ(id_of(EVP_sha1(), g.acme, leaf->serial)), rows[i].n);
		const uint8_t *p = der.at;
		OCSP_REQUEST *q = d2i_OCSP_REQUEST(NULL, &p, (long)der.n);
		OCSP_RESPONSE *o = answered(der, g.acme, g.acme);
		OCSP_BASICRESP *b = OCSP_response_get1_basic(o);

		/* 1: same, 2: in neither, -1: in the request alone */
		ck_assert_int_eq(OCSP_check_nonce(q, b), rows[i].echoed   ? 1
							 : rows[i].n == 0 ? 2
									  : -1);
		OCSP_BASICRESP_free(b);
		OCSP_RESPONSE_free(o);
		OCSP_REQUEST_free(q);
	}
}
END_TEST

START_TEST(responder_is_named_by_key)
{
	OCSP_RESPONSE *o =
	    answered(asking(SEQ(id_of(EVP_sha1(), g.acme, leaf->serial)), 0), g.acme, g.acme);
	OCSP_BASICRESP *b = OCSP_response_get1_basic(o);
	const ASN1_OCTET_STRING *id;
	const X509_NAME *name;
	X509 *signer = NULL;
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned n;

	ck_assert_int_eq(OCSP_resp_get0_id(b, &id, &name), 1);
	ck_assert_ptr_null(name);
	ck_assert_int_eq(OCSP_resp_get0_signer(b, &signer, NULL), 1);
	ck_assert_int_eq(X509_pubkey_digest(signer, EVP_sha1(), digest, &n), 1);
	ck_assert_int_eq(ASN1_STRING_length(id), (int)n);
	ck_assert_mem_eq(ASN1_STRING_get0_data(id), digest, n);
	ck_assert_int_eq(sk_X509_num(OCSP_resp_get0_certs(b)), 1);
	ck_assert_int_ge(X509_get_ext_by_NID(signer, NID_id_pkix_OCSP_noCheck, -1), 0);
	ck_assert_int_eq(seconds(OCSP_resp_get0_produced_at(b)), g.now_s);
	OCSP_BASICRESP_free(b);
	OCSP_RESPONSE_free(o);
}
END_TEST

/* The responder of one CA says nothing that holds about another's certificates. */
START_TEST(another_cas_responder)
{
	const struct issuer *others[] = { g.region, g.platform, g.root };

	for (size_t i = 0; i < 3; i++) {
		OCSP_RESPONSE *o = answered(
		    asking(SEQ(id_of(EVP_sha1(), g.acme, leaf->serial)), 0), g.acme, others[i]);
		OCSP_BASICRESP *b = OCSP_response_get1_basic(o);

		ck_assert_msg(!verifies(b), "row %zu", i);
		OCSP_BASICRESP_free(b);
		OCSP_RESPONSE_free(o);
	}
}
END_TEST

/* Does it hold, and say anything but what der says? libcrypto takes some BER, which says the same.
 */
static bool
misleads(OCSP_RESPONSE *o, struct octets der)
{
	OCSP_BASICRESP *b = OCSP_response_get1_basic(o);
	uint8_t *again = NULL;
	int n;
	bool does = false;

	if (b != NULL && OCSP_response_status(o) == 0 && verifies(b)) {
		ck_assert_int_gt(n = i2d_OCSP_BASICRESP(b, &again), 0);
		does = memmem(der.at, der.n, again, (size_t)n) == NULL;
	}
	OPENSSL_free(again);
	OCSP_BASICRESP_free(b);
	return does;
}

/* The answer's signature covers all of it. */
START_TEST(a_bent_answer)
{
	OCSP_RESPONSE *o =
	    answered(asking(SEQ(id_of(EVP_sha1(), g.acme, leaf->serial)), 16), g.acme, g.acme);
	uint8_t *der = NULL;
	int n = i2d_OCSP_RESPONSE(o, &der);
	struct octets whole = forge_exact(octets_of(der, (size_t)n));

	ck_assert_int_gt(n, 0);
	ck_assert(!misleads(o, whole));
	OCSP_RESPONSE_free(o);
	for (size_t bit = 0; bit < (size_t)n * 8; bit += 37) {
		const uint8_t *p = der;

		der[bit / 8] ^= (uint8_t)(1u << bit % 8);
		o = d2i_OCSP_RESPONSE(NULL, &p, n);
		ck_assert_msg(o == NULL || !misleads(o, whole), "bit %zu", bit);
		OCSP_RESPONSE_free(o);
		der[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	OPENSSL_free(der);
}
END_TEST

/* The issuer that is asked about, if it is one of ours. */
START_TEST(issuers)
{
	struct ground strange;
	struct octets good = id_of(EVP_sha1(), g.acme, leaf->serial), in = good, rest, skip, name,
		      key;
	struct octets sha512 = id_of(EVP_sha512(), g.acme, leaf->serial);
	struct octets zeros = forge_fill(0, 20), number = RAW("\x02\x01\x01");
	struct authority ret;
	struct status_request r;

	ground_new(&strange);
	ck_assert(der_take(&in, DER_SEQUENCE, &rest, NULL));
	ck_assert(der_take(&rest, DER_SEQUENCE, &skip, NULL));
	ck_assert(der_take(&rest, DER_OCTETS, &skip, &name));
	ck_assert(der_take(&rest, DER_OCTETS, &skip, &key));
	const struct octets rows[] = {
		SEQ(id_of(EVP_sha1(), strange.acme, leaf->serial)),
		SEQ(id_of(EVP_sha256(), strange.acme, leaf->serial)),
		SEQ(sha512),
		SEQ(SEQ(
		    SEQ(OID(oid_sha1)), TLV(DER_OCTETS, zeros), key, number)), /* another name */
		SEQ(SEQ(SEQ(OID(oid_sha1)), name, TLV(DER_OCTETS, zeros), number)),
		SEQ(SEQ(SEQ(OID(oid_sha1)), key, name, number)),
		JOIN(SEQ(good), SEQ(id_of(EVP_sha1(), g.region, g.acme->a.serial))), /* two */
		JOIN(SEQ(good), SEQ(sha512)),
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_msg(request_parse(asking(rows[i], 0), &r, &f), "%s", f.text);
		ck_assert_msg(!answer_issuer(g.realm, &r, &ret, &f), "row %zu", i);
		ck_assert_msg(f.code == FAULT_NOTFOUND, "row %zu: %d %s", i, f.code, f.text);
	}
	ground_free(&strange);
}
END_TEST

START_TEST(answers_without_a_signature)
{
	static const enum answer_status all[] = { ANSWER_MALFORMED, ANSWER_INTERNAL,
		ANSWER_TRY_LATER, ANSWER_UNAUTHORIZED };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const uint8_t want[] = { 0x30, 0x03, 0x0a, 0x01, (uint8_t)all[i] };
		struct bytes b = { 0 };

		answer_status(all[i], &b);
		ck_assert(octets_same(octets_bytes(&b), octets_of(want, sizeof(want))));
		bytes_free(&b);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("answer");
	TCase *t = tcase_create("answer");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60); /* a loaded machine is no failure */
	tcase_add_test(t, issued);
	tcase_add_test(t, revoked);
	tcase_add_test(t, revoked_and_expired);
	tcase_add_test(t, revoked_for_no_reason);
	tcase_add_test(t, beneath_a_suspended_ca);
	tcase_add_test(t, beneath_a_revoked_ca);
	tcase_add_test(t, a_suspended_ca_itself);
	tcase_add_test(t, unknown);
	tcase_add_test(t, unknown_in_the_same_book);
	tcase_add_test(t, unknown_is_said_to_be_revoked);
	tcase_add_test(t, archive_cutoff);
	tcase_add_test(t, no_answer_outlives_its_responder);
	tcase_add_test(t, pending_and_abandoned);
	tcase_add_test(t, on_hold);
	tcase_add_test(t, cas);
	tcase_add_test(t, ids_come_back);
	tcase_add_test(t, nonces_come_back);
	tcase_add_test(t, responder_is_named_by_key);
	tcase_add_test(t, another_cas_responder);
	tcase_add_test(t, a_bent_answer);
	tcase_add_test(t, issuers);
	tcase_add_test(t, answers_without_a_signature);
	suite_add_tcase(s, t);
	return run_suite(s);
}
