/* base/conf_value.c - see conf_value.h. */
#include "base/conf_value.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define DIGITS "0123456789"
#define PATH_CHARS                                                                                 \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS "/-._~!$&'()*+,;=:@%"

/* A text that is known to fit and to be printable. */
static bool
set_text(const struct conf_key *k, void *field, const char *s)
{
	(void)k;
	memcpy(field, s, strlen(s) + 1);
	return true;
}

static bool
set_label(const struct conf_key *k, void *field, const char *s)
{
	return text_is_label(s) && set_text(k, field, s);
}

static bool
set_host(const struct conf_key *k, void *field, const char *s)
{
	return text_is_host(s) && set_text(k, field, s);
}

/* The n octets at s as text of their own. */
static bool
cut_out(const char *s, size_t n, char to[static CONF_TEXT_MAX])
{
	if (n >= CONF_TEXT_MAX)
		return false;
	memcpy(to, s, n);
	to[n] = '\0';
	return true;
}

/* A DNS name, an IPv4 address, or an IPv6 address in brackets. */
static bool
is_place(const char *s, size_t n)
{
	char text[CONF_TEXT_MAX];
	uint8_t to[sizeof(struct in6_addr)];

	if (n > 2 && s[0] == '[' && s[n - 1] == ']')
		return cut_out(s + 1, n - 2, text) && inet_pton(AF_INET6, text, to) == 1;
	if (!cut_out(s, n, text))
		return false;
	if (strspn(text, DIGITS ".") == n)
		return inet_pton(AF_INET, text, to) == 1;
	return text_is_host(text);
}

/* The length of the place that s begins with: to the colon before its port, or to its end. */
static size_t
place_length(const char *s)
{
	const char *close = s[0] == '[' ? strchr(s, ']') : NULL;
	size_t skip = close == NULL ? 0 : (size_t)(close - s);

	return skip + strcspn(s + skip, ":");
}

static bool
is_port(const char *s)
{
	size_t n = strlen(s);

	return n >= 1 && n <= 5 && strspn(s, DIGITS) == n && (s[0] != '0' || n == 1) &&
	       strtol(s, NULL, 10) <= UINT16_MAX;
}

static bool
is_address(const char *s)
{
	size_t n = place_length(s);

	return s[n] == ':' && is_port(s + n + 1) && is_place(s, n);
}

static bool
set_address(const struct conf_key *k, void *field, const char *s)
{
	return is_address(s) && set_text(k, field, s);
}

static bool
set_url(const struct conf_key *k, void *field, const char *s)
{
	const char *from = s + strlen("http://");
	char authority[CONF_TEXT_MAX], whole[CONF_TEXT_MAX];
	size_t n;

	if (strncmp(s, "http://", strlen("http://")) != 0)
		return false;
	n = strcspn(from, "/");
	if (!cut_out(from, n, authority) || from[n + strspn(from + n, PATH_CHARS)] != '\0')
		return false;
	if (!is_address(authority) && !is_place(authority, n))
		return false;
	n = strlen(s);
	while (s[n - 1] == '/')
		n--;
	return cut_out(s, n, whole) && set_text(k, field, whole);
}

static bool
set_choice(const struct conf_key *k, void *field, const char *s)
{
	size_t len = strlen(s);

	for (const char *word = k->more; word != NULL;) {
		size_t n = strcspn(word, "|");

		if (n == len && strncmp(word, s, n) == 0)
			return set_text(k, field, s);
		word = word[n] == '\0' ? NULL : word + n + 1;
	}
	return false;
}

/* A whole number as people write it: no sign but minus, no zeros in front. */
static bool
parse_count(const char *s, int64_t *ret)
{
	const char *digits = s + (s[0] == '-');
	long long v;

	if (*digits == '\0' || digits[strspn(digits, DIGITS)] != '\0' ||
	    (digits[0] == '0' && s[1] != '\0'))
		return false;
	errno = 0;
	v = strtoll(s, NULL, 10);
	*ret = v;
	return errno == 0;
}

/* v lies in a range that reads "lo..hi". */
static bool
is_in(const char *range, int64_t v)
{
	const char *dots = strstr(range, "..");
	char text[CONF_TEXT_MAX];
	int64_t lo, hi;

	return dots != NULL && cut_out(range, (size_t)(dots - range), text) &&
	       parse_count(text, &lo) && parse_count(dots + 2, &hi) && v >= lo && v <= hi;
}

static bool
set_count(const struct conf_key *k, void *field, const char *s)
{
	int64_t v;

	if (!parse_count(s, &v) || (k->more != NULL && !is_in(k->more, v)))
		return false;
	memcpy(field, &v, sizeof(v));
	return true;
}

static bool
set_duration(const struct conf_key *k, void *field, const char *s)
{
	int64_t v = 0;

	if ((k->more == NULL || strcmp(s, k->more) != 0) && !text_duration(s, &v))
		return false;
	memcpy(field, &v, sizeof(v));
	return true;
}

static bool
set_bool(const struct conf_key *k, void *field, const char *s)
{
	bool v = strcmp(s, "true") == 0;

	(void)k;
	if (!v && strcmp(s, "false") != 0)
		return false;
	memcpy(field, &v, sizeof(v));
	return true;
}

static bool
set_list(const struct conf_key *k, void *field, const char *s)
{
	struct conf_list *list = field;

	return list->n < CONF_LIST_MAX && set_text(k, list->at[list->n++], s);
}

static bool
set_choices(const struct conf_key *k, void *field, const char *s)
{
	struct conf_list *list = field;

	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->at[i], s) == 0)
			return false;
	return list->n < CONF_LIST_MAX && set_choice(k, list->at[list->n], s) && ++list->n > 0;
}

static const struct type {
	bool (*set)(const struct conf_key *k, void *field, const char *s);
	size_t size;
	bool text;                /* may stand in quotes */
	const char *what, *joint; /* joint comes before more */
} TYPES[] = {
	[CONF_TEXT] = { set_text, CONF_TEXT_MAX, true, "text of 1 to 255 printable octets", "" },
	[CONF_LABEL] = { set_label, CONF_TEXT_MAX, true, "a lower-case DNS label", "" },
	[CONF_HOST] = { set_host, CONF_TEXT_MAX, true, "a lower-case DNS name", "" },
	[CONF_ADDRESS] = { set_address, CONF_TEXT_MAX, true, "HOST:PORT or [IPV6]:PORT", "" },
	[CONF_URL] = { set_url, CONF_TEXT_MAX, true, "http://HOST[:PORT][/PATH]", "" },
	[CONF_CHOICE] = { set_choice, CONF_TEXT_MAX, true, "one", " of " },
	[CONF_COUNT] = { set_count, sizeof(int64_t), false, "a whole number", " in " },
	[CONF_DURATION] = { set_duration, sizeof(int64_t), true,
	    "a duration such as 90d, 24h, 15m, 30s", " or " },
	[CONF_BOOL] = { set_bool, sizeof(bool), false, "true or false", "" },
	[CONF_LIST] = { set_list, sizeof(struct conf_list), true, "a list of at most 16 texts",
	    "" },
	[CONF_CHOICES] = { set_choices, sizeof(struct conf_list), true, "a list of each once",
	    " of " },
	[CONF_ROWS] = { NULL, sizeof(size_t), false, "a list of mappings", "" },
};

static void *
field_of(const struct conf_key *k, void *ret)
{
	return (char *)ret + k->offset;
}

/* Texts go into certificates and log lines; none may hold a control. */
static bool
is_clean(const char *s)
{
	size_t n = strnlen(s, CONF_TEXT_MAX);

	if (n == 0 || n == CONF_TEXT_MAX)
		return false;
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

bool
conf_value_set(const struct conf_key *k, void *ret, const char *s, bool quoted)
{
	const struct type *type = &TYPES[k->type];

	/* These two are how YAML says nothing. */
	if (!quoted && (strcmp(s, "~") == 0 || strcmp(s, "null") == 0))
		return false;
	return (type->text || !quoted) && is_clean(s) && type->set(k, field_of(k, ret), s);
}

void
conf_value_clear(const struct conf_key *k, void *ret)
{
	memset(field_of(k, ret), 0, TYPES[k->type].size);
}

void
conf_value_at(const struct conf_key *k, void *ret, size_t line)
{
	struct conf_list *list = field_of(k, ret);

	if (conf_value_is_list(k) && list->n > 0)
		list->line[list->n - 1] = line;
}

bool
conf_value_is_list(const struct conf_key *k)
{
	return k->type == CONF_LIST || k->type == CONF_CHOICES;
}

bool
conf_value_reset(const struct conf_key *k, void *ret)
{
	char item[CONF_TEXT_MAX];

	conf_value_clear(k, ret);
	if (k->fallback == NULL)
		return true;
	if (!conf_value_is_list(k))
		return conf_value_set(k, ret, k->fallback, false);
	for (const char *at = k->fallback; at != NULL;) {
		size_t n = strcspn(at, ",");

		if (!cut_out(at, n, item) || !conf_value_set(k, ret, item, false))
			return false;
		at = at[n] == '\0' ? NULL : at + n + 1;
	}
	return true;
}

void
conf_value_expected(const struct conf_key *k, char to[static CONF_EXPECTED_MAX])
{
	const struct type *type = &TYPES[k->type];
	bool more = type->joint[0] != '\0' && k->more != NULL;

	(void)snprintf(to, CONF_EXPECTED_MAX, "%s%s%s", type->what, more ? type->joint : "",
	    more ? (const char *)k->more : "");
}
