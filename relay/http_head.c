/* relay/http_head.c - see http_head.h. */
#include "relay/http_head.h"

#include <string.h>
#include <strings.h>

#define NOUN "http"

static bool
refuse(unsigned *status, unsigned as, enum fault_code code, const char *why, struct fault *f)
{
	*status = as;
	return fault_set(f, code, NOUN ": %s", why);
}

/* RFC 9110 section 5.6.2. */
static bool
is_token(struct octets o)
{
	static const char marks[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < o.n; i++) {
		uint8_t c = o.at[i];

		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
			(c != 0 && strchr(marks, c) != NULL)))
			return false;
	}
	return o.n > 0;
}

/* Printable, and blanks within; octets over 0x7f are nobody's here. */
static bool
is_value(struct octets o)
{
	for (size_t i = 0; i < o.n; i++)
		if (o.at[i] != '\t' && (o.at[i] < 0x20 || o.at[i] > 0x7e))
			return false;
	return true;
}

static struct octets
trim(struct octets o)
{
	while (o.n > 0 && (o.at[0] == ' ' || o.at[0] == '\t'))
		o = octets_of(o.at + 1, o.n - 1);
	while (o.n > 0 && (o.at[o.n - 1] == ' ' || o.at[o.n - 1] == '\t'))
		o.n--;
	return o;
}

static bool
is_word(struct octets o, const char *word)
{
	return o.n == strlen(word) && strncasecmp((const char *)o.at, word, o.n) == 0;
}

/* Is word one of a list between commas? */
static bool
has_word(struct octets list, const char *word)
{
	while (list.n > 0) {
		const uint8_t *comma = memchr(list.at, ',', list.n);
		size_t n = comma == NULL ? list.n : (size_t)(comma - list.at);

		if (is_word(trim(octets_of(list.at, n)), word))
			return true;
		n += comma != NULL;
		list = octets_of(list.at + n, list.n - n);
	}
	return false;
}

/* The line at o's beginning, without its end, and o behind it: CR LF alone ends one. */
static bool
take_line(struct octets *o, struct octets *ret)
{
	const uint8_t *end = o->n == 0 ? NULL : memchr(o->at, '\n', o->n);
	size_t n = end == NULL ? 0 : (size_t)(end - o->at);

	if (end == NULL || n == 0 || end[-1] != '\r')
		return false;
	*ret = octets_of(o->at, n - 1);
	*o = octets_of(end + 1, o->n - n - 1);
	return ret->n == 0 || memchr(ret->at, '\r', ret->n) == NULL;
}

static bool
read_target(struct octets target, struct http_head *h)
{
	const uint8_t *mark;

	if (target.n == 0 || target.n > HTTP_TARGET_MAX || target.at[0] != '/')
		return false;
	for (size_t i = 0; i < target.n; i++)
		if (target.at[i] < 0x21 || target.at[i] > 0x7e || target.at[i] == '#')
			return false;
	mark = memchr(target.at, '?', target.n);
	h->path = octets_of(target.at, mark == NULL ? target.n : (size_t)(mark - target.at));
	if (mark != NULL)
		h->query = octets_of(mark + 1, target.n - h->path.n - 1);
	return true;
}

/* "POST /ipp/print HTTP/1.1" */
static bool
read_first(struct octets line, struct http_head *h, unsigned *status, struct fault *f)
{
	const uint8_t *one, *two;
	struct octets version;

	if (line.n == 0 || (one = memchr(line.at, ' ', line.n)) == NULL ||
	    (two = memchr(one + 1, ' ', line.n - (size_t)(one + 1 - line.at))) == NULL)
		return refuse(status, 400, FAULT_BADREQ,
		    "RFC 9112 section 3: expected a method, a target and a version", f);
	h->method = octets_of(line.at, (size_t)(one - line.at));
	version = octets_of(two + 1, line.n - (size_t)(two + 1 - line.at));
	if (!is_token(h->method) || h->method.n > HTTP_METHOD_MAX)
		return refuse(
		    status, 400, FAULT_BADREQ, "RFC 9112 section 3.1: that is no method", f);
	if (!read_target(octets_of(one + 1, (size_t)(two - one - 1)), h))
		return refuse(status, 400, FAULT_BADREQ,
		    "RFC 9112 section 3.2.1: expected a path as the target", f);
	if (octets_same(version, octets_text("HTTP/1.0")))
		return true;
	h->is_11 = h->keep = true;
	return octets_same(version, octets_text("HTTP/1.1")) ||
	       refuse(status, 505, FAULT_TYPE, "RFC 9110 section 15.6.6: expected HTTP/1.1", f);
}

static bool
read_field(struct octets line, struct http_head *h, unsigned *status, struct fault *f)
{
	const uint8_t *colon = memchr(line.at, ':', line.n);
	struct http_field *to = &h->fields[h->fields_n];

	if (line.at[0] == ' ' || line.at[0] == '\t')
		return refuse(status, 400, FAULT_BADREQ, "RFC 9112 section 5.2: a folded line", f);
	if (colon == NULL)
		return refuse(
		    status, 400, FAULT_BADREQ, "RFC 9112 section 5: a line without a name", f);
	if (h->fields_n == HTTP_FIELDS_MAX)
		return refuse(status, 431, FAULT_LIMIT, "too many fields", f);
	to->name = octets_of(line.at, (size_t)(colon - line.at));
	to->value = trim(octets_of(colon + 1, line.n - to->name.n - 1));
	if (!is_token(to->name) || !is_value(to->value))
		return refuse(status, 400, FAULT_BADREQ,
		    "RFC 9112 section 5.1: a field's name or value has what none may have", f);
	h->fields_n++;
	return true;
}

bool
http_head_field(const struct http_head *h, const char *name, struct octets *ret)
{
	bool found = false;

	*ret = (struct octets){ 0 };
	for (size_t i = 0; i < h->fields_n; i++) {
		if (!is_word(h->fields[i].name, name))
			continue;
		if (found)
			return false;
		found = true;
		*ret = h->fields[i].value;
		if (ret->n == 0) /* there, and empty */
			ret->at = h->fields[i].name.at;
	}
	return true;
}

static bool
read_length(struct octets o, uint64_t *ret)
{
	uint64_t v = 0;

	if (o.n == 0 || o.n > 18)
		return false;
	for (size_t i = 0; i < o.n; i++) {
		if (o.at[i] < '0' || o.at[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(o.at[i] - '0');
	}
	*ret = v;
	return true;
}

/* How long the body is, in the one way that all will agree on (RFC 9112 section 6). */
static bool
read_framing(struct http_head *h, unsigned *status, struct fault *f)
{
	struct octets length, coding;

	if (!http_head_field(h, "content-length", &length) ||
	    !http_head_field(h, "transfer-encoding", &coding) ||
	    (length.at != NULL && coding.at != NULL))
		return refuse(
		    status, 400, FAULT_BADREQ, "RFC 9112 section 6.3: two lengths of one body", f);
	if (coding.at != NULL) {
		if (!h->is_11) /* RFC 9112 section 6.1: not of HTTP/1.0 */
			return refuse(status, 400, FAULT_BADREQ,
			    "RFC 9112 section 6.1: a coding in HTTP/1.0", f);
		h->octets = HTTP_CHUNKED;
		return is_word(coding, "chunked") ||
		       refuse(status, 501, FAULT_TYPE,
			   "RFC 9112 section 6.1: expected chunked and no other coding", f);
	}
	if (length.at != NULL && !read_length(length, &h->octets))
		return refuse(
		    status, 400, FAULT_BADREQ, "RFC 9110 section 8.6: that is no length", f);
	return true;
}

static bool
read_rest(struct http_head *h, unsigned *status, struct fault *f)
{
	struct octets o;

	if (!http_head_field(h, "host", &o) || (h->is_11 && (o.at == NULL || o.n == 0)))
		return refuse(
		    status, 400, FAULT_BADREQ, "RFC 9112 section 3.2: expected one Host", f);
	if (!read_framing(h, status, f))
		return false;
	if (!http_head_field(h, "expect", &o) || (o.at != NULL && !is_word(o, "100-continue")))
		return refuse(
		    status, 417, FAULT_TYPE, "RFC 9110 section 10.1.1: expected 100-continue", f);
	h->expects = h->is_11 && o.at != NULL;
	for (size_t i = 0; i < h->fields_n; i++)
		if (is_word(h->fields[i].name, "connection") &&
		    has_word(h->fields[i].value, "close"))
			h->keep = false;
	return true;
}

/* Where the empty line ends; 0: not yet. A line's end is looked for once, from the front. */
static size_t
head_end(struct octets in)
{
	const uint8_t *end = in.n < 4 ? NULL : memmem(in.at, in.n, "\r\n\r\n", 4);

	return end == NULL ? 0 : (size_t)(end - in.at) + 4;
}

bool
http_head_read(
    struct octets in, size_t *ret_n, struct http_head *ret, unsigned *status, struct fault *f)
{
	struct octets rest = in, line;
	struct http_head h = { .keep = false };
	size_t n;

	if (rest.n > HTTP_HEAD_MAX)
		rest.n = HTTP_HEAD_MAX;
	*ret_n = 0;
	if ((n = head_end(rest)) == 0) {
		/* What can never become a request is not waited for. */
		if (rest.n > 0 && !is_token(octets_of(rest.at, 1)))
			return refuse(status, 400, FAULT_BADREQ, "expected a request", f);
		return rest.n < HTTP_HEAD_MAX ||
		       refuse(status, 431, FAULT_LIMIT, "a head of more than 16384 octets", f);
	}
	rest.n = n - 2; /* without the empty line */
	if (!take_line(&rest, &line))
		return refuse(
		    status, 400, FAULT_BADREQ, "RFC 9112 section 2.2: a bare CR or LF", f);
	if (!read_first(line, &h, status, f))
		return false;
	while (rest.n > 0) {
		if (!take_line(&rest, &line) || line.n == 0)
			return refuse(
			    status, 400, FAULT_BADREQ, "RFC 9112 section 2.2: a bare CR or LF", f);
		if (!read_field(line, &h, status, f))
			return false;
	}
	if (!read_rest(&h, status, f))
		return false;
	*ret = h;
	*ret_n = n;
	return true;
}
