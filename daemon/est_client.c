/* daemon/est_client.c - see est_client.h. */
#include "daemon/est_client.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/cms.h>
#include <openssl/err.h>

#include "base/json.h"
#include "daemon/credential.h"

#define WELL_KNOWN "/.well-known/est"

/* Where the path of an https URL begins. */
static const char *
path_of(const char *url)
{
	const char *host = url + strlen("https://");

	return host + strcspn(host, "/?#");
}

static size_t
trimmed(const char *s)
{
	size_t n = strlen(s);

	while (n > 0 && s[n - 1] == '/')
		n--;
	return n;
}

/* The label in url cut in two; profile is empty where it has none. */
static bool
label_of(const char *url, char tenant[static TEXT_LABEL_MAX], char profile[static TEXT_LABEL_MAX])
{
	const size_t n = strlen(WELL_KNOWN "/");
	char label[2 * TEXT_LABEL_MAX], *colon;
	const char *path;
	size_t len;

	if (strncmp(url, "https://", 8) != 0 ||
	    strncmp(path = path_of(url), WELL_KNOWN "/", n) != 0)
		return false;
	len = trimmed(path + n);
	if (len == 0 || len >= sizeof(label))
		return false;
	(void)memcpy(label, path + n, len);
	label[len] = '\0';
	if ((colon = strchr(label, ':')) != NULL)
		*colon++ = '\0';
	if (!text_is_label(label) || (colon != NULL && !text_is_label(colon)))
		return false;
	(void)snprintf(tenant, TEXT_LABEL_MAX, "%.63s", label);
	(void)snprintf(profile, TEXT_LABEL_MAX, "%.63s", colon == NULL ? "" : colon);
	return true;
}

bool
est_tenant_of(const char *url, char to[static TEXT_LABEL_MAX])
{
	char profile[TEXT_LABEL_MAX];

	return label_of(url, to, profile);
}

/* What url has and what was said agree, where both speak. *said becomes the one that there is. */
static bool
agree(const char *what, const char *in_url, const char **said, struct fault *f)
{
	if (*said != NULL && in_url[0] != '\0' && strcmp(*said, in_url) != 0)
		return fault_set(
		    f, FAULT_BADREQ, "est: the URL is of %s %s, not of %s", what, in_url, *said);
	if (*said == NULL && in_url[0] != '\0')
		*said = in_url;
	return true;
}

bool
est_place(const char *url, const char *tenant, const char *profile, struct est_place *ret,
    struct fault *f)
{
	char in_url[TEXT_LABEL_MAX] = "", kind[TEXT_LABEL_MAX] = "";
	const char *path;
	size_t path_n;
	bool has = label_of(url, in_url, kind);

	if (strncmp(url, "https://", 8) != 0 || (path = path_of(url)) == url + 8)
		return fault_set(
		    f, FAULT_BADREQ, "est: expected https://HOST[:PORT], found %s", url);
	path_n = trimmed(path);
	if (!has && path_n != 0 &&
	    (path_n != strlen(WELL_KNOWN) || strncmp(path, WELL_KNOWN, path_n) != 0))
		return fault_set(f, FAULT_BADREQ,
		    "est: RFC 7030 section 3.2.2: expected https://HOST[:PORT]" WELL_KNOWN
		    "/TENANT[:PROFILE], found %s",
		    url);
	if (!agree("tenant", in_url, &tenant, f) || !agree("profile", kind, &profile, f))
		return false;
	if (tenant == NULL)
		return fault_set(
		    f, FAULT_BADREQ, "est: which tenant? neither URL nor token nor --tenant says");
	if ((size_t)snprintf(ret->base, sizeof(ret->base), "%.*s" WELL_KNOWN "/%s%s%s",
		(int)(path - url), url, tenant, profile == NULL ? "" : ":",
		profile == NULL ? "" : profile) >= sizeof(ret->base) ||
	    (size_t)snprintf(ret->label, sizeof(ret->label), "%s", tenant) >= sizeof(ret->label))
		return fault_set(f, FAULT_BADREQ, "est: the URL is too long");
	return true;
}

static bool
take_certs(CMS_ContentInfo *cms, STACK_OF(X509) * *ret, struct fault *f)
{
	STACK_OF(X509) * certs;
	int n;

	if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed)
		return fault_set(f, FAULT_BADREQ, "est: RFC 5652 section 5.1: expected SignedData");
	if ((certs = CMS_get1_certs(cms)) == NULL || (n = sk_X509_num(certs)) == 0) {
		credential_certs_free(certs);
		return fault_crypto(
		    f, FAULT_BADREQ, "est: RFC 7030 section 4.1.3: no certificate in it");
	}
	if (n > CREDENTIAL_CERTS_MAX) {
		credential_certs_free(certs);
		return fault_set(
		    f, FAULT_LIMIT, "est: %d certificates, over %d", n, CREDENTIAL_CERTS_MAX);
	}
	*ret = certs;
	return true;
}

bool
est_certs_parse(struct octets body, STACK_OF(X509) * *ret, struct fault *f)
{
	CMS_ContentInfo *cms = NULL;
	struct bytes der = { 0 };
	const uint8_t *p;
	bool ok = false;

	if (body.n > EST_BODY_MAX)
		return fault_set(f, FAULT_LIMIT, "est: %zu octets, over %u", body.n, EST_BODY_MAX);
	if (!text_unbase64(body, &der, f) || !bytes_ok(&der, f))
		goto out;
	p = der.at;
	if ((cms = d2i_CMS_ContentInfo(NULL, &p, (long)der.n)) == NULL)
		fault_crypto(f, FAULT_BADREQ, "est: RFC 5652 section 3: not CMS");
	else if (p != der.at + der.n)
		fault_set(f, FAULT_BADREQ, "est: %td octets behind the CMS", der.at + der.n - p);
	else
		ok = take_certs(cms, ret, f);
out:
	CMS_ContentInfo_free(cms);
	bytes_free(&der);
	return ok;
}

/* The server's own words: a problem document's detail, or plain text's beginning. */
static void
words_of(const struct fetch_reply *r, char *to, size_t size)
{
	struct json *j = NULL;
	struct fault none;
	const char *detail = NULL;
	size_t n = r->body.n < 160 ? r->body.n : 160;

	if (strncmp(r->type, "application/problem+json", 24) == 0 &&
	    json_parse(octets_bytes(&r->body), &j, &none))
		detail = json_text(j, "detail");
	if (detail != NULL)
		(void)snprintf(to, size, "%.160s", detail);
	else if (n > 0 && strncmp(r->type, "text/plain", 10) == 0)
		(void)snprintf(to, size, "%.*s", (int)n, (const char *)r->body.at);
	else
		(void)snprintf(to, size, "it says no more");
	to[strcspn(to, "\r\n")] = '\0';
	json_free(j);
}

static bool
refuse(const struct fetch_reply *r, const char *operation, struct fault *f)
{
	char words[256];

	words_of(r, words, sizeof(words));
	return fault_set(
	    f, fetch_fault_code(r->status), "est: %s: status %ld: %s", operation, r->status, words);
}

/* One question; what comes is any status. */
static bool
ask(struct fetch *c, const struct est_place *at, const char *operation, const struct bytes *body,
    struct fetch_reply *ret, struct fault *f)
{
	struct fetch_ask a = { .method = body == NULL ? "GET" : "POST" };
	char url[FETCH_URL_MAX + 32];

	(void)snprintf(url, sizeof(url), "%s/%s", at->base, operation);
	a.url = url;
	if (body != NULL) {
		a.type = "application/pkcs10";
		a.body = octets_bytes(body);
	}
	return fetch_do(c, &a, ret, f);
}

/* RFC 7030 section 4.2.3 wants the type said; some send another smime-type or none, so its name
 * alone counts. */
static bool
take_reply(
    const struct fetch_reply *r, const char *operation, STACK_OF(X509) * *ret, struct fault *f)
{
	if (r->status != 200)
		return refuse(r, operation, f);
	if (strncasecmp(r->type, "application/pkcs7-mime", 22) != 0)
		return fault_set(f, FAULT_TYPE,
		    "est: %s: expected application/pkcs7-mime, found \"%s\"; is that an EST service?",
		    operation, r->type);
	return est_certs_parse(octets_bytes(&r->body), ret, f);
}

bool
est_cacerts(struct fetch *c, const struct est_place *at, STACK_OF(X509) * *ret, struct fault *f)
{
	struct fetch_reply r = { 0 };
	bool ok;

	if (!ask(c, at, "cacerts", NULL, &r, f))
		return false;
	ok = take_reply(&r, "cacerts", ret, f);
	bytes_free(&r.body);
	return ok;
}

/* Nothing, an error and something else than attributes all mean that it does not say: what it does
 * not take it will refuse. */
bool
est_csrattrs(struct fetch *c, const struct est_place *at, const char *cn, struct est_attrs *ret,
    struct fault *f)
{
	struct fetch_reply r = { 0 };
	struct est_attrs a = { 0 };
	bool ok = true;

	if (!ask(c, at, "csrattrs", NULL, &r, f))
		return false;
	if (r.status == 200 && r.body.n > 0 && strncasecmp(r.type, "application/csrattrs", 20) == 0)
		ok = est_attrs_parse(octets_bytes(&r.body), cn, &a, f);
	bytes_free(&r.body);
	if (ok)
		*ret = a;
	return ok;
}

/* The one that is for our key; a service may send its chain along. */
static X509 *
find_ours(STACK_OF(X509) * certs, EVP_PKEY *key)
{
	for (int i = 0; i < sk_X509_num(certs); i++) {
		X509 *c = sk_X509_value(certs, i);

		if (EVP_PKEY_eq(X509_get0_pubkey(c), key) == 1 && X509_up_ref(c) == 1)
			return c;
	}
	return NULL;
}

bool
est_enroll(struct fetch *c, const struct est_place *at, const char *operation,
    struct octets request, EVP_PKEY *key, X509 **ret, struct fault *f)
{
	STACK_OF(X509) *certs = NULL;
	struct fetch_reply r = { 0 };
	struct bytes body = { 0 };
	X509 *ours = NULL;
	bool ok, waits;

	text_base64(request, 0, &body);
	if (!bytes_ok(&body, f) || !ask(c, at, operation, &body, &r, f)) {
		bytes_free(&body);
		return false;
	}
	bytes_free(&body);
	waits = r.status == 202;
	ok = waits || take_reply(&r, operation, &certs, f);
	bytes_free(&r.body);
	if (!ok || waits) {
		if (ok)
			*ret = NULL;
		return ok;
	}
	ours = find_ours(certs, key);
	credential_certs_free(certs);
	ERR_clear_error();
	if (ours == NULL)
		return fault_set(f, FAULT_BADREQ,
		    "est: %s: the answer holds no certificate for our key", operation);
	*ret = ours;
	return true;
}
