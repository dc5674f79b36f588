/* daemon/fetch_send.c - see fetch_send.h. */
#include "daemon/fetch_send.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#define CONNECT_S    15L
#define BUFFER       262144L
#define PASSWORD_MAX 512
#define PROVIDER_MAX 128

struct sending {
	const struct fetch_send *what;
	CURL *curl;
	struct curl_slist *headers, *to;
	size_t got;
	bool broken;
	char why[CURL_ERROR_SIZE];
};

static size_t
give(char *at, size_t size, size_t n, void *with)
{
	struct sending *s = with;
	size_t given = s->what->read(s->what->with, at, size * n);

	if (given != FETCH_SEND_BROKEN)
		return given;
	s->broken = true;
	return CURL_READFUNC_ABORT;
}

/* What the other side says beside its status is of no use here. */
static size_t
take(char *at, size_t size, size_t n, void *with)
{
	struct sending *s = with;

	(void)at;
	s->got += size * n;
	return s->got > FETCH_SEND_REPLY_MAX ? 0 : size * n;
}

static bool
add(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*list, line);

	if (longer == NULL)
		return false;
	*list = longer;
	return true;
}

/* A password in clear crosses no network: http and smtp lead to this machine alone. */
static bool
may_go_plain(const char *url)
{
	static const char *const here[] = { "http://127.0.0.1", "http://localhost", "http://[::1]",
		"smtp://127.0.0.1", "smtp://localhost", "smtp://[::1]" };
	size_t n;

	for (size_t i = 0; i < sizeof(here) / sizeof(here[0]); i++) {
		n = strlen(here[i]);
		if (strncasecmp(url, here[i], n) == 0 && (url[n] == ':' || url[n] == '/'))
			return true;
	}
	return false;
}

static bool
is_tls(const char *url)
{
	return strncasecmp(url, "https://", 8) == 0 || strncasecmp(url, "smtps://", 8) == 0;
}

static bool
set_trust(CURL *curl, struct octets roots)
{
	struct curl_blob blob = { .len = roots.n, .flags = CURL_BLOB_COPY };

	/* The interface takes a pointer to void and promises in its flags to copy only. */
	(void)memcpy(&blob.data, &roots.at, sizeof(blob.data));
	if (roots.n > 0 && (curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) != CURLE_OK ||
			       curl_easy_setopt(curl, CURLOPT_CAINFO, NULL) != CURLE_OK ||
			       curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &blob) != CURLE_OK))
		return false;
	return curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) ==
		   CURLE_OK;
}

static bool
set_credentials(CURL *curl, const struct fetch_send *w)
{
	char password[PASSWORD_MAX];
	struct octets o;
	bool ok;

	if (w->user == NULL)
		return true;
	o = secret_octets(w->password);
	if (o.n >= sizeof(password))
		return false;
	(void)memcpy(password, o.at, o.n);
	password[o.n] = '\0';
	ok = curl_easy_setopt(curl, CURLOPT_USERNAME, w->user) == CURLE_OK &&
	     curl_easy_setopt(curl, CURLOPT_PASSWORD, password) == CURLE_OK;
	secret_wipe(password, sizeof(password));
	return ok;
}

static bool
set_bounds(CURL *curl)
{
	return curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,http,smtps,smtp") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) ==
		   CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_S) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, FETCH_SEND_SILENT_S) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, BUFFER) == CURLE_OK;
}

static bool
set_ways(struct sending *s)
{
	CURL *curl = s->curl;

	return curl_easy_setopt(curl, CURLOPT_URL, s->what->url) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, s->why) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_READFUNCTION, give) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_READDATA, s) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_WRITEDATA, s) == CURLE_OK &&
	       (s->what->octets == FETCH_SEND_UNKNOWN ||
		   curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)s->what->octets) ==
		       CURLE_OK);
}

/* The secret key signs; the payload's digest would have to be known before it is sent. */
static bool
set_s3(struct sending *s)
{
	char provider[PROVIDER_MAX];

	if (s->what->way != FETCH_S3)
		return true;
	(void)snprintf(provider, sizeof(provider), "aws:amz:%s:s3", s->what->region);
	return add(&s->headers, "x-amz-content-sha256: UNSIGNED-PAYLOAD") &&
	       curl_easy_setopt(s->curl, CURLOPT_AWS_SIGV4, provider) == CURLE_OK;
}

static bool
set_http(struct sending *s)
{
	char line[FETCH_SEND_REPLY_MAX / 256];

	(void)snprintf(line, sizeof(line), "Content-Type: %s",
	    s->what->type == NULL ? "application/octet-stream" : s->what->type);
	/* Who is asked for a password after 200 MB would have to send them again: ask before. */
	return add(&s->headers, line) && add(&s->headers, "Expect: 100-continue") && set_s3(s) &&
	       curl_easy_setopt(s->curl, CURLOPT_HTTPHEADER, s->headers) == CURLE_OK &&
	       (s->what->way == FETCH_S3 ||
		   curl_easy_setopt(s->curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC) == CURLE_OK);
}

static bool
set_mail(struct sending *s)
{
	return add(&s->to, s->what->to) &&
	       curl_easy_setopt(s->curl, CURLOPT_MAIL_FROM, s->what->from) == CURLE_OK &&
	       curl_easy_setopt(s->curl, CURLOPT_MAIL_RCPT, s->to) == CURLE_OK;
}

static const struct {
	CURLcode code;
	enum fault_code kind;
	const char *text;
} reasons[] = {
	{ CURLE_URL_MALFORMAT, FAULT_BADREQ, "the URL is malformed" },
	{ CURLE_UNSUPPORTED_PROTOCOL, FAULT_BADREQ, "expected https:// or smtps://" },
	{ CURLE_PEER_FAILED_VERIFICATION, FAULT_DENIED, "it is not who it should be" },
	{ CURLE_SSL_CACERT_BADFILE, FAULT_BADREQ, "its root certificates cannot be used" },
	{ CURLE_LOGIN_DENIED, FAULT_DENIED, "it does not let us in" },
	{ CURLE_OUT_OF_MEMORY, FAULT_INTERNAL, "out of memory" },
	{ CURLE_OPERATION_TIMEDOUT, FAULT_BUSY, "it is silent" },
	{ CURLE_COULDNT_RESOLVE_HOST, FAULT_BUSY, "no such host" },
	{ CURLE_COULDNT_CONNECT, FAULT_BUSY, "nobody answers there" },
};

static bool
judge_code(const struct sending *s, CURLcode code, struct fault *f)
{
	const char *why = s->why[0] != '\0' ? s->why : curl_easy_strerror(code);

	if (code == CURLE_OK)
		return true;
	if (s->broken)
		return fault_set(f, FAULT_CONFLICT, "send: what was to be sent was cut off");
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].code == code)
			return fault_set(f, reasons[i].kind, "send: %s (%s)", reasons[i].text, why);
	return fault_set(f, FAULT_BUSY, "send: %s", why);
}

static bool
judge_status(long status, struct fault *f)
{
	if (status == 200 || status == 201 || status == 204 || status == 250)
		return true;
	if (status == 413 || status == 507 || status == 552)
		return fault_set(
		    f, FAULT_LIMIT, "send: there is no room for it (status %ld)", status);
	return fault_set(f, status >= 500 && status < 550 ? FAULT_BUSY : FAULT_DENIED,
	    "send: it was not taken (status %ld)", status);
}

static bool
send_it(struct sending *s, struct fault *f)
{
	const struct fetch_send *w = s->what;
	CURLcode code;
	long status = 0;

	if (!is_tls(w->url) && !may_go_plain(w->url))
		return fault_set(f, FAULT_BADREQ, "send: expected https:// or smtps://");
	if (w->way == FETCH_S3 && w->octets == FETCH_SEND_UNKNOWN)
		return fault_set(f, FAULT_BADREQ, "send: S3 must know how much will come");
	if (!set_ways(s) || !set_bounds(s->curl) || !set_trust(s->curl, w->roots) ||
	    !set_credentials(s->curl, w) || !(w->way == FETCH_SMTP ? set_mail(s) : set_http(s)))
		return fault_set(f, FAULT_INTERNAL, "send: libcurl lacks an option that is needed");
	code = curl_easy_perform(s->curl);
	if (code != CURLE_OK)
		return judge_code(s, code, f);
	(void)curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &status);
	return judge_status(status, f);
}

bool
fetch_send(const struct fetch_send *what, struct fault *f)
{
	struct sending s = { .what = what };
	bool ok;

	if ((s.curl = curl_easy_init()) == NULL)
		return fault_set(f, FAULT_INTERNAL, "send: out of memory");
	ok = send_it(&s, f);
	curl_easy_cleanup(s.curl);
	curl_slist_free_all(s.headers);
	curl_slist_free_all(s.to);
	return ok;
}
