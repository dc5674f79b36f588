/* daemon/api_filter.c - what the query of a search says; see api_find.h. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "ca/log.h"
#include "daemon/api_find.h"
#include "daemon/cursor.h"

#define SERIAL     TBS_SERIAL_OCTETS
#define DIGITS_MIN 4
#define LIMIT_MAX  1000
#define LIMIT      100

static const char *const filters[] = { "device", "name", "status", "kind", "profile", "enroller",
	"how", "token", "serial", "key", "ends_before", "ends_after", "after", "limit", NULL };

static const char *const statuses[] = { "good", "held", "revoked", "expired", "pending",
	"abandoned", "" };

/* Those that are plain texts. */
static const struct {
	const char *name;
	size_t at, size;
} texts[] = {
#define TEXT(member)                                                                               \
	{                                                                                          \
#member, offsetof(struct find, member), sizeof(((struct find *)0)->member)         \
	}
	TEXT(device),
	TEXT(name),
	TEXT(status),
	TEXT(kind),
	TEXT(profile),
	TEXT(enroller),
	TEXT(how),
	TEXT(token),
};

bool
find_read_serial(
    const char *text, uint8_t serial[static SERIAL], size_t *ret_digits, struct fault *f)
{
	char whole[SERIAL * 2 + 1];
	size_t n = strlen(text);

	if (n < DIGITS_MIN || n >= sizeof(whole))
		return fault_set(f, FAULT_BADREQ, "serial: expected %d to %d hex digits",
		    DIGITS_MIN, SERIAL * 2);
	memset(whole, '0', sizeof(whole) - 1);
	whole[sizeof(whole) - 1] = '\0';
	memcpy(whole, text, n);
	if (!text_unhex(whole, serial, SERIAL))
		return fault_set(f, FAULT_BADREQ, "serial: expected %d to %d hex digits",
		    DIGITS_MIN, SERIAL * 2);
	*ret_digits = n;
	return true;
}

bool
find_read_key(const char *text, uint8_t key[static 32], struct fault *f)
{
	return text_unhex(text, key, 32) ||
	       fault_set(f, FAULT_BADREQ,
		   "key: expected 64 hex digits: the SHA-256 of a SubjectPublicKeyInfo");
}

static bool
read_time(const struct exchange *x, const char *name, int64_t *ret_s, struct fault *f)
{
	char text[40];

	if (!api_query(x, name, text, sizeof(text), f))
		return false;
	return text[0] == '\0' || log_time(text, ret_s) ||
	       fault_set(f, FAULT_BADREQ, "%s: RFC 3339: expected a time such as %s", name,
		   "2026-11-22T14:30:00Z");
}

static bool
read_word(const char *name, const char *word, const char *const *words, struct fault *f)
{
	while (**words != '\0' && strcmp(*words, word) != 0)
		words++;
	return word[0] == '\0' || **words != '\0' ||
	       fault_set(f, FAULT_BADREQ,
		   "%s: expected good, held, revoked, expired, pending or abandoned", name);
}

bool
api_limit(const struct exchange *x, size_t *ret, struct fault *f)
{
	char text[24], *end;
	long v;

	if (!api_query(x, "limit", text, sizeof(text), f))
		return false;
	*ret = LIMIT;
	if (text[0] == '\0')
		return true;
	v = strtol(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || v < 1 || v > LIMIT_MAX)
		return fault_set(f, FAULT_BADREQ, "limit: expected 1 to %d", LIMIT_MAX);
	*ret = (size_t)v;
	return true;
}

bool
api_after(const struct exchange *x, char *to, size_t size, struct fault *f)
{
	size_t n;

	memset(to, 0, size);
	if (!cursor_of(x, (uint8_t *)to, size - 1, &n, f))
		return false;
	return strlen(to) == n ||
	       fault_set(f, FAULT_BADREQ, "after: expected the next of an earlier page");
}

void
api_put_next(const struct exchange *x, struct json *page, const char *last)
{
	cursor_put(page, x->path, octets_text(last));
}

bool
api_query_only(const struct exchange *x, const char *const *names, struct fault *f)
{
	struct octets in = x->query;

	while (in.n > 0) {
		const uint8_t *end = memchr(in.at, '&', in.n), *is;
		struct octets one = octets_of(in.at, end == NULL ? in.n : (size_t)(end - in.at));
		size_t i = 0;

		in = end == NULL ? octets_of(NULL, 0) : octets_of(end + 1, in.n - one.n - 1);
		if (one.n == 0)
			continue;
		if ((is = memchr(one.at, '=', one.n)) != NULL)
			one.n = (size_t)(is - one.at);
		while (names[i] != NULL && !octets_same(one, octets_text(names[i])))
			i++;
		if (names[i] == NULL)
			return fault_set(f, FAULT_BADREQ, "query: \"%.*s\" is not known here",
			    one.n > 64 ? 64 : (int)one.n, (const char *)one.at);
	}
	return true;
}

static bool
read_texts(const struct exchange *x, struct find *a, struct fault *f)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!api_query(x, texts[i].name, (char *)a + texts[i].at, texts[i].size, f))
			return false;
	return read_word("status", a->status, statuses, f);
}

static bool
read_digests(const struct exchange *x, struct find *a, struct fault *f)
{
	char text[80];
	size_t n;

	if (!api_query(x, "serial", text, sizeof(text), f) ||
	    (text[0] != '\0' && !find_read_serial(text, a->serial, &a->digits, f)) ||
	    !api_query(x, "key", text, sizeof(text), f))
		return false;
	a->by_key = text[0] != '\0';
	if ((a->by_key && !find_read_key(text, a->key, f)) ||
	    !cursor_of(x, a->after, SERIAL, &n, f))
		return false;
	a->on = n > 0;
	return n == 0 || n == SERIAL ||
	       fault_set(f, FAULT_BADREQ, "after: expected the next of an earlier page");
}

bool
find_read(const struct exchange *x, struct find *ret, struct fault *f)
{
	*ret = (struct find){ .ends_before_s = INT64_MAX, .ends_after_s = INT64_MIN };
	return api_query_only(x, filters, f) && read_texts(x, ret, f) && read_digests(x, ret, f) &&
	       read_time(x, "ends_before", &ret->ends_before_s, f) &&
	       read_time(x, "ends_after", &ret->ends_after_s, f) && api_limit(x, &ret->limit, f);
}
