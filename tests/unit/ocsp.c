/* tests/unit/ocsp.c - ocsp/ocsp.h: the face without a socket. The signer is played here, so that
 * what is asked, kept and dropped can be counted. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ocsp.h>

#include "ca/issue.h"
#include "ca/oid.h"
#include "ocsp/answer.h"
#include "ocsp/crl_issue.h"
#include "ocsp/ocsp.h"
#include "tests/unit/forge.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"
#include "tests/unit/visit.h"

#define TYPE_ANSWER "application/ocsp-response"

static struct ground g;
static struct ocsp *o;
static const struct ground_cert *leaf;
static struct exchange x;
static int64_t clock_s;
static struct fault f;

static int64_t
now(void)
{
	return clock_s;
}

static void
setup(void)
{
	ground_new(&g);
	clock_s = g.now_s;
	leaf = ground_leaf(&g, g.acme, "printer", "hp-4711");
	ck_assert(ocsp_new(g.realm, now, 60, &o, &f));
	x = (struct exchange){ .status = 0 };
	f = (struct fault){ 0 };
}

static void
teardown(void)
{
	exchange_free(&x);
	ocsp_free(o);
	forge_free();
	ground_free(&g);
}

static struct octets
digest(const EVP_MD *md, struct octets o_)
{
	uint8_t at[EVP_MAX_MD_SIZE];
	unsigned n;

	ck_assert_int_eq(EVP_Digest(o_.at, o_.n, at, &n, md, NULL), 1);
	return forge_exact(octets_of(at, n));
}

/* A CertID of a serial under a CA, by hand; more is what else the OCSPRequest holds. */
static struct octets
question(const struct issuer *ca, const uint8_t *serial, struct octets more)
{
	struct octets spki = ca->facts.spki;
	struct octets key = octets_of(spki.at + spki.n - 65, 65);
	struct octets id =
	    SEQ(SEQ(OID(oid_sha1)), TLV(DER_OCTETS, digest(EVP_sha1(), ca->facts.subject)),
		TLV(DER_OCTETS, digest(EVP_sha1(), key)),
		TLV(DER_INTEGER, octets_of(serial, TBS_SERIAL_OCTETS)));

	return SEQ(SEQ(SEQ(SEQ(id)), more));
}

static struct octets
nonce(void)
{
	return TLV(DER_EXPLICIT(2),
	    SEQ(forge_extension(oid_ocsp_nonce, TLV(DER_OCTETS, forge_fill('#', 32)))));
}

/* Send a body by POST; the exchange before is gone. */
static void
post(struct octets body)
{
	exchange_free(&x);
	x = visit(FACE_PUBLIC, "POST", "/ocsp");
	x.body = body;
	ck_assert(ocsp_serve(o, &x));
}

static void
get(const char *path)
{
	exchange_free(&x);
	x = visit(FACE_PUBLIC, "GET", path);
	ck_assert(ocsp_serve(o, &x));
}

/* What the signer would answer. */
static struct octets
signed_answer(struct octets der)
{
	struct status_request r;
	struct authority issuer;
	struct delegate d;
	struct responder by;
	struct bytes out = { 0 };
	struct octets made;

	ck_assert(request_parse(der, &r, &f));
	ck_assert(answer_issuer(g.realm, &r, &issuer, &f));
	ck_assert(keyring_delegate(g.keys, &issuer, &found_responder, clock_s, &d, &f));
	by = (struct responder){
		.key = d.key, .certificate = d.certificate, .until_s = d.not_after_s
	};
	ck_assert(answer(g.realm, &r, &issuer, &by, clock_s, &out, &f));
	made = forge_exact(octets_bytes(&out));
	bytes_free(&out);
	return made;
}

/* It asks for exactly these octets, and is given the answer. */
static struct octets
given(struct octets der)
{
	struct octets a = signed_answer(der);

	visit_asks(&x, WIRE_OCSP);
	ck_assert(octets_same(octets_bytes(&x.ask.body), der));
	visit_answer(&x, 0, a);
	visit_is(&x, 200, TYPE_ANSWER);
	ck_assert(octets_same(visit_body(&x), a));
	return a;
}

/* An answer without a signature, for now only. */
static void
is_status(enum answer_status status)
{
	const uint8_t want[] = { 0x30, 0x03, 0x0a, 0x01, (uint8_t)status };

	visit_is(&x, 200, TYPE_ANSWER);
	ck_assert(octets_same(visit_body(&x), octets_of(want, sizeof(want))));
	ck_assert_str_eq(visit_header(&x, "Cache-Control"), "no-cache");
	ck_assert_ptr_null(visit_header(&x, "ETag"));
}

START_TEST(an_answer_and_its_headers)
{
	struct octets q = question(g.acme, leaf->serial, NONE), a;
	char tag[80], hex[65];

	post(q);
	a = given(q);
	text_hex(digest(EVP_sha256(), a).at, 32, hex);
	(void)snprintf(tag, sizeof(tag), "\"%s\"", hex);
	ck_assert_str_eq(visit_header(&x, "ETag"), tag);
	ck_assert_str_eq(
	    visit_header(&x, "Cache-Control"), "max-age=60, public, no-transform, must-revalidate");
	ck_assert_str_eq(visit_header(&x, "Last-Modified"), "Sun, 17 Mar 2030 17:46:40 GMT");
	ck_assert_str_eq(visit_header(&x, "Expires"), "Sun, 17 Mar 2030 18:46:40 GMT");
}
END_TEST

START_TEST(a_kept_answer)
{
	struct octets q = question(g.acme, leaf->serial, NONE), a;

	post(q);
	a = given(q);
	clock_s += 59;
	post(q);
	visit_is(&x, 200, TYPE_ANSWER);
	ck_assert(octets_same(visit_body(&x), a));
	ck_assert_str_eq(
	    visit_header(&x, "Cache-Control"), "max-age=1, public, no-transform, must-revalidate");
	clock_s++;
	post(q);
	ck_assert(!octets_same(given(q), a));
	clock_s -= 3600; /* the clock was set back */
	post(q);
	visit_asks(&x, WIRE_OCSP);
}
END_TEST

/* Never older than the last committed revocation. */
START_TEST(a_kept_answer_is_dropped)
{
	struct octets q = question(g.acme, leaf->serial, NONE), good, bad;

	post(q);
	good = given(q);
	ground_revoke(&g, g.acme->ledger, leaf->serial, 1);
	post(q);
	bad = given(q);
	ck_assert(!octets_same(good, bad));
	post(q);
	visit_is(&x, 200, TYPE_ANSWER); /* and that one is kept again */
	ck_assert(octets_same(visit_body(&x), bad));
}
END_TEST

/* Revoked between the question and its answer: the answer may go out, and is not used again. */
START_TEST(an_answer_that_was_overtaken)
{
	struct octets q = question(g.acme, leaf->serial, NONE), good = signed_answer(q);

	post(q);
	visit_asks(&x, WIRE_OCSP);
	ground_revoke(&g, g.acme->ledger, leaf->serial, 1);
	visit_answer(&x, 0, good);
	visit_is(&x, 200, TYPE_ANSWER);
	post(q);
	visit_asks(&x, WIRE_OCSP);
}
END_TEST

START_TEST(another_certificates_revocation_drops_nothing)
{
	const struct ground_cert *other = ground_leaf(&g, g.acme, "printer", "hp-4712");
	struct octets q = question(g.acme, leaf->serial, NONE);

	post(q);
	(void)given(q);
	ground_revoke(&g, g.acme->ledger, other->serial, 1);
	post(q);
	visit_is(&x, 200, TYPE_ANSWER);
}
END_TEST

/* Each CA above counts as the certificate does; and held and released within one second is a
 * change. */
START_TEST(a_change_above_drops_a_kept_answer)
{
	static const struct {
		enum level level;
		const char *label;
	} all[] = { { LEVEL_TENANT, "acme" }, { LEVEL_REGION, "eu" } };
	struct octets q = question(g.acme, leaf->serial, NONE), good, held;

	for (size_t i = 0; i < 2; i++) {
		post(q);
		good = given(q);
		ground_suspend(&g, all[i].level, all[i].label, false);
		post(q);
		held = given(q);
		ck_assert(!octets_same(good, held));
		ground_suspend(&g, all[i].level, all[i].label, true);
		post(q);
		(void)given(q);
		ground_suspend(&g, all[i].level, all[i].label, false);
		ground_suspend(&g, all[i].level, all[i].label, true);
	}
	post(q);
	(void)given(q);
	post(q);
	visit_is(&x, 200, TYPE_ANSWER); /* kept, as nothing changed any more */
}
END_TEST

START_TEST(nonced_answers_are_nobody_elses)
{
	struct octets q = question(g.acme, leaf->serial, nonce());

	for (int i = 0; i < 2; i++) {
		post(q);
		(void)given(q);
		ck_assert_str_eq(visit_header(&x, "Cache-Control"), "no-store");
		ck_assert_ptr_null(visit_header(&x, "ETag"));
		ck_assert_ptr_null(visit_header(&x, "Expires"));
	}
}
END_TEST

/* Of two certificates, or of one that is on no record, nothing is kept: nothing tells when it
 * would be old. */
START_TEST(what_is_not_kept)
{
	uint8_t serial[TBS_SERIAL_OCTETS] = { 1 };
	struct octets one = question(g.acme, leaf->serial, NONE), in = one, two, unknown;

	ck_assert(der_take(&in, DER_SEQUENCE, &in, NULL));
	ck_assert(der_take(&in, DER_SEQUENCE, &in, NULL));
	ck_assert(der_take(&in, DER_SEQUENCE, &in, NULL)); /* the list's one */
	two = SEQ(SEQ(SEQ(in, in)));
	unknown = question(g.acme, serial, NONE);
	for (int i = 0; i < 2; i++) {
		post(two);
		(void)given(two);
		post(unknown);
		(void)given(unknown);
	}
}
END_TEST

/* "/ocsp/" and the request in base64; until the next call. */
static const char *
path_of(struct octets der)
{
	static char path[2048];
	struct bytes b = { 0 };

	bytes_put_text(&b, "/ocsp/");
	text_base64(der, 0, &b);
	ck_assert_uint_lt(b.n, sizeof(path));
	memcpy(path, b.at, b.n);
	path[b.n] = '\0';
	bytes_free(&b);
	return path;
}

/* RFC 9110 13.1.2: weakly compared, in a list or not, or whatever there is; of GET and HEAD alone.
 */
START_TEST(not_modified)
{
	static const struct {
		const char *method, *before, *behind;
		unsigned status;
	} rows[] = { { "GET", "", "", 304 }, { "HEAD", "", "", 304 }, { "GET", "W/", "", 304 },
		{ "GET", "\"a\", W/\"b\" ,\t", ", \"c\"", 304 }, { "GET", ",,", "", 304 },
		{ "POST", "", "", 200 }, { "GET", "x", "", 200 }, { "GET", "\"\" x", "", 200 },
		{ "GET", "\"a", "", 200 }, { "GET", "w/", "", 200 }, { "GET", "*, x", "", 200 } };
	struct octets q = question(g.acme, leaf->serial, NONE);
	char tag[80], list[120];

	get(path_of(q));
	(void)given(q);
	(void)snprintf(tag, sizeof(tag), "%s", visit_header(&x, "ETag"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)snprintf(list, sizeof(list), "%s%s%s", rows[i].before, tag, rows[i].behind);
		exchange_free(&x);
		x = visit(FACE_PUBLIC, rows[i].method,
		    strcmp(rows[i].method, "POST") == 0 ? "/ocsp" : path_of(q));
		x.body = q;
		x.if_none_match = octets_text(list);
		ck_assert(ocsp_serve(o, &x));
		ck_assert_msg(x.status == rows[i].status, "%zu: %u", i, x.status);
		ck_assert_uint_eq(visit_body(&x).n == 0, x.status == 304);
		ck_assert_str_eq(visit_header(&x, "ETag"), tag);
	}
	exchange_free(&x);
	x = visit(FACE_PUBLIC, "GET", path_of(q));
	x.if_none_match = octets_text("*");
	ck_assert(ocsp_serve(o, &x));
	ck_assert_uint_eq(x.status, 304);
	tag[3] = tag[3] == '0' ? '1' : '0';
	exchange_free(&x);
	x = visit(FACE_PUBLIC, "GET", path_of(q));
	x.if_none_match = octets_text(tag);
	ck_assert(ocsp_serve(o, &x));
	visit_is(&x, 200, TYPE_ANSWER);
}
END_TEST

/* The ways in which clients spell a request in a path: from is what replaces each octet. */
static void
spelled(
    struct octets q, const char *before, const char *plus, const char *slash, const char *equals)
{
	struct bytes b64 = { 0 }, path = { 0 };

	text_base64(q, 0, &b64);
	bytes_put_text(&path, before);
	for (size_t i = 0; i < b64.n; i++) {
		uint8_t c = b64.at[i];

		if (c == '+' || c == '/' || c == '=')
			bytes_put_text(&path, c == '+' ? plus : c == '/' ? slash : equals);
		else
			bytes_put_u8(&path, c);
	}
	bytes_put_u8(&path, 0);
	exchange_free(&x);
	x = visit(FACE_PUBLIC, "GET", (const char *)path.at);
	ck_assert(ocsp_serve(o, &x));
	visit_asks(&x, WIRE_OCSP);
	ck_assert(octets_same(octets_bytes(&x.ask.body), q));
	bytes_free(&b64);
	bytes_free(&path);
}

/* A request whose base64 has plus, slash and equals; another serial until it does. */
static struct octets
all_signs(void)
{
	for (unsigned i = 0;; i++) {
		uint8_t serial[TBS_SERIAL_OCTETS];
		struct bytes b64 = { 0 };
		struct octets q;
		bool has;

		ck_assert_uint_lt(i, 10000);
		memset(serial, 0x7f - (int)(i % 100), sizeof(serial));
		serial[15] = (uint8_t)(i / 100);
		q = question(g.acme, serial,
		    i % 3 == 0 ? NONE
			       : forge_tlv(DER_EXPLICIT(2), SEQ(forge_extension(RAW("\x2a\x03\x04"),
								forge_fill('?', i % 3)))));
		text_base64(q, 0, &b64);
		has = memchr(b64.at, '+', b64.n) != NULL && memchr(b64.at, '/', b64.n) != NULL &&
		      memchr(b64.at, '=', b64.n) != NULL;
		bytes_free(&b64);
		if (has)
			return q;
	}
}

START_TEST(spellings_of_get)
{
	struct octets q = all_signs();

	spelled(q, "/ocsp/", "+", "/", "=");
	spelled(q, "/ocsp/", "%2B", "%2F", "%3D");
	spelled(q, "/ocsp/", "%2b", "%2f", "%3d");
	spelled(q, "/ocsp//", "+", "/", "=");
	spelled(q, "/ocsp/", " ", "/", "=");
	spelled(q, "/ocsp/", "%20", "/", "=");
	spelled(q, "/ocsp/", "+", "/", "");
	spelled(q, "/ocsp/", "%252B", "%252F", "%253D"); /* encoded twice, on the way */
	spelled(q, "/ocsp/", "%252b", "%252f", "%253d");
	spelled(q, "/ocsp/", "%2B", "/", "%253D");
	spelled(q, "/ocsp/", "-", "_", "=");
	spelled(q, "/ocsp/", "-", "_", "");
	spelled(q, "/ocsp////", "+", "/", "=");
	spelled(q, "/ocsp/", "%2520", "%2F", "");
}

/* A slash behind the padding is somebody's who joins paths; one that is base64 stays. */
START_TEST(a_slash_at_the_end)
{
	struct octets q = all_signs(), ends;
	struct bytes path = { 0 };

	bytes_put_text(&path, path_of(q));
	bytes_put_text(&path, "/");
	bytes_put_u8(&path, 0);
	get((const char *)path.at);
	visit_asks(&x, WIRE_OCSP);
	ck_assert(octets_same(octets_bytes(&x.ask.body), q));
	for (size_t n = 1;; n++) {
		ck_assert_uint_lt(n, 20);
		ends = question(g.acme, leaf->serial,
		    TLV(DER_EXPLICIT(2),
			SEQ(forge_extension(RAW("\x2a\x03\x04"), forge_fill(0xff, n)))));
		if (ends.n % 3 == 0)
			break;
	}
	get(path_of(ends));
	visit_asks(&x, WIRE_OCSP);
	ck_assert(octets_same(octets_bytes(&x.ask.body), ends));
	bytes_free(&path);
}
END_TEST

/* Each spelling is ready on its own once it was asked, and falls with the others. */
START_TEST(ready_in_every_spelling)
{
	static const char *const behind[] = { "", "/", "=", "%3D" };
	struct octets q = question(g.acme, leaf->serial, NONE), a;
	char path[2100];

	get(path_of(q));
	a = given(q);
	for (size_t i = 0; i < 8; i++) {
		(void)snprintf(path, sizeof(path), "%s=%s", path_of(q), behind[i % 4]);
		get(path);
		visit_is(&x, 200, TYPE_ANSWER);
		ck_assert(octets_same(visit_body(&x), a));
	}
	ground_revoke(&g, g.acme->ledger, leaf->serial, 1);
	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(path, sizeof(path), "%s=%s", path_of(q), behind[i]);
		get(path);
		if (i == 0)
			ck_assert(!octets_same(given(q), a));
		visit_is(&x, 200, TYPE_ANSWER);
		ck_assert(!octets_same(visit_body(&x), a));
	}
}
END_TEST

/* The end of the responder's certificate is nearer than a minute: caches are told less. */
START_TEST(an_answer_that_ends_soon)
{
	struct octets q = question(g.acme, leaf->serial, NONE), a;
	struct status_request r;
	struct authority issuer;
	struct delegate d;
	struct bytes out = { 0 };

	ck_assert(request_parse(q, &r, &f));
	ck_assert(answer_issuer(g.realm, &r, &issuer, &f));
	ck_assert(keyring_delegate(g.keys, &issuer, &found_responder, clock_s, &d, &f));
	ck_assert(answer(g.realm, &r, &issuer,
	    &(struct responder){
		.key = d.key, .certificate = d.certificate, .until_s = clock_s + 30 },
	    clock_s, &out, &f));
	a = forge_exact(octets_bytes(&out));
	bytes_free(&out);
	post(q);
	visit_answer(&x, 0, a);
	visit_is(&x, 200, TYPE_ANSWER);
	ck_assert_str_eq(
	    visit_header(&x, "Cache-Control"), "max-age=29, public, no-transform, must-revalidate");
	ck_assert_str_eq(visit_header(&x, "Expires"), "Sun, 17 Mar 2030 17:47:10 GMT");
	clock_s += 28;
	post(q);
	visit_is(&x, 200, TYPE_ANSWER);
	clock_s++;
	post(q);
	visit_asks(&x, WIRE_OCSP);
}
END_TEST

/* The signer says something that is no answer: nobody gets to see it. */
START_TEST(an_answer_that_is_none)
{
	struct octets q = question(g.acme, leaf->serial, NONE);
	const struct octets rows[] = { NONE, RAW("\x30\x03\x0a\x01\x06"), RAW("good"),
		octets_of(q.at, q.n) };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		post(q);
		visit_asks(&x, WIRE_OCSP);
		visit_answer(&x, 0, rows[i]);
		is_status(ANSWER_TRY_LATER);
	}
}
END_TEST

START_TEST(get_and_post_share_an_answer)
{
	struct octets q = question(g.acme, leaf->serial, NONE), a;
	struct bytes path = { 0 };

	post(q);
	a = given(q);
	bytes_put_text(&path, "/ocsp/");
	text_base64(q, 0, &path);
	bytes_put_u8(&path, 0);
	get((const char *)path.at);
	visit_is(&x, 200, TYPE_ANSWER);
	ck_assert(octets_same(visit_body(&x), a));
	bytes_free(&path);
}
END_TEST

static void
is_malformed(void)
{
	visit_refused(&x, "", "ocsp", FAULT_BADREQ, 200);
	is_status(ANSWER_MALFORMED);
}

START_TEST(gets_that_are_none)
{
	static const char *const paths[] = { "/ocsp", "/ocsp/", "/ocsp//", "/ocsp/!",
		"/ocsp/MAA%00", "/ocsp/%", "/ocsp/%4", "/ocsp/%zz", "/ocsp/MAA=", "/ocsp/AAAA",
		"/ocsp/MAMKAQA=" };
	struct bytes path = { 0 };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		get(paths[i]);
		is_malformed();
	}
	bytes_put_text(&path, "/ocsp/");
	bytes_put_octets(&path, forge_fill('A', 65536));
	bytes_put_u8(&path, 0);
	get((const char *)path.at);
	is_malformed();
	bytes_free(&path);
}
END_TEST

START_TEST(posts_that_are_none)
{
	struct octets q = question(g.acme, leaf->serial, NONE);

	post(NONE);
	is_malformed();
	post(RAW("\x30\0"));
	is_malformed();
	post(octets_of(q.at, q.n - 1));
	is_malformed();
	post(JOIN(q, RAW("\0")));
	is_malformed();
	post(RAW("GET / HTTP/1.1"));
	is_malformed();
	exchange_free(&x);
	x = visit(FACE_PUBLIC, "POST", "/ocsp");
	x.body_too_large = true;
	ck_assert(ocsp_serve(o, &x));
	is_malformed();
}
END_TEST

/* Too large for a request, and told so by the parser. */
START_TEST(posts_too_large)
{
	post(forge_fill(0x30, REQUEST_MAX_OCTETS + 1));
	visit_refused(&x, "", "ocsp", FAULT_LIMIT, 200);
	is_status(ANSWER_MALFORMED);
}
END_TEST

/* Where the signer cannot tell the log, the refusal still stands. */
START_TEST(a_refusal_that_nobody_logs)
{
	post(RAW("\x30\0"));
	visit_asks(&x, WIRE_REFUSED);
	visit_answer(&x, FAULT_BUSY, octets_text("not now"));
	is_status(ANSWER_MALFORMED);
}
END_TEST

START_TEST(strangers)
{
	struct ground strange;
	struct octets id = SEQ(SEQ(RAW("\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03")),
	    TLV(DER_OCTETS, forge_fill(1, 64)), TLV(DER_OCTETS, forge_fill(1, 64)),
	    RAW("\x02\x01\x01"));

	ground_new(&strange);
	post(question(strange.acme, leaf->serial, NONE));
	is_status(ANSWER_UNAUTHORIZED);
	post(SEQ(SEQ(SEQ(SEQ(id))))); /* SHA-512 */
	is_status(ANSWER_UNAUTHORIZED);
	ground_free(&strange);
}
END_TEST

START_TEST(a_signer_in_trouble)
{
	static const struct {
		enum fault_code code;
		enum answer_status status;
	} rows[] = { { FAULT_BUSY, ANSWER_TRY_LATER }, { FAULT_INTERNAL, ANSWER_TRY_LATER },
		{ FAULT_NOTFOUND, ANSWER_INTERNAL }, { FAULT_BADREQ, ANSWER_INTERNAL } };
	struct octets q = question(g.acme, leaf->serial, NONE);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		post(q);
		visit_asks(&x, WIRE_OCSP);
		visit_answer(&x, (uint16_t)rows[i].code, octets_text("/secret/path"));
		is_status(rows[i].status);
	}
}
END_TEST

/* Paths of the CAs: key id in hex, of either case. */
static const char *
of_ca(const char *before, const struct issuer *ca, const char *ending)
{
	static char path[128];
	char hex[TBS_KEY_ID_OCTETS * 2 + 1];

	text_hex(ca->a.key_id, TBS_KEY_ID_OCTETS, hex);
	(void)snprintf(path, sizeof(path), "%s%s%s", before, hex, ending);
	return path;
}

START_TEST(ca_certificates)
{
	const struct issuer *cas[] = { g.root, g.region, g.platform, g.acme };

	for (size_t i = 0; i < 4; i++) {
		get(of_ca("/ca/", cas[i], ".cer"));
		visit_is(&x, 200, "application/pkix-cert");
		ck_assert(octets_same(visit_body(&x), octets_bytes(&cas[i]->certificate)));
		ck_assert_ptr_nonnull(visit_header(&x, "Cache-Control"));
	}
}
END_TEST

static const struct crl_want want = { GROUND_URL, CRL_VALID_S, true };

/* What the ledger has is served, and nobody is asked: not when it is old either. */
START_TEST(a_crl_is_served_as_it_is)
{
	struct octets first;

	get(of_ca("/crl/", g.acme, ".crl"));
	visit_is(&x, 503, "text/plain; charset=utf-8"); /* the CA is there, its list is not yet */
	ck_assert_ptr_nonnull(visit_header(&x, "Retry-After"));
	ck_assert(crl_make(g.acme, &want, clock_s, &f));
	ground_commit(g.acme->ledger);
	get(of_ca("/crl/", g.acme, ".crl"));
	visit_is(&x, 200, "application/pkix-crl");
	first = forge_exact(visit_body(&x));
	ground_revoke(&g, g.acme->ledger, leaf->serial, 1);
	get(of_ca("/crl/", g.acme, ".crl"));
	visit_is(&x, 200, "application/pkix-crl");
	ck_assert(octets_same(visit_body(&x), first));
	ck_assert(crl_make(g.acme, &want, clock_s, &f));
	ground_commit(g.acme->ledger);
	get(of_ca("/crl/", g.acme, ".crl"));
	visit_is(&x, 200, "application/pkix-crl");
	ck_assert(!octets_same(visit_body(&x), first));
}
END_TEST

START_TEST(nobodys_cas)
{
	static const char *const paths[] = { "/crl/", "/ca/", "/crl/x.crl", "/ca/x.cer",
		"/crl/../../etc/passwd", "/ca/0000000000000000000000000000000000000000.cer",
		"/crl/0000000000000000000000000000000000000000.crl",
		"/ca/g000000000000000000000000000000000000000.cer" };
	static const char *const endings[] = { "", ".crl", ".CER", ".cer/", ".cer?", ".ce" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		get(paths[i]);
		visit_is(&x, 404, "text/plain; charset=utf-8");
	}
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		get(of_ca("/ca/", g.acme, endings[i]));
		visit_is(&x, 404, "text/plain; charset=utf-8");
		get(of_ca("/ca/0", g.acme, ".cer"));
		visit_is(&x, 404, "text/plain; charset=utf-8");
	}
}
END_TEST

START_TEST(methods)
{
	static const struct {
		const char *method, *path, *allow;
	} rows[] = { { "DELETE", "/ocsp", "GET, HEAD, POST" },
		{ "PUT", "/ocsp/", "GET, HEAD, POST" }, { "POST", "/ocsp/MAA=", "GET, HEAD" },
		{ "post", "/ocsp", "GET, HEAD, POST" }, { "POST", "/crl/a.crl", "GET, HEAD" },
		{ "DELETE", "/ca/a.cer", "GET, HEAD" }, { "", "/ca/", "GET, HEAD" } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		exchange_free(&x);
		x = visit(FACE_PUBLIC, rows[i].method, rows[i].path);
		ck_assert(ocsp_serve(o, &x));
		visit_is(&x, 405, NULL);
		ck_assert_ptr_nonnull(visit_header(&x, "Allow"));
		ck_assert_str_eq(visit_header(&x, "Allow"), rows[i].allow);
	}
	exchange_free(&x);
	x = visit(FACE_PUBLIC, "HEAD", of_ca("/ca/", g.acme, ".cer"));
	ck_assert(ocsp_serve(o, &x));
	visit_is(&x, 200, "application/pkix-cert");
}
END_TEST

START_TEST(others_paths)
{
	static const char *const paths[] = { "", "/", "/ocs", "/ocspx", "/ocsp.", "/OCSP", "/crl",
		"/ca", "/crlx/", "/caa/", "ocsp", "//ocsp", "/v1/tenants" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		exchange_free(&x);
		x = visit(FACE_PUBLIC, "GET", paths[i]);
		ck_assert_msg(!ocsp_serve(o, &x), "%s", paths[i]);
		ck_assert_uint_eq(x.status, 0);
		ck_assert_uint_eq(x.ask.verb, 0);
	}
}
END_TEST

static TCase *
answers(void)
{
	TCase *t = tcase_create("answers");

	tcase_add_test(t, an_answer_and_its_headers);
	tcase_add_test(t, a_kept_answer);
	tcase_add_test(t, a_kept_answer_is_dropped);
	tcase_add_test(t, an_answer_that_was_overtaken);
	tcase_add_test(t, another_certificates_revocation_drops_nothing);
	tcase_add_test(t, a_change_above_drops_a_kept_answer);
	tcase_add_test(t, nonced_answers_are_nobody_elses);
	tcase_add_test(t, what_is_not_kept);
	tcase_add_test(t, not_modified);
	tcase_add_test(t, get_and_post_share_an_answer);
	tcase_add_test(t, strangers);
	tcase_add_test(t, a_signer_in_trouble);
	return t;
}

static TCase *
paths_and_methods(void)
{
	TCase *t = tcase_create("paths and methods");

	tcase_add_test(t, spellings_of_get);
	tcase_add_test(t, a_slash_at_the_end);
	tcase_add_test(t, ready_in_every_spelling);
	tcase_add_test(t, an_answer_that_ends_soon);
	tcase_add_test(t, an_answer_that_is_none);
	tcase_add_test(t, gets_that_are_none);
	tcase_add_test(t, posts_that_are_none);
	tcase_add_test(t, posts_too_large);
	tcase_add_test(t, a_refusal_that_nobody_logs);
	tcase_add_test(t, ca_certificates);
	tcase_add_test(t, a_crl_is_served_as_it_is);
	tcase_add_test(t, nobodys_cas);
	tcase_add_test(t, methods);
	tcase_add_test(t, others_paths);
	return t;
}

int
main(void)
{
	Suite *s = suite_create("ocsp");
	TCase *t[] = { answers(), paths_and_methods() };

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		tcase_add_checked_fixture(t[i], setup, teardown);
		tcase_set_timeout(t[i], 60); /* a loaded machine is no failure */
		suite_add_tcase(s, t[i]);
	}
	return run_suite(s);
}
