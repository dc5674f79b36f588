/* relay/capability.c - see capability.h. */
#include "relay/capability.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/digest.h"
#include "base/text.h"
#include "relay/capability_table.h"
#include "relay/ipp_write.h"

#define URI_MAX 512
#define MARGIN  423

static const struct capability_row *
row_of(const char *name, const char *suffix)
{
	char whole[IPP_NAME_MAX + 16];

	snprintf(whole, sizeof(whole), "%s%s", name, suffix);
	for (const struct capability_row *r = capability_rows; r->name != NULL; r++)
		if (strcmp(r->name, whole) == 0)
			return r;
	return NULL;
}

/* The next of a row's values; false: there is none. */
static bool
next_value(const char **rest, struct octets *ret)
{
	size_t n;

	if (*rest == NULL)
		return false;
	n = strcspn(*rest, "|");
	*ret = octets_of(*rest, n);
	*rest = (*rest)[n] == '|' ? *rest + n + 1 : NULL;
	return true;
}

static int32_t
number_of(struct octets o)
{
	char text[16];

	snprintf(text, sizeof(text), "%.*s", (int)o.n, (const char *)o.at);
	return (int32_t)strtol(text, NULL, 10);
}

static void
put_value(struct bytes *b, enum ipp_tag tag, const char *name, struct octets o)
{
	const uint8_t *dash;

	switch (tag) {
	case IPP_INTEGER:
	case IPP_ENUM:
		ipp_put_number(b, tag, name, number_of(o));
		break;
	case IPP_BOOLEAN:
		ipp_put_bool(b, name, number_of(o) != 0);
		break;
	case IPP_RESOLUTION:
		ipp_put_resolution(b, name, number_of(o), number_of(o));
		break;
	case IPP_RANGE:
		dash = memchr(o.at, '-', o.n);
		ipp_put_range(b, name, number_of(o),
		    number_of(octets_of(dash + 1, o.n - (size_t)(dash + 1 - o.at))));
		break;
	default:
		ipp_put(b, tag, name, o);
		break;
	}
}

static void
put_row(struct bytes *b, const struct capability_row *r)
{
	const char *rest = r->values, *name = r->name;
	struct octets o;

	for (; next_value(&rest, &o); name = "")
		put_value(b, r->tag, name, o);
}

bool
capability_takes_format(struct octets format)
{
	const char *rest = row_of("document-format", "-supported")->values;
	const uint8_t *semicolon = format.n > 0 ? memchr(format.at, ';', format.n) : NULL;
	struct octets o;

	if (semicolon != NULL)
		format.n = (size_t)(semicolon - format.at);
	while (format.n > 0 && format.at[format.n - 1] == ' ')
		format.n--;
	while (next_value(&rest, &o))
		if (o.n == format.n &&
		    strncasecmp((const char *)o.at, (const char *)format.at, o.n) == 0)
			return true;
	return false;
}

/* The same octets as of a value of the row, as it would be written. */
static bool
is_of_row(const struct capability_row *r, const struct ipp_value *v)
{
	struct bytes one = { 0 };
	const char *rest = r->values;
	bool same = false;
	struct octets o;

	while (!same && next_value(&rest, &o)) {
		bytes_clear(&one);
		put_value(&one, r->tag, "", o);
		/* tag, no name, a length, the value */
		same = !one.bad && one.n >= 5 &&
		       octets_same(octets_of(one.at + 5, one.n - 5), v->value);
	}
	bytes_free(&one);
	return same && v->tag == r->tag;
}

static bool
is_in_range(const struct capability_row *r, const struct ipp_value *v)
{
	const char *dash = strchr(r->values, '-');
	int32_t n;

	return v->tag == IPP_INTEGER && ipp_number(v, &n) &&
	       n >= number_of(octets_text(r->values)) && n <= number_of(octets_text(dash + 1));
}

/* Attributes whose -supported says only that they are, or what their members are. */
static const struct {
	const char *name;
	enum ipp_tag tag, other;
} open_rows[] = {
	{ "job-account-id", IPP_NAME, IPP_NAME_LANGUAGE },
	{ "job-accounting-user-id", IPP_NAME, IPP_NAME_LANGUAGE },
	{ "media-col", IPP_COLLECTION, IPP_COLLECTION },
	{ "overrides", IPP_COLLECTION, IPP_COLLECTION },
	{ "page-ranges", IPP_RANGE, IPP_RANGE },
};

bool
capability_allows(struct octets attribute, const struct ipp_value *v, bool *known)
{
	char name[IPP_NAME_MAX + 1];
	const struct capability_row *r;

	*known = true;
	for (size_t i = 0; i < sizeof(open_rows) / sizeof(open_rows[0]); i++)
		if (octets_same(attribute, octets_text(open_rows[i].name)))
			return v->tag == open_rows[i].tag || v->tag == open_rows[i].other;
	snprintf(name, sizeof(name), "%.*s", (int)attribute.n, (const char *)attribute.at);
	r = row_of(name, "-supported");
	*known = r != NULL && row_of(name, "-default") != NULL &&
		 strcmp(r->group, CAPABILITY_TEMPLATE) == 0;
	return *known && (r->tag == IPP_RANGE ? is_in_range(r, v) : is_of_row(r, v));
}

bool
capability_has_member(struct octets attribute, struct octets member)
{
	const char *rest = row_of("overrides", "-supported")->values;
	struct octets o;

	if (!octets_same(attribute, octets_text("overrides")))
		return true;
	while (next_value(&rest, &o))
		if (octets_same(o, member))
			return true;
	return false;
}

static void
put_size(struct bytes *b, const struct capability_media *m)
{
	ipp_member(b, "x-dimension");
	ipp_put_number(b, IPP_INTEGER, "", m->x);
	ipp_member(b, "y-dimension");
	ipp_put_number(b, IPP_INTEGER, "", m->y);
	ipp_close(b);
}

/* One media-col (PWG 5100.7 section 6.3). */
static void
put_media(struct bytes *b, const char *name, const struct capability_media *m)
{
	static const char *const margins[] = { "media-bottom-margin", "media-left-margin",
		"media-right-margin", "media-top-margin" };

	ipp_open(b, name);
	ipp_member(b, "media-size");
	ipp_open(b, "");
	put_size(b, m);
	for (size_t i = 0; i < sizeof(margins) / sizeof(margins[0]); i++) {
		ipp_member(b, margins[i]);
		ipp_put_number(b, IPP_INTEGER, "", MARGIN);
	}
	ipp_member(b, "media-source");
	ipp_put_text(b, IPP_KEYWORD, "", "auto");
	ipp_member(b, "media-type");
	ipp_put_text(b, IPP_KEYWORD, "", "stationery");
	ipp_close(b);
}

static void
put_all_media(struct bytes *b, const char *name)
{
	for (const struct capability_media *m = capability_media; m->name != NULL; m++)
		put_media(b, m == capability_media ? name : "", m);
}

static void
put_collections(struct bytes *b, const struct wanted *w)
{
	/* PWG 5100.7 section 6.3.10: only to whoever asks for it by its name. */
	if (wanted_is(w, "media-col-database", NULL))
		put_all_media(b, "media-col-database");
	if (wanted_is(w, "media-col-ready", CAPABILITY_TEMPLATE))
		put_all_media(b, "media-col-ready");
	if (wanted_is(w, "media-col-default", CAPABILITY_TEMPLATE))
		put_media(b, "media-col-default", capability_media);
	if (!wanted_is(w, "media-size-supported", CAPABILITY_TEMPLATE))
		return;
	for (const struct capability_media *m = capability_media; m->name != NULL; m++) {
		ipp_open(b, m == capability_media ? "media-size-supported" : "");
		put_size(b, m);
	}
}

/* The same always, and another's for each queue of each tenant (RFC 9562 section 5.8). */
static void
uuid_of(const struct capability *q, char *to, size_t size)
{
	uint8_t d[DIGEST_OCTETS];
	char text[2 * TEXT_LABEL_MAX + 32], hex[33];

	snprintf(text, sizeof(text), "quatrain queue %s/%s", q->tenant, q->queue);
	digest_of(octets_text(text), d);
	d[6] = (uint8_t)((d[6] & 0x0f) | 0x80);
	d[8] = (uint8_t)((d[8] & 0x3f) | 0x80);
	text_hex(d, 16, hex);
	snprintf(to, size, "urn:uuid:%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
	    hex + 20);
}

/* Text that depends on the queue. */
static void
put_texts(struct bytes *b, const struct capability *q, const struct wanted *w)
{
	const char *authority = strstr(q->base, "://");
	char own[URI_MAX], page[URI_MAX], uuid[64], info[TEXT_LABEL_MAX + 32];
	bool pull = q->queue[0] == '\0';
	const struct {
		const char *name;
		enum ipp_tag tag;
		const char *value;
	} rows[] = {
		{ "printer-icons", IPP_URI, page },
		{ "printer-info", IPP_TEXT, info },
		{ "printer-location", IPP_TEXT, pull ? "where you release it" : "" },
		{ "printer-more-info", IPP_URI, page },
		{ "printer-name", IPP_NAME, pull ? "print" : q->queue },
		{ "printer-supply-info-uri", IPP_URI, page },
		{ "printer-uri-supported", IPP_URI, own },
		{ "printer-uuid", IPP_URI, uuid },
		{ "uri-security-supported", IPP_KEYWORD,
		    strncasecmp(q->base, "ipps", 4) == 0 || strncasecmp(q->base, "https", 5) == 0
			? "tls"
			: "none" },
	};

	snprintf(own, sizeof(own), "%s/ipp/print%s%s", q->base, pull ? "" : "/", q->queue);
	snprintf(page, sizeof(page), "https%s/", authority != NULL ? authority : "://localhost");
	snprintf(info, sizeof(info), pull ? "Quatrain: print, then release%s" : "Quatrain: %s",
	    q->queue);
	uuid_of(q, uuid, sizeof(uuid));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (wanted_is(w, rows[i].name, CAPABILITY_DESCRIPTION))
			ipp_put_text(b, rows[i].tag, rows[i].name, rows[i].value);
}

static void
put_numbers(struct bytes *b, const struct capability *q, const struct wanted *w)
{
	const struct {
		const char *name;
		int32_t value;
	} rows[] = {
		{ "multiple-operation-time-out", CAPABILITY_TIME_OUT_S },
		{ "printer-config-change-time", 1 },
		{ "printer-state-change-time", 1 },
		{ "printer-up-time", (int32_t)(q->now_s - q->started_s) + 1 },
		{ "queued-job-count", (int32_t)q->queued },
	};
	const struct {
		const char *name;
		int64_t at_s;
	} dates[] = {
		{ "printer-config-change-date-time", q->started_s },
		{ "printer-current-time", q->now_s },
		{ "printer-state-change-date-time", q->started_s },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (wanted_is(w, rows[i].name, CAPABILITY_DESCRIPTION))
			ipp_put_number(b, IPP_INTEGER, rows[i].name, rows[i].value);
	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++)
		if (wanted_is(w, dates[i].name, CAPABILITY_DESCRIPTION))
			ipp_put_time(b, dates[i].name, dates[i].at_s);
}

void
capability_put(struct bytes *b, const struct capability *q, const struct wanted *w)
{
	for (const struct capability_row *r = capability_rows; r->name != NULL; r++)
		if (wanted_is(w, r->name, r->group))
			put_row(b, r);
	put_collections(b, w);
	put_texts(b, q, w);
	put_numbers(b, q, w);
}
