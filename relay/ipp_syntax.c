/* relay/ipp_syntax.c - see ipp_syntax.h. */
#include "relay/ipp_syntax.h"

#include "base/text.h"

static bool
counted(struct octets *o, struct octets *ret)
{
	size_t n = o->n < 2 ? 0 : (size_t)o->at[0] << 8 | o->at[1];

	if (o->n < 2 || o->n - 2 < n)
		return false;
	*ret = octets_of(o->at + 2, n);
	*o = octets_of(o->at + 2 + n, o->n - 2 - n);
	return true;
}

/* What the values of a tag may be: octets, and letters (RFC 8010 section 3.9, RFC 8011
 * section 5.1). */
static bool
is_utf8(struct octets o)
{
	uint32_t code;

	while (o.n > 0) {
		size_t n = text_utf8(o, &code);

		if (n == 0 || code == 0)
			return false;
		o = octets_of(o.at + n, o.n - n);
	}
	return true;
}

static bool
is_plain(struct octets o) /* no blanks and no controls */
{
	for (size_t i = 0; i < o.n; i++)
		if (o.at[i] <= ' ' || o.at[i] > '~')
			return false;
	return true;
}

bool
ipp_is_keyword(struct octets o)
{
	for (size_t i = 0; i < o.n; i++) {
		uint8_t c = o.at[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			c == '-' || c == '_' || c == '.'))
			return false;
	}
	return true;
}

static bool
is_mime(struct octets o) /* parameters may have blanks before them */
{
	for (size_t i = 0; i < o.n; i++)
		if (o.at[i] < ' ' || o.at[i] > '~')
			return false;
	return true;
}

static bool
is_boolean(struct octets o)
{
	return o.at[0] <= 1;
}

static bool
is_range(struct octets o)
{
	struct reader in = reader_of(o);
	int32_t lo = (int32_t)reader_u32(&in), hi = (int32_t)reader_u32(&in);

	return lo <= hi;
}

static bool
is_resolution(struct octets o)
{
	struct reader in = reader_of(o);
	int32_t x = (int32_t)reader_u32(&in), y = (int32_t)reader_u32(&in);

	return x > 0 && y > 0 && (o.at[8] == 3 || o.at[8] == 4);
}

/* DateAndTime (RFC 2579): year u16, month, day, hour, minute, second, tenths, '+' or '-', hours,
 * minutes. */
static bool
is_date(struct octets o)
{
	const uint8_t *d = o.at;

	return d[2] >= 1 && d[2] <= 12 && d[3] >= 1 && d[3] <= 31 && d[4] <= 23 && d[5] <= 59 &&
	       d[6] <= 60 && d[7] <= 9 && (d[8] == '+' || d[8] == '-') && d[9] <= 14 && d[10] <= 59;
}

static bool
has_language(struct octets o, size_t most)
{
	struct octets language, text;

	return counted(&o, &language) && counted(&o, &text) && o.n == 0 && language.n <= 63 &&
	       text.n <= most && is_plain(language) && is_utf8(text);
}

static bool
is_text_language(struct octets o)
{
	return has_language(o, 1023);
}

static bool
is_name_language(struct octets o)
{
	return has_language(o, 255);
}

static const struct syntax {
	enum ipp_tag tag;
	size_t least, most;
	bool (*is)(struct octets o); /* NULL: any octets */
} syntaxes[] = {
	{ IPP_UNSUPPORTED, 0, 0, NULL },
	{ IPP_UNKNOWN, 0, 0, NULL },
	{ IPP_NO_VALUE, 0, 0, NULL },
	{ IPP_NOT_SETTABLE, 0, 0, NULL },
	{ IPP_DELETE, 0, 0, NULL },
	{ IPP_ADMIN_DEFINE, 0, 0, NULL },
	{ IPP_INTEGER, 4, 4, NULL },
	{ IPP_BOOLEAN, 1, 1, is_boolean },
	{ IPP_ENUM, 4, 4, NULL },
	{ IPP_OCTETS, 0, 1023, NULL },
	{ IPP_DATE, 11, 11, is_date },
	{ IPP_RESOLUTION, 9, 9, is_resolution },
	{ IPP_RANGE, 8, 8, is_range },
	{ IPP_COLLECTION, 0, 0, NULL },
	{ IPP_COLLECTION_END, 0, 0, NULL },
	{ IPP_TEXT_LANGUAGE, 4, 1090, is_text_language },
	{ IPP_NAME_LANGUAGE, 4, 322, is_name_language },
	{ IPP_TEXT, 0, 1023, is_utf8 },
	{ IPP_NAME, 0, 255, is_utf8 },
	{ IPP_KEYWORD, 1, 255, ipp_is_keyword },
	{ IPP_URI, 1, 1023, is_plain },
	{ IPP_URI_SCHEME, 1, 63, is_plain },
	{ IPP_CHARSET, 1, 63, is_plain },
	{ IPP_LANGUAGE, 1, 63, is_plain },
	{ IPP_MIME, 1, 255, is_mime },
};

bool
ipp_fits(const struct ipp_value *v)
{
	for (size_t i = 0; i < sizeof(syntaxes) / sizeof(syntaxes[0]); i++)
		if (syntaxes[i].tag == v->tag)
			return v->value.n >= syntaxes[i].least && v->value.n <= syntaxes[i].most &&
			       (syntaxes[i].is == NULL || syntaxes[i].is(v->value));
	return false;
}
