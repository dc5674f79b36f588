/* daemon/authz_question.c - an AuthZEN evaluation as a question; see authz_question.h. */
#include "daemon/authz_question.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

void
authz_question_free(struct authz_question *q)
{
	bytes_free(&q->certificate);
	json_free(q->said);
	*q = (struct authz_question){ .said = NULL };
}

static bool
expected(const char *member, const char *what, struct fault *f)
{
	return fault_set(f, FAULT_BADREQ, "authzen: %s: expected %s", member, what);
}

static bool
is_object(const struct json *j)
{
	return json_kind(j) == JSON_OBJECT;
}

/* A member that may be missing, but must not be of another kind. */
static bool
take_text(
    const struct json *j, const char *name, const char *shown, const char **ret, struct fault *f)
{
	const struct json *v = json_get(j, name);

	*ret = json_as_text(v);
	return v == NULL || *ret != NULL || expected(shown, "a text", f);
}

static bool
take_certificate(const char *text, struct authz_question *q, struct fault *f)
{
	struct fault why;

	if (!text_unbase64(octets_text(text), &q->certificate, &why) ||
	    q->certificate.n > AUTHZ_CERTIFICATE_MAX)
		return expected("subject.properties.certificate",
		    "one certificate, as PEM or base64 of its DER, of at most 8 KiB", f);
	return true;
}

/* "cert_sha256" is the SHA-256 of the certificate's DER. Other properties are of no use here, and
 * what looks as if it were is refused rather than passed over. */
static bool
take_properties(const struct json *p, struct authz_question *q, struct fault *f)
{
	const char *certificate, *digest;

	if (p == NULL)
		return true;
	if (!is_object(p))
		return expected("subject.properties", "an object", f);
	if (json_get(p, "cert") != NULL || json_get(p, "chain") != NULL ||
	    json_get(p, "anomaly") != NULL)
		return expected("subject.properties",
		    "certificate or cert_sha256: what stands in a certificate is looked up", f);
	if (!take_text(p, "certificate", "subject.properties.certificate", &certificate, f) ||
	    !take_text(p, "cert_sha256", "subject.properties.cert_sha256", &digest, f))
		return false;
	if (digest != NULL && !text_unhex(digest, q->sha256, sizeof(q->sha256)))
		return expected("subject.properties.cert_sha256", "64 hex digits", f);
	q->has_digest = digest != NULL;
	return certificate == NULL || take_certificate(certificate, q, f);
}

static bool
take_subject(const struct json *s, struct authz_question *q, struct fault *f)
{
	const char *type, *id;

	if (!is_object(s))
		return expected("subject", "an object", f);
	if (!take_text(s, "type", "subject.type", &type, f) ||
	    !take_text(s, "id", "subject.id", &id, f))
		return false;
	if (type == NULL || id == NULL || id[0] == '\0' || strlen(id) >= sizeof(q->id))
		return expected("subject", "a type and an id", f);
	if (strncmp(id, "spiffe://", strlen("spiffe://")) != 0)
		return expected("subject.id", "a SPIFFE id, spiffe://...", f);
	memcpy(q->id, id, strlen(id) + 1);
	return take_properties(json_get(s, "properties"), q, f);
}

/* The same value again: what a batch has on top is of several questions. NULL out of memory. */
static struct json *
copy(const struct json *j)
{
	struct bytes text = { 0 };
	struct json *ret = NULL;
	struct fault ignored;

	if (!json_write(j, &text, &ignored) || !json_parse(octets_bytes(&text), &ret, &ignored))
		ret = NULL;
	bytes_free(&text);
	return ret;
}

static bool
take_action(const struct json *a, struct json *said, struct fault *f)
{
	const char *name = json_text(a, "name");

	if (name == NULL || name[0] == '\0' || strlen(name) > AUTHZ_ACTION_MAX)
		return expected("action.name", "a short text", f);
	json_put_text(said, "action", name);
	return true;
}

static bool
take_resource(const struct json *r, struct json *said, struct fault *f)
{
	const struct json *p = json_get(r, "properties");
	const char *type = json_text(r, "type"), *id = json_text(r, "id");
	struct json *resource;

	if (type == NULL || type[0] == '\0' || id == NULL)
		return expected("resource", "an object with a type and an id", f);
	if (p != NULL && !is_object(p))
		return expected("resource.properties", "an object", f);
	if ((resource = p == NULL ? json_object() : copy(p)) == NULL)
		return expected("resource.properties", "whole numbers, texts and lists", f);
	json_put_text(resource, "type", type);
	json_put_text(resource, "id", id);
	json_put(said, "resource", resource);
	return true;
}

static bool
take_context(const struct json *c, struct json *said, struct fault *f)
{
	struct json *context, *device, *supports, *ip, *source;

	if (c == NULL)
		return true;
	if (!is_object(c))
		return expected("context", "an object", f);
	if ((context = copy(c)) == NULL)
		return expected("context", "whole numbers, texts and lists", f);
	json_free(json_take(context, "time")); /* the clock is ours */
	if ((device = json_take(context, "device")) != NULL)
		json_put(said, "device", device);
	if ((supports = json_take(context, "supports")) != NULL)
		json_put(said, "supports", supports);
	if ((ip = json_take(context, "source_ip")) != NULL) {
		source = json_object();
		json_put(source, "ip", ip);
		json_put(said, "source", source);
	}
	json_put(said, "context", context);
	return true;
}

bool
authz_question_read(const struct authz_parts *from, struct authz_question *ret, struct fault *f)
{
	ret->said = json_object();
	if (ret->said == NULL)
		return fault_set(f, FAULT_INTERNAL, "authzen: out of memory");
	return take_subject(from->subject, ret, f) && take_action(from->action, ret->said, f) &&
	       take_resource(from->resource, ret->said, f) &&
	       take_context(from->context, ret->said, f) &&
	       request_read(ret->said, &ret->request, &ret->room, f);
}
