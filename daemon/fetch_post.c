/* daemon/fetch_post.c - see fetch_post.h. */
#include "daemon/fetch_post.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "daemon/fetch.h"

#define CONNECT_S 10L

struct post {
	struct post *next;
	CURL *curl;
	struct curl_slist *headers;
	size_t got;
	char why[CURL_ERROR_SIZE];
	void (*done)(void *with, const struct posted *how);
	void *with;
};

struct posts {
	CURLM *multi;
	struct post *all;
};

bool
posts_new(struct posts **ret, struct fault *f)
{
	struct posts *p;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return fault_set(f, FAULT_INTERNAL, "post: libcurl does not start");
	p = calloc(1, sizeof(*p));
	if (p == NULL || (p->multi = curl_multi_init()) == NULL) {
		free(p);
		return fault_set(f, FAULT_INTERNAL, "post: out of memory");
	}
	*ret = p;
	return true;
}

static void
post_free(struct post *one)
{
	curl_easy_cleanup(one->curl);
	curl_slist_free_all(one->headers);
	free(one);
}

void
posts_free(struct posts *p)
{
	if (p == NULL)
		return;
	for (struct post *one = p->all, *next; one != NULL; one = next) {
		next = one->next;
		(void)curl_multi_remove_handle(p->multi, one->curl);
		post_free(one);
	}
	(void)curl_multi_cleanup(p->multi);
	free(p);
}

/* The status is known by now: what a receiver says beside it is of no use here. */
static size_t
take(char *at, size_t size, size_t n, void *with)
{
	struct post *one = with;

	(void)at;
	one->got += size * n;
	return one->got > POST_REPLY_MAX ? 0 : size * n;
}

static bool
set_trust(CURL *curl, struct octets roots)
{
	struct curl_blob blob = { .len = roots.n, .flags = CURL_BLOB_COPY };

	/* The interface takes a pointer to void and promises in its flags to copy only. */
	(void)memcpy(&blob.data, &roots.at, sizeof(blob.data));
	return curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_CAINFO, NULL) == CURLE_OK &&
	       (roots.n == 0 || curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &blob) == CURLE_OK) &&
	       curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) ==
		   CURLE_OK;
}

static bool
set_ways(CURL *curl)
{
	return curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,http") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) ==
		   CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_S) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_TIMEOUT, POST_S) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_USERAGENT, "quatrain/" QUATRAIN_VERSION) == CURLE_OK;
}

static bool
set_body(struct post *one, const char *url, struct octets body)
{
	CURL *curl = one->curl;

	return curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_POST, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)body.n) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_POSTFIELDS, (const void *)body.at) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_HTTPHEADER, one->headers) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_WRITEDATA, one) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, one->why) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PRIVATE, one) == CURLE_OK;
}

static bool
add_headers(struct post *one, const char *const *headers)
{
	struct curl_slist *longer = curl_slist_append(NULL, "Expect:");

	for (; longer != NULL; headers++) {
		one->headers = longer;
		if (*headers == NULL)
			return true;
		longer = curl_slist_append(one->headers, *headers);
	}
	return false;
}

bool
posts_begin(struct posts *p, const char *url, struct octets roots, const char *const *headers,
    struct octets body, void (*done)(void *with, const struct posted *how), void *with,
    struct fault *f)
{
	struct post *one = calloc(1, sizeof(*one));

	if (one == NULL)
		return fault_set(f, FAULT_INTERNAL, "post: out of memory");
	one->done = done;
	one->with = with;
	if ((one->curl = curl_easy_init()) == NULL || !add_headers(one, headers) ||
	    !set_ways(one->curl) || !set_trust(one->curl, roots) || !set_body(one, url, body) ||
	    curl_multi_add_handle(p->multi, one->curl) != CURLM_OK) {
		post_free(one);
		return fault_set(f, FAULT_INTERNAL, "post: libcurl lacks what is needed");
	}
	one->next = p->all;
	p->all = one;
	return true;
}

/* The URL is not repeated: it may have a secret of the receiver's in it. */
static void
tell_of(const struct post *one, CURLcode code, struct posted *how)
{
	(void)curl_easy_getinfo(one->curl, CURLINFO_RESPONSE_CODE, &how->status);
	how->retry_after_s = -1;
	how->why[0] = '\0';
	if (code == CURLE_OK || one->got > POST_REPLY_MAX) {
		how->retry_after_s = fetch_retry_after_of(one->curl);
		return;
	}
	how->status = 0;
	(void)snprintf(how->why, sizeof(how->why), "%.159s",
	    one->why[0] != '\0' ? one->why : curl_easy_strerror(code));
}

static void
finish(struct posts *p, CURL *curl, CURLcode code)
{
	struct post **at = &p->all, *one;
	struct posted how = { .status = 0 };

	while (*at != NULL && (*at)->curl != curl)
		at = &(*at)->next;
	if ((one = *at) == NULL)
		return;
	*at = one->next;
	tell_of(one, code, &how);
	(void)curl_multi_remove_handle(p->multi, curl);
	one->done(one->with, &how);
	post_free(one);
}

void
posts_turn(struct posts *p, int fd, int wait_ms)
{
	struct curl_waitfd also = { .fd = fd, .events = CURL_WAIT_POLLIN };
	CURLMsg *m;
	int n;

	(void)curl_multi_poll(p->multi, &also, 1, wait_ms, NULL);
	(void)curl_multi_perform(p->multi, &n);
	while ((m = curl_multi_info_read(p->multi, &n)) != NULL)
		if (m->msg == CURLMSG_DONE)
			finish(p, m->easy_handle, m->data.result);
}
