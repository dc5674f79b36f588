/* tests/fuzz/conf.c - a file of any octets is taken or refused on one line. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"

struct sample {
	char text[CONF_TEXT_MAX], address[CONF_TEXT_MAX], url[CONF_TEXT_MAX], choice[CONF_TEXT_MAX];
	struct conf_list names;
	int64_t count, ttl_s;
	bool on;
};

static const struct conf_key KEYS[] = {
	{ "text", CONF_TEXT, offsetof(struct sample, text), "x", NULL },
	{ "listen.public", CONF_ADDRESS, offsetof(struct sample, address), NULL, NULL },
	{ "url", CONF_URL, offsetof(struct sample, url), NULL, NULL },
	{ "choice", CONF_CHOICE, offsetof(struct sample, choice), NULL, "debug|info" },
	{ "names", CONF_LIST, offsetof(struct sample, names), "a,b", NULL },
	{ "count", CONF_COUNT, offsetof(struct sample, count), NULL, "1..64" },
	{ "ttl", CONF_DURATION, offsetof(struct sample, ttl_s), NULL, NULL },
	{ "on", CONF_BOOL, offsetof(struct sample, on), NULL, NULL },
};

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct sample s;
	struct fault f;

	if (!conf_parse("f", (const char *)at, n, KEYS, sizeof(KEYS) / sizeof(KEYS[0]), &s, &f) &&
	    (strncmp(f.text, "f:", 2) != 0 || strstr(f.text, ": expected ") == NULL))
		abort();
	return 0;
}
