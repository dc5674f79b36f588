/* enroll/frame.c - see frame.h. */
#include "enroll/frame.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

#define COLUMNS     64
#define LINE_MAX    1023 /* characters: OpenSSL's filter looks for a line end in 1,024 octets */
#define FIRST_LINES 80   /* who sends lines has sent one by then: 76 columns, and spaces */

static bool
begins(struct octets o, const char *with)
{
	size_t n = strlen(with);

	return o.n >= n && strncasecmp((const char *)o.at, with, n) == 0;
}

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct octets
trim(struct octets o)
{
	while (o.n > 0 && is_space(o.at[0]))
		o = octets_of(o.at + 1, o.n - 1);
	while (o.n > 0 && is_space(o.at[o.n - 1]))
		o.n--;
	return o;
}

/* Is it this media type, with parameters or without (RFC 9110 section 8.3.1)? */
static bool
is_type(struct octets type, const char *name)
{
	size_t n = strlen(name);

	return begins(type, name) &&
	       (type.n == n || type.at[n] == ';' || type.at[n] == ' ' || type.at[n] == '\t');
}

static bool
same_text(struct octets o, size_t at, const char *text)
{
	size_t n = strlen(text);

	return o.n >= at + n && memcmp(o.at + at, text, n) == 0;
}

/* Take the armour off o. False where it has none of a request's. */
static bool
disarm(struct octets *o)
{
	static const struct {
		const char *begin, *end;
	} armours[] = {
		{ "-----BEGIN CERTIFICATE REQUEST-----", "-----END CERTIFICATE REQUEST-----" },
		{ "-----BEGIN NEW CERTIFICATE REQUEST-----",
		    "-----END NEW CERTIFICATE REQUEST-----" },
	};

	for (size_t i = 0; i < sizeof(armours) / sizeof(armours[0]); i++) {
		size_t head = strlen(armours[i].begin), foot = strlen(armours[i].end);

		if (o->n < head + foot || !same_text(*o, 0, armours[i].begin) ||
		    !same_text(*o, o->n - foot, armours[i].end))
			continue;
		*o = trim(octets_of(o->at + head, o->n - head - foot));
		return true;
	}
	return false;
}

bool
frame_read(const struct exchange *x, struct bytes *ret, struct fault *f)
{
	bool pem = is_type(x->content_type, "application/x-pem-file"), armed;
	struct octets body = trim(x->body);

	if (!pem && !is_type(x->content_type, "application/pkcs10"))
		return fault_set(f, FAULT_TYPE,
		    "est: RFC 7030 section 4.2.1: expected Content-Type application/pkcs10");
	if (body.n >= 2 && body.at[0] == 0x30 && body.at[1] >= 0x80)
		return fault_set(f, FAULT_BADREQ,
		    "est: RFC 8951 section 3.1: expected the request in base64, found raw DER");
	armed = disarm(&body);
	if (pem && !armed)
		return fault_set(f, FAULT_BADREQ,
		    "est: RFC 7468 section 7: expected the armour of a CERTIFICATE REQUEST");
	/* text_unbase64() passes over armour of any name. */
	if (body.n > 0 && memchr(body.at, '-', body.n) != NULL)
		return fault_set(f, FAULT_BADREQ,
		    "est: RFC 7468 section 7: expected no armour but that of a CERTIFICATE REQUEST");
	return text_unbase64(body, ret, f);
}

static bool
sent_lines(const struct exchange *x)
{
	struct octets body = trim(x->body);

	return body.n > FIRST_LINES && memchr(body.at, '\n', FIRST_LINES) != NULL;
}

void
frame_put(struct exchange *x, struct octets der)
{
	bool lines = begins(x->user_agent, "libest") || sent_lines(x);

	if ((der.n + 2) / 3 * 4 + 1 > LINE_MAX && x->user_agent.n > 0)
		lines = true;
	text_base64(der, lines ? COLUMNS : 0, &x->reply);
	if (!lines)
		bytes_put_text(&x->reply, "\n");
	exchange_header(x, "Content-Transfer-Encoding", "base64");
}
