/* tests/unit/est.c - enroll/est.h: the face without a socket: paths, credentials, bodies as clients
 * send them, answers as clients take them. The signer is played here. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <openssl/pkcs7.h>
#include <openssl/x509.h>

#include "ca/cert.h"
#include "ca/oid.h"
#include "ca/profile_set.h"
#include "enroll/csrattrs.h"
#include "enroll/est.h"
#include "tests/unit/forge.h"
#include "tests/unit/ground.h"
#include "tests/unit/run.h"
#include "tests/unit/visit.h"

#define CERTS  "application/pkcs7-mime; smime-type=certs-only"
#define PLAIN  "text/plain; charset=utf-8"
#define PKCS10 RAW("application/pkcs10")
#define LONG                                                                                       \
	"/.well-known/est/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/cacerts"
#define OP(name)  "/.well-known/est/acme/" name
#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define CERTS_MAX 4

static struct ground g;
static struct est est;
static struct exchange x;
static struct octets csr; /* a good request's DER */
static struct fault f;

static int64_t
now(void)
{
	return g.now_s;
}

static void
setup(void)
{
	ground_new(&g);
	est = (struct est){ g.realm, now };
	x = (struct exchange){ .status = 0 };
	csr = forge_request(&(struct forge){ .key = NULL });
	f = (struct fault){ 0 };
}

static void
teardown(void)
{
	exchange_free(&x);
	forge_free();
	ground_free(&g);
}

static void
begin(const char *method, const char *path)
{
	exchange_free(&x);
	x = visit(FACE_SECURE, method, path);
}

static void
serve(void)
{
	ck_assert(est_serve(&est, &x));
}

static struct octets
base64(struct octets o, size_t columns)
{
	struct bytes b = { 0 };
	struct octets made;

	text_base64(o, columns, &b);
	made = forge_exact(octets_bytes(&b));
	bytes_free(&b);
	return made;
}

static struct octets
basic(const char *text)
{
	return JOIN(RAW("Basic "), base64(octets_text(text), 0));
}

/* A first enrolment as it should be. */
static void
begin_enroll(void)
{
	begin("POST", OP("simpleenroll"));
	x.content_type = PKCS10;
	x.authorization = basic("hp-4711:SECRET.ROOT.acme.hp-4711");
	x.body = base64(csr, 0);
}

static struct wire_enroll
asked(void)
{
	struct wire_enroll w;

	visit_asks(&x, WIRE_ENROLL);
	ck_assert(wire_enroll(octets_bytes(&x.ask.body), &w, &f));
	ck_assert_str_eq(w.tenant, "acme");
	ck_assert_str_eq(w.source, VISIT_SOURCE);
	ck_assert(octets_same(w.csr, csr));
	ck_assert_mem_eq(w.profiles, profile_set_digest(), sizeof(w.profiles));
	return w;
}

/* The certificates of a certs-only reply, in order; how many. */
static size_t
certs_of(struct octets to[static CERTS_MAX])
{
	struct bytes der = { 0 };
	const uint8_t *p;
	PKCS7 *p7;
	size_t n;

	ck_assert_str_eq(visit_header(&x, "Content-Transfer-Encoding"), "base64");
	ck_assert_msg(text_unbase64(octets_bytes(&x.reply), &der, &f), "%s", f.text);
	p = der.at;
	ck_assert_ptr_nonnull(p7 = d2i_PKCS7(NULL, &p, (long)der.n));
	n = (size_t)sk_X509_num(p7->d.sign->cert);
	ck_assert_uint_le(n, CERTS_MAX);
	for (size_t i = 0; i < n; i++) {
		uint8_t *at = NULL;
		int len = i2d_X509(sk_X509_value(p7->d.sign->cert, (int)i), &at);

		ck_assert_int_gt(len, 0);
		to[i] = forge_exact(octets_of(at, (size_t)len));
		OPENSSL_free(at);
	}
	PKCS7_free(p7);
	bytes_free(&der);
	return n;
}

/* One line and its LF, or lines of 64 and no longer. */
static void
framed(bool wrapped)
{
	size_t at = 0, lines = 0;

	ck_assert_uint_gt(x.reply.n, 0);
	ck_assert_int_eq(x.reply.at[x.reply.n - 1], '\n');
	while (at < x.reply.n) {
		const uint8_t *end = memchr(x.reply.at + at, '\n', x.reply.n - at);
		size_t n = (size_t)(end - x.reply.at) - at;

		ck_assert(!wrapped || n <= 64);
		ck_assert(!wrapped || n == 64 || at + n + 1 == x.reply.n);
		at += n + 1;
		lines++;
	}
	ck_assert(wrapped || lines == 1);
	ck_assert(!wrapped || lines > 1);
	ck_assert_ptr_null(memchr(x.reply.at, '\r', x.reply.n));
}

START_TEST(paths_that_are_not_ests)
{
	static const char *const paths[] = { "", "/", "/.well-known/", "/.well-known/est",
		"/.well-known/estx/acme/cacerts", "/well-known/est/acme/cacerts", "/ocsp",
		"/v1/tenants", "/.WELL-KNOWN/EST/acme/cacerts" };

	for (size_t i = 0; i < COUNT(paths); i++) {
		begin("GET", paths[i]);
		ck_assert_msg(!est_serve(&est, &x), "%s", paths[i]);
		ck_assert_uint_eq(x.status, 0);
		ck_assert_uint_eq(x.ask.verb, 0);
	}
}
END_TEST

/* With a manufacturer's certificate, or one that ended lately: what may be asked, and nothing else.
 */
START_TEST(who_is_let_through)
{
	static const struct {
		const char *path;
		bool born, late;
	} rows[] = {
		{ OP("cacerts"), true, false },
		{ OP("csrattrs"), true, false },
		{ OP("simpleenroll"), true, false },
		{ OP("simplereenroll"), false, true },
		{ OP("fullcmc"), true, false },
		{ OP("serverkeygen"), true, false },
		{ "/.well-known/est/simplereenroll", false, true },
		{ "/acme/.well-known/est/simplereenroll", false, true },
		{ OP("sign"), false, false },
		{ OP("Simplereenroll"), false, false },
		{ OP("simplereenroll/x"), false, false },
		{ OP(""), false, false },
		{ "/v1/tenants", false, false },
		{ "/healthz", false, false },
		{ "/", false, false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		begin("POST", rows[i].path);
		ck_assert_msg(est_for_born(&x) == rows[i].born, "row %zu", i);
		ck_assert_msg(est_for_late(&x) == rows[i].late, "row %zu", i);
	}
}
END_TEST

START_TEST(operations_that_are_none)
{
	static const char *const paths[] = { "/.well-known/est/", "/.well-known/est//",
		"/.well-known/est/acme", OP(""), OP("cacerts/"), OP("Cacerts"), OP("cacert"),
		OP("cacerts%00"), OP("x/cacerts"), "/a/b/.well-known/est/acme/cacerts",
		"/acme/.well-known/est/", "/acme/.well-known/est/other/cacerts" };

	for (size_t i = 0; i < COUNT(paths); i++) {
		begin("GET", paths[i]);
		serve();
		visit_is(&x, 404, PLAIN);
	}
}
END_TEST

/* Told to the platform's log, which is where a name that is nobody's belongs. */
START_TEST(tenants_that_are_none)
{
	static const char *const paths[] = { "/.well-known/est/cacerts",
		"/.well-known/est//cacerts", "/.well-known/est/nobody/cacerts",
		"/.well-known/est/ACME/cacerts", "/.well-known/est/acme%00/cacerts",
		"/.well-known/est/../cacerts", "/.well-known/est/acme./cacerts",
		"//.well-known/est/cacerts", "/nobody/.well-known/est/cacerts",
		"/a/b/.well-known/est/cacerts", LONG };

	for (size_t i = 0; i < COUNT(paths); i++) {
		begin("GET", paths[i]);
		serve();
		visit_refused(&x, "", "est.cacerts", FAULT_NOTFOUND, 404);
		visit_is(&x, 404, PLAIN);
	}
	begin("GET", "/.well-known/est/acme/cacerts");
	x.path = RAW("/.well-known/est/ac\0me/cacerts");
	serve();
	visit_refused(&x, "", "est.cacerts", FAULT_NOTFOUND, 404);
}
END_TEST

START_TEST(labels_with_a_profile)
{
	static const char *const good[] = { "/.well-known/est/acme:printer/simpleenroll",
		"/.well-known/est/acme%3Aprinter/simpleenroll",
		"/.well-known/est/acme%3aprinter/simpleenroll",
		"/acme:printer/.well-known/est/simpleenroll",
		"/acme%3Aprinter/.well-known/est/simpleenroll" };

	for (size_t i = 0; i < COUNT(good); i++) {
		begin_enroll();
		x.path = octets_text(good[i]);
		serve();
		ck_assert_str_eq(asked().profile, "printer");
	}
	begin_enroll();
	serve();
	ck_assert_str_eq(asked().profile, "");
}
END_TEST

/*
 * Row 22. No file can be opened while they are asked, and none of them is a server's fault: nothing
 * in a label ever comes to a file system. tests/unit/label.c has more of them.
 */
START_TEST(row_22_hostile_labels)
{
	static const struct {
		const char *label, *tenant; /* in whose log it is told */
	} rows[] = { { "..%2f", "" }, { "%00", "" }, { "acme%00", "" }, { "..", "" },
		{ "%2e%2e", "" }, { "nobody", "" }, { "acme:", "" }, { ":printer", "" },
		{ "acme:..%2fprinter", "" }, { "acme:%00", "" }, { "ACME", "" },
		{ "nobody:printer", "" }, { "acme:nothing", "acme" }, { "acme:root", "acme" },
		{ "acme:tenant", "acme" }, { "acme:log", "acme" }, { "acme:responder", "acme" } };
	struct rlimit none = { 0 }, before;
	char path[64 + 300 + 1];

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	none.rlim_max = before.rlim_max;
	for (size_t i = 0; i < 2 * COUNT(rows); i++) {
		const char *label = rows[i / 2].label;

		(void)snprintf(path, sizeof(path),
		    i % 2 == 0 ? "/.well-known/est/%s/cacerts" : "/%s/.well-known/est/cacerts",
		    label);
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
		begin("GET", path);
		serve();
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
		visit_refused(&x, rows[i / 2].tenant, "est.cacerts", FAULT_NOTFOUND, 404);
	}
	(void)snprintf(path, sizeof(path), "/.well-known/est/%300s/cacerts", "");
	memset(path + strlen("/.well-known/est/"), 'a', 300);
	begin("GET", path);
	serve();
	visit_refused(&x, "", "est.cacerts", FAULT_NOTFOUND, 404);
	begin("GET", "/.well-known/est/a/b/cacerts"); /* two segments: no operation b/cacerts */
	serve();
	visit_is(&x, 404, PLAIN);
}
END_TEST

/* For who knows no label, and for strongSwan 5.9.8, which forgets its own behind a 202. */
START_TEST(tenants_by_their_proof)
{
	const struct ground_cert *leaf = ground_leaf(&g, g.acme, "printer", "hp-4711");
	static const char *const bad[] = { "hp:SECRET", "hp:SECRET.ROOT", "hp:SECRET.ROOT.acme",
		"hp:SECRET.ROOT..hp", "hp:S.R.nobody.hp", "hp:S.R.../../acme.hp", "hp:..acme",
		"hp:S.R.ACME.hp", "hp:..." };

	begin_enroll();
	x.path = octets_text("/.well-known/est/simpleenroll");
	serve();
	(void)asked();
	begin_enroll();
	x.path = octets_text("/.well-known/est/simplereenroll");
	x.authorization = NONE;
	x.peer = octets_bytes(&leaf->der);
	serve();
	(void)asked();
	for (size_t i = 0; i < COUNT(bad); i++) {
		begin_enroll();
		x.path = octets_text("/.well-known/est/simpleenroll");
		x.authorization = basic(bad[i]);
		serve();
		visit_refused(&x, "", "certificate.enroll", FAULT_NOTFOUND, 404);
	}
	begin_enroll();
	x.path = octets_text("/.well-known/est/simplereenroll");
	x.peer = RAW("\x30\0");
	serve();
	visit_refused(&x, "", "certificate.renew", FAULT_NOTFOUND, 404);
}
END_TEST

START_TEST(methods)
{
	static const struct {
		const char *path, *method, *allow;
	} rows[] = { { OP("cacerts"), "POST", "GET, HEAD" },
		{ OP("csrattrs"), "POST", "GET, HEAD" }, { OP("simpleenroll"), "GET", "POST" },
		{ OP("simplereenroll"), "GET", "POST" }, { OP("simpleenroll"), "HEAD", "POST" },
		{ OP("fullcmc"), "GET", "POST" }, { OP("serverkeygen"), "GET", "POST" },
		{ OP("cacerts"), "get", "GET, HEAD" }, { OP("simpleenroll"), "PUT", "POST" },
		{ OP("cacerts"), "", "GET, HEAD" } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		begin(rows[i].method, rows[i].path);
		serve();
		visit_is(&x, 405, NULL);
		ck_assert_str_eq(visit_header(&x, "Allow"), rows[i].allow);
	}
	begin("HEAD", OP("cacerts"));
	serve();
	visit_is(&x, 200, CERTS);
}
END_TEST

START_TEST(cacerts)
{
	static const char *const paths[] = { OP("cacerts"), "/acme/.well-known/est/cacerts" };
	struct octets certs[CERTS_MAX];

	for (size_t i = 0; i < 2; i++) {
		begin("GET", paths[i]);
		serve();
		visit_is(&x, 200, CERTS);
		framed(false);
		ck_assert_uint_eq(certs_of(certs), 3);
		ck_assert(octets_same(certs[0], octets_bytes(&g.acme->certificate)));
		ck_assert(octets_same(certs[1], octets_bytes(&g.region->certificate)));
		ck_assert(octets_same(certs[2], octets_bytes(&g.root->certificate)));
	}
	begin("GET", OP("cacerts"));
	x.user_agent = RAW("libest 3.2.0p");
	serve();
	framed(true);
	ck_assert_uint_eq(certs_of(certs), 3);
	begin("GET", "/.well-known/est/platform/cacerts");
	serve();
	ck_assert_uint_eq(certs_of(certs), 3);
	ck_assert(octets_same(certs[0], octets_bytes(&g.platform->certificate)));
}
END_TEST

/* The reply is what csrattrs_encode() makes of this. */
static void
tells(const struct csrattrs *what)
{
	struct bytes want = { 0 }, der = { 0 };

	visit_is(&x, 200, "application/csrattrs");
	ck_assert(csrattrs_encode(what, &want, &f));
	ck_assert(text_unbase64(octets_bytes(&x.reply), &der, &f));
	ck_assert(octets_same(octets_bytes(&der), octets_bytes(&want)));
	ck_assert_str_eq(visit_header(&x, "Content-Transfer-Encoding"), "base64");
	bytes_free(&want);
	bytes_free(&der);
}

START_TEST(attributes_for_anybody)
{
	begin("GET", OP("csrattrs"));
	serve();
	tells(&(struct csrattrs){ .profile = NULL });
	begin("GET", "/.well-known/est/acme:legacy-rsa/csrattrs");
	serve();
	tells(&(struct csrattrs){ .profile = profile_find("legacy-rsa") });
	begin("GET", OP("csrattrs"));
	x.authorization = RAW("Basic !"); /* no credentials at all */
	serve();
	tells(&(struct csrattrs){ .profile = NULL });
}
END_TEST

/* RFC 9908 section 3.4: a certificate that is shown says what the next one is to say. */
START_TEST(attributes_by_certificate)
{
	const struct ground_cert *leaf = ground_leaf(&g, g.acme, "printer", "hp-4711");
	struct csrattrs what = { .profile = profile_find("printer") };
	struct cert cert;

	ck_assert(cert_parse(octets_bytes(&leaf->der), &cert, &f));
	what.subject = cert.subject;
	what.alt_names = cert.alt_names;
	begin("GET", OP("csrattrs"));
	x.peer = octets_bytes(&leaf->der);
	serve();
	tells(&what);
	begin("GET", "/.well-known/est/csrattrs"); /* it says its tenant too */
	x.peer = octets_bytes(&leaf->der);
	serve();
	tells(&what);
	begin("GET",
	    "/.well-known/est/acme:gateway/csrattrs"); /* by another profile: not its names */
	x.peer = octets_bytes(&leaf->der);
	serve();
	tells(&(struct csrattrs){ .profile = profile_find("gateway") });
	begin("GET", "/.well-known/est/platform/csrattrs");
	x.peer = octets_bytes(&leaf->der);
	serve();
	tells(&(struct csrattrs){ .profile = NULL });
	ground_revoke(&g, g.acme->ledger, leaf->serial, 1);
	begin("GET", OP("csrattrs"));
	x.peer = octets_bytes(&leaf->der);
	serve();
	tells(&(struct csrattrs){ .profile = NULL });
}
END_TEST

/* The signer says whose the token is; what it cannot say is told to nobody. */
START_TEST(attributes_by_token)
{
	const struct ground_cert *leaf = ground_leaf(&g, g.acme, "printer", "hp-4711");
	struct csrattrs what = { .profile = profile_find("printer") };
	struct bytes answer = { 0 };
	struct wire_enroll w;
	struct cert cert;

	ck_assert(cert_parse(octets_bytes(&leaf->der), &cert, &f));
	what.subject = cert.subject; /* the same device's, so the same names */
	what.alt_names = cert.alt_names;
	bytes_put_counted_text(&answer, "printer");
	bytes_put_counted_text(&answer, "hp-4711");
	bytes_put_counted_text(&answer, "printer");
	for (size_t i = 0; i < 4; i++) {
		begin("GET", OP("csrattrs"));
		x.authorization = basic("hp-4711:SECRET");
		serve();
		visit_asks(&x, WIRE_DEVICE);
		ck_assert(wire_enroll(octets_bytes(&x.ask.body), &w, &f));
		ck_assert(w.way == ENROL_TOKEN && w.csr.n == 0 && w.peer.n == 0);
		ck_assert_str_eq(w.tenant, "acme");
		ck_assert(octets_same(w.password, RAW("SECRET")));
		if (i == 0)
			visit_answer(&x, 0, octets_bytes(&answer));
		else if (i == 1)
			visit_answer(&x, FAULT_AUTH, RAW("token: used"));
		else
			visit_answer(&x, 0, i == 2 ? NONE : RAW("\0\0\0\1x\0\0\0\1y\0\0\0\1z"));
		tells(i == 0 ? &what : &(struct csrattrs){ .profile = NULL });
	}
	bytes_free(&answer);
}
END_TEST

START_TEST(what_is_not_offered)
{
	begin("POST", OP("fullcmc"));
	serve();
	visit_is(&x, 501, PLAIN);
	begin("POST", OP("serverkeygen"));
	serve();
	visit_refused(&x, "acme", "est.serverkeygen", FAULT_DENIED, 403);
	visit_is(&x, 403, PLAIN);
}
END_TEST

START_TEST(enrolment_is_asked)
{
	struct wire_enroll w;

	begin_enroll();
	serve();
	w = asked();
	ck_assert(w.way == ENROL_TOKEN);
	ck_assert_uint_eq(w.peer.n, 0);
	ck_assert(octets_same(w.user, RAW("hp-4711")));
	ck_assert(octets_same(w.password, RAW("SECRET.ROOT.acme.hp-4711")));
	begin_enroll(); /* a password may hold colons */
	x.authorization = basic("hp-4711:a:b");
	x.peer = RAW("\x30\0"); /* of no matter to a first enrolment */
	serve();
	w = asked();
	ck_assert(octets_same(w.password, RAW("a:b")));
	ck_assert_uint_eq(w.peer.n, 0);
}
END_TEST

START_TEST(enrolment_by_the_other_path)
{
	begin_enroll();
	x.path = octets_text("/acme/.well-known/est/simpleenroll");
	serve();
	(void)asked();
}
END_TEST

/* Nobody did anything yet: no log entry, only the way in. */
START_TEST(credentials_that_are_none)
{
	const struct octets rows[] = {
		NONE,
		RAW("Basic"),
		RAW("Basic "),
		RAW("Basic !"),
		RAW("Basic aHA="),         /* hp */
		RAW("Basic OnNlY3JldA=="), /* :secret */
		RAW("Basic aHA6"),         /* hp: */
		RAW("Basic Og=="),
		RAW("Bearer aHA6c2VjcmV0"),
		RAW("Digest username=\"hp\""),
		RAW("BasicaHA6c2VjcmV0"),
		JOIN(RAW("Basic "), forge_fill('A', 2000)),
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		begin_enroll();
		x.authorization = rows[i];
		serve();
		visit_is(&x, 401, rows[i].n == 0 ? NULL : PLAIN);
		ck_assert_str_eq(visit_header(&x, "WWW-Authenticate"),
		    "Basic realm=\"quatrain\", charset=\"UTF-8\"");
	}
	begin_enroll();
	x.authorization = JOIN(RAW("bAsIc "), base64(RAW("hp:secret"), 0));
	serve();
	(void)asked();
}
END_TEST

START_TEST(content_types)
{
	const struct octets good[] = { PKCS10, RAW("APPLICATION/PKCS10"),
		RAW("application/pkcs10; charset=utf-8"), RAW("application/pkcs10;smime-type=x") };
	const struct octets bad[] = { NONE, RAW("application/pkcs1"), RAW("text/plain"),
		RAW("application/pkcs10x"), RAW("application/pkcs7-mime"),
		RAW(" application/pkcs10"), RAW("multipart/mixed; application/pkcs10") };

	for (size_t i = 0; i < COUNT(good); i++) {
		begin_enroll();
		x.content_type = good[i];
		serve();
		(void)asked();
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		begin_enroll();
		x.content_type = bad[i];
		serve();
		visit_refused(&x, "acme", "certificate.enroll", FAULT_TYPE, 415);
		visit_is(&x, 415, PLAIN);
	}
}
END_TEST

/* As strongSwan, libest, Bouncy Castle, curl and routers send it. */
static struct octets
body(size_t kind)
{
	struct octets one = base64(csr, 0), lines = base64(csr, 64), wide = base64(csr, 76);
	struct octets crlf = NONE;

	for (size_t i = 0; i < lines.n; i++)
		crlf = JOIN(crlf, lines.at[i] == '\n' ? RAW("\r\n") : octets_of(&lines.at[i], 1));
	switch (kind) {
	case 0:
		return one;
	case 1:
		return JOIN(one, RAW("\n"));
	case 2:
		return lines;
	case 3:
		return crlf;
	case 4:
		return wide;
	case 5:
		return JOIN(RAW("-----BEGIN CERTIFICATE REQUEST-----\n"), lines,
		    RAW("-----END CERTIFICATE REQUEST-----\n"));
	case 6:
		return JOIN(RAW("\r\n \t"), lines, RAW("\n\n\n"));
	default:
		return JOIN(RAW("-----BEGIN NEW CERTIFICATE REQUEST-----\r\n"), crlf,
		    RAW("-----END NEW CERTIFICATE REQUEST-----\r\n"));
	}
}

START_TEST(bodies_and_their_framing)
{
	const struct ground_cert *leaf = ground_leaf(&g, g.acme, "printer", "hp-4711");

	for (size_t kind = 0; kind < 8; kind++) {
		struct bytes answer = { 0 };
		struct octets certs[CERTS_MAX];

		begin_enroll();
		x.body = body(kind);
		serve();
		(void)asked();
		bytes_put_counted(&answer, octets_bytes(&leaf->der));
		bytes_put_u64(&answer, 4711);
		visit_answer(&x, 0, octets_bytes(&answer));
		visit_is(&x, 200, CERTS);
		framed(kind >= 2); /* who sends lines reads lines */
		ck_assert_str_eq(visit_header(&x, "Quatrain-Log-Index"), "4711");
		ck_assert_uint_eq(certs_of(certs), 1); /* one: some clients refuse a chain */
		ck_assert(octets_same(certs[0], octets_bytes(&leaf->der)));
		bytes_free(&answer);
	}
}
END_TEST

/* What a connection's binding is: the house's answer to exchange_bind(). */
static unsigned bound;

static void
bind_to(struct exchange *to)
{
	memset(to->binding, 7, sizeof(to->binding));
	to->binding_n = sizeof(to->binding);
	bound++;
}

/* Found out where a request speaks of it, and then the connection ends (RFC 9266 section 4.1). */
START_TEST(bindings)
{
	const struct octets plain = csr;
	const struct octets with = forge_request(&(struct forge){
	    .attributes = SEQ(OID(oid_challenge_password), SET(forge_tlv(DER_UTF8, RAW("x")))) });
	struct wire_enroll w;

	bound = 0;
	begin_enroll();
	x.bind = bind_to;
	serve();
	w = asked();
	ck_assert_uint_eq(w.binding.n, 0);
	ck_assert(!x.close);
	ck_assert_uint_eq(bound, 0);
	csr = with;
	begin_enroll();
	x.bind = bind_to;
	serve();
	w = asked();
	ck_assert_uint_eq(w.binding.n, 32);
	ck_assert_mem_eq(w.binding.at, x.binding, 32);
	ck_assert(x.close);
	visit_answer(&x, FAULT_BADREQ, RAW("csr: another connection's"));
	visit_is(&x, 400, PLAIN);
	ck_assert(x.close);
	begin_enroll(); /* no TLS here: the signer is told so */
	serve();
	w = asked();
	ck_assert_uint_eq(w.binding.n, 0);
	ck_assert(x.close);
	csr = plain;
}
END_TEST

START_TEST(bodies_that_are_none)
{
	struct octets two = base64(JOIN(csr, csr), 0);
	const struct octets rows[] = { NONE, RAW("\n"), RAW("!"), csr, RAW("MAA="),
		base64(octets_of(csr.at, csr.n - 1), 0), base64(JOIN(csr, RAW("\0")), 0), two,
		JOIN(base64(csr, 0), RAW("\0")), JOIN(base64(csr, 0), RAW("!")),
		base64(forge_request(&(struct forge){ .version = RAW("\x02\x01\x01") }), 0) };

	for (size_t i = 0; i < COUNT(rows); i++) {
		begin_enroll();
		x.body = rows[i];
		serve();
		visit_refused(&x, "acme", "certificate.enroll", FAULT_BADREQ, 400);
		visit_is(&x, 400, PLAIN);
		ck_assert_uint_gt(x.reply.n, 1);
	}
}
END_TEST

/* The edge reads; that the key is the sender's, the signer finds. */
START_TEST(the_proof_is_the_signers)
{
	begin_enroll();
	x.body = base64(forge_request(&(struct forge){ .md = EVP_sha384() }), 0);
	serve();
	visit_asks(&x, WIRE_ENROLL);
}
END_TEST

START_TEST(bodies_too_large)
{
	begin_enroll();
	x.body = NONE;
	x.body_too_large = true;
	serve();
	visit_refused(&x, "acme", "certificate.enroll", FAULT_LIMIT, 413);
	begin_enroll();
	x.body = base64(forge_fill(0x30, 9000), 0);
	serve();
	visit_refused(&x, "acme", "certificate.enroll", FAULT_LIMIT, 413);
}
END_TEST

START_TEST(refusals_of_the_signer)
{
	static const struct {
		enum fault_code code;
		unsigned status;
	} rows[] = { { FAULT_BADREQ, 400 }, { FAULT_TYPE, 415 }, { FAULT_AUTH, 401 },
		{ FAULT_DENIED, 403 }, { FAULT_NOTFOUND, 404 }, { FAULT_CONFLICT, 409 },
		{ FAULT_LIMIT, 413 }, { FAULT_BUSY, 503 }, { FAULT_INTERNAL, 500 },
		{ (enum fault_code)77, 500 } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		bool told;

		begin_enroll();
		serve();
		(void)asked();
		visit_answer(&x, (uint16_t)rows[i].code, RAW("store: /var/lib/quatrain: no"));
		visit_is(&x, rows[i].status, PLAIN);
		told = memmem(x.reply.at, x.reply.n, "/var/lib", 8) != NULL;
		ck_assert(told == (rows[i].status != 500)); /* our own troubles stay ours */
		ck_assert(
		    (visit_header(&x, "WWW-Authenticate") != NULL) == (rows[i].status == 401));
		ck_assert((visit_header(&x, "Retry-After") != NULL) == (rows[i].status == 503));
	}
}
END_TEST

START_TEST(answers_of_another_shape)
{
	const struct octets rows[] = { NONE, RAW("x"), RAW("\0\0\0\1\x30"), RAW("\0\0\0\0"),
		RAW("\xff\xff\xff\xff"), RAW("\0\0\0\0\0\0\0\0\0\0\0\0\0") };

	for (size_t i = 0; i < COUNT(rows); i++) {
		begin_enroll();
		serve();
		(void)asked();
		visit_answer(&x, 0, rows[i]);
		visit_is(&x, 500, PLAIN);
	}
}
END_TEST

START_TEST(renewal_is_asked)
{
	const struct ground_cert *leaf = ground_leaf(&g, g.acme, "printer", "hp-4711");
	struct wire_enroll w;

	begin_enroll();
	x.path = octets_text(OP("simplereenroll"));
	x.peer = octets_bytes(&leaf->der);
	serve();
	w = asked();
	ck_assert(w.way == ENROL_CERTIFICATE);
	ck_assert(octets_same(w.peer, octets_bytes(&leaf->der)));
	ck_assert_uint_eq(w.user.n, 0); /* a token does not renew */
	ck_assert_uint_eq(w.password.n, 0);
}
END_TEST

START_TEST(renewals_that_are_none)
{
	begin_enroll();
	x.path = octets_text(OP("simplereenroll"));
	serve();
	visit_is(&x, 401, PLAIN);
	begin_enroll();
	x.path = octets_text(OP("simplereenroll"));
	x.peer = RAW("\x30\0");
	x.body = RAW("!");
	serve();
	visit_refused(&x, "acme", "certificate.renew", FAULT_BADREQ, 400);
}
END_TEST

/* A connection by a certificate that does not hold: whose it is, as far as it says. */
START_TEST(peers_that_do_not_hold)
{
	const struct ground_cert *leaf = ground_leaf(&g, g.acme, "printer", "hp-4711");
	struct fault why;

	fault_set(&why, FAULT_DENIED, "the certificate is revoked");
	begin("GET", OP("cacerts"));
	x.peer = octets_bytes(&leaf->der);
	est_refuse_peer(&x, &why);
	visit_refused(&x, "acme", "connect", FAULT_DENIED, 403);
	visit_is(&x, 403, PLAIN);
	begin("GET", OP("cacerts"));
	x.peer = RAW("no certificate");
	est_refuse_peer(&x, &why);
	visit_refused(&x, "", "connect", FAULT_DENIED, 403);
}
END_TEST

static TCase *
paths(void)
{
	TCase *t = tcase_create("paths");

	tcase_add_test(t, paths_that_are_not_ests);
	tcase_add_test(t, who_is_let_through);
	tcase_add_test(t, operations_that_are_none);
	tcase_add_test(t, tenants_that_are_none);
	tcase_add_test(t, labels_with_a_profile);
	tcase_add_test(t, row_22_hostile_labels);
	tcase_add_test(t, tenants_by_their_proof);
	tcase_add_test(t, methods);
	tcase_add_test(t, cacerts);
	tcase_add_test(t, attributes_for_anybody);
	tcase_add_test(t, attributes_by_certificate);
	tcase_add_test(t, attributes_by_token);
	tcase_add_test(t, what_is_not_offered);
	tcase_add_test(t, peers_that_do_not_hold);
	return t;
}

static TCase *
enrolments(void)
{
	TCase *t = tcase_create("enrolments");

	tcase_add_test(t, enrolment_is_asked);
	tcase_add_test(t, enrolment_by_the_other_path);
	tcase_add_test(t, credentials_that_are_none);
	tcase_add_test(t, content_types);
	tcase_add_test(t, bodies_and_their_framing);
	tcase_add_test(t, bindings);
	tcase_add_test(t, bodies_that_are_none);
	tcase_add_test(t, the_proof_is_the_signers);
	tcase_add_test(t, bodies_too_large);
	tcase_add_test(t, refusals_of_the_signer);
	tcase_add_test(t, answers_of_another_shape);
	tcase_add_test(t, renewal_is_asked);
	tcase_add_test(t, renewals_that_are_none);
	return t;
}

int
main(void)
{
	Suite *s = suite_create("est");
	TCase *t[] = { paths(), enrolments() };

	for (size_t i = 0; i < COUNT(t); i++) {
		tcase_add_checked_fixture(t[i], setup, teardown);
		tcase_set_timeout(t[i], 60); /* a loaded machine is no failure */
		suite_add_tcase(s, t[i]);
	}
	return run_suite(s);
}
