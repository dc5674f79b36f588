/* daemon/enrol_code.c - see enrol_code.h. */
#include "daemon/enrol_code.h"

#include <string.h>

#include "base/text.h"
#include "daemon/fetch.h"

#define BEGINS "quatrain:enrol?"

void
enrol_code_put(struct bytes *b, const char *url, const char *token, bool rsa)
{
	bytes_put_text(b, BEGINS "url=");
	fetch_put_escaped(b, url);
	bytes_put_text(b, "&token=");
	fetch_put_escaped(b, token);
	if (rsa)
		bytes_put_text(b, "&key=rsa");
}

/* One parameter as it is read; value is wiped by who calls. */
struct param {
	const char *name;
	char *value;
	size_t size;
	bool seen;
};

/* Cut the octets before the separator off o; all of it where there is none. */
static struct octets
cut(struct octets *o, char separator)
{
	struct octets first = { .at = o->at };
	const uint8_t *end = o->n == 0 ? NULL : memchr(o->at, separator, o->n);

	first.n = end == NULL ? o->n : (size_t)(end - o->at);
	o->at += first.n + (end != NULL);
	o->n -= first.n + (end != NULL);
	return first;
}

static bool
read_param(struct octets text, struct param *params, size_t n, struct fault *f)
{
	struct octets name = cut(&text, '=');
	size_t i = 0;

	while (i < n && !octets_same(name, octets_text(params[i].name)))
		i++;
	if (i == n)
		return fault_set(f, FAULT_BADREQ,
		    "code: it has a parameter that this quatrain does not know; a newer one may");
	if (params[i].seen)
		return fault_set(f, FAULT_BADREQ, "code: %s stands there twice", params[i].name);
	params[i].seen = true;
	if (text.n == 0 || !text_unpercent(text, params[i].value, params[i].size))
		return fault_set(
		    f, FAULT_BADREQ, "code: RFC 3986 section 2.1: %s is damaged", params[i].name);
	return true;
}

/* https and a host, in printable ASCII: it goes into command lines and onto terminals. */
static bool
is_url(const char *s)
{
	if (strncmp(s, "https://", 8) != 0 || s[8] == '\0' || s[8] == '/')
		return false;
	for (; *s != '\0'; s++)
		if (*s <= ' ' || *s > '~')
			return false;
	return true;
}

bool
enrol_code_read(struct octets text, struct enrol_code *ret, struct fault *f)
{
	struct enrol_code c = { .url = "" };
	char token[ENROL_CODE_TOKEN_MAX], key[8] = "";
	struct param params[] = {
		{ "url", c.url, sizeof(c.url), false },
		{ "token", token, sizeof(token), false },
		{ "key", key, sizeof(key), false },
	};
	bool ok = true;

	if (text.n > ENROL_CODE_MAX || !octets_take_text(&text, BEGINS))
		return fault_set(f, FAULT_BADREQ, "code: expected " BEGINS "url=...&token=...");
	while (ok && text.n > 0)
		ok = read_param(cut(&text, '&'), params, sizeof(params) / sizeof(params[0]), f);
	if (ok && (!params[0].seen || !params[1].seen))
		ok = fault_set(f, FAULT_BADREQ, "code: expected url and token in it");
	else if (ok && !is_url(c.url))
		ok = fault_set(f, FAULT_BADREQ, "code: its url is not https://HOST[:PORT]");
	else if (ok && params[2].seen && strcmp(key, "rsa") != 0 && strcmp(key, "p256") != 0)
		ok = fault_set(f, FAULT_BADREQ, "code: its key is neither p256 nor rsa");
	c.rsa = strcmp(key, "rsa") == 0;
	if (ok && (ok = secret_copy(octets_text(token), &c.token, f)))
		*ret = c;
	secret_wipe(token, sizeof(token));
	return ok;
}
