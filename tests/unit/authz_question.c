/* tests/unit/authz_question.c - what somebody else's enforcement point may say, and what it may
 * not. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "daemon/authz_question.h"
#include "tests/unit/run.h"

static struct authz_question q;
static struct fault f;

static const char subject[] =
    "{\"type\":\"spiffe\",\"id\":\"spiffe://acme.eu.example.org/printer/hp\","
    "\"properties\":{\"cert_sha256\":"
    "\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"}}";
static const char action[] = "{\"name\":\"print.release\"}";
static const char resource[] =
    "{\"type\":\"job\",\"id\":\"job-88\",\"properties\":{\"pages\":12,\"dlp\":\"internal\"}}";
static const char context[] =
    "{\"source_ip\":\"10.20.4.9\",\"device\":{\"firmware\":\"5.3.0\"},\"supports\":[\"log\"],"
    "\"time\":\"1985-10-26T01:22:00Z\",\"user\":\"carol\"}";

static struct json *
parsed(const char *text)
{
	struct json *j = NULL;

	if (text != NULL)
		ck_assert_msg(json_parse(octets_text(text), &j, &f), "%s", f.text);
	return j;
}

static bool
reads(const char *s, const char *a, const char *r, const char *c)
{
	struct json *js = parsed(s), *ja = parsed(a), *jr = parsed(r), *jc = parsed(c);
	const struct authz_parts parts = { js, ja, jr, jc };
	bool ok;

	authz_question_free(&q);
	ok = authz_question_read(&parts, &q, &f);
	json_free(js);
	json_free(ja);
	json_free(jr);
	json_free(jc);
	return ok;
}

START_TEST(an_evaluation)
{
	const struct value *v;

	ck_assert_msg(reads(subject, action, resource, context), "%s", f.text);
	ck_assert_str_eq(q.id, "spiffe://acme.eu.example.org/printer/hp");
	ck_assert(q.has_digest && q.sha256[1] == 0x11 && q.certificate.n == 0);
	ck_assert(octets_same(q.request.action, octets_text("print.release")));
	ck_assert_int_eq(q.request.fixed[ATTRIBUTE_RESOURCE_PAGES].number, 12);
	ck_assert_int_eq(q.request.fixed[ATTRIBUTE_SOURCE_IP].type, VALUE_ADDRESS);
	ck_assert_int_eq(q.request.fixed[ATTRIBUTE_TIME].type, VALUE_NONE);
	v = request_get(&q.request, ATTRIBUTE_OPEN, octets_text("context.user"));
	ck_assert(v->type == VALUE_TEXT && octets_same(v->text, octets_text("carol")));
	ck_assert(!q.request.supports_all && q.request.supports_n == 1);
}
END_TEST

START_TEST(nothing_of_the_subject_is_believed)
{
	ck_assert(reads(subject, action, resource, context));
	for (int a = ATTRIBUTE_SUBJECT_ID; a <= ATTRIBUTE_CHAIN_TENANT; a++)
		ck_assert_int_eq(q.request.fixed[a].type, VALUE_NONE);
	ck_assert_int_eq(q.request.fixed[ATTRIBUTE_ANOMALY_SCORE].type, VALUE_NONE);
	/* who says nothing of obligations honours none */
	ck_assert(reads(subject, action, resource, NULL) && !q.request.supports_all &&
		  q.request.supports_n == 0);
}
END_TEST

START_TEST(evaluations_that_are_none)
{
	static const struct {
		const char *s, *a, *r, *c;
	} wrong[] = {
		{ NULL, action, resource, NULL },
		{ "[]", action, resource, NULL },
		{ "{}", action, resource, NULL },
		{ "{\"type\":\"user\"}", action, resource, NULL },
		{ "{\"type\":\"user\",\"id\":\"alice\"}", action, resource, NULL },
		{ "{\"type\":1,\"id\":\"spiffe://a/b/c\"}", action, resource, NULL },
		{ "{\"type\":\"x\",\"id\":\"spiffe://a/b/c\",\"properties\":[]}", action, resource,
		    NULL },
		{ "{\"type\":\"x\",\"id\":\"spiffe://a/b/c\",\"properties\":{\"cert\":{\"key_pinned\":true}}}",
		    action, resource, NULL },
		{ "{\"type\":\"x\",\"id\":\"spiffe://a/b/c\",\"properties\":{\"chain\":{}}}",
		    action, resource, NULL },
		{ "{\"type\":\"x\",\"id\":\"spiffe://a/b/c\",\"properties\":{\"anomaly\":{\"score\":0}}}",
		    action, resource, NULL },
		{ "{\"type\":\"x\",\"id\":\"spiffe://a/b/c\",\"properties\":{\"cert_sha256\":\"00\"}}",
		    action, resource, NULL },
		{ "{\"type\":\"x\",\"id\":\"spiffe://a/b/c\",\"properties\":{\"cert_sha256\":7}}",
		    action, resource, NULL },
		{ "{\"type\":\"x\",\"id\":\"spiffe://a/b/c\",\"properties\":{\"certificate\":\"%%%\"}}",
		    action, resource, NULL },
		{ subject, NULL, resource, NULL },
		{ subject, "{}", resource, NULL },
		{ subject, "{\"name\":\"\"}", resource, NULL },
		{ subject, "{\"name\":7}", resource, NULL },
		{ subject,
		    "{\"name\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
		    resource, NULL },
		{ subject, action, NULL, NULL },
		{ subject, action, "{\"type\":\"job\"}", NULL },
		{ subject, action, "{\"id\":\"job\"}", NULL },
		{ subject, action, "{\"type\":\"job\",\"id\":\"1\",\"properties\":7}", NULL },
		{ subject, action,
		    "{\"type\":\"job\",\"id\":\"1\",\"properties\":{\"pages\":\"many\"}}", NULL },
		{ subject, action, "{\"type\":\"job\",\"id\":\"1\",\"properties\":{\"A B\":1}}",
		    NULL },
		{ subject, action,
		    "{\"type\":\"job\",\"id\":\"1\",\"properties\":{\"a\":{\"b\":1}}}", NULL },
		{ subject, action, resource, "[]" },
		{ subject, action, resource, "{\"source_ip\":\"10.0.0.0/8\"}" },
		{ subject, action, resource, "{\"source_ip\":7}" },
		{ subject, action, resource, "{\"device\":\"x\"}" },
		{ subject, action, resource, "{\"device\":{\"serial_bound\":\"yes\"}}" },
		{ subject, action, resource, "{\"supports\":\"log\"}" },
		{ subject, action, resource, "{\"supports\":[7]}" },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		ck_assert_msg(
		    !reads(wrong[i].s, wrong[i].a, wrong[i].r, wrong[i].c), "%zu was read", i);
		ck_assert_int_eq(f.code, FAULT_BADREQ);
	}
}
END_TEST

/* An exchange whose headers are these. */
static const char *headers[8][2];
static bool twice;

static bool
header(const struct exchange *x, const char *name, struct octets *ret)
{
	(void)x;
	for (size_t i = 0; i < 8 && headers[i][0] != NULL; i++)
		if (strcmp(headers[i][0], name) == 0) {
			*ret = octets_text(headers[i][1]);
			return !twice;
		}
	return true;
}

static struct exchange
waiting(const char *certificate, const char *method, const char *target, const char *source)
{
	static const char *const names[] = { "x-client-cert", "x-original-method", "x-original-uri",
		"x-real-ip" };
	const char *values[] = { certificate, method, target, source };
	size_t n = 0;

	memset(headers, 0, sizeof(headers));
	twice = false;
	for (size_t i = 0; i < 4; i++)
		if (values[i] != NULL) {
			headers[n][0] = names[i];
			headers[n++][1] = values[i];
		}
	return (struct exchange){ .header = header };
}

static bool
nginx(const char *certificate, const char *method, const char *target, const char *source)
{
	struct exchange x = waiting(certificate, method, target, source);

	authz_question_free(&q);
	return authz_question_nginx(&x, &q, &f);
}

static const char pem[] = "-----BEGIN%20CERTIFICATE-----%0AMAA%3D%0A-----END%20CERTIFICATE-----%0A";

START_TEST(what_nginx_passes_on)
{
	ck_assert_msg(nginx(pem, "GET", "/jobs/88?x=y", "10.20.4.9"), "%s", f.text);
	ck_assert_uint_eq(q.certificate.n, 2);
	ck_assert(octets_same(q.request.action, octets_text("http.get")));
	ck_assert(
	    octets_same(q.request.fixed[ATTRIBUTE_RESOURCE_ID].text, octets_text("/jobs/88")));
	ck_assert(octets_same(q.request.fixed[ATTRIBUTE_RESOURCE_TYPE].text, octets_text("url")));
	ck_assert(q.id[0] == '\0' && !q.has_digest && q.request.supports_n == 0);
}
END_TEST

START_TEST(a_location_names_its_action)
{
	struct exchange x = waiting(pem, "POST", "/p", NULL);

	headers[3][0] = "x-quatrain-action", headers[3][1] = "print.submit";
	headers[4][0] = "x-quatrain-resource-type", headers[4][1] = "queue";
	headers[5][0] = "x-quatrain-supports", headers[5][1] = "watermark, log";
	authz_question_free(&q);
	ck_assert_msg(authz_question_nginx(&x, &q, &f), "%s", f.text);
	ck_assert(octets_same(q.request.action, octets_text("print.submit")));
	ck_assert(octets_same(q.request.fixed[ATTRIBUTE_RESOURCE_TYPE].text, octets_text("queue")));
	ck_assert(
	    q.request.supports_n == 2 && octets_same(q.request.supports[1], octets_text("log")));
}
END_TEST

/* A site that asks for certificates without verifying them (optional_no_ca) passes on any. */
START_TEST(what_nginx_could_not_verify)
{
	static const char *const said[] = { "NONE", "FAILED:certificate has expired", "success",
		"SUCCESS " };
	struct exchange x = waiting(pem, "GET", "/", NULL);

	headers[3][0] = "x-client-verify", headers[3][1] = "SUCCESS";
	authz_question_free(&q);
	ck_assert_msg(authz_question_nginx(&x, &q, &f), "%s", f.text);
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		headers[3][1] = said[i];
		authz_question_free(&q);
		ck_assert_msg(!authz_question_nginx(&x, &q, &f), "%s was taken", said[i]);
		ck_assert_int_eq(f.code, FAULT_AUTH);
	}
}
END_TEST

START_TEST(headers_that_are_none)
{
	static char large[40000];
	static const char *const supports[] = { "a;b c", "\x01",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	struct exchange x;

	ck_assert(!nginx(NULL, "GET", "/", NULL) && f.code == FAULT_AUTH);
	ck_assert(!nginx("", "GET", "/", NULL) && f.code == FAULT_AUTH);
	ck_assert(!nginx("%zz", "GET", "/", NULL) && f.code == FAULT_BADREQ);
	ck_assert(!nginx("no certificate", "GET", "/", NULL) && f.code == FAULT_BADREQ);
	ck_assert(!nginx("a%00b", "GET", "/", NULL) && f.code == FAULT_BADREQ);
	ck_assert(!nginx(pem, NULL, "/", NULL) && f.code == FAULT_BADREQ);
	ck_assert(!nginx(pem, "G T", "/", NULL) && f.code == FAULT_BADREQ);
	ck_assert(!nginx(pem, "ABCDEFGHIJKLMNOPQ", "/", NULL) && f.code == FAULT_BADREQ);
	ck_assert(!nginx(pem, "GET", NULL, NULL) && f.code == FAULT_BADREQ);
	ck_assert(!nginx(pem, "GET", "?q", NULL) && f.code == FAULT_BADREQ);
	ck_assert(!nginx(pem, "GET", "/\r\nX: y", NULL) && f.code == FAULT_BADREQ);
	ck_assert(!nginx(pem, "GET", "/", "10.0.0.0/8") && f.code == FAULT_BADREQ);
	ck_assert(!nginx(pem, "GET", "/", "10.0.0.1, 10.0.0.2") && f.code == FAULT_BADREQ);
	memset(large, 'A', sizeof(large) - 1);
	ck_assert(!nginx(large, "GET", "/", NULL) && f.code == FAULT_BADREQ);
	ck_assert(!nginx(pem, "GET", large, NULL) && f.code == FAULT_BADREQ);
	x = waiting(pem, "GET", "/", NULL);
	twice = true;
	ck_assert(!authz_question_nginx(&x, &q, &f) && f.code == FAULT_BADREQ);
	for (size_t i = 0; i < sizeof(supports) / sizeof(supports[0]); i++) {
		x = waiting(pem, "GET", "/", NULL);
		headers[3][0] = "x-quatrain-supports", headers[3][1] = supports[i];
		authz_question_free(&q);
		ck_assert(!authz_question_nginx(&x, &q, &f) && f.code == FAULT_BADREQ);
	}
}
END_TEST

static bool
envoy(const char *forwarded, const char *path)
{
	struct exchange x = {
		.header = header, .method = octets_text("GET"), .path = octets_text(path)
	};

	memset(headers, 0, sizeof(headers));
	twice = false;
	if (forwarded != NULL)
		headers[0][0] = "x-forwarded-client-cert", headers[0][1] = forwarded;
	authz_question_free(&q);
	return authz_question_envoy(&x, "/authz/envoy", &q, &f);
}

#define HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

START_TEST(what_envoy_passes_on)
{
	ck_assert_msg(envoy("Hash=" HASH ";URI=spiffe://acme.eu.example.org/service/a",
			  "/authz/envoy/jobs/1"),
	    "%s", f.text);
	ck_assert(q.has_digest && strcmp(q.id, "spiffe://acme.eu.example.org/service/a") == 0);
	ck_assert(octets_same(q.request.fixed[ATTRIBUTE_RESOURCE_ID].text, octets_text("/jobs/1")));
	ck_assert(envoy(
	    "Hash=" HASH
	    ";Cert=\"-----BEGIN%20CERTIFICATE-----%0AMAA%3D%0A-----END%20CERTIFICATE-----%0A\"",
	    "/authz/envoy/"));
	ck_assert(q.certificate.n == 2 && !q.has_digest);
	/* what another proxy before it has seen does not count, and neither does what a name holds
	 */
	ck_assert(
	    envoy("Hash=" HASH
		  ";URI=spiffe://a/b/forged,Subject=\"CN=x,URI=spiffe://a/b/z;Hash=y\";Hash=" HASH
		  ";URI=spiffe://a/b/true",
		"/authz/envoy/"));
	ck_assert_str_eq(q.id, "spiffe://a/b/true");
	ck_assert(
	    envoy("Subject=\"CN=\\\",Hash=1\";Hash=" HASH ";URI=spiffe://a/b/c", "/authz/envoy/"));
}
END_TEST

START_TEST(forwarded_certificates_that_are_none)
{
	static const char *const wrong[] = { "x", ";;;", "Hash=00;URI=spiffe://a/b/c", "Hash=" HASH,
		"URI=spiffe://a/b/c", "Cert=\"%zz\"", "Cert=\"\"",
		"Hash=zz112233445566778899aabbccddeeff00112233445566778899aabbccddeeff;URI=spiffe://a/b/c",
		"Subject=\"Hash=" HASH ";URI=spiffe://a/b/c", "\"", "Hash=\"",
		"Hash=" HASH ";URI=spiffe://a/b/c," };

	ck_assert(!envoy(NULL, "/authz/envoy/") && f.code == FAULT_AUTH);
	ck_assert(!envoy("", "/authz/envoy/") && f.code == FAULT_AUTH);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		ck_assert_msg(!envoy(wrong[i], "/authz/envoy/"), "%s was read", wrong[i]);
		ck_assert_int_eq(f.code, FAULT_BADREQ);
	}
	ck_assert(
	    !envoy("Hash=" HASH ";URI=spiffe://a/b/c", "/authz/other") && f.code == FAULT_BADREQ);
	ck_assert(
	    !envoy("Hash=" HASH ";URI=spiffe://a/b/c", "/authz/envoy") && f.code == FAULT_BADREQ);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("authz_question");
	TCase *t = tcase_create("all");
	int status;

	tcase_add_test(t, an_evaluation);
	tcase_add_test(t, nothing_of_the_subject_is_believed);
	tcase_add_test(t, evaluations_that_are_none);
	tcase_add_test(t, what_nginx_passes_on);
	tcase_add_test(t, a_location_names_its_action);
	tcase_add_test(t, what_nginx_could_not_verify);
	tcase_add_test(t, headers_that_are_none);
	tcase_add_test(t, what_envoy_passes_on);
	tcase_add_test(t, forwarded_certificates_that_are_none);
	suite_add_tcase(s, t);
	status = run_suite(s);
	authz_question_free(&q);
	return status;
}
