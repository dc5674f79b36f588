/*
 * tests/unit/ipp_cups.c - relay/ipp_read.h and relay/ipp_write.h against another reader and writer
 * of IPP, libcups: what one writes the other reads, with the same values; and whatever we accept it
 * accepts too.
 *
 * One true difference: libcups refuses values of unlike tags within one attribute, which RFC 8010
 * section 3.1.4 allows. Its reader recurses without a bound, so it is given only what we accept.
 */
#include <check.h>
#include <cups/cups.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/ipp_write.h"
#include "tests/unit/run.h"

#define MESSAGES  500
#define MUTATIONS 20000

static struct fault fault;
static uint64_t state;

static uint32_t
any(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32) % below;
}

static void
hex(struct bytes *to, const void *at, size_t n)
{
	const uint8_t *o = at;

	for (size_t i = 0; i < n; i++)
		bytes_put_fmt(to, "%02x", o[i]);
	bytes_put_text(to, ";");
}

static void
number(struct bytes *b, int32_t v)
{
	bytes_put_u32(b, (uint32_t)v);
}

/* The octets that libcups's value has on the wire. */
static void
raw_of(ipp_attribute_t *a, int i, struct bytes *b)
{
	const char *language = NULL, *s;
	const void *octets;
	ipp_res_t unit;
	int x, y;

	switch (ippGetValueTag(a)) {
	case IPP_TAG_INTEGER:
	case IPP_TAG_ENUM:
		number(b, ippGetInteger(a, i));
		break;
	case IPP_TAG_BOOLEAN:
		bytes_put_u8(b, ippGetBoolean(a, i) ? 1 : 0);
		break;
	case IPP_TAG_DATE:
		bytes_put(b, ippGetDate(a, i), 11);
		break;
	case IPP_TAG_STRING:
		octets = ippGetOctetString(a, i, &x);
		bytes_put(b, octets, (size_t)x);
		break;
	case IPP_TAG_RESOLUTION:
		x = ippGetResolution(a, i, &y, &unit);
		number(b, x);
		number(b, y);
		bytes_put_u8(b, (uint8_t)unit);
		break;
	case IPP_TAG_RANGE:
		x = ippGetRange(a, i, &y);
		number(b, x);
		number(b, y);
		break;
	case IPP_TAG_TEXTLANG:
	case IPP_TAG_NAMELANG:
		s = ippGetString(a, i, &language);
		bytes_put_u16(b, (uint16_t)strlen(language));
		bytes_put_text(b, language);
		bytes_put_u16(b, (uint16_t)strlen(s));
		bytes_put_text(b, s);
		break;
	default:
		s = ippGetString(a, i, NULL);
		bytes_put_text(b, s != NULL ? s : "");
		break;
	}
}

static void told_by_cups(ipp_t *m, struct bytes *to);

static void
attribute_by_cups(ipp_attribute_t *a, struct bytes *to)
{
	int n = ippGetCount(a);

	bytes_put_fmt(to, "%s:", ippGetName(a));
	for (int i = 0; i < (n < 1 ? 1 : n); i++) {
		struct bytes raw = { 0 };

		bytes_put_fmt(to, "%02x=", (unsigned)ippGetValueTag(a));
		if (ippGetValueTag(a) == IPP_TAG_BEGIN_COLLECTION) {
			bytes_put_text(to, "{");
			told_by_cups(ippGetCollection(a, i), to);
			bytes_put_text(to, "}");
			continue;
		}
		raw_of(a, i, &raw);
		hex(to, raw.at, raw.n);
		bytes_free(&raw);
	}
}

static void
told_by_cups(ipp_t *m, struct bytes *to)
{
	ipp_attribute_t *attributes[IPP_ATTRIBUTES_MAX];
	size_t n = 0;

	/* All at first: a collection within has its own place in the list, not ours. */
	for (ipp_attribute_t *a = ippFirstAttribute(m); a != NULL; a = ippNextAttribute(m))
		if (ippGetName(a) != NULL && n < IPP_ATTRIBUTES_MAX)
			attributes[n++] = a;
	for (size_t i = 0; i < n; i++)
		attribute_by_cups(attributes[i], to);
}

/* mixed: an attribute has values of more than one tag. */
static void
told_by_us(struct octets message, struct bytes *to, bool *mixed)
{
	enum ipp_tag tags[IPP_DEPTH_MAX + 1];
	struct ipp_reader r;
	struct ipp_value v;

	*mixed = false;
	ipp_reader_of(message, &r);
	while (ipp_next(&r, &v)) {
		if (v.tag == IPP_COLLECTION_END) {
			bytes_put_text(to, "}");
			continue;
		}
		if (!v.more) {
			bytes_put_octets(to, v.name);
			bytes_put_text(to, ":");
			tags[v.depth] = v.tag;
		}
		*mixed = *mixed || tags[v.depth] != v.tag;
		bytes_put_fmt(to, "%02x=", (unsigned)v.tag);
		if (v.tag == IPP_COLLECTION)
			bytes_put_text(to, "{");
		else
			hex(to, v.value.at, v.value.n);
	}
}

static ssize_t
give(void *with, ipp_uchar_t *to, size_t n)
{
	struct octets *from = with;

	n = n < from->n ? n : from->n;
	if (n > 0)
		memcpy(to, from->at, n);
	*from = octets_of(from->at + n, from->n - n);
	return (ssize_t)n;
}

static ssize_t
take(void *with, ipp_uchar_t *from, size_t n)
{
	bytes_put(with, from, n);
	return (ssize_t)n;
}

/* NULL: libcups refuses it, or there is more in it than a message. */
static ipp_t *
cups_reads(struct octets message)
{
	ipp_t *m = ippNew();
	ipp_state_t is;

	do
		is = ippReadIO(&message, give, 1, NULL, m);
	while (is != IPP_STATE_ERROR && is != IPP_STATE_DATA);
	if (is == IPP_STATE_DATA && message.n == 0)
		return m;
	ippDelete(m);
	return NULL;
}

static void
cups_writes(ipp_t *m, struct bytes *to)
{
	ipp_state_t is;

	ippSetState(m, IPP_STATE_IDLE);
	do
		is = ippWriteIO(to, take, 1, NULL, m);
	while (is != IPP_STATE_ERROR && is != IPP_STATE_DATA);
	ck_assert_int_eq(is, IPP_STATE_DATA);
}

/* Does libcups read the message as we do? mixed: the one that it may refuse. */
static void
same(struct octets message, size_t which)
{
	struct bytes ours = { 0 }, theirs = { 0 };
	bool mixed;
	ipp_t *m = cups_reads(message);

	told_by_us(message, &ours, &mixed);
	if (m == NULL) {
		ck_assert_msg(mixed, "%zu: libcups: %s", which, cupsLastErrorString());
	} else if (!mixed) {
		told_by_cups(m, &theirs);
		ck_assert_msg(octets_same(octets_bytes(&ours), octets_bytes(&theirs)),
		    "%zu:\n%.*s\n%.*s", which, (int)ours.n, (const char *)ours.at, (int)theirs.n,
		    (const char *)theirs.at);
	}
	ippDelete(m);
	bytes_free(&ours);
	bytes_free(&theirs);
}

/* One value of any tag, as name. */
static void
put_any(struct bytes *b, const char *name, uint32_t kind)
{
	static const char *const words[] = { "a", "two-sided-long-edge", "iso_a4_210x297mm",
		"none" };
	static const enum ipp_tag texts[] = { IPP_TEXT, IPP_NAME, IPP_KEYWORD, IPP_URI,
		IPP_URI_SCHEME, IPP_CHARSET, IPP_LANGUAGE, IPP_MIME };
	static const enum ipp_tag none[] = { IPP_UNSUPPORTED, IPP_UNKNOWN, IPP_NO_VALUE };
	int32_t n = (int32_t)any(UINT32_MAX);

	switch (kind) {
	case 0:
		ipp_put_number(b, any(2) == 0 ? IPP_INTEGER : IPP_ENUM, name, n);
		break;
	case 1:
		ipp_put_bool(b, name, any(2) == 0);
		break;
	case 2:
		ipp_put_range(b, name, INT32_MIN, n);
		break;
	case 3:
		ipp_put_resolution(b, name, 1 + (n & 0xffff), 600);
		break;
	case 4:
		ipp_put_time(b, name, any(UINT32_MAX));
		break;
	case 5:
		ipp_put_none(b, none[any(3)], name);
		break;
	case 6:
		ipp_put(b, IPP_OCTETS, name, octets_of(&n, any(sizeof(n) + 1)));
		break;
	case 7:
		ipp_put(b, any(2) == 0 ? IPP_TEXT_LANGUAGE : IPP_NAME_LANGUAGE, name,
		    octets_of("\0\2de\0\4Plan", 10));
		break;
	default:
		ipp_put_text(b, texts[any(8)], name, words[any(4)]);
		break;
	}
}

static void
put_collection(struct bytes *b, const char *name, int depth)
{
	static const char *const members[] = { "m-a", "m-b", "m-c", "m-d" };

	ipp_open(b, name);
	for (uint32_t i = 0, n = any(5); i < n; i++) {
		ipp_member(b, members[i]);
		if (depth < IPP_DEPTH_MAX && any(3) == 0)
			put_collection(b, "", depth + 1);
		else
			put_any(b, "", any(12));
	}
	ipp_close(b);
}

static void
put_group(struct bytes *b, enum ipp_group group)
{
	char name[32];

	ipp_group(b, group);
	for (uint32_t i = 0, n = any(12); i < n; i++) {
		snprintf(name, sizeof(name), "attribute-%u", i);
		if (any(4) == 0) {
			put_collection(b, name, 1);
			if (any(2) == 0)
				put_collection(b, "", 1);
			continue;
		}
		if (any(4) > 0) {
			put_any(b, name, any(12));
			continue;
		}
		ipp_put_number(b, IPP_ENUM, name, 3);
		ipp_put_number(b, IPP_ENUM, "", 4);
	}
}

static void
any_message(struct bytes *b)
{
	static const enum ipp_group groups[] = { IPP_GROUP_JOB, IPP_GROUP_PRINTER,
		IPP_GROUP_UNSUPPORTED, IPP_GROUP_SUBSCRIPTION, IPP_GROUP_EVENT, IPP_GROUP_RESOURCE,
		IPP_GROUP_DOCUMENT, IPP_GROUP_SYSTEM };
	const struct ipp_head of = { 2, (uint8_t)any(3), (uint16_t)any(0x4000), 1 + any(1000) };

	bytes_clear(b);
	ipp_begin(b, &of);
	/* Groups of a kind stand together: libcups makes one of two with an empty one between. */
	for (uint32_t i = any(8); i < 8; i += any(4))
		put_group(b, groups[i]);
	ipp_end(b);
	ck_assert(bytes_ok(b, &fault));
}

START_TEST(what_we_write)
{
	struct bytes b = { 0 };
	struct ipp_head h;

	state = 0x9e3779b97f4a7c15;
	for (size_t i = 0; i < MESSAGES; i++) {
		struct bytes back = { 0 };
		ipp_t *m;

		any_message(&b);
		ck_assert_msg(ipp_check(octets_bytes(&b), &h, &fault), "%zu: %s", i, fault.text);
		m = cups_reads(octets_bytes(&b));
		ck_assert_msg(m != NULL, "%zu: %s", i, cupsLastErrorString());
		ck_assert_int_eq(ippGetRequestId(m), (int)h.request_id);
		ck_assert_int_eq(ippGetStatusCode(m), h.code);
		same(octets_bytes(&b), i);
		/* What libcups makes of it anew we accept, and it is the same. */
		cups_writes(m, &back);
		ck_assert_msg(ipp_check(octets_bytes(&back), &h, &fault), "%zu: %s", i, fault.text);
		same(octets_bytes(&back), i);
		ippDelete(m);
		bytes_free(&back);
	}
	bytes_free(&b);
}
END_TEST

START_TEST(what_libcups_writes)
{
	static const int numbers[] = { 1, -1, 2147483647 };
	static const char *const words[] = { "one-sided", "two-sided-long-edge" };
	static const ipp_uchar_t date[] = { 7, 238, 3, 17, 17, 46, 40, 0, '+', 1, 30 };
	ipp_t *m = ippNewRequest(IPP_OP_PRINT_JOB), *size = ippNew(), *media = ippNew();
	struct bytes b = { 0 };
	struct ipp_head h;
	struct ipp_value v;

	ippAddString(
	    m, IPP_TAG_OPERATION, IPP_TAG_URI, "printer-uri", NULL, "ipps://relay/ipp/print");
	ippAddString(m, IPP_TAG_OPERATION, IPP_TAG_NAMELANG, "job-name", "de", "Pl\303\244ne");
	ippAddBoolean(m, IPP_TAG_OPERATION, "ipp-attribute-fidelity", 1);
	ippAddOctetString(m, IPP_TAG_OPERATION, "job-password", "1\0002", 3);
	ippAddIntegers(m, IPP_TAG_JOB, IPP_TAG_INTEGER, "numbers", 3, numbers);
	ippAddStrings(m, IPP_TAG_JOB, IPP_TAG_KEYWORD, "sides", 2, NULL, words);
	ippAddRange(m, IPP_TAG_JOB, "page-ranges", 1, 9);
	ippAddResolution(m, IPP_TAG_JOB, "printer-resolution", IPP_RES_PER_INCH, 600, 300);
	ippAddDate(m, IPP_TAG_JOB, "when", date);
	ippAddOutOfBand(m, IPP_TAG_JOB, IPP_TAG_NOVALUE, "nothing");
	ippAddInteger(size, IPP_TAG_ZERO, IPP_TAG_INTEGER, "x-dimension", 21000);
	ippAddCollection(media, IPP_TAG_ZERO, "media-size", size);
	ippAddString(media, IPP_TAG_ZERO, IPP_TAG_KEYWORD, "media-type", NULL, "stationery");
	ippAddCollection(m, IPP_TAG_JOB, "media-col", media);
	ippAddSeparator(m);
	ippAddInteger(m, IPP_TAG_JOB, IPP_TAG_INTEGER, "job-id", 7);
	cups_writes(m, &b);
	ck_assert_msg(ipp_check(octets_bytes(&b), &h, &fault), "%s", fault.text);
	ck_assert_int_eq(h.code, IPP_OP_PRINT_JOB);
	same(octets_bytes(&b), 0);
	ck_assert(ipp_find(octets_bytes(&b), IPP_GROUP_OPERATION, "job-name", &v));
	ck_assert(octets_same(ipp_text(&v), octets_text("Pl\303\244ne")));
	ck_assert(ipp_find(octets_bytes(&b), IPP_GROUP_JOB, "when", &v));
	ck_assert(octets_same(v.value, octets_of(date, sizeof(date))));
	ippDelete(m);
	ippDelete(size);
	ippDelete(media);
	bytes_free(&b);
}
END_TEST

/* An octet changed, or a few taken out, doubled or put in. */
static void
mutate(struct bytes *b)
{
	uint32_t at = 8 + any((uint32_t)b->n - 8), n = 1 + any(6);
	struct bytes to = { 0 };

	if (at + n > b->n)
		n = (uint32_t)b->n - at;
	bytes_put(&to, b->at, at);
	switch (any(5)) {
	case 0:
		bytes_put_u8(&to, (uint8_t)any(256));
		n = 1;
		break;
	case 1:
		bytes_put_u8(&to, b->at[at] ^ (uint8_t)(1u << any(8)));
		n = 1;
		break;
	case 2: /* taken out */
		break;
	case 3:
		bytes_put(&to, b->at + at, n);
		n = 0;
		break;
	default:
		bytes_put_u8(&to, b->at[8 + any((uint32_t)b->n - 8)]);
		n = 0;
		break;
	}
	bytes_put(&to, b->at + at + n, b->n - at - n);
	bytes_free(b);
	*b = to;
}

START_TEST(row_43_what_we_accept_libcups_does)
{
	struct bytes b = { 0 };
	struct ipp_head h;
	size_t accepted = 0;

	state = 0x2545f4914f6cdd1d;
	for (size_t i = 0; i < MUTATIONS; i++) {
		any_message(&b);
		for (uint32_t j = 0, n = 1 + any(2); j < n; j++)
			mutate(&b);
		ck_assert(bytes_ok(&b, &fault));
		if (!ipp_check(octets_bytes(&b), &h, &fault))
			continue;
		accepted++;
		same(octets_bytes(&b), i);
	}
	ck_assert_uint_gt(accepted, MUTATIONS / 50);
	ck_assert_uint_lt(accepted, MUTATIONS - MUTATIONS / 50);
	bytes_free(&b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ipp_cups");
	TCase *t = tcase_create("ipp_cups");

	tcase_add_test(t, what_we_write);
	tcase_add_test(t, what_libcups_writes);
	tcase_add_test(t, row_43_what_we_accept_libcups_does);
	suite_add_tcase(s, t);
	return run_suite(s);
}
