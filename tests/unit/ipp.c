/*
 * tests/unit/ipp.c - relay/ipp_read.h, relay/ipp_write.h: what is a message, and what is none.
 *
 * Messages are put together here octet by octet, so that the writer is not held against itself.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/ipp_write.h"
#include "tests/unit/run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct bytes m;
static struct fault fault;
static struct ipp_head head;

static void
field(uint8_t tag, const char *name, const void *value, size_t n)
{
	bytes_put_u8(&m, tag);
	bytes_put_u16(&m, (uint16_t)strlen(name));
	bytes_put_text(&m, name);
	bytes_put_u16(&m, (uint16_t)n);
	bytes_put(&m, value, n);
}

static void
text(uint8_t tag, const char *name, const char *value)
{
	field(tag, name, value, strlen(value));
}

static void
bare(void)
{
	bytes_free(&m);
	bytes_put(&m, "\2\0\0\2\0\0\0\1", 8);
}

/* A request's beginning: Print-Job, number 1, and what each has to begin with. */
static void
begin(void)
{
	bare();
	bytes_put_u8(&m, IPP_GROUP_OPERATION);
	text(IPP_CHARSET, "attributes-charset", "utf-8");
	text(IPP_LANGUAGE, "attributes-natural-language", "en");
}

static void
tag(uint8_t t)
{
	bytes_put_u8(&m, t);
}

static bool
passes(void)
{
	fault = (struct fault){ .code = FAULT_INTERNAL };
	return ipp_check(octets_bytes(&m), &head, &fault);
}

/* Is what was put together refused, once its end is there? */
static bool
refused(void)
{
	tag(IPP_GROUP_END);
	return !passes() && fault.code == FAULT_BADREQ && strncmp(fault.text, "ipp: ", 5) == 0;
}

START_TEST(a_message)
{
	struct ipp_value v;
	int32_t n;

	begin();
	text(IPP_URI, "printer-uri", "ipps://relay/ipp/print");
	field(IPP_BOOLEAN, "ipp-attribute-fidelity", "\1", 1);
	field(IPP_TEXT_LANGUAGE, "job-name", "\0\2de\0\4Plan", 10);
	tag(IPP_GROUP_JOB);
	field(IPP_INTEGER, "copies", "\0\0\1\2", 4);
	tag(IPP_GROUP_END);
	ck_assert_msg(passes(), "%s", fault.text);
	ck_assert(head.major == 2 && head.minor == 0 && head.code == 2 && head.request_id == 1);
	ck_assert(ipp_find(octets_bytes(&m), IPP_GROUP_OPERATION, "printer-uri", &v));
	ck_assert(octets_same(ipp_text(&v), octets_text("ipps://relay/ipp/print")));
	ck_assert(!ipp_number(&v, &n) && !ipp_yes(&v));
	ck_assert(ipp_find(octets_bytes(&m), IPP_GROUP_OPERATION, "job-name", &v));
	ck_assert(octets_same(ipp_text(&v), octets_text("Plan")));
	ck_assert(ipp_find(octets_bytes(&m), IPP_GROUP_OPERATION, "ipp-attribute-fidelity", &v));
	ck_assert(ipp_yes(&v));
	ck_assert(ipp_find(octets_bytes(&m), IPP_GROUP_JOB, "copies", &v));
	ck_assert(ipp_number(&v, &n));
	ck_assert_int_eq(n, 0x102);
	ck_assert(!ipp_find(octets_bytes(&m), IPP_GROUP_OPERATION, "copies", &v));
	ck_assert(!ipp_find(octets_bytes(&m), IPP_GROUP_JOB, "printer-uri", &v));
}
END_TEST

/* A collection of two members, of which the first has two values and the second a collection. */
static void
put_collection(const char *name)
{
	field(IPP_COLLECTION, name, "", 0);
	text(IPP_MEMBER, "", "media-type");
	text(IPP_KEYWORD, "", "stationery");
	text(IPP_KEYWORD, "", "labels");
	text(IPP_MEMBER, "", "media-size");
	field(IPP_COLLECTION, "", "", 0);
	text(IPP_MEMBER, "", "x-dimension");
	field(IPP_INTEGER, "", "\0\0\0\7", 4);
	field(IPP_COLLECTION_END, "", "", 0);
	field(IPP_COLLECTION_END, "", "", 0);
}

START_TEST(collections_in_turn)
{
	static const struct {
		const char *name;
		enum ipp_tag tag;
		unsigned depth;
		bool more;
	} want[] = {
		{ "media-col", IPP_COLLECTION, 0, false },
		{ "media-type", IPP_KEYWORD, 1, false },
		{ "", IPP_KEYWORD, 1, true },
		{ "media-size", IPP_COLLECTION, 1, false },
		{ "x-dimension", IPP_INTEGER, 2, false },
		{ "", IPP_COLLECTION_END, 1, false },
		{ "", IPP_COLLECTION_END, 0, false },
		{ "", IPP_COLLECTION, 0, true },
		{ "media-type", IPP_KEYWORD, 1, false },
	};
	struct ipp_reader r;
	struct ipp_value v;

	begin();
	tag(IPP_GROUP_JOB);
	put_collection("media-col");
	put_collection("");
	tag(IPP_GROUP_END);
	ck_assert_msg(passes(), "%s", fault.text);
	ipp_reader_of(octets_bytes(&m), &r);
	ck_assert(ipp_next(&r, &v) && ipp_next(&r, &v));
	ck_assert_uint_eq(v.group_n, 0);
	for (size_t i = 0; i < COUNT(want); i++) {
		ck_assert(ipp_next(&r, &v));
		ck_assert_msg(octets_same(v.name, octets_text(want[i].name)), "%zu", i);
		ck_assert_msg(v.tag == want[i].tag && v.depth == want[i].depth &&
				  v.more == want[i].more && v.group == IPP_GROUP_JOB &&
				  v.group_n == 1,
		    "%zu", i);
	}
}
END_TEST

START_TEST(every_length_is_waited_for)
{
	struct ipp_measure at = { 0 };
	size_t whole;

	begin();
	tag(IPP_GROUP_JOB);
	put_collection("media-col");
	tag(IPP_GROUP_END);
	whole = m.n;
	bytes_put_text(&m, "%PDF-1.7 the document"); /* and what follows is not looked at */
	for (size_t n = 0; n < whole; n++) {
		ck_assert(ipp_measure(octets_of(m.at, n), &at, &fault));
		ck_assert(!at.whole && at.at <= n);
	}
	ck_assert(ipp_measure(octets_of(m.at, whole), &at, &fault));
	ck_assert(at.whole && at.at == whole);
	at = (struct ipp_measure){ 0 };
	ck_assert(ipp_measure(octets_bytes(&m), &at, &fault));
	ck_assert(at.whole && at.at == whole);
	ck_assert(ipp_check(octets_of(m.at, whole), &head, &fault));
	/* Less than all of it is no message, and neither is more. */
	for (size_t n = 0; n < whole; n++)
		ck_assert(!ipp_check(octets_of(m.at, n), &head, &fault));
	ck_assert(!ipp_check(octets_of(m.at, whole + 1), &head, &fault));
}
END_TEST

START_TEST(row_43_lengths)
{
	static const uint8_t lengths[][2] = { { 0, 6 }, { 0, 7 }, { 0x7f, 0xff } };
	static const uint8_t negative[][2] = { { 0x80, 0 }, { 0xff, 0xff }, { 0xff, 0xfb } };
	struct ipp_measure at;

	for (size_t i = 0; i < COUNT(lengths); i++) {
		begin();
		text(IPP_CHARSET, "name", "utf-8");
		memcpy(m.at + m.n - 7, lengths[i], 2);
		ck_assert_msg(refused(), "value %zu", i);
		begin();
		text(IPP_CHARSET, "name", "utf-8");
		memcpy(m.at + m.n - 13, lengths[i], 2);
		ck_assert_msg(refused(), "name %zu", i);
	}
	for (size_t i = 0; i < COUNT(negative); i++) {
		begin();
		text(IPP_CHARSET, "name", "utf-8");
		memcpy(m.at + m.n - 7, negative[i], 2);
		at = (struct ipp_measure){ 0 };
		ck_assert(!ipp_measure(octets_bytes(&m), &at, &fault));
		ck_assert(fault.code == FAULT_BADREQ && at.at == 0);
		ck_assert_msg(refused(), "negative %zu", i);
	}
}
END_TEST

START_TEST(row_43_text_with_language)
{
	static const struct {
		const char *value;
		size_t n;
	} bad[] = {
		{ "", 0 },
		{ "\0", 1 },
		{ "\0\2de", 4 },              /* no text at all */
		{ "\0\2de\0\5Plan", 10 },     /* longer than there is */
		{ "\0\2de\0\3Plan", 10 },     /* shorter */
		{ "\177\377de\0\4Plan", 10 }, /* a language past the end */
		{ "\200\0de\0\4Plan", 10 },
		{ "\0\2de\377\377Plan", 10 },
		{ "\0\2d \0\4Plan", 10 },
		{ "\0\2de\0\4Pl\0n", 10 },
		{ "\0\2de\0\4Pl\377n", 10 },
	};
	static uint8_t long_one[33035];

	for (size_t i = 0; i < COUNT(bad); i++) {
		begin();
		field(IPP_TEXT_LANGUAGE, "job-name", bad[i].value, bad[i].n);
		ck_assert_msg(refused(), "%zu", i);
		begin();
		field(IPP_NAME_LANGUAGE, "job-name", bad[i].value, bad[i].n);
		ck_assert_msg(refused(), "name %zu", i);
	}
	/* A language of two octets and a text of what a length can say, of which a signed one can
	 * not. */
	memset(long_one, 'a', sizeof(long_one));
	memcpy(long_one, "\0\2de\201\5", 6);
	begin();
	field(IPP_TEXT_LANGUAGE, "job-name", long_one, sizeof(long_one));
	ck_assert(refused());
	/* And one that each length has room for, but not the syntax. */
	memcpy(long_one, "\0\2de\4\0", 6);
	begin();
	field(IPP_TEXT_LANGUAGE, "job-name", long_one, 6 + 1024);
	ck_assert(refused());
	memcpy(long_one, "\0\2de\3\377", 6);
	begin();
	field(IPP_TEXT_LANGUAGE, "job-name", long_one, 6 + 1023);
	tag(IPP_GROUP_END);
	ck_assert_msg(passes(), "%s", fault.text);
}
END_TEST

static void
nest(unsigned depth)
{
	begin();
	tag(IPP_GROUP_JOB);
	for (unsigned i = 0; i < depth; i++) {
		if (i > 0)
			text(IPP_MEMBER, "", "a");
		field(IPP_COLLECTION, i == 0 ? "media-col" : "", "", 0);
	}
	for (unsigned i = 0; i < depth; i++)
		field(IPP_COLLECTION_END, "", "", 0);
}

START_TEST(row_43_nested_collections)
{
	nest(IPP_DEPTH_MAX);
	tag(IPP_GROUP_END);
	ck_assert_msg(passes(), "%s", fault.text);
	nest(IPP_DEPTH_MAX + 1);
	ck_assert(refused());
	nest(1000);
	ck_assert(refused());
	nest(20000);
	tag(IPP_GROUP_END);
	ck_assert(!passes());
	ck_assert_int_eq(fault.code, FAULT_LIMIT);
}
END_TEST

START_TEST(row_43_collections_that_do_not_fit)
{
	for (int i = 0; i < 10; i++) {
		begin();
		tag(IPP_GROUP_JOB);
		if (i > 0)
			field(IPP_COLLECTION, "media-col", i == 9 ? "a" : "", i == 9 ? 1 : 0);
		switch (i) {
		case 0: /* an end of nothing */
		case 9:
			break;
		case 1: /* a value that is no member's */
			text(IPP_KEYWORD, "", "a");
			break;
		case 2: /* a member with a name of its own */
			text(IPP_KEYWORD, "a", "a");
			break;
		case 3: /* a member without a value */
			text(IPP_MEMBER, "", "a");
			break;
		case 4:
			text(IPP_MEMBER, "", "a");
			text(IPP_MEMBER, "", "b");
			text(IPP_KEYWORD, "", "b");
			break;
		case 5: /* the same twice */
			text(IPP_MEMBER, "", "a");
			text(IPP_KEYWORD, "", "a");
			text(IPP_MEMBER, "", "a");
			text(IPP_KEYWORD, "", "a");
			break;
		case 6:
			text(IPP_MEMBER, "a", "a");
			text(IPP_KEYWORD, "", "a");
			break;
		case 7:
			text(IPP_MEMBER, "", "");
			text(IPP_KEYWORD, "", "a");
			break;
		case 8: /* a group within */
			tag(IPP_GROUP_PRINTER);
			break;
		}
		field(IPP_COLLECTION_END, "", "", 0);
		ck_assert_msg(refused(), "%d", i);
	}
	begin();
	field(IPP_COLLECTION, "media-col", "", 0);
	ck_assert(refused()); /* one that is not closed */
	begin();
	text(IPP_MEMBER, "", "a"); /* a member of nothing */
	text(IPP_KEYWORD, "", "a");
	ck_assert(refused());
}
END_TEST

START_TEST(row_43_groups)
{
	static const uint8_t bad[] = { 0, IPP_GROUPS, 0x0f };
	struct ipp_measure at;

	begin();
	ck_assert(!passes()); /* no end */
	begin();
	tag(IPP_GROUP_OPERATION);
	ck_assert(refused());
	begin();
	tag(IPP_GROUP_JOB);
	text(IPP_KEYWORD, "sides", "one-sided");
	tag(IPP_GROUP_OPERATION);
	text(IPP_KEYWORD, "which-jobs", "all");
	ck_assert(refused());
	bare();
	ck_assert(refused()); /* no group */
	bare();
	tag(IPP_GROUP_JOB);
	text(IPP_CHARSET, "attributes-charset", "utf-8");
	text(IPP_LANGUAGE, "attributes-natural-language", "en");
	ck_assert(refused());
	bare();
	text(IPP_CHARSET, "attributes-charset", "utf-8"); /* a value of no group */
	ck_assert(refused());
	for (size_t i = 0; i < COUNT(bad); i++) {
		begin();
		tag(bad[i]);
		at = (struct ipp_measure){ 0 };
		ck_assert(!ipp_measure(octets_bytes(&m), &at, &fault));
		ck_assert_int_eq(fault.code, FAULT_BADREQ);
		ck_assert_msg(refused(), "%zu", i);
	}
	begin();
	for (unsigned i = 0; i < IPP_GROUPS_MAX; i++)
		tag(IPP_GROUP_JOB);
	ck_assert(refused());
}
END_TEST

/* An answer has as many groups of a kind as it has jobs; a request has one. */
START_TEST(row_43_groups_twice)
{
	begin();
	tag(IPP_GROUP_JOB);
	field(IPP_INTEGER, "copies", "\0\0\0\1", 4);
	tag(IPP_GROUP_JOB);
	field(IPP_INTEGER, "copies", "\0\0\0\2", 4);
	tag(IPP_GROUP_END);
	ck_assert_msg(passes(), "%s", fault.text);
	ck_assert(!ipp_check_request(octets_bytes(&m), &head, &fault));
	ck_assert_int_eq(fault.code, FAULT_BADREQ);
	begin();
	tag(IPP_GROUP_JOB);
	field(IPP_INTEGER, "copies", "\0\0\0\1", 4);
	tag(IPP_GROUP_DOCUMENT);
	tag(IPP_GROUP_JOB); /* an empty one is one too */
	tag(IPP_GROUP_END);
	ck_assert(!ipp_check_request(octets_bytes(&m), &head, &fault));
	begin();
	tag(IPP_GROUP_SUBSCRIPTION);
	text(IPP_KEYWORD, "notify-events", "job-fetchable");
	tag(IPP_GROUP_SUBSCRIPTION);
	text(IPP_KEYWORD, "notify-events", "job-state-changed");
	tag(IPP_GROUP_END);
	ck_assert_msg(ipp_check_request(octets_bytes(&m), &head, &fault), "%s", fault.text);
}
END_TEST

START_TEST(row_43_attributes_without_number)
{
	char name[16];
	struct ipp_measure at = { 0 };

	for (unsigned n = IPP_ATTRIBUTES_MAX; n <= IPP_ATTRIBUTES_MAX + 1; n++) {
		begin();
		for (unsigned i = 2; i < n; i++) {
			snprintf(name, sizeof(name), "a%u", i);
			field(IPP_NO_VALUE, name, "", 0);
		}
		tag(IPP_GROUP_END);
		ck_assert_uint_eq(passes(), n == IPP_ATTRIBUTES_MAX);
	}
	ck_assert_int_eq(fault.code, FAULT_BADREQ);
	begin();
	field(IPP_NO_VALUE, "a", "", 0);
	for (unsigned i = 0; i < IPP_VALUES_MAX; i++)
		field(IPP_NO_VALUE, "", "", 0);
	ck_assert(refused());
	begin();
	for (unsigned i = 0; i < 65535; i++) {
		snprintf(name, sizeof(name), "a%u", i);
		field(IPP_NO_VALUE, name, "", 0);
	}
	ck_assert(!ipp_measure(octets_bytes(&m), &at, &fault));
	ck_assert_int_eq(fault.code, FAULT_LIMIT);
	tag(IPP_GROUP_END);
	ck_assert(!passes());
	ck_assert_int_eq(fault.code, FAULT_LIMIT);
}
END_TEST

START_TEST(row_43_names)
{
	static const char *const bad[] = { "job name", "job\nname", "j\303\266b", "a/b", "a:b" };
	char long_name[IPP_NAME_MAX + 2] = { 0 };

	for (size_t i = 0; i < COUNT(bad); i++) {
		begin();
		field(IPP_NO_VALUE, bad[i], "", 0);
		ck_assert_msg(refused(), "%zu", i);
		ck_assert_ptr_null(strchr(fault.text, '\n'));
	}
	begin();
	text(IPP_KEYWORD, "sides", "one-sided");
	text(IPP_KEYWORD, "sides", "two-sided-long-edge");
	ck_assert(refused()); /* twice */
	begin();
	tag(IPP_GROUP_JOB);
	text(IPP_KEYWORD, "", "one-sided"); /* one more of nothing */
	ck_assert(refused());
	memset(long_name, 'a', IPP_NAME_MAX + 1);
	begin();
	field(IPP_NO_VALUE, long_name, "", 0);
	ck_assert(refused());
	long_name[IPP_NAME_MAX] = '\0';
	begin();
	field(IPP_NO_VALUE, long_name, "", 0);
	tag(IPP_GROUP_END);
	ck_assert_msg(passes(), "%s", fault.text);
}
END_TEST

START_TEST(row_43_values)
{
	static const struct {
		uint8_t tag;
		const char *value;
		size_t n;
	} bad[] = {
		{ IPP_INTEGER, "\0\0\1", 3 },
		{ IPP_INTEGER, "\0\0\0\0\1", 5 },
		{ IPP_INTEGER, "", 0 },
		{ IPP_ENUM, "\0\0", 2 },
		{ IPP_BOOLEAN, "\2", 1 },
		{ IPP_BOOLEAN, "", 0 },
		{ IPP_BOOLEAN, "\0\1", 2 },
		{ IPP_RANGE, "\0\0\0\2\0\0\0\1", 8 },
		{ IPP_RANGE, "\0\0\0\1\377\377\377\377", 8 },
		{ IPP_RANGE, "\0\0\0\1", 4 },
		{ IPP_RESOLUTION, "\0\0\1\1\0\0\1\1\5", 9 },
		{ IPP_RESOLUTION, "\377\377\377\377\0\0\1\1\3", 9 },
		{ IPP_RESOLUTION, "\0\0\0\0\0\0\1\1\3", 9 },
		{ IPP_DATE, "\7\352\15\1\0\0\0\0+\0\0", 11 },
		{ IPP_DATE, "\7\352\1\0\0\0\0\0+\0\0", 11 },
		{ IPP_DATE, "\7\352\1\1\30\0\0\0+\0\0", 11 },
		{ IPP_DATE, "\7\352\1\1\0\0\0\0 \0\0", 11 },
		{ IPP_DATE, "\7\352\1\1\0\0\0\0+\0", 10 },
		{ IPP_KEYWORD, "one sided", 9 },
		{ IPP_KEYWORD, "", 0 },
		{ IPP_KEYWORD, "a\0b", 3 },
		{ IPP_URI, "ipp://a/\r\nHost: b", 17 },
		{ IPP_URI, "ipp://a/ b", 10 },
		{ IPP_URI, "", 0 },
		{ IPP_CHARSET, "utf 8", 5 },
		{ IPP_LANGUAGE, "\303\266", 2 },
		{ IPP_MIME, "text/plain\n", 11 },
		{ IPP_NAME, "a\0b", 3 },
		{ IPP_NAME, "\300\257", 2 },     /* '/' in two octets */
		{ IPP_NAME, "\355\240\200", 3 }, /* half of a pair */
		{ IPP_TEXT, "\303", 1 },
		{ IPP_NO_VALUE, "\0", 1 },
		{ IPP_UNKNOWN, "a", 1 },
		{ 0x11, "", 0 },
		{ 0x20, "", 0 },
		{ 0x24, "\0\0\0\1", 4 },
		{ 0x38, "", 0 },
		{ 0x43, "a", 1 },
		{ 0x7f, "\0\0\0\1", 4 }, /* tags of more octets: none is defined */
		{ 0xff, "", 0 },
	};
	char large[1025];

	for (size_t i = 0; i < COUNT(bad); i++) {
		begin();
		field(bad[i].tag, "a", bad[i].value, bad[i].n);
		ck_assert_msg(refused(), "%zu", i);
	}
	memset(large, 'a', sizeof(large));
	for (size_t i = 0; i < 2; i++) {
		static const struct {
			uint8_t tag;
			size_t most;
		} rows[] = { { IPP_NAME, 255 }, { IPP_TEXT, 1023 }, { IPP_URI, 1023 },
			{ IPP_KEYWORD, 255 }, { IPP_OCTETS, 1023 }, { IPP_CHARSET, 63 },
			{ IPP_LANGUAGE, 63 }, { IPP_URI_SCHEME, 63 }, { IPP_MIME, 255 } };

		for (size_t j = 0; j < COUNT(rows); j++) {
			begin();
			field(rows[j].tag, "a", large, rows[j].most + i);
			tag(IPP_GROUP_END);
			ck_assert_msg(passes() == (i == 0), "%zu", j);
		}
	}
}
END_TEST

START_TEST(charset_and_language_come_first)
{
	bare();
	tag(IPP_GROUP_OPERATION);
	ck_assert(refused());
	bare();
	tag(IPP_GROUP_OPERATION);
	text(IPP_LANGUAGE, "attributes-natural-language", "en");
	text(IPP_CHARSET, "attributes-charset", "utf-8");
	ck_assert(refused());
	bare();
	tag(IPP_GROUP_OPERATION);
	text(IPP_CHARSET, "attributes-charset", "utf-8");
	ck_assert(refused());
	bare();
	tag(IPP_GROUP_OPERATION);
	text(IPP_CHARSET, "attributes-charset", "utf-8");
	text(IPP_KEYWORD, "attributes-natural-language", "en");
	ck_assert(refused());
	bare();
	tag(IPP_GROUP_OPERATION);
	text(IPP_CHARSET, "attributes-charset", "utf-8");
	tag(IPP_GROUP_JOB);
	text(IPP_LANGUAGE, "attributes-natural-language", "en");
	ck_assert(refused());
}
END_TEST

/* Negative numbers are numbers; what they mean is for who reads them. */
START_TEST(negative_numbers)
{
	struct ipp_value v;
	int32_t n;

	begin();
	field(IPP_INTEGER, "job-password-supported", "\377\377\377\377", 4);
	field(IPP_ENUM, "finishings", "\200\0\0\0", 4);
	tag(IPP_GROUP_END);
	ck_assert_msg(passes(), "%s", fault.text);
	ck_assert(ipp_find(octets_bytes(&m), IPP_GROUP_OPERATION, "job-password-supported", &v));
	ck_assert(ipp_number(&v, &n) && n == -1);
	ck_assert(ipp_find(octets_bytes(&m), IPP_GROUP_OPERATION, "finishings", &v));
	ck_assert(ipp_number(&v, &n) && n == INT32_MIN);
}
END_TEST

/* Whatever is written is a message, and is read as it was meant. */
START_TEST(what_is_written_is_read)
{
	static const struct ipp_head of = { 2, 0, 0x0002, 77 };
	struct bytes b = { 0 };
	struct ipp_value v;
	char large[1100];
	int32_t n;

	for (size_t i = 0; i + 1 < sizeof(large); i += 2)
		memcpy(large + i, "\303\266", 2);
	large[sizeof(large) - 1] = '\0';
	ipp_begin(&b, &of);
	ipp_put_text(&b, IPP_NAME, "job-name", large + 0); /* cut, at a whole letter */
	ipp_put_text(&b, IPP_TEXT, "status-message", large);
	ipp_group(&b, IPP_GROUP_PRINTER);
	ipp_put_number(&b, IPP_INTEGER, "a", INT32_MIN);
	ipp_put_range(&b, "b", -1, 7);
	ipp_put_resolution(&b, "c", 600, 300);
	ipp_put_time(&b, "d", 1900000000);
	ipp_put_none(&b, IPP_UNKNOWN, "e");
	ipp_put_bool(&b, "f", true);
	ipp_open(&b, "g");
	ipp_member(&b, "x");
	ipp_put_number(&b, IPP_INTEGER, "", 1);
	ipp_close(&b);
	ipp_end(&b);
	ck_assert(bytes_ok(&b, &fault));
	ck_assert_msg(ipp_check(octets_bytes(&b), &head, &fault), "%s", fault.text);
	ck_assert_uint_eq(head.request_id, 77);
	ck_assert(ipp_find(octets_bytes(&b), IPP_GROUP_OPERATION, "job-name", &v));
	ck_assert_uint_eq(v.value.n, 254);
	ck_assert(ipp_find(octets_bytes(&b), IPP_GROUP_OPERATION, "status-message", &v));
	ck_assert_uint_eq(v.value.n, 1022);
	ck_assert(ipp_find(octets_bytes(&b), IPP_GROUP_PRINTER, "a", &v));
	ck_assert(ipp_number(&v, &n) && n == INT32_MIN);
	ck_assert(ipp_find(octets_bytes(&b), IPP_GROUP_PRINTER, "b", &v));
	ck_assert_mem_eq(v.value.at, "\377\377\377\377\0\0\0\7", 8);
	ck_assert(ipp_find(octets_bytes(&b), IPP_GROUP_PRINTER, "c", &v));
	ck_assert_mem_eq(v.value.at, "\0\0\2\130\0\0\1\54\3", 9);
	ck_assert(ipp_find(octets_bytes(&b), IPP_GROUP_PRINTER, "d", &v));
	ck_assert_mem_eq(v.value.at, "\7\356\3\21\21\56\50\0+\0\0", 11); /* 2030-03-17 17:46:40 */
	ck_assert(!ipp_find(octets_bytes(&b), IPP_GROUP_PRINTER, "x", &v)); /* a member's */
	bytes_free(&b);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { a_message, collections_in_turn, every_length_is_waited_for,
		row_43_lengths, row_43_text_with_language, row_43_nested_collections,
		row_43_collections_that_do_not_fit, row_43_groups, row_43_groups_twice,
		row_43_attributes_without_number, row_43_names, row_43_values,
		charset_and_language_come_first, negative_numbers, what_is_written_is_read };
	Suite *s = suite_create("ipp");

	for (size_t i = 0; i < COUNT(tests); i++) {
		TCase *c = tcase_create(tests[i]->name);

		tcase_add_test(c, tests[i]);
		suite_add_tcase(s, c);
	}
	return run_suite(s);
}
