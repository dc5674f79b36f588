/* daemon/fetch_stream.c - see fetch_stream.h. */
#include "daemon/fetch_stream.h"

#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

static size_t
give(char *at, size_t size, size_t n, void *with)
{
	const struct fetch_ask *ask = with;
	size_t got = ask->read(ask->with, at, size * n);

	return got == 0 || got > size * n ? CURL_READFUNC_ABORT : got;
}

static int
give_again(void *with, curl_off_t offset, int from)
{
	const struct fetch_ask *ask = with;

	return offset == 0 && from == SEEK_SET && ask->rewind != NULL && ask->rewind(ask->with)
		   ? CURL_SEEKFUNC_OK
		   : CURL_SEEKFUNC_CANTSEEK;
}

/* The interface takes pointers to void and promises nothing: they come back to us alone. */
bool
fetch_stream_set(void *curl, const struct fetch_ask *ask)
{
	void *with;

	(void)memcpy(&with, &ask, sizeof(with));
	return curl_easy_setopt(curl, CURLOPT_POSTFIELDS, NULL) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_READFUNCTION, give) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_READDATA, with) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, give_again) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SEEKDATA, with) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, NULL) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)ask->octets) ==
		   CURLE_OK;
}
