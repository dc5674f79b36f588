/* daemon/authz_headers.c - what nginx and Envoy pass on in headers, as a question; see
 * authz_question.h. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "daemon/authz_question.h"

#define PEM_MAX    16384 /* octets, percent-decoded */
#define HEADER_MAX 32768
#define PATH_MAX_  1024
#define METHOD_MAX 16

static bool
expected(const char *header, const char *what, struct fault *f)
{
	return fault_set(f, FAULT_BADREQ, "authz: %s: expected %s", header, what);
}

/* One header, at most once, printable; ret->n 0 where there is none. */
static bool
take(const struct exchange *x, const char *name, struct octets *ret, struct fault *f)
{
	if (!exchange_ask_header(x, name, ret))
		return expected(name, "one header of that name", f);
	if (ret->n > HEADER_MAX)
		return expected(name, "less", f);
	for (size_t i = 0; i < ret->n; i++)
		if (ret->at[i] < ' ' || ret->at[i] > '~')
			return expected(name, "printable ASCII", f);
	return true;
}

/* Percent-encoded PEM (or base64) of one certificate. */
static bool
take_pem(struct octets o, const char *header, struct authz_question *q, struct fault *f)
{
	char pem[PEM_MAX];
	struct fault why;

	if (!text_unpercent(o, pem, sizeof(pem)) ||
	    !text_unbase64(octets_text(pem), &q->certificate, &why) ||
	    q->certificate.n > AUTHZ_CERTIFICATE_MAX)
		return expected(
		    header, "one certificate, as percent-encoded PEM, of at most 8 KiB", f);
	return true;
}

static bool
put_text(struct json *j, const char *name, struct octets o, size_t most, const char *header,
    struct fault *f)
{
	char text[PATH_MAX_ + 1];

	if (o.n == 0 || o.n > most)
		return expected(header, "a shorter text, or one at all", f);
	(void)snprintf(text, sizeof(text), "%.*s", (int)o.n, (const char *)o.at);
	json_put_text(j, name, text);
	return true;
}

/* "GET" as the action http.get. */
static bool
put_method(struct json *said, struct octets method, struct fault *f)
{
	char action[sizeof("http.") + METHOD_MAX] = "http.";
	char *to = action + strlen(action);

	if (method.n == 0 || method.n > METHOD_MAX)
		return expected("method", "one", f);
	for (size_t i = 0; i < method.n; i++)
		to[i] = (char)tolower(method.at[i]);
	to[method.n] = '\0';
	if (strspn(to, "abcdefghijklmnopqrstuvwxyz") != method.n)
		return expected("method", "letters", f);
	json_put_text(said, "action", action);
	return true;
}

static bool
is_word(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* "watermark, log" */
static bool
put_supports(struct json *said, struct octets o, struct fault *f)
{
	struct json *list = json_array();
	char word[AUTHZ_ACTION_MAX];
	size_t n = 0;
	bool ok = true;

	for (size_t i = 0; ok && i <= o.n; i++) {
		uint8_t c = i < o.n ? o.at[i] : ',';

		if (c == ',') {
			word[n] = '\0';
			if (n > 0)
				json_add_text(list, word);
			n = 0;
		} else if (c != ' ' || n > 0) {
			ok = is_word(c) && n < sizeof(word) - 1;
			if (ok)
				word[n++] = (char)c;
		}
	}
	json_put(said, "supports", list);
	return ok ||
	       expected("X-Quatrain-Supports", "names of obligations with commas between them", f);
}

/* What both say of the request that waits: where it goes, and from where it comes. */
struct waiting {
	struct octets method, target, source;
};

static bool
put_request(const struct exchange *x, const struct waiting *w, struct json *said, struct fault *f)
{
	const uint8_t *mark = w->target.n == 0 ? NULL : memchr(w->target.at, '?', w->target.n);
	struct octets path = w->target, action, type, supports;
	struct json *resource = json_object(), *source;
	bool ok;

	if (mark != NULL)
		path.n = (size_t)(mark - path.at);
	ok = take(x, "x-quatrain-action", &action, f) &&
	     take(x, "x-quatrain-resource-type", &type, f) &&
	     take(x, "x-quatrain-supports", &supports, f) && put_method(said, w->method, f) &&
	     (action.n == 0 ||
		 put_text(said, "action", action, AUTHZ_ACTION_MAX, "X-Quatrain-Action", f)) &&
	     put_text(resource, "id", path, PATH_MAX_, "original URI", f) &&
	     put_text(resource, "type", type.n > 0 ? type : octets_text("url"), AUTHZ_ACTION_MAX,
		 "X-Quatrain-Resource-Type", f) &&
	     put_supports(said, supports, f);
	json_put(said, "resource", resource);
	if (ok && w->source.n > 0) {
		source = json_object();
		ok = put_text(source, "ip", w->source, EXCHANGE_SOURCE_MAX, "source address", f);
		json_put(said, "source", source);
	}
	return ok;
}

static bool
finish(const struct exchange *x, const struct waiting *w, struct authz_question *q, struct fault *f)
{
	q->said = json_object();
	if (q->said == NULL)
		return fault_set(f, FAULT_INTERNAL, "authz: out of memory");
	return put_request(x, w, q->said, f) && request_read(q->said, &q->request, &q->room, f);
}

bool
authz_question_nginx(const struct exchange *x, struct authz_question *ret, struct fault *f)
{
	struct octets certificate, verify;
	struct waiting w;

	if (!take(x, "x-client-cert", &certificate, f) || !take(x, "x-client-verify", &verify, f) ||
	    !take(x, "x-original-method", &w.method, f) ||
	    !take(x, "x-original-uri", &w.target, f) || !take(x, "x-real-ip", &w.source, f))
		return false;
	if (certificate.n == 0)
		return fault_set(
		    f, FAULT_AUTH, "authz: no certificate was passed on: X-Client-Cert is empty");
	if (verify.n > 0 && !octets_same(verify, octets_text("SUCCESS")))
		return fault_set(f, FAULT_AUTH,
		    "authz: X-Client-Verify: the certificate did not hold for who passed it on");
	return take_pem(certificate, "X-Client-Cert", ret, f) && finish(x, &w, ret, f);
}

/* The value of a key in one element, its quotes taken off; n 0: there is none. */
static struct octets
pair(struct octets element, const char *key)
{
	while (element.n > 0) {
		bool quoted = false;
		size_t n = 0;
		struct octets one;

		while (n < element.n && (quoted || element.at[n] != ';')) {
			if (element.at[n] == '\\' && quoted && n + 1 < element.n)
				n++;
			else if (element.at[n] == '"')
				quoted = !quoted;
			n++;
		}
		one = octets_of(element.at, n);
		if (octets_take_text(&one, key) && octets_take_text(&one, "=")) {
			if (one.n >= 2 && one.at[0] == '"' && one.at[one.n - 1] == '"')
				return octets_of(one.at + 1, one.n - 2);
			return one;
		}
		element = n < element.n ? octets_of(element.at + n + 1, element.n - n - 1)
					: (struct octets){ 0 };
	}
	return (struct octets){ 0 };
}

/* Each proxy adds an element; the last is what the one that asks has seen itself. */
static struct octets
last_element(struct octets o)
{
	size_t from = 0;
	bool quoted = false;

	for (size_t i = 0; i < o.n; i++) {
		if (o.at[i] == '\\' && quoted && i + 1 < o.n)
			i++;
		else if (o.at[i] == '"')
			quoted = !quoted;
		else if (o.at[i] == ',' && !quoted)
			from = i + 1;
	}
	return octets_of(o.at + from, o.n - from);
}

static bool
take_forwarded(struct octets element, struct authz_question *q, struct fault *f)
{
	static const char header[] = "X-Forwarded-Client-Cert";
	struct octets pem = pair(element, "Cert"), hash = pair(element, "Hash"),
		      uri = pair(element, "URI");
	char hex[2 * sizeof(q->sha256) + 1];

	if (pem.n > 0)
		return take_pem(pem, header, q, f);
	if (hash.n != sizeof(hex) - 1 || uri.n == 0 || uri.n >= sizeof(q->id))
		return expected(header, "Cert, or Hash (SHA-256) and URI", f);
	(void)snprintf(hex, sizeof(hex), "%.*s", (int)hash.n, (const char *)hash.at);
	(void)snprintf(q->id, sizeof(q->id), "%.*s", (int)uri.n, (const char *)uri.at);
	if (!text_unhex(hex, q->sha256, sizeof(q->sha256)))
		return expected(header, "Hash of 64 hex digits", f);
	q->has_digest = true;
	return true;
}

bool
authz_question_envoy(
    const struct exchange *x, const char *prefix, struct authz_question *ret, struct fault *f)
{
	struct octets forwarded;
	struct waiting w = { .method = x->method, .target = x->path };

	if (!octets_take_text(&w.target, prefix))
		return expected("path", "what Envoy was told to put before it", f);
	if (!take(x, "x-forwarded-client-cert", &forwarded, f) ||
	    !take(x, "x-envoy-external-address", &w.source, f))
		return false;
	if (forwarded.n == 0)
		return fault_set(f, FAULT_AUTH,
		    "authz: no certificate was passed on: X-Forwarded-Client-Cert is empty");
	return take_forwarded(last_element(forwarded), ret, f) && finish(x, &w, ret, f);
}
